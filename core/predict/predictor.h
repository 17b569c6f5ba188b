/*
 * predictor.h - a loaded model: found by name, with checked inputs and named outputs.
 *
 * A bn_predictor is immutable after opening and may be shared between threads. A bn_session is one
 * thread's working memory: rows go in as JSON values or text, every error names the row, the field
 * and what was expected, and a row is predicted without allocating once the session has grown
 * (except for errors).
 *
 * Errors of the caller (BN_EINVAL): a missing field; a value of the wrong type; a category unseen in
 * training (unless allow_unknown); an unknown field (unless allow_extra). JSON null, and an empty cell of
 * CSV, are missing values: they are filled as in training and counted. A timestamp input takes ISO 8601
 * text, and from JSON nanoseconds since 1970; a float32 input rounds to float32. Any other number type takes
 * every finite number. A column of vectors is an array of numbers, or one field for each of them, "x[0]".
 */
#ifndef BN_PREDICT_PREDICTOR_H
#define BN_PREDICT_PREDICTOR_H
#include "core/base/err.h"
#include "core/learn/model.h"
#include "core/store/workspace.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_predictor bn_predictor;

/* spec: a model directory (any path that has MLmodel in it), or, with a workspace,
 * "power@champion", "power/3", "power" (its latest version), or a run by id. ws may be NULL for a
 * directory. If the workspace has a chain of authority a registered version is proven first
 * (core/registry/proof.h): BN_EREFUSED if it cannot be. */
int bn_predictor_open(bn_predictor **out, bn_workspace *ws, const char *spec, bn_err *err);
/* The same from just a directory. name, version, source NULL: the model's own name (else the
 * directory's), "1", dir. */
int bn_predictor_open_dir(bn_predictor **out, const bn_env *env, const char *dir, const char *name,
	const char *version, const char *source, bn_err *err);
void bn_predictor_free(bn_predictor *p);

const char *bn_predictor_name(const bn_predictor *p);    /* "power"; never empty */
const char *bn_predictor_version(const bn_predictor *p); /* "3"; "1" for a bare directory */
const char *bn_predictor_source(const bn_predictor *p);  /* the spec as resolved: "power/3" */
const char *bn_predictor_digest(const bn_predictor *p);  /* SHA-256 of the model, hex */
/* What is wrong with the files in the workspace, while this user's intact copy is used. NULL: nothing, or the
 * model was just copied. */
const char *bn_predictor_damage(const bn_predictor *p);
const bn_model *bn_predictor_model(const bn_predictor *p);
const bn_features *bn_predictor_features(const bn_predictor *p); /* of the model */
bool bn_predictor_is_classifier(const bn_predictor *p);
/* True if all class labels are numbers, so that predictions are numbers. */
bool bn_predictor_has_numeric_classes(const bn_predictor *p);
size_t bn_predictor_output_count(const bn_predictor *p); /* numbers per row */
size_t bn_predictor_input_count(const bn_predictor *p);
const char *bn_predictor_input_name(const bn_predictor *p, size_t input);
bn_input_kind bn_predictor_input_kind(const bn_predictor *p, size_t input);
/* Number of the input of that name; -1 if there is none. */
int bn_predictor_find_input(const bn_predictor *p, const char *name, size_t len);

/* Number of the source (bn_features_source) that is the column of vectors of that name; -1 when there is none. */
int bn_predictor_find_vector(const bn_predictor *p, const char *name, size_t len);

/* The required columns of a file of rows: one per source of the features, of the type used in training. *out is
 * yours (bn_schema_release), and must be empty. */
int bn_predictor_schema(bn_schema *out, const bn_predictor *p, bn_err *err);
/* The columns of its output: "prediction", and for a classifier "probability_CLASS" of each. As above. */
int bn_predictor_answers(bn_schema *out, const bn_predictor *p, bn_err *err);
/* codes[dict->count]: the number of each text among the input's categories, or -1. */
void bn_predictor_recode(int32_t *codes, const bn_predictor *p, size_t input, const bn_dict *dict);

typedef struct bn_session bn_session;

typedef struct bn_session_policy {
	bool allow_unknown; /* unseen categories are counted, not refused */
	bool allow_extra;   /* fields that the model does not use are ignored */
} bn_session_policy;

/* The predictor must outlive it. */
int bn_session_new(
	bn_session **out, const bn_predictor *p, const bn_session_policy *policy, bn_err *err);
void bn_session_free(bn_session *s);
const bn_predictor *bn_session_predictor(const bn_session *s);

