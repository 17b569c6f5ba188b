/*
 * bind.c - turns the tree into typed nodes: resolves names to fields, selects rows of the table of operators,
 * and interprets words as values. See expr.h.
 */
#include "core/table/expr/_bind.h"

#include "core/base/str.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEFINE(ID, name, arguments, result, bounds, sql) \
	[BN_OP_##ID] = {name, arguments, result, sql},
const bn_expr_op_def bn_expr_ops[BN_OP_COUNT] = {[BN_OP_CONSTANT] = {"", "", 0, NULL},
	[BN_OP_FIELD] = {"", "", 0, NULL},
	BN_EXPR_OPS(DEFINE)};
#undef DEFINE

static const char letters[BN_EXPR_TYPES + 1] = "nbirstdD";

static const char *type_name(bn_expr_type type)
{
	static const char *const names[BN_EXPR_TYPES] = {"null", "a condition", "a whole number",
		"a number", "text", "a time", "a duration", "a date"};
	return names[type];
}

static bn_expr_type type_of(char letter)
{
	return (bn_expr_type)(strchr(letters, letter) - letters);
}

/* ---- nodes ---------------------------------------------------------------------------------- */

static int bind_node(bn_binder *b, const bn_expr_node *node)
{
	bn_expr *e = b->e;
	if (e->count == BN_EXPR_NODES_MAX)
		return bn_expr_fail(
			e, node->at, b->err, "more than %d operations", BN_EXPR_NODES_MAX);
	if (bn_grow(&e->nodes, &e->cap, e->count + 1, sizeof *e->nodes))
		return bn_err_nomem(b->err, "an expression");
	e->nodes[e->count] = *node;
	return (int)e->count++;
}

int bn_bind_constant(bn_binder *b, const bn_expr_value *value, size_t at)
{
	bn_expr_node n = {.op = BN_OP_CONSTANT, .type = value->type, .arg = {-1, -1, -1}, .at = at};
	n.value = *value;
	if (value->type == BN_EXPR_TEXT) {
		n.value.s.ptr = bn_arena_strndup(&b->e->arena, value->s.ptr, value->s.len);
		if (!n.value.s.ptr)
			return bn_err_nomem(b->err, "an expression");
	}
	return bind_node(b, &n);
}

static bn_expr_node *node_at(const bn_binder *b, int i)
{
	return &b->e->nodes[i];
}

static int convert(bn_binder *b, bn_expr_op op, int arg)
{
	bn_expr_node n = {.op = op,
		.type = type_of(bn_expr_ops[op].result),
		.arg = {arg, -1, -1},
		.at = node_at(b, arg)->at};
	return bind_node(b, &n);
}

/* The cost of reading a value of one type as another: 0: none, -1: impossible. */
static int distance(const bn_expr_node *n, bn_expr_type want)
{
	bn_expr_type have = n->type;
	bool has_number = n->op == BN_OP_FIELD && n->field.has_number;
	if (have == want)
		return 0;
	if (have == BN_EXPR_NULL)
		return 1;
	if (have == BN_EXPR_INT && want == BN_EXPR_REAL)
		return 1;
	if (have == BN_EXPR_BOOL && want == BN_EXPR_INT)
		return 2;
	if (have == BN_EXPR_BOOL && want == BN_EXPR_REAL)
		return 3;
	if (have == BN_EXPR_DATE && want == BN_EXPR_TIME)
		return 1;
	return have == BN_EXPR_TEXT && want == BN_EXPR_REAL && has_number ? 4 : -1;
}

/* The argument as that type; its distance is not -1. */
static int coerce(bn_binder *b, int arg, bn_expr_type want)
{
	bn_expr_node *n = node_at(b, arg);
	if (n->type == want)
		return arg;
	if (n->type == BN_EXPR_NULL || n->op == BN_OP_FIELD) {
		if (n->type == BN_EXPR_NULL || n->type == BN_EXPR_TEXT) {
			n->type = want; /* an absent value of it; the number of a parameter */
			return arg;
		}
	}
	if (n->op == BN_OP_CONSTANT && n->type == BN_EXPR_INT && want == BN_EXPR_REAL) {
		n->value = (bn_expr_value){BN_EXPR_REAL, {.r = (double)n->value.i}};
		n->type = BN_EXPR_REAL;
		return arg;
	}
	if (n->type == BN_EXPR_DATE)
		return convert(b, BN_OP_TO_TIME, arg);
	if (n->type == BN_EXPR_BOOL && (arg = convert(b, BN_OP_TO_INT, arg)) < 0)
		return arg;
	return want == BN_EXPR_REAL ? convert(b, BN_OP_TO_REAL, arg) : arg;
}

/* ---- which row of the table ----------------------------------------------------------------- */

static size_t arity(const char *arguments)
{
	return strlen(arguments) - (strchr(arguments, 'V') != NULL);
}

/* The cost of matching the arguments to the operator; -1: not possible. */
static int op_distance(const bn_binder *b, const bn_expr_op_def *d, const int *args, size_t n)
{
	int sum = 0;
	if (arity(d->arguments) != n)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (d->arguments[i] == '*')
			continue;
		int one = distance(node_at(b, args[i]), type_of(d->arguments[i]));
		if (one < 0)
			return -1;
		sum += one;
	}
	return sum;
}

