/*
 * features_fit.c - fits a feature pipeline to the training part; see features.h.
 *
 * Sums run over rows in order, in two passes with a correction, so a column's statistics depend
 * only on its values. Columns are independent and fitted in parallel, as many at a time as need at
 * most half of the table's size for two copies of their values; results are joined in order.
 */
#include "core/base/str.h"
#include "core/learn/_candidates.h"
#include "core/learn/_features.h"
#include "core/profile/keys.h"
#include "core/source/reading.h"
#include "kernels/parallel.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_MAX_CATEGORIES = 200, DECILES = 11 };

/* The result of one column, in memory of its own. */
typedef struct learnt {
	bn_feature_input in;
	double deciles[DECILES];
	size_t *counts; /* CATEGORY: rows by code */
	bool wanted;
	int rc;
	bn_err err;
} learnt;

/* The present values, in row order. */
typedef struct gathered {
	const bn_candidate *of;
	double *values;
	size_t n, cap, infinite;
} gathered;

/* NaN if the vector has no such element. */
static void elements_of(
	double *out, const bn_column *c, size_t from, size_t n, const bn_candidate *of)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = 0, length = 0;
		double v = bn_column_list(c, from + i, &at, &length) && of->element < length
				   ? bn_column_number(c->child, at + of->element)
				   : NAN;
		out[i] = isfinite(v) ? v : NAN;
	}
}

static bool is_infinite(const bn_column *c, size_t row, const bn_candidate *of)
{
	size_t at = 0, length = 0;
	if (!of->elements)
		return (c->type == BN_TYPE_FLOAT64 || c->type == BN_TYPE_FLOAT32) &&
		       !bn_column_is_null(c, row) && isinf(bn_column_number(c, row));
	return bn_column_list(c, row, &at, &length) && of->element < length &&
	       isinf(bn_column_number(c->child, at + of->element));
}

static int gather_numbers(void *ctx, const bn_part *p, const bn_batch *b, bn_err *err)
{
	gathered *g = ctx;
	double values[BN_PART_CHUNK];
	for (size_t from = 0; from < b->rows; from += BN_PART_CHUNK) {
		size_t n = b->rows - from < BN_PART_CHUNK ? b->rows - from : BN_PART_CHUNK;
		int rc = 0;
		if (g->of->elements)
			elements_of(values, &b->columns[0], from, n, g->of);
		else
			rc = bn_part_numbers(&b->columns[0], from, n, values, err);
		if (rc < 0)
			return rc;
		for (size_t i = 0; i < n; i++) {
			if (!bn_part_has(p, b->first_row + from + i))
				continue;
			if (isnan(values[i])) {
				g->infinite += is_infinite(&b->columns[0], from + i, g->of);
				continue;
			}
			if (g->n == g->cap)
				return bn_err_set(err, BN_ECORRUPT,
					"a table with more rows than it says");
			g->values[g->n++] = values[i];
		}
	}
	return 0;
}

/* ---- numbers and booleans ------------------------------------------------------------------- */

typedef struct moments {
	double mean, variance;
} moments;

/* Mean and population variance of n values and `filled` more that are all equal to fill. */
static moments moments_of(const double *v, size_t n, size_t filled, double fill)
{
	double total = (double)(n + filled), sum = 0, rest = 0, square = 0, first = 0;
	for (size_t i = 0; i < n; i++)
		sum += v[i];
	double mean = (sum + (double)filled * fill) / total;
	for (size_t i = 0; i < n; i++)
		rest += v[i] - mean;
	mean += (rest + (double)filled * (fill - mean)) / total;
	for (size_t i = 0; i < n; i++) {
		double d = v[i] - mean;
		square += d * d;
		first += d;
	}
	double d = fill - mean;
	square += (double)filled * d * d;
	first += (double)filled * d;
	/* Corrected two-pass algorithm: Chan, Golub and LeVeque 1983, eq. 1.7. */
	return (moments){mean, (square - first * first / total) / total};
}

/* A column that is constant within rounding, by scikit-learn's rule
 * (sklearn.preprocessing._data._is_constant_feature). */
