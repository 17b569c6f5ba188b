/* where.h - --where EXPR of the verbs that read rows. */
#ifndef BN_TUI_CLI_WHERE_H
#define BN_TUI_CLI_WHERE_H
#include "core/table/table.h"
#include "tui/cli/cli.h"

#define BN_OPT_WHERE \
	{ \
		"where", 'w', "EXPR", "only rows for which it is true (docs/expressions.md)" \
	}

/* With --where, *table becomes one of the rows that it keeps. */
int bn_cli_where(bn_table_reader **table, bn_cli *cli, bn_err *err);

#endif
