/*
 * check_kl.c - Kullback-Leibler divergence of a column from an expected distribution, as Great
 * Expectations computes it: sum p ln(p / q), p observed, q expected, both scaled to sum 1.
 *
 * A partition has "values" and "weights" (discrete), or "bins" and "weights" (intervals; the last
 * one is closed), with "tail_weights" for what is below and above. tail_weight_holdout is the share
 * of q for values that the partition does not have (discrete: divided among those that occur;
 * intervals: half for each side), internal_weight_holdout that for intervals of weight 0.
 */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/check/_check_run.h"
#include "core/profile/frequencies.h"

#include <math.h>
#include <string.h>

#define VALUES_MOST 100000 /* different values of a column */

typedef struct partition {
	const json_t *weights, *values, *bins, *tails;
	size_t n; /* weights */
	double threshold, tail_holdout, internal_holdout;
	bool has_threshold;
} partition;

/* Partial sums of the divergence. */
typedef struct divergence {
	double p_sum, q_sum, sum; /* sum: of p ln(p / q), not scaled */
	bool is_infinite;
} divergence;

static void divergence_add(divergence *d, double p, double q)
{
	d->p_sum += p;
	d->q_sum += q;
	if (p > 0 && q > 0)
		d->sum += p * log(p / q);
	else if (p > 0)
		d->is_infinite = true;
}

/* NaN: nothing was observed, or expected. With P and Q the sums: sum(p/P ln((p/P)/(q/Q))) is
 * (sum(p ln(p/q)) / P) + ln(Q / P). */
static double divergence_value(const divergence *d)
{
	if (d->p_sum == 0 || d->q_sum == 0)
		return NAN;
	if (d->is_infinite)
		return INFINITY;
	double x = d->sum / d->p_sum + log(d->q_sum / d->p_sum);
	return x < 0 && x > -1e-12 ? 0 : x;
}

static int finish(bn_check_run *run, const partition *p, const divergence *d, bn_err *err)
{
	double x = divergence_value(d);
	run->item->success = !p->has_threshold || x <= p->threshold;
	return json_object_set_new(run->result, "observed_value",
		       isfinite(x) ? json_real(x) : json_null())
		       ? bn_err_nomem(err, "the result of a check")
		       : 0;
}

/* ---- the partition -------------------------------------------------------------------------- */

static int sum_numbers(double *sum, const json_t *list, const char *name, bn_err *err)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *v = json_array_get(list, i);
		if (!json_is_number(v))
			return bn_err_set(err, BN_EINVAL, "partition_object: %s %zu is no number",
				name, i + 1);
		*sum += json_number_value(v);
	}
	return 0;
}

static int read_bins(const partition *p, bn_err *err)
{
	double unused = 0;
	int rc = sum_numbers(&unused, p->bins, "bin", err);
	if (rc < 0)
		return rc;
	if (json_array_size(p->bins) != p->n + 1)
		return bn_err_set(err, BN_EINVAL,
			"partition_object: %zu bins need %zu weights, not %zu",
			json_array_size(p->bins), json_array_size(p->bins) - 1, p->n);
	for (size_t i = 1; i <= p->n; i++)
		if (json_number_value(json_array_get(p->bins, i)) <=
			json_number_value(json_array_get(p->bins, i - 1)))
			return bn_err_set(err, BN_EINVAL,
				"partition_object: bin %zu is not above the one before", i + 1);
	return 0;
}

static int read_shares(partition *p, const json_t *kwargs, bn_err *err)
{
	const json_t *threshold = json_object_get(kwargs, "threshold");
	p->has_threshold = json_is_number(threshold);
	p->threshold = json_number_value(threshold);
	p->tail_holdout = bn_json_num(kwargs, "tail_weight_holdout", 0);
	p->internal_holdout = bn_json_num(kwargs, "internal_weight_holdout", 0);
	if (p->has_threshold && p->threshold < 0)
		return bn_err_set(err, BN_EINVAL, "threshold is below 0");
	if (p->tails && p->tail_holdout > 0)
		return bn_err_set(err, BN_EINVAL,
			"tail_weight_holdout and tail_weights of the partition exclude each other");
	if (p->values && p->internal_holdout > 0)
		return bn_err_set(err, BN_EINVAL, "internal_weight_holdout is for bins only");
	return 0;
}

