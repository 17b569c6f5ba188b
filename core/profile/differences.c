/* differences.c - see differences.h. */
#include "core/profile/differences.h"

#include "core/base/mem.h"

#include <math.h>
#include <string.h>

/* An integer and a double are equal if they are the same number: 2^53 + 1 is not a double. */
static bool same_mixed(int64_t i, double x)
{
	return x == (double)i && x < 0x1p63 && (int64_t)x == i;
}

/* Reads a cell of a decimal or uint64 exactly; false: another type. */
static bool read_exact(const bn_column *c, size_t row, bn_decimal *x, unsigned *scale)
{
	if (c->type == BN_TYPE_DECIMAL) {
		*x = c->dec[row];
		*scale = c->scale;
	} else if (c->type == BN_TYPE_UINT64) {
		*x = (bn_decimal){.low = c->u64[row]};
		*scale = 0;
	} else {
		return false;
	}
	return true;
}

static bool same_exact(bn_decimal x, unsigned scale_x, bn_decimal y, unsigned scale_y)
{
	/* The common scale would need more than 38 digits, so the numbers differ. */
	if (scale_x < scale_y ? !bn_decimal_rescale(&x, scale_x, scale_y, BN_DECIMAL_DIGITS)
			      : !bn_decimal_rescale(&y, scale_y, scale_x, BN_DECIMAL_DIGITS))
		return false;
	return bn_decimal_compare(x, y) == 0;
}

static bool same_number(const bn_column *a, size_t i, const bn_column *b, size_t k)
{
	int64_t x = 0, y = 0;
	bn_decimal p, q;
	unsigned scale_p, scale_q;

	if (read_exact(a, i, &p, &scale_p) && read_exact(b, k, &q, &scale_q))
		return same_exact(p, scale_p, q, scale_q);
	bool whole_x = bn_column_int(a, i, &x), whole_y = bn_column_int(b, k, &y);

	if (whole_x && whole_y)
		return x == y;
	if (whole_x)
		return same_mixed(x, bn_column_number(b, k));
	if (whole_y)
		return same_mixed(y, bn_column_number(a, i));
	double u = bn_column_number(a, i), v = bn_column_number(b, k);
	return u == v || (isnan(u) && isnan(v));
}

/* Types without a numeric form: compared by their displayed text. */
static bool same_words(const bn_column *a, size_t i, const bn_column *b, size_t k)
{
	bn_buf x = BN_BUF_INIT, y = BN_BUF_INIT;

	bn_column_format(a, i, &x);
	bn_column_format(b, k, &y);
	bool same = x.len == y.len && !memcmp(x.ptr, y.ptr, x.len);
	bn_buf_release(&x);
	bn_buf_release(&y);
	return same;
}

static bool is_plain_number(bn_type type)
{
	return bn_type_is_number(type) || type == BN_TYPE_BOOL || type == BN_TYPE_TIMESTAMP;
}

bool bn_cells_equal(const bn_column *a, size_t i, const bn_column *b, size_t k)
{
	bool absent_a = bn_column_is_null(a, i), absent_b = bn_column_is_null(b, k);

	if (absent_a || absent_b)
		return absent_a == absent_b;
	if (bn_type_is_text(a->type) && bn_type_is_text(b->type)) {
		bn_text x = bn_column_text(a, i), y = bn_column_text(b, k);
		return x.len == y.len && !memcmp(x.ptr, y.ptr, x.len);
	}
	if (is_plain_number(a->type) && is_plain_number(b->type) &&
		(a->type == BN_TYPE_TIMESTAMP) == (b->type == BN_TYPE_TIMESTAMP))
		return same_number(a, i, b, k);
	return same_words(a, i, b, k);
}

/* A table's rows from one position on: the batch that contains them. */
typedef struct cursor {
	bn_table_reader *table;
	size_t *columns;
	size_t count, batch, at;
	bn_batch rows;
	bool open;
} cursor;

