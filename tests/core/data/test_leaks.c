/*
 * Leaks: planted ones are found, each with rows and an example; tables of many shapes without any raise no
 * alarm, whatever the seed.
 */
#include "core/base/fs.h"
#include "core/base/rng.h"
#include "core/data/leaks.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PARTS 2

static char dir[64], path[96];
static bn_table_reader *table;
static uint16_t *part_of;
static bn_leaks found;
static bn_table_writer *w;
static uint64_t written;
static const char *const names[] = {"train", "test"};

static void begin(void)
{
	strcpy(dir, "/tmp/bn-leaks-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/t.arrow", dir);
}

static void drop(void)
{
	bn_leaks_release(&found);
	bn_table_reader_free(table);
	table = NULL;
	bn_free(part_of);
	part_of = NULL;
}

static void end(void)
{
	drop();
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
}

/* "x:float64 k:int64 c:category" */
static void open_table(const char *columns)
{
	bn_schema s = BN_SCHEMA_INIT;
	bn_err err = BN_ERR_INIT;
	char text[8192], *save = NULL;

	drop();
	snprintf(text, sizeof text, "%s", columns);
	for (char *word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *colon = strchr(word, ':');
		bn_field f = {.name = word, .nullable = true};
		*colon = '\0';
		ck_assert_bn_ok(bn_field_parse_type(&f, colon + 1, &err), &err);
		ck_assert_bn_ok(bn_schema_add_field(&s, &f, NULL, &err), &err);
	}
	ck_assert_bn_ok(bn_table_create(&w, bn_env_real(), NULL, path, &s, &err), &err);
	bn_schema_release(&s);
	written = 0;
}

static void row_end(void)
{
	bn_err err = BN_ERR_INIT;

	ck_assert_bn_ok(bn_table_row_end(w, &err), &err);
	written++;
}

static void put_word(size_t column, const char *prefix, uint64_t n)
{
	char text[64];
	int len = snprintf(text, sizeof text, "%s%llu", prefix, (unsigned long long)n);

	bn_table_row_text(w, column, text, (size_t)len);
}

static void close_table(void)
{
	bn_err err = BN_ERR_INIT;

	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	bn_table_writer_free(w);
	ck_assert_bn_ok(bn_table_open(&table, bn_env_real(), path, &err), &err);
	part_of = bn_alloc((written + 1) * sizeof *part_of);
}

/* Parts at random: a fifth for testing. */
static void deal(uint64_t seed)
{
	bn_rng r;

	bn_rng_init(&r, seed, "parts", 0);
	for (uint64_t i = 0; i < written; i++)
		part_of[i] = bn_rng_below(&r, 5) == 0;
}

static void search(const bn_leaks_options *o)
{
	const bn_leaks_parts parts = {.count = PARTS, .names = names, .table = table, .part_of = part_of};
	bn_err err = BN_ERR_INIT;

	bn_leaks_release(&found);
	ck_assert_bn_ok(bn_leaks_find(&found, &parts, o, &err), &err);
}

static const char *said(void)
{
	static char text[8192];

	text[0] = '\0';
	for (size_t i = 0; i < found.count; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s: %s\n",
			bn_leak_kind_name(found.items[i].kind), found.items[i].text);
	return text;
}

static const bn_leak *find_leak(bn_leak_kind kind, const char *column)
{
	for (size_t i = 0; i < found.count; i++)
		if (found.items[i].kind == kind && (!column || !strcmp(found.items[i].column, column)))
			return &found.items[i];
	ck_abort_msg("no %s of %s in:\n%s", bn_leak_kind_name(kind), column ? column : "rows", said());
	return NULL;
}

/* ---- tables without leaks --------------------------------------------------------------------------- */

static bn_rng rng;

static double gauss(void)
{
	return bn_rng_normal(&rng);
}

static uint64_t below(uint64_t n)
{
	return bn_rng_below(&rng, n);
}

