/* shards.c - the number of shards, and adding their sums. */
#include "kernels/cpu/cpu.h"

#include <string.h>

size_t bnk_cpu_row_shards(size_t m)
{
	return bnk_shard_count(m, BNK_CPU_VECTOR_ROWS);
}

size_t bnk_cpu_element_shards(size_t m, size_t n)
{
	size_t rows = n ? BNK_CPU_ELEMENTS / n : m;
	size_t shards = bnk_shard_count(m, rows ? rows : 1);
	return shards > 16 ? 16 : shards;
}

void bnk_cpu_add_parts(size_t shards, size_t n, const double *parts, double *out)
{
	memcpy(out, parts, n * sizeof *out);
	for (size_t s = 1; s < shards; s++)
		for (size_t j = 0; j < n; j++)
			out[j] += parts[s * n + j];
}
