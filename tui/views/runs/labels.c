/*
 * labels.c - star, note and tags of a run, or of all marked ones, as a form: Enter on a field edits
 * it, and a kept value is written at once; u undoes it.
 */
#include "core/base/mem.h"
#include "core/run/runlog.h"
#include "tui/ui/form.h"
#include "tui/views/views.h"

#include <stdio.h>
#include <string.h>

enum { FIELD_STAR, FIELD_NOTE, FIELD_RULE, FIELD_TAGS };
static const char *const yes_no[] = {"yes", "no", NULL};

typedef struct labels_view {
	bn_view view;
	bn_page *page; /* of the run, if it is one */
	bn_action_arg of;
	char name[100];
	bn_form form;
	bn_form_field *fields;
	int capacity;
} labels_view;

static const bn_run_detail *data_of(const labels_view *v)
{
	return v->page ? v->page->data : NULL;
}

static bool is_one(const labels_view *v)
{
	return v->of.stop_count <= 1;
}

static const bn_pair *tag_of(const labels_view *v, int field)
{
	const bn_run_detail *d = data_of(v);
	int at = field - FIELD_TAGS;
	for (size_t i = 0; d && i < d->tags.count; i++)
		if (strcmp(d->tags.items[i].key, BN_STAR_TAG) != 0 && at-- == 0)
			return &d->tags.items[i];
	return NULL;
}

static void check(void *ctx, int field, const char *text, char wrong[BN_FORM_WRONG])
{
	const labels_view *v = ctx;
	bn_err err = BN_ERR_INIT;
	if (field < FIELD_TAGS || tag_of(v, field) || !*text)
		return;
	const char *eq = strchr(text, '=');
	char key[BN_KEY_BYTES + 1]; /* one byte more than fits, so that it is refused */
	snprintf(key, sizeof key, "%.*s", eq ? (int)(eq - text) : 0, text);
	if (!eq || eq == text)
		snprintf(wrong, BN_FORM_WRONG, "KEY=VALUE is wanted");
	else if (bn_run_key_check("tag", key, &err) < 0)
		snprintf(wrong, BN_FORM_WRONG, "%.150s", err.msg);
}

static void field_add(labels_view *v, const char *name, const char *value, const char *aside)
{
	if (v->form.count == v->capacity)
		return;
	bn_form_field *x = &v->fields[v->form.count++];
	*x = (bn_form_field){.name = name};
	/* editing the beginning would lose the rest */
	x->is_fixed = value && strlen(value) >= sizeof x->value;
	snprintf(x->value, sizeof x->value, "%s", value ? value : "");
	snprintf(x->aside, sizeof x->aside, "%s",
		x->is_fixed ? "its beginning; see binnacle run tag, note" : aside);
	int width = strlen(name) < 24 ? (int)strlen(name) : 24;
	v->form.name_cols = width > v->form.name_cols ? width : v->form.name_cols;
}

static int fields_make(labels_view *v)
{
	const bn_run_detail *d = data_of(v);
	int capacity = FIELD_TAGS + 1 + (d ? (int)d->tags.count : 0);
	bn_form_field *fields = bn_alloc_zeroed((size_t)capacity, sizeof *fields);
	if (!fields)
		return -1;
	bn_free(v->fields);
	v->fields = v->form.fields = fields;
	v->capacity = capacity;
	v->form.count = 0;
	v->form.name_cols = 8;
	const char *star = d ? bn_pairs_get(&d->tags, BN_STAR_TAG) : NULL;
	field_add(v, "star", star ? "yes" : "no", "Enter changes it");
	if (!d)
		fields[FIELD_STAR].value[0] = '\0';
	fields[FIELD_STAR].choices = yes_no;
	fields[FIELD_STAR].is_switch = true;
	field_add(v, "note", d ? d->info->note : "", d ? "" : "the note of all of them");
	field_add(v, "tags", "", "Enter keeps a value and writes it; an empty one takes it off");
	fields[FIELD_RULE].is_rule = true;
	for (const bn_pair *t; (t = tag_of(v, v->form.count));)
		field_add(v, t->key, t->value, "");
	field_add(v, "a new tag", "", "KEY=VALUE");
	if (v->form.selected >= v->form.count)
		v->form.selected = v->form.count - 1;
	return 0;
}

