/* mirror_pull.c - walks through the runs of a server: see mirror.h. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/mlflow/_mirror.h"
#include "core/run/runlog.h"
#include "core/track/experiment.h"
#include "core/track/run.h"

#include <string.h>

#define PAGE 1000      /* runs of a page of a walk */
#define PAGE_PLAIN 200 /* of a server that refused more */
#define NEWEST 100
#define LIVE 500
#define MOST_EXPERIMENTS 100000
#define MOST_GONE 1000 /* runs looked for after a walk that did not see them */
#define MOST_STALE 100 /* pages of a walk, one after the other, with no run that it has not seen */
#define MOST_PLAIN 8   /* experiments whose newest runs are looked at in one turn, if each takes a search */

/* ---- experiments ------------------------------------------------------------------------------- */

/* The name under which an experiment began in the mirror, and its present one; both NULL: it is new. */
static int known_names(char **first, char **name, bool *deleted, bn_mirror *m, const char *id, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	*first = *name = NULL;
	*deleted = false;
	int rc = bn_sql_prepare(&st, m->db, err,
		"SELECT first, name, deleted FROM experiment WHERE id = ?", "s", id);
	if (rc >= 0 && (rc = bn_sql_step(st, err)) == 1) {
		*first = bn_sql_text(st, 0);
		*name = bn_sql_text(st, 1);
		*deleted = sqlite3_column_int(st, 2) != 0;
		rc = *first && *name ? 0 : bn_err_nomem(err, "an experiment");
	}
	sqlite3_finalize(st);
	return rc;
}

static int names_keep(
	bn_mirror *m, const char *id, const char *first, const char *name, bool deleted, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, m->db, err,
		"INSERT OR REPLACE INTO experiment (id, first, name, deleted) VALUES (?, ?, ?, ?)", "sssi",
		id, first, name, (int64_t)deleted);
	if (rc >= 0)
		rc = bn_sql_step(st, err);
	sqlite3_finalize(st);
	return rc;
}

static int experiment_apply(bn_mirror *m, const json_t *e, bn_err *err)
{
	const char *id = bn_json_str(e, "experiment_id", NULL), *now = bn_json_str(e, "name", NULL);
	char *first = NULL, *name = NULL;
	bool deleted = !strcmp(bn_json_str(e, "lifecycle_stage", "active"), "deleted"), was;
	int64_t created = -1;
	int rc;
	/* Its runs are shown below its id. */
	if (!id || !now || !bn_experiment_name_is_valid(now)) {
		m->left_out++;
		return 0;
	}
	if ((rc = known_names(&first, &name, &was, m, id, err)) < 0)
		goto out;
	bn_mlflow_integer(json_object_get(e, "creation_time"), &created);
	if (!first && !strcmp(id, "0")) { /* every workspace has it, by this name */
		first = bn_strdup(BN_EXPERIMENT_DEFAULT);
		name = bn_strdup(BN_EXPERIMENT_DEFAULT);
		if (!first || !name) {
			rc = bn_err_nomem(err, "an experiment");
			goto out;
		}
		/* else it would be as old as its change of name is */
		const bn_experiment_made old = {.name = BN_EXPERIMENT_DEFAULT, .created_ms = created};
		if (created >= 0 && (rc = bn_experiment_create(m->ws, &old, err)) < 0)
			goto out;
	}
	bool is_new = !first;
	const bn_experiment_made made = {.name = now,
		.id = bn_experiment_id_is_valid(id) ? id : NULL,
		.created_ms = created};
	if (!first)
		rc = bn_experiment_create(m->ws, &made, err);
	else if (strcmp(name, now) != 0)
		rc = bn_experiment_rename(m->ws, first, now, err);
	if (rc >= 0 && deleted != was)
		rc = bn_experiment_remove(m->ws, first ? first : now, deleted, err);
	m->wrote |= is_new || deleted != was || strcmp(name, now) != 0;
	if (rc >= 0 && (is_new || strcmp(name, now) != 0 || deleted != was))
		rc = names_keep(m, id, first ? first : now, now, deleted, err);
out:
	bn_free(first);
	bn_free(name);
	return rc;
}

static int experiment_each(void *list, const json_t *item, bn_err *err)
{
	if (json_array_size(list) >= MOST_EXPERIMENTS)
		return bn_err_set(
			err, BN_EREFUSED, "there are more than %d experiments", MOST_EXPERIMENTS);
	return json_array_append(list, (json_t *)(uintptr_t)item) < 0
		       ? bn_err_nomem(err, "experiments")
		       : 0;
}