static void clean_telemetry(void)
{
	open_table("job_id:int64 user:category nodes:int64 power:float64 temp:float64 mem:float64 target:float64");
	for (int i = 0; i < 3000; i++) {
		uint64_t user = below(40);
		double load = gauss() + 0.1 * (double)user;
		bn_table_row_i64(w, 0, 100000 + i);
		put_word(1, "u", user);
		bn_table_row_i64(w, 2, (int64_t)1 << below(6));
		bn_table_row_f64(w, 3, 200 + 30 * load + gauss());
		bn_table_row_f64(w, 4, 40 + 5 * load + gauss());
		bn_table_row_f64(w, 5, exp(3 + gauss()));
		bn_table_row_f64(w, 6, load + 0.3 * gauss());
		row_end();
	}
}

static void clean_small_integers(void)
{
	open_table("a:int64 b:int64 c:int64 d:int64 e:int64 target:int64");
	for (int i = 0; i < 4000; i++) {
		uint64_t a = below(8);
		bn_table_row_i64(w, 0, (int64_t)a);
		bn_table_row_i64(w, 1, (int64_t)(a / 2 + below(3)));
		bn_table_row_i64(w, 2, (int64_t)below(5));
		bn_table_row_i64(w, 3, (int64_t)below(10));
		bn_table_row_i64(w, 4, (int64_t)below(4));
		bn_table_row_i64(w, 5, (int64_t)(a + below(4)));
		row_end();
	}
}

static void clean_many_small_integers(void)
{
	char columns[1024] = "target:int64";

	for (int c = 0; c < 16; c++)
		snprintf(columns + strlen(columns), sizeof columns - strlen(columns), " k%d:int64", c);
	open_table(columns);
	for (int i = 0; i < 3000; i++) {
		uint64_t hidden = below(4); /* all depend on it */
		bn_table_row_i64(w, 0, (int64_t)below(3));
		for (size_t c = 0; c < 16; c++)
			bn_table_row_i64(w, 1 + c, below(5) ? (int64_t)hidden : (int64_t)below(4));
		row_end();
	}
}

static void clean_constant(void)
{
	open_table("site:category one:int64 zero:float64 x:float64 y:float64 none:float64 target:category");
	for (int i = 0; i < 1000; i++) {
		put_word(0, "alps", 0);
		bn_table_row_i64(w, 1, 1);
		bn_table_row_f64(w, 2, 0);
		bn_table_row_f64(w, 3, gauss());
		bn_table_row_f64(w, 4, gauss());
		put_word(6, "c", below(3));
		row_end();
	}
}

static void clean_few_rows(void)
{
	open_table("a:float64 b:float64 c:float64 k:int64 target:float64");
	for (int i = 0; i < 12; i++) {
		for (size_t c = 0; c < 3; c++)
			bn_table_row_f64(w, c, gauss());
		bn_table_row_i64(w, 3, (int64_t)below(3));
		bn_table_row_f64(w, 4, gauss());
		row_end();
	}
}

static void clean_categories(void)
{
	open_table("queue:category account:category user:category state:category target:category");
	for (int i = 0; i < 3000; i++) {
		uint64_t user = below(60);
		put_word(0, "q", below(4));
		put_word(1, "acc", user / 6); /* of the user: repeated together */
		put_word(2, "u", user);
		put_word(3, "s", below(5));
		put_word(4, "t", below(4));
		row_end();
	}
}

static void clean_unbalanced(void)
{
	open_table("x:float64 y:float64 k:int64 c:category target:bool");
	for (int i = 0; i < 5000; i++) {
		bool rare = below(250) == 0;
		bn_table_row_f64(w, 0, gauss() + (rare ? 2 : 0));
		bn_table_row_f64(w, 1, exp(gauss()));
		bn_table_row_i64(w, 2, (int64_t)below(2000));
		put_word(3, "n", below(300));
		bn_table_row_bool(w, 4, rare);
		row_end();
	}
}

