/* arrow_source.c - see arrow_source.h. */
#include "core/source/arrow_source.h"

#include "core/source/cast.h"

typedef struct arrow_stream {
	bn_stream base;
	bn_table_reader *reader;
	bn_cast *cast; /* NULL: the file's own types */
	bn_batch batch;
	size_t next;
	uint64_t bytes, rows;
	bn_source_options options;
	bn_source_notes notes;
} arrow_stream;

static const bn_schema *stream_schema(bn_stream *base)
{
	const arrow_stream *s = (arrow_stream *)base;

	return s->cast ? bn_cast_schema(s->cast) : bn_table_schema(s->reader);
}

static uint64_t stream_bytes_total(const bn_stream *base)
{
	return ((const arrow_stream *)base)->bytes;
}

/* By number of rows: the batches of a file are alike. */
static uint64_t stream_bytes_done(const bn_stream *base)
{
	const arrow_stream *s = (const arrow_stream *)base;
	uint64_t rows = bn_table_rows(s->reader);

	if (s->rows == rows)
		return s->bytes;
	return (uint64_t)((double)s->bytes * ((double)s->rows / (double)rows));
}

static uint64_t stream_rejected(const bn_stream *base)
{
	(void)base;
	return 0;
}

static int stream_next(bn_stream *base, const bn_batch **out, bn_err *err)
{
	arrow_stream *s = (arrow_stream *)base;
	const bn_source_options *o = &s->options;

	if (s->next == bn_table_batches(s->reader))
		return BN_STREAM_END;
	int rc = bn_table_read(s->reader, s->next++, NULL, 0, &s->batch, err);
	if (rc)
		return rc;
	s->rows += s->batch.rows;
	*out = &s->batch;
	if (s->cast && (rc = bn_cast_batch(out, s->cast, &s->batch, err)) < 0)
		return rc;
	if (o->progress &&
		!o->progress(o->progress_ctx, stream_bytes_done(base), s->bytes, s->rows))
		return bn_err_set(err, BN_EINTR, "reading was interrupted");
	return BN_STREAM_BATCH;
}

static void stream_free(bn_stream *base)
{
	arrow_stream *s = (arrow_stream *)base;

	bn_batch_release(&s->batch);
	bn_cast_free(s->cast);
	bn_table_reader_free(s->reader);
	bn_source_notes_release(&s->notes);
	bn_free(s);
}

static const bn_source_notes *stream_notes(const bn_stream *base)
{
	return &((const arrow_stream *)base)->notes;
}

static const bn_stream_ops arrow_ops = {stream_schema, stream_next, stream_bytes_done,
	stream_bytes_total, stream_rejected, NULL, stream_notes, stream_free};

/* The types given by the user, and those of `as` for the other columns. */
static int wanted_types(bn_schema *out, const bn_source_options *o, bn_err *err)
{
	int rc;

	if (o->as && (rc = bn_schema_copy(out, o->as, err)) < 0)
		return rc;
	for (size_t i = 0; i < o->type_count; i++) {
		size_t at = bn_schema_find(out, o->types[i].column);
		if (at != BN_SCHEMA_NONE)
			rc = bn_field_copy_type(&out->fields[at], &o->types[i].type, err);
		else
			rc = bn_schema_add_field(out, &o->types[i].type, o->types[i].column, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int open_cast(arrow_stream *s, const char *name, bn_err *err)
{
	bn_schema wanted = BN_SCHEMA_INIT;
	bn_source_options o = s->options;
	int rc;

	if (o.as_for && !(o.as = o.as_for(o.as_for_user, bn_table_schema(s->reader), err)))
		return BN_EINVAL;
	if (!o.as && !o.type_count)
		return 0;
	if ((rc = wanted_types(&wanted, &o, err)) < 0)
		goto out;
	o.as_whose = o.as ? o.as_whose : "--type names";
	o.as = &wanted;
	rc = bn_cast_new(&s->cast, bn_table_schema(s->reader), &o, name, err);
out:
	bn_schema_release(&wanted);
	return rc;
}

int bn_arrow_source_table(
	bn_table_reader **out, const bn_input *in, bn_source_notes *notes, bn_err *err)
{
	const char *name = bn_input_name(in);
	bn_table_reader *r = NULL;
	int rc;

	if ((rc = bn_table_open_given(&r, bn_input_env(in), bn_input_fd(in), name, err)) < 0)
		return rc;
	if (bn_table_is_unmarked(r) &&
		(rc = bn_source_note_add(notes, true, err,
			 "%.100s ends without the end-of-stream mark, after row %llu: rows are "
			 "missing if its writer was stopped or the copy was cut; write it again to "
			 "be sure",
			 name, (unsigned long long)bn_table_rows(r))) < 0) {
		bn_table_reader_free(r);
		return rc;
	}
	*out = r;
	return 0;
}

int bn_arrow_stream_open(
	bn_stream **out, bn_input *in, const bn_source_options *options, bn_err *err)
{
	arrow_stream *s;
	int rc = bn_input_need_file(in, err);

	if (rc < 0)
		return rc;
	if (!(s = bn_alloc_zeroed(1, sizeof *s)))
		return bn_err_nomem(err, "an Arrow stream");
	s->base.ops = &arrow_ops;
	if (options)
		s->options = *options;
	s->bytes = bn_input_size(in);
	if ((rc = bn_arrow_source_table(&s->reader, in, &s->notes, err)) < 0)
		goto out;
	if (s->options.rejects && (rc = bn_source_note_add(&s->notes, true, err,
					   "%.100s is Arrow: its rows are never rejected, and "
					   "nothing is written to the file of rejects",
					   bn_input_name(in))) < 0)
		goto out;
	if ((rc = open_cast(s, bn_input_name(in), err)) < 0)
		goto out;
	*out = &s->base;
out:
	if (rc < 0)
		stream_free(&s->base);
	return rc;
}
