/*
 * _check_run.h - the internals of checks: the input and output of a check's run function.
 */
#ifndef BN_CHECK_CHECK_RUN_H
#define BN_CHECK_CHECK_RUN_H
#include "core/base/progress.h"
#include "core/check/_checks.h"
#include "core/check/expect_item.h"
#include "core/profile/moments.h"
#include "core/table/table.h"

#include <jansson.h>

typedef struct bn_check_run {
	bn_table_reader *table;
	const bn_schema *schema;
	const json_t *kwargs;
	bool (*cancelled)(void *ctx);
	void *ctx;
	/* As in bn_expect_progress. */
	int (*open_other)(void *tables, const char *name, bn_table_reader **out, bn_err *err);
	void *tables;
	int64_t now_ms;
	bool keeps_all;       /* keep all failing rows: no limit of BN_EXPECT_ROWS */
	bn_expect_item *item; /* success, unexpected, rows: filled in by run */
	json_t *result;       /* an object: filled in by run */
} bn_check_run;

/* Adds a failing row. Rows must come in increasing order. */
int bn_check_fail_row(bn_check_run *run, uint64_t row, bn_err *err);
/* BN_ENOTFOUND if kwargs[key] names no column. */
int bn_check_column(bn_check_run *run, const char *key, size_t *column, bn_err *err);
/* The moments of kwargs' "column". BN_EINVAL if it is not numeric. */
int bn_check_moments(bn_check_run *run, bn_moments *m, bn_err *err);
int bn_check_cancelled(bn_check_run *run, bn_err *err); /* BN_EINTR or 0 */
bn_progress bn_check_progress(bn_check_run *run);       /* for what is stopped by one; valid as long as run */
/* Sets success by `mostly`, and GX's counts. considered: rows that were not skipped. with_missing:
 * also reports the missing count. */
int bn_check_finish_map(bn_check_run *run, uint64_t elements, uint64_t considered,
	bool with_missing, const size_t *columns, size_t n, bn_err *err);

/* A row's value as shown in results: an ISO text for a timestamp; an array for several columns.
 * *out is yours. */
int bn_check_row_value(json_t **out, bn_check_run *run, uint64_t row, const size_t *columns,
	size_t n, bn_err *err);

/* 100 * part / whole; null if whole is 0. */
json_t *bn_check_percent(uint64_t part, uint64_t whole);

/* A bound of kwargs to compare a column's values with. */
typedef struct bn_check_bound {
	bool given, strict, is_int;
	double number;
	int64_t integer; /* is_int; timestamps in ns */
	bool is_wide;
	uint64_t wide; /* is_wide: 2^63 or more, and is_int is false */
	const char *text;
} bn_check_bound;

typedef struct bn_check_range {
	bn_check_bound low, high;
} bn_check_range;

/* Reads min_value, max_value, strict_min, strict_max for values of that type: numbers for numbers,
 * dates for timestamps, strings for text. BN_EINVAL if a bound does not fit the type. */
int bn_check_range_read(bn_check_range *out, const json_t *kwargs, bn_type type, bn_err *err);
bool bn_check_range_has_number(const bn_check_range *r, double x);
bool bn_check_range_has_int(const bn_check_range *r, int64_t x);
/* For x from 2^63. */
bool bn_check_range_has_wide(const bn_check_range *r, uint64_t x);
bool bn_check_range_has_text(const bn_check_range *r, bn_text t);

/* The checks themselves. */
#define BN_CHECK_DECLARE(name, ...) int bn_check_##name(bn_check_run *run, bn_err *err);
BN_CHECKS(BN_CHECK_DECLARE)
#undef BN_CHECK_DECLARE

/* A set of values of kwargs, converted to that column type. */
typedef struct bn_check_set {
	double *numbers;
	int64_t *integers; /* the integers, and the instants of texts for timestamps */
	const char **texts;
	size_t number_count, integer_count, text_count;
	size_t foreign; /* values that a column of this type cannot hold */
} bn_check_set;

int bn_check_set_read(bn_check_set *out, const json_t *values, bn_type type, bn_err *err);
void bn_check_set_release(bn_check_set *s);
/* The index (0 ..) in the set of the row's value; -1 if none. The row's value must be present. */
long bn_check_set_find(const bn_check_set *s, const bn_column *c, size_t row);
/* The same for a value that the set was read from: what bn_check_set_find gives for a row with this
 * value, -1 if no column of that type can hold it. */
long bn_check_set_find_json(const bn_check_set *s, bn_type type, const json_t *value);
size_t bn_check_set_size(const bn_check_set *s);
/* Value `at` of the set, as a column of that type holds it; NULL if out of range. New reference. */
json_t *bn_check_set_value(const bn_check_set *s, bn_type type, size_t at);

/* A key of an integer or time, in the order of its values; false if the type has none (floats,
 * decimals). */
static inline bool bn_check_order_key(const bn_column *c, size_t row, int64_t *key)
{
	if (c->type != BN_TYPE_UINT64)
		return bn_column_int(c, row, key);
	*key = (int64_t)(c->u64[row] ^ UINT64_C(1) << 63);
	return !bn_column_is_null(c, row);
}

/* What is added to a key to have the integer. */
static inline uint64_t bn_check_key_bias(bn_type type)
{
	return type == BN_TYPE_UINT64 ? UINT64_C(1) << 63 : 0;
}

#endif
