/* format.c - the canonical text of an expression; see bn_expr_format. */
#include "core/table/expr/_expr.h"

#include "core/base/str.h"

#include <ctype.h>
#include <string.h>

enum { RANK_OR, RANK_AND, RANK_NOT, RANK_TEST, RANK_SUM, RANK_PRODUCT, RANK_FACTOR };

static int rank_of(const bn_tree *t)
{
	if (t->kind != BN_TREE_CALL || !t->is_operator)
		return RANK_FACTOR;
	const char *name = t->text.ptr;
	if (!strcmp(name, "OR"))
		return RANK_OR;
	if (!strcmp(name, "AND"))
		return RANK_AND;
	if (!strcmp(name, "NOT"))
		return RANK_NOT;
	if (t->count == 1 && !strcmp(name, "-"))
		return RANK_FACTOR;
	if (!strcmp(name, "+") || !strcmp(name, "-"))
		return RANK_SUM;
	return strchr("*/%", name[0]) ? RANK_PRODUCT : RANK_TEST;
}

static void put(bn_buf *out, const bn_expr *e, const bn_tree *t, int least);

/* Keywords are not names. */
static bool is_keyword(bn_expr_text t)
{
	static const char *const words[] = {"and", "or", "not", "like", "ilike", "in", "between",
		"is", "null", "true", "false"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (bn_expr_text_is(t, words[i]))
			return true;
	return false;
}

static bool is_plain(bn_expr_text t)
{
	double x;
	for (size_t i = 0; i < t.len; i++)
		if (!isalnum((unsigned char)t.ptr[i]) && t.ptr[i] != '_' &&
			(unsigned char)t.ptr[i] < 0x80)
			return false;
	return t.len && !isdigit((unsigned char)t.ptr[0]) && !is_keyword(t) &&
	       !bn_parse_f64(t.ptr, t.len, &x);
}

static void put_text(bn_buf *out, bn_expr_text t)
{
	bn_buf_add(out, t.ptr, t.len);
}

void bn_expr_put_quoted(bn_buf *out, const char *text, size_t n, char quote)
{
	bn_buf_addch(out, quote);
	for (size_t i = 0; i < n; i++) {
		bn_buf_addch(out, text[i]);
		if (text[i] == quote)
			bn_buf_addch(out, quote);
	}
	bn_buf_addch(out, quote);
}

/* In filters of runs, quoted text cannot contain a quote. */
static void put_quoted(bn_buf *out, bn_expr_text t, char quote)
{
	bn_expr_put_quoted(out, t.ptr, t.len, quote);
}

static void put_leaf(bn_buf *out, const bn_expr *e, const bn_tree *t)
{
	bool runs = e->dialect == BN_EXPR_RUNS;
	if (t->prefix.len) {
		put_text(out, t->prefix);
		bn_buf_addch(out, '.');
		put_quoted(out, t->text, '`');
	} else if (t->kind == BN_TREE_QUOTED) {
		bool both = runs && memchr(t->text.ptr, '\'', t->text.len);
		put_quoted(out, t->text, both ? '"' : '\'');
	} else if (t->kind == BN_TREE_NAME && !(t->has_back_quote && is_plain(t->text))) {
		put_quoted(out, t->text, t->has_back_quote ? '`' : '"');
	} else {
		put_text(out, t->text);
	}
}

static void put_list(bn_buf *out, const bn_expr *e, const bn_tree *t, size_t from)
{
	bn_buf_addch(out, '(');
	for (size_t i = from; i < t->count; i++) {
		bn_buf_adds(out, i > from ? ", " : "");
		put(out, e, t->args[i], from ? RANK_SUM : RANK_OR);
	}
	bn_buf_addch(out, ')');
}

/* a NOT LIKE 'x', a IS NOT NULL: NOT is written inside a keyword test. */
static bool put_negated(bn_buf *out, const bn_expr *e, const bn_tree *t)
{
	const bn_tree *a = t->args[0];
	if (a->kind != BN_TREE_CALL || !a->is_operator || strncmp(a->text.ptr, "IS ", 3) != 0)
		return false;
	put(out, e, a->args[0], RANK_SUM);
	bn_buf_addf(out, " IS NOT %s", a->text.ptr + 3);
	return true;
}

static void put_operator(bn_buf *out, const bn_expr *e, const bn_tree *t, int rank)
{
	const char *name = t->text.ptr;
	bool test = rank == RANK_TEST;
	if (t->count == 1 && rank == RANK_FACTOR) {
		bn_buf_adds(out, e->dialect == BN_EXPR_RUNS ? "- " : "-");
		put(out, e, t->args[0], RANK_FACTOR);
		return;
	}
	if (rank == RANK_NOT) {
		if (put_negated(out, e, t))
			return;
		bn_buf_adds(out, "NOT ");
		put(out, e, t->args[0], RANK_NOT);
		return;
	}
	put(out, e, t->args[0], test ? RANK_SUM : rank);
	bn_buf_addf(out, " %s", name);
	if (!strcmp(name, "IN")) {
		bn_buf_addch(out, ' ');
		put_list(out, e, t, 1);
		return;
	}
	for (size_t i = 1; i < t->count; i++) {
		bn_buf_adds(out, i == 1 ? " " : " AND ");
		put(out, e, t->args[i], test ? RANK_SUM : rank + 1);
	}
}

/* least: operators that bind less tightly get brackets. */
static void put(bn_buf *out, const bn_expr *e, const bn_tree *t, int least)
{
	int rank = rank_of(t);
	if (rank < least)
		bn_buf_addch(out, '(');
	if (t->kind != BN_TREE_CALL) {
		put_leaf(out, e, t);
	} else if (t->is_operator) {
		put_operator(out, e, t, rank);
	} else {
		for (size_t i = 0; i < t->text.len; i++)
			bn_buf_addch(out, (char)tolower((unsigned char)t->text.ptr[i]));
		put_list(out, e, t, 0);
	}
	if (rank < least)
		bn_buf_addch(out, ')');
}

int bn_expr_format(bn_buf *out, const bn_expr *e, bn_err *err)
{
	put(out, e, e->tree, RANK_OR);
	return bn_buf_check(out, err, "an expression");
}
