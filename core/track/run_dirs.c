/* run_dirs.c - see run_dirs.h. */
#include "core/track/run_dirs.h"

#include "core/base/dir.h"
#include "core/run/run_dir.h"
#include "core/track/_fold.h"
#include "core/track/run.h"

#include <stdio.h>

/* Their ids, since the statement may not stay open while runs are looked at. */
static int find_removed(bn_names *out, bn_workspace *ws, int64_t cutoff_ms, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	int rc = bn_track_index(&db, ws, err);
	if (rc < 0)
		return rc;
	rc = bn_sql_prepare(&st, db, err,
		"SELECT lower(hex(id)) FROM run WHERE removed = 1 AND owner = ? AND removed_ms "
		"BETWEEN 1 AND ?",
		"ii", (int64_t)env->uid(env), cutoff_ms);
	while (rc >= 0 && (rc = bn_sql_step(st, err)) > 0) {
		const char *id = (const char *)sqlite3_column_text(st, 0);
		if (bn_names_add(out, id) < 0) /* NULL: no memory either */
			rc = bn_err_nomem(err, "a list of runs");
	}
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

/* *free: it may go. */
static int look(bool *free, bn_workspace *ws, const char *id, bool dry_run, bn_err *err)
{
	bn_run_info *r = NULL;
	int rc = bn_run_get(&r, ws, id, err);
	if (rc < 0)
		return rc;
	*free = r->removed && !bn_run_status_is_live(r->status) && (dry_run || r->bytes_gone);
	bn_run_info_free(r);
	return 0;
}

int bn_run_dirs_free(
	uint64_t *count, bn_workspace *ws, int64_t cutoff_ms, bool dry_run, bn_err *err)
{
	const bn_dir *root = bn_workspace_at(ws);
	bn_names ids = BN_NAMES_INIT;
	*count = 0;
	int rc = find_removed(&ids, ws, cutoff_ms, err);
	for (size_t i = 0; rc >= 0 && i < ids.count; i++) {
		char path[64];
		bool free = false;
		snprintf(path, sizeof path, "runs/%.32s", ids.items[i]);
		if (!bn_dir_has(root, path))
			continue;
		if ((rc = look(&free, ws, ids.items[i], dry_run, err)) < 0)
			break;
		if (!free)
			continue;
		if (!dry_run && (rc = bn_run_dir_remove(ws, ids.items[i], err)) < 0)
			break;
		++*count;
	}
	bn_names_release(&ids);
	return rc < 0 ? rc : 0;
}
