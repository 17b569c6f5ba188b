/* cmd_run.c - binnacle run watch, log, stop, tag, note, rm, restore. */
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
#include "tui/cli/run_ls.h"
#include "tui/cli/store.h"
#include "tui/cli/verbs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

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
	bn_mirror *m = bn_cli_mirror(cli);
	const char *value;
	char *key = NULL;
	int rc = bn_cli_tag(&key, &value, text, bn_cli_flag(cli, "remove"), err);
	if (rc >= 0)
		rc = m ? bn_mirror_tag(m, id, key, value, err) : bn_runlog_tag(ws, id, key, value, err);
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
		"IS NAN over\n"
		"params.K, metrics.K, tags.K, best(K), last(K), min(K), max(K), mean(K), count(K), "
		"at(K, STEP) and\n"
		"id, name, experiment, status, user, title, host, dataset, created, started,\n"
		"finished, duration, exit_code, rss, starred, parent, ... A name without a prefix is "
		"looked up.\n"
		"--out writes all of them with every metric and parameter, unless --limit and --columns "
		"say less. Without --columns, --json has the params, metrics (last values) and tags of "
		"each\n"
		"run, for up to 10 000 runs.",
		{"binnacle run ls --filter \"status = FINISHED AND metrics.test_rmse < 3\" --sort "
		 "metrics.test_rmse",
			"binnacle run ls --group params.lr --columns metrics.test_rmse --aggregate "
			"mean,std,median",
			"binnacle run ls --filter \"created > 'last monday'\" --out runs.parquet"},
		bn_run_ls_options, BN_VERB_LISTS | BN_VERB_REMOTE | BN_VERB_REMOTE_READS,
		bn_run_ls},
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
