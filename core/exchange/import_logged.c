/* import_logged.c - logged models of a source (MLflow 3): made, or completed. See _import.h. */
#include "core/exchange/_import.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/run/run_id.h"
#include "core/run/runlog.h"
#include "core/track/experiment.h"
#include "core/track/logged_model.h"

#include <string.h>

#define METRICS_MOST 1000 /* of one event */

/* ---- words ---------------------------------------------------------------------------------------- */

/* The words that the model lacks; have: NULL for none. Borrowed from words; yours. */
static bn_run_word *missing_words(size_t *count, const json_t *words, const bn_pairs *have)
{
	bn_run_word *out = bn_alloc_zeroed(json_object_size(words) + 1, sizeof *out);
	const char *key;
	json_t *v;
	*count = 0;
	json_object_foreach((json_t *)(uintptr_t)words, key, v)
	{
		const char *is = have ? bn_pairs_get(have, key) : NULL;
		if (out && (!is || strcmp(is, json_string_value(v)) != 0))
			out[(*count)++] = (bn_run_word){key, json_string_value(v)};
	}
	return out;
}

/* ---- metrics -------------------------------------------------------------------------------------- */

static bool has_metric(const bn_logged_metrics *have, const bn_logged_point *p)
{
	for (size_t i = 0; i < have->count; i++)
		if (have->items[i].time_ms == p->time_ms && have->items[i].step == p->step &&
			!strcmp(have->items[i].key, p->key) &&
			!strcmp(have->items[i].run, p->run ? p->run : ""))
			return true;
	return false;
}

static int add_metrics(
	bn_importer *m, const bn_src_logged_model *s, const bn_logged_metrics *have, bn_err *err)
{
	size_t n = json_array_size(s->metrics), count = 0;
	bn_logged_point *points = bn_alloc_zeroed(n + 1, sizeof *points);
	char(*runs)[BN_RUN_ID_TEXT] = bn_alloc_zeroed(n + 1, sizeof *runs);
	int rc = points && runs ? 0 : bn_err_nomem(err, "metrics");
	for (size_t i = 0; rc >= 0 && i < n; i++) {
		const json_t *item = json_array_get(s->metrics, i);
		const char *run = bn_json_str(item, "run_id", "");
		bn_logged_point *p = &points[count];
		if (*run)
			bn_import_run_id(runs[i], m->src, run, NULL);
		*p = (bn_logged_point){.key = bn_json_str(item, "key", ""),
			.run = *run ? runs[i] : NULL,
			.dataset_name = bn_json_str(item, "dataset_name", NULL),
			.dataset_digest = bn_json_str(item, "dataset_digest", NULL)};
		bn_mlflow_number(json_object_get(item, "value"), &p->value);
		bn_mlflow_integer(json_object_get(item, "timestamp"), &p->time_ms);
		bn_mlflow_integer(json_object_get(item, "step"), &p->step);
		if (bn_run_key_check("metric", p->key, NULL) < 0)
			bn_exchange_leave_out(m->report, "metric", BN_IMPORT_BAD_KEY,
				"logged model %s: '%s'", s->id, p->key);
		else if (!have || !has_metric(have, p))
			count++;
	}
	m->report->added.points += (int64_t)count;
	m->grew = m->grew || count;
	for (size_t i = 0; rc >= 0 && !m->options->dry_run && i < count; i += METRICS_MOST)
		rc = bn_logged_write_metrics(m->ws, s->id, points + i,
			count - i < METRICS_MOST ? count - i : METRICS_MOST, err);
	bn_free(points);
	bn_free(runs);
	return rc;
}

/* ---- files ---------------------------------------------------------------------------------------- */

typedef struct file_sink {
	bn_importer *m;
	const bn_src_logged_model *model;
	bn_artifacts have;
} file_sink;

