/* Folds: every row is the test once, groups and times stay apart, shares are met; purging against a plain definition, and
 * time series against scikit-learn (tests/reference/splits.json). Their datasets share their bytes. */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/rng.h"
#include "core/data/_dataset.h"
#include "core/data/add.h"
#include "core/data/folds.h"
#include "core/govern/authority.h"
#include "core/govern/policy.h"
#include "core/profile/profiler.h"
#include "core/store/workspace.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ORACLE "tests/reference/splits.json"
#define ROWS_MAX 20000

static char dir[64], path[96];
static bn_table_reader *table;
static bn_folds folds;
static uint64_t rows;
static int64_t group[ROWS_MAX], class[ROWS_MAX], event[ROWS_MAX], last[ROWS_MAX];

static void begin(void)
{
	strcpy(dir, "/tmp/bn-folds-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/t.arrow", dir);
}

static void end(void)
{
	bn_folds_release(&folds);
	bn_table_reader_free(table);
	table = NULL;
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
}

/* Columns g, c, t and e from the arrays. */
static void make_table(uint64_t n)
{
	static const char *const names[] = {"g", "c", "t", "e"};
	const int64_t *const of[] = {group, class, event, last};
	bn_schema s = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	bn_err err = BN_ERR_INIT;

	bn_table_reader_free(table);
	for (size_t c = 0; c < 4; c++)
		ck_assert_bn_ok(bn_schema_add(&s, names[c], BN_TYPE_INT64, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_table_create(&w, bn_env_real(), NULL, path, &s, &err), &err);
	for (uint64_t r = 0; r < n; r++) {
		for (size_t c = 0; c < 4; c++)
			bn_table_row_i64(w, c, of[c][r]);
		ck_assert_bn_ok(bn_table_row_end(w, &err), &err);
	}
	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	bn_table_writer_free(w);
	bn_schema_release(&s);
	ck_assert_bn_ok(bn_table_open(&table, bn_env_real(), path, &err), &err);
	rows = n;
}

static void random_table(uint64_t n, uint64_t groups, uint64_t seed)
{
	bn_rng r;

	bn_rng_init(&r, seed, "test.folds", 0);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t u = bn_rng_below(&r, groups * groups);
		group[i] = (int64_t)sqrt((double)u); /* of different sizes */
		class[i] = (group[i] + (int64_t)bn_rng_below(&r, 4)) % 3;
		event[i] = (int64_t)bn_rng_below(&r, n);
		last[i] = event[i] + (int64_t)bn_rng_below(&r, 30);
	}
	make_table(n);
}

static void plan(const bn_split_options *o)
{
	bn_err err = BN_ERR_INIT;

	bn_folds_release(&folds);
	ck_assert_bn_ok(bn_folds_plan(&folds, table, o, 0, &err), &err);
}

static const bn_fold_part *part_named(const char *name)
{
	for (size_t i = 0; i < folds.count; i++)
		if (!strcmp(folds.parts[i].name, name))
			return &folds.parts[i];
	ck_abort_msg("no part %s", name);
	return NULL;
}

static bool has_row(const bn_fold_part *p, uint64_t r)
{
	for (size_t i = 0; i < p->block_count; i++)
		if (p->blocks[i] == folds.block_of[r])
			return true;
	return false;
}

static const bn_fold_part *part_of_fold(size_t fold, size_t inner, bool is_test)
{
	char name[64], in[32] = "";

	if (inner)
		snprintf(in, sizeof in, "inner%zu.", inner);
	snprintf(name, sizeof name, "fold%zu.%s%s", fold, in, is_test ? "test" : "train");
	return part_named(name);
}

/* Test and training parts are disjoint and cover all rows, and each row is once in a test. */
static void check_cover(size_t k)
{
	for (uint64_t r = 0; r < rows; r++) {
		size_t tests = 0;
		for (size_t f = 1; f <= k; f++) {
			bool test = has_row(part_of_fold(f, 0, true), r), train = has_row(part_of_fold(f, 0, false), r);
			ck_assert(test != train);
			tests += test;
		}
		ck_assert_uint_eq(tests, 1);
	}
}

