/*
 * csv_notes.c - notes from the sample for users of the table: one column that should be several, and text columns that
 * are close to another type. csv_header.c has those about the first lines.
 */
#include "core/base/str.h"
#include "core/source/_csv_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LOOKED_AT CSV_NOTE_ROWS
#define SAID_MAX CSV_NOTE_COLUMNS

/* Guesses the encoding of bytes that are not UTF-8: UTF-16, windows-1252, or its subset ISO-8859-1. NULL: it cannot be
 * determined (a script whose letters are all outside ASCII, or a NUL byte). */
static const char *guess_encoding(const char *s, size_t n)
{
	size_t zeros[2] = {0, 0}, high = 0, beside = 0;

	/* In UTF-16, one of the two bytes of each Latin letter is zero, always at the same place. */
	for (size_t i = 0; i < n; i++)
		zeros[i % 2] += !s[i];
	size_t most = zeros[0] > zeros[1] ? zeros[0] : zeros[1];
	if (most >= 2 && (zeros[0] == most) != (zeros[1] == most) && most * 3 >= n &&
		most >= 4 * (zeros[0] + zeros[1] - most))
		return zeros[1] > zeros[0] ? "UTF-16LE" : "UTF-16BE";
	if (zeros[0] + zeros[1])
		return NULL;
	/* In Latin scripts, non-ASCII letters are scattered among ASCII ones; in others they are adjacent. */
	for (size_t i = 0, run = 0; i < n; i++) {
		run = (uint8_t)s[i] >= 0x80 ? run + 1 : 0;
		high += run != 0;
		beside += run == 3 ? 3 : run > 3;
	}
	if (beside * 2 > high)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if ((uint8_t)s[i] >= 0x80 && (uint8_t)s[i] < 0xa0)
			return "windows-1252";
	return "ISO-8859-1";
}

void bn_csv_hint_encoding(const char *s, size_t n, bn_err *err)
{
	const char *guess = guess_encoding(s, n);

	if (guess)
		bn_err_hint(err, "if that is its encoding, --encoding %s reads it", guess);
	else if (memchr(s, 0, n))
		bn_err_hint(err, "it has a NUL byte: tr -d '\\0' <FILE | binnacle ... - leaves "
				 "these out");
	else
		bn_err_hint(err, "its encoding cannot be told from its bytes: --encoding NAME says "
				 "it, for example windows-1251, GB18030 or Shift_JIS");
}

void bn_csv_value_at(const csv_stream *s, const csv_chunk *c, size_t row, size_t column,
	const char **v, size_t *n)
{
	const char *e;

	csv_field(c, s->plan.count, &s->dialect, row, column, v, &e);
	if (s->dialect.quote && e - *v >= 2 && **v == s->dialect.quote && e[-1] == s->dialect.quote)
		++*v, --e;
	*n = (size_t)(e - *v);
}

/* ---- text that is close to another type ------------------------------------------------------ */

/* The first value that prevents the column's type from being that of the others. */
static int note_odd(csv_stream *s, const csv_chunk *c, size_t column, const char *why, bn_err *err)
{
	const unsigned odd = CSV_HAS_LOSSY | CSV_HAS_HUGE | CSV_HAS_HUGE_INT |
			     (CSV_HAS_TIMES & ~(unsigned)CSV_HAS_TIME);
	unsigned wanted = s->plan.columns[column].sampled & odd;
	uint64_t line = c->line;
	const char *v = c->text, *counted = c->text;
	size_t n = 0, row = 0;

	wanted = wanted ? wanted : CSV_HAS_BIG_INT;
	for (; row < c->rows; row++) {
		bn_csv_value_at(s, c, row, column, &v, &n);
		if (bn_csv_classify(csv_dialect_of(s, column), v, n) & wanted)
			break;
	}
	if (row == c->rows)
		return 0;
	for (; counted < v; counted++)
		line += *counted == s->dialect.newline;
	return bn_source_note_add(&s->notes, false, err,
		"column '%.60s' is text: line %" PRIu64 " has \"%.*s\", and %s",
		s->schema.fields[column].name, line, n > 40 ? 40 : (int)n, v, why);
}

typedef struct word_counts {
	size_t count, numbers;
	size_t last_numbers; /* at the end, without a word between them */
} word_counts;

/* The words between blanks. One that begins with a digit may be a time, and counts as a number. */
static word_counts count_words(const char *s, size_t n)
{
	word_counts found = {.count = 0};
	int64_t i;
	double f;

	for (size_t at = 0; at < n;) {
		size_t from = at;
		while (at < n && s[at] != ' ' && s[at] != '\t')
			at++;
		if (at > from) {
			bool number =
				(unsigned)(s[from] - '0') <= 9 ||
				bn_csv_parse_number(s + from, at - from, &i, &f) != CSV_NOT_NUMBER;
			found.count++;
			found.numbers += number;
			found.last_numbers = number ? found.last_numbers + 1 : 0;
		}
		while (at < n && (s[at] == ' ' || s[at] == '\t'))
			at++;
	}
	return found;
}

