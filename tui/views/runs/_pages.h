/*
 * _pages.h - the internals of the pages of runs: pages.c, columns.c.
 */
#ifndef BN_TUI_VIEWS_RUNS__PAGES_H
#define BN_TUI_VIEWS_RUNS__PAGES_H
#include "tui/views/_source.h"

/* The page that tells about the runs as a whole: of a tree, all of them. */
const bn_run_page *bn_runs_whole(const bn_runs *runs);
/* Whether it is only a part of them. */
bool bn_runs_is_part(const bn_runs *runs);
/* Candidates for columns, in order; none is folded. */
int bn_runs_fields_choose(bn_runs *out, bn_reader *r, bn_arena *arena, bn_err *err);
/* Folds those without information about the runs of runs->page. */
int bn_runs_fields_fold(bn_runs *runs, bn_arena *arena, bn_err *err);

#endif
