/* attacked.c - see attacked.h. */
#include "tests/support/attacked.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "core/govern/key.h"
#include "core/registry/proof.h"
#include "core/store/recent.h"
#include "tests/support/attack_table.h"
#include "tests/support/check_main.h"

#include <stdarg.h>
#include <string.h>

#define LONG_AGO_MS 1500000000000

attacked at;
bn_err attacked_err = BN_ERR_INIT;
#define err attacked_err

static bn_key *keys[PEOPLE];

void attacked_must(int rc)
{
	ck_assert_bn_ok(rc, &err);
}

void attacked_must_be(int rc, int code)
{
	ck_assert_msg(rc == code, "%d instead of %d: %s", rc, code, err.msg);
	bn_err_clear(&err);
}

void attacked_see_all(void)
{
	for (int i = 0; i < PEOPLE; i++)
		attacked_must(bn_workspace_refresh(at.t.people[i].ws, NULL, &err));
}

void attacked_seal_all(void)
{
	for (int i = 0; i < PEOPLE; i++)
		person_reopen(&at.t, &at.t.people[i], false);
}

void attacked_shell(const char *fmt, ...)
{
	char command[1600];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(command, sizeof command, fmt, ap);
	va_end(ap);
	ck_assert_msg(system(command) == 0, "%s", command);
}

/* ---- the team -------------------------------------------------------------------------------- */

static void people_admit(void)
{
	const bn_change policy = {
		.kind = BN_CHANGE_POLICY, .policy = ATTACKED_POLICY, .signers = 1};
	person_link(at.ann,
		(bn_change[]){
			person_admitted(at.bob), person_admitted(at.cleo), person_admitted(at.dan)},
		3);
	person_link(at.ann, (bn_change[]){person_role(at.bob, BN_ROLE_REVIEWER, true), policy}, 2);
	attacked_see_all();
}

/* From its first signed record on, a process signs its seals. */
static void starts_signing(person *p)
{
	json_t *tag = json_pack("{s:s, s:s}", "key", "k", "value", "v");
	attacked_must(bn_authority_append(p->ws, 2, "model.tag", "model/other", tag, &err));
	json_decref(tag);
}

static void champion_make(void)
{
	bn_version *v = NULL;
	starts_signing(at.cleo);
	team_run(at.cleo, ATTACKED_RUN);
	attacked_must(bn_workspace_refresh(at.cleo->ws, NULL, &err));
	team_register_run(at.cleo, "power", at.cleo, ATTACKED_RUN, "{\"test\": {\"rmse\": 10.5}}");
	attacked_must(bn_version_request(at.cleo->ws, "power/1", "please", &err));
	attacked_must(attacked_measure(at.bob, "power/1", 11));
	attacked_must(bn_version_approve(at.bob->ws, "power/1", "fine", false, &err));
	attacked_must(bn_version_set_alias(at.ann->ws, "power/1", "champion", &err));
	attacked_must(bn_version_get(&v, at.ann->ws, "power@champion", &err));
	snprintf(at.uuid, sizeof at.uuid, "%s", v->uuid);
	bn_version_free(v);
}

static void remember(person *p)
{
	const bn_trust_options opt = {.start = at.t.dir};
	bn_trust *trust = NULL;
	attacked_must(bn_trust_look(&trust, p->ws, &opt, &err));
	attacked_must(bn_trust_accept(trust, "accept", "", &err));
	bn_trust_free(trust);
}

static void invite(void)
{
	const bn_trust_options opt = {.start = at.t.dir};
	bn_trust *trust = NULL;
	bn_trust_about *about = bn_alloc_zeroed(1, sizeof *about);
	attacked_must(bn_trust_look(&trust, at.ann->ws, &opt, &err));
	attacked_must(bn_trust_about_read(about, trust, &err));
	snprintf(at.invitation, sizeof at.invitation, "%s", about->invitation);
	bn_trust_free(trust);
	bn_free(about);
}

void attacked_begin(void)
{
	memset(keys, 0, sizeof keys);
	team_make_signed(&at.t, registry_team_classes);
	at.ann = &at.t.people[0];
	at.bob = &at.t.people[1];
	at.cleo = &at.t.people[2];
	at.dan = &at.t.people[3];
	snprintf(at.dir.path, sizeof at.dir.path, "%s", at.t.dir);
	test_signer_init(&at.mal, 9);
	people_admit();
	champion_make();
	attacked_see_all();
	attacked_seal_all();
	for (int i = 0; i < PEOPLE; i++)
		remember(&at.t.people[i]);
	invite();
	for (int i = 0; i < PEOPLE; i++) /* what follows is another process */
		bn_workspace_unmark_recent(at.t.people[i].ws);
}

