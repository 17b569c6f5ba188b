/* Transformations: computed columns, rows kept by a filter, what the recipe records; splits of filtered rows. */
#include "core/base/fs.h"
#include "core/data/add.h"
#include "core/data/split.h"
#include "core/data/transform.h"
#include "core/govern/authority.h"
#include "core/govern/policy.h"
#include "core/table/table.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const bn_fold_class *const classes[] = {
	&bn_authority_class, &bn_dataset_class, &bn_policy_class, NULL};

static bn_err err = BN_ERR_INIT;
static char dir[64];
static bn_workspace *ws;
static bn_dataset_version *from;

/* Columns i, x (absent in every fifth row) and s. */
static void make(void)
{
	char path[100];
	strcpy(dir, "/tmp/bn-transform-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_bn_ok(bn_workspace_init(bn_env_real(), dir, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, bn_env_real(), classes, dir, &err), &err);
	snprintf(path, sizeof path, "%s/t.csv", dir);
	FILE *f = fopen(path, "w");
	fputs("i,x,s\n", f);
	for (int i = 0; i < 1000; i++) {
		fprintf(f, "%d,", i);
		if (i % 5)
			fprintf(f, "%d.5", i);
		fprintf(f, ",%s\n", i % 2 ? "Odd" : "Even");
	}
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_bn_ok(bn_dataset_add(&from, NULL, ws, "t", BN_DATASET_AS_BEFORE, NULL, path, NULL,
				NULL, &err),
		&err);
}

static void finish(void)
{
	bn_dataset_version_free(from);
	bn_workspace_close(ws);
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
}

/* A row as "name=value name=value". */
static const char *row_text(const bn_dataset_version *v, uint64_t row)
{
	static char out[400];
	bn_table_reader *t = NULL;
	bn_batch b = BN_BATCH_INIT;
	bn_buf text = BN_BUF_INIT;
	size_t batch, at;
	ck_assert_bn_ok(bn_dataset_open_table(&t, ws, v, &err), &err);
	ck_assert_bn_ok(bn_table_locate(t, row, &batch, &at, &err), &err);
	ck_assert_bn_ok(bn_table_read(t, batch, NULL, 0, &b, &err), &err);
	for (size_t c = 0; c < b.column_count; c++) {
		bn_buf_addf(&text, "%s%s=", c ? " " : "", bn_table_schema(t)->fields[c].name);
		if (!bn_column_format(&b.columns[c], at, &text))
			bn_buf_addch(&text, '-');
	}
	snprintf(out, sizeof out, "%s", text.ptr);
	bn_buf_release(&text);
	bn_batch_release(&b);
	bn_table_reader_free(t);
	return out;
}

START_TEST(test_transform_computes_columns_and_keeps_rows)
{
	static const char *const columns[] = {"double = i * 2", "x = coalesce(x, -1)",
		"`a b` = if(i % 2 = 1, upper(s), null)", "old = x / 2"};
	const bn_transform o = {
		.columns = columns, .column_count = 4, .where = "i>=10 and not (i = 12)"};
	bn_dataset_version *v = NULL, *again = NULL;
	bool added = false;
	make();
	ck_assert_bn_ok(bn_dataset_transform(&v, &added, ws, "made", from, &o, &err), &err);
	ck_assert(added);
	ck_assert_int_eq(v->rows, 989);
	/* Expressions read the column that they replace. */
	ck_assert_str_eq(row_text(v, 0), "i=10 x=-1 s=Even double=20 a b=- old=-");
	ck_assert_str_eq(row_text(v, 1), "i=11 x=11.5 s=Odd double=22 a b=ODD old=5.75");
	ck_assert_str_eq(row_text(v, 2), "i=13 x=13.5 s=Odd double=26 a b=ODD old=6.75");
	ck_assert_str_eq(v->source_kind, "transform");
	ck_assert_str_eq(v->parents[0].hash, from->hash);
	ck_assert_ptr_nonnull(strstr(v->recipe, "\"where\":\"i >= 10 AND NOT i = 12\""));
	ck_assert_ptr_nonnull(strstr(v->recipe, "{\"expr\":\"i * 2\",\"name\":\"double\"}"));
	ck_assert_bn_ok(bn_dataset_transform(&again, &added, ws, "made", from, &o, &err), &err);
	ck_assert(!added);
	ck_assert_str_eq(again->hash, v->hash);
	bn_dataset_version_free(again);
	bn_dataset_version_free(v);
	finish();
}
END_TEST

START_TEST(test_transform_keeps_columns_in_the_order_asked)
{
	static const char *const columns[] = {"n = length(s)"}, *const keep[] = {"s", "i"};
	const bn_transform o = {
		.columns = columns, .column_count = 1, .keep = keep, .keep_count = 2};
	bn_dataset_version *v = NULL;
	make();
	ck_assert_bn_ok(bn_dataset_transform(&v, NULL, ws, "made", from, &o, &err), &err);
	ck_assert_str_eq(row_text(v, 999), "s=Odd i=999 n=3");
	bn_dataset_version_free(v);
	finish();
}
END_TEST

START_TEST(test_transform_refuses_what_is_no_column_and_leaves_nothing)
{
	static const struct {
		const char *column, *says;
	} wrong[] = {{"i * 2", "is not NAME = EXPRESSION"}, {"= i", "is not NAME = EXPRESSION"},
		{"a == i", "is not NAME = EXPRESSION"},
		{"a = ", ":1:2: expected a field at the end"}, {"a = j", "no column 'j'"},
		{"a = i * 9223372036854775807", "row 2: * is out of the range of int64"},
		{"`a = i", "is not NAME = EXPRESSION"}, {"a = null", "null alone has no type"}};
	make();
	for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
		const bn_transform o = {.columns = &wrong[k].column, .column_count = 1};
		bn_err e = BN_ERR_INIT;
		bn_dataset_version *v = NULL;
		ck_assert_int_eq(
			bn_dataset_transform(&v, NULL, ws, "made", from, &o, &e), BN_EINVAL);
		ck_assert_msg(strstr(e.msg, wrong[k].says), "%s: %s", wrong[k].column, e.msg);
		ck_assert_int_eq(
			bn_dataset_resolve(&v, ws, "made", BN_DATASET_LIVE, NULL), BN_ENOTFOUND);
	}
	finish();
}
END_TEST

START_TEST(test_transform_split_takes_the_rows_that_are_meant)
{
	bn_split_options o = {.seed = 3, .where = "s = Odd"};
	bn_dataset_version *parts[2] = {NULL, NULL};
	make();
	ck_assert_bn_ok(bn_split_parts_parse(&o, "train=0.8,test=0.2", &err), &err);
	ck_assert_bn_ok(bn_dataset_split(parts, ws, from, &o, &err), &err);
	ck_assert_int_eq(parts[0]->rows + parts[1]->rows, 500);
	ck_assert_ptr_nonnull(strstr(row_text(parts[1], 0), "s=Odd"));
	ck_assert_ptr_nonnull(strstr(parts[0]->recipe, "\"where\":\"s = Odd\""));
	bn_dataset_version_free(parts[0]);
	bn_dataset_version_free(parts[1]);
	finish();
}
END_TEST

BN_TEST_MAIN("core/data/transform", test_transform_computes_columns_and_keeps_rows,
	test_transform_keeps_columns_in_the_order_asked,
	test_transform_refuses_what_is_no_column_and_leaves_nothing,
	test_transform_split_takes_the_rows_that_are_meant)
