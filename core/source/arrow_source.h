/*
 * arrow_source.h - an Arrow IPC file as a source of rows, for ingestion.
 */
#ifndef BN_SOURCE_ARROW_SOURCE_H
#define BN_SOURCE_ARROW_SOURCE_H
#include "core/source/source.h"

/* Of the options, progress and `as` are used. Errors as bn_table_open. */
int bn_arrow_stream_open(
	bn_stream **out, bn_input *in, const bn_source_options *options, bn_err *err);

/* The table in the file, memory-mapped. Remarks on it are added to notes. */
int bn_arrow_source_table(
	bn_table_reader **out, const bn_input *in, bn_source_notes *notes, bn_err *err);

#endif