/* ---- what readers see ------------------------------------------------------------------------ */

static bool is_champion(person *p)
{
	bn_version *v = NULL;
	int rc = bn_version_get(&v, p->ws, "power@champion", &err);
	bool is = rc == 0 && !strcmp(v->uuid, at.uuid) && v->state == BN_MODEL_APPROVED &&
		  v->version == 1;
	bn_version_free(v);
	bn_err_clear(&err);
	return is;
}

static void expect_state(person *p, const attacked_sight *sight, const char *how)
{
	attacked_must(bn_workspace_refresh(p->ws, NULL, &err));
	ck_assert_msg(is_champion(p) == !sight->falls, "%s %s: power/1 is%s the champion", p->name,
		how, sight->falls ? "" : " not");
}

/* how: with which memory; invitation: the option's value, or NULL. */
static void expect_trust(
	person *p, const char *how, const char *invitation, bn_memory_allows allows)
{
	bn_trust *trust = NULL;
	const bn_trust_options opt = {.start = at.t.dir, .invitation = invitation};
	attacked_must(bn_trust_look(&trust, p->ws, &opt, &err));
	const bn_memory_verdict *v = bn_trust_verdict(trust);
	ck_assert_msg(bn_trust_allows(trust) == allows, "%s, %s, is allowed %d, not %d: %s",
		p->name, how, (int)bn_trust_allows(trust), (int)allows,
		v->count ? v->findings[0].words : "nothing");
	bn_trust_free(trust);
}

static void expect_served(person *p, bool is_served)
{
	bn_model_view *view = NULL;
	int rc = bn_version_demand(&view, p->ws, "power/1", &err);
	ck_assert_msg((rc == 0) == is_served, "power/1 is%s served: %s", is_served ? " not" : "",
		rc < 0 ? err.msg : "");
	bn_err_clear(&err);
	bn_model_view_close(view);
}

static void forget(person *p)
{
	attacked_shell("rm -rf %s/binnacle/trust", p->state);
}

void attacked_expect(const attacked_sight *sight)
{
	for (int i = 0; i < PEOPLE; i++) {
		expect_state(&at.t.people[i], sight, "with the old index");
		expect_trust(&at.t.people[i], "who remembers", NULL, sight->allows);
	}
	team_expect_one_view(&at.t); /* reopens the old indexes, then makes new ones */
	for (int i = 0; i < PEOPLE; i++) {
		expect_state(&at.t.people[i], sight, "with a new index");
		expect_trust(
			&at.t.people[i], "who remembers, with a new index", NULL, sight->allows);
	}
	expect_served(at.dan, !sight->is_not_served);
	/* dan forgets everything: confirming, or presenting the invitation, he sees the same. */
	forget(at.dan);
	expect_trust(at.dan, "who is new", NULL, sight->new);
	expect_state(at.dan, sight, "new");
	forget(at.dan);
	expect_trust(at.dan, "who is invited", at.invitation, sight->invited);
	expect_state(at.dan, sight, "invited");
	forget(at.dan);
	if (sight->allows == BN_ALLOWS_ALL)
		remember(at.dan);
}

/* "trust" after "known: " */
static bn_memory_allows allowed(const attack_row *row, const char *who, bn_memory_allows usual)
{
	static const char *const words[] = {"all", "reading", "trust"};
	char text[40];
	for (int i = 0; i < 3; i++) {
		snprintf(text, sizeof text, "%s: %s", who, words[i]);
		if (attack_row_says(row, text))
			return (bn_memory_allows)i;
	}
	return usual;
}

void attacked_end_row(const char *function)
{
	attack_row row;
	attack_row_find(&row, function);
	bool falls = attack_row_says(&row, "falls");
	ck_assert_msg(falls != attack_row_says(&row, "stays"),
		"row %d: 'stays' or 'falls' is wanted for its readers", row.number);
	ck_assert_msg(strcmp(row.trace, "-") != 0, "row %d: which trace it leaves is not said",
		row.number);
	attacked_sight sight = {.falls = falls,
		.is_not_served = attack_row_says(&row, "not served"),
		.allows = allowed(&row, "known", BN_ALLOWS_ALL),
		.new = allowed(&row, "new", BN_ALLOWS_READING)};
	sight.invited = allowed(&row, "invited", sight.allows);
	attacked_expect(&sight);
	attack_expect_trace(&row, at.ann->ws, "power/1");
	for (int i = 0; i < PEOPLE; i++)
		bn_key_free(keys[i]);
	test_signer_release(&at.mal);
	team_remove(&at.t);
}

