/*
 * ci note, ci status and ci baseline against a server that plays GitLab and GitHub (tests/support/forge_server.h):
 * each of them with each fault, on what it reads and on what it writes. Checked are the exit status, the
 * number of calls, that nothing is there twice, and that the token is in no message, file or argument.
 */
#include "tests/support/check_main.h"
#include "tests/support/forge_run.h"
#include "tests/support/listener_test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define MARK "<!-- binnacle:ci:binnacle -->\n"
#define NOTE FORGE_NOTE

/* ---- verbs ---------------------------------------------------------------------------------- */

typedef struct verb {
	const char *name;
	bool github;
	const char *words[8];
	const char *read, *write; /* parts of targets; write NULL: it only reads */
	const char *method;       /* of the write */
	const char *note;         /* that is there before */
} verb;

static const verb verbs[] = {
	{"note, GitLab", false, {"ci", "note", "--file", "note.md"}, "/notes?", "/notes", "POST"},
	{"note, GitHub", true, {"ci", "note", "--file", "note.md"}, "/comments?", "/comments",
		"POST"},
	{"note again, GitLab", false, {"ci", "note", "--file", "note.md"}, "/notes?", "/notes/10",
		"PUT", MARK "old"},
	{"note again, GitHub", true, {"ci", "note", "--file", "note.md"}, "/comments?",
		"/comments/10", "PATCH", MARK "old"},
	{"status, GitLab", false, {"ci", "status", "failed", "--description", "2 of 5"}, NULL,
		"/statuses/", "POST"},
	{"status, GitHub", true, {"ci", "status", "failed", "--description", "2 of 5"}, NULL,
		"/statuses/", "POST"},
	{"baseline", false, {"ci", "baseline", "--path", "metrics.json", "--out", "base.json"},
		"/jobs/artifacts/", NULL, NULL},
};

/* GitHub's API is at the root of its own server: the URL is that of the API as it is. */
static int run_verb(const verb *v)
{
	const char *words[20] = {0};
	int n = 0;
	for (; v->words[n]; n++)
		words[n] = v->words[n];
	words[n] = "--json";
	if (v->note)
		forge_server_add_note(forge, v->note, 7);
	forge_server_add_artifact(forge, "main", "{\"rmse\": 3}");
	return forge_run(forge_job(v->github), words);
}

/* That the effect is there, once. */
static void check_done(const verb *v, const char *fault)
{
	bool is_note = !strcmp(v->words[1], "note"), is_status = !strcmp(v->words[1], "status");
	if (is_note) {
		ck_assert_msg(forge_server_notes(forge) == 1, "%s, %s: %d notes", v->name, fault,
			forge_server_notes(forge));
		ck_assert_msg(!strcmp(forge_server_note(forge, 0), MARK NOTE), "%s, %s: %s",
			v->name, fault, forge_server_note(forge, 0));
	} else if (is_status) {
		ck_assert_msg(forge_server_statuses(forge) == 1, "%s, %s: %d", v->name, fault,
			forge_server_statuses(forge));
		const char *now = forge_server_status(forge, 0);
		const char *word = v->github
					   ? "failure\tbinnacle\t2 of 5\t-"
					   : "failed\tbinnacle\t2 of 5\thttps://gl/-/pipelines/99";
		ck_assert_msg(!strcmp(now, word), "%s, %s: %s", v->name, fault, now);
	} else {
		const char *text = forge_read_file("base.json");
		ck_assert_msg(
			text && !strcmp(text, "{\"rmse\": 3}"), "%s, %s: %s", v->name, fault, text);
	}
}

/* ---- faults --------------------------------------------------------------------------------- */

typedef struct fault_case {
	const char *name;
	forge_fault fault;
	int exit;        /* of a fault on a read */
	int reads;       /* calls of it; 0: not counted */
	int posts, puts; /* calls of a fault on a write, by its method */
	int exit_of_write;
	const char *says; /* when it fails */
} fault_case;

#define LIMITS "Retry-After: 7200\r\n"

