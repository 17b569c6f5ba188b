/*
 * parse.c - the tree of an expression: a recursive descent with one token of lookahead. See the grammar in expr.h.
 *
 * Chains of AND and OR, of sums and of products are loops, so that only brackets, NOTs, signs and arguments
 * recurse, with a limit.
 */
#include "core/table/expr/_expr.h"

#include <math.h>
#include <string.h>
#include <strings.h>

typedef struct parser {
	bn_expr *e;
	bn_expr_lexer x;
	int depth, tests;
	bool no_memory;
	bn_err *err;
	int rc; /* of the first error */
} parser;

/* ---- small things --------------------------------------------------------------------------- */

static bn_tree *expected(parser *p, const char *what)
{
	if (p->rc == 0)
		p->rc = bn_expr_expected(p->e, &p->x, p->err, what);
	return NULL;
}

static bn_tree *no_memory(parser *p)
{
	if (p->rc == 0)
		p->rc = bn_err_nomem(p->err, "an expression");
	return NULL;
}

static bool accept(parser *p, const char *text)
{
	if (!bn_token_is(&p->x, text))
		return false;
	bn_expr_lex(&p->x);
	return true;
}

/* Whether one more level, or test, is allowed. */
static bool go_deeper(parser *p)
{
	if (++p->depth <= BN_EXPR_DEPTH_MAX)
		return true;
	if (p->rc == 0)
		p->rc = bn_expr_fail(p->e, bn_token_at(&p->x.now), p->err, "nested over %d levels",
			BN_EXPR_DEPTH_MAX);
	return false;
}

static bool count_test(parser *p)
{
	if (++p->tests <= BN_EXPR_TESTS_MAX)
		return true;
	if (p->rc == 0)
		p->rc = bn_expr_fail(p->e, bn_token_at(&p->x.now), p->err,
			"more than %d values and tests", BN_EXPR_TESTS_MAX);
	return false;
}

static bn_tree *tree_new(parser *p, bn_tree_kind kind)
{
	bn_tree *t = bn_arena_alloc(&p->e->arena, sizeof *t);
	if (!t)
		return no_memory(p);
	t->kind = kind;
	t->at = t->op_at = bn_token_at(&p->x.now);
	t->text_at = p->x.now.at;
	t->number = p->x.now.number;
	if (bn_expr_unquote(&t->text, p->e, &p->x.now, p->x.text, p->err) < 0)
		return no_memory(p);
	return t;
}

static bn_tree *tree_arg(parser *p, bn_tree *call, bn_tree *arg)
{
	if (!call || !arg)
		return NULL;
	if (call->count == call->cap) {
		size_t cap = call->cap ? 2 * call->cap : 4;
		bn_tree **args = bn_arena_alloc(&p->e->arena, cap * sizeof *args);
		if (!args)
			return no_memory(p);
		for (size_t i = 0; i < call->count; i++)
			args[i] = call->args[i];
		call->args = args;
		call->cap = cap;
	}
	call->args[call->count++] = arg;
	call->next_at = bn_token_at(&p->x.now);
	return call;
}

/* An operator over a; the operator is at `at`. */
static bn_tree *tree_op(parser *p, const char *name, size_t at, bn_tree *a)
{
	bn_tree *t = a ? tree_new(p, BN_TREE_CALL) : NULL;
	if (!t)
		return NULL;
	t->text = (bn_expr_text){name, strlen(name)};
	t->is_operator = true;
	t->at = a->at;
	t->op_at = at;
	return tree_arg(p, t, a);
}

static bn_tree *tree_pair(parser *p, const char *name, size_t at, bn_tree *a, bn_tree *b)
{
	return tree_arg(p, tree_op(p, name, at, a), b);
}

/* ---- values --------------------------------------------------------------------------------- */

static bn_tree *parse_or(parser *p);
static bn_tree *parse_sum(parser *p, const char *what);