static void clean_wide(void)
{
	char *columns = bn_alloc(8192);

	strcpy(columns, "target:float64");
	for (int c = 0; c < 300; c++)
		snprintf(columns + strlen(columns), 8192 - strlen(columns), " f%d:float64", c);
	open_table(columns);
	bn_free(columns);
	for (int i = 0; i < 120; i++) {
		double one = gauss(), two = gauss(); /* all follow from two factors, and noise */
		bn_table_row_f64(w, 0, one + 0.2 * gauss());
		for (size_t c = 0; c < 300; c++)
			bn_table_row_f64(
				w, 1 + c, one * (double)(c % 7) + two * (double)(c % 5) + 0.05 * gauss());
		row_end();
	}
}

static void clean_idle_nodes(void)
{
	open_table("node:category cpu:float64 gpu:float64 net:float64 target:float64");
	for (int i = 0; i < 6000; i++) {
		bool idle = below(10) < 6;
		put_word(0, "n", below(20));
		bn_table_row_f64(w, 1, idle ? 0 : fabs(gauss()));
		bn_table_row_f64(w, 2, idle || below(2) ? 0 : fabs(gauss()));
		bn_table_row_f64(w, 3, idle ? 0 : floor(100 * fabs(gauss())) / 100);
		bn_table_row_f64(w, 4, idle ? 55 + floor(gauss()) : 55 + gauss() * 20);
		row_end();
	}
}

static void clean_one_number(void)
{
	open_table("x:float64 target:float64");
	for (int i = 0; i < 5000; i++) {
		double x = gauss();
		bn_table_row_f64(w, 0, x);
		bn_table_row_f64(w, 1, x + 0.2 * gauss());
		row_end();
	}
}

static void clean_rounded_and_missing(void)
{
	open_table("t:float64 h:float64 p:float64 k:category target:category");
	for (int i = 0; i < 3000; i++) {
		if (below(4))
			bn_table_row_f64(w, 0, floor(20 * gauss()) / 10);
		if (below(3))
			bn_table_row_f64(w, 1, floor(50 + 10 * gauss()));
		if (below(8))
			bn_table_row_f64(w, 2, floor(1000 + 30 * gauss()) / 10);
		if (below(5))
			put_word(3, "k", below(6));
		put_word(4, "c", below(2));
		row_end();
	}
}

static void clean_walk(void)
{
	double a = 0, b = 0;

	open_table("seq:int64 a:float64 b:float64 target:float64");
	for (int i = 0; i < 4000; i++) {
		a += 0.1 * gauss();
		b += 0.1 * gauss();
		bn_table_row_i64(w, 0, i);
		bn_table_row_f64(w, 1, a);
		bn_table_row_f64(w, 2, b);
		bn_table_row_f64(w, 3, a - b + gauss());
		row_end();
	}
}

static const struct {
	const char *name;
	void (*make)(void);
} clean[] = {{"telemetry", clean_telemetry}, {"small integers", clean_small_integers},
	{"many small integers", clean_many_small_integers}, {"constant columns", clean_constant},
	{"few rows", clean_few_rows}, {"categories", clean_categories}, {"unbalanced", clean_unbalanced},
	{"wide", clean_wide}, {"idle nodes", clean_idle_nodes}, {"one number", clean_one_number},
	{"rounded and missing", clean_rounded_and_missing}, {"random walk", clean_walk}};

#define CLEAN (sizeof clean / sizeof *clean)

START_TEST(test_clean_tables_raise_no_alarm)
{
	const bn_leaks_options o = {.target = "target"};
	const char *seeds = getenv("BN_LEAKS_SEEDS");
	uint64_t most = seeds ? strtoull(seeds, NULL, 10) : 3;
	int wrong = 0;

	begin();
	for (uint64_t i = 0; i < CLEAN * most; i++) {
		uint64_t seed = 1 + i / CLEAN;
		bn_rng_init(&rng, seed, "test.leaks", i % CLEAN);
		clean[i % CLEAN].make();
		close_table();
		deal(seed);
		search(&o);
		if (found.count)
			printf("# %s, seed %d: %s", clean[i % CLEAN].name, (int)seed, said());
		wrong += found.count > 0;
	}
	ck_assert_msg(wrong == 0, "%d alarms", wrong);
	end();
}
END_TEST

