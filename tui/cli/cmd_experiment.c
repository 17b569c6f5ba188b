/* cmd_experiment.c - binnacle experiment: the groups that runs belong to. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/rights.h"
#include "core/track/experiment.h"
#include "tui/cli/store.h"
#include "tui/cli/verbs.h"

#include <string.h>

static json_t *tags_json(const bn_pairs *tags)
{
	json_t *o = json_object();
	for (size_t i = 0; i < tags->count; i++)
		json_object_set_new(o, tags->items[i].key, json_string(tags->items[i].value));
	return o;
}

static json_t *experiment_json(const bn_experiment *e)
{
	return json_pack("{ss ss sI ss? ss? so so ss? sb so}", "name", e->name, "id", e->id, "runs",
		(json_int_t)e->runs, "note", e->note, "user", e->user, "created_ms",
		e->created_ms >= 0 ? json_integer(e->created_ms) : json_null(), "updated_ms",
		e->updated_ms >= 0 ? json_integer(e->updated_ms) : json_null(), "artifact_location",
		e->artifact_location, "removed", (int)e->removed, "tags", tags_json(&e->tags));
}

static int open_index(bn_cli *cli, bn_workspace **ws, bn_err *err)
{
	int rc = bn_cli_workspace(cli, ws, err);
	if (rc >= 0 && bn_cli_mirror(cli)) /* all runs: they are counted */
		return bn_cli_pull_runs(cli, err);
	return rc < 0 ? rc : bn_workspace_refresh(*ws, NULL, err);
}

/* By its present name, else by its id. *out is yours. */
static int find(bn_experiment **out, bn_cli *cli, bn_workspace **ws, bn_err *err)
{
	const char *word = bn_cli_arg(cli, 0);
	bn_err why = BN_ERR_INIT;
	int rc = open_index(cli, ws, err);
	if (rc < 0)
		return rc;
	rc = bn_experiment_by_name(out, *ws, word, &why);
	if (rc == BN_ENOTFOUND && bn_experiment_by_id(out, *ws, word, NULL) == 0)
		return 0;
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

/* ---- ls, show ------------------------------------------------------------------------------- */

static const bn_opt ls_options[] = {
	{"removed", 0, NULL, "those in the trash"},
	{"all", 0, NULL, "those in the trash as well"},
	{0},
};

static int run_ls(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"name", "EXPERIMENT", BN_AS_TEXT}, {"runs", "RUNS", BN_AS_COUNT},
		{"created_ms", "CREATED", BN_AS_TIME_MS}, {"id", "ID", BN_AS_WHOLE},
		{"note", "NOTE", BN_AS_WORDS}, {0}};
	bool removed = bn_cli_flag(cli, "removed");
	bn_experiment_view view = bn_cli_flag(cli, "all") ? BN_EXPERIMENTS_ALL
				  : removed		  ? BN_EXPERIMENTS_REMOVED
							  : BN_EXPERIMENTS_ACTIVE;
	bn_experiments l = BN_EXPERIMENTS_INIT;
	bn_workspace *ws = NULL;
	int rc = open_index(cli, &ws, err);
	if (rc >= 0)
		rc = bn_experiment_list(&l, ws, view, err);
	if (rc >= 0) {
		json_t *items = json_array();
		for (size_t i = 0; i < l.count; i++)
			json_array_append_new(items, experiment_json(&l.items[i]));
		rc = bn_cli_list(cli, items, cols,
			removed ? "no experiment is in the trash" : "no experiments yet", err);
	}
	bn_experiments_release(&l);
	return rc;
}

static int run_show(bn_cli *cli, bn_err *err)
{
	static const bn_col fields[] = {{"name", "experiment", BN_AS_TEXT}, {"id", "id", BN_AS_WHOLE},
		{"runs", "runs", BN_AS_COUNT}, {"user", "user", BN_AS_TEXT},
		{"created_ms", "created", BN_AS_TIME_MS}, {"updated_ms", "changed", BN_AS_TIME_MS},
		{"artifact_location", "artifacts", BN_AS_WHOLE}, {"note", "note", BN_AS_WORDS},
		{"removed", "in the trash", BN_AS_BOOL}, {"tags", "tags", BN_AS_WORDS}, {0}};
	bn_experiment *e = NULL;
	bn_workspace *ws = NULL;
	int rc = find(&e, cli, &ws, err);
	if (rc >= 0)
		rc = bn_cli_object(cli, experiment_json(e), fields, err);
	bn_experiment_free(e);
	return rc;
}

