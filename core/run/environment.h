/*
 * environment.h - what a result may depend on besides its recipe: the machine and its libraries.
 */
#ifndef BN_RUN_ENVIRONMENT_H
#define BN_RUN_ENVIRONMENT_H
#include "core/base/env.h"
#include "core/base/err.h"

#include <jansson.h>

/*
 * {"binnacle", "compiler", "libraries": {name: version}, "blas_core", "cpu", "cpu_flags", "cores",
 *  "kernel", "host", "gpu": [...], "modules", "python", "scheduler": {...}}
 * Absent items are left out. Reads /proc and the environment; starts no process. *out is yours.
 */
int bn_environment_describe(json_t **out, const bn_env *env, bn_err *err);

/* The code around dir: {"path", "commit", "branch", "dirty", "untracked"} of the git repository that
 * contains it; *out is NULL when there is none. *diff (yours) gets the uncommitted changes of
 * tracked files as a patch, NULL when there are none. BN_EIO when the repository cannot be read. */
int bn_code_describe(json_t **out, char **diff, const char *dir, bn_err *err);
/* For a process that forks others which describe code around dir: does the set-up once for all, if dir is in a
 * repository. */
void bn_code_prepare(const char *dir);

#endif
