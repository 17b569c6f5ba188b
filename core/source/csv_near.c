/*
 * csv_near.c - columns of text that look like numbers: 1,234 and 1.234,5, 10 %, $5, 5 W. They stay
 * text, since a dropped sign cannot be recovered; a note says what they look like, and which option
 * reads them.
 */
#include "core/source/_csv_stream.h"

#include <stdio.h>
#include <string.h>

#define EARLY 20      /* values after which a column without any match is skipped */
#define UNIT_BYTES 12 /* longer words after a number are prose */

typedef enum near_form {
	NEAR_COMMA_GROUPS,
	NEAR_POINT_GROUPS,
	NEAR_BLANK_GROUPS,
	NEAR_APOSTROPHE_GROUPS,
	NEAR_UNDERSCORE_GROUPS,
	NEAR_DECIMAL_COMMA,
	NEAR_SUFFIX, /* a unit or a sign, the same after all of them */
	NEAR_PREFIX, /* a currency */
	NEAR_MINUS,  /* U+2212 */
	NEAR_PARENTHESES,
	NEAR_MINUS_BEHIND,
	NEAR_FORTRAN, /* 1.5D+03 */
	NEAR_UNITS,   /* 12345K among 2.5G */
	NEAR_FORMS
} near_form;

typedef struct near_column {
	const csv_dialect *dialect;
	size_t values, numbers;
	size_t count[NEAR_FORMS];
	const char *first[NEAR_FORMS]; /* a value of that form */
	size_t first_bytes[NEAR_FORMS];
	const char *affix[NEAR_FORMS]; /* the text before or after the numbers */
	size_t affix_bytes[NEAR_FORMS];
	bool comma_behind_blanks; /* NEAR_BLANK_GROUPS with a decimal comma */
} near_column;

static bool is_number(const csv_dialect *d, const char *s, size_t n)
{
	int64_t i;
	double f;

	return n && (unsigned)((uint8_t)s[n - 1] - '0') <= 9 &&
	       bn_csv_number(d, s, n, &i, &f) != CSV_NOT_NUMBER;
}

bool bn_csv_is_grouped(
	const csv_dialect *of, char thousands, char decimal, const char *s, size_t n)
{
	csv_dialect d = *of;
	char plain[CSV_NUMBER_BYTES];
	size_t bytes = n;

	d.thousands = thousands;
	d.decimal = decimal;
	const char *p = bn_csv_plain_number(&d, s, &bytes, plain);
	return p == plain && bytes < n && is_number(&d, s, n);
}

static void count_form(near_column *c, near_form form, const char *s, size_t n)
{
	if (!c->count[form]++) {
		c->first[form] = s;
		c->first_bytes[form] = n;
	}
}

/* The affix counts if it is the same as the first one. */
static void count_affix(
	near_column *c, near_form form, const char *s, size_t n, const char *affix, size_t bytes)
{
	if (!c->count[form]) {
		c->affix[form] = affix;
		c->affix_bytes[form] = bytes;
	}
	if (c->affix_bytes[form] == bytes && !memcmp(c->affix[form], affix, bytes))
		count_form(c, form, s, n);
}

static bool is_digit(char c)
{
	return (unsigned)(c - '0') <= 9;
}

/* 5 W, 10%, 3.5kWh: a number, perhaps a blank, and a word without digits. */
static void try_suffix(near_column *c, const char *s, size_t n)
{
	size_t end = n;

	while (end && !is_digit(s[end - 1]) && s[end - 1] != ' ')
		end--;
	const char *word = s + end;
	size_t bytes = n - end;
	while (end && s[end - 1] == ' ')
		end--;
	if (bytes && bytes <= UNIT_BYTES && *word != '.' && *word != ',' && *word != '-' &&
		*word != ')' && is_number(c->dialect, s, end))
		count_affix(c, NEAR_SUFFIX, s, n, word, bytes);
}

/* 12345K, 2.5 GiB: with a prefix of a unit, which may be another one in each value. */
static bool has_unit(const csv_dialect *d, const char *s, size_t n)
{
	static const char *const ends[] = {"iB", "B", "b", "Wh", "W", "Hz", "J", ""};
	size_t k = 0;

	for (size_t i = 0; i < sizeof ends / sizeof *ends && !k; i++) {
		size_t bytes = strlen(ends[i]);
		if (n > bytes + 1 && !memcmp(s + n - bytes, ends[i], bytes) &&
			memchr("KkMGTP", s[n - bytes - 1], 6))
			k = bytes + 1;
	}
	n -= k;
	while (n && s[n - 1] == ' ')
		n--;
	return k && is_number(d, s, n);
}

