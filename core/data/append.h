/*
 * append.h - adds rows to a dataset: a new version that begins with the unchanged parts of the
 * newest one.
 *
 * The source is read with the types of that version (source.h): a missing column, or a value that
 * does not fit, is an error; other columns of the source are left out. A last part below
 * BN_TAIL_BYTES is rewritten together with the new rows, so that small additions do not leave
 * thousands of small parts. The previous version is not changed. If another version appears while
 * the rows are read, nothing is added: BN_ECONFLICT.
 */
#ifndef BN_DATA_APPEND_H
#define BN_DATA_APPEND_H
#include "core/data/dataset.h"
#include "core/source/ingest.h"

#define BN_TAIL_BYTES ((uint64_t)16 << 20)

typedef struct bn_append_limits { /* for tests; 0: the default */
	uint64_t part_bytes, tail_bytes;
} bn_append_limits;

/* Appends to the newest version of the dataset; BN_ENOTFOUND if there is none. The new version is
 * private if that one is. *added is false if the source has no rows: *out is then the version
 * itself. limits and report may be NULL. */
int bn_dataset_append(bn_dataset_version **out, bool *added, bn_workspace *ws, const char *name,
	const char *source_name, const char *uri, const bn_source_options *options,
	const bn_append_limits *limits, bn_ingest_report *report, bn_err *err);

#endif