static const fault_case faults[] = {
	{"401", {.act = FORGE_ANSWER, .status = 401, .body = "{\"message\":\"401 Unauthorized\"}"},
		4, 1, 1, 1, 4, "does not accept the token of GIT"},
	{"401 that repeats the token",
		{.act = FORGE_ANSWER,
			.status = 401,
			.headers = "X-Token: " FORGE_TOKEN "\r\n",
			.body = "{\"message\":\"invalid token " FORGE_TOKEN
				"\", \"hint\": \"not " FORGE_TOKEN "\"}"},
		4, 1, 1, 1, 4, "invalid token ****"},
	{"401 that repeats the token in escapes",
		{.act = FORGE_ANSWER,
			.status = 401,
			.body = "{\"error\":\"invalid token "
				"\\u0067lpat-s3cret-0123456789abcdef\"}"},
		4, 1, 1, 1, 4, "invalid token ****"},
	{"403", {.act = FORGE_ANSWER, .status = 403, .body = "{\"message\":\"403 Forbidden\"}"}, 4,
		1, 1, 1, 4, "needed is"},
	{"403 of a limit",
		{.act = FORGE_ANSWER,
			.status = 403,
			.headers =
				"X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 99999999999\r\n"},
		5, 1, 1, 1, 5, "limits the requests"},
	{"404",
		{.act = FORGE_ANSWER,
			.status = 404,
			.body = "{\"message\":\"404 Project Not Found\"}"},
		3, 1, 1, 1, 3, "may not see it"},
	{"409", {.act = FORGE_ANSWER, .status = 409}, 6, 1, 1, 1, 6, "409"},
	{"413", {.act = FORGE_ANSWER, .status = 413}, 2, 1, 1, 1, 2, "413"},
	{"422", {.act = FORGE_ANSWER, .status = 422, .body = "{\"message\":\"Validation Failed\"}"},
		2, 1, 1, 1, 2, "Validation Failed"},
	{"429 once",
		{.times = 1, .act = FORGE_ANSWER, .status = 429, .headers = "Retry-After: 0\r\n"},
		0, 2, 2, 2, 0, NULL},
	{"429 always", {.act = FORGE_ANSWER, .status = 429}, 5, 4, 4, 4, 5, "limits the requests"},
	{"429 for hours", {.act = FORGE_ANSWER, .status = 429, .headers = LIMITS}, 5, 1, 1, 1, 5,
		"wait for 7200 s"},
	{"500 once", {.times = 1, .act = FORGE_ANSWER, .status = 500}, 0, 2, 2, 2, 0, NULL},
	{"500 always", {.act = FORGE_ANSWER, .status = 500}, 5, 4, 3, 4, 5, "500"},
	{"500 once, after the effect", {.times = 1, .act = FORGE_ANSWER_AFTER, .status = 500}, 0, 2,
		1, 2, 0, NULL},
	{"503 once",
		{.times = 1, .act = FORGE_ANSWER, .status = 503, .headers = "Retry-After: 0\r\n"},
		0, 2, 2, 2, 0, NULL},
	{"cut once", {.times = 1, .act = FORGE_CUT}, 0, 2, 2, 2, 0, NULL},
	{"cut always", {.act = FORGE_CUT}, 5, 4, 3, 4, 5, "cannot "},
	{"cut after the effect", {.times = 1, .act = FORGE_CUT_AFTER}, 0, 2, 1, 2, 0, NULL},
	{"cut within the answer", {.times = 1, .act = FORGE_CUT_WITHIN}, 0, 2, 1, 2, 0, NULL},
	{"slow", {.times = 1, .act = FORGE_SLOW}, 0, 1, 1, 1, 0, NULL},
	{"huge", {.act = FORGE_HUGE}, 5, 0, 0, 0, 0, NULL},
	{"not JSON", {.act = FORGE_GARBAGE}, 5, 1, 1, 1, 0, NULL},
	{"wrong types", {.act = FORGE_WRONG}, 5, 1, 1, 1, 0, NULL},
	{"pages in a circle",
		{.act = FORGE_ANSWER, .status = 200, .headers = "X-Next-Page: 1\r\n", .body = "[]"},
		5, 1, 0, 0, 0, "names page 1 as the next one"},
	{"redirect to http elsewhere",
		{.act = FORGE_ANSWER,
			.status = 302,
			.headers = "Location: http://127.0.0.1:1/x?token=" FORGE_TOKEN "\r\n"},
		5, 0, 0, 0, 0, NULL},
};

