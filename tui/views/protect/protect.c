/*
 * protect.c - the protection form: what a dataset is, who answers for it, what it may be used for, how long it is kept,
 * which columns are masked. What holds because of other datasets, and who set what and saw what, is below the fields.
 * Nothing changes before ^T and a question.
 */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tui/ui/form.h"
#include "tui/ui/format.h"
#include "tui/ui/shell_word.h"
#include "tui/views/views.h"

#include <stdio.h>
#include <string.h>

enum { KIND_PAGE, KIND_SET };

typedef enum protect_field {
	FIELD_WHAT, /* a rule */
	FIELD_CLASS,
	FIELD_OWNER,
	FIELD_LICENCE,
	FIELD_PURPOSE,
	FIELD_KEEP,
	FIELD_WHO, /* a rule */
	FIELD_PERSONAL,
	FIELD_REMOTES,
	FIELD_CHANGE, /* a rule */
	FIELD_REASON,
	FIELD_COUNT,
} protect_field;

typedef struct protect_view {
	bn_view view;
	char dataset[BN_REF_BYTES];
	bn_page *page; /* bn_protect_page */
	bn_form form;
	bn_form_field fields[FIELD_COUNT];
	char before[FIELD_COUNT][BN_FORM_VALUE]; /* as it is set now */
	char refused[800];                       /* why there is no form; "" */
	bool setting;
} protect_view;

static const char *const classes[] = {"unknown", "public", "internal", "personal", "restricted", NULL};

static const bn_protect_page *page_of(const protect_view *v)
{
	return v->page ? v->page->data : NULL;
}

static bool is_changed(const protect_view *v, protect_field f)
{
	return strcmp(v->fields[f].value, v->before[f]) != 0;
}

/* ---- fields -------------------------------------------------------------------------------------- */

/* A value that does not fit is shown cut, and cannot be edited here. */
static void set_value(protect_view *v, protect_field f, const char *text)
{
	bn_form_field *x = &v->fields[f];
	snprintf(x->value, sizeof x->value, "%s", text ? text : "");
	if (text && strlen(text) >= sizeof x->value) {
		x->is_fixed = true;
		snprintf(x->aside, sizeof x->aside, "too long for a form: binnacle data protect");
	}
	memcpy(v->before[f], x->value, sizeof v->before[f]);
}

static void set_names(protect_view *v, protect_field f, char *const *names, size_t count)
{
	bn_buf text = BN_BUF_INIT;
	for (size_t i = 0; i < count; i++)
		bn_buf_addf(&text, "%s%s", i ? "," : "", names[i]);
	set_value(v, f, text.len ? text.ptr : "");
	bn_buf_release(&text);
}

static void fill(protect_view *v)
{
	static const struct {
		protect_field field;
		const char *name, *aside;
	} all[] = {{FIELD_WHAT, "what it is", ""}, {FIELD_CLASS, "class", ""}, {FIELD_OWNER, "owner", "who answers for it"},
		{FIELD_LICENCE, "licence", "the terms of its use"}, {FIELD_PURPOSE, "purpose", "what it may be used for"},
		{FIELD_KEEP, "keep days", "how long a version is kept; empty: no limit"},
		{FIELD_WHO, "what is hidden, and where it may go", ""},
		{FIELD_PERSONAL, "masked", "columns about people"},
		{FIELD_REMOTES, "remotes", "where it may go if it is restricted"}, {FIELD_CHANGE, "this change", ""},
		{FIELD_REASON, "reason", "kept with it"}};
	const bn_protect_page *p = page_of(v);
	char days[32] = "";
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		v->fields[all[i].field] = (bn_form_field){.name = all[i].name};
		snprintf(v->fields[all[i].field].aside, sizeof v->fields[0].aside, "%s", all[i].aside);
	}
	v->fields[FIELD_WHAT].is_rule = v->fields[FIELD_WHO].is_rule = v->fields[FIELD_CHANGE].is_rule = true;
	v->fields[FIELD_CLASS].choices = p->own.level ? classes + 1 : classes;
	v->fields[FIELD_CLASS].is_switch = true;
	v->fields[FIELD_PERSONAL].choices = p->columns;
	v->fields[FIELD_REMOTES].choices = p->remotes;
	v->fields[FIELD_PERSONAL].is_list = v->fields[FIELD_REMOTES].is_list = true;
	if (p->own.keep_days)
		snprintf(days, sizeof days, "%lld", (long long)p->own.keep_days);
	if (p->proposed[0])
		snprintf(v->fields[FIELD_PERSONAL].aside, sizeof v->fields[0].aside, "may be: %.80s", p->proposed);
	set_value(v, FIELD_CLASS, bn_data_class_name(p->own.level));
	set_value(v, FIELD_OWNER, p->own.owner);
	set_value(v, FIELD_LICENCE, p->own.licence);
	set_value(v, FIELD_PURPOSE, p->own.purpose);
	set_value(v, FIELD_KEEP, days);
	set_names(v, FIELD_PERSONAL, p->own.personal, p->own.personal_count);
	set_names(v, FIELD_REMOTES, p->own.remotes, p->own.remote_count);
	set_value(v, FIELD_REASON, "");
	v->form.name_cols = 10;
	v->form.count = FIELD_COUNT;
	bn_form_select(&v->form, v->form.selected ? v->form.selected : FIELD_CLASS);
}