static bn_expr_op op_find(const bn_binder *b, const char *name, const int *args, size_t n)
{
	bn_expr_op best = BN_OP_COUNT;
	int least = -1;
	for (int op = BN_OP_FIELD + 1; op < BN_OP_COUNT; op++) {
		const bn_expr_op_def *d = &bn_expr_ops[op];
		int far = strcasecmp(d->name, name) ? -1 : op_distance(b, d, args, n);
		if (far >= 0 && (least < 0 || far < least)) {
			best = (bn_expr_op)op;
			least = far;
		}
	}
	return best;
}

static bool is_comparison(const char *name)
{
	return strchr("=<>", name[0]) != NULL;
}

static const char *type_word(const bn_binder *b, int arg)
{
	return type_name(node_at(b, arg)->type);
}

/* "'+' does not take text and a number". */
static int refuse_types(bn_binder *b, const bn_tree *t, const char *name, const int *args, size_t n)
{
	if (is_comparison(name) && n == 2)
		return bn_expr_fail(b->e, t->op_at, b->err, "%s cannot be compared with %s",
			type_word(b, args[0]), type_word(b, args[1]));
	char list[160] = "";
	for (size_t i = 0; i < n && i < 3; i++) {
		size_t at = strlen(list);
		snprintf(list + at, sizeof list - at, "%s%s", i ? " and " : "",
			type_word(b, args[i]));
	}
	return bn_expr_fail(b->e, t->op_at, b->err, "%s does not take %s", name, list);
}

/* The node of an operator or function over these nodes, with conversions as needed. */
static int bind_call(bn_binder *b, const bn_tree *t, const char *name, const int *args, size_t n)
{
	bn_expr_op op = op_find(b, name, args, n);
	if (op == BN_OP_COUNT)
		return refuse_types(b, t, name, args, n);
	const bn_expr_op_def *d = &bn_expr_ops[op];
	bn_expr_node node = {
		.op = op, .type = type_of(d->result), .arg = {-1, -1, -1}, .at = t->op_at};
	for (size_t i = 0; i < n; i++) {
		node.arg[i] = d->arguments[i] == '*' ? args[i]
						     : coerce(b, args[i], type_of(d->arguments[i]));
		if (node.arg[i] < 0)
			return node.arg[i];
	}
	return bind_node(b, &node);
}

/* ---- fields --------------------------------------------------------------------------------- */

static int bind_tree(bn_binder *b, const bn_tree *t);

static bn_expr_name name_of(const bn_tree *t, bool tried)
{
	return (bn_expr_name){.at = t->text_at,
		.text = t->text,
		.prefix = t->prefix,
		.quoted = t->kind == BN_TREE_NAME,
		.tried = tried};
}

static int bind_named(bn_binder *b, const bn_tree *t, const bn_expr_field *f)
{
	bn_expr_node n = {.op = BN_OP_FIELD, .type = f->type, .arg = {-1, -1, -1}, .at = t->at};
	n.field = *f;
	return bind_node(b, &n);
}

/* BN_ENOTFOUND, without a message if only tried. */
static int bind_field(bn_binder *b, const bn_tree *t, bool tried)
{
	const bn_expr_name name = name_of(t, tried);
	bn_expr_field f = {.type = BN_EXPR_NULL};
	int rc = b->names->resolve(b->names->ctx, b->e, &name, &f, b->err);
	return rc < 0 ? rc : bind_named(b, t, &f);
}

