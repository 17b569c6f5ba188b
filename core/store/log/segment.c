/* segment.c - see segment.h. */
#include "core/store/log/segment.h"

#include "core/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 1 << 18 };

enum { DIGITS_LEAST = 10 }; /* width of a number in a name, which has no other leading zeros */

static char *put_number(char *p, uint64_t v)
{
	char digits[20];
	size_t n = 0;
	do
		digits[n++] = (char)('0' + v % 10);
	while ((v /= 10) > 0 || n < DIGITS_LEAST);
	while (n)
		*p++ = digits[--n];
	return p;
}

/* Listings have thousands of names, so no snprintf. */
void bn_segment_name(char name[BN_SEGMENT_NAME], uint64_t first, uint64_t last)
{
	char *p = put_number(name, first);
	*p++ = '-';
	strcpy(put_number(p, last), ".seg");
}

static bool parse_number(const char **p, uint64_t *out)
{
	const char *s = *p;
	uint64_t v = 0;
	for (; *s >= '0' && *s <= '9'; s++) {
		if (v > (uint64_t)INT64_MAX / 10 - 1)
			return false;
		v = v * 10 + (uint64_t)(*s - '0');
	}
	/* A range has exactly one valid name. */
	bool canonical = s - *p == DIGITS_LEAST || (s - *p > DIGITS_LEAST && **p != '0');
	*p = s;
	*out = v;
	return canonical;
}

bool bn_segment_parse_name(const char *name, uint64_t *first, uint64_t *last)
{
	const char *p = name;
	return parse_number(&p, first) && *p++ == '-' && parse_number(&p, last) &&
	       !strcmp(p, ".seg") && *first >= 1 && *first <= *last;
}

typedef struct listed {
	char *name; /* of the list as read */
	uint64_t first, last;
} listed;

static int compare_listed(const void *a, const void *b)
{
	const listed *x = a, *y = b;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->last > y->last ? -1 : x->last < y->last;
}

int bn_segment_list(
	const bn_dir *at, const char *dir, bn_names *segments, bool *has_open, bn_err *err)
{
	bn_names all = BN_NAMES_INIT;
	listed *found = NULL;
	size_t n = 0;
	bool any_open = false;
	int rc = bn_dir_list(at, dir, &all, err);
	if (rc < 0)
		goto out;
	if (!(found = bn_alloc_zeroed(all.count + 1, sizeof *found))) {
		rc = bn_err_nomem(err, "a list of segments");
		goto out;
	}
	for (size_t i = 0; i < all.count; i++) {
		listed *l = &found[n];
		any_open = any_open || !strcmp(all.items[i], BN_SEGMENT_OPEN);
		l->name = all.items[i];
		n += bn_segment_parse_name(l->name, &l->first, &l->last);
	}
	qsort(found, n, sizeof *found, compare_listed);
	for (size_t i = 0; i < n; i++)
		if (bn_names_add(segments, found[i].name)) {
			rc = bn_err_nomem(err, "a list of segments");
			goto out;
		}
out:
	if (has_open)
		*has_open = any_open;
	bn_free(found);
	bn_names_release(&all);
	return rc;
}

int bn_segment_rename(
	const bn_dir *at, int fd, const char *from, const char *to, bool *unclear, bn_err *err)
{
	const bn_env *env = at->env;
	struct stat ours, there;
	int e = env->fs->rename(env, at, from, at, to);
	if (unclear)
		*unclear = false;
	if (e >= 0)
		return 0;
	if (env->fs->fstat(env, fd, &ours) == 0 && env->fs->stat(env, at, to, &there) == 0 &&
		ours.st_ino == there.st_ino && ours.st_dev == there.st_dev)
		return 0;
	if (unclear)
		*unclear = e == -EIO || e == -ENOENT || e == -ESTALE || e == -ETIMEDOUT ||
			   e == -EINTR || e == -ENOTCONN;
	return bn_err_sys(
		err, BN_EIO, -e, "cannot rename '%s/%s' to '%s/%s'", at->path, from, at->path, to);
}

