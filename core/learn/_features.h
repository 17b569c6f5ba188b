/*
 * _features.h - the inside of a feature pipeline, shared by its three files: features.c (what it
 * does), features_fit.c (how it is learnt) and features_json.c (how it is kept).
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
	double *class_values; /* NUMBER targets: what the labels say */
	size_t class_count, target_missing;
	bn_feature_input *inputs;
	size_t input_count, width;
	bn_feature_source *sources; /* room for as many as inputs */
	size_t source_count;
	const char **skipped;
	size_t skipped_count;
};

/* The type of an input of that kind whose numbers, if it has any, are of that type. */
bn_type bn_feature_type(bn_input_kind kind, bn_type number);
/* Index of the text of len bytes among count strings in byte order, or -1. */
int32_t bn_category_find(const char *const *sorted, size_t count, const char *text, size_t len);
/* Numbers inputs' design columns from left to right, and finds the columns that they are read from. BN_EINVAL: elements of
 * a vector that do not stand side by side in their order, or a name that means two things. */
int bn_features_number_columns(bn_features *f, bn_err *err);

#endif
