/*
 * _intake.c - reading new records from the segments, for the fold.
 *
 * Each writer's records are taken in sequence without gaps (F4), from the widest sealed segments and
 * then, where it may be read, from open.seg. Writers with new records are merged by (clock, writer,
 * seq), INTAKE_MOST of them at a time. One writer goes through these states:
 *
 *	          +-------------- whole, and it ends where its name says --------------+
 *	          v                                                                   |
 *	        PICK -- a sealed segment holds the next record -------------------> SEALED
 *	        |  |  \                                                               |
 *	        |  |   +- none does, open.seg may be read -----------------> OPEN     | damaged, unreadable,
 *	        |  |                                                        /  |      | of another history
 *	        |  +---- all is taken: its last sealed segment is       end/   |      |
 *	        |        compared once with what was taken (pin)         |     v      v
 *	        |                                                        |  DOUBT: listed again, TRIES
 *	        |        DONE <------------------------------------------+     times, and back to PICK;
 *	        |          ^                                                   then
 *	        +----------+-- stuck: named in `index status`, the others go on <-- damage, a gap, EIO
 *	                                          the index is made anew <-- another history
 *
 * A listing is not a snapshot: a segment that is renamed meanwhile may be missed under both names.
 * So an apparent fault is checked again before it is believed.
 *
 * The index remembers the CRC of each writer's last folded record. If the log has another record at
 * that place, or none, history was cut without our knowledge (the unsealed tail of a machine that
 * lost power) and the index must be rebuilt.
 */
#include "core/base/fs.h"
#include "core/store/index/_batch.h"
#include "core/store/index/_sql.h"
#include "core/store/log/slot.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TRIES = 5, SILENCE_S = 900, INTAKE_MOST = 64 };

typedef enum state {
	PICK,   /* no segment is open */
	SEALED, /* within a sealed segment */
	OPEN,   /* within open.seg */
	DOUBT,  /* something looks wrong; `doubt` says what */
	DONE,
} state;

typedef enum doubt {
	DOUBT_MISSING, /* a segment is not there */
	DOUBT_HISTORY, /* the log is not the one that was folded */
	DOUBT_FAULT,   /* described by the writer's `fault` */
} doubt;

typedef struct intake {
	bn_log_writer *w;
	state state;
	doubt doubt;
	bn_segment s;
	uint64_t last; /* SEALED: as in the segment's name */
	bn_record r;   /* the next record to take, in s */
	uint64_t seq, pinned, first_clock;
	uid_t uid; /* owner of the segment of the last record */
	int tries;
	bool in_open;      /* the doubt is about open.seg */
	uint64_t next_end; /* end of the next sealed segment; 0: none */
	fold_marks marks;
	uint64_t compared, contradicts;
} intake;

/* Over a network only sealed segments are trusted, except open.seg files written by this machine,
 * and those silent for longer than any cache: a job was killed on a node where no other process
 * adopts its open.seg. (If it is cut later, the CRC pin detects that.) */
static bool open_is_readable(const bn_fold_source *from, const bn_log_writer *w)
{
	bn_slot_name us, slot;
	const bn_env *env = from->at->env;
	if (!w->has_open || from->follow_open)
		return w->has_open;
	bn_slot_own_name(&us, env);
	return (bn_slot_parse_name(&slot, w->name) && !strcmp(slot.boot, us.boot)) ||
	       bn_env_now_ns(env) - w->open_mtime_ns > SILENCE_S * (int64_t)1000000000;
}

bool bn_fold_is_due(const bn_fold_source *from, const bn_log_writer *w)
{
	uint64_t end = bn_log_sealed_end(w);
	if (w->stuck)
		return false;
	if (end > w->seq || bn_log_names_digest(w, w->seq) != w->compared)
		return true;
	if (open_is_readable(from, w) &&
		(w->open_size != w->folded_size || w->open_inode != w->folded_inode))
		return true;
	if (!w->has_open && end < w->seq)
		return true; /* cut */
	return !w->has_open && w->pinned < w->seq;
}

/* ---- the states of one writer ------------------------------------------------------------------ */

static void doubt_it(intake *in, doubt what)
{
	bn_segment_close(&in->s);
	in->in_open = in->state == OPEN;
	in->state = DOUBT;
	in->doubt = what;
	in->w->damaged = what != DOUBT_HISTORY;
}

static void doubt_fault(intake *in, const char *why)
{
	snprintf(in->w->fault, sizeof in->w->fault, "%.159s", why);
	doubt_it(in, DOUBT_FAULT);
}

/* A file that cannot be read: try again next time, even if the listing does not change. */
static void doubt_unreadable(intake *in, const char *why)
{
	in->w->listed_ns = in->w->mtime_ns = 0;
	doubt_fault(in, why);
	in->w->damaged = false;
}

