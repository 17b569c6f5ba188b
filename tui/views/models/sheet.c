/*
 * sheet.c - the lines of one version's sheet, in the order of the questions: what is requested and who must still sign;
 * do the gates pass; is it better than the champion; which run and data is it from; what has been said so far.
 */
#include "core/base/utf8.h"
#include "tui/views/models/_sheet.h"

#include "tui/ui/format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which lines there are ----------------------------------------------------------------------- */

/* A version of a store elsewhere has no digest, and with it no evidence and no approval. */
static bool is_elsewhere(const bn_version *v)
{
	return !v->digest;
}

static const json_t *metrics_of(const bn_version *v)
{
	return json_object_get(v->metrics, is_elsewhere(v) ? "run" : "test");
}

/* Counts of rows are stored with the metrics, but are not metrics. */
static bool is_metric(const char *key)
{
	return strncmp(key, "rows", 4) != 0;
}

static size_t metric_count(const bn_version *v)
{
	const char *key;
	json_t *one;
	size_t n = 0;
	json_object_foreach((json_t *)(uintptr_t)metrics_of(v), key, one) n += is_metric(key);
	return n;
}

/* The metric at that index; NULL past the end. */
static const char *metric_at(const bn_version *v, size_t at, double *value)
{
	const char *key;
	json_t *one;
	json_object_foreach((json_t *)(uintptr_t)metrics_of(v), key, one)
	{
		if (!is_metric(key) || at-- > 0)
			continue;
		*value = json_is_number(one) ? json_number_value(one) : NAN;
		return key;
	}
	return NULL;
}

static void add(bn_sheet_line *out, int *n, bn_sheet_kind kind, size_t at)
{
	if (*n < BN_SHEET_LINES)
		out[(*n)++] = (bn_sheet_line){kind, at};
}

static void add_decisions(bn_sheet_line *out, int *n, const bn_version *m)
{
	bool asked = m->request_reason != NULL;
	for (size_t i = m->n_decisions; i-- > 0;) {
		if (asked && m->decisions[i].time_ms < m->requested_ms) {
			add(out, n, BN_SHEET_ASKED, 0);
			asked = false;
		}
		add(out, n, BN_SHEET_DECISION, i);
	}
	if (asked)
		add(out, n, BN_SHEET_ASKED, 0);
	if (!m->n_decisions && !m->request_reason)
		add(out, n, BN_SHEET_NOTHING_SAID, 0);
}

int bn_sheet_lines(bn_sheet_line out[BN_SHEET_LINES], const bn_sheet *s)
{
	const bn_inbox_item *d = s->item;
	const bn_version *m = d->version;
	int n = 0;
	add(out, &n, BN_SHEET_HEAD, 0);
	if (m->state == BN_MODEL_REQUESTED)
		add(out, &n, BN_SHEET_TO_SIGN, 0);
	if (m->state == BN_MODEL_REQUESTED && d->why_not)
		add(out, &n, BN_SHEET_WHY_NOT, 0);
	if (m->description)
		add(out, &n, BN_SHEET_ABOUT, 0);
	if (d->gates) {
		add(out, &n, BN_SHEET_RULE_GATES, 0);
		for (size_t i = 0; i < d->gates->count; i++)
			add(out, &n, BN_SHEET_GATE, i);
		if (!d->gates->count)
			add(out, &n, BN_SHEET_NO_GATES, 0);
	}
	add(out, &n, BN_SHEET_RULE_METRICS, 0);
	for (size_t i = 0; i < metric_count(m); i++)
		add(out, &n, BN_SHEET_METRIC, i);
	add(out, &n, BN_SHEET_RULE_EVIDENCE, 0);
	for (size_t i = 0; i < json_array_size(m->data); i++)
		add(out, &n, BN_SHEET_DATA, i);
	if (m->run_id)
		add(out, &n, BN_SHEET_RUN, 0);
	if (m->run_id && !is_elsewhere(m))
		add(out, &n, BN_SHEET_ORIGIN, 0);
	if (is_elsewhere(m))
		add(out, &n, BN_SHEET_SOURCE, 0);
	add(out, &n, BN_SHEET_CARD, 0);
	if (s->packages.count)
		add(out, &n, BN_SHEET_RULE_PACKAGES, 0);
	for (size_t i = 0; i < s->packages.count && i < BN_SHEET_PACKAGES; i++)
		add(out, &n, BN_SHEET_PACKAGE, i);
	add(out, &n, BN_SHEET_RULE_SAID, 0);
	add_decisions(out, &n, m);
	return n;
}

