/*
 * loops.h - an inner loop compiled in several variants from one source: portable, AVX2,
 * AVX-512.
 *
 * Only for loops with independent elements: nothing is reordered and, with -ffp-contract=off, nothing fused, so
 * every variant gives the same bits and they differ only in speed.
 *
 *	BNK_LOOP(add_row, (size_t n, float *z, const float *b))
 *	{
 *		BNK_SIMD
 *		for (size_t i = 0; i < n; i++)
 *			z[i] += b[i];
 *	}
 *	BNK_LOOP_VARIANTS(add_row, (size_t n, float *z, const float *b), (n, z, b))
 *
 * gives add_row_variants, best first, whose loops have add_row's type.
 */
#ifndef BNK_CPU_LOOPS_H
#define BNK_CPU_LOOPS_H

enum {
	BNK_CPU_AVX2 = 1,
	BNK_CPU_AVX512 = 2,
	BNK_CPU_FMA = 4
}; /* processor features needed by a variant */

typedef void (*bnk_cpu_loop)(
	void); /* cast to the type of the operation's loop before it is called */

typedef struct bnk_cpu_variant {
	const char *name;
	unsigned needs;
	bnk_cpu_loop loop; /* NULL: the operation's run is the loop */
} bnk_cpu_variant;

/* The features of this processor. Thread-safe. */
unsigned bnk_cpu_features(void);

#define BNK_LOOP(name, params) static inline __attribute__((always_inline)) void name##_loop params

#if defined(__x86_64__)
#define BNK_LOOP_VARIANTS(name, params, values) \
	__attribute__((target("avx512f"))) static void name##_avx512 params \
	{ \
		name##_loop values; \
	} \
	__attribute__((target("avx2"))) static void name##_avx2 params \
	{ \
		name##_loop values; \
	} \
	static void name##_portable params \
	{ \
		name##_loop values; \
	} \
	static const bnk_cpu_variant name##_variants[] = { \
		{"avx512", BNK_CPU_AVX512, (bnk_cpu_loop)name##_avx512}, \
		{"avx2", BNK_CPU_AVX2, (bnk_cpu_loop)name##_avx2}, \
		{"portable", 0, (bnk_cpu_loop)name##_portable}};
#else
#define BNK_LOOP_VARIANTS(name, params, values) \
	static void name##_portable params \
	{ \
		name##_loop values; \
	} \
	static const bnk_cpu_variant name##_variants[] = { \
		{"portable", 0, (bnk_cpu_loop)name##_portable}};
#endif

/* Vectors wherever the compiler can (-fopenmp-simd). */
#define BNK_SIMD _Pragma("omp simd")

#endif
