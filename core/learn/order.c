/* order.c - see order.h. */
#include "core/learn/order.h"

#include "core/base/mem.h"

#include <string.h>

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, PASSES = 6 };

/* Bits that compare as unsigned integers the way the doubles compare. */
static uint64_t sortable(double v)
{
	uint64_t bits;
	v += 0.0; /* -0 becomes 0 */
	memcpy(&bits, &v, sizeof bits);
	return bits >> 63 ? ~bits : bits | 1ull << 63;
}

static void radix_pass(unsigned shift, size_t n, const uint64_t *keys, const uint32_t *from,
	uint32_t *to, size_t *starts)
{
	memset(starts, 0, DIGITS * sizeof *starts);
	for (size_t i = 0; i < n; i++)
		starts[keys[i] >> shift & (DIGITS - 1)]++;
	size_t at = 0;
	for (size_t d = 0; d < DIGITS; d++) {
		size_t count = starts[d];
		starts[d] = at;
		at += count;
	}
	for (size_t i = 0; i < n; i++)
		to[starts[keys[from[i]] >> shift & (DIGITS - 1)]++] = from[i];
}

int bn_order_f64(uint32_t *order, const double *values, size_t n, bn_err *err)
{
	int rc = 0;
	uint64_t *keys = bn_alloc(n * sizeof *keys);
	uint32_t *other = bn_alloc(n * sizeof *other);
	size_t *starts = bn_alloc(DIGITS * sizeof *starts);
	if (!keys || !other || !starts) {
		rc = bn_err_nomem(err, "sorting a column");
		goto out;
	}
	for (size_t i = 0; i < n; i++) {
		keys[i] = sortable(values[i]);
		order[i] = (uint32_t)i;
	}
	for (unsigned pass = 0; pass < PASSES; pass += 2) {
		radix_pass(pass * DIGIT_BITS, n, keys, order, other, starts);
		radix_pass((pass + 1) * DIGIT_BITS, n, keys, other, order, starts);
	}
out:
	bn_free(keys);
	bn_free(other);
	bn_free(starts);
	return rc;
}

double bn_quantile_ordered(const uint32_t *order, const double *values, size_t n, double q)
{
	double at = q * (double)(n - 1);
	size_t low = (size_t)at;
	if (low + 1 >= n)
		return values[order[n - 1]];
	double a = values[order[low]], b = values[order[low + 1]];
	return a + (b - a) * (at - (double)low);
}
