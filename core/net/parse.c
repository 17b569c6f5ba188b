/* parse.c - see parse.h. */
#include "core/net/parse.h"

#include <string.h>
#include <strings.h>

#define MAX_EXTRA 8192 /* limit of chunk extensions and trailers of one body */

/* ---- characters ----------------------------------------------------------------------------- */

enum { TOKEN = 1, VALUE = 2, TARGET = 4 };

/* TOKEN: tchar of RFC 9110; VALUE: field-vchar, blank and tab; TARGET: visible ASCII but # < > " \ ^ ` {
 * | } which must be escaped; {} and | are common enough to be accepted. */
static const unsigned char kinds[256] = {
	['\t'] = VALUE,
	[' '] = VALUE,
	['!'] = TOKEN | VALUE | TARGET,
	['"'] = VALUE,
	['#'] = TOKEN | VALUE,
	['$' ... '\''] = TOKEN | VALUE | TARGET,
	['(' ... ')'] = VALUE | TARGET,
	['*' ... '+'] = TOKEN | VALUE | TARGET,
	[','] = VALUE | TARGET,
	['-' ... '.'] = TOKEN | VALUE | TARGET,
	['/'] = VALUE | TARGET,
	['0' ... '9'] = TOKEN | VALUE | TARGET,
	[':' ... ';'] = VALUE | TARGET,
	['<'] = VALUE,
	['='] = VALUE | TARGET,
	['>'] = VALUE,
	['?' ... '@'] = VALUE | TARGET,
	['A' ... 'Z'] = TOKEN | VALUE | TARGET,
	['['] = VALUE | TARGET,
	['\\'] = VALUE,
	[']'] = VALUE | TARGET,
	['^'] = TOKEN | VALUE,
	['_'] = TOKEN | VALUE | TARGET,
	['`'] = TOKEN | VALUE,
	['a' ... 'z'] = TOKEN | VALUE | TARGET,
	['{'] = VALUE | TARGET,
	['|'] = TOKEN | VALUE | TARGET,
	['}'] = VALUE | TARGET,
	['~'] = TOKEN | VALUE | TARGET,
	[128 ... 255] = VALUE,
};

static bool all_of(const char *s, size_t n, int kind)
{
	for (size_t i = 0; i < n; i++)
		if (!(kinds[(unsigned char)s[i]] & kind))
			return false;
	return true;
}

static int bad(bn_http_head *h, int status, bn_err *err, const char *what)
{
	h->status = status;
	return bn_err_set(err, BN_EINVAL, "%s", what);
}

/* ---- the request line ----------------------------------------------------------------------- */

/* http://host/path: the path, and the host for comparing. */
static int take_absolute(bn_http_head *h, char *bytes, uint32_t at, uint32_t end, bn_err *err)
{
	size_t scheme = strncasecmp(bytes + at, "http://", 7) ? 8 : 7;
	if (scheme == 8 && strncasecmp(bytes + at, "https://", 8) != 0)
		return bad(h, 400, err, "the request's target is neither a path nor a URL");
	uint32_t host = at + (uint32_t)scheme, path = host;
	while (path < end && bytes[path] != '/' && bytes[path] != '?')
		path++;
	if (path == host || path == end || bytes[path] != '/')
		return bad(h, 400, err, "the request's target has no host or no path");
	/* move the host one to the left, over the last slash of "://", to make room for its NUL */
	memmove(bytes + host - 1, bytes + host, path - host);
	bytes[path - 1] = '\0';
	h->host = host - 1;
	h->path = path;
	return 0;
}

static int parse_version(bn_http_head *h, const char *v, size_t n, bn_err *err)
{
	bool form = n == 8 && !memcmp(v, "HTTP/", 5) && v[5] >= '0' && v[5] <= '9' && v[6] == '.' &&
		    v[7] >= '0' && v[7] <= '9';
	if (!form)
		return bad(h, 400, err, "the request line does not end in HTTP/1.1");
	if (v[5] != '1')
		return bad(h, 505, err, "only HTTP/1.1 and HTTP/1.0 are supported");
	h->is_1_0 = v[7] == '0';
	return 0;
}