/* $5, EUR 5 */
static void try_prefix(near_column *c, const char *s, size_t n)
{
	static const char *const signs[] = {"$", "\xe2\x82\xac", "\xc2\xa3", "\xc2\xa5", "EUR",
		"USD", "GBP", "CHF", "JPY", "US$"};

	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		size_t k = strlen(signs[i]), at = k;
		if (n <= k || memcmp(s, signs[i], k) != 0)
			continue;
		while (at < n && s[at] == ' ')
			at++;
		if (is_number(c->dialect, s + at, n - at))
			count_affix(c, NEAR_PREFIX, s, n, s, k);
	}
}

/* 1D5, 1.5d-03: a number with the exponent letter D. */
static bool is_fortran(const csv_dialect *d, const char *s, size_t n)
{
	char plain[65];
	size_t at = 0;

	while (at < n && (s[at] | 32) != 'd')
		at++;
	if (!at || at + 1 >= n || n >= sizeof plain)
		return false;
	memcpy(plain, s, n);
	plain[at] = 'e';
	return is_number(d, plain, n);
}

static void count_value(near_column *c, const char *s, size_t n)
{
	static const struct {
		near_form form;
		char sign;
	} groups[] = {{NEAR_COMMA_GROUPS, ','}, {NEAR_POINT_GROUPS, '.'}, {NEAR_BLANK_GROUPS, ' '},
		{NEAR_APOSTROPHE_GROUPS, '\''}, {NEAR_UNDERSCORE_GROUPS, '_'}};
	csv_dialect comma = *c->dialect;

	c->values++;
	if (is_number(c->dialect, s, n)) {
		c->numbers++;
		return;
	}
	if (n > 64)
		return;
	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
		if (bn_csv_is_grouped(c->dialect, groups[i].sign, groups[i].sign == '.' ? ',' : '.', s, n))
			count_form(c, groups[i].form, s, n);
	if (bn_csv_is_grouped(c->dialect, ' ', ',', s, n) && !bn_csv_is_grouped(c->dialect, ' ', '.', s, n)) {
		count_form(c, NEAR_BLANK_GROUPS, s, n);
		c->comma_behind_blanks = true;
	}
	comma.decimal = ',';
	if (comma.thousands != ',' && memchr(s, ',', n) && is_number(&comma, s, n))
		count_form(c, NEAR_DECIMAL_COMMA, s, n);
	try_suffix(c, s, n);
	try_prefix(c, s, n);
	if (n > 3 && !memcmp(s, "\xe2\x88\x92", 3) && is_number(c->dialect, s + 3, n - 3))
		count_form(c, NEAR_MINUS, s, n);
	if (n > 1 && s[n - 1] == '-' && is_digit(*s) && is_number(c->dialect, s, n - 1))
		count_form(c, NEAR_MINUS_BEHIND, s, n);
	if (has_unit(c->dialect, s, n))
		count_form(c, NEAR_UNITS, s, n);
	if (is_fortran(c->dialect, s, n))
		count_form(c, NEAR_FORTRAN, s, n);
	if (n > 2 && *s == '(' && s[n - 1] == ')' && is_number(c->dialect, s + 1, n - 2))
		count_form(c, NEAR_PARENTHESES, s, n);
}

/* The form of most values, if nearly all are numbers or of that form; NEAR_FORMS: none. A decimal
 * comma only counts as one if it cannot be a thousands separator. */
static near_form form_of(const near_column *c)
{
	static const near_form with_comma[] = {NEAR_POINT_GROUPS, NEAR_BLANK_GROUPS};
	near_form best = NEAR_FORMS;
	size_t most = 0;

	for (near_form f = 0; f < NEAR_FORMS; f++)
		if (c->count[f] > most) {
			most = c->count[f];
			best = f;
		}
	/* 999,5 among 1.234,5 */
	for (size_t i = 0; i < sizeof with_comma / sizeof *with_comma; i++) {
		near_form f = with_comma[i];
		bool comma = f == NEAR_POINT_GROUPS || c->comma_behind_blanks;
		if (comma && c->count[f] && c->count[f] + c->count[NEAR_DECIMAL_COMMA] > most) {
			most = c->count[f] + c->count[NEAR_DECIMAL_COMMA];
			best = f;
		}
	}
	return most && (c->numbers + most) * 10 >= c->values * 9 ? best : NEAR_FORMS;
}

