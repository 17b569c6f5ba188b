/*
 * backend.h - which back ends this process has, and choosing one.
 *
 * The CPU back end always exists. The CUDA one is a shared object that is searched once, only if
 * "cuda" or "auto" is requested: at the given path (core passes BINNACLE_CUDA_PLUGIN), else next to
 * the executable, else in ../lib/binnacle from there. With "auto" it is not an error if the plug-in
 * is missing, has another API version, or finds no driver or device: the reason is kept for
 * bnk_backend_describe and the CPU is used.
 *
 * Back ends are valid as long as the process; the plug-in is never unloaded.
 */
#ifndef BNK_BACKEND_H
#define BNK_BACKEND_H
#include "kernels/queue.h"

#define BNK_CUDA_PLUGIN "binnacle_cuda.so"

const bnk_backend *bnk_backend_cpu(void);

/* which: "cpu", "cuda", "cuda:N" (its device N, from 0), "auto" or NULL (auto). plugin: path of the CUDA plug-in
 * or NULL. Sets the target's back end and device. BNK_EUNSUPPORTED if "cuda" is not available or has no such
 * device, BNK_EINVAL for another word; why[] then says so (it also says why "auto" chose the CPU). why may be
 * NULL. Thread-safe. */
int bnk_backend_select(
	bnk_target *out, const char *which, const char *plugin, char *why, size_t why_size);

/* What was found, one line per back end: "cpu: ...\ncuda: not used: no NVIDIA driver ...\n".
 * Returns the length of the full text; out is truncated to out_size and NUL-terminated. */
size_t bnk_backend_describe(const char *plugin, char *out, size_t out_size);

/* The variant of each operation that the CPU would run here, "gemm=openblas,adam=avx512,...", when BINNACLE_KERNELS
 * is `variants` (NULL: unset). Passing it back as `variants` gives the same. BNK_EINVAL for an unknown word and
 * BNK_EUNSUPPORTED for what this processor lacks: out then says which. */
int bnk_variants_describe(const char *variants, char *out, size_t out_size);

#endif
