/* cmd_run.c - binnacle run ls, show, watch, log, stop, tag, note, rm, restore. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/launch/executor.h"
#include "core/launch/launch.h"
#include "core/launch/queue.h"
#include "core/run/run_dir.h"
#include "core/run/runlog.h"
#include "core/track/query.h"
#include "core/track/reconcile.h"
#include "core/track/run.h"
#include "tui/cli/run_follow.h"
#include "tui/cli/verbs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Opens, refreshes and reconciles; with name, also the run that it names. */
static int open_runs(
	bn_cli *cli, bn_workspace **ws, const char *name, char id[BN_RUN_ID_TEXT], bn_err *err)
{
	int rc = bn_cli_workspace(cli, ws, err);
	if (rc == 0)
		rc = bn_workspace_refresh(*ws, NULL, err);
	if (rc == 0)
		rc = bn_run_reconcile(*ws, NULL, err);
	/* What waits, and is started by nobody because its runner was killed, goes on. */
	if (rc == 0)
		bn_queue_wake(*ws, bn_cli_program(cli), NULL);
	return rc == 0 && name ? bn_run_resolve(*ws, name, id, err) : rc;
}

/* ---- ls ------------------------------------------------------------------------------------- */

static const bn_opt ls_options[] = {
	{"filter", 'f', "FILTER", "such as: metrics.test_rmse < 3 AND params.alpha = 0.1"},
	{"experiment", 'e', "NAME", "runs of this experiment"},
	{"sort", 's', "FIELDS", "such as: -metrics.test_rmse,created"},
	{"columns", 'c', "FIELDS", "such as: params.alpha,best(loss),last(loss)"},
	{"limit", 'n', "N", "at most so many (1000)"},
	{"offset", 0, "N", "leave out the first N"},
	{"removed", 0, NULL, "those in the trash"},
	{0},
};

static json_t *cell_json(const bn_cell *c)
{
	if (c->kind == BN_CELL_NUMBER)
		return isnan(c->number)   ? json_string("nan")
		       : isinf(c->number) ? json_string(c->number > 0 ? "inf" : "-inf")
					  : json_real(c->number);
	return c->kind == BN_CELL_TEXT ? json_string(c->text) : json_null();
}

static json_t *row_json(const bn_run_row *r, const bn_run_query *q, int64_t now_ms)
{
	int64_t end = r->finished_ms >= 0           ? r->finished_ms
		      : r->status == BN_RUN_RUNNING ? now_ms
						    : -1;
	json_t *o = json_pack("{ss ss? ss? ss ss? ss? ss? sI}", "id", r->id, "name", r->name,
		"experiment", r->experiment, "status", bn_run_status_name(r->status), "user",
		r->user, "title", r->title, "host", r->host, "created_ms",
		(json_int_t)r->created_ms);
	json_t *values = json_object();
	json_object_set_new(o, "duration_ns",
		r->started_ms >= 0 && end >= 0 ? json_integer((end - r->started_ms) * 1000000)
					       : json_null());
	for (size_t i = 0; i < q->column_count; i++)
		json_object_set_new(values, q->columns[i], cell_json(&r->cells[i]));
	json_object_set_new(o, "values", values);
	/* Columns by position for the table: their names may hold dots. */
	for (size_t i = 0; i < q->column_count; i++) {
		char key[24];
		snprintf(key, sizeof key, "c%zu", i);
		json_object_set(o, key, json_object_get(values, q->columns[i]));
	}
	return o;
}

/* Splits "a,best(b,c),d" at commas outside brackets. *list is NULL-terminated; texts point into
 * copy. */
