/* The generator: deterministic, marked as synthetic, close to the machine it imitates, and with
 * something to learn. */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/data/generate.h"
#include "core/profile/profiler.h"
#include "core/data/split.h"
#include "core/profile/tally.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

static char *test_path(const char *name)
{
	static char paths[4][128];
	static int next;
	char *path = paths[next++ & 3];
	snprintf(path, 128, "/tmp/bn-generate-%ld-%s", (long)getpid(), name);
	return path;
}

static void generate(const char *path, uint64_t rows, uint64_t seed, double drift)
{
	bn_err err = BN_ERR_INIT;
	bn_generate_options o = {.rows = rows, .seed = seed, .drift = drift};
	ck_assert_bn_ok(bn_generate_jobs(bn_env_real(), NULL, path, &o, &err), &err);
}

static bn_table_reader *open_table(const char *path)
{
	bn_err err = BN_ERR_INIT;
	bn_table_reader *t = NULL;
	ck_assert_bn_ok(bn_table_open(&t, bn_env_real(), path, &err), &err);
	return t;
}

START_TEST(test_generate_gives_the_same_bytes_for_the_same_seed)
{
	bn_err err = BN_ERR_INIT;
	char a[65], b[65], c[65], *path = test_path("same");
	generate(path, 3000, 42, 0.4);
	ck_assert_bn_ok(bn_sha256_file(bn_env_real(), path, a, NULL, &err), &err);
	generate(path, 3000, 42, 0.4);
	ck_assert_bn_ok(bn_sha256_file(bn_env_real(), path, b, NULL, &err), &err);
	generate(path, 3000, 43, 0.4);
	ck_assert_bn_ok(bn_sha256_file(bn_env_real(), path, c, NULL, &err), &err);
	ck_assert_str_eq(a, b);
	ck_assert_str_ne(a, c);
	unlink(path);
}
END_TEST

START_TEST(test_generate_says_that_it_is_synthetic)
{
	char *path = test_path("meta");
	generate(path, 10, 1, 0);
	bn_table_reader *t = open_table(path);
	const bn_schema *s = bn_table_schema(t);
	ck_assert_str_eq(bn_schema_get_meta(s, "synthetic"), "true");
	ck_assert_ptr_nonnull(strstr(bn_schema_get_meta(s, "source"), "Apache-2.0"));
	ck_assert_uint_eq(bn_table_rows(t), 10);
	bn_table_reader_free(t);
	unlink(path);
}
END_TEST

static bn_profile *profile_of(const char *path)
{
	bn_err err = BN_ERR_INIT;
	bn_profile *p = NULL;
	bn_table_reader *t = open_table(path);
	ck_assert_bn_ok(bn_profile_table(&p, t, 2, NULL, &err), &err);
	bn_table_reader_free(t);
	return p;
}

START_TEST(test_generate_stays_near_the_machine_and_drift_moves_it)
{
	char *path = test_path("levels");
	generate(path, 20000, 7, 0);
	bn_profile *p = profile_of(path);
	const bn_profile_column *power = bn_profile_find(p, "node_power_consumption");
	const bn_profile_column *ambient = bn_profile_find(p, "ambient");
	const bn_profile_column *failed = bn_profile_find(p, "failed");
	const bn_profile_column *submit = bn_profile_find(p, "submit_time");
	double median = power->quantiles[50], room = ambient->mean;
	printf("NOTE: generated jobs: node power %.0f .. %.0f W, median %.0f W, %.1f %% failed\n",
		power->min, power->max, median, 100 * failed->mean);
	ck_assert(median > 550 && median < 1000); /* Marconi100: 644 W, most nodes are idle */
	ck_assert(power->min >= 260 && power->max <= 2300);
	ck_assert(power->missing > 0 && power->missing < power->rows / 5);
	ck_assert(failed->mean > 0.08 && failed->mean < 0.45);
	ck_assert(submit->increasing); /* suitable for a temporal split */
	ck_assert_uint_ge(bn_profile_find(p, "job_state")->distinct, 5);
	bn_profile_free(p);
	generate(path, 20000, 7, 1);
	p = profile_of(path);
	ck_assert_double_gt(
		bn_profile_find(p, "node_power_consumption")->quantiles[50], median + 60);
	ck_assert_double_gt(bn_profile_find(p, "ambient")->mean, room + 2);
	bn_profile_free(p);
	unlink(path);
}
END_TEST

START_TEST(test_generate_refuses_a_drift_out_of_range)
{
	bn_err err = BN_ERR_INIT;
	bn_generate_options o = {.rows = 1, .seed = 1, .drift = 3};
	ck_assert_int_eq(
		bn_generate_jobs(bn_env_real(), NULL, test_path("x"), &o, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "0 .. 2"));
}
END_TEST

