/* check_value.c - bounds and sets of values in comparisons of checks with columns (see
 * _check_run.h). */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/timestamp.h"
#include "core/check/_check_run.h"
#include "core/source/cell.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- ranges -------------------------------------------------------------------------------- */

/* Parses a text as a time of that type. */
static bool time_of(bn_type type, const char *text, int64_t *out)
{
	const bn_field f = {.type = type};
	bn_cell cell;
	if (!text)
		return false;
	if (type == BN_TYPE_TIMESTAMP)
		return bn_timestamp_parse(text, strlen(text), out);
	if (!bn_cell_parse(&cell, &f, text, strlen(text)))
		return false;
	*out = cell.i;
	return true;
}

static int bound_read(bn_check_bound *b, const json_t *v, bool strict, const char *name,
	bn_type type, bn_err *err)
{
	memset(b, 0, sizeof *b);
	if (!v || json_is_null(v))
		return 0;
	b->given = true;
	b->strict = strict;
	if (bn_type_is_text(type)) {
		b->text = json_string_value(v);
		return b->text ? 0
			       : bn_err_set(err, BN_EINVAL, "'%s' is a number, the column is text",
					 name);
	}
	if (bn_type_is_time(type)) {
		b->is_int = true;
		if (time_of(type, json_string_value(v), &b->integer))
			return 0;
		if (type == BN_TYPE_TIMESTAMP)
			return bn_err_set(err, BN_EINVAL,
				"'%s' must be an ISO 8601 date: the column is times", name);
		return bn_err_set(err, BN_EINVAL, "'%s' must be %s: the column is %s", name,
			bn_cell_wanted(type), bn_type_name(type));
	}
	if (!bn_type_is_scalar(type))
		return bn_err_set(err, BN_EINVAL, "the column is %s, whose values have no order",
			bn_type_name(type));
	if (bn_json_wide_number(v, &b->number)) {
		b->is_wide = true;
		b->wide = strtoull(json_string_value(v), NULL, 10);
		return 0;
	}
	if (!json_is_number(v))
		return bn_err_set(
			err, BN_EINVAL, "'%s' is text, the column is %s", name, bn_type_name(type));
	b->number = json_number_value(v);
	b->is_int = json_is_integer(v);
	b->integer = json_integer_value(v);
	return 0;
}

static bool range_is_empty(const bn_check_range *r)
{
	const bn_check_bound *lo = &r->low, *hi = &r->high;
	if (!lo->given || !hi->given)
		return false;
	if (lo->text && hi->text)
		return strcmp(lo->text, hi->text) > 0;
	if (lo->is_int && hi->is_int)
		return lo->integer > hi->integer;
	if (lo->is_wide && hi->is_wide)
		return lo->wide > hi->wide;
	return lo->number > hi->number;
}

int bn_check_range_read(bn_check_range *out, const json_t *kwargs, bn_type type, bn_err *err)
{
	int rc = bound_read(&out->low, json_object_get(kwargs, "min_value"),
		bn_json_bool(kwargs, "strict_min", false), "min_value", type, err);
	if (!rc)
		rc = bound_read(&out->high, json_object_get(kwargs, "max_value"),
			bn_json_bool(kwargs, "strict_max", false), "max_value", type, err);
	if (!rc && range_is_empty(out))
		rc = bn_err_set(err, BN_EINVAL, "min_value is greater than max_value");
	return rc;
}

bool bn_check_range_has_number(const bn_check_range *r, double x)
{
	double lo = r->low.number, hi = r->high.number;
	if (r->low.given && !(r->low.strict ? x > lo : x >= lo))
		return false;
	return !r->high.given || (r->high.strict ? x < hi : x <= hi);
}