static void try_read(const verb *v, const fault_case *c)
{
	forge_fault f = c->fault;
	f.method = "GET";
	f.path = v->read;
	forge_begin();
	forge_server_fault(forge, &f);
	int status = run_verb(v), want = c->exit;
	bool is_baseline = !strcmp(v->name, "baseline");
	if (is_baseline && (f.act == FORGE_WRONG || f.status == 200))
		want = 0; /* any JSON is a file */
	ck_assert_msg(status == want, "%s, %s: exit %d, not %d: %s", v->name, c->name, status, want,
		forge_said);
	ck_assert_msg(!want || !c->says || strstr(forge_said, c->says), "%s, %s: %s", v->name,
		c->name, forge_said);
	ck_assert_msg(!strstr(forge_said, "s3cret"), "%s, %s: %s", v->name, c->name, forge_said);
	int reads = forge_server_count(forge, "GET", v->read);
	ck_assert_msg(!c->reads || reads == c->reads, "%s, %s: %d reads: %s", v->name, c->name,
		reads, forge_said);
	if (want) {
		ck_assert_int_eq(v->write ? forge_server_count(forge, v->method, v->write) : 0, 0);
		ck_assert_msg(!is_baseline || !forge_read_file("base.json"),
			"%s, %s: a file is there", v->name, c->name);
	} else if (f.act != FORGE_WRONG && f.status != 200) {
		check_done(v, c->name);
	}
	forge_end();
}

static void try_write(const verb *v, const fault_case *c)
{
	forge_fault f = c->fault;
	bool post = !strcmp(v->method, "POST");
	f.method = v->method;
	f.path = v->write;
	if (f.act == FORGE_HUGE || f.status == 302 || f.status == 200)
		return;
	forge_begin();
	forge_server_fault(forge, &f);
	int status = run_verb(v), want = c->exit_of_write;
	ck_assert_msg(status == want, "%s, %s: exit %d, not %d: %s", v->name, c->name, status, want,
		forge_said);
	ck_assert_msg(!want || !c->says || strstr(forge_said, c->says), "%s, %s: %s", v->name,
		c->name, forge_said);
	ck_assert_msg(!strstr(forge_said, "s3cret"), "%s, %s: %s", v->name, c->name, forge_said);
	int writes = forge_server_count(forge, v->method, v->write),
	    right = post ? c->posts : c->puts;
	/* libcurl sends a repeatable request again when a kept connection turns out to be closed */
	bool twice =
		!post && f.act >= FORGE_CUT && f.act <= FORGE_CUT_WITHIN && writes == right + 1;
	ck_assert_msg(writes == right || twice, "%s, %s: %d writes, not %d: %s", v->name, c->name,
		writes, right, forge_said);
	if (!want)
		check_done(v, c->name);
	else
		ck_assert_int_eq(forge_server_notes(forge), v->note ? 1 : 0);
	forge_end();
}

START_TEST(test_each_verb_survives_each_fault_of_a_read)
{
	NEED_LOOPBACK();
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		for (size_t k = 0; verbs[i].read && k < sizeof faults / sizeof *faults; k++)
			try_read(&verbs[i], &faults[k]);
}
END_TEST

START_TEST(test_each_verb_survives_each_fault_of_a_write)
{
	NEED_LOOPBACK();
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		for (size_t k = 0; verbs[i].write && k < sizeof faults / sizeof *faults; k++)
			try_write(&verbs[i], &faults[k]);
}
END_TEST

/* ---- what they do --------------------------------------------------------------------------------- */

