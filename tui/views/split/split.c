/*
 * split.c - the split form: how a version is divided for training and testing. What would be made, and the leaks
 * between the parts, are shown before anything is: Enter on "leaks" looks for them, and ^T does so too before it
 * asks. Making the parts is a job.
 */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/split.h"
#include "tui/ui/form.h"
#include "tui/ui/shell_word.h"
#include "tui/views/views.h"

#include <stdio.h>
#include <string.h>

enum { KIND_PLAN = 1 };

typedef enum split_field {
	FIELD_HOW, /* a rule */
	FIELD_KIND,
	FIELD_BY,
	FIELD_GROUP,
	FIELD_PARTS,
	FIELD_FOLDS,
	FIELD_REPEATS,
	FIELD_INNER,
	FIELD_WINDOW,
	FIELD_TIMES, /* a rule */
	FIELD_END,
	FIELD_HORIZON,
	FIELD_EMBARGO,
	FIELD_MORE, /* a rule */
	FIELD_ROWS,
	FIELD_SEED,
	FIELD_TARGET,
	FIELD_LOOK, /* a line that looks for leaks */
	FIELD_COUNT,
} split_field;

typedef struct split_view {
	bn_view view;
	char ref[BN_REF_BYTES];
	bn_page *page;   /* bn_split_form */
	bn_page *report; /* bn_split_report, of `planned` */
	bn_split_arg planned;
	bool planning, asks; /* asks: make it when the plan is there */
	char failed[800]; /* why there is no plan, of `planned`; "" */
	bn_form form;
	bn_form_field fields[FIELD_COUNT];
	char refused[800]; /* why there is no form; "" */
} split_view;

static const char *const kinds[] = {
	"random", "stratified", "temporal", "group", "stratified-group", "expanding", "rolling", NULL};

static const char *value_of(const split_view *v, split_field field)
{
	const bn_form_field *x = &v->fields[field];
	return x->is_folded ? "" : x->value;
}

static const bn_split_report *report_of(const split_view *v)
{
	return v->report ? v->report->data : NULL;
}

/* ---- fields ------------------------------------------------------------------------------------------ */

static bn_split_kind kind_of(const split_view *v)
{
	for (int i = 0; kinds[i]; i++)
		if (!strcmp(kinds[i], v->fields[FIELD_KIND].value))
			return (bn_split_kind)i;
	return BN_SPLIT_RANDOM;
}

static void show_fields(split_view *v)
{
	bn_split_kind kind = kind_of(v);
	bool by_time = bn_split_is_by_time(kind), folds = v->fields[FIELD_FOLDS].value[0] != '\0';
	bool windows = kind == BN_SPLIT_EXPANDING || kind == BN_SPLIT_ROLLING;
	bool repeats = folds && !by_time && strcmp(v->fields[FIELD_FOLDS].value, "each") != 0;
	v->fields[FIELD_BY].is_folded = kind == BN_SPLIT_RANDOM;
	v->fields[FIELD_GROUP].is_folded = kind != BN_SPLIT_STRATIFIED_GROUP;
	v->fields[FIELD_PARTS].is_folded = folds || windows;
	v->fields[FIELD_REPEATS].is_folded = v->fields[FIELD_INNER].is_folded = !repeats;
	v->fields[FIELD_WINDOW].is_folded = kind != BN_SPLIT_ROLLING;
	v->fields[FIELD_TIMES].is_folded = v->fields[FIELD_END].is_folded = v->fields[FIELD_HORIZON].is_folded =
		!by_time;
	v->fields[FIELD_EMBARGO].is_folded = kind != BN_SPLIT_TEMPORAL || !folds;
}

