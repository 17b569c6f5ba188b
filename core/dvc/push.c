/* push.c - from the cache to remotes: see transfer.h. */
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/settings.h"
#include "core/base/str.h"
#include "core/dvc/objects.h"
#include "core/dvc/remote.h"
#include "core/dvc/transfer.h"
#include "core/remote/each.h"

#include <string.h>

enum { BLOCK = 1 << 20 };

/* An output that is pushed, with its listing. */
typedef struct pushed {
	const bn_dvc_out *o;
	bn_dvc_listing files;
	bool has_listing;
} pushed;

typedef struct push {
	bn_dvc_session *s;
	bn_dvc_moved *moved;
	pushed *outs;
	size_t count;
	bn_dvc_remote remote;
	bn_dvc_objects all;  /* of these outputs, in order; missing: in the remote */
	bn_dvc_objects todo; /* being sent */
	bn_err lost;         /* the first object that is nowhere */
	bn_err *err;
} push;

/* ---- one object --------------------------------------------------------------------------------- */

/* Both hashes of an open object: the MD5 must be its name, the SHA-256 is for the transfer. */
static int hash_object(const push *p, const bn_dvc_object *o, int fd,
	char sha256[BN_SHA256_HEX + 1], uint64_t *size, bn_err *err)
{
	const bn_env *env = p->s->repo->env;
	bn_hasher *hasher = NULL;
	uint8_t *block = NULL, raw[BN_SHA256_BYTES];
	char hex[BN_MD5_HEX + 1];
	size_t got = BLOCK;
	bn_md5 md5;
	int rc = bn_hasher_new(&hasher, err);
	if (rc < 0)
		return rc;
	if (!(block = bn_alloc(BLOCK))) {
		rc = bn_err_nomem(err, "a block");
		goto out;
	}
	bn_md5_init(&md5);
	for (*size = 0; got == BLOCK; *size += got) {
		if ((rc = bn_fs_read_at(env, fd, block, BLOCK, (off_t)*size, &got, o->key, err)) <
			0)
			goto out;
		bn_md5_add(&md5, block, got);
		bn_hasher_add(hasher, block, got);
	}
	bn_md5_finish(&md5, hex);
	bn_hasher_finish(hasher, raw);
	bn_hex(raw, sizeof raw, sha256);
	if (o->oid.is_legacy && !o->oid.is_dir && strcmp(hex, o->oid.md5) != 0 &&
		(rc = bn_md5_open_file(env, fd, o->key, true, NULL, NULL, hex, size, err)) < 0)
		goto out;
	if (strcmp(hex, o->oid.md5) != 0) {
		rc = bn_err_set(err, BN_ECORRUPT,
			"'%s/%s' has other bytes than its name says (MD5 %s)", p->s->cache.path,
			o->key, hex);
		bn_err_hint(err, "remove it; binnacle dvc add of the file in the working tree "
				 "stores it again");
	}
out:
	bn_free(block);
	bn_hasher_free(hasher);
	return rc;
}

static int push_one(
	void *ctx, bn_remote_store *store, size_t i, const bn_progress *progress, bn_err *err)
{
	push *p = ctx;
	bn_dvc_object *o = &p->todo.items[i];
	char sha256[BN_SHA256_HEX + 1];
	uint64_t size = 0;
	bool put = false;
	int fd = -1, rc = bn_dvc_cache_open_object(&fd, &p->s->cache, &o->oid, err);
	if (rc < 0)
		return rc;
	if ((rc = hash_object(p, o, fd, sha256, &size, err)) < 0)
		goto out;
	const bn_remote_source source = {.fd = fd, .path = o->key, .n = size, .sha256 = sha256};
	if ((rc = bn_remote_store_put(
		     store, o->key, &source, BN_REMOTE_IF_ABSENT, &put, progress, err)) < 0)
		goto out;
	o->missing = false;
	o->size = put ? (int64_t)size : -1;
out:
	p->s->repo->env->fs->close(p->s->repo->env, fd);
	return rc;
}

