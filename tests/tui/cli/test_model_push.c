/*
 * model push and model pull against a server that plays GitLab (tests/support/forge_server.h): with each fault, after
 * interruptions, and with packages that lie.
 */
#include "core/learn/model.h"
#include "tests/support/check_main.h"
#include "tests/support/forge_run.h"
#include "tests/support/listener_test.h"
#include "tests/support/tiny_model.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define FILES 5 /* of a model */
#define WEIGHTS "model.safetensors"
#define LISTING "binnacle.json"

static const char *model; /* a model folder */
static const char *const *vars;

static void begin(void)
{
	forge_begin();
	if (!model)
		model = tiny_model("power", "ridge", "y_number");
	vars = forge_job(false);
}

static int push(void)
{
	return RUN("model", "push", model, "gitlab:power/3", "--json");
}

static int pull(void)
{
	return RUN("model", "pull", "gitlab:power/3", "pulled", "--json");
}

static char *path_of(const char *name)
{
	static char path[2][500];
	static int n;
	n = !n;
	snprintf(path[n], sizeof path[n], "%s/%s", forge_dir.path, name);
	return path[n];
}

static const char *digest_of(const char *dir)
{
	static char hex[2][BN_MODEL_DIGEST_HEX + 1];
	static int n;
	bn_err err = BN_ERR_INIT;
	n = !n;
	ck_assert_bn_ok(bn_model_digest(hex[n], bn_env_real(), NULL, dir, &err), &err);
	return hex[n];
}

/* That each file of the model was sent once, and the listing last. */
static void check_pushed(const char *fault)
{
	size_t size, n = 0;
	char name[600];
	DIR *d = opendir(model);
	struct dirent *e;
	ck_assert_msg(forge_server_files(forge) == FILES + 1, "%s: %d files", fault,
		forge_server_files(forge));
	while ((e = readdir(d))) {
		struct stat st;
		snprintf(name, sizeof name, "%s/%s", model, e->d_name);
		if (stat(name, &st) || !S_ISREG(st.st_mode))
			continue;
		const char *there = forge_server_file(forge, e->d_name, &size);
		ck_assert_msg(there && size == (size_t)st.st_size, "%s: %s", fault, e->d_name);
		n++;
	}
	closedir(d);
	ck_assert_uint_eq(n, FILES);
	ck_assert_ptr_nonnull(forge_server_file(forge, LISTING, &size));
}

/* ---- faults --------------------------------------------------------------------------------------- */

typedef struct fault_case {
	const char *name;
	forge_fault fault;
	int exit; /* of a push whose upload has it */
	int puts; /* uploads of that file */
	int exit_of_get;
	const char *says;
} fault_case;

static const fault_case faults[] = {
	{"401",
		{.act = FORGE_ANSWER,
			.status = 401,
			.body = "{\"message\":\"401 " FORGE_TOKEN "\"}"},
		4, 1, 4, "does not accept the token"},
	{"403", {.act = FORGE_ANSWER, .status = 403, .body = "{\"message\":\"403 Forbidden\"}"}, 4,
		1, 4, "needed is CI_JOB_TOKEN"},
	{"404",
		{.act = FORGE_ANSWER,
			.status = 404,
			.body = "{\"message\":\"404 Project Not Found\"}"},
		3, 1, 3, "may not see it"},
	{"409", {.act = FORGE_ANSWER, .status = 409}, 6, 1, 6, "409"},
	{"413", {.act = FORGE_ANSWER, .status = 413}, 2, 1, 2, "413"},
	{"422", {.act = FORGE_ANSWER, .status = 422}, 2, 1, 2, "422"},
	{"a second file is forbidden",
		{.act = FORGE_ANSWER,
			.status = 400,
			.body = "{\"message\":\"400 Bad request - Duplicate package is not "
				"allowed\"}"},
		6, 1, 2, NULL},
	{"429 once",
		{.times = 1, .act = FORGE_ANSWER, .status = 429, .headers = "Retry-After: 0\r\n"},
		0, 2, 0, NULL},
	{"429 always", {.act = FORGE_ANSWER, .status = 429}, 5, 4, 5, "limits the requests"},
	{"500 once", {.times = 1, .act = FORGE_ANSWER, .status = 500}, 0, 2, 0, NULL},
	{"500 always", {.act = FORGE_ANSWER, .status = 500}, 5, 4, 5, "500"},
	{"500 once, after the effect", {.times = 1, .act = FORGE_ANSWER_AFTER, .status = 500}, 0, 1,
		0, NULL},
	{"cut once", {.times = 1, .act = FORGE_CUT}, 0, 2, 0, NULL},
	{"cut always", {.act = FORGE_CUT}, 5, 4, 5, "cannot "},
	{"cut after the effect", {.times = 1, .act = FORGE_CUT_AFTER}, 0, 1, 0, NULL},
	{"cut within the answer", {.times = 1, .act = FORGE_CUT_WITHIN}, 0, 1, 0, NULL},
	{"slow", {.times = 1, .act = FORGE_SLOW}, 0, 1, 0, NULL},
	{"not JSON", {.times = 1, .act = FORGE_GARBAGE}, 0, 1, 5, NULL},
	{"wrong types", {.times = 1, .act = FORGE_WRONG}, 0, 1, 5, NULL},
};

