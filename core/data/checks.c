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
		.failed = sqlite3_column_int64(st, 5),
		.user = bn_sql_text(st, 8),
		.is_private = sqlite3_column_int(st, 9) != 0};
	snprintf(c->suite_hash, sizeof c->suite_hash, "%s",
		(const char *)sqlite3_column_text(st, 6));
	snprintf(c->result_hash, sizeof c->result_hash, "%s",
		(const char *)sqlite3_column_text(st, 7));
	return c->suite && c->user ? 0 : bn_err_nomem(err, "checks");
}

/* Of live versions, by members or the reader. */
#define NAMED "coalesce(suite_name, substr(suite, 1, 12))"
#define SHOWN "suite, result, bn_user(uid), private"
#define COUNTED \
	"FROM dataset_check c JOIN dataset_version v USING (name, version) " \
	"WHERE name = ?1 AND v.removed = 0 AND " \
	"(?2 IS NULL OR c.uid IN (SELECT value FROM json_each(?2)))"

static const char newest[] =
	"SELECT " NAMED ", version, checked_ms, success, evaluated, failed, " SHOWN
	" FROM (SELECT c.*, v.private, row_number() OVER (PARTITION BY coalesce(suite_name, suite) "
	"ORDER BY checked_ms DESC, version DESC, number DESC) AS place " COUNTED ") "
	"WHERE place = 1 AND ?3 = 0 AND ?4 IS NULL ORDER BY checked_ms DESC, 1";

static const char all[] =
	"SELECT " NAMED ", version, checked_ms, success, evaluated, failed, " SHOWN
	" FROM (SELECT c.*, v.private " COUNTED ") WHERE (?3 = 0 OR version = ?3) AND "
	"(?4 IS NULL OR " NAMED " = ?4) ORDER BY version DESC, number DESC";

static int load(bn_dataset_checks *out, bn_workspace *ws, const char *sql, const char *name,
	int64_t version, const char *suite, bn_err *err)
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
		(rc = bn_sql_prepare(&st, db, err, sql, "ssis", name, members, version, suite)) < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (bn_grow(&out->items, &cap, out->count + 1, sizeof *out->items)) {
			rc = bn_err_nomem(err, "checks");
			goto out;
		}
		if ((rc = read_row(&out->items[out->count++], st, err)) < 0)
			goto out;
	}
out:
	sqlite3_finalize(st);
	bn_free(members);
	return rc;
}

int bn_dataset_checks_load(
	bn_dataset_checks *out, bn_workspace *ws, const char *name, bn_err *err)
{
	return load(out, ws, newest, name, 0, NULL, err);
}

int bn_dataset_checks_history(bn_dataset_checks *out, bn_workspace *ws, const char *name,
	int64_t version, const char *suite, bn_err *err)
{
	return load(out, ws, all, name, version, suite, err);
}

void bn_dataset_checks_release(bn_dataset_checks *l)
{
	for (size_t i = 0; i < l->count; i++) {
		bn_free(l->items[i].suite);
		bn_free(l->items[i].user);
	}
	bn_free(l->items);
	*l = (bn_dataset_checks){NULL, 0};
}
