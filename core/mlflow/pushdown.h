/*
 * pushdown.h - the part of a filter of runs that an MLflow server can apply.
 *
 * A filter (core/track/query.h) is always applied exactly here, to what is known. On a server with more runs than are
 * known yet, this part lets those that may match be read first. MLflow's grammar has only AND, so every condition joined
 * by AND that it has with our meaning is kept, and the others are left out: the result selects at least what the filter
 * selects. Nothing is left of a filter with OR, NOT or brackets.
 *
 * Kept are metrics.KEY with a number; tags.KEY and params.KEY with a quoted text (a number is compared as a number here
 * and as a text there); status and name.
 */
#ifndef BN_MLFLOW_PUSHDOWN_H
#define BN_MLFLOW_PUSHDOWN_H
#include "core/base/buf.h"

/* Appends to out; nothing if no condition can be kept. filter need not be valid. */
void bn_mlflow_pushdown(bn_buf *out, const char *filter);

#endif
