/* str.c - see str.h. */
#include "core/base/str.h"

#include "core/base/mem.h"

#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <fnmatch.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- parsing -------------------------------------------------------------------------------- */

bool bn_parse_i64(const char *s, size_t n, int64_t *out)
{
	bool negative = n && s[0] == '-';
	size_t i = negative || (n && s[0] == '+');
	if (i == n)
		return false;
	uint64_t v = 0, limit = (uint64_t)INT64_MAX + negative;
	for (; i < n; i++) {
		unsigned digit = (unsigned)(unsigned char)s[i] - '0';
		if (digit > 9 || v > (limit - digit) / 10)
			return false;
		v = v * 10 + digit;
	}
	*out = negative ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void c_locale_make(void)
{
	c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* Also true for a number out of range, which is then infinite. */
static bool parse_f64(const char *s, size_t n, double *out)
{
	char text[400];
	if (n == 0 || isspace((unsigned char)s[0]))
		return false;
	/* strtod also accepts hexadecimal and "nan(...)", which data files do not use. */
	for (size_t i = 0; i < n; i++)
		if (s[i] == 'x' || s[i] == 'X' || s[i] == '(' || s[i] == '\0')
			return false;
	pthread_once(&c_locale_once, c_locale_make);
	char *copy = n < sizeof text ? memcpy(text, s, n) : bn_strndup(s, n), *end = NULL;
	if (!copy)
		return false;
	copy[n] = '\0';
	double v = c_locale ? strtod_l(copy, &end, c_locale) : strtod(copy, &end);
	bool whole = end == copy + n;
	if (copy != text)
		bn_free(copy);
	if (whole)
		*out = v;
	return whole;
}

static bool is_overflow(const char *s, size_t n, double v)
{
	size_t digits = 0;
	for (size_t i = 0; i < n; i++)
		digits += s[i] >= '0' && s[i] <= '9';
	return isinf(v) && digits > 0;
}

bool bn_parse_f64(const char *s, size_t n, double *out)
{
	double v;
	if (!parse_f64(s, n, &v) || is_overflow(s, n, v))
		return false;
	*out = v;
	return true;
}

bool bn_is_beyond_f64(const char *s, size_t n)
{
	double v;
	return parse_f64(s, n, &v) && is_overflow(s, n, v);
}

bool bn_parse_duration_ns(const char *s, int64_t *out)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"min", 60e9},
		{"h", 3600e9}, {"d", 86400e9}, {"w", 7 * 86400e9}};
	double total = 0;
	if (!*s)
		return false;
	while (*s) {
		size_t digits = strspn(s, "0123456789."), letters;
		double v;
		if (!bn_parse_f64(s, digits, &v))
			return false;
		s += digits;
		letters = strspn(s, "abcdefghijklmnopqrstuvwxyz");
		size_t u = 0;
		while (u < sizeof units / sizeof *units &&
			!(strlen(units[u].name) == letters && !strncmp(units[u].name, s, letters)))
			u++;
		if (u == sizeof units / sizeof *units)
			return false;
		total += v * units[u].ns;
		s += letters;
	}
	if (!(total < 9.2e18))
		return false;
	*out = (int64_t)total;
	return true;
}

bool bn_parse_bytes(const char *s, int64_t *out)
{
	size_t digits = strspn(s, "0123456789.");
	double v;
	if (!bn_parse_f64(s, digits, &v))
		return false;
	s += digits;
	while (*s == ' ')
		s++;
	static const char letters[] = "KMGTP";
	if (*s && *s != 'B') {
		const char *p = strchr(letters, toupper((unsigned char)*s));
		if (!p || !*p)
			return false;
		v = ldexp(v, (int)(p - letters + 1) * 10);
		s++;
		if (*s == 'i')
			s++;
	}
	if (*s == 'B')
		s++;
	if (*s || !(v < 9.2e18))
		return false;
	*out = (int64_t)v;
	return true;
}

/* ---- words ---------------------------------------------------------------------------------- */

bool bn_str_is(const char *s, const char *text, size_t len)
{
	return strlen(s) == len && !memcmp(s, text, len);
}

bool bn_str_starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

bool bn_str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), k = strlen(suffix);
	return n >= k && !memcmp(s + n - k, suffix, k);
}

