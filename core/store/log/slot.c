/* slot.c - see slot.h. */
#include "core/store/log/slot.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/store/log/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

enum { IDLE_NETWORK_S = 600 };

#define DAMAGED "damaged"

/* ---- names ---------------------------------------------------------------------------------- */

static bool is_slot(const char *s, bool *is_random)
{
	*is_random = *s == 'r';
	if (*is_random)
		return strlen(s) == 9 && bn_is_hex(s + 1);
	return *s && s[strspn(s, "0123456789")] == '\0';
}

bool bn_slot_parse_name(bn_slot_name *out, const char *name)
{
	const char *slot = strrchr(name, '-'), *boot = slot;
	if (!slot || !is_slot(slot + 1, &out->is_random))
		return false;
	while (boot > name && boot[-1] != '-')
		boot--;
	if (boot == name || slot - boot > 8)
		return false;
	int n = (int)(boot - 1 - name);
	if (n >= (int)sizeof out->place || !memchr(name, '@', (size_t)n))
		return false;
	snprintf(out->place, sizeof out->place, "%.*s", n, name);
	snprintf(out->boot, sizeof out->boot, "%.*s", (int)(slot - boot), boot);
	return true;
}

void bn_slot_own_name(bn_slot_name *out, const bn_env *env)
{
	char user[64];
	env->user_name(env, env->uid(env), user, sizeof user);
	for (char *p = user; *p; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
			    (*p >= '0' && *p <= '9') || *p == '-' || *p == '_' || *p == '.'))
			*p = '-';
	snprintf(out->place, sizeof out->place, "%.48s@%.64s", user, env->host(env));
	snprintf(out->boot, sizeof out->boot, "%.8s", env->boot_id(env));
	out->is_random = false;
}

bool bn_slot_is_own(const bn_env *env, const char *name)
{
	bn_slot_name us, slot;
	bn_slot_own_name(&us, env);
	return bn_slot_parse_name(&slot, name) && !strcmp(slot.place, us.place) &&
	       !strcmp(slot.boot, us.boot);
}

/* ---- giving up ------------------------------------------------------------------------------ */

bool bn_slot_is_given_up(const bn_dir *at, const char *dir)
{
	char *path = bn_path_join(dir, DAMAGED);
	bool is = path && bn_dir_has(at, path);
	bn_free(path);
	return is;
}

void bn_slot_give_up(const bn_dir *at, const char *dir, const char *why)
{
	const bn_env *env = at->env;
	char *path = bn_path_join(dir, DAMAGED);
	int fd = -1;
	if (path && !bn_dir_has(at, path) &&
		bn_dir_open_file(&fd, at, path, O_WRONLY | O_CREAT | O_EXCL, 0644, NULL) == 0) {
		bn_fs_write_all(env, fd, why, strlen(why), path, NULL);
		bn_fs_write_all(env, fd, "\n", 1, path, NULL);
		env->fs->close(env, fd);
	}
	bn_free(path);
}

/* ---- the lock, and where a history ends ------------------------------------------------------ */

