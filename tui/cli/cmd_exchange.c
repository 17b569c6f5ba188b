/* cmd_exchange.c - binnacle run import, export, sync: runs from other trackers and to them. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/exchange/exchange.h"
#include "core/track/query.h"
#include "tui/cli/run_follow.h"
#include "tui/cli/verbs.h"

#include <string.h>

/* clang-format off */
#define SERVER_OPTS \
	{"token-file", 0, "FILE", "a file of mode 0600 with a token, or user:password, for a server"}, \
	{"ca-file", 0, "FILE", "trust the certificate authorities in FILE (PEM) instead of the system's"}, \
	{"plain-http", 0, NULL, "send credentials over http to another machine: they can be read on the way"}
/* clang-format on */

static bool goes_on(void *user)
{
	(void)user;
	return !bn_cli_interrupted();
}

static bn_mlflow_access access_of(bn_cli *cli)
{
	return (bn_mlflow_access){.token_file = bn_cli_opt(cli, "token-file"),
		.ca_file = bn_cli_opt(cli, "ca-file"),
		.plain_http = bn_cli_flag(cli, "plain-http"),
		.goes_on = goes_on};
}

/* The values of an option that may be repeated; yours. */
static int values_of(
	const char ***out, size_t *count, const bn_cli *cli, const char *name, bn_err *err)
{
	size_t n = 0;
	while (bn_cli_opt_nth(cli, name, n))
		n++;
	*out = bn_alloc_zeroed(n + 1, sizeof **out);
	if (!*out)
		return bn_err_nomem(err, "options");
	for (size_t i = 0; i < n; i++)
		(*out)[i] = bn_cli_opt_nth(cli, name, i);
	*count = n;
	return 0;
}

/* "runs" counts, not bytes. */
static bool report_runs(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	bn_cli_progress(ctx, what, done, total, "runs");
	return !bn_cli_interrupted();
}

static void say_left_out(bn_cli *cli, const bn_exchange_report *r)
{
	char count[BN_FMT];
	for (size_t i = 0; i < r->note_count; i++) {
		const bn_exchange_note *n = &r->notes[i];
		bn_cli_note(cli, "%s: %s %s: %s (%s%s)", n->unreadable ? "not read" : "not kept",
			bn_fmt_count((uint64_t)n->count, count), n->what, n->why,
			n->count > 1 ? "the first: " : "", n->where);
	}
}

static int show(bn_cli *cli, const bn_exchange_report *r, const bn_col *fields, const char *doing,
	bn_err *err)
{
	json_t *o = bn_exchange_report_json(r);
	int rc = o ? bn_cli_object(cli, o, fields, err) : bn_err_nomem(err, "the result");
	if (rc < 0)
		return rc;
	if (!bn_cli_is_json(cli))
		say_left_out(cli, r);
	if (!r->unreadable)
		return 0;
	bn_err_set(err, BN_EFAILED, "%lld things could not be %s", (long long)r->unreadable, doing);
	bn_err_hint(err, "what else there was is done; 'left_out' of --json lists them");
	return BN_EFAILED;
}

/* ---- import ----------------------------------------------------------------------------------- */

static const bn_col import_fields[] = {
	{"source", "source", BN_AS_TEXT},
	{"runs", "runs", BN_AS_COUNT},
	{"runs_new", "  new", BN_AS_COUNT},
	{"runs_grown", "  completed", BN_AS_COUNT},
	{"runs_same", "  unchanged", BN_AS_COUNT},
	{"experiments", "experiments", BN_AS_COUNT},
	{"params", "parameters", BN_AS_COUNT},
	{"points", "points", BN_AS_COUNT},
	{"tags", "tags", BN_AS_COUNT},
	{"inputs", "inputs and outputs", BN_AS_COUNT},
	{"artifacts", "artifacts", BN_AS_COUNT},
	{"artifact_bytes", "  bytes", BN_AS_BYTES},
	{"logged_models", "logged models", BN_AS_COUNT},
	{"versions", "model versions", BN_AS_COUNT},
	{0},
};

static const bn_opt import_options[] = {
	{"experiment", 'e', "NAME", "put every run into this experiment"},
	{"only", 0, "NAME",
		"name or id of an experiment, a run or a model; the others are skipped (may be repeated)"},
	{"artifact-root", 0, "DIR",
		"artifacts outside of the source may be read below DIR (may be repeated)"},
	{"no-artifacts", 0, NULL, "skip files"},
	SERVER_OPTS,
	{0},
};

static int run_import(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	bn_exchange_report report = BN_EXCHANGE_REPORT_INIT;
	const char **only = NULL, **roots = NULL;
	bn_mlflow_access access = access_of(cli);
	const bn_progress progress = {report_runs, cli};
	bn_import_options o = {.experiment = bn_cli_opt(cli, "experiment"),
		.no_artifacts = bn_cli_flag(cli, "no-artifacts"),
		.dry_run = bn_cli_dry_run(cli),
		.access = &access,
		.progress = &progress};
	int rc;
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = values_of(&only, &o.only_count, cli, "only", err)) < 0 ||
		(rc = values_of(&roots, &o.artifact_root_count, cli, "artifact-root", err)) < 0)
		goto out;
	o.only = only;
	o.artifact_roots = roots;
	rc = bn_import(&report, ws, bn_cli_arg(cli, 0), &o, err);
	bn_cli_progress_end(cli);
	if (rc >= 0)
		rc = show(cli, &report, import_fields, "read", err);
	else if (!bn_cli_is_json(cli))
		say_left_out(cli, &report);
out:
	bn_free(only);
	bn_free(roots);
	bn_exchange_report_release(&report);
	return rc;
}

/* ---- export, sync ------------------------------------------------------------------------------ */

