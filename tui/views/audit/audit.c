/*
 * audit.c - who did what, when, and whether it was allowed: the decisions, or with v all records, where consecutive
 * ones of one run are a single line; w filters by user, action, object and outcome. The selected record is shown in
 * full below or beside the list.
 */
#include "core/base/hash_key.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "tui/ui/format.h"
#include "tui/ui/shell_word.h"
#include "tui/views/_list.h"

#include <stdio.h>
#include <string.h>

enum { COL_TIME, COL_OUTCOME, COL_USER, COL_DID, COL_WHAT, COL_WHY, COL_SIGNED, COLUMNS };

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
		.min = 9,
		.priority = 1},
	[COL_USER] = {.title = "who", .name = "who", .min = 4, .max = 14},
	[COL_DID] = {.title = "did", .name = "kind", .min = 10, .max = 26},
	[COL_WHAT] = {.title = "what",
		.name = "entity",
		.min = 8,
		.max = 24,
		.wish = 10,
		.flexible = true},
	[COL_WHY] = {.title = "why or with what",
		.name = "summary",
		.min = 14,
		.flexible = true,
		.prose = true,
		.max = 80},
	[COL_SIGNED] = {.title = "signed", .min = 6, .priority = 4},
};

/* A record, or consecutive records of one run. */
typedef struct audit_line {
	size_t first, count;
} audit_line;

typedef struct audit_view {
	bn_list list;
	audit_line *lines;
	size_t count;
	uint64_t
		*opened; /* runs whose records are listed separately, by key of the oldest one */
	size_t opened_count, opened_cap;
	bn_audit_arg arg;
	char where[BN_TYPED_BYTES]; /* as typed */
	bool where_is_last; /* typed after the filter */
} audit_view;

static const bn_audit_page *page_of(const audit_view *v)
{
	return bn_list_data(&v->list);
}

static const audit_line *line_at(const audit_view *v, int64_t row)
{
	return row >= 0 && (size_t)row < v->count ? &v->lines[row] : NULL;
}

/* The newest record of a line. */
static const bn_audit_row *item(const audit_view *v, int64_t row)
{
	const audit_line *l = line_at(v, row);
	const bn_audit_page *d = page_of(v);
	return l && d && l->first < d->count ? &d->items[l->first] : NULL;
}

static uint64_t key_of(const bn_audit_row *r)
{
	return bn_hash_key_on(r->clock, r->writer ? r->writer : "") + r->seq;
}

/* Identifies a run's records by the oldest one, which does not change when newer ones arrive. */
static bool is_opened(const audit_view *v, const bn_audit_row *oldest)
{
	for (size_t i = 0; i < v->opened_count; i++)
		if (v->opened[i] == key_of(oldest))
			return true;
	return false;
}

static bool same_run(const bn_audit_row *a, const bn_audit_row *b)
{
	return bn_str_starts(a->entity, "run/") && strcmp(a->entity, b->entity) == 0;
}

static int lines_make(audit_view *v, const bn_audit_page *d)
{
	audit_line *lines = bn_alloc((d->count + 1) * sizeof *lines);
	size_t n = 0;
	if (!lines)
		return -1;
	for (size_t i = 0, k; i < d->count; i = k) {
		for (k = i + 1;
			!v->arg.decisions && k < d->count && same_run(&d->items[i], &d->items[k]);
			k++)
			;
		bool opened = k > i + 1 && is_opened(v, &d->items[k - 1]);
		if (k == i + 1 || !opened)
			lines[n++] = (audit_line){i, k - i};
		for (size_t j = i; opened && j < k; j++)
			lines[n++] = (audit_line){j, 1};
	}
	bn_free(v->lines);
	v->lines = lines;
	v->count = n;
	return 0;
}

static int64_t grid_rows(void *ctx)
{
	return (int64_t)((const audit_view *)ctx)->count;
}

/* The person whose key signed it, otherwise the account. */
static const char *who(const bn_audit_row *r)
{
	return r->person ? r->person : r->user;
}

/* Partly applied: the rest is of a newer binnacle. */
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