START_TEST(test_push_survives_each_fault_of_an_upload)
{
	NEED_LOOPBACK();
	static const char *const names[] = {WEIGHTS, LISTING};
	for (size_t i = 0; i < 2 * sizeof faults / sizeof *faults; i++) {
		const fault_case *c = &faults[i / 2];
		forge_fault f = c->fault;
		size_t size;
		begin();
		f.method = "PUT";
		f.path = names[i % 2];
		forge_server_fault(forge, &f);
		int status = push();
		ck_assert_msg(status == c->exit, "%s, %s: exit %d: %s", f.path, c->name, status,
			forge_said);
		ck_assert_msg(!c->exit || !c->says || strstr(forge_said, c->says), "%s: %s",
			c->name, forge_said);
		int puts = forge_server_count(forge, "PUT", f.path);
		ck_assert_msg(puts == c->puts, "%s, %s: %d uploads: %s", f.path, c->name, puts,
			forge_said);
		if (c->exit)
			ck_assert_ptr_null(forge_server_file(forge, LISTING, &size));
		else
			check_pushed(c->name);
		forge_end();
	}
}
END_TEST

/* The list of files is not for every token; what else fails stops the push. */
START_TEST(test_push_survives_each_fault_of_a_look)
{
	NEED_LOOPBACK();
	static const struct {
		const char *path;
		forge_fault fault;
		int exit;
	} cases[] = {
		{"/packages?", {.act = FORGE_ANSWER, .status = 403}, 0},
		{"/packages?", {.act = FORGE_ANSWER, .status = 401}, 0},
		{"/packages?", {.act = FORGE_ANSWER, .status = 404}, 0},
		{"/packages?", {.act = FORGE_ANSWER, .status = 500}, 5},
		{"/packages?", {.times = 1, .act = FORGE_ANSWER, .status = 500}, 0},
		{"/packages?", {.times = 1, .act = FORGE_CUT}, 0},
		{"/packages?", {.act = FORGE_GARBAGE}, 5},
		{"/packages?", {.act = FORGE_WRONG}, 5},
		{"/packages?", {.act = FORGE_HUGE}, 5},
		{LISTING, {.act = FORGE_ANSWER, .status = 401}, 4},
		{LISTING, {.act = FORGE_ANSWER, .status = 403}, 4},
		{LISTING,
			{.times = 1,
				.act = FORGE_ANSWER,
				.status = 429,
				.headers = "Retry-After: 0\r\n"},
			0},
		{LISTING, {.act = FORGE_ANSWER, .status = 500}, 5},
		{LISTING, {.times = 1, .act = FORGE_CUT}, 0},
		{LISTING,
			{.act = FORGE_ANSWER,
				.status = 404,
				.body = "{\"message\":\"404 Project Not Found\"}"},
			3},
		{LISTING, {.act = FORGE_ANSWER, .status = 200, .body = "{}"}, 6},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		forge_fault f = cases[i].fault;
		begin();
		f.method = "GET";
		f.path = cases[i].path;
		forge_server_fault(forge, &f);
		int status = push();
		ck_assert_msg(status == cases[i].exit, "%zu: exit %d: %s", i, status, forge_said);
		if (!cases[i].exit)
			check_pushed(f.path);
		else
			ck_assert_int_eq(forge_server_files(forge), 0);
		forge_end();
	}
}
END_TEST