static int split_fields(char *copy, const char ***list, size_t *count, bn_err *err)
{
	size_t cap = 0;
	int depth = 0;
	*list = NULL;
	*count = 0;
	for (char *at = copy, *from = copy;; at++) {
		depth += *at == '(';
		depth -= *at == ')';
		if (*at && (*at != ',' || depth > 0))
			continue;
		bool last = !*at;
		*at = '\0';
		if (*from) {
			if (bn_grow(list, &cap, *count + 1, sizeof **list) != 0)
				return bn_err_nomem(err, "columns");
			(*list)[(*count)++] = from;
		}
		if (last)
			return 0;
		from = at + 1;
	}
}

static const char *empty_text(const bn_run_page *page, const bn_run_query *q)
{
	if (page->total > 0)
		return "none behind the --offset";
	return q->filter ? "no run matches" : "no runs yet; start one with: binnacle run start ...";
}

/* What no run has sorts nothing: says so, instead of showing runs in some order. */
static int warn_of_sort(bn_cli *cli, bn_workspace *ws, const bn_run_query *q, bn_err *err)
{
	const char **keys = NULL;
	size_t count = 0;
	char *copy = bn_strdup(q->sort ? q->sort : "");
	int rc = copy ? split_fields(copy, &keys, &count, err) : bn_err_nomem(err, "a sort");
	for (size_t i = 0; rc >= 0 && i < count; i++) {
		const char *key = keys[i] + (*keys[i] == '-' || *keys[i] == '+');
		bn_run_page *some = NULL;
		char *filter = bn_strf("%s IS NOT NULL", key);
		bn_run_query having = {.experiment = q->experiment,
			.removed = q->removed,
			.filter = filter,
			.limit = 1};
		rc = filter ? bn_run_query_page(&some, ws, &having, err)
			    : bn_err_nomem(err, "a sort");
		if (rc >= 0 && some->total == 0)
			bn_cli_warn(cli, "no run has %s: it sorts nothing", key);
		bn_run_page_free(some);
		bn_free(filter);
	}
	bn_free(keys);
	bn_free(copy);
	return rc;
}

static int show_page(bn_cli *cli, const bn_run_page *page, const bn_run_query *q, bn_err *err)
{
	static const bn_col fixed[] = {{"id", "RUN", BN_AS_ID}, {"name", "NAME", BN_AS_TEXT},
		{"status", "STATUS", BN_AS_TEXT}, {"experiment", "EXPERIMENT", BN_AS_TEXT},
		{"title", "RUNS", BN_AS_TEXT}, {"duration_ns", "TIME", BN_AS_DURATION},
		{"created_ms", "CREATED", BN_AS_TIME_MS}};
	size_t n = sizeof fixed / sizeof *fixed;
	bn_col *cols = bn_alloc_zeroed(n + q->column_count + 1, sizeof *cols);
	char(*keys)[24] = bn_alloc_zeroed(q->column_count + 1, sizeof *keys);
	json_t *items = json_array();
	int rc = cols && keys && items ? 0 : bn_err_nomem(err, "a table of runs");
	if (rc == 0) {
		memcpy(cols, fixed, sizeof fixed);
		for (size_t i = 0; i < q->column_count; i++) {
			snprintf(keys[i], sizeof keys[i], "c%zu", i);
			cols[n + i] = (bn_col){keys[i], q->columns[i], BN_AS_NUM};
		}
		int64_t now = bn_env_now_ms(bn_cli_env(cli));
		for (size_t i = 0; i < page->count; i++)
			json_array_append_new(items, row_json(&page->rows[i], q, now));
		rc = bn_cli_list(cli, items, cols, empty_text(page, q), err);
		if (rc == 0 && page->total > (int64_t)page->count)
			bn_cli_say(cli, "%zu of %lld runs; --limit and --offset show others",
				page->count, (long long)page->total);
	} else {
		json_decref(items);
	}
	bn_free(keys);
	bn_free(cols);
	return rc;
}

