/* run_ls.h - binnacle run ls: cmd_run_ls.c, run_ls_values.c for the values of each run, and run_ls_out.c for its groups
 * and files. */
#ifndef BN_CLI_RUN_LS_H
#define BN_CLI_RUN_LS_H
#include "core/track/query.h"
#include "tui/cli/verbs.h"

extern const bn_opt bn_run_ls_options[];
int bn_run_ls(bn_cli *cli, bn_err *err);

/* ---- run_ls_values.c ---------------------------------------------------------------------------- */

/* With more runs a list is not the place for all that they logged: it is built in memory. */
#define BN_RUN_LS_VALUES 10000
/* Sets "params", "metrics" (the last value of each) and "tags" of a run. */
int bn_run_ls_add_values(json_t *o, bn_workspace *ws, const char *id, bn_err *err);

/* ---- run_ls_out.c ------------------------------------------------------------------------------- */

/* Shows the groups of a page: aggregates is a list of "n", "mean", "std", "min", "max", "median". */
int bn_run_ls_groups(bn_cli *cli, const bn_run_page *page, const bn_run_query *q,
	const char *aggregates, bn_err *err);
/* The first of such a list, by which groups are sorted; mean if it is none. */
bn_run_sum_kind bn_run_ls_first_aggregate(const char *aggregates);
/* Writes the runs of a query to a file, whose ending gives the format; *runs: how many. */
int bn_run_ls_save(bn_cli *cli, int64_t *runs, bn_workspace *ws, const bn_run_query *q, const char *path, bn_err *err);

#endif