/* The expression that converts a value with an affix to a number. */
static void cure_affix(
	char *out, size_t n, const char *column, const near_column *c, near_form form)
{
	const char *x = column[strspn(column, "abcdefghijklmnopqrstuvwxyz_0123456789")] ||
					strlen(column) > 16
				? "x"
				: column;
	size_t letters = 0;

	for (size_t i = 0; i < c->affix_bytes[form]; i++)
		letters += ((uint8_t)c->affix[form][i] & 0xc0) != 0x80;
	if (form == NEAR_PREFIX)
		snprintf(out, n, "data transform --column '%s = real(substr(%s, %zu, 40))'", x, x,
			letters + 1);
	else
		snprintf(out, n,
			"data transform --column '%s = real(substr(%s, 1, length(%s) - %zu))'", x,
			x, x, letters);
}

static int say(csv_stream *s, size_t column, const near_column *c, near_form form, bn_err *err)
{
	static const struct {
		const char *with, *cure;
	} words[NEAR_FORMS] = {
		[NEAR_COMMA_GROUPS] = {"',' between thousands", "--thousands , reads them"},
		[NEAR_POINT_GROUPS] = {"'.' between thousands", "--thousands . reads them"},
		[NEAR_BLANK_GROUPS] = {"blanks between thousands", "--thousands ' ' reads them"},
		[NEAR_APOSTROPHE_GROUPS] = {"\"'\" between thousands",
			"--thousands \"'\" reads them"},
		[NEAR_UNDERSCORE_GROUPS] = {"'_' between thousands", "--thousands _ reads them"},
		[NEAR_DECIMAL_COMMA] = {"a decimal comma", "--decimal , reads them"},
		[NEAR_SUFFIX] = {"behind them", NULL},
		[NEAR_PREFIX] = {"before them", NULL},
		[NEAR_MINUS] = {"U+2212 for minus", "write '-' in the file"},
		[NEAR_MINUS_BEHIND] = {"'-' behind them", "write -5 for 5- in the file"},
		[NEAR_FORTRAN] = {"D before the exponent", "write 1e5 for 1D5 in the file"},
		[NEAR_UNITS] = {"units of several sizes",
			"write them in one where they come from (sacct --units=M)"},
		[NEAR_PARENTHESES] = {"parentheses for minus", "write -5 for (5) in the file"},
	};
	const char *name = s->schema.fields[column].name;
	char with[64], cure[120];

	if (words[form].cure) {
		snprintf(with, sizeof with, "%s", words[form].with);
		bool comma = form == NEAR_BLANK_GROUPS && c->comma_behind_blanks;
		snprintf(cure, sizeof cure, "%s",
			comma ? "--thousands ' ' --decimal , reads them" : words[form].cure);
	} else {
		snprintf(with, sizeof with, "\"%.*s\" %s", (int)c->affix_bytes[form],
			c->affix[form], words[form].with);
		cure_affix(cure, sizeof cure, name, c, form);
	}
	return bn_source_note_add(&s->notes, false, err,
		"column '%.30s' is text that looks like numbers with %s: %zu of %zu values, as "
		"\"%.*s\"; %s",
		name, with, c->count[form], c->values,
		c->first_bytes[form] > 20 ? 20 : (int)c->first_bytes[form], c->first[form], cure);
}

int bn_csv_note_near_number(
	csv_stream *s, const csv_chunk *c, size_t column, size_t *said, bn_err *err)
{
	near_column near = {.dialect = csv_dialect_of(s, column)};
	const char *v;
	size_t n;

	for (size_t r = 0; r < c->rows && near.values < CSV_NOTE_ROWS; r++) {
		bn_csv_value_at(s, c, r, column, &v, &n);
		while (n && *v == ' ')
			v++, n--;
		while (n && v[n - 1] == ' ')
			n--;
		if (!bn_csv_is_null(csv_dialect_of(s, column), v, n))
			count_value(&near, v, n);
		if (near.values == EARLY && form_of(&near) == NEAR_FORMS)
			return 0;
	}
	near_form form = form_of(&near);
	if (form == NEAR_FORMS || ++*said > CSV_NOTE_COLUMNS)
		return 0;
	return say(s, column, &near, form, err);
}
