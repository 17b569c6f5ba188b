/*
 * Many writers at once: slots, adoption of dead writers, and eight processes that write 80 000 events, which every reader
 * sees equally in any order of arrival.
 */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/store/_workspace.h"
#include "core/store/inspect.h"
#include "core/store/log/slot.h"
#include "core/store/log/verify.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 8, EVENTS = 10000, PER_COMMIT = 100 };

static toy_dir dir;
static toy_env env;
static bn_err err = BN_ERR_INIT;

static bn_workspace *open_here(void)
{
	bn_workspace *ws = NULL;
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, toy_classes, dir.path, &err), &err);
	return ws;
}

static void start(void)
{
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	ck_assert_bn_ok(bn_workspace_init(&env.env, dir.path, &err), &err);
}

static size_t count_in(const char *sub, const char *end)
{
	bn_names names = BN_NAMES_INIT;
	size_t n = 0, want = strlen(end);
	char *path = bn_strf("%s/.binnacle/%s", dir.path, sub);
	bn_fs_list_dir(&env.env, path, &names, NULL);
	for (size_t i = 0; i < names.count; i++) {
		size_t len = strlen(names.items[i]);
		n += len >= want && !strcmp(names.items[i] + len - want, end);
	}
	bn_names_release(&names);
	bn_free(path);
	return n;
}

/* Without the founding record. */
static int64_t count_events(bn_workspace *ws)
{
	return bn_sql_int(bn_workspace_index(ws), -1, "SELECT sum(events) - 1 FROM writer", "");
}