/* Opens a segment and checks that it continues at the fold's position: to `then`, or DOUBT. */
static int open_checked(bn_fold *f, intake *in, const char *name, state then, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bn_log_writer *w = in->w;
	char *path = bn_path_join(w->dir, name);
	if (!path)
		return bn_err_nomem(err, "a file name");
	int rc = bn_segment_open(&in->s, f->from->at, path, true, &why);
	bn_free(path);
	in->state = then;
	if (rc == BN_ENOMEM)
		return bn_err_move(err, &why);
	if (rc == BN_ENOTFOUND)
		doubt_it(in, DOUBT_MISSING);
	else if (rc == BN_ECORRUPT && !strcmp(name, BN_SEGMENT_OPEN))
		in->state = DONE; /* it may have been created a moment ago */
	else if (rc == BN_ECORRUPT)
		doubt_fault(in, why.msg);
	else if (rc < 0)
		doubt_unreadable(in, why.msg);
	if (rc < 0)
		return 0;
	if (!w->host[0])
		snprintf(w->host, sizeof w->host, "%s", in->s.header.host);
	if (strcmp(in->s.header.writer, w->name))
		doubt_fault(in, "a segment belongs to another writer");
	else if (in->s.header.first_seq > w->seq + 1)
		doubt_it(in, DOUBT_MISSING);
	else if (in->s.header.first_seq == w->seq + 1 &&
		 (in->s.header.prev_crc != w->crc ||
			 memcmp(in->s.header.chain, w->chain, sizeof w->chain)))
		doubt_it(in, DOUBT_HISTORY);
	bn_segment_trust(&in->s, w->seq, w->chain);
	return 0;
}

/* The newest sealed segment ends at the fold's position, but what was folded came from
 * open.seg: checks once that the same records were sealed. */
static int pin(bn_fold *f, intake *in, bn_err *err)
{
	bn_seg_trailer t;
	bn_err why = BN_ERR_INIT;
	char name[BN_SEGMENT_NAME];
	bn_log_writer *w = in->w;
	const bn_log_range *range = bn_log_cover(w, w->seq);
	in->state = DONE;
	if (!range || range->last != w->seq || w->pinned >= w->seq)
		return 0;
	bn_segment_name(name, range->first, range->last);
	int rc = open_checked(f, in, name, DONE, err);
	if (rc || in->state != DONE)
		return rc;
	rc = bn_segment_read_trailer(&in->s, &t, &why);
	if (rc == BN_EIO)
		doubt_unreadable(in, why.msg);
	else if (rc)
		doubt_fault(in, "a sealed segment has no trailer");
	else if (t.last_crc != w->crc)
		doubt_it(in, DOUBT_HISTORY);
	else
		w->pinned = w->seq;
	bn_segment_close(&in->s);
	return 0;
}

