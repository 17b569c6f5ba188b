/*
 * best.h - which value of a metric is the best one. The only place that decides it: used by the
 * filter's best(), comparisons, a run's screen and its list.
 *
 * The direction goes by the metric's name: first the whole name, then what follows each '/', '.',
 * '_', '-' or space ("val_rmse", "test/accuracy"); the first known part decides. Known are the
 * metrics of core/learn/evaluate.h and the usual names in best.c. NaN is never a candidate;
 * infinities are numbers. If the direction is not known the best value is absent.
 */
#ifndef BN_TRACK_BEST_H
#define BN_TRACK_BEST_H
#include <stdbool.h>

int bn_metric_direction(
	const char *key); /* -1: smaller is better, +1: larger is better, 0: unknown */
/* The best of a series with these minimum and maximum (NaN: none). NaN: absent. */
double bn_metric_best(const char *key, double min, double max);
/* Whether a is strictly better than b; a number is better than NaN. Never when direction is 0. */
bool bn_metric_beats(int direction, double a, double b);

/* The place of a metric's name without its part ("rmse" of "test_rmse") among the usual summaries of a task, from 0;
 * BN_METRIC_RANKS: it is none. */
#define BN_METRIC_RANKS 6
int bn_metric_rank(const char *word);
/* Skips the part in front of a name: "rmse" of "test_rmse", "val/rmse", "train_rmse". */
const char *bn_metric_word(const char *key);

#endif
