/* check_aggregate.c - checks of a column as a whole. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/timestamp.h"
#include "core/check/_check_run.h"
#include "core/profile/duplicates.h"
#include "core/profile/quantile.h"
#include "core/profile/sort.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define CHUNK 4096

typedef int (*chunk_fn)(
	void *ctx, const double *values, const int64_t *keys, size_t n, bn_err *err);

/* Reads the order keys of n rows, 0 for absent ones; false: the type has none. */
static bool read_keys(const bn_column *c, size_t from, size_t n, int64_t *keys)
{
	if (c->type == BN_TYPE_FLOAT64 || c->type == BN_TYPE_FLOAT32 || c->type == BN_TYPE_DECIMAL)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!bn_check_order_key(c, from + i, &keys[i]))
			keys[i] = 0;
	return true;
}

/* Calls fn for the present values, in order: as doubles, and for integers as order keys too (else NULL). */
static int each_chunk(bn_check_run *run, size_t column, chunk_fn fn, void *ctx, bn_err *err)
{
	double values[CHUNK];
	int64_t keys[CHUNK];
	bn_batch batch = BN_BATCH_INIT;
	int rc = 0;
	for (size_t b = 0; !rc && b < bn_table_batches(run->table); b++) {
		rc = bn_table_read(run->table, b, &column, 1, &batch, err);
		for (size_t at = 0; !rc && at < batch.rows; at += CHUNK) {
			size_t n = batch.rows - at < CHUNK ? batch.rows - at : CHUNK, kept = 0;
			rc = bn_column_numbers(&batch.columns[0], at, n, values, err);
			bool whole = !rc && read_keys(&batch.columns[0], at, n, keys);
			for (size_t i = 0; !rc && i < n; i++) {
				if (isnan(values[i]))
					continue;
				if (whole)
					keys[kept] = keys[i];
				values[kept++] = values[i];
			}
			if (!rc)
				rc = fn(ctx, values, whole ? keys : NULL, kept, err);
		}
		bn_table_forget(run->table, &batch);
		if (!rc)
			rc = bn_check_cancelled(run, err);
	}
	bn_batch_release(&batch);
	return rc;
}

static int open_numbers(bn_check_run *run, size_t *column, bool times_too, bn_err *err)
{
	int rc = bn_check_column(run, "column", column, err);
	if (rc)
		return rc;
	bn_type type = run->schema->fields[*column].type;
	if (!bn_type_is_scalar(type) || (bn_type_is_time(type) && !times_too))
		return bn_err_set(err, BN_EINVAL, "column '%s' is %s; this check needs numbers",
			run->schema->fields[*column].name, bn_type_name(type));
	return 0;
}

/* JSON has no infinities: they become the texts "inf" and "-inf". */
static json_t *number_json(double x)
{
	return isinf(x) ? json_string(x > 0 ? "inf" : "-inf") : bn_json_real_or_null(x);
}

/* Compares an observed number with the range; an absent one fails. */
static int finish_number(bn_check_run *run, double x, bn_err *err)
{
	bn_check_range r;
	int rc = bn_check_range_read(&r, run->kwargs, BN_TYPE_FLOAT64, err);
	if (rc)
		return rc;
	run->item->success = !isnan(x) && bn_check_range_has_number(&r, x);
	if (json_object_set_new(run->result, "observed_value", number_json(x)))
		return bn_err_nomem(err, "the result of a check");
	return 0;
}

/* The integer of an order key; of uint64 above int64 as text, as everywhere in JSON. */
static json_t *whole_json(bn_type type, int64_t key)
{
	uint64_t u = (uint64_t)key ^ UINT64_C(1) << 63;

	if (type != BN_TYPE_UINT64)
		return json_integer(key);
	return u <= INT64_MAX ? json_integer((json_int_t)u) : json_sprintf("%" PRIu64, u);
}

