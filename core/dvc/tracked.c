/* tracked.c - what a repository tracks: see repo.h. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/yaml.h"
#include "core/dvc/ignore.h"
#include "core/dvc/repo.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MOST = 200, POINTER_BYTES = 16 << 20 };

typedef struct walk {
	bn_dvc_tracked *t;
	bn_dvc_repo *r;
	bn_dvc_ignore ignore;
	const bn_progress *progress;
	uint64_t seen;
	bn_buf path; /* of the current directory, with its slash; "" at the root */
	bn_err *err;
} walk;

void bn_dvc_tracked_release(bn_dvc_tracked *t)
{
	bn_dvc_outs_release(&t->outs);
	for (size_t i = 0; i < t->problem_count; i++)
		bn_free(t->problems[i].file);
	bn_free(t->problems);
	*t = (bn_dvc_tracked){.problems = NULL};
}

static int add_problem(walk *w, const char *file, bn_err *why)
{
	bn_dvc_tracked *t = w->t;
	if (why->code == BN_ENOMEM || why->code == BN_EINTR)
		return bn_err_move(w->err, why);
	if (bn_grow(&t->problems, &t->problem_cap, t->problem_count + 1, sizeof *t->problems) < 0)
		return bn_err_nomem(w->err, "a list of problems");
	char *copy = bn_strdup(file);
	if (!copy)
		return bn_err_nomem(w->err, "a list of problems");
	t->problems[t->problem_count++] = (bn_dvc_problem){.file = copy, .why = *why};
	return 0;
}

/* Appends a small file below the current directory. */
static int read_small(
	const bn_dir *at, const char *name, const char *file, bn_buf *text, bn_err *err)
{
	struct stat st;
	int rc;
	if ((rc = bn_dir_stat(at, name, &st, err)) < 0)
		return rc;
	if (S_ISREG(st.st_mode) && st.st_size > POINTER_BYTES)
		return bn_err_set(err, BN_EINVAL, "%s: %lld bytes, the limit is %d", file,
			(long long)st.st_size, POINTER_BYTES);
	return bn_dir_read_file(at, name, text, err);
}

/* Without a dvc.yaml beside it nothing of a dvc.lock counts. */
static int read_lock(walk *w, const bn_dir *at, const char *file, const bn_buf *text, bn_err *why)
{
	bn_buf yaml_text = BN_BUF_INIT;
	bn_err none = BN_ERR_INIT;
	json_t *yaml = NULL;
	char *name = bn_strf("%sdvc.yaml", w->path.ptr);
	int rc;
	if (!name)
		return bn_err_nomem(why, "a path");
	if ((rc = read_small(at, "dvc.yaml", name, &yaml_text, &none)) < 0) {
		rc = rc == BN_ENOTFOUND ? 0 : bn_err_move(why, &none);
		goto out;
	}
	if ((rc = bn_yaml_parse(&yaml, yaml_text.ptr, yaml_text.len, name, why)) < 0)
		goto out;
	rc = bn_dvc_lock_parse(&w->t->outs, text->ptr, text->len, file, yaml, why);
out:
	json_decref(yaml);
	bn_buf_release(&yaml_text);
	bn_free(name);
	return rc;
}

static int read_pointer(walk *w, const bn_dir *at, const char *name, const char *file, bool is_lock)
{
	bn_buf text = BN_BUF_INIT;
	bn_err why = BN_ERR_INIT;
	size_t before = w->t->outs.count;
	int rc;
	if ((rc = read_small(at, name, file, &text, &why)) < 0)
		goto out;
	rc = is_lock ? read_lock(w, at, file, &text, &why)
		     : bn_dvc_pointer_parse(&w->t->outs, text.ptr, text.len, file, &why);
out:
	bn_buf_release(&text);
	if (rc < 0) {
		bn_dvc_outs_back_to(&w->t->outs,
			before); /* what the file said before the error does not count */
		rc = add_problem(w, file, &why);
	}
	return rc;
}

static bool is_output(const walk *w, const char *path)
{
	for (size_t i = 0; i < w->t->outs.count; i++)
		if (!strcmp(w->t->outs.items[i].path, path))
			return true;
	return false;
}

static int enter(walk *w, const bn_dir *at, int depth);

