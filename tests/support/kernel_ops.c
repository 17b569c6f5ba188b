/* kernel_ops.c - see kernel_ops.h. */
#include "tests/support/kernel_ops.h"

#include "kernels/op/adam.h"
#include "kernels/op/bias_act.h"
#include "kernels/op/col_sum.h"
#include "kernels/op/gather.h"
#include "kernels/op/gemm.h"
#include "kernels/op/gemv.h"
#include "kernels/op/gemv_t.h"
#include "kernels/op/gram.h"
#include "kernels/op/logistic.h"
#include "kernels/op/relu_grad.h"
#include "kernels/op/softmax.h"
#include "kernels/op/softmax_loss.h"
#include "kernels/op/squared_loss.h"
#include "tests/support/train_data.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The type for products and sums of many elements: wider than double if the processor has it. If
 * long double is computed in software (aarch64), use double, with another order of adding. */
#if LDBL_MANT_DIG == 64
typedef long double wide;
#else
typedef double wide;
#endif

/* ---- inputs --------------------------------------------------------------------------------- */

/* All inputs of an operation, as doubles that float32 holds exactly for float32 cases. */
typedef struct inputs {
	double *a, *b, *c, *w, *shift;
	uint32_t *label, *index;
	size_t na, nb, nc;
} inputs;

enum { EXTRA = 8, GATHER_ROWS = 50 };

static double *numbers(const kernel_case *c, const char *what, size_t n, double low, double high)
{
	double *v = calloc(n + 1, sizeof *v);
	uint64_t state = (uint64_t)c->op * 1000 + (unsigned char)*what;
	ck_assert_ptr_nonnull(v);
	for (size_t i = 0; i < n; i++) {
		v[i] = low + (high - low) * train_data_uniform(&state);
		if (c->dtype == BNK_F32)
			v[i] = (double)(float)v[i];
	}
	return v;
}

static inputs make_inputs(const kernel_case *c)
{
	double size = c->huge ? 1e15 : 2;
	size_t rows = c->op == BNK_OP_GATHER ? GATHER_ROWS : c->m;
	inputs in = {.na = rows * c->n, .nb = c->n, .nc = c->m};
	uint64_t state = 11;
	if (c->op == BNK_OP_GEMM) {
		in.na = c->m * c->k;
		in.nb = c->k * c->n;
		in.nc = c->m * c->n;
	} else if (c->op == BNK_OP_ADAM || c->op == BNK_OP_RELU_GRAD) {
		in.na = in.nb = in.nc = c->m;
	} else if (c->n == 0) {
		in.na = in.nb = c->m;
	}
	in.a = numbers(c, "a", in.na, -size, size);
	in.b = numbers(c, "b", in.nb, -2, 2);
	in.c = numbers(c, "c", in.nc, 0, 1);
	in.w = numbers(c, "w", c->m, 0, 3);
	in.shift = numbers(c, "shift", c->n + 1, -1, 1);
	in.label = calloc(c->m + 1, sizeof *in.label);
	in.index = calloc(c->m + 1, sizeof *in.index);
	for (size_t i = 0; i < c->m; i++) {
		in.label[i] = (uint32_t)(train_data_uniform(&state) * (double)(c->n ? c->n : 1));
		in.index[i] = (uint32_t)(train_data_uniform(&state) * GATHER_ROWS);
		if (c->op == BNK_OP_LOGISTIC)
			in.b[i] = in.b[i] > 0; /* classes */
	}
	return in;
}

static void free_inputs(inputs *in)
{
	free(in->a);
	free(in->b);
	free(in->c);
	free(in->w);
	free(in->shift);
	free(in->label);
	free(in->index);
}

/* ---- on a back end -------------------------------------------------------------------------- */

typedef struct session {
	bnk_device *device;
	bnk_queue *q;
	bnk_dtype dtype;
	bnk_buffer blocks[16];
	size_t count;
	double *out;
	size_t used, max;
} session;

static void must(int rc, const char *what)
{
	ck_assert_msg(rc == BNK_OK, "%s: %s", what, bnk_status_text(rc));
}

