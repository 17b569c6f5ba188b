/* text.c - a scrollable page of lines: one row, one audit record, any long text. */
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tui/views/views.h"

#include <stdio.h>
#include <string.h>

typedef struct text_view {
	bn_view view;
	char crumb[96];
	char *text;
	const char **lines; /* into text, which is split at newlines */
	int count, top, left, page_rows;
	int widest; /* columns of the longest line */
	bool wraps; /* wrap lines instead of cutting them at the edge */
	char find[BN_INPUT_BYTES]; /* what is searched for; "": nothing */
	int match;                 /* the matching line that n or N went to; -1: none */
} text_view;

/* ---- search -------------------------------------------------------------------------------------- */

static bool is_match(const text_view *v, int line)
{
	return v->find[0] && strcasestr(v->lines[line], v->find);
}

/* The beginning of a file in a patch: what n goes to without a search. */
static bool is_head(const char *line)
{
	return strncmp(line, "diff --git ", 11) == 0;
}

static void line_show(text_view *v, int line)
{
	v->match = line;
	if (line < v->top || line >= v->top + v->page_rows)
		v->top = v->find[0] ? line - v->page_rows / 2 : line;
}

static void find(bn_view *view, const char *words)
{
	text_view *v = (text_view *)view;
	snprintf(v->find, sizeof v->find, "%s", words);
	v->match = -1;
	for (int i = 0; i < v->count && v->match < 0; i++)
		if (is_match(v, i))
			line_show(v, i);
}

static const char *finding(const bn_view *view)
{
	return ((const text_view *)view)->find;
}

static void find_next(text_view *v, int step)
{
	int at = v->match;
	if (!v->find[0] && (at < v->top || at >= v->top + v->page_rows))
		at = step > 0 ? v->top - 1 : v->top; /* the view was scrolled since */
	for (at += step; at >= 0 && at < v->count; at += step) {
		if (!(v->find[0] ? is_match(v, at) : is_head(v->lines[at])))
			continue;
		line_show(v, at);
		if (!v->find[0])
			v->top = at;
		return;
	}
	if (v->find[0])
		bn_frame_message(v->view.frame, "no line %s has '%s'", step > 0 ? "below" : "above",
			v->find);
	else
		bn_frame_message(v->view.frame, "nothing %s stands out; / looks for words",
			step > 0 ? "below" : "above");
}

/* Highlights the matching words. */
static void match_draw(const text_view *v, bn_area a, int row, const char *line)
{
	const char *hit = strcasestr(line, v->find);
	size_t n = strlen(v->find);
	if (!hit)
		return;
	int col = 1 - v->left;
	for (const char *s = line; s < hit;) {
		uint32_t cp;
		s += bn_utf8_decode(s, (size_t)(hit - s), &cp);
		col += bn_utf8_char_width(cp);
	}
	bn_area_textf(a, row, col, BN_INK_MARKED, "%.*s", (int)n, hit);
}

/* ---- drawing ------------------------------------------------------------------------------------- */

/* A cut line is marked at the edge. */
static void line_draw(const text_view *v, bn_area a, int row, const char *line)
{
	int end = 1 - v->left + (int)bn_utf8_width(line);
	bn_area_text(a, row, 1 - v->left, is_head(line) ? BN_INK_STRONG : BN_INK_TEXT, line);
	if (v->find[0])
		match_draw(v, a, row, line);
	if (v->left > 0 && end > 0)
		bn_area_glyph(a, row, 0, BN_INK_DIM, BN_GLYPH_MORE_LEFT);
	if (end > a.cols)
		bn_area_glyph(a, row, a.cols - 1, BN_INK_DIM, BN_GLYPH_MORE_RIGHT);
}

static int line_rows(bn_area a, const char *line)
{
	bn_area probe = {a.s, 0, 0, 0, a.cols - 2}; /* measures without drawing */
	if ((int)bn_utf8_width(line) <= a.cols - 2 || a.cols < 10)
		return 1;
	return bn_area_paragraph(probe, 0, 0, BN_INK_TEXT, line);
}