/* ---- planted ----------------------------------------------------------------------------------------- */

/* Rows of telemetry; every copy-th row of the second half repeats an earlier one, with noise of its numbers. */
static void make_copies(int rows, int copy, double noise)
{
	double *x = bn_alloc((size_t)rows * 6 * sizeof *x);

	open_table("node:category jobs:int64 a:float64 b:float64 c:float64 d:float64");
	for (int i = 0; i < rows; i++) {
		double *r = x + 6 * i;
		if (i > rows / 2 && copy && i % copy == 0) {
			const double *old = x + 6 * (size_t)below((uint64_t)rows / 2);
			r[0] = old[0];
			r[1] = old[1];
			for (int c = 2; c < 6; c++)
				r[c] = old[c] + noise * gauss() * (c == 5 ? 100 : 1);
		} else {
			r[0] = (double)below(20);
			r[1] = (double)below(4);
			r[2] = gauss();
			r[3] = gauss();
			r[4] = exp(gauss());
			r[5] = 100 * gauss();
		}
		put_word(0, "n", (uint64_t)r[0]);
		bn_table_row_i64(w, 1, (int64_t)r[1]);
		for (size_t c = 2; c < 6; c++)
			bn_table_row_f64(w, c, r[c]);
		row_end();
	}
	bn_free(x);
	close_table();
	for (int i = 0; i < rows; i++)
		part_of[i] = i > rows / 2;
}

START_TEST(test_copied_rows_are_found)
{
	begin();
	for (size_t at_once = 0; at_once <= 500; at_once += 500) {
		const bn_leaks_options o = {.rows_at_once = at_once};
		bn_rng_init(&rng, 7, "test.leaks", 0);
		make_copies(3000, 50, 0);
		search(&o);
		const bn_leak *x = find_leak(BN_LEAK_DUPLICATE, NULL);
		ck_assert_uint_eq(x->rows, 29);
		ck_assert_uint_eq(x->of, 1499);
		ck_assert_uint_eq(x->a, 0);
		ck_assert_uint_eq(x->b, 1);
		ck_assert_uint_eq(x->by_chance, 0);
		ck_assert(x->has_example && x->row_b % 50 == 0 && x->row_a < 1501);
		ck_assert_uint_eq(found.count, 1);
	}
	end();
}
END_TEST

START_TEST(test_near_copies_are_found)
{
	static const double noise[] = {1e-9, 1e-4, 1e-3, 5e-3, 1e-2};
	begin();
	for (size_t i = 0; i < sizeof noise / sizeof *noise; i++) {
		const bn_leaks_options o = {.rows_at_once = i == 1 ? 700 : 0};
		bn_rng_init(&rng, 11, "test.leaks", i);
		make_copies(3000, 20, noise[i]);
		search(&o);
		const bn_leak *x = find_leak(BN_LEAK_NEAR, NULL);
		ck_assert_msg(x->rows >= (i < 4 ? 67 : 55) && x->rows <= 76, "noise %g: %d of 74 rows: %s",
			noise[i], (int)x->rows, said());
		ck_assert(x->has_example && x->row_b % 20 == 0);
		ck_assert_uint_eq(found.count, 1);
	}
	end();
}
END_TEST

START_TEST(test_three_near_copies_are_found)
{
	const bn_leaks_options o = {.target = NULL};

	begin();
	bn_rng_init(&rng, 3, "test.leaks", 0);
	make_copies(1000, 160, 1e-3);
	search(&o);
	ck_assert_uint_eq(find_leak(BN_LEAK_NEAR, NULL)->rows, 3);
	end();
}
END_TEST

