/* status.c - choosing versions, counting where they are, and status: see transfer.h. */
#include "core/share/transfer.h"

#include "core/base/mem.h"
#include "core/data/protect.h"
#include "core/share/_share.h"

#include <stdio.h>
#include <string.h>

/* ---- reports -------------------------------------------------------------------------------- */

void bn_share_report_release(bn_share_report *r)
{
	for (size_t i = 0; i < r->count; i++)
		bn_free(r->versions[i].name);
	bn_free(r->versions);
	*r = (bn_share_report){.versions = NULL};
}

bn_share_version *bn_share_report_add(bn_share_report *r, const char *name, bn_err *err)
{
	char *copy = bn_strdup(name);
	if (!copy || bn_grow(&r->versions, &r->cap, r->count + 1, sizeof *r->versions)) {
		bn_free(copy);
		bn_err_nomem(err, "a report");
		return NULL;
	}
	bn_share_version *v = &r->versions[r->count++];
	*v = (bn_share_version){.name = copy, .rows = -1};
	return v;
}

int bn_share_report_version(
	bn_share_version **out, bn_share_report *r, const bn_dataset_version *v, bn_err *err)
{
	bn_share_version *to = bn_share_report_add(r, v->name, err);
	if (!to)
		return BN_ENOMEM;
	to->version = v->version;
	to->rows = v->rows;
	to->created_ms = v->created_ms;
	to->is_private = v->is_private;
	memcpy(to->hash, v->hash, sizeof to->hash);
	*out = to;
	return 0;
}

const char *bn_share_state(const bn_share_version *v)
{
	bool here = v->is_open && v->here == v->objects;
	bool there = v->there == v->objects && (v->is_open || !v->version);
	if (v->nowhere)
		return "lost";
	if (here && there)
		return v->recorded ? "both" : "part";
	if (here)
		return v->there ? "part" : "here";
	return there || (!v->is_open && v->there) ? "there" : "part";
}

/* ---- choosing ------------------------------------------------------------------------------- */

void bn_share_chosen_release(bn_share_chosen *c)
{
	for (size_t i = 0; i < c->count; i++)
		bn_dataset_version_free(c->items[i]);
	bn_free(c->items);
	*c = (bn_share_chosen){.items = NULL};
}

/* Takes v, also after an error. */
static int choose_one(bn_share_chosen *out, bn_dataset_version *v, bn_err *err)
{
	if (bn_grow(&out->items, &out->cap, out->count + 1, sizeof *out->items)) {
		bn_dataset_version_free(v);
		return bn_err_nomem(err, "versions");
	}
	out->items[out->count++] = v;
	return 0;
}

/* name NULL: of every dataset. Another user's private ones are passed over. */
static int choose_all(bn_share_chosen *out, bn_workspace *ws, const char *name, bn_err *err)
{
	bn_dataset_versions *all = NULL;
	int rc = bn_dataset_versions_load(&all, ws, name, BN_DATASET_LIVE, err);
	for (size_t i = 0; rc >= 0 && i < all->count; i++) {
		if (bn_dataset_need_rows(ws, all->items[i], NULL) < 0)
			continue;
		rc = choose_one(out, all->items[i], err);
		all->items[i] = NULL;
	}
	bn_dataset_versions_free(all);
	return rc;
}

static int choose_newest(bn_share_chosen *out, bn_workspace *ws, bn_err *err)
{
	bn_dataset_list *list = NULL;
	int rc = bn_dataset_list_load(&list, ws, BN_DATASET_LIVE, err);
	for (size_t i = 0; rc >= 0 && i < list->count; i++) {
		bn_dataset_version *v = list->rows[i].latest;
		if (!v || bn_dataset_need_rows(ws, v, NULL) < 0)
			continue;
		rc = choose_one(out, v, err);
		list->rows[i].latest = NULL;
	}
	bn_dataset_list_free(list);
	return rc;
}

int bn_share_choose(bn_share_chosen *out, bn_workspace *ws, const bn_share_options *o, bn_err *err)
{
	int rc = 0;
	if (!o->ref_count)
		return o->all ? choose_all(out, ws, NULL, err) : choose_newest(out, ws, err);
	for (size_t i = 0; i < o->ref_count && rc >= 0; i++) {
		bn_dataset_version *v = NULL;
		if (o->all && !strchr(o->refs[i], '@')) {
			rc = choose_all(out, ws, o->refs[i], err);
			continue;
		}
		if ((rc = bn_dataset_resolve(&v, ws, o->refs[i], BN_DATASET_LIVE, err)) < 0 ||
			(rc = bn_dataset_need_rows(ws, v, err)) < 0) {
			bn_dataset_version_free(v);
			return rc;
		}
		rc = choose_one(out, v, err);
	}
	return rc;
}

int bn_share_may_leave(bn_workspace *ws, const bn_dataset_version *v, const bn_remote_store *s,
	const bn_share_options *o, bn_err *err)
{
	char name[192];
	if (!v->is_private || o->private_too)
		return bn_protect_may_leave(ws, v, o->remote ? o->remote : bn_remote_store_place(s), err);
	bn_err_set(err, BN_EREFUSED, "%s can be read by you alone; at %s others may read it",
		bn_dataset_version_name(v, name, sizeof name), bn_remote_store_place(s));
	bn_err_hint(err, "--private-too, if only you can read that place");
	return BN_EREFUSED;
}

/* ---- status --------------------------------------------------------------------------------- */

