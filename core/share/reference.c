/* reference.c - a version as a remote describes it: see _share.h and transfer.h. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/json_bytes.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/share/_share.h"

#include <stdio.h>
#include <string.h>

#define REF_BYTES ((size_t)4 << 20)
enum { INDEX_MOST = 100000 };

void bn_share_refs_release(bn_share_refs *l)
{
	for (size_t i = 0; i < l->count; i++)
		bn_free(l->items[i].name);
	bn_free(l->items);
	*l = (bn_share_refs)BN_SHARE_REFS_INIT;
}

const bn_share_ref *bn_share_refs_find(const bn_share_refs *l, const char *name, const char *hash)
{
	for (size_t i = 0; i < l->count; i++)
		if (!strcmp(l->items[i].hash, hash) && !strcmp(l->items[i].name, name))
			return &l->items[i];
	return NULL;
}

void bn_share_ref_key(
	char key[BN_SHARE_NAME_KEY], const char *name, int64_t version, const char *hash)
{
	snprintf(key, BN_SHARE_NAME_KEY, "datasets/%.128s/v%lld-%.64s.json", name,
		(long long)version, hash);
}

/* "v3-HASH.json" */
static bool read_file_name(const char *text, int64_t *version, char hash[65])
{
	size_t digits = text[0] == 'v' ? strspn(text + 1, "0123456789") : 0;
	const char *after = text + 1 + digits;
	if (!digits || !bn_parse_i64(text + 1, digits, version) || *version < 1 || *after != '-' ||
		strlen(after) != 1 + BN_SHA256_HEX + 5 || strcmp(after + 65, ".json"))
		return false;
	memcpy(hash, after + 1, BN_SHA256_HEX);
	hash[BN_SHA256_HEX] = '\0';
	return bn_is_hex(hash);
}

static int add_ref(bn_share_refs *l, const char *name, size_t n, const char *file, bn_err *err)
{
	bn_share_ref ref = {NULL, 0, ""};
	if (!read_file_name(file, &ref.version, ref.hash))
		return 0;
	if (!(ref.name = bn_strndup(name, n)) ||
		bn_grow(&l->items, &l->cap, l->count + 1, sizeof *l->items)) {
		bn_free(ref.name);
		return bn_err_nomem(err, "versions of a remote");
	}
	if (!bn_name_is_valid(ref.name)) {
		bn_free(ref.name);
		return 0;
	}
	l->items[l->count++] = ref;
	return 0;
}

static int take_key(void *ctx, const char *key, const bn_remote_info *info, bn_err *err)
{
	const char *name = key + strlen("datasets/"), *slash = strchr(name, '/');
	(void)info;
	if (!slash || strchr(slash + 1, '/'))
		return 0;
	return add_ref(ctx, name, (size_t)(slash - name), slash + 1, err);
}

static int read_index(bn_share_refs *out, bn_remote_store *s, const char *name, bn_err *err)
{
	char key[BN_SHARE_NAME_KEY];
	bn_buf text = BN_BUF_INIT;
	bn_err why = BN_ERR_INIT;
	json_t *o = NULL;
	snprintf(key, sizeof key, "datasets/%.128s/index.json", name);
	int rc = bn_remote_store_load(&text, s, key, (size_t)16 << 20, NULL, &why);
	if (rc == BN_ENOTFOUND) {
		rc = 0;
		goto out;
	}
	if (rc < 0 || (rc = bn_json_parse(&o, text.ptr, text.len, key, &why)) < 0) {
		bn_err_move(err, &why);
		goto out;
	}
	const json_t *list = json_object_get(o, "versions");
	for (size_t i = 0; i < json_array_size(list) && i < INDEX_MOST && rc >= 0; i++) {
		const char *file = json_string_value(json_array_get(list, i));
		rc = file ? add_ref(out, name, strlen(name), file, err) : 0;
	}
out:
	json_decref(o);
	bn_buf_release(&text);
	return rc;
}

int bn_share_refs_load(bn_share_refs *out, bn_remote_store *s, const char *name, bn_err *err)
{
	char prefix[BN_SHARE_NAME_KEY];
	*out = (bn_share_refs)BN_SHARE_REFS_INIT;
	if (name && !bn_name_is_valid(name))
		return bn_err_set(err, BN_EINVAL, "'%.100s' is not the name of a dataset", name);
	if (!bn_remote_store_can_list(s) && name)
		return read_index(out, s, name, err);
	snprintf(prefix, sizeof prefix, name ? "datasets/%.128s/" : "datasets/", name);
	return bn_remote_store_list(s, prefix, take_key, out, err);
}

