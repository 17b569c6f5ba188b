/*
 * sweep.h - runs that differ in some settings: the values of a setting as text, and the combinations of several.
 *
 * 	0.1,0.01            these (lists by semicolons: 64,32;16)
 * 	0..4                all whole numbers of a range of at most 16
 * 	0.001..0.1          five of any other range, both ends included,
 * 	0.001..0.1 7        or that many; with whole numbers at most as many as there are
 * 	0.001..0.1 log 7    the same in equal factors
 */
#ifndef BN_LAUNCH_SWEEP_H
#define BN_LAUNCH_SWEEP_H
#include "core/base/buf.h"
#include "core/learn/hyper.h"

#include <stdint.h>

#define BN_SWEEP_MOST 200  /* runs */
#define BN_SWEEP_VALUES 32 /* of one setting */
#define BN_SWEEP_TEXT 256  /* bytes of one value */

typedef char bn_sweep_value[BN_SWEEP_TEXT];

/* The values of a text, without duplicates; returns their number: 1 is no sweep. The values themselves are not checked.
 * def: of the setting; NULL: whole numbers (the seed). BN_EINVAL. */
int bn_sweep_values(const bn_hyper_def *def, const char *text, bn_sweep_value out[BN_SWEEP_VALUES], bn_err *err);
/* "5 of 100 values: 0, 25, 50, 74, 99", truncated to fit; "" if it is one value, or invalid. */
void bn_sweep_words(const bn_hyper_def *def, const char *text, char *out, size_t size);
/* The combination of run i: all in order or, if there are fewer runs, random ones without repetition, always the same. */
size_t bn_sweep_combination(size_t combinations, size_t runs, size_t i);
/* Appends the value of a setting to the name of a run: "-le0.01". */
void bn_sweep_name_add(bn_buf *name, const char *setting, const char *value);

#endif
