/*
 * test_trust_crash.c - a reader that checks a workspace (bn_trust_look, as every command does) is killed, or its disk
 * is full or fails, at every change that it makes; and many readers on two hosts with one home check at the same time,
 * while the chain grows.
 *
 * Afterwards nothing that was acknowledged is forgotten, an answered first use stays answered, and the intact
 * workspace raises no alarm.
 */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "core/govern/key.h"
#include "core/govern/policy.h"
#include "core/govern/trust.h"
#include "tests/support/check_main.h"
#include "tests/support/faultfs.h"
#include "tests/support/remembered.h"
#include "tests/support/toy.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LINKS = 2 };

static const bn_fold_class *const classes[] = {&bn_authority_class, NULL};

typedef struct trial {
	toy_dir dir;
	char team[300], home[300], founder[300];
	remembered_env ann;
	bn_workspace *ws; /* of ann */
} trial;

/* ---- the workspace ------------------------------------------------------------------------------- */

static void trial_make(trial *t)
{
	bn_err err = BN_ERR_INIT;
	*t = (trial){0};
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	toy_dir_make(&t->dir);
	snprintf(t->team, sizeof t->team, "%.200s/team", t->dir.path);
	snprintf(t->home, sizeof t->home, "%.200s/home", t->dir.path);
	snprintf(t->founder, sizeof t->founder, "%.200s/founder", t->dir.path);
	remembered_env_init(&t->ann, t->founder, "node1");
	ck_assert_bn_ok(bn_fs_make_dirs(bn_env_real(), t->founder, 0700, &err), &err);
	ck_assert_bn_ok(bn_authority_init(&t->ann.env, t->team, NULL, NULL, &err), &err);
}

static void ann_opens(trial *t)
{
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_workspace_open(&t->ws, &t->ann.env, classes, t->team, &err), &err);
}

/* Adds the next link. */
static void ann_links(trial *t)
{
	bn_err err = BN_ERR_INIT;
	bn_change c = {
		.kind = BN_CHANGE_ROLE,
		.role = BN_ROLE_REVIEWER,
	};
	sqlite3_stmt *st = NULL;
	sqlite3 *db = NULL;
	ck_assert_bn_ok(bn_workspace_read(&db, t->ws, &err), &err);
	ck_assert_bn_ok(bn_sql_prepare(&st, db, &err,
				"SELECT author, (SELECT count(*) FROM authority_role WHERE role = "
				"'reviewer' AND to_n IS NULL) FROM authority_link WHERE n = 0",
				""),
		&err);
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	ck_assert(bn_sql_bytes(st, 0, c.person, sizeof c.person));
	c.grant = sqlite3_column_int(st, 1) == 0;
	sqlite3_finalize(st);
	const bn_link link = {.changes = &c, .n_changes = 1};
	uint8_t link_id[BN_CHAIN_ID_BYTES];
	ck_assert_bn_ok(bn_authority_change(t->ws, &link, link_id, &err), &err);
}

/* ---- a reader ------------------------------------------------------------------------------------ */

/* Steps acknowledged to a child. */
typedef struct done {
	int answered; /* -1: may have happened */
	int64_t newest;
	int finished;
	long changes;
} done;

static void say(int fd, const done *d)
{
	if (write(fd, d, sizeof *d) != sizeof *d)
		_exit(3);
}

static int look(bn_trust **out, bn_workspace *ws, bn_err *err)
{
	const bn_trust_options opt = {.start = bn_workspace_dir(ws)};
	return bn_trust_look(out, ws, &opt, err);
}

/* The newest remembered link; -1: none. */
static int64_t newest_of(const bn_trust *t)
{
	const bn_memory_link *l = bn_memory_newest(bn_trust_memory(t));
	return l ? (int64_t)l->n : -1;
}

