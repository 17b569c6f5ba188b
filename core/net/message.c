/* message.c - see message.h. */
#include "core/net/message.h"

#include "core/base/hash.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

const char *bn_http_request_header(const bn_http_request *r, const char *name)
{
	for (size_t i = 0; i < r->header_count; i++)
		if (!strcasecmp(r->headers[i].name, name))
			return r->headers[i].value;
	return NULL;
}

/* The byte of %XX at s, or -1. */
static int escaped_byte(const char *s)
{
	uint8_t byte = 0;
	if (s[0] != '%' || !isxdigit((unsigned char)s[1]) || !isxdigit((unsigned char)s[2]))
		return -1;
	char hex[3] = {(char)tolower(s[1]), (char)tolower(s[2]), '\0'};
	bn_unhex(hex, 1, &byte);
	return byte;
}

size_t bn_http_unescape(char *text)
{
	char *to = strchr(text, '%');
	if (!to)
		return strlen(text);
	for (const char *from = to; *from; from++) {
		int byte = escaped_byte(from);
		bool decode = byte > 0 && byte != '/';
		*to++ = decode ? (char)byte : *from;
		from += decode ? 2 : 0;
	}
	*to = '\0';
	return (size_t)(to - text);
}

bool bn_http_request_field(const bn_http_request *r, const char *name, char *value, size_t size)
{
	size_t n = strlen(name);
	for (const char *at = r->query; at && *at; at += *at == '&') {
		size_t len = strcspn(at, "&"), used = 0;
		bool found = len >= n && !strncmp(at, name, n) && (len == n || at[n] == '=');
		const char *end = at + len, *p = len > n ? at + n + 1 : end;
		at = end;
		if (!found)
			continue;
		for (; p < end && used + 1 < size; p++) {
			int byte = escaped_byte(p);
			char plain = *p == '+' ? ' ' : *p;
			value[used++] = byte > 0 ? (char)byte : plain;
			p += byte > 0 ? 2 : 0;
		}
		value[used] = '\0';
		return true;
	}
	return false;
}

/* ---- responses ------------------------------------------------------------------------------ */

void bn_http_response_init(bn_http_response *r)
{
	*r = (bn_http_response){.headers = BN_BUF_INIT, .body = BN_BUF_INIT};
}

static void close_source(bn_http_response *r)
{
	if (r->source.close)
		r->source.close(r->source.user);
	r->source = (bn_http_source){0};
}

void bn_http_response_release(bn_http_response *r)
{
	close_source(r);
	bn_buf_release(&r->headers);
	bn_buf_release(&r->body);
	bn_http_response_init(r);
}

void bn_http_response_clear(bn_http_response *r)
{
	close_source(r);
	bn_buf_clear(&r->headers);
	bn_buf_clear(&r->body);
	r->status = 0;
	r->content_type = NULL;
	r->close = false;
}

static bool holds_control(const char *s)
{
	for (; *s; s++)
		if (((unsigned char)*s < ' ' && *s != '\t') || *s == 127)
			return true;
	return false;
}

int bn_http_response_add(bn_http_response *r, const char *name, const char *value, bn_err *err)
{
	if (!*name || holds_control(name) || strpbrk(name, ": \t") || holds_control(value))
		return bn_err_set(err, BN_EINVAL, "a header may not hold a control character");
	bn_buf_adds(&r->headers, name);
	bn_buf_add(&r->headers, ": ", 2);
	bn_buf_adds(&r->headers, value);
	bn_buf_add(&r->headers, "\r\n", 2);
	return bn_buf_check(&r->headers, err, "a header");
}

const char *bn_http_response_header(
	const bn_http_response *r, const char *name, char *value, size_t size)
{
	size_t n = strlen(name);
	for (const char *line = r->headers.ptr; *line;) {
		size_t len = strcspn(line, "\r");
		if (len >= n + 2 && line[n] == ':' && !strncasecmp(line, name, n)) {
			size_t take = len - n - 2 < size ? len - n - 2 : size - 1;
			memcpy(value, line + n + 2, take);
			value[take] = '\0';
			return value;
		}
		line += len + 2;
	}
	return NULL;
}

