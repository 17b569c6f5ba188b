/*
 * check_multi.c - checks of several columns of a row. One loop (multi_run) reads the batches, skips
 * the rows that ignore_row_if names, and calls the check for the others. The check decides whether
 * rows with some missing values pass.
 */
#include "core/base/decimal.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/check/_check_run.h"
#include "core/profile/duplicates.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 64

typedef struct multi {
	bn_check_run *run;
	size_t columns[COLUMNS], n;
	bn_duplicates_skip skip;
	uint64_t considered;
	/* Of single checks: */
	bool or_equal;
	bn_check_set sets[2]; /* the values of pairs, per side */
	uint64_t *pairs;      /* their indices in the sets (pair_key), sorted */
	size_t pair_count;
	const json_t *total;
	bool exact; /* all columns are integers or decimals */
	uint8_t scale;
} multi;

/* The columns of the row's batch, in the order in which they were named. */
typedef bool (*row_fn)(const multi *m, const bn_column *c, size_t row);

/* words: the choices of ignore_row_if, in the order of bn_duplicates_skip; NULL ends them. */
static int skip_read(multi *m, const char *const words[3], bn_err *err)
{
	const char *word = bn_json_str(m->run->kwargs, "ignore_row_if", words[BN_SKIP_ALL_MISSING]);
	for (int i = 0; i < 3; i++)
		if (!strcmp(word, words[i])) {
			m->skip = (bn_duplicates_skip)i;
			return 0;
		}
	return bn_err_set(err, BN_EINVAL, "ignore_row_if: %s, %s or %s", words[BN_SKIP_ALL_MISSING],
		words[BN_SKIP_ANY_MISSING], words[BN_SKIP_NONE]);
}

static int open_pair(multi *m, bn_check_run *run, bn_err *err)
{
	static const char *const words[] = {
		"neither", "both_values_are_missing", "either_value_is_missing"};
	int rc;

	*m = (multi){.run = run, .n = 2};
	if ((rc = bn_check_column(run, "column_A", &m->columns[0], err)) < 0 ||
		(rc = bn_check_column(run, "column_B", &m->columns[1], err)) < 0)
		return rc;
	return skip_read(m, words, err);
}

static int open_list(multi *m, bn_check_run *run, bn_err *err)
{
	static const char *const words[] = {
		"never", "all_values_are_missing", "any_value_is_missing"};
	const json_t *list = json_object_get(run->kwargs, "column_list");
	int rc;

	*m = (multi){.run = run, .n = json_array_size(list)};
	if (m->n < 1 || m->n > COLUMNS)
		return bn_err_set(err, BN_EINVAL, "column_list: 1 to %d columns", COLUMNS);
	for (size_t i = 0; i < m->n; i++)
		if ((rc = bn_schema_need(run->schema, json_string_value(json_array_get(list, i)),
			     &m->columns[i], err)) < 0)
			return rc;
	return skip_read(m, words, err);
}

static const bn_field *field_of(const multi *m, size_t i)
{
	return &m->run->schema->fields[m->columns[i]];
}

static bool is_skipped(const multi *m, const bn_column *c, size_t row)
{
	size_t missing = 0;
	if (m->skip == BN_SKIP_NONE)
		return false;
	for (size_t i = 0; i < m->n; i++)
		missing += bn_column_is_absent(&c[i], row);
	return m->skip == BN_SKIP_ANY_MISSING ? missing > 0 : missing == m->n;
}

static int multi_batch(
	multi *m, const bn_batch *b, uint64_t first, row_fn passes, bn_err *err)
{
	int rc = 0;
	for (size_t r = 0; !rc && r < b->rows; r++) {
		if (is_skipped(m, b->columns, r))
			continue;
		m->considered++;
		if (!passes(m, b->columns, r))
			rc = bn_check_fail_row(m->run, first + r, err);
	}
	return rc;
}

static int multi_run(multi *m, row_fn passes, bn_err *err)
{
	bn_table_reader *table = m->run->table;
	bn_batch batch = BN_BATCH_INIT;
	int rc = 0;

	for (size_t b = 0; b < bn_table_batches(table); b++) {
		if ((rc = bn_table_read(table, b, m->columns, m->n, &batch, err)) < 0 ||
			(rc = multi_batch(
				 m, &batch, bn_table_batch_start(table, b), passes, err)) < 0 ||
			(rc = bn_check_cancelled(m->run, err)) < 0)
			goto out;
		bn_table_forget(table, &batch);
	}
	rc = bn_check_finish_map(
		m->run, bn_table_rows(table), m->considered, true, m->columns, m->n, err);
out:
	bn_batch_release(&batch);
	return rc;
}

