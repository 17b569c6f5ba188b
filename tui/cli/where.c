/* where.c - see where.h. */
#include "tui/cli/where.h"

#include "core/table/expr/eval.h"
#include "core/table/scan.h"

int bn_cli_where(bn_table_reader **table, bn_cli *cli, bn_err *err)
{
	const char *text = bn_cli_opt(cli, "where");
	const bn_progress watch = bn_cli_watch(cli);
	bn_expr *where = NULL;
	bn_crew *crew = NULL;
	int rc;
	if (!text)
		return 0;
	if ((rc = bn_expr_of_rows(
		     &where, text, "--where", bn_table_schema(*table), BN_EXPR_BOOL, err)) < 0 ||
		(rc = bn_crew_new_default(&crew, err)) < 0)
		goto out;
	const bn_scan scan = {.where = where, .crew = crew, .progress = &watch};
	rc = bn_table_scan_own(table, &scan, err);
	bn_cli_progress_end(cli);
out:
	bn_crew_free(crew);
	bn_expr_free(where);
	return rc;
}
