/*
 * attempts.h - how many refused acts are recorded.
 *
 * A refused act is a record for ever, and a client can repeat it thousands of times a minute. So a server records at most
 * BN_ATTEMPTS_A_MINUTE of each source (a token) in a minute, and then one more that says how many others there were
 * (`unrecorded`): the last of them, when the minute is over. Such records never count (`attempt`). Commands, which do one
 * act each, are not limited.
 */
#ifndef BN_REGISTRY_ATTEMPTS_H
#define BN_REGISTRY_ATTEMPTS_H
#include "core/base/env.h"
#include "core/base/err.h"

#include <jansson.h>
#include <stdbool.h>

enum { BN_ATTEMPTS_A_MINUTE = 10 };

typedef struct bn_attempts bn_attempts;

int bn_attempts_new(bn_attempts **out, bn_err *err);
void bn_attempts_free(bn_attempts *a); /* NULL is fine */
/* From now on, refused acts of this thread are those of that source; a NULL: they are not limited. Both are borrowed until
 * the next call. An object is used by one thread at a time. */
void bn_attempts_use(bn_attempts *a, const char *source);

/* A refused act. */
typedef struct bn_attempt {
	int kind; /* bn_entry_kind */
	const char *model;
	int64_t version;
	bool is_signed;
	const json_t *payload;
} bn_attempt;

/* Whether this refused act gets a record of its own; else it is counted. */
bool bn_attempts_take(const bn_env *env, const bn_attempt *act);
/* The next source with acts that have no record, whose minute is over (all: or not): their number, and the last of them,
 * valid until bn_attempts_done. 0: none is left. */
int64_t bn_attempts_next(bn_attempts *a, const bn_env *env, bool all, bn_attempt *last);
/* What bn_attempts_next gave is recorded. */
void bn_attempts_done(bn_attempts *a);

#endif
