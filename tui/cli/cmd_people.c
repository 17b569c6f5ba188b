/*
 * cmd_people.c - binnacle user and role: people of a workspace, requests for admission, and roles.
 *
 * Under a chain of authority users are persons with keys; without one they are uids (uid_people.c).
 */
#include "core/base/buf.h"
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/key.h"
#include "core/govern/rights.h"
#include "tui/cli/model_json.h"
#include "tui/cli/people.h"
#include "tui/cli/verbs.h"

#include <stdio.h>
#include <string.h>

void bn_cli_say_waits(bn_cli *cli, const uint8_t link[BN_CHAIN_ID_BYTES])
{
	char hex[2 * BN_CHAIN_ID_BYTES + 1];
	bn_hex(link, BN_CHAIN_ID_BYTES, hex);
	bn_cli_say(cli,
		"recorded as link %.12s, which waits for the signature of another admin; they "
		"run: binnacle trust sign %.12s",
		hex, hex);
}

/* The workspace, and whether it has a chain. */
static int begin(bn_cli *cli, bn_workspace **ws, bool *is_chained, bn_err *err)
{
	sqlite3 *db;
	int rc;
	if ((rc = bn_cli_workspace(cli, ws, err)) < 0 ||
		(rc = bn_workspace_read(&db, *ws, err)) < 0)
		return rc;
	*is_chained = bn_authority_is_founded(db);
	return 0;
}

/* The same for features that need a chain. */
static int begin_chained(bn_cli *cli, bn_workspace **ws, bn_people **people, bn_err *err)
{
	bool is_chained;
	int rc = begin(cli, ws, &is_chained, err);
	if (rc < 0)
		return rc;
	if (!is_chained) {
		bn_err_set(err, BN_ECONFLICT,
			"in this workspace users are known by their uid: no admission is needed"
			"");
		bn_err_hint(err, "for keys and persons run: binnacle upgrade");
		return BN_ECONFLICT;
	}
	return people ? bn_people_read(people, *ws, err) : 0;
}

/* After a link: reports what is in force now, or that it waits. */
static int done(bn_cli *cli, int rc, const uint8_t link[BN_CHAIN_ID_BYTES], const char *words)
{
	if (rc == BN_LINK_WAITS)
		bn_cli_say_waits(cli, link);
	else if (rc == BN_LINK_TAKEN)
		bn_cli_say(cli, "%s", words);
	return rc < 0 ? rc : 0;
}

/* ---- lists ------------------------------------------------------------------------------------- */

static json_t *keys_json(const bn_person_row *row)
{
	json_t *keys = json_array();
	for (size_t i = 0; i < row->n_keys; i++)
		json_array_append_new(keys, json_string(row->keys[i].print));
	return keys;
}

static json_t *person_json(const bn_person_row *row)
{
	char roles[80], more[60] = "";
	bn_roles_text(row->roles, roles, sizeof roles);
	if (row->n_keys > 1)
		snprintf(more, sizeof more, "%s +%zu", row->keys[0].print, row->n_keys - 1);
	else
		snprintf(more, sizeof more, "%s", row->n_keys ? row->keys[0].print : "-");
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:b, s:o, s:I}", "name", row->name,
		"status", "member", "roles", roles, "key", more, "keys", keys_json(row), "person",
		row->person, "me", (int)row->is_me, "seniority",
		row->rank ? json_integer(row->rank) : json_null(), "since_ms",
		(json_int_t)row->since_ms);
}

static json_t *request_json(const bn_request_row *row)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:[s], s:b, s:I, s:I, s:I, s:s, s:s}", "name",
		row->name, "status", "asks", "roles", "-", "key", row->key.print, "keys",
		row->key.print, "me", (int)row->is_mine, "since_ms", (json_int_t)row->time_ms,
		"uid", (json_int_t)row->uid, "owner_uid", (json_int_t)row->owner, "user", row->user,
		"host", row->host);
}

/* All keys of a person with several, in the order of admission. */
static void say_keys(bn_cli *cli, const bn_people *p)
{
	for (size_t i = 0; i < p->count; i++) {
		const bn_person_row *row = &p->persons[i];
		bn_buf keys = BN_BUF_INIT;
		for (size_t k = 0; k < row->n_keys; k++)
			bn_buf_addf(&keys, "%s%s", k ? ", " : "", row->keys[k].print);
		if (row->n_keys > 1 && bn_buf_check(&keys, NULL, "keys") == 0)
			bn_cli_say(cli, "keys of %s: %s", row->name, keys.ptr);
		bn_buf_release(&keys);
	}
}

