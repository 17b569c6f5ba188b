/*
 * check.h - the kinds of checks: one table of Great Expectations types with the arguments of each.
 * Reading a suite (suite.h) and running it (expect.h) both use this table; a new check is one more
 * row of _checks.h and the function that runs it.
 */
#ifndef BN_CHECK_CHECK_H
#define BN_CHECK_CHECK_H
#include "core/base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum bn_check_arg_kind {
	BN_ARG_COLUMN, /* name of a column: a string */
	BN_ARG_TEXT,
	BN_ARG_NUMBER,
	BN_ARG_BOUND, /* a number, or a string (dates, text) */
	BN_ARG_INT,
	BN_ARG_SHARE, /* 0 .. 1 */
	BN_ARG_BOOL,
	BN_ARG_VALUES, /* array of numbers, strings, booleans */
	BN_ARG_TEXTS,  /* array of strings */
	BN_ARG_PAIRS,  /* array of arrays of two: numbers, strings, booleans, null */
	BN_ARG_OBJECT,
	BN_ARG_ANY,
} bn_check_arg_kind;

typedef struct bn_check_arg {
	const char *name; /* NULL ends the list */
	bn_check_arg_kind kind;
	bool required;
} bn_check_arg;

struct bn_check_run; /* core/check/_check_run.h */

typedef struct bn_check_def {
	const char *type; /* "expect_column_values_to_be_between" */
	const char *help; /* one line */
	const bn_check_arg *args;
	int (*run)(struct bn_check_run *run, bn_err *err);
} bn_check_def;

size_t bn_check_count(void);
const bn_check_def *bn_check_get(size_t i);
/* BN_EINVAL naming the type, with the nearest known one; BN_EUNSUPPORTED, with the reason, for
 * Great Expectations' types that are left out on purpose. */
int bn_check_find(const bn_check_def **out, const char *type, bn_err *err);
/* Validates the kwargs of a check. BN_EINVAL, BN_EUNSUPPORTED; `where` is the message's prefix. */
int bn_check_validate(
	const bn_check_def *def, const json_t *kwargs, const char *where, bn_err *err);
/* The columns that a check of that type reads, in the order in which it names them: an array of
 * strings, empty for a check of a table as a whole. New reference; NULL if out of memory. */
json_t *bn_check_columns(const char *type, const json_t *kwargs);

#endif
