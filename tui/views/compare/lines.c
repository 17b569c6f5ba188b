/* lines.c - the lines of a comparison: settings that differ, metrics by part with their
 * differences, over-fit, and the rest folded. See _compare.h. */
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/base/str.h"
#include "core/track/series.h"
#include "core/track/best.h"
#include "tui/ui/format.h"
#include "tui/views/compare/_compare.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SPREAD_COLS = 8, SPREAD_RUNS = 3 };

/* ---- parts --------------------------------------------------------------------------------------- */

static bn_compare_part metric_part(const char *key)
{
	if (bn_metric_is_system(key))
		return BN_CPART_RUN;
	if (strstr(key, "test"))
		return BN_CPART_TEST;
	if (strstr(key, "val"))
		return BN_CPART_VALID;
	return strstr(key, "train") ? BN_CPART_TRAIN : BN_CPART_OTHER;
}

static bn_compare_part part_of(const bn_compare_row *r)
{
	static const bn_compare_part parts[BN_COMPARE_GROUPS] = {[BN_COMPARE_RUN] = BN_CPART_RUN,
		[BN_COMPARE_PARAM] = BN_CPART_SETTINGS,
		[BN_COMPARE_DATA] = BN_CPART_DATA,
		[BN_COMPARE_CODE] = BN_CPART_CODE,
		[BN_COMPARE_ENVIRONMENT] = BN_CPART_ENVIRONMENT};
	/* Runs on other data, with another target or other rows are not comparable: this is shown
	 * among the settings, and so is what was run. */
	if (r->group == BN_COMPARE_DATA && r->differs && !bn_str_ends(r->key, " digest"))
		return BN_CPART_SETTINGS;
	if (r->group == BN_COMPARE_RUN && r->differs && strcmp(r->key, "runs") == 0)
		return BN_CPART_SETTINGS;
	return r->group == BN_COMPARE_METRIC ? metric_part(r->key) : parts[r->group];
}

const char *bn_compare_word(bn_compare_part part, const char *key)
{
	static const char *const prefixes[BN_CPARTS][2] = {[BN_CPART_TEST] = {"test_", "test/"},
		[BN_CPART_VALID] = {"val_", "valid_"},
		[BN_CPART_TRAIN] = {"train_", "train/"}};
	for (int i = 0; i < 2; i++) {
		const char *p = prefixes[part][i];
		if (p && strncmp(key, p, strlen(p)) == 0)
			return key + strlen(p);
	}
	return key;
}

static bool is_delta_absolute(const bn_compare_row *r)
{
	/* Shares, and values up to 1: differences are shown in points instead of per cent. */
	return r->better > 0 && fabs(r->cells[0].number) <= 1;
}

/* ---- the lines ----------------------------------------------------------------------------------- */

static bn_cline *line_add(bn_compare_view *v, bn_line_kind kind, bn_compare_part part, size_t row)
{
	bn_cline *l = &v->lines[v->line_count++];
	*l = (bn_cline){.kind = kind, .part = part, .row = row};
	return l;
}

typedef struct part_count {
	size_t all, differ;
} part_count;

static part_count count_part(const bn_comparison *c, bn_compare_part part)
{
	part_count n = {0, 0};
	for (size_t i = 0; i < c->count; i++)
		if (part_of(&c->rows[i]) == part) {
			n.all++;
			n.differ += c->rows[i].differs;
		}
	return n;
}

static const char *part_title(bn_compare_part part)
{
	static const char *const titles[BN_CPARTS] = {"settings that differ", "test part",
		"over-fit: train and test", "validation part", "training part", "other metrics",
		"data", "code", "environment", "run"};
	return titles[part];
}

