/* share_verbs.h - what the verbs of remotes have in common (cmd_remote.c, cmd_data_share.c). */
#ifndef BN_TUI_SHARE_VERBS_H
#define BN_TUI_SHARE_VERBS_H
#include "core/share/transfer.h"
#include "tui/cli/cli.h"

/* clang-format off */
#define BN_REMOTE_USE_OPTS \
	{"profile", 0, "NAME", "S3: keys of that profile in ~/.aws (else the environment's, or AWS_PROFILE)"}, \
	{"ca-file", 0, "FILE", "trust the certificate authorities in FILE (PEM) instead of the system's"}
/* clang-format on */

/* Opens the remote of that name, or (NULL) the only one, or "origin". *name is yours. */
int bn_cli_remote_open(bn_remote_store **out, char **name, bn_cli *cli, bn_workspace *ws,
	const char *wanted, int attempts, bn_err *err);

#endif
