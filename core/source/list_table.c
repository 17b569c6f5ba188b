/* list_table.c - see list_table.h. */
#include "core/source/list_table.h"

#include "core/base/file_out.h"
#include "core/base/json.h"
#include "core/source/csv_write.h"
#include "core/table/arrow_read.h"
#include "core/table/parquet_write.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef struct list_column {
	bn_buf values; /* of 8 bytes, or for texts the ends */
	bn_buf bytes, validity;
	size_t nulls;
	bool is_set; /* in the row under construction */
} list_column;

struct bn_list_table {
	bn_schema schema;
	list_column *columns;
	size_t cap, rows;
};

static const char *const endings[] = {[BN_LIST_CSV] = ".csv",
	[BN_LIST_TSV] = ".tsv",
	[BN_LIST_JSON] = ".json",
	[BN_LIST_MARKDOWN] = ".md",
	[BN_LIST_ARROW] = ".arrow",
	[BN_LIST_PARQUET] = ".parquet"};

int bn_list_format_of(bn_list_format *out, const char *path, bn_err *err)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');
	int rc;
	for (size_t i = 0; dot && dot > base && i < sizeof endings / sizeof *endings; i++)
		if (strcasecmp(dot, endings[i]) == 0) {
			*out = (bn_list_format)i;
			return 0;
		}
	if (dot && dot > base)
		rc = bn_err_set(
			err, BN_EUNSUPPORTED, "%.200s: '%.20s' files are not written", path, dot);
	else
		rc = bn_err_set(err, BN_EINVAL,
			"%.200s: its name has no ending, which gives the format", path);
	bn_err_hint(err, "name it .csv, .tsv, .json, .md, .arrow or .parquet");
	return rc;
}

/* ---- rows ----------------------------------------------------------------------------------- */

int bn_list_table_new(bn_list_table **out, bn_err *err)
{
	bn_list_table *t = bn_alloc_zeroed(1, sizeof *t);
	if (!t)
		return bn_err_nomem(err, "a list");
	*out = t;
	return 0;
}

void bn_list_table_free(bn_list_table *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->schema.count; i++) {
		bn_buf_release(&t->columns[i].values);
		bn_buf_release(&t->columns[i].bytes);
		bn_buf_release(&t->columns[i].validity);
	}
	bn_free(t->columns);
	bn_schema_release(&t->schema);
	bn_free(t);
}

size_t bn_list_table_columns(const bn_list_table *t)
{
	return t->schema.count;
}

int bn_list_table_column(bn_list_table *t, const char *name, bn_type type, bn_err *err)
{
	char *other = NULL;
	int32_t zero = 0;
	int rc;
	if (bn_grow(&t->columns, &t->cap, t->schema.count + 1, sizeof *t->columns) != 0)
		return bn_err_nomem(err, "a list");
	for (int n = 2; bn_schema_find(&t->schema, other ? other : name) != BN_SCHEMA_NONE; n++) {
		bn_free(other);
		if (!(other = bn_strf("%s %d", name, n)))
			return bn_err_nomem(err, "a list");
	}
	list_column *c = &t->columns[t->schema.count];
	rc = bn_schema_add(&t->schema, other ? other : name, type, true, NULL, err);
	bn_free(other);
	if (rc < 0)
		return rc;
	*c = (list_column){BN_BUF_INIT, BN_BUF_INIT, BN_BUF_INIT, 0, false};
	if (type == BN_TYPE_STRING)
		bn_buf_add(&c->values, &zero, sizeof zero);
	return 0;
}

void bn_list_table_f64(bn_list_table *t, size_t column, double value)
{
	bn_buf_add(&t->columns[column].values, &value, sizeof value);
	t->columns[column].is_set = true;
}

void bn_list_table_i64(bn_list_table *t, size_t column, int64_t value)
{
	bn_buf_add(&t->columns[column].values, &value, sizeof value);
	t->columns[column].is_set = true;
}

void bn_list_table_text(bn_list_table *t, size_t column, const char *text)
{
	list_column *c = &t->columns[column];
	if (!text)
		return;
	bn_buf_adds(&c->bytes, text);
	c->is_set = true;
}

