/*
 * frame_prompt.c - the prompts in the message line: ':' with completion and history, and the '/' filter that applies
 * while it is typed. A line that is refused stays open with its error, also where a page decides about it later.
 */
#include "tui/ui/_frame.h"
#include "tui/ui/key.h"

#include <stdio.h>
#include <string.h>

/* ---- refused lines ------------------------------------------------------------------------------- */

static void line_refused(bn_frame *f, const bn_view *v, bn_modal modal, const char *line)
{
	if (modal == BN_MODAL_COMMAND) {
		f->refused_view = v->id;
		snprintf(f->refused_line, sizeof f->refused_line, "%s", line);
	}
	f->ahead_count = 0; /* typed for what the line would have shown */
	if (v == bn_frame_top(f) && f->modal == BN_MODAL_NONE)
		bn_modal_open(f, modal, line);
}

void bn_frame_line_asked(bn_view *v)
{
	bn_frame *f = v->frame;
	if (!f->typed_line)
		return;
	snprintf(f->asked_line, sizeof f->asked_line, "%s", f->typed_line);
	f->asked_modal = BN_MODAL_COMMAND;
	f->asked_view = v->id;
}

void bn_frame_line_answered(bn_view *v, bool refused)
{
	bn_frame *f = v->frame;
	if (f->asked_view != v->id)
		return;
	f->asked_view = 0;
	if (refused)
		line_refused(f, v, f->asked_modal, f->asked_line);
}

/* With the line that was last refused here instead of the text, if it is of the same command. */
void bn_frame_prompt(bn_frame *f, const char *text)
{
	const bn_view *v = bn_frame_top(f);
	size_t word = strcspn(text, " ") + 1;
	bool again = v && f->refused_view == v->id && strncmp(f->refused_line, text, word) == 0;
	bn_modal_open(f, BN_MODAL_COMMAND, again ? f->refused_line : text);
}

/* ---- ':' ----------------------------------------------------------------------------------------- */

int bn_modal_completions(const bn_frame *f, bn_command_id *out, int n)
{
	int count = 0;
	size_t len = strcspn(f->input.text, " ");
	if (f->input.text[len])
		return 0;
	for (int i = 0; i < BN_CMD_COUNT; i++) {
		const bn_command *c = bn_command_get((bn_command_id)i);
		if (!(c->views & bn_frame_kind(f)) || strncmp(c->name, f->input.text, len) != 0)
			continue;
		if (count < n)
			out[count] = (bn_command_id)i;
		count++;
	}
	return count;
}

/* The longest common prefix of all candidates, as in a shell. */
static void complete(bn_frame *f)
{
	bn_command_id found[BN_CMD_COUNT];
	char line[BN_INPUT_BYTES];
	int n = bn_modal_completions(f, found, BN_CMD_COUNT);
	if (n < 1)
		return;
	const char *first = bn_command_get(found[0])->name;
	size_t same = strlen(first);
	for (int i = 1; i < n; i++) {
		const char *name = bn_command_get(found[i])->name;
		size_t k = 0;
		while (k < same && name[k] == first[k])
			k++;
		same = k;
	}
	bool takes = n == 1 && (bn_command_get(found[0])->flags & BN_CMD_ARGUMENT);
	snprintf(line, sizeof line, "%.*s%s", (int)same, first, takes ? " " : "");
	bn_input_set(&f->input, line);
}

/* A refused line stays, with its error, until it is corrected or Esc gives it up: if it closed, the keys of the
 * correction would be commands. */
static void line_run(bn_frame *f)
{
	char line[BN_INPUT_BYTES];
	bn_view *v = bn_frame_top(f);
	bn_err err = BN_ERR_INIT;
	memcpy(line, f->input.text, sizeof line);
	f->modal = BN_MODAL_NONE;
	f->message[0] = '\0';
	bn_history_add(&f->commands, line);
	f->typed_line = line;
	int rc = bn_frame_run(f, line, &err);
	f->typed_line = NULL;
	bool has_words = strchr(line + strspn(line, " "), ' ') != NULL;
	bool is_refused = (rc < 0 && (rc != BN_EREFUSED || has_words)) ||
			  (!rc && f->message[0] && f->message_is_error);
	if (is_refused && f->modal == BN_MODAL_NONE && v && v == bn_frame_top(f))
		line_refused(f, v, BN_MODAL_COMMAND, line);
	else if (f->refused_view && v && f->refused_view == v->id)
		f->refused_view = 0;
}