/* ---- forging ----------------------------------------------------------------------------------- */

void attacked_newest(uint8_t epoch[32])
{
	sqlite3 *db = NULL;
	attacked_must(bn_workspace_read(&db, at.ann->ws, &err));
	ck_assert_int_ge(bn_authority_newest(db, epoch), 0);
}

bn_signer attacked_signer(person *p)
{
	bn_signer s;
	size_t i = (size_t)(p - at.t.people);
	if (!keys[i])
		attacked_must(bn_key_open(&keys[i], &p->env, NULL, &err));
	bn_key_signer(&s, keys[i]);
	return s;
}

void attacked_forge(const char *writer, const bn_signer *by, const uint8_t *epoch, const char *kind,
	const char *entity, const char *payload, int64_t ms)
{
	forged_log l;
	forged_begin(&l, bn_workspace_id(at.ann->ws), writer, ms ? ms : LONG_AGO_MS);
	if (by)
		forged_sign(&l, by, epoch, kind, entity, payload);
	else
		forged_add(&l, kind, entity, payload);
	forged_seal(&l, &at.dir, NULL);
	forged_end(&l);
}

void attacked_decide(const char *writer, const bn_signer *by, const char *kind, const char *spec,
	const char *answers, const char *digest)
{
	char text[800];
	uint8_t epoch[32];
	bn_version *v = NULL;
	attacked_newest(epoch);
	attacked_must(bn_version_get(&v, at.ann->ws, spec, &err));
	snprintf(text, sizeof text,
		"{\"answers\":[%s%s%s],\"digest\":\"%s\",\"reason\":\"x\",\"rules\":1,\"seen\":{},"
		"\"uuid\":\"%s\",\"version\":%d}",
		answers ? "\"" : "", answers ? answers : "", answers ? "\"" : "",
		digest ? digest : v->digest, v->uuid, (int)v->version);
	bn_version_free(v);
	attacked_forge(writer, by, epoch, kind, "model/power", text, 1900000000000);
}

char *attacked_writer(person *p)
{
	uint8_t key[32];
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	attacked_must(bn_workspace_read(&db, at.ann->ws, &err));
	person_key(p, key);
	attacked_must(bn_sql_prepare(&st, db, &err,
		"SELECT w.name FROM signed_record s JOIN index_name w ON w.no = s.writer WHERE "
		"s.key = ? ORDER BY s.clock DESC LIMIT 1",
		"b", key, (size_t)32));
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	char *name = bn_sql_text(st, 0);
	sqlite3_finalize(st);
	return name;
}

void attacked_record(const char *kind, char hex[65])
{
	uint8_t id[32];
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	attacked_must(bn_workspace_read(&db, at.ann->ws, &err));
	attacked_must(bn_sql_prepare(&st, db, &err,
		"SELECT s.id FROM signed_record s JOIN index_name k ON k.no = s.kind WHERE k.name "
		"= "
		"? ORDER BY s.clock DESC LIMIT 1",
		"s", kind));
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	ck_assert(bn_sql_bytes(st, 0, id, 32));
	sqlite3_finalize(st);
	bn_hex(id, 32, hex);
}

int attacked_measure(person *p, const char *spec, double value)
{
	const bn_measured m = {.metric = "rmse",
		.part = "test",
		.value = value,
		.rows = 100,
		.dataset = "jobs",
		.dataset_version = 3,
		.dataset_digest = TEAM_DATA};
	bn_err_clear(&err);
	return bn_evidence_give(p->ws, spec, &m, 1, "recomputed", "test 1", &err);
}

bn_outcome attacked_outcome(person *p, const char *writer, uint64_t seq)
{
	sqlite3 *db = NULL;
	attacked_must(bn_workspace_read(&db, p->ws, &err));
	int64_t outcome = bn_sql_int(db, -1,
		"SELECT e.outcome FROM event e JOIN index_name w ON w.no = e.writer WHERE w.name = "
		"? AND e.seq = ?",
		"si", writer, (int64_t)seq);
	ck_assert_int_ge(outcome, 0);
	return (bn_outcome)outcome;
}
