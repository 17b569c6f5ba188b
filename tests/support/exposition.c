/* exposition.c - see exposition.h. */
#include "tests/support/exposition.h"

#include "tests/support/check_main.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SAMPLES = 4096, MAX_LINE = 1024 };

typedef struct state {
	char family[128], type[32];
	bool helped, typed;
	char seen[256][128]; /* completed families */
	size_t seen_count;
	char samples[MAX_SAMPLES][256]; /* name and labels */
	size_t sample_count;
	double last_bucket; /* of the current histogram series */
	char last_series[256];
	bool infinite;
} state;

static const char *name_end(const char *p, bool colon)
{
	ck_assert_msg(
		isalpha((unsigned char)*p) || *p == '_' || (colon && *p == ':'), "bad name: %s", p);
	while (isalnum((unsigned char)*p) || *p == '_' || (colon && *p == ':'))
		p++;
	return p;
}

static void open_family(state *s, const char *name, size_t n)
{
	if (strlen(s->family) == n && !strncmp(s->family, name, n))
		return;
	if (s->family[0])
		strcpy(s->seen[s->seen_count++], s->family);
	ck_assert_uint_lt(s->seen_count, 256);
	snprintf(s->family, sizeof s->family, "%.*s", (int)n, name);
	s->helped = s->typed = false;
	for (size_t i = 0; i < s->seen_count; i++)
		ck_assert_msg(strcmp(s->seen[i], s->family), "family %s is split", s->family);
}

static void read_comment(state *s, const char *line)
{
	bool help = !strncmp(line, "# HELP ", 7), type = !strncmp(line, "# TYPE ", 7);
	ck_assert_msg(help || type, "a comment: %s", line);
	const char *name = line + 7, *end = name_end(name, true);
	ck_assert_int_eq(*end, ' ');
	open_family(s, name, (size_t)(end - name));
	if (help) {
		ck_assert_msg(!s->helped && strlen(end) > 2, "%s", line);
		s->helped = true;
		return;
	}
	ck_assert_msg(s->helped && !s->typed, "TYPE before HELP or twice: %s", line);
	s->typed = true;
	snprintf(s->type, sizeof s->type, "%s", end + 1);
	bool counter = !strcmp(s->type, "counter"), histogram = !strcmp(s->type, "histogram");
	ck_assert_msg(counter || histogram || !strcmp(s->type, "gauge"), "%s", line);
	size_t n = strlen(s->family);
	bool total = n > 6 && !strcmp(s->family + n - 6, "_total");
	ck_assert_msg(total == counter, "_total belongs to counters: %s", line);
}

/* Labels; le (may be NULL) gets the value of that label, rest the labels without it. */
static const char *read_labels(const char *p, char *le, char *rest)
{
	*le = *rest = '\0';
	if (*p != '{')
		return p;
	for (p++; *p != '}';) {
		const char *name = p, *end = name_end(p, false);
		ck_assert_msg(end[0] == '=' && end[1] == '"', "label: %s", name);
		const char *v = end + 2;
		for (p = v; *p != '"'; p++) {
			ck_assert_msg(*p && *p != '\n', "label value not closed: %s", name);
			if (*p == '\\') {
				p++;
				ck_assert_msg(strchr("\\\"n", *p) && *p, "bad escape: %s", name);
			}
		}
		if (end - name == 2 && !strncmp(name, "le", 2))
			sprintf(le, "%.*s", (int)(p - v), v);
		else
			strncat(rest, name, (size_t)(p + 1 - name));
		p++;
		ck_assert_msg(*p == ',' || *p == '}', "after a label: %s", p);
		p += *p == ',';
	}
	return p + 1;
}

static void read_bucket(state *s, const char *series, const char *le, double value)
{
	if (strcmp(series, s->last_series)) {
		ck_assert_msg(
			!s->last_series[0] || s->infinite, "no +Inf bucket: %s", s->last_series);
		strcpy(s->last_series, series);
		s->last_bucket = 0;
	}
	ck_assert_msg(*le && value >= s->last_bucket, "buckets must not fall: %s", series);
	s->last_bucket = value;
	s->infinite = !strcmp(le, "+Inf");
}

static void read_sample(state *s, const char *line)
{
	char le[64], rest[256], series[512];
	const char *end = name_end(line, true), *p = read_labels(end, le, rest);
	size_t n = (size_t)(end - line), family = strlen(s->family);
	ck_assert_msg(*p == ' ', "no value: %s", line);
	char *stop;
	double value = strtod(p + 1, &stop);
	ck_assert_msg(stop > p + 1 && *stop == '\0', "value: %s", line);
	ck_assert_msg(s->typed && n >= family && !strncmp(line, s->family, family),
		"sample outside its family: %s", line);
	const char *suffix = line + family;
	size_t left = n - family;
	bool histogram = !strcmp(s->type, "histogram");
	bool bucket = left == 7 && !strncmp(suffix, "_bucket", 7);
	bool count = left == 6 && !strncmp(suffix, "_count", 6);
	bool sum = left == 4 && !strncmp(suffix, "_sum", 4);
	ck_assert_msg(histogram ? bucket || count || sum : left == 0, "sample's name: %s", line);
	snprintf(series, sizeof series, "%s{%s}", s->family, rest);
	if (bucket)
		read_bucket(s, series, le, value);
	if (count)
		ck_assert_msg(
			!strcmp(series, s->last_series) && s->infinite && value == s->last_bucket,
			"_count is not the +Inf bucket: %s", line);
	char *key = s->samples[s->sample_count];
	snprintf(key, sizeof s->samples[0], "%.*s", (int)(p - line), line);
	for (size_t i = 0; i < s->sample_count; i++)
		ck_assert_msg(strcmp(s->samples[i], key), "twice: %s", key);
	ck_assert_uint_lt(++s->sample_count, MAX_SAMPLES);
}

void exposition_check(const char *text)
{
	static state s;
	memset(&s, 0, sizeof s);
	while (*text) {
		char line[MAX_LINE];
		size_t n = strcspn(text, "\n");
		ck_assert_msg(text[n] == '\n' && n > 0 && n < sizeof line, "line: %.80s", text);
		memcpy(line, text, n);
		line[n] = '\0';
		if (*line == '#')
			read_comment(&s, line);
		else
			read_sample(&s, line);
		text += n + 1;
	}
	ck_assert_uint_gt(s.sample_count, 10);
}
