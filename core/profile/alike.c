/* alike.c - see alike.h. */
#include "core/profile/alike.h"

#include "core/base/mem.h"
#include "core/profile/_cell_value.h"

#include <math.h>
#include <string.h>

typedef struct found {
	int64_t *rows;
	size_t count, cap;
} found;

static int found_add(found *f, uint64_t row, bn_err *err)
{
	if (bn_grow(&f->rows, &f->cap, f->count + 1, sizeof *f->rows))
		return bn_err_nomem(err, "the rows found");
	f->rows[f->count++] = (int64_t)row;
	return 0;
}

/* Appends the rows of one batch. */
typedef int (*match_fn)(found *f, const bn_batch *b, const void *ctx, bn_err *err);

static int each_batch(found *f, bn_table_reader *table, size_t column, match_fn match,
	const void *ctx, const bn_progress *watch, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	int rc = 0;
	for (size_t i = 0; i < bn_table_batches(table); i++)
		if ((rc = bn_progress_step(watch, "looking", bn_table_batch_start(table, i),
			     bn_table_rows(table), err)) < 0 ||
			(rc = bn_table_read(table, i, &column, 1, &batch, err)) < 0 ||
			(rc = match(f, &batch, ctx, err)) < 0)
			break;
	bn_batch_release(&batch);
	return rc;
}

static int take(found *f, int rc, int64_t **rows, size_t *count)
{
	if (rc < 0) {
		bn_free(f->rows);
		return rc;
	}
	*rows = f->rows;
	*count = f->count;
	return 0;
}

/* ---- one value -------------------------------------------------------------------------------- */

typedef struct sought {
	bool absent, has_bits;
	uint64_t bits;
	bn_text text;
} sought;

static int match_value(found *f, const bn_batch *b, const void *ctx, bn_err *err)
{
	const sought *s = ctx;
	const bn_column *c = &b->columns[0];
	bn_buf scratch = BN_BUF_INIT;
	bn_text t = {NULL, 0};
	int rc = 0;
	for (size_t i = 0; i < b->rows && rc >= 0; i++) {
		bool absent = bn_column_is_absent(c, i), same = absent && s->absent;
		if (!absent && !s->absent && s->has_bits)
			same = bn_cell_bits(c, i) == s->bits;
		else if (!absent && !s->absent && bn_cell_text(c, i, &scratch, &t))
			same = t.len == s->text.len &&
			       (!t.len || memcmp(t.ptr, s->text.ptr, t.len) == 0);
		if (same)
			rc = found_add(f, b->first_row + i, err);
	}
	bn_buf_release(&scratch);
	return rc;
}

int bn_rows_alike(int64_t **rows, size_t *count, bn_table_reader *table, size_t column,
	bn_table_reader *of, uint64_t row, const bn_progress *watch, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	bn_buf scratch = BN_BUF_INIT;
	found f = {NULL, 0, 0};
	sought s = {.absent = false};
	size_t b, at;
	int rc = bn_table_locate(of, row, &b, &at, err);
	if (rc < 0 || (rc = bn_table_read(of, b, &column, 1, &batch, err)) < 0)
		goto out;
	const bn_column *c = &batch.columns[0];
	s.absent = bn_column_is_absent(c, at);
	s.has_bits = bn_cell_has_bits(c->type);
	if (!s.absent && s.has_bits)
		s.bits = bn_cell_bits(c, at);
	else if (!s.absent)
		bn_cell_text(c, at, &scratch, &s.text);
	rc = each_batch(&f, table, column, match_value, &s, watch, err);
out:
	rc = take(&f, rc, rows, count);
	bn_batch_release(&batch);
	bn_buf_release(&scratch);
	return rc;
}

/* ---- a state ---------------------------------------------------------------------------------- */

static int match_state(found *f, const bn_batch *b, const void *ctx, bn_err *err)
{
	const bn_column *c = &b->columns[0];
	bool is_real = c->type == BN_TYPE_FLOAT64 || c->type == BN_TYPE_FLOAT32;
	int rc = 0;
	for (size_t i = 0; i < b->rows && rc >= 0; i++) {
		bn_value_state state = BN_VALUE_FINITE;
		if (bn_column_is_absent(c, i))
			state = BN_VALUE_ABSENT;
		else if (is_real && isinf(bn_column_number(c, i)))
			state = BN_VALUE_INFINITE;
		if (state == *(const bn_value_state *)ctx)
			rc = found_add(f, b->first_row + i, err);
	}
	return rc;
}

int bn_rows_in_state(int64_t **rows, size_t *count, bn_table_reader *table, size_t column,
	bn_value_state state, const bn_progress *watch, bn_err *err)
{
	found f = {NULL, 0, 0};
	return take(
		&f, each_batch(&f, table, column, match_state, &state, watch, err), rows, count);
}

/* ---- a bin ------------------------------------------------------------------------------------ */

static bool number_is_in(const bn_interval *in, double x)
{
	return x >= in->lo && (in->closed ? x <= in->hi : x < in->hi);
}

static bool whole_is_in(const bn_interval *in, const bn_column *c, size_t row)
{
	int64_t x;
	return bn_column_int(c, row, &x) && x >= in->whole_lo &&
	       (in->closed ? x <= in->whole_hi : x < in->whole_hi);
}

static int match_number(found *f, const bn_batch *b, const void *ctx, bn_err *err)
{
	const bn_interval *in = ctx;
	const bn_column *c = &b->columns[0];
	int rc = 0;
	for (size_t i = 0; i < b->rows && rc >= 0; i++)
		if (in->is_whole ? whole_is_in(in, c, i) : number_is_in(in, bn_column_number(c, i)))
			rc = found_add(f, b->first_row + i, err);
	return rc;
}

int bn_rows_within(int64_t **rows, size_t *count, bn_table_reader *table, size_t column,
	bn_interval in, const bn_progress *watch, bn_err *err)
{
	const bn_field *field = &bn_table_schema(table)->fields[column];
	found f = {NULL, 0, 0};
	if (!bn_type_is_scalar(field->type))
		return bn_err_set(err, BN_EUNSUPPORTED, "column '%s' has no numbers", field->name);
	return take(&f, each_batch(&f, table, column, match_number, &in, watch, err), rows, count);
}