static void fill(split_view *v)
{
	static const struct {
		split_field field;
		const char *name, *value, *aside;
	} all[] = {{FIELD_HOW, "how", "", ""}, {FIELD_KIND, "kind", "random", ""},
		{FIELD_BY, "by", "", "the class, the group, or the time"},
		{FIELD_GROUP, "group", "", "rows with one value stay together"},
		{FIELD_PARTS, "parts", "train=0.8,test=0.2", "names and shares of the rows"},
		{FIELD_FOLDS, "folds", "", "cross-validation; each: one for a group"},
		{FIELD_REPEATS, "repeats", "", "with other seeds"},
		{FIELD_INNER, "inner folds", "", "of each training part"},
		{FIELD_WINDOW, "window", "1", "parts before a test to train on"},
		{FIELD_TIMES, "labels that take time", "", ""}, {FIELD_END, "end", "", "when a row's label is known"},
		{FIELD_HORIZON, "horizon", "", "or how long after the event: 6h"},
		{FIELD_EMBARGO, "embargo", "", "after a test: 6h, or 1% of the rows"},
		{FIELD_MORE, "rows and features", "", ""}, {FIELD_ROWS, "rows", "", "only where this is true"},
		{FIELD_SEED, "seed", "1", ""}, {FIELD_TARGET, "target", "", "features are compared with it"},
		{FIELD_LOOK, "leaks", "", "Enter looks for them"}};
	const bn_split_form *page = v->page->data;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		bn_form_field *x = &v->fields[all[i].field];
		*x = (bn_form_field){.name = all[i].name};
		snprintf(x->value, sizeof x->value, "%s", all[i].value);
		snprintf(x->aside, sizeof x->aside, "%s", all[i].aside);
	}
	v->fields[FIELD_HOW].is_rule = v->fields[FIELD_TIMES].is_rule = v->fields[FIELD_MORE].is_rule = true;
	v->fields[FIELD_KIND].choices = kinds;
	v->fields[FIELD_KIND].is_switch = true;
	v->fields[FIELD_LOOK].is_fixed = false;
	v->fields[FIELD_BY].choices = v->fields[FIELD_GROUP].choices = v->fields[FIELD_END].choices =
		v->fields[FIELD_TARGET].choices = page->columns;
	v->form.name_cols = 12;
	v->form.count = FIELD_COUNT;
	show_fields(v);
	bn_form_select(&v->form, FIELD_KIND);
}

static void check_column(const split_view *v, const char *text, char wrong[BN_FORM_WRONG])
{
	const bn_split_form *page = v->page->data;
	for (size_t i = 0; page->columns[i]; i++)
		if (!strcmp(page->columns[i], text))
			return;
	snprintf(wrong, BN_FORM_WRONG, "no such column; Tab completes");
}

static void check(void *ctx, int field, const char *text, char wrong[BN_FORM_WRONG])
{
	const split_view *v = ctx;
	bn_split_options o = {.kind = BN_SPLIT_RANDOM};
	bn_err err = BN_ERR_INIT;
	int64_t n;
	switch (field) {
	case FIELD_BY:
	case FIELD_GROUP:
	case FIELD_END:
	case FIELD_TARGET:
		if (*text)
			check_column(v, text, wrong);
		return;
	case FIELD_PARTS:
		if (*text && bn_split_parts_parse(&o, text, &err) < 0)
			snprintf(wrong, BN_FORM_WRONG, "%.*s", BN_FORM_WRONG - 1, err.msg);
		return;
	case FIELD_FOLDS:
	case FIELD_REPEATS:
	case FIELD_INNER:
	case FIELD_WINDOW:
	case FIELD_SEED:
		if (*text && !(field == FIELD_FOLDS && !strcmp(text, "each")) &&
			(!bn_parse_i64(text, strlen(text), &n) || n < (field != FIELD_SEED)))
			snprintf(wrong, BN_FORM_WRONG, "a whole number%s is wanted",
				field == FIELD_FOLDS ? ", or each," : "");
		return;
	default:
		return;
	}
}

static void kept(void *ctx, int field, const char *before)
{
	(void)field;
	(void)before;
	show_fields(ctx);
}

