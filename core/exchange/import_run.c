/* import_run.c - one run of a source: made, or completed. See exchange.h. */
#include "core/exchange/_import.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/run/run_id.h"
#include "core/run/runlog.h"
#include "core/track/experiment.h"

#include <stdio.h>
#include <string.h>

#define COMMIT_NS 500000000 /* between commits */

/* ---- what may change in the source --------------------------------------------------------------- */

static json_t *text_or_null(const char *text)
{
	return text ? json_string(text) : json_null();
}

/* 16 hex digits of what may change in the source. */
static int state_hash(char out[17], const bn_src_run *r, const json_t *tags, bn_err *err)
{
	char hex[65];
	json_t *o = json_pack("{so so so so sI sI sb sO}", "name", text_or_null(r->name), "user",
		text_or_null(r->user), "status", text_or_null(r->status), "note",
		text_or_null(r->note), "start", (json_int_t)r->start_ms, "end",
		(json_int_t)r->end_ms, "removed", (int)r->removed, "tags", tags);
	int rc = o ? bn_json_hash(o, hex, err) : bn_err_nomem(err, "a run");
	json_decref(o);
	snprintf(out, 17, "%.16s", rc < 0 ? "" : hex);
	return rc;
}

static bool is_name(const char *name)
{
	size_t n = name ? strlen(name) : 0;
	return n && n <= BN_RUN_NAME_MAX && bn_utf8_is_valid(name, n);
}

static const char *status_of(const bn_src_run *r)
{
	static const char *const known[] = {"RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED"};
	for (size_t i = 0; r->status && i < sizeof known / sizeof *known; i++)
		if (!strcmp(r->status, known[i]))
			return known[i];
	return "RUNNING";
}

static int write_state(bn_importer *m, const bn_src_run *r, const char *id, bn_err *err)
{
	const bn_run_report report = {status_of(r), r->start_ms, r->end_ms};
	return bn_runlog_status(m->ws, id, &report, err);
}

/* ---- a new run ----------------------------------------------------------------------------------- */

/* The first name of its experiment, which may be one that the source did not list. */
static const char *experiment_of(bn_importer *m, const bn_src_run *r)
{
	const char *first = m->options->experiment;
	bn_experiment *here = NULL;
	if (!first && r->experiment)
		first = bn_json_str(m->experiments, r->experiment, NULL);
	if (first || !r->experiment)
		return first ? first : BN_EXPERIMENT_DEFAULT;
	if (!strcmp(r->experiment, "Default") || !*r->experiment ||
		strlen(r->experiment) > BN_RUN_NAME_MAX)
		return BN_EXPERIMENT_DEFAULT;
	bn_experiment_by_name(&here, m->ws, r->experiment, NULL);
	json_object_set_new(
		m->experiments, r->experiment, json_string(here ? here->first : r->experiment));
	bn_experiment_free(here);
	return bn_json_str(m->experiments, r->experiment, BN_EXPERIMENT_DEFAULT);
}

static int create(bn_importer *m, const bn_src_run *r, const char *id, bn_err *err)
{
	char parent[BN_RUN_ID_TEXT] = "";
	if (r->parent && bn_run_id_is_valid(r->parent))
		bn_import_run_id(parent, m->src, r->parent, NULL);
	const bn_run_created created = {.name = is_name(r->name) ? r->name : NULL,
		.experiment = experiment_of(m, r),
		.kind = "api",
		.title = r->title,
		.parent = *parent ? parent : NULL,
		.note = r->note && bn_utf8_is_valid(r->note, strlen(r->note)) &&
					strlen(r->note) <= 65536
				? r->note
				: NULL,
		.reported = true,
		.start_ms = r->start_ms,
		.user = r->user,
		.source = m->src->ops->source};
	if (r->name && *r->name && !created.name)
		bn_exchange_leave_out(m->report, "name",
			"it has more than 500 bytes or is no UTF-8", "run %s", r->id);
	return bn_runlog_created(m->ws, id, &created, err);
}

/* ---- parameters and tags ---------------------------------------------------------------------------- */

static int add_params(bn_importer *m, const bn_src_run *r, const char *id, bool is_new, bn_err *err)
{
	bn_pairs have = BN_PAIRS_INIT;
	json_t *params = bn_import_words(m, r->params, bn_run_key_check, "parameter", "run", r->id),
	       *missing = json_object(), *v;
	const char *key;
	int rc = params && missing ? 0 : bn_err_nomem(err, "parameters");
	if (rc < 0 || (!is_new && (rc = bn_run_params(&have, m->ws, id, err)) < 0))
		goto out;
	json_object_foreach(params, key, v)
	{
		const char *is = bn_pairs_get(&have, key);
		if (!is)
			json_object_set(missing, key, v);
		else if (strcmp(is, json_string_value(v)) != 0)
			bn_exchange_leave_out(m->report, "parameter",
				"it has another value here, and a parameter is written once",
				"run %s: '%s'", r->id, key);
	}
	m->report->added.params += (int64_t)json_object_size(missing);
	m->grew = m->grew || json_object_size(missing);
	if (!m->options->dry_run)
		rc = bn_runlog_params(m->ws, id, missing, err);
out:
	bn_pairs_release(&have);
	json_decref(params);
	json_decref(missing);
	return rc;
}

