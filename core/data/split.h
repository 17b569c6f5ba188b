/*
 * split.h - parts of a table for training and testing: every row in exactly one part.
 *
 *	random      shares of the rows, exact to a row, drawn by selection sampling (Knuth TAOCP 2,
 *	            3.4.2 algorithm S) from the stream ("data.split", seed)
 *	stratified  the same within each value of a column (absent values are one more value), so that
 *	            each part has the whole's proportions to within a row a value; a value of few rows is
 *	            not in every part, which the outcome says
 *	temporal    by a column that orders rows (timestamp or number): the earliest rows are the first
 *	            part. Rows of one instant stay together: a part ends with the instant whose end is nearest
 *	            to its share, and none is empty when there are as many instants
 *	group       rows that share a value of a column stay together; the parts' shares of the *rows* are met
 *	            as closely as the groups allow (split_group.c), and no part is empty when there are groups
 *	            enough
 *	stratified-group  the same, and each part gets its share of the rows of each class as well (split_group_strata.c)
 *
 * Splits by time may give each row an interval, from its event to the end of what its label depends on. A row
 * of an earlier part whose interval reaches into a later part is then left out of all parts (purged).
 *
 * Folds (folds.h) are k such parts of which each in turn is the test.
 *
 * Rows keep their order within a part. The same table, options and seed give the same bytes.
 */
#ifndef BN_DATA_SPLIT_H
#define BN_DATA_SPLIT_H
#include "core/base/err.h"
#include "core/base/progress.h"
#include "core/data/dataset.h"
#include "core/source/source.h"
#include "core/table/table.h"

#include <stdint.h>

typedef enum bn_split_kind {
	BN_SPLIT_RANDOM = 0,
	BN_SPLIT_STRATIFIED,
	BN_SPLIT_TEMPORAL,
	BN_SPLIT_GROUP,
	BN_SPLIT_STRATIFIED_GROUP,
	BN_SPLIT_EXPANDING, /* only folds: of each, all rows before the test are trained on */
	BN_SPLIT_ROLLING,   /* only folds: a window of them */
} bn_split_kind;

static inline bool bn_split_is_by_time(bn_split_kind kind)
{
	return kind == BN_SPLIT_TEMPORAL || kind == BN_SPLIT_EXPANDING || kind == BN_SPLIT_ROLLING;
}

#define BN_SPLIT_MAX_PARTS 100
#define BN_SPLIT_LEFT_OUT UINT8_MAX /* a row's part: none */
#define BN_SPLIT_MAX_STRATA 100000

typedef struct bn_split_part {
	char name[33];
	double share; /* > 0; shares sum to 1 within 1e-9 */
} bn_split_part;

/* The result of a split. */
typedef struct bn_split_outcome {
	uint64_t rows, counts[BN_SPLIT_MAX_PARTS];
	uint64_t groups;      /* group, stratified: different values */
	uint64_t scarce;      /* stratified: values missing in some part, */
	char rarest[64];      /* the one with the fewest rows, */
	uint64_t rarest_rows; /* and their number */
	uint64_t left_out;    /* by time: rows whose label reaches into a later part */
} bn_split_outcome;

typedef struct bn_split_options {
	bn_split_kind kind;
	const char *column; /* NULL for random; of stratified-group: the class */
	const char *group;  /* stratified-group: the groups' column; else NULL */
	const char *end;     /* by time: the column with the end of a row's label; NULL: the event + */
	const char *horizon; /* a length ("6h", or a number as the column is one); NULL: 0 */
	const char *embargo; /* temporal folds: a length, or a share of the rows ("1%"), after a test; NULL: none */
	size_t folds;        /* folds.h; 0: none */
	bool folds_each;     /* a fold for each value of the group */
	size_t repeats, inner, window; /* folds.h; 0: not given */
	uint64_t seed;
	bn_split_part parts[BN_SPLIT_MAX_PARTS];
	size_t part_count;
	const char *where;           /* bn_dataset_split: only these rows, an expression; NULL: all */
	const struct bn_leaks_options *leaks; /* what to search for before anything is made; NULL: nothing */
	struct bn_leaks *found;      /* if leaks: what was found; release it also after failures */
	bool only_plan;              /* makes nothing: for --dry-run */
	bool masked;                 /* no value is named; bn_dataset_split and _folds set it for a masked column */
	const bn_progress *progress; /* NULL: not wanted */
	bn_split_outcome *outcome;   /* NULL: not wanted */
} bn_split_options;

int bn_split_kind_parse(bn_split_kind *out, const char *name, bn_err *err);
const char *bn_split_kind_name(bn_split_kind kind);
/* "train=0.8,test=0.2": names valid for datasets, shares sum to 1. Fills parts and part_count. */
int bn_split_parts_parse(bn_split_options *o, const char *text, bn_err *err);

/* Whether the options fit together: BN_EINVAL. */
int bn_split_check(const bn_split_options *o, bn_err *err);

/* part_of[r] for every row: the number of its part, or BN_SPLIT_LEFT_OUT; yours (bn_free). Bytes of memory: one a row,
 * by time 32 more, for group and stratified some 40 for each value. */
int bn_split_assign(
	uint8_t **part_of, bn_table_reader *table, const bn_split_options *o, bn_err *err);
/* Writes part i to paths[i] (Arrow files) and its rows to counts[i] (may be NULL). */
int bn_split_table(const bn_env *env, bn_table_reader *table, const bn_split_options *o,
	const bn_dir *at, const char *const *paths, uint64_t *counts, bn_err *err);

/* Notes for the user: an empty part, shares that the groups do not allow, values that are not in
 * every part. */
int bn_split_notes(bn_source_notes *out, const bn_split_options *o, const bn_split_outcome *outcome,
	bn_err *err);

/* Splits a version and publishes the parts as datasets NAME.train, NAME.test, ... with it as their
 * parent. out[i] is yours for each part (NULL if only_plan); a part that exists already is not added again. */
int bn_dataset_split(bn_dataset_version **out, bn_workspace *ws, const bn_dataset_version *v,
	const bn_split_options *o, bn_err *err);

#endif
