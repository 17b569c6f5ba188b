/*
 * lost.h - links signed by a person that lost against a concurrent one, made by an admin who could not know of
 * them: the signer may have been told that they hold. Each is listed with the command that repeats it, until
 * its changes are in effect or the same person has decided about the same subject (a person's role, a key, the
 * policy) in a later link that holds.
 */
#ifndef BN_GOVERN_LOST_H
#define BN_GOVERN_LOST_H
#include "core/govern/authority.h"

typedef struct bn_lost_link {
	char *writer; /* the record */
	uint64_t seq;
	char *words;   /* why it does not hold */
	char *command; /* for a shell; several changes are joined with && */
	int64_t time_ms;
} bn_lost_link;

typedef struct bn_lost_links {
	bn_lost_link *items; /* oldest first */
	size_t count;
} bn_lost_links;

/* Release it, also after a failure. */
int bn_lost_links_read(bn_lost_links *out, sqlite3 *db, const char *person, bn_err *err);
void bn_lost_links_release(bn_lost_links *l);

#endif
