/*
 * workspace_read.c - see workspace.h: the index of a workspace. Programs that only write do not link
 * this: the writing side reaches an index through pointers that this file puts into the workspace.
 */
#include "core/store/workspace.h"

#include "core/base/mem.h"
#include "core/store/_workspace.h"
#include "core/store/index/fold.h"
#include "core/store/index/index.h"
#include "core/store/log/listing.h"
#include "core/store/log/slot.h"
#include "core/store/forgotten.h"
#include "core/store/recent.h"
#include "core/store/view.h"

#include <string.h>

#define RECENT_NS 20000000

int bn_workspace_need_index(bn_workspace *ws, bn_err *err)
{
	const bn_index_source of = {.at = ws->at,
		.id = ws->id,
		.founding = ws->founding,
		.classes = ws->classes,
		.is_private = ws->is_view,
		.wants = ws->wants,
		.wants_ctx = ws->wants_ctx};
	if (ws->index)
		return 0;
	ws->index_close = bn_index_close;
	ws->index_clock = bn_index_seen_clock;
	ws->index_failed = bn_index_failed;
	ws->forgotten = bn_object_forgotten;
	ws->sees_founding = ws->founding[0] != '\0';
	return bn_index_open(&ws->index, &of, err);
}

/* Damaged slots of ours get no more events, since nobody would see them. */
static void give_up_slots(bn_workspace *ws)
{
	const bn_log_writer *w = NULL;
	while ((w = bn_index_next_gap(ws->index, w))) {
		if (!w->damaged || w->uid != ws->env->uid(ws->env) ||
			!bn_slot_is_own(ws->env, w->name))
			continue;
		bn_slot_give_up(ws->at, w->dir, w->fault); /* L9 */
		if (ws->writer && !strcmp(ws->writer->name, w->name))
			ws->writer->damaged = true;
	}
}

void bn_workspace_mark_recent(bn_workspace *ws, bool changed)
{
	ws->recent_ns = bn_env_monotonic_ns(ws->env);
	ws->recent_changed |= changed;
}

void bn_workspace_unmark_recent(bn_workspace *ws)
{
	ws->recent_ns = 0;
}

static bool is_recent(const bn_workspace *ws)
{
	return ws->index && ws->recent_ns &&
	       bn_env_monotonic_ns(ws->env) - ws->recent_ns < RECENT_NS;
}

/* The workspace may have been upgraded meanwhile: from then on the chain of authority applies. If the file
 * cannot be read now, it is checked next time. */
static void see_upgrade(bn_workspace *ws)
{
	struct stat st;
	if (ws->is_view)
		return;
	/* Without an index workspace.json was read just now. */
	if (!ws->is_chained && ws->index && bn_dir_stat(ws->at, BN_IDENTITY, &st, NULL) == 0 &&
		((uint64_t)st.st_ino != ws->identity_inode ||
			st.st_mtim.tv_sec != ws->identity_time.tv_sec ||
			st.st_mtim.tv_nsec != ws->identity_time.tv_nsec))
		bn_workspace_read_identity(ws, NULL);
	if (!ws->founding[0] || !ws->index || ws->sees_founding)
		return;
	bn_index_founded(ws->index);
	ws->sees_founding = true;
	ws->recent_ns = 0;
}

int bn_workspace_refresh(bn_workspace *ws, bool *changed, bn_err *err)
{
	bool folded = false;
	if (ws->in_snapshot) {
		if (changed)
			*changed = false;
		return 0;
	}
	see_upgrade(ws);
	int rc = bn_workspace_need_index(ws, err);
	if (rc < 0)
		return rc;
	if (!is_recent(ws)) {
		if ((rc = bn_index_refresh(ws->index, &folded, err)) < 0)
			return rc;
		if (!ws->is_view)
			give_up_slots(ws);
	}
	if (changed)
		*changed = folded || ws->recent_changed;
	ws->recent_ns = 0;
	ws->recent_changed = false;
	return rc;
}

size_t bn_workspace_left_out(const bn_workspace *ws)
{
	const bn_log_writer *w = NULL;
	size_t n = 0;
	while (ws->index && (w = bn_index_next_gap(ws->index, w)))
		n++;
	return n;
}

int bn_workspace_read(sqlite3 **out, bn_workspace *ws, bn_err *err)
{
	int rc = bn_workspace_refresh(ws, NULL, err);
	if (rc < 0)
		return rc;
	sqlite3 *db = bn_index_db(ws->index);
	if (!db)
		return bn_err_set(err, BN_EIO, "the index cannot be opened");
	*out = db;
	return 0;
}

sqlite3 *bn_workspace_index(bn_workspace *ws)
{
	if (!ws->index && bn_workspace_refresh(ws, NULL, NULL))
		return NULL;
	return bn_index_db(ws->index);
}

int bn_workspace_snapshot_begin(bn_workspace *ws, bn_err *err)
{
	sqlite3 *db = NULL;
	if (ws->in_snapshot)
		return bn_err_set(err, BN_ECONFLICT, "a snapshot of the index has begun already");
	if (!(db = bn_workspace_index(ws)))
		return bn_err_set(err, BN_EIO, "the index cannot be opened");
	int rc = bn_sql_run(db, err, "BEGIN", "");
	ws->in_snapshot = rc >= 0;
	return rc;
}

void bn_workspace_snapshot_end(bn_workspace *ws)
{
	sqlite3 *db = ws->index ? bn_index_db(ws->index) : NULL;
	if (!ws->in_snapshot)
		return;
	ws->in_snapshot = false;
	bn_free(ws->kept);
	ws->kept = NULL;
	if (db)
		bn_sql_run(db, NULL, "COMMIT", "");
}

void bn_workspace_snapshot_keep(bn_workspace *ws, const void *finding, size_t n)
{
	if (!ws->in_snapshot || ws->kept || !(ws->kept = bn_alloc(n)))
		return;
	memcpy(ws->kept, finding, n);
}

const void *bn_workspace_snapshot_kept(const bn_workspace *ws)
{
	return ws->kept;
}

int bn_workspace_view(
	bn_workspace **out, const bn_workspace *of, const bn_view_filter *only, bn_err *err)
{
	bn_workspace *ws = bn_alloc_zeroed(1, sizeof *ws);
	if (!ws)
		return bn_err_nomem(err, "a workspace");
	ws->env = of->env;
	ws->at = of->at;
	ws->dir = of->dir;
	ws->root = of->root;
	ws->id = of->id;
	ws->format = of->format;
	ws->is_chained = of->is_chained;
	memcpy(ws->founding, of->founding, sizeof ws->founding);
	ws->classes = of->classes;
	ws->merge_at = of->merge_at;
	ws->access = of->access;
	ws->is_access_said = of->is_access_said;
	ws->is_view = true;
	if (only) {
		ws->wants = only->wants;
		ws->wants_ctx = only->ctx;
	}
	int rc = bn_workspace_refresh(ws, NULL, err);
	if (rc < 0)
		bn_workspace_close(ws);
	else
		*out = ws;
	return rc < 0 ? rc : 0;
}

int bn_workspace_sync(bn_workspace *ws, bn_err *err)
{
	int rc = bn_workspace_commit(ws, err);
	return rc < 0 ? rc : bn_workspace_refresh(ws, NULL, err);
}
