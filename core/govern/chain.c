/*
 * chain.c - see chain.h: the walk over the tree of links, and the choice among those with one prev.
 *
 * The first walk finds which links are valid. Where no two of them have one prev, that is the chain.
 * Otherwise a second walk, with the acts of everyone who ever was an admin, records who acted where: a pair
 * (tenure, time of the walk) for each act. A link's subtree is a range of times, so whether an admin stands
 * in a candidate is one search in his sorted times. No walk visits a branch twice, however many forks it
 * contains.
 */
#include "core/govern/chain.h"

#include "core/govern/_chain.h"

#include <stdlib.h>
#include <string.h>

struct bn_chain_acts {
	uint8_t (*links)[BN_CHAIN_ID_BYTES];
	size_t count, cap;
	bool failed;
};

/* A key acted under the link of a node. */
typedef struct pair {
	uint32_t node, key;
} pair;

typedef struct walk {
	chain_tree *t;
	chain_state s;
	uint32_t now;
	bool notes_acts; /* the second walk */
	chain_act *acts;
	size_t n_acts, cap_acts;
	chain_fork *forks;
	size_t n_forks, cap_forks;
	uint32_t *last; /* by tenure: time of its last recorded act */
	bool failed;
} walk;

void bn_chain_acts_add(bn_chain_acts *acts, const uint8_t link[BN_CHAIN_ID_BYTES])
{
	if (acts->failed)
		return;
	if (bn_grow(&acts->links, &acts->cap, acts->count + 1, sizeof *acts->links) < 0)
		acts->failed = true;
	else
		memcpy(acts->links[acts->count++], link, BN_CHAIN_ID_BYTES);
}

/* ---- the walk ------------------------------------------------------------------------------- */

static void act_note(walk *w, uint32_t tenure)
{
	if (tenure == CHAIN_NONE || w->last[tenure] == w->now)
		return;
	if (bn_grow(&w->acts, &w->cap_acts, w->n_acts + 1, sizeof *w->acts) < 0) {
		w->failed = true;
		return;
	}
	w->last[tenure] = w->now;
	w->acts[w->n_acts++] = (chain_act){.tenure = tenure, .at = w->now};
}

static void act_note_keys(walk *w, const uint32_t *keys, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		act_note(w, bn_chain_state_tenure(w->t, &w->s, keys[i]));
}

/* Who acted under the node, in the state after it: by records, and by signing successors. */
static void acts_under(walk *w, const chain_node *node)
{
	act_note_keys(w, w->t->acts + node->act0, node->n_acts);
	for (uint32_t i = 0; i < node->n_kids; i++) {
		const chain_node *kid = &w->t->nodes[w->t->kids[node->kid0 + i]];
		act_note_keys(w, w->t->slots + kid->signer0, kid->n_signers);
	}
}

static void fork_note(walk *w, const chain_node *node)
{
	if (bn_grow(&w->forks, &w->cap_forks, w->n_forks + 1, sizeof *w->forks) < 0) {
		w->failed = true;
		return;
	}
	chain_fork *f = &w->forks[w->n_forks];
	f->node = (uint32_t)(node - w->t->nodes);
	f->n_admins = w->s.n_admins;
	f->has_recovery = w->s.has_recovery;
	for (uint32_t i = 0; i < f->n_admins; i++)
		f->tenures[i] = w->s.tenure[w->s.admins[i]];
	w->n_forks++;
}

static chain_visit node_judge(walk *w, chain_node *node)
{
	const chain_node *parent = &w->t->nodes[node->parent];
	chain_signers by;
	bn_chain_signers_find(&by, w->t, &w->s, node);
	if (parent->visit == VISIT_NEWER || node->in->link->is_newer) {
		if (parent->visit != VISIT_NEWER && !by.has_author) {
			node->flaw = FLAW_AUTHOR;
			node->flaw_atom = w->t->slots[node->signer0];
			return VISIT_INVALID;
		}
		if (w->notes_acts)
			act_note_keys(w, w->t->slots + node->signer0, node->n_signers);
		return VISIT_NEWER;
	}
	if (w->notes_acts) /* undone if it is invalid */
		act_note_keys(w, w->t->slots + node->signer0, node->n_signers);
	return bn_chain_state_apply(&w->s, w->t, node, &by) ? VISIT_VALID : VISIT_INVALID;
}

