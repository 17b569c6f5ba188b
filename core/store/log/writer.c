/* writer.c - see writer.h. */
#include "core/store/log/writer.h"

#include "core/base/mem.h"
#include "core/store/_workspace.h"
#include "core/store/log/_slot.h"
#include "core/store/log/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	SLOTS_MAX = 4096,
	PENDING_MAX = 1 << 20,       /* bytes buffered before they are written (without fsync) */
	SEGMENT_BYTES_MAX = 8 << 20, /* open.seg is sealed when it is larger */
	SEAL_MS_MIN = 1000,
	SEAL_MS_MAX = 30000,
	IDLE_NETWORK_S = 600,
};

/* ---- names and lists ------------------------------------------------------------------------ */

static void writer_prefix(const bn_env *env, char *out, size_t size)
{
	char user[64];
	env->user_name(env, env->uid(env), user, sizeof user);
	for (char *p = user; *p; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			    (*p >= '0' && *p <= '9') || *p == '-' || *p == '_' || *p == '.'))
			*p = '-';
	snprintf(out, size, "%.48s@%.64s-", user, env->host(env));
}

static int compare_segments(const void *a, const void *b)
{
	uint64_t af, al, bf, bl;
	bn_segment_parse_name(*(char *const *)a, &af, &al);
	bn_segment_parse_name(*(char *const *)b, &bf, &bl);
	if (af != bf)
		return af < bf ? -1 : 1;
	return al > bl ? -1 : al < bl;
}

int bn_writer_list(
	const bn_env *env, const char *dir, bn_names *segments, bool *has_open, bn_err *err)
{
	bn_names all = BN_NAMES_INIT;
	uint64_t first, last;
	int rc = bn_fs_list_dir(env, dir, &all, err);
	if (has_open)
		*has_open = false;
	for (size_t i = 0; !rc && i < all.count; i++) {
		if (has_open && !strcmp(all.items[i], BN_SEGMENT_OPEN))
			*has_open = true;
		if (bn_segment_parse_name(all.items[i], &first, &last) &&
			bn_names_add(segments, all.items[i]))
			rc = bn_err_nomem(err, "a list of segments");
	}
	if (!rc && segments->count)
		qsort(segments->items, segments->count, sizeof *segments->items, compare_segments);
	bn_names_release(&all);
	return rc;
}

/* ---- taking a slot -------------------------------------------------------------------------- */

static int slot_make(const bn_env *env, const char *log_dir, const char *dir, bn_err *err)
{
	int e = env->fs->mkdir(env, NULL, dir, 0755);
	if (e == -EEXIST)
		return 0;
	if (e < 0) {
		bn_err_sys(err, BN_EIO, -e, "cannot make the log directory '%s'", dir);
		if (e == -EACCES || e == -EPERM || e == -EROFS)
			bn_err_hint(err, "ask the workspace's owner for write permission on '%s'",
				log_dir);
		return BN_EIO;
	}
	/* Just made, so it is ours; where it is not, the next slot would not be either. */
	struct stat st;
	if (env->fs->stat(env, NULL, dir, &st) == 0 && st.st_uid != env->uid(env)) {
		env->fs->rmdir(env, NULL, dir);
		bn_err_set(err, BN_EREFUSED, "what you make in '%s' belongs to uid %lu, not to you",
			log_dir, (unsigned long)st.st_uid);
		bn_err_hint(err,
			"the file system maps users (root_squash, sshfs): work as the user "
			"it maps to");
		return BN_EREFUSED;
	}
	return 0;
}

/* Leftovers of a merge that died. */
static void slot_sweep(const bn_env *env, const char *dir)
{
	bn_names all = BN_NAMES_INIT;
	bn_fs_list_dir(env, dir, &all, NULL);
	for (size_t i = 0; i < all.count; i++) {
		size_t n = strlen(all.items[i]);
		char *path = n > 4 && !strcmp(all.items[i] + n - 4, ".tmp")
				     ? bn_path_join(dir, all.items[i])
				     : NULL;
		if (path)
			env->fs->unlink(env, NULL, path);
		bn_free(path);
	}
	bn_names_release(&all);
}