/* ---- changing ------------------------------------------------------------------------------- */

/* Whether an experiment has that name; then BN_ECONFLICT. */
static int need_free(bn_workspace *ws, const char *name, bn_err *err)
{
	bn_experiment *e = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = bn_experiment_by_name(&e, ws, name, &why);
	if (rc == BN_ENOTFOUND)
		return 0;
	if (rc < 0)
		return bn_err_move(err, &why);
	rc = bn_err_set(err, BN_ECONFLICT, "there is an experiment '%.128s'%s", e->name,
		e->removed ? ", in the trash" : "");
	if (e->removed)
		bn_err_hint(err, "binnacle experiment restore %.128s", e->id);
	bn_experiment_free(e);
	return rc;
}

static const bn_opt create_options[] = {
	{"note", 0, "TEXT", "what it is for"},
	{"artifact-location", 0, "URI", "where clients of `binnacle server` put artifacts (the server)"},
	{0},
};

static int run_create(bn_cli *cli, bn_err *err)
{
	bn_experiment_made made = {.name = bn_cli_arg(cli, 0),
		.note = bn_cli_opt(cli, "note"),
		.artifact_location = bn_cli_opt(cli, "artifact-location"),
		.created_ms = -1};
	bn_workspace *ws = NULL;
	int rc;
	if ((rc = open_index(cli, &ws, err)) < 0 || (rc = bn_rights_may(ws, BN_ACT_TAG, err)) < 0 ||
		(rc = need_free(ws, made.name, err)) < 0 ||
		(rc = bn_experiment_create(ws, &made, err)) < 0)
		return rc;
	return bn_workspace_sync(ws, err);
}

static int run_rename(bn_cli *cli, bn_err *err)
{
	const char *name = bn_cli_arg(cli, 1);
	bn_experiment *e = NULL;
	bn_workspace *ws = NULL;
	int rc = find(&e, cli, &ws, err);
	if (rc < 0)
		return rc;
	if (strcmp(e->name, name) != 0 && (rc = need_free(ws, name, err)) >= 0 &&
		(rc = bn_rights_may(ws, BN_ACT_TAG, err)) >= 0 &&
		(rc = bn_experiment_rename(ws, e->first, name, err)) >= 0)
		rc = bn_workspace_sync(ws, err);
	bn_experiment_free(e);
	return rc;
}

static const bn_opt tag_options[] = {
	{"remove", 0, NULL, "remove the tags: KEY... instead of KEY=VALUE..."},
	{0},
};

static int tag_one(bn_workspace *ws, const char *first, const char *word, bool remove, bn_err *err)
{
	const char *value;
	char *key = NULL;
	int rc = bn_cli_tag(&key, &value, word, remove, err);
	if (rc >= 0)
		rc = bn_experiment_tag(ws, first, key, value, err);
	bn_free(key);
	return rc;
}

static int run_tag(bn_cli *cli, bn_err *err)
{
	bn_experiment *e = NULL;
	bn_workspace *ws = NULL;
	int rc = find(&e, cli, &ws, err);
	if (rc >= 0)
		rc = bn_rights_may(ws, BN_ACT_TAG, err);
	for (int i = 1; rc >= 0 && i < bn_cli_nargs(cli); i++)
		rc = tag_one(ws, e->first, bn_cli_arg(cli, i), bn_cli_flag(cli, "remove"), err);
	if (rc >= 0)
		rc = bn_workspace_sync(ws, err);
	bn_experiment_free(e);
	return rc;
}