static void say_asks(bn_cli *cli, const bn_people *p)
{
	for (size_t i = 0; i < p->n_requests; i++)
		bn_cli_say(cli,
			"%s (%s on %s, uid %lu) requests admission with %s; compare it with what "
			"they see, then: binnacle user accept %s",
			p->requests[i].name, p->requests[i].user, p->requests[i].host,
			(unsigned long)p->requests[i].owner, p->requests[i].key.print,
			p->requests[i].key.print);
	if (p->has_more)
		bn_cli_say(cli, "there are more requests; the newest %d were checked",
			(int)BN_PEOPLE_REQUESTS_MOST);
}

static int run_user_ls(bn_cli *cli, bn_err *err)
{
	static const bn_col cols[] = {{"name", "NAME", BN_AS_TEXT},
		{"status", "STATUS", BN_AS_TEXT}, {"roles", "ROLES", BN_AS_TEXT},
		{"key", "KEY", BN_AS_WHOLE}, {"me", "YOU", BN_AS_BOOL},
		{"since_ms", "SINCE", BN_AS_TIME_MS}, {0}};
	bn_workspace *ws = NULL;
	bn_people *p = NULL;
	bool is_chained;
	int rc = begin(cli, &ws, &is_chained, err);
	if (rc < 0)
		return rc;
	if (!is_chained)
		return bn_cli_uid_users(cli, ws, err);
	if ((rc = bn_people_read(&p, ws, err)) < 0)
		return rc;
	json_t *items = json_array();
	for (size_t i = 0; i < p->count; i++)
		json_array_append_new(items, person_json(&p->persons[i]));
	for (size_t i = 0; i < p->n_requests; i++)
		json_array_append_new(items, request_json(&p->requests[i]));
	rc = bn_cli_list(cli, items, cols, NULL, err);
	if (rc == 0) {
		say_keys(cli, p);
		say_asks(cli, p);
	}
	bn_people_free(p);
	return rc;
}

static int run_user_key(bn_cli *cli, bn_err *err)
{
	static const bn_col fields[] = {{"path", "Private key", BN_AS_TEXT},
		{"public_key", "Public key", BN_AS_TEXT},
		{"fingerprint", "Fingerprint", BN_AS_TEXT},
		{"created", "Made just now", BN_AS_BOOL}, {0}};
	const bn_env *env = bn_cli_env(cli);
	bn_key *key = NULL;
	bool created = false;
	char print[25], *path = NULL;
	int rc = bn_key_open(&key, env, &created, err);
	if (rc < 0)
		return rc;
	if (!(path = bn_key_path(env))) {
		rc = bn_err_nomem(err, "a path");
	} else {
		bn_key_fingerprint(bn_key_public(key), print);
		rc = bn_cli_object(cli,
			json_pack("{s:s, s:s, s:s, s:b}", "path", path, "public_key",
				bn_key_public(key), "fingerprint", print, "created", (int)created),
			fields, err);
	}
	bn_key_free(key);
	bn_free(path);
	return rc;
}

/* ---- asking, admitting -------------------------------------------------------------------------- */

/* The message for the requesting user. asked: 1 just now, 0 before. */
static int say_asked(bn_cli *cli, int asked, bool made, bn_err *err)
{
	bn_key *key = NULL;
	char print[25];
	int rc = bn_key_find(&key, bn_cli_env(cli), err);
	if (rc < 0)
		return rc;
	bn_key_fingerprint(bn_key_public(key), print);
	bn_key_free(key);
	bn_cli_say(cli,
		"%s to be admitted with key %s%s; tell an admin this fingerprint, who runs: "
		"binnacle user accept %s",
		asked ? "asked" : "you have already asked", print, made ? ", made just now" : "",
		print);
	return 0;
}

void bn_cli_ask_admission(bn_cli *cli, bn_workspace *ws)
{
	bn_err why = BN_ERR_INIT;
	bn_self me;
	sqlite3 *db;
	int rc;
	if ((rc = bn_workspace_read(&db, ws, &why)) < 0 ||
		(rc = bn_self_read(&me, ws, db, &why)) < 0)
		goto out;
	if (!me.is_chained || me.person[0])
		return;
	if ((rc = bn_people_request(ws, NULL, &why)) == 1)
		rc = say_asked(cli, 1, !me.has_key, &why);
out:
	if (rc < 0)
		bn_cli_warn(cli, "your key did not request admission: %s", why.msg);
}

