/*
 * target.h - the common rule for output files named by the user: an existing file is kept, unless --force replaces
 * it.
 */
#ifndef BN_CLI_TARGET_H
#define BN_CLI_TARGET_H
#include "tui/cli/cli.h"

#define BN_OPT_FORCE \
	{ \
		"force", 0, NULL, "replace FILE if it exists" \
	}

/* Whether path may be written: it does not exist, is a device, a pipe or standard output (NULL, "-"), or --force is
 * given. Else BN_ECONFLICT; BN_EINVAL, with --force too, if it is the file `input` (NULL: none), whose content would be
 * lost. Call it before the work that produces the file. */
int bn_cli_target(bn_cli *cli, const char *path, const char *input, bn_err *err);

#endif