static int parse_request_line(bn_http_head *h, char *bytes, uint32_t at, uint32_t end, bn_err *err)
{
	int rc = 0;
	char *line = bytes + at, *stop = bytes + end;
	char *space = memchr(line, ' ', end - at);
	char *second = space ? memchr(space + 1, ' ', (size_t)(stop - space - 1)) : NULL;
	if (!second)
		return bad(h, 400, err, "the request line is not METHOD PATH HTTP/1.1");
	if (space == line || space - line > 32 || !all_of(line, (size_t)(space - line), TOKEN))
		return bad(h, 400, err, "the request's method is not a token");
	if ((rc = parse_version(h, second + 1, (size_t)(stop - second - 1), err)) < 0)
		return rc;
	size_t n = (size_t)(second - space - 1);
	if (!n || !all_of(space + 1, n, TARGET))
		return bad(
			h, 400, err, "the request's target contains a byte that must be escaped");
	h->method = at;
	*space = *second = '\0';
	h->path = (uint32_t)(space + 1 - bytes);
	bool asterisk = n == 1 && space[1] == '*' && !strcmp(line, "OPTIONS");
	if (space[1] != '/' && !asterisk &&
		(rc = take_absolute(h, bytes, h->path, (uint32_t)(second - bytes), err)) < 0)
		return rc;
	char *query = strchr(bytes + h->path, '?');
	if (query) {
		*query = '\0';
		h->query = (uint32_t)(query + 1 - bytes);
	}
	return 0;
}

/* ---- headers -------------------------------------------------------------------------------- */

enum {
	SEEN_HOST = 1,
	SEEN_LENGTH = 2,
	SEEN_CODING = 4,
	SEEN_EXPECT = 8,
	SEEN_TYPE = 16,
	SEEN_AUTHORIZATION = 32,
	SEEN_ORIGIN = 64,
	SEEN_REQUEST_ID = 128,
	SEEN_RANGE = 256,
	SEEN_TENSORS = 512,
};

/* Two of them would be ambiguous. */
static const struct {
	const char *name;
	unsigned char size;
	unsigned short bit;
} single[] = {
	{"host", 4, SEEN_HOST},
	{"content-length", 14, SEEN_LENGTH},
	{"transfer-encoding", 17, SEEN_CODING},
	{"expect", 6, SEEN_EXPECT},
	{"content-type", 12, SEEN_TYPE},
	{"authorization", 13, SEEN_AUTHORIZATION},
	{"origin", 6, SEEN_ORIGIN},
	{"x-request-id", 12, SEEN_REQUEST_ID},
	{"range", 5, SEEN_RANGE},
	{"inference-header-content-length", 31, SEEN_TENSORS},
};

static unsigned which(const char *name, size_t n)
{
	for (size_t i = 0; i < sizeof single / sizeof *single; i++)
		if (single[i].size == n && !strncasecmp(single[i].name, name, n))
			return single[i].bit;
	return 0;
}

static int parse_length(bn_http_head *h, const char *value, bn_err *err)
{
	uint64_t v = 0;
	for (const char *p = value; *p; p++) {
		if (*p < '0' || *p > '9' || p - value >= 18)
			return bad(h, 400, err, "Content-Length is not a number");
		v = v * 10 + (uint64_t)(*p - '0');
	}
	if (!*value)
		return bad(h, 400, err, "Content-Length is empty");
	h->has_length = true;
	h->length = v;
	return 0;
}

/* Connection: a list of tokens, of which two matter. */
static void parse_connection(bn_http_head *h, const char *value)
{
	while (*value) {
		value += strspn(value, ", \t");
		size_t n = strcspn(value, ", \t");
		h->close_said |= n == 5 && !strncasecmp(value, "close", n);
		h->keep_alive_said |= n == 10 && !strncasecmp(value, "keep-alive", n);
		value += n;
	}
}

static bool is_host(const char *s)
{
	for (; *s; s++)
		if (!(kinds[(unsigned char)*s] & TARGET) || strchr("/?@,", *s))
			return false;
	return true;
}

static int judge_header(bn_http_head *h, const char *name, size_t n, const char *value, bn_err *err)
{
	unsigned bit = which(name, n);
	if (!bit) {
		if (n == 10 && !strncasecmp(name, "connection", n))
			parse_connection(h, value);
		return 0;
	}
	if (h->seen & bit) {
		h->status = 400;
		return bn_err_set(err, BN_EINVAL, "the header %s is there twice", name);
	}
	h->seen |= bit;
	if (bit == SEEN_LENGTH)
		return parse_length(h, value, err);
	if (bit == SEEN_HOST && !is_host(value))
		return bad(h, 400, err, "Host is not a host");
	if (bit == SEEN_CODING) {
		if (strcasecmp(value, "chunked") != 0)
			return bad(h, 501, err, "a Transfer-Encoding other than chunked");
		h->chunked = true;
	}
	if (bit == SEEN_EXPECT) {
		if (strcasecmp(value, "100-continue") != 0)
			return bad(h, 417, err, "an Expect other than 100-continue");
		h->expects_continue = true;
	}
	return 0;
}

