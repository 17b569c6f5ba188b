/*
 * curl.h - libcurl, opened when it is first needed (library.h): include it instead of <curl/curl.h>.
 *
 * It and what it needs are some twenty shared libraries (LDAP, Kerberos, RTMP), which every command would bind although few
 * send a request. bn_curl_open comes first; the calls then read as with the library linked. A name that is missing in the
 * list does not link.
 */
#ifndef BN_BASE_CURL_H
#define BN_BASE_CURL_H
#include "core/base/err.h"

#include <curl/curl.h>

/* Macros that check the types of arguments, and end in a call of the linked function. */
#undef curl_easy_getinfo
#undef curl_easy_setopt
#define BN_CURL_CALLS(X) \
	X(curl_easy_cleanup) X(curl_easy_getinfo) X(curl_easy_init) X(curl_easy_reset) \
	X(curl_easy_setopt) X(curl_easy_strerror) X(curl_free) X(curl_global_init) \
	X(curl_multi_add_handle) X(curl_multi_cleanup) X(curl_multi_info_read) \
	X(curl_multi_init) X(curl_multi_perform) X(curl_multi_poll) X(curl_multi_remove_handle) \
	X(curl_slist_append) X(curl_slist_free_all) X(curl_url) X(curl_url_cleanup) \
	X(curl_url_get) X(curl_url_set) X(curl_version_info)

typedef struct bn_curl {
#define BN_FIELD(name) __typeof__(name) *name;
	BN_CURL_CALLS(BN_FIELD)
#undef BN_FIELD
} bn_curl;

/* Opens and initialises it. BN_EUNSUPPORTED if this host lacks it. Any thread; it stays open. */
int bn_curl_open(bn_err *err);
/* Only after bn_curl_open has succeeded once in this process. */
const bn_curl *bn_curl_calls(void);

#define curl_easy_cleanup (bn_curl_calls()->curl_easy_cleanup)
#define curl_easy_getinfo (bn_curl_calls()->curl_easy_getinfo)
#define curl_easy_init (bn_curl_calls()->curl_easy_init)
#define curl_easy_reset (bn_curl_calls()->curl_easy_reset)
#define curl_easy_setopt (bn_curl_calls()->curl_easy_setopt)
#define curl_easy_strerror (bn_curl_calls()->curl_easy_strerror)
#define curl_free (bn_curl_calls()->curl_free)
#define curl_global_init (bn_curl_calls()->curl_global_init)
#define curl_multi_add_handle (bn_curl_calls()->curl_multi_add_handle)
#define curl_multi_cleanup (bn_curl_calls()->curl_multi_cleanup)
#define curl_multi_info_read (bn_curl_calls()->curl_multi_info_read)
#define curl_multi_init (bn_curl_calls()->curl_multi_init)
#define curl_multi_perform (bn_curl_calls()->curl_multi_perform)
#define curl_multi_poll (bn_curl_calls()->curl_multi_poll)
#define curl_multi_remove_handle (bn_curl_calls()->curl_multi_remove_handle)
#define curl_slist_append (bn_curl_calls()->curl_slist_append)
#define curl_slist_free_all (bn_curl_calls()->curl_slist_free_all)
#define curl_url (bn_curl_calls()->curl_url)
#define curl_url_cleanup (bn_curl_calls()->curl_url_cleanup)
#define curl_url_get (bn_curl_calls()->curl_url_get)
#define curl_url_set (bn_curl_calls()->curl_url_set)
#define curl_version_info (bn_curl_calls()->curl_version_info)

#endif
