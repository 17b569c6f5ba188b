/* http_server.c - see http_server.h: libmicrohttpd, and nothing else knows it. */
#include "core/serve/http_server.h"

#include "core/base/hash.h"
#include "core/base/mem.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_HEADERS 64

struct bn_http_server {
	bn_http_server_options o;
	struct MHD_Daemon *daemon;
	int port;
	atomic_uint in_flight;
};

/* One request on its way in. */
typedef struct exchange {
	bn_buf body;
	bool too_large, refused;
	bn_http_header headers[MAX_HEADERS];
	size_t header_count;
} exchange;

static enum MHD_Result take_header(
	void *user, enum MHD_ValueKind kind, const char *name, const char *value)
{
	exchange *x = user;
	(void)kind;
	if (x->header_count < MAX_HEADERS)
		x->headers[x->header_count++] = (bn_http_header){name, value ? value : ""};
	return MHD_YES;
}

/* The query as it came is not kept by the library: put together again for whoever wants it. */
static enum MHD_Result take_argument(
	void *user, enum MHD_ValueKind kind, const char *name, const char *value)
{
	bn_buf *query = user;
	(void)kind;
	bn_buf_addf(query, "%s%s%s%s", query->len ? "&" : "", name, value ? "=" : "",
		value ? value : "");
	return MHD_YES;
}

static enum MHD_Result send_response(struct MHD_Connection *c, bn_http_response *r, bool close)
{
	size_t n = 0;
	char *bytes = bn_buf_take(&r->body, &n);
	struct MHD_Response *m =
		MHD_create_response_from_buffer(bytes ? n : 0, bytes ? (void *)bytes : (void *)"",
			bytes ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
	if (!m) {
		bn_free(bytes);
		return MHD_NO;
	}
	if (r->content_type)
		MHD_add_response_header(m, MHD_HTTP_HEADER_CONTENT_TYPE, r->content_type);
	if (r->request_id[0])
		MHD_add_response_header(m, "X-Request-Id", r->request_id);
	if (r->allow)
		MHD_add_response_header(m, MHD_HTTP_HEADER_ALLOW, r->allow);
	if (r->challenge)
		MHD_add_response_header(
			m, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer realm=\"binnacle\"");
	if (close)
		MHD_add_response_header(m, MHD_HTTP_HEADER_CONNECTION, "close");
	enum MHD_Result rc = MHD_queue_response(c, (unsigned)r->status, m);
	MHD_destroy_response(m);
	return rc;
}

static enum MHD_Result answer(bn_http_server *s, struct MHD_Connection *c, const char *url,
	const char *method, exchange *x)
{
	bn_buf query = BN_BUF_INIT;
	bn_http_response response;
	bn_http_response_init(&response);
	MHD_get_connection_values(c, MHD_GET_ARGUMENT_KIND, take_argument, &query);
	bn_http_request request = {method, url, query.len ? query.ptr : NULL, x->headers,
		x->header_count, x->body.ptr, x->body.len};
	s->o.handle(s->o.user, &request, x->too_large || x->body.failed, &response);
	enum MHD_Result rc = send_response(c, &response, x->too_large || x->refused);
	bn_http_response_release(&response);
	bn_buf_release(&query);
	return rc;
}

/* Whoever may not ask here is told so before we keep a body of theirs. */
static bool is_unwanted(const bn_http_server *s, const char *url, const char *method, exchange *x)
{
	bn_http_request request = {method, url, NULL, x->headers, x->header_count, NULL, 0};
	return !s->o.wants_body(s->o.user, &request);
}

/* Announced as larger than allowed: no need to read it. */
static bool announced_too_large(const bn_http_server *s, struct MHD_Connection *c)
{
	const char *length =
		MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
	return length && strtoull(length, NULL, 10) > s->o.max_body_bytes;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **state)
{
	bn_http_server *s = user;
	exchange *x = *state;
	(void)version;
	if (!x) {
		x = bn_alloc_zeroed(1, sizeof *x);
		if (!x)
			return MHD_NO;
		bn_buf_init(&x->body);
		*state = x;
		atomic_fetch_add(&s->in_flight, 1);
		MHD_get_connection_values(c, MHD_HEADER_KIND, take_header, x);
		x->too_large = announced_too_large(s, c);
		x->refused = x->too_large || is_unwanted(s, url, method, x);
		return x->refused ? answer(s, c, url, method, x) : MHD_YES;
	}
	if (*upload_size) {
		if (!x->too_large && x->body.len + *upload_size <= s->o.max_body_bytes)
			bn_buf_add(&x->body, upload, *upload_size);
		else
			x->too_large = true;
		*upload_size = 0;
		return MHD_YES;
	}
	return x->refused ? MHD_YES : answer(s, c, url, method, x);
}

static void on_completed(
	void *user, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode code)
{
	bn_http_server *s = user;
	exchange *x = *state;
	(void)c;
	(void)code;
	if (!x)
		return;
	bn_buf_release(&x->body);
	bn_free(x);
	*state = NULL;
	atomic_fetch_sub(&s->in_flight, 1);
}

/* ---- the listening socket ------------------------------------------------------------------- */

static int bind_failed(const bn_http_server_options *o, int errnum, bn_err *err)
{
	int code = errnum == EADDRINUSE ? BN_ECONFLICT : errnum == EACCES ? BN_EREFUSED : BN_EIO;
	bn_err_sys(err, code, errnum, "cannot listen on %s port %d", o->host, o->port);
	if (code == BN_ECONFLICT)
		bn_err_hint(err, "take another port, or --port 0 for any free one");
	return code;
}

static int open_socket(const struct addrinfo *a)
{
	int one = 1;
	int fd =
		socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, 511)) {
		int saved = errno;
		close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

static int bound_port(int fd)
{
	struct sockaddr_storage at;
	socklen_t size = sizeof at;
	if (getsockname(fd, (struct sockaddr *)&at, &size))
		return 0;
	if (at.ss_family == AF_INET6)
		return ntohs(((struct sockaddr_in6 *)&at)->sin6_port);
	return ntohs(((struct sockaddr_in *)&at)->sin_port);
}

static int listen_on(int *fd, const bn_http_server_options *o, bn_err *err)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
	char port[12];
	const char *host = o->host;
	snprintf(port, sizeof port, "%d", o->port);
	if (!strcmp(host, "*")) {
		host = NULL;
		hints.ai_family = AF_INET;
		hints.ai_flags = AI_PASSIVE;
	} else if (!strcmp(host, "localhost")) {
		host = "127.0.0.1";
	}
	int rc = getaddrinfo(host, port, &hints, &list);
	if (rc)
		return bn_err_set(
			err, BN_EINVAL, "cannot listen on '%s': %s", o->host, gai_strerror(rc));
	int last = EADDRNOTAVAIL;
	*fd = -1;
	for (const struct addrinfo *a = list; a && *fd < 0; a = a->ai_next) {
		*fd = open_socket(a);
		last = errno;
	}
	freeaddrinfo(list);
	return *fd < 0 ? bind_failed(o, last, err) : 0;
}

