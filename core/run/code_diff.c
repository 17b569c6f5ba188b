/* code_diff.c - see code_diff.h. Blobs of patched files are stored in an in-memory object database, which is searched
 * before the repository's. */
#include "core/run/code_diff.h"

#include "core/base/git2.h"
#include "core/base/mem.h"

#include <string.h>

typedef struct comparing {
	bn_code_diff *out;
	git_repository *repo;
	const bn_progress *watch;
	bn_err *err;
} comparing;

static const char *git_words(void)
{
	const git_error *e = git_error_last();
	return e && e->message ? e->message : "libgit2 failed";
}

static bool is_text(const char *s)
{
	return s && *s;
}

/* The repository around the path, if there is one. *why: the reason if it cannot be opened, such as another user's. */
static git_repository *repository_at(const char *path, char **why)
{
	git_repository *repo = NULL;
	int e = is_text(path) ? git_repository_open_ext(&repo, path, 0, NULL) : GIT_ENOTFOUND;
	if (e == 0)
		return repo;
	if (e != GIT_ENOTFOUND && !*why)
		*why = bn_strf("their repository (%s) cannot be opened: %s", path, git_words());
	return NULL;
}

/* The first repository around an existing one of the paths. *why: the reason if there is none that can be opened. */
static git_repository *repository_open(const bn_code_state *a, const bn_code_state *b, char **why)
{
	git_repository *repo = repository_at(b->path, why);
	if (!repo)
		repo = repository_at(a->path, why);
	if (!repo && !*why)
		*why = bn_strf("their repository (%s) is not here",
			is_text(b->path) ? b->path : "no path was recorded");
	if (repo) {
		bn_free(*why);
		*why = NULL;
	}
	return repo;
}

/* Objects written through this handle stay in memory. */
static bool memory_add(git_repository *repo)
{
	git_odb *odb = NULL;
	git_odb_backend *memory = NULL;
	bool ok = git_repository_odb(&odb, repo) == 0 && git_mempack_new(&memory) == 0 &&
		  git_odb_add_backend(odb, memory, 999) == 0; /* the odb frees it */
	git_odb_free(odb);
	return ok;
}

/* The tree of the commit with the patch applied, as an index in memory; why: the reason if that fails. */
static git_index *state_make(git_repository *repo, const bn_code_state *s, char **why)
{
	git_oid id;
	git_commit *commit = NULL;
	git_tree *tree = NULL;
	git_diff *patch = NULL;
	git_index *index = NULL;
	bool ok = false;
	if (!is_text(s->commit)) {
		*why = bn_strf("no commit was recorded");
		return NULL;
	}
	if (git_oid_fromstr(&id, s->commit) != 0 || git_commit_lookup(&commit, repo, &id) != 0 ||
		git_commit_tree(&tree, commit) != 0) {
		*why = bn_strf("the repository has no commit %.12s", s->commit);
		goto out;
	}
	if (!is_text(s->patch)) {
		ok = git_index_new(&index) == 0 && git_index_read_tree(index, tree) == 0;
	} else {
		ok = git_diff_from_buffer(&patch, s->patch, strlen(s->patch)) == 0 &&
		     git_apply_to_tree(&index, repo, tree, patch, NULL) == 0;
	}
	if (!ok)
		*why = bn_strf("the uncommitted changes do not apply to commit %.12s: %s",
			s->commit, git_words());
out:
	if (!ok) {
		git_index_free(index);
		index = NULL;
	}
	git_diff_free(patch);
	git_tree_free(tree);
	git_commit_free(commit);
	return index;
}

/* Adds one file to the list, and its part of the patch while there is room. */
static bool file_take(comparing *c, git_diff *diff, size_t i)
{
	bn_code_file *f = &c->out->files[c->out->count];
	const git_diff_delta *delta = git_diff_get_delta(diff, i);
	const char *path =
		delta->status == GIT_DELTA_DELETED ? delta->old_file.path : delta->new_file.path;
	git_patch *patch = NULL;
	git_buf text = GIT_BUF_INIT;
	*f = (bn_code_file){.path = bn_strdup(path), .status = git_diff_status_char(delta->status)};
	bool ok = f->path && git_patch_from_diff(&patch, diff, i) == 0;
	if (f->path)
		c->out->count++;
	if (ok && patch) {
		git_patch_line_stats(NULL, &f->added, &f->removed, patch);
		f->is_binary = (git_patch_get_delta(patch)->flags & GIT_DIFF_FLAG_BINARY) != 0;
		ok = git_patch_to_buf(&text, patch) == 0;
	}
	if (ok && c->out->patch.len + text.size > BN_CODE_DIFF_BYTES)
		c->out->left_out++;
	else if (ok && text.size)
		bn_buf_add(&c->out->patch, text.ptr, text.size);
	git_buf_dispose(&text);
	git_patch_free(patch);
	return ok;
}

