/* client.c - requests, answers and pages: see client.h. */
#include "core/mlflow/_client.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/secret_file.h"
#include "core/base/str.h"
#include "core/net/message.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define API "/api/2.0/mlflow"
#define BACKOFF_MS 500
#define TRIES 4
#define MOST_REDIRECTS 5
#define MOST_EMPTY_PAGES 1000
/* Of one answer; a page of 1000 runs, of 200 with whole texts, or of 25 000 points is far below. As a tree a value takes
 * some 50 bytes, and a text three times its size while it is read. */
#define MOST_BYTES ((uint64_t)192 << 20)
#define MOST_VALUES ((size_t)8 << 20)
#define MOST_COMPARED ((size_t)16 << 20) /* bytes of a page that is kept while the next is read */

bool bn_mlflow_is_address(const char *text)
{
	return bn_str_starts(text, "http://") || bn_str_starts(text, "https://") ||
	       bn_str_starts(text, "unix:");
}

bool bn_mlflow_lacks_scheme(const char *text)
{
	static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	size_t host = *text == '[' ? strcspn(text, "]") + 1 : strspn(text, name);
	if (!host || host > strlen(text) || text[host] != ':')
		return false;
	const char *port = text + host + 1;
	size_t digits = strspn(port, "0123456789");
	return digits > 0 && digits < 6 && (!port[digits] || port[digits] == '/');
}

static int check_address(const char *address, bn_err *err)
{
	bool good = bn_mlflow_is_address(address);
	for (const char *p = address; *p; p++)
		good = good && (unsigned char)*p > ' ' && *p != 0x7f && !strchr("?#", *p);
	bool socket = bn_str_starts(address, "unix:");
	const char *at = strchr(address, '@');
	good = good && (socket ? address[5] == '/' : !at && address[strcspn(address, "/") + 2]);
	if (good)
		return 0;
	/* what is before an @ may be a password */
	bn_err_set(err, BN_EINVAL, "'%.200s' is not the address of an MLflow server",
		at && !socket ? at + 1 : address);
	bn_err_hint(err, "http(s)://HOST[:PORT][/PREFIX] or unix:/PATH, without a user name or a "
			 "password");
	return BN_EINVAL;
}

static int take_address(bn_mlflow_client *c, const char *address, bn_err *err)
{
	size_t n = strlen(address), k = strlen(API);
	int rc = check_address(address, err);
	if (rc < 0)
		return rc;
	if (bn_str_starts(address, "unix:")) {
		c->address = bn_strdup(address);
		c->socket = bn_strdup(address + 5);
		c->base = bn_strdup("http://localhost");
	} else {
		while (n && address[n - 1] == '/')
			n--;
		if (n > k && !strncmp(address + n - k, API, k))
			n -= k;
		c->address = bn_strndup(address, n);
		c->base = bn_strndup(address, n);
	}
	return c->address && c->base && (c->socket || !bn_str_starts(address, "unix:"))
		       ? 0
		       : bn_err_nomem(err, "an address");
}

/* A proxy knows another loopback. */
static bool is_here(const bn_mlflow_client *c)
{
	char host[256];
	const char *at = strstr(c->base, "://") + 3;
	snprintf(host, sizeof host, "%.*s", (int)strcspn(at, "/"), at);
	return c->socket || bn_http_is_loopback_name(host);
}

