/* surface.c - see surface.h. */
#include "tui/ui/surface.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"

#include <stdio.h>
#include <string.h>

static const struct role_info {
	const char *name;
	char letter;
} role_table[BN_INK_COUNT] = {
#define X(id, name, letter) {name, letter},
	BN_INKS(X)
#undef X
};

const char *bn_ink_name(bn_ink role)
{
	return role_table[role].name;
}

char bn_ink_letter(bn_ink role)
{
	return role_table[role].letter;
}

int bn_ink_from_name(const char *name, size_t n)
{
	for (int i = 0; i < BN_INK_COUNT; i++)
		if (bn_str_is(role_table[i].name, name, n))
			return i;
	return -1;
}

int bn_surface_new(bn_surface **out, int rows, int cols, bn_alphabet alphabet, bn_err *err)
{
	bn_surface *s = bn_alloc_zeroed(1, sizeof *s);
	if (!s)
		return bn_err_nomem(err, "a surface");
	s->alphabet = alphabet;
	int rc = bn_surface_resize(s, rows, cols, err);
	if (rc) {
		bn_free(s);
		return rc;
	}
	*out = s;
	return 0;
}

void bn_surface_free(bn_surface *s)
{
	if (!s)
		return;
	bn_free(s->cells);
	bn_free(s);
}

int bn_surface_resize(bn_surface *s, int rows, int cols, bn_err *err)
{
	rows = rows < 1 ? 1 : rows;
	cols = cols < 1 ? 1 : cols;
	if (rows != s->rows || cols != s->cols || !s->cells) {
		bn_surface_cell *cells =
			bn_alloc_zeroed((size_t)rows * (size_t)cols, sizeof *cells);
		if (!cells)
			return bn_err_nomem(err, "the cells of a surface");
		bn_free(s->cells);
		s->cells = cells;
		s->rows = rows;
		s->cols = cols;
	}
	bn_surface_blank(s);
	return 0;
}

void bn_surface_blank(bn_surface *s)
{
	static const bn_surface_cell blank = {' ', {0, 0}, BN_INK_TEXT, 1};
	size_t n = (size_t)s->rows * (size_t)s->cols;
	for (size_t i = 0; i < n; i++)
		s->cells[i] = blank;
	s->cursor_row = -1;
	s->cursor_col = 0;
	s->cursor_visible = false;
}

bn_area bn_area_all(bn_surface *s)
{
	return (bn_area){s, 0, 0, s->rows, s->cols};
}

bn_area bn_area_sub(bn_area a, int row, int col, int rows, int cols)
{
	if (row < 0) {
		rows += row;
		row = 0;
	}
	if (col < 0) {
		cols += col;
		col = 0;
	}
	if (rows > a.rows - row)
		rows = a.rows - row;
	if (cols > a.cols - col)
		cols = a.cols - col;
	bn_area sub = {a.s, a.row + row, a.col + col, rows < 0 ? 0 : rows, cols < 0 ? 0 : cols};
	return sub;
}

bool bn_area_is_empty(bn_area a)
{
	return a.rows < 1 || a.cols < 1;
}

static bn_surface_cell *area_cell(bn_area a, int row, int col)
{
	if (row < 0 || col < 0 || row >= a.rows || col >= a.cols)
		return NULL;
	return &a.s->cells[(size_t)(a.row + row) * (size_t)a.s->cols + (size_t)(a.col + col)];
}

/* Overwriting one half of a wide character clears the other half too. */
static void cell_split(bn_surface *s, bn_surface_cell *c)
{
	static const uint32_t blank = ' ';
	size_t col = (size_t)(c - s->cells) % (size_t)s->cols;
	if (c->width == 0 && col > 0) {
		c[-1].cp = blank;
		c[-1].mark[0] = c[-1].mark[1] = 0;
		c[-1].width = 1;
	} else if (c->width == 2 && col + 1 < (size_t)s->cols) {
		c[1].cp = blank;
		c[1].width = 1;
	}
}

/* Adds a combining mark to the character before (row, col). A mark without a base, or that does not
 * fit, must not disappear: text with it reads differently. Returns the columns that it, or its
 * replacement, takes. */