static int bind_leaf(bn_binder *b, const bn_tree *t)
{
	int rc = bn_tree_is_leaf(t) ? bn_bind_plain(b, t) : BN_ENOTFOUND;
	if (rc != BN_ENOTFOUND)
		return rc;
	return bind_field(b, t, false);
}

/* ---- pairs: one side determines the type of the other
 * --------------------------------------------------- */

/* A leaf that is a value if there is no such field; always on the right in the dialect for runs. */
static bool may_be_value(const bn_binder *b, const bn_tree *t, bool right)
{
	if (!bn_tree_is_leaf(t) ||
		(t->kind == BN_TREE_NAME && t->has_back_quote && b->e->dialect == BN_EXPR_ROWS))
		return false;
	return right || t->kind == BN_TREE_NUMBER || t->kind == BN_TREE_QUOTED ||
	       b->e->dialect == BN_EXPR_ROWS;
}

/* A field of that name, if it can be one; BN_ENOTFOUND: it is a value. */
static int try_field(bn_binder *b, const bn_tree *t, bool right)
{
	if (!may_be_value(b, t, right))
		return bind_tree(b, t);
	if (t->kind == BN_TREE_NUMBER || t->kind == BN_TREE_QUOTED)
		return BN_ENOTFOUND;
	if (b->e->dialect == BN_EXPR_RUNS && right)
		return BN_ENOTFOUND;
	int rc = bn_bind_plain(b, t);
	return rc != BN_ENOTFOUND ? rc : bind_field(b, t, true);
}

static bool is_unquoted_number(const bn_tree *t)
{
	return t->kind == BN_TREE_NUMBER;
}

/* The value of a pair, for the node it is compared with, which may be replaced by its number. */
static int bind_beside(bn_binder *b, const bn_tree *t, int other, const char *op)
{
	bn_expr_node *n = node_at(b, other);
	bn_expr_field f = n->field;
	bool is_field = n->op == BN_OP_FIELD;
	bool order = is_comparison(op) && op[0] != '=' && strcmp(op, "<>") != 0;
	if (is_field && f.no_order && order && is_unquoted_number(t))
		return bn_expr_fail(b->e, t->at, b->err, "%s", f.no_order);
	if (is_field && f.has_number && n->type == BN_EXPR_TEXT && is_unquoted_number(t))
		n->type = BN_EXPR_REAL;
	bn_expr_type type = n->type;
	bool as_number = is_field && f.has_number && type == BN_EXPR_REAL;
	/* In the dialect of runs, the right side of a number may be a field of another type. */
	if (b->e->dialect == BN_EXPR_RUNS && t->kind == BN_TREE_WORD && type == BN_EXPR_REAL &&
		memchr(t->text.ptr, '.', t->text.len)) {
		int rc = bind_field(b, t, true);
		if (rc != BN_ENOTFOUND)
			return rc;
	}
	return bn_bind_value(b, t, type, is_field && !as_number ? &f : NULL);
}

/* Both sides of an operator, each of which may be a value of the other's type. */
static int bind_pair(bn_binder *b, const bn_tree *t, const char *op, int out[2])
{
	const bn_tree *l = t->args[0], *r = t->args[1];
	int rc;
	if ((out[0] = try_field(b, l, false)) < 0 && out[0] != BN_ENOTFOUND)
		return out[0];
	if ((out[1] = try_field(b, r, true)) < 0 && out[1] != BN_ENOTFOUND)
		return out[1];
	if (b->e->dialect == BN_EXPR_RUNS && l->kind == BN_TREE_NUMBER && out[1] == BN_ENOTFOUND &&
		r->kind == BN_TREE_NUMBER)
		return bn_expr_fail(b->e, l->at, b->err,
			"expected a field, not '%.*s': both sides are values",
			(int)(l->text.len < 40 ? l->text.len : 40), l->text.ptr);
	if (out[0] == BN_ENOTFOUND && out[1] == BN_ENOTFOUND) {
		bool value = l->kind == BN_TREE_NUMBER || l->kind == BN_TREE_QUOTED;
		bool word = r->kind == BN_TREE_WORD || r->kind == BN_TREE_NAME;
		int *one = value && word ? &out[1] : &out[0];
		if ((*one = bind_leaf(b, value && word ? r : l)) < 0)
			return *one;
	}
	if (out[0] >= 0 && out[1] == BN_ENOTFOUND) {
		rc = out[1] = bind_beside(b, r, out[0], op);
		return rc < 0 ? rc : 0;
	}
	if (out[0] == BN_ENOTFOUND) {
		rc = out[0] = bind_beside(b, l, out[1], op);
		return rc < 0 ? rc : 0;
	}
	return 0;
}

