/*
 * softmax.c - softmax and softmax_loss: the same rows, with and without a label.
 *
 * exp and log are the C library's. They are evaluated in double precision even for float32 rows, so
 * that the sum of a loss over a million rows keeps its digits.
 */
#include "kernels/op/softmax.h"
#include "kernels/cpu/cpu.h"
#include "kernels/op/softmax_loss.h"

#include <math.h>

typedef struct work {
	bnk_dtype type;
	size_t n;
	void *z;
	const uint32_t *label; /* NULL: probabilities only */
	const void *w;
	double scale;
	double *loss; /* one per shard */
} work;

/* One row; returns -log of the probability of `label` (0 without one). */
static double row_f64(size_t n, double *z, const uint32_t *label, double factor)
{
	double top = z[0];
	for (size_t j = 1; j < n; j++)
		top = z[j] > top ? z[j] : top;
	double given = label ? z[*label] : 0, sum = 0;
	for (size_t j = 0; j < n; j++) {
		z[j] = exp(z[j] - top);
		sum += z[j];
	}
	for (size_t j = 0; j < n; j++)
		z[j] /= sum;
	if (!label)
		return 0;
	z[*label] -= 1.0;
	for (size_t j = 0; j < n; j++)
		z[j] *= factor;
	return log(sum) + top - given;
}

static double row_f32(size_t n, float *z, const uint32_t *label, double factor)
{
	double top = z[0];
	for (size_t j = 1; j < n; j++)
		top = z[j] > top ? z[j] : top;
	double given = label ? z[*label] : 0, sum = 0;
	for (size_t j = 0; j < n; j++) {
		double e = exp(z[j] - top);
		z[j] = (float)e;
		sum += e;
	}
	for (size_t j = 0; j < n; j++) {
		double p = z[j] / sum;
		z[j] = (float)(!label ? p : factor * (p - (j == *label ? 1.0 : 0.0)));
	}
	return label ? log(sum) + top - given : 0;
}

static int shard(void *user, size_t number, size_t begin, size_t end)
{
	const work *s = user;
	double loss = 0;
	for (size_t i = begin; i < end; i++) {
		const uint32_t *label = s->label ? s->label + i : NULL;
		if (s->type == BNK_F32) {
			double w = s->w ? (double)((const float *)s->w)[i] : 1.0;
			loss += w * row_f32(s->n, (float *)s->z + i * s->n, label, s->scale * w);
		} else {
			double w = s->w ? ((const double *)s->w)[i] : 1.0;
			loss += w * row_f64(s->n, (double *)s->z + i * s->n, label, s->scale * w);
		}
	}
	if (s->loss)
		s->loss[number] = loss;
	return BNK_OK;
}

static int all_rows(const bnk_call *call, const bnk_view *z, work *s)
{
	size_t m = z->rows, n = z->cols;
	return bnk_parallel_for(m, bnk_cpu_element_shards(m, n),
		bnk_cpu_team(call, 12.0 * (double)m * (double)n), shard, s);
}

static int run(const bnk_call *call, bnk_dtype type, const void *args)
{
	const bnk_softmax_args *a = args;
	work s = {type, a->z.cols, bnk_view_data(&a->z), NULL, NULL, 1.0, NULL};
	return all_rows(call, &a->z, &s);
}

static size_t loss_scratch(const void *args, bnk_dtype type)
{
	const bnk_softmax_loss_args *a = args;
	(void)type;
	return bnk_cpu_element_shards(a->z.rows, a->z.cols) * sizeof(double);
}

static int loss_run(const bnk_call *call, bnk_dtype type, const void *args)
{
	const bnk_softmax_loss_args *a = args;
	work s = {type, a->z.cols, bnk_view_data(&a->z), bnk_view_data(&a->label),
		bnk_view_data(&a->w), a->scale, call->scratch};
	int rc = all_rows(call, &a->z, &s);
	if (rc == BNK_OK)
		bnk_cpu_add_parts(bnk_cpu_element_shards(a->z.rows, a->z.cols), 1, s.loss,
			bnk_view_data(&a->loss));
	return rc;
}

static const bnk_cpu_variant variants[] = {{"portable", 0, NULL}};

const bnk_cpu_op bnk_cpu_softmax = {{NULL, NULL, run}, variants, 1};
const bnk_cpu_op bnk_cpu_softmax_loss = {{NULL, loss_scratch, loss_run}, variants, 1};
