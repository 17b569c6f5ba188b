/*
 * _batch.h - internals of the fold: turning one batch of events into the rows of the modules.
 *
 * Order. The logs of all writers are merged by (clock, writer, seq) as they are read (_intake.c), so
 * a batch comes in order, at most INTAKE_MOST writers at a time. Each event is handled once, on
 * arrival (_batch.c): commuting ones are applied; ordered ones are applied and added to table
 * `event`, except those of an entity for which an older event arrived late, which are only added. At
 * the end (_replay.c) the late entities, and every entity that depends on one that got events, are
 * cleared and replayed from table `event`, an entity after those it depends on; the dependents of a
 * replayed entity are replayed after it.
 *
 * Why the result does not depend on the order of arrival (invariant 5):
 *  F1  At the end of a batch each entity was last applied with all its events in order.
 *  F2  ... and against the final rows of everything it depends on, since a change of those makes it
 *      dirty again. An entity escapes that only if it is new in this batch and its first event was
 *      applied after the last one of what it depends on: it has then seen the final rows already.
 *  F3  Dependencies form no cycle (a cycle is a bug of a module and is reported). So the final
 *      rows are a function of the set of events alone, by induction along dependencies.
 *  F4  Every event of a writer is taken once: in sequence without gaps, and the position is saved
 *      in the same transaction as the rows.
 */
#ifndef BN_STORE_INDEX__BATCH_H
#define BN_STORE_INDEX__BATCH_H
#include "core/base/dir.h"
#include "core/base/mem.h"
#include "core/store/index/_numbers.h"
#include "core/store/index/fold.h"
#include "core/store/log/listing.h"

enum { FOLD_CLASSES_MAX = 32 };

/* The input and output of a batch; all of it is borrowed, and the fold uses nothing else. */
typedef struct bn_fold_source {
	const bn_dir *at;     /* .binnacle */
	const char *id;       /* of the workspace */
	const char *founding; /* as bn_index_source */
	const bn_fold_class *const *classes;
	sqlite3 *db;
	bn_log *log;      /* as listed; records how far each writer is folded */
	bool follow_open; /* local file system: every open.seg may be read */
	/* Whether unsigned records of the entity are folded; NULL: all are. */
	bool (*wants)(void *ctx, const char *entity);
	void *wants_ctx;
} bn_fold_source;

/* Folds a batch inside the caller's transaction. BN_FOLD_REBUILD if the log is no longer the one that
 * was folded. */
enum { BN_FOLD_REBUILD = 2 };
int bn_fold_batch(const bn_fold_source *from, uint64_t *folded, bn_err *err);
/* Whether a writer has records that are not folded yet. */
bool bn_fold_is_due(const bn_fold_source *from, const bn_log_writer *w);

/* ---- the current batch ---------------------------------------------------------------------- */

/* A position in the total order; the writer's text is valid as long as the batch. */
typedef struct fold_key {
	int64_t epoch, depth; /* for a placed class, else 0 */
	uint64_t clock;
	const char *writer;
	uint64_t seq;
} fold_key;

typedef struct fold_entity {
	const char *name;
	int64_t no;
	const bn_fold_class *class; /* NULL: of no known module */
	fold_key last; /* last of its ordered events, including this batch's; seq 0: none */
	uint64_t first_at,
		last_at; /* of this batch's ordered events, in order of arrival; 0: none */
	bool looked;     /* `last` holds the state of earlier batches */
	bool was_there;  /* had ordered events before this batch */
	bool late, dirty, visiting;
	bool listed; /* on the work list */
	int replays;
	struct fold_entity *next_dirty;
} fold_entity;

/* One event of an entity in whole mode, with the class's verdict. */
typedef struct fold_verdict {
	bn_outcome outcome;
	char *reason; /* the arena's */
	int64_t epoch, depth;
} fold_verdict;

/* Storage for what a bn_signed points to. */
typedef struct fold_signed {
	uint8_t id[BN_SHA256_BYTES], key[BN_SHA256_BYTES], epoch[BN_EPOCH_BYTES],
		before[BN_SHA256_BYTES], after[BN_SHA256_BYTES];
	bn_signed view;
} fold_signed;

/* A record as delivered by the intake. */
typedef struct fold_record {
	const char *writer;
	uid_t uid;
	const bn_record *r;
	const uint8_t *before, *after; /* the chain's hashes */
	uint64_t at;                   /* in its file */
} fold_record;

struct bn_fold {
	const bn_fold_source *from;
	sqlite3 *db;
	const bn_fold_class *const *classes;
	bn_arena arena;
	bn_numbers numbers;
	void *slots[FOLD_CLASSES_MAX];  /* of classes[i] */
	bool touched[FOLD_CLASSES_MAX]; /* classes[i] got an event or a replay in this batch */
	fold_entity **table;            /* open addressing by name */
	size_t table_size, entities;
	fold_entity *dirty; /* work list */
	bool goes_first;    /* it may hold an entity of a class that goes first */
	fold_key first;     /* the log's first ordered event as seen by the classes; seq 0: none */
	uint64_t folded;    /* events taken; also the counter for first_at and last_at */
	/* the event being applied */
	const fold_entity *entity;
	bool commuting;
	bn_outcome outcome;
	char reason[256];
	fold_signed sig; /* what its sig points to */
	/* the signed records of the batch */
	bn_signed_new *signed_new;
	size_t signed_count, signed_cap;
	int64_t *seals; /* writers whose seal has changed */
	size_t seal_count, seal_cap;
	/* the events of an entity in whole mode */
	fold_verdict *verdicts;
	size_t verdict_count;
};

