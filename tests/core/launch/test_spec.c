/* Specs: strictly read, with places and near names; what is filled in; what the hash names. */
#include "core/launch/spec.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/process.h"
#include "core/base/str.h"
#include "core/run/environment.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"

#include <string.h>

static track_world w;
static bn_err err = BN_ERR_INIT;

static const struct {
	const char *text, *says, *hint;
} wrong[] = {
	{"{\"trainer\": \"ridge\",\n  \"target\" \"y\"}", "spec.json:2:", NULL},
	{"[1]", "a spec is a JSON object", NULL},
	{"{\"trainer\": \"ridge\", \"trainer\": \"mlp\"}", "spec.json:1:", NULL},
	{"{\"trainer\": \"ridge\", \"sed\": 1}", "sed", "seed"},
	{"{\"trainer\": \"ridge\", \"command\": [\"x\"]}", "either 'trainer' or 'command'", NULL},
	{"{}", "either 'trainer' or 'command'", NULL},
	{"{\"command\": [\"x\"], \"seed\": -1}", "'seed' must be an integer of at least 0", NULL},
	{"{\"command\": [\"x\"], \"seed\": 1.5}", "'seed'", NULL},
	{"{\"trainer\": \"ridge\", \"task\": \"regresion\"}", "'task' must be one of auto",
		"regression"},
	{"{\"trainer\": \"ridge\", \"split\": {\"valid\": 0.6, \"test\": 0.5}}",
		"leave nothing to train on", NULL},
	{"{\"trainer\": \"ridge\", \"split\": {\"kind\": \"randm\"}}", "split", "random"},
	{"{\"trainer\": \"ridge\", \"split\": {\"tset\": 0.5}}", "tset", NULL},
	{"{\"trainer\": \"ridge\", \"hyper\": 3}", "'hyper' must be an object", NULL},
	{"{\"trainer\": \"ridge\", \"features\": [1]}", "'features' must be a list of texts", NULL},
	{"{\"trainer\": \"ridge\", \"standardise\": 1}", "'standardise' must be true or false",
		NULL},
	{"{\"command\": [\"x\"], \"tags\": {\"a\": 1}}", "tags: 'a' must be a text", NULL},
	{"{\"command\": [\"x\"], \"format\": 2}", "format is not 1", "newer"},
	{"{\"command\": [\"x\"]} x", "spec.json:1:", NULL},
};

START_TEST(test_spec_refuses_with_place_and_near_name)
{
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		bn_err e = BN_ERR_INIT;
		json_t *spec = NULL;
		ck_assert_msg(bn_spec_parse(&spec, wrong[i].text, strlen(wrong[i].text),
				      "spec.json", &e) == BN_EINVAL,
			"accepted: %s", wrong[i].text);
		ck_assert_msg(strstr(e.msg, wrong[i].says), "%s says '%s'", wrong[i].text, e.msg);
		ck_assert_msg(bn_str_starts(e.msg, "spec.json"), "'%s' names no file", e.msg);
		if (wrong[i].hint)
			ck_assert_msg(strstr(e.hint, wrong[i].hint) || strstr(e.msg, wrong[i].hint),
				"%s hints '%s'", wrong[i].text, e.hint);
	}
}
END_TEST

START_TEST(test_spec_of_a_command_resolves_and_comes_back_by_its_hash)
{
	json_t *given = json_pack("{s[sss]}", "command", "sh", "-c", "it's 'x'"), *spec, *back;
	char hash[65], again[65], recipe[65], other[65];
	track_make(&w);
	ck_assert_bn_ok(bn_spec_resolve(&spec, w.ws, given, &err), &err);
	ck_assert_int_eq(bn_json_int(spec, "seed", -1), 0);
	char *title = bn_spec_title(spec);
	ck_assert_str_eq(title, "sh -c 'it'\\''s '\\''x'\\'''");
	bn_free(title);
	ck_assert_bn_ok(bn_spec_store(w.ws, spec, hash, &err), &err);
	ck_assert_bn_ok(bn_spec_fetch(&back, w.ws, hash, &err), &err);
	ck_assert(json_equal(spec, back));
	ck_assert_bn_ok(bn_spec_recipe_hash(spec, recipe, &err), &err);
	json_object_set_new(back, "threads", json_integer(7));
	ck_assert_bn_ok(bn_spec_recipe_hash(back, other, &err), &err);
	ck_assert_str_eq(recipe, other);
	ck_assert_bn_ok(bn_spec_store(w.ws, back, again, &err), &err);
	ck_assert_str_ne(hash, again);
	json_object_set_new(back, "seed", json_integer(7));
	ck_assert_bn_ok(bn_spec_recipe_hash(back, other, &err), &err);
	ck_assert_str_ne(recipe, other);
	json_decref(given);
	json_decref(spec);
	json_decref(back);
	track_remove(&w);
}
END_TEST

