/* Any bytes as a suite: an error with a message, or a suite that reads back equal and runs on a small table. */
#include "core/base/json.h"
#include "core/check/expect.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Columns f, i, s, t, b with absent values; made once. */
static bn_table_reader *small_table(void)
{
	static bn_table_reader *table;
	static const char *const texts[] = {"abc", "", "node-01", "\xc3\xa9"};
	bn_err err = BN_ERR_INIT;
	bn_schema s = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	char path[64];
	if (table)
		return table;
	snprintf(path, sizeof path, "/tmp/bn-fuzz-suite-%ld", (long)getpid());
	if (bn_schema_add(&s, "f", BN_TYPE_FLOAT64, true, NULL, &err) ||
		bn_schema_add(&s, "i", BN_TYPE_INT64, true, NULL, &err) ||
		bn_schema_add(&s, "s", BN_TYPE_STRING, true, NULL, &err) ||
		bn_schema_add(&s, "t", BN_TYPE_TIMESTAMP, true, NULL, &err) ||
		bn_schema_add(&s, "b", BN_TYPE_BOOL, true, NULL, &err) ||
		bn_schema_add(&s, "c", BN_TYPE_CATEGORY, true, NULL, &err) ||
		bn_table_create(&w, bn_env_real(), NULL, path, &s, &err))
		abort();
	for (int r = 0; r < 12; r++) {
		const char *text = texts[r % 4];
		if (r % 5) {
			bn_table_row_f64(w, 0, r * 0.5 - 2);
			bn_table_row_text(w, 2, text, strlen(text));
			bn_table_row_bool(w, 4, r & 1);
		}
		if (r % 3) {
			bn_table_row_i64(w, 1, r);
			bn_table_row_i64(w, 3, r * INT64_C(86400000000000));
			bn_table_row_text(w, 5, text, strlen(text));
		}
		if (bn_table_row_end(w, &err))
			abort();
	}
	if (bn_table_writer_finish(w, &err) || bn_table_open(&table, bn_env_real(), path, &err))
		abort();
	bn_table_writer_free(w);
	bn_schema_release(&s);
	unlink(path);
	return table;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bn_suite *suite = NULL, *again = NULL;
	bn_expect_result *result = NULL;
	json_t *doc = NULL, *back = NULL;
	bn_err err = BN_ERR_INIT;
	if (bn_suite_parse(&suite, (const char *)data, size, "fuzz", &err)) {
		if (!err.msg[0])
			abort();
		return 0;
	}
	if (bn_suite_to_json(&doc, suite, &err) || bn_suite_from_json(&again, doc, "again", &err) ||
		bn_suite_to_json(&back, again, &err) || !json_equal(doc, back))
		abort();
	if (suite->count < 50 && bn_expect_run(&result, small_table(), suite, NULL, &err))
		abort();
	for (size_t i = 0; result && i < result->count; i++)
		if (result->items[i].unexpected > 12)
			abort();
	bn_expect_result_free(result);
	bn_suite_free(suite);
	bn_suite_free(again);
	json_decref(doc);
	json_decref(back);
	return 0;
}
