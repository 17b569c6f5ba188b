/*
 * add.h - from a source to a dataset version in one pass: what is read is hashed and written as a table (ingest.h),
 * what is written is hashed, stored and profiled (builder.h), and nothing is read back.
 */
#ifndef BN_DATA_ADD_H
#define BN_DATA_ADD_H
#include "core/data/dataset.h"
#include "core/data/generate.h"
#include "core/source/ingest.h"

/* A dataset that has versions is read as the types of the newest (former.h), unless options->retype. A newest one that is
 * another user's private one is BN_EREFUSED then.
 * source_name NULL: detect. report may be NULL; it is the caller's to release. On failure nothing
 * is published. */
int bn_dataset_add(bn_dataset_version **out, bool *added, bn_workspace *ws, const char *name,
	bn_dataset_privacy privacy, const char *source_name, const char *uri,
	const bn_source_options *options, bn_ingest_report *report, bn_err *err);

/* Generated job telemetry as a version; the recipe says that it is synthetic. */
int bn_dataset_generate(bn_dataset_version **out, bool *added, bn_workspace *ws, const char *name,
	bn_dataset_privacy privacy, const bn_generate_options *options, bn_err *err);

#endif