/* Tries one slot: 0 it is ours now, 1 try the next, 2 flock does not work, negative an error. */
static int slot_try(bn_writer *w, const char *log_dir, const char *name, bool lock, bn_err *err)
{
	struct stat st;
	char *dir = bn_path_join(log_dir, name);
	if (!dir)
		return bn_err_nomem(err, "a file name");
	int rc = slot_make(w->env, log_dir, dir, err);
	if (!rc &&
		(w->env->fs->stat(w->env, NULL, dir, &st) < 0 || st.st_uid != w->env->uid(w->env)))
		rc = 1;
	if (!rc && lock)
		rc = bn_slot_lock(&w->lock_fd, w->env, dir, err);
	if (!rc) {
		bn_err why = BN_ERR_INIT;
		rc = bn_slot_adopt(w->env, dir, name, w->trash_dir, &w->tip, &why);
		if (rc == 0 && !bn_clock_is_sane(w->env, w->tip.clock))
			rc = 1; /* this machine's clock was wrong once: its history is over */
		else if (rc == BN_ECORRUPT)
			rc = 1; /* left alone for `audit verify` to name; another slot will do */
		else if (rc)
			bn_err_set(err, rc, "%s", why.msg);
		if (rc && w->lock_fd >= 0) {
			w->env->fs->close(w->env, w->lock_fd);
			w->lock_fd = -1;
		}
	}
	if (rc) {
		bn_free(dir);
		return rc;
	}
	/* Who made the directory may have died before syncing it; with history in it, nobody did. */
	if (w->tip.seq == 0)
		rc = bn_fs_sync_dir(w->env, log_dir, err);
	slot_sweep(w->env, dir);
	w->dir = dir;
	snprintf(w->name, sizeof w->name, "%s", name);
	return rc;
}

static int slot_take(bn_writer *w, const char *log_dir, bn_err *err)
{
	char prefix[160], name[BN_WRITER_NAME_MAX + 1];
	int rc = 1;
	writer_prefix(w->env, prefix, sizeof prefix);
	for (int slot = 0; rc == 1 && slot < SLOTS_MAX; slot++) {
		snprintf(name, sizeof name, "%s%.8s-%d", prefix, w->env->boot_id(w->env), slot);
		rc = slot_try(w, log_dir, name, true, err);
	}
	if (rc == 1 || rc == 2) {
		uint32_t tag;
		if ((rc = bn_env_random(w->env, &tag, sizeof tag, err)))
			return rc;
		snprintf(name, sizeof name, "%s%.8s-r%08" PRIx32, prefix, w->env->boot_id(w->env),
			tag);
		rc = slot_try(w, log_dir, name, false, err);
		if (rc > 0)
			rc = bn_err_set(err, BN_EIO, "cannot take a place in '%s'", log_dir);
	}
	return rc;
}

int bn_writer_open(
	bn_writer **out, const bn_env *env, const char *log_dir, const char *trash_dir, bn_err *err)
{
	int rc = 0;
	bn_writer *w = bn_alloc_zeroed(1, sizeof *w);
	if (!w)
		return bn_err_nomem(err, "a log writer");
	w->env = env;
	w->fd = w->lock_fd = -1;
	w->pid = getpid();
	w->merge_at = BN_MERGE_AT;
	bn_buf_init(&w->pending);
	if (!(w->trash_dir = bn_strdup(trash_dir))) {
		rc = bn_err_nomem(err, "a log writer");
		goto out;
	}
	if ((rc = bn_hasher_new(&w->hasher, err)) || (rc = slot_take(w, log_dir, err)))
		goto out;
	if (!(w->open_path = bn_path_join(w->dir, BN_SEGMENT_OPEN))) {
		rc = bn_err_nomem(err, "a log writer");
		goto out;
	}
	w->durable = w->start = w->tip;
	w->opened_ms = bn_env_monotonic_ns(env) / 1000000;
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
	bn_free(w->trash_dir);
	bn_free(w);
}

/* ---- writing -------------------------------------------------------------------------------- */

static int writer_is_usable(const bn_writer *w, bn_err *err)
{
	if (w->broken)
		return bn_err_set(
			err, BN_EIO, "'%s' failed earlier and takes no more events", w->open_path);
	return 0;
}

/* Forgets everything since the last good commit, in the file too. */
static void writer_roll_back(bn_writer *w)
{
	bn_buf_clear(&w->pending);
	w->tip = w->durable;
	if (w->fd >= 0 && w->durable_size == 0) {
		/* Not even the header is known to be there. */
		w->env->fs->close(w->env, w->fd);
		w->fd = -1;
		int e = w->env->fs->unlink(w->env, NULL, w->open_path);
		w->broken = e < 0 && e != -ENOENT;
	} else if (w->fd >= 0 && w->env->fs->ftruncate(w->env, w->fd, (off_t)w->durable_size) < 0) {
		w->broken = true;
	}
	w->written_size = w->durable_size;
}

