/*
 * fold.h - how events become rows: the contract between the log and the modules that own tables.
 *
 * The index is a pure function of the set of events: folding twice, in another order of arrival,
 * on another host or from scratch gives the same logical content. The fold guarantees that; modules
 * need not care:
 *
 *  - Each module registers a bn_fold_class for its entity class ("run", "model"). An event is
 *    handled in one of three modes:
 *
 *    ordered    apply() sees the entity's events strictly in (clock, writer, sequence) order. When
 *               an event arrives late (it sorts before one already applied), the fold calls clear()
 *               and replays the entity's whole history. So apply() may be an ordinary state machine:
 *               approvals, aliases, policy, status.
 *    commuting for high-volume events (metric chunks, heartbeats, resources): apply() must give the
 *    same rows
 *               in any order: inserts keyed by (writer, seq), last-writer-wins by (clock, writer,
 *               seq), sums. These events are not kept in table `event`, are never replayed, and are
 *               applied exactly once. A class declares which of its kinds commute (bn_fold_kind).
 *    placed ordered, but by the class's own order: place() gives each event an epoch and
 *               a depth, and the order is (epoch, depth, clock, writer, sequence).
 *    whole      a class with apply_all() instead of apply(): clear(), and then one call with all of
 *               the entity's events, whenever one arrives. The class orders them itself.
 *
 *  - An entity whose rows depend on those of another (an approval on the policy at that time)
 *    declares that with bn_fold_depends: when the other gets an event, this one is replayed.
 *    apply() may read rows of entities it depends on, through the functions of their modules, "as
 *    of" the event's position (bn_event_key).
 *
 *  - The fold reads segments and nothing else: no directory owner, no user database, no wall clock. The
 *    author is ev->uid, the owner of the segment file; nothing in the payload can claim otherwise. Rows
 *    store uids; readers show names through the SQL function bn_user(uid). apply() decides whether the
 *    event was allowed and reports with bn_fold_outcome, which the audit view shows. A refused event
 *    changes no other row. A reason names a user as "uid-1000" (bn_uid_text; readers replace it by the
 *    name, bn_reason()).
 *
 *  - A malformed payload is not an error of the fold: apply() reports BN_OUTCOME_INVALID and
 *    changes nothing. apply() returns non-zero only for failures of the index itself (disk full,
 *    SQLite error): the whole batch is then rolled back.
 *
 *  - What a newer program wrote is kept and counted, never guessed at: an event in a record of an
 *    unknown type, with a version above the class's, or of a kind the class does not have, gets
 *    BN_OUTCOME_NEWER without a call of apply(), even if the kind commutes. An unknown field changes
 *    no outcome: the event is applied without it, and index_unknown_field names it.
 *
 *  - An entity has a name after its class and '/', unless the class is `nameless`. An event
 *    without one is invalid, and apply() is not called.
 *
 * Numbers. Texts and entities that many rows repeat are integers in the tables (bn_fold_name,
 * ev->entity_no, ev->writer_no). The numbers depend on the order of arrival and are private to one
 * index; they must not leave it. So a table that holds numbers has a view dump_<table>, which
 * resolves them; the dump prints the view instead. Tables index_* are about this index itself and
 * are not dumped.
 *
 * Tables of the index are created by the numbered files of share/sql in order: the store's, and each
 * file that a class names as its `schema`, once. Only the module that owns a table writes to it.
 * Every row of an ordered entity must be removable by clear().
 */
#ifndef BN_STORE_INDEX_FOLD_H
#define BN_STORE_INDEX_FOLD_H
#include "core/base/err.h"
#include "core/store/log/clock.h"

#include <jansson.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Position in the total order of all events. */
typedef struct bn_event_key {
	uint64_t clock;     /* hybrid logical clock: milliseconds << 16 | counter */
	const char *writer; /* name of the writer's directory */
	uint64_t seq;       /* 1, 2, 3 ... within the writer */
} bn_event_key;

/* The additional data of a signed record; 32 bytes each. signed.h tells whether the signature is
 * good. */
typedef struct bn_signed {
	const uint8_t *id;  /* SHA-256 of the record */
	const uint8_t *key; /* NULL: signed in a form that this program does not know, never good */
	const uint8_t *epoch;  /* NULL: none */
	const uint8_t *before; /* the chain hash before the record */
	const uint8_t *after;
} bn_signed;

