/*
 * http.c - a remote that is a server of files, read over http or https: see store.h.
 *
 * KEY is asked for at URL/KEY. Redirects are followed, and no secret is sent. A get that loses its connection continues
 * with a range, on the condition that the ETag is still the same, or starts over where nothing was passed on yet.
 */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/net/client.h"
#include "core/remote/_resume.h"
#include "core/remote/_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REDIRECTS = 5, ATTEMPTS = 6, BACKOFF_MS = 300 };

typedef struct http_place {
	bn_remote_store base;
	bn_http_client *client;
	char *url, *ca_file; /* url: without a '/' at its end */
	int attempts, backoff_ms;
} http_place;

static const bn_remote_ops http_ops;

static void http_close(bn_remote_store *base)
{
	http_place *h = (http_place *)base;
	bn_http_client_free(h->client);
	bn_free(h->url);
	bn_free(h->ca_file);
	bn_remote_store_free(base);
}

int bn_remote_http_open(bn_remote_store **out, const bn_env *env, const char *url,
	const bn_remote_options *o, bn_err *err)
{
	http_place *h = NULL;
	bn_http_client_options options = {.ca_file = o->ca_file, .use_proxy_variables = true};
	size_t n = strlen(url);
	if (strpbrk(url, "?#@"))
		return bn_err_set(err, BN_EINVAL,
			"the URL of a remote may have no user name, no query and no fragment");
	int rc = bn_remote_store_new(&h, sizeof *h, &http_ops, env, url, err);
	if (rc < 0)
		return rc;
	while (n && url[n - 1] == '/')
		n--;
	h->url = bn_strndup(url, n);
	h->base.server = bn_strdup(url);
	h->ca_file = bn_strdup(o->ca_file);
	h->attempts = o->attempts ? o->attempts : ATTEMPTS;
	h->backoff_ms = o->backoff_ms ? o->backoff_ms : BACKOFF_MS;
	if (!h->url || !h->base.server || (o->ca_file && !h->ca_file))
		rc = bn_err_nomem(err, "a remote");
	else
		rc = bn_http_client_new(&h->client, env, &options, err);
	if (rc < 0)
		http_close(&h->base);
	else
		*out = &h->base;
	return rc;
}

static int http_again(bn_remote_store **out, const bn_remote_store *s, bn_err *err)
{
	const http_place *h = (const http_place *)s;
	bn_remote_options o = {
		.ca_file = h->ca_file, .attempts = h->attempts, .backoff_ms = h->backoff_ms};
	return bn_remote_http_open(out, s->env, s->place, &o, err);
}

static char *url_of(const http_place *h, const char *key)
{
	bn_buf b = BN_BUF_INIT;
	bn_buf_adds(&b, h->url);
	for (const char *part = key; part;) {
		size_t n = strcspn(part, "/");
		char *text = bn_strndup(part, n);
		if (!text)
			b.failed = true;
		else
			bn_buf_addch(&b, '/'), bn_http_url_add(&b, text);
		bn_free(text);
		part = part[n] ? part + n + 1 : NULL;
	}
	return bn_buf_take(&b, NULL);
}

static int http_stat(bn_remote_store *s, const char *key, bn_remote_info *out, bn_err *err)
{
	http_place *h = (http_place *)s;
	bn_http_answer a;
	char length[32];
	int rc = 0;
	char *url = url_of(h, key);
	bn_http_answer_init(&a);
	if (!url) {
		rc = bn_err_nomem(err, "a URL");
		goto out;
	}
	bn_http_call call = {.method = "HEAD",
		.url = url,
		.attempts = h->attempts,
		.backoff_ms = h->backoff_ms,
		.max_redirects = REDIRECTS};
	if ((rc = bn_http_do(h->client, &call, &a, err)) < 0)
		goto out;
	if (a.status == 404 || a.status == 410) {
		rc = bn_remote_no_key(s, key, err);
		goto out;
	}
	if ((rc = bn_http_answer_check(&a, err)) < 0)
		goto out;
	int64_t n = 0;
	if (!bn_http_answer_header(&a, "Content-Length", length, sizeof length) ||
		!bn_parse_i64(length, strlen(length), &n) || n < 0)
		rc = bn_err_set(err, BN_EIO, "%s does not say how long %s is", s->place, key);
	else
		out->bytes = (uint64_t)n;
out:
	bn_http_answer_release(&a);
	bn_free(url);
	return rc;
}

static int http_send(void *user, bn_http_call *call, bn_http_answer *a, bn_err *err)
{
	http_place *h = user;
	call->max_redirects = REDIRECTS;
	return bn_http_do(h->client, call, a, err);
}

static int http_get(bn_remote_store *s, const char *key, uint64_t from, uint64_t count,
	const bn_remote_sink *sink, uint64_t *to, const bn_progress *progress, bn_err *err)
{
	http_place *h = (http_place *)s;
	char *url = url_of(h, key);
	if (!url)
		return bn_err_nomem(err, "a URL");
	bn_remote_get g = {.s = s,
		.key = key,
		.url = url,
		.send = http_send,
		.user = h,
		.attempts = h->attempts,
		.backoff_ms = h->backoff_ms,
		.from = from,
		.count = count,
		.sink = sink,
		.to = to,
		.progress = progress};
	int rc = bn_remote_get_run(&g, err);
	bn_free(url);
	return rc;
}

static const bn_remote_ops http_ops = {
	.kind = "http",
	.again = http_again,
	.close = http_close,
	.stat = http_stat,
	.get = http_get,
};
