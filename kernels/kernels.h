/*
 * kernels.h - the foundation of the kernels: element types, views of memory, operations, back ends.
 *
 * Callers use queue.h: open a device, put operations into a queue with bnk_run. This header is also the
 * interface of a back end: the CPU's (kernels/cpu, complete, the reference for the others) and the CUDA
 * plug-in's (kernels/cuda, a shared object linked without the library, so it uses only inline functions of this
 * header).
 *
 * Rules for every back end:
 *  - Errors are returned (bnk_status). Nothing prints, aborts or exits.
 *  - Arguments have been checked before an operation runs: types, bounds, absent views and the operation's own
 *    conditions (bnk_op_def).
 *  - Matrices are row-major; ld is the number of elements between rows.
 *  - Work is divided into shards whose number depends only on the shape, never on the number of threads,
 *    and partial results are added in shard order. No atomics on floating point.
 *  - Operations of one queue run in order. Queues of one device are used by one thread at a time each.
 */
#ifndef BNK_KERNELS_H
#define BNK_KERNELS_H
#include "kernels/ops.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BNK_API_VERSION 2

typedef enum bnk_status {
	BNK_OK = 0,
	BNK_EINVAL = -1,       /* an invalid shape or view */
	BNK_ENOMEM = -2,       /* host or device memory is exhausted */
	BNK_EDEVICE = -3,      /* the device or its driver reported a failure */
	BNK_EUNSUPPORTED = -4, /* not available here, perhaps in another back end */
	BNK_ESINGULAR = -5,    /* the matrix is not positive definite */
} bnk_status;

const char *bnk_status_text(int status);

/* ---- element types -------------------------------------------------------------------------- */

typedef enum bnk_dtype {
	BNK_F32,
	BNK_F64,
	BNK_BF16,
	BNK_U8,
	BNK_U16,
	BNK_I32,
	BNK_I64,
	BNK_DTYPE_COUNT
} bnk_dtype;

#define BNK_HAS(type) (1u << BNK_##type)
#define BNK_HAS_ALL ((1u << BNK_DTYPE_COUNT) - 1)

static inline size_t bnk_dtype_bytes(bnk_dtype type)
{
	static const uint8_t bytes[BNK_DTYPE_COUNT] = {4, 8, 2, 1, 2, 4, 8};
	return bytes[type];
}

/* ---- memory --------------------------------------------------------------------------------- */

typedef struct bnk_backend bnk_backend;
typedef struct bnk_context bnk_context; /* one open device; each back end has its own */

/* Memory with its location. Created by bnk_buffer_new and bnk_buffer_wrap (queue.h). */
typedef struct bnk_buffer {
	const bnk_backend *backend; /* NULL: wrapped host memory */
	bnk_context *ctx;
	void *data; /* an address of the device */
	size_t bytes;
	int read_only; /* operations that would write to it are refused */
} bnk_buffer;

/* rows x cols elements of a buffer, from element `offset` on. buffer NULL: absent. */
typedef struct bnk_view {
	bnk_buffer *buffer;
	size_t offset, rows, cols, ld;
	bnk_dtype type;
} bnk_view;

/* A dense matrix. buffer NULL gives an absent view. */
static inline bnk_view bnk_matrix(
	bnk_buffer *b, bnk_dtype type, size_t offset, size_t rows, size_t cols)
{
	bnk_view v = {b, offset, rows, cols, cols, type};
	return v;
}

/* n consecutive elements. */
static inline bnk_view bnk_vector(bnk_buffer *b, bnk_dtype type, size_t offset, size_t n)
{
	return bnk_matrix(b, type, offset, 1, n);
}

/* Elements from the first to the last, gaps between rows included. */
static inline size_t bnk_view_span(const bnk_view *v)
{
	return v->rows && v->cols ? (v->rows - 1) * v->ld + v->cols : 0;
}

/* The first element's address on its device; NULL if absent. */
static inline void *bnk_view_data(const bnk_view *v)
{
	return v->buffer ? (char *)v->buffer->data + v->offset * bnk_dtype_bytes(v->type) : NULL;
}

/* ---- operations ----------------------------------------------------------------------------- */

typedef enum bnk_op {
#define BNK_ROW(number, NAME, name, types, klass, tolerance) BNK_OP_##NAME = number,
	BNK_OPS(BNK_ROW)
#undef BNK_ROW
		BNK_OP_COUNT
} bnk_op;

typedef enum bnk_class { BNK_EXACT, BNK_FIXED, BNK_LOOSE } bnk_class;

enum { BNK_IN = 1, BNK_OUT = 2, BNK_OPTIONAL = 4 };
enum { BNK_SAME_TYPE = BNK_DTYPE_COUNT }; /* an operand of the operation's element type */

/* A view among the arguments: its offset, use and type. */
typedef struct bnk_operand {
	uint16_t at;
	uint8_t access, type;
} bnk_operand;