static int open_segment(bn_writer *w, bn_err *err)
{
	w->fd = w->env->fs->open(
		w->env, NULL, w->open_path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND, 0644);
	if (w->fd < 0) {
		int e = w->fd;
		w->fd = -1;
		w->broken = true;
		return bn_err_sys(err, BN_EIO, -e, "cannot create '%s'", w->open_path);
	}
	w->durable_size = w->written_size = 0;
	w->seg_ms = bn_env_monotonic_ns(w->env) / 1000000;
	return 0;
}

/* Writes what is pending, without fsync. */
static int writer_flush(bn_writer *w, bn_err *err)
{
	int rc = 0;
	if (w->pending.len == 0)
		return 0;
	if (w->fd < 0)
		rc = open_segment(w, err);
	if (!rc)
		rc = bn_fs_write_all(
			w->env, w->fd, w->pending.ptr, w->pending.len, w->open_path, err);
	if (rc) {
		writer_roll_back(w);
		return rc;
	}
	w->written_size += w->pending.len;
	bn_buf_clear(&w->pending);
	return 0;
}

static int add_header(bn_writer *w, bn_err *err)
{
	bn_seg_header h = {.first_seq = w->tip.seq + 1, .prev_crc = w->tip.crc};
	memcpy(h.chain, w->tip.chain, sizeof h.chain);
	snprintf(h.writer, sizeof h.writer, "%s", w->name);
	snprintf(h.host, sizeof h.host, "%.71s", w->env->host(w->env));
	snprintf(h.boot, sizeof h.boot, "%.39s", w->env->boot_id(w->env));
	w->start = w->tip;
	bn_seg_header_encode(&w->pending, &h);
	return bn_buf_check(&w->pending, err, "a segment header");
}

int bn_writer_append(bn_writer *w, bn_record_type type, const char *kind, const char *entity,
	const void *payload, size_t n, uint64_t seen_clock, bn_err *err)
{
	int rc = writer_is_usable(w, err);
	if (rc)
		return rc;
	size_t before = w->pending.len;
	bool head = w->fd < 0 && before == 0;
	if (bn_buf_reserve(&w->pending,
		    BN_SEG_HEADER_MAX + BN_RECORD_FIXED + strlen(kind) + strlen(entity) + 2 + n)) {
		w->pending.failed = false; /* what was buffered before is still whole */
		return bn_err_nomem(err, "an event");
	}
	if (head && (rc = add_header(w, err)))
		return rc;
	uint64_t clock = (uint64_t)bn_env_now_ms(w->env) << 16;
	if (clock <= seen_clock)
		clock = seen_clock + 1;
	if (clock <= w->tip.clock)
		clock = w->tip.clock + 1;
	size_t at = w->pending.len;
	w->tip.crc = bn_record_encode(
		&w->pending, type, w->tip.seq + 1, clock, w->tip.chain, kind, entity, payload, n);
	w->tip.seq++;
	w->tip.clock = clock;
	bn_chain_add(w->tip.chain, w->hasher, w->pending.ptr + at, w->pending.len - at);
	return w->pending.len >= PENDING_MAX ? writer_flush(w, err) : 0;
}

int bn_writer_commit(bn_writer *w, bn_err *err)
{
	int rc = writer_is_usable(w, err);
	if (rc || (rc = writer_flush(w, err)))
		return rc;
	if (w->written_size == w->durable_size)
		return 0;
	int e = w->env->fs->fsync(w->env, w->fd);
	if (e < 0) {
		rc = bn_err_sys(err, BN_EIO, -e, "cannot sync '%s'", w->open_path);
	} else if (w->durable_size == 0) {
		rc = bn_fs_sync_dir(w->env, w->dir, err);
	}
	if (rc) {
		/* After a failed fsync the kernel may have dropped the pages: the file is not to be
		 * trusted behind the last commit, and is not written to again. */
		writer_roll_back(w);
		w->broken = true;
		return rc;
	}
	w->durable = w->tip;
	w->durable_size = w->written_size;
	if (w->durable_size > SEGMENT_BYTES_MAX)
		bn_writer_seal(w, NULL); /* a failed seal leaves what was acknowledged intact */
	return 0;
}

