/*
 * model.c - the sheet of one model version (sheet.c). Enter opens the selected line: a gate its evidence, a metric the
 * run, data its rows, the card its text. A approves and R rejects; if that is not allowed the sheet shows why. P takes
 * the next step: it asks for approval, or makes an approved version the champion.
 */
#include "core/base/mem.h"
#include "tui/ui/format.h"
#include "tui/views/models/_models.h"
#include "tui/views/models/_sheet.h"

#include <stdio.h>
#include <string.h>

enum { KIND_SHEET, KIND_CARD };

typedef struct model_view {
	bn_view view;
	bn_page *page;
	char spec[BN_REF_BYTES];
	bn_sheet_line lines[BN_SHEET_LINES];
	int count, selected, top, page_rows;
	bool is_behind; /* the page is of the previously shown version */
	bn_version_asked asked;
} model_view;

static const bn_sheet *data_of(const model_view *v)
{
	return v->page ? v->page->data : NULL;
}

static const bn_inbox_item *item_of(const model_view *v)
{
	const bn_sheet *s = data_of(v);
	return s ? s->item : NULL;
}

/* ---- moving -------------------------------------------------------------------------------------- */

/* Moves to the next line that opens something; stays if there is none. */
static void step(model_view *v, int by)
{
	const bn_sheet *s = data_of(v);
	for (int at = v->selected + by; s && at >= 0 && at < v->count; at += by)
		if (bn_sheet_opens(s, &v->lines[at])) {
			v->selected = at;
			return;
		}
	if (by < 0)
		v->top = 0; /* the lines above the first one */
}

static bool move(model_view *v, bn_command_id id)
{
	int page = v->page_rows > 1 ? v->page_rows - 1 : 1;
	switch (id) {
	case BN_CMD_UP:
		step(v, -1);
		return true;
	case BN_CMD_DOWN:
		step(v, 1);
		return true;
	case BN_CMD_PAGE_UP:
	case BN_CMD_HALF_UP:
	case BN_CMD_PAGE_DOWN:
	case BN_CMD_HALF_DOWN: {
		bool half = id == BN_CMD_HALF_UP || id == BN_CMD_HALF_DOWN;
		int by = id == BN_CMD_PAGE_UP || id == BN_CMD_HALF_UP ? -1 : 1;
		int to = v->selected + by * (half ? page / 2 + 1 : page);
		while (by * (to - v->selected) > 0) {
			int before = v->selected;
			step(v, by);
			if (v->selected == before)
				break;
		}
		return true;
	}
	case BN_CMD_TOP:
		v->selected = 0;
		v->top = 0;
		return true;
	case BN_CMD_BOTTOM:
		v->selected = v->count - 1;
		step(v, -1);
		step(v, 1);
		return true;
	default:
		return false;
	}
}

/* ---- drawing ------------------------------------------------------------------------------------- */

static void scroll(model_view *v, int rows)
{
	v->page_rows = rows > 1 ? rows : 1;
	if (v->selected < v->top)
		v->top = v->selected;
	if (v->selected >= v->top + rows)
		v->top = v->selected - rows + 1;
	if (v->top > v->count - rows)
		v->top = v->count - rows;
	v->top = v->top < 0 ? 0 : v->top;
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	model_view *v = (model_view *)view;
	const bn_sheet *s = data_of(v);
	bn_area body = bn_area_sub(a, 0, 1, a.rows, a.cols - 2);
	if (!s) {
		bn_area_glyph(a, 0, 1, BN_INK_DIM, BN_GLYPH_ELLIPSIS);
		return;
	}
	scroll(v, a.rows);
	for (int r = 0; r < a.rows && v->top + r < v->count; r++) {
		bn_sheet_draw(s, &v->lines[v->top + r], body, r, view->frame);
		if (v->top + r != v->selected)
			continue;
		bn_area_role(a, r, 0, a.cols, focused ? BN_INK_SELECTED : BN_INK_SELECTED_IDLE);
		if (focused)
			bn_area_cursor(a, r, 0, false);
	}
	if (v->top + a.rows < v->count && a.rows > 1)
		bn_area_textf(a, a.rows - 1, a.cols - 9, BN_INK_KEY_HELP, " j more ");
}

/* ---- deciding ------------------------------------------------------------------------------------ */