/* ---- comparing ------------------------------------------------------------------------------ */

/* An integer of any type, a time or a bool. */
static bool whole_of(const bn_column *c, size_t row, __int128 *out)
{
	int64_t key;

	if (!bn_check_order_key(c, row, &key))
		return false;
	*out = (__int128)key + bn_check_key_bias(c->type);
	return true;
}

/* Exact: 2^53 + 1 is above 2^53. */
static int compare_mixed(__int128 a, double b)
{
	if (!(fabs(b) < 0x1p100))
		return b > 0 ? -1 : 1;
	__int128 whole = (__int128)b;
	double rest = b - (double)whole;
	if (a != whole)
		return a < whole ? -1 : 1;
	return (rest < 0) - (rest > 0);
}

/* Of decimals, exactly; false: not both are, or their digits are too many at one scale. */
static bool compare_decimals(const bn_column *a, const bn_column *b, size_t row, int *order)
{
	if (a->type != BN_TYPE_DECIMAL || b->type != BN_TYPE_DECIMAL)
		return false;
	bn_decimal x = a->dec[row], y = b->dec[row];
	if (a->scale < b->scale ? !bn_decimal_rescale(&x, a->scale, b->scale, BN_DECIMAL_DIGITS)
				: !bn_decimal_rescale(&y, b->scale, a->scale, BN_DECIMAL_DIGITS))
		return false;
	int c = bn_decimal_compare(x, y);
	*order = (c > 0) - (c < 0);
	return true;
}

/* -1, 0, 1; both values are present and comparable. */
static int compare_values(const bn_column *a, const bn_column *b, size_t row)
{
	__int128 i, k;
	int order;
	if (bn_type_is_text(a->type)) {
		bn_text x = bn_column_text(a, row), y = bn_column_text(b, row);
		int c = memcmp(x.ptr, y.ptr, x.len < y.len ? x.len : y.len);
		return c ? (c > 0) - (c < 0) : (x.len > y.len) - (x.len < y.len);
	}
	if (compare_decimals(a, b, row, &order))
		return order;
	bool whole_a = whole_of(a, row, &i), whole_b = whole_of(b, row, &k);
	if (whole_a && whole_b)
		return (i > k) - (i < k);
	if (whole_a)
		return compare_mixed(i, bn_column_number(b, row));
	if (whole_b)
		return -compare_mixed(k, bn_column_number(a, row));
	double x = bn_column_number(a, row), y = bn_column_number(b, row);
	return (x > y) - (x < y);
}

static bool comparable(bn_type a, bn_type b)
{
	if (bn_type_is_time(a) || bn_type_is_time(b))
		return a == b;
	return (bn_type_is_text(a) && bn_type_is_text(b)) ||
	       (bn_type_is_scalar(a) && bn_type_is_scalar(b));
}

static int open_compared(multi *m, bn_check_run *run, bn_err *err)
{
	int rc = open_pair(m, run, err);
	if (rc < 0 || comparable(field_of(m, 0)->type, field_of(m, 1)->type))
		return rc;
	return bn_err_set(err, BN_EINVAL, "columns of type %s and %s cannot be compared",
		bn_type_name(field_of(m, 0)->type), bn_type_name(field_of(m, 1)->type));
}

static bool both_present(const bn_column *c, size_t row)
{
	return !bn_column_is_absent(&c[0], row) && !bn_column_is_absent(&c[1], row);
}

static bool is_equal(const multi *m, const bn_column *c, size_t row)
{
	(void)m;
	return both_present(c, row) && compare_values(&c[0], &c[1], row) == 0;
}

static bool is_greater(const multi *m, const bn_column *c, size_t row)
{
	return both_present(c, row) && compare_values(&c[0], &c[1], row) >= !m->or_equal;
}

int bn_check_pair_equal(bn_check_run *run, bn_err *err)
{
	multi m;
	int rc = open_compared(&m, run, err);
	return rc < 0 ? rc : multi_run(&m, is_equal, err);
}

int bn_check_pair_greater(bn_check_run *run, bn_err *err)
{
	multi m;
	int rc = open_compared(&m, run, err);
	m.or_equal = bn_json_bool(run->kwargs, "or_equal", false);
	return rc < 0 ? rc : multi_run(&m, is_greater, err);
}

/* ---- pairs of a set ------------------------------------------------------------------------- */

/* Two indices in the sets, -1 for a missing value, as one number. */
static uint64_t pair_key(const multi *m, long a, long b)
{
	return (uint64_t)(a + 1) * (m->pair_count + 1) + (uint64_t)(b + 1);
}

