/*
 * source.h - where the pages of the views come from.
 *
 * A source is a table of page functions (tui/ui/page.h). They run on worker threads with that
 * lane's context. Page data is what the rooms of core return (immutable, freed with the page), or
 * one of the structs below, made in the page's arena. Arguments are flat structs that are copied.
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

#include <stdbool.h>
#include <stdint.h>

typedef enum bn_state {
	BN_STATE_NONE, /* nothing there */
	BN_STATE_OK,
	BN_STATE_WAIT, /* for a person */
	BN_STATE_RUN,
	BN_STATE_WARN,
	BN_STATE_FAIL,
} bn_state;

#define BN_REF_BYTES 160

/* ---- overview ------------------------------------------------------------------------------------ */

/* In the order of a model's life; names in overview.c. */
typedef enum bn_station_id {
	BN_STATION_INGEST,
	BN_STATION_PROFILE,
	BN_STATION_TRANSFORM,
	BN_STATION_VALIDATE,
	BN_STATION_SPLIT,
	BN_STATION_TRAIN,
	BN_STATION_EVALUATE,
	BN_STATION_SCALE,
	BN_STATION_APPROVE,
	BN_STATION_DEPLOY,
	BN_STATION_SERVE,
	BN_STATION_MONITOR,
	BN_STATION_LOG,
	BN_STATION_COUNT
} bn_station_id;

typedef struct bn_station {
	bn_state state;
	int64_t count;      /* -1 unknown */
	const char *detail; /* "3 datasets, 7 versions" */
} bn_station;

typedef struct bn_news {
	int64_t time_ms;
	const char *text; /* "ada  model.approved  model/power" */
} bn_news;

typedef struct bn_overview {
	bn_station stations[BN_STATION_COUNT];
	const char
		*who; /* who the user is here, or how to become somebody; NULL: known by the uid */
	bool is_nobody;      /* the key is not admitted */
	int64_t requests;    /* keys that ask, when the user may admit them */
	int64_t to_sign;     /* links that wait for the user's signature */
	int64_t late;        /* acts of the user to repeat */
	const bn_news *news; /* newest first */
	size_t news_count;
} bn_overview;

/* ---- data ---------------------------------------------------------------------------------------- */

typedef struct bn_ref_arg {
	char ref[BN_REF_BYTES]; /* "power@v3", a run id, "power/3", a report id; "": all */
} bn_ref_arg;

typedef struct bn_profile_arg {
	char ref[BN_REF_BYTES];
	char filter[256]; /* as of bn_order_arg; "": all rows */
} bn_profile_arg;

#define BN_ORDER_KEYS 4
typedef struct bn_order_key {
	int column; /* -1: the place of the row in the table */
	bool descending;
} bn_order_key;

/* Which rows of a table, in which order: an empty filter and no sort is the table as it lies. */
typedef struct bn_order_arg {
	char ref[BN_REF_BYTES];
	/* Words that a row must hold, and tests: power>250 state=FAILED "my col">=1 note~disk
	 * x= (absent). Quotes where there are blanks. */
	char filter[256];
	bn_order_key sort[BN_ORDER_KEYS]; /* the first decides, then the next */
	int sorts;                        /* 0: as they lie */
} bn_order_arg;

typedef struct bn_order {
	const int64_t *rows; /* NULL: every row in its own order */
	int64_t count;       /* rows that match */
	int64_t total;       /* rows of the table */
	size_t columns;
	const char *const *names, *const *units; /* unit NULL: not known */
	const bool *is_number;
} bn_order;

#define BN_WINDOW_ROWS 256
typedef struct bn_window_arg {
	char ref[BN_REF_BYTES];
	int64_t rows[BN_WINDOW_ROWS]; /* row numbers */
	int count;
	int64_t first; /* position of rows[0] in the order, for the view */
} bn_window_arg;

typedef struct bn_window {
	int64_t first;
	int count;
	size_t columns;
	const char *const *cells; /* [count * columns]; NULL: absent */
} bn_window;

typedef struct bn_frequency_arg {
	char ref[BN_REF_BYTES];
	char filter[256];
	char column[128];
} bn_frequency_arg;

