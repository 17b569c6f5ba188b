/* tfdv.c - see tfdv.h. */
#include "core/check/tfdv.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/check/tfdv_compare.h"
#include "core/profile/frequencies.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct finder {
	const bn_tfdv_schema *schema;
	const bn_tfdv_check *check;
	bn_tfdv_anomalies *out;
	size_t cap;
	bn_err *err;
} finder;

/* The column of a feature. */
typedef struct subject {
	const bn_tfdv_feature *f;
	const bn_profile_column *c;
	size_t column;
	double rows, present;
} subject;

__attribute__((format(printf, 4, 5))) static int report(
	finder *f, const char *feature, const char *type, const char *fmt, ...)
{
	bn_tfdv_anomalies *l = f->out;
	va_list ap;
	if (bn_grow(&l->items, &f->cap, l->count + 1, sizeof *l->items))
		return bn_err_nomem(f->err, "anomalies");
	bn_tfdv_anomaly *a = &l->items[l->count];
	*a = (bn_tfdv_anomaly){.type = type};
	if (feature && !(a->feature = bn_arena_strdup(&l->arena, feature)))
		return bn_err_nomem(f->err, "anomalies");
	va_start(ap, fmt);
	int n = vsnprintf(a->description, sizeof a->description, fmt, ap);
	va_end(ap);
	size_t end = strlen(a->description);
	if (n >= (int)sizeof a->description) /* no part of a character */
		a->description[end - bn_utf8_tail(a->description, end)] = '\0';
	l->count++;
	return 0;
}

/* The bytes of a value that a description shows. */
static int shown(const char *text)
{
	return (int)bn_utf8_head(text, strlen(text), 40);
}

/* ---- presence and shape --------------------------------------------------------------------- */

static int check_presence(finder *f, const subject *s)
{
	double fraction = s->rows > 0 ? s->present / s->rows : 0;
	bool wanted = s->f->min_fraction > 0 || s->f->min_count > 0;
	int rc;
	if (s->present == 0 && wanted)
		return report(f, s->f->name, "FEATURE_TYPE_NOT_PRESENT", "no row has a value");
	if (s->f->min_fraction > 0 && fraction < s->f->min_fraction &&
		(rc = report(f, s->f->name, "FEATURE_TYPE_LOW_FRACTION_PRESENT",
			 "%.6g of the rows have a value, at least %.6g are wanted", fraction,
			 s->f->min_fraction)) < 0)
		return rc;
	if (s->f->min_count > 0 && s->present < s->f->min_count)
		return report(f, s->f->name, "FEATURE_TYPE_LOW_NUMBER_PRESENT",
			"%.0f rows have a value, at least %.0f are wanted", s->present, s->f->min_count);
	return 0;
}

static int check_value_count(finder *f, const subject *s)
{
	bool is_list = bn_type_is_list(s->c->type);
	double least = is_list ? (double)s->c->length_min : 1;
	double most = is_list ? (double)s->c->length_max : 1;
	int rc;
	if (s->present == 0)
		return 0;
	if (least < s->f->values_min &&
		(rc = report(f, s->f->name, "FEATURE_TYPE_LOW_NUMBER_VALUES",
			 "a row has %.0f values, at least %.0f are wanted", least,
			 s->f->values_min)) < 0)
		return rc;
	if (most > s->f->values_max)
		return report(f, s->f->name, "FEATURE_TYPE_HIGH_NUMBER_VALUES",
			"a row has %.0f values, at most %.0f are wanted", most, s->f->values_max);
	return 0;
}

static int check_unique(finder *f, const subject *s)
{
	double n = (double)s->c->distinct;
	if (isnan(s->f->unique_min) && isnan(s->f->unique_max))
		return 0;
	if (bn_tfdv_type_of(&s->c->field) != BN_TFDV_BYTES)
		return report(f, s->f->name, "FEATURE_TYPE_NO_UNIQUE",
			"different values are counted of texts only");
	if (n < s->f->unique_min)
		return report(f, s->f->name, "FEATURE_TYPE_LOW_UNIQUE",
			"%.0f different values, at least %.0f are wanted", n, s->f->unique_min);
	if (n > s->f->unique_max)
		return report(f, s->f->name, "FEATURE_TYPE_HIGH_UNIQUE",
			"%.0f different values, at most %.0f are wanted", n, s->f->unique_max);
	return 0;
}

