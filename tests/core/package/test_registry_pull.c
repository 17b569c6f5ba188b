/* Receiving blobs, manifests and whole images: ranges, redirects, cuts, lies. */
#include "core/base/fs.h"
#include "core/base/mem.h"
#include "core/package/transfer.h"
#include "tests/support/registry_test.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- blobs ---------------------------------------------------------------------------------- */

typedef struct received {
	char bytes[20000];
	size_t n;
	int restarts;
	bool full; /* the disk */
} received;

static int add(void *user, const void *bytes, size_t n, bn_err *err)
{
	received *r = user;
	if (r->full)
		return bn_err_set(err, BN_EIO, "no space left");
	ck_assert_uint_le(r->n + n, sizeof r->bytes);
	memcpy(r->bytes + r->n, bytes, n);
	r->n += n;
	return 0;
}

static int restart(void *user, bn_err *err)
{
	received *r = user;
	(void)err;
	r->n = 0;
	r->restarts++;
	return 0;
}

static int pull_after(received *r)
{
	const bn_blob_sink sink = {r->n, add, restart, r};
	bn_err_clear(&failure);
	return bn_distribution_pull_blob(d, &blob, &sink, &failure);
}

/* With what is there already. */
static void pulls_with(registry_options o, received *r)
{
	registry_setup();
	registry_serve(o);
	registry_put(reg, blob.digest, blob_bytes, sizeof blob_bytes, NULL);
	open_as(NULL);
	ck_assert_bn_ok(pull_after(r), &failure);
	ck_assert_uint_eq(r->n, sizeof blob_bytes);
	ck_assert_int_eq(memcmp(r->bytes, blob_bytes, r->n), 0);
}

START_TEST(test_blob_is_received_and_continued)
{
	received r = {0};
	pulls_with((registry_options){0}, &r);
	registry_hides(registry_heads(reg), "Range:");
	registry_teardown();
	r.n = 4000;
	pulls_with((registry_options){0}, &r);
	registry_says(registry_heads(reg), "Range: bytes=4000-9999\r\n");
	ck_assert_uint_eq(bn_distribution_received(d), 6000);
	registry_teardown();
	r.n = 10000;
	pulls_with((registry_options){0}, &r);
	ck_assert_int_eq(registry_count(reg, "GET /v2/group"), 0);
	registry_teardown();
	r.n = 4000;
	pulls_with((registry_options){.no_ranges = true}, &r);
	ck_assert_int_eq(r.restarts, 1);
	registry_teardown();
}
END_TEST

START_TEST(test_cut_answers_continue)
{
	static const registry_fault cut[] = {
		{.method = "GET", .path = "/blobs/", .times = 2, .part = 3000}, {0}};
	received r = {0};
	pulls_with((registry_options){.faults = cut}, &r);
	ck_assert_int_eq(r.restarts, 0);
	ck_assert_uint_eq(bn_distribution_received(d), 10000);
	registry_teardown();
	received again = {0};
	pulls_with((registry_options){.faults = cut, .no_ranges = true}, &again);
	registry_teardown();
	static const char *const answers[] = {"500 Internal Server Error",
		"503 Service Unavailable", "429 Too Many Requests\r\nRetry-After: 0"};
	for (size_t i = 0; i < 3; i++) {
		char text[200];
		snprintf(text, sizeof text, "HTTP/1.1 %s\r\nContent-Length: 0\r\n\r\n", answers[i]);
		const registry_fault once[] = {
			{.method = "GET", .path = "/blobs/", .times = 1, .answer = text}, {0}};
		received one = {0};
		pulls_with((registry_options){.faults = once}, &one);
		registry_teardown();
	}
}
END_TEST

START_TEST(test_redirected_blob_gets_no_credentials)
{
	received r = {0};
	registry_server *storage = registry_start(&(registry_options){0});
	registry_setup();
	registry_serve(
		(registry_options){.bearer = "ann:" PASSWORD, .blobs_at = registry_url(storage)});
	registry_put(reg, blob.digest, "", 0, NULL);
	registry_put(storage, blob.digest, blob_bytes, sizeof blob_bytes, NULL);
	open_as(&ann);
	r.n = 1000;
	memcpy(r.bytes, blob_bytes, r.n);
	ck_assert_bn_ok(pull_after(&r), &failure);
	ck_assert_int_eq(memcmp(r.bytes, blob_bytes, sizeof blob_bytes), 0);
	registry_says(registry_heads(storage), "Range: bytes=1000-9999\r\n");
	registry_hides(registry_heads(storage), "Authorization");
	registry_free(storage);
	registry_teardown();
	/* Storage that refuses: its 401 is not the registry's. */
	storage = registry_start(&(registry_options){.basic = "ann:" PASSWORD});
	registry_setup();
	registry_serve(
		(registry_options){.bearer = "ann:" PASSWORD, .blobs_at = registry_url(storage)});
	registry_put(reg, blob.digest, "", 0, NULL);
	open_as(&ann);
	r.n = 0;
	ck_assert_int_eq(pull_after(&r), BN_EREFUSED);
	ck_assert_int_eq(registry_count(reg, "/token?"), 1);
	registry_hides(registry_heads(storage), "Authorization");
	holds_no_secret();
	registry_free(storage);
	registry_teardown();
}
END_TEST

