/* gc.c - see gc.h. */
#include "core/store/object/gc.h"

#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/_workspace.h"
#include "core/store/inspect.h"
#include "core/store/object/_object.h"
#include "core/store/object/_private.h"
#include "core/store/object/live.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

enum {
	BATCH = 1000,    /* hashes in one gc.removing event */
	DEPTH_MAX = 64,  /* of directories below tmp/ */
	ROUNDS = 4,      /* rounds when something becomes live meanwhile */
	TRASH_NAME = 32, /* "trash/UID" */
	ASIDE_NAME = TRASH_NAME + 8 + BN_SHA256_HEX + 1 + 16 + 1,
	TRASHES = 8, /* names that others may have created for this user */
};

/* Prefix of an object's name in trash/, which says where it would be restored to. */
#define ASIDE "gc-"
#define ASIDE_PRIVATE "private-"

typedef enum victim_state {
	AT_HOME,
	SET_ASIDE, /* in trash/, out of sight */
	SETTLED,   /* counted: removed, or kept */
} victim_state;

typedef struct victim {
	char hash[BN_SHA256_HEX + 1];
	victim_state state;
	bool is_private; /* of this user's private ones */
	uint64_t bytes;
	int64_t stored_ms; /* as seen before: a different time means it was renewed */
} victim;

typedef struct victims {
	victim *items;
	size_t count, cap;
} victims;

/* ---- existing objects
 * -------------------------------------------------------------------------- */

static int64_t mtime_ms(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

static int victim_add(victims *v, const char *hash, const bn_object_info *info, bn_err *err)
{
	if (bn_grow(&v->items, &v->cap, v->count + 1, sizeof *v->items))
		return bn_err_nomem(err, "a list of objects");
	victim *x = &v->items[v->count++];
	*x = (victim){
		.is_private = info->is_private, .bytes = info->bytes, .stored_ms = info->stored_ms};
	memcpy(x->hash, hash, sizeof x->hash);
	return 0;
}

typedef struct looking {
	victims *victims;
	bn_gc_report *report;
	const bn_live *live;
	int64_t cutoff_ms;
	bool only_forgotten;
} looking;

static int look_at_object(void *ctx, const char *hash, const bn_object_info *info, bn_err *err)
{
	looking *l = ctx;
	if (bn_live_is_forgotten(l->live, hash))
		return victim_add(l->victims, hash, info, err);
	if (l->only_forgotten)
		return 0;
	if (bn_live_has(l->live, hash)) {
		l->report->live++;
		l->report->live_bytes += info->bytes;
		return 0;
	}
	if (info->stored_ms > l->cutoff_ms) {
		l->report->young++;
		l->report->young_bytes += info->bytes;
		return 0;
	}
	return victim_add(l->victims, hash, info, err);
}

/* I6: if a log cannot be read, it is not known what it names. Refreshes the index. */
static int refuse_gaps(bn_workspace *ws, bn_err *err)
{
	bn_index_status s;
	int rc = bn_index_status_get(&s, ws, err);
	if (rc >= 0 && s.gap_count) {
		rc = bn_err_set(err, BN_EINCONCLUSIVE,
			"the log of '%s' cannot be read to its end (%s): what it names is not "
			"known",
			s.gaps[0].writer, s.gaps[0].why);
		bn_err_hint(err, "see `binnacle audit verify`");
	}
	bn_index_status_release(&s);
	return rc;
}

/* The objects that the log names now. */
static int find_live(
	bn_live **live, bn_workspace *ws, int64_t cutoff_ms, const bn_gc_options *o, bn_err *err)
{
	int rc;
	bn_live_free(*live);
	*live = NULL;
	if (!o->only_forgotten)
		return (rc = refuse_gaps(ws, err)) < 0 ? rc : bn_live_find(live, ws, cutoff_ms, o->judge, err);
	if ((rc = bn_workspace_refresh(ws, NULL, err)) < 0)
		return rc;
	return bn_live_find_forgotten(live, ws, err); /* what other records name does not matter */
}

/* ---- removing ------------------------------------------------------------------------------- */

static int announce_some(bn_workspace *ws, const victim *v, size_t n, bn_err *err)
{
	json_t *hashes = json_array(), *payload = NULL;
	uint64_t bytes = 0;
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(hashes, json_string(v[i].hash));
		bytes += v[i].bytes;
	}
	payload = json_pack("{s:o, s:I}", "objects", hashes, "bytes", (json_int_t)bytes);
	if (!payload)
		return bn_err_nomem(err, "an event");
	int rc = bn_workspace_append(ws, "gc.removing", "gc", payload, err);
	json_decref(payload);
	return rc < 0 ? rc : bn_workspace_commit(ws, err);
}

