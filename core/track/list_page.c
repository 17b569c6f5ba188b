/*
 * list_page.c - see _list.h: the part of a list that a page shows.
 *
 * A page begins at a position given by the query: an offset, the end, or the mark of a row (its
 * values and its position in the public order at that time), found by counting the rows before it.
 * The positions of the page are found by selection, not by sorting the whole list.
 */
#include "core/track/_list.h"

#include "core/base/hash.h"
#include "core/store/index/fold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 1000 };

/* ---- order ---------------------------------------------------------------------------------- */

static int absent_cmp(bool a, bool b)
{
	return a - b; /* absent values come last */
}

int bn_sort_number_cmp(double a, double b, bool down)
{
	if (isnan(a) || isnan(b))
		return absent_cmp(isnan(a), isnan(b));
	int c = a < b ? -1 : a > b;
	return down ? -c : c;
}

static int text_cmp(const char *a, const char *b, bool down)
{
	if (!a || !b)
		return absent_cmp(!a, !b);
	int c = strcmp(a, b);
	return down ? -c : c;
}

int bn_sort_key_cmp(const bn_sort_key *k, size_t a, size_t b)
{
	return k->is_text ? text_cmp(k->text[a], k->text[b], k->down)
			  : bn_sort_number_cmp(k->number[a], k->number[b], k->down);
}

static int position_cmp(const void *pa, const void *pb, void *list)
{
	const size_t a = *(const size_t *)pa, b = *(const size_t *)pb;
	const bn_run_list *l = list;
	for (size_t i = 0; i < l->key_count; i++) {
		int c = bn_sort_key_cmp(&l->keys[i], a, b);
		if (c)
			return c;
	}
	return a < b ? -1 : a > b;
}

int bn_run_list_cmp(const bn_run_list *l, size_t a, size_t b)
{
	return position_cmp(&a, &b, (void *)(uintptr_t)l);
}

/* Compares the row at a position with the values of a mark. */
static int mark_cmp(const bn_run_list *l, size_t at, const bn_mark *m)
{
	for (size_t i = 0; i < l->key_count; i++) {
		const bn_sort_key *k = &l->keys[i];
		int c = k->is_text ? text_cmp(k->text[at], m->text[i], k->down)
				   : bn_sort_number_cmp(k->number[at], m->number[i], k->down);
		if (c)
			return c;
	}
	return 0;
}

/* ---- places --------------------------------------------------------------------------------- */

/* Whether a run comes before the mark's in the public order. */
static int precedes_mark(bool *out, const bn_run_list *l, int64_t no, const bn_mark *m, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	uint8_t id[(BN_RUN_ID_TEXT - 1) / 2];
	int rc;
	bn_unhex(m->id, sizeof id, id);
	if ((rc = bn_sql_prepare(&st, l->world.db, err,
		     "SELECT created_ms > ?1 OR (created_ms = ?1 AND id < ?2) FROM run "
		     "WHERE no = ?3",
		     "ibi", m->created_ms, id, sizeof id, no)) < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) > 0) {
		*out = sqlite3_column_int(st, 0) != 0;
		rc = 1;
	}
	sqlite3_finalize(st);
	if (rc < 0)
		return rc;
	return rc ? 0 : bn_sql_damaged(err, "a run has gone");
}

/* The position of the mark's run, or where it would be, in the public order of the list. *here: it
 * is in the list. */
static int mark_position(size_t *out, bool *here, bn_run_list *l, const bn_mark *m, bn_err *err)
{
	int64_t no = bn_run_number(l->world.db, m->id);
	size_t lo = 0, hi = l->count;
	bool before = false;
	int rc;
	for (size_t i = 0; i < l->count; i++)
		if (l->no[i] == no) {
			*out = i;
			*here = true;
			return 0;
		}
	*here = false;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if ((rc = precedes_mark(&before, l, l->no[mid], m, err)) < 0)
			return rc;
		if (before)
			lo = mid + 1;
		else
			hi = mid;
	}
	*out = lo;
	return 0;
}

/* The number of rows before the mark; *here: its row is at that position. */
static int rows_before(int64_t *out, bool *here, bn_run_list *l, const bn_mark *m, bn_err *err)
{
	size_t position = 0;
	int rc = mark_position(&position, here, l, m, err);
	*out = (int64_t)l->before;
	for (size_t i = 0; i < l->count && rc == 0; i++) {
		int c = mark_cmp(l, i, m);
		*out += c < 0 || (c == 0 && i < position);
	}
	*here = rc == 0 && *here && mark_cmp(l, position, m) == 0;
	return rc;
}

