/* newest.c - see newest.h. */
#include "core/track/newest.h"

#include "core/base/mem.h"
#include "core/track/_fold.h"

#include <stdio.h>

static int read_row(bn_newest_run *r, sqlite3_stmt *st, bn_err *err)
{
	snprintf(r->id, sizeof r->id, "%s", (const char *)sqlite3_column_text(st, 0));
	r->experiment = bn_sql_text(st, 1);
	r->finished_ms = sqlite3_column_int64(st, 2);
	return r->experiment ? 0 : bn_err_nomem(err, "the newest runs");
}

int bn_newest_runs_load(bn_newest_runs *out, bn_workspace *ws, size_t limit, bn_err *err)
{
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	size_t cap = 0;
	int rc;
	*out = (bn_newest_runs){NULL, 0, 0};
	if ((rc = bn_track_index(&db, ws, err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err,
			 "SELECT lower(hex(id)), (SELECT shown FROM index_experiment WHERE no = "
			 "experiment), finished_ms FROM (SELECT id, experiment, finished_ms, "
			 "row_number() OVER (PARTITION BY experiment "
			 "ORDER BY finished_ms DESC, created_ms DESC, id DESC) AS place "
			 "FROM run WHERE removed = 0 AND status = 'FINISHED' AND "
			 "finished_ms IS NOT NULL) WHERE place = 1 ORDER BY 3 DESC, 2",
			 "")) < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (out->count == limit) {
			out->left_out++;
			continue;
		}
		if (bn_grow(&out->items, &cap, out->count + 1, sizeof *out->items)) {
			rc = bn_err_nomem(err, "the newest runs");
			goto out;
		}
		if ((rc = read_row(&out->items[out->count], st, err)) < 0)
			goto out;
		out->count++;
	}
out:
	sqlite3_finalize(st);
	return rc;
}

void bn_newest_runs_release(bn_newest_runs *l)
{
	for (size_t i = 0; i < l->count; i++)
		bn_free(l->items[i].experiment);
	bn_free(l->items);
	*l = (bn_newest_runs){NULL, 0, 0};
}

int bn_run_newest_ends(int64_t ends_ms[BN_RUN_STATUSES], bn_workspace *ws, bn_err *err)
{
	sqlite3 *db;
	sqlite3_stmt *st = NULL;
	bn_run_status status;
	int rc;
	for (int i = 0; i < BN_RUN_STATUSES; i++)
		ends_ms[i] = -1;
	if ((rc = bn_track_index(&db, ws, err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err,
			 "SELECT status, max(finished_ms) FROM run WHERE removed = 0 AND "
			 "finished_ms IS NOT NULL GROUP BY status",
			 "")) < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0)
		if (bn_run_status_parse(&status, (const char *)sqlite3_column_text(st, 0)))
			ends_ms[status] = sqlite3_column_int64(st, 1);
	sqlite3_finalize(st);
	return rc;
}
