/* csv_sample.c - see _csv_sample.h. */
#include "core/source/_csv_sample.h"

#include "core/source/cell.h"

#include <string.h>

/* ---- fields ----------------------------------------------------------------------------------- */

static bool is_end(const csv_sample *f, const csv_trial *t, size_t i)
{
	return i >= f->n || f->text[i] == t->delimiter || f->text[i] == f->newline;
}

/* From after the opening quote to after the closing one. */
static size_t pass_quoted(const csv_sample *f, const csv_trial *t, size_t i, csv_piece *out)
{
	for (; i < f->n; i++) {
		if (t->escape && f->text[i] == t->escape) {
			i++;
		} else if (f->text[i] == t->quote) {
			if (i + 1 >= f->n || f->text[i + 1] != t->quote) {
				out->e = f->text + i;
				return i + 1;
			}
			i++;
		}
	}
	out->bad = true;
	out->e = f->text + f->n;
	return f->n;
}

static size_t pass_blanks(const csv_sample *f, size_t i)
{
	while (i < f->n && f->text[i] == ' ')
		i++;
	return i;
}

/* i is after blanks that separate fields: returns the end of the record if it follows, else i. */
static size_t end_behind_blanks(const csv_sample *f, const csv_trial *t, size_t i)
{
	if (!t->trim || t->delimiter != ' ' || i >= f->n || f->text[i] != ' ')
		return i;
	size_t end = pass_blanks(f, i);
	end += f->newline == '\n' && end + 1 < f->n && f->text[end] == '\r' &&
	       f->text[end + 1] == '\n';
	return end >= f->n || f->text[end] == f->newline ? end : i;
}

/* The field at *at; *at is advanced past its separator. */
void bn_sample_field(const csv_sample *f, const csv_trial *t, size_t *at, csv_piece *out)
{
	size_t i = t->trim ? pass_blanks(f, *at) : *at;

	*out = (csv_piece){.s = f->text + i};
	out->quoted = t->quote && i < f->n && f->text[i] == t->quote;
	if (out->quoted) {
		out->s++;
		i = pass_quoted(f, t, i + 1, out);
		size_t behind = t->trim && t->delimiter != ' ' ? pass_blanks(f, i) : i;
		behind += behind < f->n && f->text[behind] == '\r' && f->newline == '\n';
		out->bad |= !is_end(f, t, behind);
	}
	for (; !is_end(f, t, i); i++)
		i += t->escape && f->text[i] == t->escape;
	i = i < f->n ? i : f->n;
	if (!out->quoted) {
		out->e = f->text + i;
		if (f->newline == '\n' && out->e > out->s && out->e[-1] == '\r' && i < f->n &&
			f->text[i] == '\n')
			out->e--;
		if (t->trim)
			csv_trim(&out->s, &out->e);
	}
	i = end_behind_blanks(f, t, i);
	out->cut = i >= f->n;
	out->last = out->cut || f->text[i] == f->newline;
	*at = i + 1;
}

size_t bn_sample_line_end(const csv_sample *f, size_t at)
{
	const char *p = at < f->n ? memchr(f->text + at, f->newline, f->n - at) : NULL;

	return p ? (size_t)(p - f->text) : f->n;
}

static bool is_blank_line(const csv_sample *f, size_t at, size_t end)
{
	for (; at < end; at++)
		if (!strchr(" \t\r", f->text[at]) || !f->text[at])
			return false;
	return true;
}

/* Skips lines that are not part of a table: blank lines and comments. */
size_t bn_sample_skip(const csv_sample *f, const csv_trial *t, size_t at)
{
	while (at < f->n) {
		size_t end = bn_sample_line_end(f, at);
		bool comment = t->comment && f->text[at] == t->comment;
		if (!comment && (t->delimiter == '\t' ? end > at && f->text[at] != '\r'
						      : !is_blank_line(f, at, end)))
			break;
		at = end + 1;
	}
	return at < f->n ? at : f->n;
}

