/* cmd_monitor_skew.c - binnacle monitor skew: what a server answered against what the model and the recipe of its training
 * data give today (core/monitor/skew.h). */
#include "core/base/buf.h"
#include "core/base/json.h"
#include "core/monitor/skew.h"
#include "core/serve/endpoint.h"
#include "tui/cli/verbs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool show_progress(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	bn_cli_progress(ctx, what, done, total, "");
	return !bn_cli_interrupted();
}

/* The only model of an endpoint, or the argument itself. */
static int find_model(char *out, size_t size, bn_cli *cli, bn_workspace *ws, bn_err *err)
{
	const bn_endpoint *e = NULL;
	bn_endpoints all = {NULL, 0};
	const char *name = bn_cli_arg(cli, 0);
	int rc = bn_endpoint_list(&all, ws, err);
	snprintf(out, size, "%s", name);
	if (rc >= 0 && bn_endpoint_find(&e, &all, name, NULL) >= 0 && !strncmp(e->id, name, strlen(name))) {
		if (strstr(e->models, ", "))
			rc = bn_err_set(err, BN_EINVAL, "endpoint %s serves several models: name one of %s", e->id, e->models);
		else
			snprintf(out, size, "%s", e->models);
	}
	bn_endpoints_release(&all);
	return rc;
}

static json_t *row_json(const bn_skew_row *r)
{
	return json_pack("{s:s?, s:I, s:s?, s:s?}", "request", r->request, "time_ms", (json_int_t)(r->time_ns / 1000000),
		"served", r->served, "now", r->now);
}

static json_t *check_json(const bn_skew_check *c)
{
	json_t *rows = json_array();
	bn_buf first = BN_BUF_INIT;
	for (size_t i = 0; i < c->row_count; i++) {
		json_array_append_new(rows, row_json(&c->rows[i]));
		if (i < 2)
			bn_buf_addf(&first, "%s%s is %s now", i ? ", " : "", c->rows[i].served ? c->rows[i].served : "-",
				c->rows[i].now ? c->rows[i].now : "-");
	}
	json_t *o = json_pack("{s:s, s:s?, s:s?, s:I, s:I, s:o, s:o}", "name", c->name, "expression", c->expression,
		"skipped", c->skipped, "compared", (json_int_t)c->compared, "different", (json_int_t)c->different,
		"largest_difference", bn_json_real_or_null(c->largest), "rows", rows);
	json_object_set_new(o, "by", json_string(c->expression ? "recipe" : "model"));
	const char *verdict = c->different ? "DIFFERS" : "same";
	json_object_set_new(o, "verdict", json_string(c->skipped && !c->compared ? "skipped" : verdict));
	const char *remark = first.len ? first.ptr : NULL;
	remark = c->skipped ? c->skipped : remark;
	json_object_set_new(o, "remark", remark ? json_string(remark) : json_null());
	bn_buf_release(&first);
	return o;
}

static json_t *input_json(const bn_skew *s, const bn_monitor_feature *f)
{
	const char *measure;
	double d = bn_skew_distance(f, &measure);
	return json_pack("{s:s, s:s, s:o, s:f, s:s, s:I, s:I}", "name", f->name, "measure", measure, "distance",
		bn_json_real_or_null(d), "threshold", s->threshold, "verdict", bn_skew_verdict_name(bn_skew_judge(s, f)), "n_ref",
		(json_int_t)f->result.n_ref, "n_cur", (json_int_t)f->result.n_cur);
}

static int show(bn_cli *cli, const bn_skew *s, bn_err *err)
{
	static const bn_col row_cols[] = {{"verdict", "VERDICT", BN_AS_TEXT}, {"name", "COMPUTED", BN_AS_TEXT},
		{"by", "BY", BN_AS_TEXT}, {"compared", "ROWS", BN_AS_COUNT}, {"different", "DIFFERENT", BN_AS_COUNT},
		{"largest_difference", "LARGEST", BN_AS_NUM}, {"remark", "REMARK", BN_AS_TEXT}, {0}};
	static const bn_col input_cols[] = {{"verdict", "VERDICT", BN_AS_TEXT}, {"name", "INPUT", BN_AS_TEXT},
		{"measure", "MEASURE", BN_AS_TEXT}, {"distance", "DISTANCE", BN_AS_NUM},
		{"n_ref", "TRAINING", BN_AS_COUNT}, {"n_cur", "SERVED", BN_AS_COUNT}, {0}};
	const bn_monitor_report *r = s->inputs;
	json_t *checks = json_array(), *inputs = json_array();
	for (size_t i = 0; i < s->count; i++)
		json_array_append_new(checks, check_json(&s->checks[i]));
	for (size_t i = 0; i < r->feature_count; i++)
		json_array_append_new(inputs, input_json(s, &r->features[i]));
	if (bn_cli_is_json(cli))
		return bn_cli_document(cli,
			json_pack("{s:s, s:s?, s:{s:I, s:I, s:I}, s:s?, s:o, s:o}", "model", r->model, "version", r->version,
				"window", "from", (json_int_t)r->from_ms, "to", (json_int_t)r->to_ms, "rows",
				(json_int_t)r->rows, "reference", r->reference, "computed_again", checks, "inputs", inputs),
			err);
	bn_cli_say(cli, "%lld logged rows of %s/%s, computed again", (long long)r->rows, r->model,
		r->version ? r->version : "-");
	int rc = bn_cli_list(cli, checks, row_cols, "", err);
	if (rc < 0 || !bn_cli_is_text(cli)) {
		json_decref(inputs);
		return rc;
	}
	bn_cli_print(cli, "\n");
	bn_cli_say(cli, "inputs, against %s", r->reference ? r->reference : "the statistics in the model");
	return bn_cli_list(cli, inputs, input_cols, "no inputs", err);
}