/* Initial bytes that no operation may mistake for results. */
static bnk_view room(session *s, bnk_dtype type, size_t rows, size_t cols)
{
	bnk_buffer *b = &s->blocks[s->count++];
	size_t bytes = rows * cols * bnk_dtype_bytes(type);
	must(bnk_buffer_new(b, s->device, bytes), "alloc");
	char *poison = malloc(bytes + 1);
	ck_assert_ptr_nonnull(poison);
	memset(poison, 0xa5, bytes);
	bnk_view v = bnk_matrix(b, type, 0, rows, cols);
	must(bnk_upload(s->q, &v, poison), "upload");
	free(poison);
	return v;
}

static bnk_view put_u32(session *s, const uint32_t *host, size_t n)
{
	bnk_view v = room(s, BNK_I32, 1, n);
	must(bnk_upload(s->q, &v, host), "upload");
	return v;
}

/* Numbers in the case's type. */
static bnk_view put(session *s, const double *numbers, size_t rows, size_t cols)
{
	size_t n = rows * cols;
	bnk_view v = room(s, s->dtype, rows, cols);
	if (s->dtype == BNK_F64) {
		must(bnk_upload(s->q, &v, numbers), "upload");
		return v;
	}
	float *f = calloc(n + 1, sizeof *f);
	for (size_t i = 0; i < n; i++)
		f[i] = (float)numbers[i];
	must(bnk_upload(s->q, &v, f), "upload");
	free(f);
	return v;
}

static void get(session *s, bnk_view v)
{
	size_t n = v.rows * v.cols;
	char *host = calloc(n + 1, sizeof(double));
	ck_assert_uint_le(s->used + n, s->max);
	must(bnk_download(s->q, host, &v), "download");
	for (size_t i = 0; i < n; i++)
		s->out[s->used++] = v.type == BNK_F32 ? (double)((float *)(void *)host)[i]
						      : ((double *)(void *)host)[i];
	free(host);
}

static const bnk_view ABSENT;

static void run_linear(session *s, const kernel_case *c, const inputs *in)
{
	bnk_view x = put(s, in->a, c->m, c->n), shift = ABSENT;
	if (!c->plain)
		shift = put(s, in->shift, 1, c->n);
	if (c->op == BNK_OP_GRAM) {
		bnk_gram_args g = {.x = x,
			.w = c->plain ? ABSENT : put(s, in->w, 1, c->m),
			.shift = shift,
			.out = room(s, BNK_F64, c->n, c->n)};
		must(bnk_run(s->q, BNK_OP_GRAM, BNK_F64, &g), "gram");
		get(s, g.out);
	} else if (c->op == BNK_OP_GEMV) {
		bnk_gemv_args g = {.x = x,
			.v = put(s, in->b, 1, c->n),
			.bias = 0.5,
			.out = room(s, BNK_F64, 1, c->m)};
		must(bnk_run(s->q, BNK_OP_GEMV, BNK_F64, &g), "gemv");
		get(s, g.out);
	} else {
		bnk_gemv_t_args g = {.x = x,
			.v = c->plain ? ABSENT : put(s, in->c, 1, c->m),
			.shift = shift,
			.out = room(s, BNK_F64, 1, c->n)};
		must(bnk_run(s->q, BNK_OP_GEMV_T, BNK_F64, &g), "gemv_t");
		get(s, g.out);
	}
}

static void run_logistic(session *s, const kernel_case *c, const inputs *in)
{
	bnk_logistic_args l = {.z = put(s, in->a, 1, c->m),
		.y = put(s, in->b, 1, c->m),
		.sums = room(s, BNK_F64, 1, 3)};
	if (!c->plain) {
		l.w = put(s, in->w, 1, c->m);
		l.residual = room(s, BNK_F64, 1, c->m);
		l.curvature = room(s, BNK_F64, 1, c->m);
	}
	must(bnk_run(s->q, BNK_OP_LOGISTIC, BNK_F64, &l), "logistic");
	get(s, l.sums);
	if (!c->plain) {
		get(s, l.residual);
		get(s, l.curvature);
	}
}

