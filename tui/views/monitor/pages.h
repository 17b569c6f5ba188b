/*
 * pages.h - one drift report, with the earlier ones of its model.
 */
#ifndef BN_TUI_VIEWS_MONITOR_PAGES_H
#define BN_TUI_VIEWS_MONITOR_PAGES_H
#include "core/monitor/report.h"
#include "core/track/run.h"
#include "tui/views/pages.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#define BN_WINDOWS 12

typedef struct bn_report_page {
	bn_monitor_report *report;
	/* Reports of the same model up to this one, oldest first; this is the last. */
	size_t windows;
	double times_ms[BN_WINDOWS];
	double *severities; /* [feature * BN_WINDOWS + window], for this report's features; NaN: unknown */
	/* The server of the model now, and the run that made it; port 0: none; run "": none. */
	int64_t port, requests, errors;
	double p99_ms;
	char run[BN_RUN_ID_TEXT];
	char train[BN_REF_BYTES]; /* the newest version of the data of that run, to train on again; "": it is the newest */
	/* The row filter of the run: the reference is only the rows that the model was trained on; NULL: all, or
	 * unknown. */
	const char *where;
} bn_report_page;

/* The score relative to its threshold, so that p-values and distances can be ordered together: drift is 1 or more. NaN:
 * inconclusive. */
static inline double bn_drift_severity(const bn_drift_result *r)
{
	if (isnan(r->score) || !(r->threshold > 0))
		return NAN;
	return r->op == BN_DRIFT_DISTANCE_AT_LEAST ? r->score / r->threshold
						   : r->threshold / fmax(r->score, 1e-300);
}

#endif
