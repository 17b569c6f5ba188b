/* _data.h - the internals of the lists of datasets and of versions: data.c (the lists), answer.c
 * (the pane next to them). */
#ifndef BN_TUI_VIEWS_DATA__DATA_H
#define BN_TUI_VIEWS_DATA__DATA_H
#include "tui/views/_list.h"

enum { BN_KIND_ANSWER = 1 };

/* A line of the tree of datasets. */
typedef struct bn_data_branch {
	size_t row; /* of the page */
	int glyph;  /* glyph before its name, if it is a child of the one above; else -1 */
} bn_data_branch;

typedef struct bn_data_view {
	bn_list list;
	bn_page *answer; /* bn_data_answer of the selected version, or of the one before while
			  * that comes */
	char asked[BN_REF_BYTES]; /* the last requested version */
	bn_data_branch *tree;     /* rows of the list of datasets; NULL: as in the page */
	size_t tree_count;
	bool is_current;          /* the answer is about that version */
	bool has_failed;          /* the answer could not be read */
} bn_data_view;

/* Requests the summary of a version, unless it is here or requested. */
void bn_data_answer_follow(bn_data_view *v, const char *ref);
/* Requests it again; a page arrives if the workspace has changed since, or if the request
 * failed. */
void bn_data_answer_refresh(bn_data_view *v);
/* True if p was a summary, which is taken. */
bool bn_data_answer_page(bn_data_view *v, bn_page *p);
void bn_data_answer_draw(const bn_data_view *v, bn_area a);

/* Datasets by name, each followed by those made from its versions; *out is yours (bn_free), NULL if
 * there is no memory. */
bn_data_branch *bn_data_tree(const bn_dataset_list *d);

#endif
