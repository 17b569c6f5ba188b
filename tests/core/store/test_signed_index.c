/*
 * Signed records in the index: their rows and what classes receive, verdicts computed once and only on request, and
 * records that were copied, altered or invented. Classes that select entities to be replayed.
 */
#include "core/base/mem.h"
#include "core/base/rng.h"
#include "core/store/index/signed.h"
#include "core/store/inspect.h"
#include "core/store/workspace.h"
#include "tests/support/check_main.h"
#include "tests/support/forged_log.h"
#include "tests/support/signer.h"
#include "tests/support/toy.h"

#include <string.h>
#include <time.h>

#define START_MS ((int64_t)1700000000000)

static toy_dir dir;
static toy_env env;
static bn_err err = BN_ERR_INIT;
static bn_signer signer, other;
static bn_workspace *ws;
static sqlite3 *db;

/* ---- classes that record what they receive ------------------------------------------------------- */

static bool asks; /* verify each signature while it is applied */
static bn_buf told = BN_BUF_INIT;
static const char *replayed; /* the entity that class auth replays */
static int asked_before;     /* calls of before_replay */

/* Appends "sig/a 2 good;": entity, sequence number, state of the signature. */
static int tell(bn_fold *f, const bn_event *ev, bn_err *e)
{
	static const char *const words[] = {"bad", "good"};
	const char *word = !ev->sig ? "unsigned" : ev->sig->key ? "signed" : "odd";
	if (ev->sig && asks) {
		int good = bn_signed_verify(bn_fold_db(f), ev->writer_no, ev->key.seq, e);
		if (good < 0)
			return good;
		word = words[good];
	}
	bn_buf_addf(&told, "%s %d %s;", ev->entity, (int)ev->key.seq, word);
	if (!ev->sig)
		return 0;
	/* The signature passed with the event equals the row in the table, however the event was read. */
	ck_assert_int_eq(bn_sql_int(bn_fold_db(f), 0,
				 "SELECT id = ? AND before = ? AND after = ? AND epoch = ? AND "
				 "(key = ? OR ?) FROM signed_record WHERE writer = ? AND seq = ?",
				 "bbbbbiii", ev->sig->id, (size_t)32, ev->sig->before, (size_t)32,
				 ev->sig->after, (size_t)32, ev->sig->epoch,
				 (size_t)(ev->sig->epoch ? 32 : 0), ev->sig->key,
				 (size_t)(ev->sig->key ? 32 : 0), (int64_t)!ev->sig->key,
				 ev->writer_no, (int64_t)ev->key.seq),
		1);
	return 0;
}

static int tell_all(bn_fold *f, const char *entity, const bn_event *events, size_t n, bn_err *e)
{
	int rc = 0;
	(void)entity;
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = tell(f, &events[i], e);
	return rc;
}

static int before(bn_fold *f, bn_err *e)
{
	asked_before++;
	if (!replayed)
		return 0;
	int64_t no = bn_index_entity(bn_fold_db(f), replayed);
	return bn_fold_replay_entity(f, no, e);
}

static const bn_fold_kind sig_kinds[] = {{.name = "sig.x"}, {.name = "sig.y"}, {.name = "sig.xs"},
	{0}},
			  ord_kinds[] = {{"ord.x", .fields = BN_FIELDS("n")}, {0}},
			  auth_kinds[] = {{.name = "auth.x"}, {0}};
static const bn_fold_class sig_class = {.name = "sig", .kinds = sig_kinds, .apply_all = tell_all},
			   ord_class = {.name = "ord", .kinds = ord_kinds, .apply = tell},
			   auth_class = {.name = "auth",
				   .kinds = auth_kinds,
				   .apply_all = tell_all,
				   .first = true,
				   .before_replay = before};
static const bn_fold_class *classes[5] = {&sig_class, &ord_class, &auth_class};

static void open_here(void)
{
	classes[3] = toy_classes[0];
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, classes, dir.path, &err), &err);
}

static void make(void)
{
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	test_signer_init(&signer, 1);
	test_signer_init(&other, 2);
	ck_assert_bn_ok(bn_workspace_init(&env.env, dir.path, &err), &err);
	toy_empty_log(&dir);
	open_here();
}

