/* The listener on Unix sockets and with TLS: access control and confidentiality. */
#include "core/base/env.h"
#include "tests/support/listener_test.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- Unix sockets ----------------------------------------------------------------------------- */

static char unix_path[64];

static int dial_unix(void)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	strcpy(a.sun_path, unix_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct timeval wait = {20, 0};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
	if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	close(fd);
	return -1;
}

START_TEST(test_a_unix_socket_is_its_users_alone)
{
	char dir[] = "/tmp/bn-unix-XXXXXX", want[64];
	struct stat st;
	bn_err err = BN_ERR_INIT;
	bn_listener *second = NULL;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(unix_path, sizeof unix_path, "%s/sock", dir);
	umask(0);
	bn_listener_options o = {.unix_path = unix_path};
	start_with(o);
	ck_assert_int_eq(stat(unix_path, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 0600);
	int fd = dial_unix();
	put(fd, "GET /a HTTP/1.1\r\n" CLOSE "\r\n");
	snprintf(want, sizeof want, "GET /a 0 %d \n", (int)getuid());
	ck_assert_msg(strstr(all_of(fd), want) != NULL, "%s", want);
	o.handler = (bn_http_handler){.handle = on_request};
	ck_assert_int_eq(bn_listener_start(&second, bn_env_real(), &o, &err), BN_ECONFLICT);
	stop();
	ck_assert_int_eq(stat(unix_path, &st), -1);
	/* a stale socket is replaced, a file is not */
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	strcpy(at.sun_path, unix_path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	close(fd);
	start_with((bn_listener_options){.unix_path = unix_path});
	stop();
	close(open(unix_path, O_CREAT | O_WRONLY, 0600));
	bn_err_clear(&err);
	ck_assert_int_eq(bn_listener_start(&second, bn_env_real(), &o, &err), BN_ECONFLICT);
	ck_assert_int_eq(stat(unix_path, &st), 0);
	unlink(unix_path);
	rmdir(dir);
}
END_TEST

START_TEST(test_stopping_leaves_a_successor_its_socket)
{
	char dir[] = "/tmp/bn-unix-XXXXXX";
	struct stat st;
	bn_err err = BN_ERR_INIT;
	bn_listener *successor = NULL;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(unix_path, sizeof unix_path, "%s/sock", dir);
	bn_listener_options o = {
		.unix_path = unix_path, .handler = (bn_http_handler){.handle = on_request}};
	start_with((bn_listener_options){.unix_path = unix_path});
	unlink(unix_path);
	ck_assert_int_eq(bn_listener_start(&successor, bn_env_real(), &o, &err), 0);
	stop();
	int fd = dial_unix();
	ck_assert_int_ge(fd, 0);
	put(fd, "GET /a HTTP/1.1\r\n" CLOSE "\r\n");
	ck_assert_ptr_nonnull(strstr(all_of(fd), "GET /a 0"));
	bn_listener_stop(successor, 0);
	ck_assert_int_eq(stat(unix_path, &st), -1);
	rmdir(dir);
}
END_TEST

/* Needs root: with a mode that excludes other users, and with one that does not, when the listener checks the peer's
 * uid. */
START_TEST(test_other_users_of_a_unix_socket_are_hung_up_on)
{
	if (getuid() != 0)
		BN_TEST_SKIP("other users of a Unix socket: needs root");
	char dir[] = "/tmp/bn-unix-XXXXXX";
	ck_assert_ptr_nonnull(mkdtemp(dir));
	chmod(dir, 0755);
	snprintf(unix_path, sizeof unix_path, "%s/sock", dir);
	start_with((bn_listener_options){.unix_path = unix_path});
	for (int open_mode = 0; open_mode < 2; open_mode++) {
		int status;
		if (open_mode)
			chmod(unix_path, 0666);
		pid_t child = fork();
		if (child == 0) {
			if (setuid(12345))
				_exit(9);
			int fd = dial_unix();
			if (fd < 0)
				_exit(8);
			send(fd, "GET /a HTTP/1.1\r\n" CLOSE "\r\n", 47, MSG_NOSIGNAL);
			_exit(*all_of(fd) ? 7 : 0);
		}
		waitpid(child, &status, 0);
		ck_assert_int_eq(WIFEXITED(status) ? WEXITSTATUS(status) : -1, open_mode ? 0 : 8);
	}
	bn_listener_stats stats;
	bn_listener_get_stats(listener, &stats);
	ck_assert_uint_eq(stats.rejected, 1);
	stop();
	rmdir(dir);
}
END_TEST

/* ---- TLS -------------------------------------------------------------------------------------- */

static char tls_dir[] = "/tmp/bn-tls-XXXXXX";
static char cert[64], key[64], other_key[64];

static bool run(const char *fmt, ...)
{
	char command[600];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	return system(command) == 0;
}

static bool make_certificate(void)
{
	if (!mkdtemp(tls_dir))
		return false;
	snprintf(cert, sizeof cert, "%s/cert", tls_dir);
	snprintf(key, sizeof key, "%s/key", tls_dir);
	snprintf(other_key, sizeof other_key, "%s/other", tls_dir);
	umask(077);
	return run(
		"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "
		"%s -out %s -days 2 -subj /CN=localhost -addext "
		"subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null && openssl ecparam -genkey "
		"-name prime256v1 -noout -out %s 2>/dev/null",
		key, cert, other_key);
}

START_TEST(test_tls_answers_as_plain_http_does)
{
	NEED_LOOPBACK();
	if (!make_certificate())
		BN_TEST_SKIP("TLS: no openssl command");
	later_every = MIB;
	start_with((bn_listener_options){.tls_cert = cert, .tls_key = key});
	int port = bn_listener_port(listener);
	if (run("command -v curl >/dev/null")) {
		ck_assert(run("curl -sS --noproxy '*' --cacert %s https://localhost:%d/a "
			      "https://localhost:%d/b >%s/out && grep -q 'GET /b 0' %s/out",
			cert, port, port, tls_dir, tls_dir));
		ck_assert(run("head -c 3000000 /dev/zero >%s/big && curl -sS --noproxy '*' "
			      "--cacert %s -T "
			      "%s/big https://localhost:%d/upload | grep -q 'PUT /upload 3000000'",
			tls_dir, cert, tls_dir, port));
		ck_assert(run("[ $(curl -sS --noproxy '*' --cacert %s https://localhost:%d/zeros | "
			      "wc -c) "
			      "= 50000000 ]",
			cert, port));
		ck_assert(run(
			"curl -sS --noproxy '*' --cacert %s https://localhost:%d/count/2000?slow | "
			"tail -n 1 | grep -qx 1999",
			cert, port));
		/* a refusal while the client is sending */
		ck_assert(run(
			"[ $(curl -sS --noproxy '*' --cacert %s -o /dev/null -w '%%{http_code}' -T "
			"%s/big https://localhost:%d/refuse) = 401 ]",
			cert, tls_dir, port));
		ck_assert(!run("curl -sS --noproxy '*' --cacert %s --tls-max 1.1 "
			       "https://localhost:%d/a 2>/dev/null",
			cert, port));
	}
	ck_assert(run("printf 'GET /a HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n' | "
		      "timeout 20 "
		      "openssl s_client -connect 127.0.0.1:%d -quiet -alpn h2,http/1.1 2>/dev/null "
		      "| grep "
		      "-q 'GET /a '",
		port));
	/* all requests in one TLS record are answered, although no further event arrives */
	ck_assert(run(
		"(for i in $(seq 300); do printf 'GET /p HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n'; done; "
		"printf 'GET /a HTTP/1.1\\r\\nHost: h\\r\\nConnection: close\\r\\n\\r\\n') | "
		"timeout 20 openssl s_client -connect 127.0.0.1:%d -quiet 2>/dev/null | "
		"grep -c 'GET /p ' | grep -qx 300",
		port));
	/* plain HTTP, garbage and silent clients do no harm */
	int silent = dial();
	ck_assert_ptr_null(strstr(ask("GET /a HTTP/1.1\r\n" CLOSE "\r\n"), "200 OK"));
	close(silent);
	stop();
	run("rm -r %s", tls_dir);
}
END_TEST

/* The first bytes of a TLS client. */
static size_t client_hello(char *out, size_t size)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	BIO *in = BIO_new(BIO_s_mem()), *sent = BIO_new(BIO_s_mem());
	SSL_set_bio(ssl, in, sent);
	SSL_set_connect_state(ssl);
	SSL_do_handshake(ssl);
	int n = BIO_read(sent, out, (int)size);
	ck_assert_int_gt(n, 0);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return (size_t)n;
}

static void start_both(void)
{
	snprintf(unix_path, sizeof unix_path, "%s/sock", tls_dir);
	start_with((bn_listener_options){.host = "127.0.0.1",
		.unix_path = unix_path,
		.tls_cert = cert,
		.tls_key = key,
		.threads = 1});
}

/* Checks that the listener closes the connection after these bytes, sent at_once at a time. */
static void is_hung_up_on(const unsigned char *bytes, size_t n, size_t at_once)
{
	char byte;
	int fd = dial();
	for (size_t i = 0, step; i < n; i += step) {
		step = n - i < at_once ? n - i : at_once;
		if (send(fd, bytes + i, step, MSG_NOSIGNAL) < 0)
			break; /* closed already */
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	}
	ssize_t got;
	while ((got = recv(fd, &byte, 1, 0)) > 0)
		; /* an alert may precede it */
	ck_assert_msg(got == 0 || (got < 0 && errno == ECONNRESET), "%zd: it waits for more", got);
	close(fd);
}

/* A client without a token must not make the server allocate much memory by a few bytes. */
START_TEST(test_a_hello_that_says_it_is_huge_gets_no_memory)
{
	NEED_LOOPBACK();
	static const unsigned char huge[] = {22, 3, 1, 0, 10, 1, 1, 0xff, 0, 3, 3, 0, 0, 0, 0};
	static const unsigned char apart[] = {
		22, 3, 1, 0, 1, 1, 21, 3, 1, 0, 2, 1, 90, 22, 3, 1, 0, 6, 1, 0xff, 0, 3, 3, 0};
	static const unsigned char changed[] = {
		20, 3, 1, 0, 1, 1, 22, 3, 1, 0, 10, 1, 1, 0xff, 0, 3, 3, 0, 0, 0, 0};
	if (!make_certificate())
		BN_TEST_SKIP("TLS: no openssl command");
	start_with((bn_listener_options){
		.tls_cert = cert, .tls_key = key, .limits = {.head_ms = 60000}});
	is_hung_up_on(huge, sizeof huge, sizeof huge);
	is_hung_up_on(huge, sizeof huge, 1);
	is_hung_up_on(apart, sizeof apart, sizeof apart);
	is_hung_up_on(changed, sizeof changed, sizeof changed);
	/* a large ClientHello is accepted, in both versions */
	char *protocols = calloc(1, 12001);
	for (int i = 0; i < 60; i++)
		snprintf(protocols + 200 * i, 201, "%c%0199d", 199, i);
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
		SSL_CTX_set_max_proto_version(ctx, version);
		SSL_CTX_set_alpn_protos(ctx, (unsigned char *)protocols, 12000);
		SSL *ssl = SSL_new(ctx);
		int fd = dial();
		SSL_set_fd(ssl, fd);
		ck_assert_int_eq(SSL_connect(ssl), 1);
		SSL_free(ssl);
		close(fd);
		SSL_CTX_free(ctx);
	}
	free(protocols);
	stop();
	run("rm -r %s", tls_dir);
}
END_TEST

