/* status.c - see status.h. */
#include "core/dvc/status.h"

#include "core/base/crew.h"
#include "core/base/mem.h"
#include "core/dvc/scan.h"

#include <string.h>

/* One output with what is known of it. */
typedef struct look {
	const bn_dvc_session *s;
	bn_dvc_status *at;
	bn_dvc_listing want; /* of a directory; empty if its listing is not in the cache */
	bn_dvc_scan scan;
	bool has_listing;
	bn_dvc_objects objects;
	bn_err *err;
} look;

static int load_objects(look *l)
{
	const bn_dvc_out *o = l->at->out;
	bn_dvc_oid oid = bn_dvc_oid_of(o);
	bn_err why = BN_ERR_INIT;
	int rc;
	if (!o->md5[0] || o->uncached)
		return 0;
	if (o->is_dir) {
		rc = bn_dvc_cache_listing(&l->want, &l->s->cache, NULL, &oid, &why);
		if (rc == BN_ENOMEM || rc == BN_EINTR)
			return bn_err_move(l->err, &why);
		l->has_listing = rc == 0;
		if (rc < 0)
			bn_dvc_listing_release(&l->want);
		if (rc < 0 && rc != BN_ENOTFOUND)
			bn_err_move(&l->at->problem, &why);
	}
	if ((rc = bn_dvc_objects_add(&l->objects, &oid, o->is_dir ? -1 : o->size, l->err)) < 0)
		return rc;
	for (size_t i = 0; i < l->want.count; i++) {
		oid = bn_dvc_oid_in(o, &l->want.items[i]);
		if ((rc = bn_dvc_objects_add(&l->objects, &oid, -1, l->err)) < 0)
			return rc;
	}
	bn_dvc_objects_sort(&l->objects);
	return 0;
}

/* Both lists are in order. */
static void compare(bn_dvc_status *at, const bn_dvc_listing *want, const bn_dvc_listing *there)
{
	size_t i = 0, k = 0;
	at->added = at->removed = at->modified = 0;
	while (i < want->count || k < there->count) {
		int c = i == want->count ? 1 : -1;
		if (i < want->count && k < there->count)
			c = strcmp(want->items[i].path, there->items[k].path);
		at->removed += c < 0;
		at->added += c > 0;
		at->modified += c == 0 && strcmp(want->items[i].md5, there->items[k].md5) != 0;
		i += c <= 0;
		k += c >= 0;
	}
}

/* Without the listing: whether what is there would have it. */
static int compare_hash(look *l, const bn_dvc_listing *there)
{
	bn_buf text = BN_BUF_INIT;
	char hex[BN_MD5_HEX + 1];
	bn_err why = BN_ERR_INIT;
	int rc = bn_dvc_listing_write(&text, there, &why);
	bn_md5_hex(text.ptr, text.len, hex);
	l->at->work =
		rc == 0 && !strcmp(hex, l->at->out->md5) ? BN_DVC_WORK_SAME : BN_DVC_WORK_CHANGED;
	bn_buf_release(&text);
	return rc == BN_ENOMEM ? bn_err_move(l->err, &why) : 0;
}

/* The cache's half: what the output consists of, and what of it the cache has. */
static int look_at_cache(look *l, bn_err *err)
{
	l->err = err;
	int rc = load_objects(l);
	if (rc < 0 || !l->objects.count)
		return rc;
	l->at->not_cached = (int64_t)bn_dvc_objects_in_cache(&l->objects, &l->s->cache);
	if (!l->at->out->is_dir || l->has_listing)
		l->at->objects = (int64_t)l->objects.count;
	return 0;
}

/* Both halves, the cache and the working tree, have nothing in common, so two threads look at them. */
static int look_at_half(void *ctx, size_t half, bn_err *err)
{
	look *l = ctx;
	const bn_dvc_out *o = l->at->out;
	if (half == 0)
		return look_at_cache(l, err);
	return bn_dvc_scan_path(
		&l->scan, l->s, o->path, o->is_legacy ? BN_DVC_SCAN_DOS2UNIX : BN_DVC_SCAN, err);
}

