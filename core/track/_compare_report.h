/* _compare_report.h - the report of a comparison: compare_report.c is its order and the parts that are tables,
 * compare_pictures.c its pictures. */
#ifndef BN_TRACK__COMPARE_REPORT_H
#define BN_TRACK__COMPARE_REPORT_H
#include "core/store/workspace.h"
#include "core/track/compare.h"
#include "core/track/document.h"
#include "core/track/importance.h"

/* Parallel coordinates of the parameters that matter most, and the metric. */
int bn_report_parallel(bn_document *d, const bn_comparison *c, const bn_importance *importance,
	const bn_compare_row *metric, bn_err *err);
/* The curves of the runs, a metric each. */
int bn_report_curves(bn_document *d, bn_workspace *ws, const bn_comparison *c, bn_err *err);

#endif