static int parse_header(bn_http_head *h, char *bytes, uint32_t at, uint32_t end, bn_err *err)
{
	char *line = bytes + at, *colon = memchr(line, ':', end - at);
	if (*line == ' ' || *line == '\t')
		return bad(h, 400, err, "a header is folded over two lines");
	if (!colon || colon == line || !all_of(line, (size_t)(colon - line), TOKEN))
		return bad(h, 400, err, "a header line is not NAME: VALUE");
	if (h->header_count == BN_HTTP_MAX_HEADERS)
		return bad(h, 431, err, "too many headers");
	char *value = colon + 1, *stop = bytes + end;
	while (value < stop && (*value == ' ' || *value == '\t'))
		value++;
	while (stop > value && (stop[-1] == ' ' || stop[-1] == '\t'))
		stop--;
	*colon = *stop = '\0'; /* stop is at most at the CR */
	h->headers[h->header_count].name = at;
	h->headers[h->header_count++].value = (uint32_t)(value - bytes);
	return judge_header(h, line, (size_t)(colon - line), value, err);
}

/* ---- the head ------------------------------------------------------------------------------- */

static const char *find_host(const bn_http_head *h, const char *bytes)
{
	for (unsigned i = 0; i < h->header_count; i++)
		if (!strcasecmp(bytes + h->headers[i].name, "host"))
			return bytes + h->headers[i].value;
	return NULL;
}

/* Checks that need the whole head. */
static int judge_head(bn_http_head *h, const char *bytes, bn_err *err)
{
	if (h->chunked && h->has_length)
		return bad(h, 400, err, "Content-Length beside Transfer-Encoding");
	if (h->chunked && h->is_1_0)
		return bad(h, 400, err, "Transfer-Encoding in HTTP/1.0");
	if (!h->is_1_0 && !(h->seen & SEEN_HOST))
		return bad(h, 400, err, "the header Host is missing");
	if (h->host && (h->seen & SEEN_HOST) &&
		strcasecmp(bytes + h->host, find_host(h, bytes)) != 0)
		return bad(h, 400, err, "Host is not the host of the URL");
	h->keep_alive = !h->close_said && (!h->is_1_0 || h->keep_alive_said);
	h->expects_continue = h->expects_continue && !h->is_1_0;
	return 0;
}

/* Parses one line without its CR LF. 1: it was the empty last one. */
static int take_line(bn_http_head *h, char *bytes, uint32_t at, uint32_t end, bn_err *err)
{
	int rc = 0;
	if (!h->past_request_line) {
		if (at == end && at == 0)
			return 0; /* an empty line before a request is allowed */
		h->past_request_line = true;
		return parse_request_line(h, bytes, at, end, err);
	}
	if (at != end)
		return parse_header(h, bytes, at, end, err);
	rc = judge_head(h, bytes, err);
	return rc ? rc : 1;
}

void bn_http_head_init(bn_http_head *h, size_t max_bytes)
{
	/* headers[] is valid up to header_count */
	memset(h, 0, offsetof(bn_http_head, headers));
	memset((char *)h + offsetof(bn_http_head, header_count), 0,
		sizeof *h - offsetof(bn_http_head, header_count));
	h->max_bytes = max_bytes < UINT32_MAX ? max_bytes : UINT32_MAX;
}

static int forbidden_byte(bn_http_head *h, const char *bytes, uint32_t i, bn_err *err)
{
	if (i == 0 && bytes[0] == 0x16)
		return bad(h, 400, err, "this is TLS, but this port serves plain HTTP");
	if (bytes[i] == '\n')
		return bad(h, 400, err, "a line ends in LF without CR");
	return bad(h, 400, err, "a control character in the head");
}

