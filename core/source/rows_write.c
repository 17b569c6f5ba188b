/* rows_write.c - see rows_write.h. */
#include "core/source/rows_write.h"

#include "core/base/mem.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Arrow ------------------------------------------------------------------------------------ */

typedef struct arrow_out {
	bn_csv_sink sink;
	void *ctx;
} arrow_out;

static int arrow_put(void *ctx, const void *bytes, size_t n, bn_err *err)
{
	arrow_out *o = ctx;
	return o->sink(o->ctx, bytes, n, err);
}

static int schema_of(bn_schema *out, const bn_table_reader *r, const bn_csv_part *part, bn_err *err)
{
	const bn_schema *all = bn_table_schema(r);
	size_t n = part->columns ? part->column_count : all->count;
	int rc = 0;
	for (size_t i = 0; i < n && rc >= 0; i++)
		rc = bn_schema_add_field(
			out, &all->fields[part->columns ? part->columns[i] : i], NULL, err);
	return rc < 0 ? rc : bn_schema_copy_meta(out, all, err);
}

#define RUN_MOST 4096

/* Runs of rows in one batch are written together. */
static int arrow_rows(bn_part_rows *rows, bn_table_writer *w, bn_err *err)
{
	uint32_t run[RUN_MOST];
	size_t held = 0, batch = 0, at = 0, row = 0;
	int rc;
	for (size_t i = 0; i < rows->count; i++) {
		if ((rc = bn_part_rows_get(rows, i, &at, &row, err)) < 0)
			return rc;
		if (held && (at != batch || held == RUN_MOST)) {
			if ((rc = bn_table_write_rows(w, &rows->batches[batch], run, held, err)) < 0)
				return rc;
			held = 0;
		}
		batch = at;
		run[held++] = (uint32_t)row;
	}
	return held ? bn_table_write_rows(w, &rows->batches[batch], run, held, err) : 0;
}

int bn_arrow_export_rows(bn_table_reader *r, const bn_csv_part *part, const bn_progress *progress,
	bn_csv_sink sink, void *ctx, bn_err *err)
{
	arrow_out out = {sink, ctx};
	const bn_table_out to = {arrow_put, &out};
	bn_schema schema = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	bn_part_rows rows;
	int rc = bn_part_rows_init(&rows, r, part, progress, err);
	if (rc < 0 || (rc = schema_of(&schema, r, part, err)) < 0 ||
		(rc = bn_table_create_out(&w, &to, &schema, err)) < 0 ||
		(rc = arrow_rows(&rows, w, err)) < 0)
		goto out;
	rc = bn_table_writer_finish(w, err);
out:
	bn_table_writer_free(w);
	bn_schema_release(&schema);
	bn_part_rows_release(&rows);
	return rc;
}

/* ---- JSON ------------------------------------------------------------------------------------- */

/* A JSON value with its quotes; takes ownership of it. */
static void put_json(bn_buf *out, json_t *value)
{
	char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	if (text)
		bn_buf_adds(out, text);
	else
		out->failed = true;
	free(text);
	json_decref(value);
}

static void put_cell(bn_buf *out, const bn_column *c, size_t row)
{
	bool number = bn_type_is_number(c->type);
	if (bn_column_is_absent(c, row)) {
		bn_buf_adds(out, "null");
	} else if (number && isinf(bn_column_number(c, row))) {
		bn_buf_addch(out, '"');
		bn_column_format(c, row, out);
		bn_buf_addch(out, '"');
	} else if (number) {
		bn_column_format(c, row, out);
	} else {
		put_json(out, bn_column_json(c, row));
	}
}

/* "name": of each column, formatted once. */
static int names_of(
	char ***out, size_t *n, bn_table_reader *r, const bn_csv_part *part, bn_err *err)
{
	const bn_schema *schema = bn_table_schema(r);
	*n = part->columns ? part->column_count : schema->count;
	char **names = bn_alloc_zeroed(*n + 1, sizeof *names);
	if (!names)
		return bn_err_nomem(err, "names");
	*out = names;
	for (size_t i = 0; i < *n; i++) {
		bn_buf b = BN_BUF_INIT;
		put_json(
			&b, json_string(schema->fields[part->columns ? part->columns[i] : i].name));
		bn_buf_adds(&b, ":");
		int rc = bn_buf_check(&b, err, "names");
		names[i] = rc < 0 ? NULL : bn_strdup(b.ptr);
		bn_buf_release(&b);
		if (!names[i])
			return rc < 0 ? rc : bn_err_nomem(err, "names");
	}
	return 0;
}

static void put_row(bn_buf *out, const bn_batch *b, size_t row, char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bn_buf_addch(out, i ? ',' : '{');
		bn_buf_adds(out, names[i]);
		put_cell(out, &b->columns[i], row);
	}
	bn_buf_addch(out, '}');
}

int bn_json_export_rows(bn_table_reader *r, const bn_csv_part *part, const bn_progress *progress,
	bn_csv_sink sink, void *ctx, bn_err *err)
{
	static const char what[] = "JSON output";
	bn_buf buf = BN_BUF_INIT;
	char **names = NULL;
	size_t name_count = 0, batch = 0, row = 0;
	bn_part_rows rows;
	int rc = bn_part_rows_init(&rows, r, part, progress, err);
	if (rc < 0 || (rc = names_of(&names, &name_count, r, part, err)) < 0)
		goto out;
	bn_buf_addch(&buf, '[');
	for (size_t i = 0; i < rows.count; i++) {
		if ((rc = bn_part_rows_get(&rows, i, &batch, &row, err)) < 0)
			goto out;
		bn_buf_adds(&buf, i ? ",\n" : "\n");
		put_row(&buf, &rows.batches[batch], row, names, name_count);
		if ((rc = bn_piece_drain(&buf, BN_PIECE_BYTES, sink, ctx, what, err)) < 0)
			goto out;
	}
	bn_buf_adds(&buf, "\n]\n");
	rc = bn_piece_drain(&buf, 0, sink, ctx, what, err);
out:
	for (size_t i = 0; names && i < name_count; i++)
		bn_free(names[i]);
	bn_free(names);
	bn_buf_release(&buf);
	bn_part_rows_release(&rows);
	return rc;
}
