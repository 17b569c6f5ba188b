/*
 * _chain.h - internals of chain.h: the tree of links, with everything they name as small numbers, and
 * the state carried by a walk over the tree, in which every change can be undone.
 *
 * Node 0 is link 0; the others are the input's links in order of their ids, each id once. An *atom* is the
 * number of a 32-byte key or person, in order of the bytes. The numbers come from sorting: there is no
 * hash table that could be attacked with colliding keys.
 */
#ifndef BN_GOVERN__CHAIN_H
#define BN_GOVERN__CHAIN_H
#include "core/base/mem.h"
#include "core/govern/chain.h"

#define CHAIN_NONE UINT32_MAX
#define CHAIN_RECOVERY 0u /* the tenure of the recovery key; admins have 1, 2, ... */

typedef enum chain_flaw {
	FLAW_NONE,
	FLAW_NUMBER,
	FLAW_AUTHOR,
	FLAW_SIGNERS,
	FLAW_POWER,
	FLAW_MAKE_ADMIN,
	FLAW_ADD_KEY,
	FLAW_RECOVERY,
	FLAW_RESTORED,
	FLAW_HORIZON_LOW,
	FLAW_HORIZON_OTHER,
	FLAW_PERSON_KNOWN,
	FLAW_PERSON_UNKNOWN,
	FLAW_KEY_TAKEN,
	FLAW_KEY_REVOKED,
	FLAW_KEY_UNKNOWN,
	FLAW_LAST_KEY,
	FLAW_ROLE_HELD,
	FLAW_ROLE_MISSING,
	FLAW_LAST_ADMIN,
	FLAW_MANY_ADMINS,
	FLAW_POLICY,
} chain_flaw;

typedef enum chain_visit {
	VISIT_NONE, /* not reached: an ancestor is invalid, or missing */
	VISIT_VALID,
	VISIT_INVALID,
	VISIT_NEWER, /* it or an ancestor is made by a newer binnacle */
} chain_visit;

typedef struct chain_node {
	const bn_chain_link *in;       /* NULL: link 0 */
	uint32_t parent;               /* node, or CHAIN_NONE */
	uint32_t kid0, n_kids;         /* in chain_tree.kids, in order of id */
	uint32_t signer0, n_signers;   /* in chain_tree.slots: atoms, the author's first */
	uint32_t change0, cut0, head0; /* in slots (two a change, one a cut), in heads */
	uint32_t act0, n_acts;         /* in chain_tree.acts */
	uint32_t n, cursor, mark;      /* of the walk */
	uint32_t begin, end;           /* its tree: nodes entered at begin <= t < end */
	uint32_t n_open;               /* kids that are valid or newer */
	uint32_t best, rival;          /* the chosen child; the link that beat this one */
	bn_chain_standing beaten;      /* how */
	chain_visit visit;
	chain_flaw flaw;
	uint32_t flaw_at, flaw_atom; /* change (or head), and its subject */
	uint64_t flaw_have, flaw_need;
} chain_node;

typedef struct chain_head {
	uint32_t writer;
	const bn_chain_head *in;
} chain_head;

/* The admins at a node with several kids, in order of seniority. */
typedef struct chain_fork {
	uint32_t node, n_admins;
	bool has_recovery;
	uint32_t tenures[BN_CHAIN_ADMINS_MAX];
} chain_fork;

typedef struct chain_act {
	uint32_t tenure, at;
} chain_act;

typedef struct chain_tree {
	const bn_chain_input *in;
	bn_arena arena;
	chain_node *nodes;
	uint32_t n_nodes;
	uint32_t *kids;
	uint32_t *slots; /* atoms of everything the links name, consecutively */
	const uint8_t **atoms;
	const char **names; /* of persons, by atom; NULL unknown */
	uint32_t n_atoms, founder, recovery;
	chain_head *heads;
	uint32_t n_writers, n_grants;
	uint32_t *node_of; /* of each link of the input; CHAIN_NONE: it has link 0's id */
	uint32_t *acts;    /* atoms of keys, by node */
} chain_tree;

/* 0 or BN_ENOMEM. */
int bn_chain_tree_build(chain_tree *t, const bn_chain_input *in, bn_err *err);
/* The node of an id, or CHAIN_NONE. */
uint32_t bn_chain_node_find(const chain_tree *t, const uint8_t id[BN_CHAIN_ID_BYTES]);

/* ---- the state before and after a link ------------------------------------------------------ */

typedef struct chain_undo {
	uint32_t *at, old;
} chain_undo;

/* Arrays indexed by atom, 32-bit cells; initially zero. */
typedef struct chain_state {
	uint32_t *owner,
		*owner_life; /* of a key: its person's atom + 1, and the person's life at that time */
	uint32_t *revoked;   /* of a key */
	uint32_t *exists, *life; /* of a person; life is incremented on removal */
	uint32_t *n_keys, *roles, *tenure;
	uint32_t *head; /* of a writer: index in heads + 1 */
	uint32_t admins[BN_CHAIN_ADMINS_MAX], n_admins;
	uint32_t signers, has_recovery;
	uint32_t n_tenures; /* given so far; not undone */
	uint8_t *was_admin; /* by atom of a person; not undone */
	chain_undo *undo;
	size_t n_undo, cap_undo;
	bool failed; /* out of memory */
} chain_state;

/* Who signed a link, as admins of the state before it. */
typedef struct chain_signers {
	uint64_t who;        /* bit i: admin i */
	uint32_t count, top; /* of them; position of the most senior, or CHAIN_NONE */
	bool is_majority, has_recovery, has_author;
} chain_signers;

int bn_chain_state_init(chain_state *s, chain_tree *t, bn_err *err);
void bn_chain_state_release(chain_state *s);
void bn_chain_state_undo(chain_state *s, size_t mark);
/* The tenure of the admin who owns the key, CHAIN_RECOVERY, or CHAIN_NONE. */
uint32_t bn_chain_state_tenure(const chain_tree *t, const chain_state *s, uint32_t key);
void bn_chain_signers_find(
	chain_signers *out, const chain_tree *t, const chain_state *s, const chain_node *node);
/* Applies the node's link to the state. False: it is invalid (node->flaw), and the state is unchanged. */
bool bn_chain_state_apply(
	chain_state *s, const chain_tree *t, chain_node *node, const chain_signers *by);

/* ---- the result ----------------------------------------------------------------------------- */

typedef struct chain_result {
	bn_chain chain; /* first: what the caller sees */
	chain_tree tree;
} chain_result;

int bn_chain_facts(chain_result *r, bn_err *err);

#endif
