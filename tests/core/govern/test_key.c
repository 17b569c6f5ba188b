/* test_key.c - private keys on disk, and signatures compared with the known answers of RFC 8032. */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/govern/key.h"
#include "tests/support/check_main.h"
#include "tests/support/faultfs.h"

#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char home[64];
static bn_env env;
static uid_t fake_uid;

static const char *get_env(const bn_env *e, const char *name)
{
	(void)e;
	return !strcmp(name, "XDG_CONFIG_HOME") ? home : NULL;
}

static uid_t get_uid(const bn_env *e)
{
	(void)e;
	return fake_uid;
}

static void setup(void)
{
	snprintf(home, sizeof home, "/tmp/bn-key-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(home));
	env = *bn_env_real();
	fake_uid = geteuid();
	env.get = get_env;
	env.uid = get_uid;
}

static void teardown(void)
{
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_fs_remove_tree(bn_env_real(), home, &err), &err);
}

START_TEST(test_first_use_makes_a_private_key_of_mode_0600_and_the_next_use_finds_it)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_key *a = NULL, *b = NULL;
	bool created = false;
	struct stat st;
	ck_assert_bn_ok(bn_key_open(&a, &env, &created, &err), &err);
	ck_assert(created);
	char *path = bn_key_path(&env);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_bn_ok(bn_key_open(&b, &env, &created, &err), &err);
	ck_assert(!created);
	ck_assert_str_eq(bn_key_public(a), bn_key_public(b));
	ck_assert_uint_eq(strlen(bn_key_public(a)), BN_KEY_PUBLIC_HEX);
	bn_key_free(a);
	bn_key_free(b);
	bn_free(path);
	teardown();
}
END_TEST

START_TEST(test_key_that_others_may_read_is_refused_with_the_cure)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_key *key = NULL;
	ck_assert_bn_ok(bn_key_open(&key, &env, NULL, &err), &err);
	bn_key_free(key);
	key = NULL;
	char *path = bn_key_path(&env);
	ck_assert_int_eq(chmod(path, 0640), 0);
	ck_assert_int_eq(bn_key_open(&key, &env, NULL, &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "0640"));
	ck_assert_ptr_nonnull(strstr(err.hint, "chmod 600"));
	ck_assert_ptr_null(key);
	bn_free(path);
	teardown();
}
END_TEST

START_TEST(test_key_of_another_user_is_refused)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_key *key = NULL;
	ck_assert_bn_ok(bn_key_open(&key, &env, NULL, &err), &err);
	bn_key_free(key);
	key = NULL;
	fake_uid = geteuid() + 1;
	ck_assert_int_eq(bn_key_open(&key, &env, NULL, &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "not to you"));
	teardown();
}
END_TEST

/* If creating a key fails or is killed at any change, the next use finds or makes a complete key, and only the owner
 * can read what was left. */
START_TEST(test_key_is_whole_or_absent_whatever_dies_or_fails_while_it_is_made)
{
	static const faultfs_kind kinds[] = {
		FAULTFS_KILL, FAULTFS_TEAR, FAULTFS_ENOSPC, FAULTFS_EIO, FAULTFS_FULL};
	long points = 0;
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		for (long at = 1, more = 1; more; at++) {
			setup();
			pid_t child = fork();
			if (child == 0) {
				bn_key *key = NULL;
				env.fs = &faultfs_ops;
				faultfs_arm(kinds[k], at);
				int rc = bn_key_open(&key, &env, NULL, NULL);
				long count = faultfs_count();
				_exit(rc ? 1 : count < at ? 3 : 0);
			}
			int status = 0;
			ck_assert_int_eq(waitpid(child, &status, 0), child);
			more = !WIFEXITED(status) || WEXITSTATUS(status) != 3;
			points += more;
			bn_err err = BN_ERR_INIT;
			bn_key *key = NULL;
			ck_assert_bn_ok(bn_key_open(&key, &env, NULL, &err), &err);
			bn_key_free(key);
			char dir[100];
			bn_names names = BN_NAMES_INIT;
			snprintf(dir, sizeof dir, "%s/binnacle", home);
			ck_assert_bn_ok(bn_fs_list_dir(bn_env_real(), dir, &names, &err), &err);
			for (size_t i = 0; i < names.count; i++) {
				char path[400];
				struct stat st;
				snprintf(path, sizeof path, "%s/%s", dir, names.items[i]);
				ck_assert_int_eq(stat(path, &st), 0);
				ck_assert_uint_eq(st.st_mode & 077, 0);
			}
			bn_names_release(&names);
			teardown();
		}
	printf("NOTE: %ld points of failure while a key is made\n", points);
}
END_TEST

