/*
 * _fold.h - the fold's insides: one batch of events on its way into the rows of the rooms.
 *
 * Order. Within a batch, first every new record is taken from the segments: commuting events are
 * applied at once, ordered ones go to table `event`. Then the new ordered events are applied in
 * global (clock, writer, seq) order, save those of entities for which an older event arrived late.
 * Then the late entities, and every entity that depends on one that got events, are cleared and
 * replayed whole from table `event`, an entity after those it depends on; whoever depends on a
 * replayed one is replayed after it.
 *
 * Why the result does not depend on arrival: at the end of a batch each entity was last applied
 * (a) with all its events in order and (b) against the final rows of everything it depends on,
 * since a change of those makes it dirty again. Dependencies form no cycle (a room's bug, reported),
 * so the final rows are a function of the set of events alone, by induction along dependencies.
 * An entity escapes replay only if it is new in this batch and every event of those it depends on
 * sorts before its own first: it has then seen their final rows already.
 */
#ifndef BN_STORE_INDEX__FOLD_H
#define BN_STORE_INDEX__FOLD_H
#include "core/base/mem.h"
#include "core/store/index/_index.h"
#include "core/store/index/_numbers.h"

/* A position in the total order; the writer's text is borrowed from the batch's arena. */
typedef struct fold_key {
	uint64_t clock;
	const char *writer;
	uint64_t seq;
} fold_key;

enum { FOLD_CLASSES_MAX = 32 };

typedef struct fold_entity {
	const char *name;
	int64_t no;
	const bn_fold_class *class;   /* NULL: of no known room */
	fold_key first_new, last_new; /* of this batch's ordered events; seq 0 when it got none */
	bool was_there;               /* had events before this batch */
	bool late, dirty, visiting;
	bool listed; /* on the work list */
	int replays;
	struct fold_entity *next_dirty;
} fold_entity;

struct bn_fold {
	bn_index *ix;
	sqlite3 *db;
	const bn_fold_class *const *classes;
	bn_arena arena;
	bn_numbers numbers;
	void *slots[FOLD_CLASSES_MAX];  /* of classes[i] */
	bool touched[FOLD_CLASSES_MAX]; /* classes[i] got an event or a replay in this batch */
	fold_entity **table;            /* open addressing by name */
	size_t table_size, entities;
	fold_entity *dirty; /* work list */
	uint64_t folded;
	/* the event that is being applied */
	const char *entity;
	bool commuting;
	bn_outcome outcome;
	char reason[256];
	struct {
		uid_t uid;
		char name[64];
	} users[16];
	size_t user_count;
};

int fold_key_compare(const fold_key *a, const fold_key *b);
fold_entity *fold_entity_get(bn_fold *f, const char *name, bn_err *err); /* made when new */
const bn_fold_class *fold_class_of(const bn_fold *f, const char *entity);
bool fold_kind_commutes(const bn_fold_class *class, const char *kind);
const char *fold_user(bn_fold *f, uid_t uid);
/* _intake.c: all new records of all writers. BN_FOLD_REBUILD when the log is another one. */
int fold_intake(bn_fold *f, bn_err *err);
/* Called by the intake for each new record. */
int fold_take(bn_fold *f, const char *writer, uid_t uid, const bn_record *r, bn_err *err);

#endif
