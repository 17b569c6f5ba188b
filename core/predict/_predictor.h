/*
 * _predictor.h - shared by predictor.c, own.c and session.c: a predictor and its kind of model.
 */
#ifndef BN_PREDICT_PREDICTOR_INTERNAL_H
#define BN_PREDICT_PREDICTOR_INTERNAL_H
#include "core/base/name_map.h"
#include "core/predict/predictor.h"
#include "core/source/cell_form.h"

/* A kind of model: ours (own.c). */
typedef struct bn_predictor_ops {
	/* A column per input, of the type used in training, in the order of a batch. */
	int (*inputs)(const bn_predictor *p, bn_schema *out, bn_err *err);
	/* "prediction", and for a classifier a probability per class. */
	int (*outputs)(const bn_predictor *p, bn_schema *out, bn_err *err);
	size_t (*scratch_bytes)(const bn_predictor *p, size_t rows);
	/* in: a column per input; numbers, bools and times as float64, NaN absent; categories as codes of the input's own
	 * texts, the number of texts for one unseen in training, absent by validity. out[rows * outputs]. Rows
	 * are independent, and nothing is allocated. */
	int (*predict)(
		const bn_predictor *p, const bn_batch *in, void *scratch, double *out, bn_err *err);
	void (*free)(bn_predictor *p); /* private data of the kind */
} bn_predictor_ops;

extern const bn_predictor_ops bn_predictor_own;

struct bn_predictor {
	const bn_predictor_ops *ops;
	char *name, *version, *source;
	char *damage; /* NULL: none known */
	char digest[65];
	bn_model *model;
	const bn_features *features; /* of model */
	size_t input_count, outputs;
	const char **input_names; /* input_count, borrowed from features */
	bn_name_map inputs;
	const char *
		*source_names;   /* of each of the features' sources: of one that is no vector "" */
	bn_name_map vectors;     /* of these */
	bn_name_map *categories; /* per input; empty for other kinds */
	bn_cell_form **forms;    /* per input: how a cell of text is read; NULL: as usual */
	bool is_classifier;
	bool numeric_classes; /* every class label is a number, so predictions are numbers */
};

#endif
