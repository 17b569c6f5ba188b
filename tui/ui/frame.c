/* frame.c - creates the frame, shows messages, and dispatches commands. See frame.h. */
#include "tui/ui/_frame.h"

#include "core/base/mem.h"
#include "tui/ui/key.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int bn_frame_new(bn_frame **out, const bn_frame_options *opt, bn_err *err)
{
	bn_frame *f = bn_alloc_zeroed(1, sizeof *f);
	if (!f)
		return bn_err_nomem(err, "the workbench");
	f->opt = *opt;
	f->status_asked_ms = -BN_STATUS_EVERY_MS;
	f->tab = -1;
	int rc = bn_loader_new(&f->loader, &opt->loader, err);
	if (!rc)
		rc = bn_jobs_new(&f->jobs, &opt->loader, err);
	if (rc) {
		bn_frame_free(f);
		return rc;
	}
	bn_frame_go(f, opt->tabs[0].command);
	*out = f;
	return 0;
}

static void frame_release(bn_frame *f)
{
	for (int t = 0; t < BN_MAX_TABS; t++)
		while (f->stacks[t].depth > 0)
			bn_view_free(f->stacks[t].views[--f->stacks[t].depth]);
	bn_history_release(&f->commands);
	bn_history_release(&f->filters);
}

void bn_frame_free(bn_frame *f)
{
	if (!f)
		return;
	frame_release(f);
	bn_undo_release(f);
	bn_find_forget(f);
	bn_words_forget(f);
	bn_command_forget(f);
	bn_jobs_free(f->jobs);
	bn_loader_free(f->loader);
	bn_free(f);
}

bool bn_frame_is_done(const bn_frame *f)
{
	return f->done;
}

bn_loader *bn_frame_loader(bn_frame *f)
{
	return f->loader;
}

int64_t bn_frame_now_ms(const bn_frame *f)
{
	return f->opt.host.now_ms(f->opt.host.user);
}

bool bn_frame_is_utc(const bn_frame *f)
{
	return f->opt.utc;
}

bool bn_frame_is_readonly(const bn_frame *f)
{
	return f->opt.readonly;
}

char *bn_frame_recall(const bn_frame *f, const char *what)
{
	return f->opt.host.recall ? f->opt.host.recall(f->opt.host.user, what) : NULL;
}

int bn_frame_remember(bn_frame *f, const char *what, const char *text, bn_err *err)
{
	if (!f->opt.host.remember)
		return bn_err_set(err, BN_EUNSUPPORTED, "nothing is remembered here");
	return f->opt.host.remember(f->opt.host.user, what, text, err);
}

const void *bn_frame_source(const bn_frame *f)
{
	return f->opt.source;
}

static void message_set(bn_frame *f, bool is_error, const char *text)
{
	snprintf(f->message, sizeof f->message, "%s", text);
	f->message_is_error = is_error;
	f->message_ms = bn_frame_now_ms(f);
}

void bn_frame_message(bn_frame *f, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	message_set(f, false, text);
}

void bn_frame_error(bn_frame *f, const bn_err *err)
{
	char text[sizeof f->message];
	snprintf(
		text, sizeof text, "%.320s%s%.180s", err->msg, err->hint[0] ? "; " : "", err->hint);
	message_set(f, true, text);
}

/* ---- commands ------------------------------------------------------------------------------------ */

