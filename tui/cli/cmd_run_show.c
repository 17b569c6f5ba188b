/* cmd_run_show.c - binnacle run show: the record of a run, the requests of its spec, and its state at the
 * executor. */
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/launch/executor.h"
#include "core/run/run_log.h"
#include "core/run/spec.h"
#include "core/track/kin.h"
#include "core/track/resume.h"
#include "core/track/run.h"
#include "core/track/series.h"
#include "tui/cli/run_follow.h"
#include "tui/cli/verbs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 4096, KINS_LISTED = 1000 };

/* A key that is longer than its column has a line of its own; a value has its lines below each other. */
static void print_pair(bn_cli *cli, const char *key, int width, const char *value)
{
	char line[LINE_BYTES];
	bn_cli_print(cli, "  ");
	bn_cli_print_field(cli, NULL, key, width);
	bool is_long = bn_utf8_width(key) > (size_t)width;
	for (const char *at = value ? value : "-", *first = at; at == first || *at;) {
		size_t n = strcspn(at, "\n"), cut = n < sizeof line ? n : sizeof line - 1;
		while (cut < n && cut > 0 && ((unsigned char)at[cut] & 0xc0) == 0x80)
			cut--;
		memcpy(line, at, cut);
		line[cut] = '\0';
		if (is_long || at != first)
			bn_cli_print(cli, "\n  %*s", width, "");
		bn_cli_print(cli, " ");
		bn_cli_print_field(cli, NULL, line, 0);
		at += cut + (cut == n && at[cut] == '\n');
		is_long = false;
		if (!*at)
			break;
	}
	bn_cli_print(cli, "\n");
}

static void print_pairs(bn_cli *cli, const char *title, const json_t *object)
{
	const char *key;
	json_t *value;
	if (json_object_size(object) == 0)
		return;
	bn_cli_print_in(cli, "bold", "\n%s\n", title);
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		print_pair(cli, key, 24, json_string_value(value));
	}
}

static void print_texts(bn_cli *cli, const char *title, const json_t *list)
{
	size_t i;
	json_t *text;
	if (json_array_size(list) == 0)
		return;
	bn_cli_print_in(cli, "bold", "\n%s\n", title);
	json_array_foreach((json_t *)(uintptr_t)list, i, text)
	{
		bn_cli_print(cli, "  ");
		bn_cli_print_field(cli, NULL, json_string_value(text), 0);
		bn_cli_print(cli, "\n");
	}
}

static void print_inputs(bn_cli *cli, const json_t *list)
{
	size_t i;
	json_t *in;
	if (json_array_size(list) == 0)
		return;
	bn_cli_print_in(cli, "bold", "\ninputs\n");
	json_array_foreach((json_t *)(uintptr_t)list, i, in)
	{
		bn_cli_print(cli, "  ");
		bn_cli_print_field(cli, NULL, bn_json_str(in, "path", ""), 43);
		bn_cli_print(cli, "  %.12s\n", bn_json_str(in, "hash", "-"));
	}
}

/* For a metric with points, a value that is not a number is shown: a diverged loss. */
static const char *value_text(double x, char buf[BN_FMT])
{
	return isnan(x) ? "nan" : bn_fmt_sig(x, 6, buf);
}

static void print_metrics(bn_cli *cli, const bn_series_list *metrics)
{
	char a[BN_FMT], b[BN_FMT], c[BN_FMT];
	if (metrics->count == 0)
		return;
	bn_cli_print_in(cli, "bold", "\n%-26s %12s %12s %12s %9s\n", "metrics", "last", "min",
		"max", "points");
	for (size_t i = 0; i < metrics->count; i++) {
		const bn_series_info *m = &metrics->items[i];
		bn_cli_print(cli, "  ");
		bn_cli_print_field(cli, NULL, m->key, 24);
		bn_cli_print(cli, " %12s %12s %12s %9lld\n", value_text(m->last, a),
			value_text(m->min, b), value_text(m->max, c), (long long)m->count);
	}
}

static void print_artifacts(bn_cli *cli, const json_t *list)
{
	size_t i;
	json_t *a;
	char size[BN_FMT];
	if (json_array_size(list) == 0)
		return;
	bn_cli_print_in(cli, "bold", "\nartifacts\n");
	json_array_foreach((json_t *)(uintptr_t)list, i, a)
	{
		bn_cli_print(cli, "  ");
		bn_cli_print_field(cli, NULL, bn_json_str(a, "path", ""), 32);
		bn_cli_print(cli, " %10s  %.12s\n",
			bn_fmt_bytes((uint64_t)bn_json_int(a, "size", 0), size),
			bn_json_str(a, "hash", ""));
	}
}

