/*
 * _socket.h - sockets that listen: TCP and Unix.
 */
#ifndef BN_NET_SOCKET_H
#define BN_NET_SOCKET_H
#include "core/base/env.h"
#include "core/base/err.h"

/* A socket that listens, does not block, and is not inherited. *port: the one that was bound. */
int bn_socket_listen_tcp(int *fd, int *port, const char *host, int want_port, bn_err *err);
/* Of mode 0600. A socket at path that nobody listens on any more is replaced. */
int bn_socket_listen_unix(int *fd, const bn_env *env, const char *path, bn_err *err);

#endif
