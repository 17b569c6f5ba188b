/*
 * _runs.h - the internals of the list of runs: runs.c is the screen and its commands, runs_columns.c the columns,
 * runs_table.c rows, runs_tree.c runs below others, runs_groups.c groups, runs_window.c the window on many runs,
 * runs_curves.c the curve in each row, runs_compare.c what is compared.
 */
#ifndef BN_TUI_VIEWS__RUNS_H
#define BN_TUI_VIEWS__RUNS_H
#include "tui/views/_list.h"

#define BN_RUNS_NONE "no runs yet: binnacle run start -- python train.py"

typedef struct bn_runs_view {
	bn_list list;
	bn_grid_column *columns;
	char **fields; /* names of the columns in use */
	bool *folded;  /* one per field */
	size_t field_count;
	int word_field; /* the field where a run without a number shows its state; -1: none is shown */
	int best_better;            /* its direction; 0 unknown */
	double best;                /* of the current runs; NaN: unknown */
	char best_id[BN_RUN_ID_TEXT]; /* "": unknown */
	bn_page *curves;            /* of the visible rows; NULL: none yet */
	uint64_t curves_of;         /* the generation of the request, */
	bn_curves_arg curves_asked; /* and its runs */
	bn_view *detail;            /* created when there is room for it */
	bool in_detail;             /* it has the focus */
	bool is_split;
	char baseline[BN_RUN_ID_TEXT];
	char stopping[BN_RUN_ID_TEXT]; /* the run of the open question */
	bool stops_marked;             /* or all marked ones */
	bn_action_arg act;             /* the runs of an action on labels or the trash */
	char act_name[100];
	char view_name[BN_TYPED_BYTES]; /* of the current saved view; "": none */
	char *saved; /* names of the saved views, each ended by a NUL, the last one empty; NULL:
		      * not read yet */
	char where[BN_TYPED_BYTES];     /* the current filter, */
	char where_shown[BN_TYPED_BYTES]; /* and the last one that was accepted */
	char none[320];     /* why the filtered list is empty */
	bool removed;       /* the trash is shown instead of the runs */
	bn_run_sum_kind aggregate; /* of groups; the mean is shown with the deviation */
	bool has_star;      /* some run had one: their column is shown */
	bool flat;          /* no tree, although runs have parents */
	bool unfolded;      /* of a tree: every run is open, but those turned */
	bool asked_unfolded; /* with the last request: or because a filter chose the runs */
	bool where_is_new;  /* requested, not received yet */
	bool where_is_last; /* newer than the text typed after '/' */
	/* While the page is a window on more runs: the requested start (-1 no request), and the
	 * grid's position at that time. */
	int64_t asked_first, asked_top;
	uint32_t asked_summed; /* the columns for which means of groups were requested */
} bn_runs_view;

/* The current page; NULL before the first. */
const bn_run_page *bn_runs_page(const bn_runs_view *v);
const bn_queue *bn_runs_queue(const bn_runs_view *v);
/* Whether the page is a window on more runs; then rows are positions. */
bool bn_runs_is_window(const bn_runs_view *v);
/* NULL outside of the window. */
const bn_run_row *bn_runs_row(const bn_runs_view *v, int64_t row);

/* ---- runs_columns.c ------------------------------------------------------------------------------ */

/* Columns: these, then one per field (bn_runs_view.fields), then those of BN_RUNS_END. */
enum {
	BN_RUNS_STATE,
	BN_RUNS_STAR,
	BN_RUNS_NAME,
	BN_RUNS_TITLE,
	BN_RUNS_FIELDS
};
enum {
	BN_RUNS_END_CURVE,
	BN_RUNS_END_DURATION,
	BN_RUNS_END_CREATED,
	BN_RUNS_END_NOTE,
	BN_RUNS_END_EXPERIMENT,
	BN_RUNS_END_USER,
	BN_RUNS_END_HOST,
	BN_RUNS_END_ID,
	BN_RUNS_END_PARENT,
	BN_RUNS_END_COLUMNS
};

enum { BN_RUNS_CURVE_COLS = 8, BN_RUNS_NAME_COLS = 36 };

/* The columns of a list without a page: state, name, what; BN_RUNS_FIELDS of them. */
extern const bn_grid_column bn_runs_first_columns[];

/* Whether the columns are those of the page; otherwise they are replaced, and the sort is kept. */
bool bn_runs_columns_fit(const bn_runs_view *v, const bn_runs *d);
int bn_runs_columns_set(bn_runs_view *v, const bn_runs *d);
void bn_runs_columns_release(bn_runs_view *v);
/* The current sort, in the syntax of core/track/query.h; "" if there is none. */
void bn_runs_sort_text(const bn_runs_view *v, char *out, size_t size);
/* A column, in the syntax of core/track/query.h. */
void bn_runs_field_add(bn_buf *out, const bn_runs_view *v, int col);
/* Appends the visible metrics and parameters, in the command line's syntax. */
void bn_runs_columns_text(const bn_runs_view *v, bn_buf *out);
/* "params.lr" is a parameter. */
bool bn_runs_is_param(const char *field);

/* ---- runs_table.c -------------------------------------------------------------------------------- */

extern const bn_grid_source bn_runs_source;