typedef struct bn_frequency {
	const char *const *filters; /* what shows just these rows: bn_order_arg.filter */
	const char *const *values;  /* NULL: absent values */
	const int64_t *counts; /* falling; bins of a continuous column stand in their own order */
	size_t count;
	int64_t total, others; /* rows; rows whose values are not listed */
	bool exact;            /* false: counts may be a little low */
} bn_frequency;

typedef struct bn_check_row {
	const char *expectation, *column, *wanted, *observed;
	int64_t failing; /* rows; -1 unknown or not about rows */
	bn_state state;
	const int64_t *rows; /* numbers of failing rows, as many as were kept */
	size_t row_count;
} bn_check_row;

typedef struct bn_checks {
	const char *suite;
	int64_t checked_ms; /* 0: never checked */
	const bn_check_row *items;
	size_t count;
} bn_checks;

/* ---- runs ---------------------------------------------------------------------------------------- */

/* The fixed columns that follow the run's own fields are metrics and params found in the index. */
#define BN_RUN_FIELDS 8
/* Up to so many runs come in one page, which the view sorts and searches by itself. Of more, the
 * page is a window, sorted and searched by the source. */
#define BN_RUNS_WINDOW 1000
typedef enum bn_runs_at {
	BN_RUNS_FIRST,  /* the page begins with the first run */
	BN_RUNS_LAST,   /* the last page */
	BN_RUNS_FROM,   /* at the row with the mark */
	BN_RUNS_BEFORE, /* it ends before the row with the mark */
	BN_RUNS_PLACE,  /* so many runs before it */
} bn_runs_at;

typedef struct bn_runs_arg {
	uint64_t have;    /* bn_runs.generation of the page at hand; 0: none */
	char filter[384]; /* as core/track/query.h has it; "": all */
	char sort[512];   /* the same; "": newest first */
	char search[128]; /* words; "": all */
	bn_runs_at at;
	int64_t place;
	char mark[640]; /* bn_run_row.mark */
} bn_runs_arg;

/* No page data without an error means that nothing changed since `have`. */
typedef struct bn_runs {
	bn_run_page *page;
	uint64_t generation;
	size_t columns;
	const char *const *fields; /* "metrics.rmse": one per cell */
	bn_queue *queue;           /* of this user on this host */
} bn_runs;

typedef struct bn_curve {
	const char *run, *key;
	const double *x, *y; /* min and max of each bucket in turn: the envelope */
	size_t n;
	int64_t points, nan_count;
} bn_curve;

typedef struct bn_run_arg {
	char id[BN_RUN_ID_TEXT];
	char metric[128]; /* "": the first */
} bn_run_arg;

typedef struct bn_run_detail {
	bn_run_info *info;
	bn_pairs params, tags;
	const char *const *metrics;  /* names */
	const double *last, *best;   /* NaN unknown */
	size_t metric_count, metric; /* metric: index of the curve; metric_count when none */
	bn_curve curve;
	const char *const *log; /* last lines of the console */
	size_t log_count;
	int64_t now_ms;
	bn_sched_job job; /* of one that waits in a queue: its place, and why */
} bn_run_detail;

#define BN_COMPARE_MAX 8
typedef struct bn_compare_arg {
	char ids[BN_COMPARE_MAX][BN_RUN_ID_TEXT];
	size_t count, baseline;
	char metric[128];
} bn_compare_arg;

typedef struct bn_compare_page {
	bn_comparison *table;
	const char *const *metrics;
	size_t metric_count, metric;
	bn_curve curves[BN_COMPARE_MAX];
} bn_compare_page;

/* ---- models -------------------------------------------------------------------------------------- */

typedef struct bn_models {
	bn_inbox *inbox;
	bn_version_page *versions;
} bn_models;

typedef enum bn_deed {
	BN_DEED_APPROVE,
	BN_DEED_REJECT,
	BN_DEED_STOP,
	BN_DEED_QUEUE_PAUSE,
	BN_DEED_QUEUE_RESUME,
	BN_DEED_REQUEST, /* ref: the wanted name, or "" */
	BN_DEED_ACCEPT,  /* ref: the key that asks, in hex; roles */
	BN_DEED_GRANT,   /* ref: a person; roles: the one */
	BN_DEED_REVOKE,
	BN_DEED_REMOVE,
	BN_DEED_SIGN, /* ref: a link's id, in hex */
} bn_deed;

#define BN_STOP_MAX 64

