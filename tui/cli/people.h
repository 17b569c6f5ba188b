/* people.h - messages shared by verbs that change roles and keys. */
#ifndef BN_TUI_CLI_PEOPLE_H
#define BN_TUI_CLI_PEOPLE_H
#include "core/govern/people.h"
#include "tui/cli/cli.h"

/* A link was recorded and waits for the signatures of further admins. */
void bn_cli_say_waits(bn_cli *cli, const uint8_t link[BN_CHAIN_ID_BYTES]);

/* After a first use: requests admission of the user's key, unless already admitted or requested. A failure is
 * a warning. */
void bn_cli_ask_admission(bn_cli *cli, bn_workspace *ws);

/* uid_people.c: users and roles of a workspace without a chain of authority, by uid. */
int bn_cli_uid_users(bn_cli *cli, bn_workspace *ws, bn_err *err);
int bn_cli_uid_role(bn_cli *cli, bn_workspace *ws, bool grant, bn_err *err);

#endif
