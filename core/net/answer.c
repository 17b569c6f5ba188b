/* answer.c - reading a response's headers and error text: see client.h. */
#include "core/net/_client.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/shown.h"
#include "core/base/str.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

void bn_http_answer_init(bn_http_answer *a)
{
	*a = (bn_http_answer){.body = BN_BUF_INIT,
		.headers = BN_BUF_INIT,
		.url = BN_BUF_INIT,
		.place = BN_BUF_INIT};
}

void bn_http_answer_release(bn_http_answer *a)
{
	bn_buf_release(&a->body);
	bn_buf_release(&a->headers);
	bn_buf_release(&a->url);
	bn_buf_release(&a->place);
	bn_http_answer_init(a);
}

void bn_http_answer_clear(bn_http_answer *a)
{
	bn_buf body = a->body, headers = a->headers, url = a->url, place = a->place;
	bn_buf_clear(&body);
	bn_buf_clear(&headers);
	bn_buf_clear(&url);
	bn_buf_clear(&place);
	*a = (bn_http_answer){.body = body, .headers = headers, .url = url, .place = place};
}

bool bn_http_next_header(const char **at, const char *name, const char **value, size_t *len)
{
	size_t n = strlen(name);
	for (const char *line = *at; *line;) {
		size_t length = strcspn(line, "\r\n");
		const char *next = line + length;
		next += strspn(next, "\r\n");
		if (length > n && line[n] == ':' && !strncasecmp(line, name, n)) {
			const char *v = line + n + 1, *end = line + length;
			while (v < end && (*v == ' ' || *v == '\t'))
				v++;
			while (end > v && (end[-1] == ' ' || end[-1] == '\t'))
				end--;
			*value = v;
			*len = (size_t)(end - v);
			*at = next;
			return true;
		}
		line = next;
	}
	return false;
}

const char *bn_http_answer_header(
	const bn_http_answer *a, const char *name, char *value, size_t size)
{
	const char *at = a->headers.ptr, *v;
	size_t n;
	if (!bn_http_next_header(&at, name, &v, &n))
		return NULL;
	n = n < size ? n : size - 1;
	memcpy(value, v, n);
	value[n] = '\0';
	return value;
}

int bn_http_answer_only(char **out, const bn_http_answer *a, const char *name, bn_err *err)
{
	const char *at = a->headers.ptr, *v, *other;
	size_t n, m;
	if (!bn_http_next_header(&at, name, &v, &n))
		return bn_err_set(err, BN_ENOTFOUND, "the answer has no %s header", name);
	if (bn_http_next_header(&at, name, &other, &m))
		return bn_err_set(err, BN_EIO, "the answer has two %s headers", name);
	if (!(*out = bn_strndup(v, n)))
		return bn_err_nomem(err, "a header");
	return 0;
}

static bool read_u64(const char **p, uint64_t *out)
{
	int64_t x;
	size_t n = strspn(*p, "0123456789");
	if (!n || !bn_parse_i64(*p, n, &x))
		return false;
	*out = (uint64_t)x;
	*p += n;
	return true;
}

bool bn_http_content_range(const bn_http_answer *a, uint64_t *first, uint64_t *last, int64_t *total)
{
	char text[96];
	uint64_t all;
	const char *p = bn_http_answer_header(a, "Content-Range", text, sizeof text);
	if (!p || strncasecmp(p, "bytes ", 6))
		return false;
	p += 6;
	*first = 1;
	*last = 0; /* none: in a 416 */
	if (*p == '*')
		p++;
	else if (!read_u64(&p, first) || *p++ != '-' || !read_u64(&p, last) || *last < *first)
		return false;
	*total = -1;
	if (*p++ != '/')
		return false;
	if (*p == '*')
		return !p[1];
	if (!read_u64(&p, &all) || *p)
		return false;
	*total = (int64_t)all;
	return true;
}

/* ---- error texts -------------------------------------------------------------------- */

static int code_of(int status)
{
	switch (status) {
	case 401:
	case 403:
		return BN_EREFUSED;
	case 404:
	case 410:
		return BN_ENOTFOUND;
	case 409:
	case 412:
		return BN_ECONFLICT;
	case 408:
	case 429:
		return BN_EIO;
	case 501:
		return BN_EUNSUPPORTED;
	default:
		return status >= 400 && status < 500 ? BN_EINVAL : BN_EIO;
	}
}

/* Untrusted text as one line: its first 300 bytes. */
static void add_plain(bn_buf *out, const char *s, size_t n)
{
	bn_shown_add(out, s, n < 300 ? n : 300, BN_SHOWN_LINE);
}

/* The first string under one of the keys that servers use, searched in nested objects and lists. */
static const char *find_text(const json_t *doc, int depth)
{
	static const char *const keys[] = {
		"message", "error", "error_description", "detail", "msg", "errors"};
	const char *text = NULL;
	if (json_is_string(doc))
		return json_string_value(doc);
	if (depth > 4)
		return NULL;
	if (json_is_array(doc))
		return find_text(json_array_get(doc, 0), depth + 1);
	for (size_t i = 0; i < sizeof keys / sizeof *keys && !text; i++)
		text = find_text(json_object_get(doc, keys[i]), depth + 1);
	return text;
}

static bool add_xml(bn_buf *out, const bn_buf *body)
{
	const char *from = strstr(body->ptr, "<Message>");
	const char *to = from ? strstr(from, "</Message>") : NULL;
	if (!to)
		return false;
	add_plain(out, from + 9, (size_t)(to - from - 9));
	return true;
}

/* The error message in the body; hint[] gets its hint. */
static void add_reason(bn_buf *out, const bn_http_answer *a, bn_buf *hint)
{
	json_t *doc = NULL;
	if (!bn_json_parse(&doc, a->body.ptr, a->body.len, "answer", NULL)) {
		const char *said = find_text(doc, 0), *more = bn_json_str(doc, "hint", NULL);
		if (said)
			add_plain(out, said, strlen(said));
		if (more)
			add_plain(hint, more, strlen(more));
	} else if (!add_xml(out, &a->body)) {
		char type[64] = "";
		bn_http_answer_header(a, "Content-Type", type, sizeof type);
		if (bn_str_starts(type, "text/plain"))
			add_plain(out, a->body.ptr, a->body.len);
	}
	while (out->len && out->ptr[out->len - 1] == ' ')
		bn_buf_truncate(out, out->len - 1);
	json_decref(doc);
}

int bn_http_answer_check(const bn_http_answer *a, bn_err *err)
{
	if (a->status >= 200 && a->status < 300)
		return 0;
	bn_buf said = BN_BUF_INIT, hint = BN_BUF_INIT;
	char place[512] = "";
	add_reason(&said, a, &hint);
	if (a->status >= 300 && a->status < 400)
		bn_http_answer_header(a, "Location", place, sizeof place);
	char *to = place[0] ? bn_http_url_label(place, NULL) : NULL;
	if (to) {
		bn_buf_clear(&said);
		bn_buf_addf(&said, "look at %s", to);
	}
	int rc = bn_err_set(err, code_of(a->status), "%s answered %d: %s",
		a->place.len ? a->place.ptr : "the server", a->status,
		said.len ? said.ptr : "no reason given");
	if (hint.len)
		bn_err_hint(err, "%s", hint.ptr);
	else if (a->status == 401)
		bn_err_hint(err, "is the token the right one for this server?");
	bn_free(to);
	bn_buf_release(&said);
	bn_buf_release(&hint);
	return rc;
}
