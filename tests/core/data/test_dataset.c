/* The dataset catalogue in a real workspace: versions, names, lineage, removal, checks. */
#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/data/dataset.h"
#include "core/data/generate.h"
#include "core/data/split.h"
#include "core/govern/audit.h"
#include "core/govern/authority.h"
#include "core/govern/policy.h"
#include "core/profile/profile.h"
#include "core/profile/profiler.h"
#include "core/store/index/fold.h"
#include "core/store/object/gc.h"
#include "core/store/object/manifest.h"
#include "core/store/object/object.h"
#include "core/store/workspace.h"
#include "core/table/table.h"
#include "tests/support/check_main.h"
#include "tests/support/objects.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const bn_fold_class *const classes[] = {
	&bn_authority_class, &bn_dataset_class, &bn_policy_class, NULL};

static bn_workspace *workspace_new(char dir[64])
{
	bn_err err = BN_ERR_INIT;
	bn_workspace *ws = NULL;
	strcpy(dir, "/tmp/bn-dataset-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_bn_ok(bn_workspace_init(bn_env_real(), dir, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, bn_env_real(), classes, dir, &err), &err);
	return ws;
}

static void workspace_end(bn_workspace *ws, const char *dir)
{
	bn_workspace_close(ws);
	bn_fs_remove_tree(bn_env_real(), dir, NULL);
}

/* Generates a table and publishes it as `name`. */
static bn_dataset_version *add(
	bn_workspace *ws, const char *name, uint64_t rows, uint64_t seed, bool *added)
{
	bn_err err = BN_ERR_INIT;
	bn_dataset_version *v = NULL;
	char *path = bn_workspace_path(ws, "tmp/test.arrow");
	bn_generate_options o = {.rows = rows, .seed = seed};
	ck_assert_bn_ok(bn_generate_jobs(bn_env_real(), NULL, path, &o, &err), &err);
	bn_dataset_draft d = {.name = name,
		.table_path = path,
		.take = true,
		.source_kind = "generate",
		.rejected = 0};
	ck_assert_bn_ok(bn_dataset_publish(&v, added, ws, &d, &err), &err);
	bn_free(path);
	return v;
}

static int64_t version_of(bn_workspace *ws, const char *ref, bn_err *err)
{
	bn_dataset_version *v = NULL;
	int rc = bn_dataset_resolve(&v, ws, ref, BN_DATASET_LIVE, err);
	int64_t n = rc ? rc : v->version;
	bn_dataset_version_free(rc ? NULL : v);
	return n;
}

START_TEST(test_dataset_versions_are_numbered_and_named)
{
	char dir[64], ref[100];
	bn_err err = BN_ERR_INIT;
	bool added = false;
	bn_workspace *ws = workspace_new(dir);
	bn_dataset_version *one = add(ws, "jobs", 50, 1, &added);
	ck_assert(added);
	ck_assert_int_eq(one->version, 1);
	ck_assert_int_eq(one->rows, 50);
	ck_assert_int_eq(one->columns, 34);
	ck_assert_str_eq(one->source_kind, "generate");
	bn_dataset_version *two = add(ws, "jobs", 60, 2, &added);
	ck_assert_int_eq(two->version, 2);
	ck_assert_int_eq(version_of(ws, "jobs", &err), 2);
	ck_assert_int_eq(version_of(ws, "jobs@latest", &err), 2);
	ck_assert_int_eq(version_of(ws, "jobs@v1", &err), 1);
	snprintf(ref, sizeof ref, "jobs@sha256:%.10s", one->hash);
	ck_assert_int_eq(version_of(ws, ref, &err), 1);
	ck_assert_int_eq(err.code, 0);
	bn_dataset_version_free(one);
	bn_dataset_version_free(two);
	workspace_end(ws, dir);
}
END_TEST

START_TEST(test_dataset_adding_the_same_bytes_adds_no_version)
{
	char dir[64];
	bool added = true;
	bn_workspace *ws = workspace_new(dir);
	bn_dataset_version *a = add(ws, "jobs", 50, 1, &added), *b = add(ws, "jobs", 50, 1, &added);
	ck_assert(!added);
	ck_assert_int_eq(b->version, 1);
	ck_assert_str_eq(a->hash, b->hash);
	bn_dataset_version *other = add(ws, "other", 50, 1, &added); /* has its own versions */
	ck_assert(added);
	bn_dataset_version_free(a);
	bn_dataset_version_free(b);
	bn_dataset_version_free(other);
	workspace_end(ws, dir);
}
END_TEST

START_TEST(test_dataset_wrong_names_get_an_error_that_helps)
{
	static const struct {
		const char *ref;
		int code;
		const char *says;
	} bad[] = {{"jbos", BN_ENOTFOUND, "jobs"}, {"jobs@v7", BN_ENOTFOUND, "jobs@v1"},
		{"jobs@3", BN_EINVAL, "NAME@v3"}, {"../x", BN_EINVAL, "NAME"},
		{"jobs@sha256:zz", BN_EINVAL, ""}, {"jobs@v0", BN_EINVAL, "NAME@v3"},
		{"", BN_EINVAL, "NAME"}};
	char dir[64];
	bn_workspace *ws = workspace_new(dir);
	bn_dataset_version_free(add(ws, "jobs", 5, 1, NULL));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		bn_err err = BN_ERR_INIT;
		ck_assert_msg(version_of(ws, bad[i].ref, &err) == bad[i].code, "%s: %s", bad[i].ref,
			err.msg);
		ck_assert_msg(
			strstr(err.hint, bad[i].says) != NULL, "%s: %s", bad[i].ref, err.hint);
	}
	workspace_end(ws, dir);
}
END_TEST

