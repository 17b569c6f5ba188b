/*
 * utf8.h - decoding UTF-8 and counting terminal columns, without asking the locale.
 */
#ifndef BN_BASE_UTF8_H
#define BN_BASE_UTF8_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_UTF8_BAD UINT32_MAX

/* Decodes one code point from s[0..n), n >= 1. Returns the bytes used (>= 1). Overlong forms,
 * surrogates and truncated sequences give BN_UTF8_BAD and use one byte. */
size_t bn_utf8_decode(const char *s, size_t n, uint32_t *cp);
size_t bn_utf8_encode(uint32_t cp, char out[4]); /* bytes written; bad code points give U+FFFD */
bool bn_utf8_is_valid(const char *s, size_t n);
int bn_utf8_char_width(
	uint32_t cp); /* columns: 0 combining or control, 1, or 2 (East Asian wide, emoji) */
size_t bn_utf8_width(const char *s); /* columns of a NUL-terminated string */

#endif
