/*
 * leaks_sample.c - a sample of the rows, and what it says of the columns: which of them only name rows, and the
 * scale of numbers. See _leaks.h.
 */
#include "core/base/mem.h"
#include "core/data/_leaks.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLE_CELLS (UINT64_C(4) << 20) /* a wide table has a smaller sample */
#define FEW 20                           /* a column of at most that many values is a code */
#define NAME_ROWS 20

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static int by_key(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* ---- taking it --------------------------------------------------------------------------------------- */

typedef struct taking {
	bn_leaks_search *l;
	size_t next;
} taking;

static int take_rows(void *ctx, bn_leaks_slot *s, bn_err *err)
{
	taking *t = ctx;
	bn_leaks_search *l = t->l;

	(void)err;
	for (; t->next < l->sampled && l->sample_rows[t->next] < s->first + s->batch.rows; t->next++) {
		size_t r = (size_t)(l->sample_rows[t->next] - s->first);
		for (size_t i = 0; i < l->column_count; i++) {
			bn_leaks_column *c = &l->columns[i];
			c->keys[t->next] = bn_leaks_key(&s->batch.columns[i], r);
			if (c->numbers)
				c->numbers[t->next] = bn_column_number(&s->batch.columns[i], r);
		}
	}
	return 0;
}

/* Evenly spread over the rows that are in a part. */
static int choose_rows(bn_leaks_search *l, bn_err *err)
{
	uint64_t rows = 0, most = SAMPLE_CELLS / (l->column_count + 1), seen = 0, from = 0;

	for (size_t p = 0; p < l->parts->count; p++)
		rows += l->part_rows[p];
	most = most > BN_LEAKS_SAMPLE ? BN_LEAKS_SAMPLE : most;
	most = most > rows ? rows : most;
	if (!(l->sample_rows = bn_alloc((most + 1) * sizeof *l->sample_rows)))
		return bn_err_nomem(err, "a sample of rows");
	for (uint64_t r = 0; r < l->out->rows && l->sampled < most; r++) {
		if (!l->parts->tables && l->parts->part_of[r] == BN_LEAKS_NO_PART)
			continue;
		if (seen++ == from) {
			l->sample_rows[l->sampled++] = r;
			from = (uint64_t)((double)rows * (double)l->sampled / (double)most);
			from = from < seen ? seen : from;
		}
	}
	return 0;
}

static int alloc_columns(bn_leaks_search *l, bn_err *err)
{
	for (size_t i = 0; i < l->column_count; i++) {
		bn_leaks_column *c = &l->columns[i];
		if (!(c->keys = bn_alloc((l->sampled + 1) * sizeof *c->keys)) ||
			(bn_type_is_scalar(c->type) &&
				!(c->numbers = bn_alloc((l->sampled + 1) * sizeof *c->numbers))))
			return bn_err_nomem(err, "a sample of rows");
	}
	return 0;
}

/* ---- what it says ------------------------------------------------------------------------------------ */

static void count_values(bn_leaks_column *c, uint64_t *sorted, size_t n)
{
	double pairs = 0;

	memcpy(sorted, c->keys, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, by_key);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && sorted[end] == sorted[i];)
			end++;
		pairs += (double)(end - i) * (double)(end - i - 1);
		if (sorted[i] == BN_LEAKS_MISSING)
			continue;
		c->distinct++;
		c->present += end - i;
	}
	c->match = n > 1 ? pairs / ((double)n * (double)(n - 1)) : 1;
}

static bool is_called_name(const char *name)
{
	size_t n = strlen(name);

	return !strcmp(name, "id") || !strcmp(name, "ID") || !strcmp(name, "uuid") || !strcmp(name, "index") ||
	       (n > 3 && (!strcmp(name + n - 3, "_id") || !strcmp(name + n - 3, ".id"))) ||
	       (n > 5 && !strcmp(name + n - 5, "_uuid"));
}

static bool names_rows(const bn_leaks_search *l, const bn_leaks_column *c, const double *sorted, size_t n)
{
	/* in a sample, equal values of the table rarely meet */
	double all = (double)l->out->rows, repeated = 0.05 * (all > 0 ? (double)l->sampled / all : 1);

	if (c->present < NAME_ROWS || (double)c->distinct < (1 - repeated) * (double)c->present)
		return false;
	if (bn_type_is_text(c->type))
		return true;
	if (!bn_type_is_number(c->type) || c->type == BN_TYPE_FLOAT64 || c->type == BN_TYPE_FLOAT32 ||
		c->type == BN_TYPE_DECIMAL)
		return false;
	return is_called_name(c->name) ||
	       (n && sorted[n - 1] - sorted[0] <= 2 * (double)l->out->rows && l->out->rows > 100);
}

