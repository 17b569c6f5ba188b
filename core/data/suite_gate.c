/* suite_gate.c - see suite_gate.h. */
#include "core/data/suite_gate.h"

#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/check/found.h"
#include "core/data/protect.h"

#include <string.h>

int bn_suite_gate_open(bn_suite_gate *gate, bn_workspace *ws, const char *dataset, bn_err *err)
{
	int rc = bn_suites_load(&gate->attached, ws, dataset, err);
	size_t n = gate->attached.count;
	if (rc < 0 || !n)
		return rc;
	gate->suites = bn_alloc_zeroed(n, sizeof *gate->suites);
	gate->results = bn_alloc_zeroed(n, sizeof *gate->results);
	return gate->suites && gate->results ? 0 : bn_err_nomem(err, "suites");
}

void bn_suite_gate_release(bn_suite_gate *gate)
{
	for (size_t i = 0; gate->suites && gate->results && i < gate->attached.count; i++) {
		bn_suite_free(gate->suites[i]);
		bn_expect_result_free(gate->results[i]);
	}
	bn_free(gate->suites);
	bn_free(gate->results);
	bn_suites_release(&gate->attached);
	*gate = (bn_suite_gate)BN_SUITE_GATE_INIT;
}

static bool report_checks(void *ctx, uint64_t done, uint64_t total)
{
	const bn_progress *p = ctx;
	return !p || !p->report || p->report(p->ctx, "checking", done, total);
}

/* "column_values_to_be_between age: 3 of 100 rows: -1" of the first check that decides. */
static void first_words(bn_buf *b, const bn_expect_result *r, bool raised)
{
	const json_t *results = json_object_get(r->document, "results");
	for (size_t i = 0; i < r->count; i++) {
		const bn_expect_item *item = &r->items[i];
		if (item->success || item->severity != BN_SEVERITY_CRITICAL || item->raised != raised)
			continue;
		const json_t *one = json_array_get(results, i);
		const json_t *config = json_object_get(one, "expectation_config");
		const char *type = bn_json_str(config, "type", "");
		json_t *columns = bn_check_columns(type, json_object_get(config, "kwargs"));
		const char *column = json_string_value(json_array_get(columns, 0));
		bn_buf_addf(b, "%s%s%.60s: ", bn_str_starts(type, "expect_") ? type + 7 : type,
			column ? " " : "", column ? column : "");
		bn_expect_found(b, one);
		json_decref(columns);
		return;
	}
}

/* What a required suite says of the rows. */
static int judge(const bn_suite_attached *a, const bn_expect_result *r, bn_err *err)
{
	size_t failed = bn_expect_count(r, BN_SEVERITY_CRITICAL, false);
	size_t raised = bn_expect_count(r, BN_SEVERITY_CRITICAL, true);
	bn_buf words = BN_BUF_INIT;
	if (!failed && !raised)
		return 0;
	first_words(&words, r, failed == 0);
	bn_err_set(err, failed ? BN_EFAILED : BN_EINCONCLUSIVE,
		"nothing was added to %.60s: its required suite '%.60s' %s %zu of %zu checks: %.100s",
		a->dataset, a->name, failed ? "fails" : "cannot decide", failed ? failed : raised,
		r->count, words.ptr);
	bn_err_hint(err,
		"to see the rows, add them under another name and check them with what binnacle "
		"suite show %.40s %.40s prints",
		a->dataset, a->name);
	bn_buf_release(&words);
	return failed ? BN_EFAILED : BN_EINCONCLUSIVE;
}

int bn_suite_gate_run(bn_suite_gate *gate, bn_workspace *ws, bn_table_reader *table,
	const bn_progress *progress, bn_err *err)
{
	bn_expect_progress watch = {.report = report_checks,
		.ctx = (void *)(uintptr_t)progress,
		.open_other = bn_dataset_open_other,
		.tables = ws,
		.now_ms = bn_env_now_ms(bn_workspace_env(ws))};
	bn_expect_known *known = NULL; /* suites have checks in common */
	int rc = 0;
	if (gate->attached.count && !(known = bn_alloc_zeroed(gate->attached.count, sizeof *known)))
		return bn_err_nomem(err, "suites");
	watch.known = known;
	for (size_t i = 0; rc >= 0 && i < gate->attached.count; i++) {
		const bn_suite_attached *a = &gate->attached.items[i];
		bn_err why = BN_ERR_INIT;
		rc = bn_suite_attached_read(&gate->suites[i], ws, a, &why);
		if (rc < 0) {
			rc = a->required ? bn_err_move(err, &why) : 0;
			continue;
		}
		if ((rc = bn_expect_run(&gate->results[i], table, gate->suites[i], &watch, err)) >=
				0 &&
			a->required)
			rc = judge(a, gate->results[i], err);
		known[watch.known_count++] = (bn_expect_known){gate->suites[i], gate->results[i]};
	}
	bn_free(known);
	return rc < 0 ? rc : 0;
}

static int record(bn_workspace *ws, const bn_dataset_version *v, const bn_suite *suite,
	const bn_expect_result *result, bn_err *err)
{
	json_t *doc = NULL;
	json_t *of = json_pack("{s:s, s:I, s:s}", "dataset", v->name, "version",
		(json_int_t)v->version, "hash", v->hash);
	int rc = of && !json_object_set(json_object_get(result->document, "meta"), "binnacle", of)
			 ? bn_suite_to_json(&doc, suite, err)
			 : bn_err_nomem(err, "the result of a suite");
	if (rc >= 0)
		rc = bn_dataset_record_check(ws, v, doc, result->document, err);
	json_decref(of);
	json_decref(doc);
	return rc;
}

int bn_suite_gate_record(
	bn_suite_gate *gate, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	for (size_t i = 0; i < gate->attached.count; i++) {
		int rc = gate->results[i]
				 ? record(ws, v, gate->suites[i], gate->results[i], err)
				 : 0;
		if (rc < 0) {
			bn_err_prefix(err, "%s@v%lld was added, but what its suites found was not recorded",
				v->name, (long long)v->version);
			return rc;
		}
	}
	return 0;
}

int bn_dataset_run_suite(bn_expect_result **out, bn_workspace *ws, const bn_dataset_version *v,
	const bn_suite *suite, bool keep, const bn_expect_progress *checking,
	const bn_progress *opening, bn_err *err)
{
	bn_table_reader *table = NULL;
	bn_expect_result *made = NULL;
	bn_expect_progress watch = {.report = NULL};
	int rc;
	if (checking)
		watch = *checking;
	watch.open_other = bn_dataset_open_other;
	watch.tables = ws;
	watch.now_ms = bn_env_now_ms(bn_workspace_env(ws));
	if ((rc = bn_dataset_open_held(&table, ws, v, opening, err)) < 0 ||
		(rc = bn_expect_run(&made, table, suite, &watch, err)) < 0 ||
		(keep && (rc = record(ws, v, suite, made, err)) < 0) ||
		(rc = bn_protect_check(made->document, ws, v, err)) < 0)
		goto out;
	*out = made;
	made = NULL;
out:
	bn_expect_result_free(made);
	bn_table_reader_free(table);
	return rc;
}
