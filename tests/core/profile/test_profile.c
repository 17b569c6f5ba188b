/* Profiles against pandas, NumPy and SciPy (tests/reference/profile.json): limits, merging, storing
 * and reading back. */
#include "core/base/json.h"
#include "core/base/rng.h"
#include "core/profile/moments.h"
#include "core/profile/profiler.h"
#include "core/profile/quantile.h"
#include "core/profile/sort.h"
#include "core/profile/tally.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ORACLE "tests/reference/profile.json"

typedef struct lcg {
	uint64_t x;
} lcg;

static double lcg_next(lcg *g)
{
	g->x = g->x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(g->x >> 11) * (1.0 / 9007199254740992.0);
}

/* A table file with one column, generated as in profile.py. */
static void write_column(const char *path, const json_t *c, const json_t *words)
{
	bn_err err = BN_ERR_INIT;
	const char *kind = bn_json_str(c, "kind", "");
	int64_t n = bn_json_int(c, "n", 0);
	bool gaps = bn_json_bool(c, "gaps", false);
	bn_type type = !strcmp(kind, "text")                            ? BN_TYPE_STRING
		       : !strcmp(kind, "bool")                          ? BN_TYPE_BOOL
		       : !strcmp(kind, "small") || !strcmp(kind, "int") ? BN_TYPE_INT64
									: BN_TYPE_FLOAT64;
	bn_schema s = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	ck_assert_bn_ok(bn_schema_add(&s, "c", type, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_table_create(&w, bn_env_real(), NULL, path, &s, &err), &err);
	lcg g = {(uint64_t)bn_json_int(c, "seed", 0)};
	for (int64_t i = 0; i < n; i++) {
		double u = lcg_next(&g);
		if (gaps && i % 7 == 3) {
		} else if (type == BN_TYPE_STRING) {
			const char *word = json_string_value(json_array_get(
				words, (size_t)(u * u * (double)json_array_size(words))));
			bn_table_row_text(w, 0, word, strlen(word));
		} else if (type == BN_TYPE_BOOL) {
			bn_table_row_bool(w, 0, u < 0.3);
		} else if (!strcmp(kind, "small")) {
			bn_table_row_i64(w, 0, (int64_t)(u * 12) - 3);
		} else if (!strcmp(kind, "int")) {
			bn_table_row_i64(w, 0, (int64_t)(u * 1000000007));
		} else {
			bn_table_row_f64(w, 0,
				!strcmp(kind, "float") ? 1e6 + 50 * u * u * u : (u - 0.5) * 1e-3);
		}
		ck_assert_bn_ok(bn_table_row_end(w, &err), &err);
	}
	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	bn_table_writer_free(w);
	bn_schema_release(&s);
}

static void assert_close(const char *what, double got, double want, double relative)
{
	if (isnan(want)) {
		ck_assert_msg(isnan(got), "%s: %.17g instead of nothing", what, got);
		return;
	}
	double scale = fabs(want) > 1e-300 ? fabs(want) : 1;
	ck_assert_msg(fabs(got - want) <= relative * scale, "%s: %.17g instead of %.17g", what, got,
		want);
}

static void assert_numbers(const bn_profile_column *p, const json_t *c)
{
	const json_t *q = json_object_get(c, "quantiles"), *hist = json_object_get(c, "hist");
	double n = (double)(p->rows - p->missing);
	assert_close("min", p->min, bn_json_num(c, "min", NAN), 0);
	assert_close("max", p->max, bn_json_num(c, "max", NAN), 0);
	assert_close("sum", p->sum, bn_json_num(c, "sum", NAN), 1e-12);
	assert_close("mean", p->mean, bn_json_num(c, "mean", NAN), 1e-12);
	assert_close("std", p->std, bn_json_num(c, "std", NAN), 1e-9);
	assert_close("skew", p->skew, bn_json_num(c, "scipy_skew", NAN), 1e-7);
	ck_assert_int_eq((int64_t)p->zeros, bn_json_int(c, "zeros", -1));
	ck_assert_int_eq((int64_t)p->negatives, bn_json_int(c, "negatives", -1));
	double range = p->max - p->min, worst = 0;
	for (size_t i = 0; i < BN_PROFILE_QUANTILES; i++) {
		double want = json_number_value(json_array_get(q, i));
		if (p->quantiles_exact)
			assert_close("quantile", p->quantiles[i], want, 1e-14);
		else if (i > 0 && i + 1 < BN_PROFILE_QUANTILES) {
			/* between the neighbouring percentiles */
			double lo = json_number_value(json_array_get(q, i - 1));
			double hi = json_number_value(json_array_get(q, i + 1));
			worst = fmax(worst, fabs(p->quantiles[i] - want) / range);
			ck_assert(p->quantiles[i] >= lo && p->quantiles[i] <= hi);
		}
	}
	/* numpy widens the range of equal values; we use a single bin */
	for (size_t i = 0; range > 0 && i < json_array_size(hist); i++) {
		double want = json_number_value(json_array_get(hist, i));
		double room = p->rank_error > 0 ? 2 * p->rank_error * n : 0;
		ck_assert_msg(fabs(p->hist[i] - want) <= room, "bin %zu: %g instead of %g", i,
			p->hist[i], want);
	}
}

static void assert_text(const bn_profile_column *p, const json_t *c)
{
	ck_assert_int_eq((int64_t)p->length_min, bn_json_int(c, "length_min", -1));
	ck_assert_int_eq((int64_t)p->length_max, bn_json_int(c, "length_max", -1));
	ck_assert_int_eq((int64_t)p->empty, bn_json_int(c, "empty", -1));
	assert_close("length_mean", p->length_mean, bn_json_num(c, "length_mean", NAN), 1e-12);
}

static void assert_column(const bn_profile_column *p, const json_t *c)
{
	const json_t *top = json_object_get(c, "top_counts");
	ck_assert_int_eq((int64_t)p->rows, bn_json_int(c, "n", -1));
	ck_assert_int_eq((int64_t)p->missing, bn_json_int(c, "missing", -1));
	double distinct = bn_json_num(c, "distinct", NAN);
	assert_close("distinct", (double)p->distinct, distinct,
		p->distinct_exact ? 0 : 4 * BN_TALLY_DISTINCT_ERROR);
	if (p->unique != BN_UNKNOWN)
		ck_assert_int_eq(p->unique == BN_YES, bn_json_bool(c, "unique", false));
	for (size_t i = 0; p->distinct_exact && i < p->top_count; i++)
		ck_assert_int_eq(
			(int64_t)p->top[i].count, json_integer_value(json_array_get(top, i)));
	if (p->is_numeric)
		assert_numbers(p, c);
	else
		assert_text(p, c);
}

static char *test_path(const char *name)
{
	static char path[128];
	snprintf(path, sizeof path, "/tmp/bn-profile-%ld-%s", (long)getpid(), name);
	return path;
}

static bn_profile *profile_of(const char *path, int threads)
{
	bn_err err = BN_ERR_INIT;
	bn_table_reader *t = NULL;
	bn_profile *p = NULL;
	ck_assert_bn_ok(bn_table_open(&t, bn_env_real(), path, &err), &err);
	ck_assert_bn_ok(bn_profile_table(&p, t, threads, NULL, &err), &err);
	bn_table_reader_free(t);
	return p;
}

START_TEST(test_profile_agrees_with_pandas_and_scipy)
{
	bn_err err = BN_ERR_INIT;
	json_t *doc = NULL;
	ck_assert_bn_ok(bn_json_load(&doc, bn_env_real(), ORACLE, &err), &err);
	const json_t *cases = json_object_get(doc, "cases"), *words = json_object_get(doc, "words");
	char *path = test_path("a.arrow");
	for (size_t i = 0; i < json_array_size(cases); i++) {
		const json_t *c = json_array_get(cases, i);
		write_column(path, c, words);
		bn_profile *p = profile_of(path, 1);
		assert_column(&p->columns[0], c);
		bn_profile_free(p);
	}
	printf("NOTE: profiles: %zu columns agree with pandas %s\n", json_array_size(cases),
		bn_json_str(json_object_get(doc, "made_by"), "pandas", "?"));
	unlink(path);
	json_decref(doc);
}
END_TEST

static char *profile_text(const bn_profile *p)
{
	bn_err err = BN_ERR_INIT;
	json_t *doc = NULL;
	bn_buf b = BN_BUF_INIT;
	ck_assert_bn_ok(bn_profile_to_json(&doc, p, &err), &err);
	ck_assert_bn_ok(bn_json_canonical(doc, &b, &err), &err);
	json_decref(doc);
	return bn_buf_take(&b, NULL);
}

START_TEST(test_profile_survives_json)
{
	bn_err err = BN_ERR_INIT;
	json_t *oracle = NULL, *doc = NULL;
	bn_profile *again = NULL;
	ck_assert_bn_ok(bn_json_load(&oracle, bn_env_real(), ORACLE, &err), &err);
	char *path = test_path("b.arrow");
	const json_t *cases = json_object_get(oracle, "cases");
	for (size_t i = 0; i < json_array_size(cases); i++) {
		write_column(path, json_array_get(cases, i), json_object_get(oracle, "words"));
		bn_profile *p = profile_of(path, 2);
		char *before = profile_text(p);
		ck_assert_bn_ok(bn_json_parse(&doc, before, strlen(before), "p", &err), &err);
		ck_assert_bn_ok(bn_profile_from_json(&again, doc, &err), &err);
		char *after = profile_text(again);
		ck_assert_str_eq(before, after);
		bn_free(after);
		bn_profile_free(again);
		ck_assert_bn_ok(bn_profile_parse(&again, before, strlen(before), &err), &err);
		after = profile_text(again);
		ck_assert_str_eq(before, after);
		bn_free(before);
		bn_free(after);
		json_decref(doc);
		bn_profile_free(p);
		bn_profile_free(again);
	}
	unlink(path);
	json_decref(oracle);
}
END_TEST

START_TEST(test_profile_json_of_another_shape_is_refused_with_the_place)
{
	bn_err err = BN_ERR_INIT;
	json_t *doc =
		json_pack("{s:i, s:i, s:[{s:s}]}", "format", 1, "rows", 3, "columns", "name", "x");
	bn_profile *p = NULL;
	ck_assert_int_eq(bn_profile_from_json(&p, doc, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "column 0"));
	json_decref(doc);
	/* Text in canonical form is read column by column. */
#define TAIL "],\"format\":2,\"rows\":3}"
	static const struct {
		const char *text, *says;
	} wrong[] = {{"{\"columns\":[{\"name\":\"x\"}" TAIL, "column 0: field 'type'"},
		{"{\"columns\":[{\"name\":" TAIL, "column 0"}, {"{\"columns\":[{},{}" TAIL, "column 0"},
		{"{\"columns\":[7" TAIL, "column 0"}, {"{\"columns\":[," TAIL, "column 0"},
		{"{\"columns\":[],\"format\":9,\"rows\":3}", "format 9"},
		{"{\"columns\":[],\"format\":2,\"rows\":-3}", "negative"},
		{"{\"columns\":[],\"format\":2}", "rows"}, {"{\"columns\":[", "a profile:1"},
		{"", "a profile"}, {"{\"columns\":3}", "format"}};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		bn_err_clear(&err);
		ck_assert_int_lt(
			bn_profile_parse(&p, wrong[i].text, strlen(wrong[i].text), &err), 0);
		ck_assert_msg(strstr(err.msg, wrong[i].says), "%s: %s", wrong[i].text, err.msg);
	}
	bn_err_clear(&err);
	static const char none[] = "{\"columns\":[" TAIL;
	ck_assert_bn_ok(bn_profile_parse(&p, none, sizeof none - 1, &err), &err);
	ck_assert_uint_eq(p->rows, 3);
	ck_assert_uint_eq(p->column_count, 0);
	bn_profile_free(p);
#undef TAIL
}
END_TEST

