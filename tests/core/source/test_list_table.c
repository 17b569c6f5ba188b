/* Parquet files: what is in them byte for byte where a reader depends on it, what is refused, and failures. Whether others
 * read them is tests/peers/parquet.sh. */
#include "core/base/fs.h"
#include "core/source/list_table.h"
#include "core/table/_thrift.h"
#include "core/table/parquet_write.h"
#include "tests/support/check_main.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/bn-parquet-XXXXXX";
static char path[80];
static bn_err err;

static void begin(void)
{
	bn_err_clear(&err);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/t.parquet", dir);
}

static void end(void)
{
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
}

static bn_buf content(const char *name)
{
	bn_buf b = BN_BUF_INIT;
	ck_assert_bn_ok(bn_fs_read_file(bn_env_real(), name, &b, &err), &err);
	return b;
}

START_TEST(test_parquet_thrift_is_compact)
{
	static const unsigned char want[] = {0x15, 0x04, 0x16, 0xff, 0x01, 0x1c, 0x11, 0x00, 0x18,
		2, 'h', 'i', 0x19, 0x25, 2, 4, 0x00};
	bn_buf out = BN_BUF_INIT;
	bn_thrift t;
	bn_thrift_begin(&t, &out);
	bn_thrift_i32(&t, 1, 2);
	bn_thrift_i64(&t, 2, -128);
	bn_thrift_struct(&t, 3);
	bn_thrift_bool(&t, 1, true);
	bn_thrift_end(&t);
	bn_thrift_binary(&t, 4, "hi", 2);
	bn_thrift_list(&t, 5, BN_THRIFT_I32, 2);
	bn_thrift_item_i32(&t, 1);
	bn_thrift_item_i32(&t, 2);
	bn_thrift_end(&t);
	ck_assert_uint_eq(out.len, sizeof want);
	ck_assert_mem_eq(out.ptr, want, sizeof want);
	bn_buf_release(&out);
}
END_TEST

static bn_list_table *list(void)
{
	bn_list_table *t = NULL;
	ck_assert_bn_ok(bn_list_table_new(&t, &err), &err);
	ck_assert_bn_ok(bn_list_table_column(t, "name", BN_TYPE_STRING, &err), &err);
	ck_assert_bn_ok(bn_list_table_column(t, "loss", BN_TYPE_FLOAT64, &err), &err);
	ck_assert_bn_ok(bn_list_table_column(t, "created", BN_TYPE_TIMESTAMP, &err), &err);
	ck_assert_bn_ok(bn_list_table_column(t, "loss", BN_TYPE_INT64, &err), &err);
	bn_list_table_text(t, 0, "a|b");
	bn_list_table_f64(t, 1, 0.5);
	bn_list_table_i64(t, 2, 1000000000);
	ck_assert_bn_ok(bn_list_table_row(t, &err), &err);
	bn_list_table_text(t, 0, NULL);
	bn_list_table_f64(t, 1, (double)NAN);
	bn_list_table_i64(t, 3, -7);
	ck_assert_bn_ok(bn_list_table_row(t, &err), &err);
	return t;
}

START_TEST(test_parquet_file_has_its_magic_and_footer)
{
	bn_list_table *t;
	uint32_t length;
	begin();
	t = list();
	ck_assert_bn_ok(bn_list_table_save(t, bn_env_real(), path, BN_LIST_PARQUET, &err), &err);
	bn_buf b = content(path);
	const char *bytes = b.ptr;
	size_t n = b.len;
	ck_assert_mem_eq(bytes, "PAR1", 4);
	ck_assert_mem_eq(bytes + n - 4, "PAR1", 4);
	memcpy(&length, bytes + n - 8, sizeof length);
	ck_assert_uint_lt(length, n - 12);
	ck_assert_ptr_nonnull(memmem(bytes + n - 8 - length, length, "loss 2", 6));
	bn_buf_release(&b);
	bn_list_table_free(t);
	end();
}
END_TEST