/* Calls fn for each name of a list with commas; false from it stops. */
static void each_name(const char *list, bool (*fn)(void *ctx, const char *name, size_t n), void *ctx)
{
	while (*list) {
		list += strspn(list, " ,");
		size_t n = strcspn(list, ","), all = n;
		while (n && list[n - 1] == ' ')
			n--;
		if (n && !fn(ctx, list, n))
			return;
		list += all;
	}
}

typedef struct wanted {
	const char *name;
	size_t n;
	bool found;
} wanted;

static bool is_it(void *ctx, const char *name, size_t n)
{
	wanted *w = ctx;
	w->found |= n == w->n && !memcmp(name, w->name, n);
	return !w->found;
}

static bool list_has(const char *list, const char *name, size_t n)
{
	wanted w = {name, n, false};
	each_name(list, is_it, &w);
	return w.found;
}

typedef struct checking {
	const char *const *known;
	const char *before, *what;
	char *wrong;
} checking;

static bool check_name(void *ctx, const char *name, size_t n)
{
	const checking *c = ctx;
	bool ok = list_has(c->before, name, n);
	for (size_t i = 0; !ok && c->known[i]; i++)
		ok = strlen(c->known[i]) == n && !memcmp(c->known[i], name, n);
	if (!ok)
		snprintf(c->wrong, BN_FORM_WRONG, "no %s '%.*s'; Tab completes", c->what, (int)(n < 60 ? n : 60), name);
	return ok;
}

static void check(void *ctx, int field, const char *text, char wrong[BN_FORM_WRONG])
{
	const protect_view *v = ctx;
	const bn_protect_page *p = page_of(v);
	checking c = {.before = v->before[field], .wrong = wrong};
	int64_t days;
	if (field == FIELD_KEEP && *text &&
		(!bn_parse_i64(text, strlen(text), &days) || days < 1 || days > BN_PROTECT_DAYS_MOST))
		snprintf(wrong, BN_FORM_WRONG, "a number of days is wanted, 1 to %d", BN_PROTECT_DAYS_MOST);
	if (field != FIELD_PERSONAL && field != FIELD_REMOTES)
		return;
	c.known = field == FIELD_PERSONAL ? p->columns : p->remotes;
	c.what = field == FIELD_PERSONAL ? "column" : "remote";
	each_name(text, check_name, &c);
}

static void kept(void *ctx, int field, const char *before)
{
	protect_view *v = ctx;
	(void)before;
	v->fields[field].is_set = is_changed(v, (protect_field)field);
}

/* ---- the change ---------------------------------------------------------------------------------- */

typedef struct difference {
	const char *other;
	bn_buf *out;
} difference;

static bool add_missing(void *ctx, const char *name, size_t n)
{
	difference *d = ctx;
	if (!list_has(d->other, name, n))
		bn_buf_addf(d->out, "%s%.*s", d->out->len ? "," : "", (int)n, name);
	return true;
}

/* Names of one list that the other lacks. */
static void names_only_in(const char *list, const char *other, char *out, size_t size)
{
	bn_buf names = BN_BUF_INIT;
	each_name(list, add_missing, &(difference){other, &names});
	snprintf(out, size, "%s", names.len ? names.ptr : "");
	bn_buf_release(&names);
}