static const verb *gitlab_note = &verbs[0];

START_TEST(test_a_note_is_written_once_and_updated_after)
{
	NEED_LOOPBACK();
	for (int github = 0; github < 2; github++) {
		forge_begin();
		const char *const *vars = forge_job(github);
		forge_server_add_note(forge, "a word", 1);
		forge_server_add_note(forge, MARK "of another person who copied the line", 1);
		forge_server_add_note(forge, "> " MARK "quoted by ourselves", 7);
		forge_server_add_note(forge, "<!-- binnacle:ci:binnacle2 -->\nanother name", 7);
		ck_assert_int_eq(RUN("ci", "note", "--file", "note.md", "--dry-run"), 0);
		ck_assert_msg(strstr(forge_said, "would write a note on request 7") != NULL, "%s",
			forge_said);
		ck_assert_int_eq(forge_server_notes(forge), 4);
		ck_assert_int_eq(RUN("ci", "note", "--file", "note.md", "--json"), 0);
		ck_assert_msg(strstr(forge_said, "\"outcome\": \"created\"") &&
				      strstr(forge_said, "\"id\": 104"),
			"%s", forge_said);
		ck_assert_int_eq(forge_server_notes(forge), 5);
		ck_assert_int_eq(RUN("ci", "note", "--file", "note.md", "--json"), 0);
		ck_assert_msg(
			strstr(forge_said, "\"outcome\": \"unchanged\"") != NULL, "%s", forge_said);
		forge_write_file("note.md", NOTE "\nmore\n", 0644);
		ck_assert_int_eq(RUN("ci", "note", "--file", "note.md", "--dry-run"), 0);
		ck_assert_msg(strstr(forge_said, "would update the note on request 7") != NULL,
			"%s", forge_said);
		ck_assert_int_eq(RUN("ci", "note", "--file", "note.md", "--json"), 0);
		ck_assert_msg(strstr(forge_said, "\"outcome\": \"updated\"") &&
				      strstr(forge_said, "\"id\": 104"),
			"%s", forge_said);
		ck_assert_int_eq(forge_server_notes(forge), 5);
		ck_assert_str_eq(forge_server_note(forge, 4), MARK NOTE "\nmore\n");
		ck_assert_str_eq(
			forge_server_note(forge, 1), MARK "of another person who copied the line");
		ck_assert_int_eq(forge_server_count(forge, "POST", NULL), 1);
		ck_assert_int_eq(forge_server_count(forge, github ? "PATCH" : "PUT", NULL), 1);
		forge_end();
	}
}
END_TEST

START_TEST(test_the_bot_of_actions_finds_its_note)
{
	NEED_LOOPBACK();
	forge_begin();
	const char *const *vars = forge_job(true);
	forge_server_is_installation(forge);
	forge_server_add_note(forge, MARK "of a person", 1);
	ck_assert_int_eq(RUN("ci", "note", "--file", "note.md", "--json"), 0);
	forge_write_file("note.md", "changed\n", 0644);
	ck_assert_int_eq(RUN("ci", "note", "--file", "note.md", "--json"), 0);
	ck_assert_msg(strstr(forge_said, "\"outcome\": \"updated\"") != NULL, "%s", forge_said);
	ck_assert_int_eq(forge_server_notes(forge), 2);
	ck_assert_str_eq(forge_server_note(forge, 1), MARK "changed\n");
	forge_end();
}
END_TEST