bool bn_frame_refuses(bn_frame *f, bn_command_id id, char *why, size_t size)
{
	const bn_command *c = bn_command_get(id);
	bn_view *v = bn_frame_top(f);
	if (!(c->views & bn_frame_kind(f))) {
		bn_buf where = BN_BUF_INIT;
		bn_command_where(id, &where);
		snprintf(why, size, "'%s' means nothing on this screen%s%s", c->name,
			where.len ? "; it does on " : "", where.len ? where.ptr : "");
		if (id == BN_CMD_REQUEST && (bn_frame_kind(f) & (BN_ON(MODELS) | BN_ON(MODEL))))
			snprintf(why, size,
				"':request' asks for your key to be admitted; P asks for approval "
				"of this version");
		bn_buf_release(&where);
		return true;
	}
	if ((c->flags & BN_CMD_WRITES) && f->opt.readonly) {
		snprintf(why, size, "'%s' changes things, and this is --readonly", c->name);
		return true;
	}
	if ((c->flags & BN_CMD_WRITES) && f->stuck[0]) {
		snprintf(why, size, "%s", f->stuck);
		return true;
	}
	if (id == BN_CMD_SUSPEND && !f->opt.host.suspend) {
		snprintf(why, size, "there is no shell to go back to");
		return true;
	}
	if (id == BN_CMD_UNDO && (f->undo_count == 0 || f->undo_offered)) {
		snprintf(why, size, "nothing that was done here can be undone");
		return true;
	}
	if (bn_tour_refuses(f, id, why, size))
		return true;
	return v && v->cls->refuses && v->cls->refuses(v, id, why, size);
}

void bn_frame_filter(bn_frame *f, const char *words)
{
	bn_view *v = bn_frame_top(f);
	bn_grid *t = bn_frame_table(f);
	if (!t && v && v->cls->find)
		v->cls->find(v, words);
	if (!t)
		return;
	if (f->modal != BN_MODAL_FILTER)
		bn_filter_begin(f);
	bn_grid_filter(t, words);
	if (v->cls->ordered)
		v->cls->ordered(v);
}

/* Esc: removes the newest filter or selection that hides rows, otherwise the screen. It never
 * leaves the current tab. */
static void back(bn_frame *f)
{
	if (bn_frame_filtering(f)[0])
		bn_frame_filter(f, "");
	else if (f->stacks[f->tab].depth > 1)
		bn_frame_pop(f);
	else
		bn_frame_message(f, "this is the first screen; Q leaves, runs go on");
}

/* Opens the first screen, which lists what needs the user's attention, at its first entry. */
static void needs_me(bn_frame *f)
{
	bn_frame_go(f, f->opt.tabs[0].command);
	while (f->stacks[f->tab].depth > 1)
		bn_frame_pop(f);
	bn_view *v = bn_frame_top(f);
	if (v && v->cls->command)
		v->cls->command(v, BN_CMD_NEEDS_ME, "first");
}

static bool opens_none(bn_view *list)
{
	char why[256];
	return list->cls->refuses && list->cls->refuses(list, BN_CMD_OPEN, why, sizeof why);
}

/* Opens the next object of the underlying list, as Enter would. Skips objects that cannot be
 * opened. */
static void object_step(bn_frame *f, int step)
{
	bn_stack *s = &f->stacks[f->tab];
	bn_view *list = s->depth > 1 ? s->views[s->depth - 2] : NULL;
	bn_grid *t = list && list->cls->table ? list->cls->table(list) : NULL;
	if (!t) {
		bn_frame_message(f, "this did not come from a list");
		return;
	}
	int64_t before = t->selected, to = before;
	do {
		to += step;
		if (to < 0 || to >= bn_grid_count(t)) {
			bn_grid_select(t, before);
			bn_frame_message(f, "this is the %s of its list that can be opened",
				step > 0 ? "last" : "first");
			return;
		}
		bn_grid_select(t, to);
	} while (opens_none(list));
	bn_frame_pop(f);
	if (list->cls->command)
		list->cls->command(list, BN_CMD_OPEN, NULL);
}

int bn_frame_path(const bn_frame *f, const char *name, char out[BN_FRAME_PATH], bn_err *err)
{
	const char *dir = f->opt.save_dir && name[0] != '/' ? f->opt.save_dir : "";
	int n = snprintf(out, BN_FRAME_PATH, "%s%s%s", dir, *dir ? "/" : "", name);
	if (n < 0 || n >= BN_FRAME_PATH)
		return bn_err_set(err, BN_EINVAL, "a path has at most %d bytes", BN_FRAME_PATH - 1);
	return 0;
}

