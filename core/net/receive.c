/* receive.c - receiving a response: checks its head and delivers its body to the call's target. */
#include "core/net/_client.h"

#include "core/base/fs.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#define MEMORY_BYTES (64u << 20)

/* ---- the response's head
 * ---------------------------------------------------------------------- */

static size_t refuse_answer(bn_http_attempt *a, const char *what)
{
	bn_err_set(&a->why, BN_EIO, "%s: the answer %s", a->label, what);
	return 0;
}

static bool is_field(const char *line, size_t n, const char *name)
{
	size_t len = strlen(name);
	return n > len && line[len] == ':' && !strncasecmp(line, name, len);
}

static bool is_success(const bn_http_attempt *a)
{
	return a->status >= 200 && a->status < 300;
}

/* Truncates the file to size and continues writing there. */
static int place_file(bn_http_attempt *a, uint64_t size)
{
	const bn_env *env = a->client->env;
	int fd = a->call->to.fd;
	if (a->is_stream && !size && !a->got)
		return 0;
	int rc = env->fs->ftruncate(env, fd, (off_t)size);
	if (rc < 0)
		return bn_err_sys(&a->why, BN_EIO, -rc, "%s: the file of the answer", a->label);
	if (lseek(fd, (off_t)size, SEEK_SET) < 0)
		return bn_err_set(
			&a->why, BN_EIO, "%s: cannot seek in the file of the answer", a->label);
	a->answer->body_bytes = size;
	return 0;
}

/* Checks that the response holds the requested bytes. */
static int check_range(bn_http_attempt *a)
{
	const bn_http_download *to = &a->call->to;
	uint64_t first, last;
	int64_t total;
	bool whole = a->status != 206;
	if (!whole && !bn_http_content_range(a->answer, &first, &last, &total))
		return refuse_answer(a, "is a part without a Content-Range"), BN_EIO;
	if (to->kind == BN_HTTP_TO_FILE) {
		if (!whole && (first != a->have || last < first))
			return refuse_answer(a, "is another part than the one asked for"), BN_EIO;
		return place_file(a, whole ? 0 : a->have);
	}
	if (!to->count)
		return 0;
	if (whole)
		return refuse_answer(a, "is the whole file: this server does not support ranges"),
		       BN_EIO;
	if (first != to->first || last < first || last - first >= to->count)
		return refuse_answer(a, "is another part than the one asked for"), BN_EIO;
	return 0;
}

static size_t end_head(bn_http_attempt *a, size_t n)
{
	bool asked = a->call->to.count || a->call->to.kind == BN_HTTP_TO_FILE;
	if (a->status < 200) /* an interim response: 100 Continue */
		return n;
	if (a->lengths > 1)
		return refuse_answer(a, "has two Content-Length headers");
	if (a->lengths && a->encodings)
		return refuse_answer(a, "has Content-Length and Transfer-Encoding");
	if (a->encodings > 1)
		return refuse_answer(a, "has two Transfer-Encoding headers");
	a->head_done = true;
	a->reading_body = is_success(a);
	if (a->reading_body && asked && strcmp(a->method, "HEAD") && check_range(a) < 0)
		return 0;
	return n;
}

static bool is_count(const char *line, size_t n)
{
	const char *p = line + strlen("Content-Length:"), *end = line + n;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p && strchr(" \t\r\n", end[-1]))
		end--;
	if (p == end || end - p > 19)
		return false;
	for (; p < end; p++)
		if (*p < '0' || *p > '9')
			return false;
	return true;
}

/* "HTTP/1.1 200 OK": three digits behind one blank, or 0. */
static int status_of(const char *line, size_t n)
{
	const char *p = memchr(line, ' ', n - 4);
	if (!p)
		return 0;
	for (int i = 1; i <= 3; i++)
		if (p[i] < '0' || p[i] > '9')
			return 0;
	return (p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0');
}

size_t bn_http_attempt_header(char *line, size_t size, size_t count, void *user)
{
	bn_http_attempt *a = user;
	size_t n = size * count;
	a->active_ns = bn_env_monotonic_ns(a->client->env);
	a->head_bytes += n;
	if (a->head_bytes > BN_HTTP_MAX_HEAD)
		return refuse_answer(a, "has more than 256 KiB of headers");
	if (a->head_done) /* a trailer after the body */
		return n;
	if (n >= 12 && !memcmp(line, "HTTP/", 5)) { /* also after an interim response */
		a->status = status_of(line, n);
		if (a->status < 100)
			return refuse_answer(a, "has no status");
		a->lengths = a->encodings = 0;
		bn_buf_clear(&a->answer->headers);
		return n;
	}
	if (n && (line[0] == '\r' || line[0] == '\n'))
		return end_head(a, n);
	if (line[0] == ' ' || line[0] == '\t')
		return refuse_answer(a, "has a folded header line");
	if (is_field(line, n, "Content-Length")) {
		a->lengths++;
		if (!is_count(line, n))
			return refuse_answer(a, "has a Content-Length that is no number");
	}
	a->encodings += is_field(line, n, "Transfer-Encoding");
	bn_buf_add(&a->answer->headers, line, n);
	return a->answer->headers.failed ? 0 : n;
}

/* ---- the response's body
 * ---------------------------------------------------------------------- */

static size_t keep_error_text(bn_http_attempt *a, const char *bytes, size_t n)
{
	size_t room = BN_HTTP_MAX_ERROR_TEXT - a->answer->body.len;
	a->dropped = n > room;
	bn_buf_add(&a->answer->body, bytes, n < room ? n : room);
	return a->dropped || a->answer->body.failed ? 0 : n;
}

size_t bn_http_attempt_body(char *bytes, size_t size, size_t count, void *user)
{
	bn_http_attempt *a = user;
	const bn_http_download *to = &a->call->to;
	const bn_env *env = a->client->env;
	size_t n = size * count;
	uint64_t most = to->max_bytes;
	int rc = 0;
	if (!a->reading_body)
		return keep_error_text(a, bytes, n);
	if (!most && to->kind == BN_HTTP_TO_MEMORY)
		most = MEMORY_BYTES;
	if (most && a->answer->body_bytes + n > most) {
		bn_err_set(&a->why, BN_EIO, "%s: the answer is larger than %llu bytes", a->label,
			(unsigned long long)most);
		return 0;
	}
	if (to->kind == BN_HTTP_TO_MEMORY)
		bn_buf_add(&a->answer->body, bytes, n);
	else if (to->kind == BN_HTTP_TO_CALLBACK)
		rc = to->write(to->user, bytes, n, &a->why);
	else
		rc = bn_fs_write_all(env, to->fd, bytes, n, "the file of the answer", &a->why);
	if (rc < 0 && !a->why.code)
		bn_err_set(&a->why, rc, "%s: the answer was not taken", a->label);
	if (rc < 0 || a->answer->body.failed)
		return 0;
	a->got += n;
	a->answer->body_bytes += n;
	return n;
}
