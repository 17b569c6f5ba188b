/* cmd_queue.c - binnacle queue ls, pause, resume, set; and the runner. */
#include "core/base/process.h"
#include "core/base/str.h"
#include "core/launch/queue.h"
#include "core/launch/queue_runner.h"
#include "core/pipeline/fold_classes.h"
#include "core/track/reconcile.h"
#include "core/track/run.h"
#include "tui/cli/verbs.h"

#include <string.h>

static int open_queue(bn_cli *cli, bn_workspace **ws, bn_err *err)
{
	int rc = bn_cli_workspace(cli, ws, err);
	if (rc < 0 || (rc = bn_workspace_refresh(*ws, NULL, err)) < 0)
		return rc;
	return bn_run_reconcile(*ws, NULL, err);
}

/* ---- ls ------------------------------------------------------------------------------------- */

static const bn_opt ls_options[] = {
	{"all", 'a', NULL, "include queues of other users and hosts"},
	{0},
};

static json_t *amount(int64_t n)
{
	return n > 0 ? json_integer(n) : json_null();
}

static int add_item(
	json_t *items, bn_workspace *ws, const bn_queue *q, const bn_queue_item *item, bn_err *err)
{
	bn_run_info *r = NULL;
	int rc = bn_run_get(&r, ws, item->run, err);
	if (rc < 0)
		return rc;
	json_t *o = json_pack("{so ss ss ss ss? ss? sI so sI}", "position", amount(item->position),
		"id", item->run, "name", r->name, "status", bn_run_status_name(r->status), "title",
		r->title, "reason", item->reason[0] ? item->reason : NULL, "cores",
		(json_int_t)item->cores, "memory_bytes", amount(item->memory_bytes), "queued_ms",
		(json_int_t)item->since_ms);
	bn_run_info_free(r);
	if (!o || json_object_set_new(o, "queue", json_string(q->name)) != 0)
		return bn_err_nomem(err, "a queue");
	return json_array_append_new(items, o) == 0 ? 0 : bn_err_nomem(err, "a queue");
}

static int add_queue(json_t *items, bn_workspace *ws, const bn_queue *q, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < q->count && rc == 0; i++)
		if (!q->items[i].gone)
			rc = add_item(items, ws, q, &q->items[i], err);
	return rc;
}

/* On stderr: for humans; scripts use `queue show`. */
static void say_state(bn_cli *cli, const bn_queue *q)
{
	char memory[BN_FMT], taken[BN_FMT], most[32] = "any number";
	if (!bn_cli_is_text(cli))
		return;
	if (q->limits.at_once > 0)
		snprintf(most, sizeof most, "%lld", (long long)q->limits.at_once);
	bn_cli_note(cli,
		"%s%s: %zu waiting, %lld running; %lld of %lld cores, %s of %s, %s at once",
		q->name, q->paused_ms >= 0 ? " (paused)" : "", q->waiting,
		(long long)q->used.at_once, (long long)q->used.cores, (long long)q->limits.cores,
		bn_fmt_bytes((uint64_t)q->used.memory_bytes, taken),
		bn_fmt_bytes((uint64_t)q->limits.memory_bytes, memory), most);
}

static void warn_of_place(bn_cli *cli, bn_workspace *ws)
{
	bn_err why = BN_ERR_INIT;
	if (bn_queue_check_place(ws, &why) < 0)
		bn_cli_warn(cli, "the queue cannot be used: %s", why.msg);
}

