/*
 * csv_sniff.c - what the beginning of a file says about its dialect.
 *
 * A reading is tried on the first thousand records and judged by one thing: is the sample a table under it, every
 * record with as many fields as the first? The plain reading is taken whenever it is, so that what never needed a
 * guess gets none. Other readings are tried in this order, and the first that makes a table wins: another delimiter,
 * comment lines, an escape, single quotes; then a table that begins below its first line (row names without a name, or
 * lines of prose before the header). When nothing does, a reading under which most records fit stands, so that the errors
 * name the records that do not.
 */
#include "core/source/_csv_parts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#define SNIFF_RECORDS 1000
#define PREAMBLE_RECORDS 100

typedef struct sniffer {
	const char *text;
	size_t n, begin;
	bool whole;
	char newline;
	char delimiters[8];
	uint32_t counts[SNIFF_RECORDS]; /* fields of each record of the trial made last */
	size_t starts[SNIFF_RECORDS];
} sniffer;

typedef struct trial {
	char delimiter, quote, escape, comment;
	size_t records, quoted,
		bad; /* fields with quotes, and ones whose quote does not close, or has text behind it */
	size_t first, equal; /* fields of the first record; records that have as many */
	size_t common; /* fields that all have from the record `settled` on, 0: no such number */
	size_t settled;
	size_t table; /* where that record begins */
	bool prose;   /* every record before it has fewer fields */
} trial;

/* ---- fields ----------------------------------------------------------------------------------- */

typedef struct field {
	const char *s, *e; /* without its quotes; doubled ones inside stay */
	bool quoted, bad;
	bool last; /* of its record */
	bool cut;  /* the text ended before it did */
} field;

static bool is_end(const sniffer *f, const trial *t, size_t i)
{
	return i >= f->n || f->text[i] == t->delimiter || f->text[i] == f->newline;
}

/* From behind the opening quote to behind the closing one. */
static size_t pass_quoted(const sniffer *f, const trial *t, size_t i, field *out)
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

/* The field at *at; *at moves behind its separator. */
static void next_field(const sniffer *f, const trial *t, size_t *at, field *out)
{
	size_t i = *at;

	*out = (field){.s = f->text + i};
	out->quoted = t->quote && i < f->n && f->text[i] == t->quote;
	if (out->quoted) {
		out->s++;
		i = pass_quoted(f, t, i + 1, out);
		size_t cr = i < f->n && f->text[i] == '\r' && f->newline == '\n' ? 1 : 0;
		out->bad |= !is_end(f, t, i + cr);
	}
	for (; !is_end(f, t, i); i++)
		i += t->escape && f->text[i] == t->escape;
	i = i < f->n ? i : f->n;
	if (!out->quoted) {
		out->e = f->text + i;
		if (f->newline == '\n' && out->e > out->s && out->e[-1] == '\r' && i < f->n &&
			f->text[i] == '\n')
			out->e--;
	}
	out->cut = i >= f->n;
	out->last = out->cut || f->text[i] == f->newline;
	*at = i + 1;
}

static size_t line_end(const sniffer *f, size_t at)
{
	const char *p = at < f->n ? memchr(f->text + at, f->newline, f->n - at) : NULL;

	return p ? (size_t)(p - f->text) : f->n;
}

static bool is_blank_line(const sniffer *f, size_t at, size_t end)
{
	for (; at < end; at++)
		if (!strchr(" \t\r", f->text[at]) || !f->text[at])
			return false;
	return true;
}

/* Past lines that are none of a table's: of blanks, and comments. */
static size_t skip_lines(const sniffer *f, const trial *t, size_t at)
{
	while (at < f->n) {
		size_t end = line_end(f, at);
		bool comment = t->comment && f->text[at] == t->comment;
		if (!comment && (t->delimiter == '\t' ? end > at && f->text[at] != '\r'
						      : !is_blank_line(f, at, end)))
			break;
		at = end + 1;
	}
	return at < f->n ? at : f->n;
}

/* ---- trials ----------------------------------------------------------------------------------- */

static void judge(trial *t, const uint32_t *counts, const size_t *starts)
{
	t->first = t->records ? counts[0] : 0;
	for (size_t i = 0; i < t->records; i++)
		t->equal += counts[i] == t->first;
	if (!t->records)
		return;
	t->common = counts[t->records - 1];
	t->settled = t->records - 1;
	while (t->settled && counts[t->settled - 1] == t->common)
		t->settled--;
	t->table = starts[t->settled];
	t->prose = true;
	for (size_t i = 0; i < t->settled; i++)
		t->prose &= counts[i] < t->common;
}