typedef struct bn_event {
	bn_event_key key;
	const char *kind, *entity;    /* "run.created", "run/7f3a" */
	int64_t entity_no, writer_no; /* in index_entity and index_name of this index */
	uid_t uid;                    /* owner of the segment file */
	uint32_t version;             /* of the event's class, 1 or more */
	size_t kind_no;               /* the row of `kind` in the class's kinds */
	uint8_t unknown_type; /* of the record, if this program does not know it; a class never gets
	                         such an event */
	const bn_signed *sig; /* NULL: not signed */
	int64_t epoch, depth; /* as the class placed it (bn_fold_place); -1: not placed */
	const json_t *payload; /* NULL for raw payloads and for text that is not a JSON object */
	const void *raw;       /* the payload's bytes as stored in the segment */
	size_t raw_len;
	/* Where the record is in its file, and its checksum: for bn_log_payload. 0 on a replay. */
	uint64_t at;
	uint32_t crc;
} bn_event;

static inline int64_t bn_event_time_ms(const bn_event *ev)
{
	return bn_clock_ms(ev->key.clock);
}

typedef enum bn_outcome {
	BN_OUTCOME_APPLIED,
	BN_OUTCOME_REFUSED, /* role or policy does not allow it */
	BN_OUTCOME_INVALID, /* malformed, or not applicable in this state */
	BN_OUTCOME_NEWER,   /* of an unknown class, version or kind */
	BN_OUTCOME_LATE,    /* unknown to the signer who closed its epoch (core/govern) */
} bn_outcome;

/* What a number in index_name denotes. Only stored in the index, so it may be renumbered. */
typedef enum bn_name_class {
	BN_NAME_CLASS, /* of entities: "run" */
	BN_NAME_WRITER,
	BN_NAME_KIND,
	BN_NAME_KEY, /* of metrics, parameters, tags */
	BN_NAME_HOST,
	BN_NAME_EXPERIMENT,
	BN_NAME_TEXT, /* any other text that many rows repeat */
} bn_name_class;

typedef struct bn_fold bn_fold;
typedef struct bn_fold_class bn_fold_class;

sqlite3 *bn_fold_db(bn_fold *f);
const char *bn_fold_workspace_id(bn_fold *f);
/* Hex id of the record that workspace.json names as link 0 of an upgraded workspace; "" for
 * none. */
const char *bn_fold_founding(bn_fold *f);
/* The chain hash after record seq of a writer as folded. 1; 0 if it has not been folded that far, or its
 * segment cannot be read now. Only in before_replay and apply_all. */
int bn_fold_chain_at(uint8_t chain[32], bn_fold *f, const char *writer, uint64_t seq, bn_err *err);
/* Declares that this entity (the one being applied) is replayed whenever `entity` gets an event. */
int bn_fold_depends(bn_fold *f, const char *entity, bn_err *err);
/* Sets the outcome of an ordered event; the default is APPLIED. reason is copied; an applied event
 * may have one too, as a remark in the audit log. */