static void finish(void)
{
	bn_workspace_close(ws);
	bn_buf_release(&told);
	test_signer_release(&signer);
	test_signer_release(&other);
	toy_dir_remove(&dir);
}

static void read_now(void)
{
	bn_buf_clear(&told);
	ck_assert_bn_ok(bn_workspace_read(&db, ws, &err), &err);
}

static void rebuild(void)
{
	bn_buf_clear(&told);
	ck_assert_bn_ok(bn_index_rebuild(ws, &err), &err);
}

static const char *heard(void)
{
	return told.len ? told.ptr : "";
}

static int64_t count(const char *table)
{
	char *sql = bn_strf("SELECT count(*) FROM %s", table);
	sqlite3_stmt *st = NULL;
	ck_assert_bn_ok(bn_sql_prepare(&st, db, &err, sql, ""), &err);
	ck_assert_int_eq(bn_sql_step(st, &err), 1);
	int64_t n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	bn_free(sql);
	return n;
}

static int good(const char *writer, uint64_t seq)
{
	return bn_signed_verify(db, bn_index_name(db, BN_NAME_WRITER, writer), seq, &err);
}

/* ---- what classes get ----------------------------------------------------------------------------- */

START_TEST(test_every_event_brings_its_signature_when_applied_replayed_and_handed_over)
{
	uint8_t epoch[32] = {9};
	forged_log a, b;
	make();
	forged_begin(&a, bn_workspace_id(ws), "a", START_MS);
	forged_card(&a, &signer);
	forged_sign(&a, &signer, epoch, "sig.x", "sig/a", "{}");
	forged_sign(&a, &signer, NULL, "ord.x", "ord/a", "{\"n\":1}");
	forged_add(&a, "ord.x", "ord/a", "{}");
	forged_add(&a, "sig.x", "sig/a", "{}");
	forged_seal(&a, &dir, &signer);
	read_now();
	ck_assert_str_eq(
		heard(), "ord/a 3 signed;ord/a 4 unsigned;sig/a 2 signed;sig/a 5 unsigned;");
	ck_assert_int_eq(count("signed_record"), 3);
	ck_assert_int_eq(bn_sql_int(db, 0, "SELECT sum(signed) FROM event", ""), 3);
	asks = true;
	rebuild();
	ck_assert_str_eq(heard(), "ord/a 3 good;ord/a 4 unsigned;sig/a 2 good;sig/a 5 unsigned;");
	/* An earlier event: the ordered entity is replayed. */
	forged_begin(&b, bn_workspace_id(ws), "b", START_MS - 1000);
	forged_sign(&b, &other, NULL, "ord.x", "ord/a", "{}");
	forged_seal(&b, &dir, NULL);
	read_now();
	ck_assert_str_eq(heard(), "ord/a 1 good;ord/a 3 good;ord/a 4 unsigned;");
	forged_end(&a);
	forged_end(&b);
	finish();
}
END_TEST

START_TEST(test_card_of_the_writer_has_a_row_and_other_cards_have_none)
{
	forged_log a;
	make();
	forged_begin(&a, bn_workspace_id(ws), "a", START_MS);
	forged_card(&a, &signer);
	forged_add(&a, "writer.opened", "writer/a", "{\"host\":\"h\",\"uid\":1,\"user\":\"u\"}");
	forged_sign(&a, &signer, NULL, "writer.opened", "writer/b",
		"{\"host\":\"h\",\"uid\":1,\"user\":\"u\"}");
	forged_sign(&a, &signer, NULL, "writer.opened", "writer/a", "{\"host\":\"h\",\"uid\":-1}");
	forged_card(&a, &other);
	forged_seal(&a, &dir, NULL);
	read_now();
	ck_assert_int_eq(count("writer_card"), 2);
	ck_assert_int_eq(bn_sql_int(db, 0,
				 "SELECT 1 FROM dump_writer_card WHERE writer = 'a' AND seq = 5 "
				 "AND key = ? AND uid = 1000 AND host = 'forge' AND user = 'mal'",
				 "b", other.key, sizeof other.key),
		1);
	forged_end(&a);
	finish();
}
END_TEST

