/* queued.c - see queued.h. */
#include "tests/support/queued.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/govern/authority.h"
#include "core/govern/policy.h"
#include "core/launch/launch.h"
#include "core/launch/queue_fold.h"
#include "core/run/run_dir.h"
#include "core/run/supervisor.h"
#include "core/track/reconcile.h"
#include "tests/support/check_main.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

track_world queued;
static bn_err err = BN_ERR_INIT;
const bn_fold_class *const queued_classes[] = {&bn_authority_class, &bn_run_fold_class,
	&bn_experiment_fold_class, &bn_queue_fold_class, &bn_policy_class, NULL};

bn_workspace *queued_open(void)
{
	bn_workspace *ws = NULL;
	ck_assert_bn_ok(
		bn_workspace_open(&ws, &queued.env.env, queued_classes, queued.dir.path, &err),
		&err);
	return ws;
}

void queued_make(void)
{
	track_make(&queued);
	bn_workspace_close(queued.ws);
	queued.ws = queued_open();
	setenv("BINNACLE_INDEX", queued.env.index_dir, 1);
	setenv("BINNACLE_HEARTBEAT", "100ms", 1);
	setenv("BINNACLE_QUEUE_RETRY", "20ms", 1);
	unsetenv("BINNACLE_RUN_ID");
	unsetenv("BINNACLE_HOME");
}

json_t *queued_spec(const char *script, int64_t cores)
{
	return json_pack("{s[sss] ss s{sI}}", "command", "sh", "-c", script, "workdir",
		queued.dir.path, "resources", "cpus", (json_int_t)cores);
}

int queued_try_add_json(bn_workspace *ws, const char *program, json_t *json_taken,
	char id[BN_RUN_ID_TEXT], bn_err *e)
{
	bn_spec *spec = NULL;
	int rc = bn_spec_from_json(&spec, json_taken, "a test's spec", e);
	json_decref(json_taken);
	bn_launch_options opt = {.program = program, .executor = "queue"};
	if (rc == 0)
		rc = bn_launch(ws, spec, &opt, id, e);
	bn_spec_free(spec);
	return rc;
}

int queued_try_add(bn_workspace *ws, const char *program, const char *script, int64_t cores,
	int64_t memory, char id[BN_RUN_ID_TEXT], bn_err *e)
{
	json_t *j = queued_spec(script, cores);
	if (memory)
		json_object_set_new(
			json_object_get(j, "resources"), "memory_bytes", json_integer(memory));
	return queued_try_add_json(ws, program, j, id, e);
}

void queued_add(const char *program, const char *script, int64_t cores, char id[BN_RUN_ID_TEXT])
{
	ck_assert_bn_ok(queued_try_add(queued.ws, program, script, cores, 0, id, &err), &err);
}

bn_queue *queued_read(void)
{
	bn_queue *q = NULL;
	ck_assert_bn_ok(bn_workspace_refresh(queued.ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_queue_read(&q, queued.ws, NULL, 0, &err), &err);
	return q;
}

bn_run_status queued_status(const char *id, char reason[200])
{
	bn_run_info *r = NULL;
	ck_assert_bn_ok(bn_workspace_refresh(queued.ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_run_get(&r, queued.ws, id, &err), &err);
	bn_run_status s = r->status;
	if (reason)
		snprintf(reason, 200, "%s", r->reason ? r->reason : "");
	bn_run_info_free(r);
	return s;
}

void queued_limit(int64_t cores, int64_t memory, int64_t at_once)
{
	bn_queue_amounts a = {cores, memory, at_once};
	ck_assert_bn_ok(bn_queue_set(queued.ws, &a, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(queued.ws, NULL, &err), &err);
}

char *queued_path(const char *id, const char *name)
{
	char *path = id ? bn_strf("%s/.binnacle/runs/%s/%s", queued.dir.path, id, name)
			: bn_strf("%s/%s", queued.dir.path, name);
	ck_assert_ptr_nonnull(path);
	return path;
}

void queued_pause_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

void queued_wait_empty(const char *program, int seconds)
{
	for (int i = 0; i < seconds * 50; i++) {
		ck_assert_bn_ok(bn_workspace_refresh(queued.ws, NULL, &err), &err);
		ck_assert_bn_ok(bn_run_reconcile(queued.ws, NULL, &err), &err);
		ck_assert_bn_ok(bn_queue_wake(queued.ws, program, &err), &err);
		bn_run_counts c;
		ck_assert_bn_ok(bn_run_count(&c, queued.ws, &err), &err);
		if (c.by_status[BN_RUN_QUEUED] + c.by_status[BN_RUN_RUNNING] == 0)
			return;
		queued_pause_ms(20);
	}
	ck_abort_msg("runs still wait after %d s", seconds);
}

pid_t queued_runner(void)
{
	char own[BN_QUEUE_NAME];
	bn_queue_own_name(own, &queued.env.env);
	char *path = bn_strf("%s/.binnacle/queue/%s/runner", queued.dir.path, own);
	bn_buf b = BN_BUF_INIT;
	pid_t pid = 0;
	if (bn_fs_read_file(&queued.env.env, path, &b, NULL) == 0)
		pid = (pid_t)atoi(b.ptr);
	bn_buf_release(&b);
	bn_free(path);
	return pid > 1 && bn_process_is_alive(pid, 0) ? pid : 0;
}

bn_supervisor queued_supervised(unsigned pick)
{
	bn_queue *q = queued_read();
	bn_supervisor found = {.pid = 0};
	for (size_t i = 0; i < q->count && !found.pid; i++) {
		bn_supervisor s;
		const char *id = q->items[(i + pick) % q->count].run;
		if (bn_supervisor_find(&s, queued.ws, id, geteuid(), &err) == 0 &&
			s.state == BN_SUPERVISOR_ALIVE)
			found = s;
	}
	bn_queue_free(q);
	return found;
}

bool queued_has(const char *id, const char *name)
{
	bn_dir *dir = NULL;
	bool has = bn_run_dir_open(&dir, queued.ws, id, NULL) == 0 && bn_dir_has(dir, name);
	bn_dir_close(dir);
	return has;
}
