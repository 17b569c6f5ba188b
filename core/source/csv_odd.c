/*
 * csv_odd.c - columns that would be numbers or times but for a few values: the first such value, its line, and the
 * reason why it is text.
 */
#include "core/base/timestamp.h"
#include "core/source/_csv_stream.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef struct odd_column {
	size_t values, numbers, times;
	const char *first_text, *first_time; /* the first that is no number; that is no time */
	size_t text_bytes, time_bytes;
} odd_column;

static bool is_digit(char c)
{
	return (unsigned)(c - '0') <= 9;
}

/* ---- numbers ---------------------------------------------------------------------------------- */

static bool has_prefix(const char *s, size_t n, const char *with)
{
	return n >= strlen(with) && !strncasecmp(s, with, strlen(with));
}

static bool is_hexadecimal(const char *s, size_t n)
{
	if (n < 3 || s[0] != '0' || (s[1] | 32) != 'x')
		return false;
	for (size_t i = 2; i < n; i++)
		if (!is_digit(s[i]) && ((s[i] | 32) < 'a' || (s[i] | 32) > 'f'))
			return false;
	return true;
}

static bool are_numbers(const csv_dialect *d, const char *s, size_t n)
{
	size_t words = 0;
	int64_t i;
	double f;

	for (size_t at = 0; at < n;) {
		size_t from = at;
		while (at < n && s[at] != ' ')
			at++;
		if (at > from && bn_csv_number(d, s + from, at - from, &i, &f) == CSV_NOT_NUMBER)
			return false;
		words += at > from;
		at += at < n;
	}
	return words >= 2;
}

/* Digits other than ASCII: U+FF10 .. U+FF19, and those of Arabic and Indic scripts. */
static bool has_other_digits(const char *s, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++) {
		const uint8_t *p = (const uint8_t *)s + i;
		if ((i + 2 < n && p[0] == 0xef && p[1] == 0xbc && p[2] >= 0x90 && p[2] <= 0x99) ||
			(p[0] == 0xd9 && p[1] >= 0xa0 && p[1] <= 0xa9) ||
			(p[0] == 0xdb && p[1] >= 0xb0 && p[1] <= 0xb9) ||
			(i + 2 < n && p[0] == 0xe0 && p[1] == 0xa5 && p[2] >= 0xa6 && p[2] <= 0xaf))
			return true;
	}
	return false;
}

static const char *why_no_number(const csv_dialect *d, const char *s, size_t n)
{
	size_t signs = n && (*s == '-' || *s == '+');
	int64_t i;
	double f;

	if (is_hexadecimal(s + signs, n - signs))
		return "hexadecimal numbers are not read";
	if (has_prefix(s + signs, n - signs, "1.#"))
		return "infinity and NaN in this form are not read: write inf and -inf, and "
		       "nothing for NaN";
	if (has_prefix(s + signs, n - signs, "infinity"))
		return "infinity is written inf or -inf";
	if (signs && n > 2 && (s[1] == '-' || s[1] == '+'))
		return "it has two signs";
	if (signs && n > 2 && s[1] == ' ' &&
		bn_csv_number(d, s + 2, n - 2, &i, &f) != CSV_NOT_NUMBER)
		return "a blank follows its sign";
	if (are_numbers(d, s, n))
		return "it is more than one number";
	if (has_other_digits(s, n))
		return "its digits are not the ASCII ones, 0 to 9";
	return NULL;
}

/* ---- times ------------------------------------------------------------------------------------ */

static bool has_month_name(const char *s, size_t n)
{
	static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug",
		"sep", "oct", "nov", "dec"};
	bool digit = false, name = false;

	for (size_t i = 0; i < n; i++) {
		digit |= is_digit(s[i]);
		for (size_t m = 0; m < 12 && !name; m++)
			name = has_prefix(s + i, n - i, months[m]);
	}
	return digit && name && n < 40;
}

/* Reads the digits at s[*at] and advances *at past them. */
static size_t take_digits(const char *s, size_t n, size_t *at, unsigned *value)
{
	size_t from = *at;

	for (*value = 0; *at < n && is_digit(s[*at]); ++*at)
		*value = *value < 100000 ? *value * 10 + (unsigned)(s[*at] - '0') : *value;
	return *at - from;
}

