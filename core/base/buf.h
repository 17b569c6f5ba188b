/*
 * buf.h - a growable string of bytes, always NUL-terminated once anything was added.
 *
 * Adding never fails visibly: running out of memory sets .failed, later additions do nothing, and
 * the caller checks once at the end (bn_buf_check).
 */
#ifndef BN_BASE_BUF_H
#define BN_BASE_BUF_H
#include "core/base/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_buf {
	char *ptr; /* never NULL: points to "" when empty */
	size_t len, cap;
	bool failed;
} bn_buf;

extern char bn_buf_empty[1];
#define BN_BUF_INIT \
	{ \
		bn_buf_empty, 0, 0, false \
	}

void bn_buf_init(bn_buf *b);
void bn_buf_release(bn_buf *b);             /* frees; the buffer is as after init */
/* The same after overwriting the bytes: for a secret (memory is not moved if it was reserved first). */
void bn_buf_wipe(bn_buf *b);
void bn_buf_clear(bn_buf *b);               /* length 0, keeps the memory, forgets a failure */
int bn_buf_reserve(bn_buf *b, size_t more); /* for that many more; -1 (and .failed) on failure */
void bn_buf_add(bn_buf *b, const void *bytes, size_t n);
void bn_buf_adds(bn_buf *b, const char *s);
void bn_buf_addch(bn_buf *b, char c);
void bn_buf_add_u64(bn_buf *b, uint64_t n); /* in decimal digits */
void bn_buf_addf(bn_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void bn_buf_vaddf(bn_buf *b, const char *fmt, va_list ap);
void bn_buf_add_json_string(
	bn_buf *b, const char *s, size_t n); /* quoted and escaped; bad UTF-8 becomes U+FFFD */
void bn_buf_truncate(bn_buf *b, size_t len);
char *bn_buf_take(
	bn_buf *b, size_t *len); /* caller frees with bn_free, b becomes empty; NULL if failed */
int bn_buf_check(
	const bn_buf *b, bn_err *err, const char *what); /* BN_ENOMEM when an addition failed */

#endif
