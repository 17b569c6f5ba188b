/*
 * drift.c - see drift.h: the table of tests, the default choice, and how a verdict is reached.
 *
 * Both kinds of column are reduced to a pair of counts per bin or value. Only KS and
 * Wasserstein use the numbers themselves.
 */
#include "core/monitor/drift.h"

#include "core/base/mem.h"
#include "core/monitor/_cells.h"
#include "core/monitor/_saddle.h"
#include "core/monitor/_samples.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FEW_ROWS 1000 /* up to here p-values, above distances */
#define BIN_VALUES 20 /* more distinct reference values than this are binned */

static const struct {
	const char *name, *title;
	bn_drift_operator op;
	double threshold;
	bool counts;
} tests[BN_DRIFT_TESTS] = {
	[BN_DRIFT_AUTO] = {"auto", "chosen by type and size", BN_DRIFT_P_BELOW, NAN, true},
	[BN_DRIFT_KS] = {"ks", "Kolmogorov-Smirnov", BN_DRIFT_P_AT_MOST, 0.05, false},
	[BN_DRIFT_WASSERSTEIN] = {"wasserstein", "Wasserstein distance (normed)",
		BN_DRIFT_DISTANCE_AT_LEAST, 0.1, false},
	[BN_DRIFT_PSI] = {"psi", "Population stability index", BN_DRIFT_DISTANCE_AT_LEAST, 0.1,
		true},
	[BN_DRIFT_KL] = {"kl_div", "Kullback-Leibler divergence", BN_DRIFT_DISTANCE_AT_LEAST, 0.1,
		true},
	[BN_DRIFT_JENSEN_SHANNON] = {"jensenshannon", "Jensen-Shannon distance",
		BN_DRIFT_DISTANCE_AT_LEAST, 0.1, true},
	[BN_DRIFT_CHI_SQUARE] = {"chisquare", "Chi-square goodness of fit", BN_DRIFT_P_BELOW, 0.05,
		true},
	[BN_DRIFT_Z] = {"z", "Two-proportion z", BN_DRIFT_P_BELOW, 0.05, true},
	[BN_DRIFT_TVD] = {"tvd", "Total variation distance", BN_DRIFT_DISTANCE_AT_LEAST, 0.1, true},
	[BN_DRIFT_HELLINGER] = {"hellinger", "Hellinger distance", BN_DRIFT_DISTANCE_AT_LEAST, 0.1,
		true},
	[BN_DRIFT_LINF] = {"linf", "Largest difference of shares", BN_DRIFT_DISTANCE_AT_LEAST, 0.1,
		true},
};

const char *bn_drift_test_name(bn_drift_test t)
{
	return t < BN_DRIFT_TESTS ? tests[t].name : "?";
}

const char *bn_drift_test_title(bn_drift_test t)
{
	return t < BN_DRIFT_TESTS ? tests[t].title : "?";
}

bool bn_drift_test_parse(const char *name, bn_drift_test *out)
{
	for (unsigned t = 0; t < BN_DRIFT_TESTS; t++)
		if (!strcasecmp(tests[t].name, name)) {
			*out = (bn_drift_test)t;
			return true;
		}
	return false;
}

bool bn_drift_test_takes_counts(bn_drift_test t)
{
	return tests[t].counts;
}

double bn_drift_test_threshold(bn_drift_test t)
{
	return tests[t].threshold;
}

bn_drift_operator bn_drift_test_operator(bn_drift_test t)
{
	return tests[t].op;
}

const char *bn_drift_operator_text(bn_drift_operator op)
{
	switch (op) {
	case BN_DRIFT_P_AT_MOST:
		return "p <=";
	case BN_DRIFT_P_BELOW:
		return "p <";
	case BN_DRIFT_DISTANCE_AT_LEAST:
		return "distance >=";
	}
	return "?";
}

const char *bn_drift_verdict_name(bn_drift_verdict v)
{
	switch (v) {
	case BN_DRIFT_NONE:
		return "no drift";
	case BN_DRIFT_FOUND:
		return "drift";
	case BN_DRIFT_INCONCLUSIVE:
		return "inconclusive";
	}
	return "?";
}