/* Why the time of day after a valid date is invalid. */
static const char *why_no_clock(const char *s, size_t n, size_t at)
{
	unsigned hour, minute = 0, second = 0;

	at++;
	size_t digits = take_digits(s, n, &at, &hour);
	if (digits != 2 || at >= n || s[at] != ':')
		return "an hour has two digits, and minutes follow it: 09:30";
	at++;
	size_t minutes = take_digits(s, n, &at, &minute);
	if (at < n && s[at] == ':') {
		at++;
		take_digits(s, n, &at, &second);
	}
	if (hour > 23)
		return "hours go from 00 to 23";
	if (minutes != 2 || minute > 59)
		return "minutes go from 00 to 59, in two digits";
	return second > 59 ? "seconds go from 00 to 59" : NULL;
}

static const char *why_no_time(const char *s, size_t n)
{
	static const char shape[] = "a date is written 2026-01-31, with or without a time "
				    "(2026-01-31T09:30:00Z)";
	size_t at = 0, year_digits, month_digits, day_digits;
	unsigned year, month, day;
	int64_t ns;

	if (has_month_name(s, n))
		return "months by name are not read: 2026-01-31";
	year_digits = take_digits(s, n, &at, &year);
	if (!year_digits || at >= n || s[at] != '-')
		return shape;
	at++;
	month_digits = take_digits(s, n, &at, &month);
	if (!month_digits || at >= n || s[at] != '-')
		return shape;
	at++;
	day_digits = take_digits(s, n, &at, &day);
	if (year_digits > 4)
		return "it is outside of 1677-09-21 .. 2262-04-11, which nanoseconds since 1970 "
		       "reach";
	if (year_digits < 4 || month_digits != 2 || day_digits != 2)
		return "a year has four digits, months and days have two: 2026-01-05";
	if (month < 1 || month > 12)
		return "months go from 01 to 12";
	if (!bn_timestamp_parse(s, at, &ns))
		return "that month has no such day";
	const char *why = at < n && strchr("Tt ", s[at]) ? why_no_clock(s, n, at) : NULL;
	return why ? why : shape;
}

/* ---- columns ---------------------------------------------------------------------------------- */

static void count_value(odd_column *o, const csv_dialect *d, const char *s, size_t n)
{
	unsigned facts = bn_csv_classify(d, s, n);
	bool number = (facts & CSV_HAS_NUMBERS) != 0, time = (facts & CSV_HAS_TIMES) != 0;

	if (!facts)
		return;
	while (n > 1 && *s == ' ')
		s++, n--;
	while (n > 1 && s[n - 1] == ' ')
		n--;
	if (!number && !o->first_text) {
		o->first_text = s;
		o->text_bytes = n;
	}
	if (!time && !o->first_time) {
		o->first_time = s;
		o->time_bytes = n;
	}
	o->values++;
	o->numbers += number;
	o->times += time;
}

int bn_csv_note_odd_value(
	csv_stream *s, const csv_chunk *c, size_t column, size_t *said, bn_err *err)
{
	odd_column o = {.values = 0};
	uint64_t line = c->line;
	const char *v;
	size_t n;

	for (size_t r = 0; r < c->rows; r++) {
		bn_csv_value_at(s, c, r, column, &v, &n);
		count_value(&o, csv_dialect_of(s, column), v, n);
	}
	bool times = o.times > o.numbers;
	size_t most = times ? o.times : o.numbers, odd = o.values - most;
	if (most < 2 || !odd || (odd > 1 && odd * 10 > o.values) || ++*said > CSV_NOTE_COLUMNS)
		return 0;
	v = times ? o.first_time : o.first_text;
	n = times ? o.time_bytes : o.text_bytes;
	for (const char *p = c->text; p < v; p++)
		line += *p == s->dialect.newline;
	const char *why =
		times ? why_no_time(v, n) : why_no_number(csv_dialect_of(s, column), v, n);
	int shown = n > 40 ? 40 : (int)n;
	if (why)
		return bn_source_note_add(&s->notes, false, err,
			"column '%.60s' is text because of %zu of %zu values: line %" PRIu64
			" has \"%.*s\", and %s",
			s->schema.fields[column].name, odd, o.values, line, shown, v, why);
	return bn_source_note_add(&s->notes, false, err,
		"column '%.60s' is text because of %zu of %zu values, the first on line %" PRIu64
		": \"%.*s\", which is no number; %s",
		s->schema.fields[column].name, odd, o.values, line, shown, v,
		n <= 20 && !memchr(v, '\'', n) ? "--null makes a spelling missing"
					       : "correct it in the file");
}
