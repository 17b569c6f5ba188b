/* md5.c - see md5.h. */
#include "core/dvc/md5.h"

#include "core/base/fs.h"
#include "core/base/hash.h"
#include "core/base/mem.h"

#include <string.h>

enum { BLOCK = 1 << 20, JUDGED = 512 };

void bn_md5_init(bn_md5 *m)
{
	md5_init(&m->ctx);
}

void bn_md5_add(bn_md5 *m, const void *bytes, size_t n)
{
	md5_update(&m->ctx, n, bytes);
}

void bn_md5_finish(bn_md5 *m, char hex[BN_MD5_HEX + 1])
{
	uint8_t raw[MD5_DIGEST_SIZE];
	md5_digest(&m->ctx, sizeof raw, raw);
	bn_hex(raw, sizeof raw, hex);
}

void bn_md5_hex(const void *bytes, size_t n, char hex[BN_MD5_HEX + 1])
{
	bn_md5 m;
	bn_md5_init(&m);
	bn_md5_add(&m, bytes, n);
	bn_md5_finish(&m, hex);
}

bool bn_md5_is_hex(const char *text)
{
	return strlen(text) == BN_MD5_HEX && bn_is_hex(text);
}

/* Whether DVC 2 takes a block for text: no NUL in its first 512 bytes, and at most 30 in 100 of them are neither
 * printable ASCII nor one of \n \r \t \f \b. An empty block is text. */
static bool is_text_block(const uint8_t *block, size_t n)
{
	size_t odd = 0;
	if (n > JUDGED)
		n = JUDGED;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = block[i];
		if (c == 0)
			return false;
		odd += !((c >= 32 && c < 127) || c == '\n' || c == '\r' || c == '\t' || c == '\f' ||
			 c == '\b');
	}
	return n == 0 || (double)odd / (double)n <= 0.30;
}

static void add_unix(bn_md5 *m, const uint8_t *block, size_t n)
{
	const uint8_t *end = block + n;
	if (!is_text_block(block, n)) {
		bn_md5_add(m, block, n);
		return;
	}
	while (block < end) {
		const uint8_t *cr = block;
		while ((cr = memchr(cr, '\r', (size_t)(end - cr))) &&
			(cr + 1 == end || cr[1] != '\n'))
			cr++;
		bn_md5_add(m, block, (size_t)((cr ? cr : end) - block));
		block = cr ? cr + 1 : end;
	}
}

int bn_md5_open_file(const bn_env *env, int fd, const char *path, bool dos2unix, bn_md5_step *step,
	void *user, char hex[BN_MD5_HEX + 1], uint64_t *size, bn_err *err)
{
	uint64_t at = 0;
	size_t got = BLOCK;
	bn_md5 m;
	int rc = 0;
	uint8_t *block = bn_alloc(BLOCK);
	if (!block)
		return bn_err_nomem(err, "a hash");
	bn_md5_init(&m);
	while (got == BLOCK) {
		if ((rc = bn_fs_read_at(env, fd, block, BLOCK, (off_t)at, &got, path, err)) < 0)
			goto out;
		if (dos2unix)
			add_unix(&m, block, got);
		else
			bn_md5_add(&m, block, got);
		at += got;
		if (step && (rc = step(user, got, err)) < 0)
			goto out;
	}
	bn_md5_finish(&m, hex);
	*size = at;
out:
	bn_free(block);
	return rc;
}