/* One pair among few rows, and one whose names are copied as well, where few columns are left without names. */
START_TEST(test_a_single_copy_is_found)
{
	const bn_leaks_options o = {.target = NULL};
	double x[6][60];

	begin();
	bn_rng_init(&rng, 41, "test.leaks", 0);
	open_table("a:float64 b:float64 c:float64 d:float64 e:float64 f:float64");
	for (int i = 0; i < 60; i++) {
		for (size_t c = 0; c < 6; c++)
			bn_table_row_f64(w, c, x[c][i] = i == 50 ? x[c][7] : gauss());
		row_end();
	}
	close_table();
	for (int i = 0; i < 60; i++)
		part_of[i] = i >= 40;
	search(&o);
	ck_assert_uint_eq(find_leak(BN_LEAK_DUPLICATE, NULL)->rows, 1);
	ck_assert_uint_eq(found.count, 1);
	open_table("id:int64 ref:string a:int64 b:int64");
	for (int i = 0; i < 500; i++) {
		int of = i >= 495 ? i - 400 : i;
		bn_table_row_i64(w, 0, of);
		put_word(1, "r", (uint64_t)of * 7919);
		bn_table_row_i64(w, 2, of % 5);
		bn_table_row_i64(w, 3, of % 3);
		row_end();
	}
	close_table();
	for (int i = 0; i < 500; i++)
		part_of[i] = i >= 400;
	search(&o);
	ck_assert_uint_eq(find_leak(BN_LEAK_DUPLICATE, NULL)->rows, 5);
	end();
}
END_TEST

/* Copies with a little noise in data where rows are near each other by nature. */
START_TEST(test_near_copies_in_dense_data_are_found)
{
	const bn_leaks_options o = {.target = NULL};
	static double x[3][4000];

	begin();
	bn_rng_init(&rng, 43, "test.leaks", 0);
	open_table("a:float64 b:float64 c:float64");
	for (int i = 0; i < 4000; i++) {
		for (size_t c = 0; c < 3; c++) {
			x[c][i] = i >= 3900 ? x[c][i - 3900] + 1e-5 * gauss() : gauss();
			bn_table_row_f64(w, c, x[c][i]);
		}
		row_end();
	}
	close_table();
	for (int i = 0; i < 4000; i++)
		part_of[i] = i >= 3000;
	search(&o);
	const bn_leak *n = find_leak(BN_LEAK_NEAR, NULL);
	ck_assert_msg(n->rows >= 80 && n->rows <= 120, "%s", said());
	end();
}
END_TEST

START_TEST(test_copies_under_new_names_are_found)
{
	const bn_leaks_options o = {.target = NULL};
	double x[3][400];

	begin();
	bn_rng_init(&rng, 5, "test.leaks", 0);
	open_table("job_id:int64 uuid:string x:float64 y:float64 z:float64");
	for (int i = 0; i < 400; i++) {
		bn_table_row_i64(w, 0, 5000 + i);
		put_word(1, "id-", (uint64_t)i * 7919);
		for (size_t c = 0; c < 3; c++) {
			x[c][i] = i >= 390 ? x[c][i - 200] : gauss();
			bn_table_row_f64(w, 2 + c, x[c][i]);
		}
		row_end();
	}
	close_table();
	for (int i = 0; i < 400; i++)
		part_of[i] = i >= 300;
	search(&o);
	ck_assert_uint_eq(find_leak(BN_LEAK_DUPLICATE, NULL)->rows, 10);
	ck_assert_str_eq(found.left_out, "job_id, uuid");
	end();
}
END_TEST

/* A table of few values with as many copies again. */
START_TEST(test_copies_among_few_values_are_found)
{
	const bn_leaks_options o = {.target = NULL};
	uint64_t v[8][4000];

	begin();
	bn_rng_init(&rng, 9, "test.leaks", 0);
	open_table("a:int64 b:int64 c:int64 d:int64 e:int64 f:int64 g:int64 h:int64");
	for (int i = 0; i < 4000; i++) {
		for (size_t c = 0; c < 8; c++) {
			v[c][i] = i >= 3900 ? v[c][i - 3000] : below(6);
			bn_table_row_i64(w, c, (int64_t)v[c][i]);
		}
		row_end();
	}
	close_table();
	for (int i = 0; i < 4000; i++)
		part_of[i] = i >= 3000;
	search(&o);
	const bn_leak *x = find_leak(BN_LEAK_DUPLICATE, NULL);
	ck_assert_uint_ge(x->rows, 100);
	ck_assert_uint_le(x->by_chance, 10);
	end();
}
END_TEST

