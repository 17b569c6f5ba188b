/* Metric chunks: points are restored to the bit, damage is detected. */
#include "core/base/rng.h"
#include "core/run/metric_chunk.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <string.h>

static bn_err err = BN_ERR_INIT;

static void fill(bn_metric_set *s)
{
	bn_rng rng;
	bn_rng_init(&rng, 3, "test", 0);
	for (int i = 0; i < 5000; i++) {
		bn_metric_set_add(s, "loss", i, 1700000000000 + i * 37, 1.0 / (i + 1));
		bn_metric_set_add(s, "noise/a.b", (int64_t)bn_rng_u64(&rng),
			(int64_t)bn_rng_u64(&rng), bn_rng_normal(&rng));
	}
	bn_metric_set_add(s, "odd", INT64_MIN, INT64_MAX, (double)NAN);
	bn_metric_set_add(s, "odd", INT64_MAX, INT64_MIN, (double)INFINITY);
	bn_metric_set_add(s, "odd", 0, 0, -0.0);
	bn_metric_set_add(s, "odd", -1, -1, 5e-324);
}

START_TEST(test_metric_chunk_gives_back_every_bit)
{
	bn_metric_set in = BN_METRIC_SET_INIT, out;
	bn_buf b = BN_BUF_INIT, again = BN_BUF_INIT;
	fill(&in);
	ck_assert_bn_ok(bn_metric_chunk_write(&b, &in, &err), &err);
	ck_assert_bn_ok(bn_metric_chunk_write(&again, &in, &err), &err);
	ck_assert(b.len == again.len && !memcmp(b.ptr, again.ptr, b.len));
	ck_assert_bn_ok(bn_metric_chunk_read(&out, b.ptr, b.len, &err), &err);
	ck_assert_uint_eq(out.count, in.count);
	ck_assert_uint_eq(out.points, in.points);
	for (size_t i = 0; i < in.count; i++) {
		const bn_metric_series *x = &in.items[i], *y = &out.items[i];
		ck_assert_str_eq(x->key, y->key);
		ck_assert_uint_eq(x->count, y->count);
		ck_assert(!memcmp(x->step, y->step, x->count * sizeof *x->step));
		ck_assert(!memcmp(x->time_ms, y->time_ms, x->count * sizeof *x->time_ms));
		ck_assert(!memcmp(x->value, y->value, x->count * sizeof *x->value));
	}
	bn_metric_set_release(&in);
	bn_metric_set_release(&out);
	bn_buf_release(&b);
	bn_buf_release(&again);
}
END_TEST

/* One series of a block, as it is when all are read. */
START_TEST(test_metric_chunk_finds_one_series)
{
	bn_metric_set in = BN_METRIC_SET_INIT;
	const bn_metric_set *out;
	bn_metric_reader *r = NULL;
	bn_buf b = BN_BUF_INIT;
	fill(&in);
	ck_assert_bn_ok(bn_metric_chunk_write(&b, &in, &err), &err);
	ck_assert_bn_ok(bn_metric_reader_new(&r, &err), &err);
	for (size_t i = 0; i < 3 * in.count; i++) { /* a reader is used again */
		const bn_metric_series *x = &in.items[i % in.count];
		ck_assert_bn_ok(bn_metric_reader_find(r, &out, x->key, b.ptr, b.len, &err), &err);
		ck_assert_uint_eq(out->count, 1);
		ck_assert_uint_eq(out->points, x->count);
		const bn_metric_series *y = &out->items[0];
		ck_assert_str_eq(x->key, y->key);
		ck_assert_uint_eq(x->count, y->count);
		ck_assert(!memcmp(x->step, y->step, x->count * sizeof *x->step));
		ck_assert(!memcmp(x->time_ms, y->time_ms, x->count * sizeof *x->time_ms));
		ck_assert(!memcmp(x->value, y->value, x->count * sizeof *x->value));
	}
	ck_assert_bn_ok(bn_metric_reader_find(r, &out, "los", b.ptr, b.len, &err), &err);
	ck_assert_uint_eq(out->count, 0);
	ck_assert_bn_ok(bn_metric_reader_read(r, &out, b.ptr, b.len, &err), &err);
	ck_assert_uint_eq(out->count, in.count);
	ck_assert_int_eq(bn_metric_reader_find(r, &out, "loss", b.ptr, b.len - 1, NULL), BN_ECORRUPT);
	bn_metric_reader_free(r);
	bn_metric_set_release(&in);
	bn_buf_release(&b);
}
END_TEST

START_TEST(test_metric_chunk_of_a_smooth_loss_is_small)
{
	bn_metric_set in = BN_METRIC_SET_INIT;
	bn_buf b = BN_BUF_INIT;
	for (int i = 0; i < 4096; i++)
		bn_metric_set_add(&in, "loss", i, 1700000000000 + i * 100, exp(-i / 1000.0));
	ck_assert_bn_ok(bn_metric_chunk_write(&b, &in, &err), &err);
	printf("NOTE: a point of a smooth loss takes %.1f bytes of 24\n", (double)b.len / 4096);
	bn_metric_set_release(&in);
	bn_buf_release(&b);
}
END_TEST

START_TEST(test_metric_chunk_notices_damage_at_every_byte_it_can)
{
	bn_metric_set in = BN_METRIC_SET_INIT, out;
	bn_buf b = BN_BUF_INIT;
	for (int i = 0; i < 50; i++)
		bn_metric_set_add(&in, "loss", i, i, i * 0.1);
	ck_assert_bn_ok(bn_metric_chunk_write(&b, &in, &err), &err);
	for (size_t n = 0; n < b.len; n++)
		ck_assert_int_eq(bn_metric_chunk_read(&out, b.ptr, n, NULL), BN_ECORRUPT);
	/* A chunk with a flipped bit may be a valid chunk of other numbers (the log's CRC detects
	 * that), but must not be read beyond its bounds. */
	for (size_t i = 0; i < b.len * 8; i++) {
		b.ptr[i / 8] = (char)(b.ptr[i / 8] ^ 1 << i % 8);
		if (bn_metric_chunk_read(&out, b.ptr, b.len, NULL) == 0)
			bn_metric_set_release(&out);
		b.ptr[i / 8] = (char)(b.ptr[i / 8] ^ 1 << i % 8);
	}
	bn_metric_set_release(&in);
	bn_buf_release(&b);
}
END_TEST

START_TEST(test_metric_chunk_without_points_is_valid_and_empty)
{
	bn_metric_set in = BN_METRIC_SET_INIT, out;
	bn_buf b = BN_BUF_INIT;
	ck_assert_bn_ok(bn_metric_chunk_write(&b, &in, &err), &err);
	ck_assert_bn_ok(bn_metric_chunk_read(&out, b.ptr, b.len, &err), &err);
	ck_assert_uint_eq(out.points, 0);
	bn_metric_set_release(&out);
	bn_buf_release(&b);
}
END_TEST

BN_TEST_MAIN("core/run/metric_chunk", test_metric_chunk_gives_back_every_bit,
	test_metric_chunk_finds_one_series,
	test_metric_chunk_of_a_smooth_loss_is_small,
	test_metric_chunk_notices_damage_at_every_byte_it_can,
	test_metric_chunk_without_points_is_valid_and_empty)
