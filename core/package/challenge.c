/* challenge.c - see challenge.h. */
#include "core/package/challenge.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define HEADER "www-authenticate:"

typedef struct reader {
	const char *at, *end;
	bn_err *err;
} reader;

static int malformed(reader *r, const char *what)
{
	return bn_err_set(r->err, BN_EIO, "the registry's WWW-Authenticate header has %s", what);
}

static bool is_token_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static void skip(reader *r, const char *chars)
{
	while (r->at < r->end && strchr(chars, *r->at))
		r->at++;
}

static size_t token(reader *r, const char **text)
{
	*text = r->at;
	while (r->at < r->end && is_token_char(*r->at))
		r->at++;
	return (size_t)(r->at - *text);
}

/* A token or a quoted string into value[size]. */
static int read_value(reader *r, char *value, size_t size)
{
	size_t n = 0;
	bool quoted = r->at < r->end && *r->at == '"';
	r->at += quoted;
	for (; r->at < r->end; r->at++) {
		char c = *r->at;
		if (quoted ? c == '"' : !is_token_char(c) && !strchr(":/", c))
			break;
		if (quoted && c == '\\' && ++r->at < r->end)
			c = *r->at;
		if (c < ' ' || c > '~')
			return malformed(r, "a character that is not printable ASCII");
		if (n + 1 >= size)
			return malformed(r, "a parameter that is too long");
		value[n++] = c;
	}
	value[n] = '\0';
	if (!quoted)
		return n ? 0 : malformed(r, "a parameter without a value");
	if (r->at >= r->end)
		return malformed(r, "a quotation mark that is not closed");
	r->at++;
	return 0;
}

/* Some other scheme's value in one piece, such as base64: letters and -._~+/ with '=' at the end. */
static bool skip_token68(reader *r)
{
	const char *p = r->at;
	while (p < r->end && (isalnum((unsigned char)*p) || strchr("-._~+/", *p)))
		p++;
	while (p < r->end && *p == '=')
		p++;
	const char *end = p;
	while (p < r->end && strchr(" \t", *p))
		p++;
	if (end == r->at || (p < r->end && *p != ','))
		return false;
	r->at = p;
	return true;
}

static int read_parameter(reader *r, bn_challenge *c, const char *name, size_t n)
{
	char other[2048], *value = other;
	size_t size = sizeof other;
	const struct {
		const char *name;
		char *value;
		size_t size;
	} known[] = {{"realm", c->realm, sizeof c->realm},
		{"service", c->service, sizeof c->service}, {"scope", c->scope, sizeof c->scope},
		{"error", c->error, sizeof c->error}};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strlen(known[i].name) != n || strncasecmp(known[i].name, name, n) != 0)
			continue;
		if (known[i].value[0])
			return malformed(r, "a parameter twice");
		value = known[i].value;
		size = known[i].size;
	}
	return read_value(r, value, size);
}

static bool is_scheme(const char *text, size_t n, const char *scheme)
{
	return strlen(scheme) == n && !strncasecmp(text, scheme, n);
}

/* The parameters of one challenge, up to the next scheme or the end. */
static int read_parameters(reader *r, bn_challenge *c)
{
	const char *name, *before;
	int rc;
	skip(r, " \t");
	if (skip_token68(r))
		return 0;
	for (;;) {
		before = r->at;
		skip(r, " \t,");
		size_t n = token(r, &name);
		skip(r, " \t");
		if (!n || r->at >= r->end || *r->at != '=') {
			r->at = before;
			return 0;
		}
		r->at++;
		skip(r, " \t");
		if ((rc = read_parameter(r, c, name, n)) < 0)
			return rc;
	}
}

static int read_header(bn_challenge *out, const char *text, size_t n, bn_err *err)
{
	reader r = {text, text + n, err};
	const char *scheme;
	int rc;
	for (;;) {
		bn_challenge c = {0};
		skip(&r, " \t,");
		if (r.at == r.end)
			return 0;
		size_t length = token(&r, &scheme);
		if (!length)
			return malformed(&r, "text that is not a challenge");
		if (is_scheme(scheme, length, "bearer"))
			c.kind = BN_CHALLENGE_BEARER;
		else if (is_scheme(scheme, length, "basic"))
			c.kind = BN_CHALLENGE_BASIC;
		if (r.at < r.end && !strchr(" \t,", *r.at))
			return malformed(&r, "text that is not a challenge");
		if ((rc = read_parameters(&r, &c)) < 0)
			return rc;
		if (c.kind == BN_CHALLENGE_BEARER && !c.realm[0])
			return malformed(&r, "no realm, where a token would be asked for");
		if (c.kind > out->kind)
			*out = c;
	}
}

int bn_challenge_read(bn_challenge *out, const char *headers, bn_err *err)
{
	bn_challenge best = {0};
	size_t name = strlen(HEADER);
	int rc;
	for (const char *line = headers; *line;) {
		size_t n = strcspn(line, "\r\n");
		if (n >= name && !strncasecmp(line, HEADER, name) &&
			(rc = read_header(&best, line + name, n - name, err)) < 0)
			return rc;
		line += n;
		line += strspn(line, "\r\n");
	}
	*out = best;
	return 0;
}
