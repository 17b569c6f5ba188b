/* s3_request.c - a signed request, and what is tried again: see s3.h. */
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/remote/_s3.h"
#include "core/remote/sigv4.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SKEW_MS ((int64_t)4 * 60000) /* below that no server refuses */
enum { SIGNED_MAX = 5 };

static bool host_style(const bn_s3 *p)
{
	if (p->set.style != BN_REMOTE_STYLE_AUTO)
		return p->set.style == BN_REMOTE_STYLE_HOST;
	return p->set.aws && !strchr(p->set.bucket, '.');
}

/* The host with its port, as it is sent. */
static char *host_of(const bn_s3 *p)
{
	const char *host = strstr(p->set.scheme_host, "://") + 3;
	return host_style(p) ? bn_strf("%s.%s", p->set.bucket, host) : bn_strdup(host);
}

static void add_encoded(bn_buf *b, const char *path)
{
	while (*path) {
		size_t n = strcspn(path, "/");
		char *part = bn_strndup(path, n);
		if (!part) {
			b->failed = true;
			return;
		}
		bn_http_url_add(b, part);
		bn_free(part);
		path += n;
		if (*path) {
			bn_buf_addch(b, '/');
			path++;
		}
	}
}

/* "/PREFIX/KEY" or "/BUCKET/PREFIX/KEY", encoded; NULL if out of memory. */
static char *path_of(const bn_s3 *p, const char *key)
{
	bn_buf b = BN_BUF_INIT;
	bn_buf_addch(&b, '/');
	if (!host_style(p)) {
		bn_http_url_add(&b, p->set.bucket);
		if (key)
			bn_buf_addch(&b, '/');
	}
	if (key) {
		add_encoded(&b, p->set.prefix);
		add_encoded(&b, key);
	}
	return bn_buf_take(&b, NULL);
}

/* ---- one request ---------------------------------------------------------------------------- */

typedef struct request_text {
	char *host, *path, *url;
	char date[64], payload[128], time[BN_SIGV4_TIME];
	bn_buf host_line, token_line, authorization;
	const char *headers[SIGNED_MAX + BN_S3_EXTRA_MAX + 8];
} request_text;

static void text_release(request_text *t)
{
	bn_free(t->host);
	bn_free(t->path);
	bn_free(t->url);
	bn_buf_release(&t->host_line);
	bn_buf_wipe(&t->token_line);
	bn_buf_wipe(&t->authorization);
}

static int text_sign(request_text *t, bn_s3 *p, const bn_s3_request *r, size_t *count, bn_err *err)
{
	const bn_aws_profile *keys = &p->set.keys;
	const char *signing[SIGNED_MAX + 1] = {t->host_line.ptr, t->date, t->payload};
	size_t n = 3;
	if (keys->token) {
		bn_buf_reserve(&t->token_line, strlen(keys->token) + 32);
		bn_buf_adds(&t->token_line, "x-amz-security-token: ");
		bn_buf_adds(&t->token_line, keys->token);
		signing[n++] = t->token_line.ptr;
	}
	bn_sigv4_request s = {.method = r->method,
		.path = t->path,
		.query = r->query ? r->query : "",
		.headers = signing,
		.payload = r->payload ? r->payload : EMPTY_SHA256,
		.time = t->time,
		.region = p->set.region,
		.service = "s3"};
	bn_sigv4_key key = {keys->key_id, keys->secret};
	bn_buf_adds(&t->authorization, "Authorization: ");
	int rc = bn_sigv4_authorization(&t->authorization, &s, &key, err);
	if (rc < 0 || (rc = bn_buf_check(&t->token_line, err, "a request")) < 0)
		return rc;
	for (size_t i = 1; i < n; i++) /* the client itself writes Host */
		t->headers[(*count)++] = signing[i];
	t->headers[(*count)++] = t->authorization.ptr;
	return 0;
}

static int text_make(
	request_text *t, bn_s3 *p, const bn_s3_request *r, const bn_http_call *call, bn_err *err)
{
	size_t n = 0;
	int rc;
	t->host = host_of(p);
	t->path = path_of(p, r->key);
	if (!t->host || !t->path)
		return bn_err_nomem(err, "a request");
	t->url = bn_strf("%.*s%s%s%s%s",
		(int)(strstr(p->set.scheme_host, "://") + 3 - p->set.scheme_host),
		p->set.scheme_host, t->host, t->path, r->query ? "?" : "",
		r->query ? r->query : "");
	bn_buf_addf(&t->host_line, "Host: %s", t->host);
	if (!t->url || (rc = bn_buf_check(&t->host_line, err, "a request")) < 0)
		return bn_err_nomem(err, "a request");
	bn_sigv4_time(bn_env_now_ms(p->base.env) + p->set.clock_ms, t->time);
	snprintf(t->date, sizeof t->date, "x-amz-date: %s", t->time);
	snprintf(t->payload, sizeof t->payload, "x-amz-content-sha256: %s",
		r->payload ? r->payload : EMPTY_SHA256);
	if (p->set.keys.key_id && (rc = text_sign(t, p, r, &n, err)) < 0)
		return rc;
	for (size_t i = 0; i < BN_S3_EXTRA_MAX && r->extra[i]; i++)
		t->headers[n++] = r->extra[i];
	for (size_t i = 0; call->headers && call->headers[i] && i < 4; i++)
		t->headers[n++] = call->headers[i];
	if (r->body.kind != BN_HTTP_NO_BODY)
		t->headers[n++] = "Content-Type: application/octet-stream";
	t->headers[n] = NULL;
	return 0;
}

