/*
 * list_window.c - see _list.h: the part of a list that a page can show, found from one column.
 *
 * If the first key is a metric that has a column and all runs are requested, the column alone gives
 * the page's values: it is split at two ranks, and only the runs between them (and those of equal
 * value) are read in the public order. Those before are counted.
 *
 * After the values come the runs without one, in the public order: these are searched from the
 * nearer end until the page is complete.
 *
 * There is no window if the page begins at a mark of a run without a value, if further keys order
 * such runs, or if too many values are equal: then the whole list is loaded, with the same result.
 */
#include "core/track/_list.h"

#include "core/store/index/fold.h"

#include <math.h>
#include <string.h>

enum { WINDOW_MAX = 4000 };

/* Values of the first key, negated if the largest come first: the page has the smallest. */
typedef struct ranks {
	double *value;
	size_t count;
} ranks;

static double ranked(const bn_sort_key *k, double value)
{
	return k->down ? -value : value;
}

static int ranks_load(ranks *r, const bn_sort_key *k, bn_err *err)
{
	const bn_column *c = k->column;
	if (!(r->value = bn_alloc((c->count + 1) * sizeof *r->value)))
		return bn_err_nomem(err, "a list of runs");
	for (size_t i = 0; i < c->count; i++)
		if (bn_set_has(c->has, i) && !isnan(c->number[i]))
			r->value[r->count++] = ranked(k, c->number[i]);
	return 0;
}

/* The number of values before v, and of those equal to it. */
static void ranks_count(const ranks *r, double v, size_t *before, size_t *equal)
{
	*before = *equal = 0;
	for (size_t i = 0; i < r->count; i++) {
		*before += r->value[i] < v;
		*equal += r->value[i] == v;
	}
}

/* The value of a rank (Hoare's selection; moves the values). */
static double ranks_value(ranks *r, size_t rank)
{
	double *p = r->value;
	size_t lo = 0, hi = r->count;
	while (hi - lo > 1) {
		double pivot = p[lo + (hi - 1 - lo) / 2];
		size_t i = lo, j = hi - 1;
		for (;;) {
			while (p[i] < pivot)
				i++;
			while (pivot < p[j])
				j--;
			if (i >= j)
				break;
			double t = p[i];
			p[i++] = p[j];
			p[j--] = t;
		}
		if (rank < j + 1)
			hi = j + 1;
		else
			lo = j + 1;
	}
	return p[rank];
}

/* The ranks that bound the page, for any start among equal rows; false: unknown. */
static bool find_ranks(size_t *from, size_t *to, const ranks *r, const bn_run_list *l,
	const bn_mark *m, size_t limit)
{
	const bn_run_query *q = l->q;
	size_t total = (size_t)l->total, before, equal;
	*from = q->offset > 0 ? (size_t)q->offset : 0;
	if (q->last)
		*from = total > limit ? total - limit : 0;
	*to = *from + limit;
	if (m) {
		if (isnan(m->number[0]))
			return false;
		ranks_count(r, ranked(&l->keys[0], m->number[0]), &before, &equal);
		*from = before;
		*to = before + equal + limit;
		if (q->before && !q->after) {
			*from = before > limit ? before - limit : 0;
			*to = before + equal;
		}
	}
	*to = *to < total ? *to : total;
	return *from < *to && (*to <= r->count || l->key_count == 1);
}

/* The runs of a window, as a condition. */
typedef struct picked {
	bn_buf sql;
	size_t count;
} picked;

static void pick(picked *p, int64_t run)
{
	bn_buf_addf(&p->sql, "%s%lld", p->count ? ", " : " AND r.no IN (", (long long)run);
	p->count++;
}

static bool has_value(const bn_column *c, size_t run)
{
	return run < c->count && bn_set_has(c->has, run) && !isnan(c->number[run]);
}

/* The runs with values between two. */
static void pick_between(picked *p, const bn_sort_key *k, double low, double high)
{
	for (size_t i = 0; i < k->column->count && p->count <= WINDOW_MAX; i++) {
		if (!has_value(k->column, i))
			continue;
		double v = ranked(k, k->column->number[i]);
		if (v >= low && v <= high)
			pick(p, (int64_t)i);
	}
}

/* The runs without a value from one position among them to another; all is their number. */
static int pick_absent(
	picked *p, const bn_run_list *l, size_t from, size_t to, size_t all, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bool backward = all - to < from;
	size_t skip = backward ? all - to : from, seen = 0;
	int rc;
	if ((rc = bn_sql_prepare(&st, l->world.db, err,
		     backward ? "SELECT no FROM run WHERE removed = 0 ORDER BY created_ms, id DESC"
			      : "SELECT no FROM run WHERE removed = 0 ORDER BY created_ms DESC, id",
		     "")) < 0)
		return rc;
	while (seen < skip + to - from && (rc = bn_sql_step(st, err)) > 0) {
		int64_t run = sqlite3_column_int64(st, 0);
		if (!has_value(l->keys[0].column, (size_t)run) && seen++ >= skip)
			pick(p, run);
	}
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

/* Loads the rows from one rank to another, and those that may be equal. */
static int load_between(bn_run_list *l, ranks *r, size_t from, size_t to, bn_err *err)
{
	picked p = {BN_BUF_INIT, 0};
	size_t total = (size_t)l->total, n = r->count, before = from, equal;
	int rc = 0;
	if (from < n) {
		double low = ranks_value(r, from), high = ranks_value(r, to < n ? to - 1 : n - 1);
		ranks_count(r, low, &before, &equal);
		pick_between(&p, &l->keys[0], low, high);
	}
	if (to > n && p.count <= WINDOW_MAX &&
		(rc = pick_absent(&p, l, from > n ? from - n : 0, to - n, total - n, err)) < 0)
		goto out;
	bn_buf_addch(&p.sql, ')');
	if (p.count == 0 || p.count > WINDOW_MAX)
		goto out;
	if ((rc = bn_buf_check(&p.sql, err, "a query")) < 0)
		goto out;
	if ((rc = bn_run_list_rows(l, p.sql.ptr, err)) < 0)
		goto out;
	l->before = before;
	l->window = true;
out:
	bn_buf_release(&p.sql);
	return rc;
}

int bn_run_list_window(bn_run_list *l, bn_err *err)
{
	const char *text = bn_run_list_mark(l);
	int64_t limit = bn_run_list_limit(l);
	ranks r = {NULL, 0};
	bn_mark m = {.count = 0};
	size_t from, to;
	int rc;
	if (!l->key_count || l->keys[0].field.kind != BN_FIELD_METRIC || !l->all ||
		limit > WINDOW_MAX)
		return 0;
	if (text && (rc = bn_mark_read(&m, l, text, err)) < 0)
		return rc;
	if ((rc = bn_run_list_count(&l->total, l, err)) < 0)
		goto out;
	if ((rc = ranks_load(&r, &l->keys[0], err)) < 0)
		goto out;
	if (r.count > (size_t)l->total) {
		rc = bn_sql_damaged(err, "the runs are not as many as counted");
		goto out;
	}
	if (find_ranks(&from, &to, &r, l, text ? &m : NULL, (size_t)limit))
		rc = load_between(l, &r, from, to, err);
out:
	bn_mark_release(&m);
	bn_free(r.value);
	return rc;
}
