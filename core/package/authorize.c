/* authorize.c - what a registry's challenge wants, and tokens: see _distribution.h. */
#include "core/base/json.h"
#include "core/base/json_bytes.h"
#include "core/base/mem.h"
#include "core/base/secret_file.h"
#include "core/base/str.h"
#include "core/net/message.h"
#include "core/package/_distribution.h"

#include <ctype.h>
#include <string.h>

#define SECOND_NS 1000000000ll
#define TOKEN_SECONDS \
	60 /* how long a token holds whose end is not given (Docker's specification) */
#define EARLY_SECONDS 10 /* a token that ends this soon is renewed before it is used */
#define TOKEN_MOST 32768 /* bytes */
#define ANSWER_MOST (256u << 10)

void bn_dist_forget_authorization(bn_distribution *d)
{
	bn_secret_free(d->authorization);
	bn_secret_free(d->token);
	d->authorization = d->token = NULL;
}

int bn_dist_challenged(bn_distribution *d, bn_err *err)
{
	bn_challenge c;
	int rc = bn_challenge_read(&c, d->answer.headers.ptr, err);
	if (rc < 0) {
		bn_err_prefix(err, "%s", d->ref.registry);
		return rc;
	}
	/* A second refusal that names what is missing. */
	d->scope_of_registry = d->authorization && c.scope[0];
	d->challenge = c;
	bn_dist_forget_authorization(d);
	return 0;
}

/* ---- Basic ---------------------------------------------------------------------------------- */

/* "Authorization: Basic ..."; the caller frees it. */
static int basic_line(char **out, const bn_credentials *c, bn_err *err)
{
	bn_buf line = BN_BUF_INIT;
	size_t n = strlen(c->user) + strlen(c->password) + 1;
	char *pair = bn_strf("%s:%s", c->user, c->password);
	if (!pair || bn_buf_reserve(&line, 2 * n + 64) < 0) {
		bn_secret_free(pair);
		return bn_err_nomem(err, "credentials");
	}
	bn_buf_adds(&line, "Authorization: Basic ");
	bn_base64_add(&line, pair, n);
	bn_secret_free(pair);
	*out = bn_buf_take(&line, NULL);
	return *out ? 0 : bn_err_nomem(err, "credentials");
}

/* ---- Bearer --------------------------------------------------------------------------------- */

static int take_token(bn_distribution *d, const char *token, bn_err *err)
{
	for (const char *p = token; *p; p++)
		if (*p <= ' ' || *p > '~')
			return bn_err_set(err, BN_EIO,
				"%s: its token server sent a token with a blank or a control "
				"character",
				d->ref.registry);
	d->token = bn_strdup(token);
	d->authorization = bn_strf("Authorization: Bearer %s", token);
	return d->token && d->authorization ? 0 : bn_err_nomem(err, "a token");
}

static void add_escaped(bn_buf *out, const char *text)
{
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (isalnum(c) || strchr("-._~/:,", c))
			bn_buf_addch(out, *text);
		else
			bn_buf_addf(out, "%%%02X", c);
	}
}

/* Adds NAME=VALUE for each blank-separated item; *first: nothing was added yet. */
static void add_fields(bn_buf *out, const char *name, const char *items, const char **separator)
{
	char item[1024];
	for (const char *at = items; *(at += strspn(at, " "));) {
		size_t n = strcspn(at, " ");
		snprintf(item, sizeof item, "%.*s", (int)n, at);
		bn_buf_addf(out, "%s%s=", *separator, name);
		add_escaped(out, item);
		*separator = "&";
		at += n;
	}
}

/* What we want to do, in the form of Docker's token specification. */
static void add_scopes(bn_buf *out, const bn_distribution *d, const char **separator, bool joined)
{
	bn_buf all = BN_BUF_INIT;
	if (d->scope_of_registry)
		bn_buf_adds(&all, d->challenge.scope);
	else
		bn_buf_addf(&all, "repository:%s:pull%s", d->ref.name, d->o.writes ? ",push" : "");
	if (d->mount_from)
		bn_buf_addf(&all, " repository:%s:pull", d->mount_from);
	if (joined) { /* OAuth 2: one field, separated by blanks */
		bn_buf_addf(out, "%sscope=", *separator);
		add_escaped(out, all.ptr);
		*separator = "&";
	} else {
		add_fields(out, "scope", all.ptr, separator);
	}
	out->failed |= all.failed;
	bn_buf_release(&all);
}

/* Whether an http URL's host is this machine. */
static bool is_here(const char *url)
{
	const char *at = url + strlen("http://");
	char *host = bn_strndup(at, strcspn(at, "/?#"));
	bool is = host && bn_http_is_loopback_name(host);
	bn_free(host);
	return is;
}

/* Credentials go to the realm: over http only where the registry itself is asked over http, and to another machine
 * only if that was allowed: http to a registry on this one was not. */
static int check_realm(const bn_distribution *d, bn_err *err)
{
	const char *realm = d->challenge.realm;
	bool is_https = bn_http_url_is_https(realm);
	if (!is_https && strncasecmp(realm, "http://", 7) != 0)
		return bn_err_set(err, BN_EIO, "%s: its token server, '%.200s', is not a URL",
			d->ref.registry, realm);
	bool is_allowed = d->o.plain_http || (!bn_http_url_is_https(d->base) && is_here(realm));
	if (!is_https && !is_allowed) {
		bn_err_set(err, BN_EREFUSED,
			"%s names a token server without https, '%.200s': no password is sent "
			"there",
			d->ref.registry, realm);
		return BN_EREFUSED;
	}
	return 0;
}

