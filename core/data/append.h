/*
 * append.h - rows added to a dataset: a new version whose first parts are those of the newest one, as they are.
 *
 * The source is read as the types of that version (source.h): a column that is missing, or a value that does not fit, is an
 * error; columns that it does not have are left out. A last part below BN_TAIL_BYTES is written anew with the new
 * rows behind its own, so that small additions do not leave thousands of small parts. What the version before
 * is made of stays as it is. When another version appears while the rows are read, nothing is added: BN_ECONFLICT.
 */
#ifndef BN_DATA_APPEND_H
#define BN_DATA_APPEND_H
#include "core/data/dataset.h"
#include "core/source/ingest.h"

#define BN_TAIL_BYTES ((uint64_t)16 << 20)

typedef struct bn_append_limits { /* for tests; 0: as they are */
	uint64_t part_bytes, tail_bytes;
} bn_append_limits;

/* To the newest version of the dataset; BN_ENOTFOUND when there is none. The new one is as private as it. *added is false
 * when the source has no rows: *out is the version as it was. limits and report may be NULL. */
int bn_dataset_append(bn_dataset_version **out, bool *added, bn_workspace *ws, const char *name,
	const char *source_name, const char *uri, const bn_source_options *options,
	const bn_append_limits *limits, bn_ingest_report *report, bn_err *err);

#endif
