/* hook_send.c - one request of a webhook: where it may go, its signature, its answer. See hooks.h. */
#include "core/api/hooks.h"

#include "core/base/hmac.h"
#include "core/base/json_bytes.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/net/address.h"
#include "core/net/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_MS = 5000, IDLE_MS = 10000, WHOLE_MS = 15000, ANSWER_MOST = 1 << 20 };

struct bn_hook_sender {
	const bn_api *api;
	bn_http_client *http;
	bool (*cancelled)(void *user);
	void *user;
	bool names_loopback; /* the URL of this request does */
	/* The answer. */
	char *text; /* BN_HOOK_TEXT + 1 bytes */
	size_t kept, got;
	bool is_enough;
};

/* ---- where to ------------------------------------------------------------------------------- */

static bool may_reach(const bn_api *a, bn_reach reach, bool names_loopback)
{
	if (names_loopback)
		return reach == BN_REACH_LOOPBACK;
	return reach == BN_REACH_PUBLIC || (reach == BN_REACH_PRIVATE && a->o.webhook_private);
}

static bool may_connect(void *user, const struct sockaddr *at, unsigned n)
{
	const bn_hook_sender *s = user;
	return may_reach(s->api, bn_address_reach(at, n), s->names_loopback);
}

static int refuse_scheme(bn_api_call *c, const char *url)
{
	const char *end = strstr(url, "://");
	size_t n = end ? (size_t)(end - url) : 0;
	if (n == 4 && !strncmp(url, "http", 4))
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Invalid webhook URL scheme: 'http'. Allowed schemes are: https; http is "
			"for a loopback address, or the server's option --webhook-allow.");
	return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
		"Invalid webhook URL scheme: '%.*s'. Allowed schemes are: %shttps.",
		(int)(n < 40 ? n : 40), url, c->api->o.webhook_http ? "http, " : "");
}

int bn_hook_check_url(char **origin, bn_api_call *c, const char *url, bn_err *err)
{
	char *host = NULL;
	bn_err why = BN_ERR_INIT;
	bn_reach reach;
	bool is_https = !strncmp(url, "https://", 8), is_http = !strncmp(url, "http://", 7);
	int rc;
	*origin = NULL;
	if (!is_https && !is_http)
		return refuse_scheme(c, url);
	if (strlen(url) > BN_WEBHOOK_URL_MOST)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"The webhook's URL has more than %d bytes.", BN_WEBHOOK_URL_MOST);
	if ((rc = bn_http_url_origin(origin, &host, url, &why)) < 0) {
		if (rc == BN_ENOMEM)
			return bn_err_move(err, &why);
		return bn_api_refuse(
			c, BN_API_INVALID_PARAMETER_VALUE, "Invalid webhook URL: %s", why.msg);
	}
	bool local = bn_http_is_loopback_name(host);
	if (is_http && !local && !c->api->o.webhook_http)
		rc = refuse_scheme(c, url);
	else if (bn_address_reach_of_text(host, &reach) && !may_reach(c->api, reach, local))
		rc = bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Webhooks are not sent to %s: %s.", host,
			reach == BN_REACH_PRIVATE
				? "it is a private address (the server's option --webhook-allow)"
				: "it is no public address");
	bn_free(host);
	if (rc < 0) {
		bn_free(*origin);
		*origin = NULL;
	}
	return rc;
}

/* ---- sending -------------------------------------------------------------------------------- */

int bn_hook_sender_new(bn_hook_sender **out, const bn_api *a, bool (*cancelled)(void *user),
	void *user, bn_err *err)
{
	bn_hook_sender *s = bn_alloc_zeroed(1, sizeof *s);
	if (!s)
		return bn_err_nomem(err, "a webhook");
	*s = (bn_hook_sender){.api = a, .cancelled = cancelled, .user = user};
	const bn_http_client_options o = {.may_connect = may_connect, .connect_user = s};
	int rc = bn_http_client_new(&s->http, a->env, &o, err);
	if (rc < 0) {
		bn_free(s);
		return rc;
	}
	*out = s;
	return 0;
}

void bn_hook_sender_free(bn_hook_sender *s)
{
	if (!s)
		return;
	bn_http_client_free(s->http);
	bn_free(s);
}

static int keep_answer(void *user, const void *bytes, size_t n, bn_err *err)
{
	bn_hook_sender *s = user;
	size_t room = BN_HOOK_TEXT - s->kept, take = n < room ? n : room;
	memcpy(s->text + s->kept, bytes, take);
	s->kept += take;
	s->got += n;
	if (s->got <= ANSWER_MOST)
		return 0;
	s->is_enough = true;
	return bn_err_set(err, BN_EIO, "the answer is longer than %d bytes", ANSWER_MOST);
}

static bool goes_on(void *user, const bn_http_progress *p)
{
	bn_hook_sender *s = user;
	(void)p;
	return !s->cancelled || !s->cancelled(s->user);
}

