/* reference.c - see reference.h. */
#include "core/package/reference.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/net/message.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define FORM "REGISTRY/NAME:TAG, as in registry.example.org/group/power:3"

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_letter_or_digit(char c)
{
	return is_lower_or_digit(c) || (c >= 'A' && c <= 'Z');
}

/* ---- the registry --------------------------------------------------------------------------- */

/* Labels of letters, digits and inner hyphens, separated by dots. */
static bool is_host(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool edge = i == 0 || i + 1 == n || s[i - 1] == '.' || s[i + 1] == '.';
		if (!is_letter_or_digit(s[i]) && (edge || (s[i] != '.' && s[i] != '-')))
			return false;
	}
	return n > 0;
}

static bool is_ipv6(const char *s, size_t n)
{
	if (n < 4 || s[0] != '[' || s[n - 1] != ']')
		return false;
	for (size_t i = 1; i + 1 < n; i++)
		if (!isxdigit((unsigned char)s[i]) && s[i] != ':' && s[i] != '.')
			return false;
	return true;
}

static bool is_port(const char *s, size_t n)
{
	int64_t port;
	return n && n <= 5 && strspn(s, "0123456789") >= n && bn_parse_i64(s, n, &port) &&
	       port > 0 && port < 65536;
}

/* Where the port's colon is, or n. */
static size_t host_length(const char *s, size_t n)
{
	const char *end = memchr(s, ']', n);
	const char *colon = memchr(end ? end : s, ':', n - (size_t)((end ? end : s) - s));
	return colon ? (size_t)(colon - s) : n;
}

/* The first component names a registry if it cannot be a part of NAME, or is "localhost". Docker's rule, except that
 * capitals alone make no host: the name of a host is the same in lower case. */
static bool names_registry(const char *s, size_t n)
{
	return memchr(s, '.', n) || memchr(s, ':', n) ||
	       (n == 9 && !strncasecmp(s, "localhost", 9));
}

static int read_registry(bn_reference *r, const char *s, size_t n, bn_err *err)
{
	size_t host = host_length(s, n);
	if (n > BN_REFERENCE_HOST_MAX)
		return bn_err_set(err, BN_EINVAL, "the registry has more than %d characters",
			BN_REFERENCE_HOST_MAX);
	if (host < n && !is_port(s + host + 1, n - host - 1))
		return bn_err_set(err, BN_EINVAL, "'%.*s' is not a port: 1 to 65535",
			(int)(n - host - 1), s + host + 1);
	if (!is_host(s, host) && !is_ipv6(s, host))
		return bn_err_set(err, BN_EINVAL, "'%.*s' is not the name of a host", (int)host, s);
	for (size_t i = 0; i < n; i++)
		r->registry[i] = (char)tolower((unsigned char)s[i]);
	r->registry[n] = '\0';
	if (!strcmp(r->registry, "index.docker.io") || !strcmp(r->registry, "registry-1.docker.io"))
		strcpy(r->registry, "docker.io");
	return 0;
}

/* ---- name, tag, digest ---------------------------------------------------------------------- */

/* How long the separator at s is: one dot, one or two underscores, any number of hyphens; 0: none. */
static size_t separator(const char *s, size_t n)
{
	size_t hyphens = 0;
	if (n && s[0] == '.')
		return 1;
	if (n && s[0] == '_')
		return n > 1 && s[1] == '_' ? 2 : 1;
	while (hyphens < n && s[hyphens] == '-')
		hyphens++;
	return hyphens;
}

/* One component of NAME: [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)* */
static bool is_component(const char *s, size_t n)
{
	size_t i = 0;
	for (;;) {
		size_t from = i;
		while (i < n && is_lower_or_digit(s[i]))
			i++;
		if (i == from)
			return false;
		if (i == n)
			return true;
		size_t skip = separator(s + i, n - i);
		if (!skip)
			return false;
		i += skip;
	}
}

static bool is_name(const char *s, size_t n)
{
	for (size_t from = 0; from <= n;) {
		const char *slash = memchr(s + from, '/', n - from);
		size_t end = slash ? (size_t)(slash - s) : n;
		if (!is_component(s + from, end - from))
			return false;
		from = end + 1;
	}
	return n <= BN_REFERENCE_NAME_MAX;
}

bool bn_reference_is_name(const char *text)
{
	return is_name(text, strlen(text));
}