/* The same for an integer or time by its order key, without rounding. */
static int finish_key(bn_check_run *run, bn_type type, int64_t key, bn_err *err)
{
	const int32_t day = (int32_t)key;
	const bn_column date = {.type = type, .rows = 1, .i32 = &day};
	const bn_column time = {.type = type, .rows = 1, .i64 = &key};
	uint64_t u = (uint64_t)key ^ UINT64_C(1) << 63;
	bn_check_range r;
	int rc = bn_check_range_read(&r, run->kwargs, type, err);

	if (rc)
		return rc;
	if (type == BN_TYPE_UINT64)
		run->item->success = u > INT64_MAX ? bn_check_range_has_wide(&r, u)
						   : bn_check_range_has_int(&r, (int64_t)u);
	else
		run->item->success = bn_check_range_has_int(&r, key);
	json_t *observed = bn_type_is_time(type)
				   ? bn_column_json(type == BN_TYPE_DATE ? &date : &time, 0)
				   : whole_json(type, key);
	return json_object_set_new(run->result, "observed_value", observed)
		       ? bn_err_nomem(err, "the result of a check")
		       : 0;
}

/* ---- moments ------------------------------------------------------------------------------- */

typedef struct moments_of {
	bn_moments *moments;
	uint64_t bias; /* added to an order key to get the integer */
} moments_of;

static int add_moments(void *ctx, const double *values, const int64_t *keys, size_t n, bn_err *err)
{
	const moments_of *m = ctx;
	(void)err;
	if (keys)
		bn_moments_add_ints(m->moments, values, keys, n, m->bias);
	else
		bn_moments_add(m->moments, values, n);
	return 0;
}

int bn_check_moments(bn_check_run *run, bn_moments *m, bn_err *err)
{
	size_t column;
	int rc = open_numbers(run, &column, false, err);
	if (rc)
		return rc;
	moments_of to = {m, bn_check_key_bias(run->schema->fields[column].type)};
	return each_chunk(run, column, add_moments, &to, err);
}

int bn_check_mean(bn_check_run *run, bn_err *err)
{
	bn_moments m = BN_MOMENTS_INIT;
	int rc = bn_check_moments(run, &m, err);
	return rc ? rc : finish_number(run, bn_moments_mean(&m), err);
}

int bn_check_stdev(bn_check_run *run, bn_err *err)
{
	bn_moments m = BN_MOMENTS_INIT;
	int rc = bn_check_moments(run, &m, err);
	return rc ? rc : finish_number(run, bn_moments_std(&m), err);
}

int bn_check_sum(bn_check_run *run, bn_err *err)
{
	bn_moments m = BN_MOMENTS_INIT;
	bn_check_range range;
	int rc = bn_check_moments(run, &m, err);
	if (rc || !m.whole || m.total != (int64_t)m.total)
		return rc ? rc : finish_number(run, bn_moments_sum(&m), err);
	if ((rc = bn_check_range_read(&range, run->kwargs, BN_TYPE_INT64, err)) < 0)
		return rc;
	run->item->success = bn_check_range_has_int(&range, (int64_t)m.total);
	return json_object_set_new(run->result, "observed_value", json_integer((int64_t)m.total))
		       ? bn_err_nomem(err, "the result of a check")
		       : 0;
}

/* ---- extremes: exact for integers and times ------------------------------------------------ */

typedef struct extreme {
	bool largest, any, is_int;
	double number;
	int64_t integer;
} extreme;

static void extreme_add(extreme *e, const bn_column *c, size_t row)
{
	int64_t i;
	if (bn_check_order_key(c, row, &i)) {
		if (!e->any || (e->largest ? i > e->integer : i < e->integer))
			e->integer = i;
		e->is_int = e->any = true;
		return;
	}
	double x = bn_column_number(c, row);
	if (isnan(x))
		return;
	if (!e->any || (e->largest ? x > e->number : x < e->number))
		e->number = x;
	e->any = true;
}

