/*
 * timestamp.h - instants as int64 nanoseconds since 1970-01-01T00:00:00Z; and dates, times of day and
 * durations, each with one text form that reads back equal.
 */
#ifndef BN_BASE_TIMESTAMP_H
#define BN_BASE_TIMESTAMP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ISO 8601 / RFC 3339: YYYY-MM-DD, optionally [T or space]HH:MM[:SS[.fraction]], optionally Z or
 * +HH:MM / -HHMM (no zone means UTC). False if it is malformed, not a real date, or out of range.
 */
bool bn_timestamp_parse(const char *s, size_t n, int64_t *ns);

#define BN_TIMESTAMP_TEXT 40
const char *bn_timestamp_iso(int64_t ns,
	char buf[BN_TIMESTAMP_TEXT]); /* 2026-01-31T09:05:07.123456789Z, without trailing zeros */
const char *bn_timestamp_short(int64_t ns, bool utc,
	char buf[BN_TIMESTAMP_TEXT]); /* "2026-01-31 09:05:07", local unless utc */

/* Days since 1970-01-01: "2026-01-31"; years of up to 7 digits, with a sign where they are not 4 ("-0044-03-15").
 * parse: exactly that, without a time. */
const char *bn_date_iso(int32_t days, char buf[BN_TIMESTAMP_TEXT]);
bool bn_date_parse(const char *s, size_t n, int32_t *days);
/* Nanoseconds since midnight: "09:05:07.5". parse: HH:MM[:SS[.fraction]]. */
const char *bn_daytime_iso(int64_t ns, char buf[BN_TIMESTAMP_TEXT]);
bool bn_daytime_parse(const char *s, size_t n, int64_t *ns);
/* ISO 8601 without days, months and years: "PT26H3M4.5S", "-PT0.001S". parse also accepts nD before the T, and
 * the form of schedulers, [days-]H:MM:SS[.fraction]; a minus sign comes first. Rejects nonzero digits beyond
 * nanoseconds, and values that do not fit int64. */
const char *bn_duration_iso(int64_t ns, char buf[BN_TIMESTAMP_TEXT]);
bool bn_duration_parse(const char *s, size_t n, int64_t *ns);

#endif
