/*
 * _compare.h - the internals of the comparison of runs: compare.c is the screen and its commands,
 * lines.c its table, pictures.c curves, scatter and parallel coordinates, statistics.c what tests say.
 */
#ifndef BN_TUI_VIEWS_COMPARE__COMPARE_H
#define BN_TUI_VIEWS_COMPARE__COMPARE_H
#include "tui/views/_list.h"

/* Parts of the comparison, in order. */
typedef enum bn_compare_part {
	BN_CPART_SETTINGS,
	BN_CPART_TEST,
	BN_CPART_OVERFIT,
	BN_CPART_VALID,
	BN_CPART_TRAIN,
	BN_CPART_OTHER,
	BN_CPART_DATA,
	BN_CPART_CODE,
	BN_CPART_ENVIRONMENT,
	BN_CPART_RUN,
	BN_CPARTS,
} bn_compare_part;

typedef enum bn_line_kind {
	BN_CLINE_NAMES, /* settings that differ */
	BN_CLINE_RULE,  /* the title of a part */
	BN_CLINE_VALUE, /* a row of the comparison */
	BN_CLINE_DELTA, /* difference of the row above to the base */
	BN_CLINE_TRAIN, /* of over-fit: the metric on training rows, */
	BN_CLINE_GAP,   /* and how much worse it is on test rows */
	BN_CLINE_FOLD,  /* a folded part */
} bn_line_kind;

typedef struct bn_cline {
	bn_line_kind kind;
	bn_compare_part part;
	size_t row;   /* row of the comparison */
	size_t other; /* of GAP: the row of the test part */
	char text[100];
} bn_cline;

typedef enum bn_scale { BN_SCALE_PERCENT, BN_SCALE_DELTA, BN_SCALE_VALUE, BN_SCALES } bn_scale;
typedef enum bn_picture {
	BN_PICTURE_TABLE,
	BN_PICTURE_CURVES,
	BN_PICTURE_SCATTER,
	BN_PICTURE_PARALLEL,
	BN_PICTURE_STATISTICS,
	BN_PICTURES
} bn_picture;

#define BN_COMPARE_FIRST 1 /* column of the first run */

/* "A" to "Z", then "AA", "AB", ...: the name of a run's column. */
#define BN_COMPARE_LETTERS 4
const char *bn_compare_letters(size_t run, char out[BN_COMPARE_LETTERS]);
/* The letter of a run in pictures; 0: there are more runs than letters. */
char bn_compare_mark(size_t run);

typedef struct bn_compare_view {
	bn_list list;
	bn_compare_arg runs;
	bn_grid_column columns[BN_COMPARE_FIRST + BN_COMPARE_MAX + 1];
	char titles[BN_COMPARE_MAX][12]; /* "A base" */
	char below[BN_COMPARE_MAX][24]; /* the names, short: below the titles once their own line is scrolled away */
	char names[BN_COMPARE_MAX][64]; /* without the common part */
	char shared[80];                /* "sweep-...": the common part */
	char common[400];               /* settings that all share */
	bn_cline *lines;
	int64_t line_count;
	unsigned first;    /* bits of the parts that come first: open by default */
	unsigned unfolded; /* bits of parts; those open by default are in it from the first page
			    * on */
	bool is_folded_once;
	bool all_rows;
	bn_scale scale;
	bn_picture picture; /* if there is room for only one */
	char code[24];      /* the path of the code differences: "code, A to B" */
	bool log_y;
	int smoothing;
	char axis
		[BN_KEY_BYTES]; /* x axis of the scatter: a parameter; "": the one that varies most */
	bn_page *statistics; /* NULL: not requested yet */
	char statistics_of[BN_KEY_BYTES]; /* the metric of that request */
	char up[BN_KEY_BYTES]; /* y axis of the scatter: a metric; "": the first one of the table */
} bn_compare_view;

const bn_compare_page *bn_compare_data(const bn_compare_view *v);
/* The run of the current column; -1: none. */
int bn_compare_run_at(const bn_compare_view *v);

/* ---- lines.c ------------------------------------------------------------------------------------- */

extern const bn_grid_source bn_compare_source;
/* Initialises for a new page: columns, names, common settings, lines. */
void bn_compare_take(bn_compare_view *v);
/* Rebuilds the lines of the same page: after folding, or when other rows are shown. */
void bn_compare_lines(bn_compare_view *v);
/* The label of a row in its part: test_rmse is rmse among the test metrics. */
const char *bn_compare_word(bn_compare_part part, const char *key);

/* ---- pictures.c ---------------------------------------------------------------------------------- */

/* Whether a run has more than one value of the chosen metric. */
bool bn_compare_has_curves(const bn_compare_view *v);
void bn_compare_curves_draw(const bn_compare_view *v, bn_area a);
void bn_compare_scatter_draw(const bn_compare_view *v, bn_area a);
/* Parallel coordinates of the parameters whose numbers differ, those that the metric follows most closely first, and
 * the metric. */
void bn_compare_parallel_draw(const bn_compare_view *v, bn_area a);
/* statistics.c */
void bn_compare_statistics_draw(const bn_compare_view *v, bn_area a);
/* The parameter on the scatter's x axis; NULL: none has numbers. */
const char *bn_compare_axis(const bn_compare_view *v);
/* The metric on the scatter's y axis; NULL: there is none. */
const char *bn_compare_up(const bn_compare_view *v);
/* Selects the next metric of the table. */
void bn_compare_up_step(bn_compare_view *v, int step);
/* Selects the next parameter that has numbers. */
void bn_compare_axis_step(bn_compare_view *v, int step);
/* Selects by name; false: there is none. */
bool bn_compare_axis_set(bn_compare_view *v, const char *name);

#endif