static int run_user_request(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_key *key = NULL;
	bool made = false;
	int rc = begin_chained(cli, &ws, NULL, err);
	if (rc < 0 || (rc = bn_key_open(&key, bn_cli_env(cli), &made, err)) < 0)
		return rc;
	bn_key_free(key);
	rc = bn_people_request(ws, bn_cli_opt(cli, "name"), err);
	return rc < 0 ? rc : say_asked(cli, rc, made, err);
}

static int roles_option(bn_cli *cli, unsigned *roles, bn_err *err)
{
	const char *word;
	bn_role role;
	*roles = 0;
	for (size_t i = 0; (word = bn_cli_opt_nth(cli, "role", i)); i++) {
		int rc = bn_role_parse(&role, word, err);
		if (rc < 0)
			return rc;
		*roles |= 1u << role;
	}
	return 0;
}

/* A new person, or a further key of one. */
static int accept_write(bn_cli *cli, bn_workspace *ws, const bn_people *p,
	const bn_request_row *request, unsigned roles, bn_err *err)
{
	const char *of = bn_cli_opt(cli, "for"), *name = bn_cli_opt(cli, "name");
	const char *reason = bn_cli_opt(cli, "reason");
	const bn_person_row *person = NULL;
	uint8_t link[BN_CHAIN_ID_BYTES];
	char words[400];
	int rc;
	if (of && (roles || name))
		return bn_err_set(err, BN_EINVAL,
			"--for adds a key to an existing person: it cannot be combined with "
			"--name and --role");
	if (of && (rc = bn_people_find(&person, p, of, err)) < 0)
		return rc;
	const char *called = name ? name : request->name;
	if (bn_cli_dry_run(cli)) {
		bn_cli_say(cli, "would admit key %s as %s", request->key.print,
			person ? person->name : called);
		return bn_rights_may(ws, BN_ACT_POLICY, err);
	}
	if (person) {
		snprintf(words, sizeof words, "%s now also has key %s", person->name,
			request->key.print);
		rc = bn_people_add_key(ws, request, person->person, reason, link, err);
	} else {
		snprintf(words, sizeof words, "admitted %s with key %s",
			name ? name : request->name, request->key.print);
		rc = bn_people_admit(ws, request, name, roles, reason, link, err);
	}
	return done(cli, rc, link, words);
}

/* The request; BN_ECONFLICT if the word means an existing person. */
static int request_find(
	const bn_request_row **out, bn_people *p, bn_workspace *ws, const char *word, bn_err *err)
{
	const bn_person_row *person;
	int rc = bn_people_add_request(p, ws, word, err);
	if (rc < 0)
		return rc;
	rc = bn_people_find_request(out, p, word, err);
	if (rc != BN_ENOTFOUND || bn_people_find(&person, p, word, NULL) < 0)
		return rc;
	bn_err_clear(err);
	return bn_err_set(err, BN_ECONFLICT,
		"%s is already admitted, and no other key of that name requests admission",
		person->name);
}

/* A name is claimed by the key: it is sufficient only if the requesting account has the same
 * name. */
static int name_check(bn_cli *cli, const bn_request_row *r, const char *word, bn_err *err)
{
	char account[128];
	const bn_env *env = bn_cli_env(cli);
	env->user_name(env, r->owner, account, sizeof account);
	if (strcmp(word, r->name) != 0 || !strcmp(account, r->name))
		return 0;
	int rc = bn_cli_confirm(cli, err,
		"%s is what key %s calls itself, and the account %s asks for it: admit it?",
		r->name, r->key.print, account);
	if (rc < 0)
		bn_err_hint(err,
			"compare the fingerprint with what %.60s sees, then: binnacle user accept "
			"%s",
			r->name, r->key.print);
	return rc;
}

static int run_user_accept(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_people *p = NULL;
	const bn_request_row *request;
	unsigned roles;
	int rc;
	if ((rc = roles_option(cli, &roles, err)) < 0 ||
		(rc = begin_chained(cli, &ws, &p, err)) < 0)
		return rc;
	if ((rc = request_find(&request, p, ws, bn_cli_arg(cli, 0), err)) < 0 ||
		(rc = name_check(cli, request, bn_cli_arg(cli, 0), err)) < 0)
		goto out;
	rc = accept_write(cli, ws, p, request, roles, err);
out:
	bn_people_free(p);
	return rc;
}

/* ---- taking away -------------------------------------------------------------------------------- */

