/* send.c - push: see transfer.h. */
#include "core/base/dir.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/share/_share.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

/* ---- objects -------------------------------------------------------------------------------- */

typedef struct sending {
	const bn_dir *at;
	bn_share_object **items;
	char (*names)[BN_OBJECT_NAME];
	size_t count;
	uint64_t bytes;
} sending;

static int send_one(
	void *ctx, bn_remote_store *s, size_t i, const bn_progress *progress, bn_err *err)
{
	sending *g = ctx;
	const bn_share_object *o = g->items[i];
	char key[BN_SHARE_KEY];
	bn_err why = BN_ERR_INIT;
	int fd = -1, rc = bn_dir_open_file(&fd, g->at, g->names[i], O_RDONLY, 0, err);
	if (rc < 0)
		return rc;
	bn_remote_source source = {.fd = fd, .path = g->names[i], .n = o->bytes, .sha256 = o->hash};
	/* One of another size is no object: it is replaced. */
	rc = bn_remote_store_put(s, bn_share_object_key(key, o->hash), &source,
		o->there == BN_REMOTE_MISSING ? BN_REMOTE_IF_ABSENT : BN_REMOTE_REPLACE, NULL,
		progress, &why);
	if (rc == BN_ECORRUPT)
		bn_err_hint(&why, "its copy here is damaged: '%s/%s'", g->at->path, g->names[i]);
	g->at->env->fs->close(g->at->env, fd);
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

static bool is_to_send(const bn_share_object *o)
{
	return o->is_here && o->there != o->bytes;
}

int bn_share_send_level(bn_share_report *r, bn_workspace *ws, bn_remote_store *s,
	bn_share_objects *all, bn_share_level level, const bn_share_options *o, bn_err *err)
{
	sending g = {.at = bn_workspace_at(ws)};
	int rc = 0;
	g.items = bn_alloc_zeroed(all->count + 1, sizeof *g.items);
	g.names = bn_alloc_zeroed(all->count + 1, sizeof *g.names);
	if (!g.items || !g.names) {
		rc = bn_err_nomem(err, "objects");
		goto out;
	}
	for (size_t i = 0; i < all->count; i++) {
		bn_share_object *one = &all->items[i];
		if (one->level != level || !is_to_send(one))
			continue;
		if ((rc = bn_object_file(ws, one->hash, g.names[g.count], err)) < 0)
			goto out;
		g.items[g.count++] = one;
		g.bytes += one->bytes;
	}
	bn_remote_work work = {.task = send_one,
		.ctx = &g,
		.count = g.count,
		.at_once = o->at_once,
		.what = "pushing",
		.total_bytes = g.bytes};
	if (!o->dry_run && (rc = bn_remote_each(s, &work, o->progress, err)) < 0)
		goto out;
	r->objects += g.count;
	r->bytes += g.bytes;
out:
	bn_free(g.items);
	bn_free(g.names);
	return rc;
}

/* ---- what is there ------------------------------------------------------------------------------ */

typedef struct verifying {
	bn_share_object **items;
	size_t count;
	uint64_t bytes;
	bool *is_damaged;
} verifying;

static int hash_bytes(void *user, const void *bytes, size_t n, bn_err *err)
{
	(void)err;
	bn_hasher_add(user, bytes, n);
	return 0;
}

static int verify_one(
	void *ctx, bn_remote_store *s, size_t i, const bn_progress *progress, bn_err *err)
{
	verifying *g = ctx;
	char key[BN_SHARE_KEY], hex[65];
	uint8_t digest[BN_SHA256_BYTES];
	bn_hasher *h = NULL;
	int rc = bn_hasher_new(&h, err);
	if (rc < 0)
		return rc;
	const bn_remote_sink sink = {hash_bytes, h};
	rc = bn_remote_store_get(
		s, bn_share_object_key(key, g->items[i]->hash), 0, &sink, NULL, progress, err);
	bn_hasher_finish(h, digest);
	bn_hasher_free(h);
	bn_hex(digest, sizeof digest, hex);
	g->is_damaged[i] = rc >= 0 && strcmp(hex, g->items[i]->hash) != 0;
	return rc;
}

/* Reads back what has the right size there. An object whose bytes are other ones counts as absent there, but not as
 * missing: it is replaced. */
static int verify(bn_share_report *r, bn_remote_store *s, bn_share_objects *all,
	const bn_share_options *o, bn_err *err)
{
	verifying g = {.count = 0};
	int rc = 0;
	g.items = bn_alloc_zeroed(all->count + 1, sizeof *g.items);
	g.is_damaged = bn_alloc_zeroed(all->count + 1, sizeof *g.is_damaged);
	if (!g.items || !g.is_damaged) {
		rc = bn_err_nomem(err, "objects");
		goto out;
	}
	for (size_t i = 0; i < all->count; i++)
		if (all->items[i].is_here && all->items[i].there == all->items[i].bytes) {
			g.items[g.count++] = &all->items[i];
			g.bytes += all->items[i].bytes;
		}
	bn_remote_work work = {.task = verify_one,
		.ctx = &g,
		.count = g.count,
		.at_once = o->at_once,
		.what = "verifying",
		.total_bytes = g.bytes};
	if ((rc = bn_remote_each(s, &work, o->progress, err)) < 0)
		goto out;
	for (size_t i = 0; i < g.count; i++)
		if (g.is_damaged[i]) {
			g.items[i]->there = 0;
			r->damaged++;
		}
out:
	bn_free(g.items);
	bn_free(g.is_damaged);
	return rc;
}

/* ---- versions ------------------------------------------------------------------------------- */

static int describe(bn_workspace *ws, bn_remote_store *s, const bn_dataset_version *v, bn_err *err)
{
	char key[BN_SHARE_NAME_KEY];
	bn_buf text = BN_BUF_INIT;
	json_t *o = bn_share_ref_json(ws, v);
	int rc = o ? bn_json_canonical(o, &text, err) : bn_err_nomem(err, "a version");
	if (rc < 0)
		goto out;
	bn_share_ref_key(key, v->name, v->version, v->hash);
	rc = bn_remote_store_put_bytes(s, key, text.ptr, text.len, BN_REMOTE_IF_ABSENT, NULL, err);
out:
	json_decref(o);
	bn_buf_release(&text);
	return rc;
}

/* The versions of one name, which follow each other, then the index of that name. A version's protection is there before
 * its description. */
static int describe_all(bn_share_report *r, bn_workspace *ws, bn_remote_store *s,
	const bn_share_chosen *chosen, const bn_share_refs *refs, const bn_share_options *o,
	bn_err *err)
{
	int rc = 0;
	bool changed = false;
	for (size_t i = 0; i < chosen->count; i++) {
		const bn_dataset_version *v = chosen->items[i];
		const bn_share_ref *ref = bn_share_refs_find(refs, v->name, v->hash);
		bn_share_version *to = &r->versions[i];
		to->recorded = ref != NULL;
		to->number = ref ? ref->version : 0;
		bool put = false;
		if (!to->left_out && !o->dry_run && (rc = bn_share_protection_put(&put, ws, s, v, err)) < 0)
			return rc;
		changed |= put;
		if (!ref && !to->left_out && !o->dry_run) {
			if ((rc = describe(ws, s, v, err)) < 0)
				return rc;
			to->recorded = changed = true;
			to->number = v->version;
		}
		bool last =
			i + 1 == chosen->count || strcmp(chosen->items[i + 1]->name, v->name) != 0;
		if (last && changed && (rc = bn_share_index_write(s, v->name, err)) < 0)
			return rc;
		changed &= !last;
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const bn_dataset_version *x = *(bn_dataset_version *const *)a,
				 *y = *(bn_dataset_version *const *)b;
	int order = strcmp(x->name, y->name);
	return order ? order : (x->version > y->version) - (x->version < y->version);
}

static int not_whole(const bn_share_version *to, bn_err *err)
{
	bn_err_set(err, BN_ENOTFOUND, "%s@v%lld is not whole here: %s", to->name,
		(long long)to->version,
		to->is_open ? "parts of it are missing" : "its manifest is missing");
	bn_err_hint(err, "binnacle data status says which remote has them");
	return BN_ENOTFOUND;
}

/* Which versions go, and what they consist of. */
static int plan(bn_share_report *out, bn_share_objects *all, bn_workspace *ws, bn_remote_store *s,
	const bn_share_chosen *chosen, const bn_share_options *o, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < chosen->count; i++) {
		const bn_dataset_version *v = chosen->items[i];
		bn_share_version *to = NULL;
		bn_share_objects own = BN_SHARE_OBJECTS_INIT;
		bool open = false;
		if ((rc = bn_share_report_version(&to, out, v, err)) < 0)
			return rc;
		to->left_out = bn_share_may_leave(ws, v, s, o, o->ref_count ? err : NULL) < 0;
		if (to->left_out && o->ref_count)
			return BN_EREFUSED;
		rc = bn_share_objects_of(
			&own, &open, ws, v->hash, v->profile_hash, v->is_private, err);
		if (rc >= 0 && !to->left_out && (rc = bn_share_objects_look(&own, ws, err)) >= 0) {
			for (size_t k = 0; k < own.count; k++)
				open &= own.items[k].is_here;
			if (!open && o->ref_count)
				rc = not_whole(to, err);
			to->left_out = !open;
		}
		for (size_t k = 0; k < own.count && rc >= 0 && !to->left_out; k++)
			rc = bn_share_objects_add(all, own.items[k].hash, own.items[k].level,
				own.items[k].bytes, false, err);
		bn_share_objects_release(&own);
		if (rc < 0)
			return rc;
	}
	bn_share_objects_settle(all);
	return bn_share_objects_look(all, ws, err);
}

/* What was sent is there now. */
static void count_as_there(bn_share_report *r)
{
	for (size_t i = 0; i < r->count; i++) {
		bn_share_version *v = &r->versions[i];
		if (!v->recorded || v->left_out)
			continue;
		v->there = v->objects;
		v->there_bytes = v->bytes;
		v->to_push = v->to_push_bytes = 0;
	}
}

int bn_share_need_writable(const bn_remote_store *s, bn_err *err)
{
	return bn_remote_store_is_writable(s)
		       ? 0
		       : bn_err_set(err, BN_EUNSUPPORTED, "%s is for reading alone",
				 bn_remote_store_place(s));
}

int bn_share_push(bn_share_report *out, bn_workspace *ws, bn_remote_store *s,
	const bn_share_options *o, bn_err *err)
{
	bn_share_chosen chosen = {.items = NULL};
	bn_share_objects all = BN_SHARE_OBJECTS_INIT;
	bn_share_refs refs = BN_SHARE_REFS_INIT;
	int rc = 0;
	*out = (bn_share_report){.asked_ms = bn_env_now_ms(bn_workspace_env(ws))};
	if ((rc = bn_share_need_writable(s, err)) < 0 || (rc = bn_share_choose(&chosen, ws, o, err)) < 0)
		goto out;
	if (chosen.count)
		qsort(chosen.items, chosen.count, sizeof *chosen.items, by_name);
	if ((rc = plan(out, &all, ws, s, &chosen, o, err)) < 0 ||
		(rc = bn_share_refs_load(&refs, s, NULL, err)) < 0 ||
		(rc = bn_share_objects_ask(&all, s, o, err)) < 0 ||
		(o->verify && (rc = verify(out, s, &all, o, err)) < 0))
		goto out;
	for (size_t i = 0; i < chosen.count; i++)
		if (!out->versions[i].left_out && (rc = bn_share_count(&out->versions[i], &all, ws,
							   chosen.items[i]->profile_hash, err)) < 0)
			goto out;
	for (bn_share_level level = BN_SHARE_BYTES; level <= BN_SHARE_TOP; level++)
		if ((rc = bn_share_send_level(out, ws, s, &all, level, o, err)) < 0)
			goto out;
	out->present = all.count - out->objects;
	if ((rc = describe_all(out, ws, s, &chosen, &refs, o, err)) >= 0 && !o->dry_run)
		count_as_there(out);
out:
	bn_share_chosen_release(&chosen);
	bn_share_objects_release(&all);
	bn_share_refs_release(&refs);
	return rc;
}
