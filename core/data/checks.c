/* checks.c - see checks.h. */
#include "core/data/checks.h"

#include "core/base/mem.h"
#include "core/govern/members.h"
#include "core/store/index/fold.h"

static int read_row(bn_dataset_check *c, sqlite3_stmt *st, bn_err *err)
{
	*c = (bn_dataset_check){.suite = bn_sql_text(st, 0),
		.version = sqlite3_column_int64(st, 1),
		.checked_ms = sqlite3_column_int64(st, 2),
		.success = sqlite3_column_int(st, 3) != 0,
		.evaluated = sqlite3_column_int64(st, 4),
		.failed = sqlite3_column_int64(st, 5)};
	return c->suite ? 0 : bn_err_nomem(err, "checks");
}

int bn_dataset_checks_load(
	bn_dataset_checks *out, bn_workspace *ws, const char *name, bn_err *err)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	char *members = NULL;
	size_t cap = 0;
	const bn_env *env = bn_workspace_env(ws);
	int rc;
	*out = (bn_dataset_checks){NULL, 0};
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = bn_member_accounts(&members, db, env->uid(env), err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err,
			 "SELECT coalesce(suite_name, substr(suite, 1, 12)), version, checked_ms, "
			 "success, evaluated, failed FROM (SELECT c.*, row_number() OVER ("
			 "PARTITION BY coalesce(suite_name, suite) "
			 "ORDER BY checked_ms DESC, version DESC, number DESC) AS place "
			 "FROM dataset_check c JOIN dataset_version v USING (name, version) "
			 "WHERE name = ?1 AND v.removed = 0 AND "
			 "(?2 IS NULL OR c.uid IN (SELECT value FROM json_each(?2)))) "
			 "WHERE place = 1 ORDER BY checked_ms DESC, 1",
			 "ss", name, members)) < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (bn_grow(&out->items, &cap, out->count + 1, sizeof *out->items)) {
			rc = bn_err_nomem(err, "checks");
			goto out;
		}
		if ((rc = read_row(&out->items[out->count], st, err)) < 0)
			goto out;
		out->count++;
	}
out:
	sqlite3_finalize(st);
	bn_free(members);
	return rc;
}

void bn_dataset_checks_release(bn_dataset_checks *l)
{
	for (size_t i = 0; i < l->count; i++)
		bn_free(l->items[i].suite);
	bn_free(l->items);
	*l = (bn_dataset_checks){NULL, 0};
}
