/*
 * Specs as structs: strict parsing of what people write, with positions and suggestions; stored specs are read as they
 * are and written back byte for byte, with unknown fields; and the recipe.
 */
#include "core/run/spec.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/str.h"
#include "core/store/object/object.h"
#include "tests/support/check_main.h"
#include "tests/support/track.h"

#include <stdlib.h>
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
	{"{\"trainer\": \"ridge\", \"nonsense\": 1}", "unknown field 'nonsense'", "x-nonsense"},
	{"{\"trainer\": \"ridge\", \"command\": [\"x\"]}", "exactly one of 'trainer' and 'command'",
		NULL},
	{"{}", "exactly one of 'trainer' and 'command'", NULL},
	{"{\"command\": [\"x\"], \"seed\": -1}", "'seed' must be an integer of at least 0", NULL},
	{"{\"command\": [\"x\"], \"seed\": 1.5}", "'seed'", NULL},
	{"{\"command\": [\"x\"], \"seed\": null}", "'seed'", NULL},
	{"{\"command\": []}", "'command' must be a list of texts", NULL},
	{"{\"command\": [\"\"]}", "'command' must be a list of texts", NULL},
	{"{\"trainer\": \"ridge\", \"task\": \"regresion\"}", "'task' must be one of auto",
		"regression"},
	{"{\"trainer\": \"ridge\", \"split\": {\"valid\": 0.6, \"test\": 0.5}}",
		"leave nothing to train on", NULL},
	{"{\"trainer\": \"ridge\", \"split\": {\"kind\": \"randm\"}}", "split", "random"},
	{"{\"trainer\": \"ridge\", \"split\": {\"tset\": 0.5}}", "tset", "test"},
	{"{\"trainer\": \"ridge\", \"split\": 1}", "split must be an object", NULL},
	{"{\"trainer\": \"ridge\", \"hyper\": 3}", "'hyper' must be an object", NULL},
	{"{\"trainer\": \"ridge\", \"features\": [1]}", "'features' must be a list of texts", NULL},
	{"{\"trainer\": \"ridge\", \"standardise\": 1}", "'standardise' must be true or false",
		NULL},
	{"{\"command\": [\"x\"], \"tags\": {\"a\": 1}}", "tags: 'a' must be a text", NULL},
	{"{\"command\": [\"x\"], \"format\": 2}", "format is not 1", "newer"},
	{"{\"command\": [\"x\"], \"target\": \"y\"}", "'target' is for trainers", NULL},
	{"{\"trainer\": \"ridge\", \"outputs\": [\"x\"]}", "'outputs' is for commands", NULL},
	{"{\"command\": [\"x\"], \"data\": 1}", "a name such as", NULL},
	{"{\"command\": [\"x\"], \"data\": [{\"version\": 1}]}", "data[0]: field 'name' is missing",
		NULL},
	{"{\"command\": [\"x\"], \"data\": [{\"name\": \"a\", \"vrsion\": 1}]}", "vrsion",
		"version"},
	{"{\"command\": [\"x\"], \"data\": [{\"name\": \"a\", \"as\": \"a-b\"}]}", "'a-b'", NULL},
	{"{\"command\": [\"x\"], \"resources\": {\"cpu\": 1}}", "cpu", "cpus"},
	{"{\"command\": [\"x\"], \"resources\": {\"nodes\": 0}}", "at least 1", NULL},
	{"{\"command\": [\"x\"], \"container\": {\"runtime\": \"docker\"}}", "one of apptainer",
		NULL},
	{"{\"command\": [\"x\"], \"outputs\": [\"/etc/passwd\"]}", "below the working directory",
		NULL},
	{"{\"command\": [\"x\"], \"outputs\": [\"a/../../b\"]}", "below the working directory",
		NULL},
	{"{\"command\": [\"x\"], \"secrets\": {\"A\": \"hunter2\"}}", "A must be a reference",
		"must never be in a spec"},
	{"{\"command\": [\"x\"], \"secrets\": {\"A=B\": \"env:X\"}}", "'A=B'", NULL},
	{"{\"command\": [\"x\"], \"secrets\": {\"BINNACLE_HOME\": \"env:X\"}}", "BINNACLE_HOME",
		NULL},
	{"{\"command\": [\"x\"]} x", "spec.json:1:", NULL},
};