START_TEST(test_batch_lists_the_signed_records_that_it_took_and_asks_before_it_replays)
{
	forged_log a, b;
	make();
	forged_begin(&a, bn_workspace_id(ws), "a", START_MS);
	forged_add(&a, "sig.x", "sig/a", "{}");
	forged_seal(&a, &dir, NULL);
	read_now();
	ck_assert_int_eq(asked_before, 1); /* it is called before any event of the batch */
	replayed = "sig/a";
	forged_add(&a, "auth.x", "auth/z", "{}");
	forged_seal(&a, &dir, NULL);
	read_now();
	ck_assert_int_eq(asked_before, 2);
	ck_assert_str_eq(heard(), "auth/z 2 unsigned;sig/a 1 unsigned;"); /* auth is first */
	forged_begin(&b, bn_workspace_id(ws), "b", START_MS);
	forged_sign(&b, &signer, NULL, "sig.x", "sig/b", "{}");
	forged_add(&b, "auth.x", "auth/b", "{}");
	forged_add(&b, "sig.x", "sig/0", "{}");
	forged_seal(&b, &dir, NULL);
	read_now();
	ck_assert_int_eq(asked_before, 3);
	ck_assert_int_eq(strncmp(heard(), "auth/b 2 unsigned;", 18), 0);
	ck_assert_ptr_nonnull(strstr(heard(), "sig/a 1 unsigned;"));
	replayed = NULL;
	forged_end(&a);
	forged_end(&b);
	finish();
}
END_TEST

/* ---- verdicts -------------------------------------------------------------------------------------- */

START_TEST(test_signature_is_verified_when_asked_and_kept_by_the_fold_alone)
{
	forged_log a;
	make();
	forged_begin(&a, bn_workspace_id(ws), "a", START_MS);
	forged_sign(&a, &signer, NULL, "sig.x", "sig/a", "{}");
	forged_seal(&a, &dir, NULL);
	asks = false;
	read_now();
	ck_assert_int_eq(good("a", 1), 1);
	ck_assert_int_eq(good("a", 2), 0); /* no such record */
	ck_assert_int_eq(count("index_signed_verdict"), 0);
	asks = true;
	rebuild();
	ck_assert_int_eq(count("index_signed_verdict"), 1);
	/* A stored verdict is not computed again. */
	ck_assert_bn_ok(bn_sql_run(db, &err, "UPDATE index_signed_verdict SET good = 0", ""), &err);
	ck_assert_int_eq(good("a", 1), 0);
	forged_add(&a, "sig.x", "sig/a", "{}"); /* replays the entity */
	forged_seal(&a, &dir, NULL);
	read_now();
	ck_assert_str_eq(heard(), "sig/a 1 bad;sig/a 2 unsigned;");
	ck_assert_int_eq(count("index_signed_verdict"), 1);
	asks = false;
	forged_end(&a);
	finish();
}
END_TEST

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* With 20 000 records; none is verified, so a million would cost only their rows. */
START_TEST(test_keys_that_nobody_asks_about_cost_no_verification)
{
	enum { BAD = 20000 };
	forged_log a;
	uint8_t raw[64] = {1}, key[32] = {2};
	bn_signature block = {.scheme = BN_SIGNATURE_ED25519,
		.key = key,
		.key_bytes = sizeof key,
		.bytes = raw,
		.signature_bytes = sizeof raw};
	make();
	forged_begin(&a, bn_workspace_id(ws), "a", START_MS);
	for (int i = 0; i < BAD; i++) {
		memcpy(key, &i, sizeof i);
		forged_add_block(&a, &block, "sig.x", "sig/a", "{}");
	}
	forged_seal(&a, &dir, NULL);
	double start = seconds();
	read_now();
	printf("        %d records with bad signatures of as many unknown keys: folded in %.2f s, "
	       "none verified\n",
		BAD, seconds() - start);
	ck_assert_int_eq(count("signed_record"), BAD);
	ck_assert_int_eq(count("index_signed_verdict"), 0);
	ck_assert_int_eq(good("a", 7), 0);
	forged_end(&a);
	finish();
}
END_TEST

