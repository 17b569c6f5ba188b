/*
 * pages.c - which rows of a table a filter leaves, and in which order. One pass over the
 * columns that the filter names (all of them when it has bare words), batch by batch; it stops when
 * its job is cancelled, and reports how far it is.
 */
#include "core/base/str.h"
#include "tui/views/_source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_TESTS 16

typedef enum test_op {
	OP_WORD,
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE,
	OP_HAS,
	OP_ABSENT
} test_op;

typedef struct test {
	test_op op;
	size_t column; /* of the table; of the batch once planned */
	char value[256];
	double number;
	bool is_number;
} test;

typedef struct plan {
	test tests[MAX_TESTS];
	size_t count;
	bool needs_all;            /* a bare word looks everywhere */
	size_t columns[MAX_TESTS]; /* what to read otherwise */
	size_t column_count;
} plan;

/* One token, its quotes taken off: "my col">=1. quoted_value tells x="" from x= . */
static const char *token_next(const char *s, char *out, size_t size, bool *quoted_value)
{
	size_t n = 0;
	bool inside = false;
	*quoted_value = false;
	s += strspn(s, " ");
	while (*s && (inside || *s != ' ')) {
		if (*s == '"') {
			inside = !inside;
			*quoted_value = *quoted_value || (n > 0 && strchr("=<>~", out[n - 1]));
		} else if (n + 1 < size) {
			out[n++] = *s;
		}
		s++;
	}
	out[n] = '\0';
	return s;
}

/* Splits "power>=250" at the first operator that follows a column's name. */
static bool test_parse(test *t, const bn_schema *schema, const char *token)
{
	static const struct {
		const char *text;
		test_op op;
	} ops[] = {{">=", OP_GE}, {"<=", OP_LE}, {"!=", OP_NE}, {">", OP_GT}, {"<", OP_LT},
		{"=", OP_EQ}, {"~", OP_HAS}};
	for (size_t c = 0; c < schema->count; c++) {
		size_t n = strlen(schema->fields[c].name);
		if (!n || strncmp(token, schema->fields[c].name, n) != 0)
			continue;
		for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
			size_t len = strlen(ops[i].text);
			if (strncmp(token + n, ops[i].text, len) != 0)
				continue;
			t->op = ops[i].op;
			t->column = c;
			memcpy(t->value, token + n + len, strlen(token + n + len) + 1);
			return true;
		}
	}
	return false;
}

static int plan_make(plan *p, const bn_schema *schema, const char *filter, bn_err *err)
{
	char token[256];
	bool quoted;
	memset(p, 0, sizeof *p);
	while (*(filter += strspn(filter, " "))) {
		filter = token_next(filter, token, sizeof token, &quoted);
		if (p->count == MAX_TESTS)
			return bn_err_set(
				err, BN_EINVAL, "a filter has at most %d words", MAX_TESTS);
		test *t = &p->tests[p->count++];
		if (!test_parse(t, schema, token)) {
			t->op = OP_WORD;
			memcpy(t->value, token, sizeof token);
			p->needs_all = true;
			continue;
		}
		if (t->op == OP_EQ && !t->value[0] && !quoted)
			t->op = OP_ABSENT;
		t->is_number = bn_parse_f64(t->value, strlen(t->value), &t->number);
	}
	for (size_t i = 0; !p->needs_all && i < p->count; i++) {
		p->columns[p->column_count] = p->tests[i].column;
		p->tests[i].column = p->column_count++;
	}
	return 0;
}

static bool text_has(const char *text, const char *word)
{
	size_t n = strlen(word);
	for (; *text; text++)
		if (strncasecmp(text, word, n) == 0)
			return true;
	return n == 0;
}

static bool compare_holds(test_op op, int c)
{
	switch (op) {
	case OP_EQ:
		return c == 0;
	case OP_NE:
		return c != 0;
	case OP_LT:
		return c < 0;
	case OP_LE:
		return c <= 0;
	case OP_GT:
		return c > 0;
	default:
		return c >= 0;
	}
}

static bool test_holds(const test *t, const bn_column *c, size_t row, bn_buf *buf)
{
	bool absent = bn_column_is_null(c, row);
	if (t->op == OP_ABSENT)
		return absent || (c->type <= BN_TYPE_FLOAT32 && isnan(bn_column_number(c, row)));
	if (absent)
		return false;
	if (t->is_number && !bn_type_is_text(c->type) && t->op != OP_HAS) {
		double v = bn_column_number(c, row);
		return !isnan(v) && compare_holds(t->op, v < t->number ? -1 : v > t->number);
	}
	bn_buf_clear(buf);
	if (!bn_column_format(c, row, buf))
		return false;
	if (t->op == OP_HAS)
		return text_has(buf->ptr, t->value);
	return compare_holds(t->op, strcmp(buf->ptr, t->value));
}

static bool row_holds(const plan *p, const bn_batch *batch, size_t row, bn_buf *buf)
{
	for (size_t i = 0; i < p->count; i++) {
		const test *t = &p->tests[i];
		bool hit = false;
		if (t->op != OP_WORD) {
			hit = test_holds(t, &batch->columns[t->column], row, buf);
		} else {
			for (size_t c = 0; c < batch->column_count && !hit; c++) {
				bn_buf_clear(buf);
				hit = bn_column_format(&batch->columns[c], row, buf) &&
				      text_has(buf->ptr, t->value);
			}
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

static int filter_run(rows *out, bn_table_reader *table, const plan *p, bn_job *job, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	bn_buf buf = BN_BUF_INIT;
	int rc = 0;
	for (size_t b = 0; !rc && b < bn_table_batches(table); b++) {
		rc = bn_table_read(table, b, p->needs_all ? NULL : p->columns,
			p->needs_all ? 0 : p->column_count, &batch, err);
		for (size_t i = 0; !rc && i < batch.rows; i++) {
			if (i % 4096 == 0 && bn_job_is_cancelled(job))
				rc = bn_err_set(err, BN_EINTR, "stopped");
			if (rc || !row_holds(p, &batch, i, &buf))
				continue;
			if (bn_grow(&out->items, &out->cap, out->count + 1, sizeof *out->items))
				rc = bn_err_nomem(err, "the rows found");
			else
				out->items[out->count++] = (int64_t)(batch.first_row + i);
		}
		bn_job_progress(job, (int64_t)(batch.first_row + batch.rows),
			(int64_t)bn_table_rows(table));
	}
	bn_batch_release(&batch);
	bn_buf_release(&buf);
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
	plan p;
	rows found = {NULL, 0, 0};
	int rc = plan_make(&p, bn_table_schema(table), a->filter, err);
	if (rc < 0)
		return rc;
	if (p.count && (rc = filter_run(&found, table, &p, job, err)) < 0)
		goto out;
	if (a->sorts && !p.count && (rc = rows_all(&found, bn_table_rows(table), err)) < 0)
		goto out;
	if ((rc = sort_keys(&found, table, a, job, err)) < 0)
		goto out;
	if (p.count && !found.items && (rc = rows_all(&found, 0, err)) < 0)
		goto out; /* nothing matches: an order of no rows */
	*out = found.items;
	*count = found.count;
	found.items = NULL;
out:
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