/* Whether entities of the class have rows; those of the store's own classes do not. */
static inline bool bn_fold_has_rows(const bn_fold_class *class)
{
	return class->apply || class->apply_all;
}

/* ---- _batch.c ---------------------------------------------------------------------------------- */

/* The log's first ordered event in table `event`; seq 0 if there is none. */
int bn_fold_first(fold_key *out, bn_fold *f, bn_err *err);
int bn_fold_key_compare(const fold_key *a, const fold_key *b);
size_t bn_fold_class_index(const bn_fold *f, const bn_fold_class *class);
/* Called by the intake for each new record, in the batch's order. */
int bn_fold_take(bn_fold *f, const fold_record *from, bn_err *err);
/* Calls apply(), if there is one, with the parsed payload; f->outcome and f->reason hold the result. */
int bn_fold_apply(bn_fold *f, const fold_entity *e, bn_event *ev, bool is_json, bn_err *err);
/* Asks a placed class for the position of an event with a parsed payload: a bn_placing, or negative. If it
 * has no place, its outcome is in f. */
int bn_fold_place_event(bn_fold *f, const fold_entity *e, bn_event *ev, bn_err *err);
/* Whether the class understands the event. If so sets kind_no, else the outcome. */
bool bn_fold_understands(bn_fold *f, const fold_entity *e, bn_event *ev);

/* ---- _signed.c --------------------------------------------------------------------------------- */

/* Whether the scheme is known to this program and the lengths fit it. */
bool bn_signature_is_known(const bn_signature *s);
/* Redirects the view's pointers to the storage beside it after a copy. */
void bn_signed_point(fold_signed *s);
/* Fills f->sig from a signed record. */
void bn_fold_signed_of(bn_fold *f, const fold_record *from);
/* Adds its rows, and puts it on the batch's list. */
int bn_fold_signed_take(bn_fold *f, const bn_event *ev, const bn_record *r, bn_err *err);
/* Fills f->sig from the record's row. */
int bn_fold_signed_read(bn_fold *f, int64_t writer_no, uint64_t seq, bn_err *err);

/* ---- _segments.c ------------------------------------------------------------------------------- */

/* Chain hashes after records at which a sealed segment ends. */
typedef struct fold_mark {
	uint64_t seq;
	uint8_t chain[BN_SHA256_BYTES];
} fold_mark;

typedef struct fold_marks {
	fold_mark *items;
	size_t count, cap;
} fold_marks;

int bn_fold_marks_add(
	fold_marks *m, uint64_t seq, const uint8_t chain[BN_SHA256_BYTES], bn_err *err);
/* Compares those segments of w that are in the listing but not in index_segment with what was folded,
 * and updates seal and fork. marks: what this batch knows of the chain. fresh: this batch has folded
 * the writer from its first record. BN_FOLD_REBUILD if the writer turns out to have two histories, or
 * no longer has two: which of them was folded depends on the order of arrival. */
int bn_fold_segments(
	bn_fold *f, bn_log_writer *w, const fold_marks *marks, bool fresh, bn_err *err);

/* The file that was folded under the name of that segment, if it was what the name says. */
bool bn_fold_segment_known(sqlite3 *db, const char *writer, bn_log_range *r);

/* ---- _entity.c ------------------------------------------------------------------------------- */

/* The entity's entry, created with its number if it is new to the batch. NULL: *err says why. */
fold_entity *bn_fold_entity_get(bn_fold *f, const char *name, bn_err *err);
/* Reads the state of its ordered events from earlier batches. */
int bn_fold_entity_look(bn_fold *f, fold_entity *e, bn_err *err);

/* ---- _kinds.c -------------------------------------------------------------------------------- */

/* The store's own classes, NULL-terminated: their events are kept but have no rows. */
extern const bn_fold_class *const bn_fold_own_classes[];
/* The row of the kind; NULL if the class does not have it. */
const bn_fold_kind *bn_fold_kind_of(const bn_fold_class *class, const char *kind);
/* Records in index_unknown_field which fields of ev->payload its kind does not have. Idempotent. */
int bn_fold_note_fields(bn_fold *f, const fold_entity *e, const bn_event *ev, bn_err *err);

/* ---- _intake.c ------------------------------------------------------------------------------- */

/* Takes all new records of all writers. BN_FOLD_REBUILD if the log is a different one. */
int bn_fold_intake(bn_fold *f, bn_err *err);

/* ---- _replay.c ------------------------------------------------------------------------------- */

int bn_fold_replay(bn_fold *f, bn_err *err);
/* Records the outcome of an event in table `event`. */
int bn_fold_event_update(bn_fold *f, const bn_event *ev, const fold_verdict *v, bn_err *err);

#endif