/* Equal forms give equal bytes. */
static void arg_of(const split_view *v, bn_split_arg *a)
{
	memset(a, 0, sizeof *a);
	memcpy(a->ref, v->ref, sizeof a->ref);
	snprintf(a->how, sizeof a->how, "%s", kinds[kind_of(v)]);
	const struct {
		char *to;
		split_field from;
	} texts[] = {{a->by, FIELD_BY}, {a->group, FIELD_GROUP}, {a->parts, FIELD_PARTS}, {a->folds, FIELD_FOLDS},
		{a->repeats, FIELD_REPEATS}, {a->inner, FIELD_INNER}, {a->window, FIELD_WINDOW}, {a->end, FIELD_END},
		{a->horizon, FIELD_HORIZON}, {a->embargo, FIELD_EMBARGO}, {a->where, FIELD_ROWS},
		{a->target, FIELD_TARGET}, {a->seed, FIELD_SEED}};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		snprintf(texts[i].to, BN_SPLIT_TEXT, "%s", value_of(v, texts[i].from));
}

static bool is_planned(const split_view *v)
{
	bn_split_arg now;
	arg_of(v, &now);
	return memcmp(&now, &v->planned, sizeof now) == 0;
}

static void line_of(const split_view *v, bn_buf *out)
{
	static const struct {
		const char *option;
		split_field field;
	} options[] = {{"by", FIELD_BY}, {"group", FIELD_GROUP}, {"parts", FIELD_PARTS}, {"folds", FIELD_FOLDS},
		{"repeats", FIELD_REPEATS}, {"inner", FIELD_INNER}, {"window", FIELD_WINDOW}, {"end", FIELD_END},
		{"horizon", FIELD_HORIZON}, {"embargo", FIELD_EMBARGO}, {"where", FIELD_ROWS}, {"seed", FIELD_SEED},
		{"target", FIELD_TARGET}};
	bn_buf_adds(out, "binnacle data split ");
	bn_shell_word_add(out, v->ref);
	bn_shell_option_add(out, "how", kinds[kind_of(v)]);
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		bn_shell_option_add(out, options[i].option, value_of(v, options[i].field));
}

/* ---- planning, making -------------------------------------------------------------------------------- */

static void plan(split_view *v)
{
	arg_of(v, &v->planned);
	bn_page_free(v->report);
	v->report = NULL;
	v->failed[0] = '\0';
	v->planning = true;
	bn_view_load(&v->view, BN_LANE_SCAN, KIND_PLAN, bn_view_source(&v->view)->split_plan, &v->planned,
		sizeof v->planned);
}

static void ask(split_view *v)
{
	const bn_split_report *r = report_of(v);
	char title[BN_REF_BYTES + 40];
	bn_buf text = BN_BUF_INIT;
	snprintf(title, sizeof title, "Split %s?", v->ref);
	bn_buf_addf(&text, "%s.", r->summary);
	if (r->leaks)
		bn_buf_adds(&text, " A test on these parts looks better than the model is.");
	v->asks = false;
	bn_frame_confirm(v->view.frame, &v->view, BN_CMD_START, title, text.ptr ? text.ptr : "",
		r->leaks ? "split all the same" : "split");
	bn_buf_release(&text);
}

static bool start(split_view *v)
{
	if (is_planned(v) && report_of(v)) {
		ask(v);
		return true;
	}
	v->asks = true;
	plan(v);
	return true;
}

static int open_made(bn_view **out, bn_frame *f, bn_page *page, const void *arg, bn_err *err)
{
	(void)arg;
	return bn_view_versions_new(out, f, page->data, err);
}

static void make(split_view *v)
{
	char title[BN_REF_BYTES + 16];
	bn_frame *f = v->view.frame;
	bn_split_arg arg = v->planned;
	const bn_page_fn fn = bn_view_source(&v->view)->make_split;
	snprintf(title, sizeof title, "split %s", v->ref);
	bn_frame_pop(f); /* frees v */
	bn_frame_start(f, &(bn_job_spec){
				  .title = title, .fn = fn, .arg = &arg, .arg_bytes = sizeof arg, .open = open_made});
}

