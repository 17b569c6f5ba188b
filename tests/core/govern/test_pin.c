/* test_pin.c - invitations, and the sources they are read from. */
#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/govern/pin.h"
#include "tests/support/check_main.h"
#include "tests/support/remembered.h"
#include "tests/support/toy.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID_HEX "0f8b1c2d00008000800000000000000a"
#define LINK_HEX "5e884898da28047151d0e56f8dc62927"
#define PIN "bn1:" ID_HEX ".3." LINK_HEX

static toy_dir dir;
static remembered_env me;
static char site[400]; /* used instead of /etc/binnacle/trusted */
static uid_t site_owner, user_owner;
static mode_t site_mode;
static int site_fd;

static int open_site(const bn_env *env, const bn_dir *at, const char *path, int flags, mode_t mode)
{
	bool is_site = !at && !strcmp(path, "/etc/binnacle/trusted");
	int fd = bn_fs_real.open(env, at, is_site ? site : path, flags, mode);
	if (is_site || fd == site_fd)
		site_fd = is_site ? fd : -1;
	return fd;
}

static int fstat_site(const bn_env *env, int fd, struct stat *st)
{
	int rc = bn_fs_real.fstat(env, fd, st);
	if (rc == 0 && S_ISREG(st->st_mode))
		st->st_uid = user_owner;
	if (rc == 0 && fd == site_fd) {
		st->st_uid = site_owner;
		st->st_mode = (st->st_mode & S_IFMT) | site_mode;
	}
	return rc;
}

static bn_fs_ops ops;

static void setup(void)
{
	toy_dir_make(&dir);
	remembered_env_init(&me, dir.path, "node1");
	snprintf(site, sizeof site, "%s/site", dir.path);
	ops = bn_fs_real;
	ops.open = open_site;
	ops.fstat = fstat_site;
	me.env.fs = &ops;
	site_owner = 0;
	user_owner = geteuid();
	site_mode = 0644;
	site_fd = -1;
}

static void put(const char *path, const char *text)
{
	bn_err err = BN_ERR_INIT;
	char *at = bn_strndup(path, (size_t)(bn_path_base(path) - path));
	bn_fs_make_dirs(bn_env_real(), at, 0700, NULL);
	bn_free(at);
	ck_assert_bn_ok(
		bn_fs_write_file(bn_env_real(), path, text, strlen(text), 0600, &err), &err);
}

static const char *user_file(void)
{
	static char path[400];
	snprintf(path, sizeof path, "%s/config/binnacle/trusted", dir.path);
	return path;
}

static bn_pins load(const char *option)
{
	bn_err err = BN_ERR_INIT;
	bn_pins p;
	ck_assert_bn_ok(bn_pins_load(&p, &me.env, option, &err), &err);
	return p;
}

START_TEST(test_invitation_reads_back_and_fits_a_terminal)
{
	char text[BN_PIN_TEXT], again[BN_PIN_TEXT];
	bn_pin p;
	uint8_t link[32];
	for (size_t i = 0; i < sizeof link; i++)
		link[i] = (uint8_t)(i * 37);
	bn_pin_format(text, REMEMBERED_ID, 123456, link);
	ck_assert_uint_lt(strlen(text), 80);
	ck_assert_int_eq(bn_pin_parse(&p, text, strlen(text), NULL), 0);
	ck_assert_str_eq(p.workspace_id, REMEMBERED_ID);
	ck_assert_uint_eq(p.n, 123456);
	ck_assert(bn_pin_is_of(&p, link));
	link[31] ^= 1; /* beyond the digits of the invitation */
	ck_assert(bn_pin_is_of(&p, link));
	link[15] ^= 1;
	ck_assert(!bn_pin_is_of(&p, link));
	bn_pin_format(again, p.workspace_id, p.n, p.link);
	ck_assert_str_eq(text, again);
	bn_pin_format(text, REMEMBERED_ID, UINT32_MAX, link);
	ck_assert_uint_eq(strlen(text), 80);
	ck_assert_int_eq(bn_pin_parse(&p, text, strlen(text), NULL), 0);
	ck_assert_uint_eq(p.n, UINT32_MAX);
	ck_assert(bn_pin_is_of(&p, link));
}
END_TEST

