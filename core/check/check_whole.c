/* check_whole.c - checks of a table as a whole that read its values: rows and columns that repeat
 * one another, columns of one value, the rows that a query returns. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/check/_check_run.h"
#include "core/check/table_sql.h"
#include "core/profile/cell_hash.h"
#include "core/profile/duplicates.h"
#include "core/profile/frequencies.h"

#include <math.h>
#include <string.h>

#define ALMOST 0.95 /* Evidently's share of the most frequent value */

static int finish_count(bn_check_run *run, uint64_t n, bn_err *err)
{
	bn_check_range r;
	int rc = bn_check_range_read(&r, run->kwargs, BN_TYPE_INT64, err);
	if (rc < 0)
		return rc;
	run->item->success = bn_check_range_has_int(&r, (int64_t)n);
	return json_object_set_new(run->result, "observed_value", json_integer((json_int_t)n))
		       ? bn_err_nomem(err, "the result of a check")
		       : 0;
}

int bn_check_duplicate_rows(bn_check_run *run, bn_err *err)
{
	size_t n = run->schema->count, *columns = bn_alloc_zeroed(n + 1, sizeof *columns);
	bn_duplicates d = {0};
	int rc = columns ? 0 : bn_err_nomem(err, "columns");
	if (rc < 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		columns[i] = i;
	if ((rc = bn_duplicates_find(&d, run->table, columns, n, BN_SKIP_NONE, run->cancelled,
		     run->ctx, err)) < 0)
		goto out;
	rc = finish_count(run, d.considered - d.distinct, err);
out:
	bn_duplicates_release(&d);
	bn_free(columns);
	return rc;
}

/* ---- columns -------------------------------------------------------------------------------- */

static int count_present(uint64_t *present, bn_check_run *run, size_t column, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	int rc = 0;
	*present = 0;
	for (size_t b = 0; b < bn_table_batches(run->table) && rc == 0; b++) {
		if ((rc = bn_table_read(run->table, b, &column, 1, &batch, err)) < 0)
			break;
		for (size_t r = 0; r < batch.rows; r++)
			*present += !bn_column_is_absent(&batch.columns[0], r);
		bn_table_forget(run->table, &batch);
		rc = bn_check_cancelled(run, err);
	}
	bn_batch_release(&batch);
	return rc;
}

/* The number of different values (NaN is none) up to 2, and the share of the most frequent one
 * among those present; NaN for none. */
static int spread_of(
	size_t *values, double *share, bn_check_run *run, size_t column, bn_err *err)
{
	const bn_progress watch = bn_check_progress(run);
	bool is_float = run->schema->fields[column].type == BN_TYPE_FLOAT64 ||
			run->schema->fields[column].type == BN_TYPE_FLOAT32;
	bn_frequencies f = {.values = NULL};
	uint64_t present, most = 0;
	int rc;
	*values = 0;
	*share = NAN;
	if ((rc = count_present(&present, run, column, err)) < 0 ||
		(rc = bn_frequencies_count(&f, run->table, column, 3, &watch, err)) < 0)
		return rc;
	for (size_t i = 0; i < f.count; i++) {
		if (is_float && !strcmp(f.values[i].text, "nan"))
			continue;
		most = most > f.values[i].count ? most : f.values[i].count;
		*values += *values < 2;
	}
	if (present)
		*share = (double)most / (double)present;
	bn_frequencies_release(&f);
	return 0;
}

static int note_column(bn_check_run *run, json_t *names, size_t column, bn_err *err)
{
	return json_array_append_new(names, json_string(run->schema->fields[column].name))
		       ? bn_err_nomem(err, "the result of a check")
		       : 0;
}

/* Counts the columns that `names` lists, and shows them. */
static int finish_columns(bn_check_run *run, json_t *names, bn_err *err)
{
	if (json_object_set_new(run->result, "details", json_pack("{s:O}", "columns", names)))
		return bn_err_nomem(err, "the result of a check");
	return finish_count(run, json_array_size(names), err);
}

static int spread_run(bn_check_run *run, bool almost, bn_err *err)
{
	double least = bn_json_num(run->kwargs, "share", ALMOST);
	json_t *names = json_array();
	int rc = names ? 0 : bn_err_nomem(err, "the result of a check");
	for (size_t i = 0; i < run->schema->count && rc == 0; i++) {
		size_t values;
		double share;
		if ((rc = spread_of(&values, &share, run, i, err)) < 0)
			break;
		if (almost ? share >= least : values <= 1)
			rc = note_column(run, names, i, err);
	}
	rc = rc < 0 ? rc : finish_columns(run, names, err);
	json_decref(names);
	return rc;
}

int bn_check_constant_columns(bn_check_run *run, bn_err *err)
{
	return spread_run(run, false, err);
}

int bn_check_almost_constant(bn_check_run *run, bn_err *err)
{
	return spread_run(run, true, err);
}

/* 128 bits of hash over the values of a column in order; columns of different types differ. */
typedef struct column_hash {
	uint64_t a, b;
} column_hash;

static int hash_column(column_hash *h, bn_check_run *run, size_t column, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	bn_type type = run->schema->fields[column].type;
	int rc = 0;
	h->a = type == BN_TYPE_CATEGORY ? BN_TYPE_STRING : (uint64_t)type;
	h->b = ~h->a;
	for (size_t b = 0; b < bn_table_batches(run->table) && rc == 0; b++) {
		if ((rc = bn_table_read(run->table, b, &column, 1, &batch, err)) < 0)
			break;
		for (size_t r = 0; r < batch.rows; r++)
			bn_cell_hash(&h->a, &h->b, &batch.columns[0], r);
		bn_table_forget(run->table, &batch);
		rc = bn_check_cancelled(run, err);
	}
	bn_batch_release(&batch);
	return rc;
}

int bn_check_duplicate_columns(bn_check_run *run, bn_err *err)
{
	size_t n = run->schema->count;
	column_hash *of = bn_alloc_zeroed(n + 1, sizeof *of);
	json_t *names = json_array();
	int rc = of && names ? 0 : bn_err_nomem(err, "the hashes of columns");
	for (size_t i = 0; i < n && rc == 0; i++) {
		if ((rc = hash_column(&of[i], run, i, err)) < 0)
			break;
		size_t k = 0;
		while (k < i && (of[k].a != of[i].a || of[k].b != of[i].b))
			k++;
		if (k < i)
			rc = note_column(run, names, i, err);
	}
	rc = rc < 0 ? rc : finish_columns(run, names, err);
	json_decref(names);
	bn_free(of);
	return rc;
}

int bn_check_non_null_share(bn_check_run *run, bn_err *err)
{
	size_t column;
	uint64_t present, rows = bn_table_rows(run->table);
	bn_check_range r;
	int rc;
	if ((rc = bn_check_column(run, "column", &column, err)) < 0 ||
		(rc = count_present(&present, run, column, err)) < 0 ||
		(rc = bn_check_range_read(&r, run->kwargs, BN_TYPE_FLOAT64, err)) < 0)
		return rc;
	double share = rows ? (double)present / (double)rows : 0;
	run->item->success = bn_check_range_has_number(&r, share);
	return json_object_set_new(run->result, "observed_value", json_real(share))
		       ? bn_err_nomem(err, "the result of a check")
		       : 0;
}

/* ---- a query -------------------------------------------------------------------------------- */

int bn_check_unexpected_rows(bn_check_run *run, bn_err *err)
{
	json_t *rows = json_array();
	uint64_t n = 0;
	int rc = rows ? 0 : bn_err_nomem(err, "the rows of a query");
	if (rc < 0 || (rc = bn_table_select(&n, rows, BN_EXPECT_PARTIAL, run->table,
			       bn_json_str(run->kwargs, "unexpected_rows_query", ""), run->cancelled,
			       run->ctx, err)) < 0)
		goto out;
	run->item->success = n == 0;
	if (json_object_set_new(run->result, "observed_value", json_integer((json_int_t)n)) ||
		json_object_set_new(
			run->result, "details", json_pack("{s:O}", "unexpected_rows", rows)))
		rc = bn_err_nomem(err, "the result of a check");
out:
	json_decref(rows);
	return rc;
}
