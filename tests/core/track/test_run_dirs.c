/* Packing the directories of runs that are over, as gc does it. */
#include "core/track/run_dirs.h"

#include "core/base/env.h"
#include "core/base/mem.h"
#include "core/run/run_dir.h"
#include "core/run/run_log.h"
#include "core/run/runlog.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"

#include <string.h>

static track_world w;
static bn_err err = BN_ERR_INIT;

static void set_clock(int64_t seconds)
{
	w.env.clock_ns = bn_env_now_ns(bn_env_real()) + seconds * 1000000000;
	w.env.clock_step_ns = 1000000;
}

/* What an earlier version left, supervised on that host before a reboot. */
static void leave(int n, const char *host)
{
	static const char *const names[] = {"spec", "clock", "log.txt"};
	bn_dir *dir = NULL;
	ck_assert_bn_ok(bn_run_dir_make(&dir, w.ws, track_id(n), &err), &err);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		ck_assert_bn_ok(bn_dir_write_file(dir, names[i], "x", 1, 0644, &err), &err);
	if (host) {
		char *text =
			bn_strf("{\"host\":\"%s\",\"boot_id\":\"before\",\"pid\":4000000}\n", host);
		ck_assert_bn_ok(
			bn_dir_write_file(dir, "supervisor", text, strlen(text), 0600, &err), &err);
		bn_free(text);
	}
	bn_dir_close(dir);
}

/* After packing two: the output, and the clock, as these are runs of the C library. */
static size_t files(int n)
{
	bn_names names = BN_NAMES_INIT;
	bn_dir *dir = NULL;
	ck_assert_bn_ok(bn_run_dir_open(&dir, w.ws, track_id(n), &err), &err);
	ck_assert_bn_ok(bn_dir_list(dir, NULL, &names, &err), &err);
	size_t count = names.count;
	bn_names_release(&names);
	bn_dir_close(dir);
	return count;
}

static uint64_t pack(bool dry_run)
{
	uint64_t count = 99;
	ck_assert_bn_ok(bn_run_dirs_pack(&count, w.ws, dry_run, &err), &err);
	return count;
}

START_TEST(test_pack_takes_the_runs_of_an_older_version_once_they_are_over_for_a_while)
{
	track_make(&w);
	set_clock(0);
	track_run(&w, 1, "done", NULL, NULL, "FINISHED");
	track_run(&w, 2, "live", NULL, NULL, "RUNNING");
	track_run(&w, 3, "failed", NULL, NULL, "FAILED");
	track_run(&w, 4, "without a directory", NULL, NULL, "KILLED");
	for (int n = 1; n <= 3; n++)
		leave(n, "far");
	track_sync(&w);
	ck_assert_uint_eq(pack(false), 0); /* its own processes may be at it */
	set_clock(3600);
	ck_assert_uint_eq(pack(true), 2);
	ck_assert_uint_eq(files(1), 4);
	ck_assert_uint_eq(pack(false), 2);
	ck_assert_uint_eq(files(1), 2);
	ck_assert_uint_eq(files(2), 4);
	ck_assert_uint_eq(files(3), 2);
	ck_assert_uint_eq(pack(false), 0);
	track_remove(&w);
}
END_TEST

START_TEST(test_pack_takes_a_lost_run_only_if_its_supervisor_is_known_to_be_dead)
{
	track_make(&w);
	set_clock(0);
	for (int n = 1; n <= 3; n++)
		track_run(&w, n, "lost", NULL, NULL, "LOST");
	leave(1, "far");
	leave(2, w.env.env.host(&w.env.env));
	leave(3, NULL);
	track_sync(&w);
	set_clock(3600);
	ck_assert_uint_eq(pack(false), 2);
	ck_assert_uint_eq(files(1), 4);
	ck_assert_uint_eq(files(2), 2);
	ck_assert_uint_eq(files(3), 2);
	track_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/track/run_dirs",
	test_pack_takes_the_runs_of_an_older_version_once_they_are_over_for_a_while,
	test_pack_takes_a_lost_run_only_if_its_supervisor_is_known_to_be_dead)
