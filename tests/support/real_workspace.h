/*
 * real_workspace.h - a workspace made by the real engine, the same in every process and on every machine:
 * for golden screens and pictures of the docs.
 *
 * Four people (people.h, a fixed world on the host n12) work in the directory `power` for four days: ann founds,
 * bob brings in data and trains, cleo reviews, dan asks to be admitted. There are a dataset with two versions, the
 * second with checks that fail, and its split; a sweep of ridge; two runs of a command with curves, one that
 * failed and one that is live; a champion, a rejected version and a request that waits for ann; a server, its
 * predictions, and two drift reports, the newer one with drift. What a person does with a command is done with
 * that command (bn_cli_main); runs are written as their supervisor does (core/run/runlog.h), since that is
 * another process with a clock of its own.
 *
 * The bytes may only depend on arithmetic that is equal everywhere: tables are made of integers, models are
 * ridge (core/learn/tiles.h), curves are fractions. Neither BLAS nor libm is used for what is written.
 */
#ifndef BN_TEST_REAL_WORKSPACE_H
#define BN_TEST_REAL_WORKSPACE_H
#include "tests/support/people.h"

#define REAL_NOW_MS \
	INT64_C(1772452800000) /* Mon 2026-03-02 12:00:00 UTC: when the screens are looked at */

enum { REAL_ANN, REAL_BOB, REAL_CLEO, REAL_DAN };

/* Makes it; the test fails on an error. Nothing is open afterwards, and the clock is at REAL_NOW_MS. This process runs
 * on one core from then on. */
void real_workspace_make(team *t);
/* The same directory right after ann's `init`. */
void real_workspace_make_empty(team *t);
/* team_remove removes either. */

#endif
