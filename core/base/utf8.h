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
/* Bytes at the end of s[0..n), 0 to 3, that are an incomplete character. */
size_t bn_utf8_tail(const char *s, size_t n);
bool bn_utf8_is_valid(const char *s, size_t n);
/* Whether cp may be displayed as it is. Not: BN_UTF8_BAD, control characters (C0, DEL, C1), line and paragraph
 * separators (U+2028, U+2029), characters that change text direction (U+061C, U+200E, U+200F, U+202A..U+202E,
 * U+2066..U+2069), annotations, noncharacters, and everything Unicode lets a terminal ignore: zero-width
 * spaces, joiners, soft hyphens, fillers, variation selectors, tags. They control a terminal, or make one name
 * look like another. The cost is that joiners in Persian and Indic words and in some emoji show as the sign;
 * JSON output keeps every text complete. Letters that merely look alike are shown. */
bool bn_utf8_is_shown(uint32_t cp);
/* Columns: 0 combining, 1, or 2 (East Asian wide, emoji); 1 for a character that is replaced by a
 * sign. */
int bn_utf8_char_width(uint32_t cp);
size_t bn_utf8_width(const char *s); /* columns of a NUL-terminated string */
/* Length in bytes of the longest prefix, or suffix, of s[0..n) that takes at most that many columns. */
size_t bn_utf8_head(const char *s, size_t n, size_t columns);
size_t bn_utf8_end(const char *s, size_t n, size_t columns);

#endif
