/* cmd_model_package.c - binnacle model push, model pull: models in GitLab's generic package registry. */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/ci/model_package.h"
#include "tui/cli/forge.h"
#include "tui/cli/model_share.h"
#include "tui/cli/verbs.h"

#include <string.h>

static bool is_model_folder(const bn_cli *cli, const char *what)
{
	char *file = bn_path_join(what, "MLmodel");
	bool is = file && bn_fs_exists(bn_cli_env(cli), file);
	bn_free(file);
	return is;
}

/* The package is named after the model, its version after the model's, where the target does not say. */
static int complete(bn_package_target *t, const bn_model_listing *l, bn_err *err)
{
	if (!t->package && !l->model)
		return bn_err_set(
			err, BN_EINVAL, "the model has no name: say gitlab:PACKAGE/VERSION");
	if (!t->version && !l->version) {
		bn_err_set(err, BN_EINVAL, "a folder has no version: say which it is");
		bn_err_hint(err, "gitlab:%.60s/VERSION", t->package ? t->package : l->model);
		return BN_EINVAL;
	}
	if (!t->package && !(t->package = bn_strdup(l->model)))
		return bn_err_nomem(err, "a name");
	if (!t->version && !(t->version = bn_strf("%lld.0.0", (long long)l->version)))
		return bn_err_nomem(err, "a name");
	return 0;
}

/* In a push without the first. */
static const bn_col fields[] = {{"dir", "Folder", BN_AS_WHOLE}, {"model", "Model", BN_AS_TEXT},
	{"package", "Package", BN_AS_WHOLE}, {"project", "Project", BN_AS_WHOLE},
	{"digest", "Digest", BN_AS_WHOLE}, {"files", "Files", BN_AS_COUNT},
	{"bytes", "Size", BN_AS_BYTES}, {"transferred", "Transferred", BN_AS_COUNT},
	{"transferred_bytes", "Transferred size", BN_AS_BYTES}, {0}};

static json_t *result_json(const bn_model_listing *l, const bn_model_transferred *d,
	const bn_forge_place *p, const bn_model_transfer *how, const char *dir)
{
	char *package = bn_strf("%s/%s", how->package, how->version);
	char *model =
		l->model && l->version ? bn_strf("%s/%lld", l->model, (long long)l->version) : NULL;
	json_t *o = json_pack("{s:s?, s:s?, s:s, s:s, s:s?, s:s, s:I, s:I, s:I, s:I, s:b}", "model",
		model ? model : l->model, "package", package, "forge", p->api, "project",
		p->project, "dir", dir, "digest", d->digest, "files", (json_int_t)d->files, "bytes",
		(json_int_t)d->bytes, "transferred", (json_int_t)d->sent, "transferred_bytes",
		(json_int_t)d->sent_bytes, "was_there", d->was_there);
	bn_free(package);
	bn_free(model);
	return o;
}

/* ---- push ----------------------------------------------------------------------------------------- */

static int open_source(bn_model_source **out, bn_workspace **ws, bn_cli *cli,
	const bn_progress *progress, bn_err *err)
{
	const char *what = bn_cli_arg(cli, 0);
	int rc;
	if (is_model_folder(cli, what))
		return bn_model_source_of_folder(out, bn_cli_env(cli), what, progress, err);
	if ((rc = bn_cli_workspace(cli, ws, err)) < 0)
		return rc;
	return bn_model_source_of_version(out, *ws, what, err);
}

static void tell_push(bn_cli *cli, const bn_model_transferred *d, const bn_model_transfer *how)
{
	char size[BN_FMT];
	if (d->was_there)
		bn_cli_say(
			cli, "package %s %s holds this model already", how->package, how->version);
	else if (how->dry_run)
		bn_cli_say(cli, "would send %zu of %zu files (%s) as package %s %s", d->sent,
			d->files, bn_fmt_bytes(d->sent_bytes, size), how->package, how->version);
}