int bn_writer_seal(bn_writer *w, bn_err *err)
{
	int rc = bn_writer_commit(w, err), e = 0;
	if (rc || w->fd < 0)
		return rc;
	char name[BN_SEGMENT_NAME];
	bn_segment_name(name, w->start.seq + 1, w->durable.seq);
	char *to = bn_path_join(w->dir, name);
	bn_seg_trailer t = {.count = w->durable.seq - w->start.seq,
		.last_seq = w->durable.seq,
		.last_clock = w->durable.clock,
		.last_crc = w->durable.crc};
	memcpy(t.chain, w->durable.chain, sizeof t.chain);
	bn_record_encode_trailer(&w->pending, &t);
	if (!to || w->pending.failed) {
		rc = bn_err_nomem(err, "a segment trailer");
		goto out;
	}
	if ((rc = bn_fs_write_all(
		     w->env, w->fd, w->pending.ptr, w->pending.len, w->open_path, err)))
		goto out;
	if ((e = w->env->fs->fsync(w->env, w->fd)) < 0) {
		w->broken = true;
		rc = bn_err_sys(err, BN_EIO, -e, "cannot sync '%s'", w->open_path);
	} else if ((e = w->env->fs->rename(w->env, NULL, w->open_path, NULL, to)) < 0) {
		rc = bn_err_sys(err, BN_EIO, -e, "cannot rename '%s'", w->open_path);
	}
out:
	if (rc) {
		writer_roll_back(w); /* back to an unsealed open.seg with all that was committed */
	} else {
		bn_buf_clear(&w->pending);
		w->env->fs->close(w->env, w->fd);
		w->fd = -1;
		w->durable_size = w->written_size = 0;
		w->start = w->durable;
		rc = bn_fs_sync_dir(w->env, w->dir, err);
	}
	bn_free(to);
	if (!rc)
		bn_writer_merge(w, NULL); /* a failed merge leaves the parts as they are */
	return rc;
}

bool bn_writer_is_due(const bn_writer *w)
{
	if (w->broken || (w->fd < 0 && w->pending.len == 0))
		return false;
	int64_t now = bn_env_monotonic_ns(w->env) / 1000000;
	/* A young writer has someone waiting for its first words; an old one is a long job. */
	int64_t limit = (now - w->opened_ms) / 10;
	limit = limit < SEAL_MS_MIN ? SEAL_MS_MIN : limit > SEAL_MS_MAX ? SEAL_MS_MAX : limit;
	return w->fd >= 0 && now - w->seg_ms >= limit;
}

/* ---- what dead writers left ----------------------------------------------------------------- */

/* A lock on a network file system may be local to each client (Lustre's localflock), and two hosts
 * may share a name. So there a writer of another boot counts as dead only after long silence. */
static bool dead_enough(const bn_env *env, const char *dir, const char *path, bool same_boot)
{
	struct stat st;
	if (env->fs->stat(env, NULL, path, &st) < 0)
		return false;
	if (same_boot || !bn_fs_is_network(dir))
		return true;
	return bn_env_now_ns(env) / 1000000000 - st.st_mtim.tv_sec > IDLE_NETWORK_S;
}

/* True when something was adopted. */
static bool adopt_one(bn_writer *w, const char *log_dir, const char *name, size_t prefix_len)
{
	bool done = false;
	int lock_fd = -1;
	struct stat st;
	bn_log_point end;
	char *dir = bn_path_join(log_dir, name);
	char *path = dir ? bn_path_join(dir, BN_SEGMENT_OPEN) : NULL;
	const char *boot = w->env->boot_id(w->env), *tail = name + prefix_len;
	bool same_boot = !strncmp(tail, boot, strnlen(boot, 8));
	const char *dash = strchr(tail, '-');
	bool random_slot = dash && dash[1] == 'r';
	if (!path || !strcmp(name, w->name) || (random_slot && same_boot))
		goto out; /* a random slot has no lock that would tell whether it is alive */
	if (w->env->fs->stat(w->env, NULL, dir, &st) < 0 || st.st_uid != w->env->uid(w->env) ||
		!dead_enough(w->env, dir, path, same_boot))
		goto out;
	if (bn_slot_lock(&lock_fd, w->env, dir, NULL) == 0)
		done = bn_slot_adopt(w->env, dir, name, w->trash_dir, &end, NULL) == 0;
out:
	if (lock_fd >= 0)
		w->env->fs->close(w->env, lock_fd);
	bn_free(dir);
	bn_free(path);
	return done;
}

void bn_writer_adopt_dead(bn_writer *w, const char *log_dir, int most)
{
	char prefix[160];
	bn_names all = BN_NAMES_INIT;
	writer_prefix(w->env, prefix, sizeof prefix);
	size_t n = strlen(prefix);
	bn_fs_list_dir(w->env, log_dir, &all, NULL);
	for (size_t i = 0; i < all.count && most > 0; i++)
		if (!strncmp(all.items[i], prefix, n) && adopt_one(w, log_dir, all.items[i], n))
			most--;
	bn_names_release(&all);
}
