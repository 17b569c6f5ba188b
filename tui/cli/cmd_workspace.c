/* cmd_workspace.c - binnacle workspace export, import: a workspace as one file. */
#include "core/archive/archive.h"
#include "core/base/fs.h"
#include "core/base/json_bytes.h"
#include "core/base/mem.h"
#include "tui/cli/access.h"
#include "tui/cli/verbs.h"

#include <string.h>
#include <unistd.h>

static json_t *words_json(const bn_names *words)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < words->count; i++)
		json_array_append_new(list, json_string(words->items[i]));
	return list;
}

/* place: where it went, or came to. */
static json_t *report_json(const bn_archive_report *r, const char *key, const char *place, bn_err *err)
{
	json_t *o = json_pack("{s:s, s:s, s:s?, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "id", r->id,
		"what", r->closure ? "model" : "workspace", "model", r->closure, "entries",
		(json_int_t)r->entries, "bytes", (json_int_t)r->bytes, "objects", (json_int_t)r->objects,
		"object_bytes", (json_int_t)r->object_bytes, "segments", (json_int_t)r->segments,
		"log_bytes", (json_int_t)r->log_bytes, "runs", (json_int_t)r->runs, "objects_left",
		(json_int_t)r->objects_left, "left_out", words_json(&r->left_out));
	if (!o || bn_json_set_bytes(o, key, place, strlen(place), err) < 0) {
		json_decref(o);
		bn_err_nomem(err, "a result");
		return NULL;
	}
	return o;
}

static void say_left_out(bn_cli *cli, const bn_archive_report *r)
{
	for (size_t i = 0; i < r->left_out.count; i++)
		bn_cli_note(cli, "left out: %s", r->left_out.items[i]);
}

/* ---- export --------------------------------------------------------------------------------- */

/* "power-1.binnacle.tar", or after the workspace's directory; yours. */
static char *usual_path(bn_workspace *ws, const char *model)
{
	const char *name = model ? model : bn_path_base(bn_workspace_dir(ws));
	char *path = bn_strf("%s.binnacle.tar", *name ? name : "workspace");
	for (char *p = path; p && *p; p++)
		if (*p == '/' || *p == '@')
			*p = '-';
	return path;
}

static int show_export(bn_cli *cli, const bn_archive_report *r, const char *path, bn_err *err)
{
	static const bn_col fields[] = {{"path", "Archive", BN_AS_WHOLE}, {"what", "Holds", BN_AS_TEXT},
		{"model", "Model", BN_AS_TEXT}, {"bytes", "Bytes", BN_AS_BYTES},
		{"objects", "Objects", BN_AS_COUNT}, {"log_bytes", "Log", BN_AS_BYTES},
		{"runs", "Directories of runs", BN_AS_COUNT},
		{"objects_left", "Objects left out", BN_AS_COUNT}, {0}};
	say_left_out(cli, r);
	if (!strcmp(path, "-")) { /* it is the result itself */
		bn_cli_note(cli, "exported %llu files", (unsigned long long)r->entries);
		return 0;
	}
	json_t *o = report_json(r, "path", path, err);
	return o ? bn_cli_object(cli, o, fields, err) : BN_ENOMEM;
}

static int run_export(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_archive_report report = {.left_out = BN_NAMES_INIT};
	bn_progress progress = bn_cli_watch(cli);
	const char *path = bn_cli_opt(cli, "out");
	char *usual = NULL;
	bn_archive_options o = {.model = bn_cli_opt(cli, "model"),
		.reason = bn_cli_opt(cli, "reason"),
		.private_too = bn_cli_flag(cli, "private-too"),
		.force = bn_cli_flag(cli, "force"),
		.dry_run = bn_cli_dry_run(cli),
		.progress = &progress};
	int rc = bn_cli_workspace(cli, &ws, err);
	if (rc < 0)
		return rc;
	if (path && !strcmp(path, "-") && !o.dry_run && isatty(STDOUT_FILENO)) {
		rc = bn_err_set(err, BN_EINVAL, "an archive is not for a terminal");
		bn_err_hint(err, "-o FILE, or pipe it: binnacle workspace export -o - | ssh host "
				 "binnacle workspace import - DIR");
		goto out;
	}
	if (!path && !(usual = usual_path(ws, o.model))) {
		rc = bn_err_nomem(err, "a file name");
		goto out;
	}
	o.path = path ? path : usual;
	rc = bn_archive_export(&report, ws, &o, err);
	bn_cli_progress_end(cli);
	if (rc >= 0)
		rc = show_export(cli, &report, o.path, err);
out:
	bn_archive_report_release(&report);
	bn_free(usual);
	return rc;
}

