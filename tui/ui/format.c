/* format.c - see format.h. */
#include "tui/ui/format.h"

#include "core/base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char *absent(char *out)
{
	memcpy(out, "-", 2);
	return out;
}

char *bn_format_number(char *out, double v)
{
	if (isnan(v))
		return absent(out);
	bool whole = v == floor(v) && fabs(v) < 1e7; /* 100000, not 1e+05 */
	snprintf(out, BN_FORMAT_BYTES, whole ? "%.0f" : "%.4g", v);
	return out;
}

char *bn_format_exact(char *out, double v)
{
	if (isnan(v))
		return absent(out);
	if (v == floor(v) && fabs(v) < 1e9) {
		snprintf(out, BN_FORMAT_BYTES, "%.0f", v);
		return out;
	}
	for (int digits = 4; digits <= 9; digits++) {
		snprintf(out, BN_FORMAT_BYTES, "%.*g", digits, v);
		if (strtod(out, NULL) == v)
			break;
	}
	return out;
}

char *bn_format_count(char *out, int64_t n)
{
	char digits[32];
	if (n < 0)
		return absent(out);
	int len = snprintf(digits, sizeof digits, "%" PRId64, n);
	size_t at = 0;
	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			out[at++] = ' ';
		out[at++] = digits[i];
	}
	out[at] = '\0';
	return out;
}

char *bn_format_bytes(char *out, int64_t bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	double v = (double)bytes;
	int u = 0;
	if (bytes < 0)
		return absent(out);
	while (v >= 1024 && u < 5) {
		v /= 1024;
		u++;
	}
	snprintf(out, BN_FORMAT_BYTES, u && v < 100 ? "%.1f %s" : "%.0f %s", v, units[u]);
	return out;
}

char *bn_format_duration(char *out, int64_t ms)
{
	int64_t s = ms / 1000 + (ms % 1000 >= 500); /* as bn_fmt_duration rounds */
	if (ms < 0)
		return absent(out);
	if (ms < 1000)
		snprintf(out, BN_FORMAT_BYTES, "%d ms", (int)ms);
	else if (ms < 9950)
		snprintf(out, BN_FORMAT_BYTES, "%.1f s", (double)ms / 1000);
	else if (s < 60)
		snprintf(out, BN_FORMAT_BYTES, "%d s", (int)s);
	else if (s < 3600)
		snprintf(out, BN_FORMAT_BYTES, "%d min %02d s", (int)(s / 60), (int)(s % 60));
	else if (s < 86400)
		snprintf(
			out, BN_FORMAT_BYTES, "%d h %02d min", (int)(s / 3600), (int)(s / 60 % 60));
	else
		snprintf(out, BN_FORMAT_BYTES, "%" PRId64 " d %d h", s / 86400,
			(int)(s / 3600 % 24));
	return out;
}

char *bn_format_age(char *out, int64_t then_ms, int64_t now_ms)
{
	int64_t s = llabs((long long)(now_ms - then_ms)) / 1000;
	const char *unit = s < 60 ? "s" : s < 3600 ? "min" : s < 2 * 86400 ? "h" : "d";
	int64_t n = s < 60 ? s : s < 3600 ? s / 60 : s < 2 * 86400 ? s / 3600 : s / 86400;
	if (then_ms <= 0)
		return absent(out);
	if (then_ms > now_ms + 999)
		snprintf(out, BN_FORMAT_BYTES, "in %" PRId64 " %s", n, unit);
	else
		snprintf(out, BN_FORMAT_BYTES, "%" PRId64 " %s ago", n, unit);
	return out;
}

static char *time_write(char *out, int64_t ms, bool utc, const char *fmt)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;
	if (ms <= 0 || !(utc ? gmtime_r(&t, &tm) : localtime_r(&t, &tm)))
		return absent(out);
	strftime(out, BN_FORMAT_BYTES, fmt, &tm);
	if (utc)
		strcat(out, "Z");
	return out;
}

char *bn_format_time(char *out, int64_t ms, bool utc)
{
	return time_write(out, ms, utc, "%Y-%m-%d %H:%M:%S");
}

char *bn_format_when(char *out, int64_t ms, int64_t now_ms, bool utc)
{
	int64_t half_a_year = 182LL * 86400 * 1000;
	bool near = ms > now_ms - half_a_year && ms < now_ms + half_a_year;
	return time_write(out, ms, utc, near ? "%m-%d %H:%M:%S" : "%Y-%m-%d %H:%M:%S");
}

char *bn_format_clock(char *out, int64_t ms, bool utc)
{
	return time_write(out, ms, utc, "%H:%M:%S");
}

char *bn_format_percent(char *out, double fraction)
{
	if (isnan(fraction))
		return absent(out);
	snprintf(
		out, BN_FORMAT_BYTES, fabs(fraction) < 0.1 ? "%.2f %%" : "%.1f %%", 100 * fraction);
	return out;
}

char *bn_format_joules(char *out, double joules)
{
	static const char *const units[] = {"J", "kJ", "MJ", "GJ"};
	int u = 0;
	if (isnan(joules))
		return absent(out);
	while (fabs(joules) >= 1000 && u < 3) {
		joules /= 1000;
		u++;
	}
	snprintf(out, BN_FORMAT_BYTES, "%.3g %s", joules, units[u]);
	return out;
}

char *bn_format_name(char out[BN_FORMAT_NAME_BYTES], const char *name, size_t columns)
{
	size_t n = strlen(name), half = (BN_FORMAT_NAME_BYTES - 4) / 2;
	if (bn_utf8_width(name) <= columns && n < BN_FORMAT_NAME_BYTES) {
		memcpy(out, name, n + 1);
		return out;
	}
	size_t room = columns > 3 ? columns - 3 : 0;
	size_t head = bn_utf8_head(name, n, room - room / 3);
	size_t end = bn_utf8_end(name, n, room / 3);
	while (head > half) /* combining marks take bytes but no column */
		head = bn_utf8_tail(name, head - 1);
	end = end > half ? 0 : end;
	snprintf(out, BN_FORMAT_NAME_BYTES, "%.*s...%s", (int)head, name, name + n - end);
	return out;
}