static void approve_ask(model_view *v, const bn_inbox_item *d)
{
	char title[128], body[768];
	const bn_version *m = d->version;
	snprintf(
		title, sizeof title, "Approve %.60s version %lld?", m->name, (long long)m->version);
	bn_version_action(&v->asked.act, BN_ACTION_APPROVE, m);
	v->asked.has_back = false;
	v->asked.measures = d->recomputes > 0;
	v->asked.act.override = d->override_allowed;
	if (v->asked.act.override) {
		snprintf(body, sizeof body,
			"%zu gates fail and %zu are inconclusive. The policy lets you approve all "
			"the "
			"same; the audit log will say OVERRIDE, with your reason.",
			d->gates->failed, d->gates->inconclusive);
		bn_frame_ask(
			v->view.frame, &v->view, BN_CMD_APPROVE, title, body, "override and sign");
		return;
	}
	snprintf(body, sizeof body,
		"Your key signs digest %.12s. Signature %d of %d; with the last one the version is "
		"approved and may become champion. The audit log keeps it for ever, with your reason: Enter "
		"signs when you gave one.",
		m->digest ? m->digest : "-", m->approvals + 1, m->approvals_needed);
	bn_frame_confirm_reason(
		v->view.frame, &v->view, BN_CMD_APPROVE, title, body, "sign and approve");
}

static void reject_ask(model_view *v, const bn_inbox_item *d)
{
	char title[128];
	bn_version_action(&v->asked.act, BN_ACTION_REJECT, d->version);
	v->asked.has_back = v->asked.measures = false;
	snprintf(title, sizeof title, "Reject %.60s version %lld?", d->version->name,
		(long long)d->version->version);
	bn_frame_ask(v->view.frame, &v->view, BN_CMD_REJECT, title,
		"The request is closed; its author can ask again. Your reason is signed and kept "
		"in "
		"the audit log. Why?",
		"sign and reject");
}

/* ---- opening ------------------------------------------------------------------------------------- */

static bool text_open(model_view *v, const bn_sheet *s, const bn_sheet_line *line)
{
	bn_frame *f = v->view.frame;
	char crumb[96];
	bn_buf text = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	bn_sheet_write(s, line, bn_frame_is_utc(f), &text);
	const char *gate =
		line->kind == BN_SHEET_GATE ? s->item->gates->items[line->at].name : NULL;
	const char *what = line->kind == BN_SHEET_PACKAGE ? "image" : "said";
	snprintf(crumb, sizeof crumb, "%s%.80s", gate ? "gate " : what, gate ? gate : "");
	int rc = bn_view_text_new(&made, f, crumb, text.ptr ? text.ptr : "", &err);
	bn_buf_release(&text);
	if (made)
		bn_view_text_wrap(made);
	return bn_view_open(f, rc, &made, &err);
}

static bool line_open(model_view *v, const bn_sheet *s, const bn_sheet_line *line)
{
	bn_frame *f = v->view.frame;
	const char *run = s->item->version->run_id;
	char ref[BN_REF_BYTES];
	bn_ref_arg arg;
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	int rc = 0;
	switch (line->kind) {
	case BN_SHEET_DATA:
		bn_sheet_data_ref(s->item->version, line->at, ref);
		rc = bn_view_all_rows_new(&made, f, ref, &err);
		break;
	case BN_SHEET_METRIC:
	case BN_SHEET_RUN:
		rc = bn_view_run_new(&made, f, run, &err);
		break;
	case BN_SHEET_ORIGIN:
		rc = bn_view_origin_new(&made, f, run, &err);
		break;
	case BN_SHEET_CARD:
		memset(&arg, 0, sizeof arg);
		memcpy(arg.ref, v->spec, sizeof arg.ref);
		bn_view_load(&v->view, BN_LANE_QUICK, KIND_CARD, bn_view_source(&v->view)->card,
			&arg, sizeof arg);
		return true;
	default:
		return text_open(v, s, line);
	}
	return bn_view_open(f, rc, &made, &err);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	model_view *v = (model_view *)view;
	const bn_sheet *s = data_of(v);
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	int rc;
	if (move(v, id))
		return true;
	if (s && !v->is_behind &&
		bn_version_command(view, &v->asked, s->item->version, s->item->champion, id, arg))
		return true;
	switch (id) {
	case BN_CMD_APPROVE:
	case BN_CMD_REJECT:
		if (s && !v->is_behind && id == BN_CMD_APPROVE)
			approve_ask(v, s->item);
		else if (s && !v->is_behind)
			reject_ask(v, s->item);
		return true;
	case BN_CMD_REPORT:
		bn_view_make_report(view, v->spec);
		return true;
	case BN_CMD_SKEW:
		bn_view_make_skew(view, v->spec);
		return true;
	case BN_CMD_REPRODUCE:
		if (s && !v->is_behind)
			bn_view_reproduce(view, s->item->version->run_id, v->spec, v->spec);
		return true;
	case BN_CMD_VERIFY:
		rc = bn_view_findings_new(&made, view->frame, v->spec, &err);
		return bn_view_open(view->frame, rc, &made, &err);
	case BN_CMD_RELATED:
		rc = bn_view_origin_new(
			&made, view->frame, s ? s->item->version->run_id : NULL, &err);
		return bn_view_open(view->frame, rc, &made, &err);
	case BN_CMD_OPEN:
		return s && v->selected < v->count ? line_open(v, s, &v->lines[v->selected]) : true;
	default:
		return false;
	}
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const model_view *v = (const model_view *)view;
	const bn_inbox_item *d = item_of(v);
	if (id == BN_CMD_RELATED || id == BN_CMD_REPRODUCE) {
		snprintf(why, size, "this version came from no run of this workspace");
		return !d || !d->version->run_id;
	}
	if (d && !v->is_behind && bn_version_refuses(d->version, id, why, size))
		return true;
	if (id != BN_CMD_APPROVE && id != BN_CMD_REJECT)
		return false;
	if (!d || v->is_behind) {
		snprintf(why, size, "the sheet is still being loaded");
		return true;
	}
	if (d->version->state != BN_MODEL_REQUESTED) {
		bn_version_undecided(d->version, why, size);
		return true;
	}
	return bn_item_refuses(d, id, why, size);
}

