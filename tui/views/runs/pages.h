/*
 * pages.h - a window on the table of runs, one run, a comparison of runs.
 */
#ifndef BN_TUI_VIEWS_RUNS_PAGES_H
#define BN_TUI_VIEWS_RUNS_PAGES_H
#include "core/launch/executor.h"
#include "core/launch/queue.h"
#include "core/track/compare.h"
#include "core/track/curve.h"
#include "core/track/importance.h"
#include "core/track/kin.h"
#include "core/track/run_links.h"
#include "core/track/seeds.h"
#include "core/track/query.h"
#include "core/track/run.h"
#include "tui/views/charts/pages.h"
#include "tui/views/pages.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The fixed columns after the run's own fields are metrics and params found in the index. */
#define BN_RUN_FIELDS 24
/* Up to so many runs are one page, which the view sorts and searches itself. Of more, the page is a
 * window, sorted and searched by the source. */
#define BN_RUNS_WINDOW 1000
/* Rows of such a window: with those above and below the visible ones. */
#define BN_RUNS_PART 250
/* Maximum of open groups in such a list. */
#define BN_RUNS_OPEN 32
typedef enum bn_runs_at {
	BN_RUNS_FIRST,  /* the page begins with the first run */
	BN_RUNS_LAST,   /* the last page */
	BN_RUNS_FROM,   /* at the row with the mark */
	BN_RUNS_BEFORE, /* it ends before the row with the mark */
	BN_RUNS_PLACE,  /* so many runs before it */
} bn_runs_at;

/* room for BN_GRID_SORTS keys with their prefixes */
#define BN_RUNS_SORT (4 * (BN_KEY_BYTES + 16))
typedef struct bn_runs_arg {
	uint64_t have;                 /* bn_runs.generation of the current page; 0: none */
	bool removed;                  /* those in the trash */
	char filter[BN_TYPED_BYTES];   /* in the syntax of core/track/query.h; "": all */
	char sort[BN_RUNS_SORT];       /* likewise; "": newest first */
	char search[BN_FILTER_BYTES];  /* words; "": all */
	char group[BN_KEY_BYTES + 16]; /* a field of text; "": none */
	uint64_t open[BN_RUNS_OPEN];   /* keys of the groups whose runs are listed; of a tree, of the runs turned */
	size_t open_count;
	bool tree, unfolded; /* of bn_run_query */
	bn_run_sum_kind ordered; /* of bn_run_query */
	uint32_t summed; /* bits: fields for which groups have means, and folded runs the best below them */
	bool is_window;  /* there are more runs than fit into one page */
	bn_runs_at at;
	int64_t place;
	char mark[640]; /* bn_run_row.mark */
} bn_runs_arg;

/* Writes runs to a file, as a job. */
typedef struct bn_runs_export_arg {
	bool removed;
	char filter[BN_TYPED_BYTES], search[BN_FILTER_BYTES]; /* as of bn_runs_arg */
	char sort[BN_RUNS_SORT];
	char columns[8192]; /* in the syntax of core/track/query.h, separated by commas */
	char path[BN_PATH_BYTES]; /* replaced if it exists; its ending gives the format */
} bn_runs_export_arg;

/* No page data without an error means that nothing changed since `have`. */
typedef struct bn_runs {
	bn_run_page *page;
	bn_run_page *all; /* of a tree of up to BN_RUNS_WINDOW runs: all of them; else NULL */
	uint64_t generation;
	size_t columns;
	const char *const *fields; /* "metrics.rmse": one per cell; after these a row has
				    * BN_RUN_EXTRA more */
	const int *told;    /* one per field: the rank of a parameter, 0 is the most informative */
	const bool *folded; /* one per field: it has no information about these runs */
	const char *same,
		*sparse; /* summary of folded ones: what all share, and what few have; "" none */
	bn_queue *queue; /* of this user on this host */
	bool mixed; /* those with the first metric are measured on different terms: none is the best */
	const char *absent; /* the key in the filter that no run has, in words; NULL: none */
} bn_runs;

/* Cells of a row after its fields. */
enum { BN_RUN_STAR, BN_RUN_NOTE, BN_RUN_PARENT, BN_RUN_PARENT_NAME, BN_RUN_KIND, BN_RUN_EXTRA };

