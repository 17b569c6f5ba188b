/* verify.c - see verify.h. */
#include "core/store/log/verify.h"

#include "core/base/mem.h"
#include "core/store/log/fork.h"
#include "core/store/log/sign.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct check {
	bn_log_report *report;
	const bn_log_writer *w;
	const bn_dir *at;
	bn_log_identity who;
	uint64_t seq, clock; /* clock of the last known good record */
	uint32_t crc;
	uint8_t chain[BN_SHA256_BYTES];
	bool vanished; /* a listed file is gone */
	uint8_t key
		[BN_ED25519_KEY_BYTES]; /* key of the newest card; trailers must be signed with it */
	bool has_card;
	const bn_progress *progress;
} check;

enum { TRIES = 3 };

const char *bn_fault_kind_name(bn_fault_kind kind)
{
	static const char *const names[] = {
		"damaged", "missing", "overlap", "foreign-owner", "unreadable", "newer", "forged"};
	return names[kind];
}

void bn_log_report_release(bn_log_report *r)
{
	for (size_t i = 0; i < r->head_count; i++)
		bn_free(r->heads[i].writer);
	for (size_t i = 0; i < r->fault_count; i++) {
		bn_free(r->faults[i].writer);
		bn_free(r->faults[i].file);
		bn_free(r->faults[i].what);
	}
	bn_free(r->heads);
	bn_free(r->faults);
	*r = (bn_log_report){0};
}

static int add_fault(check *c, bn_fault_kind kind, const char *file, uint64_t offset, uint64_t seq,
	bn_err *err, const char *fmt, ...) __attribute__((format(printf, 7, 8)));

static int add_fault(check *c, bn_fault_kind kind, const char *file, uint64_t offset, uint64_t seq,
	bn_err *err, const char *fmt, ...)
{
	bn_log_report *r = c->report;
	bn_buf what = BN_BUF_INIT;
	bn_log_fault *grown = bn_realloc(r->faults, (r->fault_count + 1) * sizeof *grown);
	if (!grown)
		return bn_err_nomem(err, "a report");
	r->faults = grown;
	va_list ap;
	va_start(ap, fmt);
	bn_buf_vaddf(&what, fmt, ap);
	va_end(ap);
	bn_log_fault *f = &grown[r->fault_count++];
	*f = (bn_log_fault){.kind = kind,
		.writer = bn_strdup(c->w->name),
		.file = bn_strdup(file),
		.offset = offset,
		.seq = seq,
		.what = bn_buf_take(&what, NULL)};
	return f->writer && f->what ? 0 : bn_err_nomem(err, "a report");
}

/* Whether the segment starts at the end of the chain (or, if overlapping, earlier). */
static int check_start(check *c, const bn_segment *s, const char *file, uint64_t first, bn_err *err)
{
	if (strcmp(s->header.writer, c->w->name))
		return add_fault(c, BN_FAULT_DAMAGED, file, 0, first, err,
			"the header names another writer, '%s'", s->header.writer);
	if (s->header.first_seq != first)
		return add_fault(c, BN_FAULT_DAMAGED, file, 0, first, err,
			"the header starts at %" PRIu64 ", the name says %" PRIu64,
			s->header.first_seq, first);
	if (first == c->seq + 1 && (memcmp(s->header.chain, c->chain, sizeof c->chain) ||
					   s->header.prev_crc != c->crc))
		return add_fault(c, BN_FAULT_DAMAGED, file, 0, first, err,
			"it does not continue the chain of the segment before it");
	return 0;
}

/* Verifies a signed record. A signature that this version cannot check is counted, but not a
 * fault. */