/* ---- splits, on the same table ------------------------------------------------------------- */

static uint8_t *assign(bn_table_reader *t, bn_split_kind kind, const char *column, uint64_t seed)
{
	bn_err err = BN_ERR_INIT;
	uint8_t *part_of = NULL;
	bn_split_options o = {.seed = seed};
	ck_assert_bn_ok(bn_split_parts_parse(&o, "train=0.7,val=0.1,test=0.2", &err), &err);
	o.kind = kind;
	o.column = column;
	ck_assert_bn_ok(bn_split_assign(&part_of, t, &o, &err), &err);
	return part_of;
}

START_TEST(test_split_random_is_exact_and_depends_on_the_seed_alone)
{
	char *path = test_path("random");
	generate(path, 5003, 3, 0);
	bn_table_reader *t = open_table(path);
	uint8_t *a = assign(t, BN_SPLIT_RANDOM, NULL, 1), *b = assign(t, BN_SPLIT_RANDOM, NULL, 1);
	uint8_t *c = assign(t, BN_SPLIT_RANDOM, NULL, 2);
	size_t counts[3] = {0};
	for (size_t i = 0; i < 5003; i++)
		counts[a[i]]++;
	ck_assert_uint_eq(counts[0], 3502);
	ck_assert_uint_eq(counts[1], 500);
	ck_assert_uint_eq(counts[2], 1001);
	ck_assert_mem_eq(a, b, 5003);
	ck_assert_mem_ne(a, c, 5003);
	bn_free(a);
	bn_free(b);
	bn_free(c);
	bn_table_reader_free(t);
	unlink(path);
}
END_TEST

START_TEST(test_split_stratified_keeps_the_proportions)
{
	bn_err err = BN_ERR_INIT;
	char *path = test_path("strata");
	generate(path, 6000, 3, 0);
	bn_table_reader *t = open_table(path);
	uint8_t *part = assign(t, BN_SPLIT_STRATIFIED, "job_state", 9);
	size_t column = bn_schema_find(bn_table_schema(t), "job_state");
	double counts[16][3] = {{0}}, sizes[3] = {0};
	bn_batch batch = BN_BATCH_INIT;
	for (size_t b = 0; b < bn_table_batches(t); b++) {
		ck_assert_bn_ok(bn_table_read(t, b, &column, 1, &batch, &err), &err);
		for (size_t r = 0; r < batch.rows; r++) {
			uint8_t p = part[bn_table_batch_start(t, b) + r];
			counts[batch.columns[0].codes[r]][p]++;
			sizes[p]++;
		}
	}
	static const double share[3] = {0.7, 0.1, 0.2};
	for (int s = 0; s < 16; s++)
		for (int p = 0; p < 3; p++) {
			double all = counts[s][0] + counts[s][1] + counts[s][2];
			ck_assert_double_le(fabs(counts[s][p] - all * share[p]), 2);
		}
	for (int p = 0; p < 3; p++)
		ck_assert_double_le(fabs(sizes[p] - 6000 * share[p]), 1);
	bn_batch_release(&batch);
	bn_free(part);
	bn_table_reader_free(t);
	unlink(path);
}
END_TEST

START_TEST(test_split_temporal_never_puts_the_future_into_training)
{
	bn_err err = BN_ERR_INIT;
	char *path = test_path("time");
	generate(path, 4000, 3, 0);
	bn_table_reader *t = open_table(path);
	uint8_t *part = assign(t, BN_SPLIT_TEMPORAL, "end_time", 0);
	size_t column = bn_schema_find(bn_table_schema(t), "end_time");
	int64_t first[3] = {INT64_MAX, INT64_MAX, INT64_MAX};
	int64_t last[3] = {INT64_MIN, INT64_MIN, INT64_MIN};
	bn_batch batch = BN_BATCH_INIT;
	ck_assert_bn_ok(bn_table_read(t, 0, &column, 1, &batch, &err), &err);
	for (size_t r = 0; r < batch.rows; r++) {
		int64_t at = batch.columns[0].i64[r];
		first[part[r]] = at < first[part[r]] ? at : first[part[r]];
		last[part[r]] = at > last[part[r]] ? at : last[part[r]];
	}
	ck_assert_int_lt(last[0], first[1]);
	ck_assert_int_lt(last[1], first[2]);
	bn_batch_release(&batch);
	bn_free(part);
	bn_table_reader_free(t);
	unlink(path);
}
END_TEST

