/*
 * ingest.h - the way in: one pass over a source, from its bytes to a table and whoever looks at it on the way.
 *
 * The driver pulls batches, which a crew (core/base/crew.h) makes ahead, and writes them to the table of the sink,
 * in order. A sink that watches what is written (bn_table_writer_tap) sees the record batches as they lie in the
 * table, and may share that work among the crew; so nothing is read twice, and what comes out depends neither on
 * threads nor on how the work was cut.
 */
#ifndef BN_SOURCE_INGEST_H
#define BN_SOURCE_INGEST_H
#include "core/source/sources.h"

typedef struct bn_ingest_report {
	const bn_source *source;
	uint64_t rows, rejected;
	uint64_t bytes_in;  /* 0 when the source has none */
	uint64_t bytes_out; /* of the Arrow file */
	int passes;         /* over the input, 1 when no type guess failed */
	double seconds;
	bn_schema schema;    /* as written */
	bn_widened *widened; /* columns that the sample had promised to be narrower */
	size_t widened_count;
	bn_source_notes notes; /* how it was read */
} bn_ingest_report;

void bn_ingest_report_release(bn_ingest_report *r);

typedef struct bn_ingest_sink {
	/* A table for rows of this schema; it stays the sink's. Called again when a type turned out too narrow: what
	 * was written before is void. crew: who may help, until the ingest ends; may be NULL. */
	int (*begin)(void *ctx, const bn_schema *schema, bn_crew *crew, bn_table_writer **w,
		bn_err *err);
	void *ctx;
} bn_ingest_sink;

/* Reads everything, and finishes the table. report may be NULL. */
int bn_ingest_input(bn_input *in, const bn_source *source, const bn_source_options *options,
	const bn_ingest_sink *sink, bn_ingest_report *report, bn_err *err);

/* The same to an Arrow file (created, fsynced) at path, which is below the handle at or, with at
 * NULL, one that the user named; nothing is left there on failure. */
int bn_ingest_file(bn_input *in, const bn_source *source, const bn_source_options *options,
	const bn_dir *at, const char *path, bn_ingest_report *report, bn_err *err);
/* The same of what uri names. source_name NULL: detect. */
int bn_ingest(const bn_env *env, const char *source_name, const char *uri,
	const bn_source_options *options, const bn_dir *at, const char *path,
	bn_ingest_report *report, bn_err *err);

#endif