START_TEST(test_sizes_are_those_of_scikit_learn)
{
	json_t *doc = NULL, *one;
	bn_err err = BN_ERR_INIT;
	size_t i;

	begin();
	ck_assert_bn_ok(bn_json_load(&doc, bn_env_real(), ORACLE, &err), &err);
	json_array_foreach(json_object_get(doc, "sizes"), i, one) {
		const json_t *want = json_object_get(one, "test");
		uint64_t n = (uint64_t)bn_json_int(one, "rows", 0), most = 0, least = UINT64_MAX;
		const bn_split_options o = {.folds = (size_t)bn_json_int(one, "folds", 0), .seed = 5};
		random_table(n, 3, i);
		plan(&o);
		check_cover(o.folds);
		for (size_t f = 1; f <= o.folds; f++) {
			uint64_t is = part_of_fold(f, 0, true)->rows;
			most = is > most ? is : most;
			least = is < least ? is : least;
		}
		ck_assert_uint_eq(least, (uint64_t)json_integer_value(json_array_get(want, 0)));
		ck_assert_uint_eq(most, (uint64_t)json_integer_value(json_array_get(want, json_array_size(want) - 1)));
		ck_assert_uint_eq(folds.block_count, o.folds);
	}
	json_decref(doc);
	end();
}
END_TEST

/* In a part are the rows from .. to - 1. */
static void check_range(const bn_fold_part *p, const json_t *bounds)
{
	int64_t from = json_integer_value(json_array_get(bounds, 0)), to = json_integer_value(json_array_get(bounds, 1));

	ck_assert_uint_eq(p->rows, (uint64_t)(to - from));
	for (int64_t r = from; r < to; r++)
		ck_assert(has_row(p, (uint64_t)r));
}

START_TEST(test_time_series_are_those_of_scikit_learn)
{
	json_t *doc = NULL, *one;
	bn_err err = BN_ERR_INIT;
	size_t i;

	begin();
	ck_assert_bn_ok(bn_json_load(&doc, bn_env_real(), ORACLE, &err), &err);
	json_array_foreach(json_object_get(doc, "time"), i, one) {
		size_t window = (size_t)bn_json_int(one, "window", 0);
		const bn_split_options o = {.kind = window ? BN_SPLIT_ROLLING : BN_SPLIT_EXPANDING,
			.column = "t",
			.window = window,
			.folds = (size_t)bn_json_int(one, "folds", 0)};
		uint64_t n = (uint64_t)bn_json_int(one, "rows", 0);
		for (uint64_t r = 0; r < n; r++)
			event[r] = (int64_t)r;
		make_table(n);
		plan(&o);
		for (size_t f = 1; f <= o.folds; f++) {
			check_range(part_of_fold(f, 0, false),
				json_array_get(json_object_get(one, "train"), f - 1));
			check_range(part_of_fold(f, 0, true), json_array_get(json_object_get(one, "test"), f - 1));
		}
	}
	json_decref(doc);
	end();
}
END_TEST

static void load_numbers(int64_t *to, const json_t *array)
{
	for (size_t i = 0; i < json_array_size(array); i++)
		to[i] = json_integer_value(json_array_get(array, i));
}

START_TEST(test_purged_folds_follow_the_definition)
{
	json_t *doc = NULL, *one;
	bn_err err = BN_ERR_INIT;
	size_t i;

	begin();
	ck_assert_bn_ok(bn_json_load(&doc, bn_env_real(), ORACLE, &err), &err);
	json_array_foreach(json_object_get(doc, "purged"), i, one) {
		char embargo[32];
		const json_t *events = json_object_get(one, "events"), *trains = json_object_get(one, "train");
		const bn_split_options o = {.kind = BN_SPLIT_TEMPORAL,
			.column = "t",
			.end = "e",
			.embargo = embargo,
			.folds = (size_t)bn_json_int(one, "folds", 0)};
		snprintf(embargo, sizeof embargo, "%d%%", (int)bn_json_int(one, "embargo", 0));
		load_numbers(event, events);
		load_numbers(last, json_object_get(one, "ends"));
		make_table(json_array_size(events));
		plan(&o);
		for (size_t f = 1; f <= o.folds; f++) {
			const bn_fold_part *train = part_of_fold(f, 0, false), *test = part_of_fold(f, 0, true);
			const json_t *want = json_array_get(trains, f - 1);
			ck_assert_uint_eq(train->rows, json_array_size(want));
			ck_assert_uint_eq(train->rows + train->left_out + test->rows, rows);
			for (size_t r = 0; r < json_array_size(want); r++)
				ck_assert(has_row(train, (uint64_t)json_integer_value(json_array_get(want, r))));
		}
	}
	json_decref(doc);
	end();
}
END_TEST

