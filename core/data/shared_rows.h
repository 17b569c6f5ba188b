/*
 * shared_rows.h - whether two versions may hold the same rows, by their lineage: a model that is
 * tested on rows of its training data looks better than it is.
 *
 * Only what the lineage records is found: that both are the same version, that one is made from the
 * other (a part of it, an append to it), and that both are parts of one dataset but not of one
 * split. Two files with the same rows are not found.
 */
#ifndef BN_DATA_SHARED_ROWS_H
#define BN_DATA_SHARED_ROWS_H
#include "core/data/dataset.h"

typedef enum bn_shared_rows {
	BN_ROWS_APART = 0, /* the lineage shows no relation */
	BN_ROWS_SAME,      /* the same bytes */
	BN_ROWS_MADE_FROM, /* one is a parent of the other */
	BN_ROWS_OTHER_SPLITS, /* parts of one dataset, of splits that differ in version, kind, shares or seed */
} bn_shared_rows;

bn_shared_rows bn_dataset_shared_rows(const bn_dataset_version *a, const bn_dataset_version *b);

#endif
