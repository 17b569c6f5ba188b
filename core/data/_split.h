/* _split.h - shared by the kinds of splits: see split.h. */
#ifndef BN_DATA_SPLIT_PRIVATE_H
#define BN_DATA_SPLIT_PRIVATE_H
#include "core/base/rng.h"
#include "core/data/instant.h"
#include "core/data/leaks.h"
#include "core/data/split.h"

typedef int (*bn_split_fn)(void *ctx, const bn_column *c, uint64_t first_row, bn_err *err);

/* Calls fn for the column's part of every batch, in order. */
int bn_split_each(bn_table_reader *table, size_t column, bn_split_fn fn, void *ctx,
	const bn_progress *progress, bn_err *err);
/* The same key for equal values of a column, in any batch; absent values share one. */
uint64_t bn_split_key(const bn_column *c, size_t row);
/* Draws a part with probability (rows left for it) / (rows left), and takes one row from it. */
uint8_t bn_split_draw(bn_rng *r, uint64_t *left, size_t parts, uint64_t left_in_all);
/* The value in that row of the table, formatted for people. */
int bn_split_value_text(
	char *out, size_t n, bn_table_reader *table, size_t column, uint64_t row, bn_err *err);

/* *out: the options, of which a masked column's values are not named, neither to people nor in recipes. */
int bn_split_mask(bn_split_options *out, const bn_split_options *o, bn_workspace *ws,
	const bn_dataset_version *v, bn_err *err);

/* What the kind needs besides parts. */
int bn_split_check_kind(const bn_split_options *o, bn_err *err);

/* Rows of each part: within one of its share. */
void bn_split_counts(uint64_t rows, const bn_split_options *o, uint64_t *counts);

/* Assigns a part to every row; fills *outcome except for the counts. */
int bn_split_strata(uint8_t *part_of, bn_split_outcome *outcome, bn_table_reader *table,
	size_t column, const bn_split_options *o, bn_err *err);
int bn_split_groups(uint8_t *part_of, bn_split_outcome *outcome, bn_table_reader *table,
	size_t column, const bn_split_options *o, bn_err *err);
int bn_split_group_strata(uint8_t *part_of, bn_split_outcome *outcome, bn_table_reader *table,
	size_t column, const bn_split_options *o, bn_err *err);
int bn_split_by_time(uint8_t *part_of, bn_split_outcome *outcome, bn_table_reader *table,
	const bn_split_options *o, bn_err *err);

/* The time of each row, and the end of its label. */
typedef struct bn_split_times {
	bn_instants u;
	uint64_t rows;
	int64_t *event, *end; /* end: NULL: the events */
	double embargo;       /* a length; or NAN: */
	uint64_t embargo_rows;
	int64_t *sorted; /* events; NULL unless they are needed */
} bn_split_times;

/* BN_EINVAL if a row has no time. */
int bn_split_times_read(
	bn_split_times *out, bn_table_reader *table, const bn_split_options *o, bn_err *err);
void bn_split_times_release(bn_split_times *t);
static inline int64_t bn_split_end(const bn_split_times *t, uint64_t row)
{
	return t->end ? t->end[row] : t->event[row];
}
/* The window of each part; those without rows are BN_WINDOW_NONE. */
void bn_split_windows(
	bn_window *w, const bn_split_times *t, const uint8_t *part_of, size_t parts);
/* The last instant of the embargo after the window; INT64_MIN: there is none. */
int64_t bn_split_embargo(const bn_split_times *t, const bn_window *w);

/* Writes each part to its path, as bn_split_table. */
int bn_split_write(const bn_env *env, bn_table_reader *table, const bn_split_options *o, const uint8_t *part_of,
	const bn_dir *at, const char *const *paths, uint64_t *counts, bn_err *err);

/* The table that --where keeps; its canonical text in *where. BN_EINVAL if it has no rows. */
int bn_split_open(bn_table_reader **table, bn_buf *where, bn_workspace *ws, const bn_dataset_version *v,
	const bn_split_options *o, bn_err *err);
/* What the recipe of a part and of a fold have in common: a new reference, or NULL. */
json_t *bn_split_recipe(const bn_split_options *o, const char *where);
/* Searches for leaks between the parts, if o->leaks. */
int bn_split_search(const bn_split_options *o, bn_table_reader *table, const uint8_t *part_of, size_t parts,
	const char *const *names, bn_err *err);

#endif