static int read_name(bn_reference *r, const char *s, size_t n, bn_err *err)
{
	bool hub = !strcmp(r->registry, "docker.io") && !memchr(s, '/', n);
	if (!is_name(s, n)) {
		bn_err_set(err, BN_EINVAL, "'%.*s' is not the name of a repository",
			n < 200 ? (int)n : 200, s);
		bn_err_hint(err,
			"at most %d lower-case letters and digits, separated by . _ - and /",
			BN_REFERENCE_NAME_MAX);
		return BN_EINVAL;
	}
	if (n + (hub ? 8 : 0) > BN_REFERENCE_NAME_MAX)
		return bn_err_set(err, BN_EINVAL, "the name has more than %d characters",
			BN_REFERENCE_NAME_MAX);
	strcpy(r->name, hub ? "library/" : "");
	strncat(r->name, s, n);
	return 0;
}

static int read_tag(bn_reference *r, const char *s, size_t n, bn_err *err)
{
	bool ok = n > 0 && n <= BN_REFERENCE_TAG_MAX && s[0] != '.' && s[0] != '-';
	for (size_t i = 0; ok && i < n; i++)
		ok = is_letter_or_digit(s[i]) || s[i] == '_' || s[i] == '.' || s[i] == '-';
	if (!ok) {
		bn_err_set(err, BN_EINVAL, "'%.*s' is not a tag", n < 200 ? (int)n : 200, s);
		bn_err_hint(err,
			"1 to %d letters, digits, _ . and -, and neither . nor - at its beginning",
			BN_REFERENCE_TAG_MAX);
		return BN_EINVAL;
	}
	memcpy(r->tag, s, n);
	r->tag[n] = '\0';
	return 0;
}

static int read_digest(bn_reference *r, const char *s, bn_err *err)
{
	if (!bn_oci_digest_is_valid(s))
		return bn_err_set(err, BN_EINVAL,
			"'@%.100s' is not a digest: sha256: and 64 lower-case hexadecimal digits",
			s);
	strcpy(r->digest, s);
	return 0;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static int refuse_scheme(const char *text, const char *after, bn_err *err)
{
	bn_err_set(err, BN_EINVAL, "'%.200s': a reference has no scheme", text);
	bn_err_hint(err, "leave out '%.*s'", (int)(after - text < 40 ? after - text : 40), text);
	return BN_EINVAL;
}

static int parse(bn_reference *r, const char *text, bn_err *err)
{
	const char *scheme = strstr(text, "://"), *slash = strchr(text, '/');
	const char *at = strchr(text, '@'), *end = at ? at : text + strlen(text);
	int rc;
	if (scheme)
		return refuse_scheme(text, scheme + 3, err);
	if (!slash || slash > end || !names_registry(text, (size_t)(slash - text))) {
		bn_err_set(err, BN_EINVAL, "'%.200s' names no registry", text);
		bn_err_hint(err, "write " FORM "; docker.io/%.60s is Docker Hub's", text);
		return BN_EINVAL;
	}
	const char *name = slash + 1;
	const char *tag = memchr(name, ':', (size_t)(end - name));
	const char *name_end = tag ? tag : end;
	if ((rc = read_registry(r, text, (size_t)(slash - text), err)) < 0 ||
		(rc = read_name(r, name, (size_t)(name_end - name), err)) < 0 ||
		(tag && (rc = read_tag(r, tag + 1, (size_t)(end - tag - 1), err)) < 0) ||
		(at && (rc = read_digest(r, at + 1, err)) < 0))
		bn_err_hint(err, "a reference is " FORM);
	return rc;
}

int bn_reference_parse(bn_reference *out, const char *text, bn_err *err)
{
	bn_reference r = {0};
	int rc = parse(&r, text, err);
	if (rc < 0)
		return rc;
	*out = r;
	return 0;
}

char *bn_reference_format(const bn_reference *r)
{
	return bn_strf("%s/%s%s%s%s%s", r->registry, r->name, r->tag[0] ? ":" : "", r->tag,
		r->digest[0] ? "@" : "", r->digest);
}

const char *bn_reference_host(const bn_reference *r)
{
	return strcmp(r->registry, "docker.io") ? r->registry : "registry-1.docker.io";
}

bool bn_reference_is_loopback(const bn_reference *r)
{
	return bn_http_is_loopback_name(r->registry);
}
