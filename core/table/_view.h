/* _view.h - the rows that a scan keeps: used by table_read.c instead of parts. Not for other modules. */
#ifndef BN_TABLE__VIEW_H
#define BN_TABLE__VIEW_H
#include "core/table/table.h"

#include <string.h>

/* A batch of the underlying table with rows that are kept. */
typedef struct bn_kept {
	size_t batch;        /* its number there */
	uint64_t first_row;  /* number of its first kept row, in the view */
	uint32_t rows, full; /* kept ones, of this many */
	uint8_t *bits;       /* one per row; NULL: all */
} bn_kept;

typedef struct bn_table_view {
	bn_table_reader *base;
	bool owns_base;
	bn_kept *kept;
	size_t count, cap;
	uint64_t rows;
} bn_table_view;

/* Among n records of `stride` bytes, each with an ascending number, at `number` in the first: the last with
 * number <= at; the first if there is none. */
static inline size_t bn_last_not_above(const uint64_t *number, size_t stride, size_t n, uint64_t at)
{
	size_t low = 0, high = n;
	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;
		uint64_t x;
		memcpy(&x, (const char *)number + mid * stride, sizeof x);
		if (x <= at)
			low = mid;
		else
			high = mid;
	}
	return low;
}

void bn_table_view_free(bn_table_view *v); /* NULL is fine */
int bn_table_view_read(bn_table_view *v, size_t batch, const size_t *columns, size_t n,
	bn_batch *out, bn_err *err);
void bn_table_view_forget(const bn_table_view *v, const bn_batch *b);

/* table_read.c: a reader of the view, which it takes, even on failure; and the view of a reader, or NULL. */
int bn_table_reader_of_view(bn_table_reader **out, bn_table_view *view, bn_err *err);
bn_table_view *bn_table_reader_view(const bn_table_reader *r);

#endif
