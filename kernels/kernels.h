/*
 * kernels.h - the arithmetic, as one table of operations that a back end fills in.
 *
 * The CPU back end implements every operation and is the oracle. The CUDA back end (a plug-in,
 * kernels/cuda) implements the same table and is compared with the CPU operation by operation.
 *
 * Rules that hold for every back end:
 *  - Errors are returned (bnk_status). Nothing prints, aborts or exits.
 *  - Nothing is allocated behind the caller: an operation that needs working memory takes a
 *    `scratch` pointer of scratch_bytes(op, dtype, shape) bytes, from the same back end's alloc().
 *  - Data pointers come from alloc() of the context that is given: for the CPU that is plain
 *    memory (and any other aligned host pointer will do), for CUDA it is device memory. Scalars
 *    are passed by value.
 *  - Matrices are row-major and dense; ld is the number of elements between rows.
 *  - Work is cut into shards whose number depends on the shape alone, never on the number of
 *    threads, and partial results are added in shard order: on one back end the same input gives
 *    the same bytes at any thread count. Between back ends results agree within a tolerance.
 *  - Operations of one context are ordered. upload/download/sync wait for what was queued before.
 *  - A context belongs to one thread at a time; different threads may use different contexts.
 */
#ifndef BNK_KERNELS_H
#define BNK_KERNELS_H
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BNK_API_VERSION 1

typedef enum bnk_status {
	BNK_OK = 0,
	BNK_EINVAL = -1,       /* a shape or pointer that makes no sense */
	BNK_ENOMEM = -2,       /* host or device memory is exhausted */
	BNK_EDEVICE = -3,      /* the device or its driver reported a failure */
	BNK_EUNSUPPORTED = -4, /* supports() would have said no */
	BNK_ESINGULAR = -5,    /* the matrix is not positive definite */
} bnk_status;

typedef enum bnk_dtype { BNK_F32 = 0, BNK_F64 = 1 } bnk_dtype;

typedef enum bnk_op {
	BNK_OP_GEMM = 0,
	BNK_OP_GRAM,
	BNK_OP_GEMV,
	BNK_OP_GEMV_T,
	BNK_OP_LOGISTIC,
	BNK_OP_SOFTMAX,
	BNK_OP_SOFTMAX_LOSS,
	BNK_OP_SQUARED_LOSS,
	BNK_OP_BIAS_ACT,
	BNK_OP_RELU_GRAD,
	BNK_OP_COL_SUM,
	BNK_OP_ADAM,
	BNK_OP_GATHER,
	BNK_OP_COUNT
} bnk_op;

/* The element types that an operation is defined for, on any back end; supports() may narrow them.
 * Inline, because a plug-in is linked without the library. */
static inline int bnk_op_has_dtype(bnk_op op, bnk_dtype dtype)
{
	switch (op) {
	case BNK_OP_GEMM:
	case BNK_OP_SOFTMAX:
	case BNK_OP_SOFTMAX_LOSS:
	case BNK_OP_GATHER:
		return dtype == BNK_F32 || dtype == BNK_F64;
	case BNK_OP_GRAM:
	case BNK_OP_GEMV:
	case BNK_OP_GEMV_T:
	case BNK_OP_LOGISTIC:
		return dtype == BNK_F64;
	case BNK_OP_SQUARED_LOSS:
	case BNK_OP_BIAS_ACT:
	case BNK_OP_RELU_GRAD:
	case BNK_OP_COL_SUM:
	case BNK_OP_ADAM:
		return dtype == BNK_F32;
	case BNK_OP_COUNT:
		break;
	}
	return 0;
}

/* What m, n and k mean is said at each operation; unused ones are 0. */
typedef struct bnk_shape {
	size_t m, n, k;
} bnk_shape;

typedef enum bnk_act { BNK_ACT_NONE = 0, BNK_ACT_RELU = 1 } bnk_act;

/* Adam, Kingma and Ba 2015, algorithm 1, with the L2 term of scikit-learn's MLP (added to the
 * gradient). step counts from 1. */
typedef struct bnk_adam {
	double learning_rate, beta1, beta2, epsilon, l2;
	uint64_t step;
} bnk_adam;

/* One open back end: threads, streams, library handles. Opaque; each back end has its own. */
typedef struct bnk_context bnk_context;

