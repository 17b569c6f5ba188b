/*
 * Jobs on the screen: progress, leaving and coming back, results, failures, stopping, quitting. Golden screens
 * at 80x24, 60x15 and 200x60.
 */
#include "core/base/mem.h"
#include "tests/support/check_main.h"
#include "tests/support/fake_source.h"
#include "tests/support/golden.h"
#include "tui/ui/key.h"
#include "tui/ui/script.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

typedef struct bench {
	bn_fake fake;
	bn_frame *f;
	bn_surface *s;
} bench;

static void bench_open(bench *b, int cols, int rows)
{
	b->f = bn_fake_frame(&b->fake, false);
	ck_assert_int_eq(bn_surface_new(&b->s, rows, cols, BN_ALPHABET_BRAILLE, NULL), 0);
}

static void bench_close(bench *b)
{
	bn_frame_free(b->f);
	bn_surface_free(b->s);
}

/* Like the main loop: waits for pages, not for jobs. */
static void look(bench *b)
{
	bn_loader *l = bn_frame_loader(b->f);
	for (int i = 0; i < 3; i++) {
		bn_frame_pump(b->f);
		while (bn_loader_busy(l) > 0) {
			bn_loader_wait(l);
			bn_frame_pump(b->f);
		}
		bn_frame_draw(b->f, b->s);
	}
}

/* Keys separated by spaces; a word of several letters is the name of a key. */
static void type(bench *b, const char *keys)
{
	while (*keys) {
		size_t n = strcspn(keys, " ");
		bn_frame_key(b->f, bn_key_from_name(keys, n));
		look(b);
		keys += n + strspn(keys + n, " ");
	}
}

static void run(bench *b, const char *line)
{
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_frame_run(b->f, line, &err), &err);
	look(b);
}

/* Waits until that many jobs have started. */
static void until_began(bench *b, int jobs)
{
	while (atomic_load(&b->fake.jobs) < jobs)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	look(b);
}

static void let_go(bench *b)
{
	atomic_store(&b->fake.hold, false);
	while (bn_jobs_active(bn_frame_jobs(b->f)) > 0)
		bn_jobs_wait(bn_frame_jobs(b->f));
	look(b);
}

static void later(bench *b, int64_t ms)
{
	b->fake.now_ms += ms;
	look(b);
}

static bool shows(const bench *b, const char *text)
{
	bn_buf out = BN_BUF_INIT;
	bn_surface_dump(b->s, &out, false);
	bool found = strstr(out.ptr, text) != NULL;
	bn_buf_release(&out);
	return found;
}

static void size_to(bench *b, int cols, int rows)
{
	ck_assert_int_eq(bn_surface_resize(b->s, rows, cols, NULL), 0);
	look(b);
}

static void golden(bench *b, const char *name)
{
	static const int sizes[][2] = {{60, 15}, {200, 60}, {80, 24}};
	char file[96];
	for (size_t i = 0; i < 3; i++) {
		size_to(b, sizes[i][0], sizes[i][1]);
		snprintf(file, sizeof file, "%s-%dx%d-utf8", name, sizes[i][0], sizes[i][1]);
		bn_golden_check_surface(file, b->s);
	}
	b->s->alphabet = BN_ALPHABET_ASCII;
	look(b);
	snprintf(file, sizeof file, "%s-80x24-ascii", name);
	bn_golden_check_surface(file, b->s);
	b->s->alphabet = BN_ALPHABET_BRAILLE;
	look(b);
}

START_TEST(test_jobs_a_screen_shows_how_far_its_job_is_and_then_the_result)
{
	bench b = {.fake = {.is_unmade = true, .hold = true}};
	bench_open(&b, 80, 24);
	type(&b, "2 I");
	until_began(&b, 1);
	later(&b, 12000);
	ck_assert(shows(&b, "profile of jobs@v3"));
	ck_assert(shows(&b, "profiling, for 12 s"));
	ck_assert(shows(&b, "1 job 42 %")); /* in the title */
	golden(&b, "jobs/job-waiting");
	let_go(&b);
	ck_assert(shows(&b, "401 372") || shows(&b, "partition"));
	ck_assert(!shows(&b, "1 job"));
	ck_assert(!shows(&b, "1 result")); /* the result was seen on the screen */
	bench_close(&b);
}
END_TEST

START_TEST(test_jobs_an_approval_that_measures_first_is_one)
{
	bench b = {.fake = {.measures = true, .hold = true}};
	bench_open(&b, 80, 24);
	type(&b, "4 Enter A Tab Enter");
	until_began(&b, 1);
	later(&b, 3000);
	ck_assert(shows(&b, "1 job")); /* the screen may be left meanwhile */
	type(&b, "Esc 3");
	ck_assert_int_eq(b.fake.actions, 0);
	let_go(&b);
	ck_assert_int_eq(b.fake.actions, 1);
	atomic_store(&b.fake.hold, true);
	type(&b, "4 Enter A Tab Enter");
	until_began(&b, 2);
	type(&b, "^C");
	let_go(&b);
	ck_assert_int_eq(b.fake.actions, 1); /* nothing was signed */
	bench_close(&b);
}
END_TEST

