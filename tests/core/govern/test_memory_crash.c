/*
 * test_memory_crash.c - what is remembered when the process is killed, the disk is full or fails, or the power is
 * lost, at every change of the disk; and processes of two hosts that learn at the same time.
 *
 * A fixed scenario runs in a forked child: a first use, learning while the chain and a log grow, places, an
 * acceptance, more learning. Through a pipe it reports each acknowledged step. Afterwards the parent checks with the
 * real file system:
 *
 *	1  no host's file is damaged, and an answered first use stays answered
 *	2  what was acknowledged is remembered: links, heads, places, the acceptance
 *	3  the workspace in its current state raises no alarm (what was written was seen)
 *	4  learning can continue, and leaves no temporary files
 */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/govern/_host_files.h"
#include "core/govern/_memory.h"
#include "tests/support/check_main.h"
#include "tests/support/faultfs.h"
#include "tests/support/remembered.h"
#include "tests/support/toy.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { JOURNAL_BYTES = 4 << 20, NEWEST = 6 };

static const bn_memory_answer by_pin = {.by = "pin", .words = "/etc/binnacle/trusted:1"};
static const bn_memory_answer accepted = {.by = "accept", .words = ""};

/* ---- the scenario --------------------------------------------------------------------------- */

typedef struct done {
	int learned;  /* acknowledged links of the first chain; -1: none */
	int place;    /* 1: known */
	int accepted; /* 1: accepted the chain that forks at 2; -1: unknown */
	int after;    /* newest acknowledged link of that chain; -1: none */
	int finished;
	long changes;
} done;

static int said;

static void say(const done *d)
{
	if (write(said, d, sizeof *d) != sizeof *d)
		_exit(3);
}

static void view_make(remembered_view *v, int64_t newest, bool forked)
{
	remembered_view_init(v, newest);
	v->fork_at = forked ? 2 : -1;
	remembered_writer(v, "ann@node1-0", (uint64_t)newest + 3, true);
	remembered_writer(v, "bob@node2-0", 4, false);
}

static void scenario(remembered_env *e, const char *root)
{
	done d = {.learned = -1, .after = -1};
	remembered_view v;
	for (int n = 0; n <= 2; n++) {
		view_make(&v, n, false);
		if (bn_memory_learn(NULL, &e->env, &v.view, &by_pin, NULL) == 0)
			d.learned = n;
		say(&d);
	}
	d.place = bn_place_learn(&e->env, root, REMEMBERED_ID, false, NULL) == 0;
	say(&d);
	view_make(&v, 3, true);
	d.accepted = -1; /* may happen from here on */
	say(&d);
	d.accepted = bn_memory_accept(&e->env, &v.view, &accepted, NULL) == 0 ? 1 : -1;
	say(&d);
	for (int n = 4; n <= NEWEST && d.accepted == 1; n++) {
		view_make(&v, n, true);
		if (bn_memory_learn(NULL, &e->env, &v.view, NULL, NULL) == 0)
			d.after = n;
		say(&d);
	}
	d.finished = 1;
	d.changes = faultfs_count();
	say(&d);
}

/* ---- what must hold ------------------------------------------------------------------------- */

static bool remembers(const bn_memory *m, uint32_t n, bool forked)
{
	remembered_view v;
	uint8_t id[32];
	view_make(&v, NEWEST, forked);
	remembered_link(&v, n, id);
	const uint8_t *known = bn_memory_content_link(&m->all, n);
	return known && !memcmp(known, id, 32);
}

/* Whether that chain raises no alarm, at its greatest length. */
static bool is_quiet(const bn_memory *m, bool forked)
{
	remembered_view v;
	bn_memory_verdict verdict;
	view_make(&v, NEWEST, forked);
	ck_assert_int_eq(bn_memory_judge(&verdict, m, &v.view, NULL, NULL, NULL), 0);
	bool quiet = verdict.count == 0;
	bn_memory_verdict_release(&verdict);
	return quiet;
}

