/*
 * _export.h - shared by gauges.c and export.c.
 */
#ifndef BN_MONITOR_EXPORT_INTERNAL_H
#define BN_MONITOR_EXPORT_INTERNAL_H
#include "core/base/buf.h"
#include "core/monitor/report.h"

/* The families binnacle_drift_* of those reports, one of each model; nothing if there are none. workspace: the label of
 * that name, or NULL. features: the most of a report; the first ones are written. */
void bn_drift_families_write(bn_buf *out, const char *workspace,
	bn_monitor_report *const *reports, size_t n, size_t features);

#endif
