/*
 * csv_header.c - notes from the sample about the first lines: names that look like values, names that stand below a
 * title, and more lines of names.
 */
#include "core/source/_csv_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LOOKED_AT CSV_NOTE_ROWS

/* ---- names that look like values -------------------------------------------------------------- */

static bool has_value(const csv_stream *s, const csv_chunk *c, size_t column)
{
	const char *name = s->schema.fields[column].name, *v;
	size_t n, bytes = strlen(name);

	for (size_t r = 0; r < c->rows && r < LOOKED_AT; r++) {
		bn_csv_value_at(s, c, r, column, &v, &n);
		if (n == bytes && !memcmp(v, name, n))
			return true;
	}
	return false;
}

/* Column i has a made-up name, since the file has none. */
static bool is_unnamed(const csv_stream *s, size_t i)
{
	char made[32];

	snprintf(made, sizeof made, "c%zu", i);
	return !strcmp(s->schema.fields[i].name, made);
}

/* Skips a sign and the number at *s: digits with points and commas between them. */
static bool skip_number(const char **s, const char *e)
{
	const char *p = *s;

	if (p + 1 < e && (*p == '-' || *p == '+') && (unsigned)(p[1] - '0') <= 9)
		p++;
	if (p == e || (unsigned)(*p - '0') > 9)
		return false;
	while (p < e && ((unsigned)(*p - '0') <= 9 || ((*p == '.' || *p == ',') && p + 1 < e &&
							      (unsigned)(p[1] - '0') <= 9)))
		p++;
	*s = p;
	return true;
}

/* Whether the texts differ only in their numbers: "10%" and "7.5%". */
static bool have_same_shape(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
	const char *a_end = a + a_bytes, *b_end = b + b_bytes;

	while (a < a_end && b < b_end) {
		bool number = skip_number(&a, a_end);
		if (number != skip_number(&b, b_end) || (!number && *a++ != *b++))
			return false;
	}
	return a == a_end && b == b_end;
}

/* A name that begins with a number above texts that differ from it only in their numbers: percentages, quantities with
 * a unit, dates in the order of a country. */
static bool has_shape_of_values(const csv_stream *s, const csv_chunk *c, size_t column)
{
	const char *name = s->schema.fields[column].name, *begin = name, *v;
	size_t n, values = 0;

	if (!skip_number(&begin, name + strlen(name)))
		return false;
	for (size_t r = 0; r < c->rows && r < LOOKED_AT; r++) {
		bn_csv_value_at(s, c, r, column, &v, &n);
		if (bn_csv_is_null(csv_dialect_of(s, column), v, n))
			continue;
		if (!have_same_shape(name, strlen(name), v, n))
			return false;
		values++;
	}
	return values != 0;
}

/* What a column shows about the first line. */
typedef enum name_kind {
	NAME_SAYS_NOTHING, /* made up, a missing value, or above a column without values */
	NAME_OF_TEXT,      /* above text */
	NAME_ABOVE_TYPED,  /* no value, above numbers, times or booleans */
	NAME_IS_VALUE,     /* a value, above such values */
} name_kind;

/* A column of numbers and words counts as typed if its name is a number. */
static name_kind kind_of_name(const csv_stream *s, const csv_chunk *c, size_t column)
{
	const unsigned typed = CSV_HAS_NUMBERS | CSV_HAS_TIMES | CSV_HAS_BOOL;
	const csv_column_plan *p = &s->plan.columns[column];
	const char *name = s->schema.fields[column].name;
	size_t n = strlen(name);

	if (p->declared || !p->sampled || is_unnamed(s, column) ||
		bn_csv_is_null(csv_dialect_of(s, column), name, n))
		return NAME_SAYS_NOTHING;
	if (csv_is_only(bn_csv_classify(csv_dialect_of(s, column), name, n), typed) &&
		(p->sampled & typed))
		return NAME_IS_VALUE;
	if (csv_is_only(p->sampled, typed))
		return NAME_ABOVE_TYPED;
	return has_shape_of_values(s, c, column) ? NAME_IS_VALUE : NAME_OF_TEXT;
}

static bool is_year(int64_t i)
{
	return i > 1800 && i < 2200;
}

static bool has_only_years(const csv_stream *s, const csv_chunk *c, size_t column)
{
	const char *v;
	int64_t i;
	double f;
	size_t n;

	for (size_t r = 0; r < c->rows && r < LOOKED_AT; r++) {
		bn_csv_value_at(s, c, r, column, &v, &n);
		if (!bn_csv_is_null(csv_dialect_of(s, column), v, n) &&
			(bn_csv_number(csv_dialect_of(s, column), v, n, &i, &f) != CSV_INT ||
				!is_year(i)))
			return false;
	}
	return true;
}

