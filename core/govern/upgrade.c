/* upgrade.c - see upgrade.h. */
#include "core/govern/upgrade.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "core/govern/key.h"
#include "core/store/appended.h"
#include "core/store/log/writer.h"
#include "core/store/upgrade.h"
#include "core/store/view.h"

#include <stdio.h>
#include <string.h>

enum { ID = BN_CHAIN_ID_BYTES, CHANGES_MOST = 900 };

typedef struct upgrade {
	bn_workspace *ws;
	const bn_upgrade_how *how;
	bn_upgrade_plan *plan;
	bn_arena arena;
	bn_chain_head *closes;
	size_t n_closes, cap_closes;
	/* the record signed last, and its link number */
	char writer[BN_WRITER_NAME_MAX + 1];
	bn_chain_head head;
	uint8_t prev[ID], root[ID];
	uint32_t n;
} upgrade;

/* ---- link 0 ------------------------------------------------------------------------------------- */

/* How far all writers are known, regardless of author. */
static int closes_read(upgrade *u, bn_err *err)
{
	bn_workspace *view = NULL;
	sqlite3_stmt *st = NULL;
	sqlite3 *db;
	int rc;
	if ((rc = bn_workspace_view(&view, u->ws, NULL, err)) < 0 ||
		(rc = bn_workspace_read(&db, view, err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err,
			 "SELECT n.name, t.last_seq, t.chain FROM index_tail t JOIN index_name n "
			 "ON "
			 "n.no = t.writer WHERE t.last_seq > 0 ORDER BY n.name",
			 "")) < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if (bn_grow(&u->closes, &u->cap_closes, u->n_closes + 1, sizeof *u->closes)) {
			rc = bn_err_nomem(err, "how far writers are known");
			break;
		}
		bn_chain_head *h = &u->closes[u->n_closes];
		h->writer = bn_arena_strdup(&u->arena, (const char *)sqlite3_column_text(st, 0));
		h->seq = (uint64_t)sqlite3_column_int64(st, 1);
		if (!h->writer) {
			rc = bn_err_nomem(err, "how far writers are known");
			break;
		}
		if (!bn_sql_bytes(st, 2, h->after, ID)) {
			rc = bn_sql_damaged(err, "a writer without its chain hash");
			break;
		}
		u->n_closes++;
	}
out:
	sqlite3_finalize(st);
	bn_workspace_close(view);
	return rc < 0 ? rc : 0;
}

static const char *founder_name(const upgrade *u)
{
	for (size_t i = 0; !u->how->name && i < u->plan->count; i++)
		if (u->plan->users[i].is_me)
			return u->plan->users[i].name;
	return u->how->name;
}

static int founded_text(bn_buf *out, const upgrade *u, bn_err *err)
{
	const bn_env *env = bn_workspace_env(u->ws);
	char user[128];
	env->user_name(env, env->uid(env), user, sizeof user);
	bn_founded f = {.host = env->host(env),
		.uid = (int64_t)env->uid(env),
		.user = user,
		.name = founder_name(u),
		.policy = u->plan->policy,
		.is_upgrade = true,
		.closes = u->closes,
		.n_closes = u->n_closes,
		.old_founder = u->plan->old_founder};
	if (!f.name)
		f.name = user;
	memcpy(f.founder, bn_workspace_key(u->ws), ID);
	int rc = bn_env_random(env, f.nonce, sizeof f.nonce, err);
	return rc < 0 ? rc : bn_founded_encode(out, &f, err);
}

/* ---- writing ------------------------------------------------------------------------------------ */

/* The position of the record just written, and its id, which the next one continues. */
static int head_note(upgrade *u, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db;
	const char *writer;
	int rc;
	if (!bn_workspace_appended(u->ws, &writer, &u->head.seq))
		return bn_err_set(err, BN_EIO, "no link was written");
	snprintf(u->writer, sizeof u->writer, "%s", writer);
	u->head.writer = u->writer;
	if ((rc = bn_workspace_read(&db, u->ws, err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err,
			 "SELECT s.id, s.after FROM signed_record s JOIN index_name w ON w.no = "
			 "s.writer WHERE w.name = ? AND s.seq = ?",
			 "si", u->writer, (int64_t)u->head.seq)) < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1 &&
		(!bn_sql_bytes(st, 0, u->prev, ID) || !bn_sql_bytes(st, 1, u->head.after, ID)))
		rc = 0;
	sqlite3_finalize(st);
	if (rc < 0)
		return rc;
	return rc ? 0 : bn_err_set(err, BN_EIO, "a link that was written cannot be read back");
}

