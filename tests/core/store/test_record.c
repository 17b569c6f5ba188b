/*
 * The encoding of the log, which must never change: every form is compared with its bytes, as is the handling of
 * unknown forms. The expected bytes come from tests/reference/log_records.py, an independent implementation of the
 * documented formats.
 */
#include "core/base/mem.h"
#include "core/store/log/sign.h"
#include "tests/support/check_main.h"
#include "tests/support/signer.h"

#include <stdio.h>
#include <string.h>

static bn_err err = BN_ERR_INIT;
static const bn_log_identity who = {"0f8b1c2d-0000-4000-8000-000000000001", "ann@node-1a2b3c4d-0"};
static uint8_t chain[BN_SHA256_BYTES];

static void start(void)
{
	bn_chain_start(chain, who.writer);
}

/* A head with all fields set. */
static bn_record_head head(bn_record_type type, uint32_t version)
{
	return (bn_record_head){.type = (uint8_t)type,
		.version = version,
		.seq = 7,
		.clock = (uint64_t)1760000000000 << 16 | 3,
		.chain = chain,
		.kind = "toy.set",
		.entity = "toy/a"};
}

static void expect(const bn_buf *b, const char *want)
{
	char *got = bn_alloc(2 * b->len + 1);
	ck_assert_int_eq(bn_buf_check(b, &err, "a record"), 0);
	bn_hex((const uint8_t *)b->ptr, b->len, got);
	ck_assert_msg(!strcmp(got, want), "the bytes moved:\n%s\nare now\n%s", want, got);
	bn_free(got);
}

static bn_seg_trailer trailer(void)
{
	bn_seg_trailer t = {.count = 3, .last_seq = 7, .last_clock = 99, .last_crc = 0x01020304};
	memcpy(t.chain, chain, sizeof t.chain);
	return t;
}

/* ---- golden bytes --------------------------------------------------------------------------- */

START_TEST(test_bytes_of_a_header_do_not_move)
{
	bn_seg_header h = {.first_seq = 5,
		.prev_crc = 0x0a0b0c0d,
		.writer = "ann@node-1a2b3c4d-0",
		.host = "node",
		.boot = "1a2b3c4d-0000"};
	bn_buf b = BN_BUF_INIT;
	start();
	memcpy(h.chain, chain, sizeof chain);
	bn_seg_header_encode(&b, &h);
	expect(&b, "424e534547310d0a6600000005000000000000000d0c0b0a236e9fa5c01884d2b7b6b4e1"
		   "dbe6fbc12a3fa64b36ce622882f6fb603e3f475a1300616e6e406e6f64652d3161326233"
		   "6334642d3004006e6f64650d0031613262336334642d30303030571d7bbd");
	bn_buf_release(&b);
}
END_TEST

START_TEST(test_bytes_of_events_of_the_first_version_do_not_move)
{
	bn_buf b = BN_BUF_INIT;
	start();
	bn_record_head json = head(BN_RECORD_JSON, 1), raw = head(BN_RECORD_RAW, 0);
	bn_record_encode(&b, &json, "{\"v\":1}", 7);
	expect(&b, "3d00000001000800060000000700000000000000030000c02cc89901236e9fa5c01884d2"
		   "746f792e73657400746f792f61007b2276223a317d551fd2cd");
	bn_buf_clear(&b);
	bn_record_encode(&b, &raw, "\0\1\2", 3);
	expect(&b, "3900000002000800060000000700000000000000030000c02cc89901236e9fa5c01884d2"
		   "746f792e73657400746f792f61000001025c7139c4");
	bn_buf_clear(&b);
	bn_seg_trailer t = trailer();
	bn_record_encode_trailer(&b, &t);
	ck_assert_uint_eq(b.len, BN_RECORD_TRAILER_SIZE);
	expect(&b, "5a000000030001000100000007000000000000006300000000000000236e9fa5c01884d2"
		   "000003000000000000000403020100000000236e9fa5c01884d2b7b6b4e1dbe6fbc12a3f"
		   "a64b36ce622882f6fb603e3f475a5a78105f");
	bn_buf_release(&b);
}
END_TEST

