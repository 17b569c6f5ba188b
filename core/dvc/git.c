/* git.c - see git.h. */
#include "core/dvc/git.h"

#include "core/base/fs.h"
#include "core/base/git2.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <string.h>

struct bn_dvc_git {
	git_repository *repo;
	char *prefix; /* from Git's working tree to the root of DVC's: "" or "sub/dir/" */
};

int bn_dvc_git_open(bn_dvc_git **out, const char *root, bn_err *err)
{
	git_repository *repo = NULL;
	char *real = NULL;
	int rc = 0;
	*out = NULL;
	if ((rc = bn_git2_open(err)) < 0)
		return rc;
	if (git_repository_open_ext(&repo, root, 0, NULL) != 0 || !git_repository_workdir(repo))
		goto out;
	if ((rc = bn_path_real(&real, root, err)) < 0)
		goto out;
	const char *tree = git_repository_workdir(repo);
	size_t n = strlen(tree);
	bool is_top = !strncmp(real, tree, n - 1) && real[n - 1] == '\0';
	if (!is_top && !bn_str_starts(real, tree))
		goto out;
	if (!(*out = bn_alloc_zeroed(1, sizeof **out)) ||
		!((*out)->prefix = is_top ? bn_strdup("") : bn_strf("%s/", real + n))) {
		rc = bn_err_nomem(err, "a Git repository");
		bn_free(*out);
		*out = NULL;
		goto out;
	}
	(*out)->repo = repo;
	repo = NULL;
out:
	git_repository_free(repo);
	bn_free(real);
	return rc;
}

void bn_dvc_git_close(bn_dvc_git *g)
{
	if (!g)
		return;
	git_repository_free(g->repo);
	bn_free(g->prefix);
	bn_free(g);
}

bool bn_dvc_git_ignores(bn_dvc_git *g, const char *path, bool is_dir)
{
	int ignored = 0;
	if (!g)
		return false;
	char *full = bn_strf("%s%s%s", g->prefix, path, is_dir ? "/" : "");
	bool is = full && git_ignore_path_is_ignored(&ignored, g->repo, full) == 0 && ignored;
	bn_free(full);
	return is;
}

bool bn_dvc_git_tracks(bn_dvc_git *g, const char *path)
{
	git_index *index = NULL;
	size_t at;
	bool is = false;
	if (!g || git_repository_index(&index, g->repo) != 0)
		return false;
	char *file = bn_strf("%s%s", g->prefix, path), *dir = bn_strf("%s%s/", g->prefix, path);
	if (file && dir)
		is = git_index_get_bypath(index, file, 0) ||
		     git_index_find_prefix(&at, index, dir) == 0;
	bn_free(file);
	bn_free(dir);
	git_index_free(index);
	return is;
}

bool bn_dvc_git_head(bn_dvc_git *g, char hex[65])
{
	git_oid id;
	if (!g || git_reference_name_to_id(&id, g->repo, "HEAD") != 0)
		return false;
	git_oid_tostr(hex, 65, &id);
	return true;
}
