/* test_attacks_files.c - rows of tests/attacks/table.txt: attacks on an approved champion by moving, copying and
 * removing files. The row says what every reader sees afterwards, and the runner (tests/support/attacked.h) checks all
 * readers. */
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "tests/support/attacked.h"
#include "tests/support/check_main.h"

#include <string.h>

#define err attacked_err

START_TEST(test_logs_that_are_hidden_exchanged_and_brought_back_change_nothing)
{
	attacked_begin();
	char *bobs = attacked_writer(at.bob), *cleos = attacked_writer(at.cleo);
	attacked_shell("cd %s/.binnacle/log && mv '%s' ../../x && mv '%s' '%s' && mv ../../x '%s'",
		at.t.dir, bobs, cleos, bobs, cleos);
	attacked_expect(&(attacked_sight){.falls = true,
		.is_not_served = true,
		.allows = BN_ALLOWS_READING,
		.new = BN_ALLOWS_READING,
		.invited = BN_ALLOWS_ALL}); /* an invitation names the chain, not logs */
	attacked_shell("cd %s/.binnacle/log && mv '%s' ../../x && mv '%s' '%s' && mv ../../x '%s'",
		at.t.dir, bobs, cleos, bobs, cleos);
	bn_free(bobs);
	bn_free(cleos);
	const bn_trust_options opt = {.start = at.t.dir};
	bn_trust *trust = NULL;
	attacked_must(bn_trust_look(&trust, at.dan->ws, &opt, &err));
	attacked_must(bn_trust_accept(trust, "accept", "", &err));
	bn_trust_free(trust);
	attacked_end();
}
END_TEST

START_TEST(test_claims_that_were_planted_before_anybody_registers_stop_nobody)
{
	int64_t version = 0;
	attacked_begin();
	attacked_shell(
		"mkdir -p %s/.binnacle/claims/model/new && cd %s/.binnacle/claims/model/new && "
		"for i in $(seq 150); do echo x >$i; done",
		at.t.dir, at.t.dir);
	ck_assert_int_eq(team_try_register(at.cleo, "new", at.cleo, "{}", &version), 0);
	ck_assert_int_ge(version, 1);
	attacked_end();
}
END_TEST

/* Copies the record of a forged log, byte for byte, into a log with another name. */
static void copy_record(const forged_log *of, const char *writer)
{
	forged_log l;
	forged_begin(&l, of->workspace, writer, 1);
	uint8_t chain[32];
	memcpy(chain, l.tip.chain, 32);
	l.tip = of->tip;
	memcpy(l.tip.chain, chain, 32);
	bn_buf_add(&l.records, of->records.ptr, of->records.len);
	bn_chain_add(l.tip.chain, l.hasher, of->records.ptr, of->records.len);
	forged_seal(&l, &at.dir, NULL);
	forged_end(&l);
}

static void add_copied(const char *writer, const bn_signer *by, const char *kind,
	const char *entity, const char *payload)
{
	forged_log l;
	uint8_t epoch[32];
	char copy[100];
	attacked_newest(epoch);
	forged_begin(&l, bn_workspace_id(at.ann->ws), writer, 1800000000000);
	forged_sign(&l, by, epoch, kind, entity, payload);
	snprintf(copy, sizeof copy, "a-%s", writer); /* sorts before it, and z- after it */
	copy_record(&l, copy);
	snprintf(copy, sizeof copy, "z-%s", writer);
	copy_record(&l, copy);
	forged_seal(&l, &at.dir, NULL);
	forged_end(&l);
}

START_TEST(test_records_that_are_copied_byte_for_byte_to_other_logs_are_damage_there)
{
	char hex[65], text[900];
	uint8_t newest[32];
	const char *registration = text;
	attacked_begin();
	const bn_signer ann = attacked_signer(at.ann), dan = attacked_signer(at.dan);
	attacked_record("model.registered", hex);
	snprintf(text, sizeof text,
		"{\"answers\":[\"%s\"],\"key\":\"k\",\"value\":\"1\",\"version\":1}", hex);
	add_copied("dan@host-boot-5", &dan, "model.tag", "model/power", registration);
	bn_hex(at.mal.key, 32, hex);
	snprintf(text, sizeof text,
		"{\"host\":\"h\",\"key\":\"%s\",\"name\":\"mal\",\"uid\":1,\"user\":\"mal\"}", hex);
	add_copied("mal@host-boot-6", &at.mal, "authority.request", "authority", text);
	attacked_newest(newest);
	bn_hex(newest, 32, hex);
	snprintf(text, sizeof text, "{\"changes\":[],\"horizon\":{},\"n\":3,\"prev\":\"%s\"}", hex);
	add_copied("ann@host-boot-7", &ann, "authority.link", "authority", text);
	attacked_see_all();
	ck_assert_int_eq(attacked_outcome(at.dan, "dan@host-boot-5", 1), BN_OUTCOME_LATE);
	sqlite3 *db = NULL;
	attacked_must(bn_workspace_read(&db, at.dan->ws, &err));
	ck_assert_int_eq(bn_authority_newest(db, NULL), 3);
	/* The horizon of this link is empty, so all earlier records are late. */
	attacked_end();
}
END_TEST

static void tag_other(const char *value)
{
	char text[100];
	uint8_t epoch[32];
	const bn_signer dan = attacked_signer(at.dan);
	attacked_newest(epoch);
	snprintf(text, sizeof text, "{\"answers\":[],\"key\":\"k\",\"value\":\"%s\"}", value);
	attacked_forge("dan@host-boot-5", &dan, epoch, "model.tag", "model/other", text, 0);
}

START_TEST(test_segment_of_ones_own_is_replaced_by_another_under_its_name)
{
	const attacked_sight unmoved = {
		.allows = BN_ALLOWS_ALL, .new = BN_ALLOWS_READING, .invited = BN_ALLOWS_ALL};
	attacked_begin();
	tag_other("one");
	attacked_expect(&unmoved);
	attacked_shell("rm -r %s/.binnacle/log/dan@host-boot-5/*.seg", at.t.dir);
	tag_other("two");
	attacked_end();
}
END_TEST

BN_TEST_MAIN("core/registry/attacks_files",
	test_logs_that_are_hidden_exchanged_and_brought_back_change_nothing,
	test_claims_that_were_planted_before_anybody_registers_stop_nobody,
	test_segment_of_ones_own_is_replaced_by_another_under_its_name,
	test_records_that_are_copied_byte_for_byte_to_other_logs_are_damage_there)
