/* check_multi.c - checks of several columns of a row. */
#include "core/base/json.h"
#include "core/check/_check_run.h"
#include "core/profile/duplicates.h"

#include <math.h>
#include <string.h>

#define COLUMNS 64

static bool is_missing(const bn_column *c, size_t row)
{
	return bn_column_is_absent(c, row);
}

/* -1, 0, 1; both values are there and comparable. */
static int compare_values(const bn_column *a, const bn_column *b, size_t row)
{
	int64_t i, k;
	if (bn_type_is_text(a->type)) {
		bn_text x = bn_column_text(a, row), y = bn_column_text(b, row);
		int c = memcmp(x.ptr, y.ptr, x.len < y.len ? x.len : y.len);
		return c ? (c > 0) - (c < 0) : (x.len > y.len) - (x.len < y.len);
	}
	if (bn_column_int(a, row, &i) && bn_column_int(b, row, &k))
		return (i > k) - (i < k);
	double x = bn_column_number(a, row), y = bn_column_number(b, row);
	return (x > y) - (x < y);
}

static bool comparable(bn_type a, bn_type b)
{
	if (bn_type_is_time(a) || bn_type_is_time(b))
		return a == b;
	return (bn_type_is_text(a) && bn_type_is_text(b)) ||
	       (bn_type_is_scalar(a) && bn_type_is_scalar(b));
}

/* ignore_row_if of pairs: what is skipped. -1: not a word of GX. */
static int pair_skip(const char *word)
{
	if (!strcmp(word, "both_values_are_missing"))
		return BN_SKIP_ALL_MISSING;
	if (!strcmp(word, "either_value_is_missing"))
		return BN_SKIP_ANY_MISSING;
	return strcmp(word, "neither") ? -1 : BN_SKIP_NONE;
}

typedef enum pair_kind { PAIR_EQUAL, PAIR_GREATER, PAIR_GREATER_OR_EQUAL } pair_kind;

static int pair_batch(bn_check_run *run, const bn_batch *b, uint64_t first, pair_kind kind,
	int skip, uint64_t *considered, bn_err *err)
{
	const bn_column *x = &b->columns[0], *y = &b->columns[1];
	int rc = 0;
	for (size_t r = 0; !rc && r < b->rows; r++) {
		bool no_x = is_missing(x, r), no_y = is_missing(y, r);
		if ((skip == BN_SKIP_ALL_MISSING && no_x && no_y) ||
			(skip == BN_SKIP_ANY_MISSING && (no_x || no_y)))
			continue;
		++*considered;
		bool pass = false;
		if (!no_x && !no_y) {
			int c = compare_values(x, y, r);
			pass = kind == PAIR_EQUAL ? c == 0 : kind == PAIR_GREATER ? c > 0 : c >= 0;
		}
		if (!pass)
			rc = bn_check_fail_row(run, first + r, err);
	}
	return rc;
}

static int pair_run(bn_check_run *run, pair_kind kind, bn_err *err)
{
	size_t columns[2];
	bn_batch batch = BN_BATCH_INIT;
	uint64_t considered = 0;
	int skip = pair_skip(bn_json_str(run->kwargs, "ignore_row_if", "both_values_are_missing"));
	int rc = bn_check_column(run, "column_A", &columns[0], err);
	if (!rc)
		rc = bn_check_column(run, "column_B", &columns[1], err);
	if (!rc && skip < 0)
		rc = bn_err_set(err, BN_EINVAL,
			"ignore_row_if: both_values_are_missing, "
			"either_value_is_missing or neither");
	if (!rc && !comparable(run->schema->fields[columns[0]].type,
			   run->schema->fields[columns[1]].type))
		rc = bn_err_set(err, BN_EINVAL, "columns of type %s and %s do not compare",
			bn_type_name(run->schema->fields[columns[0]].type),
			bn_type_name(run->schema->fields[columns[1]].type));
	for (size_t b = 0; !rc && b < bn_table_batches(run->table); b++) {
		rc = bn_table_read(run->table, b, columns, 2, &batch, err);
		if (!rc)
			rc = pair_batch(run, &batch, bn_table_batch_start(run->table, b), kind,
				skip, &considered, err);
		bn_table_forget(run->table, &batch);
		if (!rc)
			rc = bn_check_cancelled(run, err);
	}
	bn_batch_release(&batch);
	return rc ? rc
		  : bn_check_finish_map(
			    run, bn_table_rows(run->table), considered, true, columns, 2, err);
}

int bn_check_pair_equal(bn_check_run *run, bn_err *err)
{
	return pair_run(run, PAIR_EQUAL, err);
}

int bn_check_pair_greater(bn_check_run *run, bn_err *err)
{
	bool or_equal = bn_json_bool(run->kwargs, "or_equal", false);
	return pair_run(run, or_equal ? PAIR_GREATER_OR_EQUAL : PAIR_GREATER, err);
}

static int compound_columns(bn_check_run *run, size_t *columns, size_t *n, bn_err *err)
{
	const json_t *list = json_object_get(run->kwargs, "column_list");
	*n = json_array_size(list);
	if (*n < 1 || *n > COLUMNS)
		return bn_err_set(err, BN_EINVAL, "column_list: 1 to %d columns", COLUMNS);
	int rc = 0;
	for (size_t i = 0; !rc && i < *n; i++)
		rc = bn_schema_need(
			run->schema, json_string_value(json_array_get(list, i)), &columns[i], err);
	return rc;
}

int bn_check_compound_unique(bn_check_run *run, bn_err *err)
{
	static const char *const words[] = {
		"never", "all_values_are_missing", "any_value_is_missing"};
	const char *word = bn_json_str(run->kwargs, "ignore_row_if", words[BN_SKIP_ALL_MISSING]);
	size_t columns[COLUMNS], n = 0;
	bn_duplicates d = {0};
	int skip = -1;
	for (int i = 0; i < 3; i++)
		if (!strcmp(word, words[i]))
			skip = i;
	int rc = skip < 0 ? bn_err_set(err, BN_EINVAL,
				    "ignore_row_if: all_values_are_missing, any_value_is_missing "
				    "or never")
			  : compound_columns(run, columns, &n, err);
	if (!rc)
		rc = bn_duplicates_find(&d, run->table, columns, n, (bn_duplicates_skip)skip,
			run->cancelled, run->ctx, err);
	uint64_t rows = bn_table_rows(run->table);
	for (uint64_t r = 0; !rc && r < rows; r++)
		if (bn_duplicates_has(&d, r))
			rc = bn_check_fail_row(run, r, err);
	if (!rc)
		rc = bn_check_finish_map(run, rows, d.considered, true, columns, n, err);
	bn_duplicates_release(&d);
	return rc;
}
