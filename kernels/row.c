/* row.c - see row.h. */
#include "kernels/row.h"

#include "kernels/cpu/simd.h"

#include <string.h>

BNK_MULTIVERSION static void add_scaled(
	size_t n, float f, const float *restrict x, float *restrict y)
{
	BNK_SIMD
	for (size_t j = 0; j < n; j++)
		y[j] += f * x[j];
}

void bnk_row_dense(size_t inputs, size_t outputs, const float *weight, const float *bias,
	const float *from, float *to, bnk_act act)
{
	memcpy(to, bias, outputs * sizeof *to);
	for (size_t i = 0; i < inputs; i++)
		if (from[i] != 0) /* ReLU leaves many zeros */
			add_scaled(outputs, from[i], weight + i * outputs, to);
	if (act == BNK_ACT_RELU)
		for (size_t j = 0; j < outputs; j++)
			to[j] = to[j] < 0 ? 0.0f : to[j];
}