static int check_signature(
	check *c, const bn_segment *s, const bn_record *r, const char *file, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bn_writer_card card;
	if (r->type != BN_RECORD_SIGNED || !c->who.workspace)
		return 0;
	int rc = bn_verify_record(r, &c->who, s->chain_before, &why);
	if (rc == BN_ECORRUPT)
		return add_fault(c, BN_FAULT_FORGED, file, s->last_at, r->seq, err, "%s", why.msg);
	if (rc == BN_EUNSUPPORTED) {
		c->report->unchecked++;
		return 0;
	}
	if (rc < 0)
		return bn_err_move(err, &why);
	c->report->verified++;
	if (!strcmp(r->kind, BN_WRITER_OPENED) && !strncmp(r->entity, "writer/", 7) &&
		!strcmp(r->entity + 7, c->w->name) &&
		bn_writer_card_decode(&card, r->payload, r->payload_len, NULL) == 0) {
		memcpy(c->key, r->signature.key, sizeof c->key);
		c->has_card = true;
	}
	return 0;
}

/* A signed trailer is signed with the key of the writer's newest card. */
static int check_seal(check *c, const bn_segment *s, const char *file, bn_err *err)
{
	const bn_seg_trailer *t = &s->trailer;
	bn_err why = BN_ERR_INIT;
	if (s->end != BN_SEGMENT_SEALED || !t->signature.scheme || !c->who.workspace)
		return 0;
	int rc = bn_verify_trailer(t, &c->who, &why);
	if (rc == BN_ECORRUPT)
		return add_fault(c, BN_FAULT_FORGED, file, s->at, s->last_seq, err, "%s", why.msg);
	if (rc == BN_EUNSUPPORTED) {
		c->report->unchecked++;
		return 0;
	}
	if (rc < 0)
		return bn_err_move(err, &why);
	if (!c->has_card || memcmp(c->key, t->signature.key, sizeof c->key))
		return add_fault(c, BN_FAULT_FORGED, file, s->at, s->last_seq, err,
			"the trailer is signed with another key than the writer's card");
	c->report->verified++;
	return 0;
}

/* Reads one segment to its end. Already known records must be the same, according to the chain. */
static int check_records(check *c, bn_segment *s, const char *file, bool open, bn_err *err)
{
	bn_record r;
	int rc;
	uint64_t first = s->header.first_seq;
	while ((rc = bn_segment_next(s, &r, err)) == 1) {
		if (r.seq == c->seq && memcmp(s->chain, c->chain, sizeof c->chain))
			return add_fault(c, BN_FAULT_OVERLAP, file, s->last_at, r.seq, err,
				"its records up to %" PRIu64 " differ from another segment's",
				r.seq);
		if (r.seq <= c->seq)
			continue;
		if (r.clock <= c->clock)
			return add_fault(c, BN_FAULT_DAMAGED, file, s->last_at, r.seq, err,
				"the clock does not rise");
		c->seq = r.seq;
		c->clock = r.clock;
		c->crc = r.crc;
		memcpy(c->chain, s->chain, sizeof c->chain);
		c->report->records++;
		if (c->report->records % 4096 == 0 &&
			(rc = bn_progress_step(c->progress, "reading the log",
				 c->report->bytes + s->at, 0, err)) < 0)
			return rc;
		if (r.type > BN_RECORD_SIGNED_TRAILER)
			c->report->unchecked++;
		if ((rc = check_signature(c, s, &r, file, err)) < 0)
			return rc;
	}
	if (rc)
		return rc;
	if ((rc = check_seal(c, s, file, err)) < 0)
		return rc;
	c->report->bytes += s->at;
	if (open && s->end == BN_SEGMENT_BAD && s->garbled)
		s->end = BN_SEGMENT_TORN; /* a crash leaves such a tail; the next writer cuts it */
	if (s->end == BN_SEGMENT_NEWER)
		return add_fault(
			c, BN_FAULT_NEWER, file, s->at, s->last_seq + 1, err, "%s", s->fault);
	if (s->end == BN_SEGMENT_BAD)
		return add_fault(
			c, BN_FAULT_DAMAGED, file, s->at, s->last_seq + 1, err, "%s", s->fault);
	if (open && s->end == BN_SEGMENT_TORN)
		c->report->torn++;
	if (!open && s->end != BN_SEGMENT_SEALED)
		return add_fault(c, BN_FAULT_DAMAGED, file, s->at, s->last_seq + 1, err,
			"a sealed segment ends without its trailer");
	if (!open && s->last_seq < first)
		return add_fault(
			c, BN_FAULT_DAMAGED, file, s->at, first, err, "it holds no record");
	return 0;
}

