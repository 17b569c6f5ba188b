/* logged_wire.c - see logged_wire.h. */
#include "core/api/logged_wire.h"

#include "core/api/run_state.h"

const char *bn_api_logged_status(bn_logged_status status)
{
	static const char *const words[] = {
		"LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED"};
	return words[status];
}

int bn_api_logged_root(
	bn_buf *out, bn_api_call *c, bn_api_places *places, const bn_logged_model *m, bn_err *err)
{
	const bn_experiment *e = NULL;
	if (m->artifact_location) {
		bn_buf_adds(out, m->artifact_location);
		return 0;
	}
	int rc = bn_api_place_of(&e, places, c->ws, m->experiment, err);
	if (rc < 0)
		return rc;
	bn_api_experiment_root(out, m->experiment_id, e ? e->artifact_location : NULL);
	bn_buf_addf(out, "/models/%s/artifacts", m->id);
	return 0;
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

static void put_metrics(bn_wire *w, const bn_logged_model *m)
{
	if (!m->metrics.count)
		return;
	bn_wire_open(w, "metrics", '[');
	for (size_t i = 0; i < m->metrics.count; i++) {
		const bn_logged_metric *x = &m->metrics.items[i];
		bn_wire_open(w, NULL, '{');
		bn_wire_put_text(w, "key", x->key);
		bn_api_put_metric_value(w, x->value);
		bn_wire_put_int(w, "timestamp", x->time_ms);
		bn_wire_put_int(w, "step", x->step);
		bn_wire_put_text(w, "dataset_name", x->dataset_name);
		bn_wire_put_text(w, "dataset_digest", x->dataset_digest);
		bn_wire_put_text(w, "model_id", m->id);
		bn_wire_put_text(w, "run_id", x->run);
		bn_wire_close(w, '}');
	}
	bn_wire_close(w, ']');
}

int bn_api_put_logged(bn_wire *w, const char *name, bn_api_call *c, bn_api_places *places,
	const bn_logged_model *m, bn_err *err)
{
	bn_buf root = BN_BUF_INIT;
	int rc = bn_api_logged_root(&root, c, places, m, err);
	bn_wire_open(w, name, '{');
	bn_wire_open(w, "info", '{');
	bn_wire_put_text(w, "model_id", m->id);
	bn_wire_put_text(w, "experiment_id", m->experiment_id);
	bn_wire_put_text(w, "name", m->name);
	bn_wire_put_ms(w, "creation_timestamp_ms", m->created_ms);
	bn_wire_put_ms(w, "last_updated_timestamp_ms", m->updated_ms);
	bn_wire_put_text(w, "artifact_uri", root.ptr);
	bn_wire_put_text(w, "status", bn_api_logged_status(m->status));
	bn_wire_put_text(w, "model_type", m->type ? m->type : "");
	bn_wire_put_text(w, "source_run_id", m->run ? m->run : "");
	bn_wire_put_text(w, "status_message", m->message);
	put_pairs(w, "tags", &m->tags);
	bn_wire_close(w, '}');
	bn_wire_open(w, "data", '{');
	put_pairs(w, "params", &m->params);
	put_metrics(w, m);
	bn_wire_close(w, '}');
	bn_wire_close(w, '}');
	bn_buf_release(&root);
	return rc;
}