static int partition_read(partition *p, const json_t *kwargs, bn_err *err)
{
	const json_t *o = json_object_get(kwargs, "partition_object");
	double sum = 0;
	int rc;
	*p = (partition){.weights = json_object_get(o, "weights"),
		.values = json_object_get(o, "values"),
		.bins = json_object_get(o, "bins"),
		.tails = json_object_get(o, "tail_weights")};
	p->n = json_array_size(p->weights);
	if (!p->n || json_is_array(p->values) == json_is_array(p->bins))
		return bn_err_set(err, BN_EINVAL,
			"partition_object needs weights, and either values or bins");
	if ((rc = sum_numbers(&sum, p->weights, "weight", err)) < 0)
		return rc;
	if (p->tails && json_array_size(p->tails) != 2)
		return bn_err_set(err, BN_EINVAL, "partition_object: tail_weights are two");
	if ((rc = sum_numbers(&sum, p->tails, "tail weight", err)) < 0)
		return rc;
	if (!(fabs(sum - 1) <= 1e-5))
		return bn_err_set(err, BN_EINVAL, "partition_object: the weights sum to %g, not 1", sum);
	if (p->values && json_array_size(p->values) != p->n)
		return bn_err_set(err, BN_EINVAL, "partition_object: %zu values need as many weights, not %zu",
			json_array_size(p->values), p->n);
	if (p->bins && (rc = read_bins(p, err)) < 0)
		return rc;
	return read_shares(p, kwargs, err);
}

static double weight_of(const partition *p, size_t i)
{
	return json_number_value(json_array_get(p->weights, i));
}

/* ---- discrete ------------------------------------------------------------------------------- */

/* counts[i]: of value i of the set; others: the counts of the others. */
static int count_values(bn_check_run *run, size_t column, const bn_check_set *set,
	const bn_frequencies *f, uint64_t *counts, uint64_t *others, size_t *n_others, bn_err *err)
{
	bn_type type = run->schema->fields[column].type;
	bn_batch batch = BN_BATCH_INIT;
	int rc = 0;
	for (size_t i = 0; i < f->count; i++) {
		size_t b, row;
		if ((type == BN_TYPE_FLOAT64 || type == BN_TYPE_FLOAT32) &&
			!strcmp(f->values[i].text, "nan"))
			continue;
		if ((rc = bn_table_locate(run->table, f->values[i].first_row, &b, &row, err)) < 0 ||
			(rc = bn_table_read(run->table, b, &column, 1, &batch, err)) < 0)
			break;
		long at = bn_check_set_find(set, &batch.columns[0], row);
		if (at >= 0)
			counts[at] += f->values[i].count;
		else
			others[(*n_others)++] = f->values[i].count;
	}
	bn_batch_release(&batch);
	return rc;
}

/* Of the value with that place in the set: the weight that the partition gives it. */
static double weight_in_set(const partition *p, const bn_check_set *set, bn_type type, long at)
{
	for (size_t i = 0; i < p->n; i++)
		if (bn_check_set_find_json(set, type, json_array_get(p->values, i)) == at)
			return weight_of(p, i);
	return 0;
}

static int discrete(bn_check_run *run, size_t column, const partition *p, bn_err *err)
{
	const bn_progress watch = bn_check_progress(run);
	bn_type type = run->schema->fields[column].type;
	bn_check_set set = {0};
	bn_frequencies f = {.values = NULL};
	divergence d = {0};
	uint64_t *counts = NULL, *others = NULL;
	size_t n_others = 0;
	double expected = 0;
	bool many = false;
	int rc;
	if ((rc = bn_check_set_read(&set, p->values, type, err)) < 0 ||
		(rc = bn_frequencies_few(&f, &many, run->table, column, VALUES_MOST, &watch, err)) <
			0)
		goto out;
	if (many) {
		rc = bn_err_set(err, BN_EUNSUPPORTED, "the column has more than %d different values",
			VALUES_MOST);
		goto out;
	}
	counts = bn_alloc_zeroed(bn_check_set_size(&set) + 1, sizeof *counts);
	others = bn_alloc_zeroed(f.count + 1, sizeof *others);
	if (!counts || !others) {
		rc = bn_err_nomem(err, "counts of values");
		goto out;
	}
	if ((rc = count_values(run, column, &set, &f, counts, others, &n_others, err)) < 0)
		goto out;
	double scale = n_others ? 1 - p->tail_holdout : 1;
	for (size_t i = 0; i < bn_check_set_size(&set); i++)
		if (counts[i])
			divergence_add(&d, (double)counts[i],
				scale * weight_in_set(p, &set, type, (long)i));
	for (size_t i = 0; i < n_others; i++)
		divergence_add(&d, (double)others[i], p->tail_holdout / (double)n_others);
	/* Values that do not occur have their weight, too. */
	for (size_t i = 0; i < p->n; i++)
		expected += scale * weight_of(p, i);
	d.q_sum = expected + (n_others ? p->tail_holdout : 0);
	rc = finish(run, p, &d, err);
out:
	bn_frequencies_release(&f);
	bn_check_set_release(&set);
	bn_free(counts);
	bn_free(others);
	return rc;
}

