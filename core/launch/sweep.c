/* sweep.c - see sweep.h. */
#include "core/launch/sweep.h"

#include "core/base/rng.h"
#include "core/base/str.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Values of a range; ranges up to WHOLE_MOST are listed in full. */
enum { POINTS = 5, WHOLE_MOST = 16 };

static bool is_list(const bn_hyper_def *def)
{
	return def && def->type == BN_HYPER_INT_LIST;
}

static bool is_int(const bn_hyper_def *def)
{
	return !def || def->type == BN_HYPER_INT; /* no definition: the seed */
}

/* "LO..HI", "LO..HI log", "LO..HI log 7". */
typedef struct range {
	double lo, hi;
	const char *hi_text; /* the ends as typed: lo's is the beginning of the text */
	size_t lo_bytes, hi_bytes;
	bool is_log;
	int64_t points; /* 0: not said */
} range;

/* false: it is not a range. */
static bool range_read(const char *text, range *r)
{
	const char *dots = strstr(text, "..");
	if (!dots)
		return false;
	r->hi_text = dots + 2;
	r->lo_bytes = (size_t)(dots - text);
	r->hi_bytes = strcspn(r->hi_text, " ");
	const char *end = r->hi_text + r->hi_bytes;
	end += strspn(end, " ");
	r->is_log = strncmp(end, "log", 3) == 0 && strchr(" ", end[3]);
	end += r->is_log ? 3 : 0;
	end += strspn(end, " ");
	r->points = 0;
	return (!*end || bn_parse_i64(end, strlen(end), &r->points)) &&
	       bn_parse_f64(text, r->lo_bytes, &r->lo) &&
	       bn_parse_f64(r->hi_text, r->hi_bytes, &r->hi) && (!*end || r->points > 0);
}

/* The same number in any notation: 1, 1.0 and 1e0. */
static bool is_same_value(const char *a, const char *b)
{
	int64_t i, k;
	double x, y;
	if (bn_parse_i64(a, strlen(a), &i) && bn_parse_i64(b, strlen(b), &k))
		return i == k;
	if (bn_parse_f64(a, strlen(a), &x) && bn_parse_f64(b, strlen(b), &y))
		return x == y;
	return strcmp(a, b) == 0;
}

/* The count with out[n], which is added unless it is a duplicate. */
static int value_keep(bn_sweep_value out[BN_SWEEP_VALUES], int n)
{
	for (int i = 0; i < n; i++)
		if (is_same_value(out[i], out[n]))
			return n;
	return n + 1;
}

/* The number of digits that distinguishes the points of a range. */
static int range_digits(const range *r)
{
	double largest = fmax(fabs(r->lo), fabs(r->hi));
	int digits = 4 + (int)floor(log10(largest / (r->hi - r->lo)));
	if (digits < 4)
		return 4;
	return digits > 17 ? 17 : digits;
}

/* The ends are as typed; points between them are rounded. */
static int range_values(const bn_hyper_def *def, const char *text, const range *r,
	bn_sweep_value out[BN_SWEEP_VALUES], bn_err *err)
{
	int points = POINTS, n = 0;
	if (!(r->lo < r->hi) || (r->is_log && r->lo <= 0))
		return bn_err_set(err, BN_EINVAL, "%s",
			r->lo < r->hi ? "a logarithmic range begins above 0"
				      : "a range goes upwards");
	if (is_int(def) && (r->lo != floor(r->lo) || r->hi != floor(r->hi)))
		return bn_err_set(err, BN_EINVAL, "a range of whole numbers has whole ends");
	if (r->points && (r->points < 2 || r->points > BN_SWEEP_VALUES))
		return bn_err_set(err, BN_EINVAL, "a range has 2 to %d values, not %lld",
			BN_SWEEP_VALUES, (long long)r->points);
	if (r->points)
		points = (int)r->points;
	else if (is_int(def) && !r->is_log && r->hi - r->lo < WHOLE_MOST)
		points = (int)(r->hi - r->lo) + 1;
	for (int i = 0; i < points; i++) {
		double f = (double)i / (points - 1);
		double x = r->is_log ? exp(log(r->lo) + f * (log(r->hi) - log(r->lo)))
				     : r->lo + f * (r->hi - r->lo);
		if (i == 0)
			snprintf(out[n], BN_SWEEP_TEXT, "%.*s", (int)r->lo_bytes, text);
		else if (i == points - 1)
			snprintf(out[n], BN_SWEEP_TEXT, "%.*s", (int)r->hi_bytes, r->hi_text);
		else if (is_int(def))
			snprintf(out[n], BN_SWEEP_TEXT, "%.0f", x);
		else
			snprintf(out[n], BN_SWEEP_TEXT, "%.*g", range_digits(r), x);
		n = value_keep(out, n);
	}
	return n;
}

int bn_sweep_values(const bn_hyper_def *def, const char *text,
	bn_sweep_value out[BN_SWEEP_VALUES], bn_err *err)
{
	range r;
	const char between[] = {is_list(def) ? ';' : ',', '\0'};
	int n = 0;
	if (!is_list(def) && range_read(text, &r))
		return range_values(def, text, &r, out, err);
	for (const char *at = text;; at++) {
		size_t length = strcspn(at, between), whole = length;
		const char *next = at + whole;
		while (length && at[length - 1] == ' ')
			length--;
		while (length && *at == ' ') {
			at++;
			length--;
		}
		if (n == BN_SWEEP_VALUES)
			return bn_err_set(err, BN_EINVAL, "at most %d values", BN_SWEEP_VALUES);
		snprintf(out[n], BN_SWEEP_TEXT, "%.*s", (int)length, at);
		n = value_keep(out, n);
		at = next;
		if (!*at)
			return n;
	}
}

void bn_sweep_words(const bn_hyper_def *def, const char *text, char *out, size_t size)
{
	bn_sweep_value values[BN_SWEEP_VALUES];
	int n = bn_sweep_values(def, text, values, NULL);
	range r;
	out[0] = '\0';
	if (n < 2)
		return;
	bool is_range = !is_list(def) && range_read(text, &r);
	const char *comma = is_list(def) ? "; " : ", ";
	int at = snprintf(out, size, "%d", n);
	if (is_range && is_int(def) && r.hi - r.lo + 1 > n)
		at += snprintf(out + at, size - (size_t)at, " of %.0f", r.hi - r.lo + 1);
	at += snprintf(out + at, size - (size_t)at, " values: ");
	for (int i = 0; i < n && (size_t)at < size; i++)
		at += snprintf(out + at, size - (size_t)at, "%s%s", i ? comma : "", values[i]);
}

size_t bn_sweep_combination(size_t combinations, size_t runs, size_t i)
{
	bn_rng rng;
	size_t chosen[BN_SWEEP_MOST];
	if (runs >= combinations)
		return i;
	bn_rng_init(&rng, 1, "launch.sweep", 0);
	for (size_t k = 0; k <= i && k < BN_SWEEP_MOST; k++) {
		bool again = true;
		while (again) {
			chosen[k] = (size_t)(bn_rng_u64(&rng) % combinations);
			again = false;
			for (size_t j = 0; j < k; j++)
				again |= chosen[j] == chosen[k];
		}
	}
	return chosen[i];
}

void bn_sweep_name_add(bn_buf *name, const char *setting, const char *value)
{
	bn_buf_addf(name, "-%.2s%s", setting, value);
}
