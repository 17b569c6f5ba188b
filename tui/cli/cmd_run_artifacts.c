/* cmd_run_artifacts.c - binnacle run artifacts: the files that a run kept, of a workspace or of a store elsewhere. */
#include "core/track/run.h"
#include "core/track/run_files.h"
#include "tui/cli/run_follow.h"
#include "tui/cli/store.h"
#include "tui/cli/verbs.h"

#include <string.h>

static bool is_below(const char *path, const char *dir)
{
	size_t n = dir ? strlen(dir) : 0;
	return !n || (!strncmp(path, dir, n) && (path[n] == '/' || !path[n]));
}

static int list_here(json_t *items, bn_workspace *ws, const char *id, const char *path, bn_err *err)
{
	bn_run_files f = BN_RUN_FILES_INIT;
	int rc = bn_run_files_read(&f, ws, id, err);
	for (size_t i = 0; rc >= 0 && i < f.all.count; i++)
		if (is_below(f.all.items[i].path, path))
			json_array_append_new(items,
				json_pack("{ss sI ss}", "path", f.all.items[i].path, "size_bytes",
					(json_int_t)f.all.items[i].size_bytes, "sha256",
					f.all.items[i].hash));
	bn_run_files_release(&f);
	return rc;
}

static int list_there(json_t *items, bn_mirror *m, const char *id, const char *path, bn_err *err)
{
	bn_mirror_files f = BN_MIRROR_FILES_INIT;
	int rc = bn_mirror_artifacts(&f, m, id, path, err);
	for (size_t i = 0; rc >= 0 && i < f.count; i++)
		json_array_append_new(items,
			json_pack("{ss so sn}", "path", f.items[i].path, "size_bytes",
				f.items[i].size_bytes >= 0 ? json_integer(f.items[i].size_bytes)
							   : json_null(),
				"sha256"));
	bn_mirror_files_release(&f);
	return rc;
}

static int copy(
	bn_cli *cli, bn_workspace *ws, const char *id, const char *path, const char *dir, bn_err *err)
{
	const bn_progress watch = bn_cli_watch(cli);
	int rc;
	if (bn_cli_mirror(cli))
		rc = bn_mirror_download(NULL, bn_cli_mirror(cli), id, path, dir, &watch, err);
	else
		rc = bn_run_export(ws, id, path ? path : "", dir, err);
	bn_cli_progress_end(cli);
	if (rc < 0)
		return rc;
	bn_cli_say(cli, "wrote the artifacts of run %.8s to %s", id, dir);
	return bn_cli_is_text(cli)
		       ? 0
		       : bn_cli_document(cli, json_pack("{ss ss}", "run", id, "dir", dir), err);
}

static int run_artifacts(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"path", "ARTIFACT", BN_AS_WHOLE},
		{"size_bytes", "SIZE", BN_AS_BYTES}, {"sha256", "SHA-256", BN_AS_ID}, {0}};
	bn_workspace *ws;
	char id[BN_RUN_ID_TEXT];
	const char *path = bn_cli_arg(cli, 1), *to = bn_cli_opt(cli, "to");
	int rc = bn_cli_open_runs(cli, &ws, bn_cli_arg(cli, 0), id, err);
	if (rc < 0)
		return rc;
	if (to)
		return copy(cli, ws, id, path, to, err);
	json_t *items = json_array();
	rc = bn_cli_mirror(cli) ? list_there(items, bn_cli_mirror(cli), id, path, err)
				: list_here(items, ws, id, path, err);
	if (rc < 0) {
		json_decref(items);
		return rc;
	}
	return bn_cli_list(cli, items, cols, "the run has kept no files", err);
}

static const bn_opt options[] = {{"to", 0, "DIR", "copy them to this new directory"}, {0}};

const bn_verb bn_verbs_run_artifacts[] = {
	{"run", "artifacts", "RUN [PATH]", 1, 2, "the files that a run kept, or a copy of them",
		"PATH is one of them, or a directory: only what is below it.",
		{"binnacle run artifacts 7f3a", "binnacle run artifacts 7f3a model --to ./model"},
		options, BN_VERB_LISTS | BN_VERB_REMOTE, run_artifacts},
	{0},
};