static int look_at(look *l, bn_crew *crew, bn_err *err)
{
	bn_dvc_status *at = l->at;
	const bn_dvc_out *o = at->out;
	int rc = bn_crew_fan(crew, 2, look_at_half, l, err);
	if (rc < 0)
		return rc;
	l->err = err;
	at->work = BN_DVC_WORK_CHANGED;
	if (l->scan.kind == BN_DVC_ABSENT) {
		at->work = BN_DVC_WORK_ABSENT;
	} else if (!o->md5[0]) {
		at->work = BN_DVC_WORK_UNKNOWN;
	} else if (l->scan.kind == BN_DVC_DIR && o->is_dir && !l->has_listing) {
		rc = compare_hash(l, &l->scan.files);
	} else if (l->scan.kind == BN_DVC_DIR && o->is_dir) {
		compare(at, &l->want, &l->scan.files);
		if (!at->added && !at->removed && !at->modified)
			at->work = BN_DVC_WORK_SAME;
	} else if (l->scan.kind == BN_DVC_FILE && !o->is_dir &&
		   !strcmp(l->scan.files.items[0].md5, o->md5)) {
		at->work = BN_DVC_WORK_SAME;
	}
	if (at->work != BN_DVC_WORK_CHANGED)
		at->added = at->removed = at->modified = -1;
	return rc;
}

/* All objects are asked for at once. */
static int look_at_remote(look *looks, size_t n, bn_dvc_remote *remote, bn_err *err)
{
	bn_dvc_objects all = BN_DVC_OBJECTS_INIT;
	int rc = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < looks[i].objects.count; k++)
			if ((rc = bn_dvc_objects_add(
				     &all, &looks[i].objects.items[k].oid, -1, err)) < 0)
				goto out;
	bn_dvc_objects_sort(&all);
	if (all.count &&
		(rc = bn_dvc_objects_in_remote(&all, remote->store, looks->s->progress, err)) < 0)
		goto out;
	for (size_t i = 0; i < n; i++) {
		const bn_dvc_out *o = looks[i].at->out;
		if (!looks[i].objects.count || o->no_push || o->imported ||
			(o->remote && strcmp(o->remote, remote->name) != 0))
			continue;
		looks[i].at->not_remote = 0;
		for (size_t k = 0; k < looks[i].objects.count; k++)
			looks[i].at->not_remote +=
				bn_dvc_objects_find(&all, &looks[i].objects.items[k].oid)->missing;
	}
out:
	bn_dvc_objects_release(&all);
	return rc;
}

int bn_dvc_status_load(bn_dvc_status *items, const bn_dvc_session *s, const bn_dvc_chosen *chosen,
	bn_dvc_remote *remote, bn_err *err)
{
	look *looks = bn_alloc_zeroed(chosen->count + 1, sizeof *looks);
	bn_crew *crew = NULL;
	int rc = 0;
	if (!looks)
		return bn_err_nomem(err, "a status");
	for (size_t i = 0; i < chosen->count; i++) {
		items[i] = (bn_dvc_status){.out = &s->tracked.outs.items[chosen->numbers[i]],
			.added = -1,
			.removed = -1,
			.modified = -1,
			.objects = -1,
			.not_cached = -1,
			.not_remote = -1};
		looks[i] = (look){.s = s,
			.at = &items[i],
			.want = BN_DVC_LISTING_INIT,
			.objects = BN_DVC_OBJECTS_INIT,
			.err = err};
	}
	if ((rc = bn_crew_new(&crew, 1, err)) < 0)
		goto out;
	for (size_t i = 0; i < chosen->count; i++) {
		if ((rc = look_at(&looks[i], crew, err)) < 0)
			goto out;
		bn_dvc_scan_release(&looks[i].scan);
	}
	if (remote && chosen->count)
		rc = look_at_remote(looks, chosen->count, remote, err);
out:
	bn_crew_free(crew);
	for (size_t i = 0; i < chosen->count; i++) {
		bn_dvc_scan_release(&looks[i].scan);
		bn_dvc_listing_release(&looks[i].want);
		bn_dvc_objects_release(&looks[i].objects);
	}
	bn_free(looks);
	return rc;
}
