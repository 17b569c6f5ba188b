/* data_retype.h - what new types of a dataset break: models and suites that use the former types of its
 * columns. */
#ifndef BN_CLI_DATA_RETYPE_H
#define BN_CLI_DATA_RETYPE_H
#include "core/data/former.h"
#include "tui/cli/cli.h"

/* Warns about each column of `former` whose type differs in `types`, or that is missing there, with the
 * registered models and suites that use it. name: of the dataset. */
int bn_cli_tell_retyped(bn_cli *cli, bn_workspace *ws, const char *name, const bn_former *former,
	const bn_schema *types, bn_err *err);

#endif