static int run_ls(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	bn_run_page *page = NULL;
	const char **columns = NULL;
	const char *given = bn_cli_opt(cli, "columns");
	char *copy = bn_strdup(given ? given : "");
	bn_run_query q = {.experiment = bn_cli_opt(cli, "experiment"),
		.filter = bn_cli_opt(cli, "filter"),
		.sort = bn_cli_opt(cli, "sort"),
		.removed = bn_cli_flag(cli, "removed")};
	int rc = copy ? split_fields(copy, &columns, &q.column_count, err)
		      : bn_err_nomem(err, "columns");
	q.columns = columns;
	if (rc == 0)
		rc = bn_cli_opt_int(cli, "limit", 1, 1000000, &q.limit, err);
	if (rc == 0)
		rc = bn_cli_opt_int(cli, "offset", 0, INT64_MAX, &q.offset, err);
	if (rc == 0)
		rc = open_runs(cli, &ws, NULL, NULL, err);
	if (rc == 0)
		rc = bn_run_query_page(&page, ws, &q, err);
	if (rc == 0)
		rc = show_page(cli, page, &q, err);
	if (rc >= 0 && page->total > 0)
		rc = warn_of_sort(cli, ws, &q, err);
	bn_run_page_free(page);
	bn_free(columns);
	bn_free(copy);
	return rc;
}

/* ---- show ----------------------------------------------------------------------------------- */

static void print_pairs(bn_cli *cli, const char *title, const json_t *object)
{
	const char *key;
	json_t *value;
	if (json_object_size(object) == 0)
		return;
	bn_cli_print_in(cli, "bold", "\n%s\n", title);
	json_object_foreach((json_t *)(uintptr_t)object, key, value)
	{
		bn_cli_print(cli, "  %-24s %s\n", key, json_string_value(value));
	}
}

static void print_metrics(bn_cli *cli, const json_t *metrics)
{
	const char *key;
	json_t *m;
	char a[BN_FMT], b[BN_FMT], c[BN_FMT];
	if (json_object_size(metrics) == 0)
		return;
	bn_cli_print_in(cli, "bold", "\n%-26s %12s %12s %12s %9s\n", "metrics", "last", "min",
		"max", "points");
	json_object_foreach((json_t *)(uintptr_t)metrics, key, m)
	{
		bn_cli_print(cli, "  %-24s %12s %12s %12s %9lld\n", key,
			bn_fmt_sig(bn_json_num(m, "last", NAN), 6, a),
			bn_fmt_sig(bn_json_num(m, "min", NAN), 6, b),
			bn_fmt_sig(bn_json_num(m, "max", NAN), 6, c),
			(long long)bn_json_int(m, "count", 0));
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
		bn_cli_print(cli, "  %-32s %10s  %.12s\n", bn_json_str(a, "path", ""),
			bn_fmt_bytes((uint64_t)bn_json_int(a, "size", 0), size),
			bn_json_str(a, "hash", ""));
	}
}

/* What the executor knows of a run that waits or runs, beside what is recorded. */
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
	/* What another version's executor knows stays unknown. */
	if (bn_executor_of(&by, ws, id, &unknown) == 0 && (rc = by->poll(ws, &job, 1, err)) < 0)
		return rc;
	if (json_object_set_new(o, "job", job.reason[0] ? json_string(job.reason) : json_null()) !=
			0 ||
		json_object_set_new(o, "queue_position",
			job.position > 0 ? json_integer(job.position) : json_null()) != 0)
		return bn_err_nomem(err, "a run");
	return 0;
}