static int bind_comparison(bn_binder *b, const bn_tree *t, const char *name)
{
	int args[2], rc = bind_pair(b, t, name, args);
	return rc < 0 ? rc : bind_call(b, t, name, args, 2);
}

static int need_text(bn_binder *b, const bn_tree *t, const char *name, int arg)
{
	bn_expr_node *n = node_at(b, arg);
	if (n->type == BN_EXPR_TEXT || n->type == BN_EXPR_NULL)
		return 0;
	return bn_expr_fail(b->e, t->op_at, b->err, "%s compares text, but this %s is %s", name,
		n->op == BN_OP_FIELD ? "field" : "value",
		n->type == BN_EXPR_REAL || n->type == BN_EXPR_INT ? "a number"
								  : type_name(n->type));
}

static int bind_text_test(bn_binder *b, const bn_tree *t, const char *name)
{
	int args[2], rc;
	if ((args[0] = bind_tree(b, t->args[0])) < 0)
		return args[0];
	if ((rc = need_text(b, t, name, args[0])) < 0)
		return rc;
	const bn_tree *r = t->args[1];
	args[1] = try_field(b, r, true);
	if (args[1] == BN_ENOTFOUND)
		args[1] = bn_bind_value(b, r, BN_EXPR_TEXT, NULL);
	if (args[1] < 0)
		return args[1];
	return bind_call(b, t, name, args, 2);
}

static int bind_between(bn_binder *b, const bn_tree *t)
{
	int a, low, high, pair[2];
	if ((a = bind_tree(b, t->args[0])) < 0)
		return a;
	int *bounds[2] = {&low, &high};
	for (size_t i = 0; i < 2; i++) {
		const bn_tree *v = t->args[i + 1];
		if (i == 1 && node_at(b, a)->op == BN_OP_FIELD && node_at(b, a)->field.has_number &&
			node_at(b, a)->type == BN_EXPR_REAL && bn_tree_is_leaf(v) &&
			!is_unquoted_number(v))
			return bn_expr_fail(b->e, v->at, b->err, "expected a number, not '%.*s'",
				(int)(v->text.len < 40 ? v->text.len : 40), v->text.ptr);
		*bounds[i] = try_field(b, v, true);
		if (*bounds[i] == BN_ENOTFOUND)
			*bounds[i] = bind_beside(b, v, a, "=");
		if (*bounds[i] < 0)
			return *bounds[i];
	}
	if ((pair[0] = bind_call(b, t, ">=", (int[]){a, low}, 2)) < 0)
		return pair[0];
	if ((pair[1] = bind_call(b, t, "<=", (int[]){a, high}, 2)) < 0)
		return pair[1];
	return bind_call(b, t, "AND", pair, 2);
}

/* Only stored values can be NaN: a computed NaN is absent. */
static int bind_is_nan(bn_binder *b, const bn_tree *t)
{
	int a = bind_tree(b, t->args[0]);
	if (a < 0)
		return a;
	const bn_expr_node *n = node_at(b, a);
	if (n->op != BN_OP_FIELD)
		return bn_expr_fail(b->e, t->args[0]->at, b->err,
			"IS NAN takes a column: what is computed is a number or absent");
	if (n->type != BN_EXPR_REAL)
		return bn_expr_fail(b->e, t->args[0]->at, b->err,
			"only a column of real numbers has NaN; this one is %s",
			type_name(n->type));
	return bind_call(b, t, "IS NAN", &a, 1);
}

/* ---- lists ---------------------------------------------------------------------------------- */

static int value_cmp(const void *a, const void *b)
{
	return bn_expr_value_order(a, b);
}