/* One column whose records have as many words as its name, including numbers, or row names and a number for each:
 * probably aligned with blanks, as R and pandas print tables. */
static int note_blanks(csv_stream *s, const csv_chunk *c, bn_err *err)
{
	const char *name = s->schema.fields[0].name, *v;
	bool equal = true, one_more = true, numbers_end = true;
	size_t numbers = 0, n;

	if (bn_str_starts(name, "# ")) /* gnuplot's convention for the names */
		name += 2;
	word_counts names = count_words(name, strlen(name));
	if (s->plan.count != 1 || names.count < 2 || !c->rows)
		return 0;
	for (size_t r = 0; r < c->rows && r < LOOKED_AT; r++) {
		bn_csv_value_at(s, c, r, 0, &v, &n);
		word_counts row = count_words(v, n);
		equal = equal && row.count == names.count;
		one_more = one_more && row.count == names.count + 1;
		numbers_end =
			numbers_end && row.count > names.count && row.last_numbers >= names.count;
		numbers += row.numbers;
	}
	if (numbers_end && !one_more)
		return bn_source_note_add(&s->notes, true, err,
			"one column is read, '%.60s', whose records end with %zu numbers: the "
			"table is "
			"printed for people to read, so write it as CSV where it comes from",
			name, names.count);
	if (!(equal && numbers) && !(one_more && numbers_end))
		return 0;
	return bn_source_note_add(&s->notes, true, err,
		"one column is read, '%.60s', whose records have %zu words: if blanks separate "
		"fields, --delimiter ' ' --trim yes reads them",
		name, names.count + one_more);
}

static bool is_ruler(const char *s, size_t n, size_t *strokes)
{
	for (size_t i = 0; i < n; i++) {
		if (!strchr("-+=|: ", s[i]))
			return false;
		*strokes += s[i] == '-' || s[i] == '=';
	}
	return true;
}

/* Reports ruler lines between or above names and rows, as database clients and Markdown draw them. */
static int note_drawn(csv_stream *s, const csv_chunk *c, bn_err *err)
{
	size_t names = 0, strokes = 0, n;
	bool is_name = true, is_row = c->rows > 0;
	const char *v;

	for (size_t i = 0; i < s->schema.count && (is_name || is_row); i++) {
		const char *name = s->schema.fields[i].name;
		is_name = is_name && is_ruler(name, strlen(name), &names);
		if (!is_row)
			continue;
		bn_csv_value_at(s, c, 0, i, &v, &n);
		is_row = is_ruler(v, n, &strokes);
	}
	if (!(is_name && names >= 3) && !(is_row && strokes >= 3))
		return 0;
	return bn_source_note_add(&s->notes, true, err,
		"the table is drawn with lines for people to read: write it as CSV where it comes "
		"from (psql --csv, mysql --batch)");
}

static size_t count_sign(const char *s, size_t n, char sign)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += s[i] == sign;
	return found;
}

static bool has_as_many(const csv_stream *s, const csv_chunk *c, char sign, size_t many)
{
	const char *v;
	size_t n;

	for (size_t r = 0; r < c->rows && r < LOOKED_AT; r++) {
		bn_csv_value_at(s, c, r, 0, &v, &n);
		if (count_sign(v, n, sign) != many)
			return false;
	}
	return true;
}

/* One column whose records contain a character as often as its name: probably an unusual
 * delimiter. */
static int note_delimiter(csv_stream *s, const csv_chunk *c, bn_err *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const struct {
		char sign;
		const char *written;
	} signs[] = {{':', "':'"}, {'^', "'^'"}, {'~', "'~'"}, {'!', "'!'"}, {'\1', "$'\\x01'"},
		{'\x1f', "$'\\x1f'"}};
	const char *name = s->schema.fields[0].name;

	if (s->plan.count != 1 || !c->rows || !strpbrk(name, letters))
		return 0;
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		size_t many = count_sign(name, strlen(name), signs[i].sign);
		if (!many || !has_as_many(s, c, signs[i].sign, many))
			continue;
		return bn_source_note_add(&s->notes, true, err,
			"one column is read, '%.60s', whose records have %zu %s each: if it "
			"separates fields, --delimiter %s reads them",
			name, many, signs[i].written, signs[i].written);
	}
	return 0;
}

/* One column with a name of several words or with punctuation: probably not a table, or an unusual delimiter. */
static int note_form(csv_stream *s, const csv_chunk *c, size_t notes_before, bn_err *err)
{
	const char *name = s->schema.fields[0].name;

	if (s->plan.count != 1 || !c->rows || s->notes.count > notes_before ||
		s->plan.columns[0].declared || !(s->plan.columns[0].sampled & CSV_HAS_TEXT))
		return 0;
	if (!strpbrk(name, "=|;\t\\{}\"<>") && !strstr(name, "  ") && !strstr(name, "---") &&
		*name != ' ' && *name != '#')
		return 0;
	return bn_source_note_add(&s->notes, true, err,
		"one column is read, '%.60s': no delimiter makes a table of the lines; if "
		"one does, --delimiter C says so, and --skip N leaves out N lines above it",
		name);
}

