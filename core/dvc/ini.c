/* ini.c - see ini.h. */
#include "core/dvc/ini.h"

#include "core/base/buf.h"
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"

#include <ctype.h>
#include <string.h>

enum { MAX_BYTES = 1 << 20, MAX_OPTIONS = 4096 };

typedef struct ini {
	const char *name;
	const char *p, *end; /* what follows the current line */
	size_t line;
	bn_buf section, key, value;
	bn_names seen; /* sections, and "section\nkey" */
	bn_ini_take *take;
	void *user;
	bn_err *err;
} ini;

/* A part of the text. */
typedef struct span {
	const char *at, *end;
} span;

static int fail(const ini *r, const char *what)
{
	return bn_err_set(r->err, BN_EINVAL, "%s:%zu: %s", r->name, r->line, what);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static span stripped(span s)
{
	while (s.at < s.end && is_blank(*s.at))
		s.at++;
	while (s.end > s.at && is_blank(s.end[-1]))
		s.end--;
	return s;
}

static span next_line(ini *r)
{
	const char *nl = memchr(r->p, '\n', (size_t)(r->end - r->p));
	span s = {r->p, nl ? nl : r->end};
	r->p = nl ? nl + 1 : r->end;
	r->line++;
	return s;
}

/* Adds what stands in quotes at s->at, which moves behind the closing one. */
static int add_quoted(const ini *r, span *s, bn_buf *out)
{
	const char *close = memchr(s->at + 1, *s->at, (size_t)(s->end - s->at - 1));
	if (!close)
		return fail(r, "a quote that is not closed");
	bn_buf_add(out, s->at + 1, (size_t)(close - s->at - 1));
	s->at = close + 1;
	return 0;
}

static bool ends_here(span s)
{
	s = stripped(s);
	return s.at == s.end || *s.at == '#';
}

static int remember(ini *r, const char *name, const char *what)
{
	for (size_t i = 0; i < r->seen.count; i++)
		if (!strcmp(r->seen.items[i], name))
			return fail(r, what);
	if (r->seen.count >= MAX_OPTIONS)
		return fail(r, "more than 4096 options");
	return bn_names_add(&r->seen, name) ? bn_err_nomem(r->err, r->name) : 0;
}

static void lower(bn_buf *b)
{
	for (size_t i = 0; i < b->len; i++)
		b->ptr[i] = (char)tolower((unsigned char)b->ptr[i]);
}

/* [name], ["name"], ['name'] */
static int read_section(ini *r, span s)
{
	int rc;
	s.at++;
	s = stripped(s);
	bn_buf_clear(&r->section);
	if (s.at < s.end && *s.at == '[')
		return fail(r, "a section inside a section");
	if (s.at < s.end && (*s.at == '"' || *s.at == '\'')) {
		if ((rc = add_quoted(r, &s, &r->section)) < 0)
			return rc;
		s = stripped(s);
		if (s.at == s.end || *s.at != ']')
			return fail(r, "a section's name is followed by ']'");
	} else {
		const char *close = memchr(s.at, ']', (size_t)(s.end - s.at));
		if (!close)
			return fail(r, "a section's name is followed by ']'");
		span name = stripped((span){s.at, close});
		bn_buf_add(&r->section, name.at, (size_t)(name.end - name.at));
		s.at = close;
	}
	s.at++;
	if (!ends_here(s))
		return fail(r, "text after a section's name");
	if ((rc = bn_buf_check(&r->section, r->err, r->name)) < 0)
		return rc;
	if (!r->section.len)
		return fail(r, "a section without a name");
	lower(&r->section);
	return remember(r, r->section.ptr, "this section is there twice");
}

/* The rest of a value in triple quotes, which may end on a later line. */
static int read_long(ini *r, span s)
{
	const char quote[3] = {*s.at, *s.at, *s.at};
	s.at += 3;
	for (;;) {
		const char *close = memmem(s.at, (size_t)(s.end - s.at), quote, 3);
		bn_buf_add(&r->value, s.at, (size_t)((close ? close : s.end) - s.at));
		if (close) {
			s.at = close + 3;
			return ends_here(s) ? 0 : fail(r, "text after a closing quote");
		}
		if (r->p == r->end)
			return fail(r, "a value in triple quotes that is not closed");
		bn_buf_addch(&r->value, '\n');
		s = next_line(r);
	}
}

static bool is_triple(span s)
{
	return s.end - s.at >= 3 && (*s.at == '"' || *s.at == '\'') && s.at[1] == *s.at &&
	       s.at[2] == *s.at;
}

static int read_value(ini *r, span s)
{
	int rc;
	s = stripped(s);
	if (is_triple(s))
		return read_long(r, s);
	for (bool more = true; more;) {
		if (s.at < s.end && (*s.at == '"' || *s.at == '\'')) {
			if ((rc = add_quoted(r, &s, &r->value)) < 0)
				return rc;
		} else {
			const char *stop = s.at;
			while (stop < s.end && *stop != ',' && *stop != '#')
				stop++;
			span item = stripped((span){s.at, stop});
			bn_buf_add(&r->value, item.at, (size_t)(item.end - item.at));
			s.at = stop;
		}
		s = stripped(s);
		more = s.at < s.end && *s.at == ',';
		if (!more)
			break;
		s.at++;
		s = stripped(s);
		more = !ends_here(s); /* "a," is a list of one */
		if (more)
			bn_buf_addch(&r->value, ',');
	}
	return ends_here(s) ? 0 : fail(r, "text after a closing quote");
}

static int read_key(ini *r, span *s)
{
	int rc;
	if (*s->at == '"' || *s->at == '\'') {
		if ((rc = add_quoted(r, s, &r->key)) < 0)
			return rc;
		*s = stripped(*s);
		if (s->at == s->end || *s->at != '=')
			return fail(r, "a key is followed by '='");
		s->at++;
		return 0;
	}
	const char *equals = memchr(s->at, '=', (size_t)(s->end - s->at));
	if (!equals)
		return fail(r, "neither a section, a comment nor 'key = value'");
	span key = stripped((span){s->at, equals});
	bn_buf_add(&r->key, key.at, (size_t)(key.end - key.at));
	s->at = equals + 1;
	if ((rc = bn_buf_check(&r->key, r->err, r->name)) < 0)
		return rc;
	return r->key.len ? 0 : fail(r, "a value without a key");
}

static int read_option(ini *r, span s)
{
	bn_buf full = BN_BUF_INIT;
	size_t line = r->line;
	int rc;
	bn_buf_clear(&r->key);
	bn_buf_clear(&r->value);
	if ((rc = read_key(r, &s)) < 0 || (rc = read_value(r, s)) < 0)
		goto out;
	lower(&r->key);
	bn_buf_addf(&full, "%s\n%s", r->section.ptr, r->key.ptr);
	if (full.failed || r->value.failed || r->section.failed) {
		rc = bn_err_nomem(r->err, r->name);
		goto out;
	}
	if (strstr(r->value.ptr, "%(")) {
		rc = fail(r, "a value that refers to another one, which is not supported");
		goto out;
	}
	if ((rc = remember(r, full.ptr, "this key is there twice")) < 0)
		goto out;
	const bn_ini_option option = {
		.section = r->section.ptr, .key = r->key.ptr, .value = r->value.ptr, .line = line};
	rc = r->take(r->user, &option, r->err);
out:
	bn_buf_release(&full);
	return rc;
}

int bn_ini_parse(
	const char *text, size_t n, const char *name, bn_ini_take *take, void *user, bn_err *err)
{
	ini r = {.name = name,
		.p = text,
		.end = text + n,
		.section = BN_BUF_INIT,
		.key = BN_BUF_INIT,
		.value = BN_BUF_INIT,
		.seen = BN_NAMES_INIT,
		.take = take,
		.user = user,
		.err = err};
	int rc = 0;
	if (n > MAX_BYTES)
		return bn_err_set(
			err, BN_EINVAL, "%s: %zu bytes, the limit is %d", name, n, MAX_BYTES);
	if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		r.p += 3;
	while (rc == 0 && r.p < r.end) {
		span s = stripped(next_line(&r));
		size_t len = (size_t)(s.end - s.at);
		if (memchr(s.at, 0, len) || !bn_utf8_is_valid(s.at, len))
			rc = fail(&r, "not text in UTF-8");
		else if (len && *s.at == '[')
			rc = read_section(&r, s);
		else if (len && *s.at != '#')
			rc = read_option(&r, s);
	}
	bn_buf_release(&r.section);
	bn_buf_release(&r.key);
	bn_buf_wipe(&r.value);
	bn_names_release(&r.seen);
	return rc;
}
