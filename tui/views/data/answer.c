/* answer.c - a summary of a version, next to the list: is it sound, what is it made of, what
 * changed. Failures and missing values come first; constant columns are one line. */
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "tui/ui/format.h"
#include "tui/views/data/_data.h"
#include "tui/views/profile/spark.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void ask(bn_data_view *v, const char *ref, uint64_t have)
{
	bn_data_answer_arg arg;
	bn_view *view = &v->list.view;
	memset(&arg, 0, sizeof arg);
	snprintf(arg.ref, sizeof arg.ref, "%s", ref);
	arg.have = have;
	snprintf(v->asked, sizeof v->asked, "%s", arg.ref);
	bn_view_load(view, BN_LANE_QUICK, BN_KIND_ANSWER, bn_view_source(view)->version, &arg,
		sizeof arg);
}

void bn_data_answer_follow(bn_data_view *v, const char *ref)
{
	if (!ref[0] || strcmp(v->asked, ref) == 0)
		return;
	v->is_current = v->has_failed = false;
	ask(v, ref, 0);
}

void bn_data_answer_refresh(bn_data_view *v)
{
	char ref[BN_REF_BYTES];
	const bn_data_answer *d = v->answer ? v->answer->data : NULL;
	memcpy(ref, v->asked, sizeof ref);
	if (ref[0])
		ask(v, ref, d && v->is_current ? d->generation : 0);
}

bool bn_data_answer_page(bn_data_view *v, bn_page *p)
{
	if (p->kind != BN_KIND_ANSWER)
		return false;
	v->has_failed = !p->data && p->err.code;
	v->is_current = p->data || (v->is_current && !v->has_failed);
	if (!p->data && !v->has_failed) { /* unchanged */
		bn_page_free(p);
		return true;
	}
	bn_page_free(v->answer);
	v->answer = p->data ? p : NULL;
	if (!p->data)
		bn_page_free(p);
	return true;
}

/* A rule with its title and, at its right, the key that opens more. */
static int rule_draw(bn_area a, int row, const char *title, const char *more)
{
	bn_area_hline(a, row, 0, a.cols, BN_INK_BORDER);
	bn_area_textf(a, row, 1, BN_INK_HEADER, " %s ", title);
	int at = a.cols - (int)strlen(more) - 3;
	if (more[0] && at > (int)strlen(title) + 4)
		bn_area_textf(a, row, at, BN_INK_DIM, " %s ", more);
	return row + 1;
}

static int head_draw(const bn_data_view *v, const bn_data_answer *d, bn_area a)
{
	const bn_dataset_version *x = d->version;
	char rows[BN_FORMAT_BYTES], size[BN_FORMAT_BYTES], age[BN_FORMAT_BYTES], line[256];
	int row = 1;
	int col = bn_area_textf(
		a, 0, 0, BN_INK_STRONG, "%.60s@v%lld", x->name, (long long)x->version);
	snprintf(line, sizeof line, "%s rows x %lld, %s, by %.20s %s",
		bn_format_count(rows, x->rows), (long long)x->columns,
		bn_format_bytes(size, (int64_t)x->size_bytes), x->user ? x->user : "-",
		bn_format_age(age, x->created_ms, bn_frame_now_ms(v->list.view.frame)));
	bn_area_field(a, 0, col + 2, a.cols - col - 2, BN_INK_TEXT, line);
	snprintf(line, sizeof line, "from %.20s %.120s", x->source_kind ? x->source_kind : "-",
		x->source_path ? x->source_path : "");
	if (x->parent_count)
		snprintf(line, sizeof line, "%.20s of %.80s@v%lld",
			x->source_kind ? x->source_kind : "made", x->parents[0].name,
			(long long)x->parents[0].version);
	bn_area_field(a, row++, 0, a.cols, BN_INK_DIM, line);
	return row;
}

static int children_draw(const bn_data_answer *d, bn_area a, int row)
{
	bn_buf names = BN_BUF_INIT;
	if (!d->children || !d->children->count)
		return row;
	bn_buf_adds(&names, "made into ");
	for (size_t i = 0; i < d->children->count; i++)
		bn_buf_addf(&names, "%s%s@v%lld", i ? ", " : "", d->children->items[i]->name,
			(long long)d->children->items[i]->version);
	if (names.ptr)
		bn_area_field(a, row++, 0, a.cols, BN_INK_DIM, names.ptr);
	bn_buf_release(&names);
	return row;
}

static void count_add(bn_buf *out, int64_t n, const char *what)
{
	char text[BN_FORMAT_BYTES];
	if (n > 0)
		bn_buf_addf(out, "%s%s %s%s", out->len ? ", " : "used by ",
			bn_format_count(text, n), what, n == 1 ? "" : "s");
}

/* "used by 7 runs, 1 model version, 2 drift reports" */
static int used_draw(const bn_data_answer *d, bn_area a, int row)
{
	bn_buf words = BN_BUF_INIT;
	count_add(&words, d->runs, "run");
	count_add(&words, d->models, "model version");
	count_add(&words, d->reports, "drift report");
	if (words.len)
		bn_area_field(a, row++, 0, a.cols, BN_INK_DIM, words.ptr);
	bn_buf_release(&words);
	return row;
}

