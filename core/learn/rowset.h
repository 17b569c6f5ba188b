/*
 * rowset.h - rows of a table held in memory as the columns that training looks at.
 *
 * Numbers, timestamps (as nanoseconds) and integers become doubles; booleans and categories become
 * codes. Free text has no place in a design matrix: such columns are left out and named.
 *
 * Owned and immutable once made; views into it may be shared between threads.
 */
#ifndef BN_LEARN_ROWSET_H
#define BN_LEARN_ROWSET_H
#include "core/base/err.h"
#include "core/table/table.h"
#include "core/learn/frame.h"

typedef struct bn_rowset bn_rowset;

/* wanted: names of columns, or NULL for all. BN_EINVAL when a wanted column is missing or is free
 * text. *out is yours. The reader may be freed afterwards. */
int bn_rowset_load(bn_rowset **out, bn_table_reader *table, const char *const *wanted,
	size_t wanted_count, bn_err *err);
/* A copy of some rows, in the order given. *out is yours. */
int bn_rowset_select(
	bn_rowset **out, const bn_rowset *from, const uint32_t *rows, size_t count, bn_err *err);
void bn_rowset_free(bn_rowset *r);

const bn_frame_view *bn_rowset_view(const bn_rowset *r); /* borrowed */
size_t bn_rowset_skipped_count(const bn_rowset *r);
const char *bn_rowset_skipped(const bn_rowset *r, size_t i); /* "comment" */

#endif
