/* _slot.c - see _slot.h. */
#include "core/store/log/_slot.h"

#include "core/base/mem.h"
#include "core/store/log/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

int bn_slot_lock(int *lock_fd, const bn_env *env, const char *dir, bn_err *err)
{
	char *path = bn_path_join(dir, "lock");
	if (!path)
		return bn_err_nomem(err, "a file name");
	int rc = 0, fd = env->fs->open(env, NULL, path, O_RDWR | O_CREAT, 0644);
	if (fd == -EACCES || fd == -EPERM || fd == -ENOENT) {
		rc = 1; /* not ours, or just being removed */
	} else if (fd < 0) {
		rc = bn_err_sys(err, BN_EIO, -fd, "cannot open '%s'", path);
	} else {
		int e = env->fs->flock(env, fd, LOCK_EX | LOCK_NB);
		if (e == -EWOULDBLOCK || e == -EINTR)
			rc = 1;
		else if (e < 0)
			rc = 2;
		if (rc)
			env->fs->close(env, fd);
		else
			*lock_fd = fd;
	}
	bn_free(path);
	return rc;
}

/* Keeps the bytes of the file from `from` on in the trash. Best effort: they are damaged or were
 * never acknowledged. */
static void keep_tail(const bn_env *env, const char *path, const char *name, const char *trash_dir,
	uint64_t from, uint64_t seq)
{
	bn_buf bytes = BN_BUF_INIT;
	char *to = bn_strf("%s/%s-cut-%llu.bin", trash_dir, name, (unsigned long long)seq);
	if (to && bn_fs_read_file(env, path, &bytes, NULL) == 0 && bytes.len > from)
		bn_fs_write_file(env, to, bytes.ptr + from, bytes.len - (size_t)from, 0600, NULL);
	bn_buf_release(&bytes);
	bn_free(to);
}

/* The end of the newest sealed segment; the very start of the chain when there is none. */
static int sealed_end(
	const bn_env *env, const char *dir, const char *name, bn_log_point *end, bn_err *err)
{
	int rc = 0;
	uint64_t best = 0, first, last;
	const char *best_name = NULL;
	char *path = NULL;
	bn_names names = BN_NAMES_INIT;
	bn_segment s = {.fd = -1};
	*end = (bn_log_point){0};
	bn_chain_start(end->chain, name);
	if ((rc = bn_writer_list(env, dir, &names, NULL, err)))
		goto out;
	for (size_t i = 0; i < names.count; i++)
		if (bn_segment_parse_name(names.items[i], &first, &last) && last > best) {
			best = last;
			best_name = names.items[i];
		}
	if (!best_name)
		goto out;
	if (!(path = bn_path_join(dir, best_name))) {
		rc = bn_err_nomem(err, "a file name");
		goto out;
	}
	bn_seg_trailer t;
	if ((rc = bn_segment_open(&s, env, path, false, err)) ||
		(rc = bn_segment_read_trailer(&s, &t, err)))
		goto out;
	if (t.last_seq != best || strcmp(s.header.writer, name)) {
		rc = bn_err_set(err, BN_ECORRUPT, "%s: name and content differ", path);
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
static int cut_and_close(const bn_env *env, const bn_segment *s, const char *trash_dir, bn_err *err)
{
	int rc = 0, e = 0, fd = env->fs->open(env, NULL, s->path, O_WRONLY | O_APPEND, 0);
	bn_buf b = BN_BUF_INIT;
	if (fd < 0)
		return bn_err_sys(err, BN_EIO, -fd, "cannot open '%s'", s->path);
	if (s->end != BN_SEGMENT_UNSEALED)
		keep_tail(env, s->path, s->header.writer, trash_dir, s->at, s->last_seq);
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
static int slot_publish(const bn_env *env, const char *dir, const bn_segment *s, bn_err *err)
{
	char name[BN_SEGMENT_NAME];
	bn_segment_name(name, s->header.first_seq, s->last_seq);
	char *to = bn_path_join(dir, name);
	if (!to)
		return bn_err_nomem(err, "a file name");
	/* Its writer may have died between writing the trailer and syncing it. */
	int rc = 0, e = env->fs->fsync(env, s->fd);
	if (e < 0)
		rc = bn_err_sys(err, BN_EIO, -e, "cannot sync '%s'", s->path);
	else if ((e = env->fs->rename(env, NULL, s->path, NULL, to)) < 0)
		rc = bn_err_sys(err, BN_EIO, -e, "cannot rename '%s' to '%s'", s->path, to);
	else
		rc = bn_fs_sync_dir(env, dir, err);
	bn_free(to);
	return rc;
}

/* Without a whole header no record in it was ever acknowledged: header and first record become
 * durable together. The file goes to the trash. */
static int drop_headless(const bn_env *env, const char *path, const char *name,
	const char *trash_dir, uint64_t seq, bn_err *err)
{
	keep_tail(env, path, name, trash_dir, 0, seq);
	int e = env->fs->unlink(env, NULL, path);
	return e < 0 && e != -ENOENT ? bn_err_sys(err, BN_EIO, -e, "cannot remove '%s'", path) : 0;
}

int bn_slot_adopt(const bn_env *env, const char *dir, const char *name, const char *trash_dir,
	bn_log_point *end, bn_err *err)
{
	int rc = 0;
	bn_segment s = {.fd = -1};
	bn_record r;
	bn_err why = BN_ERR_INIT;
	char *path = bn_path_join(dir, BN_SEGMENT_OPEN);
	if (!path)
		return bn_err_nomem(err, "a file name");
	if ((rc = sealed_end(env, dir, name, end, err)))
		goto out;
	rc = bn_segment_open(&s, env, path, true, &why);
	if (rc == BN_ENOTFOUND) {
		rc = 0;
		goto out;
	}
	if (rc == BN_ECORRUPT) {
		rc = drop_headless(env, path, name, trash_dir, end->seq, err);
		goto out;
	}
	if (rc) {
		bn_err_set(err, rc, "%s", why.msg);
		goto out;
	}
	if (strcmp(s.header.writer, name) || s.header.first_seq != end->seq + 1 ||
		s.header.prev_crc != end->crc || memcmp(s.chain, end->chain, sizeof s.chain)) {
		rc = bn_err_set(
			err, BN_ECORRUPT, "%s does not continue the segments beside it", path);
		goto out;
	}
	while ((rc = bn_segment_next(&s, &r, err)) == 1)
		;
	if (rc)
		goto out;
	if (s.last_seq < s.header.first_seq) {
		rc = drop_headless(env, path, name, trash_dir, end->seq, err);
		goto out;
	}
	if (s.end != BN_SEGMENT_SEALED && (rc = cut_and_close(env, &s, trash_dir, err)))
		goto out;
	if ((rc = slot_publish(env, dir, &s, err)))
		goto out;
	*end = (bn_log_point){.seq = s.last_seq, .clock = s.last_clock, .crc = s.last_crc};
	memcpy(end->chain, s.chain, sizeof end->chain);
out:
	bn_segment_close(&s);
	bn_free(path);
	return rc;
}
