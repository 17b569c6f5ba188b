/*
 * profile.h - what a table looks like: statistics of each column, made in one pass and flat memory.
 *
 * A bn_profiler (profiler.h) makes it; a bn_profile is immutable, is stored with the dataset
 * version as JSON, and is read back by whoever needs a reference (drift, the Data screen).
 *
 * Definitions are those of pandas 2 (Series.count, nunique, mean, std with ddof 1, skew, quantile
 * with linear interpolation). NaN counts as missing, and is also counted by itself. Infinities are
 * values: they enter min, max, quantiles, distinct; mean, std and skew then are absent.
 *
 * What is exact: counts, missing, min, max, zeros, negatives, infinities, lengths; sum, mean, std
 * and skew to rounding. Exact up to a limit, then estimates that say so: distinct and top
 * (tally.h), quantiles and histogram (quantile.h).
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
#define BN_PROFILE_BOUND 36 /* bytes kept of a smallest or greatest text */

/* The value is `text` for text columns, else `number` (bool: 0 or 1; timestamp: ns) - `text` then
 * shows it as people write it. */
typedef struct bn_profile_value {
	char *text;
	double number; /* NaN for text */
	uint64_t count;
} bn_profile_value;

typedef enum bn_known { BN_UNKNOWN = -1, BN_NO = 0, BN_YES = 1 } bn_known;

/* Numbers that are absent are NaN. */
typedef struct bn_profile_column {
	char *name, *unit;           /* unit NULL when not known */
	bn_type type;                /* field.type */
	bn_field field;              /* the column as its table had it; nullable: always */
	uint64_t rows, missing, nan; /* missing includes nan */

	uint64_t distinct; /* different values that are present */
	bool distinct_exact;
	double distinct_error; /* relative standard error; 0 when exact */
	bool constant;         /* one value in every row that has one, and at least one has */
	bn_known unique;       /* no value twice; unknown when only estimated */

	/* numbers, bools (0, 1), times (ns; dates: days), by bn_column_numbers */
	bool is_numeric;
	double min, max, sum, mean, std, skew;
	char *min_text, *max_text; /* exact, as people write them; NULL when there are no values */
	uint64_t zeros, negatives, infinities;
	bool increasing, decreasing; /* strictly, over the values that are there (two or more) */
	double quantiles[BN_PROFILE_QUANTILES];
	bool quantiles_exact;
	double rank_error; /* of the quantiles and the histogram, as a share of the values; 0 exact
			    */
	/* Equal widths from hist_lo to hist_hi, the last bin closed; hist_count 0 when there are no
	 * finite values. Infinities are in no bin. */
	double hist_lo, hist_hi;
	size_t hist_count;
	double hist[BN_PROFILE_BINS];

	/* text: lengths in characters (code points); binary in bytes; lists in values */
	uint64_t length_min, length_max; /* of no values: 0 */
	double length_mean;
	uint64_t empty; /* texts of length 0 */
	/* Where the smallest and the greatest text begin, by bytes; lengths 0 and has_bounds false when
	 * there are none. Not part of the stored profile: the version's manifest has them. */
	bool has_bounds;
	char least[BN_PROFILE_BOUND], greatest[BN_PROFILE_BOUND];
	size_t least_bytes, greatest_bytes;

	/* list, fixed: the values of all lists as if they were a column, whose rows they are; name "". NULL when they are
	 * lists again. `distinct` tells lists, as bytes, by a hash of 64 bits. */
	struct bn_profile_column *values;

	/* The most frequent values, count descending. A count may be too low by top_error. */
	bn_profile_value *top;
	size_t top_count; /* 0 when nothing is frequent or it is not known */
	uint64_t top_error;
} bn_profile_column;

typedef struct bn_profile {
	uint64_t rows;
	bn_profile_column *columns;
	size_t column_count;
} bn_profile;

void bn_profile_free(bn_profile *p);
const bn_profile_column *bn_profile_find(const bn_profile *p, const char *name); /* or NULL */
/* p in [0, 1], between the stored quantiles by straight lines; NaN when there are none. */
double bn_profile_quantile(const bn_profile_column *c, double p);

/* As people and programs get it. Deterministic; *out is yours. */
int bn_profile_to_json(json_t **out, const bn_profile *p, bn_err *err);
/* As it is stored: canonical JSON, which leaves out what follows from the rest (quantiles and histogram of a column
 * whose values are all in `top`), so that a wide table of few rows has a small profile. Deterministic. write takes the
 * text piece by piece. */
typedef int (*bn_profile_sink)(void *ctx, const void *bytes, size_t n, bn_err *err);
int bn_profile_write(bn_profile_sink write, void *ctx, const bn_profile *p, bn_err *err);
int bn_profile_write_buf(bn_buf *out, const bn_profile *p, bn_err *err);
/* Reads both. BN_EINVAL naming the place when the document is not a profile. */
int bn_profile_from_json(bn_profile **out, const json_t *doc, bn_err *err);

#endif
