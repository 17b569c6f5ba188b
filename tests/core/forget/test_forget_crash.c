/*
 * data forget killed before or within every change of the disk (tests/support/crash_points.h selects the changes), and
 * done again.
 *
 * A forked child makes a workspace once: two versions that share parts, the parts of a split, whose dictionaries have the
 * person's name without the row. For each change a copy of it is forgotten in by a child that dies there. A second child
 * does the same again, without a fault. Then no byte of the person is in the workspace or beside the index, the other rows
 * are all there, and audit verify finds no fault.
 */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/data/add.h"
#include "core/data/append.h"
#include "core/data/split.h"
#include "core/forget/forget.h"
#include "core/govern/audit.h"
#include "core/pipeline/fold_classes.h"
#include "core/table/table.h"
#include "tests/support/check_main.h"
#include "tests/support/crash_points.h"
#include "tests/support/faultfs.h"
#include "tests/support/toy.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROWS = 60, MORE = 20, MINE = 2 };
#define PERSON "markerperson"

static const char *const persons[] = {PERSON};

/* ---- in children: they may start threads ----------------------------------------------------- */

static void write_csv(const char *path, int from, int to)
{
	FILE *f = fopen(path, "w");
	fputs("n,user,x\n", f);
	for (int i = from; i < to; i++)
		fprintf(f, "%d,%s,%d\n", i, i == 5 || i == ROWS + 3 ? PERSON : i % 2 ? "ann" : "bob", i * 7);
	fclose(f);
}

static int make(bn_workspace *ws, const char *csv, const char *more, bn_err *err)
{
	const bn_append_limits own_part = {.tail_bytes = 1};
	const bn_source_options plain = {.retype = true};
	bn_dataset_version *v = NULL, *w = NULL;
	bn_dataset_version *made[BN_SPLIT_MAX_PARTS] = {NULL};
	bn_split_options o = {.seed = 1};
	int rc = bn_split_parts_parse(&o, "train=0.8,test=0.2", err);
	if (rc < 0 || (rc = bn_dataset_add(&v, NULL, ws, "jobs", BN_DATASET_AS_BEFORE, NULL, csv, &plain, NULL, err)) < 0 ||
		(rc = bn_dataset_append(&w, NULL, ws, "jobs", NULL, more, NULL, &own_part, NULL, err)) < 0)
		return rc;
	return bn_dataset_split(made, ws, w, &o, err);
}

static int forget(bn_workspace *ws, bn_err *err)
{
	const bn_forget_options o = {.name = "jobs", .column = "user", .values = persons, .value_count = 1};
	bn_forget_plan plan;
	int rc = bn_forget_find(&plan, ws, &o, err);
	if (rc >= 0)
		rc = bn_forget_do(&plan, err);
	bn_forget_plan_release(&plan);
	return rc;
}

static int count_rows(int64_t *rows, bn_workspace *ws, const char *name, bn_err *err)
{
	bn_dataset_version *v = NULL;
	bn_table_reader *t = NULL;
	int rc = bn_dataset_resolve(&v, ws, name, BN_DATASET_LIVE, err);
	if (rc >= 0 && (rc = bn_dataset_open_table(&t, ws, v, err)) >= 0)
		*rows = (int64_t)bn_table_rows(t);
	bn_table_reader_free(t);
	bn_dataset_version_free(v);
	return rc;
}

/* 0, or a reason. */
static const char *check(bn_workspace *ws, bn_err *err)
{
	bn_audit_report *audit = NULL;
	int64_t all = 0, train = 0, test = 0;
	if (count_rows(&all, ws, "jobs", err) < 0 || count_rows(&train, ws, "jobs.train", err) < 0 ||
		count_rows(&test, ws, "jobs.test", err) < 0)
		return "a newest version cannot be read";
	if (all != ROWS + MORE - MINE || train + test != all)
		return "rows are missing";
	if (bn_audit_verify(&audit, ws, NULL, err) < 0)
		return "audit verify";
	if (audit->faults || audit->missing_objects) {
		bn_err_set(err, BN_EFAILED, "%s", audit->first_fault);
		return "audit verify finds faults";
	}
	bn_audit_report_free(audit);
	return NULL;
}

typedef enum part { MAKE, FORGET, AGAIN } part;