/* Percent-decoding in place. %00 stays as it is: a path with a NUL in it must not look shorter. */
static size_t unescape(void *user, struct MHD_Connection *c, char *s)
{
	char *to = s;
	(void)user;
	(void)c;
	for (const char *from = s; *from; from++) {
		uint8_t byte = 0;
		if (*from == '%' && isxdigit((unsigned char)from[1]) &&
			isxdigit((unsigned char)from[2])) {
			char hex[3] = {(char)tolower(from[1]), (char)tolower(from[2]), '\0'};
			bn_unhex(hex, 1, &byte);
		}
		if (byte)
			from += 2;
		*to++ = byte ? (char)byte : *from;
	}
	*to = '\0';
	return (size_t)(to - s);
}

/* ---- life ----------------------------------------------------------------------------------- */

static void drop_log(void *user, const char *fmt, va_list ap)
{
	(void)user;
	(void)fmt;
	(void)ap; /* the library would write a client's mistakes to stderr */
}

int bn_http_server_start(bn_http_server **out, const bn_http_server_options *options, bn_err *err)
{
	int fd = -1;
	bn_http_server *s = bn_alloc_zeroed(1, sizeof *s);
	if (!s)
		return bn_err_nomem(err, "a server");
	s->o = *options;
	int rc = listen_on(&fd, options, err);
	if (rc)
		goto out;
	s->port = bound_port(fd);
	/* its pool is made of at least two threads; one thread is no pool */
	struct MHD_OptionItem pool[] = {
		{MHD_OPTION_THREAD_POOL_SIZE, options->threads, NULL}, {MHD_OPTION_END, 0, NULL}};
	s->daemon =
		MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_USE_ERROR_LOG, 0,
			NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, drop_log, NULL,
			MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_UNESCAPE_CALLBACK, unescape, NULL,
			MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
			s, MHD_OPTION_CONNECTION_LIMIT, options->max_connections,
			MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)options->timeout_s,
			MHD_OPTION_CONNECTION_MEMORY_LIMIT, options->max_header_bytes,
			MHD_OPTION_ARRAY, options->threads > 1 ? pool : pool + 1, MHD_OPTION_END);
	if (!s->daemon)
		rc = bn_err_set(err, BN_EIO, "libmicrohttpd cannot start on %s port %d",
			options->host, s->port);
out:
	if (rc) {
		if (fd >= 0)
			close(fd);
		bn_free(s);
	} else {
		*out = s;
	}
	return rc;
}

int bn_http_server_port(const bn_http_server *s)
{
	return s->port;
}

void bn_http_server_stop(bn_http_server *s, int grace_ms)
{
	if (!s)
		return;
	MHD_socket fd = MHD_quiesce_daemon(s->daemon);
	if (fd != MHD_INVALID_SOCKET)
		close(fd); /* nobody can connect any more */
	for (int waited = 0; waited < grace_ms && atomic_load(&s->in_flight); waited += 5)
		nanosleep(&(struct timespec){0, 5000000}, NULL);
	MHD_stop_daemon(s->daemon);
	bn_free(s);
}
