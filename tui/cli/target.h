/*
 * target.h - the one rule for files that a verb writes where the user says: a file that exists is kept,
 * unless --force replaces it.
 */
#ifndef BN_CLI_TARGET_H
#define BN_CLI_TARGET_H
#include "tui/cli/cli.h"

#define BN_OPT_FORCE \
	{ \
		"force", 0, NULL, "replace FILE if it exists" \
	}

/* Whether path may be written: it does not exist, is a device, a pipe or standard output (NULL, "-"), or there is
 * --force. Else BN_ECONFLICT. Call it before the work whose result the file takes. */
int bn_cli_target(bn_cli *cli, const char *path, bn_err *err);

#endif
