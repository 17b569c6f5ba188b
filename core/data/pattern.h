/*
 * pattern.h - the patterns that checks use: regular expressions and SQL LIKE.
 *
 * Great Expectations matches with Python's re.search. We match with POSIX extended expressions (the
 * C library's, in a UTF-8 locale whatever the process's own), after translating what means the same:
 * \d \D \w \W \s \S (ASCII digits; the others as the C library has them), \t \n \r, (?:...), and '.'
 * not matching a newline. What POSIX cannot say is refused by name instead of being misread:
 * look-around, lazy and possessive quantifiers, back-references, named groups, inline flags, \A \Z,
 * \p. One difference remains: of several possible matches POSIX takes the longest, which no check
 * can notice, since checks only ask whether there is one.
 *
 * A compiled pattern may be used by one thread at a time.
 */
#ifndef BN_DATA_PATTERN_H
#define BN_DATA_PATTERN_H
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct bn_pattern bn_pattern;

#define BN_PATTERN_MAX 4096 /* bytes of a pattern */

/* BN_EINVAL with the place (byte) and the reason; BN_EUNSUPPORTED for what is listed above. */
int bn_pattern_compile(bn_pattern **out, const char *regex, bn_err *err);
/* SQL LIKE over the whole text: % any run, _ one character, \ makes the next one ordinary. */
int bn_pattern_compile_like(bn_pattern **out, const char *like, bn_err *err);
void bn_pattern_free(bn_pattern *p);
/* Is there a match anywhere in the text? */
bool bn_pattern_matches(bn_pattern *p, const char *text, size_t n);

#endif
