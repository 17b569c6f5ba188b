/*
 * compare.h - runs side by side: what differs, and by how much against a baseline.
 *
 * Columns are runs, rows are grouped: attributes, parameters, metrics (last, or best where the
 * direction is known), data, code, environment. Numbers have the difference to the baseline, absolute and in per cent;
 * a row with a missing value differs. Metrics of a run whose terms are not those of the baseline (terms.h) have no
 * difference: they are measured on another target or on other rows.
 */
#ifndef BN_TRACK_COMPARE_H
#define BN_TRACK_COMPARE_H
#include "core/base/err.h"
#include "core/store/workspace.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum bn_compare_group {
	BN_COMPARE_RUN = 0, /* status, duration, title */
	BN_COMPARE_PARAM,
	BN_COMPARE_METRIC,
	BN_COMPARE_DATA,
	BN_COMPARE_CODE,
	BN_COMPARE_ENVIRONMENT,
	BN_COMPARE_GROUPS
} bn_compare_group;

const char *bn_compare_group_name(bn_compare_group g); /* "parameters" */

typedef struct bn_compare_cell {
	const char *text; /* NULL: absent */
	double number;    /* NaN if not a number */
	double delta;     /* number - baseline's; NaN when there is none */
	double percent;   /* 100 * delta / |baseline's|; NaN when there is none */
} bn_compare_cell;

typedef struct bn_compare_row {
	bn_compare_group group;
	const char *key;
	bool differs;
	int better;                   /* metrics: -1 smaller, +1 larger is better, 0 unknown */
	const bn_compare_cell *cells; /* one per run */
} bn_compare_row;

typedef struct bn_comparison {
	size_t runs, baseline; /* baseline: index of a run */
	const char **ids;
	const char **names;
	bool same_terms; /* all runs are measured on the same target and rows: one may be called the best */
	bn_compare_row *rows; /* by group, then key */
	size_t count;
	struct bn_compare_memory *memory;
} bn_comparison;

/* ids: full ids of at least one run; baseline: an index into them. All rows are included;
 * .differs marks differences. Immutable; *out is yours. */
int bn_compare_runs(bn_comparison **out, bn_workspace *ws, const char *const *ids, size_t count,
	size_t baseline, bn_err *err);
void bn_comparison_free(bn_comparison *c);
/* The row of a metric. key NULL: the main one, which of those that most runs have is on the test part if there is any,
 * then on the validation part, and the first of the usual summaries of a task (best.h). Borrowed. BN_ENOTFOUND with the
 * nearest name. */
int bn_comparison_metric(const bn_compare_row **out, const bn_comparison *c, const char *key, bn_err *err);
/* Whether a run has a number of the metric on the baseline's terms. A baseline without a number, as the parent of a sweep,
 * tells no terms: then all runs with one count if they share theirs. */
bool bn_comparison_counts(const bn_comparison *c, const bn_compare_row *metric, size_t run);
/* What to show beside each run where runs are rows: the first parameters that differ, then the metrics that matter most.
 * out: room for all rows. Returns how many. */
size_t bn_comparison_columns(
	const bn_compare_row **out, const bn_comparison *c, size_t settings, size_t metrics);
/* Whether a run has the best value of a metric with a known direction, and some run has a worse one. Never where the runs
 * were measured on different terms. */
bool bn_comparison_is_best(const bn_comparison *c, const bn_compare_row *metric, size_t run);
/* {"runs": [...], "baseline": id, "rows": [{"group","key","differs","values","delta","percent"}]}
 */
int bn_comparison_to_json(json_t **out, const bn_comparison *c, bool only_differences, bn_err *err);

#endif
