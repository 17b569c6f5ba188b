/* profile_json.c - the two JSON forms of a profile (profile.h). */
#include "core/profile/profile.h"

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/profile/_accumulator.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#define FORMAT 1        /* all of it, as the first version stored it */
#define FORMAT_STORED 2 /* less what follows from the rest */

/* ---- writing ------------------------------------------------------------------------------- */

/* JSON has no infinities: they are the texts "inf" and "-inf". Absent is null. */
static json_t *number_json(double x)
{
	if (isinf(x))
		return json_string(x > 0 ? "inf" : "-inf");
	return bn_json_real_or_null(x);
}

static json_t *count_json(uint64_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *numbers_json(const double *values, size_t n)
{
	json_t *array = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, number_json(values[i]));
	return array;
}

/* Quantiles and histogram follow from the values when all of them are among the frequent ones. */
static bool has_all_values(const bn_profile_column *c)
{
	return c->is_numeric && c->distinct_exact && c->top_count == c->distinct && !c->top_error;
}

static json_t *numeric_json(const bn_profile_column *c, bool stored)
{
	const bool whole = !stored || !has_all_values(c);
	json_t *hist = !whole ? NULL
			      : json_pack("{s:o, s:o, s:o}", "lo", number_json(c->hist_lo), "hi",
					number_json(c->hist_hi), "counts",
					numbers_json(c->hist, c->hist_count));
	json_t *o = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:s?, s:s?}", "min",
		number_json(c->min), "max", number_json(c->max), "sum", number_json(c->sum), "mean",
		number_json(c->mean), "std", number_json(c->std), "skew", number_json(c->skew),
		"min_text", c->min_text, "max_text", c->max_text);
	if (!o || (whole && !hist)) {
		json_decref(o);
		json_decref(hist);
		return NULL;
	}
	json_object_set_new(o, "zeros", count_json(c->zeros));
	json_object_set_new(o, "negatives", count_json(c->negatives));
	json_object_set_new(o, "infinities", count_json(c->infinities));
	json_object_set_new(o, "increasing", json_boolean(c->increasing));
	json_object_set_new(o, "decreasing", json_boolean(c->decreasing));
	if (!whole)
		return o;
	json_object_set_new(o, "quantiles", numbers_json(c->quantiles, BN_PROFILE_QUANTILES));
	json_object_set_new(o, "quantiles_exact", json_boolean(c->quantiles_exact));
	json_object_set_new(o, "rank_error", number_json(c->rank_error));
	json_object_set_new(o, "histogram", hist);
	return o;
}

static json_t *text_json(const bn_profile_column *c)
{
	return json_pack("{s:o, s:o, s:o, s:o}", "length_min", count_json(c->length_min),
		"length_max", count_json(c->length_max), "length_mean", number_json(c->length_mean),
		"empty", count_json(c->empty));
}

static json_t *top_json(const bn_profile_column *c)
{
	json_t *array = json_array();
	for (size_t i = 0; i < c->top_count; i++) {
		const bn_profile_value *v = &c->top[i];
		json_array_append_new(
			array, json_pack("{s:s, s:o, s:o}", "value", v->text, "number",
				       number_json(v->number), "count", count_json(v->count)));
	}
	return array;
}

/* Bytes and lists: only their lengths compare. */
static bool has_sizes(bn_type type)
{
	return type == BN_TYPE_BINARY || bn_type_is_list(type);
}

static json_t *column_json(const bn_profile_column *c, bool stored)
{
	bn_buf type = BN_BUF_INIT;
	bn_field_format_type(&c->field, &type);
	json_t *o = type.failed ? NULL
				: json_pack("{s:s, s:s?, s:s}", "name", c->name, "unit", c->unit,
					  "type", type.ptr);
	bn_buf_release(&type);
	if (!o)
		return NULL;
	if (c->field.zone)
		json_object_set_new(o, "zone", json_string(c->field.zone));
	json_object_set_new(o, "rows", count_json(c->rows));
	json_object_set_new(o, "missing", count_json(c->missing));
	json_object_set_new(o, "nan", count_json(c->nan));
	json_object_set_new(o, "distinct", count_json(c->distinct));
	json_object_set_new(o, "distinct_exact", json_boolean(c->distinct_exact));
	json_object_set_new(o, "distinct_error", number_json(c->distinct_error));
	json_object_set_new(o, "constant", json_boolean(c->constant));
	json_object_set_new(o, "unique",
		c->unique == BN_UNKNOWN ? json_null() : json_boolean(c->unique == BN_YES));
	json_object_set_new(o, "top", top_json(c));
	json_object_set_new(o, "top_error", count_json(c->top_error));
	json_object_set_new(o, "numeric", c->is_numeric ? numeric_json(c, stored) : json_null());
	json_object_set_new(o, "text", bn_type_is_text(c->type) ? text_json(c) : json_null());
	if (has_sizes(c->type))
		json_object_set_new(o, "sizes", text_json(c));
	if (c->values)
		json_object_set_new(o, "values", column_json(c->values, stored));
	return o;
}

int bn_profile_to_json(json_t **out, const bn_profile *p, bn_err *err)
{
	json_t *columns = json_array();
	for (size_t i = 0; columns && i < p->column_count; i++)
		if (json_array_append_new(columns, column_json(&p->columns[i], false))) {
			json_decref(columns);
			columns = NULL;
		}
	json_t *doc = columns ? json_pack("{s:i, s:I, s:o}", "format", FORMAT, "rows",
					(json_int_t)p->rows, "columns", columns)
			      : NULL;
	if (!doc)
		return bn_err_nomem(err, "the JSON of a profile");
	*out = doc;
	return 0;
}

