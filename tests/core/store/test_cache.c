/* The cache: equal keys give equal bytes, all others miss, and no fault of its directory has a
 * worse effect than a miss. */
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/store/cache.h"
#include "tests/support/check_main.h"
#include "tests/support/faultfs.h"
#include "tests/support/toy.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static toy_dir dir;
static toy_env env;
static bn_workspace *ws;
static bn_cache *cache;
static bn_err err = BN_ERR_INIT;

static const char *cache_size;
static const char *(*toy_get)(const bn_env *, const char *);

static const char *get_with_size(const bn_env *e, const char *name)
{
	return cache_size && !strcmp(name, "BINNACLE_CACHE") ? cache_size : toy_get(e, name);
}

static void open_with(const char *size)
{
	cache_size = size;
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	toy_get = env.env.get;
	env.env.get = get_with_size;
	ck_assert_bn_ok(bn_workspace_init(&env.env, dir.path, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, toy_classes, dir.path, &err), &err);
	ck_assert_bn_ok(bn_cache_open(&cache, ws, &err), &err);
}

static void finish(void)
{
	bn_cache_close(cache);
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}

static bn_cache_key key_of(const char *operation, unsigned version, const char *input, int param)
{
	bn_cache_key k;
	char text[24];
	snprintf(text, sizeof text, "%d", param);
	bn_cache_key_init(&k, operation, version);
	bn_cache_key_add(&k, "input", input);
	bn_cache_key_add(&k, "bins", text);
	return k;
}

static void put(bn_cache *c, int param, const char *text)
{
	bn_cache_key k = key_of("profile", 1, "ab12", param);
	ck_assert_bn_ok(bn_cache_put(c, &k, text, strlen(text), &err), &err);
	bn_cache_key_release(&k);
}

/* Whether the key is in the cache; if so, its bytes must be these. */
static bool hits(bn_cache *c, bn_cache_key k, const char *text)
{
	bn_buf b = BN_BUF_INIT;
	bool hit = bn_cache_get(c, &k, &b);
	if (hit && text) {
		ck_assert_uint_eq(b.len, strlen(text));
		ck_assert_mem_eq(b.ptr, text, b.len);
	} else if (!hit) {
		ck_assert_uint_eq(b.len, 0);
	}
	bn_buf_release(&b);
	bn_cache_key_release(&k);
	return hit;
}

static bn_cache_status status(void)
{
	bn_cache_status s;
	ck_assert_bn_ok(bn_cache_status_get(&s, cache, &err), &err);
	return s;
}

/* The path of the only entry. */
static char *entry_path(void)
{
	bn_names names = BN_NAMES_INIT;
	bn_cache_status s = status();
	ck_assert_int_eq(bn_fs_list_dir(&env.env, s.path, &names, NULL), 0);
	ck_assert_uint_eq(names.count, 1);
	char *path = bn_path_join(s.path, names.items[0]);
	bn_names_release(&names);
	bn_cache_status_release(&s);
	return path;
}

START_TEST(test_cache_a_hit_gives_the_bytes_that_were_put)
{
	open_with(NULL);
	put(cache, 1, "one");
	put(cache, 2, "");
	ck_assert(hits(cache, key_of("profile", 1, "ab12", 1), "one"));
	ck_assert(hits(cache, key_of("profile", 1, "ab12", 2), ""));
	bn_cache_close(cache);
	cache = NULL;
	ck_assert_bn_ok(bn_cache_open(&cache, ws, &err), &err); /* as another process does */
	ck_assert(hits(cache, key_of("profile", 1, "ab12", 1), "one"));
	finish();
}
END_TEST

START_TEST(test_cache_misses_when_operation_version_input_or_parameter_differ)
{
	bn_cache_key a, b;
	open_with(NULL);
	put(cache, 1, "one");
	ck_assert(!hits(cache, key_of("profil", 1, "ab12", 1), NULL));
	ck_assert(!hits(cache, key_of("profile", 2, "ab12", 1), NULL));
	ck_assert(!hits(cache, key_of("profile", 1, "ab13", 1), NULL));
	ck_assert(!hits(cache, key_of("profile", 1, "ab12", 10), NULL));
	ck_assert(!hits(cache, key_of("profile", 1, NULL, 1), NULL));
	/* The parts of a key are delimited, and an absent value differs from an empty one. */
	bn_cache_key_init(&a, "x", 1);
	bn_cache_key_add(&a, "p", "1\n1:q");
	bn_cache_key_add(&a, "r", NULL);
	bn_cache_key_init(&b, "x", 1);
	bn_cache_key_add(&b, "p", "1");
	bn_cache_key_add(&b, "q", "r");
	ck_assert_bn_ok(bn_cache_put(cache, &a, "a", 1, &err), &err);
	ck_assert(!hits(cache, b, NULL));
	bn_cache_key_release(&a);
	finish();
}
END_TEST