static int extreme_run(bn_check_run *run, bool largest, bn_err *err)
{
	size_t column;
	bn_batch batch = BN_BATCH_INIT;
	extreme e = {.largest = largest};
	int rc = open_numbers(run, &column, true, err);
	bn_type type = rc ? BN_TYPE_FLOAT64 : run->schema->fields[column].type;
	for (size_t b = 0; !rc && b < bn_table_batches(run->table); b++) {
		rc = bn_table_read(run->table, b, &column, 1, &batch, err);
		for (size_t r = 0; !rc && r < batch.rows; r++)
			extreme_add(&e, &batch.columns[0], r);
		bn_table_forget(run->table, &batch);
		if (!rc)
			rc = bn_check_cancelled(run, err);
	}
	bn_batch_release(&batch);
	if (rc || !e.is_int)
		return rc ? rc : finish_number(run, e.any ? e.number : NAN, err);
	return finish_key(run, type, e.integer, err);
}

int bn_check_min(bn_check_run *run, bn_err *err)
{
	return extreme_run(run, false, err);
}

int bn_check_max(bn_check_run *run, bn_err *err)
{
	return extreme_run(run, true, err);
}

/* ---- quantiles ----------------------------------------------------------------------------- */

/* All values, sorted; or a sketch if there are too many. */
typedef struct ranks {
	bn_type type;
	double *values; /* of floats and decimals, */
	uint64_t *keys; /* or the order keys of integers, with the first bit inverted */
	size_t n, cap;
	bool sketched;
	bn_quantile sketch;
} ranks;

static int64_t key_at(const ranks *r, size_t i)
{
	return (int64_t)(r->keys[i] ^ UINT64_C(1) << 63);
}

static double value_at(const ranks *r, size_t i)
{
	return r->keys ? (double)((__int128)key_at(r, i) + bn_check_key_bias(r->type))
		       : r->values[i];
}

static int to_sketch(ranks *r, bn_err *err)
{
	double some[CHUNK];
	int rc = 0;

	r->sketched = true;
	for (size_t at = 0, k; at < r->n && !rc; at += k) {
		for (k = 0; k < CHUNK && at + k < r->n; k++)
			some[k] = value_at(r, at + k);
		rc = bn_quantile_add(&r->sketch, some, k, err);
	}
	bn_free(r->values);
	bn_free(r->keys);
	r->values = NULL;
	r->keys = NULL;
	return rc;
}

static int ranks_add(void *ctx, const double *values, const int64_t *keys, size_t n, bn_err *err)
{
	ranks *r = ctx;
	int rc;

	if (!n)
		return 0;
	if (!r->sketched && r->n + n > BN_EXPECT_EXACT && (rc = to_sketch(r, err)) < 0)
		return rc;
	if (r->sketched)
		return bn_quantile_add(&r->sketch, values, n, err);
	if (keys ? bn_grow(&r->keys, &r->cap, r->n + n, sizeof *r->keys)
		 : bn_grow(&r->values, &r->cap, r->n + n, sizeof *r->values))
		return bn_err_nomem(err, "the values of a column");
	for (size_t i = 0; keys && i < n; i++)
		r->keys[r->n + i] = (uint64_t)keys[i] ^ UINT64_C(1) << 63;
	if (!keys)
		memcpy(r->values + r->n, values, n * sizeof *values);
	r->n += n;
	return 0;
}

static int ranks_sort(ranks *r, bn_err *err)
{
	void *scratch = bn_alloc(r->n * sizeof(uint64_t));

	if (!scratch)
		return bn_err_nomem(err, "the values of a column");
	if (r->keys) {
		uint64_t *sorted = bn_sort_keys(r->keys, r->n, scratch);
		if (sorted != r->keys)
			memcpy(r->keys, sorted, r->n * sizeof *sorted);
	} else {
		bn_sort_doubles(r->values, r->n, scratch);
	}
	bn_free(scratch);
	return 0;
}

static int ranks_read(ranks *r, bn_check_run *run, bn_err *err)
{
	size_t column;
	memset(r, 0, sizeof *r);
	bn_quantile_init(&r->sketch);
	int rc = open_numbers(run, &column, false, err);
	if (rc)
		return rc;
	r->type = run->schema->fields[column].type;
	if ((rc = each_chunk(run, column, ranks_add, r, err)) < 0)
		return rc;
	if (r->sketched)
		return bn_quantile_prepare(&r->sketch, err);
	return r->n < 2 ? 0 : ranks_sort(r, err);
}