static bn_profiler *profiler_of(const double *values, size_t n)
{
	bn_err err = BN_ERR_INIT;
	bn_schema s = BN_SCHEMA_INIT;
	bn_profiler *p = NULL;
	ck_assert_bn_ok(bn_schema_add(&s, "x", BN_TYPE_FLOAT64, true, "W", &err), &err);
	ck_assert_bn_ok(bn_profiler_new(&p, &s, &err), &err);
	bn_column c = {.type = BN_TYPE_FLOAT64, .rows = n, .f64 = values};
	bn_batch b = {.rows = n, .column_count = 1, .columns = &c};
	ck_assert_bn_ok(bn_profiler_add(p, &b, &err), &err);
	bn_schema_release(&s);
	return p;
}

static bn_profile *finished(bn_profiler *p)
{
	bn_err err = BN_ERR_INIT;
	bn_profile *out = NULL;
	ck_assert_bn_ok(bn_profiler_finish(&out, p, &err), &err);
	bn_profiler_free(p);
	return out;
}

START_TEST(test_profile_merged_equals_profile_of_the_whole)
{
	enum { N = 50000, CUT = 31000 };
	static double values[N];
	bn_err err = BN_ERR_INIT;
	lcg g = {77};
	for (size_t i = 0; i < N; i++)
		values[i] = i % 11 == 5 ? NAN : floor(lcg_next(&g) * 4000);
	bn_profiler *left = profiler_of(values, CUT), *right = profiler_of(values + CUT, N - CUT);
	ck_assert_bn_ok(bn_profiler_merge(left, right, &err), &err);
	bn_profiler_free(right);
	bn_profile *merged = finished(left), *whole = finished(profiler_of(values, N));
	const bn_profile_column *a = &merged->columns[0], *b = &whole->columns[0];
	ck_assert_uint_eq(a->rows, b->rows);
	ck_assert_uint_eq(a->missing, b->missing);
	ck_assert_uint_eq(a->nan, b->nan);
	ck_assert_uint_eq(a->distinct, b->distinct);
	ck_assert_uint_eq(a->top[3].count, b->top[3].count);
	assert_close("mean", a->mean, b->mean, 1e-13);
	assert_close("std", a->std, b->std, 1e-12);
	assert_close("skew", a->skew, b->skew, 1e-9);
	assert_close("median", a->quantiles[50], b->quantiles[50], 0.02);
	for (size_t i = 0; i < a->hist_count; i++) /* from exact counts */
		ck_assert_double_eq(a->hist[i], b->hist[i]);
	bn_profile_free(merged);
	bn_profile_free(whole);
}
END_TEST

