/*
 * paired_counts.h - how often each value of a column occurs in two tables: exact, in bounded memory.
 *
 * All rows are read; nothing is sampled or sketched. At most `limit` values are in memory at once: more are
 * processed in several passes over the columns, each with a range of the values. Absent values are left out. The values
 * of lists are those of all lists.
 */
#ifndef BN_PROFILE_PAIRED_COUNTS_H
#define BN_PROFILE_PAIRED_COUNTS_H
#include "core/base/progress.h"
#include "core/table/table.h"

#define BN_PAIRED_LIMIT (16u << 20) /* 256 MB with the sort's second array */

/* Rows first .. of a column. */
typedef struct bn_paired_rows {
	bn_table_reader *table;
	size_t column;
	uint64_t first;
} bn_paired_rows;

/* Called once for each distinct value that occurs, with the number of times it does in both. Numbers and times come in
 * increasing order (decimals as doubles); texts and bytes are told apart by 64 bits of hash, and come in no order. */
typedef void (*bn_paired_fn)(void *ctx, uint64_t in_a, uint64_t in_b);

/* Both columns have the same type, or are both text. limit 0: BN_PAIRED_LIMIT. watch: NULL is fine. BN_EUNSUPPORTED for
 * lists of lists. */
int bn_paired_counts(const bn_paired_rows *a, const bn_paired_rows *b, size_t limit, bn_paired_fn take,
	void *ctx, const bn_progress *watch, bn_err *err);

#endif
