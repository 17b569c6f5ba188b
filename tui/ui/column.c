/* column.c - see column.h. */
#include "tui/ui/column.h"

#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "tui/ui/format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *bn_grid_column_name(const bn_grid_column *c)
{
	return c->name ? c->name : c->title;
}

bool bn_grid_column_is_right(const bn_grid_column *c)
{
	switch (c->form) {
	case BN_COLUMN_NUMBER:
	case BN_COLUMN_COUNT:
	case BN_COLUMN_BYTES:
	case BN_COLUMN_SHARE:
	case BN_COLUMN_DURATION:
		return true;
	default:
		return false;
	}
}

static bool is_word(const char *text, const char *word, size_t n)
{
	return strncasecmp(text, word, n) == 0 && text[n] == '\0';
}

bool bn_grid_column_is_called(const bn_grid_column *c, const char *word, size_t n)
{
	const char *name = bn_grid_column_name(c), *dot = memchr(word, '.', n);
	if (!n)
		return false;
	if (is_word(c->title, word, n) || is_word(name, word, n))
		return true;
	/* "metrics.rmse" is the column rmse; "rows" is "latest.rows". */
	if (dot && is_word(c->title, dot + 1, n - (size_t)(dot + 1 - word)))
		return true;
	const char *behind = strchr(name, '.');
	return behind && is_word(behind + 1, word, n);
}

/* ---- cells ------------------------------------------------------------------------------------- */

void bn_grid_cell_clear(bn_grid_cell *cell)
{
	cell->text = cell->full = NULL;
	cell->number = NAN;
	cell->ink = BN_INK_TEXT;
	cell->pending = cell->stands_in = false;
	cell->tail = 0;
	cell->glyph = -1;
}

void bn_grid_cell_lines(bn_grid_cell *cell, const char *text)
{
	size_t n = strcspn(text, "\n"), room = sizeof cell->buf - sizeof " ...";
	cell->text = text;
	if (!text[n])
		return;
	n = n > room ? room : n;
	while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	snprintf(cell->buf, sizeof cell->buf, "%.*s ...", (int)n, text);
	cell->text = cell->buf;
	cell->full = text;
}

bool bn_grid_cell_is_absent(const bn_grid_cell *cell)
{
	return (!cell->text || !cell->text[0] || cell->stands_in) && isnan(cell->number);
}

/* An unknown value is often -1, and an unknown time 0. */
static bool is_unknown(bn_column_form form, double number)
{
	switch (form) {
	case BN_COLUMN_AGE:
	case BN_COLUMN_TIME:
		return number <= 0;
	case BN_COLUMN_COUNT:
	case BN_COLUMN_BYTES:
	case BN_COLUMN_DURATION:
		return number < 0;
	default:
		return false;
	}
}

void bn_grid_cell_show(bn_grid_cell *cell, const bn_grid_column *c, bn_grid_clock clock)
{
	if (!isnan(cell->number) && is_unknown(c->form, cell->number))
		cell->number = NAN;
	if (cell->text || isnan(cell->number))
		return;
	int64_t whole = (int64_t)cell->number;
	switch (c->form) {
	case BN_COLUMN_COUNT:
		cell->text = bn_format_count(cell->buf, whole);
		return;
	case BN_COLUMN_BYTES:
		cell->text = bn_format_bytes(cell->buf, whole);
		return;
	case BN_COLUMN_SHARE:
		cell->text = bn_format_percent(cell->buf, cell->number);
		return;
	case BN_COLUMN_DURATION:
		cell->text = bn_format_duration(cell->buf, whole);
		return;
	case BN_COLUMN_AGE:
		cell->text = bn_format_age(cell->buf, whole, clock.now_ms);
		return;
	case BN_COLUMN_TIME:
		cell->text = bn_format_when(cell->buf, whole, clock.now_ms, clock.utc);
		return;
	case BN_COLUMN_NUMBER:
		cell->text = bn_format_number(cell->buf, cell->number);
		return;
	case BN_COLUMN_TEXT:
	case BN_COLUMN_STATE:
	case BN_COLUMN_BARS:
		return;
	}
}

/* ---- order ------------------------------------------------------------------------------------- */

static int text_compare(const char *a, const char *b)
{
	int c = strverscmp(a ? a : "", b ? b : "");
	return c < 0 ? -1 : c > 0;
}

void bn_grid_cell_sort_value(bn_grid_sort_value *out, const bn_grid_cell *cell, bn_arena *texts)
{
	bool worded = isnan(cell->number) && cell->text && !cell->stands_in;
	*out = (bn_grid_sort_value){.number = cell->number};
	if (worded)
		out->text = bn_arena_strdup(texts, cell->full ? cell->full : cell->text);
}

