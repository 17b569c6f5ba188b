/* SHA-256, CRC32C and hex against published values and a slow bitwise version. */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/hmac.h"
#include "core/base/rng.h"
#include "tests/support/check_main.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(test_sha256_gives_the_values_of_fips_180)
{
	char hex[65];
	bn_sha256_hex("", 0, hex);
	ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	bn_sha256_hex("abc", 3, hex);
	ck_assert_str_eq(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

/* Compares two libraries, for every position of the padding within a block. */
START_TEST(test_sha256_equals_that_of_libcrypto)
{
	enum { N = 1 << 20 };
	uint8_t *bytes = malloc(N), ours[BN_SHA256_BYTES], theirs[BN_SHA256_BYTES];
	uint32_t x = 1;
	for (size_t i = 0; i < N; i++)
		bytes[i] = (uint8_t)((x = x * 1664525u + 1013904223u) >> 24);
	for (size_t n = 0; n <= 300; n++) {
		bn_sha256(bytes, n, ours);
		ck_assert_int_eq(EVP_Digest(bytes, n, theirs, NULL, EVP_sha256(), NULL), 1);
		ck_assert_mem_eq(ours, theirs, sizeof ours);
	}
	bn_sha256(bytes, N, ours);
	ck_assert_int_eq(EVP_Digest(bytes, N, theirs, NULL, EVP_sha256(), NULL), 1);
	ck_assert_mem_eq(ours, theirs, sizeof ours);
	free(bytes);
}
END_TEST

START_TEST(test_hasher_over_a_stream_equals_one_call_and_can_be_used_again)
{
	bn_hasher *h = NULL;
	uint8_t a[BN_SHA256_BYTES], b[BN_SHA256_BYTES];
	char text[1000];
	memset(text, 'x', sizeof text);
	bn_sha256(text, sizeof text, a);
	ck_assert_int_eq(bn_hasher_new(&h, NULL), 0);
	for (int round = 0; round < 3; round++) {
		for (size_t at = 0; at < sizeof text; at += 100)
			bn_hasher_add(h, text + at, 100);
		bn_hasher_finish(h, b);
		ck_assert_mem_eq(a, b, sizeof a);
	}
	bn_hasher_free(h);
	bn_hasher_free(NULL);
}
END_TEST

START_TEST(test_sha256_of_a_file_equals_that_of_its_bytes)
{
	enum { N = 600000 }; /* longer than a chunk */
	char path[] = "/tmp/binnacle-hash-XXXXXX", want[65], got[65];
	char *text = malloc(N);
	uint64_t size = 0;
	int fd = mkstemp(path);
	for (int i = 0; i < N; i++)
		text[i] = (char)(i * 7);
	ck_assert_int_eq(write(fd, text, N), N);
	close(fd);
	bn_sha256_hex(text, N, want);
	ck_assert_int_eq(bn_sha256_file(bn_env_real(), path, got, &size, NULL), 0);
	ck_assert_str_eq(got, want);
	ck_assert_uint_eq(size, N);
	unlink(path);
	ck_assert_int_eq(bn_sha256_file(bn_env_real(), path, got, NULL, NULL), BN_ENOTFOUND);
	free(text);
}
END_TEST

/* RFC 3720, appendix B.4. */
START_TEST(test_crc32c_gives_the_values_of_rfc_3720)
{
	uint8_t bytes[32];
	memset(bytes, 0, sizeof bytes);
	ck_assert_uint_eq(bn_crc32c(0, bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, sizeof bytes);
	ck_assert_uint_eq(bn_crc32c(0, bytes, 32), 0x62a8ab43);
	for (int i = 0; i < 32; i++)
		bytes[i] = (uint8_t)i;
	ck_assert_uint_eq(bn_crc32c(0, bytes, 32), 0x46dd794e);
	ck_assert_uint_eq(bn_crc32c(0, "123456789", 9), 0xe3069283);
	ck_assert_uint_eq(bn_crc32c(0, "", 0), 0);
}
END_TEST

static uint32_t crc_bitwise(const uint8_t *p, size_t n)
{
	uint32_t crc = ~(uint32_t)0;
	for (size_t i = 0; i < n; i++) {
		crc ^= p[i];
		for (int k = 0; k < 8; k++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

START_TEST(test_crc32c_of_any_length_and_split_equals_the_bitwise_one)
{
	uint8_t bytes[300];
	bn_rng r;
	bn_rng_init(&r, 1, "test.crc", 0);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)bn_rng_u32(&r);
	for (size_t n = 0; n < 280; n++) {
		size_t at = n % 9, split = n / 3;
		uint32_t want = crc_bitwise(bytes + at, n);
		ck_assert_uint_eq(bn_crc32c(0, bytes + at, n), want);
		ck_assert_uint_eq(
			bn_crc32c(bn_crc32c(0, bytes + at, split), bytes + at + split, n - split),
			want);
	}
}
END_TEST

START_TEST(test_hex_reads_back_and_refuses_what_is_none)
{
	uint8_t raw[4];
	char hex[9];
	ck_assert_int_eq(bn_unhex("00Ff10a5", 4, raw), 0);
	bn_hex(raw, 4, hex);
	ck_assert_str_eq(hex, "00ff10a5");
	static const char *const bad[] = {"", "0", "00ff10a", "00ff10a50", "00ff10ag", "00ff 0a5"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		ck_assert_int_eq(bn_unhex(bad[i], 4, raw), -1);
	ck_assert(bn_is_hex("0a9f") && !bn_is_hex("") && !bn_is_hex("0A") && !bn_is_hex("xyz"));
}
END_TEST

START_TEST(test_hash_of_what_is_no_regular_file_is_refused_at_once)
{
	char fifo[64], got[BN_SHA256_HEX + 1];
	const char *const paths[] = {fifo, "/dev/zero", "/"};
	snprintf(fifo, sizeof fifo, "/tmp/bn-hash-fifo-%d", (int)getpid());
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	for (size_t i = 0; i < 3; i++) {
		bn_err e = BN_ERR_INIT;
		ck_assert_int_eq(bn_sha256_file(bn_env_real(), paths[i], got, NULL, &e), BN_EINVAL);
		ck_assert_ptr_nonnull(strstr(e.msg, "not a regular file"));
	}
	unlink(fifo);
}
END_TEST

/* RFC 4231, cases 1, 2, 3 and 6. */
static const struct {
	unsigned char key_byte;
	size_t key_n;
	const char *data;
	unsigned char data_byte;
	size_t data_n;
	const char *mac;
} macs[] = {{0x0b, 20, "Hi There", 0, 8,
		    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
	{0, 4, "what do ya want for nothing?", 0, 28, /* the key is "Jefe" */
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	{0xaa, 20, NULL, 0xdd, 50,
		"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
	{0xaa, 131, "Test Using Larger Than Block-Size Key - Hash Key First", 0, 54,
		"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"}};

START_TEST(test_hmac_gives_the_values_of_rfc_4231)
{
	for (size_t i = 0; i < sizeof macs / sizeof *macs; i++) {
		unsigned char key[131], data[128];
		uint8_t raw[BN_SHA256_BYTES];
		char got[BN_SHA256_HEX + 1];
		memset(key, macs[i].key_byte, sizeof key);
		memset(data, macs[i].data_byte, sizeof data);
		if (!macs[i].key_byte)
			memcpy(key, "Jefe", 4);
		if (macs[i].data)
			memcpy(data, macs[i].data, macs[i].data_n);
		bn_hmac_sha256(key, macs[i].key_n, data, macs[i].data_n, raw);
		bn_hex(raw, sizeof raw, got);
		ck_assert_str_eq(got, macs[i].mac);
	}
}
END_TEST

BN_TEST_MAIN("core/base/hash", test_hmac_gives_the_values_of_rfc_4231,
	test_hash_of_what_is_no_regular_file_is_refused_at_once,
	test_sha256_gives_the_values_of_fips_180, test_sha256_equals_that_of_libcrypto,
	test_hasher_over_a_stream_equals_one_call_and_can_be_used_again,
	test_sha256_of_a_file_equals_that_of_its_bytes, test_crc32c_gives_the_values_of_rfc_3720,
	test_crc32c_of_any_length_and_split_equals_the_bitwise_one,
	test_hex_reads_back_and_refuses_what_is_none)
