/* cmd_dvc.c - binnacle dvc: the files that a DVC repository tracks (core/dvc). */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/dvc/add.h"
#include "core/dvc/status.h"
#include "core/dvc/transfer.h"
#include "tui/cli/verbs.h"

#include <stdio.h>
#include <string.h>

/* A verb at work on a repository: that of its first word, or of the directory. */
typedef struct dvc_work {
	bn_cli *cli;
	bn_progress progress;
	bn_dvc_session session;
	bn_dvc_chosen chosen;
	const char **words;
	size_t count;
} dvc_work;

static void release(dvc_work *w)
{
	bn_cli_progress_end(w->cli);
	bn_dvc_chosen_release(&w->chosen);
	bn_dvc_session_close(&w->session);
	bn_free(w->words);
}

static int open_work(dvc_work *w, bn_cli *cli, bool to_write, bn_err *err)
{
	const char *start = bn_cli_start_dir(cli);
	*w = (dvc_work){
		.cli = cli, .progress = bn_cli_watch(cli), .count = (size_t)bn_cli_nargs(cli)};
	if (!(w->words = bn_alloc_zeroed(w->count + 1, sizeof *w->words)))
		return bn_err_nomem(err, "a list of paths");
	for (size_t i = 0; i < w->count; i++)
		w->words[i] = bn_cli_arg(cli, (int)i);
	if (!start)
		start = w->count ? w->words[0] : ".";
	return bn_dvc_session_open(
		&w->session, bn_cli_env(cli), start, to_write, &w->progress, err);
}

static int open_chosen(dvc_work *w, bn_cli *cli, bool to_write, bn_err *err)
{
	int rc = open_work(w, cli, to_write, err);
	return rc < 0 ? rc : bn_dvc_choose(&w->chosen, &w->session, w->words, w->count, err);
}

/* Files that could not be read are an error after everything else was done. Those of other paths do not matter. */
static int tell_problems(dvc_work *w, bn_err *err)
{
	const bn_dvc_tracked *t = &w->session.tracked;
	if (w->count || !t->problem_count)
		return 0;
	for (size_t i = 1; i < t->problem_count; i++)
		bn_cli_warn(w->cli, "%s", t->problems[i].why.msg);
	bn_err why = t->problems[0].why;
	return bn_err_move(err, &why);
}

/* ---- status ------------------------------------------------------------------------------------- */

static const char *const work_words[] = {"same", "changed", "absent", "not hashed"};

static json_t *known(int64_t n)
{
	return n < 0 ? json_null() : json_integer((json_int_t)n);
}

/* "all", "3 of 12 missing", "missing". */
static json_t *places_text(const bn_dvc_status *s, int64_t missing)
{
	char text[64];
	if (missing < 0)
		return json_null();
	if (!missing)
		return json_string(s->objects < 0 ? "the listing" : "all");
	if (s->objects <= 1)
		return json_string(s->out->is_dir ? "no listing" : "missing");
	snprintf(text, sizeof text, "%lld of %lld missing", (long long)missing,
		(long long)s->objects);
	return json_string(text);
}

static json_t *state_text(const bn_dvc_status *s)
{
	char text[96];
	if (s->work != BN_DVC_WORK_CHANGED || s->added < 0)
		return json_string(work_words[s->work]);
	snprintf(text, sizeof text, "changed: %lld new, %lld gone, %lld other", (long long)s->added,
		(long long)s->removed, (long long)s->modified);
	return json_string(text);
}

static json_t *status_json(const bn_dvc_status *s)
{
	const bn_dvc_out *o = s->out;
	return json_pack("{s:s, s:s, s:s?, s:s?, s:b, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, "
			 "s:o, s:o, s:o, s:s?}",
		"path", o->path, "file", o->file, "stage", o->stage, "md5",
		o->md5[0] ? o->md5 : NULL, "directory", (int)o->is_dir, "size_bytes",
		known(o->size), "files", known(o->nfiles), "state", work_words[s->work], "added",
		known(s->added), "removed", known(s->removed), "modified", known(s->modified),
		"objects", known(s->objects), "not_cached", known(s->not_cached), "not_in_remote",
		known(s->not_remote), "state_text", state_text(s), "cache_text",
		s->problem.code ? json_string("listing damaged") : places_text(s, s->not_cached),
		"remote_text", places_text(s, s->not_remote), "problem",
		s->problem.code ? s->problem.msg : NULL);
}

static int add_problems(json_t *items, const dvc_work *w, bn_err *err)
{
	const bn_dvc_tracked *t = &w->session.tracked;
	for (size_t i = 0; !w->count && i < t->problem_count; i++) {
		json_t *o = json_pack("{s:n, s:s, s:s, s:s, s:s}", "path", "file",
			t->problems[i].file, "state", "unreadable", "state_text", "unreadable",
			"problem", t->problems[i].why.msg);
		if (!o || json_array_append_new(items, o) != 0)
			return bn_err_nomem(err, "the result");
	}
	return 0;
}

