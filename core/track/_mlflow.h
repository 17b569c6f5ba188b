/*
 * _mlflow.h - a compiled search of mlflow_search.h, and the tokens it is read from (mlflow_lex.c). Not for other
 * modules.
 *
 * MLflow reads filters with sqlparse, whose tokens decide what is a clause: the lexer follows its rules where they
 * show, as in error messages and in what is a number.
 */
#ifndef BN_TRACK__MLFLOW_H
#define BN_TRACK__MLFLOW_H
#include "core/base/mem.h"
#include "core/track/mlflow_search.h"

enum { BN_MLFLOW_FILTER_MAX = 1 << 16 };

typedef enum bn_mlflow_op {
	BN_MLFLOW_EQ,
	BN_MLFLOW_NE,
	BN_MLFLOW_LT,
	BN_MLFLOW_LE,
	BN_MLFLOW_GT,
	BN_MLFLOW_GE,
	BN_MLFLOW_LIKE,
	BN_MLFLOW_ILIKE,
	BN_MLFLOW_IN,
	BN_MLFLOW_NOT_IN,
	BN_MLFLOW_IS_NULL,
	BN_MLFLOW_NOT_NULL,
	BN_MLFLOW_OPS, /* none of these */
} bn_mlflow_op;

typedef struct bn_mlflow_clause {
	bn_mlflow_entity entity;
	const char *key; /* of an attribute: its canonical name */
	bn_mlflow_op op;
	bool is_number;
	double number;
	const char *const *texts; /* one, or those of a list */
	size_t text_count;
} bn_mlflow_clause;

typedef struct bn_mlflow_key {
	bn_mlflow_entity entity;
	const char *key;
	bool is_number; /* attributes and metrics; else text */
	bool down;
	const char *dataset_name, *dataset_digest;
} bn_mlflow_key;

struct bn_mlflow_search {
	bn_mlflow_kind kind;
	bn_mlflow_clause *clauses;
	size_t count, cap;
	bn_mlflow_key *keys;
	size_t key_count, key_cap;
	bn_mlflow_dataset *datasets;
	size_t dataset_count;
	bool wants_prompts;
	bn_arena arena; /* its texts */
};

#define BN_MLFLOW_IS_PROMPT "mlflow.prompt.is_prompt"

/* ---- tokens --------------------------------------------------------------------------------- */

typedef enum bn_mlflow_token_kind {
	BN_MLFLOW_NAME, /* a.b, with quoted parts; "text" is one, too */
	BN_MLFLOW_INT,
	BN_MLFLOW_REAL,
	BN_MLFLOW_STRING, /* 'text' */
	BN_MLFLOW_SUM,    /* arithmetic: an operand, but neither a name nor a value */
	BN_MLFLOW_LIST,   /* in parentheses */
	BN_MLFLOW_OPERATOR,
	BN_MLFLOW_WORD, /* a keyword */
	BN_MLFLOW_OTHER,
} bn_mlflow_token_kind;

typedef struct bn_mlflow_token {
	bn_mlflow_token_kind kind;
	const char *ptr;
	size_t len;
} bn_mlflow_token;

/* *out is yours. */
int bn_mlflow_lex(bn_mlflow_token **out, size_t *count, const char *text, bn_err *err);
bool bn_mlflow_token_is(const bn_mlflow_token *t, const char *word); /* ignoring case */
/* The next piece of "'a', \"b\"" as ast.literal_eval reads a tuple: 1 a text, 0 the end, BN_EINVAL ill-formed,
 * BN_ENOTFOUND another type. */
int bn_mlflow_list_next(const char **at, const char *end, bn_mlflow_token *out);

/* ---- names ---------------------------------------------------------------------------------- */

typedef struct bn_mlflow_attribute {
	const char *name, *means; /* means NULL: name */
	unsigned uses;            /* of BN_MLFLOW_USE_ */
} bn_mlflow_attribute;

enum {
	BN_MLFLOW_USE_FILTER = 1,
	BN_MLFLOW_USE_ORDER = 2,
	BN_MLFLOW_USE_LIST = 4, /* with IN */
	BN_MLFLOW_USE_NUMBER = 8,
};

/* mlflow_names.c: reads "entity.key". use: FILTER or ORDER. key is in the arena. */
int bn_mlflow_field(bn_mlflow_entity *entity, const char **key, unsigned *uses, bn_mlflow_search *s,
	const char *text, size_t n, unsigned use, bn_err *err);
/* mlflow_filter.c */
int bn_mlflow_add_filter(bn_mlflow_search *s, const char *filter, bn_err *err);
/* Whether a present value passes. text: NULL for a number; core/table/expr has what LIKE means. */
bool bn_mlflow_clause_admits(const bn_mlflow_clause *c, const char *text, double number);

/* ---- order ---------------------------------------------------------------------------------- */

typedef struct bn_mlflow_sort_value {
	int rank; /* 0 a value, 1 NaN, 2 absent: in either direction */
	double number;
	const char *text;
} bn_mlflow_sort_value;

/* mlflow_rows.c */
int bn_mlflow_sort_cmp(const bn_mlflow_search *s, const bn_mlflow_key *k,
	const bn_mlflow_sort_value *a, const bn_mlflow_sort_value *b);

#endif
