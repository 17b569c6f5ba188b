/*
 * sources.h - the table of sources: which of them a name or the bytes mean, and opening it.
 *
 * The sources (source.h) are entries of one table in sources.c: a name, a way to recognise what is theirs, and open.
 * Adding one is adding an entry; nothing else knows the list.
 */
#ifndef BN_SOURCE_SOURCES_H
#define BN_SOURCE_SOURCES_H
#include "core/source/source.h"

/* By name, or (name NULL) by what the input is. BN_ENOTFOUND when nobody knows what it is, or when it is not
 * there. */
int bn_source_find(const bn_source **out, const char *name, const bn_input *in, bn_err *err);
/* Opens what uri names, which is then the stream's: bn_sources_close. options may be NULL. */
int bn_sources_open(bn_stream **out, const bn_source **source, const bn_env *env, const char *name,
	const char *uri, const bn_source_options *options, bn_err *err);
void bn_sources_close(bn_stream *s); /* NULL is fine */

#endif