/* The tags that change; those of the source that it no longer has are removed. */
static int changed_tags(
	json_t **out, bn_importer *m, const char *id, const json_t *tags, bool is_new, bn_err *err)
{
	bn_pairs have = BN_PAIRS_INIT;
	const char *key;
	json_t *v;
	int rc = 0;
	if (!(*out = json_object()))
		return bn_err_nomem(err, "tags");
	if (!is_new && (rc = bn_run_tags(&have, m->ws, id, err)) < 0)
		return rc;
	json_object_foreach((json_t *)(uintptr_t)tags, key, v)
	{
		const char *is = bn_pairs_get(&have, key);
		if (!is || strcmp(is, json_string_value(v)) != 0)
			json_object_set(*out, key, v);
	}
	bn_pairs_release(&have);
	return 0;
}

static int add_tags(bn_importer *m, const char *id, const json_t *tags, bool is_new, bn_err *err)
{
	json_t *changed = NULL;
	int rc = changed_tags(&changed, m, id, tags, is_new, err);
	if (rc >= 0) {
		m->report->added.tags += (int64_t)json_object_size(changed);
		if (!m->options->dry_run)
			rc = bn_runlog_tags(m->ws, id, changed, err);
	}
	json_decref(changed);
	return rc;
}

/* ---- one run ---------------------------------------------------------------------------------------- */

/* What the source says of a run that is there, if it changed since the last import. */
static int follow(bn_importer *m, const bn_src_run *r, const bn_run_info *here, bn_err *err)
{
	bool dry = m->options->dry_run;
	int rc = 0;
	if (is_name(r->name) && strcmp(r->name, here->name) != 0 && !dry &&
		(rc = bn_runlog_renamed(m->ws, here->id, r->name, err)) < 0)
		return rc;
	bool same = !strcmp(bn_run_status_name(here->status), status_of(r)) &&
		    (r->start_ms < 0 || here->started_ms == r->start_ms) &&
		    (r->end_ms < 0 || here->finished_ms == r->end_ms);
	if (!same && !dry && (rc = write_state(m, r, here->id, err)) < 0)
		return rc;
	if (r->removed && !here->trashed && !dry)
		rc = bn_runlog_removed(m->ws, here->id, err);
	else if (!r->removed && here->trashed && !dry)
		rc = bn_runlog_restored(m->ws, here->id, err);
	return rc;
}

/* Everything that only grows. */
static int add_content(
	bn_importer *m, const bn_src_run *r, const char *id, bool is_new, bn_err *err)
{
	int rc;
	if ((rc = add_params(m, r, id, is_new, err)) < 0 ||
		(rc = bn_import_links(m, r, id, is_new, err)) < 0 ||
		(rc = bn_import_points(m, r, id, is_new, err)) < 0)
		return rc;
	return m->options->no_artifacts ? 0 : bn_import_files(m, r, id, is_new, err);
}

static int import_new(bn_importer *m, const bn_src_run *r, const char *id, json_t *tags,
	const char *hash, bn_err *err)
{
	bool dry = m->options->dry_run;
	int rc;
	m->report->added.runs_new++;
	if (!dry && (rc = create(m, r, id, err)) < 0)
		return rc;
	if ((rc = add_content(m, r, id, true, err)) < 0 ||
		(rc = add_tags(m, id, tags, true, err)) < 0 || dry)
		return rc;
	if ((rc = write_state(m, r, id, err)) < 0 ||
		(r->removed && (rc = bn_runlog_removed(m->ws, id, err)) < 0))
		return rc;
	return bn_runlog_tag(m->ws, id, BN_IMPORT_TAG, hash, err);
}

static int import_again(bn_importer *m, const bn_src_run *r, const bn_run_info *here, json_t *tags,
	const char *hash, bn_err *err)
{
	bn_pairs have = BN_PAIRS_INIT;
	int rc = bn_run_tags(&have, m->ws, here->id, err);
	const char *last = bn_pairs_get(&have, BN_IMPORT_TAG);
	bool changed = !last || strcmp(last, hash) != 0;
	bn_pairs_release(&have);
	m->grew = changed;
	if (rc < 0 || (rc = add_content(m, r, here->id, false, err)) < 0)
		return rc;
	if (changed && ((rc = add_tags(m, here->id, tags, false, err)) < 0 ||
			       (rc = follow(m, r, here, err)) < 0 ||
			       (!m->options->dry_run && (rc = bn_runlog_tag(m->ws, here->id,
								 BN_IMPORT_TAG, hash, err)) < 0)))
		return rc;
	*(m->grew ? &m->report->added.runs_grown : &m->report->added.runs_same) += 1;
	return 0;
}

