/* gc.c - see gc.h. */
#include "core/store/object/gc.h"

#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/store/_workspace.h"
#include "core/store/inspect.h"
#include "core/store/object/_object.h"
#include "core/store/object/live.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

enum {
	BATCH = 1000,   /* hashes in one gc.removing event */
	DEPTH_MAX = 64, /* of directories below tmp/ */
};

typedef struct victims {
	char (*hash)[BN_SHA256_HEX + 1];
	uint64_t *bytes;
	size_t count, cap, bytes_cap;
} victims;

/* ---- what is there -------------------------------------------------------------------------- */

static int64_t mtime_ms(const struct stat *st)
{
	return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

static int victim_add(victims *v, const char *hash, uint64_t bytes, bn_err *err)
{
	if (bn_grow(&v->hash, &v->cap, v->count + 1, sizeof *v->hash) ||
		bn_grow(&v->bytes, &v->bytes_cap, v->count + 1, sizeof *v->bytes))
		return bn_err_nomem(err, "a list of objects");
	memcpy(v->hash[v->count], hash, BN_SHA256_HEX + 1);
	v->bytes[v->count++] = bytes;
	return 0;
}

typedef struct looking {
	victims *victims;
	bn_gc_report *report;
	const bn_live *live;
	int64_t cutoff_ms;
} looking;

static int look_at_object(void *ctx, const char *hash, const bn_object_info *info, bn_err *err)
{
	looking *l = ctx;
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
	return victim_add(l->victims, hash, info->bytes, err);
}

/* ---- removing ------------------------------------------------------------------------------- */

static int announce(bn_workspace *ws, const victims *v, size_t from, size_t to, bn_err *err)
{
	json_t *hashes = json_array(), *payload = NULL;
	uint64_t bytes = 0;
	for (size_t i = from; i < to; i++) {
		json_array_append_new(hashes, json_string(v->hash[i]));
		bytes += v->bytes[i];
	}
	payload = json_pack("{s:o, s:I}", "objects", hashes, "bytes", (json_int_t)bytes);
	if (!payload)
		return bn_err_nomem(err, "an event");
	int rc = bn_workspace_append(ws, "gc.removing", "gc", payload, err);
	json_decref(payload);
	return rc < 0 ? rc : bn_workspace_commit(ws, err);
}

/* A regular file below the workspace, on its device, opened without following a link. Who may not read it
 * may not judge it. */
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

/* trash/ is sticky where several users write: another's object could be moved there, but neither
 * removed nor put back. */
static bool may_remove(const bn_workspace *ws, const struct stat *st)
{
	const bn_env *env = ws->env;
	struct stat top;
	uid_t me = env->uid(env);
	return me == 0 || st->st_uid == me ||
	       (env->fs->stat(env, bn_workspace_at(ws), "trash", &top) == 0 &&
		       (top.st_uid == me || !(top.st_mode & S_ISVTX)));
}

typedef enum removal {
	REMOVED,
	STORED_AGAIN,
	NOT_REMOVED,
} removal;

/* Out of sight first, then a second look: someone may have stored it again a moment ago, or put another
 * file in its place. */
static removal remove_open(
	bn_workspace *ws, const char *hash, const struct stat *opened, int64_t cutoff_ms)
{
	const bn_env *env = ws->env;
	const bn_dir *root = bn_workspace_at(ws);
	struct stat st;
	char name[BN_OBJECT_NAME], aside[BN_OBJECT_NAME];
	bn_object_name(hash, name);
	snprintf(aside, sizeof aside, "trash/gc-%.64s", hash);
	if (!may_remove(ws, opened) || env->fs->rename(env, root, name, root, aside) < 0)
		return NOT_REMOVED;
	bool same = env->fs->stat(env, root, aside, &st) == 0 && st.st_ino == opened->st_ino &&
		    st.st_dev == opened->st_dev;
	if (!same || mtime_ms(&st) > cutoff_ms) {
		env->fs->rename(env, root, aside, root, name);
		return same ? STORED_AGAIN : NOT_REMOVED;
	}
	return env->fs->unlink(env, root, aside) < 0 ? NOT_REMOVED : REMOVED;
}

static void remove_object(
	bn_workspace *ws, bn_gc_report *report, const char *hash, uint64_t bytes, int64_t cutoff_ms)
{
	char name[BN_OBJECT_NAME];
	struct stat st;
	int fd = -1;
	if (open_here(&fd, &st, ws, bn_object_name(hash, name)) < 0) {
		report->failed++;
		return;
	}
	switch (remove_open(ws, hash, &st, cutoff_ms)) {
	case REMOVED:
		report->objects++;
		report->object_bytes += bytes;
		break;
	case STORED_AGAIN:
		report->young++;
		report->young_bytes += bytes;
		break;
	case NOT_REMOVED:
		report->failed++;
		break;
	}
	ws->env->fs->close(ws->env, fd);
}

static int remove_victims(
	bn_gc_report *report, bn_workspace *ws, const victims *v, int64_t cutoff_ms, bn_err *err)
{
	int rc = 0;
	for (size_t from = 0; !rc && from < v->count; from += BATCH) {
		size_t to = from + BATCH < v->count ? from + BATCH : v->count;
		rc = announce(ws, v, from, to, err);
		for (size_t i = from; !rc && i < to; i++)
			remove_object(ws, report, v->hash[i], v->bytes[i], cutoff_ms);
	}
	return rc;
}

/* Puts an object that was set aside back, unless it was stored anew: the young one must stay. */
static void put_back(bn_workspace *ws, const char *aside, const char *hash)
{
	const bn_env *env = ws->env;
	const bn_dir *root = bn_workspace_at(ws);
	char home[BN_OBJECT_NAME];
	int e = env->fs->link(env, root, aside, root, bn_object_name(hash, home));
	if (e == 0 || e == -EEXIST)
		env->fs->unlink(env, root, aside);
	else if (!bn_dir_has(root, home)) /* a file system without links, or another's file */
		env->fs->rename(env, root, aside, root, home);
}

/* Removes a leftover file, unless a process holds it locked: a put that goes on (local.c). 0 or -1. */
static int remove_leftover(bn_workspace *ws, const char *name)
{
	const bn_env *env = ws->env;
	struct stat st;
	int fd = -1, e = -EBUSY;
	if (open_here(&fd, &st, ws, name) < 0)
		return -1;
	if (env->fs->flock(env, fd, LOCK_EX | LOCK_NB) != -EWOULDBLOCK)
		e = env->fs->unlink(env, bn_workspace_at(ws), name);
	env->fs->close(env, fd);
	return e < 0 ? -1 : 0;
}

/* A file, or a directory with everything below it. Links, pipes and what lies on another device stay,
 * and so do the directories that hold them. 0 or -1. */
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
	const char *dir; /* "tmp", "trash" */
	int64_t cutoff_ms;
	bool dry_run;
	dev_t device;
} sweeping;