static void answer(bn_view *view, bn_command_id id, const char *text)
{
	(void)text;
	if (id == BN_CMD_START)
		make((split_view *)view);
}

/* ---- the screen ---------------------------------------------------------------------------------------- */

static void state_draw(const split_view *v, bn_area a)
{
	const bn_split_report *r = report_of(v);
	if (v->planning) {
		bn_area_glyph(a, 0, 1, BN_INK_DIM, BN_GLYPH_ELLIPSIS);
		return;
	}
	if (v->failed[0]) {
		bn_area_paragraph(a, 0, 1, BN_INK_FAIL, v->failed);
		return;
	}
	if (!r) {
		bn_area_paragraph(a, 0, 1, BN_INK_DIM, "leaks are looked for before anything is made: Enter on leaks, or ^T");
		return;
	}
	int row = 0;
	if (!is_planned(v))
		row += bn_area_paragraph(a, row, 1, BN_INK_DIM, "of the form as it was before");
	for (const char *line = r->text; *line && row < a.rows;) {
		size_t n = strcspn(line, "\n");
		char text[600];
		snprintf(text, sizeof text, "%.*s", (int)(n < 599 ? n : 599), line);
		row += bn_area_paragraph(bn_area_sub(a, row, 0, a.rows - row, a.cols), 0, 1,
			bn_str_starts(text, "leak:") || bn_str_starts(text, "warning:") ? BN_INK_WARN : BN_INK_TEXT, text);
		line += n + (line[n] == '\n');
	}
}

static int fields_shown(const split_view *v)
{
	int n = 0;
	for (int i = 0; i < FIELD_COUNT; i++)
		n += !v->fields[i].is_folded;
	return n;
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	split_view *v = (split_view *)view;
	bn_buf line = BN_BUF_INIT;
	if (v->refused[0]) {
		bn_area_paragraph(bn_area_sub(a, 0, 1, a.rows, a.cols - 2), 0, 0, BN_INK_TEXT, v->refused);
		bn_area_cursor(a, 0, 0, false);
		return;
	}
	if (!v->page) {
		bn_area_glyph(a, 0, 1, BN_INK_DIM, BN_GLYPH_ELLIPSIS);
		bn_area_cursor(a, 0, 0, false);
		return;
	}
	line_of(v, &line);
	bn_area probe = {a.s, 0, 0, 0, a.cols - 2};
	int foot = bn_area_paragraph(probe, 0, 0, BN_INK_TEXT, line.ptr ? line.ptr : "");
	int fields = fields_shown(v), room = a.rows - 1;
	foot = foot > 2 ? 2 : foot;
	foot = a.rows < 12 ? 0 : foot;
	room -= foot + (foot > 0);
	int report = room > 7 ? 3 : room > 4; /* its lines, if there is no room for more */
	if (fields > room - report)
		fields = room - report;
	v->form.value_cols = a.cols >= 100 ? 40 : a.cols * 3 / 10;
	const bn_form_field *x = &v->fields[v->form.selected];
	bn_form_draw(&v->form, bn_area_sub(a, 0, 0, fields, a.cols), focused);
	if (x->wrong[0])
		bn_area_field(a, fields, 1, a.cols - 2, BN_INK_FAIL, x->wrong);
	else if (v->form.editing && x->choices)
		bn_form_draw_choices(&v->form, a, fields);
	else
		bn_area_hline(a, fields, 0, a.cols, BN_INK_BORDER);
	state_draw(v, bn_area_sub(a, fields + 1, 0, room - fields, a.cols - 1));
	if (foot) {
		bn_area_hline(a, a.rows - foot - 1, 0, a.cols, BN_INK_BORDER);
		bn_area_paragraph(bn_area_sub(a, a.rows - foot, 1, foot, a.cols - 2), 0, 0, BN_INK_STRONG,
			line.ptr ? line.ptr : "");
	}
	bn_buf_release(&line);
}