#define BNK_OPERAND(args, field, access, type) \
	{ \
		offsetof(args, field), (access), (type) \
	}

/* Bytes to move and arithmetic operations, independent of the back end. */
typedef struct bnk_cost {
	double bytes, flops;
} bnk_cost;

enum { BNK_NOTHING = 1 }; /* result of check: there is nothing to compute */

/* The part of an operation common to all back ends: kernels/op/NAME.c. */
typedef struct bnk_op_def {
	size_t args_bytes, operand_count;
	const bnk_operand *operands;
	/* Checks that shapes fit together; each view has already been checked by itself. BNK_OK, BNK_NOTHING or
	 * BNK_EINVAL. */
	int (*check)(const void *args, bnk_dtype type);
	bnk_cost (*cost)(const void *args, bnk_dtype type);
} bnk_op_def;

#define BNK_ROW(number, NAME, name, types, klass, tolerance) extern const bnk_op_def bnk_op_##name;
BNK_OPS(BNK_ROW)
#undef BNK_ROW

typedef struct bnk_op_row {
	const char *name;
	unsigned types; /* BNK_HAS bits */
	bnk_class klass;
	double tolerance;
	const bnk_op_def *def;
} bnk_op_row;

/* NULL for an unknown number. */
const bnk_op_row *bnk_op_get(bnk_op op);
const char *bnk_op_name(bnk_op op);
/* BNK_OK, BNK_NOTHING, or BNK_EINVAL: the check done by bnk_run. */
int bnk_op_check(bnk_op op, bnk_dtype type, const void *args);

/* ---- back ends ------------------------------------------------------------------------------ */

/* The context in which an operation runs. */
typedef struct bnk_call {
	bnk_context *ctx;
	void *queue;   /* from queue_new */
	void *scratch; /* as many bytes as scratch() returned, on the device */
	bnk_op op;
} bnk_call;

/* An operation on one back end. supports NULL: everything the operation is defined for. scratch NULL:
 * none. */
typedef struct bnk_impl {
	int (*supports)(const void *args, bnk_dtype type);
	size_t (*scratch)(const void *args, bnk_dtype type);
	int (*run)(const bnk_call *call, bnk_dtype type, const void *args);
} bnk_impl;

typedef enum bnk_direction { BNK_TO_DEVICE, BNK_TO_HOST, BNK_ON_DEVICE } bnk_direction;

struct bnk_backend {
	uint32_t api_version;  /* BNK_API_VERSION of the header it was compiled with */
	uint32_t struct_bytes; /* sizeof(bnk_backend) there */
	uint32_t op_count;     /* of ops */
	const char *name;      /* "cpu", "cuda" */
	const bnk_impl *const
		*ops; /* by number; NULL, or a number from op_count on: not available */

	/* Number of usable devices on this machine; if 0, why[] says why in one sentence. */
	int (*devices)(char *why, size_t why_size);
	/* threads <= 0: as many as the process may run on. variants: as in bnk_target; NULL: the best. Only the
	 * CPU uses these. */
	int (*open)(bnk_context **out, int device, int threads, const char *variants);
	void (*close)(bnk_context *ctx); /* NULL is fine */
	/* "cpu: OpenBLAS 0.3.21 SkylakeX, 2 threads, AVX-512": one line, always NUL-terminated. */
	void (*describe)(bnk_context *ctx, char *out, size_t out_size);
	/* Called before operations run on this thread. NULL: nothing to do. */
	int (*enter)(bnk_context *ctx);

	/* 64-byte aligned, bytes > 0. */
	int (*alloc)(bnk_context *ctx, void **out, size_t bytes);
	void (*free)(bnk_context *ctx, void *p); /* NULL is fine */
	/* Bytes that alloc can still provide. */
	int (*memory_free)(bnk_context *ctx, size_t *out);

	int (*queue_new)(bnk_context *ctx, void **out);
	void (*queue_free)(bnk_context *ctx, void *queue); /* NULL is fine */
	/* Copies from and to the host are complete on return. */
	int (*copy)(bnk_context *ctx, void *queue, void *to, const void *from, size_t bytes,
		bnk_direction direction);
	int (*zero)(bnk_context *ctx, void *queue, void *p, size_t bytes);
	int (*sync)(bnk_context *ctx, void *queue);
	int (*event_new)(bnk_context *ctx, void **out);
	void (*event_free)(bnk_context *ctx, void *event); /* NULL is fine */
	int (*event_record)(bnk_context *ctx, void *event, void *queue);
	int (*event_wait)(bnk_context *ctx, void *queue, void *event);
};

/* The one symbol that a plug-in exports. Returns NULL when it cannot serve host_api_version. */
#define BNK_PLUGIN_ENTRY "bnk_plugin_backend"
typedef const bnk_backend *(*bnk_plugin_entry)(uint32_t host_api_version);

#ifdef __cplusplus
}
#endif
#endif