typedef enum names_kind {
	NAMES_ARE_WORDS,
	NAMES_ARE_YEARS,   /* evenly spaced, above other numbers than years */
	NAMES_ARE_NUMBERS, /* consecutive from 0 or 1: of the columns, as pandas writes them */
	NAMES_ARE_VALUES,
} names_kind;

/* For names that are all values: those of typed columns may number them, or be years. */
static names_kind kind_of_values(const csv_stream *s, const csv_chunk *c)
{
	int64_t first = 0, last = 0, step = 0, i;
	bool years = false;
	size_t n = 0;
	double f;

	for (size_t k = 0; k < s->plan.count; k++) {
		const char *name = s->schema.fields[k].name;
		if (kind_of_name(s, c, k) != NAME_IS_VALUE)
			continue;
		if (bn_csv_parse_number(name, strlen(name), &i, &f) != CSV_INT ||
			(n >= 2 && i - last != step))
			return NAMES_ARE_VALUES;
		years = (!n || years) && is_year(i) && !has_only_years(s, c, k);
		first = n ? first : i;
		step = n ? i - last : 0;
		last = i;
		n++;
	}
	if (years && step > 0)
		return NAMES_ARE_YEARS;
	return step == 1 && ((first == 0 && n >= 2) || (first == 1 && n >= 3)) ? NAMES_ARE_NUMBERS
									       : NAMES_ARE_VALUES;
}

/* Values if the names of all columns of numbers, times and booleans are such; or, without such columns, are among their
 * own column's values. */
static names_kind kind_of_names(const csv_stream *s, const csv_chunk *c)
{
	size_t values = 0, texts = 0, repeated = 0;

	for (size_t i = 0; i < s->plan.count; i++) {
		name_kind kind = kind_of_name(s, c, i);
		if (kind == NAME_ABOVE_TYPED)
			return NAMES_ARE_WORDS;
		values += kind == NAME_IS_VALUE;
		texts += kind == NAME_OF_TEXT;
		repeated += kind == NAME_OF_TEXT && has_value(s, c, i);
	}
	if (values)
		return kind_of_values(s, c);
	return texts && texts == repeated ? NAMES_ARE_VALUES : NAMES_ARE_WORDS;
}

static int note_names(csv_stream *s, const csv_chunk *c, bn_err *err)
{
	bn_buf list = BN_BUF_INIT;
	size_t i = 0;

	if (s->notes.dialect.no_header || !c->rows)
		return 0;
	names_kind kind = kind_of_names(s, c);
	if (kind == NAMES_ARE_WORDS || kind == NAMES_ARE_YEARS)
		return 0;
	for (; i < s->schema.count && i < 6; i++)
		bn_buf_addf(&list, "%s%.20s", i ? ", " : "", s->schema.fields[i].name);
	int rc = bn_source_note_add(&s->notes, kind == NAMES_ARE_VALUES, err,
		"the first line is taken as names (%s%s), %s: --no-header reads it as data",
		list.ptr, i < s->schema.count ? ", ..." : "",
		kind == NAMES_ARE_VALUES ? "but looks like data" : "which number the columns");
	bn_buf_release(&list);
	return rc;
}

/* ---- names below a title --------------------------------------------------------------------- */

/* Whether the first `rows` rows alone keep numbers and times from being numbers and times: units, or more lines of names
 * (pandas' MultiIndex). */
static bool is_second_header(const csv_stream *s, const csv_chunk *c, size_t rows)
{
	const unsigned plain = CSV_HAS_NUMBERS | CSV_HAS_TIMES;
	size_t typed = 0, n;
	const char *v;

	for (size_t i = 0; i < s->plan.count; i++) {
		unsigned first = 0, rest = 0;
		bool absent = false;
		if (s->plan.columns[i].declared)
			return false;
		for (size_t r = 0; r < c->rows && r < LOOKED_AT; r++) {
			bn_csv_value_at(s, c, r, i, &v, &n);
			*(r < rows ? &first : &rest) |= bn_csv_classify(csv_dialect_of(s, i), v, n);
			absent |= r < rows && n && bn_csv_looks_absent(v, n);
		}
		if (first & ~(unsigned)CSV_HAS_TEXT)
			return false;
		if (csv_is_only(rest, plain) && absent)
			return false;
		typed += first && csv_is_only(rest, plain);
	}
	return typed >= 2 || typed == s->plan.count;
}

static uint64_t line_of(const csv_stream *s, const csv_chunk *c, size_t row)
{
	uint64_t line = c->line;

	for (const char *p = c->text; p < c->text + c->starts[row]; p++)
		line += *p == s->dialect.newline;
	return line;
}

