/*
 * frame_copy.c - what is copied to the clipboard: the selected row, and the command line that prints
 * the same as the screen. See frame.h.
 */
#include "core/base/mem.h"
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

/* Appends a command line, folded into lines of at most `cols` columns that the shell joins. Quoted words are not
 * split. */
static void command_fold(bn_buf *out, const char *line, int cols)
{
	int at = 0;
	for (char quote = '\0'; *line;) {
		size_t n = 0;
		for (; line[n] && (quote || line[n] != ' ' || n == 0); n++) {
			if (quote == line[n])
				quote = '\0';
			else if (!quote && (line[n] == '\'' || line[n] == '"'))
				quote = line[n];
		}
		int width = (int)n; /* bytes: at least its columns */
		if (at > 0 && at + width + 2 > cols) {
			bn_buf_adds(out, " \\\n   ");
			at = 3;
		}
		bn_buf_add(out, line, n);
		at += width;
		line += n;
	}
}

/* The whole line is shown until the next key, to be selected: no terminal says whether it took what was sent to its
 * clipboard. */
static void command_show(bn_frame *f, const char *line, bool sent)
{
	bn_buf text = BN_BUF_INIT;
	command_fold(&text, line, f->cols - 4);
	bn_command_forget(f);
	f->command_shown = bn_buf_take(&text, NULL);
	bn_frame_message(f, sent ? "the same as a command, sent to the terminal's clipboard; any key goes on"
				 : "the same as a command; any key goes on");
}

void bn_command_forget(bn_frame *f)
{
	bn_free(f->command_shown);
	f->command_shown = NULL;
}

void bn_command_draw(const bn_frame *f, bn_area body)
{
	int rows = 1, r = 0;
	bn_area strip;
	for (const char *at = f->command_shown; at && *at; at++)
		rows += *at == '\n';
	if (!f->command_shown || !bn_strip_open(body, rows, &strip))
		return;
	for (const char *at = f->command_shown; *at; r++) {
		size_t n = strcspn(at, "\n");
		bn_area_textf(strip, r, 0, BN_INK_TEXT, "%.*s", (int)n, at);
		at += n + (at[n] == '\n');
	}
}

void bn_copy_cli(bn_frame *f)
{
	bn_buf line = BN_BUF_INIT;
	bn_frame_cli(f, bn_frame_top(f), &line);
	if (!line.len)
		bn_frame_message(f, bn_frame_table(f) ? "no command prints just this; e writes the rows to a file"
						      : "this screen has no command line of its own");
	else
		command_show(f, line.ptr, bn_frame_copy(f, line.ptr));
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
		bn_frame_message(f, "%zu bytes sent to the terminal's clipboard, which may or may not take them",
			text.len);
	else
		bn_frame_message(f, "this terminal takes no clipboard (OSC 52); :export FILE "
				    "writes the rows");
	bn_buf_release(&text);
}