/* ---- domains -------------------------------------------------------------------------------- */

/* The bounds of a column of numbers; texts as numbers are below. */
static int check_bounds(finder *f, const subject *s, double low, double high)
{
	bool whole = s->f->domain == BN_TFDV_INTS;
	int rc;
	if (low < s->f->min &&
		(rc = report(f, s->f->name, whole ? "INT_TYPE_SMALL_INT" : "FLOAT_TYPE_SMALL_FLOAT",
			 "the smallest value is %.17g, below %.17g", low, s->f->min)) < 0)
		return rc;
	if (high > s->f->max)
		return report(f, s->f->name, whole ? "INT_TYPE_BIG_INT" : "FLOAT_TYPE_BIG_FLOAT",
			"the largest value is %.17g, above %.17g", high, s->f->max);
	return 0;
}

/* Numbers that are to be 0 or 1. */
static int check_bools(finder *f, const subject *s)
{
	const bn_profile_column *c = s->c;
	bool ends = (c->min == 0 || c->min == 1) && (c->max == 0 || c->max == 1);
	int rc;
	if (c->rows == c->missing && !c->nan)
		return 0;
	if (bn_tfdv_type_of(&c->field) == BN_TFDV_FLOAT) {
		if (ends && c->distinct <= 2 && !c->nan)
			return 0;
		return report(f, s->f->name, "BOOL_TYPE_UNEXPECTED_FLOAT", "values other than 0 and 1");
	}
	if (c->min < 0 && (rc = report(f, s->f->name, "BOOL_TYPE_SMALL_INT",
				   "the smallest value is %.17g", c->min)) < 0)
		return rc;
	if (c->max > 1)
		return report(f, s->f->name, "BOOL_TYPE_BIG_INT", "the largest value is %.17g", c->max);
	return 0;
}

static int check_numbers(finder *f, const subject *s)
{
	int rc;
	if (s->f->domain == BN_TFDV_BOOLS)
		return check_bools(f, s);
	if (s->f->disallow_nan && s->c->nan &&
		(rc = report(f, s->f->name, "FLOAT_TYPE_HAS_NAN", "%" PRIu64 " values are NaN",
			 s->c->nan)) < 0)
		return rc;
	if (s->f->disallow_inf && s->c->infinities &&
		(rc = report(f, s->f->name, "FLOAT_TYPE_HAS_INF", "%" PRIu64 " values are infinite",
			 s->c->infinities)) < 0)
		return rc;
	return s->c->rows == s->c->missing ? 0 : check_bounds(f, s, s->c->min, s->c->max);
}

static bool is_of_domain(const bn_tfdv_feature *f, const bn_frequency_value *v)
{
	const bn_tfdv_names *l = f->strings;
	if (f->domain == BN_TFDV_BOOLS)
		return (f->true_value && bn_str_is(f->true_value, v->text, v->bytes)) ||
		       (f->false_value && bn_str_is(f->false_value, v->text, v->bytes));
	for (size_t i = 0; i < l->count; i++)
		if (bn_str_is(l->items[i], v->text, v->bytes))
			return true;
	return false;
}

/* Texts that are to be of a set. */
static int check_set(finder *f, const subject *s, const bn_frequencies *values)
{
	const char *example = NULL;
	double outside = 0, all = 0;
	for (size_t i = 0; i < values->count; i++) {
		const bn_frequency_value *v = &values->values[i];
		all += (double)v->count;
		if (is_of_domain(s->f, v))
			continue;
		outside += (double)v->count;
		example = example ? example : v->text;
	}
	if (outside == 0)
		return 0;
	if (s->f->domain == BN_TFDV_BOOLS)
		return report(f, s->f->name, "BOOL_TYPE_UNEXPECTED_STRING",
			"%.0f of %.0f values are neither, such as '%.*s'", outside, all, shown(example), example);
	if (s->f->min_domain_mass < 1 && outside / all <= 1 - s->f->min_domain_mass)
		return 0;
	return report(f, s->f->name, "ENUM_TYPE_UNEXPECTED_STRING_VALUES",
		"%.0f of %.0f values are not of the domain, such as '%.*s'", outside, all, shown(example), example);
}

