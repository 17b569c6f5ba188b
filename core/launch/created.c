/* created.c - see created.h. */
#include "core/launch/created.h"

#include "core/base/id.h"
#include "core/store/index/fold.h"

#include <stdio.h>

int bn_created_find(bn_created *out, bn_workspace *ws, const char *id, bn_err *err)
{
	sqlite3 *db = bn_workspace_index(ws);
	sqlite3_stmt *st = NULL;
	char entity[8 + BN_RUN_ID_TEXT];
	int rc;
	*out = (bn_created){.owner = 0};
	if (!db)
		return bn_err_set(err, BN_ENOTFOUND, "run %.8s: there is no index", id);
	snprintf(entity, sizeof entity, "run/%.32s", id);
	if ((rc = bn_sql_prepare(&st, db, err,
		     "SELECT owner, coalesce(spec, ''), status = 'RUNNING', status IN ('FINISHED', "
		     "'FAILED', 'KILLED', 'LOST') FROM run WHERE no = ?",
		     "i", bn_index_entity(db, entity))) < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 0)
		rc = bn_err_set(err, BN_ENOTFOUND, "the log has no run %.8s", id);
	if (rc > 0) {
		out->owner = (uid_t)sqlite3_column_int64(st, 0);
		snprintf(out->spec, sizeof out->spec, "%s",
			(const char *)sqlite3_column_text(st, 1));
		out->running = sqlite3_column_int(st, 2) != 0;
		out->over = sqlite3_column_int(st, 3) != 0;
		rc = 0;
	}
	sqlite3_finalize(st);
	return rc;
}
