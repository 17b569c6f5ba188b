/*
 * _authority.h - shared by the parts of the fold of class "authority": authority_fold.c chooses the
 * chain, authority_rows.c writes it and requests replays.
 */
#ifndef BN_GOVERN__AUTHORITY_H
#define BN_GOVERN__AUTHORITY_H
#include "core/govern/chain.h"
#include "core/govern/link.h"
#include "core/store/index/fold.h"

typedef enum bn_authority_kind {
	BN_AUTHORITY_KIND_FOUNDED,
	BN_AUTHORITY_KIND_LINK,
	BN_AUTHORITY_KIND_SIGNED,
	BN_AUTHORITY_KIND_BOT,
	BN_AUTHORITY_KIND_BOT_ENDED,
	BN_AUTHORITY_KIND_REQUEST,
} bn_authority_kind;

/* The collected input and the chosen chain; all borrowed. chain NULL: there is no link 0. */
typedef struct bn_authority_tree {
	const bn_chain *chain;
	const bn_founded *founded;
	const bn_event *root;
	const bn_chain_link *links;
	const size_t *event_of; /* of each link, in events */
	size_t n_links;
	const bn_event *events;
	size_t n_events;
} bn_authority_tree;

/* Replaces the rows, and requests a replay of the entities whose records have another standing
 * now. */
int bn_authority_store(bn_fold *f, const bn_authority_tree *t, bn_err *err);
/* authority_bots.c: the bots in the rows before an update, to find the changed ones. */
typedef struct bn_authority_bots {
	char **items; /* a text for each bot */
	size_t count, cap;
} bn_authority_bots;
int bn_authority_bots_read(bn_authority_bots *out, sqlite3 *db, bn_err *err);
void bn_authority_bots_release(bn_authority_bots *b);
/* Writes the rows of bots from the records that count, after all other rows. */
int bn_authority_bots_store(bn_fold *f, const bn_authority_tree *t, bn_err *err);
/* Requests a replay of the entities with records of keys whose text is in only one of the lists. */
int bn_authority_bots_compare(bn_fold *f, const bn_authority_bots *was, bn_err *err);
/* Has the chain folded again if the writer has records about bots: the records named by its horizon
 * have arrived. */
int bn_authority_bots_of_writer(bn_fold *f, int64_t writer_no, bn_err *err);
/* Requests a replay of the entities with records signed by the key. */
int bn_authority_replay_key(bn_fold *f, const uint8_t key[BN_CHAIN_ID_BYTES], bn_err *err);
/* authority_closes.c: the rows of an upgrade (closed.h). changed: the input of the uid rules has
 * changed. */
int bn_authority_closes_store(bn_fold *f, const bn_authority_tree *t, bool *changed, bn_err *err);
/* The entity to fold again because a closed writer has now been folded that far; 0: none. */
int64_t bn_authority_closes_due(sqlite3 *db);
/* Signed records of this batch, and their effect on older ones. */
int bn_authority_before_replay(bn_fold *f, bn_err *err);

#endif
