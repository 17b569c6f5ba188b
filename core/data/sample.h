/*
 * sample.h - a dataset of some of the rows of a version, or of rows that are repeated; and weights of its rows.
 *
 *	all         every row: for weights
 *	random      n rows, each set of n rows with equal probability
 *	stratified  the same within each value of a column, whose shares are kept to within a row
 *	down        of each value of a column as many rows as the rarest value has, or `rows` / values
 *	up          rows are repeated until each value has as many as the most frequent one: each row of a value equally
 *	            often, or once more
 *	weighted    n rows, none twice, drawn one after the other with probabilities in proportion to a column of weights
 *	            (P. S. Efraimidis, P. G. Spirakis: "Weighted random sampling with a reservoir", 2006). Rows whose
 *	            weight is absent or not above 0 are never drawn
 *
 * With `weights`, a column of that name is added: rows of the sample / (values * rows of the value), so that each
 * value of the column has the same sum (scikit-learn's "balanced"); the mean is 1.
 *
 * Rows keep their order, repeated ones follow each other. The same version, options and seed give the same bytes;
 * they are the version's recipe.
 */
#ifndef BN_DATA_SAMPLE_H
#define BN_DATA_SAMPLE_H
#include "core/base/progress.h"
#include "core/data/dataset.h"

#define BN_SAMPLE_VALUES 10000 /* of the column; more are BN_EINVAL */

typedef enum bn_sample_kind {
	BN_SAMPLE_ALL = 0,
	BN_SAMPLE_RANDOM,
	BN_SAMPLE_STRATIFIED,
	BN_SAMPLE_DOWN,
	BN_SAMPLE_UP,
	BN_SAMPLE_WEIGHTED,
} bn_sample_kind;

typedef struct bn_sample {
	bn_sample_kind kind;
	const char *column;  /* of stratified, down, up, and for weights; weighted: the weights. NULL: none */
	const char *weights; /* the name of the column of weights to be added; NULL: none */
	uint64_t rows;       /* of random, stratified, weighted; of down: at most; 0: not given */
	double share;        /* instead of rows: 0 < share < 1; 0: not given */
	uint64_t seed;
	const char *where; /* only of these rows; NULL: of all */
	bn_dataset_privacy privacy;
	const bn_progress *progress; /* NULL: not wanted */
} bn_sample;

/* What became of a value of the column. */
typedef struct bn_sample_value {
	char text[64]; /* as displayed, may be cut */
	uint64_t before, after;
	double weight; /* NaN: no weights */
} bn_sample_value;

typedef struct bn_sample_outcome {
	bn_sample_value *values; /* the most frequent first; none without a column of classes */
	size_t count;
	uint64_t before, after; /* rows */
} bn_sample_outcome;

int bn_sample_kind_parse(bn_sample_kind *out, const char *name, bn_err *err);
/* outcome: release it also after failures. BN_EINVAL: options that do not fit, more rows than there are. */
int bn_dataset_sample(bn_dataset_version **out, bool *added, bn_workspace *ws, const char *name,
	const bn_dataset_version *from, const bn_sample *o, bn_sample_outcome *outcome, bn_err *err);
void bn_sample_outcome_release(bn_sample_outcome *o);

#endif
