/*
 * merge.c - see merge.h.
 *
 * The wide segment is written beside its parts, made durable and named before the parts are
 * removed; a reader prefers the widest segment, so a crash in between does not change what is read.
 * Sizes grow geometrically: a run is merged when it is as large as the segment before it, so every
 * byte is rewritten a logarithmic number of times, and a writer with less than a few gigabytes has
 * a few dozen files at most.
 *
 * Records are copied unchanged, including those of unknown types (L5). The wide segment ends where its
 * newest part ends, so it repeats that part's signature. If the newest is not signed (written by a
 * program with the logging library, or by a dead process and closed by the next), only parts after the
 * newest signed one are merged: otherwise its signature would be lost. A segment that only a newer
 * binnacle can read to its end is never merged.
 */
#include "core/store/log/merge.h"

#include "core/base/mem.h"
#include "core/store/log/fork.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

enum {
	MERGE_BYTES = 64 << 20, /* no wider than this */
	FLUSH_BYTES = 1 << 20,  /* held in memory before they are written */
};

typedef struct part {
	char *path;
	uint64_t first, last, size;
	bool foreign; /* owned by another user: left alone, since the owner of a file is its author */
} part;

/* Removes a part covered by a wider one, unless its content differs: then it is kept as evidence of
 * a fork. */
static void part_drop(const bn_dir *at, const part *wide, const part *p)
{
	bn_segment_diff diff;
	if (bn_segment_compare(&diff, at, wide->path, p->path, p->last, NULL) == 0 && diff.whole &&
		!diff.seq)
		bn_dir_unlink(at, p->path, NULL);
}

/* Drops parts covered by a wider one (left by a merge that died before unlinking them), and
 * returns how many are left. */
static size_t parts_uncover(const bn_dir *at, part *parts, size_t n)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		if (kept && !parts[i].foreign && parts[i].last <= parts[kept - 1].last) {
			part_drop(at, &parts[kept - 1], &parts[i]);
			bn_free(parts[i].path);
			continue;
		}
		parts[kept++] = parts[i];
	}
	return kept;
}

static size_t run_least(size_t merge_at)
{
	return merge_at < 4 ? 2 : merge_at / 2;
}

/* The newest parts worth merging, parts[*first..n): at least run_least, and then as long as the next older one is
 * not much larger than all of them. */
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
		if (p->size > 2 * bytes && n - j >= run_least(merge_at))
			break;
		bytes += p->size;
		j--;
	}
	*first = j;
	return n - j >= run_least(merge_at);
}

/* A wide segment being written. */
typedef struct wide {
	const bn_dir *at;
	const char *tmp; /* its temporary name */
	int fd;
	bn_buf out;         /* pending output */
	bn_seg_trailer end; /* for what was copied so far; without signature */
	bn_buf trailer;     /* the closing record, with the newest part's signature */
} wide;

static int wide_flush(wide *w, bn_err *err)
{
	int rc = bn_buf_check(&w->out, err, "a segment");
	if (rc < 0)
		return rc;
	rc = bn_dir_write_all(w->at->env, w->at, w->tmp, w->fd, w->out.ptr, w->out.len, err);
	bn_buf_clear(&w->out);
	return rc;
}

/* Copies the records of an opened part unchanged (L5). */
static int copy_records(wide *w, bn_segment *s, const part *p, bn_err *err)
{
	bn_record r;
	int rc;
	while ((rc = bn_segment_next(s, &r, err)) == 1) {
		bn_buf_add(&w->out, r.bytes, r.size);
		w->end.count++;
		if (w->out.len > FLUSH_BYTES && (rc = wide_flush(w, err)) < 0)
			return rc;
	}
	if (rc < 0)
		return rc;
	if (s->end != BN_SEGMENT_SEALED || s->last_seq != p->last) /* L6 */
		return bn_err_set(err, BN_ECORRUPT, "'%s/%s' is not a complete sealed segment",
			w->at->path, p->path);
	return wide_flush(w, err);
}

static int copy_part(wide *w, const part *p, bn_err *err)
{
	bn_segment s = {.fd = -1};
	bn_seg_trailer *end = &w->end;
	int rc = bn_segment_open(&s, w->at, p->path, true, err);
	if (rc < 0)
		return rc;
	if (end->count == 0) {
		bn_seg_header_encode(&w->out, &s.header);
		memcpy(end->chain, s.header.chain, sizeof end->chain);
	}
	if (s.header.first_seq != p->first ||
		memcmp(end->chain, s.header.chain, sizeof end->chain)) {
		rc = bn_err_set(err, BN_ECORRUPT, "'%s/%s' does not continue its neighbour",
			w->at->path, p->path);
		goto out;
	}
	if ((rc = copy_records(w, &s, p, err)) < 0)
		goto out;
	end->last_seq = s.last_seq;
	end->last_clock = s.last_clock;
	end->last_crc = s.last_crc;
	memcpy(end->chain, s.chain, sizeof end->chain);
	end->signature = s.trailer.signature;
	bn_buf_clear(&w->trailer);
	bn_record_encode_trailer(&w->trailer, end);
	end->signature = (bn_signature){0}; /* it borrowed from s */
	rc = bn_buf_check(&w->trailer, err, "a segment trailer");
out:
	bn_segment_close(&s);
	return rc;
}

