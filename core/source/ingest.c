/* ingest.c - see ingest.h. */
#include "core/source/ingest.h"

#include "core/source/replace.h"

#include <string.h>

void bn_ingest_report_release(bn_ingest_report *r)
{
	bn_schema_release(&r->schema);
	bn_free(r->widened);
	bn_source_notes_release(&r->notes);
	memset(r, 0, sizeof *r);
}

static int copy_widened(const bn_stream *stream, bn_ingest_report *r, bn_err *err)
{
	const bn_widened *from = NULL;
	size_t n = stream->ops->widened ? stream->ops->widened(stream, &from) : 0;

	if (n == 0)
		return 0;
	if (!(r->widened = bn_alloc(n * sizeof *r->widened)))
		return bn_err_nomem(err, "a report");
	memcpy(r->widened, from, n * sizeof *r->widened);
	r->widened_count = n;
	return 0;
}

static int copy_notes(const bn_stream *stream, bn_ingest_report *r, bn_err *err)
{
	const bn_source_notes *n = stream->ops->notes ? stream->ops->notes(stream) : NULL;

	return n ? bn_source_notes_copy(&r->notes, n, err) : 0;
}

/* What is written: the stream's schema, or one with replaced columns. *out: initialised. */
static int written_schema(bn_schema *out, bn_stream *stream, const bn_replace *replace, bn_err *err)
{
	const bn_schema *schema = stream->ops->schema(stream);

	return replace ? bn_replace_schema(out, schema, replace, err) : bn_schema_copy(out, schema, err);
}

static int write_batch(bn_table_writer *w, bn_stream *stream, const bn_batch *batch, const bn_replace *replace,
	bn_err *err)
{
	bn_arena arena = BN_ARENA_INIT;
	bn_batch replaced;
	int rc;

	if (!replace)
		return bn_table_write_batch(w, batch, err);
	if ((rc = bn_replace_batch(&replaced, batch, stream->ops->schema(stream), replace, &arena, err)) == 0)
		rc = bn_table_write_batch(w, &replaced, err);
	bn_arena_release(&arena);
	return rc;
}

/* One pass: 0, BN_STREAM_RESTART, or an error. */
static int copy_stream(bn_stream *stream, const bn_ingest_sink *sink, const bn_source_options *o,
	bn_ingest_report *r, bn_err *err)
{
	bn_table_writer *w = NULL;
	const bn_batch *batch = NULL;
	bn_schema schema = BN_SCHEMA_INIT;
	int rc;

	if ((rc = written_schema(&schema, stream, o->replace, err)) < 0 ||
		(rc = sink->begin(sink->ctx, &schema, o->crew, &w, err)) < 0)
		goto out;
	while ((rc = stream->ops->next(stream, &batch, err)) == BN_STREAM_BATCH)
		if ((rc = write_batch(w, stream, batch, o->replace, err)) < 0)
			goto out;
	if (rc != BN_STREAM_END)
		goto out;
	bn_schema_release(&schema); /* it is final only now */
	if ((rc = written_schema(&r->schema, stream, o->replace, err)) < 0 ||
		(rc = copy_widened(stream, r, err)) < 0 || (rc = copy_notes(stream, r, err)) < 0 ||
		(rc = bn_table_writer_finish(w, err)) < 0)
		goto out;
	r->rows = bn_table_written_rows(w);
	r->bytes_out = bn_table_written_bytes(w);
	r->rejected = stream->ops->rejected(stream);
	r->bytes_in = stream->ops->bytes_total(stream);
out:
	bn_schema_release(&schema);
	return rc;
}

int bn_ingest_input(bn_input *in, const bn_source *source, const bn_source_options *options,
	const bn_ingest_sink *sink, bn_ingest_report *report, bn_err *err)
{
	bn_source_options o = *options;
	bn_ingest_report mine = {.source = source};
	bn_stream *stream = NULL;
	int64_t began = bn_env_monotonic_ns(bn_input_env(in));
	int rc;

	if (source->live && o.duration_ns <= 0)
		return bn_err_set(err, BN_EINVAL, "%s does not end by itself: say for how long",
			bn_input_name(in));
	if ((rc = bn_input_crew(&o.crew, in, o.threads, err)) < 0)
		goto out;
	o.threads = 1;
	if ((rc = source->open(&stream, in, &o, err)) < 0)
		goto out;
	do {
		mine.passes++;
		rc = copy_stream(stream, sink, &o, &mine, err);
	} while (rc == BN_STREAM_RESTART);
	mine.seconds = (double)(bn_env_monotonic_ns(bn_input_env(in)) - began) * 1e-9;
out:
	if (stream)
		stream->ops->free(stream);
	bn_crew_free(o.crew);
	if (rc || !report)
		bn_ingest_report_release(&mine);
	else
		*report = mine;
	return rc;
}

/* ---- to a file -------------------------------------------------------------------------------- */

typedef struct file_sink {
	const bn_env *env;
	const bn_dir *at;
	const char *path;
	bn_table_writer *w;
} file_sink;

static int file_begin(
	void *ctx, const bn_schema *schema, bn_crew *crew, bn_table_writer **w, bn_err *err)
{
	file_sink *f = ctx;

	(void)crew;
	bn_table_writer_free(f->w);
	f->w = NULL;
	int rc = bn_table_create(&f->w, f->env, f->at, f->path, schema, err);
	*w = f->w;
	return rc;
}

int bn_ingest_file(bn_input *in, const bn_source *source, const bn_source_options *options,
	const bn_dir *at, const char *path, bn_ingest_report *report, bn_err *err)
{
	file_sink f = {.env = bn_input_env(in), .at = at, .path = path};
	const bn_ingest_sink sink = {.begin = file_begin, .ctx = &f};
	int rc = bn_ingest_input(in, source, options, &sink, report, err);

	bn_table_writer_free(f.w);
	return rc;
}

int bn_ingest(const bn_env *env, const char *source_name, const char *uri,
	const bn_source_options *options, const bn_dir *at, const char *path,
	bn_ingest_report *report, bn_err *err)
{
	const bn_source_options defaults = BN_SOURCE_OPTIONS_INIT;
	const bn_source *source = NULL;
	bn_input *in = NULL;
	int rc;

	if ((rc = bn_input_open(&in, env, uri, NULL, err)) == 0 &&
		(rc = bn_source_find(&source, source_name, in, options, err)) == 0)
		rc = bn_ingest_file(
			in, source, options ? options : &defaults, at, path, report, err);
	bn_input_free(in);
	return rc;
}
