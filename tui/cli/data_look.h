/* data_look.h - shared by the verbs that inspect versions. */
#ifndef BN_CLI_DATA_LOOK_H
#define BN_CLI_DATA_LOOK_H
#include "core/data/dataset.h"
#include "core/profile/profile.h"
#include "tui/cli/cli.h"

/* The version that ref names and its profile; with --where the profile of those rows, computed now. Both are
 * yours. */
int bn_cli_load_profile(bn_dataset_version **v, bn_profile **p, bn_cli *cli, bn_workspace *ws,
	const char *ref, bn_err *err);
/* Warns about rows of other versions that v lacks (core/data/left_out.h). */
void bn_cli_tell_left_out(bn_cli *cli, bn_workspace *ws, const bn_dataset_version *v);

/* --private or --shared, or neither. */
int bn_cli_privacy(bn_dataset_privacy *out, bn_cli *cli, bn_err *err);

#endif
