/*
 * seeds.h - whether settings differ by more than chance, over runs that repeat each of them with several seeds.
 *
 * Runs of a comparison with the same setting are those in which everything that differs is equal except the seed:
 * parameters, what was run (of a command without its seed), data, and code. Each setting is tested against that of the baseline, paired by seed, by
 * Student's t test and by Wilcoxon's signed-rank test, two-sided; the p values are corrected for the number of settings
 * by Holm's method (core/profile/paired.h). Intervals are 95 % bootstrap intervals of the mean.
 *
 * Several runs with one seed count once, with their mean. Runs without a number, measured on other terms than the
 * baseline (terms.h), or without the seed that others have, are left out and counted. With n pairs no signed-rank test has a p below 2^(1-n): below six
 * pairs it cannot reach 5 %.
 */
#ifndef BN_TRACK_SEEDS_H
#define BN_TRACK_SEEDS_H
#include "core/base/mem.h"
#include "core/track/compare.h"

#define BN_SEEDS_LEVEL 0.95
#define BN_SEEDS_RESAMPLES 10000

typedef struct bn_seed_setting {
	const char *label; /* "learning_rate 0.01, hidden 16": what differs among settings */
	const size_t *runs; /* indexes of the comparison */
	size_t run_count, seeds;
	double mean, deviation, low, high; /* over seeds; NaN below two */
	/* Against the baseline's setting; NaN there, and where there are too few pairs. */
	size_t pairs;
	double difference, difference_low, difference_high; /* the mean of own - baseline's */
	double t, t_p, t_p_holm, w, w_p, w_p_holm;
} bn_seed_setting;

typedef struct bn_seeds {
	const char *metric, *seed; /* keys; seed NULL: no parameter is one */
	int better;                /* -1: smaller is better, +1: larger, 0: unknown */
	bn_seed_setting *settings; /* the baseline's first, then in the order of their first runs */
	size_t count;
	size_t left_out, without_seed; /* runs; those among them that have no seed, but a number */
	bn_arena arena;
} bn_seeds;

/* metric: NULL for the main one (bn_comparison_main_metric). BN_ENOTFOUND: the runs have no such metric. *out is yours,
 * and borrows from the comparison. */
int bn_seeds_compare(bn_seeds **out, const bn_comparison *c, const char *metric, bn_err *err);
void bn_seeds_free(bn_seeds *s);
/* Whether some setting can be tested: it shares two seeds with the baseline's. */
bool bn_seeds_have_pairs(const bn_seeds *s);
/* "2 runs are left out: 1 without seed, 1 without the metric or measured on other rows"; "" if none is. */
#define BN_SEEDS_TEXT 200
const char *bn_seeds_left_out(char out[BN_SEEDS_TEXT], const bn_seeds *s);
/* Whether some setting has several runs with one seed, so that its deviation is one of means. */
bool bn_seeds_are_repeated(const bn_seeds *s);
/* {"metric", "better", "seed", "left_out", "without_seed", "settings": [{"setting", "runs": ids, "seeds", "mean", ..., "w_p_holm"}]} */
int bn_seeds_to_json(json_t **out, const bn_seeds *s, const bn_comparison *c, bn_err *err);

/* Whether a parameter is a seed by its name: "seed", "random_state", "torch_seed", ... */
bool bn_param_is_seed(const char *key);

#endif
