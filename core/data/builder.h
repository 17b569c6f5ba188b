/*
 * builder.h - the table of a new version while it is written. Its bytes go into objects of the
 * store, in parts that hash them; its record batches go into a profile and the parts' statistics.
 * So publishing it (dataset.h) reads nothing back.
 *
 * A part ends with the record batch with which it reaches BN_PART_BYTES, so parts depend only on
 * the rows.
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
struct bn_profiler;

/* is_private: only the user can read its objects. */
int bn_table_builder_new(bn_table_builder **out, bn_workspace *ws, bool is_private, bn_err *err);
void bn_table_builder_free(bn_table_builder *b); /* discards an unfinished table; NULL is fine */
/* Sets the bytes of a part, for tests. Call it before begin. */
void bn_table_builder_cut(bn_table_builder *b, uint64_t bytes);
/* A writer for rows of this schema; *w stays the builder's. A second call discards the first table.
 * crew: threads that profile and write in parallel; NULL is fine, it must live until the table is
 * finished. */
int bn_table_builder_begin(bn_table_builder *b, const bn_schema *schema, bn_crew *crew,
	bn_table_writer **w, bn_err *err);

typedef struct bn_built_part {
	char hash[65]; /* of the Arrow file, an object */
	uint64_t bytes, rows;
	bn_part_stats *stats;
} bn_built_part;

typedef struct bn_built {
	const bn_built_part *parts;
	size_t part_count;
	bool is_private;
	const bn_schema *schema;
	const bn_profile *profile; /* NULL: these parts are not the whole table, or none was
				    * computed */
} bn_built;

/* Call after bn_table_writer_finish: everything is stored and durable. What *out points to stays
 * the builder's. */
int bn_table_builder_finish(bn_table_builder *b, bn_built *out, bn_err *err);
/* The same with the profiler instead of its profile, to be merged with others; *profiler is yours. */
int bn_table_builder_store(bn_table_builder *b, bn_built *out, struct bn_profiler **profiler, bn_err *err);

#endif
