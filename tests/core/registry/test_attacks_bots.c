/* test_attacks_bots.c - rows of tests/attacks/table.txt: attacks on an approved champion with the key of a bot. The row
 * says what every reader sees afterwards, and the runner (tests/support/attacked.h) checks all readers. */
#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "core/govern/bots.h"
#include "core/govern/key.h"
#include "tests/support/attacked.h"
#include "tests/support/check_main.h"

#include <string.h>

#define err attacked_err

static bn_key *bot_key;

/* Adds a bot "nightly" of p, with these verbs on models that match the pattern. */
static bn_signer bot(person *p, const char *const *verbs, const char *pattern)
{
	const char *patterns[] = {pattern, NULL};
	const bn_bot_wish wish = {
		.name = "nightly", .verbs = verbs, .patterns = patterns, .until_ms = -1};
	char path[400];
	bn_signer s;
	snprintf(path, sizeof path, "%s/nightly.pem", at.t.dir);
	attacked_must(bn_key_create(&bot_key, &p->env, path, &err));
	attacked_must(bn_bot_add(p->ws, bot_key, &wish, &err));
	attacked_must(bn_workspace_seal(p->ws, &err));
	attacked_see_all();
	bn_key_signer(&s, bot_key);
	return s;
}

static const char *const all_verbs[] = {
	"register", "request", "alias", "tag", "attest", "remove", NULL};

static void end(void)
{
	bn_key_free(bot_key);
	bot_key = NULL;
}

/* A tag set by the bot. */
static void tag(const char *writer, const bn_signer *s, const uint8_t *epoch, const char *model)
{
	char entity[40];
	snprintf(entity, sizeof entity, "model/%s", model);
	attacked_forge(writer, s, epoch, "model.tag", entity,
		"{\"answers\":[],\"key\":\"k\",\"value\":\"v\"}", 1900000000000);
}

static void expect(const char *writer, bool counts)
{
	bn_outcome o = attacked_outcome(at.dan, writer, 1);
	ck_assert_msg((o == BN_OUTCOME_APPLIED) == counts, "%s: outcome %d", writer, (int)o);
}

/* cleo's second version, with a requested approval. */
static void second_waits(void)
{
	team_register_run(at.cleo, "power", at.cleo, ATTACKED_RUN, "{}");
	attacked_must(bn_version_request(at.cleo->ws, "power/2", NULL, &err));
	attacked_see_all();
}

START_TEST(test_bot_of_a_reviewer_approves)
{
	char request[65];
	attacked_begin();
	second_waits();
	attacked_must(attacked_measure(at.dan, "power/2", 11));
	attacked_see_all();
	bn_signer s = bot(at.bob, all_verbs, "*");
	attacked_record("model.requested", request);
	attacked_decide("bot@host-boot-0", &s, "model.approved", "power/2", request, NULL);
	expect("bot@host-boot-0", false);
	ck_assert_int_eq(team_state(at.dan, "power/2"), BN_MODEL_REQUESTED);
	attacked_end();
	end();
}
END_TEST

START_TEST(test_bot_of_a_reviewer_rejects)
{
	char request[65];
	attacked_begin();
	second_waits();
	bn_signer s = bot(at.bob, all_verbs, "*");
	attacked_record("model.requested", request);
	attacked_decide("bot@host-boot-0", &s, "model.rejected", "power/2", request, NULL);
	expect("bot@host-boot-0", false);
	ck_assert_int_eq(team_state(at.dan, "power/2"), BN_MODEL_REQUESTED);
	attacked_end();
	end();
}
END_TEST

/* bob's evidence about version 1, copied to version 2 and signed by the bot. */
static void measure(const bn_signer *s)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	bn_version *v = NULL;
	json_t *payload = NULL;
	bn_buf text = BN_BUF_INIT;
	char registration[65];
	uint8_t epoch[32];
	attacked_newest(epoch);
	attacked_record("model.registered", registration);
	attacked_must(bn_version_get(&v, at.ann->ws, "power/2", &err));
	attacked_must(bn_workspace_read(&db, at.ann->ws, &err));
	attacked_must(bn_sql_prepare(&st, db, &err,
		"SELECT e.payload FROM event e JOIN index_name k ON k.no = e.kind WHERE k.name = "
		"'model.evidence'",
		""));
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	const char *of = (const char *)sqlite3_column_text(st, 0);
	attacked_must(bn_json_parse(&payload, of, strlen(of), "evidence", &err));
	sqlite3_finalize(st);
	json_object_set_new(payload, "answers", json_pack("[s]", registration));
	json_object_set_new(payload, "version", json_integer(2));
	json_object_set_new(payload, "model", json_string(v->digest));
	json_object_set_new(payload, "registration", json_string(registration));
	attacked_must(bn_json_canonical(payload, &text, &err));
	attacked_forge("bot@host-boot-0", s, epoch, "model.evidence", "model/power", text.ptr,
		1900000000000);
	bn_buf_release(&text);
	json_decref(payload);
	bn_version_free(v);
}

START_TEST(test_bot_of_a_colleague_gives_the_evidence_that_lacks)
{
	attacked_begin();
	second_waits();
	bn_signer s = bot(at.dan, all_verbs, "*");
	measure(&s);
	attacked_must_be(
		bn_version_approve(at.bob->ws, "power/2", "fine", false, &err), BN_EREFUSED);
	attacked_end();
	end();
}
END_TEST

