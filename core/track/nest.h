/*
 * nest.h - runs below others: how deep a run is, its root, how many are directly below it. A run's parent is the one it
 * was created with, or what its tag mlflow.parentRunId says.
 */
#ifndef BN_TRACK_NEST_H
#define BN_TRACK_NEST_H
#include "core/track/column.h"

#define BN_NEST_PARENT_TAG "mlflow.parentRunId"
#define BN_NEST_DEPTH_MAX 64 /* also ends a circle */

/* The parent of run r as SQL. */
#define BN_NEST_PARENT_SQL \
	"coalesce(r.parent, (SELECT value FROM run_tag WHERE run = r.no AND key = " BN_KEY_SQL( \
		"tags." BN_NEST_PARENT_TAG) "))"

/* How lists call it (bn_run_label); NULL for a parent that is not known here. */
#define BN_NEST_PARENT_NAME_SQL \
	"(SELECT coalesce(nullif(p.name, ''), nullif(p.title, '') || ' ' || substr(lower(hex(p.id)), 1, 8), " \
	"lower(hex(p.id))) FROM run p WHERE p.no = bn_run_no(" BN_NEST_PARENT_SQL "))"

/* Fills a column of kind BN_KEY_NEST, whose arrays exist; its key is "depth", "children" (numbers) or "root" (a text:
 * the id; absent for a run without a parent). */
int bn_nest_load(bn_column *c, bn_err *err);

#endif