int bn_mlflow_open(bn_mlflow_client **out, const bn_env *env, const char *address,
	const bn_mlflow_access *access, bn_err *err)
{
	static const bn_mlflow_access none;
	int rc;
	bn_mlflow_client *c = bn_alloc_zeroed(1, sizeof *c);
	if (!c)
		return bn_err_nomem(err, "an MLflow client");
	if (!access)
		access = &none;
	bn_http_answer_init(&c->answer);
	c->env = env;
	c->backoff_ms = (int)bn_env_get_ms(env, "BINNACLE_MLFLOW_BACKOFF", 1, BACKOFF_MS);
	c->attempts = access->attempts ? access->attempts : TRIES;
	c->whole_ms = access->whole_ms;
	c->connect_ms = access->connect_ms;
	c->goes_on = access->goes_on;
	c->user = access->user;
	if ((rc = take_address(c, address, err)) < 0 ||
		(rc = bn_mlflow_take_credentials(c, access, err)) < 0)
		goto out;
	const char *ca = bn_env_get(env, "MLFLOW_TRACKING_SERVER_CERT_PATH");
	const char *own = bn_env_get(env, "MLFLOW_TRACKING_CLIENT_CERT_PATH");
	bool tls = bn_http_url_is_https(c->base);
	bn_http_client_options options = {.use_proxy_variables = !is_here(c),
		.unix_socket = c->socket,
		.ca_file = access->ca_file || !ca || !*ca ? access->ca_file : ca,
		.cert_file = tls && own && *own ? own : NULL,
		.key_file = tls && own && *own ? own : NULL};
	if ((rc = bn_http_client_new(&c->http, env, &options, err)) < 0)
		goto out;
	*out = c;
	c = NULL;
out:
	bn_mlflow_close(c);
	return rc;
}

void bn_mlflow_close(bn_mlflow_client *c)
{
	if (!c)
		return;
	bn_http_client_free(c->http);
	bn_http_answer_release(&c->answer);
	bn_secret_free(c->secret);
	bn_secret_free(c->encoded);
	bn_secret_free(c->header);
	bn_free(c->address);
	bn_free(c->base);
	bn_free(c->socket);
	bn_free(c);
}

const char *bn_mlflow_address(const bn_mlflow_client *c)
{
	return c->address;
}

int bn_mlflow_status(const bn_mlflow_client *c)
{
	return c->answer.status;
}

/* ---- what a refusal means -------------------------------------------------------------------- */

/* Reads the error's code; whether the answer is MLflow's JSON. */
static bool read_code(bn_mlflow_client *c)
{
	json_t *json = NULL;
	const char *code = NULL;
	if (bn_json_parse(&json, c->answer.body.ptr, c->answer.body.len, "answer", NULL) >= 0 &&
		(code = bn_json_str(json, "error_code", NULL)))
		snprintf(c->code, sizeof c->code, "%s", code);
	json_decref(json);
	return code != NULL;
}

static bool code_is(const bn_mlflow_client *c, const char *code)
{
	return !strcmp(c->code, code);
}

static int explain(bn_mlflow_client *c, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bool said = read_code(c);
	int status = c->answer.status, rc = bn_http_answer_check(&c->answer, &why);
	if (code_is(c, "RESOURCE_ALREADY_EXISTS") || code_is(c, "RESOURCE_CONFLICT"))
		rc = BN_ECONFLICT;
	else if (code_is(c, "RESOURCE_DOES_NOT_EXIST"))
		rc = BN_ENOTFOUND;
	else if (code_is(c, "ENDPOINT_NOT_FOUND") || code_is(c, "NOT_IMPLEMENTED") ||
		 (status == 404 && !said))
		rc = BN_EUNSUPPORTED;
	if (status == 401 && c->header)
		bn_err_hint(&why, "%s is wrong, expired or revoked", c->source);
	else if (status == 401)
		bn_err_hint(&why, "MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and "
				  "MLFLOW_TRACKING_PASSWORD, or --token-file FILE");
	else if (status == 403 && !said)
		bn_err_hint(&why, "what %s holds may not do this", c->source);
	else if (status == 403 && c->header) /* for a right that they lack, or for a rule of the server */
		bn_err_hint(&why, "the server knows you by %s", c->source);
	else if (status == 404 && !said)
		bn_err_hint(&why, "is %.160s the address of an MLflow server?", c->address);
	bn_mlflow_hide(c, &why);
	return bn_err_recode(err, &why, rc);
}

/* ---- a request ------------------------------------------------------------------------------ */