/* text: the payload of a record of authority. */
static int record_write(
	upgrade *u, const char *kind, const bn_buf *text, const uint8_t *epoch, bn_err *err)
{
	json_t *payload = NULL;
	int rc = bn_json_parse(&payload, text->ptr, text->len, "link", err);
	if (rc < 0)
		return rc;
	if ((rc = bn_workspace_append_signed(
		     u->ws, 1, kind, BN_AUTHORITY_ENTITY, payload, epoch, err)) >= 0 &&
		(rc = bn_workspace_commit(u->ws, err)) >= 0)
		rc = head_note(u, err);
	json_decref(payload);
	return rc;
}

static int root_write(upgrade *u, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	int rc = founded_text(&text, u, err);
	if (rc >= 0)
		rc = record_write(u, BN_AUTHORITY_FOUNDED, &text, NULL, err);
	if (rc >= 0)
		memcpy(u->root, u->prev, ID);
	bn_buf_release(&text);
	return rc;
}

static int link_write(upgrade *u, const bn_change *changes, size_t n, bn_err *err)
{
	bn_buf text = BN_BUF_INIT;
	bn_link link = {.n = u->n + 1,
		.reason = "upgrade",
		.changes = changes,
		.n_changes = n,
		.horizon = &u->head,
		.n_horizon = 1};
	memcpy(link.prev, u->prev, ID);
	int rc = bn_link_encode(&text, &link, err);
	if (rc >= 0)
		rc = record_write(u, BN_AUTHORITY_LINK, &text, link.prev, err);
	u->n += rc >= 0;
	bn_buf_release(&text);
	return rc;
}

/* ---- who is admitted ------------------------------------------------------------------------------ */

static bool is_chosen(const bn_upgrade_how *how, uid_t uid)
{
	for (size_t i = 0; i < how->n_admit; i++)
		if (how->admit[i] == uid)
			return true;
	return false;
}

/* The changes that admit one user; room for BN_ROLES + 1. The founder already exists, and is
 * admin. */
static size_t changes_of(bn_change *out, const upgrade *u, const bn_upgrade_user *user)
{
	uint8_t key[ID];
	size_t n = 0;
	if (user->is_me)
		memcpy(key, bn_workspace_key(u->ws), ID);
	else if (bn_unhex(user->key, ID, key) < 0)
		return 0;
	if (!user->is_me) {
		out[n] = (bn_change){.kind = BN_CHANGE_PERSON, .text = user->name};
		memcpy(out[n++].key, key, ID);
	}
	for (int r = 0; r < BN_ROLES; r++) {
		if (!(user->roles & 1u << r) || (user->is_me && r == BN_ROLE_ADMIN))
			continue;
		out[n] = (bn_change){.kind = BN_CHANGE_ROLE, .role = (bn_role)r, .grant = true};
		memcpy(out[n++].person, key, ID);
	}
	return n;
}

static bool is_admitted(const bn_upgrade_how *how, const bn_upgrade_user *user)
{
	return user->is_me || (user->key && !user->why && is_chosen(how, user->uid));
}

static int users_admit(upgrade *u, bn_err *err)
{
	bn_change *changes = bn_alloc_zeroed(CHANGES_MOST + BN_ROLES + 1, sizeof *changes);
	size_t n = 0;
	int rc = changes ? 0 : bn_err_nomem(err, "a link");
	for (size_t i = 0; rc >= 0 && i < u->plan->count; i++) {
		const bn_upgrade_user *user = &u->plan->users[i];
		if (!is_admitted(u->how, user))
			continue;
		n += changes_of(&changes[n], u, user);
		if (n < CHANGES_MOST)
			continue;
		rc = link_write(u, changes, n, err);
		n = 0;
	}
	if (rc >= 0 && n)
		rc = link_write(u, changes, n, err);
	bn_free(changes);
	return rc;
}

