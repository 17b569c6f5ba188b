/* Sending blobs and manifests: chunks, what follows each kind of failure, and what is never believed. */
#include "core/base/mem.h"
#include "tests/support/registry_test.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#define UPLOAD "/uploads/"
#define ERROR(status) "HTTP/1.1 " status "\r\nContent-Length: 0\r\n\r\n"

/* Pushes with these faults, in chunks of 2 500 bytes; the blob must arrive. */
static void pushes_with(registry_options o)
{
	registry_setup();
	registry_serve(o);
	open_as(NULL);
	ck_assert_bn_ok(push(), &failure);
	arrived();
}

START_TEST(test_large_blob_goes_in_chunks_and_a_small_one_at_once)
{
	pushes_with((registry_options){.relative = true});
	ck_assert_int_eq(registry_count(reg, "PATCH"), 4);
	ck_assert_int_eq(registry_count(reg, "PUT"), 1);
	registry_says(registry_heads(reg), "Content-Range: 7500-9999\r\n");
	ck_assert_uint_eq(bn_distribution_sent(d), 10000);
	ck_assert_bn_ok(open_with((bn_distribution_options){.writes = true}), &failure);
	ck_assert_bn_ok(push(), &failure);
	ck_assert_int_eq(registry_count(reg, "PATCH"), 4);
	ck_assert_int_eq(registry_count(reg, "PUT"), 2);
	registry_teardown();
}
END_TEST

START_TEST(test_least_chunk_of_the_registry_is_kept)
{
	pushes_with((registry_options){.least_chunk = 4000});
	ck_assert_int_eq(registry_count(reg, "PATCH"), 3);
	registry_says(registry_heads(reg), "Content-Range: 0-3999\r\n");
	registry_teardown();
}
END_TEST

START_TEST(test_registry_without_chunks_gets_the_whole)
{
	pushes_with((registry_options){.no_patch = true});
	ck_assert_int_eq(registry_count(reg, "PATCH"), 1);
	ck_assert_int_eq(registry_count(reg, "PUT"), 1);
	ck_assert_bn_ok(push(), &failure); /* remembered: no second try */
	ck_assert_int_eq(registry_count(reg, "PATCH"), 1);
	registry_teardown();
}
END_TEST

START_TEST(test_cut_chunk_continues_where_the_registry_is)
{
	static const registry_fault f[] = {
		{.method = "PATCH", .path = UPLOAD, .skip = 2, .times = 1, .cut = 700}, {0}};
	pushes_with((registry_options){.faults = f});
	registry_says(registry_log(reg), "GET /v2/group/power/blobs/uploads/0?state=5000\n");
	registry_says(registry_heads(reg), "Content-Range: 5700-8199\r\n");
	ck_assert_uint_eq(registry_body_bytes(reg), 10000); /* nothing twice */
	registry_teardown();
}
END_TEST

START_TEST(test_answer_that_is_lost_is_asked_for)
{
	static const registry_fault f[] = {
		{.method = "PATCH", .path = UPLOAD, .skip = 1, .times = 1, .cut = -1},
		{.method = "PUT", .path = UPLOAD, .times = 1, .cut = -1}, {0}};
	pushes_with((registry_options){.faults = f});
	ck_assert_uint_eq(registry_body_bytes(reg), 10000);
	ck_assert_int_eq(registry_count(reg, "PUT"), 1); /* HEAD says that it arrived */
	registry_teardown();
}
END_TEST

START_TEST(test_upload_that_is_forgotten_starts_over)
{
	static const registry_fault f[] = {
		{.method = "PATCH", .path = UPLOAD, .skip = 2, .times = 1, .cut = 700}, {0}};
	pushes_with((registry_options){.faults = f, .forgets_cut = true});
	ck_assert_int_eq(registry_count(reg, "POST"), 2);
	registry_teardown();
}
END_TEST

START_TEST(test_passing_refusals_are_waited_for)
{
	static const char *const answers[] = {ERROR("500 Internal Server Error"),
		ERROR("502 Bad Gateway"), ERROR("503 Service Unavailable"),
		ERROR("504 Gateway Timeout"), ERROR("408 Request Timeout"),
		"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n",
		ERROR("416 Range Not Satisfiable"), ERROR("404 Not Found"), ERROR("409 Conflict")};
	static const char *const methods[] = {"POST", "PATCH", "PUT", "HEAD", "GET"};
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
		for (size_t m = 0; m < (i < 6 ? 3 : 2); m++) {
			const registry_fault f[] = {{.method = methods[i < 6 ? m : m + 1],
							    .path = UPLOAD,
							    .times = 1,
							    .answer = answers[i]},
				{0}};
			pushes_with((registry_options){.faults = f});
			registry_teardown();
		}
}
END_TEST

