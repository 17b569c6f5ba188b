/*
 * _list.h - the common form of most screens: one grid over one page. A class embeds bn_list first
 * and uses these functions for its operations.
 */
#ifndef BN_TUI_VIEWS__LIST_H
#define BN_TUI_VIEWS__LIST_H
#include "tui/views/views.h"

typedef struct bn_list {
	bn_view view;
	bn_grid grid;
	bn_page *page;          /* NULL until the first page arrived */
	bn_alphabet alphabet;   /* alphabet of the last surface, for cells made of glyphs */
	char ref[BN_REF_BYTES]; /* the subject; "" for all */
} bn_list;

/* Allocates `bytes` (a bn_list or something that begins with one) and its grid. row functions get
 * the bn_list as ctx. */
int bn_list_new(void *out, size_t bytes, const bn_view_class *cls, bn_frame *f,
	const bn_grid_source *source, const bn_grid_column *columns, int column_count,
	const char *ref, bn_err *err);
void bn_list_draw(bn_view *v, bn_area a, bool focused);
void bn_list_page(bn_view *v, bn_page *p); /* keeps the old page if the new one failed */
bn_grid *bn_list_grid(bn_view *v);
void bn_list_crumb(const bn_view *v, bn_buf *out); /* the ref */
void bn_list_free(bn_view *v);
static inline const void *bn_list_data(const bn_list *l)
{
	return l->page ? l->page->data : NULL;
}

#endif