/* Computes what depends on all rows: the best of the first metric, the length of names. */
void bn_runs_look(bn_runs_view *v);
/* A value of a run; parameters are texts of numbers. */
void bn_runs_field_cell(const bn_cell *c, bn_grid_cell *out);
void bn_runs_curve_cell(const bn_runs_view *v, const bn_run_row *r, bn_grid_cell *out);

/* ---- runs_groups.c ------------------------------------------------------------------------------- */

/* Whether runs can be grouped by that column. */
bool bn_runs_is_grouping(const bn_runs_view *v, int column);
/* Of a grid's source (bn_grid_source.group_cell). */
bool bn_runs_group_cell(void *ctx, const int64_t *rows, int64_t count, int col, bn_grid_cell *out);
/* "hidden 16   4 runs", and how many of them failed. value: NULL or "" for those without one. */
void bn_runs_group_words(
	const bn_runs_view *v, const char *value, int64_t count, int64_t failed, bn_grid_cell *out);
/* Of a grid's source (bn_grid_source.group, line_cell): if there are more runs than are loaded. */
bool bn_runs_group_get(void *ctx, size_t place, bn_grid_group *out);
void bn_runs_line_cell(void *ctx, size_t place, int col, bn_grid_cell *out);
/* ":aggregate median"; NULL or "": the next one. */
void bn_runs_aggregate_set(bn_runs_view *v, const char *word);
/* Ends the grouping, with a message, if the page says that there are too many groups. */
bool bn_runs_too_many_groups(bn_runs_view *v, const bn_run_page *p);
/* The field to group by, in the syntax of core/track/query.h; "" for none. */
void bn_runs_group_text(const bn_runs_view *v, char *out, size_t size);
/* The visible fields, one bit each. */
uint32_t bn_runs_shown_fields(const bn_runs_view *v);

/* ---- runs_tree.c --------------------------------------------------------------------------------- */

/* Whether runs stand below their parents. */
bool bn_runs_is_tree(const bn_runs_view *v);
/* Fills the part of a request that says so, and which are open. */
void bn_runs_tree_ask(bn_runs_view *v, bn_runs_arg *arg);
/* Folds or unfolds the selected run; one without runs below it: the run above it. False: it is neither. */
bool bn_runs_tree_turn(bn_runs_view *v);
/* ":tree open", "folded", "off"; NULL or "": off, or folded again. */
void bn_runs_tree_set(bn_runs_view *v, const char *word);
int bn_runs_tree_words(const char **out, int most);
/* What stands before the name of a run, "    ▸ ", and behind it, " (12)"; "" for none. */
#define BN_RUNS_TREE_BYTES 48
void bn_runs_tree_front(const bn_runs_view *v, const bn_run_row *r, char out[BN_RUNS_TREE_BYTES]);
void bn_runs_tree_back(const bn_run_row *r, char out[BN_RUNS_TREE_BYTES]);
/* Into an empty cell of a folded run: the best of that field below it. */
void bn_runs_tree_best(const bn_runs_view *v, const bn_run_row *r, size_t field, bn_grid_cell *out);

/* ---- export.c ------------------------------------------------------------------------------------ */

/* Starts the job; without a path asks for one. */
void bn_runs_export(bn_runs_view *v, const char *path);

/* ---- runs_compare.c ------------------------------------------------------------------------------ */

/* The baseline of the last session, and a new one; pinning it again unpins. */
void bn_runs_base_recall(bn_runs_view *v);
void bn_runs_base_pin(bn_runs_view *v, const char *id);
/* Whether a run can be compared without marks: there is a baseline, or a best, and it is another run. */
bool bn_runs_has_other(const bn_runs_view *v, const char *id);
/* Opens the comparison. */
bool bn_runs_compare(bn_runs_view *v);
/* Charts of the marked runs, or of the selected one. */
bool bn_runs_charts(bn_runs_view *v);

/* ---- runs_curves.c ------------------------------------------------------------------------------- */

/* Kind of the page that has them. */
#define BN_KIND_CURVES 7
/* Requests the curves of the visible rows, unless they are here or requested. */
void bn_runs_curves_follow(bn_runs_view *v);
/* NULL: none, or not here. */
const bn_spark *bn_runs_curve(const bn_runs_view *v, const char *run);

/* ---- saved.c ------------------------------------------------------------------------------------- */

/* Shows, saves and drops views; false: it is another command. */
bool bn_runs_saved_command(bn_runs_view *v, bn_command_id id, const char *arg);
/* The names of the saved views; borrowed until one is saved or dropped. */
int bn_runs_saved_words(bn_runs_view *v, const char **out, int most);

/* ---- runs_window.c ------------------------------------------------------------------------------- */

/* Requests the page that arg describes, with filter, sort and search; first: the index of its first
 * row. */
void bn_runs_ask(bn_runs_view *v, bn_runs_arg *arg, int64_t first);
/* For the current rows: new rows before them move the window's position. */
void bn_runs_ask_again(bn_runs_view *v, bn_runs_arg *arg);
/* Requests the window around the visible rows, unless it is here or requested. */
void bn_runs_window_follow(bn_runs_view *v);
/* A page arrived: whether it is a window now, and how far its rows moved. */
void bn_runs_window_take(bn_runs_view *v, const bn_run_page *p);

#endif
