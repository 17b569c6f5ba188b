/* queue_limits.c - see queue_limits.h. */
#include "core/launch/queue_limits.h"

#include "core/base/json.h"
#include "core/launch/_child.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

static const struct {
	const char *name;
	int which;
} limits[] = {{"AS", RLIMIT_AS}, {"CORE", RLIMIT_CORE}, {"CPU", RLIMIT_CPU}, {"DATA", RLIMIT_DATA},
	{"FSIZE", RLIMIT_FSIZE}, {"MEMLOCK", RLIMIT_MEMLOCK}, {"NOFILE", RLIMIT_NOFILE},
	{"NPROC", RLIMIT_NPROC}, {"RTPRIO", RLIMIT_RTPRIO}, {"STACK", RLIMIT_STACK}};

#define LIMITS (sizeof limits / sizeof *limits)

/* ---- saving --------------------------------------------------------------------------------- */

static json_t *amount(rlim_t value)
{
	return value == RLIM_INFINITY ? json_null() : json_integer((json_int_t)value);
}

/* umask(2) can only be read by setting it, which is unsafe with other threads. -1: unknown. */
static int read_umask(const bn_env *env)
{
	bn_buf text = BN_BUF_INIT;
	unsigned mask;
	int found = -1;
	const char *at = bn_fs_read_file(env, "/proc/self/status", &text, NULL) == 0
				 ? strstr(text.ptr, "\nUmask:")
				 : NULL;
	if (at && sscanf(at, "\nUmask: %o", &mask) == 1)
		found = (int)mask;
	bn_buf_release(&text);
	return found;
}

static json_t *describe(const bn_env *env, const char *id)
{
	json_t *all = json_object(), *o = json_pack("{ss so*}", "run", id, "limits", all);
	int mask = read_umask(env), nice;
	for (size_t i = 0; o && i < LIMITS; i++) {
		struct rlimit l;
		if (getrlimit((__rlimit_resource_t)limits[i].which, &l) == 0)
			json_object_set_new(all, limits[i].name,
				json_pack("[oo]", amount(l.rlim_cur), amount(l.rlim_max)));
	}
	if (o && mask >= 0)
		json_object_set_new(o, "umask", json_integer(mask));
	errno = 0;
	nice = getpriority(PRIO_PROCESS, 0);
	if (o && errno == 0)
		json_object_set_new(o, "nice", json_integer(nice));
	return o;
}

int bn_queue_limits_save(const bn_dir *run_dir, const char *id, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	json_t *o = describe(run_dir->env, id);
	int rc = o ? bn_json_canonical(o, &text, err) : bn_err_nomem(err, "limits");
	if (rc < 0)
		goto out;
	rc = bn_dir_write_file(run_dir, BN_QUEUE_LIMITS, text.ptr, text.len, 0600, err);
out:
	bn_buf_release(&text);
	json_decref(o);
	return rc;
}

/* ---- giving --------------------------------------------------------------------------------- */

static rlim_t read_amount(const json_t *value)
{
	return json_is_integer(value) ? (rlim_t)json_integer_value(value) : RLIM_INFINITY;
}

static void give_limit(const char *name, int which, const json_t *pair)
{
	char line[160];
	struct rlimit now;
	if (json_array_size(pair) != 2 || getrlimit((__rlimit_resource_t)which, &now) != 0)
		return;
	rlim_t soft = read_amount(json_array_get(pair, 0));
	rlim_t hard = read_amount(json_array_get(pair, 1));
	/* RLIM_INFINITY is the largest number. */
	struct rlimit want = {soft < now.rlim_max ? soft : now.rlim_max,
		hard < now.rlim_max ? hard : now.rlim_max};
	if (setrlimit((__rlimit_resource_t)which, &want) == 0 && want.rlim_cur == soft)
		return;
	snprintf(line, sizeof line,
		"binnacle: limit %s is lower than when the run was queued (ulimit of whoever "
		"started the queue)",
		name);
	bn_child_log(line);
}

static void give_nice(const json_t *value)
{
	errno = 0;
	int now = getpriority(PRIO_PROCESS, 0), want = (int)json_integer_value(value);
	if (errno != 0 || want == now)
		return;
	if (want < now || setpriority(PRIO_PROCESS, 0, want) != 0)
		bn_child_log("binnacle: the run is nicer than when it was queued: its runner is");
}

static int check_run(const json_t *o, const bn_dir *run_dir, const char *id, bn_err *err)
{
	const char *run = bn_json_str(o, "run", id);
	if (!strcmp(run, id))
		return 0;
	bn_err_set(err, BN_EREFUSED,
		"'%s' has what run %.8s was queued with, environment and limits: they are not used",
		run_dir->path, run);
	bn_err_hint(err, "has somebody exchanged the directories of runs?");
	return BN_EREFUSED;
}

int bn_queue_limits_restore(const bn_dir *run_dir, const char *id, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	bn_err why = BN_ERR_INIT;
	json_t *o = NULL;
	int rc = bn_dir_read_file(run_dir, BN_QUEUE_LIMITS, &text, &why);
	if (rc == BN_ENOTFOUND) {
		rc = 0;
		goto out;
	}
	if (rc < 0 || (rc = bn_json_parse(&o, text.ptr, text.len, BN_QUEUE_LIMITS, &why)) < 0) {
		bn_err_move(err, &why);
		goto out;
	}
	if ((rc = check_run(o, run_dir, id, err)) < 0)
		goto out;
	const json_t *mask = json_object_get(o, "umask"), *nice = json_object_get(o, "nice");
	for (size_t i = 0; i < LIMITS; i++)
		give_limit(limits[i].name, limits[i].which,
			json_object_get(json_object_get(o, "limits"), limits[i].name));
	if (json_is_integer(mask))
		umask((mode_t)json_integer_value(mask) & 0777);
	if (json_is_integer(nice))
		give_nice(nice);
out:
	json_decref(o);
	bn_buf_release(&text);
	bn_err_clear(&why);
	return rc;
}