START_TEST(test_bytes_of_versioned_and_signed_records_do_not_move)
{
	bn_buf b = BN_BUF_INIT;
	bn_signer signer;
	uint8_t epoch[BN_EPOCH_BYTES];
	uint32_t crc;
	start();
	test_signer_init(&signer, 1);
	memset(epoch, 0xee, sizeof epoch);
	bn_record_head h = head(BN_RECORD_JSON, 2);
	bn_record_encode(&b, &h, "{\"v\":1}", 7);
	expect(&b, "3d00000001000800060002000700000000000000030000c02cc89901236e9fa5c01884d2"
		   "746f792e73657400746f792f61007b2276223a317ded11c253");
	bn_buf_clear(&b);
	h = head(BN_RECORD_SIGNED, 1);
	ck_assert_bn_ok(
		bn_sign_record(&b, &crc, &signer, &who, &h, NULL, "{\"v\":1}", 7, &err), &err);
	expect(&b, "a500000004000800060000000700000000000000030000c02cc89901236e9fa5c01884d2"
		   "746f792e73657400746f792f610001002000400000008a88e3dd7409f195fd52db2d3cba"
		   "5d72ca6709bf1d94121bf3748801b40f6f5c1441d1b94eb804f5fecefa1a34f010dcd7ce"
		   "d97b357aad7b5e749b486d5ed38e99c012f692877d545eb4c0045b259c805f8e22ef2fba"
		   "b5b12af124bd833450097b2276223a317d0d9cbc6e");
	bn_buf_clear(&b);
	h = head(BN_RECORD_SIGNED, 3);
	ck_assert_bn_ok(
		bn_sign_record(&b, &crc, &signer, &who, &h, epoch, "{\"v\":1}", 7, &err), &err);
	expect(&b, "c500000004000800060003000700000000000000030000c02cc89901236e9fa5c01884d2"
		   "746f792e73657400746f792f610001002000400020008a88e3dd7409f195fd52db2d3cba"
		   "5d72ca6709bf1d94121bf3748801b40f6f5ceeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
		   "eeeeeeeeeeeeeeeeeeeeeeeeeeee3e6d8ce41bf535b3fab1d0c85340e11af231c2da7108"
		   "c62c7a88875f726316e7b3a16dd71b1a378d45bb6e429dfce424b01c6231529282b8f5aa"
		   "3b67a14aea067b2276223a317d8e3673e7");
	bn_buf_clear(&b);
	bn_seg_trailer t = trailer();
	ck_assert_bn_ok(bn_sign_trailer(&b, &signer, &who, &t, &err), &err);
	expect(&b, "c6000000050001000100000007000000000000006300000000000000236e9fa5c01884d2"
		   "000003000000000000000403020100000000236e9fa5c01884d2b7b6b4e1dbe6fbc12a3f"
		   "a64b36ce622882f6fb603e3f475a01002000400000008a88e3dd7409f195fd52db2d3cba"
		   "5d72ca6709bf1d94121bf3748801b40f6f5c4084c117c0d1a55e540c61ee8469a25390bd"
		   "400fc5d99db229fef37cf97035f6a4acafe2a1f90e774fc502da9ae24d3e30b17ed3ac03"
		   "d6090b6e2f1c15a2330dc6000000fdc001b7");
	bn_buf_clear(&b);
	bn_writer_card card = {.uid = 1000, .user = "ann", .host = "node"};
	ck_assert_bn_ok(bn_writer_card_encode(&b, &card, &err), &err);
	ck_assert_str_eq(b.ptr, "{\"host\":\"node\",\"uid\":1000,\"user\":\"ann\"}");
	test_signer_release(&signer);
	bn_buf_release(&b);
}
END_TEST

/* ---- reading them back ---------------------------------------------------------------------- */

