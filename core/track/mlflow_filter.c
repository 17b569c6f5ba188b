/* mlflow_filter.c - see mlflow_search.h: filters. */
#include "core/track/_mlflow.h"

#include "core/base/buf.h"
#include "core/base/str.h"
#include "core/table/expr/like.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *text;
	unsigned entities; /* that take it: of the masks below */
} operators[BN_MLFLOW_OPS] = {
#define TEXTS 1
#define NUMBERS 2
#define LISTS 4
#define NULLS 8
	[BN_MLFLOW_EQ] = {"=", TEXTS | NUMBERS},
	[BN_MLFLOW_NE] = {"!=", TEXTS | NUMBERS},
	[BN_MLFLOW_LT] = {"<", NUMBERS},
	[BN_MLFLOW_LE] = {"<=", NUMBERS},
	[BN_MLFLOW_GT] = {">", NUMBERS},
	[BN_MLFLOW_GE] = {">=", NUMBERS},
	[BN_MLFLOW_LIKE] = {"LIKE", TEXTS},
	[BN_MLFLOW_ILIKE] = {"ILIKE", TEXTS},
	[BN_MLFLOW_IN] = {"IN", LISTS},
	[BN_MLFLOW_NOT_IN] = {"NOT IN", LISTS},
	[BN_MLFLOW_IS_NULL] = {"IS NULL", NULLS},
	[BN_MLFLOW_NOT_NULL] = {"IS NOT NULL", NULLS},
};

/* A clause as it was written. */
typedef struct clause_text {
	bn_mlflow_token left, right; /* right.len 0: IS [NOT] NULL */
	char op[16];
} clause_text;

typedef struct filter_text {
	const bn_mlflow_token *tokens;
	size_t count;
	clause_text *clauses;
	size_t clause_count, cap;
	bn_buf invalid; /* tokens outside of clauses */
	bool is_runs;
} filter_text;

/* ---- clauses -------------------------------------------------------------------------------- */

static bool is_operand(const bn_mlflow_token *t)
{
	return t->kind <= BN_MLFLOW_SUM;
}

static void op_set(clause_text *c, const bn_mlflow_token *t)
{
	snprintf(c->op, sizeof c->op, "%.*s", (int)(t->len < 15 ? t->len : 15), t->ptr);
	for (char *at = c->op; *at; at++)
		*at = (char)toupper((unsigned char)*at);
}

/* The number of tokens that the clause at i takes; 0: there is none. */
static size_t clause_at(clause_text *c, const filter_text *f, size_t i)
{
	const bn_mlflow_token *t = &f->tokens[i];
	size_t left = f->count - i;
	*c = (clause_text){.left = t[0]};
	if (left < 3 || !is_operand(&t[0]))
		return 0;
	c->right = t[2];
	if (t[1].kind == BN_MLFLOW_OPERATOR && (is_operand(&t[2]) || t[2].kind == BN_MLFLOW_LIST)) {
		op_set(c, &t[1]);
		return 3;
	}
	if (t[0].kind != BN_MLFLOW_NAME)
		return 0;
	if (bn_mlflow_token_is(&t[1], "IN") && t[2].kind == BN_MLFLOW_LIST) {
		snprintf(c->op, sizeof c->op, "IN");
		return 3;
	}
	if (bn_mlflow_token_is(&t[1], "IS") && bn_mlflow_token_is(&t[2], "NULL")) {
		snprintf(c->op, sizeof c->op, "IS NULL");
		c->right.len = 0;
		return 3;
	}
	if (left < 4)
		return 0;
	c->right = t[3];
	if (bn_mlflow_token_is(&t[1], "NOT") && bn_mlflow_token_is(&t[2], "IN") &&
		t[3].kind == BN_MLFLOW_LIST) {
		snprintf(c->op, sizeof c->op, "NOT IN");
		return 4;
	}
	if (bn_mlflow_token_is(&t[1], "IS") && bn_mlflow_token_is(&t[2], "NOT") &&
		bn_mlflow_token_is(&t[3], "NULL")) {
		snprintf(c->op, sizeof c->op, "IS NOT NULL");
		c->right.len = 0;
		return 4;
	}
	return 0;
}

