/* markup.c - see markup.h. */
#include "core/base/markup.h"

#include "core/base/mem.h"
#include "core/base/utf8.h"

#include <stdbool.h>
#include <string.h>

void bn_markup_add_xml(bn_buf *b, const char *s, bn_shown_form form)
{
	bn_buf shown = BN_BUF_INIT;
	bn_shown_add(&shown, s, strlen(s), form);
	for (const char *p = shown.ptr; *p; p++) {
		switch (*p) {
		case '&':
			bn_buf_adds(b, "&amp;");
			break;
		case '<':
			bn_buf_adds(b, "&lt;");
			break;
		case '>':
			bn_buf_adds(b, "&gt;");
			break;
		case '"':
			bn_buf_adds(b, "&quot;");
			break;
		default:
			bn_buf_addch(b, *p);
		}
	}
	b->failed = b->failed || shown.failed;
	bn_buf_release(&shown);
}

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == ' ' || c == ',' || c == ';' || c == '(' || c == ')' || c == '%' || c == '/' ||
	       c == '-' || c == '=' || c == '+' || c == '\'';
}

void bn_markup_add_code(bn_buf *b, const char *s)
{
	bn_buf shown = BN_BUF_INIT;
	bn_shown_add(&shown, s, strlen(s), BN_SHOWN_LINE);
	bn_buf_adds(b, "<code>");
	for (const char *p = shown.ptr; *p; p++) {
		if (is_plain(*p) || (unsigned char)*p >= 0x80)
			bn_buf_addch(b, *p);
		else
			bn_buf_addf(b, "&#%d;", *p);
	}
	bn_buf_adds(b, "</code>");
	b->failed = b->failed || shown.failed;
	bn_buf_release(&shown);
}

/* Length of the longest run of backticks. */
static size_t longest_fence(const char *s)
{
	size_t best = 0, run = 0;
	for (; *s; s++) {
		run = *s == '`' ? run + 1 : 0;
		best = run > best ? run : best;
	}
	return best;
}

static void fence_add(bn_buf *b, size_t n, const char *end)
{
	while (n--)
		bn_buf_addch(b, '`');
	bn_buf_adds(b, end);
}

void bn_markup_add_block(bn_buf *b, const char *s, const char *language)
{
	bn_buf shown = BN_BUF_INIT;
	bn_shown_add(&shown, s, strlen(s), BN_SHOWN_LINES);
	size_t fence = longest_fence(shown.ptr) + 1;
	fence = fence < 3 ? 3 : fence;
	fence_add(b, fence, language);
	bn_buf_addch(b, '\n');
	bn_buf_add(b, shown.ptr, shown.len);
	if (shown.len && shown.ptr[shown.len - 1] != '\n')
		bn_buf_addch(b, '\n');
	fence_add(b, fence, "\n");
	b->failed = b->failed || shown.failed;
	bn_buf_release(&shown);
}

/* ---- tables ------------------------------------------------------------------------------------ */

enum { TABLE_COLUMNS = 64, CELL_MOST = 48 }; /* columns of a table that are aligned; of a cell that widens its column */

/* The next cell of a line "| a | b |": its text without the blanks around; *at behind it. False: the line ends. */
static bool cell_next(const char **at, const char *end, const char **cell, size_t *n)
{
	const char *begin = *at < end && **at == '|' ? *at + 1 : end;
	const char *bar = begin < end ? memchr(begin, '|', (size_t)(end - begin)) : NULL;
	if (!bar)
		return false;
	*at = bar;
	while (begin < bar && *begin == ' ')
		begin++;
	while (bar > begin && bar[-1] == ' ')
		bar--;
	*cell = begin;
	*n = (size_t)(bar - begin);
	return true;
}

/* "---", "---:" */
static bool is_rule(const char *cell, size_t n)
{
	return n >= 3 && strspn(cell, "-:") >= n;
}

static size_t width_of(const char *cell, size_t n)
{
	char *copy = bn_strndup(cell, n);
	size_t width = copy ? bn_utf8_width(copy) : n;
	bn_free(copy);
	return width;
}

static void cell_pad(bn_buf *b, const char *cell, size_t n, size_t width)
{
	bool rule = is_rule(cell, n);
	size_t own = width_of(cell, n);
	bn_buf_adds(b, " ");
	bn_buf_add(b, cell, rule ? n - 1 : n);
	for (; own < width; own++)
		bn_buf_addch(b, rule ? '-' : ' ');
	if (rule)
		bn_buf_addch(b, cell[n - 1]);
	bn_buf_adds(b, " |");
}

/* Calls for each line; out NULL: measures. */
static void table_walk(bn_buf *out, const char *table, size_t size, size_t *widths)
{
	const char *last = table + size;
	for (const char *line = table, *end; line < last; line = end + 1) {
		const char *at = line, *cell;
		size_t column = 0, n;
		end = memchr(line, '\n', (size_t)(last - line));
		end = end ? end : last;
		while (column < TABLE_COLUMNS && cell_next(&at, end, &cell, &n)) {
			size_t own = width_of(cell, n);
			if (out && column == 0)
				bn_buf_addch(out, '|');
			if (out)
				cell_pad(out, cell, n, widths[column]);
			else if (own > widths[column])
				widths[column] = own < CELL_MOST ? own : CELL_MOST;
			column++;
		}
		at += column > 0;
		if (out)
			bn_buf_add(out, at, (size_t)(end - at) + (end < last));
	}
}

void bn_markup_align_table(bn_buf *b, size_t from)
{
	bn_buf table = BN_BUF_INIT;
	size_t widths[TABLE_COLUMNS] = {0};
	if (b->failed || from >= b->len)
		return;
	table_walk(NULL, b->ptr + from, b->len - from, widths);
	table_walk(&table, b->ptr + from, b->len - from, widths);
	b->failed = table.failed;
	if (!table.failed) {
		bn_buf_truncate(b, from);
		bn_buf_add(b, table.ptr, table.len);
	}
	bn_buf_release(&table);
}
