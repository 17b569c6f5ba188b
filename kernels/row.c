/* row.c - see row.h. */
#include "kernels/row.h"

#include "kernels/cpu/loops.h"

#include <string.h>

typedef void add_scaled_fn(size_t n, float f, const float *restrict x, float *restrict y);

BNK_LOOP(add_scaled, (size_t n, float f, const float *restrict x, float *restrict y))
{
	BNK_SIMD
	for (size_t j = 0; j < n; j++)
		y[j] += f * x[j];
}
BNK_LOOP_VARIANTS(
	add_scaled, (size_t n, float f, const float *restrict x, float *restrict y), (n, f, x, y))

void bnk_row_dense(size_t inputs, size_t outputs, const float *weight, const float *bias,
	const float *from, float *to, bnk_act act)
{
	const bnk_cpu_variant *best = add_scaled_variants;
	unsigned features = bnk_cpu_features();
	while (best->needs & ~features)
		best++;
	memcpy(to, bias, outputs * sizeof *to);
	for (size_t i = 0; i < inputs; i++)
		if (from[i] != 0) /* ReLU leaves many zeros */
			((add_scaled_fn *)best->loop)(outputs, from[i], weight + i * outputs, to);
	if (act == BNK_ACT_RELU)
		for (size_t j = 0; j < outputs; j++)
			to[j] = to[j] < 0 ? 0.0f : to[j];
}