/* What the form changes; false: nothing. */
static bool change_of(const protect_view *v, bn_protect_arg *a)
{
	int64_t days = 0;
	const char *keep = v->fields[FIELD_KEEP].value;
	memset(a, 0, sizeof *a);
	snprintf(a->dataset, sizeof a->dataset, "%s", v->dataset);
	a->keep_days = -1;
	if (is_changed(v, FIELD_CLASS))
		snprintf(a->level, sizeof a->level, "%.20s", v->fields[FIELD_CLASS].value);
	a->sets_owner = is_changed(v, FIELD_OWNER);
	a->sets_licence = is_changed(v, FIELD_LICENCE);
	a->sets_purpose = is_changed(v, FIELD_PURPOSE);
	a->sets_remotes = is_changed(v, FIELD_REMOTES);
	snprintf(a->owner, sizeof a->owner, "%s", v->fields[FIELD_OWNER].value);
	snprintf(a->licence, sizeof a->licence, "%s", v->fields[FIELD_LICENCE].value);
	snprintf(a->purpose, sizeof a->purpose, "%s", v->fields[FIELD_PURPOSE].value);
	snprintf(a->reason, sizeof a->reason, "%s", v->fields[FIELD_REASON].value);
	if (a->sets_remotes)
		snprintf(a->remotes, sizeof a->remotes, "%s", v->fields[FIELD_REMOTES].value);
	if (is_changed(v, FIELD_KEEP))
		a->keep_days = bn_parse_i64(keep, strlen(keep), &days) ? days : 0;
	names_only_in(v->fields[FIELD_PERSONAL].value, v->before[FIELD_PERSONAL], a->personal, sizeof a->personal);
	names_only_in(v->before[FIELD_PERSONAL], v->fields[FIELD_PERSONAL].value, a->cleared, sizeof a->cleared);
	return a->level[0] || a->sets_owner || a->sets_licence || a->sets_purpose || a->sets_remotes ||
	       a->keep_days >= 0 || a->personal[0] || a->cleared[0];
}

static void option(bn_buf *out, const char *name, bool given, const char *value)
{
	if (!given)
		return;
	bn_buf_addf(out, " --%s ", name);
	bn_shell_word_add(out, value);
}

static void line_of(const protect_view *v, bn_buf *out)
{
	bn_protect_arg a;
	char days[32];
	bool some = change_of(v, &a);
	bn_buf_adds(out, "binnacle data protect ");
	bn_shell_word_add(out, v->dataset);
	snprintf(days, sizeof days, "%lldd", (long long)a.keep_days);
	option(out, "class", a.level[0], a.level);
	option(out, "owner", a.sets_owner, a.owner);
	option(out, "licence", a.sets_licence, a.licence);
	option(out, "purpose", a.sets_purpose, a.purpose);
	option(out, "keep", a.keep_days >= 0, a.keep_days ? days : "none");
	option(out, "personal", a.personal[0], a.personal);
	option(out, "not-personal", a.cleared[0], a.cleared);
	option(out, "remote", a.sets_remotes, a.remotes[0] ? a.remotes : "none");
	option(out, "reason", some && a.reason[0], a.reason);
}

static void ask(protect_view *v)
{
	char title[BN_REF_BYTES + 40];
	bn_protect_arg a;
	bn_buf text = BN_BUF_INIT;
	change_of(v, &a);
	if (a.level[0])
		bn_buf_addf(&text, "Class %s, as it was %s. ", a.level, v->before[FIELD_CLASS]);
	if (a.personal[0])
		bn_buf_addf(&text, "Masked from now on: %s. ", a.personal);
	if (a.cleared[0])
		bn_buf_addf(&text, "No longer masked: %s. ", a.cleared);
	if (a.keep_days >= 0)
		bn_buf_addf(&text, a.keep_days ? "Kept for %lld days. " : "Kept without a limit. ", (long long)a.keep_days);
	bn_buf_adds(&text, "It holds for all versions, and for datasets made from them; who set it is recorded.");
	snprintf(title, sizeof title, "Set the protection of %.80s?", v->dataset);
	bn_frame_confirm(v->view.frame, &v->view, BN_CMD_START, title, text.failed ? "" : text.ptr, "set it");
	bn_buf_release(&text);
}

static void answer(bn_view *view, bn_command_id id, const char *text)
{
	protect_view *v = (protect_view *)view;
	bn_protect_arg a;
	(void)text;
	if (id != BN_CMD_START || !change_of(v, &a))
		return;
	v->setting = true;
	bn_view_load(view, BN_LANE_QUICK, KIND_SET, bn_view_source(view)->protect, &a, sizeof a);
}

/* ---- the screen ---------------------------------------------------------------------------------- */