static int compare_keys(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* The values on that side of all pairs. New reference. */
static json_t *pair_side(const json_t *pairs, size_t side)
{
	json_t *values = json_array();
	for (size_t i = 0; values && i < json_array_size(pairs); i++)
		if (json_array_append(values, json_array_get(json_array_get(pairs, i), side))) {
			json_decref(values);
			return NULL;
		}
	return values;
}

/* The value's index in the set of its side: -1 if it is missing. False: no row can have it. */
static bool pair_place(const multi *m, size_t side, const json_t *value, long *at)
{
	*at = -1;
	if (json_is_null(value))
		return true;
	*at = bn_check_set_find_json(&m->sets[side], field_of(m, side)->type, value);
	return *at >= 0;
}

static int pairs_read(multi *m, const json_t *pairs, bn_err *err)
{
	size_t n = json_array_size(pairs), kept = 0;
	json_t *values = NULL;
	int rc = 0;

	for (size_t side = 0; side < 2; side++) {
		json_decref(values);
		if (!(values = pair_side(pairs, side)))
			return bn_err_nomem(err, "a set of pairs");
		/* The texts of the set belong to the suite, not to this array. */
		if ((rc = bn_check_set_read(
			     &m->sets[side], values, field_of(m, side)->type, err)) < 0)
			goto out;
	}
	if (!(m->pairs = bn_alloc((n + 1) * sizeof *m->pairs))) {
		rc = bn_err_nomem(err, "a set of pairs");
		goto out;
	}
	m->pair_count = n;
	for (size_t i = 0; i < n; i++) {
		const json_t *pair = json_array_get(pairs, i);
		long a, b;
		if (pair_place(m, 0, json_array_get(pair, 0), &a) &&
			pair_place(m, 1, json_array_get(pair, 1), &b))
			m->pairs[kept++] = pair_key(m, a, b);
	}
	qsort(m->pairs, kept, sizeof *m->pairs, compare_keys);
	/* Keys are computed with pair_count: unused slots hold a key that no row has. */
	for (; kept < n; kept++)
		m->pairs[kept] = UINT64_MAX;
out:
	json_decref(values);
	return rc;
}

static bool is_of_pairs(const multi *m, const bn_column *c, size_t row)
{
	long at[2];
	for (size_t side = 0; side < 2; side++) {
		bool absent = bn_column_is_absent(&c[side], row);
		at[side] = absent ? -1 : bn_check_set_find(&m->sets[side], &c[side], row);
		if (!absent && at[side] < 0)
			return false;
	}
	uint64_t key = pair_key(m, at[0], at[1]);
	return bsearch(&key, m->pairs, m->pair_count, sizeof key, compare_keys) != NULL;
}

int bn_check_pair_in_set(bn_check_run *run, bn_err *err)
{
	multi m;
	int rc;

	if ((rc = open_pair(&m, run, err)) < 0 ||
		(rc = pairs_read(&m, json_object_get(run->kwargs, "value_pairs_set"), err)) < 0)
		goto out;
	rc = multi_run(&m, is_of_pairs, err);
out:
	bn_check_set_release(&m.sets[0]);
	bn_check_set_release(&m.sets[1]);
	bn_free(m.pairs);
	return rc;
}

/* ---- lists of columns ----------------------------------------------------------------------- */

/* No two values are equal; two missing ones are. */
static bool is_record_unique(const multi *m, const bn_column *c, size_t row)
{
	size_t missing = 0;
	for (size_t i = 0; i < m->n; i++) {
		if (bn_column_is_absent(&c[i], row)) {
			if (++missing == 2)
				return false;
			continue;
		}
		for (size_t k = 0; k < i; k++)
			if (!bn_column_is_absent(&c[k], row) &&
				comparable(c[i].type, c[k].type) &&
				compare_values(&c[i], &c[k], row) == 0)
				return false;
	}
	return true;
}

/* All are equal to the first; missing ones are equal to one another. */
static bool is_record_equal(const multi *m, const bn_column *c, size_t row)
{
	bool missing = bn_column_is_absent(&c[0], row);
	for (size_t i = 1; i < m->n; i++) {
		if (bn_column_is_absent(&c[i], row) != missing)
			return false;
		if (!missing && (!comparable(c[0].type, c[i].type) ||
					compare_values(&c[0], &c[i], row) != 0))
			return false;
	}
	return true;
}

/* A list whose columns have values that can be equal. */
static int open_values(multi *m, bn_check_run *run, bn_err *err)
{
	int rc = open_list(m, run, err);
	for (size_t i = 0; rc == 0 && i < m->n; i++) {
		bn_type type = field_of(m, i)->type;
		if (!bn_type_is_text(type) && !bn_type_is_scalar(type))
			rc = bn_err_set(err, BN_EINVAL,
				"column '%s' is %s; this check needs texts, numbers or times",
				field_of(m, i)->name, bn_type_name(type));
	}
	return rc;
}

int bn_check_record_unique(bn_check_run *run, bn_err *err)
{
	multi m;
	int rc = open_values(&m, run, err);
	return rc < 0 ? rc : multi_run(&m, is_record_unique, err);
}

int bn_check_multicolumn_equal(bn_check_run *run, bn_err *err)
{
	multi m;
	int rc = open_values(&m, run, err);
	return rc < 0 ? rc : multi_run(&m, is_record_equal, err);
}

int bn_check_multicolumn_unique(bn_check_run *run, bn_err *err)
{
	return bn_check_record_unique(run, err);
}

/* An integer or a decimal at a greater scale. */
static bool decimal_at(const bn_column *c, size_t row, uint8_t scale, __int128 *out)
{
	int64_t i;
	bn_decimal x;
	if (c->type == BN_TYPE_DECIMAL)
		x = c->dec[row];
	else if (c->type == BN_TYPE_UINT64)
		x = (bn_decimal){.low = c->u64[row]};
	else if (bn_column_int(c, row, &i))
		x = bn_decimal_of(i);
	else
		return false;
	unsigned from = c->type == BN_TYPE_DECIMAL ? c->scale : 0;
	if (from != scale && !bn_decimal_rescale(&x, from, scale, BN_DECIMAL_DIGITS))
		return false;
	*out = (__int128)((unsigned __int128)(uint64_t)x.high << 64 | x.low);
	return true;
}

/* False if the sum of the row has no exact form, or one of too many digits. */
static bool exact_sum(const multi *m, const bn_column *c, size_t row, bn_decimal *out)
{
	__int128 sum = 0, x;
	for (size_t i = 0; i < m->n; i++)
		if (!decimal_at(&c[i], row, m->scale, &x) || __builtin_add_overflow(sum, x, &sum))
			return false;
	*out = (bn_decimal){.low = (uint64_t)sum, .high = (int64_t)(sum >> 64)};
	return true;
}

static bool has_sum(const multi *m, const bn_column *c, size_t row)
{
	double sum = 0;
	bn_decimal exact;
	int64_t whole;
	for (size_t i = 0; i < m->n; i++)
		if (bn_column_is_absent(&c[i], row))
			return false;
	if (m->exact && exact_sum(m, c, row, &exact)) {
		if (json_is_integer(m->total))
			return bn_decimal_int(exact, m->scale, &whole) &&
			       whole == json_integer_value(m->total);
		return bn_decimal_number(exact, m->scale) == json_real_value(m->total);
	}
	for (size_t i = 0; i < m->n; i++)
		sum += bn_column_number(&c[i], row);
	return sum == json_number_value(m->total);
}

int bn_check_multicolumn_sum(bn_check_run *run, bn_err *err)
{
	multi m;
	int rc = open_list(&m, run, err);
	if (rc < 0)
		return rc;
	m.total = json_object_get(run->kwargs, "sum_total");
	m.exact = true;
	for (size_t i = 0; i < m.n; i++) {
		const bn_field *f = field_of(&m, i);
		if (bn_type_is_time(f->type) || !bn_type_is_scalar(f->type))
			return bn_err_set(err, BN_EINVAL,
				"column '%s' is %s; this check needs numbers", f->name,
				bn_type_name(f->type));
		m.exact &= f->type != BN_TYPE_FLOAT64 && f->type != BN_TYPE_FLOAT32;
		if (f->type == BN_TYPE_DECIMAL && f->scale > m.scale)
			m.scale = f->scale;
	}
	return multi_run(&m, has_sum, err);
}

int bn_check_compound_unique(bn_check_run *run, bn_err *err)
{
	multi m;
	bn_duplicates d = {0};
	uint64_t rows = bn_table_rows(run->table);
	int rc;

	if ((rc = open_list(&m, run, err)) < 0 ||
		(rc = bn_duplicates_find(&d, run->table, m.columns, m.n, m.skip, run->cancelled,
			 run->ctx, err)) < 0)
		goto out;
	for (uint64_t r = 0; r < rows; r++)
		if (bn_duplicates_has(&d, r) && (rc = bn_check_fail_row(run, r, err)) < 0)
			goto out;
	rc = bn_check_finish_map(run, rows, d.considered, true, m.columns, m.n, err);
out:
	bn_duplicates_release(&d);
	return rc;
}