/* Every column of the row, including hidden ones, each in full. */
static int row_in_full(bn_frame *f, const bn_grid *t, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	bn_view *v = NULL;
	int64_t row = bn_grid_selected_row(t);
	int rc = 0;
	if (row < 0 || !f->opt.make_text) {
		bn_frame_message(f, "nothing is selected");
		return 0;
	}
	bn_grid_write_in_full(t, row, &text);
	if ((rc = bn_buf_check(&text, err, "a row")) < 0 ||
		(rc = f->opt.make_text(&v, f, "in full", text.ptr, err)) < 0)
		goto out;
	bn_frame_push(f, v);
out:
	bn_buf_release(&text);
	return rc;
}

static int set_alphabet(bn_frame *f, const char *arg, bn_err *err)
{
	for (int a = BN_ALPHABET_ASCII; a <= BN_ALPHABET_BRAILLE; a++)
		if (arg && strcmp(arg, bn_alphabet_name((bn_alphabet)a)) == 0)
			return f->opt.host.set_alphabet ? f->opt.host.set_alphabet(f->opt.host.user,
								  (bn_alphabet)a, err)
							: 0;
	return bn_err_set(
		err, BN_EINVAL, "glyphs are ascii, block or braille, not '%s'", arg ? arg : "");
}

static void table_ordered(bn_frame *f)
{
	bn_view *v = bn_frame_top(f);
	if (v->cls->ordered)
		v->cls->ordered(v);
}

static int columns_choose(bn_frame *f, bn_grid *t, const char *words, bn_err *err)
{
	int shown = 0, rc = bn_grid_choose(t, words, err);
	bool is_list = strcmp(words, "all") && strcmp(words, "default") && !strchr("+-", *words);
	if (rc < 0 || !is_list)
		return rc;
	for (int c = 0; c < t->column_count; c++)
		shown += bn_grid_is_shown(t, c);
	if (shown < t->column_count)
		bn_frame_message(f, "%d of %d columns; :columns all shows the others", shown, t->column_count);
	return 0;
}

/* Commands for the table of the view. */
static bool table_do(
	bn_frame *f, bn_grid *t, bn_command_id id, const char *arg, int *rc, bn_err *err)
{
	if (!t)
		return false;
	if (id == BN_CMD_SORT && arg && *arg) {
		*rc = bn_grid_sort_by(t, arg, err);
		table_ordered(f);
		return true;
	}
	if (bn_grid_command(t, id, arg)) {
		if (id == BN_CMD_SORT || id == BN_CMD_SORT_UP || id == BN_CMD_SORT_DOWN)
			table_ordered(f);
		return true;
	}
	switch (id) {
	case BN_CMD_WHERE: /* of a list without conditions of its own: words */
	case BN_CMD_FILTER:
		if (arg && *arg)
			bn_frame_filter(f, arg);
		else
			bn_modal_open(f, BN_MODAL_FILTER, bn_grid_filter_text(t));
		return true;
	case BN_CMD_NEXT:
	case BN_CMD_PREVIOUS:
		if (!bn_grid_step_odd(t, id == BN_CMD_NEXT ? 1 : -1))
			bn_frame_message(f, id == BN_CMD_NEXT ? "nothing further down stands out"
							      : "nothing above stands out");
		return true;
	case BN_CMD_IN_FULL:
		*rc = row_in_full(f, t, err);
		return true;
	case BN_CMD_COLUMN:
		if (arg && *arg)
			*rc = bn_grid_go(t, arg, err);
		else
			bn_frame_prompt(f, "column ");
		return true;
	case BN_CMD_COLUMNS:
		if (arg && *arg)
			*rc = columns_choose(f, t, arg, err);
		else
			bn_modal_open(f, BN_MODAL_COLUMNS, "");
		return true;
	case BN_CMD_COPY:
		bn_copy_row(f, t);
		return true;
	case BN_CMD_EXPORT:
		*rc = bn_frame_export(f, t, arg, err);
		return true;
	default:
		return false;
	}
}

