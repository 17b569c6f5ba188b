/* receive.c - fetch and pull: see transfer.h. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/share/_share.h"

#include <string.h>

/* ---- objects -------------------------------------------------------------------------------- */

typedef struct getting {
	bn_object_store *shared, *own; /* own: where only this user reads */
	bn_share_object **items;
	size_t count;
	uint64_t bytes;
} getting;

static int write_object(void *user, const void *bytes, size_t n, bn_err *err)
{
	return bn_object_write(user, bytes, n, err);
}

/* Once; *again: what an earlier get had left was damaged, and is gone. */
static int get_once(const bn_share_object *o, bn_object_store *to, bn_remote_store *s, bool *again,
	const bn_progress *progress, bn_err *err)
{
	bn_object_writer *w = NULL;
	char key[BN_SHARE_KEY], hash[65];
	uint64_t bytes = 0;
	int rc = bn_object_writer_new(&w, to, o->hash, err);
	if (rc < 0)
		return rc;
	uint64_t from = bn_object_writer_offset(w);
	bn_remote_sink sink = {write_object, w};
	bn_err why = BN_ERR_INIT;
	rc = bn_remote_store_get(
		s, bn_share_object_key(key, o->hash), from, &sink, NULL, progress, &why);
	if (rc >= 0)
		rc = bn_object_commit(w, hash, &bytes, &why);
	*again = from > 0 && (rc == BN_ECORRUPT || rc == BN_ECONFLICT);
	bn_object_writer_free(w);
	if (rc == BN_ECORRUPT && !*again) {
		bn_err_clear(&why);
		bn_err_set(&why, BN_ECORRUPT, "%s at %s does not match its SHA-256", key,
			bn_remote_store_place(s));
		bn_err_hint(&why, "it is damaged there; replace it from where it is whole: binnacle data push --verify");
	}
	return rc < 0 && !*again ? bn_err_move(err, &why) : rc;
}

static int get_one(
	void *ctx, bn_remote_store *s, size_t i, const bn_progress *progress, bn_err *err)
{
	getting *g = ctx;
	const bn_share_object *o = g->items[i];
	bool again = false;
	int rc = get_once(o, o->is_private ? g->own : g->shared, s, &again, progress, err);
	return again ? get_once(o, o->is_private ? g->own : g->shared, s, &again, progress, err)
		     : rc;
}

/* Gets those that are not here, and there. Each is hashed. */
static int get_objects(bn_share_report *r, bn_workspace *ws, bn_remote_store *s,
	bn_share_objects *l, const char *what, const bn_share_options *o, bn_err *err)
{
	getting g = {.items = bn_alloc_zeroed(l->count + 1, sizeof *g.items)};
	int rc = g.items ? bn_workspace_objects(&g.shared, ws, err) : bn_err_nomem(err, "objects");
	if (rc < 0)
		goto out;
	for (size_t i = 0; i < l->count; i++) {
		bn_share_object *one = &l->items[i];
		if (one->is_here || one->there == BN_REMOTE_MISSING)
			continue;
		if (one->is_private && !g.own &&
			(rc = bn_workspace_private_objects(&g.own, ws, err)) < 0)
			goto out;
		g.items[g.count++] = one;
		g.bytes += one->there;
	}
	bn_remote_work work = {.task = get_one,
		.ctx = &g,
		.count = g.count,
		.at_once = o->at_once,
		.what = what,
		.total_bytes = g.bytes};
	if (!o->dry_run && (rc = bn_remote_each(s, &work, o->progress, err)) < 0)
		goto out;
	for (size_t i = 0; i < g.count; i++)
		g.items[i]->is_here = !o->dry_run;
	r->objects += g.count;
	r->bytes += g.bytes;
out:
	bn_free(g.items);
	return rc;
}

/* ---- versions ------------------------------------------------------------------------------- */

static int missing(
	const bn_share_objects *l, const bn_remote_store *s, const char *name, bn_err *err)
{
	size_t n = 0;
	const char *first = "";
	for (size_t i = 0; i < l->count; i++)
		if (!l->items[i].is_here && l->items[i].there == BN_REMOTE_MISSING) {
			first = n++ ? first : l->items[i].hash;
		}
	if (!n)
		return 0;
	bn_err_set(err, BN_ENOTFOUND, "%s: %zu object%s neither here nor at %s (%.12s...)", name, n,
		n == 1 ? " is" : "s are", bn_remote_store_place(s), first);
	bn_err_hint(err, "another remote may have them: binnacle data status --remote NAME");
	return BN_ENOTFOUND;
}

