/*
 * model.c - the sheet of one model version: who asks for what, each gate with verdict and evidence,
 * challenger against champion, whose signatures there are. A approves and R rejects; when that is
 * not allowed the sheet says why before anybody tries.
 */
#include "core/base/mem.h"
#include "tui/ui/format.h"
#include "tui/views/views.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct model_view {
	bn_view view;
	bn_page *page;
	char spec[BN_REF_BYTES];
	int top, page_rows;
	bool overriding;
} model_view;

static const bn_inbox_item *data_of(const model_view *v)
{
	return v->page ? v->page->data : NULL;
}

static bn_state verdict_state(const bn_gate_result *g)
{
	switch (g->verdict) {
	case BN_VERDICT_PASS:
		return BN_STATE_OK;
	case BN_VERDICT_FAIL:
		return g->severity == BN_GATE_BLOCK ? BN_STATE_FAIL : BN_STATE_WARN;
	case BN_VERDICT_INCONCLUSIVE:
		return BN_STATE_WARN;
	case BN_VERDICT_NOT_APPLICABLE:
		return BN_STATE_NONE;
	}
	return BN_STATE_NONE;
}

static int gates_draw(const bn_gate_report *g, bn_area a, int row)
{
	bn_area_textf(a, row, 0, BN_INK_HEADER, "gates");
	bn_area_textf(a, row++, 8, BN_INK_DIM, "%zu pass, %zu fail, %zu inconclusive%s", g->passed,
		g->failed, g->inconclusive, g->blocked ? "; approval is blocked" : "");
	int name = a.cols >= 100 ? 22 : 14, claim = a.cols >= 100 ? 30 : 22;
	for (size_t i = 0; i < g->count; i++, row++) {
		const bn_gate_result *r = &g->items[i];
		bn_state s = verdict_state(r);
		bn_area_glyph(a, row, 0, bn_state_ink(s), (bn_glyph_id)bn_state_glyph(s));
		bn_area_field(a, row, 2, 12, bn_state_ink(s), bn_verdict_name(r->verdict));
		bn_area_name(a, row, 15, name, BN_INK_TEXT, r->name);
		bn_area_field(a, row, 16 + name, claim, BN_INK_TEXT, r->claim);
		int at = 17 + name + claim;
		bn_area_field(a, row, at, a.cols - at, BN_INK_DIM, r->evidence ? r->evidence : "");
	}
	if (!g->count)
		bn_area_text(a, row++, 2, BN_INK_DIM, "the policy asks for no evidence");
	return row + 1;
}

static bool is_champion(const bn_version *m)
{
	for (size_t i = 0; i < m->n_aliases; i++)
		if (strcmp(m->aliases[i], "champion") == 0)
			return true;
	return false;
}

/* One line per test metric: this version, the champion, and the difference. */
static int metrics_draw(const bn_inbox_item *d, bn_area a, int row)
{
	const json_t *test = json_object_get(d->version->metrics, "test");
	const char *key;
	json_t *value;
	char x[BN_FORMAT_BYTES], y[BN_FORMAT_BYTES], z[BN_FORMAT_BYTES], name[64];
	bn_area_text(a, row, 0, BN_INK_HEADER, "on the test part");
	snprintf(name, sizeof name, "version %lld", (long long)d->version->version);
	bn_area_field_right(a, row, 20, 14, BN_INK_HEADER, name);
	if (d->champion) {
		snprintf(name, sizeof name, "champion %lld", (long long)d->champion->version);
		bn_area_field_right(a, row, 36, 14, BN_INK_HEADER, name);
		bn_area_field_right(a, row, 52, 14, BN_INK_HEADER, "difference");
	} else {
		bn_area_text(a, row, 36, BN_INK_DIM,
			is_champion(d->version) ? "this is the champion"
						: "no champion to compare with");
	}
	row++;
	json_object_foreach((json_t *)(uintptr_t)test, key, value)
	{
		double own = json_is_number(value) ? json_number_value(value) : NAN;
		double other = d->champion ? bn_version_metric(d->champion, "test", key) : NAN;
		bn_area_name(a, row, 0, 19, BN_INK_TEXT, key);
		bn_area_field_right(a, row, 20, 14, BN_INK_STRONG, bn_format_number(x, own));
		if (d->champion) {
			bn_area_field_right(
				a, row, 36, 14, BN_INK_TEXT, bn_format_number(y, other));
			bn_format_number(z, own - other);
			bn_area_field_right(a, row, 52, 14, BN_INK_TEXT, z);
		}
		row++;
	}
	return row + 1;
}