static int experiments_ask(json_t *out, bn_mirror *m, bool old, bn_err *err)
{
	bn_mlflow_client *c;
	json_t *fields = json_pack("{s:i s:s}", "max_results", 1000, "view_type", "ALL");
	const bn_mlflow_request search = {
		.path = "experiments/search", .body = fields, .repeatable = true};
	const bn_mlflow_request list = {.path = "experiments/list"}; /* of GitLab, and MLflow 1 */
	int rc = fields ? bn_mirror_client(&c, m, err) : bn_err_nomem(err, "a request");
	if (rc >= 0)
		rc = bn_mlflow_list(
			c, old ? &list : &search, "experiments", experiment_each, out, err);
	json_decref(fields);
	return rc < 0 ? rc : 0;
}

static int experiments_apply(bn_mirror *m, const json_t *list, bn_err *err)
{
	size_t i;
	json_t *e;
	json_t *ids = json_array();
	int rc = ids ? bn_mirror_begin(m, err) : bn_err_nomem(err, "experiments");
	if (rc < 0)
		goto out;
	json_array_foreach((json_t *)(uintptr_t)list, i, e)
	{
		const char *id = bn_json_str(e, "experiment_id", NULL);
		if ((rc = experiment_apply(m, e, err)) < 0)
			break;
		if (id)
			json_array_append_new(ids, json_string(id));
	}
	if ((rc = bn_mirror_end(m, rc, err)) < 0)
		goto out;
	json_decref(m->experiments);
	m->experiments = ids;
	ids = NULL;
out:
	json_decref(ids);
	return rc;
}

static int experiments_read(bn_mirror *m, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	json_t *list = json_array();
	if (!list)
		return bn_err_nomem(err, "experiments");
	int rc = experiments_ask(list, m, false, &why);
	if (rc == BN_EUNSUPPORTED || rc == BN_EINVAL) {
		bn_err_clear(&why);
		json_array_clear(list);
		rc = experiments_ask(list, m, true, &why);
	}
	if (rc < 0)
		bn_err_move(err, &why);
	else
		rc = experiments_apply(m, list, err);
	json_decref(list);
	return rc;
}

/* ---- pages of runs ----------------------------------------------------------------------------- */

/* Writes the runs of a page, in one turn. */
static int page_apply(bn_mirror *m, const json_t *runs, bn_err *err)
{
	size_t i;
	json_t *run;
	int rc = bn_mirror_begin(m, err);
	if (rc < 0)
		return rc;
	json_array_foreach((json_t *)(uintptr_t)runs, i, run)
	{
		if ((rc = bn_mirror_run_apply(m, run, err)) < 0)
			break;
	}
	return bn_mirror_end(m, rc, err);
}

/* at: the experiment, for a server that searches one at a time. */
static int search_try(json_t **out, bn_mirror *m, const char *filter, size_t at, size_t most,
	const char *token, bn_err *err)
{
	json_t *one = json_array_get(m->experiments, at);
	json_t *ids = m->is_plain ? json_pack("[O*]", one) : json_incref(m->experiments);
	json_t *body = json_pack("{s:o s:I}", "experiment_ids", ids, "max_results",
		(json_int_t)(m->is_plain && most > PAGE_PLAIN ? PAGE_PLAIN : most));
	int rc = body ? 0 : bn_err_nomem(err, "a request");
	if (rc >= 0 && !m->is_plain &&
		(rc = bn_json_set(body, "run_view_type",
			 json_string(filter ? "ACTIVE_ONLY" : "ALL"), err)) >= 0)
		rc = bn_json_set(
			body, "order_by", json_pack("[s]", "attributes.start_time DESC"), err);
	if (rc >= 0 && filter && *filter)
		rc = bn_json_set(body, "filter", json_string(filter), err);
	if (rc >= 0 && token)
		rc = bn_json_set(body, "page_token", json_string(token), err);
	if (rc < 0) {
		json_decref(body);
		return rc;
	}
	return bn_mirror_ask(out, m, NULL, "runs/search", NULL, body, true, err);
}

