/* where.c - see where.h. */
#include "tui/cli/where.h"

#include "core/data/dataset.h"

int bn_cli_where(bn_table_reader **table, bn_cli *cli, bn_err *err)
{
	const char *text = bn_cli_opt(cli, "where");
	const bn_progress watch = bn_cli_watch(cli);
	if (!text)
		return 0;
	int rc = bn_dataset_where(table, text, "--where", &watch, NULL, err);
	bn_cli_progress_end(cli);
	return rc;
}