static void ranks_release(ranks *r)
{
	bn_free(r->values);
	bn_free(r->keys);
	bn_quantile_release(&r->sketch);
}

static void say_estimated(bn_check_run *run, const ranks *r)
{
	json_t *details = json_object_get(run->result, "details");
	if (!r->sketched)
		return;
	if (!details)
		json_object_set_new(run->result, "details", details = json_object());
	json_object_set_new(details, "estimated", json_true());
	json_object_set_new(details, "rank_error", json_real(BN_QUANTILE_RANK_ERROR));
}

/* Where a quantile is: at a value, or between it and the next. */
typedef struct place {
	size_t lo, hi;
	double t; /* 0: at lo */
} place;

/* how: the interpolations of numpy.quantile. */
static place place_of(const ranks *r, double p, const char *how)
{
	double h = (double)(r->n - 1) * p;
	size_t lo = (size_t)h, hi = lo + 1 < r->n ? lo + 1 : lo;
	double t = h - (double)lo;

	if (!strcmp(how, "lower"))
		hi = lo;
	else if (!strcmp(how, "higher"))
		lo = t > 0 ? hi : lo;
	else if (!strcmp(how, "nearest")) /* half goes to the even index */
		lo = t < 0.5 || (t == 0.5 && lo % 2 == 0) ? lo : hi;
	else if (!strcmp(how, "midpoint"))
		return (place){lo, hi, t > 0 ? 0.5 : 0};
	else
		return (place){lo, hi, t};
	return (place){lo, lo, 0};
}

static double ranks_at(const ranks *r, double p, const char *how)
{
	if (r->sketched)
		return bn_quantile_at(&r->sketch, p);
	if (!r->n)
		return NAN;
	place at = place_of(r, p, how);
	double t = at.t, a = value_at(r, at.lo), b = value_at(r, at.hi);
	if (t == 0 || a == b)
		return a;
	if (!strcmp(how, "midpoint"))
		return (a + b) / 2;
	return t < 0.5 ? a + (b - a) * t : b - (b - a) * (1 - t);
}

/* The same with all digits if it is an integer beyond 2^53. */
static json_t *ranks_json(const ranks *r, double p, const char *how)
{
	double x = ranks_at(r, p, how);

	if (!r->keys || !r->n || !(fabs(x) >= 0x1p53))
		return number_json(x);
	place at = place_of(r, p, how);
	if (at.t != 0 && r->keys[at.lo] != r->keys[at.hi])
		return number_json(x);
	return whole_json(r->type, key_at(r, at.lo));
}

/* An integer beyond 2^53 among the sorted values that is their middle; false: the middle is none. */
static bool middle_key(const ranks *r, int64_t *key)
{
	size_t i = r->n / 2;

	if (!r->keys || r->sketched || !r->n || fabs(value_at(r, i)) < 0x1p53)
		return false;
	*key = key_at(r, i);
	return r->n % 2 || key_at(r, i - 1) == *key;
}

int bn_check_median(bn_check_run *run, bn_err *err)
{
	ranks r;
	int rc = ranks_read(&r, run, err);
	double median = NAN;
	int64_t key;
	if (rc < 0)
		goto out;
	if (r.sketched)
		median = bn_quantile_at(&r.sketch, 0.5);
	else if (r.n % 2)
		median = value_at(&r, r.n / 2);
	else if (r.n) /* the mean of the two middle ones */
		median = (value_at(&r, r.n / 2 - 1) + value_at(&r, r.n / 2)) / 2;
	rc = middle_key(&r, &key) ? finish_key(run, r.type, key, err)
				  : finish_number(run, median, err);
	if (!rc)
		say_estimated(run, &r);
out:
	ranks_release(&r);
	return rc;
}

static bool is_close(double a, double b) /* numpy.isclose(rtol=1e-4, atol=1e-8) */
{
	return a == b || (isfinite(b) && fabs(a - b) <= 1e-8 + 1e-4 * fabs(b));
}