/* Ties of events, intervals of length 0, an embargo as a length, floats: against all pairs. */
START_TEST(test_purging_against_all_pairs)
{
	begin();
	for (uint64_t seed = 1; seed <= 8; seed++) {
		const bn_split_options o = {.kind = seed % 2 ? BN_SPLIT_TEMPORAL : BN_SPLIT_EXPANDING,
			.column = "t",
			.end = "e",
			.embargo = seed % 2 ? "12" : NULL,
			.folds = 2 + seed % 4};
		random_table(250, 5, seed);
		plan(&o);
		for (size_t f = 1; f <= o.folds; f++) {
			const bn_fold_part *train = part_of_fold(f, 0, false), *test = part_of_fold(f, 0, true);
			int64_t from = INT64_MAX, to = INT64_MIN, latest = INT64_MIN;
			for (uint64_t r = 0; r < rows; r++)
				if (has_row(test, r)) {
					from = event[r] < from ? event[r] : from;
					latest = event[r] > latest ? event[r] : latest;
					to = last[r] > to ? last[r] : to;
				}
			for (uint64_t r = 0; r < rows; r++) {
				bool meets = (event[r] >= from && event[r] <= latest) || (last[r] > from && event[r] < to);
				bool late = event[r] > latest && (!o.embargo || event[r] <= to + 12);
				if (has_row(test, r))
					ck_assert(!has_row(train, r));
				else
					ck_assert_int_eq(has_row(train, r), !meets && !late);
			}
		}
	}
	end();
}
END_TEST

START_TEST(test_strata_and_groups_meet_their_shares)
{
	begin();
	for (uint64_t seed = 1; seed <= 5; seed++) {
		uint64_t largest = 0, of_group[200] = {0}, of_class[3] = {0};
		random_table(3000, 60, seed);
		for (uint64_t r = 0; r < rows; r++) {
			of_group[group[r]]++;
			of_class[class[r]]++;
		}
		for (size_t g = 0; g < 200; g++)
			largest = of_group[g] > largest ? of_group[g] : largest;
		for (int kind = 0; kind < 3; kind++) {
			static const bn_split_kind kinds[] = {
				BN_SPLIT_STRATIFIED, BN_SPLIT_GROUP, BN_SPLIT_STRATIFIED_GROUP};
			const bn_split_options o = {.kind = kinds[kind],
				.column = kind == 1 ? "g" : "c",
				.group = kind == 2 ? "g" : NULL,
				.folds = 5,
				.seed = seed};
			plan(&o);
			check_cover(5);
			for (size_t f = 1; f <= 5; f++) {
				const bn_fold_part *test = part_of_fold(f, 0, true);
				double off = kind ? (double)largest : 1, classes[3] = {0};
				ck_assert_double_le(fabs((double)test->rows - 600), off);
				for (uint64_t r = 0; r < rows; r++)
					classes[class[r]] += has_row(test, r);
				for (size_t c = 0; c < 3 && kind != 1; c++)
					ck_assert_double_le(fabs(classes[c] - (double)of_class[c] / 5), off);
				for (uint64_t a = 0; a < rows && kind; a += 7)
					for (uint64_t b = 0; b < rows; b += 11)
						ck_assert(group[a] != group[b] || has_row(test, a) == has_row(test, b));
			}
		}
	}
	end();
}
END_TEST

START_TEST(test_one_group_is_left_out_in_each_fold)
{
	const bn_split_options o = {.kind = BN_SPLIT_GROUP, .column = "g", .folds_each = true};

	begin();
	random_table(500, 12, 4);
	plan(&o);
	check_cover(folds.folds);
	for (size_t f = 1; f <= folds.folds; f++) {
		const bn_fold_part *test = part_of_fold(f, 0, true);
		for (uint64_t r = 0; r < rows; r++)
			ck_assert_int_eq(has_row(test, r), group[r] == atoi(test->value));
	}
	end();
}
END_TEST

