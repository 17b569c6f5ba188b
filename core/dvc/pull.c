/* pull.c - from remotes to the cache, and into the working tree: see transfer.h. */
#include "core/base/mem.h"
#include "core/dvc/objects.h"
#include "core/dvc/place.h"
#include "core/dvc/remote.h"
#include "core/dvc/transfer.h"
#include "core/remote/each.h"

#include <string.h>

typedef struct pull {
	bn_dvc_session *s;
	const bn_dvc_chosen *chosen;
	const bn_dvc_transfer_options *options;
	bn_dvc_moved *moved;
	bool *wanting; /* of each chosen output: something of it is nowhere */
	bn_err lost;   /* the first such object */
	bn_err *err;
} pull;

void bn_dvc_moved_release(bn_dvc_moved *m)
{
	bn_free(m->places);
	m->places = NULL;
}

static const bn_dvc_out *out_at(const pull *p, size_t i)
{
	return &p->s->tracked.outs.items[p->chosen->numbers[i]];
}

static const char *remote_of(const pull *p, const bn_dvc_out *o)
{
	return o->remote ? o->remote : p->options->remote;
}

static bool same_name(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* ---- fetching ---------------------------------------------------------------------------------- */

typedef struct fetch {
	const bn_dvc_cache *cache;
	bn_dvc_objects *set;
} fetch;

static int take_bytes(void *user, const void *bytes, size_t n, bn_err *err)
{
	return bn_dvc_incoming_add(user, bytes, n, err);
}

/* Gets the object, which stays marked if it is not there. What was left of an interrupted call is continued; *again: that
 * was wrong, and is removed. */
static int fetch_object(const fetch *f, bn_remote_store *store, bn_dvc_object *o, bool *again,
	const bn_progress *progress, bn_err *err)
{
	bn_dvc_incoming in;
	bn_err why = BN_ERR_INIT;
	int rc = bn_dvc_incoming_continue(&in, f->cache, &o->oid, progress, err);
	if (rc < 0)
		return rc;
	const bn_remote_sink sink = {.write = take_bytes, .user = &in};
	uint64_t left = in.bytes;
	rc = bn_remote_store_get(store, o->key, left, &sink, NULL, progress, &why);
	if (rc == BN_ENOTFOUND || (rc == BN_ECONFLICT && left) || bn_err_is_full(&why))
		bn_dvc_incoming_abort(&in);
	if (rc == BN_ENOTFOUND)
		return 0;
	if (rc < 0) {
		bn_dvc_incoming_leave(&in);
		*again = rc == BN_ECONFLICT && left;
		return bn_err_move(err, &why);
	}
	uint64_t bytes = in.bytes;
	rc = bn_dvc_incoming_finish(&in, &o->oid, o->key, err);
	*again = rc == BN_ECORRUPT && left;
	if (rc < 0)
		return rc;
	o->missing = false;
	o->size = (int64_t)bytes;
	return 0;
}

static int fetch_one(
	void *ctx, bn_remote_store *store, size_t i, const bn_progress *progress, bn_err *err)
{
	const fetch *f = ctx;
	bn_dvc_object *o = &f->set->items[i];
	bn_err why = BN_ERR_INIT;
	bool again = false;
	int rc = fetch_object(f, store, o, &again, progress, &why);
	if (again) {
		bn_err_clear(&why);
		rc = fetch_object(f, store, o, &again, progress, &why);
	}
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

static int note_place(pull *p, const bn_dvc_remote *r)
{
	const char *place = bn_remote_store_place(r->store);
	char *both =
		p->moved->places ? bn_strf("%s, %s", p->moved->places, place) : bn_strdup(place);
	if (!both)
		return bn_err_nomem(p->err, "a list of places");
	bool twice = p->moved->places && strstr(p->moved->places, place);
	bn_free(twice ? both : p->moved->places);
	if (!twice)
		p->moved->places = both;
	return 0;
}

/* Fetches what the cache lacks of the set, which is in order. */
static int fetch_set(pull *p, bn_dvc_objects *set, const char *remote, const char *what)
{
	bn_dvc_remote r;
	fetch f = {.cache = &p->s->cache, .set = set};
	bn_remote_work work = {.task = fetch_one, .ctx = &f, .count = set->count, .what = what};
	int rc;
	for (size_t i = 0; i < set->count; i++) {
		if (set->items[i].size < 0) {
			work.total_bytes = 0;
			break;
		}
		work.total_bytes += (uint64_t)set->items[i].size;
	}
	if ((rc = bn_dvc_remote_open(&r, p->s->repo, remote, false, p->err)) < 0 ||
		(rc = note_place(p, &r)) < 0 ||
		(rc = bn_remote_each(r.store, &work, p->s->progress, p->err)) < 0)
		goto out;
	for (size_t i = 0; i < set->count; i++) {
		if (!set->items[i].missing) {
			p->moved->objects++;
			p->moved->bytes += set->items[i].size;
		} else if (!p->lost.code) {
			bn_err_set(&p->lost, BN_ENOTFOUND, "remote '%s' (%s) has no %s", r.name,
				bn_remote_store_place(r.store), set->items[i].key);
			bn_err_hint(&p->lost, "somebody who has the data can push them: binnacle "
					      "dvc push, dvc push");
		}
	}
out:
	bn_dvc_remote_close(&r);
	return rc;
}

/* ---- what to fetch ------------------------------------------------------------------------------ */

/* Adds what the output consists of: the listing of a directory, or (files) its files. A file has no listing. */
static int add_objects(pull *p, bn_dvc_objects *set, size_t i, bool files)
{
	const bn_dvc_out *o = out_at(p, i);
	bn_dvc_oid oid = bn_dvc_oid_of(o);
	bn_dvc_listing l = BN_DVC_LISTING_INIT;
	int rc = 0;
	if (!o->md5[0] || o->uncached)
		return 0;
	if (!files || !o->is_dir)
		return files != o->is_dir
			       ? bn_dvc_objects_add(set, &oid, o->is_dir ? -1 : o->size, p->err)
			       : 0;
	if (!bn_dvc_cache_has(&p->s->cache, &oid))
		return 0;
	if ((rc = bn_dvc_cache_listing(&l, &p->s->cache, p->s->state, &oid, p->err)) < 0)
		goto out;
	for (size_t k = 0; rc == 0 && k < l.count; k++) {
		oid = bn_dvc_oid_in(o, &l.items[k]);
		rc = bn_dvc_objects_add(set, &oid, -1, p->err);
	}
out:
	bn_dvc_listing_release(&l);
	return rc;
}

/* Of all chosen outputs with this remote: their listings, or their files. */
static int fetch_part(pull *p, const char *remote, bool files)
{
	bn_dvc_objects set = BN_DVC_OBJECTS_INIT;
	int rc = 0;
	for (size_t i = 0; i < p->chosen->count; i++) {
		if (same_name(remote_of(p, out_at(p, i)), remote) &&
			(rc = add_objects(p, &set, i, files)) < 0)
			goto out;
	}
	bn_dvc_objects_sort(&set);
	bn_dvc_objects_in_cache(&set, &p->s->cache);
	bn_dvc_objects_keep_missing(&set);
	if (set.count)
		rc = fetch_set(p, &set, remote, files ? "pulling" : "pulling listings");
out:
	bn_dvc_objects_release(&set);
	return rc;
}

static int fetch_all(pull *p, bool files)
{
	int rc;
	for (size_t i = 0; i < p->chosen->count; i++) {
		const char *remote = remote_of(p, out_at(p, i));
		size_t k = 0;
		while (!same_name(remote_of(p, out_at(p, k)), remote))
			k++;
		if (k == i && (rc = fetch_part(p, remote, files)) < 0)
			return rc;
	}
	return 0;
}

/* ---- placing ---------------------------------------------------------------------------------- */

/* Whether the cache has all of an output now. */
static int is_complete(bool *out, pull *p, size_t i)
{
	bn_dvc_objects set = BN_DVC_OBJECTS_INIT;
	const bn_dvc_out *o = out_at(p, i);
	bn_dvc_oid oid = bn_dvc_oid_of(o);
	int rc;
	*out = false;
	if (!bn_dvc_cache_has(&p->s->cache, &oid))
		return 0;
	rc = add_objects(p, &set, i, true);
	bn_dvc_objects_sort(&set);
	*out = rc == 0 && bn_dvc_objects_in_cache(&set, &p->s->cache) == 0;
	bn_dvc_objects_release(&set);
	return rc;
}

static int place_outputs(pull *p)
{
	bn_dvc_placer placer;
	int rc = 0, first = 0;
	bn_dvc_placer_init(&placer, p->s);
	for (size_t i = 0; i < p->chosen->count; i++) {
		const bn_dvc_out *o = out_at(p, i);
		bn_err why = BN_ERR_INIT;
		bool complete;
		if (!o->md5[0] || o->uncached)
			continue;
		if ((rc = is_complete(&complete, p, i)) < 0)
			break;
		if (!complete)
			continue;
		if ((rc = bn_dvc_repo_check_free(p->s->repo, o->path, &why)) == 0)
			rc = bn_dvc_checkout(&placer, o, p->options->force, &why);
		if (rc == BN_EREFUSED && !first) /* the others are placed all the same */
			first = bn_err_move(p->err, &why);
		if (rc < 0 && rc != BN_EREFUSED) {
			rc = bn_err_move(p->err, &why);
			break;
		}
		rc = 0;
	}
	p->moved->placed = placer.files;
	p->moved->removed = placer.removed;
	bn_dvc_placer_finish(&placer);
	return rc < 0 ? rc : first;
}

int bn_dvc_pull(bn_dvc_moved *moved, bn_dvc_session *s, const bn_dvc_chosen *chosen,
	const bn_dvc_transfer_options *options, bn_err *err)
{
	pull p = {.s = s,
		.chosen = chosen,
		.options = options,
		.moved = moved,
		.lost = BN_ERR_INIT,
		.err = err};
	int rc;
	*moved = (bn_dvc_moved){.places = NULL};
	if ((rc = fetch_all(&p, false)) < 0 || (rc = fetch_all(&p, true)) < 0 ||
		(!options->fetch_only && (rc = place_outputs(&p)) < 0))
		return rc;
	return p.lost.code ? bn_err_move(err, &p.lost) : 0;
}

int bn_dvc_fetch_one(bn_dvc_moved *moved, bn_dvc_session *s, const bn_dvc_out *o,
	const bn_dvc_oid *oid, const bn_dvc_transfer_options *options, bn_err *err)
{
	pull p = {.s = s, .options = options, .moved = moved, .lost = BN_ERR_INIT, .err = err};
	bn_dvc_objects set = BN_DVC_OBJECTS_INIT;
	bool own = !strcmp(oid->md5, o->md5);
	int rc;
	*moved = (bn_dvc_moved){.places = NULL};
	if ((rc = bn_dvc_objects_add(&set, oid, own && !o->is_dir ? o->size : -1, err)) < 0)
		goto out;
	set.items[0].missing = true;
	if ((rc = fetch_set(&p, &set, remote_of(&p, o), "fetching")) < 0)
		goto out;
	rc = p.lost.code ? bn_err_move(err, &p.lost) : 0;
out:
	bn_dvc_objects_release(&set);
	return rc;
}