static int run_note(bn_cli *cli, bn_err *err)
{
	bn_experiment *e = NULL;
	bn_workspace *ws = NULL;
	int rc = find(&e, cli, &ws, err);
	if (rc >= 0 && (rc = bn_rights_may(ws, BN_ACT_TAG, err)) >= 0 &&
		(rc = bn_experiment_note(ws, e->first, bn_cli_arg(cli, 1), err)) >= 0)
		rc = bn_workspace_sync(ws, err);
	bn_experiment_free(e);
	return rc;
}

static int change(bn_cli *cli, bool removed, bn_err *err)
{
	bn_experiment *e = NULL;
	bn_workspace *ws = NULL;
	int rc = find(&e, cli, &ws, err);
	if (rc < 0)
		return rc;
	if (e->removed == removed)
		rc = bn_err_set(err, BN_ECONFLICT, "experiment '%.128s' is %s", e->name,
			removed ? "in the trash already" : "not in the trash");
	if (rc >= 0 && (rc = bn_rights_may(ws, BN_ACT_REMOVE, err)) >= 0 && removed && e->runs > 0)
		rc = bn_cli_confirm(cli, err, "move experiment '%.128s' with %lld run%s to the trash?",
			e->name, (long long)e->runs, e->runs == 1 ? "" : "s");
	if (rc >= 0 && bn_cli_dry_run(cli))
		bn_cli_say(cli, "experiment '%.128s' would be %s", e->name,
			removed ? "moved to the trash" : "restored");
	else if (rc >= 0 && (rc = bn_experiment_remove(ws, e->first, removed, err)) >= 0)
		rc = bn_workspace_sync(ws, err);
	bn_experiment_free(e);
	return rc;
}

static int run_rm(bn_cli *cli, bn_err *err)
{
	return change(cli, true, err);
}

static int run_restore(bn_cli *cli, bn_err *err)
{
	return change(cli, false, err);
}

const bn_verb bn_verbs_experiment[] = {
	{"experiment", "ls", "", 0, 0, "experiments, and how many runs each has", NULL,
		{"binnacle experiment ls", "binnacle experiment ls --all --json", NULL}, ls_options,
		BN_VERB_LISTS | BN_VERB_REMOTE | BN_VERB_REMOTE_READS, run_ls},
	{"experiment", "show", "EXPERIMENT", 1, 1, "one experiment", "EXPERIMENT is a name or an id.",
		{"binnacle experiment show power", "binnacle experiment show 0 --json", NULL}, NULL,
		BN_VERB_REMOTE | BN_VERB_REMOTE_READS, run_show},
	{"experiment", "create", "NAME", 1, 1, "create an experiment without runs",
		"A run that names a new experiment creates it, too.",
		{"binnacle experiment create power --note 'job power, 2027'",
			"binnacle experiment create big --artifact-location /scratch/big", NULL},
		create_options, BN_VERB_NEEDS_TRUST, run_create},
	{"experiment", "rename", "EXPERIMENT NAME", 2, 2, "give an experiment another name",
		"Its runs go with it, and its id stays.",
		{"binnacle experiment rename power 'job power'", "binnacle experiment rename 0 scratch",
			NULL},
		NULL, BN_VERB_NEEDS_TRUST, run_rename},
	{"experiment", "tag", "EXPERIMENT KEY=VALUE...", 2, -1, "set or remove tags of an experiment",
		NULL,
		{"binnacle experiment tag power team=energy", "binnacle experiment tag power team --remove",
			NULL},
		tag_options, BN_VERB_NEEDS_TRUST, run_tag},
	{"experiment", "note", "EXPERIMENT TEXT", 2, 2, "say what an experiment is for", NULL,
		{"binnacle experiment note power 'job power, 2027'", "binnacle experiment note power ''",
			NULL},
		NULL, BN_VERB_NEEDS_TRUST, run_note},
	{"experiment", "rm", "EXPERIMENT", 1, 1, "move an experiment with its runs to the trash", NULL,
		{"binnacle experiment rm old", "binnacle experiment rm old --dry-run", NULL}, NULL,
		BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_rm},
	{"experiment", "restore", "EXPERIMENT", 1, 1, "restore an experiment with its runs", NULL,
		{"binnacle experiment restore old", "binnacle experiment restore old --dry-run", NULL}, NULL,
		BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_restore},
	{0},
};
