/* strptime.c - see strptime.h. A format becomes a pattern whose groups are its directives; what a
 * pattern cannot say (does the date exist?) is asked of the groups. */
#include "core/check/strptime.h"

#include "core/base/buf.h"
#include "core/base/mem.h"
#include "core/check/pattern.h"

#include <string.h>

struct bn_strptime {
	bn_pattern *pattern;
};

/* ---- the pattern ---------------------------------------------------------------------------- */

#define MONTHS \
	"September|February|November|December|January|October|August|March|April|June|July|May"
#define SHORT_MONTHS "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
#define DAYS "Wednesday|Thursday|Saturday|Tuesday|Monday|Friday|Sunday"
#define SHORT_DAYS "Mon|Tue|Wed|Thu|Fri|Sat|Sun"
#define WEEK "5[0-3]|[0-4][0-9]|[0-9]"

/* The order of alternatives decides, as in Python: the first that matches is taken. */
static const struct {
	char directive;
	const char *text;
} directives[] = {{'d', "3[0-1]|[1-2][0-9]|0[1-9]|[1-9]| [1-9]"}, {'f', "[0-9]{1,6}"},
	{'H', "2[0-3]|[0-1][0-9]|[0-9]"}, {'I', "1[0-2]|0[1-9]|[1-9]"}, {'G', "[0-9]{4}"},
	{'j', "36[0-6]|3[0-5][0-9]|[1-2][0-9][0-9]|0[1-9][0-9]|00[1-9]|[1-9][0-9]|0[1-9]|[1-9]"},
	{'m', "1[0-2]|0[1-9]|[1-9]"}, {'M', "[0-5][0-9]|[0-9]"}, {'S', "6[0-1]|[0-5][0-9]|[0-9]"},
	{'U', WEEK}, {'W', WEEK}, {'V', "5[0-3]|0[1-9]|[1-4][0-9]|[0-9]"}, {'w', "[0-6]"},
	{'u', "[1-7]"}, {'y', "[0-9]{2}"}, {'Y', "[0-9]{4}"},
	{'z', "[+-][0-9]{2}:?[0-5][0-9](?::?[0-5][0-9](?:\\.[0-9]{1,6})?)?|(?-i:Z)"},
	{'Z', "UTC|GMT"}, {'A', DAYS}, {'a', SHORT_DAYS}, {'B', MONTHS}, {'b', SHORT_MONTHS},
	{'p', "AM|PM"}};

/* Those that stand for several. */
static const struct {
	char directive;
	const char *format;
} composed[] = {{'c', "%a %b %d %H:%M:%S %Y"}, {'x', "%m/%d/%y"}, {'X', "%H:%M:%S"}};

typedef struct format {
	const char *whole;
	bool has[128];
	bn_buf out;
	bn_err *err;
} format;

static const char *directive_text(char c)
{
	for (size_t i = 0; i < sizeof directives / sizeof *directives; i++)
		if (directives[i].directive == c)
			return directives[i].text;
	return NULL;
}

static const char *composed_text(char c)
{
	for (size_t i = 0; i < sizeof composed / sizeof *composed; i++)
		if (composed[i].directive == c)
			return composed[i].format;
	return NULL;
}

static int add_directive(format *f, char c, size_t at)
{
	const char *text = directive_text(c);
	if (c == '\0')
		return bn_err_set(f->err, BN_EINVAL, "strftime_format '%.100s' ends with %%", f->whole);
	if (!text) {
		bn_err_set(f->err, BN_EINVAL, "strftime_format '%.100s', byte %zu: no directive '%%%c'",
			f->whole, at + 1, (c & 0x60) && !(c & 0x80) && c != 0x7f ? c : '?');
		bn_err_hint(f->err, "directives are those of Python's strptime: %%Y-%%m-%%d %%H:%%M:%%S");
		return BN_EINVAL;
	}
	if (f->has[(unsigned char)c])
		return bn_err_set(f->err, BN_EINVAL,
			"strftime_format '%.100s', byte %zu: '%%%c' for the second time", f->whole,
			at + 1, c);
	f->has[(unsigned char)c] = true;
	bn_buf_addf(&f->out, "(?P<%c>%s)", c, text);
	return 0;
}

