/* test_places.c - the paths at which workspaces were seen. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/govern/_host_files.h"
#include "core/govern/places.h"
#include "tests/support/check_main.h"
#include "tests/support/remembered.h"
#include "tests/support/toy.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define X REMEMBERED_ID
#define Y REMEMBERED_OTHER

static toy_dir dir;
static char top[300]; /* dir with links resolved */
static remembered_env here, there;

static const char *at(const char *what)
{
	static char paths[4][400];
	static int next;
	char *path = paths[next++ % 4];
	snprintf(path, sizeof paths[0], "%s/%s", top, what);
	return path;
}

/* Makes the directory of a workspace below dir. */
static void make(const char *what)
{
	char name[100];
	snprintf(name, sizeof name, "%s/.binnacle", what);
	ck_assert_int_eq(bn_fs_make_dirs(bn_env_real(), at(name), 0755, NULL), 0);
}

static void setup(void)
{
	char *real = NULL;
	toy_dir_make(&dir);
	ck_assert_int_eq(bn_path_real(&real, dir.path, NULL), 0);
	snprintf(top, sizeof top, "%s", real);
	bn_free(real);
	remembered_env_init(&here, dir.path, "node1");
	remembered_env_init(&there, dir.path, "node2");
	make("w");
	make("w/sub");
	make("wide");
	make("v");
}

static void teardown(void)
{
	toy_dir_remove(&dir);
}

static void learn(remembered_env *e, const char *what, const char *id, bool replace)
{
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_place_learn(&e->env, at(what), id, replace, &err), &err);
}

static bn_place_kind find(remembered_env *e, const char *what, const char *id, const char *other_id,
	const char *other_path)
{
	bn_err err = BN_ERR_INIT;
	bn_place p;
	ck_assert_bn_ok(bn_place_find(&p, &e->env, at(what), id, &err), &err);
	ck_assert_str_eq(p.other_id, other_id);
	if (other_path)
		ck_assert_str_eq(p.other_path, at(other_path));
	else
		ck_assert_ptr_null(p.other_path);
	bn_place_kind kind = p.kind;
	bn_place_release(&p);
	return kind;
}

START_TEST(test_place_is_new_then_known)
{
	setup();
	ck_assert_int_eq(find(&here, "w/.binnacle", X, "", NULL), BN_PLACE_NEW);
	learn(&here, "w/.binnacle", X, false);
	ck_assert_int_eq(find(&here, "w/.binnacle", X, X, "w"), BN_PLACE_KNOWN);
	struct stat a, b;
	ck_assert_int_eq(stat(remembered_path(&here, "paths/node1"), &a), 0);
	ck_assert_uint_eq(a.st_mode & 07777, 0600);
	learn(&here, "w/.binnacle", X, false);
	ck_assert_int_eq(stat(remembered_path(&here, "paths/node1"), &b), 0);
	ck_assert_uint_eq(a.st_ino, b.st_ino); /* nothing new: the file was not written */
	teardown();
}
END_TEST

START_TEST(test_another_workspace_at_a_known_path_is_found_also_through_a_link)
{
	setup();
	learn(&here, "w/.binnacle", X, false);
	ck_assert_int_eq(find(&here, "w/.binnacle", Y, X, "w"), BN_PLACE_OTHER);
	ck_assert_int_eq(symlink(at("w"), at("link")), 0);
	ck_assert_int_eq(find(&here, "link/.binnacle", Y, X, "w"), BN_PLACE_OTHER);
	ck_assert_int_eq(find(&here, "link/.binnacle", X, X, "w"), BN_PLACE_KNOWN);
	bn_err err = BN_ERR_INIT;
	ck_assert_int_eq(bn_place_learn(&here.env, at("w/.binnacle"), Y, false, &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, X));
	learn(&here, "w/.binnacle", Y, true);
	ck_assert_int_eq(find(&here, "w/.binnacle", Y, Y, "w"), BN_PLACE_KNOWN);
	ck_assert_int_eq(find(&here, "w/.binnacle", X, Y, "w"), BN_PLACE_OTHER);
	teardown();
}
END_TEST

