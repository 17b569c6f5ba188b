/* select.h - some rows of a batch as a batch of their own: what a filter leaves, for a profile or a check. */
#ifndef BN_TABLE_SELECT_H
#define BN_TABLE_SELECT_H
#include "core/table/table.h"

/* Rows rows[0 .. n-1] of in, in that order; a row may be named twice. The values are copied, dictionaries
 * are in's own. *out is initialised; an earlier content is released. BN_EINVAL for a row that is not
 * there. */
int bn_batch_select(bn_batch *out, const bn_batch *in, const uint32_t *rows, size_t n, bn_err *err);

#endif
