/*
 * ingest.h - one pass over a source, from its bytes to a table and to observers of its batches.
 *
 * The driver pulls batches, which a crew (core/base/crew.h) reads ahead, and writes them to the
 * table of the sink, in order. A sink that observes what is written (bn_table_writer_tap) gets the
 * record batches as they are in the table, and may share that work among the crew; so nothing is
 * read twice, and the result depends neither on threads nor on how the work was divided.
 */
#ifndef BN_SOURCE_INGEST_H
#define BN_SOURCE_INGEST_H
#include "core/source/sources.h"

typedef struct bn_ingest_report {
	const bn_source *source;
	uint64_t rows, rejected;
	uint64_t bytes_in;  /* 0 if the source has none */
	uint64_t bytes_out; /* of the Arrow file */
	int passes;         /* over the input, 1 if all inferred types fitted */
	double seconds;
	bn_schema schema;    /* as written */
	bn_widened *widened; /* columns for which the sample suggested a narrower type */
	size_t widened_count;
	bn_source_notes notes; /* how it was read */
} bn_ingest_report;

void bn_ingest_report_release(bn_ingest_report *r);

typedef struct bn_ingest_sink {
	/* A table for rows of this schema; it stays the sink's. Called again if a type was too
	 * narrow: discard what was written before. crew: threads that may help until the ingest
	 * ends; may be NULL. */
	int (*begin)(void *ctx, const bn_schema *schema, bn_crew *crew, bn_table_writer **w,
		bn_err *err);
	void *ctx;
} bn_ingest_sink;

/* Reads everything and finishes the table. report may be NULL. */
int bn_ingest_input(bn_input *in, const bn_source *source, const bn_source_options *options,
	const bn_ingest_sink *sink, bn_ingest_report *report, bn_err *err);

/* The same to an Arrow file (created, fsynced) at path, which is relative to the directory at or,
 * if at is NULL, was named by the user; on failure no file remains. */
int bn_ingest_file(bn_input *in, const bn_source *source, const bn_source_options *options,
	const bn_dir *at, const char *path, bn_ingest_report *report, bn_err *err);
/* The same for the source that uri names. source_name NULL: detect. */
int bn_ingest(const bn_env *env, const char *source_name, const char *uri,
	const bn_source_options *options, const bn_dir *at, const char *path,
	bn_ingest_report *report, bn_err *err);

#endif