typedef struct bn_deed_arg {
	bn_deed deed;
	char ref[BN_REF_BYTES];
	char reason[512];
	unsigned roles; /* bits 1u << role */
	bool override;  /* approve although blocking gates do not pass */
	/* BN_DEED_STOP of several, by unique beginnings of their ids; 0: the one in ref. Those that are over stay
	 * as they are. */
	size_t stop_count;
	char stop[BN_STOP_MAX][BN_RUN_ID_TEXT];
} bn_deed_arg;

/* ---- people -------------------------------------------------------------------------------------- */

/* Who is who and by whose word. Without a chain of authority the lists are NULL. */
typedef struct bn_authority_page {
	bool is_chained;
	bn_self me;
	char print[25]; /* of the user's key; "" for none */
	unsigned roles; /* of the user: bits 1u << role */
	bn_people *people;
	bn_link_list *links;
	bn_late_list *late;
} bn_authority_page;

/* ---- jobs ---------------------------------------------------------------------------------------- */

typedef struct bn_finding {
	bn_state state;
	const char *what;  /* "file model.safetensors" */
	const char *found; /* what is wrong with it, or how much was looked at; may be "" */
} bn_finding;

/* What verifying says. */
typedef struct bn_findings {
	const char *about;   /* "power/1", "the log" */
	const char *verdict; /* one sentence */
	bn_state state;
	const bn_finding *items;
	size_t count;
} bn_findings;

typedef struct bn_export_arg {
	bn_order_arg rows;
	char path[512]; /* TSV when it ends with .tsv, else CSV; replaced when it is there */
} bn_export_arg;

typedef struct bn_add_arg {
	char name[128], uri[512];
} bn_add_arg;

typedef struct bn_recheck_arg {
	char ref[BN_REF_BYTES];
	char suite[512]; /* a file; "": the suite that the version was checked by last */
} bn_recheck_arg;

/* ---- the table ----------------------------------------------------------------------------------- */

typedef struct bn_page_source {
	bn_page_fn status;    /* no argument; char * for the title */
	bn_page_fn overview;  /* bn_overview */
	bn_page_fn datasets;  /* bn_dataset_list */
	bn_page_fn versions;  /* bn_ref_arg (a name); bn_dataset_versions */
	bn_page_fn order;     /* bn_order_arg; bn_order */
	bn_page_fn window;    /* bn_window_arg; bn_window */
	bn_page_fn profile;   /* bn_profile_arg; bn_profile. Without data or error: not made yet */
	bn_page_fn frequency; /* bn_frequency_arg; bn_frequency, or as profile */
	bn_page_fn checks;    /* bn_ref_arg; bn_checks */
	bn_page_fn runs;      /* bn_runs_arg; bn_runs */
	bn_page_fn run;       /* bn_run_arg; bn_run_detail */
	bn_page_fn compare;   /* bn_compare_arg; bn_compare_page */
	bn_page_fn models;    /* bn_models */
	bn_page_fn sheet;     /* bn_ref_arg; bn_inbox_item */
	bn_page_fn deed;      /* bn_deed_arg; char *: what was done, in words */
	bn_page_fn reports;   /* bn_monitor_reports * (made with bn_alloc) */
	bn_page_fn report;    /* bn_ref_arg; bn_monitor_report with features */
	bn_page_fn endpoints; /* bn_endpoints */
	bn_page_fn audit;     /* bn_audit_page */
	bn_page_fn authority; /* bn_authority_page */
	/* As jobs (tui/ui/job.h). */
	bn_page_fn make_profile;   /* as profile, with data */
	bn_page_fn make_frequency; /* as frequency, with data */
	bn_page_fn verify_log;     /* bn_findings */
	bn_page_fn verify_model;   /* bn_ref_arg ("power/3"); bn_findings */
	bn_page_fn make_report;    /* bn_ref_arg (a model); char *: the report's id */
	bn_page_fn export_rows;    /* bn_export_arg; char *: the path */
	bn_page_fn add_data;       /* bn_add_arg; char *: the version, "jobs@v3" */
	bn_page_fn check;          /* bn_recheck_arg; char *: the version */
} bn_page_source;

/* The workspace that dir lies in; contexts are bn_workspaces, one per lane. */
const bn_page_source *bn_source_workspace(void);
int bn_source_open(void **context, const char *dir, bn_err *err);
void bn_source_close(void *context);

#endif