static void why_cell(const audit_line *l, const bn_audit_row *r, bn_grid_cell *out)
{
	char why[400];
	if (l->count > 1) {
		snprintf(out->buf, sizeof out->buf, "%zu records; Enter lists them", l->count);
	} else if (r->outcome == BN_OUTCOME_NEWER) {
		snprintf(out->buf, sizeof out->buf, "%.40s: of a newer binnacle; kept, not shown",
			r->reason ? r->reason : "not known");
	} else if (r->unknown && !r->reason) {
		snprintf(out->buf, sizeof out->buf, "%.50s: of a newer binnacle; kept, not shown",
			r->unknown);
	} else {
		bn_audit_why(r, why, sizeof why);
		snprintf(out->buf, sizeof out->buf, "%.90s", why);
		out->full = r->summary;
	}
	out->text = out->buf;
	out->ink = r->reason ? BN_INK_FAIL : BN_INK_TEXT;
	if (is_part(r))
		out->ink = BN_INK_WARN;
	if (l->count > 1)
		out->ink = BN_INK_DIM;
}

static void grid_cell(void *ctx, int64_t row, int col, bn_grid_cell *out)
{
	const audit_line *l = line_at(ctx, row);
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
	case COL_DID:
		bn_audit_did(r, out->buf, sizeof out->buf);
		out->text = out->buf;
		out->full = r->kind;
		return;
	case COL_WHAT:
		bn_audit_what(r, out->buf, sizeof out->buf);
		out->text = out->buf;
		out->full = r->entity;
		return;
	case COL_WHY:
		why_cell(l, r, out);
		return;
	default:
		out->text = r->is_signed ? "yes" : "";
		return;
	}
}

static uint64_t grid_key(void *ctx, int64_t row)
{
	return key_of(item(ctx, row));
}

static const bn_grid_source source = {.rows = grid_rows, .cell = grid_cell, .key = grid_key};

/* ---- drawing ------------------------------------------------------------------------------------- */

static void head_draw(const audit_view *v, const bn_audit_page *d, bn_area a)
{
	char shown[BN_FORMAT_BYTES], total[BN_FORMAT_BYTES];
	int col = bn_area_textf(a, 0, 1, BN_INK_TEXT, "the newest %s of %s %s",
		bn_format_count(shown, (int64_t)d->count),
		bn_format_count(total, (int64_t)d->total),
		v->arg.decisions ? "decisions" : "records");
	if (d->refused)
		col = bn_area_textf(a, 0, col, BN_INK_FAIL, ", %zu refused", d->refused);
	if (d->newer_apart) /* the listed ones, and those of an unknown kind */
		col = bn_area_textf(a, 0, col, BN_INK_WARN, ", %zu + %zu of a newer binnacle",
			d->newer, d->newer_apart);
	else if (d->newer)
		col = bn_area_textf(a, 0, col, BN_INK_WARN, ", %zu of a newer binnacle", d->newer);
	if (v->where[0])
		col = bn_area_textf(a, 0, col, BN_INK_DIM, "  where %.60s", v->where);
	bn_area_text(
		a, 0, col + 2, BN_INK_DIM, v->arg.decisions ? "v shows all" : "v shows decisions");
}

/* The selected record in full. */
static void detail_draw(const audit_view *v, const bn_audit_row *r, bn_area a)
{
	bn_buf text = BN_BUF_INIT;
	int row = 0;
	bn_audit_write(r, bn_frame_is_utc(v->list.view.frame), a.cols, &text);
	for (char *at = text.ptr, *line; at && row < a.rows && (line = strsep(&at, "\n"));)
		if (*line || at)
			bn_area_text(a, row++, 0, BN_INK_TEXT, line);
	bn_buf_release(&text);
}

enum { STACKED_FROM = 18, STACKED = 7 };