static int mark_put(bn_area a, int row, int col, bn_ink role, uint32_t cp)
{
	const uint32_t sign = bn_glyph(a.s->alphabet, BN_GLYPH_REPLACEMENT);
	bn_surface_cell *c = area_cell(a, row, col - 1);
	if (c && c->width == 0)
		c = area_cell(a, row, col - 2);
	if (!c || c->cp == ' ' || c->cp == sign) {
		if ((c = area_cell(a, row, col))) {
			cell_split(a.s, c);
			*c = (bn_surface_cell){sign, {0, 0}, (uint8_t)role, 1};
		}
		return 1;
	}
	if (a.s->alphabet == BN_ALPHABET_ASCII)
		c->cp = '?';
	else if (!c->mark[0])
		c->mark[0] = cp;
	else if (!c->mark[1])
		c->mark[1] = cp;
	else if (c->width == 1)
		*c = (bn_surface_cell){sign, {0, 0}, c->role, 1};
	return 0;
}

/* One character at (row, col); returns its width in columns. */
static int area_put(bn_area a, int row, int col, bn_ink role, uint32_t cp)
{
	int width = 1;
	if (!bn_utf8_is_shown(cp)) {
		cp = bn_glyph(a.s->alphabet, BN_GLYPH_REPLACEMENT);
	} else if (cp >= 0x7f) {
		width = bn_utf8_char_width(cp);
		if (width == 0)
			return mark_put(a, row, col, role, cp);
		if (a.s->alphabet == BN_ALPHABET_ASCII) {
			for (int i = 0; i < width; i++)
				area_put(a, row, col + i, role, '?');
			return width;
		}
	}
	bn_surface_cell *c = area_cell(a, row, col);
	bn_surface_cell *right = width == 2 ? area_cell(a, row, col + 1) : NULL;
	if (c) {
		cell_split(a.s, c);
		bool whole = width == 1 || right;
		*c = (bn_surface_cell){
			whole ? cp : ' ', {0, 0}, (uint8_t)role, whole ? (uint8_t)width : 1};
	}
	if (right) {
		cell_split(a.s, right);
		*right = c ? (bn_surface_cell){0, {0, 0}, (uint8_t)role, 0}
			   : (bn_surface_cell){' ', {0, 0}, (uint8_t)role, 1};
	}
	return width;
}

int bn_area_text(bn_area a, int row, int col, bn_ink role, const char *utf8)
{
	size_t n = utf8 ? strlen(utf8) : 0;
	for (size_t i = 0; i < n && col < a.cols + 1;) {
		uint32_t cp;
		i += bn_utf8_decode(utf8 + i, n - i, &cp);
		col += area_put(a, row, col, role, cp);
	}
	return col;
}

int bn_area_textf(bn_area a, int row, int col, bn_ink role, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return bn_area_text(a, row, col, role, text);
}

/* n bytes of text; returns the column after them. */
static int text_put(bn_area a, int row, int col, bn_ink role, const char *utf8, size_t n)
{
	for (size_t i = 0; i < n;) {
		uint32_t cp;
		i += bn_utf8_decode(utf8 + i, n - i, &cp);
		col += area_put(a, row, col, role, cp);
	}
	return col;
}

enum { HEAD = 3, HEAD_FROM = 10, MIDDLE_FROM = 8 }; /* the beginning of a name; widths from which it, and both ends, are shown */

/* The middle is left out. */
static bn_name_parts ends_of(const char *utf8, size_t n, int width)
{
	size_t room = (size_t)width - 1, after = width >= MIDDLE_FROM ? room / 2 : 0;
	size_t end = after ? bn_utf8_end(utf8, n, after) : 0;
	return (bn_name_parts){.head = bn_utf8_head(utf8, n, room - after), .from = n - end, .n = end};
}

typedef enum field_form { FIELD_LEFT, FIELD_RIGHT, FIELD_NAME } field_form;

