/*
 * evidence.h - measuring what a policy's gates need, and existing evidence, on the command line.
 */
#ifndef BN_TUI_EVIDENCE_H
#define BN_TUI_EVIDENCE_H
#include "core/store/workspace.h"
#include "tui/cli/cli.h"

#include <jansson.h>

/* Measures and signs before an approval, and reports it. Returns 0 even if the user may not, or something
 * could not be measured: the approval is then refused with a better message. */
int bn_cli_recompute(bn_cli *cli, bn_workspace *ws, const char *spec, bn_err *err);
/* The evidence about a version: [{metric, part, value, rows, dataset, user, counts, how ...}]. */
int bn_cli_evidence_json(json_t **out, bn_workspace *ws, const char *spec, bn_err *err);
/* The same as text; nothing if there is none. */
void bn_cli_print_evidence(bn_cli *cli, const json_t *evidence);

#endif
