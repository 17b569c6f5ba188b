/*
 * search.c - the routes that search runs, experiments and datasets. MLflow's filters and orders are those of
 * core/track/mlflow_search.h.
 */
#include "core/api/_routes.h"
#include "core/api/run_state.h"
#include "core/api/run_wire.h"

#include "core/base/mem.h"
#include "core/track/mlflow_search.h"
#include "core/track/run_links.h"

#include <string.h>

enum { RESULTS_MOST = 50000, RUNS_DEFAULT = 1000, DATASET_EXPERIMENTS_MOST = 20 };

static const char *const views[] = {"", "ACTIVE_ONLY", "DELETED_ONLY", "ALL", NULL};

static bn_mlflow_view view_of(const json_t *request, const char *name)
{
	int view = bn_wire_enum(request, name, views);
	return view < 1 ? BN_MLFLOW_ACTIVE_ONLY : (bn_mlflow_view)(view - 1);
}

static int check_results(bn_api_call *c, int64_t most)
{
	if (most <= 0)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Invalid value %lld for parameter 'max_results' supplied. It must be a "
			"positive integer",
			(long long)most);
	if (most > RESULTS_MOST)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"Invalid value %lld for parameter 'max_results' supplied. It must be at "
			"most "
			"%d",
			(long long)most, RESULTS_MOST);
	return 0;
}

/* Of the request's filter and order_by. */
static int search_new(bn_mlflow_search **out, bn_api_call *c, bn_mlflow_kind kind, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	const json_t *order = json_object_get(c->body, "order_by");
	size_t n = json_array_size(order);
	const char **items = bn_alloc_zeroed(n + 1, sizeof *items);
	if (!items)
		return bn_err_nomem(err, "a search");
	for (size_t i = 0; i < n; i++)
		items[i] = json_string_value(json_array_get(order, i));
	int rc = bn_mlflow_search_new(out, kind, bn_wire_text(c->body, "filter"), items, n, &why);
	bn_free(items);
	if (rc == BN_EINVAL)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE, "%s", why.msg);
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

/* ---- runs ----------------------------------------------------------------------------------- */

static const bn_wire_field runs_fields[] = {BN_WIRE_FIELD("experiment_ids", TEXTS, 0),
	BN_WIRE_FIELD("filter", TEXT, 0), BN_WIRE_WORD("run_view_type", ENUM, BN_WIRE_LOOSE, views),
	BN_WIRE_AT_MOST("max_results", 0, RESULTS_MOST), BN_WIRE_FIELD("order_by", TEXTS, 0),
	BN_WIRE_FIELD("page_token", TEXT, BN_WIRE_LOOSE), {0}};

typedef struct wanted {
	bn_mlflow_experiment *items;
	char **roots; /* of the items */
	size_t count;
} wanted;

static void wanted_release(wanted *w)
{
	for (size_t i = 0; i < w->count; i++)
		bn_free(w->roots[i]);
	bn_free(w->roots);
	bn_free(w->items);
}

static bool is_among(const json_t *ids, const char *id)
{
	for (size_t i = 0; i < json_array_size(ids); i++)
		if (!strcmp(json_string_value(json_array_get(ids, i)), id))
			return true;
	return false;
}

static bool is_known(const bn_api_places *places, const char *id)
{
	for (size_t i = 0; i < places->all.count; i++)
		if (!strcmp(places->all.items[i].id, id))
			return true;
	return false;
}

/* Those that exist; unknown ids find nothing. */
static int choose_experiments(wanted *w, bn_api_call *c, bn_api_places *places, bn_err *err)
{
	const json_t *ids = json_object_get(c->body, "experiment_ids");
	int rc = bn_api_places_read(places, c->ws, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < json_array_size(ids); i++) {
		const char *id = json_string_value(json_array_get(ids, i));
		if (id[strspn(id, "0123456789")] && !is_known(places, id))
			return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
				"Invalid experiment ID '%s'. Experiment ID must be a valid "
				"integer.",
				id);
	}
	w->items = bn_alloc_zeroed(places->all.count + 1, sizeof *w->items);
	w->roots = bn_alloc_zeroed(places->all.count + 1, sizeof *w->roots);
	if (!w->items || !w->roots)
		return bn_err_nomem(err, "a search");
	for (size_t i = 0; i < places->all.count; i++) {
		const bn_experiment *e = &places->all.items[i];
		bn_buf root = BN_BUF_INIT;
		if (!is_among(ids, e->id))
			continue;
		bn_api_experiment_root(&root, e->id, e->artifact_location);
		if (!(w->roots[w->count] = bn_buf_take(&root, NULL)))
			return bn_err_nomem(err, "a search");
		w->items[w->count] = (bn_mlflow_experiment){e->first, w->roots[w->count]};
		w->count++;
	}
	return 0;
}

