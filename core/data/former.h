/*
 * former.h - the types for reading the next version of a dataset: those of its newest version.
 *
 * Otherwise a column of codes that happen to look like numbers this month would have another type
 * than last month, and its checks and models would no longer apply. A column without any value has
 * no type to keep, so it is not included.
 */
#ifndef BN_DATA_FORMER_H
#define BN_DATA_FORMER_H
#include "core/data/dataset.h"
#include "core/source/source.h"

typedef struct bn_former {
	char ref[192];   /* "jobs@v3"; empty: the dataset has no version yet */
	char whose[200]; /* "jobs@v3 has": for bn_source_options.as_whose */
	bn_schema types; /* of the columns that have values */
	bn_schema read;  /* all columns, and how their text is read */
	char read_of[200]; /* "jobs@v3 was": for bn_source_options.readings_of */
} bn_former;

#define BN_FORMER_INIT \
	{ \
		"", "", BN_SCHEMA_INIT, BN_SCHEMA_INIT, "" \
	}

/* Types of the newest live version, by its profile; without a profile there are none. BN_EREFUSED
 * if that version is private to another user. */
int bn_former_load(bn_former *out, bn_workspace *ws, const char *name, bn_err *err);
/* The same of a given version. */
int bn_former_of(bn_former *out, bn_workspace *ws, const bn_dataset_version *v, bn_err *err);
void bn_former_release(bn_former *f);
/* BN_EINVAL if the user asks for another type of a column that has one. */
int bn_former_check(const bn_former *f, const bn_source_options *options, bn_err *err);

#endif
