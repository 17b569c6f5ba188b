/* attempt.c - one exchange over libcurl: see _client.h. */
#include "core/net/_client.h"

#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_MS 10000
#define IDLE_MS 30000
#define ANNOUNCED_BYTES (1 << 20)
#define AGREE_MS 1000 /* how long an announced body waits for the server's 100 Continue */
#define ASK_MS 5000   /* the same when only the reply to Expect is needed */
#define SHOW_NS 100000000

/* ---- the request's body --------------------------------------------------------------------- */

static ssize_t read_file(bn_http_attempt *a, void *out, size_t size)
{
	const bn_http_upload *body = &a->call->body;
	size_t got = 0;
	uint64_t left = (uint64_t)body->length - a->sent;
	size = size < left ? size : (size_t)left;
	int rc = bn_fs_read_at(a->client->env, body->fd, out, size, (off_t)(body->offset + a->sent),
		&got, "the file to send", &a->why);
	if (rc < 0)
		return rc;
	if (got < size)
		return bn_err_set(
			&a->why, BN_EIO, "%s: the file being sent was truncated", a->label);
	return (ssize_t)got;
}

static ssize_t next_piece(bn_http_attempt *a, void *out, size_t size)
{
	const bn_http_upload *body = &a->call->body;
	if (body->kind == BN_HTTP_FILE)
		return read_file(a, out, size);
	if (body->kind == BN_HTTP_READ)
		return body->read(body->user, out, size, &a->why);
	size_t left = (size_t)body->length - (size_t)a->sent;
	size = size < left ? size : left;
	memcpy(out, (const char *)body->bytes + a->sent, size);
	return (ssize_t)size;
}

static size_t give_body(char *out, size_t size, size_t count, void *user)
{
	bn_http_attempt *a = user;
	if (!a->sent)
		bn_buf_clear(
			&a->late); /* it came from a kept connection that was closed; this is a new one */
	a->body_begun = true;
	if (a->ask_only)
		return CURL_READFUNC_ABORT;
	ssize_t n = next_piece(a, out, size * count);
	if (n < 0) {
		bn_err_set(&a->why, (int)n, "%s: the body to send cannot be read", a->label);
		return CURL_READFUNC_ABORT;
	}
	a->sent += (uint64_t)n;
	return (size_t)n;
}

static bool rewind_body(bn_http_attempt *a)
{
	const bn_http_upload *body = &a->call->body;
	if (body->kind == BN_HTTP_READ && (!body->rewind || body->rewind(body->user, &a->why) < 0))
		return false;
	a->sent = 0;
	return true;
}

static int seek_body(void *user, curl_off_t offset, int origin)
{
	return !offset && origin == SEEK_SET && rewind_body(user) ? CURL_SEEKFUNC_OK
								  : CURL_SEEKFUNC_FAIL;
}

/* Discards what an exchange has received so far. */
static void start_over(bn_http_attempt *a)
{
	bn_buf_clear(&a->answer->body);
	bn_buf_clear(&a->answer->headers);
	bn_buf_clear(&a->late);
	a->answer->untrusted = false;
	a->answer->body_bytes = a->call->to.kind == BN_HTTP_TO_FILE ? a->have : 0;
	a->status = 0;
	a->head_done = a->reading_body = a->body_begun = a->dropped = false;
	a->head_bytes = a->lengths = a->encodings = 0;
}

/* ---- checking who listens on a Unix socket
 * ----------------------------------------------------------- */

static curl_socket_t open_unix(void *user, curlsocktype purpose, struct curl_sockaddr *at)
{
	bn_http_client *c = user;
	(void)purpose;
	c->unix_fd = socket(at->family, at->socktype | SOCK_CLOEXEC, at->protocol);
	return c->unix_fd < 0 ? CURL_SOCKET_BAD : c->unix_fd;
}