/* Texts that are to be numbers. */
static int check_spelled(finder *f, const subject *s, const bn_frequencies *values)
{
	bool whole = s->f->domain == BN_TFDV_INTS;
	double low = INFINITY, high = -INFINITY;
	for (size_t i = 0; i < values->count; i++) {
		const bn_frequency_value *v = &values->values[i];
		int64_t integer = 0;
		double x = 0;
		if (whole ? !bn_parse_i64(v->text, v->bytes, &integer)
			  : !bn_parse_f64(v->text, v->bytes, &x))
			return report(f, s->f->name,
				whole ? "INT_TYPE_NOT_INT_STRING" : "FLOAT_TYPE_STRING_NOT_FLOAT",
				"'%.*s' is no number", shown(v->text), v->text);
		x = whole ? (double)integer : x;
		low = fmin(low, x);
		high = fmax(high, x);
	}
	return values->count ? check_bounds(f, s, low, high) : 0;
}

static int check_texts(finder *f, const subject *s)
{
	bn_frequencies values = {.values = NULL};
	bool many = false;
	int rc = bn_frequencies_few(&values, &many, f->check->data.table, s->column, BN_TFDV_VALUES,
		f->check->watch, f->err);
	if (rc < 0)
		goto out;
	if (many) {
		rc = bn_err_set(f->err, BN_EUNSUPPORTED,
			"column '%.60s' has more than %d different values", s->f->name, BN_TFDV_VALUES);
		goto out;
	}
	rc = s->f->domain == BN_TFDV_STRINGS || s->f->domain == BN_TFDV_BOOLS
		     ? check_set(f, s, &values)
		     : check_spelled(f, s, &values);
out:
	bn_frequencies_release(&values);
	return rc;
}

static int check_domain(finder *f, const subject *s)
{
	if (s->f->domain == BN_TFDV_NO_DOMAIN || bn_type_is_list(s->c->type))
		return 0;
	if (bn_type_is_text(s->c->type))
		return check_texts(f, s);
	return bn_type_is_scalar(s->c->type) && s->f->domain != BN_TFDV_STRINGS ? check_numbers(f, s)
										: 0;
}

/* ---- comparators ---------------------------------------------------------------------------- */

/* One of the distances and its threshold. */
typedef struct comparison {
	const char *name, *type;
	double value, threshold;
} comparison;

static int compare_one(finder *f, const subject *s, const char *what, const comparison *c)
{
	if (isnan(c->threshold))
		return 0;
	if (isnan(c->value))
		return bn_err_set(f->err, BN_EINVAL,
			"feature '%.60s': %s is for texts, or a side has no value", s->f->name, c->name);
	if (c->value <= c->threshold)
		return 0;
	return report(f, s->f->name, c->type, "%s: %.6g, above %.6g", what, c->value, c->threshold);
}

static int check_comparator(finder *f, const subject *s, bn_table_reader *other,
	const bn_tfdv_comparator *c, const char *what)
{
	bn_tfdv_distances d;
	int rc;
	if (!other || (isnan(c->infinity_norm) && isnan(c->jensen_shannon_divergence) &&
			      isnan(c->normalized_abs_difference)))
		return 0;
	size_t column = bn_schema_find(bn_table_schema(other), s->f->name);
	if (column == BN_SCHEMA_NONE)
		return report(f, s->f->name, "COMPARATOR_CONTROL_DATA_MISSING",
			"%s: the other side has no such column", what);
	if ((rc = bn_tfdv_compare(&d, f->check->data.table, s->column, other, column, f->check->watch,
		     f->err)) < 0)
		return rc;
	const comparison all[] = {
		{"infinity_norm", "COMPARATOR_L_INFTY_HIGH", d.infinity_norm, c->infinity_norm},
		{"jensen_shannon_divergence", "COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH",
			d.jensen_shannon_divergence, c->jensen_shannon_divergence},
		{"normalized_abs_difference", "COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH",
			d.normalized_abs_difference, c->normalized_abs_difference}};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if ((rc = compare_one(f, s, what, &all[i])) < 0)
			return rc;
	return 0;
}

