/*
 * _expr.h - internals of expressions: tokens, the parsed tree, and the binder's result. Not for other modules.
 */
#ifndef BN_TABLE__EXPR_H
#define BN_TABLE__EXPR_H
#include "core/table/expr/expr.h"

typedef enum bn_token_kind {
	BN_TOKEN_END,
	BN_TOKEN_WORD,   /* bare */
	BN_TOKEN_NUMBER, /* a bare word that reads as a number */
	BN_TOKEN_QUOTED, /* '..' */
	BN_TOKEN_NAME,   /* "..", `..` */
	BN_TOKEN_OP,
	BN_TOKEN_BAD,
} bn_token_kind;

typedef struct bn_token {
	bn_token_kind kind;
	size_t at, len; /* in the source; for quoted ones without the quotes */
	double number;
	const char *bad; /* BN_TOKEN_BAD: what is wrong */
} bn_token;

typedef enum bn_tree_kind {
	BN_TREE_NUMBER,
	BN_TREE_QUOTED, /* '..' */
	BN_TREE_WORD,
	BN_TREE_NAME, /* "..", `..`, or PREFIX.`..` */
	BN_TREE_CALL, /* of an operator or a function */
} bn_tree_kind;

typedef struct bn_tree {
	bn_tree_kind kind;
	bn_expr_text text; /* the leaf as written, without quotes; the name of a called function */
	bn_expr_text prefix; /* NAME */
	size_t at;           /* where it begins, its quote included */
	size_t text_at;      /* where the leaf's text begins */
	size_t op_at;        /* CALL: position of its name */
	size_t next_at;      /* the start of what follows */
	double number;       /* NUMBER */
	bool is_operator;    /* CALL */
	bool has_back_quote; /* NAME: always a field */
	struct bn_tree **args;
	size_t count, cap;
} bn_tree;

struct bn_expr {
	bn_arena arena;
	const char *text, *source;
	bn_expr_dialect dialect;
	bn_tree *tree;
	bn_expr_node *nodes; /* bound */
	size_t count, cap;
	size_t error_at;
};

typedef struct bn_expr_lexer {
	const char *text;
	size_t pos;
	bn_expr_dialect dialect;
	bn_token now;
} bn_expr_lexer;

void bn_expr_lex(bn_expr_lexer *x);                         /* reads the next token into x->now */
bool bn_token_is(const bn_expr_lexer *x, const char *text); /* an operator or bare word, any case */
bool bn_expr_text_is(bn_expr_text t, const char *word);     /* any case */
size_t bn_token_at(const bn_token *t); /* where it begins, its quote included */
/* The text of a quoted token, its doubled quotes single again. */
int bn_expr_unquote(
	bn_expr_text *out, bn_expr *e, const bn_token *t, const char *text, bn_err *err);
/* Compares by value; an integer with a real exactly. Both must have comparable types. */
int bn_expr_value_order(const bn_expr_value *a, const bn_expr_value *b);
/* "expected WHAT, not 'x'", at the token. */
int bn_expr_expected(bn_expr *e, const bn_expr_lexer *x, bn_err *err, const char *what);

#endif
