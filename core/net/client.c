/* client.c - a call: its checks, tries, waits and redirects. See client.h. */
#include "core/net/_client.h"

#include "core/base/mem.h"

#include <ctype.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define BACKOFF_MS 500
#define MOST_BACKOFF_MS 30000
#define MOST_WAIT_MS 120000
#define MOST_HEADERS 64

static int copy_option(char **out, const char *value, bn_err *err)
{
	if (value && !(*out = bn_strdup(value)))
		return bn_err_nomem(err, "an HTTP client");
	return 0;
}

int bn_http_client_new(
	bn_http_client **out, const bn_env *env, const bn_http_client_options *options, bn_err *err)
{
	static const bn_http_client_options none = {0};
	const bn_http_client_options *o = options ? options : &none;
	bn_http_client *c = NULL;
	int rc = 0;
	if ((rc = bn_curl_open(err)) < 0)
		return rc;
	if (!(c = bn_alloc_zeroed(1, sizeof *c)))
		return bn_err_nomem(err, "an HTTP client");
	c->env = env;
	c->unix_fd = -1;
	c->use_proxy_variables = o->use_proxy_variables;
	c->use_netrc = o->use_netrc;
	c->may_connect = o->may_connect;
	c->connect_user = o->connect_user;
	c->curl = curl_easy_init();
	c->multi = curl_multi_init();
	if (!c->curl || !c->multi) {
		rc = bn_err_nomem(err, "an HTTP client");
		goto out;
	}
	if ((rc = copy_option(&c->unix_socket, o->unix_socket, err)) < 0 ||
		(rc = copy_option(&c->ca_file, o->ca_file, err)) < 0 ||
		(rc = copy_option(&c->cert_file, o->cert_file, err)) < 0 ||
		(rc = copy_option(&c->key_file, o->key_file, err)) < 0)
		goto out;
	*out = c;
	c = NULL;
out:
	bn_http_client_free(c);
	return rc;
}

void bn_http_client_free(bn_http_client *c)
{
	if (!c)
		return;
	curl_easy_cleanup(c->curl);
	curl_multi_cleanup(c->multi);
	bn_free(c->unix_socket);
	bn_free(c->ca_file);
	bn_free(c->cert_file);
	bn_free(c->key_file);
	bn_free(c);
}

/* ---- validating a call --------------------------------------------------------------- */

static bool is_token(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && !strchr("!#$%&'*+-.^_`|~", s[i]))
			return false;
	return n > 0;
}

static bool is_own_header(const char *line, size_t n)
{
	static const char *const own[] = {
		"content-length", "transfer-encoding", "expect", "connection", "te", "upgrade"};
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (strlen(own[i]) == n && !strncasecmp(line, own[i], n))
			return true;
	return false;
}

static int check_header(const char *line, bn_err *err)
{
	size_t n = strcspn(line, ":");
	if (!line[n] || !is_token(line, n))
		return bn_err_set(err, BN_EINVAL, "a header must have the form 'Name: value'");
	if (is_own_header(line, n))
		return bn_err_set(err, BN_EINVAL, "the header %.*s is set by the client itself",
			(int)n, line);
	for (const char *p = line + n; *p; p++)
		if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
			return bn_err_set(err, BN_EINVAL,
				"the header %.*s may not hold a line break or another control "
				"character",
				(int)n, line);
	return 0;
}

static int check_call(const bn_http_call *call, bn_err *err)
{
	size_t n = 0;
	int rc;
	if (call->method && !is_token(call->method, strlen(call->method)))
		return bn_err_set(err, BN_EINVAL, "no HTTP method");
	if (call->body.kind == BN_HTTP_BYTES || call->body.kind == BN_HTTP_FILE)
		BN_BUG(call->body.length < 0);
	for (const char *const *h = call->headers; h && *h; h++, n++)
		if ((rc = check_header(*h, err)) < 0)
			return rc;
	if (n > MOST_HEADERS)
		return bn_err_set(err, BN_EINVAL, "more than %d headers", MOST_HEADERS);
	if (call->to.tag && call->to.tag[strcspn(call->to.tag, "\r\n")])
		return bn_err_set(err, BN_EINVAL, "a tag may not hold a line break");
	return bn_http_url_check(call->url ? call->url : "", err);
}

/* ---- a call --------------------------------------------------------------------------------- */

typedef struct call_state {
	bn_http_attempt a;
	char *url, *label, *tag;
	const char *safe[MOST_HEADERS + 1]; /* headers that may be sent to another origin */
	int64_t backoff_ms;
	int tries; /* at this URL */
	bool with_body;
} call_state;

static bool is_repeatable(const bn_http_call *call, const char *method)
{
	static const char *const safe[] = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"};
	for (size_t i = 0; i < sizeof safe / sizeof *safe; i++)
		if (!strcmp(method, safe[i]))
			return true;
	return call->repeatable;
}

static bool can_rewind(const bn_http_call *call)
{
	return call->body.kind != BN_HTTP_READ || call->body.rewind;
}

static int rewind_body(call_state *s, bn_err *err)
{
	const bn_http_upload *body = &s->a.call->body;
	if (!s->a.with_body || body->kind != BN_HTTP_READ)
		return 0;
	return body->rewind(body->user, err);
}

