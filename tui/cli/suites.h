/* suites.h - what the suites attached to a dataset found of a new version. */
#ifndef BN_TUI_SUITES_H
#define BN_TUI_SUITES_H
#include "core/data/dataset.h"
#include "tui/cli/cli.h"

/* One line for each suite that ran when the version was added; nothing if none is attached. */
void bn_cli_tell_suites(bn_cli *cli, bn_workspace *ws, const bn_dataset_version *v);

#endif
