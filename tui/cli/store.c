/* store.c - see store.h. */
#include "tui/cli/store.h"

#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/pipeline/fold_classes.h"
#include "core/run/runlog.h"
#include "tui/cli/_cli.h"

#include <string.h>

#define VARIABLE "MLFLOW_TRACKING_URI"

int bn_cli_store_address(const char **out, const bn_cli *cli, bn_err *err)
{
	const char *text = cli->store;
	const char *from = "--store";
	*out = NULL;
	if (text && cli->start_dir) {
		bn_err_set(err, BN_EINVAL, "--store %s and -C %s name two places", text, cli->start_dir);
		bn_err_hint(err, "-C is for a workspace, --store for a server");
		return BN_EINVAL;
	}
	if (!text && !cli->start_dir) {
		text = bn_env_get(cli->env, "BINNACLE_STORE");
		from = "BINNACLE_STORE";
	}
	if (!text || !*text)
		return 0;
	if (!strcmp(text, VARIABLE)) {
		text = bn_env_get(cli->env, VARIABLE);
		from = VARIABLE;
		if (!text || !*text)
			return bn_err_set(err, BN_EINVAL, VARIABLE " is not set");
	}
	if (!bn_mlflow_is_address(text)) {
		bn_err_set(err, BN_EINVAL, "%s '%.160s' is not the address of a server", from, text);
		if (bn_mlflow_lacks_scheme(text))
			bn_err_hint(err, "it begins with http:// or https://: http://%.160s", text);
		bn_err_hint(err, "http(s)://HOST[:PORT][/PREFIX] or unix:/PATH; -C DIR names a workspace");
		return BN_EINVAL;
	}
	*out = text;
	return 0;
}

static bool goes_on(void *user)
{
	(void)user;
	return !bn_cli_interrupted();
}

int bn_cli_store_open(bn_cli *cli, const char *address, bn_err *err)
{
	const bn_verb *v = cli->verb;
	if (!(v->flags & BN_VERB_REMOTE)) {
		bn_err_set(err, BN_EREFUSED, "%s%s%s works in a workspace, not on %.120s", v->noun,
			v->verb ? " " : "", v->verb ? v->verb : "", address);
		bn_err_hint(err, cli->store ? "leave --store out; -C DIR names a workspace"
					    : "BINNACLE_STORE= binnacle ..., or -C DIR, names a workspace");
		return BN_EREFUSED;
	}
	cli->access = (bn_mlflow_access){.token_file = cli->token_file, .goes_on = goes_on};
	int rc = bn_mirror_open(
		&cli->mirror, cli->env, address, &cli->access, bn_fold_classes_mirror, err);
	if (rc >= 0)
		cli->workspace = bn_mirror_workspace(cli->mirror);
	return rc;
}

bn_mirror *bn_cli_mirror(const bn_cli *cli)
{
	return cli->mirror;
}

/* ---- what a verb needs ------------------------------------------------------------------------- */

/* Says how old it is what --cached shows. */
static int cached(bn_cli *cli, bn_err *err)
{
	bn_mirror_state s;
	char when[BN_TIMESTAMP_TEXT];
	int rc = bn_mirror_state_read(&s, cli->mirror, err);
	if (rc < 0)
		return rc;
	if (s.seen_ms < 0)
		return bn_err_set(err, BN_ENOTFOUND, "nothing is known of %s here yet",
			bn_mirror_address(cli->mirror));
	bn_cli_say(cli, "as known on %s", bn_timestamp_short(s.seen_ms * 1000000, cli->utc, when));
	return 0;
}

/* A server that does not answer: what was known can be shown, on request. */
static int unreachable(const bn_cli *cli, bn_err *err, bn_err *why)
{
	bn_mirror_state s;
	bn_err none = BN_ERR_INIT;
	if (why->code == BN_EIO && bn_mirror_state_read(&s, cli->mirror, &none) >= 0 &&
		s.seen_ms >= 0 && cli->verb->flags & BN_VERB_REMOTE_READS) {
		why->hint[0] = '\0'; /* this helps more */
		bn_err_hint(why, "is it running? --cached shows what was known when it answered last");
	}
	return bn_err_move(err, why);
}

static bool show_runs(void *user, const char *what, uint64_t done, uint64_t total)
{
	bn_cli_progress(user, what, done, total, "runs");
	return !bn_cli_interrupted();
}

int bn_cli_pull_runs(bn_cli *cli, bn_err *err)
{
	const bn_progress progress = {show_runs, cli};
	bn_err why = BN_ERR_INIT;
	if (cli->cached)
		return cached(cli, err);
	if (cli->verb->flags & BN_VERB_REMOTE_POINTS && !cli->has_new) /* it names its runs */
		return 0;
	if (cli->has_all)
		return 0;
	int rc = bn_mirror_pull_all(cli->mirror, &progress, &why);
	bn_cli_progress_end(cli);
	cli->has_all = cli->has_new = rc >= 0;
	return rc < 0 ? unreachable(cli, err, &why) : 0;
}

int bn_cli_pull_models(bn_cli *cli, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	if (cli->cached)
		return cached(cli, err);
	int rc = bn_mirror_pull_models(cli->mirror, &why);
	return rc < 0 ? unreachable(cli, err, &why) : 0;
}

/* A name or a prefix may be that of any run; an id is asked for as it is. */
static int find(bn_cli *cli, const char *name, char id[BN_RUN_ID_TEXT], bn_err *err)
{
	bn_err none = BN_ERR_INIT;
	int rc = cli->has_new ? 0 : bn_mirror_pull_new(cli->mirror, err);
	if (rc < 0)
		return rc;
	cli->has_new = true;
	if (!strcmp(name, "latest"))
		return bn_run_resolve(cli->workspace, name, id, err);
	if (bn_run_id_is_valid(name) || strlen(name) == 36) {
		rc = bn_mirror_pull_run(cli->mirror, name, false, &none);
		if (rc < 0 && rc != BN_ENOTFOUND && rc != BN_EINVAL)
			return bn_err_move(err, &none);
		char own[33];
		bn_mirror_id(own, name);
		return bn_run_resolve(cli->workspace, own, id, err);
	}
	/* Whether a prefix or a name is ambiguous is only known with all runs. */
	if ((rc = bn_cli_pull_runs(cli, err)) < 0)
		return rc;
	return bn_run_resolve(cli->workspace, name, id, err);
}

int bn_cli_pull_run(bn_cli *cli, const char *name, char id[BN_RUN_ID_TEXT], bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int rc;
	if (cli->cached) {
		if (!(cli->verb->flags & BN_VERB_REMOTE_READS))
			return bn_err_set(err, BN_EREFUSED, "--cached: nothing can be changed without the server");
		rc = cached(cli, err);
		return rc < 0 ? rc : bn_run_resolve(cli->workspace, name, id, err);
	}
	if ((rc = find(cli, name, id, &why)) < 0)
		return unreachable(cli, err, &why);
	if (cli->verb->flags & BN_VERB_REMOTE_POINTS)
		rc = bn_mirror_pull_run(cli->mirror, id, true, err);
	return rc;
}

int bn_cli_find_run(
	bn_cli *cli, bn_workspace *ws, const char *name, char id[BN_RUN_ID_TEXT], bn_err *err)
{
	return cli->mirror ? bn_cli_pull_run(cli, name, id, err) : bn_run_resolve(ws, name, id, err);
}