static void check(const done *d, remembered_env *e, const char *root, const char *where)
{
	bn_err err = BN_ERR_INIT;
	bn_memory *m = NULL;
	bn_place p;
	ck_assert_bn_ok(bn_memory_load(&m, &e->env, REMEMBERED_ID, &err), &err);
	ck_assert_msg(bn_memory_state_of(m) != BN_MEMORY_DAMAGED && m->n_faults == 0, "%s: %s",
		where, bn_memory_why(m));
	bool known = bn_memory_state_of(m) == BN_MEMORY_KNOWN;
	ck_assert_msg(known || (d->learned < 0 && d->accepted < 1), "%s: a first use again", where);
	bool switched = known && remembers(m, 2, true);
	ck_assert_msg(!switched || d->accepted, "%s: accepted by itself", where);
	if (d->accepted == 1) {
		ck_assert_msg(switched, "%s: the acceptance is lost", where);
		ck_assert_msg(d->after < 4 || remembers(m, (uint32_t)d->after, true),
			"%s: link %d is lost", where, d->after);
	} else if (d->learned >= 0 && !switched) {
		ck_assert_msg(remembers(m, (uint32_t)d->learned, false), "%s: link %d is lost",
			where, d->learned);
	}
	if (known)
		ck_assert_msg(is_quiet(m, switched), "%s: a false alarm", where);
	bn_memory_free(m);
	ck_assert_bn_ok(bn_place_find(&p, &e->env, root, REMEMBERED_ID, &err), &err);
	ck_assert_msg(p.kind == BN_PLACE_KNOWN || (p.kind == BN_PLACE_NEW && d->place != 1),
		"%s: the place is kind %d: %s", where, (int)p.kind, p.why);
	bn_place_release(&p);

	remembered_view v;
	view_make(&v, NEWEST + 1, switched);
	ck_assert_msg(bn_memory_learn(NULL, &e->env, &v.view, &by_pin, &err) == 0, "%s: %s", where,
		err.msg);
	ck_assert_msg(bn_place_learn(&e->env, root, REMEMBERED_ID, false, &err) == 0, "%s: %s",
		where, err.msg);
	bn_names names = BN_NAMES_INIT;
	bn_fs_list_dir(bn_env_real(), remembered_path(e, REMEMBERED_ID), &names, NULL);
	for (size_t i = 0; i < names.count; i++)
		ck_assert_msg(strstr(names.items[i], ".tmp") == NULL, "%s: %s is left", where,
			names.items[i]);
	bn_names_release(&names);
}

/* ---- faults --------------------------------------------------------------------------------- */

static void hear(done *d, int fd)
{
	done heard;
	*d = (done){.learned = -1, .after = -1};
	while (read(fd, &heard, sizeof heard) == sizeof heard)
		*d = heard;
	close(fd);
}

static void run_child(done *d, const char *home, const char *root, faultfs_kind kind, long at)
{
	int ends[2], status;
	ck_assert_int_eq(pipe(ends), 0);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		remembered_env e;
		close(ends[0]);
		said = ends[1];
		remembered_env_init(&e, home, "node1");
		e.env.fs = &faultfs_ops;
		faultfs_arm(kind, at);
		scenario(&e, root);
		_exit(0);
	}
	close(ends[1]);
	hear(d, ends[0]);
	waitpid(child, &status, 0);
	ck_assert_msg(d->finished || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL),
		"the scenario ended with status %x", status);
}

typedef struct trial {
	toy_dir dir;
	char home[300], root[300], after[300];
} trial;

static void fresh(trial *t)
{
	bn_fs_remove_tree(bn_env_real(), t->home, NULL);
	bn_fs_remove_tree(bn_env_real(), t->after, NULL);
	ck_assert_int_eq(bn_fs_make_dirs(bn_env_real(), t->home, 0700, NULL), 0);
	ck_assert_int_eq(bn_fs_make_dirs(bn_env_real(), t->after, 0700, NULL), 0);
	ck_assert_int_eq(bn_fs_make_dirs(bn_env_real(), t->root, 0755, NULL), 0);
}

static void trial_make(trial *t)
{
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	toy_dir_make(&t->dir);
	snprintf(t->home, sizeof t->home, "%.200s/home", t->dir.path);
	snprintf(t->root, sizeof t->root, "%.200s/w/.binnacle", t->dir.path);
	snprintf(t->after, sizeof t->after, "%.200s/after", t->dir.path);
}

