/* CSV: every edge case of the dialect, types inferred from the whole file, malformed records with their positions. */
#include "core/base/fs.h"
#include "core/source/csv.h"
#include "core/source/csv_write.h"
#include "core/source/ingest.h"
#include "tests/support/check_main.h"

#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/bn-csv-XXXXXX";
static char in_path[64], out_path[64], rejects_path[64];
static const bn_env *env;
static bn_err err;
static bn_ingest_report report;
static bn_buf csv_out;

static void begin(void)
{
	env = bn_env_real();
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(in_path, sizeof in_path, "%s/in.csv", dir);
	snprintf(out_path, sizeof out_path, "%s/out.arrow", dir);
	snprintf(rejects_path, sizeof rejects_path, "%s/rejects.csv", dir);
	bn_buf_init(&csv_out);
}

static void end(void)
{
	bn_ingest_report_release(&report);
	bn_buf_release(&csv_out);
	bn_fs_remove_tree(env, dir, NULL);
}

static void put_file(const void *text, size_t n)
{
	bn_err e = BN_ERR_INIT;

	ck_assert_bn_ok(bn_fs_write_file(env, in_path, text, n, 0644, &e), &e);
}

static int sink(void *ctx, const char *bytes, size_t n, bn_err *e)
{
	(void)ctx;
	(void)e;
	bn_buf_add(&csv_out, bytes, n);
	return 0;
}

/* Ingests in_path; afterwards csv_out contains the table as CSV. */
static int ingest(const bn_source_options *options)
{
	bn_table_reader *r = NULL;
	int rc;

	bn_err_clear(&err);
	bn_ingest_report_release(&report);
	bn_buf_clear(&csv_out);
	unlink(out_path);
	rc = bn_ingest(env, "csv", in_path, options, NULL, out_path, &report, &err);
	if (rc) {
		ck_assert_msg(!bn_fs_exists(env, out_path), "a failed ingest leaves nothing");
		return rc;
	}
	ck_assert_bn_ok(bn_table_open(&r, env, out_path, &err), &err);
	ck_assert_bn_ok(bn_csv_export(r, NULL, 0, 0, UINT64_MAX, ',', sink, NULL, &err), &err);
	ck_assert_uint_eq(bn_table_rows(r), report.rows);
	bn_table_reader_free(r);
	return rc;
}

static int ingest_text(const char *text, const bn_source_options *options)
{
	put_file(text, strlen(text));
	return ingest(options);
}

/* "int64 float64 ..." */
static const char *types(void)
{
	static char text[256];

	text[0] = '\0';
	for (size_t i = 0; i < report.schema.count; i++) {
		size_t n = strlen(text);
		snprintf(text + n, sizeof text - n, "%s%s", i ? " " : "",
			bn_type_name(report.schema.fields[i].type));
	}
	return text;
}

#define ck_reads(text, want_types, want) \
	do { \
		ck_assert_bn_ok(ingest_text(text, NULL), &err); \
		ck_assert_str_eq(types(), want_types); \
		ck_assert_str_eq(csv_out.ptr, want); \
	} while (0)

#define ck_fails(text, options, want) \
	do { \
		ck_assert_int_eq(ingest_text(text, options), BN_EINVAL); \
		const char *message = strstr(err.msg, "/in.csv"); \
		ck_assert_str_eq(message ? message + 1 : err.msg, want); \
	} while (0)

