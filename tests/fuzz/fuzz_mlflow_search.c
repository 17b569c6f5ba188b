/* Any text as a filter and an order_by of MLflow's dialect, for each kind: BN_EINVAL with a message, or a search that
 * runs over rows in memory. The first byte is the kind, the order follows a line feed. */
#include "core/base/mem.h"
#include "core/track/mlflow_search.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool value(void *ctx, size_t row, bn_mlflow_entity entity, const char *key, size_t nth,
	bn_mlflow_value *out)
{
	(void)ctx;
	(void)entity;
	if (nth > 1 || row == 2)
		return false;
	*out = (bn_mlflow_value){
		.text = row ? "a" : key, .number = row ? (double)NAN : 1, .time_ms = (int64_t)row};
	return true;
}

static void search(bn_mlflow_kind kind, const char *filter, const char *order)
{
	const bn_mlflow_rows rows = {3, value, NULL};
	const bn_mlflow_order logged = {.field = order, .descending = true};
	bn_mlflow_search *s = NULL;
	bn_err err = BN_ERR_INIT;
	size_t *found = NULL, n = 0;
	int rc =
		kind == BN_MLFLOW_LOGGED_MODELS
			? bn_mlflow_search_logged(&s, filter, &logged, order != NULL, NULL, 0, &err)
			: bn_mlflow_search_new(&s, kind, filter, &order, order != NULL, &err);
	if (rc < 0) {
		if (rc != BN_EINVAL || !err.msg[0])
			abort();
		return;
	}
	if (bn_mlflow_search_rows(&found, &n, s, &rows, &err) != 0 || n > 3)
		abort();
	bn_free(found);
	bn_mlflow_search_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	char *text = malloc(size);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	char *order = strchr(text, '\n');
	if (order)
		*order++ = '\0';
	search((bn_mlflow_kind)(*data % 5), text, order);
	free(text);
	return 0;
}
