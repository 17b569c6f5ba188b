/*
 * profile_read.c - reads the two JSON forms of a profile (profile.h).
 *
 * A stored text is read column by column: its tree takes ten times its size, and the text of 100 000 columns has
 * 100 MB.
 */
#include "core/profile/profile.h"

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/profile/_accumulator.h"
#include "core/profile/_profile.h"
#include "core/source/cell.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static double number_get(const json_t *v)
{
	const char *s = json_string_value(v);
	double x;
	if (json_is_number(v))
		return json_number_value(v);
	return s && bn_parse_f64(s, strlen(s), &x) ? x : NAN; /* "-inf", and uint64 as text */
}

static double number_of(const json_t *o, const char *key)
{
	return number_get(json_object_get(o, key));
}

static int need_count(
	const json_t *o, const char *key, uint64_t *out, const char *where, bn_err *err)
{
	int64_t n = 0;
	int rc = bn_json_need_int(o, key, &n, where, err);
	if (!rc && n < 0)
		rc = bn_err_set(err, BN_EINVAL, "%s: field '%s' is negative", where, key);
	*out = (uint64_t)n;
	return rc;
}

static int copy_text(char **out, const json_t *o, const char *key, bn_err *err)
{
	const char *s = bn_json_str(o, key, NULL);
	*out = bn_strdup(s);
	return s && !*out ? bn_err_nomem(err, "a profile") : 0;
}

/* Recomputes what the stored form omits. */
static int ranks_from_top(bn_profile_column *c, const char *where, bn_err *err)
{
	double values[BN_PROFILE_TOP];
	uint64_t counts[BN_PROFILE_TOP];
	size_t n = 0;

	if (!bn_profile_has_all_values(c) || c->top_count > BN_PROFILE_TOP)
		return bn_err_set(err, BN_EINVAL,
			"%s: neither quantiles and histogram nor all values", where);
	for (; n < c->top_count; n++) {
		size_t at = n;
		for (; at > 0 && values[at - 1] > c->top[n].number; at--) {
			values[at] = values[at - 1];
			counts[at] = counts[at - 1];
		}
		values[at] = c->top[n].number;
		counts[at] = c->top[n].count;
	}
	return bn_profile_column_ranks(c, values, counts, n, err);
}

/* Quantiles that are written as integers. */
static int quantile_texts_read(bn_profile_column *c, const json_t *quantiles, bn_err *err)
{
	for (size_t i = 0; i < BN_PROFILE_QUANTILES; i++) {
		const json_t *v = json_array_get(quantiles, i);
		const char *digits = json_string_value(v);
		if (!json_is_integer(v) && (!digits || !isdigit((uint8_t)*digits)))
			continue;
		if (!c->quantile_texts && !(c->quantile_texts = bn_alloc_zeroed(
						    BN_PROFILE_QUANTILES, sizeof(char *))))
			return bn_err_nomem(err, "a profile");
		c->quantile_texts[i] =
			digits ? bn_strdup(digits)
			       : bn_strf("%" JSON_INTEGER_FORMAT, json_integer_value(v));
		if (!c->quantile_texts[i])
			return bn_err_nomem(err, "a profile");
	}
	return 0;
}

static int ranks_read(bn_profile_column *c, const json_t *o, const char *where, bn_err *err)
{
	json_t *quantiles = NULL, *hist = NULL, *counts = NULL;
	int rc;

	if (!json_object_get(o, "quantiles") && !json_object_get(o, "histogram"))
		return ranks_from_top(c, where, err);
	if ((rc = bn_json_need_array(o, "quantiles", &quantiles, where, err)) < 0 ||
		(rc = bn_json_need_object(o, "histogram", &hist, where, err)) < 0 ||
		(rc = bn_json_need_array(hist, "counts", &counts, where, err)) < 0)
		return rc;
	if (json_array_size(quantiles) != BN_PROFILE_QUANTILES ||
		json_array_size(counts) > BN_PROFILE_BINS)
		return bn_err_set(err, BN_EINVAL, "%s: %d quantiles and at most %d bins expected",
			where, BN_PROFILE_QUANTILES, BN_PROFILE_BINS);
	c->quantiles_exact = bn_json_bool(o, "quantiles_exact", false);
	c->rank_error = number_of(o, "rank_error");
	for (size_t i = 0; i < BN_PROFILE_QUANTILES; i++)
		c->quantiles[i] = number_get(json_array_get(quantiles, i));
	c->hist_lo = number_of(hist, "lo");
	c->hist_hi = number_of(hist, "hi");
	c->hist_count = json_array_size(counts);
	for (size_t i = 0; i < c->hist_count; i++)
		c->hist[i] = number_get(json_array_get(counts, i));
	return quantile_texts_read(c, quantiles, err);
}

