/* registry_test.c - see registry_test.h. */
#include "tests/support/registry_test.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

registry_server *reg;
bn_distribution *d;
bn_err failure;
toy_dir scratch;
toy_env own;
bn_credentials ann = {.user = "ann", .password = PASSWORD, .source = "a test"};
bn_oci_descriptor blob;
int blob_fd;
char blob_bytes[10000];

void registry_setup(void)
{
	char path[400];
	failure = (bn_err)BN_ERR_INIT;
	toy_dir_make(&scratch);
	toy_env_init(&own, &scratch);
	for (size_t i = 0; i < sizeof blob_bytes; i++)
		blob_bytes[i] = (char)(i * i >> 3);
	blob = (bn_oci_descriptor){.media_type = BN_OCI_LAYER, .size = sizeof blob_bytes};
	bn_oci_digest(blob_bytes, sizeof blob_bytes, blob.digest);
	snprintf(path, sizeof path, "%s/blob", scratch.path);
	blob_fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(blob_fd, 0);
	ck_assert_int_eq(pwrite(blob_fd, blob_bytes, sizeof blob_bytes, 100), sizeof blob_bytes);
}

void registry_teardown(void)
{
	bn_distribution_close(d);
	d = NULL;
	registry_free(reg);
	reg = NULL;
	close(blob_fd);
	toy_dir_remove(&scratch);
}

void registry_serve(registry_options options)
{
	reg = registry_start(&options);
}

int open_with(bn_distribution_options o)
{
	char text[100];
	bn_reference ref;
	snprintf(text, sizeof text, "%s/group/power:3", registry_host(reg));
	bn_err_clear(&failure);
	ck_assert_bn_ok(bn_reference_parse(&ref, text, &failure), &failure);
	bn_distribution_close(d);
	d = NULL;
	o.backoff_ms = o.backoff_ms ? o.backoff_ms : 1;
	return bn_distribution_open(&d, &own.env, &ref, &o, &failure);
}

void open_as(const bn_credentials *c)
{
	const bn_distribution_options o = {.credentials = c, .writes = true, .chunk_bytes = 2500};
	ck_assert_bn_ok(open_with(o), &failure);
}

int push(void)
{
	bn_err_clear(&failure);
	return bn_distribution_push_blob(d, &blob, blob_fd, 100, &failure);
}

void registry_says(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "no '%s' in: %s", part, text);
}

void registry_hides(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) == NULL, "'%s' is in: %s", part, text);
}

void holds_no_secret(void)
{
	static const char *const secrets[] = {
		PASSWORD, "YW5uOnBhc3Mtd29yZA", "token-number-", "refresh-me", "state="};
	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
		registry_hides(failure.msg, secrets[i]);
		registry_hides(failure.hint, secrets[i]);
	}
}

void arrived(void)
{
	size_t n;
	const char *got = registry_get(reg, blob.digest, &n);
	ck_assert_ptr_nonnull(got);
	ck_assert_uint_eq(n, sizeof blob_bytes);
	ck_assert_int_eq(memcmp(got, blob_bytes, n), 0);
}
