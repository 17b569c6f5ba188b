/* _rows.h - shared by rows.c (common to all sources) and the sources: arrays there, tables in
 * rows_table.c. */
#ifndef BN_LEARN__ROWS_H
#define BN_LEARN__ROWS_H
#include "core/learn/rows.h"

typedef struct bn_rows_ops {
	int (*rewind)(bn_rows *r, bn_err *err);
	int (*next)(bn_rows *r, bn_block *out, bn_err *err);
	/* Writes float32 rows to `to`. */
	void (*gather)(bn_rows *r, const uint32_t *index, size_t n, float *to);
	int (*want)(bn_rows *r, bn_want want, bn_err *err);
	void (*free)(bn_rows *r);
} bn_rows_ops;

/* The first member of every source. */
struct bn_rows {
	const bn_rows_ops *ops;
	bn_rows_facts facts;
	const char *part;
	bn_want want;
	bool checked;        /* every value was seen to be finite */
	const double *y, *w; /* all rows */
	float *picked;       /* of gather: the largest number of rows requested at once */
	double *picked_y, *picked_w;
	size_t picked_cap;
};

/* bn_rows_next without its check, for callers whose sums show whether there is a value that is not
 * finite. */
int bn_rows_next_raw(bn_rows *r, bn_block *out, bn_err *err);
/* "PART features: element N is not a finite number" for `rows` rows from number `first` on. */
int bn_rows_check_finite(
	const bn_rows *r, const double *x, uint64_t first, size_t rows, bn_err *err);

#endif