START_TEST(test_blobs_that_cannot_be_had)
{
	received r = {0};
	registry_setup();
	registry_serve((registry_options){0});
	open_as(NULL);
	ck_assert_int_eq(pull_after(&r), BN_ENOTFOUND);
	registry_says(failure.msg, "reading a blob: answered 404: BLOB_UNKNOWN");
	/* Longer and shorter than was said. */
	registry_put(reg, blob.digest, blob_bytes, sizeof blob_bytes, NULL);
	blob.size = 9000;
	ck_assert_int_eq(pull_after(&r), BN_ECORRUPT);
	registry_says(failure.msg, "sends more than the 9000 bytes");
	r.n = 0;
	blob.size = 11000;
	ck_assert_int_eq(pull_after(&r), BN_EIO);
	blob.size = 10000;
	r.n = 0;
	r.full = true;
	int before = registry_count(reg, "GET /v2/group");
	ck_assert_int_eq(pull_after(&r), BN_EIO);
	registry_says(failure.msg, "no space left");
	ck_assert_int_eq(
		registry_count(reg, "GET /v2/group"), before + 1); /* not the registry's fault */
	registry_teardown();
}
END_TEST

/* ---- manifests ------------------------------------------------------------------------------ */

#define OTHER "sha256:0000000000000000000000000000000000000000000000000000000000000000"

START_TEST(test_manifests_are_verified)
{
	static const char text[] = "{\"schemaVersion\":2}";
	char digest[BN_OCI_DIGEST_TEXT], answers[3][300];
	bn_oci_descriptor m;
	bn_buf got = BN_BUF_INIT;
	registry_fault f[] = {{.method = "GET", .path = "/manifests/", .skip = 2}, {0}};
	registry_setup();
	registry_serve((registry_options){.faults = f});
	open_as(NULL);
	bn_oci_digest(text, strlen(text), digest);
	registry_put(reg, "3", text, strlen(text), BN_OCI_MANIFEST "; charset=utf-8");
	registry_put(reg, OTHER, text, strlen(text), BN_OCI_MANIFEST);
	ck_assert_bn_ok(bn_distribution_pull_manifest(d, &m, &got, "3", &failure), &failure);
	ck_assert_str_eq(m.digest, digest);
	ck_assert_str_eq(m.media_type, BN_OCI_MANIFEST);
	ck_assert_str_eq(got.ptr, text);
	ck_assert_int_eq(bn_distribution_pull_manifest(d, &m, &got, OTHER, &failure), BN_ECORRUPT);
	registry_says(failure.msg, "sent a manifest whose digest is");
	static const struct {
		const char *headers, *says;
		int code;
	} cases[] = {{"Content-Type: " BN_OCI_MANIFEST "\r\nDocker-Content-Digest: " OTHER,
			     "says that the manifest's digest is", BN_ECORRUPT},
		{"Content-Type: application/vnd.docker.distribution.manifest.v1+prettyjws",
			"of type 'application/vnd.docker", BN_EUNSUPPORTED},
		{"Content-Type: text/html", "of type 'unknown'", BN_EUNSUPPORTED}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(answers[i], sizeof answers[i],
			"HTTP/1.1 200 OK\r\n%s\r\nContent-Length: %zu\r\n\r\n%s", cases[i].headers,
			strlen(text), text);
		registry_set_answer(reg, &f[0], answers[i]);
		bn_err_clear(&failure);
		ck_assert_int_eq(
			bn_distribution_pull_manifest(d, &m, &got, "3", &failure), cases[i].code);
		registry_says(failure.msg, cases[i].says);
	}
	registry_set_answer(reg, &f[0], "HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n");
	bn_err_clear(&failure);
	ck_assert_int_eq(bn_distribution_pull_manifest(d, &m, &got, "3", &failure), BN_EIO);
	bn_buf_release(&got);
	registry_teardown();
}
END_TEST

/* ---- images --------------------------------------------------------------------------------- */

#define CONFIG_BYTES 78

static void put_blob(bn_oci_descriptor *out, const char *type, const void *bytes, size_t n)
{
	*out = (bn_oci_descriptor){.size = n};
	strcpy(out->media_type, type);
	bn_oci_digest(bytes, n, out->digest);
	registry_put(reg, out->digest, bytes, n, type);
}

