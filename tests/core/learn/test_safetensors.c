/* The safetensors reader and writer: round trips, a file of the Python package, hostile files. */
#include "core/learn/safetensors.h"
#include "tests/support/check_main.h"

#include <string.h>

/* Builds a file with this header text and n data bytes. */
static void build(bn_buf *b, const char *header, size_t n)
{
	uint64_t len = strlen(header);
	bn_buf_clear(b);
	for (int i = 0; i < 8; i++)
		bn_buf_addch(b, (char)(len >> (8 * i) & 0xff));
	bn_buf_adds(b, header);
	for (size_t i = 0; i < n; i++)
		bn_buf_addch(b, (char)i);
}

static void refuses(const char *header, size_t n, const char *message)
{
	bn_buf b = BN_BUF_INIT;
	bn_tensors *t = NULL;
	bn_err err = BN_ERR_INIT;
	build(&b, header, n);
	ck_assert_int_lt(bn_safetensors_parse(&t, b.ptr, b.len, "m.safetensors", &err), 0);
	ck_assert_ptr_null(t);
	ck_assert_msg(strstr(err.msg, message) != NULL, "'%s' lacks '%s'", err.msg, message);
	bn_buf_release(&b);
}

START_TEST(test_tensors_survive_the_round_trip)
{
	const float f[] = {1, 2, 3, 4, 5, 6};
	const double d = 3.5;
	const uint64_t shape[] = {2, 3}, none[] = {0};
	bn_tensors *t = NULL, *back = NULL;
	bn_buf b = BN_BUF_INIT, again = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_tensors_new(&t, &err), &err);
	ck_assert_bn_ok(
		bn_tensors_add(t, "w \"q\"", BN_DTYPE_F32, 2, shape, f, sizeof f, &err), &err);
	ck_assert_bn_ok(bn_tensors_add(t, "scalar", BN_DTYPE_F64, 0, NULL, &d, 8, &err), &err);
	ck_assert_bn_ok(bn_tensors_add(t, "empty", BN_DTYPE_I8, 1, none, NULL, 0, &err), &err);
	ck_assert_bn_ok(bn_tensors_set_metadata(t, "format", "pt", &err), &err);
	ck_assert_int_eq(
		bn_tensors_add(t, "scalar", BN_DTYPE_F64, 0, NULL, &d, 8, &err), BN_ECONFLICT);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_tensors_add(t, "bad", BN_DTYPE_F64, 0, NULL, &d, 4, &err), BN_EINVAL);
	bn_err_clear(&err);
	ck_assert_bn_ok(bn_safetensors_write(&b, t, &err), &err);
	ck_assert_bn_ok(bn_safetensors_parse(&back, b.ptr, b.len, "x", &err), &err);
	ck_assert_uint_eq(bn_tensors_count(back), 3);
	ck_assert_mem_eq(bn_tensors_find(back, "w \"q\"")->data, f, sizeof f);
	ck_assert_uint_eq(bn_tensors_find(back, "w \"q\"")->shape[1], 3);
	ck_assert_mem_eq(bn_tensors_find(back, "scalar")->data, &d, sizeof d);
	ck_assert_str_eq(bn_tensors_metadata(back, "format"), "pt");
	ck_assert_bn_ok(bn_safetensors_write(&again, back, &err), &err);
	ck_assert_uint_eq(b.len, again.len);
	ck_assert_mem_eq(b.ptr, again.ptr, b.len);
	uint64_t n = 0;
	for (int i = 0; i < 8; i++)
		n |= (uint64_t)(unsigned char)b.ptr[i] << (8 * i);
	ck_assert_uint_eq(n % 8, 0);
	bn_tensors_free(t);
	bn_tensors_free(back);
	bn_buf_release(&b);
	bn_buf_release(&again);
}
END_TEST

