/*
 * What a spec asks for besides its command: files kept by pattern, unchanged inputs, secrets by reference,
 * attempts after a failure; and that a run whose spec a newer version wrote is refused, not half executed.
 */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/launch/_leftovers.h"
#include "core/launch/launch.h"
#include "core/launch/secret.h"
#include "core/store/object/object.h"
#include "core/track/series.h"
#include "tests/support/check_main.h"
#include "tests/support/launched.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static launched_run run;
static bn_err err = BN_ERR_INIT;

static json_t *shell(const char *script)
{
	return json_pack("{s[sss] si}", "command", "sh", "-c", script, "grace_s", 1);
}

static void expect(const char *status)
{
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_msg(!strcmp(bn_run_status_name(r->status), status), "%s, not %s: %s",
		bn_run_status_name(r->status), status, r->reason ? r->reason : "");
	bn_run_info_free(r);
}

/* ---- outputs -------------------------------------------------------------------------------- */

START_TEST(test_output_patterns_match_by_component)
{
	static const struct {
		const char *pattern, *path;
		bn_match match;
	} cases[] = {{"*.png", "a.png", BN_MATCH_YES}, {"*.png", "a.pdf", BN_MATCH_NO},
		{"*.png", "out/a.png", BN_MATCH_NO}, {"out/*.png", "out", BN_MATCH_BELOW},
		{"out/*.png", "out/a.png", BN_MATCH_YES}, {"out", "out/deep/a", BN_MATCH_YES},
		{"out/", "out/a", BN_MATCH_YES}, {"**/*.png", "a.png", BN_MATCH_YES},
		{"**/*.png", "a/b/c.png", BN_MATCH_YES}, {"**/*.png", "a/b", BN_MATCH_BELOW},
		{"a/**/z", "a/z", BN_MATCH_YES}, {"a/**/z", "a/b/c/z", BN_MATCH_YES},
		{"a/**/z", "b", BN_MATCH_NO}, {"**", "a/b", BN_MATCH_YES},
		{"*", ".hidden", BN_MATCH_NO}, {"**/x", ".git/x", BN_MATCH_NO},
		{".hidden", ".hidden", BN_MATCH_YES}, {"run-[0-9]", "run-7", BN_MATCH_YES},
		{"run-?", "run-77", BN_MATCH_NO}, {"a//b", "a/b", BN_MATCH_YES}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ck_assert_msg(bn_output_match(cases[i].pattern, cases[i].path) == cases[i].match,
			"'%s' and '%s'", cases[i].pattern, cases[i].path);
}
END_TEST

/* A matcher that tries all ways to divide this path among the ** would need more than 10^20 steps. */
START_TEST(test_output_pattern_of_many_any_takes_no_time)
{
	char pattern[512] = "", path[256] = "", anys[512] = "";
	struct timespec began, ended;
	for (int i = 0; i < 60; i++) {
		strcat(pattern, i < 40 ? "**/a/" : "");
		strcat(anys, "**/");
		strcat(path, "a/");
	}
	strcat(pattern, "b");
	strcat(anys, "b");
	strcat(path, "c");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &began);
	ck_assert_int_eq(bn_output_match(pattern, path), BN_MATCH_BELOW);
	ck_assert_int_eq(bn_output_match(anys, path), BN_MATCH_BELOW);
	path[strlen(path) - 1] = 'b';
	ck_assert_int_eq(bn_output_match(pattern, path), BN_MATCH_YES);
	ck_assert_int_eq(bn_output_match(anys, path), BN_MATCH_YES);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended);
	ck_assert_int_lt(ended.tv_sec - began.tv_sec, 2);
}
END_TEST

START_TEST(test_exec_keeps_the_outputs_that_the_command_wrote)
{
	NEED_PROGRAM();
	bn_artifacts a;
	launched_make(&run);
	launched_write_file(&run, "old.png");
	char *old = bn_path_join(run.w.dir.path, "old.png");
	struct timespec long_ago[2] = {{1000000000, 0}, {1000000000, 0}};
	ck_assert_int_eq(utimensat(AT_FDCWD, old, long_ago, 0), 0);
	json_t *json =
		shell("mkdir -p out/deep && echo 1 > a.png && echo 2 > out/b.txt && "
		      "echo 3 > out/deep/c.txt && echo 4 > other && ln -s /etc/passwd l.png");
	json_object_set_new(json, "outputs", json_pack("[sss]", "*.png", "out", "absent-*"));
	launched_start(&run, json);
	expect("FINISHED");
	ck_assert_bn_ok(bn_run_artifacts(&a, run.w.ws, run.id, &err), &err);
	ck_assert_int_eq(a.count, 3);
	ck_assert_str_eq(a.items[0].path, "a.png");
	ck_assert_str_eq(a.items[1].path, "out/b.txt");
	ck_assert_str_eq(a.items[2].path, "out/deep/c.txt");
	char *log = launched_log(&run);
	ck_assert_msg(strstr(log, "l.png"), "log: %s", log);
	bn_free(log);
	bn_free(old);
	bn_artifacts_release(&a);
	launched_end(&run, NULL);
}
END_TEST