START_TEST(test_cache_lies_beside_the_index_and_is_private)
{
	struct stat st;
	open_with(NULL);
	put(cache, 1, "one");
	bn_cache_status s = status();
	ck_assert_int_eq(stat(s.path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0700);
	ck_assert_ptr_nonnull(strstr(s.path, bn_workspace_id(ws)));
	ck_assert_ptr_null(strstr(s.path, "/.binnacle/"));
	bn_cache_status_release(&s);
	char *path = entry_path();
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	bn_free(path);
	finish();
}
END_TEST

static void write_at(const char *path, off_t at, const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, n, at), (ssize_t)n);
	close(fd);
}

START_TEST(test_cache_a_damaged_entry_is_a_miss_and_is_made_anew)
{
	open_with(NULL);
	for (int damage = 0; damage < 6; damage++) {
		struct stat st;
		put(cache, 1, "some bytes");
		char *path = entry_path();
		ck_assert_int_eq(stat(path, &st), 0);
		switch (damage) {
		case 0: /* a flipped bit */
			write_at(path, st.st_size - 1, "S", 1);
			break;
		case 1: /* truncated */
			ck_assert_int_eq(truncate(path, st.st_size - 3), 0);
			break;
		case 2: /* truncated within the header */
			ck_assert_int_eq(truncate(path, 70), 0);
			break;
		case 3: /* another format */
			write_at(path, 9, "2", 1);
			break;
		case 4: /* the entry of another key under this name */
			write_at(path, 12, "0000", 4);
			break;
		default: /* empty */
			ck_assert_int_eq(truncate(path, 0), 0);
			break;
		}
		ck_assert_msg(
			!hits(cache, key_of("profile", 1, "ab12", 1), NULL), "damage %d", damage);
		ck_assert_msg(access(path, F_OK) != 0, "damage %d", damage);
		put(cache, 1, "some bytes");
		ck_assert(hits(cache, key_of("profile", 1, "ab12", 1), "some bytes"));
		bn_free(path);
	}
	finish();
}
END_TEST

START_TEST(test_cache_a_link_in_its_place_is_not_followed)
{
	char target[400];
	open_with(NULL);
	put(cache, 1, "one");
	char *path = entry_path();
	snprintf(target, sizeof target, "%s/stolen", dir.path);
	ck_assert_int_eq(rename(path, target), 0);
	ck_assert_int_eq(symlink(target, path), 0);
	ck_assert(!hits(cache, key_of("profile", 1, "ab12", 1), NULL));
	bn_free(path);
	finish();
}
END_TEST

START_TEST(test_cache_keeps_its_limit_and_drops_what_was_used_longest_ago)
{
	char text[1001];
	open_with("16K");
	memset(text, 'x', 1000);
	text[1000] = '\0';
	for (int i = 0; i < 12; i++)
		put(cache, i, text);
	bn_cache_status s = status();
	ck_assert_uint_eq(s.limit, 16384);
	ck_assert_uint_eq(s.entries, 12);
	bn_cache_status_release(&s);
	nanosleep(&(struct timespec){0, 20000000}, NULL);
	ck_assert(hits(cache, key_of("profile", 1, "ab12", 0), text)); /* the oldest one, used */
	for (int i = 12; i < 15; i++)
		put(cache, i, text);
	s = status();
	ck_assert_uint_le(s.bytes, 16384);
	ck_assert_uint_lt(s.entries, 15);
	bn_cache_status_release(&s);
	ck_assert(hits(cache, key_of("profile", 1, "ab12", 0), text));
	ck_assert(hits(cache, key_of("profile", 1, "ab12", 14), text));
	/* An entry that would evict all others is not stored. */
	char *large = bn_alloc_zeroed(1, 5000);
	bn_cache_key k = key_of("large", 1, "ab12", 1);
	ck_assert_int_eq(bn_cache_put(cache, &k, large, 5000, NULL), BN_EINVAL);
	bn_cache_key_release(&k);
	bn_free(large);
	finish();
}
END_TEST

START_TEST(test_cache_of_no_size_or_a_wrong_one_says_so)
{
	bn_cache *none = NULL;
	open_with(NULL);
	cache_size = "0";
	ck_assert_int_eq(bn_cache_open(&none, ws, NULL), BN_ENOTFOUND);
	cache_size = "plenty";
	ck_assert_int_eq(bn_cache_open(&none, ws, &err), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(err.msg, "plenty"));
	ck_assert_ptr_null(none);
	/* Without a cache all keys miss, and nothing fails. */
	bn_cache_key k = key_of("profile", 1, "ab12", 1);
	ck_assert_int_eq(bn_cache_put(NULL, &k, "x", 1, NULL), 0);
	ck_assert(!hits(NULL, k, NULL));
	finish();
}
END_TEST

