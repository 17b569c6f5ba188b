/* blas.c - see blas.h. */
#include "kernels/blas.h"

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { WORKING_BYTES = (128 << 20) + (1 << 16) };

/* Resolves its thousands of symbols in itself first, not in the fifty libraries of the program. Sanitizers
 * refuse that. */
#ifndef __has_feature /* clang's way to test for sanitizers */
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
	*(void **)to = symbol; /* POSIX: data and function pointers have the same size */
	if (!symbol)
		snprintf(fault, sizeof fault, "OpenBLAS has no %s", name);
	return symbol != NULL;
}

/* On loading it starts a thread for each available processor, each with a work area, which is not needed here;
 * under a memory limit these threads spin, and fork() waits for them for ever. Loading it in a thread bound to
 * one processor prevents that: OPENBLAS_NUM_THREADS would have to be set in the environment, which other
 * threads read. */
static void *open_small(void)
{
	cpu_set_t before, one;
	bool set = pthread_getaffinity_np(pthread_self(), sizeof before, &before) == 0;
	CPU_ZERO(&one);
	for (int i = 0; set && i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
		if (CPU_ISSET(i, &before))
			CPU_SET(i, &one);
	set = set && pthread_setaffinity_np(pthread_self(), sizeof one, &one) == 0;
	void *lib = dlopen("libopenblas.so.0", RTLD_LAZY | RTLD_LOCAL | ITSELF_FIRST);
	if (set)
		pthread_setaffinity_np(pthread_self(), sizeof before, &before);
	return lib;
}

#ifdef __x86_64__
/* For a processor that is newer than the library it takes the kernels of 2004 (0.3.21 on an Emerald Rapids: MLPs
 * take 2.5 times as long). NULL: it knows this one, or has no better kernels for it. */
static const char *better_core(void *lib)
{
	const char *(*corename)(void) = NULL;
	*(void **)&corename = dlsym(lib, "openblas_get_corename");
	if (!corename || strcmp(corename(), "Prescott") != 0 || !__builtin_cpu_supports("avx2") ||
		!__builtin_cpu_supports("fma"))
		return NULL;
	bool is_512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") &&
		      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
		      __builtin_cpu_supports("avx512vl");
	return is_512 ? "SkylakeX" : "Haswell";
}

/* Opens it again with that core, unless the user chose one. It only reads its environment while it is opened; other
 * threads may read theirs, so that array is replaced, not changed. */
static void *open_better(void *lib)
{
	static const char name[] = "OPENBLAS_CORETYPE=";
	const char *core = better_core(lib);
	char **before = environ, setting[sizeof name + 16];
	size_t n = 0;
	for (; core && before[n]; n++)
		if (strncmp(before[n], name, sizeof name - 1) == 0)
			core = NULL;
	char **with = core ? malloc((n + 2) * sizeof *with) : NULL;
	if (!with)
		return lib;
	snprintf(setting, sizeof setting, "%s%s", name, core);
	memcpy(with, before, n * sizeof *with);
	with[n] = setting;
	with[n + 1] = NULL;
	dlclose(lib);
	environ = with;
	lib = open_small();
	environ = before;
	free(with);
	return lib;
}
#else
static void *open_better(void *lib)
{
	return lib;
}
#endif

/* Never closed: other threads may be computing. */
static void open_once(void)
{
	void *lib = open_small();
	if (lib)
		lib = open_better(lib);
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

static bool has_room(int threads)
{
	size_t bytes = (size_t)threads * WORKING_BYTES;
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return false;
	munmap(p, bytes);
	return true;
}

static pthread_mutex_t rooms = PTHREAD_MUTEX_INITIALIZER;
static int computing, known; /* known: work areas that it has, and keeps, or that fitted */

int bnk_blas_begin(int wanted)
{
	pthread_mutex_lock(&rooms);
	int n = wanted;
	while (n > 0 && computing + n > known && !has_room(computing + n - known))
		n--;
	computing += n;
	known = computing > known ? computing : known;
	pthread_mutex_unlock(&rooms);
	return n;
}

void bnk_blas_end(int threads)
{
	pthread_mutex_lock(&rooms);
	computing -= threads;
	pthread_mutex_unlock(&rooms);
}
