/*
 * blas.h - OpenBLAS, opened when the first product is computed.
 *
 * Linking it would cost every command 5 ms and a pool of threads: it has 12 000 symbols to bind. Only training
 * and scoring open it, once, with dlopen; the types come from its header.
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

/* Set to one thread: our own fixed shards call it. NULL if this machine has none; why (of why_size, may be
 * NULL) says so. Thread-safe; the result does not change. */
const bnk_blas *bnk_blas_open(char *why, size_t why_size);

/* How many of `wanted` threads may compute in addition to those that do: each takes a work area of 128 MiB of
 * address space, mostly untouched, and OpenBLAS (0.3.21, blas_memory_alloc) retries for ever if a limit
 * (RLIMIT_DATA, RLIMIT_AS) refuses it. 0: no room for one. Return what begin gave with end. */
int bnk_blas_begin(int wanted);
void bnk_blas_end(int threads);

#endif
