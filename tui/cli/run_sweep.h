/*
 * run_sweep.h - `binnacle run start --sweep KEY=VALUES`: one run for each combination of the values.
 */
#ifndef BN_CLI_RUN_SWEEP_H
#define BN_CLI_RUN_SWEEP_H
#include "core/base/buf.h"
#include "core/run/spec.h"
#include "tui/cli/cli.h"

typedef struct bn_run_sweep bn_run_sweep;

/* Reads --sweep and --runs for a spec that is complete otherwise; every value is checked. *out: NULL without --sweep,
 * else yours (bn_run_sweep_free). BN_EINVAL. */
int bn_run_sweep_read(bn_run_sweep **out, bn_cli *cli, const bn_spec *spec, bn_err *err);
void bn_run_sweep_free(bn_run_sweep *s);
/* The number of runs, and of all combinations. */
size_t bn_run_sweep_runs(const bn_run_sweep *s, size_t *combinations);
/* Puts the values of run i into the spec, which may be that of another run of the sweep. Appends them to the name of
 * the run, "-le0.01", and as text, "learning_rate=0.01". */
int bn_run_sweep_apply(
	const bn_run_sweep *s, size_t i, bn_spec *spec, bn_buf *name, bn_buf *text, bn_err *err);

#endif