static bool host_do(bn_frame *f, bn_command_id id, const char *arg, int *rc, bn_err *err)
{
	const bn_frame_host *h = &f->opt.host;
	switch (id) {
	case BN_CMD_REPAINT:
		if (h->repaint)
			h->repaint(h->user);
		return true;
	case BN_CMD_SUSPEND:
		h->suspend(h->user);
		return true;
	case BN_CMD_THEME:
		if (!arg || !*arg)
			*rc = bn_err_set(err, BN_EINVAL,
				"which theme? default, dark, light, high-contrast, colour-blind, "
				"mono, or a file");
		else if (h->set_theme)
			*rc = h->set_theme(h->user, arg, err);
		return true;
	case BN_CMD_GLYPHS:
		*rc = set_alphabet(f, arg, err);
		return true;
	case BN_CMD_MOUSE:
		*rc = bn_mouse_set(f, arg, err);
		return true;
	case BN_CMD_SAVE_SCREEN:
		snprintf(f->save_screen, sizeof f->save_screen, "%s",
			arg && *arg ? arg : "binnacle");
		return true;
	default:
		return false;
	}
}

static bool frame_do(bn_frame *f, bn_command_id id)
{
	bn_view *v = bn_frame_top(f);
	switch (id) {
	case BN_CMD_BACK:
		back(f);
		return true;
	case BN_CMD_CLOSE:
		if (f->stacks[f->tab].depth > 1)
			bn_frame_pop(f);
		else /* one q too many must not send the next keys to the shell */
			bn_frame_message(f, "this is the first screen; Q leaves, runs go on");
		return true;
	case BN_CMD_NEXT_OBJECT:
	case BN_CMD_PREVIOUS_OBJECT:
		object_step(f, id == BN_CMD_NEXT_OBJECT ? 1 : -1);
		return true;
	case BN_CMD_NEEDS_ME:
		needs_me(f);
		return true;
	case BN_CMD_QUIT:
		bn_frame_quit(f);
		return true;
	case BN_CMD_UNDO:
		bn_undo_ask(f);
		return true;
	case BN_CMD_HELP:
	case BN_CMD_PALETTE:
		f->list_is_all = id == BN_CMD_PALETTE;
		f->list_is_acts = false;
		bn_find_forget(f);
		bn_modal_open(f, BN_MODAL_LIST, "");
		return true;
	case BN_CMD_ACTS:
		bn_modal_acts_open(f);
		return true;
	case BN_CMD_PROMPT:
		bn_modal_open(f, BN_MODAL_COMMAND, "");
		return true;
	case BN_CMD_COPY_CLI:
		bn_copy_cli(f);
		return true;
	case BN_CMD_REFRESH:
		f->status_asked_ms = -BN_STATUS_EVERY_MS;
		if (v)
			bn_frame_refresh(v);
		return true;
	case BN_CMD_CANCEL:
		if (v && v->job && bn_jobs_cancel(f->jobs, v->job)) {
			bn_frame_message(f, "stopping");
		} else if (v && v->pending) {
			bn_loader_cancel(f->loader, v->id, -1);
			v->pending = 0;
			bn_frame_message(f, "stopped; what is here stays");
		} else {
			bn_frame_message(f, "nothing is being loaded; Q leaves, runs go on");
		}
		return true;
	default:
		if (bn_frame_tab(f, id) < 0 && !bn_frame_side(f, id))
			return false;
		bn_frame_go(f, id);
		return true;
	}
}

