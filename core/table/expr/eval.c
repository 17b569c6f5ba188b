/* eval.c - evaluating an expression, vector by vector, node by node; see eval.h. */
#include "core/table/expr/eval.h"

#include "core/table/dict.h"
#include "core/table/expr/_scratch.h"

#include <string.h>

/* ---- columns into vectors ------------------------------------------------------------------- */

static bool bit_at(const uint8_t *bits, size_t i)
{
	return bits[i >> 3] >> (i & 7) & 1;
}

static void load_states(bn_vector *v, const bn_column *c, size_t from, size_t n)
{
	v->any = c->nulls && c->validity;
	memset(v->state, 0, sizeof v->state);
	for (size_t i = 0; v->any && i < n; i++)
		v->state[i] = !bit_at(c->validity, from + i);
}

/* NaN is absent but stays NaN, so that IS NAN can distinguish it. */
static void load_reals(bn_vector *v, size_t n)
{
	unsigned any = 0;
	for (size_t i = 0; i < n; i++) {
		v->r[i] = v->state[i] ? 0 : v->r[i];
		v->state[i] |= v->r[i] != v->r[i];
		any |= v->state[i];
	}
	v->any = any != 0;
}

/* A number above int64 is an error in its row, except for comparisons. */
static void load_u64(bn_vector *v, const uint64_t *u, size_t n)
{
	v->wide = true;
	for (size_t i = 0; i < n; i++) {
		v->i[i] = (int64_t)u[i];
		bn_spoil(v, i, u[i] > INT64_MAX, BN_STATE_ERROR);
		v->any = v->any || v->state[i];
	}
}

static void load_decimals(bn_vector *v, const bn_column *c, size_t from, size_t n)
{
	bn_column_numbers(c, from, n, v->r, NULL);
	load_reals(v, n);
}

/* Rows from .. from+n-1 of the column; n is at most BN_EXPR_VECTOR. */
static void load_column(bn_vector *v, const bn_column *c, size_t from, size_t n)
{
	load_states(v, c, from, n);
	switch (c->type) {
	case BN_TYPE_FLOAT64:
		memcpy(v->r, c->f64 + from, n * sizeof *v->r);
		load_reals(v, n);
		break;
	case BN_TYPE_FLOAT32:
		for (size_t i = 0; i < n; i++)
			v->r[i] = (double)c->f32[from + i];
		load_reals(v, n);
		break;
	case BN_TYPE_DECIMAL:
		load_decimals(v, c, from, n);
		break;
	case BN_TYPE_UINT64:
		load_u64(v, c->u64 + from, n);
		break;
#define LOAD(TYPE, member) \
	case BN_TYPE_##TYPE: \
		for (size_t i = 0; i < n; i++) \
			v->i[i] = c->member[from + i]; \
		break;
		LOAD(INT64, i64)
		LOAD(INT32, i32)
		LOAD(INT16, i16)
		LOAD(INT8, i8)
		LOAD(UINT32, u32)
		LOAD(UINT16, u16)
		LOAD(UINT8, u8)
		LOAD(TIMESTAMP, i64)
		LOAD(DATE, i32)
		LOAD(TIME, i64)
		LOAD(DURATION, i64)
#undef LOAD
	case BN_TYPE_BOOL:
		for (size_t i = 0; i < n; i++)
			v->b[i] = bit_at(c->bits, from + i);
		break;
	default:
		for (size_t i = 0; i < n; i++)
			v->s[i] = bn_column_text(c, from + i);
	}
}

static void load_constant(bn_vector *v, const bn_expr_value *value, bn_expr_type type)
{
	memset(v, 0, sizeof *v);
	v->any = value->type == BN_EXPR_NULL;
	BN_EACH
	{
		v->state[i] = v->any ? BN_STATE_NULL : BN_STATE_PRESENT;
		if (v->any)
			continue;
		if (type == BN_EXPR_TEXT)
			v->s[i] = (bn_text){value->s.ptr, value->s.len};
		else if (type == BN_EXPR_REAL)
			v->r[i] = value->r;
		else if (type == BN_EXPR_BOOL)
			v->b[i] = value->i != 0;
		else
			v->i[i] = value->i;
	}
}

