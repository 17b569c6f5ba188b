/*
 * frame_draw.c - draws the frame around the views. By height: 1 row is the body; 2 add the title; 3
 * the message line; 5 the key bar; 8 the tabs.
 */
#include "core/base/utf8.h"
#include "tui/ui/_frame.h"
#include "tui/ui/format.h"
#include "tui/ui/key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void bn_frame_crumb(const bn_view *v, bn_buf *out)
{
	bn_buf extra = BN_BUF_INIT;
	bn_buf_adds(out, v->cls->name);
	if (v->cls->crumb)
		v->cls->crumb(v, &extra);
	if (extra.len)
		bn_buf_addf(out, "%s%s", v->cls->name[0] ? " " : "", extra.ptr);
	bn_buf_release(&extra);
}

/* The path to this screen, in the cells before `end`: if it is too long its beginning is omitted, and then the
 * last step is cut. */
static void crumbs_draw(const bn_stack *s, bn_area a, int col, int end)
{
	bn_buf crumbs[BN_MAX_DEPTH];
	int need = 0, first = 0;
	for (int i = 0; i < s->depth; i++) {
		crumbs[i] = (bn_buf)BN_BUF_INIT;
		bn_frame_crumb(s->views[i], &crumbs[i]);
		need += 3 + (int)bn_utf8_width(crumbs[i].ptr);
	}
	while (first + 1 < s->depth && col + need + 2 > end) {
		need -= 3 + (int)bn_utf8_width(crumbs[first].ptr);
		first++;
	}
	if (first)
		col = bn_area_glyph(a, 0, col + 1, BN_INK_TITLE, BN_GLYPH_ELLIPSIS);
	for (int i = first; i < s->depth; i++) {
		bool is_last = i + 1 == s->depth;
		int room = end - col - 3, width = (int)bn_utf8_width(crumbs[i].ptr);
		if (room < 1)
			break;
		col = bn_area_glyph(a, 0, col + 1, BN_INK_TITLE, BN_GLYPH_ARROW);
		col = bn_area_name(a, 0, col + 1, width < room ? width : room,
			is_last ? BN_INK_TITLE_STRONG : BN_INK_TITLE, crumbs[i].ptr);
	}
	for (int i = 0; i < s->depth; i++)
		bn_buf_release(&crumbs[i]);
}

/* The colour of a count in the title, "2 to approve", by its words. */
static bn_ink count_ink(const char *words, size_t n)
{
	static const struct {
		const char *word;
		bn_ink ink;
	} inks[] = {{" running", BN_INK_RUNNING}, {" to ", BN_INK_WARN}, {" alert", BN_INK_FAIL},
		{"not trusted", BN_INK_WARN}};
	for (size_t i = 0; i < sizeof inks / sizeof *inks; i++) {
		const char *at = strstr(words, inks[i].word);
		if (at && at < words + n)
			return inks[i].ink;
	}
	return BN_INK_TITLE_STRONG;
}

/* The next count after `words`; they are separated by two blanks; NULL: it is the last. */
static const char *count_next(const char *words)
{
	const char *gap = strstr(words, "  ");
	return gap ? gap + 2 : NULL;
}

/* Draws the counts at the right edge; those that do not fit are left out, beginning with the first. Returns the column
 * before them. */
static int counts_draw(bn_area a, const char *words, int room)
{
	while (words && (int)bn_utf8_width(words) > room)
		words = count_next(words);
	if (!words || !*words)
		return a.cols;
	int start = a.cols - 1 - (int)bn_utf8_width(words), col = start;
	for (const char *next; words; words = next) {
		next = count_next(words);
		size_t n = next ? (size_t)(next - words) - 2 : strlen(words);
		col = bn_area_textf(a, 0, col, count_ink(words, n), "%.*s", (int)n, words) + 2;
	}
	return start - 1;
}

enum { STEP_MOST = 40, STEP_LEAST = 14, COUNTS_LEAST = 22 };

/* The columns of all counts but that of what runs, which needs nobody. */
static int counts_cells(const char *words)
{
	const char *next = strstr(words, " running") ? count_next(words) : words;
	int cells = next ? (int)bn_utf8_width(next) + 2 : 0;
	return cells > COUNTS_LEAST ? cells : COUNTS_LEAST;
}