START_TEST(test_tokens_are_taken_from_where_they_are_and_nowhere_else)
{
	NEED_LOOPBACK();
	forge_begin();
	char api[100], other[100];
	snprintf(api, sizeof api, "%s/gitlab/api/v4", forge_server_url(forge));
	snprintf(other, sizeof other, "%s/other/api/v4", forge_server_url(forge));
	/* a job's token: enough for artifacts, not for notes */
	const char *const job[] = {"GITLAB_CI", "true", "CI_API_V4_URL", api, "CI_PROJECT_ID", "42",
		"CI_MERGE_REQUEST_IID", "7", "CI_JOB_TOKEN", "job-s3cret", "CI_DEFAULT_BRANCH",
		"main", "CI_COMMIT_SHA", FORGE_COMMIT, NULL};
	const char *const *vars = job;
	forge_server_add_artifact(forge, "main", "{}");
	ck_assert_int_eq(RUN("ci", "note", "--file", "note.md"), 4);
	ck_assert_msg(strstr(forge_said, "CI_JOB_TOKEN is a job's token") &&
			      strstr(forge_said, "BINNACLE_FORGE_TOKEN"),
		"%s", forge_said);
	ck_assert_int_eq(RUN("ci", "status", "success"), 4);
	ck_assert_int_eq(forge_server_count(forge, NULL, NULL), 0);
	ck_assert_int_eq(RUN("ci", "baseline", "--path", "metrics.json", "--out", "b.json"), 0);
	ck_assert_ptr_nonnull(strstr(forge_server_received(forge), "JOB-TOKEN: job-s3cret\r\n"));
	/* nothing of the job goes to another server */
	ck_assert_int_eq(RUN("ci", "baseline", "--url", other, "--project", "42", "--branch",
				 "main", "--out", "c.json"),
		0);
	const char *last = strstr(forge_server_received(forge), "/other/api/v4");
	ck_assert_msg(last && !strstr(last, "TOKEN"), "%s", last);
	/* a file */
	const char *const none[] = {"CI_SERVER_URL", "https://nowhere.example", NULL};
	vars = none;
	forge_write_file("token", FORGE_TOKEN "\n", 0600);
	ck_assert_int_eq(RUN("ci", "note", "--file", "note.md", "--url", api, "--project", "42",
				 "--request", "7", "--token-file", "token"),
		0);
	ck_assert_int_eq(forge_server_notes(forge), 1);
	ck_assert_int_eq(RUN("ci", "note", "--file", "token", "--url", api, "--project", "42",
				 "--request", "7", "--token-file", "token"),
		4);
	ck_assert_msg(strstr(forge_said, "the note holds the token") != NULL, "%s", forge_said);
	forge_write_file("token", FORGE_TOKEN "\n", 0640);
	ck_assert_int_eq(RUN("ci", "note", "--file", "note.md", "--url", api, "--project", "42",
				 "--request", "7", "--token-file", "token"),
		4);
	ck_assert_msg(strstr(forge_said, "others may use 'token'") &&
			      strstr(forge_said, "chmod 600 token"),
		"%s", forge_said);
	forge_write_file("token", "two words\n", 0600);
	ck_assert_int_eq(RUN("ci", "note", "--file", "note.md", "--url", api, "--project", "42",
				 "--request", "7", "--token-file", "token"),
		2);
	ck_assert_msg(!strstr(forge_said, "two words"), "%s", forge_said);
	/* none at all */
	ck_assert_int_eq(RUN("ci", "status", "success", "--url", api, "--project", "42", "--commit",
				 FORGE_COMMIT),
		2);
	ck_assert_msg(strstr(forge_said, "no token for http") != NULL, "%s", forge_said);
	forge_end();
}
END_TEST

START_TEST(test_a_wait_that_is_asked_for_is_kept)
{
	NEED_LOOPBACK();
	forge_begin();
	forge_server_fault(forge, &(forge_fault){.method = "POST",
					  .times = 1,
					  .act = FORGE_ANSWER,
					  .status = 429,
					  .headers = "Retry-After: 1\r\n"});
	int64_t from = now_ms();
	ck_assert_int_eq(run_verb(gitlab_note), 0);
	ck_assert_int_ge(now_ms() - from, 1000);
	ck_assert_int_eq(forge_server_notes(forge), 1);
	forge_end();
}
END_TEST

