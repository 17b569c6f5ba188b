/*
 * features.h - from columns to numbers: the pipeline that is fitted on the training part only and
 * stored in the model.
 *
 * Per input column: missing values (infinities count as missing) are filled from the training part
 * (mean, median or most frequent value), numbers are standardised (x - mean) / deviation with the
 * population deviation as scikit-learn's StandardScaler (a constant column keeps scale 1), booleans
 * become 0 or 1 (and are standardised like numbers), categories become one 0/1 column per category
 * seen in training, in byte order of their names; an unseen category gives all zeros and is
 * counted. A missing category is filled with the most frequent one. A column that is missing in
 * every training row, or a category column with more than max_categories values, is left out and
 * listed with the reason.
 *
 * A column of vectors, fixed<T, n> of numbers, is n numbers: x[0] .. x[n - 1]. An element without a
 * value in any training row is left out, but the vector is still required with all of its elements.
 *
 * The target: a number for regression, a class index for classification. Classes are sorted
 * (numbers by value, strings by bytes), as scikit-learn does. A row without a target is left out
 * when a model is fitted or evaluated, and counted; it still counts for the statistics of the
 * inputs, which it has.
 *
 * Reference statistics of each input as seen in training (count, missing, mean, deviation, min,
 * max, decile edges, category shares) are kept for drift checks.
 *
 * Immutable after fit or load, so it may be shared between threads.
 */
#ifndef BN_LEARN_FEATURES_H
#define BN_LEARN_FEATURES_H
#include "core/base/err.h"
#include "core/learn/part.h"

#include <jansson.h>

typedef struct bn_features bn_features;

/* A column that rows must have: one of an input, or a vector whose elements are inputs first ..
 * first + count - 1. Borrowed from the bn_features. */
typedef struct bn_feature_source {
	const char *name;
	bn_type type;    /* of a vector: of its elements */
	size_t elements; /* 0: not a vector */
	size_t first, count;
	/* How text of the column is read (core/source/reading.h): as that of the training part was, and a
	 * usual spelling of a missing value that is a category is that category. NULL: as usual. */
	const char *read;
} bn_feature_source;

/* The role of a column in a model. */
typedef enum bn_input_kind {
	BN_INPUT_NUMBER = 0, /* integers, decimals and times too */
	BN_INPUT_BOOL,
	BN_INPUT_CATEGORY,
} bn_input_kind;

bn_input_kind bn_input_kind_of(bn_type type);
const char *bn_input_kind_name(bn_input_kind kind); /* "number", "boolean", "category" */
/* False if there is no such kind. */
bool bn_input_kind_parse(bn_input_kind *out, const char *name);
bool bn_input_takes(bn_type type); /* whether a model can learn from, or predict, such a column */
/* Whether it is a vector, fixed<T, n> of numbers, whose n values are each an input of a model. */
bool bn_input_is_vector(const bn_field *f);
/* BN_EINVAL for a column that cannot be used, with a hint. */
int bn_input_refuse(const bn_field *f, bn_err *err);

typedef enum bn_task {
	BN_TASK_AUTO = 0, /* from the target: category, boolean -> classification; number ->
	                     regression */
	BN_TASK_REGRESSION,
	BN_TASK_CLASSIFICATION,
} bn_task;

typedef enum bn_impute { BN_IMPUTE_MEAN = 0, BN_IMPUTE_MEDIAN, BN_IMPUTE_MOST_FREQUENT } bn_impute;

typedef struct bn_features_options {
	const char *target; /* column name */
	const char *const *inputs; /* column names; NULL: every column but target and excluded
				    * ones */
	size_t input_count;
	const char *const *excluded; /* may be NULL */
	size_t excluded_count;
	bn_task task;
	bn_impute impute;      /* for numbers; booleans and categories use the most frequent */
	bool no_standardise;   /* do not scale numbers */
	size_t max_categories; /* 0: 200 */
} bn_features_options;

#define BN_FEATURES_MAX_CLASSES 1000

