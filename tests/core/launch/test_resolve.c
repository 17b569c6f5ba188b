/* From a spec as written to the spec that runs: exact versions of data, defaults, provenance; what
 * is refused. */
#include "core/launch/resolve.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/process.h"
#include "core/launch/data_env.h"
#include "core/launch/launch.h"
#include "core/run/environment.h"
#include "core/track/run.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"

#include <string.h>

static track_world w;
static bn_err err = BN_ERR_INIT;

static bn_spec *parse(const char *text)
{
	bn_spec *spec = NULL;
	ck_assert_bn_ok(bn_spec_parse(&spec, text, strlen(text), "spec", &err), &err);
	return spec;
}

START_TEST(test_resolve_command_comes_back_by_its_hash)
{
	bn_spec *given = parse("{\"command\": [\"sh\", \"-c\", \"it's\"]}"), *spec, *back;
	char hash[65], again[65], recipe[65], other[65];
	track_make(&w);
	ck_assert_bn_ok(bn_spec_resolve(&spec, w.ws, given, &err), &err);
	ck_assert_int_eq(spec->seed, 0);
	ck_assert_int_eq(spec->grace_s, 10);
	ck_assert_bn_ok(bn_spec_store(w.ws, spec, hash, &err), &err);
	ck_assert_bn_ok(bn_spec_fetch(&back, w.ws, hash, &err), &err);
	ck_assert_str_eq(back->command.items[2], "it's");
	ck_assert_bn_ok(bn_spec_recipe_hash(spec, recipe, &err), &err);
	back->threads = 7;
	ck_assert_bn_ok(bn_spec_recipe_hash(back, other, &err), &err);
	ck_assert_str_eq(recipe, other);
	ck_assert_bn_ok(bn_spec_store(w.ws, back, again, &err), &err);
	ck_assert_str_ne(hash, again);
	back->seed = 7;
	ck_assert_bn_ok(bn_spec_recipe_hash(back, other, &err), &err);
	ck_assert_str_ne(recipe, other);
	bn_spec_free(given);
	bn_spec_free(spec);
	bn_spec_free(back);
	track_remove(&w);
}
END_TEST

START_TEST(test_resolve_trainer_needs_target_and_data_and_known_parameters)
{
	static const struct {
		const char *text, *says;
	} cases[] = {{"{\"trainer\": \"ridge\", \"target\": \"y\"}", "'data'"},
		{"{\"trainer\": \"rigde\", \"target\": \"y\"}", "rigde"},
		{"{\"trainer\": \"ridge\", \"data\": \"jobs\"}", "jobs"},
		{"{\"trainer\": \"ridge\", \"hyper\": {\"alhpa\": 1}}", "alhpa"}};
	track_make(&w);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_err e = BN_ERR_INIT;
		bn_spec *given = parse(cases[i].text), *spec = NULL;
		ck_assert_int_lt(bn_spec_resolve(&spec, w.ws, given, &e), 0);
		ck_assert_msg(strstr(e.msg, cases[i].says), "%s says '%s'", cases[i].text, e.msg);
		bn_spec_free(given);
	}
	track_remove(&w);
}
END_TEST

#define DIGEST "\"digest\": \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""

START_TEST(test_resolve_part_comes_from_a_version_or_from_a_share)
{
	static const double shares[] = {0, 0.2};
	for (size_t i = 0; i < 2; i++) {
		bn_err e = BN_ERR_INIT;
		bn_spec *spec =
			parse("{\"trainer\": \"ridge\", \"target\": \"y\", \"data\": ["
			      "{\"name\": \"a\", \"version\": 1, " DIGEST "}, "
			      "{\"name\": \"b\", \"version\": 1, \"part\": \"test\", " DIGEST
			      "}], \"split\": {\"valid\": 0.2}}");
		spec->split.test = shares[i];
		ck_assert_int_eq(
			bn_spec_check_complete(spec, "s.json", &e), shares[i] > 0 ? BN_EINVAL : 0);
		if (shares[i] > 0)
			ck_assert_ptr_nonnull(strstr(e.msg, "s.json: part 'test' has a version"));
		bn_spec_free(spec);
	}
}
END_TEST

