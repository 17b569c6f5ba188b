/*
 * add.h - from a source to a dataset version in one pass: input is hashed and written as a table
 * while it is read (ingest.h), output is hashed, stored and profiled while it is written
 * (builder.h), and nothing is read back.
 */
#ifndef BN_DATA_ADD_H
#define BN_DATA_ADD_H
#include "core/data/dataset.h"
#include "core/data/generate.h"
#include "core/source/ingest.h"

/* A dataset with versions is read with the types of the newest one (former.h), unless
 * options->retype is set. If the newest one is private to another user: BN_EREFUSED. source_name
 * NULL: detect. report may be NULL; the caller releases it. On failure nothing is published. */
int bn_dataset_add(bn_dataset_version **out, bool *added, bn_workspace *ws, const char *name,
	bn_dataset_privacy privacy, const char *source_name, const char *uri,
	const bn_source_options *options, bn_ingest_report *report, bn_err *err);

/* Adds generated job telemetry as a version; the recipe says that it is synthetic. */
int bn_dataset_generate(bn_dataset_version **out, bool *added, bn_workspace *ws, const char *name,
	bn_dataset_privacy privacy, const bn_generate_options *options, bn_err *err);

#endif
