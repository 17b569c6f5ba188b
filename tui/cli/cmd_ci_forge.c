/* cmd_ci_forge.c - binnacle ci note, status, baseline: what a pipeline tells GitLab or GitHub, and asks it. */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/ci/baseline.h"
#include "core/ci/commit_status.h"
#include "core/ci/note.h"
#include "core/ci/report.h"
#include "tui/cli/forge.h"
#include "tui/cli/verbs.h"

#include <string.h>

/* ---- note ----------------------------------------------------------------------------------- */

static int read_note(bn_buf *out, const bn_cli *cli, bn_err *err)
{
	const char *file = bn_cli_opt(cli, "file");
	int rc = bn_fs_read_file(bn_cli_env(cli), file ? file : BN_CI_NOTE_FILE, out, err);
	if (rc == BN_ENOTFOUND && !file)
		bn_err_hint(err, "binnacle ci check writes it; or give --file FILE");
	return rc;
}

static json_t *note_json(const bn_note_result *r, const bn_forge_place *p)
{
	const char *outcome = r->outcome ? bn_note_outcome_name(r->outcome) : NULL;
	return json_pack("{s:s?, s:s, s:s, s:o, s:o, s:s?, s:o, s:b}", "outcome", outcome, "forge",
		p->kind == BN_FORGE_GITHUB ? "github" : "gitlab", "project",
		p->request_project ? p->request_project : p->project, "request",
		p->request ? json_integer(p->request) : json_null(), "id",
		r->id ? json_integer(r->id) : json_null(), "url", r->page, "bytes",
		r->bytes ? json_integer((json_int_t)r->bytes) : json_null(), "cut", r->cut);
}

static int run_note(bn_cli *cli, bn_err *err)
{
	static const bn_col fields[] = {{"outcome", "Note", BN_AS_TEXT},
		{"project", "Project", BN_AS_TEXT}, {"request", "Request", BN_AS_INT},
		{"url", "URL", BN_AS_WHOLE}, {"bytes", "Size", BN_AS_BYTES}, {0}};
	const char *name = bn_cli_opt(cli, "name");
	bn_cli_forge at = {0};
	bn_note_result r = {0};
	bn_buf text = BN_BUF_INIT;
	int64_t request = 0;
	int rc;
	if ((rc = bn_cli_opt_int(cli, "request", 1, INT32_MAX, &request, err)) < 0 ||
		(rc = read_note(&text, cli, err)) < 0 ||
		(rc = bn_cli_forge_open(&at, cli, BN_FORGE_NOTES, request, NULL, err)) < 0)
		goto out;
	/* The same job runs for branches. */
	bool none = !at.place.request && at.place.in_job;
	if (none)
		bn_cli_say(cli, "this pipeline is not for a merge or pull request (or its branch "
				"has several): no note");
	else if ((rc = bn_note_post(&r, at.forge, name ? name : "binnacle", text.ptr, text.len,
			  bn_cli_dry_run(cli), err)) < 0)
		goto out;
	if (r.cut)
		bn_cli_warn(cli, "the note is longer than %s takes: its end is cut off",
			bn_forge_kind_name(at.place.kind));
	if (bn_cli_dry_run(cli) && !none)
		bn_cli_say(cli, "would %s on request %lld, %zu bytes",
			r.exists ? "update the note" : "write a note", (long long)at.place.request,
			r.bytes);
	rc = bn_cli_object(cli, note_json(&r, &at.place), fields, err);
out:
	bn_note_result_release(&r);
	bn_cli_forge_close(&at);
	bn_buf_release(&text);
	return rc;
}

/* ---- status --------------------------------------------------------------------------------- */

static json_t *status_json(
	const bn_commit_status *s, const bn_commit_status_result *r, const bn_forge_place *p)
{
	return json_pack("{s:s, s:s, s:s, s:s?, s:s, s:b, s:b}", "forge",
		p->kind == BN_FORGE_GITHUB ? "github" : "gitlab", "project", p->project, "state",
		bn_commit_state_name(s->state), "commit", p->commit, "name", s->name, "unchanged",
		r->was_so, "cut", r->cut);
}