static int numeric_read(bn_profile_column *c, const json_t *o, const char *where, bn_err *err)
{
	int rc;

	c->is_numeric = true;
	if ((rc = ranks_read(c, o, where, err)) ||
		(rc = need_count(o, "zeros", &c->zeros, where, err)) ||
		(rc = need_count(o, "negatives", &c->negatives, where, err)) ||
		(rc = need_count(o, "infinities", &c->infinities, where, err)) ||
		(rc = copy_text(&c->min_text, o, "min_text", err)) ||
		(rc = copy_text(&c->max_text, o, "max_text", err)))
		return rc;
	c->min = number_of(o, "min");
	c->max = number_of(o, "max");
	c->sum = number_of(o, "sum");
	c->mean = number_of(o, "mean");
	c->std = number_of(o, "std");
	c->skew = number_of(o, "skew");
	c->increasing = bn_json_bool(o, "increasing", false);
	c->decreasing = bn_json_bool(o, "decreasing", false);
	return 0;
}

static int top_read(bn_profile_column *c, const json_t *array, const char *where, bn_err *err)
{
	size_t n = json_array_size(array);
	bn_profile_value *values = bn_alloc_zeroed(n, sizeof *values);
	int rc = values ? 0 : bn_err_nomem(err, "a profile");
	for (size_t i = 0; !rc && i < n; i++) {
		const json_t *o = json_array_get(array, i);
		if ((rc = bn_json_need_str(o, "value", &values[i].text, where, err)) == 0)
			rc = need_count(o, "count", &values[i].count, where, err);
		values[i].number = number_of(o, "number");
	}
	if (!rc)
		rc = bn_profile_set_top(c, values, n, err);
	bn_free(values);
	return rc;
}

static int text_read(bn_profile_column *c, const json_t *o, const char *where, bn_err *err)
{
	int rc = need_count(o, "length_min", &c->length_min, where, err);
	if (!rc)
		rc = need_count(o, "length_max", &c->length_max, where, err);
	if (!rc)
		rc = need_count(o, "empty", &c->empty, where, err);
	c->length_mean = number_of(o, "length_mean");
	return rc;
}

static void column_unknown(bn_profile_column *c)
{
	c->min = c->max = c->sum = c->mean = c->std = c->skew = NAN;
	c->hist_lo = c->hist_hi = c->length_mean = NAN;
	for (size_t i = 0; i < BN_PROFILE_QUANTILES; i++)
		c->quantiles[i] = NAN;
}

static int read_read(char **out, const json_t *o, bn_err *err)
{
	const json_t *read = json_object_get(o, "read");
	bn_buf text = BN_BUF_INIT;
	int rc = 0;

	if (!read)
		return 0;
	if ((rc = bn_json_canonical(read, &text, err)) < 0)
		goto out;
	if (!(*out = bn_strdup(text.ptr)))
		rc = bn_err_nomem(err, "a profile");
out:
	bn_buf_release(&text);
	return rc;
}

static uint32_t read_spelled(const json_t *list)
{
	uint32_t bits = 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *text = json_array_get(list, i);
		int n = json_is_string(text) ? bn_cell_absent_index(json_string_value(text),
						       json_string_length(text))
					     : -1;
		bits |= n >= 0 ? UINT32_C(1) << n : 0;
	}
	return bits;
}

static int column_read(bn_profile_column *c, const json_t *o, const char *where, bn_err *err)
{
	const char *name, *type;
	json_t *top = NULL;
	column_unknown(c);
	int rc = bn_json_need_str(o, "name", &name, where, err);
	if (rc || (rc = bn_json_need_str(o, "type", &type, where, err)) ||
		(rc = bn_field_parse_type(&c->field, type, err)) ||
		(rc = copy_text(&c->field.name, o, "name", err)) ||
		(rc = copy_text(&c->field.unit, o, "unit", err)) ||
		(rc = copy_text(&c->field.zone, o, "zone", err)) ||
		(rc = read_read(&c->field.read, o, err)))
		return rc;
	c->spelled = read_spelled(json_object_get(o, "spelled"));
	c->name = c->field.name;
	c->unit = c->field.unit;
	if ((rc = need_count(o, "rows", &c->rows, where, err)) ||
		(rc = need_count(o, "missing", &c->missing, where, err)) ||
		(rc = need_count(o, "nan", &c->nan, where, err)) ||
		(rc = need_count(o, "distinct", &c->distinct, where, err)) ||
		(rc = need_count(o, "top_error", &c->top_error, where, err)) ||
		(rc = bn_json_need_array(o, "top", &top, where, err)) ||
		(rc = top_read(c, top, where, err)))
		return rc;
	c->type = c->field.type;
	c->field.nullable = true;
	const json_t *unique = json_object_get(o, "unique");
	c->unique = json_is_boolean(unique) ? (json_is_true(unique) ? BN_YES : BN_NO) : BN_UNKNOWN;
	c->constant = bn_json_bool(o, "constant", false);
	c->distinct_exact = bn_json_bool(o, "distinct_exact", false);
	c->distinct_error = number_of(o, "distinct_error");
	const json_t *numeric = json_object_get(o, "numeric"), *text = json_object_get(o, "text");
	const json_t *values = json_object_get(o, "values");
	if (bn_profile_has_sizes(c->type))
		text = json_object_get(o, "sizes");
	if (json_is_object(numeric))
		rc = numeric_read(c, numeric, where, err);
	if (!rc && json_is_object(text))
		rc = text_read(c, text, where, err);
	if (rc < 0 || !json_is_object(values))
		return rc;
	if (!bn_type_is_list(c->type) || bn_type_is_list(c->field.child->type))
		return bn_err_set(
			err, BN_EINVAL, "%s: has values, but the column is not a list", where);
	if (!(c->values = bn_alloc_zeroed(1, sizeof *c->values)))
		return bn_err_nomem(err, "a profile");
	return column_read(c->values, values, where, err);
}

