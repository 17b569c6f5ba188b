/* Group and stratified splits: shares of rows, warnings about empty parts, and the reported
 * outcome. */
#include "core/base/fs.h"
#include "core/data/split.h"
#include "core/source/ingest.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <string.h>

static char dir[] = "/tmp/bn-split-XXXXXX";
static char in_path[64], out_path[64];
static bn_split_outcome outcome;
static bn_source_notes notes;
static bn_table_reader *table;

static void begin(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(in_path, sizeof in_path, "%s/in.csv", dir);
	snprintf(out_path, sizeof out_path, "%s/out.arrow", dir);
}

static void end(void)
{
	bn_table_reader_free(table);
	table = NULL;
	bn_source_notes_release(&notes);
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
}

/* A table with a column g: sizes[i] rows with the value "u<i>", in mixed order. */
static void make_table(const uint64_t *sizes, size_t n)
{
	bn_buf text = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	bool any = true;

	bn_table_reader_free(table);
	table = NULL;
	bn_buf_adds(&text, "g,v\n");
	for (uint64_t round = 0; any; round++) {
		any = false;
		for (size_t i = 0; i < n; i++)
			if (round < sizes[i]) {
				bn_buf_addf(&text, "u%zu,%d\n", i, (int)round);
				any = true;
			}
	}
	ck_assert_bn_ok(
		bn_fs_write_file(bn_env_real(), in_path, text.ptr, text.len, 0644, &err), &err);
	ck_assert_bn_ok(
		bn_ingest(bn_env_real(), "csv", in_path, NULL, NULL, out_path, NULL, &err), &err);
	ck_assert_bn_ok(bn_table_open(&table, bn_env_real(), out_path, &err), &err);
	bn_buf_release(&text);
}

static const char *said(void)
{
	static char text[2048];

	text[0] = '\0';
	for (size_t i = 0; i < notes.count; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s\n",
			notes.items[i].text);
	return text;
}

/* Splits, and checks that in a group split rows with equal values stay together. */
static void split(bn_split_kind kind, const char *parts, uint64_t seed)
{
	bn_err err = BN_ERR_INIT;
	uint8_t *part_of = NULL;
	bn_split_options o = {.seed = seed, .outcome = &outcome};
	bn_batch b = BN_BATCH_INIT;
	int of[65536];
	size_t column = 0;

	ck_assert_bn_ok(bn_split_parts_parse(&o, parts, &err), &err);
	o.kind = kind;
	o.column = "g";
	ck_assert_bn_ok(bn_split_assign(&part_of, table, &o, &err), &err);
	memset(of, 0xff, sizeof of);
	for (size_t i = 0; i < bn_table_batches(table) && kind == BN_SPLIT_GROUP; i++) {
		ck_assert_bn_ok(bn_table_read(table, i, &column, 1, &b, &err), &err);
		for (size_t r = 0; r < b.rows; r++) {
			bn_text t = bn_column_text(&b.columns[0], r);
			int value = atoi(t.ptr + 1),
			    p = part_of[bn_table_batch_start(table, i) + r];
			ck_assert(of[value] == -1 || of[value] == p);
			of[value] = p;
		}
	}
	bn_batch_release(&b);
	bn_free(part_of);
	bn_source_notes_release(&notes);
	ck_assert_bn_ok(bn_split_notes(&notes, &o, &outcome, &err), &err);
}

START_TEST(test_two_groups_are_never_in_one_part)
{
	static const uint64_t sizes[] = {90, 10};

	begin();
	make_table(sizes, 2);
	for (uint64_t seed = 0; seed < 20; seed++) {
		split(BN_SPLIT_GROUP, "train=0.8,test=0.2", seed);
		ck_assert_uint_eq(outcome.counts[0], 90);
		ck_assert_uint_eq(outcome.counts[1], 10);
		ck_assert_str_eq(said(), "part 'train' has 90.0 % of the rows, not 80 %: rows of "
					 "one 'g' stay together, and there "
					 "are 2\n");
	}
	split(BN_SPLIT_GROUP, "train=0.1,test=0.9", 1);
	ck_assert_uint_eq(outcome.counts[0], 10);
	end();
}
END_TEST