/* ---- copied, altered, invented ---------------------------------------------------------------------- */

/* The signature block of the first record. */
static bn_signature block_of(const forged_log *l, bn_record *r)
{
	ck_assert_int_gt(bn_record_decode(r, (const uint8_t *)l->records.ptr, l->records.len), 0);
	return r->signature;
}

START_TEST(test_signed_record_that_was_copied_elsewhere_is_bad)
{
	forged_log a, b, c, d, e;
	bn_record r;
	make();
	const char *id = bn_workspace_id(ws);
	forged_begin(&a, id, "a", START_MS);
	forged_sign(&a, &signer, NULL, "sig.x", "sig/a", "{}");
	bn_signature block = block_of(&a, &r);
	/* to another writer, byte for byte: it does not continue that writer's chain */
	forged_begin(&b, id, "b", START_MS);
	forged_write(&b, &dir, "0000000001-0000000001.seg", a.records.ptr, a.records.len);
	/* ... and with the chain of that writer */
	forged_begin(&c, id, "c", START_MS);
	forged_add_block(&c, &block, "sig.x", "sig/a", "{}");
	/* to another position of the same writer */
	forged_begin(&d, id, "d", START_MS);
	forged_sign(&d, &signer, NULL, "sig.x", "sig/a", "{}");
	block = block_of(&d, &r);
	forged_add_block(&d, &block, "sig.x", "sig/a", "{}");
	/* from another workspace */
	forged_begin(&e, "another", "e", START_MS);
	forged_sign(&e, &signer, NULL, "sig.x", "sig/a", "{}");
	forged_seal(&a, &dir, NULL);
	forged_seal(&c, &dir, NULL);
	forged_seal(&d, &dir, NULL);
	forged_seal(&e, &dir, NULL);
	read_now();
	ck_assert_int_eq(good("a", 1), 1);
	ck_assert_int_eq(bn_index_name(db, BN_NAME_WRITER, "b"), -1);
	ck_assert_int_eq(good("c", 1), 0);
	ck_assert_int_eq(good("d", 1), 1);
	ck_assert_int_eq(good("d", 2), 0);
	ck_assert_int_eq(good("e", 1), 0);
	bn_index_status status;
	ck_assert_bn_ok(bn_index_status_get(&status, ws, &err), &err);
	ck_assert_uint_eq(status.gap_count, 1);
	ck_assert_str_eq(status.gaps[0].writer, "b");
	ck_assert_ptr_nonnull(strstr(status.gaps[0].why, "chain"));
	bn_index_status_release(&status);
	forged_log *const all[] = {&a, &b, &c, &d, &e};
	for (size_t i = 0; i < 5; i++)
		forged_end(all[i]);
	finish();
}
END_TEST

START_TEST(test_signed_record_that_was_changed_is_bad)
{
	static const struct {
		const char *kind, *entity, *payload;
		uint8_t epoch;
		int is_good;
	} cases[] = {{"sig.x", "sig/a", "{\"n\":1}", 1, 1}, {"sig.y", "sig/a", "{\"n\":1}", 1, 0},
		{"sig.x", "sig/b", "{\"n\":1}", 1, 0}, {"sig.x", "sig/a", "{\"n\":2}", 1, 0},
		{"sig.x", "sig/a", "{\"n\":1} ", 1, 0}, {"sig.x", "sig/a", "{\"n\":1}", 2, 0},
		{"sig.xs", "ig/a", "{\"n\":1}", 1, 0}};
	enum { CASES = sizeof cases / sizeof *cases };
	make();
	for (int i = 0; i < CASES; i++) {
		char name[] = {'w', (char)('0' + i), '\0'};
		uint8_t epoch[32] = {1};
		forged_log real, bent;
		bn_record r;
		forged_begin(&real, bn_workspace_id(ws), name, START_MS);
		forged_branch(&bent, &real);
		forged_sign(&real, &signer, epoch, "sig.x", "sig/a", "{\"n\":1}");
		bn_signature block = block_of(&real, &r);
		epoch[0] = cases[i].epoch;
		block.epoch = epoch;
		forged_add_block(&bent, &block, cases[i].kind, cases[i].entity, cases[i].payload);
		forged_seal(&bent, &dir, NULL);
		forged_end(&real);
		forged_end(&bent);
	}
	read_now();
	for (int i = 0; i < CASES; i++) {
		char name[] = {'w', (char)('0' + i), '\0'};
		ck_assert_msg(good(name, 1) == cases[i].is_good, "case %d", i);
	}
	finish();
}
END_TEST

