/*
 * launch.c - starts runs: a form built from the trainer's and the executor's tables, filled from a
 * repeated run, or from a dataset. The command line to be started is shown below it; ranges make it
 * a sweep. See _launch.h.
 */
#include "core/base/hash_key.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tui/views/launch/_launch.h"

#include <stdio.h>
#include <string.h>

enum { KIND_WARNINGS = 8, KIND_START = 9 };

/* ---- drawing ------------------------------------------------------------------------------------- */

static void head_draw(const bn_launch_view *v, bn_area a)
{
	const bn_launch_page *d = bn_launch_data(v);
	size_t combinations, runs = bn_launch_runs(v, &combinations),
			     changes = bn_launch_changes(v);
	char left[BN_FORM_VALUE + 80] = "a new run", right[80] = "";
	if (runs == 0)
		snprintf(right, sizeof right, "more than %d runs: say how many", BN_SWEEP_MOST);
	else if (combinations > 1)
		snprintf(right, sizeof right, "%zu runs of %zu, through the queue", runs, combinations);
	if (v->of.resumes)
		snprintf(left, sizeof left, "resumes %.120s after %lld step%s", d->name,
			(long long)d->step, d->step == 1 ? "" : "s");
	else if (d->name)
		snprintf(left, sizeof left, "again from %.120s", d->name);
	/* From the right: what it comes to is never cut, and a long name is. */
	char changed[60] = "";
	if (d->name)
		snprintf(changed, sizeof changed, "%zu %s", changes,
			changes == 1 ? "field differs" : "fields differ");
	int room = a.cols - 2, ends = (int)(strlen(changed) + strlen(right)) + 3 * (changed[0] != '\0') +
				      3 * (right[0] != '\0');
	int width = (int)bn_utf8_width(left);
	if (room - ends < 12) { /* too narrow for all three */
		changed[0] = '\0';
		ends = (int)strlen(right) + 3 * (right[0] != '\0');
	}
	width = width < room - ends ? width : room - ends;
	int col = width > 0 ? bn_area_name(a, 0, 1, width, BN_INK_STRONG, left) + 3 : 1;
	if (changed[0])
		col = bn_area_text(a, 0, col, BN_INK_TEXT, changed) + 3;
	bn_area_field(a, 0, col, a.cols - col, runs == 0 ? BN_INK_FAIL : BN_INK_STRONG, right);
}

/* Help for the selected field, with its limits; for a sweep its values, also during editing. */
static void help_draw(const bn_launch_view *v, bn_area a, int row)
{
	const bn_hyper_def *def = bn_launch_hyper(v, v->form.selected);
	const bn_trainer *t = bn_launch_trainer(v);
	const bn_form_field *x = &v->form.fields[v->form.selected];
	bool is_setting =
		t && v->form.selected >= BN_LAUNCH_SEED && v->form.selected < BN_LAUNCH_WHERE;
	char values[400] = "";
	if (is_setting)
		bn_sweep_words(def, v->form.editing ? v->form.input.text : x->value, values,
			sizeof values);
	if (x->wrong[0] && !(v->form.editing && x->choices))
		bn_area_field(a, row, 1, a.cols - 2, BN_INK_FAIL, x->wrong);
	else if (v->form.editing && x->choices)
		bn_form_draw_choices(&v->form, a, row);
	else if (values[0])
		bn_area_field(a, row, 1, a.cols - 2, BN_INK_DIM, values);
	else if (def && (def->type == BN_HYPER_INT || def->type == BN_HYPER_REAL))
		bn_area_textf(a, row, 1, BN_INK_DIM, "%s: %s; %g to %g", def->name, def->doc,
			def->min, def->max);
	else if (def)
		bn_area_textf(a, row, 1, BN_INK_DIM, "%s: %s", def->name, def->doc);
	else if (v->form.selected == BN_LAUNCH_TRAINER && t)
		bn_area_field(a, row, 1, a.cols - 2, BN_INK_DIM, t->doc);
}

static void copy_field(char *out, size_t size, const bn_launch_view *v, int field)
{
	size_t n = v->fields[field].wrong[0] ? 0 : strlen(v->fields[field].value);
	if (n < size) /* the form refuses a version that is too long */
		memcpy(out, v->fields[field].value, n);
}