/* ---- import --------------------------------------------------------------------------------- */

/* Whether this user knows the workspace by its id; else the next command asks. */
static void say_next(bn_cli *cli, const bn_archive_report *r, const char *dir)
{
	bn_memory *memory = NULL;
	if (r->log_faults)
		bn_cli_warn(cli, "its log had %llu faults when it was exported: binnacle -C %s audit verify",
			(unsigned long long)r->log_faults, dir);
	if (bn_memory_load(&memory, bn_cli_env(cli), r->id, NULL) == 0 &&
		bn_memory_state_of(memory) != BN_MEMORY_KNOWN)
		bn_cli_note(cli,
			"you have not used workspace %s before: compare `binnacle -C %s trust show` with "
			"what its admin says, then `binnacle -C %s trust accept`",
			r->id, dir, dir);
	bn_memory_free(memory);
}

static int run_import(bn_cli *cli, bn_err *err)
{
	static const bn_col fields[] = {{"workspace", "Workspace", BN_AS_WHOLE}, {"id", "Id", BN_AS_WHOLE},
		{"what", "Holds", BN_AS_TEXT}, {"model", "Model", BN_AS_TEXT},
		{"exported_ms", "Exported", BN_AS_TIME_MS}, {"bytes", "Bytes", BN_AS_BYTES},
		{"objects", "Objects", BN_AS_COUNT}, {"runs", "Directories of runs", BN_AS_COUNT},
		{"objects_left", "Objects left out", BN_AS_COUNT}, {0}};
	const char *dir = bn_cli_arg(cli, 1) ? bn_cli_arg(cli, 1) : bn_cli_start_dir(cli);
	bn_archive_report report = {.left_out = BN_NAMES_INIT};
	bn_progress progress = bn_cli_watch(cli);
	bn_archive_target to = {.dir = dir ? dir : ".", .progress = &progress};
	int rc = bn_cli_access(&to.access, &to.group, cli, err);
	if (rc < 0)
		return rc;
	rc = bn_archive_import(&report, bn_cli_env(cli), bn_cli_arg(cli, 0), &to, err);
	bn_cli_progress_end(cli);
	if (rc < 0)
		goto out;
	say_left_out(cli, &report);
	json_t *o = report_json(&report, "workspace", to.dir, err);
	if (!o) {
		rc = BN_ENOMEM;
		goto out;
	}
	json_object_set_new(o, "exported_ms", json_integer((json_int_t)report.created_ms));
	json_object_set_new(o, "log_faults", json_integer((json_int_t)report.log_faults));
	if ((rc = bn_cli_object(cli, o, fields, err)) >= 0)
		say_next(cli, &report, to.dir);
out:
	bn_archive_report_release(&report);
	return rc;
}

static const bn_opt export_opts[] = {{"out", 'o', "FILE", "where to (else NAME.binnacle.tar); - is standard output"},
	{"model", 'm', "MODEL", "only what belongs to this version of a model (power/3, power@champion)"},
	{"reason", 0, "WHY", "why personal data leaves; recorded with the export"},
	{"private-too", 0, NULL, "also what only you can read"}, {"force", 'f', NULL, "replace a file"}, {0}};
static const bn_opt import_opts[] = {
	{"shared", 0, "GROUP", "for the members of this group, regardless of your umask"},
	{"private", 0, NULL, "only for you: others cannot see its content"}, {0}};

const bn_verb bn_verbs_workspace[] = {
	{"workspace", "export", "", 0, 0, "write the workspace into one file",
		"The whole log, the objects that it names, claims, and the directories of runs. With "
		"--model: the\nwhole log, and of the rest what this version needs to be verified and "
		"trained again. Nothing\nthat was removed goes along, no key and no secret. Restricted "
		"data stays, unless `binnacle data\nprotect NAME --remote export` allowed it; personal "
		"data needs --reason. The export is recorded.",
		{"binnacle workspace export -o /scratch/power.tar",
			"binnacle workspace export --model power@champion -o power.tar",
			"binnacle workspace export -o - | ssh login binnacle workspace import - power"},
		export_opts, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_export},
	{"workspace", "import", "FILE [DIR]", 1, 2, "make a workspace of such a file",
		"Checks every byte against the archive's list before DIR/.binnacle appears; an existing "
		"one is\nnever changed. FILE - is standard input. It is the workspace that was exported, "
		"at another\nplace: go on in one of the two.",
		{"binnacle workspace import power.tar ~/power",
			"ssh login binnacle -C power workspace export -o - | binnacle workspace import - power"},
		import_opts, BN_VERB_NO_WORKSPACE, run_import},
	{0},
};
