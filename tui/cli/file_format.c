/* file_format.c - see file_format.h. */
#include "tui/cli/file_format.h"

#include "core/base/fs.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static bool is_special(const bn_env *env, const char *path)
{
	struct stat st;

	/* /dev/stdout may well be a file */
	return !strncmp(path, "/dev/", 5) || !strncmp(path, "/proc/", 6) ||
	       (env->fs->stat(env, NULL, path, &st) == 0 && !S_ISREG(st.st_mode) &&
		       !S_ISDIR(st.st_mode));
}

int bn_cli_file_format(
	bn_file_format *out, const bn_env *env, const char *path, const char *option, bn_err *err)
{
	static const struct {
		const char *ending;
		bn_file_format format;
	} known[] = {{".csv", BN_FILE_CSV}, {".txt", BN_FILE_CSV}, {".tsv", BN_FILE_TSV},
		{".tab", BN_FILE_TSV}, {".arrow", BN_FILE_ARROW}, {".feather", BN_FILE_ARROW},
		{".parquet", BN_FILE_PARQUET}};
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');
	int rc;

	*out = BN_FILE_CSV;
	for (size_t i = 0; dot && i < sizeof known / sizeof *known; i++)
		if (!strcasecmp(dot, known[i].ending)) {
			*out = known[i].format;
			return 0;
		}
	if (is_special(env, path))
		return 0;
	if (dot && dot > base)
		rc = bn_err_set(err, BN_EUNSUPPORTED, "%s: '%s' files are not written", path, dot);
	else
		rc = bn_err_set(
			err, BN_EINVAL, "%s: its name has no ending, which gives the format", path);
	bn_err_hint(err, "name it .csv, .tsv, .arrow, .feather or .parquet%s%s", option ? ", or say " : "",
		option ? option : "");
	return rc;
}