/* Requests the warnings of `run start`, when relevant fields have changed. */
static void warnings_follow(bn_launch_view *v)
{
	const bn_trainer *t = bn_launch_trainer(v);
	bn_warnings_arg arg;
	memset(&arg, 0, sizeof arg); /* equal requests have equal bytes */
	copy_field(arg.train, sizeof arg.train, v, BN_LAUNCH_TRAIN);
	copy_field(arg.valid, sizeof arg.valid, v, BN_LAUNCH_VALID);
	copy_field(arg.test, sizeof arg.test, v, BN_LAUNCH_TEST);
	if (t) {
		snprintf(arg.trainer, sizeof arg.trainer, "%s", t->name);
		copy_field(arg.target, sizeof arg.target, v, BN_LAUNCH_TARGET);
		copy_field(arg.features, sizeof arg.features, v, BN_LAUNCH_FEATURES);
		copy_field(arg.rows, sizeof arg.rows, v, BN_LAUNCH_ROWS);
		const bn_spec *again = bn_launch_data(v)->spec;
		if (again && again->task && again->trainer && !strcmp(again->trainer, t->name))
			snprintf(arg.task, sizeof arg.task, "%s", again->task);
	}
	if (memcmp(&arg, &v->warned_of, sizeof arg) == 0)
		return;
	v->warned_of = arg;
	v->warnings[0] = '\0';
	bn_view_load(&v->view, BN_LANE_QUICK, KIND_WARNINGS, bn_view_source(&v->view)->warnings,
		&arg, sizeof arg);
}

/* Returns the rows taken. */
static int warnings_draw(const bn_launch_view *v, bn_area a, int row, int most)
{
	bn_ink ink = v->is_refused ? BN_INK_FAIL : BN_INK_WARN;
	if (!v->warnings[0] || most < 1)
		return 0;
	int col = bn_area_glyph(a, row, 1, ink,
			  v->is_refused ? BN_GLYPH_STATE_FAIL : BN_GLYPH_STATE_WARN) +
		  1;
	int rows =
		bn_area_paragraph(bn_area_sub(a, row, 0, most, a.cols - 1), 0, col, ink, v->warnings);
	return rows < most ? rows : most;
}

/* The first line and the command, with a valid value that is still being typed. A typed trainer
 * changes the fields when it is kept. */
static void typed_draw(bn_launch_view *v, bn_area a, bn_buf *line)
{
	bn_form_field *x = &v->fields[v->form.selected];
	char kept[BN_FORM_VALUE];
	memcpy(kept, x->value, sizeof kept);
	if (v->form.editing && !x->wrong[0] && v->form.selected != BN_LAUNCH_TRAINER)
		snprintf(x->value, sizeof x->value, "%.*s", BN_FORM_VALUE - 1,
			v->form.input.text);
	head_draw(v, a);
	bn_launch_line(v, line);
	memcpy(x->value, kept, sizeof kept);
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	bn_launch_view *v = (bn_launch_view *)view;
	bn_buf line = BN_BUF_INIT;
	if (v->refused[0]) {
		bn_area_paragraph(
			bn_area_sub(a, 0, 1, a.rows, a.cols - 2), 0, 0, BN_INK_TEXT, v->refused);
		bn_area_cursor(a, 0, 0, false);
		return;
	}
	if (!bn_launch_data(v)) {
		bn_area_glyph(a, 0, 1, BN_INK_DIM, BN_GLYPH_ELLIPSIS);
		bn_area_cursor(a, 0, 0, false);
		return;
	}
	warnings_follow(v);
	typed_draw(v, a, &line);
	enum { FIELDS_LEAST = 2 };
	int most = a.rows >= 14 ? 3 : a.rows >= 7, top = 1 + warnings_draw(v, a, 1, most);
	bn_area probe = {a.s, 0, 0, 0, a.cols - 2};
	int foot = bn_area_paragraph(probe, 0, 0, BN_INK_TEXT, line.ptr ? line.ptr : "");
	foot = foot > 3 ? 3 : foot;
	/* The field that one is in comes before the command, and that before the help. */
	int help = 1, rule = 1;
	while (a.rows - top - foot - rule - help < FIELDS_LEAST && foot + rule + help > 0) {
		if (foot > 1)
			foot--;
		else if (help)
			help = 0;
		else
			foot = rule = 0;
	}
	v->form.value_cols = a.cols >= 100 ? 40 : a.cols * 3 / 10;
	bn_form_draw(&v->form, bn_area_sub(a, top, 0, a.rows - foot - rule - help - top, a.cols), focused);
	if (help)
		help_draw(v, a, a.rows - foot - rule - help);
	if (rule)
		bn_area_hline(a, a.rows - foot - 1, 0, a.cols, BN_INK_BORDER);
	bn_area_paragraph(bn_area_sub(a, a.rows - foot, 1, foot, a.cols - 2), 0, 0, BN_INK_STRONG,
		line.ptr ? line.ptr : "");
	bn_buf_release(&line);
}