/* Looks, accepts, and looks again while the chain grows. */
static void scenario(trial *t, remembered_env *e, int fd)
{
	done d = {.newest = -1};
	bn_workspace *ws = NULL;
	bn_trust *trust = NULL;
	if (bn_workspace_open(&ws, &e->env, classes, t->team, NULL) < 0)
		goto out;
	if (look(&trust, ws, NULL) < 0)
		goto out;
	d.answered = -1;
	say(fd, &d);
	d.answered = bn_trust_accept(trust, "terminal", "", NULL) == 0 ? 1 : -1;
	say(fd, &d);
	for (int i = 0; i < LINKS; i++) {
		bn_trust_free(trust);
		trust = NULL;
		ann_links(t);
		if (look(&trust, ws, NULL) < 0)
			goto out;
		bn_trust_free(trust);
		trust = NULL;
		if (look(&trust, ws, NULL) < 0) /* reads what the look before remembered */
			goto out;
		d.newest = newest_of(trust);
		say(fd, &d);
	}
out:
	bn_trust_free(trust);
	bn_workspace_close(ws);
	d.finished = 1;
	d.changes = faultfs_count();
	say(fd, &d);
}

static void run_child(done *d, trial *t, faultfs_kind kind, long at)
{
	int ends[2], status;
	done heard;
	ck_assert_int_eq(pipe(ends), 0);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		remembered_env e;
		close(ends[0]);
		ann_opens(t);
		remembered_env_init(&e, t->home, "node2");
		e.env.fs = &faultfs_ops;
		faultfs_arm(kind, at);
		scenario(t, &e, ends[1]);
		_exit(0);
	}
	close(ends[1]);
	*d = (done){.newest = -1};
	while (read(ends[0], &heard, sizeof heard) == sizeof heard)
		*d = heard;
	close(ends[0]);
	waitpid(child, &status, 0);
	ck_assert_msg(d->finished || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL),
		"the scenario ended with status %x", status);
}

/* ---- what must hold ------------------------------------------------------------------------------ */

static void check(const done *d, trial *t, const char *where)
{
	remembered_env e;
	bn_err err = BN_ERR_INIT;
	bn_workspace *ws = NULL;
	bn_trust *trust = NULL;
	remembered_env_init(&e, t->home, "node2");
	ck_assert_msg(bn_workspace_open(&ws, &e.env, classes, t->team, &err) == 0, "%s: %s", where,
		err.msg);
	ck_assert_msg(look(&trust, ws, &err) == 0, "%s: %s", where, err.msg);
	const bn_memory_verdict *v = bn_trust_verdict(trust);
	if (bn_trust_asks(trust)) {
		ck_assert_msg(d->answered != 1, "%s: a first use again", where);
		ck_assert_msg(bn_trust_accept(trust, "terminal", "", &err) == 0, "%s: %s", where,
			err.msg);
	}
	ck_assert_msg(bn_trust_allows(trust) == BN_ALLOWS_ALL, "%s: %s", where,
		v->count ? v->findings[0].words : "stopped without a word");
	ck_assert_msg(
		d->newest <= newest_of(trust), "%s: link %d is forgotten", where, (int)d->newest);
	bn_trust_free(trust);
	trust = NULL;
	ck_assert_msg(look(&trust, ws, &err) == 0, "%s: %s", where, err.msg);
	ck_assert_msg(bn_trust_verdict(trust)->count == 0 && !bn_trust_note(trust)[0], "%s: %s %s",
		where,
		bn_trust_verdict(trust)->count ? bn_trust_verdict(trust)->findings[0].words : "",
		bn_trust_note(trust));
	ck_assert_int_eq(newest_of(trust), bn_authority_newest(bn_workspace_index(ws), NULL));
	bn_trust_free(trust);
	bn_workspace_close(ws);
}

static void try_all(faultfs_kind kind)
{
	trial t;
	done d;
	char where[80];
	trial_make(&t);
	bn_fs_make_dirs(bn_env_real(), t.home, 0700, NULL);
	run_child(&d, &t, FAULTFS_NONE, 0);
	ck_assert_int_eq(d.answered, 1);
	ck_assert_int_eq(d.newest, LINKS);
	long changes = d.changes + (kind == FAULTFS_KILL || kind == FAULTFS_TEAR ? 0 : 6);
	ck_assert_int_gt(changes, 20);
	/* A failure that the process survives continues at the same points as the next one, so every other one is
	 * tried, unless all are requested. */
	long stride = kind == FAULTFS_KILL || getenv("BINNACLE_CRASH_STRIDE") ? 1 : 2;
	for (long at = 1; at <= changes; at += stride) {
		bn_fs_remove_tree(bn_env_real(), t.home, NULL);
		bn_fs_make_dirs(bn_env_real(), t.home, 0700, NULL);
		run_child(&d, &t, kind, at);
		snprintf(where, sizeof where, "fault %d at change %ld of %ld", (int)kind, at,
			changes);
		check(&d, &t, where);
	}
	toy_dir_remove(&t.dir);
}

