/* uid_people.c - see people.h: users and roles of a workspace based on uids. */
#include "core/base/account.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/key.h"
#include "core/govern/rights.h"
#include "tui/cli/model_json.h"
#include "tui/cli/people.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static json_t *user_json(const bn_user_row *u)
{
	char roles[80], print[25] = "";
	bn_roles_text(u->roles, roles, sizeof roles);
	if (u->public_key)
		bn_key_fingerprint(u->public_key, print);
	json_t *o = json_pack("{s:I, s:s, s:s, s:b, s:s?, s:s?, s:o}", "uid", (json_int_t)u->uid,
		"user", u->user, "roles", roles, "owner", (int)u->is_founder, "public_key",
		u->public_key, "fingerprint", print[0] ? print : NULL, "since_ms",
		u->since_ms ? json_integer(u->since_ms) : json_null());
	return o;
}

int bn_cli_uid_users(bn_cli *cli, bn_workspace *ws, bn_err *err)
{
	static const bn_col cols[] = {{"uid", "UID", BN_AS_INT}, {"user", "USER", BN_AS_TEXT},
		{"roles", "ROLES", BN_AS_TEXT}, {"owner", "OWNER", BN_AS_BOOL},
		{"fingerprint", "KEY", BN_AS_TEXT}, {"since_ms", "SINCE", BN_AS_TIME_MS}, {0}};
	bn_user_list *l = NULL;
	int rc = bn_user_list_read(&l, ws, err);
	if (rc)
		return rc;
	json_t *items = json_array();
	for (size_t i = 0; i < l->count; i++)
		json_array_append_new(items, user_json(&l->items[i]));
	bn_user_list_free(l);
	return bn_cli_list(cli, items, cols, NULL, err);
}

/* USER as a numeric uid, a name known to the workspace, or one known to this machine. */
static int user_find(
	uid_t *uid, char *user, size_t size, bn_workspace *ws, const char *word, bn_err *err)
{
	int64_t number;
	bn_user_list *l = NULL;
	const bn_env *env = bn_workspace_env(ws);
	if (bn_parse_i64(word, strlen(word), &number)) {
		if (number < 0 || number > UINT_MAX)
			return bn_err_set(err, BN_EINVAL, "'%s' is not a uid", word);
		*uid = (uid_t)number;
		env->user_name(env, *uid, user, size);
		return 0;
	}
	snprintf(user, size, "%s", word);
	int rc = bn_user_list_read(&l, ws, err);
	if (rc)
		return rc;
	bool found = false;
	for (size_t i = 0; i < l->count && !found; i++)
		if (!strcmp(l->items[i].user, word)) {
			*uid = l->items[i].uid;
			found = true;
		}
	bn_user_list_free(l);
	if (found || bn_account_find_user(uid, word) == 0)
		return 0;
	bn_err_set(err, BN_ENOTFOUND, "no user '%s'", word);
	bn_err_hint(err, "give the numeric uid if this machine does not know the name");
	return BN_ENOTFOUND;
}

int bn_cli_uid_role(bn_cli *cli, bn_workspace *ws, bool grant, bn_err *err)
{
	uid_t uid = 0;
	bn_role role;
	char user[128];
	const char *word = bn_cli_arg(cli, 1), *reason = bn_cli_opt(cli, "reason");
	int rc;
	if ((rc = bn_role_parse(&role, word, err)) < 0 ||
		(rc = user_find(&uid, user, sizeof user, ws, bn_cli_arg(cli, 0), err)) < 0)
		return rc;
	if (bn_cli_dry_run(cli)) {
		bn_cli_say(cli, "would %s role %s %s %s (uid %lu)", grant ? "grant" : "revoke",
			word, grant ? "to" : "of", user, (unsigned long)uid);
		return bn_rights_may(ws, BN_ACT_POLICY, err);
	}
	if ((rc = bn_cli_announce_key(cli, ws, err)) < 0)
		return rc;
	rc = grant ? bn_role_grant(ws, uid, user, role, reason, err)
		   : bn_role_revoke(ws, uid, user, role, reason, err);
	if (rc < 0)
		return rc;
	bn_cli_say(cli, "%s %s role %s", user, grant ? "has now" : "has no longer", word);
	return rc;
}
