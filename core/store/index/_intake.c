/*
 * _intake.c - taking new records out of the segments, for the fold.
 *
 * Each writer's records are taken in sequence without gaps, from the widest sealed segments and
 * then, where it may be read, from open.seg. A writer whose log has a gap or a damaged record is
 * `stuck` there: what lies behind is not folded, `index status` and `audit verify` say why.
 *
 * The index remembers the CRC of each writer's last folded record. When the log has another record
 * at that place, or none, history was cut behind our back (the unsealed tail of a machine that lost
 * power) and the index must be rebuilt.
 */
#include "core/base/fs.h"
#include "core/store/index/_fold.h"
#include "core/store/index/_sql.h"
#include "core/store/log/clock.h"
#include "core/store/log/slot.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { TRIES = 5, SILENCE_S = 900 };

typedef enum step {
	STEP_MORE,    /* went on; look again */
	STEP_END,     /* nothing more to take */
	STEP_AGAIN,   /* the directory changed meanwhile: list it again */
	STEP_REBUILD, /* the log is not the one that was folded */
} step;

/* Over a network only sealed segments are to be trusted, save where this very machine writes, and
 * after a silence that is longer than any cache: a job that was killed on a node where nobody
 * comes by to adopt its open.seg. (Should somebody cut it later, the CRC pin notices.) */
static bool open_is_readable(const bn_index *ix, const bn_log_writer *w)
{
	bn_slot_name us, slot;
	const bn_env *env = ix->ws->env;
	if (!w->has_open || ix->follow_open)
		return w->has_open;
	bn_slot_own_name(&us, env);
	return (bn_slot_parse_name(&slot, w->name) && !strcmp(slot.boot, us.boot)) ||
	       bn_env_now_ns(env) - w->open_mtime_ns > SILENCE_S * (int64_t)1000000000;
}

bool bn_fold_is_due(const bn_index *ix, const bn_log_writer *w)
{
	uint64_t end = bn_log_sealed_end(w);
	if (w->stuck)
		return false;
	if (end > w->seq)
		return true;
	if (open_is_readable(ix, w) &&
		(w->open_size != w->folded_size || w->open_inode != w->folded_inode))
		return true;
	if (!w->has_open && end < w->seq)
		return true; /* cut */
	return !w->has_open && w->pinned < w->seq;
}

static step stuck(bn_log_writer *w, const char *why)
{
	w->stuck = true;
	snprintf(w->fault, sizeof w->fault, "%.159s", why);
	return STEP_END;
}

/* Takes the rest of an opened segment. s stands before the first record to look at. */
static int take_records(bn_fold *f, bn_log_writer *w, bn_segment *s, step *next, bn_err *err)
{
	bn_record r;
	bn_err why = BN_ERR_INIT;
	int rc;
	*next = STEP_MORE;
	while ((rc = bn_segment_next(s, &r, &why)) == 1) {
		if (r.seq < w->seq)
			continue;
		if (r.seq == w->seq) {
			if (r.crc != w->crc) {
				*next = STEP_REBUILD;
				return 0;
			}
			continue;
		}
		if (r.clock <= w->clock) {
			*next = stuck(w, "the clock goes back between two segments");
			return 0;
		}
		if ((rc = fold_take(f, w->name, s->uid, &r, err)))
			return rc;
		w->seq = r.seq;
		w->clock = r.clock;
		w->crc = r.crc;
	}
	if (rc == BN_EIO) { /* what was taken before stays; everybody else's log goes on */
		*next = stuck(w, why.msg);
		return 0;
	}
	if (rc < 0)
		return bn_err_move(err, &why);
	if (s->end == BN_SEGMENT_NEWER)
		*next = stuck(w, s->fault);
	else if (s->last_seq < w->seq)
		*next = STEP_REBUILD; /* it ends before what was folded from it */
	return 0;
}

/* Opens a segment and checks that it goes on where the fold stands. STEP_MORE when it does. */
static int open_checked(
	bn_fold *f, bn_log_writer *w, bn_segment *s, const char *name, step *next, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	char *path = bn_path_join(w->dir, name);
	if (!path)
		return bn_err_nomem(err, "a file name");
	int rc = bn_segment_open(s, f->ix->ws->at, path, false, &why);
	bn_free(path);
	*next = STEP_MORE;
	if (rc == BN_ENOTFOUND) {
		*next = STEP_AGAIN;
		return 0;
	}
	if (rc == BN_ECORRUPT) {
		/* An open.seg may have been created a moment ago. */
		*next = strcmp(name, BN_SEGMENT_OPEN) ? stuck(w, why.msg) : STEP_END;
		return 0;
	}
	if (rc == BN_EIO || rc == BN_EREFUSED) {
		*next = stuck(w, why.msg);
		return 0;
	}
	if (rc < 0)
		return bn_err_move(err, &why);
	if (!w->host[0])
		snprintf(w->host, sizeof w->host, "%s", s->header.host);
	if (strcmp(s->header.writer, w->name))
		*next = stuck(w, "a segment belongs to another writer");
	else if (s->header.first_seq > w->seq + 1)
		*next = STEP_AGAIN;
	else if (s->header.first_seq == w->seq + 1 && s->header.prev_crc != w->crc)
		*next = STEP_REBUILD;
	if (*next != STEP_MORE)
		bn_segment_close(s);
	return 0;
}

static int take_sealed(
	bn_fold *f, bn_log_writer *w, const bn_log_range *range, step *next, bn_err *err)
{
	bn_segment s = {.fd = -1};
	char name[BN_SEGMENT_NAME];
	uint64_t last = range->last;
	bn_segment_name(name, range->first, range->last);
	int rc = open_checked(f, w, &s, name, next, err);
	if (rc || *next != STEP_MORE)
		return rc;
	rc = take_records(f, w, &s, next, err);
	if (!rc && *next == STEP_MORE && (s.end != BN_SEGMENT_SEALED || w->seq != last))
		*next = stuck(w, s.fault ? s.fault : "a sealed segment is not whole");
	if (!rc && *next == STEP_MORE)
		w->pinned = w->seq;
	bn_segment_close(&s);
	return rc;
}