bn_drift_test bn_drift_choose(bool is_number, size_t n_ref, size_t values)
{
	if (n_ref > FEW_ROWS)
		return is_number && values > 5 ? BN_DRIFT_WASSERSTEIN : BN_DRIFT_JENSEN_SHANNON;
	if (is_number && values > 5)
		return BN_DRIFT_KS;
	return values > 2 ? BN_DRIFT_CHI_SQUARE : BN_DRIFT_Z;
}

/* ---- statistics of counts ------------------------------------------------------------------- */

/* Upper regularised incomplete gamma Q(a, x): series below a + 1, Lentz' continued fraction above
 * (Numerical Recipes 6.2), with a prefactor that keeps its digits. */
double bn_chi2_sf(double chi2, double df)
{
	if (isnan(chi2) || !(df > 0))
		return NAN;
	if (chi2 <= 0)
		return 1;
	if (isinf(chi2))
		return 0;
	double a = df / 2, x = chi2 / 2;
	double front = bn_poisson_term(a, x); /* x^a e^-x / Gamma(a + 1) */
	if (x < a + 1) {
		double term = 1, sum = 1;
		for (double k = 1; k < 100000; k++) {
			term *= x / (a + k);
			sum += term;
			if (term < sum * 1e-17)
				break;
		}
		return fmax(0, 1 - front * sum);
	}
	const double tiny = 1e-300;
	double b = x + 1 - a, c = 1 / tiny, d = 1 / b, h = d;
	for (double k = 1; k < 100000; k++) {
		double an = -k * (k - a);
		b += 2;
		d = an * d + b;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = b + an / c;
		c = fabs(c) < tiny ? tiny : c;
		h *= c * d;
		if (fabs(c * d - 1) < 1e-16)
			break;
	}
	return fmin(1, front * a * h);
}

/* Evidently's replacement of empty bins, per side. */
static double zero_share(const double *share, size_t k)
{
	double least = INFINITY;
	for (size_t i = 0; i < k; i++)
		if (share[i] > 0 && share[i] < least)
			least = share[i];
	return least <= 0.0001 ? least / 1e6 : 0.0001;
}

static double population_stability(const double *r, const double *c, size_t k)
{
	double rz = zero_share(r, k), cz = zero_share(c, k), sum = 0;
	for (size_t i = 0; i < k; i++) {
		double p = r[i] > 0 ? r[i] : rz, q = c[i] > 0 ? c[i] : cz;
		sum += (p - q) * log(p / q);
	}
	return sum;
}

static double kullback_leibler(const double *r, const double *c, size_t k)
{
	double rz = zero_share(r, k), cz = zero_share(c, k), rs = 0, cs = 0, sum = 0;
	for (size_t i = 0; i < k; i++) {
		rs += r[i] > 0 ? r[i] : rz;
		cs += c[i] > 0 ? c[i] : cz;
	}
	for (size_t i = 0; i < k; i++) {
		double p = (r[i] > 0 ? r[i] : rz) / rs, q = (c[i] > 0 ? c[i] : cz) / cs;
		sum += p * log(p / q);
	}
	return sum;
}

static double jensen_shannon(const double *r, const double *c, size_t k)
{
	double rs = 0, cs = 0, sum = 0;
	for (size_t i = 0; i < k; i++) {
		rs += r[i];
		cs += c[i];
	}
	for (size_t i = 0; i < k; i++) {
		double p = r[i] / rs, q = c[i] / cs, m = (p + q) / 2;
		if (p > 0)
			sum += p * log(p / m);
		if (q > 0)
			sum += q * log(q / m);
	}
	return sqrt(fmax(0, sum / 2));
}

static double total_variation(const double *r, const double *c, size_t k)
{
	double sum = 0;
	for (size_t i = 0; i < k; i++)
		sum += fabs(r[i] - c[i]);
	return sum / 2;
}

static double largest_difference(const double *r, const double *c, size_t k)
{
	double most = 0;
	for (size_t i = 0; i < k; i++)
		most = fmax(most, fabs(r[i] - c[i]));
	return most;
}

static double hellinger(const double *r, const double *c, size_t k)
{
	double sum = 0;
	for (size_t i = 0; i < k; i++)
		sum += sqrt(r[i] * c[i]);
	return sqrt(1 - fmin(1, sum));
}

/* ---- verdicts ------------------------------------------------------------------------------- */

