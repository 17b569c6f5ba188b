/* cmd_approval.c - binnacle model: requests, decisions, aliases, tags, attestations,
 * removal. */
#include "core/base/json.h"
#include "core/registry/registry.h"
#include "tui/cli/evidence.h"
#include "tui/cli/model_json.h"
#include "tui/cli/store.h"
#include "tui/cli/verbs.h"

#include <string.h>

static int version_find(
	bn_version **out, bn_cli *cli, bn_workspace *ws, const char *spec, bn_err *err)
{
	bn_mirror *m = bn_cli_mirror(cli);
	return m ? bn_mirror_version(out, m, spec, err) : bn_version_get(out, ws, spec, err);
}

/* Shows the version after the act. what: "approved"; NULL says nothing. */
static int show_after(
	bn_cli *cli, bn_workspace *ws, const char *spec, const char *what, bn_err *err)
{
	static const bn_col fields[] = {{"spec", "Model", BN_AS_TEXT},
		{"state", "State", BN_AS_TEXT}, {"approvals", "Approvals", BN_AS_INT},
		{"approvals_needed", "Needed", BN_AS_INT}, {0}};
	bn_version *v = NULL;
	int rc = version_find(&v, cli, ws, spec, err);
	if (!rc && what)
		bn_cli_say(cli, "%s %s/%lld", what, v->name, (long long)v->version);
	if (!rc)
		rc = bn_cli_object(cli, bn_version_json(v), fields, err);
	bn_version_free(v);
	return rc;
}

/* Opens the workspace; with --dry-run reports what would be done and sets *done. sign: a key is
 * needed. */
static int begin(
	bn_cli *cli, bn_workspace **ws, bool sign, const char *what, bool *done, bn_err *err)
{
	*done = false;
	bn_version *v = NULL;
	int rc = bn_cli_workspace(cli, ws, err);
	if (rc < 0 || (bn_cli_mirror(cli) && (rc = bn_cli_pull_models(cli, err)) < 0))
		return rc;
	if (!bn_cli_dry_run(cli))
		return sign && !bn_cli_mirror(cli) ? bn_cli_announce_key(cli, *ws, err) : 0;
	*done = true;
	if ((rc = version_find(&v, cli, *ws, bn_cli_arg(cli, 0), err)) < 0)
		return rc;
	bn_cli_say(cli, "would %s %s/%lld (%s)", what, v->name, (long long)v->version,
		bn_model_state_name(v->state));
	bn_version_free(v);
	return 0;
}

static int run_request(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bool done = false;
	const char *spec = bn_cli_arg(cli, 0);
	int rc = begin(cli, &ws, false, "ask for approval of", &done, err);
	if (!rc && !done)
		rc = bn_version_request(ws, spec, bn_cli_opt(cli, "reason"), err);
	return rc || done ? rc : show_after(cli, ws, spec, "asked for approval of", err);
}

static int run_approve(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_inbox_item *sheet = NULL;
	bool done = false, override = bn_cli_flag(cli, "override");
	const char *spec = bn_cli_arg(cli, 0);
	int rc = begin(cli, &ws, true, "approve", &done, err);
	if (!rc && done) { /* a dry run also says whether it would be refused */
		rc = bn_inbox_item_read(&sheet, ws, spec, err);
		if (!rc && !sheet->can_approve && !(override && sheet->override_allowed))
			rc = bn_err_set(err, BN_EREFUSED, "%s", sheet->why_not);
		bn_inbox_item_free(sheet);
		return rc;
	}
	/* Evidence is permanent: none is signed for an impossible decision. Approving reports why. */
	if (!rc && !bn_cli_flag(cli, "no-recompute") &&
		bn_version_may_be_approved(ws, spec, bn_cli_opt(cli, "reason"), override, NULL) >=
			0)
		rc = bn_cli_recompute(cli, ws, spec, err);
	if (!rc)
		rc = bn_version_approve(ws, spec, bn_cli_opt(cli, "reason"), override, err);
	return rc ? rc : show_after(cli, ws, spec, "you approved", err);
}

