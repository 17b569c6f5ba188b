/*
 * query.h - the table of runs: selection, order and columns.
 *
 * Filter language (a superset of MLflow's search): core/table/expr/expr.h, in its dialect for runs,
 * where
 *
 *	field    := params.KEY | metrics.KEY | tags.KEY | attributes.NAME | NAME | best(KEY)
 *	          | last(KEY) | first(KEY) | min(KEY) | max(KEY) | mean(KEY) | count(KEY)
 *	          | at(KEY, STEP)
 *	value    := 'text' | "text" | number | bare word, on the right of a comparison
 *
 * and arithmetic operators need spaces around them: metrics.loss / metrics.base > 0.5.
 *
 * A bare NAME is an attribute, else a metric, parameter or tag of some run, in this order. A KEY with
 * characters other than letters, digits, _ . - / is written `in backquotes` or "in quotes". A parameter
 * compared with a number is compared as a number if it is one. A missing key matches nothing but IS NULL.
 * metrics.KEY is the last value; best() is the minimum or maximum by the metric's own direction (best.h),
 * absent if that is not known; at() is the value at exactly that step, read from the points of each run that
 * the tests before it, and the least and greatest value of its series, did not decide. Times accept numbers (ms), ISO dates, ages ("2h": within the last two
 * hours, with > meaning later) and words ("yesterday": when.h).
 *
 * Attributes: id, name, experiment, status, user, kind, title, host, dataset (also data), source, reason, note,
 * parent, root, depth, children (nest.h), starred (yes or no, or alone as a test), model, created, started,
 * finished, duration (ms, or "5m"), exit_code, signal, rss, cpu, energy.
 *
 * Everything is compiled to SQL with bound values. Errors point at the character:
 *	filter:1:15: expected a value at the end
 */
#ifndef BN_TRACK_QUERY_H
#define BN_TRACK_QUERY_H
#include "core/base/buf.h"
#include "core/base/err.h"
#include "core/base/fs.h"
#include "core/base/progress.h"
#include "core/store/workspace.h"
#include "core/track/run.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * State shared by the queries of one reader, so that a query over 100 000 runs that changes by a
 * word only reads the rows it shows. It follows the index. One thread, one workspace. It uses about
 * 150 bytes per run, and 8 per run for each sorted column.
 */
typedef struct bn_run_memory bn_run_memory;

int bn_run_memory_new(bn_run_memory **out, bn_err *err);
void bn_run_memory_free(bn_run_memory *m);

/* Number of rows read so far: for tests. */
typedef struct bn_run_memory_work {
	int64_t runs_read, columns_read, filters_read;
} bn_run_memory_work;

const bn_run_memory_work *bn_run_memory_did(const bn_run_memory *m); /* borrowed */

/* Runs in a rare state, which are found without scanning the others. */
typedef enum bn_run_among {
	BN_AMONG_ALL,
	BN_AMONG_LIVE,   /* scheduled, queued, running */
	BN_AMONG_FAILED, /* failed or lost */
} bn_run_among;

/* What a group's numbers come to. */
typedef enum bn_run_sum_kind {
	BN_SUM_N,
	BN_SUM_MEAN,
	BN_SUM_STD,
	BN_SUM_MIN,
	BN_SUM_MAX,
	BN_SUM_MEDIAN,
	BN_SUM_KINDS
} bn_run_sum_kind;

typedef struct bn_run_query {
	const char *experiment; /* NULL: all */
	const char *filter;     /* NULL or "": all */
	const char *search;     /* words to be found in id, name, title, experiment or status */
	const char *sort;       /* "-metrics.rmse,params.lr,created"; NULL: newest first */
	const char *const *columns; /* fields as above ("metrics.rmse", "best(loss)",
				     * "params.lr") */
	size_t column_count;
	bool removed; /* the trash instead of the other runs */
	bn_run_among among;
	int64_t limit;         /* <= 0: 1000 */
	int64_t limit_of_more; /* limit of runs in the page, if more match; 0: limit */
	/* NULL: none. The trash, lists of an experiment and those among some runs do not use it,
	 * and support neither groups nor live_first. */
	bn_run_memory *memory;
	bool live_first;      /* live runs before all others, unless `sort` says otherwise */
	const char *group;    /* a field of text: see bn_run_group; NULL or "": none */
	bn_run_sum_kind ordered; /* sorted by a metric, groups are in the order of this aggregate of it */
	const uint64_t *open; /* keys of the groups whose runs are listed; of a tree: bn_run_row_key */
	size_t open_count;
	/* The runs below their parents, if any has one (nest.h); with a memory, without a group. Runs that the filter
	 * leaves out are rows if one below them is in. A run's own rows are those below it; they are rows if it is open. */
	bool tree;
	bool unfolded; /* every run is open but those of `open`; else only those */
	const bool *summed; /* columns for which groups have sums, and folded runs the best; NULL: none */
	/* The start of the page: the first of these that is set. Marks come from rows of an earlier
	 * page with the same sort; the row need not exist any more. */
	bool last;          /* the last page */
	const char *after;  /* after the row with this mark */
	const char *before; /* the page that ends before it */
	const char *from;   /* at the row, or where it would be */
	int64_t offset;
	const bn_progress *watch; /* at() of many runs reads their points, which takes seconds; NULL: none */
} bn_run_query;

