/* chain_facts.c - the range of links over which each fact held, from one pass over the chain's
 * changes. */
#include "core/govern/_chain.h"

#include <string.h>

/* Current facts by atom, as index + 1; 0: none. The keys of a person form a list of facts. */
typedef struct ledger {
	const chain_tree *t;
	bn_chain_fact *facts;
	size_t n, cap;
	uint32_t *next; /* by fact: the previous one of the same person */
	size_t cap_next;
	uint32_t *newest; /* by atom of a person: its newest fact */
	uint32_t *key;    /* by atom of a key */
	uint32_t policy;
	uint32_t rank;
	bool failed;
} ledger;

static bn_chain_fact *fact_add(ledger *l, uint32_t person, const bn_chain_fact *fact)
{
	if (bn_grow(&l->facts, &l->cap, l->n + 1, sizeof *l->facts) < 0 ||
		bn_grow(&l->next, &l->cap_next, l->n + 1, sizeof *l->next) < 0) {
		l->failed = true;
		return NULL;
	}
	l->facts[l->n] = *fact;
	l->facts[l->n].to = BN_CHAIN_OPEN;
	l->next[l->n] = 0;
	if (person != CHAIN_NONE) {
		memcpy(l->facts[l->n].person, l->t->atoms[person], BN_CHAIN_ID_BYTES);
		l->next[l->n] = l->newest[person];
		l->newest[person] = (uint32_t)l->n + 1;
	}
	return &l->facts[l->n++];
}

static void fact_close(ledger *l, uint32_t index, uint32_t n)
{
	if (index && l->facts[index - 1].to == BN_CHAIN_OPEN)
		l->facts[index - 1].to = n;
}

static void key_add(ledger *l, uint32_t person, uint32_t key, uint32_t n, const bn_change *c)
{
	bn_chain_fact *f =
		fact_add(l, person, &(bn_chain_fact){.kind = BN_FACT_KEY, .from = n, .change = c});
	if (!f)
		return;
	memcpy(f->key, l->t->atoms[key], BN_CHAIN_ID_BYTES);
	l->key[key] = (uint32_t)l->n;
}

static void role_change(
	ledger *l, uint32_t person, bn_role role, bool grant, uint32_t n, const bn_change *c)
{
	if (grant) {
		uint32_t rank = role == BN_ROLE_ADMIN ? l->rank++ : 0;
		fact_add(l, person,
			&(bn_chain_fact){.kind = BN_FACT_ROLE,
				.from = n,
				.role = role,
				.rank = rank,
				.change = c});
		return;
	}
	for (uint32_t i = l->newest[person]; i; i = l->next[i - 1])
		if (l->facts[i - 1].kind == BN_FACT_ROLE && l->facts[i - 1].role == role)
			fact_close(l, i, n);
}

static void change_note(ledger *l, const chain_node *node, size_t at, uint32_t n)
{
	const bn_change *c = &node->in->link->changes[at];
	const uint32_t *atoms = &l->t->slots[node->change0 + 2 * at];
	switch (c->kind) {
	case BN_CHANGE_POLICY:
		fact_close(l, l->policy, n);
		fact_add(l, CHAIN_NONE,
			&(bn_chain_fact){.kind = BN_FACT_POLICY, .from = n, .change = c});
		l->policy = (uint32_t)l->n;
		return;
	case BN_CHANGE_PERSON:
		fact_add(l, atoms[1],
			&(bn_chain_fact){.kind = BN_FACT_PERSON, .from = n, .change = c});
		key_add(l, atoms[1], atoms[1], n, c);
		return;
	case BN_CHANGE_KEY:
		key_add(l, atoms[0], atoms[1], n, c);
		return;
	case BN_CHANGE_ROLE:
		role_change(l, atoms[0], c->role, c->grant, n, c);
		return;
	case BN_CHANGE_REVOKE:
		fact_close(l, l->key[atoms[1]], n);
		return;
	case BN_CHANGE_REMOVE:
		for (uint32_t i = l->newest[atoms[0]]; i; i = l->next[i - 1])
			fact_close(l, i, n);
		l->newest[atoms[0]] = 0;
		return;
	case BN_CHANGE_RESTORED:
		return;
	}
}

static void root_note(ledger *l)
{
	uint32_t founder = l->t->founder;
	fact_add(l, CHAIN_NONE, &(bn_chain_fact){.kind = BN_FACT_POLICY});
	l->policy = (uint32_t)l->n;
	fact_add(l, founder, &(bn_chain_fact){.kind = BN_FACT_PERSON});
	key_add(l, founder, founder, 0, NULL);
	role_change(l, founder, BN_ROLE_ADMIN, true, 0, NULL);
}

int bn_chain_facts(chain_result *r, bn_err *err)
{
	chain_tree *t = &r->tree;
	ledger l = {.t = t};
	l.newest = bn_arena_alloc(&t->arena, t->n_atoms * sizeof *l.newest);
	l.key = bn_arena_alloc(&t->arena, t->n_atoms * sizeof *l.key);
	int rc = l.newest && l.key ? 0 : bn_err_nomem(err, "links");
	if (rc < 0)
		goto out;
	root_note(&l);
	for (uint32_t n = 1; !l.failed && n <= r->chain.newest; n++) {
		const chain_node *node = &t->nodes[t->node_of[r->chain.on[n - 1]]];
		for (size_t i = 0; i < node->in->link->n_changes && !l.failed; i++)
			change_note(&l, node, i, n);
	}
	bn_chain_fact *facts = bn_arena_alloc(&t->arena, (l.n + 1) * sizeof *facts);
	if (l.failed || !facts) {
		rc = bn_err_nomem(err, "links");
		goto out;
	}
	memcpy(facts, l.facts, l.n * sizeof *facts);
	r->chain.facts = facts;
	r->chain.n_facts = l.n;
out:
	bn_free(l.facts);
	bn_free(l.next);
	return rc;
}