/* Starts rows; every cell is missing, every field unset. BN_EINVAL above BN_SESSION_MAX_ROWS. */
#define BN_SESSION_MAX_ROWS 100000
int bn_session_begin(bn_session *s, size_t rows, bn_err *err);
/* The same for a number of rows not known in advance: existing rows are kept, and more follow. */
int bn_session_extend(bn_session *s, size_t rows, bn_err *err);
size_t bn_session_rows(const bn_session *s);
/* Messages count rows from here (0-based), for a file read in blocks. Until begin. */
void bn_session_set_first_row(bn_session *s, uint64_t first_row);

/* One row from {"feature": value}; value is a number, a string, true/false or null. */
int bn_session_set_object(bn_session *s, size_t row, const json_t *object, bn_err *err);
/* All elements of a vector, by the number of its source: an array of that many numbers, each of which may be null; null: none of
 * them. */
int bn_session_set_vector(
	bn_session *s, size_t row, size_t source, const json_t *value, bn_err *err);
/* The same from the text of such an array. */
int bn_session_set_vector_text(
	bn_session *s, size_t row, size_t source, const char *text, size_t len, bn_err *err);
/* The same of rows 0 .. n-1 from rows from .. of a column of lists of numbers, or of their texts. */
int bn_session_set_vectors(
	bn_session *s, size_t source, const bn_column *c, size_t from, size_t n, bn_err *err);
/* One cell by the input's number, as bn_features_input counts. */
int bn_session_set_value(bn_session *s, size_t row, size_t input, const json_t *value, bn_err *err);
int bn_session_set_number(bn_session *s, size_t row, size_t input, double value, bn_err *err);
/* Text of a CSV cell or a BYTES tensor: a category unchanged, or parsed as number, bool or time
 * (core/source/cell.h). Empty text is missing, unless it is a category of training. */
int bn_session_set_text(
	bn_session *s, size_t row, size_t input, const char *text, size_t len, bn_err *err);
/* A cell of CSV as it is in a file, in the form of the input's column (core/source/reading.h): it may spell a missing
 * value. quoted: it was in quotes, so that in a column of text it does not. */
int bn_session_set_cell(bn_session *s, size_t row, size_t input, const char *text, size_t len,
	bool quoted, bn_err *err);
/* One input's cells in rows 0 .. n-1, from rows from .. of a column with the input's type
 * (bn_predictor_schema): float64, timestamp, bool or category. codes: of a category column's dictionary, in the
 * model's own (bn_predictor_recode). */
int bn_session_set_column(bn_session *s, size_t input, const bn_column *c, size_t from, size_t n,
	const int32_t *codes, bn_err *err);
/* Predicts all rows. BN_EINVAL names the first row whose prediction is not finite: its inputs are so large
 * that the model's arithmetic overflows. */
int bn_session_run(bn_session *s, bn_err *err);

/* Regression: the value. Classification: the number of the most probable class. */
double bn_session_prediction(const bn_session *s, size_t row);
/* NULL for regression; else the class's label, borrowed from the predictor. */
const char *bn_session_label(const bn_session *s, size_t row);
/* True if all class labels are numbers, so that a prediction is written without quotes. */
bool bn_session_label_is_number(const bn_session *s);
/* Cells of categories unseen in training, which the model treats as unknown. Only with
 * allow_unknown. */
size_t bn_session_unknown(const bn_session *s);
/* The number of infinite cells in text and files, which the model takes as missing, as training did; *row and *input:
 * the first one, if any. */
size_t bn_session_infinite(const bn_session *s, size_t *row, size_t *input);
/* Probabilities per class, or the one value: bn_model_outputs doubles. */
const double *bn_session_outputs(const bn_session *s, size_t row);
/* {"prediction"} as JSON: a number or a label; a new reference. */
json_t *bn_session_json(const bn_session *s, size_t row);
/* The cells as given, for the prediction log: NaN missing; for a category, its code in the
 * input's categories, -1 missing, or -2 with the text when unseen. */
double bn_session_cell_number(const bn_session *s, size_t row, size_t input);
bool bn_session_cell_is_unknown(const bn_session *s, size_t row, size_t input);
const char *bn_session_cell_text(const bn_session *s, size_t row, size_t input); /* or NULL */

/* A completed request, for logging and counting; borrowed during the call. */
typedef struct bn_served {
	const bn_session *session; /* its rows, inputs and predictions */
	const char *request_id;
	int64_t time_ns;   /* wall clock when the request was complete */
	double latency_us; /* of the prediction, including parsing */
	uint64_t source;   /* the source of the request, as far as distinguishable; 0: unknown */
} bn_served;

#endif
