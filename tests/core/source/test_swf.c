/* Job logs in the Standard Workload Format: columns, absent values, times, and malformed lines. */
#include "core/base/fs.h"
#include "core/source/ingest.h"
#include "tests/support/check_main.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/bn-swf-XXXXXX";
static char in_path[64], out_path[64];
static const bn_env *env;
static bn_err err;
static bn_ingest_report report;
static bn_table_reader *table;
static bn_batch batch;

static void begin(void)
{
	env = bn_env_real();
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(in_path, sizeof in_path, "%s/log.swf", dir);
	snprintf(out_path, sizeof out_path, "%s/out.arrow", dir);
}

static void clear(void)
{
	bn_batch_release(&batch);
	bn_table_reader_free(table);
	table = NULL;
	bn_ingest_report_release(&report);
	bn_err_clear(&err);
	unlink(out_path);
}

static void end(void)
{
	clear();
	bn_fs_remove_tree(env, dir, NULL);
}

/* Reads the text, its format detected by the file name; the first batch of the table is `batch`. */
static int read_log(const char *text)
{
	clear();
	ck_assert_int_eq(bn_fs_write_file(env, in_path, text, strlen(text), 0644, NULL), 0);
	int rc = bn_ingest(env, NULL, in_path, NULL, NULL, out_path, &report, &err);
	if (rc == 0) {
		ck_assert_bn_ok(bn_table_open(&table, env, out_path, &err), &err);
		if (bn_table_batches(table))
			ck_assert_bn_ok(bn_table_read(table, 0, NULL, 0, &batch, &err), &err);
	}
	return rc;
}

static const bn_column *column(const char *name)
{
	size_t i = bn_schema_find(bn_table_schema(table), name);
	ck_assert_msg(i != BN_SCHEMA_NONE, "no column %s", name);
	return &batch.columns[i];
}

static void ck_shows(const char *name, size_t row, const char *want)
{
	bn_buf b = BN_BUF_INIT;
	bool there = bn_column_format(column(name), row, &b);
	ck_assert_str_eq(there ? b.ptr : "-", want);
	bn_buf_release(&b);
}

static const char header[] =
	"; Version: 2.2\n; Computer: a test\n;   UnixStartTime: 86400\n;\n; \n";

START_TEST(test_jobs_become_typed_columns)
{
	char text[1024];
	begin();
	snprintf(text, sizeof text, "%s%s", header,
		"1 0 5 100 4 99.5 2048 4 3600 -1 1 3 1 -1 0 -1 -1 -1\n"
		"; a comment between jobs\n"
		"\n"
		"  2\t10   -1 0  1 -1 -1 1 60 4096 5 -1 -1 7 1 2 1 30\r\n"
		"3 20 0 1 1 -1 -1 1 60 4096 0 4 2 7 1 2 1 30");
	ck_assert_bn_ok(read_log(text), &err);
	ck_assert_str_eq(report.source->name, "swf");
	ck_assert_uint_eq(report.rows, 3);
	ck_assert_uint_eq(batch.column_count, 18);
	ck_shows("job", 1, "2");
	ck_shows("submit", 0, "1970-01-02T00:00:00Z");
	ck_shows("submit", 1, "1970-01-02T00:00:10Z");
	ck_shows("wait", 1, "-");
	ck_shows("run", 1, "0");
	ck_shows("cpu", 0, "99.5");
	ck_shows("cpu", 1, "-");
	ck_shows("memory_requested", 0, "-");
	ck_shows("status", 2, "0");
	ck_shows("think_time", 2, "30");
	const bn_schema *s = bn_table_schema(table);
	ck_assert_str_eq(s->fields[2].unit, "s");
	ck_assert_str_eq(bn_schema_get_meta(s, "swf.Computer"), "a test");
	ck_assert_uint_eq(column("job")->nulls, 0);
	ck_assert_uint_eq(column("wait")->nulls, 1);
	end();
}
END_TEST

START_TEST(test_without_a_start_submit_is_in_seconds)
{
	begin();
	ck_assert_bn_ok(read_log("7 12 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1 -1\n"), &err);
	ck_shows("submit", 0, "12");
	ck_assert_str_eq(bn_table_schema(table)->fields[1].unit, "s");
	ck_assert_int_eq(bn_table_schema(table)->fields[1].type, BN_TYPE_INT64);
	ck_assert_bn_ok(read_log("; MaxJobs: 0\n"), &err);
	ck_assert_uint_eq(report.rows, 0);
	end();
}
END_TEST

START_TEST(test_lines_that_are_no_job_are_named)
{
	static const struct {
		const char *job, *want;
	} cases[] = {
		{"1 2 3", ":6: 3 fields instead of 18"},
		{"1 0 5 100 4 99.5 2048 4 3600 -1 1 3 1 -1 0 -1 -1 -1 9",
			":6: more than 18 fields"},
		{"1 0 5 1.5 4 99.5 2048 4 3600 -1 1 3 1 -1 0 -1 -1 -1",
			":6: field 4 (run): '1.5' is not an integer"},
		{"1 0 5 1 4 fast 2048 4 3600 -1 1 3 1 -1 0 -1 -1 -1",
			":6: field 6 (cpu): 'fast' is not a number"},
		{"1 0 5 1 4 inf 2048 4 3600 -1 1 3 1 -1 0 -1 -1 -1",
			":6: field 6 (cpu): 'inf' is not a number"},
		{"1 9223372036854775807 5 1 4 1 2048 4 3600 -1 1 3 1 -1 0 -1 -1 -1",
			":6: field 2 (submit): '9223372036854775807' is not within"},
		{"1 0 99999999999999999999 1 4 1 2048 4 3600 -1 1 3 1 -1 0 -1 -1 -1",
			":6: field 3 (wait): '99999999999999999999' is not an integer"},
	};
	begin();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[512];
		snprintf(text, sizeof text, "%s%s\n", header, cases[i].job);
		ck_assert_int_eq(read_log(text), BN_EINVAL);
		ck_assert_msg(strstr(err.msg, cases[i].want), "%s", err.msg);
		ck_assert_int_eq(access(out_path, F_OK), -1);
	}
	end();
}
END_TEST

START_TEST(test_many_jobs_over_the_borders_of_blocks_and_batches)
{
	enum { JOBS = 150000 };
	bn_buf b = BN_BUF_INIT;
	size_t rows = 0, next = 1;
	begin();
	for (int i = 1; i <= JOBS; i++)
		bn_buf_addf(
			&b, "%d %d 1 2 3 4.25 -1 3 60 -1 1 %d 1 -1 1 -1 -1 -1\n", i, i * 3, i % 90);
	ck_assert_bn_ok(read_log(b.ptr), &err);
	ck_assert_uint_eq(report.rows, JOBS);
	for (size_t k = 0; k < bn_table_batches(table); k++) {
		ck_assert_bn_ok(bn_table_read(table, k, NULL, 0, &batch, &err), &err);
		for (size_t r = 0; r < batch.rows; r++, next++) {
			ck_assert_int_eq(column("job")->i64[r], (int64_t)next);
			ck_assert_int_eq(column("submit")->i64[r], (int64_t)next * 3);
			ck_assert_double_eq(column("cpu")->f64[r], 4.25);
		}
		rows += batch.rows;
	}
	ck_assert_uint_eq(rows, JOBS);
	bn_buf_release(&b);
	end();
}
END_TEST

BN_TEST_MAIN("core/source/swf", test_jobs_become_typed_columns,
	test_without_a_start_submit_is_in_seconds, test_lines_that_are_no_job_are_named,
	test_many_jobs_over_the_borders_of_blocks_and_batches)
