/* mlflow_rows.c - see mlflow_search.h: searching rows in memory. */
#include "core/track/_mlflow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct sorter {
	const bn_mlflow_search *s;
	const bn_mlflow_rows *rows;
	bn_mlflow_sort_value *values; /* of row * key_count + key */
} sorter;

/* ---- filter --------------------------------------------------------------------------------- */

static bool is_on(const bn_mlflow_value *v, const char *name, const char *digest)
{
	return (!name || (v->dataset_name && strcmp(v->dataset_name, name) == 0)) &&
	       (!digest || (v->dataset_digest && strcmp(v->dataset_digest, digest) == 0));
}

static bool is_on_any(const bn_mlflow_search *s, const bn_mlflow_value *v)
{
	for (size_t i = 0; i < s->dataset_count; i++)
		if (is_on(v, s->datasets[i].name, s->datasets[i].digest))
			return true;
	return s->dataset_count == 0;
}

static bool metric_admits(const bn_mlflow_search *s, const bn_mlflow_clause *c,
	const bn_mlflow_rows *rows, size_t row)
{
	bn_mlflow_value v = {.text = NULL};
	for (size_t n = 0; rows->value(rows->ctx, row, BN_MLFLOW_METRIC, c->key, n, &v); n++) {
		if (is_on_any(s, &v) && bn_mlflow_clause_admits(c, NULL, v.number))
			return true;
		v = (bn_mlflow_value){.text = NULL};
	}
	return false;
}

/* A model that is no prompt has no such tag, and counts as if it said false. */
static bool prompt_admits(const bn_mlflow_clause *c)
{
	return (c->op == BN_MLFLOW_EQ && strcmp(c->texts[0], "false") == 0) ||
	       (c->op == BN_MLFLOW_NE && strcmp(c->texts[0], "true") == 0);
}

static bool clause_admits(const bn_mlflow_search *s, const bn_mlflow_clause *c,
	const bn_mlflow_rows *rows, size_t row)
{
	bn_mlflow_value v = {.text = NULL};
	bool registry = s->kind == BN_MLFLOW_MODELS || s->kind == BN_MLFLOW_VERSIONS;
	if (c->entity == BN_MLFLOW_METRIC)
		return metric_admits(s, c, rows, row);
	bool has = rows->value(rows->ctx, row, c->entity, c->key, 0, &v);
	if (!has && registry && c->entity == BN_MLFLOW_TAG &&
		strcmp(c->key, BN_MLFLOW_IS_PROMPT) == 0)
		return prompt_admits(c);
	if (!has)
		return c->op == BN_MLFLOW_IS_NULL;
	return bn_mlflow_clause_admits(c, v.text, v.number);
}

static bool is_prompt(const bn_mlflow_rows *rows, size_t row)
{
	bn_mlflow_value v = {.text = NULL};
	return rows->value(rows->ctx, row, BN_MLFLOW_TAG, BN_MLFLOW_IS_PROMPT, 0, &v) && v.text &&
	       strcasecmp(v.text, "true") == 0;
}

/* A model with a metric on one of the datasets. */
static bool has_dataset(const bn_mlflow_search *s, const bn_mlflow_rows *rows, size_t row)
{
	bn_mlflow_value v = {.text = NULL};
	for (size_t n = 0; rows->value(rows->ctx, row, BN_MLFLOW_METRIC, NULL, n, &v); n++) {
		if (is_on_any(s, &v))
			return true;
		v = (bn_mlflow_value){.text = NULL};
	}
	return false;
}

static bool row_admits(const bn_mlflow_search *s, const bn_mlflow_rows *rows, size_t row)
{
	if ((s->kind == BN_MLFLOW_MODELS || s->kind == BN_MLFLOW_VERSIONS) && !s->wants_prompts &&
		is_prompt(rows, row))
		return false;
	if (s->dataset_count && !has_dataset(s, rows, row))
		return false;
	for (size_t i = 0; i < s->count; i++)
		if (!clause_admits(s, &s->clauses[i], rows, row))
			return false;
	return true;
}

