/*
 * raw_server.h - a server that misbehaves on purpose: it follows a script of bytes, pauses, cuts
 * and resets, one script per connection, in the order of the connections.
 *
 * 	static const raw_step refuse[] = {{RAW_HEAD}, {RAW_SEND, "HTTP/1.1 401 ..."}, {RAW_RESET}, {0}};
 * 	const raw_step *const scripts[] = {refuse};
 * 	raw_server *s = raw_server_start(&(raw_server_options){scripts, 1});
 */
#ifndef BN_TEST_RAW_SERVER_H
#define BN_TEST_RAW_SERVER_H
#include <stdbool.h>
#include <stddef.h>

typedef enum raw_op {
	RAW_END = 0, /* of the script: close */
	RAW_HEAD,    /* read to the end of a request's head */
	RAW_READ,    /* read n more bytes */
	RAW_SEND,    /* send text, or n bytes of it if n is not 0 */
	RAW_FILL,    /* send the first byte of text n times */
	RAW_SLEEP,   /* n milliseconds */
	RAW_DRAIN,   /* read until the client is gone, or nothing arrived for 200 ms */
	RAW_SHUT,    /* shutdown for writing */
	RAW_CLOSE,   /* close: the kernel sends a reset if something was not read */
	RAW_RESET,   /* close with a reset */
} raw_op;

typedef struct raw_step {
	raw_op op;
	const char *text;
	size_t n;
} raw_step;

typedef struct raw_server_options {
	const raw_step *const *scripts;
	size_t count;           /* further connections get the last script again */
	const char *unix_path;  /* instead of a port */
	const char *cert, *key; /* PEM files: TLS */
	const char *client_ca;  /* a client must have a certificate of that authority */
	int backlog_only;       /* never accept: for connections that get no response */
} raw_server_options;

typedef struct raw_server raw_server;

raw_server *raw_server_start(const raw_server_options *options); /* aborts on failure */
int raw_server_port(const raw_server *s);
const char *raw_server_url(const raw_server *s); /* "http://127.0.0.1:4711", https with TLS */
/* What the clients sent on all connections, as far as it was read, in order. Stops the server. */
const char *raw_server_received(raw_server *s);
int raw_server_connections(const raw_server *s); /* accepted so far */
void raw_server_free(raw_server *s);

/* Writes into dir: NAME.pem and NAME.key, a self-signed certificate for host (a name, or an
 * address) that may also be used as an authority. path_cert and path_key get the paths. */
void raw_certificate(const char *dir, const char *name, const char *host, char path_cert[300],
	char path_key[300]);

#endif