static bool on_progress(void *user, const bn_http_progress *p)
{
	const bn_mlflow_client *c = user;
	(void)p;
	return !c->goes_on || c->goes_on(c->user);
}

static char *url_of(const bn_mlflow_client *c, const char *target)
{
	if (strstr(target, "://"))
		return bn_strdup(target);
	if (*target == '/')
		return bn_strf("%s%s", c->base, target);
	return bn_strf("%s" API "/%s", c->base, target);
}

int bn_mlflow_call(const bn_http_answer **out, bn_mlflow_client *c, bn_http_call *call,
	const char *target, const char *extra, bn_err *err)
{
	const char *headers[4];
	size_t n = 0;
	bn_err why = BN_ERR_INIT;
	char *url = url_of(c, target);
	if (!url)
		return bn_err_nomem(err, "a URL");
	c->code[0] = '\0';
	if (c->header && bn_http_url_same_origin(url, c->base))
		headers[n++] = c->header;
	if (extra)
		headers[n++] = extra;
	headers[n] = NULL;
	call->url = url;
	call->headers = headers;
	call->attempts = c->attempts;
	call->backoff_ms = c->backoff_ms;
	call->whole_ms = call->whole_ms ? call->whole_ms : c->whole_ms;
	call->connect_ms = c->connect_ms;
	call->max_redirects = MOST_REDIRECTS;
	if (!call->progress) {
		call->progress = on_progress;
		call->progress_user = c;
	}
	int rc = bn_http_do(c->http, call, &c->answer, &why);
	bn_free(url);
	call->url = NULL;
	call->headers = NULL;
	if (out)
		*out = &c->answer;
	if (rc < 0) {
		if (c->answer.untrusted)
			bn_err_hint(&why,
				"--ca-file FILE, or MLFLOW_TRACKING_SERVER_CERT_PATH, names "
				"the authority to trust");
		bn_mlflow_hide(c, &why);
		return bn_err_move(err, &why);
	}
	if (c->answer.status < 200 || c->answer.status > 299)
		return explain(c, err);
	return 0;
}

static void add_field(bn_buf *url, bool *first, const char *key, const json_t *v)
{
	char number[BN_FMT];
	size_t i;
	json_t *item;
	if (json_is_array(v)) {
		json_array_foreach((json_t *)(uintptr_t)v, i, item)
			add_field(url, first, key, item);
		return;
	}
	if (!v || json_is_null(v))
		return;
	bn_buf_addch(url, *first ? '?' : '&');
	*first = false;
	bn_http_url_add(url, key);
	bn_buf_addch(url, '=');
	if (json_is_string(v))
		bn_http_url_add(url, json_string_value(v));
	else if (json_is_integer(v))
		bn_buf_adds(url, bn_fmt_i64(json_integer_value(v), number));
	else if (json_is_real(v))
		bn_buf_adds(url, bn_fmt_f64(json_real_value(v), number));
	else
		bn_buf_adds(url, json_is_true(v) ? "true" : "false");
}

static int build_target(char **out, const bn_mlflow_request *r, bn_err *err)
{
	bn_buf url = BN_BUF_INIT;
	bool first = true;
	const char *key;
	json_t *v;
	bn_buf_adds(&url, r->path);
	json_object_foreach((json_t *)(uintptr_t)r->query, key, v) add_field(&url, &first, key, v);
	*out = bn_buf_take(&url, NULL);
	return *out ? 0 : bn_err_nomem(err, "a URL");
}

/* JSON can say NUL in a text, and MLflow's server keeps it; here no text can hold it. U+FFFD takes its place, so that
 * one such text does not hide everything else that the answer says. */
static void replace_nuls(char *text, size_t n)
{
	const char *end = text + n;
	for (char *p = text; (p = memmem(p, (size_t)(end - p), "\\u0000", 6)); p += 6) {
		size_t before = 0;
		while (p - before > text && p[-1 - (ptrdiff_t)before] == '\\')
			before++;
		if (before % 2 == 0)
			memcpy(p + 2, "fffd", 4);
	}
}

