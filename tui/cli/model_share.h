/* model_share.h - model push to a remote: a target of `model push` (cmd_model_package.c). */
#ifndef BN_TUI_CLI_MODEL_SHARE_H
#define BN_TUI_CLI_MODEL_SHARE_H
#include "tui/cli/cli.h"

/* The first word is the model. remote: NULL: the only one, or "origin". */
int bn_cli_model_push_to_remote(bn_cli *cli, const char *remote, bn_err *err);

#endif