START_TEST(test_spec_trainer_needs_target_and_data_and_known_parameters)
{
	static const struct {
		const char *text, *says;
	} cases[] = {{"{\"trainer\": \"ridge\", \"target\": \"y\"}", "'data'"},
		{"{\"trainer\": \"rigde\", \"target\": \"y\"}", "rigde"},
		{"{\"trainer\": \"ridge\", \"data\": \"jobs\"}", "jobs"},
		{"{\"trainer\": \"ridge\", \"hyper\": {\"alhpa\": 1}}", "alhpa"},
		{"{\"command\": [\"x\"], \"target\": \"y\"}", "is for trainers"}};
	track_make(&w);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_err e = BN_ERR_INIT;
		json_t *given = json_loads(cases[i].text, 0, NULL), *spec = NULL;
		ck_assert_int_lt(bn_spec_resolve(&spec, w.ws, given, &e), 0);
		ck_assert_msg(strstr(e.msg, cases[i].says), "%s says '%s'", cases[i].text, e.msg);
		json_decref(given);
	}
	track_remove(&w);
}
END_TEST

START_TEST(test_spec_part_comes_from_a_version_or_from_a_share)
{
	static const char digest[] =
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	static const double shares[] = {0, 0.2};
	for (size_t i = 0; i < 2; i++) {
		bn_err e = BN_ERR_INIT;
		json_t *spec = json_pack("{ss ss s[{ss si ss}{ss si ss ss}] s{sf sf}}", "trainer",
			"ridge", "target", "y", "data", "name", "a", "version", 1, "digest", digest,
			"name", "b", "version", 1, "digest", digest, "part", "test", "split",
			"valid", 0.2, "test", shares[i]);
		ck_assert_int_eq(bn_spec_check(spec, "s.json", &e), shares[i] > 0 ? BN_EINVAL : 0);
		if (shares[i] > 0)
			ck_assert_ptr_nonnull(strstr(e.msg, "s.json: part 'test' has a version"));
		json_decref(spec);
	}
}
END_TEST

static int git(const char *dir, const char *const *words)
{
	const char *argv[16] = {"git", "-C", dir, "-c", "user.name=t", "-c", "user.email=t@t"};
	bn_buf out = BN_BUF_INIT;
	int n = 7, status = 1;
	while (*words && n < 15)
		argv[n++] = *words++;
	int rc = bn_process_capture(argv, 20000, 65536, &out, &status, NULL);
	bn_buf_release(&out);
	return rc != 0 ? rc : status;
}

START_TEST(test_spec_code_is_the_commit_and_the_uncommitted_changes)
{
	json_t *code = NULL;
	char *diff = NULL, *file;
	toy_dir d;
	toy_dir_make(&d);
	const bn_env *env = bn_env_real();
	ck_assert_bn_ok(bn_code_describe(&code, &diff, d.path, &err), &err);
	ck_assert_ptr_null(code);
	if (git(d.path, (const char *[]){"init", "-q", NULL}) != 0)
		BN_TEST_SKIP("provenance of code: git is not installed");
	file = bn_path_join(d.path, "train.py");
	ck_assert_bn_ok(bn_fs_write_file(env, file, "a = 1\n", 6, 0644, &err), &err);
	ck_assert_bn_ok(bn_code_describe(&code, &diff, d.path, &err), &err);
	ck_assert_ptr_nonnull(code);
	ck_assert_ptr_null(json_object_get(code, "commit"));
	json_decref(code);
	ck_assert_int_eq(git(d.path, (const char *[]){"add", ".", NULL}), 0);
	ck_assert_int_eq(git(d.path, (const char *[]){"commit", "-qm", "one", NULL}), 0);
	ck_assert_bn_ok(bn_code_describe(&code, &diff, d.path, &err), &err);
	ck_assert_uint_eq(strlen(bn_json_str(code, "commit", "")), 40);
	ck_assert(!bn_json_bool(code, "dirty", true));
	ck_assert_ptr_null(diff);
	json_decref(code);
	ck_assert_bn_ok(bn_fs_write_file(env, file, "a = 2\n", 6, 0644, &err), &err);
	ck_assert_bn_ok(bn_code_describe(&code, &diff, d.path, &err), &err);
	ck_assert(bn_json_bool(code, "dirty", false));
	ck_assert_ptr_nonnull(strstr(diff, "-a = 1\n+a = 2\n"));
	json_decref(code);
	bn_free(diff);
	bn_free(file);
	toy_dir_remove(&d);
}
END_TEST

START_TEST(test_spec_environment_names_what_a_result_depends_on)
{
	json_t *e = NULL;
	ck_assert_bn_ok(bn_environment_describe(&e, bn_env_real(), &err), &err);
	ck_assert_str_ne(bn_json_str(e, "compiler", ""), "");
	ck_assert_str_ne(bn_json_str(e, "blas_core", ""), "");
	ck_assert_str_ne(bn_json_str(json_object_get(e, "libraries"), "openblas", ""), "");
	ck_assert_int_gt(bn_json_int(e, "cores", 0), 0);
	json_decref(e);
}
END_TEST

BN_TEST_MAIN("core/launch/spec", test_spec_refuses_with_place_and_near_name,
	test_spec_of_a_command_resolves_and_comes_back_by_its_hash,
	test_spec_trainer_needs_target_and_data_and_known_parameters,
	test_spec_part_comes_from_a_version_or_from_a_share,
	test_spec_code_is_the_commit_and_the_uncommitted_changes,
	test_spec_environment_names_what_a_result_depends_on)