START_TEST(test_a_long_note_is_cut_with_a_word)
{
	NEED_LOOPBACK();
	forge_begin();
	const char *const *vars = forge_job(true);
	size_t n = 100000;
	char *text = malloc(n + 1);
	for (size_t i = 0; i < n; i++)
		text[i] = i % 50 == 49 ? '\n' : 'x';
	memcpy(text, "```\n", 4);
	text[n] = '\0';
	forge_write_file("note.md", text, 0644);
	free(text);
	ck_assert_int_eq(RUN("ci", "note", "--file", "note.md"), 0);
	ck_assert_msg(strstr(forge_said, "its end is cut off") != NULL, "%s", forge_said);
	const char *body = forge_server_note(forge, 0);
	ck_assert_uint_le(strlen(body), 65536);
	ck_assert_ptr_nonnull(
		strstr(body, "\n```\n\n**The note is longer than GitHub takes: its first"));
	forge_end();
}
END_TEST

START_TEST(test_what_is_missing_is_said_without_a_call)
{
	NEED_LOOPBACK();
	forge_begin();
	char api[100];
	snprintf(api, sizeof api, "%s/gitlab/api/v4", forge_server_url(forge));
	const char *const branch[] = {"GITLAB_CI", "true", "CI_API_V4_URL", api, "CI_PROJECT_ID",
		"42", "GITLAB_TOKEN", FORGE_TOKEN, NULL};
	const char *const *vars = branch;
	/* the same job runs for branches */
	ck_assert_int_eq(RUN("ci", "note", "--file", "note.md", "--json"), 0);
	ck_assert_msg(strstr(forge_said, "no note") && strstr(forge_said, "\"outcome\": null"),
		"%s", forge_said);
	const char *const alone[] = {"GITLAB_TOKEN", FORGE_TOKEN, NULL};
	vars = alone;
	ck_assert_int_eq(
		RUN("ci", "note", "--file", "note.md", "--url", api, "--project", "42"), 2);
	ck_assert_msg(
		strstr(forge_said, "which merge request") && strstr(forge_said, "--request N"),
		"%s", forge_said);
	vars = branch;
	ck_assert_int_eq(RUN("ci", "note"), 3);
	ck_assert_msg(
		strstr(forge_said, "ci-report/note.md") && strstr(forge_said, "binnacle ci check"),
		"%s", forge_said);
	ck_assert_int_eq(RUN("ci", "status", "success"), 2);
	ck_assert_msg(strstr(forge_said, "which commit") != NULL, "%s", forge_said);
	ck_assert_int_eq(RUN("ci", "status", "succes", "--commit", FORGE_COMMIT), 2);
	ck_assert_msg(strstr(forge_said, "did you mean 'success'") != NULL, "%s", forge_said);
	ck_assert_int_eq(RUN("ci", "status", "success", "--commit", FORGE_COMMIT, "--target-url",
				 "javascript:x"),
		2);
	ck_assert_int_eq(RUN("ci", "status", "success", "--commit", FORGE_COMMIT, "--dry-run"), 0);
	ck_assert_int_eq(
		RUN("ci", "note", "--file", "note.md", "--request", "7", "--name", "a--b"), 2);
	ck_assert_int_eq(RUN("ci", "note", "--file", "note.md", "--request", "0"), 2);
	forge_write_file("empty.md", "\n \n", 0644);
	ck_assert_int_eq(RUN("ci", "note", "--file", "empty.md", "--request", "7"), 2);
	ck_assert_int_eq(RUN("ci", "baseline"), 2);
	ck_assert_msg(strstr(forge_said, "which branch") != NULL, "%s", forge_said);
	ck_assert_int_eq(RUN("ci", "baseline", "--branch", "main", "--path", "../x"), 2);
	ck_assert_int_eq(forge_server_count(forge, NULL, NULL), 0);
	vars = forge_job(true);
	ck_assert_int_eq(RUN("ci", "baseline"), 2);
	ck_assert_msg(strstr(forge_said, "zip archives") != NULL, "%s", forge_said);
	forge_end();
}
END_TEST

