/*
 * http_server.h - the seam: sockets, threads and HTTP framing behind one callback.
 *
 * Everything above it works on bn_http_request and bn_http_response (server.h), so that the library
 * underneath (libmicrohttpd, epoll, a few threads) can be replaced without touching a route.
 *
 * Limits are kept here: size of body and headers, connections, idle time. Ownership: the server
 * calls handle() from its own threads, several at a time; request and response live for the call.
 */
#ifndef BN_SERVE_HTTP_SERVER_H
#define BN_SERVE_HTTP_SERVER_H
#include "core/serve/server.h"

typedef struct bn_http_server bn_http_server;

typedef struct bn_http_server_options {
	const char *host; /* numeric address, "localhost" or "*" */
	int port;
	int threads;
	size_t max_body_bytes, max_header_bytes;
	int timeout_s;
	unsigned max_connections;
	/* Fills the response in. body_too_large: the body was over the limit and has been dropped. */
	void (*handle)(void *user, const bn_http_request *request, bool body_too_large,
		bn_http_response *response);
	/* Asked before the body is read: false, and the request is answered without it. */
	bool (*wants_body)(void *user, const bn_http_request *request);
	void *user; /* of both */
} bn_http_server_options;

/* Binds and starts answering. BN_ECONFLICT: the port is taken; BN_EREFUSED: not allowed to. */
int bn_http_server_start(bn_http_server **out, const bn_http_server_options *options, bn_err *err);
int bn_http_server_port(const bn_http_server *s);
/* Closes the listening socket, waits up to grace_ms for requests in work, ends all threads, frees.
 * NULL is fine. */
void bn_http_server_stop(bn_http_server *s, int grace_ms);

#endif
