/*
 * pattern.h - the patterns of checks: regular expressions and SQL LIKE.
 *
 * Great Expectations matches with Python's re.search on texts. We match with PCRE2 and mean the
 * same: characters are Unicode's (\d \w \s \b too), '.' is all but a line feed, '$' also matches
 * before a last line feed, \Z only at the very end. Different syntax is translated (\Z, \v, \uXXXX,
 * {,n}); what Python does not have, or has with another meaning, is rejected by name instead of
 * being misread: inline flags except i, m and s, conditions, recursion, [:alpha:], \N{...}, escapes
 * that Python does not have. One difference remains: \s includes U+180E and excludes
 * U+001C..U+001F.
 *
 * A suite is an untrusted file, so every pattern has limits. For its text: BN_PATTERN_MAX bytes,
 * BN_PATTERN_NEST nested brackets, repeats up to 65535, 64 KiB when compiled. For a match, which is
 * tried at each position of the text in turn: BN_PATTERN_STEPS steps at one position, and 4 for
 * each byte of the text; BN_PATTERN_HEAP_KIB of memory; BN_PATTERN_SECONDS for the whole text. A
 * text that needs more neither matches nor fails to match, but is an error. There is no
 * just-in-time compiler, so that steps are counted the same on every machine.
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

/* BN_EINVAL with the position (byte) and the reason; BN_EUNSUPPORTED for what is rejected by
 * name. */
int bn_pattern_compile(bn_pattern **out, const char *regex, bn_err *err);
/* SQL LIKE on the whole text: % any run, _ one character, \ makes the next one ordinary. */
int bn_pattern_compile_like(bn_pattern **out, const char *like, bn_err *err);
void bn_pattern_free(bn_pattern *p);
/* Called several times a second while a text takes long; true ends the match with BN_EINTR. ctx
 * outlives p. */
void bn_pattern_watch(bn_pattern *p, bool (*stopped)(void *ctx), void *ctx);
/* *out: whether there is a match anywhere in the text. BN_EUNSUPPORTED: cannot be decided within
 * the limits. */
int bn_pattern_matches(bool *out, bn_pattern *p, const char *text, size_t n, bn_err *err);
/* After a match: where the group of that name matched in the text, in bytes. False: it took no part,
 * or there is no such group. */
bool bn_pattern_group(const bn_pattern *p, const char *name, size_t *from, size_t *n);

#endif