static int send_once(
	bn_s3 *p, const bn_s3_request *r, const bn_http_call *call, bn_http_answer *a, bn_err *err)
{
	request_text t = {
		.host_line = BN_BUF_INIT, .token_line = BN_BUF_INIT, .authorization = BN_BUF_INIT};
	bn_http_call one = *call;
	int rc = text_make(&t, p, r, call, err);
	if (rc < 0)
		goto out;
	one.method = r->method;
	one.url = t.url;
	one.headers = t.headers;
	one.repeatable = true; /* starting an upload twice leaves one that is never used */
	rc = bn_http_do(p->client, &one, a, err);
out:
	text_release(&t);
	return rc;
}

/* ---- again, differently --------------------------------------------------------------------- */

static int set_region(bn_s3 *p, const char *region, bn_err *err)
{
	char *copy = bn_strdup(region);
	char *host = p->set.aws ? bn_strf("https://s3.%s.amazonaws.com", region)
				: bn_strdup(p->set.scheme_host);
	if (!copy || !host) {
		bn_free(copy);
		bn_free(host);
		return bn_err_nomem(err, "a region");
	}
	bn_free(p->set.region);
	bn_free(p->set.scheme_host);
	p->set.region = copy;
	p->set.scheme_host = host;
	return 0;
}

/* Only what can stand in a host name and in a signature. */
static bool is_region(const char *s)
{
	size_t n = strlen(s);
	return n > 0 && n < 64 && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == n;
}

/* Whether the refusal names another region, which is then set. */
static int mend_region(bn_s3 *p, const bn_http_answer *a, bool *mended, bn_err *err)
{
	char region[80], code[64];
	bool header =
		bn_http_answer_header(a, "x-amz-bucket-region", region, sizeof region) != NULL;
	if (!header) {
		bn_xml_part body = {a->body.ptr, a->body.len};
		if (strcmp(bn_s3_code(a, code), "AuthorizationHeaderMalformed"))
			return 0;
		bn_xml_text(body, "Region", region, sizeof region);
	}
	if ((a->status != 301 && a->status != 400 && a->status != 403) || !is_region(region) ||
		!strcmp(region, p->set.region))
		return 0;
	*mended = true;
	return set_region(p, region, err);
}

/* "Tue, 01 Dec 2026 10:05:33 GMT" (RFC 9110, 5.6.7) in ms since 1970. */
static bool read_date(const char *text, int64_t *ms)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char month[4] = "";
	struct tm tm = {0};
	const char *at;
	if (sscanf(text, "%*3c, %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT", &tm.tm_mday, month,
		    &tm.tm_year, &tm.tm_hour, &tm.tm_min, &tm.tm_sec) != 6 ||
		strlen(month) != 3 || !(at = strstr(months, month)))
		return false;
	tm.tm_mon = (int)(at - months) / 3;
	tm.tm_year -= 1900;
	*ms = (int64_t)timegm(&tm) * 1000;
	return true;
}

bool bn_s3_clock_difference(const bn_s3 *p, const bn_http_answer *a, int64_t *ms)
{
	char date[64];
	if (!bn_http_answer_header(a, "Date", date, sizeof date) || !read_date(date, ms))
		return false;
	*ms -= bn_env_now_ms(p->base.env);
	return true;
}

/* Whether the clocks differ so much that it refused; ours is then corrected. */
static bool mend_clock(bn_s3 *p, const bn_http_answer *a)
{
	int64_t ms = 0;
	if (a->status != 403 || p->set.clock_ms || !bn_s3_clock_difference(p, a, &ms))
		return false;
	if (ms < SKEW_MS && ms > -SKEW_MS)
		return false;
	p->set.clock_ms = ms;
	return true;
}

int bn_s3_send(bn_s3 *p, const bn_s3_request *r, bn_http_call *call, bn_http_answer *a, bn_err *err)
{
	bool mended = true;
	int rc = 0;
	for (int tries = 0; mended && tries < 3; tries++) {
		mended = false;
		if ((rc = send_once(p, r, call, a, err)) < 0)
			return rc;
		if (a->status >= 200 && a->status < 300) {
			p->bucket_seen = true;
			return 0;
		}
		if ((rc = mend_region(p, a, &mended, err)) < 0)
			return rc;
		mended |= mend_clock(p, a);
	}
	return 0;
}

typedef struct watched {
	const bn_progress *progress;
	bool stopped;
} watched;

static bool watch(void *user, const bn_http_progress *now)
{
	watched *w = user;
	w->stopped = bn_progress_step(w->progress, "sending", now->sent,
			     now->to_send > 0 ? (uint64_t)now->to_send : 0, NULL) < 0;
	return !w->stopped;
}

int bn_s3_do(bn_s3 *p, const bn_s3_request *r, bn_http_answer *a, bn_err *err)
{
	watched w = {r->progress, false};
	bn_http_call call = {.body = r->body,
		.to = r->to,
		.attempts = r->attempts ? r->attempts : p->set.attempts,
		.backoff_ms = p->set.backoff_ms,
		.progress = watch,
		.progress_user = &w};
	return bn_s3_send(p, r, &call, a, err);
}
