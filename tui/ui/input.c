/* input.c - see input.h. */
#include "tui/ui/input.h"

#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tui/ui/key.h"

#include <string.h>

void bn_input_set(bn_input *in, const char *text)
{
	size_t n = text ? strlen(text) : 0;
	n = n < sizeof in->text ? n : sizeof in->text - 1;
	if (n)
		memmove(in->text, text, n);
	in->text[n] = '\0';
	in->len = in->cursor = n;
}

static size_t step_back(const bn_input *in, size_t at)
{
	while (at > in->floor && ((unsigned char)in->text[--at] & 0xc0) == 0x80)
		;
	return at;
}

static size_t step_forward(const bn_input *in, size_t at)
{
	if (at < in->len)
		at++;
	while (at < in->len && ((unsigned char)in->text[at] & 0xc0) == 0x80)
		at++;
	return at;
}

static void input_cut(bn_input *in, size_t from, size_t to)
{
	memmove(in->text + from, in->text + to, in->len - to + 1);
	in->len -= to - from;
	in->cursor = from;
}

static void input_add(bn_input *in, uint32_t cp)
{
	char utf8[4];
	size_t n = bn_utf8_encode(cp, utf8);
	if (in->len + n >= sizeof in->text)
		return;
	memmove(in->text + in->cursor + n, in->text + in->cursor, in->len - in->cursor + 1);
	memcpy(in->text + in->cursor, utf8, n);
	in->len += n;
	in->cursor += n;
}

static size_t word_start(const bn_input *in)
{
	size_t at = in->cursor;
	while (at > in->floor && in->text[at - 1] == ' ')
		at--;
	while (at > in->floor && in->text[at - 1] != ' ')
		at--;
	return at;
}

static void history_show(bn_input *in, const bn_history *h, int step)
{
	int at = in->history_at + step;
	if (!h || at < 0 || at > h->count)
		return;
	in->floor = 0;
	bn_input_set(in, at ? h->lines[h->count - at] : "");
	in->history_at = at;
}

bool bn_input_key(bn_input *in, int key, const bn_history *h)
{
	switch (key) {
	case BN_KEY_LEFT:
	case BN_KEY_CTRL('B'):
		in->cursor = step_back(in, in->cursor);
		return true;
	case BN_KEY_RIGHT:
	case BN_KEY_CTRL('F'):
		in->cursor = step_forward(in, in->cursor);
		return true;
	case BN_KEY_HOME:
	case BN_KEY_CTRL('A'):
		in->cursor = in->floor;
		return true;
	case BN_KEY_END:
	case BN_KEY_CTRL('E'):
		in->cursor = in->len;
		return true;
	case BN_KEY_BACKSPACE:
		input_cut(in, step_back(in, in->cursor), in->cursor);
		return true;
	case BN_KEY_DELETE:
	case BN_KEY_CTRL('D'):
		input_cut(in, in->cursor, step_forward(in, in->cursor));
		return true;
	case BN_KEY_CTRL('U'):
		input_cut(in, in->floor, in->cursor);
		return true;
	case BN_KEY_CTRL('K'):
		input_cut(in, in->cursor, in->len);
		return true;
	case BN_KEY_CTRL('W'):
		input_cut(in, word_start(in), in->cursor);
		return true;
	case BN_KEY_UP:
		history_show(in, h, 1);
		return h != NULL;
	case BN_KEY_DOWN:
		history_show(in, h, -1);
		return h != NULL;
	default:
		if (key < 0x20 || key >= BN_KEY_FIRST_)
			return false;
		input_add(in, (uint32_t)key);
		return true;
	}
}

void bn_input_draw(const bn_input *in, bn_area a, int row, int col, bn_ink role)
{
	char before[BN_INPUT_BYTES];
	memcpy(before, in->text, in->cursor);
	before[in->cursor] = '\0';
	int at = (int)bn_utf8_width(before), room = a.cols - col;
	int shift = at >= room ? at - room + 1 : 0;
	bn_area field = bn_area_sub(a, row, col, 1, room);
	bn_area_fill(field, 0, 0, 1, room, role);
	bn_area_text(field, 0, -shift, role, in->text);
	bn_area_cursor(field, 0, at - shift, true);
}

void bn_history_add(bn_history *h, const char *line)
{
	if (!*line || (h->count && strcmp(h->lines[h->count - 1], line) == 0))
		return;
	if (h->count == BN_HISTORY_LINES) {
		bn_free(h->lines[0]);
		memmove(h->lines, h->lines + 1, (BN_HISTORY_LINES - 1) * sizeof *h->lines);
		h->count--;
	}
	char *copy = bn_strdup(line);
	if (copy)
		h->lines[h->count++] = copy;
}

void bn_history_release(bn_history *h)
{
	for (int i = 0; i < h->count; i++)
		bn_free(h->lines[i]);
	h->count = 0;
}