static void run_loss(session *s, const kernel_case *c, const inputs *in)
{
	bool squared = c->op == BNK_OP_SQUARED_LOSS;
	bnk_view z = squared ? put(s, in->a, 1, c->m) : put(s, in->a, c->m, c->n);
	bnk_view w = c->plain ? ABSENT : put(s, in->w, 1, c->m);
	if (c->op == BNK_OP_SOFTMAX) {
		must(bnk_run(s->q, c->op, c->dtype, &(bnk_softmax_args){.z = z}), "softmax");
		get(s, z);
		return;
	}
	bnk_view loss = room(s, BNK_F64, 1, 1);
	if (squared)
		must(bnk_run(s->q, c->op, c->dtype,
			     &(bnk_squared_loss_args){.z = z,
				     .y = put(s, in->b, 1, c->m),
				     .w = w,
				     .loss = loss,
				     .scale = 0.25}),
			"squared_loss");
	else
		must(bnk_run(s->q, c->op, c->dtype,
			     &(bnk_softmax_loss_args){.z = z,
				     .label = put_u32(s, in->label, c->m),
				     .w = w,
				     .loss = loss,
				     .scale = 0.25}),
			"softmax_loss");
	get(s, loss);
	get(s, z);
}

static void run_adam(session *s, const kernel_case *c, const inputs *in)
{
	bnk_adam_args a = {.param = put(s, in->a, 1, c->m),
		.grad = put(s, in->b, 1, c->m),
		.moment1 = put(s, in->b, 1, c->m),
		.moment2 = put(s, in->c, 1, c->m),
		.learning_rate = 0.01,
		.beta1 = 0.9,
		.beta2 = 0.999,
		.epsilon = 1e-8,
		.l2 = c->plain ? 0 : 0.1,
		.step = 3};
	must(bnk_run(s->q, BNK_OP_ADAM, BNK_F32, &a), "adam");
	get(s, a.param);
	get(s, a.moment1);
	get(s, a.moment2);
}

static void run_elementwise(session *s, const kernel_case *c, const inputs *in)
{
	if (c->op == BNK_OP_BIAS_ACT) {
		bnk_bias_act_args a = {.z = put(s, in->a, c->m, c->n),
			.bias = put(s, in->b, 1, c->n),
			.act = c->plain ? BNK_ACT_NONE : BNK_ACT_RELU};
		must(bnk_run(s->q, c->op, c->dtype, &a), "bias_act");
		get(s, a.z);
	} else if (c->op == BNK_OP_RELU_GRAD) {
		bnk_relu_grad_args a = {
			.grad = put(s, in->a, 1, c->m), .act = put(s, in->b, 1, c->m)};
		must(bnk_run(s->q, c->op, c->dtype, &a), "relu_grad");
		get(s, a.grad);
	} else if (c->op == BNK_OP_COL_SUM) {
		bnk_col_sum_args a = {
			.x = put(s, in->a, c->m, c->n), .out = room(s, BNK_F32, 1, c->n)};
		must(bnk_run(s->q, c->op, c->dtype, &a), "col_sum");
		get(s, a.out);
	} else {
		bnk_gather_args a = {.from = put(s, in->a, GATHER_ROWS, c->n),
			.index = put_u32(s, in->index, c->m),
			.to = room(s, c->dtype, c->m, c->n)};
		must(bnk_run(s->q, c->op, c->dtype, &a), "gather");
		get(s, a.to);
	}
}

static void run_gemm(session *s, const kernel_case *c, const inputs *in)
{
	bnk_gemm_args g = {.trans_a = c->trans_a,
		.trans_b = c->trans_b,
		.a = c->trans_a ? put(s, in->a, c->k, c->m) : put(s, in->a, c->m, c->k),
		.b = c->trans_b ? put(s, in->b, c->n, c->k) : put(s, in->b, c->k, c->n),
		.c = put(s, in->c, c->m, c->n),
		.alpha = 0.5,
		.beta = c->plain ? 0 : 2};
	must(bnk_run(s->q, c->op, c->dtype, &g), "gemm");
	get(s, g.c);
}

