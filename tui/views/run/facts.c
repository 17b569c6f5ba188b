/* facts.c - everything that is known of a run, as a text that scrolls: settings, metrics, the record, tags whole, the
 * runs around it, what it used and made. See _run.h. */
#include "core/base/utf8.h"
#include "tui/views/run/_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME_COLS = 24, VALUE_COL = 25 };

static int title_draw(bn_area a, int row, const char *title)
{
	bn_area_text(a, ++row, 0, BN_INK_HEADER, title);
	return row + 1;
}

/* All of a text: broken where it has lines, and where the screen ends. Returns the row after it. */
static int text_draw(bn_area a, int row, int col, bn_ink ink, const char *text)
{
	size_t room = a.cols > col + 1 ? (size_t)(a.cols - col - 1) : 1;
	do {
		size_t line = strcspn(text, "\n"), n = bn_utf8_head(text, line, room);
		n = n || !line ? n : line; /* a character that is wider than the screen */
		bn_area_textf(a, row++, col, ink, "%.*s", (int)n, text);
		text += n + (n == line && text[n] == '\n');
	} while (*text);
	return row;
}

/* A name that is too long for its column has a row of its own. */
static int pair_draw(bn_area a, int row, const char *name, const char *value)
{
	if (bn_utf8_width(name) > NAME_COLS)
		row = text_draw(a, row, 0, BN_INK_TEXT, name);
	else
		bn_area_text(a, row, 0, BN_INK_TEXT, name);
	return text_draw(a, row, VALUE_COL, BN_INK_NUMBER, value);
}

static int metrics_draw(const bn_run_detail *d, bn_area a, int row)
{
	char text[BN_FORMAT_BYTES];
	bn_area_text(a, ++row, 0, BN_INK_HEADER, "metrics");
	bn_area_field_right(a, row, VALUE_COL, 12, BN_INK_HEADER, "last");
	bn_area_field_right(a, row++, VALUE_COL + 13, 12, BN_INK_HEADER, "best");
	for (size_t i = 0; i < d->metric_count; i++, row++) {
		bn_ink ink = i == d->metric ? BN_INK_STRONG : BN_INK_TEXT;
		if (bn_utf8_width(d->metrics[i]) > NAME_COLS)
			row = text_draw(a, row, 0, ink, d->metrics[i]);
		else
			bn_area_text(a, row, 0, ink, d->metrics[i]);
		bn_area_field_right(a, row, VALUE_COL, 12, BN_INK_NUMBER,
			bn_run_value_text(text, d->metrics[i], d->last[i]));
		bn_area_field_right(a, row, VALUE_COL + 13, 12, BN_INK_BEST,
			isnan(d->best[i]) ? "-"
					  : bn_run_value_text(text, d->metrics[i], d->best[i]));
	}
	return row;
}

static int record_draw(const bn_run_view *v, const bn_run_detail *d, bn_area a, int row)
{
	const bn_run_info *r = d->info;
	char text[BN_FORMAT_BYTES], line[160];
	bool utc = bn_frame_is_utc(v->view.frame);
	row = title_draw(a, row, "run");
	row = bn_area_fact(a, row, "id", BN_INK_TEXT, r->id);
	row = bn_area_fact(a, row, "experiment", BN_INK_TEXT, r->experiment);
	row = bn_area_fact(
		a, row, "started", BN_INK_TEXT, bn_format_time(text, r->started_ms, utc));
	row = bn_area_fact(a, row, "ended", BN_INK_TEXT, bn_format_time(text, r->finished_ms, utc));
	row = bn_area_fact(a, row, "reason", BN_INK_TEXT, r->reason);
	row = bn_area_fact(a, row, "by", BN_INK_TEXT, r->user);
	if (r->reported_user)
		row = bn_area_fact(a, row, "user there", BN_INK_TEXT, r->reported_user);
	if (r->source)
		row = bn_area_fact(a, row, "through", BN_INK_TEXT, r->source);
	row = bn_area_fact(a, row, "host", BN_INK_TEXT, r->host);
	row = bn_area_fact(a, row, "data", BN_INK_TEXT, r->dataset);
	row = bn_area_fact(a, row, "spec", BN_INK_TEXT, r->spec_hash);
	row = bn_area_fact(a, row, "model", BN_INK_TEXT, r->model_digest);
	bn_run_resources_text(r, line, sizeof line);
	row = bn_area_fact(a, row, "resources", BN_INK_TEXT, line);
	if (!r->note)
		return bn_area_fact(a, row, "note", BN_INK_TEXT, NULL);
	bn_area_text(a, row, 0, BN_INK_DIM, "note");
	return text_draw(a, row, BN_FACT_COL, BN_INK_TEXT, r->note);
}