bool bn_csv_looks_absent(const char *s, size_t n)
{
	static const char *const words[] = {"na", "n.a.", "n.a", "nan", "null", "none", "nil",
		"missing", "unknown", "undefined", "undef", "not available", "no data", "nodata",
		"void", "empty", "blank", "n/a", "#div/0!", "#value!", "#ref!", "#name?", "#num!",
		"#null!", "[n/a]", "[not supported]", "[unknown error]", "<not counted>",
		"<not supported>", "-nan", "\\n", "0000-00-00", "0000-00-00 00:00:00", "nat",
		"inf.", "error"};

	while (n && (*s == ' ' || *s == '\t'))
		s++, n--;
	while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	size_t signs = 0;
	while (signs < n && strchr("-.?*_/!#~", s[signs]))
		signs++;
	if (signs == n)
		return true; /* or only blanks */
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i]) == n && !strncasecmp(words[i], s, n))
			return true;
	return false;
}

/* ---- text because of missing values ---------------------------------------------------------- */

#define SPELLINGS 3

typedef struct spellings {
	bn_text items[SPELLINGS];
	size_t count, found; /* number of values that are one of them */
} spellings;

/* False: there are too many, or it does not look like a missing value. */
static bool add_spelling(spellings *k, const char *s, size_t n)
{
	size_t i = 0;

	while (i < k->count && (k->items[i].len != n || memcmp(k->items[i].ptr, s, n) != 0))
		i++;
	if (i == SPELLINGS || (i == k->count && (n > 20 || !bn_csv_looks_absent(s, n))))
		return false;
	if (i == k->count)
		k->items[k->count++] = (bn_text){s, n};
	k->found++;
	return true;
}

/* A column of numbers, times or booleans except for spellings that look like missing values. */
static int note_absent(csv_stream *s, const csv_chunk *c, size_t column, size_t *said, bn_err *err)
{
	unsigned rest = s->plan.columns[column].sampled & ~(unsigned)CSV_HAS_TEXT;
	bn_buf options = BN_BUF_INIT;
	spellings k = {.count = 0};
	size_t n, values = 0;
	const char *v;

	if (!csv_is_only(rest, CSV_HAS_NUMBERS) && !csv_is_only(rest, CSV_HAS_TIMES) &&
		rest != CSV_HAS_BOOL)
		return 0;
	for (size_t r = 0; r < c->rows; r++) {
		bn_csv_value_at(s, c, r, column, &v, &n);
		unsigned is = bn_csv_classify(csv_dialect_of(s, column), v, n);
		values += is != 0;
		if (is == CSV_HAS_TEXT && !add_spelling(&k, v, n))
			return 0;
	}
	if (!k.found || ++*said > SAID_MAX)
		return 0;
	for (size_t i = 0; i < k.count; i++)
		bn_buf_addf(&options, "%s--null '%.*s'", i ? " " : "", (int)k.items[i].len,
			k.items[i].ptr);
	int rc = bn_source_note_add(&s->notes, false, err,
		"column '%.60s' is text because of %zu of %zu values (\"%.*s\"): %s makes %s "
		"missing",
		s->schema.fields[column].name, k.found, values, (int)k.items[0].len, k.items[0].ptr,
		options.ptr, k.found == 1 ? "it" : "them");
	bn_buf_release(&options);
	return rc;
}

int bn_csv_note_sample(csv_stream *s, const csv_chunk *c, bn_err *err)
{
	size_t odd = 0, dates = 0, near = 0, absent = 0, values = 0;
	bool empty, two_lines = false;
	size_t before = s->notes.count;
	int rc;

	if ((rc = bn_csv_note_header(s, c, &two_lines, err)) < 0 ||
		(rc = note_blanks(s, c, err)) < 0 || (rc = note_delimiter(s, c, err)) < 0 ||
		(rc = note_drawn(s, c, err)) < 0 || (rc = note_form(s, c, before, err)) < 0)
		return rc;

	for (size_t i = 0; i < s->plan.count && !rc; i++) {
		const csv_column_plan *p = &s->plan.columns[i];
		size_t so_far = dates + near + absent;
		const char *why = p->declared ? NULL : bn_csv_why(p->sampled);
		if (why && ++odd <= SAID_MAX)
			rc = note_odd(s, c, i, why, err);
		else if (!p->declared && p->sampled == CSV_HAS_TEXT)
			rc = bn_csv_note_dates(s, c, i, &dates, err);
		if (!p->declared && (p->sampled & CSV_HAS_TEXT) && rc == 0)
			rc = bn_csv_note_near_number(s, c, i, &near, err);
		if (!p->declared && (p->sampled & CSV_HAS_TEXT) && rc == 0)
			rc = note_absent(s, c, i, &absent, err);
		bool text = bn_csv_type_of(p->sampled, &empty) == BN_TYPE_CATEGORY;
		if (!p->declared && text && !why && rc == 0 && so_far == dates + near + absent &&
			!two_lines)
			rc = bn_csv_note_odd_value(s, c, i, &values, err);
	}
	return rc;
}