/* One value of a list, for the tested operand; a list of ints and reals is of reals. */
static int list_item(bn_binder *b, const bn_tree *t, int a, bool number, bn_expr_value *out)
{
	if (number && t->kind != BN_TREE_NUMBER)
		return bn_expr_fail(b->e, t->at, b->err,
			"expected a number, as the first of the list is, not '%.*s'",
			(int)(t->text.len < 40 ? t->text.len : 40), t->text.ptr);
	bool minus = t->kind == BN_TREE_CALL && t->is_operator && t->count == 1 &&
		     bn_expr_text_is(t->text, "-") && t->args[0]->kind == BN_TREE_NUMBER;
	if (!bn_tree_is_leaf(t) && !minus)
		return bn_expr_fail(b->e, t->at, b->err, "a list can only have values");
	int rc = bind_beside(b, minus ? t->args[0] : t, a, "=");
	if (rc < 0)
		return rc;
	if (node_at(b, rc)->op != BN_OP_CONSTANT)
		return bn_expr_fail(b->e, t->at, b->err, "a list can only have values");
	*out = node_at(b, rc)->value;
	b->e->count--; /* the list holds it */
	if (out->type == BN_EXPR_NULL)
		return bn_expr_fail(b->e, t->at, b->err, "null is never in a list: use IS NULL");
	if (minus && out->type != BN_EXPR_INT && out->type != BN_EXPR_REAL)
		return bn_expr_fail(b->e, t->at, b->err, "%s cannot be compared with a number",
			type_name(out->type));
	if (minus && out->type == BN_EXPR_INT)
		out->i = -out->i;
	else if (minus)
		out->r = -out->r;
	return 0;
}

/* Integers are compared exactly; a fraction among them equals none and is dropped. Returns how many are
 * left. */
static size_t list_of_ints(bn_expr_value *items, size_t n)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		bn_expr_value v = items[i];
		if (v.type == BN_EXPR_REAL) {
			bool fits = v.r >= -9223372036854775808.0 && v.r < 9223372036854775808.0;
			if (!fits || v.r != trunc(v.r))
				continue;
			v = (bn_expr_value){BN_EXPR_INT, {.i = (int64_t)v.r}};
		}
		items[kept++] = v;
	}
	return kept;
}

/* Converts the items to real numbers and drops whole numbers that no real number equals. Returns the number left. */
static size_t list_of_reals(bn_expr_value *items, size_t n)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		bn_expr_value v = items[i], real = {BN_EXPR_REAL, {.r = (double)v.i}};
		if (v.type == BN_EXPR_INT && bn_expr_value_order(&v, &real) == 0)
			v = real;
		if (v.type != BN_EXPR_INT)
			items[kept++] = v;
	}
	return kept;
}

/* Converts the items to one type, and the tested operand as well. */
static int list_unify(bn_binder *b, const bn_tree *t, bn_expr_value *items, size_t n, int *a)
{
	bn_expr_type type = node_at(b, *a)->type;
	for (size_t i = 0; i < n; i++)
		if (items[i].type == BN_EXPR_REAL || items[i].type == BN_EXPR_TIME)
			type = items[i].type;
	for (size_t i = 0; i < n; i++) {
		if (type == BN_EXPR_TIME && items[i].type == BN_EXPR_DATE) {
			if (__builtin_mul_overflow(items[i].i, 86400000000000LL, &items[i].i))
				return bn_expr_fail(b->e, t->args[i + 1]->at, b->err,
					"a date compared with a time must be between 1677 and "
					"2262");
			items[i].type = type;
		}
		if (type == BN_EXPR_BOOL && items[i].type == BN_EXPR_INT)
			items[i].type = type;
		if (items[i].type != type)
			return bn_expr_fail(b->e, t->args[i + 1]->at, b->err,
				"%s cannot be compared with %s", type_name(node_at(b, *a)->type),
				type_name(items[i].type));
	}
	if (distance(node_at(b, *a), type) < 0)
		return refuse_types(b, t, "IN", a, 1);
	*a = coerce(b, *a, type);
	return *a < 0 ? *a : 0;
}

