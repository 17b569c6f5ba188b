/* csv_infer.c - classifies fields, and infers the type of a column of such fields. */
#include "core/base/timestamp.h"
#include "core/source/_csv_parts.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void bn_csv_set_nulls(csv_dialect *d, const char *const *nulls, size_t columns)
{
	int64_t i;
	double f;

	d->nulls = nulls;
	for (const char *const *p = nulls; *p; p++) {
		size_t n = strlen(*p);
		d->null_first[(uint8_t) * *p] |= UINT32_C(1) << (n < 31 ? n : 31);
		if (bn_csv_number(d, *p, n, &i, &f) == CSV_NOT_NUMBER)
			continue;
		d->null_numbers = true; /* and so is -999.0 if -999 is one */
		for (const char *first = " +-.0123456789"; *first; first++)
			d->null_first[(uint8_t)*first] = UINT32_MAX;
	}
	if (columns == 1 && d->null_first[0]) {
		d->null_blanks = true;
		d->null_first[' '] = d->null_first['\t'] = UINT32_MAX;
	}
}

static bool is_blank(const char *s, size_t n)
{
	while (n && (*s == ' ' || *s == '\t'))
		s++, n--;
	return !n;
}

/* Whether it equals one of the spellings as a number. */
bool bn_csv_null_is_number(const csv_dialect *d, const char *s, size_t n)
{
	int64_t i, null_i;
	double f, null_f;
	csv_token token, null;

	if (!d->null_numbers)
		return false;
	while (n && *s == ' ')
		s++, n--;
	while (n && s[n - 1] == ' ')
		n--;
	if ((token = bn_csv_number(d, s, n, &i, &f)) == CSV_NOT_NUMBER)
		return false;
	for (const char *const *p = d->nulls; *p; p++) {
		null = bn_csv_number(d, *p, strlen(*p), &null_i, &null_f);
		bool whole = (token == CSV_INT || token == CSV_BIG_INT) &&
			     (null == CSV_INT || null == CSV_BIG_INT);
		if (null != CSV_NOT_NUMBER && (whole ? i == null_i : f == null_f))
			return true;
	}
	return false;
}

bool bn_csv_null_is_spelled(const csv_dialect *d, const char *s, size_t n)
{
	for (const char *const *p = d->nulls; *p; p++) {
		if (strlen(*p) == n && !memcmp(*p, s, n))
			return true;
	}
	return d->null_blanks && is_blank(s, n);
}

/* Bytes of the group separator at s: the dialect's, or for a blank also U+00A0, U+2009 and
 * U+202F. */
static size_t group_sign(const csv_dialect *d, const char *s, const char *e)
{
	static const char *const blanks[] = {"\xc2\xa0", "\xe2\x80\x89", "\xe2\x80\xaf"};

	if (s == e || !d->thousands)
		return 0;
	if (*s == d->thousands)
		return 1;
	for (size_t i = 0; d->thousands == ' ' && i < sizeof blanks / sizeof *blanks; i++) {
		size_t n = strlen(blanks[i]);
		if ((size_t)(e - s) >= n && !memcmp(s, blanks[i], n))
			return n;
	}
	return 0;
}

static size_t count_digits(const char *s, const char *e)
{
	size_t n = 0;

	while (s + n < e && (unsigned)(s[n] - '0') <= 9)
		n++;
	return n;
}

/* [sign]1,234,567 at *s, which is advanced past it, to plain; returns its length, or 0 if it has no
 * groups of three. */
static size_t join_groups(const csv_dialect *d, const char **s, const char *e, char *plain)
{
	const char *at = *s;
	size_t n = 0, sign, digits;

	if (at < e && (*at == '-' || *at == '+'))
		plain[n++] = *at++;
	digits = count_digits(at, e);
	if (digits == 0 || digits > 3 || !group_sign(d, at + digits, e))
		return 0;
	do {
		memcpy(plain + n, at, digits);
		n += digits;
		at += digits;
		if (!(sign = group_sign(d, at, e)))
			break;
		at += sign;
		digits = count_digits(at, e);
	} while (digits == 3);
	if (sign) /* 1.5 where points separate thousands */
		return 0;
	*s = at;
	return n;
}