static bn_profile *profile_in_batches(const double *values, size_t n, size_t step)
{
	bn_err err = BN_ERR_INIT;
	bn_profiler *p = profiler_of(NULL, 0);
	for (size_t at = 0; at < n; at += step) {
		size_t rows = n - at < step ? n - at : step;
		bn_column c = {.type = BN_TYPE_FLOAT64, .rows = rows, .f64 = values + at};
		ck_assert_bn_ok(bn_profiler_add_column(p, 0, &c, &err), &err);
	}
	return finished(p);
}

START_TEST(test_profile_does_not_depend_on_where_batches_end)
{
	enum { N = 60000 };
	static double values[N];
	static const size_t steps[] = {1, 7, 4095, 4096, 4097, 65536};
	bn_rng r;
	bn_rng_init(&r, 3, "batches", 0);
	for (size_t i = 0; i < N; i++) /* more values than an exact tally holds, some absent */
		values[i] = i % 13 == 4 ? NAN : 1e9 + bn_rng_uniform(&r);
	bn_profile *whole = profile_in_batches(values, N, N);
	const bn_profile_column *a = &whole->columns[0];
	ck_assert(!a->quantiles_exact);
	for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
		bn_profile *parts = profile_in_batches(values, N, steps[s]);
		const bn_profile_column *b = &parts->columns[0];
		ck_assert(a->mean == b->mean && a->std == b->std && a->skew == b->skew);
		ck_assert(a->sum == b->sum && a->distinct == b->distinct);
		ck_assert_mem_eq(a->quantiles, b->quantiles, sizeof a->quantiles);
		ck_assert_mem_eq(a->hist, b->hist, sizeof a->hist);
		bn_profile_free(parts);
	}
	bn_profile_free(whole);
}
END_TEST