/* What holds because of datasets that it is made from. */
static int holds_draw(const protect_view *v, bn_area a, int row)
{
	const bn_protect_page *p = page_of(v);
	bn_buf text = BN_BUF_INIT;
	if (p->holds.level_from)
		bn_buf_addf(&text, "%s because of %s; ", bn_data_class_name(p->holds.level), p->holds.level_from);
	if (p->holds.keep_days && p->holds.keep_days != p->own.keep_days)
		bn_buf_addf(&text, "kept %lld days because of what it is made from; ", (long long)p->holds.keep_days);
	for (size_t i = 0, n = 0; i < p->holds.personal_count; i++)
		if (!bn_protection_marks(&p->own, p->holds.personal[i]))
			bn_buf_addf(&text, "%s%s", n++ ? ", " : "masked as they are in its source: ", p->holds.personal[i]);
	if (text.len)
		row += bn_area_paragraph(bn_area_sub(a, row, 0, a.rows - row, a.cols), 0, 1, BN_INK_TEXT, text.ptr);
	bn_buf_release(&text);
	if (p->holds.keep_days && row < a.rows) {
		char when[BN_FORMAT_BYTES];
		bn_format_time(when, p->created_ms + p->holds.keep_days * 86400000, true);
		bn_area_textf(a, row++, 1, BN_INK_TEXT, "%s is kept until %.10s", p->ref, when);
	}
	return row;
}

static void history_draw(const protect_view *v, bn_area a, int row)
{
	const bn_protect_page *p = page_of(v);
	char when[BN_FORMAT_BYTES], line[400];
	if (!p->history.count && row < a.rows)
		bn_area_text(a, row, 1, BN_INK_DIM, "nothing was set yet");
	for (size_t i = 0; i < p->history.count && row < a.rows; i++, row++) {
		const bn_protect_entry *e = &p->history.items[i];
		const char *why = e->reason && e->reason[0] ? e->reason : NULL;
		bn_format_age(when, e->at_ms, bn_frame_now_ms(v->view.frame));
		if (e->version)
			snprintf(line, sizeof line, "%s saw masked columns of v%lld %s: %.200s", e->user ? e->user : "?",
				(long long)e->version, when, why ? why : "");
		else
			snprintf(line, sizeof line, "%s set %s%s%.200s", when, e->what ? e->what : "", why ? ": " : "", why ? why : "");
		bn_area_field(a, row, 1, a.cols - 2, e->version ? BN_INK_TEXT : BN_INK_DIM, line);
	}
}

static void foot_draw(bn_area a, int foot, const char *line)
{
	if (!foot)
		return;
	bn_area_hline(a, a.rows - foot - 1, 0, a.cols, BN_INK_BORDER);
	bn_area_paragraph(bn_area_sub(a, a.rows - foot, 1, foot, a.cols - 2), 0, 0, BN_INK_STRONG, line);
}

static void form_draw(protect_view *v, bn_area a, bool focused)
{
	bn_buf line = BN_BUF_INIT;
	line_of(v, &line);
	const char *text = line.failed ? "" : line.ptr;
	bn_area probe = {a.s, 0, 0, 0, a.cols - 2};
	int foot = bn_area_paragraph(probe, 0, 0, BN_INK_TEXT, text), fields = FIELD_COUNT;
	foot = foot > 2 ? 2 : foot;
	foot = a.rows < 14 ? 0 : foot;
	int room = a.rows - 1 - foot - (foot > 0);
	fields = fields < room - 1 ? fields : room - 1;
	v->form.value_cols = a.cols >= 100 ? 48 : a.cols * 4 / 10;
	const bn_form_field *x = &v->fields[v->form.selected];
	bn_form_draw(&v->form, bn_area_sub(a, 0, 0, fields, a.cols), focused);
	if (x->wrong[0])
		bn_area_field(a, fields, 1, a.cols - 2, BN_INK_FAIL, x->wrong);
	else if (v->form.editing && x->choices)
		bn_form_draw_choices(&v->form, a, fields);
	else
		bn_area_hline(a, fields, 0, a.cols, BN_INK_BORDER);
	bn_area rest = bn_area_sub(a, fields + 1, 0, room - fields, a.cols - 1);
	history_draw(v, rest, holds_draw(v, rest, 0));
	foot_draw(a, foot, text);
	bn_buf_release(&line);
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	protect_view *v = (protect_view *)view;
	if (v->page) {
		form_draw(v, a, focused);
		return;
	}
	if (v->refused[0])
		bn_area_paragraph(bn_area_sub(a, 0, 1, a.rows, a.cols - 2), 0, 0, BN_INK_TEXT, v->refused);
	else
		bn_area_glyph(a, 0, 1, BN_INK_DIM, BN_GLYPH_ELLIPSIS);
	bn_area_cursor(a, 0, 0, false);
}