START_TEST(test_exec_says_which_pattern_nothing_was_written_for)
{
	NEED_PROGRAM();
	json_t *json = shell("exit 3");
	json_object_set_new(json, "outputs", json_pack("[s]", "absent-*"));
	launched_start(&run, json);
	expect("FAILED");
	char *log = launched_log(&run);
	ck_assert_msg(strstr(log, "wrote nothing that matches 'absent-*'"), "log: %s", log);
	bn_free(log);
	launched_end(&run, NULL);
}
END_TEST

/* ---- inputs --------------------------------------------------------------------------------- */

START_TEST(test_exec_does_not_run_on_an_input_that_has_changed)
{
	NEED_PROGRAM();
	launched_make(&run);
	launched_write_file(&run, "config");
	json_t *json = shell("echo > ran");
	json_object_set_new(json, "inputs", json_pack("[s]", "config"));
	bn_spec *spec = launched_spec(json);
	bn_launch_options opt = {.program = run.program, .workdir = run.w.dir.path};
	ck_assert_bn_ok(bn_launch_prepare(run.w.ws, spec, &opt, run.id, &err), &err);
	bn_spec_free(spec);
	char *config = bn_path_join(run.w.dir.path, "config");
	ck_assert_bn_ok(bn_fs_write_file(&run.w.env.env, config, "x", 1, 0644, &err), &err);
	launched_exec(&run);
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "FAILED");
	ck_assert_msg(strstr(r->reason, "config' has changed"), "%s", r->reason);
	ck_assert(!launched_has_file(&run, "ran"));
	bn_free(config);
	launched_end(&run, r);
}
END_TEST

/* Replaces the spec of the prepared run, as if another version had stored it; executes the run and returns its final
 * state. */
static bn_run_info *exec_stored(const char *more)
{
	char text[600], hash[65];
	bn_launch_options opt = {.program = getenv("BINNACLE")};
	launched_make(&run);
	opt.workdir = run.w.dir.path;
	bn_spec *spec = launched_spec(shell("exit 0"));
	ck_assert_bn_ok(bn_launch_prepare(run.w.ws, spec, &opt, run.id, &err), &err);
	bn_spec_free(spec);
	snprintf(text, sizeof text,
		"{\"command\":[\"touch\",\"ran\"],\"format\":1,\"workdir\":\"%s\",%s}",
		run.w.dir.path, more);
	ck_assert_bn_ok(bn_object_put(run.w.ws, text, strlen(text), hash, &err), &err);
	char *file = bn_workspace_path(run.w.ws, "runs/%s/spec", run.id);
	ck_assert_bn_ok(bn_fs_write_file(&run.w.env.env, file, hash, 64, 0644, &err), &err);
	bn_free(file);
	launched_exec(&run);
	return launched_wait_end(&run);
}

START_TEST(test_exec_refuses_a_stored_spec_that_it_does_not_understand)
{
	NEED_PROGRAM();
	static const char *const more[] = {
		"\"mpi\":{\"ranks\":4}", "\"container\":{\"image\":\"i\"}", "\"grace_s\":\"long\""};
	for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
		bn_run_info *r = exec_stored(more[i]);
		ck_assert_str_eq(bn_run_status_name(r->status), "FAILED");
		ck_assert_msg(r->reason && r->reason[0], "%s: no reason", more[i]);
		ck_assert_msg(!launched_has_file(&run, "ran"), "%s: it was run", more[i]);
		launched_end(&run, r);
	}
}
END_TEST

/* The executor that started the supervisor has provided the resources. */
START_TEST(test_exec_supervises_what_any_executor_has_started)
{
	NEED_PROGRAM();
	bn_run_info *r = exec_stored("\"executor\":\"flux\",\"resources\":{\"nodes\":4,\"gpus\":1,"
				     "\"partition\":\"p\"}");
	ck_assert_str_eq(bn_run_status_name(r->status), "FINISHED");
	ck_assert(launched_has_file(&run, "ran"));
	launched_end(&run, r);
}
END_TEST

/* ---- attempts ------------------------------------------------------------------------------- */

static json_t *retrying(const char *script, int retries)
{
	json_t *json = shell(script);
	json_object_set_new(json, "retries", json_integer(retries));
	return json;
}