START_TEST(test_quantiles_of_few_different_values_are_exact)
{
	enum { N = 300000, KINDS = 9000 };
	static double values[N], sorted[N], scratch[N];
	bn_rng r;
	bn_rng_init(&r, 4, "few", 0);
	for (size_t i = 0; i < N; i++)
		values[i] = sorted[i] = floor(pow(bn_rng_uniform(&r), 3) * KINDS) / 8;
	bn_sort_doubles(sorted, N, scratch);
	bn_profile *p = finished(profiler_of(values, N));
	const bn_profile_column *c = &p->columns[0];
	ck_assert(c->quantiles_exact && c->distinct_exact && c->distinct > 5000);
	for (size_t i = 0; i < BN_PROFILE_QUANTILES; i++) { /* as numpy.quantile, linear */
		double at = (double)(N - 1) * (double)i / (BN_PROFILE_QUANTILES - 1);
		size_t low = (size_t)at, high = low + 1 < N ? low + 1 : low;
		double want = sorted[low] + (sorted[high] - sorted[low]) * (at - (double)low);
		assert_close("quantile", c->quantiles[i], want, 1e-15);
	}
	bn_profile_free(p);
}
END_TEST

/* Merging counts, sketches and both: rank errors stay within the bound that the sketch reports. */
START_TEST(test_quantiles_of_merged_profiles_keep_their_rank_error)
{
	enum { N = 400000 };
	static double values[N], sorted[N], scratch[N];
	static const size_t cuts[] = {3000, 12000, 200000, 388000, 397000};
	bn_err err = BN_ERR_INIT;
	bn_rng r;
	bn_rng_init(&r, 5, "merged", 0);
	for (size_t i = 0; i < N; i++) /* only the first and last values repeat */
		values[i] = sorted[i] = i < 12000 || i >= 388000 ? floor(bn_rng_uniform(&r) * 6000)
								 : bn_rng_uniform(&r) * 6000;
	bn_sort_doubles(sorted, N, scratch);
	for (size_t k = 0; k < sizeof cuts / sizeof *cuts; k++) {
		bn_profiler *left = profiler_of(values, cuts[k]);
		bn_profiler *right = profiler_of(values + cuts[k], N - cuts[k]);
		ck_assert_bn_ok(bn_profiler_merge(left, right, &err), &err);
		bn_profiler_free(right);
		bn_profile *p = finished(left);
		const bn_profile_column *c = &p->columns[0];
		ck_assert(!c->quantiles_exact);
		ck_assert_double_eq(c->quantiles[0], sorted[0]);
		ck_assert_double_eq(c->quantiles[BN_PROFILE_QUANTILES - 1], sorted[N - 1]);
		for (size_t i = 1; i + 1 < BN_PROFILE_QUANTILES; i++) {
			size_t below = 0;
			for (size_t half = N; half; half /= 2)
				while (below + half <= N &&
					sorted[below + half - 1] < c->quantiles[i])
					below += half;
			double p_found = (double)below / N,
			       p_want = (double)i / (BN_PROFILE_QUANTILES - 1);
			ck_assert_double_le(fabs(p_found - p_want), BN_QUANTILE_RANK_ERROR);
		}
		bn_profile_free(p);
	}
}
END_TEST