/* ---- a scratch ------------------------------------------------------------------------------ */

static bn_eval_fn fn_of(bn_expr_op op)
{
	static const bn_eval_fn *const tables[] = {
		bn_eval_compare, bn_eval_logic, bn_eval_numbers, bn_eval_texts, bn_eval_times};
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		if (tables[i][op])
			return tables[i][op];
	return NULL;
}

static int place_of(
	size_t *out, const bn_expr *e, size_t column, const size_t *columns, size_t n, bn_err *err)
{
	*out = column;
	if (!columns)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (columns[i] == column) {
			*out = i;
			return 0;
		}
	return bn_err_set(err, BN_EINVAL, "%s: column %zu is not read", e->source, column);
}

int bn_expr_scratch_new(
	bn_expr_scratch **out, const bn_expr *e, const size_t *columns, size_t n, bn_err *err)
{
	bn_expr_scratch *s = bn_alloc_zeroed(1, sizeof *s);
	int rc = 0;
	*out = s;
	if (!s)
		return bn_err_nomem(err, "an expression");
	s->e = e;
	s->vectors = bn_alloc_zeroed(e->count, sizeof *s->vectors);
	s->fns = bn_alloc_zeroed(e->count, sizeof *s->fns);
	s->places = bn_alloc_zeroed(e->count, sizeof *s->places);
	s->lookup_of = bn_alloc_zeroed(e->count, sizeof *s->lookup_of);
	s->lookups = bn_alloc_zeroed(e->count, sizeof *s->lookups);
	if (!s->vectors || !s->fns || !s->places || !s->lookup_of || !s->lookups) {
		rc = bn_err_nomem(err, "an expression");
		goto out;
	}
	bn_lookups_plan(s);
	for (size_t i = 0; i < e->count && rc == 0; i++) {
		const bn_expr_node *node = &e->nodes[i];
		s->fns[i] = fn_of(node->op);
		if (node->op == BN_OP_CONSTANT)
			load_constant(&s->vectors[i], &node->value, node->type);
		else if (node->op == BN_OP_FIELD)
			rc = place_of(&s->places[i], e, node->field.slot, columns, n, err);
	}
out:
	if (rc < 0) {
		bn_expr_scratch_free(s);
		*out = NULL;
	}
	return rc;
}

void bn_expr_scratch_free(bn_expr_scratch *s)
{
	if (!s)
		return;
	bn_lookups_free(s);
	bn_arena_release(&s->texts);
	bn_free(s->vectors);
	bn_free(s->fns);
	bn_free(s->places);
	bn_free(s->lookup_of);
	bn_free(s);
}

/* ---- a vector ------------------------------------------------------------------------------- */

void bn_scratch_run(bn_expr_scratch *s, int node, size_t rows, bn_arena *texts, bool *no_memory)
{
	const bn_expr_node *n = &s->e->nodes[node];
	const bn_vector *args[3] = {NULL, NULL, NULL};
	bn_eval x = {.rows = rows, .texts = texts, .node = n};
	if (n->op == BN_OP_CONSTANT)
		return;
	for (size_t k = 0; k < 3; k++)
		if (n->arg[k] >= 0)
			args[k] = &s->vectors[n->arg[k]];
	s->fns[node](&x, &s->vectors[node], args);
	*no_memory = *no_memory || x.no_memory;
}

/* Whether the node's value in these rows is looked up, or inside such a node. */
static bool is_looked_up(const bn_expr_scratch *s, size_t node, bool *root)
{
	int l = s->lookup_of[node];
	bool on = l >= 0 && s->lookups[l].dict;
	*root = on && l == (int)node;
	return on;
}

