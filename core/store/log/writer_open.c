/* writer_open.c - how a writer takes and releases its slot. Directories are tried in order of their numbers:
 * the first that is free, ours and intact is adopted with its history. See writer.h and slot.h. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/log/clock.h"
#include "core/store/log/segment.h"
#include "core/store/log/slot.h"
#include "core/store/log/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	SLOTS_MAX = 4096,
	SLOTS_UNREADABLE_MAX = 8,
};

/* Readable by everyone who may read the log, regardless of the umask. */
static int slot_share(const bn_dir *at, const char *dir, const struct stat *made, bn_err *err)
{
	const bn_env *env = at->env;
	struct stat log;
	if (bn_dir_stat(at, "log", &log, NULL) < 0)
		return 0;
	mode_t mode = 0700 | (log.st_mode & 0055);
	if ((made->st_mode & 0777) == mode)
		return 0;
	int fd = env->fs->open(env, at, dir, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return bn_dir_error(err, -fd, "cannot open", at, dir);
	int e = env->fs->fchmod(env, fd, mode | (made->st_mode & 06000));
	env->fs->close(env, fd);
	return e < 0 ? bn_dir_error(err, -e, "cannot set the mode of", at, dir) : 0;
}

static int slot_make(const bn_dir *at, const char *dir, bn_err *err)
{
	const bn_env *env = at->env;
	int e = env->fs->mkdir(env, at, dir, 0755);
	if (e == -EEXIST)
		return 0;
	if (e < 0) {
		bn_err_sys(err, BN_EIO, -e, "cannot make the log directory '%s/%s'", at->path, dir);
		if (e == -EACCES || e == -EPERM || e == -EROFS)
			bn_err_hint(
				err, "ask the owner of '%s/log' for write permission", at->path);
		return BN_EIO;
	}
	/* Just created, so it must be ours; if it is not, the next slot would not be either. */
	struct stat st;
	if (bn_dir_stat(at, dir, &st, NULL) < 0)
		return 0;
	if (st.st_uid != env->uid(env)) {
		env->fs->rmdir(env, at, dir);
		bn_err_set(err, BN_EREFUSED,
			"files you create in '%s/log' belong to uid %lu, not to you", at->path,
			(unsigned long)st.st_uid);
		bn_err_hint(err,
			"the file system maps users (root_squash, sshfs): work as the user "
			"it maps to");
		return BN_EREFUSED;
	}
	return slot_share(at, dir, &st, err);
}

/* Leftovers of an interrupted merge. */
static void slot_sweep(const bn_dir *at, const char *dir)
{
	bn_names all = BN_NAMES_INIT;
	bn_dir_list(at, dir, &all, NULL);
	for (size_t i = 0; i < all.count; i++) {
		size_t n = strlen(all.items[i]);
		char *path = n > 4 && !strcmp(all.items[i] + n - 4, ".tmp")
				     ? bn_path_join(dir, all.items[i])
				     : NULL;
		if (path)
			bn_dir_unlink(at, path, NULL);
		bn_free(path);
	}
	bn_names_release(&all);
}

/* Result of slot_try. */
typedef enum slot_state {
	SLOT_OURS,
	SLOT_TAKEN,      /* or another user's, or one that cannot be continued: try the next */
	SLOT_UNREADABLE, /* ours, but its files cannot be read now: likewise, a few times */
	SLOT_NO_LOCKS,   /* flock does not work here */
} slot_state;

/* Adopts the history in dir, which is already locked. */
static int slot_continue(slot_state *state, bn_writer *w, const char *dir, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int rc = bn_slot_adopt(&w->tip, w->at, dir, &why);
	bool has_key = w->open_key && w->tip.seq;
	if (rc >= 0 && has_key)
		rc = bn_slot_is_of_other_key(w->at, dir, w->open_key, &why);
	switch (rc) {
	case 1:
		*state = SLOT_TAKEN;
		return 0;
	case 0:
		/* After a clock that was far ahead, no record could be added. */
		*state = bn_clock_is_sane(w->env, w->tip.clock) ? SLOT_OURS : SLOT_TAKEN;
		return 0;
	case BN_ECORRUPT:
		bn_slot_give_up(w->at, dir, why.msg); /* L9 */
						      /* fall through */
	case BN_EUNSUPPORTED:                         /* L6 */
	case BN_EREFUSED:                             /* L7 */
		*state = SLOT_TAKEN; /* left alone for `audit verify` to report; try another */
		return 0;
	case BN_EIO:
		*state = SLOT_UNREADABLE;
		return 0;
	default:
		return bn_err_move(err, &why);
	}
}

static int slot_try(slot_state *state, bn_writer *w, const char *name, bool lock, bn_err *err)
{
	struct stat st;
	char *dir = bn_path_join("log", name);
	int rc = 0;
	*state = SLOT_TAKEN;
	if (!dir)
		return bn_err_nomem(err, "a file name");
	if ((rc = slot_make(w->at, dir, err)) < 0)
		goto out;
	if (bn_dir_stat(w->at, dir, &st, NULL) < 0 || !S_ISDIR(st.st_mode) ||
		st.st_uid != w->env->uid(w->env))
		goto out;                    /* L7 */
	if (bn_slot_is_given_up(w->at, dir)) /* L9 */
		goto out;
	if (lock && (rc = bn_slot_lock(&w->lock_fd, w->at, dir, err)) != 0) {
		*state = rc == 2 ? SLOT_NO_LOCKS : SLOT_TAKEN;
		rc = rc > 0 ? 0 : rc;
		goto out;
	}
	if ((rc = slot_continue(state, w, dir, err)) < 0 || *state != SLOT_OURS)
		goto out;
	/* The creator of the directory may have died before syncing it; not if it contains
	 * history. */
	if (w->tip.seq == 0 && (rc = bn_dir_sync(w->at, "log", err)) < 0)
		goto out;
	slot_sweep(w->at, dir);
	snprintf(w->name, sizeof w->name, "%s", name);
	w->dir = dir;
	return 0;
out:
	if (w->lock_fd >= 0)
		w->env->fs->close(w->env, w->lock_fd);
	w->lock_fd = -1;
	bn_free(dir);
	return rc;
}

/* Of a copy (core/store/copy.h); 0 otherwise, and if the number is not one. */
static int first_slot(const bn_dir *at)
{
	bn_buf text = BN_BUF_INIT;
	int64_t n = 0;
	if (bn_dir_has(at, BN_SLOT_FIRST_FILE) &&
		bn_dir_read_file(at, BN_SLOT_FIRST_FILE, &text, NULL) == 0) {
		size_t digits = strspn(text.ptr, "0123456789");
		if (!bn_parse_i64(text.ptr, digits, &n) || n > BN_SLOT_FIRST_MAX)
			n = 0;
	}
	bn_buf_release(&text);
	return (int)n;
}

static int slot_take(bn_writer *w, bn_err *err)
{
	char name[BN_WRITER_NAME_MAX + 1];
	bn_slot_name us;
	slot_state state = SLOT_TAKEN;
	uint32_t tag;
	int rc = 0, unreadable = 0;
	bn_slot_own_name(&us, w->env);
	int first = first_slot(w->at);
	for (int slot = first; slot - first < SLOTS_MAX && state != SLOT_NO_LOCKS; slot++) {
		snprintf(name, sizeof name, "%s-%s-%d", us.place, us.boot, slot);
		if ((rc = slot_try(&state, w, name, true, err)) < 0 || state == SLOT_OURS)
			return rc;
		if (state == SLOT_UNREADABLE && ++unreadable == SLOTS_UNREADABLE_MAX)
			return bn_err_set(err, BN_EIO,
				"the log directories in '%s/log' cannot be read", w->at->path);
	}
	if ((rc = bn_env_random(w->env, &tag, sizeof tag, err)) < 0)
		return rc;
	snprintf(name, sizeof name, "%s-%s-r%08" PRIx32, us.place, us.boot, tag);
	rc = slot_try(&state, w, name, false, err);
	if (rc < 0 || state == SLOT_OURS)
		return rc;
	return bn_err_set(err, BN_EIO, "cannot take a slot in '%s/log'", w->at->path);
}

int bn_writer_open(bn_writer **out, const bn_dir *at, const uint8_t *key, bn_err *err)
{
	int rc = 0;
	bn_writer *w = bn_alloc_zeroed(1, sizeof *w);
	if (!w)
		return bn_err_nomem(err, "a log writer");
	w->at = at;
	w->env = at->env;
	w->open_key = key;
	w->fd = w->lock_fd = -1;
	w->pid = getpid();
	bn_buf_init(&w->pending);
	if ((rc = bn_hasher_new(&w->hasher, err)) || (rc = slot_take(w, err)))
		goto out;
	if (!(w->open_path = bn_path_join(w->dir, BN_SEGMENT_OPEN))) {
		rc = bn_err_nomem(err, "a log writer");
		goto out;
	}
	w->open_key = NULL;
	w->durable = w->start = w->tip;
	w->opened_ms = bn_env_monotonic_ns(w->env) / 1000000;
	*out = w;
	w = NULL;
out:
	bn_writer_free(w);
	return rc;
}

void bn_writer_free(bn_writer *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		w->env->fs->close(w->env, w->fd);
	if (w->lock_fd >= 0)
		w->env->fs->close(w->env, w->lock_fd);
	bn_hasher_free(w->hasher);
	bn_buf_release(&w->pending);
	bn_free(w->dir);
	bn_free(w->open_path);
	bn_free(w->workspace);
	bn_free(w);
}

void bn_writer_abandon(bn_writer *w)
{
	if (w->fd >= 0)
		w->env->fs->close(w->env, w->fd);
	if (w->lock_fd >= 0)
		w->env->fs->close(w->env, w->lock_fd);
	w->fd = w->lock_fd = -1;
}

int bn_writer_set_signer(bn_writer *w, const bn_signer *signer, const char *workspace, bn_err *err)
{
	char *copy = bn_strdup(workspace);
	if (!copy)
		return bn_err_nomem(err, "a log writer");
	bn_free(w->workspace);
	w->workspace = copy;
	w->signer = signer;
	w->card_seq = 0;
	return 0;
}
