/*
 * strptime.h - whether a text is a time of a format, with the meaning of Python's
 * datetime.strptime: what expect_column_values_to_match_strftime_format asks.
 *
 * Directives: %a %A %b %B %c %d %f %G %H %I %j %m %M %p %S %u %U %V %w %W %x %X %y %Y %z %Z %%.
 * Names are English (Python's C locale), letters are compared without case; blanks of the format
 * stand for one or more blanks of the text; numbers may lack leading zeros where Python allows it.
 * The date must exist: 2023-02-29 and second 60 do not match. Differences: digits are 0 to 9, and
 * %Z is UTC or GMT only (Python adds the names of the machine's zone). A week 53 that the year does
 * not have does not match, as in Python since 3.12.
 */
#ifndef BN_CHECK_STRPTIME_H
#define BN_CHECK_STRPTIME_H
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct bn_strptime bn_strptime;

/* BN_EINVAL with the position: an unknown directive, one that occurs twice, or a combination that
 * matches no text. *out is yours. */
int bn_strptime_new(bn_strptime **out, const char *format, bn_err *err);
void bn_strptime_free(bn_strptime *f);
/* As bn_pattern_watch. */
void bn_strptime_watch(bn_strptime *f, bool (*stopped)(void *ctx), void *ctx);
/* Errors: those of bn_pattern_matches. */
int bn_strptime_matches(bool *out, bn_strptime *f, const char *text, size_t n, bn_err *err);

#endif
