/*
 * kernel_ops.h - runs every operation of kernels.h on the same generated data, through a back end
 * or through a plain scalar reference, and returns the outputs as doubles for comparison.
 */
#ifndef BN_TEST_KERNEL_OPS_H
#define BN_TEST_KERNEL_OPS_H
#include "kernels/queue.h"

#include <stdbool.h>

typedef struct kernel_case {
	bnk_op op;
	bnk_dtype dtype;
	size_t m, n, k;
	bool trans_a, trans_b; /* gemm */
	bool plain;            /* without the optional weights, shifts and outputs */
	bool huge;             /* inputs of magnitude 1e15 if the operation allows */
} kernel_case;

/* Outputs, at most `max` doubles; returns their number. Fails the test if the back end fails. */
size_t kernel_run(
	const bnk_target *target, int threads, const kernel_case *c, double *out, size_t max);
/* The same values from plain loops, in long double if that is fast. */
size_t kernel_reference(const kernel_case *c, double *out, size_t max);

/* All cases: a static list. */
const kernel_case *kernel_cases(size_t *count);

/* Largest |a - b| / (1 + |b|); infinite if only one is NaN. */
double kernel_distance(const double *a, const double *b, size_t n);

/* The tolerance between two correct implementations that add in another order. */
double kernel_tolerance(const kernel_case *c);

void kernel_case_name(const kernel_case *c, char *out, size_t size);

#endif