START_TEST(test_exec_counts_no_metrics_of_an_attempt_that_failed)
{
	NEED_PROGRAM();
	bn_series_list list = BN_SERIES_LIST_INIT;
	launched_start(&run, retrying("[ $BINNACLE_ATTEMPT = 1 ] || exit 0; echo '{\"loss\": 1}' | "
				      "tee metrics.json >$BINNACLE_RUN_DIR/metrics.json; exit 1",
				     1));
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "FINISHED");
	ck_assert(launched_has_file(&run, "metrics.json"));
	ck_assert_bn_ok(bn_series_find_all(&list, run.w.ws, run.id, &err), &err);
	ck_assert_uint_eq(list.count, 0);
	bn_series_list_release(&list);
	launched_end(&run, r);
}
END_TEST

START_TEST(test_exec_starts_a_failed_command_again)
{
	NEED_PROGRAM();
	launched_start(&run, retrying("echo > attempt-$BINNACLE_ATTEMPT; "
				      "[ $BINNACLE_ATTEMPT = 1 ] && kill -9 $$; setsid sleep 100 & "
				      "exit $((2 - BINNACLE_ATTEMPT))",
				     3));
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "FINISHED");
	ck_assert(launched_has_file(&run, "attempt-2"));
	ck_assert(!launched_has_file(&run, "attempt-3"));
	char *log = launched_log(&run);
	ck_assert_msg(strstr(log, "attempt 1 of 4 was killed by SIGKILL"), "log: %s", log);
	bn_free(log);
	ck_assert_int_eq(launched_wait_none(&run), 0);
	launched_end(&run, r);
}
END_TEST

START_TEST(test_exec_gives_up_after_the_last_attempt)
{
	NEED_PROGRAM();
	launched_start(&run, retrying("exit 5", 1));
	bn_run_info *r = launched_wait_end(&run);
	ck_assert_str_eq(bn_run_status_name(r->status), "FAILED");
	ck_assert_int_eq(r->exit_code, 5);
	char *log = launched_log(&run);
	ck_assert_msg(strstr(log, "attempt 1 of 2 ended with exit status 5"), "log: %s", log);
	ck_assert_ptr_null(strstr(log, "attempt 2 of 2"));
	bn_free(log);
	launched_end(&run, r);
}
END_TEST

START_TEST(test_exec_does_not_start_again_what_was_asked_to_end)
{
	NEED_PROGRAM();
	launched_start(&run, retrying("echo > a-$BINNACLE_ATTEMPT; exit 5", 100));
	ck_assert(launched_wait_file(&run, "a-2"));
	launched_pause_ms(100); /* until it waits between two attempts */
	ck_assert_bn_ok(bn_launch_stop(run.w.ws, run.id, NULL, &err), &err);
	expect("KILLED");
	ck_assert(!launched_has_file(&run, "a-4"));
	launched_end(&run, NULL);

	json_t *json = retrying("echo > b-$BINNACLE_ATTEMPT; sleep 100", 100);
	json_object_set_new(json, "time_limit_s", json_integer(1));
	launched_start(&run, json);
	expect("FAILED");
	ck_assert(!launched_has_file(&run, "b-2"));
	launched_end(&run, NULL);
}
END_TEST

/* ---- secrets -------------------------------------------------------------------------------- */

#define VALUE "k5w8-secret-value-of-a-variable"
#define FILE_VALUE "p3q9-secret-value-of-a-file"

static char *secret_file(mode_t mode)
{
	char *path = bn_path_join(run.w.dir.path, "token");
	ck_assert_bn_ok(bn_fs_write_file(&run.w.env.env, path, FILE_VALUE "\n",
				strlen(FILE_VALUE) + 1, mode, &err),
		&err);
	ck_assert_int_eq(chmod(path, mode), 0);
	return path;
}

static json_t *with_secrets(const char *script, const char *path)
{
	char ref[400];
	json_t *json = shell(script);
	snprintf(ref, sizeof ref, "file:%s", path);
	json_object_set_new(
		json, "secrets", json_pack("{ss ss}", "A", "env:BN_TEST_TOKEN", "B", ref));
	return json;
}

/* Whether a file of the workspace or the index contains the text. */
static bool lies_on_disk(const char *text)
{
	char command[800];
	snprintf(command, sizeof command, "grep -rqF -e '%s' '%s/.binnacle' '%s' 2>/dev/null", text,
		run.w.dir.path, run.w.env.state_dir);
	return system(command) == 0;
}

static bool is_argument(pid_t pid, const char *text)
{
	char path[40], bytes[8192];
	snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	size_t n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	return memmem(bytes, n, text, strlen(text)) != NULL;
}

