/* rowset.c - see rowset.h. */
#include "core/learn/rowset.h"

#include "core/base/mem.h"

#include <math.h>
#include <string.h>

struct bn_rowset {
	bn_frame_view view;
	bn_column_view *columns;
	double **numbers; /* by column, one of the two is NULL */
	int32_t **codes;
	const char **skipped;
	size_t skipped_count;
	bn_arena arena; /* names and dictionaries */
};

static int rowset_new(bn_rowset **out, size_t columns, size_t rows, bn_err *err)
{
	bn_rowset *r = bn_alloc_zeroed(1, sizeof *r);
	if (r) {
		r->columns = bn_alloc_zeroed(columns + 1, sizeof *r->columns);
		r->numbers = bn_alloc_zeroed(columns + 1, sizeof *r->numbers);
		r->codes = bn_alloc_zeroed(columns + 1, sizeof *r->codes);
		r->skipped = bn_alloc_zeroed(columns + 1, sizeof *r->skipped);
	}
	if (!r || !r->columns || !r->numbers || !r->codes || !r->skipped) {
		bn_rowset_free(r);
		return bn_err_nomem(err, "columns");
	}
	r->view.columns = r->columns;
	r->view.rows = rows;
	*out = r;
	return 0;
}

void bn_rowset_free(bn_rowset *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->view.column_count; i++) {
		bn_free(r->numbers[i]);
		bn_free(r->codes[i]);
	}
	bn_free(r->columns);
	bn_free(r->numbers);
	bn_free(r->codes);
	bn_free(r->skipped);
	bn_arena_release(&r->arena);
	bn_free(r);
}

/* Room for a column's values. BN_ENOMEM says how much was wanted. */
static int column_add(bn_rowset *r, const char *name, bn_type type, bn_err *err)
{
	bn_view_kind kind = bn_view_kind_of(type);
	size_t i = r->view.column_count, rows = r->view.rows;
	size_t bytes = rows * (kind == BN_VIEW_NUMBER ? sizeof(double) : sizeof(int32_t));
	void *values = bn_alloc(bytes);
	char *copy = bn_arena_strdup(&r->arena, name);
	if (!values || !copy) {
		bn_free(values);
		return bn_err_set(err, BN_ENOMEM, "no memory for column '%s': %zu rows, %zu bytes",
			name, rows, bytes);
	}
	if (kind == BN_VIEW_NUMBER)
		r->numbers[i] = values;
	else
		r->codes[i] = values;
	r->columns[i] = (bn_column_view){.name = copy,
		.kind = kind,
		.type = type,
		.rows = rows,
		.numbers = r->numbers[i],
		.codes = r->codes[i]};
	r->view.column_count++;
	return 0;
}

/* Which columns of the table are taken; picked[] gets their numbers. */
static int choose(bn_rowset *r, const bn_schema *s, const char *const *wanted, size_t n,
	size_t *picked, size_t *count, bn_err *err)
{
	size_t column;
	for (size_t i = 0; i < (wanted ? n : s->count); i++) {
		column = i;
		int rc = wanted ? bn_schema_need(s, wanted[i], &column, err) : 0;
		if (rc != 0)
			return rc == BN_ENOTFOUND && err ? (err->code = BN_EINVAL) : rc;
		const bn_field *f = &s->fields[column];
		if (f->type != BN_TYPE_STRING) {
			picked[(*count)++] = column;
			continue;
		}
		if (wanted) {
			bn_err_set(err, BN_EINVAL, "column '%s' is free text", f->name);
			bn_err_hint(err, "leave it out, or ingest it as a category");
			return BN_EINVAL;
		}
		const char *copy = bn_arena_strdup(&r->arena, f->name);
		if (!copy)
			return bn_err_nomem(err, "columns");
		r->skipped[r->skipped_count++] = copy;
	}
	return 0;
}

static int column_fill(bn_rowset *r, size_t i, const bn_column *c, size_t at, bn_err *err)
{
	if (r->columns[i].kind == BN_VIEW_NUMBER)
		return bn_column_numbers(c, 0, c->rows, r->numbers[i] + at, err);
	for (size_t row = 0; row < c->rows; row++) {
		int32_t code = -1;
		if (!bn_column_is_null(c, row))
			code = c->type == BN_TYPE_BOOL ? c->bits[row >> 3] >> (row & 7) & 1
						       : c->codes[row];
		r->codes[i][at + row] = code;
	}
	return 0;
}

