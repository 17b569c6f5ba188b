/*
 * compare_data.h - how the dataset versions of compared runs differ: their schemas, and the statistics of their columns.
 *
 * Statistics are those of the profiles made when the versions were added; nothing is read again. What separates two
 * versions row by row is `data diff` (core/profile/changes.h).
 */
#ifndef BN_TRACK_COMPARE_DATA_H
#define BN_TRACK_COMPARE_DATA_H
#include "core/base/mem.h"
#include "core/data/dataset.h"
#include "core/profile/profile.h"
#include "core/track/compare.h"

typedef struct bn_data_side {
	const char *ref; /* "jobs@v3" */
	size_t runs;     /* of the comparison that use it */
	int64_t rows, columns;  /* -1 unknown */
	const bn_profile *profile; /* NULL: there is none, or it cannot be read */
	const char *note;          /* why; NULL */
} bn_data_side;

typedef struct bn_data_column {
	const char *name;
	bool differs; /* in type or statistics, or one side lacks it */
	const bn_profile_column **sides; /* NULL: absent, or unknown */
} bn_data_column;

typedef struct bn_data_part {
	const char *part; /* "train", "test" */
	bn_data_side *sides; /* the baseline's first */
	size_t side_count;
	bn_data_column *columns; /* those that differ first, then as in the first version */
	size_t column_count;
} bn_data_part;

typedef struct bn_compare_data {
	bn_data_part *parts; /* those in which runs use different versions */
	size_t count;
	bn_profile **profiles; /* owned */
	size_t profile_count;
	bn_arena arena;
} bn_compare_data;

/* No parts: all runs use the same versions. *out is yours. */
int bn_compare_data_read(bn_compare_data **out, bn_workspace *ws, const bn_comparison *c, bn_err *err);
void bn_compare_data_free(bn_compare_data *d);
/* {"parts": [{"part", "versions": [{"ref", "runs", "rows", "columns", "note"}], "columns": [{"name", "differs",
 * "versions": [{"type", "missing", "mean", "std", "min", "max", "distinct"} or null]}]}]} */
int bn_compare_data_to_json(json_t **out, const bn_compare_data *d, bn_err *err);
/* "float64, 3 missing, mean 4.2, sd 1.1, 0 to 17": one line about a column; NULL: "-". Returns out. */
const char *bn_data_column_text(char *out, size_t size, const bn_profile_column *c);

#endif
