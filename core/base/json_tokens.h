/*
 * json_tokens.h - text that is JSON but for some of its numbers and words, rewritten so that a parser takes it: the one
 * place that knows what is inside a string and where a bare token begins and ends.
 */
#ifndef BN_BASE_JSON_TOKENS_H
#define BN_BASE_JSON_TOKENS_H
#include "core/base/buf.h"

#include <jansson.h>

/* Of a number or word outside of strings, signs and exponent included: adds what replaces it to out and returns true,
 * or adds nothing and returns false. */
typedef bool bn_json_token_fn(bn_buf *out, const char *token, size_t n);

/* The text with its tokens replaced, added to out; whether any was. An allocation that failed shows in out
 * (bn_buf_check). */
bool bn_json_rewrite(bn_buf *out, const char *text, size_t n, bn_json_token_fn *token);

/* What bn_json_parse_numbers (json.h) read of a number beyond every double: its text, borrowed from v; NULL: v is
 * something else. */
const char *bn_json_beyond_of(const json_t *v);

#endif
