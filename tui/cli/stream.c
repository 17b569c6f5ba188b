/* stream.c - see stream.h: the one place of tui/cli that writes. */
#include "tui/cli/stream.h"

#include "core/base/mem.h"
#include "core/base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

void bn_stream_open(bn_stream *s, FILE *file)
{
	*s = (bn_stream){.file = file, .is_terminal = isatty(fileno(file)), .held = BN_BUF_INIT};
}

size_t bn_stream_columns(const bn_stream *s)
{
	struct winsize size = {0};
	bool known = s->is_terminal && ioctl(fileno(s->file), TIOCGWINSZ, &size) == 0;
	return known ? size.ws_col : 0;
}

int bn_stream_flush(bn_stream *s)
{
	if (fflush(s->file) != 0 && !s->failed)
		s->failed = errno;
	errno = s->failed;
	return s->failed ? EOF : 0;
}

void bn_stream_raw(bn_stream *s, const void *bytes, size_t n)
{
	s->has_written = s->has_written || n > 0;
	if (s->is_held)
		bn_buf_add(&s->held, bytes, n);
	else if (fwrite(bytes, 1, n, s->file) < n && !s->failed)
		s->failed = errno; /* a later fflush does not report what stdio has dropped */
}

void bn_stream_hold(bn_stream *s)
{
	s->is_held = true;
	s->has_color = false;
}

/* ---- text ----------------------------------------------------------------------------------- */

void bn_stream_text(bn_stream *s, const char *text, size_t n)
{
	bn_buf shown = BN_BUF_INIT;
	bn_shown_add_piece(&shown, &s->seen, text, n, BN_SHOWN_LINES);
	bn_stream_raw(s, shown.ptr ? shown.ptr : "", shown.len);
	bn_buf_release(&shown);
}

void bn_stream_put(bn_stream *s, const char *text)
{
	bn_stream_text(s, text, strlen(text));
}

void bn_stream_printf(bn_stream *s, const char *fmt, ...)
{
	bn_buf text = BN_BUF_INIT;
	va_list ap;
	va_start(ap, fmt);
	bn_buf_vaddf(&text, fmt, ap);
	va_end(ap);
	bn_stream_text(s, text.ptr ? text.ptr : "", text.len);
	bn_buf_release(&text);
}

void bn_stream_json(bn_stream *s, const char *text, size_t n)
{
	bn_buf out = BN_BUF_INIT;
	bn_shown seen = {false, 0};
	size_t used;
	for (size_t i = 0; i < n; i += used) {
		uint32_t shown, cp;
		used = bn_shown_next(&seen, text + i, n - i, &shown);
		bn_utf8_decode(text + i, n - i, &cp);
		if (shown != BN_UTF8_BAD || cp == '\n')
			bn_buf_add(&out, text + i, used);
		else
			bn_shown_escape(&out, cp == BN_UTF8_BAD ? 0xfffd : cp);
	}
	bn_stream_raw(s, out.ptr ? out.ptr : "", out.len);
	bn_buf_release(&out);
}

/* Length of a colour sequence (ESC [ ... m) at s; 0 for none. */
static size_t color_length(const char *s, size_t n)
{
	size_t i = 2;
	if (n < 3 || s[0] != '\033' || s[1] != '[')
		return 0;
	while (i < n && ((s[i] >= '0' && s[i] <= '9') || s[i] == ';'))
		i++;
	return i < n && s[i] == 'm' ? i + 1 : 0;
}

void bn_stream_data(bn_stream *s, const void *bytes, size_t n)
{
	const char *text = bytes;
	if (!s->is_terminal || s->is_held) {
		bn_stream_raw(s, bytes, n);
		return;
	}
	for (size_t i = 0; i < n;) {
		const char *escape = memchr(text + i, '\033', n - i);
		size_t plain = escape ? (size_t)(escape - text) - i : n - i;
		bn_stream_text(s, text + i, plain);
		i += plain;
		size_t color = escape ? color_length(text + i, n - i) : 0;
		if (escape && color == 0)
			bn_stream_text(s, text + i, color = 1);
		i += color;
	}
}

/* ---- trusted output
 * ----------------------------------------------------------------------------- */

void bn_stream_role(bn_stream *s, const char *role)
{
	static const struct {
		const char *role, *code;
	} codes[] = {{"bold", "\033[1m"}, {"dim", "\033[2m"}, {"good", "\033[32m"},
		{"bad", "\033[31m"}, {"warn", "\033[33m"}, {"reset", "\033[0m"}};
	for (size_t i = 0; s->has_color && i < sizeof codes / sizeof *codes; i++)
		if (!strcmp(codes[i].role, role))
			bn_stream_raw(s, codes[i].code, strlen(codes[i].code));
}

void bn_stream_clear_line(bn_stream *s)
{
	static const char code[] = "\r\033[K";
	if (s->is_terminal)
		bn_stream_raw(s, code, sizeof code - 1);
	s->seen = (bn_shown){false, 0};
}