static int field_draw(
	bn_area a, int row, int col, int width, bn_ink role, const char *utf8, field_form form)
{
	if (width <= 0)
		return col;
	bn_area f = bn_area_sub(a, row, col, 1, width);
	int shift = col < 0 ? col : 0; /* the area begins inside the field */
	int need = utf8 ? (int)bn_utf8_width(utf8) : 0;
	bn_area_fill(f, 0, 0, 1, f.cols, role);
	if (need <= width) {
		bn_area_text(f, 0, shift + (form == FIELD_RIGHT ? width - need : 0), role, utf8);
		return col + width;
	}
	size_t n = strlen(utf8), room = (size_t)width - 1;
	bn_name_parts p = {.head = bn_utf8_head(utf8, n, room), .from = n};
	if (form == FIELD_NAME)
		p = ends_of(utf8, n, width);
	int at = text_put(f, 0, shift, role, utf8, p.head);
	at = bn_area_glyph(f, 0, at, role, BN_GLYPH_ELLIPSIS);
	text_put(f, 0, at, role, utf8 + p.from, p.n);
	return col + width;
}

int bn_area_field(bn_area a, int row, int col, int width, bn_ink role, const char *utf8)
{
	return field_draw(a, row, col, width, role, utf8, FIELD_LEFT);
}

int bn_area_field_right(bn_area a, int row, int col, int width, bn_ink role, const char *utf8)
{
	return field_draw(a, row, col, width, role, utf8, FIELD_RIGHT);
}

int bn_area_name(bn_area a, int row, int col, int width, bn_ink role, const char *utf8)
{
	return field_draw(a, row, col, width, role, utf8, FIELD_NAME);
}

bn_name_parts bn_name_shorten(const char *utf8, int width, size_t keeps)
{
	size_t n = strlen(utf8), room = width > 1 ? (size_t)width - 1 : 0, head = width >= HEAD_FROM ? HEAD : 0;
	if ((int)bn_utf8_width(utf8) <= width)
		return (bn_name_parts){.head = n, .from = n, .fits = true};
	if (width < 1)
		return (bn_name_parts){.from = n};
	if (keeps == BN_NAME_END)
		keeps = n - bn_utf8_end(utf8, n, room - head);
	if (!keeps || keeps >= n)
		return ends_of(utf8, n, width);
	size_t tail = bn_utf8_width(utf8 + keeps);
	head = tail + head < room ? room - tail : head;
	size_t begin = bn_utf8_head(utf8, n, head);
	if (begin >= keeps) /* nothing would be left out there */
		return (bn_name_parts){.head = bn_utf8_head(utf8, n, room), .from = n};
	if (tail + head <= room)
		return (bn_name_parts){.head = begin, .from = keeps, .n = n - keeps};
	size_t shown = room > head + 1 ? bn_utf8_head(utf8 + keeps, n - keeps, room - head - 1) : 0;
	return (bn_name_parts){.head = begin, .from = keeps, .n = shown, .cut = true};
}

int bn_area_name_from(
	bn_area a, int row, int col, int width, bn_ink role, const char *utf8, size_t keeps)
{
	bn_name_parts p = bn_name_shorten(utf8, width, keeps);
	if (p.fits || !keeps)
		return bn_area_name(a, row, col, width, role, utf8);
	bn_area f = bn_area_sub(a, row, col, 1, width);
	bn_area_fill(f, 0, 0, 1, f.cols, role);
	int at = text_put(f, 0, 0, role, utf8, p.head);
	at = bn_area_glyph(f, 0, at, role, BN_GLYPH_ELLIPSIS);
	at = text_put(f, 0, at, role, utf8 + p.from, p.n);
	if (p.cut)
		bn_area_glyph(f, 0, at, role, BN_GLYPH_ELLIPSIS);
	return col + width;
}

int bn_area_cp(bn_area a, int row, int col, bn_ink role, uint32_t cp)
{
	/* Glyphs are already chosen from the surface's alphabet, so none becomes '?'. */
	bn_surface_cell *c = area_cell(a, row, col);
	if (c) {
		cell_split(a.s, c);
		*c = (bn_surface_cell){cp, {0, 0}, (uint8_t)role, 1};
	}
	return col + 1;
}

int bn_area_glyph(bn_area a, int row, int col, bn_ink role, bn_glyph_id glyph)
{
	return bn_area_cp(a, row, col, role, bn_glyph(a.s->alphabet, glyph));
}

void bn_area_fill(bn_area a, int row, int col, int rows, int cols, bn_ink role)
{
	bn_area f = bn_area_sub(a, row, col, rows, cols);
	for (int r = 0; r < f.rows; r++)
		for (int c = 0; c < f.cols; c++)
			bn_area_cp(f, r, c, role, ' ');
}

