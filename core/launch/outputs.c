/* outputs.c - see _leftovers.h: files that a spec's patterns name. */
#include "core/base/dir.h"
#include "core/base/mem.h"
#include "core/launch/_leftovers.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#define COMPONENT_MAX 256
#define DEPTH_MAX 64
/* A path of the walk has DEPTH_MAX + 1 components; a pattern has at most one ** before each of them. */
#define PARTS_MAX (2 * DEPTH_MAX + 4)

/* Copies the first component of a path to word; returns the rest. NULL: there is none, or it is too long
 * for a file name. */
static const char *split(const char *path, char word[COMPONENT_MAX])
{
	size_t n;
	while (*path == '/')
		path++;
	n = strcspn(path, "/");
	if (n == 0 || n >= COMPONENT_MAX)
		return NULL;
	memcpy(word, path, n);
	word[n] = '\0';
	return path + n;
}

/* Finds the components of a pattern, consecutive ** as one; returns their number. PARTS_MAX + 1: more
 * than any path of the walk can match. */
static size_t parts_of(const char *pattern, const char *at[PARTS_MAX])
{
	bool after_any = false;
	size_t n = 0;
	for (pattern += strspn(pattern, "/"); *pattern; pattern += strspn(pattern, "/")) {
		size_t length = strcspn(pattern, "/");
		bool any = length == 2 && !memcmp(pattern, "**", 2);
		if (!(any && after_any)) {
			if (n == PARTS_MAX)
				return PARTS_MAX + 1;
			at[n++] = pattern;
		}
		after_any = any;
		pattern += length;
	}
	return n;
}

/* reach[i]: the path so far matches the first i components of the pattern. Adds one component; returns
 * whether the path can still match. */
static bool take(bool reach[PARTS_MAX + 1], const char *const at[], size_t n, const char *have)
{
	char want[COMPONENT_MAX];
	bool goes_on = false;
	for (size_t i = n; i-- > 0;) { /* backwards: each is read before it is changed */
		bool here = reach[i];
		reach[i] = false;
		if (!here || !split(at[i], want))
			continue;
		if (!strcmp(want, "**"))
			reach[i] = have[0] != '.';
		else if (fnmatch(want, have, FNM_PERIOD) == 0)
			reach[i + 1] = true;
		goes_on |= reach[i] || reach[i + 1];
	}
	return goes_on;
}

bn_match bn_output_match(const char *pattern, const char *path)
{
	const char *at[PARTS_MAX];
	char have[COMPONENT_MAX];
	bool reach[PARTS_MAX + 1] = {true};
	size_t n = parts_of(pattern, at);
	if (n > PARTS_MAX)
		return BN_MATCH_NO;
	while ((path = split(path, have))) {
		for (size_t i = 0; i < n; i++) /* *** also matches nothing */
			if (reach[i] && !strncmp(at[i], "**", 2) && strcspn(at[i], "/") == 2)
				reach[i + 1] = true;
		if (reach[n]) /* the whole pattern was matched, so this is below a match */
			return BN_MATCH_YES;
		if (!take(reach, at, n, have))
			return BN_MATCH_NO;
	}
	return reach[n] ? BN_MATCH_YES : BN_MATCH_BELOW;
}

/* ---- the walk ------------------------------------------------------------------------------- */

typedef struct walk {
	bn_workspace *ws;
	const char *id;
	const bn_spec_texts *patterns;
	bool *found; /* of each pattern */
	const bn_dir *dir;
	int64_t since_ms;
	const bn_progress *progress;
	bool stopped;
	bn_err *err; /* the first thing that could not be stored */
} walk;

static bn_match match_all(walk *w, const char *path, bool mark)
{
	bn_match best = BN_MATCH_NO;
	for (size_t i = 0; i < w->patterns->count; i++) {
		bn_match m = bn_output_match(w->patterns->items[i], path);
		best = m > best ? m : best;
		if (mark && m == BN_MATCH_YES)
			w->found[i] = true;
	}
	return best;
}

static void keep(walk *w, const char *path, const struct stat *st)
{
	int64_t written = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
	if (written + 10 < w->since_ms) /* a kernel tick of slack, as for metrics.json */
		return;
	bn_err one = BN_ERR_INIT;
	match_all(w, path, true);
	if (bn_runlog_artifact_below(w->ws, w->id, w->dir, path, path, w->progress, &one) ==
		BN_EINTR)
		w->stopped = true;
	bn_leftovers_keep(w->err, &one);
}

static void visit(walk *w, const char *path, int depth);

static void visit_one(walk *w, const char *path, int depth)
{
	struct stat st;
	bn_match m = match_all(w, path, false);
	if (m == BN_MATCH_NO || bn_dir_stat(w->dir, path, &st, NULL) < 0)
		return;
	if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
		visit(w, path, depth + 1);
	else if (m == BN_MATCH_YES)
		keep(w, path, &st);
}

/* path "" is the working directory itself. An unreadable directory has nothing to store. */
static void visit(walk *w, const char *path, int depth)
{
	bn_names names = BN_NAMES_INIT;
	if (bn_dir_list(w->dir, path[0] ? path : NULL, &names, NULL) < 0)
		return;
	for (size_t i = 0; i < names.count && !w->stopped; i++) {
		w->stopped = bn_progress_step(w->progress, "looking for outputs", 0, 0, w->err) < 0;
		if (strcmp(names.items[i], ".binnacle") == 0)
			continue; /* the store, including this run */
		char *below = path[0] ? bn_strf("%s/%s", path, names.items[i])
				      : bn_strdup(names.items[i]);
		if (below)
			visit_one(w, below, depth);
		else
			bn_err_nomem(w->err, "a path");
		bn_free(below);
	}
	bn_names_release(&names);
}

int bn_outputs_store(bn_workspace *ws, const char *id, const bn_spec *spec, int64_t since_ms,
	const bn_progress *progress, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bn_dir *dir = NULL;
	walk w = {ws, id, &spec->outputs, NULL, NULL, since_ms, progress, false, &why};
	if (spec->outputs.count == 0)
		return 0;
	if (!(w.found = bn_alloc_zeroed(spec->outputs.count, sizeof *w.found))) {
		bn_err_nomem(&why, "outputs");
		goto out;
	}
	if (bn_dir_open(&dir, bn_workspace_env(ws), spec->workdir ? spec->workdir : ".", &why) < 0)
		goto out;
	w.dir = dir;
	visit(&w, "", 0);
	for (size_t i = 0; i < spec->outputs.count; i++)
		if (!w.found[i] && !w.stopped)
			bn_err_set(&why, BN_ENOTFOUND,
				"outputs: the command wrote nothing that matches '%s'",
				spec->outputs.items[i]);
out:
	bn_dir_close(dir);
	bn_free(w.found);
	return why.code ? bn_err_move(err, &why) : 0;
}