START_TEST(test_damaged_key_is_corrupt_and_is_not_replaced)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_key *key = NULL;
	char *path = bn_key_path(&env);
	ck_assert_bn_ok(bn_key_open(&key, &env, NULL, &err), &err);
	bn_key_free(key);
	key = NULL;
	ck_assert_bn_ok(bn_fs_write_file(&env, path, "-----BEGIN", 10, 0600, &err), &err);
	ck_assert_int_eq(bn_key_open(&key, &env, NULL, &err), BN_ECORRUPT);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_key_create(&key, &env, path, &err), BN_ECONFLICT);
	bn_free(path);
	teardown();
}
END_TEST

/* RFC 8410, section 10: a key alone, and the same with attributes and its public half; then keys that are refused. */
START_TEST(test_keys_are_read_in_every_form_that_others_write)
{
	static const char *const good[] = {
		"-----BEGIN PRIVATE KEY-----\n"
		"MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
		"-----END PRIVATE KEY-----\n",
		"a comment\r\n-----BEGIN PRIVATE KEY-----\r\n"
		"MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\r\n"
		"oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB\r\n"
		"Z9w7lshQhqowtrbLDFw4rXAxZuE=\r\n"
		"-----END PRIVATE KEY-----"};
	static const char *const bad[] = {
		"-----BEGIN PRIVATE KEY-----\n" /* X25519 */
		"MC4CAQAwBQYDK2VuBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
		"-----END PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\n" /* one byte too few */
		"MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVg=\n"
		"-----END PRIVATE KEY-----\n",
		"-----BEGIN PRIVATE KEY-----\n"
		"MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n",
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n"
		"-----END ENCRYPTED PRIVATE KEY-----\n",
		""};
	setup();
	bn_err err = BN_ERR_INIT;
	bn_key *key = NULL;
	char *path = bn_key_path(&env);
	ck_assert_bn_ok(bn_key_open(&key, &env, NULL, &err), &err);
	bn_key_free(key);
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		ck_assert_bn_ok(
			bn_fs_write_file(&env, path, good[i], strlen(good[i]), 0600, &err), &err);
		ck_assert_bn_ok(bn_key_find(&key, &env, &err), &err);
		ck_assert_str_eq(bn_key_public(key),
			"19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
		bn_key_free(key);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ck_assert_bn_ok(
			bn_fs_write_file(&env, path, bad[i], strlen(bad[i]), 0600, &err), &err);
		ck_assert_int_eq(bn_key_find(&key, &env, NULL), BN_ECORRUPT);
	}
	bn_free(path);
	teardown();
}
END_TEST

/* Reads a new key with libcrypto, as openssl(1) does. */
START_TEST(test_a_new_key_is_read_by_libcrypto)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_key *key = NULL;
	uint8_t raw[32];
	char hex[65];
	size_t n = sizeof raw;
	ck_assert_bn_ok(bn_key_open(&key, &env, NULL, &err), &err);
	char *path = bn_key_path(&env);
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	EVP_PKEY *pkey = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	fclose(f);
	ck_assert_int_eq(EVP_PKEY_get_raw_public_key(pkey, raw, &n), 1);
	bn_hex(raw, sizeof raw, hex);
	ck_assert_str_eq(hex, bn_key_public(key));
	EVP_PKEY_free(pkey);
	bn_key_free(key);
	bn_free(path);
	teardown();
}
END_TEST