/* Whether a tree of the text has more than MOST_VALUES values: what separates them outside of texts is counted. */
static bool has_too_many(const char *text, size_t n)
{
	size_t values = 1;
	bool in_text = false;
	if (n <= MOST_VALUES)
		return false;
	for (size_t i = 0; i < n && values <= MOST_VALUES; i++) {
		if (in_text && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_text = !in_text;
		else if (!in_text)
			values += text[i] == ',' || text[i] == '[' || text[i] == '{';
	}
	return values > MOST_VALUES;
}

static int read_object(json_t **out, bn_mlflow_client *c, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	if (has_too_many(c->answer.body.ptr, c->answer.body.len))
		return bn_err_set(err, BN_EIO, "%s answered with more than %zu values",
			c->answer.place.ptr, MOST_VALUES);
	if (!c->answer.body.len) {
		*out = json_object();
		return *out ? 0 : bn_err_nomem(err, "an answer");
	}
	replace_nuls(c->answer.body.ptr, c->answer.body.len);
	int rc = bn_json_parse_numbers(
		out, c->answer.body.ptr, c->answer.body.len, c->answer.place.ptr, &why);
	if (rc >= 0 && json_is_object(*out))
		return 0;
	if (rc >= 0) {
		json_decref(*out);
		*out = NULL;
		bn_err_set(&why, BN_EIO, "%s answered something that is not a JSON object",
			c->answer.place.ptr);
	}
	bn_err_hint(&why, "is %.160s the address of an MLflow server?", c->address);
	bn_mlflow_hide(c, &why);
	return bn_err_recode(err, &why, rc == BN_ENOMEM ? BN_ENOMEM : BN_EIO);
}

int bn_mlflow_do(json_t **out, bn_mlflow_client *c, const bn_mlflow_request *r, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	char *target = NULL;
	const char *usual = r->body ? "POST" : "GET", *method = r->method ? r->method : usual;
	bool once = !r->repeatable && (!strcmp(method, "POST") || !strcmp(method, "PATCH"));
	bn_http_call call = {.method = method,
		.repeatable = !once,
		.only_refused = once,
		.to = {.max_bytes = MOST_BYTES}};
	int rc;
	*out = NULL;
	if (r->body) {
		if ((rc = bn_json_canonical(r->body, &text, err)) < 0)
			goto out;
		call.body = (bn_http_upload){
			.kind = BN_HTTP_BYTES, .bytes = text.ptr, .length = (int64_t)text.len};
	}
	if ((rc = build_target(&target, r, err)) < 0 ||
		(rc = bn_mlflow_call(NULL, c, &call, target, NULL, err)) < 0)
		goto out;
	rc = read_object(out, c, err);
out:
	bn_free(target);
	bn_buf_release(&text);
	return rc;
}

/* ---- pages -------------------------------------------------------------------------------------- */

static int each_item(bn_mlflow_client *c, const json_t *page, const char *list, size_t *count,
	bn_mlflow_each *each, void *user, bn_err *err)
{
	size_t i;
	json_t *item, *items = json_object_get(page, list);
	int rc;
	*count = 0;
	if (items && !json_is_array(items))
		return bn_err_set(
			err, BN_EIO, "%s: '%s' of its answer is not a list", c->address, list);
	json_array_foreach(items, i, item)
	{
		if (!json_is_object(item)) { /* it does not hide the others */
			c->odd_items++;
			continue;
		}
		++*count;
		if ((rc = each(user, item, err)) != 0)
			return rc;
	}
	return 0;
}

size_t bn_mlflow_take_odd(bn_mlflow_client *c)
{
	size_t n = c->odd_items;
	c->odd_items = 0;
	return n;
}

/* Whether pages go on for ever: a page that is as the one before, or a token that came before. Of the tokens one is
 * kept, a new one after 1, 2, 4, 8... pages (Brent's search for cycles), so a cycle of any length is found. */
typedef struct pages {
	json_t *last; /* items of the page before */
	json_t *kept; /* a token */
	size_t count, next_kept;
	int empty; /* in a row */
} pages;

static bool pages_repeat(pages *p, const json_t *page, const char *list, size_t items, size_t bytes)
{
	json_t *token = json_object_get(page, "next_page_token");
	json_t *now = bytes <= MOST_COMPARED ? json_object_get(page, list) : NULL;
	bool again = (items && p->last && json_equal(p->last, now)) ||
		     (p->kept && json_equal(p->kept, token));
	p->empty = items ? 0 : p->empty + 1;
	if (++p->count >= p->next_kept) {
		p->next_kept = 2 * p->count;
		json_decref(p->kept);
		p->kept = json_incref(token);
	}
	json_decref(p->last);
	p->last = json_incref(now);
	return again || p->empty > MOST_EMPTY_PAGES;
}

int bn_mlflow_list(bn_mlflow_client *c, const bn_mlflow_request *r, const char *list,
	bn_mlflow_each *each, void *user, bn_err *err)
{
	bn_mlflow_request q = *r;
	json_t *fields = json_copy((json_t *)(uintptr_t)(r->body ? r->body : r->query)),
	       *page = NULL;
	pages seen = {NULL, NULL, 0, 0, 0};
	int rc = 0;
	if (!fields && !(fields = json_object()))
		return bn_err_nomem(err, "a request");
	*(r->body ? &q.body : &q.query) = fields;
	q.repeatable = true;
	for (;;) {
		size_t count;
		json_decref(page);
		if ((rc = bn_mlflow_do(&page, c, &q, err)) < 0)
			break;
		size_t bytes = c->answer.body.len;
		if ((rc = each_item(c, page, list, &count, each, user, err)) != 0)
			break;
		const char *next = bn_json_str(page, "next_page_token", "");
		if (!*next)
			break;
		if (pages_repeat(&seen, page, list, count, bytes)) {
			rc = bn_err_set(
				err, BN_EIO, "%s: the pages of '%s' do not end", c->address, list);
			break;
		}
		if (json_object_set_new(fields, "page_token", json_string(next)) < 0) {
			rc = bn_err_nomem(err, "a request");
			break;
		}
	}
	json_decref(seen.last);
	json_decref(seen.kept);
	json_decref(page);
	json_decref(fields);
	return rc;
}

/* ---- numbers -------------------------------------------------------------------------------------- */

bool bn_mlflow_number(const json_t *v, double *out)
{
	const char *text = json_string_value(v);
	if (!text || bn_json_number_of(v, out))
		return v && bn_json_number_of(v, out);
	if (!strcmp(text, "NaN"))
		*out = NAN;
	else if (!strcmp(text, "Infinity"))
		*out = INFINITY;
	else if (!strcmp(text, "-Infinity"))
		*out = -INFINITY;
	else
		return bn_parse_f64(text, strlen(text), out);
	return true;
}

bool bn_mlflow_integer(const json_t *v, int64_t *out)
{
	if (json_is_string(v))
		return bn_parse_i64(json_string_value(v), json_string_length(v), out);
	if (json_is_real(v)) {
		double x = json_real_value(v);
		if (x != floor(x) || fabs(x) > 9007199254740992.0)
			return false;
		*out = (int64_t)x;
		return true;
	}
	if (!json_is_integer(v))
		return false;
	*out = json_integer_value(v);
	return true;
}

bool bn_mlflow_version(const json_t *v, int64_t *out)
{
	const char *text = json_string_value(v);
	size_t n = text ? strspn(text, "0123456789") : 0;
	if (n && !strcmp(text + n, ".0.0"))
		return bn_parse_i64(text, n, out);
	return bn_mlflow_integer(v, out);
}

json_t *bn_mlflow_number_json(double x)
{
	if (isnan(x))
		return json_string("NaN");
	if (isinf(x))
		return json_string(x > 0 ? "Infinity" : "-Infinity");
	return json_real(x);
}
