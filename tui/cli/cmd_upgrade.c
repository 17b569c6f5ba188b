/* cmd_upgrade.c - binnacle upgrade: gives a chain of authority to a workspace based on uids. See
 * core/govern/upgrade.h. */
#include "core/base/hash.h"
#include "core/base/json_bytes.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/authority.h"
#include "core/govern/key.h"
#include "core/govern/pin.h"
#include "core/govern/trust.h"
#include "core/govern/upgrade.h"
#include "tui/cli/cli.h"
#include "tui/cli/verbs.h"

#include <stdio.h>
#include <string.h>

/* The admitted users: uids of the plan. */
typedef struct chosen {
	uid_t *items;
	size_t count, cap;
} chosen;

static bool can_be_admitted(const bn_upgrade_user *u)
{
	return !u->is_me && u->key && !u->why;
}

static int chosen_add(chosen *c, uid_t uid, bn_err *err)
{
	if (bn_grow(&c->items, &c->cap, c->count + 1, sizeof *c->items))
		return bn_err_nomem(err, "users");
	c->items[c->count++] = uid;
	return 0;
}

/* word: a name of the plan, or a uid. */
static int word_choose(chosen *c, const bn_upgrade_plan *p, const char *word, bn_err *err)
{
	int64_t number = -1;
	bn_parse_i64(word, strlen(word), &number);
	for (size_t i = 0; i < p->count; i++) {
		const bn_upgrade_user *u = &p->users[i];
		if (strcmp(u->name, word) != 0 && (int64_t)u->uid != number)
			continue;
		if (u->is_me)
			return 0;
		if (can_be_admitted(u))
			return chosen_add(c, u->uid, err);
		bn_err_set(err, BN_EREFUSED, "%s cannot be admitted: %s", u->name,
			u->why ? u->why : "no key of that account was ever published");
		bn_err_hint(err, "after the upgrade they run: binnacle user request");
		return BN_EREFUSED;
	}
	return bn_err_set(err, BN_ENOTFOUND, "no user '%s' in this workspace", word);
}

/* --admit all (the default), none, or comma-separated names and uids. */
static int choose(chosen *c, const bn_upgrade_plan *p, const char *words, bn_err *err)
{
	int rc = 0;
	if (words && !strcmp(words, "none"))
		return 0;
	if (!words || !strcmp(words, "all")) {
		for (size_t i = 0; i < p->count && rc >= 0; i++)
			if (can_be_admitted(&p->users[i]))
				rc = chosen_add(c, p->users[i].uid, err);
		return rc;
	}
	for (const char *at = words; *at && rc >= 0; at += strspn(at, ",")) {
		size_t n = strcspn(at, ",");
		char *word = bn_strndup(at, n);
		rc = word ? word_choose(c, p, word, err) : bn_err_nomem(err, "users");
		bn_free(word);
		at += n;
	}
	return rc;
}

/* ---- showing --------------------------------------------------------------------------------------- */

static bool is_chosen(const chosen *c, uid_t uid)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->items[i] == uid)
			return true;
	return false;
}

static const char *becomes(const bn_upgrade_user *u, const chosen *c)
{
	if (u->is_me && u->print[0])
		return "founder and admin, with your key";
	if (u->is_me)
		return u->keys ? "founder and admin, with a new key: the published one is not "
				 "here"
			       : "founder and admin, with a newly created key";
	if (!u->key)
		return "nobody: has no key, and must run: binnacle user request";
	if (u->why)
		return "nobody: another has the same key; must run: binnacle user request";
	return is_chosen(c, u->uid) ? "a person, with this key and these roles"
				    : "nobody: must run: binnacle user request";
}

static json_t *users_json(const bn_upgrade_plan *p, const chosen *c)
{
	json_t *items = json_array();
	char roles[80];
	for (size_t i = 0; i < p->count; i++) {
		const bn_upgrade_user *u = &p->users[i];
		bn_roles_text(u->roles, roles, sizeof roles);
		json_array_append_new(
			items, json_pack("{s:I, s:s, s:s, s:s?, s:I, s:b, s:s}", "uid",
				       (json_int_t)u->uid, "user", u->name, "roles", roles, "key",
				       u->print[0] ? u->print : NULL, "keys", (json_int_t)u->keys,
				       "admitted", (int)(u->is_me || is_chosen(c, u->uid)),
				       "becomes", becomes(u, c)));
	}
	return items;
}

static json_t *names_json(const bn_names *names)
{
	json_t *items = json_array();
	for (size_t i = 0; i < names->count; i++)
		json_array_append_new(
			items, bn_json_lossy(names->items[i], strlen(names->items[i])));
	return items;
}

/* Displays the plan: users, what is closed, and what nobody vouches for. */
static int show_plan(bn_cli *cli, const bn_upgrade_plan *p, const chosen *c, bn_err *err)
{
	static const bn_col cols[] = {{"uid", "UID", BN_AS_INT}, {"user", "USER", BN_AS_TEXT},
		{"roles", "ROLES", BN_AS_TEXT}, {"key", "KEY", BN_AS_WHOLE},
		{"becomes", "BECOMES", BN_AS_TEXT}, {0}};
	int rc = bn_cli_list(cli, users_json(p, c), cols, NULL, err);
	if (rc < 0)
		return rc;
	bn_cli_note(cli,
		"closes %llu records of %llu writers: they are judged as before, and you vouch "
		"for them; later acts that need a right must be signed",
		(unsigned long long)p->records, (unsigned long long)p->writers);
	for (size_t i = 0; i < p->unseen.count; i++)
		bn_cli_warn(cli, "cannot be read, and is not closed: %s", p->unseen.items[i]);
	for (size_t i = 0; i < p->doubts.count; i++)
		bn_cli_say(cli, "  nobody vouches: %s", p->doubts.items[i]);
	return 0;
}