bool bn_sheet_data_ref(const bn_version *v, size_t at, char ref[BN_REF_BYTES])
{
	const json_t *data = json_array_get(v->data, at);
	const char *name = json_string_value(json_object_get(data, "name"));
	if (!name)
		return false;
	bn_ref_format(ref, name, "@v", json_integer_value(json_object_get(data, "version")));
	return true;
}

bool bn_sheet_opens(const bn_sheet *s, const bn_sheet_line *line)
{
	char ref[BN_REF_BYTES];
	switch (line->kind) {
	case BN_SHEET_DATA:
		return bn_sheet_data_ref(s->item->version, line->at, ref);
	case BN_SHEET_METRIC:
		return s->item->version->run_id != NULL;
	case BN_SHEET_GATE:
	case BN_SHEET_RUN:
	case BN_SHEET_ORIGIN:
	case BN_SHEET_CARD:
	case BN_SHEET_PACKAGE:
	case BN_SHEET_DECISION:
	case BN_SHEET_ASKED:
	case BN_SHEET_HEAD: /* the request in full, with the signatures */
		return true;
	default:
		return false;
	}
}

/* ---- drawing ------------------------------------------------------------------------------------- */

bn_state bn_model_state_of(bn_model_state s)
{
	switch (s) {
	case BN_MODEL_APPROVED:
		return BN_STATE_OK;
	case BN_MODEL_REQUESTED:
		return BN_STATE_WAIT;
	case BN_MODEL_REJECTED:
		return BN_STATE_FAIL;
	case BN_MODEL_REGISTERED:
	case BN_MODEL_REMOVED:
		return BN_STATE_NONE;
	}
	return BN_STATE_NONE;
}