/* A command that is not refused. */
static int command_do(bn_frame *f, bn_command_id id, const char *arg, bn_err *err)
{
	int rc = 0;
	bn_view *v = bn_frame_top(f);
	if (host_do(f, id, arg, &rc, err) || bn_tour_command(f, id, arg, &rc, err))
		return rc;
	if (v && v->cls->command && v->cls->command(v, id, arg))
		return 0;
	if (bn_modal_find(f, id, arg))
		return rc;
	if (v && v->cls->table && table_do(f, v->cls->table(v), id, arg, &rc, err))
		return rc;
	if (frame_do(f, id))
		return 0;
	return 0; /* a motion on a screen without a list */
}

int bn_frame_do(bn_frame *f, bn_command_id id, const char *arg, bn_err *err)
{
	char why[300];
	bn_view_set where = bn_frame_kind(f);
	if (bn_frame_refuses(f, id, why, 256)) {
		bn_tour_hint(f, id, why, sizeof why);
		message_set(f, true, why);
		return bn_err_set(err, BN_EREFUSED, "%s", why);
	}
	int rc = command_do(f, id, arg, err);
	if (rc < 0)
		return rc;
	bn_tour_did(f, id, where);
	return 0;
}

static int name_unknown(const char *name, size_t n, bn_err *err)
{
	bn_buf near = BN_BUF_INIT;
	bn_command_near(name, n, &near);
	const char *here = bn_shell_verb_here(name, n);
	bn_err_set(err, BN_EINVAL, "no command '%.*s'", (int)n, name);
	if (here)
		bn_err_hint(err, "%s", here);
	else if (near.len)
		bn_err_hint(err, "did you mean %s?", near.ptr);
	else
		bn_err_hint(err, "? lists what there is");
	bn_buf_release(&near);
	return BN_EINVAL;
}

/* An argument that is ignored must not look as if it had an effect: ":data add jobs jobs.csv" only
 * opens Data, and ":remove eva" removes the selected person. */
static int words_unread(bn_command_id id, const char *words, bn_err *err)
{
	size_t n = strcspn(words, " ");
	bn_command_id meant = bn_command_for_name(words, n, BN_ON_ALL);
	const char *name = bn_command_get(id)->name;
	bn_err_set(err, BN_EINVAL, "':%s' takes no words", name);
	if (meant != BN_CMD_NONE && (bn_command_get(meant)->flags & BN_CMD_ARGUMENT) &&
		bn_command_get(meant)->name[n] == '\0')
		bn_err_hint(err, "did you mean :%s?", words);
	else
		bn_err_hint(err, "by itself: :%s", name);
	return BN_EINVAL;
}

/* The argument with the home directory for "~/" at the beginning of its path, which is the first
 * word or follows a dataset. */
static const char *home_put(
	const bn_frame *f, bn_command_id id, const char *arg, char *out, size_t size)
{
	unsigned flags = bn_command_get(id)->flags;
	const char *at = (flags >> 8 & 0xff) == BN_WORD_FILE ? arg : NULL;
	if ((flags >> 16 & 0xff) == BN_WORD_FILE)
		at = strstr(arg, " ~/") ? strstr(arg, " ~/") + 1 : NULL;
	if (!f->opt.home || !at || strncmp(at, "~/", 2) != 0)
		return arg;
	int n = snprintf(out, size, "%.*s%s%s", (int)(at - arg), arg, f->opt.home, at + 1);
	return n > 0 && (size_t)n < size ? out : arg;
}