/* Fields that would have to be ignored are refused by name. */
START_TEST(test_launch_refuses_what_this_version_does_not_do)
{
	static const struct {
		const char *more, *says;
	} cases[] = {{"\"container\": {\"image\": \"i\"}", "container"},
		{"\"executor\": \"slurm\"", "executor 'slurm'"},
		{"\"resources\": {\"nodes\": 2}", "nodes"},
		{"\"resources\": {\"tasks\": 2}", "tasks"},
		{"\"resources\": {\"gpus\": 1}", "gpus"},
		{"\"resources\": {\"cpus\": 1000000}", "cpus: it needs 1000000"},
		{"\"resources\": {\"memory_bytes\": 1000000000000000}", "memory_bytes: it needs"},
		{"\"resources\": {\"partition\": \"p\"}", "partition"},
		{"\"resources\": {\"account\": \"p\"}", "account"},
		{"\"resources\": {\"qos\": \"p\"}", "qos"},
		{"\"resources\": {\"constraint\": \"p\"}", "constraint"}};
	char text[200], id[BN_RUN_ID_TEXT];
	bn_launch_options opt = {.workdir = "/tmp"};
	track_make(&w);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_err e = BN_ERR_INIT;
		snprintf(text, sizeof text, "{\"command\": [\"x\"], %s}", cases[i].more);
		bn_spec *spec = parse(text);
		ck_assert_int_eq(bn_launch_prepare(w.ws, spec, &opt, id, &e), BN_EUNSUPPORTED);
		ck_assert_msg(strstr(e.msg, cases[i].says), "%s says '%s'", text, e.msg);
		bn_spec_free(spec);
	}
	bn_spec *spec = parse("{\"command\": [\"x\"], \"executor\": \"local\", "
			      "\"resources\": {\"nodes\": 1, \"tasks\": 1, \"gpus\": 0}}");
	ck_assert_bn_ok(bn_executor_check_host(spec, &err), &err);
	bn_spec_free(spec);
	/* The supervisor does not check what the executor was asked for. */
	spec = parse(
		"{\"command\": [\"x\"], \"executor\": \"slurm\", \"resources\": {\"nodes\": 4, "
		"\"gpus\": 2, \"partition\": \"p\"}}");
	ck_assert_bn_ok(bn_spec_can_run(spec, &err), &err);
	bn_spec_free(spec);
	track_remove(&w);
}
END_TEST

START_TEST(test_launch_leaves_no_run_without_an_end_when_it_fails_half_way)
{
	char id[BN_RUN_ID_TEXT] = "";
	bn_launch_options opt = {.workdir = "/tmp"};
	bn_run_info *r = NULL;
	bn_err e = BN_ERR_INIT;
	track_make(&w);
	bn_spec *spec = parse("{\"command\": [\"x\"], \"tags\": {\"a/../b\": \"c\"}}");
	ck_assert_int_eq(bn_launch_prepare(w.ws, spec, &opt, id, &e), BN_EINVAL);
	bn_spec_free(spec);
	/* Like a workbench, which continues after the failure. */
	ck_assert_bn_ok(bn_workspace_commit(w.ws, &err), &err);
	ck_assert_bn_ok(bn_workspace_refresh(w.ws, NULL, &err), &err);
	ck_assert_bn_ok(bn_run_get(&r, w.ws, id, &err), &err);
	ck_assert_int_eq(r->status, BN_RUN_FAILED);
	ck_assert_str_eq(r->reason, e.msg);
	bn_run_info_free(r);
	track_remove(&w);
}
END_TEST

