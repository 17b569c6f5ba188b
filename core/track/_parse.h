/*
 * _parse.h - the lexer and the fields of the filter language: what filter.c and field.c share.
 */
#ifndef BN_TRACK__PARSE_H
#define BN_TRACK__PARSE_H
#include "core/track/_piece.h"

typedef enum bn_token_kind {
	BN_TOKEN_END,
	BN_TOKEN_WORD,   /* bare: letters, digits and _ . - / : */
	BN_TOKEN_NUMBER, /* a bare word that reads as a number */
	BN_TOKEN_QUOTED, /* '..' */
	BN_TOKEN_NAME,   /* "..", `..`: a key, or where a value is due, text */
	BN_TOKEN_OP,
	BN_TOKEN_BAD,
} bn_token_kind;

typedef struct bn_token {
	bn_token_kind kind;
	size_t at, len; /* in the source; of quoted ones without the quotes */
	double number;
	const char *bad; /* BN_TOKEN_BAD: what is wrong */
} bn_token;

typedef struct bn_parser {
	const bn_filter_world *w;
	const char *text;
	size_t pos;
	bn_token now;
	bn_sql_piece *out;
	int depth, tests;
	size_t error_at;
	bn_err *err;
	int rc;
} bn_parser;

void bn_lex(bn_parser *p); /* reads the next token into p->now */
/* Records "source:line:column: what" for the byte offset, columns counted in characters. First
 * error wins; returns its code. */
int bn_parse_fail(bn_parser *p, size_t at, const char *what);
int bn_parse_expected(bn_parser *p, const char *what);  /* ... at the token that is there instead */
bool bn_token_is(const bn_parser *p, const char *text); /* an operator or bare word, any case */
bool bn_token_accept(bn_parser *p, const char *text);   /* and reads on when it is */
int bn_parse_field(bn_parser *p, bn_run_field *f);

#endif
