/*
 * human.h - somebody with a key, a memory and an index of their own, in a scratch directory: a process's point of view, for
 * tests that fork. All have this account's uid, so each key signs in a log of its own.
 */
#ifndef BN_TEST_HUMAN_H
#define BN_TEST_HUMAN_H
#include "tests/support/toy.h"

typedef struct human {
	toy_env toy; /* the first member */
	char config[300], host[20];
	bn_workspace *ws;
} human;

/* home: whose key and memory; host: NULL for this one; an index belongs to a home on a host. Nothing is made yet. */
void human_make(human *h, const toy_dir *d, const char *home, const char *host);
/* The public key; made at first need. */
void human_key(const human *h, uint8_t key[32]);

#endif