static int cursor_fill(cursor *c, bn_err *err)
{
	int rc = 0;

	while (rc == 0 && (!c->open || c->at == c->rows.rows) &&
		c->batch < bn_table_batches(c->table)) {
		if (c->open)
			bn_table_forget(c->table, &c->rows);
		rc = bn_table_read(c->table, c->batch++, c->columns, c->count, &c->rows, err);
		c->open = rc == 0;
		c->at = 0;
	}
	return rc;
}

/* The differing rows of the only pair. */
typedef struct differing {
	int64_t *rows;
	size_t count, cap;
} differing;

/* keep: NULL if not wanted. */
static int count_rows(bn_column_pair *pairs, size_t n, const cursor *x, const cursor *y,
	size_t rows, differing *keep, bn_err *err)
{
	for (size_t p = 0; p < n; p++) {
		for (size_t r = 0; r < rows; r++) {
			if (bn_cells_equal(
				    &x->rows.columns[p], x->at + r, &y->rows.columns[p], y->at + r))
				continue;
			pairs[p].different++;
			if (!keep)
				continue;
			if (bn_grow(&keep->rows, &keep->cap, keep->count + 1, sizeof *keep->rows))
				return bn_err_nomem(err, "the rows that differ");
			keep->rows[keep->count++] = (int64_t)(x->rows.first_row + x->at + r);
		}
	}
	return 0;
}

static bool all_differ(const bn_column_pair *pairs, size_t n)
{
	for (size_t p = 0; p < n; p++)
		if (!pairs[p].different)
			return false;
	return true;
}

static int compare(bn_column_pair *pairs, size_t n, bn_table_reader *a, bn_table_reader *b,
	uint64_t all, bool any, differing *keep, const bn_progress *watch, bn_err *err)
{
	cursor x = {.table = a, .count = n, .rows = BN_BATCH_INIT};
	cursor y = {.table = b, .count = n, .rows = BN_BATCH_INIT};
	int rc = 0;

	x.columns = bn_alloc((n + 1) * sizeof *x.columns);
	y.columns = bn_alloc((n + 1) * sizeof *y.columns);
	if (!x.columns || !y.columns) {
		rc = bn_err_nomem(err, "the columns of a comparison");
		goto out;
	}
	for (size_t p = 0; p < n; p++) {
		x.columns[p] = pairs[p].a;
		y.columns[p] = pairs[p].b;
		pairs[p].different = 0;
	}
	for (uint64_t done = 0; done < all && n;) {
		if ((rc = cursor_fill(&x, err)) < 0 || (rc = cursor_fill(&y, err)) < 0 ||
			(rc = bn_progress_step(watch, "comparing", done, all, err)) < 0)
			goto out;
		size_t rows = x.rows.rows - x.at, more = y.rows.rows - y.at;
		rows = rows < more ? rows : more;
		rows = rows < all - done ? rows : (size_t)(all - done);
		if ((rc = count_rows(pairs, n, &x, &y, rows, keep, err)) < 0)
			goto out;
		x.at += rows;
		y.at += rows;
		done += rows;
		if (any && all_differ(pairs, n))
			break;
	}
out:
	bn_batch_release(&x.rows);
	bn_batch_release(&y.rows);
	bn_free(x.columns);
	bn_free(y.columns);
	return rc;
}

int bn_differences_count(bn_column_pair *pairs, size_t n, bn_table_reader *a, bn_table_reader *b,
	uint64_t rows, bool any, const bn_progress *watch, bn_err *err)
{
	return compare(pairs, n, a, b, rows, any, NULL, watch, err);
}

int bn_differences_rows(int64_t **rows, size_t *count, size_t column_a, size_t column_b,
	bn_table_reader *a, bn_table_reader *b, const bn_progress *watch, bn_err *err)
{
	bn_column_pair pair = {.a = column_a, .b = column_b};
	differing keep = {NULL, 0, 0};
	uint64_t all = bn_table_rows(a);

	if (all != bn_table_rows(b))
		return bn_err_set(err, BN_EINVAL, "the tables have different numbers of rows");
	int rc = compare(&pair, 1, a, b, all, false, &keep, watch, err);
	if (rc < 0) {
		bn_free(keep.rows);
		return rc;
	}
	*rows = keep.rows;
	*count = keep.count;
	return 0;
}