START_TEST(test_data_env_names_the_two_that_collide)
{
	static const struct {
		const char *a, *b, *says;
	} cases[] = {{"\"name\": \"small\", \"version\": 1",
			     "\"name\": \"small\", \"version\": 2, \"part\": \"test\"",
			     "small@v1 and small@v2:test would both be BINNACLE_DATA_SMALL"},
		{"\"name\": \"a.b\"", "\"name\": \"a-b\"", "a.b and a-b would"},
		{"\"name\": \"Jobs\"", "\"name\": \"jobs\"", "Jobs and jobs would"},
		{"\"name\": \"x\"", "\"name\": \"y\", \"as\": \"X\"", "x and X=y would"},
		{"\"name\": \"x\"", "\"name\": \"x\"", "x and x would"},
		{"\"name\": \"x\"", "\"name\": \"x\", \"as\": \"held\"", NULL},
		{"\"name\": \"x\"", "\"name\": \"x2\"", NULL}};
	char text[300];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bn_err e = BN_ERR_INIT;
		snprintf(text, sizeof text, "{\"command\": [\"x\"], \"data\": [{%s}, {%s}]}",
			cases[i].a, cases[i].b);
		bn_spec *spec = parse(text);
		ck_assert_int_eq(bn_data_env_check(spec, &e), cases[i].says ? BN_EINVAL : 0);
		if (cases[i].says) {
			ck_assert_msg(strstr(e.msg, cases[i].says), "'%s'", e.msg);
			ck_assert_ptr_nonnull(strstr(e.hint, "--data NAME="));
		}
		bn_spec_free(spec);
	}
}
END_TEST

START_TEST(test_resolve_inputs_have_the_hash_of_the_file)
{
	toy_dir d;
	bn_err e = BN_ERR_INIT;
	toy_dir_make(&d);
	const bn_env *env = bn_env_real();
	char *file = bn_path_join(d.path, "in.txt");
	ck_assert_bn_ok(bn_fs_write_file(env, file, "abc", 3, 0644, &err), &err);
	bn_spec *spec = parse("{\"command\": [\"x\"], \"inputs\": [\"in.txt\"]}");
	spec->workdir = bn_spec_text(spec, d.path);
	ck_assert_bn_ok(bn_spec_hash_inputs(spec, env, NULL, &err), &err);
	ck_assert_str_eq(spec->inputs[0].hash,
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	ck_assert_bn_ok(bn_spec_hash_inputs(spec, env, NULL, &err), &err);
	ck_assert_bn_ok(bn_fs_write_file(env, file, "abd", 3, 0644, &err), &err);
	ck_assert_int_eq(bn_spec_hash_inputs(spec, env, NULL, &e), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "in.txt"));
	ck_assert_ptr_nonnull(strstr(e.msg, "has changed"));
	bn_err_clear(&e);
	spec->inputs[0].path = "absent";
	ck_assert_int_lt(bn_spec_hash_inputs(spec, env, NULL, &e), 0);
	ck_assert_ptr_nonnull(strstr(e.msg, "absent"));
	bn_spec_free(spec);
	bn_free(file);
	toy_dir_remove(&d);
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

START_TEST(test_resolve_code_is_the_commit_and_the_uncommitted_changes)
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

START_TEST(test_resolve_environment_names_what_a_result_depends_on)
{
	json_t *e = NULL;
	ck_assert_bn_ok(bn_environment_describe(&e, bn_env_real(), &err), &err);
	ck_assert_str_ne(bn_json_str(e, "compiler", ""), "");
	ck_assert_str_ne(bn_json_str(e, "blas_core", ""), "");
	ck_assert_ptr_nonnull(strstr(bn_json_str(e, "kernel_variants", ""), "gemm=openblas,"));
	ck_assert_str_ne(bn_json_str(json_object_get(e, "libraries"), "openblas", ""), "");
	ck_assert_int_gt(bn_json_int(e, "cores", 0), 0);
	json_decref(e);
}
END_TEST

BN_TEST_MAIN("core/launch/resolve", test_resolve_command_comes_back_by_its_hash,
	test_resolve_trainer_needs_target_and_data_and_known_parameters,
	test_resolve_part_comes_from_a_version_or_from_a_share,
	test_launch_refuses_what_this_version_does_not_do,
	test_launch_leaves_no_run_without_an_end_when_it_fails_half_way,
	test_data_env_names_the_two_that_collide, test_resolve_inputs_have_the_hash_of_the_file,
	test_resolve_code_is_the_commit_and_the_uncommitted_changes,
	test_resolve_environment_names_what_a_result_depends_on)
