/*
 * builder.h - the table of a new version while it is written: its bytes go into objects of the store, its parts, which hash
 * them, and its record batches into a profile and the parts' statistics, so that publishing it (dataset.h) reads
 * nothing back.
 *
 * A part ends with the record batch with which it reaches BN_PART_BYTES, so parts depend on the rows alone.
 */
#ifndef BN_DATA_BUILDER_H
#define BN_DATA_BUILDER_H
#include "core/base/crew.h"
#include "core/profile/profile.h"
#include "core/store/workspace.h"
#include "core/table/stats.h"
#include "core/table/table.h"

#define BN_PART_BYTES ((uint64_t)256 << 20)

typedef struct bn_table_builder bn_table_builder;

/* is_private: its objects are for the user alone to read. */
int bn_table_builder_new(bn_table_builder **out, bn_workspace *ws, bool is_private, bn_err *err);
void bn_table_builder_free(bn_table_builder *b); /* what was not finished is gone; NULL is fine */
/* Parts of so many bytes, for tests. Before begin. */
void bn_table_builder_cut(bn_table_builder *b, uint64_t bytes);
/* A table for rows of this schema; *w stays the builder's. A second call voids the first. crew: threads that may
 * profile and write side by side; NULL is fine, it must live until the table is finished. */
int bn_table_builder_begin(bn_table_builder *b, const bn_schema *schema, bn_crew *crew,
	bn_table_writer **w, bn_err *err);

typedef struct bn_built_part {
	char hash[65]; /* of the Arrow file, which is an object */
	uint64_t bytes, rows;
	bn_part_stats *stats;
} bn_built_part;

typedef struct bn_built {
	const bn_built_part *parts;
	size_t part_count;
	bool is_private;
	const bn_schema *schema;
	const bn_profile
		*profile; /* NULL: these parts are not the whole table, or nobody made one */
} bn_built;

/* After bn_table_writer_finish: stored and durable. What *out points to stays the builder's. */
int bn_table_builder_finish(bn_table_builder *b, bn_built *out, bn_err *err);

#endif
