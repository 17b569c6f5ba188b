/*
 * report.h - what an index says of itself: its state, and its logical content as text.
 */
#ifndef BN_STORE_INDEX_REPORT_H
#define BN_STORE_INDEX_REPORT_H
#include "core/store/index/index.h"

/* A writer whose log cannot be folded to its end: a segment is missing or damaged. */
typedef struct bn_index_gap {
	char *writer, *why;
	int64_t folded; /* events of it that are in the index */
} bn_index_gap;

/* A writer with two histories: nothing that it signed from record seq on counts. */
typedef struct bn_index_fork {
	char *writer, *words;
	int64_t seq;
} bn_index_fork;

/* Events that this program does not understand: they are kept, and this is all that it can say. */
typedef struct bn_index_unknown {
	char *kind, *entity; /* entity: of one of them, the first by name */
	int64_t version;     /* of the class */
	int64_t events;
} bn_index_unknown;

/* A field in payloads of a known kind that this program does not know: the events are applied without
 * it. What is said beside the count is of the newest of them. */
typedef struct bn_index_unknown_field {
	char *kind, *field; /* field: "reason", or with what holds it: "source.path" */
	char *entity, *writer;
	int64_t version; /* of the class */
	int64_t clock;
	int64_t events;
} bn_index_unknown_field;

typedef struct bn_index_status {
	char *path;  /* of index.db, or "(in memory)" */
	char *why;   /* why not in a better place, or "" */
	char fs[24]; /* file system that holds it */
	int64_t bytes;
	int64_t writers, events, entities; /* events: all that were folded, commuting ones too */
	int64_t refused, invalid, newer;   /* of the ordered ones; newer: not understood, kept */
	int64_t last_clock;                /* highest clock folded; 0 when there is none */
	bn_index_gap *gaps;
	size_t gap_count;
	bn_index_fork *forks; /* by writer */
	size_t fork_count;
	bn_index_unknown *unknown; /* by kind and version */
	size_t unknown_count;
	int64_t with_unknown_fields;    /* events */
	bn_index_unknown_field *fields; /* by kind and field, at most BN_INDEX_FIELDS_MOST */
	size_t field_count;
} bn_index_status;

enum { BN_INDEX_FIELDS_MOST = 200 };

/* As it is: refreshed or not. Release the result, also after a failure. */
int bn_index_describe(bn_index_status *out, bn_index *ix, bn_err *err);
void bn_index_status_release(bn_index_status *s);

/* What records of the entity hold that this program does not know: "field 'font' of run.note, records
 * run.later"; *out is yours, NULL when there is nothing. */
int bn_index_newer_words(char **out, sqlite3 *db, const char *entity, bn_err *err);

/* How many records this program does not know, or knows without a field of theirs; commuting ones too. */
int64_t bn_index_newer_count(sqlite3 *db);

/* Everything the index says, as text in a stable order: each table (but index_*, which is about
 * the index itself) with its columns, each row with all its values, sorted; view dump_<table> in
 * the place of a table that has one. Two indexes of the same
 * set of events give the same bytes (invariant 5). write returns non-zero to stop; it gets whole
 * lines. */
typedef int (*bn_dump_write)(void *ctx, const char *text, size_t n);
int bn_index_print(sqlite3 *db, bn_dump_write write, void *ctx, bn_err *err);

#endif
