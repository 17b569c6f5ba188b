/*
 * filter.c - the filter language of query.h as SQL: the bound nodes of an expression; the table of operators
 * (core/table/expr/ops.h) gives their SQLite form. See _filter.h.
 */
#include "core/track/_filter.h"

#include <stdio.h>
#include <string.h>

typedef struct sql_writer {
	bn_sql_piece *out;
	const bn_filter_names *names;
	const bn_expr_node *nodes;
	bn_expr *e;
	bn_err *err;
	bool is_kept_if_true; /* whether it makes no difference that the test is absent instead of false: no NOT above it */
} sql_writer;

static int write_node(const sql_writer *s, int i);

static void write_value(bn_sql_piece *out, const bn_expr_value *v)
{
	if (v->type == BN_EXPR_NULL)
		bn_buf_adds(&out->sql, "NULL");
	else if (v->type == BN_EXPR_TEXT)
		bn_sql_piece_text(out, v->s.ptr, v->s.len);
	else if (v->type == BN_EXPR_REAL)
		bn_sql_piece_real(out, v->r);
	else
		bn_sql_piece_int(out, v->i);
}

/* Case-sensitive LIKE: SQLite's LIKE is not, its GLOB is. */
static void write_glob(bn_sql_piece *out, bn_expr_text pattern)
{
	bn_buf b = BN_BUF_INIT;
	for (size_t i = 0; i < pattern.len; i++) {
		if (pattern.ptr[i] == '%')
			bn_buf_addch(&b, '*');
		else if (pattern.ptr[i] == '_')
			bn_buf_addch(&b, '?');
		else if (strchr("*?[", pattern.ptr[i]))
			bn_buf_addf(&b, "[%c]", pattern.ptr[i]);
		else
			bn_buf_addch(&b, pattern.ptr[i]);
	}
	out->failed = out->failed || b.failed;
	bn_sql_piece_text(out, b.ptr, b.len);
	bn_buf_release(&b);
}

/* An argument, in brackets unless it is a value or a field. */
static int write_argument(const sql_writer *s, int i)
{
	bool alone = s->nodes[i].op == BN_OP_FIELD || s->nodes[i].op == BN_OP_CONSTANT;
	if (!alone)
		bn_buf_addch(&s->out->sql, '(');
	int rc = write_node(s, i);
	if (!alone)
		bn_buf_addch(&s->out->sql, ')');
	return rc;
}

/* AND and OR: a chain of one of them needs no brackets, which SQLite would nest too deep for. */
static int write_chain(const sql_writer *s, const bn_expr_node *n)
{
	int rc = s->nodes[n->arg[0]].op == n->op ? write_node(s, n->arg[0])
						 : write_argument(s, n->arg[0]);
	if (rc < 0)
		return rc;
	bn_buf_adds(&s->out->sql, n->op == BN_OP_AND ? " AND " : " OR ");
	return write_argument(s, n->arg[1]);
}

static int write_in(const sql_writer *s, const bn_expr_node *n)
{
	int rc = write_argument(s, n->arg[0]);
	if (rc < 0)
		return rc;
	bn_buf_adds(&s->out->sql, " IN (");
	for (size_t i = 0; i < n->list.count; i++) {
		bn_buf_adds(&s->out->sql, i ? "," : "");
		write_value(s->out, &n->list.items[i]);
	}
	bn_buf_addch(&s->out->sql, ')');
	return 0;
}

static int write_like(const sql_writer *s, const bn_expr_node *n)
{
	int rc = write_argument(s, n->arg[0]);
	if (rc < 0)
		return rc;
	bn_buf_adds(&s->out->sql, " GLOB ");
	write_glob(s->out, s->nodes[n->arg[1]].value.s);
	return 0;
}

/* ---- at() ----------------------------------------------------------------------------------- */

/* A comparison of numbers: "=", "<", "<=", ">", ">="; NULL: it is none. */
static const char *relation_of(bn_expr_op op)
{
#define NUMBERS(ID) \
	case BN_OP_##ID##_R: \
	case BN_OP_##ID##_RI: \
	case BN_OP_##ID##_IR
	switch (op) {
	NUMBERS(EQ):
		return "=";
	NUMBERS(LT):
		return "<";
	NUMBERS(LE):
		return "<=";
	NUMBERS(GT):
		return ">";
	NUMBERS(GE):
		return ">=";
	default:
		return NULL;
	}
#undef NUMBERS
}