static int announce(bn_workspace *ws, const victims *v, bn_err *err)
{
	int rc = 0;
	for (size_t from = 0; rc >= 0 && from < v->count; from += BATCH)
		rc = announce_some(ws, v->items + from,
			v->count - from < BATCH ? v->count - from : BATCH, err);
	return rc;
}

/* A regular file below the workspace, on its device, opened without following links. An unreadable one is
 * left alone. */
static int open_here(int *fd, struct stat *st, bn_workspace *ws, const char *name)
{
	const bn_env *env = ws->env;
	const bn_dir *root = bn_workspace_at(ws);
	struct stat top;
	if (bn_dir_open_file(fd, root, name, O_RDONLY, 0, NULL) < 0)
		return -1;
	if (env->fs->fstat(env, *fd, st) == 0 && env->fs->stat(env, root, ".", &top) == 0 &&
		st->st_dev == top.st_dev)
		return 0;
	env->fs->close(env, *fd);
	return -1;
}

/* This user's directory in trash/, which nobody else can write to. Several names are tried, since others
 * may have taken some. */
static int own_trash(char out[TRASH_NAME], bn_workspace *ws, bn_err *err)
{
	const bn_env *env = ws->env;
	const bn_dir *root = bn_workspace_at(ws);
	struct stat st;
	uid_t me = env->uid(env);
	int rc = bn_dir_make(root, "trash", bn_access_dir_mode(ws->access), err);
	for (int i = 0; rc == 0 && i < TRASHES; i++) {
		bn_err why = BN_ERR_INIT;
		snprintf(out, TRASH_NAME, i ? "trash/%lu-%d" : "trash/%lu", (unsigned long)me, i);
		if (bn_dir_make(root, out, 0700, &why) == 0 &&
			env->fs->stat(env, root, out, &st) == 0 && S_ISDIR(st.st_mode) &&
			st.st_uid == me && !(st.st_mode & 022))
			return 0;
		if (why.code && why.code != BN_ECORRUPT && why.code != BN_EREFUSED)
			return bn_err_move(err, &why);
	}
	if (rc < 0)
		return rc;
	bn_err_set(err, BN_EREFUSED,
		"'%s/trash' has no directory for you: others have taken its names", root->path);
	bn_err_hint(err, "`binnacle doctor` names them");
	return BN_EREFUSED;
}

/* Its former place: a private object must not be restored among the shared ones. */
static const char *home_name(
	const bn_env *env, const char *hash, bool is_private, char buf[BN_OBJECT_NAME])
{
	return is_private ? bn_private_name(env, hash, buf) : bn_object_name(hash, buf);
}

/* Restores an object that was set aside, unless it was stored again: the newer one must stay. */
static void put_back(bn_workspace *ws, const char *aside, const char *hash, bool is_private)
{
	const bn_env *env = ws->env;
	const bn_dir *root = bn_workspace_at(ws);
	char home[BN_OBJECT_NAME];
	int e = env->fs->link(env, root, aside, root, home_name(env, hash, is_private, home));
	if (e == 0 || e == -EEXIST)
		env->fs->unlink(env, root, aside);
	else if (!bn_dir_has(root, home)) /* a file system without links, or another's file */
		env->fs->rename(env, root, aside, root, home);
}

typedef struct removing {
	bn_workspace *ws;
	bn_gc_report *report;
	victims *victims;
	const bn_gc_options *o;
	int64_t cutoff_ms;
	uint64_t tag; /* of this process's names in trash/: another gc may be at work */
	char trash[TRASH_NAME];
	bn_names keeps; /* objects about to be named (_object.h), sorted */
} removing;

static const char *aside_name(const removing *r, const victim *v, char buf[ASIDE_NAME])
{
	snprintf(buf, ASIDE_NAME, "%s/%s%.64s-%016" PRIx64, r->trash,
		v->is_private ? ASIDE_PRIVATE : ASIDE, v->hash, r->tag);
	return buf;
}

static void settle_young(removing *r, victim *v)
{
	v->state = SETTLED;
	r->report->young++;
	r->report->young_bytes += v->bytes;
}

static void settle_failed(removing *r, victim *v)
{
	v->state = SETTLED;
	r->report->failed++;
}

/* Sets it aside, unless it was renewed since it was seen (making a row live again does that first) or
 * replaced by another file. */
