/* chain_tree.c - see _chain.h: the links as a tree, and numbers for everything they name. */
#include "core/govern/_chain.h"

#include <stdlib.h>
#include <string.h>

/* Something to be numbered: equal items get the same number, in order. */
typedef struct mention {
	const void *what;
	uint32_t at;
} mention;

static int compare_ids(const void *a, const void *b)
{
	const mention *x = a, *y = b;
	return memcmp(x->what, y->what, BN_CHAIN_ID_BYTES);
}

static int compare_texts(const void *a, const void *b)
{
	const mention *x = a, *y = b;
	return strcmp(x->what, y->what);
}

static void *zeroed(bn_arena *a, size_t count, size_t bytes)
{
	return bn_arena_alloc(a, (count ? count : 1) * bytes);
}

/* ---- nodes ---------------------------------------------------------------------------------- */

uint32_t bn_chain_node_find(const chain_tree *t, const uint8_t id[BN_CHAIN_ID_BYTES])
{
	uint32_t low = 1, high = t->n_nodes;
	if (!memcmp(id, t->in->root.id, BN_CHAIN_ID_BYTES))
		return 0;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int c = memcmp(id, t->nodes[middle].in->id, BN_CHAIN_ID_BYTES);
		if (!c)
			return middle;
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return CHAIN_NONE;
}

/* order: the links sorted by id. Equal ids become one node. */
static int nodes_make(chain_tree *t, const mention *order, bn_err *err)
{
	const bn_chain_input *in = t->in;
	t->nodes = zeroed(&t->arena, in->count + 1, sizeof *t->nodes);
	t->node_of = zeroed(&t->arena, in->count, sizeof *t->node_of);
	if (!t->nodes || !t->node_of)
		return bn_err_nomem(err, "links");
	t->n_nodes = 1;
	for (size_t i = 0; i < in->count; i++) {
		const bn_chain_link *l = &in->links[order[i].at];
		const chain_node *last = &t->nodes[t->n_nodes - 1];
		t->node_of[order[i].at] = CHAIN_NONE;
		if (!memcmp(l->id, in->root.id, BN_CHAIN_ID_BYTES))
			continue;
		if (!last->in || memcmp(last->in->id, l->id, BN_CHAIN_ID_BYTES) != 0)
			t->nodes[t->n_nodes++].in = l;
		t->node_of[order[i].at] = t->n_nodes - 1;
	}
	for (uint32_t i = 0; i < t->n_nodes; i++) {
		chain_node *node = &t->nodes[i];
		node->parent = i ? bn_chain_node_find(t, node->in->link->prev) : CHAIN_NONE;
		node->best = node->rival = CHAIN_NONE;
	}
	return 0;
}

static int kids_make(chain_tree *t, bn_err *err)
{
	uint32_t at = 0;
	t->kids = zeroed(&t->arena, t->n_nodes, sizeof *t->kids);
	if (!t->kids)
		return bn_err_nomem(err, "links");
	for (uint32_t i = 1; i < t->n_nodes; i++)
		if (t->nodes[i].parent != CHAIN_NONE)
			t->nodes[t->nodes[i].parent].n_kids++;
	for (uint32_t i = 0; i < t->n_nodes; i++) {
		t->nodes[i].kid0 = at;
		at += t->nodes[i].n_kids;
		t->nodes[i].n_kids = 0;
	}
	for (uint32_t i = 1; i < t->n_nodes; i++)
		if (t->nodes[i].parent != CHAIN_NONE) {
			chain_node *parent = &t->nodes[t->nodes[i].parent];
			t->kids[parent->kid0 + parent->n_kids++] = i;
		}
	return 0;
}

/* ---- keys and persons ----------------------------------------------------------------------- */

/* The number of slots that the links need; 0 if that is too many. */
static size_t slots_count(const chain_tree *t)
{
	size_t n = 2;
	for (size_t i = 0; i < t->in->count; i++) {
		const bn_chain_link *l = &t->in->links[i];
		n += 1 + l->n_signers;
		if (!l->link->is_newer)
			n += 2 * l->link->n_changes + l->link->n_cuts;
	}
	return n < CHAIN_NONE / 2 ? n : 0;
}

static void mention_add(mention *all, uint32_t *n, const uint8_t *key)
{
	all[*n] = (mention){.what = key, .at = *n};
	++*n;
}

