/*
 * nearest.h - finds the nearest known word ("did you mean") if words are not one array: fields of a
 * struct, columns of a table. For arrays see bn_nearest_word of str.h, which has the same rule.
 */
#ifndef BN_BASE_NEAREST_H
#define BN_BASE_NEAREST_H
#include "core/base/err.h"

typedef struct bn_nearest {
	const char *word;
	const char *best; /* borrowed from the caller who offered it; NULL while none is close */
	int distance;     /* of best, or the largest that is still close */
} bn_nearest;

/* BN_NEAREST_CLOSE: a word that differs in at most a third of the letters of `word`, plus one; in
 * one for two or three letters. BN_NEAREST_ANY: every word. A word that differs only in case is the
 * closest, then one that begins with `word`. */
typedef enum bn_nearest_rule { BN_NEAREST_CLOSE, BN_NEAREST_ANY } bn_nearest_rule;
bn_nearest bn_nearest_to(const char *word, bn_nearest_rule rule);
void bn_nearest_offer(bn_nearest *n, const char *candidate);
/* Sets "did you mean 'x'?" as the hint of an error, if there is one. */
void bn_nearest_hint(const bn_nearest *n, bn_err *err);

#endif
