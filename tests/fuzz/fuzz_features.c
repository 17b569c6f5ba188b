/* Any JSON as features.json: an error, or a pipeline that writes, reads back and transforms. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/learn/features.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Two rows of every input: a number and a hole. */
static void transform(const bn_features *f)
{
	static const double numbers[] = {1.5, 0.0};
	static const uint8_t first = 1;
	size_t n = bn_features_input_count(f), width = bn_features_width(f);
	bn_column_view *columns = calloc(n, sizeof *columns);
	double *design = calloc(2 * width + 1, sizeof *design);
	bn_err err = BN_ERR_INIT;
	for (size_t i = 0; i < n; i++)
		columns[i] = (bn_column_view){.name = bn_features_input(f, i)->name,
			.kind = BN_VIEW_NUMBER,
			.rows = 2,
			.numbers = numbers,
			.validity = &first};
	bn_frame_view frame = {columns, n, 2};
	if (bn_features_transform(f, &frame, design, NULL, &err) != 0)
		abort();
	free(columns);
	free(design);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *doc = NULL, *again = NULL;
	bn_features *f = NULL, *back = NULL;
	bn_err err = BN_ERR_INIT;
	if (bn_json_parse(&doc, (const char *)data, size, "fuzz", &err) == 0 &&
		bn_features_from_json(&f, doc, &err) == 0) {
		transform(f);
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
