/* of_rows.c - an expression whose fields are the columns of a table; see eval.h. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/table/expr/_expr.h"
#include "core/table/expr/eval.h"

#include <stdlib.h>
#include <string.h>

/* The expression type of a column's values; NULL: not supported. */
static bn_expr_type type_of_column(bn_type type)
{
	switch (type) {
	case BN_TYPE_FLOAT64:
	case BN_TYPE_FLOAT32:
	case BN_TYPE_DECIMAL:
		return BN_EXPR_REAL;
	case BN_TYPE_BOOL:
		return BN_EXPR_BOOL;
	case BN_TYPE_TIMESTAMP:
		return BN_EXPR_TIME;
	case BN_TYPE_DATE:
		return BN_EXPR_DATE;
	case BN_TYPE_TIME:
	case BN_TYPE_DURATION:
		return BN_EXPR_DURATION;
	case BN_TYPE_CATEGORY:
	case BN_TYPE_STRING:
		return BN_EXPR_TEXT;
	default:
		return bn_type_is_number(type) ? BN_EXPR_INT : BN_EXPR_NULL;
	}
}

static void hint_column(const bn_schema *schema, const char *name, bool right, bn_err *err)
{
	const char **words = bn_alloc_zeroed(schema->count + 1, sizeof *words);
	for (size_t i = 0; words && i < schema->count; i++)
		words[i] = schema->fields[i].name;
	const char *near = words ? bn_nearest_word(name, words) : NULL;
	if (near)
		bn_err_hint(err, "did you mean '%s'?", near);
	else if (right)
		bn_err_hint(err, "quote a text: '%.80s'", name);
	bn_free(words);
}

static int rows_resolve(
	void *ctx, bn_expr *e, const bn_expr_name *name, bn_expr_field *out, bn_err *err)
{
	const bn_schema *schema = ctx;
	size_t prefix = name->prefix.len ? name->prefix.len + 1 : 0;
	char *text = bn_alloc(prefix + name->text.len + 1);
	if (!text)
		return bn_err_nomem(err, "an expression");
	if (prefix) {
		memcpy(text, name->prefix.ptr, prefix - 1);
		text[prefix - 1] = '.';
	}
	memcpy(text + prefix, name->text.ptr, name->text.len);
	text[prefix + name->text.len] = '\0';
	size_t column = bn_schema_find(schema, text), at = name->at - name->quoted;
	int rc = 0;
	if (column == BN_SCHEMA_NONE && name->tried) {
		rc = BN_ENOTFOUND;
		goto out;
	}
	if (column == BN_SCHEMA_NONE) {
		rc = bn_expr_fail(e, at, err, "no column '%.80s'", text);
		hint_column(schema, text, true, err);
		goto out;
	}
	bn_type type = schema->fields[column].type;
	*out = (bn_expr_field){.type = type_of_column(type),
		.slot = (uint32_t)column,
		.is_category = type == BN_TYPE_CATEGORY,
		.is_wide = type == BN_TYPE_UINT64,
		.no_order = bn_type_is_text(type) ? "the column is text: quote the value" : NULL};
	if (out->type == BN_EXPR_NULL)
		rc = bn_expr_fail(e, at, err,
			"column '%.80s' is %s, which expressions do not support", text,
			bn_field_type_text(&schema->fields[column], (char[BN_TYPE_TEXT]){""}));
out:
	bn_free(text);
	return rc;
}

int bn_expr_of_rows(bn_expr **out, const char *text, const char *name, const bn_schema *schema,
	bn_expr_type want, bn_err *err)
{
	const bn_expr_source source = {.text = text, .name = name};
	const bn_expr_names names = {.resolve = rows_resolve, .ctx = (void *)(uintptr_t)schema};
	bn_expr *e = NULL;
	int rc;
	if ((rc = bn_expr_parse(&e, &source, err)) < 0 ||
		(rc = bn_expr_bind(e, &names, want, err)) < 0) {
		bn_expr_free(e);
		e = NULL;
	}
	*out = e;
	return rc;
}

static int size_cmp(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	return x < y ? -1 : x > y;
}

size_t bn_expr_columns(const bn_expr *e, size_t *out, size_t most)
{
	size_t n = 0;
	for (size_t i = 0; i < e->count; i++) {
		bool known = e->nodes[i].op != BN_OP_FIELD;
		for (size_t k = 0; k < i && !known; k++)
			known = e->nodes[k].op == BN_OP_FIELD &&
				e->nodes[k].field.slot == e->nodes[i].field.slot;
		if (known)
			continue;
		if (n < most)
			out[n] = e->nodes[i].field.slot;
		n++;
	}
	if (n && n <= most)
		qsort(out, n, sizeof *out, size_cmp);
	return n;
}

bn_type bn_expr_column_type(const bn_expr *e)
{
	bool categories = true;
	for (size_t i = 0; i < e->count; i++)
		if (e->nodes[i].op == BN_OP_FIELD && e->nodes[i].field.type == BN_EXPR_TEXT)
			categories = categories && e->nodes[i].field.is_category;
	switch (bn_expr_result(e)) {
	case BN_EXPR_BOOL:
		return BN_TYPE_BOOL;
	case BN_EXPR_INT:
		return BN_TYPE_INT64;
	case BN_EXPR_DURATION:
		return BN_TYPE_DURATION;
	case BN_EXPR_DATE:
		return BN_TYPE_DATE;
	case BN_EXPR_TEXT:
		return categories ? BN_TYPE_CATEGORY : BN_TYPE_STRING;
	case BN_EXPR_TIME:
		return BN_TYPE_TIMESTAMP;
	default:
		return BN_TYPE_FLOAT64;
	}
}