START_TEST(test_dialect)
{
	begin();
	ck_reads("a,b\n1,x\n2,y\n", "int64 category", "a,b\n1,x\n2,y\n");
	ck_reads("a,b\r\n1,x\r\n2,y\r\n", "int64 category", "a,b\n1,x\n2,y\n");
	ck_reads("a,b\r1,x\r2,y\r", "int64 category", "a,b\n1,x\n2,y\n");
	ck_reads("\xef\xbb\xbf"
		 "a,b\n1,x\n",
		"int64 category", "a,b\n1,x\n");
	ck_reads("a,b\n1,x", "int64 category", "a,b\n1,x\n");
	ck_reads("a,b\r\n1,\"x\"\r\n", "int64 category", "a,b\n1,x\n");
	ck_reads("\"a,1\",b\n\"1\",\"x, \"\"y\"\"\nz\"\n", "int64 category",
		"\"a,1\",b\n1,\"x, \"\"y\"\"\nz\"\n");
	ck_reads("a,b\n1,12\" disk\n", "int64 category", "a,b\n1,\"12\"\" disk\"\n");
	ck_reads("\"a\r\",b\n1,x\n", "int64 category", "\"a\r\",b\n1,x\n");
	ck_reads("a,b\n1,x\ry\n", "int64 category", "a,b\n1,\"x\ry\"\n"); /* a lone CR is data */
	ck_reads("a,b\n\n1,x\n\r\n\n2,y\n\n", "int64 category", "a,b\n1,x\n2,y\n");
	ck_reads("a\n1\n\n2\n", "int64", "a\n1\n\n2\n"); /* in one column: an absent value */
	ck_reads(",b,\n1,x,3\n", "int64 category int64", "c0,b,c2\n1,x,3\n");
	ck_reads("a,b\n", "float64 float64", "a,b\n");
	ck_reads("a,b", "float64 float64", "a,b\n");
	ck_reads("\n\r\na,b\n1,2\n", "int64 int64", "a,b\n1,2\n");
	end();
}
END_TEST

START_TEST(test_options_of_the_dialect)
{
	const char *const nulls[] = {"-", "?", NULL};
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;

	begin();
	o.delimiter = ';';
	o.quote = '\'';
	ck_assert_bn_ok(ingest_text("a;b\n1;'x;''y'\n", &o), &err);
	ck_assert_str_eq(csv_out.ptr, "a,b\n1,x;'y\n");
	o = (bn_source_options)BN_SOURCE_OPTIONS_INIT;
	o.no_header = true;
	ck_assert_bn_ok(ingest_text("1,x\n2,y\n", &o), &err);
	ck_assert_str_eq(csv_out.ptr, "c0,c1\n1,x\n2,y\n");
	o.no_header = false;
	o.nulls = nulls;
	o.only_nulls = true;
	ck_assert_bn_ok(ingest_text("a,b\n-,NA\n3,?\n", &o), &err);
	ck_assert_str_eq(csv_out.ptr, "a,b\n,\"NA\"\n3,\n");
	o.delimiter = '"';
	ck_assert_int_eq(ingest_text("a\n", &o), BN_EINVAL);
	end();
}
END_TEST

START_TEST(test_absent_values)
{
	begin();
	ck_reads("a,b\n,x\nNA,N/A\nnan,null\nNULL,None\n7,NaN\n", "int64 category",
		"a,b\n,x\n,\n,\n,\n7,\n");
	/* Quoted, they are text in a text column, but absent in a column of numbers. */
	ck_reads("a,b\n\"\",\"\"\n\"7\",\"NA\"\n8,x\n", "int64 category",
		"a,b\n,\"\"\n7,\"NA\"\n8,x\n");
	ck_reads("a,b\n,x\n,y\n", "float64 category", "a,b\n,x\n,y\n");
	end();
}
END_TEST

