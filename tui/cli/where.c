/* where.c - see where.h. */
#include "tui/cli/where.h"

#include "core/table/expr/doubts.h"
#include "core/table/expr/eval.h"

static void tell_doubt(void *cli, const char *text)
{
	bn_cli_warn(cli, "%s", text);
}

/* An expression that cannot be bound is the error of who reads the rows. */
static void doubt(bn_cli *cli, const bn_table_reader *table)
{
	const char *text = bn_cli_opt(cli, "where");
	bn_expr *e = NULL;

	if (bn_expr_of_rows(&e, text, "--where", bn_table_schema(table), BN_EXPR_BOOL, NULL) == 0)
		bn_expr_doubts(e, table, tell_doubt, cli);
	bn_expr_free(e);
}

void bn_cli_doubt_where(bn_cli *cli, bn_workspace *ws, const bn_dataset_version *v)
{
	bn_table_reader *table = NULL;

	if (bn_cli_opt(cli, "where") && bn_dataset_open_table(&table, ws, v, NULL) == 0)
		doubt(cli, table);
	bn_table_reader_free(table);
}

int bn_cli_where(bn_table_reader **table, bn_cli *cli, bn_err *err)
{
	if (bn_cli_opt(cli, "where"))
		doubt(cli, *table);
	return bn_cli_where_again(table, cli, err);
}

int bn_cli_where_again(bn_table_reader **table, bn_cli *cli, bn_err *err)
{
	const char *text = bn_cli_opt(cli, "where");
	const bn_progress watch = bn_cli_watch(cli);
	if (!text)
		return 0;
	int rc = bn_dataset_where(table, text, "--where", &watch, NULL, err);
	bn_cli_progress_end(cli);
	return rc;
}