START_TEST(test_groups_in_two_parts_are_found)
{
	static const char *const groups[] = {"user"};
	const bn_leaks_options o = {.groups = groups, .group_count = 1};

	begin();
	bn_rng_init(&rng, 13, "test.leaks", 0);
	open_table("user:category x:float64");
	for (int i = 0; i < 1000; i++) {
		if (i % 50 != 7) /* some have none */
			put_word(0, "u", (uint64_t)i / 100 + (i == 999 ? 100 : 0));
		bn_table_row_f64(w, 1, gauss());
		row_end();
	}
	close_table();
	for (int i = 0; i < 1000; i++)
		part_of[i] = i >= 750;
	search(&o);
	const bn_leak *x = find_leak(BN_LEAK_GROUP, "user");
	ck_assert_uint_eq(x->values, 1);
	ck_assert_uint_eq(x->rows, 49);
	ck_assert_uint_eq(x->row_a, 700);
	ck_assert_uint_eq(x->row_b, 750);
	for (int i = 0; i < 1000; i++)
		part_of[i] = i >= 700;
	search(&o);
	ck_assert_str_eq(said(), "");
	end();
}
END_TEST

#define HOUR INT64_C(3600000000000)

START_TEST(test_overlapping_times_are_found)
{
	bn_leaks_options o = {.time = "start"};

	begin();
	bn_rng_init(&rng, 17, "test.leaks", 0);
	open_table("start:timestamp end:timestamp x:float64");
	for (int i = 0; i < 200; i++) {
		bn_table_row_i64(w, 0, i * HOUR);
		bn_table_row_i64(w, 1, i * HOUR + 5 * HOUR);
		bn_table_row_f64(w, 2, gauss());
		row_end();
	}
	close_table();
	for (int i = 0; i < 200; i++)
		part_of[i] = i >= 150;
	o.ignore = (const char *const[]){"end"};
	o.ignore_count = 1;
	search(&o);
	ck_assert_str_eq(said(), "");
	o.end = "end";
	search(&o);
	const bn_leak *x = find_leak(BN_LEAK_TIME, "start");
	ck_assert_uint_eq(x->rows, 4); /* row 145 ends when row 150 begins: they touch */
	ck_assert_uint_eq(x->row_a, 146);
	ck_assert_uint_eq(x->row_b, 0 + 150);
	o.end = NULL;
	o.horizon = 2.5 * (double)HOUR;
	search(&o);
	ck_assert_uint_eq(find_leak(BN_LEAK_TIME, "start")->rows, 2);
	end();
}
END_TEST

START_TEST(test_what_is_known_later_is_found)
{
	static const bn_leaks_known known[] = {{"y", "y_seen"}};
	bn_leaks_options o = {.time = "submit", .known = known, .known_count = 1};

	begin();
	bn_rng_init(&rng, 19, "test.leaks", 0);
	open_table("submit:timestamp before:timestamp finish:timestamp x:float64 x_time:timestamp y:float64 "
		   "y_seen:timestamp z:float64 z_at:timestamp");
	for (int i = 0; i < 100; i++) {
		int64_t t = i * HOUR;
		bn_table_row_i64(w, 0, t);
		bn_table_row_i64(w, 1, t - HOUR);
		if (i % 2)
			bn_table_row_i64(w, 2, t + HOUR);
		bn_table_row_f64(w, 3, gauss());
		bn_table_row_i64(w, 4, t + (i == 40 ? 1 : 0));
		bn_table_row_f64(w, 5, gauss());
		bn_table_row_i64(w, 6, t + HOUR);
		bn_table_row_f64(w, 7, gauss());
		bn_table_row_i64(w, 8, t);
		row_end();
	}
	close_table();
	for (int i = 0; i < 100; i++)
		part_of[i] = i >= 80;
	search(&o);
	ck_assert_uint_eq(found.count, 3);
	ck_assert_uint_eq(find_leak(BN_LEAK_AFTER, "y")->rows, 100);
	ck_assert_uint_eq(find_leak(BN_LEAK_AFTER, "finish")->rows, 50);
	ck_assert_uint_eq(find_leak(BN_LEAK_AFTER, "finish")->of, 50);
	const bn_leak *x = find_leak(BN_LEAK_AFTER, "x");
	ck_assert_uint_eq(x->rows, 1);
	ck_assert_uint_eq(x->row_a, 40);
	ck_assert_str_eq(x->other, "x_time");
	end();
}
END_TEST