static int run_status(bn_cli *cli, bn_err *err)
{
	bn_col cols[] = {{"path", "PATH", BN_AS_TEXT}, {"size_bytes", "SIZE", BN_AS_BYTES},
		{"files", "FILES", BN_AS_COUNT}, {"state_text", "STATE", BN_AS_TEXT},
		{"cache_text", "CACHE", BN_AS_TEXT}, {"remote_text", "REMOTE", BN_AS_TEXT},
		{"file", "FILE", BN_AS_TEXT}, {0}};
	enum { REMOTE = 5 };
	const char *name = bn_cli_opt(cli, "remote");
	bool asks = name || bn_cli_flag(cli, "cloud");
	dvc_work w;
	bn_dvc_remote remote = {.name = NULL};
	bn_dvc_status *all = NULL;
	bn_err damaged = BN_ERR_INIT;
	json_t *items = json_array();
	int rc;
	if ((rc = open_chosen(&w, cli, false, err)) < 0 ||
		(asks && (rc = bn_dvc_remote_open(&remote, w.session.repo, name, false, err)) < 0))
		goto out;
	all = bn_alloc_zeroed(w.chosen.count + 1, sizeof *all);
	if (!all || !items) {
		rc = bn_err_nomem(err, "the result");
		goto out;
	}
	if ((rc = bn_dvc_status_load(all, &w.session, &w.chosen, asks ? &remote : NULL, err)) < 0)
		goto out;
	bn_cli_progress_end(cli);
	for (size_t i = 0; i < w.chosen.count; i++) {
		if (json_array_append_new(items, status_json(&all[i])) != 0)
			rc = bn_err_nomem(err, "the result");
		if (all[i].problem.code)
			bn_err_move(&damaged, &all[i].problem);
	}
	if (rc < 0 || (rc = add_problems(items, &w, err)) < 0)
		goto out;
	if (!asks)
		memmove(&cols[REMOTE], &cols[REMOTE + 1], 2 * sizeof *cols);
	if ((rc = bn_cli_list(cli, json_incref(items), cols,
		     "nothing is tracked; track a file with: binnacle dvc add PATH", err)) < 0)
		goto out;
	rc = damaged.code ? bn_err_move(err, &damaged) : tell_problems(&w, err);
out:
	json_decref(items);
	bn_free(all);
	bn_dvc_remote_close(&remote);
	release(&w);
	return rc;
}

/* ---- pull, push ----------------------------------------------------------------------------------- */

static int show_moved(dvc_work *w, const bn_dvc_moved *m, bool pulled, bn_err *err)
{
	static const bn_col fields[] = {{"objects", "Objects", BN_AS_COUNT},
		{"bytes", "Bytes", BN_AS_BYTES}, {"remote", "Remote", BN_AS_TEXT},
		{"placed", "Files placed", BN_AS_COUNT}, {"removed", "Files removed", BN_AS_COUNT},
		{0}};
	json_t *o = json_pack("{s:I, s:I, s:s?, s:o, s:o}", "objects", (json_int_t)m->objects,
		"bytes", (json_int_t)m->bytes, "remote", m->places, "placed",
		pulled ? known(m->placed) : json_null(), "removed",
		pulled ? known(m->removed) : json_null());
	if (!o)
		return bn_err_nomem(err, "the result");
	if (m->skipped)
		bn_cli_say(w->cli,
			"%lld %s not pushed (cache: false, push: false, or of another repository)",
			(long long)m->skipped, m->skipped == 1 ? "output is" : "outputs are");
	return bn_cli_object(w->cli, o, fields, err);
}

static int run_move(bn_cli *cli, bool pulls, bn_err *err)
{
	const bn_dvc_transfer_options options = {.remote = bn_cli_opt(cli, "remote"),
		.force = pulls && bn_cli_flag(cli, "force"),
		.fetch_only = pulls && bn_cli_flag(cli, "cache-only")};
	bn_dvc_moved moved = {.places = NULL};
	bn_err why = BN_ERR_INIT;
	dvc_work w;
	int rc = open_chosen(&w, cli, true, err);
	if (rc < 0)
		goto out;
	int done = pulls ? bn_dvc_pull(&moved, &w.session, &w.chosen, &options, &why)
			 : bn_dvc_push(&moved, &w.session, &w.chosen, &options, &why);
	bn_cli_progress_end(cli);
	/* What was done counts also if something is missing in the end. */
	if ((done == 0 || moved.objects || moved.placed) &&
		(rc = show_moved(&w, &moved, pulls, err)) < 0)
		goto out;
	rc = done < 0 ? bn_err_move(err, &why) : tell_problems(&w, err);
out:
	bn_dvc_moved_release(&moved);
	release(&w);
	return rc;
}