static int run_show(bn_cli *cli, bn_err *err)
{
	static const bn_col fields[] = {{"id", "run", BN_AS_TEXT}, {"name", "name", BN_AS_TEXT},
		{"experiment", "experiment", BN_AS_TEXT}, {"status", "status", BN_AS_TEXT},
		{"reason", "reason", BN_AS_TEXT}, {"queue_position", "place in line", BN_AS_INT},
		{"job", "now", BN_AS_TEXT}, {"executor", "executor", BN_AS_TEXT},
		{"title", "runs", BN_AS_TEXT}, {"dataset", "data", BN_AS_TEXT},
		{"code_changed", "code at start", BN_AS_TEXT}, {"user", "user", BN_AS_TEXT},
		{"host", "host", BN_AS_TEXT}, {"created_ms", "created", BN_AS_TIME_MS},
		{"duration_ns", "time", BN_AS_DURATION},
		{"peak_rss_bytes", "peak memory", BN_AS_BYTES},
		{"model_digest", "model", BN_AS_TEXT}, {"note", "note", BN_AS_TEXT},
		{"removed", "in the trash", BN_AS_BOOL}, {"bytes_gone", "bytes gone", BN_AS_BOOL},
		{0}};
	bn_workspace *ws;
	char id[BN_RUN_ID_TEXT];
	json_t *o = NULL;
	int rc;
	if ((rc = open_runs(cli, &ws, bn_cli_arg(cli, 0), id, err)) < 0 ||
		(rc = bn_run_to_json(&o, ws, id, err)) < 0 || (rc = add_job(o, ws, id, err)) < 0 ||
		(rc = bn_cli_object(cli, json_incref(o), fields, err)) < 0)
		goto out;
	if (bn_cli_is_text(cli)) {
		print_pairs(cli, "parameters", json_object_get(o, "params"));
		print_metrics(cli, json_object_get(o, "metrics"));
		print_pairs(cli, "tags", json_object_get(o, "tags"));
		print_artifacts(cli, json_object_get(o, "artifacts"));
	}
	rc = bn_cli_warn_newer(cli, ws, "run", id, err);
out:
	json_decref(o);
	return rc;
}

/* ---- watch, log, stop ----------------------------------------------------------------------- */

static int run_watch(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	char id[BN_RUN_ID_TEXT];
	int rc = open_runs(cli, &ws, bn_cli_arg(cli, 0), id, err);
	return rc == 0 ? bn_run_follow(cli, ws, id, BN_FOLLOW_LOG | BN_FOLLOW_METRICS, err) : rc;
}

static const bn_opt log_options[] = {
	{"follow", 'f', NULL, "go on until the run is over"},
	{0},
};

static int run_log(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	char id[BN_RUN_ID_TEXT], bytes[16384];
	size_t got = sizeof bytes;
	int fd, rc = open_runs(cli, &ws, bn_cli_arg(cli, 0), id, err);
	if (rc == 0 && bn_cli_flag(cli, "follow"))
		return bn_run_follow(cli, ws, id, BN_FOLLOW_LOG, err);
	if (rc < 0 || (rc = bn_run_log_open(&fd, ws, id, err)) < 0)
		return rc;
	for (off_t at = 0; got > 0; at += (off_t)got) {
		rc = bn_fs_read_at(bn_cli_env(cli), fd, bytes, sizeof bytes, at, &got, id, err);
		if (rc < 0)
			goto out;
		if (got == sizeof bytes)
			got -= bn_utf8_tail(bytes, got);
		bn_cli_write_text(cli, bytes, got);
	}
out:
	close(fd);
	return rc;
}

static const bn_opt stop_options[] = {
	{"wait", 'w', NULL, "wait until it is over"},
	{0},
};