/* The columns of the last step of the path that no count needs, out of `room`: what needs a person stays. */
static int step_cells(const bn_frame *f, const char *counts, int room)
{
	bn_buf text = BN_BUF_INIT;
	if (f->tab < 0)
		return 0;
	const bn_stack *s = &f->stacks[f->tab];
	bn_frame_crumb(s->views[s->depth - 1], &text);
	int width = (int)bn_utf8_width(text.ptr);
	bn_buf_release(&text);
	width = (width > STEP_MOST ? STEP_MOST : width) + 2 * (s->depth > 1);
	int left = room - counts_cells(counts);
	int least = width < STEP_LEAST ? width : STEP_LEAST;
	if (left < least)
		left = least;
	return width < left ? width : left;
}

static void title_draw(const bn_frame *f, bn_area a)
{
	char jobs[96], words[sizeof f->status + sizeof jobs + 2];
	bn_frame_jobs_words(f, jobs, sizeof jobs);
	snprintf(words, sizeof words, "%s%s%s", f->status, jobs[0] && f->status[0] ? "  " : "",
		jobs);
	bn_area_fill(a, 0, 0, 1, a.cols, BN_INK_TITLE);
	int col = bn_area_text(a, 0, 1, BN_INK_DIM, "binnacle") + 2;
	col = bn_area_text(a, 0, col, BN_INK_TITLE, f->opt.title ? f->opt.title : "");
	if (f->opt.readonly)
		col = bn_area_text(a, 0, col + 1, BN_INK_TITLE, "[read-only]");
	int end = counts_draw(a, words, a.cols - col - 5 - step_cells(f, words, a.cols - col));
	if (f->tab >= 0)
		crumbs_draw(&f->stacks[f->tab], a, col, end);
}

static void tabs_draw(bn_frame *f, bn_area a)
{
	int need = 0, col = 1;
	for (int t = 0; t < f->opt.tab_count; t++)
		need += (int)strlen(f->opt.tabs[t].title) + 4;
	bool names = need + 1 <= a.cols;
	for (int t = 0; t < f->opt.tab_count; t++) {
		const bn_tab *tab = &f->opt.tabs[t];
		bool active = t == f->tab;
		bn_ink role = active ? BN_INK_TAB_ACTIVE : BN_INK_TAB;
		int start = col - 1;
		if (names || active)
			col = bn_area_textf(a, 0, start, role, " %c %s ", tab->digit, tab->title);
		else
			col = bn_area_textf(a, 0, start, role, " %c ", tab->digit);
		bn_mouse_spot(f, a, 0, start, col, tab->digit);
		col++;
	}
}

enum { MARKS_LOOKED_AT = 5000 }; /* rows */

/* How many marked rows are hidden by the filter; 0 if counting would take long. */
static size_t marks_hidden(const bn_grid *t, size_t marks)
{
	size_t seen = 0;
	if (bn_grid_total(t) > MARKS_LOOKED_AT || !t->filter[0])
		return 0;
	for (int64_t i = 0; i < bn_grid_count(t); i++)
		seen += bn_grid_is_marked(t, bn_grid_row(t, i));
	return seen < marks ? marks - seen : 0;
}

/* The filter and order of the list, its marks, and the position of the selection. */
static void place_words(const bn_grid *t, bn_buf *out)
{
	char shown[BN_FORMAT_BYTES], total[BN_FORMAT_BYTES];
	size_t marks = bn_grid_mark_count(t);
	if (t->matched > 0 && !t->asking)
		bn_buf_addf(out, "%s match%s", bn_format_count(shown, t->matched), t->filter[0] ? "   " : "");
	if (t->filter[0] && t->asking) /* not in force yet */
		bn_buf_addf(out, "looking for /%s", t->filter);
	else if (t->filter[0] && t->external) /* the source knows the number of further rows */
		bn_buf_addf(out, "/%s", t->filter);
	else if (t->filter[0])
		bn_buf_addf(out, "%s of %s   /%s", bn_format_count(shown, bn_grid_count(t)),
			bn_format_count(total, bn_grid_total(t)), t->filter);
	if (t->group >= 0)
		bn_buf_addf(out, "%sby %s", out->len ? "   " : "", bn_grid_title(t, t->group));
	const char *first = out->len ? "   sort " : "sort ";
	for (int k = 0; k < t->sort_count; k++)
		bn_buf_addf(out, "%s%s%s", k ? "," : first, t->sort[k].descending ? "-" : "",
			bn_grid_title(t, t->sort[k].column));
	if (marks)
		bn_buf_addf(out, "%s%zu marked", out->len ? "   " : "", marks);
	if (marks && !t->external && marks_hidden(t, marks))
		bn_buf_addf(out, ", %zu hidden", marks_hidden(t, marks));
	if (marks)
		bn_buf_adds(out, "; U unmarks");
}