void bn_fold_outcome(bn_fold *f, bn_outcome outcome, const char *reason_fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* For ev, the event being applied: cancels the effect of the entity's earlier applied events. */
int bn_fold_overrule_earlier(bn_fold *f, const bn_event *ev, const char *reason, bn_err *err);
/* The number of a text, or of an entity ("run/7f3a..."); created if it is new. */
int bn_fold_name(bn_fold *f, bn_name_class class, const char *text, int64_t *no, bn_err *err);
int bn_fold_entity(bn_fold *f, const char *entity, int64_t *no, bn_err *err);
/* Only in before_replay and apply_all: replays this entity in this batch although it got no event. */
int bn_fold_replay_entity(bn_fold *f, int64_t entity_no, bn_err *err);

/* A signed record taken by this batch. */
typedef struct bn_signed_new {
	int64_t writer_no, entity_no;
	uint64_t seq;
	uint8_t id[32], key[32], epoch[32]; /* key: zeros where bn_signed has NULL */
	bool has_epoch;
} bn_signed_new;

/* All signed records in the batch's order, valid during the batch. NULL if there are none. */
const bn_signed_new *bn_fold_signed_new(bn_fold *f, size_t *n);
/* The writers (ev->writer_no) whose newest seal changed in this batch, so that bn_writer_author may give
 * another answer. Likewise. */
const int64_t *bn_fold_seals_new(bn_fold *f, size_t *n);
/* A pointer that the class keeps from its first event of a batch until batch_free: entities
 * touched, a decoder's context. Initially NULL. */
void **bn_fold_slot(bn_fold *f, const bn_fold_class *class);

/* Rows of a table that no longer keep objects from gc (core/store/object/live.h): an SQL condition on
 * its columns (or those of its dump view, under the table's name), true for rows removed at or before
 * the time ?1. For table object_ref it applies to the class's own entities. */
typedef struct bn_fold_gone {
	const char *table, *where;
} bn_fold_gone;

/* A kind of a class, with every field that its payload has had in this program or an older one. A
 * field within an object, or within objects of an array, is listed with its path: "source.path", where
 * "source" itself is not listed. "params.*": the keys inside are user-defined names, or are checked by
 * the owner of that format. A field listed without a path holds no object. NULL: the payload has no
 * fields, or is not JSON. */
typedef struct bn_fold_kind {
	const char *name; /* "run.created" */
	const char *const *fields;
	bool commuting;
} bn_fold_kind;
#define BN_FIELDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Result of place(). */
typedef enum bn_placing {
	BN_PLACED,
	BN_PLACED_MOVES_OTHERS, /* the places of earlier events have changed: all are placed again */
	BN_PLACED_ASIDE, /* its place does not affect other events: apply() is called at once */
	BN_PLACED_LATER, /* it can only be placed at the end of the batch, when all are placed */
	BN_PLACED_NOWHERE, /* it has no effect: place() has given it its outcome, and apply() is not called */
} bn_placing;

struct bn_fold_class {
	const char *name;          /* entity class, the part before '/' */
	const bn_fold_class *variant_of; /* stands for this class in bn_fold_slot; NULL: only for itself */
	const bn_fold_kind *kinds; /* all kinds; ends with a row without a name */
	int (*apply)(bn_fold *f, const bn_event *ev, bn_err *err);
	/* Sets ev->epoch and ev->depth, both initially -1; only with apply. Returns a bn_placing, or negative.
	 * The event is already in table `event`. On a replay it is called for each event, in the order of
	 * clocks, before any is applied, and only BN_PLACED_NOWHERE matters; such an event costs the replay no
	 * memory. */
	int (*place)(bn_fold *f, bn_event *ev, bn_err *err);
	int (*clear)(bn_fold *f, const char *entity,
		bn_err *err); /* deletes the entity's rows made by ordered events */
	/* The file that creates its tables, "share/sql/0020_track.sql"; classes may share one. NULL:
	 * none needed. */
	const char *schema;
	/* Newest version of its events that the class understands; 0 means 1. */
	uint32_t version;
	bool nameless;            /* its entity may be just the class's name ("policy") */
	const bn_fold_gone *gone; /* ends with an entry without a table; or NULL */
	/* Removed sets of objects that gc keeps together: a SELECT of object hashes. If something live names
	 * the first of a row, or the second while nothing of the row was freed, all objects of the row are
	 * kept. May be NULL. */
	const char *kept_whole;
	/* Objects that were erased on request (core/store/forgotten.h): a SELECT of hash (a blob of 32 bytes, which
	 * is no text that names the object) and words ("was forgotten on ... by ...: use ..."). May be NULL. */
	const char *forgotten;
	/* Whole mode, instead of apply (which still gets commuting kinds, if any). events: in
	 * (clock, writer, sequence) order. */
	int (*apply_all)(
		bn_fold *f, const char *entity, const bn_event *events, size_t n, bn_err *err);
	/* Its entities are replayed before those of other classes. */
	bool first;
	/* Called after all events of a batch were taken and before any entity is replayed, if the batch took an
	 * event of the class, a signed record or a new seal (for a class that goes first: anything). It may
	 * request further replays. */
	int (*before_replay)(bn_fold *f, bn_err *err);
	/* Called last in a batch in which the class got an event or an entity was replayed,
	 * before the commit: for rows derived from others. */
	int (*batch_end)(bn_fold *f, bn_err *err);
	/* An entity of the class whose rows depend on the log's first ordered event; it is replayed
	 * when an earlier one arrives. NULL: none. */
	const char *follows_first;
	/* Frees what the class keeps in its slot; called after batch_end and after a failure. */
	void (*batch_free)(void *slot);
	/* Registers the SQL functions of the class's dump views: once for each handle. */
	int (*attach)(sqlite3 *db, bn_err *err);
};

/* Only in apply_all: sets the outcome of events[i] and its place in the class's order. Default:
 * APPLIED, -1, -1. */
void bn_fold_outcome_of(bn_fold *f, size_t i, bn_outcome outcome, const char *reason_fmt, ...)
	__attribute__((format(printf, 4, 5)));
void bn_fold_place(bn_fold *f, size_t i, int64_t epoch, int64_t depth);

/* All classes of the program come as one NULL-terminated list to bn_workspace_open. Events of
 * classes that are not in it are kept in table `event` and in the audit log. */

/* The owner of the segment of the log's first ordered event; false if the index has none. */
bool bn_index_first_uid(sqlite3 *db, uid_t *uid);

/* ---- for readers ---------------------------------------------------------------------------- */

/* The number of a text or an entity in this index, -1 if it has none. Valid until the next
 * refresh. */
int64_t bn_index_name(sqlite3 *db, bn_name_class class, const char *text);
int64_t bn_index_entity(sqlite3 *db, const char *entity);

/* Whether the entity has a signed event of a class version or kind that this program does not know: it
 * was made by a newer binnacle, and nothing that depends on it can be vouched for. */
bool bn_index_is_newer(sqlite3 *db, const char *entity);
/* How the fold's rows name a user: "uid-1000". */
enum { BN_UID_TEXT = 32 };
const char *bn_uid_text(uid_t uid, char buf[BN_UID_TEXT]);

/* SQL functions of the handle returned by bn_workspace_read, for display only:
 *	bn_user(uid)      the user's name on this host, "uid-1000" if it has none
 *	bn_reason(text)   a reason with its "uid-1000" replaced by names
 *
 * For rows that refer to a large payload instead of repeating it (commuting kinds):
 *	bn_log_payload(writer, seq, at, crc)   the payload of that record, read from the log as it is now and checked
 *			  against crc; numbers as in bn_event. A record that cannot be read is an error of the statement.
 */

/* ---- small helpers over SQLite for modules and readers --------------------------------------- */

/* Prepares sql and binds by a format string: s text (NULL is SQL NULL), i int64_t, d double (NaN is
 * SQL NULL), b blob (const void *, size_t), n NULL. The caller owns the statement
 * (sqlite3_finalize). */
int bn_sql_prepare(
	sqlite3_stmt **out, sqlite3 *db, bn_err *err, const char *sql, const char *types, ...);
/* The same with a statement cached in the handle by the address of sql; texts and blobs are not
 * copied. Borrowed: step it, then sqlite3_reset it before the same SQL is used again. */
int bn_sql_cached(
	sqlite3_stmt **out, sqlite3 *db, bn_err *err, const char *sql, const char *types, ...);
/* Prepares, binds and runs a statement that returns no rows. Statements are cached per handle. */
int bn_sql_run(sqlite3 *db, bn_err *err, const char *sql, const char *types, ...);
/* 1: a row, 0: no more rows, negative: an error. */
int bn_sql_step(sqlite3_stmt *st, bn_err *err);
/* First column of the first row. fallback if there is no row, if it is NULL, or if the index fails (memory,
 * disk, a lock), which is kept for bn_sql_failed. */
int64_t bn_sql_int(sqlite3 *db, int64_t fallback, const char *sql, const char *types, ...);
/* Like ferror for getc: 0, or the first failure of this handle that was not reported because the call had no
 * bn_err (bn_sql_int, a NULL err) or could not return one (bn_sql_text, bn_sql_bytes); it is reported once. The
 * results of such calls are invalid. So code that bases a decision on the index (a permission, whether a record
 * counts, whether a version is proven) must check this last. The fold checks before each commit, so apply() and
 * place() need not. */
int bn_sql_failed(sqlite3 *db, bn_err *err);
/* Column as an owned string (NULL for SQL NULL), or a double (NaN for SQL NULL). */
char *bn_sql_text(sqlite3_stmt *st, int column);
double bn_sql_double(sqlite3_stmt *st, int column);
/* Copies a column of exactly n bytes; false, with nothing copied, if it is anything else. */
bool bn_sql_bytes(sqlite3_stmt *st, int column, void *out, size_t n);
/* Sets BN_ECORRUPT "index: what" with a hint how to repair it: rows of the index contradict each
 * other. */
int bn_sql_damaged(bn_err *err, const char *what);

#endif
