/* run_wire.c - see run_wire.h. */
#include "core/api/run_wire.h"

#include "core/api/run_state.h"
#include "core/base/mem.h"
#include "core/track/run_links.h"
#include "core/track/series.h"

#include <float.h>
#include <math.h>
#include <string.h>

void bn_api_places_release(bn_api_places *p)
{
	bn_experiments_release(&p->all);
	p->is_read = false;
}

int bn_api_places_read(bn_api_places *p, bn_workspace *ws, bn_err *err)
{
	int rc = p->is_read ? 0 : bn_experiment_list(&p->all, ws, BN_EXPERIMENTS_ALL, err);
	p->is_read = rc >= 0;
	return rc < 0 ? rc : 0;
}

int bn_api_place_of(const bn_experiment **out, bn_api_places *p, bn_workspace *ws, const char *name,
	bn_err *err)
{
	int rc = bn_api_places_read(p, ws, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < p->all.count; i++) {
		size_t at = (p->last + i) % p->all.count;
		if (strcmp(p->all.items[at].name, name) != 0)
			continue;
		p->last = at;
		*out = &p->all.items[at];
		return 0;
	}
	return bn_err_set(err, BN_ENOTFOUND, "no experiment '%.128s'", name);
}

void bn_api_put_metric_value(bn_wire *w, double value)
{
	if (isinf(value))
		value = value > 0 ? DBL_MAX : -DBL_MAX;
	bn_wire_put_double(w, "value", value);
}

void bn_api_put_metric(bn_wire *w, const char *key, double value, int64_t time_ms, int64_t step)
{
	bn_wire_open(w, NULL, '{');
	bn_wire_put_text(w, "key", key);
	bn_api_put_metric_value(w, value);
	bn_wire_put_int(w, "timestamp", time_ms);
	bn_wire_put_int(w, "step", step);
	bn_wire_close(w, '}');
}

static int put_metrics(bn_wire *w, bn_workspace *ws, const char *id, bn_err *err)
{
	bn_series_list list = BN_SERIES_LIST_INIT;
	int rc = bn_series_find_all(&list, ws, id, err);
	if (rc >= 0 && list.count)
		bn_wire_open(w, "metrics", '[');
	for (size_t i = 0; rc >= 0 && i < list.count; i++)
		bn_api_put_metric(w, list.items[i].key, list.items[i].last,
			list.items[i].last_point_ms, list.items[i].last_step);
	if (rc >= 0 && list.count)
		bn_wire_close(w, ']');
	bn_series_list_release(&list);
	return rc < 0 ? rc : 0;
}

static void put_pairs(bn_wire *w, const char *name, const bn_pairs *pairs)
{
	if (!pairs->count)
		return;
	bn_wire_open(w, name, '[');
	for (size_t i = 0; i < pairs->count; i++)
		bn_wire_put_pair(w, pairs->items[i].key, pairs->items[i].value);
	bn_wire_close(w, ']');
}

/* Runs of other programs get the tags by which MLflow's clients show a name, a parent and a note. */
static void put_tags(bn_wire *w, const bn_pairs *tags, const bn_run_info *info)
{
	const struct {
		const char *key, *value;
	} known[] = {{"mlflow.note.content", info->note}, {"mlflow.parentRunId", info->parent},
		{"mlflow.runName", info->name}};
	if (info->reported) {
		put_pairs(w, "tags", tags);
		return;
	}
	bn_wire_open(w, "tags", '[');
	for (size_t i = 0; i < tags->count; i++)
		bn_wire_put_pair(w, tags->items[i].key, tags->items[i].value);
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (known[i].value && !bn_pairs_get(tags, known[i].key))
			bn_wire_put_pair(w, known[i].key, known[i].value);
	bn_wire_close(w, ']');
}

static int put_data(bn_wire *w, bn_workspace *ws, const bn_run_info *info, bn_err *err)
{
	bn_pairs params = BN_PAIRS_INIT, tags = BN_PAIRS_INIT;
	int rc = 0;
	if ((rc = bn_run_params(&params, ws, info->id, err)) < 0 ||
		(rc = bn_run_tags(&tags, ws, info->id, err)) < 0)
		goto out;
	bn_wire_open(w, "data", '{');
	rc = put_metrics(w, ws, info->id, err);
	put_pairs(w, "params", &params);
	put_tags(w, &tags, info);
	bn_wire_close(w, '}');
out:
	bn_pairs_release(&params);
	bn_pairs_release(&tags);
	return rc;
}

