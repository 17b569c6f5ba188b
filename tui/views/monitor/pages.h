/*
 * pages.h - one drift report, with those of its model before it.
 */
#ifndef BN_TUI_VIEWS_MONITOR_PAGES_H
#define BN_TUI_VIEWS_MONITOR_PAGES_H
#include "core/monitor/report.h"
#include "core/track/run.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#define BN_WINDOWS 12

typedef struct bn_report_page {
	bn_monitor_report *report;
	/* Reports of the same model up to this one, the oldest first; this is the last. */
	size_t windows;
	double times_ms[BN_WINDOWS];
	double *severities; /* [feature * BN_WINDOWS + window], of this report's features; NaN: not known */
	/* What serves the model now, and the run that made it; without one port is 0, the run "". */
	int64_t port, requests, errors;
	double p99_ms;
	char run[BN_RUN_ID_TEXT];
	/* Of the reference only the rows that the model was trained on: the run's row filter; NULL: all, or not known. */
	const char *where;
} bn_report_page;

/* How far a score is over its threshold, so that p-values and distances can stand in one order: 1 is just drift. NaN:
 * inconclusive. */
static inline double bn_drift_severity(const bn_drift_result *r)
{
	if (isnan(r->score) || !(r->threshold > 0))
		return NAN;
	return r->op == BN_DRIFT_DISTANCE_AT_LEAST ? r->score / r->threshold
						   : r->threshold / fmax(r->score, 1e-300);
}

#endif
