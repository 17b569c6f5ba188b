/*
 * _spelled.h - numbers in a part that spelled missing values in the data of training.
 *
 * A number in a table is a number, also if text like it meant nothing where training's table came from (-999). So data
 * that was added without saying so is computed with, and the user has to know.
 */
#ifndef BN_LEARN__SPELLED_H
#define BN_LEARN__SPELLED_H
#include "core/learn/features.h"

typedef struct bn_spelled {
	uint64_t count;
	char first[32]; /* the first of them, as text */
} bn_spelled;

/* In the part's column of that source of numbers; count 0 for other columns, and for one whose own
 * text was read with the same spellings. */
int bn_spelled_find(bn_spelled *out, const bn_part *p, const bn_feature_source *s, bn_err *err);

#endif