typedef struct bnk_backend {
	uint32_t api_version;  /* BNK_API_VERSION of the header it was compiled with */
	uint32_t struct_bytes; /* sizeof(bnk_backend) there */
	const char *name;      /* "cpu", "cuda" */

	/* 1 when it can be used on this machine. 0 otherwise, and why[] says so in one sentence. */
	int (*available)(char *why, size_t why_size);
	int (*supports)(bnk_op op, bnk_dtype dtype, bnk_shape shape);
	/* threads <= 0: as many as the process may run on (the CPU back end alone uses it). */
	int (*open)(bnk_context **out, int threads);
	void (*close)(bnk_context *ctx); /* NULL is fine */
	/* "cpu: OpenBLAS 0.3.21 SkylakeX, 2 threads, AVX-512": one line, always NUL-terminated. */
	void (*describe)(bnk_context *ctx, char *out, size_t out_size);

	/* Memory: 64-byte aligned. alloc of 0 bytes gives NULL and BNK_OK. */
	int (*alloc)(bnk_context *ctx, void **out, size_t bytes);
	void (*free)(bnk_context *ctx, void *p); /* NULL is fine */
	int (*upload)(bnk_context *ctx, void *dst, const void *host_src, size_t bytes);
	int (*download)(bnk_context *ctx, void *host_dst, const void *src, size_t bytes);
	int (*copy)(bnk_context *ctx, void *dst, const void *src, size_t bytes);
	int (*zero)(bnk_context *ctx, void *dst, size_t bytes);
	int (*sync)(bnk_context *ctx);
	size_t (*scratch_bytes)(bnk_op op, bnk_dtype dtype, bnk_shape shape);

	/* c[m,n] = alpha * op(a) * op(b) + beta * c, op(a) is m x k, op(b) is k x n. f32, f64.
	 * beta 0 does not read c. No scratch. */
	int (*gemm)(bnk_context *ctx, bnk_dtype dtype, int trans_a, int trans_b, size_t m, size_t n,
		size_t k, double alpha, const void *a, size_t lda, const void *b, size_t ldb,
		double beta, void *c, size_t ldc);

	/* out[n,n] = sum over rows r of w[r] * (x[r] - shift) (x[r] - shift)^T, both triangles.
	 * f64. x is m x n. w[m] >= 0 may be NULL (ones), shift[n] may be NULL (zeros). */
	int (*gram)(bnk_context *ctx, size_t m, size_t n, const double *x, size_t ldx,
		const double *w, const double *shift, double *out, void *scratch);

	/* out[m] = x[m,n] * v[n] + bias. f64, no scratch. */
	int (*gemv)(bnk_context *ctx, size_t m, size_t n, const double *x, size_t ldx,
		const double *v, double bias, double *out);

	/* out[n] = sum over rows r of v[r] * (x[r] - shift). f64. v, shift may be NULL. */
	int (*gemv_t)(bnk_context *ctx, size_t m, size_t n, const double *x, size_t ldx,
		const double *v, const double *shift, double *out, void *scratch);

	/* Binary logistic regression, one pass over margins z[m] with targets y in {0,1}, f64:
	 *   p = 1/(1+exp(-z)), residual = w (p - y), curvature = w p (1 - p),
	 *   sums = {sum w*log-loss, sum residual, sum curvature}.
	 * w may be NULL. residual and curvature may be NULL. sums has 3 elements. shape.m = m. */
	int (*logistic)(bnk_context *ctx, size_t m, const double *z, const double *y,
		const double *w, double *residual, double *curvature, double *sums, void *scratch);

	/* Rows of z[m,n] become softmax probabilities in place. f32, f64, no scratch. */
	int (*softmax)(bnk_context *ctx, bnk_dtype dtype, size_t m, size_t n, void *z);

	/* Rows of z[m,n] become scale * w[r] * (softmax(z) - onehot(label)); *loss_sum = the
	 * unscaled sum of w[r] * cross-entropy. label[r] < n. w may be NULL. z, w are dtype,
	 * loss_sum is f64 (in the back end's memory). f32, f64. */
	int (*softmax_loss)(bnk_context *ctx, bnk_dtype dtype, size_t m, size_t n, void *z,
		const uint32_t *label, const void *w, double scale, double *loss_sum,
		void *scratch);

	/* z[m] becomes scale * w * (z - y); *loss_sum = the unscaled sum of w * (z - y)^2 / 2.
	 * f32, loss_sum f64. shape.m = m. */
	int (*squared_loss)(bnk_context *ctx, size_t m, float *z, const float *y, const float *w,
		double scale, double *loss_sum, void *scratch);

	/* z[m,n] = act(z + bias[n]). f32, no scratch. */
	int (*bias_act)(
		bnk_context *ctx, size_t m, size_t n, float *z, const float *bias, bnk_act act);

	/* grad[i] = 0 where act[i] <= 0, for count elements. f32, no scratch. */
	int (*relu_grad)(bnk_context *ctx, size_t count, float *grad, const float *act);

	/* out[n] = column sums of x[m,n]. f32. */
	int (*col_sum)(
		bnk_context *ctx, size_t m, size_t n, const float *x, float *out, void *scratch);

	/* One Adam step on count parameters. f32, no scratch. */
	int (*adam)(bnk_context *ctx, size_t count, float *param, const float *grad, float *moment1,
		float *moment2, const bnk_adam *how);

	/* dst[i,:] = src[index[i],:] for i < m, rows of n elements. f32, f64, no scratch. index is
	 * trusted to lie within src. Also used for labels (f32 has the size of uint32_t). */
	int (*gather)(bnk_context *ctx, bnk_dtype dtype, size_t m, size_t n, const void *src,
		const uint32_t *index, void *dst);
} bnk_backend;

/* The one symbol that a plug-in exports. Returns NULL when it cannot serve host_api_version. */
#define BNK_PLUGIN_ENTRY "bnk_plugin_backend"
typedef const bnk_backend *(*bnk_plugin_entry)(uint32_t host_api_version);

const char *bnk_status_text(int status);
const char *bnk_op_name(bnk_op op);

#ifdef __cplusplus
}
#endif
#endif
