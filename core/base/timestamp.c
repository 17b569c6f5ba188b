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

/* Up to nine digits after '.' or ',' count; more are read and dropped. */
static bool take_fraction(const char **s, const char *end, int64_t *ns)
{
	int64_t unit = 100000000;
	*ns = 0;
	const char *first = *s;
	while (*s < end && (unsigned char)(**s - '0') <= 9) {
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
	if (__builtin_mul_overflow(seconds, (int64_t)1000000000, ns) ||
		__builtin_add_overflow(*ns, fraction, ns))
		return false;
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
