/*
 * pages.h - the charts of some runs.
 */
#ifndef BN_TUI_VIEWS_CHARTS_PAGES_H
#define BN_TUI_VIEWS_CHARTS_PAGES_H
#include "core/track/charts.h"
#include "core/track/run.h"
#include "tui/views/pages.h"

#include <stddef.h>

/* Runs of a comparison, and of a page of charts. */
#define BN_COMPARE_MAX 256

typedef struct bn_charts_arg {
	char ids[BN_COMPARE_MAX][BN_RUN_ID_TEXT]; /* or unique prefixes of them */
	size_t count;
	bn_run_axis axis;
	double from, to; /* the visible part; to <= from: all of it */
	size_t first, most; /* the charts that are visible */
	char words[BN_TYPED_BYTES]; /* only charts whose names contain these; "": all */
} bn_charts_arg;

typedef struct bn_charts_page {
	bn_charts_arg asked;
	bn_charts *charts;
	bool is_partial; /* more points are being read */
} bn_charts_page;

#endif
