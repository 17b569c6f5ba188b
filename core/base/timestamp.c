/* timestamp.c - see timestamp.h. */
#include "core/base/timestamp.h"

#include <stdio.h>
#include <time.h>

/* Proleptic Gregorian, days since 1970-01-01 (Hinnant, "chrono-compatible low-level date
 * algorithms"). month 1..12. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int64_t *year, int *month, int *day)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t m = (5 * day_of_year + 2) / 153;
	*day = (int)(day_of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = year_of_era + era * 400 + (*month <= 2);
}

/* Reads exactly `digits` digits at *s; -1 when they are not there. */
static int take_digits(const char **s, const char *end, int digits)
{
	int v = 0;
	if (end - *s < digits)
		return -1;
	for (int i = 0; i < digits; i++) {
		unsigned d = (unsigned)(unsigned char)(*s)[i] - '0';
		if (d > 9)
			return -1;
		v = v * 10 + (int)d;
	}
	*s += digits;
	return v;
}

static bool take_char(const char **s, const char *end, char c)
{
	if (*s == end || **s != c)
		return false;
	++*s;
	return true;
}

/* Up to nine digits after '.' or ','; further ones must be zeros, since the resolution is a
 * nanosecond. */
static bool take_fraction(const char **s, const char *end, int64_t *ns)
{
	int64_t unit = 100000000;
	*ns = 0;
	const char *first = *s;
	while (*s < end && (unsigned char)(**s - '0') <= 9) {
		if (!unit && **s != '0')
			return false;
		*ns += (**s - '0') * unit;
		unit /= 10;
		++*s;
	}
	return *s > first;
}

static bool take_zone(const char **s, const char *end, int64_t *offset_s)
{
	*offset_s = 0;
	if (*s == end || take_char(s, end, 'Z') || take_char(s, end, 'z'))
		return true;
	bool negative = **s == '-';
	if (!negative && **s != '+')
		return false;
	++*s;
	int hours = take_digits(s, end, 2), minutes = 0;
	if (*s < end) {
		take_char(s, end, ':');
		minutes = take_digits(s, end, 2);
	}
	if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
		return false;
	*offset_s = (hours * 3600 + minutes * 60) * (negative ? -1 : 1);
	return true;
}

bool bn_timestamp_parse(const char *s, size_t n, int64_t *ns)
{
	static const int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	const char *end = s + n;
	int year = take_digits(&s, end, 4);
	if (year < 0 || !take_char(&s, end, '-'))
		return false;
	int month = take_digits(&s, end, 2);
	if (month < 1 || month > 12 || !take_char(&s, end, '-'))
		return false;
	int day = take_digits(&s, end, 2);
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	if (day < 1 || day > month_days[month - 1] || (month == 2 && day == 29 && !leap))
		return false;
	int hour = 0, minute = 0, second = 0;
	int64_t fraction = 0, offset = 0;
	if (s < end) {
		if (*s != 'T' && *s != 't' && *s != ' ')
			return false;
		s++;
		hour = take_digits(&s, end, 2);
		if (hour < 0 || hour > 23 || !take_char(&s, end, ':'))
			return false;
		minute = take_digits(&s, end, 2);
		if (minute < 0 || minute > 59)
			return false;
		if (take_char(&s, end, ':')) {
			second = take_digits(&s, end, 2);
			if (second < 0 || second > 59)
				return false;
			if ((take_char(&s, end, '.') || take_char(&s, end, ',')) &&
				!take_fraction(&s, end, &fraction))
				return false;
		}
		if (!take_zone(&s, end, &offset) || s != end)
			return false;
	}
	int64_t seconds = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 +
			  second - offset;
	/* 128 bits: the second that contains the first representable instant begins before it. */
	__int128 all = (__int128)seconds * 1000000000 + fraction;
	if (all < INT64_MIN || all > INT64_MAX)
		return false;
	*ns = (int64_t)all;
	return true;
}

