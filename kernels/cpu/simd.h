/*
 * simd.h - how loops get vectors: several versions of a function, one chosen when it is loaded.
 *
 * For loops without a reduction only, so that every version gives the same bits. Sanitizers and
 * clang 14 get one plain version.
 */
#ifndef BNK_CPU_SIMD_H
#define BNK_CPU_SIMD_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
	!defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define BNK_MULTIVERSION __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define BNK_MULTIVERSION
#endif

/* Vectors wherever the compiler can: no reduction is among these loops, so nothing is reordered. */
#ifdef _OPENMP
#define BNK_SIMD _Pragma("omp simd")
#else
#define BNK_SIMD
#endif

#endif
