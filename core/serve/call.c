/*
 * call.c - common code of the predicting routes: the model, the body, and writing responses.
 */
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/serve/_server.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#define LISTED 8 /* models in a hint */

static void hint_models(const bn_server *s, bn_err *err)
{
	bn_buf names = BN_BUF_INIT;
	for (size_t i = 0; i < s->model_count && i < LISTED; i++)
		bn_buf_addf(&names, "%s%.60s/%.40s", i ? ", " : "", bn_predictor_name(s->models[i]),
			bn_predictor_version(s->models[i]));
	if (s->model_count > LISTED)
		bn_buf_addf(&names, " and %zu more", s->model_count - LISTED);
	if (names.ptr && !names.failed)
		bn_err_hint(err, "served here: %s", names.ptr);
	bn_buf_release(&names);
}

int bn_call_use_model(bn_call *c, const char *name, const char *version, bn_err *err)
{
	bn_server *s = c->server;
	size_t i = 0;
	for (; name && i < s->model_count; i++)
		if (!strcmp(bn_predictor_name(s->models[i]), name) &&
			(!version || !strcmp(bn_predictor_version(s->models[i]), version)))
			break;
	if (i == s->model_count) {
		bn_err_set(err, BN_ENOTFOUND, "no model '%.100s'%s%.40s is served here", name,
			version ? " version " : "", version ? version : "");
		hint_models(s, err);
		return BN_ENOTFOUND;
	}
	c->model = i;
	if (!c->worker->sessions[i]) {
		int rc = bn_session_new(&c->worker->sessions[i], s->models[i], &s->o.policy, err);
		if (rc)
			return rc;
	}
	c->session = c->worker->sessions[i];
	return 0;
}

/* charset: the text "charset=..." */
static bool is_utf8(const char *charset)
{
	charset += 8 + (charset[8] == '"');
	return !strncasecmp(charset, "utf-8", 5) || !strncasecmp(charset, "utf8", 4) ||
	       !strncasecmp(charset, "us-ascii", 8);
}

bool bn_call_has_type(const bn_call *c, const char *media, bool optional)
{
	const char *type = bn_http_request_header(c->request, "Content-Type");
	if (!type)
		return optional;
	size_t n = strlen(media);
	if (strncasecmp(type, media, n))
		return false;
	type += n + strspn(type + n, " \t");
	if (*type && *type != ';')
		return false;
	const char *charset = strcasestr(type, "charset=");
	return !charset || is_utf8(charset);
}

int bn_call_wrong_type(bn_call *c, const char *wanted, bn_err *err)
{
	const char *type = bn_http_request_header(c->request, "Content-Type");
	const char *charset = type ? strcasestr(type, "charset=") : NULL;
	c->status = 415;
	if (charset && !is_utf8(charset)) {
		bn_err_set(err, BN_EINVAL, "content type '%.80s': only charset utf-8 is read here",
			type);
		bn_err_hint(err,
			"send the body in UTF-8, with the header Content-Type: %.*s; charset=utf-8",
			(int)strcspn(type, "; \t"), type);
		return BN_EINVAL;
	}
	bn_err_set(err, BN_EINVAL, "content type '%.80s' is not supported here",
		type ? type : "(none)");
	bn_err_hint(err, "send the header Content-Type: %s", wanted);
	return BN_EINVAL;
}

/* Python writes NaN, which is not JSON, and MLflow's client sends it for missing values: outside strings it
 * becomes null. Infinity is a value, but not one that a model accepts: an error. */
static void replace_nan(bn_buf *out, const char *at, const char *end)
{
	bool quoted = false;
	for (const char *p = at; p < end; p++) {
		size_t left = (size_t)(end - p);
		if (!quoted && left >= 3 && !memcmp(p, "NaN", 3)) {
			bn_buf_adds(out, "null");
			p += 2;
			continue;
		}
		if (quoted && *p == '\\' && left > 1)
			bn_buf_addch(out, *p++);
		else if (*p == '"')
			quoted = !quoted;
		bn_buf_addch(out, *p);
	}
}

int bn_call_check_text(const bn_call *c, const char *wanted, bn_err *err)
{
	const char *body = c->request->body;
	size_t n = c->request->body_len;
	const char *nul = n ? memchr(body, '\0', n) : NULL;
	if (!n)
		return bn_err_set(err, BN_EINVAL, "the body is empty, %s was expected", wanted);
	if (nul)
		return bn_err_set(err, BN_EINVAL,
			"body: byte %zu is NUL, which is not allowed in text",
			(size_t)(nul - body) + 1);
	return 0;
}