START_TEST(test_pull_survives_each_fault)
{
	NEED_LOOPBACK();
	static const char *const names[] = {WEIGHTS, LISTING};
	for (size_t i = 0; i < 2 * sizeof faults / sizeof *faults; i++) {
		const fault_case *c = &faults[i / 2];
		forge_fault f = c->fault;
		begin();
		ck_assert_int_eq(push(), 0);
		f.method = "GET";
		f.path = names[i % 2];
		if (f.act == FORGE_GARBAGE || f.act == FORGE_WRONG)
			f.times = 0;
		forge_server_fault(forge, &f);
		int status = pull();
		ck_assert_msg(status == c->exit_of_get, "%s, %s: exit %d: %s", f.path, c->name,
			status, forge_said);
		ck_assert_int_eq(access(path_of("pulled"), F_OK), c->exit_of_get ? -1 : 0);
		if (!c->exit_of_get) {
			ck_assert_str_eq(digest_of(path_of("pulled")), digest_of(model));
			ck_assert_int_eq(access(path_of("pulled.partial"), F_OK), -1);
		}
		forge_end();
	}
}
END_TEST

/* ---- interruptions -------------------------------------------------------------------------------- */

START_TEST(test_an_interrupted_push_continues)
{
	NEED_LOOPBACK();
	begin();
	forge_server_fault(forge,
		&(forge_fault){.method = "PUT", .path = WEIGHTS, .times = 4, .act = FORGE_CUT});
	ck_assert_int_eq(push(), 5);
	int sent = forge_server_files(forge);
	ck_assert_int_gt(sent, 0);
	ck_assert_int_eq(pull(), 3); /* half a model is none */
	ck_assert_msg(strstr(forge_said, "a push that was not finished") != NULL, "%s", forge_said);
	ck_assert_int_eq(RUN("model", "push", model, "gitlab:power/3", "--dry-run", "--json"), 0);
	ck_assert_int_eq(forge_server_files(forge), sent);
	char word[60];
	snprintf(word, sizeof word, "would send %d of %d files", FILES - sent, FILES);
	ck_assert_msg(strstr(forge_said, word) != NULL, "%s", forge_said);
	ck_assert_int_eq(push(), 0);
	check_pushed("continued");
	ck_assert_int_eq(push(), 0); /* again: nothing is sent */
	ck_assert_msg(strstr(forge_said, "\"was_there\": true") != NULL, "%s", forge_said);
	check_pushed("again");
	/* another model in that version */
	model = tiny_model("other", "ridge", "y_number");
	char name[600];
	snprintf(name, sizeof name, "%s/model_card.md", model);
	FILE *f = fopen(name, "a");
	fputs("another\n", f);
	fclose(f);
	ck_assert_int_eq(push(), 6);
	ck_assert_msg(strstr(forge_said, "package power 3.0.0 is another model") != NULL, "%s",
		forge_said);
	ck_assert_int_eq(forge_server_files(forge), FILES + 1);
	forge_end();
}
END_TEST

START_TEST(test_an_interrupted_pull_continues)
{
	NEED_LOOPBACK();
	begin();
	ck_assert_int_eq(push(), 0);
	forge_server_fault(forge,
		&(forge_fault){
			.method = "GET", .path = WEIGHTS, .times = 4, .act = FORGE_CUT_WITHIN});
	ck_assert_int_eq(pull(), 5);
	ck_assert_int_eq(access(path_of("pulled"), F_OK), -1);
	struct stat st;
	ck_assert_int_eq(stat(path_of("pulled.partial/" WEIGHTS), &st), 0);
	ck_assert_int_gt(st.st_size, 0);
	int gets = forge_server_count(forge, "GET", "/MLmodel");
	ck_assert_int_eq(pull(), 0);
	ck_assert_str_eq(digest_of(path_of("pulled")), digest_of(model));
	ck_assert_int_eq(forge_server_count(forge, "GET", "/MLmodel"), gets); /* which was whole */
	ck_assert_ptr_nonnull(strstr(forge_server_received(forge), "Range: bytes="));
	ck_assert_int_eq(pull(), 6); /* it exists */
	forge_end();
}
END_TEST

