/*
 * train_data.h - a small synthetic table that C and Python generate identically
 * (tests/reference/synthetic.py), so that numbers from scikit-learn can be committed without its
 * data.
 *
 * 400 rows; columns x0..x3 (x3 with holes), colour (3 categories), flag (boolean), and the targets
 * y_number, y_binary ("no"/"yes") and y_three ("a", "b", "c"). Rows 0..299 train, the rest test.
 */
#ifndef BN_TEST_TRAIN_DATA_H
#define BN_TEST_TRAIN_DATA_H
#include "tests/support/named_columns.h"

#include <stdint.h>

enum { TRAIN_DATA_ROWS = 400, TRAIN_DATA_TRAIN = 300, TRAIN_DATA_COLUMNS = 9 };

typedef struct train_data {
	double x[4][TRAIN_DATA_ROWS], y_number[TRAIN_DATA_ROWS];
	int32_t colour[TRAIN_DATA_ROWS], flag[TRAIN_DATA_ROWS], y_binary[TRAIN_DATA_ROWS],
		y_three[TRAIN_DATA_ROWS];
	uint8_t flags[2][TRAIN_DATA_ROWS / 8 + 1]; /* the bits of flag, by part */
	bn_column columns[2][TRAIN_DATA_COLUMNS];
	named_columns train, test;
} train_data;

/* One static copy, made at the first call. */
train_data *train_data_get(void);

/* Uniform in [0, 1) from a 64-bit linear congruential generator (Knuth's MMIX constants). */
double train_data_uniform(uint64_t *state);

#endif
