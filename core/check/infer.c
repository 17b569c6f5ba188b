/* infer.c - see infer.h. */
#include "core/check/infer.h"

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/base/timestamp.h"
#include "core/profile/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add(json_t *list, const char *type, json_t *kwargs, json_t *meta)
{
	json_array_append_new(list, json_pack("{s:s, s:o, s:o}", "type", type, "kwargs", kwargs,
					    "meta", meta ? meta : json_object()));
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(
		(*(const bn_tally_slot *const *)a)->text, (*(const bn_tally_slot *const *)b)->text);
}

/* All values of a text column, in byte order; *out is NULL if they are too many or too long. */
static int domain_read(json_t **out, bn_table_reader *table, size_t column, bn_err *err)
{
	bn_tally t;
	bn_batch batch = BN_BATCH_INIT;
	const bn_tally_slot *slots[BN_INFER_MAX_DOMAIN];
	bool too_long = false;
	int rc = 0;
	*out = NULL;
	bn_tally_init(&t, true);
	for (size_t b = 0; !rc && b < bn_table_batches(table); b++) {
		rc = bn_table_read(table, b, &column, 1, &batch, err);
		for (size_t r = 0; !rc && r < batch.rows; r++) {
			bn_text x = bn_column_text(&batch.columns[0], r);
			too_long |= x.ptr && x.len > BN_TALLY_TEXT;
			if (x.ptr)
				rc = bn_tally_add_text(&t, x.ptr, x.len, 1, err);
		}
	}
	bn_batch_release(&batch);
	if (!rc && t.exact && !too_long && t.used <= BN_INFER_MAX_DOMAIN) {
		size_t n = bn_tally_top(&t, BN_INFER_MAX_DOMAIN, NULL, slots);
		qsort(slots, n, sizeof *slots, compare_texts);
		*out = json_array();
		for (size_t i = 0; i < n; i++)
			json_array_append_new(*out, json_string(slots[i]->text));
	}
	bn_tally_release(&t);
	return rc;
}

/* An integer by its digits, which a double would change beyond 2^53. */
static json_t *bound_json(double x, const char *text)
{
	int64_t whole;
	double number;
	if (text && bn_parse_i64(text, strlen(text), &whole) && fabs(x) >= 0x1p53)
		return json_integer(whole);
	json_t *wide = json_string(text ? text : "");
	if (text &&
		bn_json_wide_number(wide, &number)) /* read as an integer (bn_json_parse_wide) */
		return wide;
	json_decref(wide);
	return json_real(x);
}

static json_t *range_kwargs(const bn_profile_column *c)
{
	if (bn_type_is_time(c->type))
		return json_pack("{s:s, s:s, s:s}", "column", c->name, "min_value", c->min_text,
			"max_value", c->max_text);
	return json_pack("{s:s, s:o, s:o}", "column", c->name, "min_value",
		bound_json(c->min, c->min_text), "max_value", bound_json(c->max, c->max_text));
}

/* A bound at a quantile: by its digits where a double would change them. */
static json_t *quantile_json(const bn_profile_column *c, double p, bool up)
{
	char text[BN_TIMESTAMP_TEXT];
	double x = bn_profile_quantile(c, p);
	if (!bn_type_is_time(c->type))
		return bound_json(x, bn_profile_quantile_text(c, p));
	x = up ? ceil(x) : floor(x);
	if (c->type == BN_TYPE_DATE)
		return json_string(bn_date_iso((int32_t)x, text));
	if (c->type == BN_TYPE_TIME)
		return json_string(bn_daytime_iso((int64_t)x, text));
	if (c->type == BN_TYPE_DURATION)
		return json_string(bn_duration_iso((int64_t)x, text));
	return json_string(bn_timestamp_iso((int64_t)x, text));
}

/* The share of the rows that lie between the two quantiles at least: of n values, interpolation and the
 * ends may leave out one each, and a sketch's ranks are off by rank_error. */
static double share_between(const bn_profile_column *c, const bn_infer_ranges *r)
{
	double n = (double)(c->rows - c->missing);
	double share = r->high - r->low - 2 / n - 2 * c->rank_error;
	return share < 0 ? 0 : floor(share * 10000) / 10000;
}

static void add_range(json_t *list, const bn_profile_column *c, const bn_infer_ranges *r)
{
	static const char between[] = "expect_column_values_to_be_between";
	if (r->low <= 0 && r->high >= 1) {
		add(list, between, range_kwargs(c),
			json_pack("{s:{s:b}}", "binnacle", "observed", 1));
		return;
	}
	add(list, between,
		json_pack("{s:s, s:o, s:o, s:f}", "column", c->name, "min_value",
			quantile_json(c, r->low, false), "max_value", quantile_json(c, r->high, true),
			"mostly", share_between(c, r)),
		json_pack("{s:{s:b, s:[f,f]}}", "binnacle", "observed", 1, "quantiles", r->low,
			r->high));
}

static int infer_column(json_t *list, bn_table_reader *table, size_t i, const bn_profile_column *c,
	const bn_infer_ranges *ranges, bn_err *err)
{
	uint64_t present = c->rows - c->missing;
	char type[BN_TYPE_TEXT];
	add(list, "expect_column_values_to_be_of_type",
		json_pack("{s:s, s:s}", "column", c->name, "type_",
			bn_field_type_text(&c->field, type)),
		NULL);
	if (c->rows && !c->missing)
		add(list, "expect_column_values_to_not_be_null",
			json_pack("{s:s}", "column", c->name), NULL);
	if (c->masked)
		return 0; /* what follows names values */
	if (bn_type_is_text(c->type) && c->distinct_exact && c->distinct &&
		c->distinct <= BN_INFER_MAX_DOMAIN && c->distinct < present) {
		json_t *domain = NULL;
		int rc = domain_read(&domain, table, i, err);
		if (rc)
			return rc;
		if (domain)
			add(list, "expect_column_values_to_be_in_set",
				json_pack("{s:s, s:o}", "column", c->name, "value_set", domain),
				NULL);
	}
	if (ranges->wanted && c->is_numeric && c->type != BN_TYPE_BOOL && present && !c->infinities)
		add_range(list, c, ranges);
	return 0;
}

int bn_infer_suite(bn_suite **out, const char *name, const char *from, bn_table_reader *table,
	const bn_profile *profile, const bn_infer_ranges *ranges, bn_err *err)
{
	json_t *list = json_array(), *names = json_array();
	int rc = 0;
	BN_BUG(profile->column_count != bn_table_schema(table)->count);
	for (size_t i = 0; i < profile->column_count; i++)
		json_array_append_new(names, json_string(profile->columns[i].name));
	add(list, "expect_table_columns_to_match_set",
		json_pack("{s:o, s:b}", "column_set", names, "exact_match", 1), NULL);
	for (size_t i = 0; !rc && i < profile->column_count; i++)
		rc = infer_column(list, table, i, &profile->columns[i], ranges, err);
	json_t *doc = json_pack("{s:s, s:O, s:{}, s:{s:{s:s}}}", "name", name, "expectations", list,
		"suite_parameters", "meta", "binnacle", "inferred_from", from);
	if (!rc)
		rc = doc ? bn_suite_from_json(out, doc, name, err) : bn_err_nomem(err, "a suite");
	json_decref(doc);
	json_decref(list);
	return rc;
}