START_TEST(test_what_an_interrupted_pull_left_is_not_believed)
{
	NEED_LOOPBACK();
	begin();
	ck_assert_int_eq(push(), 0);
	ck_assert_int_eq(mkdir(path_of("pulled.partial"), 0700), 0);
	forge_write_file("pulled.partial/" WEIGHTS, "other bytes", 0644);
	forge_write_file("pulled.partial/stranger", "of something else", 0644);
	ck_assert_int_eq(pull(), 0);
	ck_assert_str_eq(digest_of(path_of("pulled")), digest_of(model));
	ck_assert_int_eq(access(path_of("pulled/stranger"), F_OK), -1);
	forge_end();
}
END_TEST

/* ---- other servers, tokens and forges --------------------------------------------------------------- */

START_TEST(test_files_at_another_server_come_without_the_token)
{
	NEED_LOOPBACK();
	begin();
	forge_server *store = forge_server_start();
	ck_assert_int_eq(push(), 0);
	forge_server_store_at(forge, store);
	ck_assert_int_eq(pull(), 0);
	ck_assert_str_eq(digest_of(path_of("pulled")), digest_of(model));
	ck_assert_int_eq(forge_server_count(store, "GET", "/stored/"), FILES + 1);
	ck_assert_msg(!strstr(forge_server_received(store), "s3cret") &&
			      !strcasestr(forge_server_received(store), "token"),
		"%s", forge_server_received(store));
	forge_server_free(store);
	forge_end();
}
END_TEST

START_TEST(test_a_job_and_an_older_gitlab_suffice)
{
	NEED_LOOPBACK();
	begin();
	char api[100];
	snprintf(api, sizeof api, "%s/gitlab/api/v4", forge_server_url(forge));
	const char *const job[] = {"GITLAB_CI", "true", "CI_API_V4_URL", api, "CI_PROJECT_ID", "42",
		"CI_JOB_TOKEN", "job-s3cret", NULL};
	vars = job;
	forge_server_is_old(forge);
	ck_assert_int_eq(push(), 0);
	check_pushed("old");
	ck_assert_int_eq(pull(), 0);
	ck_assert_str_eq(digest_of(path_of("pulled")), digest_of(model));
	/* neither list nor digests */
	forge_server_fault(forge,
		&(forge_fault){
			.method = "GET", .path = "/packages?", .act = FORGE_ANSWER, .status = 403});
	ck_assert_int_eq(RUN("model", "push", model, "gitlab:power/4"), 0);
	ck_assert_int_eq(forge_server_files(forge), 2 * (FILES + 1));
	/* bytes that change on the way */
	forge_server_fault(forge, &(forge_fault){.method = "GET",
					  .path = "5.0.0/" WEIGHTS,
					  .act = FORGE_ANSWER,
					  .status = 200,
					  .body = "other bytes"});
	ck_assert_int_eq(RUN("model", "push", model, "gitlab:power/5"), 5);
	ck_assert_msg(
		strstr(forge_said, "stored other bytes of " WEIGHTS) != NULL, "%s", forge_said);
	size_t size;
	forge_server_drop_file(forge, LISTING);
	forge_server_drop_file(forge, LISTING);
	ck_assert_ptr_null(forge_server_file(forge, LISTING, &size)); /* 5.0.0 never got one */
	forge_end();
}
END_TEST

static const char *listing_with(const char *path, const char *digest)
{
	static char text[2000];
	snprintf(text, sizeof text,
		"{\"kind\": \"binnacle.model.package\", \"format\": 1, \"model\": \"power\", "
		"\"digest\": \"%s\", \"files\": "
		"[{\"path\": \"%s\", \"sha256\": "
		"\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\", \"bytes\": "
		"0}]}",
		digest, path);
	return text;
}

