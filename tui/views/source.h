/*
 * source.h - the source of the views' pages.
 *
 * A source is a table of page functions (tui/ui/page.h). They run on worker threads with that
 * lane's context. Page data is what the modules of core return (immutable, freed with the page), or
 * one of the structs below, allocated in the page's arena. Arguments are flat structs that are
 * copied.
 *
 * The real one (bn_source_workspace) reads a workspace; tests have one of canned data, so every
 * screen can be drawn without a workspace and with a fixed clock.
 */
#ifndef BN_TUI_VIEWS_SOURCE_H
#define BN_TUI_VIEWS_SOURCE_H
#include "core/data/dataset.h"
#include "core/govern/audit.h"
#include "core/govern/people.h"
#include "core/govern/rights.h"
#include "core/govern/trust.h"
#include "core/launch/executor.h"
#include "core/launch/queue.h"
#include "core/monitor/report.h"
#include "core/profile/profile.h"
#include "core/registry/late.h"
#include "core/registry/registry.h"
#include "core/serve/endpoint.h"
#include "core/track/compare.h"
#include "core/track/query.h"
#include "core/track/run.h"
#include "tui/ui/page.h"
#include "tui/views/audit/pages.h"
#include "tui/views/charts/pages.h"
#include "tui/views/checks/pages.h"
#include "tui/views/data/pages.h"
#include "tui/views/launch/pages.h"
#include "tui/views/models/pages.h"
#include "tui/views/monitor/pages.h"
#include "tui/views/overview/pages.h"
#include "tui/views/people/pages.h"
#include "tui/views/profile/pages.h"
#include "tui/views/protect/pages.h"
#include "tui/views/remotes/pages.h"
#include "tui/views/rows/pages.h"
#include "tui/views/runs/pages.h"
#include "tui/views/split/pages.h"
#include "tui/views/suites/pages.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct bn_page_source {
	bn_page_fn status;       /* no argument; char * for the title */
	bn_page_fn overview;     /* bn_overview_arg, or none; bn_overview */
	bn_page_fn datasets;     /* bn_datasets_page */
	bn_page_fn versions;     /* bn_ref_arg (a name); bn_dataset_versions */
	bn_page_fn version;      /* bn_ref_arg; bn_data_answer */
	bn_page_fn changes;      /* bn_changes_arg; bn_changes_page */
	bn_page_fn row_changes;  /* bn_changes_arg, with a key; bn_row_changes_page */
	bn_page_fn changed_rows; /* bn_changed_rows_arg; bn_changed_rows */
	bn_page_fn order;        /* bn_order_arg; bn_order */
	bn_page_fn window;       /* bn_window_arg; bn_window */
	bn_page_fn totals;       /* bn_rows_of; bn_totals */
	bn_page_fn correlations; /* bn_rows_of; bn_correlations */
	bn_page_fn profile; /* bn_profile_arg; bn_profile. Without data or error: not computed
			     * yet */
	bn_page_fn frequency; /* bn_frequency_arg; bn_frequency, or as profile */
	bn_page_fn checks;    /* bn_checks_arg; bn_checks */
	bn_page_fn protection; /* bn_ref_arg (a dataset); bn_protect_page */
	bn_page_fn protect;    /* bn_protect_arg; char *: a description of what was done */
	bn_page_fn suites;    /* bn_ref_arg (a dataset); bn_suites_page */
	bn_page_fn runs;      /* bn_runs_arg; bn_runs */
	bn_page_fn curves;    /* bn_curves_arg; bn_curves */
	bn_page_fn run;       /* bn_run_arg; bn_run_detail */
	bn_page_fn origin;    /* bn_ref_arg (a run's id); bn_origin */
	bn_page_fn find;      /* bn_find_arg; bn_found_page */
	bn_page_fn words;     /* bn_words_arg; bn_words */
	bn_page_fn launch;    /* bn_launch_arg; bn_launch_page */
	bn_page_fn warnings;  /* bn_warnings_arg; bn_warnings */
	bn_page_fn start;     /* bn_start_arg; bn_started */
	bn_page_fn split_form; /* bn_ref_arg (a version); bn_split_form */
	bn_page_fn split_plan; /* bn_split_arg; bn_split_report */
	bn_page_fn compare;   /* bn_compare_arg; bn_compare_page */
	bn_page_fn statistics; /* bn_compare_arg; bn_statistics_page */
	bn_page_fn charts;    /* bn_charts_arg; bn_charts_page */
	bn_page_fn object;    /* bn_object_arg; char * */
	bn_page_fn code;      /* bn_code_arg; char *: the code differences of two runs */
	bn_page_fn models;    /* bn_models */
	bn_page_fn sheet;     /* bn_ref_arg; bn_sheet */
	bn_page_fn card;      /* bn_ref_arg (a version); char * */
	bn_page_fn action;    /* bn_action_arg; char *: a description of what was done */
	bn_page_fn reports;   /* bn_monitor_reports * (made with bn_alloc) */
	bn_page_fn report;    /* bn_ref_arg; bn_report_page */
	bn_page_fn endpoints; /* bn_endpoints */
	bn_page_fn remotes;   /* bn_remote_rows */
	bn_page_fn audit;     /* bn_audit_arg; bn_audit_page */
	bn_page_fn authority; /* bn_authority_page */
	/* As jobs (tui/ui/job.h). */
	bn_page_fn make_profile;   /* as profile, with data */
	bn_page_fn make_frequency; /* as frequency, with data */
	bn_page_fn verify_log;     /* bn_findings */
	bn_page_fn verify_model;   /* bn_ref_arg ("power/3"); bn_findings */
	bn_page_fn make_skew;      /* bn_ref_arg (a model); char *: lines */
	bn_page_fn make_report;    /* bn_ref_arg (a model); char *: the report's id */
	bn_page_fn reproduce;      /* bn_reproduce_arg; char *: the result */
	bn_page_fn export_rows;    /* bn_export_arg; char *: the path */
	bn_page_fn export_runs;    /* bn_runs_export_arg; char *: the path */
	bn_page_fn add_data;       /* bn_add_arg; char *: the version, "jobs@v3" */
	bn_page_fn make_split;     /* bn_split_arg; char *: the name of the first part */
	bn_page_fn check;          /* bn_recheck_arg; char *: the version */
	bn_page_fn share;          /* bn_share_arg; char *: the remote */
} bn_page_source;

/* The workspace in dir; contexts are bn_workspaces, one per lane. */
const bn_page_source *bn_source_workspace(void);
/* env: borrowed; it must outlive the context. */
int bn_source_open(void **context, const bn_env *env, const char *dir, bn_err *err);
/* A context of a workspace that is open and was judged just now. Both are taken, also by a call that fails; trust may be
 * NULL. */
int bn_source_take(void **context, bn_workspace *ws, bn_trust *trust, bn_err *err);
void bn_source_close(void *context);

#endif
