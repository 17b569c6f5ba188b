/* expect.c - see expect.h: runs the checks one by one and writes the document. */
#include "core/check/expect.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/check/_check_run.h"
#include "core/check/row_condition.h"

#include <string.h>

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

/* Errors that only concern the check itself; any other ends the run. */
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

/* Over the rows of its row_condition, if it has one: *some. */
static int run_check(
	bn_check_run *run, const bn_check_def *def, bn_table_reader **some, bn_err *err)
{
	int rc = bn_row_condition_open(some, run->table, run->kwargs, err);
	if (rc < 0)
		return rc;
	if (*some)
		run->table = *some;
	if ((rc = def->run(run, err)) < 0 || !*some)
		return rc;
	return bn_row_condition_renumber(run->item, run->result, *some, err);
}

/* Runs it; `one` gets "result" and "exception_info". What concerns the check itself is no error. */
static int run_new(bn_expect_item *item, json_t *one, bn_table_reader *table,
	const bn_expectation *check, suite_run *state, bn_err *err)
{
	bn_err own = BN_ERR_INIT;
	bn_table_reader *some = NULL; /* the rows of a row_condition */
	bn_check_run run = {.table = table,
		.schema = bn_table_schema(table),
		.kwargs = check->kwargs,
		.cancelled = is_cancelled,
		.ctx = state,
		.open_other = state->progress ? state->progress->open_other : NULL,
		.tables = state->progress ? state->progress->tables : NULL,
		.now_ms = state->progress ? state->progress->now_ms : 0,
		.item = item,
		.result = json_object()};
	int rc = run.result ? run_check(&run, check->def, &some, &own)
			    : bn_err_nomem(&own, "the result of a check");
	bn_table_reader_free(some);
	if (rc && !is_own_fault(rc)) {
		json_decref(run.result);
		return bn_err_move(err, &own);
	}
	item->raised = rc != 0;
	if (rc) {
		item->success = false;
		json_object_clear(run.result);
	}
	return json_object_set_new(one, "result", run.result) ||
			       json_object_set_new(
				       one, "exception_info", exception_json(item->raised, &own))
		       ? bn_err_nomem(err, "the result of a check")
		       : 0;
}

/* The same check of a suite that was run before: its item and its result in the document. */
static const bn_expect_item *find_known(
	const bn_expect_progress *progress, const bn_expectation *check, const json_t **result)
{
	for (size_t k = 0; progress && k < progress->known_count; k++) {
		const bn_expect_known *known = &progress->known[k];
		for (size_t i = 0; known->result && i < known->result->count; i++) {
			const bn_expectation *other = &known->suite->items[i];
			if (other->def != check->def || !json_equal(other->kwargs, check->kwargs))
				continue;
			*result = json_array_get(
				json_object_get(known->result->document, "results"), i);
			return &known->result->items[i];
		}
	}
	return NULL;
}

static int take_over(bn_expect_item *item, json_t *one, const bn_expect_item *known,
	const json_t *result, bn_err *err)
{
	static const char *const keys[] = {"result", "exception_info"};
	*item = *known;
	item->rows = known->row_count ? bn_alloc(known->row_count * sizeof *item->rows) : NULL;
	if (known->row_count && !item->rows)
		return bn_err_nomem(err, "failing rows");
	if (known->row_count)
		memcpy(item->rows, known->rows, known->row_count * sizeof *item->rows);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (json_object_set_new(
			    one, keys[i], json_deep_copy(json_object_get(result, keys[i]))))
			return bn_err_nomem(err, "the result of a check");
	return 0;
}

static int run_one(bn_expect_result *out, size_t i, bn_table_reader *table, const bn_suite *suite,
	suite_run *state, json_t *results, bn_err *err)
{
	const bn_expectation *check = &suite->items[i];
	const json_t *result = NULL;
	bn_expect_item *item = &out->items[i];
	const bn_expect_item *known = find_known(state->progress, check, &result);
	json_t *one = json_pack("{s:n, s:O, s:n, s:{}, s:n}", "success", "expectation_config",
		check->config, "result", "meta", "exception_info");
	int rc;
	if (!one)
		return bn_err_nomem(err, "the result of a check");
	rc = known ? take_over(item, one, known, result, err)
		   : run_new(item, one, table, check, state, err);
	if (rc < 0)
		goto out;
	item->severity = check->severity;
	out->failed += !item->success;
	out->raised += item->raised;
	if (json_object_set_new(one, "success", json_boolean(item->success)) ||
		json_array_append(results, one))
		rc = bn_err_nomem(err, "the result of a check");
out:
	json_decref(one);
	return rc;
}

static json_t *statistics_json(const bn_expect_result *r)
{
	size_t passed = r->count - r->failed;
	return json_pack("{s:I, s:I, s:I, s:o}", "evaluated_expectations", (json_int_t)r->count,
		"successful_expectations", (json_int_t)passed, "unsuccessful_expectations",
		(json_int_t)r->failed, "success_percent", bn_check_percent(passed, r->count));
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

int bn_expect_rows(uint64_t **rows, size_t *count, bn_table_reader *table,
	const bn_expectation *check, const bn_expect_progress *progress, bn_err *err)
{
	suite_run state = {.progress = progress, .total = 1};
	bn_expect_item item = {.rows = NULL};
	bn_table_reader *some = NULL;
	bn_check_run run = {.table = table,
		.schema = bn_table_schema(table),
		.kwargs = check->kwargs,
		.cancelled = is_cancelled,
		.ctx = &state,
		.item = &item,
		.keeps_all = true,
		.result = json_object()};
	int rc = run.result ? run_check(&run, check->def, &some, err)
			    : bn_err_nomem(err, "the result of a check");
	bn_table_reader_free(some);
	json_decref(run.result);
	if (rc < 0) {
		bn_free(item.rows);
		return rc;
	}
	*rows = item.rows;
	*count = item.row_count;
	return 0;
}

size_t bn_expect_count(const bn_expect_result *r, bn_severity least, bool raised)
{
	size_t n = 0;
	for (size_t i = 0; i < r->count; i++)
		n += r->items[i].severity >= least && !r->items[i].success &&
		     r->items[i].raised == raised;
	return n;
}

int bn_expect_verdict(const bn_expect_result *r, bn_severity least, const char *name, bn_err *err)
{
	size_t failed = bn_expect_count(r, least, false), raised = bn_expect_count(r, least, true);
	if (failed && raised)
		return bn_err_set(err, BN_EFAILED,
			"%s: %zu of %zu checks failed, %zu ended in an error", name, failed,
			r->count, raised);
	if (failed)
		return bn_err_set(
			err, BN_EFAILED, "%s: %zu of %zu checks failed", name, failed, r->count);
	if (raised)
		return bn_err_set(err, BN_EINCONCLUSIVE,
			"%s: none of %zu checks failed, but %zu ended in an error", name, r->count,
			raised);
	return 0;
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