/* One page of a search through all experiments, or through the one at `at`. filter NULL: no filter. */
static int search(json_t **out, bn_mirror *m, const char *filter, size_t at, size_t most,
	const char *token, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	int rc = m->experiments ? 0 : experiments_read(m, err);
	if (rc < 0)
		return rc;
	rc = search_try(out, m, filter, at, most, token, &why);
	if (rc == BN_EINVAL && !m->is_plain && !filter && !token) {
		bn_err_clear(&why);
		m->is_plain = true;
		if ((rc = search_try(out, m, filter, at, most, token, &why)) < 0)
			m->is_plain = false;
	}
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

/* Experiments that a page names and that are not known yet: they were created since. */
static bool is_known(const bn_mirror *m, const json_t *run)
{
	const char *id = bn_json_str(json_object_get(run, "info"), "experiment_id", "");
	size_t i;
	json_t *known;
	json_array_foreach(m->experiments, i, known)
	{
		if (!strcmp(json_string_value(known), id))
			return true;
	}
	return false;
}

/* The newest runs of some experiments, and of others the next time. */
static int newest_plain(bn_mirror *m, bn_err *err)
{
	size_t count = json_array_size(m->experiments);
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < count && i < MOST_PLAIN; i++) {
		json_t *page = NULL;
		m->newest_at = (m->newest_at + 1) % count;
		if ((rc = search(&page, m, NULL, m->newest_at, NEWEST, NULL, err)) >= 0)
			rc = page_apply(m, json_object_get(page, "runs"), err);
		json_decref(page);
	}
	return rc;
}

int bn_mirror_pull_new(bn_mirror *m, bn_err *err)
{
	json_t *newest = NULL, *live = NULL;
	bn_err why = BN_ERR_INIT;
	int rc = experiments_read(m, err); /* new ones are searched too */
	if (rc >= 0 && m->is_plain)
		return newest_plain(m, err);
	if (rc < 0 || (rc = search(&newest, m, NULL, 0, NEWEST, NULL, err)) < 0)
		goto out;
	if ((rc = page_apply(m, json_object_get(newest, "runs"), err)) < 0 || m->is_plain)
		goto out;
	/* A server that does not know the filter has its live runs seen by the walk. */
	if ((rc = search(&live, m, "attributes.status = 'RUNNING'", 0, LIVE, NULL, &why)) < 0)
		rc = rc == BN_EINVAL || rc == BN_EUNSUPPORTED ? 0 : bn_err_move(err, &why);
	else
		rc = page_apply(m, json_object_get(live, "runs"), err);
out:
	json_decref(newest);
	json_decref(live);
	return rc;
}

int bn_mirror_pull_matching(bn_mirror *m, const char *filter, size_t most, bn_err *err)
{
	json_t *page = NULL;
	int rc = search(&page, m, filter, 0, most, NULL, err);
	if (rc >= 0)
		rc = page_apply(m, json_object_get(page, "runs"), err);
	json_decref(page);
	return rc;
}

/* ---- a walk ------------------------------------------------------------------------------------ */

/* The server's ids of runs that the walk did not see and that are not in the trash of the mirror. */
static int unseen_list(json_t *out, bn_mirror *m, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, m->db, err,
		"SELECT coalesce(remote, id) FROM run WHERE walk < ? AND hash <> '' LIMIT ?", "ii",
		m->walk, (int64_t)MOST_GONE);
	while (rc >= 0 && (rc = bn_sql_step(st, err)) == 1)
		json_array_append_new(out, json_string((const char *)sqlite3_column_text(st, 0)));
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

/* The server no longer has it: into the trash of the mirror, with a hash that nothing has. */
static int gone(bn_mirror *m, const char *remote, bn_err *err)
{
	char id[BN_RUN_ID_TEXT];
	bn_run_info *was = NULL;
	sqlite3_stmt *st = NULL;
	bn_err none = BN_ERR_INIT;
	bn_mirror_id(id, remote);
	int rc = bn_mirror_begin(m, err);
	if (rc < 0)
		return rc;
	m->wrote = true;
	if (bn_run_get(&was, m->ws, id, &none) == 0 && !was->trashed)
		rc = bn_runlog_removed(m->ws, id, err);
	if (rc >= 0 && (rc = bn_sql_prepare(&st, m->db, err,
				"UPDATE run SET hash = '' WHERE id = ?", "s", id)) >= 0)
		rc = bn_sql_step(st, err);
	sqlite3_finalize(st);
	bn_run_info_free(was);
	return bn_mirror_end(m, rc, err);
}