/* Every change of a run without a fault, and some more, since a failure causes others. */
static void try_all(faultfs_kind kind, bool power, faultfs_loss loss)
{
	trial t;
	done d;
	char where[80];
	trial_make(&t);
	fresh(&t);
	run_child(&d, t.home, t.root, FAULTFS_NONE, 0);
	long changes = d.changes + (kind == FAULTFS_KILL || kind == FAULTFS_TEAR ? 0 : 8);
	ck_assert_int_gt(changes, 40);
	for (long at = 1; at <= changes; at++) {
		remembered_env e;
		faultfs_journal *j = NULL;
		fresh(&t);
		if (power)
			j = faultfs_journal_new(t.home, JOURNAL_BYTES);
		run_child(&d, t.home, t.root, kind, at);
		if (power)
			ck_assert_int_eq(faultfs_replay(j, loss, t.after), 0);
		remembered_env_init(&e, power ? t.after : t.home, "node1");
		snprintf(where, sizeof where, "fault %d at change %ld", (int)kind, at);
		check(&d, &e, t.root, where);
		if (power)
			faultfs_journal_free(j);
	}
	toy_dir_remove(&t.dir);
}

#define CRASH_TEST(name, ...) \
	START_TEST(name) \
	{ \
		try_all(__VA_ARGS__); \
	} \
	END_TEST

/* clang-format off */
CRASH_TEST(test_memory_survives_sigkill_before_every_change, FAULTFS_KILL, false, 0)
CRASH_TEST(test_memory_survives_sigkill_within_every_change, FAULTFS_TEAR, false, 0)
CRASH_TEST(test_memory_survives_a_write_without_space, FAULTFS_ENOSPC, false, 0)
CRASH_TEST(test_memory_survives_a_disk_that_stays_full, FAULTFS_FULL, false, 0)
CRASH_TEST(test_memory_survives_an_io_error, FAULTFS_EIO, false, 0)
CRASH_TEST(test_memory_survives_a_lost_reply, FAULTFS_LOST, false, 0)
CRASH_TEST(test_memory_survives_power_loss_that_takes_all, FAULTFS_KILL, true, FAULTFS_LOSE_ALL)
CRASH_TEST(test_memory_survives_power_loss_that_takes_bytes, FAULTFS_KILL, true, FAULTFS_LOSE_DATA)
CRASH_TEST(test_memory_survives_power_loss_that_leaves_zeros, FAULTFS_KILL, true, FAULTFS_LOSE_ZEROS)
CRASH_TEST(test_memory_survives_power_loss_that_takes_names, FAULTFS_KILL, true, FAULTFS_LOSE_NAMES)
CRASH_TEST(test_memory_survives_power_loss_that_takes_added_names, FAULTFS_KILL, true,
	FAULTFS_LOSE_ADDED)
/* clang-format on */

/* ---- many at once --------------------------------------------------------------------------- */

/* A process of a host: sees the chain and its own writer grow, and learns at each step. Reports how far learning was
 * acknowledged. */
static void learner(const char *home, int host, int process, int steps, int fd)
{
	remembered_env e;
	remembered_view v;
	char name[40];
	int reached = -1;
	snprintf(name, sizeof name, "node%d", host);
	remembered_env_init(&e, home, name);
	snprintf(name, sizeof name, "w%d-%d", host, process);
	for (int i = 0; i < steps; i++) {
		remembered_view_init(&v, i);
		remembered_writer(&v, name, (uint64_t)i + 1, true);
		bn_err err = BN_ERR_INIT;
		int rc = bn_memory_learn(NULL, &e.env, &v.view, &by_pin, &err);
		if (rc == 0)
			reached = i;
		else if (rc != BN_ECONFLICT)
			_exit(1);
		bn_memory *m = NULL;
		if (bn_memory_load(&m, &e.env, REMEMBERED_ID, NULL) < 0 || m->n_faults ||
			(rc == 0 && (m->state != BN_MEMORY_KNOWN || m->all.n_beside ||
					    bn_memory_newest(m)->n < (uint32_t)i)))
			_exit(2);
		bn_memory_free(m);
	}
	if (write(fd, &reached, sizeof reached) != sizeof reached)
		_exit(3);
	_exit(0);
}