bool bn_name_is_valid(const char *s)
{
	size_t n = strlen(s);
	if (n == 0 || n > BN_NAME_MAX || s[0] == '.' || s[0] == '-')
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		if (!(c < 0x80 && isalnum(c)) && !strchr("_.-", c))
			return false;
	}
	return true;
}

int bn_edit_distance(const char *a, const char *b)
{
	enum { MAX = 64 };
	size_t n = strlen(a), m = strlen(b);
	if (n > MAX || m > MAX)
		return (int)(n > m ? n : m);
	unsigned char d[MAX + 1][MAX + 1];
	for (size_t i = 0; i <= n; i++)
		d[i][0] = (unsigned char)i;
	for (size_t j = 0; j <= m; j++)
		d[0][j] = (unsigned char)j;
	for (size_t i = 1; i <= n; i++)
		for (size_t j = 1; j <= m; j++) {
			int best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = (unsigned char)best;
		}
	return d[n][m];
}

/* ---- formatting ----------------------------------------------------------------------------- */

const char *bn_fmt_u64(uint64_t n, char buf[BN_FMT])
{
	char *p = buf + BN_FMT - 1;
	*p = '\0';
	do
		*--p = (char)('0' + n % 10);
	while (n /= 10);
	return p;
}

const char *bn_fmt_i64(int64_t n, char buf[BN_FMT])
{
	char *p = (char *)(uintptr_t)bn_fmt_u64(n < 0 ? 0 - (uint64_t)n : (uint64_t)n, buf);
	if (n < 0)
		*--p = '-';
	return p;
}

/* Restores the '.' that the locale may have replaced. */
static void decimal_point(char *s)
{
	for (; *s; s++)
		if (*s == ',')
			*s = '.';
}

/*
 * The common case: m / 10^k with m below 10^15 and k at most 15. Both are exact doubles and the division rounds
 * once, so if the quotient equals x, the text reads back as x; and a 15-digit decimal that does so is the one
 * that %.15g gives.
 */