static const char *mirrored(const char *relation)
{
	static const char *const pairs[] = {"<", ">", "<=", ">=", "=", "="};
	for (size_t i = 0; i < 6; i++)
		if (!strcmp(relation, pairs[i]))
			return pairs[i ^ 1];
	return relation;
}

static bool is_at(const sql_writer *s, int i)
{
	const bn_expr_node *n = &s->nodes[i];
	return n->op == BN_OP_FIELD && n->type == BN_EXPR_REAL &&
	       s->names->fields[n->field.slot].kind == BN_FIELD_METRIC &&
	       s->names->fields[n->field.slot].aggregate == BN_AGGREGATE_AT;
}

static bool is_value(const sql_writer *s, int i)
{
	const bn_expr_node *n = &s->nodes[i];
	return n->op == BN_OP_CONSTANT ||
	       (n->op == BN_OP_TO_REAL && s->nodes[n->arg[0]].op == BN_OP_CONSTANT);
}

static int write_bound(
	const sql_writer *s, int at, bn_aggregate bound, const char *relation, int value)
{
	bn_run_field f = s->names->fields[s->nodes[at].field.slot];
	f.aggregate = bound;
	f.step = 0;
	bn_filter_field_sql(s->out, &f, s->names->w, true);
	bn_buf_addf(&s->out->sql, " %s ", relation);
	int rc = write_argument(s, value);
	bn_buf_adds(&s->out->sql, " AND ");
	return rc;
}

/* Before a comparison of at() with a value: the same of the series' least or greatest value, which is in memory. Points are
 * then read only of runs that may match. A run whose series lacks the step is absent in the comparison and may be false
 * here, so this is only written where both leave it out. */
static int write_bounds(const sql_writer *s, const bn_expr_node *n)
{
	const char *relation = s->is_kept_if_true ? relation_of(n->op) : NULL;
	int at = n->arg[0], value = n->arg[1], rc = 0;
	if (!relation)
		return 0;
	if (is_at(s, value)) {
		relation = mirrored(relation);
		at = n->arg[1];
		value = n->arg[0];
	}
	if (!is_at(s, at) || !is_value(s, value))
		return 0;
	if (relation[0] != '>')
		rc = write_bound(s, at, BN_AGGREGATE_MIN, relation[0] == '=' ? "<=" : relation, value);
	if (rc >= 0 && relation[0] != '<')
		rc = write_bound(s, at, BN_AGGREGATE_MAX, relation[0] == '=' ? ">=" : relation, value);
	return rc;
}

/* A metric that was logged and has no number. SQLite keeps NaN as NULL, so points are what tells it from an absent one. */
static int write_is_nan(const sql_writer *s, const bn_expr_node *n)
{
	bn_run_field f = s->names->fields[s->nodes[n->arg[0]].field.slot]; /* the binder admits nothing else */
	if (f.kind != BN_FIELD_METRIC || f.aggregate == BN_AGGREGATE_AT)
		return bn_expr_fail(s->e, n->at, s->err, "IS NAN takes a metric, or best, last, min, max or mean of one");
	int rc = write_argument(s, n->arg[0]);
	if (rc < 0)
		return rc;
	bn_buf_adds(&s->out->sql, " IS NULL AND coalesce(");
	f.aggregate = BN_AGGREGATE_COUNT;
	bn_filter_field_sql(s->out, &f, s->names->w, true);
	bn_buf_adds(&s->out->sql, ", 0) > 0");
	return 0;
}