static int queue_ls(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"position", "#", BN_AS_INT}, {"id", "RUN", BN_AS_ID},
		{"name", "NAME", BN_AS_TEXT}, {"status", "STATUS", BN_AS_TEXT},
		{"cores", "CORES", BN_AS_INT}, {"memory_bytes", "MEMORY", BN_AS_BYTES},
		{"queued_ms", "SINCE", BN_AS_AGE}, {"reason", "WAITS BECAUSE", BN_AS_TEXT}, {0}};
	static const bn_col all_cols[] = {{"queue", "QUEUE", BN_AS_GROUP},
		{"position", "#", BN_AS_INT}, {"id", "RUN", BN_AS_ID}, {"name", "NAME", BN_AS_TEXT},
		{"status", "STATUS", BN_AS_TEXT}, {"cores", "CORES", BN_AS_INT},
		{"memory_bytes", "MEMORY", BN_AS_BYTES}, {"queued_ms", "SINCE", BN_AS_AGE},
		{"reason", "WAITS BECAUSE", BN_AS_TEXT}, {0}};
	bool all = bn_cli_flag(cli, "all");
	bn_names names = BN_NAMES_INIT;
	bn_workspace *ws;
	json_t *items = json_array();
	int rc = items ? open_queue(cli, &ws, err) : bn_err_nomem(err, "a queue");
	if (rc < 0 || (rc = bn_queue_wake(ws, bn_cli_program(cli), err)) < 0)
		goto out;
	warn_of_place(cli, ws);
	if ((rc = bn_queue_names(&names, ws, err)) < 0)
		goto out;
	for (size_t i = 0; i < (all ? names.count : 1) && rc == 0; i++) {
		bn_queue *q = NULL;
		if ((rc = bn_queue_read(&q, ws, names.items[i], 0, err)) < 0)
			goto out;
		rc = add_queue(items, ws, q, err);
		if (rc == 0 && i == 0)
			say_state(cli, q);
		bn_queue_free(q);
	}
	if (rc < 0)
		goto out;
	rc = bn_cli_list(cli, json_incref(items), all ? all_cols : cols,
		"nothing waits; queue a run with: binnacle run start --queue ...", err);
out:
	bn_names_release(&names);
	json_decref(items);
	return rc;
}

/* ---- pause, resume, set --------------------------------------------------------------------- */

static int show_queue(bn_cli *cli, bn_workspace *ws, bn_err *err)
{
	static const bn_col fields[] = {{"queue", "queue", BN_AS_TEXT},
		{"paused", "paused", BN_AS_BOOL}, {"waiting", "waiting", BN_AS_INT},
		{"running", "running", BN_AS_INT}, {"cores", "cores", BN_AS_INT},
		{"cores_used", "cores in use", BN_AS_INT}, {"memory_bytes", "memory", BN_AS_BYTES},
		{"memory_bytes_used", "memory in use", BN_AS_BYTES},
		{"at_once", "at once", BN_AS_INT}, {0}};
	bn_queue *q = NULL;
	int rc = bn_workspace_sync(ws, err);
	if (rc < 0 || (rc = bn_queue_wake(ws, bn_cli_program(cli), err)) < 0 ||
		(rc = bn_queue_read(&q, ws, NULL, 0, err)) < 0)
		return rc;
	json_t *o = json_pack("{ss sb so sI sI sI sI so so so sb sb sb}", "queue", q->name,
		"paused", (int)(q->paused_ms >= 0), "paused_ms",
		q->paused_ms >= 0 ? json_integer(q->paused_ms) : json_null(), "waiting",
		(json_int_t)q->waiting, "running", (json_int_t)q->used.at_once, "cores_used",
		(json_int_t)q->used.cores, "memory_bytes_used", (json_int_t)q->used.memory_bytes,
		"cores", amount(q->limits.cores), "memory_bytes", amount(q->limits.memory_bytes),
		"at_once", amount(q->limits.at_once), "cores_set", (int)(q->set.cores > 0),
		"memory_bytes_set", (int)(q->set.memory_bytes > 0), "at_once_set",
		(int)(q->set.at_once > 0));
	bn_queue_free(q);
	return o ? bn_cli_object(cli, o, fields, err) : bn_err_nomem(err, "a queue");
}

static int queue_show(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	int rc = open_queue(cli, &ws, err);
	return rc < 0 ? rc : show_queue(cli, ws, err);
}

static int pause_or_resume(bn_cli *cli, bool paused, bn_err *err)
{
	bn_workspace *ws;
	int rc = open_queue(cli, &ws, err);
	if (rc < 0 || (rc = bn_queue_pause(ws, paused, err)) < 0)
		return rc;
	if (bn_cli_is_text(cli))
		bn_cli_say(cli, paused ? "nothing is started until: binnacle queue resume"
				       : "the queue is running");
	return show_queue(cli, ws, err);
}