/* Enters a node; false when it is invalid. */
static bool node_enter(walk *w, uint32_t at)
{
	chain_node *node = &w->t->nodes[at];
	size_t noted = w->n_acts;
	node->mark = (uint32_t)w->s.n_undo;
	node->cursor = node->n_open = 0;
	node->begin = ++w->now;
	node->visit = at ? node_judge(w, node) : VISIT_VALID;
	if (node->visit == VISIT_INVALID) {
		w->n_acts = noted;
		return false;
	}
	if (at) {
		node->n = w->t->nodes[node->parent].n + 1;
		w->t->nodes[node->parent].n_open++;
	}
	if (w->notes_acts)
		acts_under(w, node);
	if (w->notes_acts && node->n_kids > 1 && node->visit == VISIT_VALID)
		fork_note(w, node);
	return true;
}

/* Walks everything reachable from link 0, in order of ids; no recursion. */
static int tree_walk(walk *w, bn_err *err)
{
	uint32_t at = 0;
	node_enter(w, 0);
	while (!w->failed && !w->s.failed) {
		chain_node *node = &w->t->nodes[at];
		if (node->cursor < node->n_kids) {
			uint32_t kid = w->t->kids[node->kid0 + node->cursor++];
			if (node_enter(w, kid))
				at = kid;
			continue;
		}
		node->end = w->now + 1;
		bn_chain_state_undo(&w->s, node->mark);
		if (!at)
			return 0;
		at = node->parent;
	}
	return bn_err_nomem(err, "links");
}

/* ---- acts ----------------------------------------------------------------------------------- */

static int compare_pairs(const void *a, const void *b)
{
	const pair *x = a, *y = b;
	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	return (x->key > y->key) - (x->key < y->key);
}

/* Marks the keys of those who were admins somewhere in the tree. */
static void keys_mark(const walk *w, uint8_t *is_asked)
{
	const chain_tree *t = w->t;
	is_asked[t->founder] = 1;
	if (t->recovery != CHAIN_NONE)
		is_asked[t->recovery] = 1;
	for (uint32_t i = 1; i < t->n_nodes; i++) {
		const bn_link *link = t->nodes[i].in->link;
		for (size_t k = 0; t->nodes[i].visit == VISIT_VALID && k < link->n_changes; k++) {
			const uint32_t *atoms = &t->slots[t->nodes[i].change0 + 2 * k];
			bn_change_kind kind = link->changes[k].kind;
			if ((kind == BN_CHANGE_PERSON && w->s.was_admin[atoms[1]]) ||
				(kind == BN_CHANGE_KEY && w->s.was_admin[atoms[0]]))
				is_asked[atoms[1]] = 1;
		}
	}
}

static int acts_keep(chain_tree *t, pair *pairs, size_t n, bn_err *err)
{
	if (n >= CHAIN_NONE || !(t->acts = bn_arena_alloc(&t->arena, (n + 1) * sizeof *t->acts)))
		return bn_err_nomem(err, "acts under links");
	if (n)
		qsort(pairs, n, sizeof *pairs, compare_pairs);
	for (size_t i = 0; i < n; i++) {
		chain_node *node = &t->nodes[pairs[i].node];
		if (!node->n_acts++)
			node->act0 = (uint32_t)i;
		t->acts[i] = pairs[i].key;
	}
	return 0;
}

static int acts_ask(walk *w, bn_err *err)
{
	chain_tree *t = w->t;
	bn_chain_acts acts = {.links = NULL};
	pair *pairs = NULL;
	size_t n = 0, cap = 0;
	int rc = 0;
	uint8_t *is_asked = bn_arena_alloc(&t->arena, t->n_atoms);
	if (!is_asked) {
		rc = bn_err_nomem(err, "acts under links");
		goto out;
	}
	keys_mark(w, is_asked);
	for (uint32_t key = 0; t->in->acts && key < t->n_atoms; key++) {
		if (!is_asked[key])
			continue;
		acts.count = 0;
		if ((rc = t->in->acts(t->in->ctx, t->atoms[key], &acts, err)) < 0)
			goto out;
		if (acts.failed || bn_grow(&pairs, &cap, n + acts.count + 1, sizeof *pairs) < 0) {
			rc = bn_err_nomem(err, "acts under links");
			goto out;
		}
		for (size_t i = 0; i < acts.count; i++) {
			uint32_t node = bn_chain_node_find(t, acts.links[i]);
			if (node != CHAIN_NONE)
				pairs[n++] = (pair){.node = node, .key = key};
		}
	}
	rc = acts_keep(t, pairs, n, err);
out:
	bn_free(acts.links);
	bn_free(pairs);
	return rc;
}

