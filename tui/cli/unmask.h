/* unmask.h - --unmask WHY of the verbs that show values of a version (core/data/protect.h). */
#ifndef BN_TUI_CLI_UNMASK_H
#define BN_TUI_CLI_UNMASK_H
#include "core/data/protect.h"
#include "tui/cli/cli.h"

#define BN_OPT_UNMASK \
	{ \
		"unmask", 0, "WHY", "show columns that are marked as personal; who asked and why is recorded" \
	}

/* With --unmask: records it, and v is read without masks. Without: says which columns are masked, if any. */
int bn_cli_unmask(bn_cli *cli, bn_workspace *ws, bn_dataset_version *v, bn_err *err);
/* BN_EREFUSED if the column is masked and v is not read without masks: what depends on its values would be wrong. column
 * NULL: fine; "": any column. */
int bn_cli_need_unmasked(bn_workspace *ws, const bn_dataset_version *v, const char *column, bn_err *err);

/* Says which columns of the profile may be personal by their names and are not marked (core/data/protect_marks.h). */
int bn_cli_tell_personal(
	bn_cli *cli, bn_workspace *ws, const bn_dataset_version *v, const bn_profile *profile, bn_err *err);

#endif
