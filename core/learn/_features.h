/*
 * _features.h - the internals of a feature pipeline, shared by its three files: features.c
 * (applying it), features_fit.c (fitting it) and features_json.c (storing it).
 */
#ifndef BN_LEARN__FEATURES_H
#define BN_LEARN__FEATURES_H
#include "core/base/mem.h"
#include "core/learn/features.h"

struct bn_features {
	bn_arena arena; /* every string and array below */
	bn_task task;
	bn_impute impute;
	bool standardise;
	const char *target;
	bn_input_kind target_kind;
	const char **classes; /* class_count labels */
	double *class_values; /* NUMBER targets: the labels' values */
	size_t class_count, target_missing;
	bn_feature_input *inputs;
	size_t input_count, width;
	bn_feature_source *sources; /* capacity of inputs */
	size_t source_count;
	const char **skipped;
	size_t skipped_count;
};

/* The type of an input of that kind, where `type` is the type of its numbers, if it has any. */
bn_type bn_feature_type(bn_input_kind kind, bn_type number);
/* Index of the text of len bytes among count strings in byte order, or -1. */
int32_t bn_category_find(const char *const *sorted, size_t count, const char *text, size_t len);
/* Numbers inputs' design columns from left to right, and sets the columns that they are read from.
 * BN_EINVAL: elements of a vector that are not adjacent in their order, or an ambiguous name. */
int bn_features_number_columns(bn_features *f, bn_err *err);

#endif