static const bn_col export_fields[] = {
	{"source", "target", BN_AS_TEXT},
	{"runs", "runs", BN_AS_COUNT},
	{"runs_new", "  new", BN_AS_COUNT},
	{"runs_grown", "  completed", BN_AS_COUNT},
	{"runs_same", "  unchanged", BN_AS_COUNT},
	{"experiments", "experiments", BN_AS_COUNT},
	{"params", "parameters", BN_AS_COUNT},
	{"points", "points", BN_AS_COUNT},
	{"tags", "tags", BN_AS_COUNT},
	{"inputs", "inputs and outputs", BN_AS_COUNT},
	{"artifacts", "artifacts", BN_AS_COUNT},
	{"artifact_bytes", "  bytes", BN_AS_BYTES},
	{0},
};

static int export_ids(bn_cli *cli, bn_workspace *ws, const char *const *ids, size_t count,
	const char *to, bool only_news, bn_err *err)
{
	bn_exchange_report report = BN_EXCHANGE_REPORT_INIT;
	bn_mlflow_access access = access_of(cli);
	const bn_progress progress = {report_runs, cli};
	const bn_export_options o = {.no_artifacts = bn_cli_flag(cli, "no-artifacts"),
		.dry_run = bn_cli_dry_run(cli),
		.only_news = only_news,
		.access = &access,
		.progress = &progress};
	int rc = bn_export(&report, ws, ids, count, to, &o, err);
	bn_cli_progress_end(cli);
	if (rc >= 0)
		rc = show(cli, &report, export_fields, "sent", err);
	else if (!bn_cli_is_json(cli))
		say_left_out(cli, &report);
	bn_exchange_report_release(&report);
	return rc;
}

static const bn_opt export_options[] = {
	{"to", 0, "TARGET", "an MLflow directory (mlruns) or a server (http://HOST:PORT)"},
	{"no-artifacts", 0, NULL, "skip files"},
	SERVER_OPTS,
	{0},
};

static int run_export(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	size_t count = (size_t)bn_cli_nargs(cli);
	char(*ids)[BN_RUN_ID_TEXT] = bn_alloc_zeroed(count + 1, sizeof *ids);
	const char **list = bn_alloc_zeroed(count + 1, sizeof *list);
	const char *to = bn_cli_opt(cli, "to");
	int rc = ids && list ? 0 : bn_err_nomem(err, "runs");
	if (rc < 0)
		goto out;
	if (!to) {
		rc = bn_err_set(err, BN_EINVAL, "--to is missing: an MLflow directory or a server");
		goto out;
	}
	for (size_t i = 0; i < count; i++) {
		if ((rc = bn_cli_open_runs(cli, &ws, bn_cli_arg(cli, (int)i), ids[i], err)) < 0)
			goto out;
		list[i] = ids[i];
	}
	rc = export_ids(cli, ws, list, count, to, false, err);
out:
	bn_free(ids);
	bn_free(list);
	return rc;
}

static const bn_opt sync_options[] = {
	{"filter", 'f', "FILTER", "runs that match, as of run ls"},
	{"experiment", 'e', "NAME", "runs of this experiment"},
	{"no-artifacts", 0, NULL, "skip files"},
	SERVER_OPTS,
	{0},
};

static int run_sync(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	bn_run_page *page = NULL;
	const char **list = NULL;
	const bn_run_query q = {.filter = bn_cli_opt(cli, "filter"),
		.experiment = bn_cli_opt(cli, "experiment"),
		.sort = "created",
		.limit = INT64_MAX / 2};
	int rc = bn_cli_open_runs(cli, &ws, NULL, NULL, err);
	if (rc < 0 || (rc = bn_run_query_page(&page, ws, &q, err)) < 0)
		goto out;
	if (!(list = bn_alloc_zeroed(page->count + 1, sizeof *list))) {
		rc = bn_err_nomem(err, "runs");
		goto out;
	}
	for (size_t i = 0; i < page->count; i++)
		list[i] = page->rows[i].id;
	rc = export_ids(cli, ws, list, page->count, bn_cli_arg(cli, 0), true, err);
out:
	bn_free(list);
	bn_run_page_free(page);
	return rc;
}

const bn_verb bn_verbs_exchange[] = {
	{"run", "import", "SOURCE", 1, 1, "bring runs from another tracker",
		"SOURCE is an MLflow directory (mlruns), database (mlflow.db) or server "
		"(http://HOST:PORT),\n"
		"a W&B directory (wandb, or one run in it) or a directory of TensorBoard's event "
		"files. It is\n"
		"recognised by what is in it. Ids and times are kept; a second import adds only "
		"what is new.\n"
		"Credentials: MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and "
		"MLFLOW_TRACKING_PASSWORD.",
		{"binnacle run import mlruns",
			"binnacle run import http://localhost:5000 --only vision --dry-run"},
		import_options, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_import},
	{"run", "export", "RUN...", 1, -1, "send runs to another tracker",
		"TARGET is an MLflow directory, where runs keep their ids, or a server, which "
		"chooses ids: a run is\n"
		"found again there by its tag binnacle.run_id. What is there already is not sent "
		"again.",
		{"binnacle run export 7f3a --to mlruns",
			"binnacle run export 7f3a 81bc --to http://localhost:5000"},
		export_options, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_export},
	{"run", "sync", "TARGET", 1, 1, "send what is new to another tracker",
		"All runs, or those that match, as run export does. Runs that are as they were "
		"when they were last\n"
		"sent are skipped without asking TARGET, so that work without a network is sent "
		"later in one go.",
		{"binnacle run sync http://localhost:5000",
			"binnacle run sync mlruns --filter \"status = FINISHED\""},
		sync_options, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_sync},
	{0},
};