static curl_socket_t open_allowed(void *user, curlsocktype purpose, struct curl_sockaddr *at)
{
	bn_http_client *c = user;
	(void)purpose;
	if (!c->may_connect(c->connect_user, &at->addr, at->addrlen)) {
		c->refused = true;
		return CURL_SOCKET_BAD;
	}
	int fd = socket(at->family, at->socktype | SOCK_CLOEXEC, at->protocol);
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* In a shared directory anyone may create a socket: ask the kernel who listens before sending
 * anything. */
static bool is_ours(bn_http_attempt *a)
{
	bn_http_client *c = a->client;
	struct ucred who;
	socklen_t size = sizeof who;
	if (c->unix_fd < 0)
		return true; /* TCP, or a connection that was already checked */
	int fd = c->unix_fd;
	c->unix_fd = -1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size)) {
		bn_err_set(&a->why, BN_EREFUSED, "%s: cannot tell who listens there", a->label);
		return false;
	}
	if (who.uid == 0 || who.uid == c->env->uid(c->env))
		return true;
	bn_err_set(&a->why, BN_EREFUSED, "%s: the socket belongs to another user (uid %u)",
		a->label, (unsigned)who.uid);
	bn_err_hint(&a->why, "a server for several users listens on TCP: http://HOST:PORT");
	return false;
}

/* Called when libcurl is about to send the request. It resends on its own if a kept connection was
 * closed before a response came. */
static int before_request(void *user, char *ip, char *local_ip, int port, int local_port)
{
	bn_http_attempt *a = user;
	(void)ip;
	(void)local_ip;
	(void)port;
	(void)local_port;
	if (!is_ours(a))
		return CURL_PREREQFUNC_ABORT;
	if (!a->sends++)
		return CURL_PREREQFUNC_OK;
	if (!a->repeatable || (a->sent && !rewind_body(a))) {
		a->not_twice = true;
		return CURL_PREREQFUNC_ABORT;
	}
	start_over(a);
	return CURL_PREREQFUNC_OK;
}

static int close_socket(void *user, curl_socket_t fd)
{
	bn_http_client *c = user;
	bn_http_attempt *a = c->running;
	if (fd == c->unix_fd)
		c->unix_fd = -1;
	if (a && a->body_begun && !a->head_done && !bn_http_url_is_https(a->url))
		bn_http_late_take(a, fd);
	return close(fd);
}

/* ---- progress and deadlines ----------------------------------------------------------------- */

static int on_progress(
	void *user, curl_off_t to_get, curl_off_t got, curl_off_t to_send, curl_off_t sent)
{
	bn_http_attempt *a = user;
	bn_http_progress *p = &a->progress;
	if (p->received != (uint64_t)got || p->sent != (uint64_t)sent)
		a->active_ns = bn_env_monotonic_ns(a->client->env);
	*p = (bn_http_progress){(uint64_t)sent, (uint64_t)got, to_send > 0 ? to_send : -1,
		to_get > 0 ? to_get : -1};
	return 0;
}

bool bn_http_attempt_goes_on(bn_http_attempt *a)
{
	int64_t now = bn_env_monotonic_ns(a->client->env);
	if (!a->call->progress || (a->shown_ns && now - a->shown_ns < SHOW_NS))
		return true;
	a->shown_ns = now;
	return a->call->progress(a->call->progress_user, &a->progress);
}

static int idle_ms(const bn_http_call *call)
{
	return call->idle_ms ? call->idle_ms : IDLE_MS;
}

/* The longest time to sleep; *stop tells whether the exchange must end. */
static int look_at_clock(bn_http_attempt *a, bn_http_stop *stop)
{
	int64_t now = bn_env_monotonic_ns(a->client->env), wait = a->call->progress ? 100 : 1000;
	int64_t idle = idle_ms(a->call), left;
	*stop = BN_HTTP_GO_ON;
	if (!bn_http_attempt_goes_on(a))
		*stop = BN_HTTP_CANCELLED;
	if (idle > 0) {
		left = idle - (now - a->active_ns) / 1000000;
		wait = left < wait ? left : wait;
		if (left <= 0)
			*stop = BN_HTTP_IDLE;
	}
	if (a->deadline_ns) {
		left = (a->deadline_ns - now) / 1000000 + 1;
		wait = left < wait ? left : wait;
		if (now >= a->deadline_ns)
			*stop = BN_HTTP_OVERDUE;
	}
	return wait > 0 ? (int)wait : 0;
}

