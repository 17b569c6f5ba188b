/* objects.c - what a version consists of, and which of it is here and there: see _share.h. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/share/_share.h"
#include "core/store/object/manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bn_share_objects_release(bn_share_objects *l)
{
	bn_free(l->items);
	*l = (bn_share_objects)BN_SHARE_OBJECTS_INIT;
}

const char *bn_share_object_key(char key[BN_SHARE_KEY], const char *hash)
{
	snprintf(key, BN_SHARE_KEY, "objects/%.2s/%.62s", hash, hash + 2);
	return key;
}

int bn_share_objects_add(bn_share_objects *l, const char *hash, bn_share_level level,
	uint64_t bytes, bool is_private, bn_err *err)
{
	if (!hash || strlen(hash) != BN_SHA256_HEX || !bn_is_hex(hash))
		return bn_err_set(
			err, BN_ECORRUPT, "a manifest names an object by what is no SHA-256");
	if (bn_grow(&l->items, &l->cap, l->count + 1, sizeof *l->items))
		return bn_err_nomem(err, "objects");
	bn_share_object *o = &l->items[l->count++];
	*o = (bn_share_object){.level = level,
		.is_private = is_private,
		.bytes = bytes,
		.there = BN_REMOTE_MISSING};
	memcpy(o->hash, hash, sizeof o->hash);
	return 0;
}

static int by_hash(const void *a, const void *b)
{
	const bn_share_object *x = a, *y = b;
	return strcmp(x->hash, y->hash);
}

void bn_share_objects_settle(bn_share_objects *l)
{
	size_t n = 0;
	if (l->count)
		qsort(l->items, l->count, sizeof *l->items, by_hash);
	for (size_t i = 0; i < l->count; i++) {
		if (!n || strcmp(l->items[n - 1].hash, l->items[i].hash) != 0) {
			l->items[n++] = l->items[i];
			continue;
		}
		bn_share_object *kept = &l->items[n - 1];
		if (l->items[i].level > kept->level)
			kept->level = l->items[i].level;
		kept->is_private &= l->items[i].is_private; /* of a shared version too */
		if (kept->bytes == UINT64_MAX)
			kept->bytes = l->items[i].bytes;
	}
	l->count = n;
}

bn_share_object *bn_share_objects_find(const bn_share_objects *l, const char *hash)
{
	bn_share_object wanted;
	snprintf(wanted.hash, sizeof wanted.hash, "%.64s", hash);
	return l->count ? bsearch(&wanted, l->items, l->count, sizeof *l->items, by_hash) : NULL;
}

int bn_share_objects_look(bn_share_objects *l, bn_workspace *ws, bn_err *err)
{
	bn_object_store *objects = NULL;
	int rc = bn_workspace_objects(&objects, ws, err);
	for (size_t i = 0; i < l->count && rc >= 0; i++) {
		bn_object_info info;
		bn_err why = BN_ERR_INIT;
		int found = bn_object_head(objects, l->items[i].hash, &info, &why);
		l->items[i].is_here = found >= 0;
		if (found >= 0)
			l->items[i].bytes = info.bytes;
		else if (found != BN_ENOTFOUND)
			rc = bn_err_move(err, &why);
	}
	return rc;
}

int bn_share_objects_ask(
	bn_share_objects *l, bn_remote_store *s, const bn_share_options *o, bn_err *err)
{
	char(*keys)[BN_SHARE_KEY] = bn_alloc_zeroed(l->count + 1, sizeof *keys);
	const char **list = bn_alloc_zeroed(l->count + 1, sizeof *list);
	uint64_t *sizes = bn_alloc_zeroed(l->count + 1, sizeof *sizes);
	int rc = keys && list && sizes ? 0 : bn_err_nomem(err, "objects");
	if (rc < 0)
		goto out;
	for (size_t i = 0; i < l->count; i++)
		list[i] = bn_share_object_key(keys[i], l->items[i].hash);
	if ((rc = bn_remote_sizes(
		     sizes, s, "objects/", list, l->count, o->at_once, o->progress, err)) < 0)
		goto out;
	for (size_t i = 0; i < l->count; i++)
		l->items[i].there = sizes[i];
out:
	bn_free(keys);
	bn_free(list);
	bn_free(sizes);
	return rc;
}

/* ---- manifests ------------------------------------------------------------------------------ */

/* 1: it is a JSON object, in *out; 0: something else (the Arrow file of the first format). */
static int load_manifest(json_t **out, bn_workspace *ws, const char *hash, bn_err *err)
{
	bool is_one = false;
	int rc = bn_manifest_is_named(&is_one, ws, hash, err);
	if (rc < 0 || !is_one)
		return rc;
	rc = bn_object_load_json(out, ws, hash, err);
	return rc < 0 ? rc : 1;
}

static int add_parts(bn_share_objects *l, const json_t *manifest, bool is_private, bn_err *err)
{
	const json_t *parts = json_object_get(manifest, "parts");
	for (size_t i = 0; i < json_array_size(parts); i++) {
		const json_t *p = json_array_get(parts, i);
		int64_t bytes = bn_json_int(p, "bytes", -1);
		int rc = bn_share_objects_add(l, bn_json_str(p, "hash", NULL), BN_SHARE_BYTES,
			bytes < 0 ? UINT64_MAX : (uint64_t)bytes, is_private, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* The files of a model in the first format. */
static int add_files(bn_share_objects *l, const json_t *manifest, bool is_private, bn_err *err)
{
	const json_t *files = json_object_get(manifest, "files");
	for (size_t i = 0; i < json_array_size(files); i++) {
		const json_t *f = json_array_get(files, i);
		int64_t bytes = bn_json_int(f, "size", -1);
		int rc = bn_share_objects_add(l, bn_json_str(f, "sha256", NULL), BN_SHARE_BYTES,
			bytes < 0 ? UINT64_MAX : (uint64_t)bytes, is_private, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int add_group(bn_share_objects *l, bool *open, bn_workspace *ws, const char *hash,
	bool is_private, bn_err *err)
{
	json_t *group = NULL;
	int rc = bn_share_objects_add(l, hash, BN_SHARE_GROUP, UINT64_MAX, is_private, err);
	if (rc < 0)
		return rc;
	if (!bn_object_is_here(ws, hash)) {
		*open = false;
		return 0;
	}
	if ((rc = load_manifest(&group, ws, hash, err)) > 0)
		rc = add_parts(l, group, is_private, err);
	json_decref(group);
	return rc;
}

int bn_share_objects_of(bn_share_objects *l, bool *open, bn_workspace *ws, const char *hash,
	const char *profile, bool is_private, bn_err *err)
{
	json_t *top = NULL;
	int rc = bn_share_objects_add(l, hash, BN_SHARE_TOP, UINT64_MAX, is_private, err);
	*open = rc >= 0 && bn_object_is_here(ws, hash);
	if (rc >= 0 && profile[0])
		rc = bn_share_objects_add(l, profile, BN_SHARE_BYTES, UINT64_MAX, is_private, err);
	if (rc < 0 || !*open || (rc = load_manifest(&top, ws, hash, err)) <= 0)
		return rc;
	const json_t *groups = json_object_get(top, "groups");
	if ((rc = add_parts(l, top, is_private, err)) >= 0)
		rc = add_files(l, top, is_private, err);
	for (size_t i = 0; i < json_array_size(groups) && rc >= 0; i++)
		rc = add_group(l, open, ws,
			bn_json_str(json_array_get(groups, i), "manifest", NULL), is_private, err);
	json_decref(top);
	return rc;
}
