/* webhook_target.c - where webhooks send to, and their secrets: a file each, of this user alone (webhook.h). */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/secret_file.h"
#include "core/base/str.h"
#include "core/registry/webhook.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The directory of a workspace's; *path, that of one, if not NULL. Both are the caller's. */
static int place(char **dir, char **path, const bn_env *env, const char *workspace_id,
	const char *id, bn_err *err)
{
	char *state = NULL;
	int rc = bn_env_state_dir(&state, env, err);
	if (rc < 0)
		return rc;
	*dir = bn_strf("%s/webhooks/%s", state, workspace_id);
	*path = bn_strf("%s/webhooks/%s/%s", state, workspace_id, id);
	bn_free(state);
	return *dir && *path ? 0 : bn_err_nomem(err, "a path");
}

/* An id is a part of a path: a UUID, as this program makes them. */
static int check_id(const char *id, bn_err *err)
{
	size_t n = strspn(id, "0123456789abcdef-");
	if (!id[n] && n == BN_UUID_TEXT - 1)
		return 0;
	return bn_err_set(err, BN_ENOTFOUND, "no webhook '%.60s'", id);
}

int bn_webhook_target_write(const bn_env *env, const char *workspace_id, const char *id,
	const bn_webhook_target *t, bn_err *err)
{
	char *dir = NULL, *path = NULL, *text = NULL;
	json_t *o = json_pack("{s:s, s:s*}", "url", t->url, "secret", t->secret);
	int rc = check_id(id, err);
	if (rc < 0)
		goto out;
	if (!o || !(text = json_dumps(o, JSON_COMPACT))) {
		rc = bn_err_nomem(err, "a webhook");
		goto out;
	}
	if ((rc = place(&dir, &path, env, workspace_id, id, err)) < 0 ||
		(rc = bn_fs_make_dirs(env, dir, 0700, err)) < 0)
		goto out;
	rc = bn_fs_write_file(env, path, text, strlen(text), 0600, err);
out:
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
	json_decref(o);
	bn_free(dir);
	bn_free(path);
	return rc;
}

static int parse(bn_webhook_target *out, const char *text, const char *path, bn_err *err)
{
	json_t *o = NULL;
	int rc = bn_json_parse(&o, text, strlen(text), path, err);
	if (rc < 0)
		return rc;
	const char *url = bn_json_str(o, "url", NULL), *secret = bn_json_str(o, "secret", NULL);
	if (!url)
		rc = bn_err_set(err, BN_ECORRUPT, "%s: no url", path);
	else if (!(out->url = bn_strdup(url)) || (secret && !(out->secret = bn_strdup(secret))))
		rc = bn_err_nomem(err, "a webhook");
	json_decref(o);
	return rc;
}

int bn_webhook_target_read(bn_webhook_target *out, const bn_env *env, const char *workspace_id,
	const char *id, bn_err *err)
{
	char *dir = NULL, *path = NULL, *text = NULL;
	int rc = check_id(id, err);
	*out = (bn_webhook_target){NULL, NULL};
	if (rc < 0)
		return rc;
	if ((rc = place(&dir, &path, env, workspace_id, id, err)) < 0 ||
		(rc = bn_secret_file_read(&text, env, path, "webhook", err)) < 0)
		goto out;
	rc = parse(out, text, path, err);
out:
	bn_secret_free(text);
	bn_free(dir);
	bn_free(path);
	return rc;
}

int bn_webhook_target_remove(
	const bn_env *env, const char *workspace_id, const char *id, bn_err *err)
{
	char *dir = NULL, *path = NULL;
	int rc = check_id(id, err);
	if (rc >= 0 && (rc = place(&dir, &path, env, workspace_id, id, err)) >= 0)
		rc = bn_fs_remove_tree(env, path, err);
	bn_free(dir);
	bn_free(path);
	return rc;
}

void bn_webhook_target_release(bn_webhook_target *t)
{
	bn_secret_free(t->url);
	bn_secret_free(t->secret);
	*t = (bn_webhook_target){NULL, NULL};
}
