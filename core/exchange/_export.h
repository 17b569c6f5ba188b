/* _export.h - an export in progress: a run with all that is sent of it, and the kinds of targets. See exchange.h. */
#ifndef BN_EXCHANGE_EXPORT_H
#define BN_EXCHANGE_EXPORT_H
#include "core/exchange/_source.h"
#include "core/track/experiment.h"
#include "core/track/run_links.h"
#include "core/track/series.h"

/* A run as MLflow has it. */
typedef struct bn_export_run {
	bn_run_info *info;
	bn_experiment *experiment;
	const char *experiment_name; /* "Default" of `default` */
	const char *status;          /* RUNNING, SCHEDULED, FINISHED, FAILED or KILLED */
	const char *user;
	bn_pairs params;
	json_t *tags; /* {key: text}, with MLflow's own */
	bn_run_links links;
	bn_series_list series;
	bn_artifacts files;
} bn_export_run;

typedef struct bn_exporter bn_exporter;
typedef struct bn_dst bn_dst;

typedef struct bn_dst_ops {
	const char *kind; /* "mlruns" */
	/* Adds what the target lacks of the run, and counts it. A thing that it cannot take is noted. */
	int (*send)(bn_dst *d, bn_exporter *x, const bn_export_run *r, bn_err *err);
	void (*close)(bn_dst *d);
} bn_dst_ops;

/* The first member of every target's struct. */
struct bn_dst {
	const bn_dst_ops *ops;
};

struct bn_exporter {
	bn_workspace *ws;
	const bn_export_options *options;
	bn_exchange_report *report;
	bool grew; /* something was added to the run that is sent */
};

int bn_dst_dir_open(
	bn_dst **out, const bn_env *env, const char *path, const bn_export_options *o, bn_err *err);
int bn_dst_server_open(bn_dst **out, const bn_env *env, const char *address,
	const bn_export_options *o, bn_exchange_report *report, bn_err *err);

#endif
