/*
 * left_out.h - rows that an append should have gone on from and did not. Two hosts that do not see each other's log at the
 * moment append to the same version: both new versions are right by themselves, and the later one lacks the earlier one's
 * rows. Nobody can prevent that where a file system shows things late; it is found, and said with the cure.
 */
#ifndef BN_DATA_LEFT_OUT_H
#define BN_DATA_LEFT_OUT_H
#include "core/data/dataset.h"

typedef void (*bn_left_out_tell)(void *ctx, const char *text);

/* Calls tell for each live version whose appended rows are not in v though v goes on from the same version, and for each
 * number below v's that was taken and whose version is not seen here; ten at most. Nothing is said where the lists cannot be
 * read. */
void bn_dataset_left_out(
	bn_workspace *ws, const bn_dataset_version *v, bn_left_out_tell tell, void *ctx);

#endif