/* What a protocol says that the run used or made; detail: of a second field, or NULL. */
static void print_named(
	bn_cli *cli, const char *title, const json_t *list, const char *key, const char *detail)
{
	size_t i;
	json_t *one;
	if (json_array_size(list) == 0)
		return;
	bn_cli_print_in(cli, "bold", "\n%s\n", title);
	json_array_foreach((json_t *)(uintptr_t)list, i, one)
	{
		bn_cli_print(cli, "  ");
		bn_cli_print_field(cli, NULL, bn_json_str(one, key, ""), 43);
		if (detail) {
			bn_cli_print(cli, "  ");
			bn_cli_print_field(cli, NULL, bn_json_str(one, detail, ""), 0);
		}
		bn_cli_print(cli, "\n");
	}
}

/* The executor's state of a waiting or running run, in addition to the record. */
static int add_job(json_t *o, bn_workspace *ws, const char *id, bn_err *err)
{
	bn_run_status status;
	bn_sched_job job = {.expected_ms = -1};
	if (!bn_run_status_parse(&status, bn_json_str(o, "status", "")) ||
		!bn_run_status_is_live(status))
		return 0;
	const bn_executor *by;
	bn_err unknown = BN_ERR_INIT;
	int rc = 0;
	snprintf(job.run, sizeof job.run, "%s", id);
	/* The state at another version's executor stays unknown. */
	if (bn_executor_of(&by, ws, id, &unknown) == 0 && (rc = by->poll(ws, &job, 1, err)) < 0)
		return rc;
	if (json_object_set_new(o, "job", job.reason[0] ? json_string(job.reason) : json_null()) !=
			0 ||
		json_object_set_new(o, "queue_position",
			job.position > 0 ? json_integer(job.position) : json_null()) != 0)
		return bn_err_nomem(err, "a run");
	return 0;
}

/* How much of its log is kept: null if there is no log, on another file system or for a run without output. */
static int add_log(json_t *o, bn_workspace *ws, const char *id, bn_err *err)
{
	bn_run_info *r = NULL;
	bn_run_log log;
	bn_err gone = BN_ERR_INIT;
	char kept[BN_FMT], printed[BN_FMT], words[120];
	int rc = bn_run_get(&r, ws, id, err);
	if (rc < 0)
		return rc;
	bool there = bn_run_log_open(&log, ws, id, r->uid, &gone) >= 0;
	bn_run_info_free(r);
	if (!there)
		return json_object_set_new(o, "log", json_null()) ? bn_err_nomem(err, "a run") : 0;
	uint64_t left_out = log.printed - log.kept;
	snprintf(words, sizeof words, "%s of %s are kept: start and end",
		bn_fmt_bytes(log.kept, kept), bn_fmt_bytes(log.printed, printed));
	json_t *l = json_pack("{sI sI sI ss?}", "printed_bytes", (json_int_t)log.printed,
		"kept_bytes", (json_int_t)log.kept, "left_out_bytes", (json_int_t)left_out, "words",
		left_out ? words : bn_fmt_bytes(log.kept, kept));
	bn_run_log_close(&log);
	return json_object_set_new(o, "log", l) ? bn_err_nomem(err, "a run") : 0;
}

/* The run that it resumes, and the one that resumes it, in words. */
static int add_resuming(json_t *o, bn_workspace *ws, const char *id, bn_err *err)
{
	bn_run_info *r = NULL;
	char words[120] = "", how[80] = "";
	int rc = bn_run_get(&r, ws, id, err);
	if (rc < 0)
		return rc;
	if (r->resumes)
		snprintf(words, sizeof words, "%s after %lld step%s", r->resumes,
			(long long)r->resumed_step, r->resumed_step == 1 ? "" : "s");
	if (bn_resume_is_open(ws, r))
		snprintf(how, sizeof how, "binnacle run resume %.8s continues from it", id);
	bn_run_info_free(r);
	if (json_object_set_new(o, "resuming", words[0] ? json_string(words) : json_null()) != 0 ||
		json_object_set_new(o, "resumable", how[0] ? json_string(how) : json_null()) != 0)
		return bn_err_nomem(err, "a run");
	return 0;
}

static json_t *kin_json(const bn_run_kin *k)
{
	return json_pack("{ss ss ss}", "id", k->id, "name", k->label, "status", bn_run_status_name(k->status));
}