START_TEST(test_a_number_in_disguise_is_found)
{
	const bn_leaks_options o = {.target = "y"};

	begin();
	bn_rng_init(&rng, 23, "test.leaks", 0);
	open_table("y:float64 same:float64 scaled:float64 log:float64 back:float64 noisy:float64 code:category "
		   "honest:float64 follows:float64");
	for (int i = 0; i < 2000; i++) {
		double y = exp(floor(400 * gauss()) / 500);
		bn_table_row_f64(w, 0, y);
		bn_table_row_f64(w, 1, y);
		bn_table_row_f64(w, 2, 1000 * y - 7);
		bn_table_row_f64(w, 3, log(y));
		bn_table_row_f64(w, 4, -y * y * y);
		bn_table_row_f64(w, 5, y * (1 + 1e-3 * gauss()));
		put_word(6, "c", (uint64_t)(y * 1e9) % 100000007);
		bn_table_row_f64(w, 7, gauss());
		bn_table_row_f64(w, 8, y + 0.1 * gauss());
		row_end();
	}
	close_table();
	deal(1);
	search(&o);
	ck_assert_str_eq(find_leak(BN_LEAK_TARGET, "same")->how, "equal");
	ck_assert_str_eq(find_leak(BN_LEAK_TARGET, "scaled")->how, "rescaled");
	ck_assert_str_eq(find_leak(BN_LEAK_TARGET, "scaled")->text,
		"'scaled' is the target rescaled: y = 0.001 * scaled + 0.007");
	ck_assert_str_eq(find_leak(BN_LEAK_TARGET, "log")->how, "monotone");
	ck_assert_str_eq(find_leak(BN_LEAK_TARGET, "back")->how, "monotone");
	ck_assert_str_eq(find_leak(BN_LEAK_TARGET, "noisy")->how, "monotone");
	ck_assert_str_eq(find_leak(BN_LEAK_TARGET, "code")->how, "explains");
	ck_assert_uint_eq(found.count, 6);
	end();
}
END_TEST

START_TEST(test_a_class_in_disguise_is_found)
{
	const bn_leaks_options o = {.target = "state"};
	static const char *const states[] = {"DONE", "FAILED", "TIMEOUT"};

	begin();
	bn_rng_init(&rng, 29, "test.leaks", 0);
	open_table("state:category renamed:category code:int64 is_failed:bool exit:int64 level:float64 only_failed:float64 "
		   "user:category x:float64 often:int64");
	for (int i = 0; i < 2000; i++) {
		uint64_t s = below(10) < 7 ? 0 : 1 + below(2);
		bn_table_row_text(w, 0, states[s], strlen(states[s]));
		put_word(1, "s", s);
		bn_table_row_i64(w, 2, (int64_t)s * 10);
		bn_table_row_bool(w, 3, s == 1);
		bn_table_row_i64(w, 4, s == 0 ? 0 : (int64_t)(s * 16 + below(4)));
		bn_table_row_f64(w, 5, (double)s + 0.001 * gauss());
		if (s == 1)
			bn_table_row_f64(w, 6, gauss());
		put_word(7, "u", below(50));
		bn_table_row_f64(w, 8, gauss() + (double)s);
		bn_table_row_i64(w, 9, below(20) ? (int64_t)s : (int64_t)below(3));
		row_end();
	}
	close_table();
	deal(2);
	search(&o);
	ck_assert_str_eq(find_leak(BN_LEAK_TARGET, "renamed")->how, "determines");
	ck_assert_str_eq(find_leak(BN_LEAK_TARGET, "code")->how, "determines");
	ck_assert_str_eq(find_leak(BN_LEAK_TARGET, "is_failed")->how, "indicator");
	ck_assert_str_eq(find_leak(BN_LEAK_TARGET, "exit")->how, "determines");
	ck_assert_str_eq(find_leak(BN_LEAK_TARGET, "level")->how, "range");
	ck_assert_uint_eq(found.count, 5);
	end();
}
END_TEST