static int run_reject(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bool done = false;
	const char *spec = bn_cli_arg(cli, 0), *reason = bn_cli_opt(cli, "reason");
	if (!reason)
		return bn_err_set(err, BN_EINVAL, "a rejection needs a reason: --reason TEXT");
	int rc = begin(cli, &ws, true, "reject", &done, err);
	if (!rc && !done)
		rc = bn_version_reject(ws, spec, reason, err);
	return rc || done ? rc : show_after(cli, ws, spec, "you rejected", err);
}

static int run_attest(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bool done = false;
	const char *spec = bn_cli_arg(cli, 0), *word = bn_cli_arg(cli, 2);
	bn_verdict v = BN_VERDICT_PASS;
	while (v <= BN_VERDICT_INCONCLUSIVE && strcmp(word, bn_verdict_name(v)) != 0)
		v++;
	if (v > BN_VERDICT_INCONCLUSIVE)
		return bn_err_set(err, BN_EINVAL, "'%s' must be pass, fail or inconclusive", word);
	int rc = begin(cli, &ws, false, "attest a check of", &done, err);
	if (!rc && !done)
		rc = bn_version_attest(
			ws, spec, bn_cli_arg(cli, 1), v, bn_cli_opt(cli, "detail"), err);
	return rc || done ? rc : show_after(cli, ws, spec, "attested a check of", err);
}

static int alias_remote(bn_cli *cli, const char *spec, const char *alias, bn_err *err)
{
	bn_version *v = NULL;
	int rc = bn_mirror_version(&v, bn_cli_mirror(cli), spec, err);
	if (rc >= 0)
		rc = bn_mirror_alias(bn_cli_mirror(cli), v->name, v->version, alias, err);
	bn_version_free(v);
	return rc;
}

static int run_alias(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bool done = false;
	const char *spec = bn_cli_arg(cli, 0), *alias = bn_cli_arg(cli, 1);
	char name[200];
	bool remove = bn_cli_flag(cli, "remove");
	int rc = begin(
		cli, &ws, true, remove ? "take the alias off" : "set the alias of", &done, err);
	if (rc || done)
		return rc;
	if (!remove) {
		rc = bn_cli_mirror(cli) ? alias_remote(cli, spec, alias, err)
					: bn_version_set_alias(ws, spec, alias, err);
		snprintf(name, sizeof name, "%.100s now means", alias);
		return rc ? rc : show_after(cli, ws, spec, name, err);
	}
	snprintf(name, sizeof name, "%.*s", (int)strcspn(spec, "/@"), spec);
	rc = bn_cli_mirror(cli) ? bn_mirror_alias(bn_cli_mirror(cli), name, 0, alias, err)
				: bn_model_remove_alias(ws, name, alias, err);
	if (rc)
		return rc;
	bn_cli_say(cli, "removed alias %s@%s", name, alias);
	return bn_cli_is_text(cli) ? 0
				   : bn_cli_document(cli,
					     json_pack("{s:s, s:s, s:n}", "name", name, "alias",
						     alias, "version"),
					     err);
}

static int tag_remote(bn_cli *cli, const char *spec, bn_err *err)
{
	bn_version *v = NULL;
	int rc = bn_mirror_version(&v, bn_cli_mirror(cli), spec, err);
	if (rc >= 0)
		rc = bn_mirror_version_tag(bn_cli_mirror(cli), v->name, v->version,
			bn_cli_arg(cli, 1), bn_cli_arg(cli, 2), err);
	bn_version_free(v);
	return rc;
}

static int run_tag(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bool done = false;
	const char *spec = bn_cli_arg(cli, 0);
	int rc = begin(cli, &ws, false, "tag", &done, err);
	if (!rc && !done)
		rc = bn_cli_mirror(cli) ? tag_remote(cli, spec, err)
					: bn_version_set_tag(ws, spec, bn_cli_arg(cli, 1),
						  bn_cli_arg(cli, 2), err);
	return rc || done ? rc : show_after(cli, ws, spec, "tagged", err);
}