START_TEST(test_types_are_those_of_the_whole_file)
{
	begin();
	ck_reads("a\n1\n2.5\n", "float64", "a\n1.0\n2.5\n");
	ck_reads("a\n1\nx\n", "category", "a\n1\nx\n");
	ck_reads("a\n007\n008\n", "category", "a\n007\n008\n");
	ck_reads("a\n1\n007\n", "category", "a\n1\n007\n");
	ck_reads("a\n0\n-5\n+6\n", "int64", "a\n0\n-5\n6\n");
	ck_reads("a\n-0\n1\n", "int64", "a\n0\n1\n");
	ck_reads("a\n-0\n1.5\n", "float64", "a\n-0.0\n1.5\n");
	ck_reads("a\n9223372036854775807\n-9223372036854775808\n", "int64",
		"a\n9223372036854775807\n-9223372036854775808\n");
	ck_reads("a\n9223372036854775808\n1\n", "category", "a\n9223372036854775808\n1\n");
	/* 2^53 + 1 is not a float64: with a fraction in the column, only text is exact */
	ck_reads("a\n9007199254740993\n1\n", "int64", "a\n9007199254740993\n1\n");
	ck_reads("a\n9007199254740993\n1.5\n", "category", "a\n9007199254740993\n1.5\n");
	ck_reads("a\n1.5\n9007199254740993\n", "category", "a\n1.5\n9007199254740993\n");
	ck_reads("a\n9007199254740992\n1.5\n", "float64", "a\n9007199254740992.0\n1.5\n");
	ck_reads("a\n1e5\n-2.5E-3\n.5\n5.\ninf\n-Infinity\n", "float64",
		"a\n100000.0\n-0.0025\n0.5\n5.0\ninf\n-inf\n");
	ck_reads("a\n1e400\n1\n", "category", "a\n1e400\n1\n");
	ck_reads("a,b\n 1, 2.5\n3 ,4\n", "int64 float64", "a,b\n1,2.5\n3,4.0\n");
	ck_reads("a\ntrue\nFALSE\n\nTrue\n", "bool", "a\ntrue\nfalse\n\ntrue\n");
	ck_reads("a\ntrue\n1\n", "category", "a\ntrue\n1\n");
	ck_reads("a\n2024-02-29T12:00:00Z\n2024-02-29 12:00:01.5\n2024-03-01\n"
		 "2024-02-29T12:00:02+01:00\n",
		"timestamp",
		"a\n2024-02-29T12:00:00Z\n2024-02-29T12:00:01.5Z\n2024-03-01T00:00:00Z\n"
		"2024-02-29T11:00:02Z\n");
	ck_reads("a\n2023-02-29\n", "category", "a\n2023-02-29\n");
	end();
}
END_TEST

/* A file of several MiB; the callback writes row i. */
static void big_file(size_t rows, void (*row)(bn_buf *, size_t))
{
	bn_buf text = BN_BUF_INIT;

	bn_buf_adds(&text, "id,v\n");
	for (size_t i = 0; i < rows; i++)
		row(&text, i);
	put_file(text.ptr, text.len);
	bn_buf_release(&text);
}

static void late_float(bn_buf *b, size_t i)
{
	bn_buf_addf(b, i == 299999 ? "%zu,0.5\n" : "%zu,1\n", i);
}

static void late_text(bn_buf *b, size_t i)
{
	bn_buf_addf(b, i == 250000 ? "%zu,oops\n" : "%zu,%zu\n", i, i);
}

static void late_value(bn_buf *b, size_t i)
{
	bn_buf_addf(b, i == 299999 ? "%zu,true\n" : "%zu,\n", i);
}

static void many_names(bn_buf *b, size_t i)
{
	bn_buf_addf(b, "%zu,n%zu\n", i, i < 100000 ? i % 50 : i);
}

START_TEST(test_a_late_value_widens_the_column_and_nothing_is_lost)
{
	begin();
	big_file(300000, late_float);
	ck_assert_bn_ok(ingest(NULL), &err);
	ck_assert_str_eq(types(), "int64 float64");
	ck_assert_int_eq(report.passes, 2);
	ck_assert_uint_eq(report.rows, 300000);
	ck_assert_ptr_nonnull(strstr(csv_out.ptr, "\n299999,0.5\n"));
	ck_assert_ptr_nonnull(strstr(csv_out.ptr, "\n17,1.0\n"));
	big_file(300000, late_text); /* too many distinct values: guess, category, string */
	ck_assert_bn_ok(ingest(NULL), &err);
	ck_assert_str_eq(types(), "int64 string");
	ck_assert_int_eq(report.passes, 3);
	ck_assert_ptr_nonnull(strstr(csv_out.ptr, "\n250000,oops\n"));
	ck_assert_ptr_nonnull(strstr(csv_out.ptr, "\n299999,299999\n"));
	big_file(300000, late_value);
	ck_assert_bn_ok(ingest(NULL), &err);
	ck_assert_str_eq(types(), "int64 bool");
	big_file(300000, many_names); /* a category outgrows its limit */
	ck_assert_bn_ok(ingest(NULL), &err);
	ck_assert_str_eq(types(), "int64 string");
	ck_assert_ptr_nonnull(strstr(csv_out.ptr, "\n299999,n299999\n"));
	end();
}
END_TEST

