/*
 * features_fit.c - learning a feature pipeline from the training part; see features.h.
 *
 * Sums run over rows in order, in two passes with a correction, so a column's statistics depend on
 * its values alone. Columns are independent of each other.
 */
#include "core/base/str.h"
#include "core/learn/_features.h"
#include "core/learn/order.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_MAX_CATEGORIES = 200, DECILES = 11 };

/* ---- numbers and booleans ------------------------------------------------------------------- */

typedef struct moments {
	double mean, variance;
} moments;

/* Mean and population variance of n values, with `filled` more that all equal fill. */
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

/* A column as constant as its rounding allows, by scikit-learn's rule
 * (sklearn.preprocessing._data._is_constant_feature). */
static bool is_constant(moments m, double n)
{
	double bound = n * DBL_EPSILON * m.variance + pow(n * m.mean * DBL_EPSILON, 2);
	return m.variance <= bound;
}

static double most_frequent_ordered(const uint32_t *order, const double *v, size_t n)
{
	double best = v[order[0]];
	size_t best_run = 0;
	for (size_t i = 0; i < n;) {
		size_t j = i;
		while (j < n && v[order[j]] == v[order[i]])
			j++;
		if (j - i > best_run) { /* of equals the smallest, as scikit-learn takes */
			best_run = j - i;
			best = v[order[i]];
		}
		i = j;
	}
	return best;
}

static int fit_number(bn_features *f, bn_feature_input *in, const bn_column_view *c, double *values,
	uint32_t *order, bn_err *err)
{
	size_t n = 0;
	for (size_t r = 0; r < c->rows; r++) {
		double v = bn_view_number(c, r);
		if (!isnan(v))
			values[n++] = v;
	}
	in->count = n;
	in->missing = c->rows - n;
	in->ref_mean = in->ref_deviation = in->ref_min = in->ref_max = NAN;
	if (n == 0)
		return 0;
	int rc = bn_order_f64(order, values, n, err);
	if (rc)
		return rc;
	moments seen = moments_of(values, n, 0, 0);
	in->ref_mean = seen.mean;
	in->ref_deviation = sqrt(seen.variance > 0 ? seen.variance : 0);
	in->ref_min = values[order[0]];
	in->ref_max = values[order[n - 1]];
	if (c->kind == BN_VIEW_NUMBER) {
		double *deciles = bn_arena_alloc(&f->arena, DECILES * sizeof *deciles);
		if (!deciles)
			return bn_err_nomem(err, "feature statistics");
		for (int d = 0; d < DECILES; d++)
			deciles[d] = bn_quantile_ordered(order, values, n, d / 10.0);
		in->deciles = deciles;
	}
	if (c->kind == BN_VIEW_BOOL || f->impute == BN_IMPUTE_MOST_FREQUENT)
		in->fill = most_frequent_ordered(order, values, n);
	else if (f->impute == BN_IMPUTE_MEDIAN)
		in->fill = bn_quantile_ordered(order, values, n, 0.5);
	else
		in->fill = seen.mean;
	in->mean = 0;
	in->scale = 1;
	if (f->standardise) {
		moments all = moments_of(values, n, in->missing, in->fill);
		in->mean = all.mean;
		in->scale = is_constant(all, (double)c->rows) ? 1.0 : sqrt(all.variance);
	}
	if (!isfinite(in->mean) || !isfinite(in->scale))
		return bn_err_set(
			err, BN_EINVAL, "column '%s' has values too large to add up", in->name);
	return 0;
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

/* The categories that occur, sorted, equal strings merged. *out is yours. */
static int count_categories(
	named_count **out, size_t *distinct, const bn_column_view *c, bn_err *err)
{
	size_t n = 0;
	named_count *all = bn_alloc_zeroed(c->dictionary_size + 1, sizeof *all);
	if (!all)
		return bn_err_nomem(err, "categories");
	for (size_t i = 0; i < c->dictionary_size; i++)
		all[i].name = c->dictionary[i];
	for (size_t r = 0; r < c->rows; r++)
		if (!bn_column_is_missing(c, r) && (size_t)c->codes[r] < c->dictionary_size)
			all[c->codes[r]].count++;
	for (size_t i = 0; i < c->dictionary_size; i++)
		if (all[i].count)
			all[n++] = all[i];
	qsort(all, n, sizeof *all, by_name);
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		if (kept && strcmp(all[kept - 1].name, all[i].name) == 0)
			all[kept - 1].count += all[i].count;
		else
			all[kept++] = all[i];
	}
	*distinct = kept;
	*out = all;
	return 0;
}

