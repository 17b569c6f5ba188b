/* derive.c - see derive.h. A derived column is one step: a reader over the table with one column
 * less. */
#include "core/table/derive.h"

#include "core/base/mem.h"
#include "core/table/_derived.h"
#include "core/table/expr/eval.h"

#include <stdio.h>
#include <string.h>

void bn_derived_free(bn_derived *d)
{
	if (!d)
		return;
	bn_expr_free(d->expr);
	bn_schema_release(&d->schema);
	bn_free(d->needs);
	bn_free(d->hidden);
	bn_table_reader_free(d->base);
	bn_free(d);
}

void bn_derived_release_base(bn_derived *d)
{
	d->base = NULL;
}

bn_table_reader *bn_derived_base(const bn_derived *d)
{
	return d->base;
}

const bn_schema *bn_derived_schema(const bn_derived *d)
{
	return &d->schema;
}

/* A category of the expression would have a dictionary per batch, so its texts are strings. */
static int as_strings(bn_column *c, bn_arena *arena, bn_err *err)
{
	size_t bytes = 0, at = 0;
	for (size_t i = 0; i < c->rows; i++)
		bytes += bn_column_text(c, i).len;
	if (bytes > INT32_MAX)
		return bn_err_set(err, BN_EUNSUPPORTED,
			"a derived column with more than 2^31 - 1 bytes of text in a batch");
	int32_t *ends = bn_arena_alloc(arena, (c->rows + 1) * sizeof *ends);
	char *text = bn_arena_alloc(arena, bytes + 1);
	if (!ends || !text)
		return bn_err_nomem(err, "a derived column");
	ends[0] = 0;
	for (size_t i = 0; i < c->rows; i++) {
		bn_text t = bn_column_text(c, i);
		if (t.len)
			memcpy(text + at, t.ptr, t.len);
		at += t.len;
		ends[i + 1] = (int32_t)at;
	}
	c->type = BN_TYPE_STRING;
	c->ends = ends;
	c->bytes = text;
	c->dict = NULL;
	return 0;
}

/* The column's values in one batch. */
static int compute(const bn_derived *d, size_t batch, bn_column *out, bn_arena *arena, bn_err *err)
{
	bn_expr_scratch *scratch = NULL;
	bn_batch in = BN_BATCH_INIT;
	int rc = bn_expr_scratch_new(&scratch, d->expr, d->needs, d->need_count, err);
	if (rc < 0 || (rc = bn_table_read(d->base, batch, d->needs, d->need_count, &in, err)) < 0 ||
		(rc = bn_expr_eval(scratch, &in, out, arena, err)) < 0)
		goto out;
	/* The texts may be in the batch. */
	if (bn_type_is_text(out->type))
		rc = as_strings(out, arena, err);
out:
	bn_expr_scratch_free(scratch);
	bn_batch_release(&in);
	return rc;
}

/* Which of the wanted columns are in the base, in order; *own: whether the derived one is among
 * them. */
static size_t *base_columns(
	const bn_derived *d, const size_t *columns, size_t n, size_t *count, bool *own)
{
	size_t *below = bn_alloc((n + 1) * sizeof *below), last = d->schema.count - 1;
	*count = 0;
	*own = false;
	for (size_t i = 0; below && i < n; i++) {
		size_t c = columns ? columns[i] : i;
		if (c == last)
			*own = true;
		else
			below[(*count)++] = c;
	}
	return below;
}