static int kin_draw(const bn_run_kin *k, bn_area a, int row)
{
	bn_state state = bn_run_state(k->status);
	int col = bn_area_glyph(a, row, VALUE_COL, bn_state_ink(state), (bn_glyph_id)bn_state_glyph(state));
	bn_area_name(a, row, col + 1, a.cols - col - 2, BN_INK_TEXT, k->label);
	return row + 1;
}

static int kins_draw(const bn_run_kins *k, bn_area a, int row)
{
	if (k->has_parent || k->child_total)
		row = title_draw(a, row, "runs above and below");
	if (k->has_parent) {
		bn_area_text(a, row, 0, BN_INK_TEXT, "parent");
		if (k->parent_is_known)
			row = kin_draw(&k->parent, a, row);
		else
			row = pair_draw(a, row, "", k->parent.label);
	}
	if (k->child_total)
		bn_area_textf(a, row, 0, BN_INK_TEXT, "%lld below", (long long)k->child_total);
	for (size_t i = 0; i < k->child_count; i++)
		row = kin_draw(&k->children[i], a, row);
	if (k->child_total > (int64_t)k->child_count)
		bn_area_textf(a, row++, VALUE_COL, BN_INK_DIM, "and %lld more; O on Runs shows them",
			(long long)(k->child_total - (int64_t)k->child_count));
	return row;
}

static int used_draw(const bn_run_links *l, bn_area a, int row)
{
	char text[512];
	if (l->dataset_count || l->input_count)
		row = title_draw(a, row, "used");
	for (size_t i = 0; i < l->dataset_count; i++) {
		const bn_dataset_input *in = &l->datasets[i];
		const char *context = bn_pairs_get(&in->tags, "mlflow.data.context");
		snprintf(text, sizeof text, "%.200s, digest %.80s%s%.60s%s", in->name, in->digest,
			context ? " (" : "", context ? context : "", context ? ")" : "");
		row = pair_draw(a, row, i ? "" : "dataset", text);
	}
	for (size_t i = 0; i < l->input_count; i++)
		row = pair_draw(a, row, i ? "" : "logged model", l->inputs[i].model);
	return row;
}

static int made_draw(const bn_run_detail *d, bn_area a, int row)
{
	char size[BN_FORMAT_BYTES];
	if (d->links.output_count || d->artifacts.count)
		row = title_draw(a, row, "made");
	for (size_t i = 0; i < d->links.output_count; i++)
		row = pair_draw(a, row, i ? "" : "logged model", d->links.outputs[i].model);
	for (size_t i = 0; i < d->artifacts.count; i++) {
		const bn_artifact *f = &d->artifacts.items[i];
		bn_area_field_right(a, row, NAME_COLS - 10, 10, BN_INK_NUMBER, bn_format_bytes(size, f->size_bytes));
		if (i == 0)
			bn_area_text(a, row, 0, BN_INK_TEXT, "artifacts");
		row = text_draw(a, row, VALUE_COL + 1, BN_INK_TEXT, f->path);
	}
	return row;
}

int bn_run_facts_draw(const bn_run_view *v, const bn_run_detail *d, bn_area a, int row)
{
	row = title_draw(a, row - 1, "parameters");
	for (size_t i = 0; i < d->params.count; i++)
		row = pair_draw(a, row, d->params.items[i].key, d->params.items[i].value);
	row = metrics_draw(d, a, row);
	row = record_draw(v, d, a, row);
	if (d->tags.count)
		row = title_draw(a, row, "tags");
	for (size_t i = 0; i < d->tags.count; i++)
		row = pair_draw(a, row, d->tags.items[i].key, d->tags.items[i].value);
	row = kins_draw(&d->kins, a, row);
	row = used_draw(&d->links, a, row);
	return made_draw(d, a, row);
}
