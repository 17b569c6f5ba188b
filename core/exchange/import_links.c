/* import_links.c - the datasets and logged models that a run of a source used and made: see _import.h. */
#include "core/exchange/_import.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/run/runlog.h"
#include "core/track/run_links.h"

#include <string.h>

static bool has_dataset(const bn_run_links *l, const char *name, const char *digest)
{
	for (size_t i = 0; i < l->dataset_count; i++)
		if (!strcmp(l->datasets[i].name, name) && !strcmp(l->datasets[i].digest, digest))
			return true;
	return false;
}

static bool has_model(const bn_model_link *links, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(links[i].model, id))
			return true;
	return false;
}

static int add_dataset(
	bn_importer *m, const bn_src_run *r, const char *id, const json_t *d, bn_err *err)
{
	json_t *tags = json_object_get(d, "tags"), *v;
	const char *key;
	size_t n = 0;
	bn_err why = BN_ERR_INIT;
	bn_run_word *words = bn_alloc_zeroed(json_object_size(tags) + 1, sizeof *words);
	if (!words)
		return bn_err_nomem(err, "a dataset");
	json_object_foreach(tags, key, v) if (json_is_string(v)) words[n++] =
		(bn_run_word){key, json_string_value(v)};
	const bn_run_dataset one = {bn_json_str(d, "name", NULL), bn_json_str(d, "digest", NULL),
		bn_json_str(d, "source_type", NULL), bn_json_str(d, "source", NULL),
		bn_json_str(d, "schema", NULL), bn_json_str(d, "profile", NULL), words, n};
	int rc = m->options->dry_run ? 0 : bn_runlog_inputs(m->ws, id, &one, 1, NULL, 0, &why);
	bn_free(words);
	if (rc == BN_EINVAL) {
		bn_exchange_unreadable(m->report, "dataset", &why, "run %s", r->id);
		return 0;
	}
	if (rc < 0)
		return bn_err_move(err, &why);
	m->report->added.inputs++;
	m->grew = true;
	return 0;
}

static int add_models(
	bn_importer *m, const bn_src_run *r, const char *id, const bn_run_links *have, bn_err *err)
{
	size_t i;
	json_t *v;
	int rc = 0;
	json_array_foreach((json_t *)(uintptr_t)r->input_models, i, v)
	{
		char own[BN_LOGGED_ID_TEXT];
		const char *model = own;
		if (!json_is_string(v))
			continue;
		bn_import_model_id(own, m->src, json_string_value(v));
		if (has_model(have->inputs, have->input_count, model))
			continue;
		m->report->added.inputs++;
		m->grew = true;
		if (!m->options->dry_run &&
			(rc = bn_runlog_inputs(m->ws, id, NULL, 0, &model, 1, err)) < 0)
			return rc;
	}
	json_array_foreach((json_t *)(uintptr_t)r->output_models, i, v)
	{
		char own[BN_LOGGED_ID_TEXT];
		bn_import_model_id(own, m->src, bn_json_str(v, "id", ""));
		const bn_run_output out = {own, bn_json_int(v, "step", 0)};
		if (has_model(have->outputs, have->output_count, out.model))
			continue;
		m->report->added.inputs++;
		m->grew = true;
		if (!m->options->dry_run && (rc = bn_runlog_outputs(m->ws, id, &out, 1, err)) < 0)
			return rc;
	}
	return 0;
}

int bn_import_links(bn_importer *m, const bn_src_run *r, const char *id, bool is_new, bn_err *err)
{
	bn_run_links have = BN_RUN_LINKS_INIT;
	size_t i;
	json_t *d;
	int rc = 0;
	if (!json_array_size(r->datasets) && !json_array_size(r->input_models) &&
		!json_array_size(r->output_models))
		return 0;
	if (!is_new && (rc = bn_run_links_load(&have, m->ws, id, err)) < 0)
		goto out;
	json_array_foreach((json_t *)(uintptr_t)r->datasets, i,
		d) if (!has_dataset(&have, bn_json_str(d, "name", ""),
			       bn_json_str(d, "digest", "")) &&
		       (rc = add_dataset(m, r, id, d, err)) < 0) goto out;
	rc = add_models(m, r, id, &have, err);
out:
	bn_run_links_release(&have);
	return rc;
}
