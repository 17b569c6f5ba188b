/*
 * store.h - a store elsewhere, for verbs with BN_VERB_REMOTE: --store ADDRESS, or BINNACLE_STORE.
 *
 * bn_cli_workspace then opens the workspace of its mirror (core/mlflow/mirror.h), so a verb that reads works unchanged. A
 * verb that changes something asks bn_cli_mirror first: where it is not NULL, the change is a request to the server.
 */
#ifndef BN_TUI_CLI_STORE_H
#define BN_TUI_CLI_STORE_H
#include "core/mlflow/mirror.h"
#include "core/track/run.h"
#include "tui/cli/cli.h"

/* The address of the store that the command is for; NULL: a workspace. MLFLOW_TRACKING_URI as an address means the
 * value of that variable. BN_EINVAL for anything else that is no address, and together with -C. */
int bn_cli_store_address(const char **out, const bn_cli *cli, bn_err *err);
/* For bn_cli_workspace. BN_EREFUSED if the verb does not work there. */
int bn_cli_store_open(bn_cli *cli, const char *address, bn_err *err);
/* NULL: the command is for a workspace, or nothing was opened yet. Borrowed. */
bn_mirror *bn_cli_mirror(const bn_cli *cli);

/* These read from the server what the verb needs, nothing with --cached. */
int bn_cli_pull_runs(bn_cli *cli, bn_err *err); /* all runs */
/* The run that name denotes; with its points if the verb has BN_VERB_REMOTE_POINTS. */
int bn_cli_pull_run(bn_cli *cli, const char *name, char id[BN_RUN_ID_TEXT], bn_err *err);
/* The run that name denotes in the open workspace or, with what is new of it, on the store. */
int bn_cli_find_run(
	bn_cli *cli, bn_workspace *ws, const char *name, char id[BN_RUN_ID_TEXT], bn_err *err);
int bn_cli_pull_models(bn_cli *cli, bn_err *err);

#endif