typedef enum bn_cell_kind { BN_CELL_ABSENT = 0, BN_CELL_NUMBER, BN_CELL_TEXT } bn_cell_kind;

typedef struct bn_cell {
	bn_cell_kind kind;
	double number; /* NUMBER; NaN is a value that was logged */
	bool is_whole; /* of a NUMBER: its kind has whole numbers only, as counts and times */
	const char *text;
} bn_cell;

typedef struct bn_run_row {
	char id[BN_RUN_ID_TEXT];
	const char *name, *experiment, *user, *title, *host; /* NULL unknown */
	bn_run_status status;
	int64_t created_ms, started_ms, finished_ms, heartbeat_ms; /* -1 unknown */
	const bn_cell *cells;                                      /* one per requested column */
	const char *mark; /* its position in the list, for the next query; "" in a tree */
	/* Of a tree, which is placed by offset only. */
	int depth;               /* 0: without a parent in the list */
	int64_t children, below; /* runs directly below it; runs of the list below it, at any depth */
	bool is_open, is_context; /* context: the filter leaves it out, and one below it is in */
	const double *best; /* of a folded run, per summed column: the best below it; NaN: none. NULL: of no column */
} bn_run_row;

/* The key of a run in bn_run_query.open: from the first 16 digits of its id. */
uint64_t bn_run_row_key(const char *id);

/* One column of a group. */
typedef struct bn_run_sum {
	int64_t count;          /* number of runs that have a number; for text: all */
	double mean, deviation; /* of a sample: NaN below two. For numbers */
	double min, max, median; /* of the numbers; NaN: none. The median of an even count is the mean of the two */
	const char *alike;      /* the text that all of them share; NULL: there is none */
	bool differs;
} bn_run_sum;

extern const char *const bn_run_sum_names[BN_SUM_KINDS + 1]; /* "n", "mean", ...; NULL after the last */
double bn_run_sum_get(const bn_run_sum *s, bn_run_sum_kind kind); /* NaN: there is none */

/*
 * The runs with one value of a field, except live ones, which are in no group and come first.
 * Groups are in the order of what they show: by a metric in that of its aggregate, by anything else, and where they
 * are equal, in that of their first runs. Only the runs of open groups are rows of the list.
 */
typedef struct bn_run_group {
	uint64_t key;       /* bn_run_group_key(value) */
	const char *value;  /* NULL: without one */
	int64_t first;      /* index of its first row; -1: it is not open */
	int64_t count, bad; /* number of runs; those that failed, were killed or lost */
	bn_run_sum *sums;   /* one per column */
} bn_run_group;

uint64_t bn_run_group_key(const char *value);

/* An immutable page: may be handed to another thread. */
typedef struct bn_run_page {
	bn_run_row *rows;
	size_t count;
	int64_t total;   /* rows of the list, regardless of limit */
	int64_t matched; /* number of runs: more than rows if groups are not open */
	int64_t place;   /* number of rows before the first one here */
	bn_run_group *groups;
	size_t group_count;
	int64_t lead;         /* rows before the first group */
	bool too_many_groups; /* more than 10 000: the list is not grouped */
	bool is_tree;         /* asked for, and some run has a parent in it */
	struct bn_run_page_memory *memory;
} bn_run_page;

/* BN_EINVAL with the place in the filter, sort or column. *out is yours. */
int bn_run_query_page(bn_run_page **out, bn_workspace *ws, const bn_run_query *q, bn_err *err);
void bn_run_page_free(bn_run_page *p);
/* Checks a filter alone; *at (may be NULL) gets the byte offset of the error. */
int bn_run_filter_check(bn_workspace *ws, const char *filter, size_t *at, bn_err *err);
/* For a filter that selects nothing: BN_ENOTFOUND if it names a metric, parameter or tag that no run has; the hint
 * gives the nearest name. Errors of an invalid filter as bn_run_filter_check. */
int bn_run_filter_absent(bn_workspace *ws, const char *filter, bn_err *err);

/* The names of attributes, and the functions of metrics with their bracket ("best("), for completion; NULL after the
 * last. */
const char *bn_run_attribute(size_t i);
/* Which columns there are: "metrics.rmse", "params.lr", ... over the runs of an experiment (NULL:
 * all), most used first within metrics, params, tags. */
int bn_run_fields(bn_names *out, bn_workspace *ws, const char *experiment, bn_err *err);
/* The number of runs with a value of that name; 0: none. */
int bn_run_field_runs(int64_t *out, bn_workspace *ws, const char *name, bn_err *err);
/* Appends such a name in the syntax of filters, sorts and columns: metrics.`val loss`. */
void bn_run_field_write(bn_buf *out, const char *name);
/* Splits the next field off a comma-separated list, ignoring commas in quotes and brackets, as strsep does:
 * NULL after the last. */
char *bn_run_field_next(char **list);

#endif