static void set_aside(removing *r, victim *v)
{
	const bn_env *env = r->ws->env;
	const bn_dir *root = bn_workspace_at(r->ws);
	struct stat opened, st;
	char name[BN_OBJECT_NAME], aside[ASIDE_NAME];
	int fd = -1;
	aside_name(r, v, aside);
	home_name(env, v->hash, v->is_private, name);
	if (open_here(&fd, &opened, r->ws, name) < 0) {
		settle_failed(r, v);
		return;
	}
	if (mtime_ms(&opened) != v->stored_ms) {
		settle_young(r, v);
	} else if (env->fs->rename(env, root, name, root, aside) < 0) {
		settle_failed(r, v);
	} else if (env->fs->stat(env, root, aside, &st) < 0 || st.st_ino != opened.st_ino ||
		   st.st_dev != opened.st_dev) {
		put_back(r->ws, aside, v->hash, v->is_private);
		settle_failed(r, v);
	} else if (mtime_ms(&st) != v->stored_ms) {
		put_back(r->ws, aside, v->hash, v->is_private);
		settle_young(r, v);
	} else {
		v->state = SET_ASIDE;
	}
	env->fs->close(env, fd);
}

static void unlink_aside(removing *r, victim *v)
{
	const bn_env *env = r->ws->env;
	const bn_dir *root = bn_workspace_at(r->ws);
	struct stat st;
	char aside[ASIDE_NAME];
	aside_name(r, v, aside);
	if (env->fs->stat(env, root, aside, &st) == 0 && mtime_ms(&st) != v->stored_ms) {
		put_back(r->ws, aside, v->hash, v->is_private);
		settle_young(r, v);
	} else if (env->fs->unlink(env, root, aside) < 0) {
		settle_failed(r, v);
	} else {
		v->state = SETTLED;
		r->report->objects++;
		r->report->object_bytes += v->bytes;
	}
}

static void put_all_back(removing *r)
{
	char aside[ASIDE_NAME];
	for (size_t i = 0; i < r->victims->count; i++) {
		victim *v = &r->victims->items[i];
		if (v->state != SET_ASIDE)
			continue;
		put_back(r->ws, aside_name(r, v, aside), v->hash, v->is_private);
		v->state = AT_HOME;
	}
}

/* A user who cannot renew an object (another's, in a sticky directory) leaves a note in tmp/. */
static int find_keeps(removing *r, bn_err *err)
{
	const bn_dir *root = bn_workspace_at(r->ws);
	bn_names_release(&r->keeps);
	return bn_dir_list(root, "tmp", &r->keeps, err);
}

static bool is_kept(const removing *r, const char *hash)
{
	char start[BN_KEEP_NAME], path[BN_KEEP_NAME + 64];
	struct stat st;
	const bn_env *env = r->ws->env;
	int64_t oldest = bn_env_now_ms(env) - BN_KEEP_MS;
	snprintf(start, sizeof start, BN_KEEP "%.64s-", hash);
	for (size_t i = 0; i < r->keeps.count; i++) {
		if (strncmp(r->keeps.items[i], start, strlen(start)) != 0 ||
			strlen(r->keeps.items[i]) >= BN_KEEP_NAME)
			continue;
		snprintf(path, sizeof path, "tmp/%.*s", BN_KEEP_NAME, r->keeps.items[i]);
		if (env->fs->stat(env, bn_workspace_at(r->ws), path, &st) == 0 &&
			mtime_ms(&st) > oldest)
			return true;
	}
	return false;
}

/* Named, or about to be. */
static bool is_needed(const removing *r, const bn_live *live, const char *hash)
{
	if (bn_live_is_forgotten(live, hash))
		return false;
	return r->o->only_forgotten || bn_live_has(live, hash) || is_kept(r, hash);
}

/* How many objects in that state are named. */
static size_t count_live(const removing *r, const bn_live *live, victim_state state)
{
	size_t n = 0;
	for (size_t i = 0; i < r->victims->count; i++) {
		const victim *v = &r->victims->items[i];
		n += v->state == state && is_needed(r, live, v->hash);
	}
	return n;
}

static void settle_live(removing *r, const bn_live *live)
{
	for (size_t i = 0; i < r->victims->count; i++) {
		victim *v = &r->victims->items[i];
		if (v->state != AT_HOME)
			continue;
		if (is_kept(r, v->hash) && !bn_live_is_forgotten(live, v->hash)) {
			settle_young(r, v);
			continue;
		}
		if (!bn_live_has(live, v->hash))
			continue;
		v->state = SETTLED;
		r->report->live++;
		r->report->live_bytes += v->bytes;
	}
}

/* One round: sets objects aside and reads the log again. 1: removed; 0: something has become live, and
 * everything was restored. */