bool bn_check_range_has_int(const bn_check_range *r, int64_t x)
{
	bool above = true, below = true;
	if (r->low.given && r->low.is_int)
		above = r->low.strict ? x > r->low.integer : x >= r->low.integer;
	else if (r->low.is_wide)
		above = false;
	else if (r->low.given)
		above = r->low.strict ? (double)x > r->low.number : (double)x >= r->low.number;
	if (r->high.given && r->high.is_int)
		below = r->high.strict ? x < r->high.integer : x <= r->high.integer;
	else if (r->high.given && !r->high.is_wide)
		below = r->high.strict ? (double)x < r->high.number : (double)x <= r->high.number;
	return above && below;
}

bool bn_check_range_has_wide(const bn_check_range *r, uint64_t x)
{
	bool above = true, below = true;
	if (r->low.is_wide)
		above = r->low.strict ? x > r->low.wide : x >= r->low.wide;
	else if (r->low.given && !r->low.is_int)
		above = r->low.strict ? (double)x > r->low.number : (double)x >= r->low.number;
	if (r->high.is_wide)
		below = r->high.strict ? x < r->high.wide : x <= r->high.wide;
	else if (r->high.given)
		below = !r->high.is_int &&
			(r->high.strict ? (double)x < r->high.number : (double)x <= r->high.number);
	return above && below;
}

static int compare_text(bn_text t, const char *s)
{
	size_t n = strlen(s);
	int c = memcmp(t.ptr, s, t.len < n ? t.len : n);
	return c ? c : (t.len > n) - (t.len < n);
}

bool bn_check_range_has_text(const bn_check_range *r, bn_text t)
{
	int lo = r->low.given ? compare_text(t, r->low.text) : 1;
	int hi = r->high.given ? compare_text(t, r->high.text) : -1;
	return (r->low.strict ? lo > 0 : lo >= 0) && (r->high.strict ? hi < 0 : hi <= 0);
}

