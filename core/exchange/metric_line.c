/* metric_line.c - see metric_line.h. */
#include "core/exchange/metric_line.h"

#include "core/base/str.h"
#include "core/base/utf8.h"

#include <math.h>
#include <string.h>

#define FIELDS_MAX 6

static size_t split(
	const char *s, size_t n, const char *field[FIELDS_MAX], size_t length[FIELDS_MAX])
{
	size_t count = 0, i = 0;
	while (i <= n) {
		size_t from = i;
		while (i < n && s[i] != ' ')
			i++;
		if (count == FIELDS_MAX || i == from)
			return 0;
		field[count] = s + from;
		length[count++] = i - from;
		i++;
	}
	return count;
}

static bool copy(char *out, size_t size, const char *s, size_t n)
{
	if (n >= size || memchr(s, '\0', n) || !bn_utf8_is_valid(s, n))
		return false;
	memcpy(out, s, n);
	out[n] = '\0';
	return true;
}

/* Python's spellings of a float beside ours. */
static bool parse_value(const char *s, size_t n, double *out)
{
	if (bn_parse_f64(s, n, out))
		return true;
	if (!bn_is_beyond_f64(s, n))
		return false;
	*out = s[0] == '-' ? -INFINITY : INFINITY; /* as Python reads 1e999 */
	return true;
}

bool bn_metric_line_parse(bn_metric_line *out, const char *s, size_t n, bool of_model)
{
	const char *field[FIELDS_MAX];
	size_t length[FIELDS_MAX];
	*out = (bn_metric_line){0};
	while (n && (s[n - 1] == '\r' || s[n - 1] == ' '))
		n--;
	size_t count = split(s, n, field, length), at = 3;
	bool known = of_model ? count == 4 || count == 6 : count == 2 || count == 3 || count == 5;
	if (!known || !bn_parse_i64(field[0], length[0], &out->time_ms) ||
		!parse_value(field[1], length[1], &out->value) ||
		(count > 2 && !bn_parse_i64(field[2], length[2], &out->step)))
		return false;
	if (of_model && !copy(out->run, sizeof out->run, field[at], length[at]))
		return false;
	at += of_model;
	return count <= at ||
	       (copy(out->dataset, sizeof out->dataset, field[at], length[at]) &&
		       copy(out->digest, sizeof out->digest, field[at + 1], length[at + 1]));
}
