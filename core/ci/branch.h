/* branch.h - which branch of a project deploys, when its settings do not say it. */
#ifndef BN_CI_BRANCH_H
#define BN_CI_BRANCH_H
#include <stdbool.h>

#define BN_CI_BRANCH_USUAL "main"

/* The default branch of the git repository that the directory is in: what origin/HEAD names; else the only local branch;
 * else main or master, if it exists; else the one that is checked out (also without a commit). yours, NULL if
 * none of these is there, or its name needs quotes. A repository that cannot be read says nothing. */
char *bn_ci_branch_find(const char *dir);

/* Whether the name needs no quotes in any form of a pipeline. */
bool bn_ci_branch_is_plain(const char *name);

#endif
