/* held_nest.c - the parent of each held run, as nest.h defines it. See _tree.h. */
#include "core/track/_tree.h"

#include "core/base/hash.h"
#include "core/base/hash_key.h"
#include "core/track/nest.h"

#include <string.h>

/* The held runs by id: open addressing. */
typedef struct ids {
	const bn_run_memory *m;
	uint32_t *slots; /* index + 1; 0: free */
	size_t mask;
} ids;

/* The start differs from run to run of the program, so that ids cannot be chosen to meet. */
static size_t slot_of(const ids *t, const uint8_t *id)
{
	uint64_t start = BN_HASH_KEY ^ (uint64_t)(uintptr_t)t->m;
	return bn_hash_slot(bn_hash_key_bytes(start, id, sizeof t->m->runs[0].id), t->mask + 1);
}

static int ids_build(ids *t, const bn_run_memory *m, bn_err *err)
{
	size_t n = 16;
	while (n < 2 * m->count)
		n *= 2;
	t->m = m;
	t->mask = n - 1;
	if (!(t->slots = bn_alloc_zeroed(n, sizeof *t->slots)))
		return bn_err_nomem(err, "a list of runs");
	for (size_t i = 0; i < m->count; i++) {
		size_t at = slot_of(t, m->runs[i].id);
		while (t->slots[at])
			at = (at + 1) & t->mask;
		t->slots[at] = (uint32_t)i + 1;
	}
	return 0;
}

/* -1: it is not held: unknown, or in the trash. */
static int32_t ids_find(const ids *t, const uint8_t *id)
{
	size_t n = sizeof t->m->runs[0].id;
	for (size_t at = slot_of(t, id); t->slots[at]; at = (at + 1) & t->mask)
		if (memcmp(t->m->runs[t->slots[at] - 1].id, id, n) == 0)
			return (int32_t)(t->slots[at] - 1);
	return -1;
}

/* Of runs that were created without one. */
static int parents_tagged(const ids *t, bn_run_memory *m, const uint8_t *has, bn_err *err)
{
	bn_column *tags = NULL;
	uint8_t id[sizeof m->runs[0].id];
	int rc;
	if (bn_index_key(m->runs_of, BN_KEY_TAG, BN_NEST_PARENT_TAG) < 0)
		return 0;
	if ((rc = bn_column_new(&tags, m->runs_of, BN_KEY_TAG, BN_NEST_PARENT_TAG,
		     BN_AGGREGATE_LAST, false, err)) < 0 ||
		(rc = bn_column_load(tags, err)) < 0)
		goto out;
	for (size_t i = 0; i < m->count; i++) {
		size_t run = (size_t)m->runs[i].no;
		if (bn_set_has(has, i) || run >= tags->count || !bn_set_has(tags->has, run) ||
			strlen(tags->text[run]) != 2 * sizeof id ||
			bn_unhex(tags->text[run], sizeof id, id) < 0)
			continue;
		m->parent[i] = ids_find(t, id);
	}
out:
	bn_column_free(tags);
	return rc;
}

/* The run of a circle that loses its parent: the one with the smallest id, on every host. */
static void circle_cut(bn_run_memory *m, int32_t in)
{
	int32_t least = in;
	for (int32_t at = m->parent[in]; at != in; at = m->parent[at])
		if (memcmp(m->runs[at].id, m->runs[least].id, sizeof m->runs[at].id) < 0)
			least = at;
	m->parent[least] = -1;
}

/* Each run is walked over twice at most. */
static int circles_cut(bn_run_memory *m, bn_err *err)
{
	uint32_t *walk =
		bn_alloc_zeroed(m->count + 1, sizeof *walk); /* which walk came here first */
	if (!walk)
		return bn_err_nomem(err, "a list of runs");
	for (size_t i = 0; i < m->count; i++) {
		int32_t at = (int32_t)i;
		while (at >= 0 && !walk[at]) {
			walk[at] = (uint32_t)i + 1;
			at = m->parent[at];
		}
		if (at >= 0 && walk[at] == (uint32_t)i + 1)
			circle_cut(m, at);
	}
	bn_free(walk);
	return 0;
}

int bn_memory_nest(bn_run_memory *m, bn_err *err)
{
	ids t = {.slots = NULL};
	uint8_t *has = NULL; /* created with a parent, known or not */
	int rc;
	if (m->parent)
		return 0;
	m->parent = bn_alloc((m->count + 1) * sizeof *m->parent);
	has = bn_alloc_zeroed(m->count / 8 + 1, 1);
	if (!m->parent || !has) {
		rc = bn_err_nomem(err, "a list of runs");
		goto out;
	}
	for (size_t i = 0; i < m->count; i++)
		m->parent[i] = -1;
	if ((rc = ids_build(&t, m, err)) < 0)
		goto out;
	for (size_t k = 0; k < m->made_below_count; k++) {
		const bn_held_parent *p = &m->made_below[k];
		bn_set_add(has, p->run);
		m->parent[p->run] = ids_find(&t, p->parent);
	}
	if ((rc = parents_tagged(&t, m, has, err)) < 0 || (rc = circles_cut(m, err)) < 0)
		goto out;
	m->nested = 0;
	for (size_t i = 0; i < m->count; i++)
		m->nested += m->parent[i] >= 0;
out:
	if (rc < 0) {
		bn_free(m->parent);
		m->parent = NULL;
	}
	bn_free(has);
	bn_free(t.slots);
	return rc;
}
