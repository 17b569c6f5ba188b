/* check_run.c - functions for checks: see _check_run.h. */
#include "core/check/_check_run.h"

#include "core/base/json.h"
#include "core/base/mem.h"

int bn_check_fail_row(bn_check_run *run, uint64_t row, bn_err *err)
{
	bn_expect_item *item = run->item;
	item->unexpected++;
	if (item->row_count == BN_EXPECT_ROWS && !run->keeps_all)
		return 0;
	/* Powers of two from 16 on: the count implies the capacity. */
	if (item->row_count == 0 ||
		(item->row_count >= 16 && (item->row_count & (item->row_count - 1)) == 0)) {
		size_t cap = item->row_count ? 2 * item->row_count : 16;
		uint64_t *rows = bn_realloc(item->rows, cap * sizeof *rows);
		if (!rows)
			return bn_err_nomem(err, "failing rows");
		item->rows = rows;
	}
	item->rows[item->row_count++] = row;
	return 0;
}

int bn_check_column(bn_check_run *run, const char *key, size_t *column, bn_err *err)
{
	return bn_schema_need(run->schema, bn_json_str(run->kwargs, key, ""), column, err);
}

int bn_check_cancelled(bn_check_run *run, bn_err *err)
{
	if (run->cancelled && run->cancelled(run->ctx))
		return bn_err_set(err, BN_EINTR, "checking was interrupted");
	return 0;
}

static bool goes_on(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	const bn_check_run *run = ctx;
	(void)what;
	(void)done;
	(void)total;
	return !run->cancelled || !run->cancelled(run->ctx);
}

bn_progress bn_check_progress(bn_check_run *run)
{
	return (bn_progress){.report = goes_on, .ctx = run};
}

/* The value of a row as GX shows it: ISO texts for timestamps. New reference. */
static json_t *value_json(const bn_column *c, size_t row)
{
	bn_buf text = BN_BUF_INIT;
	json_t *value = bn_column_json(c, row);
	/* Infinities have no JSON form; as text they remain visible. */
	if (json_is_null(value) && bn_column_format(c, row, &text)) {
		json_decref(value);
		value = json_stringn(text.ptr, text.len);
	}
	bn_buf_release(&text);
	return value;
}

int bn_check_row_value(
	json_t **out, bn_check_run *run, uint64_t row, const size_t *columns, size_t n, bn_err *err)
{
	size_t batch, at;
	bn_batch b = BN_BATCH_INIT;
	int rc = bn_table_locate(run->table, row, &batch, &at, err);
	if (!rc)
		rc = bn_table_read(run->table, batch, columns, n, &b, err);
	if (!rc && n == 1)
		*out = value_json(&b.columns[0], at);
	else if (!rc) {
		*out = json_array();
		for (size_t i = 0; i < n; i++)
			json_array_append_new(*out, value_json(&b.columns[i], at));
	}
	bn_batch_release(&b);
	return rc;
}

static int partial_lists(bn_check_run *run, const size_t *columns, size_t n, bn_err *err)
{
	json_t *values = json_array(), *rows = json_array();
	int rc = 0;
	for (size_t i = 0; !rc && i < run->item->row_count && i < BN_EXPECT_PARTIAL; i++) {
		json_t *value = NULL;
		rc = bn_check_row_value(&value, run, run->item->rows[i], columns, n, err);
		if (!rc) {
			json_array_append_new(values, value);
			json_array_append_new(rows, json_integer((json_int_t)run->item->rows[i]));
		}
	}
	json_object_set_new(run->result, "partial_unexpected_list", values);
	json_object_set_new(run->result, "partial_unexpected_index_list", rows);
	return rc;
}

json_t *bn_check_percent(uint64_t part, uint64_t whole)
{
	return whole ? json_real((double)part / (double)whole * 100) : json_null();
}

int bn_check_finish_map(bn_check_run *run, uint64_t elements, uint64_t considered,
	bool with_missing, const size_t *columns, size_t n, bn_err *err)
{
	uint64_t failed = run->item->unexpected;
	double mostly = bn_json_num(run->kwargs, "mostly", 1);
	json_t *r = run->result;
	run->item->success =
		!considered || ((double)considered - (double)failed) / (double)considered >= mostly;
	json_object_set_new(r, "element_count", json_integer((json_int_t)elements));
	json_object_set_new(r, "unexpected_count", json_integer((json_int_t)failed));
	json_object_set_new(r, "unexpected_percent", bn_check_percent(failed, considered));
	if (with_missing) {
		uint64_t missing = elements - considered;
		json_object_set_new(r, "missing_count", json_integer((json_int_t)missing));
		json_object_set_new(r, "missing_percent", bn_check_percent(missing, elements));
		json_object_set_new(
			r, "unexpected_percent_total", bn_check_percent(failed, elements));
		json_object_set_new(
			r, "unexpected_percent_nonmissing", bn_check_percent(failed, considered));
	}
	return partial_lists(run, columns, n, err);
}