size_t kernel_run(
	const bnk_target *target, int threads, const kernel_case *c, double *out, size_t max)
{
	session s = {.dtype = c->dtype, .out = out, .max = max};
	inputs in = make_inputs(c);
	must(bnk_device_open(&s.device, target, threads), "open");
	must(bnk_queue_new(&s.q, s.device), "queue");
	switch (c->op) {
	case BNK_OP_GEMM:
		run_gemm(&s, c, &in);
		break;
	case BNK_OP_GRAM:
	case BNK_OP_GEMV:
	case BNK_OP_GEMV_T:
		run_linear(&s, c, &in);
		break;
	case BNK_OP_LOGISTIC:
		run_logistic(&s, c, &in);
		break;
	case BNK_OP_SOFTMAX:
	case BNK_OP_SOFTMAX_LOSS:
	case BNK_OP_SQUARED_LOSS:
		run_loss(&s, c, &in);
		break;
	case BNK_OP_ADAM:
		run_adam(&s, c, &in);
		break;
	default:
		run_elementwise(&s, c, &in);
	}
	must(bnk_sync(s.q), "sync");
	ck_assert_uint_eq(bnk_queue_count(s.q, c->op).runs, 1);
	for (size_t i = 0; i < s.count; i++)
		bnk_buffer_release(&s.blocks[i]);
	bnk_queue_free(s.q);
	bnk_device_close(s.device);
	free_inputs(&in);
	return s.used;
}

/* ---- reference ------------------------------------------------------------------------------ */

static void reference_gemm(const kernel_case *c, const inputs *in, double *out)
{
	for (size_t i = 0; i < c->m; i++)
		for (size_t j = 0; j < c->n; j++) {
			wide sum = 0;
			for (size_t p = 0; p < c->k; p++)
				sum += (wide)in->a[c->trans_a ? p * c->m + i : i * c->k + p] *
				       in->b[c->trans_b ? j * c->k + p : p * c->n + j];
			size_t at = i * c->n + j;
			out[at] = (double)(0.5L * sum + (c->plain ? 0 : 2.0L * in->c[at]));
		}
}

static size_t reference_linear(const kernel_case *c, const inputs *in, double *out)
{
	size_t n = c->n;
	if (c->op == BNK_OP_GEMV) {
		for (size_t r = 0; r < c->m; r++) {
			wide sum = 0.5;
			for (size_t j = 0; j < n; j++)
				sum += (wide)in->a[r * n + j] * in->b[j];
			out[r] = (double)sum;
		}
		return c->m;
	}
	if (c->op == BNK_OP_GEMV_T) {
		for (size_t j = 0; j < n; j++) {
			wide sum = 0;
			for (size_t r = 0; r < c->m; r++)
				sum += (c->plain ? (wide)1 : (wide)in->c[r]) *
				       ((wide)in->a[r * n + j] - (c->plain ? 0 : in->shift[j]));
			out[j] = (double)sum;
		}
		return n;
	}
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			wide sum = 0;
			for (size_t r = 0; r < c->m; r++)
				sum += (c->plain ? (wide)1 : (wide)in->w[r]) *
				       ((wide)in->a[r * n + i] - (c->plain ? 0 : in->shift[i])) *
				       ((wide)in->a[r * n + j] - (c->plain ? 0 : in->shift[j]));
			out[i * n + j] = (double)sum;
		}
	return n * n;
}

static size_t reference_logistic(const kernel_case *c, const inputs *in, double *out)
{
	long double loss = 0, sum_r = 0, sum_h = 0;
	for (size_t i = 0; i < c->m; i++) {
		long double z = in->a[i], w = c->plain ? 1 : in->w[i];
		long double p = 1 / (1 + expl(-z));
		long double t = in->b[i] > 0 ? -z : z; /* loss = log(1 + exp(t)) */
		long double one = t > 0 ? t + log1pl(expl(-t)) : log1pl(expl(t));
		long double r = w * (p - in->b[i]), h = w * p * (1 / (1 + expl(z)));
		loss += w * one;
		sum_r += r;
		sum_h += h;
		if (!c->plain) {
			out[3 + i] = (double)r;
			out[3 + c->m + i] = (double)h;
		}
	}
	out[0] = (double)loss;
	out[1] = (double)sum_r;
	out[2] = (double)sum_h;
	return 3 + (c->plain ? 0 : 2 * c->m);
}

