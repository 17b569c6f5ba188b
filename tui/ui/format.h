/*
 * format.h - formats numbers, sizes and times for the workbench: the same digits everywhere, always
 * with a unit, and '-' for unknown values.
 *
 * Each writes into out (BN_FORMAT_BYTES long) and returns it.
 */
#ifndef BN_TUI_UI_FORMAT_H
#define BN_TUI_UI_FORMAT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BN_FORMAT_BYTES 40

char *bn_format_number(char *out,
	double v); /* 4 significant digits, integers up to 7: 11.92, 0.001, 100000; NaN "-" */
char *bn_format_exact(
	char *out, double v); /* as many digits as needed to read back the same value, up to 9 */
char *bn_format_count(char *out, int64_t n);     /* 1234567 as "1 234 567"; negative: "-" */
char *bn_format_bytes(char *out, int64_t bytes); /* "1.2 MiB"; negative: "-" */
char *bn_format_duration(
	char *out, int64_t ms); /* "850 ms", "12 s", "3 min 05 s", "2 h 14 min", "3 d 4 h" */
char *bn_format_age(char *out, int64_t then_ms, int64_t now_ms); /* "12 s ago", "in 3 min" */
char *bn_format_time(char *out, int64_t ms, bool utc);  /* "2026-03-01 14:05:09" (UTC: with a Z) */
char *bn_format_clock(char *out, int64_t ms, bool utc); /* "14:05:09" */
/* Without the year if it is within half a year of now: "03-01 14:05:09". */
char *bn_format_when(char *out, int64_t ms, int64_t now_ms, bool utc);
char *bn_format_percent(char *out, double fraction); /* "12.3 %"; NaN "-" */
/* A name or value within a sentence: in full, or, if it is too wide, its beginning and end with
 * "..." in between. */
#define BN_FORMAT_NAME_BYTES 256
char *bn_format_name(char out[BN_FORMAT_NAME_BYTES], const char *name, size_t columns);
char *bn_format_joules(char *out, double joules);    /* "850 J", "1.2 kJ", "3.4 MJ"; NaN "-" */

#endif
