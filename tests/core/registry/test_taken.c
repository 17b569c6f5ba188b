/* The effects of a revocation or a void are shown before it is signed, and with the link in the chain. */
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "core/govern/people.h"
#include "tests/support/attacked.h"
#include "tests/support/check_main.h"

#include <string.h>

#define err attacked_err

static void key_hex(person *p, char hex[65])
{
	uint8_t key[32];
	person_key(p, key);
	bn_hex(key, 32, hex);
}

static char *preview(person *p, int64_t since_ms)
{
	char hex[65], *takes = NULL;
	key_hex(p, hex);
	attacked_must(bn_people_revoke_preview(&takes, at.ann->ws, hex, since_ms, &err));
	return takes;
}

/* Checks that the newest link's summary names those effects; "": none. */
static void expect_log(const char *takes)
{
	bn_link_list *l = NULL;
	attacked_must(bn_links_read(&l, at.ann->ws, &err));
	const char *at_words = strstr(l->items[0].summary, "; takes ");
	if (*takes)
		ck_assert_msg(at_words && !strcmp(at_words + 8, takes), "%s", l->items[0].summary);
	else
		ck_assert_msg(!at_words, "%s", l->items[0].summary);
	bn_links_free(l);
}

static void expect(char *got, const char *want)
{
	ck_assert_ptr_nonnull(got);
	ck_assert_str_eq(got, want);
	bn_free(got);
}

START_TEST(test_approvals_that_a_revocation_takes_are_named_before_and_after)
{
	uint8_t id[32];
	attacked_begin();
	expect_log("");
	ck_assert_ptr_null(preview(at.bob, -1));
	ck_assert_ptr_null(preview(at.cleo, 0)); /* she has not approved anything */
	expect(preview(at.bob, 0), "the approval of power/1");
	/* His only key cannot be revoked, but a cut has the same effect. */
	bn_chain_cut cut = {.writer = attacked_writer(at.bob)};
	person_key(at.bob, cut.key);
	const bn_link link = {.cuts = &cut, .n_cuts = 1};
	attacked_must(bn_authority_change(at.ann->ws, &link, id, &err));
	bn_free((char *)(uintptr_t)cut.writer);
	ck_assert_int_ne(team_state(at.ann, "power/1"), BN_MODEL_APPROVED);
	expect_log("the approval of power/1");
	ck_assert_ptr_null(preview(at.bob, 0)); /* no valid approval is left */
	team_remove(&at.t);
}
END_TEST

START_TEST(test_approval_that_a_link_voids_is_named)
{
	uint8_t id[32], approved[32];
	char hex[65];
	attacked_begin();
	attacked_record("model.approved", hex);
	ck_assert_int_eq(bn_unhex(hex, 32, approved), 0);
	const bn_link link = {
		.voids = (const uint8_t(*)[BN_CHAIN_ID_BYTES]) & approved, .n_voids = 1};
	attacked_must(bn_authority_change(at.ann->ws, &link, id, &err));
	expect_log("the approval of power/1");
	team_remove(&at.t);
}
END_TEST

BN_TEST_MAIN("core/registry/taken",
	test_approvals_that_a_revocation_takes_are_named_before_and_after,
	test_approval_that_a_link_voids_is_named)
