/* leftovers.c - see _leftovers.h. */
#include "core/train/_leftovers.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/train/spec.h"

#include <stdio.h>
#include <string.h>

/* Numbers of an object, and of objects one level down. Others are passed over. */
static int add_numbers(bn_metric_set *set, const json_t *object, const char *prefix, int64_t now_ms)
{
	const char *key;
	json_t *value;
	char name[BN_RUN_KEY_MAX + 2];
	int rc = 0;
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		snprintf(name, sizeof name, "%s%s%s", prefix, prefix[0] ? "_" : "", key);
		if (json_is_object(value) && !prefix[0])
			rc = rc ? rc : add_numbers(set, value, key, now_ms);
		else if (json_is_number(value) && bn_run_key_check("metric", name, NULL) == 0)
			rc = rc ? rc
				: bn_metric_set_add(set, name, 0, now_ms, json_number_value(value));
	}
	return rc;
}

static int read_metrics(
	bn_metric_set *set, bn_workspace *ws, const char *path, int64_t since_ms, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	struct stat st;
	json_t *o = NULL;
	if (env->fs->stat(env, NULL, path, &st) < 0 || !S_ISREG(st.st_mode))
		return 0;
	int64_t written = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
	if (written + 10 <
		since_ms) /* a kernel tick of slack: file times come from a coarse clock */
		return 0;
	int rc = bn_json_load(&o, env, path, err);
	if (rc == 0 && !json_is_object(o))
		rc = bn_err_set(err, BN_EINVAL, "%s: not an object of numbers", path);
	if (rc == 0 && add_numbers(set, o, "", bn_env_now_ms(env)) != 0)
		rc = bn_err_nomem(err, "metrics");
	json_decref(o);
	return rc;
}

int bn_leftovers_store(bn_workspace *ws, const char *id, const json_t *spec, const char *run_dir,
	int64_t since_ms, bn_metric_set *metrics, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	const char *workdir = bn_json_str(spec, "workdir", NULL);
	if (!bn_spec_is_command(spec))
		return 0;
	char *files = bn_path_join(run_dir, "artifacts");
	char *own = bn_path_join(run_dir, "metrics.json");
	char *theirs = bn_path_join(workdir ? workdir : run_dir, "metrics.json");
	int rc = files && own && theirs ? 0 : bn_err_nomem(err, "a path");
	bn_names names = BN_NAMES_INIT;
	if (rc == 0 && bn_fs_is_dir(env, files))
		rc = bn_fs_list_dir(env, files, &names, err);
	for (size_t i = 0; i < names.count && rc == 0; i++) {
		char *src = bn_path_join(files, names.items[i]);
		rc = src ? bn_runlog_artifact(ws, id, src, NULL, err) : bn_err_nomem(err, "a path");
		bn_free(src);
	}
	if (rc == 0)
		rc = bn_fs_exists(env, own) ? read_metrics(metrics, ws, own, 0, err)
					    : read_metrics(metrics, ws, theirs, since_ms, err);
	bn_names_release(&names);
	bn_free(files);
	bn_free(own);
	bn_free(theirs);
	return rc;
}