/* Starts a child that runs work() and is killed with SIGKILL. */
static void run_and_kill(void (*work)(void))
{
	int ends[2];
	char byte;
	ck_assert_int_eq(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0) {
		work();
		if (write(ends[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ends[1]);
	ck_assert_int_eq(read(ends[0], &byte, 1), 1);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ends[0]);
}

static void write_and_hang(void)
{
	bn_workspace *ws = open_here();
	if (toy_append_set(ws, "toy/a", 7) || bn_workspace_commit(ws, NULL) ||
		toy_append_set(ws, "toy/a", 8))
		_exit(1);
}

START_TEST(test_writer_of_a_killed_process_is_adopted_and_continued)
{
	start();
	run_and_kill(write_and_hang);
	ck_assert_int_eq(count_in("log", ""), 1);
	bn_workspace *ws = open_here();
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	ck_assert_int_eq(toy_value(ws, "toy/a"), 7); /* readers follow open.seg even before that */
	ck_assert_int_eq(toy_append_set(ws, "toy/a", 9), 0);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
	ck_assert_int_eq(toy_value(ws, "toy/a"), 7 * 31 + 9);
	ck_assert_int_eq(count_in("log", ""), 1); /* the same slot, sequence and chain */
	ck_assert_int_eq(count_events(ws), 2);
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_writer_adopts_what_other_dead_slots_left_open)
{
	start();
	bn_workspace *first = open_here(); /* occupies slot 0 */
	toy_append_set(first, "toy/b", 1);
	ck_assert_bn_ok(bn_workspace_commit(first, &err), &err);
	run_and_kill(write_and_hang); /* slot 1 */
	ck_assert_int_eq(count_in("log", ""), 2);
	ck_assert_bn_ok(bn_workspace_seal(first, &err), &err);
	bn_workspace_close(first);
	bn_workspace *ws = open_here(); /* uses slot 0 and adopts slot 1 */
	toy_append_set(ws, "toy/b", 1);
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	bn_log_report report;
	ck_assert_bn_ok(
		bn_log_verify(&report, bn_workspace_at(ws), bn_workspace_id(ws), NULL, &err), &err);
	ck_assert_uint_eq(report.fault_count, 0);
	ck_assert_uint_eq(report.head_count, 2);
	ck_assert(report.heads[0].is_open);
	ck_assert(!report.heads[1].is_open);
	bn_log_report_release(&report);
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}
END_TEST

static int no_flock(const bn_env *e, int fd, int operation)
{
	(void)e;
	(void)fd;
	(void)operation;
	return -ENOLCK;
}

START_TEST(test_writers_without_flock_get_random_slots)
{
	start();
	bn_fs_ops ops = bn_fs_real;
	ops.flock = no_flock;
	env.env.fs = &ops;
	bn_workspace *a = open_here(), *b = open_here();
	toy_append_set(a, "toy/a", 1);
	toy_append_set(b, "toy/a", 2);
	ck_assert_bn_ok(bn_workspace_sync(a, &err), &err);
	ck_assert_bn_ok(bn_workspace_sync(b, &err), &err);
	ck_assert_int_eq(count_events(b), 2);
	ck_assert_str_ne(a->writer->name, b->writer->name);
	bn_workspace_close(a);
	bn_workspace_close(b);
	toy_dir_remove(&dir);
}
END_TEST

static uid_t somebody_else(const bn_env *e)
{
	(void)e;
	return 4711;
}

/* As for root over NFS with root_squash, or over sshfs: new files belong to another user. */
START_TEST(test_writer_that_does_not_own_what_it_makes_says_so_and_leaves_no_litter)
{
	bn_err e = BN_ERR_INIT;
	bn_names names = BN_NAMES_INIT;
	start();
	bn_workspace *ws = open_here();
	env.env.uid = somebody_else;
	ck_assert_int_ne(bn_workspace_append(ws, "toy.set", "toy/a", NULL, &e), 0);
	ck_assert_ptr_nonnull(strstr(e.msg, "belong to"));
	char *log = bn_workspace_path(ws, "log");
	ck_assert_bn_ok(bn_fs_list_dir(&env.env, log, &names, &err), &err);
	ck_assert_uint_eq(names.count, 1); /* that of the founding record */
	bn_names_release(&names);
	bn_free(log);
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_writer_owns_few_files_after_many_seals)
{
	start();
	bn_workspace *ws = open_here();
	for (int i = 0; i < 120; i++) {
		toy_append_tick(ws, "toy/a", 1);
		ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
	}
	char *sub = bn_strf("log/%s", ws->writer->name);
	size_t files = count_in(sub, ".seg");
	printf("NOTE: segments after 120 seals: %zu\n", files);
	ck_assert_uint_le(files, 36);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	ck_assert_int_eq(toy_ticks(ws, "toy/a"), 120);
	bn_free(sub);
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}
END_TEST

/* ---- hosts whose names begin alike ----------------------------------------------------------- */

START_TEST(test_slot_names_are_taken_apart_from_the_right)
{
	static const struct {
		const char *name, *place, *boot;
		bool is_random;
	} good[] = {
		{"ann@node-1a2b3c4d-0", "ann@node", "1a2b3c4d", false},
		{"ann@node-1-1a2b3c4d-12", "ann@node-1", "1a2b3c4d", false},
		{"a-b@n-1a2b3c4d-0-1a2b3c4d-r0123abcd", "a-b@n-1a2b3c4d-0", "1a2b3c4d", true},
	};
	static const char *const bad[] = {"", "ann", "ann@node", "ann@node-0", "ann@node-1a2b3c4d-",
		"ann@node-1a2b3c4d-x", "ann@node-1a2b3c4d-r12", "node-1a2b3c4d-0",
		"ann@node-1a2b3c4d5-0"};
	bn_slot_name n;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		ck_assert(bn_slot_parse_name(&n, good[i].name));
		ck_assert_str_eq(n.place, good[i].place);
		ck_assert_str_eq(n.boot, good[i].boot);
		ck_assert_int_eq(n.is_random, good[i].is_random);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_msg(!bn_slot_parse_name(&n, bad[i]), "%s", bad[i]);
}
END_TEST

static const char *host_node(const bn_env *e)
{
	(void)e;
	return "node";
}

static const char *host_node_1(const bn_env *e)
{
	(void)e;
	return "node-1";
}

START_TEST(test_writer_adopts_nothing_of_a_host_whose_name_begins_like_its_own)
{
	start();
	env.env.host = host_node_1;
	run_and_kill(write_and_hang);
	env.env.host = host_node;
	bn_workspace *ws = open_here();
	ck_assert_int_eq(toy_append_set(ws, "toy/b", 1), 0);
	ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
	bn_log_report report;
	ck_assert_bn_ok(
		bn_log_verify(&report, bn_workspace_at(ws), bn_workspace_id(ws), NULL, &err), &err);
	int open = 0;
	for (size_t i = 0; i < report.head_count; i++)
		open += strstr(report.heads[i].writer, "@node-1-") && report.heads[i].is_open;
	ck_assert_int_eq(open, 1);
	bn_log_report_release(&report);
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}
END_TEST

/* ---- replies that were lost ------------------------------------------------------------------- */

static int lost_error;
static bool is_done; /* the server executed the call before its reply was lost */

static int lost_rename(
	const bn_env *e, const bn_dir *at, const char *from, const bn_dir *to_at, const char *to)
{
	if (!strstr(to, ".seg"))
		return bn_fs_real.rename(e, at, from, to_at, to);
	if (is_done)
		bn_fs_real.rename(e, at, from, to_at, to);
	return lost_error;
}

static int lost_link(
	const bn_env *e, const bn_dir *at, const char *from, const bn_dir *to_at, const char *to)
{
	if (is_done)
		bn_fs_real.link(e, at, from, to_at, to);
	return lost_error;
}

static void expect_sound(bn_workspace *ws, uint64_t records)
{
	bn_log_report report;
	ck_assert_bn_ok(
		bn_log_verify(&report, bn_workspace_at(ws), bn_workspace_id(ws), NULL, &err), &err);
	ck_assert_uint_eq(report.fault_count, 0);
	ck_assert_uint_eq(report.records, records + 1); /* the founding record */
	bn_log_report_release(&report);
}

START_TEST(test_seal_whose_reply_was_lost_is_sealed)
{
	static const int errors[] = {-ENOENT, -EIO, -ESTALE, -ETIMEDOUT};
	bn_fs_ops ops = bn_fs_real;
	ops.rename = lost_rename;
	start();
	bn_workspace *ws = open_here();
	is_done = true;
	for (int i = 0; i < 4; i++) {
		lost_error = errors[i];
		env.env.fs = &ops;
		ck_assert_int_eq(toy_append_set(ws, "toy/a", i), 0);
		ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
		env.env.fs = &bn_fs_real;
		expect_sound(ws, (uint64_t)i + 1);
	}
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_seal_that_failed_loses_nothing_and_writing_goes_on)
{
	static const int errors[] = {-ENOENT, -EIO, -ENOSPC, -EACCES};
	bn_fs_ops ops = bn_fs_real;
	ops.rename = lost_rename;
	start();
	bn_workspace *ws = open_here();
	is_done = false;
	for (int i = 0; i < 4; i++) {
		lost_error = errors[i];
		env.env.fs = &ops;
		ck_assert_int_eq(toy_append_set(ws, "toy/a", i), 0);
		ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
		ck_assert_int_eq(bn_workspace_seal(ws, NULL), BN_EIO);
		env.env.fs = &bn_fs_real;
		ck_assert_int_eq(toy_append_set(ws, "toy/a", i), 0);
		ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
		expect_sound(ws, 2 * (uint64_t)i + 2);
	}
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_claim_whose_reply_was_lost_is_taken_once)
{
	static const int errors[] = {-EEXIST, -EIO, -ESTALE, -ENOENT};
	bn_fs_ops ops = bn_fs_real;
	int64_t n = 0;
	ops.link = lost_link;
	start();
	bn_workspace *ws = open_here();
	env.env.fs = &ops;
	is_done = true;
	for (int i = 0; i < 4; i++) {
		lost_error = errors[i];
		ck_assert_bn_ok(bn_claim_next(ws, "model/m", "x", &n, &err), &err);
		ck_assert_int_eq(n, i + 1);
	}
	is_done = false;
	lost_error = -EIO;
	ck_assert_int_eq(bn_claim_next(ws, "model/m", "x", &n, NULL), BN_EIO);
	env.env.fs = &bn_fs_real;
	ck_assert_bn_ok(bn_claim_next(ws, "model/m", "x", &n, &err), &err);
	ck_assert_int_eq(n, 5);
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}
END_TEST

/* ---- an unreadable part of the disk ------------------------------------------------------------ */

static ino_t bad_inode;
static off_t bad_from;

static ssize_t bad_pread(const bn_env *e, int fd, void *bytes, size_t n, off_t at)
{
	struct stat st;
	if (bad_inode && fstat(fd, &st) == 0 && st.st_ino == bad_inode && at + (off_t)n > bad_from)
		return -EIO;
	return bn_fs_real.pread(e, fd, bytes, n, at);
}

/* Two writers, one with a segment larger than a reader's buffer, part of which cannot be read. */
START_TEST(test_unreadable_spot_in_a_segment_leaves_out_that_writer_alone)
{
	bn_fs_ops ops = bn_fs_real;
	struct stat st;
	start();
	ops.pread = bad_pread;
	env.env.fs = &ops;
	bn_workspace *a = open_here(), *b = open_here();
	for (int i = 0; i < 8000; i++)
		ck_assert_int_eq(toy_append_tick(a, "toy/a", 1), 0);
	ck_assert_bn_ok(bn_workspace_seal(a, &err), &err);
	ck_assert_int_eq(toy_append_set(b, "toy/b", 5), 0);
	ck_assert_bn_ok(bn_workspace_seal(b, &err), &err);
	char *path = bn_workspace_path(a, "%s/0000000002-0000008001.seg", a->writer->dir);
	ck_assert_int_eq(stat(path, &st), 0);
	bad_inode = st.st_ino;
	bad_from = 300000;
	ck_assert_bn_ok(bn_workspace_refresh(b, NULL, &err), &err);
	ck_assert_int_eq(toy_value(b, "toy/b"), 5);
	ck_assert_int_lt(toy_ticks(b, "toy/a"), 8000);
	bn_log_report report;
	ck_assert_bn_ok(
		bn_log_verify(&report, bn_workspace_at(b), bn_workspace_id(b), NULL, &err), &err);
	ck_assert_uint_eq(report.fault_count, 1);
	ck_assert_int_eq(report.faults[0].kind, BN_FAULT_UNREADABLE);
	ck_assert_str_eq(report.faults[0].writer, a->writer->name);
	bn_log_report_release(&report);
	bad_inode = 0; /* readable again */
	ck_assert_bn_ok(bn_workspace_refresh(b, NULL, &err), &err);
	ck_assert_int_eq(toy_ticks(b, "toy/a"), 8000);
	env.env.fs = &bn_fs_real;
	bn_free(path);
	bn_workspace_close(a);
	bn_workspace_close(b);
	toy_dir_remove(&dir);
}
END_TEST

/* If the end of its log cannot be read, the process uses another slot. */
START_TEST(test_writer_whose_own_slot_cannot_be_read_takes_another)
{
	bn_fs_ops ops = bn_fs_real;
	struct stat st;
	start();
	bn_workspace *ws = open_here();
	ck_assert_int_eq(toy_append_set(ws, "toy/a", 1), 0);
	ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
	char *path = bn_workspace_path(ws, "%s/0000000002-0000000002.seg", ws->writer->dir);
	ck_assert_int_eq(stat(path, &st), 0);
	bn_workspace_close(ws);
	ops.pread = bad_pread;
	env.env.fs = &ops;
	bad_inode = st.st_ino;
	bad_from = 0;
	ws = open_here();
	ck_assert_int_eq(toy_append_set(ws, "toy/b", 2), 0);
	ck_assert_bn_ok(bn_workspace_seal(ws, &err), &err);
	ck_assert_int_eq(count_in("log", ""), 2);
	bad_inode = 0;
	env.env.fs = &bn_fs_real;
	expect_sound(ws, 2);
	bn_free(path);
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}
END_TEST

/* ---- eight processes, 80 000 events ---------------------------------------------------------- */

static void write_many(int who)
{
	char entity[32];
	bn_workspace *ws = open_here();
	for (int i = 0; i < EVENTS; i++) {
		int rc;
		if (i % 4 == 0) {
			snprintf(entity, sizeof entity, "toy/%d", (who * 7 + i) % 50);
			rc = toy_append_set(ws, entity, i);
		} else {
			snprintf(entity, sizeof entity, "toy/t%d", i % 11);
			rc = toy_append_tick(ws, entity, 1);
		}
		if (!rc && (i + 1) % PER_COMMIT == 0)
			rc = bn_workspace_commit(ws, NULL);
		if (!rc && (i + 1) % 2500 == 0)
			rc = bn_workspace_seal(ws, NULL);
		if (rc)
			_exit(1);
	}
	bn_workspace_close(ws);
	_exit(0);
}

/* Copies the directory of a writer to another workspace. */
static void bring(const char *from, const char *to, const char *writer)
{
	char *src = bn_strf("%s/.binnacle/log/%s", from, writer);
	char *dst = bn_strf("%s/.binnacle/log/%s", to, writer);
	bn_names names = BN_NAMES_INIT;
	mkdir(dst, 0755);
	bn_fs_list_dir(&env.env, src, &names, NULL);
	for (size_t i = 0; i < names.count; i++) {
		char *a = bn_path_join(src, names.items[i]), *b = bn_path_join(dst, names.items[i]);
		ck_assert_int_eq(link(a, b), 0);
		bn_free(a);
		bn_free(b);
	}
	bn_names_release(&names);
	bn_free(src);
	bn_free(dst);
}

/* A reader that gets the logs of the writers one by one, the last one first. */
static void read_backwards(char hash[65], int64_t *events)
{
	toy_dir other;
	bn_names writers = BN_NAMES_INIT;
	bn_workspace *ws = NULL;
	toy_dir_make(&other);
	ck_assert_bn_ok(bn_workspace_init(&env.env, other.path, &err), &err);
	toy_empty_log(&other);
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, toy_classes, other.path, &err), &err);
	char *log = bn_strf("%s/.binnacle/log", dir.path);
	bn_fs_list_dir(&env.env, log, &writers, NULL);
	for (size_t i = writers.count; i-- > 0;) {
		bring(dir.path, other.path, writers.items[i]);
		ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	}
	ck_assert_bn_ok(bn_index_dump_hash(ws, hash, &err), &err);
	*events = count_events(ws);
	bn_workspace_close(ws);
	bn_names_release(&writers);
	bn_free(log);
	toy_dir_remove(&other);
}