static int run_user_remove(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_people *p = NULL;
	const bn_person_row *person;
	uint8_t link[BN_CHAIN_ID_BYTES];
	char words[300];
	int rc = begin_chained(cli, &ws, &p, err);
	if (rc < 0 || (rc = bn_people_find(&person, p, bn_cli_arg(cli, 0), err)) < 0)
		goto out;
	if (bn_cli_dry_run(cli)) {
		bn_cli_say(cli, "would remove %s with %zu keys", person->name, person->n_keys);
		rc = bn_rights_may(ws, BN_ACT_POLICY, err);
		goto out;
	}
	if ((rc = bn_cli_confirm(cli, err, "Remove %s (%s) from the workspace?", person->name,
		     person->keys[0].print)) < 0)
		goto out;
	snprintf(words, sizeof words,
		"%s is no longer a member; what was signed before remains valid", person->name);
	rc = bn_people_remove(ws, person->person, bn_cli_opt(cli, "reason"), link, err);
	rc = done(cli, rc, link, words);
out:
	bn_people_free(p);
	return rc;
}

/* The key of a person that a word means. */
static int key_find(
	const bn_people_key **out, const bn_person_row *person, const char *word, bn_err *err)
{
	const bn_people_key *found = NULL;
	bool is_name = !strcmp(person->name, word); /* "fab" does not identify a key */
	for (size_t i = 0; i < person->n_keys && !is_name; i++) {
		const bn_people_key *k = &person->keys[i];
		if (strncmp(k->print, word, strlen(word)) != 0 &&
			strncmp(k->hex, word, strlen(word)) != 0 &&
			strncmp(k->print + 8, word, strlen(word)) != 0)
			continue;
		if (found)
			return bn_err_set(err, BN_EINVAL, "'%s' means several keys", word);
		found = k;
	}
	if (!found && person->n_keys == 1)
		found = &person->keys[0];
	if (!found) {
		bn_err_set(err, BN_EINVAL, "%s has %zu keys: name the key, not the person",
			person->name, person->n_keys);
		bn_err_hint(err, "for fingerprints see: binnacle user ls");
		return BN_EINVAL;
	}
	*out = found;
	return 0;
}

/* --since: an instant or an age, in ms; -1 without it. */
static int since_option(bn_cli *cli, int64_t *ms, bn_err *err)
{
	*ms = -1;
	if (!bn_cli_opt(cli, "since"))
		return 0;
	int rc = bn_cli_opt_past(cli, "since", ms, err);
	if (rc < 0)
		return rc;
	if (*ms < 0) /* before anything was signed; -1 would mean no --since */
		*ms = 0;
	return 0;
}

static int run_user_revoke(bn_cli *cli, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_people *p = NULL;
	const bn_person_row *person;
	const bn_people_key *key = NULL;
	uint8_t link[BN_CHAIN_ID_BYTES];
	char words[300], *takes = NULL;
	int64_t since;
	int rc;
	if ((rc = since_option(cli, &since, err)) < 0 ||
		(rc = begin_chained(cli, &ws, &p, err)) < 0)
		return rc;
	if ((rc = bn_people_find(&person, p, bn_cli_arg(cli, 0), err)) < 0 ||
		(rc = key_find(&key, person, bn_cli_arg(cli, 0), err)) < 0)
		goto out;
	if ((rc = bn_people_revoke_preview(&takes, ws, key->hex, since, err)) < 0)
		goto out;
	if (bn_cli_dry_run(cli)) {
		bn_cli_say(cli, "would revoke key %s of %s%s%s", key->print, person->name,
			takes ? ", which takes " : "", takes ? takes : "");
		rc = bn_rights_may(ws, BN_ACT_POLICY, err);
		goto out;
	}
	if (takes)
		bn_cli_note(cli, "this takes %s", takes);
	if ((rc = bn_cli_confirm(cli, err, "Revoke key %s of %s? It cannot come back.", key->print,
		     person->name)) < 0)
		goto out;
	snprintf(words, sizeof words, "key %s of %s is revoked; what it signed %s", key->print,
		person->name, since >= 0 ? "since then no longer counts" : "before stands");
	rc = bn_people_revoke_key(ws, key->hex, since, bn_cli_opt(cli, "reason"), link, err);
	rc = done(cli, rc, link, words);
out:
	bn_free(takes);
	bn_people_free(p);
	return rc;
}

/* ---- roles --------------------------------------------------------------------------------------- */