START_TEST(test_cache_two_processes_at_once_read_what_either_wrote)
{
	pid_t children[2];
	open_with("64K");
	for (int p = 0; p < 2; p++) {
		children[p] = fork();
		ck_assert_int_ge(children[p], 0);
		if (children[p])
			continue;
		bn_cache *own = NULL;
		int bad = bn_cache_open(&own, ws, NULL) != 0;
		for (int i = 0; i < 200 && !bad; i++) {
			char text[600];
			int at = (i * 7 + p) % 50;
			snprintf(text, sizeof text, "%0500d", at);
			bn_cache_key k = key_of("shared", 1, "ab12", at);
			bn_buf b = BN_BUF_INIT;
			if (bn_cache_get(own, &k, &b))
				bad = b.len != strlen(text) || memcmp(b.ptr, text, b.len) != 0;
			else
				bad = bn_cache_put(own, &k, text, strlen(text), NULL) != 0;
			bn_buf_release(&b);
			bn_cache_key_release(&k);
		}
		_exit(bad);
	}
	for (int p = 0; p < 2; p++) {
		int how = 0;
		ck_assert_int_eq(waitpid(children[p], &how, 0), children[p]);
		ck_assert(WIFEXITED(how) && WEXITSTATUS(how) == 0);
	}
	bn_cache_status s = status();
	ck_assert_uint_le(s.bytes, 65536);
	ck_assert_uint_gt(s.entries, 0);
	bn_cache_status_release(&s);
	finish();
}
END_TEST

START_TEST(test_cache_a_fault_of_the_disk_is_an_error_of_put_and_a_miss_at_most)
{
	static const faultfs_kind kinds[] = {FAULTFS_ENOSPC, FAULTFS_EIO, FAULTFS_FULL};
	open_with(NULL);
	put(cache, 1, "kept before");
	env.env.fs = &faultfs_ops;
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		for (long at = 1;; at++) {
			bn_cache_key key = key_of("profile", 1, "full", (int)at);
			faultfs_arm(kinds[k], at);
			int rc = bn_cache_put(cache, &key, "bytes", 5, NULL);
			long calls = faultfs_count();
			faultfs_arm(FAULTFS_NONE, 0);
			bool hit = hits(cache, key, "bytes");
			ck_assert(rc < 0 || hit);
			ck_assert(hits(cache, key_of("profile", 1, "ab12", 1), "kept before"));
			if (calls < at)
				break;
		}
	}
	env.env.fs = &bn_fs_real;
	finish();
}
END_TEST

START_TEST(test_cache_killed_at_any_step_leaves_whole_entries)
{
	open_with(NULL);
	for (long at = 1;; at++) {
		int how = 0;
		pid_t child = fork();
		ck_assert_int_ge(child, 0);
		if (child == 0) {
			env.env.fs = &faultfs_ops;
			bn_cache_key key = key_of("profile", 1, "kill", (int)at);
			faultfs_arm(FAULTFS_TEAR, at);
			_exit(bn_cache_put(cache, &key, "bytes", 5, NULL) != 0);
		}
		ck_assert_int_eq(waitpid(child, &how, 0), child);
		hits(cache, key_of("profile", 1, "kill", (int)at), "bytes");
		if (!WIFSIGNALED(how))
			break;
	}
	uint64_t entries = 0, bytes = 0;
	ck_assert_bn_ok(bn_cache_clear(cache, &entries, &bytes, &err), &err);
	ck_assert_uint_ge(entries, 1);
	finish();
}
END_TEST

START_TEST(test_cache_cleared_holds_nothing)
{
	uint64_t entries = 0, bytes = 0;
	open_with(NULL);
	put(cache, 1, "one");
	put(cache, 2, "two");
	bn_cache_status s = status();
	ck_assert_uint_eq(s.entries, 2);
	ck_assert_bn_ok(bn_cache_clear(cache, &entries, &bytes, &err), &err);
	ck_assert_uint_eq(entries, 2);
	ck_assert_uint_eq(bytes, s.bytes);
	bn_cache_status_release(&s);
	ck_assert(!hits(cache, key_of("profile", 1, "ab12", 1), NULL));
	s = status();
	ck_assert_uint_eq(s.entries, 0);
	bn_cache_status_release(&s);
	finish();
}
END_TEST

BN_TEST_MAIN("core/store/cache", test_cache_a_hit_gives_the_bytes_that_were_put,
	test_cache_misses_when_operation_version_input_or_parameter_differ,
	test_cache_lies_beside_the_index_and_is_private,
	test_cache_a_damaged_entry_is_a_miss_and_is_made_anew,
	test_cache_a_link_in_its_place_is_not_followed,
	test_cache_keeps_its_limit_and_drops_what_was_used_longest_ago,
	test_cache_of_no_size_or_a_wrong_one_says_so,
	test_cache_two_processes_at_once_read_what_either_wrote,
	test_cache_a_fault_of_the_disk_is_an_error_of_put_and_a_miss_at_most,
	test_cache_killed_at_any_step_leaves_whole_entries, test_cache_cleared_holds_nothing)
