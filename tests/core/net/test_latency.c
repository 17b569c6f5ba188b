/* Times of requests: every one is in a bucket, lines are as Prometheus reads them, percentiles are near the truth. */
#include "core/base/rng.h"
#include "core/net/latency.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

START_TEST(test_latency_counts_every_request_once)
{
	static const int64_t ns[] = {-5, 0, 50000, 50001, 100000, 999999, INT64_C(10000000000),
		INT64_C(10000000001), INT64_MAX / 4};
	static bn_latency a, b;
	const bn_latency *both[] = {&a, &b};
	bn_buf out = BN_BUF_INIT;
	for (size_t i = 0; i < sizeof ns / sizeof *ns; i++)
		bn_latency_count(i % 2 ? &a : &b, ns[i]);
	ck_assert_uint_eq(bn_latency_total(&a) + bn_latency_total(&b), sizeof ns / sizeof *ns);
	bn_latency_write(&out, "took", "route=\"x\"", both, 2);
	/* At most the edge, not below it. */
	ck_assert_ptr_nonnull(strstr(out.ptr, "took_bucket{route=\"x\",le=\"5e-05\"} 3\n"));
	ck_assert_ptr_nonnull(strstr(out.ptr, "took_bucket{route=\"x\",le=\"0.0001\"} 5\n"));
	ck_assert_ptr_nonnull(strstr(out.ptr, "took_bucket{route=\"x\",le=\"10\"} 7\n"));
	ck_assert_ptr_nonnull(strstr(out.ptr, "took_bucket{route=\"x\",le=\"+Inf\"} 9\n"));
	ck_assert_ptr_nonnull(strstr(out.ptr, "took_count{route=\"x\"} 9\n"));
	bn_buf_clear(&out);
	bn_latency_write(&out, "took", "", both, 1);
	ck_assert_ptr_nonnull(strstr(out.ptr, "took_bucket{le=\"+Inf\"} 4\n"));
	ck_assert_ptr_nonnull(strstr(out.ptr, "\ntook_count 4\n"));
	ck_assert_ptr_nonnull(strstr(out.ptr, "\ntook_sum "));
	bn_buf_release(&out);
}
END_TEST

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

START_TEST(test_percentiles_are_at_most_9_percent_above)
{
	enum { N = 5000 };
	static const double shares[] = {0.01, 0.5, 0.95, 0.99, 1};
	static bn_percentiles p;
	int64_t ns[N];
	bn_rng rng;
	bn_rng_init(&rng, 11, "latency", 0);
	ck_assert(isnan(bn_percentiles_get(&p, 0.5)));
	for (int i = 0; i < N; i++) {
		ns[i] = (int64_t)(1e5 * exp(2 * bn_rng_normal(&rng)));
		bn_percentiles_count(&p, ns[i]);
	}
	qsort(ns, N, sizeof *ns, by_size);
	for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
		double is = 1e9 * bn_percentiles_get(&p, shares[i]);
		double exact = (double)ns[(int)ceil(shares[i] * N) - 1];
		ck_assert_double_ge(is, exact < 1000 ? exact : exact * (1 - 1e-12));
		ck_assert_double_le(is, exact < 1000 ? 1000 : exact * 1.0906);
	}
}
END_TEST

BN_TEST_MAIN("core/net/latency", test_latency_counts_every_request_once,
	test_percentiles_are_at_most_9_percent_above)