/* Not seen by a walk does not mean gone: pages shift while runs are removed. So each is asked for. */
static int unseen_look(bn_mirror *m, bn_err *err)
{
	json_t *ids = json_array(), *id;
	size_t i;
	int rc = ids ? unseen_list(ids, m, err) : bn_err_nomem(err, "runs");
	json_array_foreach(ids, i, id)
	{
		bn_err why = BN_ERR_INIT;
		if (rc < 0)
			break;
		rc = bn_mirror_pull_run(m, json_string_value(id), false, &why);
		if (rc == BN_ENOTFOUND)
			rc = gone(m, json_string_value(id), err);
		else if (rc < 0)
			bn_err_move(err, &why);
	}
	json_decref(ids);
	return rc;
}

static int walk_end(bn_mirror *m, bn_err *err)
{
	int rc = unseen_look(m, err);
	if (rc >= 0)
		rc = bn_mirror_keep(m, "walked_ms", bn_env_now_ms(m->env), err);
	bn_free(m->token);
	m->token = NULL;
	m->at = 0;
	m->walk = 0;
	return rc;
}

int bn_mirror_pull_page(bn_mirror *m, bool *done, bn_err *err)
{
	json_t *page = NULL;
	char *next = NULL;
	int rc;
	*done = false;
	if (!m->walk) {
		m->walk = bn_mirror_kept(m, "walk", 0) + 1;
		m->stale = 0;
		if ((rc = bn_mirror_keep(m, "walk", m->walk, err)) < 0 ||
			(rc = experiments_read(m, err)) < 0)
			goto out;
	}
	m->fresh = 0;
	if ((rc = search(&page, m, NULL, m->at, PAGE, m->token, err)) < 0 ||
		(rc = page_apply(m, json_object_get(page, "runs"), err)) < 0)
		goto out;
	const char *token = bn_json_str(page, "next_page_token", "");
	m->stale = m->fresh ? 0 : m->stale + 1;
	if (*token && m->stale > MOST_STALE) {
		rc = bn_err_set(err, BN_EIO, "%s: the pages of its runs do not end", m->address);
		goto out;
	}
	bool repeats = m->token && !strcmp(token, m->token);
	if (*token && !repeats && !(next = bn_strdup(token))) {
		rc = bn_err_nomem(err, "a page");
		goto out;
	}
	bn_free(m->token);
	m->token = next;
	*done = !next && (!m->is_plain || ++m->at >= json_array_size(m->experiments));
	if (*done)
		rc = walk_end(m, err);
out:
	if (rc < 0) { /* the next walk begins at the start: a token may have ended with the server */
		bn_free(m->token);
		m->token = NULL;
		m->at = 0;
		m->walk = 0;
	}
	json_decref(page);
	return rc;
}

int bn_mirror_pull_all(bn_mirror *m, const bn_progress *progress, bn_err *err)
{
	bool done = false;
	uint64_t pages = 0;
	int rc = 0;
	while (rc >= 0 && !done) {
		if ((rc = bn_mirror_pull_page(m, &done, err)) >= 0)
			rc = bn_progress_step(progress, "reading runs", ++pages * PAGE, 0, err);
	}
	return rc;
}

/* ---- one run ----------------------------------------------------------------------------------- */

int bn_mirror_pull_run(bn_mirror *m, const char *id, bool points, bn_err *err)
{
	json_t *answer = NULL, *list = json_array();
	char *remote = NULL;
	int rc = list ? bn_mirror_remote_id(&remote, m, id, err) : bn_err_nomem(err, "a run");
	if (rc < 0)
		goto out;
	/* both names, as MLflow's own client sends */
	json_t *query = json_pack("{s:s s:s}", "run_id", remote, "run_uuid", remote);
	if ((rc = bn_mirror_ask(&answer, m, NULL, "runs/get", query, NULL, true, err)) < 0)
		goto out;
	json_t *run = json_object_get(answer, "run");
	if (!json_is_object(json_object_get(run, "info"))) {
		rc = bn_err_set(err, BN_EIO, "%s answered without a run", m->address);
		goto out;
	}
	if ((!m->experiments || !is_known(m, run)) && (rc = experiments_read(m, err)) < 0)
		goto out;
	json_array_append(list, run);
	if ((rc = page_apply(m, list, err)) >= 0 && points)
		rc = bn_mirror_points_pull(m, run, err);
out:
	json_decref(list);
	json_decref(answer);
	bn_free(remote);
	return rc;
}
