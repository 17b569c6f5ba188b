/* metric_line.h - a line of a metric file of MLflow's FileStore: see _mlruns.h. Trusts nothing. */
#ifndef BN_EXCHANGE_METRIC_LINE_H
#define BN_EXCHANGE_METRIC_LINE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bn_metric_line {
	int64_t time_ms, step; /* step 0: of a line without one */
	double value;
	char run[64], dataset[512], digest[64]; /* "" if absent */
} bn_metric_line;

/* s: n bytes without the newline. of_model: a logged model's, with a run's id. False: no such line. A step of a line with
 * a dataset is read as written (MLflow's own reader takes 0). */
bool bn_metric_line_parse(bn_metric_line *out, const char *s, size_t n, bool of_model);

#endif
