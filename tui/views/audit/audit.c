/* audit.c - who did what, when, and whether it was allowed; Enter shows the whole record. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "tui/ui/format.h"
#include "tui/views/_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COL_TIME, COL_OUTCOME, COL_USER, COL_WHAT, COL_ENTITY, COL_SIGNED, COL_SUMMARY, COLUMNS };

static const bn_grid_column columns[COLUMNS] = {
	[COL_TIME] = {.title = "when",
		.name = "time_ms",
		.form = BN_COLUMN_TIME,
		.falls = true,
		.min = 14},
	[COL_OUTCOME] = {.title = "outcome",
		.name = "standing",
		.form = BN_COLUMN_STATE,
		.falls = true,
		.min = 10},
	[COL_USER] = {.title = "who", .name = "who", .min = 4, .max = 14},
	[COL_WHAT] = {.title = "what", .name = "kind", .min = 10, .max = 24},
	[COL_ENTITY] = {.title = "on",
		.name = "entity",
		.min = 12,
		.max = 40,
		.wish = 20,
		.priority = 1,
		.flexible = true},
	[COL_SIGNED] = {.title = "signed", .min = 6, .priority = 3},
	[COL_SUMMARY] = {.title = "detail",
		.name = "summary",
		.min = 10,
		.flexible = true,
		.prose = true,
		.max = 80,
		.priority = 2},
};

static const bn_audit_row *item(const bn_list *l, int64_t row)
{
	const bn_audit_page *d = bn_list_data(l);
	return d && row >= 0 && (size_t)row < d->count ? &d->items[row] : NULL;
}

static int64_t grid_rows(void *ctx)
{
	const bn_audit_page *d = bn_list_data(ctx);
	return d ? (int64_t)d->count : 0;
}

/* The person whose key signed it, else the account. */
static const char *who(const bn_audit_row *r)
{
	return r->person ? r->person : r->user;
}

/* Applied, but not all of it: the rest is of a newer binnacle. */
static bool is_part(const bn_audit_row *r)
{
	return r->outcome == BN_OUTCOME_NEWER || r->unknown;
}

static bn_state outcome_state(const bn_audit_row *r)
{
	bool changed = r->outcome == BN_OUTCOME_APPLIED || r->outcome == BN_OUTCOME_NEWER;
	if (!changed)
		return BN_STATE_FAIL;
	return is_part(r) ? BN_STATE_WARN : BN_STATE_OK;
}

static void detail_cell(const bn_audit_row *r, bn_grid_cell *out)
{
	out->ink = r->reason ? BN_INK_FAIL : BN_INK_DIM;
	out->text = r->reason ? r->reason : r->summary;
	if (is_part(r))
		out->ink = BN_INK_WARN;
	if (r->outcome == BN_OUTCOME_NEWER)
		snprintf(out->buf, sizeof out->buf, "%.40s: of a newer binnacle; kept, not shown",
			r->reason ? r->reason : "not known");
	else if (r->unknown && !r->reason)
		snprintf(out->buf, sizeof out->buf, "%.50s: of a newer binnacle; kept, not shown",
			r->unknown);
	else
		return;
	out->text = out->buf;
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const bn_audit_row *r = item(ctx, row);
	switch (col) {
	case COL_TIME:
		out->number = (double)r->time_ms;
		out->ink = BN_INK_DIM;
		return;
	case COL_OUTCOME:
		bn_state_cell(out, outcome_state(r), r->standing);
		return;
	case COL_USER:
		out->text = who(r);
		return;
	case COL_WHAT:
		out->text = r->kind;
		return;
	case COL_ENTITY:
		out->text = r->entity;
		return;
	case COL_SIGNED:
		out->text = r->is_signed ? "yes" : "";
		return;
	default:
		detail_cell(r, out);
		return;
	}
}

static uint64_t grid_key(void *ctx, int64_t row)
{
	const bn_audit_row *r = item(ctx, row);
	uint64_t h = r->clock;
	for (const char *s = r->writer ? r->writer : ""; *s; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	return h + r->seq;
}

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell, .key = grid_key};