int bn_derived_read(
	bn_derived *d, size_t batch, const size_t *columns, size_t n, bn_batch *out, bn_err *err)
{
	bn_batch in = BN_BATCH_INIT;
	bn_column made, *all = NULL;
	size_t count, at = 0;
	bool own;
	if (d->hidden)
		return bn_hidden_read(d, batch, columns, n, out, err);
	n = columns ? n : d->schema.count;
	size_t *below = base_columns(d, columns, n, &count, &own);
	int rc = below ? bn_table_read(d->base, batch, below, count, &in, err)
		       : bn_err_nomem(err, "columns");
	if (rc < 0 || !own)
		goto out;
	if (!(all = bn_alloc_zeroed(n + 1, sizeof *all)) ||
		(!in.owned && !(in.owned = bn_alloc_zeroed(1, sizeof *in.owned)))) {
		rc = bn_err_nomem(err, "columns");
		goto out;
	}
	if ((rc = compute(d, batch, &made, in.owned, err)) < 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		all[i] =
			(columns ? columns[i] : i) == d->schema.count - 1 ? made : in.columns[at++];
	bn_free(in.columns);
	in.columns = all;
	in.column_count = n;
	all = NULL;
out:
	bn_free(below);
	bn_free(all);
	bn_batch_release(out);
	if (rc < 0)
		bn_batch_release(&in);
	*out = in;
	return rc;
}

/* ---- construction ---------------------------------------------------------------------------- */

int bn_derived_split(const char *text, size_t n, const char **name, size_t *name_bytes,
	const char **expression, size_t *expression_bytes, bn_err *err)
{
	const char *s = text, *end = text + n;
	while (s < end && (*s == ' ' || *s == '\t'))
		s++;
	bool quoted = s < end && *s == '`';
	s += quoted;
	const char *stop = s;
	while (stop < end && (quoted ? *stop != '`' : !strchr("= \t", *stop)))
		stop++;
	const char *equals = stop + (quoted && stop < end);
	while (equals < end && (*equals == ' ' || *equals == '\t'))
		equals++;
	if (stop == s || equals >= end || *equals != '=' ||
		(equals + 1 < end && equals[1] == '=')) {
		bn_err_set(err, BN_EINVAL, "'%.*s' is not NAME = EXPRESSION", (int)(n < 80 ? n : 80),
			text);
		bn_err_hint(err, "such as per_node = power / num_nodes");
		return BN_EINVAL;
	}
	*name = s;
	*name_bytes = (size_t)(stop - s);
	*expression = equals + 1;
	*expression_bytes = (size_t)(end - equals - 1);
	return 0;
}

static int plan(bn_derived *d, const char *name, const char *expression, bn_err *err)
{
	const bn_schema *schema = bn_table_schema(d->base);
	char source[80];
	int rc;
	snprintf(source, sizeof source, "%.60s", name);
	if (bn_schema_find(schema, name) != BN_SCHEMA_NONE)
		return bn_err_set(err, BN_EINVAL, "there is a column '%s' already", name);
	if ((rc = bn_expr_of_rows(&d->expr, expression, source, schema, BN_EXPR_TYPES, err)) < 0)
		return rc;
	bn_type type = bn_expr_column_type(d->expr);
	if (bn_type_is_text(type))
		type = BN_TYPE_STRING;
	if (!(d->needs = bn_alloc((schema->count + 1) * sizeof *d->needs)))
		return bn_err_nomem(err, "a derived column");
	d->need_count = bn_expr_columns(d->expr, d->needs, schema->count);
	if ((rc = bn_schema_copy(&d->schema, schema, err)) < 0)
		return rc;
	return bn_schema_add(&d->schema, name, type, true, NULL, err);
}

/* Adds one column; *table is replaced. */
static int derive(bn_table_reader **table, const char *text, size_t n, bn_err *err)
{
	const char *at, *expr_at;
	size_t name_bytes, expr_bytes;
	char *name = NULL, *expression = NULL;
	bn_table_reader *made = NULL;
	int rc = bn_derived_split(text, n, &at, &name_bytes, &expr_at, &expr_bytes, err);
	if (rc < 0)
		return rc;
	bn_derived *d = bn_alloc_zeroed(1, sizeof *d);
	name = bn_strndup(at, name_bytes);
	expression = bn_strndup(expr_at, expr_bytes);
	if (!d || !name || !expression) {
		rc = bn_err_nomem(err, "a derived column");
		goto out;
	}
	d->base = *table;
	if ((rc = plan(d, name, expression, err)) < 0 ||
		(rc = bn_table_reader_of_derived(&made, d, err)) < 0)
		goto out;
	d = NULL;
	*table = made;
out:
	if (d)
		d->base = NULL; /* still the caller's */
	bn_derived_free(d);
	bn_free(name);
	bn_free(expression);
	return rc;
}

/* The bytes of the first definition: up to a semicolon outside quotes. */
static size_t one_bytes(const char *s)
{
	size_t i = 0;
	char quote = '\0';
	for (; s[i] && (quote || s[i] != ';'); i++) {
		if (quote && s[i] == quote)
			quote = '\0';
		else if (!quote && strchr("'`\"", s[i]))
			quote = s[i];
	}
	return i;
}

int bn_table_derive(bn_table_reader **table, const char *columns, bn_err *err)
{
	bn_table_reader *base = *table, *top = *table;
	int rc = 0;
	for (const char *s = columns; *s;) {
		size_t n = one_bytes(s);
		if (strspn(s, " \t") < n && (rc = derive(&top, s, n, err)) < 0)
			break;
		s += n + (s[n] == ';');
	}
	if (rc < 0) {
		bn_table_reader_forget_base(top, base);
		return rc;
	}
	*table = top;
	return 0;
}