/* Continues a bare word; PREFIX.`key` is one name. */
static bn_tree *parse_word(parser *p, const char *what)
{
	bn_tree *t = tree_new(p, BN_TREE_WORD);
	size_t end = p->x.now.at + p->x.now.len;
	bool value = p->e->dialect == BN_EXPR_RUNS && what[2] == 'v';
	if (!t)
		return NULL;
	bn_expr_lex(&p->x);
	if (t->text.ptr[t->text.len - 1] == '.' && !value) {
		if (p->x.now.kind != BN_TOKEN_NAME || p->x.now.at != end + 1)
			return expected(p, "a key after the dot");
		t->kind = BN_TREE_NAME;
		t->prefix = (bn_expr_text){t->text.ptr, t->text.len - 1};
		t->text_at = p->x.now.at;
		if (bn_expr_unquote(&t->text, p->e, &p->x.now, p->x.text, p->err) < 0)
			return no_memory(p);
		t->has_back_quote = true;
		bn_expr_lex(&p->x);
	}
	t->next_at = bn_token_at(&p->x.now);
	return t;
}

/* the pandas idiom for a missing value. */
static void hint_method(parser *p, bn_expr_text name)
{
	static const char *const methods[][2] = {{".notnull", "IS NOT NULL"},
		{".notna", "IS NOT NULL"}, {".isnull", "IS NULL"}, {".isna", "IS NULL"}};
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		size_t n = strlen(methods[i][0]);
		if (name.len > n && !strncasecmp(name.ptr + name.len - n, methods[i][0], n))
			bn_err_hint(p->err, "%.*s %s", (int)(name.len - n < 80 ? name.len - n : 80),
				name.ptr, methods[i][1]);
	}
}

/* NAME(a, b); the word was read, the current token is '('. */
static bn_tree *parse_call(parser *p, bn_tree *t)
{
	t->kind = BN_TREE_CALL;
	bn_expr_lex(&p->x);
	if (bn_token_is(&p->x, ")")) {
		expected(p, p->e->dialect == BN_EXPR_RUNS ? "a metric" : "an argument");
		hint_method(p, t->text);
		return NULL;
	}
	do {
		if (!count_test(p) || !tree_arg(p, t, parse_or(p)))
			return NULL;
	} while (accept(p, ","));
	if (!accept(p, ")"))
		return expected(p, t->count > 1 ? "',' or ')'" : "')'");
	t->next_at = bn_token_at(&p->x.now);
	return t;
}

static bool is_logic(const bn_tree *t)
{
	static const char *const words[] = {"AND", "OR", "NOT", "=", "<>", "<", "<=", ">",
		">=", "LIKE", "ILIKE", "~", "IN", "BETWEEN", "IS NULL", "IS NAN"};
	for (size_t i = 0; t->is_operator && i < sizeof words / sizeof *words; i++)
		if (bn_expr_text_is(t->text, words[i]))
			return true;
	return false;
}

static bn_tree *parse_brackets(parser *p)
{
	bn_expr_lex(&p->x);
	bn_tree *t = parse_or(p);
	if (!t)
		return NULL;
	if (!accept(p, ")"))
		return expected(p, is_logic(t) ? "AND, OR or ')'" : "an operator or ')'");
	t->next_at = bn_token_at(&p->x.now);
	return t;
}

static bn_tree *parse_factor(parser *p, const char *what);

static bn_tree *parse_minus(parser *p)
{
	size_t at = bn_token_at(&p->x.now);
	bn_expr_lex(&p->x);
	bn_tree *t = tree_op(p, "-", at, parse_factor(p, "a value"));
	if (t)
		t->at = at;
	return t;
}

/* In the dialect for runs a sign where a value is expected is a value. */
static bool is_word_value(const parser *p, const char *what)
{
	return p->e->dialect == BN_EXPR_RUNS && what[2] == 'v' && p->x.now.kind == BN_TOKEN_OP &&
	       strchr("+-/%", p->x.text[p->x.now.at]);
}

/* what: "a field" or "a value", for the error if it is missing. */
static bn_tree *parse_leaf(parser *p, const char *what)
{
	bn_tree *t = NULL;
	switch (p->x.now.kind) {
	case BN_TOKEN_WORD:
		t = parse_word(p, what);
		return t && t->kind == BN_TREE_WORD && bn_token_is(&p->x, "(") ? parse_call(p, t)
									       : t;
	case BN_TOKEN_NUMBER:
		t = tree_new(p, BN_TREE_NUMBER);
		break;
	case BN_TOKEN_QUOTED:
		t = tree_new(p, BN_TREE_QUOTED);
		break;
	case BN_TOKEN_NAME:
		t = tree_new(p, BN_TREE_NAME);
		if (t)
			t->has_back_quote = p->x.text[p->x.now.at - 1] == '`';
		break;
	default:
		if (bn_token_is(&p->x, "("))
			return parse_brackets(p);
		if (is_word_value(p, what)) {
			t = tree_new(p, BN_TREE_WORD);
			break;
		}
		if (bn_token_is(&p->x, "-"))
			return parse_minus(p);
		return expected(p, what);
	}
	if (!t)
		return NULL;
	bn_expr_lex(&p->x);
	t->next_at = bn_token_at(&p->x.now);
	return t;
}