START_TEST(test_record_reads_back_as_it_was_written)
{
	bn_buf b = BN_BUF_INIT;
	bn_signer signer;
	bn_record r;
	uint8_t epoch[BN_EPOCH_BYTES];
	uint32_t crc;
	start();
	test_signer_init(&signer, 1);
	memset(epoch, 0xee, sizeof epoch);
	bn_record_head h = head(BN_RECORD_SIGNED, 3);
	ck_assert_bn_ok(
		bn_sign_record(&b, &crc, &signer, &who, &h, epoch, "{\"v\":1}", 7, &err), &err);
	for (size_t n = 0; n < b.len; n++)
		ck_assert_int_eq(bn_record_decode(&r, (uint8_t *)b.ptr, n), 0);
	ck_assert_int_eq(bn_record_decode(&r, (uint8_t *)b.ptr, b.len), (ssize_t)b.len);
	ck_assert_int_eq(r.type, BN_RECORD_SIGNED);
	ck_assert(!r.is_critical);
	ck_assert_uint_eq(r.version, 3);
	ck_assert_uint_eq(r.seq, 7);
	ck_assert_uint_eq(r.crc, crc);
	ck_assert_str_eq(r.kind, "toy.set");
	ck_assert_str_eq(r.entity, "toy/a");
	ck_assert_uint_eq(r.payload_len, 7);
	ck_assert_mem_eq(r.payload, "{\"v\":1}", 7);
	ck_assert_uint_eq(r.signature.scheme, BN_SIGNATURE_ED25519);
	ck_assert_mem_eq(r.signature.key, signer.key, sizeof signer.key);
	ck_assert_uint_eq(r.signature.epoch_bytes, BN_EPOCH_BYTES);
	ck_assert_mem_eq(r.signature.epoch, epoch, sizeof epoch);
	test_signer_release(&signer);
	bn_buf_release(&b);
}
END_TEST

/* Corrects the CRC of the record in b. */
static void repair(bn_buf *b)
{
	uint32_t crc = bn_crc32c(0, b->ptr, b->len - 4);
	for (int i = 0; i < 4; i++)
		b->ptr[b->len - 4 + (size_t)i] = (char)(crc >> 8 * i);
}

START_TEST(test_signature_holds_for_this_place_alone)
{
	bn_buf b = BN_BUF_INIT;
	bn_signer signer;
	bn_record r;
	uint32_t crc;
	start();
	test_signer_init(&signer, 1);
	bn_record_head h = head(BN_RECORD_SIGNED, 1);
	ck_assert_bn_ok(
		bn_sign_record(&b, &crc, &signer, &who, &h, NULL, "{\"v\":1}", 7, &err), &err);
	bn_record_decode(&r, (uint8_t *)b.ptr, b.len);
	ck_assert_bn_ok(bn_verify_record(&r, &who, chain, &err), &err);
	bn_log_identity elsewhere = {"0f8b1c2d-0000-4000-8000-000000000002", who.writer};
	bn_log_identity other = {who.workspace, "ann@node-1a2b3c4d-1"};
	ck_assert_int_eq(bn_verify_record(&r, &elsewhere, chain, NULL), BN_ECORRUPT);
	ck_assert_int_eq(bn_verify_record(&r, &other, chain, NULL), BN_ECORRUPT);
	chain[31] ^= 1; /* a different chain with the same first 8 bytes */
	ck_assert_int_eq(bn_verify_record(&r, &who, chain, NULL), BN_ECORRUPT);
	chain[31] ^= 1;
	r.seq++;
	ck_assert_int_eq(bn_verify_record(&r, &who, chain, NULL), BN_ECORRUPT);
	r.seq--;
	r.clock++;
	ck_assert_int_eq(bn_verify_record(&r, &who, chain, NULL), BN_ECORRUPT);
	r.clock--;
	r.version = 2;
	ck_assert_int_eq(bn_verify_record(&r, &who, chain, NULL), BN_ECORRUPT);
	r.version = 1;
	r.kind = "toy.se"; /* moves a byte from one text to the next */
	r.entity = "ttoy/a";
	ck_assert_int_eq(bn_verify_record(&r, &who, chain, NULL), BN_ECORRUPT);
	r.kind = "toy.set";
	r.entity = "toy/a";
	r.payload_len--;
	ck_assert_int_eq(bn_verify_record(&r, &who, chain, NULL), BN_ECORRUPT);
	test_signer_release(&signer);
	bn_buf_release(&b);
}
END_TEST

