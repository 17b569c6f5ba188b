/*
 * ingest.h - from a source of rows to an Arrow file, with a report of what happened.
 *
 * The sources (source.h) are entries of one table in ingest.c: a name, a way to recognise its files, and open.
 * Adding one is adding an entry; nothing else knows the list.
 */
#ifndef BN_SOURCE_INGEST_H
#define BN_SOURCE_INGEST_H
#include "core/source/source.h"

/* By name, or (name NULL) by detection. BN_ENOTFOUND when nobody knows what it is. */
int bn_source_find(
	const bn_source **out, const bn_env *env, const char *name, const char *uri, bn_err *err);

typedef struct bn_ingest_report {
	const bn_source *source;
	uint64_t rows, rejected;
	uint64_t bytes_in;  /* 0 when the source has none */
	uint64_t bytes_out; /* size of the Arrow file */
	int passes;         /* over the input, 1 when no type guess failed */
	double seconds;
	bn_schema schema; /* as written */
} bn_ingest_report;

void bn_ingest_report_release(bn_ingest_report *r);

/* Reads everything from uri and writes an Arrow file (created, fsynced) to path, which is below the
 * handle at or, with at NULL, one that the user named; nothing is left there on failure. source_name NULL: detect. report may be NULL. */
int bn_ingest(const bn_env *env, const char *source_name, const char *uri,
	const bn_source_options *options, const bn_dir *at, const char *path,
	bn_ingest_report *report, bn_err *err);

#endif
