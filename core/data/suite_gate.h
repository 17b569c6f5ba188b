/*
 * suite_gate.h - runs suites of checks on dataset versions: those attached to a dataset (suites.h)
 * at each new version, before and after it is published, and one on a version that exists.
 */
#ifndef BN_DATA_SUITE_GATE_H
#define BN_DATA_SUITE_GATE_H
#include "core/base/progress.h"
#include "core/check/expect.h"
#include "core/data/dataset.h"
#include "core/data/suites.h"
#include "core/table/table.h"

/* The attached suites of a new version, and what they found. */
typedef struct bn_suite_gate {
	bn_suites attached;
	bn_suite **suites;          /* NULL: it could not be read, which only a suite that warns may */
	bn_expect_result **results; /* NULL with it */
} bn_suite_gate;

#define BN_SUITE_GATE_INIT \
	{ \
		{NULL, 0}, NULL, NULL \
	}

/* Whether suites are attached to that dataset. *gate: initialised; release it after a failure too. */
int bn_suite_gate_open(bn_suite_gate *gate, bn_workspace *ws, const char *dataset, bn_err *err);
/* Runs them on the rows that are to become a version. BN_EFAILED if a critical check of a required
 * suite fails, BN_EINCONCLUSIVE if one of them could not be decided: the first one is in the
 * message. Checks of severity warning and info, and suites that only warn, keep nothing out. */
int bn_suite_gate_run(bn_suite_gate *gate, bn_workspace *ws, bn_table_reader *table,
	const bn_progress *progress, bn_err *err);
/* Records what they found of the version that was made of these rows. */
int bn_suite_gate_record(
	bn_suite_gate *gate, bn_workspace *ws, const bn_dataset_version *v, bn_err *err);
void bn_suite_gate_release(bn_suite_gate *gate);

/* Runs a suite on a version, and records the result if `record` is set. *out is yours. */
int bn_dataset_run_suite(bn_expect_result **out, bn_workspace *ws, const bn_dataset_version *v,
	const bn_suite *suite, bool record, const bn_expect_progress *checking,
	const bn_progress *opening, bn_err *err);

#endif
