/*
 * The tracking server on a disk that is full or fails: what it answers with 200 is there, what it refuses is a 503 that
 * a client repeats, and afterwards it goes on with what the disk has, not with what it remembered.
 */
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "tests/support/api_world.h"
#include "tests/support/check_main.h"
#include "tests/support/faultfs.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHANGES = 12 };

static api_world w;
static char run[33];

static void make_run(void)
{
	api_make(&w, NULL);
	ck_assert_int_eq(api_ask(&w, "POST", "runs/create", "{\"experiment_id\":\"0\"}"), 200);
	snprintf(run, sizeof run, "%s", api_text(&w, "run.info.run_id"));
	w.env.env.fs = &faultfs_ops;
}

static int log_param(const char *key, const char *value)
{
	char body[300];
	snprintf(body, sizeof body, "{\"run_id\":\"%s\",\"key\":\"%s\",\"value\":\"%s\"}", run, key,
		value);
	return api_ask(&w, "POST", "runs/log-parameter", body);
}

/* The parameter's value, or "" if the run has none. */
static const char *param(const char *key)
{
	char path[100];
	snprintf(path, sizeof path, "runs/get?run_id=%s", run);
	ck_assert_int_eq(api_ask(&w, "GET", path, NULL), 200);
	const json_t *list = api_at(&w, "run.data.params");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *one = json_array_get(list, i);
		if (!strcmp(json_string_value(json_object_get(one, "key")), key))
			return json_string_value(json_object_get(one, "value"));
	}
	return "";
}

START_TEST(test_a_full_disk_is_a_503_and_nothing_is_kept)
{
	make_run();
	faultfs_arm(FAULTFS_FULL, 1);
	log_param("p", "1");
	api_refused(&w, 503, "TEMPORARILY_UNAVAILABLE", NULL);
	log_param("p", "1");
	api_refused(&w, 503, "TEMPORARILY_UNAVAILABLE", NULL);
	faultfs_arm(FAULTFS_NONE, 0);
	ck_assert_str_eq(param("p"), "");
	ck_assert_int_eq(log_param("p", "2"), 200);
	ck_assert_str_eq(param("p"), "2");
	api_remove(&w);
}
END_TEST

/* Each change of the disk fails once, before or after it was made. */
START_TEST(test_after_any_failure_answers_are_what_the_disk_has)
{
	make_run();
	for (int kind = 0; kind < 2; kind++)
		for (long at = 1; at <= CHANGES; at++) {
			char key[32];
			snprintf(key, sizeof key, "p%d.%ld", kind, at);
			faultfs_arm(kind ? FAULTFS_LOST : FAULTFS_EIO, at);
			int status = log_param(key, "1");
			faultfs_arm(FAULTFS_NONE, 0);
			ck_assert_msg(
				status == 200 || status == 503, "%s: %d %s", key, status, w.text);
			if (status == 200)
				ck_assert_str_eq(param(key), "1");
			/* It may be there although its reply was lost: then another value is refused. */
			int again = log_param(key, "2");
			ck_assert_msg(
				again == 200 || again == 400, "%s: %d %s", key, again, w.text);
			ck_assert_str_eq(param(key), again == 200 ? "2" : "1");
		}
	api_remove(&w);
}
END_TEST

/* A batch is whole or not there. */
START_TEST(test_a_batch_that_fails_leaves_nothing)
{
	char body[400];
	make_run();
	snprintf(body, sizeof body,
		"{\"run_id\":\"%s\",\"params\":[{\"key\":\"a\",\"value\":\"1\"}],\"metrics\":[{"
		"\"key\":\"m\","
		"\"value\":1,\"timestamp\":1}],\"tags\":[{\"key\":\"t\",\"value\":\"1\"}]}",
		run);
	faultfs_arm(FAULTFS_ENOSPC, 1);
	api_ask(&w, "POST", "runs/log-batch", body);
	faultfs_arm(FAULTFS_NONE, 0);
	api_refused(&w, 503, "TEMPORARILY_UNAVAILABLE", NULL);
	ck_assert_str_eq(param("a"), "");
	ck_assert_ptr_null(api_at(&w, "run.data.metrics"));
	ck_assert_int_eq(api_ask(&w, "POST", "runs/log-batch", body), 200);
	ck_assert_str_eq(param("a"), "1");
	ck_assert_uint_eq(json_array_size(api_at(&w, "run.data.metrics")), 1);
	api_remove(&w);
}
END_TEST

/* ---- a request is there as a whole or not at all ---------------------------------------------- */