static void put_dataset(bn_wire *w, const bn_dataset_input *d)
{
	bn_wire_open(w, NULL, '{');
	if (d->tags.count)
		put_pairs(w, "tags", &d->tags);
	bn_wire_open(w, "dataset", '{');
	bn_wire_put_text(w, "name", d->name);
	bn_wire_put_text(w, "digest", d->digest);
	bn_wire_put_text(w, "source_type", d->source_type);
	bn_wire_put_text(w, "source", d->source);
	bn_wire_put_text(w, "schema", d->schema);
	bn_wire_put_text(w, "profile", d->profile);
	bn_wire_close(w, '}');
	bn_wire_close(w, '}');
}

static void put_models(
	bn_wire *w, const char *name, const bn_model_link *links, size_t count, bool with_step)
{
	if (!count)
		return;
	bn_wire_open(w, name, '[');
	for (size_t i = 0; i < count; i++) {
		bn_wire_open(w, NULL, '{');
		bn_wire_put_text(w, "model_id", links[i].model);
		if (with_step)
			bn_wire_put_int(w, "step", links[i].step < 0 ? 0 : links[i].step);
		bn_wire_close(w, '}');
	}
	bn_wire_close(w, ']');
}

static int put_links(bn_wire *w, bn_workspace *ws, const char *id, bn_err *err)
{
	bn_run_links links = BN_RUN_LINKS_INIT;
	int rc = bn_run_links_load(&links, ws, id, err);
	for (size_t i = 0; rc >= 0 && i < links.dataset_count; i++)
		rc = bn_dataset_input_load(&links.datasets[i], ws, err);
	if (rc < 0)
		goto out;
	bn_wire_open(w, "inputs", '{');
	if (links.dataset_count)
		bn_wire_open(w, "dataset_inputs", '[');
	for (size_t i = 0; i < links.dataset_count; i++)
		put_dataset(w, &links.datasets[i]);
	if (links.dataset_count)
		bn_wire_close(w, ']');
	put_models(w, "model_inputs", links.inputs, links.input_count, false);
	bn_wire_close(w, '}');
	bn_wire_open(w, "outputs", '{');
	put_models(w, "model_outputs", links.outputs, links.output_count, true);
	bn_wire_close(w, '}');
out:
	bn_run_links_release(&links);
	return rc < 0 ? rc : 0;
}

/* As bn_api_run has it, borrowed from both. */
static int put_info(bn_wire *w, const bn_run_info *info, const bn_experiment *e, bn_err *err)
{
	bn_api_run r = {.name = info->name,
		.status = bn_api_run_status(info->status),
		.end_ms = info->finished_ms,
		.removed = info->removed};
	static char none[] = "";
	bn_buf root = BN_BUF_INIT;
	memcpy(r.id, info->id, sizeof r.id);
	memcpy(r.experiment, e->id, sizeof r.experiment);
	r.user = info->reported ? info->reported_user : info->user;
	if (!r.user)
		r.user = none;
	r.start_ms = info->started_ms >= 0 || info->reported ? info->started_ms : info->created_ms;
	bn_api_experiment_root(&root, e->id, e->artifact_location);
	bn_buf_addf(&root, "/%s/artifacts", info->id);
	r.root = root.ptr;
	bn_api_put_info(w, "info", &r);
	int rc = bn_buf_check(&root, err, "a run");
	bn_buf_release(&root);
	return rc;
}

int bn_api_put_run(bn_wire *w, const char *name, bn_api_call *c, bn_api_places *places,
	const char *id, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	bn_run_info *info = NULL;
	const bn_experiment *e = NULL;
	int rc = bn_run_get(&info, c->ws, id, &why);
	if (rc == BN_ENOTFOUND)
		return bn_api_refuse(
			c, BN_API_RESOURCE_DOES_NOT_EXIST, "Run with id=%s not found", id);
	if (rc < 0)
		return bn_err_move(err, &why);
	if ((rc = bn_api_place_of(&e, places, c->ws, info->experiment, err)) < 0)
		goto out;
	bn_wire_open(w, name, '{');
	if ((rc = put_info(w, info, e, err)) < 0 || (rc = put_data(w, c->ws, info, err)) < 0 ||
		(rc = put_links(w, c->ws, id, err)) < 0)
		goto out;
	bn_wire_close(w, '}');
out:
	bn_run_info_free(info);
	return rc;
}
