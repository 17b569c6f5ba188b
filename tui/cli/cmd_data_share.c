/* cmd_data_share.c - binnacle data push, pull, fetch, status: copies at remotes (cmd_remote.c). */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/share/kept.h"
#include "core/share/transfer.h"
#include "tui/cli/share_verbs.h"
#include "tui/cli/verbs.h"

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

static int sharing_open(sharing *g, bn_cli *cli, bn_err *err)
{
	int64_t at_once = 0;
	int rc, n = bn_cli_nargs(cli);
	*g = (sharing){.cli = cli, .progress = bn_cli_watch(cli)};
	if ((rc = bn_cli_opt_int(cli, "at-once", 1, 64, &at_once, err)) < 0 ||
		(rc = bn_cli_workspace(cli, &g->ws, err)) < 0)
		return rc;
	if (!(g->refs = bn_alloc_zeroed((size_t)n + 1, sizeof *g->refs)))
		return bn_err_nomem(err, "names");
	for (int i = 0; i < n; i++)
		g->refs[i] = bn_cli_arg(cli, i);
	g->o = (bn_share_options){.refs = g->refs,
		.ref_count = (size_t)n,
		.all = bn_cli_flag(cli, "all"),
		.dry_run = bn_cli_dry_run(cli),
		.at_once = (unsigned)at_once,
		.progress = &g->progress};
	g->began_ns = bn_env_monotonic_ns(bn_cli_env(cli));
	return 0;
}

static int sharing_reach(sharing *g, bn_err *err)
{
	int rc = bn_cli_remote_open(
		&g->s, &g->name, g->cli, g->ws, bn_cli_opt(g->cli, "remote"), 0, err);
	g->o.remote = g->name;
	return rc;
}

static void sharing_close(sharing *g)
{
	bn_cli_progress_end(g->cli);
	bn_share_report_release(&g->report);
	bn_remote_store_close(g->s);
	bn_free(g->name);
	bn_free(g->refs);
}

static json_t *version_json(const bn_share_version *v)
{
	char ref[256];
	if (v->version)
		snprintf(ref, sizeof ref, "%s@v%lld", v->name, (long long)v->version);
	else
		snprintf(ref, sizeof ref, "%s@sha256:%.8s", v->name, v->hash);
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:b}", "ref", ref, "name", v->name,
		"hash", v->hash, "state", v->version ? bn_share_state(v) : "only there", "private",
		(int)v->is_private, "recorded", (int)v->recorded, "left_out", (int)v->left_out);
	const struct {
		const char *key;
		json_int_t n;
		bool known;
	} numbers[] = {{"version", (json_int_t)v->version, v->version > 0},
		{"number_there", (json_int_t)v->number, v->number > 0},
		{"rows", (json_int_t)v->rows, v->rows >= 0},
		{"objects", (json_int_t)v->objects, v->objects > 0},
		{"bytes", (json_int_t)v->bytes, v->objects > 0},
		{"here", (json_int_t)v->here, v->objects > 0},
		{"there", (json_int_t)v->there, v->objects > 0},
		{"to_push", (json_int_t)v->to_push, v->objects > 0},
		{"to_push_bytes", (json_int_t)v->to_push_bytes, v->objects > 0},
		{"to_fetch", (json_int_t)v->to_fetch, v->objects > 0},
		{"to_fetch_bytes", (json_int_t)v->to_fetch_bytes, v->objects > 0},
		{"nowhere", (json_int_t)v->nowhere, v->objects > 0},
		{"asked_ms", (json_int_t)v->asked_ms, v->asked_ms > 0}};
	for (size_t i = 0; o && i < sizeof numbers / sizeof *numbers; i++)
		json_object_set_new(o, numbers[i].key,
			numbers[i].known ? json_integer(numbers[i].n) : json_null());
	return o;
}

static int add_versions(json_t *list, const bn_share_report *r, const char *remote, bn_err *err)
{
	for (size_t i = 0; i < r->count; i++) {
		json_t *o = version_json(&r->versions[i]);
		if (!o || json_object_set_new(o, "remote", json_string(remote)) < 0 ||
			json_array_append_new(list, o) < 0)
			return bn_err_nomem(err, "versions");
	}
	return 0;
}

/* ---- status --------------------------------------------------------------------------------- */

/* What was seen last at the remote that is said, or at all of them. */
static int kept_json(json_t *list, sharing *g, bn_err *err)
{
	bn_remotes all = BN_REMOTES_INIT;
	const bn_remote_entry *e = NULL;
	const char *wanted = bn_cli_opt(g->cli, "remote");
	int rc = wanted ? bn_remotes_find(&e, &all, g->ws, wanted, err)
			: bn_remotes_load(&all, g->ws, err);
	for (size_t i = 0; i < all.count && rc >= 0; i++) {
		if (wanted && e != &all.items[i])
			continue;
		rc = bn_share_kept_load(&g->report, g->ws, all.items[i].name, err);
		if (rc >= 0)
			rc = add_versions(list, &g->report, all.items[i].name, err);
		bn_share_report_release(&g->report);
	}
	bn_remotes_release(&all);
	return rc;
}