/* One input column of the pipeline. Borrowed from the bn_features. */
typedef struct bn_feature_input {
	const char *name;
	bn_input_kind kind;
	bn_type type; /* as in training; a model made before this was stored reports float64 for
		       * numbers, or timestamp if all of training was after 1973 */
	/* An element of a column of so many-element vectors; NULL, 0, 0: not an element. */
	const char *column;
	size_t element, elements;
	const char *read; /* bn_field.read of the column in the training part; NULL: as usual */
	size_t width;                  /* number of its design columns */
	size_t first;                  /* index of the first of them */
	double fill, mean, scale;      /* NUMBER and BOOL: the design value is (x - mean) / scale */
	const char *const *categories; /* CATEGORY */
	size_t category_count;
	size_t fill_category;
	/* Reference statistics of the training part. */
	size_t count, missing;          /* rows with and without a value */
	size_t infinite;                /* of those without: fitted; 0 when loaded */
	double ref_mean, ref_deviation; /* of the present values; NaN if none */
	double ref_min, ref_max;
	const double *deciles;         /* NUMBER: 11 edges (0 %, 10 %, .. 100 %) or NULL */
	const double *category_shares; /* CATEGORY: category_count shares of count */
} bn_feature_input;

/* Fits on a part's rows and the columns that the options name. Several columns are processed at
 * once; threads <= 0: as many as the process may use, which changes nothing else. */
int bn_features_learn(bn_features **out, const bn_part *train, const bn_features_options *opt,
	int threads, bn_err *err);
void bn_features_free(bn_features *f);

size_t bn_features_width(const bn_features *f); /* columns of the design matrix */
size_t bn_features_input_count(const bn_features *f);
const bn_feature_input *bn_features_input(const bn_features *f, size_t i);
const bn_feature_input *bn_features_find(const bn_features *f, const char *name);
/* The columns that the inputs are read from, in the order of the inputs. */
size_t bn_features_source_count(const bn_features *f);
const bn_feature_source *bn_features_source(const bn_features *f, size_t i);
/* out, empty, gets the source's type as in a table's column, its name, and its reading. */
int bn_feature_source_field(bn_field *out, const bn_feature_source *s, bn_err *err);
/* "age", "user=alice": the name of design column j, written to out. */
void bn_features_column_name(const bn_features *f, size_t j, char *out, size_t out_size);
/* Columns that were left out: "name: reason". */
size_t bn_features_skipped_count(const bn_features *f);
const char *bn_features_skipped(const bn_features *f, size_t i);

const char *bn_features_target(const bn_features *f);
bn_task bn_features_task(const bn_features *f);                /* never AUTO */
size_t bn_features_class_count(const bn_features *f);          /* 0 for regression */
const char *bn_features_class(const bn_features *f, size_t i); /* its label as text */
size_t bn_features_target_missing(const bn_features *f);       /* training rows without a target */

/* design[rows * width], row-major, of rows first .. first + rows - 1 of a batch in the pipeline's
 * encoding: a column per input, in their order; float64 for numbers, bools and times (absent: NaN);
 * otherwise codes of the input's categories, category_count for a text unseen in training (absent:
 * by validity). */
void bn_features_apply(
	const bn_features *f, const bn_batch *batch, size_t first, size_t rows, double *design);
/* target[i] of row `from` + i of a column of any type: the number, or the class index; NaN if
 * missing or a class unseen in training. BN_EINVAL if the model predicts a number and the value is
 * not one. */
int bn_features_target_of(const bn_features *f, const bn_column *c, size_t from, size_t n,
	double *target, bn_err *err);
/* Whether the row has a value that a target could be, even if unseen in training. */
bool bn_features_has_target(const bn_column *c, size_t row);

/* features.json: deterministic. The json_t is yours. */
int bn_features_to_json(json_t **out, const bn_features *f, bn_err *err);
int bn_features_from_json(bn_features **out, const json_t *doc, bn_err *err);

#endif