static void try_it(sniffer *f, trial *t)
{
	size_t at = skip_lines(f, t, f->begin), n = 0;
	field x;

	while (at < f->n && n < SNIFF_RECORDS) {
		f->starts[n] = at;
		f->counts[n] = 0;
		size_t bad = 0;
		do {
			next_field(f, t, &at, &x);
			f->counts[n]++;
			bad += x.bad;
			t->quoted += x.quoted;
		} while (!x.last);
		if (x.cut && !f->whole && n)
			break; /* the rest of it is not in the sample */
		t->bad += bad;
		n++;
		at = skip_lines(f, t, at);
	}
	t->records = n;
	judge(t, f->counts, f->starts);
}

static bool is_table(const trial *t)
{
	return t->first >= 2 && t->equal == t->records && !t->bad;
}

static bool is_quoted_table(const trial *t)
{
	return is_table(t) && t->quoted;
}

/* A table that begins below the first line. */
static bool is_lower_table(const trial *t)
{
	return t->common >= 2 && !t->bad && t->settled && t->settled <= PREAMBLE_RECORDS &&
	       t->records - t->settled >= 2 && t->prose;
}

static bool is_nearly_table(const trial *t)
{
	return t->first >= 2 && t->equal * 10 >= t->records * 8;
}

/* Tries every delimiter with the other parts of `like`; the table of most columns that any of them makes. */
static bool find_table(
	sniffer *f, const trial *like, bool (*good)(const trial *), size_t least, trial *best)
{
	bool found = false;

	for (const char *d = f->delimiters; *d; d++) {
		trial t = {*d, like->quote, like->escape, like->comment, .bad = 0};
		if (t.delimiter == t.quote || t.delimiter == t.comment)
			continue;
		try_it(f, &t);
		size_t columns = good == is_lower_table ? t.common : t.first;
		if (!good(&t) || columns < least)
			continue;
		if (!found || columns > (good == is_lower_table ? best->common : best->first))
			*best = t;
		found = true;
	}
	return found;
}

static bool has_line_that_begins(const sniffer *f, char c)
{
	for (size_t at = f->begin; at < f->n; at = line_end(f, at) + 1)
		if (f->text[at] == c)
			return true;
	return false;
}

/* ---- one column ------------------------------------------------------------------------------- */

static bool is_number(const field *x)
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

/* "# made by", then a name, then numbers: comments before a single column. */
static bool is_commented_column(const sniffer *f, char comment)
{
	trial t = {.delimiter = ',', .quote = '"', .comment = comment};
	size_t at = skip_lines(f, &t, f->begin), numbers = 0, values = 0;
	field x;

	if (f->begin >= f->n || f->text[f->begin] != comment || at >= f->n)
		return false;
	next_field(f, &t, &at, &x);
	if (!x.last || is_number(&x))
		return false;
	while ((at = skip_lines(f, &t, at)) < f->n && values < SNIFF_RECORDS) {
		next_field(f, &t, &at, &x);
		if (!x.last)
			return false;
		numbers += is_number(&x);
		values++;
	}
	return values && numbers == values;
}

/* ---- choosing --------------------------------------------------------------------------------- */

typedef struct choice {
	trial t;
	bool lower; /* its table begins at t.table */
} choice;

/* Comments, an escape, single quotes: the parts of a reading beside the delimiter. */
static bool find_variant(sniffer *f, const trial *plain, const bn_source_options *o, choice *c)
{
	static const char comments[] = "#%";
	size_t least = plain->first >= 2 ? plain->first : 2;
	trial like;

	for (const char *p = comments; *p && !o->comment; p++) {
		like = *plain;
		like.comment = *p;
		if (has_line_that_begins(f, *p) && find_table(f, &like, is_table, 2, &c->t))
			return true;
	}
	like = *plain;
	like.escape = '\\';
	if (!o->escape && plain->bad && memmem(f->text, f->n, "\\\"", 2) &&
		find_table(f, &like, is_table, least, &c->t))
		return true;
	like = *plain;
	like.quote = '\'';
	return !o->quote && !plain->quoted && find_table(f, &like, is_quoted_table, 2, &c->t);
}

/* Is the first record of a lower table its header, since it has names where the next has numbers? */
static bool is_title(const sniffer *f, const trial *t)
{
	size_t at = t->table, numbers[2] = {0, 0};
	field x;

	for (int k = 0; k < 2 && at < f->n; k++, at = skip_lines(f, t, at)) {
		do {
			next_field(f, t, &at, &x);
			numbers[k] += is_number(&x);
		} while (!x.last);
	}
	return !numbers[0] && numbers[1];
}