START_TEST(test_whole_link_ids_odd_digits_capitals_and_dashes_are_read)
{
	static const char *const forms[] = {"bn1:" REMEMBERED_ID ".3." LINK_HEX,
		"bn1:0F8B1C2D00008000800000000000000A.3.5E884898DA28047151D0E56F8DC62927", PIN "a",
		PIN "a5", PIN LINK_HEX};
	bn_pin p;
	uint8_t link[32];
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		bn_err err = BN_ERR_INIT;
		ck_assert_bn_ok(bn_pin_parse(&p, forms[i], strlen(forms[i]), &err), &err);
		ck_assert_str_eq(p.workspace_id, REMEMBERED_ID);
	}
	ck_assert_uint_eq(p.link_digits, 64);
	ck_assert_int_eq(bn_unhex(LINK_HEX LINK_HEX, 32, link), 0);
	ck_assert(bn_pin_is_of(&p, link));
	link[31] ^= 1;
	ck_assert(!bn_pin_is_of(&p, link));
	ck_assert_int_eq(bn_pin_parse(&p, PIN "a", strlen(PIN "a"), NULL), 0);
	link[16] = 0xaf; /* an odd number of digits: compares half a byte */
	ck_assert(bn_pin_is_of(&p, link));
	link[16] = 0xbf;
	ck_assert(!bn_pin_is_of(&p, link));
}
END_TEST

START_TEST(test_what_is_no_invitation_is_refused_with_words)
{
	static const char *const wrong[][2] = {{"", "begin with"}, {"bn", "begin with"},
		{"BN1:" ID_HEX ".3." LINK_HEX, "begin with"}, {"bn2:x", "newer binnacle"},
		{"bn1:", "three parts"}, {"bn1:" ID_HEX ".3", "three parts"},
		{"bn1:" ID_HEX "3" LINK_HEX, "three parts"}, {"bn1:abc.3." LINK_HEX, "32 hex"},
		{"bn1:" ID_HEX "0.3." LINK_HEX, "32 hex"},
		{"bn1:zf8b1c2d00008000800000000000000a.3." LINK_HEX, "32 hex"},
		{"bn1:" ID_HEX ".." LINK_HEX, "number"}, {"bn1:" ID_HEX ".-3." LINK_HEX, "number"},
		{"bn1:" ID_HEX ".+3." LINK_HEX, "number"},
		{"bn1:" ID_HEX ".4294967296." LINK_HEX, "number"},
		{"bn1:" ID_HEX ".99999999999999999999." LINK_HEX, "number"},
		{"bn1:" ID_HEX ".3." LINK_HEX LINK_HEX "0", "64 hex"},
		{"bn1:" ID_HEX ".3.5e88", "64 hex"}, {PIN ".", "64 hex"}, {PIN " ", "64 hex"}};
	bn_pin p;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		bn_err err = BN_ERR_INIT;
		ck_assert_int_eq(
			bn_pin_parse(&p, wrong[i][0], strlen(wrong[i][0]), &err), BN_EINVAL);
		ck_assert_msg(strstr(err.msg, wrong[i][1]) != NULL, "%s", err.msg);
		ck_assert_ptr_nonnull(strstr(err.hint, "bn1:"));
	}
}
END_TEST