/* Column by column: the tree of a wide table's profile would take many times its text. */
int bn_profile_write(bn_buf *out, const bn_profile *p, bn_err *err)
{
	bn_buf_adds(out, "{\"columns\":[");
	for (size_t i = 0; i < p->column_count; i++) {
		json_t *column = column_json(&p->columns[i], true);
		if (!column)
			return bn_err_nomem(err, "the JSON of a profile");
		if (i)
			bn_buf_adds(out, ",");
		int rc = bn_json_canonical(column, out, err);
		json_decref(column);
		if (rc < 0)
			return rc;
	}
	bn_buf_addf(out, "],\"format\":%d,\"rows\":%" PRIu64 "}", FORMAT_STORED, p->rows);
	return out->failed ? bn_err_nomem(err, "the JSON of a profile") : 0;
}

/* ---- reading ------------------------------------------------------------------------------- */

static double number_get(const json_t *v)
{
	const char *s = json_string_value(v);
	if (json_is_number(v))
		return json_number_value(v);
	return !s ? NAN : !strcmp(s, "inf") ? INFINITY : !strcmp(s, "-inf") ? -INFINITY : NAN;
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

/* What the stored form left out. */
static int ranks_from_top(bn_profile_column *c, const char *where, bn_err *err)
{
	double values[BN_PROFILE_TOP];
	uint64_t counts[BN_PROFILE_TOP];
	size_t n = 0;

	if (!has_all_values(c) || c->top_count > BN_PROFILE_TOP)
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
	return 0;
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
	c->top = bn_alloc_zeroed(n, sizeof *c->top);
	if (!c->top)
		return bn_err_nomem(err, "a profile");
	for (size_t i = 0; i < n; i++) {
		const json_t *o = json_array_get(array, i);
		const char *text;
		int rc = bn_json_need_str(o, "value", &text, where, err);
		if (!rc)
			rc = need_count(o, "count", &c->top[i].count, where, err);
		if (rc)
			return rc;
		c->top[i].number = number_of(o, "number");
		c->top[i].text = bn_strdup(text);
		if (!c->top[i].text)
			return bn_err_nomem(err, "a profile");
		c->top_count = i + 1;
	}
	return 0;
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

static int column_read(bn_profile_column *c, const json_t *o, const char *where, bn_err *err)
{
	const char *name, *type;
	json_t *top = NULL;
	column_unknown(c);
	int rc = bn_json_need_str(o, "name", &name, where, err);
	if (rc || (rc = bn_json_need_str(o, "type", &type, where, err)) ||
		(rc = bn_field_parse_type(&c->field, type, err)) ||
		(rc = copy_text(&c->name, o, "name", err)) ||
		(rc = copy_text(&c->unit, o, "unit", err)) ||
		(rc = copy_text(&c->field.name, o, "name", err)) ||
		(rc = copy_text(&c->field.unit, o, "unit", err)) ||
		(rc = copy_text(&c->field.zone, o, "zone", err)) ||
		(rc = need_count(o, "rows", &c->rows, where, err)) ||
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
	if (has_sizes(c->type))
		text = json_object_get(o, "sizes");
	if (json_is_object(numeric))
		rc = numeric_read(c, numeric, where, err);
	if (!rc && json_is_object(text))
		rc = text_read(c, text, where, err);
	if (rc < 0 || !json_is_object(values))
		return rc;
	if (!bn_type_is_list(c->type) || bn_type_is_list(c->field.child->type))
		return bn_err_set(err, BN_EINVAL, "%s: values of what is no list", where);
	if (!(c->values = bn_alloc_zeroed(1, sizeof *c->values)))
		return bn_err_nomem(err, "a profile");
	return column_read(c->values, values, where, err);
}

int bn_profile_from_json(bn_profile **out, const json_t *doc, bn_err *err)
{
	int64_t format = 0;
	json_t *columns = NULL;
	bn_profile *p = bn_alloc_zeroed(1, sizeof *p);
	if (!p)
		return bn_err_nomem(err, "a profile");
	int rc = bn_json_need_int(doc, "format", &format, "profile", err);
	if (!rc && format != FORMAT && format != FORMAT_STORED)
		rc = bn_err_set(err, BN_EUNSUPPORTED,
			"profile: format %lld, this program reads %d and %d", (long long)format,
			FORMAT, FORMAT_STORED);
	if (!rc)
		rc = need_count(doc, "rows", &p->rows, "profile", err);
	if (!rc)
		rc = bn_json_need_array(doc, "columns", &columns, "profile", err);
	size_t n = rc ? 0 : json_array_size(columns);
	p->columns = bn_alloc_zeroed(n, sizeof *p->columns);
	if (!rc && !p->columns)
		rc = bn_err_nomem(err, "a profile");
	for (size_t i = 0; !rc && i < n; i++) {
		char where[40];
		snprintf(where, sizeof where, "profile: column %zu", i);
		p->column_count = i + 1;
		rc = column_read(&p->columns[i], json_array_get(columns, i), where, err);
	}
	if (rc) {
		bn_profile_free(p);
		return rc;
	}
	*out = p;
	return 0;
}