/* Checks the owner of the file against that of the directory. */
static int check_place(
	check *c, const bn_segment *s, const char *file, uint64_t first, bool open, bn_err *err)
{
	int rc;
	size_t faults = c->report->fault_count;
	if (s->uid != c->w->uid &&
		(rc = add_fault(c, BN_FAULT_FOREIGN, file, 0, first, err,
			 "owned by uid %lu in a directory of uid %lu; its events count as that "
			 "user's",
			 (unsigned long)s->uid, (unsigned long)c->w->uid)) < 0)
		return rc;
	if ((rc = check_start(c, s, file, first, err)) < 0)
		return rc;
	if (!open || first <= c->seq + 1 || c->report->fault_count != faults)
		return 0;
	return add_fault(c, BN_FAULT_MISSING, NULL, 0, c->seq + 1, err,
		"records %" PRIu64 " to %" PRIu64 " are missing", c->seq + 1, first - 1);
}

static int check_segment(check *c, const char *file, uint64_t first, bool open, bn_err *err)
{
	bn_segment s = {.fd = -1};
	bn_err why = BN_ERR_INIT;
	char *path = bn_path_join(c->w->dir, file);
	if (!path)
		return bn_err_nomem(err, "a file name");
	int rc = bn_segment_open(&s, c->at, path, true, &why);
	bn_free(path);
	if (rc == BN_ENOTFOUND)
		c->vanished = true; /* merged or sealed meanwhile */
	if (rc == BN_ENOTFOUND || (rc == BN_ECORRUPT && open))
		return 0; /* an open one may have been created just now */
	c->report->segments++;
	if (rc == BN_ECORRUPT)
		return add_fault(c, BN_FAULT_DAMAGED, file, 0, first, err, "it has no good header");
	if (rc == BN_EIO || rc == BN_EREFUSED)
		return add_fault(c, BN_FAULT_UNREADABLE, file, 0, first, err, "%s", why.msg);
	if (rc < 0)
		return bn_err_move(err, &why);
	if ((rc = check_place(c, &s, file, open ? s.header.first_seq : first, open, err)) < 0)
		goto out;
	if ((rc = check_records(c, &s, file, open, &why)) == BN_EIO)
		rc = add_fault(
			c, BN_FAULT_UNREADABLE, file, s.at, s.last_seq + 1, err, "%s", why.msg);
	else if (rc < 0)
		bn_err_move(err, &why);
out:
	bn_segment_close(&s);
	return rc;
}

/* Continues from a segment's header if the records before it are missing or bad. */
static int resync(check *c, const char *file, uint64_t first, bn_err *err)
{
	bn_segment s = {.fd = -1};
	char *path = bn_path_join(c->w->dir, file);
	if (!path)
		return bn_err_nomem(err, "a file name");
	c->seq = first - 1;
	if (bn_segment_open(&s, c->at, path, false, NULL) == 0) {
		memcpy(c->chain, s.header.chain, sizeof c->chain);
		c->crc = s.header.prev_crc;
		bn_segment_close(&s);
	}
	bn_free(path);
	return 0;
}

/* A sealed segment starts after the next record: reports the gap, unless a fault has already named
 * it (up to `named`). */
static int check_gap(check *c, const char *file, uint64_t first, uint64_t named, bn_err *err)
{
	int rc;
	uint64_t from = named > c->seq ? named + 1 : c->seq + 1;
	if (first > from &&
		(rc = add_fault(c, BN_FAULT_MISSING, NULL, 0, from, err,
			 "records %" PRIu64 " to %" PRIu64 " are missing", from, first - 1)) < 0)
		return rc;
	return resync(c, file, first, err);
}

/* Checks a segment whose records are all known from others. */
static int check_covered(check *c, const char *file, const bn_log_range *range, bn_err *err)
{
	bn_segment_diff diff;
	bn_err why = BN_ERR_INIT;
	int rc = bn_log_fork_find(&diff, c->at, c->w, range, range->last, &why);
	if (rc == BN_ENOMEM)
		return bn_err_move(err, &why);
	if (rc < 0 || !diff.seq) /* an unreadable segment has its own fault */
		return 0;
	return add_fault(c, BN_FAULT_OVERLAP, file, 0, diff.seq, err,
		"its records from %" PRIu64 " on differ from another segment's", diff.seq);
}

