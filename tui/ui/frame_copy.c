/*
 * frame_copy.c - what is copied to the clipboard: the selected row, and the command line that prints
 * the same as the screen. See frame.h.
 */
#include "core/base/shown.h"
#include "core/base/str.h"
#include "tui/ui/_frame.h"
#include "tui/ui/shell_word.h"

#include <string.h>

/* One line, whatever names it contains: it may be pasted into a shell. Fields keep their tabs. */
bool bn_frame_copy(bn_frame *f, const char *text)
{
	bn_buf line = BN_BUF_INIT;
	size_t n;
	for (const char *at = text; *at; at += n) {
		n = strcspn(at, "\t");
		bn_shown_add(&line, at, n, BN_SHOWN_LINE);
		if (at[n]) {
			bn_buf_addch(&line, '\t');
			n++;
		}
	}
	if (bn_str_ends(text, "\n") && line.len)
		bn_buf_truncate(&line, line.len - 1);
	bool copied = line.ptr && f->opt.host.copy && f->opt.host.copy(f->opt.host.user, line.ptr);
	bn_buf_release(&line);
	return copied;
}

/* The part of a list's order, columns and filter that its command line supports. */
static void cli_of_list(bn_buf *line, const bn_view *v, const bn_grid *t)
{
	bn_buf value = BN_BUF_INIT;
	if (!line->len || !v->cls->cli_is_list || !t)
		return;
	bn_grid_write_sort(t, &value);
	bn_shell_option_add(line, "sort", value.ptr);
	bn_buf_clear(&value);
	bn_grid_write_columns(t, &value);
	bn_shell_option_add(line, "columns", value.ptr);
	bn_shell_option_add(line, "match", t->filter);
	bn_buf_release(&value);
}

void bn_frame_cli(const bn_frame *f, const bn_view *v, bn_buf *line)
{
	if (v && v->cls->cli)
		v->cls->cli(v, line);
	if (v)
		cli_of_list(line, v, bn_frame_table(f));
}

void bn_copy_cli(bn_frame *f)
{
	bn_buf line = BN_BUF_INIT;
	bn_frame_cli(f, bn_frame_top(f), &line);
	if (line.len)
		bn_frame_message(
			f, bn_frame_copy(f, line.ptr) ? "copied: %s" : "the same: %s", line.ptr);
	else
		bn_frame_message(f, "this screen has no command line of its own");
	bn_buf_release(&line);
}

void bn_copy_row(bn_frame *f, const bn_grid *t)
{
	bn_buf text = BN_BUF_INIT;
	int64_t row = bn_grid_selected_row(t);
	if (row >= 0)
		bn_grid_write_row(t, row, &text);
	if (!text.len)
		bn_frame_message(f, "nothing is selected");
	else if (bn_frame_copy(f, text.ptr))
		bn_frame_message(f, "copied %zu bytes to the clipboard", text.len);
	else
		bn_frame_message(f, "this terminal takes no clipboard (OSC 52); :export FILE "
				    "writes the rows");
	bn_buf_release(&text);
}
