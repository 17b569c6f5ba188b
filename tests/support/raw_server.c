/* raw_server.c - see raw_server.h. */
#include "tests/support/raw_server.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct raw_server {
	raw_server_options o;
	int listener, port;
	char url[64];
	pthread_t thread;
	bool joined;
	atomic_int stopping, connections;
	SSL_CTX *tls;
	char *received;
	size_t len, cap;
	char early[65536]; /* bytes after a head, read together with it */
	size_t early_len;
};

typedef struct peer {
	int fd;
	SSL *ssl;
} peer;

static void die(const char *what)
{
	fprintf(stderr, "raw_server: %s\n", what);
	abort();
}

static void keep(raw_server *s, const char *bytes, size_t n)
{
	if (s->len + n + 1 > s->cap) {
		s->cap = (s->len + n + 1) * 2;
		if (!(s->received = realloc(s->received, s->cap)))
			die("no memory");
	}
	memcpy(s->received + s->len, bytes, n);
	s->len += n;
	s->received[s->len] = '\0';
}

/* Up to n bytes; 0 if the client is gone, the server is stopping, or ms passed (-1: never). */
static size_t take(raw_server *s, peer *p, char *out, size_t n, int ms)
{
	if (s->early_len) {
		n = n < s->early_len ? n : s->early_len;
		memcpy(out, s->early, n);
		memmove(s->early, s->early + n, s->early_len -= n);
		return n;
	}
	for (int waited = 0; !atomic_load(&s->stopping) && (ms < 0 || waited < ms); waited += 20) {
		struct pollfd f = {p->fd, POLLIN, 0};
		if (!(p->ssl && SSL_pending(p->ssl)) && poll(&f, 1, 20) <= 0)
			continue;
		ssize_t got = p->ssl ? SSL_read(p->ssl, out, (int)n) : recv(p->fd, out, n, 0);
		return got > 0 ? (size_t)got : 0;
	}
	return 0;
}

static void read_head(raw_server *s, peer *p)
{
	char bytes[4096];
	size_t from = s->len, n;
	while ((n = take(s, p, bytes, sizeof bytes, -1))) {
		keep(s, bytes, n);
		char *end = strstr(s->received + from, "\r\n\r\n");
		if (!end)
			continue;
		size_t more = s->len - (size_t)(end + 4 - s->received);
		memmove(s->early + more, s->early, s->early_len); /* pushed back */
		memcpy(s->early, end + 4, more);
		s->early_len += more;
		s->len -= more;
		s->received[s->len] = '\0';
		return;
	}
}

static void read_bytes(raw_server *s, peer *p, size_t left, int ms)
{
	char bytes[16384];
	size_t n;
	while (left && (n = take(s, p, bytes, left < sizeof bytes ? left : sizeof bytes, ms))) {
		keep(s, bytes, n);
		left -= n;
	}
}

static void give(raw_server *s, peer *p, const char *bytes, size_t n)
{
	while (n && !atomic_load(&s->stopping)) {
		ssize_t sent = p->ssl ? SSL_write(p->ssl, bytes, (int)n)
				      : send(p->fd, bytes, n, MSG_NOSIGNAL);
		if (sent <= 0)
			return;
		bytes += sent;
		n -= (size_t)sent;
	}
}

static void fill(raw_server *s, peer *p, char c, size_t n)
{
	char block[8192];
	memset(block, c, sizeof block);
	for (; n && !atomic_load(&s->stopping); n -= n < sizeof block ? n : sizeof block)
		give(s, p, block, n < sizeof block ? n : sizeof block);
}

static void step(raw_server *s, peer *p, const raw_step *t)
{
	switch (t->op) {
	case RAW_HEAD:
		read_head(s, p);
		break;
	case RAW_READ:
		read_bytes(s, p, t->n, -1);
		break;
	case RAW_SEND:
		give(s, p, t->text, t->n ? t->n : strlen(t->text));
		break;
	case RAW_FILL:
		fill(s, p, t->text[0], t->n);
		break;
	case RAW_SLEEP:
		for (size_t ms = 0; ms < t->n && !atomic_load(&s->stopping); ms += 10)
			poll(NULL, 0, 10);
		break;
	case RAW_DRAIN:
		read_bytes(s, p, (size_t)-1, 200);
		break;
	case RAW_SHUT:
		shutdown(p->fd, SHUT_WR);
		break;
	case RAW_RESET:
		setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0},
			sizeof(struct linger));
		break;
	default:
		break;
	}
}

static void serve_one(raw_server *s, int fd, const raw_step *script)
{
	static const raw_step nothing = {RAW_END, NULL, 0};
	peer p = {fd, NULL};
	s->early_len = 0;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
	if (s->tls) {
		p.ssl = SSL_new(s->tls);
		SSL_set_fd(p.ssl, fd);
		if (SSL_accept(p.ssl) != 1)
			script = &nothing;
	}
	for (; script->op != RAW_END; script++) {
		step(s, &p, script);
		if (script->op == RAW_CLOSE || script->op == RAW_RESET)
			break;
	}
	SSL_free(p.ssl);
	close(fd);
}