static int each_file(void *user, const bn_src_file *f, bn_err *err)
{
	file_sink *s = user;
	bn_importer *m = s->m;
	bn_err why = BN_ERR_INIT;
	char hash[65] = "";
	uint64_t size = f->bytes;
	int rc;
	for (size_t i = 0; i < s->have.count; i++)
		if (!strcmp(s->have.items[i].path, f->path) &&
			(uint64_t)s->have.items[i].size_bytes == f->bytes)
			return 0;
	if (!m->options->dry_run &&
		(rc = bn_import_object(hash, &size, m, s->model->files, f->path, &why)) < 0) {
		if (bn_exchange_ends(rc) || bn_err_is_full(&why))
			return bn_err_move(err, &why);
		bn_exchange_unreadable(m->report, "artifact", &why, "logged model %s: '%s'",
			s->model->id, f->path);
		return 0;
	}
	m->report->added.artifacts++;
	m->report->added.artifact_bytes += (int64_t)size;
	m->grew = true;
	const bn_logged_file one = {f->path, hash, (int64_t)size};
	if (m->options->dry_run ||
		(rc = bn_logged_write_artifacts(m->ws, s->model->id, &one, 1, &why)) >= 0)
		return 0;
	if (rc != BN_EINVAL)
		return bn_err_move(err, &why);
	bn_exchange_unreadable(m->report, "artifact", &why, "logged model %s", s->model->id);
	return 0;
}

static int add_files(bn_importer *m, const bn_src_logged_model *s, bool is_new, bn_err *err)
{
	file_sink sink = {m, s, BN_ARTIFACTS_INIT};
	int rc = 0;
	if (!s->files || !m->src->ops->files || m->options->no_artifacts)
		return 0;
	if (is_new || (rc = bn_logged_artifacts(&sink.have, m->ws, s->id, err)) >= 0)
		rc = m->src->ops->files(m->src, s->files, each_file, &sink, err);
	bn_artifacts_release(&sink.have);
	return rc;
}

/* ---- one model ------------------------------------------------------------------------------------ */

static int create(bn_importer *m, const bn_src_logged_model *s, const json_t *params,
	const json_t *tags, bn_err *err)
{
	char run[BN_RUN_ID_TEXT] = "";
	size_t n, k;
	bn_run_word *p = missing_words(&n, params, NULL), *t = missing_words(&k, tags, NULL);
	if (s->run && *s->run)
		bn_import_run_id(run, m->src, s->run, NULL);
	const char *experiment = m->options->experiment;
	if (!experiment)
		experiment = bn_json_str(
			m->experiments, s->experiment ? s->experiment : "", BN_EXPERIMENT_DEFAULT);
	const bn_logged_made made = {.name = s->name && *s->name ? s->name : s->id,
		.experiment = experiment,
		.run = *run ? run : NULL,
		.type = s->type,
		.created_ms = s->created_ms,
		.params = p,
		.param_count = n,
		.tags = t,
		.tag_count = k};
	int rc = p && t ? bn_logged_create(m->ws, s->id, &made, err) : bn_err_nomem(err, "a model");
	bn_free(p);
	bn_free(t);
	return rc;
}

static bn_logged_status status_of(const bn_src_logged_model *s)
{
	bn_logged_status status;
	return bn_logged_status_parse(&status, s->status ? s->status : "") ? status
									   : BN_LOGGED_PENDING;
}

static int import_new(bn_importer *m, const bn_src_logged_model *s, const json_t *params,
	const json_t *tags, bn_err *err)
{
	bool dry = m->options->dry_run;
	int rc = 0;
	m->report->added.logged_models++;
	if ((!dry && (rc = create(m, s, params, tags, err)) < 0) ||
		(rc = add_metrics(m, s, NULL, err)) < 0 || (rc = add_files(m, s, true, err)) < 0 ||
		dry)
		return rc;
	if ((rc = bn_logged_set_status(m->ws, s->id, status_of(s), NULL, err)) < 0)
		return rc;
	return s->removed ? bn_logged_remove(m->ws, s->id, true, err) : 0;
}