static int set_url(call_state *s, char *url, bn_err *err)
{
	bn_http_answer *answer = s->a.answer;
	const char *socket = s->a.client->unix_socket;
	bn_free(s->url);
	bn_free(s->label);
	s->url = url;
	s->label = bn_http_url_label(url, socket);
	s->a.url = s->url;
	s->a.label = s->label;
	s->tries = 0;
	if (!s->label)
		return bn_err_nomem(err, "a URL");
	bn_buf_clear(&answer->url);
	bn_buf_clear(&answer->place);
	bn_buf_adds(&answer->url, url);
	bn_buf_adds(&answer->place, s->label);
	if (answer->url.failed || answer->place.failed)
		return bn_err_nomem(err, "a URL");
	return 0;
}

static int begin_call(call_state *s, bn_http_client *c, const bn_http_call *call,
	bn_http_answer *answer, bn_err *err)
{
	bool with_body = call->body.kind != BN_HTTP_NO_BODY;
	bn_http_answer_clear(answer);
	*s = (call_state){.a = {.client = c,
				  .call = call,
				  .answer = answer,
				  .method = with_body ? "POST" : "GET",
				  .headers = call->headers,
				  .with_body = with_body,
				  .have = call->to.kind == BN_HTTP_TO_FILE ? call->to.have : 0,
				  .tag = call->to.tag,
				  .late = BN_BUF_INIT}};
	if (call->method)
		s->a.method = call->method;
	s->a.repeatable = is_repeatable(call, s->a.method) && !call->only_refused;
	s->backoff_ms = call->backoff_ms > 0 ? call->backoff_ms : BACKOFF_MS;
	if (call->whole_ms > 0)
		s->a.deadline_ns = bn_env_monotonic_ns(c->env) + (int64_t)call->whole_ms * 1000000;
	s->a.is_stream = call->to.kind == BN_HTTP_TO_FILE && lseek(call->to.fd, 0, SEEK_CUR) < 0;
	if (s->a.is_stream && s->a.have)
		return bn_err_set(err, BN_EINVAL, "a pipe cannot be resumed");
	char *url = bn_strdup(call->url);
	return url ? set_url(s, url, err) : bn_err_nomem(err, "a URL");
}

static void end_call(call_state *s)
{
	bn_http_attempt_release(&s->a);
	bn_free(s->url);
	bn_free(s->label);
	bn_free(s->tag);
}

/* ---- again ---------------------------------------------------------------------------------- */

