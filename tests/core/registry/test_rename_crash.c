/*
 * test_rename_crash.c - renaming and deleting a model when the process is killed, or the disk fails or is full, at
 * changes of the disk.
 *
 * A forked child renames a model, or deletes it. Afterwards:
 *
 *	1  what was acknowledged is done
 *	2  everything of the model is under the old name or under the new one
 *	3  the same rename, or the same deletion, goes on to its end
 *	4  a reader with a new index has the same rows
 */
#include "core/base/mem.h"
#include "core/pipeline/fold_classes.h"
#include "core/registry/model.h"
#include "core/store/inspect.h"
#include "tests/support/check_main.h"
#include "tests/support/crash_points.h"
#include "tests/support/faultfs.h"
#include "tests/support/toy.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static bn_err err = BN_ERR_INIT;
static toy_dir dir;
static toy_env env;
static char config[300];
static const char *(*toy_get)(const bn_env *e, const char *name);
static bn_workspace *ws;

static void must(int rc)
{
	ck_assert_bn_ok(rc, &err);
}

static const char *get_env(const bn_env *e, const char *name)
{
	return strcmp(name, "XDG_CONFIG_HOME") ? toy_get(e, name) : config;
}

static void setup(void)
{
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	snprintf(config, sizeof config, "%.200s/config", dir.path);
	toy_get = env.env.get;
	env.env.get = get_env;
	must(bn_workspace_init(&env.env, dir.path, &err));
	must(bn_workspace_open(&ws, &env.env, bn_fold_classes, dir.path, &err));
}

/* Two versions; the second has a tag, an alias and a stage. */
static void make(const char *name)
{
	int64_t version;
	char spec[60];
	must(bn_model_create(ws, name, "about", &err));
	must(bn_model_set_tag(ws, name, "team", "a", &err));
	for (int i = 0; i < 2; i++) {
		bn_registration r = {.name = name,
			.author_uid = env.env.uid(&env.env),
			.author = "ann",
			.source = i ? "s3://bucket/two" : "s3://bucket/one"};
		must(bn_version_register_external(&version, ws, &r, &err));
	}
	snprintf(spec, sizeof spec, "%s/2", name);
	must(bn_version_set_tag(ws, spec, "k", "v", &err));
	must(bn_version_set_alias(ws, spec, "canary", &err));
	must(bn_version_set_stage(ws, spec, "Staging", false, &err));
	must(bn_workspace_seal(ws, &err));
}

static int act(bn_workspace *w, const char *name, const char *to, bn_err *why)
{
	return to ? bn_model_rename(w, name, to, why) : bn_model_delete(w, name, "done with", why);
}

typedef struct outcome {
	bool done;
	long changes; /* 0: killed before it reported */
} outcome;

/* Runs the child with that fault. */
static outcome try_it(const char *name, const char *to, faultfs_kind kind, long at, uint32_t *kinds)
{
	int fds[2], status;
	outcome o = {false, 0};
	ck_assert_int_eq(pipe(fds), 0);
	fflush(NULL);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (!pid) {
		bn_workspace *mine = NULL;
		bn_workspace_abandon(ws);
		env.env.fs = &faultfs_ops;
		if (bn_workspace_open(&mine, &env.env, bn_fold_classes, dir.path, NULL) < 0)
			_exit(2);
		if (kinds)
			faultfs_note_kinds(kinds, CRASH_POINTS_MOST);
		faultfs_arm(kind, at);
		o.done = act(mine, name, to, NULL) == 0;
		o.changes = faultfs_count();
		if (write(fds[1], &o, sizeof o) != sizeof o)
			_exit(3);
		faultfs_arm(FAULTFS_NONE, 0);
		bn_workspace_close(mine);
		_exit(0);
	}
	close(fds[1]);
	while (read(fds[0], &o, sizeof o) == (ssize_t)sizeof o)
		;
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : !WEXITSTATUS(status));
	return o;
}

static bool is_there(const char *name)
{
	bn_registered_model *m = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_registered_model_get(&m, ws, name, &why);
	ck_assert_msg(rc == 0 || rc == BN_ENOTFOUND, "%s", why.msg);
	bn_registered_model_free(m);
	return rc == 0;
}

static bool is_whole(const char *name)
{
	bn_registered_model *m = NULL;
	bn_version_page *all = NULL;
	bool ok = is_there(name);
	if (!ok)
		return false;
	must(bn_registered_model_get(&m, ws, name, &err));
	must(bn_registered_model_versions(&all, ws, name, &err));
	ok = m->description && !strcmp(m->description, "about") && m->n_aliases == 1 &&
	     m->aliases[0].version == 2 && json_object_get(m->tags, "team") && all->count == 2;
	if (ok) {
		const bn_version *v = &all->items[0];
		ok = v->version == 2 && !strcmp(v->stage, "Staging") &&
		     !strcmp(v->source, "s3://bucket/two") && json_object_get(v->tags, "k") &&
		     !strcmp(all->items[1].source, "s3://bucket/one");
	}
	bn_registered_model_free(m);
	bn_version_page_free(all);
	return ok;
}

