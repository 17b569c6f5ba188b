/* run_ls_values.c - see run_ls.h: what each run of a list has logged, as JSON. */
#include "core/base/json.h"
#include "core/track/series.h"
#include "tui/cli/run_ls.h"

#include <math.h>

static json_t *number_json(double x)
{
	if (isnan(x))
		return json_string("nan");
	if (isinf(x))
		return json_string(x > 0 ? "inf" : "-inf");
	return json_real(x);
}

static void pairs_set(json_t *o, const char *name, const bn_pairs *pairs)
{
	json_t *all = json_object();
	for (size_t i = 0; i < pairs->count; i++)
		json_object_set_new(all, pairs->items[i].key, json_string(pairs->items[i].value));
	json_object_set_new(o, name, all);
}

int bn_run_ls_add_values(json_t *o, bn_workspace *ws, const char *id, bn_err *err)
{
	bn_pairs params = BN_PAIRS_INIT, tags = BN_PAIRS_INIT;
	bn_series_list series = BN_SERIES_LIST_INIT;
	json_t *metrics = json_object();
	int rc;
	if ((rc = bn_run_params(&params, ws, id, err)) < 0 || (rc = bn_run_tags(&tags, ws, id, err)) < 0 ||
		(rc = bn_series_find_all(&series, ws, id, err)) < 0)
		goto out;
	for (size_t i = 0; i < series.count; i++)
		json_object_set_new(metrics, series.items[i].key, number_json(series.items[i].last));
	pairs_set(o, "params", &params);
	json_object_set(o, "metrics", metrics);
	pairs_set(o, "tags", &tags);
out:
	json_decref(metrics);
	bn_pairs_release(&params);
	bn_pairs_release(&tags);
	bn_series_list_release(&series);
	return rc;
}
