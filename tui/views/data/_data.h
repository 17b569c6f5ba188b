/* _data.h - the inside of the lists of datasets and of versions: data.c (the lists), answer.c (what stands beside them). */
#ifndef BN_TUI_VIEWS_DATA__DATA_H
#define BN_TUI_VIEWS_DATA__DATA_H
#include "tui/views/_list.h"

enum { BN_KIND_ANSWER = 1 };

typedef struct bn_data_view {
	bn_list list;
	bn_page *
		answer; /* bn_data_answer of the selected version, or of the one before while that comes */
	char asked[BN_REF_BYTES]; /* the version that was asked for last */
} bn_data_view;

/* Asks for the answer about a version, unless it is here or on its way. */
void bn_data_answer_follow(bn_data_view *v, const char *ref);
/* True when p was an answer, which is taken. */
bool bn_data_answer_page(bn_data_view *v, bn_page *p);
void bn_data_answer_draw(const bn_data_view *v, bn_area a);

#endif
