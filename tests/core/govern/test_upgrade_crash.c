/*
 * test_upgrade_crash.c - an upgrade that is killed, or whose disk fails or is full, at every change of the disk; and
 * upgrades by several processes at the same time.
 *
 * A forked child upgrades. If the disk fails and the process survives, it tries a second time. Afterwards, for every
 * reader, with the old index and with a new one:
 *
 *	1  the workspace is either not upgraded and has no links, or upgraded and has all of them
 *	2  what was acknowledged is done; earlier records count as before
 *	3  it can be used at once: by the rules of uids while it is not upgraded, and repeating the upgrade finishes it
 *	4  what a killed upgrade left in the log is not a fault, a hole or a link
 *
 * Of several processes exactly one upgrades, and a process that was told so is that one.
 */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/audit.h"
#include "core/govern/authority.h"
#include "core/govern/closed.h"
#include "core/govern/identity.h"
#include "core/govern/lost.h"
#include "core/govern/prove.h"
#include "core/govern/upgrade.h"
#include "core/store/inspect.h"
#include "core/store/upgrade.h"
#include "core/store/view.h"
#include "tests/support/check_main.h"
#include "tests/support/crash_points.h"
#include "tests/support/faultfs.h"
#include "tests/support/human.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static const bn_fold_class *const classes[] = {
	&bn_authority_class, &bn_user_class, &bn_policy_class, NULL};

enum { NEWEST = 1 }; /* link 1 grants the founder his second role */

static bn_err err = BN_ERR_INIT;
static toy_dir dir;
static char team[300];
static human ann, ann_elsewhere, bob;

static void must(int rc)
{
	ck_assert_bn_ok(rc, &err);
}

/* ---- the workspace of uids --------------------------------------------------------------------------- */

static void human_open(human *h)
{
	must(bn_workspace_open(&h->ws, &h->toy.env, classes, team, &err));
	must(bn_workspace_refresh(h->ws, NULL, &err));
}

static void act_by_uid(bn_workspace *ws, uid_t uid)
{
	must(bn_role_grant(ws, uid, "somebody", BN_ROLE_REVIEWER, "good", &err));
	must(bn_workspace_seal(ws, &err));
}

static void team_begin(void)
{
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	toy_dir_make(&dir);
	snprintf(team, sizeof team, "%.200s/team", dir.path);
	human_make(&ann, &dir, "ann", "node1");
	human_make(&ann_elsewhere, &dir, "ann", "node2");
	human_make(&bob, &dir, "bob", "node1");
	must(bn_workspace_init(&ann.toy.env, team, &err));
	human_open(&ann);
	json_t *policy = json_pack("{s:i}", "approvals", 2);
	must(bn_policy_set(ann.ws, policy, "two of us", &err));
	json_decref(policy);
	act_by_uid(ann.ws, ann.toy.env.uid(&ann.toy.env));
	human_open(&bob);
}

static int add_line(void *ctx, const char *text, size_t n)
{
	bn_buf_add(ctx, text, n);
	return 0;
}

static char *rows_of(human *h)
{
	bn_buf b = BN_BUF_INIT;
	must(bn_workspace_refresh(h->ws, NULL, &err));
	must(bn_index_dump(h->ws, add_line, &b, &err));
	return bn_buf_take(&b, NULL);
}

static void team_end(void)
{
	bn_audit_report *r = NULL;
	human third;
	must(bn_workspace_seal(ann.ws, &err));
	must(bn_audit_verify(&r, ann.ws, NULL, &err));
	ck_assert_msg(r->faults == 0, "%s", r->first_fault ? r->first_fault : "");
	bn_audit_report_free(r);
	human_make(&third, &dir, "third", NULL);
	human_open(&third);
	char *old = rows_of(&ann), *bobs = rows_of(&bob), *new = rows_of(&third);
	ck_assert_str_eq(old, new);
	ck_assert_str_eq(old, bobs);
	bn_free(old);
	bn_free(bobs);
	bn_free(new);
	bn_workspace_close(third.ws);
	bn_workspace_close(ann.ws);
	bn_workspace_close(bob.ws);
	toy_dir_remove(&dir);
}