/* ---- starting ------------------------------------------------------------------------------------ */

static bool start(bn_launch_view *v, bool dry)
{
	bn_start_arg *arg = NULL;
	bn_err err = BN_ERR_INIT;
	if (bn_launch_words(&arg, v, dry, &err) < 0) {
		bn_frame_error(v->view.frame, &err);
		return true;
	}
	v->starting = true;
	bn_frame_message(v->view.frame, "starting");
	bn_view_load(&v->view, BN_LANE_SCAN, KIND_START, bn_view_source(&v->view)->start, arg,
		sizeof *arg + arg->bytes);
	bn_free(arg);
	return true;
}

/* One run replaces the form; for a sweep the list is more useful. */
static void started(bn_launch_view *v, const bn_started *s)
{
	bn_frame *f = v->view.frame;
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	if (s->runs == 0) {
		bn_view_open(f, bn_view_text_new(&made, f, "dry run", s->text, &err), &made, &err);
		return;
	}
	char id[BN_RUN_ID_TEXT];
	snprintf(id, sizeof id, "%s", s->id ? s->id : "");
	size_t runs = s->runs;
	bn_frame_pop(f); /* frees v */
	if (runs == 1 && id[0])
		bn_view_open(f, bn_view_run_new(&made, f, id, &err), &made, &err);
	if (runs == 1)
		bn_frame_message(f, "started %.8s", id);
	else
		bn_frame_message(f, "%zu runs wait in the queue, or run", runs);
}

/* Hash of the values in the fields. */
static uint64_t typed_hash(const bn_launch_view *v)
{
	uint64_t h = BN_HASH_KEY;
	for (int i = 0; i < v->form.count; i++)
		h = bn_hash_key_on(h, v->fields[i].value);
	return h;
}

static void page(bn_view *view, bn_page *p)
{
	bn_launch_view *v = (bn_launch_view *)view;
	if (p->kind == KIND_START) {
		v->starting = false;
		if (p->data)
			started(v, p->data);
		bn_page_free(p);
		return;
	}
	if (p->kind == KIND_WARNINGS) {
		const bn_warnings *w = p->data;
		snprintf(v->warnings, sizeof v->warnings, "%s", w ? w->text : "");
		v->is_refused = w && w->refused;
		bn_page_free(p);
		return;
	}
	if (!p->data) {
		if (!v->page)
			snprintf(v->refused, sizeof v->refused, "%s%s%s", p->err.msg,
				p->err.hint[0] ? "\n\n" : "", p->err.hint);
		bn_page_free(p);
		return;
	}
	bn_page_free(v->page);
	v->page = p;
	bn_launch_fill(v);
	v->filled = typed_hash(v);
}

/* ---- commands ------------------------------------------------------------------------------------ */

/* Asks before leaving a changed form, since the changes are lost. */
static bool leave_asks(bn_launch_view *v)
{
	if (!v->page || typed_hash(v) == v->filled)
		return false;
	bn_frame_confirm(v->view.frame, &v->view, BN_CMD_BACK, "Leave the form?",
		"What you changed in it is not kept. Y copies it as a command line first.",
		"leave it");
	return true;
}

static void answer(bn_view *view, bn_command_id id, const char *text)
{
	(void)text;
	if (id == BN_CMD_BACK)
		bn_frame_pop(view->frame); /* frees the view */
	else if (id == BN_CMD_START)
		start((bn_launch_view *)view, false);
}

static bool start_asks(bn_launch_view *v)
{
	char title[80];
	size_t combinations, runs = bn_launch_runs(v, &combinations);
	bn_buf line = BN_BUF_INIT;
	snprintf(title, sizeof title, "Start %zu run%s?", runs, runs == 1 ? "" : "s");
	bn_launch_line(v, &line);
	bn_frame_confirm(v->view.frame, &v->view, BN_CMD_START, title, line.ptr ? line.ptr : "",
		"start");
	bn_buf_release(&line);
	return true;
}

/* '/' goes to a field as it is typed. */
static void find(bn_view *view, const char *words)
{
	bn_launch_view *v = (bn_launch_view *)view;
	snprintf(v->find, sizeof v->find, "%s", words);
	if (words[0] && bn_launch_data(v) && !bn_form_find(&v->form, words, 0))
		bn_frame_message(view->frame, "no field has '%s' in its name or value", words);
}