START_TEST(test_spec_refuses_with_place_and_near_word)
{
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		bn_err e = BN_ERR_INIT;
		bn_spec *spec = NULL;
		ck_assert_msg(bn_spec_parse(&spec, wrong[i].text, strlen(wrong[i].text),
				      "spec.json", &e) == BN_EINVAL,
			"accepted: %s", wrong[i].text);
		ck_assert_msg(strstr(e.msg, wrong[i].says), "%s says '%s'", wrong[i].text, e.msg);
		ck_assert_msg(bn_str_starts(e.msg, "spec.json"), "'%s' names no file", e.msg);
		if (wrong[i].hint)
			ck_assert_msg(strstr(e.hint, wrong[i].hint) || strstr(e.msg, wrong[i].hint),
				"%s hints '%s'", wrong[i].text, e.hint);
		ck_assert_ptr_null(strstr(e.msg, "hunter2"));
	}
}
END_TEST

static bn_spec *parse(const char *text)
{
	bn_spec *spec = NULL;
	ck_assert_bn_ok(bn_spec_parse(&spec, text, strlen(text), "spec", &err), &err);
	return spec;
}

static void put_text(const char *text, char hash[65])
{
	ck_assert_bn_ok(bn_object_put(w.ws, text, strlen(text), hash, &err), &err);
}

static char *canonical(const bn_spec *spec)
{
	json_t *json = NULL;
	bn_buf b = BN_BUF_INIT;
	ck_assert_bn_ok(bn_spec_to_json(&json, spec, &err), &err);
	ck_assert_bn_ok(bn_json_canonical(json, &b, &err), &err);
	json_decref(json);
	return bn_buf_take(&b, NULL);
}

START_TEST(test_spec_struct_holds_every_field)
{
	bn_spec *spec = parse(
		"{\"command\":[\"a\",\"\"],\"data\":[\"jobs@v3\",{\"name\":\"b\",\"version\":2,"
		"\"part\":\"test\",\"as\":\"held\"}],\"seed\":7,\"retries\":2,\"grace_s\":0,"
		"\"resources\":{\"nodes\":2,\"tasks\":8,\"cpus\":4,\"gpus\":0,\"memory_bytes\":"
		"1024,"
		"\"time_s\":60,\"partition\":\"p\",\"account\":\"a\",\"qos\":\"q\","
		"\"constraint\":\"c\"},\"container\":{\"image\":\"i\",\"digest\":\"d\","
		"\"runtime\":\"podman\"},\"inputs\":[\"in.txt\"],\"outputs\":[\"*.png\"],"
		"\"executor\":\"slurm\",\"secrets\":{\"S\":\"env:T\"},\"tags\":{\"k\":\"v\"},"
		"\"x-mine\":1}");
	ck_assert_uint_eq(spec->command.count, 2);
	ck_assert_str_eq(spec->command.items[0], "a");
	ck_assert_ptr_null(spec->command.items[2]);
	ck_assert_uint_eq(spec->data_count, 2);
	ck_assert_str_eq(spec->data[0].name, "jobs@v3");
	ck_assert_int_eq(spec->data[0].version, BN_SPEC_ABSENT);
	ck_assert_int_eq(spec->data[1].version, 2);
	ck_assert_str_eq(spec->data[1].part, "test");
	ck_assert_str_eq(spec->data[1].as, "held");
	ck_assert_int_eq(spec->seed, 7);
	ck_assert_int_eq(spec->retries, 2);
	ck_assert_int_eq(spec->grace_s, 0);
	ck_assert_int_eq(spec->threads, BN_SPEC_ABSENT);
	ck_assert_int_eq(spec->resources.nodes, 2);
	ck_assert_int_eq(spec->resources.gpus, 0);
	ck_assert_int_eq(spec->resources.memory_bytes, 1024);
	ck_assert_str_eq(spec->resources.constraint, "c");
	ck_assert_str_eq(spec->container.runtime, "podman");
	ck_assert_str_eq(spec->inputs[0].path, "in.txt");
	ck_assert_str_eq(spec->outputs.items[0], "*.png");
	ck_assert_str_eq(spec->executor, "slurm");
	ck_assert_ptr_null(spec->target);
	ck_assert(bn_spec_has_part(spec, "train") && bn_spec_has_part(spec, "test"));
	ck_assert(!bn_spec_has_part(spec, "valid"));
	bn_spec_free(spec);
}
END_TEST

