/* _add.h - shared by add.c and append.c. Internal. */
#ifndef BN_DATA__ADD_H
#define BN_DATA__ADD_H
#include "core/data/builder.h"
#include "core/data/tracked.h"
#include "core/source/ingest.h"

/* The user's options for reading a source; as: "jobs@v3", the version whose types were used, or
 * empty; dialect: how it was read; tracked: of tracked.h, or NULL. */
json_t *bn_add_recipe(const char *act, const bn_source_options *o, const char *as,
	const bn_dialect *dialect, const bn_tracked *tracked);
/* Streams the source's rows through the sink into the builder's table. Also returns the source's
 * digest (empty: not a file). */
int bn_add_build(bn_table_builder *b, const bn_ingest_sink *sink, bn_built *built, char sha256[65],
	bn_input *in, const char *source_name, const bn_source_options *options,
	bn_ingest_report *report, bn_err *err);
/* A bn_progress's report: ctx is the bn_source_options, whose progress is told. */
bool bn_add_report(void *ctx, const char *what, uint64_t done, uint64_t total);
/* Opens the source, wherever its bytes are kept (tracked.h); one that cannot be read twice is spooled, with
 * options->progress. The caller releases *tracked, also after a failure. */
int bn_add_open(bn_input **out, bn_tracked *tracked, bn_workspace *ws, const char *uri,
	const bn_source_options *options, bn_err *err);

#endif