bool bn_sample_is_number(const csv_piece *x)
{
	const char *s = x->s, *e = x->e;
	int64_t i;
	double f;

	while (s < e && *s == ' ')
		s++;
	while (e > s && e[-1] == ' ')
		e--;
	return s < e && bn_csv_parse_number(s, (size_t)(e - s), &i, &f) != CSV_NOT_NUMBER;
}

/* The number of numeric fields in the first record of a lower table, and in the second. */
void bn_sample_count_numbers(const csv_sample *f, const csv_trial *t, size_t numbers[2])
{
	size_t at = t->table;
	csv_piece x;

	numbers[0] = numbers[1] = 0;
	for (int k = 0; k < 2 && at < f->n; k++, at = bn_sample_skip(f, t, at)) {
		do {
			bn_sample_field(f, t, &at, &x);
			numbers[k] += bn_sample_is_number(&x);
		} while (!x.last);
	}
}

/* ---- a header in a comment line ----------------------------------------------------------------- */

static bool is_letter(char c)
{
	return (c | 32) >= 'a' ? (c | 32) <= 'z' : c == '_';
}

/* A short text with a letter that is not a number; `word`: a single word. */
static bool is_name(const csv_piece *x, bool word)
{
	const char *s = x->s, *e = x->e;
	bool letter = false;

	while (s < e && *s == ' ')
		s++;
	for (const char *p = s; p < e; p++) {
		letter |= is_letter(*p) || (uint8_t)*p >= 0x80;
		if (word && *p == ' ')
			return false;
	}
	return letter && e - s <= 64 && !bn_sample_is_number(x);
}

/* Counts the fields of the record text[at .. its end), and how many are numbers. */
static size_t count_fields(const csv_sample *f, const csv_trial *t, size_t at, size_t *numbers)
{
	size_t n = 0;
	csv_piece x;

	do {
		bn_sample_field(f, t, &at, &x);
		*numbers += bn_sample_is_number(&x);
		n++;
	} while (!x.last);
	return n;
}

bool bn_sample_is_name(const csv_piece *x)
{
	return is_name(x, false);
}

static bool are_names(const csv_sample *f, const csv_trial *t, size_t at, bool words)
{
	csv_piece x;

	do {
		bn_sample_field(f, t, &at, &x);
		if (x.bad || !is_name(&x, words))
			return false;
	} while (!x.last);
	return true;
}

size_t bn_sample_commented_header(const csv_sample *f, const csv_trial *t, size_t table)
{
	return bn_sample_commented_names(f, t, t, table);
}

/* Where the text of the comment begins that is the last line before `end`; SIZE_MAX: that is none. */
static size_t comment_before(const csv_sample *f, const csv_trial *t, size_t end, size_t *line)
{
	size_t at;

	while (end > f->begin && strchr("\r\n \t", f->text[end - 1]) && f->text[end - 1])
		end--;
	for (at = end; at > f->begin && f->text[at - 1] != f->newline;)
		at--;
	*line = at;
	if (at == end || f->text[at] != t->comment)
		return SIZE_MAX;
	while (at < end && f->text[at] == t->comment)
		at++;
	while (at < end && f->text[at] == ' ')
		at++;
	return at < end ? at : SIZE_MAX;
}

size_t bn_sample_commented_names(
	const csv_sample *f, const csv_trial *names, const csv_trial *t, size_t table)
{
	csv_trial below = *t;
	size_t numbers[2], none = 0, line = table;

	below.table = table;
	bn_sample_count_numbers(f, &below, numbers);
	if (table >= f->n || (!numbers[0] && numbers[1]))
		return SIZE_MAX;
	size_t fields = count_fields(f, t, table, &none);
	for (int i = 0; i < 2; i++) { /* units may stand below the names */
		size_t at = comment_before(f, t, line, &line);
		if (at == SIZE_MAX || fields < 2 || fields != count_fields(f, names, at, &none))
			return SIZE_MAX;
		if (are_names(f, names, at, !numbers[0]))
			return at;
	}
	return SIZE_MAX;
}

/* ---- annotations of InfluxDB -------------------------------------------------------------------- */