#define CRASH_TEST(name, kind) \
	START_TEST(name) \
	{ \
		try_all(kind); \
	} \
	END_TEST

/* clang-format off */
CRASH_TEST(test_reader_killed_before_any_change_forgets_nothing, FAULTFS_KILL)
CRASH_TEST(test_reader_killed_within_any_change_forgets_nothing, FAULTFS_TEAR)
CRASH_TEST(test_reader_with_one_write_that_finds_no_space_goes_on, FAULTFS_ENOSPC)
CRASH_TEST(test_reader_with_a_disk_that_stays_full_goes_on, FAULTFS_FULL)
CRASH_TEST(test_reader_with_an_io_error_goes_on, FAULTFS_EIO)
CRASH_TEST(test_reader_with_a_lost_reply_goes_on, FAULTFS_LOST)
/* clang-format on */

/* ---- many at once -------------------------------------------------------------------------------- */

/* Looks repeatedly while the chain grows; no look may raise an alarm or forget a link. */
static void looker(trial *t, const char *host, int looks)
{
	remembered_env e;
	bn_workspace *ws = NULL;
	bn_err err = BN_ERR_INIT;
	int64_t reached = -1;
	remembered_env_init(&e, t->home, host);
	if (bn_workspace_open(&ws, &e.env, classes, t->team, &err) < 0)
		_exit(1);
	for (int i = 0; i < looks; i++) {
		bn_trust *trust = NULL;
		if (look(&trust, ws, &err) < 0) {
			fprintf(stderr, "%s: %s\n", host, err.msg);
			_exit(2);
		}
		if (bn_trust_allows(trust) != BN_ALLOWS_ALL || newest_of(trust) < reached) {
			fprintf(stderr, "%s: %s\n", host,
				bn_trust_verdict(trust)->count
					? bn_trust_verdict(trust)->findings[0].words
					: "forgets");
			_exit(4);
		}
		reached = newest_of(trust);
		bn_trust_free(trust);
	}
	bn_workspace_close(ws);
	_exit(0);
}

START_TEST(test_processes_of_two_hosts_look_at_once_and_none_is_alarmed)
{
	enum { HOSTS = 2, PROCESSES = 3, LOOKS = 40, GROWS = 25 };
	static const char *const hosts[HOSTS] = {"node2", "node3"};
	pid_t children[HOSTS][PROCESSES];
	trial t;
	done d = {.newest = -1};
	trial_make(&t);
	bn_fs_make_dirs(bn_env_real(), t.home, 0700, NULL);
	check(&d, &t, "the first use");
	for (int h = 0; h < HOSTS; h++)
		for (int p = 0; p < PROCESSES; p++) {
			children[h][p] = fork();
			ck_assert_int_ge(children[h][p], 0);
			if (children[h][p] == 0)
				looker(&t, hosts[h], LOOKS);
		}
	ann_opens(&t);
	for (int i = 0; i < GROWS; i++)
		ann_links(&t);
	bn_workspace_close(t.ws);
	for (int h = 0; h < HOSTS; h++)
		for (int p = 0; p < PROCESSES; p++) {
			int status;
			waitpid(children[h][p], &status, 0);
			ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
				"%s, process %d ended with %x", hosts[h], p, status);
		}
	check(&d, &t, "afterwards");
	toy_dir_remove(&t.dir);
}
END_TEST

BN_TEST_MAIN("core/govern/trust_crash", test_reader_killed_before_any_change_forgets_nothing,
	test_reader_killed_within_any_change_forgets_nothing,
	test_reader_with_one_write_that_finds_no_space_goes_on,
	test_reader_with_a_disk_that_stays_full_goes_on, test_reader_with_an_io_error_goes_on,
	test_reader_with_a_lost_reply_goes_on,
	test_processes_of_two_hosts_look_at_once_and_none_is_alarmed)
