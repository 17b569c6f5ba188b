/* Samples: how many rows of which classes, equally likely, by weight; weights of classes; their recipe. */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/data/add.h"
#include "core/data/sample.h"
#include "core/govern/authority.h"
#include "core/govern/policy.h"
#include "core/store/index/fold.h"
#include "core/table/table.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <string.h>

#define ROWS 1000

static const bn_fold_class *const classes[] = {
	&bn_authority_class, &bn_dataset_class, &bn_policy_class, NULL};

static char dir[64];
static bn_env env;
static bn_workspace *ws;
static bn_dataset_version *from;
static bn_sample_outcome outcome;
static int times[ROWS];
static double weight[ROWS];

/* Columns id, c (700 a, 200 b, 100 c in mixed order), w (0 for every tenth row, else 1 or 3). */
static void begin(void)
{
	bn_err err = BN_ERR_INIT;
	bn_buf text = BN_BUF_INIT;
	char csv[96];

	env = *bn_env_real();
	strcpy(dir, "/tmp/bn-sample-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_bn_ok(bn_workspace_init(&env, dir, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, &env, classes, dir, &err), &err);
	bn_buf_adds(&text, "id,c,w\n");
	for (int i = 0; i < ROWS; i++)
		bn_buf_addf(&text, "%d,%c,%d\n", i, i * 7 % 10 < 7 ? 'a' : i * 7 % 10 < 9 ? 'b' : 'c',
			i % 10 == 5 ? 0 : i % 2 ? 3 : 1);
	snprintf(csv, sizeof csv, "%s/in.csv", dir);
	ck_assert_bn_ok(bn_fs_write_file(&env, csv, text.ptr, text.len, 0644, &err), &err);
	bn_buf_release(&text);
	ck_assert_bn_ok(
		bn_dataset_add(&from, NULL, ws, "rows", BN_DATASET_AS_BEFORE, "csv", csv, NULL, NULL, &err), &err);
}

static void end(void)
{
	bn_sample_outcome_release(&outcome);
	bn_dataset_version_free(from);
	bn_workspace_close(ws);
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
}

/* Makes it, and counts each row; returns the rows. */
static uint64_t sample(const bn_sample *o)
{
	bn_err err = BN_ERR_INIT;
	bn_dataset_version *v = NULL;
	bn_table_reader *t = NULL;
	bn_batch b = BN_BATCH_INIT;
	int64_t before = -1;

	bn_sample_outcome_release(&outcome);
	ck_assert_bn_ok(bn_dataset_sample(&v, NULL, ws, "made", from, o, &outcome, &err), &err);
	ck_assert_bn_ok(bn_dataset_open_table(&t, ws, v, &err), &err);
	memset(times, 0, sizeof times);
	for (size_t i = 0; i < bn_table_batches(t); i++) {
		ck_assert_bn_ok(bn_table_read(t, i, NULL, 0, &b, &err), &err);
		for (size_t r = 0; r < b.rows; r++) {
			int64_t id = 0;
			ck_assert(bn_column_int(&b.columns[0], r, &id));
			ck_assert_int_ge(id, before); /* in order */
			before = id;
			times[id]++;
			weight[id] = b.column_count > 3 ? bn_column_number(&b.columns[3], r) : NAN;
		}
	}
	uint64_t rows = bn_table_rows(t);
	ck_assert_uint_eq(rows, outcome.after);
	bn_batch_release(&b);
	bn_table_reader_free(t);
	bn_dataset_version_free(v);
	return rows;
}

static int class_of(int id)
{
	return id * 7 % 10 < 7 ? 0 : id * 7 % 10 < 9 ? 1 : 2;
}

static void count_classes(int of[3])
{
	memset(of, 0, 3 * sizeof *of);
	for (int i = 0; i < ROWS; i++)
		of[class_of(i)] += times[i];
}

START_TEST(test_random_rows_are_exactly_so_many)
{
	int hits[ROWS] = {0}, again[ROWS];

	begin();
	for (uint64_t seed = 1; seed <= 20; seed++) {
		ck_assert_uint_eq(sample(&(bn_sample){.kind = BN_SAMPLE_RANDOM, .rows = 250, .seed = seed}), 250);
		for (int i = 0; i < ROWS; i++) {
			ck_assert_int_le(times[i], 1);
			hits[i] += times[i];
		}
	}
	for (int i = 0; i < ROWS; i++) /* 20 draws with p = 1/4: 17 or more once in 10^8 */
		ck_assert_int_lt(hits[i], 17);
	memcpy(again, times, sizeof times);
	sample(&(bn_sample){.kind = BN_SAMPLE_RANDOM, .share = 0.25, .seed = 20});
	ck_assert_mem_eq(again, times, sizeof times);
	end();
}
END_TEST

START_TEST(test_classes_keep_their_shares_or_become_even)
{
	int of[3];

	begin();
	sample(&(bn_sample){.kind = BN_SAMPLE_STRATIFIED, .column = "c", .rows = 55, .seed = 1});
	count_classes(of);
	ck_assert_int_le(abs(of[0] - 38), 1);
	ck_assert_int_le(abs(of[1] - 11), 1);
	ck_assert_int_le(abs(of[2] - 5), 1);
	ck_assert_uint_eq(sample(&(bn_sample){.kind = BN_SAMPLE_DOWN, .column = "c", .seed = 1}), 300);
	count_classes(of);
	ck_assert(of[0] == 100 && of[1] == 100 && of[2] == 100);
	ck_assert_uint_eq(sample(&(bn_sample){.kind = BN_SAMPLE_DOWN, .column = "c", .rows = 50}), 48);
	ck_assert_uint_eq(sample(&(bn_sample){.kind = BN_SAMPLE_UP, .column = "c", .seed = 1}), 2100);
	count_classes(of);
	ck_assert(of[0] == 700 && of[1] == 700 && of[2] == 700);
	for (int i = 0; i < ROWS; i++) {
		static const int least[] = {1, 3, 7};
		ck_assert(times[i] == least[class_of(i)] || (class_of(i) == 1 && times[i] == 4));
	}
	ck_assert_uint_eq(outcome.count, 3);
	ck_assert_str_eq(outcome.values[0].text, "a");
	ck_assert_uint_eq(outcome.values[2].before, 100);
	ck_assert_uint_eq(outcome.values[2].after, 700);
	end();
}
END_TEST

START_TEST(test_weights_make_classes_even)
{
	double sum[3] = {0}, mean = 0;

	begin();
	ck_assert_uint_eq(sample(&(bn_sample){.kind = BN_SAMPLE_ALL, .column = "c", .weights = "weight"}), ROWS);
	for (int i = 0; i < ROWS; i++) {
		sum[class_of(i)] += weight[i];
		mean += weight[i] / ROWS;
	}
	ck_assert_double_eq_tol(mean, 1, 1e-9);
	for (int c = 0; c < 3; c++)
		ck_assert_double_eq_tol(sum[c], ROWS / 3.0, 1e-6);
	ck_assert_double_eq_tol(outcome.values[0].weight, ROWS / (3.0 * 700), 1e-12);
	end();
}
END_TEST

START_TEST(test_rows_are_drawn_by_weight)
{
	double heavy = 0, light = 0;

	begin();
	for (uint64_t seed = 1; seed <= 12; seed++) {
		ck_assert_uint_eq(
			sample(&(bn_sample){.kind = BN_SAMPLE_WEIGHTED, .column = "w", .rows = 20, .seed = seed}), 20);
		for (int i = 0; i < ROWS; i++) {
			ck_assert(times[i] <= 1 && !(times[i] && i % 10 == 5));
			if (i % 2)
				heavy += times[i];
			else
				light += times[i];
		}
	}
	/* 400 rows of weight 3, 500 of 1: 12 to 5, of 240 draws 169 +- 7 */
	ck_assert_double_eq_tol(heavy, 169, 30);
	ck_assert_double_eq(heavy + light, 240);
	end();
}
END_TEST

START_TEST(test_the_recipe_says_it_all)
{
	bn_err err = BN_ERR_INIT;
	bn_dataset_version *v = NULL;
	const bn_sample o = {.kind = BN_SAMPLE_DOWN,
		.column = "c",
		.weights = "wt",
		.where = "id < 500",
		.seed = 9};

	begin();
	ck_assert_bn_ok(bn_dataset_sample(&v, NULL, ws, "made", from, &o, &outcome, &err), &err);
	ck_assert_str_eq(v->recipe,
		"{\"column\":\"c\",\"do\":\"sample\",\"how\":\"down\",\"rows\":150,\"seed\":9,\"weights\":\"wt\","
		"\"where\":\"id < 500\"}");
	ck_assert_str_eq(v->source_kind, "sample");
	ck_assert_str_eq(v->parents[0].name, "rows");
	bn_dataset_version_free(v);
	end();
}
END_TEST

START_TEST(test_errors_name_the_option)
{
	static const struct {
		bn_sample o;
		int code;
		const char *says;
	} bad[] = {{{.kind = BN_SAMPLE_RANDOM}, BN_EINVAL, "how many rows"},
		{{.kind = BN_SAMPLE_RANDOM, .rows = 1001}, BN_EINVAL, "1001 rows are wanted, and there are 1000"},
		{{.kind = BN_SAMPLE_RANDOM, .rows = 1, .share = 0.5}, BN_EINVAL, "--rows and --share"},
		{{.kind = BN_SAMPLE_UP, .column = "c", .rows = 5}, BN_EINVAL, "--rows does not fit --how up"},
		{{.kind = BN_SAMPLE_UP}, BN_EINVAL, "needs a column"},
		{{.kind = BN_SAMPLE_UP, .column = "nix"}, BN_ENOTFOUND, "no column 'nix'"},
		{{.kind = BN_SAMPLE_WEIGHTED, .column = "c", .rows = 3}, BN_EINVAL, "has no numbers"},
		{{.kind = BN_SAMPLE_WEIGHTED, .column = "w", .rows = 950}, BN_EINVAL, "900 have a weight above 0"},
		{{.kind = BN_SAMPLE_ALL, .weights = "x"}, BN_EINVAL, "--weights are those of classes"},
		{{.kind = BN_SAMPLE_ALL, .column = "c", .weights = "id"}, BN_ECONFLICT, "id"},
		{{.kind = BN_SAMPLE_ALL}, BN_EINVAL, "all rows without weights"}};

	begin();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		bn_err err = BN_ERR_INIT;
		bn_dataset_version *v = NULL;
		bn_sample_outcome_release(&outcome);
		ck_assert_int_eq(bn_dataset_sample(&v, NULL, ws, "made", from, &bad[i].o, &outcome, &err), bad[i].code);
		ck_assert_msg(strstr(err.msg, bad[i].says) != NULL, "%s", err.msg);
	}
	end();
}
END_TEST

BN_TEST_MAIN("core/data/sample", test_random_rows_are_exactly_so_many, test_classes_keep_their_shares_or_become_even,
	test_weights_make_classes_even, test_rows_are_drawn_by_weight, test_the_recipe_says_it_all,
	test_errors_name_the_option)