/* The input's links in order of id, so that those of one node are adjacent. */
static void mentions_of_links(chain_tree *t, const mention *order, mention *all, uint32_t *n)
{
	for (size_t i = 0; i < t->in->count; i++) {
		const bn_chain_link *l = &t->in->links[order[i].at];
		uint32_t at = t->node_of[order[i].at];
		if (at == CHAIN_NONE)
			continue;
		chain_node *node = &t->nodes[at];
		if (!node->n_signers) {
			node->signer0 = *n;
			mention_add(all, n, node->in->author);
		}
		for (size_t k = 0; k < l->n_signers; k++)
			mention_add(all, n, l->signers[k]);
		node->n_signers = *n - node->signer0;
	}
	for (uint32_t i = 1; i < t->n_nodes; i++) {
		chain_node *node = &t->nodes[i];
		const bn_link *link = node->in->link;
		if (link->is_newer)
			continue;
		node->change0 = *n;
		for (size_t k = 0; k < link->n_changes; k++) {
			mention_add(all, n, link->changes[k].person);
			mention_add(all, n, link->changes[k].key);
			t->n_grants += link->changes[k].kind == BN_CHANGE_ROLE;
		}
		node->cut0 = *n;
		for (size_t k = 0; k < link->n_cuts; k++)
			mention_add(all, n, link->cuts[k].key);
	}
}

static void names_find(chain_tree *t)
{
	t->names[t->founder] = t->in->root.founder_name;
	for (uint32_t i = 1; i < t->n_nodes; i++) {
		const bn_link *link = t->nodes[i].in->link;
		for (size_t k = 0; !link->is_newer && k < link->n_changes; k++) {
			const bn_change *c = &link->changes[k];
			uint32_t person = t->slots[t->nodes[i].change0 + 2 * k + 1];
			if (c->kind == BN_CHANGE_PERSON && !t->names[person])
				t->names[person] = c->text;
		}
	}
}

static int atoms_make(chain_tree *t, const mention *order, bn_err *err)
{
	size_t most = slots_count(t);
	uint32_t n = 0;
	int rc = 0;
	mention *all = most ? bn_alloc_zeroed(most, sizeof *all) : NULL;
	t->slots = zeroed(&t->arena, most, sizeof *t->slots);
	t->atoms = zeroed(&t->arena, most, sizeof *t->atoms);
	if (!all || !t->slots || !t->atoms) {
		rc = bn_err_nomem(err, "links");
		goto out;
	}
	mention_add(all, &n, t->in->root.founder);
	mention_add(all, &n, t->in->root.recovery);
	mentions_of_links(t, order, all, &n);
	qsort(all, n, sizeof *all, compare_ids);
	for (uint32_t i = 0; i < n; i++) {
		if (!i || compare_ids(&all[i - 1], &all[i]) != 0)
			t->atoms[t->n_atoms++] = all[i].what;
		t->slots[all[i].at] = t->n_atoms - 1;
	}
	t->founder = t->slots[0];
	t->recovery = t->in->root.has_recovery ? t->slots[1] : CHAIN_NONE;
	t->names = zeroed(&t->arena, t->n_atoms, sizeof *t->names);
	if (!t->names) {
		rc = bn_err_nomem(err, "links");
		goto out;
	}
	names_find(t);
out:
	bn_free(all);
	return rc;
}

/* ---- writers of horizons -------------------------------------------------------------------- */

static int heads_make(chain_tree *t, bn_err *err)
{
	size_t most = 0;
	uint32_t n = 0;
	for (uint32_t i = 1; i < t->n_nodes; i++)
		if (!t->nodes[i].in->link->is_newer)
			most += t->nodes[i].in->link->n_horizon;
	mention *all = most < CHAIN_NONE / 2 ? bn_alloc_zeroed(most + 1, sizeof *all) : NULL;
	t->heads = zeroed(&t->arena, most, sizeof *t->heads);
	if (!all || !t->heads) {
		bn_free(all);
		return bn_err_nomem(err, "horizons");
	}
	for (uint32_t i = 1; i < t->n_nodes; i++) {
		const bn_link *link = t->nodes[i].in->link;
		t->nodes[i].head0 = n;
		for (size_t k = 0; !link->is_newer && k < link->n_horizon; k++, n++) {
			all[n] = (mention){.what = link->horizon[k].writer, .at = n};
			t->heads[n].in = &link->horizon[k];
		}
	}
	qsort(all, n, sizeof *all, compare_texts);
	for (uint32_t i = 0; i < n; i++) {
		t->n_writers += !i || compare_texts(&all[i - 1], &all[i]) != 0;
		t->heads[all[i].at].writer = t->n_writers - 1;
	}
	bn_free(all);
	return 0;
}

int bn_chain_tree_build(chain_tree *t, const bn_chain_input *in, bn_err *err)
{
	mention *order = NULL;
	int rc;
	t->in = in;
	if (in->count >= CHAIN_NONE / 2 ||
		!(order = bn_alloc_zeroed(in->count + 1, sizeof *order))) {
		rc = bn_err_nomem(err, "links");
		goto out;
	}
	for (uint32_t i = 0; i < in->count; i++)
		order[i] = (mention){.what = in->links[i].id, .at = i};
	qsort(order, in->count, sizeof *order, compare_ids);
	if ((rc = nodes_make(t, order, err)) < 0)
		goto out;
	if ((rc = kids_make(t, err)) < 0)
		goto out;
	if ((rc = atoms_make(t, order, err)) < 0)
		goto out;
	rc = heads_make(t, err);
out:
	bn_free(order);
	return rc;
}