static int bind_in(bn_binder *b, const bn_tree *t)
{
	size_t n = t->count - 1;
	int a = bind_tree(b, t->args[0]), rc;
	if (a < 0)
		return a;
	bn_expr_value *items = bn_arena_alloc(&b->e->arena, n * sizeof *items);
	if (!items)
		return bn_err_nomem(b->err, "an expression");
	const bn_expr_node *f = node_at(b, a);
	bool number = f->op == BN_OP_FIELD && f->field.has_number && f->type == BN_EXPR_TEXT &&
		      t->args[1]->kind == BN_TREE_NUMBER;
	for (size_t i = 0; i < n; i++)
		if ((rc = list_item(b, t->args[i + 1], a, number, &items[i])) < 0)
			return rc;
	if (node_at(b, a)->type == BN_EXPR_INT)
		n = list_of_ints(items, n);
	else if (node_at(b, a)->type == BN_EXPR_REAL)
		n = list_of_reals(items, n);
	if ((rc = list_unify(b, t, items, n, &a)) < 0)
		return rc;
	qsort(items, n, sizeof *items, value_cmp);
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (!kept || bn_expr_value_order(&items[kept - 1], &items[i]))
			items[kept++] = items[i];
	bn_expr_node node = {
		.op = BN_OP_IN, .type = BN_EXPR_BOOL, .arg = {a, -1, -1}, .at = t->op_at};
	node.list.items = items;
	node.list.count = kept;
	return bind_node(b, &node);
}

/* ---- functions ------------------------------------------------------------------------------ */

/* function(NAME) or function(NAME, NUMBER) that is a field: best(loss), at(loss, 100). */
static int bind_field_call(bn_binder *b, const bn_tree *t)
{
	bn_expr_field f;
	if (!b->names->call || t->count < 1 || t->count > 2 || t->args[0]->kind == BN_TREE_CALL ||
		(t->count == 2 && t->args[1]->kind != BN_TREE_NUMBER))
		return 0;
	const bn_expr_name name = name_of(t->args[0], false);
	int rc = b->names->call(b->names->ctx, b->e, t->text, &name,
		t->count == 2 ? &t->args[1]->number : NULL, &f, b->err);
	return rc <= 0 ? rc : 1 + bind_named(b, t, &f);
}

/* The function by that name, or the nearest one; *most: maximum number of arguments of its rows, for 3 and
 * more: SIZE_MAX. */
static int need_function(bn_binder *b, const bn_tree *t, char *name, size_t size, bool *folds)
{
	const char *words[BN_OP_COUNT + 1];
	size_t n = 0;
	bool known = false;
	*folds = false;
	snprintf(name, size, "%.*s", (int)(t->text.len < size ? t->text.len : size - 1),
		t->text.ptr);
	for (int op = BN_OP_FIELD + 1; op < BN_OP_COUNT; op++) {
		const bn_expr_op_def *d = &bn_expr_ops[op];
		if (d->name[0] < 'a' || d->name[0] > 'z')
			continue;
		words[n++] = d->name;
		if (strcasecmp(d->name, name) != 0)
			continue;
		known = true;
		*folds = *folds || strchr(d->arguments, 'V');
	}
	words[n] = NULL;
	if (known)
		return 0;
	const char *near = bn_nearest_word(name, words);
	bn_expr_fail(b->e, t->at, b->err, "no function '%s'", name);
	if (!strcasecmp(name, "isnan") || !strcasecmp(name, "is_nan"))
		bn_err_hint(b->err, "x IS NAN");
	else if (near)
		bn_err_hint(b->err, "did you mean '%s'?", near);
	return BN_EINVAL;
}

static int bind_function(bn_binder *b, const bn_tree *t)
{
	int args[3], rc = bind_field_call(b, t);
	char name[32];
	bool folds;
	if (rc > 0)
		return rc - 1;
	if (rc < 0 || (rc = need_function(b, t, name, sizeof name, &folds)) < 0)
		return rc;
	if (t->count > 3 && !folds)
		return bn_expr_fail(
			b->e, t->at, b->err, "%s does not take %zu arguments", name, t->count);
	size_t n = 0;
	for (size_t i = 0; i < t->count; i++) {
		if ((args[n++] = bind_tree(b, t->args[i])) < 0)
			return args[n - 1];
		if (!folds || n < 2)
			continue;
		if ((args[0] = bind_call(b, t, name, args, 2)) < 0)
			return args[0];
		n = 1;
	}
	if (folds && t->count < 2)
		return bn_expr_fail(b->e, t->at, b->err, "%s takes two arguments or more", name);
	return folds ? args[0] : bind_call(b, t, name, args, n);
}