static int queue_pause(bn_cli *cli, bn_err *err)
{
	return pause_or_resume(cli, true, err);
}

static int queue_resume(bn_cli *cli, bn_err *err)
{
	return pause_or_resume(cli, false, err);
}

static const bn_opt set_options[] = {
	{"cores", 0, "N", "cores for all running ones; 0: those of this machine"},
	{"memory", 0, "SIZE", "memory for all running ones (16G); 0: that of this machine"},
	{"at-once", 0, "N", "runs at the same time; 0: any number"},
	{0},
};

/* It may be intended (hyper-threads, swap), but rarely is. */
static void warn_of_machine(bn_cli *cli, const bn_queue_amounts *limits)
{
	char asked[BN_FMT], has[BN_FMT];
	int cores = bn_process_cpus();
	int64_t memory = bn_process_machine_bytes();
	if (limits->cores > cores)
		bn_cli_warn(
			cli, "--cores %lld: this machine has %d", (long long)limits->cores, cores);
	if (memory > 0 && limits->memory_bytes > memory)
		bn_cli_warn(cli, "--memory %s: this machine has %s",
			bn_fmt_bytes((uint64_t)limits->memory_bytes, asked),
			bn_fmt_bytes((uint64_t)memory, has));
}

static int queue_set(bn_cli *cli, bn_err *err)
{
	bn_queue_amounts limits = {-1, -1, -1};
	bn_workspace *ws;
	int rc;
	if ((rc = bn_cli_opt_int(cli, "cores", 0, 1 << 20, &limits.cores, err)) < 0 ||
		(rc = bn_cli_opt_bytes(cli, "memory", &limits.memory_bytes, err)) < 0 ||
		(rc = bn_cli_opt_int(cli, "at-once", 0, 1 << 20, &limits.at_once, err)) < 0)
		return rc;
	if (limits.cores < 0 && limits.memory_bytes < 0 && limits.at_once < 0)
		return bn_err_set(
			err, BN_EINVAL, "nothing to set: give --cores, --memory or --at-once");
	warn_of_machine(cli, &limits);
	if ((rc = open_queue(cli, &ws, err)) < 0 || (rc = bn_queue_set(ws, &limits, err)) < 0)
		return rc;
	return show_queue(cli, ws, err);
}

/* ---- the runner ----------------------------------------------------------------------------- */

static int queue_run(bn_cli *cli, bn_err *err)
{
	return bn_queue_run(
		bn_cli_env(cli), bn_fold_classes, bn_cli_start_dir(cli), bn_cli_program(cli), err);
}

const bn_verb bn_verbs_queue[] = {
	{"queue", "ls", "", 0, 0, "runs waiting on this host, and why",
		"In the order in which they will start: first in, first out. If the first does "
		"not\n"
		"fit beside the running ones, those after it wait too. `binnacle run stop` cancels "
		"one.",
		{"binnacle queue ls", "binnacle queue ls --all --json"}, ls_options, BN_VERB_LISTS,
		queue_ls},
	{"queue", "show", "", 0, 0, "limits of the queue, and current use", NULL,
		{"binnacle queue show", "binnacle queue show --json"}, NULL, 0, queue_show},
	{"queue", "pause", "", 0, 0, "start no more runs; running ones continue", NULL,
		{"binnacle queue pause", "binnacle queue resume"}, NULL, 0, queue_pause},
	{"queue", "resume", "", 0, 0, "start runs again", NULL,
		{"binnacle queue resume", "binnacle queue ls"}, NULL, 0, queue_resume},
	{"queue", "set", "", 0, 0, "limits on concurrent runs",
		"Limits apply to this user on this host, in this workspace. They count runs "
		"started by\n"
		"the queue; a run requests with `run start --queue --cores N --memory SIZE`.",
		{"binnacle queue set --cores 8 --memory 32G", "binnacle queue set --at-once 2"},
		set_options, 0, queue_set},
	{"queue", "run", "", 0, 0, "start queued runs until none waits (internal)",
		"Started by the command that queues a run; a second one ends at once.",
		{"binnacle queue run", "binnacle queue ls"}, NULL,
		BN_VERB_HIDDEN | BN_VERB_UNJUDGED, queue_run},
	{0},
};
