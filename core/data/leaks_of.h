/*
 * leaks_of.h - leaks (leaks.h) between dataset versions, such as the parts of a split, and what their recipes
 * say: a group split's column is a group, a temporal split's is the time.
 */
#ifndef BN_DATA_LEAKS_OF_H
#define BN_DATA_LEAKS_OF_H
#include "core/data/dataset.h"
#include "core/data/leaks.h"

/* What to search for, by words. Borrowed; NULL: not given. */
typedef struct bn_leaks_ask {
	bn_leaks_options o; /* horizon and progress aside, which these set: */
	const char *horizon; /* "6h" of time columns, else a number */
	const char *where;   /* only these rows: an expression */
	const bn_progress *progress;
} bn_leaks_ask;

/* v: the parts, n of them: the training part first. BN_EINVAL if a version is given twice. */
int bn_dataset_leaks(bn_leaks *out, bn_workspace *ws, const bn_dataset_version *const *v, size_t n,
	const bn_leaks_ask *ask, bn_err *err);

#endif