static bool is_constant(moments m, double n)
{
	double bound = n * DBL_EPSILON * m.variance + pow(n * m.mean * DBL_EPSILON, 2);
	return m.variance <= bound;
}

static double most_frequent(const uint64_t *sorted, size_t n)
{
	uint64_t best = sorted[0];
	size_t best_run = 0;
	for (size_t i = 0; i < n;) {
		size_t j = i;
		while (j < n && sorted[j] == sorted[i])
			j++;
		if (j - i > best_run) { /* the smallest on ties, as in scikit-learn */
			best_run = j - i;
			best = sorted[i];
		}
		i = j;
	}
	return bn_key_value(best);
}

/* Smallest, largest, deciles and the fill value. keys: room for n. */
static void learn_order(learnt *l, const bn_features *f, const double *values, size_t n,
	double mean, uint64_t *keys)
{
	static const double tenths[DECILES] = {0, 1 / 10.0, 2 / 10.0, 3 / 10.0, 4 / 10.0, 5 / 10.0,
		6 / 10.0, 7 / 10.0, 8 / 10.0, 9 / 10.0, 1};
	static const double half = 0.5;
	bool frequent = l->in.kind == BN_INPUT_BOOL || f->impute == BN_IMPUTE_MOST_FREQUENT;
	for (size_t i = 0; i < n; i++)
		keys[i] = bn_key_of(values[i]);
	if (frequent)
		bn_keys_sort(keys, n);
	bn_keys_quantiles(l->deciles, keys, n, tenths, DECILES);
	l->in.ref_min = l->deciles[0];
	l->in.ref_max = l->deciles[DECILES - 1];
	l->in.fill = mean;
	if (frequent)
		l->in.fill = most_frequent(keys, n);
	else if (f->impute == BN_IMPUTE_MEDIAN)
		bn_keys_quantiles(&l->in.fill, keys, n, &half, 1);
}

static int learn_number(
	learnt *l, const bn_features *f, const bn_part *train, const bn_candidate *of, bn_err *err)
{
	bn_feature_input *in = &l->in;
	gathered g = {.of = of, .cap = (size_t)train->rows};
	uint64_t *keys = NULL;
	g.values = bn_alloc((g.cap + 1) * sizeof *g.values);
	int rc = g.values ? bn_part_walk(train, of->column, gather_numbers, &g, err)
			  : bn_err_nomem(err, "a column");
	if (rc < 0)
		goto out;
	in->count = g.n;
	in->missing = g.cap - g.n;
	in->infinite = g.infinite;
	in->ref_mean = in->ref_deviation = in->ref_min = in->ref_max = NAN;
	in->mean = 0;
	in->scale = 1;
	if (g.n == 0)
		goto out;
	moments seen = moments_of(g.values, g.n, 0, 0);
	in->ref_mean = seen.mean;
	in->ref_deviation = sqrt(seen.variance > 0 ? seen.variance : 0);
	keys = bn_alloc(g.n * sizeof *keys);
	if (!keys) {
		rc = bn_err_nomem(err, "a column");
		goto out;
	}
	learn_order(l, f, g.values, g.n, seen.mean, keys);
	if (f->standardise) {
		moments all = moments_of(g.values, g.n, in->missing, in->fill);
		in->mean = all.mean;
		in->scale = is_constant(all, (double)g.cap) ? 1.0 : sqrt(all.variance);
	}
	if (!isfinite(in->mean) || !isfinite(in->scale))
		rc = bn_err_set(
			err, BN_EINVAL, "column '%s' has values too large to add up", in->name);
out:
	bn_free(g.values);
	bn_free(keys);
	return rc;
}

/* ---- categories ----------------------------------------------------------------------------- */

typedef struct named_count {
	const char *name;
	size_t count;
} named_count;

static int by_name(const void *a, const void *b)
{
	return strcmp(((const named_count *)a)->name, ((const named_count *)b)->name);
}

typedef struct code_counts {
	size_t *counts, size;
} code_counts;