START_TEST(test_dataset_table_and_profile_can_be_opened)
{
	char dir[64];
	bn_err err = BN_ERR_INIT;
	bn_table_reader *t = NULL;
	bn_profile *p = NULL;
	bn_workspace *ws = workspace_new(dir);
	bn_dataset_version *v = add(ws, "jobs", 50, 1, NULL);
	ck_assert_bn_ok(bn_dataset_open_table(&t, ws, v, &err), &err);
	ck_assert_uint_eq(bn_table_rows(t), 50);
	ck_assert_bn_ok(bn_dataset_load_profile(&p, ws, v, &err), &err);
	ck_assert_uint_eq(p->rows, 50);
	ck_assert_ptr_nonnull(bn_profile_find(p, "user_id"));
	bn_profile_free(p);
	bn_table_reader_free(t);
	bn_dataset_version_free(v);
	workspace_end(ws, dir);
}
END_TEST

/* That of 100 000 columns has 100 MB. */
START_TEST(test_dataset_profile_of_a_wide_table_can_be_read)
{
	enum { LONG = 66 << 20 };
	static const char key[] = "\"name\":\"";
	char dir[64];
	bn_err err = BN_ERR_INIT;
	bn_profile *p = NULL;
	bn_buf stored = BN_BUF_INIT, large = BN_BUF_INIT;
	bn_workspace *ws = workspace_new(dir);
	bn_dataset_version *v = add(ws, "jobs", 50, 1, NULL);
	ck_assert_bn_ok(bn_object_load(&stored, ws, v->profile_hash, SIZE_MAX, &err), &err);
	const char *at = strstr(stored.ptr, key) + strlen(key);
	bn_buf_add(&large, stored.ptr, (size_t)(at - stored.ptr));
	ck_assert_int_eq(bn_buf_reserve(&large, LONG), 0);
	memset(large.ptr + large.len, 'a', LONG);
	large.len += LONG;
	bn_buf_adds(&large, at);
	ck_assert_bn_ok(bn_object_put(ws, large.ptr, large.len, v->profile_hash, &err), &err);
	ck_assert_bn_ok(bn_dataset_load_profile(&p, ws, v, &err), &err);
	ck_assert_uint_gt(strlen(p->columns[0].name), LONG);
	bn_profile_free(p);
	bn_buf_release(&stored);
	bn_buf_release(&large);
	bn_dataset_version_free(v);
	workspace_end(ws, dir);
}
END_TEST

START_TEST(test_dataset_removed_is_hidden_and_comes_back)
{
	char dir[64];
	bn_err err = BN_ERR_INIT;
	bn_dataset_list *list = NULL;
	bn_workspace *ws = workspace_new(dir);
	bn_dataset_version_free(add(ws, "jobs", 5, 1, NULL));
	bn_dataset_version_free(add(ws, "jobs", 6, 1, NULL));
	ck_assert_bn_ok(bn_dataset_remove(ws, "jobs", 2, &err), &err);
	ck_assert_int_eq(version_of(ws, "jobs", &err), 1);
	ck_assert_int_eq(version_of(ws, "jobs@v2", &err), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(err.hint, "data restore jobs@v2"));
	bn_err_clear(&err);
	ck_assert_int_eq(bn_dataset_remove(ws, "jobs", 2, &err), BN_ECONFLICT);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_dataset_remove(ws, "jobs", 0, &err), &err);
	ck_assert_bn_ok(bn_dataset_list_load(&list, ws, BN_DATASET_LIVE, &err), &err);
	ck_assert_uint_eq(list->count, 0);
	bn_dataset_list_free(list);
	ck_assert_bn_ok(bn_dataset_list_load(&list, ws, BN_DATASET_REMOVED_TOO, &err), &err);
	ck_assert_uint_eq(list->count, 1);
	ck_assert(list->rows[0].removed);
	bn_dataset_list_free(list);
	/* restoring the dataset restores versions removed with it, not those removed individually */
	ck_assert_bn_ok(bn_dataset_restore(ws, "jobs", 0, &err), &err);
	ck_assert_int_eq(version_of(ws, "jobs", &err), 1);
	bool added = true;
	bn_dataset_version *v = add(ws, "jobs", 6, 1, &added); /* the same bytes: restored */
	ck_assert(!added);
	ck_assert_int_eq(v->version, 2);
	ck_assert(!v->removed);
	bn_dataset_version_free(v);
	ck_assert_int_eq(bn_dataset_remove(ws, "nothing", 0, &err), BN_ENOTFOUND);
	workspace_end(ws, dir);
}
END_TEST