static int run_stop(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	bn_run_info *r = NULL;
	static const char *const words[] = {
		[BN_CANCEL_ASKED] = "asked to end; it looks for that with its next heartbeat",
		[BN_CANCEL_SIGNALLED] = "asked to end",
		[BN_CANCEL_DONE] = "cancelled, before it had started"};
	bn_cancel how = BN_CANCEL_ASKED;
	char id[BN_RUN_ID_TEXT];
	int rc = open_runs(cli, &ws, bn_cli_arg(cli, 0), id, err);
	if (rc == 0)
		rc = bn_run_get(&r, ws, id, err);
	if (rc == 0 && !bn_run_status_is_live(r->status))
		rc = bn_err_set(err, BN_ECONFLICT, "run %.8s is %s already", id,
			bn_run_status_name(r->status));
	if (rc == 0 && !bn_cli_dry_run(cli))
		rc = bn_launch_stop(ws, id, &how, err);
	if (rc == 0)
		bn_cli_say(cli, "run %.8s: %s", id,
			bn_cli_dry_run(cli) ? "would be stopped" : words[how]);
	if (rc == 0 && bn_cli_flag(cli, "wait") && !bn_cli_dry_run(cli)) {
		bn_err end = BN_ERR_INIT;
		rc = bn_run_follow(cli, ws, id, BN_FOLLOW_QUIET, &end);
		if (rc == BN_EFAILED)
			rc = 0;
		else if (rc < 0)
			rc = bn_err_move(err, &end);
	}
	bn_run_info_free(r);
	return rc;
}

/* ---- tag, note, rm, restore ----------------------------------------------------------------- */

static const bn_opt tag_options[] = {
	{"remove", 0, NULL, "take the tags off: KEY... instead of KEY=VALUE..."},
	{0},
};

static int tag_one(bn_cli *cli, bn_workspace *ws, const char *id, const char *text, bn_err *err)
{
	const char *eq = strchr(text, '=');
	bool take_off = bn_cli_flag(cli, "remove");
	if (!take_off && (!eq || eq == text))
		return bn_err_set(err, BN_EINVAL, "'%s': KEY=VALUE is wanted", text);
	char *key = take_off ? bn_strdup(text) : bn_strndup(text, (size_t)(eq - text));
	int rc = key ? bn_runlog_tag(ws, id, key, take_off ? NULL : eq + 1, err)
		     : bn_err_nomem(err, "a tag");
	bn_free(key);
	return rc;
}

static int run_tag(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	char id[BN_RUN_ID_TEXT];
	int rc = open_runs(cli, &ws, bn_cli_arg(cli, 0), id, err);
	for (int i = 1; rc == 0 && i < bn_cli_nargs(cli); i++)
		rc = tag_one(cli, ws, id, bn_cli_arg(cli, i), err);
	return rc == 0 ? bn_workspace_sync(ws, err) : rc;
}

static int run_note(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	char id[BN_RUN_ID_TEXT];
	int rc = open_runs(cli, &ws, bn_cli_arg(cli, 0), id, err);
	if (rc == 0)
		rc = bn_runlog_note(ws, id, bn_cli_arg(cli, 1), err);
	return rc == 0 ? bn_workspace_sync(ws, err) : rc;
}

/* Whether the run may be moved to the trash, or out of it. */
static int change_check(const bn_run_info *r, bool removed, bn_err *err)
{
	if (r->removed == removed)
		return bn_err_set(err, BN_ECONFLICT, "run %.8s (%s) is %s", r->id, r->name,
			removed ? "in the trash already" : "not in the trash");
	if (removed && bn_run_status_is_live(r->status)) {
		bn_err_set(err, BN_EREFUSED, "run %.8s (%s) is %s", r->id, r->name,
			bn_run_status_name(r->status));
		bn_err_hint(err, "stop it first: binnacle run stop %.8s", r->id);
		return BN_EREFUSED;
	}
	return removed ? 0 : bn_run_need_bytes(r, err);
}

static int change_one(bn_cli *cli, const char *name, bool removed, bn_err *err)
{
	bn_workspace *ws;
	bn_run_info *r = NULL;
	char id[BN_RUN_ID_TEXT];
	int rc = open_runs(cli, &ws, name, id, err);
	if (rc == 0)
		rc = bn_run_get(&r, ws, id, err);
	if (rc == 0)
		rc = change_check(r, removed, err);
	if (rc == 0 && removed && !bn_cli_dry_run(cli))
		rc = bn_cli_confirm(cli, err, "Move run %.8s (%s) to the trash?", id, r->name);
	if (rc == 0 && !bn_cli_dry_run(cli))
		rc = removed ? bn_runlog_removed(ws, id, err) : bn_runlog_restored(ws, id, err);
	if (rc == 0 && !bn_cli_dry_run(cli))
		rc = bn_workspace_sync(ws, err);
	if (rc == 0)
		bn_cli_say(cli, "run %.8s (%s) %s%s", id, r->name,
			bn_cli_dry_run(cli) ? "would be " : "",
			removed ? "moved to the trash; binnacle run restore brings it back"
				: "restored");
	bn_run_info_free(r);
	return rc;
}