/* Prepares a statement with the list's condition, whose values are bound from ?at on. */
static int prepare_where(
	sqlite3_stmt **st, const bn_run_list *l, const bn_buf *sql, int *at, bn_err *err)
{
	int rc;
	if ((rc = bn_buf_check(sql, err, "a query")) < 0 ||
		(rc = bn_sql_prepare(st, l->world.db, err, sql->ptr, "")) < 0)
		return rc;
	return bn_sql_piece_bind(&l->where, *st, at, err);
}

/* The same in the public order of all runs. */
static int rows_before_plain(
	int64_t *out, bool *here, bn_run_list *l, const bn_mark *m, bn_err *err)
{
	bn_buf sql = BN_BUF_INIT;
	sqlite3_stmt *st = NULL;
	uint8_t id[(BN_RUN_ID_TEXT - 1) / 2];
	size_t at_ms = l->where.count + 1;
	int at = 1;
	bn_unhex(m->id, sizeof id, id);
	bn_buf_addf(&sql,
		"WITH w AS (SELECT r.created_ms AS ms, r.id AS id FROM run r%s AND "
		"r.created_ms >= ?%zu) SELECT count(*) - count(CASE WHEN ms = ?%zu AND id >= ?%zu "
		"THEN 1 END), count(CASE WHEN id = ?%zu THEN 1 END) FROM w",
		l->where.sql.ptr, at_ms, at_ms, at_ms + 1, at_ms + 1);
	int rc;
	if ((rc = prepare_where(&st, l, &sql, &at, err)) < 0)
		goto out;
	sqlite3_bind_int64(st, at, m->created_ms);
	sqlite3_bind_blob(st, at + 1, id, sizeof id, SQLITE_STATIC);
	if ((rc = bn_sql_step(st, err)) < 1)
		goto out;
	*out = sqlite3_column_int64(st, 0);
	*here = sqlite3_column_int64(st, 1) > 0;
	rc = 0;
out:
	sqlite3_finalize(st);
	bn_buf_release(&sql);
	return rc;
}

int bn_run_list_count(int64_t *out, const bn_run_list *l, bn_err *err)
{
	bn_buf sql = BN_BUF_INIT;
	sqlite3_stmt *st = NULL;
	int at = 1;
	bn_buf_addf(&sql, "SELECT sum(r.runs) FROM index_count r%s", l->where.sql.ptr);
	int rc;
	if ((rc = prepare_where(&st, l, &sql, &at, err)) < 0)
		goto out;
	if ((rc = bn_sql_step(st, err)) < 1)
		goto out;
	*out = sqlite3_column_int64(st, 0);
	rc = 0;
out:
	sqlite3_finalize(st);
	bn_buf_release(&sql);
	return rc;
}

int64_t bn_run_list_limit(const bn_run_list *l)
{
	return l->q->limit > 0 ? l->q->limit : LIMIT;
}

const char *bn_run_list_mark(const bn_run_list *l)
{
	const bn_run_query *q = l->q;
	if (q->last || l->tree)
		return NULL;
	if (q->after)
		return q->after;
	return q->before ? q->before : q->from;
}

/* The position of the first row, and the maximum number of rows. */
static int find_place(bn_list_page *out, int64_t *limit, bn_run_list *l, bn_err *err)
{
	const bn_run_query *q = l->q;
	const char *text = bn_run_list_mark(l);
	int64_t before = 0;
	bool here = false;
	bn_mark m;
	int rc;
	out->place = q->offset > 0 ? q->offset : 0;
	if (q->last)
		out->place = out->total > *limit ? out->total - *limit : 0;
	if (!text)
		return 0;
	if ((rc = bn_mark_read(&m, l, text, err)) < 0)
		return rc;
	rc = l->plain ? rows_before_plain(&before, &here, l, &m, err)
		      : rows_before(&before, &here, l, &m, err);
	bn_mark_release(&m);
	out->place = q->after ? before + here : before;
	if (q->before && !q->after) {
		out->place = before > *limit ? before - *limit : 0;
		*limit = before - out->place;
	}
	return rc;
}