START_TEST(test_malformed_records_fail_with_file_line_and_column)
{
	const bn_source_type t[] = {{"b", {.type = BN_TYPE_INT32}}};
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;

	begin();
	ck_fails("a,b\n1,2\n3\n", NULL, "in.csv:3:1: 1 field instead of 2");
	ck_fails("a,b\n1,2\n3,4,5\n", NULL, "in.csv:3:1: 3 fields instead of 2");
	ck_fails("a,b\n1,\"x\ny\"\n3,\"open\n4,5\n", NULL,
		"in.csv:4:3: the quote opened here is never closed");
	ck_fails("a,b\n1,\"x\"y\n", NULL, "in.csv:2:6: column 'b': text after the closing quote");
	ck_fails("a,b\n1,caf\xe9\n", NULL, "in.csv:2:3: column 'b': bytes that are not UTF-8");
	ck_fails("a,b\n1,2\n\xff,2\n", NULL, "in.csv:3:1: column 'a': bytes that are not UTF-8");
	ck_fails("a,\"b\n1,2\n", NULL, "in.csv:1:3: the quote opened here is never closed");
	ck_fails("", NULL, "in.csv is empty: there is no header");
	put_file("a,b\n1,x\0y\n", 10);
	ck_assert_int_eq(ingest(NULL), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "in.csv:2:3: column 'b': a NUL byte"));
	o.types = t;
	o.type_count = 1;
	ck_fails("a,b\n1,2\n1,2.5\n", &o, "in.csv:3:3: column 'b': \"2.5\" is not an int32");
	ck_assert_int_eq(ingest_text("a,c\n1,2\n", &o), BN_ENOTFOUND);
	end();
}
END_TEST

START_TEST(test_rejected_records_are_counted_kept_and_have_no_say_in_types)
{
	const bn_source_type t[] = {
		{"b", {.type = BN_TYPE_FLOAT64}}, {"a", {.type = BN_TYPE_STRING}}};
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;
	bn_buf rejects = BN_BUF_INIT;
	char secret[80];

	begin();
	o.rejects = rejects_path;
	ck_assert_bn_ok(
		ingest_text("a,b\n1,2\nx,y,z\n3,\"4\nfour\"z\n\xff,5\n6,7\n8,\"open\n9,10\n", &o),
		&err);
	ck_assert_str_eq(types(), "int64 int64");
	ck_assert_str_eq(csv_out.ptr, "a,b\n1,2\n6,7\n9,10\n");
	ck_assert_uint_eq(report.rejected, 4);
	ck_assert_bn_ok(bn_fs_read_file(env, rejects_path, &rejects, &err), &err);
	ck_assert_str_eq(rejects.ptr, "line,column,reason,record\n"
				      "3,1,3 fields instead of 2,\"x,y,z\"\n"
				      "5,6,column 'b': text after the closing quote,"
				      "\"3,\"\"4\nfour\"\"z\"\n"
				      "6,1,column 'a': bytes that are not UTF-8,\"\xff,5\"\n"
				      "8,3,the quote opened here is never closed,\"8,\"\"open\"\n");
	bn_buf_clear(&rejects);
	/* There is a symbolic link at the path of the next rejects: it is replaced, and its target is not written. */
	snprintf(secret, sizeof secret, "%s/secret", dir);
	ck_assert_bn_ok(bn_fs_write_file(env, secret, "secret", 6, 0600, &err), &err);
	ck_assert_int_eq(unlink(rejects_path), 0);
	ck_assert_int_eq(symlink(secret, rejects_path), 0);
	o.types = t;
	o.type_count = 2;
	ck_assert_bn_ok(ingest_text("a,b\n1,2\n2,x\n3,\n", &o), &err);
	ck_assert_str_eq(types(), "string float64");
	ck_assert_str_eq(csv_out.ptr, "a,b\n1,2.0\n3,\n");
	ck_assert_uint_eq(report.rejected, 1);
	ck_assert_bn_ok(bn_fs_read_file(env, rejects_path, &rejects, &err), &err);
	ck_assert_str_eq(rejects.ptr, "line,column,reason,record\n3,3,\"column 'b': \"\"x\"\" is "
				      "not a number\",\"2,x\"\n");
	bn_buf_clear(&rejects);
	ck_assert_bn_ok(bn_fs_read_file(env, secret, &rejects, &err), &err);
	ck_assert_str_eq(rejects.ptr, "secret");
	bn_buf_release(&rejects);
	end();
}
END_TEST