const char *bn_csv_plain_number(
	const csv_dialect *d, const char *s, size_t *n, char plain[CSV_NUMBER_BYTES])
{
	const char *e = s + *n, *rest = s;

	if (d->decimal == '.' && !d->thousands)
		return s;
	if (*n > CSV_NUMBER_BYTES)
		return d->decimal != '.' && memchr(s, '.', *n) ? NULL : s;
	size_t joined = d->thousands ? join_groups(d, &rest, e, plain) : 0;
	size_t more = (size_t)(e - rest);
	if (d->decimal != '.' && memchr(rest, '.', more))
		return NULL;
	const char *comma = d->decimal == '.' ? NULL : memchr(rest, d->decimal, more);
	if (!joined && !comma)
		return s;
	memcpy(plain + joined, rest, more);
	if (comma)
		plain[joined + (size_t)(comma - rest)] = '.';
	*n = joined + more;
	return plain;
}

csv_token bn_csv_number(const csv_dialect *d, const char *s, size_t n, int64_t *i, double *f)
{
	char plain[CSV_NUMBER_BYTES];

	s = bn_csv_plain_number(d, s, &n, plain);
	return s ? bn_csv_parse_number(s, n, i, f) : CSV_NOT_NUMBER;
}

/* ---- times ------------------------------------------------------------------------------------ */

/* One or two digits, or (of a year) two or four; 0 if there are none. */
static int take_digits(const char **s, const char *e, int most)
{
	int n = 0, value = 0;

	for (; *s < e && n < most && (unsigned)(**s - '0') <= 9; ++*s, n++)
		value = value * 10 + (**s - '0');
	if (most == 4 && n == 2)
		value += value < 69 ? 2000 : 1900; /* POSIX's rule for the century */
	return n == 0 || (most == 4 && n != 2 && n != 4) ? 0 : value;
}

/* Jan to Dec, in English, ignoring case: 1 to 12; 0 if it is not a month. */
static int take_month_name(const char **s, const char *e)
{
	static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

	for (int i = 0; i < 12 && e - *s >= 3; i++)
		if (!strncasecmp(*s, names + (size_t)i * 3, 3)) {
			*s += 3;
			return i + 1;
		}
	return 0;
}

/* Rewrites 31/12/2024 14:05 and 31-Dec-2024 14:05 as 2024-12-31 14:05; returns the length, or 0. */
static size_t order_date(bn_date_order order, const char *s, size_t n, char iso[64])
{
	static const uint8_t places[][3] = {
		{0, 1, 2}, {2, 1, 0}, {2, 0, 1}, {0, 1, 2}}; /* of y, m, d */
	const uint8_t *place = places[order];
	const char *e = s + n;
	char sign = 0;
	int part[3];

	for (int k = 0; k < 3; k++) {
		if (k && (s == e || !strchr("/.-", *s) || (sign && *s != sign)))
			return 0;
		if (k)
			sign = *s++;
		part[k] = k == place[1] ? take_month_name(&s, e) : 0;
		if (!part[k])
			part[k] = take_digits(&s, e, k == place[0] ? 4 : 2);
		if (!part[k])
			return 0;
	}
	if (e - s > 40)
		return 0;
	return (size_t)snprintf(iso, 64, "%04d-%02d-%02d%.*s", part[place[0]], part[place[1]],
		part[place[2]], (int)(e - s), s);
}

const char *bn_csv_iso_date(const csv_dialect *d, const char *s, size_t *n, char iso[64])
{
	size_t len = d->date_order == BN_DATE_ISO ? 0 : order_date(d->date_order, s, *n, iso);

	*n = len ? len : *n;
	return len ? iso : s;
}

