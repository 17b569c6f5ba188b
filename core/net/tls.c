/* tls.c - see _tls.h. Signals: writing to a socket that the peer has closed raises SIGPIPE, which the
 * listener's threads have blocked. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/net/_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <string.h>

#define MAX_PEM ((off_t)1 << 20)

struct bn_tls {
	SSL_CTX *ctx;
};

/* Limit of a ClientHello. Browsers send about 2 KB, and OpenSSL allocates 128 KiB as soon as a client claims
 * that size. */
#define MAX_HELLO ((size_t)16 << 10)

/* Position of the input in the handshake's records. */
typedef struct hello_watch {
	unsigned char record[5], message[4]; /* headers, as far as they have arrived */
	size_t record_len, message_len;
	size_t record_left, message_left; /* bytes of their bodies still to come */
	bool has_hello;                   /* one has started */
} hello_watch;

struct bn_tls_stream {
	SSL *ssl;
	bool wants_write;
	hello_watch watch;
};

/* Why OpenSSL failed; empties its error queue. */
static int explain(bn_err *err, const char *path, const char *what)
{
	unsigned long code = ERR_peek_last_error();
	const char *why = code ? ERR_reason_error_string(code) : NULL;
	bn_err_set(err, BN_EINVAL, "%s: %s%s%s", path, what, why ? ": " : "", why ? why : "");
	ERR_clear_error();
	return BN_EINVAL;
}

/* Checks that a file may be read as PEM: never a pipe, a device or an endless file. */
static int check_pem(const struct stat *st, const char *path, bn_err *err)
{
	if (!S_ISREG(st->st_mode)) {
		bn_err_set(err, BN_EINVAL, "'%s' is not a regular file", path);
		bn_err_hint(err, "give the PEM file itself, not a pipe, a device or a directory");
		return BN_EINVAL;
	}
	if (st->st_size > MAX_PEM) {
		bn_err_set(err, BN_EINVAL, "'%s' has %lld bytes, which is too large for a PEM file",
			path, (long long)st->st_size);
		bn_err_hint(err, "give the file with the certificates or the key: 1 MiB at most");
		return BN_EINVAL;
	}
	return 0;
}

/* Only its owner may access a key, and the owner must be the user of this process or root. */
static int check_secret(const struct stat *st, const bn_env *env, const char *path, bn_err *err)
{
	uid_t uid = env->uid(env);
	if (st->st_uid != uid && st->st_uid != 0) {
		bn_err_set(err, BN_EREFUSED, "the key '%s' belongs to another user (uid %u)", path,
			(unsigned)st->st_uid);
		bn_err_hint(err,
			"its owner can read it: use a key owned by you (uid %u) or by root",
			(unsigned)uid);
		return BN_EREFUSED;
	}
	if (st->st_mode & 077) {
		bn_err_set(err, BN_EREFUSED,
			"the key '%s' has mode %04o: others can read or write it", path,
			(unsigned)st->st_mode & 07777);
		bn_err_hint(err, "chmod 600 %s", path);
		return BN_EREFUSED;
	}
	return 0;
}