/* ---- looking ------------------------------------------------------------------------------------------ */

static int64_t count(human *h, const char *sql)
{
	sqlite3 *db = NULL;
	must(bn_workspace_refresh(h->ws, NULL, &err));
	must(bn_workspace_read(&db, h->ws, &err));
	return bn_sql_int(db, -1, sql, "");
}

static int64_t newest(human *h)
{
	return count(h, "SELECT coalesce(max(n), -1) FROM authority_link");
}

/* The number of valid records by the rules of uids. */
static int64_t old_acts(human *h)
{
	return count(h, "SELECT count(*) FROM event e JOIN index_entity_text t ON t.no = e.entity "
			"WHERE t.class = 'policy' AND e.outcome = 0");
}

/* Links left by an upgrade that did not complete are not faults, and nobody is asked to repeat them. */
static void expect_no_fault(human *h, const char *what)
{
	bn_proof_findings f = {0};
	bn_lost_links lost = {0};
	bn_workspace *view = NULL;
	uint8_t key[BN_CHAIN_ID_BYTES];
	char person[2 * BN_CHAIN_ID_BYTES + 1];
	must(bn_workspace_view(&view, h->ws, NULL, &err));
	must(bn_prove_chain(&f, bn_workspace_index(view), &err));
	for (size_t i = 0; i < f.count; i++)
		ck_assert_msg(!f.items[i].is_fault, "%s: rule %d: %s", what, f.items[i].rule,
			f.items[i].words);
	human_key(&ann, key);
	bn_hex(key, sizeof key, person);
	must(bn_lost_links_read(&lost, bn_workspace_index(view), person, &err));
	ck_assert_msg(lost.count == 0, "%s: %s", what, lost.count ? lost.items[0].words : "");
	bn_lost_links_release(&lost);
	bn_proof_findings_release(&f);
	bn_workspace_close(view);
}

/* Whether the workspace is upgraded; checks that all readers agree. */
static bool look(const char *what, int64_t acts)
{
	human fresh;
	static int serial;
	char name[30];
	snprintf(name, sizeof name, "fresh%d", ++serial);
	human_make(&fresh, &dir, name, NULL);
	human_open(&fresh);
	human *const readers[] = {&ann, &bob, &fresh};
	bool is_named = bn_workspace_founding(fresh.ws)[0] != '\0';
	for (size_t i = 0; i < 3; i++) {
		human *h = readers[i];
		int64_t n = newest(h);
		ck_assert_msg(n == (is_named ? NEWEST : -1), "%s: reader %zu: newest link %d, %s",
			what, i, (int)n, is_named ? "upgraded" : "of uids");
		ck_assert_msg(bn_closed_is_upgraded(bn_workspace_index(h->ws)) == is_named,
			"%s: reader %zu", what, i);
		ck_assert_msg(
			old_acts(h) == acts, "%s: reader %zu: %d acts", what, i, (int)old_acts(h));
		if (is_named)
			expect_no_fault(h, what);
	}
	bn_workspace_close(fresh.ws);
	return is_named;
}

/* ---- a trial ------------------------------------------------------------------------------------------ */

typedef struct outcome {
	int rc;       /* of the upgrade; 1: killed before it reported */
	int retried;  /* failed once, and tried again */
	long changes; /* 0: killed before it reported */
} outcome;

static const bn_upgrade_how nobody_else = {.n_admit = 0};
static uint32_t *point_kinds; /* kinds of the changes in a run without a fault */
static long killed, failed;

/* In a second attempt "already upgraded" counts as success. */
static int upgrade_again(bn_workspace *ws, bn_err *why)
{
	int rc = bn_upgrade(ws, &nobody_else, why);
	if (rc != BN_ECONFLICT)
		return rc;
	bn_err_clear(why);
	return 0;
}