START_TEST(test_jobs_leaving_resizing_and_coming_back_do_not_stop_one)
{
	bench b = {.fake = {.is_unmade = true, .hold = true}};
	bench_open(&b, 80, 24);
	type(&b, "2 I");
	until_began(&b, 1);
	type(&b, "Esc 3");
	size_to(&b, 40, 10);
	size_to(&b, 200, 60);
	size_to(&b, 80, 24);
	later(&b, 1000);
	ck_assert(shows(&b, "1 job 42 %"));
	type(&b, "2 I"); /* shows the job that is running */
	later(&b, 1000);
	ck_assert(shows(&b, "profiling, for"));
	type(&b, "3");
	later(&b, 3000);
	let_go(&b);
	ck_assert_int_eq(atomic_load(&b.fake.jobs), 1);
	ck_assert(shows(&b, "1 result"));
	ck_assert(shows(&b, "401 372 rows, 3 columns; B opens it"));
	type(&b, "B Enter");
	ck_assert(shows(&b, "partition"));
	ck_assert(!shows(&b, "1 result"));
	bench_close(&b);
}
END_TEST

START_TEST(test_jobs_list_shows_states_and_opens_log_and_result)
{
	bench b = {.fake = {.is_unmade = true, .hold = true}};
	bench_open(&b, 80, 24);
	type(&b, "2 I");
	until_began(&b, 1);
	run(&b, "data");
	run(&b, "add jobs /data/new.csv");
	until_began(&b, 2);
	type(&b, "9");
	run(&b, "verify");
	later(&b, 65000);
	type(&b, "B");
	ck_assert(shows(&b, "waits"));
	golden(&b, "jobs/jobs");
	type(&b, "j i"); /* the log of the selected job */
	ck_assert(shows(&b, "began with working"));
	golden(&b, "jobs/job-log");
	type(&b, "Esc");
	let_go(&b);
	type(&b, "k j"); /* independent of which of them ended last */
	ck_assert(shows(&b, "ready"));
	golden(&b, "jobs/jobs-ready");
	type(&b, "Enter"); /* the rows of the added version */
	ck_assert(shows(&b, "rows of jobs@v3"));
	bench_close(&b);
}
END_TEST

START_TEST(test_jobs_list_of_none_says_what_would_be_there)
{
	bench b = {.fake = {.hold = false}};
	bench_open(&b, 80, 24);
	type(&b, "B");
	ck_assert(shows(&b, "no jobs: what takes long"));
	type(&b, "S Enter");
	ck_assert(shows(&b, "there is no job"));
	type(&b, "2 B B B Esc"); /* at most once in each stack */
	ck_assert(!shows(&b, "no jobs"));
	bench_close(&b);
}
END_TEST

START_TEST(test_jobs_that_fail_show_error_and_hint_where_they_are_waited_for_and_later)
{
	bench b = {.fake = {.is_unmade = true, .hold = true, .job_fails = true}};
	bench_open(&b, 80, 24);
	type(&b, "2 I");
	until_began(&b, 1);
	later(&b, 3000);
	let_go(&b);
	ck_assert(shows(&b, "object 9f2c01ab77de is damaged"));
	ck_assert(shows(&b, "fetch it again"));
	golden(&b, "jobs/job-failed");
	atomic_store(&b.fake.hold, true);
	type(&b, "^R"); /* again */
	until_began(&b, 2);
	type(&b, "3");
	later(&b, 3000);
	let_go(&b);
	ck_assert(shows(&b, "1 job failed"));
	type(&b, "B Enter");
	ck_assert(shows(&b, "fetch it again"));
	look(&b);
	ck_assert(!shows(&b, "1 job failed"));
	bench_close(&b);
}
END_TEST

START_TEST(test_jobs_are_stopped_by_ctrl_c_where_one_waits_and_by_S_in_the_list)
{
	bench b = {.fake = {.is_unmade = true, .hold = true}};
	bench_open(&b, 80, 24);
	type(&b, "2 I");
	until_began(&b, 1);
	later(&b, 3000);
	type(&b, "^C");
	while (bn_jobs_active(bn_frame_jobs(b.f)) > 0)
		bn_jobs_wait(bn_frame_jobs(b.f));
	look(&b);
	ck_assert(shows(&b, "was stopped"));
	type(&b, "9");
	run(&b, "verify");
	until_began(&b, 2);
	later(&b, 3000);
	type(&b, "B S");
	ck_assert(shows(&b, "Stop verify the log?"));
	type(&b, "Enter"); /* the default is no */
	ck_assert_int_eq(bn_jobs_active(bn_frame_jobs(b.f)), 1);
	type(&b, "S y");
	while (bn_jobs_active(bn_frame_jobs(b.f)) > 0)
		bn_jobs_wait(bn_frame_jobs(b.f));
	look(&b);
	ck_assert(shows(&b, "stopped: verify the log"));
	bench_close(&b);
}
END_TEST