START_TEST(test_workspace_beneath_a_known_one_is_found_until_accepted)
{
	setup();
	learn(&here, "w/.binnacle", X, false);
	ck_assert_int_eq(find(&here, "w/sub/.binnacle", Y, X, "w"), BN_PLACE_BENEATH);
	ck_assert_int_eq(find(&here, "wide/.binnacle", Y, "", NULL), BN_PLACE_NEW);
	ck_assert_int_eq(
		bn_place_learn(&here.env, at("w/sub/.binnacle"), Y, false, NULL), BN_EREFUSED);
	learn(&here, "w/sub/.binnacle", Y, true);
	ck_assert_int_eq(find(&here, "w/sub/.binnacle", Y, Y, "w/sub"), BN_PLACE_KNOWN);
	make("w/sub/deep"); /* the nearest known one is named */
	ck_assert_int_eq(find(&here, "w/sub/deep/.binnacle", X, Y, "w/sub"), BN_PLACE_BENEATH);
	teardown();
}
END_TEST

START_TEST(test_workspace_that_moved_is_noted)
{
	setup();
	learn(&here, "w/.binnacle", X, false);
	ck_assert_int_eq(find(&here, "v/.binnacle", X, X, "w"), BN_PLACE_MOVED);
	learn(&here, "v/.binnacle", X, false);
	ck_assert_int_eq(find(&here, "v/.binnacle", X, X, "v"), BN_PLACE_KNOWN);
	ck_assert_int_eq(find(&here, "w/.binnacle", X, X, "w"), BN_PLACE_KNOWN);
	teardown();
}
END_TEST

START_TEST(test_local_paths_are_of_their_host)
{
	setup();
	if (bn_fs_is_network(top))
		BN_TEST_SKIP("%s is on a network file system", top);
	learn(&here, "w/.binnacle", X, false);
	ck_assert_int_eq(find(&there, "w/.binnacle", Y, "", NULL), BN_PLACE_NEW);
	learn(&there, "w/.binnacle", Y, false);
	ck_assert_int_eq(find(&there, "w/.binnacle", Y, Y, "w"), BN_PLACE_KNOWN);
	ck_assert_int_eq(find(&here, "w/.binnacle", X, X, "w"), BN_PLACE_KNOWN);
	teardown();
}
END_TEST

/* A host's file with that line. */
static void put_paths(const char *host, const char *line)
{
	char what[100];
	bn_buf b = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	bn_buf_addf(&b, "binnacle paths 1\n%s", line);
	bn_host_file_finish(&b);
	snprintf(what, sizeof what, "paths/%s", host);
	ck_assert_bn_ok(bn_fs_write_file(bn_env_real(), remembered_path(&here, what), b.ptr, b.len,
				0600, &err),
		&err);
	bn_buf_release(&b);
}

START_TEST(test_paths_of_network_file_systems_count_on_every_host)
{
	char line[600];
	setup();
	learn(&here, "v/.binnacle", X, false); /* creates the directory */
	snprintf(line, sizeof line, "path 2 - 1 %s %s/w\n", X, top);
	put_paths("node7", line);
	ck_assert_int_eq(find(&here, "w/.binnacle", Y, X, "w"), BN_PLACE_OTHER);
	ck_assert_int_eq(find(&there, "w/.binnacle", Y, X, "w"), BN_PLACE_OTHER);
	ck_assert_int_eq(find(&there, "w/sub/.binnacle", Y, X, "w"), BN_PLACE_BENEATH);
	snprintf(line, sizeof line, "path 3 - 1 %s %s/w\n", Y, top);
	put_paths("node8", line);
	ck_assert_int_eq(find(&here, "w/.binnacle", Y, Y, "w"), BN_PLACE_KNOWN);
	learn(&here, "w/.binnacle", X, true); /* overrides the record of another host */
	ck_assert_int_eq(find(&here, "w/.binnacle", X, X, "w"), BN_PLACE_KNOWN);
	teardown();
}
END_TEST

