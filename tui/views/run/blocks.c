/* blocks.c - the blocks of a run's screen, by state: progress, curves, a table of numbers by part,
 * settings, the console. See _run.h. */
#include "core/base/str.h"
#include "core/track/series.h"
#include "core/base/utf8.h"
#include "core/learn/trainer.h"
#include "tui/ui/chart.h"
#include "tui/ui/format.h"
#include "tui/views/run/_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const double bn_run_smoothing[] = {0, 0.6, 0.9, 0.98};

void bn_run_rule_draw(bn_area a, int row, const char *title, const char *aside)
{
	int width = (int)bn_utf8_width(aside);
	bn_area_hline(a, row, 0, a.cols, BN_INK_BORDER);
	bn_area_textf(a, row, 1, BN_INK_HEADER, " %s ", title);
	if (width && width + (int)bn_utf8_width(title) + 8 < a.cols)
		bn_area_textf(a, row, a.cols - width - 3, BN_INK_DIM, " %s ", aside);
}

/* In a metric with points, NaN is a value: a loss that diverged is shown. */
const char *bn_run_value_text(char out[BN_FORMAT_BYTES], const char *key, double x)
{
	if (isnan(x))
		return "nan";
	if (bn_str_ends(key, "_bytes") && fabs(x) < 0x1p62)
		return bn_format_bytes(out, (int64_t)x);
	return bn_format_number(out, x);
}

/* ---- the head ------------------------------------------------------------------------------------ */

void bn_run_resources_text(const bn_run_info *r, char *out, size_t size)
{
	char rss[BN_FORMAT_BYTES], cpu[BN_FORMAT_BYTES], energy[BN_FORMAT_BYTES];
	snprintf(out, size, "memory %s (peak %s), cpu %s", bn_format_bytes(rss, r->rss_bytes),
		bn_format_bytes(energy, r->peak_rss_bytes), bn_format_duration(cpu, r->cpu_ms));
	if (!isnan(r->energy_joules)) {
		size_t n = strlen(out);
		snprintf(out + n, size - n, ", energy %s",
			bn_format_joules(energy, r->energy_joules));
	}
}

/* Steps done and total, and the estimated end; returns the column after it. */
static int progress_draw(const bn_run_detail *d, bn_area a, int row, int64_t now)
{
	const bn_run_info *r = d->info;
	char left[BN_FORMAT_BYTES];
	enum { BAR = 20 };
	if (d->steps <= 0 || d->step <= 0 || d->step > d->steps)
		return 0;
	int col = bn_area_textf(
		a, row, 0, BN_INK_TEXT, "%lld/%lld ", (long long)d->step, (long long)d->steps);
	if (a.cols >= 70) {
		bn_chart_bar(a, row, col, BAR, BN_INK_RUNNING, (double)d->step / (double)d->steps);
		col += BAR + 1;
	}
	col = bn_area_textf(
		a, row, col, BN_INK_TEXT, "%lld %%  ", (long long)(100 * d->step / d->steps));
	int64_t ms = bn_run_left_ms(r, d->step, d->steps, now);
	if (ms < 0)
		return col;
	return bn_area_textf(a, row, col, BN_INK_STRONG, "%s left  ", bn_format_duration(left, ms));
}

/* Continues on the second row; cut with an ellipsis, or left out, if there is no room. Returns the column after it. */
static int rest_draw(bn_area a, int col, bn_ink ink, const char *words, const char *text)
{
	int at = col + (int)strlen(words), width = (int)bn_utf8_width(text), room = a.cols - at;
	if (room < 6 && room < width)
		return col;
	bn_area_text(a, 1, col, ink, words);
	return bn_area_field(a, 1, at, width < room ? width : room, ink, text);
}

/* The colour of the last heartbeat's age: yellow after three missed ones, red after ten. */
static bn_ink age_ink(const bn_run_info *r, int64_t now)
{
	int64_t missed = r->beat_ms > 0 ? (now - r->heartbeat_ms) / r->beat_ms : 0;
	if (missed > 10)
		return BN_INK_FAIL;
	return missed > 3 ? BN_INK_WARN : BN_INK_DIM;
}