START_TEST(test_shares_are_of_rows)
{
	uint64_t sizes[20], rows = 0;

	begin();
	for (size_t i = 0; i < 20; i++)
		rows += sizes[i] = 10 + 9 * i + (i % 3) * 7;
	make_table(sizes, 20);
	for (uint64_t seed = 0; seed < 50; seed++) {
		split(BN_SPLIT_GROUP, "train=0.8,test=0.2", seed);
		ck_assert_double_le(fabs((double)outcome.counts[0] - 0.8 * (double)rows), 5);
		ck_assert_str_eq(said(), "");
		split(BN_SPLIT_GROUP, "train=0.7,val=0.1,test=0.2", seed);
		ck_assert_double_le(fabs((double)outcome.counts[0] - 0.7 * (double)rows), 8);
		ck_assert_double_le(fabs((double)outcome.counts[1] - 0.1 * (double)rows), 8);
	}
	end();
}
END_TEST

START_TEST(test_one_giant_among_many)
{
	uint64_t sizes[201] = {5000};

	begin();
	for (size_t i = 1; i < 201; i++)
		sizes[i] = 1 + i % 5;
	make_table(sizes, 201);
	split(BN_SPLIT_GROUP, "train=0.5,test=0.5",
		3); /* one value has 89 % of the rows, the other part gets all others */
	ck_assert_uint_eq(outcome.counts[0] == 5000 ? outcome.counts[1] : outcome.counts[0], 600);
	ck_assert_ptr_nonnull(strstr(said(), "rows of one 'g' stay together, and there are 201"));
	split(BN_SPLIT_GROUP, "train=0.95,test=0.05", 3);
	ck_assert_uint_eq(outcome.counts[1], 280);
	end();
}
END_TEST

START_TEST(test_seeds_give_different_parts_and_the_same_seed_the_same)
{
	uint64_t sizes[100], first = 0, different = 0;

	begin();
	for (size_t i = 0; i < 100; i++)
		sizes[i] = 5 + i % 2;
	make_table(sizes, 100);
	bn_err err = BN_ERR_INIT;
	bn_split_options o = {.kind = BN_SPLIT_GROUP, .column = "g"};
	ck_assert_bn_ok(bn_split_parts_parse(&o, "a=0.5,b=0.5", &err), &err);
	for (uint64_t seed = 0; seed < 10; seed++) {
		uint64_t hash[2] = {0, 0};
		for (int again = 0; again < 2; again++) {
			uint8_t *part_of = NULL;
			o.seed = seed;
			ck_assert_bn_ok(bn_split_assign(&part_of, table, &o, &err), &err);
			for (uint64_t r = 0; r < bn_table_rows(table); r++)
				hash[again] = hash[again] * 31 + part_of[r];
			bn_free(part_of);
		}
		ck_assert_uint_eq(hash[0], hash[1]);
		different += seed && hash[0] != first;
		first = seed ? first : hash[0];
	}
	ck_assert_uint_eq(different, 9);
	end();
}
END_TEST

START_TEST(test_fewer_groups_than_parts_are_said)
{
	static const uint64_t one[] = {7}, three[] = {50, 50, 1};

	begin();
	make_table(one, 1);
	split(BN_SPLIT_GROUP, "train=0.8,test=0.2", 1);
	ck_assert_ptr_nonnull(
		strstr(said(), "part 'test' is empty: column 'g' has 1 value for 2 parts"));
	make_table(three, 3);
	split(BN_SPLIT_GROUP, "train=0.98,val=0.01,test=0.01", 1);
	ck_assert(outcome.counts[0] && outcome.counts[1] && outcome.counts[2]);
	end();
}
END_TEST