static int verdict(const bn_skew *s, bn_err *err)
{
	const bn_monitor_report *r = s->inputs;
	if (s->differ)
		return bn_err_set(err, BN_EFAILED, "skew: %zu of %zu things that %s/%s was served with are computed differently now",
			s->differ, s->count, r->model, r->version ? r->version : "-");
	if (s->skewed)
		return bn_err_set(err, BN_EFAILED, "skew: %zu of %zu inputs of %s/%s are distributed differently than in training",
			s->skewed, r->feature_count, r->model, r->version ? r->version : "-");
	return 0;
}

static int read_options(bn_skew_options *o, bn_cli *cli, const bn_progress *progress, bn_err *err)
{
	int64_t window_ns = 0, last = 0;
	int rc;
	*o = (bn_skew_options)BN_SKEW_OPTIONS_INIT;
	o->progress = progress;
	if ((rc = bn_cli_opt_duration(cli, "window", &window_ns, err)) < 0 ||
		(rc = bn_cli_opt_int(cli, "rows", 1, INT64_MAX, &last, err)) < 0 ||
		(rc = bn_cli_opt_num(cli, "tolerance", 0, 1, &o->tolerance, err)) < 0 ||
		(rc = bn_cli_opt_num(cli, "threshold", 0, 1, &o->threshold, err)) < 0)
		return rc;
	if (window_ns && last)
		return bn_err_set(err, BN_EINVAL, "give --window or --rows, not both");
	if (window_ns)
		o->window.from_ms = bn_env_now_ms(bn_cli_env(cli)) - window_ns / 1000000;
	o->window.last = (size_t)last;
	return 0;
}

static int run_skew(bn_cli *cli, bn_err *err)
{
	bn_progress progress = {show_progress, cli};
	bn_skew_options o;
	bn_workspace *ws = NULL;
	bn_skew s = {.checks = NULL};
	char model[512];
	int rc;
	if ((rc = read_options(&o, cli, &progress, err)) < 0 || (rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = find_model(model, sizeof model, cli, ws, err)) < 0)
		return rc;
	rc = bn_skew_find(&s, ws, model, &o, err);
	bn_cli_progress_end(cli);
	if (rc >= 0 && (rc = show(cli, &s, err)) >= 0)
		rc = verdict(&s, err);
	bn_skew_release(&s);
	return rc;
}

static const bn_opt skew_options[] = {{"rows", 0, "N", "the last N predictions; default: all"},
	{"window", 'w', "TIME", "predictions of the last TIME (1h, 7d)"},
	{"tolerance", 0, "X", "numbers are equal if they differ by this share at most (default 1e-9)"},
	{"threshold", 0, "X", "an input is skewed above this distance (default 0.1)"}, {0}};

const bn_verb bn_verbs_monitor_skew[] = {
	{"monitor", "skew", "MODEL|ENDPOINT", 1, 1, "Compute logged rows again, and compare with what was served",
		"For each row in the prediction log the model predicts again, and inputs that the recipe of the\n"
		"training data computes (data transform) are computed from the other inputs. Inputs whose\n"
		"expression needs what was not logged are named. Beside it, how far each logged input is from\n"
		"training by TFDV's skew comparators, judged from 100 rows on. Exit status 1 if a row differs or an\n"
		"input is skewed.",
		{"binnacle monitor skew power/3 --rows 10000", "binnacle monitor skew power@champion --window 1d --json"},
		skew_options, BN_VERB_NEEDS_TRUST, run_skew},
	{0},
};
