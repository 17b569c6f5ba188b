/*
 * _socket.h - listening sockets: TCP and Unix.
 */
#ifndef BN_NET_SOCKET_H
#define BN_NET_SOCKET_H
#include "core/base/env.h"
#include "core/base/err.h"

#include <sys/types.h>

/* A listening socket, non-blocking and close-on-exec. *port: the bound one. */
int bn_socket_listen_tcp(int *fd, int *port, const char *host, int want_port, bn_err *err);
/* Identity of the file that a path led to. */
typedef struct bn_socket_file {
	dev_t device;
	ino_t inode;
} bn_socket_file;

/* Of mode 0600. Replaces a stale socket at path. */
int bn_socket_listen_unix(
	int *fd, bn_socket_file *file, const bn_env *env, const char *path, bn_err *err);
/* Removes the path, unless it is another process's socket by now. Call it before closing the
 * descriptor: while the socket listens, no other process takes the file for a stale one. */
void bn_socket_remove_unix(const bn_socket_file *file, const bn_env *env, const char *path);

#endif
