/* model_as.c - see model_as.h. */
#include "tui/cli/model_as.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <string.h>

/* "power/3": a name, and a number that a version can have. */
static bool is_name_and_version(const char *as, const char *slash)
{
	int64_t version = 0;
	char *name = slash ? bn_strndup(as, (size_t)(slash - as)) : NULL;
	bool is = name && bn_name_is_valid(name) && slash[1] >= '1' && slash[1] <= '9' &&
		  bn_parse_i64(slash + 1, strlen(slash + 1), &version);
	bn_free(name);
	return is;
}

/* source: what is shown. In a workspace, where that name may be another model, it is the directory. */
static int open_folder(bn_predictor **out, const bn_cli *cli, const char *dir, const char *as,
	const char *source, bn_err *err)
{
	const char *slash = strchr(as, '/');
	char *name = bn_strndup(as, (size_t)(slash - as));
	int rc = name ? bn_predictor_open_dir(
				out, bn_cli_env(cli), dir, name, slash + 1, source, err)
		      : bn_err_nomem(err, "a name");
	bn_free(name);
	return rc;
}

int bn_cli_open_model(
	bn_predictor **out, const bn_cli *cli, bn_workspace *ws, const char *spec, bn_err *err)
{
	const char *as = bn_cli_opt(cli, "as"), *slash = as ? strchr(as, '/') : NULL;
	if (!as)
		return bn_predictor_open(out, ws, spec, err);
	if (!is_name_and_version(as, slash))
		return bn_err_set(
			err, BN_EINVAL, "--as '%.80s': a name and a version, as in power/3", as);
	if (bn_cli_nargs(cli) > 1)
		return bn_err_set(err, BN_EINVAL,
			"--as names one model folder, and there are %d arguments",
			bn_cli_nargs(cli));
	char *file = bn_path_join(spec, "MLmodel");
	bool is_folder = file && bn_fs_exists(bn_cli_env(cli), file);
	bn_free(file);
	if (is_folder)
		return open_folder(out, cli, spec, as, ws ? NULL : as, err);
	return bn_err_set(err, BN_EINVAL,
		"--as names a model folder, and '%.200s' is none (no MLmodel in it)", spec);
}
