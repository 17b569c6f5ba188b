/*
 * expr.h - the expression language: filters of runs and of rows, derived columns, row conditions of checks. One
 * lexer, parser, tree and binder; its user defines the names and the use of the bound tree: SQL
 * (core/track/filter.c), or vectors (eval.h) and bounds (prune.h) over the columns of a table.
 *
 *	expr     := and (OR and)*
 *	and      := not (AND not)*
 *	not      := NOT not | test
 *	test     := sum [ op sum | ~ sum | [NOT] LIKE sum | [NOT] ILIKE sum | [NOT] IN (value, ...)
 *	          | [NOT] BETWEEN sum AND sum | IS [NOT] NULL ]
 *	sum      := product ((+ | -) product)*
 *	product  := factor ((* | / | %) factor)*
 *	factor   := - factor | number | 'text' | field | function(expr, ...) | (expr)
 *	op       := = == != <> < <= > >=
 *	field    := WORD | PREFIX.`key` | `name` | "name"
 *
 * In the dialect for rows a quote inside quotes is doubled: 'it''s'. Keywords in any case. Alone on one side of
 * a comparison, a WORD or "name" is a field if it exists, else a value of the other side's type: state =
 * FAILED, started > 2026-01-31. In the dialect for rows a WORD has letters, digits, '_' and '.', and a date is
 * one WORD; true, false and null are values. In the dialect for runs it may also have - / : + % @, so operators
 * need spaces around them, and on the right of a comparison it is a value unless it has a prefix.
 *
 * Values (bn_expr_type). An absent value is SQL's NULL: it propagates through operators, NOT, AND and OR use
 * three-valued logic, and a filter keeps the rows that are true. NaN is absent, and so are x / 0, 0 / 0, ln(-1)
 * and values beyond a time's range. An int that overflows is an error of its row, unless it has no effect
 * (false AND error is false). '/' always gives a real number. An int is compared with a real exactly. Texts are
 * compared by bytes; LIKE (% and _) is case-sensitive, ILIKE and ~ (contains) ignore ASCII case.
 *
 * Errors are BN_EINVAL "SOURCE:LINE:COLUMN: what", columns counted in characters.
 *
 * Ownership: a bn_expr owns its tree, its nodes and a copy of the text. After binding it is read-only and may be used
 * by any number of threads.
 */
#ifndef BN_TABLE_EXPR_H
#define BN_TABLE_EXPR_H
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/mem.h"
#include "core/table/expr/ops.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_EXPR_DEPTH_MAX 64   /* nesting of brackets and NOTs */
#define BN_EXPR_TESTS_MAX 400  /* values of lists, and tests */
#define BN_EXPR_NODES_MAX 4096 /* of the bound tree */
#define BN_EXPR_TEXT_MAX (1 << 16)

typedef enum bn_expr_type {
	BN_EXPR_NULL = 0, /* the word null: of any type */
	BN_EXPR_BOOL,
	BN_EXPR_INT,      /* int64 */
	BN_EXPR_REAL,     /* double, never NaN */
	BN_EXPR_TEXT,     /* UTF-8 */
	BN_EXPR_TIME,     /* int64 ns since 1970 */
	BN_EXPR_DURATION, /* int64 ns */
	BN_EXPR_DATE,     /* int64 days since 1970 */
	BN_EXPR_TYPES
} bn_expr_type;

typedef enum bn_expr_dialect {
	BN_EXPR_ROWS = 0,
	BN_EXPR_RUNS,
} bn_expr_dialect;

typedef struct bn_expr bn_expr;

typedef struct bn_expr_text {
	const char *ptr;
	size_t len;
} bn_expr_text;

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct bn_expr_source {
	const char *text;
	const char *name; /* "filter", "--where": for messages */
	bn_expr_dialect dialect;
	bool field_only; /* one field and nothing more */
} bn_expr_source;

/* *out is yours, even after a failure: it has the position (bn_expr_error_at). NULL if out of
 * memory. */
