/* cmd_remote.c - binnacle remote: the places that a workspace keeps copies of its data at. What goes there and comes from
 * there is in cmd_data_share.c. */
#include "core/base/mem.h"
#include "core/share/kept.h"
#include "core/share/remotes.h"
#include "core/share/transfer.h"
#include "tui/cli/share_verbs.h"
#include "tui/cli/verbs.h"

#include <string.h>

int bn_cli_remote_open(bn_remote_store **out, char **name, bn_cli *cli, bn_workspace *ws,
	const char *wanted, int attempts, bn_err *err)
{
	bn_remotes all = BN_REMOTES_INIT;
	const bn_remote_entry *e = NULL;
	bn_remote_use use = {.profile = bn_cli_opt(cli, "profile"),
		.ca_file = bn_cli_opt(cli, "ca-file"),
		.attempts = attempts};
	int rc;
	if ((rc = bn_remotes_find(&e, &all, ws, wanted, err)) < 0)
		goto out;
	if (!(*name = bn_strdup(e->name))) {
		rc = bn_err_nomem(err, "a remote");
		goto out;
	}
	rc = bn_remotes_open(out, ws, e, &use, err);
out:
	bn_remotes_release(&all);
	return rc;
}

static json_t *entry_json(bn_workspace *ws, const bn_remote_entry *e)
{
	char user[128];
	const bn_env *env = bn_workspace_env(ws);
	env->user_name(env, e->uid, user, sizeof user);
	return json_pack("{s:s, s:s, s:s?, s:s?, s:s?, s:b, s:b, s:s, s:I}", "name", e->name, "url",
		e->url, "endpoint", e->endpoint, "region", e->region, "style", e->style,
		"allow_http", (int)e->allow_http, "anonymous", (int)e->anonymous, "user", user,
		"created_ms", (json_int_t)e->created_ms);
}

static int run_add(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	const char *style = bn_cli_opt(cli, "style");
	bn_remote_entry e = {.name = (char *)bn_cli_arg(cli, 0),
		.url = (char *)bn_cli_arg(cli, 1),
		.endpoint = (char *)bn_cli_opt(cli, "endpoint"),
		.region = (char *)bn_cli_opt(cli, "region"),
		.style = (char *)style,
		.allow_http = bn_cli_flag(cli, "allow-http"),
		.anonymous = bn_cli_flag(cli, "anonymous")};
	int rc;
	if (style && strcmp(style, "path") && strcmp(style, "host"))
		return bn_err_set(err, BN_EINVAL, "--style is path or host, not '%.40s'", style);
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0)
		return rc;
	if (bn_cli_dry_run(cli)) {
		if ((rc = bn_remote_url_check(e.url, err)) < 0)
			return rc;
		bn_cli_say(cli, "would add the remote %s: %s", e.name, e.url);
		return 0;
	}
	if ((rc = bn_remotes_add(ws, &e, err)) < 0)
		return rc;
	bn_cli_say(cli, "added the remote %s; try it: binnacle remote test %s", e.name, e.name);
	return 0;
}

static int run_rm(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_remotes all = BN_REMOTES_INIT;
	const bn_remote_entry *e = NULL;
	const char *name = bn_cli_arg(cli, 0);
	int rc = bn_cli_workspace(cli, &ws, err);
	if (rc < 0)
		return rc;
	if (bn_cli_dry_run(cli)) {
		if ((rc = bn_remotes_find(&e, &all, ws, name, err)) >= 0)
			bn_cli_say(cli, "would remove the remote %s, and leave what is at %s", name,
				e->url);
		bn_remotes_release(&all);
		return rc;
	}
	if ((rc = bn_remotes_remove(ws, name, err)) < 0)
		return rc;
	bn_cli_say(cli, "removed the remote %s; what is there stays", name);
	return 0;
}

/* What is known of a remote, without asking it. */
static int add_kept(json_t *o, bn_workspace *ws, const char *name, bn_err *err)
{
	bn_share_report kept = {.versions = NULL};
	int64_t there = 0, newest = 0;
	int rc = bn_share_kept_load(&kept, ws, name, err);
	for (size_t i = 0; i < kept.count && rc >= 0; i++) {
		there += kept.versions[i].recorded;
		if (kept.versions[i].asked_ms > newest)
			newest = kept.versions[i].asked_ms;
	}
	json_object_set_new(o, "versions", kept.count ? json_integer(there) : json_null());
	json_object_set_new(o, "asked_ms", newest ? json_integer(newest) : json_null());
	bn_share_report_release(&kept);
	return rc;
}

