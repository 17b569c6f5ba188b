/*
 * _authority.h - between the parts of the fold of class "authority": authority_fold.c chooses the chain,
 * authority_rows.c writes it and says who is replayed.
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

/* What was gathered and chosen; all borrowed. chain NULL: there is no link 0. */
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

/* Replaces the rows, and has the entities replayed whose records are worth something else now. */
int bn_authority_store(bn_fold *f, const bn_authority_tree *t, bn_err *err);
/* authority_bots.c: the bots as they are in the rows, to see whose are others afterwards. */
typedef struct bn_authority_bots {
	char **items; /* a text for each bot */
	size_t count, cap;
} bn_authority_bots;
int bn_authority_bots_read(bn_authority_bots *out, sqlite3 *db, bn_err *err);
void bn_authority_bots_release(bn_authority_bots *b);
/* The rows of bots, from the records that count, when all other rows are there. */
int bn_authority_bots_store(bn_fold *f, const bn_authority_tree *t, bn_err *err);
/* Has everybody replayed with records of keys whose text is in one of the lists alone. */
int bn_authority_bots_compare(bn_fold *f, const bn_authority_bots *was, bn_err *err);
/* Has the chain folded anew when the writer has records about bots: what its horizon named has come. */
int bn_authority_bots_of_writer(bn_fold *f, int64_t writer_no, bn_err *err);
/* Has the entities replayed in which the key has signed records. */
int bn_authority_replay_key(bn_fold *f, const uint8_t key[BN_CHAIN_ID_BYTES], bn_err *err);
/* authority_closes.c: the rows of an upgrade (closed.h). changed: what the rules of uids are asked about is
 * another now. */
int bn_authority_closes_store(bn_fold *f, const bn_authority_tree *t, bool *changed, bn_err *err);
/* The entity to fold anew, since a writer that is closed has come so far; 0: none. */
int64_t bn_authority_closes_due(sqlite3 *db);
/* Signed records that came in this batch, and what they change for older ones. */
int bn_authority_before_replay(bn_fold *f, bn_err *err);

#endif
