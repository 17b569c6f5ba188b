/*
 * columns.h - columns looked at one at a time, in pieces and as often as wanted: what a feature pipeline is
 * fitted on. A frame is one piece; the rows of a table that belong to a part come batch by batch.
 */
#ifndef BN_LEARN_COLUMNS_H
#define BN_LEARN_COLUMNS_H
#include "core/learn/frame.h"
#include "core/learn/rows.h"

typedef int (*bn_piece_fn)(void *ctx, const bn_column_view *piece, bn_err *err);

typedef struct bn_columns {
	const void *self;
	const bn_column_view
		*heads; /* name, kind and dictionary of each; rows of the whole column, no values */
	size_t count, rows;
	/* Calls piece for all of a column, in row order; stops at the first failure. Different columns may be
	 * walked at once. */
	int (*walk)(const void *self, size_t column, bn_piece_fn piece, void *ctx, bn_err *err);
} bn_columns;

/* Borrows the frame. */
bn_columns bn_columns_of_frame(const bn_frame_view *frame);

typedef struct bn_part_columns bn_part_columns;
/* Borrows the part. *out is yours. */
int bn_part_columns_open(bn_part_columns **out, const bn_part *part, bn_err *err);
void bn_part_columns_free(bn_part_columns *c);
bn_columns bn_part_columns_view(const bn_part_columns *c);

#endif
