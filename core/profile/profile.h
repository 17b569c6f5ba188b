/*
 * profile.h - statistics of a table's columns, computed in one pass and constant memory.
 *
 * A bn_profiler (profiler.h) computes it; a bn_profile is immutable, is stored with the dataset
 * version as JSON, and is read back as a reference (drift, the Data screen).
 *
 * Definitions are those of pandas 2 (Series.count, nunique, mean, std with ddof 1, skew, quantile
 * with linear interpolation). NaN counts as missing, and is also counted separately. Infinities are
 * values: they count for min, max, quantiles, distinct; mean, std and skew then are absent.
 *
 * Exact: counts, missing, min, max, zeros, negatives, infinities, lengths; sum, mean, std and skew
 * to rounding. Exact up to a limit, then estimates marked as such: distinct and top (tally.h),
 * quantiles and histogram (quantile.h).
 */
#ifndef BN_PROFILE_PROFILE_H
#define BN_PROFILE_PROFILE_H
#include "core/base/err.h"
#include "core/table/table.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_PROFILE_QUANTILES 101 /* 0 %, 1 % .. 100 % */
#define BN_PROFILE_BINS 40       /* of a histogram, equal widths */
#define BN_PROFILE_TOP 20
#define BN_PROFILE_BOUND 36 /* bytes kept of the smallest or greatest text */

/* The value is `text` for text columns, else `number` (bool: 0 or 1; timestamp: ns), and `text` is
 * then its displayed form. */
typedef struct bn_profile_value {
	const char *text;
	double number; /* NaN for text */
	uint64_t count;
} bn_profile_value;

typedef enum bn_known { BN_UNKNOWN = -1, BN_NO = 0, BN_YES = 1 } bn_known;

/* Absent numbers are NaN. */
typedef struct bn_profile_column {
	const char *name, *unit;     /* field's; unit NULL if unknown */
	bn_type type;                /* field.type */
	bn_field field;              /* the column as in its table; nullable: always */
	bool masked; /* its values are not shown (bn_profile_column_mask); not part of the stored profile */
	uint64_t rows, missing, nan; /* missing includes nan */

	uint64_t distinct; /* number of distinct values */
	bool distinct_exact;
	double distinct_error; /* relative standard error; 0 if exact */
	bool constant;         /* all present values are equal, and there is at least one */
	bn_known unique;       /* no duplicate values; unknown if only estimated */

	/* numbers, bools (0, 1), times (ns; dates: days), by bn_column_numbers */
	bool is_numeric;
	double min, max, sum, mean, std, skew;
	char *min_text, *max_text; /* exact, as displayed; NULL if there are no values */
	uint64_t zeros, negatives, infinities;
	bool increasing, decreasing; /* strictly, over the present values (two or more) */
	double quantiles[BN_PROFILE_QUANTILES];
	/* int64 and uint64 beyond 2^53: the digits of those quantiles that are a value of the column;
	 * NULL for others, and NULL: none of them. */
	char **quantile_texts;
	bool quantiles_exact;
	double rank_error; /* of the quantiles and the histogram, as a share of the values; 0: exact */
	/* Equal widths from hist_lo to hist_hi, the last bin closed; hist_count 0 if there are no
	 * finite values. Infinities are in no bin. */
	double hist_lo, hist_hi;
	size_t hist_count;
	double hist[BN_PROFILE_BINS];

	/* text: lengths in characters (code points); binary in bytes; lists in values */
	uint64_t length_min, length_max; /* 0 without values */
	double length_mean;
	uint64_t empty; /* texts of length 0 */
	uint32_t spelled; /* bit n: a value is the n-th usual spelling of a missing one (cell.h) */
	/* The beginning of the smallest and the greatest text, by bytes; lengths 0 and
	 * has_bounds false if there are none. Not part of the stored profile: the version's
	 * manifest has them. */
	bool has_bounds;
	char least[BN_PROFILE_BOUND], greatest[BN_PROFILE_BOUND];
	size_t least_bytes, greatest_bytes;

	/* list, fixed: the profile of all lists' values as one column; name "". NULL if they are
	 * lists again. `distinct` identifies lists, like bytes, by a hash of 64 bits. */
	struct bn_profile_column *values;

	/* The most frequent values, count descending, with their texts in one allocation. A count may be too low by
	 * top_error. */
	bn_profile_value *top;
	size_t top_count; /* 0 if nothing is frequent, or unknown */
	uint64_t top_error;
} bn_profile_column;

typedef struct bn_profile {
	uint64_t rows;
	bn_profile_column *columns;
	size_t column_count;
} bn_profile;

void bn_profile_free(bn_profile *p);
const bn_profile_column *bn_profile_find(const bn_profile *p, const char *name); /* or NULL */
/* Removes what tells values: extremes, moments, quantiles, histogram, frequent values, spellings. Counts and lengths
 * stay. */
void bn_profile_column_mask(bn_profile_column *c);
/* p in [0, 1], linear between the stored quantiles; NaN if there are none. */
double bn_profile_quantile(const bn_profile_column *c, double p);
/* Of its rows; NaN: c is NULL, or has none. */
double bn_profile_share_missing(const bn_profile_column *c);
/* The digits of that quantile if it is an integer that a double does not hold; else NULL. Borrowed. */
const char *bn_profile_quantile_text(const bn_profile_column *c, double p);
/* Whether the column has integers that a double does not hold: 2^53 + 1. */
bool bn_profile_beyond_doubles(const bn_profile_column *c);

/* The public form. Deterministic; *out is yours. */
int bn_profile_to_json(json_t **out, const bn_profile *p, bn_err *err);
/* The stored form: canonical JSON without what follows from the rest (quantiles and histogram of a column whose values
 * are all in `top`), so that a wide table of few rows has a small profile. Deterministic. write receives the text in
 * pieces, one call at a time, on any thread. */
typedef int (*bn_profile_sink)(void *ctx, const void *bytes, size_t n, bn_err *err);
int bn_profile_write(bn_profile_sink write, void *ctx, const bn_profile *p, bn_err *err);
int bn_profile_write_buf(bn_buf *out, const bn_profile *p, bn_err *err);
/* Reads both forms. BN_EINVAL naming the position if the document is not a profile. */
int bn_profile_from_json(bn_profile **out, const json_t *doc, bn_err *err);
/* The same from text of n bytes, which is followed by a NUL; canonical text is read column by column. */
int bn_profile_parse(bn_profile **out, const char *text, size_t n, bn_err *err);

#endif
