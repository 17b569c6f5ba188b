/*
 * listener.c - see listener.h: the lifecycle of a listener, and the accepting thread.
 */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/net/_listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_THREADS 8
#define OVERSHOOT 64         /* connections above the limit until room has been made */
#define OWN_DESCRIPTORS 128u /* descriptors for everything else in the process */
#define ACCEPT_AT_ONCE 64
/* Limit of a response buffered in the kernel, which doubles it. Without it, the kernel buffers megabytes
 * for each connection that does not read. */
#define SEND_BUFFER 262144

/* ---- accepting ------------------------------------------------------------------------------ */

static bool may_connect(const bn_listener *l, uid_t uid)
{
	return uid == 0 || uid == l->env->uid(l->env);
}

/* Checks the peer's identity and permission. */
static bool look_at_peer(bn_listener *l, bn_conn *c, const struct sockaddr_storage *from)
{
	struct ucred who;
	socklen_t size = sizeof who;
	if (c->peer.is_unix) {
		if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &who, &size))
			return false;
		c->peer.uid = who.uid;
		return may_connect(l, who.uid);
	}
	if (from->ss_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)from)->sin_addr, c->peer.address,
			sizeof c->peer.address);
	else
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)from)->sin6_addr,
			c->peer.address, sizeof c->peer.address);
	c->key = bn_peers_key((const struct sockaddr *)from);
	if (!l->peers)
		return true;
	c->is_counted = bn_peers_add(l->peers, &c->key);
	return c->is_counted;
}

/* Connections of a loop, minus those asked to make room. */
static int load_of(bn_loop *loop)
{
	return (int)atomic_load(&loop->count) - (int)atomic_load(&loop->asked);
}

static bn_loop *busiest(bn_listener *l)
{
	bn_loop *best = &l->loops[0];
	for (unsigned i = 1; i < l->loop_count; i++)
		if (load_of(&l->loops[i]) > load_of(best))
			best = &l->loops[i];
	return best;
}

static bn_loop *idlest(bn_listener *l)
{
	bn_loop *best = &l->loops[0];
	for (unsigned i = 1; i < l->loop_count; i++)
		if (load_of(&l->loops[i]) < load_of(best))
			best = &l->loops[i];
	return best;
}

/* There is no room although loops have been asked: ask again if they have answered, one after
 * another, since the busiest may have no connection to evict. */
static void ask_again(bn_listener *l)
{
	for (unsigned i = 0; i < l->loop_count; i++)
		if (atomic_load(&l->loops[i].asked))
			return;
	l->asked_last = (l->asked_last + 1) % l->loop_count;
	bn_loop_ask_eviction(&l->loops[l->asked_last]);
}

static void take_connection(
	bn_listener *l, int fd, bool is_unix, const struct sockaddr_storage *from)
{
	int one = 1, send_buffer = SEND_BUFFER;
	bn_conn *c = bn_conn_new(l, fd, is_unix);
	if (!c || !look_at_peer(l, c, from)) {
		atomic_fetch_add(&l->rejected, 1);
		close(fd);
		if (c)
			bn_conn_free(c);
		return;
	}
	if (!is_unix) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
	}
	atomic_fetch_add(&l->accepted, 1);
	if (atomic_fetch_add(&l->open, 1) >= l->limits.connections)
		bn_loop_ask_eviction(busiest(l));
	bn_loop_hand_over(idlest(l), c);
}

/* Accepts pending connections. False if there was no room; then wait a little. */
static bool accept_some(bn_listener *l, int fd, bool is_unix)
{
	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		struct sockaddr_storage from = {0};
		socklen_t size = sizeof from;
		if (atomic_load(&l->open) >= l->limits.connections + OVERSHOOT) {
			ask_again(l);
			return false;
		}
		int got =
			accept4(fd, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (got < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS ||
				       errno == ENOMEM)) {
			ask_again(l);
			return false;
		}
		if (got < 0)
			return true;
		bn_peers_unmap(&from);
		take_connection(l, got, is_unix, &from);
	}
	return true;
}

