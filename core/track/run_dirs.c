/* run_dirs.c - see run_dirs.h. */
#include "core/track/run_dirs.h"

#include "core/base/dir.h"
#include "core/base/mem.h"
#include "core/run/run_dir.h"
#include "core/run/run_pack.h"
#include "core/run/supervisor.h"
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

/* ---- packing -------------------------------------------------------------------------------- */

typedef struct ended {
	char id[BN_RUN_ID_TEXT];
	bool lost, api;
} ended;

static int find_ended(ended **out, size_t *count, bn_workspace *ws, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	size_t cap = 0;
	*out = NULL;
	*count = 0;
	int rc = bn_track_index(&db, ws, err);
	if (rc < 0)
		return rc;
	rc = bn_sql_prepare(&st, db, err,
		"SELECT lower(hex(id)), status = 'LOST', kind = 'api' FROM run WHERE owner = ? AND "
		"status IN ('FINISHED', 'FAILED', 'KILLED', 'LOST') AND finished_ms <= ?",
		"ii", (int64_t)env->uid(env), bn_env_now_ms(env) - BN_RUN_PACK_AGE_MS);
	while (rc >= 0 && (rc = bn_sql_step(st, err)) > 0) {
		if (bn_grow(out, &cap, *count + 1, sizeof **out) != 0) {
			rc = bn_err_nomem(err, "a list of runs");
			break;
		}
		ended *r = &(*out)[(*count)++];
		snprintf(r->id, sizeof r->id, "%s", (const char *)sqlite3_column_text(st, 0));
		r->lost = sqlite3_column_int(st, 1) != 0;
		r->api = sqlite3_column_int(st, 2) != 0;
	}
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

/* Whether its processes are certain to be gone: a lost run may still be alive on another host. */
static int is_gone(bool *gone, bn_workspace *ws, const ended *r, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	bn_supervisor s;
	int rc = r->lost ? bn_supervisor_find(&s, ws, r->id, env->uid(env), err) : 0;
	*gone = rc >= 0 &&
		(!r->lost || s.state == BN_SUPERVISOR_DEAD || s.state == BN_SUPERVISOR_NONE);
	return rc;
}

static int pack_one(bool *packed, bn_workspace *ws, const ended *r, bool dry_run, bn_err *err)
{
	const bn_run_pack how = {.keep_clock = r->api};
	bn_err why = BN_ERR_INIT;
	bn_dir *dir = NULL;
	bool due = false;
	*packed = false;
	int rc = bn_run_dir_open_own(&dir, ws, r->id, &why);
	if (rc < 0 || (rc = bn_run_pack_is_due(&due, dir, &how, &why)) < 0 || !due)
		goto out;
	if ((rc = is_gone(&due, ws, r, &why)) < 0 || !due)
		goto out;
	if (!dry_run && (rc = bn_run_dir_pack(dir, r->id, &how, &why)) < 0)
		goto out;
	*packed = true;
out:
	bn_dir_close(dir);
	/* On another file system, of another user, or in use. */
	if (rc == BN_ENOTFOUND || rc == BN_EREFUSED || rc == BN_ECONFLICT)
		return 0;
	return rc < 0 ? bn_err_move(err, &why) : 0;
}

int bn_run_dirs_pack(uint64_t *count, bn_workspace *ws, bool dry_run, bn_err *err)
{
	ended *runs = NULL;
	size_t found = 0;
	bool packed;
	*count = 0;
	int rc = find_ended(&runs, &found, ws, err);
	for (size_t i = 0; rc >= 0 && i < found; i++) {
		rc = pack_one(&packed, ws, &runs[i], dry_run, err);
		*count += packed;
	}
	bn_free(runs);
	return rc;
}