START_TEST(test_sources_are_read_in_their_order)
{
	setup();
	snprintf(me.trust, sizeof me.trust, " " PIN ", bn1:" ID_HEX ".1." LINK_HEX);
	put(user_file(), "# of ann\n\n" PIN " # the team's\r\n\t" PIN "\n");
	put(site, PIN);
	bn_pins p = load(PIN);
	ck_assert_uint_eq(p.count, 6);
	ck_assert_str_eq(p.notes, "");
	ck_assert_str_eq(p.items[0].where, "the option");
	ck_assert_str_eq(p.items[1].where, "BINNACLE_TRUST");
	ck_assert_uint_eq(p.items[2].n, 1);
	ck_assert_ptr_nonnull(strstr(p.items[3].where, "/trusted:3"));
	ck_assert_ptr_nonnull(strstr(p.items[4].where, "/trusted:4"));
	ck_assert_str_eq(p.items[5].where, "/etc/binnacle/trusted:1");
	ck_assert_int_eq(p.items[5].source, BN_PIN_SITE);
	ck_assert_str_eq(p.items[0].workspace_id, REMEMBERED_ID);
	bn_pins_release(&p);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_without_any_source_there_are_none)
{
	setup();
	bn_pins p = load(NULL);
	ck_assert_uint_eq(p.count, 0);
	ck_assert_str_eq(p.notes, "");
	bn_pins_release(&p);
	me.homeless = true;
	put(site, PIN "\n");
	p = load(NULL);
	ck_assert_uint_eq(p.count, 1);
	bn_pins_release(&p);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_slip_in_the_option_or_the_variable_is_an_error)
{
	setup();
	bn_err err = BN_ERR_INIT;
	bn_pins p;
	ck_assert_int_eq(bn_pins_load(&p, &me.env, "bn1:x", &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "the option: "));
	bn_pins_release(&p);
	bn_err_clear(&err);
	snprintf(me.trust, sizeof me.trust, PIN " yes");
	ck_assert_int_eq(bn_pins_load(&p, &me.env, NULL, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "BINNACLE_TRUST: 'yes'"));
	bn_pins_release(&p);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_slip_in_a_file_is_a_note_and_the_other_lines_count)
{
	setup();
	put(site, "bn1:slip\n" PIN "\nbn2:" ID_HEX ".0." LINK_HEX "\n");
	bn_pins p = load(NULL);
	ck_assert_uint_eq(p.count, 1);
	ck_assert_uint_eq(p.items[0].n, 3);
	ck_assert_ptr_nonnull(strstr(p.notes, "/etc/binnacle/trusted:1: 'bn1:slip'"));
	ck_assert_ptr_nonnull(strstr(p.notes, "newer binnacle"));
	bn_pins_release(&p);
	toy_dir_remove(&dir);
}
END_TEST

static void assert_not_read(const char *word)
{
	bn_pins p = load(NULL);
	ck_assert_uint_eq(p.count, 0);
	ck_assert_msg(strstr(p.notes, word) != NULL, "'%s'", p.notes);
	bn_pins_release(&p);
}

START_TEST(test_file_that_others_could_have_written_is_not_read)
{
	setup();
	put(site, PIN "\n");
	site_owner = 5001;
	assert_not_read("does not belong to root");
	site_owner = 0;
	site_mode = 0664;
	assert_not_read("chmod go-w");
	ck_assert_int_eq(unlink(site), 0);
	ck_assert_int_eq(mkfifo(site, 0644), 0);
	site_mode = 0644;
	assert_not_read("not a regular file");
	ck_assert_int_eq(unlink(site), 0);
	put(user_file(), PIN "\n");
	ck_assert_int_eq(chmod(user_file(), 0602), 0);
	assert_not_read("chmod go-w");
	ck_assert_int_eq(chmod(user_file(), 0600), 0);
	user_owner = 5002;
	assert_not_read("another user");
	user_owner = 0; /* a home prepared by root */
	ck_assert_int_eq(truncate(user_file(), 2 << 20), 0);
	assert_not_read("1 MiB");
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_link_of_a_user_to_his_own_file_is_read)
{
	setup();
	char real[400];
	snprintf(real, sizeof real, "%s/dotfiles", dir.path);
	put(real, PIN);
	put(user_file(), "");
	ck_assert_int_eq(unlink(user_file()), 0);
	ck_assert_int_eq(symlink(real, user_file()), 0);
	bn_pins p = load(NULL);
	ck_assert_uint_eq(p.count, 1);
	bn_pins_release(&p);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_without_memory_loading_fails_whole)
{
	setup();
	put(user_file(), "# one\n" PIN "\n");
	for (long at = 1;; at++) {
		bn_pins p;
		bn_alloc_fail_at(at);
		int rc = bn_pins_load(&p, &me.env, PIN, NULL);
		bn_alloc_fail_at(0);
		bn_pins_release(&p);
		if (rc == 0)
			break;
		ck_assert_int_eq(rc, BN_ENOMEM);
		ck_assert_int_lt(at, 100);
	}
	toy_dir_remove(&dir);
}
END_TEST

BN_TEST_MAIN("core/govern/pin", test_invitation_reads_back_and_fits_a_terminal,
	test_whole_link_ids_odd_digits_capitals_and_dashes_are_read,
	test_what_is_no_invitation_is_refused_with_words, test_sources_are_read_in_their_order,
	test_without_any_source_there_are_none, test_slip_in_the_option_or_the_variable_is_an_error,
	test_slip_in_a_file_is_a_note_and_the_other_lines_count,
	test_file_that_others_could_have_written_is_not_read,
	test_link_of_a_user_to_his_own_file_is_read, test_without_memory_loading_fails_whole)