START_TEST(test_a_package_that_lies_is_refused)
{
	NEED_LOOPBACK();
	static const char *const paths[] = {
		"../x", "/etc/x", "a//b", "a/../../x", "", ".", "a/./b", "x\\u0000y"};
	static const char *const texts[] = {"", "null", "[]", "{}",
		"{\"kind\": \"other\", \"format\": 1}",
		"{\"kind\": \"binnacle.model.package\", \"format\": 1, \"digest\": \"\", "
		"\"files\": []}",
		"{\"kind\": \"binnacle.model.package\", \"format\": 1, \"digest\": \"x\", "
		"\"files\": [7]}",
		"{\"kind\": \"binnacle.model.package\", \"format\": 1, \"digest\": \"x\", "
		"\"files\": {}}"};
	begin();
	for (size_t i = 0; i < sizeof paths / sizeof *paths + sizeof texts / sizeof *texts; i++) {
		size_t k = i - sizeof texts / sizeof *texts;
		const char *text =
			i < sizeof texts / sizeof *texts ? texts[i] : listing_with(paths[k], "00");
		forge_server_put_file(forge, "power/3.0.0", LISTING, text, strlen(text));
		int status = pull();
		ck_assert_msg(status == 5 && strstr(forge_said, LISTING), "%s: exit %d: %s", text,
			status, forge_said);
		ck_assert_int_eq(access(path_of("pulled"), F_OK), -1);
		ck_assert_int_eq(access(path_of("pulled.partial"), F_OK), -1);
		forge_server_drop_file(forge, LISTING);
	}
	const char *digest = "0000000000000000000000000000000000000000000000000000000000000000";
	const char *text = listing_with("model.safetensors", digest);
	forge_server_put_file(forge, "power/3.0.0", LISTING, text, strlen(text));
	ck_assert_int_eq(pull(), 5);
	ck_assert_msg(
		strstr(forge_said, "'digest' is not that of its files") != NULL, "%s", forge_said);
	forge_server_drop_file(forge, LISTING);
	const char *newer = "{\"kind\": \"binnacle.model.package\", \"format\": 2}";
	forge_server_put_file(forge, "power/3.0.0", LISTING, newer, strlen(newer));
	ck_assert_int_eq(pull(), 2);
	ck_assert_msg(strstr(forge_said, "a newer binnacle") != NULL, "%s", forge_said);
	forge_end();
}
END_TEST

START_TEST(test_what_is_wrong_is_said_before_anything_is_sent)
{
	NEED_LOOPBACK();
	static const struct {
		const char *words[6];
		int exit;
		const char *says;
	} cases[] = {
		{{"model", "pull", "gitlab:power", "x"}, 2, "which version"},
		{{"model", "pull", "power/3", "x"}, 2, "not a package of a forge"},
		{{"model", "pull", "gitlab:", "x"}, 2, "not a package of a forge"},
		{{"model", "pull", "gitlab:po wer/3", "x"}, 2, "name of a package"},
		{{"model", "pull", "gitlab:power/3..0", "x"}, 2, "version of a package"},
		{{"model", "pull", "gitlab:power/3/4", "x"}, 2, "version of a package"},
		{{"model", "push", "nothing", "github:power"}, 2, "not a package of a forge"},
		{{"model", "push", "nothing", "gitlab:power"}, 3, "binnacle init"},
	};
	begin();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int status = forge_run(vars, cases[i].words);
		ck_assert_msg(status == cases[i].exit && strstr(forge_said, cases[i].says),
			"%zu: exit %d: %s", i, status, forge_said);
	}
	ck_assert_int_eq(RUN("model", "push", model, "gitlab"), 2);
	ck_assert_msg(strstr(forge_said, "a folder has no version") != NULL, "%s", forge_said);
	ck_assert_int_eq(forge_server_count(forge, NULL, NULL), 0);
	vars = forge_job(true);
	ck_assert_int_eq(RUN("model", "pull", "gitlab:power/3", "x"), 2);
	ck_assert_msg(
		strstr(forge_said, "GitHub has no registry for files") != NULL, "%s", forge_said);
	forge_end();
}
END_TEST

/* ---- a registered version ---------------------------------------------------------------------------- */

