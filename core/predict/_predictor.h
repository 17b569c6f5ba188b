/*
 * _predictor.h - what predictor.c and session.c share.
 */
#ifndef BN_PREDICT_PREDICTOR_INTERNAL_H
#define BN_PREDICT_PREDICTOR_INTERNAL_H
#include "core/predict/_name_map.h"
#include "core/predict/predictor.h"

struct bn_predictor {
	char *name, *version, *source;
	char *damage; /* NULL: none known */
	char digest[65];
	bn_model *model;
	const bn_features *features; /* of model */
	size_t input_count, outputs;
	const char **input_names; /* input_count, borrowed from features */
	bn_name_map inputs;
	bn_name_map *categories; /* per input; empty for other kinds */
	bool is_classifier;
	bool numeric_classes; /* every class label is a number, so answers are numbers */
};

#endif
