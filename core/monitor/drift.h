/*
 * drift.h - detects changes of a column. Statistics with the definitions and the default choice
 * of Evidently 0.7.21, p-values with those of SciPy.
 *
 * Independent of tables, models and files: numbers and counts in, a verdict out. Every result names
 * the test, its statistic, and what was compared with which threshold and how, because two tests of
 * the same data may disagree (a goodness of fit treats the reference as exact, a contingency test
 * does not).
 *
 * An infinite number counts as missing, like NaN; both are dropped from each side before anything
 * else. Inputs are borrowed and not changed. Thread-safe: no state.
 *
 * Default choice (bn_drift_choose), n_ref and values counted after dropping, values over both
 * sides:
 *
 *	column              n_ref <= 1000                    n_ref > 1000
 *	number, > 5 values  KS, drift if p <= 0.05           Wasserstein / deviation, if >= 0.1
 *	number, 3..5        chi-square, p < 0.05             Jensen-Shannon, >= 0.1
 *	number, <= 2        two proportions (z), p < 0.05    Jensen-Shannon, >= 0.1
 *	category, > 2       chi-square, p < 0.05             Jensen-Shannon, >= 0.1
 *	category, <= 2      two proportions (z), p < 0.05    Jensen-Shannon, >= 0.1
 *
 * Formulas (r, c: shares of reference and current per bin or value):
 *	ks         sup |F_ref - F_cur|; p exact by lattice paths up to 10 000 rows a side, else the
 *	           distribution of the one-sample statistic at round(n1 n2 / (n1 + n2)), as
 *	           scipy.stats.ks_2samp(method="auto")
 *	wasserstein  integral |F_ref - F_cur| / max(population deviation of ref, 0.001)
 *	psi        sum (r - c) ln(r / c), zero shares replaced (see below)
 *	kl         sum r ln(r / c), nats, zero shares replaced, then normalised
 *	js         square root of the Jensen-Shannon divergence, natural logarithm: at most
 *	           sqrt(ln 2) = 0.8326 (NannyML's base 2 form is this divided by that)
 *	chisquare  goodness of fit, expected = reference counts * n_cur / n_ref, k - 1 degrees
 *	z          pooled two-proportion z on "is not the smallest value", two-sided
 *	tvd        1/2 sum |r - c|       linf  max |r - c|       hellinger  sqrt(1 - sum sqrt(r c))
 * Bins for psi, kl, js, tvd and linf: a number column with more than 20 distinct reference values
 * gets Sturges bins over both sides together (numpy.histogram_bin_edges), any other column one bin
 * per distinct value; hellinger takes Sturges bins over the distinct values of a number column.
 * Zero shares of psi and kl are replaced, per side, by min / 1e6 when the least non-zero share min
 * is <= 1e-4, else by 1e-4.
 *
 * Different from Evidently, on purpose: tvd is the distance itself, where Evidently gives a
 * permutation p-value; linf is ours (as in NannyML). Numbers are float64 always: numpy >= 2 makes
 * bins of integer columns at least 1 wide.
 */
#ifndef BN_MONITOR_DRIFT_H
#define BN_MONITOR_DRIFT_H
#include "core/base/err.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum bn_drift_test {
	BN_DRIFT_AUTO = 0, /* as bn_drift_choose says */
	BN_DRIFT_KS,
	BN_DRIFT_WASSERSTEIN,
	BN_DRIFT_PSI,
	BN_DRIFT_KL,
	BN_DRIFT_JENSEN_SHANNON,
	BN_DRIFT_CHI_SQUARE,
	BN_DRIFT_Z,
	BN_DRIFT_TVD,
	BN_DRIFT_HELLINGER,
	BN_DRIFT_LINF,
	BN_DRIFT_TESTS, /* number of tests, including AUTO */
} bn_drift_test;

typedef enum bn_drift_operator {
	BN_DRIFT_P_AT_MOST = 0,     /* drift if p <= threshold */
	BN_DRIFT_P_BELOW,           /* drift if p < threshold */
	BN_DRIFT_DISTANCE_AT_LEAST, /* drift if distance >= threshold */
} bn_drift_operator;

typedef enum bn_drift_verdict {
	BN_DRIFT_NONE = 0,
	BN_DRIFT_FOUND,
	BN_DRIFT_INCONCLUSIVE, /* why says which evidence is missing */
} bn_drift_verdict;