START_TEST(test_dataset_tags_and_checks_hang_on_their_version)
{
	char dir[64];
	bn_err err = BN_ERR_INIT;
	bn_dataset_version *again = NULL;
	bn_workspace *ws = workspace_new(dir);
	bn_dataset_version *v = add(ws, "jobs", 5, 1, NULL);
	ck_assert_bn_ok(bn_dataset_tag(ws, v, "stage", "gold", &err), &err);
	ck_assert_bn_ok(bn_dataset_tag(ws, v, "a", "1", &err), &err);
	ck_assert_bn_ok(bn_dataset_tag(ws, v, "a", NULL, &err), &err);
	ck_assert_int_eq(bn_dataset_tag(ws, v, "a", NULL, &err), BN_ENOTFOUND);
	bn_err_clear(&err);
	json_t *suite = json_pack("{s:s}", "name", "s");
	json_t *result = json_pack("{s:b, s:s, s:{s:i, s:i}}", "success", 0, "suite_name", "s",
		"statistics", "evaluated_expectations", 3, "unsuccessful_expectations", 1);
	ck_assert_bn_ok(bn_dataset_record_check(ws, v, suite, result, &err), &err);
	ck_assert_bn_ok(bn_dataset_resolve(&again, ws, "jobs", BN_DATASET_LIVE, &err), &err);
	ck_assert_uint_eq(again->tag_count, 1);
	ck_assert_str_eq(again->tag_values[0], "gold");
	ck_assert(again->checked_ms > 0 && !again->check_success);
	ck_assert_int_eq(again->check_evaluated, 3);
	ck_assert_int_eq(again->check_failed, 1);
	json_t *stored = NULL;
	ck_assert_bn_ok(bn_dataset_load_json(&stored, ws, again, again->check_result, &err), &err);
	ck_assert(json_equal(stored, result));
	json_decref(stored);
	json_decref(suite);
	json_decref(result);
	bn_dataset_version_free(v);
	bn_dataset_version_free(again);
	workspace_end(ws, dir);
}
END_TEST

START_TEST(test_dataset_split_publishes_parts_with_lineage)
{
	char dir[64];
	bn_err err = BN_ERR_INIT;
	bn_dataset_version *parts[BN_SPLIT_MAX_PARTS] = {NULL};
	bn_dataset_versions *children = NULL;
	bn_workspace *ws = workspace_new(dir);
	bn_dataset_version *v = add(ws, "jobs", 100, 1, NULL);
	bn_split_options o = {.seed = 4};
	ck_assert_bn_ok(bn_split_parts_parse(&o, "train=0.8,test=0.2", &err), &err);
	ck_assert_bn_ok(bn_dataset_split(parts, ws, v, &o, &err), &err);
	ck_assert_str_eq(parts[0]->name, "jobs.train");
	ck_assert_int_eq(parts[0]->rows, 80);
	ck_assert_int_eq(parts[1]->rows, 20);
	ck_assert_uint_eq(parts[1]->parent_count, 1);
	ck_assert_str_eq(parts[1]->parents[0].hash, v->hash);
	ck_assert_ptr_nonnull(strstr(parts[1]->recipe, "\"seed\":4"));
	ck_assert_bn_ok(bn_dataset_children_load(&children, ws, "jobs", 1, &err), &err);
	ck_assert_uint_eq(children->count, 2);
	bn_dataset_versions_free(children);
	for (int i = 0; i < 2; i++)
		bn_dataset_version_free(parts[i]);
	/* splitting again gives the same bytes, so the same versions */
	ck_assert_bn_ok(bn_dataset_split(parts, ws, v, &o, &err), &err);
	ck_assert_int_eq(parts[0]->version, 1);
	for (int i = 0; i < 2; i++)
		bn_dataset_version_free(parts[i]);
	bn_dataset_version_free(v);
	workspace_end(ws, dir);
}
END_TEST

static uid_t somebody_else(const bn_env *env)
{
	(void)env;
	return 4242;
}

START_TEST(test_dataset_removal_needs_the_policys_leave)
{
	char dir[64];
	bn_err err = BN_ERR_INIT;
	bn_workspace *ws = workspace_new(dir);
	bn_dataset_version_free(add(ws, "jobs", 5, 1, NULL));
	bn_workspace_close(ws);
	bn_env env = *bn_env_real();
	ck_assert_bn_ok(bn_workspace_open(&ws, &env, classes, dir, &err), &err);
	ck_assert_int_eq(version_of(ws, "jobs", &err), 1);
	env.uid = somebody_else; /* users other than the workspace's owner are developers */
	ck_assert_int_eq(bn_dataset_remove(ws, "jobs", 1, &err), BN_EREFUSED);
	ck_assert_msg(strstr(err.msg, "may not remove") != NULL, "%s", err.msg);
	bn_err_clear(&err);
	env.uid = bn_env_real()->uid;
	ck_assert_int_eq(version_of(ws, "jobs", &err), 1);
	workspace_end(ws, dir);
}
END_TEST

