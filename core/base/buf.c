/* buf.c - see buf.h. */
#include "core/base/buf.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

char bn_buf_empty[1];

void bn_buf_init(bn_buf *b)
{
	*b = (bn_buf)BN_BUF_INIT;
}

void bn_buf_release(bn_buf *b)
{
	if (b->ptr != bn_buf_empty)
		bn_free(b->ptr);
	bn_buf_init(b);
}

void bn_buf_wipe(bn_buf *b)
{
	explicit_bzero(b->ptr, b->cap);
	bn_buf_release(b);
}

void bn_buf_clear(bn_buf *b)
{
	b->failed = false;
	bn_buf_truncate(b, 0);
}

int bn_buf_reserve(bn_buf *b, size_t more)
{
	if (b->failed)
		return -1;
	if (more < b->cap - b->len)
		return 0;
	char *p = b->ptr == bn_buf_empty ? NULL : b->ptr;
	size_t cap = b->cap;
	if (more > SIZE_MAX - b->len - 1 || bn_grow(&p, &cap, b->len + more + 1, 1)) {
		b->failed = true;
		return -1;
	}
	b->ptr = p;
	b->cap = cap;
	b->ptr[b->len] = '\0';
	return 0;
}

void bn_buf_add(bn_buf *b, const void *bytes, size_t n)
{
	/* usually there is room: saves a call */
	if (!n || b->failed || (n >= b->cap - b->len && bn_buf_reserve(b, n)))
		return;
	memcpy(b->ptr + b->len, bytes, n);
	b->len += n;
	b->ptr[b->len] = '\0';
}

void bn_buf_adds(bn_buf *b, const char *s)
{
	bn_buf_add(b, s, strlen(s));
}

void bn_buf_addch(bn_buf *b, char c)
{
	bn_buf_add(b, &c, 1);
}

void bn_buf_vaddf(bn_buf *b, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0) {
		b->failed = true;
	} else if (!bn_buf_reserve(b, (size_t)n)) {
		if (n)
			vsnprintf(b->ptr + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void bn_buf_add_u64(bn_buf *b, uint64_t n)
{
	char text[BN_FMT];
	const char *p = bn_fmt_u64(n, text);
	bn_buf_add(b, p, (size_t)(text + BN_FMT - 1 - p));
}

void bn_buf_addf(bn_buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	bn_buf_vaddf(b, fmt, ap);
	va_end(ap);
}

static const char *short_escape(char c)
{
	switch (c) {
	case '\n':
		return "\\n";
	case '\t':
		return "\\t";
	case '\r':
		return "\\r";
	default:
		return NULL;
	}
}

void bn_buf_add_json_string(bn_buf *b, const char *s, size_t n)
{
	bn_buf_addch(b, '"');
	for (size_t i = 0; i < n;) {
		unsigned char c = (unsigned char)s[i];
		if (c == '"' || c == '\\') {
			bn_buf_addch(b, '\\');
			bn_buf_addch(b, (char)c);
			i++;
		} else if (c < 0x20 || c == 0x7f) {
			const char *short_form = short_escape((char)c);
			if (short_form)
				bn_buf_adds(b, short_form);
			else
				bn_buf_addf(b, "\\u%04x", c);
			i++;
		} else if (c < 0x80) {
			size_t run = i;
			while (run < n && (unsigned char)s[run] >= 0x20 &&
				(unsigned char)s[run] < 0x7f && s[run] != '"' && s[run] != '\\')
				run++;
			bn_buf_add(b, s + i, run - i);
			i = run;
		} else {
			uint32_t cp;
			size_t used = bn_utf8_decode(s + i, n - i, &cp);
			if (cp == BN_UTF8_BAD)
				bn_buf_adds(b, "\xef\xbf\xbd");
			else
				bn_buf_add(b, s + i, used);
			i += used;
		}
	}
	bn_buf_addch(b, '"');
}

void bn_buf_truncate(bn_buf *b, size_t len)
{
	if (len > b->len)
		return;
	b->len = len;
	if (b->cap)
		b->ptr[len] = '\0';
}

char *bn_buf_take(bn_buf *b, size_t *len)
{
	if (b->failed || bn_buf_reserve(b, 1)) {
		bn_buf_release(b);
		return NULL;
	}
	char *p = b->ptr;
	if (len)
		*len = b->len;
	bn_buf_init(b);
	return p;
}

int bn_buf_check(const bn_buf *b, bn_err *err, const char *what)
{
	return b->failed ? bn_err_nomem(err, what) : 0;
}