static void second_draw(const bn_run_detail *d, bn_area a, int64_t now)
{
	const bn_run_info *r = d->info;
	char text[BN_FORMAT_BYTES];
	bool live = bn_run_status_is_live(r->status);
	int col = live ? progress_draw(d, a, 1, now) : 0;
	if (r->started_ms < 0) /* its duration and its resources are unknown yet */
		col = bn_area_text(a, 1, col, BN_INK_DIM, "not started");
	else if (col == 0) /* otherwise the remaining time is more useful */
		col = bn_area_textf(a, 1, col, BN_INK_TEXT, "%s",
			bn_format_duration(text, bn_run_duration_ms(r, now)));
	if (live && r->heartbeat_ms > 0)
		col = bn_area_textf(a, 1, col, age_ink(r, now), "  alive %s",
			bn_format_age(text, r->heartbeat_ms, now));
	if (r->dataset)
		col = rest_draw(a, col, BN_INK_TEXT, "  on ", r->dataset);
	if (r->reason)
		col = rest_draw(a, col, BN_INK_FAIL, "  ", r->reason);
	if (d->job.position > 0)
		bn_area_textf(a, 1, col, BN_INK_DIM, "  #%lld in line: %s",
			(long long)d->job.position, d->job.reason);
}

int bn_run_head_draw(const bn_run_view *v, const bn_run_detail *d, bn_area a)
{
	const bn_run_info *r = d->info;
	char more[160];
	bn_state state = bn_run_state(r->status);
	int col = bn_area_glyph(a, 0, 0, bn_state_ink(state), (bn_glyph_id)bn_state_glyph(state));
	col = bn_area_textf(
		a, 0, col + 1, bn_state_ink(state), "%s", bn_run_status_name(r->status));
	char label[BN_RUN_LABEL_BYTES];
	const char *name = bn_run_label(label, r->name, r->title, r->id);
	int room = a.cols - (a.cols >= 76 ? 36 : 0) - col - 2; /* labels of panes are there */
	int width = (int)bn_utf8_width(name);
	col = bn_area_name(a, 0, col + 2, width < room ? width : room, BN_INK_STRONG, name);
	room -= width + 2;
	if (r->title && room > 4)
		bn_area_field(a, 0, col + 2, room, BN_INK_DIM, r->title);
	second_draw(d, a, bn_frame_now_ms(v->view.frame));
	char console[80] = ""; /* in the picture, a rule shows it */
	if (v->pane == BN_RUN_CONSOLE)
		bn_run_console_words(v, d, console, sizeof console);
	int end = a.cols - (int)bn_utf8_width(console);
	if (r->started_ms >= 0) {
		bn_run_resources_text(r, more, sizeof more);
		bn_area_field(a, 2, 0, console[0] ? end - 2 : end, BN_INK_DIM, more);
	}
	bn_area_text(a, 2, end, BN_INK_HEADER, console);
	return 3;
}

/* ---- curves -------------------------------------------------------------------------------------- */

bool bn_run_has_curve(const bn_run_detail *d)
{
	return d->metric < d->metric_count && d->points[d->metric] > 1;
}

bn_chart_series bn_run_series(const bn_curve *c, int style)
{
	return (bn_chart_series){.label = c->key,
		.x = c->x,
		.y = c->y,
		.n = c->n,
		.gaps = c->gaps,
		.mean_x = c->mean_x,
		.mean_y = c->mean_y,
		.mean_n = c->mean_n,
		.style = style};
}

void bn_run_chart_draw(const bn_run_view *v, const bn_run_detail *d, bn_area a)
{
	const bn_curve *c = &d->curve, *with = &d->partner;
	bn_chart_series s[2] = {bn_run_series(c, 0), bn_run_series(with, 1)};
	bn_chart chart = {.series = s,
		.count = with->n ? 2 : 1,
		.log_y = v->log_y,
		.y_is_bytes = bn_str_ends(c->key, "_bytes"),
		.smoothing = bn_run_smoothing[v->smoothing],
		.x_title = bn_run_axis_title(v->arg.axis),
		.x_is_time = v->arg.axis == BN_RUN_BY_TIME,
		.utc = bn_frame_is_utc(v->view.frame),
		.has_cursor = v->has_cursor && v->cursor < c->n,
		.cursor = v->cursor < c->n ? c->x[v->cursor] : 0};
	bn_chart_draw(a, &chart);
}

/* The other metrics with curves, each with its last value and a small curve; returns the rows
 * used. */