int bn_expr_parse(bn_expr **out, const bn_expr_source *source, bn_err *err);
void bn_expr_free(bn_expr *e);             /* NULL is fine */
size_t bn_expr_error_at(const bn_expr *e); /* byte offset of the error; 0 when there is none */
/* "SOURCE:LINE:COLUMN" of a byte offset. Returns buf. */
const char *bn_expr_place(const bn_expr *e, size_t at, char *buf, size_t size);
/* For resolvers of names: reports an error at that offset. First error wins; returns its code. */
int bn_expr_fail(bn_expr *e, size_t at, bn_err *err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The canonical text, which parses to the same tree, independent of spaces and brackets. */
int bn_expr_format(bn_buf *out, const bn_expr *e, bn_err *err);
/* Writes a name (quote: '`') or a text ('\'') with quotes; a quote inside is doubled. */
void bn_expr_put_quoted(bn_buf *out, const char *text, size_t n, char quote);

/* ---- binding -------------------------------------------------------------------------------- */

/* A field as it was written. */
typedef struct bn_expr_name {
	size_t at;           /* where the text begins */
	bn_expr_text text;   /* "metrics.rmse"; for a quoted one the text in the quotes */
	bn_expr_text prefix; /* of PREFIX.`key`; else empty */
	bool quoted;
	bool tried; /* it may also be a value: BN_ENOTFOUND without a message is sufficient */
} bn_expr_name;

typedef struct bn_expr_field {
	bn_expr_type type;
	uint32_t slot;        /* meaning for the user of the tree: a column's number */
	bool is_category;     /* a text with few distinct values: eval.h looks up tests by code */
	bool is_wide;         /* uint64: comparisons accept values above int64 too */
	bool has_number;      /* a text that has a number, too: a parameter */
	const char *no_order; /* a text: why it cannot be ordered by a number; NULL: it can */
} bn_expr_field;

typedef struct bn_expr_value {
	bn_expr_type type; /* NULL: absent */
	union {
		int64_t i; /* BOOL 0 or 1, INT, TIME, DURATION, DATE */
		double r;
		bn_expr_text s; /* borrowed; the binder copies it */
	};
} bn_expr_value;

typedef struct bn_expr_names {
	/* BN_ENOTFOUND: there is no such field; a message, if any, is set by bn_expr_fail. */
	int (*resolve)(
		void *ctx, bn_expr *e, const bn_expr_name *name, bn_expr_field *out, bn_err *err);
	/* function(NAME), or function(NAME, NUMBER), as a field: 1 and *out, 0 if it is not one. number: NULL without
	 * one. NULL: there are none. */
	int (*call)(void *ctx, bn_expr *e, bn_expr_text function, const bn_expr_name *argument,
		const double *number, bn_expr_field *out, bn_err *err);
	/* A word or text as a value of the field it is compared with: 1 and *out; 0: use the default rules;
	 * BN_EINVAL and *expects ("a time such as ..."). NULL: always the default rules. */
	int (*literal)(void *ctx, const bn_expr_field *field, bn_expr_text text, bool is_number,
		bn_expr_value *out, const char **expects);
	void *ctx;
} bn_expr_names;

/* The type of the whole: BOOL for a filter, TYPES for any value. */
int bn_expr_bind(bn_expr *e, const bn_expr_names *names, bn_expr_type want, bn_err *err);

/* ---- the bound tree, for users of it --------------------------------------- */

/* In the order of evaluation: arguments come before the node, the root is the last one. */
typedef struct bn_expr_node {
	bn_expr_op op;
	bn_expr_type type;
	int arg[3]; /* numbers of nodes; -1: none */
	size_t at;  /* in the text */
	union {
		bn_expr_value value; /* BN_OP_CONSTANT */
		bn_expr_field
			field; /* BN_OP_FIELD; for has_number ones, type REAL means the number */
		struct {
			const bn_expr_value
				*items; /* BN_OP_IN: of the argument's type; ascending, each once */
			size_t count;
		} list;
	};
} bn_expr_node;

const bn_expr_node *bn_expr_nodes(const bn_expr *e, size_t *count); /* count 0: not bound */
bn_expr_type bn_expr_result(const bn_expr *e);                      /* of a bound one */

#endif