/* Endless records that are not part of a request must not occupy the thread. */
START_TEST(test_a_request_is_answered_between_new_keys)
{
	NEED_LOOPBACK();
	enum { KEYS = 1000 };
	static const char request[] = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";
	char answer[400], byte;
	if (!make_certificate())
		BN_TEST_SKIP("TLS: no openssl command");
	start_both();
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	int tls = dial(), first = dial_unix(), second = dial_unix();
	SSL_set_fd(ssl, tls);
	ck_assert_int_eq(SSL_connect(ssl), 1);
	ck_assert_int_eq(SSL_write(ssl, request, sizeof request - 1), (int)sizeof request - 1);
	ck_assert_int_gt(SSL_read(ssl, answer, sizeof answer), 0); /* tickets come first */
	hold_thread(first);
	for (int i = 0; i < KEYS; i++) {
		ck_assert_int_eq(SSL_key_update(ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		ck_assert_int_eq(SSL_do_handshake(ssl), 1);
	}
	ck_assert_int_eq(SSL_write(ssl, request, sizeof request - 1), (int)sizeof request - 1);
	put(second, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
	let_go(first);
	pthread_mutex_lock(&gate);
	while (!is_held)
		pthread_cond_wait(&moved, &gate);
	pthread_mutex_unlock(&gate);
	ck_assert_msg(
		recv(tls, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0, "%d new keys came first", KEYS);
	let_go(second);
	ck_assert_int_gt(SSL_read(ssl, answer, sizeof answer), 0);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	close(tls);
	close(first);
	close(second);
	stop();
	run("rm -r %s", tls_dir);
}
END_TEST

START_TEST(test_who_has_hung_up_gets_no_handshake)
{
	NEED_LOOPBACK();
	if (!make_certificate())
		BN_TEST_SKIP("TLS: no openssl command");
	char hello[4096], byte;
	size_t n = client_hello(hello, sizeof hello);
	start_both();
	int busy = dial_unix(), gone = dial(), stays = dial();
	wait_for_accepted(3);
	hold_thread(busy);
	ck_assert_int_eq(send(gone, hello, n, MSG_NOSIGNAL), (ssize_t)n);
	ck_assert_int_eq(send(stays, hello, n, MSG_NOSIGNAL), (ssize_t)n);
	shutdown(gone, SHUT_WR);
	let_go(busy);
	ck_assert_int_le(recv(gone, &byte, 1, 0), 0);
	ck_assert_int_eq(recv(stays, &byte, 1, 0), 1);
	close(gone);
	close(stays);
	close(busy);
	stop();
	run("rm -r %s", tls_dir);
}
END_TEST

/* The thread is held again by a request that arrived after all handshakes. */
START_TEST(test_a_request_is_answered_between_handshakes)
{
	NEED_LOOPBACK();
	enum { SHAKING = 60 };
	if (!make_certificate())
		BN_TEST_SKIP("TLS: no openssl command");
	char hello[4096], byte;
	int fds[SHAKING], answered = 0;
	size_t n = client_hello(hello, sizeof hello);
	start_both();
	int first = dial_unix(), second = dial_unix();
	for (int i = 0; i < SHAKING; i++)
		fds[i] = dial();
	wait_for_accepted(2 + SHAKING);
	hold_thread(first);
	for (int i = 0; i < SHAKING; i++)
		ck_assert_int_eq(send(fds[i], hello, n, MSG_NOSIGNAL), (ssize_t)n);
	put(second, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
	let_go(first);
	pthread_mutex_lock(&gate);
	while (!is_held)
		pthread_cond_wait(&moved, &gate);
	pthread_mutex_unlock(&gate);
	for (int i = 0; i < SHAKING; i++)
		answered += recv(fds[i], &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 1;
	ck_assert_msg(answered <= 10, "%d handshakes came first", answered);
	let_go(second);
	for (int i = 0; i < SHAKING; i++) { /* all handshakes continue */
		ck_assert_int_eq(recv(fds[i], &byte, 1, 0), 1);
		close(fds[i]);
	}
	close(first);
	close(second);
	stop();
	run("rm -r %s", tls_dir);
}
END_TEST

static void wait_until_held(void)
{
	pthread_mutex_lock(&gate);
	while (!is_held)
		pthread_cond_wait(&moved, &gate);
	pthread_mutex_unlock(&gate);
}

/* The thread is held repeatedly, with steps of handshakes in between. Some honest clients may share a queue with the
 * crowd, or with each other. */
START_TEST(test_a_crowd_that_shakes_hands_waits_for_itself)
{
	NEED_LOOPBACK();
	enum { SHAKING = 60, HONEST = 8, HOLDS = 64 };
	static const char holds[] = "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n";
	if (!make_certificate())
		BN_TEST_SKIP("TLS: no openssl command");
	char hello[4096], byte;
	int fds[SHAKING + HONEST], answered = 0, honest = 0;
	size_t n = client_hello(hello, sizeof hello);
	start_both();
	int first = dial_unix(), second = dial_unix();
	for (int i = 0; i < SHAKING + HONEST; i++) /* the honest clients have other addresses */
		fds[i] = dial_from(
			INADDR_LOOPBACK + (i < SHAKING ? 1 : 2 + (in_addr_t)(i - SHAKING)));
	wait_for_accepted(2 + SHAKING + HONEST);
	hold_thread(first);
	for (int i = 0; i < SHAKING + HONEST; i++)
		ck_assert_int_eq(send(fds[i], hello, n, MSG_NOSIGNAL), (ssize_t)n);
	for (int i = 0; i < HOLDS; i++)
		put(second, holds);
	let_go(first);
	for (int i = 1; i < HOLDS; i++) {
		wait_until_held();
		let_go(second);
	}
	wait_until_held();
	for (int i = 0; i < SHAKING; i++)
		answered += recv(fds[i], &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 1;
	for (int i = SHAKING; i < SHAKING + HONEST; i++)
		honest += recv(fds[i], &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 1;
	ck_assert_msg(honest >= 5 && answered < SHAKING / 2, "%d of %d, behind %d of the crowd",
		honest, HONEST, answered);
	let_go(second);
	for (int i = 0; i < SHAKING + HONEST; i++) { /* all handshakes continue */
		ck_assert_int_eq(recv(fds[i], &byte, 1, 0), 1);
		close(fds[i]);
	}
	close(first);
	close(second);
	stop();
	run("rm -r %s", tls_dir);
}
END_TEST

START_TEST(test_a_key_must_be_secret_and_fit)
{
	NEED_LOOPBACK();
	if (!make_certificate())
		BN_TEST_SKIP("TLS: no openssl command");
	bn_err err = BN_ERR_INIT;
	bn_listener_options o = {.host = "127.0.0.1",
		.tls_cert = cert,
		.tls_key = key,
		.handler = {.handle = on_request}};
	chmod(key, 0640);
	ck_assert_int_eq(bn_listener_start(&listener, bn_env_real(), &o, &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.hint, "chmod 600"));
	chmod(key, 0600);
	bn_err_clear(&err);
	o.tls_key = other_key;
	ck_assert_int_eq(bn_listener_start(&listener, bn_env_real(), &o, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "not the key"));
	bn_err_clear(&err);
	o.tls_key = cert;
	ck_assert_int_eq(bn_listener_start(&listener, bn_env_real(), &o, &err), BN_EINVAL);
	bn_err_clear(&err);
	o.tls_key = key;
	o.tls_cert = key;
	ck_assert_int_eq(bn_listener_start(&listener, bn_env_real(), &o, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "not a certificate"));
	bn_err_clear(&err);
	o.tls_cert = "/nowhere/cert";
	ck_assert_int_eq(bn_listener_start(&listener, bn_env_real(), &o, &err), BN_ENOTFOUND);
	bn_err_clear(&err);
	o.tls_cert = NULL;
	ck_assert_int_eq(bn_listener_start(&listener, bn_env_real(), &o, &err), BN_EINVAL);
	o.tls_cert = cert;
	/* devices, pipes, large files and files of other users */
	bn_err_clear(&err);
	o.tls_key = "/dev/zero";
	ck_assert_int_eq(bn_listener_start(&listener, bn_env_real(), &o, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "/dev/zero' is not a regular file"));
	bn_err_clear(&err);
	o.tls_key = other_key;
	unlink(other_key);
	ck_assert_int_eq(mkfifo(other_key, 0600), 0);
	ck_assert_int_eq(bn_listener_start(&listener, bn_env_real(), &o, &err), BN_EINVAL);
	bn_err_clear(&err);
	o.tls_cert = other_key;
	ck_assert_int_eq(bn_listener_start(&listener, bn_env_real(), &o, &err), BN_EINVAL);
	o.tls_cert = cert;
	unlink(other_key);
	run("cp %s %s && truncate -s 2M %s && chmod 600 %s", key, other_key, other_key, other_key);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_listener_start(&listener, bn_env_real(), &o, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "2097152 bytes"));
	if (getuid() == 0) {
		run("cp %s %s && chmod 600 %s && chown 12345 %s", key, other_key, other_key,
			other_key);
		bn_err_clear(&err);
		ck_assert_int_eq(
			bn_listener_start(&listener, bn_env_real(), &o, &err), BN_EREFUSED);
		ck_assert_ptr_nonnull(strstr(err.msg, "uid 12345"));
	}
	bn_err_clear(&err);
	run("rm -r %s", tls_dir);
}
END_TEST

BN_TEST_MAIN("core/net/listener_secure", test_a_unix_socket_is_its_users_alone,
	test_stopping_leaves_a_successor_its_socket,
	test_other_users_of_a_unix_socket_are_hung_up_on, test_tls_answers_as_plain_http_does,
	test_a_hello_that_says_it_is_huge_gets_no_memory,
	test_a_request_is_answered_between_new_keys, test_who_has_hung_up_gets_no_handshake,
	test_a_request_is_answered_between_handshakes,
	test_a_crowd_that_shakes_hands_waits_for_itself, test_a_key_must_be_secret_and_fit)
