/* when.c - see when.h. */
#include "core/track/when.h"

#include "core/base/str.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define DAY_MS INT64_C(86400000)

const char *const bn_when_words[] = {"now", "today", "yesterday", "'last monday'", "'this week'",
	"'last week'", "'this month'", "'last month'", "'3 days ago'", "'2 hours ago'", NULL};

static const char *const weekdays[] = {
	"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

static int64_t floor_day(int64_t ms)
{
	return (ms >= 0 ? ms : ms - DAY_MS + 1) / DAY_MS;
}

/* Monday is 0; 1970-01-01 was a Thursday. */
static int64_t weekday(int64_t day)
{
	return ((day + 3) % 7 + 7) % 7;
}

/* The newest such weekday up to a day. */
static bool weekday_find(const char *name, int64_t upto, int64_t *day)
{
	for (int i = 0; i < 7; i++)
		if (strcasecmp(weekdays[i], name) == 0) {
			*day = upto - ((weekday(upto) - i) % 7 + 7) % 7;
			return true;
		}
	return false;
}

/* The start of the week, month or year that is `back` before the current one. */
static bool period_start(const char *unit, int back, int64_t today, int64_t *ms)
{
	time_t now = (time_t)(today * (DAY_MS / 1000));
	struct tm tm;
	if (strcasecmp(unit, "week") == 0) {
		*ms = (today - weekday(today) - 7 * back) * DAY_MS;
		return true;
	}
	if (!gmtime_r(&now, &tm))
		return false;
	tm.tm_mday = 1;
	if (strcasecmp(unit, "month") == 0)
		tm.tm_mon -= back;
	else if (strcasecmp(unit, "year") == 0)
		tm = (struct tm){.tm_year = tm.tm_year - back, .tm_mday = 1};
	else
		return false;
	*ms = (int64_t)timegm(&tm) * 1000;
	return true;
}

static bool age_parse(const char *count, const char *unit, int64_t now_ms, int64_t *ms)
{
	static const struct {
		const char *name;
		int64_t ms;
	} units[] = {{"second", 1000}, {"minute", 60000}, {"hour", 3600000}, {"day", DAY_MS},
		{"week", 7 * DAY_MS}, {"month", 30 * DAY_MS}, {"year", 365 * DAY_MS}};
	int64_t n = 1;
	if (strcasecmp(count, "a") != 0 && strcasecmp(count, "an") != 0 &&
		!bn_parse_i64(count, strlen(count), &n))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		size_t length = strlen(units[i].name);
		bool is_unit = strncasecmp(unit, units[i].name, length) == 0 &&
			       (!unit[length] || strcasecmp(unit + length, "s") == 0);
		if (is_unit && n >= 0 && n <= INT64_C(4000000000000) / units[i].ms) {
			*ms = now_ms - n * units[i].ms;
			return true;
		}
	}
	return false;
}

static bool day_parse(const char *word, int64_t today, int64_t *day)
{
	*day = today;
	if (strcasecmp(word, "today") == 0)
		return true;
	*day = today - 1;
	return strcasecmp(word, "yesterday") == 0 || weekday_find(word, today, day);
}

bool bn_when_parse(const char *s, size_t n, int64_t now_ms, int64_t *ms)
{
	char copy[48], *rest = copy, *word[3] = {NULL, NULL, NULL}, *one;
	int64_t today = floor_day(now_ms), day;
	size_t words = 0;
	if (n >= sizeof copy)
		return false;
	snprintf(copy, sizeof copy, "%.*s", (int)n, s);
	while ((one = strsep(&rest, " "))) {
		if (words == 3)
			return false;
		word[words++] = one;
	}
	if (words == 1 && strcasecmp(word[0], "now") == 0) {
		*ms = now_ms;
		return true;
	}
	if (words == 3)
		return strcasecmp(word[2], "ago") == 0 && age_parse(word[0], word[1], now_ms, ms);
	bool is_last = words == 2 && strcasecmp(word[0], "last") == 0;
	bool is_this = words == 2 && strcasecmp(word[0], "this") == 0;
	if ((is_last || is_this) && period_start(word[1], is_last, today, ms))
		return true;
	if (words == 1 ? !day_parse(word[0], today, &day)
		       : !is_last || !weekday_find(word[1], today - 1, &day))
		return false;
	*ms = day * DAY_MS;
	return true;
}
