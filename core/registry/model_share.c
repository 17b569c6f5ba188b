/* model_share.c - see model_share.h. */
#include "core/registry/model_share.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/data/dataset.h"

#include <string.h>

typedef struct shared {
	bn_share_bundle *items;
	size_t count, cap;
	bn_arena arena; /* their texts */
} shared;

/* 0, or why its data keeps it here. Data that is not known here keeps nothing. */
static int may_leave(bn_workspace *ws, const bn_version *v, const bn_remote_store *s,
	const bn_share_options *o, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < json_array_size(v->data) && rc >= 0; i++) {
		const json_t *d = json_array_get(v->data, i);
		bn_dataset_version *data = NULL;
		bn_err why = BN_ERR_INIT;
		char *ref = bn_strf("%s@sha256:%s", bn_json_str(d, "name", ""), bn_json_str(d, "digest", ""));
		if (!ref)
			return bn_err_nomem(err, "a name");
		if (bn_dataset_resolve(&data, ws, ref, BN_DATASET_REMOVED_TOO, NULL) >= 0 &&
			(rc = bn_share_may_leave(ws, data, s, o, &why)) < 0) {
			bn_err_prefix(&why, "%s/%lld was trained on it", v->name, (long long)v->version);
			bn_err_move(err, &why);
		}
		bn_dataset_version_free(data);
		bn_free(ref);
	}
	return rc;
}

static char *description(shared *to, bn_workspace *ws, const bn_version *v)
{
	bn_buf text = BN_BUF_INIT;
	json_t *o = json_pack("{s:i, s:s, s:I, s:s, s:s, s:s, s:s, s:s*, s:s*, s:I}", "format", 1, "name",
		v->name, "version", (json_int_t)v->version, "manifest", v->manifest, "digest", v->digest,
		"uuid", v->uuid, "workspace", bn_workspace_id(ws), "run", v->run_id, "trainer", v->trainer,
		"registered_ms", (json_int_t)v->registered_ms);
	char *copy = o && bn_json_canonical(o, &text, NULL) >= 0 ? bn_arena_strdup(&to->arena, text.ptr) : NULL;
	json_decref(o);
	bn_buf_release(&text);
	return copy;
}

static int add(shared *to, bn_workspace *ws, const bn_version *v, const bn_remote_store *s,
	const bn_share_options *o, bool asks, bn_err *err)
{
	bn_share_bundle b = {.version = v->version, .created_ms = v->registered_ms};
	int rc = 0;
	if (v->is_external || v->key < 0)
		return 0;
	if (asks && (rc = may_leave(ws, v, s, o, o->ref_count ? err : NULL)) < 0 && o->ref_count)
		return rc;
	b.left_out = rc < 0;
	b.name = bn_arena_strdup(&to->arena, v->name);
	b.manifest = bn_arena_strdup(&to->arena, v->manifest);
	b.description = description(to, ws, v);
	if (!b.name || !b.manifest || !b.description ||
		bn_grow(&to->items, &to->cap, to->count + 1, sizeof *to->items))
		return bn_err_nomem(err, "models");
	to->items[to->count++] = b;
	return 0;
}

static int add_named(shared *to, bn_workspace *ws, const char *spec, const bn_remote_store *s,
	const bn_share_options *o, bool asks, bn_err *err)
{
	bn_version *v = NULL;
	int rc = bn_version_get(&v, ws, spec, err);
	if (rc < 0)
		return rc;
	if (v->is_external)
		rc = bn_err_set(err, BN_EREFUSED, "the files of %s/%lld are elsewhere: %s", v->name,
			(long long)v->version, v->source ? v->source : "?");
	else
		rc = add(to, ws, v, s, o, asks, err);
	bn_version_free(v);
	return rc;
}

static int add_all(shared *to, bn_workspace *ws, const bn_remote_store *s, const bn_share_options *o,
	bool asks, bn_err *err)
{
	bn_version_page *page = NULL;
	int rc = bn_version_list(&page, ws, NULL, false, err);
	for (size_t i = 0; rc >= 0 && i < page->count; i++)
		rc = add(to, ws, &page->items[i], s, o, asks, err);
	bn_version_page_free(page);
	return rc;
}

int bn_model_share(bn_share_report *out, bn_workspace *ws, bn_remote_store *s,
	bn_model_share_action *action, const bn_share_options *o, bn_err *err)
{
	shared list = {.arena = BN_ARENA_INIT};
	bool asks = action != bn_share_bundle_fetch;
	int rc = bn_workspace_refresh(ws, NULL, err);
	*out = (bn_share_report){.versions = NULL};
	for (size_t i = 0; i < o->ref_count && rc >= 0; i++)
		rc = add_named(&list, ws, o->refs[i], s, o, asks && action == bn_share_bundle_push, err);
	if (rc >= 0 && !o->ref_count)
		rc = add_all(&list, ws, s, o, asks, err);
	if (rc >= 0)
		rc = action(out, ws, s, list.items, list.count, o, err);
	bn_free(list.items);
	bn_arena_release(&list.arena);
	return rc;
}
