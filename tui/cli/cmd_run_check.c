/* cmd_run_check.c - binnacle run reproduce. */
#include "core/base/fs.h"
#include "core/base/id.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/launch/reproduce.h"
#include "core/registry/registry.h"
#include "core/track/reconcile.h"
#include "core/track/run.h"
#include "core/track/run_files.h"
#include "tui/cli/run_follow.h"
#include "tui/cli/verbs.h"

#include <math.h>
#include <string.h>

/* ---- reproduce ------------------------------------------------------------------------------ */

static const bn_opt reproduce_options[] = {
	{"threads", 0, "N", "number of threads; default: as in the spec"},
	{"attest", 0, NULL, "record the outcome as gate evidence of the models made by this run"},
	{0},
};

static void show_line(void *user, const char *line)
{
	bn_cli_say(user, "%s", line);
}

static bool is_cancelled(void *user)
{
	(void)user;
	return bn_cli_interrupted();
}

static json_t *reproduction_json(const bn_run_info *r, const bn_reproduction *p)
{
	json_t *o = json_pack("{ss ss sb ss ss sI}", "run", r->id, "result",
		p->identical ? "bit-identical" : "different", "identical", p->identical, "digest",
		p->digest, "original", p->original, "duration_ns", (json_int_t)p->duration_ns);
	json_object_set_new(o, "threads", p->threads > 0 ? json_integer(p->threads) : json_null());
	json_object_set_new(
		o, "difference", p->identical ? json_null() : json_string(p->difference));
	json_object_set_new(
		o, "code_changed", r->code_changed ? json_string(r->code_changed) : json_null());
	json_object_set_new(o, "why", p->identical ? json_null() : json_string(p->why));
	return o;
}

static int show_reproduction(
	bn_cli *cli, const bn_run_info *r, const bn_reproduction *p, bn_err *err)
{
	char time[BN_FMT];
	int rc = 0;
	if (!bn_cli_is_text(cli)) {
		rc = bn_cli_document(cli, reproduction_json(r, p), err);
	} else if (p->identical) {
		bn_cli_print(cli, "bit-identical  %.8s %s  model %.12s  %s\n", r->id, r->name,
			p->digest, bn_fmt_duration(p->duration_ns, time));
	} else {
		bn_cli_print(cli, "different  %.8s %s\n  %s\n  why: %s\n", r->id, r->name,
			p->difference, p->why);
	}
	return rc != 0 || p->identical
		       ? rc
		       : bn_err_set(err, BN_EFAILED, "run %.8s was not reproduced", r->id);
}

static int attest_version(bn_cli *cli, bn_workspace *ws, const bn_version *v,
	const bn_reproduction *p, const char *detail, bn_err *err)
{
	char name[200];
	snprintf(name, sizeof name, "%s/%lld", v->name, (long long)v->version);
	int rc = bn_version_attest(ws, name, "reproducible",
		p->identical ? BN_VERDICT_PASS : BN_VERDICT_FAIL, detail, err);
	if (rc >= 0)
		bn_cli_say(cli, "attested: %s is %sreproducible", name, p->identical ? "" : "not ");
	return rc;
}

/* The outcome as evidence for gates with check "reproducible", on every version of this run. */
static int attest_reproduction(
	bn_cli *cli, bn_workspace *ws, const bn_run_info *r, const bn_reproduction *p, bn_err *err)
{
	bn_version_page *versions = NULL;
	char detail[256];
	size_t found = 0;
	int rc = bn_version_list(&versions, ws, NULL, false, err);
	if (rc < 0)
		return rc;
	snprintf(detail, sizeof detail, p->identical ? "bit-identical, model %.12s" : "%.240s",
		p->identical ? p->digest : p->difference);
	for (size_t i = 0; i < versions->count; i++) {
		const bn_version *v = &versions->items[i];
		if (!v->run_id || strcmp(v->run_id, r->id) != 0)
			continue;
		if ((rc = attest_version(cli, ws, v, p, detail, err)) < 0)
			goto out;
		found++;
	}
	if (found == 0)
		bn_cli_warn(cli, "no model was registered from run %.8s: nothing to attest", r->id);
out:
	bn_version_page_free(versions);
	return rc;
}

static int check_reproducible(const bn_run_info *r, bn_err *err)
{
	if (r->spec_hash && r->model_digest)
		return 0;
	bn_err_set(err, BN_EUNSUPPORTED, "run %.8s stored no model of a trainer", r->id);
	bn_err_hint(err,
		"its status is %s; only a trainer's finished run can be "
		"reproduced bit for bit",
		bn_run_status_name(r->status));
	return BN_EUNSUPPORTED;
}

static int run_reproduce(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws;
	bn_run_info *r = NULL;
	bn_reproduction p;
	bn_fit_hooks hooks = {.user = cli, .log = show_line, .is_cancelled = is_cancelled};
	char id[BN_RUN_ID_TEXT], uuid[BN_UUID_TEXT], *dir = NULL;
	int64_t threads = 0;
	int rc = bn_cli_opt_int(cli, "threads", 1, 4096, &threads, err);
	if (rc < 0 || (rc = bn_cli_open_runs(cli, &ws, NULL, NULL, err)) < 0)
		return rc;
	if ((rc = bn_run_resolve(ws, bn_cli_arg(cli, 0), id, err)) < 0)
		return rc;
	if ((rc = bn_run_get(&r, ws, id, err)) < 0)
		return rc;
	if ((rc = bn_cli_need_trust_of(cli, r->uid, err)) < 0)
		goto out;
	if (r->code_changed)
		bn_cli_warn(cli, "run %.8s did not start with the code that its spec names: %s",
			r->id, r->code_changed);
	if ((rc = check_reproducible(r, err)) < 0)
		goto out;
	if ((rc = bn_uuid_new(bn_cli_env(cli), uuid, err)) < 0)
		goto out;
	if (!(dir = bn_workspace_path(ws, "tmp/original-%s", uuid))) {
		rc = bn_err_nomem(err, "a path");
		goto out;
	}
	if ((rc = bn_run_export(ws, id, "model", dir, err)) < 0)
		goto out;
	if ((rc = bn_reproduce(&p, ws, r->spec_hash, dir, (int)threads, &hooks, err)) < 0)
		goto out;
	if (bn_cli_flag(cli, "attest") && (rc = attest_reproduction(cli, ws, r, &p, err)) < 0)
		goto out;
	rc = show_reproduction(cli, r, &p, err);
out:
	if (dir)
		bn_fs_remove_tree(bn_cli_env(cli), dir, NULL);
	bn_free(dir);
	bn_run_info_free(r);
	return rc;
}

const bn_verb bn_verbs_run_check[] = {
	{"run", "reproduce", "RUN", 1, 1, "train again from the spec, and compare every byte",
		"Prints bit-identical, or the first difference and what has changed (exit status "
		"1).",
		{"binnacle run reproduce latest",
			"binnacle run reproduce 7f3a --threads 4 --attest"},
		reproduce_options, 0, run_reproduce},
	{0},
};