/* ---- order ---------------------------------------------------------------------------------- */

/* The newest of a model's values of a metric. */
static bool metric_newest(
	bn_mlflow_value *out, const bn_mlflow_key *k, const bn_mlflow_rows *rows, size_t row)
{
	bn_mlflow_value v = {.text = NULL};
	bool any = false;
	for (size_t n = 0; rows->value(rows->ctx, row, BN_MLFLOW_METRIC, k->key, n, &v); n++) {
		bool newer = v.time_ms > out->time_ms ||
			     (v.time_ms == out->time_ms && v.step > out->step);
		if (is_on(&v, k->dataset_name, k->dataset_digest) && (!any || newer)) {
			*out = v;
			any = true;
		}
		v = (bn_mlflow_value){.text = NULL};
	}
	return any;
}

static bn_mlflow_sort_value sort_value_of(
	const bn_mlflow_key *k, const bn_mlflow_rows *rows, size_t row)
{
	bn_mlflow_value v = {.text = NULL};
	bool has = k->entity == BN_MLFLOW_METRIC
			   ? metric_newest(&v, k, rows, row)
			   : rows->value(rows->ctx, row, k->entity, k->key, 0, &v);
	if (!has || (!k->is_number && !v.text))
		return (bn_mlflow_sort_value){.rank = 2};
	return (bn_mlflow_sort_value){k->is_number && isnan(v.number), v.number, v.text};
}

/* Ids of experiments are numbers to MLflow: "9" comes before "10". */
static int id_cmp(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	bool digits = strspn(a, "0123456789") == n && strspn(b, "0123456789") == m;
	if (digits && n != m)
		return n < m ? -1 : 1;
	return strcmp(a, b);
}

int bn_mlflow_sort_cmp(const bn_mlflow_search *s, const bn_mlflow_key *k,
	const bn_mlflow_sort_value *a, const bn_mlflow_sort_value *b)
{
	int c;
	if (a->rank != b->rank)
		return a->rank - b->rank;
	if (a->rank)
		return 0;
	if (k->is_number)
		c = (a->number > b->number) - (a->number < b->number);
	else if (s->kind == BN_MLFLOW_EXPERIMENTS && strcmp(k->key, "experiment_id") == 0)
		c = id_cmp(a->text, b->text);
	else
		c = strcmp(a->text, b->text);
	return k->down ? -c : c;
}

static int row_cmp(const void *pa, const void *pb, void *context)
{
	const sorter *x = context;
	const size_t a = *(const size_t *)pa, b = *(const size_t *)pb, n = x->s->key_count;
	for (size_t i = 0; i < n; i++) {
		int c = bn_mlflow_sort_cmp(
			x->s, &x->s->keys[i], &x->values[a * n + i], &x->values[b * n + i]);
		if (c)
			return c;
	}
	return a < b ? -1 : a > b;
}

int bn_mlflow_search_rows(size_t **out, size_t *count, const bn_mlflow_search *s,
	const bn_mlflow_rows *rows, bn_err *err)
{
	sorter x = {s, rows, NULL};
	size_t *found = bn_alloc((rows->count + 1) * sizeof *found), n = 0;
	x.values = bn_alloc_zeroed(rows->count * s->key_count + 1, sizeof *x.values);
	if (!found || !x.values) {
		bn_free(found);
		bn_free(x.values);
		return bn_err_nomem(err, "a search");
	}
	for (size_t row = 0; row < rows->count; row++) {
		if (!row_admits(s, rows, row))
			continue;
		found[n++] = row;
		for (size_t i = 0; i < s->key_count; i++)
			x.values[row * s->key_count + i] = sort_value_of(&s->keys[i], rows, row);
	}
	qsort_r(found, n, sizeof *found, row_cmp, &x);
	bn_free(x.values);
	*out = found;
	*count = n;
	return 0;
}
