/*
 * chain.h - the chain of authority: which links hold, and who is who after each (design: rules 3 and 5).
 *
 * Pure: structs in, structs out. No file, no SQLite, no JSON, no signature and no clock. What is handed
 * in was verified by the caller: a link or a co-signature whose signature is bad is not handed in at all.
 * The result is a function of the set: the order of the links and of their signers does not matter.
 *
 * The links form a tree whose root is link 0. A link is *valid* when the state before it allows it; each
 * link has one state before it, that of its prev. Among the valid links of one prev one is *chosen*, and
 * the chain is what is chosen from the root on.
 *
 * Validity (state n-1: the admins in order of seniority, persons, keys, roles, the policy's signers)
 *  1. n = n(prev) + 1.
 *  2. The author's key is an admin's in state n-1, or the recovery key. Signatures of others than admins
 *     are ignored, not held against it. Admins are counted, not keys: two keys of one person are one signer.
 *  3. At least policy.signers admins sign; a majority (more than half) is always enough.
 *  4. An admin is removed, demoted, has a key revoked or cut by himself, a more senior one or a majority.
 *  5. An admin is made by the most senior admin or by a majority. (Else one admin makes ten, and they are
 *     the majority that removes his seniors.)
 *  6. A key is added to an admin by himself alone: one of the signing keys is his. (Else one admin signs as
 *     the others; the choice below counts on this too.) Who lost all keys is removed and admitted anew.
 *  7. A horizon does not fall below an earlier one, nor names another chain hash for the same seq, unless
 *     the link says `restored`, which a majority signs.
 *  8. Each change makes sense where it stands: the person exists (or does not), the role is not held (or
 *     is), the key is free, a revoked key never comes back, a person keeps a key, an admin remains;
 *     BN_CHAIN_ADMINS_MAX admins at most.
 * The recovery key counts as no admin, and in no majority. A link that it signs needs nobody else under 3, 4
 * and 5; it cannot do 6 and 7. It is revoked by the most senior admin or by a majority.
 *
 * Choice (rule 5). An admin of the state before the fork *stands* in a candidate when in the tree from it
 * on, he signed a valid link, or anything under a valid link (a record, a link, a co-signature), with a key
 * that is his there, as the admin that he was before the fork (not removed and admitted anew since).
 *	5.1 keep those in which a majority of the admins before the fork stand
 *	5.2 keep those in which the most senior admin stands who stands in one of them alone; the recovery
 *	    key comes after all admins
 *	5.3 keep the one with the smallest id
 * each skipped where it would keep none. So what a majority has signed, or worked under, is undone by no
 * minority, however old the link is where it forks, and whoever has worked under one branch lends his
 * seniority to no other.
 *
 * What it cannot do: of a state with one admin, that admin may later make another history (a recovery
 * key that signed under the true one decides against him); silent admins who were a majority likewise. A
 * reader's memory (memory.h) stops there.
 *
 * Cuts and void ids concern records; they never take a link or a co-signature off the chain.
 *
 * Cost: time O((links + changes) log + links x admins x log acts), without recursion; acts are asked for
 * only when there is a fork, once per key.
 */
#ifndef BN_GOVERN_CHAIN_H
#define BN_GOVERN_CHAIN_H
#include "core/base/buf.h"
#include "core/govern/role.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BN_CHAIN_ID_BYTES = 32,
	BN_CHAIN_ADMINS_MAX = 64,
};

#define BN_CHAIN_OPEN UINT32_MAX /* bn_chain_fact.to: still so */

/* ---- what a link says (link.h reads and writes it) ---------------------------------------------- */

typedef enum bn_change_kind {
	BN_CHANGE_POLICY,   /* policy, signers */
	BN_CHANGE_PERSON,   /* key, text: name; request */
	BN_CHANGE_KEY,      /* person, key; request */
	BN_CHANGE_ROLE,     /* person, role, grant */
	BN_CHANGE_REVOKE,   /* key */
	BN_CHANGE_REMOVE,   /* person, with all keys */
	BN_CHANGE_RESTORED, /* text: why */
} bn_change_kind;

/* A person is named by the first key with which it was admitted. */
typedef struct bn_change {
	bn_change_kind kind;
	uint8_t person[BN_CHAIN_ID_BYTES], key[BN_CHAIN_ID_BYTES];
	uint8_t request[BN_CHAIN_ID_BYTES]; /* id of the request that it answers */
	bool has_request, grant;
	bn_role role;
	uint32_t signers;   /* of the policy: how many admins sign a link; at least 1 */
	const char *policy; /* canonical JSON */
	const char *text;
} bn_change;

typedef struct bn_chain_head {
	const char *writer;
	uint64_t seq;                     /* of its last signed record that the author knew */
	uint8_t after[BN_CHAIN_ID_BYTES]; /* the log's chain hash after that record */
} bn_chain_head;

typedef struct bn_chain_cut {
	uint8_t key[BN_CHAIN_ID_BYTES];
	const char *writer;
	uint64_t seq; /* the last that counts; 0: none */
} bn_chain_cut;

typedef struct bn_link {
	uint32_t n; /* 1, 2, ... */
	uint8_t prev[BN_CHAIN_ID_BYTES];
	const char *reason; /* for people; NULL: none is given */
	bool is_newer; /* says something that this program does not know: only n and prev hold */
	const bn_change *changes;
	size_t n_changes;
	const bn_chain_head *horizon; /* a writer that is not named keeps the value before */
	size_t n_horizon;
	const bn_chain_cut *cuts;
	size_t n_cuts;
	const uint8_t (*voids)[BN_CHAIN_ID_BYTES];
	size_t n_voids;
} bn_link;

