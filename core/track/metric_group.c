/* metric_group.c - see metric_group.h. */
#include "core/track/metric_group.h"

#include "core/base/str.h"
#include "core/track/series.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "gpu", a sign or none, and a number that ends there. *from, *to: the number. */
static bool device_find(const char *key, size_t *from, size_t *to)
{
	for (const char *s = key; (s = strstr(s, "gpu")); s++) {
		size_t i = (size_t)(s - key) + 3;
		if (s > key && isalnum((unsigned char)s[-1]))
			continue;
		i += key[i] && strchr("._/-", key[i]) != NULL;
		size_t end = i;
		while (isdigit((unsigned char)key[end]))
			end++;
		if (end == i || end - i > 4 || isalpha((unsigned char)key[end]))
			continue;
		*from = i;
		*to = end;
		return true;
	}
	return false;
}

static bool bound_parse(const char *s, size_t n, double *out)
{
	if (n == 3 && strncmp(s, "inf", 3) == 0)
		*out = INFINITY;
	else if (n == 4 && strncmp(s, "-inf", 4) == 0)
		*out = (double)-INFINITY;
	else
		return bn_parse_f64(s, n, out) && isfinite(*out);
	return true;
}

static bool bin_find(bn_metric_group *out, const char *key)
{
	const char *at = strstr(key, "/hist/"), *bin = at ? at + strlen("/hist/") : NULL;
	const char *between = bin ? strchr(bin, ':') : NULL;
	double lo, hi;
	if (!between || at == key || !bound_parse(bin, (size_t)(between - bin), &lo) ||
		!bound_parse(between + 1, strlen(between + 1), &hi) || !(lo < hi))
		return false;
	snprintf(out->name, sizeof out->name, "%.*s", (int)(at - key), key);
	snprintf(out->label, sizeof out->label, "%s", bin);
	out->place = lo;
	out->is_histogram = true;
	return true;
}

bool bn_metric_group_of(bn_metric_group *out, const char *key)
{
	size_t from, to;
	*out = (bn_metric_group){.place = 0};
	if (strlen(key) >= BN_METRIC_GROUP_BYTES)
		return false;
	if (bin_find(out, key))
		return true;
	if (!bn_metric_is_system(key) || !device_find(key, &from, &to))
		return false;
	snprintf(out->name, sizeof out->name, "%.*s*%s", (int)from, key, key + to);
	snprintf(out->label, sizeof out->label, "gpu%.*s", (int)(to - from), key + from);
	out->place = atoi(key + from);
	return true;
}
