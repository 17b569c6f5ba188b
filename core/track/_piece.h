/*
 * _piece.h - pieces of SQL with bound values, and the fields of runs in them: the output of the
 * filter language and the lists. Not for other modules.
 *
 * SQL refers to the run as alias r; a metric, parameter or tag is a call with a column (column.h),
 * bound as a pointer, and the run's number. User text is never part of the SQL: keys and values are
 * bound, in the order of their question marks.
 */
#ifndef BN_TRACK__PIECE_H
#define BN_TRACK__PIECE_H
#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/track/column.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct bn_sql_bind {
	char type; /* 's', 'i', 'd', 'c' a column */
	const char *s;
	bn_column *column;
	int64_t i;
	double d;
} bn_sql_bind;

/* A piece of SQL and the values of its question marks. */
typedef struct bn_sql_piece {
	bn_buf sql;
	bn_sql_bind *binds;
	size_t count, cap;
	bool failed;
	bool reads_rows;     /* needs more of a run than its number: a column of its row */
	bn_arena arena;      /* texts of binds */
	bn_column **columns; /* owned, unless the memory of the query has them; loaded when the SQL first uses a value */
	size_t column_count, column_cap;
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
	BN_FIELD_FLAG, /* true or false */
	BN_FIELD_METRIC,
	BN_FIELD_PARAM,
	BN_FIELD_TAG,
} bn_field_kind;

typedef struct bn_run_field {
	bn_field_kind kind;
	const char *sql;        /* attributes: the expression */
	bn_aggregate aggregate; /* of metrics */
	int64_t step;           /* of BN_AGGREGATE_AT */
	char *key;              /* parameters, metrics, tags; in the piece's arena */
} bn_run_field;

static inline bool bn_field_has_key(bn_field_kind kind)
{
	return kind == BN_FIELD_METRIC || kind == BN_FIELD_PARAM || kind == BN_FIELD_TAG;
}

bn_key_kind bn_field_key_kind(bn_field_kind kind); /* of a field that has a key */

struct bn_run_memory; /* query.h */

/* Context for compiling. */
typedef struct bn_filter_world {
	sqlite3 *db;
	int64_t now_ms;
	const char *source; /* "filter", "sort", "column": for messages */
	bool removed;       /* about the runs in the trash */
	/* Gives a column that is held for further queries too; NULL: out of memory. No function: the piece has its own. */
	bn_column *(*held)(struct bn_run_memory *m, const bn_run_field *f,
		const struct bn_filter_world *w);
	struct bn_run_memory *memory;
	const bn_progress *watch; /* of what takes long: points that are read for at(); NULL: none */
} bn_filter_world;

/* The column of a field that has a key, owned by the piece or by the world's memory; NULL if out of memory (the piece has
 * failed). */
bn_column *bn_sql_piece_column(bn_sql_piece *p, const bn_run_field *f, const bn_filter_world *w);
/* Adds the value of such a field, as number or text. */
void bn_sql_piece_value(
	bn_sql_piece *p, const bn_run_field *f, const bn_filter_world *w, bool number);
/* Adds a value of nest.h: "depth", "children" or "root". */
void bn_sql_piece_nest(bn_sql_piece *p, const char *what, const bn_filter_world *w);
/* Registers bn_column_number and bn_column_text, which the SQL of such fields calls. */
int bn_sql_piece_attach(sqlite3 *db, bn_err *err);

#endif
