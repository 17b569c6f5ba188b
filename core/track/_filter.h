/*
 * _filter.h - the filter language of query.h compiled to SQL with bound values. Not for other
 * rooms.
 *
 * SQL refers to the run as alias r. Text of the user never gets into the SQL: keys and values are
 * bound, in the order of their question marks.
 */
#ifndef BN_TRACK_FILTER_H
#define BN_TRACK_FILTER_H
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/store/workspace.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct bn_sql_bind {
	char type; /* 's', 'i', 'd' */
	const char *s;
	int64_t i;
	double d;
} bn_sql_bind;

/* A piece of SQL and what its question marks stand for. */
typedef struct bn_sql_piece {
	bn_buf sql;
	bn_sql_bind *binds;
	size_t count, cap;
	bool failed;
	bn_arena arena; /* texts of binds */
} bn_sql_piece;

void bn_sql_piece_init(bn_sql_piece *p);
void bn_sql_piece_release(bn_sql_piece *p);
void bn_sql_piece_text(bn_sql_piece *p, const char *s, size_t n); /* adds '?' and a bound text */
void bn_sql_piece_int(bn_sql_piece *p, int64_t i);
void bn_sql_piece_real(bn_sql_piece *p, double d);
/* Binds from question mark number *at on and moves *at. */
int bn_sql_piece_bind(const bn_sql_piece *p, sqlite3_stmt *st, int *at, bn_err *err);

typedef enum bn_field_kind {
	BN_FIELD_TEXT = 0,
	BN_FIELD_STATUS,
	BN_FIELD_NUMBER,
	BN_FIELD_TIME,
	BN_FIELD_DURATION,
	BN_FIELD_METRIC,
	BN_FIELD_PARAM,
	BN_FIELD_TAG,
} bn_field_kind;

typedef struct bn_run_field {
	bn_field_kind kind;
	const char *sql;       /* attributes: the expression */
	const char *aggregate; /* metrics: "last", "min", ... */
	char *key;             /* parameters, metrics, tags; in the piece's arena */
} bn_run_field;

/* What compiling needs to know of the world. */
typedef struct bn_filter_world {
	sqlite3 *db;
	int64_t now_ms;
	const char *source; /* "filter", "sort", "column": for messages */
} bn_filter_world;

/* Appends a condition to out. *at (may be NULL) gets the byte offset of an error. BN_EINVAL. */
int bn_filter_compile(
	bn_sql_piece *out, const bn_filter_world *w, const char *text, size_t *at, bn_err *err);
/* One field that takes all of text. */
int bn_filter_field(bn_run_field *out, bn_sql_piece *piece, const bn_filter_world *w,
	const char *text, bn_err *err);
/* The field's value as an expression: for people, or (number) the number of it. */
void bn_filter_field_sql(
	bn_sql_piece *out, const bn_run_field *f, const bn_filter_world *w, bool number);

#endif