/* The present finite numbers, sorted; returns how many. */
static size_t sort_numbers(const bn_leaks_column *c, double *sorted, size_t n)
{
	size_t m = 0;

	for (size_t i = 0; c->numbers && i < n; i++)
		if (isfinite(c->numbers[i]))
			sorted[m++] = c->numbers[i];
	qsort(sorted, m, sizeof *sorted, by_number);
	return m;
}

static bool is_real(const bn_leaks_column *c)
{
	bool real = c->type == BN_TYPE_FLOAT64 || c->type == BN_TYPE_FLOAT32 || c->type == BN_TYPE_DECIMAL;

	if (real)
		return c->distinct > FEW || c->distinct * 2 >= c->present;
	return (bn_type_is_number(c->type) || c->type == BN_TYPE_DURATION) && c->present >= NAME_ROWS &&
	       c->distinct * 2 >= c->present;
}

static void judge_column(bn_leaks_search *l, bn_leaks_column *c, double *sorted)
{
	size_t n = sort_numbers(c, sorted, l->sampled);
	double mean = 0, spread = 0;

	if (c->role == BN_LEAKS_IGNORED)
		return;
	if (names_rows(l, c, sorted, n)) {
		c->role = BN_LEAKS_NAME;
		return;
	}
	if (!is_real(c) || n < 2)
		return;
	c->middle = sorted[n / 2];
	c->scale = (sorted[n * 3 / 4] - sorted[n / 4]) / 1.349;
	if (!(c->scale > 0)) { /* half of the values are equal: the deviation takes its place */
		for (size_t i = 0; i < n; i++)
			mean += sorted[i] / (double)n;
		for (size_t i = 0; i < n; i++)
			spread += (sorted[i] - mean) * (sorted[i] - mean) / (double)n;
		c->scale = sqrt(spread);
	}
	if (c->scale > 0 && isfinite(c->scale))
		c->role = BN_LEAKS_NUMBER;
}

static int name_left_out(bn_leaks_search *l, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc;

	bn_buf_adds(&text, "");
	for (size_t i = 0; i < l->column_count; i++) {
		if (l->columns[i].role == BN_LEAKS_NAME)
			bn_buf_addf(&text, "%s%s", text.len ? ", " : "", l->columns[i].name);
		l->out->columns += l->columns[i].role <= BN_LEAKS_NUMBER;
	}
	if ((rc = bn_buf_check(&text, err, "names of columns")) < 0) {
		bn_buf_release(&text);
		return rc;
	}
	l->out->left_out = text.ptr ? bn_buf_take(&text, NULL) : bn_strdup("");
	return l->out->left_out ? 0 : bn_err_nomem(err, "names of columns");
}

int bn_leaks_sample_take(bn_leaks_search *l, bn_err *err)
{
	taking t = {.l = l};
	size_t *all = bn_alloc((l->column_count + 1) * sizeof *all);
	double *sorted = NULL;
	int rc;

	if (!all) {
		rc = bn_err_nomem(err, "columns");
		goto out;
	}
	for (size_t i = 0; i < l->column_count; i++)
		all[i] = i;
	const bn_leaks_walk walk = {
		.columns = all, .count = l->column_count, .what = "sampling", .take = take_rows, .ctx = &t};
	if ((rc = choose_rows(l, err)) < 0 || (rc = alloc_columns(l, err)) < 0 ||
		(rc = bn_leaks_go(l, &walk, err)) < 0)
		goto out;
	if (!(sorted = bn_alloc((l->sampled + 1) * sizeof *sorted))) {
		rc = bn_err_nomem(err, "a sample of rows");
		goto out;
	}
	for (size_t i = 0; i < l->column_count; i++) {
		count_values(&l->columns[i], (uint64_t *)sorted, l->sampled);
		judge_column(l, &l->columns[i], sorted);
	}
	rc = name_left_out(l, err);
out:
	bn_free(all);
	bn_free(sorted);
	return rc;
}