static void place_draw(bn_frame *f, bn_area a)
{
	const bn_grid *t = bn_frame_table(f);
	char at[BN_FORMAT_BYTES], of[BN_FORMAT_BYTES], place[2 * BN_FORMAT_BYTES];
	bn_buf words = BN_BUF_INIT;
	const bn_view *v = bn_frame_top(f);
	if (!t && v && v->cls->place) {
		v->cls->place(v, place, sizeof place);
		bn_area_text(a, 0, a.cols - 1 - (int)strlen(place), BN_INK_DIM, place);
	}
	if (!t || bn_grid_count(t) == 0)
		return;
	snprintf(place, sizeof place, "%s/%s",
		bn_format_count(at, bn_grid_rows_before(t, t->selected + 1)),
		bn_format_count(of, bn_grid_rows_before(t, bn_grid_count(t))));
	int end = a.cols - 1 - (int)strlen(place);
	bn_area_text(a, 0, end, BN_INK_DIM, place);
	place_words(t, &words);
	if (words.len && end > 3)
		bn_area_field(a, 0, 1, end - 3, BN_INK_DIM, words.ptr);
	bn_buf_release(&words);
}

bool bn_strip_open(bn_area body, int rows, bn_area *strip)
{
	if (body.rows < rows + 1)
		return false;
	bn_area all = bn_area_sub(body, body.rows - rows - 1, 0, rows + 1, body.cols);
	bn_area_fill(all, 0, 0, all.rows, all.cols, BN_INK_TEXT);
	bn_area_hline(all, 0, 0, all.cols, BN_INK_BORDER);
	*strip = bn_area_sub(all, 1, 1, rows, all.cols - 2);
	return true;
}

/* Columns of the message line for the message, beside the time. */
static int message_cols(int cols)
{
	return cols - 2 > 20 ? cols - 12 : cols - 2;
}

/* All of a message that is wider than its line, at the foot of the body. Its colour is that of the line, which begins
 * it: here it would be a block of colour. */
static void message_whole_draw(const bn_frame *f, bn_area body)
{
	bn_area probe = {body.s, 0, 0, 0, body.cols - 2}, strip; /* measures without drawing */
	bool prompts = f->modal == BN_MODAL_COMMAND || f->modal == BN_MODAL_FILTER;
	if ((f->modal != BN_MODAL_NONE && !prompts) || f->command_shown ||
		(int)bn_utf8_width(f->message) <= message_cols(body.cols))
		return;
	int rows = bn_area_paragraph(probe, 0, 0, BN_INK_TEXT, f->message);
	if (bn_strip_open(body, rows, &strip))
		bn_area_paragraph(strip, 0, 0, BN_INK_TEXT, f->message);
}

static void message_draw(bn_frame *f, bn_area a)
{
	char clock[BN_FORMAT_BYTES], done_text[BN_FORMAT_BYTES], total_text[BN_FORMAT_BYTES];
	int64_t done, total;
	bn_view *v = bn_frame_top(f);
	bn_area_fill(a, 0, 0, 1, a.cols, BN_INK_MESSAGE);
	if (f->message[0]) {
		bn_ink role = f->message_is_error ? BN_INK_ERROR : BN_INK_MESSAGE;
		int room = message_cols(a.cols);
		int width = (int)bn_utf8_width(f->message);
		bn_area_field(a, 0, 1, width < room ? width : room, role, f->message);
		if (a.cols > 40) {
			bn_format_clock(clock, f->message_ms, f->opt.utc);
			bn_area_text(a, 0, a.cols - 1 - (int)strlen(clock), BN_INK_DIM, clock);
		}
		return;
	}
	/* Reloading what is already on screen is only mentioned if it takes long. */
	int64_t patience = bn_frame_is_waiting(f) ? 300 : 2000;
	bool slow = f->busy_since_ms && bn_frame_now_ms(f) - f->busy_since_ms > patience;
	if (!v || !v->pending || !slow) {
		place_draw(f, a);
		return;
	}
	int col = bn_area_text(a, 0, 1, BN_INK_DIM, "loading");
	if (bn_loader_progress(f->loader, &done, &total)) {
		bn_format_count(done_text, done);
		bn_format_count(total_text, total);
		col = bn_area_textf(a, 0, col, BN_INK_DIM, total > 0 ? " %s of %s" : " %s",
			done_text, total_text);
	}
	bn_area_text(a, 0, col, BN_INK_DIM, "; ^C stops");
}

