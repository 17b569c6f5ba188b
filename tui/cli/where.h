/* where.h - --where EXPR of the verbs that read rows. */
#ifndef BN_TUI_CLI_WHERE_H
#define BN_TUI_CLI_WHERE_H
#include "core/data/dataset.h"
#include "core/table/table.h"
#include "tui/cli/cli.h"

#define BN_OPT_WHERE \
	{ \
		"where", 'w', "EXPR", "only rows for which it is true (binnacle help expressions)" \
	}

/* With --where, *table becomes a table of the rows that it keeps; warns about probable mistakes. */
int bn_cli_where(bn_table_reader **table, bn_cli *cli, bn_err *err);
/* The same for a table that was filtered before: no warning is repeated. */
int bn_cli_where_again(bn_table_reader **table, bn_cli *cli, bn_err *err);

/* Warns about probable mistakes in --where (core/table/expr/doubts.h), for verbs that read the rows elsewhere. */
void bn_cli_doubt_where(bn_cli *cli, bn_workspace *ws, const bn_dataset_version *v);

#endif
