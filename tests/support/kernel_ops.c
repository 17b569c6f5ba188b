/* kernel_ops.c - see kernel_ops.h. */
#include "tests/support/kernel_ops.h"

#include "tests/support/train_data.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What products and sums of many elements are added in: more than double where the processor has it. Where
 * long double is computed in software (aarch64), double is another order of adding all the same. */
#if LDBL_MANT_DIG == 64
typedef long double wide;
#else
typedef double wide;
#endif

/* ---- inputs --------------------------------------------------------------------------------- */

/* Everything an operation may read, as doubles that float32 holds exactly for float32 cases. */
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
	const bnk_backend *be;
	bnk_context *ctx;
	bnk_dtype dtype;
	void *blocks[16];
	size_t count;
	double *out;
	size_t used, max;
} session;

static void must(int rc, const char *what)
{
	ck_assert_msg(rc == BNK_OK, "%s: %s", what, bnk_status_text(rc));
}

static void *room(session *s, size_t bytes)
{
	void *p = NULL;
	must(s->be->alloc(s->ctx, &p, bytes), "alloc");
	s->blocks[s->count++] = p;
	return p;
}

static void *put_bytes(session *s, const void *host, size_t bytes)
{
	void *p = room(s, bytes);
	must(s->be->upload(s->ctx, p, host, bytes), "upload");
	return p;
}

static size_t width(const session *s)
{
	return s->dtype == BNK_F32 ? sizeof(float) : sizeof(double);
}

/* Numbers in the case's type. */
static void *put(session *s, const double *v, size_t n)
{
	if (s->dtype == BNK_F64)
		return put_bytes(s, v, n * sizeof *v);
	float *f = calloc(n + 1, sizeof *f);
	for (size_t i = 0; i < n; i++)
		f[i] = (float)v[i];
	void *p = put_bytes(s, f, n * sizeof *f);
	free(f);
	return p;
}

static void get(session *s, const void *p, size_t n, bnk_dtype dtype)
{
	char *host = calloc(n + 1, sizeof(double));
	size_t size = dtype == BNK_F32 ? sizeof(float) : sizeof(double);
	ck_assert_uint_le(s->used + n, s->max);
	must(s->be->download(s->ctx, host, p, n * size), "download");
	for (size_t i = 0; i < n; i++)
		s->out[s->used++] = dtype == BNK_F32 ? (double)((float *)(void *)host)[i]
						     : ((double *)(void *)host)[i];
	free(host);
}

static void run_linear(session *s, const kernel_case *c, const inputs *in, void *scratch)
{
	const bnk_backend *be = s->be;
	double *x = put(s, in->a, in->na), *v = put(s, in->b, in->nb);
	double *w = c->plain ? NULL : put(s, in->w, c->m);
	double *shift = c->plain ? NULL : put(s, in->shift, c->n);
	double *r = put(s, in->c, in->nc), *out = room(s, (c->m + c->n * c->n + 1) * sizeof *out);
	if (c->op == BNK_OP_GRAM) {
		must(be->gram(s->ctx, c->m, c->n, x, c->n, w, shift, out, scratch), "gram");
		get(s, out, c->n * c->n, BNK_F64);
	} else if (c->op == BNK_OP_GEMV) {
		must(be->gemv(s->ctx, c->m, c->n, x, c->n, v, 0.5, out), "gemv");
		get(s, out, c->m, BNK_F64);
	} else {
		must(be->gemv_t(
			     s->ctx, c->m, c->n, x, c->n, c->plain ? NULL : r, shift, out, scratch),
			"gemv_t");
		get(s, out, c->n, BNK_F64);
	}
}

static void run_loss(session *s, const kernel_case *c, const inputs *in, void *scratch)
{
	const bnk_backend *be = s->be;
	void *z = put(s, in->a, in->na), *y = put(s, in->b, in->nb);
	void *w = c->plain ? NULL : put(s, in->w, c->m);
	uint32_t *label = put_bytes(s, in->label, (c->m + 1) * sizeof *label);
	double *sums = room(s, 4 * sizeof *sums), *r = NULL, *h = NULL;
	switch (c->op) {
	case BNK_OP_LOGISTIC:
		if (!c->plain) {
			r = room(s, c->m * sizeof *r);
			h = room(s, c->m * sizeof *h);
		}
		must(be->logistic(s->ctx, c->m, z, y, w, r, h, sums, scratch), "logistic");
		get(s, sums, 3, BNK_F64);
		if (!c->plain) {
			get(s, r, c->m, BNK_F64);
			get(s, h, c->m, BNK_F64);
		}
		return;
	case BNK_OP_SOFTMAX:
		must(be->softmax(s->ctx, c->dtype, c->m, c->n, z), "softmax");
		break;
	case BNK_OP_SOFTMAX_LOSS:
		must(be->softmax_loss(
			     s->ctx, c->dtype, c->m, c->n, z, label, w, 0.25, sums, scratch),
			"softmax_loss");
		get(s, sums, 1, BNK_F64);
		break;
	default:
		must(be->squared_loss(s->ctx, c->m, z, y, w, 0.25, sums, scratch), "squared_loss");
		get(s, sums, 1, BNK_F64);
	}
	get(s, z, in->na, c->dtype);
}