/* The bytes that the safetensors package writes for {"b": arange(2, float32), "a": [[7]] int64}. */
START_TEST(test_a_file_of_the_python_package_is_read)
{
	static const char header[] =
		"{\"a\":{\"dtype\":\"I64\",\"shape\":[1,1],\"data_offsets\":[0,8]},"
		"\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}    ";
	const unsigned char data[] = {7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x3f};
	bn_buf b = BN_BUF_INIT;
	bn_tensors *t = NULL;
	bn_err err = BN_ERR_INIT;
	build(&b, header, 0);
	bn_buf_add(&b, data, sizeof data);
	ck_assert_bn_ok(bn_safetensors_parse(&t, b.ptr, b.len, "x", &err), &err);
	ck_assert_int_eq(*(const int64_t *)bn_tensors_find(t, "a")->data, 7);
	ck_assert_float_eq(((const float *)bn_tensors_find(t, "b")->data)[1], 1.0f);
	bn_tensors_free(t);
	bn_buf_release(&b);
}
END_TEST

START_TEST(test_hostile_headers_are_refused)
{
	refuses("", 0, "does not start with '{'");
	refuses("[]", 0, "does not start with '{'");
	refuses("{", 0, "m.safetensors:1");
	refuses("{\"a\":1}", 0, "not an object");
	refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},"
		"\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
		4, "duplicate");
	refuses("{\"a\":{\"dtype\":\"F99\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "no dtype");
	refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
		"do not fit its shape");
	refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4,
		"bad shape");
	refuses("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904,4],\"data_offsets\":[0,"
		"0]}}",
		0, "do not fit its shape");
	refuses("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[4,2]}}", 4,
		"bad data_offsets");
	refuses("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}", 3, "holes");
	refuses("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
		"\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}",
		3, "overlap");
	refuses("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 3,
		"end at byte 2 of 3");
	refuses("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 1,
		"end at byte 2 of 1");
	refuses("{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2],\"x\":1}}", 2, "x");
	refuses("{\"__metadata__\":{\"a\":1}}", 0, "not a string");
	refuses("{\"__metadata__\":3}", 0, "not an object");
	refuses("{\"\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0,
		"without a name");
	refuses("{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,2]}}", 2,
		"do not fit its shape");
}
END_TEST

START_TEST(test_hostile_lengths_are_refused)
{
	bn_tensors *t = NULL;
	bn_err err = BN_ERR_INIT;
	const unsigned char huge[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, '{', '}'};
	ck_assert_int_eq(bn_safetensors_parse(&t, huge, sizeof huge, "x", &err), BN_EINVAL);
	bn_err_clear(&err);
	ck_assert_int_eq(bn_safetensors_parse(&t, huge, 3, "x", &err), BN_EINVAL);
	bn_err_clear(&err);
	const unsigned char past[] = {3, 0, 0, 0, 0, 0, 0, 0, '{', '}'};
	ck_assert_int_eq(bn_safetensors_parse(&t, past, sizeof past, "x", &err), BN_EINVAL);
}
END_TEST

START_TEST(test_every_cut_of_a_file_is_refused)
{
	const float f[] = {1, 2};
	const uint64_t shape[] = {2};
	bn_tensors *t = NULL, *back = NULL;
	bn_buf b = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_tensors_new(&t, &err), &err);
	ck_assert_bn_ok(bn_tensors_add(t, "w", BN_DTYPE_F32, 1, shape, f, sizeof f, &err), &err);
	ck_assert_bn_ok(bn_safetensors_write(&b, t, &err), &err);
	for (size_t n = 0; n < b.len; n++) {
		bn_err_clear(&err);
		ck_assert_int_lt(bn_safetensors_parse(&back, b.ptr, n, "x", &err), 0);
	}
	bn_tensors_free(t);
	bn_buf_release(&b);
}
END_TEST

BN_TEST_MAIN("core/learn/safetensors", test_tensors_survive_the_round_trip,
	test_a_file_of_the_python_package_is_read, test_hostile_headers_are_refused,
	test_hostile_lengths_are_refused, test_every_cut_of_a_file_is_refused)