int bn_share_index_write(bn_remote_store *s, const char *name, bn_err *err)
{
	bn_share_refs refs = BN_SHARE_REFS_INIT;
	bn_buf text = BN_BUF_INIT;
	char key[BN_SHARE_NAME_KEY];
	json_t *list = json_array(), *protection = json_array(), *o = NULL;
	int rc = list && protection ? bn_share_refs_load(&refs, s, name, err)
				    : bn_err_nomem(err, "an index");
	if (rc < 0 || (rc = bn_share_protection_names(protection, s, name, err)) < 0)
		goto out;
	for (size_t i = 0; i < refs.count; i++)
		json_array_append_new(
			list, json_sprintf("v%lld-%s.json", (long long)refs.items[i].version,
				      refs.items[i].hash));
	o = json_pack("{s:i, s:O, s:O}", "format", 1, "versions", list, "protection", protection);
	if (!o || (rc = bn_json_canonical(o, &text, err)) < 0) {
		rc = o ? rc : bn_err_nomem(err, "an index");
		goto out;
	}
	snprintf(key, sizeof key, "datasets/%.128s/index.json", name);
	rc = bn_remote_store_put_bytes(s, key, text.ptr, text.len, BN_REMOTE_REPLACE, NULL, err);
out:
	json_decref(o);
	json_decref(list);
	json_decref(protection);
	bn_buf_release(&text);
	bn_share_refs_release(&refs);
	return rc;
}

/* ---- the description ------------------------------------------------------------------------ */

static json_t *parents_json(const bn_dataset_version *v)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < v->parent_count; i++)
		json_array_append_new(list,
			json_pack("{s:s, s:I, s:s}", "name", v->parents[i].name, "version",
				(json_int_t)v->parents[i].version, "hash", v->parents[i].hash));
	return list;
}

json_t *bn_share_ref_json(bn_workspace *ws, const bn_dataset_version *v)
{
	json_t *recipe = v->recipe ? json_loads(v->recipe, 0, NULL) : NULL;
	json_t *path = v->source_path ? bn_json_lossy(v->source_path, strlen(v->source_path))
				      : json_null();
	json_t *source = json_pack("{s:s, s:o, s:s*, s:I}", "kind",
		v->source_kind ? v->source_kind : "", "path", path, "sha256",
		v->source_sha256[0] ? v->source_sha256 : NULL, "rejected", (json_int_t)v->rejected);
	json_t *o = json_pack("{s:i, s:s, s:I, s:s, s:s, s:s, s:I, s:I, s:I, s:I}", "format", 1,
		"name", v->name, "version", (json_int_t)v->version, "manifest", v->hash, "content",
		v->content, "schema_hash", v->schema_hash, "rows", (json_int_t)v->rows, "columns",
		(json_int_t)v->columns, "size", (json_int_t)v->size_bytes, "created_ms",
		(json_int_t)v->created_ms);
	if (o) {
		json_object_set_new(o, "workspace", json_string(bn_workspace_id(ws)));
		json_object_set_new(o, "source", source);
		json_object_set_new(o, "parents", parents_json(v));
		if (v->profile_hash[0])
			json_object_set_new(o, "profile", json_string(v->profile_hash));
		if (v->user)
			json_object_set_new(o, "user", json_string(v->user));
		if (v->is_private)
			json_object_set_new(o, "private", json_true());
		if (recipe)
			json_object_set(o, "recipe", recipe);
	}
	json_decref(recipe);
	return o;
}

int bn_share_ref_read(json_t **out, bn_remote_store *s, const bn_share_ref *ref, bn_err *err)
{
	char key[BN_SHARE_NAME_KEY];
	bn_buf text = BN_BUF_INIT;
	json_t *o = NULL;
	bn_share_ref_key(key, ref->name, ref->version, ref->hash);
	int rc = bn_remote_store_load(&text, s, key, REF_BYTES, NULL, err);
	if (rc < 0 || (rc = bn_json_parse(&o, text.ptr, text.len, key, err)) < 0)
		goto out;
	const char *profile = bn_json_str(o, "profile", "");
	if (strcmp(bn_json_str(o, "manifest", ""), ref->hash) ||
		strcmp(bn_json_str(o, "name", ""), ref->name) ||
		bn_json_int(o, "version", 0) != ref->version ||
		(*profile && (strlen(profile) != BN_SHA256_HEX || !bn_is_hex(profile)))) {
		rc = bn_err_set(err, BN_ECORRUPT, "%s at %s describes another version", key,
			bn_remote_store_place(s));
		goto out;
	}
	if (bn_json_int(o, "format", 0) != 1) {
		rc = bn_err_set(err, BN_EUNSUPPORTED, "%s at %s was written by a newer binnacle",
			key, bn_remote_store_place(s));
		goto out;
	}
	*out = o;
	o = NULL;
out:
	json_decref(o);
	bn_buf_release(&text);
	return rc;
}