static void child(faultfs_kind kind, long at, int fd)
{
	outcome o = {.rc = 1};
	bn_workspace *mine = NULL;
	bn_workspace_abandon(ann.ws);
	bn_workspace_abandon(bob.ws);
	ann.toy.env.fs = &faultfs_ops;
	if (kind == FAULTFS_NONE)
		faultfs_note_kinds(point_kinds, CRASH_POINTS_MOST);
	if (bn_workspace_open(&mine, &ann.toy.env, classes, team, NULL) < 0)
		_exit(2);
	bn_workspace_refresh(mine, NULL, NULL);
	faultfs_arm(kind, at);
	o.rc = bn_upgrade(mine, &nobody_else, NULL);
	if (o.rc < 0 && kind != FAULTFS_FULL) {
		o.retried = 1;
		o.rc = upgrade_again(mine, NULL);
	}
	if (write(fd, &o, sizeof o) != sizeof o)
		_exit(3);
	bn_workspace_close(mine);
	o.changes = faultfs_count();
	if (write(fd, &o, sizeof o) != sizeof o)
		_exit(3);
	_exit(0);
}

static outcome try_it(faultfs_kind kind, long at)
{
	int fds[2], status;
	outcome o = {.rc = 1};
	ck_assert_int_eq(pipe(fds), 0);
	fflush(NULL);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid)
		child(kind, at, fds[1]);
	close(fds[1]);
	while (read(fds[0], &o, sizeof o) == (ssize_t)sizeof o)
		;
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : !WEXITSTATUS(status),
		"fault %d at %ld: status %d", (int)kind, at, status);
	return o;
}

static long trial(faultfs_kind kind, long at)
{
	char what[60];
	snprintf(what, sizeof what, "fault %d at %ld", (int)kind, at);
	team_begin();
	int64_t acts = old_acts(&ann);
	outcome o = try_it(kind, at);
	killed += !o.changes;
	failed += o.retried || o.rc < 0;
	bool is = look(what, acts);
	ck_assert_msg(o.rc != 0 || is, "%s: what was acknowledged is lost", what);
	ck_assert_msg(kind == FAULTFS_FULL || kind == FAULTFS_KILL || kind == FAULTFS_TEAR || is,
		"%s: trying again in the same process did not help", what);
	if (!is) {
		act_by_uid(bob.ws, 4711);
		acts = old_acts(&bob);
		must(bn_workspace_refresh(ann.ws, NULL, &err));
		int rc = bn_upgrade(ann.ws, &nobody_else, &err);
		ck_assert_msg(rc == 0, "%s: cannot be repeated: %d %s", what, rc, err.msg);
	} else {
		ck_assert_msg(bn_upgrade(ann.ws, &nobody_else, &err) == BN_ECONFLICT,
			"%s: upgraded twice", what);
		bn_err_clear(&err);
	}
	ck_assert_msg(look(what, acts), "%s: repeated, and not upgraded", what);
	team_end();
	return o.changes;
}

START_TEST(test_upgrade_is_whole_or_absent_and_can_be_repeated_whatever_dies_or_fails)
{
	static const struct {
		faultfs_kind kind;
		crash_family family;
	} faults[] = {{FAULTFS_KILL, CRASH_KILL}, {FAULTFS_TEAR, CRASH_KILL},
		{FAULTFS_ENOSPC, CRASH_DISK}, {FAULTFS_EIO, CRASH_DISK}, {FAULTFS_LOST, CRASH_DISK},
		{FAULTFS_FULL, CRASH_DISK}};
	static crash_points points;
	point_kinds = crash_kinds_new();
	long changes = trial(FAULTFS_NONE, 0);
	ck_assert_int_gt(changes, 10);
	for (size_t k = 0; k < sizeof faults / sizeof *faults; k++) {
		crash_points_choose(&points, faults[k].family, point_kinds, changes, 1);
		for (int p = 0; p < points.count; p++)
			trial(faults[k].kind, points.at[p]);
	}
	crash_kinds_free(point_kinds);
	printf("NOTE: %ld processes killed and %ld failures of the disk in upgrades\n", killed,
		failed);
}
END_TEST