/* The first row with values in most fields, all of them text; SIZE_MAX: the first such row has others. */
static size_t find_names(const csv_stream *s, const csv_chunk *c)
{
	for (size_t r = 0; r < c->rows && r < LOOKED_AT; r++) {
		size_t values = 0, texts = 0, n;
		const char *v;
		for (size_t i = 0; i < s->plan.count; i++) {
			bn_csv_value_at(s, c, r, i, &v, &n);
			values += n != 0;
			texts += bn_csv_classify(csv_dialect_of(s, i), v, n) == CSV_HAS_TEXT;
		}
		if (values * 2 > s->plan.count)
			return texts == values ? r : SIZE_MAX;
	}
	return SIZE_MAX;
}

/* Spreadsheets fill the lines above a table with delimiters: a title in the first field, or nothing. */
static int note_unnamed(csv_stream *s, const csv_chunk *c, bool *said, bn_err *err)
{
	size_t unnamed = 0, n = s->schema.count;

	for (size_t i = 0; i < n; i++)
		unnamed += is_unnamed(s, i);
	if (s->notes.dialect.no_header || !c->rows || !unnamed || n < 2 || unnamed * 2 < n)
		return 0;
	size_t names = find_names(s, c);
	/* A table of two columns may lack a name, and one without names has none below either. */
	bool certain = is_unnamed(s, n - 1) && !is_unnamed(s, 0) && names == 0 && c->rows >= 3 &&
		       is_second_header(s, c, 1);
	if ((unnamed == 1 && !certain) || (unnamed == n && names == SIZE_MAX))
		return 0;
	*said = names != SIZE_MAX;
	uint64_t skip = *said ? line_of(s, c, names) - 1 : s->notes.dialect.skip + 1;
	return bn_source_note_add(&s->notes, true, err,
		"%zu of %zu columns %s no name in the first line: if the names stand below it, "
		"--skip %" PRIu64 " reads them",
		unnamed, n, unnamed == 1 ? "has" : "have", skip);
}

#define SECOND_HEADERS 3 /* lines of names below the first */

/* The number of rows that are such lines, 0: none. pandas' MultiIndex ends with a line of the index's names. */
static size_t count_second_headers(const csv_stream *s, const csv_chunk *c)
{
	size_t rows = 1, n, values = 0;
	const char *v;

	while (rows <= SECOND_HEADERS && !(c->rows >= rows + 2 && is_second_header(s, c, rows)))
		rows++;
	if (rows > SECOND_HEADERS)
		return 0;
	if (c->rows < rows + 2 || !is_unnamed(s, 0))
		return rows;
	for (size_t i = 1; i < s->plan.count; i++) {
		bn_csv_value_at(s, c, rows, i, &v, &n);
		values += n != 0;
	}
	bn_csv_value_at(s, c, rows, 0, &v, &n);
	return rows + (n && !values);
}

static int note_second_header(csv_stream *s, const csv_chunk *c, bool *said, bn_err *err)
{
	bn_buf list = BN_BUF_INIT, lines = BN_BUF_INIT;
	size_t rows = count_second_headers(s, c), n, i = 0;
	const char *v;

	*said = rows != 0;
	if (!rows)
		return 0;
	for (; i < s->plan.count && i < 6; i++) {
		bn_csv_value_at(s, c, 0, i, &v, &n);
		bn_buf_addf(&list, "%s%.*s", i ? ", " : "", n > 20 ? 20 : (int)n, v);
	}
	uint64_t first = line_of(s, c, 0), last = line_of(s, c, rows - 1);
	bn_buf_addf(&lines, "%" PRIu64, first);
	if (last > first)
		bn_buf_addf(&lines, ",%" PRIu64, last);
	int rc = bn_source_note_add(&s->notes, true, err,
		"line%s %s (%s%s) look%s like units or %s of names, and make%s numbers below %s "
		"text: "
		"sed %sd FILE | binnacle ... - leaves %s out",
		last > first ? "s" : "", lines.ptr, list.ptr, i < s->plan.count ? ", ..." : "",
		last > first ? "" : "s", last > first ? "more lines" : "a second line",
		last > first ? "" : "s", last > first ? "them" : "it", lines.ptr,
		last > first ? "them" : "it");
	bn_buf_release(&list);
	bn_buf_release(&lines);
	return rc;
}

int bn_csv_note_header(csv_stream *s, const csv_chunk *c, bool *two_lines, bn_err *err)
{
	int rc;

	*two_lines = false;
	if ((rc = note_names(s, c, err)) < 0 || (rc = note_unnamed(s, c, two_lines, err)) < 0 ||
		*two_lines)
		return rc;
	return note_second_header(s, c, two_lines, err);
}
