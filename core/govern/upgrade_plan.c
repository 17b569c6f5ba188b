/* upgrade_plan.c - what an upgrade would do. See upgrade.h. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/base/utf8.h"
#include "core/govern/authority.h"
#include "core/govern/closed.h"
#include "core/govern/identity.h"
#include "core/govern/key.h"
#include "core/govern/upgrade.h"
#include "core/store/inspect.h"
#include "core/store/upgrade.h"
#include "core/store/view.h"

#include <stdio.h>
#include <string.h>

enum { NAME_MOST = 100 };

void bn_upgrade_plan_free(bn_upgrade_plan *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++) {
		bn_free(p->users[i].name);
		bn_free(p->users[i].key);
	}
	bn_free(p->users);
	bn_free(p->policy);
	bn_names_release(&p->doubts);
	bn_names_release(&p->unseen);
	bn_free(p);
}

/* ---- may I -------------------------------------------------------------------------------------- */

/* The owner of log/ can replace files of others by copies that he owns. */
static int check_log(bn_workspace *ws, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	struct stat st;
	char user[128];
	int rc = bn_dir_stat(bn_workspace_at(ws), "log", &st, err);
	if (rc < 0 || st.st_uid == env->uid(env))
		return rc;
	env->user_name(env, st.st_uid, user, sizeof user);
	bn_err_set(err, BN_EREFUSED,
		"'%s/log' belongs to %s, who can replace anyone's records in it",
		bn_workspace_root(ws), user);
	bn_err_hint(err, "find out why; if the files in it have the right owners, replace it by a "
			 "directory that you own and move them there");
	return BN_EREFUSED;
}

static int check_owner(bn_workspace *ws, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	char user[128];
	uid_t owner;
	int rc = bn_workspace_owner(&owner, ws, err);
	if (rc < 0)
		return rc;
	if (owner == env->uid(env))
		return check_log(ws, err);
	env->user_name(env, owner, user, sizeof user);
	bn_err_set(err, BN_EREFUSED,
		"only %s, whose account made this workspace and owns '%s', may upgrade it", user,
		bn_workspace_root(ws));
	bn_err_hint(err, "ask %s to run: binnacle upgrade", user);
	return BN_EREFUSED;
}

int bn_upgrade_check(bn_workspace *ws, bn_err *err)
{
	sqlite3 *db;
	int rc = bn_workspace_read(&db, ws, err);
	if (rc < 0)
		return rc;
	if (bn_authority_newest(db, NULL) >= 0)
		return bn_err_set(err, BN_ECONFLICT, "%s",
			bn_workspace_founding(ws)[0]
				? "this workspace is already upgraded"
				: "this workspace has had a chain of authority from the start");
	if (bn_authority_is_founded(db))
		return bn_err_set(err, BN_ECONFLICT,
			"link 0 of this workspace is not in the log: there is nothing to upgrade"
			"");
	return check_owner(ws, err);
}

/* ---- users -------------------------------------------------------------------------------------- */

static bool is_plain(const char *name)
{
	size_t n = strlen(name);
	bool fits = n >= 1 && n <= NAME_MOST && bn_utf8_is_valid(name, n);
	for (const unsigned char *p = (const unsigned char *)name; fits && *p; p++)
		fits = *p >= 0x20 && *p != 0x7f;
	return fits;
}

static bool is_taken(const bn_upgrade_plan *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (!strcmp(p->users[i].name, name))
			return true;
	return false;
}

/* A unique name: the user's, or one made from the uid. */
static char *name_make(const bn_upgrade_plan *p, const bn_user_row *u)
{
	char number[BN_UID_TEXT];
	const char *name = u->user && is_plain(u->user) ? u->user : bn_uid_text(u->uid, number);
	return is_taken(p, name) ? bn_strf("%s (uid %lu)", name, (unsigned long)u->uid)
				 : bn_strdup(name);
}

static const char *key_fault(const bn_upgrade_plan *p, const char *key, const char *mine)
{
	if (!strcmp(key, mine))
		return "it is your own key";
	for (size_t i = 0; i < p->count; i++)
		if (p->users[i].key && !strcmp(p->users[i].key, key))
			return "another account has published the same key";
	return NULL;
}

static int user_add(bn_upgrade_plan *p, size_t *cap, sqlite3 *db, const bn_user_row *row,
	const bn_policy *policy, uid_t me, const char *mine, bn_err *err)
{
	bn_upgrade_user u = {.uid = row->uid,
		.is_me = row->uid == me,
		.roles = row->roles & ~(1u << policy->default_role)};
	if (!(u.name = name_make(p, row)) ||
		bn_grow(&p->users, cap, p->count + 1, sizeof *p->users))
		goto nomem;
	if (row->public_key) {
		if (!(u.key = bn_strdup(row->public_key)))
			goto nomem;
		bn_key_fingerprint(u.key, u.print);
		u.keys = (size_t)bn_sql_int(db, 0,
			"SELECT count(DISTINCT public_key) FROM user_key WHERE uid = ?", "i",
			(int64_t)u.uid);
		u.why = u.is_me ? NULL : key_fault(p, u.key, mine);
	}
	if (u.is_me)
		u.print[0] = '\0';
	if (u.is_me && mine[0])
		bn_key_fingerprint(mine, u.print);
	p->users[p->count++] = u;
	return 0;
nomem:
	bn_free(u.name);
	return bn_err_nomem(err, "users");
}