static int decisions_draw(const model_view *v, const bn_version *m, bn_area a, int row)
{
	char when[BN_FORMAT_BYTES];
	bn_area_textf(a, row++, 0, BN_INK_HEADER, "signatures: %d of %d", m->approvals,
		m->approvals_needed);
	for (size_t i = 0; i < m->n_decisions; i++, row++) {
		const bn_decision *d = &m->decisions[i];
		int col = bn_area_textf(a, row, 0, d->approved ? BN_INK_OK : BN_INK_FAIL, "%s",
			d->approved ? "approved" : "rejected");
		if (d->override)
			col = bn_area_text(a, row, col, BN_INK_FAIL, " OVERRIDE");
		col = bn_area_textf(a, row, col, BN_INK_TEXT, "  %s, %s", d->user,
			bn_format_time(when, d->time_ms, bn_frame_is_utc(v->view.frame)));
		bn_area_textf(a, row, col, BN_INK_DIM, "  %s%s", d->reason ? d->reason : "",
			d->counts ? "" : "  (of an earlier request)");
	}
	if (!m->n_decisions)
		bn_area_text(a, row++, 2, BN_INK_DIM, "nobody has decided yet");
	return row + 1;
}

static bn_state model_state(bn_model_state s)
{
	return s == BN_MODEL_APPROVED    ? BN_STATE_OK
	       : s == BN_MODEL_REQUESTED ? BN_STATE_WAIT
	       : s == BN_MODEL_REJECTED  ? BN_STATE_FAIL
					 : BN_STATE_NONE;
}

static int head_draw(const model_view *v, const bn_inbox_item *d, bn_area a, int row)
{
	const bn_version *m = d->version;
	char when[BN_FORMAT_BYTES], text[256];
	bn_state s = model_state(m->state);
	int64_t now = bn_frame_now_ms(v->view.frame);
	int col = bn_area_glyph(a, row, 0, bn_state_ink(s), (bn_glyph_id)bn_state_glyph(s));
	col = bn_area_textf(a, row, col + 1, bn_state_ink(s), "%s", bn_model_state_name(m->state));
	bn_area_textf(a, row++, col + 2, BN_INK_STRONG, "%s/%lld", m->name, (long long)m->version);
	if (m->request_reason) {
		snprintf(text, sizeof text, "%.30s, %s: %.180s", m->requester ? m->requester : "-",
			bn_format_age(when, m->requested_ms, now), m->request_reason);
		row = bn_area_fact(a, row, "asked by", BN_INK_TEXT, text);
	}
	snprintf(text, sizeof text, "%.30s%s%.30s", m->author ? m->author : "-",
		m->registrar && m->author && strcmp(m->registrar, m->author) != 0
			? ", registered by "
			: "",
		m->registrar && m->author && strcmp(m->registrar, m->author) != 0 ? m->registrar
										  : "");
	row = bn_area_fact(a, row, "author", BN_INK_TEXT, text);
	snprintf(text, sizeof text, "%.40s, run %.8s, digest %.12s", m->trainer ? m->trainer : "-",
		m->run_id ? m->run_id : "-", m->digest ? m->digest : "-");
	row = bn_area_fact(a, row, "trained by", BN_INK_TEXT, text);
	const json_t *data = json_array_get(m->data, 0);
	snprintf(text, sizeof text, "%.100s@v%lld",
		json_string_value(json_object_get(data, "name"))
			? json_string_value(json_object_get(data, "name"))
			: "-",
		(long long)json_integer_value(json_object_get(data, "version")));
	row = bn_area_fact(a, row, "data", BN_INK_TEXT, data ? text : NULL);
	if (m->description)
		row = bn_area_fact(a, row, "about", BN_INK_TEXT, m->description);
	if (m->state == BN_MODEL_REQUESTED && d->why_not)
		row = bn_area_fact(a, row, "you cannot", BN_INK_WARN, d->why_not);
	return row + 1;
}

static int sheet_draw(const model_view *v, const bn_inbox_item *d, bn_area a, int row)
{
	row = head_draw(v, d, a, row);
	if (d->gates)
		row = gates_draw(d->gates, a, row);
	row = metrics_draw(d, a, row);
	return decisions_draw(v, d->version, a, row);
}

static void draw(bn_view *view, bn_area a, bool focused)
{
	model_view *v = (model_view *)view;
	const bn_inbox_item *d = data_of(v);
	bn_area nowhere = {a.s, 0, 0, 0, a.cols};
	if (!d) {
		bn_area_glyph(a, 0, 1, BN_INK_DIM, BN_GLYPH_ELLIPSIS);
		return;
	}
	int rows = sheet_draw(v, d, nowhere, 0) - 1;
	v->page_rows = a.rows > 1 ? a.rows : 1;
	v->top = v->top > rows - a.rows ? rows - a.rows : v->top;
	v->top = v->top < 0 ? 0 : v->top;
	sheet_draw(v, d, bn_area_sub(a, 0, 1, a.rows, a.cols - 1), -v->top);
	if (focused)
		bn_area_cursor(a, 0, 0, false);
	if (v->top + a.rows < rows)
		bn_area_textf(a, a.rows - 1, a.cols - 9, BN_INK_KEY_HELP, " j more ");
}