START_TEST(test_a_registered_version_comes_back_with_its_digest)
{
	NEED_LOOPBACK();
	begin();
	ck_assert_int_eq(RUN("init", "-q"), 0);
	ck_assert_int_eq(RUN("data", "generate", "jobs", "--rows", "300", "-q"), 0);
	ck_assert_int_eq(RUN("run", "start", "--trainer", "ridge", "--data", "jobs", "--target",
				 "node_power_consumption", "--name", "fit", "--wait", "-q"),
		0);
	ck_assert_int_eq(RUN("model", "register", "fit", "--name", "power", "-q"), 0);
	ck_assert_int_eq(RUN("model", "push", "power/1", "gitlab", "--json"), 0);
	ck_assert_msg(strstr(forge_said, "\"package\": \"power/1.0.0\"") != NULL, "%s", forge_said);
	char digest[80], *at = strstr(forge_said, "\"digest\": \"");
	snprintf(digest, sizeof digest, "%.64s", at + 11);
	ck_assert_int_eq(RUN("model", "show", "power/1", "--json"), 0);
	ck_assert_msg(strstr(forge_said, digest) != NULL, "%s", forge_said);
	ck_assert_int_eq(RUN("model", "pull", "gitlab:power/1", "pulled", "--json"), 0);
	ck_assert_msg(strstr(forge_said, digest) && strstr(forge_said, "\"model\": \"power/1\""),
		"%s", forge_said);
	ck_assert_str_eq(digest_of(path_of("pulled")), digest);
	/* the push is in the log, once */
	ck_assert_int_eq(RUN("model", "push", "power/1", "gitlab", "--json"), 0);
	ck_assert_int_eq(RUN("package", "ls", "power/1", "--json"), 0);
	ck_assert_msg(strstr(forge_said, "\"count\": 1") &&
			      strstr(forge_said, "/42/packages/generic/power:1.0.0"),
		"%s", forge_said);
	/* it predicts */
	ck_assert_int_eq(RUN("data", "export", "jobs", "jobs.csv", "-q"), 0);
	ck_assert_int_eq(RUN("predict", "power/1", "jobs.csv", "--out", "a.csv", "-q"), 0);
	ck_assert_int_eq(RUN("predict", "pulled", "jobs.csv", "--out", "b.csv", "-q"), 0);
	char a[FORGE_SAID];
	snprintf(a, sizeof a, "%s", forge_read_file("a.csv"));
	ck_assert_str_eq(a, forge_read_file("b.csv"));
	ck_assert_int_eq(RUN("index", "status", "--json"), 0);
	ck_assert_msg(strstr(forge_said, "\"unknown_fields\": []") != NULL, "%s", forge_said);
	forge_end();
}
END_TEST

/* ---- docs/ci.md --------------------------------------------------------------------------------------- */

START_TEST(test_the_lines_of_the_docs_work)
{
	NEED_LOOPBACK();
	FILE *f = fopen("docs/ci.md", "r");
	char line[400];
	int lines = 0;
	bool within = false;
	ck_assert_ptr_nonnull(f);
	begin();
	static const char *const before[] = {"binnacle init -q",
		"binnacle data generate jobs --rows 300 -q",
		("binnacle run start --trainer ridge --data jobs --target node_power_consumption "
		 "--name fit --wait -q"),
		"for i in 1 2 3; do binnacle model register fit --name power -q || exit 1; done",
		"binnacle data export jobs rows.csv -q && mkdir ci-report && cp note.md ci-report"};
	for (size_t i = 0; i < sizeof before / sizeof *before; i++)
		ck_assert_msg(forge_shell(vars, before[i]) == 0, "%s: %s", before[i], forge_said);
	while (fgets(line, sizeof line, f)) {
		if (line[0] == '#')
			within = !strncmp(line, "## Merge requests", 17);
		if (!within || strncmp(line, "    binnacle ", 13))
			continue;
		ck_assert_msg(forge_shell(vars, line) == 0, "%s: %s", line, forge_said);
		lines++;
	}
	fclose(f);
	ck_assert_int_ge(lines, 6);
	ck_assert_int_eq(forge_server_notes(forge), 1);
	ck_assert_int_eq(forge_server_statuses(forge), 1);
	ck_assert_int_eq(forge_server_files(forge), FILES + 1);
	forge_end();
}
END_TEST

BN_TEST_MAIN("tui/cli/model_push", test_the_lines_of_the_docs_work,
	test_push_survives_each_fault_of_an_upload, test_push_survives_each_fault_of_a_look,
	test_pull_survives_each_fault, test_an_interrupted_push_continues,
	test_an_interrupted_pull_continues, test_what_an_interrupted_pull_left_is_not_believed,
	test_files_at_another_server_come_without_the_token, test_a_job_and_an_older_gitlab_suffice,
	test_a_package_that_lies_is_refused, test_what_is_wrong_is_said_before_anything_is_sent,
	test_a_registered_version_comes_back_with_its_digest)
