/*
 * report.h - reports on an index: its state, and its logical content as text.
 */
#ifndef BN_STORE_INDEX_REPORT_H
#define BN_STORE_INDEX_REPORT_H
#include "core/store/index/index.h"

/* A writer whose log cannot be folded to its end: a segment is missing or damaged. */
typedef struct bn_index_gap {
	char *writer, *why;
	int64_t folded; /* number of its events in the index */
} bn_index_gap;

/* A writer with two histories: nothing that it signed counts from record seq on. */
typedef struct bn_index_fork {
	char *writer, *words;
	int64_t seq;
} bn_index_fork;

/* Events that this program does not understand: they are kept, and only this is known. */
typedef struct bn_index_unknown {
	char *kind, *entity; /* entity: the first by name among them */
	int64_t version;     /* of the class */
	int64_t events;
} bn_index_unknown;

/* A field in payloads of a known kind that this program does not know: the events are applied without
 * it. The other fields describe the newest of them. */
typedef struct bn_index_unknown_field {
	char *kind, *field; /* field: "reason", or with its path: "source.path" */
	char *entity, *writer;
	int64_t version; /* of the class */
	int64_t clock;
	int64_t events;
} bn_index_unknown_field;

typedef struct bn_index_status {
	char *path;  /* of index.db, or "(in memory)" */
	char *why;   /* why not at a better place, or "" */
	char fs[24]; /* its file system */
	int64_t bytes;
	int64_t writers, events, entities; /* events: all folded ones, including commuting ones */
	int64_t refused, invalid, newer;   /* among the ordered ones; newer: not understood, kept */
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

/* Of the index as it is, without a refresh. Release the result, also after a failure. */
int bn_index_describe(bn_index_status *out, bn_index *ix, bn_err *err);
void bn_index_status_release(bn_index_status *s);

/* What this program does not know in the entity's records: "field 'font' of run.note, records
 * run.later". The caller frees *out; NULL if nothing. */
int bn_index_newer_words(char **out, sqlite3 *db, const char *entity, bn_err *err);

/* How many records, including commuting ones, this program does not know, or knows except for a field. */
int64_t bn_index_newer_count(sqlite3 *db);

/* The content of the index as text in a stable order: each table (except index_*, which is about
 * the index itself) with its columns and all rows, sorted; view dump_<table> instead of a table
 * that has one. Two indexes of the same set of events give the same bytes (invariant 5). write
 * gets whole lines and returns non-zero to stop. */
typedef int (*bn_dump_write)(void *ctx, const char *text, size_t n);
int bn_index_print(sqlite3 *db, bn_dump_write write, void *ctx, bn_err *err);

#endif