/* Runs the exchange to its end, or until *stop. */
static CURLcode drive(bn_http_attempt *a, bn_http_stop *stop)
{
	bn_http_client *h = a->client;
	CURLcode code = CURLE_OK;
	CURLMcode m = curl_multi_add_handle(h->multi, h->curl);
	int running = 1, left;
	h->running = a;
	while (!m && !*stop) {
		m = curl_multi_perform(h->multi, &running);
		if (m || !running)
			break;
		int wait = look_at_clock(a, stop);
		if (!*stop)
			m = curl_multi_poll(h->multi, NULL, 0, wait, NULL);
	}
	for (CURLMsg *msg; (msg = curl_multi_info_read(h->multi, &left));)
		if (msg->msg == CURLMSG_DONE)
			code = msg->data.result;
	curl_multi_remove_handle(h->multi, h->curl);
	h->running = NULL;
	return m ? CURLE_OUT_OF_MEMORY : code;
}

/* ---- assembling the request
 * -------------------------------------------------------------------- */

static bool add_header(struct curl_slist **list, const char *line)
{
	struct curl_slist *next = curl_slist_append(*list, line);
	if (next)
		*list = next;
	return next != NULL;
}

/* For libcurl "Name:" removes a header, and "Name;" is a header without a value. */
static bool add_given(struct curl_slist **list, const char *line)
{
	const char *colon = strchr(line, ':');
	if (!colon || colon[1 + strspn(colon + 1, " \t")])
		return add_header(list, line);
	char *empty = bn_strf("%.*s;", (int)(colon - line), line);
	bool ok = empty && add_header(list, empty);
	bn_free(empty);
	return ok;
}

static bool add_range(struct curl_slist **list, const bn_http_attempt *a)
{
	const bn_http_download *to = &a->call->to;
	char line[96];
	if (to->kind == BN_HTTP_TO_FILE && a->have) {
		char *tag = a->tag ? bn_strf("If-Range: %s", a->tag) : NULL;
		bool ok = !a->tag || (tag && add_header(list, tag));
		bn_free(tag);
		snprintf(line, sizeof line, "Range: bytes=%llu-", (unsigned long long)a->have);
		return ok && add_header(list, line);
	}
	if (to->kind == BN_HTTP_TO_FILE || !to->count)
		return true;
	snprintf(line, sizeof line, "Range: bytes=%llu-%llu", (unsigned long long)to->first,
		(unsigned long long)(to->first + to->count - 1));
	return add_header(list, line);
}

static bool is_announced(const bn_http_attempt *a)
{
	const bn_http_upload *body = &a->call->body;
	if (a->no_announcing)
		return false;
	return a->ask_only ||
	       (a->with_body && (body->length < 0 || body->length > ANNOUNCED_BYTES));
}

static int make_headers(struct curl_slist **list, const bn_http_attempt *a, bn_err *err)
{
	bool typed = false, ok = true;
	for (const char *const *h = a->headers; h && *h && ok; h++) {
		typed |= !strncasecmp(*h, "content-type:", 13);
		ok = add_given(list, *h);
	}
	ok = ok && add_range(list, a) &&
	     add_header(list, is_announced(a) ? "Expect: 100-continue" : "Expect:");
	if (a->with_body && a->call->body.length && !typed)
		ok = ok && add_header(list, "Content-Type: application/json");
	return ok ? 0 : bn_err_nomem(err, "HTTP headers");
}

static void set_body(bn_http_attempt *a, CURL *c)
{
	const bn_http_upload *body = &a->call->body;
	bool sends = a->with_body || !strcmp(a->method, "POST") || !strcmp(a->method, "PUT") ||
		     !strcmp(a->method, "PATCH"); /* these say Content-Length: 0 */
	if (!strcmp(a->method, "HEAD")) {
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
		return;
	}
	if (sends) {
		curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(
			c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)(a->with_body ? body->length : 0));
		curl_easy_setopt(c, CURLOPT_READFUNCTION, give_body);
		curl_easy_setopt(c, CURLOPT_READDATA, a);
		curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, seek_body);
		curl_easy_setopt(c, CURLOPT_SEEKDATA, a);
		curl_easy_setopt(
			c, CURLOPT_EXPECT_100_TIMEOUT_MS, (long)(a->ask_only ? ASK_MS : AGREE_MS));
	}
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, a->method);
	/* A body that can be read only once gets a new connection, which the server cannot have
	 * closed yet. */
	bool once = a->with_body && body->kind == BN_HTTP_READ && (!a->repeatable || !body->rewind);
	if (once || a->ask_only)
		curl_easy_setopt(c, CURLOPT_FRESH_CONNECT, 1L);
}

