/* cmd_model_share.c - binnacle model fetch, model status, and model push to a remote (cmd_model_package.c has the verb). */
#include "core/base/mem.h"
#include "core/registry/model_share.h"
#include "tui/cli/model_share.h"
#include "tui/cli/share_verbs.h"
#include "tui/cli/verbs.h"

#include <stdio.h>
#include <string.h>

typedef struct sharing {
	bn_cli *cli;
	bn_workspace *ws;
	bn_remote_store *s;
	char *name;
	const char **refs;
	bn_progress progress;
	bn_share_options o;
	bn_share_report report;
	int64_t began_ns;
} sharing;

/* remote: its name, or NULL. n: the words that are models. */
static int sharing_open(sharing *g, bn_cli *cli, const char *remote, int n, bn_err *err)
{
	int64_t at_once = 0;
	int rc;
	*g = (sharing){.cli = cli, .progress = bn_cli_watch(cli)};
	if ((rc = bn_cli_opt_int(cli, "at-once", 1, 64, &at_once, err)) < 0 ||
		(rc = bn_cli_workspace(cli, &g->ws, err)) < 0)
		return rc;
	if (!(g->refs = bn_alloc_zeroed((size_t)n + 1, sizeof *g->refs)))
		return bn_err_nomem(err, "names");
	for (int i = 0; i < n; i++)
		g->refs[i] = bn_cli_arg(cli, i);
	if ((rc = bn_cli_remote_open(&g->s, &g->name, cli, g->ws, remote, 0, err)) < 0)
		return rc;
	g->o = (bn_share_options){.refs = g->refs,
		.ref_count = (size_t)n,
		.remote = g->name,
		.dry_run = bn_cli_dry_run(cli),
		.at_once = (unsigned)at_once,
		.progress = &g->progress};
	g->began_ns = bn_env_monotonic_ns(bn_cli_env(cli));
	return 0;
}

static void sharing_close(sharing *g)
{
	bn_cli_progress_end(g->cli);
	bn_share_report_release(&g->report);
	bn_remote_store_close(g->s);
	bn_free(g->name);
	bn_free(g->refs);
}

static json_t *version_json(const sharing *g, const bn_share_version *v)
{
	char model[200];
	snprintf(model, sizeof model, "%.150s/%lld", v->name, (long long)v->version);
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "model", model,
		"remote", g->name, "manifest", v->hash, "state", bn_share_state(v), "recorded", (int)v->recorded,
		"left_out", (int)v->left_out, "objects", (json_int_t)v->objects, "bytes", (json_int_t)v->bytes,
		"here", (json_int_t)v->here, "there", (json_int_t)v->there, "to_push_bytes",
		(json_int_t)v->to_push_bytes, "to_fetch_bytes", (json_int_t)v->to_fetch_bytes, "nowhere",
		(json_int_t)v->nowhere);
	return o;
}

static json_t *versions_json(const sharing *g, bn_err *err)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < g->report.count; i++)
		json_array_append_new(list, version_json(g, &g->report.versions[i]));
	if (!list)
		bn_err_nomem(err, "models");
	return list;
}

static int show_result(sharing *g, const char *sent, const char *present, bn_err *err)
{
	const bn_col fields[] = {{"remote", "Remote", BN_AS_TEXT}, {"place", "Place", BN_AS_WHOLE},
		{"versions", "Versions", BN_AS_COUNT}, {"objects", sent, BN_AS_COUNT},
		{"bytes", "Bytes", BN_AS_BYTES}, {"present", present, BN_AS_COUNT}, {"ns", "Took", BN_AS_DURATION},
		{0}};
	size_t done = 0;
	for (size_t i = 0; i < g->report.count; i++)
		done += !g->report.versions[i].left_out;
	json_t *items = versions_json(g, err);
	json_t *o = items ? json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:o}", "remote", g->name,
				    "place", bn_remote_store_place(g->s), "versions", (json_int_t)done, "left_out",
				    (json_int_t)(g->report.count - done), "objects",
				    (json_int_t)g->report.objects, "bytes", (json_int_t)g->report.bytes, "present",
				    (json_int_t)g->report.present, "ns",
				    (json_int_t)(bn_env_monotonic_ns(bn_cli_env(g->cli)) - g->began_ns), "dry_run",
				    (int)g->o.dry_run, "items", items)
			  : NULL;
	if (!o)
		return bn_err_nomem(err, "a result");
	bn_cli_progress_end(g->cli);
	return bn_cli_object(g->cli, o, fields, err);
}