static void inconclusive(bn_drift_result *r, const char *why)
{
	r->verdict = BN_DRIFT_INCONCLUSIVE;
	snprintf(r->why, sizeof r->why, "%s", why);
}

/* Stores counts and options in r; false if there is too little data. */
static bool enough(bn_drift_result *r, const bn_drift_options *options)
{
	size_t need = options && options->min_rows ? options->min_rows : 1;
	if (!r->n_ref && !r->n_cur)
		inconclusive(r, "empty: no values on either side");
	else if (!r->n_ref)
		inconclusive(r, "empty: no values in the reference");
	else if (!r->n_cur)
		inconclusive(r, "empty: no values in the current window");
	else if (r->n_ref < need || r->n_cur < need)
		snprintf(r->why, sizeof r->why,
			"too few: %zu value%s in the %s, at least %zu needed",
			r->n_ref < need ? r->n_ref : r->n_cur,
			(r->n_ref < need ? r->n_ref : r->n_cur) == 1 ? "" : "s",
			r->n_ref < need ? "reference" : "current window", need);
	else
		return true;
	r->verdict = BN_DRIFT_INCONCLUSIVE;
	return false;
}

static void start(bn_drift_result *r, bn_drift_test test, const bn_drift_options *options)
{
	r->test = test;
	r->op = tests[test].op;
	r->threshold = tests[test].threshold;
	if (options && !isnan(options->threshold) && options->threshold != 0)
		r->threshold = options->threshold;
	r->statistic = r->p = r->score = NAN;
}

static void decide(bn_drift_result *r)
{
	if (r->op == BN_DRIFT_DISTANCE_AT_LEAST)
		r->score = r->statistic;
	else
		r->score = r->p;
	if (isnan(r->score)) {
		inconclusive(r, r->values <= 1 ? "constant: both sides hold one and the same value"
					       : "the statistic is not a number");
		return;
	}
	bool drift = false;
	switch (r->op) {
	case BN_DRIFT_P_AT_MOST:
		drift = r->score <= r->threshold;
		break;
	case BN_DRIFT_P_BELOW:
		drift = r->score < r->threshold;
		break;
	case BN_DRIFT_DISTANCE_AT_LEAST:
		drift = r->score >= r->threshold;
		break;
	}
	r->verdict = drift ? BN_DRIFT_FOUND : BN_DRIFT_NONE;
}

/* ref, cur: counts of k values, of which each occurs somewhere. */
static void chi_square(bn_drift_result *r, const double *ref, const double *cur, size_t k)
{
	double scale = (double)r->n_cur / (double)r->n_ref, sum = 0;
	for (size_t i = 0; i < k; i++) {
		double expected = ref[i] * scale, d = cur[i] - expected;
		if (expected > 0) {
			sum += d * d / expected;
		} else {
			sum = INFINITY;
			snprintf(r->why, sizeof r->why, "a value that the reference does not have");
		}
	}
	r->statistic = sum;
	r->p = bn_chi2_sf(sum, (double)k - 1);
}

static void two_proportions(bn_drift_result *r, const double *ref, const double *cur)
{
	double n1 = (double)r->n_ref, n2 = (double)r->n_cur;
	double p1 = 1 - ref[0] / n1, p2 = 1 - cur[0] / n2;
	if (r->values <= 1) { /* the same single value on both sides */
		r->statistic = 0;
		r->p = 1;
		snprintf(r->why, sizeof r->why, "both sides hold one and the same value");
		return;
	}
	double both = (p1 * n1 + p2 * n2) / (n1 + n2);
	r->statistic = (p1 - p2) / sqrt(both * (1 - both) * (1 / n1 + 1 / n2));
	r->p = erfc(fabs(r->statistic) / sqrt(2.0));
}

