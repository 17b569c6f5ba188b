/*
 * human.h - a user with their own key, memory and index, in a scratch directory: for tests that
 * fork, one process's view. All have this account's uid, so each key signs in a separate log.
 */
#ifndef BN_TEST_HUMAN_H
#define BN_TEST_HUMAN_H
#include "tests/support/toy.h"

typedef struct human {
	toy_env toy; /* the first member */
	char config[300], host[20];
	bn_workspace *ws;
} human;

/* home: of the key and memory; host: NULL for this one; an index belongs to a home on a host.
 * Creates nothing yet. */
void human_make(human *h, const toy_dir *d, const char *home, const char *host);
/* The public key; created when first needed. */
void human_key(const human *h, uint8_t key[32]);

#endif