static const struct {
	const char *ending, *text;
} texts[] = {
	{".csv", "name,loss,created,loss 2\na|b,0.5,1970-01-01T00:00:01Z,\n,nan,,-7\n"},
	{".tsv", "name\tloss\tcreated\tloss 2\na|b\t0.5\t1970-01-01T00:00:01Z\t\n\tnan\t\t-7\n"},
	{".json", "[\n{\"name\":\"a|b\",\"loss\":0.5,\"created\":\"1970-01-01T00:00:01Z\",\"loss "
		  "2\":null},\n"
		  "{\"name\":null,\"loss\":\"nan\",\"created\":null,\"loss 2\":-7}\n]\n"},
	{".md", "| name | loss | created | loss 2 | \n| --- | ---: | ---: | ---: |\n"
		"| a\\|b | 0.5 | 1970-01-01T00:00:01Z |  | \n|  | nan |  | -7 | \n"},
};

START_TEST(test_parquet_lists_are_written_in_other_forms_too)
{
	begin();
	bn_list_table *t = list();
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char name[96];
		bn_list_format format;
		snprintf(name, sizeof name, "%s/list%s", dir, texts[i].ending);
		ck_assert_bn_ok(bn_list_format_of(&format, name, &err), &err);
		ck_assert_bn_ok(bn_list_table_save(t, bn_env_real(), name, format, &err), &err);
		bn_buf b = content(name);
		ck_assert_str_eq(b.ptr, texts[i].text);
		bn_buf_release(&b);
	}
	bn_list_table_free(t);
	end();
}
END_TEST

START_TEST(test_parquet_names_without_a_format_are_refused)
{
	bn_list_format format;
	bn_err e = BN_ERR_INIT;
	ck_assert_int_eq(bn_list_format_of(&format, "runs.xlsx", &e), BN_EUNSUPPORTED);
	bn_err_clear(&e);
	ck_assert_int_eq(bn_list_format_of(&format, "a.d/runs", &e), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(e.hint, ".parquet"));
}
END_TEST

START_TEST(test_parquet_refuses_lists_by_the_name_of_their_column)
{
	bn_schema s = BN_SCHEMA_INIT;
	bn_field f = {.name = (char *)"path", .nullable = true};
	bn_parquet_writer *w = NULL;
	begin();
	ck_assert_bn_ok(bn_field_parse_type(&f, "list<int64>", &err), &err);
	ck_assert_bn_ok(bn_schema_add_field(&s, &f, NULL, &err), &err);
	ck_assert_int_eq(bn_parquet_create(&w, bn_env_real(), path, &s, &err), BN_EUNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(err.msg, "'path'"));
	ck_assert_int_eq(access(path, F_OK), -1);
	f.name = NULL;
	bn_field_release(&f);
	bn_schema_release(&s);
	end();
}
END_TEST

START_TEST(test_parquet_failures_leave_no_file)
{
	begin();
	bn_list_table *t = list();
	for (long n = 1; n < 40; n++) {
		bn_err e = BN_ERR_INIT;
		bn_alloc_fail_at(n);
		int rc = bn_list_table_save(t, bn_env_real(), path, BN_LIST_PARQUET, &e);
		bn_alloc_fail_at(0);
		ck_assert_msg(rc == 0 || rc == BN_ENOMEM, "%ld: %d %s", n, rc, e.msg);
		ck_assert_int_eq(access(path, F_OK), rc == 0 ? 0 : -1);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/none/t.parquet", dir);
	bn_err e = BN_ERR_INIT;
	ck_assert_int_lt(bn_list_table_save(t, bn_env_real(), path, BN_LIST_PARQUET, &e), 0);
	bn_list_table_free(t);
	end();
}
END_TEST

BN_TEST_MAIN("core/source/list_table", test_parquet_thrift_is_compact,
	test_parquet_file_has_its_magic_and_footer,
	test_parquet_lists_are_written_in_other_forms_too,
	test_parquet_names_without_a_format_are_refused,
	test_parquet_refuses_lists_by_the_name_of_their_column, test_parquet_failures_leave_no_file)