static int key_draw(
	bn_frame *f, bn_area a, int col, const char *key, const char *name, bool off)
{
	int start = col, need = (int)bn_utf8_width(key) + 1 + (int)strlen(name) + 2;
	if (col + need > a.cols)
		return col;
	if (strcmp(key, "Enter") == 0 && a.s->alphabet == BN_ALPHABET_BRAILLE)
		col = bn_area_glyph(a, 0, col, off ? BN_INK_DIM : BN_INK_KEY, BN_GLYPH_ENTER);
	else
		col = bn_area_text(a, 0, col, off ? BN_INK_DIM : BN_INK_KEY, key);
	col = bn_area_textf(a, 0, col + 1, off ? BN_INK_DIM : BN_INK_KEY_HELP, "%s", name);
	bn_mouse_spot(f, a, 0, start, col, bn_key_from_name(key, strlen(key)));
	return col + 2;
}

enum { BAR_REST = 110 }; /* width from which the bar has more keys */

static bool bar_names(bn_view_set view, const char *key)
{
	char word[16], label[32];
	for (int i = 0; bn_command_bar(view, i, word, label); i++)
		if (strcmp(word, key) == 0)
			return true;
	return false;
}

static bool is_never(const bn_frame *f, bn_command_id id)
{
	const bn_view *v = bn_frame_top(f);
	return v && v->cls->never && v->cls->never(v, id);
}

/* If there is room: the other keys of the table that are available on this screen. */
static void bar_rest(bn_frame *f, bn_area a, int col)
{
	char key[16], why[256];
	for (int i = 0; i < BN_CMD_COUNT; i++) {
		const bn_command *c = bn_command_get((bn_command_id)i);
		bool fits = c->views & bn_frame_kind(f) && !(c->flags & BN_CMD_MOTION);
		bool is_tour =
			i == BN_CMD_TOUR_BACK || i == BN_CMD_TOUR_END; /* in its band */
		bool is_twice = i == BN_CMD_WHERE && !(bn_frame_kind(f) & BN_ON_WHERE);
		if (!fits || !bn_command_first_key((bn_command_id)i, key) || i == BN_CMD_HELP ||
			is_tour || is_twice || (key[0] >= '0' && key[0] <= '9') ||
			bar_names(bn_frame_kind(f), key))
			continue;
		if (is_never(f, (bn_command_id)i))
			continue;
		bool off = bn_frame_refuses(f, (bn_command_id)i, why, sizeof why);
		col = key_draw(f, a, col, key, c->name, off);
	}
}

/* The keys of this screen, always in the same order; those that are unavailable now are dim, and those that never work
 * on this object are left out. */
static void bar_draw(bn_frame *f, bn_area a)
{
	char key[16], label[32], why[256];
	int col = 1, help = 8;
	bn_area left = bn_area_sub(a, 0, 0, 1, a.cols - help);
	for (int i = 0; bn_command_bar(bn_frame_kind(f), i, key, label); i++) {
		bn_command_id id =
			bn_command_for_key(bn_key_from_name(key, strlen(key)), bn_frame_kind(f));
		if (is_never(f, id))
			continue;
		bool off = id == BN_CMD_NONE || bn_frame_refuses(f, id, why, sizeof why);
		col = key_draw(f, left, col, key, label, off);
	}
	int end = key_draw(f, a, col, "?", "help", false);
	if (a.cols >= BAR_REST)
		bar_rest(f, a, end);
}

/* A word of the bottom line, whole or not at all; returns the column after it and a gap, past the area if it does not
 * fit. More words are marked. */
static int whole_draw(bn_area a, int col, bn_ink ink, const char *word)
{
	if (col > a.cols)
		return col;
	if (col + (int)bn_utf8_width(word) < a.cols)
		return bn_area_text(a, 0, col, ink, word) + 2;
	if (col < a.cols)
		bn_area_glyph(a, 0, col < a.cols - 1 ? col : a.cols - 1, BN_INK_DIM, BN_GLYPH_ELLIPSIS);
	return a.cols + 1;
}

/* Completions of the word being typed. */
static bool words_draw(bn_frame *f, bn_area a)
{
	const char *words[BN_WORDS_MOST];
	size_t start = 0;
	int col = 1, n = bn_modal_words(f, words, BN_WORDS_MOST, &start);
	for (int i = 0; i < n; i++)
		col = whole_draw(a, col, i ? BN_INK_KEY_HELP : BN_INK_KEY, words[i]);
	return n > 0;
}

/* What keys do while text is typed, the most important first. */
static void hints_draw(bn_area a, const char *const *hints)
{
	int col = 1;
	for (; *hints && col + (int)bn_utf8_width(*hints) < a.cols; hints++)
		col = bn_area_text(a, 0, col, BN_INK_KEY_HELP, *hints) + 3;
}

