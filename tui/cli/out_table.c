/*
 * out_table.c - lists as tables of aligned text, fitted to the width.
 */
#include "core/base/buf.h"
#include "core/base/utf8.h"
#include "tui/cli/_cli.h"

#include <string.h>

static bool is_right_aligned(bn_format f)
{
	return f != BN_AS_TEXT && f != BN_AS_WHOLE && f != BN_AS_GROUP && f != BN_AS_WORDS &&
	       f != BN_AS_LONG && f != BN_AS_ID && f != BN_AS_TIME_MS && f != BN_AS_BOOL;
}

/* Truncates text to that many columns, with a mark in the middle, since names often share a prefix
 * and differ at the end. */
static void add_cut(bn_buf *b, const char *text, size_t width)
{
	size_t n = strlen(text), tail = width >= 8 ? (width - 1) / 2 : 0;
	bn_buf_add(b, text, bn_utf8_head(text, n, width - 1 - tail));
	bn_buf_addch(b, '>');
	tail = tail ? bn_utf8_end(text, n, tail) : 0;
	bn_buf_add(b, text + n - tail, tail);
}

void bn_cli_add_padded(bn_buf *b, const char *text, size_t width, bool right, bool last)
{
	size_t used = bn_utf8_width(text), pad = width > used ? width - used : 0;
	while (right && pad) {
		bn_buf_addch(b, ' ');
		pad--;
	}
	if (used > width)
		add_cut(b, text, width);
	else
		bn_buf_adds(b, text);
	while (!last && pad--)
		bn_buf_addch(b, ' ');
}

/* Text in lines of at most that many columns, broken at blanks, each below the first. */
void bn_cli_add_wrapped(bn_buf *b, const char *text, size_t width, size_t indent)
{
	size_t n = strlen(text), len;
	for (size_t i = 0; i < n; i += len) {
		size_t used = 0, blank = 0;
		if (i > 0)
			bn_buf_addf(b, "\n%*s", (int)indent, "");
		for (len = 0; i + len < n;) {
			uint32_t cp;
			size_t k = bn_utf8_decode(text + i + len, n - i - len, &cp);
			used += cp == BN_UTF8_BAD ? 1 : (size_t)bn_utf8_char_width(cp);
			if (used > width && len > 0)
				break;
			len += k;
			if (cp == ' ')
				blank = len;
		}
		len = i + len < n && blank ? blank : len;
		bn_buf_add(b, text + i, len - (i + len < n && blank));
	}
}

enum { MAX_COLS = 32, GAP = 2, LEAST = 8, USEFUL = 16, MOST = 80 };

/* The columns of a table as displayed. */
typedef struct table {
	bn_col cols[MAX_COLS];
	size_t width[MAX_COLS], n;
	bool alike[MAX_COLS]; /* every row has the same */
} table;

static void table_measure(
	table *t, const bn_cli *cli, const json_t *items, const bn_col *cols, size_t limit)
{
	bn_buf cell = BN_BUF_INIT, first = BN_BUF_INIT;
	t->n = 0;
	for (; cols->key && t->n < MAX_COLS; cols++, t->n++) {
		size_t k = t->n;
		t->cols[k] = *cols;
		t->width[k] = bn_utf8_width(cols->title);
		t->alike[k] = true;
		for (size_t i = 0; i < json_array_size(items); i++) {
			bn_buf_clear(&cell);
			bn_cli_add_value(&cell,
				bn_cli_value_at(json_array_get(items, i), cols->key), cols->format,
				cli);
			size_t w = bn_utf8_width(cell.ptr);
			if (w > limit && cols[1].key &&
				(cols->format == BN_AS_TEXT || cols->format == BN_AS_LONG))
				w = limit;
			if (w > t->width[k])
				t->width[k] = w;
			if (i == 0) {
				bn_buf_clear(&first);
				bn_buf_add(&first, cell.ptr, cell.len);
			}
			t->alike[k] = t->alike[k] && cell.len == first.len &&
				      !memcmp(cell.ptr, first.ptr, cell.len);
		}
	}
	bn_buf_release(&cell);
	bn_buf_release(&first);
}

/* Minimum width of the column: text shrinks to its head; others do not shrink. */
static size_t table_floor(const table *t, size_t k, size_t least)
{
	size_t head = bn_utf8_width(t->cols[k].title);
	bn_format f = t->cols[k].format;
	if (f != BN_AS_TEXT && f != BN_AS_GROUP && f != BN_AS_WORDS && f != BN_AS_LONG)
		return t->width[k];
	least = f == BN_AS_LONG ? LEAST : least;
	return head > least ? head : least;
}