START_TEST(test_inner_folds_divide_the_training_part)
{
	begin();
	for (int kind = 0; kind < 2; kind++) {
		const bn_split_options o = {.kind = kind ? BN_SPLIT_GROUP : BN_SPLIT_STRATIFIED,
			.column = kind ? "g" : "c",
			.folds = 4,
			.inner = 3,
			.seed = 2};
		random_table(1200, 50, 6);
		plan(&o);
		check_cover(4);
		ck_assert_uint_eq(folds.count, 4 * 2 * (1 + 3));
		ck_assert_uint_le(folds.block_count, 12);
		for (size_t f = 1; f <= 4; f++)
			for (uint64_t r = 0; r < rows; r++) {
				size_t tests = 0, trains = 0;
				for (size_t m = 1; m <= 3; m++) {
					tests += has_row(part_of_fold(f, m, true), r);
					trains += has_row(part_of_fold(f, m, false), r);
				}
				bool outer = has_row(part_of_fold(f, 0, false), r);
				ck_assert_uint_eq(tests, outer ? 1 : 0);
				ck_assert_uint_eq(trains, outer ? 2 : 0);
			}
		for (size_t f = 1; f <= 4 && !kind; f++)
			for (size_t m = 1; m <= 3; m++)
				ck_assert_double_le(fabs((double)part_of_fold(f, m, true)->rows - 300), 9);
	}
	end();
}
END_TEST

START_TEST(test_errors_say_what_does_not_fit)
{
	static const struct {
		bn_split_options o;
		const char *says;
	} bad[] = {{{.folds = 1}, "1 folds: 2 to 100"}, {{.folds = 30}, "would have no rows: there are 20"},
		{{.folds = 5, .kind = BN_SPLIT_GROUP, .column = "c"}, "would have no rows: column 'c' has 3 values"},
		{{.folds = 3, .kind = BN_SPLIT_STRATIFIED}, "needs a column"},
		{{.folds = 3, .kind = BN_SPLIT_TEMPORAL, .column = "t", .horizon = "1000"},
			"would have no rows: the labels of all"},
		{{.folds = 3, .kind = BN_SPLIT_TEMPORAL, .column = "t", .embargo = "x"}, "--embargo 'x' is not"},
		{{.folds = 3, .kind = BN_SPLIT_TEMPORAL, .column = "t", .embargo = "200%"}, "--embargo '200%' is not"},
		{{.folds = 3, .kind = BN_SPLIT_EXPANDING, .column = "t", .embargo = "1"}, "--embargo leaves out"},
		{{.folds = 3, .kind = BN_SPLIT_TEMPORAL, .column = "t", .inner = 3}, "inner folds"},
		{{.folds = 3, .kind = BN_SPLIT_TEMPORAL, .column = "t", .repeats = 3}, "--repeats makes no sense"},
		{{.folds = 3, .kind = BN_SPLIT_ROLLING, .column = "t", .window = 4}, "--window 4 is more"},
		{{.folds = 3, .window = 2}, "--window is of"}, {{.folds = 3, .horizon = "1"}, "--horizon is of splits by time"},
		{{.folds_each = true}, "--folds each needs"},
		{{.folds = 3, .kind = BN_SPLIT_STRATIFIED_GROUP, .column = "c"}, "needs two columns"},
		{{.folds = 100, .repeats = 100}, "20000 parts"}};

	begin();
	random_table(20, 3, 1);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		bn_err err = BN_ERR_INIT;
		bn_folds_release(&folds);
		ck_assert_int_eq(bn_folds_plan(&folds, table, &bad[i].o, 0, &err), BN_EINVAL);
		ck_assert_msg(strstr(err.msg, bad[i].says) != NULL, "%s", err.msg);
	}
	end();
}
END_TEST

/* ---- as datasets ---------------------------------------------------------------------------------------- */

static const bn_fold_class *const fold_classes[] = {
	&bn_authority_class, &bn_dataset_class, &bn_policy_class, NULL};

static uint64_t bytes_of(bn_workspace *ws, const bn_dataset_version *v, char (*seen)[65], size_t *n)
{
	bn_manifest m;
	bn_err err = BN_ERR_INIT;
	uint64_t bytes = 0;

	ck_assert_bn_ok(bn_dataset_parts(&m, ws, v->hash, &err), &err);
	for (size_t i = 0; i < m.count; i++) {
		size_t k = 0;
		while (k < *n && strcmp(seen[k], m.parts[i].hash) != 0)
			k++;
		if (k < *n)
			continue;
		memcpy(seen[(*n)++], m.parts[i].hash, 65);
		bytes += m.parts[i].bytes;
	}
	bn_manifest_release(&m);
	return bytes;
}