/* "v1 to v2: +400 rows, the same columns" */
static int before_draw(const bn_data_answer *d, bn_area a, int row)
{
	char rows[BN_FORMAT_BYTES];
	const bn_dataset_version *x = d->version, *y = d->before;
	if (!y)
		return row;
	int64_t more = x->rows - y->rows;
	bn_area_textf(a, row++, 0, BN_INK_TEXT, "v%lld to v%lld: %s%s rows, %s (x compares)",
		(long long)y->version, (long long)x->version, more < 0 ? "-" : "+",
		bn_format_count(rows, more < 0 ? -more : more),
		strcmp(x->schema_hash, y->schema_hash) == 0 ? "the same columns" : "other columns");
	return row;
}

static void said_add(bn_buf *out, const char *name, const char *value)
{
	if (value)
		bn_buf_addf(out, "%s%s %.80s", out->len ? "; " : "", name, value);
}

/* "personal; owner ada; licence CC-BY-4.0", "masked: user_id, host", "may be personal: account" */
static int protection_draw(const bn_data_answer *d, bn_area a, int row)
{
	const bn_protection *p = &d->protection;
	char until[BN_FORMAT_BYTES];
	bn_buf said = BN_BUF_INIT, masked = BN_BUF_INIT;
	if (p->level)
		bn_buf_addf(&said, "%s%s%s", bn_data_class_name(p->level), p->level_from ? ", as " : "",
			p->level_from ? p->level_from : "");
	said_add(&said, "owner", p->owner);
	said_add(&said, "licence", p->licence);
	said_add(&said, "for", p->purpose);
	bn_format_time(until, d->version->created_ms + p->keep_days * 86400000, true);
	until[strcspn(until, " ")] = '\0';
	said_add(&said, "kept until", p->keep_days ? until : NULL);
	for (size_t i = 0; i < p->personal_count; i++)
		bn_buf_addf(&masked, "%s%.80s", i ? ", " : "masked: ", p->personal[i]);
	if (said.len)
		bn_area_field(a, row++, 0, a.cols, BN_INK_TEXT, said.ptr);
	if (masked.len)
		bn_area_field(a, row++, 0, a.cols, BN_INK_TEXT, masked.ptr);
	bn_buf_release(&said);
	bn_buf_release(&masked);
	if (!d->proposed || !d->proposed[0])
		return row;
	bn_area_field(a, row, bn_area_text(a, row, 0, BN_INK_DIM, "may be personal (:protect): "), a.cols, BN_INK_DIM,
		d->proposed);
	return row + 1;
}

static int check_draw(const bn_check_row *c, bn_area a, int row)
{
	char n[BN_FORMAT_BYTES], rows[BN_FORMAT_BYTES + 8] = "";
	bn_area_glyph(a, row, 0, bn_state_ink(c->state), (bn_glyph_id)bn_state_glyph(c->state));
	if (c->failing > 0)
		snprintf(rows, sizeof rows, "rows %s", bn_format_count(n, c->failing));
	int end = a.cols - 14, name = end / 3;
	bn_area_name(a, row, 2, name, BN_INK_TEXT, c->column ? c->column : "(the table)");
	char what[160];
	snprintf(what, sizeof what, "%.60s %.80s", c->expectation, c->wanted ? c->wanted : "");
	bn_area_field(a, row, name + 3, end - name - 4, BN_INK_TEXT, what);
	bn_area_field_right(a, row, end, 14, BN_INK_TEXT, rows);
	return row + 1;
}

enum { CHECKS_MOST = 6 };

static int checks_draw(const bn_data_answer *d, bn_area a, int row)
{
	const bn_dataset_version *x = d->version;
	char title[96];
	if (!x->checked_ms)
		return rule_draw(a, row, "not checked", "V, then :check SUITE.json");
	if (x->check_success)
		snprintf(title, sizeof title, "checks: all %lld pass",
			(long long)x->check_evaluated);
	else
		snprintf(title, sizeof title, "checks: %lld of %lld fail",
			(long long)x->check_failed, (long long)x->check_evaluated);
	row = rule_draw(a, row, title, "V opens them");
	int shown = 0;
	for (size_t i = 0; d->checks && i < d->checks->count; i++) {
		const bn_check_row *c = &d->checks->items[i];
		if (c->state == BN_STATE_OK || shown == CHECKS_MOST)
			continue;
		row = check_draw(c, a, row);
		shown++;
	}
	if (d->checks && x->check_failed > shown)
		bn_area_textf(a, row++, 2, BN_INK_DIM, "%lld more fail",
			(long long)x->check_failed - shown);
	return row;
}

/* ---- columns ------------------------------------------------------------------------------------- */

enum { AT_TYPE = 1, AT_MISSING, AT_MIDDLE, AT_SHAPE, PLACES };

/* The median of numbers; for other types except times the most frequent value, with its share if there is room for
 * both. */