/* As the first version computes it: without the fields that are not part of the recipe. */
static void recipe_of_first_version(const json_t *json, char hash[65])
{
	static const char *const not_recipe[] = {
		"threads", "environment", "workdir", "tags", "time_limit_s", "grace_s"};
	json_t *recipe = json_deep_copy(json);
	for (size_t i = 0; i < sizeof not_recipe / sizeof *not_recipe; i++)
		json_object_del(recipe, not_recipe[i]);
	ck_assert_bn_ok(bn_json_hash(recipe, hash, &err), &err);
	json_decref(recipe);
}

/* Checks an object of the first version's workspace; returns whether it is a spec. */
static bool check_object(const char *path)
{
	bn_buf b = BN_BUF_INIT;
	json_t *json = NULL;
	bn_spec *spec = NULL;
	char was[65], is[65];
	ck_assert_bn_ok(bn_fs_read_file(bn_env_real(), path, &b, &err), &err);
	bool found = b.len && b.ptr[0] == '{' &&
		     bn_json_parse(&json, b.ptr, b.len, "object", NULL) == 0 &&
		     json_object_get(json, "format") && json_object_get(json, "environment");
	if (found) {
		ck_assert_bn_ok(bn_spec_from_json(&spec, json, path, &err), &err);
		char *text = canonical(spec);
		ck_assert_str_eq(text, b.ptr);
		recipe_of_first_version(json, was);
		ck_assert_bn_ok(bn_spec_recipe_hash(spec, is, &err), &err);
		ck_assert_str_eq(was, is);
		bn_free(text);
		bn_spec_free(spec);
	}
	json_decref(json);
	bn_buf_release(&b);
	return found;
}

START_TEST(test_spec_of_the_first_version_keeps_its_bytes_and_its_recipe)
{
	toy_dir d;
	bn_names dirs = BN_NAMES_INIT;
	char command[400];
	int specs = 0;
	toy_dir_make(&d);
	snprintf(command, sizeof command,
		"tar -xzf tests/fixtures/first-version.tar.gz --no-same-owner -C %s "
		"power/.binnacle/objects",
		d.path);
	ck_assert_int_eq(system(command), 0);
	char *objects = bn_path_join(d.path, "power/.binnacle/objects");
	ck_assert_bn_ok(bn_fs_list_dir(bn_env_real(), objects, &dirs, &err), &err);
	for (size_t i = 0; i < dirs.count; i++) {
		bn_names files = BN_NAMES_INIT;
		char *dir = bn_path_join(objects, dirs.items[i]);
		ck_assert_bn_ok(bn_fs_list_dir(bn_env_real(), dir, &files, &err), &err);
		for (size_t k = 0; k < files.count; k++) {
			char *path = bn_path_join(dir, files.items[k]);
			specs += check_object(path);
			bn_free(path);
		}
		bn_names_release(&files);
		bn_free(dir);
	}
	ck_assert_int_ge(specs, 10);
	bn_names_release(&dirs);
	bn_free(objects);
	toy_dir_remove(&d);
}
END_TEST