START_TEST(test_bot_of_the_author_gives_evidence)
{
	attacked_begin();
	second_waits();
	bn_signer s = bot(at.cleo, all_verbs, "*");
	measure(&s);
	attacked_must_be(
		bn_version_approve(at.bob->ws, "power/2", "fine", false, &err), BN_EREFUSED);
	attacked_end();
	end();
}
END_TEST

START_TEST(test_bot_does_what_it_may_not_and_where_it_may_not)
{
	static const char *const verbs[] = {"tag", NULL};
	char request[65], text[200];
	uint8_t epoch[32];
	attacked_begin();
	bn_signer s = bot(at.ann, verbs, "other*");
	attacked_newest(epoch);
	tag("bot@host-boot-0", &s, epoch, "other");
	tag("bot@host-boot-1", &s, epoch, "power");
	attacked_record("model.alias", request);
	snprintf(text, sizeof text, "{\"alias\":\"champion\",\"answers\":[\"%s\"]}", request);
	attacked_forge("bot@host-boot-2", &s, epoch, "model.alias_removed", "model/power", text,
		1900000000000);
	attacked_forge("bot@host-boot-3", &s, epoch, "model.alias_removed", "model/other", text,
		1900000000000);
	expect("bot@host-boot-0", true);
	expect("bot@host-boot-1", false);
	expect("bot@host-boot-2", false);
	expect("bot@host-boot-3", false);
	attacked_end();
	end();
}
END_TEST

START_TEST(test_bot_goes_on_after_its_end_with_an_old_date)
{
	uint8_t epoch[32];
	attacked_begin();
	bn_signer s = bot(at.dan, all_verbs, "*");
	attacked_newest(epoch);
	tag("bot@host-boot-0", &s, epoch, "other");
	attacked_see_all();
	attacked_must(bn_bot_end(at.dan->ws, "nightly", &err));
	attacked_must(bn_workspace_seal(at.dan->ws, &err));
	attacked_forge("bot@host-boot-1", &s, epoch, "model.tag", "model/other",
		"{\"answers\":[],\"key\":\"late\",\"value\":\"v\"}", 1000);
	expect("bot@host-boot-0", true);
	expect("bot@host-boot-1", false);
	attacked_end();
	end();
}
END_TEST

START_TEST(test_bot_of_a_removed_person_goes_on)
{
	uint8_t old[32], epoch[32];
	attacked_begin();
	bn_signer s = bot(at.dan, all_verbs, "*");
	attacked_newest(old);
	person_link(at.ann, (bn_change[]){person_removed(at.dan)}, 1);
	attacked_see_all();
	attacked_newest(epoch);
	tag("bot@host-boot-0", &s, old, "other");
	tag("bot@host-boot-1", &s, epoch, "other");
	expect("bot@host-boot-0", false);
	expect("bot@host-boot-1", false);
	person_link(at.ann, (bn_change[]){person_role(at.bob, BN_ROLE_ADMIN, true)}, 1);
	attacked_end();
	end();
}
END_TEST

/* The bot of the only admin signs a link that adds an admin, and adds a bot. */
START_TEST(test_bot_of_an_admin_signs_a_link_and_makes_a_bot)
{
	uint8_t epoch[32], key[32];
	char prev[65], hex[65], text[700], sign[129] = "";
	attacked_begin();
	bn_signer s = bot(at.ann, all_verbs, "*");
	attacked_newest(epoch);
	bn_hex(epoch, 32, prev);
	person_key(at.dan, key);
	bn_hex(key, 32, hex);
	snprintf(text, sizeof text,
		"{\"changes\":[{\"role\":{\"grant\":true,\"person\":\"%s\",\"role\":\"admin\"}}],"
		"\"horizon\":{},\"n\":3,\"prev\":\"%s\"}",
		hex, prev);
	attacked_forge(
		"bot@host-boot-0", &s, epoch, "authority.link", "authority", text, 1900000000000);
	bn_hex(at.mal.key, 32, hex);
	memset(sign, '0', 128);
	snprintf(text, sizeof text,
		"{\"key\":\"%s\",\"name\":\"mine\",\"patterns\":[\"*\"],\"proof\":\"%s\",\"verbs\":"
		"["
		"\"tag\"]}",
		hex, sign);
	attacked_forge(
		"bot@host-boot-1", &s, epoch, "authority.bot", "authority", text, 1900000000000);
	tag("mal@host-boot-0", &at.mal, epoch, "other");
	expect("mal@host-boot-0", false);
	sqlite3 *db = NULL;
	attacked_must(bn_workspace_read(&db, at.bob->ws, &err));
	ck_assert_int_eq(bn_authority_newest(db, NULL), 2);
	attacked_end();
	end();
}
END_TEST

BN_TEST_MAIN("core/registry/attacks_bots", test_bot_of_a_reviewer_approves,
	test_bot_of_a_reviewer_rejects, test_bot_of_a_colleague_gives_the_evidence_that_lacks,
	test_bot_of_the_author_gives_evidence, test_bot_does_what_it_may_not_and_where_it_may_not,
	test_bot_goes_on_after_its_end_with_an_old_date, test_bot_of_a_removed_person_goes_on,
	test_bot_of_an_admin_signs_a_link_and_makes_a_bot)