/* The run above it in words, and those below. */
static int add_kin(json_t *o, bn_workspace *ws, const char *id, bn_err *err)
{
	bn_run_kins k;
	char words[240];
	int rc = bn_run_kins_load(&k, ws, id, KINS_LISTED, err);
	json_t *children = json_array(), *parent = NULL;
	for (size_t i = 0; rc >= 0 && i < k.child_count; i++)
		json_array_append_new(children, kin_json(&k.children[i]));
	if (rc >= 0 && k.has_parent) {
		snprintf(words, sizeof words, k.parent_is_known ? "%.160s (%.8s)" : "%.160s, which is not here",
			k.parent.label, k.parent.id);
		parent = json_string(words);
	}
	if (rc >= 0 && (json_object_set_new(o, "part_of", parent ? parent : json_null()) != 0 ||
			       json_object_set(o, "children", children) != 0 ||
			       json_object_set_new(o, "child_count", json_integer(k.child_total)) != 0))
		rc = bn_err_nomem(err, "a run");
	json_decref(children);
	bn_run_kins_release(&k);
	return rc;
}

static void print_children(bn_cli *cli, const json_t *o)
{
	size_t i;
	json_t *one;
	const json_t *list = json_object_get(o, "children");
	long long total = (long long)bn_json_int(o, "child_count", 0), listed = (long long)json_array_size(list);
	if (total == 0)
		return;
	bn_cli_print_in(cli, "bold", "\nruns below it\n");
	json_array_foreach((json_t *)(uintptr_t)list, i, one)
	{
		bn_cli_print(cli, "  %.8s  ", bn_json_str(one, "id", ""));
		bn_cli_print_field(cli, NULL, bn_json_str(one, "name", ""), 32);
		bn_cli_print(cli, "  %s\n", bn_json_str(one, "status", ""));
	}
	if (total > listed)
		bn_cli_print(cli, "  and %lld more: binnacle run ls --tree --filter \"parent = '%s'\"\n", total - listed,
			bn_json_str(o, "id", ""));
}

static json_t *amount(int64_t n)
{
	return n > 0 ? json_integer(n) : json_null();
}

static json_t *inputs_json(const bn_spec *spec)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < spec->input_count; i++)
		json_array_append_new(list, json_pack("{ss ss?}", "path", spec->inputs[i].path,
						    "hash", spec->inputs[i].hash));
	return list;
}

static json_t *outputs_json(const bn_spec *spec)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < spec->outputs.count; i++)
		json_array_append_new(list, json_string(spec->outputs.items[i]));
	return list;
}

/* References are shown where secrets are requested; here only the names. */
static json_t *secrets_json(const bn_spec *spec)
{
	const char *name;
	json_t *ignored, *list = json_array();
	if (list && spec->secrets)
		json_object_foreach(spec->secrets, name, ignored)
			json_array_append_new(list, json_string(name));
	return list;
}

/* The versions that a run of several reads: what the parts are decides its numbers. */
static json_t *data_json(const bn_spec *spec)
{
	json_t *list = json_array();
	for (size_t i = 0; i < spec->data_count; i++) {
		const bn_spec_data *d = &spec->data[i];
		json_array_append_new(list, json_pack("{ss? sI ss? ss}", "name", d->name, "version",
						    (json_int_t)d->version, "digest", d->digest,
						    "part", d->part ? d->part : "train"));
	}
	return list;
}

/* What was asked for. A run from the API has no spec, and one whose spec gc has freed shows none. */
static int add_asked(json_t *o, bn_workspace *ws, bn_err *err)
{
	bn_spec *spec = NULL;
	bn_err gone = BN_ERR_INIT;
	const char *hash = bn_json_str(o, "spec", NULL);
	if (!hash || bn_spec_fetch(&spec, ws, hash, &gone) < 0)
		return 0;
	json_t *asked = json_pack("{so so so so so so so so}", "cores",
		amount(spec->resources.cpus), "memory_bytes", amount(spec->resources.memory_bytes),
		"time_limit_ns", amount(spec->time_limit_s * 1000000000), "retries",
		amount(spec->retries), "inputs", inputs_json(spec), "outputs", outputs_json(spec),
		"secrets", secrets_json(spec), "data", data_json(spec));
	bn_spec_free(spec);
	return asked && json_object_set_new(o, "asked", asked) == 0 ? 0
								    : bn_err_nomem(err, "a run");
}

static void print_data(bn_cli *cli, const json_t *list)
{
	size_t i;
	json_t *d;
	if (json_array_size(list) < 2)
		return;
	bn_cli_print_in(cli, "bold", "\ndata\n");
	json_array_foreach((json_t *)(uintptr_t)list, i, d)
	{
		char text[280];
		snprintf(text, sizeof text, "%.240s@v%lld", bn_json_str(d, "name", "-"),
			(long long)bn_json_int(d, "version", 0));
		bn_cli_print(cli, "  ");
		bn_cli_print_field(cli, NULL, bn_json_str(d, "part", "-"), 9);
		bn_cli_print_field(cli, NULL, text, 34);
		bn_cli_print(cli, "  %.12s\n", bn_json_str(d, "digest", "-"));
	}
}