static int run_pull(bn_cli *cli, bn_err *err)
{
	return run_move(cli, true, err);
}

static int run_push(bn_cli *cli, bn_err *err)
{
	return run_move(cli, false, err);
}

/* ---- add ---------------------------------------------------------------------------------------- */

static json_t *added_json(const bn_dvc_added *a)
{
	const char *state = a->is_new ? "new" : "changed";
	return json_pack("{s:s, s:s, s:s, s:b, s:o, s:o, s:s}", "path", a->path, "file", a->file,
		"md5", a->md5, "directory", (int)a->is_dir, "size_bytes", known(a->size), "files",
		known(a->nfiles), "state", a->changed ? state : "same");
}

static int add_one(json_t *items, bool *changed, dvc_work *w, size_t i, bn_err *err)
{
	bn_dvc_added a;
	int rc = bn_dvc_add(&a, &w->session, w->words[i], err);
	if (rc < 0)
		goto out;
	*changed |= a.changed;
	if (json_array_append_new(items, added_json(&a)) != 0)
		rc = bn_err_nomem(err, "the result");
out:
	bn_dvc_added_release(&a);
	return rc;
}

static int run_add(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"path", "PATH", BN_AS_TEXT},
		{"size_bytes", "SIZE", BN_AS_BYTES}, {"files", "FILES", BN_AS_COUNT},
		{"md5", "MD5", BN_AS_ID}, {"state", "STATE", BN_AS_TEXT},
		{"file", "FILE", BN_AS_TEXT}, {0}};
	json_t *items = json_array();
	bool changed = false;
	dvc_work w;
	int rc;
	if ((rc = open_work(&w, cli, true, err)) < 0)
		goto out;
	for (size_t i = 0; i < w.count; i++)
		if ((rc = add_one(items, &changed, &w, i, err)) < 0)
			goto out;
	bn_cli_progress_end(cli);
	if (changed)
		bn_cli_say(cli, "commit the .dvc files and .gitignore with Git; binnacle dvc push "
				"copies the data");
	rc = bn_cli_list(cli, json_incref(items), cols, NULL, err);
out:
	json_decref(items);
	release(&w);
	return rc;
}

#define OPT_REMOTE \
	{ \
		"remote", 'r', "NAME", "of .dvc/config (core.remote)" \
	}

static const bn_opt status_opts[] = {
	{"cloud", 'c', NULL, "also ask the remote what it has"}, OPT_REMOTE, {0}};
static const bn_opt push_opts[] = {OPT_REMOTE, {0}};
static const bn_opt pull_opts[] = {OPT_REMOTE,
	{"force", 'f', NULL, "replace changed files although the cache does not have them"},
	{"cache-only", 0, NULL, "fetch into the cache, and leave the working tree alone"}, {0}};

const bn_verb bn_verbs_dvc[] = {
	{"dvc", "status", "[PATH...]", 0, -1,
		"compare files tracked by DVC with the cache and a remote",
		"Reads .dvc files and dvc.lock. same: the file is the one that was tracked.\n"
		"With --cloud or --remote the remote is asked as well. A file is only hashed\n"
		"again if its inode, size or times have changed.",
		{"binnacle dvc status", "binnacle dvc status data --cloud --json"}, status_opts,
		BN_VERB_NO_WORKSPACE | BN_VERB_LISTS, run_status},
	{"dvc", "pull", "[PATH...]", 0, -1, "get files tracked by DVC from the cache or a remote",
		"PATH is a tracked file or directory, something in one, or a .dvc file;\n"
		"without PATH everything. Each object is verified by its MD5 and kept in the\n"
		"cache; the working tree gets clones, links or copies, as cache.type says.\n"
		"What would be lost is not replaced without --force.",
		{"binnacle dvc pull", "binnacle dvc pull data/jobs.csv --remote lab"}, pull_opts,
		BN_VERB_NO_WORKSPACE, run_pull},
	{"dvc", "push", "[PATH...]", 0, -1, "copy tracked files from the cache to a remote",
		"A remote is a directory or s3://BUCKET/PATH. Files go first, the listing of\n"
		"a directory last, so whoever finds a listing finds its files. Only what the\n"
		"remote lacks is sent.",
		{"binnacle dvc push", "binnacle dvc push data --remote lab"}, push_opts,
		BN_VERB_NO_WORKSPACE, run_push},
	{"dvc", "add", "PATH...", 1, -1, "track a file or a directory with DVC, or its new content",
		"As with `dvc add`, the bytes go to the cache, PATH.dvc names them by MD5,\n"
		"and Git ignores PATH. Comments and other fields of a .dvc file stay.",
		{"binnacle dvc add data/jobs.csv", "binnacle dvc add data/images data/labels.csv"},
		NULL, BN_VERB_NO_WORKSPACE, run_add},
	{0},
};