static int run_status(bn_cli *cli, bn_err *err)
{
	static const bn_col fields[] = {{"name", "Status", BN_AS_TEXT},
		{"state", "State", BN_AS_TEXT}, {"project", "Project", BN_AS_TEXT},
		{"commit", "Commit", BN_AS_WHOLE}, {0}};
	const char *name = bn_cli_opt(cli, "name");
	bn_commit_status status = {.name = name ? name : "binnacle",
		.description = bn_cli_opt(cli, "description"),
		.target = bn_cli_opt(cli, "target-url")};
	bn_commit_status_result r = {0};
	bn_cli_forge at = {0};
	int rc;
	if ((rc = bn_commit_state_parse(&status.state, bn_cli_arg(cli, 0), err)) < 0 ||
		(rc = bn_cli_forge_open(
			 &at, cli, BN_FORGE_STATUSES, 0, bn_cli_opt(cli, "commit"), err)) < 0 ||
		(rc = bn_commit_status_check(at.forge, &status, err)) < 0)
		goto out;
	if (bn_cli_dry_run(cli)) {
		bn_cli_say(cli, "would set the status %s of commit %.12s to %s", status.name,
			at.place.commit, bn_commit_state_name(status.state));
	} else if ((rc = bn_commit_status_set(&r, at.forge, &status, err)) < 0) {
		goto out;
	}
	if (r.cut)
		bn_cli_warn(cli, "the description is longer than %s takes: its end is cut off",
			bn_forge_kind_name(at.place.kind));
	rc = bn_cli_object(cli, status_json(&status, &r, &at.place), fields, err);
out:
	bn_cli_forge_close(&at);
	return rc;
}

/* ---- baseline ------------------------------------------------------------------------------- */

/* An old file must not be taken for the branch's metrics of today. */
static int check_target(const bn_cli *cli, const char *path, bn_err *err)
{
	bn_path_kind kind;
	int rc = bn_fs_look(&kind, bn_cli_env(cli), path, err);
	if (rc < 0 || kind == BN_PATH_ABSENT || bn_cli_flag(cli, "force"))
		return rc;
	bn_err_set(err, BN_ECONFLICT, "'%s' exists", path);
	bn_err_hint(err, "--force replaces it, and removes it if the branch has no metrics");
	return BN_ECONFLICT;
}

static int keep_baseline(
	bn_cli *cli, const char *path, bool exists, const bn_buf *text, bn_err *err)
{
	const bn_env *env = bn_cli_env(cli);
	int rc;
	if (exists && !bn_cli_opt(cli, "out") &&
		(rc = bn_fs_make_dirs(env, BN_CI_DIR, 0755, err)) < 0)
		return rc;
	if (exists)
		return bn_fs_write_file(env, path, text->ptr, text->len, 0644, err);
	return bn_fs_is_dir(env, path) ? 0 : bn_fs_remove_tree(env, path, err);
}