/* Manifests first; they name groups, and these the parts. What can be got is got before the error. */
int bn_share_get_versions(bn_share_report *r, bn_workspace *ws, bn_remote_store *s,
	const bn_share_wanted *list, size_t n, const bn_share_options *o, bn_err *err)
{
	int rc = 0, lacks = 0;
	uint64_t before = r->objects, present = 0;
	for (int turn = 0; turn < 3; turn++) {
		bn_share_objects all = BN_SHARE_OBJECTS_INIT, need = BN_SHARE_OBJECTS_INIT;
		bool open = true;
		for (size_t i = 0; i < n && rc >= 0; i++) {
			bool one = false;
			rc = bn_share_objects_of(&all, &one, ws, list[i].hash, list[i].profile,
				list[i].is_private, err);
			open &= one;
		}
		bn_share_objects_settle(&all);
		if (rc >= 0)
			rc = bn_share_objects_look(&all, ws, err);
		for (size_t i = 0; i < all.count && rc >= 0; i++)
			if (!all.items[i].is_here)
				rc = bn_share_objects_add(&need, all.items[i].hash,
					all.items[i].level, all.items[i].bytes,
					all.items[i].is_private, err);
		bn_share_objects_settle(&need);
		if (rc >= 0 && need.count && (rc = bn_share_objects_ask(&need, s, o, err)) >= 0)
			rc = get_objects(r, ws, s, &need, "fetching", o, err);
		if (rc >= 0 && !o->dry_run)
			lacks = missing(&need, s, n == 1 ? list[0].name : "these versions", err);
		present = all.count - (r->objects - before);
		bool done = !need.count || o->dry_run;
		bn_share_objects_release(&all);
		bn_share_objects_release(&need);
		if (rc < 0 || lacks < 0 || done || open)
			break;
	}
	r->present += present;
	return rc < 0 ? rc : lacks;
}

/* Gets manifest, groups, parts and profile of one version. */
static int get_version(bn_share_report *r, bn_workspace *ws, bn_remote_store *s, const char *name,
	const char *hash, const char *profile, bool is_private, const bn_share_options *o,
	bn_err *err)
{
	bn_share_wanted one = {name, hash, profile, is_private};
	return bn_share_get_versions(r, ws, s, &one, 1, o, err);
}

int bn_share_fetch(bn_share_report *out, bn_workspace *ws, bn_remote_store *s,
	const bn_share_options *o, bn_err *err)
{
	bn_share_chosen chosen = {.items = NULL};
	bn_share_wanted *list = NULL;
	int rc;
	*out = (bn_share_report){.asked_ms = bn_env_now_ms(bn_workspace_env(ws))};
	if ((rc = bn_share_choose(&chosen, ws, o, err)) < 0)
		goto out;
	if (!(list = bn_alloc_zeroed(chosen.count + 1, sizeof *list))) {
		rc = bn_err_nomem(err, "versions");
		goto out;
	}
	for (size_t i = 0; i < chosen.count; i++) {
		const bn_dataset_version *v = chosen.items[i];
		bn_share_version *to = NULL;
		list[i] = (bn_share_wanted){v->name, v->hash, v->profile_hash, v->is_private};
		if ((rc = bn_share_report_version(&to, out, v, err)) < 0)
			goto out;
	}
	rc = bn_share_get_versions(out, ws, s, list, chosen.count, o, err);
out:
	bn_free(list);
	bn_share_chosen_release(&chosen);
	return rc;
}

/* ---- pull ----------------------------------------------------------------------------------- */

static bool is_chosen(const bn_share_ref *ref, const char *name, size_t n, const char *which)
{
	int64_t number = 0;
	if (strlen(ref->name) != n || strncmp(ref->name, name, n) != 0)
		return false;
	if (!which || !strcmp(which, "latest"))
		return true;
	if (bn_str_starts(which, "sha256:"))
		return strlen(which) > 7 + 3 && bn_str_starts(ref->hash, which + 7);
	return which[0] == 'v' && bn_parse_i64(which + 1, strlen(which + 1), &number) &&
	       number == ref->version;
}

static int ambiguous(const bn_share_ref *a, const bn_share_ref *b, bn_err *err)
{
	bn_err_set(err, BN_ECONFLICT, "the remote has two versions %s@v%lld, of two workspaces",
		a->name, (long long)a->version);
	bn_err_hint(err, "%s@sha256:%.8s or %s@sha256:%.8s", a->name, a->hash, b->name, b->hash);
	return BN_ECONFLICT;
}

/* The only one, or the newest, of those that text names. */
static int find_ref(const bn_share_ref **out, const bn_share_refs *refs, const char *text,
	const bn_remote_store *s, bn_err *err)
{
	const char *at = strchr(text, '@');
	size_t n = at ? (size_t)(at - text) : strlen(text);
	const bn_share_ref *best = NULL, *rival = NULL;
	for (size_t i = 0; i < refs->count; i++) {
		const bn_share_ref *ref = &refs->items[i];
		if (!is_chosen(ref, text, n, at ? at + 1 : NULL))
			continue;
		if (best && ref->version == best->version && strcmp(ref->hash, best->hash) != 0)
			rival = ref;
		if (!best || ref->version > best->version) {
			best = ref;
			rival = NULL;
		}
	}
	if (rival)
		return ambiguous(best, rival, err);
	*out = best;
	if (best)
		return 0;
	bn_err_set(err, BN_ENOTFOUND, "%s has no version '%.200s'", bn_remote_store_place(s), text);
	bn_err_hint(err, "binnacle data status lists what is there");
	return BN_ENOTFOUND;
}

