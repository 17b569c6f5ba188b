/* shown.c - see shown.h. */
#include "core/base/shown.h"

#include "core/base/utf8.h"

size_t bn_shown_next(bn_shown *state, const char *s, size_t n, uint32_t *cp)
{
	size_t used = bn_utf8_decode(s, n, cp);
	bool shown = bn_utf8_is_shown(*cp);
	if (shown && *cp >= 0x300 && bn_utf8_char_width(*cp) == 0) {
		shown = state->has_base && state->marks < BN_SHOWN_MARKS;
		state->marks++;
	} else {
		state->has_base = shown;
		state->marks = 0;
	}
	if (!shown) {
		*state = (bn_shown){false, 0};
		*cp = BN_UTF8_BAD;
	}
	return used;
}

static const char *blank_of(char c, bool before_line_feed, bn_shown_form form)
{
	if (form == BN_SHOWN_TSV)
		return c == '\t' ? "\\t" : c == '\n' ? "\\n" : "\\r";
	if (form == BN_SHOWN_LINE)
		return " ";
	if (c == '\r')
		return before_line_feed ? "" : "\n";
	return c == '\n' ? "\n" : "\t";
}

/* Length of the leading run of printable ASCII, which is nearly all text. */
static size_t plain_length(const char *s, size_t n)
{
	size_t i = 0;
	while (i < n && s[i] >= 0x20 && s[i] < 0x7f)
		i++;
	return i;
}

void bn_shown_add_piece(bn_buf *out, bn_shown *state, const char *s, size_t n, bn_shown_form form)
{
	size_t used, plain;
	for (size_t i = 0; i < n; i += used) {
		uint32_t cp;
		if ((plain = plain_length(s + i, n - i)) > 0) {
			bn_buf_add(out, s + i, plain);
			*state = (bn_shown){true, 0};
			used = plain;
			continue;
		}
		used = bn_shown_next(state, s + i, n - i, &cp);
		if (s[i] == '\t' || s[i] == '\n' || s[i] == '\r')
			bn_buf_adds(out, blank_of(s[i], i + 1 < n && s[i + 1] == '\n', form));
		else if (cp == BN_UTF8_BAD)
			bn_buf_addch(out, '?');
		else
			bn_buf_add(out, s + i, used);
	}
}

void bn_shown_add(bn_buf *out, const char *s, size_t n, bn_shown_form form)
{
	bn_shown state = {false, 0};
	bn_shown_add_piece(out, &state, s, n, form);
}

void bn_shown_escape(bn_buf *out, uint32_t cp)
{
	if (cp < 0x10000)
		bn_buf_addf(out, "\\u%04x", (unsigned)cp);
	else
		bn_buf_addf(out, "\\u%04x\\u%04x", (unsigned)(0xd800 + ((cp - 0x10000) >> 10)),
			(unsigned)(0xdc00 + (cp & 0x3ff)));
}

bool bn_shown_add_json(bn_buf *out, const char *s, size_t n, size_t most)
{
	bn_shown seen = {false, 0};
	size_t begin, used;
	bn_buf_addch(out, '"');
	begin = out->len;
	for (size_t i = 0; i < n; i += used) {
		size_t before = out->len;
		uint32_t shown, cp;
		used = bn_shown_next(&seen, s + i, n - i, &shown);
		bn_utf8_decode(s + i, n - i, &cp);
		if (shown == BN_UTF8_BAD)
			bn_shown_escape(out, cp == BN_UTF8_BAD ? 0xfffd : cp);
		else if (cp == '"' || cp == '\\')
			bn_buf_addf(out, "\\%c", (int)cp);
		else
			bn_buf_add(out, s + i, used);
		if (out->len - begin > most) {
			bn_buf_truncate(out, before);
			bn_buf_addch(out, '"');
			return false;
		}
	}
	bn_buf_addch(out, '"');
	return true;
}