static void cell_end(list_column *c, bn_type type, size_t row)
{
	int64_t none = 0;
	int32_t end = (int32_t)c->bytes.len;
	if (row % 8 == 0)
		bn_buf_addch(&c->validity, '\0');
	if (type == BN_TYPE_STRING)
		bn_buf_add(&c->values, &end, sizeof end);
	else if (!c->is_set)
		bn_buf_add(&c->values, &none, sizeof none);
	if (c->is_set && !c->validity.failed)
		c->validity.ptr[row / 8] = (char)(c->validity.ptr[row / 8] | 1 << row % 8);
	c->nulls += !c->is_set;
	c->is_set = false;
}

int bn_list_table_row(bn_list_table *t, bn_err *err)
{
	for (size_t i = 0; i < t->schema.count; i++) {
		list_column *c = &t->columns[i];
		cell_end(c, t->schema.fields[i].type, t->rows);
		if (c->values.failed || c->bytes.failed || c->validity.failed)
			return bn_err_nomem(err, "a list");
		if (c->bytes.len > INT32_MAX)
			return bn_err_set(err, BN_EUNSUPPORTED,
				"column '%.100s' has more than 2 GiB of text",
				t->schema.fields[i].name);
	}
	t->rows++;
	return 0;
}

/* ---- files ---------------------------------------------------------------------------------- */

/* The rows as one batch, whose array of columns is yours. */
static int batch_make(bn_batch *out, const bn_list_table *t, bn_err *err)
{
	*out = (bn_batch)BN_BATCH_INIT;
	if (!(out->columns = bn_alloc_zeroed(t->schema.count + 1, sizeof *out->columns)))
		return bn_err_nomem(err, "a list");
	out->rows = t->rows;
	out->column_count = t->schema.count;
	for (size_t i = 0; i < t->schema.count; i++) {
		const list_column *c = &t->columns[i];
		bn_column *to = &out->columns[i];
		*to = bn_column_of(&t->schema.fields[i]);
		to->rows = t->rows;
		to->nulls = c->nulls;
		to->validity = c->nulls ? (const uint8_t *)c->validity.ptr : NULL;
		to->any = c->values.ptr;
		to->bytes = c->bytes.ptr;
	}
	return 0;
}

static int parquet_save(
	const bn_list_table *t, const bn_batch *b, const bn_env *env, const char *path, bn_err *err)
{
	bn_parquet_writer *w = NULL;
	int rc;
	if ((rc = bn_parquet_create(&w, env, path, &t->schema, err)) < 0 ||
		(rc = bn_parquet_write_batch(w, b, err)) < 0)
		goto out;
	rc = bn_parquet_finish(w, err);
out:
	bn_parquet_free(w);
	return rc;
}

static int arrow_save(
	const bn_list_table *t, const bn_batch *b, const bn_env *env, const char *path, bn_err *err)
{
	bn_table_writer *w = NULL;
	int rc;
	if ((rc = bn_table_create(&w, env, NULL, path, &t->schema, err)) < 0 ||
		(rc = bn_table_write_batch(w, b, err)) < 0)
		goto out;
	rc = bn_table_writer_finish(w, err);
out:
	bn_table_writer_free(w);
	return rc;
}

static int buf_write(void *ctx, const void *bytes, size_t n, bn_err *err)
{
	bn_buf_add(ctx, bytes, n);
	return bn_buf_check(ctx, err, "a list");
}

static int text_write(void *ctx, const char *bytes, size_t n, bn_err *err)
{
	return buf_write(ctx, bytes, n, err);
}

/* Through the writer of tables, so that every CSV of ours is quoted alike. */
static int csv_add(
	bn_buf *out, const bn_list_table *t, const bn_batch *b, char delimiter, bn_err *err)
{
	bn_buf arrow = BN_BUF_INIT;
	const bn_table_out to = {.write = buf_write, .ctx = &arrow};
	bn_table_writer *w = NULL;
	bn_table_reader *r = NULL;
	int rc;
	if ((rc = bn_table_create_out(&w, &to, &t->schema, err)) < 0 ||
		(rc = bn_table_write_batch(w, b, err)) < 0 ||
		(rc = bn_table_writer_finish(w, err)) < 0 ||
		(rc = bn_arrow_open_bytes(&r, arrow.ptr, arrow.len, "a list", err)) < 0)
		goto out;
	rc = bn_csv_export(
		r, NULL, t->schema.count, 0, UINT64_MAX, delimiter, text_write, out, err);
out:
	bn_table_reader_free(r);
	bn_table_writer_free(w);
	bn_buf_release(&arrow);
	return rc;
}

