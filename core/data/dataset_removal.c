/*
 * dataset_removal.c - removes and restores versions. Removing hides; gc frees the bytes of versions
 * removed longer ago than its retention, unless something live names them.
 */
#include "core/data/_dataset.h"
#include "core/data/dataset.h"
#include "core/govern/rights.h"
#include "core/store/index/fold.h"
#include "core/store/object/live.h"

static int count_affected(int64_t *affected, bn_workspace *ws, const char *name, int64_t version,
	bool removing, bn_err *err)
{
	int rc = bn_workspace_refresh(ws, NULL, err);
	if (rc)
		return rc;
	sqlite3 *db = bn_workspace_index(ws);
	int64_t all = bn_sql_int(db, 0,
		"SELECT count(*) FROM dataset_version WHERE name = ?1 AND ?2 IN (0, version)", "si",
		name, version);
	if ((rc = bn_sql_failed(db, err)) < 0)
		return rc;
	if (!all && version)
		return bn_err_set(err, BN_ENOTFOUND, "no dataset version '%s@v%lld'", name,
			(long long)version);
	if (!all)
		return bn_dataset_none(db, name, err);
	*affected = bn_sql_int(db, 0,
		removing ? "SELECT count(*) FROM dataset_version WHERE name = ?1 AND "
			   "?2 IN (0, version) AND removed = 0"
			 : "SELECT count(*) FROM dataset_version WHERE name = ?1 AND "
			   "?2 IN (0, version) AND removed >= CASE ?2 WHEN 0 THEN 2 ELSE 1 END",
		"si", name, version);
	return bn_sql_failed(db, err);
}

/* An event cannot restore what gc has freed. */
static int refuse_gone(bn_workspace *ws, const char *name, int64_t version, bn_err *err)
{
	bn_dataset_versions *all = NULL;
	char text[192];
	int rc = bn_dataset_versions_load(&all, ws, name, BN_DATASET_REMOVED_TOO, err);
	for (size_t i = 0; rc == 0 && i < all->count; i++) {
		const bn_dataset_version *v = all->items[i];
		if (version && v->version == version && (rc = bn_dataset_need_rows_kept(v, err)) < 0)
			break;
		if (v->forgotten) /* restoring the dataset restores the others */
			continue;
		if (v->removed && (!version || v->version == version) &&
			(rc = bn_dataset_need_rows(ws, v, err)) < 0) {
			bn_err_hint(err, "so only %s can restore it", v->user);
			break;
		}
		if (!v->bytes_gone || (version && v->version != version))
			continue;
		rc = bn_err_set(err, BN_EREFUSED, "the bytes of dataset %s are gone",
			bn_dataset_version_name(v, text, sizeof text));
		bn_err_hint(err,
			version ? "gc freed them; adding the same file again brings the version "
				  "back"
				: "gc freed them; restore the other versions by their numbers");
	}
	bn_dataset_versions_free(all);
	return rc;
}

/* Before the event: a gc that has already scanned keeps renewed objects. If something was freed
 * since refuse_gone, this is BN_EREFUSED as well. */
static int renew_bytes(bn_workspace *ws, const char *name, int64_t version, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bn_err e = BN_ERR_INIT;
	int rc = bn_sql_prepare(&st, bn_workspace_index(ws), err,
		"WITH v AS (SELECT * FROM dataset_version WHERE name = ?1 AND ?2 IN (0, version) "
		"AND removed >= CASE ?2 WHEN 0 THEN 2 ELSE 1 END) "
		"SELECT hash, 1 FROM v UNION SELECT part, 1 FROM v UNION SELECT profile, 0 FROM v "
		"UNION SELECT suite, 0 FROM dataset_check JOIN v USING (name, version) "
		"UNION SELECT result, 0 FROM dataset_check JOIN v USING (name, version) "
		"UNION SELECT parent_hash, 0 FROM dataset_parent JOIN v USING (name, version)",
		"si", name, version);
	while (rc >= 0 && (rc = bn_sql_step(st, err)) == 1) {
		const char *hash = (const char *)sqlite3_column_text(st, 0);
		bool needed = sqlite3_column_int(st, 1) != 0;
		rc = hash ? bn_object_renew(ws, hash, &e) : 0;
		if (rc == BN_ENOTFOUND && !needed) {
			bn_err_clear(&e);
			rc = 0;
		} else if (rc < 0) {
			rc = bn_err_recode(err, &e, rc == BN_ENOTFOUND ? BN_EREFUSED : rc);
		}
	}
	sqlite3_finalize(st);
	return rc;
}

/* The highest number; 0 if there is none. */
static int64_t newest_version(bn_workspace *ws, const char *name)
{
	return bn_sql_int(bn_workspace_index(ws), 0,
		"SELECT max(version) FROM dataset_version WHERE name = ?", "s", name);
}

static int change_removal(
	bn_workspace *ws, const char *name, int64_t version, bool removing, bn_err *err)
{
	int64_t affected = 0;
	int rc = count_affected(&affected, ws, name, version, removing, err);
	if (rc)
		return rc;
	if (!affected)
		return bn_err_set(err, BN_ECONFLICT, "dataset '%s'%s is %s", name,
			version ? " (that version)" : "",
			removing ? "removed already" : "not removed");
	if (!removing && (rc = refuse_gone(ws, name, version, err)) < 0)
		return rc;
	rc = bn_rights_may(ws, BN_ACT_REMOVE, err);
	if (rc || (!removing && (rc = renew_bytes(ws, name, version, err)) < 0))
		return rc;
	json_t *payload = json_pack("{s:I}", "version", (json_int_t)version);
	if (payload && removing && !version)
		json_object_set_new(payload, "upto", json_integer(newest_version(ws, name)));
	rc = bn_dataset_act(
		ws, removing ? "dataset.removed" : "dataset.restored", name, payload, err);
	json_decref(payload);
	return rc;
}

int bn_dataset_remove(bn_workspace *ws, const char *name, int64_t version, bn_err *err)
{
	return change_removal(ws, name, version, true, err);
}

int bn_dataset_restore(bn_workspace *ws, const char *name, int64_t version, bn_err *err)
{
	return change_removal(ws, name, version, false, err);
}