static int role_change(bn_cli *cli, bool grant, bn_err *err)
{
	bn_workspace *ws = NULL;
	bn_people *p = NULL;
	const bn_person_row *person;
	const char *word = bn_cli_arg(cli, 1);
	uint8_t link[BN_CHAIN_ID_BYTES];
	char words[300];
	bool is_chained;
	bn_role role;
	int rc;
	if ((rc = bn_role_parse(&role, word, err)) < 0 ||
		(rc = begin(cli, &ws, &is_chained, err)) < 0)
		return rc;
	if (!is_chained)
		return bn_cli_uid_role(cli, ws, grant, err);
	if ((rc = bn_people_read(&p, ws, err)) < 0 ||
		(rc = bn_people_find(&person, p, bn_cli_arg(cli, 0), err)) < 0)
		goto out;
	if (bn_cli_dry_run(cli)) {
		bn_cli_say(cli, "would %s role %s %s %s", grant ? "grant" : "revoke", word,
			grant ? "to" : "of", person->name);
		rc = bn_rights_may(ws, BN_ACT_POLICY, err);
		goto out;
	}
	snprintf(words, sizeof words, "%s %s role %s", person->name,
		grant ? "has now" : "has no longer", word);
	rc = bn_people_set_role(
		ws, person->person, role, grant, bn_cli_opt(cli, "reason"), link, err);
	rc = done(cli, rc, link, words);
out:
	bn_people_free(p);
	return rc;
}

static int run_role_grant(bn_cli *cli, bn_err *err)
{
	return role_change(cli, true, err);
}

static int run_role_revoke(bn_cli *cli, bn_err *err)
{
	return role_change(cli, false, err);
}

/* ---- tables -------------------------------------------------------------------------------------- */

static const bn_opt reason_options[] = {{"reason", 'r', "TEXT", "why; kept in the audit log"}, {0}};
static const bn_opt request_options[] = {
	{"name", 0, "NAME", "your name here (default: your account's name)"}, {0}};
static const bn_opt accept_options[] = {
	{"role", 0, "ROLE", "a role in addition to the default one; may be repeated"},
	{"name", 0, "NAME", "their name here (default: as requested)"},
	{"for", 0, "PERSON", "it is another key of this existing person"},
	{"reason", 'r', "TEXT", "why; kept in the audit log"}, {0}};
static const bn_opt revoke_options[] = {
	{"since", 0, "WHEN", "it was stolen then: what it signed since no longer counts"},
	{"reason", 'r', "TEXT", "why; kept in the audit log"}, {0}};

const bn_verb bn_verbs_people[] = {
	{"user", "ls", "", 0, 0,
		"users of this workspace, with their roles, and requests for admission", NULL,
		{"binnacle user ls", "binnacle user ls --json", NULL}, NULL, BN_VERB_LISTS,
		run_user_ls},
	{"user", "key", "", 0, 0, "your signing key; creates it if there is none", NULL,
		{"binnacle user key", "binnacle user key --json", NULL}, NULL, BN_VERB_NO_WORKSPACE,
		run_user_key},
	{"user", "request", "", 0, 0, "request admission to this workspace with your key",
		"An admin must accept the key before anything that you sign counts.",
		{"binnacle user request", "binnacle user request --name 'Ann Lee'", NULL},
		request_options, BN_VERB_NEEDS_TRUST, run_user_request},
	{"user", "accept", "WHO", 1, 1, "admit a requested key",
		"First compare the fingerprint with what its owner sees (binnacle user key): the "
		"name is their claim, and a key whose account has another name is never admitted "
		"without asking.",
		{"binnacle user accept ed25519:1f2a3b4c5d6e7f80 --role reviewer",
			"binnacle user accept bob --for 'Bob Ray'", NULL},
		accept_options, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_user_accept},
	{"user", "remove", "PERSON", 1, 1, "remove a person with all keys from this workspace",
		"What was signed and seen before remains valid. An admin is removed by a more "
		"senior one, or by a majority of the admins.",
		{"binnacle user remove bob", "binnacle user remove bob --yes --reason 'has left'",
			NULL},
		reason_options, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_user_remove},
	{"user", "revoke", "KEY", 1, 1, "revoke one key of a person",
		"KEY is a fingerprint; binnacle user ls shows them. A person must keep one key: "
		"admit the new one first (binnacle user accept --for), or remove the person.",
		{"binnacle user revoke ed25519:1f2a3b4c5d6e7f80",
			"binnacle user revoke ed25519:1f2a3b4c5d6e7f80 --since 2d", NULL},
		revoke_options, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_user_revoke},
	{"role", "grant", "USER ROLE", 2, 2, "give a user a role", NULL,
		{"binnacle role grant alice reviewer",
			"binnacle role grant alice admin --reason lead", NULL},
		reason_options, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_role_grant},
	{"role", "revoke", "USER ROLE", 2, 2, "revoke a role of a user", NULL,
		{"binnacle role revoke alice reviewer", "binnacle role revoke alice admin", NULL},
		reason_options, BN_VERB_DRY_RUN | BN_VERB_NEEDS_TRUST, run_role_revoke},
	{0},
};