/* at: where the format stands in the whole one; a composed directive stands where its '%' does. */
static int add_format(format *f, const char *s, bool inside)
{
	int rc = 0;
	for (size_t i = 0; s[i] && rc == 0; i++) {
		size_t at = inside ? 0 : i, blanks = strspn(s + i, " \t\n\r\f\v");
		const char *more = s[i] == '%' ? composed_text(s[i + 1]) : NULL;
		if (blanks) {
			bn_buf_adds(&f->out, "\\s+");
			i += blanks - 1;
		} else if (s[i] == '%' && s[i + 1] == '%') {
			bn_buf_addch(&f->out, s[++i]);
		} else if (more) {
			rc = add_format(f, more, true);
			i++;
		} else if (s[i] == '%') {
			rc = add_directive(f, s[i + 1], at);
			i++;
		} else {
			if (strchr("\\.^$*+?(){}[]|", s[i]))
				bn_buf_addch(&f->out, '\\');
			bn_buf_addch(&f->out, s[i]);
		}
	}
	return rc;
}

/* What Python finds out at each text: these match none. */
static int check_weeks(const format *f)
{
	bool day = f->has['A'] || f->has['a'] || f->has['u'] || f->has['w'];
	const char *why = NULL;
	if (f->has['G'] && f->has['j'])
		why = "%G and %j exclude each other";
	else if (f->has['G'] && !(f->has['V'] && day))
		why = "%G needs %V and a day of the week";
	else if (f->has['V'] && (!f->has['G'] || f->has['Y'] || f->has['y']))
		why = "%V needs %G, instead of %Y";
	return why ? bn_err_set(f->err, BN_EINVAL, "strftime_format '%.100s': %s", f->whole, why) : 0;
}

int bn_strptime_new(bn_strptime **out, const char *text, bn_err *err)
{
	format f = {.whole = text, .out = BN_BUF_INIT, .err = err};
	bn_strptime *made = bn_alloc_zeroed(1, sizeof *made);
	int rc = made ? 0 : bn_err_nomem(err, "a format of times");
	if (rc < 0)
		goto out;
	/* Python takes the first match from the beginning, and then asks whether text is left. */
	bn_buf_adds(&f.out, "(?i)\\A(?>");
	if ((rc = add_format(&f, text, false)) < 0 || (rc = check_weeks(&f)) < 0)
		goto out;
	bn_buf_adds(&f.out, ")\\Z");
	if ((rc = bn_buf_check(&f.out, err, "a format of times")) < 0 ||
		(rc = bn_pattern_compile(&made->pattern, f.out.ptr, err)) < 0)
		goto out;
	*out = made;
	made = NULL;
out:
	bn_buf_release(&f.out);
	bn_strptime_free(made);
	return rc;
}

void bn_strptime_free(bn_strptime *f)
{
	if (!f)
		return;
	bn_pattern_free(f->pattern);
	bn_free(f);
}

void bn_strptime_watch(bn_strptime *f, bool (*stopped)(void *ctx), void *ctx)
{
	bn_pattern_watch(f->pattern, stopped, ctx);
}

/* ---- does it exist? ------------------------------------------------------------------------- */

typedef struct found {
	const bn_strptime *f;
	const char *text;
} found;

/* -1: the format does not have the directive. */
static int number_of(const found *t, const char *name)
{
	size_t from, n;
	int x = 0;
	if (!bn_pattern_group(t->f->pattern, name, &from, &n))
		return -1;
	for (size_t i = from; i < from + n; i++)
		if (t->text[i] != ' ')
			x = 10 * x + (t->text[i] - '0');
	return x;
}

static bool starts_alike(const char *text, const char *word, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((text[i] | 0x20) != (word[i] | 0x20))
			return false;
	return true;
}

