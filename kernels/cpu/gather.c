/* gather.c - rows by number. */
#include "kernels/op/gather.h"

#include "kernels/cpu/cpu.h"

#include <string.h>

typedef struct work {
	size_t row_bytes;
	const char *from;
	const uint32_t *index;
	char *to;
} work;

static int shard(void *user, size_t number, size_t begin, size_t end)
{
	const work *w = user;
	(void)number;
	for (size_t i = begin; i < end; i++)
		memcpy(w->to + i * w->row_bytes, w->from + (size_t)w->index[i] * w->row_bytes,
			w->row_bytes);
	return BNK_OK;
}

static int run(const bnk_call *call, bnk_dtype type, const void *args)
{
	const bnk_gather_args *a = args;
	size_t m = a->to.rows, n = a->to.cols;
	work w = {n * bnk_dtype_bytes(type), bnk_view_data(&a->from), bnk_view_data(&a->index),
		bnk_view_data(&a->to)};
	return bnk_parallel_for(m, bnk_cpu_element_shards(m, n),
		bnk_cpu_team(call, (double)m * (double)n), shard, &w);
}

static const bnk_cpu_variant variants[] = {{"portable", 0, NULL}};

const bnk_cpu_op bnk_cpu_gather = {{NULL, NULL, run}, variants, 1};
