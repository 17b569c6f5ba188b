/*
 * skew.h - training/serving skew, row by row: whether what a server logged is what the model and the recipe of its
 * training data give today for the same inputs.
 *
 * Two things are computed again from each logged row: the prediction, by the model; and each input that the recipe of the
 * training data computes (core/data/transform.h) from columns that are inputs too. An input whose expression needs a
 * column that is not in the log is named with the reason. Numbers are equal if they differ by at most `tolerance` times
 * the larger of 1 and their absolute values; missing is equal to missing.
 *
 * Beside it stand TFDV's skew comparators of each input, logged against training (core/check/tfdv_compare.h): the
 * infinity norm of categories, the Jensen-Shannon divergence of numbers.
 */
#ifndef BN_MONITOR_SKEW_H
#define BN_MONITOR_SKEW_H
#include "core/base/buf.h"
#include "core/base/progress.h"
#include "core/monitor/report.h"

enum { BN_SKEW_SHOWN = 5 };

/* A row that differs. Values as text; NULL: missing. */
typedef struct bn_skew_row {
	char *request, *served, *now;
	int64_t time_ns;
} bn_skew_row;

/* The prediction ("prediction"), or an input that the recipe computes. */
typedef struct bn_skew_check {
	char *name;
	char *expression; /* of the recipe; NULL: the model */
	char *skipped;    /* why it could not be computed; NULL: it was */
	int64_t compared, different;
	double largest; /* difference of numbers; NaN: of texts, or none */
	bn_skew_row rows[BN_SKEW_SHOWN];
	size_t row_count;
} bn_skew_check;

typedef struct bn_skew_options {
	bn_prediction_window window; /* model and version are set from the model argument */
	double tolerance;            /* relative; 0: the same bits but for -0 */
	double threshold;            /* of a distance; above it an input is skewed */
	size_t min_rows;             /* of each side; with fewer an input is not judged */
	const bn_progress *progress; /* NULL: none */
} bn_skew_options;

#define BN_SKEW_OPTIONS_INIT \
	{ \
		.tolerance = 1e-9, .threshold = 0.1, .min_rows = 100 \
	}

typedef struct bn_skew {
	bn_skew_check *checks; /* the prediction first */
	size_t count;
	size_t differ;              /* of them */
	bn_monitor_report *inputs;  /* not stored: its features have the distances */
	size_t skewed, unjudged;   /* inputs above the threshold; inputs without a distance, or of few rows */
	double threshold;
	size_t min_rows;
} bn_skew;

typedef enum bn_skew_verdict { BN_SKEW_NEAR, BN_SKEW_FOUND, BN_SKEW_FEW_ROWS, BN_SKEW_UNKNOWN } bn_skew_verdict;

/* model: as for bn_predictor_open. BN_ENOTFOUND if nothing was logged for it in the window. */
int bn_skew_find(bn_skew *out, bn_workspace *ws, const char *model, const bn_skew_options *o, bn_err *err);
void bn_skew_release(bn_skew *s);
/* The distance by which an input is judged, and its name ("infinity norm"); NaN: none. */
double bn_skew_distance(const bn_monitor_feature *f, const char **name);
bn_skew_verdict bn_skew_judge(const bn_skew *s, const bn_monitor_feature *f);
const char *bn_skew_verdict_name(bn_skew_verdict v); /* "near", "SKEWED", "few rows", "unknown" */
/* The whole as lines for people: what was computed again, rows that differ, inputs. */
void bn_skew_write(const bn_skew *s, bn_buf *out);

#endif
