/* Rows selected from a table: into a batch, profiled, cached, written as CSV in any order. */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/data/add.h"
#include "core/data/profile_cache.h"
#include "core/govern/authority.h"
#include "core/govern/policy.h"
#include "core/profile/profiler.h"
#include "core/source/csv_write.h"
#include "core/store/index/fold.h"
#include "core/table/take.h"
#include "tests/support/check_main.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const bn_fold_class *const classes[] = {
	&bn_authority_class, &bn_dataset_class, &bn_policy_class, NULL};

enum { FEW = 3000, ROWS = BN_BATCH_ROWS + 10 }; /* one batch, two batches */

static char dir[64];
static bn_workspace *ws;
static bn_dataset_version *v;
static bn_table_reader *table;
static bn_err err = BN_ERR_INIT;

static void make(uint64_t rows)
{
	bn_generate_options o = {.rows = rows, .seed = 4};
	strcpy(dir, "/tmp/bn-select-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	setenv("XDG_STATE_HOME", dir, 1);
	ck_assert_bn_ok(bn_workspace_init(bn_env_real(), dir, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, bn_env_real(), classes, dir, &err), &err);
	ck_assert_bn_ok(
		bn_dataset_generate(&v, NULL, ws, "jobs", BN_DATASET_AS_BEFORE, &o, &err), &err);
	ck_assert_bn_ok(bn_dataset_open_table(&table, ws, v, &err), &err);
}

static void finish(void)
{
	bn_table_reader_free(table);
	bn_dataset_version_free(v);
	bn_workspace_close(ws);
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
}

START_TEST(test_select_gives_the_same_values_in_the_order_asked)
{
	bn_batch all = BN_BATCH_INIT, some = BN_BATCH_INIT;
	bn_buf x = BN_BUF_INIT, y = BN_BUF_INIT;
	uint32_t rows[1000];
	make(FEW);
	ck_assert_bn_ok(bn_table_read(table, 0, NULL, 0, &all, &err), &err);
	for (uint32_t i = 0; i < 1000; i++)
		rows[i] = (i * 7919 + 3) % (uint32_t)all.rows;
	rows[1] = rows[0]; /* twice */
	ck_assert_bn_ok(bn_batch_take(&some, &all, rows, 1000, &err), &err);
	ck_assert_uint_eq(some.rows, 1000);
	for (size_t c = 0; c < all.column_count; c++) {
		size_t nulls = 0;
		for (size_t i = 0; i < 1000; i++) {
			bn_buf_clear(&x);
			bn_buf_clear(&y);
			bool there = bn_column_format(&some.columns[c], i, &x);
			ck_assert_int_eq(there, bn_column_format(&all.columns[c], rows[i], &y));
			ck_assert_uint_eq(x.len, y.len);
			if (x.len)
				ck_assert_mem_eq(x.ptr, y.ptr, x.len);
			nulls += bn_column_is_null(&some.columns[c], i);
		}
		ck_assert_uint_eq(some.columns[c].nulls, nulls);
	}
	rows[5] = (uint32_t)all.rows;
	ck_assert_int_eq(bn_batch_take(&some, &all, rows, 1000, NULL), BN_EINVAL);
	ck_assert_bn_ok(bn_batch_take(&some, &all, rows, 0, &err), &err);
	ck_assert_uint_eq(some.rows, 0);
	bn_batch_release(&some);
	bn_batch_release(&all);
	bn_buf_release(&x);
	bn_buf_release(&y);
	finish();
}
END_TEST

static char *profile_text(const bn_profile *p)
{
	json_t *doc = NULL;
	bn_buf b = BN_BUF_INIT;
	ck_assert_bn_ok(bn_profile_to_json(&doc, p, &err), &err);
	ck_assert_bn_ok(bn_json_canonical(doc, &b, &err), &err);
	json_decref(doc);
	return bn_buf_take(&b, NULL);
}

START_TEST(test_select_all_rows_in_pieces_profile_as_the_table_does)
{
	bn_profiler *p = NULL;
	bn_profile *pieces = NULL, *whole = NULL;
	bn_batch all = BN_BATCH_INIT, some = BN_BATCH_INIT;
	static uint32_t rows[BN_BATCH_ROWS];
	make(FEW);
	ck_assert_bn_ok(bn_profiler_new(&p, bn_table_schema(table), &err), &err);
	for (size_t b = 0; b < bn_table_batches(table); b++) {
		ck_assert_bn_ok(bn_table_read(table, b, NULL, 0, &all, &err), &err);
		for (uint32_t i = 0; i < all.rows; i++)
			rows[i] = i;
		ck_assert_bn_ok(bn_batch_take(&some, &all, rows, all.rows, &err), &err);
		ck_assert_bn_ok(bn_profiler_add(p, &some, &err), &err);
	}
	ck_assert_bn_ok(bn_profiler_finish(&pieces, p, &err), &err);
	ck_assert_bn_ok(bn_profile_table(&whole, table, 1, NULL, &err), &err);
	char *a = profile_text(pieces), *b = profile_text(whole);
	ck_assert_str_eq(a, b);
	bn_free(a);
	bn_free(b);
	bn_profile_free(pieces);
	bn_profile_free(whole);
	bn_profiler_free(p);
	bn_batch_release(&some);
	bn_batch_release(&all);
	finish();
}
END_TEST

START_TEST(test_select_a_kept_profile_comes_back_equal_and_for_its_filter_alone)
{
	bn_profile *p = NULL, *again = NULL;
	bn_cache *cache = NULL;
	make(FEW);
	ck_assert_bn_ok(bn_cache_open(&cache, ws, &err), &err);
	ck_assert_bn_ok(bn_profile_table(&p, table, 1, NULL, &err), &err);
	ck_assert(!bn_profile_recall(&again, cache, v, "power_w>500"));
	ck_assert_bn_ok(bn_profile_remember(cache, v, "power_w>500", p, &err), &err);
	ck_assert(!bn_profile_recall(&again, cache, v, ""));
	ck_assert(!bn_profile_recall(&again, cache, v, "power_w>50"));
	bn_dataset_version other = *v;
	other.content[0] = other.content[0] == 'a' ? 'b' : 'a';
	ck_assert(!bn_profile_recall(&again, cache, &other, "power_w>500"));
	ck_assert(bn_profile_recall(&again, cache, v, "power_w>500"));
	char *a = profile_text(p), *b = profile_text(again);
	ck_assert_str_eq(a, b);
	bn_free(a);
	bn_free(b);
	bn_profile_free(p);
	bn_profile_free(again);
	bn_cache_close(cache);
	finish();
}
END_TEST

START_TEST(test_select_a_version_whose_bytes_changed_is_not_used)
{
	char **paths = NULL;
	size_t n = 0;
	make(FEW);
	ck_assert_bn_ok(bn_dataset_verify(ws, v, NULL, &err), &err);
	ck_assert_bn_ok(bn_dataset_paths(&paths, &n, ws, v->hash, NULL, &err), &err);
	char *path = bn_path_join(bn_workspace_root(ws), paths[0]);
	ck_assert_int_eq(chmod(path, 0644), 0);
	FILE *f = fopen(path, "r+");
	ck_assert_ptr_nonnull(f);
	fseek(f, 5000, SEEK_SET);
	fputc('?', f);
	fclose(f);
	ck_assert_int_eq(bn_dataset_verify(ws, v, NULL, NULL), BN_ECORRUPT);
	bn_free(path);
	bn_dataset_paths_free(paths, n);
	finish();
}
END_TEST

static int gather(void *ctx, const char *bytes, size_t n, bn_err *e)
{
	(void)e;
	bn_buf_add(ctx, bytes, n);
	return 0;
}

static void two_batches(void)
{
	char path[100];
	bn_schema schema = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	strcpy(dir, "/tmp/bn-select-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/t.arrow", dir);
	ck_assert_bn_ok(bn_schema_add(&schema, "n", BN_TYPE_INT64, false, NULL, &err), &err);
	ck_assert_bn_ok(bn_schema_add(&schema, "half", BN_TYPE_FLOAT64, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_table_create(&w, bn_env_real(), NULL, path, &schema, &err), &err);
	for (int i = 0; i < ROWS; i++) {
		bn_table_row_i64(w, 0, i);
		bn_table_row_f64(w, 1, i / 2.0);
		ck_assert_bn_ok(bn_table_row_end(w, &err), &err);
	}
	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	bn_table_writer_free(w);
	bn_schema_release(&schema);
	ck_assert_bn_ok(bn_table_open(&table, bn_env_real(), path, &err), &err);
	ck_assert_uint_eq(bn_table_batches(table), 2);
}

START_TEST(test_select_csv_of_all_rows_is_the_export_and_any_order_works)
{
	bn_buf whole = BN_BUF_INIT, rows = BN_BUF_INIT;
	two_batches();
	ck_assert_bn_ok(
		bn_csv_export(table, NULL, 0, 0, UINT64_MAX, ',', gather, &whole, &err), &err);
	ck_assert_bn_ok(bn_csv_export_rows(table, &(bn_csv_part){NULL, 0, NULL, 0}, ',', NULL,
				gather, &rows, &err),
		&err);
	ck_assert_uint_eq(whole.len, rows.len);
	ck_assert_mem_eq(whole.ptr, rows.ptr, rows.len);
	bn_buf_clear(&rows);
	int64_t order[3] = {ROWS - 1, 0, ROWS - 1}; /* the last batch, the first, the last */
	ck_assert_bn_ok(bn_csv_export_rows(table, &(bn_csv_part){order, 3, NULL, 0}, ',', NULL,
				gather, &rows, &err),
		&err);
	size_t lines = 0;
	for (size_t i = 0; i < rows.len; i++)
		lines += rows.ptr[i] == '\n';
	ck_assert_uint_eq(lines, 4);
	const char *head = strchr(rows.ptr, '\n') + 1, *second = strchr(head, '\n') + 1,
		   *third = strchr(second, '\n') + 1;
	ck_assert_uint_eq((size_t)(second - head), strlen(third));
	ck_assert_mem_eq(head, third, strlen(third));
	const char *first = strchr(whole.ptr, '\n') + 1;
	ck_assert_mem_eq(second, first, (size_t)(third - second));
	bn_buf_release(&whole);
	bn_buf_release(&rows);
	bn_table_reader_free(table);
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
}
END_TEST

static bool stop_at(void *ctx, uint64_t done, uint64_t total, uint64_t rows)
{
	(void)rows;
	(void)done;
	(void)total;
	return --*(int *)ctx > 0;
}

START_TEST(test_select_adding_stops_on_the_way_and_leaves_nothing)
{
	char path[100];
	make(FEW);
	snprintf(path, sizeof path, "%s/in.csv", dir);
	FILE *f = fopen(path, "w");
	fputs("a,b,c\n", f);
	for (int i = 0; i < 400000; i++)
		fprintf(f, "%d,%d,x\n", i, i % 7);
	fclose(f);
	for (int at = 1; at <= 3; at++) {
		int left = at;
		bn_source_options o = BN_SOURCE_OPTIONS_INIT;
		bn_dataset_version *added = NULL;
		bn_names names = BN_NAMES_INIT;
		o.progress = stop_at;
		o.progress_ctx = &left;
		ck_assert_int_eq(bn_dataset_add(&added, NULL, ws, "new", BN_DATASET_AS_BEFORE, NULL,
					 path, &o, NULL, &err),
			BN_EINTR);
		bn_err_clear(&err);
		ck_assert_int_eq(left, 0);
		ck_assert_int_eq(
			bn_dataset_resolve(&added, ws, "new", BN_DATASET_LIVE, NULL), BN_ENOTFOUND);
		char *tmp = bn_workspace_path(ws, "tmp");
		ck_assert_bn_ok(bn_fs_list_dir(bn_env_real(), tmp, &names, &err), &err);
		ck_assert_uint_eq(names.count, 0);
		bn_names_release(&names);
		bn_free(tmp);
	}
	finish();
}
END_TEST

BN_TEST_MAIN("core/table/take", test_select_gives_the_same_values_in_the_order_asked,
	test_select_all_rows_in_pieces_profile_as_the_table_does,
	test_select_a_kept_profile_comes_back_equal_and_for_its_filter_alone,
	test_select_a_version_whose_bytes_changed_is_not_used,
	test_select_csv_of_all_rows_is_the_export_and_any_order_works,
	test_select_adding_stops_on_the_way_and_leaves_nothing)