/* All nodes in rows from .. from+n-1 of the batch. */
static int run_vector(bn_expr_scratch *s, const bn_batch *b, size_t from, size_t n, bn_err *err)
{
	bool no_memory = false, root;
	bn_arena_release(&s->texts);
	for (size_t i = 0; i < s->e->count; i++) {
		bool looked_up = is_looked_up(s, i, &root);
		if (root)
			bn_lookup_load(
				s, (int)i, &b->columns[s->places[s->lookups[i].field]], from, n);
		else if (!looked_up && s->e->nodes[i].op == BN_OP_FIELD)
			load_column(&s->vectors[i], &b->columns[s->places[i]], from, n);
		else if (!looked_up)
			bn_scratch_run(s, (int)i, n, &s->texts, &no_memory);
	}
	return no_memory ? bn_err_nomem(err, "an expression") : 0;
}

/* The first node whose value is an error in that row of the vector. */
static size_t guilty_node(const bn_expr_scratch *s, size_t row)
{
	for (size_t i = 0; i < s->e->count; i++)
		if ((s->lookup_of[i] < 0 || s->lookup_of[i] == (int)i) &&
			(s->vectors[i].state[row] & BN_STATE_ERROR))
			return i;
	return s->e->count - 1;
}

/* Errors that remain in the result. */
static int check_errors(
	const bn_expr_scratch *s, const bn_batch *b, size_t from, size_t n, bn_err *err)
{
	const bn_vector *v = &s->vectors[s->e->count - 1];
	char place[160];
	for (size_t i = 0; v->any && i < n; i++) {
		if (!(v->state[i] & BN_STATE_ERROR))
			continue;
		const bn_expr_node *node = &s->e->nodes[guilty_node(s, i)];
		bool field = node->op == BN_OP_FIELD;
		bn_err_set(err, BN_EINVAL, "%s: row %llu: %s is out of the range of int64",
			bn_expr_place(s->e, node->at, place, sizeof place),
			(unsigned long long)(b->first_row + from + i),
			field ? "the column" : bn_expr_ops[node->op].name);
		if (field)
			bn_err_hint(err, "filters compute with float64 and int64: data add --type "
					 "COLUMN=float64 (rounded) has such a column");
		return BN_EINVAL;
	}
	return 0;
}

/* ---- which rows ----------------------------------------------------------------------------- */

int bn_expr_select(bn_expr_scratch *s, const bn_batch *b, uint32_t *rows, size_t *n, bn_err *err)
{
	const bn_vector *v = &s->vectors[s->e->count - 1];
	size_t count = 0;
	int rc = bn_lookups_make(s, b, err);
	if (rc < 0)
		return rc;
	for (size_t from = 0; from < b->rows; from += BN_EXPR_VECTOR) {
		size_t k = b->rows - from < BN_EXPR_VECTOR ? b->rows - from : BN_EXPR_VECTOR;
		if ((rc = run_vector(s, b, from, k, err)) < 0 ||
			(rc = check_errors(s, b, from, k, err)) < 0)
			return rc;
		for (size_t i = 0; i < k; i++) { /* no branch to be missed */
			rows[count] = (uint32_t)(from + i);
			count += (size_t)(v->b[i] && !v->state[i]);
		}
	}
	*n = count;
	return 0;
}

/* ---- values as a column --------------------------------------------------------------------- */

typedef struct making {
	bn_column *c;
	uint8_t *validity;
	void *values;         /* of fixed width; bool: bits */
	int32_t *ends;        /* STRING */
	bn_buf bytes;         /* STRING */
	bn_dict_builder dict; /* CATEGORY */
} making;

static int making_begin(making *m, bn_column *out, bn_type type, size_t rows, bn_arena *arena)
{
	*m = (making){.c = out, .bytes = BN_BUF_INIT, .dict = BN_DICT_BUILDER_INIT};
	*out = (bn_column){.type = type, .rows = rows};
	m->validity = bn_arena_alloc(arena, rows / 8 + 1);
	if (type == BN_TYPE_STRING)
		m->ends = bn_arena_alloc(arena, (rows + 1) * sizeof *m->ends);
	else
		m->values = bn_arena_alloc(arena,
			type == BN_TYPE_BOOL ? rows / 8 + 1 : rows * bn_type_width(type) + 1);
	return m->validity && (m->ends || m->values) ? 0 : -1;
}