static bool format_short(double x, char buf[BN_FMT])
{
	static const double tens[] = {
		1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
	const int count = (int)(sizeof tens / sizeof *tens);
	const double size = fabs(x);
	double m = 0;
	int k = 0, n = 0;
	char digits[24];
	if (!(size >= 1e-4 && size < 1e15))
		return false;
	for (; k < count; k++) {
		m = nearbyint(size * tens[k]);
		if (m >= 1e15)
			return false;
		if (m / tens[k] == size)
			break;
	}
	if (k == count)
		return false;
	const int least = k ? k + 2 : 1; /* with a point, a digit before it */
	for (uint64_t rest = (uint64_t)m; rest || n < least; rest /= 10) {
		digits[n++] = (char)('0' + rest % 10);
		if (n == k)
			digits[n++] = '.';
	}
	char *out = buf;
	if (x < 0)
		*out++ = '-';
	while (n)
		*out++ = digits[--n];
	*out = '\0';
	return true;
}

/* Writes m x 10^(exponent - 16), where m has 17 digits, as %.*g does with `digits` digits. */
static void write_digits(uint64_t m, int exponent, int digits, bool minus, char *out)
{
	char d[18];
	int n = 17, at = 0;

	for (int i = n; i-- > 0; m /= 10)
		d[i] = (char)('0' + m % 10);
	while (n > 1 && d[n - 1] == '0')
		n--;
	if (minus)
		*out++ = '-';
	const bool is_fixed = exponent >= -4 && exponent < digits;
	const int before = !is_fixed ? 1 : exponent < 0 ? 0 : exponent + 1; /* point */
	if (!before)
		*out++ = '0';
	while (at < before) {
		*out++ = at < n ? d[at] : '0';
		at++;
	}
	if (at < n)
		*out++ = '.';
	for (int i = exponent + 1; is_fixed && i < 0; i++)
		*out++ = '0';
	while (at < n)
		*out++ = d[at++];
	*out = '\0';
	if (!is_fixed)
		snprintf(out, 8, "e%+03d", exponent);
}

static bool reads_back(const char *text, double x)
{
	double back;

	return bn_parse_f64(text, strlen(text), &back) && back == x;
}

/*
 * Writes the shortest of 15 to 17 digits that reads back as x, computed from its 17 digits: a shorter text reads
 * back if it is within half the distance to the next double. The last of the 17 digits is itself rounded, so cases
 * that are too close are decided by parsing the text. False: a tie, or a subnormal.
 */
static bool format_long(double x, char buf[BN_FMT])
{
	char text[BN_FMT];
	uint64_t m = 0;
	int binary;
	const char *p = text;

	if (fabs(x) < DBL_MIN)
		return false;
	snprintf(text, sizeof text, "%.16e", fabs(x));
	for (; *p != 'e'; p++)
		if (*p >= '0' && *p <= '9')
			m = m * 10 + (uint64_t)(*p - '0');
	const int exponent = atoi(p + 1);
	const double half = (double)m * 0x1p-54 / frexp(fabs(x), &binary);
	for (int digits = 15; digits < 17; digits++) {
		const uint64_t unit = digits == 15 ? 100 : 10, rest = m % unit;
		const uint64_t near = 2 * rest > unit ? m - rest + unit : m - rest;
		const double off = (double)(near > m ? near - m : m - near);
		const bool carries = near == UINT64_C(100000000000000000);
		if (2 * rest == unit)
			return false;
		if (off > half + 1)
			continue;
		write_digits(carries ? near / 10 : near, exponent + carries, digits, x < 0, buf);
		if (reads_back(buf, x))
			return true;
	}
	write_digits(m, exponent, 17, x < 0, buf);
	return true;
}

const char *bn_fmt_f64(double x, char buf[BN_FMT])
{
	if (isnan(x))
		return strcpy(buf, "-");
	if (isinf(x))
		return strcpy(buf, x > 0 ? "inf" : "-inf");
	if (x == 0)
		return strcpy(buf, signbit(x) ? "-0" : "0");
	if (format_short(x, buf) || format_long(x, buf))
		return buf;
	/* 15 digits always distinguish doubles, except below DBL_MIN, where they have fewer bits. */
	for (int digits = fabs(x) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
		snprintf(buf, BN_FMT, "%.*g", digits, x);
		decimal_point(buf);
		if (reads_back(buf, x))
			break;
	}
	return buf;
}

const char *bn_fmt_sig(double x, int digits, char buf[BN_FMT])
{
	if (isnan(x))
		return strcpy(buf, "-");
	if (isinf(x))
		return strcpy(buf, x > 0 ? "inf" : "-inf");
	double size = fabs(x);
	if (size != 0 && (size < 1e-4 || size >= 1e9)) {
		snprintf(buf, BN_FMT, "%.*e", digits > 1 ? digits - 1 : 0, x);
	} else {
		int before = size >= 1 ? (int)floor(log10(size)) + 1 : 1;
		int after = digits - before;
		snprintf(buf, BN_FMT, "%.*f", after > 0 ? after : 0, x);
	}
	decimal_point(buf);
	return buf;
}

const char *bn_fmt_bytes(uint64_t n, char buf[BN_FMT])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	if (n < 1024) {
		snprintf(buf, BN_FMT, "%llu B", (unsigned long long)n);
		return buf;
	}
	double v = (double)n;
	size_t u = 0;
	while (v >= 1023.95 && u < 6) {
		v /= 1024;
		u++;
	}
	snprintf(buf, BN_FMT, v < 99.95 ? "%.1f %s" : "%.0f %s", v, units[u]);
	decimal_point(buf);
	return buf;
}

const char *bn_fmt_count(uint64_t n, char buf[BN_FMT])
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n), at = 0;
	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			buf[at++] = ' ';
		buf[at++] = digits[i];
	}
	buf[at] = '\0';
	return buf;
}

const char *bn_fmt_duration(int64_t ns, char buf[BN_FMT])
{
	double s = (double)ns / 1e9;
	long long whole = (long long)(s + 0.5);
	if (ns < 0)
		snprintf(buf, BN_FMT, "-");
	else if (ns < 1000000)
		snprintf(buf, BN_FMT, "%.0f us", s * 1e6);
	else if (s < 0.9995)
		snprintf(buf, BN_FMT, "%.0f ms", s * 1e3);
	else if (s < 59.95)
		snprintf(buf, BN_FMT, s < 9.995 ? "%.2f s" : "%.1f s", s);
	else if (whole < 3600)
		snprintf(buf, BN_FMT, "%lldm%02llds", whole / 60, whole % 60);
	else if (whole < 86400)
		snprintf(buf, BN_FMT, "%lldh%02lldm", whole / 3600, whole / 60 % 60);
	else
		snprintf(buf, BN_FMT, "%lldd%02lldh", whole / 86400, whole / 3600 % 24);
	decimal_point(buf);
	return buf;
}
