/*
 * data_env.h - how a command finds its data: environment variables.
 *
 *	BINNACLE_DATA_<NAME>   the Arrow file of the version; several parts are separated by ':'
 *	BINNACLE_DATA          all of them as one JSON object: {"<name>": {"dataset", "version",
 *	                       "digest", "part", "paths": [...]}}; part is "train" by default
 *
 * The name is the item's "as", else the dataset's own. In <NAME> its letters are upper case and
 * characters other than letters and digits become '_'. Two items with the same variable (two versions
 * of a dataset, "jobs.test" and "jobs-test") are refused before the run begins, so no data is silently
 * hidden.
 */
#ifndef BN_LAUNCH_DATA_ENV_H
#define BN_LAUNCH_DATA_ENV_H
#include "core/run/spec.h"

/* BN_EINVAL names the two that collide, and how to distinguish them. */
int bn_data_env_check(const bn_spec *spec, bn_err *err);
/* *out: "NAME=value" texts, NULL-terminated, yours (bn_data_env_free). The spec is a command's,
 * resolved. */
int bn_data_env_make(char ***out, bn_workspace *ws, const bn_spec *spec, bn_err *err);
void bn_data_env_free(char **list);

#endif
