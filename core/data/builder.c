/* builder.c - see builder.h. */
#include "core/data/builder.h"

#include "core/base/mem.h"
#include "core/profile/profiler.h"
#include "core/store/object/object.h"

/* Columns of a table in groups, each of which is one thread's at a time; a function of the schema alone. */
#define GROUPS 64

struct bn_table_builder {
	bn_workspace *ws;
	bool is_private;
	bn_crew *crew;
	bn_schema schema;
	bn_object_writer *object;
	bn_profiler *profiler;
	bn_table_writer *writer;
	bn_profile *profile;
};

static int object_write(void *ctx, const void *bytes, size_t n, bn_err *err)
{
	bn_table_builder *b = ctx;
	return bn_object_write(b->object, bytes, n, err);
}

/* ---- what is done with a record batch ---------------------------------------------------------- */

typedef struct taking {
	bn_table_builder *b;
	const bn_batch *batch;
	int (*write)(void *w, bn_err *err);
	void *w;
	size_t groups;
} taking;

/* Task 0 writes, the others profile a group of columns each. */
static int take_part(void *ctx, size_t task, bn_err *err)
{
	const taking *t = ctx;
	if (task == 0)
		return t->write(t->w, err);
	size_t n = t->batch->column_count, g = task - 1;
	for (size_t i = n * g / t->groups, end = n * (g + 1) / t->groups; i < end; i++) {
		int rc = bn_profiler_add_column(t->b->profiler, i, &t->batch->columns[i], err);
		if (rc < 0)
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
	return bn_crew_fan(b->crew, 1 + t.groups, take_part, &t, err);
}

/* ---- begin and end ------------------------------------------------------------------------------ */

int bn_table_builder_new(bn_table_builder **out, bn_workspace *ws, bool is_private, bn_err *err)
{
	bn_table_builder *b = bn_alloc_zeroed(1, sizeof *b);
	if (!b)
		return bn_err_nomem(err, "a table");
	b->ws = ws;
	b->is_private = is_private;
	*out = b;
	return 0;
}

static void builder_clear(bn_table_builder *b)
{
	bn_table_writer_free(b->writer);
	bn_profiler_free(b->profiler);
	bn_object_writer_free(b->object);
	bn_profile_free(b->profile);
	bn_schema_release(&b->schema);
	*b = (bn_table_builder){.ws = b->ws, .is_private = b->is_private};
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
	bn_object_store *store = NULL;
	const bn_table_out to = {.write = object_write, .ctx = b};
	const bn_table_tap tap = {.take = take_batch, .ctx = b};
	builder_clear(b);
	b->crew = crew;
	int rc = bn_schema_copy(&b->schema, schema, err);
	if (rc < 0 ||
		(rc = (b->is_private ? bn_workspace_private_objects : bn_workspace_objects)(
			 &store, b->ws, err)) < 0 ||
		(rc = bn_object_writer_new(&b->object, store, NULL, err)) < 0 ||
		(rc = bn_profiler_new(&b->profiler, schema, err)) < 0 ||
		(rc = bn_table_create_out(&b->writer, &to, schema, err)) < 0)
		return rc;
	bn_table_writer_tap(b->writer, &tap);
	*w = b->writer;
	return 0;
}

int bn_table_builder_finish(bn_table_builder *b, bn_built *out, bn_err *err)
{
	*out = (bn_built){.rows = bn_table_written_rows(b->writer),
		.is_private = b->is_private,
		.schema = &b->schema};
	int rc = bn_profiler_finish(&b->profile, b->profiler, err);
	out->profile = b->profile;
	return rc < 0 ? rc : bn_object_commit(b->object, out->hash, &out->bytes, err);
}
