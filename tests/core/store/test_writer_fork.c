/*
 * Two histories of one writer in overlapping segments: every reader finds the same fork at the same record, in any order
 * of arrival and after any merge, and a writer with contradicting segments affects no other. Also: the keys that sign a
 * writer's records.
 */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/store/_workspace.h"
#include "core/store/index/_index.h"
#include "core/store/index/signed.h"
#include "core/store/inspect.h"
#include "core/store/log/merge.h"
#include "core/store/log/verify.h"
#include "tests/support/check_main.h"
#include "tests/support/forged_log.h"
#include "tests/support/signer.h"
#include "tests/support/toy.h"

#include <string.h>
#include <unistd.h>

#define START_MS ((int64_t)1700000000000)

static toy_dir dir;
static toy_env env;
static bn_err err = BN_ERR_INIT;
static bn_signer signer, other;
static bn_workspace *ws;
static sqlite3 *db;

static bn_workspace *open_here(void)
{
	bn_workspace *one = NULL;
	ck_assert_bn_ok(bn_workspace_open(&one, &env.env, toy_classes, dir.path, &err), &err);
	return one;
}

static void make(void)
{
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	test_signer_init(&signer, 1);
	test_signer_init(&other, 2);
	ck_assert_bn_ok(bn_workspace_init(&env.env, dir.path, &err), &err);
	toy_empty_log(&dir);
	ws = open_here();
}

static void finish(void)
{
	bn_workspace_close(ws);
	test_signer_release(&signer);
	test_signer_release(&other);
	toy_dir_remove(&dir);
}

/* ---- histories -------------------------------------------------------------------------------------- */

/* Record 1 is a card. From record `parts` on history 'b' differs from 'a'. */
static void add_records(forged_log *l, char history, uint64_t parts, uint64_t last)
{
	char payload[32];
	while (l->tip.seq < last) {
		uint64_t seq = l->tip.seq + 1;
		bool is_other = history == 'b' && seq >= parts;
		snprintf(payload, sizeof payload, "{\"v\":%d}", (int)seq + (is_other ? 100 : 0));
		if (seq == 1)
			forged_card(l, &signer);
		else if (seq % 2)
			forged_sign(l, &signer, NULL, "toy.set", "toy/a", payload);
		else
			forged_add(l, "toy.set", "toy/a", payload);
	}
}

/* A segment with those records of a history. */
static void put(const char *writer, char history, uint64_t parts, uint64_t first, uint64_t last)
{
	forged_log l;
	forged_begin(&l, bn_workspace_id(ws), writer, START_MS);
	add_records(&l, history, parts, first - 1);
	l.start = l.tip;
	bn_buf_clear(&l.records);
	add_records(&l, history, parts, last);
	forged_seal(&l, &dir, &signer);
	forged_end(&l);
}

static void remove_segment(const char *writer, uint64_t first, uint64_t last)
{
	char name[BN_SEGMENT_NAME];
	bn_segment_name(name, first, last);
	char *path = bn_strf("%s/.binnacle/log/%s/%s", dir.path, writer, name);
	ck_assert_int_eq(unlink(path), 0);
	bn_free(path);
}

/* ---- readers ---------------------------------------------------------------------------------------- */

static void read_now(void)
{
	ck_assert_bn_ok(bn_workspace_read(&db, ws, &err), &err);
}

static void dump_hash(char hash[65])
{
	ck_assert_bn_ok(bn_index_dump_hash(ws, hash, &err), &err);
}

/* Reads new segments, and checks that a new reader has the same view and that a second reader of this index has nothing
 * to do. */
static void read_as_all_do(void)
{
	char now[65], anew[65], later[65];
	bool changed = true;
	read_now();
	dump_hash(now);
	bn_workspace *second = open_here();
	ck_assert_bn_ok(bn_workspace_refresh(second, &changed, &err), &err);
	ck_assert(!changed);
	ck_assert_uint_eq(second->index->events_folded, 0);
	bn_workspace_close(second);
	ck_assert_bn_ok(bn_index_rebuild(ws, &err), &err);
	dump_hash(anew);
	ck_assert_str_eq(now, anew);
	read_now();
	dump_hash(later);
	ck_assert_str_eq(anew, later);
}