static void run_elementwise(session *s, const kernel_case *c, const inputs *in, void *scratch)
{
	const bnk_backend *be = s->be;
	void *x = put(s, in->a, in->na), *y = put(s, in->b, in->nb);
	bnk_adam how = {0.01, 0.9, 0.999, 1e-8, c->plain ? 0 : 0.1, 3};
	if (c->op == BNK_OP_BIAS_ACT) {
		must(be->bias_act(s->ctx, c->m, c->n, x, y, c->plain ? BNK_ACT_NONE : BNK_ACT_RELU),
			"bias_act");
		get(s, x, in->na, BNK_F32);
	} else if (c->op == BNK_OP_RELU_GRAD) {
		must(be->relu_grad(s->ctx, c->m, x, y), "relu_grad");
		get(s, x, c->m, BNK_F32);
	} else if (c->op == BNK_OP_COL_SUM) {
		must(be->col_sum(s->ctx, c->m, c->n, x, y, scratch), "col_sum");
		get(s, y, c->n, BNK_F32);
	} else if (c->op == BNK_OP_ADAM) {
		float *m1 = put(s, in->b, c->m), *m2 = put(s, in->c, c->m);
		must(be->adam(s->ctx, c->m, x, y, m1, m2, &how), "adam");
		get(s, x, c->m, BNK_F32);
		get(s, m1, c->m, BNK_F32);
		get(s, m2, c->m, BNK_F32);
	} else {
		uint32_t *index = put_bytes(s, in->index, (c->m + 1) * sizeof *index);
		void *to = room(s, (c->m * c->n + 1) * width(s));
		must(be->gather(s->ctx, c->dtype, c->m, c->n, x, index, to), "gather");
		get(s, to, c->m * c->n, c->dtype);
	}
}

static void run_gemm(session *s, const kernel_case *c, const inputs *in)
{
	void *a = put(s, in->a, in->na), *b = put(s, in->b, in->nb), *d = put(s, in->c, in->nc);
	must(s->be->gemm(s->ctx, c->dtype, c->trans_a, c->trans_b, c->m, c->n, c->k, 0.5, a,
		     c->trans_a ? c->m : c->k, b, c->trans_b ? c->k : c->n, c->plain ? 0 : 2, d,
		     c->n),
		"gemm");
	get(s, d, in->nc, c->dtype);
}

size_t kernel_run(const bnk_backend *be, int threads, const kernel_case *c, double *out, size_t max)
{
	session s = {.be = be, .dtype = c->dtype, .out = out, .max = max};
	inputs in = make_inputs(c);
	bnk_shape shape = {c->m, c->n, c->k};
	must(be->open(&s.ctx, threads), "open");
	ck_assert(be->supports(c->op, c->dtype, shape));
	void *scratch = room(&s, be->scratch_bytes(c->op, c->dtype, shape));
	switch (c->op) {
	case BNK_OP_GEMM:
		run_gemm(&s, c, &in);
		break;
	case BNK_OP_GRAM:
	case BNK_OP_GEMV:
	case BNK_OP_GEMV_T:
		run_linear(&s, c, &in, scratch);
		break;
	case BNK_OP_LOGISTIC:
	case BNK_OP_SOFTMAX:
	case BNK_OP_SOFTMAX_LOSS:
	case BNK_OP_SQUARED_LOSS:
		run_loss(&s, c, &in, scratch);
		break;
	default:
		run_elementwise(&s, c, &in, scratch);
	}
	for (size_t i = 0; i < s.count; i++)
		be->free(s.ctx, s.blocks[i]);
	be->close(s.ctx);
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
	if (c->op == BNK_OP_GATHER || c->op == BNK_OP_RELU_GRAD)
		return 0;
	size_t terms = c->m; /* of a sum over rows */
	if (c->op == BNK_OP_GEMM)
		terms = c->k;
	else if (c->op == BNK_OP_GEMV || c->op == BNK_OP_SOFTMAX)
		terms = c->n;
	else if (c->op == BNK_OP_ADAM || c->op == BNK_OP_BIAS_ACT)
		terms = 0;
	return (c->dtype == BNK_F32 ? 1.2e-7 : 2.3e-16) * (16 + (double)terms);
}

void kernel_case_name(const kernel_case *c, char *out, size_t size)
{
	snprintf(out, size, "%s %s %zux%zux%zu%s%s", bnk_op_name(c->op),
		c->dtype == BNK_F32 ? "f32" : "f64", c->m, c->n, c->k, c->plain ? " plain" : "",
		c->huge ? " huge" : "");
}
