/* expect.c - see expect.h: runs the checks one by one and writes the document. */
#include "core/data/expect.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/data/_check.h"
#include "core/data/tally.h"

#include <string.h>

/* ---- what checks call ---------------------------------------------------------------------- */

int bn_check_fail_row(bn_check_run *run, uint64_t row, bn_err *err)
{
	bn_expect_item *item = run->item;
	item->unexpected++;
	if (item->row_count == BN_EXPECT_ROWS)
		return 0;
	/* powers of two from 16 on: the count tells the capacity */
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

/* The value of a row as GX shows it: ISO texts for timestamps. New reference. */
static json_t *value_json(const bn_column *c, size_t row)
{
	bn_buf text = BN_BUF_INIT;
	json_t *value = bn_column_json(c, row);
	/* infinities have no JSON; as text they can still be seen */
	if (json_is_null(value) && bn_column_format(c, row, &text)) {
		json_decref(value);
		value = json_stringn(text.ptr, text.len);
	}
	bn_buf_release(&text);
	return value;
}

/* The values of a failing row: bare, or an array for several columns. */
static int row_value(
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
		rc = row_value(&value, run, run->item->rows[i], columns, n, err);
		if (!rc) {
			json_array_append_new(values, value);
			json_array_append_new(rows, json_integer((json_int_t)run->item->rows[i]));
		}
	}
	json_object_set_new(run->result, "partial_unexpected_list", values);
	json_object_set_new(run->result, "partial_unexpected_index_list", rows);
	return rc;
}

static json_t *percent(uint64_t part, uint64_t whole)
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
	json_object_set_new(r, "unexpected_percent", percent(failed, considered));
	if (with_missing) {
		uint64_t missing = elements - considered;
		json_object_set_new(r, "missing_count", json_integer((json_int_t)missing));
		json_object_set_new(r, "missing_percent", percent(missing, elements));
		json_object_set_new(r, "unexpected_percent_total", percent(failed, elements));
		json_object_set_new(
			r, "unexpected_percent_nonmissing", percent(failed, considered));
	}
	return partial_lists(run, columns, n, err);
}

/* ---- running ------------------------------------------------------------------------------- */

typedef struct suite_run {
	const bn_expect_progress *progress;
	uint64_t done, total;
	bool stopped;
} suite_run;

static bool is_cancelled(void *ctx)
{
	suite_run *s = ctx;
	if (!s->stopped && s->progress && s->progress->report)
		s->stopped = !s->progress->report(s->progress->ctx, s->done, s->total);
	return s->stopped;
}

/* What a check may get wrong by itself; anything else ends the run. */
static bool is_own_fault(int rc)
{
	return rc == BN_EINVAL || rc == BN_ENOTFOUND || rc == BN_EUNSUPPORTED;
}

static json_t *exception_json(bool raised, const bn_err *e)
{
	char message[sizeof e->msg + sizeof e->hint + 8];
	snprintf(message, sizeof message, "%s%s%s", e->msg, e->hint[0] ? "; " : "", e->hint);
	return json_pack("{s:b, s:s?, s:n}", "raised_exception", (int)raised, "exception_message",
		raised ? message : NULL, "exception_traceback");
}

static int run_one(bn_expect_result *out, size_t i, bn_table_reader *table, const bn_suite *suite,
	suite_run *state, json_t *results, bn_err *err)
{
	bn_err own = BN_ERR_INIT;
	bn_expect_item *item = &out->items[i];
	bn_check_run run = {.table = table,
		.schema = bn_table_schema(table),
		.kwargs = suite->items[i].kwargs,
		.cancelled = is_cancelled,
		.ctx = state,
		.item = item,
		.result = json_object()};
	int rc = run.result ? suite->items[i].def->run(&run, &own)
			    : bn_err_nomem(&own, "the result of a check");
	if (rc && !is_own_fault(rc)) {
		json_decref(run.result);
		if (err && !err->code)
			*err = own;
		return rc;
	}
	item->raised = rc != 0;
	if (rc) {
		item->success = false;
		json_object_clear(run.result);
	}
	out->failed += !item->success;
	json_t *one = json_pack("{s:b, s:O, s:o, s:{}, s:o}", "success", (int)item->success,
		"expectation_config", suite->items[i].config, "result", run.result, "meta",
		"exception_info", exception_json(item->raised, &own));
	if (!one || json_array_append_new(results, one))
		return bn_err_nomem(err, "the result of a check");
	return 0;
}

static json_t *statistics_json(const bn_expect_result *r)
{
	size_t passed = r->count - r->failed;
	return json_pack("{s:I, s:I, s:I, s:o}", "evaluated_expectations", (json_int_t)r->count,
		"successful_expectations", (json_int_t)passed, "unsuccessful_expectations",
		(json_int_t)r->failed, "success_percent", percent(passed, r->count));
}

int bn_expect_run(bn_expect_result **out, bn_table_reader *table, const bn_suite *suite,
	const bn_expect_progress *progress, bn_err *err)
{
	suite_run state = {.progress = progress, .total = suite->count};
	json_t *results = json_array();
	bn_expect_result *r = bn_alloc_zeroed(1, sizeof *r);
	int rc = r && results ? 0 : bn_err_nomem(err, "the results of a suite");
	if (!rc) {
		r->count = suite->count;
		r->items = bn_alloc_zeroed(suite->count, sizeof *r->items);
		rc = r->items ? 0 : bn_err_nomem(err, "the results of a suite");
	}
	for (; !rc && state.done < suite->count; state.done++)
		rc = run_one(r, state.done, table, suite, &state, results, err);
	if (!rc) {
		r->success = r->failed == 0;
		r->document = json_pack("{s:b, s:s, s:O, s:o, s:O, s:{s:O}, s:n}", "success",
			(int)r->success, "suite_name", suite->name, "results", results,
			"statistics", statistics_json(r), "suite_parameters", suite->parameters,
			"meta", "suite_meta", suite->meta, "id");
		if (!r->document)
			rc = bn_err_nomem(err, "the results of a suite");
	}
	json_decref(results);
	if (rc)
		bn_expect_result_free(r);
	else
		*out = r;
	return rc;
}

void bn_expect_result_free(bn_expect_result *r)
{
	if (!r)
		return;
	for (size_t i = 0; r->items && i < r->count; i++)
		bn_free(r->items[i].rows);
	bn_free(r->items);
	json_decref(r->document);
	bn_free(r);
}