int bn_slot_lock(int *lock_fd, const bn_dir *at, const char *dir, bn_err *err)
{
	const bn_env *env = at->env;
	struct stat st;
	char *path = bn_path_join(dir, "lock");
	if (!path)
		return bn_err_nomem(err, "a file name");
	int e, fd = env->fs->open(env, at, path, O_RDWR | O_CREAT | O_NONBLOCK, 0644);
	bn_free(path);
	if (fd == -EACCES || fd == -EPERM || fd == -ENOENT || fd == -ELOOP || fd == -EISDIR ||
		fd == -ENXIO)
		return 1; /* not ours, not a file, or just being removed */
	if (fd < 0)
		return bn_err_sys(err, BN_EIO, -fd, "cannot open '%s/%s/lock'", at->path, dir);
	if (env->fs->fstat(env, fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		env->fs->close(env, fd);
		return 1;
	}
	if ((e = env->fs->flock(env, fd, LOCK_EX | LOCK_NB)) == 0) {
		/* Its directory decides who can read it, not the umask. A failure is harmless. */
		if ((st.st_mode & 0777) != 0644)
			env->fs->fchmod(env, fd, 0644);
		*lock_fd = fd;
		return 0;
	}
	env->fs->close(env, fd);
	return e == -EWOULDBLOCK || e == -EINTR ? 1 : 2;
}

/* Saves the bytes of the file from `from` on in the trash. Best effort: they are damaged or were
 * never acknowledged. */
static void keep_tail(const bn_dir *at, const char *path, uint64_t from, uint64_t seq)
{
	bn_buf bytes = BN_BUF_INIT;
	const char *writer = path + strlen("log/");
	char *to = bn_strf("trash/%.*s-cut-%llu.bin", (int)strcspn(writer, "/"), writer,
		(unsigned long long)seq);
	if (to && bn_dir_read_file(at, path, &bytes, NULL) == 0 && bytes.len > from)
		bn_dir_write_file(at, to, bytes.ptr + from, bytes.len - (size_t)from, 0600, NULL);
	bn_buf_release(&bytes);
	bn_free(to);
}

/* The newest of the sealed segments, which must be contiguous; NULL if there are none. */
static int newest(
	const char **name, uint64_t *end, const bn_names *names, const char *dir, bn_err *err)
{
	uint64_t first, last;
	*name = NULL;
	*end = 0;
	for (size_t i = 0; i < names->count; i++) {
		if (!bn_segment_parse_name(names->items[i], &first, &last) || last <= *end)
			continue;
		if (first > *end + 1)
			return bn_err_set(err, BN_ECORRUPT,
				"%s: the segment with event %" PRIu64 " is missing", dir, *end + 1);
		*end = last;
		*name = names->items[i];
	}
	return 0;
}

/* The end of the newest sealed segment; the start of the chain if there is none. */
static int sealed_end(bn_log_point *end, const bn_dir *at, const char *dir, bn_err *err)
{
	const char *name = bn_path_base(dir);
	int rc = 0;
	uint64_t best = 0;
	const char *best_name = NULL;
	char *path = NULL;
	bn_names names = BN_NAMES_INIT;
	bn_segment s = {.fd = -1};
	*end = (bn_log_point){0};
	bn_chain_start(end->chain, name);
	if ((rc = bn_segment_list(at, dir, &names, NULL, err)))
		goto out;
	if ((rc = newest(&best_name, &best, &names, dir, err)) < 0 || !best_name)
		goto out;
	if (!(path = bn_path_join(dir, best_name))) {
		rc = bn_err_nomem(err, "a file name");
		goto out;
	}
	bn_seg_trailer t;
	if ((rc = bn_segment_open(&s, at, path, false, err)) ||
		(rc = bn_segment_read_trailer(&s, &t, err)))
		goto out;
	if (t.last_seq != best || strcmp(s.header.writer, name)) {
		rc = bn_err_set(
			err, BN_ECORRUPT, "'%s/%s': name and content differ", at->path, path);
		goto out;
	}
	*end = (bn_log_point){.seq = t.last_seq, .clock = t.last_clock, .crc = t.last_crc};
	memcpy(end->chain, t.chain, sizeof end->chain);
out:
	bn_segment_close(&s);
	bn_names_release(&names);
	bn_free(path);
	return rc;
}

/* Cuts the file to `at` and appends a trailer. */
static int cut_and_close(const bn_segment *s, bn_err *err)
{
	const bn_env *env = s->env;
	bn_buf b = BN_BUF_INIT;
	int e, fd, rc = bn_dir_open_file(&fd, s->dir, s->name, O_WRONLY | O_APPEND, 0, err);
	if (rc < 0)
		return rc;
	if (s->end != BN_SEGMENT_UNSEALED)
		keep_tail(s->dir, s->name, s->at, s->last_seq);
	bn_seg_trailer t = {.count = s->last_seq - s->header.first_seq + 1,
		.last_seq = s->last_seq,
		.last_clock = s->last_clock,
		.last_crc = s->last_crc};
	memcpy(t.chain, s->chain, sizeof t.chain);
	bn_record_encode_trailer(&b, &t);
	if ((rc = bn_buf_check(&b, err, "a segment trailer")))
		goto out;
	if ((e = env->fs->ftruncate(env, fd, (off_t)s->at)) < 0) {
		rc = bn_err_sys(err, BN_EIO, -e, "cannot cut '%s'", s->path);
		goto out;
	}
	rc = bn_fs_write_all(env, fd, b.ptr, b.len, s->path, err);
out:
	env->fs->close(env, fd);
	bn_buf_release(&b);
	return rc;
}

/* Makes the file durable and gives it its final name. */
static int slot_publish(const char *dir, const bn_segment *s, bn_err *err)
{
	char name[BN_SEGMENT_NAME];
	bn_segment_name(name, s->header.first_seq, s->last_seq);
	char *to = bn_path_join(dir, name);
	if (!to)
		return bn_err_nomem(err, "a file name");
	/* Its writer may have died after writing the trailer and before syncing it. */
	int rc = 0, e = s->env->fs->fsync(s->env, s->fd);
	if (e < 0)
		rc = bn_err_sys(err, BN_EIO, -e, "cannot sync '%s'", s->path);
	else if ((rc = bn_segment_rename(s->dir, s->fd, s->name, to, NULL, err)) == 0)
		rc = bn_dir_sync(s->dir, dir, err);
	bn_free(to);
	return rc;
}

/* Without a complete header no record in it was ever acknowledged: header and first record
 * become durable together. The file is moved to the trash. */
static int drop_headless(const bn_dir *at, const char *path, uint64_t seq, bn_err *err)
{
	keep_tail(at, path, 0, seq);
	return bn_dir_unlink(at, path, err);
}

int bn_slot_adopt(bn_log_point *end, const bn_dir *at, const char *dir, bn_err *err)
{
	const char *name = bn_path_base(dir);
	int rc = 0;
	bn_segment s = {.fd = -1};
	bn_record r;
	bn_err why = BN_ERR_INIT;
	char *path = bn_path_join(dir, BN_SEGMENT_OPEN);
	if (!path)
		return bn_err_nomem(err, "a file name");
	if ((rc = sealed_end(end, at, dir, err)))
		goto out;
	rc = bn_segment_open(&s, at, path, true, &why);
	if (rc == BN_ENOTFOUND) {
		rc = 0;
		goto out;
	}
	if (rc == BN_ECORRUPT) {
		rc = drop_headless(at, path, end->seq, err);
		goto out;
	}
	if (rc < 0) {
		bn_err_move(err, &why);
		goto out;
	}
	if (strcmp(s.header.writer, name) || s.header.first_seq != end->seq + 1 ||
		s.header.prev_crc != end->crc || memcmp(s.chain, end->chain, sizeof s.chain)) {
		rc = bn_err_set(err, BN_ECORRUPT,
			"'%s/%s' does not continue the segments beside it", at->path, path);
		goto out;
	}
	while ((rc = bn_segment_next(&s, &r, err)) == 1)
		;
	if (rc)
		goto out;
	if (s.end == BN_SEGMENT_NEWER) { /* L6 */
		rc = bn_err_set(err, BN_EUNSUPPORTED, "'%s/%s': %s", at->path, path, s.fault);
		goto out;
	}
	if (s.last_seq < s.header.first_seq) {
		rc = drop_headless(at, path, end->seq, err);
		goto out;
	}
	if (s.end != BN_SEGMENT_SEALED && (rc = cut_and_close(&s, err)))
		goto out;
	if ((rc = slot_publish(dir, &s, err)))
		goto out;
	*end = (bn_log_point){.seq = s.last_seq, .clock = s.last_clock, .crc = s.last_crc};
	memcpy(end->chain, s.chain, sizeof end->chain);
out:
	bn_segment_close(&s);
	bn_free(path);
	return rc;
}

/* 1: the segment is signed, and *is_other says whether with another key; 0: it is not. */
static int signed_by(bool *is_other, const bn_dir *at, const char *path,
	const uint8_t key[BN_ED25519_KEY_BYTES], bn_err *err)
{
	bn_segment s = {.fd = -1};
	bn_seg_trailer t;
	int rc;
	if ((rc = bn_segment_open(&s, at, path, false, err)) < 0 ||
		(rc = bn_segment_read_trailer(&s, &t, err)) < 0)
		goto out;
	rc = t.signature.scheme != 0;
	*is_other = rc && (t.signature.key_bytes != BN_ED25519_KEY_BYTES ||
				  memcmp(t.signature.key, key, BN_ED25519_KEY_BYTES) != 0);
out:
	bn_segment_close(&s);
	return rc;
}

int bn_slot_is_of_other_key(
	const bn_dir *at, const char *dir, const uint8_t key[BN_ED25519_KEY_BYTES], bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	bool is_other = false;
	int rc = bn_segment_list(at, dir, &names, NULL, err);
	size_t most = names.count < BN_SLOT_UNSIGNED_MOST ? names.count : BN_SLOT_UNSIGNED_MOST;
	for (size_t i = 0; i < most && rc == 0; i++) {
		char *path = bn_path_join(dir, names.items[names.count - 1 - i]);
		rc = path ? signed_by(&is_other, at, path, key, err)
			  : bn_err_nomem(err, "a file name");
		bn_free(path);
	}
	bn_names_release(&names);
	return rc < 0 ? rc : is_other;
}

/* ---- what dead writers left ----------------------------------------------------------------- */

/* On a network file system a lock may be local to each client (Lustre's localflock), and two hosts
 * may have the same name. So there a writer of another boot counts as dead only after long
 * silence. */
static bool dead_enough(const bn_dir *at, const char *path, bool same_boot)
{
	struct stat st;
	if (bn_dir_stat(at, path, &st, NULL) < 0)
		return false;
	if (same_boot || !bn_dir_is_network(at))
		return true;
	return bn_env_now_ns(at->env) / 1000000000 - st.st_mtim.tv_sec > IDLE_NETWORK_S;
}

/* True when something was adopted. */
static bool adopt_one(const bn_dir *at, const char *dir, bool same_boot)
{
	bool done = false;
	int lock_fd = -1;
	struct stat st;
	bn_log_point end;
	char *path = bn_path_join(dir, BN_SEGMENT_OPEN);
	if (!path || bn_dir_stat(at, dir, &st, NULL) < 0 || st.st_uid != at->env->uid(at->env) ||
		!dead_enough(at, path, same_boot))
		goto out;
	if (bn_slot_lock(&lock_fd, at, dir, NULL) == 0)
		done = bn_slot_adopt(&end, at, dir, NULL) == 0;
out:
	if (lock_fd >= 0)
		at->env->fs->close(at->env, lock_fd);
	bn_free(path);
	return done;
}

void bn_slot_adopt_dead(const bn_dir *at, const char *own, int most)
{
	bn_slot_name us, slot;
	bn_names all = BN_NAMES_INIT;
	bn_slot_own_name(&us, at->env);
	bn_dir_list(at, "log", &all, NULL);
	for (size_t i = 0; i < all.count && most > 0; i++) {
		const char *name = all.items[i];
		if (!strcmp(name, own) || !bn_slot_parse_name(&slot, name) ||
			strcmp(slot.place, us.place))
			continue;
		bool same_boot = !strcmp(slot.boot, us.boot);
		if (slot.is_random && same_boot)
			continue; /* without a lock it cannot be told whether it is alive */
		char *dir = bn_path_join("log", name);
		if (dir && adopt_one(at, dir, same_boot))
			most--;
		bn_free(dir);
	}
	bn_names_release(&all);
}