static void invalid_add(filter_text *f, const bn_mlflow_token *t)
{
	const char *quote = f->is_runs ? "'" : "";
	bn_buf_addf(&f->invalid, "%s%s%.*s%s", f->invalid.len ? ", " : "", quote, (int)t->len,
		t->ptr, quote);
}

static int clauses_find(filter_text *f, bn_err *err)
{
	clause_text c;
	for (size_t i = 0; i < f->count;) {
		if (bn_mlflow_token_is(&f->tokens[i], "AND")) {
			i++;
			continue;
		}
		size_t taken = clause_at(&c, f, i);
		if (taken == 0) {
			invalid_add(f, &f->tokens[i++]);
			continue;
		}
		if (bn_grow(&f->clauses, &f->cap, f->clause_count + 1, sizeof *f->clauses) != 0)
			return bn_err_nomem(err, "a filter");
		f->clauses[f->clause_count++] = c;
		i += taken;
	}
	if (f->invalid.len)
		return bn_err_set(err, BN_EINVAL, "Invalid clause(s) in filter string: %.400s",
			f->invalid.ptr);
	return bn_buf_check(&f->invalid, err, "a filter");
}

/* ---- values --------------------------------------------------------------------------------- */

#define SHOWN(t) (int)((t)->len < 200 ? (t)->len : 200), (t)->ptr

static int value_number(bn_mlflow_clause *c, const bn_mlflow_token *t, const char *key, bn_err *err)
{
	if ((t->kind == BN_MLFLOW_INT || t->kind == BN_MLFLOW_REAL) &&
		bn_parse_f64(t->ptr, t->len, &c->number)) {
		c->is_number = true;
		return 0;
	}
	if (c->entity == BN_MLFLOW_METRIC)
		return bn_err_set(err, BN_EINVAL,
			"Expected numeric value type for metric. Found %.*s", SHOWN(t));
	return bn_err_set(err, BN_EINVAL,
		"Expected numeric value type for numeric attribute: %.100s. Found %.*s", key,
		SHOWN(t));
}

static int text_keep(bn_mlflow_search *s, const char ***texts, size_t *count, size_t *cap,
	const char *text, size_t n, bn_err *err)
{
	if (bn_grow(texts, cap, *count + 1, sizeof **texts) != 0 ||
		!((*texts)[*count] = bn_arena_strndup(&s->arena, text, n)))
		return bn_err_nomem(err, "a filter");
	++*count;
	return 0;
}

static int value_list(
	bn_mlflow_clause *c, bn_mlflow_search *s, const bn_mlflow_token *t, bn_err *err)
{
	static const char begins[] = "While parsing a list in the query, expected";
	const char *at = t->ptr + 1, *end = t->ptr + t->len - 1, **texts = NULL;
	size_t count = 0, cap = 0;
	bn_mlflow_token item;
	int rc;
	while ((rc = bn_mlflow_list_next(&at, end, &item)) > 0)
		if ((rc = text_keep(s, &texts, &count, &cap, item.ptr, item.len, err)) < 0)
			goto out;
	if (rc == BN_ENOTFOUND)
		rc = bn_err_set(err, BN_EINVAL,
			"%s string value, punctuation, or whitespace, but got different type in "
			"list: "
			"%.*s",
			begins, SHOWN(t));
	else if (rc < 0)
		rc = bn_err_set(err, BN_EINVAL,
			"%s a non-empty list of string values, but got ill-formed list.", begins);
	else if (count == 0)
		rc = bn_err_set(err, BN_EINVAL,
			"%s a non-empty list of string values, but got empty list", begins);
	if (rc < 0)
		goto out;
	const char **kept = bn_arena_alloc(&s->arena, count * sizeof *kept);
	if (!kept) {
		rc = bn_err_nomem(err, "a filter");
		goto out;
	}
	memcpy(kept, texts, count * sizeof *kept);
	c->texts = kept;
	c->text_count = count;
out:
	bn_free(texts);
	return rc;
}

