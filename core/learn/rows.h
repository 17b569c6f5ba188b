/*
 * rows.h - the training rows for a trainer: blocks of a dense design with targets and weights, in
 * row order and any number of times, or any rows by number.
 *
 * A source over a table reads, fills, standardises and encodes block by block (features.h); it
 * never holds all rows in private memory. Data that is read more than once is in a file of the
 * run's directory that is mapped, or in memory if it is small: the same bytes either way. Rows
 * whose target is missing, or a class unseen in training, are left out and counted.
 *
 * Used by one thread; it uses others internally.
 */
#ifndef BN_LEARN_ROWS_H
#define BN_LEARN_ROWS_H
#include "core/base/dir.h"
#include "core/base/err.h"
#include "core/learn/features.h"
#include "core/learn/part.h"
#include "core/table/table.h"

typedef struct bn_rows bn_rows;

typedef enum bn_want {
	BN_WANT_ONE_PASS = 0, /* blocks of float64 */
	BN_WANT_PASSES,       /* the same, repeatedly */
	BN_WANT_ANY_ROW,      /* bn_rows_gather: float32 */
} bn_want;

/* Borrowed until the next call. Rows are numbered in the part, without those left out. */
typedef struct bn_block {
	uint64_t first;
	size_t rows, cols;
	const double *f64; /* rows * cols, row-major: of bn_rows_next */
	const float *f32;  /* of bn_rows_gather */
	const double *y;   /* a number, or a class index */
	const double *w;   /* >= 0; NULL: ones */
} bn_block;

/* Known from the start. */
typedef struct bn_rows_facts {
	size_t rows, cols;
	uint64_t first; /* number of the first row; other processes have the preceding ones */
	bool weighted;
	bool one_value;         /* the target is the same in every row */
	size_t dropped, unseen; /* left out: without a target; of a class unseen in training */
} bn_rows_facts;

/* The caller's arrays, checked for values that no trainer accepts. */
typedef struct bn_design {
	size_t rows, cols;
	const double *x;       /* rows * cols */
	const double *y;       /* rows */
	const double *weights; /* rows, or NULL for ones */
	uint64_t first;        /* number of the first row: a multiple of BN_TILE_ROWS */
} bn_design;

/* Where a source may create a file. */
typedef struct bn_rows_place {
	const bn_dir *at; /* NULL: none, everything stays in memory */
	const char *name; /* of the file; it is unlinked while in use */
} bn_rows_place;

/* part: "training", for messages. *out is yours; the arguments must outlive it. */
int bn_rows_wrap(bn_rows **out, const bn_design *d, const char *part, bn_err *err);
/* threads <= 0: as many as the process may use; they change no byte. */
int bn_rows_open(bn_rows **out, const bn_part *p, const bn_features *f, const char *part,
	const bn_rows_place *place, int threads, bn_err *err);
void bn_rows_free(bn_rows *r);

const bn_rows_facts *bn_rows_about(const bn_rows *r);
/* A target that is not a class below `classes` is BN_EINVAL. */
int bn_rows_check_classes(const bn_rows *r, size_t classes, bn_err *err);
/* Call before the first block or gather. */
int bn_rows_want(bn_rows *r, bn_want want, bn_err *err);
int bn_rows_rewind(bn_rows *r, bn_err *err);
/* 1, or 0 at the end. Values that are not finite are BN_EINVAL. */
int bn_rows_next(bn_rows *r, bn_block *out, bn_err *err);
/* ANY_ROW only; out's rows in the order of index. */
int bn_rows_gather(bn_rows *r, const uint32_t *index, size_t n, bn_block *out, bn_err *err);
/* All targets, by row. */
const double *bn_rows_targets(const bn_rows *r);

#endif
