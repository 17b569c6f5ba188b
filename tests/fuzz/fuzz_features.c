/* Any JSON as features.json: an error, or a pipeline that can be written, read back and applied. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/learn/features.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two rows of every input: present and absent. */
static void apply(const bn_features *f)
{
	static const double numbers[] = {1.5, NAN};
	static const uint8_t first = 1;
	size_t n = bn_features_input_count(f), width = bn_features_width(f);
	bn_column *columns = calloc(n + 1, sizeof *columns);
	int32_t *codes = calloc(2 * n + 1, sizeof *codes);
	double *design = calloc(2 * width + 1, sizeof *design);
	for (size_t i = 0; i < n; i++) {
		const bn_feature_input *in = bn_features_input(f, i);
		codes[2 * i] = (int32_t)in->category_count; /* an unseen category */
		columns[i] = (bn_column){.type = BN_TYPE_FLOAT64, .rows = 2};
		columns[i].f64 = numbers;
		if (in->kind != BN_INPUT_CATEGORY)
			continue;
		columns[i] = (bn_column){
			.type = BN_TYPE_CATEGORY, .rows = 2, .nulls = 1, .validity = &first};
		columns[i].codes = codes + 2 * i;
	}
	bn_batch b = {.rows = 2, .column_count = n, .columns = columns};
	bn_features_apply(f, &b, 0, 2, design);
	free(columns);
	free(codes);
	free(design);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *doc = NULL, *again = NULL;
	bn_features *f = NULL, *back = NULL;
	bn_err err = BN_ERR_INIT;
	if (bn_json_parse(&doc, (const char *)data, size, "fuzz", &err) == 0 &&
		bn_features_from_json(&f, doc, &err) == 0) {
		apply(f);
		if (bn_features_to_json(&again, f, &err) != 0 ||
			bn_features_from_json(&back, again, &err) != 0 ||
			bn_features_width(back) != bn_features_width(f))
			abort();
	}
	json_decref(doc);
	json_decref(again);
	bn_features_free(f);
	bn_features_free(back);
	return 0;
}