bool bn_csv_time(const csv_dialect *d, const char *s, size_t n, int64_t *ns)
{
	char iso[64];

	if (bn_timestamp_parse(s, n, ns))
		return true;
	const char *date = bn_csv_iso_date(d, s, &n, iso);
	return date == iso && bn_timestamp_parse(iso, n, ns);
}

/* "2024-01-02 3:04 PM": a time except for AM or PM. */
static bool is_of_clock_12(const csv_dialect *d, const char *s, size_t n)
{
	char plain[64];
	size_t hour;
	int64_t ns;

	if (n < 6 || n >= sizeof plain - 1 || (s[n - 1] | 32) != 'm' ||
		((s[n - 2] | 32) != 'a' && (s[n - 2] | 32) != 'p'))
		return false;
	n -= 2;
	while (n && s[n - 1] == ' ')
		n--;
	for (hour = n; hour && s[hour - 1] != ' '; hour--)
		;
	memcpy(plain, s, hour);
	bool one_digit = hour + 1 < n && s[hour + 1] == ':';
	if (one_digit)
		plain[hour] = '0';
	memcpy(plain + hour + one_digit, s + hour, n - hour);
	return hour && bn_csv_time(d, plain, n + one_digit, &ns);
}

/* "2024-01-02 03:04:05 UTC", "... +0200": a time, a blank and a zone. */
static bool has_zone_apart(const csv_dialect *d, const char *s, size_t n)
{
	size_t at = n;
	int64_t ns;

	while (at && s[at - 1] != ' ')
		at--;
	if (at < 12 || n - at < 1 || n - at > 6)
		return false;
	for (size_t i = at; i < n; i++)
		if (!strchr("+-:0123456789", s[i]) && !((s[i] | 32) >= 'a' && (s[i] | 32) <= 'z'))
			return false;
	bool is_word = (s[at] | 32) >= 'a' && (s[at] | 32) <= 'z';
	return (is_word || s[at] == '+' || s[at] == '-') && bn_csv_time(d, s, at - 1, &ns);
}

static bool is_far_year(const char *s)
{
	return memcmp(s, "1677", 4) <= 0 || memcmp(s, "2262", 4) >= 0;
}

/* The only reason why a text is not a time, if there is exactly one. */
static unsigned odd_time(const csv_dialect *d, const char *s, size_t n)
{
	static const struct {
		size_t at, bytes;
		const char *odd, *even; /* odd NULL: digits */
		unsigned fact;
	} cures[] = {{17, 2, "60", "59", CSV_HAS_LEAP}, {11, 5, "24:00", "00:00", CSV_HAS_HOUR_24},
		{0, 4, NULL, "2000", CSV_HAS_FAR_TIME}, {8, 2, NULL, "01", CSV_HAS_NO_DAY}};
	char cured[64], iso[64];
	size_t ordered = d->date_order == BN_DATE_ISO ? 0 : order_date(d->date_order, s, n, iso);
	int64_t ns;

	if (is_of_clock_12(d, s, n))
		return CSV_HAS_CLOCK_12;
	if (has_zone_apart(d, s, n))
		return CSV_HAS_ZONE;
	if (ordered) {
		s = iso;
		n = ordered;
	}
	if (n < 10 || n >= sizeof cured || s[4] != '-')
		return 0;
	for (size_t i = 0; i < sizeof cures / sizeof *cures; i++) {
		size_t at = cures[i].at, bytes = cures[i].bytes;
		if (n < at + bytes || (cures[i].odd && memcmp(s + at, cures[i].odd, bytes)) ||
			(!cures[i].odd &&
				((unsigned)(s[at] - '0') > 9 || (unsigned)(s[at + 1] - '0') > 9)) ||
			(cures[i].fact == CSV_HAS_FAR_TIME && !is_far_year(s)))
			continue;
		memcpy(cured, s, n);
		memcpy(cured + at, cures[i].even, bytes);
		if (bn_csv_time(d, cured, n, &ns))
			return cures[i].fact;
	}
	return ordered ? CSV_HAS_OTHER_ORDER : 0;
}