bool bn_sample_is_annotated(const csv_sample *f, size_t at)
{
	static const char *const words[] = {"#group,", "#datatype,", "#default,"};
	bool is = false;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		size_t n = strlen(words[i]);
		is |= f->n - at >= n && !memcmp(f->text + at, words[i], n);
	}
	return is;
}

uint64_t bn_sample_count_lines(const csv_sample *f, size_t from, size_t to)
{
	uint64_t lines = 0;

	for (size_t at = from; at < to; at++)
		lines += f->text[at] == f->newline;
	return lines;
}

uint64_t bn_sample_second_annotation(const csv_sample *f, const csv_trial *t)
{
	size_t at = bn_sample_skip(f, t, f->begin);

	for (; at < f->n; at = bn_sample_line_end(f, at) + 1)
		if (bn_sample_is_annotated(f, at))
			return 1 + bn_sample_count_lines(f, 0, at);
	return 0;
}

/* ---- a blank before a quote ------------------------------------------------------------------- */

/* 0: no quote after blanks; 1: one that is closed; 2: one that is not. */
static int spaced_of(const csv_piece *x, char quote)
{
	const char *s = x->s, *e = x->e;

	while (s < e && *s == ' ')
		s++;
	while (e > s && e[-1] == ' ')
		e--;
	if (x->quoted || s == x->s || s == e || *s != quote)
		return 0;
	return e - s >= 2 && e[-1] == quote ? 1 : 2;
}

/* Does the piece end with the quote that closes one after a blank? */
static bool ends_quoted(const csv_piece *x, char quote)
{
	const char *e = x->e;

	while (e > x->s && e[-1] == ' ')
		e--;
	return !x->quoted && e > x->s && e[-1] == quote;
}

csv_spaced bn_sample_spaced_quotes(const csv_sample *f, const csv_trial *t, size_t table)
{
	csv_spaced found = {.closed = 0};
	size_t open = SIZE_MAX, from;
	csv_piece x;

	for (size_t at = table, n = 0; t->quote && at < f->n && n < SNIFF_RECORDS;
		n++, at = bn_sample_skip(f, t, at)) {
		bool first = true;
		do {
			from = at;
			bn_sample_field(f, t, &at, &x);
			int spaced = spaced_of(&x, t->quote);
			found.closed += spaced == 1;
			found.unspaced += x.quoted && !first;
			first = false;
			if (open != SIZE_MAX && !spaced && ends_quoted(&x, t->quote)) {
				found.first_open = found.open++ ? found.first_open : open;
				open = SIZE_MAX;
			}
			open = spaced == 2 ? from : open;
		} while (!x.last);
	}
	return found;
}

void bn_sample_count_padded(
	const csv_sample *f, const csv_trial *t, size_t table, csv_padded *header, csv_padded *rest)
{
	csv_padded *to = header;
	csv_piece x;

	for (size_t at = table, n = 0; at < f->n && n < SNIFF_RECORDS;
		n++, at = bn_sample_skip(f, t, at), to = rest) {
		for (bn_sample_field(f, t, &at, &x); !x.last;) {
			bn_sample_field(f, t, &at, &x);
			to->fields += x.quoted || x.e > x.s;
			to->padded += !x.quoted && x.e > x.s && *x.s == ' ';
		}
	}
}

/* ---- what numbers look like ------------------------------------------------------------------- */

/* ---- row names -------------------------------------------------------------------------------- */

#define ROW_NAMES 100

static bool is_integer(const csv_piece *x)
{
	const char *s = x->s;

	s += s < x->e && (*s == '-' || *s == '+');
	for (const char *p = s; p < x->e; p++)
		if ((unsigned)(*p - '0') > 9)
			return false;
	return s < x->e && !x->quoted;
}

/* Whether the field begins with a curly quote that is not closed in it. */
static bool opens_curly(const csv_piece *x)
{
	static const char open[] = "\xe2\x80\x9c", close[] = "\xe2\x80\x9d";
	size_t n = (size_t)(x->e - x->s);

	return n >= 3 && !memcmp(x->s, open, 3) && !memmem(x->s, n, close, 3);
}