START_TEST(test_split_group_keeps_a_user_in_one_part)
{
	bn_err err = BN_ERR_INIT;
	char *path = test_path("group");
	generate(path, 6000, 3, 0);
	bn_table_reader *t = open_table(path);
	uint8_t *part = assign(t, BN_SPLIT_GROUP, "user_id", 5);
	size_t column = bn_schema_find(bn_table_schema(t), "user_id"), seen[3] = {0};
	int of[256];
	for (int i = 0; i < 256; i++)
		of[i] = -1;
	bn_batch batch = BN_BATCH_INIT;
	ck_assert_bn_ok(bn_table_read(t, 0, &column, 1, &batch, &err), &err);
	for (size_t r = 0; r < batch.rows; r++) {
		int *p = &of[batch.columns[0].codes[r]];
		ck_assert(*p < 0 || *p == part[r]);
		*p = part[r];
		seen[part[r]]++;
	}
	ck_assert(seen[0] && seen[1] && seen[2]);
	bn_batch_release(&batch);
	bn_free(part);
	bn_table_reader_free(t);
	unlink(path);
}
END_TEST

static uint64_t sum_ids(const char *path, uint64_t *rows)
{
	bn_err err = BN_ERR_INIT;
	bn_table_reader *t = open_table(path);
	size_t column = bn_schema_find(bn_table_schema(t), "job_id");
	bn_batch batch = BN_BATCH_INIT;
	uint64_t sum = 0;
	*rows = bn_table_rows(t);
	for (size_t b = 0; b < bn_table_batches(t); b++) {
		ck_assert_bn_ok(bn_table_read(t, b, &column, 1, &batch, &err), &err);
		for (size_t r = 0; r < batch.rows; r++)
			sum += bn_hash_bits((uint64_t)batch.columns[0].i64[r]);
	}
	bn_batch_release(&batch);
	bn_table_reader_free(t);
	return sum;
}

START_TEST(test_split_puts_every_row_in_exactly_one_part_and_repeats_itself)
{
	bn_err err = BN_ERR_INIT;
	char hash[2][65], *path = test_path("whole");
	generate(path, 70000, 3, 0); /* two batches */
	const char *paths[3] = {test_path("p0"), test_path("p1"), test_path("p2")};
	bn_table_reader *t = open_table(path);
	bn_split_options o = {.seed = 11};
	ck_assert_bn_ok(bn_split_parts_parse(&o, "a=0.5,b=0.25,c=0.25", &err), &err);
	uint64_t counts[3], rows, whole, sum = 0, total = 0;
	for (int k = 0; k < 2; k++) {
		ck_assert_bn_ok(
			bn_split_table(bn_env_real(), t, &o, NULL, paths, counts, &err), &err);
		ck_assert_bn_ok(bn_sha256_file(bn_env_real(), paths[1], hash[k], NULL, &err), &err);
	}
	ck_assert_str_eq(hash[0], hash[1]);
	whole = sum_ids(path, &rows);
	for (int p = 0; p < 3; p++) {
		uint64_t n;
		sum += sum_ids(paths[p], &n);
		ck_assert_uint_eq(n, counts[p]);
		total += n;
		unlink(paths[p]);
	}
	ck_assert_uint_eq(total, rows);
	ck_assert(sum == whole); /* sums of hashes: no id is lost or duplicated */
	bn_table_reader_free(t);
	unlink(path);
}
END_TEST

START_TEST(test_split_says_what_is_wrong)
{
	static const char *const bad[][2] = {{"train=0.8", "at least two"},
		{"train=0.8,test=0.3", "sum to 1.1"}, {"train=0.5,train=0.5", "twice"},
		{"train:0.5", "NAME=SHARE"}, {"a=1.5,b=0.5", "not within"}};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		bn_err err = BN_ERR_INIT;
		bn_split_options o = {0};
		ck_assert_int_eq(bn_split_parts_parse(&o, bad[i][0], &err), BN_EINVAL);
		ck_assert_msg(strstr(err.msg, bad[i][1]) != NULL, "%s", err.msg);
	}
}
END_TEST

BN_TEST_MAIN("core/data/generate and split", test_generate_gives_the_same_bytes_for_the_same_seed,
	test_generate_says_that_it_is_synthetic,
	test_generate_stays_near_the_machine_and_drift_moves_it,
	test_generate_refuses_a_drift_out_of_range,
	test_split_random_is_exact_and_depends_on_the_seed_alone,
	test_split_stratified_keeps_the_proportions,
	test_split_temporal_never_puts_the_future_into_training,
	test_split_group_keeps_a_user_in_one_part,
	test_split_puts_every_row_in_exactly_one_part_and_repeats_itself,
	test_split_says_what_is_wrong)