START_TEST(test_dataset_malformed_events_change_nothing)
{
	static const char cut[] = "{\"version\":1,\"rows\":3,\"columns\":1,\"size\":5,"
				  "\"hash\":\"ab\",\"schema_hash\":\"cd\"}";
	static const char *const bad[] = {
		"{}", "{\"version\":-1}", "{\"version\":1,\"rows\":3}", cut};
	static const char *const kinds[] = {"dataset.version", "dataset.checked", "dataset.tag",
		"dataset.removed", "dataset.x"};
	char dir[64];
	bn_err err = BN_ERR_INIT;
	bn_workspace *ws = workspace_new(dir);
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
		for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
			json_t *p = json_loads(bad[i], 0, NULL);
			ck_assert_bn_ok(
				bn_workspace_append(ws, kinds[k], "dataset/jobs", p, &err), &err);
			json_decref(p);
		}
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
	bn_dataset_list *list = NULL;
	ck_assert_bn_ok(bn_dataset_list_load(&list, ws, BN_DATASET_REMOVED_TOO, &err), &err);
	ck_assert_uint_eq(list->count, 0);
	bn_dataset_list_free(list);
	workspace_end(ws, dir);
}
END_TEST

/* A table with a number, an int64, a time, a category and a text; words are the categories of its rows. */
static void write_table(const char *path, const char *const *words, size_t n, double start)
{
	bn_err err = BN_ERR_INIT;
	bn_schema s = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	ck_assert_bn_ok(bn_schema_add(&s, "x", BN_TYPE_FLOAT64, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_schema_add(&s, "i", BN_TYPE_INT64, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_schema_add(&s, "t", BN_TYPE_TIMESTAMP, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_schema_add(&s, "c", BN_TYPE_CATEGORY, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_schema_add(&s, "s", BN_TYPE_STRING, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_schema_add(&s, "none", BN_TYPE_INT32, true, NULL, &err), &err);
	ck_assert_bn_ok(bn_table_create(&w, bn_env_real(), NULL, path, &s, &err), &err);
	for (size_t r = 0; r < n; r++) {
		if (r != 1)
			bn_table_row_f64(w, 0, start + (double)r);
		bn_table_row_i64(w, 1, INT64_C(9007199254740993) + (int64_t)r);
		bn_table_row_i64(w, 2, INT64_C(1700000000000000001) + (int64_t)r);
		bn_table_row_text(w, 3, words[r], strlen(words[r]));
		bn_table_row_text(w, 4, words[n - 1 - r], strlen(words[n - 1 - r]));
		ck_assert_bn_ok(bn_table_row_end(w, &err), &err);
	}
	ck_assert_bn_ok(bn_table_writer_finish(w, &err), &err);
	bn_table_writer_free(w);
	bn_schema_release(&s);
}

static const char *const words[] = {"bee", "ant", "a text of more than thirty-two bytes", "cow"};

static bn_dataset_version *add_table(bn_workspace *ws, const char *path, bool *added)
{
	bn_err err = BN_ERR_INIT;
	bn_dataset_version *v = NULL;
	bn_dataset_draft d = {.name = "t", .table_path = path, .source_kind = "arrow"};
	ck_assert_bn_ok(bn_dataset_publish(&v, added, ws, &d, &err), &err);
	return v;
}

START_TEST(test_dataset_version_is_a_manifest_with_statistics)
{
	char dir[64], ref[100], *path = NULL, *text = NULL;
	bn_err err = BN_ERR_INIT;
	bn_manifest m;
	bool added = false;
	bn_workspace *ws = workspace_new(dir);
	path = bn_workspace_path(ws, "tmp/t.arrow");
	write_table(path, words, 4, 0.5);
	bn_dataset_version *v = add_table(ws, path, &added);
	ck_assert(added);
	ck_assert_str_ne(v->hash, v->part);
	ck_assert_int_eq(v->parts, 1);
	ck_assert_bn_ok(bn_manifest_load(&m, ws, v->hash, &err), &err);
	ck_assert_str_eq(m.content, v->content);
	ck_assert_uint_eq(m.count, 1);
	ck_assert_str_eq(m.parts[0].hash, v->part);
	ck_assert_uint_eq(m.rows, 4);
	ck_assert_uint_eq(m.bytes, v->size_bytes);
	text = json_dumps(m.parts[0].stats, JSON_COMPACT | JSON_REAL_PRECISION(17));
	ck_assert_str_eq(text, "[[0.5,3.5,1],[\"9007199254740993\",\"9007199254740996\",0],"
			       "[\"1700000000000000001\",\"1700000000000000004\",0],"
			       "[\"a text of more than thirty-two b\",\"cow\",0],"
			       "[\"a text of more than thirty-two b\",\"cow\",0],[null,null,4]]");
	free(text);
	/* the hash of the version, or of its only part */
	snprintf(ref, sizeof ref, "t@sha256:%.8s", v->hash);
	ck_assert_int_eq(version_of(ws, ref, &err), 1);
	snprintf(ref, sizeof ref, "t@sha256:%.8s", v->part);
	ck_assert_int_eq(version_of(ws, ref, &err), 1);
	bn_manifest_release(&m);
	bn_dataset_version_free(v);
	bn_free(path);
	workspace_end(ws, dir);
}
END_TEST

static void append_version(bn_workspace *ws, unsigned class_version, json_t *payload)
{
	bn_err err = BN_ERR_INIT;
	ck_assert_ptr_nonnull(payload);
	if (class_version > 1)
		ck_assert_bn_ok(bn_workspace_append_version(ws, class_version, "dataset.version",
					"dataset/t", payload, &err),
			&err);
	else
		ck_assert_bn_ok(
			bn_workspace_append(ws, "dataset.version", "dataset/t", payload, &err),
			&err);
	ck_assert_bn_ok(bn_workspace_sync(ws, &err), &err);
	json_decref(payload);
}

static void schema_hash_of(const char *path, char hash[65])
{
	bn_err err = BN_ERR_INIT;
	bn_table_reader *t = NULL;
	ck_assert_bn_ok(bn_table_open(&t, bn_env_real(), path, &err), &err);
	bn_buf text = BN_BUF_INIT;
	ck_assert_bn_ok(bn_schema_json(&text, bn_table_schema(t), &err), &err);
	bn_sha256_hex(text.ptr, text.len, hash);
	bn_buf_release(&text);
	bn_table_reader_free(t);
}

/* In the first format the Arrow file identifies the version, and equal bytes are still the same version. */
START_TEST(test_dataset_version_of_the_first_format_goes_on)
{
	char dir[64], hash[65], schema_hash[65], ref[100], *path = NULL;
	bn_err err = BN_ERR_INIT;
	bn_table_reader *t = NULL;
	uint64_t size = 0;
	int64_t number = 0;
	bool added = true;
	bn_workspace *ws = workspace_new(dir);
	path = bn_workspace_path(ws, "tmp/t.arrow");
	write_table(path, words, 4, 0.5);
	schema_hash_of(path, schema_hash);
	ck_assert_bn_ok(bn_object_put_file(ws, path, false, hash, &size, &err), &err);
	ck_assert_bn_ok(bn_claim_next(ws, "dataset/t", hash, &number, &err), &err);
	append_version(ws, 1,
		json_pack("{s:i, s:s, s:I, s:i, s:i, s:s, s:{s:s}}", "version", 1, "hash", hash,
			"size", (json_int_t)size, "rows", 4, "columns", 6, "schema_hash",
			schema_hash, "source", "kind", "arrow"));
	snprintf(ref, sizeof ref, "t@sha256:%.12s", hash);
	ck_assert_int_eq(version_of(ws, ref, &err), 1);
	bn_dataset_version *v = add_table(ws, path, &added);
	ck_assert(!added);
	ck_assert_int_eq(v->version, 1);
	ck_assert_str_eq(v->hash, hash);
	ck_assert_str_eq(v->part, hash);
	ck_assert_bn_ok(bn_dataset_open_table(&t, ws, v, &err), &err);
	ck_assert_uint_eq(bn_table_rows(t), 4);
	bn_table_reader_free(t);
	bn_dataset_version_free(v);
	/* other bytes make a new version, in the new format */
	write_table(path, words, 4, 0.75);
	v = add_table(ws, path, &added);
	ck_assert(added);
	ck_assert_int_eq(v->version, 2);
	ck_assert_str_ne(v->hash, v->part);
	bn_dataset_version_free(v);
	bn_free(path);
	workspace_end(ws, dir);
}
END_TEST

/* Stores tables of these words as the parts of one version. */
static void add_parts(bn_workspace *ws, int version, const char *const *const *parts,
	const size_t *rows, size_t n)
{
	bn_err err = BN_ERR_INIT;
	bn_manifest m;
	char hash[65], schema_hash[65], *path = bn_workspace_path(ws, "tmp/part.arrow");
	bn_manifest_init(&m, BN_MANIFEST_TABLE);
	for (size_t i = 0; i < n; i++) {
		bn_manifest_part p = {.rows = rows[i]};
		write_table(path, parts[i], rows[i], (double)i * 100);
		schema_hash_of(path, schema_hash);
		if (!m.schema) {
			bn_table_reader *t = NULL;
			ck_assert_bn_ok(bn_table_open(&t, bn_env_real(), path, &err), &err);
			bn_buf text = BN_BUF_INIT;
			ck_assert_bn_ok(bn_schema_json(&text, bn_table_schema(t), &err), &err);
			m.schema = bn_buf_take(&text, NULL);
			bn_table_reader_free(t);
		}
		ck_assert_bn_ok(bn_object_put_file(ws, path, false, p.hash, &p.bytes, &err), &err);
		ck_assert_bn_ok(bn_manifest_add(&m, &p, &err), &err);
	}
	ck_assert_bn_ok(bn_manifest_seal(&m, &err), &err);
	ck_assert_bn_ok(bn_manifest_store(ws, &m, hash, &err), &err);
	append_version(ws, 2,
		json_pack("{s:i, s:s, s:s, s:i, s:I, s:I, s:i, s:s, s:{s:s}}", "version", version,
			"manifest", hash, "content", m.content, "parts", (int)n, "size",
			(json_int_t)m.bytes, "rows", (json_int_t)m.rows, "columns", 6,
			"schema_hash", schema_hash, "source", "kind", "arrow"));
	bn_manifest_release(&m);
	bn_free(path);
}

START_TEST(test_dataset_scan_goes_over_the_parts_in_order)
{
	static const char *const one[] = {"bee", "ant"}, *const two[] = {"bee", "ant", "cow"},
				 *const other[] = {"ant", "bee"};
	const char *const *const parts[] = {one, two};
	const char *const *const wrong[] = {one, other};
	const size_t rows[] = {2, 3};
	const size_t wrong_rows[] = {2, 2};
	static const double x[] = {0, NAN, 100, NAN, 102};
	static const char *const text[] = {"bee", "ant", "bee", "ant", "cow"};
	char dir[64];
	bn_err err = BN_ERR_INIT, e = BN_ERR_INIT;
	bn_dataset_version *v = NULL;
	bn_table_reader *t = NULL;
	bn_batch b = BN_BATCH_INIT;
	bn_profile *p = NULL;
	size_t batch = 9, row = 9, seen = 0;
	bn_workspace *ws = workspace_new(dir);
	add_parts(ws, 1, parts, rows, 2);
	add_parts(ws, 2, wrong, wrong_rows, 2);
	ck_assert_bn_ok(bn_dataset_resolve(&v, ws, "t@v1", BN_DATASET_LIVE, &err), &err);
	ck_assert_int_eq(v->parts, 2);
	ck_assert_str_eq(v->part, "");
	ck_assert_bn_ok(bn_dataset_open_table(&t, ws, v, &err), &err);
	bn_dataset_version_free(v);
	ck_assert_uint_eq(bn_table_rows(t), 5);
	ck_assert_uint_eq(bn_table_batches(t), 2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_bn_ok(bn_table_read(t, i, NULL, 0, &b, &err), &err);
		ck_assert_uint_eq(b.first_row, seen);
		ck_assert_ptr_eq(b.columns[3].dict, bn_table_dict(t, 3));
		for (size_t r = 0; r < b.rows; r++, seen++) {
			bn_text word = bn_column_text(&b.columns[3], r);
			double got = bn_column_number(&b.columns[0], r);
			ck_assert_mem_eq(word.ptr, text[seen], word.len);
			ck_assert(got == x[seen] || (got != got && x[seen] != x[seen]));
		}
		bn_table_forget(t, &b);
	}
	ck_assert_uint_eq(seen, 5);
	ck_assert_bn_ok(bn_table_locate(t, 4, &batch, &row, &err), &err);
	ck_assert(batch == 1 && row == 2);
	ck_assert_int_eq(bn_table_locate(t, 5, &batch, &row, NULL), BN_EINVAL);
	ck_assert_bn_ok(bn_profile_table(&p, t, 0, NULL, &err), &err);
	ck_assert_uint_eq(p->rows, 5);
	ck_assert_uint_eq(bn_profile_find(p, "c")->distinct, 3);
	bn_profile_free(p);
	bn_batch_release(&b);
	bn_table_reader_free(t);
	/* its dictionary does not extend that of the part before */
	ck_assert_bn_ok(bn_dataset_resolve(&v, ws, "t@v2", BN_DATASET_LIVE, &err), &err);
	ck_assert_int_eq(bn_dataset_open_table(&t, ws, v, &e), BN_ECORRUPT);
	ck_assert_msg(strstr(e.msg, "its dictionary does not begin with") != NULL, "%s", e.msg);
	bn_dataset_version_free(v);
	workspace_end(ws, dir);
}
END_TEST

/* Makes every object old enough for gc. */
static int make_one_old(void *ctx, const char *hash, const bn_object_info *info, bn_err *err)
{
	(void)info;
	(void)err;
	char *path = NULL;
	struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	ck_assert_int_eq(object_path(ctx, hash, &path, NULL), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, old, 0), 0);
	bn_free(path);
	return 0;
}

static bn_gc_report collect(bn_workspace *ws, int64_t retention_ms)
{
	bn_err err = BN_ERR_INIT;
	bn_object_store *objects = NULL;
	bn_gc_report r;
	bn_gc_options o = {.retention_ms = retention_ms, .tmp_ms = BN_GC_TMP_MS};
	ck_assert_bn_ok(bn_workspace_objects(&objects, ws, &err), &err);
	ck_assert_bn_ok(bn_object_list(objects, make_one_old, ws, &err), &err);
	ck_assert_bn_ok(bn_gc_run(&r, ws, &o, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(ws, NULL, &err), &err);
	return r;
}

static void check_audit(bn_workspace *ws, uint64_t faults)
{
	bn_err err = BN_ERR_INIT;
	bn_audit_report *r = NULL;
	ck_assert_bn_ok(bn_audit_verify(&r, ws, NULL, &err), &err);
	ck_assert_msg(r->faults == faults, "%s", r->first_fault);
	bn_audit_report_free(r);
}

START_TEST(test_dataset_removed_is_freed_after_its_release_date)
{
	char dir[64], *path = NULL;
	bn_err err = BN_ERR_INIT, e = BN_ERR_INIT;
	bool added = false;
	bn_dataset_version *v = NULL, *other = NULL;
	bn_workspace *ws = workspace_new(dir);
	path = bn_workspace_path(ws, "tmp/t.arrow");
	write_table(path, words, 4, 0.5);
	v = add_table(ws, path, NULL);
	write_table(path, words, 3, 0.5);
	other = add_table(ws, path, NULL);
	ck_assert_uint_eq(collect(ws, 0).objects, 0); /* the version is live */
	ck_assert_bn_ok(bn_dataset_remove(ws, "t", 1, &err), &err);
	ck_assert_uint_eq(collect(ws, BN_GC_RETENTION_MS).objects, 0); /* within its retention */
	check_audit(ws, 0);
	ck_assert_bn_ok(bn_dataset_restore(ws, "t", 1, &err), &err);
	ck_assert_uint_eq(collect(ws, -1000).objects, 0);
	ck_assert_bn_ok(bn_dataset_remove(ws, "t", 1, &err), &err);
	ck_assert_uint_eq(collect(ws, -1000).objects, 3); /* manifest, table, profile */
	ck_assert(!bn_object_is_here(ws, v->hash) && !bn_object_is_here(ws, v->part));
	ck_assert(bn_object_is_here(ws, other->hash) && bn_object_is_here(ws, other->part));
	check_audit(ws, 0); /* objects freed by gc are not reported as missing */
	bn_dataset_version_free(v);
	ck_assert_bn_ok(bn_dataset_resolve(&v, ws, "t@v1", BN_DATASET_REMOVED_TOO, &err), &err);
	ck_assert(v->removed && v->bytes_gone);
	ck_assert_int_eq(bn_dataset_restore(ws, "t", 1, &e), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(e.msg, "are gone"));
	/* adding the same bytes restores the version */
	write_table(path, words, 4, 0.5);
	bn_dataset_version *again = add_table(ws, path, &added);
	ck_assert(!added);
	ck_assert_int_eq(again->version, 1);
	ck_assert_str_eq(again->hash, v->hash);
	ck_assert(!again->removed && bn_object_is_here(ws, again->hash));
	check_audit(ws, 0);
	bn_dataset_version_free(again);
	bn_dataset_version_free(other);
	bn_dataset_version_free(v);
	bn_free(path);
	workspace_end(ws, dir);
}
END_TEST

/* A live child names its removed parent, and another dataset has the same bytes. */
START_TEST(test_dataset_removed_stays_while_something_live_needs_it)
{
	char dir[64], *path = NULL;
	bn_err err = BN_ERR_INIT;
	bn_dataset_version *v = NULL, *child = NULL;
	bn_workspace *ws = workspace_new(dir);
	path = bn_workspace_path(ws, "tmp/t.arrow");
	write_table(path, words, 4, 0.5);
	v = add_table(ws, path, NULL);
	write_table(path, words, 2, 0.5);
	const bn_dataset_version *parents[] = {v};
	bn_dataset_draft d = {.name = "child",
		.table_path = path,
		.source_kind = "split",
		.parents = parents,
		.parent_count = 1};
	ck_assert_bn_ok(bn_dataset_publish(&child, NULL, ws, &d, &err), &err);
	ck_assert_bn_ok(bn_dataset_remove(ws, "t", 0, &err), &err);
	collect(ws, -1000);
	ck_assert(bn_object_is_here(ws, v->hash));
	ck_assert(bn_object_is_here(ws, v->part));         /* referenced only by the manifest */
	ck_assert(bn_object_is_here(ws, v->profile_hash)); /* versions are kept as a whole */
	ck_assert_bn_ok(bn_dataset_restore(ws, "t", 0, &err), &err);
	ck_assert_bn_ok(bn_dataset_remove(ws, "t", 0, &err), &err);
	collect(ws, -1000);
	/* A version without its freed objects cannot be restored. */
	char *profile = NULL;
	bn_err e = BN_ERR_INIT;
	ck_assert_bn_ok(object_path(ws, v->profile_hash, &profile, &err), &err);
	ck_assert_int_eq(unlink(profile), 0);
	bn_free(profile);
	ck_assert_int_eq(bn_dataset_restore(ws, "t", 0, &e), BN_EREFUSED);
	ck_assert_ptr_nonnull(strstr(e.msg, "are gone"));
	ck_assert_bn_ok(bn_dataset_remove(ws, "child", 0, &err), &err);
	collect(ws, -1000);
	ck_assert(!bn_object_is_here(ws, v->hash) && !bn_object_is_here(ws, v->part));
	ck_assert(!bn_object_is_here(ws, child->part));
	bn_dataset_version_free(v);
	bn_dataset_version_free(child);
	bn_free(path);
	workspace_end(ws, dir);
}
END_TEST

START_TEST(test_dataset_gc_removes_nothing_while_a_live_manifest_is_missing)
{
	static const char *const one[] = {"bee", "ant"}, *const two[] = {"bee", "ant", "cow"};
	const char *const *const parts[] = {one, two};
	const size_t rows[] = {2, 3};
	char dir[64], *path = NULL;
	bn_err err = BN_ERR_INIT, e = BN_ERR_INIT;
	bn_gc_report r;
	bn_gc_options o = {.retention_ms = -1000, .tmp_ms = BN_GC_TMP_MS};
	bn_dataset_version *v = NULL;
	bn_workspace *ws = workspace_new(dir);
	add_parts(ws, 1, parts, rows, 2);
	ck_assert_uint_eq(
		collect(ws, -1000).objects, 0); /* parts are referenced only by the manifest */
	check_audit(ws, 0);
	ck_assert_bn_ok(bn_dataset_resolve(&v, ws, "t", BN_DATASET_LIVE, &err), &err);
	ck_assert_bn_ok(object_path(ws, v->hash, &path, &err), &err);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(bn_gc_run(&r, ws, &o, &e), BN_EINCONCLUSIVE);
	ck_assert_msg(
		strstr(e.msg, "is not here: what it names is not known") != NULL, "%s", e.msg);
	check_audit(ws, 1);
	bn_dataset_version_free(v);
	bn_free(path);
	workspace_end(ws, dir);
}
END_TEST

/* ---- restored between gc's look and its removal ------------------------------------------------ */

static bn_fs_ops hooked;
static bn_workspace *other_process;
static bool restored_by_adding, restored;

static int restore_then_rename(
	const bn_env *e, const bn_dir *at, const char *from, const bn_dir *to_at, const char *to)
{
	bn_err err = BN_ERR_INIT;
	bool added = true;
	if (!restored && !strncmp(to, "trash/", 6) && strstr(to, "/gc-")) {
		restored = true;
		if (restored_by_adding) {
			char *path = bn_workspace_path(other_process, "tmp/again.arrow");
			write_table(path, words, 4, 0.5);
			bn_dataset_version_free(add_table(other_process, path, &added));
			ck_assert(!added);
			bn_free(path);
		} else {
			ck_assert_bn_ok(bn_dataset_restore(other_process, "t", 1, &err), &err);
		}
	}
	return bn_fs_real.rename(e, at, from, to_at, to);
}

static void restore_meanwhile(bool by_adding)
{
	char dir[64], *path = NULL;
	bn_err err = BN_ERR_INIT;
	bn_workspace *ws = workspace_new(dir), *gc = NULL;
	bn_env env = *bn_env_real();
	path = bn_workspace_path(ws, "tmp/t.arrow");
	write_table(path, words, 4, 0.5);
	bn_dataset_version *v = add_table(ws, path, NULL);
	ck_assert_bn_ok(bn_dataset_remove(ws, "t", 1, &err), &err);
	hooked = bn_fs_real;
	hooked.rename = restore_then_rename;
	env.fs = &hooked;
	other_process = ws;
	restored_by_adding = by_adding;
	restored = false;
	ck_assert_bn_ok(bn_workspace_open(&gc, &env, classes, dir, &err), &err);
	ck_assert_uint_eq(collect(gc, -1000).objects, 0);
	ck_assert(restored);
	ck_assert(bn_object_is_here(ws, v->hash) && bn_object_is_here(ws, v->part));
	ck_assert(bn_object_is_here(ws, v->profile_hash));
	check_audit(ws, 0);
	bn_dataset_version_free(v);
	bn_workspace_close(gc);
	bn_free(path);
	workspace_end(ws, dir);
}

START_TEST(test_dataset_restored_while_gc_runs_keeps_its_bytes)
{
	restore_meanwhile(false);
	restore_meanwhile(true);
}
END_TEST

START_TEST(test_dataset_removed_with_a_part_of_another_stays_whole)
{
	char dir[64], *path = NULL;
	bn_err err = BN_ERR_INIT;
	bn_dataset_version *v = NULL, *same = NULL;
	bn_workspace *ws = workspace_new(dir);
	path = bn_workspace_path(ws, "tmp/t.arrow");
	write_table(path, words, 4, 0.5);
	v = add_table(ws, path, NULL);
	write_table(path, words, 4, 0.5);
	bn_dataset_draft d = {.name = "same", .table_path = path, .source_kind = "file"};
	ck_assert_bn_ok(bn_dataset_publish(&same, NULL, ws, &d, &err), &err);
	ck_assert_str_eq(same->part, v->part);
	ck_assert_bn_ok(bn_dataset_remove(ws, "t", 0, &err), &err);
	collect(ws, -1000);
	ck_assert(bn_object_is_here(ws, v->hash) && bn_object_is_here(ws, v->profile_hash));
	ck_assert_bn_ok(bn_dataset_restore(ws, "t", 0, &err), &err);
	check_audit(ws, 0);
	bn_dataset_version_free(v);
	bn_dataset_version_free(same);
	bn_free(path);
	workspace_end(ws, dir);
}
END_TEST

BN_TEST_MAIN("core/data/dataset", test_dataset_versions_are_numbered_and_named,
	test_dataset_adding_the_same_bytes_adds_no_version,
	test_dataset_wrong_names_get_an_error_that_helps,
	test_dataset_table_and_profile_can_be_opened,
	test_dataset_profile_of_a_wide_table_can_be_read, test_dataset_removed_is_hidden_and_comes_back,
	test_dataset_tags_and_checks_hang_on_their_version,
	test_dataset_split_publishes_parts_with_lineage,
	test_dataset_removal_needs_the_policys_leave, test_dataset_malformed_events_change_nothing,
	test_dataset_version_is_a_manifest_with_statistics,
	test_dataset_version_of_the_first_format_goes_on,
	test_dataset_scan_goes_over_the_parts_in_order,
	test_dataset_removed_is_freed_after_its_release_date,
	test_dataset_removed_stays_while_something_live_needs_it,
	test_dataset_gc_removes_nothing_while_a_live_manifest_is_missing,
	test_dataset_restored_while_gc_runs_keeps_its_bytes,
	test_dataset_removed_with_a_part_of_another_stays_whole)