static int put_runs(bn_api_call *c, bn_api_places *places, const bn_mlflow_runs *runs, int64_t from,
	bn_err *err)
{
	bn_wire w = bn_api_answer(c);
	int rc = 0;
	if (runs->count)
		bn_wire_open(&w, "runs", '[');
	for (size_t i = 0; i < runs->count && rc >= 0; i++)
		rc = bn_api_put_run(&w, NULL, c, places, runs->items[i].id, err);
	if (runs->count)
		bn_wire_close(&w, ']');
	if (from + (int64_t)runs->count < runs->matched)
		bn_wire_put_token(&w, from + (int64_t)runs->count);
	bn_wire_close(&w, '}');
	return rc;
}

/* One transaction for all runs of an answer, so that SQLite locks its file once. */
static int begin_reading(bn_api_call *c, bn_err *err)
{
	return bn_sql_run(bn_workspace_index(c->ws), err, "BEGIN", "");
}

static void end_reading(bn_api_call *c)
{
	bn_sql_run(bn_workspace_index(c->ws), NULL, "COMMIT", "");
}

static int search_runs(bn_api_call *c, bn_err *err)
{
	bn_mlflow_search *search = NULL;
	bn_mlflow_runs runs = {0};
	bn_api_places places = BN_API_PLACES_INIT;
	wanted in = {0};
	int64_t most = RUNS_DEFAULT, from = 0;
	int rc = 0;
	bn_wire_int(c->body, "max_results", &most);
	if ((rc = check_results(c, most)) < 0 ||
		(rc = search_new(&search, c, BN_MLFLOW_RUNS, err)) < 0 ||
		(rc = bn_wire_token(bn_wire_text(c->body, "page_token"), &from, &c->fault)) < 0 ||
		(rc = choose_experiments(&in, c, &places, err)) < 0)
		goto out;
	const bn_mlflow_scope scope = {.experiments = in.items,
		.experiment_count = in.count,
		.view = view_of(c->body, "run_view_type"),
		.offset = from,
		.limit = most};
	if (in.count && (rc = bn_mlflow_search_runs(&runs, c->ws, search, &scope, err)) < 0)
		goto out;
	if ((rc = begin_reading(c, err)) < 0)
		goto out;
	rc = put_runs(c, &places, &runs, from, err);
	end_reading(c);
out:
	bn_mlflow_runs_release(&runs);
	bn_mlflow_search_free(search);
	bn_api_places_release(&places);
	wanted_release(&in);
	return rc;
}
const bn_api_about bn_api_runs_search = {
	search_runs, runs_fields, BN_API_READER, BN_API_READS, NULL, NULL};

/* ---- experiments ---------------------------------------------------------------------------- */

static const bn_wire_field experiments_fields[] = {
	BN_WIRE_WORD("view_type", ENUM, BN_WIRE_LOOSE, views), BN_WIRE_FIELD("max_results", INT, 0),
	BN_WIRE_FIELD("order_by", TEXTS, 0), BN_WIRE_FIELD("filter", TEXT, 0),
	BN_WIRE_FIELD("page_token", TEXT, BN_WIRE_LOOSE), {0}};

static bool attribute_of(const bn_experiment *e, const char *key, bn_mlflow_value *out)
{
	if (!strcmp(key, "name"))
		out->text = bn_api_experiment_name(e->name);
	else if (!strcmp(key, "experiment_id"))
		out->text = e->id;
	else if (!strcmp(key, "creation_time"))
		out->number = (double)e->created_ms;
	else if (!strcmp(key, "last_update_time"))
		out->number = (double)e->updated_ms;
	else
		return false;
	return out->text || out->number >= 0;
}

static bool value_of(void *ctx, size_t row, bn_mlflow_entity entity, const char *key, size_t nth,
	bn_mlflow_value *out)
{
	const bn_experiments *all = ctx;
	const bn_experiment *e = &all->items[row];
	*out = (bn_mlflow_value){.text = NULL};
	if (nth)
		return false;
	if (entity == BN_MLFLOW_ATTRIBUTE)
		return attribute_of(e, key, out);
	if (entity == BN_MLFLOW_TAG)
		out->text = bn_pairs_get(&e->tags, key);
	return out->text != NULL;
}

