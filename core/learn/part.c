/* part.c - see part.h. */
#include "core/learn/part.h"

#include <math.h>

int bn_part_walk(const bn_part *p, size_t column, bn_part_fn fn, void *ctx, bn_err *err)
{
	bn_batch b = BN_BATCH_INIT;
	int rc = 0;
	for (size_t k = 0; k < bn_table_batches(p->table) && rc == 0; k++) {
		rc = bn_table_read(p->table, k, &column, 1, &b, err);
		if (rc == 0)
			rc = fn(ctx, p, &b, err);
	}
	bn_batch_release(&b);
	return rc;
}

int bn_part_numbers(const bn_column *c, size_t from, size_t n, double *out, bn_err *err)
{
	int rc = bn_column_numbers(c, from, n, out, err);
	for (size_t i = 0; rc == 0 && i < n; i++)
		out[i] = isfinite(out[i]) ? out[i] : NAN;
	return rc;
}
