/*
 * _merge.c - rewriting small neighbouring segments of one writer as one wider segment.
 *
 * The wide segment is written beside its parts, made durable and named before the parts go; a
 * reader prefers the widest cover, so a crash anywhere in between changes nothing that can be read.
 * Sizes grow geometrically: a run is merged when it is as large as the segment before it, so every
 * byte is rewritten a logarithmic number of times, and a writer that stays below a few gigabytes
 * owns a few dozen files at most.
 */
#include "core/base/mem.h"
#include "core/store/log/segment.h"
#include "core/store/log/writer.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

enum {
	MERGE_BYTES = 64 << 20, /* no wider than that */
};

typedef struct part {
	char *path;
	uint64_t first, last, size;
	bool foreign; /* owned by someone else: stays as it is, who owns a file is who wrote it */
} part;

/* Drops parts that a wider one covers (left by a merge that died before unlinking them), and
 * returns how many are left. */
static size_t parts_uncover(const bn_env *env, part *parts, size_t n)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		if (kept && !parts[i].foreign && parts[i].last <= parts[kept - 1].last) {
			env->fs->unlink(env, NULL, parts[i].path);
			bn_free(parts[i].path);
			continue;
		}
		parts[kept++] = parts[i];
	}
	return kept;
}

/* The newest parts worth merging, parts[*first..n): at least half of merge_at, and then as long as
 * the next older one is not much larger than all of them. */
static bool choose_run(const part *parts, size_t n, size_t merge_at, size_t *first)
{
	if (n < merge_at || parts[n - 1].foreign)
		return false;
	size_t j = n - 1;
	uint64_t bytes = parts[j].size;
	while (j > 0) {
		const part *p = &parts[j - 1];
		if (p->foreign || p->last + 1 != parts[j].first || bytes + p->size > MERGE_BYTES)
			break;
		if (p->size > 2 * bytes && n - j >= merge_at / 2)
			break;
		bytes += p->size;
		j--;
	}
	*first = j;
	return n - j >= 2;
}

/* Appends the records of one part to fd and moves *end behind them. */
static int copy_part(
	const bn_env *env, int fd, const char *tmp, const part *p, bn_seg_trailer *end, bn_err *err)
{
	bn_segment s = {.fd = -1};
	bn_record r;
	bn_buf out = BN_BUF_INIT;
	int rc = bn_segment_open(&s, env, p->path, true, err);
	if (rc)
		return rc;
	if (end->count == 0) {
		bn_seg_header_encode(&out, &s.header);
		memcpy(end->chain, s.header.chain, sizeof end->chain);
	}
	if (s.header.first_seq != p->first || memcmp(end->chain, s.header.chain, sizeof end->chain))
		rc = bn_err_set(err, BN_ECORRUPT, "%s does not continue its neighbour", p->path);
	while (!rc && (rc = bn_segment_next(&s, &r, err)) == 1) {
		bn_buf_add(&out, r.bytes, r.size);
		end->count++;
		rc = bn_buf_check(&out, err, "a segment");
		if (!rc && out.len > 1 << 20) {
			rc = bn_fs_write_all(env, fd, out.ptr, out.len, tmp, err);
			bn_buf_clear(&out);
		}
	}
	if (!rc && (s.end != BN_SEGMENT_SEALED || s.last_seq != p->last))
		rc = bn_err_set(err, BN_ECORRUPT, "%s is no whole sealed segment", p->path);
	if (!rc)
		rc = bn_fs_write_all(env, fd, out.ptr, out.len, tmp, err);
	end->last_seq = s.last_seq;
	end->last_clock = s.last_clock;
	end->last_crc = s.last_crc;
	memcpy(end->chain, s.chain, sizeof end->chain);
	bn_buf_release(&out);
	bn_segment_close(&s);
	return rc;
}

static int write_wide(
	bn_writer *w, const char *tmp, const char *to, const part *parts, size_t n, bn_err *err)
{
	const bn_env *env = w->env;
	bn_buf b = BN_BUF_INIT;
	bn_seg_trailer end = {0};
	int rc = 0, e, fd = env->fs->open(env, NULL, tmp, O_WRONLY | O_CREAT | O_EXCL, 0644);
	if (fd < 0)
		return bn_err_sys(err, BN_EIO, -fd, "cannot create '%s'", tmp);
	for (size_t i = 0; !rc && i < n; i++)
		rc = copy_part(env, fd, tmp, &parts[i], &end, err);
	if (!rc) {
		bn_record_encode_trailer(&b, &end);
		rc = bn_buf_check(&b, err, "a segment trailer");
	}
	if (!rc)
		rc = bn_fs_write_all(env, fd, b.ptr, b.len, tmp, err);
	if (!rc && (e = env->fs->fsync(env, fd)) < 0)
		rc = bn_err_sys(err, BN_EIO, -e, "cannot sync '%s'", tmp);
	env->fs->close(env, fd);
	if (!rc && (e = env->fs->rename(env, NULL, tmp, NULL, to)) < 0)
		rc = bn_err_sys(err, BN_EIO, -e, "cannot rename '%s'", tmp);
	if (rc)
		env->fs->unlink(env, NULL, tmp);
	else
		rc = bn_fs_sync_dir(env, w->dir, err);
	bn_buf_release(&b);
	return rc;
}

static int parts_list(part **out, size_t *n, bn_writer *w, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	struct stat st;
	int rc = bn_writer_list(w->env, w->dir, &names, NULL, err);
	part *parts = rc ? NULL : bn_alloc_zeroed(names.count, sizeof *parts);
	*n = 0;
	if (!rc && !parts)
		rc = bn_err_nomem(err, "a list of segments");
	for (size_t i = 0; !rc && i < names.count; i++) {
		part *p = &parts[(*n)++];
		bn_segment_parse_name(names.items[i], &p->first, &p->last);
		if (!(p->path = bn_path_join(w->dir, names.items[i])))
			rc = bn_err_nomem(err, "a file name");
		else if (w->env->fs->stat(w->env, NULL, p->path, &st) < 0)
			rc = bn_err_set(err, BN_EIO, "cannot stat '%s'", p->path);
		p->size = rc ? 0 : (uint64_t)st.st_size;
		p->foreign = !rc && st.st_uid != w->env->uid(w->env);
	}
	bn_names_release(&names);
	*out = parts;
	return rc;
}

int bn_writer_merge(bn_writer *w, bn_err *err)
{
	part *parts = NULL;
	size_t n = 0, first;
	char *tmp = NULL, *to = NULL, name[BN_SEGMENT_NAME];
	int rc = parts_list(&parts, &n, w, err);
	if (rc)
		goto out;
	n = parts_uncover(w->env, parts, n);
	if (!choose_run(parts, n, w->merge_at, &first))
		goto out;
	bn_segment_name(name, parts[first].first, parts[n - 1].last);
	to = bn_path_join(w->dir, name);
	tmp = bn_strf("%s/merge-%010" PRIu64 ".tmp", w->dir, parts[n - 1].last);
	if (!to || !tmp) {
		rc = bn_err_nomem(err, "a file name");
		goto out;
	}
	w->env->fs->unlink(w->env, NULL, tmp); /* of a merge that failed before */
	if ((rc = write_wide(w, tmp, to, parts + first, n - first, err)))
		goto out;
	for (size_t i = first; i < n; i++)
		w->env->fs->unlink(w->env, NULL, parts[i].path);
out:
	for (size_t i = 0; parts && i < n; i++)
		bn_free(parts[i].path);
	bn_free(parts);
	bn_free(tmp);
	bn_free(to);
	return rc;
}
