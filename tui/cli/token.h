/*
 * token.h - where a server's bearer token comes from: --token-file, else BINNACLE_TOKEN.
 */
#ifndef BN_TUI_TOKEN_H
#define BN_TUI_TOKEN_H
#include "tui/cli/cli.h"

/* *out is yours (bn_free); NULL when none was given. BN_EINVAL for an empty file, or a token with
 * blanks or control characters; BN_EREFUSED if others may read the file. */
int bn_cli_token(char **out, const bn_cli *cli, bn_err *err);
/* For a server: a file may hold several, one per line, as does *out. */
int bn_cli_tokens(char **out, const bn_cli *cli, bn_err *err);

#endif
