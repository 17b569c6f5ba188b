/*
 * sources.h - the table of sources: selects one by name or content, and opens it.
 *
 * The sources (source.h) are entries of one table in sources.c: a name, a way to recognise their
 * inputs, and open. To add a source, add an entry; nothing else knows the list.
 */
#ifndef BN_SOURCE_SOURCES_H
#define BN_SOURCE_SOURCES_H
#include "core/source/source.h"

/* By name, or (name NULL) by the input's name and content. BN_ENOTFOUND if no source recognises it, or if it does not
 * exist. options: a delimiter in them means a text table; may be NULL. */
int bn_source_find(const bn_source **out, const char *name, const bn_input *in,
	const bn_source_options *options, bn_err *err);
/* Opens what uri names; the stream then owns it: close it with bn_sources_close. options may be
 * NULL. */
int bn_sources_open(bn_stream **out, const bn_source **source, const bn_env *env, const char *name,
	const char *uri, const bn_source_options *options, bn_err *err);
void bn_sources_close(bn_stream *s); /* NULL is fine */

#endif