static void title_add(bn_compare_view *v, bn_compare_part part, part_count n)
{
	bool open = (v->unfolded >> part & 1) != 0;
	bn_cline *l = line_add(v, open ? BN_CLINE_RULE : BN_CLINE_FOLD, part, 0);
	const char *title = part_title(part);
	if (part == BN_CPART_SETTINGS && v->all_rows)
		title = "settings";
	if (part == BN_CPART_OVERFIT)
		snprintf(l->text, sizeof l->text, "%s", title);
	else if (n.differ == 0)
		snprintf(l->text, sizeof l->text, "%s: the same in all (%zu)",
			part == BN_CPART_SETTINGS ? "settings" : title, n.all);
	else if (n.differ == n.all)
		snprintf(l->text, sizeof l->text, "%s (%zu)", title, n.all);
	else
		snprintf(l->text, sizeof l->text, "%s (%zu of %zu%s)", title, n.differ, n.all,
			part == BN_CPART_SETTINGS ? "" : " differ");
}

static void row_add(bn_compare_view *v, const bn_comparison *c, bn_compare_part part, size_t row)
{
	const bn_compare_row *r = &c->rows[row];
	line_add(v, BN_CLINE_VALUE, part, row);
	bool has_delta = false;
	for (size_t i = 0; i < c->runs; i++)
		has_delta = has_delta || (i != c->baseline && !isnan(r->cells[i].delta));
	if (r->group == BN_COMPARE_METRIC && part != BN_CPART_RUN && has_delta && r->differs &&
		v->scale != BN_SCALE_VALUE)
		line_add(v, BN_CLINE_DELTA, part, row);
}

/* Rows of a part by rank, then in page order: by name. An open part without a difference has all of
 * its rows. */
static void rows_add(
	bn_compare_view *v, const bn_comparison *c, bn_compare_part part, bool all)
{
	for (int rank = 0; rank <= BN_METRIC_RANKS; rank++)
		for (size_t i = 0; i < c->count; i++) {
			const bn_compare_row *r = &c->rows[i];
			bool shown = all || r->differs;
			if (part_of(r) == part && shown &&
				bn_metric_rank(bn_compare_word(part, r->key)) == rank)
				row_add(v, c, part, i);
		}
}

/* The first metric that both training and test rows have; false: there is none. */
static bool overfit_find(const bn_comparison *c, size_t *train, size_t *test)
{
	for (int rank = 0; rank <= BN_METRIC_RANKS; rank++)
		for (size_t i = 0; i < c->count; i++) {
			const char *word = bn_compare_word(BN_CPART_TEST, c->rows[i].key);
			if (part_of(&c->rows[i]) != BN_CPART_TEST || bn_metric_rank(word) != rank)
				continue;
			for (size_t k = 0; k < c->count; k++)
				if (part_of(&c->rows[k]) == BN_CPART_TRAIN &&
					strcmp(bn_compare_word(BN_CPART_TRAIN, c->rows[k].key),
						word) == 0) {
					*train = k;
					*test = i;
					return true;
				}
		}
	return false;
}

/* Parts open by default: settings that differ, and the part that models are judged by. */
static unsigned open_at_first(const bn_comparison *c)
{
	static const bn_compare_part judged[] = {
		BN_CPART_TEST, BN_CPART_VALID, BN_CPART_OTHER, BN_CPART_TRAIN};
	unsigned open = 1u << BN_CPART_OVERFIT;
	if (count_part(c, BN_CPART_SETTINGS).differ > 0)
		open |= 1u << BN_CPART_SETTINGS;
	for (size_t i = 0; i < sizeof judged / sizeof *judged; i++)
		if (count_part(c, judged[i]).all > 0)
			return open | 1u << judged[i];
	return open | 1u << BN_CPART_RUN;
}

static void part_add(bn_compare_view *v, const bn_comparison *c, bn_compare_part part)
{
	part_count n = count_part(c, part);
	size_t train = 0, test = 0;
	bool open = (v->unfolded >> part & 1) != 0;
	if (part == BN_CPART_OVERFIT) {
		if (!overfit_find(c, &train, &test))
			return;
		title_add(v, part, n);
		if (open) {
			line_add(v, BN_CLINE_TRAIN, part, train);
			line_add(v, BN_CLINE_GAP, part, train)->other = test;
		}
		return;
	}
	if (n.all == 0)
		return;
	title_add(v, part, n);
	if (open)
		rows_add(v, c, part, v->all_rows || n.differ == 0);
}