/* An image of two layers under a tag; with is_index an index with it and one of another machine. */
static void put_image(bn_oci_descriptor *manifest, const char *tag, bool is_index)
{
	static const char config[] = "{\"architecture\":\"amd64\",\"os\":\"linux\",\"rootfs\":{"
				     "\"type\":\"layers\",\"diff_ids\":[]}}";
	bn_oci_descriptor layers[2];
	bn_oci_manifest m = {.media_type = BN_OCI_MANIFEST, .layers = layers, .layer_count = 2};
	bn_buf text = BN_BUF_INIT, index = BN_BUF_INIT;
	ck_assert_uint_eq(strlen(config), CONFIG_BYTES);
	put_blob(&m.config, BN_OCI_CONFIG, config, strlen(config));
	put_blob(&layers[0], BN_OCI_LAYER, blob_bytes, sizeof blob_bytes);
	put_blob(&layers[1], BN_OCI_LAYER, "small", 5);
	ck_assert_bn_ok(bn_oci_manifest_format(&text, &m, &failure), &failure);
	put_blob(manifest, BN_OCI_MANIFEST, text.ptr, text.len);
	if (!is_index) {
		registry_put(reg, tag, text.ptr, text.len, BN_OCI_MANIFEST);
	} else {
		bn_oci_index_entry items[2] = {{.manifest = *manifest, .os = "linux"},
			{.manifest = *manifest, .os = "linux"}};
		strcpy(items[0].architecture, "s390x");
		strcpy(items[0].manifest.digest, OTHER);
		strcpy(items[1].architecture, bn_oci_architecture());
		const bn_oci_index x = {items, 2};
		ck_assert_bn_ok(bn_oci_index_format(&index, &x, &failure), &failure);
		registry_put(reg, tag, index.ptr, index.len, BN_OCI_INDEX);
	}
	bn_buf_release(&text);
	bn_buf_release(&index);
}

static char path[400];

static int pull_image(const char *tag)
{
	bn_transfer t = {0};
	snprintf(path, sizeof path, "%s/image", scratch.path);
	const bn_pull_options o = {.env = &own.env, .path = path, .name = "3"};
	bn_err_clear(&failure);
	int rc = bn_image_pull(&t, d, tag, &o, &failure);
	bn_transfer_release(&t);
	return rc;
}

static void is_whole(const bn_oci_descriptor *manifest)
{
	bn_layout *l = NULL;
	bn_oci_descriptor found;
	bn_oci_manifest m = {0};
	ck_assert_bn_ok(bn_layout_open(&l, &own.env, path, &failure), &failure);
	ck_assert_bn_ok(bn_layout_find(&found, l, "3", &failure), &failure);
	ck_assert_str_eq(found.digest, manifest->digest);
	ck_assert_bn_ok(bn_layout_manifest(&m, NULL, l, &found, &failure), &failure);
	ck_assert_bn_ok(bn_layout_blob_verify(l, &m.config, NULL, &failure), &failure);
	for (size_t i = 0; i < m.layer_count; i++)
		ck_assert_bn_ok(bn_layout_blob_verify(l, &m.layers[i], NULL, &failure), &failure);
	bn_oci_manifest_release(&m);
	bn_layout_close(l);
}

START_TEST(test_image_is_pulled_whole)
{
	bn_oci_descriptor manifest;
	for (int is_index = 0; is_index < 2; is_index++) {
		registry_setup();
		registry_serve((registry_options){0});
		put_image(&manifest, "3", is_index);
		open_as(NULL);
		ck_assert_bn_ok(pull_image("3"), &failure);
		is_whole(&manifest);
		ck_assert_int_eq(pull_image("3"), BN_ECONFLICT);
		registry_teardown();
	}
}
END_TEST