static bool quantile_fits(double x, const json_t *range)
{
	const json_t *lo = json_array_get(range, 0), *hi = json_array_get(range, 1);
	double a = -INFINITY, b = INFINITY;
	if (!bn_json_wide_number(lo, &a) && json_is_number(lo))
		a = json_number_value(lo);
	if (!bn_json_wide_number(hi, &b) && json_is_number(hi))
		b = json_number_value(hi);
	return !isnan(x) && (is_close(x, a) || is_close(x, b) || (a <= x && x <= b));
}

static int quantile_args(const json_t *ranges, const json_t *values, bn_err *err)
{
	size_t n = json_array_size(ranges);
	if (!n || n != json_array_size(values))
		return bn_err_set(err, BN_EINVAL,
			"quantile_ranges needs \"quantiles\" and as many \"value_ranges\"");
	for (size_t i = 0; i < n; i++) {
		double p = json_number_value(json_array_get(ranges, i));
		if (!json_is_number(json_array_get(ranges, i)) || p < 0 || p > 1 ||
			json_array_size(json_array_get(values, i)) != 2)
			return bn_err_set(err, BN_EINVAL,
				"quantile_ranges: entry %zu must be a number from 0 to 1 with "
				"[low, high]",
				i + 1);
	}
	return 0;
}

int bn_check_quantiles(bn_check_run *run, bn_err *err)
{
	static const char *const ways[] = {"linear", "lower", "higher", "midpoint", "nearest"};
	const json_t *spec = json_object_get(run->kwargs, "quantile_ranges");
	const json_t *at = json_object_get(spec, "quantiles");
	const json_t *wanted = json_object_get(spec, "value_ranges");
	const char *how = bn_json_str(run->kwargs, "allow_relative_error", "nearest");
	ranks r = {0};
	bool known = false, success = true;
	for (size_t i = 0; i < 5; i++)
		known |= !strcmp(how, ways[i]);
	if (!known)
		return bn_err_set(err, BN_EINVAL,
			"allow_relative_error: false, linear, lower, higher, midpoint or nearest");
	int rc = quantile_args(at, wanted, err);
	if (!rc)
		rc = ranks_read(&r, run, err);
	json_t *values = json_array(), *details = json_array();
	for (size_t i = 0; !rc && i < json_array_size(at); i++) {
		double p = json_number_value(json_array_get(at, i));
		bool fits = quantile_fits(ranks_at(&r, p, how), json_array_get(wanted, i));
		success &= fits;
		json_array_append_new(values, ranks_json(&r, p, how));
		json_array_append_new(details, json_boolean(fits));
	}
	if (!rc) {
		run->item->success = success;
		json_object_set_new(run->result, "observed_value",
			json_pack("{s:O, s:O}", "quantiles", at, "values", values));
		json_object_set_new(
			run->result, "details", json_pack("{s:O}", "success_details", details));
		say_estimated(run, &r);
	}
	json_decref(values);
	json_decref(details);
	ranks_release(&r);
	return rc;
}

/* ---- different values ---------------------------------------------------------------------- */

static int count_distinct(bn_check_run *run, uint64_t *distinct, uint64_t *present, bn_err *err)
{
	size_t column;
	bn_duplicates d = {0};
	int rc = bn_check_column(run, "column", &column, err);
	if (!rc)
		rc = bn_duplicates_find(&d, run->table, &column, 1, BN_SKIP_ALL_MISSING,
			run->cancelled, run->ctx, err);
	*distinct = d.distinct;
	*present = d.considered;
	bn_duplicates_release(&d);
	return rc;
}

int bn_check_unique_count(bn_check_run *run, bn_err *err)
{
	uint64_t distinct, present;
	int rc = count_distinct(run, &distinct, &present, err);
	if (rc < 0 || (rc = finish_number(run, (double)distinct, err)) < 0)
		return rc;
	json_t *count = json_integer((json_int_t)distinct);
	return json_object_set_new(run->result, "observed_value", count)
		       ? bn_err_nomem(err, "the result of a check")
		       : 0;
}

int bn_check_unique_share(bn_check_run *run, bn_err *err)
{
	uint64_t distinct, present;
	int rc = count_distinct(run, &distinct, &present, err);
	return rc ? rc : finish_number(run, present ? (double)distinct / (double)present : 0, err);
}
