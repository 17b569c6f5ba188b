/* failing.h - --failing CHECK: the rows of a dataset version that fail a check. */
#ifndef BN_TUI_FAILING_H
#define BN_TUI_FAILING_H
#include "core/table/table.h"
#include "tui/cli/cli.h"

#define BN_OPT_FAILING \
	{ \
		"failing", 0, "[SUITE:]CHECK", \
			"only rows that fail this check: its number in the newest result, or in the suite's" \
	}

/* *out is a table of the rows of *whole that fail it; both are yours, *whole must outlive *out. */
int bn_cli_open_failing(bn_table_reader **out, bn_table_reader **whole, bn_cli *cli, const char *ref,
	const char *check, bn_err *err);

#endif