/* Below one column of text: row names, or a header, and nothing less sure. */
static bool is_sure_lower(const sniffer *f, const trial *t)
{
	return (t->settled == 1 && t->first >= 2 && t->first + 1 == t->common) || is_title(f, t);
}

static bool find_lower(sniffer *f, const trial *plain, const bn_source_options *o, choice *c)
{
	trial like = *plain;

	if (o->skip_given)
		return false;
	c->lower = true;
	if (is_lower_table(plain)) {
		c->t = *plain;
		return true;
	}
	if (find_table(f, &like, is_lower_table, 2, &c->t))
		return true;
	like.comment = '#';
	if (!o->comment && has_line_that_begins(f, '#') &&
		find_table(f, &like, is_lower_table, 2, &c->t))
		return true;
	c->lower = false;
	return false;
}

static void choose(sniffer *f, const trial *plain, const bn_source_options *o, choice *c)
{
	*c = (choice){.t = *plain};
	if (is_table(plain))
		return;
	/* Under another delimiter the header has to be of the table, and of no fewer columns. */
	size_t least = plain->first >= 2 ? plain->first : 2;
	if (find_table(f, plain, is_table, least, &c->t) || find_variant(f, plain, o, c))
		return;
	if (is_nearly_table(plain)) {
		c->t = *plain;
		return;
	}
	if (plain->equal == plain->records && plain->first == 1 && !o->comment) {
		c->t = *plain; /* one column, whatever stands in it */
		if (find_table(f, plain, is_nearly_table, 2, &c->t))
			return;
		if (find_lower(f, plain, o, c) && is_sure_lower(f, &c->t))
			return;
		*c = (choice){.t = *plain};
		for (const char *p = "#%"; *p; p++)
			if (is_commented_column(f, *p))
				c->t.comment = *p;
		return;
	}
	if (find_lower(f, plain, o, c))
		return;
	if (find_table(f, plain, is_nearly_table, 2, &c->t))
		return;
	trial like = *plain;
	like.comment = '#';
	if (o->comment || !has_line_that_begins(f, '#') ||
		!find_table(f, &like, is_nearly_table, 2, &c->t))
		c->t = *plain;
}

/* ---- what is settled beside ------------------------------------------------------------------- */

static bool ends_with_nothing(const sniffer *f, const trial *t)
{
	size_t n = 0;
	field x;

	for (size_t at = t->table; at < f->n && n < SNIFF_RECORDS; n++, at = skip_lines(f, t, at)) {
		do
			next_field(f, t, &at, &x);
		while (!x.last);
		if (x.e > x.s && !x.cut)
			return false;
	}
	return true;
}

enum { HAS_COMMA = 1, HAS_POINT = 2, HAS_OTHER = 4, HAS_SURE_COMMA = 8 };