/* ---- the choice ----------------------------------------------------------------------------- */

/* The acts by tenure: those of tenure i are times[first[i + 1]] to times[first[i + 2] - 1], ascending. */
typedef struct stands {
	uint32_t *first, *times;
} stands;

static int stands_make(stands *st, walk *w, uint32_t n_tenures, bn_err *err)
{
	bn_arena *a = &w->t->arena;
	st->first = bn_arena_alloc(a, (n_tenures + 2) * sizeof *st->first);
	st->times = bn_arena_alloc(a, (w->n_acts + 1) * sizeof *st->times);
	if (!st->first || !st->times)
		return bn_err_nomem(err, "acts under links");
	for (size_t i = 0; i < w->n_acts; i++)
		st->first[w->acts[i].tenure + 1]++;
	for (uint32_t i = 0; i < n_tenures; i++)
		st->first[i + 1] += st->first[i];
	st->first[n_tenures + 1] = (uint32_t)w->n_acts;
	for (size_t i = w->n_acts; i-- > 0;)
		st->times[--st->first[w->acts[i].tenure + 1]] = w->acts[i].at;
	return 0;
}

static bool stands_in(const stands *st, uint32_t tenure, const chain_node *node)
{
	uint32_t low = st->first[tenure + 1], end = st->first[tenure + 2], high = end;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (st->times[middle] < node->begin)
			low = middle + 1;
		else
			high = middle;
	}
	return low < end && st->times[low] < node->end;
}

/* A candidate: bit i of who is the i-th admin before the fork, the last one the recovery key. */
typedef struct candidate {
	uint32_t node;
	bool is_out;
	bool has_recovery;
	uint64_t who;
} candidate;

static void drop(chain_tree *t, candidate *c, bn_chain_standing how)
{
	c->is_out = true;
	t->nodes[c->node].beaten = how;
}

/* 5.1 */
static void keep_majorities(chain_tree *t, candidate *all, size_t n, uint32_t n_admins)
{
	bool some = false;
	for (size_t i = 0; i < n; i++)
		some = some || (uint32_t)__builtin_popcountll(all[i].who) * 2 > n_admins;
	for (size_t i = 0; some && i < n; i++)
		if ((uint32_t)__builtin_popcountll(all[i].who) * 2 <= n_admins)
			drop(t, &all[i], BN_CHAIN_OUTNUMBERED);
}

static bool has_rank(const candidate *c, uint32_t rank, uint32_t n_admins)
{
	return rank < n_admins ? c->who >> rank & 1 : c->has_recovery;
}

/* 5.2 */
static void keep_most_senior(chain_tree *t, candidate *all, size_t n, uint32_t n_admins)
{
	for (uint32_t rank = 0; rank <= n_admins; rank++) {
		size_t in = 0, one = 0;
		for (size_t i = 0; i < n; i++)
			if (!all[i].is_out && has_rank(&all[i], rank, n_admins)) {
				in++;
				one = i;
			}
		if (in != 1)
			continue;
		for (size_t i = 0; i < n; i++)
			if (!all[i].is_out && i != one)
				drop(t, &all[i], BN_CHAIN_JUNIOR);
		return;
	}
}

