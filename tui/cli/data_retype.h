/* data_retype.h - what new types of a dataset cut off: models and suites that know its columns by the former ones. */
#ifndef BN_CLI_DATA_RETYPE_H
#define BN_CLI_DATA_RETYPE_H
#include "core/data/former.h"
#include "tui/cli/cli.h"

/* Warns of each column of `former` whose type is another in `types`, or that is not there, with the registered models and
 * the suites that look at it. name: of the dataset. */
int bn_cli_tell_retyped(bn_cli *cli, bn_workspace *ws, const char *name, const bn_former *former,
	const bn_schema *types, bn_err *err);

#endif
