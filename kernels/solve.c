/*
 * solve.c - see solve.h. Row by row, so that every inner loop runs along two rows of memory; several rows at a
 * time, so that a large matrix is read fewer times.
 */
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

enum { TOGETHER = 8 };

/* Element j of row i, once all before it in both rows are known. */
static void eliminate(size_t n, double *a, size_t i, size_t j)
{
	double *row = a + i * n;
	const double *other = a + j * n;
	row[j] = (row[j] - dot(j, row, other)) / other[j];
}

int bnk_cholesky_factor(size_t n, double *a)
{
	double largest = 0;
	for (size_t i = 0; i < n; i++)
		if (a[i * n + i] > largest)
			largest = a[i * n + i];
	double least = largest * DBL_EPSILON * (double)n;
	for (size_t i = 0; i < n; i += TOGETHER) {
		size_t end = i + TOGETHER < n ? i + TOGETHER : n;
		for (size_t j = 0; j < i; j++)
			for (size_t k = i; k < end; k++)
				eliminate(n, a, k, j);
		for (size_t k = i; k < end; k++) {
			double *row = a + k * n;
			for (size_t j = i; j < k; j++)
				eliminate(n, a, k, j);
			double pivot = row[k] - dot(k, row, row);
			if (!(pivot > least) || !isfinite(pivot))
				return BNK_ESINGULAR;
			row[k] = sqrt(pivot);
		}
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
