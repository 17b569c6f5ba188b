/*
 * suite.h - a suite of checks in Great Expectations' format.
 *
 * Reads the JSON of GX 1.x ({"name", "expectations": [{"type", "kwargs", "meta", "id", "severity",
 * ...}], "suite_parameters", "meta"}) and of GX 0.x ("expectation_suite_name", "expectation_type",
 * "evaluation_parameters"); writes 1.x. {"$PARAMETER": "name"} in kwargs is replaced by
 * suite_parameters. Unknown keys of the suite are ignored and those of an item are dropped, except
 * in kwargs, where a misspelt one would change what is checked: there it is an error.
 */
#ifndef BN_CHECK_SUITE_H
#define BN_CHECK_SUITE_H
#include "core/base/env.h"
#include "core/base/err.h"
#include "core/check/check.h"
#include "core/check/expect_item.h"

#include <jansson.h>
#include <stddef.h>

typedef struct bn_expectation {
	const bn_check_def *def;
	json_t *config; /* {"type", "kwargs", "meta"} and "id", "severity" when given */
	json_t *kwargs; /* borrowed from config; parameters substituted */
	bn_severity severity; /* critical if the item has none */
} bn_expectation;

typedef struct bn_suite {
	char *name;
	bn_expectation *items;
	size_t count;
	json_t *parameters; /* an object */
	json_t *meta;       /* an object */
} bn_suite;

#define BN_SUITE_MAX_ITEMS 100000

/* source names the text in messages. BN_EINVAL with the position; for an unknown type it suggests
 * the nearest one. *out is yours. */
int bn_suite_parse(bn_suite **out, const char *text, size_t n, const char *source, bn_err *err);
int bn_suite_load(bn_suite **out, const bn_env *env, const char *path, bn_err *err);
/* A suite of the one expectation number `at` (from 0) of a result (bn_expect_result.document). BN_ENOTFOUND: there is
 * none. */
int bn_suite_of_result(bn_suite **out, const json_t *result, size_t at, bn_err *err);
int bn_suite_from_json(bn_suite **out, const json_t *doc, const char *source, bn_err *err);
int bn_suite_to_json(json_t **out, const bn_suite *suite, bn_err *err);
void bn_suite_free(bn_suite *suite);
/* "info", "warning", "critical". */
const char *bn_severity_name(bn_severity severity);
/* BN_EINVAL. */
int bn_severity_parse(bn_severity *out, const char *name, bn_err *err);

#endif