static int search_experiments(bn_api_call *c, bn_err *err)
{
	bn_experiments all = BN_EXPERIMENTS_INIT;
	bn_mlflow_search *search = NULL;
	size_t *found = NULL, count = 0;
	int64_t most = 0, from = 0;
	int rc = 0;
	bn_wire_int(c->body, "max_results", &most);
	if ((rc = check_results(c, most)) < 0 ||
		(rc = search_new(&search, c, BN_MLFLOW_EXPERIMENTS, err)) < 0 ||
		(rc = bn_wire_token(bn_wire_text(c->body, "page_token"), &from, &c->fault)) < 0 ||
		(rc = bn_experiment_list(
			 &all, c->ws, (bn_experiment_view)view_of(c->body, "view_type"), err)) < 0)
		goto out;
	const bn_mlflow_rows rows = {.count = all.count, .value = value_of, .ctx = &all};
	if ((rc = bn_mlflow_search_rows(&found, &count, search, &rows, err)) < 0)
		goto out;
	bn_wire w = bn_api_answer(c);
	size_t at = (size_t)from < count ? (size_t)from : count;
	size_t end = count - at > (size_t)most ? at + (size_t)most : count;
	if (at < end)
		bn_wire_open(&w, "experiments", '[');
	for (size_t i = at; i < end; i++)
		bn_api_put_experiment(&w, NULL, &all.items[found[i]]);
	if (at < end)
		bn_wire_close(&w, ']');
	if (end < count)
		bn_wire_put_token(&w, (int64_t)end);
	bn_wire_close(&w, '}');
out:
	bn_free(found);
	bn_mlflow_search_free(search);
	bn_experiments_release(&all);
	return rc;
}
const bn_api_about bn_api_experiments_search = {
	search_experiments, experiments_fields, BN_API_READER, BN_API_READS, NULL, NULL};

/* ---- datasets ------------------------------------------------------------------------------- */

static const bn_wire_field datasets_fields[] = {
	BN_WIRE_FIELD("experiment_ids", TEXTS, BN_WIRE_LOOSE), {0}};

static void put_summary(bn_wire *w, const char *experiment, const bn_dataset_summary *s)
{
	bn_wire_open(w, NULL, '{');
	bn_wire_put_text(w, "experiment_id", experiment);
	bn_wire_put_text(w, "name", s->name);
	bn_wire_put_text(w, "digest", s->digest);
	bn_wire_put_text(w, "context", s->context);
	bn_wire_close(w, '}');
}

static int search_datasets(bn_api_call *c, bn_err *err)
{
	const json_t *ids = json_object_get(c->body, "experiment_ids");
	bn_api_places places = BN_API_PLACES_INIT;
	bool any = false;
	int rc = 0;
	if (!json_array_size(ids))
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"SearchDatasets request must specify at least one experiment_id.");
	if (json_array_size(ids) > DATASET_EXPERIMENTS_MOST)
		return bn_api_refuse(c, BN_API_INVALID_PARAMETER_VALUE,
			"SearchDatasets request cannot specify more than %d experiment_ids. "
			"Received "
			"%zu experiment_ids.",
			DATASET_EXPERIMENTS_MOST, json_array_size(ids));
	if ((rc = bn_api_places_read(&places, c->ws, err)) < 0)
		goto out;
	bn_wire w = bn_api_answer(c);
	for (size_t i = 0; i < places.all.count && rc >= 0; i++) {
		bn_dataset_summaries list = {0};
		const bn_experiment *e = &places.all.items[i];
		if (!is_among(ids, e->id))
			continue;
		rc = bn_dataset_summaries_load(&list, c->ws, e->first, err);
		for (size_t k = 0; k < list.count; k++) {
			if (!any)
				bn_wire_open(&w, "dataset_summaries", '[');
			any = true;
			put_summary(&w, e->id, &list.items[k]);
		}
		bn_dataset_summaries_release(&list);
	}
	if (any)
		bn_wire_close(&w, ']');
	bn_wire_close(&w, '}');
out:
	bn_api_places_release(&places);
	return rc;
}
const bn_api_about bn_api_datasets_search = {
	search_datasets, datasets_fields, BN_API_READER, BN_API_READS, NULL, NULL};
