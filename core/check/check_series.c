/* check_series.c - checks of telemetry over time (its freshness, and what is missing) and of a table
 * beside another one. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/check/_check_run.h"
#include "core/check/gaps.h"
#include "core/check/schema_change.h"

#include <string.h>

#define NS_PER_MS 1000000

static json_t *time_json(int64_t ns)
{
	char text[BN_TIMESTAMP_TEXT];
	return json_string(bn_timestamp_iso(ns, text));
}

static int finish(bn_check_run *run, json_t *observed, json_t *details, bn_err *err)
{
	bool bad = json_object_set_new(run->result, "observed_value", observed) != 0;
	bad |= details && json_object_set(run->result, "details", details) != 0;
	return bad ? bn_err_nomem(err, "the result of a check") : 0;
}

static int read_duration(int64_t *ns, bn_check_run *run, const char *name, bn_err *err)
{
	const char *text = bn_json_str(run->kwargs, name, "");
	if (bn_parse_duration_ns(text, ns) && *ns > 0)
		return 0;
	bn_err_set(err, BN_EINVAL, "'%s' is no duration above 0: '%.40s'", name, text);
	bn_err_hint(err, "such as 30s, 5m, 2h or 1d");
	return BN_EINVAL;
}

/* The time column, and the key's if there is one. */
static int find_gaps(bn_gaps *out, bn_check_run *run, int64_t interval_ns, bn_err *err)
{
	bn_gaps_options o = {.key = BN_SCHEMA_NONE,
		.interval_ns = interval_ns,
		.tolerance = bn_json_num(run->kwargs, "tolerance", 0.5),
		.own_span = bn_json_bool(run->kwargs, "own_span", false),
		.cancelled = run->cancelled,
		.ctx = run->ctx};
	int rc;
	*out = (bn_gaps){.keys = NULL};
	if ((rc = bn_check_column(run, "column", &o.time, err)) < 0 ||
		(bn_json_str(run->kwargs, "key", NULL) &&
			(rc = bn_check_column(run, "key", &o.key, err)) < 0))
		return rc;
	return bn_gaps_find(out, run->table, &o, err);
}

/* ---- completeness --------------------------------------------------------------------------- */

static json_t *gaps_json(const bn_gaps *g)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < g->kept && i < BN_EXPECT_PARTIAL; i++) {
		const bn_gap *gap = &g->gaps[i];
		json_array_append_new(list, json_pack("{s:s*, s:o, s:o, s:I}", "key",
						    g->keys[gap->key].text, "after",
						    time_json(gap->after_ns), "before",
						    time_json(gap->before_ns), "missing",
						    (json_int_t)gap->missing));
	}
	return list;
}

int bn_check_times_complete(bn_check_run *run, bn_err *err)
{
	int64_t interval = 0;
	bn_gaps g = {.keys = NULL};
	json_t *details = NULL;
	double mostly = bn_json_num(run->kwargs, "mostly", 1);
	int rc = read_duration(&interval, run, "interval", err);
	if (rc < 0 || (rc = find_gaps(&g, run, interval, err)) < 0)
		goto out;
	uint64_t expected = g.present + g.missing;
	run->item->success =
		!expected || (double)g.present / (double)expected >= mostly;
	details = json_pack("{s:o, s:I, s:I, s:I}", "gaps", gaps_json(&g), "gap_count",
		(json_int_t)g.gap_count, "keys", (json_int_t)g.key_count, "rows_skipped",
		(json_int_t)g.skipped);
	rc = finish(run,
		json_pack("{s:I, s:I}", "missing", (json_int_t)g.missing, "expected",
			(json_int_t)expected),
		details, err);
out:
	json_decref(details);
	bn_gaps_release(&g);
	return rc;
}

/* ---- freshness ------------------------------------------------------------------------------ */