/* ---- pages ---------------------------------------------------------------------------------- */

/* Moves the k first of n positions to the front, in no order (Hoare's selection). */
static void select_first(bn_run_list *l, size_t *p, size_t n, size_t k)
{
	size_t lo = 0, hi = n;
	while (hi - lo > 1 && k > lo && k < hi) {
		size_t pivot = p[lo + (hi - 1 - lo) / 2], i = lo, j = hi - 1;
		for (;;) {
			while (position_cmp(&p[i], &pivot, l) < 0)
				i++;
			while (position_cmp(&pivot, &p[j], l) < 0)
				j--;
			if (i >= j)
				break;
			size_t t = p[i];
			p[i++] = p[j];
			p[j--] = t;
		}
		size_t cut = j + 1;
		if (k < cut)
			hi = cut;
		else
			lo = cut;
	}
}

static int pick(bn_list_page *out, bn_run_list *l, bn_err *err)
{
	if ((size_t)out->place < l->before ||
		(size_t)out->place - l->before + out->count > l->count)
		return bn_sql_damaged(err, "the runs are not as many as counted");
	size_t from = (size_t)out->place - l->before;
	size_t *all = bn_alloc((l->count + 1) * sizeof *all);
	if (!all)
		return bn_err_nomem(err, "a page of runs");
	for (size_t i = 0; i < l->count; i++)
		all[i] = i;
	if (l->key_count && !l->tree) {
		select_first(l, all, l->count, from);
		select_first(l, all + from, l->count - from, out->count);
		qsort_r(all + from, out->count, sizeof *all, position_cmp, l);
	}
	for (size_t i = 0; i < out->count; i++) {
		out->position[i] = all[from + i];
		out->no[i] = l->no[all[from + i]];
	}
	bn_free(all);
	return 0;
}

static int pick_plain(bn_list_page *out, bn_run_list *l, bn_err *err)
{
	bn_buf sql = BN_BUF_INIT;
	sqlite3_stmt *st = NULL;
	int at = 1;
	size_t n = 0, count = out->count;
	/* From the nearer end. */
	int64_t behind = out->total - out->place - (int64_t)count;
	bool backward = behind < out->place;
	bn_buf_addf(&sql,
		"SELECT r.no FROM run r%s ORDER BY r.created_ms %s, r.id %s LIMIT %zu "
		"OFFSET %lld",
		l->where.sql.ptr, backward ? "ASC" : "DESC", backward ? "DESC" : "ASC", count,
		(long long)(backward ? behind : out->place));
	int rc;
	if ((rc = prepare_where(&st, l, &sql, &at, err)) < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (n < count)
			out->no[backward ? count - 1 - n : n] = sqlite3_column_int64(st, 0);
		n++;
	}
	if (rc < 0)
		goto out;
	if (n != count)
		rc = bn_sql_damaged(err, "the runs are not as many as counted");
out:
	sqlite3_finalize(st);
	bn_buf_release(&sql);
	return rc;
}

int bn_run_list_page(bn_list_page *out, bn_run_list *l, bn_err *err)
{
	int64_t limit = bn_run_list_limit(l);
	int rc = 0;
	*out = (bn_list_page){.total = l->window ? l->total : (int64_t)l->count};
	if (l->plain && (rc = bn_run_list_count(&out->total, l, err)) < 0)
		return rc;
	if (l->q->limit_of_more > 0 && out->total > limit)
		limit = l->q->limit_of_more;
	if ((rc = find_place(out, &limit, l, err)) < 0)
		return rc;
	int64_t left = out->total > out->place ? out->total - out->place : 0;
	out->place = left ? out->place : out->total;
	out->count = (size_t)(left < limit ? left : limit);
	out->no = bn_alloc((out->count + 1) * sizeof *out->no);
	if (!l->plain)
		out->position = bn_alloc((out->count + 1) * sizeof *out->position);
	if (!out->no || (!l->plain && !out->position))
		return bn_err_nomem(err, "a page of runs");
	if (out->count == 0)
		return 0;
	return l->plain ? pick_plain(out, l, err) : pick(out, l, err);
}

void bn_list_page_release(bn_list_page *p)
{
	bn_free(p->no);
	bn_free(p->position);
	*p = (bn_list_page){.no = NULL};
}
