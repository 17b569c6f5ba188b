/* found.c - see found.h. */
#include "core/check/found.h"

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_BYTES 160 /* of a row */

/* A value of the table by all its digits. */
static void add_value(bn_buf *b, const json_t *v)
{
	char digits[BN_FMT];

	if (json_is_real(v)) {
		bn_buf_adds(b, bn_fmt_f64(json_real_value(v), digits));
		bn_buf_adds(b, strpbrk(digits, ".e") ? "" : ".0");
		return;
	}
	char *text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	bn_buf_adds(b, text ? text : "");
	free(text);
}

/* ": 1, 2, ..." for the first few of a list. */
static void add_values(bn_buf *b, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list) && i < 3; i++) {
		bn_buf_adds(b, i ? ", " : ": ");
		add_value(b, json_array_get(list, i));
	}
	bn_buf_adds(b, json_array_size(list) > 3 ? ", ..." : "");
}

/* ": {...}", the first of a list, cut. */
static void add_first(bn_buf *b, const json_t *list)
{
	char *text = json_dumps(json_array_get(list, 0), JSON_ENCODE_ANY | JSON_COMPACT);
	size_t n = text ? strlen(text) : 0, shown = text ? bn_utf8_head(text, n, FIRST_BYTES) : 0;
	if (text)
		bn_buf_addf(b, ": %.*s%s", (int)shown, text, shown < n ? "..." : "");
	free(text);
}

/* "3 of 1440 instants missing: {...}". */
static void add_gaps(bn_buf *b, const json_t *observed, const json_t *gaps)
{
	bn_buf_addf(b, "%lld of %lld instants missing", (long long)bn_json_int(observed, "missing", 0),
		(long long)bn_json_int(observed, "expected", 0));
	if (json_array_size(gaps))
		add_first(b, gaps);
}

/* Late keys, or changes of columns, with the first of them; false: neither. */
static bool add_details(bn_buf *b, const json_t *details)
{
	const json_t *late = json_object_get(details, "late");
	const json_t *changes = json_object_get(details, "changes");
	if (!late && !changes)
		return false;
	if (late)
		bn_buf_addf(b, "%lld of %lld too old", (long long)bn_json_int(details, "late_count", 0),
			(long long)bn_json_int(details, "keys", 0));
	else
		bn_buf_addf(b, "%zu changes", json_array_size(changes));
	if (json_array_size(late ? late : changes))
		add_first(b, late ? late : changes);
	return true;
}

void bn_expect_found(bn_buf *b, const json_t *item)
{
	const json_t *r = json_object_get(item, "result");
	const json_t *info = json_object_get(item, "exception_info");
	const json_t *observed = json_object_get(r, "observed_value");
	const json_t *partial = json_object_get(r, "partial_unexpected_list");
	const json_t *outside = json_object_get(r, "values_outside_set");
	const json_t *absent = json_object_get(r, "values_not_found");
	const json_t *rows = json_object_get(json_object_get(r, "details"), "unexpected_rows");
	const json_t *place = json_object_get(json_object_get(r, "details"), "column_index");
	if (bn_json_bool(info, "raised_exception", false)) {
		bn_buf_adds(b, bn_json_str(info, "exception_message", ""));
		return;
	}
	if (rows) {
		long long n = (long long)bn_json_int(r, "observed_value", 0);
		bn_buf_addf(b, "%lld %s returned", n, n == 1 ? "row" : "rows");
		add_first(b, rows);
		return;
	}
	if (json_object_get(r, "observed_value") && json_object_get(json_object_get(r, "details"), "gaps")) {
		add_gaps(b, observed, json_object_get(json_object_get(r, "details"), "gaps"));
		return;
	}
	if (add_details(b, json_object_get(r, "details")))
		return;
	if (json_object_get(r, "unexpected_count")) {
		bn_buf_addf(b, "%lld of %lld rows",
			(long long)bn_json_int(r, "unexpected_count", 0),
			(long long)bn_json_int(r, "element_count", 0));
		add_values(b, partial);
		return;
	}
	if (json_array_size(outside)) {
		bn_buf_addf(b, "%lld rows outside of the set",
			(long long)bn_json_int(r, "rows_outside_set", 0));
		add_values(b, outside);
	}
	if (json_array_size(absent) && !bn_json_bool(item, "success", false)) {
		bn_buf_addf(b, "%s%lld of the set not found", b->len ? "; " : "",
			(long long)bn_json_int(r, "set_values_missing", 0));
		add_values(b, absent);
	}
	if (json_is_null(place))
		bn_buf_adds(b, "no such column");
	else if (place && !bn_json_bool(item, "success", false))
		bn_buf_addf(b, "it is column %lld", (long long)json_integer_value(place));
	if (json_array_size(observed)) {
		bn_buf_adds(b, "observed");
		add_values(b, observed);
	} else if (observed && !json_is_array(observed)) {
		char *text = json_dumps(
			observed, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(9));
		bn_buf_addf(b, "observed %.200s", text ? text : "");
		free(text);
	}
}