void bn_compare_lines(bn_compare_view *v)
{
	const bn_compare_page *d = bn_compare_data(v);
	bn_free(v->lines);
	v->line_count = 0;
	v->lines =
		d ? bn_alloc((2 * d->table->count + 2 * BN_CPARTS + 4) * sizeof *v->lines) : NULL;
	if (v->lines) {
		if (!v->is_folded_once)
			v->unfolded = v->first = open_at_first(d->table);
		v->is_folded_once = true;
		line_add(v, BN_CLINE_NAMES, BN_CPART_SETTINGS, 0);
		/* Those open at first, then the others; folding moves none. */
		for (int later = 0; later < 2; later++)
			for (int part = 0; part < BN_CPARTS; part++)
				if ((v->first >> part & 1) == (later == 0))
					part_add(v, d->table, (bn_compare_part)part);
	}
	bn_grid_reload(&v->list.grid);
}

/* ---- cells --------------------------------------------------------------------------------------- */

static int64_t grid_rows(void *ctx)
{
	return ((const bn_compare_view *)ctx)->line_count;
}

/* A line keeps the selection when other lines are added or removed. */
static uint64_t grid_key(void *ctx, int64_t row)
{
	const bn_cline *l = &((const bn_compare_view *)ctx)->lines[row];
	bool part = l->kind == BN_CLINE_RULE || l->kind == BN_CLINE_FOLD;
	return part ? 1 + (uint64_t)l->part : 100 + (uint64_t)l->kind + 10 * (uint64_t)l->row;
}

static const char *across(void *ctx, int64_t row, bool *is_rule)
{
	const bn_compare_view *v = ctx;
	bn_cline *l = &v->lines[row];
	*is_rule = l->kind == BN_CLINE_RULE;
	return *is_rule || l->kind == BN_CLINE_FOLD ? l->text : NULL;
}

enum { LIST_LONG = 16 }; /* a cell shows lists of up to this many characters */

static bool list_has(const json_t *list, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *other = json_string_value(json_array_get(list, i));
		if (other && strcmp(other, name) == 0)
			return true;
	}
	return false;
}

/* " -gpu": the names of `list` that are not in `other`. */
static void list_add(bn_buf *out, char sign, const json_t *list, const json_t *other)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = json_string_value(json_array_get(list, i));
		if (name && !list_has(other, name))
			bn_buf_addf(out, "%s%c%s", out->len ? " " : "", sign, name);
	}
}

/* A long list of names: the number of names in the base, and what the others add or lack. */
static bool list_cell(
	const bn_comparison *c, const bn_compare_row *row, size_t r, bn_grid_cell *out)
{
	const char *mine = row->cells[r].text, *theirs = row->cells[c->baseline].text;
	if (mine[0] != '[' || strlen(mine) <= LIST_LONG || !theirs || theirs[0] != '[')
		return false;
	json_t *a = json_loads(theirs, 0, NULL), *b = json_loads(mine, 0, NULL);
	bn_buf text = BN_BUF_INIT;
	bool are_names =
		json_is_string(json_array_get(a, 0)) && json_is_string(json_array_get(b, 0));
	if (are_names && r == c->baseline)
		bn_buf_addf(&text, "%zu names", json_array_size(a));
	else if (are_names) {
		list_add(&text, '+', b, a);
		list_add(&text, '-', a, b);
	}
	const char *same = strcmp(mine, theirs) == 0 ? "=" : "reordered";
	snprintf(out->buf, sizeof out->buf, "%s", text.len ? text.ptr : same);
	if (are_names) {
		out->text = out->buf;
		out->full = mine;
	}
	bn_buf_release(&text);
	json_decref(a);
	json_decref(b);
	return are_names;
}

