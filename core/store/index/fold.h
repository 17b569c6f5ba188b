/*
 * fold.h - how events become rows: the contract between the log and the rooms.
 *
 * The index is a pure function of the set of events: folding twice, in another order of arrival,
 * on another host or from scratch gives the same rows. The fold guarantees that, so that a room's
 * code does not have to think about it:
 *
 *  - Each room registers a bn_fold_class for its entity class ("run", "model"). Two modes:
 *
 *    BN_FOLD_ORDERED   apply() sees the entity's events strictly in (clock, writer, sequence)
 *                      order. When an event arrives late (it sorts before one already applied),
 *                      the fold calls clear() and replays the entity's whole history. So apply()
 *                      may be an ordinary state machine: approvals, aliases, policy, status.
 *    BN_FOLD_COMMUTING for floods (metric chunks, heartbeats, resources): apply() must give the
 *                      same rows in any order: inserts keyed by (writer, seq), last-writer-wins by
 *                      (clock, writer, seq), sums. Its events are not kept in table `event`, are
 *                      never replayed, and are applied exactly once.
 *
 *    Which mode an event has is decided by its kind: a class lists its commuting kinds.
 *
 *  - An entity whose rows depend on another entity's (an approval on the policy of that moment)
 *    says so with bn_fold_depends: when the other one gets an event, this one is replayed.
 *    apply() may read rows of entities it depends on, through the functions of their rooms, "as of"
 *    the event's position (bn_event_key).
 *
 *  - Who did it is ev->uid, the owner of the segment file; nothing in the payload can claim
 *    otherwise. apply() decides whether it was allowed and reports with bn_fold_outcome; the audit
 *    view shows it. A refused event changes no other row.
 *
 *  - A malformed payload is not an error of the fold: report BN_OUTCOME_INVALID and change nothing.
 *    apply() returns non-zero only for failures of the index itself (disk full, SQLite error): the
 *    whole batch is then rolled back.
 *
 * Tables of the index are created by the numbered files of share/sql in order. A room owns its
 * tables and nobody else writes them. Every row of an ordered entity must be removable by clear().
 */
#ifndef BN_STORE_INDEX_FOLD_H
#define BN_STORE_INDEX_FOLD_H
#include "core/store/workspace.h"

#include <jansson.h>

/* Position in the total order of all events. */
typedef struct bn_event_key {
	uint64_t clock;     /* hybrid logical clock: milliseconds << 16 | counter */
	const char *writer; /* name of the writer's directory */
	uint64_t seq;       /* 1, 2, 3 ... within the writer */
} bn_event_key;

typedef struct bn_event {
	bn_event_key key;
	const char *kind, *entity; /* "run.created", "run/7f3a" */
	uid_t uid;                 /* owner of the segment file */
	const char *user;          /* that user's name as this host knows it; for showing only */
	const json_t *payload; /* NULL for raw payloads and for text that is not a JSON object */
	const void *raw;       /* the payload's bytes as they lie in the segment */
	size_t raw_len;
} bn_event;

static inline int64_t bn_event_time_ms(const bn_event *ev)
{
	return (int64_t)(ev->key.clock >> 16);
}

typedef enum bn_outcome {
	BN_OUTCOME_APPLIED,
	BN_OUTCOME_REFUSED, /* role or policy does not allow it */
	BN_OUTCOME_INVALID, /* malformed, or makes no sense in this state */
} bn_outcome;

typedef struct bn_fold bn_fold;
sqlite3 *bn_fold_db(bn_fold *f);
bn_workspace *bn_fold_workspace(bn_fold *f);
/* This entity (the one being applied) is replayed whenever `entity` gets an event. */
int bn_fold_depends(bn_fold *f, const char *entity, bn_err *err);
/* Only for ordered events; without a call the outcome is APPLIED. reason is copied; an applied event
 * may have one too, a remark for the audit log. */
void bn_fold_outcome(bn_fold *f, bn_outcome outcome, const char *reason_fmt, ...)
	__attribute__((format(printf, 3, 4)));

typedef struct bn_fold_class {
	const char *name;                   /* entity class, the part before '/' */
	const char *const *commuting_kinds; /* NULL-terminated, or NULL */
	int (*apply)(bn_fold *f, const bn_event *ev, bn_err *err);
	int (*clear)(bn_fold *f, const char *entity,
		bn_err *err); /* deletes the entity's rows made by ordered events */
} bn_fold_class;

/* All classes of the program come as one NULL-terminated list to bn_workspace_open. Events of
 * classes that are not in it are kept in table `event` and in the audit log. */

/* ---- small helpers over SQLite for rooms and readers --------------------------------------- */

/* Prepares sql and binds by a format string: s text (NULL is SQL NULL), i int64_t, d double (NaN is
 * SQL NULL), b blob (const void *, size_t), n NULL. Statement is yours (sqlite3_finalize). */
int bn_sql_prepare(
	sqlite3_stmt **out, sqlite3 *db, bn_err *err, const char *sql, const char *types, ...);
/* Prepares, binds and runs a statement that returns no rows. Statements are cached per handle. */
int bn_sql_run(sqlite3 *db, bn_err *err, const char *sql, const char *types, ...);
/* 1 a row is there, 0 none left, negative an error. */
int bn_sql_step(sqlite3_stmt *st, bn_err *err);
/* First column of the first row; fallback when there is no row or it is NULL. */
int64_t bn_sql_int(sqlite3 *db, int64_t fallback, const char *sql, const char *types, ...);
/* Column as an owned string (NULL for SQL NULL), or a double (NaN for SQL NULL). */
char *bn_sql_text(sqlite3_stmt *st, int column);
double bn_sql_double(sqlite3_stmt *st, int column);

#endif
