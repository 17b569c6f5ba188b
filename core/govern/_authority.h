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
/* Signed records that came in this batch, and what they change for older ones. */
int bn_authority_before_replay(bn_fold *f, bn_err *err);

#endif