/* Counts to the statistic of r->test. shares[2k] is working memory. */
static void measure_counts(
	bn_drift_result *r, const double *ref, const double *cur, size_t k, double *shares)
{
	double *p = shares, *q = shares + k;
	for (size_t i = 0; i < k; i++) {
		p[i] = ref[i] / (double)r->n_ref;
		q[i] = cur[i] / (double)r->n_cur;
	}
	switch (r->test) {
	case BN_DRIFT_CHI_SQUARE:
		chi_square(r, ref, cur, k);
		break;
	case BN_DRIFT_Z:
		two_proportions(r, ref, cur);
		break;
	case BN_DRIFT_PSI:
		r->statistic = population_stability(p, q, k);
		break;
	case BN_DRIFT_KL:
		r->statistic = kullback_leibler(p, q, k);
		break;
	case BN_DRIFT_JENSEN_SHANNON:
		r->statistic = jensen_shannon(p, q, k);
		break;
	case BN_DRIFT_TVD:
		r->statistic = total_variation(p, q, k);
		break;
	case BN_DRIFT_HELLINGER:
		r->statistic = hellinger(p, q, k);
		break;
	case BN_DRIFT_LINF:
		r->statistic = largest_difference(p, q, k);
		break;
	case BN_DRIFT_AUTO:
	case BN_DRIFT_KS:
	case BN_DRIFT_WASSERSTEIN:
	case BN_DRIFT_TESTS:
		break;
	}
}

int bn_drift_counts(bn_drift_result *out, const double *ref_counts, const double *cur_counts,
	size_t k, const bn_drift_options *options, bn_err *err)
{
	bn_drift_result r = {0};
	double n_ref = 0, n_cur = 0;
	for (size_t i = 0; i < k; i++) {
		n_ref += ref_counts[i];
		n_cur += cur_counts[i];
		r.values += ref_counts[i] > 0 || cur_counts[i] > 0;
	}
	r.n_ref = (size_t)n_ref;
	r.n_cur = (size_t)n_cur;
	bn_drift_test test = options ? options->test : BN_DRIFT_AUTO;
	if (test == BN_DRIFT_AUTO)
		test = bn_drift_choose(false, r.n_ref, r.values);
	if (!tests[test].counts)
		return bn_err_set(err, BN_EINVAL, "test '%s' needs numbers, not categories",
			tests[test].name);
	start(&r, test, options);
	if (enough(&r, options)) {
		double *block = bn_alloc(4 * k * sizeof *block);
		if (!block)
			return bn_err_nomem(err, "shares of categories");
		double *a = block, *b = block + k;
		size_t used = 0;
		for (size_t i = 0; i < k; i++)
			if (ref_counts[i] > 0 || cur_counts[i] > 0) {
				a[used] = ref_counts[i];
				b[used++] = cur_counts[i];
			}
		measure_counts(&r, a, b, used, block + 2 * k);
		bn_free(block);
		decide(&r);
	}
	*out = r;
	return 0;
}

/* ---- numbers -------------------------------------------------------------------------------- */

/* Bins (or values) of two samples and the statistic of r->test on them. */
static int measure_binned(
	bn_drift_result *r, const bn_sample *ref, const bn_sample *cur, bn_err *err)
{
	bool sturges = bn_sample_distinct(ref) > BIN_VALUES || r->test == BN_DRIFT_HELLINGER;
	if (r->test == BN_DRIFT_CHI_SQUARE || r->test == BN_DRIFT_Z)
		sturges = false;
	double low = fmin(ref->sorted[0], cur->sorted[0]);
	double high = fmax(ref->sorted[ref->n - 1], cur->sorted[cur->n - 1]);
	size_t k = r->values, room = k > BN_STURGES_MAX ? k : BN_STURGES_MAX;
	double *block = bn_alloc((4 * room + room + 1) * sizeof *block);
	if (!block)
		return bn_err_nomem(err, "bins of a column");
	double *a = block, *b = block + room, *shares = block + 2 * room, *edges = block + 4 * room;
	if (sturges) {
		bool of_values = r->test == BN_DRIFT_HELLINGER;
		double n = of_values ? (double)r->values : (double)ref->n + (double)cur->n;
		k = bn_sturges_bins(low, high, n);
		if (low == high) { /* as numpy widens a range of nothing */
			low -= 0.5;
			high += 0.5;
		}
		bn_linear_edges(edges, low, high, k);
		bn_sample_histogram(a, ref, edges, k);
		bn_sample_histogram(b, cur, edges, k);
	} else {
		bn_sample_value_counts(a, b, NULL, ref, cur);
	}
	measure_counts(r, a, b, k, shares);
	bn_free(block);
	return 0;
}