/* Writes a label, and registers its undo if the old value is known: for one run. */
static void kept(void *ctx, int field, const char *before)
{
	labels_view *v = ctx;
	const char *value = v->fields[field].value;
	const bn_pair *t = tag_of(v, field);
	bn_action_arg act = v->of, back = v->of;
	char what[160];
	act.action = back.action = field == FIELD_NOTE ? BN_ACTION_RUN_NOTE : BN_ACTION_RUN_TAG;
	if (field == FIELD_STAR) {
		bool on = strcmp(value, "yes") == 0;
		snprintf(
			act.reason, sizeof act.reason, "%s", on ? BN_STAR_TAG "=yes" : BN_STAR_TAG);
		snprintf(back.reason, sizeof back.reason, "%s",
			on ? BN_STAR_TAG : BN_STAR_TAG "=yes");
	} else if (field == FIELD_NOTE) {
		snprintf(act.reason, sizeof act.reason, "%s", value);
		snprintf(back.reason, sizeof back.reason, "%s", before);
	} else if (t) {
		snprintf(act.reason, sizeof act.reason, "%s%s%s", t->key, value[0] ? "=" : "",
			value);
		snprintf(back.reason, sizeof back.reason, "%s=%s", t->key, before);
	} else {
		if (v->fields[field].wrong[0] || !value[0])
			return;
		snprintf(act.reason, sizeof act.reason, "%s", value);
		snprintf(back.reason, sizeof back.reason, "%.*s", (int)strcspn(value, "="), value);
	}
	const char *written = strchr(act.reason, '=');
	if (field == FIELD_NOTE)
		written = act.reason;
	else if (written)
		written++;
	back.is_guarded = true;
	snprintf(back.expects, sizeof back.expects, "%s", written ? written : "");
	static const char *const names[] = {"the star", "the note", "", "the tag"};
	snprintf(what, sizeof what, "%s of %.80s", names[field < FIELD_TAGS ? field : FIELD_TAGS],
		v->name);
	bn_view_act(&v->view, &act, is_one(v) ? &back : NULL, what);
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	labels_view *v = (labels_view *)view;
	v->form.value_cols = a.cols > 100 ? 50 : 30;
	bn_area_textf(a, 0, 1, BN_INK_STRONG, "%s", v->name);
	if (!data_of(v) && is_one(v)) {
		bn_area_glyph(a, 2, 1, BN_INK_DIM, BN_GLYPH_ELLIPSIS);
		return;
	}
	bn_form_draw(&v->form, bn_area_sub(a, 2, 0, a.rows - 3, a.cols), focused);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	(void)arg;
	return bn_form_command(&((labels_view *)view)->form, id);
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	if (id != BN_CMD_OPEN || !bn_frame_is_readonly(view->frame))
		return false;
	snprintf(why, size, "labels are written, and this is --readonly");
	return true;
}

static bool takes_text(const bn_view *view)
{
	return ((const labels_view *)view)->form.editing;
}

static void key(bn_view *view, int k)
{
	bn_form_key(&((labels_view *)view)->form, k);
}

static void refresh(bn_view *view)
{
	labels_view *v = (labels_view *)view;
	bn_run_arg arg = {.metric = ""};
	if (!is_one(v))
		return;
	snprintf(arg.id, sizeof arg.id, "%.32s", v->of.stop_count ? v->of.stop[0] : v->of.ref);
	bn_view_load(view, BN_LANE_QUICK, 0, bn_view_source(view)->run, &arg, sizeof arg);
}

static void page(bn_view *view, bn_page *p)
{
	labels_view *v = (labels_view *)view;
	if (bn_view_action_done(view, p))
		return;
	if (!p->data || v->form.editing) {
		bn_page_free(p);
		return;
	}
	bn_page_free(v->page);
	v->page = p;
	const bn_run_detail *d = p->data;
	char label[BN_RUN_LABEL_BYTES];
	snprintf(v->name, sizeof v->name, "%.90s",
		bn_run_label(label, d->info->name, d->info->title, d->info->id));
	fields_make(v);
}

static void crumb(const bn_view *view, bn_buf *out)
{
	bn_buf_addf(out, "of %s", ((const labels_view *)view)->name);
}

static void cli(const bn_view *view, bn_buf *out)
{
	const labels_view *v = (const labels_view *)view;
	if (is_one(v))
		bn_buf_addf(out, "binnacle run show %.8s --json",
			v->of.stop_count ? v->of.stop[0] : v->of.ref);
}

static void view_free(bn_view *view)
{
	labels_view *v = (labels_view *)view;
	bn_view_release(view);
	bn_page_free(v->page);
	bn_free(v->fields);
	bn_free(v);
}

static const bn_view_class labels_class = {
	.name = "labels",
	.kind = BN_ON(LABELS),
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.page = page,
	.refresh = refresh,
	.crumb = crumb,
	.cli = cli,
	.takes_text = takes_text,
	.key = key,
	.free = view_free,
};

int bn_view_labels_new(
	bn_view **out, bn_frame *f, const bn_action_arg *of, const char *name, bn_err *err)
{
	labels_view *v = bn_view_alloc(sizeof *v, &labels_class, f, err);
	if (!v)
		return BN_ENOMEM;
	v->of = *of;
	bn_act_words(of, name, v->name, sizeof v->name);
	v->form = (bn_form){.ctx = v, .check = check, .kept = kept};
	if (fields_make(v) < 0) {
		view_free(&v->view);
		return bn_err_nomem(err, "a form");
	}
	*out = &v->view;
	return 0;
}