static bool asks_for_patience(int status)
{
	return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

/* Sleeps while checking the deadline and progress(). */
static int wait_ms(call_state *s, int64_t ms, bn_err *err)
{
	const bn_env *env = s->a.client->env;
	int64_t until = bn_env_monotonic_ns(env) + ms * 1000000, left;
	while ((left = (until - bn_env_monotonic_ns(env) + 999999) / 1000000) > 0) {
		if (!bn_http_attempt_goes_on(&s->a))
			return bn_err_set(err, BN_EINTR, "%s: cancelled", s->label);
		poll(NULL, 0, left < 100 ? (int)left : 100);
	}
	return 0;
}

/* How long to wait before the next try; -1: too long. */
static int64_t next_wait_ms(call_state *s, bool answered)
{
	const bn_env *env = s->a.client->env;
	curl_off_t told = 0;
	unsigned char dice = 0;
	int64_t ms = s->backoff_ms;
	s->backoff_ms = ms * 2 < MOST_BACKOFF_MS ? ms * 2 : MOST_BACKOFF_MS;
	bn_env_random(env, &dice, 1, NULL);
	ms += ms * dice /
	      1024; /* up to a quarter more, so that clients that failed together spread out */
	if (answered)
		curl_easy_getinfo(s->a.client->curl, CURLINFO_RETRY_AFTER, &told);
	if (told > MOST_WAIT_MS / 1000)
		return -1;
	if (told > 0)
		ms = told * 1000;
	if (s->a.deadline_ns && bn_env_monotonic_ns(env) + ms * 1000000 >= s->a.deadline_ns)
		return -1;
	return ms;
}

/* Resets body and target for the next try. False if there cannot be one. */
static int make_ready(call_state *s, bool *ready, bn_err *err)
{
	const bn_http_download *to = &s->a.call->to;
	bn_http_answer *answer = s->a.answer;
	int rc;
	*ready = false;
	if (s->a.got && to->kind == BN_HTTP_TO_CALLBACK) {
		if (!to->restart)
			return 0;
		if ((rc = to->restart(to->user, err)) < 0)
			return rc;
	}
	if (s->a.got && to->kind == BN_HTTP_TO_FILE) {
		if (s->a.is_stream)
			return 0;
		const char *at = answer->headers.ptr, *v;
		size_t n;
		bn_free(s->tag);
		s->tag = bn_http_next_header(&at, "ETag", &v, &n) && n && v[0] == '"'
				 ? bn_strndup(v, n)
				 : NULL;
		s->a.tag = s->tag;
		s->a.have = s->tag ? answer->body_bytes : 0;
	}
	if ((rc = rewind_body(s, err)) < 0)
		return rc;
	*ready = true;
	return 0;
}

/* Tries until a response arrives that does not ask for a retry, or a failure is final. */
static int try_url(call_state *s, bn_err *err)
{
	const bn_http_call *call = s->a.call;
	bool may = s->a.repeatable && can_rewind(call), ready;
	bn_err why = BN_ERR_INIT;
	for (;;) {
		s->a.answer->attempts++;
		s->tries++;
		int rc = bn_http_attempt_run(&s->a, &why);
		bool again = rc < 0 ? s->a.again : asks_for_patience(s->a.answer->status);
		if (call->only_refused)
			may = can_rewind(call) && rc == 0 && s->a.answer->status == 429;
		if (!may || !again || s->tries >= call->attempts)
			return rc < 0 ? bn_err_move(err, &why) : 0;
		int64_t ms = next_wait_ms(s, rc == 0);
		int made = ms < 0 ? 0 : make_ready(s, &ready, err);
		if (made < 0)
			return made;
		if (ms < 0 || !ready)
			return rc < 0 ? bn_err_move(err, &why) : 0;
		bn_err_clear(&why);
		if ((rc = wait_ms(s, ms, err)) < 0)
			return rc;
	}
}

/* ---- elsewhere ------------------------------------------------------------------------------ */

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Whether this response may be followed, and how the request changes. */
static bool can_follow(call_state *s, int status)
{
	bool reads = !strcmp(s->a.method, "GET") || !strcmp(s->a.method, "HEAD");
	if (reads)
		return true;
	if (status == 303) {
		s->a.method = "GET";
		s->a.with_body = false;
		s->a.repeatable = true;
		return true;
	}
	return (status == 307 || status == 308) && (!s->a.with_body || can_rewind(s->a.call));
}

/* Another origin gets only headers that hold no secret. */
static void hide_headers(call_state *s)
{
	static const char *const shown[] = {"accept", "content-type", "content-encoding", "range",
		"if-match", "if-none-match", "if-modified-since", "if-unmodified-since",
		"if-range"};
	size_t n = 0;
	for (const char *const *h = s->a.headers; h && *h; h++) {
		size_t len = strcspn(*h, ":");
		for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
			if (strlen(shown[i]) == len && !strncasecmp(*h, shown[i], len))
				s->safe[n++] = *h;
	}
	s->safe[n] = NULL;
	s->a.headers = s->safe;
}

static int follow(call_state *s, bn_err *err)
{
	bn_http_answer *answer = s->a.answer;
	char *place = NULL, *url = NULL;
	int rc;
	if ((rc = bn_http_answer_only(&place, answer, "Location", err)) < 0)
		goto out;
	if ((rc = bn_http_url_resolve(&url, s->url, place, err)) < 0) {
		bn_err_prefix(err, "%s redirects", s->label);
		goto out;
	}
	if (bn_http_url_is_https(s->url) && !bn_http_url_is_https(url)) {
		rc = bn_err_set(
			err, BN_EREFUSED, "%s redirects to a URL that is not https", s->label);
		goto out;
	}
	if (!bn_http_url_same_origin(s->url, url)) {
		if (s->a.client->unix_socket) {
			rc = bn_err_set(err, BN_EREFUSED,
				"%s redirects to another host, which cannot be reached through a "
				"Unix socket",
				s->label);
			goto out;
		}
		hide_headers(s);
	}
	if ((rc = rewind_body(s, err)) < 0)
		goto out;
	answer->redirects++;
	rc = set_url(s, url, err);
	url = NULL;
out:
	bn_free(place);
	bn_free(url);
	return rc;
}

/* A range request for a file that is already complete gets a 416. */
static void accept_complete(call_state *s)
{
	bn_http_answer *answer = s->a.answer;
	uint64_t first, last;
	int64_t total;
	if (answer->status != 416 || !s->a.have || s->a.call->to.kind != BN_HTTP_TO_FILE ||
		!bn_http_content_range(answer, &first, &last, &total) ||
		total != (int64_t)s->a.have)
		return;
	answer->status = 206;
	answer->body_bytes = s->a.have;
	bn_buf_clear(&answer->body);
}

int bn_http_do(bn_http_client *c, const bn_http_call *call, bn_http_answer *answer, bn_err *err)
{
	call_state s;
	int rc;
	bn_http_answer_clear(answer);
	if ((rc = check_call(call, err)) < 0)
		return rc;
	if ((rc = begin_call(&s, c, call, answer, err)) < 0)
		goto out;
	for (;;) {
		if ((rc = try_url(&s, err)) < 0)
			goto out;
		if (call->max_redirects <= 0 || !is_redirect(answer->status) ||
			!can_follow(&s, answer->status))
			break;
		if (answer->redirects >= call->max_redirects) {
			rc = bn_err_set(err, BN_EIO, "%s: redirected more than %d times", s.label,
				call->max_redirects);
			goto out;
		}
		if ((rc = follow(&s, err)) < 0)
			goto out;
	}
	accept_complete(&s);
out:
	end_call(&s);
	return rc;
}