static int import_again(bn_importer *m, const bn_src_logged_model *s, const bn_logged_model *here,
	const json_t *params, const json_t *tags, bn_err *err)
{
	bool dry = m->options->dry_run;
	size_t n = 0, k = 0, lacking = 0;
	bn_run_word *p = missing_words(&n, params, &here->params),
		    *t = missing_words(&k, tags, &here->tags);
	int rc = p && t ? 0 : bn_err_nomem(err, "a model");
	for (size_t i = 0; i < n; i++) /* a parameter is written once */
		if (!bn_pairs_get(&here->params, p[i].key))
			p[lacking++] = p[i];
	if (rc < 0 ||
		(lacking && !dry &&
			(rc = bn_logged_write_params(m->ws, s->id, p, lacking, err)) < 0) ||
		(k && !dry && (rc = bn_logged_write_tags(m->ws, s->id, t, k, err)) < 0) ||
		(rc = add_metrics(m, s, &here->metrics, err)) < 0 ||
		(rc = add_files(m, s, false, err)) < 0)
		goto out;
	if (here->status != status_of(s) && !dry)
		rc = bn_logged_set_status(m->ws, s->id, status_of(s), NULL, err);
	if (rc >= 0 && s->removed && !here->removed && !dry)
		rc = bn_logged_remove(m->ws, s->id, true, err);
out:
	bn_free(p);
	bn_free(t);
	return rc;
}

/* A model that was made here, or is one here under another id; noted. */
static bool came_from_here(bn_importer *m, const char *id)
{
	bn_logged_model *here = NULL;
	if (!bn_logged_id_is_valid(id) || bn_run_id_maker(id + 2, "", NULL) == BN_RUN_MAKER_UNSAID ||
		bn_logged_get(&here, m->ws, id, NULL) < 0)
		return false;
	bn_logged_free(here);
	bn_exchange_leave_out(m->report, "logged model", "it was made here", "%s", id);
	return true;
}

int bn_import_logged(void *user, const bn_src_logged_model *source, bn_err *err)
{
	bn_importer *m = user;
	bn_logged_model *here = NULL;
	bn_err why = BN_ERR_INIT;
	char id[BN_LOGGED_ID_TEXT], run[BN_RUN_ID_TEXT] = "";
	int rc;
	if (source->run && *source->run)
		bn_import_run_id(run, m->src, source->run, NULL);
	if (m->options->only_count && !bn_import_wants(m, source->experiment, NULL) &&
		!bn_import_wants(m, source->name, source->id) && !json_object_get(m->seen, run))
		return 0;
	if (came_from_here(m, source->id))
		return 0;
	bn_import_model_id(id, m->src, source->id);
	bn_src_logged_model as = *source;
	const bn_src_logged_model *s = &as;
	as.id = id;
	json_t *params = bn_import_words(
		       m, s->params, bn_run_key_length_check, "parameter", "logged model", s->id),
	       *tags = bn_import_words(
		       m, s->tags, bn_run_key_length_check, "tag", "logged model", s->id);
	if (!params || !tags ||
		(strcmp(id, source->id) != 0 && !json_object_get(tags, BN_MODEL_ID_TAG) &&
			json_object_set_new(tags, BN_MODEL_ID_TAG, json_string(source->id)) < 0)) {
		rc = bn_err_nomem(err, "a model");
		goto out;
	}
	if ((rc = bn_logged_get(&here, m->ws, s->id, &why)) < 0 && rc != BN_ENOTFOUND) {
		bn_err_move(err, &why);
		goto out;
	}
	bn_err_clear(&why);
	if (here && here->uid != bn_workspace_env(m->ws)->uid(bn_workspace_env(m->ws))) {
		bn_exchange_leave_out(m->report, "logged model", "another user imported it",
			"%s (%s)", s->id, here->user);
		rc = 0;
		goto out;
	}
	rc = here ? import_again(m, s, here, params, tags, &why)
		  : import_new(m, s, params, tags, &why);
	if (rc == BN_EINVAL) {
		bn_exchange_unreadable(m->report, "logged model", &why, "%s", s->id);
		rc = 0;
	} else if (rc < 0) {
		bn_err_move(err, &why);
	}
out:
	bn_logged_free(here);
	json_decref(params);
	json_decref(tags);
	return rc;
}