static void print_more(bn_cli *cli, const json_t *o, const bn_series_list *metrics)
{
	print_pairs(cli, "parameters", json_object_get(o, "params"));
	print_metrics(cli, metrics);
	print_pairs(cli, "tags", json_object_get(o, "tags"));
	const json_t *asked = json_object_get(o, "asked");
	print_data(cli, json_object_get(asked, "data"));
	print_inputs(cli, json_object_get(asked, "inputs"));
	print_texts(cli, "outputs to keep", json_object_get(asked, "outputs"));
	print_texts(cli, "secrets", json_object_get(asked, "secrets"));
	print_named(cli, "dataset inputs", json_object_get(o, "dataset_inputs"), "name", "digest");
	print_named(cli, "models used", json_object_get(o, "model_inputs"), "model", "model_name");
	print_named(cli, "models made", json_object_get(o, "model_outputs"), "model", "model_name");
	print_artifacts(cli, json_object_get(o, "artifacts"));
	print_children(cli, o);
}

static int run_show(bn_cli *cli, bn_err *err)
{
	static const bn_col fields[] = {{"id", "run", BN_AS_TEXT}, {"name", "name", BN_AS_TEXT},
		{"experiment", "experiment", BN_AS_TEXT}, {"status", "status", BN_AS_TEXT},
		{"reason", "reason", BN_AS_TEXT}, {"queue_position", "place in line", BN_AS_INT},
		{"job", "now", BN_AS_TEXT}, {"executor", "executor", BN_AS_TEXT},
		{"asked.cores", "asks: cores", BN_AS_INT},
		{"asked.memory_bytes", "asks: memory", BN_AS_BYTES},
		{"asked.time_limit_ns", "time limit", BN_AS_DURATION},
		{"asked.retries", "retries", BN_AS_INT}, {"title", "runs", BN_AS_TEXT},
		{"part_of", "part of", BN_AS_TEXT}, {"resuming", "resumes", BN_AS_TEXT}, {"resumed_by", "resumed by", BN_AS_TEXT},
		{"resumable", "checkpoint", BN_AS_TEXT}, {"dataset", "data", BN_AS_TEXT},
		{"code_changed", "code at start", BN_AS_TEXT}, {"user", "user", BN_AS_TEXT},
		{"reported_user", "user there", BN_AS_TEXT}, {"source", "came through", BN_AS_TEXT},
		{"host", "host", BN_AS_TEXT}, {"created_ms", "created", BN_AS_TIME_MS},
		{"duration_ns", "time", BN_AS_DURATION},
		{"peak_rss_bytes", "peak memory", BN_AS_BYTES}, {"log.words", "log", BN_AS_TEXT},
		{"model_digest", "model", BN_AS_TEXT}, {"note", "note", BN_AS_TEXT},
		{"removed", "in the trash", BN_AS_BOOL}, {"bytes_gone", "files gone", BN_AS_BOOL},
		{0}};
	bn_workspace *ws;
	char id[BN_RUN_ID_TEXT];
	json_t *o = NULL;
	bn_series_list metrics = BN_SERIES_LIST_INIT;
	int rc;
	if ((rc = bn_cli_open_runs(cli, &ws, bn_cli_arg(cli, 0), id, err)) < 0)
		return rc;
	if ((rc = bn_run_to_json(&o, ws, id, err)) < 0 || (rc = add_job(o, ws, id, err)) < 0 ||
		(rc = add_resuming(o, ws, id, err)) < 0 || (rc = add_asked(o, ws, err)) < 0 ||
		(rc = add_log(o, ws, id, err)) < 0 || (rc = add_kin(o, ws, id, err)) < 0 ||
		(rc = bn_series_find_all(&metrics, ws, id, err)) < 0 ||
		(rc = bn_cli_object(cli, json_incref(o), fields, err)) < 0)
		goto out;
	if (bn_cli_is_text(cli))
		print_more(cli, o, &metrics);
	rc = bn_cli_warn_newer(cli, ws, "run", id, err);
out:
	bn_series_list_release(&metrics);
	json_decref(o);
	return rc;
}

const bn_verb bn_verbs_run_show[] = {
	{"run", "show", "RUN", 1, 1, "everything known about one run",
		"RUN is an id, a unique prefix of one, a name, or \"latest\".",
		{"binnacle run show latest", "binnacle run show 7f3a --json"}, NULL,
		BN_VERB_REMOTE | BN_VERB_REMOTE_READS | BN_VERB_REMOTE_POINTS, run_show},
	{0},
};
