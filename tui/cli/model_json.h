/*
 * model_json.h - model versions, gates and people as the JSON shown by the verbs.
 */
#ifndef BN_TUI_MODEL_JSON_H
#define BN_TUI_MODEL_JSON_H
#include "core/registry/registry.h"
#include "tui/cli/cli.h"

/* New references; NULL without memory. */
json_t *bn_version_json(const bn_version *v);
/* {"version": {...}, "gates": [...], "champion", "can_approve", "why_not", ...} */
/* Adds "alias_text", "champion, canary" for people, to such an object. */
void bn_version_json_aliases(json_t *o);
json_t *bn_sheet_json(const bn_inbox_item *item);

/* Creates the user's signing key if there is none, and reports it. */
int bn_cli_announce_key(bn_cli *cli, bn_workspace *ws, bn_err *err);

#endif
