/*
 * best.h - which value of a metric is the best one. The one place that decides it: the filter's
 * best(), comparisons, a run's screen and its list all ask here.
 *
 * The direction goes by the metric's name: the whole name, then what follows each '/', '.', '_',
 * '-' or space ("val_rmse", "test/accuracy"), the first part that is known deciding. Known are the
 * metrics of core/learn/evaluate.h and the usual names in best.c. NaN is never a candidate;
 * infinities are numbers. Where the direction is not known there is no best value: it is absent.
 */
#ifndef BN_TRACK_BEST_H
#define BN_TRACK_BEST_H
#include <stdbool.h>

int bn_metric_direction(const char *key); /* -1 smaller is better, +1 larger is, 0 not known */
/* Of a series whose least and largest numbers these are (NaN: it has none). NaN: absent. */
double bn_metric_best(const char *key, double min, double max);
/* Whether a is strictly better than b; a number is better than NaN. Never when direction is 0. */
bool bn_metric_beats(int direction, double a, double b);

#endif
