/* series_pack.c - see series_pack.h. */
#include "core/track/series_pack.h"

#include "core/base/mem.h"
#include "core/store/index/fold.h"

#include <math.h>

enum { FORM_ONE = 1, FORM_MANY = 2, FORM = 3, LOOSE = 4 };

/* ---- summaries ------------------------------------------------------------------------------ */

static int sign(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

int bn_series_point_cmp(const bn_series_point *a, const bn_series_point *b)
{
	int c = sign(a->step, b->step);
	if (!c)
		c = sign(a->time_ms, b->time_ms);
	if (!c && isnan(a->value) != isnan(b->value))
		c = isnan(a->value) ? -1 : 1;
	if (!c && !isnan(a->value))
		c = a->value < b->value ? -1 : a->value > b->value;
	return c;
}

static void take_min(bn_series_summary *s, double value, int64_t step)
{
	if (!isnan(value) &&
		(isnan(s->min) || value < s->min || (value == s->min && step < s->min_step))) {
		s->min = value;
		s->min_step = step;
	}
}

static void take_max(bn_series_summary *s, double value, int64_t step)
{
	if (!isnan(value) &&
		(isnan(s->max) || value > s->max || (value == s->max && step < s->max_step))) {
		s->max = value;
		s->max_step = step;
	}
}

static void summary_of_one(bn_series_summary *s, bn_series_point p)
{
	bool nan = isnan(p.value);
	s->points = 1;
	s->nans = nan;
	s->first = s->last = p;
	s->min_ms = s->max_ms = p.time_ms;
	s->min = s->max = p.value + 0.0;
	s->min_step = s->max_step = nan ? -1 : p.step;
}

static void sum_start(bn_series_summary *s)
{
	memset(&s->sum, 0, sizeof s->sum);
	if (!isnan(s->first.value))
		bn_exact_sum_add(&s->sum, s->first.value);
}

/* -0 becomes 0: the order of arrival must not matter. */
static bn_series_point plain(bn_series_point p)
{
	p.value += 0.0;
	return p;
}

static void join_parts(bn_series_summary *s, const bn_series_summary *more)
{
	s->points += more->points;
	s->nans += more->nans;
	s->first = plain(bn_series_point_cmp(&more->first, &s->first) < 0 ? more->first : s->first);
	s->last = plain(bn_series_point_cmp(&more->last, &s->last) > 0 ? more->last : s->last);
	s->min_ms = more->min_ms < s->min_ms ? more->min_ms : s->min_ms;
	s->max_ms = more->max_ms > s->max_ms ? more->max_ms : s->max_ms;
	take_min(s, more->min, more->min_step);
	take_max(s, more->max, more->max_step);
}

void bn_series_summarise(bn_series_summary *out, const bn_metric_series *m)
{
	bn_series_summary one;
	summary_of_one(out, (bn_series_point){m->step[0], m->time_ms[0], m->value[0]});
	out->loose = false;
	if (m->count == 1)
		return;
	sum_start(out);
	for (size_t i = 1; i < m->count; i++) {
		double v = m->value[i];
		summary_of_one(&one, (bn_series_point){m->step[i], m->time_ms[i], v});
		join_parts(out, &one);
		if (!isnan(v))
			bn_exact_sum_add(&out->sum, v);
	}
}

void bn_series_summary_join(bn_series_summary *s, const bn_series_summary *more)
{
	if (s->points == 1)
		sum_start(s);
	if (more->points > 1)
		bn_exact_sum_join(&s->sum, &more->sum);
	else if (!isnan(more->first.value))
		bn_exact_sum_add(&s->sum, more->first.value);
	join_parts(s, more);
	s->loose = false;
}

double bn_series_mean(const bn_series_summary *s)
{
	if (s->points == 1)
		return s->first.value + 0.0;
	return bn_exact_sum_mean(&s->sum, (uint64_t)(s->points - s->nans));
}

/* ---- lists ---------------------------------------------------------------------------------- */

size_t bn_series_place(const bn_series_summaries *l, int64_t key, bool *found)
{
	size_t lo = 0, hi = l->count;
	if (hi && l->items[hi - 1].key < key)
		lo = hi;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (l->items[mid].key < key)
			lo = mid + 1;
		else
			hi = mid;
	}
	*found = lo < l->count && l->items[lo].key == key;
	return lo;
}

bn_series_summary *bn_series_insert(bn_series_summaries *l, size_t at)
{
	if (bn_grow(&l->items, &l->cap, l->count + 1, sizeof *l->items) != 0)
		return NULL;
	memmove(&l->items[at + 1], &l->items[at], (l->count - at) * sizeof *l->items);
	l->count++;
	return &l->items[at];
}

/* ---- bytes ---------------------------------------------------------------------------------- */

static void put_signed(bn_buf *b, int64_t v, int64_t before)
{
	bn_varint_put(b, bn_zigzag((uint64_t)v - (uint64_t)before));
}

