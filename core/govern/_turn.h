/*
 * _turn.h - links one after the other. Two processes that each sign a link after the same one make a fork, of
 * which one link is lost after its signer was told that it holds. So whoever signs a link waits for whoever is doing
 * it, reads what they wrote, and goes on from there.
 *
 * Waited for are the processes that sign with the same key (a lock on its file, which hosts of one home share) and,
 * for a short while, all others in the workspace (a lock on its directory: a hint among the honest, as anybody may
 * hold it). What hosts that share neither lock do at once is still a fork, and told to its loser
 * (bn_links_lost).
 */
#ifndef BN_GOVERN__TURN_H
#define BN_GOVERN__TURN_H
#include "core/store/workspace.h"

typedef struct bn_turn {
	bn_workspace *ws;
	int key;          /* file descriptor, -1 where there are no locks */
	bool holds_place; /* the directory's lock */
} bn_turn;

/* BN_ECONFLICT when another process with this key does not end. Give it back, also after a failure. */
int bn_turn_take(bn_turn *t, bn_workspace *ws, bn_err *err);
void bn_turn_give(bn_turn *t);

/* Of the words about a link that is not on the chain (bn_chain_words): it lost against another, and could be signed
 * anew. */
bool bn_link_words_are_lost(const char *words);

#endif