/* ---- intervals ------------------------------------------------------------------------------ */

/* counts[0]: below the bins, counts[n + 1]: above them. */
static void count_number(const double *bins, size_t n, double x, uint64_t *counts)
{
	size_t lo = 0, hi = n;
	if (x < bins[0] || x > bins[n]) {
		counts[x < bins[0] ? 0 : n + 1]++;
		return;
	}
	while (hi - lo > 1) {
		size_t mid = (lo + hi) / 2;
		if (x >= bins[mid])
			lo = mid;
		else
			hi = mid;
	}
	counts[lo + 1]++;
}

static int count_intervals(
	bn_check_run *run, size_t column, const double *bins, size_t n, uint64_t *counts, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	int rc = 0;
	for (size_t b = 0; b < bn_table_batches(run->table) && rc == 0; b++) {
		if ((rc = bn_table_read(run->table, b, &column, 1, &batch, err)) < 0)
			break;
		for (size_t r = 0; r < batch.rows; r++)
			if (!bn_column_is_absent(&batch.columns[0], r))
				count_number(bins, n, bn_column_number(&batch.columns[0], r), counts);
		bn_table_forget(run->table, &batch);
		rc = bn_check_cancelled(run, err);
	}
	bn_batch_release(&batch);
	return rc;
}

/* Weights of 0 share the internal holdout; the others are scaled by what is held out. */
static void add_intervals(divergence *d, const partition *p, const uint64_t *counts)
{
	double scale = 1 - p->tail_holdout - p->internal_holdout;
	double low = p->tail_holdout / 2, high = low;
	size_t zeros = 0;
	if (p->tails) {
		low = json_number_value(json_array_get(p->tails, 0));
		high = json_number_value(json_array_get(p->tails, 1));
	}
	for (size_t i = 0; i < p->n; i++)
		zeros += scale * weight_of(p, i) == 0;
	for (size_t i = 0; i < p->n; i++) {
		double q = scale * weight_of(p, i);
		if (q == 0 && p->internal_holdout > 0)
			q = p->internal_holdout / (double)zeros;
		divergence_add(d, (double)counts[i + 1], q);
	}
	divergence_add(d, (double)counts[0], low);
	divergence_add(d, (double)counts[p->n + 1], high);
}

static int intervals(bn_check_run *run, size_t column, const partition *p, bn_err *err)
{
	const bn_field *f = &run->schema->fields[column];
	double *bins = bn_alloc_zeroed(p->n + 1, sizeof *bins);
	uint64_t *counts = bn_alloc_zeroed(p->n + 2, sizeof *counts);
	divergence d = {0};
	int rc = bins && counts ? 0 : bn_err_nomem(err, "a histogram");
	if (rc < 0)
		goto out;
	if (!bn_json_bool(run->kwargs, "bucketize_data", true)) {
		rc = bn_err_set(err, BN_EINVAL, "a partition of bins needs bucketize_data");
		goto out;
	}
	if (!bn_type_is_scalar(f->type) || bn_type_is_time(f->type)) {
		rc = bn_err_set(err, BN_EINVAL, "column '%s' is %s; bins need numbers", f->name,
			bn_type_name(f->type));
		goto out;
	}
	for (size_t i = 0; i <= p->n; i++)
		bins[i] = json_number_value(json_array_get(p->bins, i));
	if ((rc = count_intervals(run, column, bins, p->n, counts, err)) < 0)
		goto out;
	add_intervals(&d, p, counts);
	rc = finish(run, p, &d, err);
out:
	bn_free(bins);
	bn_free(counts);
	return rc;
}

int bn_check_kl(bn_check_run *run, bn_err *err)
{
	partition p;
	size_t column;
	int rc;
	if ((rc = bn_check_column(run, "column", &column, err)) < 0 ||
		(rc = partition_read(&p, run->kwargs, err)) < 0)
		return rc;
	return p.values ? discrete(run, column, &p, err) : intervals(run, column, &p, err);
}