/* The first record that the writer's two histories do not share; 0: there is one history. */
static int64_t fork_of(const char *writer)
{
	return bn_sql_int(db, 0, "SELECT seq FROM dump_writer_fork WHERE writer = ?", "s", writer);
}

static int64_t folded(const char *writer)
{
	return bn_sql_int(db, 0, "SELECT events FROM dump_writer WHERE name = ?", "s", writer);
}

static int forked(const char *writer, uint64_t seq)
{
	return bn_signed_is_forked(db, bn_index_name(db, BN_NAME_WRITER, writer), seq, &err);
}

static int author(uint8_t key[32], const char *writer, uint64_t seq)
{
	memset(key, 0, 32);
	return bn_writer_author(key, db, bn_index_name(db, BN_NAME_WRITER, writer), seq, &err);
}

static bool is_author(const bn_signer *who, const char *writer, uint64_t seq)
{
	uint8_t key[32];
	int rc = author(key, writer, seq);
	ck_assert_int_ge(rc, 0);
	return rc == 1 && !memcmp(key, who->key, sizeof key);
}

static bool is_nobodys(const char *writer, uint64_t seq)
{
	uint8_t key[32];
	return author(key, writer, seq) == 0;
}

/* The number of overlapping segments that differ, as `audit verify` counts them. */
static size_t overlaps(void)
{
	bn_log_report report;
	size_t n = 0;
	ck_assert_bn_ok(
		bn_log_verify(&report, bn_workspace_at(ws), bn_workspace_id(ws), NULL, &err), &err);
	for (size_t i = 0; i < report.fault_count; i++)
		n += report.faults[i].kind == BN_FAULT_OVERLAP;
	bn_log_report_release(&report);
	return n;
}

/* ---- forks ------------------------------------------------------------------------------------------ */

START_TEST(test_two_histories_are_a_fork_whichever_segment_comes_first)
{
	for (int order = 0; order < 3; order++) {
		make();
		if (order != 1)
			put("w", 'a', 3, 1, 4);
		if (order == 0)
			read_as_all_do();
		put("w", 'b', 3, 1, 5); /* the longer one is folded */
		if (order == 1) {
			read_as_all_do();
			put("w", 'a', 3, 1, 4);
		}
		put("x", 'a', 0, 1, 3);
		read_as_all_do();
		ck_assert_int_eq(fork_of("w"), 3);
		ck_assert_int_eq(folded("w"), 5);
		ck_assert(!forked("w", 2) && forked("w", 3) && forked("w", 5));
		ck_assert_int_eq(fork_of("x"), 0);
		ck_assert(!forked("x", 3));
		ck_assert_uint_eq(overlaps(), 1);
		bn_index_status status;
		ck_assert_bn_ok(bn_index_status_get(&status, ws, &err), &err);
		ck_assert_uint_eq(status.fork_count, 1);
		ck_assert_str_eq(status.forks[0].writer, "w");
		ck_assert_int_eq(status.forks[0].seq, 3);
		ck_assert_ptr_nonnull(strstr(status.forks[0].words, "different records from 3 on"));
		bn_index_status_release(&status);
		finish();
	}
}
END_TEST

/* The later segment does not continue what was folded: only this writer stops. */
START_TEST(test_segments_that_overlap_in_part_stop_their_writer_alone)
{
	for (int order = 0; order < 2; order++) {
		make();
		put("w", order ? 'b' : 'a', 3, order ? 4 : 1, order ? 8 : 5);
		if (order == 0)
			read_as_all_do();
		put("w", order ? 'a' : 'b', 3, order ? 1 : 4, order ? 5 : 8);
		put("x", 'a', 0, 1, 3);
		read_as_all_do();
		ck_assert_int_eq(folded("w"), 5);
		ck_assert_int_eq(folded("x"), 3);
		ck_assert_int_eq(fork_of("w"), 4);
		finish();
	}
}
END_TEST