/* ---- all ------------------------------------------------------------------------------------ */

static int check_feature(finder *f, const bn_tfdv_feature *feature)
{
	const bn_tfdv_check *check = f->check;
	subject s = {.f = feature};
	int rc;
	s.column = bn_schema_find(bn_table_schema(check->data.table), feature->name);
	if (feature->is_idle || !bn_tfdv_feature_is_in(f->schema, feature, check->environment))
		return 0;
	if (s.column == BN_SCHEMA_NONE)
		return feature->min_count > 0 || feature->min_fraction > 0
			       ? report(f, feature->name, "SCHEMA_MISSING_COLUMN", "there is no such column")
			       : 0;
	s.c = &check->data.profile->columns[s.column];
	s.rows = (double)s.c->rows;
	s.present = (double)(s.c->rows - s.c->missing + s.c->nan);
	bn_tfdv_type type = bn_tfdv_type_of(&s.c->field);
	if (feature->type != BN_TFDV_UNKNOWN && feature->type != type && s.present > 0)
		return report(f, feature->name, "UNEXPECTED_DATA_TYPE", "%s, and %s is wanted",
			bn_tfdv_type_name(type), bn_tfdv_type_name(feature->type));
	if ((rc = check_presence(f, &s)) < 0 || (rc = check_value_count(f, &s)) < 0 ||
		(rc = check_unique(f, &s)) < 0 || (rc = check_domain(f, &s)) < 0 ||
		(rc = check_comparator(f, &s, check->serving, &feature->skew, "skew")) < 0)
		return rc;
	return check_comparator(f, &s, check->previous, &feature->drift, "drift");
}

static int check_new_columns(finder *f)
{
	const bn_schema *schema = bn_table_schema(f->check->data.table);
	int rc = 0;
	for (size_t i = 0; i < schema->count && rc == 0; i++) {
		bool known = false;
		for (size_t k = 0; k < f->schema->count && !known; k++)
			known = !strcmp(f->schema->features[k].name, schema->fields[i].name);
		if (!known)
			rc = report(f, schema->fields[i].name, "SCHEMA_NEW_COLUMN",
				"the schema has no such feature");
	}
	return rc;
}

static int check_examples(finder *f)
{
	double rows = (double)bn_table_rows(f->check->data.table);
	if (rows < f->schema->min_examples)
		return report(f, NULL, "DATASET_LOW_NUM_EXAMPLES", "%.0f rows, at least %.0f are wanted",
			rows, f->schema->min_examples);
	if (rows > f->schema->max_examples)
		return report(f, NULL, "DATASET_HIGH_NUM_EXAMPLES", "%.0f rows, at most %.0f are wanted",
			rows, f->schema->max_examples);
	return 0;
}

int bn_tfdv_find(
	bn_tfdv_anomalies *out, const bn_tfdv_schema *schema, const bn_tfdv_check *check, bn_err *err)
{
	finder f = {.schema = schema, .check = check, .out = out, .err = err};
	int rc;
	*out = (bn_tfdv_anomalies){.items = NULL};
	if ((rc = check_examples(&f)) < 0)
		return rc;
	for (size_t i = 0; i < schema->count; i++)
		if ((rc = check_feature(&f, &schema->features[i])) < 0)
			return rc;
	return check_new_columns(&f);
}

void bn_tfdv_anomalies_release(bn_tfdv_anomalies *l)
{
	bn_free(l->items);
	bn_arena_release(&l->arena);
	*l = (bn_tfdv_anomalies){.items = NULL};
}