/* Checks the opened file itself, not the path, which may change meanwhile. */
static int read_pem(
	BIO **out, bool secret, const bn_env *env, const char *path, bn_buf *text, bn_err *err)
{
	int rc = 0;
	struct stat st;
	size_t size = 0;
	int fd = env->fs->open(env, NULL, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		return bn_err_sys(err, fd == -ENOENT || fd == -ENOTDIR ? BN_ENOTFOUND : BN_EIO, -fd,
			"cannot open '%s'", path);
	if ((rc = env->fs->fstat(env, fd, &st)) < 0) {
		rc = bn_err_sys(err, BN_EIO, -rc, "cannot look at '%s'", path);
		goto out;
	}
	if ((rc = check_pem(&st, path, err)) < 0)
		goto out;
	if (secret && (rc = check_secret(&st, env, path, err)) < 0)
		goto out;
	if (bn_buf_reserve(text, (size_t)st.st_size)) {
		rc = bn_err_nomem(err, path);
		goto out;
	}
	rc = bn_fs_read_at(env, fd, text->ptr, (size_t)st.st_size, 0, &size, path, err);
	text->len = size;
	if (rc < 0)
		goto out;
	*out = BIO_new_mem_buf(text->ptr, (int)size);
	rc = *out ? 0 : bn_err_nomem(err, "a certificate");
out:
	env->fs->close(env, fd);
	return rc;
}

static int use_certificates(bn_tls *t, const bn_env *env, const char *path, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	BIO *bio = NULL;
	X509 *x = NULL;
	int rc = read_pem(&bio, false, env, path, &text, err);
	if (rc < 0)
		goto out;
	x = PEM_read_bio_X509_AUX(bio, NULL, NULL, NULL);
	if (!x || SSL_CTX_use_certificate(t->ctx, x) != 1) {
		rc = explain(err, path, "not a certificate in PEM form");
		goto out;
	}
	X509 *next = NULL;
	while ((next = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		if (SSL_CTX_add0_chain_cert(t->ctx, next) != 1) {
			X509_free(next);
			rc = explain(err, path, "a certificate of the chain");
			goto out;
		}
	ERR_clear_error(); /* "no start line" is the end of the file */
out:
	X509_free(x);
	BIO_free(bio);
	bn_buf_release(&text);
	return rc;
}

static int no_password(char *to, int size, int writing, void *user)
{
	(void)to;
	(void)size;
	(void)writing;
	(void)user;
	return -1; /* never prompt on a terminal */
}

static int use_key(bn_tls *t, const bn_env *env, const char *path, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	BIO *bio = NULL;
	EVP_PKEY *key = NULL;
	int rc = read_pem(&bio, true, env, path, &text, err);
	if (rc < 0)
		goto out;
	key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	if (!key)
		rc = explain(err, path, "not a private key in PEM form without a password");
	else if (SSL_CTX_use_PrivateKey(t->ctx, key) != 1 || SSL_CTX_check_private_key(t->ctx) != 1)
		rc = explain(err, path, "not the key of the certificate");
out:
	if (text.len)
		OPENSSL_cleanse(text.ptr, text.len);
	EVP_PKEY_free(key);
	BIO_free(bio);
	bn_buf_release(&text);
	return rc;
}

/* Select HTTP/1.1 if the client offers a list; a client that does not list it is accepted
 * anyway. */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
	const unsigned char *in, unsigned in_len, void *user)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *chosen = NULL;
	(void)ssl;
	(void)user;
	if (SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, in, in_len) !=
		OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_NOACK;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

int bn_tls_new(
	bn_tls **out, const bn_env *env, const char *cert_path, const char *key_path, bn_err *err)
{
	int rc = 0;
	bn_tls *t = bn_alloc_zeroed(1, sizeof *t);
	if (t)
		t->ctx = SSL_CTX_new(TLS_server_method());
	if (!t || !t->ctx) {
		rc = bn_err_nomem(err, "TLS");
		goto out;
	}
	SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(t->ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
					    SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(t->ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
					 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* A read that yields no application data (a key update) must return: else SSL_read, and the thread,
	 * would loop as long as such records arrive. */
	SSL_CTX_clear_mode(t->ctx, SSL_MODE_AUTO_RETRY);
	SSL_CTX_set_alpn_select_cb(t->ctx, choose_protocol, NULL);
	if ((rc = use_certificates(t, env, cert_path, err)) < 0)
		goto out;
	rc = use_key(t, env, key_path, err);
out:
	if (rc < 0)
		bn_tls_free(t);
	else
		*out = t;
	return rc;
}

void bn_tls_free(bn_tls *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->ctx);
	bn_free(t);
}

/* ---- limiting the size of a ClientHello
 * --------------------------------------------------------------- */

typedef enum watched { WATCHED, WATCHED_ENOUGH, WATCHED_TOO_LARGE } watched;

/* The header of a record is complete. */
static watched look_at_record(hello_watch *w, bool is_1_3)
{
	enum { CHANGE_CIPHER_SPEC = 20, APPLICATION_DATA = 23, SSL_2 = 0x80 };
	w->record_len = 0;
	w->record_left = (size_t)w->record[3] << 8 | w->record[4];
	if (w->record[0] == CHANGE_CIPHER_SPEC && !w->has_hello)
		return WATCHED_TOO_LARGE; /* a handshake does not begin like this */
	/* Before 1.3 what follows is encrypted. In 1.3 it means nothing: a second hello may come. */
	if (w->record[0] == CHANGE_CIPHER_SPEC && !is_1_3)
		return WATCHED_ENOUGH;
	return w->record[0] == APPLICATION_DATA || w->record[0] & SSL_2 ? WATCHED_ENOUGH : WATCHED;
}

/* The header of a message is complete. */
static watched look_at_message(hello_watch *w)
{
	enum { CLIENT_HELLO = 1 };
	w->message_len = 0;
	w->message_left = (size_t)w->message[1] << 16 | (size_t)w->message[2] << 8 | w->message[3];
	if (w->message[0] != CLIENT_HELLO)
		return WATCHED_ENOUGH; /* OpenSSL has tighter limits for those */
	w->has_hello = true;
	return w->message_left > MAX_HELLO ? WATCHED_TOO_LARGE : WATCHED;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static watched look_at_bytes(hello_watch *w, const unsigned char *p, size_t n, bool is_1_3)
{
	enum { HANDSHAKE = 22 };
	watched found = WATCHED;
	for (size_t i = 0, step; i < n && found == WATCHED; i += step) {
		step = 1;
		if (!w->record_left) {
			w->record[w->record_len++] = p[i];
			if (w->record_len == sizeof w->record)
				found = look_at_record(w, is_1_3);
			continue;
		}
		if (w->record[0] == HANDSHAKE && !w->message_left) {
			w->message[w->message_len++] = p[i];
			if (w->message_len == sizeof w->message)
				found = look_at_message(w);
		} else {
			step = least(n - i, w->record_left);
			if (w->record[0] == HANDSHAKE)
				step = least(step, w->message_left);
			w->message_left -= w->record[0] == HANDSHAKE ? step : 0;
		}
		w->record_left -= step;
	}
	return found;
}

/* Checks bytes read from the socket before OpenSSL sees them. */
static long on_socket(BIO *bio, int what, const char *bytes, size_t len, int argi, long argl,
	int rc, size_t *done)
{
	bn_tls_stream *s = (void *)BIO_get_callback_arg(bio);
	(void)len;
	(void)argi;
	(void)argl;
	if (what != (BIO_CB_READ | BIO_CB_RETURN) || rc <= 0)
		return rc;
	watched found = look_at_bytes(&s->watch, (const unsigned char *)bytes, *done,
		SSL_version(s->ssl) == TLS1_3_VERSION);
	if (found != WATCHED)
		BIO_set_callback_ex(bio, NULL);
	return found == WATCHED_TOO_LARGE ? -1 : rc;
}

/* ---- one connection ------------------------------------------------------------------------- */

bn_tls_stream *bn_tls_accept(bn_tls *t, int fd)
{
	bn_tls_stream *s = bn_alloc_zeroed(1, sizeof *s);
	if (!s)
		return NULL;
	s->ssl = SSL_new(t->ctx);
	if (!s->ssl || SSL_set_fd(s->ssl, fd) != 1) {
		SSL_free(s->ssl);
		bn_free(s);
		return NULL;
	}
	BIO_set_callback_arg(SSL_get_rbio(s->ssl), (char *)s);
	BIO_set_callback_ex(SSL_get_rbio(s->ssl), on_socket);
	SSL_set_accept_state(s->ssl);
	return s;
}

void bn_tls_close(bn_tls_stream *s)
{
	if (!s)
		return;
	SSL_free(s->ssl);
	bn_free(s);
	ERR_clear_error();
}

/* Interprets a call that returned no bytes. */
static ssize_t outcome(bn_tls_stream *s, int rc)
{
	int why = SSL_get_error(s->ssl, rc);
	s->wants_write = why == SSL_ERROR_WANT_WRITE;
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		return BN_IO_AGAIN;
	ERR_clear_error();
	return why == SSL_ERROR_ZERO_RETURN ? BN_IO_END : BN_IO_BROKEN;
}

ssize_t bn_tls_handshake(bn_tls_stream *s)
{
	ERR_clear_error();
	int rc = SSL_do_handshake(s->ssl);
	if (rc == 1)
		return 1;
	ssize_t what = outcome(s, rc);
	return what == BN_IO_AGAIN ? what : BN_IO_BROKEN;
}

ssize_t bn_tls_read(bn_tls_stream *s, void *to, size_t n)
{
	ERR_clear_error();
	int rc = SSL_read(s->ssl, to, n < INT_MAX ? (int)n : INT_MAX);
	s->wants_write = false;
	return rc > 0 ? rc : outcome(s, rc);
}

ssize_t bn_tls_write(bn_tls_stream *s, const void *from, size_t n)
{
	ERR_clear_error();
	int rc = SSL_write(s->ssl, from, n < INT_MAX ? (int)n : INT_MAX);
	s->wants_write = false;
	if (rc > 0)
		return rc;
	ssize_t what = outcome(s, rc);
	return what == BN_IO_AGAIN ? what : BN_IO_BROKEN;
}

bool bn_tls_has_more(const bn_tls_stream *s)
{
	return SSL_has_pending(s->ssl);
}

bool bn_tls_wants_write(const bn_tls_stream *s)
{
	return s->wants_write;
}

void bn_tls_say_goodbye(bn_tls_stream *s)
{
	ERR_clear_error();
	if (SSL_is_init_finished(s->ssl))
		SSL_shutdown(s->ssl);
	ERR_clear_error();
}
