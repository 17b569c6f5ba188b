/*
 * pages.h - the list of datasets, the summary of a version, the argument for adding a table; the list of versions is that
 * of core/data/dataset.h.
 */
#ifndef BN_TUI_VIEWS_DATA_PAGES_H
#define BN_TUI_VIEWS_DATA_PAGES_H
#include "core/data/dataset.h"
#include "core/data/protect_marks.h"
#include "core/profile/changes.h"
#include "core/profile/row_changes.h"
#include "tui/views/pages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Datasets, with what is said of their protection. */
typedef struct bn_datasets_page {
	bn_dataset_list list; /* first: what most of the screen reads */
	bn_protect_mark *marks; /* of its rows; NULL: not known */
	bn_dataset_list *owned; /* private: whose rows these are */
} bn_datasets_page;

typedef struct bn_add_arg {
	char name[BN_TYPED_BYTES], uri[BN_TYPED_BYTES];
	bool is_private; /* otherwise like the previous versions */
} bn_add_arg;

#define BN_ANSWER_COLUMNS 256
#define BN_ANSWER_NAMES 160

/* The summary of a version next to the list; missing parts are NULL. */
typedef struct bn_data_answer {
	bn_dataset_version *version, *before; /* before: the next older version of the dataset */
	bn_dataset_versions *children;        /* made from it */
	int64_t runs, models, reports; /* number of runs trained on it, of models made by these,
				* and of reports that compare with it */
	const struct bn_checks *checks;
	bn_protection protection; /* what holds for it */
	const char *proposed; /* columns that may be personal by their names, and are not marked; "" or NULL: none */
	bn_profile *profile;
	/* Profiled columns that are not constant, by missing values in descending order, as many as can be shown. */
	const size_t *ranked;
	size_t ranked_count, changing, constant;
	char constants
		[BN_ANSWER_NAMES]; /* names of the constant columns, as many as fit */
	uint64_t generation;       /* of the index */
} bn_data_answer;

/* A version; have: the generation of the page that is already here, which is not sent again; 0: none. */
typedef struct bn_data_answer_arg {
	char ref[BN_REF_BYTES];
	uint64_t have;
} bn_data_answer_arg;

/* Fills in ranked and constants, in one pass over the columns and a sort of those that are not constant. */
int bn_data_answer_rank(bn_data_answer *a, bn_arena *arena, bn_err *err);

/* Two versions, by reference: the differences of b from a. key: the columns by which rows are matched, as in
 * bn_row_key_read; "": none. */
typedef struct bn_changes_arg {
	char a[BN_REF_BYTES], b[BN_REF_BYTES];
	char key[BN_ROW_KEY_BYTES];
} bn_changes_arg;

typedef struct bn_changes_page {
	bn_column_changes changes;
	int64_t rows_a, rows_b;
	size_t columns_b;
	const bn_profile_column *columns_of_b; /* in the order of its table */
	bool same_schema;
	const char *could_be_key; /* a column that would match the rows; NULL: none, or they are matched */
	const char *const *columns_of_both; /* names: what a key may consist of */
	size_t common;
} bn_changes_page;

/* The rows in which two versions differ, by the key of a bn_changes_arg. */
typedef struct bn_row_changes_page {
	bn_row_changes changes;
	const bn_shared_column *columns; /* names in the arena */
	size_t column_count, key_columns;
} bn_row_changes_page;

#define BN_CHANGED_ROWS 128 /* of a window */
typedef struct bn_changed_rows_arg {
	bn_changes_arg of;
	int64_t first; /* the place of the first, for the view */
	int count;
	bn_row_change items[BN_CHANGED_ROWS];
} bn_changed_rows_arg;

typedef struct bn_changed_rows {
	int64_t first;
	int count;
	size_t columns;
	const bn_changed_cell *cells; /* [count * columns] */
} bn_changed_rows;

#endif