static void draw(bn_view *view, bn_area a, bool focused)
{
	audit_view *v = (audit_view *)view;
	const bn_audit_page *d = page_of(v);
	const bn_audit_row *r = item(v, bn_grid_selected_row(&v->list.grid));
	bn_area list, detail;
	if (d && a.rows > 5) {
		head_draw(v, d, a);
		a = bn_area_sub(a, 1, 0, a.rows - 1, a.cols);
	}
	list = a;
	bool split = r && bn_view_split(view, a, &list, &detail);
	if (r && !split && a.rows >= STACKED_FROM) {
		int at = a.rows - STACKED;
		bn_area_hline(a, at, 0, a.cols, BN_INK_BORDER);
		bn_area_text(a, at, 1, BN_INK_HEADER, " selected; Enter shows all of it ");
		detail = bn_area_sub(a, at + 1, 1, STACKED - 1, a.cols - 2);
		list = bn_area_sub(a, 0, 0, at, a.cols);
		split = true;
	}
	bn_list_draw(view, split ? list : a, focused);
	if (split)
		detail_draw(v, r, detail);
}

/* ---- filtering ----------------------------------------------------------------------------------- */

static int outcome_read(int *out, const char *word, size_t n)
{
	for (int o = BN_OUTCOME_APPLIED; o <= BN_OUTCOME_LATE; o++) {
		const char *name = bn_outcome_name((bn_outcome)o);
		if (strlen(name) == n && strncmp(name, word, n) == 0) {
			*out = o;
			return 0;
		}
	}
	return -1;
}

static void put(
	char *out, size_t size, const char *before, const char *word, size_t n, const char *after)
{
	snprintf(out, size, "%s%.*s%s", before, (int)n, word, after);
}

/* One of "who=ada what=approved on=power outcome=refused", or a word that the record must contain. */
static int word_read(bn_audit_arg *arg, const char *word, size_t n, bn_err *err)
{
	const char *equals = memchr(word, '=', n);
	size_t key = equals ? (size_t)(equals - word) : 0, left = equals ? n - key - 1 : 0;
	const char *value = equals ? equals + 1 : NULL;
	if (!equals) {
		put(arg->text, sizeof arg->text, "", word, n, "");
	} else if (strncmp(word, "who", key) == 0 && key == 3) {
		put(arg->user, sizeof arg->user, "", value, left, "");
	} else if (strncmp(word, "what", key) == 0 && key == 4) {
		bool glob = memchr(value, '*', left) || memchr(value, '.', left);
		put(arg->kind, sizeof arg->kind, glob ? "" : "*.", value, left, glob ? "" : "*");
	} else if (strncmp(word, "on", key) == 0 && key == 2) {
		bool glob = memchr(value, '*', left) || memchr(value, '/', left);
		put(arg->entity, sizeof arg->entity, glob ? "" : "*", value, left, glob ? "" : "*");
	} else if (strncmp(word, "outcome", key) == 0 && key == 7) {
		if (outcome_read(&arg->outcome, value, left) < 0)
			return bn_err_set(err, BN_EINVAL,
				"no outcome '%.*s'; outcomes are applied, refused, invalid, newer, late",
				(int)left, value);
	} else {
		return bn_err_set(err, BN_EINVAL,
			"no field '%.*s'; use who, what, on, outcome, or a word of the record",
			(int)key, word);
	}
	return 0;
}

static void where_set(audit_view *v, const char *text)
{
	bn_frame *f = v->list.view.frame;
	bn_audit_arg arg;
	bn_err err = BN_ERR_INIT;
	char line[sizeof v->where + 8];
	if (!text) {
		snprintf(line, sizeof line, "where %s", v->where);
		bn_frame_prompt(f, line);
		return;
	}
	memset(&arg, 0, sizeof arg);
	arg.outcome = -1;
	arg.decisions = v->arg.decisions;
	for (const char *at = text; *(at += strspn(at, " "));) {
		size_t n = strcspn(at, " ");
		if (word_read(&arg, at, n, &err) < 0) {
			bn_frame_error(f, &err);
			return;
		}
		at += n;
	}
	v->arg = arg;
	snprintf(v->where, sizeof v->where, "%s", text);
	v->where_is_last = v->where[0] && v->list.grid.filter[0];
	v->list.view.cls->refresh(&v->list.view);
}

/* ---- commands ------------------------------------------------------------------------------------ */

static void unfold(audit_view *v, const audit_line *l)
{
	const bn_audit_page *d = page_of(v);
	if (bn_grow(&v->opened, &v->opened_cap, v->opened_count + 1, sizeof *v->opened))
		return;
	v->opened[v->opened_count++] = key_of(&d->items[l->first + l->count - 1]);
	if (lines_make(v, d) == 0)
		bn_grid_reload(&v->list.grid);
}