static int write_template(const sql_writer *above, const bn_expr_node *n, const char *sql)
{
	sql_writer below = *above;
	const sql_writer *s = &below;
	below.is_kept_if_true = false;
	for (const char *c = sql; *c; c++) {
		if (c[0] != '$') {
			bn_buf_addch(&s->out->sql, *c);
			continue;
		}
		int rc = write_argument(s, n->arg[*++c - '1']);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int write_node(const sql_writer *s, int i)
{
	const bn_expr_node *n = &s->nodes[i];
	switch (n->op) {
	case BN_OP_CONSTANT:
		write_value(s->out, &n->value);
		return 0;
	case BN_OP_FIELD:
		bn_filter_field_sql(s->out, &s->names->fields[n->field.slot], s->names->w,
			n->type == BN_EXPR_REAL);
		return 0;
	case BN_OP_AND:
	case BN_OP_OR:
		return write_chain(s, n);
	case BN_OP_IN:
		return write_in(s, n);
	case BN_OP_LIKE:
		return write_like(s, n);
	case BN_OP_ISNAN:
		return write_is_nan(s, n);
	default:
		break;
	}
	const bn_expr_op_def *d = &bn_expr_ops[n->op];
	int rc = write_bounds(s, n);
	if (rc < 0)
		return rc;
	if (!d->sql)
		return bn_expr_fail(s->e, n->at, s->err, "runs cannot be queried for %s", d->name);
	return write_template(s, n, d->sql);
}

int bn_filter_compile(
	bn_sql_piece *out, const bn_filter_world *w, const char *text, size_t *at, bn_err *err)
{
	const bn_expr_source source = {.text = text, .name = w->source, .dialect = BN_EXPR_RUNS};
	bn_filter_names names = {.w = w, .piece = out};
	const bn_expr_names meaning = bn_filter_expr_names(&names);
	bn_expr *e = NULL;
	size_t count = 0;
	int rc;
	if ((rc = bn_expr_parse(&e, &source, err)) < 0 ||
		(rc = bn_expr_bind(e, &meaning, BN_EXPR_BOOL, err)) < 0)
		goto out;
	const sql_writer s = {out, &names, bn_expr_nodes(e, &count), e, err, true};
	bn_buf_addch(&out->sql, '(');
	if ((rc = write_node(&s, (int)count - 1)) < 0)
		goto out;
	bn_buf_addch(&out->sql, ')');
	if (out->failed || out->sql.failed)
		rc = bn_err_nomem(err, "a query");
out:
	if (at)
		*at = bn_expr_error_at(e);
	bn_filter_names_release(&names);
	bn_expr_free(e);
	return rc;
}

int bn_filter_field(bn_run_field *out, bn_sql_piece *piece, const bn_filter_world *w,
	const char *text, bn_err *err)
{
	const bn_expr_source source = {
		.text = text, .name = w->source, .dialect = BN_EXPR_RUNS, .field_only = true};
	bn_filter_names names = {.w = w, .piece = piece};
	const bn_expr_names meaning = bn_filter_expr_names(&names);
	bn_expr *e = NULL;
	size_t count = 0;
	int rc;
	if ((rc = bn_expr_parse(&e, &source, err)) < 0 ||
		(rc = bn_expr_bind(e, &meaning, BN_EXPR_TYPES, err)) < 0)
		goto out;
	const bn_expr_node *nodes = bn_expr_nodes(e, &count);
	if (nodes[count - 1].op != BN_OP_FIELD) {
		rc = bn_expr_fail(e, 0, err, "expected a field, not '%.40s'", text);
		goto out;
	}
	*out = names.fields[nodes[count - 1].field.slot];
out:
	bn_filter_names_release(&names);
	bn_expr_free(e);
	return rc;
}

int bn_filter_absent(const bn_filter_world *w, const char *text, bn_err *err)
{
	const bn_expr_source source = {.text = text, .name = w->source, .dialect = BN_EXPR_RUNS};
	bn_sql_piece piece;
	bn_filter_names names = {.w = w, .piece = &piece};
	const bn_expr_names meaning = bn_filter_expr_names(&names);
	bn_expr *e = NULL;
	int rc;
	bn_sql_piece_init(&piece);
	if ((rc = bn_expr_parse(&e, &source, err)) < 0 ||
		(rc = bn_expr_bind(e, &meaning, BN_EXPR_BOOL, err)) < 0)
		goto out;
	for (size_t i = 0; i < names.count; i++)
		if ((rc = bn_filter_field_absent(w, &names.fields[i], err)) < 0)
			goto out;
out:
	bn_filter_names_release(&names);
	bn_expr_free(e);
	bn_sql_piece_release(&piece);
	return rc < 0 ? rc : 0;
}