static int count_codes(void *ctx, const bn_part *p, const bn_batch *b, bn_err *err)
{
	const code_counts *k = ctx;
	const bn_column *c = &b->columns[0];
	(void)err;
	for (size_t r = 0; r < b->rows; r++)
		if (bn_part_has(p, b->first_row + r) && !bn_column_is_null(c, r) &&
			(size_t)c->codes[r] < k->size)
			k->counts[c->codes[r]]++;
	return 0;
}

/* Rows by code. *out is yours. */
static int learn_codes(size_t **out, const bn_part *train, size_t column, bn_err *err)
{
	const bn_dict *dict = bn_table_dict(train->table, column);
	size_t size = dict ? dict->count : 0;
	code_counts k = {bn_alloc_zeroed(size + 1, sizeof *k.counts), size};
	*out = k.counts;
	return k.counts ? bn_part_walk(train, column, count_codes, &k, err)
			: bn_err_nomem(err, "categories");
}

static int refuse_nul(const char *column, bn_err *err)
{
	bn_err_set(err, BN_EINVAL,
		"column '%s' has a text with a NUL byte, which a request cannot contain", column);
	bn_err_hint(err, "leave it out: --exclude %.80s", column);
	return BN_EINVAL;
}

/* The categories of a column that occur, sorted. *out is yours; the arena owns the names. */
static int name_categories(named_count **out, size_t *distinct, bn_arena *arena, const char *column,
	const bn_dict *dict, const size_t *counts, bn_err *err)
{
	size_t n = 0, kept = 0, size = dict ? dict->count : 0;
	const char *const *texts = NULL;
	int rc = dict ? bn_dict_strings(&texts, dict, arena, err) : 0;
	named_count *all = bn_alloc_zeroed(size + 1, sizeof *all);
	*out = all;
	if (rc < 0 || !all)
		return rc < 0 ? rc : bn_err_nomem(err, "categories");
	for (size_t i = 0; i < size; i++) {
		if (!counts[i])
			continue;
		if (strlen(texts[i]) != bn_dict_get(dict, i).len)
			return refuse_nul(column, err);
		all[n++] = (named_count){texts[i], counts[i]};
	}
	qsort(all, n, sizeof *all, by_name);
	for (size_t i = 0; i < n; i++) {
		if (kept && strcmp(all[kept - 1].name, all[i].name) == 0)
			all[kept - 1].count += all[i].count;
		else
			all[kept++] = all[i];
	}
	*distinct = kept;
	return 0;
}

static int fit_category(bn_features *f, bn_feature_input *in, const bn_dict *dict,
	const size_t *counts, size_t max_categories, const char **reason, bn_err *err)
{
	bn_arena arena = {0};
	named_count *found = NULL;
	size_t n = 0;
	int rc = name_categories(&found, &n, &arena, in->name, dict, counts, err);
	if (rc < 0)
		goto out;
	if (n > max_categories) {
		*reason = bn_arena_strf(&f->arena, "%s: %zu categories, the limit is %zu", in->name,
			n, max_categories);
		goto out;
	}
	const char **names = bn_arena_alloc(&f->arena, (n + 1) * sizeof *names);
	double *shares = bn_arena_alloc(&f->arena, (n + 1) * sizeof *shares);
	if (!names || !shares) {
		rc = bn_err_nomem(err, "categories");
		goto out;
	}
	for (size_t i = 0; i < n; i++) {
		names[i] = bn_arena_strdup(&f->arena, found[i].name);
		in->count += found[i].count;
		if (found[i].count > found[in->fill_category].count)
			in->fill_category = i;
	}
	for (size_t i = 0; i < n; i++)
		shares[i] = (double)found[i].count / (double)in->count;
	in->missing -= in->count;
	in->categories = names;
	in->category_count = n;
	in->category_shares = shares;
	in->ref_mean = in->ref_deviation = in->ref_min = in->ref_max = NAN;
	in->scale = 1;
out:
	bn_free(found);
	bn_arena_release(&arena);
	return rc;
}

/* ---- the target ----------------------------------------------------------------------------- */