int bn_check_times_recent(bn_check_run *run, bn_err *err)
{
	int64_t age = 0;
	bn_gaps g = {.keys = NULL};
	json_t *late = json_array(), *details = NULL;
	size_t n_late = 0;
	int rc = late ? 0 : bn_err_nomem(err, "the result of a check");
	if (rc < 0 || (rc = read_duration(&age, run, "max_age", err)) < 0)
		goto out;
	if (!run->now_ms) {
		rc = bn_err_set(err, BN_EUNSUPPORTED, "the time of the check is not known");
		goto out;
	}
	if ((rc = find_gaps(&g, run, INT64_MAX, err)) < 0)
		goto out;
	int64_t least = run->now_ms * NS_PER_MS - age;
	for (size_t k = 0; k < g.key_count; k++) {
		if (g.keys[k].last_ns >= least)
			continue;
		if (n_late++ < BN_EXPECT_PARTIAL)
			json_array_append_new(late, json_pack("{s:s*, s:o}", "key", g.keys[k].text,
							    "latest", time_json(g.keys[k].last_ns)));
	}
	run->item->success = g.key_count > 0 && n_late == 0;
	details = json_pack("{s:O, s:I, s:I}", "late", late, "late_count", (json_int_t)n_late, "keys",
		(json_int_t)g.key_count);
	rc = finish(run, g.key_count ? time_json(g.last_ns) : json_null(), details, err);
out:
	json_decref(late);
	json_decref(details);
	bn_gaps_release(&g);
	return rc;
}

/* ---- beside another table ------------------------------------------------------------------- */

static int open_other(bn_table_reader **out, bn_check_run *run, bn_err *err)
{
	if (!run->open_other)
		return bn_err_set(err, BN_EUNSUPPORTED,
			"this check needs another dataset, which only a workspace has");
	return run->open_other(
		run->tables, bn_json_str(run->kwargs, "other_table_name", ""), out, err);
}

int bn_check_row_count_other(bn_check_run *run, bn_err *err)
{
	bn_table_reader *other = NULL;
	int rc = open_other(&other, run, err);
	if (rc < 0)
		return rc;
	uint64_t rows = bn_table_rows(run->table), others = bn_table_rows(other);
	bn_table_reader_free(other);
	run->item->success = rows == others;
	return finish(run,
		json_pack("{s:I, s:I}", "self", (json_int_t)rows, "other", (json_int_t)others), NULL,
		err);
}

static json_t *change_json(const bn_schema_change *c, bool compatible)
{
	json_t *values = json_array();
	for (size_t i = 0; i < BN_SCHEMA_VALUES && c->values[i]; i++)
		json_array_append_new(values, json_string(c->values[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:I, s:o, s:b}", "column", c->column, "change",
		bn_schema_change_name(c->kind), "from", c->from, "to", c->to, "count",
		(json_int_t)c->count, "values", values, "compatible", (int)compatible);
}

int bn_check_schema_compatible(bn_check_run *run, bn_err *err)
{
	bn_table_reader *other = NULL;
	bn_schema_changes l = {NULL, 0};
	bn_schema_policy policy = BN_SCHEMA_ADDITIVE;
	json_t *changes = json_array(), *details = NULL;
	size_t bad = 0;
	int rc = changes ? 0 : bn_err_nomem(err, "the result of a check");
	if (rc < 0 ||
		(rc = bn_schema_policy_parse(
			 &policy, bn_json_str(run->kwargs, "policy", "additive"), err)) < 0 ||
		(rc = open_other(&other, run, err)) < 0 ||
		(rc = bn_schema_changes_find(&l, other, run->table, err)) < 0)
		goto out;
	for (size_t i = 0; i < l.count; i++) {
		bool fits = bn_schema_change_is_compatible(l.items[i].kind, policy);
		bad += !fits;
		if (i < BN_EXPECT_PARTIAL || !fits)
			json_array_append_new(changes, change_json(&l.items[i], fits));
	}
	run->item->success = bad == 0;
	details = json_pack("{s:O}", "changes", changes);
	rc = finish(run, json_integer((json_int_t)bad), details, err);
out:
	json_decref(changes);
	json_decref(details);
	bn_schema_changes_release(&l);
	bn_table_reader_free(other);
	return rc;
}