/* "X-MLflow-Signature: v1,...". Appends. */
static void sign(bn_buf *out, const char *secret, const bn_api_delivery *d, long long seconds)
{
	uint8_t mac[BN_SHA256_BYTES];
	bn_buf text = BN_BUF_INIT;
	bn_buf_addf(&text, "%s.%lld.", d->id, seconds);
	bn_buf_add(&text, d->body, d->n);
	if (text.failed) {
		out->failed = true;
	} else {
		bn_hmac_sha256(secret, strlen(secret), text.ptr, text.len, mac);
		bn_buf_adds(out, BN_HOOK_SIGNATURE ": v1,");
		bn_base64_add(out, mac, sizeof mac);
	}
	bn_buf_release(&text);
}

static void read_answer(bn_hook_sender *s, bn_http_answer *answer, int rc, bn_hook_result *out)
{
	char after[32];
	int64_t seconds = 0;
	out->status = rc >= 0 || s->is_enough ? answer->status : 0;
	if (!out->status) {
		out->again = rc == BN_EIO;
		return;
	}
	bn_err_clear(&out->why);
	if (answer->status >= 300 && answer->body.len) {
		s->kept = answer->body.len < BN_HOOK_TEXT ? answer->body.len : BN_HOOK_TEXT;
		memcpy(out->text, answer->body.ptr, s->kept);
	}
	out->text[s->kept] = '\0';
	out->again = out->status == 429 || out->status == 500 ||
		     (out->status >= 502 && out->status <= 504);
	if (bn_http_answer_header(answer, "Retry-After", after, sizeof after) &&
		bn_parse_i64(after, strlen(after), &seconds) && seconds >= 0)
		out->after_ms = seconds < 3600 ? seconds * 1000 : 3600000;
}

static int send_to(bn_hook_sender *s, const bn_webhook_target *t, const bn_api_delivery *d,
	bn_http_answer *answer, bn_err *err)
{
	char id[64 + BN_UUID_TEXT], at[64], *origin = NULL, *host = NULL;
	bn_buf signature = BN_BUF_INIT;
	long long seconds = (long long)(bn_env_now_ns(s->api->env) / 1000000000);
	int rc = bn_http_url_origin(&origin, &host, t->url, err);
	if (rc < 0)
		return rc;
	s->names_loopback = bn_http_is_loopback_name(host);
	bn_free(origin);
	bn_free(host);
	if (!bn_http_url_is_https(t->url) && !s->names_loopback && !s->api->o.webhook_http)
		return bn_err_set(err, BN_EREFUSED, "http is for a loopback address");
	snprintf(id, sizeof id, "%s: %s", BN_HOOK_ID, d->id);
	snprintf(at, sizeof at, "%s: %lld", BN_HOOK_TIME, seconds);
	const char *headers[] = {"Content-Type: application/json", id, at, NULL, NULL};
	if (d->is_signed) {
		sign(&signature, t->secret, d, seconds);
		headers[3] = signature.ptr;
		if ((rc = bn_buf_check(&signature, err, "a signature")) < 0)
			goto out;
	}
	const bn_http_call call = {.method = "POST",
		.url = t->url,
		.headers = headers,
		.body = {.kind = BN_HTTP_BYTES, .bytes = d->body, .length = (int64_t)d->n},
		.to = {.kind = BN_HTTP_TO_CALLBACK, .write = keep_answer, .user = s},
		.connect_ms = CONNECT_MS,
		.idle_ms = IDLE_MS,
		.whole_ms = WHOLE_MS,
		.attempts = 1,
		.progress = goes_on,
		.progress_user = s};
	rc = bn_http_do(s->http, &call, answer, err);
out:
	bn_buf_release(&signature);
	return rc;
}

void bn_hook_send(
	bn_hook_sender *s, const char *workspace_id, const bn_api_delivery *d, bn_hook_result *out)
{
	bn_webhook_target t = {NULL, NULL};
	bn_http_answer answer;
	*out = (bn_hook_result){.after_ms = -1, .why = BN_ERR_INIT};
	bn_http_answer_init(&answer);
	s->text = out->text;
	s->kept = s->got = 0;
	s->is_enough = false;
	int rc = bn_webhook_target_read(&t, s->api->env, workspace_id, d->webhook, &out->why);
	if (rc == BN_ENOTFOUND) {
		bn_err_clear(&out->why);
		bn_err_set(&out->why, rc,
			"this host does not have the webhook's address: it was registered from "
			"another home directory; update its url%s here",
			d->is_signed ? " and secret" : "");
	} else if (rc >= 0 && d->is_signed && (!t.secret || !t.secret[0])) {
		rc = bn_err_set(&out->why, BN_EREFUSED,
			"this host does not have the webhook's secret, and nothing is sent "
			"unsigned: update it here");
	}
	if (rc >= 0) {
		rc = send_to(s, &t, d, &answer, &out->why);
		read_answer(s, &answer, rc, out);
	}
	bn_http_answer_release(&answer);
	bn_webhook_target_release(&t);
}
