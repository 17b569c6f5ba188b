/* Philox against the known answers of Random123, and the distributions built on it. */
#include "core/base/rng.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <string.h>

/* Random123 1.14, tests/kat_vectors, the lines "philox4x32 10". */
START_TEST(test_philox_gives_the_known_answers_of_random123)
{
	static const struct {
		uint32_t counter[4], key[2], want[4];
	} kat[] = {
		{{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff},
			{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0},
			{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	};
	for (size_t i = 0; i < sizeof kat / sizeof *kat; i++) {
		uint32_t got[4];
		bn_philox4x32(got, kat[i].counter, kat[i].key);
		ck_assert_mem_eq(got, kat[i].want, sizeof got);
	}
}
END_TEST

START_TEST(test_a_stream_depends_on_seed_purpose_and_index_alone)
{
	bn_rng a, b;
	bn_rng_init(&a, 42, "shuffle", 7);
	bn_rng_init(&b, 42, "shuffle", 7);
	for (int i = 0; i < 100; i++)
		ck_assert_uint_eq(bn_rng_u32(&a), bn_rng_u32(&b));
	uint64_t first[4];
	const struct {
		uint64_t seed;
		const char *purpose;
		uint64_t index;
	} streams[] = {{42, "shuffle", 7}, {43, "shuffle", 7}, {42, "init", 7}, {42, "shuffle", 8}};
	for (size_t i = 0; i < 4; i++) {
		bn_rng_init(&a, streams[i].seed, streams[i].purpose, streams[i].index);
		first[i] = bn_rng_u64(&a);
		for (size_t j = 0; j < i; j++)
			ck_assert_uint_ne(first[i], first[j]);
	}
}
END_TEST

START_TEST(test_uniform_and_normal_have_their_moments)
{
	enum { N = 200000 };
	bn_rng r;
	double u = 0, u2 = 0, z = 0, z2 = 0, z4 = 0;
	bn_rng_init(&r, 1, "moments", 0);
	for (int i = 0; i < N; i++) {
		double v = bn_rng_uniform(&r);
		ck_assert(v >= 0 && v < 1);
		u += v;
		u2 += v * v;
	}
	for (int i = 0; i < N; i++) {
		double v = bn_rng_normal(&r);
		ck_assert(isfinite(v));
		z += v;
		z2 += v * v;
		z4 += v * v * v * v;
	}
	ck_assert_double_eq_tol(u / N, 0.5, 0.005);
	ck_assert_double_eq_tol(u2 / N, 1.0 / 3, 0.005);
	ck_assert_double_eq_tol(z / N, 0, 0.01);
	ck_assert_double_eq_tol(z2 / N, 1, 0.02);
	ck_assert_double_eq_tol(z4 / N, 3, 0.1);
}
END_TEST

START_TEST(test_below_is_in_range_and_even)
{
	bn_rng r;
	int count[7] = {0};
	bn_rng_init(&r, 1, "below", 0);
	for (int i = 0; i < 70000; i++)
		count[bn_rng_below(&r, 7)]++;
	for (int i = 0; i < 7; i++)
		ck_assert_int_lt(abs(count[i] - 10000), 500);
	ck_assert_uint_eq(bn_rng_below(&r, 1), 0);
	ck_assert_uint_lt(bn_rng_below(&r, 1ull << 63 | 1), 1ull << 63 | 1);
}
END_TEST

START_TEST(test_a_permutation_holds_every_number_once)
{
	enum { N = 1000 };
	uint32_t p[N];
	char seen[N] = {0};
	int moved = 0;
	bn_rng r;
	bn_rng_init(&r, 1, "permutation", 0);
	bn_rng_permutation(&r, p, N);
	for (uint32_t i = 0; i < N; i++) {
		ck_assert_uint_lt(p[i], N);
		ck_assert_int_eq(seen[p[i]]++, 0);
		moved += p[i] != i;
	}
	ck_assert_int_gt(moved, N - 20);
	bn_rng_permutation(&r, p, 0);
	bn_rng_permutation(&r, p, 1);
	ck_assert_uint_eq(p[0], 0);
}
END_TEST

BN_TEST_MAIN("core/base/rng", test_philox_gives_the_known_answers_of_random123,
	test_a_stream_depends_on_seed_purpose_and_index_alone,
	test_uniform_and_normal_have_their_moments, test_below_is_in_range_and_even,
	test_a_permutation_holds_every_number_once)