int bn_cli_model_push_to_remote(bn_cli *cli, const char *remote, bn_err *err)
{
	sharing g;
	int rc = sharing_open(&g, cli, remote, 1, err);
	if (rc < 0 || (rc = bn_model_share(&g.report, g.ws, g.s, bn_share_bundle_push, &g.o, err)) < 0)
		goto out;
	rc = show_result(&g, g.o.dry_run ? "Would send" : "Sent", "There already", err);
out:
	sharing_close(&g);
	return rc;
}

static int run_fetch(bn_cli *cli, bn_err *err)
{
	sharing g;
	int rc = sharing_open(&g, cli, bn_cli_opt(cli, "remote"), bn_cli_nargs(cli), err);
	if (rc < 0 || (rc = bn_model_share(&g.report, g.ws, g.s, bn_share_bundle_fetch, &g.o, err)) < 0)
		goto out;
	rc = show_result(&g, g.o.dry_run ? "Would get" : "Got", "Here already", err);
out:
	sharing_close(&g);
	return rc;
}

static int run_status(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"state", "WHERE", BN_AS_TEXT}, {"model", "MODEL", BN_AS_TEXT},
		{"remote", "REMOTE", BN_AS_GROUP}, {"objects", "OBJECTS", BN_AS_COUNT},
		{"bytes", "SIZE", BN_AS_BYTES}, {"to_push_bytes", "TO PUSH", BN_AS_BYTES},
		{"to_fetch_bytes", "TO FETCH", BN_AS_BYTES}, {0}};
	sharing g;
	json_t *list = NULL;
	int rc = sharing_open(&g, cli, bn_cli_opt(cli, "remote"), bn_cli_nargs(cli), err);
	if (rc < 0 || (rc = bn_model_share(&g.report, g.ws, g.s, bn_share_bundle_status, &g.o, err)) < 0)
		goto out;
	if (!(list = versions_json(&g, err))) {
		rc = BN_ENOMEM;
		goto out;
	}
	bn_cli_progress_end(cli);
	bn_cli_say(cli, "%s: %s", g.name, bn_remote_store_place(g.s));
	rc = bn_cli_list(cli, list, cols, "no model is registered", err);
out:
	sharing_close(&g);
	return rc;
}

/* clang-format off */
#define SHARE_OPTS \
	{"remote", 'r', "NAME", "which remote (else the only one, or origin)"}, \
	{"at-once", 0, "N", "requests at a time (8)"}, \
	BN_REMOTE_USE_OPTS
/* clang-format on */
static const bn_opt share_opts[] = {SHARE_OPTS, {0}};

const bn_verb bn_verbs_model_share[] = {
	{"model", "fetch", "[MODEL...]", 0, -1, "get missing files of versions from a remote",
		"For a workspace whose objects were purged, or copied without them. Without a MODEL: "
		"of all versions.\nEvery byte is hashed; it records nothing.",
		{"binnacle model fetch power/3", "binnacle model fetch power@champion --remote lab"},
		share_opts, BN_VERB_DRY_RUN, run_fetch},
	{"model", "status", "[MODEL...]", 0, -1, "where the files of versions are: here, at a remote, or both",
		"both: whole here and there. here, there: whole in one of the two. part: some of it is "
		"there.\nlost: some of it is in neither. To send: binnacle model push MODEL remote.",
		{"binnacle model status", "binnacle model status power/3 --remote lab --json"},
		share_opts, BN_VERB_LISTS, run_status},
	{0},
};