START_TEST(test_directory_seen_through_another_mount_is_the_known_one)
{
	char line[600];
	struct stat st;
	setup();
	learn(&here, "v/.binnacle", X, false);
	/* A bind mount gives a directory a second path, like a link that was not resolved. */
	ck_assert_int_eq(symlink(at("w"), at("mount")), 0);
	ck_assert_int_eq(stat(at("w"), &st), 0);
	snprintf(line, sizeof line, "path 1 - %llu %s %s/mount\n", (unsigned long long)st.st_ino, Y,
		top);
	put_paths("node7", line);
	ck_assert_int_eq(find(&here, "w/.binnacle", X, Y, "mount"), BN_PLACE_OTHER);
	ck_assert_int_eq(find(&here, "w/.binnacle", Y, Y, "mount"), BN_PLACE_MOVED);
	ck_assert_int_eq(unlink(at("mount")), 0); /* the inode was reused */
	ck_assert_int_eq(find(&here, "w/.binnacle", X, X, "v"), BN_PLACE_MOVED);
	teardown();
}
END_TEST

START_TEST(test_forgetting_a_workspace_forgets_its_places)
{
	bn_err err = BN_ERR_INIT;
	setup();
	learn(&here, "w/.binnacle", X, false);
	learn(&here, "v/.binnacle", Y, false);
	ck_assert_bn_ok(bn_place_forget(&here.env, X, &err), &err);
	ck_assert_int_eq(find(&here, "w/.binnacle", Y, Y, "v"), BN_PLACE_MOVED);
	ck_assert_int_eq(find(&here, "w/sub/.binnacle", X, "", NULL), BN_PLACE_NEW);
	learn(&here, "w/.binnacle", X, false);
	ck_assert_int_eq(find(&here, "w/.binnacle", X, X, "w"), BN_PLACE_KNOWN);
	teardown();
}
END_TEST

START_TEST(test_damaged_places_are_said_and_mended_by_accepting)
{
	char path[500];
	bn_place p;
	bn_err err = BN_ERR_INIT;
	setup();
	learn(&here, "w/.binnacle", X, false);
	learn(&there, "v/.binnacle", X, false);
	snprintf(path, sizeof path, "%s", remembered_path(&here, "paths/node1"));
	ck_assert_int_eq(truncate(path, 30), 0);
	ck_assert_bn_ok(bn_place_find(&p, &there.env, at("v/.binnacle"), X, &err), &err);
	ck_assert_int_eq(p.kind, BN_PLACE_KNOWN);
	bn_place_release(&p);
	snprintf(path, sizeof path, "%s", remembered_path(&here, "paths/node2"));
	ck_assert_int_eq(truncate(path, 0), 0);
	ck_assert_bn_ok(bn_place_find(&p, &here.env, at("w/.binnacle"), X, &err), &err);
	ck_assert_int_eq(p.kind, BN_PLACE_UNREAD);
	ck_assert_ptr_nonnull(strstr(p.why, "/paths/node"));
	bn_place_release(&p);
	ck_assert_int_lt(bn_place_learn(&here.env, at("w/.binnacle"), X, false, NULL), 0);
	learn(&here, "w/.binnacle", X, true);
	ck_assert_int_eq(find(&here, "w/.binnacle", X, X, "w"), BN_PLACE_KNOWN);
	ck_assert_int_eq(find(&there, "v/.binnacle", X, "", NULL), BN_PLACE_NEW);
	teardown();
}
END_TEST

START_TEST(test_directory_that_others_may_write_to_is_not_believed)
{
	bn_place p;
	setup();
	learn(&here, "w/.binnacle", X, false);
	ck_assert_int_eq(chmod(remembered_path(&here, "paths"), 0777), 0);
	ck_assert_int_eq(bn_place_find(&p, &here.env, at("w/.binnacle"), X, NULL), 0);
	ck_assert_int_eq(p.kind, BN_PLACE_UNREAD);
	bn_place_release(&p);
	ck_assert_int_eq(bn_place_learn(&here.env, at("v/.binnacle"), X, true, NULL), BN_EREFUSED);
	teardown();
}
END_TEST

START_TEST(test_without_a_home_places_are_new)
{
	setup();
	here.homeless = true;
	bn_place p;
	ck_assert_int_eq(bn_place_find(&p, &here.env, at("w/.binnacle"), X, NULL), 0);
	ck_assert_int_eq(p.kind, BN_PLACE_NEW);
	ck_assert_ptr_nonnull(strstr(p.why, "home"));
	bn_place_release(&p);
	ck_assert_int_eq(bn_place_learn(&here.env, at("w/.binnacle"), X, false, NULL), BN_EIO);
	teardown();
}
END_TEST

