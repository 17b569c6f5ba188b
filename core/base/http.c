/* http.c - see http.h. */
#include "core/base/http.h"

#include "core/base/mem.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define CONNECT_MS 10000
#define DEFAULT_MS 30000
#define DEFAULT_ANSWER (64u << 20)

struct bn_http {
	CURL *curl;
	char text[CURL_ERROR_SIZE];
};

typedef struct receiver {
	bn_http_answer *answer;
	size_t limit;
	bool too_large;
} receiver;

static pthread_once_t started = PTHREAD_ONCE_INIT;
static CURLcode start_code;

static void start_curl(void)
{
	start_code = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int bn_http_new(bn_http **out, bn_err *err)
{
	pthread_once(&started, start_curl);
	if (start_code)
		return bn_err_set(err, BN_EIO, "libcurl: %s", curl_easy_strerror(start_code));
	bn_http *h = bn_alloc_zeroed(1, sizeof *h);
	if (h)
		h->curl = curl_easy_init();
	if (!h || !h->curl) {
		bn_free(h);
		return bn_err_nomem(err, "an HTTP client");
	}
	*out = h;
	return 0;
}

void bn_http_free(bn_http *h)
{
	if (h) {
		curl_easy_cleanup(h->curl);
		bn_free(h);
	}
}

void bn_http_answer_init(bn_http_answer *a)
{
	a->status = 0;
	bn_buf_init(&a->body);
	bn_buf_init(&a->headers);
}

void bn_http_answer_release(bn_http_answer *a)
{
	bn_buf_release(&a->body);
	bn_buf_release(&a->headers);
	a->status = 0;
}

const char *bn_http_answer_header(
	const bn_http_answer *a, const char *name, char *value, size_t size)
{
	size_t n = strlen(name);
	for (const char *line = a->headers.ptr; *line;) {
		size_t len = strcspn(line, "\r\n");
		if (len > n && line[n] == ':' && !strncasecmp(line, name, n)) {
			const char *v = line + n + 1, *end = line + len;
			while (v < end && (*v == ' ' || *v == '\t'))
				v++;
			size_t take = (size_t)(end - v);
			take = take < size ? take : size - 1;
			memcpy(value, v, take);
			value[take] = '\0';
			return value;
		}
		line += len;
		line += strspn(line, "\r\n");
	}
	return NULL;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
	receiver *r = user;
	size_t n = size * count;
	if (r->answer->body.len + n > r->limit) {
		r->too_large = true;
		return 0;
	}
	bn_buf_add(&r->answer->body, bytes, n);
	return r->answer->body.failed ? 0 : n;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *user)
{
	receiver *r = user;
	size_t n = size * count;
	if (n >= 5 && !memcmp(bytes, "HTTP/", 5)) {
		bn_buf_clear(&r->answer->headers); /* of an interim answer (100 Continue) */
		return n;
	}
	if (r->answer->headers.len + n > 256 * 1024)
		return 0;
	bn_buf_add(&r->answer->headers, bytes, n);
	return n;
}

static int add_headers(
	struct curl_slist **list, const char *const *headers, bool has_body, bn_err *err)
{
	bool typed = false;
	for (; headers && *headers; headers++) {
		if (strpbrk(*headers, "\r\n"))
			return bn_err_set(err, BN_EINVAL, "a header may not hold a line break");
		struct curl_slist *next = curl_slist_append(*list, *headers);
		if (!next)
			return bn_err_nomem(err, "HTTP headers");
		*list = next;
		typed |= !strncasecmp(*headers, "content-type:", 13);
	}
	const char *more[] = {
		"Expect:", has_body && !typed ? "Content-Type: application/json" : NULL};
	for (size_t i = 0; i < 2; i++) {
		if (!more[i])
			continue;
		struct curl_slist *next = curl_slist_append(*list, more[i]);
		if (!next)
			return bn_err_nomem(err, "HTTP headers");
		*list = next;
	}
	return 0;
}

static int explain(const bn_http *h, CURLcode code, const bn_http_call *call, bn_err *err)
{
	const char *text = h->text[0] ? h->text : curl_easy_strerror(code);
	switch (code) {
	case CURLE_OUT_OF_MEMORY:
		return bn_err_nomem(err, "an HTTP answer");
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return bn_err_set(
			err, BN_EINVAL, "'%s' is not an http:// or https:// URL", call->url);
	case CURLE_COULDNT_CONNECT:
		bn_err_set(err, BN_EIO, "%s: %s", call->url, text);
		bn_err_hint(
			err, "is the server running, and is the port right? binnacle endpoint ls");
		return BN_EIO;
	default:
		return bn_err_set(err, BN_EIO, "%s: %s", call->url, text);
	}
}

int bn_http_do(bn_http *h, const bn_http_call *call, bn_http_answer *answer, bn_err *err)
{
	int rc = 0;
	long status = 0;
	struct curl_slist *list = NULL;
	receiver r = {
		answer, call->max_answer_bytes ? call->max_answer_bytes : DEFAULT_ANSWER, false};
	CURL *c = h->curl;
	bn_buf_clear(&answer->body);
	bn_buf_clear(&answer->headers);
	answer->status = 0;
	rc = add_headers(&list, call->headers, call->body != NULL, err);
	if (rc)
		goto out;
	curl_easy_reset(c); /* keeps connections */
	h->text[0] = '\0';
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->text);
	curl_easy_setopt(c, CURLOPT_URL, call->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "binnacle/" BN_VERSION);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl_easy_setopt(
		c, CURLOPT_TIMEOUT_MS, (long)(call->timeout_ms ? call->timeout_ms : DEFAULT_MS));
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, &r);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, &r);
	if (call->unix_socket)
		curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, call->unix_socket);
	if (call->body) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, call->body);
	}
	if (call->method && !strcmp(call->method, "HEAD"))
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	else if (call->method)
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, call->method);
	CURLcode code = curl_easy_perform(c);
	if (r.too_large) {
		rc = bn_err_set(
			err, BN_EIO, "%s: the answer is larger than %zu bytes", call->url, r.limit);
		goto out;
	}
	if (code) {
		rc = explain(h, code, call, err);
		goto out;
	}
	rc = bn_buf_check(&answer->body, err, "an HTTP answer");
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	answer->status = (int)status;
out:
	curl_slist_free_all(list);
	return rc;
}