START_TEST(test_processes_of_two_hosts_at_once_lose_nothing_that_was_acknowledged)
{
	enum { HOSTS = 2, PROCESSES = 3, STEPS = 25 };
	trial t;
	int ends[HOSTS][PROCESSES][2];
	pid_t children[HOSTS][PROCESSES];
	trial_make(&t);
	fresh(&t);
	for (int h = 0; h < HOSTS; h++)
		for (int p = 0; p < PROCESSES; p++) {
			ck_assert_int_eq(pipe(ends[h][p]), 0);
			children[h][p] = fork();
			if (children[h][p] == 0)
				learner(t.home, h, p, STEPS, ends[h][p][1]);
			close(ends[h][p][1]);
		}
	int reached[HOSTS][PROCESSES];
	for (int h = 0; h < HOSTS; h++)
		for (int p = 0; p < PROCESSES; p++) {
			int status;
			waitpid(children[h][p], &status, 0);
			ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0,
				"host %d process %d ended with %x", h, p, status);
			ck_assert_int_eq(
				read(ends[h][p][0], &reached[h][p], sizeof(int)), sizeof(int));
			close(ends[h][p][0]);
		}
	remembered_env e;
	bn_memory *m = NULL;
	size_t n, found = 0;
	remembered_env_init(&e, t.home, "node9");
	ck_assert_int_eq(bn_memory_load(&m, &e.env, REMEMBERED_ID, NULL), 0);
	const bn_memory_head *heads = bn_memory_heads(m, &n);
	for (size_t i = 0; i < n; i++)
		for (int h = 0; h < HOSTS; h++)
			for (int p = 0; p < PROCESSES; p++) {
				char name[40];
				snprintf(name, sizeof name, "w%d-%d", h, p);
				if (strcmp(name, heads[i].writer))
					continue;
				found++;
				ck_assert_int_ge((int)heads[i].seq, reached[h][p] + 1);
			}
	ck_assert_uint_eq(found, HOSTS * PROCESSES);
	ck_assert_uint_eq(bn_memory_newest(m)->n, STEPS - 1);
	bn_memory_free(m);
	toy_dir_remove(&t.dir);
}
END_TEST

START_TEST(test_processes_killed_at_random_leave_a_whole_file)
{
	enum { ROUNDS = 40 };
	trial t;
	trial_make(&t);
	fresh(&t);
	for (int i = 0; i < ROUNDS; i++) {
		int ends[2];
		ck_assert_int_eq(pipe(ends), 0);
		pid_t child = fork();
		if (child == 0)
			learner(t.home, i % 2, 0, 1000, ends[1]);
		usleep((useconds_t)(500 + 700 * i % 9000));
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		close(ends[0]);
		close(ends[1]);
		remembered_env e;
		bn_memory *m = NULL;
		remembered_env_init(&e, t.home, "node1");
		ck_assert_int_eq(bn_memory_load(&m, &e.env, REMEMBERED_ID, NULL), 0);
		ck_assert_int_ne(bn_memory_state_of(m), BN_MEMORY_DAMAGED);
		ck_assert_uint_eq(m->n_faults, 0);
		bn_memory_free(m);
	}
	toy_dir_remove(&t.dir);
}
END_TEST

BN_TEST_MAIN("core/govern/memory_crash", test_memory_survives_sigkill_before_every_change,
	test_memory_survives_sigkill_within_every_change,
	test_memory_survives_a_write_without_space, test_memory_survives_a_disk_that_stays_full,
	test_memory_survives_an_io_error, test_memory_survives_a_lost_reply,
	test_memory_survives_power_loss_that_takes_all,
	test_memory_survives_power_loss_that_takes_bytes,
	test_memory_survives_power_loss_that_leaves_zeros,
	test_memory_survives_power_loss_that_takes_names,
	test_memory_survives_power_loss_that_takes_added_names,
	test_processes_of_two_hosts_at_once_lose_nothing_that_was_acknowledged,
	test_processes_killed_at_random_leave_a_whole_file)