START_TEST(test_any_changed_byte_of_a_signed_record_is_found)
{
	bn_buf b = BN_BUF_INIT;
	bn_signer signer;
	bn_record r;
	uint32_t crc;
	start();
	test_signer_init(&signer, 1);
	bn_record_head h = head(BN_RECORD_SIGNED, 1);
	ck_assert_bn_ok(
		bn_sign_record(&b, &crc, &signer, &who, &h, NULL, "{\"v\":1}", 7, &err), &err);
	for (size_t i = 4; i < b.len - 4; i++) {
		if (i >= 28 && i < 36)
			continue; /* the previous chain, which readers compare separately */
		b.ptr[i] ^= 4;
		repair(&b);
		bool good = bn_record_decode(&r, (uint8_t *)b.ptr, b.len) == (ssize_t)b.len &&
			    r.type == BN_RECORD_SIGNED && !r.is_critical &&
			    bn_verify_record(&r, &who, chain, NULL) == 0;
		ck_assert_msg(!good, "byte %zu", i);
		b.ptr[i] ^= 4;
	}
	repair(&b);
	test_signer_release(&signer);
	bn_buf_release(&b);
}
END_TEST

START_TEST(test_trailers_of_both_kinds_are_found_from_the_end)
{
	bn_buf b = BN_BUF_INIT;
	bn_signer signer;
	bn_record r;
	bn_seg_trailer t = trailer(), back;
	size_t need;
	start();
	t = trailer();
	test_signer_init(&signer, 1);
	bn_buf_adds(&b, "what lies before it");
	bn_record_encode_trailer(&b, &t);
	ck_assert_int_eq(bn_record_decode_last(&r, (uint8_t *)b.ptr, b.len, &need), 90);
	ck_assert_int_eq(bn_record_to_trailer(&r, &back), 0);
	ck_assert_uint_eq(back.signature.scheme, 0);
	bn_buf_clear(&b);
	bn_buf_adds(&b, "what lies before it");
	size_t before = b.len;
	ck_assert_bn_ok(bn_sign_trailer(&b, &signer, &who, &t, &err), &err);
	size_t size = b.len - before;
	const uint8_t *end = (uint8_t *)b.ptr + b.len;
	ck_assert_int_eq(bn_record_decode_last(&r, end - 90, 90, &need), 0);
	ck_assert_uint_eq(need, size);
	ck_assert_int_eq(bn_record_decode_last(&r, end - need, need, &need), (ssize_t)size);
	ck_assert_int_eq(bn_record_to_trailer(&r, &back), 0);
	ck_assert_uint_eq(back.count, 3);
	ck_assert_uint_eq(back.last_clock, 99);
	ck_assert_bn_ok(bn_verify_trailer(&back, &who, &err), &err);
	back.count = 40; /* after a merge: the same end */
	ck_assert_bn_ok(bn_verify_trailer(&back, &who, &err), &err);
	back.last_seq++;
	ck_assert_int_eq(bn_verify_trailer(&back, &who, NULL), BN_ECORRUPT);
	test_signer_release(&signer);
	bn_buf_release(&b);
}
END_TEST

/* ---- unknown forms
 * ---------------------------------------------------------------------------- */

