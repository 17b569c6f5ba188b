/*
 * _arrow_views.h - Arrow's view types, whose values are anywhere and in any order: gathered into columns with
 * ends.
 */
#ifndef BN_TABLE_ARROW_VIEWS_H
#define BN_TABLE_ARROW_VIEWS_H
#include "core/table/_arrow.h"

/* Text and binary; out has its rows and validity. */
int bn_arrow_read_text_views(
	bn_column *out, const bn_arrow_column *layout, const bn_arrow_from *from, bn_err *err);
/* Lists of values in child, which may become part of out. */
int bn_arrow_read_list_views(bn_column *out, const bn_arrow_column *layout,
	const bn_arrow_from *from, bn_column *child, bn_err *err);

#endif
