/*
 * cpu.h - shared by the files of the CPU back end: its context, its operations and their shards.
 *
 * Shard sizes are constants of this back end. Changing one changes the last bits of models, so it
 * must be listed in the CHANGELOG.
 */
#ifndef BNK_CPU_H
#define BNK_CPU_H
#include "kernels/cpu/loops.h"
#include "kernels/kernels.h"
#include "kernels/parallel.h"

/* One operation: kernels/cpu/NAME.c. */
typedef struct bnk_cpu_op {
	bnk_impl impl;
	const bnk_cpu_variant *variants; /* best first; the last has no requirements */
	size_t variant_count;
} bnk_cpu_op;

#define BNK_ROW(number, NAME, name, types, klass, tolerance) extern const bnk_cpu_op bnk_cpu_##name;
BNK_OPS(BNK_ROW)
#undef BNK_ROW

struct bnk_context {
	int threads;
	const bnk_cpu_variant *variant[BNK_OP_COUNT];
};

/* Chooses the variant of each operation: the best that the processor supports, except as named in text:
 * "adam=avx2,gram_tile=portable", or just a variant for all operations that have it ("portable"). NULL or ""
 * names none. BNK_EINVAL for an unknown word, BNK_EUNSUPPORTED for what this processor lacks; why says
 * which. */
int bnk_cpu_choose(
	const bnk_cpu_variant *out[BNK_OP_COUNT], const char *text, char *why, size_t why_size);

/* The chosen loop of the current operation. */
static inline bnk_cpu_loop bnk_cpu_loop_of(const bnk_call *call)
{
	return call->ctx->variant[call->op]->loop;
}

enum {
	BNK_CPU_ALIGN = 64,
	BNK_CPU_ROW_BLOCK = 256,     /* rows of a Gram block: stays in L2 */
	BNK_CPU_GRAM_ROWS = 2048,    /* least rows per shard of a Gram matrix */
	BNK_CPU_VECTOR_ROWS = 4096,  /* least rows per shard of row-wise work */
	BNK_CPU_ELEMENTS = 32768,    /* least elements per shard of element-wise work */
	BNK_CPU_GEMM_WORK = 1 << 18, /* least multiply-adds per shard of a product */
	BNK_CPU_TEAM_NS = 250000,    /* minimum time, on one thread, for which waking others pays */
};

/* Number of threads for work that takes about that many nanoseconds on one: one if it would finish
 * before others wake up, which on a busy node takes milliseconds. Never affects results. */
int bnk_cpu_team(const bnk_call *call, double ns);

/* Shards of work over m rows, and over m rows of n elements. */
size_t bnk_cpu_row_shards(size_t m);
size_t bnk_cpu_element_shards(size_t m, size_t n);

/* out[n] = the sum over shards of parts[shards, n], in shard order. */
void bnk_cpu_add_parts(size_t shards, size_t n, const double *parts, double *out);

#endif