static json_t *plan_json(bn_workspace *ws, const bn_upgrade_plan *p, const chosen *c, bool is_done)
{
	const char *dir = bn_workspace_dir(ws);
	return json_pack("{s:o, s:s, s:b, s:o, s:I, s:I, s:o, s:o}", "workspace",
		bn_json_lossy(dir, strlen(dir)), "id", bn_workspace_id(ws), "upgraded",
		(int)is_done, "users", users_json(p, c), "writers", (json_int_t)p->writers,
		"records", (json_int_t)p->records, "not_vouched_for", names_json(&p->doubts),
		"not_seen", names_json(&p->unseen));
}

/* The founder's key, which the upgrade may have made. */
static void key_note(bn_upgrade_plan *p, bn_workspace *ws)
{
	char hex[2 * BN_CHAIN_ID_BYTES + 1];
	bn_hex(bn_workspace_key(ws), BN_CHAIN_ID_BYTES, hex);
	for (size_t i = 0; i < p->count; i++)
		if (p->users[i].is_me)
			bn_key_fingerprint(hex, p->users[i].print);
}

/* The new state, for others to compare. */
static int show_done(
	bn_cli *cli, bn_workspace *ws, bn_upgrade_plan *p, const chosen *c, bn_err *err)
{
	static const bn_col fields[] = {{"workspace", "Workspace", BN_AS_WHOLE},
		{"id", "Id", BN_AS_WHOLE}, {"invitation", "Invitation", BN_AS_WHOLE}, {0}};
	uint8_t id[BN_CHAIN_ID_BYTES];
	char invitation[BN_PIN_TEXT];
	sqlite3 *db;
	int rc = bn_workspace_read(&db, ws, err);
	if (rc < 0)
		return rc;
	int64_t n = bn_authority_newest(db, id);
	bn_pin_format(invitation, bn_workspace_id(ws), (uint32_t)n, id);
	key_note(p, ws);
	json_t *o = plan_json(ws, p, c, true);
	if (!o || json_object_set_new(o, "invitation", json_string(invitation)) < 0) {
		json_decref(o);
		return bn_err_nomem(err, "the result");
	}
	if ((rc = bn_cli_object(cli, o, fields, err)) < 0)
		return rc;
	bn_cli_note(cli,
		"upgraded, with %zu user%s admitted; from now on older programs do not write here. "
		"Give the others the invitation, but not through this directory; they run:"
		" binnacle trust "
		"accept INVITATION",
		c->count, c->count == 1 ? "" : "s");
	return 0;
}

/* ---- the verb -------------------------------------------------------------------------------------- */

/* Asks, unless confirmed on the command line. */
static int confirm(bn_cli *cli, const chosen *c, bn_err *err)
{
	if (bn_cli_opt(cli, "admit"))
		return 0;
	return bn_cli_confirm(cli, err,
		"Upgrade this workspace for good, and admit %zu user%s as listed?", c->count,
		c->count == 1 ? "" : "s");
}

static int run_upgrade(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_upgrade_plan *p = NULL;
	bn_err why = BN_ERR_INIT;
	chosen c = {0};
	int rc;
	if ((rc = bn_cli_workspace(cli, &ws, err)) < 0 ||
		(rc = bn_upgrade_plan_read(&p, ws, err)) < 0 ||
		(rc = choose(&c, p, bn_cli_opt(cli, "admit"), err)) < 0)
		goto out;
	if (bn_cli_is_text(cli) && (rc = show_plan(cli, p, &c, err)) < 0)
		goto out;
	if (bn_cli_dry_run(cli)) {
		if (!bn_cli_is_text(cli))
			rc = bn_cli_document(cli, plan_json(ws, p, &c, false), err);
		bn_cli_say(cli, "nothing was changed");
		goto out;
	}
	const bn_upgrade_how how = {
		.name = bn_cli_opt(cli, "name"), .admit = c.items, .n_admit = c.count, .shown = p};
	if ((rc = confirm(cli, &c, err)) < 0 || (rc = bn_upgrade(ws, &how, err)) < 0)
		goto out;
	if (bn_trust_founded(ws, &why) < 0)
		bn_cli_warn(cli, "%s", why.msg);
	rc = show_done(cli, ws, p, &c, err);
out:
	bn_free(c.items);
	bn_upgrade_plan_free(p);
	return rc;
}

static const bn_opt upgrade_options[] = {
	{"admit", 0, "WHO", "all who have published a key (default), none, or NAME,NAME"},
	{"name", 0, "NAME", "how you are called here (your account's name)"}, {0}};

const bn_verb bn_verbs_upgrade[] = {
	{"upgrade", NULL, "", 0, 0, "give a workspace of an older version a chain of authority",
		"For a workspace in which users are known by their uid. You become its founder, "
		"with "
		"your\nkey; users who had published a key are admitted with it and keep their "
		"roles; "
		"what was\ndone so far is closed in and stays as it is. It says what nobody "
		"vouches "
		"for. Older\nprograms do not write there afterwards. It cannot be undone.",
		{"binnacle upgrade --dry-run", "binnacle upgrade",
			"binnacle upgrade --admit ben,eva"},
		upgrade_options, BN_VERB_DRY_RUN, run_upgrade},
	{0},
};
