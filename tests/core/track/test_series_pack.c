/* Summaries of series: equal in any order of arrival, exact sums, and blocks that unpack to the same. */
#include "core/track/series_pack.h"

#include "core/base/mem.h"
#include "core/base/rng.h"
#include "tests/support/check_main.h"

#include <float.h>
#include <math.h>
#include <string.h>

static bn_err err = BN_ERR_INIT;

static double sum_of(const double *x, size_t n)
{
	bn_exact_sum s = {.above = 0};
	for (size_t i = 0; i < n; i++)
		bn_exact_sum_add(&s, x[i]);
	return bn_exact_sum_mean(&s, 1);
}

START_TEST(test_exact_sum_is_the_rounded_sum)
{
	ck_assert_double_eq(sum_of((double[]){0.1, 0.2, -0.1, -0.2}, 4), 0);
	ck_assert_double_eq(sum_of((double[]){1e308, 1e308, -1e308}, 3), 1e308);
	ck_assert_double_eq(sum_of((double[]){1e308, 1e308}, 2), (double)INFINITY);
	ck_assert_double_eq(sum_of((double[]){1, 1e100, 1, -1e100}, 4), 2);
	ck_assert_double_eq(sum_of((double[]){5e-324, 5e-324}, 2), 1e-323);
	ck_assert_double_eq(sum_of((double[]){-5e-324, DBL_MIN}, 2), DBL_MIN - 5e-324);
	ck_assert_double_eq(sum_of((double[]){-1e-300, -2.5}, 2), -2.5);
	/* Ties to even, unless a much lower bit decides. */
	ck_assert_double_eq(sum_of((double[]){0x1p53, 1}, 2), 0x1p53);
	ck_assert_double_eq(sum_of((double[]){0x1p53, 1, 0x1p-900}, 3), 0x1p53 + 2);
	ck_assert_double_eq(sum_of((double[]){(double)INFINITY, 1}, 2), (double)INFINITY);
	ck_assert(isnan(sum_of((double[]){(double)INFINITY, -(double)INFINITY}, 2)));
	bn_exact_sum s = {.above = 0};
	bn_exact_sum_add(&s, 1e308);
	bn_exact_sum_add(&s, 1e308);
	ck_assert_double_eq(bn_exact_sum_mean(&s, 2), 1e308);
	ck_assert(isnan(bn_exact_sum_mean(&s, 0)));
}
END_TEST

static double random_double(bn_rng *rng)
{
	uint64_t bits = bn_rng_u64(rng);
	double x;
	memcpy(&x, &bits, sizeof x);
	return isfinite(x) ? x : 0.25;
}

START_TEST(test_exact_sum_depends_on_no_order_and_packs)
{
	enum { N = 200 };
	bn_rng rng;
	bn_rng_init(&rng, 7, "test", 0);
	for (int round = 0; round < 300; round++) {
		double x[N];
		bn_exact_sum all = {.above = 0}, half[2] = {{.above = 0}, {.above = 0}}, back;
		for (int i = 0; i < N; i++) {
			x[i] = round % 2 ? random_double(&rng)
					 : (double)(int64_t)bn_rng_u64(&rng) * 1e-20;
			bn_exact_sum_add(&all, x[i]);
		}
		for (int i = N - 1; i >= 0; i--)
			bn_exact_sum_add(&half[bn_rng_u64(&rng) & 1], x[i]);
		bn_exact_sum_join(&half[0], &half[1]);
		ck_assert_mem_eq(&all, &half[0], sizeof all);
		bn_buf b = BN_BUF_INIT;
		bn_exact_sum_put(&b, &all);
		bn_cursor c = {(unsigned char *)b.ptr, (unsigned char *)b.ptr + b.len, false};
		bn_exact_sum_get(&back, &c);
		ck_assert(!c.bad && c.at == c.end);
		ck_assert_mem_eq(&all, &back, sizeof all);
		/* Subtracting all values gives zero. */
		for (int i = 0; i < N; i++)
			bn_exact_sum_add(&back, -x[i]);
		ck_assert_double_eq(bn_exact_sum_mean(&back, 1), 0);
		if (round % 2 == 0)
			ck_assert_uint_le(b.len, 20);
		bn_buf_release(&b);
	}
}
END_TEST

static bn_metric_series series_of(int64_t *step, int64_t *ms, double *value, size_t n)
{
	return (bn_metric_series){NULL, step, ms, value, n, n};
}