START_TEST(test_unknown_types_are_read_and_critical_ones_said_to_be_so)
{
	bn_buf b = BN_BUF_INIT;
	bn_record r;
	start();
	for (int type = 0; type < 256; type++) {
		bn_record_head h = head((bn_record_type)type, 1);
		bn_buf_clear(&b);
		bn_record_encode(&b, &h, "?", 1);
		ssize_t used = bn_record_decode(&r, (uint8_t *)b.ptr, b.len);
		if (type == 0 || type == BN_RECORD_SIGNED) { /* its block is incomplete */
			ck_assert_int_eq(used, -1);
			continue;
		}
		ck_assert_int_eq(used, (ssize_t)b.len);
		ck_assert_int_eq(r.type, type);
		ck_assert_int_eq(r.is_critical, type >= BN_RECORD_CRITICAL);
		ck_assert_uint_eq(r.payload_len, 1);
	}
	bn_record_head h = head(BN_RECORD_JSON, 1);
	bn_buf_clear(&b);
	bn_record_encode(&b, &h, "{}", 2);
	b.ptr[5] = 1;
	repair(&b);
	ck_assert_int_gt(bn_record_decode(&r, (uint8_t *)b.ptr, b.len), 0);
	ck_assert(r.is_critical);
	bn_buf_release(&b);
}
END_TEST

START_TEST(test_signature_of_an_unknown_scheme_is_kept_and_not_verified)
{
	bn_buf b = BN_BUF_INIT;
	bn_record r;
	uint8_t key[1952] = {1}, bytes[3309] = {2}; /* as large as ML-DSA-65 */
	start();
	bn_signature s = {.scheme = 9,
		.key = key,
		.key_bytes = sizeof key,
		.bytes = bytes,
		.signature_bytes = sizeof bytes};
	bn_record_head h = head(BN_RECORD_SIGNED, 1);
	bn_record_encode_signed(&b, &h, &s, "{}", 2);
	ck_assert_int_eq(bn_record_decode(&r, (uint8_t *)b.ptr, b.len), (ssize_t)b.len);
	ck_assert_uint_eq(r.signature.key_bytes, sizeof key);
	ck_assert_mem_eq(r.payload, "{}", 2);
	ck_assert_int_eq(bn_verify_record(&r, &who, chain, NULL), BN_EUNSUPPORTED);
	bn_seg_trailer t = trailer(), back;
	size_t need;
	t.signature = s;
	bn_buf_clear(&b);
	bn_record_encode_trailer(&b, &t);
	ck_assert_int_gt(bn_record_decode_last(&r, (uint8_t *)b.ptr, b.len, &need), 0);
	ck_assert_int_eq(bn_record_to_trailer(&r, &back), 0);
	ck_assert_uint_eq(back.signature.signature_bytes, sizeof bytes);
	ck_assert_int_eq(bn_verify_trailer(&back, &who, NULL), BN_EUNSUPPORTED);
	bn_buf_release(&b);
}
END_TEST

START_TEST(test_card_is_refused_unless_every_field_is_sound)
{
	static const char *const bad[] = {"", "{}", "[]", "{\"uid\":1,\"user\":\"a\"}",
		"{\"host\":\"h\",\"uid\":-1,\"user\":\"a\"}",
		"{\"host\":\"h\",\"uid\":\"1\",\"user\":\"a\"}",
		"{\"host\":\"h\",\"uid\":1,\"uid\":2,\"user\":\"a\"}"};
	static const char good[] =
		"{\"host\":\"h\",\"new\":true,\"uid\":4294967294,\"user\":\"a\"}";
	bn_writer_card card;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_int_eq(
			bn_writer_card_decode(&card, bad[i], strlen(bad[i]), NULL), BN_ECORRUPT);
	ck_assert_bn_ok(bn_writer_card_decode(&card, good, strlen(good), &err), &err);
	ck_assert_int_eq(card.uid, 4294967294);
	ck_assert_str_eq(card.user, "a");
}
END_TEST

BN_TEST_MAIN("core/store/record", test_bytes_of_a_header_do_not_move,
	test_bytes_of_events_of_the_first_version_do_not_move,
	test_bytes_of_versioned_and_signed_records_do_not_move,
	test_record_reads_back_as_it_was_written, test_signature_holds_for_this_place_alone,
	test_any_changed_byte_of_a_signed_record_is_found,
	test_trailers_of_both_kinds_are_found_from_the_end,
	test_unknown_types_are_read_and_critical_ones_said_to_be_so,
	test_signature_of_an_unknown_scheme_is_kept_and_not_verified,
	test_card_is_refused_unless_every_field_is_sound)