static int json_add(bn_buf *out, const bn_list_table *t, const bn_batch *b, bn_err *err)
{
	for (size_t row = 0; row < b->rows; row++) {
		bn_buf_adds(out, row ? ",\n{" : "[\n{");
		for (size_t i = 0; i < b->column_count; i++) {
			const char *name = t->schema.fields[i].name;
			json_t *value = bn_column_json(&b->columns[i], row);
			char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
			bn_buf_adds(out, i ? "," : "");
			bn_buf_add_json_string(out, name, strlen(name));
			bn_buf_addf(out, ":%s", text ? text : "null");
			out->failed = out->failed || !text;
			json_decref(value);
			free(text);
		}
		bn_buf_addch(out, '}');
	}
	bn_buf_adds(out, b->rows ? "\n]\n" : "[]\n");
	return bn_buf_check(out, err, "a list");
}

/* A cell of Markdown's tables has one line, and no bare '|'. */
static void markdown_cell(bn_buf *out, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '|' || text[i] == '\\')
			bn_buf_addch(out, '\\');
		bn_buf_addch(out, strchr("\r\n\t", text[i]) ? ' ' : text[i]);
	}
	bn_buf_adds(out, " | ");
}

static int markdown_add(bn_buf *out, const bn_list_table *t, const bn_batch *b, bn_err *err)
{
	bn_buf cell = BN_BUF_INIT;
	bn_buf_adds(out, "| ");
	for (size_t i = 0; i < b->column_count; i++)
		markdown_cell(out, t->schema.fields[i].name, strlen(t->schema.fields[i].name));
	bn_buf_adds(out, "\n|");
	for (size_t i = 0; i < b->column_count; i++)
		bn_buf_adds(out, t->schema.fields[i].type == BN_TYPE_STRING ? " --- |" : " ---: |");
	for (size_t row = 0; row < b->rows; row++) {
		bn_buf_adds(out, "\n| ");
		for (size_t i = 0; i < b->column_count; i++) {
			bn_buf_clear(&cell);
			bn_column_format(&b->columns[i], row, &cell);
			markdown_cell(out, cell.ptr, cell.len);
		}
	}
	bn_buf_addch(out, '\n');
	int rc = cell.failed ? bn_err_nomem(err, "a list") : bn_buf_check(out, err, "a list");
	bn_buf_release(&cell);
	return rc;
}

static int text_save(const bn_list_table *t, const bn_batch *b, const bn_env *env, const char *path,
	bn_list_format format, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	bn_file_out *file = NULL;
	int rc;
	if (format == BN_LIST_JSON)
		rc = json_add(&text, t, b, err);
	else if (format == BN_LIST_MARKDOWN)
		rc = markdown_add(&text, t, b, err);
	else
		rc = csv_add(&text, t, b, format == BN_LIST_TSV ? '\t' : ',', err);
	if (rc < 0 || (rc = bn_file_out_open(&file, env, path, 0666, err)) < 0 ||
		(rc = bn_file_out_add(file, text.ptr, text.len, err)) < 0)
		goto out;
	rc = bn_file_out_finish(file, err);
out:
	bn_file_out_free(file);
	bn_buf_release(&text);
	return rc;
}

int bn_list_table_save(
	bn_list_table *t, const bn_env *env, const char *path, bn_list_format format, bn_err *err)
{
	bn_batch b;
	int rc;
	if ((rc = batch_make(&b, t, err)) < 0)
		return rc;
	if (format == BN_LIST_PARQUET)
		rc = parquet_save(t, &b, env, path, err);
	else if (format == BN_LIST_ARROW)
		rc = arrow_save(t, &b, env, path, err);
	else
		rc = text_save(t, &b, env, path, format, err);
	bn_free(b.columns);
	return rc;
}