/* Sends what is in todo, and notes it in `all`. */
static int send_all(push *p, const char *what)
{
	bn_remote_work work = {.task = push_one, .ctx = p, .count = p->todo.count, .what = what};
	int rc;
	for (size_t i = 0; i < p->todo.count; i++)
		work.total_bytes += p->todo.items[i].size > 0 ? (uint64_t)p->todo.items[i].size : 0;
	if (!p->todo.count)
		return 0;
	rc = bn_remote_each(p->remote.store, &work, p->s->progress, p->err);
	for (size_t i = 0; i < p->todo.count; i++) {
		const bn_dvc_object *o = &p->todo.items[i];
		if (o->missing)
			continue;
		bn_dvc_objects_find(&p->all, &o->oid)->missing = false;
		p->moved->objects += o->size >= 0;
		p->moved->bytes += o->size >= 0 ? o->size : 0;
	}
	return rc;
}

/* ---- what to send ------------------------------------------------------------------------------- */

static int load_listing(push *p, pushed *at)
{
	bn_dvc_oid oid = bn_dvc_oid_of(at->o);
	bn_err why = BN_ERR_INIT;
	int rc = bn_dvc_cache_listing(&at->files, &p->s->cache, p->s->state, &oid, &why);
	at->has_listing = rc == 0;
	return rc == 0 || rc == BN_ENOTFOUND ? 0 : bn_err_move(p->err, &why);
}

static int add_objects(push *p, pushed *at)
{
	bn_dvc_oid oid = bn_dvc_oid_of(at->o);
	int rc;
	if ((at->o->is_dir && (rc = load_listing(p, at)) < 0) ||
		(rc = bn_dvc_objects_add(&p->all, &oid, at->o->is_dir ? -1 : at->o->size, p->err)) <
			0)
		return rc;
	for (size_t i = 0; i < at->files.count; i++) {
		oid = bn_dvc_oid_in(at->o, &at->files.items[i]);
		if ((rc = bn_dvc_objects_add(&p->all, &oid, -1, p->err)) < 0)
			return rc;
	}
	return 0;
}

/* todo: the files (or the listings whose files are all there) that the remote lacks and the cache has. */
static int choose(push *p, bool listings)
{
	int rc = 0;
	p->todo.count = 0;
	for (size_t i = 0; i < p->all.count; i++)
		if (p->all.items[i].missing && p->all.items[i].oid.is_dir == listings &&
			(rc = bn_dvc_objects_add(
				 &p->todo, &p->all.items[i].oid, p->all.items[i].size, p->err)) < 0)
			return rc;
	bn_dvc_objects_in_cache(&p->todo, &p->s->cache);
	size_t n = 0;
	for (size_t i = 0; i < p->todo.count; i++) {
		bn_dvc_object *o = &p->todo.items[i];
		if (o->missing && !p->lost.code) {
			bn_err_set(&p->lost, BN_ENOTFOUND,
				"%s is neither in the cache nor in remote '%s' (%s)", o->key,
				p->remote.name, bn_remote_store_place(p->remote.store));
			bn_err_hint(
				&p->lost, "binnacle dvc add stores what is in the working tree");
		}
		if (o->missing)
			continue;
		o->missing = true; /* from now on: in the remote */
		p->todo.items[n++] = *o;
	}
	p->todo.count = n;
	return 0;
}

/* Leaves out of todo the listings that have a file which the remote lacks. */
static void drop_incomplete(push *p)
{
	for (size_t i = 0; i < p->count; i++) {
		const pushed *at = &p->outs[i];
		bool lacks = false;
		for (size_t k = 0; k < at->files.count && !lacks; k++) {
			bn_dvc_oid oid = bn_dvc_oid_in(at->o, &at->files.items[k]);
			lacks = bn_dvc_objects_find(&p->all, &oid)->missing;
		}
		bn_dvc_oid own = bn_dvc_oid_of(at->o);
		for (size_t k = 0; lacks && k < p->todo.count; k++)
			if (!strcmp(p->todo.items[k].oid.md5, own.md5)) {
				p->todo.items[k] = p->todo.items[--p->todo.count];
				break;
			}
	}
}

/* Whether the site lets data go to that server. */
static int check_site(const push *p)
{
	const char *server = bn_remote_store_server(p->remote.store);
	bn_settings *settings = NULL;
	int rc;
	if (!server)
		return 0;
	if ((rc = bn_settings_load(&settings, p->s->repo->env, NULL, p->err)) == 0)
		rc = bn_settings_check_remote(settings, server, p->err);
	bn_settings_free(settings);
	return rc;
}