static double seconds_since(int64_t then)
{
	return (double)(bn_env_monotonic_ns(&env.env) - then) / 1e9;
}

START_TEST(test_eight_writers_are_seen_whole_and_alike_by_every_reader)
{
	pid_t children[PROCESSES];
	char followed[65], rebuilt[65], backwards[65];
	int64_t others = 0;
	start();
	int64_t t = bn_env_monotonic_ns(&env.env);
	for (int i = 0; i < PROCESSES; i++)
		if ((children[i] = fork()) == 0)
			write_many(i);
	bn_workspace *ws = open_here(); /* reads while they write */
	for (int i = 0; i < PROCESSES; i++) {
		int status = -1;
		ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_int_eq(status, 0);
	}
	double writing = seconds_since(t);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	ck_assert_int_eq(count_events(ws), PROCESSES * EVENTS);
	ck_assert_bn_ok(bn_index_dump_hash(ws, followed, &err), &err);
	t = bn_env_monotonic_ns(&env.env);
	ck_assert_bn_ok(bn_index_rebuild(ws, &err), &err);
	double rebuilding = seconds_since(t);
	ck_assert_int_eq(count_events(ws), PROCESSES * EVENTS);
	ck_assert_bn_ok(bn_index_dump_hash(ws, rebuilt, &err), &err);
	read_backwards(backwards, &others);
	ck_assert_int_eq(others, PROCESSES * EVENTS);
	ck_assert_str_eq(followed, rebuilt);
	ck_assert_str_eq(followed, backwards);
	bn_log_report report;
	ck_assert_bn_ok(
		bn_log_verify(&report, bn_workspace_at(ws), bn_workspace_id(ws), NULL, &err), &err);
	ck_assert_uint_eq(report.fault_count, 0);
	ck_assert_uint_eq(report.records, PROCESSES * EVENTS + 1);
	bn_log_report_release(&report);
	printf("NOTE: 8 processes wrote 80 000 events in %.1f s; followed, rebuilt (%.1f s) and "
	       "folded in another order: 80 000 each, equal dumps\n",
		writing, rebuilding);
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}
END_TEST

BN_TEST_MAIN("core/store/writers", test_writer_of_a_killed_process_is_adopted_and_continued,
	test_writer_adopts_what_other_dead_slots_left_open,
	test_writers_without_flock_get_random_slots,
	test_writer_that_does_not_own_what_it_makes_says_so_and_leaves_no_litter,
	test_writer_owns_few_files_after_many_seals, test_slot_names_are_taken_apart_from_the_right,
	test_writer_adopts_nothing_of_a_host_whose_name_begins_like_its_own,
	test_seal_whose_reply_was_lost_is_sealed,
	test_seal_that_failed_loses_nothing_and_writing_goes_on,
	test_claim_whose_reply_was_lost_is_taken_once,
	test_unreadable_spot_in_a_segment_leaves_out_that_writer_alone,
	test_writer_whose_own_slot_cannot_be_read_takes_another,
	test_eight_writers_are_seen_whole_and_alike_by_every_reader)