static const char *const *hints_of(const bn_frame *f)
{
	static const char *const field[] = {"Enter keeps it", "Esc restores it", "Tab completes", "^U empties",
		NULL};
	static const char *const words[] = {"rows that hold every word", "Enter keeps it", "Esc takes it back",
		NULL};
	static const char *const rows[] = {"words, or an expression: power > 250 AND state = FAILED",
		"Enter keeps it", NULL};
	static const char *const find[] = {"Enter keeps it, then n and N go on", "Esc takes it back", NULL};
	const bn_view *v = bn_frame_top(f);
	if (bn_view_takes_text(f))
		return field;
	if (v && v->cls->find)
		return find;
	return v && v->cls->kind == BN_ON(ROWS) ? rows : words;
}

static bool is_prompt(const bn_frame *f)
{
	return f->modal == BN_MODAL_COMMAND || f->modal == BN_MODAL_FILTER;
}

static void keys_draw(bn_frame *f, bn_area a)
{
	bn_command_id found[8];
	int col = 1, n;
	if (is_prompt(f) && f->message[0]) {
		bn_area_field(a, 0, 1, a.cols - 2,
			f->message_is_error ? BN_INK_ERROR : BN_INK_MESSAGE, f->message);
		return;
	}
	if (f->modal == BN_MODAL_COMMAND && (n = bn_modal_completions(f, found, 8)) > 0) {
		for (int i = 0; i < n && i < 8; i++)
			col = whole_draw(a, col, i ? BN_INK_KEY_HELP : BN_INK_KEY,
				bn_command_get(found[i])->name);
		if (n == 1 && col < a.cols)
			bn_area_field(a, 0, col, a.cols - col, BN_INK_DIM, bn_command_get(found[0])->help);
		return;
	}
	if (f->modal == BN_MODAL_COMMAND && words_draw(f, a))
		return;
	if (f->modal == BN_MODAL_FILTER || bn_view_takes_text(f))
		hints_draw(a, hints_of(f));
	else
		bar_draw(f, a);
}

static void screen_save(bn_frame *f, const bn_surface *s)
{
	char path[BN_FRAME_PATH], name[sizeof f->save_screen + 8];
	bn_buf text = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	snprintf(name, sizeof name, "%s.screen", f->save_screen);
	f->save_screen[0] = '\0';
	if (bn_frame_path(f, name, path, &err) < 0) {
		bn_frame_error(f, &err);
		return;
	}
	bn_surface_dump(s, &text, true);
	FILE *out = fopen(path, "we");
	bool ok = out && fwrite(text.ptr, 1, text.len, out) == text.len;
	int why = errno;
	if (out && fclose(out))
		ok = false;
	if (ok) {
		bn_frame_message(f, "wrote %s", path);
	} else {
		bn_err_sys(&err, BN_EIO, why, "cannot write %s", path);
		bn_frame_error(f, &err);
	}
	bn_buf_release(&text);
}

void bn_frame_draw(bn_frame *f, bn_surface *s)
{
	int rows = s->rows, top = 0, bottom = rows;
	bn_area all;
	bn_surface_blank(s);
	all = bn_area_all(s);
	f->rows = s->rows;
	f->cols = s->cols;
	f->spot_count = 0;
	if (rows >= 2)
		title_draw(f, bn_area_sub(all, top++, 0, 1, s->cols));
	if (rows >= 8)
		tabs_draw(f, bn_area_sub(all, top++, 0, 1, s->cols));
	if (rows >= 5)
		keys_draw(f, bn_area_sub(all, --bottom, 0, 1, s->cols));
	bn_area message = bn_area_sub(all, bottom - 1, 0, 1, s->cols);
	if (rows >= 3) {
		bottom--;
		message_draw(f, message);
	}
	bn_view *v = bn_frame_top(f);
	int tour = bn_tour_draw(f, bn_area_sub(all, top, 0, bottom - top, s->cols));
	bottom -= tour;
	if (v)
		v->cls->draw(
			v, bn_area_sub(all, top, 0, bottom - top, s->cols), !bn_modal_has_row(f));
	bn_area body = bn_area_sub(all, top, 0, bottom - top, s->cols);
	bn_command_draw(f, body);
	message_whole_draw(f, body);
	bn_modal_draw(f, bn_area_sub(all, 0, 0, rows - tour, s->cols), message);
	if (f->save_screen[0])
		screen_save(f, s);
}
