/*
 * run_spec.h - the spec described by the options of `binnacle run start`.
 */
#ifndef BN_CLI_RUN_SPEC_H
#define BN_CLI_RUN_SPEC_H
#include "core/base/id.h"
#include "core/run/spec.h"
#include "tui/cli/cli.h"

/* The spec of --spec or --again, or an empty one, changed by the other options and the command after
 * "--". again gets the id of the repeated run, or becomes empty. *out is yours. */
int bn_run_spec_read(
	bn_spec **out, bn_cli *cli, bn_workspace *ws, char again[BN_RUN_ID_TEXT], bn_err *err);

/* The options that are not part of the recipe: threads, cores, memory, limits, tags. */
int bn_run_spec_surround(bn_spec *spec, bn_cli *cli, bn_err *err);
/* "KEY=VALUE" of an option; *key is yours. */


#endif