static bn_tree *parse_factor(parser *p, const char *what)
{
	if (!go_deeper(p))
		return NULL;
	bn_tree *t = parse_leaf(p, what);
	p->depth--;
	return t;
}

/* A chain of operators of one rank over what `next` reads. */
static bn_tree *parse_chain(parser *p, const char *const *names, const char *what,
	bn_tree *(*next)(parser *, const char *))
{
	bn_tree *t = next(p, what);
	while (t) {
		const char *const *name = names;
		while (*name && !(p->x.now.kind == BN_TOKEN_OP && bn_token_is(&p->x, *name)))
			name++;
		if (!*name)
			return t;
		size_t at = p->x.now.at;
		bn_expr_lex(&p->x);
		t = count_test(p) ? tree_pair(p, *name, at, t, next(p, "a value")) : NULL;
	}
	return NULL;
}

static bn_tree *parse_product(parser *p, const char *what)
{
	static const char *const names[] = {"*", "/", "%", NULL};
	return parse_chain(p, names, what, parse_factor);
}

static bn_tree *parse_sum(parser *p, const char *what)
{
	static const char *const names[] = {"+", "-", NULL};
	return parse_chain(p, names, what, parse_product);
}

/* ---- tests ---------------------------------------------------------------------------------- */

static bn_tree *parse_in(parser *p, bn_tree *a, size_t at)
{
	bn_tree *t = tree_op(p, "IN", at, a);
	if (!t)
		return NULL;
	if (!accept(p, "("))
		return expected(p, "'('");
	do {
		if (!count_test(p) || !tree_arg(p, t, parse_sum(p, "a value")))
			return NULL;
	} while (accept(p, ","));
	if (!accept(p, ")"))
		return expected(p, "',' or ')'");
	t->next_at = bn_token_at(&p->x.now);
	return t;
}

static bn_tree *parse_between(parser *p, bn_tree *a, size_t at)
{
	bn_tree *t = tree_arg(p, tree_op(p, "BETWEEN", at, a), parse_sum(p, "a value"));
	if (!t)
		return NULL;
	if (!accept(p, "AND"))
		return expected(p, "AND");
	return tree_arg(p, t, parse_sum(p, "a value"));
}

static bn_tree *parse_like(parser *p, bn_tree *a, const char *name, size_t at)
{
	bn_token_kind k = p->x.now.kind;
	if (k != BN_TOKEN_QUOTED && k != BN_TOKEN_NAME && k != BN_TOKEN_WORD &&
		k != BN_TOKEN_NUMBER)
		return expected(p, "a pattern such as 'a%'");
	bn_tree *pattern = tree_new(p, BN_TREE_QUOTED);
	bn_expr_lex(&p->x);
	return tree_pair(p, name, at, a, pattern);
}

/* NAN parses as a number. */
static bool accept_nan(parser *p)
{
	const bn_token *t = &p->x.now;
	if (t->kind != BN_TOKEN_NUMBER ||
		!bn_expr_text_is((bn_expr_text){p->x.text + t->at, t->len}, "nan"))
		return false;
	bn_expr_lex(&p->x);
	return true;
}

static bn_tree *parse_is(parser *p, bn_tree *a, size_t at)
{
	bool negated = accept(p, "NOT");
	bool nan = accept_nan(p);
	if (!nan && !accept(p, "NULL")) {
		return expected(p, negated ? "NULL or NAN" : "NULL, NAN, NOT NULL or NOT NAN");
	}
	bn_tree *t = tree_op(p, nan ? "IS NAN" : "IS NULL", at, a);
	return negated ? tree_op(p, "NOT", at, t) : t;
}

