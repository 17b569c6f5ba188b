/*
 * newer.h - what is newer than a version of a dataset: a later version of the same, or of one that it was made from.
 *
 * So that training again does not silently take the data of last year: a part of a split stays what it was when the
 * dataset it was split from gets a version.
 */
#ifndef BN_DATA_NEWER_H
#define BN_DATA_NEWER_H
#include "core/data/dataset.h"

enum { BN_NEWER_REF = 160 };
typedef struct bn_newer {
	char ref[BN_NEWER_REF];  /* "jobs.train@v2", or "jobs@v2" */
	char than[BN_NEWER_REF]; /* "jobs.train@v1", or "jobs@v1", from which it was made */
	bool is_parent;          /* the version has no newer one, but one that it was made from does */
} bn_newer;

/* 1: *out is newer than ref; 0: nothing is. Versions that were removed do not count. */
int bn_newer_find(bn_newer *out, bn_workspace *ws, const char *ref, bn_err *err);

#endif