/* Unknown fields at every level, and numbers as they were written. */
START_TEST(test_spec_stored_by_a_newer_version_opens_and_keeps_every_byte)
{
	static const char text[] =
		"{\"command\":[\"x\"],\"container\":[\"a\",\"b\"],\"data\":[{\"digest\":\"d\","
		"\"name\":\"jobs\",\"shard\":[1,2],\"version\":1}],\"format\":2,\"grace_s\":"
		"\"long\","
		"\"mpi\":{\"ranks\":4},\"resources\":{\"cpus\":2,\"tpus\":1},\"seed\":3,"
		"\"split\":{\"test\":0,\"valid\":0.5}}";
	bn_spec *spec = NULL;
	bn_err e = BN_ERR_INIT;
	char hash[65], again[65];
	track_make(&w);
	put_text(text, hash);
	ck_assert_bn_ok(bn_spec_fetch(&spec, w.ws, hash, &err), &err);
	ck_assert_int_eq(spec->seed, 3);
	ck_assert_int_eq(spec->format, 2);
	ck_assert_int_eq(spec->grace_s, BN_SPEC_ABSENT);
	ck_assert_int_eq(spec->resources.cpus, 2);
	ck_assert_str_eq(spec->data[0].name, "jobs");
	char *same = canonical(spec);
	ck_assert_str_eq(same, text);
	ck_assert_bn_ok(bn_spec_store(w.ws, spec, again, &err), &err);
	ck_assert_str_eq(hash, again);
	ck_assert_int_eq(bn_spec_is_understood(spec, &e), BN_EUNSUPPORTED);
	ck_assert_ptr_nonnull(strstr(e.msg, "mpi"));
	/* Only the changed fields differ. */
	spec->seed = 4;
	spec->data[0].part = "test";
	char *changed = canonical(spec);
	ck_assert_ptr_nonnull(strstr(changed, "\"seed\":4"));
	ck_assert_ptr_nonnull(strstr(changed, "\"part\":\"test\",\"shard\":[1,2]"));
	ck_assert_ptr_nonnull(strstr(changed, "\"split\":{\"test\":0,\"valid\":0.5}"));
	ck_assert_ptr_nonnull(strstr(changed, "\"mpi\":{\"ranks\":4}"));
	bn_free(same);
	bn_free(changed);
	bn_spec_free(spec);
	track_remove(&w);
}
END_TEST

START_TEST(test_spec_made_by_assignment_is_checked_and_written)
{
	bn_spec *spec = NULL, *copy = NULL;
	bn_spec_data *d = NULL;
	bn_err e = BN_ERR_INIT;
	ck_assert_bn_ok(bn_spec_new(&spec, &err), &err);
	ck_assert_bn_ok(bn_spec_add_text(spec, &spec->command, "it's", &err), &err);
	ck_assert_bn_ok(bn_spec_add_text(spec, &spec->command, "x y", &err), &err);
	ck_assert_bn_ok(bn_spec_add_data(spec, &d, &err), &err);
	d->name = "jobs";
	d->version = 2;
	spec->resources.cpus = 2;
	spec->secrets = json_pack("{ss}", "A", "env:B");
	char *title = bn_spec_title(spec);
	ck_assert_str_eq(title, "'it'\\''s' 'x y'");
	char *text = canonical(spec);
	ck_assert_str_eq(text,
		"{\"command\":[\"it's\",\"x y\"],\"data\":[{\"name\":\"jobs\",\"version\":2}],"
		"\"resources\":{\"cpus\":2},\"secrets\":{\"A\":\"env:B\"}}");
	ck_assert_bn_ok(bn_spec_check(spec, "spec", &err), &err);
	ck_assert_bn_ok(bn_spec_dup(&copy, spec, &err), &err);
	bn_spec_remove(copy, "data");
	bn_spec_remove(copy, "secrets");
	copy->resources.cpus = BN_SPEC_ABSENT;
	copy->task = "auto";
	ck_assert_int_eq(bn_spec_check(copy, "made", &e), BN_EINVAL);
	ck_assert_ptr_nonnull(strstr(e.msg, "made: field 'task' is for trainers"));
	copy->task = NULL;
	bn_free(text);
	text = canonical(copy);
	ck_assert_str_eq(text, "{\"command\":[\"it's\",\"x y\"],\"resources\":{}}");
	bn_free(title);
	bn_free(text);
	bn_spec_free(spec);
	bn_spec_free(copy);
}
END_TEST

