/* import.c - an import from its first experiment to its last commit: see exchange.h. */
#include "core/exchange/_import.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/rights.h"
#include "core/run/runlog.h"
#include "core/track/experiment.h"

#include <string.h>

bool bn_import_wants(bn_importer *m, const char *name, const char *id)
{
	bool wants = !m->options->only_count;
	for (size_t i = 0; i < m->options->only_count; i++) {
		const char *only = m->options->only[i];
		if ((!name || strcmp(only, name) != 0) && (!id || strcmp(only, id) != 0))
			continue;
		json_object_set_new(m->found, only, json_true());
		wants = true;
	}
	return wants;
}

/* ---- experiments ------------------------------------------------------------------------------ */

/* "Default" is MLflow's name of what is "default" here. */
static const char *name_here(const char *name)
{
	return !name || !*name || !strcmp(name, "Default") ? BN_EXPERIMENT_DEFAULT : name;
}

static int map_to(bn_importer *m, const char *name, const char *first, bn_err *err)
{
	return json_object_set_new(m->experiments, name, json_string(first)) < 0
		       ? bn_err_nomem(err, "an experiment")
		       : 0;
}

/* The source's id, unless another experiment has it here. */
static const char *free_id(bn_importer *m, const bn_src_experiment *e)
{
	bn_experiment *other = NULL;
	if (!e->id || !bn_experiment_id_is_valid(e->id))
		return NULL;
	if (bn_experiment_by_id(&other, m->ws, e->id, NULL) < 0)
		return e->id;
	bn_exchange_leave_out(m->report, "experiment id", "another experiment has it here",
		"experiment '%s': %s", e->name, e->id);
	bn_experiment_free(other);
	return NULL;
}

static int set_tags(bn_importer *m, const bn_src_experiment *e, const char *first,
	const bn_pairs *have, bn_err *err)
{
	json_t *tags = bn_import_words(m, e->tags, bn_run_key_check, "tag", "experiment", e->name),
	       *v;
	const char *key;
	int rc = tags ? 0 : bn_err_nomem(err, "tags");
	json_object_foreach(tags, key, v)
	{
		const char *is = have ? bn_pairs_get(have, key) : NULL;
		if (rc < 0 || (is && !strcmp(is, json_string_value(v))))
			continue;
		m->report->added.tags++;
		if (!m->options->dry_run)
			rc = bn_experiment_tag(m->ws, first, key, json_string_value(v), err);
	}
	json_decref(tags);
	return rc;
}

static int make_experiment(
	bn_importer *m, const bn_src_experiment *e, const char *name, bn_err *err)
{
	const bn_experiment_made made = {.name = name,
		.id = free_id(m, e),
		.artifact_location = NULL, /* what is imported is stored here */
		.created_ms = e->created_ms};
	int rc = 0;
	m->report->added.experiments++;
	if (m->options->dry_run)
		return 0;
	if ((rc = bn_experiment_create(m->ws, &made, err)) < 0 ||
		(rc = set_tags(m, e, name, NULL, err)) < 0)
		return rc;
	return e->removed ? bn_experiment_remove(m->ws, name, true, err) : 0;
}

static int each_experiment(void *user, const bn_src_experiment *e, bn_err *err)
{
	bn_importer *m = user;
	bn_experiment *here = NULL;
	bn_err why = BN_ERR_INIT;
	const char *name = name_here(e->name);
	int rc;
	if (m->options->experiment)
		return map_to(m, e->name, m->options->experiment, err);
	if (m->options->only_count && !bn_import_wants(m, e->name, e->id))
		return map_to(m, e->name, name, err);
	if ((rc = bn_experiment_by_name(&here, m->ws, name, &why)) < 0 && rc != BN_ENOTFOUND)
		return bn_err_move(err, &why);
	bn_err_clear(&why);
	rc = here ? set_tags(m, e, here->first, &here->tags, &why)
		  : make_experiment(m, e, name, &why);
	if (rc == BN_EINVAL) { /* a name that is none here */
		bn_exchange_unreadable(m->report, "experiment", &why, "'%s'", e->name);
		name = BN_EXPERIMENT_DEFAULT;
		rc = 0;
	}
	if (rc < 0)
		bn_err_move(err, &why);
	else
		rc = map_to(m, e->name, here ? here->first : name, err);
	bn_experiment_free(here);
	return rc;
}

/* ---- all of it ------------------------------------------------------------------------------------ */

/* Names and ids that nothing in the source had. */
static int check_found(const bn_importer *m, bn_err *err)
{
	for (size_t i = 0; i < m->options->only_count; i++)
		if (!json_object_get(m->found, m->options->only[i]))
			return bn_err_set(err, BN_ENOTFOUND,
				"--only '%.200s': the source has no experiment, run or model of "
				"that name or id",
				m->options->only[i]);
	return 0;
}

static int import_all(bn_importer *m, bn_err *err)
{
	const bn_src_ops *ops = m->src->ops;
	int rc;
	m->count = ops->count && !m->options->only_count ? ops->count(m->src) : -1;
	if ((rc = ops->experiments ? ops->experiments(m->src, each_experiment, m, err) : 0) < 0 ||
		(rc = ops->runs(m->src, bn_import_run, m, err)) < 0 ||
		(ops->logged_models &&
			(rc = ops->logged_models(m->src, bn_import_logged, m, err)) < 0))
		return rc;
	/* Models belong to no experiment: --only names them too. */
	if (ops->models && (rc = bn_import_models(m, err)) < 0)
		return rc;
	return check_found(m, err);
}

int bn_import(bn_exchange_report *out, bn_workspace *ws, const char *source,
	const bn_import_options *options, bn_err *err)
{
	bn_importer m = {.ws = ws, .options = options, .report = out};
	bn_err why = BN_ERR_INIT;
	int rc;
	*out = (bn_exchange_report)BN_EXCHANGE_REPORT_INIT;
	m.experiments = json_object();
	m.seen = json_object();
	m.found = json_object();
	if (!m.experiments || !m.seen || !m.found) {
		rc = bn_err_nomem(err, "an import");
		goto out;
	}
	if ((rc = bn_workspace_refresh(ws, NULL, err)) < 0 ||
		(rc = bn_rights_may(ws, BN_ACT_TAG, err)) < 0 ||
		(rc = bn_src_open(&m.src, bn_workspace_env(ws), source, options, out, err)) < 0)
		goto out;
	rc = import_all(&m, &why);
	bn_src_close(m.src);
	/* What was imported before an error is kept. */
	int end = bn_workspace_sync(ws, rc < 0 ? NULL : &why);
	rc = rc < 0 ? rc : end;
	if (rc < 0)
		bn_err_move(err, &why);
out:
	json_decref(m.experiments);
	json_decref(m.seen);
	json_decref(m.found);
	return rc;
}
