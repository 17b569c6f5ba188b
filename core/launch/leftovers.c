/* leftovers.c - see _leftovers.h. */
#include "core/launch/_leftovers.h"

#include "core/base/dir.h"
#include "core/base/json.h"
#include "core/base/json_tokens.h"
#include "core/base/mem.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define METRICS_FILE "metrics.json"
#define METRICS_BYTES_MAX (16 << 20)
#define ARTIFACTS_DIR "artifacts"

/* Metrics of a file, and why the first rejected entry was left out. */
typedef struct found {
	bn_metric_set *set;
	int64_t now_ms;
	bn_err why;
	size_t left_out;
} found;

/* False: the entry is left out, and counted. */
static bool may_be_metric(found *f, const char *name, const json_t *value)
{
	const char *beyond = bn_json_beyond_of(value);
	bn_err one = BN_ERR_INIT;
	if (beyond)
		bn_err_set(&one, BN_EINVAL,
			"metric '%.60s': %.40s is beyond the largest number, 1.8e308", name,
			beyond);
	else if (bn_run_key_check("metric", name, &one) == 0)
		return true;
	f->left_out++;
	bn_err_move(&f->why, &one);
	return false;
}

/* Numbers of an object, and of objects one level down. Other values are skipped. */
static int add_numbers(found *f, const json_t *object, const char *prefix)
{
	const char *key;
	json_t *value;
	double number = 0;
	char name[BN_RUN_KEY_MAX + 2];
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		bool is_number = bn_json_number_of(value, &number);
		int rc = 0;
		snprintf(name, sizeof name, "%s%s%s", prefix, prefix[0] ? "_" : "", key);
		if (json_is_object(value) && !prefix[0])
			rc = add_numbers(f, value, key);
		else if ((is_number || bn_json_beyond_of(value)) && may_be_metric(f, name, value))
			rc = bn_metric_set_add(f->set, name, 0, f->now_ms, number);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* A warning about the entries that were left out; the others are kept. */
static int say_left_out(found *f, const char *path, bn_err *err)
{
	if (!f->left_out)
		return 0;
	if (f->left_out > 1)
		bn_err_prefix(
			&f->why, "%s: %zu numbers are left out, the first", path, f->left_out);
	else
		bn_err_prefix(&f->why, "%s: left out", path);
	return bn_err_move(err, &f->why);
}

/* A file of metrics as JSON; *out stays NULL if there is none that counts. */
static int parse_metrics(
	json_t **out, const bn_env *env, int fd, const char *path, int64_t since_ms, bn_err *err)
{
	struct stat st;
	bn_buf b = BN_BUF_INIT;
	size_t got;
	int rc = 0;
	if (env->fs->fstat(env, fd, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	int64_t written = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	if (written + 10 <
		since_ms) /* a kernel tick of slack: file times come from a coarse clock */
		return 0;
	if (st.st_uid != env->uid(env))
		return bn_err_set(err, BN_EREFUSED, "%s belongs to another user", path);
	if (st.st_size > METRICS_BYTES_MAX)
		return bn_err_set(err, BN_EINVAL, "%s: over %d bytes", path, METRICS_BYTES_MAX);
	if (bn_buf_reserve(&b, (size_t)st.st_size + 1))
		return bn_err_nomem(err, path);
	if ((rc = bn_fs_read_at(env, fd, b.ptr, (size_t)st.st_size, 0, &got, path, err)) < 0)
		goto out;
	if ((rc = bn_json_parse_numbers(out, b.ptr, got, path, err)) < 0)
		goto out;
	if (!json_is_object(*out))
		rc = bn_err_set(err, BN_EINVAL, "%s: not an object of numbers", path);
out:
	bn_buf_release(&b);
	return rc;
}

static int read_metrics(bn_metric_set *set, const bn_env *env, int fd, const char *path,
	int64_t since_ms, bn_err *err)
{
	found f = {.set = set, .now_ms = bn_env_now_ms(env), .why = BN_ERR_INIT};
	json_t *o = NULL;
	int rc = parse_metrics(&o, env, fd, path, since_ms, err);
	if (rc < 0)
		goto out;
	if (o && add_numbers(&f, o, "") != 0)
		rc = bn_err_nomem(err, "metrics");
	else
		rc = say_left_out(&f, path, err);
out:
	json_decref(o);
	env->fs->close(env, fd);
	return rc;
}

/* The run's own metrics.json, else the one in the command's working directory. */
static int store_metrics(bn_metric_set *set, const bn_env *env, const bn_spec *spec,
	const bn_dir *run_dir, int64_t since_ms, bn_err *err)
{
	const char *workdir = spec->workdir;
	bn_path_kind own;
	int fd = -1, rc = bn_dir_look(&own, run_dir, METRICS_FILE, err);
	if (rc < 0)
		return rc;
	if (own != BN_PATH_ABSENT) {
		if ((rc = bn_dir_open_file(&fd, run_dir, METRICS_FILE, O_RDONLY, 0, err)) < 0)
			return rc;
		char *path = bn_dir_join(run_dir, METRICS_FILE);
		rc = read_metrics(set, env, fd, path ? path : METRICS_FILE, 0, err);
		bn_free(path);
		return rc;
	}
	char *theirs = workdir ? bn_path_join(workdir, METRICS_FILE) : NULL;
	if (workdir && !theirs)
		return bn_err_nomem(err, "a path");
	if (theirs)
		fd = env->fs->open(env, NULL, theirs, O_RDONLY | O_NONBLOCK | O_NOFOLLOW, 0);
	if (fd >= 0)
		rc = read_metrics(set, env, fd, theirs, since_ms, err);
	bn_free(theirs);
	return rc;
}

/* Selects the error to report among several: a disk error before an unacceptable file. */
void bn_leftovers_keep(bn_err *kept, bn_err *one)
{
	bool is_lost = one->code == BN_EIO || one->code == BN_ENOMEM;
	if (one->code == 0)
		return;
	if (is_lost && kept->code != BN_EIO && kept->code != BN_ENOMEM)
		bn_err_clear(kept);
	bn_err_move(kept, one);
}

/* Each separately, so that one failure does not affect the others. */
static int store_artifacts(bn_workspace *ws, const char *id, const bn_dir *run_dir,
	const bn_progress *progress, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	bn_dir *files = NULL;
	bn_err why = BN_ERR_INIT, one = BN_ERR_INIT;
	int rc = bn_dir_open_below(&files, run_dir, ARTIFACTS_DIR, &why);
	if (rc == BN_ENOTFOUND) {
		bn_err_clear(&why);
		goto out;
	}
	if (rc < 0 || (rc = bn_dir_list(files, NULL, &names, &why)) < 0)
		goto out;
	for (size_t i = 0; i < names.count && rc != BN_EINTR; i++) {
		rc = bn_runlog_artifact_below(
			ws, id, files, names.items[i], names.items[i], progress, &one);
		bn_leftovers_keep(&why, &one);
	}
out:
	bn_dir_close(files);
	bn_names_release(&names);
	return why.code ? bn_err_move(err, &why) : 0;
}

int bn_leftovers_store(bn_workspace *ws, const char *id, const bn_spec *spec, const bn_dir *run_dir,
	int64_t since_ms, int64_t attempt_ms, bn_metric_set *metrics, const bn_progress *progress,
	bn_err *err)
{
	if (!bn_spec_is_command(spec))
		return 0;
	bn_err why = BN_ERR_INIT, one = BN_ERR_INIT;
	store_artifacts(ws, id, run_dir, progress, &why);
	bn_outputs_store(ws, id, spec, since_ms, progress, &one);
	bn_leftovers_keep(&why, &one);
	store_metrics(metrics, bn_workspace_env(ws), spec, run_dir, attempt_ms, &one);
	bn_leftovers_keep(&why, &one);
	return why.code ? bn_err_move(err, &why) : 0;
}

void bn_leftovers_forget(const bn_dir *run_dir)
{
	bn_dir_unlink(run_dir, METRICS_FILE, NULL);
}