/* A killed merge leaves the same records twice, which is not a fork. */
START_TEST(test_segments_that_overlap_and_agree_are_no_fork)
{
	make();
	put("w", 'a', 0, 1, 2);
	put("w", 'a', 0, 3, 4);
	read_as_all_do();
	put("w", 'a', 0, 1, 4);
	read_as_all_do();
	put("w", 'a', 0, 2, 3);
	put("w", 'a', 0, 3, 6);
	read_as_all_do();
	ck_assert_int_eq(folded("w"), 6);
	ck_assert_int_eq(fork_of("w"), 0);
	ck_assert_uint_eq(overlaps(), 0);
	remove_segment("w", 2, 3);
	remove_segment("w", 1, 2);
	remove_segment("w", 3, 4);
	read_as_all_do();
	finish();
}
END_TEST

START_TEST(test_merging_keeps_a_fork_and_its_verdict)
{
	char before[65], after[65];
	make();
	put("w", 'a', 0, 1, 2);
	put("w", 'a', 0, 3, 4);
	put("w", 'b', 4, 3, 5);
	put("w", 'b', 4, 6, 7);
	read_as_all_do();
	ck_assert_int_eq(fork_of("w"), 4);
	dump_hash(before);
	ck_assert_bn_ok(bn_log_merge(bn_workspace_at(ws), "log/w", 2, &err), &err);
	char *wide = bn_strf("%s/.binnacle/log/w/0000000001-0000000007.seg", dir.path);
	char *kept = bn_strf("%s/.binnacle/log/w/0000000003-0000000004.seg", dir.path);
	ck_assert_int_eq(access(wide, F_OK), 0);
	ck_assert_int_eq(access(kept, F_OK), 0);
	read_as_all_do();
	dump_hash(after);
	ck_assert_str_eq(before, after);
	bn_free(wide);
	bn_free(kept);
	finish();
}
END_TEST

START_TEST(test_fork_is_what_the_files_say_now)
{
	make();
	put("w", 'a', 3, 1, 4);
	put("w", 'b', 3, 1, 5);
	read_as_all_do();
	ck_assert_int_eq(fork_of("w"), 3);
	remove_segment("w", 1, 5);
	read_as_all_do();
	ck_assert_int_eq(fork_of("w"), 0);
	ck_assert_int_eq(folded("w"), 4);
	put("w", 'b', 2, 1, 3);
	read_as_all_do();
	ck_assert_int_eq(fork_of("w"), 2);
	put("w", 'b', 4, 2, 4); /* differs later: the earlier difference counts */
	read_as_all_do();
	ck_assert_int_eq(fork_of("w"), 2);
	finish();
}
END_TEST

/* Neither the names of files nor the newest segment show the replacement. */
START_TEST(test_middle_segment_that_is_replaced_under_its_name_is_seen)
{
	static const char writer[] = "alice@host-boot-0";
	char whole[65], replaced[65], again[65];
	make();
	for (uint64_t first = 1; first <= 5; first += 2)
		put(writer, 'a', 1, first, first + 1);
	read_as_all_do();
	dump_hash(whole);
	remove_segment(writer, 3, 4);
	put(writer, 'b', 3, 3, 4);
	read_as_all_do();
	dump_hash(replaced);
	ck_assert_str_ne(replaced, whole);
	remove_segment(writer, 3, 4);
	put(writer, 'a', 1, 3, 4); /* the same bytes in another file */
	read_as_all_do();
	dump_hash(again);
	ck_assert_str_eq(again, whole);
	remove_segment(writer, 3, 4);
	put(writer, 'a', 1, 3, 4);
	read_as_all_do();
	dump_hash(again);
	ck_assert_str_eq(again, whole);
	finish();
}
END_TEST

