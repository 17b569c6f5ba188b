/*
 * _authority.h - shared by People, the chain and late acts: the page that all three show, and
 * details as text.
 */
#ifndef BN_TUI_VIEWS__AUTHORITY_H
#define BN_TUI_VIEWS__AUTHORITY_H
#include "tui/views/_list.h"

/* Whether the user may not sign links now, and why. */
bool bn_authority_page_refuses(const bn_authority_page *d, char *why, size_t size);
/* Why the user's key cannot request admission; "" if it can. */
const char *bn_authority_page_no_request(const bn_authority_page *d);
/* A page arrived: the list shows it, or why it has no rows. empty: the reason under a chain. */
void bn_authority_list_page(bn_view *v, bn_page *p, const char *empty);
void bn_authority_list_refresh(bn_view *v);

/* "name      value" of a detail, wrapped; nothing without a value. */
void bn_authority_fact(bn_buf *text, const char *name, const char *value);
/* The list and, if there is room, the detail of the selected row, which describe() appends. */
void bn_authority_list_draw(bn_view *v, bn_area a, bool focused,
	void (*describe)(const bn_list *l, int64_t row, bn_buf *text));
/* Enter: the same detail as a screen. */
bool bn_authority_list_open(bn_view *v, const char *crumb,
	void (*describe)(const bn_list *l, int64_t row, bn_buf *text));

#endif
