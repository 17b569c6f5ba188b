/* access.h - --shared GROUP and --private of the verbs that make a workspace. */
#ifndef BN_TUI_CLI_ACCESS_H
#define BN_TUI_CLI_ACCESS_H
#include "core/store/access.h"
#include "tui/cli/cli.h"

/* Both stay as they are without these options. BN_ENOTFOUND for a group that this host does not know. */
int bn_cli_access(bn_access *access, gid_t *group, bn_cli *cli, bn_err *err);

#endif