/* ---- the choice -------------------------------------------------------------------------------- */

typedef struct bn_chain_link {
	uint8_t id[BN_CHAIN_ID_BYTES];     /* of the record */
	uint8_t author[BN_CHAIN_ID_BYTES]; /* the key that signed it */
	const bn_link *link;
	/* Keys of good `authority.signed` records of this id whose epoch is the link's prev; any key, any
	 * number of times. */
	const uint8_t (*signers)[BN_CHAIN_ID_BYTES];
	size_t n_signers;
} bn_chain_link;

typedef struct bn_chain_root {
	uint8_t id[BN_CHAIN_ID_BYTES], founder[BN_CHAIN_ID_BYTES], recovery[BN_CHAIN_ID_BYTES];
	bool has_recovery;
	uint32_t signers;         /* of its policy */
	const char *founder_name; /* for words */
} bn_chain_root;

/* Takes an id of a link; memory failures are kept for later. */
typedef struct bn_chain_acts bn_chain_acts;
void bn_chain_acts_add(bn_chain_acts *acts, const uint8_t link[BN_CHAIN_ID_BYTES]);

typedef struct bn_chain_input {
	bn_chain_root root;
	const bn_chain_link *links; /* borrowed during the call, and by the result */
	size_t count;
	/* Ids of founding records in the log that are not link 0, in order of the bytes: what goes on from one lacks
	 * nothing. */
	const uint8_t (*others)[BN_CHAIN_ID_BYTES];
	size_t n_others;
	/* Adds the epoch of every good signed record of key, each once at least. Called for keys of admins
	 * when there is a fork. NULL: there are no other records. */
	int (*acts)(
		void *ctx, const uint8_t key[BN_CHAIN_ID_BYTES], bn_chain_acts *acts, bn_err *err);
	void *ctx;
} bn_chain_input;

typedef enum bn_chain_standing {
	BN_CHAIN_CHOSEN,
	BN_CHAIN_OUTNUMBERED, /* 5.1: a majority stands in the rival */
	BN_CHAIN_JUNIOR,      /* 5.2: a more senior admin stands in the rival */
	BN_CHAIN_LARGER,      /* 5.3: the rival's id is smaller */
	BN_CHAIN_BESIDE,      /* goes on from a link that is not on the chain, beaten or invalid */
	BN_CHAIN_INVALID,     /* words say why */
	BN_CHAIN_ELSEWHERE, /* goes back to a founding record that is not link 0: an upgrade that was killed */
	BN_CHAIN_ORPHAN, /* a link between link 0 and it is not among the links: not here yet, or lost */
	BN_CHAIN_NEWER, /* it, or one before it, is made by a newer binnacle, and nothing beats it: the
			       * chain ends before it, and nobody can say what holds */
} bn_chain_standing;

/* Something that held after the links from..to-1. Not in order of `from`. */
typedef enum bn_fact_kind {
	BN_FACT_PERSON,
	BN_FACT_KEY,
	BN_FACT_ROLE,
	BN_FACT_POLICY
} bn_fact_kind;

typedef struct bn_chain_fact {
	bn_fact_kind kind;
	uint32_t from, to; /* to: BN_CHAIN_OPEN while it holds */
	uint8_t person[BN_CHAIN_ID_BYTES];
	uint8_t key[BN_CHAIN_ID_BYTES];
	bn_role role;
	uint32_t rank; /* of an admin's role: smaller is more senior; never used twice */
	/* the change that began it; NULL: link 0 (its founder, admin, policy). Borrowed from the input. */
	const bn_change *change;
} bn_chain_fact;

typedef struct bn_chain {
	const size_t *on; /* on[n - 1]: index of link n in the input */
	uint32_t newest;  /* n of the last one; 0: link 0 alone */
	bool is_newer;    /* the log goes on with a link of a newer binnacle (BN_CHAIN_NEWER) */
	bool has_fork;    /* two valid links have one prev */
	const bn_chain_standing *standings; /* of each link of the input */
	const bn_chain_fact *facts;
	size_t n_facts;
} bn_chain;

int bn_chain_id_order(const void *a, const void *b); /* of ids, for qsort and bsearch */
/* Two entries with one id are one link (their signers count together). 0; BN_ENOMEM; what acts() gave. */
int bn_chain_choose(bn_chain **out, const bn_chain_input *in, bn_err *err);
void bn_chain_free(bn_chain *c);
/* The standing of link i in words: "invalid: carol may not remove alice: that needs ...". Names come from the
 * input, and are what others wrote: show them as such. */
void bn_chain_words(const bn_chain *c, size_t i, bn_buf *out);
/* Whether the link is invalid for want of signatures alone, so that further admins can make it valid. */
bool bn_chain_lacks_signers(const bn_chain *c, size_t i);
/* "outnumbered": for tables and --json. */
const char *bn_chain_standing_name(bn_chain_standing s);

/* Whether the fact held after link n. */
static inline bool bn_chain_fact_holds(const bn_chain_fact *f, uint32_t n)
{
	return f->from <= n && n < f->to;
}

#endif