static int read_token(bn_distribution *d, int64_t asked_ns, bn_err *err)
{
	const bn_http_answer *a = &d->answer;
	json_t *doc = NULL;
	bn_json_parse(&doc, a->body.ptr, a->body.len, "answer", NULL);
	const char *token = bn_json_str(doc, "token", "");
	int64_t seconds = bn_json_int(doc, "expires_in", TOKEN_SECONDS);
	int rc;
	if (!*token)
		token = bn_json_str(doc, "access_token", "");
	if (!*token || strlen(token) > TOKEN_MOST) {
		rc = bn_err_set(err, BN_EIO, "%s: %s did not send a token of 1 to %d characters",
			d->ref.registry, a->place.ptr, TOKEN_MOST);
		goto out;
	}
	seconds = seconds < TOKEN_SECONDS ? TOKEN_SECONDS : seconds;
	seconds = seconds > 86400 ? 86400 : seconds;
	d->token_end_ns = asked_ns + (seconds - EARLY_SECONDS) * SECOND_NS;
	rc = take_token(d, token, err);
out:
	if (*token)
		explicit_bzero((char *)(uintptr_t)token, strlen(token));
	json_decref(doc);
	explicit_bzero(d->answer.body.ptr, d->answer.body.len);
	bn_buf_clear(&d->answer.body);
	return rc;
}

/* Sends one request to the realm. line: of Basic, or NULL. form: the body of a POST, or NULL: a GET. */
static int ask_realm(
	bn_distribution *d, const char *url, const char *line, const bn_buf *form, bn_err *err)
{
	const char *headers[4] = {"Accept: application/json"};
	size_t n = 1;
	int rc;
	int64_t now = bn_env_monotonic_ns(d->env);
	if (line)
		headers[n++] = line;
	if (form)
		headers[n++] = "Content-Type: application/x-www-form-urlencoded";
	bn_http_call call = {.method = form ? "POST" : "GET",
		.url = url,
		.headers = headers,
		.to = {.max_bytes = ANSWER_MOST},
		.attempts = BN_DIST_TRIES,
		.backoff_ms = d->o.backoff_ms,
		.repeatable = true};
	if (form)
		call.body = (bn_http_upload){
			.kind = BN_HTTP_BYTES, .bytes = form->ptr, .length = (int64_t)form->len};
	if ((rc = bn_http_do(d->client, &call, &d->answer, err)) < 0) {
		bn_err_prefix(err, "%s: its token server", d->ref.registry);
		return rc;
	}
	if (d->answer.status != 200)
		return bn_dist_refused(d, "asking its token server", err);
	return read_token(d, now, err);
}

/* An identity token is exchanged with OAuth 2: POST grant_type=refresh_token. */
static int exchange_identity(bn_distribution *d, bn_err *err)
{
	bn_buf form = BN_BUF_INIT;
	const char *separator = "&";
	int rc;
	if (bn_buf_reserve(&form, 3 * strlen(d->o.credentials->identity_token) + 4096) < 0)
		return bn_err_nomem(err, "a token");
	bn_buf_adds(&form, "grant_type=refresh_token&client_id=binnacle");
	if (d->challenge.service[0]) {
		bn_buf_adds(&form, "&service=");
		add_escaped(&form, d->challenge.service);
	}
	add_scopes(&form, d, &separator, true);
	bn_buf_adds(&form, "&refresh_token=");
	add_escaped(&form, d->o.credentials->identity_token);
	if ((rc = bn_buf_check(&form, err, "a token")) < 0)
		goto out;
	rc = ask_realm(d, d->challenge.realm, NULL, &form, err);
out:
	bn_buf_wipe(&form);
	return rc;
}

static int fetch_token(bn_distribution *d, bn_err *err)
{
	const bn_credentials *c = d->o.credentials;
	const char *separator = strchr(d->challenge.realm, '?') ? "&" : "?";
	bn_buf url = BN_BUF_INIT;
	char *line = NULL;
	int rc;
	if ((rc = check_realm(d, err)) < 0)
		goto out;
	if (c && c->registry_token) {
		rc = take_token(d, c->registry_token, err);
		d->token_end_ns = INT64_MAX;
		goto out;
	}
	if (c && c->identity_token) {
		rc = exchange_identity(d, err);
		goto out;
	}
	bn_buf_adds(&url, d->challenge.realm);
	if (d->challenge.service[0]) {
		bn_buf_addf(&url, "%sservice=", separator);
		add_escaped(&url, d->challenge.service);
		separator = "&";
	}
	add_scopes(&url, d, &separator, false);
	if ((rc = bn_buf_check(&url, err, "a URL")) < 0 ||
		(c && (rc = basic_line(&line, c, err)) < 0))
		goto out;
	rc = ask_realm(d, url.ptr, line, NULL, err);
out:
	bn_buf_release(&url);
	bn_secret_free(line);
	return rc;
}

/* ---- both ----------------------------------------------------------------------------------- */

int bn_dist_authorize(bn_distribution *d, bn_err *err)
{
	const bn_credentials *c = d->o.credentials;
	bool bearer = d->challenge.kind == BN_CHALLENGE_BEARER;
	if (d->authorization && (!bearer || bn_env_monotonic_ns(d->env) < d->token_end_ns))
		return 0;
	bn_dist_forget_authorization(d);
	if (bearer)
		return fetch_token(d, err);
	if (d->challenge.kind == BN_CHALLENGE_NONE || !c)
		return 0;
	if (!c->user)
		return bn_err_set(err, BN_EREFUSED,
			"%s wants a user and a password, and %s has a token", d->ref.registry,
			c->source);
	return basic_line(&d->authorization, c, err);
}