static int push_to(push *p, const char *remote)
{
	int rc;
	if ((rc = bn_dvc_remote_open(&p->remote, p->s->repo, remote, true, p->err)) < 0)
		return rc;
	if (!bn_remote_store_is_writable(p->remote.store)) {
		bn_err_set(p->err, BN_EUNSUPPORTED, "remote '%s' (%s) is for reading only",
			p->remote.name, bn_remote_store_place(p->remote.store));
		return BN_EUNSUPPORTED;
	}
	if ((rc = check_site(p)) < 0)
		return rc;
	for (size_t i = 0; i < p->count; i++)
		if ((rc = add_objects(p, &p->outs[i])) < 0)
			return rc;
	bn_dvc_objects_sort(&p->all);
	if ((rc = bn_dvc_objects_in_remote(&p->all, p->remote.store, p->s->progress, p->err)) < 0 ||
		(rc = choose(p, false)) < 0 || (rc = send_all(p, "pushing")) < 0 ||
		(rc = choose(p, true)) < 0)
		return rc;
	drop_incomplete(p);
	return send_all(p, "pushing listings");
}

static void release(push *p)
{
	for (size_t i = 0; i < p->count; i++)
		bn_dvc_listing_release(&p->outs[i].files);
	bn_free(p->outs);
	bn_dvc_objects_release(&p->all);
	bn_dvc_objects_release(&p->todo);
	bn_dvc_remote_close(&p->remote);
}

static bool is_pushed(const bn_dvc_out *o)
{
	return o->md5[0] && !o->uncached && !o->no_push && !o->imported;
}

static const char *remote_of(const bn_dvc_out *o, const bn_dvc_transfer_options *options)
{
	return o->remote ? o->remote : options->remote;
}

static bool same_name(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* The chosen outputs from number `first` on that go where that one goes; their `done` is set. */
static int push_group(bn_dvc_moved *moved, bn_dvc_session *s, const bn_dvc_chosen *chosen,
	size_t first, bool *done, const bn_dvc_transfer_options *options, bn_err *lost, bn_err *err)
{
	push p = {.s = s, .moved = moved, .lost = BN_ERR_INIT, .err = err};
	const char *remote = remote_of(&s->tracked.outs.items[chosen->numbers[first]], options);
	int rc = 0;
	if (!(p.outs = bn_alloc_zeroed(chosen->count, sizeof *p.outs)))
		return bn_err_nomem(err, "a list of outputs");
	for (size_t i = first; i < chosen->count; i++) {
		const bn_dvc_out *o = &s->tracked.outs.items[chosen->numbers[i]];
		if (done[i] || !is_pushed(o) || !same_name(remote_of(o, options), remote))
			continue;
		done[i] = true;
		p.outs[p.count++] = (pushed){.o = o, .files = BN_DVC_LISTING_INIT};
	}
	rc = push_to(&p, remote);
	if (p.remote.store) {
		char *both = bn_strf("%s%s%s", moved->places ? moved->places : "",
			moved->places ? ", " : "", bn_remote_store_place(p.remote.store));
		bn_free(moved->places);
		moved->places = both;
	}
	if (p.lost.code && !lost->code)
		bn_err_move(lost, &p.lost);
	release(&p);
	return rc;
}

int bn_dvc_push(bn_dvc_moved *moved, bn_dvc_session *s, const bn_dvc_chosen *chosen,
	const bn_dvc_transfer_options *options, bn_err *err)
{
	bool *done = bn_alloc_zeroed(chosen->count + 1, sizeof *done);
	bn_err lost = BN_ERR_INIT;
	int rc = 0;
	*moved = (bn_dvc_moved){.places = NULL};
	if (!done)
		return bn_err_nomem(err, "a list of outputs");
	for (size_t i = 0; rc == 0 && i < chosen->count; i++) {
		const bn_dvc_out *o = &s->tracked.outs.items[chosen->numbers[i]];
		moved->skipped += !is_pushed(o);
		if (!done[i] && is_pushed(o))
			rc = push_group(moved, s, chosen, i, done, options, &lost, err);
	}
	bn_free(done);
	return rc == 0 && lost.code ? bn_err_move(err, &lost) : rc;
}
