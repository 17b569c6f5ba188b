/* target.c - see target.h. */
#include "tui/cli/target.h"

#include <string.h>

int bn_cli_target(bn_cli *cli, const char *path, const char *input, bn_err *err)
{
	const bn_env *env = bn_cli_env(cli);

	if (path && input && !bn_fs_is_device(env, path) && bn_fs_is_same(env, path, input))
		return bn_err_set(
			err, BN_EINVAL, "'%s' is the file that is read: name another one", path);
	if (!path || !strcmp(path, "-") || bn_cli_flag(cli, "force") ||
		bn_fs_is_device(env, path) || bn_fs_is_dir(env, path) || !bn_fs_exists(env, path))
		return 0; /* writing reports what is wrong with a directory */
	bn_err_set(err, BN_ECONFLICT, "'%s' already exists", path);
	bn_err_hint(err, "name another file, or add --force, which replaces it");
	return BN_ECONFLICT;
}