static void fork_decide(chain_tree *t, const chain_fork *f, const stands *st, candidate *all)
{
	chain_node *node = &t->nodes[f->node];
	size_t n = 0, kept = 0;
	for (uint32_t i = 0; i < node->n_kids; i++) {
		uint32_t at = t->kids[node->kid0 + i];
		const chain_node *kid = &t->nodes[at];
		if (kid->visit != VISIT_VALID && kid->visit != VISIT_NEWER)
			continue;
		candidate *c = &all[n++];
		*c = (candidate){.node = at};
		c->has_recovery = f->has_recovery && stands_in(st, CHAIN_RECOVERY, kid);
		for (uint32_t k = 0; k < f->n_admins; k++)
			c->who |= (uint64_t)stands_in(st, f->tenures[k], kid) << k;
	}
	if (n < 2)
		return;
	keep_majorities(t, all, n, f->n_admins);
	keep_most_senior(t, all, n, f->n_admins);
	while (all[kept].is_out)
		kept++;
	for (size_t i = kept + 1; i < n; i++)
		if (!all[i].is_out)
			drop(t, &all[i], BN_CHAIN_LARGER);
	node->best = all[kept].node;
	for (size_t i = 0; i < n; i++)
		t->nodes[all[i].node].rival = node->best;
}

static int forks_decide(walk *w, bn_err *err)
{
	stands st = {.first = NULL};
	uint32_t most = 1;
	int rc = stands_make(&st, w, w->s.n_tenures + 1, err);
	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < w->t->n_nodes; i++)
		if (w->t->nodes[i].n_kids > most)
			most = w->t->nodes[i].n_kids;
	candidate *all = bn_alloc_zeroed(most, sizeof *all);
	if (!all)
		return bn_err_nomem(err, "links");
	for (size_t i = 0; i < w->n_forks; i++)
		fork_decide(w->t, &w->forks[i], &st, all);
	bn_free(all);
	return 0;
}

static bool has_fork(const chain_tree *t)
{
	for (uint32_t i = 0; i < t->n_nodes; i++)
		if (t->nodes[i].n_open > 1 && t->nodes[i].visit == VISIT_VALID)
			return true;
	return false;
}

/* ---- the result ----------------------------------------------------------------------------- */

/* The path to a node. */
enum { FROM_NOTHING, FROM_LINK_0, FROM_ANOTHER };

/* Marks all descendants of the node, valid or not. stack: one cell per node. */
static void reach(
	const chain_tree *t, uint32_t from, uint8_t mark, uint32_t *stack, uint8_t *reached)
{
	size_t n = 1;
	stack[0] = from;
	reached[from] = mark;
	while (n) {
		const chain_node *node = &t->nodes[stack[--n]];
		for (uint32_t i = 0; i < node->n_kids; i++) {
			stack[n++] = t->kids[node->kid0 + i];
			reached[t->kids[node->kid0 + i]] = mark;
		}
	}
}

int bn_chain_id_order(const void *a, const void *b)
{
	return memcmp(a, b, BN_CHAIN_ID_BYTES);
}

/* The rest are orphans. */
static void reach_all(const chain_tree *t, uint32_t *stack, uint8_t *reached)
{
	const bn_chain_input *in = t->in;
	reach(t, 0, FROM_LINK_0, stack, reached);
	for (uint32_t i = 1; in->n_others && i < t->n_nodes; i++)
		if (t->nodes[i].parent == CHAIN_NONE &&
			bsearch(t->nodes[i].in->link->prev, in->others, in->n_others,
				sizeof *in->others, bn_chain_id_order))
			reach(t, i, FROM_ANOTHER, stack, reached);
}

static bn_chain_standing standing_of(
	const chain_tree *t, uint32_t at, const uint8_t *reached, const uint8_t *is_on)
{
	const chain_node *node = &t->nodes[at];
	if (reached[at] != FROM_LINK_0)
		return reached[at] == FROM_ANOTHER ? BN_CHAIN_ELSEWHERE : BN_CHAIN_ORPHAN;
	if (node->visit == VISIT_INVALID)
		return BN_CHAIN_INVALID;
	if (is_on[at])
		return node->visit == VISIT_NEWER ? BN_CHAIN_NEWER : BN_CHAIN_CHOSEN;
	if (node->visit == VISIT_NONE)
		return BN_CHAIN_BESIDE;
	return is_on[node->parent] ? node->beaten : BN_CHAIN_BESIDE;
}

