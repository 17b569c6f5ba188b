/* Private versions of datasets: who may read them, which derived data are private too, and what the event contains.
 * Real accounts: tests/cli/private_data.sh. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/data/add.h"
#include "core/data/former.h"
#include "core/data/split.h"
#include "core/govern/authority.h"
#include "core/govern/policy.h"
#include "core/profile/profile.h"
#include "core/store/index/fold.h"
#include "core/store/object/object.h"
#include "core/table/table.h"
#include "tests/support/check_main.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const bn_fold_class *const classes[] = {
	&bn_authority_class, &bn_dataset_class, &bn_policy_class, NULL};

static char dir[64];
static bn_env env;
static bn_err err;

static bn_workspace *make(void)
{
	bn_workspace *ws = NULL;
	env = *bn_env_real();
	strcpy(dir, "/tmp/bn-private-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_bn_ok(bn_workspace_init(&env, dir, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, &env, classes, dir, &err), &err);
	return ws;
}

static void finish(bn_workspace *ws)
{
	bn_workspace_close(ws);
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
}

static uid_t somebody_else(const bn_env *e)
{
	(void)e;
	return geteuid() + 1;
}

static int add(bn_dataset_version **v, bool *added, bn_workspace *ws, const char *name,
	bn_dataset_privacy privacy, const char *csv)
{
	char *path = bn_workspace_path(ws, "tmp/rows.csv");
	ck_assert_int_eq(bn_fs_write_file(&env, path, csv, strlen(csv), 0600, NULL), 0);
	bn_err_clear(&err);
	int rc = bn_dataset_add(v, added, ws, name, privacy, NULL, path, NULL, NULL, &err);
	bn_free(path);
	return rc;
}

static bn_dataset_version *must_add(
	bn_workspace *ws, const char *name, bn_dataset_privacy privacy, const char *csv)
{
	bn_dataset_version *v = NULL;
	ck_assert_bn_ok(add(&v, NULL, ws, name, privacy, csv), &err);
	return v;
}

/* Whether the object is in the user's private place and not in the shared one. */
static bool lies_private(bn_workspace *ws, const char *hash)
{
	char *own = bn_workspace_path(ws, "objects/private-%lu/%s", (unsigned long)geteuid(), hash);
	char *all = bn_workspace_path(ws, "objects/%.2s/%s", hash, hash + 2);
	bool is = access(own, F_OK) == 0 && access(all, F_OK) != 0;
	bn_free(own);
	bn_free(all);
	return is;
}

static void refused(int rc)
{
	ck_assert_int_eq(rc, BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.msg, "is private: only "));
	bn_err_clear(&err);
}

START_TEST(test_private_version_is_read_by_its_user_alone)
{
	bn_workspace *ws = make();
	bn_table_reader *table = NULL;
	bn_profile *profile = NULL;
	bn_former former = BN_FORMER_INIT;
	bn_dataset_version *v = must_add(ws, "jobs", BN_DATASET_PRIVATE, "a,b\n1,x\n2,y\n");
	ck_assert(v->is_private);
	ck_assert_uint_eq(v->uid, geteuid());
	ck_assert(lies_private(ws, v->hash) && lies_private(ws, v->part) &&
		  lies_private(ws, v->profile_hash));
	ck_assert_bn_ok(bn_dataset_open_held(&table, ws, v, NULL, &err), &err);
	bn_table_reader_free(table);
	env.uid = somebody_else;
	refused(bn_dataset_open_table(&table, ws, v, &err));
	refused(bn_dataset_open_held(&table, ws, v, NULL, &err));
	refused(bn_dataset_verify(ws, v, NULL, &err));
	refused(bn_dataset_load_profile(&profile, ws, v, &err));
	refused(bn_former_load(&former, ws, "jobs", &err));
	bn_former_release(&former);
	bn_dataset_version_free(v);
	finish(ws);
}
END_TEST

START_TEST(test_private_version_keeps_what_is_made_from_it_private)
{
	bn_workspace *ws = make();
	bn_split_options o = {.kind = BN_SPLIT_RANDOM, .seed = 1};
	bn_dataset_version *parts[BN_SPLIT_MAX_PARTS] = {NULL}, *again = NULL;
	json_t *doc = NULL;
	json_t *suite = json_pack("{s:s}", "name", "s");
	json_t *result = json_pack("{s:b, s:s, s:[s]}", "success", 0, "suite_name", "s",
		"unexpected", "a row's value");
	bn_dataset_version *v =
		must_add(ws, "jobs", BN_DATASET_PRIVATE, "a\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n");
	ck_assert_bn_ok(bn_split_parts_parse(&o, "train=0.5,test=0.5", &err), &err);
	ck_assert_bn_ok(bn_dataset_split(parts, ws, v, &o, &err), &err);
	for (size_t i = 0; i < 2; i++) {
		ck_assert(parts[i]->is_private);
		ck_assert(lies_private(ws, parts[i]->part) && lies_private(ws, parts[i]->hash));
		bn_dataset_version_free(parts[i]);
	}
	ck_assert_bn_ok(bn_dataset_record_check(ws, v, suite, result, &err), &err);
	ck_assert_bn_ok(bn_dataset_resolve(&again, ws, "jobs@v1", BN_DATASET_LIVE, &err), &err);
	ck_assert(lies_private(ws, again->check_suite) && lies_private(ws, again->check_result));
	env.uid = somebody_else;
	refused(bn_dataset_load_json(&doc, ws, again, again->check_result, &err));
	refused(bn_dataset_record_check(ws, v, suite, result, &err));
	json_decref(suite);
	json_decref(result);
	bn_dataset_version_free(again);
	bn_dataset_version_free(v);
	finish(ws);
}
END_TEST