/* Shrinks the widest column that can shrink until the row fits. */
static bool table_narrow(table *t, size_t room, size_t least)
{
	for (;;) {
		size_t total = 0, widest = t->n;
		for (size_t k = 0; k < t->n; k++) {
			total += t->width[k] + (k ? GAP : 0);
			if (t->width[k] > table_floor(t, k, least) &&
				(widest == t->n || t->width[k] > t->width[widest]))
				widest = k;
		}
		if (total <= room || widest == t->n)
			return total <= room;
		t->width[widest]--;
	}
}

/* A group that is equal in all rows; n if there is none. */
static size_t table_alike(const table *t)
{
	size_t k = 0;
	while (k < t->n && !(t->cols[k].format == BN_AS_GROUP && t->alike[k]))
		k++;
	return k;
}

/* The last column of times; n when there is none. */
static size_t table_times(const table *t)
{
	size_t k = t->n;
	while (k > 0 && t->cols[k - 1].format != BN_AS_TIME_MS)
		k--;
	return k > 0 ? k - 1 : t->n;
}

static void table_leave_out(table *t, size_t k, bn_buf *left_out)
{
	bn_buf_addf(left_out, "%s%s", left_out->len ? ", " : "", t->cols[k].title);
	t->n--;
	memmove(&t->cols[k], &t->cols[k + 1], (t->n - k) * sizeof *t->cols);
	memmove(&t->width[k], &t->width[k + 1], (t->n - k) * sizeof *t->width);
	memmove(&t->alike[k], &t->alike[k + 1], (t->n - k) * sizeof *t->alike);
}

/* Shrinks text columns until a row fits. Before names get too short to distinguish, groups that are equal in
 * all rows are left out, then times. */
static void table_fit(table *t, size_t room, bn_buf *left_out)
{
	table tried = *t;
	while (!table_narrow(&tried, room, USEFUL)) {
		size_t k = table_alike(t);
		k = k < t->n ? k : table_times(t);
		if (k == t->n) {
			table_narrow(&tried, room, LEAST);
			break;
		}
		table_leave_out(t, k, left_out);
		tried = *t;
	}
	*t = tried;
}

static void add_row(bn_buf *out, bn_cli *cli, const json_t *item, const bn_col *cols,
	const size_t *width, size_t n)
{
	bn_buf cell = BN_BUF_INIT;
	size_t indent = 0;
	for (size_t k = 0; k < n; k++) {
		bn_buf_clear(&cell);
		if (item)
			bn_cli_add_value(
				&cell, bn_cli_value_at(item, cols[k].key), cols[k].format, cli);
		if (k + 1 == n && item && bn_utf8_width(cell.ptr) > width[k])
			bn_cli_add_wrapped(out, cell.ptr, width[k], indent);
		else
			bn_cli_add_padded(out, item ? cell.ptr : cols[k].title, width[k],
				is_right_aligned(cols[k].format), k + 1 == n);
		bn_buf_adds(out, k + 1 < n ? "  " : "");
		indent += width[k] + 2;
	}
	bn_buf_release(&cell);
}

void bn_cli_list_text(bn_cli *cli, const json_t *items, const bn_col *cols)
{
	table t;
	size_t room = bn_stream_columns(&cli->out);
	bn_buf out = BN_BUF_INIT, left_out = BN_BUF_INIT;
	table_measure(&t, cli, items, cols, room ? SIZE_MAX : MOST);
	if (room)
		table_fit(&t, room, &left_out);
	add_row(&out, cli, NULL, t.cols, t.width, t.n);
	bn_stream_role(&cli->out, "bold");
	bn_stream_text(&cli->out, out.ptr, out.len);
	bn_stream_role(&cli->out, "reset");
	bn_buf_clear(&out);
	bn_buf_addch(&out, '\n');
	for (size_t i = 0; i < json_array_size(items); i++) {
		add_row(&out, cli, json_array_get(items, i), t.cols, t.width, t.n);
		bn_buf_addch(&out, '\n');
	}
	bn_stream_text(&cli->out, out.ptr, out.len);
	if (left_out.len)
		bn_cli_say(cli, "no room for: %s (--json has all)", left_out.ptr);
	bn_buf_release(&out);
	bn_buf_release(&left_out);
}