static void value_cell(const bn_comparison *c, const bn_compare_row *row, size_t r, bool says_best,
	bn_grid_cell *out)
{
	const bn_compare_cell *cell = &row->cells[r];
	char number[BN_FORMAT_BYTES];
	bool is_measured = row->group == BN_COMPARE_METRIC || row->group == BN_COMPARE_RUN;
	if (cell->text)
		bn_grid_cell_lines(out, cell->text);
	if (!cell->text || (row->group != BN_COMPARE_METRIC && list_cell(c, row, r, out)))
		return;
	if (is_measured && !isnan(cell->number))
		out->text = bn_format_number(out->buf, cell->number);
	if (!says_best || row->group != BN_COMPARE_METRIC || !bn_comparison_is_best(c, row, r))
		return;
	out->ink = BN_INK_BEST;
	snprintf(number, sizeof number, "%.30s", out->text);
	snprintf(out->buf, sizeof out->buf, "%s best", number);
	out->text = out->buf;
}

static void delta_cell(const bn_compare_view *v, const bn_comparison *c, const bn_compare_row *row,
	size_t r, bn_grid_cell *out)
{
	const bn_compare_cell *cell = &row->cells[r];
	out->ink = BN_INK_DIM;
	out->text = "";
	if (r == c->baseline || isnan(cell->delta))
		return;
	bool percent = v->scale == BN_SCALE_PERCENT && !is_delta_absolute(row) &&
		       !isnan(cell->percent) && fabs(cell->percent) < 1e5;
	if (cell->delta == 0)
		snprintf(out->buf, sizeof out->buf, "=");
	else if (percent)
		snprintf(out->buf, sizeof out->buf, "%+.1f %%", cell->percent);
	else
		snprintf(out->buf, sizeof out->buf, "%+.3g", cell->delta);
	out->text = out->buf;
}

/* How much worse the metric is on test rows than on training rows. */
static void gap_cell(
	const bn_compare_row *train, const bn_compare_row *test, size_t r, bn_grid_cell *out)
{
	double a = train->cells[r].number, b = test->cells[r].number;
	out->text = "";
	if (isnan(a) || isnan(b) || a == 0)
		return;
	if (is_delta_absolute(test))
		snprintf(out->buf, sizeof out->buf, "%+.3g", b - a);
	else
		snprintf(out->buf, sizeof out->buf, "%+.1f %%", 100 * (b - a) / fabs(a));
	out->text = out->buf;
}

static void spread_cell(const bn_compare_view *v, const bn_cline *l, bn_grid_cell *out)
{
	const bn_comparison *c = bn_compare_data(v)->table;
	double numbers[BN_SPARK];
	int n = 0;
	out->text = "";
	if (l->kind != BN_CLINE_VALUE || c->rows[l->row].group != BN_COMPARE_METRIC)
		return;
	for (size_t i = 0; i < c->runs && n < BN_SPARK; i++)
		if (!isnan(c->rows[l->row].cells[i].number))
			numbers[n++] = c->rows[l->row].cells[i].number;
	if (n >= SPREAD_RUNS)
		out->text = bn_spark_text(out->buf, numbers, n, n, v->list.alphabet);
}

/* The subject of a line. */
static void what_cell(const bn_compare_view *v, const bn_cline *l, bn_grid_cell *out)
{
	const bn_comparison *c = bn_compare_data(v)->table;
	const bn_compare_row *row = &c->rows[l->row];
	bool ascii = v->list.alphabet == BN_ALPHABET_ASCII;
	const char *good = "";
	char letters[BN_COMPARE_LETTERS];
	switch (l->kind) {
	case BN_CLINE_NAMES:
		out->text = "name";
		out->ink = BN_INK_DIM;
		return;
	case BN_CLINE_VALUE:
		if (row->group == BN_COMPARE_METRIC && row->better)
			good = row->better < 0 ? "↓" : "↑";
		if (*good && ascii)
			good = row->better < 0 ? "(min)" : "(max)";
		snprintf(out->buf, sizeof out->buf, "%.150s%s%s", row->key, *good ? " " : "", good);
		out->text = out->buf;
		out->ink = row->differs ? BN_INK_STRONG : BN_INK_TEXT;
		return;
	case BN_CLINE_DELTA:
		snprintf(out->buf, sizeof out->buf, "  against %s", bn_compare_letters(c->baseline, letters));
		out->text = out->buf;
		out->ink = BN_INK_DIM;
		return;
	case BN_CLINE_TRAIN:
		out->text = row->key;
		return;
	default:
		out->text = l->kind == BN_CLINE_GAP ? "gap" : "";
		return;
	}
}