bool bn_version_is_champion(const bn_version *m)
{
	for (size_t i = 0; i < m->n_aliases; i++)
		if (strcmp(m->aliases[i], "champion") == 0)
			return true;
	return false;
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

char *bn_metric_change(char out[24], const char *metric, double own, double other)
{
	bool points = strstr(metric, "r2") || strstr(metric, "auc") || strstr(metric, "accuracy") ||
		      strstr(metric, "f1");
	out[0] = '\0';
	if (isnan(own) || isnan(other))
		return out;
	if (points || other == 0)
		snprintf(out, 24, "%+.4f", own - other);
	else
		snprintf(out, 24, "%+.1f %%", 100 * (own - other) / fabs(other));
	return out;
}

static void rule_draw(bn_area a, int row, const char *title, const char *more)
{
	int n = (int)strlen(more);
	bn_area_hline(a, row, 0, a.cols, BN_INK_BORDER);
	bn_area_textf(a, row, 1, BN_INK_HEADER, " %s ", title);
	if (n && a.cols - n - 3 > (int)strlen(title) + 4)
		bn_area_textf(a, row, a.cols - n - 3, BN_INK_DIM, " %s ", more);
}

static void head_draw(const bn_sheet *s, bn_area a, int row, const bn_frame *f)
{
	const bn_version *m = s->item->version;
	char when[BN_FORMAT_BYTES];
	bn_state state = bn_model_state_of(m->state);
	int col = bn_area_glyph(a, row, 0, bn_state_ink(state), (bn_glyph_id)bn_state_glyph(state));
	col = bn_area_textf(
		a, row, col + 1, bn_state_ink(state), "%s", bn_model_state_name(m->state));
	col = bn_area_textf(
		a, row, col + 1, BN_INK_STRONG, "%s/%lld", m->name, (long long)m->version);
	for (size_t i = 0; i < m->n_aliases; i++)
		col = bn_area_textf(a, row, col + 1, BN_INK_BEST, "%s", m->aliases[i]);
	bn_buf who = BN_BUF_INIT, line = BN_BUF_INIT;
	bool asked = m->state == BN_MODEL_REQUESTED && m->request_reason;
	bn_version_state_by(m, &who);
	bn_buf_addf(&line, "%s%s%s%s%s%s%s", who.len ? "by " : "", who.len ? who.ptr : "", who.len ? " " : "",
		bn_format_age(when, asked ? m->requested_ms : m->state_ms, bn_frame_now_ms(f)),
		asked ? ": '" : "", asked ? m->request_reason : "", asked ? "'" : "");
	bn_area_field(a, row, col + 2, a.cols - col - 2, BN_INK_TEXT, line.failed ? "" : line.ptr);
	bn_buf_release(&who);
	bn_buf_release(&line);
}

static void to_sign_draw(const bn_sheet *s, bn_area a, int row)
{
	const bn_version *m = s->item->version;
	char done[120] = "", line[400];
	size_t at = 0;
	for (size_t i = 0; i < m->n_decisions; i++)
		if (m->decisions[i].counts && m->decisions[i].approved && at < sizeof done - 40)
			at += (size_t)snprintf(done + at, sizeof done - at, "%s%.30s",
				at ? ", " : "", m->decisions[i].user);
	snprintf(line, sizeof line, "to sign: %d of %d done%s%s%s; %s", m->approvals,
		m->approvals_needed, at ? " (" : "", done, at ? ")" : "",
		s->signers && s->signers[0] ? s->signers : "nobody else may sign");
	bn_area_field(a, row, 0, a.cols, BN_INK_TEXT, line);
}

/* Columns for the names of the gates, out of `room`: the rest is for their claims. */
static int gate_name_cells(const bn_gate_report *gates, int room)
{
	int most = 0;
	for (size_t i = 0; i < gates->count; i++) {
		int width = (int)bn_utf8_width(gates->items[i].name);
		most = width > most ? width : most;
	}
	return most > room * 2 / 5 ? room * 2 / 5 : most;
}

static void gate_draw(const bn_gate_report *gates, size_t i, bn_area a, int row)
{
	const bn_gate_result *g = &gates->items[i];
	bn_state s = verdict_state(g);
	char value[BN_FORMAT_BYTES];
	int at = 2, found = a.cols >= 70 ? 16 : 10;
	if (a.cols >= 110)
		found = 32;
	bn_area_glyph(a, row, 0, bn_state_ink(s), (bn_glyph_id)bn_state_glyph(s));
	bn_area_field(a, row, at, 6, bn_state_ink(s),
		g->verdict == BN_VERDICT_INCONCLUSIVE ? "unsure" : bn_verdict_name(g->verdict));
	bn_area_field(a, row, at + 7, 6, g->severity == BN_GATE_BLOCK ? BN_INK_TEXT : BN_INK_DIM,
		g->severity == BN_GATE_BLOCK ? "blocks" : "warns");
	at += 14;
	int room = a.cols - at - found - 1, name = gate_name_cells(gates, room);
	bn_area_name(a, row, at, name, BN_INK_TEXT, g->name);
	bn_area_field(a, row, at + name + 2, room - name - 2, BN_INK_TEXT, g->claim);
	if (!isnan(g->value))
		bn_area_field_right(a, row, a.cols - found, found, BN_INK_STRONG,
			bn_format_number(value, g->value));
	else
		bn_area_field_right(
			a, row, a.cols - found, found, BN_INK_DIM, g->evidence ? g->evidence : "-");
}

static void gates_title(const bn_gate_report *g, char *out, size_t size)
{
	size_t warns = 0, blocks = 0;
	for (size_t i = 0; i < g->count; i++) {
		bool bad = g->items[i].verdict == BN_VERDICT_FAIL ||
			   g->items[i].verdict == BN_VERDICT_INCONCLUSIVE;
		warns += bad && g->items[i].severity == BN_GATE_WARN;
		blocks += bad && g->items[i].severity == BN_GATE_BLOCK;
	}
	snprintf(out, size, "gates  %zu pass  %zu warn  %zu block", g->passed, warns, blocks);
}

/* Widths of the table of metrics: the names get what three numbers leave. */
typedef struct widths {
	int name, number;
} widths;

static widths widths_of(bn_area a)
{
	int number = a.cols >= 70 ? 14 : 12, name = a.cols - 3 * number;
	name = name > 20 ? 20 : name;
	name = name < 6 ? 6 : name;
	return (widths){name, number};
}

static void metrics_title(const bn_sheet *s, bn_area a, int row)
{
	const bn_inbox_item *d = s->item;
	char title[200], column[40];
	widths w = widths_of(a);
	if (is_elsewhere(d->version))
		snprintf(title, sizeof title, "last values of its run");
	else if (!d->champion)
		snprintf(title, sizeof title, "on the test part; %s",
			bn_version_is_champion(d->version) ? "this is the champion"
							   : "no champion to compare with");
	else
		snprintf(title, sizeof title, "on the test part");
	rule_draw(a, row, title, "");
	if (!d->champion || a.cols < w.name + 3 * w.number)
		return;
	snprintf(column, sizeof column, " %.10s/%lld", d->version->name,
		(long long)d->version->version);
	bn_area_field_right(a, row, w.name, w.number, BN_INK_HEADER, column);
	snprintf(column, sizeof column, " champion/%lld", (long long)d->champion->version);
	bn_area_field_right(a, row, w.name + w.number, w.number, BN_INK_HEADER, column);
	bn_area_field_right(a, row, w.name + 2 * w.number, w.number, BN_INK_HEADER, " change");
}

static void metric_draw(const bn_sheet *s, size_t at, bn_area a, int row)
{
	const bn_inbox_item *d = s->item;
	double own = NAN, other;
	char x[BN_FORMAT_BYTES], change[24];
	widths w = widths_of(a);
	const char *key = metric_at(d->version, at, &own);
	if (!key)
		return;
	bn_area_name(a, row, 0, w.name - 1, BN_INK_TEXT, key);
	bn_area_field_right(a, row, w.name, w.number, BN_INK_STRONG, bn_format_number(x, own));
	if (!d->champion)
		return;
	other = bn_version_metric(d->champion, "test", key);
	bn_area_field_right(
		a, row, w.name + w.number, w.number, BN_INK_TEXT, bn_format_number(x, other));
	bn_area_field_right(a, row, w.name + 2 * w.number, w.number, BN_INK_TEXT,
		bn_metric_change(change, key, own, other));
}

static void evidence_draw(const bn_sheet *s, const bn_sheet_line *line, bn_area a, int row)
{
	const bn_version *m = s->item->version;
	char ref[BN_REF_BYTES], text[256];
	switch (line->kind) {
	case BN_SHEET_DATA:
		if (!bn_sheet_data_ref(m, line->at, ref))
			snprintf(ref, sizeof ref, "without a name");
		const char *role = json_string_value(
			json_object_get(json_array_get(m->data, line->at), "role"));
		snprintf(text, sizeof text, "%.150s  %.40s", ref, role ? role : "");
		bn_area_fact(a, row, "data", BN_INK_TEXT, text);
		return;
	case BN_SHEET_RUN:
		snprintf(text, sizeof text, "%.8s  %.60s", m->run_id, m->trainer ? m->trainer : "");
		bn_area_fact(a, row, "run", BN_INK_TEXT, text);
		return;
	case BN_SHEET_ORIGIN:
		bn_area_fact(a, row, "code", BN_INK_TEXT, "with environment and spec");
		return;
	case BN_SHEET_SOURCE:
		bn_area_fact(a, row, "made of", BN_INK_TEXT, m->source ? m->source : "-");
		return;
	default:
		if (m->is_external) {
			bn_area_fact(a, row, "at", BN_INK_TEXT, m->source ? m->source : "-");
			return;
		}
		if (is_elsewhere(m)) {
			bool staged = m->stage && strcmp(m->stage, "None") != 0;
			snprintf(text, sizeof text, "%s%.40s%s%zu tags", staged ? "stage " : "",
				staged ? m->stage : "", staged ? ", " : "", json_object_size(m->tags));
			bn_area_fact(a, row, "card", BN_INK_TEXT, text);
			return;
		}
		snprintf(text, sizeof text, "model %.12s", m->digest ? m->digest : "-");
		bn_area_fact(a, row, "card", BN_INK_TEXT, text);
		return;
	}
}

static void decision_draw(const bn_decision *d, bn_area a, int row, const bn_frame *f)
{
	char when[BN_FORMAT_BYTES];
	const char *did = d->approved ? "approved" : "rejected";
	int col = bn_area_textf(a, row, 0, BN_INK_DIM, "%s",
		bn_format_when(when, d->time_ms, bn_frame_now_ms(f), bn_frame_is_utc(f)));
	col = bn_area_textf(a, row, col + 1, BN_INK_TEXT, "%.30s", d->user ? d->user : "-");
	col = bn_area_text(a, row, col + 1, d->approved ? BN_INK_TEXT : BN_INK_FAIL,
		d->override ? "OVERRODE, " : "");
	col = bn_area_text(a, row, col, d->approved ? BN_INK_TEXT : BN_INK_FAIL, did);
	char line[300];
	snprintf(line, sizeof line, "%s%.200s%s%s", d->reason ? ": '" : "",
		d->reason ? d->reason : "", d->reason ? "'" : "",
		d->counts ? "" : "  (an earlier request)");
	bn_area_field(a, row, col, a.cols - col, BN_INK_TEXT, line);
}

static void asked_draw(const bn_version *m, bn_area a, int row, const bn_frame *f)
{
	char when[BN_FORMAT_BYTES];
	int col = bn_area_textf(a, row, 0, BN_INK_DIM, "%s",
		bn_format_when(when, m->requested_ms, bn_frame_now_ms(f), bn_frame_is_utc(f)));
	char line[300];
	snprintf(line, sizeof line, "%.30s asked: '%.200s'", m->requester ? m->requester : "-",
		m->request_reason);
	bn_area_field(a, row, col + 1, a.cols - col - 1, BN_INK_TEXT, line);
}

void bn_sheet_draw(
	const bn_sheet *s, const bn_sheet_line *line, bn_area a, int row, const bn_frame *f)
{
	const bn_inbox_item *d = s->item;
	char title[160];
	switch (line->kind) {
	case BN_SHEET_HEAD:
		head_draw(s, a, row, f);
		return;
	case BN_SHEET_TO_SIGN:
		to_sign_draw(s, a, row);
		return;
	case BN_SHEET_WHY_NOT:
		/* What can be done comes first: the reason may be long. */
		snprintf(title, sizeof title, "%s%s: %.110s", bn_item_waits_for_gates(d) ? "not yet" : "you cannot",
			bn_item_lacks_reproduction(d) && d->version->run_id ? " (:reproduce attests it)" : "",
			d->why_not);
		bn_area_field(a, row, 0, a.cols, BN_INK_WARN, title);
		return;
	case BN_SHEET_ABOUT:
		bn_area_field(a, row, 0, a.cols, BN_INK_DIM, d->version->description);
		return;
	case BN_SHEET_RULE_GATES:
		gates_title(d->gates, title, sizeof title);
		rule_draw(a, row, title, "found");
		return;
	case BN_SHEET_NO_GATES:
		bn_area_text(a, row, 0, BN_INK_DIM, "the policy asks for no evidence");
		return;
	case BN_SHEET_GATE:
		gate_draw(d->gates, (size_t)line->at, a, row);
		return;
	case BN_SHEET_RULE_METRICS:
		metrics_title(s, a, row);
		return;
	case BN_SHEET_METRIC:
		metric_draw(s, line->at, a, row);
		return;
	case BN_SHEET_RULE_EVIDENCE:
		rule_draw(a, row, "evidence", "Enter opens the line");
		return;
	case BN_SHEET_RULE_PACKAGES:
		snprintf(title, sizeof title, "the newest %d of %zu", BN_SHEET_PACKAGES,
			s->packages.count);
		rule_draw(a, row, "images", s->packages.count > BN_SHEET_PACKAGES ? title : "");
		return;
	case BN_SHEET_PACKAGE:
		bn_sheet_package_draw(&s->packages.items[line->at], a, row, f);
		return;
	case BN_SHEET_RULE_SAID:
		rule_draw(a, row, "said so far", "");
		return;
	case BN_SHEET_DECISION:
		decision_draw(&d->version->decisions[line->at], a, row, f);
		return;
	case BN_SHEET_ASKED:
		asked_draw(d->version, a, row, f);
		return;
	case BN_SHEET_NOTHING_SAID:
		bn_area_text(a, row, 0, BN_INK_DIM,
			is_elsewhere(d->version) ? "a store elsewhere has no approval; :alias gives it a name"
						 : "nobody has asked for it yet; P does");
		return;
	default:
		evidence_draw(s, line, a, row);
		return;
	}
}

/* ---- in full ------------------------------------------------------------------------------------- */

static void evidence_write(const bn_sheet *s, const bn_gate_result *g, bool utc, bn_buf *out)
{
	char when[BN_FORMAT_BYTES], n[BN_FORMAT_BYTES];
	size_t shown = 0;
	for (size_t i = 0; s->evidence && i < s->evidence->count; i++) {
		const bn_evidence *e = &s->evidence->items[i];
		bool about = (e->metric && strstr(g->claim, e->metric)) ||
			     (e->check && strstr(g->claim, e->check));
		if (!about)
			continue;
		bn_buf_addf(out, "\n%s by %s, %s%s\n", shown++ ? "also" : "measured", e->user,
			bn_format_time(when, e->time_ms, utc),
			e->counts ? "" : " (does not count)");
		if (e->metric)
			bn_buf_addf(out, "  %s %s = %s", e->part ? e->part : "", e->metric,
				bn_format_exact(n, e->value));
		else
			bn_buf_addf(out, "  %s: %s", e->check ? e->check : "-",
				e->verdict ? e->verdict : "-");
		bn_buf_addf(out, "%s%s%s%s\n", e->dataset ? " on " : "",
			e->dataset ? e->dataset : "", e->detail ? ", " : "",
			e->detail ? e->detail : "");
		if (e->how)
			bn_buf_addf(out, "  %s\n", e->how);
	}
}

static void gate_write(const bn_sheet *s, const bn_gate_result *g, bool utc, bn_buf *out)
{
	char x[BN_FORMAT_BYTES];
	bn_buf_addf(out, "gate       %s\nverdict    %s, %s\nwanted     %s\nfound      %s\n",
		g->name, bn_verdict_name(g->verdict),
		g->severity == BN_GATE_BLOCK ? "blocks the approval" : "warns", g->claim,
		g->evidence ? g->evidence : "-");
	if (!isnan(g->value))
		bn_buf_addf(out, "value      %s\n", bn_format_exact(x, g->value));
	if (!isnan(g->threshold))
		bn_buf_addf(out, "limit      %s\n", bn_format_exact(x, g->threshold));
	bn_buf_addf(out, "says       %s\n", g->source ? g->source : "-");
	if (g->recomputes)
		bn_buf_adds(out, "approving measures it first\n");
	evidence_write(s, g, utc, out);
}

static void request_write(const bn_sheet *s, bool utc, bn_buf *out)
{
	const bn_version *m = s->item->version;
	char when[BN_FORMAT_BYTES];
	bn_buf_addf(out, "version    %s/%lld, %s\nauthor     %s\nregistered by %s, %s\n", m->name,
		(long long)m->version, bn_model_state_name(m->state), m->author ? m->author : "-",
		m->registrar ? m->registrar : "-", bn_format_time(when, m->registered_ms, utc));
	if (m->request_reason)
		bn_buf_addf(out, "asked by   %s, %s\n           %s\n",
			m->requester ? m->requester : "-",
			bn_format_time(when, m->requested_ms, utc), m->request_reason);
	bn_buf_addf(out, "signatures %d of %d; %s\n", m->approvals, m->approvals_needed,
		s->signers && s->signers[0] ? s->signers : "nobody else may sign");
	if (s->item->why_not)
		bn_buf_addf(out, "you        %s\n", s->item->why_not);
	bn_buf_addf(out, "digest     %s\n", m->digest ? m->digest : "-");
	if (m->contested)
		bn_buf_addf(out, "contested  %s\n", m->contested);
}

static void decision_write(const bn_decision *d, bool utc, bn_buf *out)
{
	char when[BN_FORMAT_BYTES];
	bn_buf_addf(out, "%s %s%s\n%s\n\n%s\n", d->user ? d->user : "-",
		d->approved ? "approved" : "rejected",
		d->override ? ", although gates did not pass (OVERRIDE)" : "",
		bn_format_time(when, d->time_ms, utc),
		d->reason ? d->reason : "no reason was given");
	if (!d->counts)
		bn_buf_adds(out, "\nof an earlier request: it does not count for this one\n");
	bn_buf_addf(out, "\npolicy     %s\nkey        %s\n", d->policy_hash ? d->policy_hash : "-",
		d->public_key ? d->public_key : "-");
	char *gates = d->gates ? json_dumps(d->gates, JSON_INDENT(2)) : NULL;
	if (gates)
		bn_buf_addf(out, "\ngates, as they stood then\n%s\n", gates);
	free(gates);
}

void bn_sheet_write(const bn_sheet *s, const bn_sheet_line *line, bool utc, bn_buf *out)
{
	const bn_inbox_item *d = s->item;
	if (line->kind == BN_SHEET_GATE)
		gate_write(s, &d->gates->items[line->at], utc, out);
	else if (line->kind == BN_SHEET_PACKAGE)
		bn_sheet_package_write(&s->packages.items[line->at], utc, out);
	else if (line->kind == BN_SHEET_DECISION)
		decision_write(&d->version->decisions[line->at], utc, out);
	else
		request_write(s, utc, out);
}