/* An upper bound of jansson's memory for a text, from counts of its punctuation; valid for numbers, short
 * strings, empty arrays and objects (a "{}" of two bytes costs 230). */
static size_t tree_bytes(const char *text, size_t n)
{
	size_t values = 0, members = 0, arrays = 0, objects = 0;
	for (size_t i = 0; i < n; i++) {
		values += text[i] == ',';
		members += text[i] == ':';
		arrays += text[i] == '[';
		objects += text[i] == '{';
	}
	return n + 64 * values + 96 * members + 160 * arrays + 288 * objects;
}

#define SMALL_BODY \
	((size_t)65536) /* parsed without being counted: there are no more than threads */

/* Reserves memory for the tree of a body, until it is given back. A single large one may take all
 * of it. */
static int take_tree(size_t *taken, bn_call *c, const char *text, size_t n, bn_err *err)
{
	size_t most = BODIES_AT_ONCE * c->server->o.max_body_bytes;
	*taken = n > SMALL_BODY ? tree_bytes(text, n) : 0;
	if (*taken > most) {
		c->status = 413;
		*taken = 0;
		bn_err_set(err, BN_EINVAL, "the body holds too many values to be read at once");
		bn_err_hint(err, "send fewer rows at a time, or CSV, which needs less");
		return BN_EINVAL;
	}
	if (*taken && atomic_fetch_add(&c->server->tree_bytes, *taken) + *taken > most) {
		atomic_fetch_sub(&c->server->tree_bytes, *taken);
		c->status = 503;
		*taken = 0;
		return bn_err_set(err, BN_ENOMEM, "too many bodies are being read; try again");
	}
	return 0;
}

void bn_call_free_json(json_t *body, bn_call *c)
{
	json_decref(body);
	if (c->tree_bytes)
		atomic_fetch_sub(&c->server->tree_bytes, c->tree_bytes);
	c->tree_bytes = 0;
}

int bn_call_json(json_t **out, bn_call *c, bn_err *err)
{
	const char *body = c->request->body;
	size_t n = c->request->body_len;
	bn_buf text = BN_BUF_INIT;
	int rc = 0;
	if ((rc = bn_call_check_text(c, "JSON", err)) < 0)
		return rc;
	if ((rc = take_tree(&c->tree_bytes, c, body, n, err)) < 0)
		return rc;
	if (memmem(body, n, "NaN", 3)) {
		replace_nan(&text, body, body + n);
		if ((rc = bn_buf_check(&text, err, "the body")) < 0)
			goto out;
		body = text.ptr;
		n = text.len;
	}
	rc = bn_json_parse_wide(out, body, n, "body", err);
	if (rc < 0 && memmem(body, n, "Infinity", 8))
		bn_err_hint(err, "a model accepts finite numbers; null and NaN are missing values");
out:
	if (rc < 0)
		bn_call_free_json(NULL, c);
	bn_buf_release(&text);
	return rc;
}

int bn_call_begin(bn_call *c, size_t rows, bn_err *err)
{
	if (rows > c->server->o.max_rows) {
		c->status = 413;
		return bn_err_set(err, BN_EINVAL, "%zu rows in one request, the limit is %zu", rows,
			c->server->o.max_rows);
	}
	if (!rows)
		return bn_err_set(err, BN_EINVAL, "no rows to predict");
	return bn_session_begin(c->session, rows, err);
}

int bn_call_run(bn_call *c, bn_err *err)
{
	int rc = bn_session_run(c->session, err);
	if (rc == BN_EINVAL) /* well-formed, but without a result */
		c->status = 422;
	c->answered = !rc;
	return rc;
}

void bn_answer_number(bn_buf *out, double x)
{
	char text[BN_FMT];
	bn_buf_adds(out, isfinite(x) ? bn_fmt_f64(x, text) : "null");
}

void bn_answer_string(bn_buf *out, const char *s)
{
	bn_buf_add_json_string(out, s, strlen(s));
}

void bn_answer_prediction(bn_buf *out, const bn_session *s, size_t row)
{
	const char *label = bn_session_label(s, row);
	if (!label)
		bn_answer_number(out, bn_session_prediction(s, row));
	else if (bn_session_label_is_number(s))
		bn_buf_adds(out, label);
	else
		bn_answer_string(out, label);
}