static void wrapped_draw(text_view *v, bn_area a)
{
	int last = v->count, rows = 0;
	while (last > 0 && (rows += line_rows(a, v->lines[last - 1])) <= a.rows)
		last--;
	v->top = v->top > last ? last : v->top;
	v->top = v->top < 0 ? 0 : v->top;
	for (int r = 0, i = v->top; i < v->count && r < a.rows; i++) {
		int n = line_rows(a, v->lines[i]);
		if (n > 1)
			bn_area_paragraph(bn_area_sub(a, r, 1, a.rows - r, a.cols - 2), 0, 0,
				BN_INK_TEXT, v->lines[i]);
		else
			bn_area_text(a, r, 1, BN_INK_TEXT, v->lines[i]);
		r += n;
	}
	bn_area_cursor(a, 0, 0, false);
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	text_view *v = (text_view *)view;
	(void)focused;
	if (v->wraps) {
		v->page_rows = a.rows > 1 ? a.rows : 1;
		wrapped_draw(v, a);
		return;
	}
	v->page_rows = a.rows > 1 ? a.rows : 1;
	if (v->top > v->count - v->page_rows)
		v->top = v->count - v->page_rows;
	if (v->top < 0)
		v->top = 0;
	for (int r = 0; r < a.rows && v->top + r < v->count; r++)
		line_draw(v, a, r, v->lines[v->top + r]);
	bn_area_cursor(a, 0, 0, false);
}

static void place(const bn_view *view, char *out, size_t size)
{
	const text_view *v = (const text_view *)view;
	out[0] = '\0';
	if (v->count > v->page_rows)
		snprintf(out, size, "line %d/%d", v->top + 1, v->count);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	text_view *v = (text_view *)view;
	(void)arg;
	switch (id) {
	case BN_CMD_UP:
		v->top--;
		return true;
	case BN_CMD_DOWN:
		v->top++;
		return true;
	case BN_CMD_PAGE_UP:
		v->top -= v->page_rows;
		return true;
	case BN_CMD_PAGE_DOWN:
		v->top += v->page_rows;
		return true;
	case BN_CMD_HALF_UP:
		v->top -= v->page_rows / 2;
		return true;
	case BN_CMD_HALF_DOWN:
		v->top += v->page_rows / 2;
		return true;
	case BN_CMD_TOP:
		v->top = 0;
		return true;
	case BN_CMD_BOTTOM:
		v->top = v->count;
		return true;
	case BN_CMD_LEFT:
		v->left -= v->left > 0 ? 8 : 0;
		return true;
	case BN_CMD_RIGHT:
		v->left += v->left + 8 < v->widest ? 8 : 0;
		return true;
	case BN_CMD_NEXT:
	case BN_CMD_PREVIOUS:
		find_next(v, id == BN_CMD_NEXT ? 1 : -1);
		return true;
	default:
		return false;
	}
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	(void)view;
	if (id != BN_CMD_OPEN)
		return false;
	snprintf(why, size, "there is nothing further inside");
	return true;
}

static void page(bn_view *view, bn_page *p)
{
	(void)view;
	bn_page_free(p);
}

static void crumb(const bn_view *view, bn_buf *out)
{
	bn_buf_adds(out, ((const text_view *)view)->crumb);
}

static void view_free(bn_view *view)
{
	text_view *v = (text_view *)view;
	bn_view_release(view);
	bn_free(v->lines);
	bn_free(v->text);
	bn_free(v);
}

static const bn_view_class text_class = {
	.name = "",
	.kind = BN_ON(DETAIL),
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.page = page,
	.crumb = crumb,
	.find = find,
	.finding = finding,
	.place = place,
	.free = view_free,
};

void bn_view_text_wrap(bn_view *view)
{
	((text_view *)view)->wraps = true;
}

int bn_view_text_new(bn_view **out, bn_frame *f, const char *name, const char *text, bn_err *err)
{
	text_view *v = bn_view_alloc(sizeof *v, &text_class, f, err);
	if (!v)
		return BN_ENOMEM;
	snprintf(v->crumb, sizeof v->crumb, "%s", name);
	v->match = -1;
	v->text = bn_strdup(text);
	size_t lines = 1;
	for (const char *s = text; *s; s++)
		lines += *s == '\n';
	v->lines = bn_alloc_zeroed(lines + 1, sizeof *v->lines);
	if (!v->text || !v->lines) {
		view_free(&v->view);
		return bn_err_nomem(err, "a sheet");
	}
	for (char *s = v->text; *s;) {
		char *end = strchr(s, '\n');
		v->lines[v->count++] = s;
		if (!end)
			break;
		*end = '\0';
		s = end + 1;
	}
	for (int i = 0; i < v->count; i++) {
		int width = (int)bn_utf8_width(v->lines[i]);
		v->widest = width > v->widest ? width : v->widest;
	}
	*out = &v->view;
	return 0;
}