#define BN_CURVES_MAX 64
typedef struct bn_curves_arg {
	char ids[BN_CURVES_MAX][BN_RUN_ID_TEXT];
	bool live[BN_CURVES_MAX];
	size_t count;
} bn_curves_arg;

/* The requested runs, each with its default series. */
typedef struct bn_curves {
	bn_curves_arg runs;
	bn_spark sparks[BN_CURVES_MAX];
} bn_curves;

typedef struct bn_run_arg {
	char id[BN_RUN_ID_TEXT];
	char metric[BN_KEY_BYTES]; /* "": the most interesting one */
	bn_run_axis axis;
	double from, to; /* the requested part of the axis; to <= from: all */
	bool grid;       /* with curves of the metrics whose names contain these words; "": all */
	char words[BN_TYPED_BYTES];
} bn_run_arg;

#define BN_RUN_GRID 24 /* curves that come so */

typedef struct bn_run_detail {
	bn_run_arg asked;
	bn_run_info *info;
	bn_pairs params, tags;
	bn_run_kins kins;       /* the run above, and the first of those below */
	bn_run_links links;     /* datasets and logged models */
	bn_artifacts artifacts;
	const char *const *metrics;  /* names */
	const double *last, *best;   /* NaN unknown */
	const int64_t *points;       /* of each */
	const bn_spark *sparks;      /* of each; without points if there is one value, or enough
				 * others */
	size_t metric_count, metric; /* metric: index of the curve; metric_count if none */
	bn_curve curve, partner;     /* partner: the same metric of the other part; n 0: none */
	const bn_curve *grid; /* of other metrics than the curve and its partner, those of most
			       * interest first */
	size_t grid_count;
	double length;          /* of the whole curve along the axis */
	int64_t step, steps;    /* steps done, and total; 0 unknown */
	const char *const *log; /* last lines of the console */
	size_t log_count;
	const char *log_end; /* the end of the last one; lines point into one text */
	int64_t log_bytes;   /* total bytes printed */
	int64_t now_ms;
	bn_sched_job job;  /* of a queued one: its position, and why */
	bool is_partial;   /* more of its points are being read: ask again */
	bool is_resumable; /* it has a checkpoint from which no run has continued yet */
} bn_run_detail;

typedef enum bn_origin_opens {
	BN_ORIGIN_NOTHING,
	BN_ORIGIN_ROWS,   /* ref: "jobs@v3" */
	BN_ORIGIN_RUN,    /* an id */
	BN_ORIGIN_MODEL,  /* "power/3" */
	BN_ORIGIN_OBJECT, /* the hash of a text */
	BN_ORIGIN_TEXT,   /* the text itself */
} bn_origin_opens;

typedef struct bn_origin_line {
	const char *what, *text, *ref;
	bn_origin_opens opens;
	const char *why; /* of one that opens nothing: why; NULL: it is all of it */
} bn_origin_line;

/* The lineage of a run. */
typedef struct bn_origin {
	bn_origin_line *lines;
	size_t count;
} bn_origin;

typedef struct bn_compare_arg {
	char ids[BN_COMPARE_MAX][BN_RUN_ID_TEXT];
	size_t count, baseline;
	char metric[BN_KEY_BYTES]; /* "": the default of the baseline */
} bn_compare_arg;

/* The uncommitted changes of a run's code, or another text in an object. */
typedef struct bn_object_arg {
	char hash[65];
} bn_object_arg;

/* Two runs whose code is compared. */
typedef struct bn_code_arg {
	char a[BN_RUN_ID_TEXT], b[BN_RUN_ID_TEXT];
} bn_code_arg;

typedef struct bn_compare_page {
	bn_comparison *table;
	bool is_partial; /* more points are being read: ask again */
	const char *const *metrics;
	size_t metric_count, metric;
	bn_curve curves[BN_COMPARE_MAX];
} bn_compare_page;

/* Statistics over compared runs, of the requested metric ("": the main one). NULL and no parameters: there is no metric. */
typedef struct bn_statistics_page {
	bn_comparison *table;
	bn_seeds *seeds;
	bn_importance importance;
	bool is_partial; /* more points are being read */
} bn_statistics_page;

#endif
