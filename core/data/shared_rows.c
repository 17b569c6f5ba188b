/* shared_rows.c - see shared_rows.h. */
#include "core/data/shared_rows.h"

#include "core/base/json.h"

#include <string.h>

static bool is_child_of(const bn_dataset_version *v, const bn_dataset_version *parent)
{
	for (size_t i = 0; i < v->parent_count; i++)
		if (!strcmp(v->parents[i].hash, parent->hash))
			return true;
	return false;
}

/* The recipe that made the part; NULL if v is not part of a split. */
static json_t *split_of(const bn_dataset_version *v)
{
	json_t *recipe = v->recipe && v->parent_count ? json_loads(v->recipe, 0, NULL) : NULL;
	const char *what = recipe ? bn_json_str(recipe, "do", "") : "";
	if (strcmp(what, "split") != 0) {
		json_decref(recipe);
		return NULL;
	}
	return recipe;
}

/* The test part of a fold shares no row with the inner folds of its training part. */
static bool is_test_of(const json_t *test, const json_t *inner)
{
	return !strcmp(bn_json_str(test, "part", ""), "test") && !json_object_get(test, "inner_fold") &&
	       json_object_get(inner, "inner_fold");
}

/* Whether both were made by one split, and of folds, for one fold. Changes the recipes. */
static bool is_one_split(json_t *x, json_t *y)
{
	bool outer = is_test_of(x, y) || is_test_of(y, x);

	for (int i = 0; i < 2; i++) {
		json_object_del(i ? x : y, "part");
		if (outer)
			json_object_del(i ? x : y, "inner_fold");
	}
	return json_equal(x, y);
}

bn_shared_rows bn_dataset_shared_rows(const bn_dataset_version *a, const bn_dataset_version *b)
{
	bn_shared_rows found = BN_ROWS_APART;
	if (!strcmp(a->hash, b->hash))
		return BN_ROWS_SAME;
	if (is_child_of(a, b) || is_child_of(b, a))
		return BN_ROWS_MADE_FROM;
	json_t *x = split_of(a), *y = split_of(b);
	if (x && y && !strcmp(a->parents[0].name, b->parents[0].name) &&
		(strcmp(a->parents[0].hash, b->parents[0].hash) != 0 || !is_one_split(x, y)))
		found = BN_ROWS_OTHER_SPLITS;
	json_decref(x);
	json_decref(y);
	return found;
}
