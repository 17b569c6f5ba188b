/*
 * lookup.c - subexpressions of a single category column are evaluated once for each text of its dictionary. See
 * _scratch.h.
 */
#include "core/table/expr/_scratch.h"

/* Larger dictionaries must pay off. */
#define LOOKUP_SMALL 65536

/* For a node: -1 if it depends on no column, -2 if on more than one category; else the column. */
static int64_t depends_on(const bn_expr_node *n, const int64_t *on)
{
	int64_t all = -1;
	if (n->op == BN_OP_FIELD)
		return n->field.is_category ? (int64_t)n->field.slot : -2;
	for (size_t i = 0; i < 3; i++) {
		int64_t one = n->arg[i] < 0 ? -1 : on[n->arg[i]];
		if (one == -1)
			continue;
		all = all == -1 || all == one ? one : -2;
	}
	return all;
}

static int field_below(const bn_expr_scratch *s, int node)
{
	const bn_expr_node *n = &s->e->nodes[node];
	if (n->op == BN_OP_FIELD)
		return node;
	for (size_t i = 0; i < 3; i++) {
		int f = n->arg[i] < 0 ? -1 : field_below(s, n->arg[i]);
		if (f >= 0)
			return f;
	}
	return -1;
}

/* Constants, and the column, are inside as well: no other node has them as arguments. */
static void mark_inside(bn_expr_scratch *s, int node, int root)
{
	const bn_expr_node *n = &s->e->nodes[node];
	if (n->op != BN_OP_CONSTANT)
		s->lookup_of[node] = root;
	for (size_t i = 0; i < 3; i++)
		if (n->arg[i] >= 0)
			mark_inside(s, n->arg[i], root);
}

void bn_lookups_plan(bn_expr_scratch *s)
{
	size_t count = s->e->count;
	int64_t *on = bn_arena_alloc(&s->texts, count * sizeof *on);
	for (size_t i = 0; i < count; i++)
		s->lookup_of[i] = -1;
	for (size_t i = 0; on && i < count; i++)
		on[i] = depends_on(&s->e->nodes[i], on);
	for (size_t i = count; on && i-- > 0;) { /* roots first */
		if (on[i] < 0 || s->lookup_of[i] >= 0 || s->e->nodes[i].op == BN_OP_FIELD)
			continue;
		mark_inside(s, (int)i, (int)i);
		s->lookups[i].field = field_below(s, (int)i);
	}
}

static void lookup_clear(bn_lookup *l)
{
	bn_free(l->state);
	bn_free(l->any);
	bn_arena_release(&l->texts);
	*l = (bn_lookup){.field = l->field};
}

void bn_lookups_free(bn_expr_scratch *s)
{
	for (size_t i = 0; s->lookups && i < s->e->count; i++)
		lookup_clear(&s->lookups[i]);
	bn_free(s->lookups);
}

static size_t value_bytes(bn_expr_type type)
{
	if (type == BN_EXPR_BOOL)
		return 1;
	return type == BN_EXPR_TEXT ? sizeof(bn_text) : 8;
}

/* The results of n texts from `from` on, or of an absent value. */
static int lookup_chunk(
	bn_expr_scratch *s, int root, const bn_dict *d, size_t from, size_t n, bn_err *err)
{
	bn_lookup *l = &s->lookups[root];
	bn_vector *column = &s->vectors[l->field];
	size_t width = value_bytes(s->e->nodes[root].type);
	bool no_memory = false;
	for (size_t i = 0; i < n; i++) {
		column->s[i] = from + i < d->count ? bn_dict_get(d, from + i) : (bn_text){"", 0};
		column->state[i] = from + i < d->count ? BN_STATE_PRESENT : BN_STATE_NULL;
	}
	memset(column->state + n, 0, sizeof column->state - n);
	column->any = from + n > d->count;
	for (int i = 0; i <= root; i++) {
		if (s->lookup_of[i] != root || i == l->field)
			continue;
		if (s->e->nodes[i].op == BN_OP_FIELD)
			s->vectors[i] = *column;
		else
			bn_scratch_run(s, i, n, &l->texts, &no_memory);
	}
	const bn_vector *v = &s->vectors[root];
	memcpy((char *)l->any + from * width, v->i, n * width);
	memcpy(l->state + from, v->state, n);
	return no_memory ? bn_err_nomem(err, "an expression") : 0;
}

static int lookup_make(bn_expr_scratch *s, int root, const bn_dict *d, bn_err *err)
{
	bn_lookup *l = &s->lookups[root];
	int rc;
	lookup_clear(l);
	l->state = bn_alloc(d->count + 1);
	l->any = bn_alloc((d->count + 1) * value_bytes(s->e->nodes[root].type));
	if (!l->state || !l->any)
		return bn_err_nomem(err, "an expression");
	for (size_t from = 0; from <= d->count; from += BN_EXPR_VECTOR) {
		size_t n = d->count + 1 - from;
		if ((rc = lookup_chunk(
			     s, root, d, from, n < BN_EXPR_VECTOR ? n : BN_EXPR_VECTOR, err)) < 0)
			return rc;
	}
	l->dict = d;
	l->count = d->count;
	return 0;
}

int bn_lookups_make(bn_expr_scratch *s, const bn_batch *b, bn_err *err)
{
	for (size_t i = 0; i < s->e->count; i++) {
		bn_lookup *l = &s->lookups[i];
		int rc;
		if (s->lookup_of[i] != (int)i)
			continue;
		const bn_dict *d = b->columns[s->places[l->field]].dict;
		if (l->dict == d && l->count == d->count)
			continue;
		if (d->count > LOOKUP_SMALL && d->count / 4 > b->rows) {
			lookup_clear(l);
			continue;
		}
		if ((rc = lookup_make(s, (int)i, d, err)) < 0)
			return rc;
	}
	return 0;
}

void bn_lookup_load(bn_expr_scratch *s, int node, const bn_column *c, size_t from, size_t n)
{
	const bn_lookup *l = &s->lookups[node];
	bn_vector *v = &s->vectors[node];
	bn_expr_type type = s->e->nodes[node].type;
	unsigned any = 0;
	for (size_t i = 0; i < n; i++) {
		bool absent = bn_column_is_null(c, from + i);
		size_t code = absent ? l->count : (size_t)c->codes[from + i];
		v->state[i] = l->state[code];
		any |= v->state[i];
		if (type == BN_EXPR_BOOL)
			v->b[i] = l->b[code];
		else if (type == BN_EXPR_TEXT)
			v->s[i] = l->s[code];
		else
			v->i[i] = l->i[code];
	}
	memset(v->state + n, 0, sizeof v->state - n);
	v->any = any != 0;
}