static int pick_open(bn_fold *f, intake *in, bn_err *err)
{
	struct stat st;
	bn_log_writer *w = in->w;
	bn_segment *s = &in->s;
	const bn_env *env = f->from->at->env;
	int rc = open_checked(f, in, BN_SEGMENT_OPEN, OPEN, err);
	if (rc || in->state != OPEN)
		return rc;
	w->folded_size = env->fs->fstat(env, s->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	w->folded_inode = s->inode;
	if (w->hint_inode == s->inode && w->hint_seq == w->seq && w->hint_at >= s->header_size &&
		w->seq >= s->header.first_seq)
		bn_segment_seek(s, w->hint_at, w->seq - 1, 0, 0);
	w->hint_inode = 0; /* until its end has been reached */
	return 0;
}

/* The end of the first sealed segment that ends after seq. */
static uint64_t next_end(const bn_log_writer *w, uint64_t seq)
{
	uint64_t end = 0;
	for (size_t i = 0; i < w->sealed_count; i++)
		if (w->sealed[i].last > seq && (!end || w->sealed[i].last < end))
			end = w->sealed[i].last;
	return end;
}

static int pick(bn_fold *f, intake *in, bn_err *err)
{
	bn_log_writer *w = in->w;
	const bn_log_range *range = bn_log_cover(w, w->seq + 1);
	uint64_t end = bn_log_sealed_end(w);
	char text[80];
	w->fault[0] = '\0';
	in->next_end = next_end(w, w->seq);
	if (range) {
		in->last = range->last;
		bn_segment_name(text, range->first, range->last);
		return open_checked(f, in, text, SEALED, err);
	}
	if (end > w->seq) {
		snprintf(text, sizeof text, "the segment with event %" PRIu64 " is missing",
			w->seq + 1);
		doubt_fault(in, text);
		return 0;
	}
	if (open_is_readable(f->from, w))
		return pick_open(f, in, err);
	if (w->has_open)
		in->state = DONE;
	else if (end < w->seq)
		doubt_it(in, DOUBT_HISTORY);
	else
		return pin(f, in, err);
	return 0;
}

/* A wide segment that is valid but differs from what was folded holds another history. */
static bool contradicts(const intake *in)
{
	const bn_segment *s = &in->s;
	return s->end == BN_SEGMENT_BAD && s->header.first_seq <= s->trusted_seq &&
	       (s->last_seq == s->trusted_seq || s->last_seq == in->last);
}

/* The segment has no more records. */
static void segment_ended(intake *in)
{
	bn_log_writer *w = in->w;
	bn_segment *s = &in->s;
	if (s->end == BN_SEGMENT_NEWER) {
		doubt_fault(in, s->fault);
		w->damaged = false;
	} else if (s->last_seq < w->seq) {
		doubt_it(in, DOUBT_HISTORY); /* it ends before the fold's position in it */
	} else if (in->state == OPEN) {
		w->hint_inode = s->inode;
		w->hint_at = s->last_at;
		w->hint_seq = s->last_seq;
		in->state = DONE;
	} else if (contradicts(in)) {
		doubt_it(in, DOUBT_HISTORY);
	} else if (s->end != BN_SEGMENT_SEALED || w->seq != in->last) {
		doubt_fault(in, s->fault ? s->fault : "a sealed segment is not whole");
	} else {
		w->pinned = w->seq;
		in->state = PICK;
	}
	bn_segment_close(s);
}

/* 1: the next record of the open segment is in in->r; 0: the state changed. */
static int read_on(intake *in, bn_err *err)
{
	bn_log_writer *w = in->w;
	bn_err why = BN_ERR_INIT;
	int rc;
	while ((rc = bn_segment_next(&in->s, &in->r, &why)) == 1) {
		if (in->r.seq < w->seq)
			continue;
		if (in->r.seq == w->seq) {
			if (in->r.crc == w->crc)
				continue;
			doubt_it(in, DOUBT_HISTORY);
			return 0;
		}
		if (in->r.clock <= w->clock) {
			doubt_fault(in, "the clock goes backwards between two segments");
			return 0;
		}
		w->seq = in->r.seq;
		w->clock = in->r.clock;
		w->crc = in->r.crc;
		memcpy(w->chain, in->s.chain, sizeof w->chain);
		if (w->seq == in->next_end) {
			in->next_end = next_end(w, w->seq);
			if ((rc = bn_fold_marks_add(&in->marks, w->seq, w->chain, err)) < 0)
				return rc;
		}
		in->uid = in->s.uid;
		if (w->seq == 1)
			in->first_clock = w->clock;
		return 1;
	}
	if (rc == BN_ENOMEM)
		return bn_err_move(err, &why);
	if (rc < 0)
		doubt_unreadable(in, why.msg);
	else
		segment_ended(in);
	return 0;
}

/* Whether a rebuild would end at the same place: what was folded is still there, in the files of the
 * same names, or before an open.seg that does not continue it. */
static bool is_settled(const intake *in)
{
	const bn_log_writer *w = in->w;
	if (in->seq == 0 || w->contradicts == bn_log_names_digest(w, UINT64_MAX))
		return true;
	return in->in_open && w->pinned >= w->seq && bn_log_sealed_end(w) >= w->seq;
}

/* Checks again, or believes it. */
static int settle_doubt(bn_fold *f, intake *in)
{
	bn_log_writer *w = in->w;
	if (++in->tries <= TRIES && !bn_log_relist(w, f->from->at, NULL)) {
		in->state = PICK;
		return 0;
	}
	if (in->tries > TRIES && in->doubt == DOUBT_HISTORY) {
		if (!is_settled(in))
			return BN_FOLD_REBUILD;
		snprintf(w->fault, sizeof w->fault,
			"the records after event %" PRIu64 " continue another history", w->seq);
		w->damaged = true;
	}
	w->damaged = w->damaged && in->tries > TRIES;
	if (in->tries <= TRIES)
		snprintf(w->fault, sizeof w->fault, "its directory cannot be listed");
	else if (in->doubt == DOUBT_MISSING)
		snprintf(w->fault, sizeof w->fault, "a segment is missing");
	w->stuck = true;
	in->state = DONE;
	return 0;
}

/* 1: a record is in in->r; 0: the writer is done; else BN_FOLD_REBUILD or an error. */
static int intake_next(bn_fold *f, intake *in, bn_err *err)
{
	for (;;) {
		int rc = 0;
		switch (in->state) {
		case PICK:
			rc = pick(f, in, err);
			break;
		case SEALED:
		case OPEN:
			rc = read_on(in, err);
			break;
		case DOUBT:
			rc = settle_doubt(f, in);
			break;
		case DONE:
			return 0;
		}
		if (rc)
			return rc;
	}
}

static int tail_save(bn_fold *f, intake *in, bn_err *err)
{
	bn_log_writer *w = in->w;
	int64_t no, host;
	int rc = bn_fold_segments(f, w, &in->marks, in->seq == 0, err);
	if (rc != 0)
		return rc;
	if (in->seq == 0 && w->seq && w->stuck && w->damaged)
		w->contradicts = bn_log_names_digest(w, UINT64_MAX);
	if (w->seq == in->seq && w->pinned == in->pinned && w->compared == in->compared &&
		w->contradicts == in->contradicts)
		return 0;
	rc = bn_numbers_name(&f->numbers, BN_NAME_WRITER, w->name, &no, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_numbers_name(&f->numbers, BN_NAME_HOST, w->host, &host, err)) < 0)
		return rc;
	if ((rc = bn_sql_run(f->db, err,
		     "INSERT OR REPLACE INTO index_tail VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		     "iiiiibii", no, (int64_t)w->seq, (int64_t)w->clock, (int64_t)w->crc,
		     (int64_t)w->pinned, w->chain, sizeof w->chain, (int64_t)w->compared,
		     (int64_t)w->contradicts)) < 0)
		return rc;
	if (w->seq == in->seq)
		return 0;
	return bn_sql_run(f->db, err,
		"INSERT INTO writer VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (no) DO UPDATE SET "
		"owner = excluded.owner, host = excluded.host, events = excluded.events, "
		"last_clock = excluded.last_clock",
		"iiiiii", no, (int64_t)in->uid, host, (int64_t)w->seq, (int64_t)in->first_clock,
		(int64_t)w->clock);
}