START_TEST(test_retry_after_is_kept)
{
	static const registry_fault f[] = {
		{.method = "PATCH",
			.path = UPLOAD,
			.times = 1,
			.answer = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: "
				  "1\r\nContent-Length: 0\r\n\r\n"},
		{0}};
	int64_t before = bn_env_monotonic_ns(bn_env_real());
	pushes_with((registry_options){.faults = f});
	ck_assert_int_ge(bn_env_monotonic_ns(bn_env_real()) - before, 1000000000);
	registry_teardown();
	static const registry_fault long_pause[] = {
		{.method = "PATCH",
			.path = UPLOAD,
			.answer = "HTTP/1.1 429 Too Many Requests\r\nRetry-After: "
				  "3600\r\nContent-Length: 0\r\n\r\n"},
		{0}};
	registry_setup();
	registry_serve((registry_options){.faults = long_pause});
	open_as(NULL);
	ck_assert_int_eq(push(), BN_EIO);
	registry_says(failure.msg, "wants a pause of 3600 s");
	registry_teardown();
}
END_TEST

/* With a fault that stays. */
static void fails_with(const char *method, const char *answer, int code, const char *says)
{
	const registry_fault f[] = {{.method = method, .path = UPLOAD, .answer = answer}, {0}};
	registry_setup();
	registry_serve((registry_options){.faults = f});
	open_as(NULL);
	ck_assert_int_eq(push(), code);
	registry_says(failure.msg, says);
	holds_no_secret();
	ck_assert_int_le(registry_count(reg, method), 16);
	registry_teardown();
}

START_TEST(test_failures_that_stay_are_errors)
{
	fails_with("POST", ERROR("500 Internal Server Error"), BN_EIO,
		"starting an upload: answered 500");
	fails_with("PATCH", ERROR("500 Internal Server Error"), BN_EIO,
		"sending a blob: answered 500");
	fails_with("PATCH", ERROR("404 Not Found"), BN_ENOTFOUND, "answered 404");
	fails_with("PATCH", ERROR("416 Range Not Satisfiable"), BN_EIO, "answered 416");
	fails_with("PATCH", ERROR("403 Forbidden"), BN_EREFUSED, "answered 403");
	fails_with("PATCH", ERROR("413 Content Too Large"), BN_EIO, "answered 413");
	fails_with("POST", ERROR("301 Moved Permanently"), BN_EIO, "answered 301");
	fails_with("POST", ERROR("202 Accepted"), BN_EIO, "no Location");
	fails_with("POST",
		"HTTP/1.1 202 Accepted\r\nLocation: file:///etc/passwd\r\nContent-Length: "
		"0\r\n\r\n",
		BN_EIO, "starting an upload");
	fails_with("POST",
		"HTTP/1.1 202 Accepted\r\nLocation: /a\r\nLocation: /b\r\nContent-Length: "
		"0\r\n\r\n",
		BN_EIO, "two Location headers");
	fails_with("PATCH", "HTTP/1.1 202 Accepted\r\nRange: 0-9000\r\nContent-Length: 0\r\n\r\n",
		BN_EIO, "says that it has 9001 bytes of an upload of which 2500 were sent");
	fails_with("PATCH", "HTTP/1.1 202 Accepted\r\nRange: 0-0\r\nContent-Length: 0\r\n\r\n",
		BN_EIO, "answered 202: that is not what the specification says");
	fails_with("PUT",
		"HTTP/1.1 201 Created\r\nDocker-Content-Digest: "
		"sha256:"
		"0000000000000000000000000000000000000000000000000000000000000000\r\nContent-"
		"Length: 0\r\n\r\n",
		BN_ECORRUPT, "says that it received 'sha256:0000");
	fails_with("PUT",
		"HTTP/1.1 400 Bad Request\r\nContent-Length: "
		"53\r\n\r\n{\"errors\":[{\"code\":\"DIGEST_INVALID\",\"message\":\"x\"}]}\n",
		BN_EIO, "answered 400: DIGEST_INVALID: x");
}
END_TEST