static int list_unsupported(const bn_mlflow_clause *c, const bn_mlflow_search *s, bn_err *err)
{
	static const char *const keys[] = {[BN_MLFLOW_RUNS] = "'run_id'",
		[BN_MLFLOW_EXPERIMENTS] = "'experiment_id'",
		[BN_MLFLOW_MODELS] = "'name'",
		[BN_MLFLOW_VERSIONS] = "'name', 'run_id'"};
	(void)c;
	return bn_err_set(err, BN_EINVAL,
		"Only [%s] attributes support comparison with a list of quoted string values.",
		keys[s->kind]);
}

/* Why a value that is neither a text nor a list does not fit. */
static int text_expected(
	const bn_mlflow_clause *c, const bn_mlflow_search *s, const bn_mlflow_token *t, bn_err *err)
{
	if (c->entity == BN_MLFLOW_PARAM || c->entity == BN_MLFLOW_TAG)
		return bn_err_set(err, BN_EINVAL,
			"Expected a quoted string value for %s (e.g. 'my-value'). Got value %.*s",
			c->entity == BN_MLFLOW_PARAM ? "parameter" : "tag", SHOWN(t));
	if (c->entity == BN_MLFLOW_DATASET)
		return bn_err_set(err, BN_EINVAL,
			"Expected a quoted string value for dataset attributes. Got value %.*s",
			SHOWN(t));
	if (s->kind == BN_MLFLOW_VERSIONS &&
		(t->kind == BN_MLFLOW_INT || t->kind == BN_MLFLOW_REAL))
		return bn_err_set(err, BN_EINVAL,
			"Only the '{'version_number', 'creation_timestamp', "
			"'last_updated_timestamp'}' "
			"attributes support comparison with numeric values.");
	if (s->kind == BN_MLFLOW_MODELS || s->kind == BN_MLFLOW_VERSIONS)
		return bn_err_set(err, BN_EINVAL,
			"Expected a quoted string value or a list of quoted string values for "
			"attributes. Got value %.*s",
			SHOWN(t));
	return bn_err_set(err, BN_EINVAL,
		"Expected a quoted string value for attributes. Got value %.*s", SHOWN(t));
}

static int value_text(
	bn_mlflow_clause *c, bn_mlflow_search *s, const bn_mlflow_token *t, bn_err *err)
{
	bool is_quoted =
		t->len >= 2 && (*t->ptr == '\'' || *t->ptr == '"') && t->ptr[t->len - 1] == *t->ptr;
	if (t->kind != BN_MLFLOW_STRING && t->kind != BN_MLFLOW_NAME)
		return text_expected(c, s, t, err);
	if (!is_quoted)
		return bn_err_set(err, BN_EINVAL,
			"Parameter value is either not quoted or unidentified quote types used for "
			"string value %.*s. Use either single or double quotes.",
			SHOWN(t));
	const char **texts = bn_arena_alloc(&s->arena, sizeof *texts);
	if (!texts || !(texts[0] = bn_arena_strndup(&s->arena, t->ptr + 1, t->len - 2)))
		return bn_err_nomem(err, "a filter");
	c->texts = texts;
	c->text_count = 1;
	return 0;
}

/* ---- a clause ------------------------------------------------------------------------------- */

static int null_test(const bn_mlflow_clause *c, const bn_mlflow_search *s, bn_err *err)
{
	static const char *const names[] = {"attribute", "metric", "parameter", "tag", "dataset"};
	bool params = s->kind == BN_MLFLOW_RUNS;
	if (c->entity == BN_MLFLOW_TAG || (params && c->entity == BN_MLFLOW_PARAM))
		return 0;
	if (params)
		return bn_err_set(err, BN_EINVAL,
			"IS NULL / IS NOT NULL is only supported for tags and params, not for '%s' "
			"'%.100s'",
			names[c->entity], c->key);
	return bn_err_set(err, BN_EINVAL,
		"IS NULL / IS NOT NULL is only supported for tags, not for attribute '%.100s'",
		c->key);
}