static int run_rm(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_version *v = NULL;
	bool done = false;
	const char *spec = bn_cli_arg(cli, 0);
	char exact[BN_VERSION_SPEC];
	int rc = begin(cli, &ws, false, "remove", &done, err);
	if (rc || done)
		return rc;
	if ((rc = version_find(&v, cli, ws, spec, err)))
		return rc;
	bn_version_spec(v, exact);
	if (bn_cli_mirror(cli)) {
		rc = bn_cli_confirm(cli, err, "remove model version %s from %.100s for good?", exact,
			bn_mirror_address(bn_cli_mirror(cli)));
		if (rc >= 0)
			rc = bn_mirror_version_remove(bn_cli_mirror(cli), v->name, v->version, err);
		bn_version_free(v);
		goto out;
	}
	rc = bn_cli_confirm(cli, err,
		"remove model version %s (%s)? It stays in the audit log, but cannot be served or "
		"approved again",
		exact, bn_model_state_name(v->state));
	bn_version_free(v);
	if (!rc)
		rc = bn_cli_announce_key(cli, ws, err);
	if (!rc)
		rc = bn_version_remove(ws, exact, bn_cli_opt(cli, "reason"), err);
out:
	if (rc)
		return rc;
	bn_cli_say(cli, "removed %s", exact);
	return bn_cli_is_text(cli)
		       ? 0
		       : bn_cli_document(cli,
				 json_pack("{s:s, s:s}", "spec", exact, "state", "removed"), err);
}

static const bn_opt reason_options[] = {{"reason", 'r', "TEXT", "why; kept in the audit log"}, {0}};
static const bn_opt approve_options[] = {{"reason", 'r', "TEXT", "why; kept in the audit log"},
	{"override", 0, NULL,
		"approve although a blocking gate does not pass (only where the policy allows it)"},
	{"no-recompute", 0, NULL, "do not measure for the gates: existing evidence is enough"},
	{0}};
static const bn_opt attest_options[] = {{"detail", 0, "TEXT", "what was seen"}, {0}};
static const bn_opt alias_options[] = {{"remove", 0, NULL, "take the alias off"}, {0}};

const bn_verb bn_verbs_approval[] = {
	{"model", "request", "MODEL", 1, 1, "ask for a version to be approved", NULL,
		{"binnacle model request power/3 --reason 'rmse 11.9 on the new data'",
			"binnacle model request power@latest", NULL},
		reason_options, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_request},
	{"model", "approve", "MODEL", 1, 1, "approve a version, with your signature",
		"First measures what the policy's gates need, on the registered bytes, and signs "
		"it as evidence. Refused if your role or a blocking gate does not allow it, or if "
		"you are the author. The attempt is recorded in any case.",
		{"binnacle model approve power/3 --reason 'checked on node 12'",
			"binnacle model approve power/3 --override --reason 'limit is being "
			"revised'",
			"binnacle model approve power/3 --dry-run"},
		approve_options, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_approve},
	{"model", "reject", "MODEL", 1, 1, "reject a version, with your signature and a reason",
		NULL,
		{"binnacle model reject power/3 --reason 'trained on half the rows'",
			"binnacle model reject power@latest --reason 'drift' --json", NULL},
		reason_options, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_reject},
	{"model", "attest", "MODEL CHECK VERDICT", 3, 3, "record the outcome of a check for a gate",
		"VERDICT is pass, fail or inconclusive. Gates of the policy name checks by CHECK.",
		{"binnacle model attest power/3 reproducible pass --detail 'bit-identical'",
			"binnacle model attest power/3 drift fail", NULL},
		attest_options, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_attest},
	{"model", "alias", "MODEL ALIAS", 2, 2, "let a name such as champion point to a version",
		NULL,
		{"binnacle model alias power/3 champion",
			"binnacle model alias power canary --remove", NULL},
		alias_options, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST | BN_VERB_REMOTE, run_alias},
	{"model", "tag", "MODEL KEY [VALUE]", 2, 3, "set a tag; without VALUE remove it", NULL,
		{"binnacle model tag power/3 risk low", "binnacle model tag power/3 risk", NULL},
		NULL, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST | BN_VERB_REMOTE, run_tag},
	{"model", "rm", "MODEL", 1, 1, "remove a version (never while an alias points to it)", NULL,
		{"binnacle model rm power/2 --reason 'superseded'",
			"binnacle model rm power/2 --yes", NULL},
		reason_options, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST | BN_VERB_REMOTE, run_rm},
	{0},
};