/* ---- sets ---------------------------------------------------------------------------------- */

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static int compare_integers(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A value of kwargs converted to a column's type. */
typedef struct set_value {
	const char *text;
	double number;
	int64_t integer;
	bool is_number, is_int; /* with neither and no text: the column cannot hold it */
} set_value;

static set_value value_of(const json_t *v, bn_type type)
{
	const char *text = json_string_value(v);
	set_value out = {.number = 0};
	if (bn_type_is_text(type))
		out.text = text;
	else if (bn_type_is_time(type))
		out.is_int = time_of(type, text, &out.integer);
	else if (bn_type_is_number(type) && bn_json_wide_number(v, &out.number))
		out.is_number = true; /* as the nearest double, which the cell is compared as */
	else if (!bn_type_is_scalar(type) || text)
		return out;
	else if (json_is_boolean(v)) {
		out.is_number = out.is_int = true;
		out.integer = json_is_true(v);
		out.number = json_is_true(v);
	} else if (json_is_number(v)) {
		double x = json_number_value(v);
		bool whole = x == floor(x) && fabs(x) < 0x1p62;
		out.is_number = true;
		out.number = x;
		out.is_int = json_is_integer(v) || whole;
		if (out.is_int)
			out.integer = json_is_integer(v) ? json_integer_value(v) : (int64_t)x;
	}
	return out;
}

static void set_add(bn_check_set *s, const json_t *v, bn_type type)
{
	set_value x = value_of(v, type);
	if (json_is_null(v))
		return;
	if (x.text)
		s->texts[s->text_count++] = x.text;
	if (x.is_number)
		s->numbers[s->number_count++] = x.number;
	if (x.is_int)
		s->integers[s->integer_count++] = x.integer;
	s->foreign += !x.text && !x.is_number && !x.is_int;
}

/* Sorts and removes duplicates. */
static size_t sort_unique(
	void *items, size_t n, size_t size, int (*cmp)(const void *, const void *))
{
	char *p = items;
	size_t kept = 0;
	qsort(items, n, size, cmp);
	for (size_t i = 0; i < n; i++)
		if (!kept || cmp(p + (kept - 1) * size, p + i * size) != 0)
			memmove(p + kept++ * size, p + i * size, size);
	return kept;
}

int bn_check_set_read(bn_check_set *out, const json_t *values, bn_type type, bn_err *err)
{
	size_t n = json_array_size(values);
	memset(out, 0, sizeof *out);
	out->numbers = bn_alloc((n ? n : 1) * sizeof *out->numbers);
	out->integers = bn_alloc((n ? n : 1) * sizeof *out->integers);
	out->texts = bn_alloc((n ? n : 1) * sizeof *out->texts);
	if (!out->numbers || !out->integers || !out->texts) {
		bn_check_set_release(out);
		return bn_err_nomem(err, "a set of values");
	}
	for (size_t i = 0; i < n; i++)
		set_add(out, json_array_get(values, i), type);
	out->number_count =
		sort_unique(out->numbers, out->number_count, sizeof(double), compare_doubles);
	out->integer_count =
		sort_unique(out->integers, out->integer_count, sizeof(int64_t), compare_integers);
	out->text_count = sort_unique(out->texts, out->text_count, sizeof(char *), compare_strings);
	return 0;
}

void bn_check_set_release(bn_check_set *s)
{
	bn_free(s->numbers);
	bn_free(s->integers);
	bn_free(s->texts);
	memset(s, 0, sizeof *s);
}

static long find_text(const bn_check_set *s, bn_text t)
{
	size_t lo = 0, hi = s->text_count;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = compare_text(t, s->texts[mid]);
		if (c == 0)
			return (long)mid;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return -1;
}

static long find_integer(const bn_check_set *s, int64_t i)
{
	const int64_t *p = bsearch(&i, s->integers, s->integer_count, sizeof i, compare_integers);
	return p ? (long)(p - s->integers) : -1;
}

static long find_number(const bn_check_set *s, double x)
{
	const double *p = bsearch(&x, s->numbers, s->number_count, sizeof x, compare_doubles);
	return p ? (long)(p - s->numbers) : -1;
}

long bn_check_set_find(const bn_check_set *s, const bn_column *c, size_t row)
{
	int64_t i;
	if (bn_type_is_text(c->type))
		return find_text(s, bn_column_text(c, row));
	if (bn_column_int(c, row, &i))
		return find_integer(s, i);
	return find_number(s, bn_column_number(c, row));
}

/* Integers beyond int64 are found among the numbers, after all integers: no two values share an
 * index. */
long bn_check_set_find_json(const bn_check_set *s, bn_type type, const json_t *value)
{
	set_value x = value_of(value, type);
	bool by_number = type == BN_TYPE_FLOAT64 || type == BN_TYPE_FLOAT32 ||
			 type == BN_TYPE_DECIMAL || (type == BN_TYPE_UINT64 && !x.is_int);
	if (x.text)
		return find_text(s, (bn_text){x.text, strlen(x.text)});
	if (by_number)
		return x.is_number ? find_number(s, x.number) : -1;
	return x.is_int ? find_integer(s, x.integer) : -1;
}

size_t bn_check_set_size(const bn_check_set *s)
{
	if (s->text_count)
		return s->text_count;
	return s->number_count > s->integer_count ? s->number_count : s->integer_count;
}

json_t *bn_check_set_value(const bn_check_set *s, bn_type type, size_t at)
{
	char text[BN_TIMESTAMP_TEXT];
	bool real = type == BN_TYPE_FLOAT64 || type == BN_TYPE_FLOAT32;

	if (s->text_count)
		return at < s->text_count ? json_string(s->texts[at]) : NULL;
	if (real)
		return at < s->number_count ? bn_json_number(s->numbers[at]) : NULL;
	if (at >= s->integer_count)
		return NULL;
	if (type == BN_TYPE_TIMESTAMP)
		return json_string(bn_timestamp_iso(s->integers[at], text));
	return type == BN_TYPE_BOOL ? json_boolean(s->integers[at] != 0)
				    : json_integer(s->integers[at]);
}