void bn_area_role(bn_area a, int row, int col, int cols, bn_ink role)
{
	bn_area f = bn_area_sub(a, row, col, 1, cols);
	for (int c = 0; f.rows && c < f.cols; c++)
		area_cell(f, 0, c)->role = (uint8_t)role;
}

void bn_area_hline(bn_area a, int row, int col, int cols, bn_ink role)
{
	for (int c = 0; c < cols; c++)
		bn_area_glyph(a, row, col + c, role, BN_GLYPH_HLINE);
}

void bn_area_box(bn_area a, bn_ink role)
{
	int bottom = a.rows - 1, right = a.cols - 1;
	if (a.rows < 2 || a.cols < 2)
		return;
	bn_area_hline(a, 0, 1, right - 1, role);
	bn_area_hline(a, bottom, 1, right - 1, role);
	for (int r = 1; r < bottom; r++) {
		bn_area_glyph(a, r, 0, role, BN_GLYPH_VLINE);
		bn_area_glyph(a, r, right, role, BN_GLYPH_VLINE);
	}
	bn_area_glyph(a, 0, 0, role, BN_GLYPH_TOP_LEFT);
	bn_area_glyph(a, 0, right, role, BN_GLYPH_TOP_RIGHT);
	bn_area_glyph(a, bottom, 0, role, BN_GLYPH_BOTTOM_LEFT);
	bn_area_glyph(a, bottom, right, role, BN_GLYPH_BOTTOM_RIGHT);
}

void bn_area_cursor(bn_area a, int row, int col, bool visible)
{
	if (!area_cell(a, row, col < a.cols ? col : a.cols - 1))
		return;
	a.s->cursor_row = a.row + row;
	a.s->cursor_col = a.col + (col < a.cols ? col : a.cols - 1);
	a.s->cursor_visible = visible;
}

/* Bytes of s that fit into width columns, breaking at a blank if possible. */
static size_t line_break(const char *s, int width)
{
	size_t n = strlen(s), i = 0, last_blank = 0;
	int col = 0;
	while (i < n && s[i] != '\n') {
		uint32_t cp;
		size_t used = bn_utf8_decode(s + i, n - i, &cp);
		col += cp == BN_UTF8_BAD ? 1 : bn_utf8_char_width(cp);
		if (s[i] == ' ')
			last_blank = i;
		if (col > width)
			return last_blank ? last_blank : i ? i : used;
		i += used;
	}
	return i;
}

int bn_area_paragraph(bn_area a, int row, int col, bn_ink role, const char *utf8)
{
	int used = 0, width = a.cols - col;
	if (!utf8 || width < 1)
		return 0;
	while (*utf8) {
		size_t n = line_break(utf8, width);
		char *line = bn_strndup(utf8, n);
		bn_area_text(a, row + used, col, role, line);
		bn_free(line);
		used++;
		utf8 += n;
		if (*utf8 == '\n')
			utf8++;
		else
			while (*utf8 == ' ')
				utf8++;
	}
	return used;
}

void bn_surface_dump(const bn_surface *s, bn_buf *out, bool roles)
{
	char utf8[4];
	for (int pass = 0; pass < (roles ? 2 : 1); pass++) {
		for (int r = 0; r < s->rows; r++) {
			for (int c = 0; c < s->cols; c++) {
				const bn_surface_cell *cell =
					&s->cells[(size_t)r * (size_t)s->cols + (size_t)c];
				if (pass == 1) {
					bn_buf_addch(out, bn_ink_letter((bn_ink)cell->role));
				} else if (cell->width) {
					bn_buf_add(out, utf8, bn_utf8_encode(cell->cp, utf8));
					for (int m = 0; m < 2 && cell->mark[m]; m++)
						bn_buf_add(out, utf8,
							bn_utf8_encode(cell->mark[m], utf8));
				}
			}
			bn_buf_adds(out, "|\n");
		}
	}
	if (roles)
		bn_buf_addf(out, "cursor %d,%d%s\n", s->cursor_row, s->cursor_col,
			s->cursor_visible ? " visible" : "");
}
