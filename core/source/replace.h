/*
 * replace.h - columns of a source whose texts are replaced while they are read (core/table/hide.h), so that what they were
 * is written nowhere.
 */
#ifndef BN_SOURCE_REPLACE_H
#define BN_SOURCE_REPLACE_H
#include "core/table/hide.h"

typedef struct bn_replace {
	const char *const *columns;
	size_t count;
	size_t required; /* the first of them must be there (BN_ENOTFOUND); others are replaced if they are */
	bn_text_replace *replace;
	void *ctx;
} bn_replace;

/* The schema of what is written; *out: initialised. */
int bn_replace_schema(bn_schema *out, const bn_schema *schema, const bn_replace *r, bn_err *err);
/* *out: the batch with these columns replaced; its columns are the arena's, and borrow from `in`. */
int bn_replace_batch(bn_batch *out, const bn_batch *in, const bn_schema *schema, const bn_replace *r,
	bn_arena *arena, bn_err *err);

#endif
