/* curl.c - see curl.h. */
#include "core/base/curl.h"

#include "core/base/library.h"

#include <pthread.h>

#undef curl_global_init
#undef curl_easy_strerror

/* POSIX: data and function pointers have the same size. */
static union {
	bn_curl calls;
	void *bare[sizeof(bn_curl) / sizeof(void *)];
} table;
static bn_err fault = BN_ERR_INIT;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void open_once(void)
{
#define BN_NAME(name) #name,
	static const char *const names[] = {BN_CURL_CALLS(BN_NAME)};
#undef BN_NAME
	if (bn_library_open(&table.bare, "libcurl.so.4", names, sizeof names / sizeof *names,
		    &fault) < 0)
		return;
	CURLcode code = table.calls.curl_global_init(CURL_GLOBAL_DEFAULT);
	if (code)
		bn_err_set(&fault, BN_EIO, "libcurl: %s", table.calls.curl_easy_strerror(code));
}

int bn_curl_open(bn_err *err)
{
	pthread_once(&once, open_once);
	bn_err why = fault;
	return fault.code ? bn_err_move(err, &why) : 0;
}

const bn_curl *bn_curl_calls(void)
{
	return &table.calls;
}
