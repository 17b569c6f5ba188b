/* solve.c - see solve.h. Row by row, so that every inner loop runs along two rows of memory. */
#include "kernels/solve.h"

#include "kernels/kernels.h"

#include <float.h>
#include <math.h>

/* Four sums in a fixed order: lets the compiler use vectors without reordering anything. */
static double dot(size_t n, const double *a, const double *b)
{
	double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
	size_t i = 0;
	for (; i + 4 <= n; i += 4) {
		s0 += a[i] * b[i];
		s1 += a[i + 1] * b[i + 1];
		s2 += a[i + 2] * b[i + 2];
		s3 += a[i + 3] * b[i + 3];
	}
	for (; i < n; i++)
		s0 += a[i] * b[i];
	return (s0 + s2) + (s1 + s3);
}

int bnk_cholesky_factor(size_t n, double *a)
{
	double largest = 0;
	for (size_t i = 0; i < n; i++)
		if (a[i * n + i] > largest)
			largest = a[i * n + i];
	double least = largest * DBL_EPSILON * (double)n;
	for (size_t i = 0; i < n; i++) {
		double *row = a + i * n;
		for (size_t j = 0; j < i; j++)
			row[j] = (row[j] - dot(j, row, a + j * n)) / a[j * n + j];
		double pivot = row[i] - dot(i, row, row);
		if (!(pivot > least) || !isfinite(pivot))
			return BNK_ESINGULAR;
		row[i] = sqrt(pivot);
	}
	return BNK_OK;
}

void bnk_cholesky_solve(size_t n, const double *factor, double *b)
{
	for (size_t i = 0; i < n; i++)
		b[i] = (b[i] - dot(i, factor + i * n, b)) / factor[i * n + i];
	for (size_t i = n; i-- > 0;) {
		b[i] /= factor[i * n + i];
		for (size_t k = 0; k < i; k++)
			b[k] -= factor[i * n + k] * b[i];
	}
}
