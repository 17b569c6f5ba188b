/* due.h - versions past their release date, for `gc`. */
#ifndef BN_CLI_DUE_H
#define BN_CLI_DUE_H
#include "core/store/workspace.h"
#include "tui/cli/cli.h"

#include <jansson.h>

/* Says which versions are due and what needs them; with `remove` asks, and removes those that nothing needs. *out: the list
 * for --json, a new reference. */
int bn_cli_due(json_t **out, bn_cli *cli, bn_workspace *ws, bool remove, bn_err *err);

#endif
