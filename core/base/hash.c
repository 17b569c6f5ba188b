/* hash.c - see hash.h. */
#include "core/base/hash.h"

#include "core/base/_fs.h"
#include "core/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

struct bn_hasher {
	struct sha256_ctx sha;
};

void bn_sha256(const void *bytes, size_t n, uint8_t out[BN_SHA256_BYTES])
{
	struct sha256_ctx sha;
	sha256_init(&sha);
	sha256_update(&sha, n, bytes);
	sha256_digest(&sha, BN_SHA256_BYTES, out);
}

void bn_sha256_hex(const void *bytes, size_t n, char out[BN_SHA256_HEX + 1])
{
	uint8_t raw[BN_SHA256_BYTES];
	bn_sha256(bytes, n, raw);
	bn_hex(raw, sizeof raw, out);
}

int bn_hasher_new(bn_hasher **out, bn_err *err)
{
	bn_hasher *h = bn_alloc(sizeof *h);
	if (!h)
		return bn_err_nomem(err, "a hash");
	sha256_init(&h->sha);
	*out = h;
	return 0;
}

void bn_hasher_add(bn_hasher *h, const void *bytes, size_t n)
{
	sha256_update(&h->sha, n, bytes);
}

void bn_hasher_finish(bn_hasher *h, uint8_t out[BN_SHA256_BYTES])
{
	sha256_digest(&h->sha, BN_SHA256_BYTES, out); /* which also resets it */
}

void bn_hasher_free(bn_hasher *h)
{
	bn_free(h);
}

static int hash_fd(const bn_env *env, int fd, const char *path, const bn_progress *progress,
	char out[BN_SHA256_HEX + 1], uint64_t *size, bn_err *err)
{
	enum { CHUNK = 1 << 18 };
	int rc = 0;
	uint64_t total = 0;
	uint8_t raw[BN_SHA256_BYTES];
	bn_hasher *h = NULL;
	char *chunk = bn_alloc(CHUNK);
	if (!chunk) {
		rc = bn_err_nomem(err, "reading a file");
		goto out;
	}
	if ((rc = bn_hasher_new(&h, err)) < 0)
		goto out;
	for (size_t got = CHUNK; got == CHUNK;) {
		if ((rc = bn_progress_step(progress, "hashing", total, 0, err)) < 0)
			goto out;
		if ((rc = bn_fs_read_at(env, fd, chunk, CHUNK, (off_t)total, &got, path, err)) < 0)
			goto out;
		bn_hasher_add(h, chunk, got);
		total += got;
	}
	bn_hasher_finish(h, raw);
	bn_hex(raw, sizeof raw, out);
	if (size)
		*size = total;
out:
	bn_hasher_free(h);
	bn_free(chunk);
	return rc;
}

int bn_sha256_open_file(const bn_env *env, int fd, const char *path, char out[BN_SHA256_HEX + 1],
	uint64_t *size, bn_err *err)
{
	return hash_fd(env, fd, path, NULL, out, size, err);
}

int bn_sha256_file(const bn_env *env, const char *path, char out[BN_SHA256_HEX + 1], uint64_t *size,
	bn_err *err)
{
	return bn_sha256_file_watched(env, path, NULL, out, size, err);
}

int bn_sha256_file_watched(const bn_env *env, const char *path, const bn_progress *progress,
	char out[BN_SHA256_HEX + 1], uint64_t *size, bn_err *err)
{
	struct stat st;
	/* open() would block on a FIFO without a writer. */
	int rc, e, fd = env->fs->open(env, NULL, path, O_RDONLY | O_NONBLOCK, 0);
	if (fd < 0)
		return bn_fs_error_named(err, -fd, "cannot open", path);
	if ((e = env->fs->fstat(env, fd, &st)) < 0)
		rc = bn_fs_error_named(err, -e, "cannot stat", path);
	else if (!S_ISREG(st.st_mode))
		rc = bn_err_set(err, BN_EINVAL, "'%s' is not a regular file", path);
	else
		rc = hash_fd(env, fd, path, progress, out, size, err);
	env->fs->close(env, fd);
	return rc;
}

void bn_hex(const uint8_t *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * n] = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int bn_unhex(const char *hex, size_t n_bytes, uint8_t *out)
{
	for (size_t i = 0; i < n_bytes; i++) {
		int hi = hex_digit(hex[2 * i]);
		int lo = hi < 0 ? -1 : hex_digit(hex[2 * i + 1]);
		if (lo < 0)
			return -1;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return hex[2 * n_bytes] == '\0' ? 0 : -1;
}

bool bn_is_hex(const char *s)
{
	return *s && s[strspn(s, "0123456789abcdef")] == '\0';
}

/* ---- CRC32C --------------------------------------------------------------------------------- */

static uint32_t crc_table[256];
static pthread_once_t crc_once = PTHREAD_ONCE_INIT;

static void crc_table_fill(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;
		for (int k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0x82f63b78u : c >> 1;
		crc_table[i] = c;
	}
}

static uint32_t crc_portable(uint32_t crc, const uint8_t *p, size_t n)
{
	pthread_once(&crc_once, crc_table_fill);
	while (n--)
		crc = crc_table[(crc ^ *p++) & 0xff] ^ crc >> 8;
	return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc_sse42(
	uint32_t crc, const uint8_t *p, size_t n)
{
	uint64_t c = crc;
	for (; n >= 8; n -= 8, p += 8) {
		uint64_t word;
		memcpy(&word, p, 8);
		c = __builtin_ia32_crc32di(c, word);
	}
	uint32_t c32 = (uint32_t)c;
	while (n--)
		c32 = __builtin_ia32_crc32qi(c32, *p++);
	return c32;
}
#endif

uint32_t bn_crc32c(uint32_t crc, const void *bytes, size_t n)
{
	crc = ~crc;
#if defined(__x86_64__)
	if (__builtin_cpu_supports("sse4.2"))
		return ~crc_sse42(crc, bytes, n);
#endif
	return ~crc_portable(crc, bytes, n);
}
