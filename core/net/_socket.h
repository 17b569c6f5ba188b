/*
 * _socket.h - sockets that listen: TCP and Unix.
 */
#ifndef BN_NET_SOCKET_H
#define BN_NET_SOCKET_H
#include "core/base/env.h"
#include "core/base/err.h"

#include <sys/types.h>

/* A socket that listens, does not block, and is not inherited. *port: the one that was bound. */
int bn_socket_listen_tcp(int *fd, int *port, const char *host, int want_port, bn_err *err);
/* Which file a path led to. */
typedef struct bn_socket_file {
	dev_t device;
	ino_t inode;
} bn_socket_file;

/* Of mode 0600. A socket at path that nobody listens on any more is replaced. */
int bn_socket_listen_unix(
	int *fd, bn_socket_file *file, const bn_env *env, const char *path, bn_err *err);
/* Before the descriptor is closed: takes away the path, unless it is another's socket by now. While
 * somebody listens, nobody else takes the file for one that was left behind. */
void bn_socket_remove_unix(const bn_socket_file *file, const bn_env *env, const char *path);

#endif
