/*
 * _tls.h - TLS of the listener's side, over OpenSSL; nothing else in core/ knows it.
 *
 * Sockets do not block. Reads and writes return bytes (> 0) or one of the values below; which event a
 * stream waits for, when it is not the one that its name says, tells bn_tls_wants_write.
 */
#ifndef BN_NET_TLS_H
#define BN_NET_TLS_H
#include "core/base/env.h"
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define BN_IO_END ((ssize_t)0)     /* the other side is done */
#define BN_IO_AGAIN ((ssize_t)-1)  /* when the socket is ready */
#define BN_IO_BROKEN ((ssize_t)-2) /* there is no connection any more */

typedef struct bn_tls bn_tls;               /* certificate and key; shared by threads */
typedef struct bn_tls_stream bn_tls_stream; /* one connection */

/* PEM files of 1 MiB at most: the certificate with its chain, and its key. BN_EREFUSED for a key that is
 * neither the user's nor root's, or that others may read; BN_EINVAL for what is no regular file, no
 * certificate, or not the key of it. */
int bn_tls_new(
	bn_tls **out, const bn_env *env, const char *cert_path, const char *key_path, bn_err *err);
void bn_tls_free(bn_tls *t); /* NULL is fine */

bn_tls_stream *bn_tls_accept(bn_tls *t, int fd); /* NULL without memory */
void bn_tls_close(bn_tls_stream *s);             /* frees; NULL is fine */
/* 1: done. Else BN_IO_AGAIN or BN_IO_BROKEN. */
ssize_t bn_tls_handshake(bn_tls_stream *s);
ssize_t bn_tls_read(bn_tls_stream *s, void *to, size_t n);
ssize_t bn_tls_write(bn_tls_stream *s, const void *from, size_t n);
bool bn_tls_has_more(const bn_tls_stream *s); /* bytes that no event will announce */
bool bn_tls_wants_write(const bn_tls_stream *s);
void bn_tls_say_goodbye(bn_tls_stream *s); /* close_notify */

#endif
