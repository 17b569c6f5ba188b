/*
 * _group.h - groups the runs of a list by the text of one field (bn_run_query.group). Internal.
 *
 * Live runs are in no group and come first. Then come the groups in the order of their aggregates of the sorted
 * metrics, else of their first runs, and in each its runs by the list's sort. Only open groups have runs in the list;
 * all groups are reported.
 */
#ifndef BN_TRACK__GROUP_H
#define BN_TRACK__GROUP_H
#include "core/track/_list.h"

enum { BN_GROUPS_MOST = 10000 };

/* status: a bn_run_status for each row of the list. */
int bn_run_list_group(bn_run_list *l, const uint8_t *status, bn_err *err);
/* Copies the groups of a list into a page. */
int bn_run_groups_keep(bn_run_page *page, bn_arena *arena, const bn_run_list *l, bn_err *err);

#endif
