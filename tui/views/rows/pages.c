/*
 * pages.c - which rows of a table a filter (filter.h) leaves, and in which order. It stops when its job is cancelled, and
 * reports how far it is.
 */
#include "core/base/str.h"
#include "core/table/scan.h"
#include "tui/views/_source.h"
#include "tui/views/rows/filter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool text_has(const char *text, const char *word)
{
	size_t n = strlen(word);
	for (; *text; text++)
		if (strncasecmp(text, word, n) == 0)
			return true;
	return n == 0;
}

/* Does every word stand somewhere in the row? */
static bool row_has_words(const bn_row_filter *f, const bn_batch *batch, size_t row, bn_buf *buf)
{
	for (size_t i = 0; i < f->count; i++) {
		bool hit = false;
		for (size_t c = 0; c < batch->column_count && !hit; c++) {
			bn_buf_clear(buf);
			hit = bn_column_format(&batch->columns[c], row, buf) &&
			      text_has(buf->ptr, f->words[i]);
		}
		if (!hit)
			return false;
	}
	return true;
}

typedef struct rows {
	int64_t *items;
	size_t count, cap;
} rows;

static int rows_add(rows *out, uint64_t row, bn_err *err)
{
	if (bn_grow(&out->items, &out->cap, out->count + 1, sizeof *out->items))
		return bn_err_nomem(err, "the rows found");
	out->items[out->count++] = (int64_t)row;
	return 0;
}

/* The rows of a table that is open, those of `scanned` (all of them when it is no scan), that hold the words. */
static int words_run(
	rows *out, bn_table_reader *scanned, const bn_row_filter *f, bn_job *job, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	bn_buf buf = BN_BUF_INIT;
	int rc = 0;
	for (size_t b = 0; b < bn_table_batches(scanned); b++) {
		if ((rc = bn_table_read(scanned, b, NULL, 0, &batch, err)) < 0)
			goto out;
		for (size_t i = 0; i < batch.rows; i++) {
			if (i % 4096 == 0 && bn_job_is_cancelled(job)) {
				rc = bn_err_set(err, BN_EINTR, "stopped");
				goto out;
			}
			if (row_has_words(f, &batch, i, &buf) &&
				(rc = rows_add(out, bn_table_origin(scanned, batch.first_row + i),
					 err)) < 0)
				goto out;
		}
		bn_job_progress(job, (int64_t)(batch.first_row + batch.rows),
			(int64_t)bn_table_rows(scanned));
	}
out:
	bn_batch_release(&batch);
	bn_buf_release(&buf);
	return rc;
}

static bool scan_report(void *job, const char *what, uint64_t done, uint64_t total)
{
	(void)what;
	bn_job_progress(job, (int64_t)done, (int64_t)total);
	return !bn_job_is_cancelled(job);
}

static int filter_run(
	rows *out, bn_table_reader *table, const bn_row_filter *f, bn_job *job, bn_err *err)
{
	const bn_progress progress = {scan_report, job};
	const bn_scan scan = {.where = f->where, .progress = &progress};
	bn_table_reader *scanned = NULL;
	int rc = 0;
	if (f->where && (rc = bn_table_scan(&scanned, table, &scan, err)) < 0)
		return rc;
	if (f->count) {
		rc = words_run(out, scanned ? scanned : table, f, job, err);
		goto out;
	}
	for (uint64_t i = 0; i < bn_table_rows(scanned); i++)
		if ((rc = rows_add(out, bn_table_origin(scanned, i), err)) < 0)
			goto out;
out:
	bn_table_reader_free(scanned);
	return rc;
}

/* ---- sorting ------------------------------------------------------------------------------------- */

typedef struct sort_item {
	int64_t row;
	size_t place;  /* before this key was looked at: ties stay in it */
	double number; /* NaN: absent */
	bn_text text;
} sort_item;

static int text_compare(bn_text a, bn_text b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n ? memcmp(a.ptr, b.ptr, n) : 0;
	return c ? c : a.len < b.len ? -1 : a.len > b.len;
}

/* arg: whether larger comes first. What is absent goes last either way; ties keep their order. */
static int item_compare(const void *pa, const void *pb, void *arg)
{
	const sort_item *a = pa, *b = pb;
	bool descending = *(const bool *)arg;
	bool no_a = isnan(a->number) && !a->text.ptr, no_b = isnan(b->number) && !b->text.ptr;
	int c = 0;
	if (no_a != no_b)
		return no_a ? 1 : -1;
	if (!no_a && a->text.ptr)
		c = text_compare(a->text, b->text);
	else if (!no_a)
		c = a->number < b->number ? -1 : a->number > b->number;
	if (c)
		return descending ? -c : c;
	return a->place < b->place ? -1 : a->place > b->place;
}