/* Format and rows. */
static int head_read(bn_profile *p, const json_t *doc, bn_err *err)
{
	int64_t format = 0;
	int rc = bn_json_need_int(doc, "format", &format, "profile", err);

	if (rc < 0)
		return rc;
	if (format != BN_PROFILE_FORMAT && format != BN_PROFILE_STORED)
		return bn_err_set(err, BN_EUNSUPPORTED,
			"profile: format %lld, this program reads %d and %d", (long long)format,
			BN_PROFILE_FORMAT, BN_PROFILE_STORED);
	return need_count(doc, "rows", &p->rows, "profile", err);
}

/* Column i, the next one; there is room for it. */
static int next_column(bn_profile *p, const json_t *o, bn_err *err)
{
	char where[40];

	snprintf(where, sizeof where, "profile: column %zu", p->column_count);
	p->columns[p->column_count] = (bn_profile_column){.name = NULL};
	return column_read(&p->columns[p->column_count++], o, where, err);
}

int bn_profile_from_json(bn_profile **out, const json_t *doc, bn_err *err)
{
	json_t *columns = NULL;
	bn_profile *p = bn_alloc_zeroed(1, sizeof *p);
	int rc;

	if (!p)
		return bn_err_nomem(err, "a profile");
	if ((rc = head_read(p, doc, err)) < 0 ||
		(rc = bn_json_need_array(doc, "columns", &columns, "profile", err)) < 0)
		goto out;
	size_t n = json_array_size(columns);
	if (!(p->columns = bn_alloc_zeroed(n, sizeof *p->columns)))
		rc = bn_err_nomem(err, "a profile");
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = next_column(p, json_array_get(columns, i), err);
out:
	if (rc < 0)
		bn_profile_free(p);
	else
		*out = p;
	return rc;
}

#define BEGIN "{\"columns\":["

/* What follows the columns, as an object; NULL if the text is not in that form. */
static json_t *tail_of(const char *text, size_t n)
{
	const char *end = n < sizeof BEGIN || memcmp(text, BEGIN, sizeof BEGIN - 1) != 0
				  ? NULL
				  : memrchr(text, ']', n);
	char tail[200];
	size_t bytes = end ? (size_t)(text + n - end) : 0;

	if (bytes < 2 || bytes > sizeof tail || end[1] != ',')
		return NULL;
	memcpy(tail, end + 1, bytes - 1);
	tail[0] = '{';
	return json_loadb(tail, bytes - 1, JSON_REJECT_DUPLICATES, NULL);
}

/* The columns of a text that has a tail. *at: behind the last of them. */
static int columns_read(bn_profile *p, const char *text, size_t n, size_t *at, bn_err *err)
{
	size_t cap = 0;
	int rc = 0;

	*at = sizeof BEGIN - 1;
	for (bool more = text[*at] != ']'; rc == 0 && more; *at += more) {
		json_error_t je;
		json_t *o = json_loadb(text + *at, n - *at,
			JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &je);
		if (!o)
			return bn_err_set(err, BN_EINVAL, "profile: column %zu: %s",
				p->column_count, je.text);
		*at += (size_t)je.position;
		if (bn_grow(&p->columns, &cap, p->column_count + 1, sizeof *p->columns))
			rc = bn_err_nomem(err, "a profile");
		else
			rc = next_column(p, o, err);
		json_decref(o);
		more = text[*at] == ',';
	}
	return rc;
}

static int parse_tree(bn_profile **out, const char *text, size_t n, bn_err *err)
{
	json_t *doc = NULL;
	int rc = bn_json_parse(&doc, text, n, "a profile", err);

	if (rc < 0)
		return rc;
	rc = bn_profile_from_json(out, doc, err);
	json_decref(doc);
	return rc;
}

int bn_profile_parse(bn_profile **out, const char *text, size_t n, bn_err *err)
{
	json_t *tail = tail_of(text, n);
	bn_profile *p = NULL;
	size_t at = 0;
	int rc;

	if (!tail)
		return parse_tree(out, text, n, err);
	if (!(p = bn_alloc_zeroed(1, sizeof *p))) {
		rc = bn_err_nomem(err, "a profile");
		goto out;
	}
	if ((rc = head_read(p, tail, err)) < 0 || (rc = columns_read(p, text, n, &at, err)) < 0)
		goto out;
	if (text[at] != ']' || memchr(text + at + 1, ']', n - at - 1))
		rc = bn_err_set(err, BN_EINVAL, "profile: ',' or ']' expected after column %zu",
			p->column_count - 1);
out:
	json_decref(tail);
	if (rc < 0)
		bn_profile_free(p);
	else
		*out = p;
	return rc;
}
