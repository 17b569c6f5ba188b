/* token.c - see token.h. */
#include "tui/cli/token.h"

#include "core/base/fs.h"
#include "core/base/mem.h"

#include <string.h>

/* many: one a line. */
static int check(const char *token, bool many, const char *where, bn_err *err)
{
	if (!*token)
		return bn_err_set(err, BN_EINVAL, "%s contains no token", where);
	for (const char *p = token; *p; p++)
		if ((*p <= ' ' || *p > '~') && !(many && *p == '\n'))
			return bn_err_set(err, BN_EINVAL,
				"%s: a token is printable ASCII without blanks", where);
	return 0;
}

static int from_file(char **out, const bn_cli *cli, bool many, const char *path, bn_err *err)
{
	const bn_env *env = bn_cli_env(cli);
	bn_buf text = BN_BUF_INIT;
	struct stat st;
	int rc = bn_fs_read_file(env, path, &text, err);
	if (!rc && env->fs->stat(env, NULL, path, &st) == 0 && S_ISREG(st.st_mode) &&
		st.st_mode & 077) {
		rc = bn_err_set(err, BN_EREFUSED, "%s can be read by others", path);
		bn_err_hint(err, "chmod 600 %s", path);
	}
	while (!rc && text.len && strchr("\r\n", text.ptr[text.len - 1]))
		bn_buf_truncate(&text, text.len - 1);
	if (!rc)
		rc = check(text.ptr, many, path, err);
	if (!rc && !(*out = bn_strdup(text.ptr)))
		rc = bn_err_nomem(err, "a token");
	bn_buf_release(&text);
	return rc;
}

static int read_token(char **out, const bn_cli *cli, bool many, bn_err *err)
{
	const char *path = bn_cli_opt(cli, "token-file");
	const char *value = bn_env_get(bn_cli_env(cli), "BINNACLE_TOKEN");
	*out = NULL;
	if (path)
		return from_file(out, cli, many, path, err);
	if (!value || !*value)
		return 0;
	int rc = check(value, false, "BINNACLE_TOKEN", err);
	if (!rc && !(*out = bn_strdup(value)))
		rc = bn_err_nomem(err, "a token");
	return rc;
}

int bn_cli_token(char **out, const bn_cli *cli, bn_err *err)
{
	return read_token(out, cli, false, err);
}

int bn_cli_tokens(char **out, const bn_cli *cli, bn_err *err)
{
	return read_token(out, cli, true, err);
}
