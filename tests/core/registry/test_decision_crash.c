/*
 * test_decision_crash.c - evidence and a decision when the process is killed, or the disk fails or is full, at every
 * change of the disk.
 *
 * A forked child gives evidence about a version and approves it, and reports what was acknowledged. Afterwards:
 *
 *	1  what was acknowledged counts
 *	2  a version is either requested or approved
 *	3  what was not done can be done at once
 *	4  a reader with a new index has the same rows, and the log is complete
 */
#include "core/base/mem.h"
#include "core/govern/audit.h"
#include "core/govern/authority.h"
#include "core/pipeline/fold_classes.h"
#include "core/registry/evidence.h"
#include "core/registry/registry.h"
#include "core/store/inspect.h"
#include "tests/support/check_main.h"
#include "tests/support/faultfs.h"
#include "tests/support/registry_team.h"
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
	json_t *policy = json_pack("{s:b, s:[{s:s, s:s, s:s, s:f}]}", "self_approval", 1, "gates",
		"metric", "rmse", "by", "author", "op", "<=", "threshold", 12.0);
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	snprintf(config, sizeof config, "%.200s/config", dir.path);
	toy_get = env.env.get;
	env.env.get = get_env;
	const bn_authority_start how = {.name = "ann", .policy = policy};
	must(bn_authority_init(&env.env, dir.path, &how, NULL, &err));
	json_decref(policy);
	must(bn_workspace_open(&ws, &env.env, bn_fold_classes, dir.path, &err));
}

/* Registers version 1 of a new model and requests its approval. */
static void request(const char *name)
{
	char spec[40], entity[40];
	json_t *r = json_pack("{s:i, s:s, s:i, s:s, s:s, s:[], s:[{s:s, s:i, s:s}]}", "version", 1,
		"uuid", "aaaaaaaa-0000-4000-8000-000000000001", "author_uid",
		(int)env.env.uid(&env.env), "digest", TEAM_DATA, "manifest", TEAM_DATA, "files",
		"data", "name", "jobs", "version", 3, "digest", TEAM_DATA);
	snprintf(entity, sizeof entity, "model/%s", name);
	snprintf(spec, sizeof spec, "%s/1", name);
	must(bn_authority_append(ws, 2, "model.registered", entity, r, &err));
	json_decref(r);
	must(bn_workspace_sync(ws, &err));
	must(bn_version_request(ws, spec, NULL, &err));
	must(bn_workspace_seal(ws, &err));
}

static int give(bn_workspace *w, const char *spec, bn_err *why)
{
	const bn_measured m = {.metric = "rmse",
		.part = "test",
		.value = 11,
		.rows = 10,
		.dataset = "jobs",
		.dataset_version = 3,
		.dataset_digest = TEAM_DATA};
	return bn_evidence_give(w, spec, &m, 1, "recomputed", "test", why);
}

enum { NOTHING = 10, GAVE, APPROVED };

typedef struct outcome {
	int done;     /* one of these, or what was reached before the signal */
	long changes; /* 0: killed before it reported */
} outcome;

/* Runs the child with that fault. */
static outcome try_it(const char *spec, faultfs_kind kind, long at)
{
	int fds[2], status;
	outcome o = {NOTHING, 0};
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
		faultfs_arm(kind, at);
		if (give(mine, spec, NULL) == 0) {
			o.done = GAVE;
			if (write(fds[1], &o, sizeof o) != sizeof o)
				_exit(3);
			if (bn_version_approve(mine, spec, "fine", false, NULL) == 0)
				o.done = APPROVED;
		}
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

static bn_model_state state_of(const char *spec)
{
	bn_version *v = NULL;
	must(bn_version_get(&v, ws, spec, &err));
	bn_model_state s = v->state;
	bn_version_free(v);
	return s;
}

static size_t evidence_of(const char *spec)
{
	bn_evidence_list *l = NULL;
	must(bn_evidence_read(&l, ws, spec, &err));
	size_t n = l->count;
	bn_evidence_list_free(l);
	return n;
}

static void check(const char *spec, const outcome *o, faultfs_kind kind, long at)
{
	must(bn_workspace_refresh(ws, NULL, &err));
	bn_model_state state = state_of(spec);
	ck_assert_msg(state == BN_MODEL_REQUESTED || state == BN_MODEL_APPROVED,
		"kind %d at %ld: state %d", (int)kind, at, (int)state);
	ck_assert_msg(o->done < GAVE || evidence_of(spec) > 0, "kind %d at %ld: evidence is lost",
		(int)kind, at);
	ck_assert_msg(o->done < APPROVED || state == BN_MODEL_APPROVED,
		"kind %d at %ld: the approval is lost", (int)kind, at);
	if (state == BN_MODEL_APPROVED)
		return;
	must(give(ws, spec, &err));
	must(bn_version_approve(ws, spec, "again", false, &err));
	ck_assert_int_eq(state_of(spec), BN_MODEL_APPROVED);
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

static void expect_whole(void)
{
	bn_audit_report *r = NULL;
	must(bn_workspace_seal(ws, &err));
	must(bn_audit_verify(&r, ws, NULL, &err));
	ck_assert_uint_eq(r->bad_signatures, 0);
	bn_audit_report_free(r);
	char *old = rows_of(ws), fresh[320];
	bn_workspace_close(ws);
	snprintf(fresh, sizeof fresh, "%.200s/fresh-index", dir.path);
	toy_env_own_index(&env, fresh);
	must(bn_workspace_open(&ws, &env.env, bn_fold_classes, dir.path, &err));
	char *new = rows_of(ws);
	ck_assert_str_eq(old, new);
	bn_free(old);
	bn_free(new);
}

START_TEST(test_evidence_and_decision_are_whole_or_absent_whatever_dies_or_fails)
{
	static const faultfs_kind kinds[] = {FAULTFS_KILL, FAULTFS_TEAR, FAULTFS_ENOSPC,
		FAULTFS_EIO, FAULTFS_LOST, FAULTFS_FULL};
	long tried = 0, approved = 0;
	char name[40], spec[44];
	setup();
	request("dry");
	long changes = try_it("dry/1", FAULTFS_NONE, 0).changes;
	ck_assert_int_gt(changes, 4);
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		for (long at = 1; at <= changes + 1; at++) {
			snprintf(name, sizeof name, "m%zu-%ld", k, at);
			snprintf(spec, sizeof spec, "%s/1", name);
			request(name);
			outcome o = try_it(spec, kinds[k], at);
			check(spec, &o, kinds[k], at);
			tried++;
			approved += o.done == APPROVED;
		}
	expect_whole();
	printf("NOTE: %ld faults at %ld changes of evidence and approval, %ld of them survived\n",
		tried, changes, approved);
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}
END_TEST

BN_TEST_MAIN("core/registry/decision_crash",
	test_evidence_and_decision_are_whole_or_absent_whatever_dies_or_fails)
