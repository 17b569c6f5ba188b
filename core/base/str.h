/*
 * str.h - strict parsing of numbers, and uniform formatting of quantities.
 *
 * Parsers consume the whole text or fail; they ignore the locale. Formatters write into the
 * caller's buffer (always terminated) and return the text in it, so they can be used inline.
 */
#ifndef BN_BASE_STR_H
#define BN_BASE_STR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool bn_parse_i64(
	const char *s, size_t n, int64_t *out); /* optional sign, digits; false on overflow */
/* Decimal or exponent form, inf, nan; correctly rounded. False on overflow: only an explicit inf is
 * infinite. */
bool bn_parse_f64(const char *s, size_t n, double *out);
/* Whether parsing failed because of overflow. */
bool bn_is_beyond_f64(const char *s, size_t n);
bool bn_parse_duration_ns(
	const char *s, int64_t *out);             /* "250ms", "10s", "5m", "2h", "1d", "1h30m" */
bool bn_parse_bytes(const char *s, int64_t *out); /* "512", "64K", "1.5GiB" (1024-based) */

bool bn_str_is(const char *s, const char *text, size_t len); /* text: len bytes, any of which may be NUL */
bool bn_str_starts(const char *s, const char *prefix);
bool bn_str_ends(const char *s, const char *suffix);
/* A name that may be used for datasets, models, experiments, aliases: letters, digits, _ . - and
 * at most BN_NAME_MAX bytes, not starting with '.' or '-'. */
#define BN_NAME_MAX 128
bool bn_name_is_valid(const char *s);
int bn_edit_distance(const char *a, const char *b); /* Damerau-Levenshtein (adjacent swaps) */
/* The nearest word to s in a NULL-terminated list, or NULL if none is close ("did you mean"). */
const char *bn_nearest_word(const char *s, const char *const *words);

#define BN_FMT 40 /* every formatter's output fits in this many bytes */
/* Writes decimal digits at the end of buf; returns their beginning. */
const char *bn_fmt_u64(uint64_t n, char buf[BN_FMT]);
const char *bn_fmt_i64(int64_t n, char buf[BN_FMT]);
const char *bn_fmt_f64(
	double x, char buf[BN_FMT]); /* shortest text that reads back equal; "-" for NaN */
const char *bn_fmt_sig(
	double x, int digits, char buf[BN_FMT]); /* for display: significant digits, "-" for NaN */
const char *bn_fmt_bytes(uint64_t n, char buf[BN_FMT]);    /* "1.2 GiB" */
const char *bn_fmt_count(uint64_t n, char buf[BN_FMT]);    /* "1 234 567" */
const char *bn_fmt_duration(int64_t ns, char buf[BN_FMT]); /* "1.24 s", "3m12s", "2h05m", "4d03h" */

#endif
