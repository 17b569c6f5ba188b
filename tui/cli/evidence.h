/*
 * evidence.h - measuring what a policy's gates ask for, and what others have found, in the command line.
 */
#ifndef BN_TUI_EVIDENCE_H
#define BN_TUI_EVIDENCE_H
#include "core/store/workspace.h"
#include "tui/cli/cli.h"

#include <jansson.h>

/* Measures and signs before an approval, and says what it did. 0 also when who runs it may not, or something
 * could not be measured: the approval itself is refused then, with better words. */
int bn_cli_recompute(bn_cli *cli, bn_workspace *ws, const char *spec, bn_err *err);
/* What was found out about a version: [{metric, part, value, rows, dataset, user, counts, how ...}]. */
int bn_cli_evidence_json(json_t **out, bn_workspace *ws, const char *spec, bn_err *err);
/* The same for people; nothing when there is none. */
void bn_cli_print_evidence(bn_cli *cli, const json_t *evidence);

#endif
