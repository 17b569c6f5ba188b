/* suite_cases.c - see suite_cases.h. */
#include "core/ci/suite_cases.h"

#include "core/base/json.h"
#include "core/base/str.h"
#include "core/check/found.h"

/* "jobs: column_values_to_be_between age" */
static const char *check_name(bn_ci_report *r, const char *of, const json_t *config)
{
	const char *type = bn_json_str(config, "type", "");
	json_t *columns = bn_check_columns(type, json_object_get(config, "kwargs"));
	bn_buf b = BN_BUF_INIT;
	bn_buf_addf(&b, "%s: %s", of, bn_str_starts(type, "expect_") ? type + 7 : type);
	for (size_t i = 0; i < json_array_size(columns); i++)
		bn_buf_addf(
			&b, "%s %s", i ? "," : "", json_string_value(json_array_get(columns, i)));
	const char *name = bn_ci_report_keep(r, b.ptr);
	json_decref(columns);
	bn_buf_release(&b);
	return name ? name : "";
}

/* The rows that fail, counted from 0 as everywhere. */
static void rows_keep(bn_ci_report *r, bn_ci_case *one, const bn_expect_item *item)
{
	bn_buf b = BN_BUF_INIT;
	size_t n = item->row_count < BN_EXPECT_PARTIAL ? item->row_count : BN_EXPECT_PARTIAL;
	for (size_t i = 0; i < n; i++)
		bn_buf_addf(&b, "%s%llu", i ? ", " : "rows ", (unsigned long long)item->rows[i]);
	if (item->unexpected > n && n)
		bn_buf_addf(&b, " and %llu more", (unsigned long long)(item->unexpected - n));
	if (n)
		one->details = bn_ci_report_keep(r, b.ptr);
	bn_buf_release(&b);
}

void bn_ci_report_add_checks(
	bn_ci_report *r, const char *group, const char *of, const bn_expect_result *result)
{
	const json_t *results = json_object_get(result->document, "results");
	bn_buf found = BN_BUF_INIT;
	for (size_t i = 0; i < result->count; i++) {
		const json_t *one = json_array_get(results, i);
		const json_t *config = json_object_get(one, "expectation_config");
		const bn_expect_item *item = &result->items[i];
		bn_ci_verdict failed = item->raised ? BN_CI_INCONCLUSIVE : BN_CI_FAIL;
		bn_buf_clear(&found);
		bn_expect_found(&found, one);
		bn_ci_case *added = bn_ci_report_add(r, group, check_name(r, of, config),
			item->success ? BN_CI_PASS : failed, "%s", found.ptr);
		added->warns = item->severity < BN_SEVERITY_CRITICAL;
		if (!item->success)
			rows_keep(r, added, item);
	}
	r->failed = r->failed || found.failed;
	bn_buf_release(&found);
}
