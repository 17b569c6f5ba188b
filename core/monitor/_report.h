/* _report.h - shared by report.c, report_json.c and report_store.c. */
#ifndef BN_MONITOR_REPORT_INTERNAL_H
#define BN_MONITOR_REPORT_INTERNAL_H
#include "core/data/dataset.h"
#include "core/monitor/report.h"

/* Details as in the object, without the object's own hash. */
int bn_monitor_report_parse(bn_monitor_report **out, const json_t *doc, bn_err *err);
/* Stores the details, appends monitor.report, commits; sets r->object. */
int bn_monitor_report_keep(bn_monitor_report *r, bn_workspace *ws, bn_err *err);

/* The dataset version that the model was trained on, yours; NULL: this workspace does not have it. */
bn_dataset_version *bn_monitor_training_version(bn_workspace *ws, const bn_predictor *p);

#endif