static void check(const char *name, const char *to, const outcome *o, faultfs_kind kind, long at)
{
	must(bn_workspace_refresh(ws, NULL, &err));
	if (to)
		ck_assert_msg(is_whole(name) || is_whole(to), "kind %d at %ld: neither is whole",
			(int)kind, at);
	ck_assert_msg(!o->done || !is_there(name), "kind %d at %ld: it is undone", (int)kind, at);
	if (is_there(name)) {
		int rc = act(ws, name, to, &err);
		ck_assert_msg(rc == 0, "kind %d at %ld: again: %s", (int)kind, at, err.msg);
	}
	ck_assert_msg(!is_there(name), "kind %d at %ld: the old one is there", (int)kind, at);
	ck_assert_msg(!to || is_whole(to), "kind %d at %ld: not whole", (int)kind, at);
}

static int add_line(void *ctx, const char *text, size_t n)
{
	bn_buf_add(ctx, text, n);
	return 0;
}

static char *rows_of(bn_workspace *w)
{
	bn_buf b = BN_BUF_INIT;
	must(bn_workspace_refresh(w, NULL, &err));
	must(bn_index_dump(w, add_line, &b, &err));
	return bn_buf_take(&b, NULL);
}

static void expect_the_same_from_a_new_index(void)
{
	char fresh[320];
	must(bn_workspace_seal(ws, &err));
	char *old = rows_of(ws);
	bn_workspace_close(ws);
	snprintf(fresh, sizeof fresh, "%.200s/fresh-index", dir.path);
	toy_env_own_index(&env, fresh);
	must(bn_workspace_open(&ws, &env.env, bn_fold_classes, dir.path, &err));
	char *new = rows_of(ws);
	ck_assert_str_eq(old, new);
	bn_free(old);
	bn_free(new);
}

static void try_all(const char *what, bool is_rename)
{
	static const struct {
		faultfs_kind kind;
		crash_family family;
	} faults[] = {{FAULTFS_KILL, CRASH_KILL}, {FAULTFS_TEAR, CRASH_KILL},
		{FAULTFS_LOST, CRASH_POWER}, {FAULTFS_ENOSPC, CRASH_DISK},
		{FAULTFS_EIO, CRASH_DISK}};
	static crash_points points;
	char name[40], to[40];
	uint32_t *kinds = crash_kinds_new();
	long tried = 0;
	setup();
	make("dry");
	long changes = try_it("dry", is_rename ? "wet" : NULL, FAULTFS_NONE, 0, kinds).changes;
	ck_assert_int_gt(changes, 4);
	for (size_t k = 0; k < sizeof faults / sizeof *faults; k++) {
		crash_points_choose(&points, faults[k].family, kinds, changes, 0);
		for (int i = 0; i < points.count; i++) {
			snprintf(name, sizeof name, "m%zu-%d", k, i);
			snprintf(to, sizeof to, "n%zu-%d", k, i);
			make(name);
			outcome o = try_it(
				name, is_rename ? to : NULL, faults[k].kind, points.at[i], NULL);
			check(name, is_rename ? to : NULL, &o, faults[k].kind, points.at[i]);
			tried++;
		}
	}
	expect_the_same_from_a_new_index();
	printf("NOTE: %s: %ld faults at %ld changes\n", what, tried, changes);
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
	crash_kinds_free(kinds);
}

START_TEST(test_rename_that_was_interrupted_goes_on)
{
	try_all("a rename", true);
}
END_TEST

START_TEST(test_deletion_that_was_interrupted_goes_on)
{
	try_all("a deletion", false);
}
END_TEST

/* Nobody else's half of a rename is taken over, and a name that was renamed away and is there again is another. */
START_TEST(test_only_the_same_rename_goes_on)
{
	setup();
	make("a");
	must(bn_model_rename(ws, "a", "b", &err));
	must(bn_model_create(ws, "a", NULL, &err));
	ck_assert_int_eq(bn_model_rename(ws, "a", "b", &err), BN_ECONFLICT);
	bn_err_clear(&err);
	must(bn_model_create(ws, "c", NULL, &err));
	ck_assert_int_eq(bn_model_rename(ws, "a", "c", &err), BN_ECONFLICT);
	bn_err_clear(&err);
	expect_the_same_from_a_new_index();
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}
END_TEST

/* The clock stands still: the order of records counts, not the millisecond. */
START_TEST(test_model_that_was_deleted_is_there_again_in_the_same_millisecond)
{
	bn_registered_model *m = NULL;
	setup();
	env.clock_ns = (int64_t)1700000000 * 1000000000;
	env.clock_step_ns = 1;
	for (int i = 0; i < 3; i++) {
		must(bn_model_create(ws, "a", NULL, &err));
		must(bn_registered_model_get(&m, ws, "a", &err));
		bn_registered_model_free(m);
		must(bn_model_delete(ws, "a", "again", &err));
		ck_assert_int_eq(bn_registered_model_get(&m, ws, "a", &err), BN_ENOTFOUND);
		bn_err_clear(&err);
	}
	expect_the_same_from_a_new_index();
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}
END_TEST

BN_TEST_MAIN("core/registry/rename_crash", test_rename_that_was_interrupted_goes_on,
	test_deletion_that_was_interrupted_goes_on, test_only_the_same_rename_goes_on,
	test_model_that_was_deleted_is_there_again_in_the_same_millisecond)
