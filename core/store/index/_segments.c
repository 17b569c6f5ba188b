/*
 * _segments.c - compares a writer's sealed segments with what was folded: which of them agree, which
 * trailer is the newest signed one, and whether there are two histories (core/store/log/fork.h).
 *
 * Table index_segment mirrors the listing as far as it was folded, so its rows are a function of the
 * existing files, not of the order of arrival: when a segment of another history appears or disappears,
 * the index is rebuilt, and only an index folded from scratch has a fork.
 */
#include "core/base/fs.h"
#include "core/store/index/_batch.h"
#include "core/store/index/_sql.h"
#include "core/store/log/fork.h"
#include "core/store/log/sign.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TRIES = 5 };

typedef enum state {
	SAME,      /* as index_segment.state */
	NOT_WHOLE, /* nothing to report */
	OTHER,     /* records differ from what was folded */
	UNREAD,    /* gone, or unreadable now: checked again next time */
} state;

int bn_fold_marks_add(
	fold_marks *m, uint64_t seq, const uint8_t chain[BN_SHA256_BYTES], bn_err *err)
{
	if (bn_grow(&m->items, &m->cap, m->count + 1, sizeof *m->items))
		return bn_err_nomem(err, "the fold's segments");
	m->items[m->count].seq = seq;
	memcpy(m->items[m->count++].chain, chain, BN_SHA256_BYTES);
	return 0;
}

typedef struct segments {
	bn_fold *f;
	bn_log_writer *w;
	int64_t no; /* the writer's */
	const fold_marks *marks;
	bool fresh;
	bool incomplete; /* a segment was UNREAD */
	bn_err *err;
} segments;

/* ---- present and former segments ---------------------------------------------------------------- */

/* UNREAD if it has no row. *other: the file was replaced or changed since. */
static int state_of(state *out, bool *other, const segments *s, const bn_log_range *r)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, s->f->db, s->err,
		"SELECT state, inode, changed FROM index_segment WHERE writer = ? AND last = ? AND "
		"first = ?",
		"iii", s->no, (int64_t)r->last, (int64_t)r->first);
	if (rc < 0)
		return rc;
	rc = bn_sql_step(st, s->err);
	*out = rc == 1 ? (state)sqlite3_column_int(st, 0) : UNREAD;
	*other = rc == 1 && (sqlite3_column_int64(st, 1) != (int64_t)r->inode ||
				    sqlite3_column_int64(st, 2) != r->changed_ns);
	sqlite3_reset(st);
	return rc < 0 ? rc : 0;
}

static bool is_listed(const bn_log_writer *w, uint64_t first, uint64_t last)
{
	for (size_t i = 0; i < w->sealed_count; i++)
		if (w->sealed[i].first == first && w->sealed[i].last == last)
			return true;
	return false;
}

/* Forgets the segments that are gone. */
static int drop_gone(segments *s)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, s->f->db, s->err,
		"SELECT first, last, state FROM index_segment WHERE writer = ?", "i", s->no);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, s->err)) == 1) {
		int64_t first = sqlite3_column_int64(st, 0), last = sqlite3_column_int64(st, 1);
		if (is_listed(s->w, (uint64_t)first, (uint64_t)last))
			continue;
		if (sqlite3_column_int(st, 2) == OTHER) {
			rc = BN_FOLD_REBUILD;
			break;
		}
		if ((rc = bn_sql_run(s->f->db, s->err,
			     "DELETE FROM index_segment WHERE writer = ? AND last = ? AND first = "
			     "?",
			     "iii", s->no, last, first)) < 0)
			break;
	}
	sqlite3_finalize(st);
	return rc;
}

/* Whether the sealed segments still hold everything that was folded. An open.seg may hold the rest. */
static bool is_covered(const bn_log_writer *w)
{
	const bn_log_range *range = NULL;
	for (uint64_t seq = 0; seq < w->seq; seq = range->last)
		if (!(range = bn_log_cover(w, seq + 1)))
			return w->has_open;
	return true;
}

/* A listing overtaken by a merge may miss existing segments: list again. */
static int check_covered(segments *s)
{
	bn_err why = BN_ERR_INIT;
	for (int tries = 0; !is_covered(s->w); tries++) {
		if (tries == TRIES)
			return s->fresh ? 0 : BN_FOLD_REBUILD;
		bool stuck = s->w->stuck;
		int rc = bn_log_relist(s->w, s->f->from->at, &why);
		s->w->stuck = stuck;
		if (rc == BN_ENOMEM)
			return bn_err_move(s->err, &why);
		bn_err_clear(&why);
	}
	return 0;
}

