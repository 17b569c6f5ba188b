/*
 * fuzz_http_parse.c - the parser of request heads and chunks, compared with itself and with a slow second parser of
 * what it accepted.
 *
 * Checks: in one piece, byte by byte, and divided in two anywhere, the result is the same (size, status, all fields;
 * for chunks the body and its end). The second parser reads an accepted head line by line and finds the same fields, no
 * NUL, no bare CR or LF, and no repeated header that must be unique.
 */
#include "core/net/parse.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_HEAD = 4096 };

static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "fuzz_http_parse: %s\n", what);
		abort();
	}
}

typedef struct reading {
	ssize_t rc;
	bn_http_head head;
	char *bytes;
} reading;

/* cut: size of the first piece; the others have `step`. The buffer moves before each, as when it grows. */
static reading read_head(const uint8_t *data, size_t size, size_t cut, size_t step)
{
	reading r = {0};
	size_t have = 0;
	bn_http_head_init(&r.head, MAX_HEAD);
	while (r.rc == 0 && have < size) {
		size_t more = have ? step : cut;
		more = more < size - have ? more : size - have;
		char *grown = malloc(have + more);
		if (have)
			memcpy(grown, r.bytes, have);
		memcpy(grown + have, data + have, more);
		free(r.bytes);
		r.bytes = grown;
		have += more;
		r.rc = bn_http_head_parse(&r.head, r.bytes, have, NULL);
	}
	return r;
}

static void same(const reading *a, const reading *b)
{
	const bn_http_head *x = &a->head, *y = &b->head;
	must(a->rc == b->rc, "another size or verdict for another cut");
	must(x->status == y->status, "another status for another cut");
	if (a->rc <= 0)
		return;
	must(x->method == y->method && x->path == y->path && x->query == y->query &&
			x->host == y->host && x->header_count == y->header_count,
		"other offsets for another cut");
	must(x->length == y->length && x->chunked == y->chunked && x->has_length == y->has_length &&
			x->keep_alive == y->keep_alive && x->is_1_0 == y->is_1_0 &&
			x->expects_continue == y->expects_continue,
		"other facts for another cut");
	must(!memcmp(a->bytes, b->bytes, (size_t)a->rc), "other bytes for another cut");
}

/* ---- the second parser ---------------------------------------------------------------------- */

static const char *header(const reading *r, const char *name, unsigned *count)
{
	const char *found = NULL;
	*count = 0;
	for (unsigned i = 0; i < r->head.header_count; i++)
		if (!strcasecmp(r->bytes + r->head.headers[i].name, name)) {
			found = r->bytes + r->head.headers[i].value;
			++*count;
		}
	return found;
}

static void check_lines(const reading *r, const uint8_t *data)
{
	size_t lines = 0, start = 0, n = (size_t)r->rc;
	must(n >= 4 && !memcmp(data + n - 4, "\r\n\r\n", 4), "the head has another end");
	for (size_t i = 0; i < n; i++) {
		must(data[i] != 0, "NUL was accepted");
		must(data[i] != '\n' || (i && data[i - 1] == '\r'), "a bare LF was accepted");
		must(data[i] != '\r' || data[i + 1] == '\n', "a bare CR was accepted");
		if (data[i] != '\n')
			continue;
		size_t len = i - 1 - start;
		if (start == 0 && len == 0) {
			start = 2;
			continue;
		}
		if (lines++ && len) {
			const uint8_t *line = data + start, *colon = memchr(line, ':', len);
			must(line[0] != ' ' && line[0] != '\t', "a folded line was accepted");
			must(colon && colon > line && colon[-1] != ' ' && colon[-1] != '\t',
				"a blank before a colon was accepted");
		}
		start = i + 1;
	}
	must(lines == r->head.header_count + 2, "lines were lost or added");
}

static void check_meaning(const reading *r)
{
	static const char *const single[] = {"Host", "Content-Length", "Transfer-Encoding",
		"Content-Type", "Authorization", "Expect", "Origin"};
	unsigned n = 0;
	for (size_t i = 0; i < sizeof single / sizeof *single; i++) {
		header(r, single[i], &n);
		must(n <= 1, "a header with meaning was accepted twice");
	}
	const char *length = header(r, "Content-Length", &n);
	must(r->head.has_length == (n == 1), "Content-Length was overlooked");
	if (length) {
		char text[32];
		while (*length == '0' && length[1])
			length++;
		snprintf(text, sizeof text, "%llu", (unsigned long long)r->head.length);
		must(!strcmp(text, length), "Content-Length was read as another number");
	}
	const char *coding = header(r, "Transfer-Encoding", &n);
	must(r->head.chunked == (n == 1), "Transfer-Encoding was overlooked");
	must(!coding || (!strcasecmp(coding, "chunked") && !length),
		"a coding that is not chunked");
	header(r, "Host", &n);
	must(n == 1 || r->head.is_1_0, "no Host, and accepted");
	must(r->bytes[r->head.path] == '/' || !strcmp(r->bytes + r->head.path, "*"),
		"a path that begins elsewhere");
}

/* ---- chunks --------------------------------------------------------------------------------- */

typedef struct body {
	int rc;
	size_t end, len;
	char *bytes;
} body;

static body read_chunks(const uint8_t *data, size_t size, size_t step)
{
	body b = {.rc = BN_CHUNK_MORE, .bytes = malloc(size + 1)};
	bn_http_chunks c;
	size_t have = 0;
	bn_http_chunks_init(&c);
	while (b.rc >= 0 && b.rc != BN_CHUNK_END && have < size) {
		have = size - have < step ? size : have + step;
		while (b.end < have && b.rc >= 0 && b.rc != BN_CHUNK_END) {
			const char *piece = NULL;
			size_t used = 0, n = 0;
			b.rc = bn_http_chunks_next(&c, (const char *)data + b.end, have - b.end,
				&used, &piece, &n, NULL);
			if (b.rc < 0)
				break;
			must(used > 0, "chunks that do not move on");
			if (n)
				memcpy(b.bytes + b.len, piece, n);
			b.len += n;
			b.end += used;
		}
	}
	if (b.rc == BN_CHUNK_DATA)
		b.rc = BN_CHUNK_MORE;
	return b;
}

static void check_chunks(const uint8_t *data, size_t size)
{
	body whole = read_chunks(data, size, size);
	for (size_t step = 1; step < 8; step++) {
		body cut = read_chunks(data, size, step);
		must(cut.rc == whole.rc && cut.len == whole.len &&
				!memcmp(cut.bytes, whole.bytes, cut.len),
			"another body for another cut");
		must(whole.rc < 0 || cut.end == whole.end, "another end for another cut");
		free(cut.bytes);
	}
	free(whole.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size || size > 16384)
		return 0;
	reading whole = read_head(data, size, size, size);
	reading bytes = read_head(data, size, 1, 1);
	same(&whole, &bytes);
	free(bytes.bytes);
	for (size_t cut = 1; cut < size && cut < 300; cut += 1 + size / 64) {
		reading two = read_head(data, size, cut, size);
		same(&whole, &two);
		free(two.bytes);
	}
	if (whole.rc > 0) {
		check_lines(&whole, data);
		check_meaning(&whole);
		if (whole.head.chunked && (size_t)whole.rc < size)
			check_chunks(data + whole.rc, size - (size_t)whole.rc);
	}
	free(whole.bytes);
	check_chunks(data, size);
	return 0;
}
