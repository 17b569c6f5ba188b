/*
 * _report.h - parts of a report's forms.
 */
#ifndef BN_CI_REPORT_INTERNAL_H
#define BN_CI_REPORT_INTERNAL_H
#include "core/ci/report.h"

/* Lines about each table: what differs from the target branch's. Names are untrusted. Nothing without data. */
void bn_ci_data_diff(bn_buf *b, const bn_ci_report *r);

#endif