static void count_one(bn_share_version *to, const bn_share_object *o)
{
	bool there =
		o->there != BN_REMOTE_MISSING && (o->bytes == UINT64_MAX || o->there == o->bytes);
	uint64_t bytes = o->bytes;
	if (bytes == UINT64_MAX)
		bytes = there ? o->there : 0;
	to->objects++;
	to->bytes += bytes;
	if (o->is_here) {
		to->here++;
		to->here_bytes += bytes;
	}
	if (there) {
		to->there++;
		to->there_bytes += bytes;
	}
	if (o->is_here && !there) {
		to->to_push++;
		to->to_push_bytes += bytes;
	}
	if (!o->is_here && there) {
		to->to_fetch++;
		to->to_fetch_bytes += bytes;
	}
	to->nowhere += !o->is_here && !there;
}

int bn_share_count(bn_share_version *to, const bn_share_objects *all, bn_workspace *ws,
	const char *profile, bn_err *err)
{
	bn_share_objects own = BN_SHARE_OBJECTS_INIT;
	int rc =
		bn_share_objects_of(&own, &to->is_open, ws, to->hash, profile, to->is_private, err);
	bn_share_objects_settle(&own);
	for (size_t i = 0; i < own.count && rc >= 0; i++) {
		const bn_share_object *o = bn_share_objects_find(all, own.items[i].hash);
		if (o)
			count_one(to, o);
	}
	bn_share_objects_release(&own);
	return rc;
}

/* Versions that the remote describes and this workspace does not know. */
static int add_unknown(bn_share_report *out, bn_workspace *ws, const bn_share_refs *refs,
	const bn_share_options *o, bn_err *err)
{
	for (size_t i = 0; i < refs->count; i++) {
		const bn_share_ref *ref = &refs->items[i];
		bn_dataset_version *v = NULL;
		bool wanted = !o->ref_count;
		for (size_t k = 0; k < o->ref_count && !wanted; k++)
			wanted = !strcmp(o->refs[k], ref->name);
		char *text = bn_strf("%s@sha256:%s", ref->name, ref->hash);
		if (!text)
			return bn_err_nomem(err, "a name");
		if (wanted && bn_dataset_resolve(&v, ws, text, BN_DATASET_REMOVED_TOO, NULL) < 0) {
			bn_share_version *to = bn_share_report_add(out, ref->name, err);
			if (!to) {
				bn_free(text);
				return BN_ENOMEM;
			}
			to->number = ref->version;
			to->recorded = true;
			memcpy(to->hash, ref->hash, sizeof to->hash);
		}
		bn_dataset_version_free(v);
		bn_free(text);
	}
	return 0;
}

static int load_refs(bn_share_refs *refs, bn_remote_store *s, const bn_share_chosen *c, bn_err *err)
{
	bn_share_refs one = BN_SHARE_REFS_INIT;
	int rc = 0;
	if (bn_remote_store_can_list(s))
		return bn_share_refs_load(refs, s, NULL, err);
	for (size_t i = 0; i < c->count && rc >= 0; i++) {
		if (i && !strcmp(c->items[i]->name, c->items[i - 1]->name))
			continue;
		rc = bn_share_refs_load(&one, s, c->items[i]->name, err);
		for (size_t k = 0; k < one.count && rc >= 0; k++) {
			if (bn_grow(&refs->items, &refs->cap, refs->count + 1, sizeof *refs->items))
				rc = bn_err_nomem(err, "versions of a remote");
			else {
				refs->items[refs->count++] = one.items[k];
				one.items[k].name = NULL;
			}
		}
		bn_share_refs_release(&one);
	}
	return rc;
}

static int collect(bn_share_objects *all, bn_workspace *ws, const bn_share_chosen *c, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < c->count && rc >= 0; i++) {
		bool open = false;
		rc = bn_share_objects_of(all, &open, ws, c->items[i]->hash,
			c->items[i]->profile_hash, c->items[i]->is_private, err);
	}
	bn_share_objects_settle(all);
	return rc < 0 ? rc : bn_share_objects_look(all, ws, err);
}

int bn_share_status(bn_share_report *out, bn_workspace *ws, bn_remote_store *s,
	const bn_share_options *o, bn_err *err)
{
	bn_share_chosen chosen = {.items = NULL};
	bn_share_objects all = BN_SHARE_OBJECTS_INIT;
	bn_share_refs refs = BN_SHARE_REFS_INIT;
	int rc;
	*out = (bn_share_report){.asked_ms = bn_env_now_ms(bn_workspace_env(ws))};
	if ((rc = bn_share_choose(&chosen, ws, o, err)) < 0 ||
		(rc = collect(&all, ws, &chosen, err)) < 0 ||
		(rc = load_refs(&refs, s, &chosen, err)) < 0 ||
		(rc = bn_share_objects_ask(&all, s, o, err)) < 0)
		goto out;
	for (size_t i = 0; i < chosen.count; i++) {
		bn_share_version *to = NULL;
		const bn_dataset_version *v = chosen.items[i];
		const bn_share_ref *ref = bn_share_refs_find(&refs, v->name, v->hash);
		if ((rc = bn_share_report_version(&to, out, v, err)) < 0)
			goto out;
		to->recorded = ref != NULL;
		to->number = ref ? ref->version : 0;
		to->left_out = bn_share_may_leave(ws, v, s, o, NULL) < 0;
		if ((rc = bn_share_count(to, &all, ws, v->profile_hash, err)) < 0)
			goto out;
	}
	rc = add_unknown(out, ws, &refs, o, err);
out:
	bn_share_chosen_release(&chosen);
	bn_share_objects_release(&all);
	bn_share_refs_release(&refs);
	return rc;
}
