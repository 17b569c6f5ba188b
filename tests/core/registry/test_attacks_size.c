/* test_attacks_size.c - rows of tests/attacks/table.txt: attacks on an approved champion by records of any size, and by
 * invalid keys. The row says what every reader sees afterwards, and the runner (tests/support/attacked.h) checks all
 * readers; here each also has limits of time and memory. */
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/govern/authority.h"
#include "tests/support/attacked.h"
#include "tests/support/check_main.h"

#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define err attacked_err

enum { WRITERS = 100000, CUTS = 1000, LINKS = 1000, READERS = 14 };

/* Whether to use the full sizes, not a tenth (make check-all). */
static bool is_full(void)
{
	const char *stride = getenv("BINNACLE_CRASH_STRIDE");
	return stride && !strcmp(stride, "1");
}

static double cpu_s(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static long peak_mib(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss / 1024;
}

/* Like attacked_end, which folds the log once for each reader and proves it twice, within these limits. */
static void end_within(const char *function, double seconds_each, long mib)
{
	double begin = cpu_s();
	long before = peak_mib();
	attacked_end_row(function);
	double each = (cpu_s() - begin) / READERS;
	printf("NOTE: %s: %.2f s of this processor a reader, %ld MiB more at the peak\n", function,
		each, peak_mib() - before);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	ck_assert_msg(each < seconds_each, "%.2f s a reader", each);
	ck_assert_msg(peak_mib() - before < mib, "%ld MiB", peak_mib() - before);
#endif
}

/* Writes the next link by hand, by ann or another signer: members are the text before "n". */
static void link_forge(const char *writer, const bn_signer *s, const bn_buf *members)
{
	uint8_t newest[32];
	char prev[65];
	bn_buf text = BN_BUF_INIT;
	sqlite3 *db = NULL;
	attacked_newest(newest);
	bn_hex(newest, 32, prev);
	attacked_must(bn_workspace_read(&db, at.ann->ws, &err));
	bn_buf_addf(&text, "{%s\"n\":%d,\"prev\":\"%s\"}", members->ptr,
		(int)bn_authority_newest(db, NULL) + 1, prev);
	attacked_must(bn_buf_check(&text, &err, "a link"));
	attacked_forge(writer, s, newest, "authority.link", "authority", text.ptr, 1800000000000);
	bn_buf_release(&text);
}

START_TEST(test_horizon_of_100000_writers_is_read_in_bounded_time_and_memory)
{
	bn_buf members = BN_BUF_INIT;
	attacked_begin();
	const bn_signer s = attacked_signer(at.ann);
	bn_buf_adds(&members, "\"changes\":[],\"horizon\":{");
	for (int i = 0; i < (is_full() ? WRITERS : WRITERS / 10); i++)
		bn_buf_addf(&members, "%s\"ghost-%06d@host-boot-0\":[9,\"" TEAM_DATA "\"]",
			i ? "," : "", i);
	bn_buf_adds(&members, "},");
	ck_assert_uint_gt(members.len, is_full() ? 9 << 20 : 900000);
	link_forge("ann@host-boot-99", &s, &members);
	bn_buf_release(&members);
	sqlite3 *db = NULL;
	attacked_must(bn_workspace_read(&db, at.ann->ws, &err));
	ck_assert_int_eq(bn_authority_newest(db, NULL), 3);
	end_within(__func__, 8, 600);
}
END_TEST

START_TEST(test_a_thousand_cuts_take_what_they_name_in_bounded_time)
{
	static bn_chain_cut cuts[CUTS];
	uint8_t id[32];
	attacked_begin();
	char *bobs = attacked_writer(at.bob);
	for (int i = 0; i < CUTS; i++) {
		cuts[i] = (bn_chain_cut){.writer = bobs, .seq = 0};
		cuts[i].key[0] = 0x77;
		cuts[i].key[1] = (uint8_t)(i >> 8);
		cuts[i].key[2] = (uint8_t)i;
	}
	const bn_link link = {.cuts = cuts, .n_cuts = CUTS};
	attacked_must(bn_authority_change(at.ann->ws, &link, id, &err));
	bn_free(bobs);
	end_within(__func__, 2, 100);
}
END_TEST

START_TEST(test_link_beyond_the_limits_is_no_link)
{
	bn_buf members = BN_BUF_INIT;
	attacked_begin();
	const bn_signer s = attacked_signer(at.ann);
	bn_buf_adds(&members, "\"changes\":[");
	for (int i = 0; i <= BN_LINK_CHANGES_MAX; i++)
		bn_buf_addf(&members, "%s{\"restored\":{\"why\":\"%d\"}}", i ? "," : "", i);
	bn_buf_adds(&members, "],\"horizon\":{},");
	link_forge("ann@host-boot-99", &s, &members);
	bn_buf_release(&members);
	sqlite3 *db = NULL;
	attacked_must(bn_workspace_read(&db, at.ann->ws, &err));
	ck_assert_int_eq(bn_authority_newest(db, NULL), 2);
	end_within(__func__, 2, 100);
}
END_TEST

START_TEST(test_a_thousand_links_of_a_member_cost_bounded_time)
{
	forged_log l;
	uint8_t newest[32];
	char prev[65], text[300];
	attacked_begin();
	const bn_signer s = attacked_signer(at.dan);
	attacked_newest(newest);
	bn_hex(newest, 32, prev);
	forged_begin(&l, bn_workspace_id(at.ann->ws), "dan@host-boot-9", 1400000000000);
	for (int i = 0; i < LINKS; i++) {
		snprintf(text, sizeof text,
			"{\"changes\":[{\"restored\":{\"why\":\"%d\"}}],\"horizon\":{},\"n\":3,"
			"\"prev\":\"%s\"}",
			i, prev);
		forged_sign(&l, &s, newest, "authority.link", "authority", text);
	}
	forged_seal(&l, &at.dir, NULL);
	forged_end(&l);
	end_within(__func__, 4, 200);
}
END_TEST

/* n records about the champion with invalid signatures by different unknown keys, in a separate log. */
static void flood(const char *writer, size_t n)
{
	forged_log l;
	uint8_t key[32] = {0x55}, bytes[64] = {1}, epoch[32];
	attacked_newest(epoch);
	const bn_signature block = {.scheme = BN_SIGNATURE_ED25519,
		.key = key,
		.key_bytes = 32,
		.epoch = epoch,
		.epoch_bytes = 32,
		.bytes = bytes,
		.signature_bytes = 64};
	forged_begin(&l, bn_workspace_id(at.ann->ws), writer, 1400000000000);
	for (size_t i = 0; i < n; i++) {
		memcpy(key + 1, &i, sizeof i);
		forged_add_block(&l, &block, "model.tag", "model/power",
			"{\"answers\":[],\"key\":\"k\",\"value\":\"v\",\"version\":1}");
	}
	forged_seal(&l, &at.dir, NULL);
	forged_end(&l);
}

static int step_count(void *steps)
{
	++*(int64_t *)steps;
	return 0;
}

/* The work of refreshing ann's index, in hundreds of SQLite steps, which do not depend on the load of the machine. */
static int64_t steps_of_refresh(void)
{
	int64_t steps = 0;
	sqlite3 *db = bn_workspace_index(at.ann->ws);
	sqlite3_progress_handler(db, 100, step_count, &steps);
	attacked_must(bn_workspace_refresh(at.ann->ws, NULL, &err));
	sqlite3_progress_handler(db, 0, NULL, NULL);
	return steps;
}

static int64_t steps_of_link(person *whom, bool grant)
{
	int64_t steps = 0;
	sqlite3 *db = bn_workspace_index(at.ann->ws);
	sqlite3_progress_handler(db, 100, step_count, &steps);
	person_link(at.ann, (bn_change[]){person_role(whom, BN_ROLE_REVIEWER, grant)}, 1);
	sqlite3_progress_handler(db, 0, NULL, NULL);
	return steps;
}

START_TEST(test_records_of_unknown_keys_are_not_verified_and_cost_links_nothing)
{
	enum { FEW = 1000, MANY = 4000 };
	attacked_begin();
	int64_t before = steps_of_link(at.dan, true);
	flood("mal@host-boot-1", FEW);
	int64_t few = steps_of_refresh(), after_few = steps_of_link(at.dan, false);
	flood("mal@host-boot-2", MANY);
	int64_t many = steps_of_refresh(), after_many = steps_of_link(at.dan, true);
	printf("NOTE: %s: %lld and %lld steps; links %lld, %lld, %lld\n", __func__, (long long)few,
		(long long)many, (long long)before, (long long)after_few, (long long)after_many);
	sqlite3 *db = bn_workspace_index(at.ann->ws);
	ck_assert_int_eq(bn_sql_int(db, -1,
				 "SELECT count(*) FROM signed_record s JOIN index_name w ON w.no = "
				 "s.writer WHERE w.name LIKE 'mal@%'",
				 ""),
		FEW + MANY);
	ck_assert_int_eq(bn_sql_int(db, -1,
				 "SELECT count(*) FROM index_signed_verdict v JOIN index_name w ON "
				 "w.no = v.writer WHERE w.name LIKE 'mal@%'",
				 ""),
		0);
	ck_assert_int_lt(many, few * MANY / FEW * 12 / 10);
	ck_assert_int_lt(after_many,
		before * 3); /* two more links to read; replaying a model would be thousands */
	end_within(__func__, 4, 200);
}
END_TEST

/* Key and R are the neutral element, s = 0: a verifier without checks accepts this for any text. */
START_TEST(test_key_of_small_order_that_an_admin_admits_signs_nothing)
{
	forged_log l;
	uint8_t key[32] = {1}, bytes[64] = {1}, epoch[32];
	bn_change changes[2] = {{.kind = BN_CHANGE_PERSON, .text = "zoe"},
		{.kind = BN_CHANGE_ROLE, .role = BN_ROLE_ADMIN, .grant = true}};
	attacked_begin();
	memcpy(changes[0].key, key, 32);
	memcpy(changes[1].person, key, 32);
	person_link(at.ann, changes, 2);
	attacked_newest(epoch);
	const bn_signature block = {.scheme = BN_SIGNATURE_ED25519,
		.key = key,
		.key_bytes = 32,
		.epoch = epoch,
		.epoch_bytes = 32,
		.bytes = bytes,
		.signature_bytes = 64};
	forged_begin(&l, bn_workspace_id(at.ann->ws), "zoe@host-boot-0", 1900000000000);
	forged_add_block(&l, &block, "model.alias_removed", "model/power",
		"{\"alias\":\"champion\",\"answers\":[]}");
	forged_seal(&l, &at.dir, NULL);
	forged_end(&l);
	ck_assert_int_ne(attacked_outcome(at.dan, "zoe@host-boot-0", 1), BN_OUTCOME_APPLIED);
	attacked_end();
}
END_TEST

BN_TEST_MAIN("core/registry/attacks_size",
	test_horizon_of_100000_writers_is_read_in_bounded_time_and_memory,
	test_a_thousand_cuts_take_what_they_name_in_bounded_time,
	test_link_beyond_the_limits_is_no_link, test_a_thousand_links_of_a_member_cost_bounded_time,
	test_records_of_unknown_keys_are_not_verified_and_cost_links_nothing,
	test_key_of_small_order_that_an_admin_admits_signs_nothing)