START_TEST(test_interrupted_pull_continues)
{
	bn_oci_descriptor manifest;
	char partial[500];
	/* The large layer is cut within, and the registry does not give the rest. */
	static const registry_fault f[] = {
		{.method = "GET", .path = "/blobs/", .times = 1, .part = 4000},
		{.method = "GET",
			.path = "/blobs/",
			.skip = 1,
			.times = 1,
			.answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"},
		{0}};
	registry_setup();
	registry_serve((registry_options){.faults = f});
	put_image(&manifest, "3", false);
	open_as(NULL);
	ck_assert_int_eq(pull_image("3"), BN_EREFUSED);
	ck_assert(!bn_fs_exists(&own.env, path));
	snprintf(partial, sizeof partial, "%s.partial", path);
	ck_assert(bn_fs_is_dir(&own.env, partial));
	uint64_t first = bn_distribution_received(d);
	open_as(NULL);
	ck_assert_bn_ok(pull_image("3"), &failure);
	is_whole(&manifest);
	ck_assert(!bn_fs_exists(&own.env, partial));
	/* Together: each byte once. */
	ck_assert_uint_gt(first, 0);
	ck_assert_uint_eq(first + bn_distribution_received(d), 10000 + 5 + CONFIG_BYTES);
	registry_teardown();
}
END_TEST

START_TEST(test_bytes_of_an_interrupted_pull_are_not_believed)
{
	bn_oci_descriptor manifest;
	char piece[600];
	static const registry_fault f[] = {
		{.method = "GET", .path = "/blobs/", .times = 1, .part = 4000},
		{.method = "GET",
			.path = "/blobs/",
			.skip = 1,
			.times = 1,
			.answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"},
		{0}};
	registry_setup();
	registry_serve((registry_options){.faults = f});
	put_image(&manifest, "3", false);
	open_as(NULL);
	ck_assert_int_eq(pull_image("3"), BN_EREFUSED);
	snprintf(piece, sizeof piece, "%s.partial/blobs/sha256/%s.partial", path, blob.digest + 7);
	FILE *file = fopen(piece, "r+");
	ck_assert_ptr_nonnull(file);
	fputs("other", file);
	fclose(file);
	open_as(NULL);
	ck_assert_bn_ok(pull_image("3"), &failure);
	is_whole(&manifest);
	registry_teardown();
}
END_TEST

START_TEST(test_lying_registry_leaves_nothing)
{
	bn_oci_descriptor manifest;
	registry_setup();
	registry_serve((registry_options){0});
	put_image(&manifest, "3", false);
	blob_bytes[5]++;
	registry_put(reg, blob.digest, blob_bytes, sizeof blob_bytes, NULL);
	open_as(NULL);
	ck_assert_int_eq(pull_image("3"), BN_ECORRUPT);
	registry_says(failure.msg, blob.digest);
	ck_assert(!bn_fs_exists(&own.env, path));
	ck_assert_int_eq(pull_image("4"), BN_ENOTFOUND);
	registry_says(failure.msg, "reading the manifest 4: answered 404: MANIFEST_UNKNOWN");
	registry_teardown();
}
END_TEST

START_TEST(test_image_goes_there_and_back)
{
	bn_oci_descriptor manifest, found;
	bn_layout *l = NULL;
	bn_transfer t;
	size_t n;
	registry_setup();
	registry_serve((registry_options){0});
	put_image(&manifest, "3", false);
	open_as(NULL);
	ck_assert_bn_ok(pull_image("3"), &failure);
	registry_free(reg);
	registry_serve((registry_options){.bearer = "ann:" PASSWORD});
	open_as(&ann);
	ck_assert_bn_ok(bn_layout_open(&l, &own.env, path, &failure), &failure);
	ck_assert_bn_ok(bn_layout_find(&found, l, NULL, &failure), &failure);
	bn_push_options o = {.tag = "4", .dry_run = true};
	ck_assert_bn_ok(bn_image_push(&t, d, l, &found, &o, &failure), &failure);
	ck_assert_uint_eq(t.bytes, 10000 + 5 + CONFIG_BYTES);
	ck_assert_uint_eq(t.count, 3);
	ck_assert_int_eq(t.blobs[0].state, BN_BLOB_MISSING);
	ck_assert_int_eq(registry_count(reg, "POST"), 0);
	bn_transfer_release(&t);
	o.dry_run = false;
	ck_assert_bn_ok(bn_image_push(&t, d, l, &found, &o, &failure), &failure);
	ck_assert_int_eq(t.blobs[2].state, BN_BLOB_SENT);
	bn_transfer_release(&t);
	ck_assert_ptr_nonnull(registry_get(reg, "4", &n));
	ck_assert_uint_eq(n, manifest.size);
	ck_assert_bn_ok(bn_image_push(&t, d, l, &found, &o, &failure), &failure);
	ck_assert_int_eq(t.blobs[2].state, BN_BLOB_PRESENT);
	ck_assert_uint_eq(t.bytes, 0);
	bn_transfer_release(&t);
	bn_layout_close(l);
	registry_teardown();
}
END_TEST

BN_TEST_MAIN("core/package/registry_pull", test_blob_is_received_and_continued,
	test_cut_answers_continue, test_redirected_blob_gets_no_credentials,
	test_blobs_that_cannot_be_had, test_manifests_are_verified, test_image_is_pulled_whole,
	test_interrupted_pull_continues, test_bytes_of_an_interrupted_pull_are_not_believed,
	test_lying_registry_leaves_nothing, test_image_goes_there_and_back)