/* The operators that a field takes. */
static unsigned operators_of(const bn_mlflow_clause *c, const bn_mlflow_search *s, unsigned uses)
{
	bool is_nullable = c->entity == BN_MLFLOW_TAG || c->entity == BN_MLFLOW_PARAM;
	if (uses & BN_MLFLOW_USE_NUMBER)
		return NUMBERS;
	if (is_nullable)
		return TEXTS | (s->kind <= BN_MLFLOW_EXPERIMENTS ? NULLS : 0);
	return TEXTS | LISTS;
}

static int operator_check(
	bn_mlflow_clause *c, const bn_mlflow_search *s, const char *op, unsigned uses, bn_err *err)
{
	unsigned allowed = operators_of(c, s, uses);
	bn_buf valid = BN_BUF_INIT;
	c->op = BN_MLFLOW_EQ;
	while (c->op < BN_MLFLOW_OPS && strcmp(operators[c->op].text, op) != 0)
		c->op++;
	if (c->op < BN_MLFLOW_OPS && operators[c->op].entities & allowed)
		return 0;
	if (c->entity == BN_MLFLOW_ATTRIBUTE)
		allowed = TEXTS | LISTS; /* as MLflow says, of numbers too */
	for (size_t i = 0; i < BN_MLFLOW_OPS; i++)
		if (operators[i].entities & allowed)
			bn_buf_addf(&valid, "%s'%s'", valid.len ? ", " : "", operators[i].text);
	int rc;
	if ((rc = bn_buf_check(&valid, err, "a filter")) < 0)
		goto out;
	rc = bn_err_set(err, BN_EINVAL, "Invalid comparator '%s' not one of '{%s}'", op, valid.ptr);
out:
	bn_buf_release(&valid);
	return rc;
}

static int clause_read(
	bn_mlflow_clause *c, unsigned *uses, bn_mlflow_search *s, const clause_text *t, bn_err *err)
{
	int rc;
	*c = (bn_mlflow_clause){.op = BN_MLFLOW_OPS};
	if (t->left.kind != BN_MLFLOW_NAME)
		return bn_err_set(err, BN_EINVAL,
			"Invalid comparison clause. Expected 'Identifier' found '%.*s'",
			SHOWN(&t->left));
	if ((rc = bn_mlflow_field(&c->entity, &c->key, uses, s, t->left.ptr, t->left.len,
		     BN_MLFLOW_USE_FILTER, err)) < 0)
		return rc;
	if (t->right.len == 0 && s->kind <= BN_MLFLOW_EXPERIMENTS)
		return null_test(c, s, err);
	if (t->right.len == 0)
		return bn_err_set(
			err, BN_EINVAL, "Invalid comparison clause. Expected 3 tokens found 2");
	if (*uses & BN_MLFLOW_USE_NUMBER)
		return value_number(c, &t->right, c->key, err);
	if (t->right.kind != BN_MLFLOW_LIST)
		return value_text(c, s, &t->right, err);
	if (c->entity == BN_MLFLOW_PARAM || c->entity == BN_MLFLOW_TAG)
		return text_expected(c, s, &t->right, err);
	if (!(*uses & BN_MLFLOW_USE_LIST))
		return list_unsupported(c, s, err);
	return value_list(c, s, &t->right, err);
}

/* A list where one text belongs, or the other way round. */
static int value_check(const bn_mlflow_clause *c, bn_err *err)
{
	bool is_list = c->op == BN_MLFLOW_IN || c->op == BN_MLFLOW_NOT_IN;
	if (!c->texts || is_list || c->text_count == 1)
		return 0;
	return bn_err_set(err, BN_EINVAL,
		"Invalid value for %.100s: a list is compared with IN or NOT IN", c->key);
}

static bool asks_for_prompts(const bn_mlflow_clause *c)
{
	return c->entity == BN_MLFLOW_TAG && c->text_count &&
	       strcmp(c->key, BN_MLFLOW_IS_PROMPT) == 0 &&
	       ((c->op == BN_MLFLOW_EQ && strcasecmp(c->texts[0], "true") == 0) ||
		       (c->op == BN_MLFLOW_NE && strcasecmp(c->texts[0], "false") == 0));
}

