/*
 * hyper.h - hyper-parameters: a table per trainer, used by the command line, the launch form, the
 * help and the validation of a spec; values are a JSON object.
 */
#ifndef BN_LEARN_HYPER_H
#define BN_LEARN_HYPER_H
#include "core/base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum bn_hyper_type {
	BN_HYPER_INT = 0,
	BN_HYPER_REAL,
	BN_HYPER_BOOL,
	BN_HYPER_INT_LIST, /* "64,32"; JSON [64, 32]; min and max bound each element */
} bn_hyper_type;

typedef struct bn_hyper_def {
	const char *name; /* "learning_rate" */
	bn_hyper_type type;
	const char *default_text; /* as typed by a user */
	double min, max;          /* inclusive */
	const char *doc;          /* one line */
} bn_hyper_def;

/* Parses text and sets into[name]. BN_EINVAL names the parameter, its type and limits, or the
 * nearest known name. */
int bn_hyper_set_text(json_t *into, const bn_hyper_def *defs, size_t count, const char *name,
	const char *text, bn_err *err);
/* Every parameter of defs with the given value or its default, validated, in table order. Unknown
 * names are rejected. given may be NULL. *out is yours. */
int bn_hyper_resolve(
	json_t **out, const bn_hyper_def *defs, size_t count, const json_t *given, bn_err *err);

/* Reads from a resolved object. */
long bn_hyper_int(const json_t *hyper, const char *name);
double bn_hyper_real(const json_t *hyper, const char *name);
bool bn_hyper_bool(const json_t *hyper, const char *name);
/* Returns the number of elements; at most max are stored. */
size_t bn_hyper_int_list(const json_t *hyper, const char *name, long *out, size_t max);

#endif