/* ---- one segment -------------------------------------------------------------------------------- */

/* The chain hash after record seq, as computed by this batch or an earlier one. */
static bool known_chain(uint8_t chain[BN_SHA256_BYTES], const segments *s, uint64_t seq)
{
	sqlite3_stmt *st = NULL;
	for (size_t i = s->marks->count; i-- > 0;)
		if (s->marks->items[i].seq == seq) {
			memcpy(chain, s->marks->items[i].chain, BN_SHA256_BYTES);
			return true;
		}
	if (bn_sql_cached(&st, s->f->db, NULL,
		    "SELECT chain FROM index_segment WHERE writer = ? AND last = ? AND state = 0",
		    "ii", s->no, (int64_t)seq) < 0)
		return false;
	bool found = bn_sql_step(st, NULL) == 1 && bn_sql_bytes(st, 0, chain, BN_SHA256_BYTES);
	sqlite3_reset(st);
	return found;
}

static int fork_add(segments *s, uint64_t seq)
{
	char words[96];
	snprintf(words, sizeof words, "sealed segments hold different records from %" PRIu64 " on",
		seq);
	return bn_sql_run(s->f->db, s->err,
		"INSERT INTO writer_fork (writer, seq, words) VALUES (?, ?, ?) ON CONFLICT "
		"(writer) "
		"DO UPDATE SET seq = excluded.seq, words = excluded.words WHERE excluded.seq < seq",
		"iis", s->no, (int64_t)seq, words);
}

/* Compares both histories. */
static int compare(state *out, segments *s, const bn_log_range *r)
{
	bn_segment_diff diff;
	bn_err why = BN_ERR_INIT;
	int rc = bn_log_fork_find(&diff, s->f->from->at, s->w, r, s->w->seq, &why);
	if (rc == BN_ENOMEM)
		return bn_err_move(s->err, &why);
	bn_err_clear(&why);
	*out = UNREAD;
	if (rc < 0)
		return 0;
	*out = diff.whole ? SAME : NOT_WHOLE;
	if (!diff.seq)
		return 0;
	*out = OTHER;
	return s->fresh ? fork_add(s, diff.seq) : BN_FOLD_REBUILD;
}

static state trailer_failed(int rc)
{
	return rc == BN_ECORRUPT || rc == BN_EREFUSED ? NOT_WHOLE : UNREAD;
}

/* Opens the segment (checks_chain: for reading it completely) and reads its trailer. */
static int read_trailer(state *out, bn_segment *seg, bool checks_chain, bn_seg_trailer *t,
	segments *s, const bn_log_range *r)
{
	char name[BN_SEGMENT_NAME];
	bn_err why = BN_ERR_INIT;
	bn_segment_name(name, r->first, r->last);
	char *path = bn_path_join(s->w->dir, name);
	if (!path)
		return bn_err_nomem(s->err, "a file name");
	int rc = bn_segment_open(seg, s->f->from->at, path, checks_chain, &why);
	bn_free(path);
	if (rc >= 0)
		rc = bn_segment_read_trailer(seg, t, &why);
	if (rc == BN_ENOMEM)
		return bn_err_move(s->err, &why);
	bn_err_clear(&why);
	*out = rc < 0 ? trailer_failed(rc) : SAME;
	if (rc >= 0 && (t->last_seq != r->last || seg->header.first_seq != r->first ||
			       strcmp(seg->header.writer, s->w->name) != 0))
		*out = NOT_WHOLE;
	return 0;
}

