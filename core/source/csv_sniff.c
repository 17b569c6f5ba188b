/*
 * csv_sniff.c - infers a file's dialect from its beginning.
 *
 * A dialect is tried on the first thousand records and judged by one criterion: whether the sample
 * is a table, every record with as many fields as the first. The plain dialect is taken whenever it
 * passes, so that regular files need no inference. Other dialects are tried in this order, and the
 * first that makes a table wins: blanks before quotes, another delimiter, comment lines, an escape,
 * single quotes; then a table that begins below its first line (row names without a name, lines of
 * prose or of a name and a value before the header). If none does, a dialect under which most
 * records fit is taken, so that the errors name the records that do not. Last, blanks around the
 * fields of the chosen table are left out if its names and most fields begin with one.
 */
#include "core/source/_csv_sample.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- trials ----------------------------------------------------------------------------------- */

/* Whether the records before the table are lines of a name and a value ("station,12"), and not themselves a table: a
 * header and two or more rows with numbers. */
static bool are_settings(const csv_sample *f, size_t records)
{
	size_t pairs = 0, numbers = 0;
	bool names = false;

	for (size_t i = 0; i < records; i++) {
		if (f->counts[i] == 1)
			continue;
		if (f->counts[i] != 2 || !(f->pairs[i] & PAIR_NAMED))
			return false;
		names |= !pairs && !(f->pairs[i] & PAIR_NUMBER);
		numbers += (f->pairs[i] & PAIR_NUMBER) != 0;
		pairs++;
	}
	return pairs && !(names && pairs >= 3 && numbers == pairs - 1);
}

static void judge(csv_trial *t, const csv_sample *f)
{
	const uint32_t *counts = f->counts;

	t->first = t->records ? counts[0] : 0;
	for (size_t i = 0; i < t->records; i++)
		t->equal += counts[i] == t->first;
	if (!t->records)
		return;
	t->common = counts[t->records - 1];
	t->settled = t->records - 1;
	while (t->settled && counts[t->settled - 1] == t->common)
		t->settled--;
	t->table = f->starts[t->settled];
	t->prose = true;
	for (size_t i = 0; i < t->settled; i++) {
		t->prose &= counts[i] < t->common;
		t->above |= i && counts[i] >= 2 && counts[i] == counts[i - 1];
	}
	t->above = t->above && !(t->common > 2 && are_settings(f, t->settled));
}

static bool has_row_names(const csv_trial *t)
{
	return t->settled == 1 && t->first + 1 == t->common;
}

/* Whether the first record of a lower table is its header: it has names where the next has
 * numbers. */
static bool is_title(const csv_sample *f, const csv_trial *t)
{
	size_t numbers[2];

	bn_sample_count_numbers(f, t, numbers);
	return !numbers[0] && numbers[1];
}

/* Whether the header is one name short for another reason than row names, a spare field or a title. */
static bool is_short_header(const csv_sample *f, const csv_trial *t)
{
	return has_row_names(t) && !(t->first == 1 && is_title(f, t)) &&
	       !bn_sample_ends_empty(f, t) && !bn_sample_are_row_names(f, t);
}

static void try_it(csv_sample *f, csv_trial *t)
{
	size_t at = bn_sample_skip(f, t, f->begin), n = 0;
	csv_piece x;

	while (at < f->n && n < SNIFF_RECORDS) {
		f->starts[n] = at;
		f->counts[n] = 0;
		f->pairs[n] = 0;
		size_t bad = 0;
		do {
			bn_sample_field(f, t, &at, &x);
			if (!f->counts[n]++)
				f->pairs[n] |= bn_sample_is_name(&x) ? PAIR_NAMED : 0;
			else if (f->counts[n] == 2)
				f->pairs[n] |= bn_sample_is_number(&x) ? PAIR_NUMBER : 0;
			bad += x.bad;
			t->quoted += x.quoted;
		} while (!x.last);
		if (x.cut && !f->whole && n)
			break; /* the rest of the record is not in the sample */
		t->bad += bad;
		n++;
		at = bn_sample_skip(f, t, at);
	}
	t->records = n;
	judge(t, f);
	if (t->prose && is_short_header(f, t))
		t->prose = false;
}

static bool is_table(const csv_trial *t)
{
	return t->first >= 2 && t->equal == t->records && !t->bad;
}

