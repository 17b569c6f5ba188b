/* branch.c - see branch.h. */
#include "core/ci/branch.h"

#include "core/base/git2.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <string.h>

bool bn_ci_branch_is_plain(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-+");
	return *s && !s[n] && *s != '-' && *s != '/';
}

/* The branch that a symbolic reference names, below `prefix`; yours, NULL if there is none. */
static char *symbolic(git_repository *repo, const char *name, const char *prefix)
{
	git_reference *ref = NULL;
	char *out = NULL;
	if (git_reference_lookup(&ref, repo, name) == 0) {
		const char *target = git_reference_symbolic_target(ref);
		if (target && bn_str_starts(target, prefix))
			out = bn_strdup(target + strlen(prefix));
	}
	git_reference_free(ref);
	return out;
}

/* Of the local branches; yours, NULL if they do not tell. */
static char *local(git_repository *repo)
{
	static const char *const usual[] = {BN_CI_BRANCH_USUAL, "master"};
	git_branch_iterator *all = NULL;
	git_reference *ref = NULL;
	git_branch_t type;
	char *only = NULL;
	size_t n = 0;
	if (git_branch_iterator_new(&all, repo, GIT_BRANCH_LOCAL) != 0)
		return NULL;
	for (; n < 2 && git_branch_next(&ref, &type, all) == 0; git_reference_free(ref), n++)
		if (!n)
			only = bn_strdup(git_reference_shorthand(ref));
	git_branch_iterator_free(all);
	if (n == 1)
		return only;
	bn_free(only);
	for (size_t i = 0; n && i < sizeof usual / sizeof *usual; i++)
		if (git_branch_lookup(&ref, repo, usual[i], GIT_BRANCH_LOCAL) == 0) {
			git_reference_free(ref);
			return bn_strdup(usual[i]);
		}
	return NULL;
}

char *bn_ci_branch_find(const char *dir)
{
	git_repository *repo = NULL;
	char *branch = NULL;
	if (bn_git2_open(NULL) < 0)
		return NULL;
	if (git_repository_open_ext(&repo, dir, 0, NULL) == 0) {
		branch = symbolic(repo, "refs/remotes/origin/HEAD", "refs/remotes/origin/");
		if (!branch)
			branch = local(repo);
		if (!branch)
			branch = symbolic(repo, "HEAD", "refs/heads/");
	}
	git_repository_free(repo);
	if (branch && !bn_ci_branch_is_plain(branch)) {
		bn_free(branch);
		branch = NULL;
	}
	return branch;
}
