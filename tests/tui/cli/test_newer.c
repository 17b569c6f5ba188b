/*
 * A workspace written by a newer binnacle: the command line names what it does not know and shows the rest as
 * usual. Verbs run in a child, through bn_cli_main as in the program.
 */
#include "core/base/mem.h"
#include "core/run/runlog.h"
#include "core/store/workspace.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"
#include "tui/cli/cli.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RUN "0123456789abcdef0123456789abcdef"
#define HASH RUN RUN

static bn_err err = BN_ERR_INIT;
static toy_dir dir;
static toy_env env;

static void append(bn_workspace *ws, const char *kind, const char *entity, json_t *payload)
{
	ck_assert_ptr_nonnull(payload);
	ck_assert_bn_ok(bn_workspace_append(ws, kind, entity, payload, &err), &err);
	json_decref(payload);
}

/* A run, and records about it by a newer binnacle. */
static void setup(void)
{
	bn_workspace *ws = NULL;
	bn_run_created about = {.name = "first"};
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	ck_assert_bn_ok(bn_workspace_init(&env.env, dir.path, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, NULL, dir.path, &err), &err);
	ck_assert_bn_ok(bn_runlog_created(ws, RUN, &about, &err), &err);
	append(ws, "run.note", "run/" RUN,
		json_pack("{s:s, s:s}", "note", "words", "font", "bold"));
	append(ws, "run.note", "run/" RUN,
		json_pack("{s:s, s:s}", "note", "words", "font", "bold"));
	append(ws, "run.resources", "run/" RUN,
		json_pack("{s:i, s:{s:i}}", "threads", 2, "gpu", "watts", 300));
	append(ws, "run.later", "run/" RUN, json_object());
	append(ws, "dataset.version", "dataset/jobs",
		json_pack("{s:i, s:s, s:s, s:i, s:i, s:i, s:{s:s, s:s}}", "version", 1, "hash",
			HASH, "schema_hash", HASH, "size", 1, "rows", 1, "columns", 1, "source",
			"kind", "csv", "mirror", "elsewhere"));
	append(ws, "model.registered", "model/power",
		json_pack("{s:i, s:s, s:s, s:s, s:i, s:s}", "version", 1, "uuid",
			"00000000-0000-8000-8000-000000000000", "digest", HASH, "manifest", HASH,
			"author_uid", 1, "hardware", "gpu"));
	append(ws, "dataset.restored", "dataset/older",
		json_pack("{s:i, s:s}", "version", 0, "why", ""));
	ck_assert_bn_ok(bn_workspace_commit(ws, &err), &err);
	bn_workspace_close(ws);
}

