/*
 * blas.h - OpenBLAS, opened when the first product is computed.
 *
 * Linking it would cost every command 5 ms and a pool of threads: it has 12 000 symbols of its own to bind. The
 * program that trains or scores opens it with dlopen, once; the types come from its header.
 */
#ifndef BNK_BLAS_H
#define BNK_BLAS_H
#include <cblas.h>
#include <stddef.h>

typedef struct bnk_blas {
	__typeof__(cblas_sgemm) *sgemm;
	__typeof__(cblas_dgemm) *dgemm;
	__typeof__(cblas_dsyrk) *dsyrk;
	__typeof__(openblas_get_config) *get_config;
	__typeof__(openblas_get_corename) *get_corename;
	__typeof__(openblas_set_num_threads) *set_num_threads;
} bnk_blas;

/* Set to one thread: our own fixed shards call it. NULL when this machine has none; why (of why_size, may be NULL)
 * says so. Any thread may call it; the answer stays the same. */
const bnk_blas *bnk_blas_open(char *why, size_t why_size);

/* How many of `wanted` threads may compute beside those that do: each takes a working memory of 128 MiB of addresses, of
 * which it touches little, and OpenBLAS (0.3.21, blas_memory_alloc) asks for ever where a limit (RLIMIT_DATA, RLIMIT_AS)
 * refuses it. 0: there is no room for one. What begin returned is given back with end. */
int bnk_blas_begin(int wanted);
void bnk_blas_end(int threads);

#endif
