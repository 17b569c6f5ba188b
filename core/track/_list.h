/*
 * _list.h - the runs of a query, their order, and the part shown by a page. Not for other modules.
 *
 * The public order, which every list shares, is newest first, then by id: the same on every host. A
 * list holds the matching runs in that order, with their sort values, so that the position breaks
 * ties. Positions are counted, rows are not moved: 100 000 runs take some milliseconds. Without
 * filter and sort only the page is read; sorted by a metric without a filter, the metric's column
 * and a window around the page (list_window.c).
 */
#ifndef BN_TRACK__LIST_H
#define BN_TRACK__LIST_H
#include "core/track/_filter.h"
#include "core/track/query.h"

#define BN_SORT_KEYS_MAX 16

/* Values of one sort key by position in the list. */
typedef struct bn_sort_key {
	bn_run_field field;
	bool is_lead; /* no field: live runs, then the others, by the order of their groups */
	bool down;    /* largest first; absent values are last in either case */
	bool is_text;
	bn_column *column; /* for keys that have one; owned by the list's sort, or the memory */
	double *number;    /* NaN: absent */
	const char **text; /* NULL: absent */
} bn_sort_key;

typedef struct bn_run_list {
	const bn_run_query *q;
	bn_filter_world world;
	bn_sql_piece where, sort; /* sort: owns the columns to sort by */
	bn_sort_key keys[BN_SORT_KEYS_MAX];
	size_t key_count;
	bool all;    /* all runs not in the trash: no filter, search or experiment */
	bool plain;  /* the public order of all runs: nothing is loaded */
	bool window; /* the rows below are a part of `total`: those that the page can show */
	int64_t *no; /* matching runs in the public order */
	size_t count, cap;
	size_t before;  /* of a window: rows of the list before its first */
	int64_t total;  /* of a window: rows of the list */
	bn_arena arena; /* texts to sort by; groups */
	/* Of a list from the query's memory (list_held.c). */
	int64_t matched, lead;
	bn_run_group *groups;
	size_t group_count;
	bool too_many;
	struct bn_run_tree *tree; /* _tree.h; NULL: it is none. Then rows are in its order, not by keys */
} bn_run_list;

/* The page of a list: the numbers of its runs, and its start. */
typedef struct bn_list_page {
	int64_t *no;
	size_t *position; /* in the list; NULL when it is plain */
	size_t count;
	int64_t total, place;
} bn_list_page;

void bn_run_list_init(bn_run_list *l, const bn_run_query *q, sqlite3 *db, int64_t now_ms);
void bn_run_list_release(bn_run_list *l);
int bn_run_list_load(bn_run_list *l, bn_err *err);
int bn_run_list_page(bn_list_page *out, bn_run_list *l, bn_err *err);
void bn_list_page_release(bn_list_page *p);

/* The number of runs, from their counts; for lists without filter and search. */
int bn_run_list_count(int64_t *out, const bn_run_list *l, bn_err *err);
int64_t bn_run_list_limit(const bn_run_list *l);
const char *bn_run_list_mark(const bn_run_list *l); /* where the page begins or ends; NULL none */
/* Loads the matching runs; among: "" or a further condition (" AND r.no IN (1, 2)"). */
int bn_run_list_rows(bn_run_list *l, const char *among, bn_err *err);
/* The value of a key that has a column, for the row at an index. */
void bn_sort_key_take(const bn_run_list *l, bn_sort_key *k, size_t at);
/* Which of two values comes first; NaN, an absent one, is last in either direction. */
int bn_sort_number_cmp(double a, double b, bool down);
/* Which of the rows at two indices comes first by one key; 0: either. */
int bn_sort_key_cmp(const bn_sort_key *k, size_t a, size_t b);
/* Which of the rows at two indices comes first: by the keys, then by index. */
int bn_run_list_cmp(const bn_run_list *l, size_t a, size_t b);
/* list_held.c: brings the query's memory up to date, whose columns the filter then uses; loads the list from it. */
int bn_run_list_hold(bn_run_list *l, bn_err *err);
int bn_run_list_held(bn_run_list *l, bn_err *err);
/* Loads a window if that is sufficient; l->window says whether. The columns are loaded. */
int bn_run_list_window(bn_run_list *l, bn_err *err);

/* mark.c: the text form of a row's position (bn_run_row.mark) and back. */
int bn_mark_write(bn_buf *out, const bn_run_list *l, size_t position, int64_t created_ms,
	const char *id, bn_err *err);

typedef struct bn_mark {
	int64_t created_ms;
	char id[BN_RUN_ID_TEXT];
	size_t count;
	bool is_text[BN_SORT_KEYS_MAX];
	double number[BN_SORT_KEYS_MAX];
	char *text[BN_SORT_KEYS_MAX]; /* owned; NULL absent */
} bn_mark;

int bn_mark_read(bn_mark *out, const bn_run_list *l, const char *text, bn_err *err);
void bn_mark_release(bn_mark *m);

#endif