static int keep_class(bn_features *f, const char *label, double value, bn_err *err)
{
	if (f->class_count == BN_FEATURES_MAX_CLASSES)
		return bn_err_set(err, BN_EINVAL, "target '%s' has over %d classes", f->target,
			BN_FEATURES_MAX_CLASSES);
	f->class_values[f->class_count] = value;
	f->classes[f->class_count] = bn_arena_strdup(&f->arena, label);
	if (!f->classes[f->class_count++])
		return bn_err_nomem(err, "classes");
	return 0;
}

/* The distinct values, ascending. */
typedef struct distinct {
	double values[BN_FEATURES_MAX_CLASSES + 1];
	size_t n;
} distinct;

static void add_distinct(distinct *d, double v)
{
	size_t low = 0, high = d->n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (d->values[mid] < v)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < d->n && d->values[low] == v)
		return;
	memmove(d->values + low + 1, d->values + low, (d->n - low) * sizeof v);
	d->values[low] = v;
	d->n++;
}

/* One value above the limit is enough: keep_class reports it. */
static int gather_distinct(void *ctx, const bn_part *p, const bn_batch *b, bn_err *err)
{
	distinct *d = ctx;
	double values[BN_PART_CHUNK];
	for (size_t from = 0; from < b->rows; from += BN_PART_CHUNK) {
		size_t n = b->rows - from < BN_PART_CHUNK ? b->rows - from : BN_PART_CHUNK;
		int rc = bn_part_numbers(&b->columns[0], from, n, values, err);
		if (rc < 0)
			return rc;
		for (size_t i = 0; i < n && d->n <= BN_FEATURES_MAX_CLASSES; i++)
			if (!isnan(values[i]) && bn_part_has(p, b->first_row + from + i))
				add_distinct(d, values[i]);
	}
	return 0;
}

static int fit_number_classes(bn_features *f, const bn_part *train, size_t column, bn_err *err)
{
	char text[BN_FMT];
	distinct *d = bn_alloc_zeroed(1, sizeof *d);
	int rc = d ? bn_part_walk(train, column, gather_distinct, d, err)
		   : bn_err_nomem(err, "classes");
	for (size_t i = 0; rc == 0 && i < d->n; i++) {
		double v = d->values[i];
		const char *label = f->target_kind == BN_INPUT_BOOL
					    ? (v != 0 ? "true" : "false")
					    : bn_fmt_f64(v, text);
		rc = keep_class(f, label, v, err);
	}
	bn_free(d);
	return rc;
}

static int fit_text_classes(bn_features *f, const bn_part *train, size_t column, bn_err *err)
{
	bn_arena arena = {0};
	named_count *found = NULL;
	size_t n = 0, *counts = NULL;
	int rc = learn_codes(&counts, train, column, err);
	if (rc == 0)
		rc = name_categories(&found, &n, &arena, f->target,
			bn_table_dict(train->table, column), counts, err);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = keep_class(f, found[i].name, (double)i, err);
	bn_free(found);
	bn_free(counts);
	bn_arena_release(&arena);
	return rc;
}

static int count_missing(void *ctx, const bn_part *p, const bn_batch *b, bn_err *err)
{
	size_t *missing = ctx;
	(void)err;
	for (size_t r = 0; r < b->rows; r++)
		*missing += bn_part_has(p, b->first_row + r) &&
			    !bn_features_has_target(&b->columns[0], r);
	return 0;
}