START_TEST(test_lost_connections_are_an_error_in_the_end)
{
	static const registry_fault f[] = {{.method = "PATCH", .path = UPLOAD, .cut = 1}, {0}};
	registry_setup();
	registry_serve((registry_options){.faults = f, .forgets_cut = true});
	open_as(NULL);
	ck_assert_int_eq(push(), BN_EIO);
	ck_assert_int_le(registry_count(reg, "PATCH"), 8);
	registry_teardown();
}
END_TEST

static int files_in(const char *name)
{
	char path[500];
	int n = 0;
	snprintf(path, sizeof path, "%s/binnacle/%s", own.state_dir, name);
	DIR *list = opendir(path);
	for (struct dirent *e; list && (e = readdir(list));)
		n += e->d_name[0] != '.';
	if (list)
		closedir(list);
	return n;
}

START_TEST(test_unfinished_upload_is_remembered)
{
	/* The server refuses the third chunk for good: as if the program had ended there. */
	static const registry_fault f[] = {{.method = "PATCH",
						   .path = UPLOAD,
						   .skip = 2,
						   .times = 1,
						   .answer = ERROR("403 Forbidden")},
		{0}};
	bn_distribution_options o = {.writes = true, .chunk_bytes = 2500, .remembers = true};
	registry_setup();
	registry_serve((registry_options){.faults = f});
	ck_assert_bn_ok(open_with(o), &failure);
	ck_assert_int_eq(push(), BN_EREFUSED);
	ck_assert_int_eq(files_in("uploads"), 1);
	size_t before = registry_body_bytes(reg);
	ck_assert_bn_ok(open_with(o), &failure);
	ck_assert_bn_ok(push(), &failure);
	arrived();
	ck_assert_uint_eq(registry_body_bytes(reg) - before, 5000);
	ck_assert_int_eq(registry_count(reg, "POST"), 1);
	ck_assert_int_eq(files_in("uploads"), 0);
	registry_teardown();
}
END_TEST

static bool stop_after_one_chunk(void *ctx, const char *what, uint64_t done, uint64_t total)
{
	(void)ctx;
	(void)what;
	(void)total;
	return done < 2500;
}

/* With a registry that forgets an upload which is cut within a piece. */
START_TEST(test_stop_ends_with_the_piece_and_the_next_push_goes_on)
{
	const bn_progress stops = {stop_after_one_chunk, NULL};
	bn_distribution_options o = {
		.writes = true, .chunk_bytes = 2500, .remembers = true, .progress = &stops};
	registry_setup();
	registry_serve((registry_options){.forgets_cut = true});
	ck_assert_bn_ok(open_with(o), &failure);
	ck_assert_int_eq(push(), BN_EINTR);
	ck_assert_ptr_nonnull(strstr(failure.hint, "the same command goes on"));
	size_t before = registry_body_bytes(reg);
	ck_assert_uint_eq(before % 2500, 0);
	o.progress = NULL;
	ck_assert_bn_ok(open_with(o), &failure);
	ck_assert_bn_ok(push(), &failure);
	arrived();
	ck_assert_uint_eq(registry_body_bytes(reg), 10000);
	ck_assert_int_eq(registry_count(reg, "POST"), 1);
	registry_teardown();
}
END_TEST

START_TEST(test_remembered_upload_that_is_gone_starts_over)
{
	static const registry_fault f[] = {{.method = "PATCH",
						   .path = UPLOAD,
						   .skip = 2,
						   .times = 1,
						   .answer = ERROR("403 Forbidden")},
		{.method = "GET", .path = UPLOAD, .answer = ERROR("404 Not Found")}, {0}};
	bn_distribution_options o = {.writes = true, .chunk_bytes = 2500, .remembers = true};
	registry_setup();
	registry_serve((registry_options){.faults = f});
	ck_assert_bn_ok(open_with(o), &failure);
	ck_assert_int_eq(push(), BN_EREFUSED);
	ck_assert_bn_ok(open_with(o), &failure);
	ck_assert_bn_ok(push(), &failure);
	arrived();
	ck_assert_int_eq(registry_count(reg, "POST"), 2);
	registry_teardown();
}
END_TEST

START_TEST(test_addresses_of_storage_are_not_remembered)
{
	static const registry_fault f[] = {
		{.method = "PATCH", .path = UPLOAD, .skip = 2, .answer = ERROR("403 Forbidden")},
		{0}};
	registry_setup();
	registry_server *storage =
		registry_start(&(registry_options){.storage = true, .faults = f});
	registry_serve((registry_options){.uploads_at = registry_url(storage)});
	ck_assert_bn_ok(open_with((bn_distribution_options){
				.writes = true, .chunk_bytes = 2500, .remembers = true}),
		&failure);
	ck_assert_int_eq(push(), BN_EREFUSED);
	ck_assert_int_eq(files_in("uploads"), 0);
	registry_free(storage);
	registry_teardown();
}
END_TEST