/* ---- operators ------------------------------------------------------------------------------ */

static int need_bool(bn_binder *b, const bn_tree *t, int node)
{
	bn_expr_node *n = node_at(b, node);
	if (n->type == BN_EXPR_NULL)
		n->type = BN_EXPR_BOOL;
	if (n->type == BN_EXPR_BOOL)
		return 0;
	static const char what[] = "a comparison such as = != < <= > >= ~ LIKE IN or IS NULL";
	if (b->e->text[t->next_at] == '\0')
		return bn_expr_fail(b->e, t->next_at, b->err, "expected %s at the end", what);
	return bn_expr_fail(b->e, t->next_at, b->err, "expected %s", what);
}

static int bind_logic(bn_binder *b, const bn_tree *t, const char *name)
{
	int args[2] = {-1, -1}, rc;
	for (size_t i = 0; i < t->count; i++) {
		if ((args[i] = bind_tree(b, t->args[i])) < 0)
			return args[i];
		if ((rc = need_bool(b, t->args[i], args[i])) < 0)
			return rc;
	}
	return bind_call(b, t, name, args, t->count);
}

/* t + 1h, t - '2026-01-31': next to a time or a duration a text is one of both. */
static int bind_second(bn_binder *b, const bn_tree *t, int first)
{
	bn_expr_type type = node_at(b, first)->type;
	int rc = t->kind == BN_TREE_WORD || t->kind == BN_TREE_QUOTED
			 ? try_field(b, t, b->e->dialect == BN_EXPR_ROWS)
			 : bind_tree(b, t);
	if (rc != BN_ENOTFOUND)
		return rc;
	if (type != BN_EXPR_TIME && type != BN_EXPR_DURATION && type != BN_EXPR_DATE)
		return bind_leaf(b, t);
	bool dated = t->text.len >= 10 && t->text.ptr[4] == '-';
	return bn_bind_value(b, t, dated ? BN_EXPR_TIME : BN_EXPR_DURATION, NULL);
}

static int bind_operator(bn_binder *b, const bn_tree *t)
{
	const char *name = t->text.ptr;
	if (!strcmp(name, "AND") || !strcmp(name, "OR") || !strcmp(name, "NOT"))
		return bind_logic(b, t, name);
	if (is_comparison(name))
		return bind_comparison(b, t, name);
	if (!strcmp(name, "LIKE") || !strcmp(name, "ILIKE") || !strcmp(name, "~"))
		return bind_text_test(b, t, name);
	if (!strcmp(name, "IN"))
		return bind_in(b, t);
	if (!strcmp(name, "BETWEEN"))
		return bind_between(b, t);
	if (!strcmp(name, "IS NAN"))
		return bind_is_nan(b, t);
	int args[2] = {-1, -1};
	for (size_t i = 0; i < t->count; i++)
		if ((args[i] = i ? bind_second(b, t->args[i], args[0]) : bind_tree(b, t->args[i])) <
			0)
			return args[i];
	return bind_call(b, t, name, args, t->count);
}

static int bind_tree(bn_binder *b, const bn_tree *t)
{
	if (t->kind != BN_TREE_CALL)
		return bind_leaf(b, t);
	return t->is_operator ? bind_operator(b, t) : bind_function(b, t);
}

/* ---- the whole ------------------------------------------------------------------------------ */

int bn_expr_bind(bn_expr *e, const bn_expr_names *names, bn_expr_type want, bn_err *err)
{
	bn_binder b = {.e = e, .names = names, .err = err};
	e->count = 0;
	int rc = bind_tree(&b, e->tree);
	if (rc >= 0 && want == BN_EXPR_BOOL && need_bool(&b, e->tree, rc) < 0)
		rc = BN_EINVAL;
	if (rc >= 0 && e->nodes[rc].type == BN_EXPR_NULL)
		rc = bn_expr_fail(e, e->tree->at, err, "null alone has no type");
	if (rc < 0) {
		e->count = 0;
		return rc;
	}
	return 0;
}

const bn_expr_node *bn_expr_nodes(const bn_expr *e, size_t *count)
{
	*count = e->count;
	return e->nodes;
}

bn_expr_type bn_expr_result(const bn_expr *e)
{
	return e->count ? e->nodes[e->count - 1].type : BN_EXPR_NULL;
}
