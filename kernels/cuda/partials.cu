/* partials.cu - the last step of a sum: the blocks' parts, in block order. */
#include "kernels/cuda/context.cuh"

__global__ static void sum_partials(
	const double *partial, unsigned blocks, unsigned count, double *out)
{
	unsigned c = threadIdx.x;
	if (c >= count)
		return;
	double sum = 0;
	for (unsigned b = 0; b < blocks; b++)
		sum += partial[b * count + c];
	out[c] = sum;
}

int bnk_cuda_add_partials(
	const bnk_call *call, const double *partial, unsigned blocks, unsigned count, double *out)
{
	return BNK_LAUNCH(sum_partials, 1, 32, 0, call, partial, blocks, count, out);
}