static void command_key(bn_frame *f, int key)
{
	if (key == BN_KEY_ENTER) {
		line_run(f);
		bn_words_ask(f);
		return;
	}
	f->message[0] = '\0'; /* removes the error of the text before */
	if (key == BN_KEY_TAB && strchr(f->input.text, ' '))
		bn_modal_words_complete(f);
	else if (key == BN_KEY_TAB)
		complete(f);
	else if (key == BN_KEY_BACKSPACE && f->input.len == f->input.floor)
		f->modal = BN_MODAL_NONE;
	else
		bn_input_key(&f->input, key, &f->commands);
	bn_words_ask(f);
}

/* ---- '/' ----------------------------------------------------------------------------------------- */

const char *bn_frame_filtering(const bn_frame *f)
{
	const bn_view *v = bn_frame_top(f);
	const bn_grid *t = bn_frame_table(f);
	if (t)
		return t->filter;
	return v && v->cls->find ? v->cls->finding(v) : "";
}

bool bn_modal_find(bn_frame *f, bn_command_id id, const char *arg)
{
	const bn_view *v = bn_frame_top(f);
	if (id != BN_CMD_FILTER || bn_frame_table(f) || !v || !v->cls->find)
		return false;
	if (arg && *arg)
		bn_frame_filter(f, arg);
	else
		bn_modal_open(f, BN_MODAL_FILTER, bn_frame_filtering(f));
	return true;
}

void bn_filter_begin(bn_frame *f)
{
	const bn_view *v = bn_frame_top(f);
	snprintf(f->filter_before, sizeof f->filter_before, "%s", bn_frame_filtering(f));
	f->filter_view = v ? v->id : 0;
}

/* A prefix of the refused text may have been accepted while typing. */
static void filter_restore(bn_frame *f)
{
	bn_grid *t = bn_frame_table(f);
	char before[BN_GRID_FILTER], refused[BN_GRID_FILTER];
	if (!t || !t->refused[0] || strcmp(t->filter, f->filter_before) == 0 ||
		strcmp(t->refused, f->filter_before) == 0)
		return;
	memcpy(before, f->filter_before, sizeof before);
	memcpy(refused, t->refused, sizeof refused);
	bn_frame_filter(f, before);
	memcpy(t->refused, refused, sizeof refused);
}

void bn_filter_give_up(bn_frame *f)
{
	const bn_grid *t = bn_frame_table(f);
	if (t && t->refused[0])
		filter_restore(f);
	else
		bn_frame_filter(f, f->filter_before);
}

void bn_frame_filter_refused(bn_frame *f, bn_view *v, const char *shown)
{
	bn_grid_refuse_filter(v->cls->table(v), shown);
	if (f->modal != BN_MODAL_FILTER && v == bn_frame_top(f) && v->id == f->filter_view)
		filter_restore(f);
}

static void filter_enter(bn_frame *f)
{
	bn_view *v = bn_frame_top(f);
	const bn_grid *t = bn_frame_table(f);
	if (t && t->refused[0] && strcmp(t->refused, f->input.text) == 0) {
		if (f->message[0])
			filter_restore(f);
		else /* why once more */
			bn_frame_filter(f, f->input.text);
		return;
	}
	bn_history_add(&f->filters, f->input.text);
	f->modal = BN_MODAL_NONE;
	if (t && t->asking) {
		snprintf(f->asked_line, sizeof f->asked_line, "%s", f->input.text);
		f->asked_modal = BN_MODAL_FILTER;
		f->asked_view = v->id;
	}
	filter_restore(f);
}

static void filter_key(bn_frame *f, int key)
{
	if (key == BN_KEY_ENTER) {
		filter_enter(f);
	} else if (key == BN_KEY_BACKSPACE && f->input.len == 0) {
		f->modal = BN_MODAL_NONE;
	} else if (bn_input_key(&f->input, key, &f->filters)) {
		f->message[0] = '\0'; /* removes the error of the shorter text */
		bn_frame_filter(f, f->input.text);
	}
}

void bn_prompt_key(bn_frame *f, int key)
{
	if (f->modal == BN_MODAL_COMMAND)
		command_key(f, key);
	else
		filter_key(f, key);
}
