/*
 * _group.h - the runs of a list in groups by the text of one field (bn_run_query.group). Not for other modules.
 *
 * Live runs are in no group and come first. Then come the groups in the order of their first runs by the list's sort,
 * and in each its runs in that order. Only open groups have runs in the list; of all, the group is known.
 */
#ifndef BN_TRACK__GROUP_H
#define BN_TRACK__GROUP_H
#include "core/track/_list.h"

enum { BN_GROUPS_MOST = 10000 };

/* status: of bn_run_status, one a row of the list. */
int bn_run_list_group(bn_run_list *l, const uint8_t *status, bn_err *err);
/* Copies the groups of a list into a page. */
int bn_run_groups_keep(bn_run_page *page, bn_arena *arena, const bn_run_list *l, bn_err *err);

#endif