static void approve_ask(model_view *v, const bn_inbox_item *d)
{
	char title[128], body[768];
	const bn_version *m = d->version;
	snprintf(
		title, sizeof title, "Approve %.60s version %lld?", m->name, (long long)m->version);
	v->overriding = d->gates && d->gates->blocked;
	if (v->overriding) {
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
		"approved and may become champion. The audit log keeps it for ever.",
		m->digest ? m->digest : "-", m->approvals + 1, m->approvals_needed);
	bn_frame_confirm(v->view.frame, &v->view, BN_CMD_APPROVE, title, body, "sign and approve");
}

static void reject_ask(model_view *v, const bn_inbox_item *d)
{
	char title[128];
	snprintf(title, sizeof title, "Reject %.60s version %lld?", d->version->name,
		(long long)d->version->version);
	bn_frame_ask(v->view.frame, &v->view, BN_CMD_REJECT, title,
		"The request is closed; its author can ask again. Your reason is signed and kept "
		"in "
		"the audit log. Why?",
		"sign and reject");
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	model_view *v = (model_view *)view;
	const bn_inbox_item *d = data_of(v);
	(void)arg;
	switch (id) {
	case BN_CMD_APPROVE:
	case BN_CMD_REJECT:
		if (d && id == BN_CMD_APPROVE)
			approve_ask(v, d);
		else if (d)
			reject_ask(v, d);
		return true;
	case BN_CMD_REPORT:
		bn_view_make_report(view, v->spec);
		return true;
	case BN_CMD_VERIFY: {
		bn_err err = BN_ERR_INIT;
		bn_view *made = NULL;
		int rc = bn_view_findings_new(&made, view->frame, v->spec, &err);
		return bn_view_open(view->frame, rc, &made, &err);
	}
	case BN_CMD_OPEN: {
		bn_err err = BN_ERR_INIT;
		bn_view *made = NULL;
		int rc = bn_view_run_new(&made, view->frame, d->version->run_id, &err);
		return bn_view_open(view->frame, rc, &made, &err);
	}
	case BN_CMD_UP:
		v->top--;
		return true;
	case BN_CMD_DOWN:
		v->top++;
		return true;
	case BN_CMD_PAGE_UP:
	case BN_CMD_HALF_UP:
		v->top -= v->page_rows / (id == BN_CMD_HALF_UP ? 2 : 1);
		return true;
	case BN_CMD_PAGE_DOWN:
	case BN_CMD_HALF_DOWN:
		v->top += v->page_rows / (id == BN_CMD_HALF_DOWN ? 2 : 1);
		return true;
	case BN_CMD_TOP:
		v->top = 0;
		return true;
	case BN_CMD_BOTTOM:
		v->top = 1 << 20;
		return true;
	default:
		return false;
	}
}

static bool refuses(bn_view *view, bn_command_id id, char *why, size_t size)
{
	const bn_inbox_item *d = data_of((model_view *)view);
	if (id == BN_CMD_OPEN) {
		snprintf(why, size, "this version came from no run of this workspace");
		return !d || !d->version->run_id;
	}
	if (id != BN_CMD_APPROVE && id != BN_CMD_REJECT)
		return false;
	if (!d) {
		snprintf(why, size, "the sheet is still being loaded");
		return true;
	}
	if (d->version->state != BN_MODEL_REQUESTED) {
		snprintf(why, size, "only an open request can be decided; this one is %s",
			bn_model_state_name(d->version->state));
		return true;
	}
	bool can_override = d->override_allowed && d->gates && d->gates->blocked;
	if (id == BN_CMD_REJECT ? d->can_reject : d->can_approve || can_override)
		return false;
	snprintf(why, size, "%s", d->why_not ? d->why_not : "the policy does not allow it");
	return true;
}

static void answer(bn_view *view, bn_command_id id, const char *text)
{
	model_view *v = (model_view *)view;
	bool approve = id == BN_CMD_APPROVE;
	bn_view_do(view, approve ? BN_DEED_APPROVE : BN_DEED_REJECT, v->spec, text,
		approve && v->overriding);
}

static void refresh(bn_view *view)
{
	bn_ref_arg arg = {""};
	memcpy(arg.ref, ((model_view *)view)->spec, sizeof arg.ref);
	bn_view_load(view, BN_LANE_QUICK, 0, bn_view_source(view)->sheet, &arg, sizeof arg);
}

static void page(bn_view *view, bn_page *p)
{
	model_view *v = (model_view *)view;
	if (bn_view_deed_done(view, p))
		return;
	if (!p->data) {
		bn_page_free(p);
		return;
	}
	bn_page_free(v->page);
	v->page = p;
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

static const bn_view_class model_class = {
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
	.free = view_free,
};

int bn_view_model_new(bn_view **out, bn_frame *f, const char *spec, bn_err *err)
{
	model_view *v = bn_view_alloc(sizeof *v, &model_class, f, err);
	if (!v)
		return BN_ENOMEM;
	snprintf(v->spec, sizeof v->spec, "%s", spec);
	*out = &v->view;
	return 0;
}