static int run_rm(bn_cli *cli, bn_err *err)
{
	int rc = 0;
	for (int i = 0; rc == 0 && i < bn_cli_nargs(cli); i++)
		rc = change_one(cli, bn_cli_arg(cli, i), true, err);
	return rc;
}

static int run_restore(bn_cli *cli, bn_err *err)
{
	int rc = 0;
	for (int i = 0; rc == 0 && i < bn_cli_nargs(cli); i++)
		rc = change_one(cli, bn_cli_arg(cli, i), false, err);
	return rc;
}

const bn_verb bn_verbs_run[] = {
	{"run", "ls", "", 0, 0, "list runs",
		"Filters know AND OR NOT ( ) = != < <= > >= ~ LIKE ILIKE IN BETWEEN IS NULL over\n"
		"params.K, metrics.K, tags.K, best(K), last(K), min(K), max(K), mean(K), count(K) "
		"and\n"
		"id, name, experiment, status, user, title, host, dataset, created, started,\n"
		"finished, duration, exit_code, rss. A name without a prefix is looked up.",
		{"binnacle run ls --filter \"status = FINISHED AND metrics.test_rmse < 3\"",
			"binnacle run ls --sort metrics.test_rmse --columns "
			"params.alpha,metrics.test_rmse",
			"binnacle run ls --filter \"created > '2h'\" --json"},
		ls_options, 0, run_ls},
	{"run", "show", "RUN", 1, 1, "everything known about one run",
		"RUN is an id, a unique prefix of one, a name, or \"latest\".",
		{"binnacle run show latest", "binnacle run show 7f3a --json"}, NULL, 0, run_show},
	{"run", "watch", "RUN", 1, 1, "follow a run: what it prints and its metrics", NULL,
		{"binnacle run watch latest", "binnacle run watch 7f3a"}, NULL, 0, run_watch},
	{"run", "log", "RUN", 1, 1, "what a run printed", NULL,
		{"binnacle run log latest", "binnacle run log 7f3a --follow"}, log_options, 0,
		run_log},
	{"run", "stop", "RUN", 1, 1, "end a run: SIGTERM, then SIGKILL after its grace time", NULL,
		{"binnacle run stop 7f3a", "binnacle run stop latest --wait"}, stop_options,
		BN_VERB_DRY_RUN, run_stop},
	{"run", "tag", "RUN KEY=VALUE...", 2, -1, "set tags of a run, or take them off", NULL,
		{"binnacle run tag 7f3a team=ops stage=final",
			"binnacle run tag 7f3a stage --remove"},
		tag_options, 0, run_tag},
	{"run", "note", "RUN TEXT", 2, 2, "write a note on a run; an empty text takes it off", NULL,
		{"binnacle run note 7f3a 'baseline for June'", "binnacle run note 7f3a ''"}, NULL,
		0, run_note},
	{"run", "rm", "RUN...", 1, -1, "move runs to the trash",
		"restore brings them back until gc has freed their bytes.",
		{"binnacle run rm 7f3a", "binnacle run rm 7f3a 81bc --yes"}, NULL, BN_VERB_DRY_RUN,
		run_rm},
	{"run", "restore", "RUN...", 1, -1, "take runs out of the trash", NULL,
		{"binnacle run restore 7f3a", "binnacle run ls --removed"}, NULL, BN_VERB_DRY_RUN,
		run_restore},
	{0},
};
