/* importance.c - see importance.h. */
#include "core/track/importance.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/profile/association.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GRID_RUNS = 3 }; /* runs per value from which a number's values are categories */

/* The runs that count for one parameter. */
typedef struct sample {
	double *x, *y;
	size_t *category, n, values;
	const char **texts; /* of the categories */
} sample;

static void sample_fill(
	sample *s, const bn_comparison *c, const bn_compare_row *param, const bn_compare_row *metric)
{
	s->n = s->values = 0;
	for (size_t i = 0; i < c->runs; i++) {
		const bn_compare_cell *m = &metric->cells[i], *p = &param->cells[i];
		if (!p->text || !bn_comparison_counts(c, metric, i))
			continue;
		size_t k = 0;
		while (k < s->values && strcmp(s->texts[k], p->text) != 0)
			k++;
		if (k == s->values)
			s->texts[s->values++] = p->text;
		s->x[s->n] = p->number;
		s->y[s->n] = m->number;
		s->category[s->n++] = k;
	}
}

static int measure(bn_param_importance *out, const sample *s, bn_err *err)
{
	int rc = 0;
	out->runs = s->n;
	out->values = s->values;
	out->is_number = s->n > 0;
	for (size_t i = 0; i < s->n; i++)
		out->is_number = out->is_number && !isnan(s->x[i]);
	out->information = out->correlation = NAN;
	if (s->values < 2)
		return 0;
	if (out->is_number && (rc = bn_rank_correlation(&out->correlation, s->x, s->y, s->n, err)) < 0)
		return rc;
	if (!out->is_number || s->values * GRID_RUNS <= s->n)
		return bn_mutual_information_of_category(
			&out->information, s->category, s->y, s->n, err);
	out->information = bn_mutual_information(s->x, s->y, s->n);
	return 0;
}

static int importance_cmp(const void *pa, const void *pb)
{
	const bn_param_importance *a = pa, *b = pb;
	double x = isnan(a->information) ? -1 : a->information, y = isnan(b->information) ? -1 : b->information;
	if (x != y)
		return x > y ? -1 : 1;
	return strcmp(a->key, b->key);
}

int bn_importance_measure(bn_importance *out, const bn_comparison *c, const char *metric, bn_err *err)
{
	const bn_compare_row *m = NULL;
	size_t n = c->runs;
	*out = (bn_importance){NULL, NULL, 0};
	int rc = bn_comparison_metric(&m, c, metric, err);
	if (rc < 0)
		return rc;
	sample s = {.x = bn_alloc(n * sizeof *s.x),
		.y = bn_alloc(n * sizeof *s.y),
		.category = bn_alloc(n * sizeof *s.category),
		.texts = bn_alloc(n * sizeof *s.texts)};
	out->items = bn_alloc_zeroed(c->count + 1, sizeof *out->items);
	if (!s.x || !s.y || !s.category || !s.texts || !out->items) {
		rc = bn_err_nomem(err, "the importance of parameters");
		goto out;
	}
	out->metric = m->key;
	for (size_t i = 0; i < c->count; i++) {
		const bn_compare_row *r = &c->rows[i];
		if (r->group != BN_COMPARE_PARAM || !r->differs)
			continue;
		sample_fill(&s, c, r, m);
		out->items[out->count].key = r->key;
		if ((rc = measure(&out->items[out->count++], &s, err)) < 0)
			goto out;
	}
	qsort(out->items, out->count, sizeof *out->items, importance_cmp);
out:
	bn_free(s.x);
	bn_free(s.y);
	bn_free(s.category);
	bn_free(s.texts);
	if (rc < 0)
		bn_importance_release(out);
	return rc;
}

void bn_importance_release(bn_importance *i)
{
	bn_free(i->items);
	*i = (bn_importance){NULL, NULL, 0};
}

int bn_importance_to_json(json_t **out, const bn_importance *i, bn_err *err)
{
	json_t *list = json_array();
	for (size_t k = 0; k < i->count; k++) {
		const bn_param_importance *p = &i->items[k];
		json_array_append_new(list,
			json_pack("{ss sI sI so so}", "key", p->key, "runs", (json_int_t)p->runs, "values",
				(json_int_t)p->values, "information", bn_json_real_or_null(p->information),
				"correlation", bn_json_real_or_null(p->correlation)));
	}
	*out = json_pack("{ss so}", "metric", i->metric, "parameters", list);
	return *out ? 0 : bn_err_nomem(err, "the importance of parameters");
}