static void *accept_all(void *user)
{
	bn_listener *l = user;
	struct pollfd fds[] = {{l->stop_fd, POLLIN, 0}, {l->tcp_fd, POLLIN, 0},
		{l->unix_fd, POLLIN, 0}}; /* poll ignores -1 */
	for (;;) {
		bool room = true;
		if (poll(fds, 3, -1) < 0)
			continue;
		if (fds[0].revents)
			return NULL;
		if (fds[1].revents)
			room &= accept_some(l, l->tcp_fd, false);
		if (fds[2].revents)
			room &= accept_some(l, l->unix_fd, true);
		if (!room)
			nanosleep(&(struct timespec){0, 2000000}, NULL);
	}
}

/* ---- options -------------------------------------------------------------------------------- */

/* Raises the descriptor limit to what the connections need, as far as possible. */
static void make_room_for_descriptors(bn_http_limits *o)
{
	struct rlimit r;
	rlim_t need = (rlim_t)o->connections + OVERSHOOT + OWN_DESCRIPTORS;
	if (getrlimit(RLIMIT_NOFILE, &r))
		return;
	if (r.rlim_cur < need) {
		rlim_t most = r.rlim_max < need ? r.rlim_max : need;
		struct rlimit more = {most, r.rlim_max};
		if (!setrlimit(RLIMIT_NOFILE, &more))
			r.rlim_cur = most;
	}
	if (r.rlim_cur < need)
		o->connections = r.rlim_cur > 2 * (OWN_DESCRIPTORS + OVERSHOOT)
					 ? (unsigned)r.rlim_cur - OWN_DESCRIPTORS - OVERSHOOT
					 : OWN_DESCRIPTORS / 2;
}

static void fill_sizes(bn_http_limits *o)
{
	o->head_bytes = o->head_bytes ? o->head_bytes : (size_t)64 << 10;
	o->body_bytes = o->body_bytes ? o->body_bytes : (size_t)16 << 20;
	o->memory_bytes = o->memory_bytes ? o->memory_bytes : (size_t)256 << 20;
	o->early_bytes = o->early_bytes ? o->early_bytes : (size_t)16 << 20;
	o->linger_bytes = o->linger_bytes ? o->linger_bytes : (size_t)64 << 20;
	o->connections = o->connections ? o->connections : 4096;
	o->min_rate = o->min_rate > 0 ? o->min_rate : 1024;
}

static void fill_times(bn_http_limits *o)
{
	o->idle_ms = o->idle_ms > 0 ? o->idle_ms : 30000;
	o->head_ms = o->head_ms > 0 ? o->head_ms : 10000;
	o->body_ms = o->body_ms > 0 ? o->body_ms : 20000;
	o->write_ms = o->write_ms > 0 ? o->write_ms : 30000;
	o->linger_ms = o->linger_ms > 0 ? o->linger_ms : 5000;
}

static unsigned choose_threads(int wanted)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (wanted > 0)
		return (unsigned)wanted;
	if (cpus < 1)
		return 1;
	return cpus > MAX_THREADS ? MAX_THREADS : (unsigned)cpus;
}

static int copy_options(bn_listener *l, const bn_listener_options *o, bn_err *err)
{
	int rc = 0;
	l->limits = o->limits;
	l->handler = o->handler;
	l->loop_count = choose_threads(o->threads);
	fill_sizes(&l->limits);
	fill_times(&l->limits);
	make_room_for_descriptors(&l->limits);
	if (l->limits.connections < l->loop_count)
		l->limits.connections = l->loop_count;
	l->loops = bn_alloc_zeroed(l->loop_count, sizeof *l->loops);
	if (!l->loops)
		return bn_err_nomem(err, "a server");
	if (o->limits.per_address && (rc = bn_peers_new(&l->peers, o->limits.per_address,
					      l->limits.connections + OVERSHOOT, err)) < 0)
		return rc;
	if (!o->tls_cert != !o->tls_key)
		return bn_err_set(err, BN_EINVAL, "TLS needs a certificate and its key");
	return o->tls_cert ? bn_tls_new(&l->tls, l->env, o->tls_cert, o->tls_key, err) : 0;
}

/* ---- life ----------------------------------------------------------------------------------- */

static int open_sockets(bn_listener *l, const bn_listener_options *o, bn_err *err)
{
	int rc = 0;
	if (!o->host && !o->unix_path)
		return bn_err_set(err, BN_EINVAL, "nowhere to listen: no address and no socket");
	if (o->unix_path) {
		if ((rc = bn_socket_listen_unix(
			     &l->unix_fd, &l->unix_file, l->env, o->unix_path, err)) < 0)
			return rc;
		l->unix_path = bn_strdup(o->unix_path);
		if (!l->unix_path)
			return bn_err_nomem(err, "a path");
	}
	return o->host ? bn_socket_listen_tcp(&l->tcp_fd, &l->port, o->host, o->port, err) : 0;
}