static int row_add(segments *s, const bn_log_range *r, state found, const bn_seg_trailer *t)
{
	const bn_signature *g = &t->signature;
	bool known = bn_signature_is_known(g);
	if (found == NOT_WHOLE || found == OTHER)
		return bn_sql_run(s->f->db, s->err,
			"INSERT INTO index_segment (writer, last, first, state, inode, changed) "
			"VALUES (?, ?, ?, ?, ?, ?)",
			"iiiiii", s->no, (int64_t)r->last, (int64_t)r->first, (int64_t)found,
			(int64_t)r->inode, r->changed_ns);
	return bn_sql_run(s->f->db, s->err,
		"INSERT INTO index_segment (writer, last, first, state, clock, chain, key, epoch, "
		"signature, inode, changed) VALUES (?, ?, ?, ?, ?, ?, nullif(?, x''), ?, ?, ?, ?)",
		"iiiiibbbbii", s->no, (int64_t)r->last, (int64_t)r->first, (int64_t)found,
		(int64_t)t->last_clock, t->chain, sizeof t->chain, known ? g->key : NULL,
		(size_t)(known ? g->key_bytes : 0), g->epoch, (size_t)g->epoch_bytes, g->bytes,
		(size_t)g->signature_bytes, (int64_t)r->inode, r->changed_ns);
}

static int segment_add(segments *s, const bn_log_range *r)
{
	bn_segment seg = {.fd = -1};
	bn_seg_trailer t = {0};
	uint8_t chain[BN_SHA256_BYTES];
	state found = SAME;
	int rc = read_trailer(&found, &seg, false, &t, s, r);
	if (rc < 0)
		goto out;
	bool same = found == SAME && known_chain(chain, s, r->last) &&
		    !memcmp(chain, t.chain, sizeof chain);
	if (found == SAME && !same && (rc = compare(&found, s, r)) != 0)
		goto out;
	s->incomplete = s->incomplete || found == UNREAD;
	if (found != UNREAD)
		rc = row_add(s, r, found, &t);
out:
	bn_segment_close(&seg);
	return rc;
}

/* Reads the whole segment and checks that it is valid and ends where the folded one did. */
static int read_again(state *out, segments *s, const bn_log_range *r)
{
	bn_segment seg = {.fd = -1};
	bn_seg_trailer t = {0};
	bn_record record;
	uint8_t chain[BN_SHA256_BYTES];
	bn_err why = BN_ERR_INIT;
	int rc = read_trailer(out, &seg, true, &t, s, r);
	if (rc < 0 || *out != SAME)
		goto out;
	*out = OTHER;
	if (!known_chain(chain, s, r->last) || memcmp(chain, t.chain, sizeof chain) != 0)
		goto out;
	while ((rc = bn_segment_next(&seg, &record, &why)) == 1)
		;
	if (rc == BN_ENOMEM) {
		bn_err_move(s->err, &why);
		goto out;
	}
	*out = seg.end == BN_SEGMENT_SEALED ? SAME : NOT_WHOLE;
	if (rc < 0)
		*out = UNREAD;
	rc = 0;
out:
	bn_err_clear(&why);
	bn_segment_close(&seg);
	return rc;
}

/* The file of a folded segment was replaced or modified. */
static int segment_again(segments *s, const bn_log_range *r, state was)
{
	state found = UNREAD;
	int rc;
	if (was != SAME)
		return BN_FOLD_REBUILD;
	if ((rc = read_again(&found, s, r)) < 0)
		return rc;
	s->incomplete = s->incomplete || found == UNREAD;
	if (found == NOT_WHOLE || found == OTHER)
		return BN_FOLD_REBUILD;
	return found == UNREAD ? 0
			       : bn_sql_run(s->f->db, s->err,
					 "UPDATE index_segment SET inode = ?, changed = ? WHERE "
					 "writer = ? AND last = ? AND first = ?",
					 "iiiii", (int64_t)r->inode, r->changed_ns, s->no,
					 (int64_t)r->last, (int64_t)r->first);
}

/* Whether a reader that starts now would read exactly what was folded. */
static int check_history(segments *s)
{
	const bn_log_range *range = NULL;
	state found;
	bool other;
	int rc;
	for (uint64_t seq = 0; !s->fresh && seq < s->w->seq; seq = range->last) {
		if (!(range = bn_log_cover(s->w, seq + 1)))
			return 0;
		if ((rc = state_of(&found, &other, s, range)) < 0)
			return rc;
		if (found == NOT_WHOLE || found == OTHER)
			return BN_FOLD_REBUILD;
	}
	return 0;
}

/* Whether the segment that ends at the fold's position is the one that was folded: its owner may have replaced
 * the file. */
