/*
 * row_changes.h - the rows in which two versions of a table differ, found by a key (matched.h): removed, added, and
 * changed ones with their values before and now.
 *
 * Finding them takes 24 bytes a row that differs; values are read for a few at a time.
 */
#ifndef BN_PROFILE_ROW_CHANGES_H
#define BN_PROFILE_ROW_CHANGES_H
#include "core/base/mem.h"
#include "core/base/progress.h"
#include "core/profile/matched.h"
#include "core/table/table.h"

typedef enum bn_row_change_kind { BN_ROW_REMOVED, BN_ROW_ADDED, BN_ROW_CHANGED } bn_row_change_kind;

const char *bn_row_change_name(bn_row_change_kind k); /* "removed", "added", "changed" */

typedef struct bn_row_change {
	bn_row_change_kind kind;
	int64_t a, b; /* rows of the first and of the second table; -1: it has none */
} bn_row_change;

typedef struct bn_row_changes {
	bn_row_change *items; /* removed ones in the order of the first; then those of the second, in its order */
	size_t count;
	uint64_t removed, added, changed;
} bn_row_changes;

/* A row is changed if a column that both tables have differs (bn_cells_equal). Errors are those of bn_matched_find. */
int bn_row_changes_find(bn_row_changes *out, bn_table_reader *a, bn_table_reader *b, const bn_row_key *key,
	const bn_progress *watch, bn_err *err);
void bn_row_changes_release(bn_row_changes *c);

/* A column of either table; -1: that one lacks it. */
typedef struct bn_shared_column {
	const char *name; /* of the tables' schemas: borrowed */
	int a, b;
	bool of_key;
} bn_shared_column;

/* Those of the key first, then those of b, then those that only a has; `out` has room for all of both. Their number. */
size_t bn_row_changes_columns(
	bn_shared_column *out, const bn_schema *a, const bn_schema *b, const bn_row_key *key);

/* A value as text, before and now; NULL: absent, or there is no such row or column. */
typedef struct bn_changed_cell {
	const char *before, *now;
	bool differs; /* of a changed row, in a column that both have */
} bn_changed_cell;

/* Cells of n of the changes: [n * count], in the arena. */
int bn_row_changes_read(bn_changed_cell **out, const bn_row_change *items, size_t n, const bn_shared_column *columns,
	size_t count, bn_table_reader *a, bn_table_reader *b, bn_arena *arena, bn_err *err);

#endif