static int measure_numbers(
	bn_drift_result *r, const bn_sample *ref, const bn_sample *cur, bn_err *err)
{
	if (r->test == BN_DRIFT_KS) {
		r->statistic = bn_sample_ks(ref, cur);
		r->p = bn_ks_2samp_sf(r->statistic, ref->n, cur->n);
		return 0;
	}
	if (r->test == BN_DRIFT_WASSERSTEIN) {
		r->statistic = bn_sample_wasserstein(ref, cur) /
			       fmax(bn_values_deviation(ref->sorted, ref->n), 0.001);
		return 0;
	}
	return measure_binned(r, ref, cur, err);
}

/* A test over Sturges bins needs no sorting: a pass for the range, a pass to count. *done stays false
 * if the reference has so few distinct values that each is its own bin. */
static void try_binned(bn_drift_result *r, bool *done, const double *ref, size_t n_ref,
	const double *cur, size_t n_cur, const bn_drift_options *o)
{
	double a[BN_STURGES_MAX], b[BN_STURGES_MAX], shares[2 * BN_STURGES_MAX];
	double edges[BN_STURGES_MAX + 1];
	bn_range p, q;
	if (!o || !tests[o->test].counts || o->test == BN_DRIFT_AUTO || o->test == BN_DRIFT_Z ||
		o->test == BN_DRIFT_CHI_SQUARE || o->test == BN_DRIFT_HELLINGER)
		return;
	bn_range_of(&p, ref, n_ref);
	bn_range_of(&q, cur, n_cur);
	double low = fmin(p.low, q.low), high = fmax(p.high, q.high);
	if (p.distinct <= BIN_VALUES || !isfinite(high - low))
		return;
	*done = true;
	*r = (bn_drift_result){.n_ref = p.n,
		.n_cur = q.n,
		.ref_dropped = p.dropped,
		.cur_dropped = q.dropped,
		.values = BN_DISTINCT_MOST};
	start(r, o->test, o);
	if (!enough(r, o))
		return;
	size_t k = bn_sturges_bins(low, high, (double)p.n + (double)q.n);
	bn_linear_edges(edges, low, high, k);
	bn_values_histogram(a, ref, n_ref, edges, k);
	bn_values_histogram(b, cur, n_cur, edges, k);
	measure_counts(r, a, b, k, shares);
	decide(r);
}

/* Whether the test is one of the two that need no sorting of large samples, chosen or by default: more than 5
 * distinct values, known from the ranges. */
static bool takes_cells(bn_drift_test *test, const bn_range *p, const bn_range *q)
{
	size_t distinct = p->distinct > q->distinct ? p->distinct : q->distinct;
	if (distinct < BN_DISTINCT_MOST || !bn_cells_fit(p, q))
		return false;
	if (*test == BN_DRIFT_AUTO)
		*test = bn_drift_choose(true, p->n, distinct);
	return *test == BN_DRIFT_KS || *test == BN_DRIFT_WASSERSTEIN;
}

/* KS and Wasserstein of large samples. *done stays false if they must be sorted. */
static int try_cells(bn_drift_result *r, bool *done, const double *ref, size_t n_ref,
	const double *cur, size_t n_cur, const bn_drift_options *o, bn_err *err)
{
	bn_drift_test test = o ? o->test : BN_DRIFT_AUTO;
	bn_range p, q;
	double distance = NAN;
	if (test != BN_DRIFT_AUTO && test != BN_DRIFT_KS && test != BN_DRIFT_WASSERSTEIN)
		return 0;
	bn_range_of(&p, ref, n_ref);
	bn_range_of(&q, cur, n_cur);
	if (!takes_cells(&test, &p, &q))
		return 0;
	bool ks = test == BN_DRIFT_KS;
	*done = true;
	*r = (bn_drift_result){.n_ref = p.n,
		.n_cur = q.n,
		.ref_dropped = p.dropped,
		.cur_dropped = q.dropped,
		.values = BN_DISTINCT_MOST};
	start(r, test, o);
	if (!enough(r, o))
		return 0;
	int rc = bn_cells_measure(
		ks ? &distance : NULL, ks ? NULL : &distance, ref, n_ref, &p, cur, n_cur, &q, err);
	if (rc < 0)
		return rc;
	r->statistic = ks ? distance : distance / fmax(bn_values_deviation(ref, n_ref), 0.001);
	r->p = ks ? bn_ks_2samp_sf(distance, p.n, q.n) : NAN;
	decide(r);
	return 0;
}