static void set_bit(uint8_t *bits, size_t i)
{
	bits[i >> 3] = (uint8_t)(bits[i >> 3] | 1u << (i & 7));
}

static void making_text(making *m, size_t row, const bn_text *t)
{
	if (m->c->type == BN_TYPE_CATEGORY) {
		int32_t *codes = m->values;
		if (t)
			codes[row] = bn_dict_builder_add(&m->dict, t->ptr, t->len);
		m->bytes.failed = m->bytes.failed || codes[row] < 0;
		return;
	}
	if (t)
		bn_buf_add(&m->bytes, t->ptr, t->len);
	m->ends[row + 1] = (int32_t)m->bytes.len;
	m->bytes.failed = m->bytes.failed || m->bytes.len > INT32_MAX;
}

static void making_add(making *m, const bn_vector *v, size_t from, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool there = !v->state[i];
		m->c->nulls += !there;
		if (there)
			set_bit(m->validity, from + i);
		if (bn_type_is_text(m->c->type))
			making_text(m, from + i, there ? &v->s[i] : NULL);
		else if (m->c->type == BN_TYPE_BOOL && there && v->b[i])
			set_bit(m->values, from + i);
		else if (m->c->type == BN_TYPE_DATE && there)
			((int32_t *)m->values)[from + i] = (int32_t)v->i[i];
		else if (m->c->type != BN_TYPE_BOOL && there)
			((int64_t *)m->values)[from + i] = v->i[i]; /* or the double's bits */
	}
}

static int making_end(making *m, bn_arena *arena, bn_err *err)
{
	bn_column *c = m->c;
	if (m->bytes.failed)
		return bn_err_set(err, BN_ENOMEM, "more than 2 GiB of text, or no memory for it");
	c->validity = c->nulls ? m->validity : NULL;
	c->any = m->ends ? (const void *)m->ends : m->values;
	if (c->type == BN_TYPE_STRING) {
		c->bytes = bn_arena_strndup(arena, m->bytes.ptr, m->bytes.len);
		return c->bytes ? 0 : bn_err_nomem(err, "a column of text");
	}
	if (c->type != BN_TYPE_CATEGORY)
		return 0;
	bn_dict view = bn_dict_builder_view(&m->dict), *dict = bn_arena_alloc(arena, sizeof *dict);
	size_t bytes = view.count ? (size_t)view.offsets[view.count] : 0;
	int32_t *offsets = bn_arena_alloc(arena, (view.count + 1) * sizeof *offsets);
	char *text = bn_arena_alloc(arena, bytes + 1);
	if (!dict || !offsets || !text)
		return bn_err_nomem(err, "a dictionary");
	if (view.count)
		memcpy(offsets, view.offsets, (view.count + 1) * sizeof *offsets);
	if (bytes)
		memcpy(text, view.bytes, bytes);
	*dict = (bn_dict){view.count, offsets, text};
	c->dict = dict;
	return 0;
}

int bn_expr_eval(
	bn_expr_scratch *s, const bn_batch *b, bn_column *out, bn_arena *arena, bn_err *err)
{
	making m;
	int rc = bn_lookups_make(s, b, err);
	if (rc < 0)
		return rc;
	if (making_begin(&m, out, bn_expr_column_type(s->e), b->rows, arena) < 0)
		rc = bn_err_nomem(err, "a column");
	for (size_t from = 0; from < b->rows && rc == 0; from += BN_EXPR_VECTOR) {
		size_t n = b->rows - from < BN_EXPR_VECTOR ? b->rows - from : BN_EXPR_VECTOR;
		if ((rc = run_vector(s, b, from, n, err)) < 0 ||
			(rc = check_errors(s, b, from, n, err)) < 0)
			break;
		making_add(&m, &s->vectors[s->e->count - 1], from, n);
	}
	rc = rc < 0 ? rc : making_end(&m, arena, err);
	bn_buf_release(&m.bytes);
	bn_dict_builder_release(&m.dict);
	return rc;
}