static int fit_target(bn_features *f, const bn_part *train, size_t column, bn_err *err)
{
	size_t rows = (size_t)train->rows;
	f->target_kind = bn_input_kind_of(bn_table_schema(train->table)->fields[column].type);
	int rc = bn_part_walk(train, column, count_missing, &f->target_missing, err);
	if (rc < 0)
		return rc;
	if (f->target_missing == rows)
		return bn_err_set(err, BN_EINVAL,
			"target '%s' has no value in the %zu training rows", f->target, rows);
	if (f->task == BN_TASK_AUTO)
		f->task = f->target_kind == BN_INPUT_NUMBER ? BN_TASK_REGRESSION
							    : BN_TASK_CLASSIFICATION;
	if (f->task == BN_TASK_REGRESSION) {
		if (f->target_kind != BN_INPUT_CATEGORY)
			return 0;
		rc = bn_err_set(err, BN_EINVAL, "target '%s' is text, regression needs a number",
			f->target);
		bn_err_hint(err, "train a classifier, for instance logistic");
		return rc;
	}
	f->classes = bn_arena_alloc(&f->arena, BN_FEATURES_MAX_CLASSES * sizeof *f->classes);
	f->class_values =
		bn_arena_alloc(&f->arena, BN_FEATURES_MAX_CLASSES * sizeof *f->class_values);
	if (!f->classes || !f->class_values)
		return bn_err_nomem(err, "classes");
	rc = f->target_kind == BN_INPUT_CATEGORY ? fit_text_classes(f, train, column, err)
						 : fit_number_classes(f, train, column, err);
	if (rc == 0 && f->class_count < 2)
		rc = bn_err_set(err, BN_EINVAL,
			"target '%s' has one class only ('%s'), so there is nothing to tell apart",
			f->target, f->classes[0]);
	return rc;
}

/* ---- all steps ------------------------------------------------------------------------------ */

/* Copies a column's result into the pipeline's memory. */
static int keep_reading(bn_features *f, bn_feature_input *in, const bn_field *column, bn_err *err)
{
	char *read = NULL;
	int rc = bn_reading_for_table(&read, column->read, column->type, err);
	in->read = bn_arena_strdup(&f->arena, read);
	if (read && !in->read)
		rc = bn_err_nomem(err, "features");
	bn_free(read);
	return rc;
}

static int keep_input(bn_features *f, learnt *l, const bn_part *train, const bn_candidate *of,
	const bn_features_options *opt, bn_err *err)
{
	size_t rows = (size_t)train->rows;
	bn_feature_input in = l->in;
	size_t limit = opt->max_categories ? opt->max_categories : DEFAULT_MAX_CATEGORIES;
	const char *reason = NULL;
	int rc = l->rc < 0 ? bn_err_move(err, &l->err) : 0;
	if (rc < 0)
		return rc;
	in.name = bn_arena_strdup(&f->arena, of->name);
	in.column = of->vector ? bn_arena_strdup(&f->arena, of->vector) : NULL;
	in.element = of->element;
	in.elements = of->elements;
	if (!in.name || (of->vector && !in.column))
		return bn_err_nomem(err, "features");
	const bn_field *column = &bn_table_schema(train->table)->fields[of->column];
	if (!of->vector && (rc = keep_reading(f, &in, column, err)) < 0)
		return rc;
	if (in.kind == BN_INPUT_CATEGORY) {
		in.missing = rows;
		rc = fit_category(f, &in, bn_table_dict(train->table, of->column), l->counts, limit,
			&reason, err);
	} else if (in.kind == BN_INPUT_NUMBER && in.count) {
		double *deciles = bn_arena_alloc(&f->arena, sizeof l->deciles);
		if (!deciles)
			return bn_err_nomem(err, "feature statistics");
		memcpy(deciles, l->deciles, sizeof l->deciles);
		in.deciles = deciles;
	}
	if (rc < 0)
		return rc;
	if (!reason && in.count == 0)
		reason = bn_arena_strf(
			&f->arena, "%s: no value in the %zu training rows", in.name, rows);
	if (reason)
		f->skipped[f->skipped_count++] = reason;
	else
		f->inputs[f->input_count++] = in;
	return 0;
}

typedef struct learning {
	const bn_features *f;
	const bn_part *train;
	const bn_candidate *of;
	learnt *learnt; /* as many */
} learning;

static int learn_columns(void *user, size_t shard, size_t begin, size_t end)
{
	const learning *g = user;
	(void)shard;
	for (size_t i = begin; i < end; i++) {
		learnt *l = &g->learnt[i];
		if (!l->wanted)
			continue;
		l->rc = l->in.kind == BN_INPUT_CATEGORY
				? learn_codes(&l->counts, g->train, g->of[i].column, &l->err)
				: learn_number(l, g->f, g->train, &g->of[i], &l->err);
	}
	return 0;
}

