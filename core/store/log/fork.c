/* fork.c - see fork.h. */
#include "core/store/log/fork.h"

#include "core/base/mem.h"

#include <string.h>

/* 1: the segment's record seq is in *r; 0: it has none; negative: it cannot be read. */
static int seek_record(bn_segment *s, bn_record *r, uint64_t seq, bn_err *err)
{
	int rc;
	while ((rc = bn_segment_next(s, r, err)) == 1)
		if (r->seq >= seq)
			return r->seq == seq;
	return rc;
}

static bool same_record(const bn_record *a, const bn_record *b)
{
	return a->size == b->size && !memcmp(a->bytes, b->bytes, a->size);
}

/* Reads b to its end, and a as far as both overlap. */
static int compare(bn_segment_diff *out, bn_segment *a, bn_segment *b, uint64_t upto, bn_err *err)
{
	bn_record ra, rb;
	int rc;
	bool going = true; /* a has the same records as b */
	while ((rc = bn_segment_next(b, &rb, err)) == 1) {
		if (!going || out->seq || rb.seq > upto || rb.seq < a->header.first_seq)
			continue;
		if ((rc = seek_record(a, &ra, rb.seq, err)) < 0)
			return rc;
		going = rc == 1;
		if (going && !same_record(&ra, &rb))
			out->seq = rb.seq;
	}
	return rc;
}

int bn_segment_compare(bn_segment_diff *out, const bn_dir *at, const char *a, const char *b,
	uint64_t upto, bn_err *err)
{
	bn_segment sa = {.fd = -1}, sb = {.fd = -1};
	int rc;
	*out = (bn_segment_diff){0};
	if ((rc = bn_segment_open(&sb, at, b, true, err)) < 0)
		goto out;
	if ((rc = bn_segment_open(&sa, at, a, false, err)) < 0)
		goto out;
	if ((rc = compare(out, &sa, &sb, upto, err)) < 0)
		goto out;
	out->whole = sb.end == BN_SEGMENT_SEALED && sa.uid == sb.uid &&
		     !strcmp(sa.header.writer, sb.header.writer);
out:
	bn_segment_close(&sa);
	bn_segment_close(&sb);
	return rc;
}

static char *range_path(const bn_log_writer *w, const bn_log_range *range)
{
	char name[BN_SEGMENT_NAME];
	bn_segment_name(name, range->first, range->last);
	return bn_path_join(w->dir, name);
}

/* Compares b with one segment of the history. */
static int compare_with(bn_segment_diff *out, const bn_dir *at, const bn_log_writer *w,
	const bn_log_range *range, const char *b, uint64_t upto, bn_err *err)
{
	char *a = range_path(w, range);
	if (!a)
		return bn_err_nomem(err, "a file name");
	int rc = bn_segment_compare(out, at, a, b, range->last < upto ? range->last : upto, err);
	if (!out->whole)
		out->seq = 0; /* no evidence */
	bn_free(a);
	return rc;
}

int bn_log_fork_find(bn_segment_diff *out, const bn_dir *at, const bn_log_writer *w,
	const bn_log_range *range, uint64_t upto, bn_err *err)
{
	const bn_log_range *next;
	char *b = range_path(w, range);
	int rc = 0;
	*out = (bn_segment_diff){0};
	if (!b)
		return bn_err_nomem(err, "a file name");
	upto = upto < range->last ? upto : range->last;
	for (uint64_t seq = 0; !out->seq && seq < upto; seq = next->last) {
		if (!(next = bn_log_cover(w, seq + 1)))
			break;
		if (next->last < range->first || next == range)
			continue;
		if ((rc = compare_with(out, at, w, next, b, upto, err)) < 0 || !out->whole)
			break;
	}
	bn_free(b);
	return rc;
}
