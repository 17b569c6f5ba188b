/* cmd_run.c - binnacle run ls, watch, log, stop, tag, note, rm, restore. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/launch/executor.h"
#include "core/launch/launch.h"
#include "core/launch/queue.h"
#include "core/run/run_log.h"
#include "core/run/runlog.h"
#include "core/track/admit.h"
#include "core/track/query.h"
#include "core/track/reconcile.h"
#include "core/track/run.h"
#include "tui/cli/run_follow.h"
#include "tui/cli/store.h"
#include "tui/cli/verbs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* ---- ls ------------------------------------------------------------------------------------- */

static const bn_opt ls_options[] = {
	{"filter", 'f', "FILTER", "such as: metrics.test_rmse < 3 AND params.alpha = 0.1"},
	{"experiment", 'e', "NAME", "runs of this experiment"},
	{"sort", 's', "FIELDS", "such as: -metrics.test_rmse,created"},
	{"columns", 'c', "FIELDS", "such as: params.alpha,best(loss),last(loss)"},
	{"limit", 'n', "N", "at most this many (1000)"},
	{"offset", 0, "N", "skip the first N"},
	{"removed", 0, NULL, "those in the trash"},
	{0},
};

static json_t *cell_json(const bn_cell *c)
{
	if (c->kind == BN_CELL_NUMBER && isnan(c->number))
		return json_string("nan");
	if (c->kind == BN_CELL_NUMBER && isinf(c->number))
		return json_string(c->number > 0 ? "inf" : "-inf");
	if (c->kind == BN_CELL_NUMBER)
		return json_real(c->number);
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

/* *list is yours; its texts point into copy. */
static int split_fields(char *copy, const char ***list, size_t *count, bn_err *err)
{
	size_t cap = 0;
	*list = NULL;
	*count = 0;
	for (char *rest = copy, *field; (field = bn_run_field_next(&rest));) {
		if (!*field)
			continue;
		if (bn_grow(list, &cap, *count + 1, sizeof **list) != 0)
			return bn_err_nomem(err, "columns");
		(*list)[(*count)++] = field;
	}
	return 0;
}

/* text is a buffer for messages with a name. */
static const char *empty_text(
	bn_workspace *ws, const bn_run_query *q, char *text, size_t size)
{
	bn_err why = BN_ERR_INIT;
	if (q->offset > 0)
		return "no run after the --offset: there are fewer";
	if (q->filter && bn_run_filter_absent(ws, q->filter, &why) == BN_ENOTFOUND) {
		snprintf(text, size, "no run matches: %.120s; %.70s", why.msg, why.hint);
		return text;
	}
	if (q->filter)
		return "no run matches";
	if (q->experiment)
		snprintf(text, size, "no runs%s of experiment '%.128s'",
			q->removed ? " in the trash" : "", q->experiment);
	else
		snprintf(text, size, "%s",
			q->removed ? "the trash is empty"
				   : "no runs yet; start one with: binnacle run start ...");
	return text;
}

/* Whether some run of the list has a value of the field. Those that have one come first where it sorts, and
 * the first row of a list is found without reading the others. */
static int has_any(
	bool *out, bn_workspace *ws, const bn_run_query *q, const char *field, bn_err *err)
{
	bn_run_page *first = NULL;
	const char *const columns[] = {field};
	bn_run_query having = {.experiment = q->experiment,
		.removed = q->removed,
		.sort = field,
		.columns = columns,
		.column_count = 1,
		.limit = 1};
	int rc = bn_run_query_page(&first, ws, &having, err);
	if (rc >= 0)
		*out = first->count > 0 && first->rows[0].cells[0].kind != BN_CELL_ABSENT;
	bn_run_page_free(first);
	return rc;
}

/* The field of a sort key, without its sign and the words after it. */
static const char *sorted_field(char *key)
{
	key += strspn(key, " \t+-");
	size_t n = strlen(key);
	while (n && (key[n - 1] == ' ' || key[n - 1] == '\t'))
		key[--n] = '\0';
	if (n > 5 && !strcasecmp(key + n - 5, " desc"))
		key[n - 5] = '\0';
	else if (n > 4 && !strcasecmp(key + n - 4, " asc"))
		key[n - 4] = '\0';
	return key;
}

/* A field that no run has cannot sort: reports that, instead of showing runs in some order. */
static int warn_of_sort(bn_cli *cli, bn_workspace *ws, const bn_run_query *q, bn_err *err)
{
	char *copy = bn_strdup(q->sort ? q->sort : ""), *rest = copy, *key;
	int rc = copy ? 0 : bn_err_nomem(err, "a sort");
	while (rc >= 0 && (key = bn_run_field_next(&rest))) {
		const char *field = sorted_field(key);
		bool has = !field[0];
		if (!has && (rc = has_any(&has, ws, q, field, err)) >= 0 && !has)
			bn_cli_warn(cli, "no run has %s: cannot sort by it", field);
	}
	bn_free(copy);
	return rc;
}

static int show_page(bn_cli *cli, bn_workspace *ws, const bn_run_page *page, const bn_run_query *q,
	bn_err *err)
{
	static const bn_col fixed[] = {{"id", "RUN", BN_AS_ID}, {"name", "NAME", BN_AS_TEXT},
		{"status", "STATUS", BN_AS_TEXT}, {"experiment", "EXPERIMENT", BN_AS_GROUP},
		{"title", "RUNS", BN_AS_LONG}, {"duration_ns", "TIME", BN_AS_DURATION},
		{"created_ms", "CREATED", BN_AS_TIME_MS}};
	size_t n = sizeof fixed / sizeof *fixed;
	char empty[240];
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
		rc = bn_cli_list(cli, items, cols, empty_text(ws, q, empty, sizeof empty), err);
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
		rc = bn_cli_open_runs(cli, &ws, NULL, NULL, err);
	if (rc == 0)
		rc = bn_run_query_page(&page, ws, &q, err);
	if (rc == 0)
		rc = show_page(cli, ws, page, &q, err);
	if (rc >= 0 && page->total > 0)
		rc = warn_of_sort(cli, ws, &q, err);
	bn_run_page_free(page);
	bn_free(columns);
	bn_free(copy);
	return rc;
}

/* ---- watch, log, stop ----------------------------------------------------------------------- */

static int run_watch(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	char id[BN_RUN_ID_TEXT];
	int rc = bn_cli_open_runs(cli, &ws, bn_cli_arg(cli, 0), id, err);
	bn_cli_begin_text(cli);
	return rc == 0 ? bn_run_follow(cli, ws, id, BN_FOLLOW_LOG | BN_FOLLOW_METRICS, err) : rc;
}

static const bn_opt log_options[] = {
	{"follow", 'f', NULL, "continue until the run ends"},
	{"raw", 0, NULL, "unchanged bytes, even to a terminal, which they may control"},
	{0},
};

/* A run that never started printed nothing, which is not a missing file. */
static int open_log(bn_run_log *log, bn_workspace *ws, const char *id, bn_err *err)
{
	bn_run_info *r = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_run_get(&r, ws, id, err);
	if (rc < 0)
		return rc;
	rc = bn_run_log_open(log, ws, id, r->uid, &why);
	if (rc != BN_ENOTFOUND) {
		rc = rc < 0 ? bn_err_move(err, &why) : rc;
	} else if (r->started_ms >= 0) {
		rc = bn_err_move(err, &why);
	} else {
		rc = bn_err_set(err, BN_ENOTFOUND,
			"run %.8s (%s) has printed nothing: it is %s, and never started", id,
			r->name ? r->name : "-", bn_run_status_name(r->status));
		if (bn_run_status_is_live(r->status))
			bn_err_hint(err, "binnacle run log %.8s --follow waits for it", id);
	}
	bn_run_info_free(r);
	return rc;
}

static int run_log(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	bn_run_log log;
	char id[BN_RUN_ID_TEXT];
	uint64_t at = 0;
	int rc = bn_cli_open_runs(cli, &ws, bn_cli_arg(cli, 0), id, err);
	unsigned raw = bn_cli_flag(cli, "raw") ? BN_FOLLOW_RAW : 0;
	bn_cli_begin_text(cli);
	if (rc == 0 && bn_cli_flag(cli, "follow"))
		return bn_run_follow(cli, ws, id, BN_FOLLOW_LOG | raw, err);
	if (rc < 0 || (rc = open_log(&log, ws, id, err)) < 0)
		return rc;
	rc = bn_run_log_show(cli, &log, &at, true, raw, err);
	bn_run_log_close(&log);
	return rc;
}

static const bn_opt stop_options[] = {
	{"wait", 'w', NULL, "wait until it ends, at most a minute beyond its grace time"},
	{0},
};

static int stop_one(bn_cli *cli, bn_workspace *ws, const char *id, bn_err *err)
{
	static const char *const words[] = {
		[BN_CANCEL_ASKED] = "asked to end; it will notice at its next heartbeat",
		[BN_CANCEL_SIGNALLED] = "asked to end",
		[BN_CANCEL_DONE] = "cancelled, before it had started"};
	bn_cancel how = BN_CANCEL_ASKED;
	bn_run_info *r = NULL;
	int rc = bn_run_get(&r, ws, id, err);
	if (rc < 0)
		return rc;
	if (!bn_run_status_is_live(r->status))
		rc = bn_err_set(err, BN_ECONFLICT, "run %.8s is %s already", id,
			bn_run_status_name(r->status));
	bn_run_info_free(r);
	if (rc < 0 || (!bn_cli_dry_run(cli) && (rc = bn_launch_stop(ws, id, &how, err)) < 0))
		return rc;
	bn_cli_say(cli, "run %.8s: %s", id, bn_cli_dry_run(cli) ? "would be stopped" : words[how]);
	return 0;
}

static int wait_for_end(bn_cli *cli, bn_workspace *ws, const char *id, bn_err *err)
{
	bn_err end = BN_ERR_INIT;
	int rc = bn_run_follow(cli, ws, id, BN_FOLLOW_QUIET | BN_FOLLOW_STOPPING, &end);
	return rc < 0 && rc != BN_EFAILED ? bn_err_move(err, &end) : 0;
}

/* All are found before the first is asked to end. If one refuses, the others are still asked; the status
 * is that of the first refusal. */
static int run_stop(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	int n = bn_cli_nargs(cli), rc = 0, first = 0;
	char(*ids)[BN_RUN_ID_TEXT] = bn_alloc_zeroed((size_t)n, sizeof *ids);
	bool wait = bn_cli_flag(cli, "wait") && !bn_cli_dry_run(cli);
	if (!ids)
		return bn_err_nomem(err, "runs");
	for (int i = 0; i < n; i++)
		if ((rc = bn_cli_open_runs(cli, &ws, bn_cli_arg(cli, i), ids[i], err)) < 0) {
			if (n > 1)
				bn_err_prefix(err, "none was stopped");
			goto out;
		}
	for (int i = 0; i < n; i++) {
		bn_err why = BN_ERR_INIT;
		rc = stop_one(cli, ws, ids[i], &why);
		if (rc < 0 && first < 0)
			bn_cli_warn(cli, "%s", why.msg);
		if (rc < 0 && first == 0)
			first = bn_err_move(err, &why);
	}
	for (int i = 0; wait && first == 0 && i < n; i++)
		if ((rc = wait_for_end(cli, ws, ids[i], err)) < 0)
			goto out;
	rc = first;
out:
	bn_free(ids);
	return rc;
}

/* ---- tag, note, rm, restore ----------------------------------------------------------------- */

static const bn_opt tag_options[] = {
	{"remove", 0, NULL, "remove the tags: KEY... instead of KEY=VALUE..."},
	{0},
};

static int tag_one(bn_cli *cli, bn_workspace *ws, const char *id, const char *text, bn_err *err)
{
	const char *eq = strchr(text, '=');
	bool take_off = bn_cli_flag(cli, "remove");
	if (!take_off && (!eq || eq == text))
		return bn_err_set(err, BN_EINVAL, "'%s': KEY=VALUE is wanted", text);
	char *key = take_off ? bn_strdup(text) : bn_strndup(text, (size_t)(eq - text));
	const char *value = take_off ? NULL : eq + 1;
	bn_mirror *m = bn_cli_mirror(cli);
	if (!key)
		return bn_err_nomem(err, "a tag");
	int rc = m ? bn_mirror_tag(m, id, key, value, err) : bn_runlog_tag(ws, id, key, value, err);
	bn_free(key);
	return rc;
}

static int run_tag(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	char id[BN_RUN_ID_TEXT];
	int rc = bn_cli_open_runs(cli, &ws, bn_cli_arg(cli, 0), id, err);
	if (rc < 0 || (!bn_cli_mirror(cli) && (rc = bn_run_admits_act(ws, id, BN_ACT_TAG, err)) < 0))
		return rc;
	for (int i = 1; i < bn_cli_nargs(cli); i++)
		if ((rc = tag_one(cli, ws, id, bn_cli_arg(cli, i), err)) < 0)
			return rc;
	return bn_workspace_sync(ws, err);
}

static int run_note(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	char id[BN_RUN_ID_TEXT];
	int rc = bn_cli_open_runs(cli, &ws, bn_cli_arg(cli, 0), id, err);
	if (rc >= 0 && bn_cli_mirror(cli))
		return bn_mirror_note(bn_cli_mirror(cli), id, bn_cli_arg(cli, 1), err);
	if (rc < 0 || (rc = bn_run_admits_act(ws, id, BN_ACT_TAG, err)) < 0)
		return rc;
	if ((rc = bn_runlog_note(ws, id, bn_cli_arg(cli, 1), err)) < 0)
		return rc;
	return bn_workspace_sync(ws, err);
}

static int change(bn_cli *cli, bn_workspace *ws, const bn_run_info *r, bool removed, bn_err *err)
{
	bn_mirror *m = bn_cli_mirror(cli);
	int rc = m ? 0 : bn_run_admits_act(ws, r->id, BN_ACT_REMOVE, err);
	if (rc < 0 || (!m && (rc = bn_run_admits_trash(r, removed, err)) < 0) || bn_cli_dry_run(cli))
		return rc;
	if (removed && (rc = bn_cli_confirm(
				cli, err, "Move run %.8s (%s) to the trash?", r->id, r->name)) < 0)
		return rc;
	if (m)
		return bn_mirror_remove(m, r->id, removed, err);
	if ((rc = removed ? bn_runlog_removed(ws, r->id, err)
			  : bn_runlog_restored(ws, r->id, err)) < 0)
		return rc;
	return bn_workspace_sync(ws, err);
}

static int change_one(bn_cli *cli, const char *name, bool removed, bn_err *err)
{
	bn_workspace *ws;
	bn_run_info *r = NULL;
	char id[BN_RUN_ID_TEXT];
	int rc = bn_cli_open_runs(cli, &ws, name, id, err);
	if (rc < 0 || (rc = bn_run_get(&r, ws, id, err)) < 0)
		return rc;
	if ((rc = change(cli, ws, r, removed, err)) < 0)
		goto out;
	bn_cli_say(cli, "run %.8s (%s) %s%s", id, r->name, bn_cli_dry_run(cli) ? "would be " : "",
		removed ? "moved to the trash; binnacle run restore restores it" : "restored");
out:
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
		"Filters support AND OR NOT ( ) = != < <= > >= ~ LIKE ILIKE IN BETWEEN IS NULL "
		"over\n"
		"params.K, metrics.K, tags.K, best(K), last(K), min(K), max(K), mean(K), count(K) "
		"and\n"
		"id, name, experiment, status, user, title, host, dataset, created, started,\n"
		"finished, duration, exit_code, rss. A name without a prefix is looked up.",
		{"binnacle run ls --filter \"status = FINISHED AND metrics.test_rmse < 3\"",
			"binnacle run ls --sort metrics.test_rmse --columns "
			"params.alpha,metrics.test_rmse",
			"binnacle run ls --filter \"created > '2h'\" --json"},
		ls_options, BN_VERB_LISTS | BN_VERB_REMOTE | BN_VERB_REMOTE_READS, run_ls},
	{"run", "watch", "RUN", 1, 1, "follow a run: its output and metrics", NULL,
		{"binnacle run watch latest", "binnacle run watch 7f3a"}, NULL, 0, run_watch},
	{"run", "log", "RUN", 1, 1, "output of a run", NULL,
		{"binnacle run log latest", "binnacle run log 7f3a --follow"}, log_options, 0,
		run_log},
	{"run", "stop", "RUN...", 1, -1, "end runs: SIGTERM, then SIGKILL after the grace time",
		"One that waits in the queue is cancelled: it does not start.",
		{"binnacle run stop 7f3a", "binnacle run stop 7f3a 81bc --wait"}, stop_options,
		BN_VERB_DRY_RUN, run_stop},
	{"run", "tag", "RUN KEY=VALUE...", 2, -1, "set or remove tags of a run", NULL,
		{"binnacle run tag 7f3a team=ops stage=final",
			"binnacle run tag 7f3a stage --remove"},
		tag_options, BN_VERB_REMOTE, run_tag},
	{"run", "note", "RUN TEXT", 2, 2, "write a note on a run; an empty text removes it", NULL,
		{"binnacle run note 7f3a 'baseline for June'", "binnacle run note 7f3a ''"}, NULL,
		BN_VERB_REMOTE, run_note},
	{"run", "rm", "RUN...", 1, -1, "move runs to the trash",
		"They can be restored until gc has freed their bytes.",
		{"binnacle run rm 7f3a", "binnacle run rm 7f3a 81bc --yes"}, NULL,
		BN_VERB_DRY_RUN | BN_VERB_REMOTE, run_rm},
	{"run", "restore", "RUN...", 1, -1, "restore runs from the trash", NULL,
		{"binnacle run restore 7f3a", "binnacle run ls --removed"}, NULL,
		BN_VERB_DRY_RUN | BN_VERB_REMOTE, run_restore},
	{0},
};