static int also_draw(const bn_run_detail *d, bn_area a, int rows)
{
	int row = 0, col = 0;
	for (size_t i = 0; i < d->metric_count && row < rows; i++) {
		char value[BN_FORMAT_BYTES], bars[BN_SPARK_TEXT], text[200];
		const bn_spark *s = &d->sparks[i];
		bool charted = i == d->metric ||
			       (d->partner.key && !strcmp(d->metrics[i], d->partner.key));
		if (charted || s->count < 2)
			continue;
		snprintf(text, sizeof text, "%.40s %s %s", d->metrics[i],
			bn_run_value_text(value, d->metrics[i], d->last[i]),
			bn_spark_text(bars, s->y, s->count, 8, a.s->alphabet));
		int width = (int)bn_utf8_width(text);
		if (col && col + width > a.cols) {
			row++;
			col = 0;
		}
		if (row < rows)
			col = bn_area_text(a, row, col, BN_INK_DIM, text) + 3;
	}
	return row + (col > 0);
}

/* ---- numbers by part ----------------------------------------------------------------------------- */

enum { PARTS = 4 };

/* test_rmse is rmse of the test part; a name without a part is its own, beside those of parts with the same word. */
static int part_of(const char *key, const char **word)
{
	static const char *const prefixes[][3] = {
		{"train_", "train/", NULL}, {"val_", "valid_", "val/"}, {"test_", "test/", NULL}};
	for (int p = 0; p < PARTS - 1; p++)
		for (int i = 0; i < 3; i++)
			if (prefixes[p][i] && bn_str_starts(key, prefixes[p][i])) {
				*word = key + strlen(prefixes[p][i]);
				return p;
			}
	*word = key;
	return PARTS - 1;
}

static bool is_shown(const bn_run_detail *d, size_t i)
{
	return d->points[i] == 1 && !bn_metric_is_system(d->metrics[i]);
}

/* The value of that name in a part; NaN with *has false: none. */
static double value_of(const bn_run_detail *d, const char *word, int part, bool *has)
{
	const char *own;
	*has = false;
	for (size_t i = 0; i < d->metric_count; i++)
		if (is_shown(d, i) && part_of(d->metrics[i], &own) == part && !strcmp(own, word)) {
			*has = true;
			return d->last[i];
		}
	return NAN;
}

static bool is_first_of(const bn_run_detail *d, size_t at, const char *word)
{
	const char *own;
	bool whole = part_of(d->metrics[at], &own) == PARTS - 1;
	for (size_t i = 0; i < at; i++) {
		if (!is_shown(d, i))
			continue;
		bool other = part_of(d->metrics[i], &own) == PARTS - 1;
		if (other == whole && strcmp(own, word) == 0)
			return false;
	}
	return true;
}

int bn_run_numbers_count(const bn_run_detail *d)
{
	int n = 0;
	const char *word;
	for (size_t i = 0; i < d->metric_count; i++) {
		if (!is_shown(d, i))
			continue;
		part_of(d->metrics[i], &word);
		n += is_first_of(d, i, word);
	}
	return n;
}

/* Metrics with one value as a table: a row per name, the parts as columns. */
int bn_run_numbers_draw(const bn_run_detail *d, bn_area a, int rows)
{
	static const char *const titles[PARTS] = {"train", "valid", "test", ""};
	int row = 1, name = a.cols > 76 ? 24 : a.cols / 4, width = (a.cols - name) / PARTS;
	const char *word;
	if (rows < 2 || bn_run_numbers_count(d) == 0)
		return 0;
	width = width > 12 ? 12 : width;
	bn_run_rule_draw(a, 0, "metrics", d->is_partial ? "reading their points" : "");
	for (int p = 0; p < PARTS - 1; p++)
		bn_area_field_right(a, 0, name + p * width, width, BN_INK_HEADER, titles[p]);
	for (size_t i = 0; i < d->metric_count && row < rows; i++) {
		if (!is_shown(d, i))
			continue;
		bool whole = part_of(d->metrics[i], &word) == PARTS - 1;
		if (!is_first_of(d, i, word))
			continue;
		bn_area_name(a, row, 1, name - 2, BN_INK_TEXT, word);
		for (int p = 0, col = name; p < PARTS; p++, col += width) {
			char text[BN_FORMAT_BYTES];
			bool has;
			double x = value_of(d, word, p, &has);
			if (has && (p == PARTS - 1) == whole)
				bn_area_field_right(a, row, p < PARTS - 1 ? col : name, width,
					BN_INK_NUMBER, bn_run_value_text(text, word, x));
		}
		row++;
	}
	return row;
}