static int start_threads(bn_listener *l, bn_err *err)
{
	int rc = 0;
	sigset_t all, old;
	for (unsigned i = 0; i < l->loop_count; i++)
		if ((rc = bn_loop_start(&l->loops[i], l, err)) < 0)
			return rc;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&l->acceptor, NULL, accept_all, l);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	l->accepting = rc == 0;
	return rc ? bn_err_sys(err, BN_EIO, rc, "cannot start a thread") : 0;
}

int bn_listener_start(
	bn_listener **out, const bn_env *env, const bn_listener_options *options, bn_err *err)
{
	int rc = 0;
	bn_listener *l = bn_alloc_zeroed(1, sizeof *l);
	if (!l)
		return bn_err_nomem(err, "a server");
	l->env = env;
	l->tcp_fd = l->unix_fd = -1;
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_t clock;
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&l->ended, &clock);
	pthread_condattr_destroy(&clock);
	if ((rc = bn_env_random(env, &l->lane_seed, sizeof l->lane_seed, err)) < 0)
		goto out;
	l->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (l->stop_fd < 0) {
		rc = bn_err_sys(err, BN_EIO, errno, "cannot wait for connections");
		goto out;
	}
	if ((rc = copy_options(l, options, err)) < 0)
		goto out;
	if ((rc = open_sockets(l, options, err)) < 0)
		goto out;
	rc = start_threads(l, err);
out:
	if (rc < 0)
		bn_listener_stop(l, 0);
	else
		*out = l;
	return rc;
}

int bn_listener_port(const bn_listener *l)
{
	return l->port;
}

static void enter_stage(bn_listener *l, bn_stage stage)
{
	atomic_store(&l->stage, stage);
	for (unsigned i = 0; l->loops && i < l->loop_count; i++)
		if (l->loops[i].wake_fd > 0)
			bn_loop_wake(&l->loops[i]);
}

static void stop_accepting(bn_listener *l)
{
	uint64_t one = 1;
	ssize_t n = write(l->stop_fd, &one, sizeof one);
	(void)n;
	if (l->accepting)
		pthread_join(l->acceptor, NULL);
	if (l->tcp_fd >= 0)
		close(l->tcp_fd); /* from here on no client can connect */
	if (l->unix_path)
		bn_socket_remove_unix(&l->unix_file, l->env, l->unix_path);
	if (l->unix_fd >= 0)
		close(l->unix_fd);
}

static void wait_for_loops(bn_listener *l, int grace_ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += grace_ms / 1000;
	until.tv_nsec += (long)(grace_ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&l->lock);
	while (l->running && pthread_cond_timedwait(&l->ended, &l->lock, &until) == 0)
		;
	pthread_mutex_unlock(&l->lock);
}

void bn_listener_stop(bn_listener *l, int grace_ms)
{
	if (!l)
		return;
	stop_accepting(l);
	enter_stage(l, BN_STAGE_DRAINS);
	wait_for_loops(l, grace_ms);
	enter_stage(l, BN_STAGE_CUTS);
	for (unsigned i = 0; l->loops && i < l->loop_count; i++) {
		if (l->loops[i].thread)
			pthread_join(l->loops[i].thread, NULL);
		bn_loop_release(&l->loops[i]);
	}
	if (l->stop_fd >= 0)
		close(l->stop_fd);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->ended);
	bn_peers_free(l->peers);
	bn_tls_free(l->tls);
	bn_free(l->loops);
	bn_free(l->unix_path);
	bn_free(l);
}

void bn_listener_get_stats(const bn_listener *l, bn_listener_stats *out)
{
	*out = (bn_listener_stats){.accepted = atomic_load(&l->accepted),
		.evicted = atomic_load(&l->evicted),
		.rejected = atomic_load(&l->rejected),
		.timed_out = atomic_load(&l->timed_out),
		.open = atomic_load(&l->open),
		.memory_bytes = atomic_load(&l->memory),
		.early_bytes = atomic_load(&l->early)};
	for (unsigned i = 0; i < l->loop_count; i++)
		out->requests += atomic_load(&l->loops[i].requests);
}