static int run_baseline(bn_cli *cli, bn_err *err)
{
	static const bn_col fields[] = {{"found", "Found", BN_AS_BOOL},
		{"branch", "Branch", BN_AS_TEXT}, {"job", "Job", BN_AS_TEXT},
		{"file", "File", BN_AS_WHOLE}, {"bytes", "Size", BN_AS_BYTES}, {0}};
	const char *out = bn_cli_opt(cli, "out"), *job = bn_cli_opt(cli, "job"),
		   *path = bn_cli_opt(cli, "path");
	bn_baseline_wish wish = {.branch = bn_cli_opt(cli, "branch"),
		.job = job ? job : "evaluate",
		.path = path ? path : BN_CI_REPORT_FILE};
	bn_cli_forge at = {0};
	bn_buf text = BN_BUF_INIT;
	int rc, found;
	out = out ? out : BN_CI_BASELINE_FILE;
	if ((rc = check_target(cli, out, err)) < 0 ||
		(rc = bn_cli_forge_open(&at, cli, BN_FORGE_READ_ARTIFACTS, 0, NULL, err)) < 0 ||
		(rc = found = bn_baseline_get(&text, at.forge, &wish, err)) < 0 ||
		(rc = keep_baseline(cli, out, found, &text, err)) < 0)
		goto out;
	const char *branch = wish.branch ? wish.branch : at.place.target_branch;
	if (!found)
		bn_cli_say(cli,
			"branch %s has no %s of a successful job %s yet: nothing to compare with",
			branch, wish.path, wish.job);
	rc = bn_cli_object(cli,
		json_pack("{s:b, s:s, s:s, s:s, s:s?, s:o}", "found", found, "branch", branch,
			"job", wish.job, "path", wish.path, "file", found ? out : NULL, "bytes",
			found ? json_integer((json_int_t)text.len) : json_null()),
		fields, err);
out:
	bn_cli_forge_close(&at);
	bn_buf_release(&text);
	return rc;
}

/* clang-format off */
static const bn_opt note_options[] = {
	{"file", 'f', "FILE", "the note, Markdown (else " BN_CI_NOTE_FILE ", of binnacle ci check)"},
	{"request", 'r', "N", "number of the merge or pull request (else from the CI's variables)"},
	{"name", 0, "NAME", "of the note, where a request has several (binnacle)"},
	BN_FORGE_OPTIONS, {0}};
static const bn_opt status_options[] = {
	{"commit", 'c', "SHA", "the commit (else the CI's, else HEAD)"},
	{"name", 0, "NAME", "of the status (binnacle)"},
	{"description", 0, "TEXT", "a line beside it"},
	{"target-url", 0, "URL", "where it leads (else the pipeline's page)"},
	BN_FORGE_OPTIONS, {0}};
static const bn_opt baseline_options[] = {
	{"out", 'o', "FILE", "where it is written (" BN_CI_BASELINE_FILE ")"},
	{"branch", 0, "NAME", "the branch (else the request's target, else the default branch)"},
	{"job", 0, "NAME", "the job that made it (evaluate)"},
	{"path", 0, "PATH", "the file among its artifacts (" BN_CI_REPORT_FILE ")"},
	{"force", 0, NULL, "replace an existing file"},
	BN_FORGE_OPTIONS, {0}};
/* clang-format on */

const bn_verb bn_verbs_ci_forge[] = {
	{"ci", "note", "", 0, 0, "write the note on the merge request, or update it",
		"The note is found again by a hidden first line and its author, so that each "
		"pipeline updates one note. "
		"A\njob of a pipeline without a request sends nothing. In GitLab CI the job's own "
		"token may not write "
		"notes:\ngive a project access token.",
		{"binnacle ci note", "binnacle ci note --file NOTE.md --request 7", NULL},
		note_options, BN_VERB_DRY_RUN | BN_VERB_NO_WORKSPACE, run_note},
	{"ci", "status", "STATE", 1, 1, "set the status of the commit",
		"STATE is pending, running, success or failed. The last one of a name counts.",
		{"binnacle ci status running",
			"binnacle ci status failed --description '2 of 5 gates fail'", NULL},
		status_options, BN_VERB_DRY_RUN | BN_VERB_NO_WORKSPACE, run_status},
	{"ci", "baseline", "", 0, 0, "get the metrics of the target branch",
		"From the artifacts of the last successful pipeline of that branch (GitLab). A "
		"branch that has none is no "
		"error: no file is written.",
		{"binnacle ci baseline",
			"binnacle ci baseline --branch main --out baseline.json --force", NULL},
		baseline_options, BN_VERB_NO_WORKSPACE, run_baseline},
	{0},
};
