/* blas.c - see blas.h. */
#include "kernels/blas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>

/* Its thousands of symbols are looked for in itself first, not in the fifty libraries of the program. Sanitizers
 * refuse that. */
#ifndef __has_feature /* clang says by this which sanitizers are on */
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
	__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
	__has_feature(memory_sanitizer) || !defined(RTLD_DEEPBIND)
#define ITSELF_FIRST 0
#else
#define ITSELF_FIRST RTLD_DEEPBIND
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static bnk_blas blas;
static int is_open;
static char fault[200];

static int take(void *lib, void *to, const char *name)
{
	void *symbol = dlsym(lib, name);
	*(void **)to = symbol; /* POSIX: data and functions have pointers of one size */
	if (!symbol)
		snprintf(fault, sizeof fault, "OpenBLAS has no %s", name);
	return symbol != NULL;
}

/* Never closed: its threads may not be stopped while others compute. */
static void open_once(void)
{
	void *lib = dlopen("libopenblas.so.0", RTLD_LAZY | RTLD_LOCAL | ITSELF_FIRST);
	const char *text = lib ? NULL : dlerror();
	if (!lib) {
		snprintf(fault, sizeof fault, "%s", text ? text : "OpenBLAS cannot be opened");
		return;
	}
	is_open = take(lib, &blas.sgemm, "cblas_sgemm") && take(lib, &blas.dgemm, "cblas_dgemm") &&
		  take(lib, &blas.dsyrk, "cblas_dsyrk") &&
		  take(lib, &blas.get_config, "openblas_get_config") &&
		  take(lib, &blas.get_corename, "openblas_get_corename") &&
		  take(lib, &blas.set_num_threads, "openblas_set_num_threads");
	if (is_open)
		blas.set_num_threads(1);
}

const bnk_blas *bnk_blas_open(char *why, size_t why_size)
{
	pthread_once(&once, open_once);
	if (why && why_size)
		snprintf(why, why_size, "%s", is_open ? "" : fault);
	return is_open ? &blas : NULL;
}
