/* code.c - see environment.h: identifies the code through libgit2. */
#include "core/base/fs.h"
#include "core/base/git2.h"
#include "core/base/mem.h"
#include "core/run/environment.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define DIFF_MAX_BYTES (16u << 20)

static int git_failed(const char *what, bn_err *err)
{
	const git_error *e = git_error_last();
	return bn_err_set(err, BN_EIO, "cannot %s: %s", what, e ? e->message : "libgit2 failed");
}

static int head_describe(json_t *o, git_repository *repo, git_tree **tree, bn_err *err)
{
	git_reference *head = NULL;
	git_object *commit = NULL;
	char hex[GIT_OID_HEXSZ + 1];
	int rc = 0, git = git_repository_head(&head, repo);
	if (git == GIT_EUNBORNBRANCH || git == GIT_ENOTFOUND)
		return 0;
	if (git != 0 || git_reference_peel(&commit, head, GIT_OBJECT_COMMIT) != 0 ||
		git_commit_tree(tree, (git_commit *)commit) != 0) {
		rc = git_failed("read HEAD", err);
	} else {
		git_oid_tostr(hex, sizeof hex, git_object_id(commit));
		json_object_set_new(o, "commit", json_string(hex));
		if (git_reference_is_branch(head))
			json_object_set_new(
				o, "branch", json_string(git_reference_shorthand(head)));
	}
	git_object_free(commit);
	git_reference_free(head);
	return rc;
}

/* Tracked files against HEAD, index and working tree together. */
static int diff_describe(json_t *o, char **text, git_repository *repo, git_tree *tree, bn_err *err)
{
	git_diff *diff = NULL;
	git_buf buf = GIT_BUF_INIT;
	git_diff_options opt;
	git_diff_options_init(&opt, GIT_DIFF_OPTIONS_VERSION);
	opt.flags = GIT_DIFF_SHOW_BINARY;
	opt.max_size = DIFF_MAX_BYTES;
	int rc = 0;
	if (git_diff_tree_to_workdir_with_index(&diff, repo, tree, &opt) != 0) {
		rc = git_failed("compare the working tree with HEAD", err);
	} else if (git_diff_num_deltas(diff) > 0) {
		json_object_set_new(o, "dirty", json_true());
		if (git_diff_to_buf(&buf, diff, GIT_DIFF_FORMAT_PATCH) != 0)
			rc = git_failed("write the uncommitted changes", err);
		else if (buf.size > 0 && !(*text = bn_strndup(buf.ptr, buf.size)))
			rc = bn_err_nomem(err, "a patch");
	} else {
		json_object_set_new(o, "dirty", json_false());
	}
	git_buf_dispose(&buf);
	git_diff_free(diff);
	return rc;
}

static void count_untracked(json_t *o, git_repository *repo)
{
	git_status_options opt;
	git_status_options_init(&opt, GIT_STATUS_OPTIONS_VERSION);
	git_status_list *list = NULL;
	opt.show = GIT_STATUS_SHOW_WORKDIR_ONLY;
	opt.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED;
	size_t n = 0;
	if (git_status_list_new(&list, repo, &opt) != 0)
		return;
	for (size_t i = 0; i < git_status_list_entrycount(list); i++)
		n += git_status_byindex(list, i)->status == GIT_STATUS_WT_NEW;
	json_object_set_new(o, "untracked", json_integer((json_int_t)n));
	git_status_list_free(list);
}

/* False if no directory from dir upwards can be a repository, or in one, so git_repository_open_ext would fail.
 * libgit2 reads all certificates of the system on start, which takes 7 ms; most runs are in no repository. */
static bool may_be_repository(const char *dir)
{
	static const char *const marks[] = {
		".git", "HEAD"}; /* HEAD: of a bare repository, or in .git */
	const bn_env *env = bn_env_real();
	struct stat st;
	char *at = NULL;
	bool found = false;
	if (bn_path_real(&at, dir, NULL) < 0)
		return true;
	for (char *end = at + strlen(at); !found && end; end = strrchr(at, '/')) {
		*end = '\0';
		for (size_t i = 0; i < sizeof marks / sizeof *marks && !found; i++) {
			char *path = bn_strf("%s/%s", at, marks[i]);
			int e = path ? env->fs->stat(env, NULL, path, &st) : 0;
			found = e != -ENOENT && e != -ENOTDIR;
			bn_free(path);
		}
	}
	bn_free(at);
	return found;
}

void bn_code_prepare(const char *dir)
{
	if (may_be_repository(dir))
		bn_git2_open(NULL); /* a failure is reported by what then needs it */
}

int bn_code_describe(json_t **out, char **diff, const char *dir, bn_err *err)
{
	git_repository *repo = NULL;
	git_tree *tree = NULL;
	json_t *o = NULL;
	int rc = 0;
	*out = NULL;
	*diff = NULL;
	if (!may_be_repository(dir))
		return 0;
	if ((rc = bn_git2_open(err)) < 0)
		return rc;
	int git = git_repository_open_ext(&repo, dir, 0, NULL);
	if (git == GIT_ENOTFOUND)
		goto out;
	if (git != 0) {
		rc = git_failed("open the git repository", err);
		goto out;
	}
	o = json_object();
	if (!o) {
		rc = bn_err_nomem(err, "a description of the code");
		goto out;
	}
	const char *path = git_repository_workdir(repo);
	if (path)
		json_object_set_new(o, "path", json_string(path));
	if ((rc = head_describe(o, repo, &tree, err)) < 0)
		goto out;
	if (tree && path) {
		if ((rc = diff_describe(o, diff, repo, tree, err)) < 0)
			goto out;
		count_untracked(o, repo);
	}
	*out = json_incref(o);
out:
	if (rc < 0) {
		bn_free(*diff);
		*diff = NULL;
	}
	json_decref(o);
	git_tree_free(tree);
	git_repository_free(repo);
	return rc;
}