static void set_security(const bn_http_client *h, CURL *c)
{
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	if (h->ca_file) {
		curl_easy_setopt(c, CURLOPT_CAINFO, h->ca_file);
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
	curl_easy_setopt(c, CURLOPT_SSLCERT, h->cert_file);
	curl_easy_setopt(c, CURLOPT_SSLKEY, h->key_file);
	if (!h->use_proxy_variables)
		curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(
		c, CURLOPT_NETRC, (long)(h->use_netrc ? CURL_NETRC_OPTIONAL : CURL_NETRC_IGNORED));
}

static void set_options(bn_http_attempt *a, struct curl_slist *list)
{
	bn_http_client *h = a->client;
	CURL *c = h->curl;
	int connect_ms = a->call->connect_ms > 0 ? a->call->connect_ms : CONNECT_MS;
	curl_easy_reset(c); /* keeps connections */
	h->text[0] = '\0';
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, bn_http_attempt_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, a);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, bn_http_attempt_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, a);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, h->text);
	curl_easy_setopt(c, CURLOPT_URL, a->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L); /* send exactly what was signed */
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "binnacle/" BN_VERSION);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(c, CURLOPT_XFERINFODATA, a);
	curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, before_request);
	curl_easy_setopt(c, CURLOPT_PREREQDATA, a);
	curl_easy_setopt(c, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	curl_easy_setopt(c, CURLOPT_CLOSESOCKETDATA, h);
	if (h->unix_socket) {
		curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, h->unix_socket);
		curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_unix);
		curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, h);
	} else if (h->may_connect) {
		curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_allowed);
		curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, h);
	}
	set_security(h, c);
	set_body(a, c);
}

/* ---- what went wrong ------------------------------------------------------------------------ */

static int explain_stop(bn_http_attempt *a, bn_http_stop stop, bn_err *err)
{
	int idle = idle_ms(a->call);
	switch (stop) {
	case BN_HTTP_CANCELLED:
		return bn_err_set(err, BN_EINTR, "%s: cancelled", a->label);
	case BN_HTTP_OVERDUE:
		return bn_err_set(err, BN_EIO, "%s: not finished within %.1f s", a->label,
			a->call->whole_ms / 1000.0);
	default:
		a->again = true;
		return bn_err_set(err, BN_EIO, "%s: the server was silent for %.1f s", a->label,
			idle / 1000.0);
	}
}

static int explain(bn_http_attempt *a, CURLcode code, bn_err *err)
{
	const char *text = a->client->text[0] ? a->client->text : curl_easy_strerror(code);
	const char *hint = NULL;
	if (a->not_twice || code == CURLE_SEND_FAIL_REWIND)
		return bn_err_set(err, BN_EIO,
			"%s: the connection was closed before an answer came, and the request may "
			"not be sent twice",
			a->label);
	switch (code) {
	case CURLE_OUT_OF_MEMORY:
		if (!a->status || a->head_done)
			return bn_err_nomem(err, "an HTTP exchange");
		text = "a header line of the answer is too long";
		break;
	case CURLE_SEND_FAIL_REWIND:
		text = "the connection was closed before an answer came, and the request may not "
		       "be "
		       "sent twice";
		break;
	case CURLE_COULDNT_CONNECT:
		if (a->client->refused)
			return bn_err_set(err, BN_EREFUSED,
				"%s: it leads to an address that may not be connected to",
				a->label);
		a->again = true;
		hint = "is the server running, and are host and port right?";
		if (a->client->unix_socket) {
			text = "nothing listens there, or the socket belongs to another user";
			hint = "is the server running, and is that the path of its socket?";
		}
		break;
	case CURLE_COULDNT_RESOLVE_HOST:
		a->again = true;
		hint = "is the host name right, and does this node have network access?";
		break;
	case CURLE_SSL_CONNECT_ERROR:
		if (strstr(text, "wrong version number"))
			hint = "the server does not use TLS: is it an http:// address?";
		break;
	case CURLE_SSL_CACERT_BADFILE:
		hint = "a CA file holds certificates in PEM form (-----BEGIN CERTIFICATE-----)";
		break;
	case CURLE_PEER_FAILED_VERIFICATION:
		a->answer->untrusted = true;
		hint = "the server's certificate must name that host and come from an authority "
		       "that "
		       "this machine trusts, or that the CA file holds";
		break;
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
		if (!a->status && bn_str_starts(a->label, "http://"))
			hint = "a TLS server closes the connection like that: is it an https:// "
			       "address?";
		a->again = true;
		break;
	case CURLE_PARTIAL_FILE:
	case CURLE_OPERATION_TIMEDOUT:
		a->again = true;
		break;
	default:
		break;
	}
	bn_err_set(err, BN_EIO, "%s: %s", a->label, text);
	if (hint)
		bn_err_hint(err, "%s", hint);
	return BN_EIO;
}

