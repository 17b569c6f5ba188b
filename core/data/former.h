/*
 * former.h - what the next version of a dataset is read as: the types of its newest version.
 *
 * Without that, a column of codes that happen to look like numbers this month is another type than last month, and
 * what checks and models knew of it is gone. A column without a value has no type to keep, so it is not
 * among them.
 */
#ifndef BN_DATA_FORMER_H
#define BN_DATA_FORMER_H
#include "core/data/dataset.h"
#include "core/source/source.h"

typedef struct bn_former {
	char ref[192];   /* "jobs@v3"; empty: the dataset has no version yet */
	char whose[200]; /* "jobs@v3 has": for bn_source_options.as_whose */
	bn_schema types; /* of its columns that have values */
} bn_former;

#define BN_FORMER_INIT \
	{ \
		"", "", BN_SCHEMA_INIT \
	}

/* Of the newest live version, by its profile; a version without one says nothing of its types. BN_EREFUSED when that
 * is another user's private one. */
int bn_former_load(bn_former *out, bn_workspace *ws, const char *name, bn_err *err);
void bn_former_release(bn_former *f);
/* BN_EINVAL when the user says another type for a column that has one. */
int bn_former_check(const bn_former *f, const bn_source_options *options, bn_err *err);

#endif
