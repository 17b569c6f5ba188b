/* user_list.c - the users known to the workspace. See policy.h. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/govern/policy.h"

#include <string.h>

void bn_user_list_free(bn_user_list *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->count; i++) {
		bn_free(l->items[i].user);
		bn_free(l->items[i].public_key);
	}
	bn_free(l->items);
	bn_free(l);
}

/* Name: for authors of records, as known to this machine; else as in the grant of a role; else as
 * known to this machine. */
static int user_read(
	bn_user_row *u, bn_workspace *ws, sqlite3 *db, sqlite3_stmt *st, uid_t founder, bn_err *err)
{
	char name[128];
	u->uid = (uid_t)sqlite3_column_int64(st, 0);
	u->user = bn_sql_text(st, 1);
	u->public_key = bn_sql_text(st, 2);
	u->since_ms = sqlite3_column_int64(st, 3) >> 16;
	u->is_founder = u->uid == founder;
	if (!u->user || !u->user[0]) {
		const bn_env *env = bn_workspace_env(ws);
		env->user_name(env, u->uid, name, sizeof name);
		bn_free(u->user);
		if (!(u->user = bn_strdup(name)))
			return bn_err_nomem(err, "users");
	}
	return bn_policy_roles(&u->roles, bn_workspace_id(ws), db, u->uid, NULL, err);
}

int bn_user_list_read(bn_user_list **out, bn_workspace *ws, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	uid_t founder = BN_NOBODY;
	size_t cap = 0;
	sqlite3 *db = NULL;
	bn_user_list *l = bn_alloc_zeroed(1, sizeof *l);
	int rc = l ? bn_workspace_read(&db, ws, err) : bn_err_nomem(err, "users");
	if (rc < 0)
		goto out;
	founder = bn_policy_founder(bn_workspace_id(ws), db);
	if ((rc = bn_sql_prepare(&st, db, err,
		     "WITH everybody AS (SELECT owner AS uid FROM writer UNION SELECT uid FROM "
		     "user_key"
		     " UNION SELECT uid FROM role_change UNION SELECT ?1 WHERE ?1 >= 0)"
		     " SELECT uid,"
		     " coalesce((SELECT bn_user(owner) FROM writer w WHERE w.owner = x.uid "
		     "LIMIT 1),"
		     " (SELECT user FROM role_change r WHERE r.uid = x.uid AND user IS NOT NULL"
		     " ORDER BY clock DESC, writer DESC, seq DESC LIMIT 1)),"
		     " (SELECT public_key FROM user_key k WHERE k.uid = x.uid"
		     " ORDER BY clock DESC, writer DESC, seq DESC LIMIT 1),"
		     " (SELECT min(first_clock) FROM writer w WHERE w.owner = x.uid)"
		     " FROM everybody x ORDER BY uid",
		     "i", founder == BN_NOBODY ? (int64_t)-1 : (int64_t)founder)) < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if (bn_grow(&l->items, &cap, l->count + 1, sizeof *l->items)) {
			rc = bn_err_nomem(err, "users");
			goto out;
		}
		memset(&l->items[l->count], 0, sizeof *l->items);
		if ((rc = user_read(&l->items[l->count++], ws, db, st, founder, err)) < 0)
			goto out;
	}
out:
	sqlite3_finalize(st);
	if (rc < 0)
		bn_user_list_free(l);
	else
		*out = l;
	return rc;
}