START_TEST(test_series_summaries_are_the_same_in_any_order)
{
	enum { N = 60 };
	static const double odd[] = {0.0, -0.0, 1, -1, 1e308, 0.1};
	bn_rng rng;
	bn_rng_init(&rng, 3, "test", 0);
	for (int round = 0; round < 400; round++) {
		int64_t step[N], ms[N];
		double value[N];
		bn_series_summary first;
		for (int i = 0; i < N; i++) {
			step[i] = (int64_t)(bn_rng_u64(&rng) % 9) - 4;
			ms[i] = (int64_t)(bn_rng_u64(&rng) % 5);
			value[i] =
				bn_rng_u64(&rng) % 7 == 0 ? (double)NAN : odd[bn_rng_u64(&rng) % 6];
		}
		for (int order = 0; order < 4; order++) {
			bn_series_summary s = {.points = 0}, part;
			for (size_t i = N - 1; order && i > 0; i--) {
				size_t k = bn_rng_u64(&rng) % (i + 1);
				int64_t a = step[i], b = ms[i];
				double v = value[i];
				step[i] = step[k], ms[i] = ms[k], value[i] = value[k];
				step[k] = a, ms[k] = b, value[k] = v;
			}
			for (size_t at = 0, n; at < N; at += n) {
				n = 1 + bn_rng_u64(&rng) % 5;
				n = n < N - at ? n : N - at;
				bn_metric_series m = series_of(step + at, ms + at, value + at, n);
				bn_series_summarise(&part, &m);
				if (at == 0)
					s = part;
				else
					bn_series_summary_join(&s, &part);
			}
			if (order == 0)
				first = s;
			ck_assert_int_eq(s.points, N);
			ck_assert_int_eq(s.nans, first.nans);
			ck_assert_mem_eq(&s.sum, &first.sum, sizeof s.sum);
			ck_assert_int_eq(s.first.step, first.first.step);
			ck_assert_int_eq(s.last.time_ms, first.last.time_ms);
			ck_assert(s.first.value == first.first.value || isnan(s.first.value));
			ck_assert_int_eq(
				signbit(s.last.value) != 0, signbit(first.last.value) != 0);
			ck_assert_double_eq(s.min, first.min);
			ck_assert_int_eq(s.min_step, first.min_step);
			ck_assert_int_eq(s.max_step, first.max_step);
			ck_assert_int_eq(s.max_ms, first.max_ms);
		}
	}
}
END_TEST

static void fill(bn_series_summaries *l)
{
	static double values[] = {1, 2, -3.5};
	static int64_t steps[] = {INT64_MIN, 0, INT64_MAX}, times[] = {5, 1790000000000, -7};
	static double nans[] = {(double)NAN, (double)NAN};
	bn_metric_series many = series_of(steps, times, values, 3);
	bn_metric_series one = series_of(steps + 1, times + 1, values + 2, 1);
	bn_metric_series none = series_of(steps, times, nans, 2);
	bool found;
	for (int64_t key = 0; key < 300; key += 3) {
		size_t at = bn_series_place(l, key, &found);
		ck_assert(!found);
		bn_series_summary *s = bn_series_insert(l, at);
		ck_assert_ptr_nonnull(s);
		bn_series_summarise(s, key % 2 ? &many : key % 4 ? &none : &one);
		s->key = key;
		s->loose = key % 4 == 0 && key % 2 == 0;
	}
}

START_TEST(test_series_pack_comes_back_and_one_point_takes_14_bytes)
{
	bn_series_summaries l = {NULL, 0, 0}, back = {NULL, 0, 0};
	bn_buf b = BN_BUF_INIT, again = BN_BUF_INIT;
	fill(&l);
	ck_assert_bn_ok(bn_series_pack(&b, &l, &err), &err);
	ck_assert_bn_ok(bn_series_unpack(&back, b.ptr, b.len, &err), &err);
	ck_assert_uint_eq(back.count, l.count);
	for (size_t i = 0; i < l.count; i++) {
		ck_assert_int_eq(back.items[i].key, l.items[i].key);
		ck_assert_int_eq(back.items[i].points, l.items[i].points);
		ck_assert_int_eq(back.items[i].loose, l.items[i].loose);
		ck_assert_int_eq(back.items[i].last.step, l.items[i].last.step);
		double a = bn_series_mean(&back.items[i]), c = bn_series_mean(&l.items[i]);
		ck_assert(a == c || (isnan(a) && isnan(c)));
	}
	ck_assert_bn_ok(bn_series_pack(&again, &back, &err), &err);
	ck_assert_uint_eq(again.len, b.len);
	ck_assert_mem_eq(again.ptr, b.ptr, b.len);
	l.count = 0;
	int64_t step = 1000, ms = 1790000000000;
	double value = 0.1;
	bn_metric_series one = series_of(&step, &ms, &value, 1);
	for (int64_t key = 100; key < 120; key++) {
		bn_series_summary *s = bn_series_insert(&l, l.count);
		bn_series_summarise(s, &one);
		s->key = key;
	}
	bn_buf_clear(&b);
	ck_assert_bn_ok(bn_series_pack(&b, &l, &err), &err);
	ck_assert_uint_le(b.len, 20 * 14);
	bn_free(l.items);
	bn_free(back.items);
	bn_buf_release(&b);
	bn_buf_release(&again);
}
END_TEST

START_TEST(test_series_unpack_refuses_every_cut)
{
	bn_series_summaries l = {NULL, 0, 0}, back = {NULL, 0, 0};
	bn_buf b = BN_BUF_INIT;
	fill(&l);
	ck_assert_bn_ok(bn_series_pack(&b, &l, &err), &err);
	for (size_t n = 0; n < b.len; n++)
		ck_assert_int_eq(bn_series_unpack(&back, b.ptr, n, NULL), BN_ECORRUPT);
	bn_buf_addch(&b, 'x');
	ck_assert_int_eq(bn_series_unpack(&back, b.ptr, b.len, NULL), BN_ECORRUPT);
	bn_free(l.items);
	bn_free(back.items);
	bn_buf_release(&b);
}
END_TEST

BN_TEST_MAIN("core/track/series_pack", test_exact_sum_is_the_rounded_sum,
	test_exact_sum_depends_on_no_order_and_packs,
	test_series_summaries_are_the_same_in_any_order,
	test_series_pack_comes_back_and_one_point_takes_14_bytes,
	test_series_unpack_refuses_every_cut)
