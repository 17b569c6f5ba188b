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
} bn_split_kind;

#define BN_SPLIT_MAX_PARTS 16
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
} bn_split_outcome;

typedef struct bn_split_options {
	bn_split_kind kind;
	const char *column; /* NULL for random */
	uint64_t seed;
	bn_split_part parts[BN_SPLIT_MAX_PARTS];
	size_t part_count;
	const char *where;           /* bn_dataset_split: only these rows, an expression; NULL: all */
	const bn_progress *progress; /* NULL: not wanted */
	bn_split_outcome *outcome;   /* NULL: not wanted */
} bn_split_options;

int bn_split_kind_parse(bn_split_kind *out, const char *name, bn_err *err);
/* "train=0.8,test=0.2": names valid for datasets, shares sum to 1. Fills parts and part_count. */
int bn_split_parts_parse(bn_split_options *o, const char *text, bn_err *err);

/* part_of[r] for every row: the number of its part; yours (bn_free). Bytes of memory: one a row,
 * for temporal sixteen more, for group and stratified some 40 for each value. */
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
 * parent. out[i] is yours for each part; a part that exists already is not added again. */
int bn_dataset_split(bn_dataset_version **out, bn_workspace *ws, const bn_dataset_version *v,
	const bn_split_options *o, bn_err *err);

#endif