/* ---- at the same time ------------------------------------------------------------------------------ */

enum { RACERS = 4 };

typedef struct told {
	int rc;
	char founding[65]; /* read by the process after its upgrade was acknowledged */
	char words[512];
} told;

static int no_lock(const bn_env *env, int fd, int operation)
{
	(void)env;
	(void)fd;
	(void)operation;
	return -ENOLCK;
}

static void racer(const human *who, const bn_fs_ops *fs, int gate, told *out)
{
	human me = *who;
	bn_err why = BN_ERR_INIT;
	bn_workspace *ws = NULL;
	char c;
	me.toy.env.fs = fs;
	me.toy.env.ctx = &me;
	must(bn_workspace_open(&ws, &me.toy.env, classes, team, &err));
	must(bn_workspace_refresh(ws, NULL, &err));
	if (read(gate, &c, 1) != 0)
		_exit(1);
	out->rc = bn_upgrade(ws, &nobody_else, &why);
	snprintf(out->words, sizeof out->words, "%s", why.msg);
	snprintf(out->founding, sizeof out->founding, "%s", bn_workspace_founding(ws));
	bn_workspace_close(ws);
	_exit(0);
}

static void race(const bn_fs_ops *fs, const char *what)
{
	told *all = mmap(NULL, RACERS * sizeof *all, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pids[RACERS];
	int gate[2], status, upgraded = 0;
	ck_assert(all != MAP_FAILED);
	team_begin();
	int64_t acts = old_acts(&ann);
	ck_assert_int_eq(pipe(gate), 0);
	fflush(NULL);
	for (int i = 0; i < RACERS; i++) {
		pids[i] = fork();
		ck_assert_int_ge(pids[i], 0);
		if (pids[i])
			continue;
		bn_workspace_abandon(ann.ws);
		bn_workspace_abandon(bob.ws);
		close(gate[1]);
		racer(i % 2 ? &ann_elsewhere : &ann, fs, gate[0], &all[i]);
	}
	close(gate[0]);
	close(gate[1]);
	for (int i = 0; i < RACERS; i++) {
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert(look(what, acts));
	for (int i = 0; i < RACERS; i++) {
		ck_assert_msg(all[i].rc == 0 || all[i].rc == BN_ECONFLICT, "%s: %d %s", what,
			all[i].rc, all[i].words);
		upgraded += all[i].rc == 0;
		ck_assert_msg(
			all[i].rc != 0 || !strcmp(all[i].founding, bn_workspace_founding(ann.ws)),
			"%s: %d was told that it upgraded, and another one did", what, i);
	}
	ck_assert_msg(upgraded == 1, "%s: %d were told that they upgraded", what, upgraded);
	munmap(all, RACERS * sizeof *all);
	team_end();
}

START_TEST(test_of_upgrades_at_the_same_time_one_is_done)
{
	for (int round = 0; round < 3; round++)
		race(&bn_fs_real, "two hosts of one home");
}
END_TEST

START_TEST(test_of_upgrades_at_the_same_time_one_is_done_without_locks)
{
	bn_fs_ops fs = bn_fs_real;
	fs.flock = no_lock;
	for (int round = 0; round < 6; round++)
		race(&fs, "where there are no locks");
}
END_TEST

BN_TEST_MAIN("core/govern/upgrade_crash",
	test_upgrade_is_whole_or_absent_and_can_be_repeated_whatever_dies_or_fails,
	test_of_upgrades_at_the_same_time_one_is_done,
	test_of_upgrades_at_the_same_time_one_is_done_without_locks)
