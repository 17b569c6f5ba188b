/* launched.c - see launched.h. */
#include "tests/support/launched.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/launch/launch.h"
#include "core/run/run_dir.h"
#include "core/run/run_log.h"
#include "core/track/reconcile.h"
#include "tests/support/check_main.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#define TRIES 1500 /* of 20 ms */

static bn_err err = BN_ERR_INIT;

void launched_make(launched_run *l)
{
	l->program = getenv("BINNACLE");
	track_make(&l->w);
	setenv("BINNACLE_HEARTBEAT", "100ms", 1);
	/* For the programs started here: a leak check at exit whose tracer is killed with the run's
	 * processes would wait for ever. */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	unsetenv("BINNACLE_RUN_ID");
	unsetenv(BN_RUN_MARK);
}

bn_spec *launched_spec(json_t *json)
{
	bn_spec *spec = NULL;
	ck_assert_bn_ok(bn_spec_from_json(&spec, json, "spec", &err), &err);
	json_decref(json);
	return spec;
}

void launched_start(launched_run *l, json_t *json)
{
	if (!l->w.ws)
		launched_make(l);
	bn_launch_options opt = {.program = l->program, .workdir = l->w.dir.path};
	bn_spec *spec = launched_spec(json);
	ck_assert_bn_ok(bn_launch(l->w.ws, spec, &opt, l->id, &err), &err);
	bn_spec_free(spec);
}

void launched_shell(launched_run *l, const char *script, int grace_s, int limit_s)
{
	json_t *json = json_pack("{s[sss] si}", "command", "sh", "-c", script, "grace_s", grace_s);
	if (limit_s)
		json_object_set_new(json, "time_limit_s", json_integer(limit_s));
	launched_start(l, json);
}

int launched_exec(launched_run *l)
{
	const char *argv[] = {l->program, "-C", l->w.dir.path, "exec", l->id, NULL};
	bn_buf out = BN_BUF_INIT;
	int status = 0;
	ck_assert_bn_ok(bn_process_capture(argv, 30000, 4096, &out, &status, &err), &err);
	bn_buf_release(&out);
	return status;
}

bn_run_info *launched_look(launched_run *l)
{
	bn_run_info *r = NULL;
	ck_assert_bn_ok(bn_workspace_refresh(l->w.ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_run_reconcile(l->w.ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_run_get(&r, l->w.ws, l->id, &err), &err);
	return r;
}

bn_run_info *launched_wait_end(launched_run *l)
{
	for (int i = 0; i < TRIES; i++) {
		bn_run_info *r = launched_look(l);
		if (!bn_run_status_is_live(r->status))
			return r;
		bn_run_info_free(r);
		launched_pause_ms(20);
	}
	ck_abort_msg("the run is not over after 30 s");
	return NULL;
}

bn_supervisor launched_supervisor(launched_run *l)
{
	bn_supervisor s = {.child = 0};
	for (int i = 0; i < TRIES && s.child == 0; i++) {
		ck_assert_bn_ok(bn_supervisor_find(&s, l->w.ws, l->id, geteuid(), &err), &err);
		launched_pause_ms(2);
	}
	ck_assert_int_gt(s.child, 1);
	return s;
}

static char *path_of(launched_run *l, const char *name)
{
	char *path = bn_path_join(l->w.dir.path, name);
	ck_assert_ptr_nonnull(path);
	return path;
}

pid_t launched_pid(launched_run *l, const char *name)
{
	char *path = path_of(l, name);
	bn_buf b = BN_BUF_INIT;
	for (int i = 0; i < TRIES; i++) {
		bn_buf_clear(&b);
		if (bn_fs_read_file(&l->w.env.env, path, &b, NULL) == 0 && strchr(b.ptr, '\n'))
			break;
		launched_pause_ms(20);
	}
	pid_t pid = (pid_t)atoi(b.ptr);
	ck_assert_msg(pid > 1, "%s holds no process id", name);
	bn_buf_release(&b);
	bn_free(path);
	return pid;
}

bool launched_has_file(launched_run *l, const char *name)
{
	char *path = path_of(l, name);
	bool has = bn_fs_exists(&l->w.env.env, path);
	bn_free(path);
	return has;
}

bool launched_wait_file(launched_run *l, const char *name)
{
	for (int i = 0; i < TRIES; i++) {
		if (launched_has_file(l, name))
			return true;
		launched_pause_ms(20);
	}
	return false;
}

void launched_write_file(launched_run *l, const char *name)
{
	char *path = path_of(l, name);
	ck_assert_bn_ok(bn_fs_write_file(&l->w.env.env, path, "", 0, 0644, &err), &err);
	bn_free(path);
}

char *launched_log(launched_run *l)
{
	bn_buf log = BN_BUF_INIT;
	char *path = bn_workspace_path(l->w.ws, "runs/%s/" BN_RUN_LOG_FILE, l->id);
	ck_assert_bn_ok(bn_fs_read_file(&l->w.env.env, path, &log, &err), &err);
	bn_free(path);
	return bn_buf_take(&log, NULL);
}

void launched_pause_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

bool launched_wait_dead(pid_t pid)
{
	for (int i = 0; i < 500; i++) {
		if (!bn_process_is_alive(pid, 0))
			return true;
		launched_pause_ms(20);
	}
	return false;
}

void launched_wait_child(pid_t pid, int limit_s, const char *what)
{
	int status;
	ck_assert_int_gt(pid, 0);
	for (int i = 0; i < limit_s * 50; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return;
		launched_pause_ms(20);
	}
	kill(pid, SIGKILL);
	ck_abort_msg("%s: it is there after %d s", what, limit_s);
}

/* The remaining processes are named in the message, as they are gone when it is read. */
int launched_wait_none(launched_run *l)
{
	int n = 0;
	for (int i = 0; i < 500; i++) {
		n = bn_process_marked_signal((bn_process_mark){BN_RUN_MARK, l->id}, 0, 0);
		if (n == 0)
			return 0;
		launched_pause_ms(20);
	}
	char look[256];
	snprintf(look, sizeof look,
		"for p in $(grep -ls 'BINNACLE_RUN.*%s' /proc/[0-9]*/environ); do cat "
		"\"${p%%/*}/stat\"; done",
		l->id);
	if (system(look) != 0)
		printf("(what is left cannot be shown)\n");
	return n;
}

void launched_end(launched_run *l, bn_run_info *r)
{
	bn_run_info_free(r);
	track_remove(&l->w);
	memset(l, 0, sizeof *l);
}