START_TEST(test_mean_of_whole_numbers_is_not_a_bit_off)
{
	bn_moments m = BN_MOMENTS_INIT;
	double values[1000];
	for (size_t i = 0; i < 1000; i++)
		values[i] = (double)(i % 3 + 1) + 1e15;
	bn_moments_add(&m, values, 999);
	ck_assert_double_eq(bn_moments_mean(&m), 1e15 + 2);
	assert_close("deviation", bn_moments_std(&m), sqrt(666.0 / 998), 1e-14);
	bn_moments equal = BN_MOMENTS_INIT;
	for (size_t i = 0; i < 1000; i++)
		values[i] = 0.1;
	for (size_t i = 0; i < 300; i++)
		bn_moments_add(&equal, values, i);
	ck_assert_double_eq(bn_moments_mean(&equal), 0.1);
	ck_assert_double_eq(bn_moments_std(&equal), 0);
	/* Integers beyond 2^53, in parts with different first values. */
	bn_moments parts[2] = {BN_MOMENTS_INIT, BN_MOMENTS_INIT};
	for (int64_t i = 0; i < 160; i++) {
		int64_t key = (INT64_C(1) << 60) + i / 20;
		bn_moments_add_ints(&parts[i >= 100], &(double){(double)key}, &key, 1, 0);
	}
	bn_moments_merge(&parts[0], &parts[1]);
	assert_close("deviation", bn_moments_std(&parts[0]), sqrt(840.0 / 159), 1e-14);
	ck_assert(parts[0].total == ((__int128)160 << 60) + 560);
	ck_assert_double_eq(bn_moments_mean(&parts[0]), 0x1p60);
	bn_moments wide = BN_MOMENTS_INIT;
	for (int i = 0; i < 3; i++) { /* uint64, by keys: 2^64 - 1, - 2, - 3 */
		int64_t key = INT64_MAX - i;
		bn_moments_add_ints(&wide, &(double){0x1p64}, &key, 1, UINT64_C(1) << 63);
	}
	ck_assert_double_eq(bn_moments_std(&wide), 1);
	ck_assert(wide.total == (((__int128)3) << 64) - 6);
	bn_moments great = BN_MOMENTS_INIT;
	for (size_t i = 0; i < 1000; i++)
		values[i] = 1e308;
	bn_moments_add(&great, values, 1000);
	assert_close("mean", bn_moments_mean(&great), 1e308, 1e-14);
	ck_assert(isinf(bn_moments_sum(&great)));
}
END_TEST

START_TEST(test_profile_of_nothing_says_nothing)
{
	bn_profile *p = finished(profiler_of(NULL, 0));
	const bn_profile_column *c = &p->columns[0];
	ck_assert_uint_eq(c->rows, 0);
	ck_assert(isnan(c->mean) && isnan(c->min) && isnan(c->std) && isnan(c->quantiles[50]));
	ck_assert(!c->constant && !c->increasing && c->hist_count == 0);
	ck_assert_ptr_null(c->min_text);
	bn_profile_free(p);
}
END_TEST