START_TEST(test_signature_verifies_and_fails_for_other_bytes_key_or_signature)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_key *key = NULL, *other = NULL;
	char sig[BN_KEY_SIGNATURE_HEX + 1], path[128];
	snprintf(path, sizeof path, "%s/other.pem", home);
	ck_assert_bn_ok(bn_key_open(&key, &env, NULL, &err), &err);
	ck_assert_bn_ok(bn_key_create(&other, &env, path, &err), &err);
	bn_key_sign(key, "abc", 3, sig);
	ck_assert_bn_ok(bn_key_verify(bn_key_public(key), sig, "abc", 3, &err), &err);
	ck_assert_int_eq(bn_key_verify(bn_key_public(key), sig, "abd", 3, NULL), BN_ECORRUPT);
	ck_assert_int_eq(bn_key_verify(bn_key_public(other), sig, "abc", 3, NULL), BN_ECORRUPT);
	sig[0] = sig[0] == '0' ? '1' : '0';
	ck_assert_int_eq(bn_key_verify(bn_key_public(key), sig, "abc", 3, NULL), BN_ECORRUPT);
	ck_assert_int_eq(bn_key_verify(bn_key_public(key), "12", "abc", 3, NULL), BN_ECORRUPT);
	ck_assert_int_eq(bn_key_verify("zz", sig, "abc", 3, NULL), BN_ECORRUPT);
	bn_key_free(key);
	bn_key_free(other);
	teardown();
}
END_TEST

START_TEST(test_verification_agrees_with_rfc_8032_section_7_1_tests_1_to_3)
{
	static const struct {
		const char *key, *message, *signature;
	} known[] = {
		{"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
			"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
			"5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
		{"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
			"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
		{"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
			"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
			"18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
	};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		bn_err err = BN_ERR_INIT;
		uint8_t message[4];
		size_t n = strlen(known[i].message) / 2;
		ck_assert_int_eq(bn_unhex(known[i].message, n, message), 0);
		ck_assert_bn_ok(
			bn_key_verify(known[i].key, known[i].signature, message, n, &err), &err);
	}
}
END_TEST

static const char *no_variable(const bn_env *e, const char *name)
{
	(void)e, (void)name;
	return NULL;
}

static int no_home(const bn_env *e, uid_t uid, char *path, size_t size)
{
	(void)e, (void)uid, (void)path, (void)size;
	return -1;
}

START_TEST(test_key_without_a_home_directory_is_refused)
{
	bn_err err = BN_ERR_INIT;
	bn_key *key = NULL;
	bool created = false;
	env = *bn_env_real();
	env.get = no_variable;
	env.user_home = no_home;
	ck_assert_int_eq(bn_key_open(&key, &env, &created, &err), BN_EREFUSED);
	ck_assert_ptr_null(key);
	ck_assert(!created);
	ck_assert_str_eq(
		err.msg, "no place for a private key: there is no home directory for your files");
	ck_assert_str_eq(err.hint, "set HOME or XDG_CONFIG_HOME");
	ck_assert_ptr_null(bn_key_path(&env));
}
END_TEST

BN_TEST_MAIN("core/govern/key",
	test_first_use_makes_a_private_key_of_mode_0600_and_the_next_use_finds_it,
	test_key_that_others_may_read_is_refused_with_the_cure, test_key_of_another_user_is_refused,
	test_key_is_whole_or_absent_whatever_dies_or_fails_while_it_is_made,
	test_damaged_key_is_corrupt_and_is_not_replaced,
	test_keys_are_read_in_every_form_that_others_write, test_a_new_key_is_read_by_libcrypto,
	test_signature_verifies_and_fails_for_other_bytes_key_or_signature,
	test_verification_agrees_with_rfc_8032_section_7_1_tests_1_to_3,
	test_key_without_a_home_directory_is_refused)