/* ---- classes ---------------------------------------------------------------------------------- */

int bn_csv_parse_bool(const char *s, size_t n)
{
	static const char *const words[] = {"false", "true", "False", "True", "FALSE", "TRUE"};

	for (int i = 0; i < 6; i++) {
		if (strlen(words[i]) == n && !memcmp(words[i], s, n))
			return i & 1;
	}
	return -1;
}

unsigned bn_csv_classify(const csv_dialect *d, const char *s, size_t n)
{
	static const unsigned of_token[] = {[CSV_INT] = CSV_HAS_INT,
		[CSV_BIG_INT] = CSV_HAS_BIG_INT,
		[CSV_FLOAT] = CSV_HAS_FLOAT,
		[CSV_LOSSY] = CSV_HAS_LOSSY,
		[CSV_HUGE_INT] = CSV_HAS_HUGE_INT,
		[CSV_HUGE] = CSV_HAS_HUGE};
	int64_t i;
	double f;

	if (bn_csv_is_null(d, s, n))
		return 0;
	/* Blanks around a number are ignored; around text they are part of it. */
	while (n && (*s == ' ' || *s == '\t'))
		s++, n--;
	while (n && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	csv_token token = bn_csv_number(d, s, n, &i, &f);
	if (token != CSV_NOT_NUMBER)
		return of_token[token];
	if (bn_csv_parse_bool(s, n) >= 0)
		return CSV_HAS_BOOL;
	if (bn_csv_time(d, s, n, &i))
		return CSV_HAS_TIME;
	unsigned odd = odd_time(d, s, n);
	return odd ? odd : CSV_HAS_TEXT;
}

const char *bn_csv_why(unsigned facts)
{
	if (facts && !(facts & ~CSV_HAS_NUMBERS)) {
		if (facts & CSV_HAS_LOSSY)
			return "a float64 would change its digits";
		if (facts & CSV_HAS_HUGE)
			return "it is beyond the range of float64";
		if (facts & CSV_HAS_HUGE_INT)
			return "int64 ends at 9223372036854775807 (use --type for uint64 or a "
			       "rounded float64)";
		if ((facts & CSV_HAS_BIG_INT) && (facts & CSV_HAS_FLOAT))
			return "integers beyond 2^53 among fractions would change their digits";
	} else if (facts && !(facts & ~CSV_HAS_TIMES)) {
		if (facts & CSV_HAS_ZONE)
			return "a zone after a blank is not read: write +02:00, or Z for UTC, "
			       "right after the time";
		if (facts & CSV_HAS_CLOCK_12)
			return "AM and PM are not read: write hours from 00 to 23";
		if (facts & CSV_HAS_OTHER_ORDER)
			return "the order of dates that is set (--date-order) does not fit it";
		if (facts & CSV_HAS_FAR_TIME)
			return "it is outside of 1677-09-21 .. 2262-04-11, the range of "
			       "nanoseconds since 1970";
		if (facts & CSV_HAS_NO_DAY)
			return "that month has no such day";
		if (facts & CSV_HAS_HOUR_24)
			return "a day has no hour 24 (00:00 of the next day is the same instant)";
		if (facts & CSV_HAS_LEAP)
			return "instants count no leap seconds, so there is no second 60";
	}
	return NULL;
}

bn_type bn_csv_type_of(unsigned facts, bool *empty)
{
	*empty = facts == 0;
	switch (facts) {
	case 0:
	case CSV_HAS_FLOAT:
	case CSV_HAS_FLOAT | CSV_HAS_INT:
		return BN_TYPE_FLOAT64;
	case CSV_HAS_INT:
	case CSV_HAS_BIG_INT:
	case CSV_HAS_INT | CSV_HAS_BIG_INT:
		return BN_TYPE_INT64;
	case CSV_HAS_BOOL:
		return BN_TYPE_BOOL;
	case CSV_HAS_TIME:
		return BN_TYPE_TIMESTAMP;
	default:
		return BN_TYPE_CATEGORY;
	}
}