static void begin(bn_http_attempt *a)
{
	start_over(a);
	bn_err_clear(&a->why);
	a->answer->cut = false;
	a->again = a->not_twice = a->client->refused = false;
	a->sends = 0;
	a->sent = a->got = 0;
	a->progress = (bn_http_progress){0, 0, -1, -1};
	a->active_ns = bn_env_monotonic_ns(a->client->env);
}

/* Sends and receives once: 0 if libcurl reports no error, else an error explained by a->why, stop
 * or code. */
static int exchange(bn_http_attempt *a, CURLcode *code, bn_http_stop *stop, bn_err *err)
{
	struct curl_slist *list = NULL;
	int rc = make_headers(&list, a, err);
	*stop = BN_HTTP_GO_ON;
	*code = CURLE_OK;
	if (rc < 0)
		goto out;
	begin(a);
	set_options(a, list);
	*code = drive(a, stop);
	curl_easy_setopt(a->client->curl, CURLOPT_HTTPHEADER, NULL);
out:
	curl_slist_free_all(list);
	return rc;
}

/* A response that is valid although the body was not sent completely: a redirect, or an error even
 * if its text was cut. A success is not: the server does not have the whole body. */
static bool is_final(const bn_http_attempt *a)
{
	return !a->why.code && (a->status >= 400 || (a->status >= 300 && a->head_done));
}

/* Repeats the headers without a body to see whether the server refuses. */
static int ask(bn_http_attempt *a, bn_err *err)
{
	CURLcode code;
	bn_http_stop stop;
	a->ask_only = true;
	int rc = exchange(a, &code, &stop, err);
	a->ask_only = false;
	if (!is_final(a)) { /* it would accept now: not a response to the first request */
		bn_err_clear(&a->why);
		a->status = 0;
	}
	return rc;
}

/* Sending failed, or the connection ended, before a response was read: look for one anyway. */
static int look_for_late_answer(bn_http_attempt *a, CURLcode code, bn_err *err)
{
	char text[CURL_ERROR_SIZE];
	bool part = a->call->body.length < 0 || a->sent < (uint64_t)a->call->body.length;
	bool unsent = code == CURLE_SEND_ERROR || (code == CURLE_RECV_ERROR && part);
	int rc = 0;
	if (!a->body_begun || a->head_done || a->status)
		return 0;
	memcpy(text, a->client->text, sizeof text);
	if (a->late.len)
		bn_http_late_read(a);
	else if (unsent)
		rc = ask(a, err);
	memcpy(a->client->text, text, sizeof text);
	return rc;
}

int bn_http_attempt_run(bn_http_attempt *a, bn_err *err)
{
	CURLcode code;
	bn_http_stop stop;
	int rc;
	if ((rc = exchange(a, &code, &stop, err)) < 0)
		return rc;
	if (a->status == 417 && is_announced(a) && !a->sent) {
		a->no_announcing = true;
		if ((rc = exchange(a, &code, &stop, err)) < 0)
			return rc;
	}
	if (!stop && code && !a->why.code && (rc = look_for_late_answer(a, code, err)) < 0)
		return rc;
	a->answer->status = a->status;
	if (stop == BN_HTTP_CANCELLED)
		return explain_stop(a, stop, err);
	if (a->why.code)
		return bn_err_move(err, &a->why);
	if (a->answer->headers.failed || a->answer->body.failed)
		return bn_err_nomem(err, "an HTTP answer");
	if (is_final(a) && (stop || code)) {
		a->answer->cut = !a->head_done || stop || code == CURLE_PARTIAL_FILE || a->dropped;
		return 0;
	}
	if (stop)
		return explain_stop(a, stop, err);
	if (code)
		return explain(a, code, err);
	if (!a->head_done) {
		a->again = true;
		return bn_err_set(err, BN_EIO, "%s: the answer's headers are incomplete", a->label);
	}
	return 0;
}

void bn_http_attempt_release(bn_http_attempt *a)
{
	bn_buf_release(&a->late);
}
