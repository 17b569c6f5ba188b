/*
 * core/remote/sigv4.h against AWS's published examples: those of "Signature calculations for the Authorization header"
 * of S3, and get-vanilla and get-vanilla-query-order-key-case of the Signature Version 4 test suite.
 */
#include "core/remote/sigv4.h"
#include "tests/support/check_main.h"

#include <string.h>

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define S3_HEADERS(...) \
	(const char *const[]) \
	{ \
		"Host: examplebucket.s3.amazonaws.com", "x-amz-date: 20130524T000000Z", \
			__VA_ARGS__, NULL \
	}

static const bn_sigv4_key s3_key = {
	"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
static const bn_sigv4_key suite_key = {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};

static void signs(const bn_sigv4_request *r, const bn_sigv4_key *key, const char *signature)
{
	bn_buf b = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	ck_assert_bn_ok(bn_sigv4_authorization(&b, r, key, &err), &err);
	const char *at = strstr(b.ptr, "Signature=");
	ck_assert_ptr_nonnull(at);
	ck_assert_str_eq(at + 10, signature);
	ck_assert_ptr_null(strstr(b.ptr, key->secret));
	bn_buf_release(&b);
}

static bn_sigv4_request s3(const char *method, const char *path, const char *query,
	const char *payload, const char *const *headers)
{
	return (bn_sigv4_request){.method = method,
		.path = path,
		.query = query,
		.headers = headers,
		.payload = payload,
		.time = "20130524T000000Z",
		.region = "us-east-1",
		.service = "s3"};
}

START_TEST(test_sigv4_equals_the_examples_of_s3)
{
	bn_sigv4_request r = s3("GET", "/test.txt", "", EMPTY,
		S3_HEADERS("Range: bytes=0-9", "x-amz-content-sha256: " EMPTY));
	signs(&r, &s3_key, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
	r = s3("PUT", "/test%24file.text", "",
		"44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
		S3_HEADERS("Date: Fri, 24 May 2013 00:00:00 GMT",
			"x-amz-storage-class: REDUCED_REDUNDANCY",
			"x-amz-content-sha256: "
			"44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"));
	signs(&r, &s3_key, "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
	r = s3("GET", "/", "lifecycle=", EMPTY, S3_HEADERS("x-amz-content-sha256: " EMPTY));
	signs(&r, &s3_key, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
	r = s3("GET", "/", "max-keys=2&prefix=J", EMPTY,
		S3_HEADERS("x-amz-content-sha256: " EMPTY));
	signs(&r, &s3_key, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}
END_TEST

START_TEST(test_sigv4_equals_the_test_suite)
{
	bn_buf b = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	bn_sigv4_request r = {.method = "GET",
		.path = "/",
		.query = "",
		.headers = (const char *const[]){"X-Amz-Date:20150830T123600Z",
			"Host:example.amazonaws.com", NULL},
		.payload = EMPTY,
		.time = "20150830T123600Z",
		.region = "us-east-1",
		.service = "service"};
	signs(&r, &suite_key, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
	ck_assert_bn_ok(bn_sigv4_string(&b, &r, &err), &err);
	ck_assert_str_eq(b.ptr,
		"AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n"
		"bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63");
	r.query = "Param1=value1&Param2=value2";
	signs(&r, &suite_key, "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
	bn_buf_release(&b);
}
END_TEST

START_TEST(test_sigv4_trims_and_sorts_headers)
{
	bn_buf b = BN_BUF_INIT;
	bn_err err = BN_ERR_INIT;
	char time[BN_SIGV4_TIME];
	bn_sigv4_request r = s3("PUT", "/k", "a=", "UNSIGNED-PAYLOAD",
		S3_HEADERS("X-Amz-Meta-Ab:  two   words ", "X-Amz-Meta-A:", "X-Amz-Meta: b"));
	ck_assert_bn_ok(bn_sigv4_canonical(&b, &r, &err), &err);
	ck_assert_str_eq(b.ptr,
		"PUT\n/k\na=\nhost:examplebucket.s3.amazonaws.com\nx-amz-date:20130524T000000Z\n"
		"x-amz-meta:b\nx-amz-meta-a:\nx-amz-meta-ab:two words\n\n"
		"host;x-amz-date;x-amz-meta;x-amz-meta-a;x-amz-meta-ab\nUNSIGNED-PAYLOAD");
	bn_sigv4_time(INT64_C(1369353600999), time);
	ck_assert_str_eq(time, "20130524T000000Z");
	bn_buf_release(&b);
}
END_TEST

BN_TEST_MAIN("core/remote/sigv4", test_sigv4_equals_the_examples_of_s3,
	test_sigv4_equals_the_test_suite, test_sigv4_trims_and_sorts_headers)
