/*
 * compare_report.h - a comparison of runs as a report to keep or to send: Markdown, or one HTML file with pictures.
 *
 * It has the runs with the settings that differ and their metrics, significance over seeds (seeds.h), the importance of
 * parameters (importance.h), how their data differs (compare_data.h), their code (the baseline against each other state
 * of it), their environments, and, in HTML, parallel coordinates and curves. A part without content is left out.
 */
#ifndef BN_TRACK_COMPARE_REPORT_H
#define BN_TRACK_COMPARE_REPORT_H
#include "core/base/buf.h"
#include "core/base/progress.h"
#include "core/track/compare.h"

typedef struct bn_compare_report_wish {
	bool is_html;
	const char *metric;       /* what the statistics are about; NULL: the main metric */
	const bn_progress *watch; /* NULL is fine */
} bn_compare_report_wish;

/* Appends it. BN_ENOTFOUND for a metric that the runs do not have. */
int bn_compare_report(bn_buf *out, bn_workspace *ws, const bn_comparison *c,
	const bn_compare_report_wish *wish, bn_err *err);

#endif