int bn_grid_column_compare(const bn_grid_column *c, const bn_grid_sort_value *a,
	const bn_grid_sort_value *b, bool descending)
{
	bool number_a = !isnan(a->number), number_b = !isnan(b->number);
	bool no_a = !number_a && (!a->text || !a->text[0]);
	bool no_b = !number_b && (!b->text || !b->text[0]);
	int order;
	if (no_a != no_b)
		return no_a ? 1 : -1;
	if (number_a && number_b)
		order = a->number < b->number ? -1 : a->number > b->number;
	else if (number_a != number_b)
		order = number_a ? -1 : 1;
	else
		order = text_compare(a->text, b->text);
	if (c->form == BN_COLUMN_AGE) /* the smallest age first */
		order = -order;
	return descending ? -order : order;
}

/* ---- export ------------------------------------------------------------------------------------ */

int bn_export_ending(const char *path, const char *const *endings, bn_err *err)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	const char *dot = strrchr(base, '.');
	const char *between = "";
	bn_buf known = BN_BUF_INIT;
	int n = 0, count = 0, rc;
	while (endings[count])
		count++;
	for (; n < count; n++) {
		if (dot && dot > base && strcasecmp(dot, endings[n]) == 0) {
			bn_buf_release(&known);
			return n;
		}
		bn_buf_addf(&known, "%s%s", between, endings[n]);
		between = n + 2 < count ? ", " : " or ";
	}
	if (dot && dot > base)
		rc = bn_err_set(err, BN_EUNSUPPORTED, "%.80s: '%.20s' files are not written", path, dot);
	else
		rc = bn_err_set(err, BN_EINVAL,
			"%.80s: its name has no ending, which gives the format", path);
	bn_err_hint(err, "name it %s", known.ptr ? known.ptr : endings[0]);
	bn_buf_release(&known);
	return rc;
}

int bn_export_as_of(bn_export_as *out, const char *path, bn_err *err)
{
	static const char *const endings[] = {
		".tsv", ".csv", ".json", ".md", ".arrow", ".parquet", NULL};
	int n = bn_export_ending(path, endings, err);
	if (n < 0)
		return n;
	*out = (bn_export_as)n;
	return 0;
}

/* A CSV field is quoted if necessary, and if it could be taken for an absent one. */
static void csv_write(bn_buf *out, const char *text, size_t n)
{
	if (n && !strpbrk(text, "\",\r\n")) {
		bn_buf_add(out, text, n);
		return;
	}
	bn_buf_addch(out, '"');
	for (size_t i = 0; i < n; i++) {
		if (text[i] == '"')
			bn_buf_addch(out, '"');
		bn_buf_addch(out, text[i]);
	}
	bn_buf_addch(out, '"');
}

static void json_write(bn_buf *out, const char *text, size_t n)
{
	bn_buf_add_json_string(out, text, n);
}

static void text_write(bn_buf *out, const char *text, bn_export_as as)
{
	size_t n = strlen(text);
	if (as == BN_EXPORT_CSV)
		csv_write(out, text, n);
	else if (as == BN_EXPORT_JSON)
		json_write(out, text, n);
	else if (!n)
		bn_buf_adds(out, "\"\""); /* an absent one is empty */
	else
		for (size_t i = 0; i < n; i++)
			bn_buf_addch(out, strchr("\t\n\r", text[i]) ? ' ' : text[i]);
}

void bn_grid_column_write(
	bn_buf *out, const bn_grid_column *c, const bn_grid_cell *cell, bn_export_as as)
{
	char text[BN_FMT > BN_TIMESTAMP_TEXT ? BN_FMT : BN_TIMESTAMP_TEXT];
	bool is_worded = c->form == BN_COLUMN_TEXT || c->form == BN_COLUMN_STATE;
	if (!isnan(cell->number) && (c->form == BN_COLUMN_AGE || c->form == BN_COLUMN_TIME))
		text_write(out, bn_timestamp_iso((int64_t)cell->number * 1000000, text), as);
	else if (!isnan(cell->number) && !is_worded && isfinite(cell->number))
		bn_buf_adds(out, bn_fmt_f64(cell->number, text));
	else if (cell->text && (cell->text[0] || cell->full) && !cell->stands_in &&
		 c->form != BN_COLUMN_BARS)
		text_write(out, cell->full ? cell->full : cell->text, as);
	else if (as == BN_EXPORT_JSON)
		bn_buf_adds(out, "null");
}

void bn_grid_column_write_name(bn_buf *out, const bn_grid_column *c, bn_export_as as)
{
	text_write(out, bn_grid_column_name(c), as);
}