/* ---- errors --------------------------------------------------------------------------------------------- */

static bool stop_at_once(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	(void)ctx, (void)what, (void)done, (void)total;
	return false;
}

static void fails(const bn_leaks_options *o, int code, const char *text)
{
	const bn_leaks_parts parts = {.count = PARTS, .names = names, .table = table, .part_of = part_of};
	bn_err err = BN_ERR_INIT;

	bn_leaks_release(&found);
	ck_assert_int_eq(bn_leaks_find(&found, &parts, o, &err), code);
	ck_assert_msg(strstr(err.msg, text) != NULL, "%s", err.msg);
}

START_TEST(test_errors_name_what_is_wrong)
{
	static const char *const groups[] = {"users"};
	const bn_progress stop = {.report = stop_at_once};

	begin();
	bn_rng_init(&rng, 31, "test.leaks", 0);
	make_copies(200, 0, 0);
	fails(&(bn_leaks_options){.target = "e"}, BN_ENOTFOUND, "no column 'e'");
	fails(&(bn_leaks_options){.groups = groups, .group_count = 1}, BN_ENOTFOUND, "no column 'users'");
	fails(&(bn_leaks_options){.time = "node"}, BN_EINVAL, "column 'node' is text");
	fails(&(bn_leaks_options){.end = "a"}, BN_EINVAL, "--end needs");
	fails(&(bn_leaks_options){.progress = &stop}, BN_EINTR, "stopped");
	end();
}
END_TEST

START_TEST(test_every_failed_allocation_is_an_error)
{
	static const char *const groups[] = {"node"};
	const bn_leaks_options o = {.target = "d", .groups = groups, .group_count = 1, .time = "a"};
	const bn_leaks_parts parts = {.count = PARTS, .names = names, .part_of = NULL};
	int rc = BN_ENOMEM;

	begin();
	bn_rng_init(&rng, 37, "test.leaks", 0);
	make_copies(300, 7, 1e-3);
	bn_leaks_parts p = parts;
	p.table = table;
	p.part_of = part_of;
	for (long n = 1; rc == BN_ENOMEM && n < 5000; n++) {
		bn_err err = BN_ERR_INIT;
		bn_leaks_release(&found);
		bn_alloc_fail_at(n);
		rc = bn_leaks_find(&found, &p, &o, &err);
		bn_alloc_fail_at(0);
		ck_assert_msg(rc == 0 || rc == BN_ENOMEM, "allocation %ld: %d %s", n, rc, err.msg);
	}
	ck_assert_int_eq(rc, 0);
	end();
}
END_TEST

BN_TEST_MAIN("core/data/leaks", test_clean_tables_raise_no_alarm, test_copied_rows_are_found,
	test_near_copies_are_found, test_three_near_copies_are_found, test_a_single_copy_is_found,
	test_near_copies_in_dense_data_are_found, test_copies_under_new_names_are_found,
	test_copies_among_few_values_are_found, test_groups_in_two_parts_are_found, test_overlapping_times_are_found,
	test_what_is_known_later_is_found, test_a_number_in_disguise_is_found, test_a_class_in_disguise_is_found,
	test_errors_name_what_is_wrong, test_every_failed_allocation_is_an_error)