static int64_t get_signed(bn_cursor *c, int64_t before)
{
	return (int64_t)(bn_unzigzag(bn_cursor_varint(c)) + (uint64_t)before);
}

static void put_point(bn_buf *b, const bn_series_point *p, int64_t time_before)
{
	put_signed(b, p->step, 0);
	put_signed(b, p->time_ms, time_before);
	bn_buf_add(b, &p->value, sizeof p->value);
}

static bn_series_point get_point(bn_cursor *c, int64_t time_before)
{
	bn_series_point p;
	p.step = get_signed(c, 0);
	p.time_ms = get_signed(c, time_before);
	bn_cursor_bytes(c, &p.value, sizeof p.value);
	return p;
}

static void put_many(bn_buf *b, const bn_series_summary *s, int64_t time_before)
{
	bn_varint_put(b, (uint64_t)s->points);
	bn_varint_put(b, (uint64_t)s->nans);
	put_point(b, &s->first, time_before);
	put_point(b, &s->last, s->first.time_ms);
	put_signed(b, s->min_ms, s->first.time_ms);
	put_signed(b, s->max_ms, s->first.time_ms);
	if (s->points == s->nans)
		return;
	bn_buf_add(b, &s->min, sizeof s->min);
	put_signed(b, s->min_step, 0);
	bn_buf_add(b, &s->max, sizeof s->max);
	put_signed(b, s->max_step, 0);
	bn_exact_sum_put(b, &s->sum);
}

int bn_series_pack(bn_buf *out, const bn_series_summaries *l, bn_err *err)
{
	int64_t key = 0, time = 0;
	bn_varint_put(out, l->count);
	for (size_t i = 0; i < l->count; i++) {
		const bn_series_summary *s = &l->items[i];
		int form = s->points == 1 ? FORM_ONE : FORM_MANY;
		bn_varint_put(out, (uint64_t)s->key - (uint64_t)key);
		bn_buf_addch(out, (char)(form | (s->loose ? LOOSE : 0)));
		if (form == FORM_ONE)
			put_point(out, &s->first, time);
		else
			put_many(out, s, time);
		key = s->key;
		time = s->first.time_ms;
	}
	return bn_buf_check(out, err, "metric summaries");
}

static void get_many(bn_series_summary *s, bn_cursor *c, int64_t time_before)
{
	uint64_t points = bn_cursor_varint(c), nans = bn_cursor_varint(c);
	s->points = (int64_t)points;
	s->nans = (int64_t)nans;
	s->first = get_point(c, time_before);
	s->last = get_point(c, s->first.time_ms);
	s->min_ms = get_signed(c, s->first.time_ms);
	s->max_ms = get_signed(c, s->first.time_ms);
	s->min = s->max = (double)NAN;
	s->min_step = s->max_step = -1;
	memset(&s->sum, 0, sizeof s->sum);
	c->bad = c->bad || points < 2 || points > INT64_MAX || nans > points;
	if (c->bad || nans == points)
		return;
	bn_cursor_bytes(c, &s->min, sizeof s->min);
	s->min_step = get_signed(c, 0);
	bn_cursor_bytes(c, &s->max, sizeof s->max);
	s->max_step = get_signed(c, 0);
	bn_exact_sum_get(&s->sum, c);
}

int bn_series_unpack(bn_series_summaries *l, const void *bytes, size_t n, bn_err *err)
{
	const unsigned char *p = bytes;
	bn_cursor c = {p, p + n, false};
	int64_t key = 0, time = 0;
	uint64_t count = bn_cursor_varint(&c);
	l->count = 0;
	/* A series takes at least 12 bytes, which bounds the memory by the input. */
	if (c.bad || count > n / 12)
		return bn_sql_damaged(err, "damaged metric summaries");
	if (bn_grow(&l->items, &l->cap, (size_t)count, sizeof *l->items) != 0)
		return bn_err_nomem(err, "metric summaries");
	for (uint64_t i = 0; i < count && !c.bad; i++) {
		bn_series_summary *s = &l->items[l->count];
		uint64_t step = bn_cursor_varint(&c);
		unsigned char form = 0;
		bn_cursor_bytes(&c, &form, 1);
		s->key = (int64_t)((uint64_t)key + step);
		s->loose = form & LOOSE;
		if ((form & FORM) == FORM_ONE)
			summary_of_one(s, get_point(&c, time));
		else if ((form & FORM) == FORM_MANY)
			get_many(s, &c, time);
		else
			c.bad = true;
		c.bad = c.bad || s->key < 0 || (i > 0 && s->key <= key);
		key = s->key;
		time = s->first.time_ms;
		l->count++;
	}
	if (c.bad || bn_cursor_left(&c)) {
		l->count = 0;
		return bn_sql_damaged(err, "damaged metric summaries");
	}
	return 0;
}