static int fit_inputs(bn_features *f, const bn_part *train, const bn_candidates *c,
	const bn_features_options *opt, int threads, bn_err *err)
{
	size_t n = c->count;
	for (size_t i = 0; opt->inputs && i < opt->input_count; i++)
		if (!bn_candidates_have(c, opt->inputs[i]))
			return bn_err_set(err, BN_EINVAL, "no input column '%s'", opt->inputs[i]);
	learning g = {f, train, c->items, bn_alloc_zeroed(n + 1, sizeof *g.learnt)};
	if (!g.learnt)
		return bn_err_nomem(err, "features");
	for (size_t i = 0; i < n; i++) {
		const bn_candidate *of = &c->items[i];
		g.learnt[i].in.name = of->name;
		g.learnt[i].in.kind = bn_input_kind_of(of->type);
		g.learnt[i].in.type = bn_feature_type(g.learnt[i].in.kind, of->type);
		g.learnt[i].wanted = bn_candidate_is_wanted(opt, of);
	}
	int most = threads > 0 ? threads : bnk_threads_default();
	if ((size_t)most > n / 4)
		most = n / 4 ? (int)(n / 4) : 1;
	bnk_parallel_for(n, bnk_shard_count(n, 1), most, learn_columns, &g);
	int rc = 0;
	for (size_t i = 0; i < n && rc == 0; i++)
		if (g.learnt[i].wanted)
			rc = keep_input(f, &g.learnt[i], train, &c->items[i], opt, err);
	for (size_t i = 0; i < n; i++)
		bn_free(g.learnt[i].counts);
	bn_free(g.learnt);
	if (rc == 0 && f->input_count == 0) {
		rc = bn_err_set(
			err, BN_EINVAL, "no usable input column beside target '%s'", opt->target);
		if (f->skipped_count)
			bn_err_hint(err, "left out %s", f->skipped[0]);
	}
	return rc;
}

/* The table's target column. */
static int find_target(size_t *out, const bn_part *train, const char *name, bn_err *err)
{
	const bn_schema *s = bn_table_schema(train->table);
	for (size_t i = 0; name && i < train->column_count; i++)
		if (!strcmp(s->fields[train->columns[i]].name, name)) {
			*out = train->columns[i];
			return 0;
		}
	return bn_err_set(err, BN_EINVAL, "no target column '%s'", name ? name : "");
}

static int fit_pipeline(bn_features *f, const bn_part *train, const bn_candidates *c,
	const bn_features_options *opt, int threads, bn_err *err)
{
	size_t target = 0, rows = (size_t)train->rows;
	int rc;

	f->task = opt->task;
	f->impute = opt->impute;
	f->standardise = !opt->no_standardise;
	f->inputs = bn_arena_alloc(&f->arena, (c->count + 1) * sizeof *f->inputs);
	f->skipped = bn_arena_alloc(&f->arena, (c->count + 1) * sizeof *f->skipped);
	if ((rc = find_target(&target, train, opt->target, err)) < 0)
		return rc;
	if (rows == 0 || rows > UINT32_MAX)
		return bn_err_set(err, BN_EINVAL, "the training part has %zu rows", rows);
	f->target = bn_arena_strdup(&f->arena, opt->target);
	if (!f->target || !f->inputs || !f->skipped)
		return bn_err_nomem(err, "feature pipeline");
	if ((rc = fit_target(f, train, target, err)) < 0 ||
		(rc = fit_inputs(f, train, c, opt, threads, err)) < 0)
		return rc;
	return bn_features_number_columns(f, err);
}

int bn_features_learn(bn_features **out, const bn_part *train, const bn_features_options *opt,
	int threads, bn_err *err)
{
	bn_candidates c;
	bn_features *f = bn_alloc_zeroed(1, sizeof *f);
	int rc = bn_candidates_find(&c, train, err);
	if (rc < 0)
		goto out;
	if (!f) {
		rc = bn_err_nomem(err, "feature pipeline");
		goto out;
	}
	if ((rc = fit_pipeline(f, train, &c, opt, threads, err)) < 0)
		goto out;
	*out = f;
	f = NULL;
out:
	bn_features_free(f);
	bn_candidates_release(&c);
	return rc;
}
