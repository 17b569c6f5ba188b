/*
 * Any bytes as a page of an S3 listing: an error with a message, or keys that are keys, in order, below the prefix.
 */
#include "core/remote/_s3.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct seen {
	char last[BN_REMOTE_KEY_MAX + 1];
} seen;

static int check_key(void *ctx, const char *key, const bn_remote_info *info, bn_err *err)
{
	seen *s = ctx;
	(void)info;
	(void)err;
	if (bn_remote_key_check(key, NULL) < 0 || strncmp(key, "a", 1) || strcmp(key, s->last) <= 0)
		abort();
	memcpy(s->last, key, strlen(key) + 1);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	seen s = {""};
	bool more = false;
	bn_err err = BN_ERR_INIT;
	bn_buf text = BN_BUF_INIT;
	bn_s3_page page = {.place = "s3://lab/pre",
		.prefix = "pre/a",
		.skip = 4,
		.each = check_key,
		.ctx = &s,
		.last = BN_BUF_INIT,
		.token = BN_BUF_INIT};
	bn_buf_add(&text, data, size);
	if (bn_s3_page_read(&page, text.ptr, text.len, &more, &err) < 0 && !err.msg[0])
		abort();
	if (more && !err.code && !page.token.len)
		abort();
	bn_buf_release(&page.last);
	bn_buf_release(&page.token);
	bn_buf_release(&text);
	return 0;
}
