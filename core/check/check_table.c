/* check_table.c - checks of a table's shape and of the types of its columns. */
#include "core/base/json.h"
#include "core/check/_check_run.h"

#include <string.h>

static int result_observed(bn_check_run *run, bool success, json_t *observed, bn_err *err)
{
	run->item->success = success;
	if (!observed || json_object_set_new(run->result, "observed_value", observed))
		return bn_err_nomem(err, "the result of a check");
	return 0;
}

static int count_between(bn_check_run *run, int64_t n, bn_err *err)
{
	bn_check_range r;
	int rc = bn_check_range_read(&r, run->kwargs, BN_TYPE_INT64, err);
	return rc ? rc : result_observed(run, bn_check_range_has_int(&r, n), json_integer(n), err);
}

static int count_equal(bn_check_run *run, int64_t n, bn_err *err)
{
	double want = json_number_value(json_object_get(run->kwargs, "value"));
	return result_observed(run, (double)n == want, json_integer(n), err);
}

int bn_check_row_count_between(bn_check_run *run, bn_err *err)
{
	return count_between(run, (int64_t)bn_table_rows(run->table), err);
}

int bn_check_row_count_equal(bn_check_run *run, bn_err *err)
{
	return count_equal(run, (int64_t)bn_table_rows(run->table), err);
}

int bn_check_column_count_between(bn_check_run *run, bn_err *err)
{
	return count_between(run, (int64_t)run->schema->count, err);
}

int bn_check_column_count_equal(bn_check_run *run, bn_err *err)
{
	return count_equal(run, (int64_t)run->schema->count, err);
}

static json_t *column_names(const bn_schema *s)
{
	json_t *names = json_array();
	for (size_t i = 0; names && i < s->count; i++)
		json_array_append_new(names, json_string(s->fields[i].name));
	return names;
}

int bn_check_columns_ordered(bn_check_run *run, bn_err *err)
{
	const json_t *want = json_object_get(run->kwargs, "column_list");
	size_t n = json_array_size(want), have = run->schema->count;
	json_t *mismatched = json_array();
	for (size_t i = 0; i < (n > have ? n : have); i++) {
		const char *w = json_string_value(json_array_get(want, i));
		const char *h = i < have ? run->schema->fields[i].name : NULL;
		if (w && h && !strcmp(w, h))
			continue;
		json_array_append_new(
			mismatched, json_pack("{s:I, s:s?, s:s?}", "Expected Column Position",
					    (json_int_t)i, "Expected", w, "Found", h));
	}
	bool success = json_array_size(mismatched) == 0;
	if (!success)
		json_object_set_new(
			run->result, "details", json_pack("{s:O}", "mismatched", mismatched));
	json_decref(mismatched);
	return result_observed(run, success, column_names(run->schema), err);
}

int bn_check_columns_set(bn_check_run *run, bn_err *err)
{
	const json_t *want = json_object_get(run->kwargs, "column_set");
	bool exact = bn_json_bool(run->kwargs, "exact_match", true);
	json_t *missing = json_array(), *unexpected = json_array();
	for (size_t i = 0; i < json_array_size(want); i++) {
		const char *name = json_string_value(json_array_get(want, i));
		if (bn_schema_find(run->schema, name) == BN_SCHEMA_NONE)
			json_array_append_new(missing, json_string(name));
	}
	for (size_t c = 0; c < run->schema->count; c++) {
		bool wanted = false;
		for (size_t i = 0; i < json_array_size(want); i++)
			wanted |= !strcmp(run->schema->fields[c].name,
				json_string_value(json_array_get(want, i)));
		if (!wanted)
			json_array_append_new(unexpected, json_string(run->schema->fields[c].name));
	}
	bool success =
		json_array_size(missing) == 0 && (!exact || json_array_size(unexpected) == 0);
	if (!success)
		json_object_set_new(run->result, "details",
			json_pack("{s:{s:O, s:O}}", "mismatched", "missing", missing, "unexpected",
				unexpected));
	json_decref(missing);
	json_decref(unexpected);
	return result_observed(run, success, column_names(run->schema), err);
}

int bn_check_column_exists(bn_check_run *run, bn_err *err)
{
	const char *name = bn_json_str(run->kwargs, "column", "");
	int64_t index = bn_json_int(run->kwargs, "column_index", 0);
	size_t at = bn_schema_find(run->schema, name);
	/* As in GX, index 0 is ignored; a negative one counts from the end. */
	if (index < 0)
		index += (int64_t)run->schema->count;
	run->item->success = at != BN_SCHEMA_NONE && (index == 0 || index == (int64_t)at);
	json_t *place = at == BN_SCHEMA_NONE ? json_null() : json_integer((json_int_t)at);
	return json_object_set_new(
		       run->result, "details", json_pack("{s:o}", "column_index", place))
		       ? bn_err_nomem(err, "the result of a check")
		       : 0;
}

/* ---- types --------------------------------------------------------------------------------- */

#define T(type) (1u << BN_TYPE_##type)

