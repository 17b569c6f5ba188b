/*
 * _turn.h - serialises the signing of links. Two processes that each sign a successor of the same link create a
 * fork, and one link is lost after its signer was told that it holds. So a process that signs a link waits for
 * others that are signing, reads what they wrote, and continues from there.
 *
 * It waits for processes that sign with the same key (a lock on its file, shared by hosts with the same home)
 * and, briefly, for all others in the workspace (a lock on its directory: only advisory, since anyone can hold
 * it). Concurrent links from hosts that share neither lock still fork, which is reported to the loser
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

/* BN_ECONFLICT if another process with this key does not finish. Release it, also after a failure. */
int bn_turn_take(bn_turn *t, bn_workspace *ws, bn_err *err);
void bn_turn_give(bn_turn *t);

/* Whether the words about a link that is not on the chain (bn_chain_words) say that it lost against another,
 * and could be signed again. */
bool bn_link_words_are_lost(const char *words);

#endif