static int run_ls(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"name", "REMOTE", BN_AS_TEXT}, {"url", "URL", BN_AS_WHOLE},
		{"endpoint", "ENDPOINT", BN_AS_TEXT}, {"versions", "VERSIONS", BN_AS_COUNT},
		{"asked_ms", "SEEN", BN_AS_AGE}, {"created_ms", "ADDED", BN_AS_TIME_MS},
		{"user", "BY", BN_AS_TEXT}, {0}};
	bn_workspace *ws = NULL;
	bn_remotes all = BN_REMOTES_INIT;
	json_t *items = json_array();
	int rc = items ? bn_cli_workspace(cli, &ws, err) : bn_err_nomem(err, "remotes");
	if (rc < 0 || (rc = bn_remotes_load(&all, ws, err)) < 0)
		goto out;
	for (size_t i = 0; i < all.count; i++) {
		json_t *o = entry_json(ws, &all.items[i]);
		rc = o ? add_kept(o, ws, all.items[i].name, err) : bn_err_nomem(err, "a remote");
		json_array_append_new(items, o);
		if (rc < 0)
			goto out;
	}
	rc = bn_cli_list(cli, json_incref(items), cols,
		"no remotes yet; add one with: binnacle remote add NAME /DIRECTORY or "
		"s3://BUCKET/PREFIX",
		err);
out:
	json_decref(items);
	bn_remotes_release(&all);
	return rc;
}

/* ---- test ----------------------------------------------------------------------------------- */

static json_t *probe_json(const bn_share_probe *p)
{
	bool tried = p->done || p->why.code;
	const char *result = tried ? "failed" : "not tried";
	json_t *o = json_pack("{s:s, s:s, s:s?, s:s?}", "step", p->what, "result",
		p->done ? "ok" : result, "why", p->why.code ? p->why.msg : NULL, "hint",
		p->why.hint[0] ? p->why.hint : NULL);
	json_object_set_new(o, "ns", tried ? json_integer((json_int_t)p->ns) : json_null());
	return o;
}

static int run_test(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"step", "STEP", BN_AS_TEXT},
		{"result", "RESULT", BN_AS_TEXT}, {"ns", "TOOK", BN_AS_DURATION},
		{"why", "WHY", BN_AS_WORDS}, {0}};
	bn_workspace *ws = NULL;
	bn_remote_store *s = NULL;
	bn_share_probe probes[BN_SHARE_PROBES];
	char *name = NULL;
	size_t n = 0;
	json_t *items = NULL;
	int rc, failed;
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = bn_cli_remote_open(&s, &name, cli, ws, bn_cli_arg(cli, 0), 2, err)) < 0)
		goto out;
	const char *keys = bn_remote_store_credentials(s);
	bn_cli_say(cli, "%s: %s (%s)%s%s", name, bn_remote_store_place(s), bn_remote_store_kind(s),
		keys ? ", keys of " : "", keys ? keys : "");
	failed = bn_share_try(probes, &n, bn_cli_env(cli), s, err);
	items = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(items, probe_json(&probes[i]));
	rc = bn_cli_list(cli, items, cols, "nothing could be tried", err);
	for (size_t i = 0; i < n && rc >= 0 && failed < 0; i++)
		if (probes[i].why.code) {
			bn_err_move(err, &probes[i].why);
			break;
		}
	rc = rc < 0 ? rc : failed;
out:
	bn_remote_store_close(s);
	bn_free(name);
	return rc;
}

static const bn_opt add_opts[] = {
	{"endpoint", 0, "URL",
		"S3: the server, such as https://s3.site.example (else AWS's of the region)"},
	{"region", 0, "NAME", "S3: the region (else your own setting, or us-east-1)"},
	{"style", 0, "HOW", "S3: path (https://SERVER/BUCKET) or host (https://BUCKET.SERVER)"},
	{"allow-http", 0, NULL,
		"S3: an http:// server on another host may be used: data goes unencrypted"},
	{"anonymous", 0, NULL, "S3: requests are not signed: a public bucket"}, {0}};
static const bn_opt test_opts[] = {BN_REMOTE_USE_OPTS, {0}};

const bn_verb bn_verbs_remote[] = {
	{"remote", "add", "NAME URL", 2, 2, "name a place for copies of data",
		"A URL is a directory (/scratch/shared/data, on NFS, CephFS or Lustre), "
		"s3://BUCKET/PREFIX,\n"
		"or https://HOST/PATH to read from. Everybody in the workspace sees it; keys are "
		"never part\n"
		"of it: each user's own are taken from AWS_ACCESS_KEY_ID and "
		"AWS_SECRET_ACCESS_KEY, or from\n"
		"~/.aws.",
		{"binnacle remote add origin /scratch/shared/data",
			"binnacle remote add lab s3://lab/binnacle --endpoint "
			"https://s3.site.example"},
		add_opts, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_add},
	{"remote", "ls", "", 0, 0, "list the remotes",
		"VERSIONS is how many were there when it was last asked (SEEN).",
		{"binnacle remote ls", "binnacle remote ls --json"}, NULL, BN_VERB_LISTS, run_ls},
	{"remote", "rm", "NAME", 1, 1, "forget a remote; what is there stays", NULL,
		{"binnacle remote rm lab", "binnacle remote rm lab --dry-run"}, NULL,
		BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_rm},
	{"remote", "test", "[NAME]", 0, 1,
		"try a remote: write, read, list and remove a small file",
		"Says at which step what is wrong: keys, bucket, clock, space, connection. Without "
		"NAME: the\n"
		"only remote, or that named origin.",
		{"binnacle remote test", "binnacle remote test lab --profile lab"}, test_opts,
		BN_VERB_NEEDS_TRUST, run_test},
	{0},
};