/* Segments that are incomplete, name another writer, or belong to another user are not used. */
START_TEST(test_only_whole_segments_of_the_owner_are_evidence)
{
	forged_log l;
	make();
	put("w", 'a', 3, 1, 5);
	forged_begin(&l, bn_workspace_id(ws), "w", START_MS);
	add_records(&l, 'b', 2, 4);
	forged_write(&l, &dir, "0000000001-0000000004.seg", l.records.ptr, l.records.len);
	forged_end(&l);
	read_as_all_do();
	ck_assert_int_eq(fork_of("w"), 0); /* it has no trailer */
	put("x", 'b', 2, 1, 3);
	char *from = bn_strf("%s/.binnacle/log/x/0000000001-0000000003.seg", dir.path);
	char *to = bn_strf("%s/.binnacle/log/w/0000000001-0000000003.seg", dir.path);
	ck_assert_int_eq(link(from, to), 0);
	read_as_all_do();
	ck_assert_int_eq(fork_of("w"), 0);
	bn_free(from);
	bn_free(to);
	if (geteuid() == 0) {
		put("w", 'b', 2, 1, 2);
		to = bn_strf("%s/.binnacle/log/w/0000000001-0000000002.seg", dir.path);
		ck_assert_int_eq(chown(to, 12345, (gid_t)-1), 0);
		read_as_all_do();
		ck_assert_int_eq(fork_of("w"), 0);
		bn_free(to);
	}
	finish();
}
END_TEST

START_TEST(test_range_has_one_name)
{
	uint64_t first, last;
	ck_assert(bn_segment_parse_name("0000000001-0000000003.seg", &first, &last));
	ck_assert(bn_segment_parse_name("0000000001-12345678901.seg", &first, &last));
	ck_assert(!bn_segment_parse_name("00000000001-0000000003.seg", &first, &last));
	ck_assert(!bn_segment_parse_name("0000000001-00000000003.seg", &first, &last));
	make();
	put("w", 'a', 2, 1, 3);
	char *from = bn_strf("%s/.binnacle/log/w/0000000001-0000000003.seg", dir.path);
	char *to = bn_strf("%s/.binnacle/log/w/00000000001-0000000003.seg", dir.path);
	ck_assert_int_eq(rename(from, to), 0);
	put("w", 'b', 2, 1, 3);
	read_as_all_do();
	ck_assert_int_eq(fork_of("w"), 0);
	ck_assert_int_eq(folded("w"), 3);
	bn_free(from);
	bn_free(to);
	finish();
}
END_TEST

/* Otherwise all indexes would be rebuilt again and again. */
START_TEST(test_writer_whose_files_contradict_each_other_stops_nobody_else)
{
	forged_log l;
	make();
	put("w", 'a', 0, 1, 3); /* the next segment continues another history */
	put("w", 'b', 2, 4, 5);
	put("v", 'a', 0, 1, 3); /* its open.seg does */
	forged_begin(&l, bn_workspace_id(ws), "v", START_MS);
	add_records(&l, 'b', 2, 3);
	l.start = l.tip;
	bn_buf_clear(&l.records);
	add_records(&l, 'b', 2, 5);
	forged_write(&l, &dir, BN_SEGMENT_OPEN, l.records.ptr, l.records.len);
	forged_end(&l);
	put("u", 'a', 0, 1, 3); /* its open.seg begins earlier */
	forged_begin(&l, bn_workspace_id(ws), "u", START_MS);
	add_records(&l, 'b', 2, 5);
	forged_write(&l, &dir, BN_SEGMENT_OPEN, l.records.ptr, l.records.len);
	forged_end(&l);
	put("x", 'a', 0, 1, 3);
	read_as_all_do();
	for (const char *writer = "xwvu"; *writer; writer++) {
		char name[] = {*writer, '\0'};
		ck_assert_int_eq(folded(name), 3);
	}
	bn_index_status status;
	ck_assert_bn_ok(bn_index_status_get(&status, ws, &err), &err);
	ck_assert_uint_eq(status.gap_count, 3);
	ck_assert_ptr_nonnull(strstr(status.gaps[0].why, "another history"));
	bn_index_status_release(&status);
	finish();
}
END_TEST

