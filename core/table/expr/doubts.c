/* doubts.c - see doubts.h. */
#include "core/table/expr/doubts.h"

#include "core/base/str.h"
#include "core/table/expr/_expr.h"

#include <stdio.h>
#include <string.h>

#define TOLD_MAX 10
#define NEAR_MAX 4096 /* categories among which the nearest is searched for */

typedef struct doubts {
	const bn_expr *e;
	const bn_table_reader *table;
	bn_expr_tell tell;
	void *ctx;
	size_t told;
} doubts;

static void say(doubts *d, size_t at, const char *what)
{
	char place[120], text[400];

	if (d->told++ >= TOLD_MAX)
		return;
	snprintf(text, sizeof text, "%s: %s", bn_expr_place(d->e, at, place, sizeof place), what);
	d->tell(d->ctx, text);
}

/* ---- null ------------------------------------------------------------------------------------- */

static bool is_comparison(const bn_tree *t)
{
	static const char *const ops[] = {"=", "==", "!=", "<>", "<", "<=", ">", ">="};

	for (size_t i = 0; t->kind == BN_TREE_CALL && t->is_operator && t->count == 2 &&
			   i < sizeof ops / sizeof *ops;
		i++)
		if (bn_expr_text_is(t->text, ops[i]))
			return true;
	return false;
}

static bool is_null(const bn_tree *t)
{
	return t->kind == BN_TREE_WORD && bn_expr_text_is(t->text, "null");
}

static void look_for_nulls(doubts *d, const bn_tree *t)
{
	if (is_comparison(t) && (is_null(t->args[0]) || is_null(t->args[1]))) {
		bool differs = bn_expr_text_is(t->text, "!=") || bn_expr_text_is(t->text, "<>");
		say(d, t->op_at,
			differs ? "no comparison with null is true: ask with IS NOT NULL"
				: "no comparison with null is true: ask with IS NULL");
	}
	for (size_t i = 0; i < t->count; i++)
		look_for_nulls(d, t->args[i]);
}

/* ---- categories ------------------------------------------------------------------------------- */

static bool has(const bn_dict *dict, bn_expr_text s)
{
	for (size_t i = 0; i < dict->count; i++) {
		bn_text have = bn_dict_get(dict, i);
		if (have.len == s.len && (!s.len || !memcmp(have.ptr, s.ptr, s.len)))
			return true;
	}
	return false;
}

/* The nearest category, in the arena; NULL: none is near. */
static const char *nearest(const bn_dict *dict, bn_expr_text s, bn_arena *arena)
{
	const char **words = bn_arena_alloc(arena, (dict->count + 1) * sizeof *words);
	char *wanted = bn_arena_alloc(arena, s.len + 1);
	size_t n = 0;

	if (!words || !wanted || dict->count > NEAR_MAX)
		return NULL;
	memcpy(wanted, s.ptr, s.len);
	wanted[s.len] = '\0';
	for (size_t i = 0; i < dict->count; i++) {
		bn_text have = bn_dict_get(dict, i);
		char *word = bn_arena_alloc(arena, have.len + 1);
		if (!word)
			return NULL;
		if (have.len)
			memcpy(word, have.ptr, have.len);
		word[have.len] = '\0';
		words[n++] = word;
	}
	words[n] = NULL;
	return bn_nearest_word(wanted, words);
}

static void look_for_category(doubts *d, const bn_expr_node *f, bn_expr_text s, size_t at)
{
	size_t column = f->field.slot;
	const bn_dict *dict = bn_table_dict(d->table, column);
	bn_arena arena = BN_ARENA_INIT;
	char what[300];

	if (!dict || has(dict, s))
		return;
	const char *near = nearest(dict, s, &arena);
	snprintf(what, sizeof what, "no value '%.*s' in column '%.60s'%s%.60s%s",
		s.len > 60 ? 60 : (int)s.len, s.ptr, bn_table_schema(d->table)->fields[column].name,
		near ? ", the nearest is '" : "", near ? near : "", near ? "'" : "");
	say(d, at, what);
	bn_arena_release(&arena);
}

static const bn_expr_node *category(const bn_expr_node *nodes, int n)
{
	return n >= 0 && nodes[n].op == BN_OP_FIELD && nodes[n].field.is_category ? &nodes[n]
										  : NULL;
}

void bn_expr_doubts(const bn_expr *e, const bn_table_reader *table, bn_expr_tell tell, void *ctx)
{
	doubts d = {.e = e, .table = table, .tell = tell, .ctx = ctx};
	size_t count;
	const bn_expr_node *nodes = bn_expr_nodes(e, &count);

	if (e->tree)
		look_for_nulls(&d, e->tree);
	for (size_t i = 0; i < count; i++) {
		const bn_expr_node *n = &nodes[i], *f = NULL;
		if (n->op == BN_OP_IN && (f = category(nodes, n->arg[0]))) {
			for (size_t k = 0; k < n->list.count; k++)
				look_for_category(&d, f, n->list.items[k].s, f->at);
		} else if (n->op == BN_OP_EQ_S || n->op == BN_OP_NE_S) {
			for (int k = 0; k < 2; k++) {
				const bn_expr_node *c = &nodes[n->arg[1 - k]];
				if ((f = category(nodes, n->arg[k])) && c->op == BN_OP_CONSTANT &&
					c->value.type == BN_EXPR_TEXT)
					look_for_category(&d, f, c->value.s, c->at);
			}
		}
	}
}
