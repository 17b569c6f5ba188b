/*
 * _check_run.h - the inside of checks: what a check's run function is given, and what it hands back.
 */
#ifndef BN_CHECK_CHECK_RUN_H
#define BN_CHECK_CHECK_RUN_H
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
	bool keeps_all;       /* rows, however many fail: not BN_EXPECT_ROWS at most */
	bn_expect_item *item; /* success, unexpected, rows: filled in by run */
	json_t *result;       /* an object: filled in by run */
} bn_check_run;

/* A failing row. Rows must come in rising order. */
int bn_check_fail_row(bn_check_run *run, uint64_t row, bn_err *err);
/* BN_ENOTFOUND when kwargs[key] names no column. */
int bn_check_column(bn_check_run *run, const char *key, size_t *column, bn_err *err);
/* The moments of kwargs' "column". BN_EINVAL when that is not of numbers. */
int bn_check_moments(bn_check_run *run, bn_moments *m, bn_err *err);
int bn_check_cancelled(bn_check_run *run, bn_err *err); /* BN_EINTR or 0 */
/* success by `mostly`, and GX's counts. considered: rows that were not skipped. with_missing: says
 * how many were. */
int bn_check_finish_map(bn_check_run *run, uint64_t elements, uint64_t considered,
	bool with_missing, const size_t *columns, size_t n, bn_err *err);

/* A row's value as results show it: an ISO text for a timestamp; an array for several columns. *out is yours. */
int bn_check_row_value(json_t **out, bn_check_run *run, uint64_t row, const size_t *columns,
	size_t n, bn_err *err);

/* 100 * part / whole; null without a whole. */
json_t *bn_check_percent(uint64_t part, uint64_t whole);

/* A bound of kwargs against a column's values. */
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
 * dates for timestamps, strings for text. BN_EINVAL when they do not fit each other. */
int bn_check_range_read(bn_check_range *out, const json_t *kwargs, bn_type type, bn_err *err);
bool bn_check_range_has_number(const bn_check_range *r, double x);
bool bn_check_range_has_int(const bn_check_range *r, int64_t x);
/* Of x from 2^63. */
bool bn_check_range_has_wide(const bn_check_range *r, uint64_t x);
bool bn_check_range_has_text(const bn_check_range *r, bn_text t);

/* The checks themselves. */
#define BN_CHECK_DECLARE(name, ...) int bn_check_##name(bn_check_run *run, bn_err *err);
BN_CHECKS(BN_CHECK_DECLARE)
#undef BN_CHECK_DECLARE

/* A set of values of kwargs, as a column of that type would hold them. */
typedef struct bn_check_set {
	double *numbers;
	int64_t *integers; /* those that are whole, and the instants of texts for timestamps */
	const char **texts;
	size_t number_count, integer_count, text_count;
	size_t foreign; /* values that a column of this type cannot hold */
} bn_check_set;

int bn_check_set_read(bn_check_set *out, const json_t *values, bn_type type, bn_err *err);
void bn_check_set_release(bn_check_set *s);
/* Which value of the set (0 ..) the row's value is; -1 none. Row's value must be present. */
long bn_check_set_find(const bn_check_set *s, const bn_column *c, size_t row);
/* The same of a value that the set was read from: what bn_check_set_find gives for a row that holds it, -1 where no column
 * of that type holds it. */
long bn_check_set_find_json(const bn_check_set *s, bn_type type, const json_t *value);
size_t bn_check_set_size(const bn_check_set *s);
/* Value `at` of the set, as a column of that type holds it; NULL when there are fewer. New reference. */
json_t *bn_check_set_value(const bn_check_set *s, bn_type type, size_t at);

/* An integer or time by a key in whose order its values are; false when it has none (floats, decimals). */
static inline bool bn_check_order_key(const bn_column *c, size_t row, int64_t *key)
{
	if (c->type != BN_TYPE_UINT64)
		return bn_column_int(c, row, key);
	*key = (int64_t)(c->u64[row] ^ UINT64_C(1) << 63);
	return !bn_column_is_null(c, row);
}

#endif