START_TEST(test_profile_keeps_infinities_as_values_and_the_mean_absent)
{
	const double values[] = {1, INFINITY, -INFINITY, 4, NAN};
	bn_profile *p = finished(profiler_of(values, 5));
	const bn_profile_column *c = &p->columns[0];
	ck_assert_uint_eq(c->missing, 1);
	ck_assert_uint_eq(c->infinities, 2);
	ck_assert_uint_eq(c->distinct, 4);
	ck_assert(isinf(c->min) && c->min < 0 && isinf(c->max));
	ck_assert(isnan(c->mean) && isnan(c->std));
	ck_assert_double_eq(c->hist_lo, 1);
	ck_assert_double_eq(c->hist_hi, 4);
	ck_assert_str_eq(c->min_text, "-inf");
	char *text = profile_text(p);
	ck_assert_ptr_nonnull(strstr(text, "\"max\":\"inf\""));
	bn_free(text);
	bn_profile_free(p);
}
END_TEST

START_TEST(test_profile_knows_constant_unique_and_rising_columns)
{
	enum { N = 30000 };
	static double values[N];
	for (size_t i = 0; i < N; i++)
		values[i] = 7;
	bn_profile *p = finished(profiler_of(values, N));
	ck_assert(p->columns[0].constant && p->columns[0].unique == BN_NO);
	ck_assert_double_eq(p->columns[0].std, 0);
	ck_assert_double_eq(p->columns[0].skew, 0);
	bn_profile_free(p);
	for (size_t i = 0; i < N; i++) /* too many for exact counts, but unique because it rises */
		values[i] = (double)i * 0.5;
	p = finished(profiler_of(values, N));
	ck_assert(p->columns[0].increasing && p->columns[0].unique == BN_YES);
	ck_assert_uint_eq(p->columns[0].distinct, N);
	bn_profile_free(p);
}
END_TEST

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	int order = (x > y) - (x < y); /* zeros with a sign first */
	return order ? order : (signbit(y) != 0) - (signbit(x) != 0);
}

/* Includes values that differ only in the lower bits, few and many. */
static double sortable(bn_rng *r, int kind, size_t i)
{
	double unit = bn_rng_uniform(r);
	switch (kind) {
	case 0:
		return (unit - 0.5) * 1e6;
	case 1:
		return (double)bn_rng_below(r, 9);
	case 2:
		return 1 + unit * 1e-9;
	case 3:
		return i % 3 ? 1e300 * unit : 1 + 1e-12 * unit;
	case 4:
		return i % 50 ? -unit : unit < 0.5 ? INFINITY : -INFINITY;
	case 5:
		return i % 3 ? copysign(0, unit - 0.5) : unit - 0.5;
	case 6:
		return exp(20 * unit) * (i % 2 ? 1 : -1); /* most values are unevenly spaced */
	case 7:
		return i ? unit * 0x1p-1060 : 1;
	default:
		return (double)(5000 - i);
	}
}

START_TEST(test_doubles_are_sorted_whatever_bits_tell_them_apart)
{
	static const size_t sizes[] = {0, 1, 2, 47, 48, 49, 1023, 1024, 1025, 4096, 5000};
	static double got[5000], want[5000], scratch[5000];
	bn_rng r;
	bn_rng_init(&r, 1, "sort", 0);
	for (int kind = 0; kind < 9; kind++)
		for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
			size_t n = sizes[s];
			for (size_t i = 0; i < n; i++)
				got[i] = want[i] = sortable(&r, kind, i);
			qsort(want, n, sizeof *want, by_value);
			bn_sort_doubles(got, n, scratch);
			ck_assert_mem_eq(got, want, n * sizeof *got);
		}
}
END_TEST

