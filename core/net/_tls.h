/*
 * _tls.h - server-side TLS with OpenSSL; nothing else in core/ uses OpenSSL's TLS.
 *
 * Sockets are non-blocking. Reads and writes return bytes (> 0) or one of the values below;
 * bn_tls_wants_write tells which event a stream waits for.
 */
#ifndef BN_NET_TLS_H
#define BN_NET_TLS_H
#include "core/base/env.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define BN_IO_END ((ssize_t)0)     /* the peer has finished sending */
#define BN_IO_AGAIN ((ssize_t)-1)  /* retry when the socket is ready */
#define BN_IO_BROKEN ((ssize_t)-2) /* the connection is lost */

typedef struct bn_tls bn_tls;               /* certificate and key; shared by threads */
typedef struct bn_tls_stream bn_tls_stream; /* one connection */

/* PEM files of 1 MiB at most: the certificate with its chain, and its key. BN_EREFUSED for a key that is
 * owned by neither the user nor root, or that others may read; BN_EINVAL for anything but a regular
 * file, an invalid certificate, or a key that does not match it. */
int bn_tls_new(
	bn_tls **out, const bn_env *env, const char *cert_path, const char *key_path, bn_err *err);
void bn_tls_free(bn_tls *t); /* NULL is fine */

bn_tls_stream *bn_tls_accept(bn_tls *t, int fd); /* NULL without memory */
void bn_tls_close(bn_tls_stream *s);             /* frees; NULL is fine */
/* 1 when done, else BN_IO_AGAIN or BN_IO_BROKEN. */
ssize_t bn_tls_handshake(bn_tls_stream *s);
ssize_t bn_tls_read(bn_tls_stream *s, void *to, size_t n);
ssize_t bn_tls_write(bn_tls_stream *s, const void *from, size_t n);
bool bn_tls_has_more(const bn_tls_stream *s); /* bytes that no event will announce */
bool bn_tls_wants_write(const bn_tls_stream *s);
void bn_tls_say_goodbye(bn_tls_stream *s); /* close_notify */

#endif