START_TEST(test_folds_share_their_bytes)
{
	bn_env env = *bn_env_real();
	bn_workspace *ws = NULL;
	bn_dataset_version *v = NULL;
	bn_folds_made made;
	bn_err err = BN_ERR_INIT;
	char seen[64][65], csv[96];
	bn_buf text = BN_BUF_INIT;
	uint64_t bytes = 0, sum = 0;
	size_t n = 0;

	begin();
	bn_buf_adds(&text, "id,name,x\n");
	for (int i = 0; i < 5000; i++)
		bn_buf_addf(&text, "%d,word%d,%d.5\n", i, i % 7, i * 3 % 1000);
	snprintf(csv, sizeof csv, "%s/in.csv", dir);
	ck_assert_bn_ok(bn_fs_write_file(&env, csv, text.ptr, text.len, 0644, &err), &err);
	bn_buf_release(&text);
	ck_assert_bn_ok(bn_workspace_init(&env, dir, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, &env, fold_classes, dir, &err), &err);
	ck_assert_bn_ok(
		bn_dataset_add(&v, NULL, ws, "jobs", BN_DATASET_AS_BEFORE, "csv", csv, NULL, NULL, &err), &err);
	const bn_split_options o = {.folds = 5, .inner = 2, .seed = 3};
	ck_assert_bn_ok(bn_dataset_folds(&made, ws, v, &o, &err), &err);
	ck_assert_uint_eq(made.count, 30);
	for (size_t i = 0; i < made.count; i++) {
		const bn_dataset_version *p = made.versions[i];
		bn_profile *profile = NULL, *again = NULL;
		bn_table_reader *t = NULL;
		json_t *a = NULL, *b = NULL;
		bytes += bytes_of(ws, p, seen, &n);
		sum += p->size_bytes;
		ck_assert_int_eq(p->rows, (int64_t)made.parts[i].rows);
		ck_assert_bn_ok(bn_dataset_open_table(&t, ws, p, &err), &err);
		ck_assert_uint_eq(bn_table_rows(t), made.parts[i].rows);
		ck_assert_bn_ok(bn_dataset_load_profile(&profile, ws, p, &err), &err);
		ck_assert_bn_ok(bn_profile_table(&again, t, 1, NULL, &err), &err);
		ck_assert_bn_ok(bn_profile_to_json(&a, profile, &err), &err);
		ck_assert_bn_ok(bn_profile_to_json(&b, again, &err), &err);
		ck_assert_uint_eq(json_array_size(json_object_get(a, "columns")), 3);
		ck_assert(profile->columns[0].distinct == again->columns[0].distinct);
		ck_assert_double_eq_tol(profile->columns[2].mean, again->columns[2].mean, 1e-9);
		ck_assert_double_eq(profile->columns[2].max, again->columns[2].max);
		json_decref(a);
		json_decref(b);
		bn_profile_free(profile);
		bn_profile_free(again);
		bn_table_reader_free(t);
	}
	ck_assert_uint_eq(n, 10); /* blocks */
	ck_assert_uint_lt(bytes, 2 * v->size_bytes);
	ck_assert_uint_gt(sum, 5 * bytes);
	bn_folds_made_release(&made);
	/* again: the same versions */
	ck_assert_bn_ok(bn_dataset_folds(&made, ws, v, &o, &err), &err);
	for (size_t i = 0; i < made.count; i++)
		ck_assert_int_eq(made.versions[i]->version, 1);
	bn_folds_made_release(&made);
	bn_dataset_version_free(v);
	bn_workspace_close(ws);
	end();
}
END_TEST

BN_TEST_MAIN("core/data/folds", test_sizes_are_those_of_scikit_learn, test_time_series_are_those_of_scikit_learn,
	test_purged_folds_follow_the_definition, test_purging_against_all_pairs, test_strata_and_groups_meet_their_shares,
	test_one_group_is_left_out_in_each_fold, test_inner_folds_divide_the_training_part,
	test_errors_say_what_does_not_fit, test_folds_share_their_bytes)