/* Makes at least `want` bytes available from the current position, or all that the file has. */
static int window_fill(bn_segment *s, size_t want, bn_err *err)
{
	if (s->window_len - s->window_pos >= want)
		return 0;
	if (s->window_len > s->window_pos) /* there may be no window yet */
		memmove(s->window, s->window + s->window_pos, s->window_len - s->window_pos);
	s->window_at += s->window_pos;
	s->window_len -= s->window_pos;
	s->window_pos = 0;
	size_t size = want > WINDOW ? want : WINDOW, got;
	if (s->window_cap < size) {
		uint8_t *grown = bn_realloc(s->window, size);
		if (!grown)
			return bn_err_nomem(err, "a segment's record");
		s->window = grown;
		s->window_cap = size;
	}
	int rc = bn_fs_read_at(s->env, s->fd, s->window + s->window_len, size - s->window_len,
		(off_t)(s->window_at + s->window_len), &got, s->path, err);
	s->window_len += got;
	return rc;
}

int bn_segment_open(
	bn_segment *s, const bn_dir *dir, const char *name, bool check_chain, bn_err *err)
{
	int rc = 0, e;
	struct stat st;
	*s = (bn_segment){.dir = dir, .env = dir->env, .fd = -1};
	if (!(s->name = bn_strdup(name)) || !(s->path = bn_dir_join(dir, name))) {
		rc = bn_err_nomem(err, "a file name");
		goto out;
	}
	if ((rc = bn_dir_open_file(&s->fd, dir, name, O_RDONLY, 0, err)) < 0) {
		s->fd = -1;
		goto out;
	}
	if ((e = s->env->fs->fstat(s->env, s->fd, &st)) < 0) {
		rc = bn_err_sys(err, BN_EIO, -e, "cannot stat '%s'", s->path);
		goto out;
	}
	s->uid = st.st_uid;
	s->inode = (uint64_t)st.st_ino;
	s->device = (uint64_t)st.st_dev;
	if (check_chain && (rc = bn_hasher_new(&s->hasher, err)))
		goto out;
	if ((rc = window_fill(s, BN_SEG_HEADER_MAX, err)))
		goto out;
	ssize_t used = bn_seg_header_decode(&s->header, s->window, s->window_len);
	if (used <= 0) {
		rc = bn_err_set(err, BN_ECORRUPT, "%s: no complete segment header", s->path);
		goto out;
	}
	s->header_size = (uint64_t)used;
	memcpy(s->chain, s->header.chain, sizeof s->chain);
	bn_segment_seek(s, s->header_size, s->header.first_seq - 1, 0, s->header.prev_crc);
out:
	if (rc)
		bn_segment_close(s);
	return rc;
}

void bn_segment_close(bn_segment *s)
{
	if (!s->env)
		return;
	if (s->fd >= 0)
		s->env->fs->close(s->env, s->fd);
	bn_hasher_free(s->hasher);
	bn_free(s->window);
	bn_free(s->tail);
	bn_free(s->name);
	bn_free(s->path);
	*s = (bn_segment){.fd = -1};
}

void bn_segment_seek(
	bn_segment *s, uint64_t at, uint64_t last_seq, uint64_t last_clock, uint32_t last_crc)
{
	s->at = at;
	s->last_seq = last_seq;
	s->last_clock = last_clock;
	s->last_crc = last_crc;
	s->end = BN_SEGMENT_MORE;
	if (at >= s->window_at && at <= s->window_at + s->window_len) {
		s->window_pos = (size_t)(at - s->window_at);
	} else {
		s->window_at = at;
		s->window_len = s->window_pos = 0;
	}
}

static int segment_stop(bn_segment *s, bn_segment_end end, const char *fault)
{
	s->end = end;
	s->fault = fault;
	return 0;
}

/* A trailer must match what was read, and be the last record in the file. */
static int segment_finish(bn_segment *s, bn_record *r, bn_err *err)
{
	bn_seg_trailer *t = &s->trailer;
	size_t size = r->size;
	int rc = window_fill(s, size + 1, err); /* moves the window: r is decoded again */
	if (rc)
		return rc;
	if (bn_record_decode(r, s->window + s->window_pos, size) != (ssize_t)size ||
		bn_record_to_trailer(r, t))
		return segment_stop(s, BN_SEGMENT_BAD, "malformed trailer");
	if (t->last_seq != s->last_seq || t->last_clock != s->last_clock ||
		t->last_crc != s->last_crc || t->count != s->last_seq - s->header.first_seq + 1)
		return segment_stop(s, BN_SEGMENT_BAD, "the trailer does not match the records");
	if (s->hasher && memcmp(t->chain, s->chain, sizeof t->chain))
		return segment_stop(s, BN_SEGMENT_BAD, "the trailer's chain hash does not match");
	if (s->window_len - s->window_pos > size)
		return segment_stop(s, BN_SEGMENT_BAD, "bytes after the trailer");
	return segment_stop(s, BN_SEGMENT_SEALED, NULL);
}