/* ---- what the user agreed to
 * --------------------------------------------------------------------------- */

/* The user of the same uid, or NULL. */
static const bn_upgrade_user *user_find(const bn_upgrade_plan *p, uid_t uid)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->users[i].uid == uid)
			return &p->users[i];
	return NULL;
}

/* My own key may have been created since. */
static bool is_same_user(const bn_upgrade_user *a, const bn_upgrade_user *b)
{
	return b && a->roles == b->roles && !strcmp(a->name, b->name) &&
	       (a->is_me || !strcmp(a->key ? a->key : "", b->key ? b->key : ""));
}

static bool is_same_plan(const bn_upgrade_plan *a, const bn_upgrade_plan *b)
{
	bool same = a->old_founder == b->old_founder && !strcmp(a->policy, b->policy) &&
		    a->doubts.count == b->doubts.count;
	for (size_t i = 0; same && i < a->doubts.count; i++)
		same = !strcmp(a->doubts.items[i], b->doubts.items[i]);
	/* A user with neither key nor role is not admitted, and may have appeared meanwhile. */
	for (size_t i = 0; same && i < a->count; i++)
		if (a->users[i].key || a->users[i].roles)
			same = is_same_user(&a->users[i], user_find(b, a->users[i].uid));
	return same;
}

/* Users may write to the log while the question is being read. */
static int need_shown(const upgrade *u, bn_err *err)
{
	const bn_upgrade_plan *shown = u->how->shown;
	if (!shown || (is_same_plan(shown, u->plan) && is_same_plan(u->plan, shown)))
		return 0;
	bn_err_set(err, BN_ECONFLICT,
		"keys, roles, the policy or what nobody vouches for have changed since they were "
		"shown: nothing was changed");
	bn_err_hint(err, "check it again: binnacle upgrade --dry-run");
	return BN_ECONFLICT;
}

/* ---- all of it ------------------------------------------------------------------------------------ */

/* Whether the fold accepts it, as every reader's will. */
static int confirm(const upgrade *u, bn_err *err)
{
	sqlite3 *db;
	int rc = bn_workspace_read(&db, u->ws, err);
	if (rc < 0)
		return rc;
	int64_t newest = bn_authority_newest(db, NULL);
	return newest == (int64_t)u->n ? 0
				       : bn_err_set(err, BN_ECORRUPT,
						 "the workspace is upgraded, but its chain ends at "
						 "link %lld, not %u",
						 (long long)newest, u->n);
}

int bn_upgrade(bn_workspace *ws, const bn_upgrade_how *how, bn_err *err)
{
	upgrade u = {.ws = ws, .how = how, .arena = BN_ARENA_INIT};
	bn_upgrade_lock lock = {-1};
	char hex[2 * ID + 1];
	int rc;
	/* The key first, and the slot that it writes to, whose older records are closed like all others. */
	if ((rc = bn_upgrade_check(ws, err)) < 0 || (rc = bn_upgrade_begin(&lock, ws, err)) < 0 ||
		(rc = bn_authority_sign(ws, err)) < 0 ||
		(rc = bn_upgrade_plan_read(&u.plan, ws, err)) < 0 ||
		(rc = need_shown(&u, err)) < 0 || (rc = closes_read(&u, err)) < 0 ||
		(rc = root_write(&u, err)) < 0 || (rc = users_admit(&u, err)) < 0 ||
		(rc = bn_workspace_seal(ws, err)) < 0)
		goto out;
	bn_hex(u.root, ID, hex);
	if ((rc = bn_upgrade_name(&lock, ws, hex, err)) < 0)
		goto out;
	rc = confirm(&u, err);
out:
	bn_upgrade_end(&lock, ws);
	bn_upgrade_plan_free(u.plan);
	bn_free(u.closes);
	bn_arena_release(&u.arena);
	return rc;
}
