/*
 * test_founding_crash.c - `init` when the process is killed, or the disk fails or is full, at every change of the
 * disk: the key, which is created first, and link 0. Afterwards the same command makes the workspace or reports that
 * it exists; the workspace has exactly one link 0, by the user's key, raises no alarm, and can be used.
 */
#include "core/govern/authority.h"
#include "core/govern/identity.h"
#include "core/govern/trust.h"
#include "tests/support/check_main.h"
#include "tests/support/crash_points.h"
#include "tests/support/faultfs.h"
#include "tests/support/human.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const bn_fold_class *const classes[] = {
	&bn_authority_class, &bn_user_class, &bn_policy_class, NULL};

static bn_err err = BN_ERR_INIT;
static toy_dir dir;
static char team[300];
static int serial;
static long killed, failed;
static uint32_t *point_kinds; /* kinds of the changes in a run without a fault */

static const struct {
	faultfs_kind kind;
	crash_family family;
} faults[] = {{FAULTFS_KILL, CRASH_KILL}, {FAULTFS_TEAR, CRASH_KILL}, {FAULTFS_ENOSPC, CRASH_DISK},
	{FAULTFS_EIO, CRASH_DISK}, {FAULTFS_LOST, CRASH_DISK}, {FAULTFS_FULL, CRASH_DISK}};
enum { FAULTS = sizeof faults / sizeof *faults };

static void must(int rc)
{
	ck_assert_bn_ok(rc, &err);
}

static void expect_no_alarm(human *h)
{
	const bn_trust_options opt = {.start = team};
	bn_trust *trust = NULL;
	must(bn_trust_founded(h->ws, &err));
	must(bn_trust_look(&trust, h->ws, &opt, &err));
	ck_assert_int_eq(bn_trust_allows(trust), BN_ALLOWS_ALL);
	bn_trust_free(trust);
}

/* A new workspace for each fault; the key is created on the way. */
static long found(faultfs_kind kind, long at)
{
	int status;
	human h;
	long changes = 0, *told = &changes;
	char name[40];
	int fds[2];
	snprintf(name, sizeof name, "founder%d", ++serial);
	snprintf(team, sizeof team, "%.200s/team%d", dir.path, serial);
	human_make(&h, &dir, name, NULL);
	ck_assert_int_eq(pipe(fds), 0);
	fflush(NULL);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		h.toy.env.fs = &faultfs_ops;
		if (kind == FAULTFS_NONE)
			faultfs_note_kinds(point_kinds, CRASH_POINTS_MOST);
		faultfs_arm(kind, at);
		int rc = bn_authority_init(&h.toy.env, team, NULL, NULL, NULL);
		changes = faultfs_count();
		_exit(rc == 0 && write(fds[1], told, sizeof *told) == sizeof *told ? 0 : 1);
	}
	close(fds[1]);
	if (read(fds[0], told, sizeof *told) != (ssize_t)sizeof *told)
		changes = 0;
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	bool acknowledged = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	killed += WIFSIGNALED(status);
	failed += WIFEXITED(status) && WEXITSTATUS(status) != 0;
	int rc = bn_authority_init(&h.toy.env, team, NULL, NULL, &err);
	ck_assert_msg(rc == 0 || rc == BN_ECONFLICT, "fault %d at %ld: cannot be founded: %s",
		(int)kind, at, err.msg);
	ck_assert_msg(!acknowledged || rc == BN_ECONFLICT,
		"fault %d at %ld: what was acknowledged is lost", (int)kind, at);
	bn_err_clear(&err);
	must(bn_workspace_open(&h.ws, &h.toy.env, classes, team, &err));
	uint8_t key[32];
	sqlite3 *db = NULL;
	human_key(&h, key);
	must(bn_workspace_read(&db, h.ws, &err));
	ck_assert_msg(
		bn_authority_newest(db, NULL) == 0, "fault %d at %ld: no link 0", (int)kind, at);
	ck_assert_int_eq(bn_sql_int(db, -1, "SELECT count(*) FROM authority_link WHERE author = ?",
				 "b", key, (size_t)32),
		1);
	expect_no_alarm(&h);
	bn_change c = {.kind = BN_CHANGE_ROLE, .role = BN_ROLE_REVIEWER, .grant = true};
	memcpy(c.person, key, 32);
	const bn_link link = {.changes = &c, .n_changes = 1};
	must(bn_authority_change(h.ws, &link, key, &err));
	bn_workspace_close(h.ws);
	return changes;
}

START_TEST(test_founding_is_whole_or_can_be_done_again_whatever_dies_or_fails)
{
	static crash_points points;
	point_kinds = crash_kinds_new();
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	toy_dir_make(&dir);
	long changes = found(FAULTFS_NONE, 0);
	ck_assert_int_gt(changes, 10);
	for (size_t k = 0; k < FAULTS; k++) {
		crash_points_choose(&points, faults[k].family, point_kinds, changes, 1);
		for (int p = 0; p < points.count; p++)
			found(faults[k].kind, points.at[p]);
	}
	crash_kinds_free(point_kinds);
	printf("NOTE: %ld processes killed and %ld failures of the disk in founding, of %ld "
	       "changes\n",
		killed, failed, changes);
	toy_dir_remove(&dir);
}
END_TEST

BN_TEST_MAIN("core/govern/founding_crash",
	test_founding_is_whole_or_can_be_done_again_whatever_dies_or_fails)
