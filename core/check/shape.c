/* shape.c - see shape.h. */
#include "core/check/shape.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/check/_check_run.h"

#include <string.h>

static const char *const names[] = {"BOOLEAN_ONLY", "BASIC", "SUMMARY", "COMPLETE"};

int bn_shape_parse(bn_shape *out, const char *name, bn_err *err)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(names[i], name)) {
			*out = (bn_shape)i;
			return 0;
		}
	return bn_err_set(err, BN_EINVAL,
		"result_format '%.40s' is none of BOOLEAN_ONLY, BASIC, SUMMARY and COMPLETE", name);
}

/* "SUMMARY", or {"result_format": "SUMMARY", ...}. */
static bn_shape own_shape(const json_t *kwargs, bn_shape shape)
{
	const json_t *given = json_object_get(kwargs, "result_format");
	const char *name = json_is_object(given) ? bn_json_str(given, "result_format", NULL)
						 : json_string_value(given);
	if (name)
		bn_shape_parse(&shape, name, NULL);
	return shape;
}

/* [{"value", "count"}, ...] of a list: most frequent first, then by the value's text. */
static json_t *counts_json(const json_t *list)
{
	json_t *counts = json_array();
	for (size_t i = 0; counts && i < json_array_size(list); i++) {
		json_t *value = json_array_get(list, i), *one = NULL;
		size_t k = 0, n = json_array_size(counts);
		while (k < n && !json_equal(json_object_get(json_array_get(counts, k), "value"), value))
			k++;
		if (k == n) {
			json_array_append_new(
				counts, json_pack("{s:O, s:i}", "value", value, "count", 1));
			continue;
		}
		one = json_incref(json_array_get(counts, k));
		int64_t count = bn_json_int(one, "count", 0) + 1;
		json_object_set_new(one, "count", json_integer(count));
		size_t to = k;
		while (to > 0 && bn_json_int(json_array_get(counts, to - 1), "count", 0) < count)
			to--;
		json_array_remove(counts, k);
		json_array_insert_new(counts, to, one);
	}
	return counts;
}

/* The values of the kept failing rows, and their numbers. */
static int complete(json_t *result, const bn_expect_item *item, const json_t *config,
	bn_table_reader *table, bn_err *err)
{
	bn_check_run run = {.table = table, .schema = bn_table_schema(table)};
	json_t *texts = bn_check_columns(
		bn_json_str(config, "type", ""), json_object_get(config, "kwargs"));
	json_t *values = json_array(), *rows = json_array();
	size_t n = json_array_size(texts), *columns = bn_alloc_zeroed(n + 1, sizeof *columns);
	int rc = texts && values && rows && columns ? 0 : bn_err_nomem(err, "failing rows");
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = bn_schema_need(run.schema, json_string_value(json_array_get(texts, i)),
			&columns[i], err);
	for (size_t i = 0; rc == 0 && n && i < item->row_count; i++) {
		json_t *value = NULL;
		if ((rc = bn_check_row_value(&value, &run, item->rows[i], columns, n, err)) < 0)
			break;
		if (json_array_append_new(values, value) ||
			json_array_append_new(rows, json_integer((json_int_t)item->rows[i])))
			rc = bn_err_nomem(err, "failing rows");
	}
	if (rc < 0)
		goto out;
	if (json_object_set(result, "unexpected_list", values) ||
		json_object_set(result, "unexpected_index_list", rows))
		rc = bn_err_nomem(err, "failing rows");
out:
	json_decref(texts);
	json_decref(values);
	json_decref(rows);
	bn_free(columns);
	return rc;
}

static int shape_one(
	const bn_expect_item *item, const json_t *one, bn_table_reader *table, bn_shape shape, bn_err *err)
{
	const json_t *config = json_object_get(one, "expectation_config");
	json_t *result = json_object_get(one, "result");
	const json_t *partial = json_object_get(result, "partial_unexpected_list");
	bn_shape of = own_shape(json_object_get(config, "kwargs"), shape);
	if (of == BN_SHAPE_BOOLEAN_ONLY) {
		json_object_clear(result);
		return 0;
	}
	if (of == BN_SHAPE_BASIC) {
		json_object_del(result, "partial_unexpected_index_list");
		return 0;
	}
	if (!partial)
		return 0;
	if (json_object_set_new(result, "partial_unexpected_counts", counts_json(partial)))
		return bn_err_nomem(err, "the result of a check");
	return of == BN_SHAPE_COMPLETE ? complete(result, item, config, table, err) : 0;
}

int bn_shape_apply(bn_expect_result *r, bn_table_reader *table, bn_shape shape, bn_err *err)
{
	const json_t *results = json_object_get(r->document, "results");
	int rc = 0;
	for (size_t i = 0; i < r->count && rc == 0; i++)
		rc = shape_one(&r->items[i], json_array_get(results, i), table, shape, err);
	return rc;
}