typedef struct bn_drift_result {
	bn_drift_test test; /* never AUTO; what would have been used when inconclusive */
	bn_drift_operator op;
	bn_drift_verdict verdict;
	double statistic;    /* D, chi-square, z, or the distance itself; NaN when there is none */
	double p;            /* NaN for a distance */
	double score;        /* what is compared with the threshold: p or the distance */
	double threshold;    /* of score */
	size_t n_ref, n_cur; /* values compared */
	size_t ref_dropped, cur_dropped; /* missing, NaN or infinite */
	size_t values; /* distinct over both sides; 21 means more in large samples */
	char why[160]; /* empty, or a remark: why inconclusive, "unseen value in current" */
} bn_drift_result;

typedef struct bn_drift_options {
	bn_drift_test test; /* AUTO */
	double threshold;   /* NaN or 0: the test's default */
	size_t min_rows;    /* inconclusive with fewer values on a side; 0: 1 */
} bn_drift_options;

/* "ks", "wasserstein", ... (Evidently's names) and "Kolmogorov-Smirnov". Static. */
const char *bn_drift_test_name(bn_drift_test t);
const char *bn_drift_test_title(bn_drift_test t);
bool bn_drift_test_parse(const char *name, bn_drift_test *out);
bool bn_drift_test_takes_counts(bn_drift_test t); /* false: KS and Wasserstein need numbers */
double bn_drift_test_threshold(bn_drift_test t);  /* the default */
bn_drift_operator bn_drift_test_operator(bn_drift_test t);
const char *bn_drift_operator_text(bn_drift_operator op); /* "p <=", "p <", "distance >=" */
const char *bn_drift_verdict_name(bn_drift_verdict v);    /* "no drift", "drift", "inconclusive" */

/* values: distinct over both sides. */
bn_drift_test bn_drift_choose(bool is_number, size_t n_ref, size_t values);

/* A column of numbers. options may be NULL. Large ones are processed by two threads. BN_ENOMEM. */
int bn_drift_numbers(bn_drift_result *out, const double *ref, size_t n_ref, const double *cur,
	size_t n_cur, const bn_drift_options *options, bn_err *err);
/* A column of categories: how often each of k values occurs on either side. Values that occur on
 * neither are ignored; value 0 must be the smallest (by bytes) for the z test's sign. BN_EINVAL
 * for a test that needs numbers. */
int bn_drift_counts(bn_drift_result *out, const double *ref_counts, const double *cur_counts,
	size_t k, const bn_drift_options *options, bn_err *err);

/* ---- a whole data set ---------------------------------------------------------------------- */

typedef struct bn_drift_dataset {
	size_t columns, drifted, inconclusive;
	double share;     /* drifted / columns; NaN without columns */
	double threshold; /* 0.5 */
	bn_drift_verdict verdict;
	char why[160];
} bn_drift_dataset;

/* Drift when share >= threshold. Inconclusive if there is no column, or if the inconclusive
 * columns would decide. threshold NaN or 0: 0.5. */
void bn_drift_sum_up(
	bn_drift_dataset *out, const bn_drift_result *results, size_t n, double threshold);

/* ---- bins for a chart ---------------------------------------------------------------------- */

#define BN_DRIFT_MAX_BINS 40

typedef struct bn_drift_bins {
	size_t count;
	double edges[BN_DRIFT_MAX_BINS + 1]; /* count + 1; the last bin includes its upper edge */
	double ref[BN_DRIFT_MAX_BINS];       /* shares, sum 1 (0 without rows) */
	double cur[BN_DRIFT_MAX_BINS];
} bn_drift_bins;

/* Equal widths over both sides, Sturges' number of bins but at most the maximum. count 0 when there
 * is no finite value. */
void bn_drift_bin_numbers(
	bn_drift_bins *out, const double *ref, size_t n_ref, const double *cur, size_t n_cur);

/* ---- the distributions, for other modules and the tests -------------------------------------- */

/* P(D >= d) for two samples of n1 and n2 as scipy.stats.ks_2samp(method="auto") gives it. */
double bn_ks_2samp_sf(double d, size_t n1, size_t n2);
/* P(D_n >= d), one sample, two-sided: scipy.stats.kstwo.sf. Simard & L'Ecuyer, "Computing the
 * two-sided Kolmogorov-Smirnov distribution", J. Stat. Softw. 39(11), 2011. */
double bn_kstwo_sf(double d, double n);
/* Upper tail of chi-square with df degrees of freedom. Relative error below 1e-12. */
double bn_chi2_sf(double x, double df);

#endif