static int words; /* parameters and tags in a batch */

/* A batch of one metric, and parameters and tags of which each has that many bytes, all with names from a on. */
static char *batch_of(const char *prefix, size_t bytes)
{
	bn_buf b = BN_BUF_INIT;
	bn_buf_addf(&b,
		"{\"run_id\":\"%s\",\"metrics\":[{\"key\":\"%s0\",\"value\":1,\"timestamp\":1}]",
		run, prefix);
	for (int list = 0; list < 2; list++) {
		bn_buf_addf(&b, ",\"%s\":[", list ? "tags" : "params");
		for (int i = 0; i < words; i++) {
			bn_buf_addf(
				&b, "%s{\"key\":\"%s%d\",\"value\":\"", i ? "," : "", prefix, i);
			for (size_t n = 0; n < bytes; n += 3)
				bn_buf_adds(&b, "\xe2\x82\xac");
			bn_buf_adds(&b, "\"}");
		}
		bn_buf_addch(&b, ']');
	}
	bn_buf_addch(&b, '}');
	ck_assert_ptr_nonnull(b.ptr);
	return bn_buf_take(&b, NULL);
}

static size_t count_of(const char *list, const char *prefix)
{
	char path[40];
	size_t n = 0, i;
	json_t *one;
	snprintf(path, sizeof path, "run.data.%s", list);
	json_array_foreach(api_at(&w, path), i, one)
	{
		n += !strncmp(
			json_string_value(json_object_get(one, "key")), prefix, strlen(prefix));
	}
	return n;
}

/* 1: the batch is there, 0: nothing of it. */
static int has_batch(const char *prefix)
{
	char path[100];
	snprintf(path, sizeof path, "runs/get?run_id=%s", run);
	ck_assert_int_eq(api_ask(&w, "GET", path, NULL), 200);
	size_t params = count_of("params", prefix), tags = count_of("tags", prefix),
	       metrics = count_of("metrics", prefix);
	bool whole = params == (size_t)words && tags == (size_t)words && metrics == 1;
	ck_assert_msg(whole || params + tags + metrics == 0,
		"%s: %zu parameters, %zu tags, %zu metrics", prefix, params, tags, metrics);
	return whole;
}

START_TEST(test_a_batch_is_whole_or_absent_when_any_allocation_fails)
{
	int done = 0;
	words = 3;
	make_run();
	for (long n = 1; !done; n++) {
		char prefix[24];
		snprintf(prefix, sizeof prefix, "n%ld.", n);
		char *body = batch_of(prefix, 30);
		json_set_alloc_funcs(bn_alloc, bn_free);
		bn_alloc_fail_at(n);
		int status = api_ask(&w, "POST", "runs/log-batch", body);
		/* The index keeps a failure of the request before for the next append. */
		done = bn_alloc_count() < n && status == 200;
		bn_alloc_fail_at(0);
		bn_free(body);
		int has = has_batch(prefix);
		ck_assert_msg(status != 200 || has, "allocation %ld: 200, and nothing is there", n);
	}
	api_remove(&w);
}
END_TEST

/* Above what the log's writer buffers. */
enum { LARGE = 18000 };

/* The server dies before each change of the disk that a large batch makes. What another process then finds, after it
 * has taken over the log, is all of the batch or nothing. */
START_TEST(test_a_batch_is_whole_or_absent_after_kill)
{
	int status = -1;
	words = 80;
	make_run();
	for (long at = 1; status != 0; at++) {
		char prefix[24];
		snprintf(prefix, sizeof prefix, "k%ld.", at);
		char *body = batch_of(prefix, LARGE);
		pid_t child = fork();
		ck_assert_int_ge(child, 0);
		if (child == 0) {
			/* A server of its own: threads and locks of a parent's are of no use. */
			bn_api_options o = {.readers = 1};
			api_again(&w, &o);
			faultfs_arm(FAULTFS_KILL, at);
			_exit(api_ask(&w, "POST", "runs/log-batch", body) == 200 ? 0 : 1);
		}
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
		int has = has_batch(prefix);
		ck_assert_msg(WIFSIGNALED(status) || has, "change %ld: acknowledged and lost", at);
		bn_free(body);
	}
	api_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/api/faults", test_a_full_disk_is_a_503_and_nothing_is_kept,
	test_after_any_failure_answers_are_what_the_disk_has,
	test_a_batch_that_fails_leaves_nothing,
	test_a_batch_is_whole_or_absent_when_any_allocation_fails,
	test_a_batch_is_whole_or_absent_after_kill)
