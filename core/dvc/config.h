/*
 * config.h - the configuration of a DVC repository, from four files: of the system (/etc/xdg/dvc/config), of the user
 * (~/.config/dvc/config), of the repository (.dvc/config, which is in Git) and of this clone (.dvc/config.local). A
 * later one overrides options of an earlier one.
 *
 * Relative paths are relative to the directory of the file that has them; so each option remembers its file. Values
 * may be secrets: no message shows one.
 */
#ifndef BN_DVC_CONFIG_H
#define BN_DVC_CONFIG_H
#include "core/base/dir.h"

typedef enum bn_dvc_level { BN_DVC_SYSTEM, BN_DVC_GLOBAL, BN_DVC_REPO, BN_DVC_LOCAL } bn_dvc_level;

typedef struct bn_dvc_option {
	char *section, *key, *value; /* section: "core", "cache", "remote \"mine\"" */
	bn_dvc_level level;
} bn_dvc_option;

typedef struct bn_dvc_config {
	bn_dvc_option *items;
	size_t count, cap;
	char *dirs[BN_DVC_LOCAL + 1]; /* of the file of each level, absolute */
} bn_dvc_config;

/* root: the repository. Files that are not there are fine. BN_EINVAL with file and line. */
int bn_dvc_config_load(bn_dvc_config *c, const bn_dir *root, bn_err *err);
void bn_dvc_config_release(bn_dvc_config *c); /* overwrites the values */

/* NULL: not set. Borrowed. */
const bn_dvc_option *bn_dvc_config_find(
	const bn_dvc_config *c, const char *section, const char *key);
const char *bn_dvc_config_get(const bn_dvc_config *c, const char *section, const char *key);
/* *out stays if it is not set. BN_EINVAL for something else than true or false. */
int bn_dvc_config_bool(
	bool *out, const bn_dvc_config *c, const char *section, const char *key, bn_err *err);
/* As an absolute path: "~" is the user's home, a relative one is relative to the option's file. A URL stays. */
int bn_dvc_config_path(
	char **out, const bn_dvc_config *c, const bn_dvc_option *o, const bn_env *env, bn_err *err);
/* ".dvc/config": for messages. */
const char *bn_dvc_level_name(bn_dvc_level level);

#endif
