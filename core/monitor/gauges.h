/*
 * gauges.h - the newest drift reports of the served models as Prometheus gauges, for a server's
 * more_metrics.
 *
 * One thread with a workspace refreshes them periodically; any thread writes them out.
 */
#ifndef BN_MONITOR_GAUGES_H
#define BN_MONITOR_GAUGES_H
#include "core/base/buf.h"
#include "core/store/workspace.h"

typedef struct bn_drift_gauges bn_drift_gauges;

int bn_drift_gauges_new(bn_drift_gauges **out, bn_err *err);
void bn_drift_gauges_free(bn_drift_gauges *g);
/* names[n]: models. Reads their newest readable reports; models without one are left out. warn (may be NULL) is
 * called once for a newer unreadable report. */
typedef void bn_drift_gauges_warn(void *ctx, const char *line);
int bn_drift_gauges_refresh(bn_drift_gauges *g, bn_workspace *ws, const char *const *names,
	size_t n, bn_drift_gauges_warn *warn, void *ctx, bn_err *err);
/* For bn_server_options.more_metrics, with the gauges as its user pointer. Thread-safe. */
void bn_drift_gauges_write(void *gauges, bn_buf *out);

#endif
