/* model_ls.h - the lists of models (cmd_model_ls.c). */
#ifndef BN_TUI_CLI_MODEL_LS_H
#define BN_TUI_CLI_MODEL_LS_H
#include "tui/cli/cli.h"

extern const bn_opt bn_cli_model_ls_options[];
int bn_cli_model_ls(bn_cli *cli, bn_err *err);

#endif