START_TEST(test_quantile_rank_error_is_what_it_says)
{
	enum { N = 1000000, PARTS = 7 };
	bn_err err = BN_ERR_INIT;
	bn_quantile all, parts[PARTS];
	bn_quantile_init(&all);
	for (size_t i = 0; i < PARTS; i++)
		bn_quantile_init(&parts[i]);
	/* a permutation of 0 .. N-1, so that ranks are known */
	for (uint64_t i = 0; i < N; i++) {
		double x = (double)(i * 387420489 % N);
		ck_assert_bn_ok(bn_quantile_add(&all, &x, 1, &err), &err);
		ck_assert_bn_ok(bn_quantile_add(&parts[i * PARTS / N], &x, 1, &err), &err);
	}
	for (size_t i = 1; i < PARTS; i++) {
		ck_assert_bn_ok(bn_quantile_merge(&parts[0], &parts[i], &err), &err);
		bn_quantile_release(&parts[i]);
	}
	ck_assert_bn_ok(bn_quantile_prepare(&all, &err), &err);
	ck_assert_bn_ok(bn_quantile_prepare(&parts[0], &err), &err);
	ck_assert_uint_eq(parts[0].n, N);
	double worst = 0, worst_merged = 0;
	for (int i = 1; i < 1000; i++) {
		double p = i / 1000.0;
		worst = fmax(worst, fabs(bn_quantile_at(&all, p) / N - p));
		worst_merged = fmax(worst_merged, fabs(bn_quantile_at(&parts[0], p) / N - p));
	}
	size_t kept = all.sorted_count;
	printf("NOTE: quantile sketch: %zu of 1000000 values kept, worst rank error %.3f %%, "
	       "merged "
	       "%.3f %%\n",
		kept, 100 * worst, 100 * worst_merged);
	ck_assert_double_le(worst, BN_QUANTILE_RANK_ERROR);
	ck_assert_double_le(worst_merged, BN_QUANTILE_RANK_ERROR);
	bn_quantile_release(&all);
	bn_quantile_release(&parts[0]);
}
END_TEST

START_TEST(test_tally_estimates_within_its_stated_error)
{
	bn_err err = BN_ERR_INIT;
	double worst = 0;
	for (uint64_t n = 20000; n <= 2000000; n *= 10) {
		bn_tally t;
		bn_tally_init(&t, false);
		for (uint64_t i = 0; i < n; i++)
			ck_assert_bn_ok(bn_tally_add_bits(&t, i * 977 + 5, 1, &err), &err);
		worst = fmax(worst, fabs((double)bn_tally_distinct(&t) / (double)n - 1));
		ck_assert(!t.has_top);
		bn_tally_release(&t);
	}
	printf("NOTE: distinct counts: worst relative error %.2f %%\n", 100 * worst);
	ck_assert_double_le(worst, 3 * BN_TALLY_DISTINCT_ERROR);
}
END_TEST

START_TEST(test_tally_finds_the_frequent_among_many)
{
	bn_err err = BN_ERR_INIT;
	bn_tally t;
	const bn_tally_slot *top[3];
	bn_tally_init(&t, true);
	char word[24];
	for (int i = 0; i < 200000; i++) {
		/* every third is "often", every fifth of the others "also" */
		int n = snprintf(word, sizeof word, "%s%d",
			i % 3 == 0    ? "often"
			: i % 15 == 1 ? "also"
				      : "rare",
			i % 3 == 0 || i % 15 == 1 ? 0 : i);
		ck_assert_bn_ok(bn_tally_add_text(&t, word, (size_t)n, 1, &err), &err);
	}
	/* more than half of the first values were distinct: exact counting stops */
	ck_assert(!t.exact);
	if (t.has_top) {
		ck_assert_uint_ge(bn_tally_top(&t, 3, NULL, top), 2);
		ck_assert_str_eq(top[0]->text, "often0");
		ck_assert_uint_le(top[0]->count, 66667);
		ck_assert_uint_ge(top[0]->count + t.purged, 66667);
	}
	bn_tally_release(&t);
}
END_TEST

START_TEST(test_profile_out_of_memory_is_an_error_at_every_allocation)
{
	bn_err err = BN_ERR_INIT;
	json_t *doc = NULL;
	ck_assert_bn_ok(bn_json_load(&doc, bn_env_real(), ORACLE, &err), &err);
	const json_t *cases = json_object_get(doc, "cases"), *words = json_object_get(doc, "words");
	char *path = test_path("m.arrow");
	long tried = 0;
	/* a float column with too many values for exact counts would take long; text and ints
	 * suffice */
	for (size_t i = 7; i < json_array_size(cases); i += 4) {
		write_column(path, json_array_get(cases, i), words);
		for (long n = 1;; n++, tried++) {
			bn_table_reader *t = NULL;
			bn_profile *p = NULL;
			err = (bn_err)BN_ERR_INIT;
			bn_alloc_fail_at(n);
			int rc = bn_table_open(&t, bn_env_real(), path, &err);
			if (!rc)
				rc = bn_profile_table(&p, t, 1, NULL, &err);
			bn_alloc_fail_at(0);
			bn_table_reader_free(t);
			if (!rc) {
				bn_profile_free(p);
				break;
			}
			ck_assert_int_eq(rc, BN_ENOMEM);
			ck_assert_int_eq(err.code, BN_ENOMEM);
		}
	}
	printf("NOTE: profiles: %ld failing allocations tried\n", tried);
	unlink(path);
	json_decref(doc);
}
END_TEST