/* Records it, unless the workspace knows it. */
static int pull_one(bn_share_report *out, bn_workspace *ws, bn_remote_store *s,
	const bn_share_ref *ref, const bn_share_options *o, bn_err *err)
{
	bn_dataset_version *v = NULL;
	json_t *said = NULL;
	bn_share_protection protection = {.personal = BN_NAMES_INIT};
	bn_share_version *to = bn_share_report_add(out, ref->name, err);
	char *text = bn_strf("%s@sha256:%s", ref->name, ref->hash);
	int rc = to && text ? 0 : bn_err_nomem(err, "a version");
	if (rc < 0)
		goto out;
	to->number = ref->version;
	to->recorded = true;
	memcpy(to->hash, ref->hash, sizeof to->hash);
	if (bn_dataset_resolve(&v, ws, text, BN_DATASET_LIVE, NULL) < 0 &&
		(rc = bn_share_ref_read(&said, s, ref, err)) < 0)
		goto out;
	if ((rc = bn_share_protection_get(&protection, s, ref->name, ref->hash, err)) < 0 ||
		(rc = bn_share_protection_take(ws, s, ref->name, &protection, true, err)) < 0)
		goto out;
	bool is_private =
		v ? v->is_private : o->private_here || bn_json_bool(said, "private", false);
	const char *profile = v ? v->profile_hash : bn_json_str(said, "profile", "");
	if ((rc = get_version(out, ws, s, text, ref->hash, profile, is_private, o, err)) < 0)
		goto out;
	if (!v && !o->dry_run && (rc = bn_share_record(&v, ws, s, said, is_private, o, err)) < 0)
		goto out;
	if (!o->dry_run &&
		(rc = bn_share_protection_take(ws, s, ref->name, &protection, false, err)) < 0)
		goto out;
	to = &out->versions[out->count - 1];
	to->rows = v ? v->rows : bn_json_int(said, "rows", -1);
	to->version = v ? v->version : 0;
	to->is_private = is_private;
out:
	bn_share_protection_release(&protection);
	json_decref(said);
	bn_free(text);
	bn_dataset_version_free(v);
	return rc;
}

static bool is_newest(const bn_share_refs *refs, size_t i)
{
	for (size_t k = 0; k < refs->count; k++)
		if (!strcmp(refs->items[k].name, refs->items[i].name) &&
			refs->items[k].version > refs->items[i].version)
			return false;
	return true;
}

static int pull_all(bn_share_report *out, bn_workspace *ws, bn_remote_store *s,
	const bn_share_refs *refs, const bn_share_options *o, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < refs->count && rc >= 0; i++)
		if (o->all || is_newest(refs, i))
			rc = pull_one(out, ws, s, &refs->items[i], o, err);
	return rc;
}

static int pull_named(bn_share_report *out, bn_workspace *ws, bn_remote_store *s, const char *text,
	const bn_share_options *o, bn_err *err)
{
	bn_share_refs refs = BN_SHARE_REFS_INIT;
	const bn_share_ref *ref = NULL;
	char *name = bn_strndup(text, strcspn(text, "@"));
	int rc = name ? bn_share_refs_load(&refs, s, name, err) : bn_err_nomem(err, "a name");
	if (rc < 0 || (rc = find_ref(&ref, &refs, text, s, err)) < 0)
		goto out;
	rc = o->all && !strchr(text, '@') ? pull_all(out, ws, s, &refs, o, err)
					  : pull_one(out, ws, s, ref, o, err);
out:
	bn_free(name);
	bn_share_refs_release(&refs);
	return rc;
}

int bn_share_pull(bn_share_report *out, bn_workspace *ws, bn_remote_store *s,
	const bn_share_options *o, bn_err *err)
{
	bn_share_refs refs = BN_SHARE_REFS_INIT;
	int rc = 0;
	*out = (bn_share_report){.asked_ms = bn_env_now_ms(bn_workspace_env(ws))};
	for (size_t i = 0; i < o->ref_count && rc >= 0; i++)
		rc = pull_named(out, ws, s, o->refs[i], o, err);
	if (!o->ref_count && (rc = bn_share_refs_load(&refs, s, NULL, err)) >= 0)
		rc = pull_all(out, ws, s, &refs, o, err);
	bn_share_refs_release(&refs);
	return rc;
}