static int run_push(bn_cli *cli, bn_err *err)
{
	bn_progress progress = bn_cli_watch(cli);
	bn_model_transfer how = {.dry_run = bn_cli_dry_run(cli), .progress = &progress};
	bn_model_transferred done;
	bn_package_target target;
	bn_model_source *source = NULL;
	bn_workspace *ws = NULL;
	bn_cli_forge at = {0};
	int rc;
	const char *remote = bn_cli_arg(cli, 1);
	if (!strcmp(remote, "remote") || bn_str_starts(remote, "remote:"))
		return bn_cli_model_push_to_remote(cli, remote[6] ? remote + 7 : NULL, err);
	if ((rc = bn_package_target_parse(&target, bn_cli_arg(cli, 1), err)) < 0)
		return rc;
	if ((rc = open_source(&source, &ws, cli, &progress, err)) < 0 ||
		(rc = complete(&target, bn_model_source_listing(source), err)) < 0 ||
		(rc = bn_cli_forge_open(&at, cli, BN_FORGE_WRITE_PACKAGES, 0, NULL, err)) < 0)
		goto out;
	how.package = target.package;
	how.version = target.version;
	rc = bn_model_push(&done, at.forge, source, &how, err);
	bn_cli_progress_end(cli);
	if (rc < 0)
		goto out;
	const bn_model_listing *l = bn_model_source_listing(source);
	bool records = ws && !how.dry_run && !done.was_there;
	if (records && (rc = bn_model_push_record(ws, &at.place, l, &how, &done, err)) < 0) {
		bn_err_prefix(err, "the model is pushed, but its record was not written");
		goto out;
	}
	tell_push(cli, &done, &how);
	rc = bn_cli_object(cli, result_json(l, &done, &at.place, &how, NULL), fields + 1, err);
out:
	bn_cli_forge_close(&at);
	bn_model_source_free(source);
	bn_package_target_release(&target);
	return rc;
}

/* ---- pull ----------------------------------------------------------------------------------------- */

static int run_pull(bn_cli *cli, bn_err *err)
{
	const char *dir = bn_cli_arg(cli, 1);
	bn_progress progress = bn_cli_watch(cli);
	bn_model_transfer how = {.dry_run = bn_cli_dry_run(cli), .progress = &progress};
	bn_model_transferred done;
	bn_model_listing listing;
	bn_package_target target;
	bn_cli_forge at = {0};
	char size[BN_FMT];
	int rc;
	bn_model_listing_init(&listing);
	if ((rc = bn_package_target_parse(&target, bn_cli_arg(cli, 0), err)) < 0)
		return rc;
	if (!target.version) {
		rc = bn_err_set(err, BN_EINVAL, "'%s' does not say which version of which package",
			bn_cli_arg(cli, 0));
		bn_err_hint(err, "gitlab:PACKAGE/VERSION, such as gitlab:power/3");
		goto out;
	}
	if ((rc = bn_cli_forge_open(&at, cli, BN_FORGE_READ_PACKAGES, 0, NULL, err)) < 0)
		goto out;
	how.package = target.package;
	how.version = target.version;
	rc = bn_model_pull(&done, &listing, at.forge, dir, &how, err);
	bn_cli_progress_end(cli);
	if (rc < 0)
		goto out;
	if (how.dry_run)
		bn_cli_say(cli, "would fetch %zu files (%s) to %s", done.files,
			bn_fmt_bytes(done.bytes, size), dir);
	rc = bn_cli_object(cli,
		result_json(&listing, &done, &at.place, &how, how.dry_run ? NULL : dir), fields,
		err);
out:
	bn_cli_forge_close(&at);
	bn_model_listing_release(&listing);
	bn_package_target_release(&target);
	return rc;
}

/* clang-format off */
static const bn_opt options[] = {BN_FORGE_OPTIONS, {0}};
static const bn_opt push_options[] = {BN_FORGE_OPTIONS,
	{"profile", 0, "NAME", "a remote in S3: keys of that profile in ~/.aws"},
	{"at-once", 0, "N", "a remote: requests at a time (8)"}, {0}};
/* clang-format on */

const bn_verb bn_verbs_model_package[] = {
	{"model", "push", "MODEL TARGET", 2, 2, "send its files to a package registry, or to a remote",
		"MODEL is a registered version, or a model folder. TARGET is gitlab, "
		"gitlab:PACKAGE or "
		"gitlab:PACKAGE/VERSION;\nwithout them the package is named after the model, and "
		"version 3 of it is "
		"3.0.0. Files that are there are not sent\nagain, and a version that is complete "
		"is never changed. TARGET remote or remote:NAME copies the files to\na remote (remote "
		"add), as data push does; model fetch gets them back.",
		{"binnacle model push power/3 gitlab",
			"binnacle model push power@champion gitlab:power --project team/models",
			"binnacle model push power/3 remote:lab"},
		push_options, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_push},
	{"model", "pull", "SOURCE DIR", 2, 2, "get a pushed model as a folder",
		"SOURCE is gitlab:PACKAGE/VERSION. Every file is verified, and DIR appears as a "
		"whole; after an "
		"interruption\nthe same command continues.",
		{"binnacle model pull gitlab:power/3 ./power-3",
			"binnacle model pull gitlab:power/3.0.0 ./power-3 --project team/models",
			NULL},
		options, BN_VERB_DRY_RUN | BN_VERB_NO_WORKSPACE, run_pull},
	{0},
};