/* Whether the run that is here may be completed; noted if not. */
static bool is_ours(bn_importer *m, const bn_src_run *r, const bn_run_info *here)
{
	const bn_env *env = bn_workspace_env(m->ws);
	if (here->uid == env->uid(env))
		return true;
	bn_exchange_leave_out(m->report, "run",
		"another user imported it, and only its owner may add to it", "run %s (%s)", r->id,
		here->user);
	return false;
}

static int import_one(bn_importer *m, const bn_src_run *r, const char *id, bn_err *err)
{
	bn_run_info *here = NULL;
	bn_err why = BN_ERR_INIT;
	char hash[17];
	json_t *tags = bn_import_words(m, r->tags, bn_run_key_check, "tag", "run", r->id);
	int rc = tags ? 0 : bn_err_nomem(err, "tags");
	if (strcmp(id, r->id) != 0 && bn_run_id_is_valid(r->id) &&
		!json_object_get(tags, BN_RUN_ID_TAG))
		json_object_set_new(tags, BN_RUN_ID_TAG, json_string(r->id));
	if (rc < 0 || (rc = state_hash(hash, r, tags, err)) < 0)
		goto out;
	if ((rc = bn_run_get(&here, m->ws, id, &why)) < 0 && rc != BN_ENOTFOUND) {
		bn_err_move(err, &why);
		goto out;
	}
	if (!here)
		rc = import_new(m, r, id, tags, hash, err);
	else if (is_ours(m, r, here))
		rc = import_again(m, r, here, tags, hash, err);
	else
		rc = 0;
out:
	bn_run_info_free(here);
	json_decref(tags);
	return rc;
}

static int pause(bn_importer *m, bn_err *err)
{
	int64_t now = bn_env_monotonic_ns(bn_workspace_env(m->ws));
	if (!m->options->dry_run && now - m->committed_ns > COMMIT_NS) {
		int rc = bn_workspace_commit(m->ws, err);
		if (rc < 0)
			return rc;
		m->committed_ns = now;
	}
	return bn_progress_step(m->options->progress, "importing",
		(uint64_t)m->report->added.runs_seen, m->count > 0 ? (uint64_t)m->count : 0, err);
}

/* A run that was made here and sent to the source, where it got another id. */
static bool is_made_here(bn_importer *m, const char *id)
{
	bn_run_info *here = NULL;
	if (!id || !bn_run_id_is_valid(id) || bn_run_get(&here, m->ws, id, NULL) < 0)
		return false;
	/* An id that proves its writer is never that of an import. */
	bool made = !here->reported || bn_run_id_maker(id, "", NULL) != BN_RUN_MAKER_UNSAID;
	bn_run_info_free(here);
	return made;
}

/* A copy that a server made, of a run that was imported from elsewhere under an id of its own. */
static bool is_copy(bn_importer *m, const bn_src_run *r, const char *id)
{
	bn_run_info *here = NULL;
	char first[BN_RUN_ID_TEXT];
	const char *origin = bn_json_str(r->tags, BN_RUN_ID_TAG, "");
	if (!bn_run_id_is_valid(origin) || !strcmp(origin, r->id))
		return false;
	if (bn_run_get(&here, m->ws, id, NULL) >= 0) { /* imported before, and completed again */
		bn_run_info_free(here);
		return false;
	}
	bn_import_run_id(first, m->src, origin, NULL);
	if (!strcmp(first, id) || bn_run_get(&here, m->ws, first, NULL) < 0)
		return false;
	bn_run_info_free(here);
	bn_exchange_leave_out(m->report, "run", "it is a copy of one that is here", "run %s is %s", r->id, first);
	return true;
}

/* A directory has the run under its own id, a server under the tag. */
static bool came_from_here(bn_importer *m, const bn_src_run *r)
{
	if (!is_made_here(m, bn_json_str(r->tags, BN_RUN_ID_TAG, NULL)) && !is_made_here(m, r->id))
		return false;
	bn_exchange_leave_out(
		m->report, "run", "it was made here and exported", "run %s", r->id);
	return true;
}

int bn_import_run(void *user, const bn_src_run *r, bn_err *err)
{
	bn_importer *m = user;
	char id[BN_RUN_ID_TEXT];
	int rc = pause(m, err);
	if (rc < 0)
		return rc;
	if (m->options->only_count) {
		bool whole = bn_import_wants(m, r->experiment, NULL);
		if (!bn_import_wants(m, r->name, r->id) && !whole)
			return 0;
	}
	m->report->added.runs_seen++;
	bn_import_run_id(id, m->src, r->id, r->identity);
	if (json_object_get(m->seen, id)) {
		bn_exchange_leave_out(
			m->report, "run", "the source has two runs of that id", "run %s", r->id);
		return 0;
	}
	if (json_object_set_new(m->seen, id, json_true()) < 0)
		return bn_err_nomem(err, "a run");
	if (came_from_here(m, r) || is_copy(m, r, id))
		return 0;
	m->grew = false;
	return import_one(m, r, id, err);
}