START_TEST(test_private_version_makes_the_next_private_until_shared_is_said)
{
	bn_workspace *ws = make();
	bn_dataset_version *v = must_add(ws, "jobs", BN_DATASET_AS_BEFORE, "a\n1\n");
	ck_assert(!v->is_private);
	bn_dataset_version_free(v);
	v = must_add(ws, "jobs", BN_DATASET_PRIVATE, "a\n2\n");
	bn_dataset_version_free(v);
	v = must_add(ws, "jobs", BN_DATASET_AS_BEFORE, "a\n3\n");
	ck_assert(v->is_private);
	bn_dataset_version_free(v);
	/* Also after all versions were removed. */
	ck_assert_bn_ok(bn_dataset_remove(ws, "jobs", 0, &err), &err);
	v = must_add(ws, "jobs", BN_DATASET_AS_BEFORE, "a\n4\n");
	ck_assert(v->is_private);
	bn_dataset_version_free(v);
	v = must_add(ws, "jobs", BN_DATASET_SHARED, "a\n5\n");
	ck_assert(!v->is_private);
	bn_dataset_version_free(v);
	v = must_add(ws, "jobs", BN_DATASET_AS_BEFORE, "a\n6\n");
	ck_assert(!v->is_private);
	bn_dataset_version_free(v);
	finish(ws);
}
END_TEST

START_TEST(test_private_bytes_are_the_same_only_among_ones_own)
{
	bn_workspace *ws = make();
	bool added = true;
	bn_dataset_version *v = must_add(ws, "jobs", BN_DATASET_PRIVATE, "a\n1\n"), *w = NULL;
	ck_assert_bn_ok(add(&w, &added, ws, "jobs", BN_DATASET_PRIVATE, "a\n1\n"), &err);
	ck_assert(!added && w->version == 1);
	bn_dataset_version_free(w);
	ck_assert_bn_ok(add(&w, &added, ws, "jobs", BN_DATASET_SHARED, "a\n1\n"), &err);
	ck_assert(added && w->version == 2 && !w->is_private);
	ck_assert_str_eq(w->part, v->part);
	bn_dataset_version_free(w);
	w = must_add(ws, "jobs", BN_DATASET_SHARED, "a\n2\n");
	ck_assert_int_eq(add(&v, &added, ws, "jobs", BN_DATASET_PRIVATE, "a\n2\n"), BN_ECONFLICT);
	ck_assert_ptr_nonnull(strstr(err.msg, "jobs@v3, which is not private"));
	bn_dataset_version_free(w);
	bn_dataset_version_free(v);
	finish(ws);
}
END_TEST

START_TEST(test_private_version_is_restored_by_its_user_alone)
{
	bn_workspace *ws = make();
	bn_dataset_version *v = must_add(ws, "jobs", BN_DATASET_PRIVATE, "a\n1\n"), *seen = NULL;
	ck_assert_bn_ok(bn_dataset_remove(ws, "jobs", 1, &err), &err);
	env.uid = somebody_else;
	ck_assert_bn_ok(
		bn_dataset_resolve(&seen, ws, "jobs@v1", BN_DATASET_REMOVED_TOO, &err), &err);
	ck_assert(seen->removed && !seen->bytes_gone);
	refused(bn_dataset_restore(ws, "jobs", 1, &err));
	env.uid = bn_env_real()->uid;
	ck_assert_bn_ok(bn_dataset_restore(ws, "jobs", 1, &err), &err);
	bn_dataset_version_free(seen);
	bn_dataset_version_free(v);
	finish(ws);
}
END_TEST

/* Parts of a split are in tmp/, which others can list, until they become objects. */
START_TEST(test_private_rows_are_not_shown_while_they_are_written)
{
	bn_workspace *ws = make();
	bn_table_writer *w = NULL;
	bn_schema schema = BN_SCHEMA_INIT;
	struct stat st;
	ck_assert_bn_ok(bn_schema_add(&schema, "a", BN_TYPE_INT64, true, NULL, &err), &err);
	ck_assert_bn_ok(
		bn_table_create(&w, &env, bn_workspace_at(ws), "tmp/part.arrow", &schema, &err),
		&err);
	ck_assert_bn_ok(bn_dir_stat(bn_workspace_at(ws), "tmp/part.arrow", &st, &err), &err);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	bn_table_writer_free(w);
	bn_schema_release(&schema);
	finish(ws);
}
END_TEST

BN_TEST_MAIN("core/data/private_version", test_private_version_is_read_by_its_user_alone,
	test_private_version_keeps_what_is_made_from_it_private,
	test_private_version_makes_the_next_private_until_shared_is_said,
	test_private_bytes_are_the_same_only_among_ones_own,
	test_private_version_is_restored_by_its_user_alone,
	test_private_rows_are_not_shown_while_they_are_written)