START_TEST(test_spec_recipe_is_what_decides_the_bytes)
{
	static const char base[] = "{\"command\":[\"x\"],\"seed\":1%s}";
	static const struct {
		const char *more;
		bool same;
	} cases[] = {{",\"threads\":2", true}, {",\"grace_s\":1,\"time_limit_s\":5", true},
		{",\"retries\":3", true}, {",\"executor\":\"local\"", true},
		{",\"resources\":{\"cpus\":2}", true}, {",\"outputs\":[\"*\"]", true},
		{",\"secrets\":{\"A\":\"env:B\"}", true}, {",\"x-note\":\"mine\"", true},
		{",\"workdir\":\"/tmp\",\"tags\":{\"a\":\"b\"}", true},
		{",\"container\":{\"image\":\"i\"}", false}, {",\"inputs\":[\"a\"]", false},
		{",\"data\":[\"a\"]", false}};
	char plain[65], hash[65], text[200];
	snprintf(text, sizeof text, base, "");
	bn_spec *spec = parse(text);
	ck_assert_bn_ok(bn_spec_recipe_hash(spec, plain, &err), &err);
	bn_spec_free(spec);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(text, sizeof text, base, cases[i].more);
		spec = parse(text);
		ck_assert_bn_ok(bn_spec_recipe_hash(spec, hash, &err), &err);
		ck_assert_msg(!strcmp(plain, hash) == cases[i].same, "%s", text);
		bn_spec_free(spec);
	}
	bn_spec *a = parse(
		"{\"command\":[\"x\"],\"container\":{\"image\":\"i\",\"runtime\":\"podman\"}}");
	bn_spec *b = parse("{\"command\":[\"x\"],\"container\":{\"image\":\"i\"}}");
	ck_assert_bn_ok(bn_spec_recipe_hash(a, plain, &err), &err);
	ck_assert_bn_ok(bn_spec_recipe_hash(b, hash, &err), &err);
	ck_assert_str_eq(plain, hash);
	bn_spec_free(a);
	bn_spec_free(b);
}
END_TEST

/* At each failing allocation: an error or the same spec. */
START_TEST(test_spec_without_memory_is_an_error)
{
	static const char text[] =
		"{\"command\":[\"a\",\"b\"],\"data\":[\"j\",{\"name\":\"k\",\"part\":\"test\"}],"
		"\"inputs\":[{\"path\":\"p\"}],\"outputs\":[\"*\"],"
		"\"resources\":{\"partition\":\"x\"},\"tags\":{\"a\":\"b\"}}";
	int failed = 0;
	for (long n = 1;; n++) {
		bn_spec *spec = NULL, *copy = NULL;
		bn_err e = BN_ERR_INIT;
		bn_alloc_fail_at(n);
		int rc = bn_spec_parse(&spec, text, strlen(text), "spec", &e);
		if (rc == 0)
			rc = bn_spec_dup(&copy, spec, &e);
		bn_alloc_fail_at(0);
		ck_assert_msg(rc == 0 || rc == BN_ENOMEM, "%ld: %s", n, e.msg);
		failed += rc != 0;
		bool done = rc == 0;
		if (done) {
			char *again = canonical(copy);
			ck_assert_str_eq(again, text);
			bn_free(again);
		}
		bn_spec_free(spec);
		bn_spec_free(copy);
		if (done)
			break;
	}
	ck_assert_int_gt(failed, 3);
}
END_TEST

START_TEST(test_spec_names_a_damaged_object)
{
	bn_spec *spec = NULL;
	bn_err e = BN_ERR_INIT;
	char hash[65];
	track_make(&w);
	put_text("[1]", hash);
	ck_assert_int_eq(bn_spec_fetch(&spec, w.ws, hash, &e), BN_ECORRUPT);
	ck_assert_ptr_nonnull(strstr(e.msg, "is not a spec"));
	track_remove(&w);
}
END_TEST

BN_TEST_MAIN("core/run/spec", test_spec_refuses_with_place_and_near_word,
	test_spec_struct_holds_every_field,
	test_spec_of_the_first_version_keeps_its_bytes_and_its_recipe,
	test_spec_stored_by_a_newer_version_opens_and_keeps_every_byte,
	test_spec_made_by_assignment_is_checked_and_written,
	test_spec_recipe_is_what_decides_the_bytes, test_spec_without_memory_is_an_error,
	test_spec_names_a_damaged_object)