void bn_segment_trust(bn_segment *s, uint64_t seq, const uint8_t chain[BN_SHA256_BYTES])
{
	s->trusted_seq = seq;
	memcpy(s->trusted_chain, chain, sizeof s->trusted_chain);
}

/* False when the record does not continue the chain. */
static bool segment_chain_add(bn_segment *s, const bn_record *r)
{
	if (r->seq <= s->trusted_seq) {
		if (r->seq == s->trusted_seq)
			memcpy(s->chain, s->trusted_chain, sizeof s->chain);
		return true;
	}
	if (memcmp(r->prev, s->chain, sizeof r->prev))
		return false;
	memcpy(s->chain_before, s->chain, sizeof s->chain);
	bn_chain_add(s->chain, s->hasher, r->bytes, r->size);
	return true;
}

int bn_segment_next(bn_segment *s, bn_record *r, bn_err *err)
{
	if (s->end == BN_SEGMENT_SEALED || s->end == BN_SEGMENT_BAD || s->end == BN_SEGMENT_NEWER)
		return 0;
	int rc = window_fill(s, 4, err);
	if (rc)
		return rc;
	const uint8_t *p = s->window + s->window_pos;
	size_t have = s->window_len - s->window_pos;
	if (have == 0)
		return segment_stop(s, BN_SEGMENT_UNSEALED, NULL);
	ssize_t used = bn_record_decode(r, p, have);
	if (used == 0 && have >= 4) {
		size_t size =
			(size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
		if ((rc = window_fill(s, size, err)))
			return rc;
		p = s->window + s->window_pos;
		used = bn_record_decode(r, p, s->window_len - s->window_pos);
	}
	if (used == 0)
		return segment_stop(s, BN_SEGMENT_TORN, "the file ends within a record");
	s->garbled = used < 0;
	if (used < 0)
		return segment_stop(s, BN_SEGMENT_BAD, "a record's checksum or lengths are wrong");
	if (r->is_critical)
		return segment_stop(
			s, BN_SEGMENT_NEWER, "a record here can only be read by a newer binnacle");
	if (r->type == BN_RECORD_TRAILER || r->type == BN_RECORD_SIGNED_TRAILER)
		return segment_finish(s, r, err);
	if (r->seq != s->last_seq + 1)
		return segment_stop(s, BN_SEGMENT_BAD, "a record is out of sequence");
	if (r->clock <= s->last_clock)
		return segment_stop(s, BN_SEGMENT_BAD, "the clock does not rise");
	if (s->hasher && !segment_chain_add(s, r))
		return segment_stop(s, BN_SEGMENT_BAD, "the chain is broken before a record");
	s->last_at = s->at;
	s->last_seq = r->seq;
	s->last_clock = r->clock;
	s->last_crc = r->crc;
	s->window_pos += (size_t)used;
	s->at += (uint64_t)used;
	s->end = BN_SEGMENT_MORE;
	return 1;
}

int bn_segment_read_trailer(bn_segment *s, bn_seg_trailer *t, bn_err *err)
{
	struct stat st;
	size_t want = BN_RECORD_TRAILER_SIZE;
	int e = s->env->fs->fstat(s->env, s->fd, &st);
	if (e < 0)
		return bn_err_sys(err, BN_EIO, -e, "cannot stat '%s'", s->path);
	while (want && (uint64_t)st.st_size >= s->header_size + want) {
		size_t got = 0, need = 0;
		bn_record r;
		uint8_t *grown = bn_realloc(s->tail, want);
		if (!grown)
			return bn_err_nomem(err, "a segment's trailer");
		s->tail = grown;
		int rc = bn_fs_read_at(
			s->env, s->fd, s->tail, want, st.st_size - (off_t)want, &got, s->path, err);
		if (rc)
			return rc;
		if (got == want && bn_record_decode_last(&r, s->tail, want, &need) > 0 &&
			bn_record_to_trailer(&r, t) == 0)
			return 0;
		want = need;
	}
	return bn_err_set(err, BN_ECORRUPT, "%s: no trailer at its end", s->path);
}