static const char *nothing(bool cached, const bn_remote_store *s)
{
	if (cached)
		return "nothing is known of it yet; ask it with: binnacle data status";
	return s && !bn_remote_store_can_list(s) ? "there is no dataset here; binnacle data pull NAME gets one that it has"
						 : "neither here nor there is a dataset";
}

static int run_status(bn_cli *cli, bn_err *err)
{
	bn_col cols[] = {{"state", "WHERE", BN_AS_TEXT}, {"ref", "DATASET", BN_AS_TEXT},
		{"remote", "REMOTE", BN_AS_GROUP}, {"rows", "ROWS", BN_AS_COUNT},
		{"objects", "OBJECTS", BN_AS_COUNT}, {"bytes", "SIZE", BN_AS_BYTES},
		{"to_push_bytes", "TO PUSH", BN_AS_BYTES},
		{"to_fetch_bytes", "TO FETCH", BN_AS_BYTES}, {"asked_ms", "SEEN", BN_AS_AGE}, {0}};
	bool cached = bn_cli_flag(cli, "cached");
	json_t *list = json_array();
	sharing g;
	int rc = sharing_open(&g, cli, err);
	if (rc < 0 || !list) {
		rc = rc < 0 ? rc : bn_err_nomem(err, "versions");
		goto out;
	}
	if (cached) {
		rc = kept_json(list, &g, err);
	} else if ((rc = sharing_reach(&g, err)) >= 0 &&
		   (rc = bn_share_status(&g.report, g.ws, g.s, &g.o, err)) >= 0) {
		rc = add_versions(list, &g.report, g.name, err);
		cols[8] = (bn_col){0};
		bn_share_kept_save(g.ws, g.name, &g.report, NULL); /* a cache */
		bn_cli_progress_end(cli);
		bn_cli_say(cli, "%s: %s", g.name, bn_remote_store_place(g.s));
		if (!g.o.ref_count && !bn_remote_store_can_list(g.s))
			bn_cli_say(cli, "%s cannot list what it has: only datasets that are here are shown", g.name);
	}
	if (rc >= 0)
		rc = bn_cli_list(cli, json_incref(list), cols,
			nothing(cached, g.s),
			err);
out:
	json_decref(list);
	sharing_close(&g);
	return rc;
}

/* ---- push, fetch, pull ---------------------------------------------------------------------- */

static json_t *result_json(const sharing *g)
{
	json_t *items = json_array();
	if (!items || add_versions(items, &g->report, g->name, NULL) < 0)
		return NULL;
	int64_t ns = bn_env_monotonic_ns(bn_cli_env(g->cli)) - g->began_ns;
	size_t done = 0, left = 0;
	for (size_t i = 0; i < g->report.count; i++) {
		done += !g->report.versions[i].left_out;
		left += g->report.versions[i].left_out;
	}
	return json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:o}", "remote", g->name,
		"place", bn_remote_store_place(g->s), "versions", (json_int_t)done, "left_out",
		(json_int_t)left, "objects", (json_int_t)g->report.objects, "bytes",
		(json_int_t)g->report.bytes, "present", (json_int_t)g->report.present, "damaged",
		(json_int_t)g->report.damaged, "ns",
		(json_int_t)ns, "dry_run", (int)g->o.dry_run, "items", items);
}

static int show_result(sharing *g, const char *sent_title, const char *present_title, bn_err *err)
{
	const bn_col fields[] = {{"remote", "Remote", BN_AS_TEXT}, {"place", "Place", BN_AS_WHOLE},
		{"versions", "Versions", BN_AS_COUNT}, {"objects", sent_title, BN_AS_COUNT},
		{"bytes", "Bytes", BN_AS_BYTES}, {"present", present_title, BN_AS_COUNT},
		{"ns", "Took", BN_AS_DURATION}, {0}};
	json_t *o = result_json(g);
	if (!o)
		return bn_err_nomem(err, "a result");
	bn_cli_progress_end(g->cli);
	return bn_cli_object(g->cli, o, fields, err);
}

