/*
 * left_out.h - finds rows of an earlier append that a later one missed. Two hosts that do not see
 * each other's log at the moment append to the same version: both new versions are valid, but the
 * later one lacks the earlier one's rows. This cannot be prevented on a file system with delayed
 * visibility; it is detected and reported with a remedy.
 */
#ifndef BN_DATA_LEFT_OUT_H
#define BN_DATA_LEFT_OUT_H
#include "core/data/dataset.h"

typedef void (*bn_left_out_tell)(void *ctx, const char *text);

/* Calls tell for each live version whose appended rows are not in v although v continues the same
 * version, and for each claimed number below v's whose version is not visible here; at most ten.
 * Silent if the lists cannot be read. */
void bn_dataset_left_out(
	bn_workspace *ws, const bn_dataset_version *v, bn_left_out_tell tell, void *ctx);

#endif