/* Fields and values of all clauses, then their operators: the order in which MLflow reports errors. */
static int clauses_read(bn_mlflow_search *s, const filter_text *f, bn_err *err)
{
	unsigned *uses = bn_alloc_zeroed(f->clause_count + 1, sizeof *uses);
	int rc = 0;
	s->clauses = bn_alloc_zeroed(f->clause_count + 1, sizeof *s->clauses);
	if (!uses || !s->clauses) {
		rc = bn_err_nomem(err, "a filter");
		goto out;
	}
	for (size_t i = 0; i < f->clause_count; i++)
		if ((rc = clause_read(&s->clauses[i], &uses[i], s, &f->clauses[i], err)) < 0)
			goto out;
	for (size_t i = 0; i < f->clause_count; i++) {
		bn_mlflow_clause *c = &s->clauses[i];
		if ((rc = operator_check(c, s, f->clauses[i].op, uses[i], err)) < 0 ||
			(rc = value_check(c, err)) < 0)
			goto out;
		s->wants_prompts = s->wants_prompts || asks_for_prompts(c);
	}
	s->count = f->clause_count;
out:
	bn_free(uses);
	return rc;
}

/* Several statements, of which MLflow reads one. */
static bool is_split(const filter_text *f)
{
	for (size_t i = 0; i + 1 < f->count; i++)
		if (bn_mlflow_token_is(&f->tokens[i], ";"))
			return true;
	return false;
}

int bn_mlflow_add_filter(bn_mlflow_search *s, const char *filter, bn_err *err)
{
	bn_mlflow_token *tokens = NULL;
	filter_text f = {.invalid = BN_BUF_INIT, .is_runs = s->kind == BN_MLFLOW_RUNS};
	int rc;
	if (!filter || !*filter)
		return 0;
	if (strlen(filter) > BN_MLFLOW_FILTER_MAX)
		return bn_err_set(err, BN_EINVAL, "Invalid filter: longer than %d bytes",
			(int)BN_MLFLOW_FILTER_MAX);
	if ((rc = bn_mlflow_lex(&tokens, &f.count, filter, err)) < 0)
		return rc;
	f.tokens = tokens;
	if (f.count == 0)
		rc = bn_err_set(
			err, BN_EINVAL, "Invalid filter '%.100s'. Could not be parsed.", filter);
	else if (is_split(&f))
		rc = bn_err_set(err, BN_EINVAL,
			"Search filter contained multiple expression '%.300s'. Provide AND-ed "
			"expression "
			"list.",
			filter);
	else if ((rc = clauses_find(&f, err)) == 0)
		rc = clauses_read(s, &f, err);
	bn_buf_release(&f.invalid);
	bn_free(f.clauses);
	bn_free(tokens);
	return rc;
}

/* ---- evaluation ----------------------------------------------------------------------------- */

static bool admits_text(const bn_mlflow_clause *c, const char *text)
{
	bn_expr_text t = {text, strlen(text)};
	bool found = false;
	switch (c->op) {
	case BN_MLFLOW_LIKE:
	case BN_MLFLOW_ILIKE:
		return bn_text_like(t, (bn_expr_text){c->texts[0], strlen(c->texts[0])},
			c->op == BN_MLFLOW_ILIKE);
	case BN_MLFLOW_NOT_NULL:
		return true;
	case BN_MLFLOW_IS_NULL:
		return false;
	default:
		for (size_t i = 0; i < c->text_count && !found; i++)
			found = strcmp(c->texts[i], text) == 0;
		return found == (c->op == BN_MLFLOW_EQ || c->op == BN_MLFLOW_IN);
	}
}

bool bn_mlflow_clause_admits(const bn_mlflow_clause *c, const char *text, double number)
{
	if (!c->is_number)
		return text && admits_text(c, text);
	switch (c->op) {
	case BN_MLFLOW_EQ:
		return number == c->number;
	case BN_MLFLOW_NE:
		return number != c->number;
	case BN_MLFLOW_LT:
		return number < c->number;
	case BN_MLFLOW_LE:
		return number <= c->number;
	case BN_MLFLOW_GT:
		return number > c->number;
	default:
		return number >= c->number;
	}
}