/* The names of our types in NumPy, pandas, SQL and Spark. */
static const struct {
	const char *name;
	unsigned types;
} type_names[] = {{"float64", T(FLOAT64)}, {"float", T(FLOAT64)}, {"double", T(FLOAT64)},
	{"Float64Dtype", T(FLOAT64)}, {"FLOAT", T(FLOAT64) | T(FLOAT32)}, {"DOUBLE", T(FLOAT64)},
	{"DOUBLE_PRECISION", T(FLOAT64)}, {"DoubleType", T(FLOAT64)},
	{"NUMERIC", T(FLOAT64) | T(DECIMAL)}, {"float32", T(FLOAT32)}, {"FloatType", T(FLOAT32)},
	{"REAL", T(FLOAT32)}, {"int64", T(INT64)}, {"int", T(INT64)}, {"long", T(INT64)},
	{"Int64Dtype", T(INT64)}, {"BIGINT", T(INT64)}, {"LongType", T(INT64)},
	{"INTEGER", T(INT64) | T(INT32)}, {"int32", T(INT32)}, {"Int32Dtype", T(INT32)},
	{"INT", T(INT64) | T(INT32)}, {"IntegerType", T(INT32)}, {"int8", T(INT8)},
	{"Int8Dtype", T(INT8)}, {"TINYINT", T(INT8)}, {"ByteType", T(INT8)}, {"bool", T(BOOL)},
	{"bool_", T(BOOL)}, {"boolean", T(BOOL)}, {"BooleanDtype", T(BOOL)}, {"BOOLEAN", T(BOOL)},
	{"BooleanType", T(BOOL)}, {"timestamp", T(TIMESTAMP)}, {"datetime64", T(TIMESTAMP)},
	{"datetime64[ns]", T(TIMESTAMP)}, {"datetime64[ns, UTC]", T(TIMESTAMP)},
	{"datetime", T(TIMESTAMP)}, {"DatetimeTZDtype", T(TIMESTAMP)}, {"Timestamp", T(TIMESTAMP)},
	{"DATETIME", T(TIMESTAMP)}, {"TIMESTAMP", T(TIMESTAMP)}, {"TimestampType", T(TIMESTAMP)},
	{"category", T(CATEGORY)}, {"CategoricalDtype", T(CATEGORY)},
	{"CategoricalDtypeType", T(CATEGORY)}, {"string", T(STRING) | T(CATEGORY)},
	{"str", T(STRING) | T(CATEGORY)}, {"object", T(STRING) | T(CATEGORY)},
	{"StringDtype", T(STRING) | T(CATEGORY)}, {"int16", T(INT16)}, {"Int16Dtype", T(INT16)},
	{"SMALLINT", T(INT16)}, {"ShortType", T(INT16)}, {"uint8", T(UINT8)},
	{"UInt8Dtype", T(UINT8)}, {"uint16", T(UINT16)}, {"UInt16Dtype", T(UINT16)},
	{"uint32", T(UINT32)}, {"UInt32Dtype", T(UINT32)}, {"uint64", T(UINT64)},
	{"UInt64Dtype", T(UINT64)}, {"date", T(DATE)}, {"DATE", T(DATE)}, {"DateType", T(DATE)},
	{"time", T(TIME)}, {"TIME", T(TIME)}, {"timedelta64", T(DURATION)},
	{"timedelta64[ns]", T(DURATION)}, {"timedelta", T(DURATION)}, {"duration", T(DURATION)},
	{"INTERVAL", T(DURATION)}, {"decimal", T(DECIMAL)}, {"Decimal", T(DECIMAL)},
	{"DECIMAL", T(DECIMAL)}, {"DecimalType", T(DECIMAL)}, {"bytes", T(BINARY)},
	{"binary", T(BINARY)}, {"BINARY", T(BINARY)}, {"BinaryType", T(BINARY)},
	{"list", T(LIST) | T(FIXED)}, {"ARRAY", T(LIST) | T(FIXED)},
	{"ArrayType", T(LIST) | T(FIXED)}, {"VARCHAR", T(STRING) | T(CATEGORY)},
	{"TEXT", T(STRING) | T(CATEGORY)}, {"CHAR", T(STRING) | T(CATEGORY)},
	{"StringType", T(STRING) | T(CATEGORY)}};

static unsigned types_of(const char *name)
{
	for (size_t i = 0; i < sizeof type_names / sizeof *type_names; i++)
		if (!strcmp(type_names[i].name, name))
			return type_names[i].types;
	return 0; /* as in GX: no column has an unknown type */
}

/* name: our name of one type, or "". */
static int type_result(bn_check_run *run, unsigned types, const char *name, bn_err *err)
{
	size_t column;
	int rc = bn_check_column(run, "column", &column, err);
	if (rc)
		return rc;
	const bn_field *f = &run->schema->fields[column];
	char text[BN_TYPE_TEXT];
	bn_field_type_text(f, text);
	return result_observed(
		run, (types >> f->type & 1) != 0 || !strcmp(text, name), json_string(text), err);
}

int bn_check_of_type(bn_check_run *run, bn_err *err)
{
	const char *name = bn_json_str(run->kwargs, "type_", "");
	return type_result(run, types_of(name), name, err);
}

int bn_check_in_type_list(bn_check_run *run, bn_err *err)
{
	const json_t *list = json_object_get(run->kwargs, "type_list");
	unsigned types = 0;
	for (size_t i = 0; i < json_array_size(list); i++)
		types |= types_of(json_string_value(json_array_get(list, i)));
	return type_result(run, types, "", err);
}

int bn_check_type_is(bn_check_run *run, bn_err *err)
{
	return bn_check_of_type(run, err);
}