static int enter_below(walk *w, const bn_dir *at, const char *name, const char *path, int depth)
{
	bn_dir *below = NULL;
	bn_err why = BN_ERR_INIT;
	size_t len = w->path.len, rules = w->ignore.count;
	int rc;
	if (depth >= DEPTH_MOST) {
		bn_err_set(
			&why, BN_EINVAL, "%s: directories over %d levels deep", path, DEPTH_MOST);
		return add_problem(w, path, &why);
	}
	if (bn_dir_open_below(&below, at, name, &why) < 0)
		return add_problem(w, path, &why);
	if (bn_dir_has(below, ".dvc")) { /* a repository of its own */
		bn_dir_close(below);
		return 0;
	}
	bn_buf_addf(&w->path, "%s/", name);
	rc = w->path.failed ? bn_err_nomem(w->err, "a path") : enter(w, below, depth + 1);
	bn_buf_truncate(&w->path, len);
	bn_dvc_ignore_back_to(&w->ignore, rules);
	bn_dir_close(below);
	return rc;
}

/* The files of a directory before what is below it, since a directory may be an output. */
static int enter(walk *w, const bn_dir *at, int depth)
{
	bn_names names = BN_NAMES_INIT;
	char *path = NULL;
	struct stat st;
	int rc;
	if ((rc = bn_dir_list(at, NULL, &names, w->err)) < 0 ||
		(rc = bn_dvc_ignore_load(&w->ignore, at, w->path.len, w->err)) < 0)
		goto out;
	for (size_t i = 0; i < 2 * names.count; i++) {
		const char *name = names.items[i % names.count];
		bool dirs = i >= names.count, is_lock = !strcmp(name, "dvc.lock");
		size_t n = strlen(name);
		if (!dirs && !is_lock && (n <= 4 || !bn_str_ends(name, BN_DVC_SUFFIX)))
			continue;
		if (bn_dir_stat(at, name, &st, NULL) < 0 ||
			(dirs ? !S_ISDIR(st.st_mode) : S_ISDIR(st.st_mode)))
			continue;
		bn_free(path);
		if (!(path = bn_strf("%s%s", w->path.ptr, name))) {
			rc = bn_err_nomem(w->err, "a path");
			goto out;
		}
		if (bn_dvc_ignore_has(&w->ignore, path, dirs) ||
			bn_dvc_git_ignores(w->r->git, path, dirs) || (dirs && is_output(w, path)))
			continue;
		rc = dirs ? enter_below(w, at, name, path, depth)
			  : read_pointer(w, at, name, path, is_lock);
		if (rc < 0 || (rc = bn_progress_step(w->progress, "looking for .dvc files",
				       ++w->seen, 0, w->err)) < 0)
			goto out;
	}
out:
	bn_free(path);
	bn_names_release(&names);
	return rc;
}

static int by_path(const void *a, const void *b)
{
	const bn_dvc_out *x = a, *y = b;
	int c = strcmp(x->path, y->path);
	return c ? c : strcmp(x->file, y->file);
}

/* Two files that track one path contradict each other. */
static int check_twice(walk *w)
{
	const bn_dvc_outs *outs = &w->t->outs;
	for (size_t i = 1; i < outs->count; i++)
		if (!strcmp(outs->items[i - 1].path, outs->items[i].path))
			return bn_err_set(w->err, BN_EINVAL,
				"'%.120s' is tracked by %.80s and by %.80s", outs->items[i].path,
				outs->items[i - 1].file, outs->items[i].file);
	return 0;
}

int bn_dvc_repo_tracked(bn_dvc_tracked *t, bn_dvc_repo *r, const bn_progress *progress, bn_err *err)
{
	walk w = {.t = t,
		.r = r,
		.ignore = BN_DVC_IGNORE_INIT,
		.progress = progress,
		.path = BN_BUF_INIT,
		.err = err};
	int rc;
	if ((rc = enter(&w, r->root, 0)) < 0 || !t->outs.count)
		goto out;
	qsort(t->outs.items, t->outs.count, sizeof *t->outs.items, by_path);
	rc = check_twice(&w);
out:
	bn_dvc_ignore_release(&w.ignore);
	bn_buf_release(&w.path);
	return rc;
}

const bn_dvc_out *bn_dvc_tracked_at(const bn_dvc_tracked *t, const char *path)
{
	for (size_t i = 0; i < t->outs.count; i++) {
		const bn_dvc_out *o = &t->outs.items[i];
		size_t n = strlen(o->path);
		if (!strncmp(o->path, path, n) && (!path[n] || path[n] == '/'))
			return o;
	}
	return NULL;
}
