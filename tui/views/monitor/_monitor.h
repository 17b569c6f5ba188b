/* _monitor.h - internals of the monitoring screens: monitor.c (the list of reports), report.c (one report). */
#ifndef BN_TUI_VIEWS_MONITOR__MONITOR_H
#define BN_TUI_VIEWS_MONITOR__MONITOR_H
#include "tui/views/_list.h"

static inline bn_state bn_drift_state(bn_drift_verdict v)
{
	if (v == BN_DRIFT_NONE)
		return BN_STATE_OK;
	return v == BN_DRIFT_FOUND ? BN_STATE_FAIL : BN_STATE_WARN;
}

/* Shows a report beside the list. */
void bn_view_report_show(bn_view *report, const char *id);
void bn_view_report_draw(bn_view *report, bn_area a, bool focused);

#endif