static bool is_quoted_table(const csv_trial *t)
{
	return is_table(t) && t->quoted;
}

/* A table that begins below the first line. */
static bool is_lower_table(const csv_trial *t)
{
	return t->common >= 2 && !t->bad && t->settled && t->settled <= PREAMBLE_RECORDS &&
	       t->records - t->settled >= 2 && t->prose && !t->above;
}

/* Two tables, one below the other. */
static bool is_two_tables(const csv_trial *t)
{
	return t->first >= 2 && t->common >= 2 && t->records - t->settled >= 2 && t->above;
}

/* Most records fit, or all but the last: "(2 rows)". */
static bool is_nearly_table(const csv_trial *t)
{
	return t->first >= 2 &&
	       (t->equal * 10 >= t->records * 8 ||
		       (t->records >= 3 && t->equal + 1 == t->records && t->common != t->first &&
			       t->settled + 1 == t->records));
}

/* Tries every delimiter with the other parameters of `like`; returns the table with the most
 * columns. */
static bool find_table(csv_sample *f, const csv_trial *like, bool (*good)(const csv_trial *),
	size_t least, csv_trial *best)
{
	bool found = false;

	for (const char *d = f->delimiters; *d; d++) {
		csv_trial t = {*d, like->quote, like->escape, like->comment, like->trim, .bad = 0};
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

static bool has_line_that_begins(const csv_sample *f, char c)
{
	for (size_t at = f->begin; at < f->n; at = bn_sample_line_end(f, at) + 1)
		if (f->text[at] == c)
			return true;
	return false;
}

/* ---- one column ------------------------------------------------------------------------------- */

/* "# made by", then a name, then numbers: comments above a single column. */
static bool is_commented_column(const csv_sample *f, char comment)
{
	csv_trial t = {.delimiter = ',', .quote = '"', .comment = comment};
	size_t at = bn_sample_skip(f, &t, f->begin), numbers = 0, values = 0;
	csv_piece x;

	if (f->begin >= f->n || f->text[f->begin] != comment || at >= f->n)
		return false;
	bn_sample_field(f, &t, &at, &x);
	if (!x.last || bn_sample_is_number(&x))
		return false;
	while ((at = bn_sample_skip(f, &t, at)) < f->n && values < SNIFF_RECORDS) {
		bn_sample_field(f, &t, &at, &x);
		if (!x.last)
			return false;
		numbers += bn_sample_is_number(&x);
		values++;
	}
	return values && numbers == values;
}

/* ---- choosing --------------------------------------------------------------------------------- */

typedef struct choice {
	csv_trial t;
	bool lower; /* its table begins at t.table */
	bool names_in_comment;
} choice;

/* Whether a field before the last is empty: several blanks in a row. */
static bool has_empty_name(const csv_sample *f, const csv_trial *t)
{
	size_t at = bn_sample_skip(f, t, f->begin);
	csv_piece x = {.last = false};

	while (!x.last) {
		bn_sample_field(f, t, &at, &x);
		if (!x.last && !x.quoted && x.s == x.e)
			return true;
	}
	return false;
}

/* Names above numbers, names in a comment above them, or only numbers. */
static bool is_surely_separated(const csv_sample *f, const csv_trial *t)
{
	size_t numbers[2], at = bn_sample_skip(f, t, f->begin);
	csv_trial table = *t;

	table.table = at;
	bn_sample_count_numbers(f, &table, numbers);
	if (!numbers[0] && numbers[1])
		return true;
	return (numbers[0] == t->first && numbers[1] == t->first && t->records >= 2) ||
	       (t->comment && bn_sample_commented_header(f, t, at) != SIZE_MAX);
}

/* Blank-separated words, the same number in every record, in a file that other delimiters read as one column. Accepted
 * if the content shows that blanks separate; or, if quotes show it, with any content, possibly with no header field for
 * the row names (R's write.table). Runs of blanks are one separator if single blanks do not make a table. */
static bool find_blanks(
	csv_sample *f, const csv_trial *plain, const bn_source_options *o, choice *c)
{
	if (o->delimiter || o->no_header)
		return false;
	csv_trial t = {' ', plain->quote, plain->escape, plain->comment, o->trim == 'y', .bad = 0};
	try_it(f, &t);
	if (plain->bad && !t.bad && t.prose && has_row_names(&t)) {
		*c = (choice){.t = t, .lower = true};
		return true;
	}
	if (!o->trim && (!is_table(&t) || has_empty_name(f, &t))) {
		t = (csv_trial){' ', plain->quote, plain->escape, plain->comment, true, .bad = 0};
		try_it(f, &t);
	}
	if (f->text[f->begin] == ' ' && t.trim && !t.bad && t.prose && has_row_names(&t)) {
		*c = (choice){.t = t, .lower = true}; /* the way R and pandas print tables */
		return true;
	}
	if (!is_table(&t) || has_empty_name(f, &t))
		return false;
	*c = (choice){.t = t};
	return is_surely_separated(f, &t) || plain->bad;
}

/* Whether more quotes follow a blank than not, not counting the first field of each record. */
static bool has_spaced_quotes(const csv_sample *f, const csv_trial *trimmed)
{
	csv_trial t = *trimmed;

	t.trim = false;
	csv_spaced found = bn_sample_spaced_quotes(f, &t, bn_sample_skip(f, &t, f->begin));
	return found.closed + found.open > found.unspaced;
}

/* Blanks before quotes, comments, an escape, single quotes: parameters besides the delimiter. */
static bool find_variant(
	csv_sample *f, const csv_trial *plain, const bn_source_options *o, choice *c)
{
	static const char comments[] = "#%";
	size_t least = plain->first >= 2 ? plain->first : 2;
	csv_trial like;

	like = *plain;
	like.trim = true;
	if (!o->trim && find_table(f, &like, is_quoted_table, least, &c->t) &&
		has_spaced_quotes(f, &c->t))
		return true;
	for (const char *p = comments; *p && !o->comment; p++) {
		like = *plain;
		like.comment = *p;
		if (has_line_that_begins(f, *p) &&
			(find_table(f, &like, is_table, 2, &c->t) || find_blanks(f, &like, o, c)))
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

/* Below one column of text: only row names or a header, which are certain. */
static bool is_sure_lower(const csv_sample *f, const csv_trial *t)
{
	return (has_row_names(t) && t->first >= 2) || is_title(f, t);
}

/* Lines are skipped only before a record of names: a first line with a count may precede data. */
static bool begins_with_names(const csv_sample *f, const csv_trial *t, const bn_source_options *o)
{
	size_t numbers[2];

	bn_sample_count_numbers(f, t, numbers);
	return o->no_header || has_row_names(t) || !numbers[0];
}

/* The best table that begins below other lines: under the plain dialect if it begins with names there, else under
 * another delimiter, else below comments. */
static bool search_lower(
	csv_sample *f, const csv_trial *plain, const bn_source_options *o, choice *c)
{
	csv_trial like = *plain;

	if (o->skip_given)
		return false;
	c->lower = true;
	if (is_lower_table(plain) && begins_with_names(f, plain, o)) {
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

static bool find_lower(csv_sample *f, const csv_trial *plain, const bn_source_options *o, choice *c)
{
	c->lower = search_lower(f, plain, o, c) && begins_with_names(f, &c->t, o);
	return c->lower;
}

/* "# a,b" above a row with numbers: names as numpy.savetxt and sadf write them. */
static bool is_savetxt(const csv_sample *f, const csv_trial *t, const bn_source_options *o)
{
	csv_trial commented = *t;
	size_t numbers[2], at = f->begin;

	if (t->comment || o->comment || o->no_header || at + 1 >= f->n || f->text[at] != '#' ||
		f->text[at + 1] != ' ')
		return false;
	bn_sample_count_numbers(f, t, numbers);
	commented.comment = '#';
	at = bn_sample_skip(f, &commented, at);
	return !numbers[0] && numbers[1] &&
	       bn_sample_commented_header(f, &commented, at) != SIZE_MAX;
}

static void choose(csv_sample *f, const csv_trial *plain, const bn_source_options *o, choice *c)
{
	*c = (choice){.t = *plain};
	if (is_table(plain))
		return;
	/* With another delimiter the header must belong to the table and have no fewer columns. */
	size_t least = plain->first >= 2 ? plain->first : 2;
	if (find_table(f, plain, is_table, least, &c->t) || find_variant(f, plain, o, c))
		return;
	if (is_nearly_table(plain)) {
		c->t = *plain;
		return;
	}
	if (plain->equal == plain->records && plain->first == 1 && !o->comment) {
		c->t = *plain; /* one column, whatever its content */
		if (find_table(f, plain, is_nearly_table, 2, &c->t))
			return;
		if (find_lower(f, plain, o, c) && is_sure_lower(f, &c->t))
			return;
		if (find_blanks(f, plain, o, c) || find_table(f, plain, is_two_tables, 2, &c->t))
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
	csv_trial like = *plain;
	like.comment = '#';
	if (o->comment || !has_line_that_begins(f, '#') ||
		!find_table(f, &like, is_nearly_table, 2, &c->t))
		c->t = *plain;
}

/* ---- blanks around fields ---------------------------------------------------------------------- */

/* Whether all names but the first, and most other non-empty fields, begin with a blank; or most quotes follow one. */
static bool is_padded(const csv_sample *f, const csv_trial *t, size_t table)
{
	const char sign[] = {t->delimiter, ' '};
	csv_padded header = {0, 0}, rest = {0, 0};

	if (!memmem(f->text + table, f->n - table, sign, sizeof sign))
		return false; /* most files, at once */
	csv_spaced quotes = bn_sample_spaced_quotes(f, t, table);
	if (quotes.closed + quotes.open)
		return quotes.closed + quotes.open > quotes.unspaced;
	bn_sample_count_padded(f, t, table, &header, &rest);
	return header.fields && header.padded == header.fields && rest.padded * 2 > rest.fields;
}

/* Leaves out the blanks around fields if they look like padding and the table does not change otherwise. */
static void settle_trim(csv_sample *f, choice *c, const bn_source_options *o)
{
	size_t table = c->lower ? c->t.table : bn_sample_skip(f, &c->t, f->begin);
	csv_trial t = {c->t.delimiter, c->t.quote, c->t.escape, c->t.comment, true, .bad = 0};

	if (o->trim || c->t.trim || c->t.delimiter == ' ' || c->t.common < 2 ||
		!is_padded(f, &c->t, table))
		return;
	try_it(f, &t);
	if (t.bad <= c->t.bad && t.equal >= c->t.equal && t.first == c->t.first &&
		t.common == c->t.common && t.settled == c->t.settled)
		c->t = t;
}

/* ---- all parameters -------------------------------------------------------------------------- */

/* "sep=;", which Excel reads and writes. */
static char read_sep_line(csv_sample *f)
{
	size_t end = bn_sample_line_end(f, f->begin), n = end - f->begin;
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

/* The line end of the first record; those inside quotes do not count. */
static void set_newline(csv_sample *f, char quote)
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

static void set_delimiters(csv_sample *f, char preferred, char told)
{
	static const char usual[] = ",\t;|";
	size_t n = 0;

	f->delimiters[n++] = told ? told : preferred;
	for (const char *p = usual; *p && !told; p++)
		if (*p != preferred)
			f->delimiters[n++] = *p;
	f->delimiters[n] = '\0';
}

static void skip_blank_lines(csv_sample *f)
{
	while (f->begin < f->n && (f->text[f->begin] == '\n' || f->text[f->begin] == '\r'))
		f->begin++;
}

/* The table begins with the first record, or with a comment above it. */
static void conclude_upper(
	csv_beginning *b, const csv_sample *f, const csv_trial *t, const bn_source_options *o)
{
	csv_trial spaced = *t;
	size_t names = SIZE_MAX;

	if (t->comment && !o->no_header)
		names = bn_sample_commented_header(f, t, b->begin);
	if (t->comment && !o->no_header && names == SIZE_MAX && t->delimiter != ' ') {
		spaced.delimiter = ' ';
		spaced.trim = true;
		names = bn_sample_commented_names(f, &spaced, t, b->begin);
		b->names_between_blanks = names != SIZE_MAX;
	}

	if (is_two_tables(t))
		b->other_table = 1 + bn_sample_count_lines(f, 0, t->table);
	b->commented = names != SIZE_MAX;
	b->begin = b->commented ? names : b->begin;
}

static void conclude(csv_beginning *b, const csv_sample *f, const choice *c, const csv_trial *plain,
	const bn_source_options *o)
{
	bn_dialect *d = &b->dialect;
	csv_trial commented = c->t;
	const csv_trial *t = &commented;

	if (c->names_in_comment)
		commented.comment = '#';
	d->delimiter = t->delimiter;
	d->quote = t->quote;
	d->escape = t->escape;
	d->comment = t->comment;
	d->trim = t->trim;
	d->no_header = o->no_header;
	d->date_order = o->date_order;
	d->concluded |= (t->delimiter != plain->delimiter ? (unsigned)BN_DIALECT_DELIMITER : 0) |
			(t->quote != plain->quote ? (unsigned)BN_DIALECT_QUOTE : 0) |
			(t->escape != plain->escape ? (unsigned)BN_DIALECT_ESCAPE : 0) |
			(t->comment != plain->comment ? (unsigned)BN_DIALECT_COMMENT : 0) |
			(t->trim && !plain->trim ? (unsigned)BN_DIALECT_TRIM : 0);
	b->begin = bn_sample_skip(f, t, f->begin);
	if (!c->lower) {
		conclude_upper(b, f, t, o);
		return;
	}
	bool short_header = has_row_names(t) && !o->no_header;
	if (short_header && (t->first > 1 || !is_title(f, t))) {
		b->spare_column = bn_sample_ends_empty(f, t);
		d->row_names = !b->spare_column;
		d->concluded |= d->row_names ? (unsigned)BN_DIALECT_ROW_NAMES : 0;
	} else {
		b->begin = t->table;
		d->skip = bn_sample_count_lines(f, 0, t->table);
		d->concluded |= BN_DIALECT_SKIP;
	}
}

int bn_csv_sniff(csv_beginning *b, const char *text, size_t n, bool whole, char preferred,
	const bn_source_options *o, bn_err *err)
{
	csv_sample *f = bn_alloc_zeroed(1, sizeof *f);
	char found = 0;
	choice c;

	if (!f)
		return bn_err_nomem(err, "a sample");
	f->text = text;
	f->n = n;
	f->whole = whole;
	set_newline(f, told(o->quote, '"'));
	for (uint64_t i = 0; i < o->skip && f->begin < n; i++)
		f->begin = bn_sample_line_end(f, f->begin) + 1;
	f->begin = f->begin < n ? f->begin : n;
	b->dialect.skip = o->skip;
	skip_blank_lines(f);
	char sep = o->skip_given ? 0 : read_sep_line(f);
	skip_blank_lines(f);
	set_delimiters(f, preferred, o->delimiter ? o->delimiter : sep);
	bool annotated = bn_sample_is_annotated(f, f->begin);
	csv_trial plain = {.delimiter = f->delimiters[0],
		.quote = told(o->quote, '"'),
		.escape = told(o->escape, 0),
		.comment = told(o->comment, annotated ? '#' : 0),
		.trim = o->trim == 'y'};
	try_it(f, &plain);
	choose(f, &plain, o, &c);
	c.names_in_comment = !c.lower && is_table(&c.t) && is_savetxt(f, &c.t, o);
	settle_trim(f, &c, o);
	plain.delimiter = o->delimiter ? o->delimiter : preferred;
	plain.comment = told(o->comment, 0);
	conclude(b, f, &c, &plain, o);
	c.t.table = b->begin;
	csv_spaced spaced = bn_sample_spaced_quotes(f, &c.t, b->begin);
	b->spaced_quotes = spaced.closed;
	b->open_quote = spaced.open ? spaced.first_open : SIZE_MAX;
	b->newline = f->newline;
	b->annotated_again = annotated ? bn_sample_second_annotation(f, &c.t) : 0;
	b->line = 1 + bn_sample_count_lines(f, 0, b->begin);
	char decimal = o->thousands == '.' ? ',' : '.';
	b->dialect.decimal = o->decimal ? o->decimal : decimal;
	b->dialect.thousands = o->thousands;
	size_t columns = c.lower ? c.t.common : c.t.first;
	/* Points refute a decimal comma that is only known, unless they separate thousands. */
	bool is_open = o->form_known && o->decimal == ',' && o->thousands != '.';
	bool asked = o->decimal || o->thousands == ',' || decimal == ',' || c.t.delimiter == ',';
	int rc = columns == 0 || (asked && !is_open)
			 ? 0
			 : bn_sample_decimal(&found, f, &c.t, columns, err);
	if (found == ',' && !is_open) {
		b->dialect.decimal = ',';
		b->dialect.concluded |= BN_DIALECT_DECIMAL;
	} else if (found == '.' && is_open) {
		b->dialect.decimal = '.';
		b->dialect.thousands = 0;
	}
	bn_free(f);
	return rc;
}
