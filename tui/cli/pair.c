/* pair.c - KEY=VALUE on the command line: see bn_cli_pair in cli.h. */
#include "core/base/mem.h"
#include "tui/cli/cli.h"

#include <string.h>

int bn_cli_pair(char **key, const char **value, const char *word, const char *option, bn_err *err)
{
	const char *eq = strchr(word, '=');
	if (!eq || eq == word)
		return bn_err_set(err, BN_EINVAL, "%s%s%s'%.200s': expected KEY=VALUE",
			option ? "--" : "", option ? option : "", option ? " " : "", word);
	*value = eq + 1;
	*key = bn_strndup(word, (size_t)(eq - word));
	return *key ? 0 : bn_err_nomem(err, "an argument");
}

int bn_cli_tag(char **key, const char **value, const char *word, bool remove, bn_err *err)
{
	if (!remove)
		return bn_cli_pair(key, value, word, NULL, err);
	*value = NULL;
	*key = bn_strdup(word);
	return *key ? 0 : bn_err_nomem(err, "a tag");
}
