/* test_proof_kept.c - a proof of a version is cached while nothing has changed, and a cache of another user is not
 * used. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/govern/trust.h"
#include "core/registry/proof.h"
#include "core/registry/proof_kept.h"
#include "tests/support/chain_people.h"
#include "tests/support/check_main.h"
#include "tests/support/registry_team.h"

#include <string.h>
#include <sys/stat.h>

static bn_err err = BN_ERR_INIT;
static team t;
static person *ann, *bob, *cleo, *dan;

static void must(int rc)
{
	ck_assert_bn_ok(rc, &err);
}

/* power/1 by cleo was approved by bob; by dan's clock, all files are old enough for a cached proof. */
static void setup(void)
{
	team_make_signed(&t, registry_team_classes);
	ann = &t.people[0];
	bob = &t.people[1];
	cleo = &t.people[2];
	dan = &t.people[3];
	person_link(ann,
		(bn_change[]){person_admitted(bob), person_admitted(cleo), person_admitted(dan)},
		3);
	person_link(ann, (bn_change[]){person_role(bob, BN_ROLE_REVIEWER, true)}, 1);
	team_register(cleo, "power", cleo, "{}");
	must(bn_version_request(cleo->ws, "power/1", "please", &err));
	must(bn_version_approve(bob->ws, "power/1", "fine", false, &err));
	dan->clock_offset_ms = (int64_t)30 * 365 * 86400 * 1000;
}

static bool is_kept(const char *spec)
{
	bn_kept_proof k;
	bn_version *v = NULL;
	bn_kept_proof_open(&k, dan->ws, spec);
	int rc = bn_kept_proof_get(&v, &k, &err);
	ck_assert_int_ge(rc, 0);
	if (rc == 1) {
		ck_assert_str_eq(v->name, "power");
		ck_assert_int_eq(v->version, 1);
		ck_assert_uint_gt(strlen(v->digest), 0);
		ck_assert_uint_eq(strlen(v->manifest), 64);
	}
	bn_version_free(v);
	bn_kept_proof_release(&k);
	return rc == 1;
}

/* Proves the version like a user of it. */
static int use(const char *spec)
{
	bn_kept_proof k;
	bn_model_view *view = NULL;
	bn_version *v = NULL;
	bn_kept_proof_open(&k, dan->ws, spec);
	int rc = bn_version_demand(&view, dan->ws, spec, &err);
	if (rc >= 0) {
		must(bn_version_get(&v, bn_model_view_workspace(view), spec, &err));
		bn_kept_proof_put(&k, dan->ws, v);
	}
	bn_version_free(v);
	bn_model_view_close(view);
	bn_kept_proof_release(&k);
	return rc;
}

/* The only entry in dan's cache; yours. */
static char *entry_path(char **dir)
{
	bn_names names = BN_NAMES_INIT;
	char *found = bn_strf("%s/%s/cache", dan->index, bn_workspace_id(dan->ws));
	if (!bn_fs_exists(bn_env_real(), found)) {
		bn_free(found);
		found = bn_strf("%s/cache", dan->index);
	}
	must(bn_fs_list_dir(bn_env_real(), found, &names, &err));
	ck_assert_uint_eq(names.count, 1);
	char *path = bn_path_join(found, names.items[0]);
	bn_names_release(&names);
	*dir = found;
	return path;
}

START_TEST(test_what_was_proven_is_remembered_for_that_name_alone)
{
	setup();
	ck_assert(!is_kept("power/1"));
	must(use("power/1"));
	ck_assert(is_kept("power/1"));
	ck_assert(!is_kept("power"));
	team_remove(&t);
}
END_TEST

START_TEST(test_what_changed_a_moment_ago_is_proven_again)
{
	setup();
	dan->clock_offset_ms = bn_env_now_ms(bn_env_real()) - t.clock_ns / 1000000;
	must(use("power/1"));
	ck_assert(!is_kept("power/1"));
	team_remove(&t);
}
END_TEST

START_TEST(test_any_record_more_has_it_proven_again)
{
	setup();
	must(use("power/1"));
	team_register(cleo, "other", cleo, "{}");
	ck_assert(!is_kept("power/1"));
	must(use("power/1"));
	ck_assert(is_kept("power/1"));
	/* bob, who approved it, is removed, and his decisions are void */
	person_link(ann, (bn_change[]){person_removed(bob)}, 1);
	ck_assert(!is_kept("power/1"));
	team_remove(&t);
}
END_TEST