int bn_drift_numbers(bn_drift_result *out, const double *ref, size_t n_ref, const double *cur,
	size_t n_cur, const bn_drift_options *options, bn_err *err)
{
	bn_drift_result r = {0};
	bn_sample a = BN_SAMPLE_INIT, b = BN_SAMPLE_INIT;
	bool done = false;
	int rc = 0;
	try_binned(&r, &done, ref, n_ref, cur, n_cur, options);
	if (!done)
		rc = try_cells(&r, &done, ref, n_ref, cur, n_cur, options, err);
	if (done || rc < 0) {
		*out = r;
		return rc;
	}
	if ((rc = bn_sample_make(&a, ref, n_ref, err)) < 0 ||
		(rc = bn_sample_make(&b, cur, n_cur, err)) < 0)
		goto out;
	r.n_ref = a.n;
	r.n_cur = b.n;
	r.ref_dropped = a.dropped;
	r.cur_dropped = b.dropped;
	r.values = bn_sample_distinct_union(&a, &b);
	bn_drift_test test = options ? options->test : BN_DRIFT_AUTO;
	if (test == BN_DRIFT_AUTO)
		test = bn_drift_choose(true, a.n, r.values);
	start(&r, test, options);
	if (enough(&r, options)) {
		if ((rc = measure_numbers(&r, &a, &b, err)) < 0)
			goto out;
		decide(&r);
	}
	*out = r;
out:
	bn_sample_release(&a);
	bn_sample_release(&b);
	return rc;
}

/* ---- a data set ----------------------------------------------------------------------------- */

void bn_drift_sum_up(
	bn_drift_dataset *out, const bn_drift_result *results, size_t n, double threshold)
{
	bn_drift_dataset d = {0};
	d.columns = n;
	d.threshold = isnan(threshold) || threshold == 0 ? 0.5 : threshold;
	d.share = NAN;
	for (size_t i = 0; i < n; i++) {
		d.drifted += results[i].verdict == BN_DRIFT_FOUND;
		d.inconclusive += results[i].verdict == BN_DRIFT_INCONCLUSIVE;
	}
	if (!n) {
		d.verdict = BN_DRIFT_INCONCLUSIVE;
		snprintf(d.why, sizeof d.why, "no columns to compare");
		*out = d;
		return;
	}
	d.share = (double)d.drifted / (double)n;
	if (d.share >= d.threshold) {
		d.verdict = BN_DRIFT_FOUND;
	} else if ((double)(d.drifted + d.inconclusive) / (double)n >= d.threshold) {
		d.verdict = BN_DRIFT_INCONCLUSIVE;
		snprintf(d.why, sizeof d.why,
			"%zu of %zu columns are inconclusive and would decide: see each column",
			d.inconclusive, n);
	}
	*out = d;
}

void bn_drift_bin_numbers(
	bn_drift_bins *out, const double *ref, size_t n_ref, const double *cur, size_t n_cur)
{
	memset(out, 0, sizeof *out);
	double low = INFINITY, high = -INFINITY, n[2] = {0, 0};
	const double *side[2] = {ref, cur};
	const size_t rows[2] = {n_ref, n_cur};
	for (int s = 0; s < 2; s++)
		for (size_t i = 0; i < rows[s]; i++)
			if (isfinite(side[s][i])) {
				low = fmin(low, side[s][i]);
				high = fmax(high, side[s][i]);
				n[s]++;
			}
	if (n[0] + n[1] == 0 || !isfinite(high - low))
		return;
	size_t k = bn_sturges_bins(low, high, n[0] + n[1]);
	out->count = k < BN_DRIFT_MAX_BINS ? k : BN_DRIFT_MAX_BINS;
	if (low == high) {
		low -= 0.5;
		high += 0.5;
	}
	bn_linear_edges(out->edges, low, high, out->count);
	double scale = (double)out->count / (high - low);
	double *shares[2] = {out->ref, out->cur};
	for (int s = 0; s < 2; s++)
		for (size_t i = 0; i < rows[s]; i++)
			if (isfinite(side[s][i])) {
				size_t b = (size_t)((side[s][i] - low) * scale);
				shares[s][b < out->count ? b : out->count - 1] += 1 / n[s];
			}
}