ssize_t bn_http_head_parse(bn_http_head *h, char *bytes, size_t n, bn_err *err)
{
	size_t stop = n < h->max_bytes ? n : h->max_bytes;
	uint32_t i = h->at;
	for (; i < stop; i++) {
		if (kinds[(unsigned char)bytes[i]] & VALUE) {
			if (!h->past_request_line && i - h->line >= BN_HTTP_MAX_LINE)
				return bad(h, 414, err, "the request line is too long");
			continue;
		}
		if (bytes[i] != '\r')
			return forbidden_byte(h, bytes, i, err);
		if (i + 1 == stop)
			break; /* decided at the LF */
		if (bytes[i + 1] != '\n')
			return bad(h, 400, err, "a CR without LF in the head");
		int rc = take_line(h, bytes, h->line, i, err);
		if (rc < 0)
			return rc;
		i++;
		h->line = i + 1;
		if (rc == 1)
			return i + 1;
	}
	h->at = i;
	if (n >= h->max_bytes)
		return bad(h, 431, err, "the head is too large");
	return 0;
}

/* ---- chunks --------------------------------------------------------------------------------- */

enum {
	CHUNK_SIZE,      /* hexadecimal digits */
	CHUNK_EXTENSION, /* after ';', up to CR */
	CHUNK_SIZE_LF,
	CHUNK_DATA,
	CHUNK_DATA_CR,
	CHUNK_DATA_LF,
	TRAILER_START, /* length of a line */
	TRAILER_NAME,
	TRAILER_VALUE,
	TRAILER_LF,
	END_LF,
	CHUNK_OVER,
};

void bn_http_chunks_init(bn_http_chunks *c)
{
	*c = (bn_http_chunks){0};
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The state after one byte outside data; -1 if the byte is not allowed there. */
static int step_size(bn_http_chunks *c, char b)
{
	int digit = hex_digit(b), after_size = c->left ? CHUNK_DATA : TRAILER_START;
	if (c->state == CHUNK_SIZE_LF)
		return b == '\n' ? after_size : -1;
	if (c->state == CHUNK_SIZE && digit >= 0) {
		if (++c->digits > 15)
			return -1;
		c->left = c->left * 16 + (unsigned)digit;
		return CHUNK_SIZE;
	}
	if (!c->digits)
		return -1;
	if (b == '\r')
		return CHUNK_SIZE_LF;
	if (c->state == CHUNK_SIZE && b != ';')
		return -1;
	return kinds[(unsigned char)b] & VALUE && ++c->extra <= MAX_EXTRA ? CHUNK_EXTENSION : -1;
}

static int step_trailer(bn_http_chunks *c, char b)
{
	if (++c->extra > MAX_EXTRA)
		return -1;
	switch (c->state) {
	case TRAILER_START:
		if (b == '\r')
			return END_LF;
		return kinds[(unsigned char)b] & TOKEN ? TRAILER_NAME : -1;
	case TRAILER_NAME:
		if (b == ':')
			return TRAILER_VALUE;
		return kinds[(unsigned char)b] & TOKEN ? TRAILER_NAME : -1;
	case TRAILER_VALUE:
		if (b == '\r')
			return TRAILER_LF;
		return kinds[(unsigned char)b] & VALUE ? TRAILER_VALUE : -1;
	case TRAILER_LF:
		return b == '\n' ? TRAILER_START : -1;
	default: /* END_LF */
		return b == '\n' ? CHUNK_OVER : -1;
	}
}

static int step(bn_http_chunks *c, char b)
{
	switch (c->state) {
	case CHUNK_DATA_CR:
		return b == '\r' ? CHUNK_DATA_LF : -1;
	case CHUNK_DATA_LF:
		c->left = c->digits = 0;
		return b == '\n' ? CHUNK_SIZE : -1;
	case CHUNK_SIZE:
	case CHUNK_EXTENSION:
	case CHUNK_SIZE_LF:
		return step_size(c, b);
	default:
		return step_trailer(c, b);
	}
}

int bn_http_chunks_next(bn_http_chunks *c, const char *bytes, size_t n, size_t *used,
	const char **data, size_t *size, bn_err *err)
{
	size_t i = 0;
	*size = 0;
	while (i < n && c->state != CHUNK_OVER) {
		if (c->state == CHUNK_DATA) {
			*data = bytes + i;
			*size = n - i < c->left ? n - i : (size_t)c->left;
			c->left -= *size;
			if (!c->left)
				c->state = CHUNK_DATA_CR;
			*used = i + *size;
			return BN_CHUNK_DATA;
		}
		int next = step(c, bytes[i]);
		if (next < 0)
			return bn_err_set(err, BN_EINVAL, "the body's chunks are malformed");
		c->state = (unsigned)next;
		i++;
	}
	*used = i;
	return c->state == CHUNK_OVER ? BN_CHUNK_END : BN_CHUNK_MORE;
}
