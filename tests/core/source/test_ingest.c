/* Ingestion when memory or disk space runs out: an error, nothing left behind, no crash, no
 * leak. */
#include "core/base/fs.h"
#include "core/source/ingest.h"
#include "tests/support/check_main.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/bn-ingest-XXXXXX";
static char in_path[64], out_path[64], rejects_path[64];

static void begin(void)
{
	bn_err err = BN_ERR_INIT;
	bn_buf text = BN_BUF_INIT;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(in_path, sizeof in_path, "%s/in.csv", dir);
	snprintf(out_path, sizeof out_path, "%s/out.arrow", dir);
	snprintf(rejects_path, sizeof rejects_path, "%s/rejects.csv", dir);
	bn_buf_adds(&text, "id,at,host,note,x,flag,none\n");
	for (int i = 0; i < 300; i++)
		bn_buf_addf(&text, "%d,2024-01-01T00:00:%02d,n%d,\"text \"\"%d\"\"\",%d.25,true,\n",
			i, i % 60, i % 7, i, i);
	bn_buf_adds(&text, "1,2\n301,,,,oops,,\n");
	ck_assert_bn_ok(
		bn_fs_write_file(bn_env_real(), in_path, text.ptr, text.len, 0644, &err), &err);
	bn_buf_release(&text);
}

static void end(void)
{
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
}

static int ingest(const bn_env *env, bn_err *err)
{
	bn_source_options o = BN_SOURCE_OPTIONS_INIT;
	bn_ingest_report report = {0};

	o.rejects = rejects_path;
	int rc = bn_ingest(env, NULL, in_path, &o, NULL, out_path, &report, err);
	bn_ingest_report_release(&report);
	return rc;
}

START_TEST(test_every_allocation_may_fail)
{
	bn_err err = BN_ERR_INIT;
	long n = 1, failed = 0;

	begin();
	for (;; n++) {
		bn_err_clear(&err);
		unlink(out_path);
		bn_alloc_fail_at(n);
		int rc = ingest(bn_env_real(), &err);
		bn_alloc_fail_at(0);
		if (!rc)
			break;
		failed++;
		ck_assert_msg(rc == BN_ENOMEM, "allocation %ld: %s", n, err.msg);
		ck_assert_int_eq(access(out_path, F_OK), -1);
	}
	printf("NOTE: ingestion without memory: %ld places tried\n", failed);
	ck_assert_int_gt(failed, 50);
	end();
}
END_TEST

static int writes_left;

static ssize_t full_write(const bn_env *env, int fd, const void *bytes, size_t n)
{
	if (--writes_left < 0)
		return -ENOSPC;
	return bn_fs_real.write(env, fd, bytes, n);
}

static int full_fsync(const bn_env *env, int fd)
{
	if (--writes_left < 0)
		return -EIO;
	return bn_fs_real.fsync(env, fd);
}

START_TEST(test_a_full_disk_is_reported_and_nothing_is_left)
{
	bn_env env = *bn_env_real();
	bn_fs_ops fs = bn_fs_real;
	bn_err err = BN_ERR_INIT;
	int n = 0;

	begin();
	fs.write = full_write;
	fs.fsync = full_fsync;
	env.fs = &fs;
	for (;; n++) {
		bn_err_clear(&err);
		unlink(out_path);
		writes_left = n;
		int rc = ingest(&env, &err);
		if (!rc)
			break;
		ck_assert_int_eq(rc, BN_EIO);
		ck_assert_int_eq(access(out_path, F_OK), -1);
	}
	printf("NOTE: ingestion onto a full disk: %d places tried\n", n);
	ck_assert_int_gt(n, 2);
	end();
}
END_TEST

/* A quarter of the columns are text. */
START_TEST(test_a_wide_table_takes_few_allocations_per_column)
{
	enum { COLUMNS = 2000, ROWS = 3 };
	bn_err err = BN_ERR_INIT;
	bn_buf text = BN_BUF_INIT;

	begin();
	for (int i = 0; i < COLUMNS; i++)
		bn_buf_addf(&text, "%sc%d", i ? "," : "", i);
	bn_buf_addch(&text, '\n');
	for (int r = 0; r < ROWS; r++) {
		for (int i = 0; i < COLUMNS; i++)
			bn_buf_addf(&text, "%s%s%d", i ? "," : "", i % 4 ? "" : "n", r);
		bn_buf_addch(&text, '\n');
	}
	ck_assert_bn_ok(
		bn_fs_write_file(bn_env_real(), in_path, text.ptr, text.len, 0644, &err), &err);
	bn_alloc_fail_at(0); /* starts the count */
	ck_assert_bn_ok(ingest(bn_env_real(), &err), &err);
	double each = (double)bn_alloc_count() / COLUMNS;
	printf("NOTE: ingestion of %d columns: %.1f allocations each\n", COLUMNS, each);
	ck_assert_double_lt(each, 10);
	bn_buf_release(&text);
	end();
}
END_TEST

BN_TEST_MAIN("core/source/ingest", test_every_allocation_may_fail,
	test_a_full_disk_is_reported_and_nothing_is_left,
	test_a_wide_table_takes_few_allocations_per_column)