START_TEST(test_jobs_at_work_are_named_before_the_program_is_left)
{
	bench b = {.fake = {.is_unmade = true, .hold = true}};
	bench_open(&b, 80, 24);
	type(&b, "2 I");
	until_began(&b, 1);
	later(&b, 3000);
	type(&b, "Q");
	ck_assert(!bn_frame_is_done(b.f));
	ck_assert(shows(&b, "Leave, and stop 1 job?"));
	ck_assert(shows(&b, "profile of jobs@v3"));
	golden(&b, "jobs/job-quit");
	type(&b, "Enter");
	ck_assert(!bn_frame_is_done(b.f));
	type(&b, "Q Tab Enter");
	ck_assert(bn_frame_is_done(b.f));
	bench_close(&b);
}
END_TEST

START_TEST(test_jobs_without_any_the_program_is_left_at_once)
{
	bench b = {.fake = {.hold = false}};
	bench_open(&b, 80, 24);
	type(&b, "2 I Q");
	ck_assert(bn_frame_is_done(b.f));
	bench_close(&b);
}
END_TEST

START_TEST(test_jobs_verify_shows_what_is_wrong_first)
{
	bench b = {.fake = {.hold = false}};
	bench_open(&b, 80, 24);
	type(&b, "9");
	run(&b, "verify");
	let_go(&b);
	ck_assert(shows(&b, "2 faults"));
	golden(&b, "audit/findings");
	bench_close(&b);
}
END_TEST

START_TEST(test_jobs_export_writes_all_rows_and_says_so)
{
	bench b = {.fake = {.hold = false}};
	bench_open(&b, 80, 24);
	type(&b, "2 Enter Enter");
	run(&b, "export jobs.csv");
	let_go(&b);
	ck_assert(shows(&b, "wrote 401 372 rows"));
	ck_assert(!shows(&b, "1 result")); /* the message is the result */
	run(&b, "export jobs.xlsx");
	ck_assert(shows(&b, "'.xlsx' files are not written"));
	bench_close(&b);
}
END_TEST

START_TEST(test_jobs_a_check_run_again_comes_back_to_the_checks)
{
	bench b = {.fake = {.hold = true}};
	bench_open(&b, 80, 24);
	type(&b, "2 V");
	run(&b, "check");
	until_began(&b, 1);
	ck_assert(shows(&b, "check jobs@v3"));
	let_go(&b);
	ck_assert(shows(&b, "values between"));
	bench_close(&b);
}
END_TEST

START_TEST(test_jobs_that_change_the_workspace_are_refused_read_only)
{
	bench b = {.fake = {.hold = false}};
	bn_err err = BN_ERR_INIT;
	b.f = bn_fake_frame(&b.fake, true);
	ck_assert_int_eq(bn_surface_new(&b.s, 24, 80, BN_ALPHABET_ASCII, NULL), 0);
	type(&b, "2");
	ck_assert_int_eq(bn_frame_run(b.f, "add x y.csv", &err), BN_EREFUSED);
	type(&b, "6");
	bn_err_clear(&err);
	ck_assert_int_eq(bn_frame_run(b.f, "report", &err), BN_EREFUSED);
	ck_assert_int_eq(atomic_load(&b.fake.jobs), 0);
	bench_close(&b);
}
END_TEST

BN_TEST_MAIN("tui/views/jobs", test_jobs_a_screen_shows_how_far_its_job_is_and_then_the_result,
	test_jobs_an_approval_that_measures_first_is_one,
	test_jobs_leaving_resizing_and_coming_back_do_not_stop_one,
	test_jobs_list_shows_states_and_opens_log_and_result,
	test_jobs_list_of_none_says_what_would_be_there,
	test_jobs_that_fail_show_error_and_hint_where_they_are_waited_for_and_later,
	test_jobs_are_stopped_by_ctrl_c_where_one_waits_and_by_S_in_the_list,
	test_jobs_at_work_are_named_before_the_program_is_left,
	test_jobs_without_any_the_program_is_left_at_once,
	test_jobs_verify_shows_what_is_wrong_first, test_jobs_export_writes_all_rows_and_says_so,
	test_jobs_a_check_run_again_comes_back_to_the_checks,
	test_jobs_that_change_the_workspace_are_refused_read_only)