/* The key of the upgrading user, in hex; "" if there is none yet. */
static void own_key(char hex[BN_KEY_PUBLIC_HEX + 1], const bn_env *env)
{
	bn_key *key = NULL;
	hex[0] = '\0';
	if (bn_key_find(&key, env, NULL) == 0)
		snprintf(hex, BN_KEY_PUBLIC_HEX + 1, "%s", bn_key_public(key));
	bn_key_free(key);
}

static int users_read(bn_upgrade_plan *p, bn_workspace *view, sqlite3 *db, bn_err *err)
{
	const bn_env *env = bn_workspace_env(view);
	char mine[BN_KEY_PUBLIC_HEX + 1];
	size_t cap = 0;
	bn_policy *policy = NULL;
	bn_user_list *all = NULL;
	own_key(mine, env);
	int rc = bn_policy_get(&policy, db, NULL, err);
	if (rc < 0 || (rc = bn_user_list_read(&all, view, err)) < 0)
		goto out;
	for (size_t i = 0; rc >= 0 && i < all->count; i++)
		rc = user_add(p, &cap, db, &all->items[i], policy, env->uid(env), mine, err);
out:
	bn_user_list_free(all);
	bn_policy_free(policy);
	return rc;
}

/* ---- the rest ----------------------------------------------------------------------------------- */

static int policy_read(bn_upgrade_plan *p, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT document FROM policy_version ORDER BY clock DESC, writer DESC, seq DESC "
		"LIMIT 1",
		"");
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) >= 0) {
		p->policy = rc == 1 ? bn_sql_text(st, 0) : bn_strdup("{}");
		rc = p->policy ? 0 : bn_err_nomem(err, "a policy");
	}
	sqlite3_finalize(st);
	return rc;
}

/* In a workspace whose id names nothing, a record dated before all others makes its author the founder by the
 * rules for uids. */
static int founder_doubt(bn_upgrade_plan *p, bn_workspace *view, sqlite3 *db, bn_err *err)
{
	const bn_env *env = bn_workspace_env(view);
	char words[1024], user[128], writer[BN_WRITER_NAME_MAX + 1] = "";
	sqlite3_stmt *st = NULL;
	const char *fault = bn_policy_founding_fault(bn_workspace_id(view), db);
	if (p->old_founder == (int64_t)env->uid(env))
		return 0;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT writer FROM dump_event ORDER BY clock, writer, seq LIMIT 1", "");
	if (rc >= 0 && (rc = bn_sql_step(st, err)) == 1)
		snprintf(writer, sizeof writer, "%s", (const char *)sqlite3_column_text(st, 0));
	sqlite3_finalize(st);
	if (rc < 0)
		return rc;
	if (p->old_founder < 0) {
		snprintf(words, sizeof words,
			"nobody was admin here (%s), so no role and no policy counts",
			fault ? fault : "the log has no record");
	} else {
		env->user_name(env, (uid_t)p->old_founder, user, sizeof user);
		snprintf(words, sizeof words,
			"%s was the founder, and not you, as the oldest record lies in log/%s; "
			"roles "
			"and policies that you set count for nothing. If that record was dated "
			"back, "
			"move log/%s out of the workspace and look again",
			user, writer, writer);
	}
	return bn_names_add(&p->doubts, words) < 0 ? bn_err_nomem(err, "what nobody vouches for")
						   : 0;
}

static int unseen_read(bn_upgrade_plan *p, bn_workspace *view, bn_err *err)
{
	char words[400];
	bn_index_status status;
	int rc = bn_index_status_get(&status, view, err);
	for (size_t i = 0; rc >= 0 && i < status.gap_count; i++) {
		snprintf(words, sizeof words, "log/%s from record %lld on: %s",
			status.gaps[i].writer, (long long)status.gaps[i].folded + 1,
			status.gaps[i].why);
		if (bn_names_add(&p->unseen, words) < 0)
			rc = bn_err_nomem(err, "what was not seen");
	}
	bn_index_status_release(&status);
	return rc < 0 ? rc : 0;
}

int bn_upgrade_plan_read(bn_upgrade_plan **out, bn_workspace *ws, bn_err *err)
{
	bn_workspace *view = NULL;
	bn_upgrade_plan *p = NULL;
	sqlite3 *db;
	int rc;
	if ((rc = bn_upgrade_check(ws, err)) < 0 ||
		(rc = bn_workspace_view(&view, ws, NULL, err)) < 0 ||
		(rc = bn_workspace_read(&db, view, err)) < 0)
		goto out;
	if (!(p = bn_alloc_zeroed(1, sizeof *p))) {
		rc = bn_err_nomem(err, "an upgrade");
		goto out;
	}
	uid_t founder = bn_policy_founder(bn_workspace_id(ws), db);
	p->old_founder = founder == BN_NOBODY ? -1 : (int64_t)founder;
	p->writers = (uint64_t)bn_sql_int(db, 0, "SELECT count(*) FROM index_tail", "");
	p->records = (uint64_t)bn_sql_int(db, 0, "SELECT sum(last_seq) FROM index_tail", "");
	if ((rc = policy_read(p, db, err)) < 0 || (rc = users_read(p, view, db, err)) < 0 ||
		(rc = founder_doubt(p, view, db, err)) < 0 ||
		(rc = bn_closed_doubts(&p->doubts, db, err)) < 0 ||
		(rc = unseen_read(p, view, err)) < 0)
		goto out;
	*out = p;
	p = NULL;
out:
	bn_upgrade_plan_free(p);
	bn_workspace_close(view);
	return rc;
}
