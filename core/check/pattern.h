/*
 * pattern.h - the patterns that checks use: regular expressions and SQL LIKE.
 *
 * Great Expectations matches with Python's re.search over texts. We match with PCRE2 and mean the same: characters
 * are Unicode's (\d \w \s \b too), '.' is all but a line feed, '$' stands before a last line feed as well, \Z at the
 * very end. What the two spell differently is translated (\Z, \v, \uXXXX, {,n}); what Python does not have, or has
 * with another meaning, is refused by name instead of being misread: inline flags but i, m and s, conditions,
 * recursion, [:alpha:], \N{...}, escapes that Python does not know. One difference is left: \s has U+180E and has not
 * U+001C..U+001F.
 *
 * A suite is a file from elsewhere, so every pattern has bounds. Of its text: BN_PATTERN_MAX bytes,
 * BN_PATTERN_NEST brackets inside one another, repeats up to 65535, 64 KiB when compiled. Of a match, which is tried
 * at each place of the text in turn: BN_PATTERN_STEPS steps at one place, and 4 for each byte of the text;
 * BN_PATTERN_HEAP_KIB of memory; BN_PATTERN_SECONDS for all of a text. A text that needs more is neither matched nor
 * not, but an error. There is no just-in-time compiler in it, so that the same steps are counted on every machine.
 *
 * A compiled pattern may be used by one thread at a time.
 */
#ifndef BN_CHECK_PATTERN_H
#define BN_CHECK_PATTERN_H
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct bn_pattern bn_pattern;

#define BN_PATTERN_MAX 4096
#define BN_PATTERN_NEST 100
#define BN_PATTERN_STEPS 1000000
#define BN_PATTERN_HEAP_KIB 16384
#define BN_PATTERN_SECONDS 10

/* BN_EINVAL with the place (byte) and the reason; BN_EUNSUPPORTED for what is refused by name. */
int bn_pattern_compile(bn_pattern **out, const char *regex, bn_err *err);
/* SQL LIKE over the whole text: % any run, _ one character, \ makes the next one ordinary. */
int bn_pattern_compile_like(bn_pattern **out, const char *like, bn_err *err);
void bn_pattern_free(bn_pattern *p);
/* Asked while a text takes long, several times a second; true ends the match with BN_EINTR. ctx outlives p. */
void bn_pattern_watch(bn_pattern *p, bool (*stopped)(void *ctx), void *ctx);
/* *out: is there a match anywhere in the text? BN_EUNSUPPORTED: not to be said within the bounds. */
int bn_pattern_matches(bool *out, bn_pattern *p, const char *text, size_t n, bn_err *err);

#endif