START_TEST(test_signature_blocks_of_odd_forms_are_kept_and_never_good)
{
	forged_log a, b;
	uint8_t bytes[200] = {7};
	bn_record r;
	make();
	forged_begin(&a, bn_workspace_id(ws), "a", START_MS);
	forged_branch(&b, &a);
	forged_sign(&b, &signer, NULL, "sig.x", "sig/a", "{}");
	bn_signature real = block_of(&b, &r), odd = real;
	odd.scheme = 9;
	forged_add_block(&a, &odd, "sig.x", "sig/a", "{}"); /* of an unknown scheme */
	odd = real;
	odd.key = bytes;
	odd.key_bytes = 33;
	forged_add_block(&a, &odd, "sig.x", "sig/a", "{}");
	odd.key_bytes = 0;
	forged_add_block(&a, &odd, "sig.x", "sig/a", "{}");
	odd = real;
	odd.signature_bytes = 63; /* truncated */
	forged_add_block(&a, &odd, "sig.x", "sig/a", "{}");
	odd.bytes = bytes;
	odd.signature_bytes = sizeof bytes;
	forged_add_block(&a, &odd, "sig.x", "sig/a", "{}");
	forged_seal(&a, &dir, NULL);
	asks = false;
	read_now();
	ck_assert_str_eq(heard(), "sig/a 1 odd;sig/a 2 odd;sig/a 3 odd;sig/a 4 odd;sig/a 5 odd;");
	ck_assert_int_eq(count("signed_record"), 5);
	asks = true;
	rebuild();
	ck_assert_str_eq(heard(), "sig/a 1 bad;sig/a 2 bad;sig/a 3 bad;sig/a 4 bad;sig/a 5 bad;");
	asks = false;
	forged_end(&a);
	forged_end(&b);
	finish();
}
END_TEST

/* Records with an epoch of wrong length or a truncated signature block are malformed: reading that writer stops, with a
 * reason, and others are not affected. */
START_TEST(test_malformed_signature_block_stops_its_writer_and_nobody_else)
{
	forged_log a, b, c;
	uint8_t bytes[64] = {7};
	bn_signature odd = {.scheme = BN_SIGNATURE_ED25519,
		.key = bytes,
		.key_bytes = 32,
		.epoch = bytes,
		.epoch_bytes = 31,
		.bytes = bytes,
		.signature_bytes = 64};
	make();
	forged_begin(&a, bn_workspace_id(ws), "a", START_MS);
	forged_add(&a, "sig.x", "sig/a", "{}");
	forged_add_block(&a, &odd, "sig.x", "sig/a", "{}");
	forged_seal(&a, &dir, NULL);
	forged_begin(&b, bn_workspace_id(ws), "b", START_MS);
	bn_record_head h = {.type = BN_RECORD_SIGNED,
		.seq = 1,
		.clock = b.tip.clock + 1,
		.chain = b.tip.chain,
		.kind = "sig.x",
		.entity = "sig/b"};
	bn_record_encode(&b.records, &h, "\1\0\40\0\100\0", 6); /* only a part of the block */
	forged_write(&b, &dir, "0000000001-0000000001.seg", b.records.ptr, b.records.len);
	forged_begin(&c, bn_workspace_id(ws), "c", START_MS);
	forged_add(&c, "sig.x", "sig/c", "{}");
	forged_seal(&c, &dir, NULL);
	read_now();
	/* Entities are folded in any order. */
	ck_assert(strstr(heard(), "sig/a 1 unsigned;") && strstr(heard(), "sig/c 1 unsigned;"));
	ck_assert(!strstr(heard(), "sig/b"));
	bn_index_status status;
	ck_assert_bn_ok(bn_index_status_get(&status, ws, &err), &err);
	ck_assert_uint_eq(status.gap_count, 2);
	bn_index_status_release(&status);
	forged_end(&a);
	forged_end(&b);
	forged_end(&c);
	finish();
}
END_TEST