START_TEST(test_a_branch_without_metrics_is_no_error)
{
	NEED_LOOPBACK();
	forge_begin();
	const char *const *vars = forge_job(false);
	ck_assert_int_eq(RUN("ci", "baseline", "--json"), 0);
	ck_assert_msg(
		strstr(forge_said, "\"found\": false") && strstr(forge_said, "\"file\": null"),
		"%s", forge_said);
	forge_server_add_artifact(forge, "feature%2Fone", "{\"rmse\": 3}");
	ck_assert_int_eq(
		RUN("ci", "baseline", "--branch", "feature/one", "--path", "metrics.json"), 0);
	ck_assert_str_eq(forge_read_file("ci-report/baseline.json"), "{\"rmse\": 3}");
	/* an old file is not taken for today's */
	ck_assert_int_eq(RUN("ci", "baseline"), 6);
	ck_assert_int_eq(RUN("ci", "baseline", "--force"), 0);
	ck_assert_ptr_null(forge_read_file("ci-report/baseline.json"));
	forge_end();
}
END_TEST

START_TEST(test_a_status_that_is_there_already_is_fine)
{
	NEED_LOOPBACK();
	forge_begin();
	const char *const *vars = forge_job(false);
	forge_server_is_old(forge); /* refuses to set a state that a status has */
	ck_assert_int_eq(RUN("ci", "status", "pending", "--json"), 0);
	ck_assert_msg(strstr(forge_said, "\"unchanged\": false") != NULL, "%s", forge_said);
	ck_assert_int_eq(RUN("ci", "status", "pending", "--json"), 0);
	ck_assert_msg(strstr(forge_said, "\"unchanged\": true") != NULL, "%s", forge_said);
	ck_assert_int_eq(forge_server_statuses(forge), 1);
	ck_assert_int_eq(RUN("ci", "status", "success", "--description",
				 "01234567890123456789012345678901234567890123456789012345678901234"
				 "56789012345678901234567890123456789"
				 "01234567890123456789012345678901234567890123456789012345678901234"
				 "56789012345678901234567890123456789"
				 "01234567890123456789012345678901234567890123456789012345678901234"
				 "56789012345678901234567890123456789"),
		0);
	ck_assert_msg(strstr(forge_said, "its end is cut off") != NULL, "%s", forge_said);
	const char *now = forge_server_status(forge, 1),
		   *tab = strchr(strchr(now, '\t') + 1, '\t') + 1;
	ck_assert_uint_eq(strcspn(tab, "\t"), 254 + strlen("\u2026"));
	forge_end();
}
END_TEST

START_TEST(test_a_site_can_say_which_forges_are_allowed)
{
	NEED_LOOPBACK();
	forge_begin();
	const char *const vars_[] = {"GITLAB_TOKEN", FORGE_TOKEN, NULL};
	const char *const *vars = vars_;
	char path[400];
	snprintf(path, sizeof path, "%s/.config", forge_dir.path);
	mkdir(path, 0755);
	snprintf(path, sizeof path, "%s/.config/binnacle", forge_dir.path);
	mkdir(path, 0755);
	forge_write_file(".config/binnacle/settings.json",
		"{\"remotes\": [\"https://gitlab.site.example\"]}", 0600);
	ck_assert_int_eq(RUN("ci", "status", "success", "--url", "https://gitlab.example.org",
				 "--project", "a/b", "--commit", FORGE_COMMIT),
		4);
	ck_assert_msg(
		strstr(forge_said, "none of the servers that 'remotes'") != NULL, "%s", forge_said);
	forge_end();
}
END_TEST

BN_TEST_MAIN("tui/cli/forge", test_each_verb_survives_each_fault_of_a_read,
	test_each_verb_survives_each_fault_of_a_write,
	test_a_note_is_written_once_and_updated_after, test_the_bot_of_actions_finds_its_note,
	test_tokens_are_taken_from_where_they_are_and_nowhere_else,
	test_a_wait_that_is_asked_for_is_kept, test_a_long_note_is_cut_with_a_word,
	test_what_is_missing_is_said_without_a_call, test_a_branch_without_metrics_is_no_error,
	test_a_status_that_is_there_already_is_fine, test_a_site_can_say_which_forges_are_allowed)