/* An object that gc set aside and died over is put back: whether it may go is decided anew. */
static int sweep_one(
	bn_gc_report *report, bn_workspace *ws, const sweeping *s, const char *entry, bn_err *err)
{
	const bn_env *env = ws->env;
	struct stat st;
	char *name = bn_path_join(s->dir, entry);
	if (!name)
		return bn_err_nomem(err, "a file name");
	if (!strncmp(entry, "gc-", 3) && strlen(entry) == 3 + BN_SHA256_HEX &&
		bn_is_hex(entry + 3)) {
		if (!s->dry_run)
			put_back(ws, name, entry + 3);
	} else if (env->fs->stat(env, bn_workspace_at(ws), name, &st) == 0 &&
		   mtime_ms(&st) <= s->cutoff_ms) {
		if (!s->dry_run && remove_leftovers(ws, name, s->device, 0) < 0) {
			report->failed++;
		} else {
			report->leftovers++;
			report->leftover_bytes += (uint64_t)st.st_size;
		}
	}
	bn_free(name);
	return 0;
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

/* I6: what a log says that cannot be read is not known. */
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

int bn_gc_run(bn_gc_report *report, bn_workspace *ws, const bn_gc_options *options, bn_err *err)
{
	bn_live *live = NULL;
	bn_object_store *objects = NULL;
	victims v = {0};
	int64_t now = bn_env_now_ms(ws->env), cutoff = now - options->retention_ms;
	*report = (bn_gc_report){0};
	int rc = refuse_gaps(ws, err);
	if (rc < 0 || (rc = sweep(report, ws, "trash", cutoff, options->dry_run, err)) < 0 ||
		(rc = sweep(report, ws, "tmp", now - options->tmp_ms, options->dry_run, err)) < 0 ||
		(rc = bn_live_find(&live, ws, cutoff, err)) < 0 ||
		(rc = bn_workspace_objects(&objects, ws, err)) < 0)
		goto out;
	looking l = {&v, report, live, cutoff};
	if ((rc = bn_object_list(objects, look_at_object, &l, err)) < 0)
		goto out;
	if (options->dry_run) {
		for (size_t i = 0; i < v.count; i++)
			report->object_bytes += v.bytes[i];
		report->objects = v.count;
	} else {
		rc = remove_victims(report, ws, &v, cutoff, err);
	}
out:
	bn_live_free(live);
	bn_free(v.hash);
	bn_free(v.bytes);
	return rc;
}