static void draw(bn_view *view, bn_area a, bool focused)
{
	const bn_audit_page *d = bn_list_data((bn_list *)view);
	char shown[BN_FORMAT_BYTES], total[BN_FORMAT_BYTES];
	if (d && d->total && a.rows > 5) {
		int col = bn_area_textf(a, a.rows - 1, 1, BN_INK_DIM, "the newest %s of %s records",
			bn_format_count(shown, (int64_t)d->count),
			bn_format_count(total, (int64_t)d->total));
		if (d->refused)
			col = bn_area_textf(
				a, a.rows - 1, col, BN_INK_FAIL, ", %zu refused", d->refused);
		if (d->newer)
			bn_area_textf(a, a.rows - 1, col, BN_INK_WARN, ", %zu of a newer binnacle",
				d->newer);
		a.rows--;
	}
	bn_list_draw(view, a, focused);
}

/* The payload as a person reads it: a field in a line. */
static void payload_text(bn_buf *text, const char *payload)
{
	json_t *parsed = NULL;
	char *lines = NULL;
	if (payload && !bn_json_parse(&parsed, payload, strlen(payload), "payload", NULL))
		lines = json_dumps(
			parsed, JSON_INDENT(2) | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	if (!payload)
		payload = "(not text)";
	bn_buf_addf(text, "\n%s\n", lines ? lines : payload);
	free(lines);
	json_decref(parsed);
}

static void record_text(bn_buf *text, const bn_audit_row *r, bool utc)
{
	char when[BN_FORMAT_BYTES];
	bn_format_time(when, r->time_ms, utc);
	bn_buf_addf(text, "what      %s\non        %s\nwhen      %s\nwho       %s (uid %u)\n",
		r->kind, r->entity, when, r->user, (unsigned)r->uid);
	bn_buf_addf(text, "outcome   %s%s%s\nsigned    %s%s\nwriter    %s, record %llu\n",
		r->standing, r->reason ? ": " : "", r->reason ? r->reason : "",
		r->person      ? "by "
		: r->is_signed ? "yes"
			       : "no",
		r->person ? r->person : "", r->writer ? r->writer : "-",
		(unsigned long long)r->seq);
	if (strcmp(r->standing, "late") == 0)
		bn_buf_adds(
			text, "again     :late lists yours, with the command that repeats each\n");
	if (r->unknown)
		bn_buf_addf(text, "not known %s: of a newer binnacle; kept, not shown elsewhere\n",
			r->unknown);
	payload_text(text, r->payload);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	bn_list *l = (bn_list *)view;
	const bn_audit_row *r = item(l, bn_grid_selected_row(&l->grid));
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	bn_buf text = BN_BUF_INIT;
	(void)arg;
	if (id == BN_CMD_VERIFY)
		return bn_view_open(view->frame, bn_view_findings_new(&made, view->frame, "", &err),
			&made, &err);
	if (id != BN_CMD_OPEN || !r)
		return false;
	record_text(&text, r, bn_frame_is_utc(view->frame));
	int rc = bn_view_text_new(&made, view->frame, r->kind, text.ptr, &err);
	bn_buf_release(&text);
	return bn_view_open(view->frame, rc, &made, &err);
}

static void refresh(bn_view *view)
{
	bn_view_load(view, BN_LANE_QUICK, 0, bn_view_source(view)->audit, NULL, 0);
}

static void cli(const bn_view *view, bn_buf *out)
{
	(void)view;
	bn_buf_adds(out, "binnacle audit log --json");
}

static const bn_view_class audit_class = {
	.name = "Audit",
	.kind = BN_ON(AUDIT),
	.refresh_ms = 5000,
	.draw = draw,
	.command = command,
	.page = bn_list_page,
	.refresh = refresh,
	.cli = cli,
	.cli_is_list = true,
	.table = bn_list_grid,
	.free = bn_list_free,
};

int bn_view_audit_new(bn_view **out, bn_frame *f, bn_err *err)
{
	bn_list *l = NULL;
	int rc = bn_list_new(&l, sizeof *l, &audit_class, f, &source, columns, COLUMNS, NULL, err);
	if (!rc)
		*out = &l->view;
	return rc;
}