/* ---- settings ------------------------------------------------------------------------------------ */

/* The trainer's default; NULL: unknown. */
static const char *default_of(const bn_run_info *r, const char *key)
{
	const bn_trainer *t = NULL;
	if (!r->title || bn_trainer_find(&t, r->title, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < t->hyper_count; i++)
		if (strcmp(t->hyper[i].name, key) == 0)
			return t->hyper[i].default_text;
	return NULL;
}

/* "[64,32]" is what is typed as 64,32. */
static bool is_default(const char *value, const char *text)
{
	size_t n = strlen(value);
	double a, b;
	bool list = n > 1 && value[0] == '[' && strlen(text) == n - 2;
	if (list && strncmp(value + 1, text, n - 2) == 0)
		return true;
	if (bn_parse_f64(value, n, &a) && bn_parse_f64(text, strlen(text), &b))
		return a == b;
	return strcmp(value, text) == 0;
}

/* Settings that are not the trainer's defaults, then, folded, the number of the others. */
int bn_run_settings_draw(const bn_run_detail *d, bn_area a, int rows)
{
	int row = 1, same = 0, value = a.cols >= 40 ? 24 : a.cols / 2;
	if (rows < 2 || d->params.count == 0)
		return 0;
	bn_run_rule_draw(a, 0, "settings", "default");
	for (size_t i = 0; i < d->params.count; i++) {
		const bn_pair *p = &d->params.items[i];
		const char *usual = default_of(d->info, p->key);
		if (usual && is_default(p->value, usual)) {
			same++;
			continue;
		}
		if (row >= rows)
			continue;
		bn_area_name(a, row, 1, value - 2, BN_INK_TEXT, p->key);
		int col = bn_area_name(a, row, value, 20, BN_INK_NUMBER, p->value);
		if (usual)
			bn_area_field_right(a, row, col, a.cols - col - 2, BN_INK_DIM, usual);
		row++;
	}
	if (same && row < rows)
		bn_area_textf(a, row++, 1, BN_INK_DIM, "and %d as they are by default", same);
	return row;
}

/* ---- where it comes from ------------------------------------------------------------------------- */

int bn_run_origin_draw(const bn_run_detail *d, bn_area a, int rows)
{
	const bn_run_info *r = d->info;
	char text[200];
	int row = 1;
	if (rows < 4)
		return 0;
	bn_run_rule_draw(a, 0, "where it comes from", "o opens it");
	snprintf(text, sizeof text, "%.80s%s%.40s", r->user ? r->user : "-", r->host ? " on " : "",
		r->host ? r->host : "");
	row = bn_area_fact(a, row, " data", BN_INK_TEXT, r->dataset);
	row = bn_area_fact(a, row, " by", BN_INK_TEXT, text);
	if (row < rows && d->kins.has_parent)
		row = bn_area_fact(a, row, " part of", BN_INK_TEXT, d->kins.parent.label);
	if (row < rows && d->kins.child_total) {
		snprintf(text, sizeof text, "%lld run%s", (long long)d->kins.child_total,
			d->kins.child_total == 1 ? "" : "s");
		row = bn_area_fact(a, row, " runs below", BN_INK_TEXT, text);
	}
	if (row < rows && r->resumes) {
		snprintf(text, sizeof text, "%.8s after %lld steps", r->resumes,
			(long long)r->resumed_step);
		row = bn_area_fact(a, row, " resumes", BN_INK_TEXT, text);
	}
	if (row < rows && r->resumed_by)
		row = bn_area_fact(a, row, " resumed by", BN_INK_TEXT, r->resumed_by);
	if (row < rows && r->spec_hash) {
		snprintf(text, sizeof text, "%.8s", r->spec_hash);
		row = bn_area_fact(a, row, " spec", BN_INK_TEXT, text);
	}
	if (row < rows && r->note)
		row = bn_area_fact(a, row, " note", BN_INK_TEXT, r->note);
	return row;
}

/* ---- by state ------------------------------------------------------------------------------------ */

bn_area bn_run_below(bn_area a, int rows)
{
	return bn_area_sub(a, rows, 0, a.rows - rows, a.cols);
}

bool bn_run_is_reported(const bn_run_detail *d)
{
	char why[128];
	return bn_run_again_refused(d->info->kind, why, sizeof why);
}

/* Reason, line, next step: the console first, then the settings. */
static void failed_draw(bn_run_view *v, const bn_run_detail *d, bn_area a)
{
	int settings = a.rows >= 12 && d->params.count ? (int)d->params.count + 1 : 0;
	settings = settings > a.rows / 3 ? a.rows / 3 : settings;
	int origin = a.rows - settings >= 14 ? 5 : 0, hint = a.rows >= 8 ? 2 : 0;
	int console = a.rows - settings - origin - hint, most = (int)d->log_count + 2;
	most = most < 4 ? 4 : most;
	bn_run_console_draw(v, d, a, console < most ? console : most);
	a = bn_run_below(a, console < most ? console : most);
	a = bn_run_below(a, bn_run_settings_draw(d, a, settings));
	a = bn_run_below(a, bn_run_origin_draw(d, a, origin));
	if (hint && a.rows > 1 && d->is_resumable)
		bn_area_textf(a, 1, 1, BN_INK_DIM,
			"binnacle run resume %.8s, or :resume, continues it; L starts again",
			d->info->id);
	else if (hint && a.rows > 1 && !bn_run_is_reported(d))
		bn_area_textf(a, 1, 1, BN_INK_DIM,
			"again: binnacle run start --again %.8s, or L; o opens what it came from",
			d->info->id);
}

/* No series: numbers, settings, lineage, the console. */
static void scalars_draw(bn_run_view *v, const bn_run_detail *d, bn_area a)
{
	int console = a.rows >= 12 ? 4 : 0;
	int settings = (int)d->params.count + 1, numbers = bn_run_numbers_count(d) + 1;
	int room = a.rows - console;
	settings = settings > room / 2 ? room / 2 : settings;
	numbers = numbers > room - settings ? room - settings : numbers;
	bn_area rest = bn_run_below(a, bn_run_numbers_draw(d, a, numbers));
	rest = bn_run_below(rest, bn_run_settings_draw(d, rest, settings));
	if (rest.rows - console > 5)
		rest = bn_run_below(rest, bn_run_origin_draw(d, rest, 5));
	bn_run_console_draw(v, d, rest, rest.rows);
}

static void curves_draw(bn_run_view *v, const bn_run_detail *d, bn_area a)
{
	int numbers = a.rows >= 30 ? bn_run_numbers_count(d) + 1 : 0;
	int settings = a.rows >= 30 ? (int)d->params.count + 1 : 0, log = a.rows >= 12 ? 4 : 0;
	numbers = numbers > 8 ? 8 : numbers;
	settings = settings > 7 ? 7 : settings;
	a = bn_run_below(a, bn_run_settings_draw(d, a, settings));
	a = bn_run_below(a, bn_run_numbers_draw(d, a, numbers));
	int origin = a.rows >= 24 ? 5 : 0;
	log = a.rows >= 24 ? a.rows / 4 : log;
	int also = a.rows >= 14 ? also_draw(d, bn_area_sub(a, a.rows, 0, 0, a.cols), 2) : 0;
	int chart = a.rows - log - origin - also;
	bn_run_chart_draw(v, d, bn_area_sub(a, 0, 0, chart, a.cols));
	also_draw(d, bn_area_sub(a, chart, 0, also, a.cols), also);
	a = bn_run_below(a, chart + also);
	a = bn_run_below(a, bn_run_origin_draw(d, a, origin));
	bn_run_console_draw(v, d, a, a.rows);
}

bool bn_run_is_curve_picture(const bn_run_view *v, const bn_run_detail *d)
{
	bool of_system = bn_run_has_curve(d) && bn_metric_is_system(d->metrics[d->metric]);
	return bn_run_has_curve(d) && (!bn_run_has_failed(d) || v->has_cursor) &&
	       (v->arg.metric[0] || !of_system);
}

void bn_run_picture_draw(bn_run_view *v, const bn_run_detail *d, bn_area a)
{
	if (bn_run_has_failed(d) && !v->has_cursor)
		failed_draw(v, d, a);
	else if (bn_run_is_curve_picture(v, d) && bn_run_is_wide(a))
		bn_run_wide_draw(v, d, a);
	else if (bn_run_is_curve_picture(v, d))
		curves_draw(v, d, a);
	else
		scalars_draw(v, d, a);
}