static int sort_run(
	rows *r, bn_table_reader *table, size_t column, bool descending, bn_job *job, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	size_t open = SIZE_MAX;
	sort_item *items = bn_alloc((r->count + 1) * sizeof *items);
	int rc = items ? 0 : bn_err_nomem(err, "rows to sort");
	for (size_t i = 0; !rc && i < r->count; i++) {
		size_t at = 0, row = 0;
		if (i % 65536 == 0 && bn_job_is_cancelled(job))
			rc = bn_err_set(err, BN_EINTR, "stopped");
		if (!rc)
			rc = bn_table_locate(table, (uint64_t)r->items[i], &at, &row, err);
		if (!rc && at != open) {
			rc = bn_table_read(table, at, &column, 1, &batch, err);
			open = at;
		}
		if (!rc) /* text lies in the mapped file, which outlives the batch */
			items[i] = (sort_item){r->items[i], i,
				bn_column_number(&batch.columns[0], row),
				bn_column_text(&batch.columns[0], row)};
	}
	if (!rc) {
		qsort_r(items, r->count, sizeof *items, item_compare, &descending);
		for (size_t i = 0; i < r->count; i++)
			r->items[i] = items[i].row;
	}
	bn_batch_release(&batch);
	bn_free(items);
	return rc;
}

static void rows_reverse(rows *r)
{
	for (size_t i = 0; i < r->count / 2; i++) {
		int64_t row = r->items[i];
		r->items[i] = r->items[r->count - 1 - i];
		r->items[r->count - 1 - i] = row;
	}
}

/* By the last key first: what a key leaves equal stays in the order of those behind it. No two rows have one
 * place, so what stands behind that decides nothing. */
static int sort_keys(
	rows *r, bn_table_reader *table, const bn_order_arg *a, bn_job *job, bn_err *err)
{
	size_t columns = bn_table_schema(table)->count;
	int last = 0, rc = 0;
	while (last + 1 < a->sorts && a->sort[last].column >= 0)
		last++;
	for (int k = last; a->sorts && k >= 0 && rc >= 0; k--) {
		int column = a->sort[k].column;
		if (column < 0 && a->sort[k].descending)
			rows_reverse(r);
		else if (column >= 0 && (size_t)column < columns)
			rc = sort_run(r, table, (size_t)column, a->sort[k].descending, job, err);
	}
	return rc;
}

static int rows_all(rows *r, uint64_t count, bn_err *err)
{
	if (bn_grow(&r->items, &r->cap, (size_t)count + 1, sizeof *r->items))
		return bn_err_nomem(err, "row numbers");
	for (uint64_t i = 0; i < count; i++)
		r->items[i] = (int64_t)i;
	r->count = (size_t)count;
	return 0;
}

/* ---- the page ------------------------------------------------------------------------------------ */

static void order_release(void *data)
{
	const bn_order *o = data;
	bn_free((void *)(uintptr_t)o->rows);
}

static int schema_copy(bn_order *o, bn_arena *arena, const bn_schema *schema, bn_err *err)
{
	const char **names = bn_arena_alloc(arena, (schema->count + 1) * sizeof *names);
	const char **units = bn_arena_alloc(arena, (schema->count + 1) * sizeof *units);
	bool *numbers = bn_arena_alloc(arena, schema->count + 1);
	if (!names || !units || !numbers)
		return bn_err_nomem(err, "a schema");
	for (size_t i = 0; i < schema->count; i++) {
		const bn_field *f = &schema->fields[i];
		names[i] = bn_arena_strdup(arena, f->name);
		units[i] = f->unit ? bn_arena_strdup(arena, f->unit) : NULL;
		numbers[i] = bn_type_is_number(f->type);
		if (!names[i])
			return bn_err_nomem(err, "a schema");
	}
	o->columns = schema->count;
	o->names = names;
	o->units = units;
	o->is_number = numbers;
	return 0;
}

int bn_reader_order(int64_t **out, size_t *count, bn_table_reader *table, const bn_order_arg *a,
	bn_job *job, bn_err *err)
{
	bn_row_filter f;
	rows found = {NULL, 0, 0};
	int rc = bn_row_filter_read(&f, a->filter, bn_table_schema(table), err);
	bool filters = f.count || f.where;
	if (rc < 0)
		goto out;
	if (filters && (rc = filter_run(&found, table, &f, job, err)) < 0)
		goto out;
	if (a->sorts && !filters && (rc = rows_all(&found, bn_table_rows(table), err)) < 0)
		goto out;
	if ((rc = sort_keys(&found, table, a, job, err)) < 0)
		goto out;
	if (filters && !found.items && (rc = rows_all(&found, 0, err)) < 0)
		goto out; /* nothing matches: an order of no rows */
	*out = found.items;
	*count = found.count;
	found.items = NULL;
out:
	bn_row_filter_release(&f);
	bn_free(found.items);
	return rc;
}

int bn_source_order(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	const bn_order_arg *a = arg;
	bn_table_reader *table = NULL;
	int64_t *found = NULL;
	size_t count = 0;
	bn_order *o = bn_arena_alloc(&page->arena, sizeof *o);
	if (!o)
		return bn_err_nomem(err, "an order");
	int rc = bn_reader_table(&table, context, a->ref, err);
	if (rc < 0 || (rc = schema_copy(o, &page->arena, bn_table_schema(table), err)) < 0 ||
		(rc = bn_reader_order(&found, &count, table, a, job, err)) < 0)
		return rc;
	o->total = (int64_t)bn_table_rows(table);
	o->rows = found;
	o->count = found ? (int64_t)count : o->total;
	return BN_PAGE_TAKE(page, o, order_release);
}