/* The parts of small tables, to the row, and the warning about each. */
START_TEST(test_small_splits_say_what_they_are_not)
{
	static const struct {
		bn_split_kind kind;
		const char *parts;
		uint64_t sizes[8];
		uint64_t want[3]; /* rows in each part */
		const char *said; /* expected warning; NULL: none */
	} cases[] = {
		{BN_SPLIT_GROUP, "train=0.8,test=0.2", {4, 6}, {6, 4}, "part 'train' has 60.0 %"},
		{BN_SPLIT_GROUP, "train=0.8,test=0.2", {8, 2}, {8, 2}, NULL},
		{BN_SPLIT_GROUP, "train=0.8,test=0.2", {9, 1}, {9, 1}, NULL}, /* within one row */
		{BN_SPLIT_GROUP, "train=0.5,test=0.5", {30, 10, 10, 10}, {30, 30}, NULL},
		{BN_SPLIT_GROUP, "train=0.8,test=0.2", {97}, {97, 0},
			"part 'test' is empty: column 'g' has 1 value for 2 parts"},
		{BN_SPLIT_GROUP, "train=0.7,val=0.15,test=0.15", {70, 15, 15}, {70, 15, 15}, NULL},
		{BN_SPLIT_GROUP, "train=0.7,val=0.15,test=0.15", {97, 2, 1}, {97, 0, 0},
			"part 'train' has 97.0 % of the rows, not 70 %"},
		{BN_SPLIT_GROUP, "train=0.6,val=0.2,test=0.2", {5, 5}, {5, 5, 0},
			"part 'test' is empty: column 'g' has 2 values for 3 parts"},
		{BN_SPLIT_STRATIFIED, "train=0.8,test=0.2", {8, 2}, {8, 2},
			"1 of 2 values of 'g' are in too few rows"},
		{BN_SPLIT_STRATIFIED, "train=0.8,test=0.2", {10}, {8, 2}, NULL},
		{BN_SPLIT_STRATIFIED, "train=0.8,test=0.2", {95, 5}, {80, 20}, NULL},
		{BN_SPLIT_STRATIFIED, "train=0.5,test=0.5", {1, 1}, {1, 1}, "2 of 2 values of 'g'"},
		{BN_SPLIT_RANDOM, "train=0.8,test=0.2", {2}, {2, 0},
			"part 'test' is empty: 20 % of 2 rows"},
		{BN_SPLIT_RANDOM, "train=0.8,test=0.2", {7}, {6, 1}, NULL},
		{BN_SPLIT_RANDOM, "train=0.34,val=0.33,test=0.33", {10}, {4, 3, 3}, NULL},
	};

	begin();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint64_t rows = 0;
		size_t groups = 0;
		while (groups < 8 && cases[i].sizes[groups])
			rows += cases[i].sizes[groups++];
		make_table(cases[i].sizes, groups);
		for (uint64_t seed = 1; seed < 6; seed++) {
			split(cases[i].kind, cases[i].parts, seed);
			ck_assert_uint_eq(
				outcome.counts[0] + outcome.counts[1] + outcome.counts[2], rows);
			for (size_t p = 0; p < 3 && cases[i].want[1]; p++)
				ck_assert_msg(outcome.counts[p] == cases[i].want[p],
					"%zu: %llu rows in %zu", i,
					(unsigned long long)outcome.counts[p], p);
			ck_assert_msg(
				cases[i].said ? strstr(said(), cases[i].said) != NULL : !*said(),
				"%zu: %s", i, said());
		}
	}
	end();
}
END_TEST

START_TEST(test_many_groups_in_many_parts)
{
	static uint64_t sizes[30000];

	begin();
	for (size_t i = 0; i < 30000; i++)
		sizes[i] = 1 + i % 3;
	make_table(sizes, 30000);
	split(BN_SPLIT_GROUP, "a=0.5,b=0.3,c=0.1,d=0.1", 9);
	ck_assert_double_le(fabs((double)outcome.counts[0] - 30000), 2);
	ck_assert_double_le(fabs((double)outcome.counts[2] - 6000), 2);
	ck_assert_str_eq(said(), "");
	end();
}
END_TEST

START_TEST(test_rare_strata_are_said)
{
	static const uint64_t sizes[] = {60, 40, 3, 1}, even[] = {50, 50};

	begin();
	make_table(sizes, 4);
	split(BN_SPLIT_STRATIFIED, "train=0.8,test=0.2", 1);
	ck_assert_uint_eq(outcome.counts[0] + outcome.counts[1], 104);
	ck_assert_double_le(fabs((double)outcome.counts[0] - 83.2), 1);
	ck_assert_ptr_nonnull(strstr(said(),
		"of 4 values of 'g' are in too few rows to be in every part: 'u3' is in 1"));
	make_table(even, 2);
	split(BN_SPLIT_STRATIFIED, "train=0.8,test=0.2", 1);
	ck_assert_str_eq(said(), "");
	split(BN_SPLIT_STRATIFIED, "train=0.996,test=0.004", 1);
	ck_assert_ptr_nonnull(strstr(said(), "part 'test' is empty: 0.4 % of 100 rows"));
	end();
}
END_TEST

BN_TEST_MAIN("core/data/split", test_two_groups_are_never_in_one_part, test_shares_are_of_rows,
	test_one_giant_among_many, test_seeds_give_different_parts_and_the_same_seed_the_same,
	test_fewer_groups_than_parts_are_said, test_small_splits_say_what_they_are_not,
	test_many_groups_in_many_parts, test_rare_strata_are_said)