static size_t reference_softmax(const kernel_case *c, const inputs *in, double *out)
{
	bool loss = c->op == BNK_OP_SOFTMAX_LOSS;
	long double total = 0;
	double *to = out + loss;
	for (size_t r = 0; r < c->m; r++) {
		const double *z = in->a + r * c->n;
		long double top = z[0], sum = 0, w = c->plain ? 1 : in->w[r];
		for (size_t j = 1; j < c->n; j++)
			top = z[j] > top ? z[j] : top;
		for (size_t j = 0; j < c->n; j++)
			sum += expl(z[j] - top);
		for (size_t j = 0; j < c->n; j++) {
			long double p = expl(z[j] - top) / sum;
			to[r * c->n + j] =
				(double)(!loss ? p : 0.25L * w * (p - (j == in->label[r])));
		}
		total += w * (logl(sum) + top - z[in->label[r]]);
	}
	if (loss)
		out[0] = (double)total;
	return c->m * c->n + loss;
}

static size_t reference_elementwise(const kernel_case *c, const inputs *in, double *out)
{
	size_t n = c->n;
	if (c->op == BNK_OP_SQUARED_LOSS) {
		long double total = 0;
		for (size_t i = 0; i < c->m; i++) {
			long double w = c->plain ? 1 : in->w[i], d = in->a[i] - in->b[i];
			total += w * d * d / 2;
			out[1 + i] = (double)(0.25L * w * d);
		}
		out[0] = (double)total;
		return 1 + c->m;
	}
	if (c->op == BNK_OP_ADAM) {
		for (size_t i = 0; i < c->m; i++) {
			long double g = in->b[i] + (c->plain ? 0 : 0.1L) * in->a[i];
			long double m1 = 0.9L * in->b[i] + 0.1L * g;
			long double m2 = 0.999L * in->c[i] + 0.001L * g * g;
			long double rate = 0.01L / (1 - powl(0.9L, 3));
			long double root = sqrtl(m2) / sqrtl(1 - powl(0.999L, 3));
			out[i] = (double)(in->a[i] - rate * m1 / (root + 1e-8L));
			out[c->m + i] = (double)m1;
			out[2 * c->m + i] = (double)m2;
		}
		return 3 * c->m;
	}
	if (c->op == BNK_OP_COL_SUM) {
		for (size_t j = 0; j < n; j++) {
			wide sum = 0;
			for (size_t r = 0; r < c->m; r++)
				sum += in->a[r * n + j];
			out[j] = (double)sum;
		}
		return n;
	}
	size_t count = c->op == BNK_OP_RELU_GRAD ? c->m : c->m * n;
	for (size_t i = 0; i < count; i++) {
		if (c->op == BNK_OP_GATHER) {
			out[i] = in->a[in->index[i / n] * n + i % n];
		} else if (c->op == BNK_OP_RELU_GRAD) {
			out[i] = in->b[i] <= 0 ? 0 : in->a[i];
		} else {
			double v = in->a[i] + in->b[i % n];
			out[i] = !c->plain && v < 0 ? 0 : v;
		}
	}
	return count;
}

size_t kernel_reference(const kernel_case *c, double *out, size_t max)
{
	inputs in = make_inputs(c);
	size_t used;
	(void)max;
	switch (c->op) {
	case BNK_OP_GEMM:
		reference_gemm(c, &in, out);
		used = c->m * c->n;
		break;
	case BNK_OP_GRAM:
	case BNK_OP_GEMV:
	case BNK_OP_GEMV_T:
		used = reference_linear(c, &in, out);
		break;
	case BNK_OP_LOGISTIC:
		used = reference_logistic(c, &in, out);
		break;
	case BNK_OP_SOFTMAX:
	case BNK_OP_SOFTMAX_LOSS:
		used = reference_softmax(c, &in, out);
		break;
	default:
		used = reference_elementwise(c, &in, out);
	}
	free_inputs(&in);
	return used;
}

/* ---- cases ---------------------------------------------------------------------------------- */