static void middle_text(const bn_profile_column *c, int width, char *out, size_t size)
{
	char number[BN_FORMAT_BYTES], share_of[16];
	uint64_t there = c->rows - c->missing;
	snprintf(out, size, "-");
	if (c->is_numeric && !bn_type_is_time(c->type))
		snprintf(out, size, "%s", bn_format_number(number, bn_profile_quantile(c, 0.5)));
	else if (c->top_count && !bn_type_is_time(c->type) && c->top[0].text && there) {
		snprintf(share_of, sizeof share_of, " %.0f %%",
			100 * (double)c->top[0].count / (double)there);
		bool both = (int)(bn_utf8_width(c->top[0].text) + strlen(share_of)) <= width;
		snprintf(out, size, "%.*s%s", (int)(size - sizeof share_of), c->top[0].text,
			both ? share_of : "");
	}
}

static void column_draw(const bn_profile_column *c, bn_area a, int row, const int at[PLACES])
{
	char text[64], share[BN_FORMAT_BYTES], shape[4 * BN_PROFILE_SPARK + 1];
	bn_area_name(a, row, 0, at[AT_TYPE] - 1, BN_INK_TEXT, c->name);
	bn_area_field(a, row, at[AT_TYPE], at[AT_MISSING] - at[AT_TYPE] - 1, BN_INK_DIM,
		c->unit && c->unit[0] ? c->unit : bn_type_name(c->type));
	bn_area_field_right(a, row, at[AT_MISSING], at[AT_MIDDLE] - at[AT_MISSING] - 1,
		c->missing ? BN_INK_WARN : BN_INK_DIM,
		c->missing ? bn_format_percent(share, bn_profile_share_missing(c)) : "0");
	int width = at[AT_SHAPE] - at[AT_MIDDLE] - 2;
	middle_text(c, width, text, sizeof text);
	bn_area_field_right(a, row, at[AT_MIDDLE], width, BN_INK_TEXT, text);
	bn_area_text(a, row, at[AT_SHAPE], BN_INK_TEXT, bn_profile_spark(shape, c, a.s->alphabet));
}

static int constants_draw(const bn_data_answer *d, bn_area a, int row)
{
	char line[BN_ANSWER_NAMES + 40];
	if (!d->constant || row >= a.rows)
		return row;
	snprintf(line, sizeof line, "%zu never change%s: %s", d->constant,
		d->constant == 1 ? "s" : "", d->constants);
	bn_area_glyph(a, row, 0, BN_INK_DIM, BN_GLYPH_FOLDED);
	bn_area_field(a, row, 2, a.cols - 2, BN_INK_DIM, line);
	return row + 1;
}

/* Of the columns, only those that are drawn are looked at. */
static void columns_draw(const bn_data_answer *d, bn_area a, int row)
{
	const bn_profile *p = d->profile;
	char title[64];
	const int at[PLACES] = {0, a.cols - 49, a.cols - 40, a.cols - 31, a.cols - 16};
	snprintf(title, sizeof title, "columns %zu", p->column_count);
	row = rule_draw(a, row, title, "I opens all");
	if (at[AT_TYPE] < 8)
		return;
	bn_area_text(a, row, 0, BN_INK_HEADER, "column");
	bn_area_text(a, row, at[AT_TYPE], BN_INK_HEADER, "type");
	bn_area_field_right(a, row, at[AT_MISSING], at[AT_MIDDLE] - at[AT_MISSING] - 1,
		BN_INK_HEADER, "missing");
	bn_area_field_right(
		a, row, at[AT_MIDDLE], at[AT_SHAPE] - at[AT_MIDDLE] - 2, BN_INK_HEADER, "median");
	bn_area_text(a, row++, at[AT_SHAPE], BN_INK_HEADER, "shape");
	size_t shown = 0;
	int room = a.rows - row - 2;
	if (room > 0 && d->changing > (size_t)room)
		room--;
	for (; room > 0 && shown < (size_t)room && shown < d->ranked_count; shown++)
		column_draw(&p->columns[d->ranked[shown]], a, row++, at);
	row = constants_draw(d, a, row);
	if (shown < d->changing && row < a.rows) {
		bn_area_glyph(a, row, 0, BN_INK_DIM, BN_GLYPH_FOLDED);
		bn_area_textf(a, row, 2, BN_INK_DIM, "%zu more", d->changing - shown);
	}
}

void bn_data_answer_draw(const bn_data_view *v, bn_area a)
{
	const bn_data_answer *d = v->answer ? v->answer->data : NULL;
	if (!d && v->has_failed) {
		bn_area_textf(a, 0, 0, BN_INK_DIM, "%.100s could not be read", v->asked);
		return;
	}
	if (!d) {
		bn_area_glyph(a, 0, 0, BN_INK_DIM, BN_GLYPH_ELLIPSIS);
		return;
	}
	int row = head_draw(v, d, a);
	row = children_draw(d, a, row);
	row = used_draw(d, a, row);
	row = before_draw(d, a, row);
	row = protection_draw(d, a, row);
	row = checks_draw(d, a, row);
	if (d->profile)
		columns_draw(d, a, row);
	else
		rule_draw(a, row, "no profile", "I makes one");
}