/* Random segments of two histories arrive in random order, and some are removed. */
START_TEST(test_dumps_are_equal_whatever_comes_first_or_goes)
{
	enum { SEEDS = 60, STEPS = 12, RECORDS = 8 };
	int forks = 0;
	for (uint64_t seed = 0; seed < SEEDS; seed++) {
		bn_rng rng;
		bool there[RECORDS + 1][RECORDS + 1] = {{false}};
		bn_rng_init(&rng, seed, "test.forks", 0);
		make();
		for (int step = 0; step < STEPS; step++) {
			uint64_t first = 1 + bn_rng_below(&rng, RECORDS);
			first = bn_rng_below(&rng, 2) ? 1 : first;
			uint64_t last = first + bn_rng_below(&rng, RECORDS + 1 - first);
			bool *is = &there[first][last];
			if (*is && bn_rng_below(&rng, 2))
				remove_segment("w", first, last);
			else if (!*is)
				put("w", (first * 5 + last * 3 + seed) % 4 ? 'a' : 'b', 3, first,
					last);
			else
				continue;
			*is = !*is;
			if (bn_rng_below(&rng, 2))
				read_as_all_do();
		}
		read_as_all_do();
		forks += fork_of("w") != 0;
		finish();
	}
	printf("        random segments of two histories: %d of %d writers forked; equal dumps\n",
		forks, SEEDS);
	ck_assert_int_gt(forks, SEEDS / 10);
	ck_assert_int_lt(forks, SEEDS);
}
END_TEST

/* ---- keys ------------------------------------------------------------------------------------------ */

START_TEST(test_key_of_card_and_seal_vouches_for_what_lies_between)
{
	forged_log l;
	make();
	forged_begin(&l, bn_workspace_id(ws), "w", START_MS);
	forged_add(&l, "toy.set", "toy/a", "{\"v\":1}");
	forged_card(&l, &signer);
	forged_add(&l, "toy.set", "toy/a", "{\"v\":2}");
	forged_seal(&l, &dir, &signer);
	forged_add(&l, "toy.set", "toy/a", "{\"v\":3}");
	forged_seal(&l, &dir, NULL);
	read_as_all_do();
	ck_assert(is_nobodys("w", 1)); /* before the card */
	ck_assert(is_author(&signer, "w", 2) && is_author(&signer, "w", 3));
	ck_assert(is_nobodys("w", 4)); /* after the seal */
	forged_add(&l, "toy.set", "toy/a", "{\"v\":4}");
	forged_seal(&l, &dir, &signer);
	read_as_all_do();
	ck_assert(is_author(&signer, "w", 4) && is_author(&signer, "w", 5));
	ck_assert_int_eq(
		bn_sql_int(db, 0, "SELECT seq FROM dump_writer_seal WHERE writer = 'w' AND key = ?",
			"b", signer.key, sizeof signer.key),
		5);
	forged_card(&l, &other); /* another key continues */
	forged_add(&l, "toy.set", "toy/a", "{\"v\":4}");
	forged_seal(&l, &dir, &other);
	read_as_all_do();
	ck_assert(is_author(&other, "w", 6) && is_author(&other, "w", 7));
	ck_assert(is_nobodys("w", 5)); /* only the newest seal counts */
	forged_end(&l);
	finish();
}
END_TEST