static void answer(bn_view *view, bn_command_id id, const char *text)
{
	(void)id;
	bn_version_answer(view, &((model_view *)view)->asked, text);
}

static void refresh(bn_view *view)
{
	bn_ref_arg arg = {""};
	memcpy(arg.ref, ((model_view *)view)->spec, sizeof arg.ref);
	if (arg.ref[0])
		bn_view_load(view, BN_LANE_QUICK, KIND_SHEET, bn_view_source(view)->sheet, &arg,
			sizeof arg);
}

static void card_show(model_view *v, bn_page *p)
{
	bn_frame *f = v->view.frame;
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	if (p->data) {
		int rc = bn_view_text_new(&made, f, "card", p->data, &err);
		if (made)
			bn_view_text_wrap(made);
		bn_view_open(f, rc, &made, &err);
	}
	bn_page_free(p);
}

static void page(bn_view *view, bn_page *p)
{
	model_view *v = (model_view *)view;
	if (bn_view_action_done(view, p))
		return;
	if (p->kind == KIND_CARD) {
		card_show(v, p);
		return;
	}
	if (!p->data) {
		bn_page_free(p);
		return;
	}
	bn_page_free(v->page);
	v->page = p;
	v->is_behind = false;
	v->count = bn_sheet_lines(v->lines, p->data);
	v->selected = v->selected < v->count ? v->selected : 0;
}

static void crumb(const bn_view *view, bn_buf *out)
{
	bn_buf_adds(out, ((const model_view *)view)->spec);
}

static void cli(const bn_view *view, bn_buf *out)
{
	bn_buf_addf(out, "binnacle model show %s --json", ((const model_view *)view)->spec);
}

static void view_free(bn_view *view)
{
	model_view *v = (model_view *)view;
	bn_view_release(view);
	bn_page_free(v->page);
	bn_free(v);
}

static void place(const bn_view *view, char *out, size_t size)
{
	const model_view *v = (const model_view *)view;
	out[0] = '\0';
	if (v->count > v->page_rows)
		snprintf(out, size, "line %d/%d", v->selected + 1, v->count);
}

static const bn_view_class model_class = {
	.place = place,
	.name = "",
	.kind = BN_ON(MODEL),
	.refresh_ms = 5000,
	.draw = draw,
	.command = command,
	.refuses = refuses,
	.answer = answer,
	.page = page,
	.refresh = refresh,
	.crumb = crumb,
	.cli = cli,
	.words = bn_version_words,
	.free = view_free,
};

int bn_view_model_new(bn_view **out, bn_frame *f, const char *spec, bn_err *err)
{
	model_view *v = bn_view_alloc(sizeof *v, &model_class, f, err);
	if (!v)
		return BN_ENOMEM;
	snprintf(v->spec, sizeof v->spec, "%s", spec ? spec : "");
	*out = &v->view;
	return 0;
}

void bn_view_model_show(bn_view *view, const char *spec)
{
	model_view *v = (model_view *)view;
	if (strcmp(v->spec, spec) == 0)
		return;
	snprintf(v->spec, sizeof v->spec, "%s", spec);
	v->selected = v->top = 0;
	v->is_behind = true;
	refresh(view);
}
