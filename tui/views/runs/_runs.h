/*
 * _runs.h - the list of runs from the inside: runs.c is the screen and its commands, runs_table.c what rows and
 * columns show, runs_groups.c groups, runs_window.c which of many runs are here, runs_curves.c the curve in each row. For these alone.
 */
#ifndef BN_TUI_VIEWS__RUNS_H
#define BN_TUI_VIEWS__RUNS_H
#include "tui/views/_list.h"

#define BN_RUNS_NONE "no runs yet: binnacle run start -- python train.py"

typedef struct bn_runs_view {
	bn_list list;
	bn_grid_column *columns;
	char **fields; /* names of the columns in use */
	bool *folded;  /* one a field */
	size_t field_count;
	int word_field; /* the field where a run without a number says its state; -1: none is shown */
	int best_better;            /* which way it is better; 0 not known */
	double best;                /* of the runs at hand there; NaN: not known */
	char shared[64];            /* the beginning that most names have, and lose */
	bn_page *curves;            /* of the rows in sight; NULL: none yet */
	uint64_t curves_of;         /* the generation that they were asked for, */
	bn_curves_arg curves_asked; /* and of which runs */
	bn_view *detail;            /* made when there is room for it */
	bool in_detail;             /* it has the keys */
	bool is_split;
	char baseline[BN_RUN_ID_TEXT];
	char stopping[BN_RUN_ID_TEXT]; /* the run of the open question */
	bool stops_marked;             /* or all that are marked */
	bn_deed_arg act;               /* of labels and the trash: on whom */
	char act_name[100];
	char view_name[64]; /* of the saved view that is shown; "": none */
	char where[384];    /* in force */
	bool removed;       /* the trash, instead of the runs */
	bool where_is_new;  /* asked for, not answered yet */
	bool where_is_last; /* newer than what was typed after '/' */
	/* While the page is a window on more runs: where it was asked to begin (-1 nothing is on its
	 * way), and where the grid was then. */
	int64_t asked_first, asked_top;
	uint32_t asked_summed; /* the columns that groups were asked to have means of */
} bn_runs_view;

/* Of the page at hand; NULL before the first. */
const bn_run_page *bn_runs_page(const bn_runs_view *v);
const bn_queue *bn_runs_queue(const bn_runs_view *v);
/* Whether the page is a window on more runs; rows are places then. */
bool bn_runs_is_window(const bn_runs_view *v);
/* NULL outside of the window. */
const bn_run_row *bn_runs_row(const bn_runs_view *v, int64_t row);

/* ---- runs_table.c -------------------------------------------------------------------------------- */

extern const bn_grid_source bn_runs_source;
/* Of a list without a page: state, name, what. */
extern const bn_grid_column bn_runs_first_columns[];
extern const int bn_runs_first_count;

/* Whether the columns are those of the page; else they are made anew, with the sort kept. */
bool bn_runs_columns_fit(const bn_runs_view *v, const bn_runs *d);
int bn_runs_columns_set(bn_runs_view *v, const bn_runs *d);
void bn_runs_columns_release(bn_runs_view *v);
/* The sort in force, as core/track/query.h has it; "" when there is none. */
void bn_runs_sort_text(const bn_runs_view *v, char *out, size_t size);

/* What rows say beside each other: the best of the first metric, the beginning that names share. */
void bn_runs_look(bn_runs_view *v);
/* A column, as core/track/query.h writes it. */
void bn_runs_field_add(bn_buf *out, const bn_runs_view *v, int col);
/* Whether runs can be grouped by that column. */
bool bn_runs_is_grouping(const bn_runs_view *v, int column);
/* Appends the metrics and parameters that are shown, as the command line has them. */
void bn_runs_columns_text(const bn_runs_view *v, bn_buf *out);

/* ---- runs_groups.c ------------------------------------------------------------------------------- */

#define BN_RUNS_NAME 1 /* the column of names */

/* "hidden 16   4 runs", and how many of them failed. value: NULL or "" for those without one. */
void bn_runs_group_words(
	const bn_runs_view *v, const char *value, int64_t count, int64_t failed, bn_grid_cell *out);
/* Of a grid's source (bn_grid_source.group, line_cell): of more runs than are here. */
bool bn_runs_group_get(void *ctx, size_t place, bn_grid_group *out);
void bn_runs_line_cell(void *ctx, size_t place, int col, bn_grid_cell *out);
/* Ends the grouping, and says so, where the page says that there are too many groups. */
bool bn_runs_too_many_groups(bn_runs_view *v, const bn_run_page *p);
/* The field that groups, as core/track/query.h has it; "" for none. */
void bn_runs_group_text(const bn_runs_view *v, char *out, size_t size);
/* Which fields are shown, a bit each. */
uint32_t bn_runs_shown_fields(const bn_runs_view *v);

/* ---- runs_curves.c ------------------------------------------------------------------------------- */

/* Kind of the page that has them. */
#define BN_KIND_CURVES 7
/* Asks for the curves of the rows in sight, unless they are here or on their way. */
void bn_runs_curves_follow(bn_runs_view *v);
/* NULL: none, or not here. */
const bn_spark *bn_runs_curve(const bn_runs_view *v, const char *run);

/* ---- saved.c ------------------------------------------------------------------------------------- */

/* Shows, saves and drops views; false: the command is none of these. */
bool bn_runs_saved_command(bn_runs_view *v, bn_command_id id, const char *arg);

/* ---- runs_window.c ------------------------------------------------------------------------------- */

/* Asks for the page that arg describes, with filter, sort and search; first: the place of its first row. */
void bn_runs_ask(bn_runs_view *v, bn_runs_arg *arg, int64_t first);
/* For the rows at hand: those that came before them meanwhile move the window's place. */
void bn_runs_ask_again(bn_runs_view *v, bn_runs_arg *arg);
/* For the window around what is on screen, unless it is here or on its way. */
void bn_runs_window_follow(bn_runs_view *v);
/* A page came: is it a window now, and how far did its rows move? */
void bn_runs_window_take(bn_runs_view *v, const bn_run_page *p);

#endif
