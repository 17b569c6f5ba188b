/*
 * timestamp.h - instants as int64 nanoseconds since 1970-01-01T00:00:00Z.
 */
#ifndef BN_BASE_TIMESTAMP_H
#define BN_BASE_TIMESTAMP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ISO 8601 / RFC 3339: YYYY-MM-DD, optionally [T or space]HH:MM[:SS[.fraction]], optionally Z or
 * +HH:MM / -HHMM (no zone means UTC). False when it is not one, is no real date, or does not fit.
 */
bool bn_timestamp_parse(const char *s, size_t n, int64_t *ns);

#define BN_TIMESTAMP_TEXT 40
const char *bn_timestamp_iso(int64_t ns,
	char buf[BN_TIMESTAMP_TEXT]); /* 2026-01-31T09:05:07.123456789Z, no needless zeros */
const char *bn_timestamp_short(int64_t ns, bool utc,
	char buf[BN_TIMESTAMP_TEXT]); /* "2026-01-31 09:05:07", local unless utc */

#endif