START_TEST(test_path_that_is_not_there_is_an_error)
{
	bn_place p;
	setup();
	ck_assert_int_eq(bn_place_find(&p, &here.env, at("nowhere"), X, NULL), BN_ENOTFOUND);
	bn_place_release(&p);
	ck_assert_int_eq(bn_place_learn(&here.env, at("w/.binnacle"), "x", false, NULL), BN_EINVAL);
	teardown();
}
END_TEST

START_TEST(test_paths_with_any_byte_come_back)
{
	setup();
	make("a b%c\nd\xc3\xa9");
	learn(&here, "a b%c\nd\xc3\xa9/.binnacle", X, false);
	ck_assert_int_eq(find(&here, "a b%c\nd\xc3\xa9/.binnacle", X, X, "a b%c\nd\xc3\xa9"),
		BN_PLACE_KNOWN);
	teardown();
}
END_TEST

START_TEST(test_without_memory_places_fail_whole)
{
	setup();
	learn(&here, "w/.binnacle", X, false);
	for (long n = 1;; n++) {
		bn_place p;
		bn_alloc_fail_at(n);
		int found = bn_place_find(&p, &here.env, at("w/.binnacle"), Y, NULL);
		bn_alloc_fail_at(0);
		if (found == 0)
			ck_assert_int_eq(p.kind, BN_PLACE_OTHER);
		bn_place_release(&p);
		bn_alloc_fail_at(n);
		int learned = bn_place_learn(&here.env, at("v/.binnacle"), Y, false, NULL);
		bn_alloc_fail_at(0);
		if (found == 0 && learned == 0)
			break;
		ck_assert_int_lt(n, 1000);
	}
	ck_assert_int_eq(find(&here, "w/.binnacle", X, X, "w"), BN_PLACE_KNOWN);
	ck_assert_int_eq(find(&here, "v/.binnacle", Y, Y, "v"), BN_PLACE_KNOWN);
	teardown();
}
END_TEST

START_TEST(test_paths_that_are_gone_make_room_for_new_ones_and_others_stay)
{
	bn_buf text = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	setup();
	learn(&here, "w/.binnacle", X, false);
	for (int i = 0; i < BN_PLACES - 2; i++)
		bn_buf_addf(
			&text, "path 1 %s 5 %s /gone/%d\n", i % 2 ? "node1" : "container7", Y, i);
	bn_buf_addf(&text, "path 1 node1 5 %s %s\n", X, top);
	bn_buf_addf(&text, "path 1 - 5 %s /unmounted/team\n", X);
	put_paths("node1", text.ptr);
	learn(&here, "v/.binnacle", X, true);
	ck_assert_int_eq(find(&here, "v/.binnacle", X, X, "v"), BN_PLACE_KNOWN);
	bn_buf_clear(&text);
	ck_assert_bn_ok(
		bn_fs_read_file(bn_env_real(), remembered_path(&here, "paths/node1"), &text, &err),
		&err);
	ck_assert_ptr_null(strstr(text.ptr, "/gone/"));
	ck_assert_ptr_nonnull(strstr(text.ptr, "/unmounted/team"));
	bn_buf_release(&text);
	teardown();
}
END_TEST

BN_TEST_MAIN("core/govern/places", test_paths_that_are_gone_make_room_for_new_ones_and_others_stay,
	test_place_is_new_then_known,
	test_another_workspace_at_a_known_path_is_found_also_through_a_link,
	test_workspace_beneath_a_known_one_is_found_until_accepted,
	test_workspace_that_moved_is_noted, test_local_paths_are_of_their_host,
	test_paths_of_network_file_systems_count_on_every_host,
	test_directory_seen_through_another_mount_is_the_known_one,
	test_forgetting_a_workspace_forgets_its_places,
	test_damaged_places_are_said_and_mended_by_accepting,
	test_directory_that_others_may_write_to_is_not_believed, test_without_a_home_places_are_new,
	test_path_that_is_not_there_is_an_error, test_paths_with_any_byte_come_back,
	test_without_memory_places_fail_whole)
