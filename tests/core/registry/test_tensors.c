/* The description of a safetensors file in a model's manifest, read from its header. */
#include "core/base/mem.h"
#include "core/learn/safetensors.h"
#include "core/registry/_tensors.h"
#include "core/store/object/object.h"
#include "tests/support/check_main.h"
#include "tests/support/toy.h"

#include <stdlib.h>
#include <string.h>

static toy_dir dir;
static toy_env env;
static bn_err err;

static bn_workspace *make(void)
{
	bn_workspace *ws = NULL;
	toy_dir_make(&dir);
	toy_env_init(&env, &dir);
	ck_assert_bn_ok(bn_workspace_init(&env.env, dir.path, &err), &err);
	ck_assert_bn_ok(bn_workspace_open(&ws, &env.env, toy_classes, dir.path, &err), &err);
	return ws;
}

START_TEST(test_tensors_of_a_safetensors_file_are_listed_by_position)
{
	bn_workspace *ws = make();
	bn_tensors *t = NULL;
	bn_buf file = BN_BUF_INIT;
	json_t *list = NULL;
	char hash[65];
	const double w[6] = {1, 2, 3, 4, 5, 6};
	const float b[2] = {1, 2};
	ck_assert_bn_ok(bn_tensors_new(&t, &err), &err);
	ck_assert_bn_ok(
		bn_tensors_add(t, "bias", BN_DTYPE_F32, 1, (uint64_t[]){2}, b, sizeof b, &err),
		&err);
	ck_assert_bn_ok(
		bn_tensors_add(t, "weight", BN_DTYPE_F64, 2, (uint64_t[]){2, 3}, w, sizeof w, &err),
		&err);
	ck_assert_bn_ok(bn_tensors_set_metadata(t, "format", "x", &err), &err);
	ck_assert_bn_ok(bn_safetensors_write(&file, t, &err), &err);
	ck_assert_bn_ok(bn_object_put(ws, file.ptr, file.len, hash, &err), &err);
	ck_assert_bn_ok(bn_tensors_list(&list, ws, hash, file.len, &err), &err);
	ck_assert_uint_eq(json_array_size(list), 2);
	for (size_t i = 0; i < 2; i++) {
		const json_t *o = json_array_get(list, i);
		const bn_tensor *have =
			bn_tensors_find(t, json_string_value(json_object_get(o, "name")));
		int64_t at = json_integer_value(json_object_get(o, "at"));
		ck_assert_str_eq(
			json_string_value(json_object_get(o, "type")), bn_dtype_name(have->dtype));
		ck_assert_uint_eq(json_array_size(json_object_get(o, "shape")), have->rank);
		ck_assert_int_eq(
			json_integer_value(json_object_get(o, "bytes")), (json_int_t)have->bytes);
		ck_assert_mem_eq(file.ptr + at, have->data, have->bytes);
	}
	json_decref(list);
	bn_tensors_free(t);
	bn_buf_release(&file);
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}
END_TEST

START_TEST(test_tensors_of_what_is_no_safetensors_file_are_none)
{
	static const struct {
		const char *bytes;
		size_t n;
	} bad[] = {{"", 0}, {"abc", 3}, {"\xff\xff\xff\xff\xff\xff\xff\xff{}", 10},
		{"\x02\0\0\0\0\0\0\0[]", 10}, {"\x09\0\0\0\0\0\0\0{\"w\":{}}x", 17},
		{"\x30\0\0\0\0\0\0\0{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}"
		 "}",
			56}};
	bn_workspace *ws = make();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char hash[65];
		json_t *list = NULL;
		ck_assert_bn_ok(bn_object_put(ws, bad[i].bytes, bad[i].n, hash, &err), &err);
		ck_assert_bn_ok(bn_tensors_list(&list, ws, hash, bad[i].n, &err), &err);
		ck_assert_ptr_null(list);
	}
	bn_workspace_close(ws);
	toy_dir_remove(&dir);
}
END_TEST

BN_TEST_MAIN("core/registry/tensors", test_tensors_of_a_safetensors_file_are_listed_by_position,
	test_tensors_of_what_is_no_safetensors_file_are_none)