static int run_push(bn_cli *cli, bn_err *err)
{
	sharing g;
	int rc = sharing_open(&g, cli, err);
	g.o.private_too = bn_cli_flag(cli, "private-too");
	g.o.verify = bn_cli_flag(cli, "verify");
	if (rc < 0 || (rc = sharing_reach(&g, err)) < 0 ||
		(rc = bn_share_push(&g.report, g.ws, g.s, &g.o, err)) < 0)
		goto out;
	for (size_t i = 0; i < g.report.count; i++) {
		const bn_share_version *v = &g.report.versions[i];
		if (v->left_out)
			bn_cli_note(cli, "%s@v%lld stays here: %s", v->name, (long long)v->version,
				v->is_private ? "it is private (--private-too)"
					      : "it is restricted (data protect), or parts of it are missing");
	}
	if (g.report.damaged)
		bn_cli_warn(cli, "%llu object%s there %s damaged%s", (unsigned long long)g.report.damaged,
			g.report.damaged == 1 ? "" : "s", g.report.damaged == 1 ? "was" : "were",
			g.o.dry_run ? "" : ", and replaced");
	if (!g.o.dry_run)
		bn_share_kept_save(g.ws, g.name, &g.report, NULL); /* a cache */
	rc = show_result(&g, g.o.dry_run ? "Would send" : "Sent", "There already", err);
out:
	sharing_close(&g);
	return rc;
}

static int run_fetch(bn_cli *cli, bn_err *err)
{
	sharing g;
	int rc = sharing_open(&g, cli, err);
	if (rc < 0 || (rc = sharing_reach(&g, err)) < 0 ||
		(rc = bn_share_fetch(&g.report, g.ws, g.s, &g.o, err)) < 0)
		goto out;
	rc = show_result(&g, g.o.dry_run ? "Would get" : "Got", "Here already", err);
out:
	sharing_close(&g);
	return rc;
}

static int run_pull(bn_cli *cli, bn_err *err)
{
	sharing g;
	int rc = sharing_open(&g, cli, err);
	g.o.private_here = bn_cli_flag(cli, "private");
	if (rc < 0 || (rc = sharing_reach(&g, err)) < 0 ||
		(rc = bn_share_pull(&g.report, g.ws, g.s, &g.o, err)) < 0)
		goto out;
	bn_cli_progress_end(cli);
	for (size_t i = 0; i < g.report.count; i++) {
		const bn_share_version *v = &g.report.versions[i];
		if (v->version)
			bn_cli_say(cli, "%s@v%lld there is %s@v%lld here", v->name,
				(long long)v->number, v->name, (long long)v->version);
	}
	rc = show_result(&g, g.o.dry_run ? "Would get" : "Got", "Here already", err);
out:
	sharing_close(&g);
	return rc;
}

/* clang-format off */
#define SHARE_OPTS \
	{"remote", 'r', "NAME", "which remote (else the only one, or origin)"}, \
	{"all", 0, NULL, "all versions, not the newest alone"}, \
	{"at-once", 0, "N", "requests at a time (8)"}, \
	BN_REMOTE_USE_OPTS
/* clang-format on */
static const bn_opt push_opts[] = {
	SHARE_OPTS, {"verify", 0, NULL, "read back what is there, and send again what is damaged"},
	{"private-too", 0, NULL, "also versions that only you can read here"}, {0}};
static const bn_opt pull_opts[] = {
	SHARE_OPTS, {"private", 0, NULL, "only you can read it here"}, {0}};
static const bn_opt fetch_opts[] = {SHARE_OPTS, {0}};
static const bn_opt status_opts[] = {
	SHARE_OPTS, {"cached", 0, NULL, "what was seen last, without asking the remote"}, {0}};

const bn_verb bn_verbs_data_share[] = {
	{"data", "push", "[NAME[@vN]...]", 0, -1, "copy versions to a remote",
		"Without a NAME: the newest version of every dataset. What is there is not sent "
		"again; after\n"
		"an interruption the same command continues.",
		{"binnacle data push jobs", "binnacle data push --all --remote lab --dry-run"},
		push_opts, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_push},
	{"data", "pull", "[NAME[@vN]...]", 0, -1,
		"get versions from a remote, also ones not known here",
		"A version that this workspace does not know gets the next number of its name. "
		"Without a\n"
		"NAME: the newest version of every dataset there. NAME@sha256:HASH is one version, "
		"whoever\n"
		"may write there.",
		{"binnacle data pull jobs", "binnacle data pull jobs@v3 --remote lab"}, pull_opts,
		BN_VERB_DRY_RUN, run_pull},
	{"data", "fetch", "[NAME[@vN]...]", 0, -1, "get missing bytes of versions known here",
		"For a workspace whose objects were purged, or copied without them. It records "
		"nothing.",
		{"binnacle data fetch jobs@v2", "binnacle data fetch --all"}, fetch_opts,
		BN_VERB_DRY_RUN, run_fetch},
	{"data", "status", "[NAME...]", 0, -1, "where versions are: here, at a remote, or both",
		"both: whole here and there. here, there: whole in one of the two. part: some of "
		"it is there.\n"
		"lost: some of it is in neither. only there: this workspace does not know it (data "
		"pull).",
		{"binnacle data status", "binnacle data status --all --remote lab --json"},
		status_opts, BN_VERB_LISTS, run_status},
	{0},
};