static const char *finding(const bn_view *view)
{
	return ((const bn_launch_view *)view)->find;
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	bn_launch_view *v = (bn_launch_view *)view;
	switch (id) {
	case BN_CMD_BACK:
	case BN_CMD_CLOSE:
		return leave_asks(v);
	case BN_CMD_START:
		/* From a menu it asks: there Enter ends a word that was typed into it. */
		return arg && strcmp(arg, BN_FROM_MENU) == 0 ? start_asks(v) : start(v, false);
	case BN_CMD_OPEN:
		if (v->form.selected == BN_LAUNCH_DRY)
			return start(v, true);
		return bn_form_command(&v->form, id);
	case BN_CMD_DIFFERENCES:
		v->only_changed = !v->only_changed;
		bn_launch_show(v);
		return true;
	case BN_CMD_NEXT:
	case BN_CMD_PREVIOUS:
		if (v->find[0]) {
			if (!bn_form_find(&v->form, v->find, id == BN_CMD_NEXT ? 1 : -1))
				bn_frame_message(view->frame, "no field %s has '%s'",
					id == BN_CMD_NEXT ? "below" : "above", v->find);
			return true;
		}
		if (!bn_form_step_wrong(&v->form, id == BN_CMD_NEXT ? 1 : -1))
			bn_frame_message(view->frame, "nothing further is wrong");
		return true;
	default:
		return bn_form_command(&v->form, id);
	}
}

static const bn_form_field *first_wrong(const bn_launch_view *v)
{
	for (int i = 0; i < v->form.count; i++)
		if (!v->fields[i].is_folded && v->fields[i].wrong[0])
			return &v->fields[i];
	return NULL;
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const bn_launch_view *v = (const bn_launch_view *)view;
	const bn_form_field *wrong = first_wrong(v);
	size_t combinations;
	bool dry = id == BN_CMD_OPEN && v->form.selected == BN_LAUNCH_DRY;
	if (id == BN_CMD_LAUNCH) {
		snprintf(why, size, "^T (Ctrl-T) starts it: letters alone never start a run");
		return true;
	}
	if ((id != BN_CMD_START && !dry) || !bn_launch_data(v))
		return false;
	if (bn_frame_is_readonly(view->frame) && !dry)
		snprintf(why, size, "a run is written, and this is --readonly");
	else if (v->starting)
		snprintf(why, size, "it is starting");
	else if (wrong)
		snprintf(why, size, "n goes to %s: %s", wrong->name, wrong->wrong);
	else if (bn_launch_runs(v, &combinations) == 0)
		snprintf(why, size, "these are %zu combinations: say how many runs, %d at most",
			combinations, BN_SWEEP_MOST);
	else
		return false;
	return true;
}

static bool takes_text(const bn_view *view)
{
	return ((const bn_launch_view *)view)->form.editing;
}

static void key(bn_view *view, int k)
{
	bn_form_key(&((bn_launch_view *)view)->form, k);
}

static void refresh(bn_view *view)
{
	bn_launch_view *v = (bn_launch_view *)view;
	if (!v->page) /* typed text is not evaluated again */
		bn_view_load(
			view, BN_LANE_QUICK, 0, bn_view_source(view)->launch, &v->of, sizeof v->of);
}

static void cli(const bn_view *view, bn_buf *out)
{
	const bn_launch_view *v = (const bn_launch_view *)view;
	if (bn_launch_data(v))
		bn_launch_line(v, out);
}

static void view_free(bn_view *view)
{
	bn_launch_view *v = (bn_launch_view *)view;
	bn_view_release(view);
	bn_page_free(v->page);
	bn_free(v);
}

static const bn_view_class launch_class = {
	.name = "Launch",
	.kind = BN_ON(LAUNCH),
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.answer = answer,
	.page = page,
	.refresh = refresh,
	.cli = cli,
	.takes_text = takes_text,
	.key = key,
	.find = find,
	.finding = finding,
	.free = view_free,
};

int bn_view_resume_new(bn_view **out, bn_frame *f, const char *run, bn_err *err)
{
	int rc = bn_view_launch_new(out, f, run, NULL, err);
	if (rc >= 0)
		((bn_launch_view *)*out)->of.resumes = true;
	return rc;
}

int bn_view_launch_new(bn_view **out, bn_frame *f, const char *again, const char *data, bn_err *err)
{
	bn_launch_view *v = bn_view_alloc(sizeof *v, &launch_class, f, err);
	if (!v)
		return BN_ENOMEM;
	snprintf(v->of.again, sizeof v->of.again, "%s", again ? again : "");
	snprintf(v->of.data, sizeof v->of.data, "%s", data ? data : "");
	v->form = (bn_form){
		.fields = v->fields, .ctx = v, .check = bn_launch_check, .kept = bn_launch_kept};
	*out = &v->view;
	return 0;
}