/* Writes the file, makes it durable and gives it its name (L2). */
static int wide_fill(wide *w, const char *to, const part *parts, size_t n, bn_err *err)
{
	const bn_env *env = w->at->env;
	int rc;
	for (size_t i = 0; i < n; i++)
		if ((rc = copy_part(w, &parts[i], err)) < 0)
			return rc;
	if ((rc = bn_dir_write_all(
		     env, w->at, w->tmp, w->fd, w->trailer.ptr, w->trailer.len, err)) < 0)
		return rc;
	if ((rc = bn_dir_sync_file(env, w->at, w->tmp, w->fd, err)) < 0)
		return rc;
	return bn_segment_rename(w->at, w->fd, w->tmp, to, NULL, err);
}

static int write_wide(const bn_dir *at, const char *dir, const char *tmp, const char *to,
	const part *parts, size_t n, bn_err *err)
{
	wide w = {.at = at, .tmp = tmp, .out = BN_BUF_INIT, .trailer = BN_BUF_INIT};
	int rc = bn_dir_open_file(&w.fd, at, tmp, O_WRONLY | O_CREAT | O_EXCL, 0644, err);
	if (rc < 0)
		return rc;
	rc = wide_fill(&w, to, parts, n, err);
	at->env->fs->close(at->env, w.fd);
	bn_buf_release(&w.out);
	bn_buf_release(&w.trailer);
	if (rc < 0) {
		bn_dir_unlink(at, tmp, NULL);
		return rc;
	}
	return bn_dir_sync(at, dir, err);
}

static void parts_free(part *parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bn_free(parts[i].path);
	bn_free(parts);
}

static int part_init(part *p, const bn_dir *at, const char *dir, const char *name, bn_err *err)
{
	struct stat st;
	bn_segment_parse_name(name, &p->first, &p->last);
	if (!(p->path = bn_path_join(dir, name)))
		return bn_err_nomem(err, "a file name");
	int rc = bn_dir_stat(at, p->path, &st, err);
	if (rc < 0)
		return rc;
	p->size = (uint64_t)st.st_size;
	p->foreign = st.st_uid != at->env->uid(at->env);
	return 0;
}

static int parts_list(part **out, size_t *n, const bn_dir *at, const char *dir, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	part *parts = NULL;
	int rc = bn_segment_list(at, dir, &names, NULL, err);
	if (rc < 0)
		goto out;
	if (!(parts = bn_alloc_zeroed(names.count + 1, sizeof *parts))) {
		rc = bn_err_nomem(err, "a list of segments");
		goto out;
	}
	for (size_t i = 0; i < names.count; i++)
		if ((rc = part_init(&parts[i], at, dir, names.items[i], err)) < 0)
			goto out;
	*out = parts;
	*n = names.count;
	parts = NULL;
out:
	if (parts)
		parts_free(parts, names.count);
	bn_names_release(&names);
	return rc;
}

/* The wide segment keeps only its newest part's signature, if any: *first moves up until no other
 * signature is lost. */
static int run_keep_signatures(
	size_t *first, const bn_dir *at, const part *parts, size_t n, bn_err *err)
{
	for (size_t i = n; i-- > *first;) {
		bn_segment s = {.fd = -1};
		bn_seg_trailer t;
		int rc = bn_segment_open(&s, at, parts[i].path, false, err);
		if (rc < 0)
			return rc;
		rc = bn_segment_read_trailer(&s, &t, err);
		bool is_signed = rc == 0 && t.signature.scheme != 0;
		bn_segment_close(&s);
		if (rc < 0)
			return rc;
		if (is_signed) {
			*first = i == n - 1 ? *first : i + 1;
			return 0;
		}
	}
	return 0;
}

int bn_log_merge(const bn_dir *at, const char *dir, size_t merge_at, bn_err *err)
{
	part *parts = NULL;
	size_t n = 0, first;
	char *tmp = NULL, *to = NULL, name[BN_SEGMENT_NAME];
	int rc = parts_list(&parts, &n, at, dir, err);
	if (rc < 0)
		return rc;
	n = parts_uncover(at, parts, n);
	if (!choose_run(parts, n, merge_at, &first))
		goto out;
	if ((rc = run_keep_signatures(&first, at, parts, n, err)) < 0 ||
		n - first < run_least(merge_at))
		goto out;
	bn_segment_name(name, parts[first].first, parts[n - 1].last);
	to = bn_path_join(dir, name);
	tmp = bn_strf("%s/merge-%010" PRIu64 ".tmp", dir, parts[n - 1].last);
	if (!to || !tmp) {
		rc = bn_err_nomem(err, "a file name");
		goto out;
	}
	bn_dir_unlink(at, tmp, NULL); /* left by an earlier failed merge */
	if ((rc = write_wide(at, dir, tmp, to, parts + first, n - first, err)) < 0)
		goto out;
	for (size_t i = first; i < n; i++)
		bn_dir_unlink(at, parts[i].path, NULL); /* S2: the wide segment is durable */
out:
	parts_free(parts, n);
	bn_free(tmp);
	bn_free(to);
	return rc;
}