static const struct {
	bnk_op op;
	bnk_dtype dtype;
	bool no_columns; /* n is not used */
} operations[] = {
	{BNK_OP_GEMM, BNK_F32, false},
	{BNK_OP_GEMM, BNK_F64, false},
	{BNK_OP_GRAM, BNK_F64, false},
	{BNK_OP_GEMV, BNK_F64, false},
	{BNK_OP_GEMV_T, BNK_F64, false},
	{BNK_OP_LOGISTIC, BNK_F64, true},
	{BNK_OP_SOFTMAX, BNK_F32, false},
	{BNK_OP_SOFTMAX, BNK_F64, false},
	{BNK_OP_SOFTMAX_LOSS, BNK_F32, false},
	{BNK_OP_SOFTMAX_LOSS, BNK_F64, false},
	{BNK_OP_SQUARED_LOSS, BNK_F32, true},
	{BNK_OP_BIAS_ACT, BNK_F32, false},
	{BNK_OP_RELU_GRAD, BNK_F32, true},
	{BNK_OP_COL_SUM, BNK_F32, false},
	{BNK_OP_ADAM, BNK_F32, true},
	{BNK_OP_GATHER, BNK_F32, false},
	{BNK_OP_GATHER, BNK_F64, false},
};

static const struct {
	size_t m, n, k;
} sizes[] = {{1, 1, 1}, {3, 2, 5}, {17, 13, 7}, {257, 31, 33}, {5000, 9, 11}, {40, 130, 260},
	{14000, 20, 100}};

enum { OPERATIONS = sizeof operations / sizeof *operations, SIZES = sizeof sizes / sizeof *sizes };

const kernel_case *kernel_cases(size_t *count)
{
	static kernel_case all[OPERATIONS * SIZES * 2 + 8];
	static size_t n;
	for (size_t o = 0; o < OPERATIONS && (n == 0 || o); o++) {
		for (size_t s = 0; s < SIZES; s++)
			for (int plain = 0; plain < 2; plain++)
				all[n++] = (kernel_case){.op = operations[o].op,
					.dtype = operations[o].dtype,
					.m = sizes[s].m * (operations[o].no_columns ? 75 : 1),
					.n = operations[o].no_columns ? 0 : sizes[s].n,
					.k = operations[o].op == BNK_OP_GEMM ? sizes[s].k : 0,
					.trans_a = s % 2 && operations[o].op == BNK_OP_GEMM,
					.trans_b = s / 2 % 2 && operations[o].op == BNK_OP_GEMM,
					.plain = plain};
		if (operations[o].op == BNK_OP_LOGISTIC || operations[o].op == BNK_OP_SOFTMAX)
			all[n++] = (kernel_case){.op = operations[o].op,
				.dtype = operations[o].dtype,
				.m = 64,
				.n = operations[o].no_columns ? 0 : 5,
				.plain = true,
				.huge = true};
	}
	*count = n;
	return all;
}

double kernel_distance(const double *a, const double *b, size_t n)
{
	double worst = 0;
	for (size_t i = 0; i < n; i++) {
		double d = fabs(a[i] - b[i]) / (1 + fabs(b[i]));
		if (isnan(a[i]) != isnan(b[i]))
			return INFINITY;
		worst = d > worst ? d : worst;
	}
	return worst;
}

double kernel_tolerance(const kernel_case *c)
{
	const bnk_op_row *row = bnk_op_get(c->op);
	if (row->klass == BNK_EXACT)
		return 0;
	size_t terms = c->m; /* of a sum over rows */
	if (c->op == BNK_OP_GEMM)
		terms = c->k;
	else if (c->op == BNK_OP_GEMV || c->op == BNK_OP_SOFTMAX)
		terms = c->n;
	else if (c->op == BNK_OP_ADAM || c->op == BNK_OP_BIAS_ACT)
		terms = 0;
	return row->tolerance * (c->dtype == BNK_F32 ? 1.2e-7 : 2.3e-16) * (16 + (double)terms);
}

void kernel_case_name(const kernel_case *c, char *out, size_t size)
{
	snprintf(out, size, "%s %s %zux%zux%zu%s%s", bnk_op_name(c->op),
		c->dtype == BNK_F32 ? "f32" : "f64", c->m, c->n, c->k, c->plain ? " plain" : "",
		c->huge ? " huge" : "");
}
