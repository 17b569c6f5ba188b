/*
 * protect_marks.h - what protection (protect.h) says of the newest versions of many datasets, in short, for lists; and
 * columns that nobody has marked although their names suggest people.
 */
#ifndef BN_DATA_PROTECT_MARKS_H
#define BN_DATA_PROTECT_MARKS_H
#include "core/base/buf.h"
#include "core/data/protect.h"

typedef struct bn_protect_mark {
	bn_data_class level;
	size_t masked; /* columns */
} bn_protect_mark;

/* One for each row of the list; yours (bn_free). Only datasets that were protected, and those made of them, cost more
 * than a query. */
int bn_protect_marks_load(bn_protect_mark **out, bn_workspace *ws, const bn_dataset_list *list, bn_err *err);
/* How often a protection was set in this workspace, as of the last refresh: open tables have masks of their time. */
int64_t bn_protect_settings(bn_workspace *ws);
/* Appends "restricted, 2 masked"; nothing if nothing was said. */
void bn_protect_mark_words(const bn_protect_mark *m, bn_buf *out);

/* Whether to propose marking a column: by its name (bn_column_may_be_personal), if it is not marked. */
bool bn_protect_proposes(const bn_protection *p, const char *column);
/* Appends the names of the columns of a profile that are proposed, with commas. */
void bn_protect_proposals(const bn_protection *p, const bn_profile *profile, bn_buf *out);

#endif