static bool record_open(audit_view *v, const bn_audit_row *r)
{
	bn_frame *f = v->list.view.frame;
	bn_buf text = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	bn_audit_write(r, bn_frame_is_utc(f), 78, &text);
	int rc = bn_view_text_new(&made, f, r->kind, text.ptr ? text.ptr : "", &err);
	bn_buf_release(&text);
	return bn_view_open(f, rc, &made, &err);
}

static bool command(bn_view *view, bn_command_id id, const char *arg)
{
	audit_view *v = (audit_view *)view;
	int64_t row = bn_grid_selected_row(&v->list.grid);
	const audit_line *l = line_at(v, row);
	bn_err err = BN_ERR_INIT;
	bn_view *made = NULL;
	switch (id) {
	case BN_CMD_VERIFY:
		return bn_view_open(view->frame, bn_view_findings_new(&made, view->frame, "", &err),
			&made, &err);
	case BN_CMD_VIEW:
		v->arg.decisions = !v->arg.decisions;
		view->cls->refresh(view);
		return true;
	case BN_CMD_WHERE:
		where_set(v, arg);
		return true;
	case BN_CMD_BACK:
		if (!v->where[0] || (v->list.grid.filter[0] && !v->where_is_last))
			return false;
		where_set(v, "");
		return true;
	case BN_CMD_OPEN:
		if (l && l->count > 1)
			unfold(v, l);
		else if (l)
			record_open(v, item(v, row));
		return l != NULL;
	default:
		return false;
	}
}

static void refresh(bn_view *view)
{
	audit_view *v = (audit_view *)view;
	bn_view_load(view, BN_LANE_QUICK, 0, bn_view_source(view)->audit, &v->arg, sizeof v->arg);
}

static void page(bn_view *view, bn_page *p)
{
	audit_view *v = (audit_view *)view;
	if (!p->data || lines_make(v, p->data)) {
		bn_page_free(p);
		return;
	}
	bn_list_page(view, p);
}

static int words(const bn_view *view, bn_command_id id, const char **out, int most)
{
	static const char *const known[] = {"who=", "what=", "on=", "outcome=refused",
		"outcome=applied", "what=approved", "what=rejected"};
	int n = 0;
	(void)view;
	for (size_t i = 0; id == BN_CMD_WHERE && i < sizeof known / sizeof *known && n < most; i++)
		out[n++] = known[i];
	return n;
}

static void cli(const bn_view *view, bn_buf *out)
{
	const audit_view *v = (const audit_view *)view;
	bn_buf_adds(out, "binnacle audit log --json");
	if (v->arg.decisions)
		bn_buf_adds(out, " --decisions");
	bn_shell_option_add(out, "user", v->arg.user);
	bn_shell_option_add(out, "kind", v->arg.kind);
	bn_shell_option_add(out, "entity", v->arg.entity);
	bn_shell_option_add(out, "text", v->arg.text);
	if (v->arg.outcome >= 0)
		bn_shell_option_add(out, "outcome", bn_outcome_name((bn_outcome)v->arg.outcome));
}

static void view_free(bn_view *view)
{
	audit_view *v = (audit_view *)view;
	bn_free(v->lines);
	bn_free(v->opened);
	bn_list_free(view);
}

static const bn_view_class audit_class = {
	.name = "Audit",
	.kind = BN_ON(AUDIT),
	.refresh_ms = 5000,
	.draw = draw,
	.command = command,
	.page = page,
	.refresh = refresh,
	.cli = cli,
	.cli_is_list = true,
	.words = words,
	.table = bn_list_grid,
	.free = view_free,
};

int bn_view_audit_new(bn_view **out, bn_frame *f, bn_err *err)
{
	audit_view *v = NULL;
	int rc = bn_list_new(&v, sizeof *v, &audit_class, f, &source, columns, COLUMNS, NULL, err);
	if (rc)
		return rc;
	v->arg.outcome = -1;
	v->arg.decisions = true;
	*out = &v->list.view;
	return 0;
}
