/*
 * run_reported_fold.c - the fold of what a protocol says of a run (see core/run/runlog.h): its state if it is reported, its
 * name, artifacts that are gone.
 */
#include "core/base/json.h"
#include "core/run/runlog.h"
#include "core/store/index/ref.h"
#include "core/track/_fold.h"
#include "core/track/_run_fold.h"

#include <string.h>

/* A time of an event; -1: absent. */
static int64_t time_of(const bn_event *ev, const char *key)
{
	int64_t t = bn_json_int(ev->payload, key, -1);
	return t < 0 ? -1 : t;
}

/* created_ms of a reported run is its start, where known: so the public order of lists, newest first, is right for runs that
 * were imported later, and is the order in which MLflow breaks ties. */
int bn_run_apply_reported(bn_fold *f, const bn_event *ev, bn_err *err)
{
	const json_t *p = ev->payload;
	const char *user = bn_json_str(p, "user", NULL), *source = bn_json_str(p, "source", NULL);
	int rc;
	if ((user || source) && (rc = bn_sql_run(bn_fold_db(f), err,
					 "UPDATE run SET reported_user = nullif(?, ''), source = "
					 "nullif(?, '') WHERE no = ?",
					 "ssi", user, source, ev->entity_no)) < 0)
		return rc;
	if (!bn_json_bool(p, "reported", false))
		return 0;
	return bn_sql_run(bn_fold_db(f), err,
		"UPDATE run SET reported = 1, status = 'RUNNING', started_ms = nullif(?1, -1), "
		"created_ms = coalesce(nullif(?1, -1), created_ms) WHERE no = ?2",
		"ii", time_of(ev, "start_ms"), ev->entity_no);
}

int bn_run_apply_status(bn_fold *f, const bn_event *ev, const bn_run_state *s, bn_err *err)
{
	bn_run_status to = s->status;
	const char *status = bn_json_str(ev->payload, "status", NULL);
	int rc;
	if (!s->reported)
		return bn_run_invalid(f, "its supervisor reports its state, not its program");
	if (status &&
		(!bn_run_status_parse(&to, status) || to == BN_RUN_LOST || to == BN_RUN_QUEUED))
		return bn_run_invalid(
			f, "status must be RUNNING, SCHEDULED, FINISHED, FAILED or KILLED");
	if (!bn_run_owner_only(f, ev, s))
		return 0;
	if ((rc = bn_run_recount(f, s, s->removed, to, err)) < 0)
		return rc;
	return bn_sql_run(bn_fold_db(f), err,
		"UPDATE run SET status = ?1, started_ms = coalesce(nullif(?2, -1), started_ms), "
		"created_ms = coalesce(nullif(?2, -1), created_ms), "
		"finished_ms = coalesce(nullif(?3, -1), finished_ms) WHERE no = ?4",
		"siii", bn_run_status_name(to), time_of(ev, "start_ms"), time_of(ev, "end_ms"),
		s->no);
}

int bn_run_apply_renamed(bn_fold *f, const bn_event *ev, const bn_run_state *s, bn_err *err)
{
	const char *name = bn_json_str(ev->payload, "name", "");
	if (!name[0] || strlen(name) > BN_RUN_NAME_MAX)
		return bn_run_invalid(f, "a run needs a name");
	int rc = bn_run_owner_or_act(f, ev, s, BN_ACT_TAG, err);
	return rc != 1 ? rc
		       : bn_sql_run(bn_fold_db(f), err, "UPDATE run SET name = ? WHERE no = ?",
				 "si", name, s->no);
}

/* ---- artifacts ------------------------------------------------------------------------------ */

/* The run names no object of a removed row any more, unless another of its rows does. */
static int unref_rows(bn_fold *f, int64_t run, const char *path, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT DISTINCT hash FROM run_artifact a WHERE run = ?1 AND (path = ?2 OR "
		"substr(path, 1, length(?2) + 1) = ?2 || '/') AND NOT EXISTS (SELECT 1 FROM "
		"run_artifact b WHERE b.run = ?1 AND b.hash = a.hash AND NOT (b.path = ?2 OR "
		"substr(b.path, 1, length(?2) + 1) = ?2 || '/'))",
		"is", run, path);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0)
		if ((rc = bn_fold_object_unref(
			     f, (const char *)sqlite3_column_text(st, 0), "artifact", err)) < 0)
			break;
	sqlite3_finalize(st);
	return rc;
}

int bn_run_apply_artifact_removed(
	bn_fold *f, const bn_event *ev, const bn_run_state *s, bn_err *err)
{
	json_t *paths = json_object_get(ev->payload, "paths"), *path;
	size_t i;
	int rc;
	if (!json_is_array(paths))
		return bn_run_invalid(f, "no paths");
	json_array_foreach(paths, i, path)
	{
		if (!bn_artifact_path_is_valid(json_string_value(path)))
			return bn_run_invalid(f, "not the path of an artifact");
	}
	if (!bn_run_owner_only(f, ev, s))
		return 0;
	/* A manifest names the removed ones too; what is left is named by its own rows. */
	if ((rc = bn_fold_object_unref(f, NULL, "artifact manifest", err)) < 0)
		return rc;
	json_array_foreach(paths, i, path)
	{
		const char *text = json_string_value(path);
		if ((rc = unref_rows(f, s->no, text, err)) < 0)
			return rc;
		if ((rc = bn_sql_run(bn_fold_db(f), err,
			     "DELETE FROM run_artifact WHERE run = ?1 AND (path = ?2 OR "
			     "substr(path, 1, length(?2) + 1) = ?2 || '/')",
			     "is", s->no, text)) < 0)
			return rc;
	}
	return 0;
}