void bn_http_response_error(bn_http_response *r, int status, const bn_err *err)
{
	close_source(r);
	bn_buf_clear(&r->body);
	r->status = status;
	r->content_type = "application/json";
	bn_buf_adds(&r->body, "{\"error\":");
	bn_buf_add_json_string(&r->body, err->msg, strlen(err->msg));
	if (err->hint[0]) {
		bn_buf_adds(&r->body, ",\"hint\":");
		bn_buf_add_json_string(&r->body, err->hint, strlen(err->hint));
	}
	bn_buf_adds(&r->body, "}\n");
}

const char *bn_http_reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = {{200, "OK"}, {201, "Created"}, {202, "Accepted"}, {204, "No Content"},
		{206, "Partial Content"}, {301, "Moved Permanently"}, {302, "Found"},
		{304, "Not Modified"}, {307, "Temporary Redirect"}, {308, "Permanent Redirect"},
		{400, "Bad Request"}, {401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"},
		{405, "Method Not Allowed"}, {408, "Request Timeout"}, {409, "Conflict"},
		{410, "Gone"}, {411, "Length Required"}, {412, "Precondition Failed"},
		{413, "Content Too Large"}, {414, "URI Too Long"}, {415, "Unsupported Media Type"},
		{416, "Range Not Satisfiable"}, {417, "Expectation Failed"},
		{422, "Unprocessable Content"}, {429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"}, {500, "Internal Server Error"},
		{501, "Not Implemented"}, {502, "Bad Gateway"}, {503, "Service Unavailable"},
		{504, "Gateway Timeout"}, {505, "HTTP Version Not Supported"}};
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].status == status)
			return reasons[i].text;
	return "Status";
}

/* ---- access checks
 * ---------------------------------------------------------------------------- */

bool bn_http_has_bearer(const bn_http_request *r, const char *token)
{
	const char *given = bn_http_request_header(r, "Authorization");
	if (!given || strncasecmp(given, "Bearer ", 7) != 0)
		return false;
	given += 7 + strspn(given + 7, " ");
	size_t n = strlen(token), m = strlen(given);
	unsigned difference = n != m;
	for (size_t i = 0; i < m; i++)
		difference |= (unsigned char)given[i] ^ (unsigned char)token[i < n ? i : 0];
	return difference == 0;
}

/* The n characters are ::1, or 127.x.y.z as IPv6 writes it (::ffff:127.0.0.1, ::ffff:7f00:1). */
static bool is_ipv6_loopback(const char *text, size_t n)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr a;
	if (n >= sizeof address)
		return false;
	memcpy(address, text, n);
	address[n] = '\0';
	if (inet_pton(AF_INET6, address, &a) != 1)
		return false;
	return IN6_IS_ADDR_LOOPBACK(&a) || (IN6_IS_ADDR_V4MAPPED(&a) && a.s6_addr[12] == 127);
}

bool bn_http_is_loopback_name(const char *host)
{
	size_t n = *host == '[' ? strcspn(host, "]") : strcspn(host, ":");
	if (*host == '[')
		return host[n] && is_ipv6_loopback(host + 1, n - 1);
	if (strchr(host, ':') != strrchr(host, ':'))
		return is_ipv6_loopback(host, strlen(host));
	if (n == 9 && !strncasecmp(host, "localhost", n))
		return true;
	return !strncmp(host, "127.", 4) && strspn(host, "0123456789.") == n;
}

bool bn_http_is_foreign_page(const bn_http_request *r, bool loopback)
{
	const char *origin = bn_http_request_header(r, "Origin");
	const char *host = r->target_host ? r->target_host : bn_http_request_header(r, "Host");
	const char *name = origin ? strstr(origin, "://") : NULL;
	bool http =
		name && (!strncasecmp(origin, "http://", 7) || !strncasecmp(origin, "https://", 8));
	if (origin && (!http || !host || strcasecmp(name + 3, host) != 0))
		return true;
	return host && loopback && !bn_http_is_loopback_name(host);
}