/* ---- merging ------------------------------------------------------------------------------------ */

/* Writers are stored in order of name, so comparing addresses breaks ties of clocks as names do. */
static bool comes_before(const intake *a, const intake *b)
{
	return a->r.clock != b->r.clock ? a->r.clock < b->r.clock : a->w < b->w;
}

/* Sifts heap[at] down. */
static void heap_sink(intake **heap, size_t n, size_t at)
{
	for (;;) {
		size_t first = at;
		for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < n; child++)
			if (comes_before(heap[child], heap[first]))
				first = child;
		if (first == at)
			return;
		intake *moved = heap[at];
		heap[at] = heap[first];
		heap[first] = moved;
		at = first;
	}
}

/* Takes all new records of n writers, in order. */
static int take_merged(bn_fold *f, intake *in, size_t n, bn_err *err)
{
	intake *heap[INTAKE_MOST];
	size_t count = 0;
	int rc = 0;
	for (size_t i = 0; i < n; i++) {
		bn_log_writer *w = in[i].w;
		if (w->seq && (rc = bn_fold_marks_add(&in[i].marks, w->seq, w->chain, err)) < 0)
			return rc;
		if ((rc = intake_next(f, &in[i], err)) == 1)
			heap[count++] = &in[i];
		else if (rc)
			return rc;
	}
	for (size_t i = count; i-- > 0;)
		heap_sink(heap, count, i);
	while (count) {
		intake *first = heap[0];
		const fold_record record = {.writer = first->w->name,
			.uid = first->s.uid,
			.r = &first->r,
			.before = first->s.chain_before,
			.after = first->s.chain,
			.at = first->s.last_at};
		if ((rc = bn_fold_take(f, &record, err)))
			return rc;
		if ((rc = intake_next(f, first, err)) == 0)
			heap[0] = heap[--count];
		else if (rc != 1)
			return rc;
		heap_sink(heap, count, 0);
	}
	rc = 0;
	for (size_t i = 0; !rc && i < n; i++)
		rc = tail_save(f, &in[i], err);
	return rc;
}

static void intake_release(intake *in)
{
	bn_segment_close(&in->s);
	bn_free(in->marks.items);
}

int bn_fold_intake(bn_fold *f, bn_err *err)
{
	bn_log *log = f->from->log;
	int rc = 0;
	intake *in = bn_alloc_zeroed(INTAKE_MOST, sizeof *in);
	if (!in)
		return bn_err_nomem(err, "the fold");
	for (size_t i = 0; !rc && i < log->count;) {
		size_t n = 0;
		for (; n < INTAKE_MOST && i < log->count; i++) {
			bn_log_writer *w = &log->items[i];
			if (bn_fold_is_due(f->from, w))
				in[n++] = (intake){.w = w,
					.s = {.fd = -1},
					.seq = w->seq,
					.compared = w->compared,
					.contradicts = w->contradicts,
					.pinned = w->pinned};
		}
		rc = take_merged(f, in, n, err);
		for (size_t k = 0; k < n; k++)
			intake_release(&in[k]);
	}
	bn_free(in);
	return rc;
}