static int remove_unless_live(removing *r, bn_live **live, bn_err *err)
{
	bn_err e = BN_ERR_INIT;
	for (size_t i = 0; i < r->victims->count; i++)
		if (r->victims->items[i].state == AT_HOME)
			set_aside(r, &r->victims->items[i]);
	int rc = find_keeps(r, &e);
	if (rc >= 0)
		rc = find_live(live, r->ws, r->cutoff_ms, r->o, &e);
	if (rc >= 0 && !count_live(r, *live, SET_ASIDE)) {
		for (size_t i = 0; i < r->victims->count; i++)
			if (r->victims->items[i].state == SET_ASIDE)
				unlink_aside(r, &r->victims->items[i]);
		return 1;
	}
	put_all_back(r);
	/* A live manifest may have been among them: what it names is known again. */
	if (rc < 0 && rc != BN_EINCONCLUSIVE)
		return bn_err_move(err, &e);
	bn_err_clear(&e);
	rc = find_live(live, r->ws, r->cutoff_ms, r->o, err);
	if (rc >= 0)
		settle_live(r, *live);
	return rc;
}

static int remove_victims(removing *r, bn_live **live, bn_err *err)
{
	int rc = own_trash(r->trash, r->ws, err);
	if (rc < 0 || (rc = announce(r->ws, r->victims, err)) < 0 ||
		(rc = bn_env_random(r->ws->env, &r->tag, sizeof r->tag, err)) < 0)
		return rc;
	for (int round = 0; rc == 0 && round < ROUNDS; round++)
		rc = remove_unless_live(r, live, err);
	if (rc)
		return rc < 0 ? rc : 0;
	bn_err_set(err, BN_EINCONCLUSIVE,
		"objects became live again while gc was about to remove them");
	bn_err_hint(err, "nothing was removed: run it again");
	return BN_EINCONCLUSIVE;
}

/* ---- leftovers ------------------------------------------------------------------------------ */

/* Removes a leftover file, unless it is locked by a put in progress (local.c). A shared lock is enough
 * to test that, and works on a file open for reading, even over NFS. If locking fails for any reason
 * except that it is not supported there, the file stays. 0 or -1. */
static int remove_leftover(bn_workspace *ws, const char *name)
{
	const bn_env *env = ws->env;
	struct stat st;
	int fd = -1, e = -EBUSY;
	if (open_here(&fd, &st, ws, name) < 0)
		return -1;
	int lock = env->fs->flock(env, fd, LOCK_SH | LOCK_NB);
	if (lock == 0 || lock == -ENOLCK || lock == -EOPNOTSUPP || lock == -ENOSYS)
		e = env->fs->unlink(env, bn_workspace_at(ws), name);
	env->fs->close(env, fd);
	return e < 0 ? -1 : 0;
}

/* Removes a file or a directory tree. Links, pipes and files on another device stay, and so do the
 * directories that contain them. 0 or -1. */
static int remove_leftovers(bn_workspace *ws, const char *name, dev_t device, int depth)
{
	const bn_env *env = ws->env;
	const bn_dir *root = bn_workspace_at(ws);
	bn_names names = BN_NAMES_INIT;
	struct stat st;
	if (env->fs->stat(env, root, name, &st) < 0 || st.st_dev != device || depth > DEPTH_MAX)
		return -1;
	if (!S_ISDIR(st.st_mode))
		return remove_leftover(ws, name);
	int bad = bn_dir_list(root, name, &names, NULL) < 0;
	for (size_t i = 0; i < names.count; i++) {
		char *below = bn_path_join(name, names.items[i]);
		bad |= !below || remove_leftovers(ws, below, device, depth + 1) < 0;
		bn_free(below);
	}
	bn_names_release(&names);
	return bad || env->fs->rmdir(env, root, name) < 0 ? -1 : 0;
}

typedef struct sweeping {
	const char *dir; /* "tmp", "trash", "trash/UID" */
	int64_t cutoff_ms;
	bool dry_run;
	dev_t device;
} sweeping;

static int sweep(bn_gc_report *report, bn_workspace *ws, const char *dir, int64_t cutoff_ms,
	bool dry_run, bn_err *err);

/* "gc-HASH-TAG", "private-HASH-TAG"; an earlier version wrote "gc-HASH". Returns the start of the hash, or
 * NULL. */