static int check_newest(segments *s)
{
	bn_segment seg = {.fd = -1};
	bn_seg_trailer t = {0};
	state found;
	const bn_log_range *range = bn_log_cover(s->w, s->w->seq);
	if (s->fresh || !range || range->last != s->w->seq)
		return 0;
	int rc = read_trailer(&found, &seg, false, &t, s, range);
	bn_segment_close(&seg);
	if (rc < 0)
		return rc;
	s->incomplete = s->incomplete || found == UNREAD;
	bool is_other = found == NOT_WHOLE ||
			(found == SAME && memcmp(t.chain, s->w->chain, sizeof t.chain) != 0);
	return is_other ? BN_FOLD_REBUILD : 0;
}

/* ---- the seal ----------------------------------------------------------------------------------- */

#define NEWEST_SEAL \
	"SELECT writer, last, clock, chain, key, epoch, signature FROM index_segment " \
	"WHERE writer = ?1 AND state = 0 AND key IS NOT NULL ORDER BY last DESC, first LIMIT 1"

static int seal_update(segments *s)
{
	sqlite3 *db = s->f->db;
	int rc;
	if (!bn_sql_int(db, 0,
		    "SELECT EXISTS (SELECT * FROM (" NEWEST_SEAL
		    ") EXCEPT SELECT * FROM writer_seal WHERE writer = ?1) "
		    "OR EXISTS (SELECT * FROM writer_seal WHERE writer = ?1 EXCEPT SELECT * FROM "
		    "(" NEWEST_SEAL "))",
		    "i", s->no))
		return 0;
	if ((rc = bn_sql_run(db, s->err, "DELETE FROM writer_seal WHERE writer = ?", "i", s->no)) <
		0)
		return rc;
	if ((rc = bn_sql_run(db, s->err, "DELETE FROM index_seal_verdict WHERE writer = ?", "i",
		     s->no)) < 0)
		return rc;
	if ((rc = bn_sql_run(db, s->err, "INSERT INTO writer_seal " NEWEST_SEAL, "i", s->no)) < 0)
		return rc;
	if (bn_grow(&s->f->seals, &s->f->seal_cap, s->f->seal_count + 1, sizeof *s->f->seals))
		return bn_err_nomem(s->err, "the fold's seals");
	s->f->seals[s->f->seal_count++] = s->no;
	return 0;
}

int bn_fold_segments(bn_fold *f, bn_log_writer *w, const fold_marks *marks, bool fresh, bn_err *err)
{
	segments s = {.f = f, .w = w, .marks = marks, .fresh = fresh, .err = err};
	state found;
	bool other;
	int rc;
	if (bn_log_names_digest(w, w->seq) == w->compared)
		return 0;
	if ((rc = check_covered(&s)) != 0 ||
		(rc = bn_numbers_name(&f->numbers, BN_NAME_WRITER, w->name, &s.no, err)) < 0)
		return rc;
	for (size_t i = 0; i < w->sealed_count && w->sealed[i].first <= w->seq; i++) {
		if ((rc = state_of(&found, &other, &s, &w->sealed[i])) < 0)
			return rc;
		if (other && (rc = segment_again(&s, &w->sealed[i], found)) != 0)
			return rc;
		if (found == UNREAD && (rc = segment_add(&s, &w->sealed[i])) != 0)
			return rc;
	}
	if ((rc = drop_gone(&s)) != 0 || (rc = check_history(&s)) != 0 ||
		(rc = check_newest(&s)) != 0 || (rc = seal_update(&s)) < 0)
		return rc;
	if (!s.incomplete)
		w->compared = bn_log_names_digest(w, w->seq);
	return 0;
}

/* A failure means that it is not known: an index that is not made yet has no such table. */
bool bn_fold_segment_known(sqlite3 *db, const char *writer, bn_log_range *r)
{
	sqlite3_stmt *st = NULL;
	bn_err why = BN_ERR_INIT;
	if (bn_sql_cached(&st, db, &why,
		    "SELECT s.inode, s.changed FROM index_name n JOIN index_segment s ON s.writer "
		    "= n.no "
		    "WHERE n.class = ? AND n.name = ? AND s.last = ? AND s.first = ? AND s.state = "
		    "0",
		    "isii", (int64_t)BN_NAME_WRITER, writer, (int64_t)r->last,
		    (int64_t)r->first) < 0)
		return false;
	bool known = bn_sql_step(st, &why) == 1;
	if (known) {
		r->inode = (uint64_t)sqlite3_column_int64(st, 0);
		r->changed_ns = sqlite3_column_int64(st, 1);
	}
	sqlite3_reset(st);
	return known;
}
