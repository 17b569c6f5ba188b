/* artifacts.c - see artifacts.h. */
#include "core/track/artifacts.h"

#include "core/base/mem.h"
#include "core/store/index/fold.h"

#include <stdio.h>

void bn_artifacts_release(bn_artifacts *a)
{
	for (size_t i = 0; i < a->count; i++)
		bn_free(a->items[i].path);
	bn_free(a->items);
	*a = (bn_artifacts)BN_ARTIFACTS_INIT;
}

int bn_artifacts_read(bn_artifacts *out, sqlite3 *db, const char *sql, int64_t no, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc;
	if ((rc = bn_sql_prepare(&st, db, err, sql, "i", no)) < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (bn_grow(&out->items, &out->cap, out->count + 1, sizeof *out->items) != 0) {
			rc = bn_err_nomem(err, "artifacts");
			goto out;
		}
		bn_artifact *a = &out->items[out->count++];
		a->path = bn_sql_text(st, 0);
		snprintf(a->hash, sizeof a->hash, "%s", (const char *)sqlite3_column_text(st, 1));
		a->size_bytes = sqlite3_column_int64(st, 2);
		a->time_ms = sqlite3_column_int64(st, 3);
		if (!a->path) {
			rc = bn_err_nomem(err, "artifacts");
			goto out;
		}
	}
out:
	sqlite3_finalize(st);
	if (rc < 0)
		bn_artifacts_release(out);
	return rc;
}