/* Fills on, newest and is_on[i]: on the chain, or a continuation by a newer binnacle. */
static void chain_follow(chain_result *r, size_t *on, uint8_t *is_on)
{
	const chain_tree *t = &r->tree;
	uint32_t at = 0;
	for (;;) {
		const chain_node *node = &t->nodes[at];
		uint32_t next = node->best;
		is_on[at] = 1;
		for (uint32_t i = 0; next == CHAIN_NONE && i < node->n_kids; i++) {
			chain_visit v = t->nodes[t->kids[node->kid0 + i]].visit;
			if (v == VISIT_VALID || v == VISIT_NEWER)
				next = t->kids[node->kid0 + i];
		}
		if (next == CHAIN_NONE)
			return;
		at = next;
		if (t->nodes[at].visit == VISIT_NEWER)
			break;
		on[r->chain.newest++] = (size_t)(t->nodes[at].in - t->in->links);
	}
	r->chain.is_newer = true;
	is_on[at] = 1;
}

/* Marks what continues from a newer binnacle's link at the chain's end. */
static void newer_mark(const chain_tree *t, uint32_t *stack, uint8_t *is_on)
{
	size_t n = 0;
	for (uint32_t i = 1; i < t->n_nodes; i++)
		if (is_on[i] && t->nodes[i].visit == VISIT_NEWER)
			stack[n++] = i;
	while (n) {
		const chain_node *node = &t->nodes[stack[--n]];
		for (uint32_t i = 0; i < node->n_kids; i++) {
			stack[n++] = t->kids[node->kid0 + i];
			is_on[t->kids[node->kid0 + i]] = 1;
		}
	}
}

static int result_make(chain_result *r, bn_err *err)
{
	chain_tree *t = &r->tree;
	uint32_t *stack = bn_arena_alloc(&t->arena, t->n_nodes * sizeof *stack);
	uint8_t *marks = bn_arena_alloc(&t->arena, 2 * (size_t)t->n_nodes);
	size_t *on = bn_arena_alloc(&t->arena, t->n_nodes * sizeof *on);
	bn_chain_standing *standings =
		bn_arena_alloc(&t->arena, (t->in->count + 1) * sizeof *standings);
	if (!stack || !marks || !on || !standings)
		return bn_err_nomem(err, "links");
	uint8_t *reached = marks, *is_on = marks + t->n_nodes;
	reach_all(t, stack, reached);
	chain_follow(r, on, is_on);
	newer_mark(t, stack, is_on);
	for (size_t i = 0; i < t->in->count; i++)
		standings[i] = t->node_of[i] == CHAIN_NONE
				       ? BN_CHAIN_ORPHAN
				       : standing_of(t, t->node_of[i], reached, is_on);
	r->chain.on = on;
	r->chain.standings = standings;
	return bn_chain_facts(r, err);
}

static int choose(chain_result *r, walk *w, bn_err *err)
{
	chain_tree *t = w->t;
	int rc;
	if ((rc = bn_chain_state_init(&w->s, t, err)) < 0)
		return rc;
	if ((rc = tree_walk(w, err)) < 0)
		return rc;
	r->chain.has_fork = has_fork(t);
	if (!r->chain.has_fork)
		return 0;
	if ((rc = acts_ask(w, err)) < 0)
		return rc;
	w->last = bn_arena_alloc(&t->arena, (t->n_grants + 2) * sizeof *w->last);
	if (!w->last)
		return bn_err_nomem(err, "links");
	w->notes_acts = true;
	w->now = 0;
	w->s.n_tenures = 1;
	if ((rc = tree_walk(w, err)) < 0)
		return rc;
	return forks_decide(w, err);
}

int bn_chain_choose(bn_chain **out, const bn_chain_input *in, bn_err *err)
{
	walk w = {.now = 0};
	int rc;
	chain_result *r = bn_alloc_zeroed(1, sizeof *r);
	*out = NULL;
	if (!r)
		return bn_err_nomem(err, "the chain of authority");
	w.t = &r->tree;
	if ((rc = bn_chain_tree_build(&r->tree, in, err)) < 0)
		goto out;
	if ((rc = choose(r, &w, err)) < 0)
		goto out;
	if ((rc = result_make(r, err)) < 0)
		goto out;
	*out = &r->chain;
out:
	bn_chain_state_release(&w.s);
	bn_free(w.acts);
	bn_free(w.forks);
	if (rc < 0)
		bn_chain_free(&r->chain);
	return rc;
}

void bn_chain_free(bn_chain *c)
{
	if (!c)
		return;
	chain_result *r = (chain_result *)c;
	bn_arena_release(&r->tree.arena);
	bn_free(r);
}