static bool is_repeated(const csv_piece *names, size_t count)
{
	const csv_piece *last = &names[count - 1];
	size_t n = (size_t)(last->e - last->s);

	for (size_t i = 0; i + 1 < count; i++)
		if ((size_t)(names[i].e - names[i].s) == n && !memcmp(names[i].s, last->s, n))
			return true;
	return false;
}

bool bn_sample_are_row_names(const csv_sample *f, const csv_trial *t)
{
	csv_piece names[ROW_NAMES], x;
	bool integers = t->first == 1;
	size_t at = t->table;

	for (size_t n = 0; n < ROW_NAMES && n + t->settled < t->records; n++) {
		bn_sample_field(f, t, &at, &x);
		names[n] = x;
		if (is_repeated(names, n + 1))
			return false;
		integers = integers && is_integer(&x);
		while (!x.last) {
			bn_sample_field(f, t, &at, &x);
			integers = integers && is_integer(&x);
			if (opens_curly(&x))
				return false;
		}
		at = bn_sample_skip(f, t, at);
	}
	return !integers;
}

bool bn_sample_ends_empty(const csv_sample *f, const csv_trial *t)
{
	size_t n = 0;
	csv_piece x;

	for (size_t at = t->table; at < f->n && n < SNIFF_RECORDS;
		n++, at = bn_sample_skip(f, t, at)) {
		do
			bn_sample_field(f, t, &at, &x);
		while (!x.last);
		if (x.e > x.s && !x.cut)
			return false;
	}
	return true;
}

enum { HAS_COMMA = 1, HAS_POINT = 2, HAS_OTHER = 4, HAS_SURE_COMMA = 8 };

/* 1,5 and 12,25e3; sure: the comma cannot be a thousands separator. */
static uint8_t decimal_of(const csv_piece *x)
{
	char text[64];
	size_t n = (size_t)(x->e - x->s);
	const char *comma = memchr(x->s, ',', n);
	int64_t i;
	double f;

	if (bn_cell_is_absent(x->s, n))
		return 0;
	if (n >= sizeof text || (comma && memchr(x->s, '.', n)))
		return HAS_OTHER;
	memcpy(text, x->s, n);
	if (comma)
		text[comma - x->s] = '.';
	csv_token token = bn_csv_parse_number(text, n, &i, &f);
	if (token == CSV_NOT_NUMBER)
		return HAS_OTHER;
	if (!comma)
		return memchr(x->s, '.', n) ? HAS_POINT : 0;
	size_t before = (size_t)(comma - x->s), behind = n - before - 1;
	return behind == 3 && before <= 4 && *x->s != '0' ? HAS_COMMA : HAS_COMMA | HAS_SURE_COMMA;
}

int bn_sample_decimal(
	char *out, const csv_sample *f, const csv_trial *t, size_t columns, bn_err *err)
{
	uint8_t *has = bn_alloc_zeroed(columns + 1, 1);
	size_t n = 0, commas = 0, points = 0, sure = 0;
	csv_piece x;

	if (!has)
		return bn_err_nomem(err, "a sample");
	size_t at = t->table;
	do
		bn_sample_field(f, t, &at, &x); /* the header */
	while (!x.last);
	for (; (at = bn_sample_skip(f, t, at)) < f->n && n < SNIFF_RECORDS; n++) {
		size_t k = 0;
		do {
			bn_sample_field(f, t, &at, &x);
			if (k < columns && (!x.cut || f->whole))
				has[k++] |= decimal_of(&x);
		} while (!x.last);
	}
	for (size_t k = 0; k < columns; k++) {
		bool other = has[k] & HAS_OTHER;
		commas += !other && (has[k] & HAS_COMMA) && !(has[k] & HAS_POINT);
		points += !other && (has[k] & HAS_POINT) != 0;
		sure += !other && (has[k] & HAS_SURE_COMMA);
	}
	bn_free(has);
	/* If semicolons separate fields, a comma in a number is a decimal comma. */
	*out = 0;
	if (commas && !points && (sure || t->delimiter == ';'))
		*out = ',';
	else if (points && !commas)
		*out = '.';
	return 0;
}
