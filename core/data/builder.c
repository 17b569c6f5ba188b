/* builder.c - see builder.h. */
#include "core/data/builder.h"

#include "core/base/mem.h"
#include "core/profile/profiler.h"
#include "core/store/object/manifest.h"
#include "core/store/object/object.h"

/* Columns of a table in groups; one thread at a time works on a group. The grouping depends only on
 * the schema. */
#define GROUPS 64

struct bn_table_builder {
	bn_workspace *ws;
	bool is_private;
	uint64_t part_bytes;
	bn_crew *crew;
	bn_schema schema;
	bn_object_store *store;
	bn_object_writer *object; /* of the part being written */
	bn_profiler *profiler;
	bn_table_writer *writer;
	bn_profile *profile;
	bn_built_part *parts; /* stored parts, and the one being written */
	size_t part_count, part_cap;
};

static int object_write(void *ctx, const void *bytes, size_t n, bn_err *err)
{
	bn_table_builder *b = ctx;
	return bn_object_write(b->object, bytes, n, err);
}

static bn_built_part *last_part(bn_table_builder *b)
{
	return &b->parts[b->part_count - 1];
}

/* ---- processing a record batch --------------------------------------------------------------- */

typedef struct taking {
	bn_table_builder *b;
	const bn_batch *batch;
	int (*write)(void *w, bn_err *err);
	void *w;
	size_t groups;
} taking;

/* Task 0 writes, each other task processes a group of columns. */
static int take_part(void *ctx, size_t task, bn_err *err)
{
	const taking *t = ctx;
	if (task == 0)
		return t->write(t->w, err);
	size_t n = t->batch->column_count, g = task - 1;
	bn_part_stats *stats = last_part(t->b)->stats;
	for (size_t i = n * g / t->groups, end = n * (g + 1) / t->groups; i < end; i++) {
		const bn_column *c = &t->batch->columns[i];
		int rc;
		if ((rc = bn_profiler_add_column(t->b->profiler, i, c, err)) < 0 ||
			(rc = bn_part_stats_add(stats, i, c, err)) < 0)
			return rc;
	}
	return 0;
}

static int take_batch(
	void *ctx, const bn_batch *batch, int (*write)(void *w, bn_err *err), void *w, bn_err *err)
{
	bn_table_builder *b = ctx;
	size_t n = batch->column_count;
	taking t = {
		.b = b, .batch = batch, .write = write, .w = w, .groups = n < GROUPS ? n : GROUPS};
	last_part(b)->rows += batch->rows;
	last_part(b)->stats->rows += batch->rows;
	return bn_crew_fan(b->crew, 1 + t.groups, take_part, &t, err);
}

/* ---- parts -------------------------------------------------------------------------------------- */

static int part_begin(bn_table_builder *b, bn_err *err)
{
	size_t n = b->schema.count < BN_MANIFEST_STATS ? b->schema.count : BN_MANIFEST_STATS;
	if (bn_grow(&b->parts, &b->part_cap, b->part_count + 1, sizeof *b->parts))
		return bn_err_nomem(err, "the parts of a table");
	b->parts[b->part_count++] = (bn_built_part){.stats = bn_part_stats_new(n, 0)};
	if (!last_part(b)->stats)
		return bn_err_nomem(err, "the parts of a table");
	return bn_object_writer_new(&b->object, b->store, NULL, err);
}

static int part_end(bn_table_builder *b, bn_err *err)
{
	int rc = bn_object_commit(b->object, last_part(b)->hash, &last_part(b)->bytes, err);
	bn_object_writer_free(b->object);
	b->object = NULL;
	return rc;
}

static int part_next(void *ctx, bn_err *err)
{
	int rc = part_end(ctx, err);
	return rc < 0 ? rc : part_begin(ctx, err);
}

/* ---- begin and end ------------------------------------------------------------------------------ */

int bn_table_builder_new(bn_table_builder **out, bn_workspace *ws, bool is_private, bn_err *err)
{
	bn_table_builder *b = bn_alloc_zeroed(1, sizeof *b);
	if (!b)
		return bn_err_nomem(err, "a table");
	b->ws = ws;
	b->is_private = is_private;
	b->part_bytes = BN_PART_BYTES;
	*out = b;
	return 0;
}

void bn_table_builder_cut(bn_table_builder *b, uint64_t bytes)
{
	b->part_bytes = bytes;
}

static void builder_clear(bn_table_builder *b)
{
	bn_table_writer_free(b->writer);
	bn_profiler_free(b->profiler);
	bn_object_writer_free(b->object);
	bn_profile_free(b->profile);
	bn_schema_release(&b->schema);
	for (size_t i = 0; i < b->part_count; i++)
		bn_part_stats_free(b->parts[i].stats);
	bn_free(b->parts);
	*b = (bn_table_builder){
		.ws = b->ws, .is_private = b->is_private, .part_bytes = b->part_bytes};
}

void bn_table_builder_free(bn_table_builder *b)
{
	if (!b)
		return;
	builder_clear(b);
	bn_free(b);
}

int bn_table_builder_begin(bn_table_builder *b, const bn_schema *schema, bn_crew *crew,
	bn_table_writer **w, bn_err *err)
{
	const bn_table_out to = {.write = object_write, .ctx = b};
	const bn_table_tap tap = {.take = take_batch, .ctx = b};
	builder_clear(b);
	b->crew = crew;
	int rc = bn_schema_copy(&b->schema, schema, err);
	if (rc < 0 ||
		(rc = (b->is_private ? bn_workspace_private_objects : bn_workspace_objects)(
			 &b->store, b->ws, err)) < 0 ||
		(rc = part_begin(b, err)) < 0 ||
		(rc = bn_profiler_new(&b->profiler, schema, err)) < 0 ||
		(rc = bn_table_create_out(&b->writer, &to, schema, err)) < 0)
		return rc;
	bn_table_writer_tap(b->writer, &tap);
	bn_table_writer_cut(b->writer, b->part_bytes, part_next, b);
	*w = b->writer;
	return 0;
}

int bn_table_builder_store(bn_table_builder *b, bn_built *out, bn_profiler **profiler, bn_err *err)
{
	int rc = part_end(b, err);
	if (rc < 0)
		return rc;
	*out = (bn_built){.parts = b->parts,
		.part_count = b->part_count,
		.is_private = b->is_private,
		.schema = &b->schema};
	*profiler = b->profiler;
	b->profiler = NULL;
	return 0;
}

int bn_table_builder_finish(bn_table_builder *b, bn_built *out, bn_err *err)
{
	bn_profiler *profiler = NULL;
	int rc;
	if ((rc = bn_table_builder_store(b, out, &profiler, err)) < 0)
		return rc;
	rc = bn_profiler_finish(&b->profile, profiler, err);
	bn_profiler_free(profiler);
	out->profile = b->profile;
	return rc;
}