START_TEST(test_seals_and_cards_that_are_not_right_vouch_for_nothing)
{
	static const char *const names[] = {
		"right", "other-key", "other-workspace", "no-card", "bad-card", "odd-seal"};
	forged_log l;
	make();
	for (int i = 0; i < 6; i++) {
		forged_begin(&l, bn_workspace_id(ws), names[i], START_MS);
		if (i == 4)
			snprintf(l.workspace, sizeof l.workspace, "another");
		if (i != 3)
			forged_card(&l, &signer);
		if (i == 4)
			snprintf(l.workspace, sizeof l.workspace, "%s", bn_workspace_id(ws));
		forged_add(&l, "toy.set", "toy/a", "{\"v\":1}");
		if (i == 2)
			snprintf(l.workspace, sizeof l.workspace, "another");
		forged_seal(&l, &dir, i == 1 ? &other : &signer);
		forged_end(&l);
	}
	read_as_all_do();
	ck_assert(is_author(&signer, "right", 2));
	for (int i = 1; i < 5; i++)
		ck_assert_msg(is_nobodys(names[i], 2), "%s", names[i]);
	finish();
}
END_TEST

/* The trailer of one history after the records of another does not make a valid segment. */
START_TEST(test_seal_that_was_copied_under_other_records_vouches_for_nothing)
{
	forged_log a, b;
	bn_buf bytes = BN_BUF_INIT;
	make();
	forged_begin(&a, bn_workspace_id(ws), "w", START_MS);
	forged_card(&a, &signer);
	forged_branch(&b, &a);
	forged_add(&a, "toy.set", "toy/a", "{\"v\":1}");
	forged_add(&b, "toy.set", "toy/a", "{\"v\":2}");
	bn_seg_trailer t = {
		.count = 2, .last_seq = 2, .last_clock = a.tip.clock, .last_crc = b.tip.crc};
	memcpy(t.chain, a.tip.chain, sizeof t.chain);
	const bn_log_identity who = {a.workspace, "w"};
	bn_buf_add(&bytes, b.records.ptr, b.records.len);
	ck_assert_bn_ok(bn_sign_trailer(&bytes, &signer, &who, &t, &err), &err);
	forged_write(&b, &dir, "0000000001-0000000002.seg", bytes.ptr, bytes.len);
	read_as_all_do();
	ck_assert(is_nobodys("w", 2));
	bn_buf_release(&bytes);
	forged_end(&a);
	forged_end(&b);
	finish();
}
END_TEST

START_TEST(test_merging_keeps_who_wrote)
{
	char before[65], after[65];
	forged_log l;
	make();
	forged_begin(&l, bn_workspace_id(ws), "w", START_MS);
	forged_card(&l, &signer);
	forged_seal(&l, &dir, &signer);
	for (int i = 0; i < 4; i++) {
		forged_add(&l, "toy.set", "toy/a", "{\"v\":1}");
		forged_seal(&l, &dir, i == 2 ? NULL : &signer);
	}
	read_as_all_do();
	dump_hash(before);
	ck_assert(is_author(&signer, "w", 4));
	ck_assert_bn_ok(bn_log_merge(bn_workspace_at(ws), "log/w", 2, &err), &err);
	read_as_all_do();
	dump_hash(after);
	ck_assert_str_eq(before, after);
	ck_assert(is_author(&signer, "w", 4));
	forged_end(&l);
	finish();
}
END_TEST

BN_TEST_MAIN("core/store/writer_fork", test_two_histories_are_a_fork_whichever_segment_comes_first,
	test_segments_that_overlap_in_part_stop_their_writer_alone,
	test_segments_that_overlap_and_agree_are_no_fork, test_merging_keeps_a_fork_and_its_verdict,
	test_fork_is_what_the_files_say_now,
	test_middle_segment_that_is_replaced_under_its_name_is_seen,
	test_only_whole_segments_of_the_owner_are_evidence, test_range_has_one_name,
	test_writer_whose_files_contradict_each_other_stops_nobody_else,
	test_dumps_are_equal_whatever_comes_first_or_goes,
	test_key_of_card_and_seal_vouches_for_what_lies_between,
	test_seals_and_cards_that_are_not_right_vouch_for_nothing,
	test_seal_that_was_copied_under_other_records_vouches_for_nothing,
	test_merging_keeps_who_wrote)