/* The place (from 0) of the group's first three letters in a list such as SHORT_MONTHS; -1. */
static int word_of(const found *t, const char *name, const char *list)
{
	size_t from, n;
	if (!bn_pattern_group(t->f->pattern, name, &from, &n))
		return -1;
	for (int i = 0; i == 0 || list[4 * i - 1] == '|'; i++)
		if (starts_alike(t->text + from, list + 4 * i, 3))
			return i;
	return -1;
}

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_of(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* 0 for Monday, of January 1 (proleptic Gregorian). */
static int first_weekday(int year)
{
	int y = year - 1;
	return (y * 365 + y / 4 - y / 100 + y / 400) % 7;
}

static int year_of(const found *t)
{
	int year = number_of(t, "Y"), two = number_of(t, "y");
	if (year < 0 && two >= 0)
		year = two <= 68 ? 2000 + two : 1900 + two;
	return year;
}

/* The day of the year by %U or %W and a day of the week (0: Monday); -1: the format has none. It
 * may be 0 or less: days of the year before. */
static int week_day(const found *t, int year, int weekday, int *day)
{
	int week = number_of(t, "U");
	bool by_monday = week < 0;
	if (by_monday && (week = number_of(t, "W")) < 0)
		return -1;
	int first = first_weekday(year);
	if (!by_monday) {
		first = (first + 1) % 7;
		weekday = (weekday + 1) % 7;
	}
	int week_0 = (7 - first) % 7;
	*day = week == 0 ? 1 + weekday - first : 1 + week_0 + 7 * (week - 1) + weekday;
	return 0;
}

/* weekday: 0 for Monday. The year 9999 ends with a Friday. */
static bool iso_day_exists(int year, int week, int weekday)
{
	int first = first_weekday(year);
	bool is_long = first == 3 || (first == 2 && is_leap(year));
	if (year < 1 || week < 1 || week > (is_long ? 53 : 52))
		return false;
	return year < 9999 || week < 52 || weekday <= 4;
}

static bool date_exists(const found *t)
{
	int year = year_of(t), month = number_of(t, "m"), day = number_of(t, "d");
	int of_year = number_of(t, "j"), iso_year = number_of(t, "G"), weekday, computed = 0;
	if (month < 0)
		month = word_of(t, "B", SHORT_MONTHS) + 1;
	if (month < 1)
		month = word_of(t, "b", SHORT_MONTHS) + 1;
	month = month < 1 ? 1 : month;
	day = day < 0 ? 1 : day;
	if ((weekday = word_of(t, "A", SHORT_DAYS)) < 0)
		weekday = word_of(t, "a", SHORT_DAYS);
	if (weekday < 0 && number_of(t, "u") >= 0)
		weekday = number_of(t, "u") - 1;
	if (weekday < 0 && number_of(t, "w") >= 0)
		weekday = (number_of(t, "w") + 6) % 7;
	if (iso_year >= 0)
		return iso_day_exists(iso_year, number_of(t, "V"), weekday);
	if (year < 0)
		year = month == 2 && day == 29 ? 1904 : 1900;
	if (year < 1)
		return false;
	/* A day of the year decides instead of month and day; the year's last days may overflow
	 * into the next one, which 9999 does not have. */
	if (of_year >= 0)
		return year < 9999 || of_year <= 365;
	if (weekday >= 0 && week_day(t, year, weekday, &computed) == 0)
		return year < 9999 ? year > 1 || computed > 0 : computed <= 365;
	return day <= days_of(year, month);
}

/* Colons in both places or in neither, and less than a day. */
static bool zone_exists(const found *t)
{
	size_t from, n;
	if (!bn_pattern_group(t->f->pattern, "z", &from, &n) || n == 1)
		return true;
	const char *z = t->text + from;
	bool colon = z[3] == ':';
	if (colon && n > 6 && z[6] != ':')
		return false;
	if (!colon && n > 5 && z[5] == ':')
		return false;
	return z[1] < '2' || (z[1] == '2' && z[2] < '4');
}

int bn_strptime_matches(bool *out, bn_strptime *f, const char *text, size_t n, bn_err *err)
{
	const found t = {f, text};
	int rc = bn_pattern_matches(out, f->pattern, text, n, err);
	if (rc < 0 || !*out)
		return rc;
	*out = number_of(&t, "S") < 60 && zone_exists(&t) && date_exists(&t);
	return 0;
}
