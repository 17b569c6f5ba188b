/* csv_write.c - see csv_write.h. */
#include "core/source/csv_write.h"

#include "core/source/cell.h"

#include <string.h>

static bool needs_quotes(const char *s, size_t n, char delimiter)
{
	if (!n)
		return false;
	if (s[0] == ' ' || s[0] == '\t' || s[n - 1] == ' ' || s[n - 1] == '\t')
		return true;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == delimiter || s[i] == '"' || s[i] == '\n' || s[i] == '\r')
			return true;
	}
	return false;
}

static void add_quoted(bn_buf *out, const char *s, size_t n)
{
	bn_buf_addch(out, '"');
	for (const char *end = s + n; s < end;) {
		const char *q = memchr(s, '"', (size_t)(end - s));
		size_t part = q ? (size_t)(q - s) + 1 : (size_t)(end - s);
		bn_buf_add(out, s, part);
		if (q)
			bn_buf_addch(out, '"');
		s += part;
	}
	bn_buf_addch(out, '"');
}

void bn_csv_add_field(bn_buf *out, const char *s, size_t n, char delimiter)
{
	if (needs_quotes(s, n, delimiter))
		add_quoted(out, s, n);
	else
		bn_buf_add(out, s, n);
}

static void add_header(
	bn_buf *out, const bn_schema *schema, const size_t *columns, size_t n, char delimiter)
{
	for (size_t i = 0; i < n; i++) {
		const char *name = schema->fields[columns ? columns[i] : i].name;
		if (i)
			bn_buf_addch(out, delimiter);
		bn_csv_add_field(out, name, strlen(name), delimiter);
	}
	bn_buf_addch(out, '\n');
}

static void add_number(bn_buf *out, const bn_column *c, size_t row)
{
	size_t at = out->len;

	bn_column_format(c, row, out);
	if (c->type > BN_TYPE_FLOAT32 || out->failed)
		return;
	for (size_t i = at; i < out->len; i++) {
		if (!strchr("-0123456789", out->ptr[i]))
			return;
	}
	bn_buf_adds(out, ".0");
}

/* No bytes is not absent, and lists contain commas. */
static void add_quotable(bn_buf *out, const bn_column *c, size_t row, char delimiter)
{
	bn_buf text = BN_BUF_INIT;

	bn_column_format(c, row, &text);
	if (text.len)
		bn_csv_add_field(out, text.ptr, text.len, delimiter);
	else
		add_quoted(out, "", 0);
	out->failed |= text.failed;
	bn_buf_release(&text);
}

static void add_row(bn_buf *out, const bn_batch *b, size_t row, char delimiter)
{
	for (size_t i = 0; i < b->column_count; i++) {
		const bn_column *c = &b->columns[i];
		if (i)
			bn_buf_addch(out, delimiter);
		if (bn_column_is_null(c, row))
			continue;
		if (bn_type_is_list(c->type) || c->type == BN_TYPE_BINARY) {
			add_quotable(out, c, row, delimiter);
			continue;
		}
		if (!bn_type_is_text(c->type)) {
			add_number(out, c, row);
			continue;
		}
		bn_text t = bn_column_text(c, row);
		if (bn_cell_is_absent(t.ptr, t.len)) /* as it would be without quotes */
			add_quoted(out, t.ptr, t.len);
		else
			bn_csv_add_field(out, t.ptr, t.len, delimiter);
	}
	bn_buf_addch(out, '\n');
}

static int drain(bn_buf *buf, size_t most, bn_csv_sink sink, void *ctx, bn_err *err)
{
	return bn_piece_drain(buf, most, sink, ctx, "CSV output", err);
}

int bn_csv_export(bn_table_reader *r, const size_t *columns, size_t n, uint64_t from, uint64_t to,
	char delimiter, bn_csv_sink sink, void *ctx, bn_err *err)
{
	bn_buf buf = BN_BUF_INIT;
	bn_batch b = BN_BATCH_INIT;
	int rc = 0;

	n = columns ? n : bn_table_schema(r)->count;
	add_header(&buf, bn_table_schema(r), columns, n, delimiter);
	for (size_t i = 0; i < bn_table_batches(r) && !rc; i++) {
		uint64_t start = bn_table_batch_start(r, i);
		size_t rows = bn_table_batch_rows(r, i);
		if (start + rows <= from || start >= to)
			continue;
		rc = bn_table_read(r, i, columns, n, &b, err);
		for (size_t k = from > start ? (size_t)(from - start) : 0;
			k < rows && start + k < to && !rc; k++) {
			add_row(&buf, &b, k, delimiter);
			rc = drain(&buf, BN_PIECE_BYTES, sink, ctx, err);
		}
	}
	rc = rc ? rc : drain(&buf, 0, sink, ctx, err);
	bn_batch_release(&b);
	bn_buf_release(&buf);
	return rc;
}

int bn_csv_export_rows(bn_table_reader *r, const bn_csv_part *part, char delimiter,
	const bn_progress *progress, bn_csv_sink sink, void *ctx, bn_err *err)
{
	bn_buf buf = BN_BUF_INIT;
	bn_part_rows rows;
	size_t batch = 0, row = 0;
	int rc = bn_part_rows_init(&rows, r, part, progress, err);

	if (rc < 0)
		goto out;
	add_header(&buf, bn_table_schema(r), part->columns,
		part->columns ? part->column_count : bn_table_schema(r)->count, delimiter);
	for (size_t i = 0; i < rows.count; i++) {
		if ((rc = bn_part_rows_get(&rows, i, &batch, &row, err)) < 0)
			goto out;
		add_row(&buf, &rows.batches[batch], row, delimiter);
		if ((rc = drain(&buf, BN_PIECE_BYTES, sink, ctx, err)) < 0)
			goto out;
	}
	rc = drain(&buf, 0, sink, ctx, err);
out:
	bn_part_rows_release(&rows);
	bn_buf_release(&buf);
	return rc;
}