/* Keyword tests; `what` was read. NULL and rc 0: not one. */
static bn_tree *parse_worded(parser *p, bn_tree *a)
{
	bn_tree *t = NULL;
	bool negated = accept(p, "NOT");
	size_t at = bn_token_at(&p->x.now);
	if (accept(p, "LIKE"))
		t = parse_like(p, a, "LIKE", at);
	else if (accept(p, "ILIKE"))
		t = parse_like(p, a, "ILIKE", at);
	else if (accept(p, "IN"))
		t = parse_in(p, a, at);
	else if (accept(p, "BETWEEN"))
		t = parse_between(p, a, at);
	else
		return negated ? expected(p, "LIKE, ILIKE, IN or BETWEEN") : NULL;
	if (!count_test(p))
		return NULL;
	return negated ? tree_op(p, "NOT", at, t) : t;
}

static const struct {
	const char *written, *name;
} comparisons[] = {{"<=", "<="}, {">=", ">="}, {"!=", "<>"}, {"<>", "<>"}, {"==", "="}, {"=", "="},
	{"<", "<"}, {">", ">"}, {"~", "~"}};

static bn_tree *parse_test(parser *p)
{
	bn_tree *a = parse_sum(p, "a field");
	if (!a)
		return NULL;
	size_t at = bn_token_at(&p->x.now);
	if (accept(p, "IS"))
		return count_test(p) ? parse_is(p, a, at) : NULL;
	bn_tree *t = parse_worded(p, a);
	if (t || p->rc < 0)
		return t;
	for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++) {
		if (p->x.now.kind != BN_TOKEN_OP || !bn_token_is(&p->x, comparisons[i].written))
			continue;
		if (!count_test(p))
			return NULL;
		bn_expr_lex(&p->x);
		return tree_pair(p, comparisons[i].name, at, a, parse_sum(p, "a value"));
	}
	return a;
}

static bn_tree *parse_not(parser *p)
{
	size_t at = bn_token_at(&p->x.now);
	if (!go_deeper(p))
		return NULL;
	bn_tree *t = NULL;
	if (accept(p, "NOT")) {
		t = tree_op(p, "NOT", at, parse_not(p));
		if (t)
			t->at = at;
	} else {
		p->depth--; /* the brackets of a factor are counted separately */
		return parse_test(p);
	}
	p->depth--;
	return t;
}

static bn_tree *parse_and(parser *p)
{
	bn_tree *t = parse_not(p);
	for (size_t at; t && (at = bn_token_at(&p->x.now), accept(p, "AND"));)
		t = tree_pair(p, "AND", at, t, parse_not(p));
	return t;
}

static bn_tree *parse_or(parser *p)
{
	bn_tree *t = parse_and(p);
	for (size_t at; t && (at = bn_token_at(&p->x.now), accept(p, "OR"));)
		t = tree_pair(p, "OR", at, t, parse_and(p));
	return t;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static int parse_all(parser *p, bool field_only)
{
	bn_expr_lex(&p->x);
	p->e->tree = field_only ? parse_leaf(p, "a field") : parse_or(p);
	if (p->e->tree && p->x.now.kind != BN_TOKEN_END) {
		bool logic = is_logic(p->e->tree);
		const char *what = "nothing more";
		if (!field_only)
			what = logic || p->e->dialect == BN_EXPR_ROWS
				       ? "AND or OR"
				       : "a comparison such as = != < <= > >= ~ LIKE IN or IS NULL";
		if (!field_only && !logic && p->e->dialect == BN_EXPR_ROWS)
			what = "an operator";
		expected(p, what);
	}
	return p->rc;
}

int bn_expr_parse(bn_expr **out, const bn_expr_source *source, bn_err *err)
{
	bn_expr *e = bn_alloc_zeroed(1, sizeof *e);
	*out = e;
	if (!e)
		return bn_err_nomem(err, "an expression");
	size_t n = strlen(source->text);
	e->dialect = source->dialect;
	e->source = bn_arena_strdup(&e->arena, source->name);
	e->text = bn_arena_strndup(&e->arena, source->text, n < BN_EXPR_TEXT_MAX ? n : 0);
	if (!e->source || !e->text)
		return bn_err_nomem(err, "an expression");
	if (n >= BN_EXPR_TEXT_MAX)
		return bn_expr_fail(e, 0, err, "over %d bytes", BN_EXPR_TEXT_MAX);
	parser p = {.e = e, .x = {.text = e->text, .dialect = e->dialect}, .err = err};
	return parse_all(&p, source->field_only);
}

void bn_expr_free(bn_expr *e)
{
	if (!e)
		return;
	bn_free(e->nodes);
	bn_arena_release(&e->arena);
	bn_free(e);
}

size_t bn_expr_error_at(const bn_expr *e)
{
	return e ? e->error_at : 0;
}