static void grid_cell(void *ctx, int64_t at, int col, bn_grid_cell *out)
{
	const bn_compare_view *v = ctx;
	const bn_comparison *c = bn_compare_data(v)->table;
	const bn_cline *l = &v->lines[at];
	size_t r = (size_t)(col - BN_COMPARE_FIRST);
	if (col < BN_COMPARE_FIRST) {
		what_cell(v, l, out);
	} else if (r >= c->runs) {
		spread_cell(v, l, out);
	} else if (l->kind == BN_CLINE_NAMES) {
		out->text = v->names[r];
		out->full = c->names[r];
		out->ink = BN_INK_STRONG;
	} else if (l->kind == BN_CLINE_DELTA) {
		delta_cell(v, c, &c->rows[l->row], r, out);
	} else if (l->kind == BN_CLINE_GAP) {
		gap_cell(&c->rows[l->row], &c->rows[l->other], r, out);
	} else if (l->kind == BN_CLINE_VALUE || l->kind == BN_CLINE_TRAIN) {
		value_cell(c, &c->rows[l->row], r, l->kind == BN_CLINE_VALUE, out);
	}
}

const bn_grid_source bn_compare_source = {
	.rows = grid_rows, .cell = grid_cell, .key = grid_key, .across = across};

enum { BELOW_COLS = 12, WHAT_COLS = 24, WHAT_MOST = 60, NAME_MOST = 30 };

/* ---- names and what is common -------------------------------------------------------------------- */

static bool parts_words(char c)
{
	return c == '\0' || strchr("-_/ ", c) != NULL;
}

/* Length of the common prefix of all names, up to and including a separator. */
static size_t shared_front(const bn_comparison *c)
{
	size_t n = 0;
	for (size_t i = 0; c->runs > 1 && c->names[0][i]; i++) {
		for (size_t k = 1; k < c->runs; k++)
			if (c->names[k][i] != c->names[0][i])
				return n;
		if (parts_words(c->names[0][i]))
			n = i + 1;
	}
	return 0; /* one name is the prefix of all */
}

static size_t shared_back(const bn_comparison *c, size_t front)
{
	size_t n = 0, length = strlen(c->names[0]);
	for (size_t i = 1; c->runs > 1 && i + front < length; i++) {
		char sign = c->names[0][length - i];
		for (size_t k = 1; k < c->runs; k++) {
			size_t other = strlen(c->names[k]);
			if (i + front >= other || c->names[k][other - i] != sign)
				return n;
		}
		if (parts_words(sign))
			n = i;
	}
	return n;
}

/* Whether the names fit whole beside what they are compared in. */
static bool names_fit(const bn_compare_view *v, const bn_comparison *c)
{
	size_t longest = 0, cols = v->list.grid.body.cols > 0 ? (size_t)v->list.grid.body.cols : 80;
	for (size_t i = 0; i < c->runs; i++)
		longest = bn_utf8_width(c->names[i]) > longest ? bn_utf8_width(c->names[i]) : longest;
	return longest <= NAME_MOST && WHAT_COLS + SPREAD_COLS + c->runs * (longest + 2) <= cols;
}

/* The width of the names that are shown, at least `least`. */
static int name_width(const bn_compare_view *v, const bn_comparison *c, int least)
{
	for (size_t i = 0; i < c->runs; i++)
		least = (int)bn_utf8_width(v->names[i]) > least ? (int)bn_utf8_width(v->names[i]) : least;
	return least > NAME_MOST || !names_fit(v, c) ? 13 : least;
}

/* The width of the longest name of a setting or metric, with its direction. */
static int what_width(const bn_comparison *c)
{
	int longest = WHAT_COLS;
	for (size_t i = 0; i < c->count; i++) {
		int width = (int)bn_utf8_width(c->rows[i].key) + 6;
		longest = width > longest ? width : longest;
	}
	return longest > WHAT_MOST ? WHAT_MOST : longest;
}

