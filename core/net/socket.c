/* socket.c - see _socket.h. */
#include "core/net/_socket.h"

#include "core/base/fs.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 1024

/* ---- TCP ------------------------------------------------------------------------------------ */

static int bind_failed(const char *host, int port, int errnum, bn_err *err)
{
	int code = BN_EIO;
	if (errnum == EADDRINUSE)
		code = BN_ECONFLICT;
	else if (errnum == EACCES)
		code = BN_EREFUSED;
	if (code == BN_EREFUSED && port < IPPORT_RESERVED) {
		bn_err_set(err, code, "cannot listen on %s port %d: ports below %d need root", host,
			port, IPPORT_RESERVED);
		bn_err_hint(err, "use a higher one, such as --port 8420");
		return code;
	}
	bn_err_sys(err, code, errnum, "cannot listen on %s port %d", host, port);
	if (code == BN_ECONFLICT)
		bn_err_hint(err, "use another port, or --port 0 for any free one");
	return code;
}

/* The descriptor, or -1 with errno. */
static int open_one(const struct addrinfo *a)
{
	int one = 1, saved = 0;
	int fd =
		socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, a->ai_addr, a->ai_addrlen) || listen(fd, BACKLOG)) {
		saved = errno;
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

int bn_socket_listen_tcp(int *fd, int *port, const char *host, int want_port, bn_err *err)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *list = NULL;
	char service[12];
	const char *name = host;
	snprintf(service, sizeof service, "%d", want_port);
	if (!strcmp(host, "*")) {
		name = NULL;
		hints.ai_family = AF_INET;
		hints.ai_flags = AI_PASSIVE;
	} else if (!strcmp(host, "localhost")) {
		name = "127.0.0.1";
	}
	int rc = getaddrinfo(name, service, &hints, &list);
	if (rc)
		return bn_err_set(
			err, BN_EINVAL, "cannot listen on '%s': %s", host, gai_strerror(rc));
	int last = EADDRNOTAVAIL;
	*fd = -1;
	for (const struct addrinfo *a = list; a && *fd < 0; a = a->ai_next) {
		*fd = open_one(a);
		last = errno;
	}
	freeaddrinfo(list);
	if (*fd < 0)
		return bind_failed(host, want_port, last, err);
	*port = bound_port(*fd);
	return 0;
}

/* ---- Unix ----------------------------------------------------------------------------------- */

/* Whether there is a stale socket at path. */
static bool is_stale(const bn_env *env, const struct sockaddr_un *at)
{
	struct stat st;
	if (env->fs->stat(env, NULL, at->sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	bool refused =
		connect(fd, (const struct sockaddr *)at, sizeof *at) != 0 && errno == ECONNREFUSED;
	close(fd);
	return refused;
}

static bn_socket_file file_at(const bn_env *env, const char *path)
{
	struct stat st;
	if (env->fs->stat(env, NULL, path, &st) < 0)
		return (bn_socket_file){0};
	return (bn_socket_file){st.st_dev, st.st_ino};
}

void bn_socket_remove_unix(const bn_socket_file *file, const bn_env *env, const char *path)
{
	bn_socket_file now = file_at(env, path);
	if (now.inode && now.device == file->device && now.inode == file->inode)
		env->fs->unlink(env, NULL, path);
}

int bn_socket_listen_unix(
	int *out, bn_socket_file *file, const bn_env *env, const char *path, bn_err *err)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	size_t n = strlen(path);
	if (!n || n >= sizeof at.sun_path)
		return bn_err_set(err, BN_EINVAL,
			"%.200s: the path of a socket must have 1 to %zu bytes", path,
			sizeof at.sun_path - 1);
	memcpy(at.sun_path, path, n + 1);
	if (is_stale(env, &at))
		env->fs->unlink(env, NULL, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), saved = 0;
	if (fd < 0)
		return bn_err_sys(err, BN_EIO, errno, "cannot make a socket");
	/* on Linux bind gives the file the mode of the descriptor */
	if (env->fs->fchmod(env, fd, 0600) < 0 ||
		bind(fd, (const struct sockaddr *)&at, sizeof at) || listen(fd, BACKLOG)) {
		saved = errno;
		close(fd);
		bn_err_sys(err, saved == EADDRINUSE ? BN_ECONFLICT : BN_EIO, saved,
			"cannot listen on %s", path);
		if (saved == EADDRINUSE)
			bn_err_hint(err, "another server listens there, or it is not a socket");
		return saved == EADDRINUSE ? BN_ECONFLICT : BN_EIO;
	}
	*file = file_at(env, path);
	*out = fd;
	return 0;
}
