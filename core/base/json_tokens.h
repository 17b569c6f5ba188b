/*
 * json_tokens.h - rewrites text that is JSON except for some numbers and words, so that a parser
 * accepts it: the only module that locates strings and bare tokens in such text.
 */
#ifndef BN_BASE_JSON_TOKENS_H
#define BN_BASE_JSON_TOKENS_H
#include "core/base/buf.h"

#include <jansson.h>

/* Called for a number or word outside of strings, including sign and exponent: adds its replacement
 * to out and returns true, or adds nothing and returns false. */
typedef bool bn_json_token_fn(bn_buf *out, const char *token, size_t n);

/* Adds the text with replaced tokens to out; returns whether any was replaced. A failed allocation
 * is recorded in out (bn_buf_check). */
bool bn_json_rewrite(bn_buf *out, const char *text, size_t n, bn_json_token_fn *token);

/* The text of a number beyond the range of double, as bn_json_parse_numbers (json.h) read it; borrowed from v. NULL: v
 * is something else. */
const char *bn_json_beyond_of(const json_t *v);

#endif