static int states_compare(comparing *c, git_index *a, git_index *b, char **why)
{
	git_diff *diff = NULL;
	git_diff_find_options renames;
	git_diff_find_options_init(&renames, GIT_DIFF_FIND_OPTIONS_VERSION);
	renames.flags = GIT_DIFF_FIND_RENAMES;
	bool ok = git_diff_index_to_index(&diff, c->repo, a, b, NULL) == 0 &&
		  git_diff_find_similar(diff, &renames) == 0;
	size_t n = ok ? git_diff_num_deltas(diff) : 0;
	c->out->files = bn_alloc_zeroed(n + 1, sizeof *c->out->files);
	int rc = c->out->files ? 0 : bn_err_nomem(c->err, "a diff of code");
	for (size_t i = 0; i < n && ok && rc >= 0; i++)
		if ((rc = bn_progress_step(c->watch, "comparing files", i, n, c->err)) >= 0)
			ok = file_take(c, diff, i);
	if (!ok)
		*why = bn_strf("the two states could not be compared: %s", git_words());
	git_diff_free(diff);
	return rc;
}

/* Both patches, one after the other. */
static void patches_put(bn_buf *out, const char *word, const bn_code_state *s)
{
	bn_buf_addf(out, "# %s: commit %s, %s\n", word, is_text(s->commit) ? s->commit : "unknown",
		is_text(s->patch) ? "with these uncommitted changes" : "no uncommitted changes");
	if (is_text(s->patch))
		bn_buf_add(out, s->patch, strnlen(s->patch, BN_CODE_DIFF_BYTES));
	if (out->len && out->ptr[out->len - 1] != '\n')
		bn_buf_addch(out, '\n');
}

static void files_clear(bn_code_diff *d)
{
	for (size_t i = 0; i < d->count; i++)
		bn_free(d->files[i].path);
	bn_free(d->files);
	d->files = NULL;
	d->count = d->left_out = 0;
}

int bn_code_diff_make(bn_code_diff *out, const bn_code_state *a, const bn_code_state *b,
	const bn_progress *watch, bn_err *err)
{
	comparing c = {.out = out, .watch = watch, .err = err};
	git_index *from = NULL, *to = NULL;
	int rc = 0;
	*out = (bn_code_diff){.patch = BN_BUF_INIT};
	if ((rc = bn_git2_open(err)) < 0)
		return rc;
	c.repo = repository_open(a, b, &out->apart);
	if (c.repo && !memory_add(c.repo))
		out->apart = bn_strf("the repository cannot be read: %s", git_words());
	else if (c.repo && (from = state_make(c.repo, a, &out->apart)) &&
		 (to = state_make(c.repo, b, &out->apart)) &&
		 (rc = states_compare(&c, from, to, &out->apart)) < 0)
		goto out;
	if ((!from || !to) && !out->apart) {
		rc = bn_err_nomem(err, "a diff of code");
		goto out;
	}
	if (out->apart) {
		files_clear(out);
		bn_buf_clear(&out->patch);
		patches_put(&out->patch, "a", a);
		patches_put(&out->patch, "b", b);
	}
	rc = bn_buf_check(&out->patch, err, "a diff of code");
out:
	git_index_free(from);
	git_index_free(to);
	git_repository_free(c.repo);
	if (rc < 0)
		bn_code_diff_release(out);
	return rc;
}

void bn_code_diff_text(bn_buf *out, const bn_code_diff *d)
{
	if (d->apart)
		bn_buf_addf(out, "not compared: %s\n\n", d->apart);
	else if (d->count == 0)
		bn_buf_adds(out, "the code is the same\n");
	for (size_t i = 0; i < d->count; i++) {
		const bn_code_file *f = &d->files[i];
		if (f->is_binary)
			bn_buf_addf(out, "%c  %s  (binary)\n", f->status, f->path);
		else
			bn_buf_addf(out, "%c  %s  +%zu -%zu\n", f->status, f->path, f->added,
				f->removed);
	}
	if (d->left_out)
		bn_buf_addf(out, "of %zu of these files the changes are too long to be shown\n",
			d->left_out);
	if (d->count)
		bn_buf_addch(out, '\n');
	if (d->patch.len)
		bn_buf_add(out, d->patch.ptr, d->patch.len);
}

void bn_code_diff_release(bn_code_diff *d)
{
	files_clear(d);
	bn_buf_release(&d->patch);
	bn_free(d->apart);
	d->apart = NULL;
}