static void set_page(protect_view *v, bn_page *p)
{
	v->setting = false;
	if (!p->data) {
		bn_frame_error(v->view.frame, &p->err);
		bn_page_free(p);
		return;
	}
	bn_frame_message(v->view.frame, "%s", (const char *)p->data);
	bn_page_free(p);
	bn_page_free(v->page); /* is read again */
	v->page = NULL;
	v->view.cls->refresh(&v->view);
}

static void page(bn_view *view, bn_page *p)
{
	protect_view *v = (protect_view *)view;
	if (p->kind == KIND_SET) {
		set_page(v, p);
		return;
	}
	if (p->data) {
		bn_page_free(v->page);
		v->page = p;
		fill(v);
		return;
	}
	if (!v->page)
		snprintf(v->refused, sizeof v->refused, "%s%s%s", p->err.msg, p->err.hint[0] ? "\n\n" : "", p->err.hint);
	bn_page_free(p);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	protect_view *v = (protect_view *)view;
	(void)arg;
	if (id == BN_CMD_START) {
		ask(v);
		return true;
	}
	if (id == BN_CMD_NEXT || id == BN_CMD_PREVIOUS) {
		if (!bn_form_step_wrong(&v->form, id == BN_CMD_NEXT ? 1 : -1))
			bn_frame_message(view->frame, "nothing further is wrong");
		return true;
	}
	return bn_form_command(&v->form, id);
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const protect_view *v = (const protect_view *)view;
	bn_protect_arg a;
	if (id != BN_CMD_START)
		return false;
	const char *reason = NULL;
	if (bn_frame_is_readonly(view->frame))
		reason = "protection is set for all, and this is --readonly";
	else if (!v->page || v->setting)
		reason = v->page ? "it is being set" : "there is no form";
	for (int i = 0; !reason && i < FIELD_COUNT; i++)
		if (v->fields[i].wrong[0])
			reason = v->fields[i].wrong;
	if (!reason && !change_of(v, &a))
		reason = "nothing was changed: Enter edits a field";
	if (reason)
		snprintf(why, size, "%s", reason);
	return reason != NULL;
}

static bool takes_text(const bn_view *view)
{
	return ((const protect_view *)view)->form.editing;
}

static void key(bn_view *view, int k)
{
	bn_form_key(&((protect_view *)view)->form, k);
}

/* A form that is being filled in is not read again. */
static void refresh(bn_view *view)
{
	protect_view *v = (protect_view *)view;
	bn_ref_arg arg = {""};
	if (v->page)
		return;
	memcpy(arg.ref, v->dataset, sizeof arg.ref);
	bn_view_load(view, BN_LANE_QUICK, KIND_PAGE, bn_view_source(view)->protection, &arg, sizeof arg);
}

static void crumb(const bn_view *view, bn_buf *out)
{
	bn_buf_adds(out, ((const protect_view *)view)->dataset);
}

static void cli(const bn_view *view, bn_buf *out)
{
	bn_buf_adds(out, "binnacle data protect ");
	bn_shell_word_add(out, ((const protect_view *)view)->dataset);
	bn_buf_adds(out, " --json");
}

static void view_free(bn_view *view)
{
	bn_view_release(view);
	bn_page_free(((protect_view *)view)->page);
	bn_free(view);
}

static const bn_view_class protect_class = {
	.name = "Protection of",
	.kind = BN_ON(PROTECT),
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.answer = answer,
	.page = page,
	.refresh = refresh,
	.crumb = crumb,
	.cli = cli,
	.takes_text = takes_text,
	.key = key,
	.free = view_free,
};

int bn_view_protect_new(bn_view **out, bn_frame *f, const char *ref, bn_err *err)
{
	protect_view *v = bn_view_alloc(sizeof *v, &protect_class, f, err);
	if (!v)
		return BN_ENOMEM;
	snprintf(v->dataset, sizeof v->dataset, "%.*s", (int)strcspn(ref, "@"), ref);
	v->form = (bn_form){.fields = v->fields, .ctx = v, .check = check, .kept = kept};
	*out = &v->view;
	return 0;
}