START_TEST(test_many_columns_long_lines_and_the_field_limit)
{
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;
	bn_buf text = BN_BUF_INIT;

	begin();
	for (int r = 0; r < 4; r++) {
		for (int c = 0; c < 2000; c++)
			bn_buf_addf(&text, r ? "%s%d" : "%scol%d", c ? "," : "", c + r);
		bn_buf_addch(&text, '\n');
	}
	put_file(text.ptr, text.len);
	ck_assert_bn_ok(ingest(NULL), &err);
	ck_assert_uint_eq(report.schema.count, 2000);
	ck_assert_uint_eq(report.rows, 3);
	ck_assert_str_eq(csv_out.ptr, text.ptr);

	/* One field just within the limit, one beyond it. */
	bn_buf_clear(&text);
	bn_buf_adds(&text, "a,b\n1,");
	for (size_t i = 0; i < BN_CSV_FIELD_MAX; i++)
		bn_buf_addch(&text, 'x');
	bn_buf_adds(&text, "\n2,y\n");
	put_file(text.ptr, text.len);
	ck_assert_bn_ok(ingest(NULL), &err);
	ck_assert_str_eq(csv_out.ptr, text.ptr);
	bn_buf_truncate(&text, text.len - 5);
	bn_buf_adds(&text, "x\n2,y\n");
	put_file(text.ptr, text.len);
	ck_assert_int_eq(ingest(NULL), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg,
		"in.csv:2:3: column 'b': a field of 10485761 bytes, the limit is 10485760"));

	/* A record beyond the limit is skipped to its end, and reading continues after it. */
	bn_buf_clear(&text);
	bn_buf_adds(&text, "a,b\n1,2\n");
	for (size_t i = 0; i < BN_CSV_RECORD_MAX + 100000; i++)
		bn_buf_addch(&text, 'x');
	bn_buf_adds(&text, "\n3,4\n5\n");
	put_file(text.ptr, text.len);
	o.rejects = rejects_path;
	ck_assert_bn_ok(ingest(&o), &err);
	ck_assert_str_eq(csv_out.ptr, "a,b\n1,2\n3,4\n");
	ck_assert_uint_eq(report.rejected, 2);
	bn_buf_release(&text);
	end();
}
END_TEST

