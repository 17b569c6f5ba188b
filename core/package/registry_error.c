/* registry_error.c - what a registry says that is wrong: see _distribution.h. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/shown.h"
#include "core/package/_distribution.h"

#include <string.h>

/* The first of {"errors": [{"code": ..., "message": ...}]}; borrowed from *doc, which the caller gives up. */
static const json_t *first_error(json_t **doc, const bn_distribution *d)
{
	const bn_buf *body = &d->answer.body;
	*doc = NULL;
	if (bn_json_parse(doc, body->ptr, body->len, "answer", NULL) < 0)
		return NULL;
	return json_array_get(json_object_get(*doc, "errors"), 0);
}

bool bn_dist_has_code(const bn_distribution *d, const char *code)
{
	json_t *doc;
	bool same = !strcmp(bn_json_str(first_error(&doc, d), "code", ""), code);
	json_decref(doc);
	return same;
}

/* A registry may repeat what it was sent. */
static void remove_secret(bn_buf *text, const char *secret)
{
	size_t n = secret ? strlen(secret) : 0;
	if (n < 4) /* it would hide half of every message, and give its place away */
		return;
	for (char *at; (at = memmem(text->ptr, text->len, secret, n));)
		memset(at, '*', n);
}

static void remove_secrets(bn_buf *text, const bn_distribution *d)
{
	const bn_credentials *c = d->o.credentials;
	const char *basic = d->authorization ? strrchr(d->authorization, ' ') : NULL;
	remove_secret(text, d->token);
	remove_secret(text, basic ? basic + 1 : NULL);
	if (!c)
		return;
	remove_secret(text, c->password);
	remove_secret(text, c->identity_token);
	remove_secret(text, c->registry_token);
}

/* "CODE: message", or the text that other servers send. */
static void add_reason(bn_buf *out, const bn_distribution *d, const bn_err *plain)
{
	json_t *doc;
	const json_t *e = first_error(&doc, d);
	const char *code = bn_json_str(e, "code", ""), *message = bn_json_str(e, "message", "");
	const char *said = strstr(plain->msg, " answered ");
	said = said ? strstr(said, ": ") : NULL;
	bn_buf raw = BN_BUF_INIT;
	if (*code || *message)
		bn_buf_addf(&raw, "%.60s%s%.300s", code, *code && *message ? ": " : "", message);
	else if (said && strcmp(said + 2, "no reason given") != 0)
		bn_buf_adds(&raw, said + 2);
	remove_secrets(&raw, d);
	bn_shown_add(out, raw.ptr, raw.len, BN_SHOWN_LINE);
	bn_buf_release(&raw);
	json_decref(doc);
}

static void add_hint(const bn_distribution *d, bn_err *err)
{
	const bn_credentials *c = d->o.credentials;
	int status = d->answer.status;
	if (status == 413)
		bn_err_hint(err, "a proxy may limit the size of a request: try --chunk 1M");
	else if (status != 401 && status != 403)
		return;
	else if (!c)
		bn_err_hint(err,
			"no credentials were found for %.100s: set BINNACLE_REGISTRY_USER and "
			"BINNACLE_REGISTRY_PASSWORD, or --auth-file",
			d->ref.registry);
	else
		bn_err_hint(err, "they come from %.100s: are they right, and may they %s %.80s?",
			c->source, d->o.writes ? "push to" : "pull", d->ref.name);
}

int bn_dist_refused(const bn_distribution *d, const char *doing, bn_err *err)
{
	bn_err plain = BN_ERR_INIT;
	bn_buf said = BN_BUF_INIT;
	int rc = bn_http_answer_check(&d->answer, &plain);
	if (rc < 0)
		add_reason(&said, d, &plain);
	else /* a success that is not the one that was expected */
		bn_buf_adds(&said, "that is not what the specification says");
	rc = rc < 0 && rc != BN_EINVAL ? rc : BN_EIO;
	if (!said.len && d->answer.status == 401) /* to HEAD there is no text */
		bn_buf_adds(&said, d->o.credentials ? "the credentials are not accepted"
						    : "credentials are needed");
	bn_err_set(err, rc, "%s: %s: answered %d: %s", d->ref.registry, doing, d->answer.status,
		said.len ? said.ptr : "no reason given");
	add_hint(d, err);
	bn_buf_release(&said);
	return rc;
}
