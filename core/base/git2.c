/* git2.c - see git2.h. */
#include "core/base/git2.h"

#include "core/base/library.h"

#include <pthread.h>

#undef git_libgit2_init

/* POSIX: data and function pointers have the same size. */
static union {
	bn_git2 calls;
	void *bare[sizeof(bn_git2) / sizeof(void *)];
} table;
static bn_err fault = BN_ERR_INIT;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void open_once(void)
{
#define BN_NAME(name) #name,
	static const char *const names[] = {BN_GIT2_CALLS(BN_NAME)};
#undef BN_NAME
	if (bn_library_open(&table.bare, "libgit2.so." LIBGIT2_SOVERSION, names,
		    sizeof names / sizeof *names, &fault) < 0)
		return;
	/* It is not shut down: later calls do not pay again. */
	if (table.calls.git_libgit2_init() < 0)
		bn_err_set(&fault, BN_EUNSUPPORTED, "libgit2 cannot be initialised");
}

int bn_git2_open(bn_err *err)
{
	pthread_once(&once, open_once);
	bn_err why = fault;
	return fault.code ? bn_err_move(err, &why) : 0;
}

const bn_git2 *bn_git2_calls(void)
{
	return &table.calls;
}