START_TEST(test_file_of_the_log_that_was_written_to_has_it_proven_again)
{
	bn_names names = BN_NAMES_INIT, files = BN_NAMES_INIT;
	char *log = NULL, *dir = NULL, *path = NULL;
	setup();
	must(use("power/1"));
	ck_assert(is_kept("power/1"));
	log = bn_strf("%s/log", bn_workspace_root(dan->ws));
	must(bn_fs_list_dir(bn_env_real(), log, &names, &err));
	dir = bn_path_join(log, names.items[0]);
	must(bn_fs_list_dir(bn_env_real(), dir, &files, &err));
	path = bn_path_join(dir, files.items[0]);
	struct stat st;
	ck_assert_int_eq(stat(path, &st), 0);
	/* same bytes, same modification time, but a new change time, which cannot be set */
	ck_assert_int_eq(chmod(path, st.st_mode & 07777), 0);
	ck_assert(!is_kept("power/1"));
	bn_free(log);
	bn_free(dir);
	bn_free(path);
	bn_names_release(&names);
	bn_names_release(&files);
	team_remove(&t);
}
END_TEST

/* dan accepts the workspace, then forgets it: with another memory the proof is repeated. */
START_TEST(test_reader_who_remembers_something_else_proves_it_again)
{
	const bn_trust_options opt = {.start = t.dir};
	bn_trust *trust = NULL;
	setup();
	must(use("power/1"));
	ck_assert(is_kept("power/1"));
	must(bn_trust_look(&trust, dan->ws, &opt, &err));
	must(bn_trust_accept(trust, "accept", "", &err));
	ck_assert(!is_kept("power/1"));
	must(use("power/1"));
	ck_assert(is_kept("power/1"));
	must(bn_trust_forget(trust, &err));
	ck_assert(!is_kept("power/1"));
	bn_trust_free(trust);
	team_remove(&t);
}
END_TEST

static int (*peoples_fstat)(const bn_env *env, int fd, struct stat *st);

static int files_are_bobs(const bn_env *env, int fd, struct stat *st)
{
	int e = peoples_fstat(env, fd, st);
	if (e == 0 && S_ISREG(st->st_mode))
		st->st_uid = bob->uid;
	return e;
}

/* Files that others could have put there: owned by them, in a directory or file that they may write to, or damaged. */
START_TEST(test_planted_proof_is_not_believed)
{
	char *dir = NULL, *path = NULL;
	bn_buf bytes = BN_BUF_INIT;
	setup();
	must(use("power/1"));
	path = entry_path(&dir);
	must(bn_fs_read_file(bn_env_real(), path, &bytes, &err));

	ck_assert_int_eq(chmod(dir, 0770), 0);
	ck_assert(!is_kept("power/1"));
	ck_assert_int_eq(chmod(dir, 0700), 0);
	ck_assert(is_kept("power/1"));

	ck_assert_int_eq(chmod(path, 0660), 0);
	ck_assert(!is_kept("power/1"));

	must(bn_fs_write_file(&dan->env, path, bytes.ptr, bytes.len, 0600, &err));
	ck_assert(is_kept("power/1"));
	const bn_fs_ops *fs = dan->env.fs;
	bn_fs_ops as_bobs = *fs;
	peoples_fstat = fs->fstat;
	as_bobs.fstat = files_are_bobs;
	dan->env.fs = &as_bobs;
	ck_assert(!is_kept("power/1"));
	dan->env.fs = fs;

	must(use("power/1"));
	ck_assert(is_kept("power/1"));
	must(bn_fs_write_file(&dan->env, path, bytes.ptr, bytes.len - 2, 0600, &err));
	ck_assert(!is_kept("power/1"));
	bn_buf_release(&bytes);
	bn_free(dir);
	bn_free(path);
	team_remove(&t);
}
END_TEST

BN_TEST_MAIN("core/registry/proof_kept", test_what_was_proven_is_remembered_for_that_name_alone,
	test_what_changed_a_moment_ago_is_proven_again, test_any_record_more_has_it_proven_again,
	test_file_of_the_log_that_was_written_to_has_it_proven_again,
	test_reader_who_remembers_something_else_proves_it_again,
	test_planted_proof_is_not_believed)