/* The newest sealed segment ends where the fold stands, but what was folded came from open.seg:
 * looks once whether the same was sealed. */
static int pin(bn_fold *f, bn_log_writer *w, step *next, bn_err *err)
{
	bn_segment s = {.fd = -1};
	bn_seg_trailer t;
	char name[BN_SEGMENT_NAME];
	const bn_log_range *range = bn_log_cover(w, w->seq);
	*next = STEP_END;
	if (!range || range->last != w->seq || w->pinned >= w->seq)
		return 0;
	bn_segment_name(name, range->first, range->last);
	int rc = open_checked(f, w, &s, name, next, err);
	if (rc || *next != STEP_MORE)
		return rc;
	*next = STEP_END;
	rc = bn_segment_read_trailer(&s, &t, NULL);
	if (rc == 0 && t.last_crc != w->crc)
		*next = STEP_REBUILD;
	else if (rc == 0)
		w->pinned = w->seq;
	else
		*next = stuck(w, "a sealed segment has no trailer");
	bn_segment_close(&s);
	return 0;
}

static int take_open(bn_fold *f, bn_log_writer *w, step *next, bn_err *err)
{
	bn_segment s = {.fd = -1};
	struct stat st;
	const bn_env *env = f->ix->ws->env;
	int rc = open_checked(f, w, &s, BN_SEGMENT_OPEN, next, err);
	if (rc || *next != STEP_MORE)
		return rc;
	w->folded_size = env->fs->fstat(env, s.fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	w->folded_inode = s.inode;
	if (w->hint_inode == s.inode && w->hint_seq == w->seq && w->hint_at >= s.header_size &&
		w->seq >= s.header.first_seq)
		bn_segment_seek(&s, w->hint_at, w->seq - 1, 0, 0);
	rc = take_records(f, w, &s, next, err);
	if (!rc && *next == STEP_MORE) {
		*next = STEP_END;
		w->hint_inode = s.inode;
		w->hint_at = s.last_at;
		w->hint_seq = s.last_seq;
	} else {
		w->hint_inode = 0;
	}
	bn_segment_close(&s);
	return rc;
}

/* One move of one writer. */
static int take_step(bn_fold *f, bn_log_writer *w, step *next, bn_err *err)
{
	const bn_log_range *range = bn_log_cover(w, w->seq + 1);
	uint64_t end = bn_log_sealed_end(w);
	if (range)
		return take_sealed(f, w, range, next, err);
	if (end > w->seq) {
		char why[80];
		snprintf(why, sizeof why, "the segment with event %" PRIu64 " is missing",
			w->seq + 1);
		*next = stuck(w, why);
		return 0;
	}
	if (open_is_readable(f->ix, w))
		return take_open(f, w, next, err);
	if (w->has_open) {
		*next = STEP_END;
		return 0;
	}
	if (end < w->seq) {
		*next = STEP_REBUILD;
		return 0;
	}
	return pin(f, w, next, err);
}

static int tail_save(bn_fold *f, const bn_log_writer *w, bn_err *err)
{
	int rc = bn_sql_run(f->db, err, "INSERT OR REPLACE INTO index_tail VALUES (?, ?, ?, ?, ?)",
		"siiii", w->name, (int64_t)w->seq, (int64_t)w->clock, (int64_t)w->crc,
		(int64_t)w->pinned);
	if (rc)
		return rc;
	return bn_sql_run(f->db, err, "INSERT OR REPLACE INTO writer VALUES (?, ?, ?, ?, ?, ?)",
		"sissii", w->name, (int64_t)w->uid, fold_user(f, w->uid), w->host, (int64_t)w->seq,
		(int64_t)w->clock);
}

/* A listing is no snapshot: a segment that is renamed meanwhile may be missed under both names. So
 * whatever looks wrong is looked at again before it is believed. */
static int writer_take(bn_fold *f, bn_log_writer *w, bn_err *err)
{
	uint64_t seq = w->seq, pinned = w->pinned;
	int rc = 0, tries = 0;
	for (step next = STEP_MORE; next != STEP_END;) {
		w->fault[0] = '\0';
		if ((rc = take_step(f, w, &next, err)))
			return rc;
		bool doubtful = next == STEP_AGAIN || next == STEP_REBUILD || w->stuck;
		if (doubtful && ++tries <= TRIES) {
			if (bn_log_relist(w, f->ix->ws->at, NULL))
				next = stuck(w, "its directory cannot be listed");
			else
				next = STEP_MORE;
		} else if (next == STEP_REBUILD) {
			return BN_FOLD_REBUILD;
		} else if (next == STEP_AGAIN) {
			stuck(w, "a segment is missing");
			next = STEP_END;
		}
	}
	return w->seq != seq || w->pinned != pinned ? tail_save(f, w, err) : 0;
}

int fold_intake(bn_fold *f, bn_err *err)
{
	int rc = 0;
	bn_log *log = &f->ix->log;
	for (size_t i = 0; !rc && i < log->count; i++)
		if (bn_fold_is_due(f->ix, &log->items[i]))
			rc = writer_take(f, &log->items[i], err);
	for (size_t i = 0; !rc && i < log->count; i++)
		if (log->items[i].clock > f->ix->ws->seen_clock &&
			bn_clock_is_sane(f->ix->ws->env, log->items[i].clock))
			f->ix->ws->seen_clock = log->items[i].clock;
	return rc;
}