static int check_writer(check *c, bn_err *err)
{
	int rc;
	uint64_t named = 0; /* records up to here are bad, and a fault says so */
	char file[BN_SEGMENT_NAME];
	bn_chain_start(c->chain, c->w->name);
	if (c->w->fault[0]) /* of the listing: nothing is known about the files */
		return add_fault(c, BN_FAULT_UNREADABLE, NULL, 0, 1, err, "%s", c->w->fault);
	for (size_t i = 0; i < c->w->sealed_count; i++) {
		const bn_log_range *range = &c->w->sealed[i];
		bn_segment_name(file, range->first, range->last);
		if (range->first > c->seq + 1 &&
			(rc = check_gap(c, file, range->first, named, err)) < 0)
			return rc;
		if (range->last <= c->seq && (rc = check_covered(c, file, range, err)) < 0)
			return rc;
		if ((rc = check_segment(c, file, range->first, false, err)) < 0)
			return rc;
		if (c->seq < range->last)
			named = range->last;
	}
	if (!c->w->has_open)
		return 0;
	if (named > c->seq && (rc = resync(c, BN_SEGMENT_OPEN, named + 1, err)) < 0)
		return rc;
	return check_segment(c, BN_SEGMENT_OPEN, c->seq + 1, true, err);
}

static int add_head(const check *c, bn_err *err)
{
	bn_log_report *r = c->report;
	bn_log_head *grown = bn_realloc(r->heads, (r->head_count + 1) * sizeof *grown);
	if (!grown)
		return bn_err_nomem(err, "a report");
	r->heads = grown;
	bn_log_head *h = &grown[r->head_count++];
	*h = (bn_log_head){.writer = bn_strdup(c->w->name),
		.records = c->seq,
		.last_clock = c->clock,
		.is_open = c->w->has_open};
	bn_hex(c->chain, sizeof c->chain, h->chain);
	return h->writer ? 0 : bn_err_nomem(err, "a report");
}

/* Discards findings since `before`. */
static void roll_back(bn_log_report *r, const bn_log_report *before)
{
	for (size_t i = before->fault_count; i < r->fault_count; i++) {
		bn_free(r->faults[i].writer);
		bn_free(r->faults[i].file);
		bn_free(r->faults[i].what);
	}
	r->fault_count = before->fault_count;
	r->segments = before->segments;
	r->records = before->records;
	r->bytes = before->bytes;
	r->torn = before->torn;
	r->verified = before->verified;
	r->unchecked = before->unchecked;
}

/* Checks one writer, and again if the listing is outdated: a segment that was merged or sealed
 * meanwhile looks like a fault. */
static int verify_writer(bn_log_report *report, const bn_dir *at, const char *id, bn_log_writer *w,
	const bn_progress *progress, bn_err *err)
{
	const check fresh = {
		.report = report, .w = w, .at = at, .who = {id, w->name}, .progress = progress};
	const bn_log_report before = *report;
	check c = fresh;
	int rc;
	for (int tries = 0; tries < TRIES; tries++) {
		roll_back(report, &before);
		c = fresh;
		if ((rc = check_writer(&c, err)) < 0)
			return rc;
		if (w->fault[0] || (!c.vanished && report->fault_count == before.fault_count))
			break;
		if ((rc = bn_log_relist(w, at, err)) < 0)
			return rc;
	}
	return add_head(&c, err);
}

int bn_log_verify(bn_log_report *report, const bn_dir *at, const char *id,
	const bn_progress *progress, bn_err *err)
{
	bn_log log = {0};
	*report = (bn_log_report){0};
	int rc = bn_log_scan(&log, at, err);
	if (rc < 0)
		goto out;
	for (size_t i = 0; i < log.count; i++)
		if ((rc = verify_writer(report, at, id, &log.items[i], progress, err)) < 0)
			goto out;
out:
	bn_log_release(&log);
	return rc;
}