/* 1,5 and 12,25e3; sure: it cannot be a thousand and its comma. */
static uint8_t decimal_of(const field *x)
{
	char text[64];
	size_t n = (size_t)(x->e - x->s);
	const char *comma = memchr(x->s, ',', n);
	int64_t i;
	double f;

	if (!n)
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

/* Some column has numbers with a comma and nothing else, and none has numbers with a point and nothing else. */
static int has_decimal_comma(
	bool *out, const sniffer *f, const trial *t, size_t columns, bn_err *err)
{
	uint8_t *has = bn_alloc_zeroed(columns + 1, 1);
	size_t n = 0, commas = 0, points = 0, sure = 0;
	field x;

	if (!has)
		return bn_err_nomem(err, "a sample");
	size_t at = t->table;
	do
		next_field(f, t, &at, &x); /* the header */
	while (!x.last);
	for (; (at = skip_lines(f, t, at)) < f->n && n < SNIFF_RECORDS; n++) {
		size_t k = 0;
		do {
			next_field(f, t, &at, &x);
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
	/* Where semicolons separate, a comma in a number is a decimal one. */
	*out = commas && !points && (sure || t->delimiter == ';');
	return 0;
}

/* ---- all of it -------------------------------------------------------------------------------- */

static uint64_t count_lines(const sniffer *f, size_t from, size_t to)
{
	uint64_t lines = 0;

	for (size_t at = from; at < to; at++)
		lines += f->text[at] == f->newline;
	return lines;
}

/* "sep=;", which Excel reads and writes. */
static char read_sep_line(sniffer *f)
{
	size_t end = line_end(f, f->begin), n = end - f->begin;
	const char *s = f->text + f->begin;

	if (n && s[n - 1] == '\r')
		n--;
	if (n >= 7 && *s == '"' && s[n - 1] == '"')
		s++, n -= 2;
	if (n != 5 || strncasecmp(s, "sep=", 4) || (uint8_t)s[4] >= 0x80)
		return 0;
	f->begin = end < f->n ? end + 1 : f->n;
	return s[4];
}

static char told(char option, char otherwise)
{
	if (option == BN_DIALECT_NONE)
		return 0;
	return option ? option : otherwise;
}

/* The line end of the first record; one between quotes is none. */
static void set_newline(sniffer *f, char quote)
{
	bool quoted = false;

	f->newline = '\n';
	for (size_t i = f->begin; i < f->n; i++) {
		char c = f->text[i];
		quoted ^= quote && c == quote;
		if (quoted || (c != '\n' && c != '\r'))
			continue;
		if (c == '\r' && i + 1 < f->n && f->text[i + 1] != '\n')
			f->newline = '\r';
		return;
	}
}

static void set_delimiters(sniffer *f, char preferred, char told)
{
	static const char usual[] = ",\t;|";
	size_t n = 0;

	f->delimiters[n++] = told ? told : preferred;
	for (const char *p = usual; *p && !told; p++)
		if (*p != preferred)
			f->delimiters[n++] = *p;
	f->delimiters[n] = '\0';
}

static void skip_blank_lines(sniffer *f)
{
	while (f->begin < f->n && (f->text[f->begin] == '\n' || f->text[f->begin] == '\r'))
		f->begin++;
}

static void conclude(csv_beginning *b, const sniffer *f, const choice *c, const trial *plain,
	const bn_source_options *o)
{
	bn_dialect *d = &b->dialect;
	const trial *t = &c->t;

	d->delimiter = t->delimiter;
	d->quote = t->quote;
	d->escape = t->escape;
	d->comment = t->comment;
	d->no_header = o->no_header;
	d->date_order = o->date_order;
	d->concluded |= (t->delimiter != plain->delimiter ? (unsigned)BN_DIALECT_DELIMITER : 0) |
			(t->quote != plain->quote ? (unsigned)BN_DIALECT_QUOTE : 0) |
			(t->escape != plain->escape ? (unsigned)BN_DIALECT_ESCAPE : 0) |
			(t->comment != plain->comment ? (unsigned)BN_DIALECT_COMMENT : 0);
	b->begin = skip_lines(f, t, f->begin);
	if (!c->lower)
		return;
	bool short_header = t->settled == 1 && t->first + 1 == t->common && !o->no_header;
	if (short_header && (t->first > 1 || !is_title(f, t))) {
		b->spare_column = ends_with_nothing(f, t);
		d->row_names = !b->spare_column;
		d->concluded |= d->row_names ? (unsigned)BN_DIALECT_ROW_NAMES : 0;
	} else {
		b->begin = t->table;
		d->skip = count_lines(f, 0, t->table);
		d->concluded |= BN_DIALECT_SKIP;
	}
}

int bn_csv_sniff(csv_beginning *b, const char *text, size_t n, bool whole, char preferred,
	const bn_source_options *o, bn_err *err)
{
	sniffer *f = bn_alloc_zeroed(1, sizeof *f);
	bool comma = false;
	choice c;

	if (!f)
		return bn_err_nomem(err, "a sample");
	f->text = text;
	f->n = n;
	f->whole = whole;
	set_newline(f, told(o->quote, '"'));
	for (uint64_t i = 0; i < o->skip && f->begin < n; i++)
		f->begin = line_end(f, f->begin) + 1;
	f->begin = f->begin < n ? f->begin : n;
	b->dialect.skip = o->skip;
	skip_blank_lines(f);
	char sep = o->skip_given ? 0 : read_sep_line(f);
	skip_blank_lines(f);
	set_delimiters(f, preferred, o->delimiter ? o->delimiter : sep);
	trial plain = {.delimiter = f->delimiters[0],
		.quote = told(o->quote, '"'),
		.escape = told(o->escape, 0),
		.comment = told(o->comment, 0)};
	try_it(f, &plain);
	choose(f, &plain, o, &c);
	plain.delimiter = o->delimiter ? o->delimiter : preferred;
	conclude(b, f, &c, &plain, o);
	c.t.table = b->begin;
	b->newline = f->newline;
	b->line = 1 + count_lines(f, 0, b->begin);
	b->dialect.decimal = o->decimal ? o->decimal : '.';
	size_t columns = c.lower ? c.t.common : c.t.first;
	int rc = o->decimal || columns == 0 || c.t.delimiter == ','
			 ? 0
			 : has_decimal_comma(&comma, f, &c.t, columns, err);
	if (comma) {
		b->dialect.decimal = ',';
		b->dialect.concluded |= BN_DIALECT_DECIMAL;
	}
	bn_free(f);
	return rc;
}