static const char *set_aside_hash(const char *entry, bool *is_private)
{
	char hash[BN_SHA256_HEX + 1] = "";
	*is_private = bn_str_starts(entry, ASIDE_PRIVATE);
	if (!*is_private && !bn_str_starts(entry, ASIDE))
		return NULL;
	const char *from = entry + strlen(*is_private ? ASIDE_PRIVATE : ASIDE);
	if (strlen(from) < BN_SHA256_HEX)
		return NULL;
	memcpy(hash, from, BN_SHA256_HEX);
	char after = from[BN_SHA256_HEX];
	return bn_is_hex(hash) && (!after || after == '-') ? from : NULL;
}

/* A user's directory in trash/: "UID" or "UID-N". */
static bool is_users_trash(const sweeping *s, const char *entry, const struct stat *st)
{
	return !strcmp(s->dir, "trash") && S_ISDIR(st->st_mode) &&
	       entry[strspn(entry, "0123456789-")] == '\0';
}

/* Restores an object that an interrupted gc set aside; whether it may be removed is decided again. Only this
 * user's: a file that another user put there is not an object just because of its name. */
static int sweep_one(
	bn_gc_report *report, bn_workspace *ws, const sweeping *s, const char *entry, bn_err *err)
{
	const bn_env *env = ws->env;
	struct stat st;
	int rc = 0;
	bool is_private;
	const char *hash = set_aside_hash(entry, &is_private);
	char *name = bn_path_join(s->dir, entry);
	if (!name)
		return bn_err_nomem(err, "a file name");
	if (env->fs->stat(env, bn_workspace_at(ws), name, &st) < 0)
		goto out;
	if (is_users_trash(s, entry, &st)) {
		if (st.st_uid == env->uid(env) && st.st_dev == s->device)
			rc = sweep(report, ws, name, s->cutoff_ms, s->dry_run, err);
	} else if (hash) {
		if (!s->dry_run && S_ISREG(st.st_mode) && st.st_uid == env->uid(env) &&
			st.st_dev == s->device)
			put_back(ws, name, hash, is_private);
	} else if (mtime_ms(&st) <= s->cutoff_ms) {
		if (!s->dry_run && remove_leftovers(ws, name, s->device, 0) < 0) {
			report->failed++;
		} else {
			report->leftovers++;
			report->leftover_bytes += (uint64_t)st.st_size;
		}
	}
out:
	bn_free(name);
	return rc;
}

/* Old entries of tmp/ or trash/. */
static int sweep(bn_gc_report *report, bn_workspace *ws, const char *dir, int64_t cutoff_ms,
	bool dry_run, bn_err *err)
{
	sweeping s = {.dir = dir, .cutoff_ms = cutoff_ms, .dry_run = dry_run};
	bn_names names = BN_NAMES_INIT;
	struct stat top;
	int rc = bn_dir_stat(bn_workspace_at(ws), ".", &top, err);
	if (rc < 0)
		return rc;
	s.device = top.st_dev;
	rc = bn_dir_list(bn_workspace_at(ws), dir, &names, err);
	for (size_t i = 0; rc == 0 && i < names.count; i++)
		rc = sweep_one(report, ws, &s, names.items[i], err);
	bn_names_release(&names);
	return rc;
}

int bn_gc_run(bn_gc_report *report, bn_workspace *ws, const bn_gc_options *options, bn_err *err)
{
	bn_live *live = NULL;
	bn_object_store *objects = NULL;
	victims v = {0};
	int64_t now = bn_env_now_ms(ws->env), cutoff = now - options->retention_ms;
	int64_t old = options->only_forgotten ? INT64_MIN : cutoff;
	*report = (bn_gc_report){0};
	removing r = {.ws = ws,
		.report = report,
		.victims = &v,
		.o = options,
		.cutoff_ms = cutoff};
	int rc = options->only_forgotten ? 0 : refuse_gaps(ws, err);
	if (rc < 0 || (rc = sweep(report, ws, "trash", old, options->dry_run, err)) < 0 ||
		(rc = sweep(report, ws, "tmp", now - options->tmp_ms, options->dry_run, err)) < 0 ||
		(rc = find_live(&live, ws, cutoff, options, err)) < 0 ||
		(rc = bn_workspace_objects(&objects, ws, err)) < 0)
		goto out;
	looking l = {&v, report, live, cutoff, options->only_forgotten};
	if ((rc = bn_object_list(objects, look_at_object, &l, err)) < 0)
		goto out;
	if (options->dry_run) {
		for (size_t i = 0; i < v.count; i++)
			report->object_bytes += v.items[i].bytes;
		report->objects = v.count;
	} else if (v.count) {
		rc = remove_victims(&r, &live, err);
	}
out:
	bn_names_release(&r.keeps);
	bn_live_free(live);
	bn_free(v.items);
	return rc;
}