static void *serve(void *user)
{
	raw_server *s = user;
	while (!atomic_load(&s->stopping)) {
		struct pollfd f = {s->listener, POLLIN, 0};
		if (s->o.backlog_only || poll(&f, 1, 20) <= 0) {
			if (s->o.backlog_only)
				poll(NULL, 0, 20);
			continue;
		}
		int fd = accept(s->listener, NULL, NULL);
		if (fd < 0)
			continue;
		size_t i = (size_t)atomic_fetch_add(&s->connections, 1);
		serve_one(s, fd, s->o.scripts[i < s->o.count ? i : s->o.count - 1]);
	}
	return NULL;
}

static void listen_tcp(raw_server *s)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t n = sizeof a;
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&a, sizeof a) ||
		listen(s->listener, 16) || getsockname(s->listener, (struct sockaddr *)&a, &n))
		die("cannot listen on the loopback");
	s->port = ntohs(a.sin_port);
}

static void listen_unix(raw_server *s)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	snprintf(a.sun_path, sizeof a.sun_path, "%s", s->o.unix_path);
	s->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&a, sizeof a) ||
		listen(s->listener, 16))
		die("cannot listen on a Unix socket");
}

raw_server *raw_server_start(const raw_server_options *options)
{
	raw_server *s = calloc(1, sizeof *s);
	if (!s)
		die("no memory");
	signal(SIGPIPE, SIG_IGN); /* libssl writes without MSG_NOSIGNAL */
	s->o = *options;
	keep(s, "", 0);
	if (s->o.unix_path)
		listen_unix(s);
	else
		listen_tcp(s);
	if (s->o.cert) {
		s->tls = SSL_CTX_new(TLS_server_method());
		if (!s->tls ||
			SSL_CTX_use_certificate_file(s->tls, s->o.cert, SSL_FILETYPE_PEM) != 1 ||
			SSL_CTX_use_PrivateKey_file(s->tls, s->o.key, SSL_FILETYPE_PEM) != 1)
			die("no TLS");
		if (s->o.client_ca) {
			SSL_CTX_load_verify_locations(s->tls, s->o.client_ca, NULL);
			SSL_CTX_set_verify(
				s->tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		}
	}
	snprintf(s->url, sizeof s->url, "http%s://127.0.0.1:%d", s->tls ? "s" : "",
		s->port ? s->port : 80);
	if (pthread_create(&s->thread, NULL, serve, s))
		die("no thread");
	return s;
}

int raw_server_port(const raw_server *s)
{
	return s->port;
}

const char *raw_server_url(const raw_server *s)
{
	return s->url;
}

int raw_server_connections(const raw_server *s)
{
	return atomic_load(&s->connections);
}

const char *raw_server_received(raw_server *s)
{
	atomic_store(&s->stopping, 1);
	if (!s->joined)
		pthread_join(s->thread, NULL);
	s->joined = true;
	return s->received;
}

void raw_server_free(raw_server *s)
{
	if (!s)
		return;
	raw_server_received(s);
	close(s->listener);
	SSL_CTX_free(s->tls);
	free(s->received);
	free(s);
}

/* ---- certificates --------------------------------------------------------------------------- */

static void add_extension(X509 *x, int nid, const char *value)
{
	X509V3_CTX c;
	X509V3_set_ctx(&c, x, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &c, nid, value);
	if (!e || !X509_add_ext(x, e, -1))
		die("no certificate extension");
	X509_EXTENSION_free(e);
}

void raw_certificate(const char *dir, const char *name, const char *host, char path_cert[300],
	char path_key[300])
{
	char alternative[300];
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	if (!key || !x)
		die("no key");
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
		(const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	snprintf(alternative, sizeof alternative, "%s:%s",
		strspn(host, "0123456789.") == strlen(host) ? "IP" : "DNS", host);
	add_extension(x, NID_subject_alt_name, alternative);
	add_extension(x, NID_basic_constraints, "critical,CA:TRUE");
	if (!X509_sign(x, key, EVP_sha256()))
		die("cannot sign");
	snprintf(path_cert, 300, "%s/%s.pem", dir, name);
	snprintf(path_key, 300, "%s/%s.key", dir, name);
	umask(077);
	FILE *f = fopen(path_cert, "w");
	if (!f || !PEM_write_X509(f, x) || fclose(f))
		die("cannot write a certificate");
	f = fopen(path_key, "w");
	if (!f || !PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) || fclose(f))
		die("cannot write a key");
	X509_free(x);
	EVP_PKEY_free(key);
}