static int fill(bn_rowset *r, bn_table_reader *table, const size_t *picked, bn_err *err)
{
	size_t at = 0;
	int rc = 0;
	bn_batch b = BN_BATCH_INIT;
	for (size_t k = 0; k < bn_table_batches(table) && rc == 0; k++) {
		rc = bn_table_read(table, k, picked, r->view.column_count, &b, err);
		if (rc == 0 && at + b.rows > r->view.rows)
			rc = bn_err_set(err, BN_ECORRUPT, "a table with more rows than it says");
		for (size_t i = 0; i < r->view.column_count && rc == 0; i++)
			rc = column_fill(r, i, &b.columns[i], at, err);
		at += b.rows;
	}
	bn_batch_release(&b);
	return rc;
}

int bn_rowset_load(bn_rowset **out, bn_table_reader *table, const char *const *wanted,
	size_t wanted_count, bn_err *err)
{
	const bn_schema *s = bn_table_schema(table);
	bn_rowset *r = NULL;
	size_t count = 0, *picked = NULL, most = wanted ? wanted_count : s->count;
	uint64_t rows = bn_table_rows(table);
	if (rows > INT32_MAX)
		return bn_err_set(err, BN_EUNSUPPORTED,
			"%llu rows: training in memory takes at most 2^31 - 1",
			(unsigned long long)rows);
	int rc = rowset_new(&r, most, (size_t)rows, err);
	if (rc != 0)
		return rc;
	picked = bn_alloc((most + 1) * sizeof *picked);
	rc = picked ? choose(r, s, wanted, wanted_count, picked, &count, err)
		    : bn_err_nomem(err, "columns");
	for (size_t i = 0; i < count && rc == 0; i++) {
		const bn_field *f = &s->fields[picked[i]];
		rc = column_add(r, f->name, f->type, err);
		const bn_dict *dict = rc == 0 ? bn_table_dict(table, picked[i]) : NULL;
		if (dict) {
			rc = bn_dict_strings(&r->columns[i].dictionary, dict, &r->arena, err);
			r->columns[i].dictionary_size = dict->count;
		}
	}
	if (rc == 0)
		rc = fill(r, table, picked, err);
	bn_free(picked);
	if (rc == 0)
		*out = r;
	else
		bn_rowset_free(r);
	return rc;
}

int bn_rowset_select(
	bn_rowset **out, const bn_rowset *from, const uint32_t *rows, size_t count, bn_err *err)
{
	bn_rowset *r = NULL;
	int rc = rowset_new(&r, from->view.column_count, count, err);
	for (size_t i = 0; i < from->view.column_count && rc == 0; i++) {
		const bn_column_view *c = &from->columns[i];
		rc = column_add(r, c->name, c->type, err);
		if (rc != 0)
			break;
		for (size_t k = 0; k < count; k++)
			if (c->kind == BN_VIEW_NUMBER)
				r->numbers[i][k] = c->numbers[rows[k]];
			else
				r->codes[i][k] = c->codes[rows[k]];
		if (c->kind != BN_VIEW_CATEGORY)
			continue;
		/* The strings are shared by copy: a rowset outlives the one it came from. */
		const char **words =
			bn_arena_alloc(&r->arena, (c->dictionary_size + 1) * sizeof *words);
		for (size_t k = 0; words && k < c->dictionary_size; k++)
			if (!(words[k] = bn_arena_strdup(&r->arena, c->dictionary[k])))
				rc = bn_err_nomem(err, "a dictionary");
		if (!words)
			rc = bn_err_nomem(err, "a dictionary");
		r->columns[i].dictionary = words;
		r->columns[i].dictionary_size = c->dictionary_size;
	}
	if (rc == 0)
		*out = r;
	else
		bn_rowset_free(r);
	return rc;
}

const bn_frame_view *bn_rowset_view(const bn_rowset *r)
{
	return &r->view;
}

size_t bn_rowset_skipped_count(const bn_rowset *r)
{
	return r->skipped_count;
}

const char *bn_rowset_skipped(const bn_rowset *r, size_t i)
{
	return r->skipped[i];
}
