/* Kolmogorov-Smirnov and Wasserstein by cells: the same results as by sorting, for samples of every kind. */
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/monitor/_cells.h"
#include "tests/support/check_main.h"

#include <math.h>

enum { KINDS = 10, MOST = 30000 };

static double a[MOST], b[MOST];

/* Values of side `which`: the sides have slightly different distributions. */
static void fill(double *out, size_t n, int kind, int which, bn_rng *r)
{
	for (size_t i = 0; i < n; i++) {
		double z = bn_rng_normal(r), u = bn_rng_uniform(r), s = which * 0.02;
		switch (kind) {
		case 0:
			out[i] = z + s;
			break;
		case 1: /* many equal values */
			out[i] = floor(40 * (u + s));
			break;
		case 2: /* like prices */
			out[i] = floor(100 * exp(z + s)) / 100;
			break;
		case 3: /* a long tail: most values are in one cell */
			out[i] = pow(u + 1e-12, -2 - s);
			break;
		case 4: /* two distant clusters */
			out[i] = u < 0.5 + s ? z : 1e9 + z;
			break;
		case 5: /* a small deviation around a large mean */
			out[i] = 1e15 + 1000 * (u + s);
			break;
		case 6: /* disjoint sides */
			out[i] = u + 2 * which;
			break;
		case 7: /* equal values on both sides */
			out[i] = (double)(i % 977);
			break;
		case 8: /* values that are left out, and both zeros */
			out[i] = i % 7 == 0    ? NAN
				 : i % 11 == 0 ? -INFINITY
				 : i % 3       ? -0.0 * z
					       : z * u;
			break;
		default: /* a large range */
			out[i] = (z + s) * 1e150;
			break;
		}
	}
}

START_TEST(test_cells_give_what_sorting_gives)
{
	double worst = 0;
	int measured = 0;
	for (int kind = 0; kind < KINDS; kind++)
		for (int round = 0; round < 6; round++) {
			bn_rng r;
			bn_range p, q;
			bn_err err = BN_ERR_INIT;
			bn_sample x = BN_SAMPLE_INIT, y = BN_SAMPLE_INIT;
			double ks, area;
			bn_rng_init(&r, (uint64_t)kind, "cells", (uint64_t)round);
			size_t n = 6000 + bn_rng_u32(&r) % (MOST - 6000), m = round == 0 ? 1 : n;
			m = round == 1 ? 7000 : m;
			fill(a, n, kind, 0, &r);
			fill(b, m, kind, 1, &r);
			bn_range_of(&p, a, n);
			bn_range_of(&q, b, m);
			if (!bn_cells_fit(&p, &q))
				continue;
			ck_assert_bn_ok(bn_sample_make(&x, a, n, &err), &err);
			ck_assert_bn_ok(bn_sample_make(&y, b, m, &err), &err);
			ck_assert_bn_ok(
				bn_cells_measure(&ks, &area, a, n, &p, b, m, &q, &err), &err);
			ck_assert_msg(ks == bn_sample_ks(&x, &y),
				"kind %d, round %d: %.17g is not %.17g", kind, round, ks,
				bn_sample_ks(&x, &y));
			double want = bn_sample_wasserstein(&x, &y), off = fabs(area - want);
			/* If nearly all values are equal, the difference is rounding of the range. */
			double range = fmax(p.high, q.high) - fmin(p.low, q.low);
			ck_assert_msg(off <= 1e-11 * want + 1e-14 * range,
				"kind %d, round %d: %.17g is not %.17g", kind, round, area, want);
			worst = want > 1e-6 * range ? fmax(worst, off / want) : worst;
			measured++;
			bn_sample_release(&x);
			bn_sample_release(&y);
		}
	printf("NOTE: %d pairs of samples, Wasserstein within %.1e\n", measured, worst);
	ck_assert_int_ge(measured, 50);
}
END_TEST

START_TEST(test_ranges_without_a_width_are_left_to_sorting)
{
	bn_range p, q;
	for (size_t i = 0; i < MOST; i++)
		a[i] = b[i] = 3;
	bn_range_of(&p, a, MOST);
	ck_assert(!bn_cells_fit(&p, &p)); /* a single value */
	b[0] = 1e308, b[1] = -1e308;
	bn_range_of(&q, b, MOST);
	ck_assert(!bn_cells_fit(&p, &q)); /* wider than the range of doubles */
	b[0] = 3, b[1] = nextafter(0, 1);
	for (size_t i = 2; i < MOST; i++)
		b[i] = 0;
	b[0] = 0;
	bn_range_of(&q, b, MOST);
	ck_assert(!bn_cells_fit(&q, &q)); /* cells narrower than the smallest number */
	bn_range_of(&p, a, 10);
	ck_assert(!bn_cells_fit(&p, &p)); /* too few values */
}
END_TEST

BN_TEST_MAIN("core/monitor/cells", test_cells_give_what_sorting_gives,
	test_ranges_without_a_width_are_left_to_sorting)