/* Commuting events are not stored, so their signatures cannot be verified. */
START_TEST(test_signed_commuting_event_is_applied_and_never_good)
{
	forged_log a;
	make();
	forged_begin(&a, bn_workspace_id(ws), "a", START_MS);
	forged_sign(&a, &signer, NULL, "toy.tick", "toy/a", "{\"n\":3}");
	forged_seal(&a, &dir, NULL);
	read_now();
	ck_assert_int_eq(toy_ticks(ws, "toy/a"), 3);
	ck_assert_int_eq(count("signed_record"), 1);
	ck_assert_int_eq(good("a", 1), 0);
	forged_end(&a);
	finish();
}
END_TEST

/* ---- order ------------------------------------------------------------------------------------------ */

static void dump_hash(char hash[65])
{
	ck_assert_bn_ok(bn_index_dump_hash(ws, hash, &err), &err);
}

START_TEST(test_dump_is_the_same_in_every_order_of_arrival_and_says_no_verdict)
{
	enum { LOGS = 5, ROUNDS = 60 };
	forged_log logs[LOGS];
	bn_rng rng;
	char name[16], entity[16], arrived[65], rebuilt[65], asked[65];
	bn_rng_init(&rng, 5, "test.signed", 0);
	make();
	for (int i = 0; i < LOGS; i++) {
		snprintf(name, sizeof name, "w%d", i);
		forged_begin(&logs[i], i == 4 ? "another" : bn_workspace_id(ws), name,
			START_MS + (int64_t)bn_rng_below(&rng, 100));
		forged_card(&logs[i], i % 2 ? &signer : &other);
	}
	for (int round = 0; round < ROUNDS; round++) {
		forged_log *l = &logs[bn_rng_below(&rng, LOGS)];
		for (uint64_t n = bn_rng_below(&rng, 5); n > 0; n--) {
			const char *kind = n % 2 ? "ord.x" : "sig.x";
			snprintf(
				entity, sizeof entity, "%.3s/%d", kind, (int)bn_rng_below(&rng, 4));
			if (bn_rng_below(&rng, 2))
				forged_sign(l, n % 3 ? &signer : &other, NULL, kind, entity, "{}");
			else
				forged_add(l, kind, entity, "{}");
		}
		if (l->records.len)
			forged_seal(l, &dir, round % 2 ? &signer : NULL);
		if (round % 3 == 0)
			read_now();
	}
	read_now();
	dump_hash(arrived);
	rebuild();
	dump_hash(rebuilt);
	ck_assert_str_eq(arrived, rebuilt);
	asks = true;
	rebuild();
	dump_hash(asked);
	asks = false;
	ck_assert_int_gt(count("index_signed_verdict"), 0);
	ck_assert_str_eq(asked, rebuilt);
	for (int i = 0; i < LOGS; i++)
		forged_end(&logs[i]);
	finish();
}
END_TEST

BN_TEST_MAIN("core/store/signed_index",
	test_every_event_brings_its_signature_when_applied_replayed_and_handed_over,
	test_card_of_the_writer_has_a_row_and_other_cards_have_none,
	test_batch_lists_the_signed_records_that_it_took_and_asks_before_it_replays,
	test_signature_is_verified_when_asked_and_kept_by_the_fold_alone,
	test_keys_that_nobody_asks_about_cost_no_verification,
	test_signed_record_that_was_copied_elsewhere_is_bad,
	test_signed_record_that_was_changed_is_bad,
	test_signature_blocks_of_odd_forms_are_kept_and_never_good,
	test_malformed_signature_block_stops_its_writer_and_nobody_else,
	test_signed_commuting_event_is_applied_and_never_good,
	test_dump_is_the_same_in_every_order_of_arrival_and_says_no_verdict)
