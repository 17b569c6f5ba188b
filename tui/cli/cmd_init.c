/* cmd_init.c - binnacle init: a workspace whose first record is signed with its founder's key. */
#include "core/base/hash.h"
#include "core/base/json_bytes.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/key.h"
#include "core/govern/people.h"
#include "core/govern/pin.h"
#include "core/govern/trust.h"
#include "core/pipeline/fold_classes.h"
#include "tui/cli/cli.h"
#include "tui/cli/access.h"
#include "tui/cli/verbs.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * The recovery key signs link 1, which repeats the policy: so nobody can later fork from the state of link 0,
 * in which the founder is the only admin.
 */
static int recovery_seal(const bn_env *env, const char *dir, const bn_key *recovery, bn_err *err)
{
	bn_workspace *ws = NULL, *other = NULL;
	json_t *doc = NULL;
	bn_signer signer;
	uint8_t link[BN_CHAIN_ID_BYTES];
	int rc = (doc = json_object()) ? 0 : bn_err_nomem(err, "a policy");
	if (rc < 0 || (rc = bn_workspace_open(&ws, env, bn_fold_classes, dir, err)) < 0 ||
		(rc = bn_people_set_policy(ws, doc, "with the recovery key", link, err)) < 0 ||
		(rc = bn_workspace_seal(ws, err)) < 0 ||
		(rc = bn_workspace_open(&other, env, bn_fold_classes, dir, err)) < 0)
		goto out;
	bn_key_signer(&signer, (bn_key *)(uintptr_t)recovery);
	signer.release = NULL;
	if ((rc = bn_workspace_set_signer(other, &signer, err)) < 0)
		goto out;
	rc = bn_authority_cosign(other, link, err);
out:
	json_decref(doc);
	bn_workspace_close(other);
	bn_workspace_close(ws);
	return rc < 0 ? rc : 0;
}

static json_t *result_json(bn_workspace *ws, const bn_key *key, const char *recovery, bn_err *err)
{
	uint8_t id[BN_CHAIN_ID_BYTES];
	char invitation[BN_PIN_TEXT], print[25];
	sqlite3 *db;
	if (bn_workspace_read(&db, ws, err) < 0)
		return NULL;
	int64_t n = bn_authority_newest(db, id);
	if (n < 0) {
		bn_err_set(err, BN_ECORRUPT, "the founding record is not in the index");
		return NULL;
	}
	bn_pin_format(invitation, bn_workspace_id(ws), (uint32_t)n, id);
	bn_key_fingerprint(bn_key_public(key), print);
	const char *dir = bn_workspace_dir(ws);
	json_t *o = json_pack("{s:s, s:s, s:s}", "id", bn_workspace_id(ws), "key", print,
		"invitation", invitation);
	if (!o || bn_json_set_bytes(o, "workspace", dir, strlen(dir), err) < 0 ||
		(recovery &&
			bn_json_set_bytes(o, "recovery", recovery, strlen(recovery), err) < 0)) {
		json_decref(o);
		bn_err_nomem(err, "the result");
		return NULL;
	}
	return o;
}

static void say_next(
	bn_cli *cli, const bn_authority_start *how, bool made_key, const char *recovery)
{
	char *path = made_key ? bn_key_path(bn_cli_env(cli)) : NULL;
	if (path)
		bn_cli_say(cli, "created your signing key: %s (keep it private)", path);
	bn_free(path);
	if (recovery)
		bn_cli_say(cli,
			"the recovery key is %s: move it to where only you can reach it, such as "
			"offline media; to use it: BINNACLE_KEY=FILE binnacle user accept WHO "
			"--role admin",
			recovery);
	if (how->access == BN_ACCESS_GROUP) {
		bn_cli_say(cli,
			"others: give them the invitation, but not through this directory; they "
			"run: binnacle trust accept INVITATION, which also requests admission; you "
			"see requests with: binnacle user ls");
		if (!recovery)
			bn_cli_say(cli,
				"if your key is lost nobody can admit or remove users: appoint a "
				"second admin (binnacle user accept WHO --role admin)");
	}
}

static int run_init(bn_cli *cli, bn_err *err)
{
	static const bn_col fields[] = {{"workspace", "Workspace", BN_AS_WHOLE},
		{"id", "Id", BN_AS_WHOLE}, {"key", "Founder's key", BN_AS_WHOLE},
		{"invitation", "Invitation", BN_AS_WHOLE}, {0}};
	const bn_env *env = bn_cli_env(cli);
	const char *dir = bn_cli_arg(cli, 0), *recovery_path = bn_cli_opt(cli, "recovery");
	bn_authority_start how = {.name = bn_cli_opt(cli, "name")};
	uint8_t recovery_key[BN_CHAIN_ID_BYTES];
	bn_key *key = NULL, *recovery = NULL;
	bn_workspace *ws = NULL;
	json_t *o = NULL;
	bn_err why = BN_ERR_INIT;
	bool made_key = false;
	int rc = bn_cli_access(&how.access, &how.group, cli, err);
	if (rc < 0)
		goto out;
	if (!dir)
		dir = bn_cli_start_dir(cli) ? bn_cli_start_dir(cli) : ".";
	if ((rc = bn_key_open(&key, env, &made_key, err)) < 0)
		goto out;
	if (recovery_path) {
		if ((rc = bn_key_create(&recovery, env, recovery_path, err)) < 0)
			goto out;
		if ((rc = bn_unhex(bn_key_public(recovery), sizeof recovery_key, recovery_key)) < 0)
			goto out;
		how.recovery = recovery_key;
	}
	if ((rc = bn_authority_init(env, dir, &how, NULL, err)) < 0) {
		if (recovery) /* of no workspace; just created */
			unlink(recovery_path);
		goto out;
	}
	if ((recovery && (rc = recovery_seal(env, dir, recovery, err)) < 0) ||
		(rc = bn_workspace_open(&ws, env, bn_fold_classes, dir, err)) < 0)
		goto out;
	if (bn_trust_founded(ws, &why) < 0)
		bn_cli_warn(cli, "%s", why.msg);
	if (!(o = result_json(ws, key, recovery_path, err))) {
		rc = err->code;
		goto out;
	}
	if ((rc = bn_cli_object(cli, o, fields, err)) == 0)
		say_next(cli, &how, made_key, recovery_path);
out:
	bn_workspace_close(ws);
	bn_key_free(recovery);
	bn_key_free(key);
	return rc;
}

static const bn_opt init_options[] = {
	{"shared", 0, "GROUP", "for the members of this group, regardless of your umask"},
	{"private", 0, NULL, "only for you: others cannot see its content"},
	{"recovery", 0, "FILE",
		"create a second key there, which can admit an admin if yours is lost"},
	{"name", 0, "NAME", "your name here (default: your account's name)"}, {0}};

const bn_verb bn_verbs_init[] = {
	{"init", NULL, "[DIR]", 0, 1, "make a workspace",
		"Creates DIR/.binnacle (default: the working directory). Commands find it by "
		"walking up,\nlike git does with .git. You are its founder: its first record is "
		"signed with your key,\nwhich is created if you have none. By default only you can "
		"write to it, and everyone who can\nreach DIR can read it; see --shared and "
		"--private. Your umask does not matter.",
		{"binnacle init", "binnacle init ~/thesis --private",
			"binnacle init /proj/power --shared power --recovery ~/recovery.pem"},
		init_options, BN_VERB_NO_WORKSPACE, run_init},
	{0},
};