START_TEST(test_exec_gives_secrets_to_the_command_alone)
{
	NEED_PROGRAM();
	launched_make(&run);
	setenv("BN_TEST_TOKEN", VALUE, 1);
	char *path = secret_file(0600);
	launched_start(&run, with_secrets("echo $$ > pid; [ \"$A\" = " VALUE
					  " ] && [ \"$B\" = \"$(cat token)\" ] && echo > right; "
					  "until [ -e go ]; do sleep 0.05; done",
				     path));
	unsetenv("BN_TEST_TOKEN");
	launched_pid(&run, "pid");
	ck_assert(launched_wait_file(&run, "right"));
	bn_supervisor s = launched_supervisor(&run);
	ck_assert(!is_argument(s.pid, VALUE) && !is_argument(s.guard, VALUE));
	ck_assert(!is_argument(s.pid, FILE_VALUE) && !is_argument(s.guard, FILE_VALUE));
	/* The other secret is in the command of this test. */
	ck_assert(!lies_on_disk(FILE_VALUE));
	launched_write_file(&run, "go");
	expect("FINISHED");
	ck_assert(!lies_on_disk(FILE_VALUE));
	bn_free(path);
	launched_end(&run, NULL);
}
END_TEST

START_TEST(test_exec_stores_no_secret_of_the_environment)
{
	NEED_PROGRAM();
	launched_make(&run);
	setenv("BN_TEST_TOKEN", VALUE, 1);
	char *path = secret_file(0600);
	launched_start(&run, with_secrets("[ ${#A} -gt 10 ] && echo > right", path));
	unsetenv("BN_TEST_TOKEN");
	expect("FINISHED");
	ck_assert(launched_has_file(&run, "right"));
	ck_assert(!lies_on_disk(VALUE));
	bn_free(path);
	launched_end(&run, NULL);
}
END_TEST

START_TEST(test_launch_refuses_secrets_that_are_not_there_or_not_private)
{
	NEED_PROGRAM();
	char id[BN_RUN_ID_TEXT];
	bn_err e = BN_ERR_INIT;
	launched_make(&run);
	bn_launch_options opt = {.program = run.program, .workdir = run.w.dir.path};
	unsetenv("BN_TEST_TOKEN");
	char *path = secret_file(0600);
	bn_spec *spec = launched_spec(with_secrets("exit 0", path));
	ck_assert_int_eq(bn_launch(run.w.ws, spec, &opt, id, &e), BN_ENOTFOUND);
	ck_assert_ptr_nonnull(strstr(e.msg, "BN_TEST_TOKEN is not set"));
	setenv("BN_TEST_TOKEN", VALUE, 1);
	for (int i = 0; i < 2; i++) {
		bn_err_clear(&e);
		ck_assert_int_eq(chmod(path, i ? 0640 : 0604), 0);
		ck_assert_int_eq(bn_launch(run.w.ws, spec, &opt, id, &e), BN_EREFUSED);
		ck_assert_ptr_nonnull(strstr(e.msg, "others may use"));
		ck_assert_ptr_nonnull(strstr(e.hint, "chmod 600"));
	}
	bn_err_clear(&e);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(bn_launch(run.w.ws, spec, &opt, id, &e), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(e.msg, "not a regular file"));
	bn_err_clear(&e);
	ck_assert_int_eq(bn_secrets_can_wait(spec, &e), BN_EUNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(e.msg, "secret A"));
	json_object_del(spec->secrets, "A");
	ck_assert_bn_ok(bn_secrets_can_wait(spec, &err), &err);
	unsetenv("BN_TEST_TOKEN");
	bn_spec_free(spec);
	bn_free(path);
	launched_end(&run, NULL);
}
END_TEST

BN_TEST_MAIN("core/launch/exec_spec", test_output_patterns_match_by_component,
	test_output_pattern_of_many_any_takes_no_time,
	test_exec_keeps_the_outputs_that_the_command_wrote,
	test_exec_says_which_pattern_nothing_was_written_for,
	test_exec_does_not_run_on_an_input_that_has_changed,
	test_exec_refuses_a_stored_spec_that_it_does_not_understand,
	test_exec_supervises_what_any_executor_has_started,
	test_exec_counts_no_metrics_of_an_attempt_that_failed,
	test_exec_starts_a_failed_command_again, test_exec_gives_up_after_the_last_attempt,
	test_exec_does_not_start_again_what_was_asked_to_end,
	test_exec_gives_secrets_to_the_command_alone, test_exec_stores_no_secret_of_the_environment,
	test_launch_refuses_secrets_that_are_not_there_or_not_private)