static void plan_page(split_view *v, bn_page *p)
{
	v->planning = false;
	if (p->data) {
		v->report = p;
		if (v->asks)
			ask(v);
		return;
	}
	v->asks = false;
	snprintf(v->failed, sizeof v->failed, "%s%s%s", p->err.msg, p->err.hint[0] ? ": " : "", p->err.hint);
	bn_page_free(p);
}

static void page(bn_view *view, bn_page *p)
{
	split_view *v = (split_view *)view;
	if (p->kind == KIND_PLAN) {
		plan_page(v, p);
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

/* Enter on the line of leaks: looks for them; a report that is there opens as a text. */
static bool look(split_view *v)
{
	const bn_split_report *r = report_of(v);
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	if (!r || !is_planned(v)) {
		plan(v);
		return true;
	}
	int rc = bn_view_text_new(&made, v->view.frame, "leaks", r->text, &err);
	if (rc >= 0)
		bn_view_text_wrap(made);
	return bn_view_open(v->view.frame, rc, &made, &err);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	split_view *v = (split_view *)view;
	(void)arg;
	if (id == BN_CMD_START)
		return start(v);
	if (id == BN_CMD_OPEN && v->form.selected == FIELD_LOOK)
		return look(v);
	if (id == BN_CMD_NEXT || id == BN_CMD_PREVIOUS) {
		if (!bn_form_step_wrong(&v->form, id == BN_CMD_NEXT ? 1 : -1))
			bn_frame_message(view->frame, "nothing further is wrong");
		return true;
	}
	return bn_form_command(&v->form, id);
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const split_view *v = (const split_view *)view;
	if (id != BN_CMD_START)
		return false;
	if (bn_frame_is_readonly(view->frame)) {
		snprintf(why, size, "parts are written, and this is --readonly");
		return true;
	}
	if (!v->page || v->planning) {
		snprintf(why, size, v->page ? "leaks are being looked for" : "there is no form");
		return true;
	}
	for (int i = 0; i < FIELD_COUNT; i++)
		if (!v->fields[i].is_folded && v->fields[i].wrong[0]) {
			snprintf(why, size, "n goes to %s: %s", v->fields[i].name, v->fields[i].wrong);
			return true;
		}
	return false;
}

static bool takes_text(const bn_view *view)
{
	return ((const split_view *)view)->form.editing;
}

static void key(bn_view *view, int k)
{
	bn_form_key(&((split_view *)view)->form, k);
}

static void refresh(bn_view *view)
{
	split_view *v = (split_view *)view;
	bn_ref_arg arg = {""};
	if (v->page)
		return;
	memcpy(arg.ref, v->ref, sizeof arg.ref);
	bn_view_load(view, BN_LANE_QUICK, 0, bn_view_source(view)->split_form, &arg, sizeof arg);
}

static void crumb(const bn_view *view, bn_buf *out)
{
	bn_buf_adds(out, ((const split_view *)view)->ref);
}

static void cli(const bn_view *view, bn_buf *out)
{
	const split_view *v = (const split_view *)view;
	if (!v->page)
		return;
	line_of(v, out);
	bn_buf_adds(out, " --dry-run");
}

static void view_free(bn_view *view)
{
	split_view *v = (split_view *)view;
	bn_view_release(view);
	bn_page_free(v->page);
	bn_page_free(v->report);
	bn_free(v);
}

static const bn_view_class split_class = {
	.name = "Split",
	.kind = BN_ON(SPLIT),
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

int bn_view_split_form_new(bn_view **out, bn_frame *f, const char *ref, bn_err *err)
{
	split_view *v = bn_view_alloc(sizeof *v, &split_class, f, err);
	if (!v)
		return BN_ENOMEM;
	snprintf(v->ref, sizeof v->ref, "%s", ref);
	v->form = (bn_form){.fields = v->fields, .ctx = v, .check = check, .kept = kept};
	*out = &v->view;
	return 0;
}