/* Whether it came to its end. *ops: changes of the disk. */
static bool run_part(part what, const toy_dir *d, const char *work, faultfs_kind kind, long at, long *ops)
{
	int ends[2], status;
	ck_assert_int_eq(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		char index[400], csv[400], more[400];
		toy_env env;
		bn_err err = BN_ERR_INIT;
		bn_workspace *ws = NULL;
		const char *why = NULL;
		snprintf(index, sizeof index, "%s/index", work);
		snprintf(csv, sizeof csv, "%s/a.csv", d->path);
		snprintf(more, sizeof more, "%s/b.csv", d->path);
		toy_env_init(&env, d);
		toy_env_own_index(&env, index);
		env.env.fs = &faultfs_ops;
		faultfs_arm(kind, at);
		int rc = bn_workspace_open(&ws, &env.env, bn_fold_classes, work, &err);
		if (rc >= 0)
			rc = what == MAKE ? make(ws, csv, more, &err) : forget(ws, &err);
		if (rc >= 0 && what == AGAIN)
			why = check(ws, &err);
		if (rc < 0 || why)
			printf("part %d, change %ld: %s: %s\n", (int)what, at, why ? why : "it failed", err.msg);
		fflush(stdout);
		bn_workspace_close(ws);
		long count = faultfs_count();
		if (write(ends[1], &count, sizeof count) != sizeof count)
			_exit(3);
		_exit(rc < 0 || why ? 1 : 0);
	}
	close(ends[1]);
	bool done = read(ends[0], ops, sizeof *ops) == sizeof *ops;
	close(ends[0]);
	waitpid(child, &status, 0);
	ck_assert_msg(done ? WIFEXITED(status) && WEXITSTATUS(status) == 0
			   : WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && kind != FAULTFS_NONE,
		"part %d, change %ld: status %x", (int)what, at, status);
	return done;
}

/* ---- in the parent --------------------------------------------------------------------------- */

static int sh(const char *fmt, const char *a, const char *b)
{
	char line[1200];
	snprintf(line, sizeof line, fmt, a, b);
	return system(line);
}

static void set_up(toy_dir *d, char *made, size_t size)
{
	toy_env env;
	bn_err err = BN_ERR_INIT;
	char path[400];
	long ops;
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	toy_dir_make(d);
	snprintf(path, sizeof path, "%s/a.csv", d->path);
	write_csv(path, 0, ROWS);
	snprintf(path, sizeof path, "%s/b.csv", d->path);
	write_csv(path, ROWS, ROWS + MORE);
	snprintf(made, size, "%s/made", d->path);
	ck_assert_int_eq(mkdir(made, 0755), 0);
	toy_env_init(&env, d);
	ck_assert_bn_ok(bn_workspace_init(&env.env, made, &err), &err);
	ck_assert(run_part(MAKE, d, made, FAULTFS_NONE, 0, &ops));
	ck_assert_msg(sh("LC_ALL=C grep -raqF '%s' '%s'", PERSON, made) == 0, "the person is nowhere before");
}

static void finish_and_check(const toy_dir *d, const char *work, long at)
{
	long ops;
	run_part(AGAIN, d, work, FAULTFS_NONE, 0, &ops);
	ck_assert_msg(sh("LC_ALL=C grep -ralF '%s' '%s'", PERSON, work) != 0, "change %ld: bytes of the person are left", at);
}

static void die_at_every_change(faultfs_kind kind)
{
	toy_dir d;
	crash_points points;
	char made[300], work[300];
	uint32_t *kinds = crash_kinds_new();
	long ops = 0, n;
	set_up(&d, made, sizeof made);
	snprintf(work, sizeof work, "%s/work", d.path);
	ck_assert_int_eq(sh("cp -a '%s' '%s'", made, work), 0);
	faultfs_note_kinds(kinds, CRASH_POINTS_MOST);
	ck_assert(run_part(FORGET, &d, work, FAULTFS_NONE, 0, &ops));
	faultfs_note_kinds(NULL, 0);
	finish_and_check(&d, work, 0);
	crash_points_choose(&points, CRASH_KILL, kinds, ops, 0);
	crash_kinds_free(kinds);
	for (int i = 0; i < points.count; i++) {
		ck_assert_int_eq(sh("chmod -R u+w '%s' && rm -rf '%s'", work, work), 0);
		ck_assert_int_eq(sh("cp -a '%s' '%s'", made, work), 0);
		run_part(FORGET, &d, work, kind, points.at[i], &n);
		finish_and_check(&d, work, points.at[i]);
	}
	toy_dir_remove(&d);
}

START_TEST(test_forget_survives_sigkill_before_every_change)
{
	die_at_every_change(FAULTFS_KILL);
}
END_TEST

START_TEST(test_forget_survives_sigkill_within_every_change)
{
	die_at_every_change(FAULTFS_TEAR);
}
END_TEST

BN_TEST_MAIN("core/forget/forget_crash", test_forget_survives_sigkill_before_every_change,
	test_forget_survives_sigkill_within_every_change)
