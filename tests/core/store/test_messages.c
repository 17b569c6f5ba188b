/* Messages on a full disk or a disk error contain complete paths, not paths relative to the workspace. */
#include "core/base/mem.h"
#include "core/store/_workspace.h"
#include "core/store/log/merge.h"
#include "core/store/object/gc.h"
#include "core/store/object/object.h"
#include "tests/support/check_main.h"
#include "tests/support/faultfs.h"
#include "tests/support/toy.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static toy_dir d;
static toy_env env;
static long messages; /* number of paths in messages */

/* Every path below .binnacle in the message must be part of a complete path. */
static void check_message(bn_err *err, const char *doing)
{
	static const char *const tops[] = {
		"log/", "tmp/", "claims/", "objects/", "trash/", "runs/", "workspace.json"};
	for (size_t i = 0; i < sizeof tops / sizeof *tops; i++)
		for (const char *p = err->msg; (p = strstr(p, tops[i])); p++) {
			bool whole = p > err->msg && p[-1] == '/';
			bool inside = p > err->msg && p[-1] != '/' && p[-1] != '\'' &&
				      p[-1] != ' ' && p[-1] != '(';
			ck_assert_msg(whole || inside, "%s: %s", doing, err->msg);
			ck_assert_msg(
				inside || strstr(err->msg, d.path), "%s: %s", doing, err->msg);
			messages++;
		}
	bn_err_clear(err);
}

#define DO(call) \
	do { \
		bn_err err = BN_ERR_INIT; \
		if ((call) < 0) \
			check_message(&err, #call); \
	} while (0)

static void everything(void)
{
	bn_workspace *ws = NULL;
	char hash[65];
	int64_t n;
	bn_gc_options all = {.retention_ms = -1000, .tmp_ms = -1000};
	bn_gc_report report;
	DO(bn_workspace_init(&env.env, d.path, &err));
	DO(bn_workspace_open(&ws, &env.env, toy_classes, d.path, &err));
	if (!ws)
		return;
	for (int i = 0; i < 3; i++) {
		DO(bn_workspace_append(ws, "toy.tick", "toy/a", NULL, &err));
		DO(bn_workspace_commit(ws, &err));
		DO(bn_workspace_append(ws, "toy.tick", "toy/a", NULL, &err));
		DO(bn_workspace_seal(ws, &err));
	}
	if (ws->writer)
		DO(bn_log_merge(ws->at, ws->writer->dir, 2, &err));
	DO(bn_object_put(ws, "bytes", 5, hash, &err));
	char *file = bn_workspace_path(ws, "runs/out");
	bn_fs_write_file(bn_env_real(), file, "some bytes", 10, 0644, NULL);
	DO(bn_object_put_file(ws, file, false, hash, NULL, &err));
	DO(bn_object_put_below(ws, ws->at, "runs/out", true, hash, NULL, &err));
	bn_free(file);
	DO(bn_claim_take(ws, "model/a/1", "me", &err));
	DO(bn_claim_next(ws, "model/a", "me", &n, &err));
	DO(bn_workspace_refresh(ws, NULL, &err));
	DO(bn_gc_run(&report, ws, &all, &err));
	bn_workspace_close(ws);
}

static ssize_t fail_read(const bn_env *e, int fd, void *bytes, size_t n, off_t at)
{
	(void)e, (void)fd, (void)bytes, (void)n, (void)at;
	return -EIO;
}

static void start(void)
{
	toy_dir_make(&d);
	toy_env_init(&env, &d);
	env.env.fs = &faultfs_ops;
}

static void check_faults(faultfs_kind kind)
{
	long changes = 0;
	messages = 0;
	for (long at = 0; at <= changes; at++) { /* 0: nothing fails */
		start();
		faultfs_arm(kind, at);
		everything();
		changes = at ? changes : faultfs_count();
		toy_dir_remove(&d);
	}
	ck_assert_int_gt(messages, 20);
}

START_TEST(test_messages_on_a_full_disk_name_whole_paths)
{
	check_faults(FAULTFS_FULL);
}
END_TEST

START_TEST(test_messages_on_a_disk_error_name_whole_paths)
{
	check_faults(FAULTFS_EIO);
}
END_TEST

START_TEST(test_messages_on_files_that_cannot_be_read_name_whole_paths)
{
	bn_fs_ops ops = bn_fs_real;
	ops.pread = fail_read;
	start();
	env.env.fs = &bn_fs_real;
	ck_assert_int_eq(bn_workspace_init(&env.env, d.path, NULL), 0);
	env.env.fs = &ops;
	messages = 0;
	everything();
	ck_assert_int_gt(messages, 0);
	toy_dir_remove(&d);
}
END_TEST

BN_TEST_MAIN("core/store/messages", test_messages_on_a_full_disk_name_whole_paths,
	test_messages_on_a_disk_error_name_whole_paths,
	test_messages_on_files_that_cannot_be_read_name_whole_paths)