/* Random fields; the seed also determines the number of rows, columns and quotes. */
static uint32_t seed;
static uint32_t dice(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static void random_row(bn_buf *b)
{
	static const char *const odd[] = {"", "NA", "\"\"", "\"a,b\"", "\"l1\nl2\"", "\"q\"\"q\"",
		"x\"y", "\xc3\xa9", "-", " 7", "\"8\"", "1e3", "007"};

	bn_buf_addf(b, "%u,", dice(1000000));
	if (dice(50) == 0)
		bn_buf_addf(b, "%s,", odd[dice(13)]);
	else
		bn_buf_addf(b, "%u.%03u,", dice(1000), dice(1000));
	bn_buf_addf(b, "node%u,", dice(300));
	if (dice(4) == 0)
		bn_buf_adds(b, odd[dice(13)]);
	else
		bn_buf_addf(b, "free text %u", dice(1u << 24));
	bn_buf_adds(b, dice(3000) == 0 ? ",extra\n" : dice(9) ? "\n" : "\r\n");
}

START_TEST(test_threads_and_instruction_sets_give_the_same_bytes)
{
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;
	bn_buf text = BN_BUF_INIT, first = BN_BUF_INIT, again = BN_BUF_INIT;

	begin();
	seed = 7;
	bn_buf_adds(&text, "a,b,c,d\n");
	while (text.len < 12u << 20)
		random_row(&text);
	put_file(text.ptr, text.len);
	o.rejects = rejects_path;
	for (int level = 0; level < 3; level++) {
		for (int threads = 1; threads < 5; threads += 1 + (threads == 2)) {
			bn_csv_limit_isa(level);
			o.threads = threads;
			ck_assert_bn_ok(ingest(&o), &err);
			bn_buf_clear(&again);
			ck_assert_bn_ok(bn_fs_read_file(env, out_path, &again, &err), &err);
			ck_assert_bn_ok(bn_fs_read_file(env, rejects_path, &again, &err), &err);
			if (!first.len)
				bn_buf_add(&first, again.ptr, again.len);
			ck_assert_uint_eq(first.len, again.len);
			ck_assert_mem_eq(first.ptr, again.ptr, first.len);
		}
	}
	printf("NOTE: %zu MiB of hostile CSV: same bytes at 1, 2 and 4 threads, best ISA and "
	       "portable, %zu records rejected\n",
		text.len >> 20, (size_t)report.rejected);
	bn_csv_limit_isa(0);
	bn_buf_release(&text);
	bn_buf_release(&first);
	bn_buf_release(&again);
	end();
}
END_TEST

static bool stop_at_once(void *ctx, uint64_t done, uint64_t total, uint64_t rows)
{
	(void)ctx;
	ck_assert_uint_le(done, total);
	return rows == 0;
}

/* 66 MiB in which nearly every byte is inside quotes, including line ends, delimiters and doubled quotes: wherever the
 * file is cut, the cut is inside a field. */
START_TEST(test_a_long_file_is_cut_inside_of_quotes_and_stays_what_it_was)
{
	static const char piece[] = "a line, then\n\"\"quoted\"\" and a\r\n,1,2\n";
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;
	bn_buf text = BN_BUF_INIT;
	int rows = 0;

	begin();
	bn_buf_adds(&text, "id,x\n");
	for (; text.len < 66u << 20; rows++) {
		bn_buf_addf(&text, "%d,\"", rows);
		for (int i = 0, n = 3000 + rows % 4096; i < n; i++)
			bn_buf_add(&text, piece, sizeof piece - 1 - (size_t)(i % 3 == 0));
		bn_buf_adds(&text, "\"\n");
	}
	put_file(text.ptr, text.len);
	for (int level = 0; level < 3; level++) {
		bn_csv_limit_isa(level);
		o.threads = 1 + level;
		ck_assert_bn_ok(ingest(&o), &err);
		ck_assert_uint_eq(report.rows, (uint64_t)rows);
		ck_assert_uint_eq(csv_out.len, text.len);
		ck_assert_mem_eq(csv_out.ptr, text.ptr, text.len);
	}
	bn_csv_limit_isa(0);
	bn_buf_release(&text);
	end();
}
END_TEST

START_TEST(test_progress_can_cancel)
{
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;

	begin();
	o.progress = stop_at_once;
	ck_assert_int_eq(ingest_text("a\n1\n2\n", &o), BN_EINTR);
	end();
}
END_TEST

static int find(const bn_source **s, const char *name, const char *path)
{
	bn_input *in = NULL;

	bn_err_clear(&err);
	ck_assert_bn_ok(bn_input_open(&in, env, path, NULL, &err), &err);
	int rc = bn_source_find(s, name, in, NULL, &err);
	bn_input_free(in);
	return rc;
}

START_TEST(test_sources_are_found_by_name_content_and_suffix)
{
	const bn_source *s = NULL;
	char other[80];

	begin();
	ck_assert_bn_ok(ingest_text("a,b\n1,2\n", NULL), &err);
	ck_assert_int_eq(find(&s, NULL, out_path), 0);
	ck_assert_str_eq(s->name, "arrow");
	ck_assert_int_eq(find(&s, NULL, in_path), 0);
	ck_assert_str_eq(s->name, "csv");
	ck_assert_int_eq(find(&s, "nope", in_path), BN_ENOTFOUND);
	snprintf(other, sizeof other, "%s/again.arrow", dir);
	ck_assert_bn_ok(bn_ingest(env, NULL, out_path, NULL, NULL, other, NULL, &err), &err);
	snprintf(other, sizeof other, "%s/none", dir);
	ck_assert_int_eq(
		bn_ingest(env, NULL, other, NULL, NULL, out_path, NULL, &err), BN_ENOTFOUND);
	end();
}
END_TEST

BN_TEST_MAIN("core/source/csv", test_dialect, test_options_of_the_dialect, test_absent_values,
	test_types_are_those_of_the_whole_file,
	test_a_late_value_widens_the_column_and_nothing_is_lost,
	test_malformed_records_fail_with_file_line_and_column,
	test_rejected_records_are_counted_kept_and_have_no_say_in_types,
	test_many_columns_long_lines_and_the_field_limit,
	test_threads_and_instruction_sets_give_the_same_bytes,
	test_a_long_file_is_cut_inside_of_quotes_and_stays_what_it_was, test_progress_can_cancel,
	test_sources_are_found_by_name_content_and_suffix)
