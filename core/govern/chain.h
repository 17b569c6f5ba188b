/*
 * chain.h - the chain of authority: which links hold, and the persons, keys and roles after each
 * (design: rules 3 and 5).
 *
 * Pure: structs in, structs out. No file, no SQLite, no JSON, no signature and no clock. The caller has
 * verified the input: a link or a co-signature with a bad signature is not passed in. The result is a
 * function of the set: the order of the links and of their signers does not matter.
 *
 * The links form a tree with root link 0. A link is *valid* if the state before it, that after its prev,
 * allows it. Among the valid links with the same prev one is *chosen*, and the chain consists of the
 * chosen links from the root on.
 *
 * Validity (state n-1: the admins in order of seniority, persons, keys, roles, the policy's signers)
 *  1. n = n(prev) + 1.
 *  2. The author's key is an admin's in state n-1, or the recovery key. Signatures of non-admins are
 *     ignored. Admins are counted, not keys: two keys of one person are one signer.
 *  3. At least policy.signers admins sign; a majority (more than half) is always enough.
 *  4. An admin can be removed or demoted, or have a key revoked or cut, by himself, a more senior one or
 *  a majority.
 *  5. An admin is appointed by the most senior admin or by a majority. (Otherwise one admin could appoint
 *     ten, who then form the majority that removes his seniors.)
 *  6. Only the admin himself adds a key to an admin: one of the signing keys is his. (Otherwise one admin
 *     could sign as the others; the choice below relies on this too.) A person who lost all keys is removed
 *     and admitted again.
 *  7. A horizon does not fall below an earlier one, nor name another chain hash for the same seq, unless
 *     the link has `restored`, which a majority must sign.
 *  8. Each change is applicable: the person exists (or does not), the role is not held (or is), the key
 *     is free, a revoked key never comes back, a person keeps a key, an admin remains;
 *     BN_CHAIN_ADMINS_MAX admins at most.
 * The recovery key is not an admin, and counts in no majority. A link that it signs needs no other signature
 * under 3, 4 and 5; it cannot do 6 and 7. It is revoked by the most senior admin or by a majority.
 *
 * Choice (rule 5). An admin of the state before the fork *stands* in a candidate if, in the subtree from it
 *	on, he signed a valid link, or anything under a valid link (a record, a link, a co-signature), with
 *	a key that is his there, and as the same admin (not removed and admitted again since the fork).
 *	5.1 keep those in which a majority of the admins before the fork stand
 *	5.2 keep those with the most senior admin among the admins who stand in only one of them; the
 *	    recovery key ranks after all admins
 *	5.3 keep the one with the smallest id
 * each skipped if it would keep none. So no minority can undo what a majority has signed or worked under,
 * however old the forked link, and an admin who has worked under one branch cannot lend his seniority to
 * another.
 *
 * Limits: in a state with one admin, that admin can later create another history (a recovery key that
 * signed under the true one decides against him); so can a majority of silent admins. There a reader's
 * memory (memory.h) gives protection.
 *
 * Cuts and void ids concern records; they never take a link or a co-signature off the chain.
 *
 * Cost: time O((links + changes) log + links x admins x log acts), without recursion; acts are only
 * requested if there is a fork, once per key.
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

/* ---- content of a link (link.h reads and writes it)
 * ---------------------------------------------- */

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
	uint32_t signers;   /* of the policy: number of admins who sign a link; at least 1 */
	const char *policy; /* canonical JSON */
	const char *text;
} bn_change;

typedef struct bn_chain_head {
	const char *writer;
	uint64_t seq;                     /* of its last signed record known to the author */
	uint8_t after[BN_CHAIN_ID_BYTES]; /* the log's chain hash after that record */
} bn_chain_head;

typedef struct bn_chain_cut {
	uint8_t key[BN_CHAIN_ID_BYTES];
	const char *writer;
	uint64_t seq; /* the last one that counts; 0: none */
} bn_chain_cut;

typedef struct bn_link {
	uint32_t n; /* 1, 2, ... */
	uint8_t prev[BN_CHAIN_ID_BYTES];
	const char *reason; /* for display; NULL: none given */
	bool is_newer;      /* has content unknown to this program: only n and prev are valid */
	const bn_change *changes;
	size_t n_changes;
	const bn_chain_head *horizon; /* writers not named keep their previous value */
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

/* Adds the id of a link; memory failures are reported later. */
typedef struct bn_chain_acts bn_chain_acts;
void bn_chain_acts_add(bn_chain_acts *acts, const uint8_t link[BN_CHAIN_ID_BYTES]);

typedef struct bn_chain_input {
	bn_chain_root root;
	const bn_chain_link *links; /* borrowed during the call, and by the result */
	size_t count;
	/* Ids of founding records in the log that are not link 0, in byte order: successors of these are not
	 * missing an ancestor. */
	const uint8_t (*others)[BN_CHAIN_ID_BYTES];
	size_t n_others;
	/* Adds the epoch of every good signed record of key, each at least once. Called for keys of admins
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
	BN_CHAIN_BESIDE,      /* continues a link that is not on the chain, beaten or invalid */
	BN_CHAIN_INVALID,     /* words say why */
	BN_CHAIN_ELSEWHERE, /* descends from a founding record that is not link 0: a killed upgrade */
	BN_CHAIN_ORPHAN,    /* an ancestor is missing: not yet here, or lost */
	BN_CHAIN_NEWER, /* it or an ancestor is made by a newer binnacle, and nothing beats it: the
			       * chain ends before it, and the current state is unknown */
} bn_chain_standing;

/* A fact that held after the links from..to-1. Not in order of `from`. */
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
	uint32_t newest;  /* n of the last one; 0: only link 0 */
	bool is_newer;    /* the log continues with a link of a newer binnacle (BN_CHAIN_NEWER) */
	bool has_fork;    /* two valid links have one prev */
	const bn_chain_standing *standings; /* of each link of the input */
	const bn_chain_fact *facts;
	size_t n_facts;
} bn_chain;

int bn_chain_id_order(const void *a, const void *b); /* of ids, for qsort and bsearch */
/* Entries with the same id are one link (their signers are united). 0; BN_ENOMEM; the error of acts(). */
int bn_chain_choose(bn_chain **out, const bn_chain_input *in, bn_err *err);
void bn_chain_free(bn_chain *c);
/* The standing of link i in words: "invalid: carol may not remove alice: that needs ...". Names come from the
 * input and are untrusted. */
void bn_chain_words(const bn_chain *c, size_t i, bn_buf *out);
/* Whether the link is invalid only for lack of signatures, so that further admins can make it valid. */
bool bn_chain_lacks_signers(const bn_chain *c, size_t i);
/* "outnumbered": for tables and --json. */
const char *bn_chain_standing_name(bn_chain_standing s);

/* Whether the fact held after link n. */
static inline bool bn_chain_fact_holds(const bn_chain_fact *f, uint32_t n)
{
	return f->from <= n && n < f->to;
}

#endif