typedef struct pieces {
	bn_buf text;
	int count, fail_at;
} pieces;

static int take_piece(void *ctx, const void *bytes, size_t n, bn_err *err)
{
	pieces *p = ctx;
	if (p->count++ == p->fail_at)
		return bn_err_set(err, BN_EIO, "the disk is full");
	bn_buf_add(&p->text, bytes, n);
	return 0;
}

/* More columns than one wave; values 0 to 19 in each. */
START_TEST(test_profile_of_many_columns_is_written_in_their_order)
{
	enum { COLUMNS = 9000, ROWS = 20 };
	bn_err err = BN_ERR_INIT;
	bn_schema s = BN_SCHEMA_INIT;
	bn_profiler *p = NULL;
	bn_profile *profile = NULL;
	json_t *doc = NULL;
	pieces whole = {BN_BUF_INIT, 0, -1}, broken = {BN_BUF_INIT, 0, 20};
	int64_t values[ROWS];
	char name[32];
	for (int i = 0; i < ROWS; i++)
		values[i] = i;
	for (int i = 0; i < COLUMNS; i++) {
		snprintf(name, sizeof name, "c%d", i);
		ck_assert_bn_ok(bn_schema_add(&s, name, BN_TYPE_INT64, true, NULL, &err), &err);
	}
	bn_alloc_fail_at(0); /* starts the count */
	ck_assert_bn_ok(bn_profiler_new(&p, &s, &err), &err);
	bn_column c = {.type = BN_TYPE_INT64, .rows = ROWS, .i64 = values};
	for (size_t i = 0; i < COLUMNS; i++)
		ck_assert_bn_ok(bn_profiler_add_column(p, i, &c, &err), &err);
	ck_assert_bn_ok(bn_profiler_finish(&profile, p, &err), &err);
	ck_assert_int_lt(bn_alloc_count(), 10 * COLUMNS);
	bn_profiler_free(p);
	ck_assert_bn_ok(bn_profile_write(take_piece, &whole, profile, &err), &err);
	ck_assert_bn_ok(bn_json_parse(&doc, whole.text.ptr, whole.text.len, "profile", &err), &err);
	const json_t *list = json_object_get(doc, "columns");
	ck_assert_uint_eq(json_array_size(list), COLUMNS);
	for (int i = 0; i < COLUMNS; i++) {
		snprintf(name, sizeof name, "c%d", i);
		ck_assert_str_eq(bn_json_str(json_array_get(list, (size_t)i), "name", ""), name);
	}
	bn_profile *again = NULL;
	bn_buf rewritten = BN_BUF_INIT;
	ck_assert_bn_ok(bn_profile_parse(&again, whole.text.ptr, whole.text.len, &err), &err);
	ck_assert_bn_ok(bn_profile_write_buf(&rewritten, again, &err), &err);
	ck_assert_str_eq(rewritten.ptr, whole.text.ptr);
	bn_buf_release(&rewritten);
	bn_profile_free(again);
	ck_assert_int_eq(bn_profile_write(take_piece, &broken, profile, &err), BN_EIO);
	ck_assert_str_eq(err.msg, "the disk is full");
	json_decref(doc);
	bn_buf_release(&whole.text);
	bn_buf_release(&broken.text);
	bn_profile_free(profile);
	bn_schema_release(&s);
}
END_TEST

BN_TEST_MAIN("core/profile/profile", test_profile_agrees_with_pandas_and_scipy,
	test_profile_survives_json, test_profile_json_of_another_shape_is_refused_with_the_place,
	test_profile_merged_equals_profile_of_the_whole,
	test_profile_does_not_depend_on_where_batches_end,
	test_quantiles_of_few_different_values_are_exact,
	test_quantiles_of_merged_profiles_keep_their_rank_error,
	test_mean_of_whole_numbers_is_not_a_bit_off, test_profile_of_nothing_says_nothing,
	test_profile_keeps_infinities_as_values_and_the_mean_absent,
	test_profile_knows_constant_unique_and_rising_columns,
	test_doubles_are_sorted_whatever_bits_tell_them_apart,
	test_quantile_rank_error_is_what_it_says, test_tally_estimates_within_its_stated_error,
	test_tally_finds_the_frequent_among_many,
	test_profile_of_many_columns_is_written_in_their_order,
	test_profile_out_of_memory_is_an_error_at_every_allocation)
