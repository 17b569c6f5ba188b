/* kept.c - see kept.h. One JSON file for each remote. */
#include "core/share/kept.h"

#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/share/_share.h"
#include "core/store/index/place.h"

#include <string.h>

#define NUMBERS(X) \
	X(version) \
	X(number) \
	X(rows) X(created_ms) X(objects) X(bytes) X(here) X(here_bytes) X(there) X(there_bytes) \
		X(to_push) X(to_push_bytes) X(to_fetch) X(to_fetch_bytes) X(nowhere) X(asked_ms)
#define FLAGS(X) X(is_private) X(is_open) X(recorded) X(left_out)

static int path_of(char **out, bn_workspace *ws, const char *remote, bn_err *err)
{
	char *dir = NULL;
	int rc = bn_index_place_files(&dir, bn_workspace_env(ws), bn_workspace_root(ws),
		bn_workspace_id(ws), "remotes", err);
	if (rc < 0)
		return rc;
	*out = bn_strf("%s/%s.json", dir, remote);
	bn_free(dir);
	return *out ? 0 : bn_err_nomem(err, "a file name");
}

static json_t *version_json(const bn_share_version *v)
{
	json_t *o = json_pack("{s:s, s:s}", "name", v->name, "hash", v->hash);
#define X(field) json_object_set_new(o, #field, json_integer((json_int_t)v->field));
	NUMBERS(X)
#undef X
#define X(field) json_object_set_new(o, #field, json_boolean(v->field));
	FLAGS(X)
#undef X
	return o;
}

static int read_version(bn_share_report *out, const json_t *o, bn_err *err)
{
	const char *name = bn_json_str(o, "name", ""), *hash = bn_json_str(o, "hash", "");
	if (!*name || strlen(hash) != BN_SHA256_HEX)
		return 0;
	bn_share_version *v = bn_share_report_add(out, name, err);
	if (!v)
		return BN_ENOMEM;
	memcpy(v->hash, hash, sizeof v->hash);
#define X(field) v->field = (__typeof__(v->field))bn_json_int(o, #field, 0);
	NUMBERS(X)
#undef X
#define X(field) v->field = bn_json_bool(o, #field, false);
	FLAGS(X)
#undef X
	if (!out->asked_ms || v->asked_ms < out->asked_ms)
		out->asked_ms = v->asked_ms;
	return 0;
}

int bn_share_kept_load(bn_share_report *out, bn_workspace *ws, const char *remote, bn_err *err)
{
	char *path = NULL;
	json_t *list = NULL;
	bn_err why = BN_ERR_INIT;
	*out = (bn_share_report){.versions = NULL};
	int rc = path_of(&path, ws, remote, err);
	if (rc < 0)
		return rc;
	/* A file that is damaged is as none: it can be made again. */
	if (bn_json_load(&list, bn_workspace_env(ws), path, &why) < 0)
		goto out;
	for (size_t i = 0; i < json_array_size(list) && rc >= 0; i++)
		rc = read_version(out, json_array_get(list, i), err);
out:
	json_decref(list);
	bn_free(path);
	return rc;
}

static bool is_in(const bn_share_report *r, const bn_share_version *v)
{
	for (size_t i = 0; i < r->count; i++)
		if (!strcmp(r->versions[i].hash, v->hash) && !strcmp(r->versions[i].name, v->name))
			return true;
	return false;
}

int bn_share_kept_save(bn_workspace *ws, const char *remote, const bn_share_report *r, bn_err *err)
{
	bn_share_report before = {.versions = NULL};
	char *path = NULL;
	bn_buf text = BN_BUF_INIT;
	json_t *list = json_array();
	int rc =
		list ? bn_share_kept_load(&before, ws, remote, err) : bn_err_nomem(err, "a report");
	if (rc < 0 || (rc = path_of(&path, ws, remote, err)) < 0)
		goto out;
	for (size_t i = 0; i < r->count; i++) {
		bn_share_version v = r->versions[i];
		v.asked_ms = r->asked_ms;
		json_array_append_new(list, version_json(&v));
	}
	for (size_t i = 0; i < before.count; i++)
		if (!is_in(r, &before.versions[i]))
			json_array_append_new(list, version_json(&before.versions[i]));
	if ((rc = bn_json_canonical(list, &text, err)) < 0)
		goto out;
	rc = bn_fs_write_file(bn_workspace_env(ws), path, text.ptr, text.len, 0600, err);
out:
	bn_share_report_release(&before);
	json_decref(list);
	bn_free(path);
	bn_buf_release(&text);
	return rc;
}