static int fit_category(bn_features *f, bn_feature_input *in, const bn_column_view *c,
	size_t max_categories, const char **reason, bn_err *err)
{
	named_count *found = NULL;
	size_t n = 0;
	int rc = count_categories(&found, &n, c, err);
	if (rc)
		return rc;
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
	in->missing = c->rows - in->count;
	in->categories = names;
	in->category_count = n;
	in->category_shares = shares;
	in->ref_mean = in->ref_deviation = in->ref_min = in->ref_max = NAN;
	in->scale = 1;
out:
	bn_free(found);
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

static int fit_number_classes(
	bn_features *f, const bn_column_view *c, double *values, uint32_t *order, bn_err *err)
{
	size_t n = 0;
	char text[BN_FMT];
	for (size_t r = 0; r < c->rows; r++) {
		double v = bn_view_number(c, r);
		if (!isnan(v))
			values[n++] = v;
	}
	int rc = bn_order_f64(order, values, n, err);
	for (size_t i = 0; i < n && rc == 0; i++) {
		double v = values[order[i]];
		if (i && v == values[order[i - 1]])
			continue;
		const char *label =
			c->kind == BN_VIEW_BOOL ? (v != 0 ? "true" : "false") : bn_fmt_f64(v, text);
		rc = keep_class(f, label, v, err);
	}
	return rc;
}

static int fit_text_classes(bn_features *f, const bn_column_view *c, bn_err *err)
{
	named_count *found = NULL;
	size_t n = 0;
	int rc = count_categories(&found, &n, c, err);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = keep_class(f, found[i].name, (double)i, err);
	bn_free(found);
	return rc;
}

static int fit_target(
	bn_features *f, const bn_column_view *c, double *values, uint32_t *order, bn_err *err)
{
	f->target_kind = c->kind;
	for (size_t r = 0; r < c->rows; r++)
		f->target_missing += c->kind == BN_VIEW_CATEGORY ? bn_column_is_missing(c, r)
								 : isnan(bn_view_number(c, r));
	if (f->target_missing == c->rows)
		return bn_err_set(err, BN_EINVAL,
			"target '%s' has no value in the %zu training rows", f->target, c->rows);
	if (f->task == BN_TASK_AUTO)
		f->task = c->kind == BN_VIEW_NUMBER ? BN_TASK_REGRESSION : BN_TASK_CLASSIFICATION;
	if (f->task == BN_TASK_REGRESSION) {
		if (c->kind != BN_VIEW_CATEGORY)
			return 0;
		int rc = bn_err_set(err, BN_EINVAL,
			"target '%s' is text, regression needs a number", f->target);
		bn_err_hint(err, "train a classifier, for instance logistic");
		return rc;
	}
	f->classes = bn_arena_alloc(&f->arena, BN_FEATURES_MAX_CLASSES * sizeof *f->classes);
	f->class_values =
		bn_arena_alloc(&f->arena, BN_FEATURES_MAX_CLASSES * sizeof *f->class_values);
	if (!f->classes || !f->class_values)
		return bn_err_nomem(err, "classes");
	int rc = c->kind == BN_VIEW_CATEGORY ? fit_text_classes(f, c, err)
					     : fit_number_classes(f, c, values, order, err);
	if (rc == 0 && f->class_count < 2)
		rc = bn_err_set(err, BN_EINVAL,
			"target '%s' has one class only ('%s'), so there is nothing to tell apart",
			f->target, f->classes[0]);
	return rc;
}

/* ---- all of it ------------------------------------------------------------------------------ */

static bool is_listed(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static int fit_input(bn_features *f, const bn_column_view *c, const bn_features_options *opt,
	double *values, uint32_t *order, bn_err *err)
{
	bn_feature_input in = {.name = bn_arena_strdup(&f->arena, c->name),
		.kind = c->kind,
		.type = bn_feature_type(c->kind, c->type)};
	size_t limit = opt->max_categories ? opt->max_categories : DEFAULT_MAX_CATEGORIES;
	const char *reason = NULL;
	if (!in.name)
		return bn_err_nomem(err, "features");
	int rc = c->kind == BN_VIEW_CATEGORY ? fit_category(f, &in, c, limit, &reason, err)
					     : fit_number(f, &in, c, values, order, err);
	if (rc)
		return rc;
	if (!reason && in.count == 0)
		reason = bn_arena_strf(
			&f->arena, "%s: no value in the %zu training rows", in.name, c->rows);
	if (reason)
		f->skipped[f->skipped_count++] = reason;
	else
		f->inputs[f->input_count++] = in;
	return 0;
}

static int fit_inputs(bn_features *f, const bn_frame_view *train, const bn_features_options *opt,
	double *values, uint32_t *order, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; opt->inputs && i < opt->input_count; i++)
		if (!bn_frame_find(train, opt->inputs[i]))
			return bn_err_set(err, BN_EINVAL, "no input column '%s'", opt->inputs[i]);
	for (size_t i = 0; i < train->column_count && rc == 0; i++) {
		const bn_column_view *c = &train->columns[i];
		if (strcmp(c->name, opt->target) == 0 ||
			is_listed(opt->excluded, opt->excluded_count, c->name) ||
			(opt->inputs && !is_listed(opt->inputs, opt->input_count, c->name)))
			continue;
		rc = fit_input(f, c, opt, values, order, err);
	}
	if (rc == 0 && f->input_count == 0) {
		rc = bn_err_set(
			err, BN_EINVAL, "no usable input column beside target '%s'", opt->target);
		if (f->skipped_count)
			bn_err_hint(err, "left out %s", f->skipped[0]);
	}
	return rc;
}

int bn_features_fit(
	bn_features **out, const bn_frame_view *train, const bn_features_options *opt, bn_err *err)
{
	int rc = 0;
	bn_features *f = bn_alloc_zeroed(1, sizeof *f);
	double *values = bn_alloc((train->rows + 1) * sizeof *values);
	uint32_t *order = bn_alloc((train->rows + 1) * sizeof *order);
	const bn_column_view *target = opt->target ? bn_frame_find(train, opt->target) : NULL;
	if (!f || !values || !order) {
		rc = bn_err_nomem(err, "feature pipeline");
		goto out;
	}
	f->task = opt->task;
	f->impute = opt->impute;
	f->standardise = !opt->no_standardise;
	f->target = bn_arena_strdup(&f->arena, opt->target);
	f->inputs = bn_arena_alloc(&f->arena, (train->column_count + 1) * sizeof *f->inputs);
	f->skipped = bn_arena_alloc(&f->arena, (train->column_count + 1) * sizeof *f->skipped);
	if (!target)
		rc = bn_err_set(
			err, BN_EINVAL, "no target column '%s'", opt->target ? opt->target : "");
	else if (train->rows == 0 || train->rows > UINT32_MAX)
		rc = bn_err_set(err, BN_EINVAL, "the training part has %zu rows", train->rows);
	else if (!f->target || !f->inputs || !f->skipped)
		rc = bn_err_nomem(err, "feature pipeline");
	if (rc == 0)
		rc = fit_target(f, target, values, order, err);
	if (rc == 0)
		rc = fit_inputs(f, train, opt, values, order, err);
	if (rc == 0) {
		bn_features_number_columns(f);
		*out = f;
		f = NULL;
	}
out:
	bn_features_free(f);
	bn_free(values);
	bn_free(order);
	return rc;
}
