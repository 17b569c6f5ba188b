/* squared_loss.c - squared errors, summed in double precision. */
#include "kernels/op/squared_loss.h"

#include "kernels/cpu/cpu.h"

typedef struct work {
	float *z;
	const float *y, *w;
	double scale;
	double *loss; /* one per shard */
} work;

static int shard(void *user, size_t number, size_t begin, size_t end)
{
	const work *s = user;
	double loss = 0;
	for (size_t i = begin; i < end; i++) {
		double w = s->w ? (double)s->w[i] : 1.0, d = (double)s->z[i] - (double)s->y[i];
		loss += w * d * d / 2;
		s->z[i] = (float)(s->scale * w * d);
	}
	s->loss[number] = loss;
	return BNK_OK;
}

static size_t scratch(const void *args, bnk_dtype type)
{
	const bnk_squared_loss_args *a = args;
	(void)type;
	return bnk_cpu_element_shards(a->z.cols, 1) * sizeof(double);
}

static int run(const bnk_call *call, bnk_dtype type, const void *args)
{
	const bnk_squared_loss_args *a = args;
	size_t m = a->z.cols, shards = bnk_cpu_element_shards(m, 1);
	(void)type;
	work s = {bnk_view_data(&a->z), bnk_view_data(&a->y), bnk_view_data(&a->w), a->scale,
		call->scratch};
	int rc = bnk_parallel_for(m, shards, bnk_cpu_team(call, 2.0 * (double)m), shard, &s);
	if (rc == BNK_OK)
		bnk_cpu_add_parts(shards, 1, s.loss, bnk_view_data(&a->loss));
	return rc;
}

static const bnk_cpu_variant variants[] = {{"portable", 0, NULL}};

const bnk_cpu_op bnk_cpu_squared_loss = {{NULL, scratch, run}, variants, 1};