START_TEST(test_blobs_are_mounted_and_found)
{
	registry_setup();
	registry_serve((registry_options){.bearer = "ann:" PASSWORD});
	open_as(&ann);
	ck_assert_int_eq(bn_distribution_has_blob(d, &blob, &failure), 0);
	ck_assert_int_eq(bn_distribution_mount_blob(d, &blob, "other/power", &failure), 0);
	registry_put(reg, blob.digest, blob_bytes, sizeof blob_bytes, NULL);
	ck_assert_int_eq(bn_distribution_mount_blob(d, &blob, "other/power", &failure), 1);
	registry_says(registry_log(reg), "&from=other/power\n");
	registry_says(registry_log(reg),
		"scope=repository:group/power:pull,push&scope=repository:other/power:pull\n");
	ck_assert_int_eq(bn_distribution_has_blob(d, &blob, &failure), 1);
	blob.size--;
	ck_assert_int_eq(bn_distribution_has_blob(d, &blob, &failure), BN_ECORRUPT);
	registry_says(failure.msg, "has 10000 bytes, and it has 9999");
	registry_teardown();
}
END_TEST

static int push_manifest(const bn_buf *text)
{
	bn_oci_descriptor m = {.media_type = BN_OCI_MANIFEST, .size = text->len};
	bn_oci_digest(text->ptr, text->len, m.digest);
	bn_err_clear(&failure);
	return bn_distribution_push_manifest(d, &m, "3", text, &failure);
}

START_TEST(test_manifest_gets_its_tag)
{
	bn_buf text = BN_BUF_INIT;
	size_t n;
	static const registry_fault f[] = {{.method = "PUT",
						   .path = "/manifests/",
						   .times = 1,
						   .answer = ERROR("500 Internal Server Error")},
		{.method = "PUT",
			.path = "/manifests/",
			.skip = 2,
			.times = 1,
			.answer = "HTTP/1.1 201 Created\r\nDocker-Content-Digest: "
				  "sha256:"
				  "0000000000000000000000000000000000000000000000000000000000000000"
				  "\r\nContent-Length: 0\r\n\r\n"},
		{.method = "PUT",
			.path = "/manifests/",
			.skip = 3,
			.times = 1,
			.answer = "HTTP/1.1 413 Too Large\r\nContent-Length: 56\r\n\r\n"
				  "{\"errors\":[{\"code\":\"SIZE_INVALID\",\"message\":\"too "
				  "big\"}]}"},
		{0}};
	registry_setup();
	registry_serve((registry_options){.faults = f});
	open_as(NULL);
	bn_buf_adds(&text, "{\"schemaVersion\":2}");
	ck_assert_bn_ok(push_manifest(&text), &failure);
	ck_assert_ptr_nonnull(registry_get(reg, "3", &n));
	ck_assert_uint_eq(n, text.len);
	registry_says(registry_heads(reg), "Content-Type: " BN_OCI_MANIFEST "\r\n");
	ck_assert_int_eq(push_manifest(&text), BN_ECORRUPT);
	registry_says(failure.msg, "says that the manifest's digest is 'sha256:0000");
	ck_assert_int_eq(push_manifest(&text), BN_EIO);
	registry_says(failure.msg, "storing the manifest: answered 413: SIZE_INVALID: too big");
	bn_buf_release(&text);
	registry_teardown();
}
END_TEST

BN_TEST_MAIN("core/package/registry_push", test_large_blob_goes_in_chunks_and_a_small_one_at_once,
	test_least_chunk_of_the_registry_is_kept, test_registry_without_chunks_gets_the_whole,
	test_stop_ends_with_the_piece_and_the_next_push_goes_on,
	test_cut_chunk_continues_where_the_registry_is, test_answer_that_is_lost_is_asked_for,
	test_upload_that_is_forgotten_starts_over, test_passing_refusals_are_waited_for,
	test_retry_after_is_kept, test_failures_that_stay_are_errors,
	test_lost_connections_are_an_error_in_the_end, test_unfinished_upload_is_remembered,
	test_remembered_upload_that_is_gone_starts_over,
	test_addresses_of_storage_are_not_remembered, test_blobs_are_mounted_and_found,
	test_manifest_gets_its_tag)