/* Runs the verb; text gets its stdout followed by its stderr. */
static void says(char text[8192], const char *a, const char *b, const char *c)
{
	const char *argv[] = {"binnacle", "-C", dir.path, a, b, c};
	int status, ends[2];
	ssize_t n;
	size_t len = 0;
	ck_assert_int_eq(pipe(ends), 0);
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		int rc = bn_cli_main(&env.env, c ? 6 : 5, (char **)(uintptr_t)argv);
		fflush(stdout);
		fflush(stderr);
		_exit(rc);
	}
	close(ends[1]);
	while ((n = read(ends[0], text + len, 8191 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	close(ends[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s", text);
}

#define has(text, part) ck_assert_msg(strstr(text, part) != NULL, "no %s in %s", part, text)

START_TEST(test_index_status_names_fields_of_a_newer_binnacle)
{
	char text[8192];
	setup();
	says(text, "index", "status", NULL);
	has(text, "with newer fields    6");
	has(text,
		"warning: field 'why' in 1 event 'dataset.restored' is from a newer binnacle: kept, "
		"not shown; the newest is of 'dataset/older', by writer ");
	has(text, "warning: field 'font' in 2 events 'run.note' is from a newer binnacle");
	has(text, "warning: field 'gpu' in 1 event 'run.resources'");
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_index_status_names_them_in_json)
{
	char text[8192];
	setup();
	says(text, "index", "status", "--json");
	char *end = strstr(text, "\n}");
	ck_assert_ptr_nonnull(end);
	end[2] = '\0';
	json_t *said = json_loads(text, 0, NULL), *list = json_object_get(said, "unknown_fields");
	ck_assert_int_eq(json_integer_value(json_object_get(said, "newer_fields")), 6);
	ck_assert_uint_eq(json_array_size(list), 5);
	const json_t *note = json_array_get(list, 3);
	ck_assert_str_eq(json_string_value(json_object_get(note, "kind")), "run.note");
	ck_assert_str_eq(json_string_value(json_object_get(note, "field")), "font");
	ck_assert_str_eq(json_string_value(json_object_get(note, "entity")), "run/" RUN);
	ck_assert_int_eq(json_integer_value(json_object_get(note, "events")), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(note, "version")), 1);
	ck_assert_int_gt(json_integer_value(json_object_get(note, "last_ms")), 0);
	ck_assert_ptr_nonnull(json_string_value(json_object_get(note, "writer")));
	json_decref(said);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_what_shows_an_entity_says_what_it_does_not_show)
{
	char text[8192];
	setup();
	says(text, "run", "show", "first");
	has(text, "note           words");
	has(text, "warning: run/" RUN ": a newer binnacle wrote field 'font' of run.note, "
		  "field 'gpu' of run.resources, records run.later: kept, not shown");
	says(text, "data", "show", "jobs");
	has(text, "warning: dataset/jobs: a newer binnacle wrote field 'source.mirror' of "
		  "dataset.version: kept, not shown");
	says(text, "model", "show", "power/1");
	has(text, "warning: model/power: a newer binnacle wrote field 'hardware' of "
		  "model.registered: kept, not shown");
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_audit_log_says_what_it_does_not_show)
{
	char text[8192];
	setup();
	says(text, "audit", "log", NULL);
	has(text, "warning: 6 of them are wholly or partly from a newer binnacle: binnacle index "
		  "status lists what is not shown");
	says(text, "audit", "log", "--json");
	has(text, "\"unknown_fields\": \"font\"");
	has(text, "\"unknown_fields\": null");
	has(text, "\"outcome\": \"newer\"");
	toy_dir_remove(&dir);
}
END_TEST

/* Reads the screen that a script saved below dir. */
static void screen(char text[8192], const char *name)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s.screen", dir.path, name);
	FILE *f = fopen(path, "re");
	ck_assert_msg(f != NULL, "no %s", path);
	text[fread(text, 1, 8191, f)] = '\0';
	fclose(f);
}

START_TEST(test_the_workbench_counts_and_names_what_it_does_not_show)
{
	char text[8192], script[512], save[512];
	setup();
	setenv("XDG_STATE_HOME", dir.path, 1); /* the workbench creates its own environment */
	snprintf(script, sizeof script, "%s/keys", dir.path);
	FILE *f = fopen(script, "we");
	ck_assert_ptr_nonnull(f);
	fputs("1 v\n:save-screen one\n9 v\n:save-screen nine\n", f);
	fclose(f);
	snprintf(script, sizeof script, "--script=%s/keys", dir.path);
	snprintf(save, sizeof save, "--save-dir=%s", dir.path);
	says(text, "workbench", script, save);
	screen(text, "one");
	has(text, "8 records, 0 refused, 7 of a newer binnacle");
	screen(text, "nine");
	has(text, "the newest 8 of 8 records, 6 of a newer binnacle");
	toy_dir_remove(&dir);
}
END_TEST

BN_TEST_MAIN("tui/cli/newer", test_audit_log_says_what_it_does_not_show,
	test_the_workbench_counts_and_names_what_it_does_not_show,
	test_index_status_names_fields_of_a_newer_binnacle, test_index_status_names_them_in_json,
	test_what_shows_an_entity_says_what_it_does_not_show)