const char *bn_timestamp_iso(int64_t ns, char buf[BN_TIMESTAMP_TEXT])
{
	int64_t seconds = ns / 1000000000, fraction = ns % 1000000000;
	if (fraction < 0) {
		fraction += 1000000000;
		seconds--;
	}
	int64_t days = seconds / 86400, rest = seconds % 86400, year;
	if (rest < 0) {
		rest += 86400;
		days--;
	}
	int month, day;
	civil_from_days(days, &year, &month, &day);
	int n = snprintf(buf, BN_TIMESTAMP_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d", (int)year, month,
		day, (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
	if (fraction) {
		n += snprintf(buf + n, (size_t)(BN_TIMESTAMP_TEXT - n), ".%09d", (int)fraction);
		while (buf[n - 1] == '0')
			n--;
	}
	buf[n] = 'Z';
	buf[n + 1] = '\0';
	return buf;
}

const char *bn_timestamp_short(int64_t ns, bool utc, char buf[BN_TIMESTAMP_TEXT])
{
	time_t t = (time_t)(ns / 1000000000 - (ns % 1000000000 < 0));
	struct tm tm;
	if (!(utc ? gmtime_r(&t, &tm) : localtime_r(&t, &tm)))
		return bn_timestamp_iso(ns, buf);
	strftime(buf, BN_TIMESTAMP_TEXT, "%Y-%m-%d %H:%M:%S", &tm);
	return buf;
}

/* ---- dates, times of day, durations ------------------------------------------------- */

#define NS ((int64_t)1000000000)

/* Appends .fraction without trailing zeros; ns in 0 .. NS - 1. */
static int add_fraction(char *buf, int n, int64_t ns)
{
	if (!ns)
		return n;
	n += snprintf(buf + n, (size_t)(BN_TIMESTAMP_TEXT - n), ".%09d", (int)ns);
	while (buf[n - 1] == '0')
		buf[--n] = '\0';
	return n;
}

const char *bn_date_iso(int32_t days, char buf[BN_TIMESTAMP_TEXT])
{
	int64_t year;
	int month, day;

	civil_from_days(days, &year, &month, &day);
	const char *sign = year > 9999 ? "+" : "";
	snprintf(buf, BN_TIMESTAMP_TEXT, "%s%04lld-%02d-%02d", year < 0 ? "-" : sign,
		(long long)(year < 0 ? -year : year), month, day);
	return buf;
}

bool bn_date_parse(const char *s, size_t n, int32_t *days)
{
	const char *end = s + n;
	bool negative = n && *s == '-', sign = n && (*s == '-' || *s == '+');
	int64_t year = 0, back_year;
	int digits = 0, back_month, back_day;

	for (s += sign; s < end && *s >= '0' && *s <= '9' && digits < 7; s++, digits++)
		year = year * 10 + (*s - '0');
	if (digits < 4 || (digits > 4 && !sign) || !take_char(&s, end, '-'))
		return false;
	year = negative ? -year : year;
	int month = take_digits(&s, end, 2);
	if (month < 1 || month > 12 || !take_char(&s, end, '-'))
		return false;
	int day = take_digits(&s, end, 2);
	if (day < 1 || s != end)
		return false;
	int64_t found = days_from_civil(year, month, day);
	civil_from_days(found, &back_year, &back_month, &back_day);
	if (back_month != month || back_day != day || found < INT32_MIN || found > INT32_MAX)
		return false; /* February 30 */
	*days = (int32_t)found;
	return true;
}

const char *bn_daytime_iso(int64_t ns, char buf[BN_TIMESTAMP_TEXT])
{
	int64_t s = ns / NS;
	int n = snprintf(buf, BN_TIMESTAMP_TEXT, "%02lld:%02d:%02d", (long long)(s / 3600),
		(int)(s / 60 % 60), (int)(s % 60));

	add_fraction(buf, n, ns % NS);
	return buf;
}

/* Nanoseconds of a fraction after its point; digits beyond them must be zeros. */
static bool take_exact_fraction(const char **s, const char *end, int64_t *ns)
{
	const char *first = *s;

	if (!take_fraction(s, end, ns))
		return false;
	for (const char *p = first + 9; p < *s; p++)
		if (*p != '0')
			return false;
	return true;
}

/* MM:SS[.fraction] */
static bool take_minutes(const char **s, const char *end, bool need_seconds, int64_t *ns)
{
	int64_t fraction = 0;
	int minutes = take_digits(s, end, 2), seconds = 0;

	if (minutes < 0 || minutes > 59)
		return false;
	if (take_char(s, end, ':')) {
		seconds = take_digits(s, end, 2);
		if (seconds < 0 || seconds > 59)
			return false;
		if (take_char(s, end, '.') && !take_exact_fraction(s, end, &fraction))
			return false;
	} else if (need_seconds) {
		return false;
	}
	*ns = (minutes * 60 + seconds) * NS + fraction;
	return true;
}

bool bn_daytime_parse(const char *s, size_t n, int64_t *ns)
{
	const char *end = s + n;
	int hours = take_digits(&s, end, 2);

	if (hours < 0 || hours > 23 || !take_char(&s, end, ':') ||
		!take_minutes(&s, end, false, ns) || s != end)
		return false;
	*ns += hours * 3600 * NS;
	return true;
}

const char *bn_duration_iso(int64_t ns, char buf[BN_TIMESTAMP_TEXT])
{
	uint64_t whole = ns < 0 ? -(uint64_t)ns : (uint64_t)ns, s = whole / (uint64_t)NS;
	int64_t fraction = (int64_t)(whole % (uint64_t)NS);
	int n = snprintf(buf, BN_TIMESTAMP_TEXT, "%sPT", ns < 0 ? "-" : "");

	if (s >= 3600)
		n += snprintf(buf + n, (size_t)(BN_TIMESTAMP_TEXT - n), "%lluH",
			(unsigned long long)(s / 3600));
	if (s / 60 % 60)
		n += snprintf(buf + n, (size_t)(BN_TIMESTAMP_TEXT - n), "%dM", (int)(s / 60 % 60));
	if (s % 60 || fraction || s == 0) {
		n += snprintf(buf + n, (size_t)(BN_TIMESTAMP_TEXT - n), "%d", (int)(s % 60));
		n = add_fraction(buf, n, fraction);
		buf[n++] = 'S';
		buf[n] = '\0';
	}
	return buf;
}

/* Parses digits; false if there are none, or the number does not fit. */
static bool take_number(const char **s, const char *end, int64_t *out)
{
	const char *first = *s;

	for (*out = 0; *s < end && **s >= '0' && **s <= '9'; ++*s)
		if (__builtin_mul_overflow(*out, 10, out) ||
			__builtin_add_overflow(*out, **s - '0', out))
			return false;
	return *s > first;
}

static bool add_units(int64_t *ns, int64_t count, int64_t unit)
{
	int64_t more;

	return !__builtin_mul_overflow(count, unit, &more) &&
	       !__builtin_add_overflow(*ns, more, ns);
}

/* [nD][T[nH][nM][n[.fraction]S]] after the P, at least one of them. */
static bool take_iso_parts(const char *s, const char *end, int64_t *ns)
{
	static const int64_t units[] = {3600 * NS, 60 * NS, NS};
	int64_t count, fraction = 0;

	*ns = 0;
	if (s < end && *s != 'T') {
		if (!take_number(&s, end, &count) || !take_char(&s, end, 'D') ||
			!add_units(ns, count, 86400 * NS))
			return false;
		if (s == end)
			return true;
	}
	if (!take_char(&s, end, 'T') || s == end)
		return false;
	for (int part = 0; s < end; part++, s++) {
		if (!take_number(&s, end, &count))
			return false;
		bool point = take_char(&s, end, '.');
		if (point && !take_exact_fraction(&s, end, &fraction))
			return false;
		while (part < 3 && s < end && *s != "HMS"[part])
			part++;
		if (s == end || part == 3 || (point && part != 2) ||
			!add_units(ns, count, units[part]) || !add_units(ns, fraction, 1))
			return false;
	}
	return true;
}

/* [days-]H:MM:SS[.fraction] */
static bool take_clock(const char *s, const char *end, int64_t *ns)
{
	int64_t count, rest, days = 0;

	if (!take_number(&s, end, &count))
		return false;
	if (take_char(&s, end, '-')) {
		days = count;
		if (!take_number(&s, end, &count) || count > 23)
			return false;
	}
	if (!take_char(&s, end, ':') || !take_minutes(&s, end, true, &rest) || s != end)
		return false;
	*ns = rest;
	return add_units(ns, count, 3600 * NS) && add_units(ns, days, 86400 * NS);
}

bool bn_duration_parse(const char *s, size_t n, int64_t *ns)
{
	const char *end = s + n;
	bool negative = take_char(&s, end, '-');
	bool found = take_char(&s, end, 'P') ? take_iso_parts(s, end, ns) : take_clock(s, end, ns);

	if (found && negative)
		*ns = -*ns;
	return found;
}