static void names_make(bn_compare_view *v, const bn_comparison *c)
{
	size_t front = shared_front(c), back = shared_back(c, front);
	for (size_t i = 0; i < c->runs; i++) {
		const char *name = c->names[i] + front;
		size_t n = strlen(name) - back;
		snprintf(v->below[i], sizeof v->below[i], "%.*s",
			(int)bn_utf8_head(name, n, BELOW_COLS), name);
	}
	if (names_fit(v, c))
		front = back = 0;
	for (size_t i = 0; i < c->runs; i++)
		snprintf(v->names[i], sizeof v->names[i], "%.*s",
			(int)(strlen(c->names[i]) - front - back), c->names[i] + front);
	v->shared[0] = '\0';
	if (front || back)
		snprintf(v->shared, sizeof v->shared, "%.*s...%.30s", front < 40 ? (int)front : 40,
			c->names[0], c->names[0] + strlen(c->names[0]) - back);
}

static const char *same_value(const bn_comparison *c, bn_compare_group group, const char *key)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->rows[i].group == group && strcmp(c->rows[i].key, key) == 0)
			return c->rows[i].differs ? NULL : c->rows[i].cells[0].text;
	return NULL;
}

/* "mlp on jobs.train@v1, epochs 40": settings at their defaults say nothing, so the shortest come
 * first. */
static void common_make(bn_compare_view *v, const bn_comparison *c)
{
	const char *what = same_value(c, BN_COMPARE_RUN, "runs"),
		   *on = same_value(c, BN_COMPARE_DATA, "train");
	int n = snprintf(v->common, sizeof v->common, "in all %zu:%s%.60s%s%.60s", c->runs,
		what ? " " : "", what ? what : "", on ? " on " : "", on ? on : "");
	const char *between = what || on ? ", " : " ";
	for (size_t i = 0; i < c->count && n > 0 && (size_t)n < sizeof v->common; i++) {
		const bn_compare_row *r = &c->rows[i];
		if (r->group != BN_COMPARE_PARAM || r->differs || !r->cells[0].text)
			continue;
		n += snprintf(v->common + n, sizeof v->common - (size_t)n, "%s%.40s %.40s", between,
			r->key, r->cells[0].text);
		between = ", ";
	}
}

const char *bn_compare_letters(size_t run, char out[BN_COMPARE_LETTERS])
{
	char one = (char)('A' + (int)(run % 26));
	if (run < 26)
		snprintf(out, BN_COMPARE_LETTERS, "%c", one);
	else
		snprintf(out, BN_COMPARE_LETTERS, "%c%c", (char)('A' + (int)(run / 26 - 1) % 26), one);
	return out;
}

char bn_compare_mark(size_t run)
{
	if (run < 26)
		return (char)('A' + (int)run);
	return run < 52 ? (char)('a' + (int)run - 26) : 0;
}

void bn_compare_take(bn_compare_view *v)
{
	char letters[BN_COMPARE_LETTERS];
	const bn_comparison *c = bn_compare_data(v)->table;
	int count = BN_COMPARE_FIRST + (int)c->runs;
	names_make(v, c);
	v->columns[0] = (bn_grid_column){.title = "",
		.name = "what",
		.frozen = true,
		.min = 12,
		.max = what_width(c),
		.wish = 24,
		.flexible = true};
	for (size_t i = 0; i < c->runs; i++) {
		snprintf(v->titles[i], sizeof v->titles[i], "%s%s", bn_compare_letters(i, letters),
			i == c->baseline ? " base" : "");
		v->columns[BN_COMPARE_FIRST + i] = (bn_grid_column){.title = v->titles[i],
			.name = c->ids[i],
			.form = BN_COLUMN_NUMBER,
			.min = 9,
			.max = name_width(v, c, 13),
			.priority = i == c->baseline ? 0 : 1};
	}
	if (c->runs >= SPREAD_RUNS)
		v->columns[count++] = (bn_grid_column){.title = "spread",
			.form = BN_COLUMN_BARS,
			.min = SPREAD_COLS,
			.max = BN_SPARK,
			.priority = 9};
	common_make(v, c);
	bn_grid_set_columns(&v->list.grid, v->columns, count, NULL);
	bn_compare_lines(v);
}
