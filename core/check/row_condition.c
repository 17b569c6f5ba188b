/* row_condition.c - see row_condition.h. */
#include "core/check/row_condition.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/table/expr/eval.h"
#include "core/table/scan.h"

#include <string.h>

static const char *condition_of(const json_t *kwargs)
{
	return bn_json_str(kwargs, "row_condition", NULL);
}

int bn_row_condition_open(
	bn_table_reader **out, bn_table_reader *table, const json_t *kwargs, bn_err *err)
{
	const char *text = condition_of(kwargs);
	const char *parser = bn_json_str(kwargs, "condition_parser", "pandas");
	bn_expr *where = NULL;
	*out = NULL;
	if (!text)
		return 0;
	if (strcmp(parser, "pandas") != 0) {
		bn_err_set(
			err, BN_EUNSUPPORTED, "condition_parser '%.60s' is not supported", parser);
		bn_err_hint(
			err, "write \"x > 5 and state == 'FAILED'\", with condition_parser pandas");
		return BN_EUNSUPPORTED;
	}
	int rc = bn_expr_of_rows(
		&where, text, "row_condition", bn_table_schema(table), BN_EXPR_BOOL, err);
	if (rc < 0)
		return rc;
	const bn_scan scan = {.where = where};
	rc = bn_table_scan(out, table, &scan, err);
	bn_expr_free(where);
	return rc;
}

int bn_row_condition_renumber(
	bn_expect_item *item, json_t *result, const bn_table_reader *some, bn_err *err)
{
	json_t *list = json_object_get(result, "partial_unexpected_index_list");
	for (size_t i = 0; i < json_array_size(list); i++) {
		uint64_t row = bn_table_origin(
			some, (uint64_t)json_integer_value(json_array_get(list, i)));
		if (json_array_set_new(list, i, json_integer((json_int_t)row)))
			return bn_err_nomem(err, "the result of a check");
	}
	if (!item->row_count)
		return 0;
	int64_t *origins = bn_alloc((bn_table_rows(some) + 1) * sizeof *origins);
	int rc = origins ? bn_table_origins(origins, some, err) : bn_err_nomem(err, "row numbers");
	for (size_t i = 0; rc >= 0 && i < item->row_count; i++)
		item->rows[i] = (uint64_t)origins[item->rows[i]];
	bn_free(origins);
	return rc;
}
