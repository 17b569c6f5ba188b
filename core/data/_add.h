/* _add.h - what adding and appending share. Not for other modules. */
#ifndef BN_DATA__ADD_H
#define BN_DATA__ADD_H
#include "core/data/builder.h"
#include "core/source/ingest.h"

/* What the user said about reading a source; as: "jobs@v3", whose types it was read as, or empty; dialect: how it was
 * read. */
json_t *bn_add_recipe(
	const char *act, const bn_source_options *o, const char *as, const bn_dialect *dialect);
/* The source's rows through the sink into the builder's table, and the source's digest (empty: it is no file). */
int bn_add_build(bn_table_builder *b, const bn_ingest_sink *sink, bn_built *built, char sha256[65],
	bn_input *in, const char *source_name, const bn_source_options *options,
	bn_ingest_report *report, bn_err *err);
/* Opens it; what cannot be read twice is spooled, which options->progress sees. */
int bn_add_open(bn_input **out, bn_workspace *ws, const char *uri, const bn_source_options *options,
	bn_err *err);

#endif