int bn_frame_run(bn_frame *f, const char *line, bn_err *err)
{
	bn_err own = BN_ERR_INIT;
	char path[BN_FRAME_PATH], here[BN_INPUT_BYTES];
	int rc = bn_shell_line_read(line + strspn(line, " :"), here, sizeof here, &own);
	line = rc < 0 ? "" : here;
	size_t n = strcspn(line, " ");
	const char *arg = line + n + strspn(line + n, " ");
	bool at_once = n > 1 && line[n - 1] == '!';
	bn_command_id id = bn_command_for_name(line, at_once ? n - 1 : n, bn_frame_kind(f));
	if (!n && rc == 0)
		return 0;
	if (at_once && id != BN_CMD_EXPORT)
		id = BN_CMD_NONE;
	f->overwrites = at_once;
	if (rc < 0) {
		id = BN_CMD_NONE;
	} else if (id == BN_CMD_NONE) {
		rc = name_unknown(line, n, &own);
	} else if (*arg && !(bn_command_get(id)->flags & BN_CMD_ARGUMENT)) {
		rc = words_unread(id, arg, &own);
	} else {
		rc = bn_frame_do(f, id, home_put(f, id, arg, path, sizeof path), &own);
	}
	f->overwrites = false;
	bn_tour_look(f);
	if (rc) {
		bn_frame_error(f, &own);
		if (err && !err->code)
			*err = own;
	}
	return rc;
}

/* Commands without effect on a screen that has not loaded its data yet. */
static bool needs_data(bn_command_id id)
{
	switch (id) {
	case BN_CMD_BACK:
	case BN_CMD_CLOSE:
	case BN_CMD_QUIT:
	case BN_CMD_CANCEL:
	case BN_CMD_SUSPEND:
	case BN_CMD_REPAINT:
	case BN_CMD_REFRESH:
	case BN_CMD_NONE:
		return false;
	default:
		return bn_command_get(id)->views != BN_ON_ALL || id == BN_CMD_OPEN ||
		       (bn_command_get(id)->flags & BN_CMD_MOTION);
	}
}

bool bn_view_takes_text(const bn_frame *f)
{
	const bn_view *v = bn_frame_top(f);
	return f->modal == BN_MODAL_NONE && v && v->cls->takes_text && v->cls->takes_text(v);
}

static void key_take(bn_frame *f, int key)
{
	bn_err err = BN_ERR_INIT;
	char name[16];
	bn_view *v = bn_frame_top(f);
	bool is_text = bn_view_takes_text(f);
	if (key & BN_KEY_MOUSE) {
		bn_mouse_key(f, key);
		return;
	}
	if (key & BN_KEY_PASTED) {
		if (bn_modal_takes_text(f))
			bn_modal_key(f, key & ~BN_KEY_PASTED);
		else if (is_text)
			v->cls->key(v, key & ~BN_KEY_PASTED);
		return;
	}
	if (is_text && key != BN_KEY_CTRL('Z')) {
		v->cls->key(v, key);
		return;
	}
	if (f->modal != BN_MODAL_NONE) {
		bn_modal_key(f, key);
		return;
	}
	bn_command_id id = bn_command_for_key(key, bn_frame_kind(f));
	if (key == BN_KEY_ESC && f->message[0] && f->message_is_error) {
		f->message[0] = '\0'; /* the error, and nothing behind it */
		return;
	}
	if (f->ahead_count && (id == BN_CMD_BACK || id == BN_CMD_CANCEL)) {
		f->ahead_count = 0; /* discards keys typed ahead */
		return;
	}
	if (bn_frame_is_waiting(f) && id != BN_CMD_QUIT && id != BN_CMD_CLOSE &&
		(f->ahead_count || needs_data(id))) {
		if (f->ahead_count < (int)(sizeof f->ahead / sizeof *f->ahead))
			f->ahead[f->ahead_count++] = key;
		return;
	}
	if (id == BN_CMD_NONE) {
		bn_key_name(key, name);
		bn_frame_message(f, "%s does nothing here; ? lists what does", name);
		return;
	}
	f->message[0] = '\0';
	bn_command_forget(f);
	if ((key == 'h' || key == 'l') && (bn_frame_kind(f) & BN_ON_FORMS)) {
		bn_frame_message(f, "the arrows change a value, letters do not; Enter edits");
		return;
	}
	if (bn_frame_do(f, id, NULL, &err))
		bn_frame_error(f, &err);
}

void bn_frame_key(bn_frame *f, int key)
{
	key_take(f, key);
	bn_tour_look(f);
}
