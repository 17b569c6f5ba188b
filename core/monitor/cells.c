/* cells.c - see _cells.h. The two samples are processed in parallel, each by one thread. */
#include "core/monitor/_cells.h"

#include "core/base/mem.h"
#include "core/profile/sort.h"
#include "kernels/parallel.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

enum { CELLS = 1 << 15, LEAST = 8192 };

typedef struct side {
	const double *values;
	size_t n, finite;
	uint32_t *count; /* CELLS */
	double *places;  /* CELLS: sum of (value - lower border) / width */
	double *sorted;  /* values of the marked cells, and the same space again */
	size_t room;
} side;

typedef struct cells {
	side side[2];
	double low, scale; /* scale: cells by unit of value */
	uint8_t *marked;   /* CELLS */
} cells;

bool bn_cells_fit(const bn_range *a, const bn_range *b)
{
	double width = fmax(a->high, b->high) - fmin(a->low, b->low);
	return a->n && b->n && a->n + b->n >= LEAST && a->n <= UINT32_MAX && b->n <= UINT32_MAX &&
	       width > 0 && isfinite(CELLS / width) && isfinite(width);
}

/* Monotonic in x, so that cells are in order of their values. *place: position in the cell, 0 to
 * 1. */
static inline size_t cell_of(const cells *c, double x, double *place)
{
	double at = (x - c->low) * c->scale;
	size_t k = (size_t)at;
	k = k < CELLS ? k : CELLS - 1;
	*place = at - (double)k;
	return k;
}

static int count_side(void *user, size_t shard, size_t begin, size_t end)
{
	cells *c = user;
	side *s = &c->side[shard];
	(void)begin;
	(void)end;
	for (size_t i = 0; i < s->n; i++) {
		double place, x = s->values[i];
		if (!isfinite(x))
			continue;
		size_t k = cell_of(c, x, &place);
		s->count[k]++;
		s->places[k] += place;
	}
	return 0;
}

/* Values of marked cells, ascending. */
static int sort_side(void *user, size_t shard, size_t begin, size_t end)
{
	cells *c = user;
	side *s = &c->side[shard];
	size_t n = 0;
	(void)begin;
	(void)end;
	for (size_t i = 0; i < s->n; i++) {
		double place, x = s->values[i];
		if (isfinite(x) && c->marked[cell_of(c, x, &place)])
			s->sorted[n++] = x + 0.0; /* -0 + 0 is 0 */
	}
	bn_sort_doubles(s->sorted, n, s->sorted + s->room);
	return 0;
}

/* The difference of the distribution functions after i and j values: the one expression for it. */
static double gap(const cells *c, uint64_t i, uint64_t j)
{
	return (double)i / (double)c->side[0].finite - (double)j / (double)c->side[1].finite;
}

/* The largest difference at a border. */
static double gap_at_borders(const cells *c)
{
	uint64_t i = 0, j = 0;
	double most = 0;
	for (size_t k = 0; k < CELLS; k++) {
		i += c->side[0].count[k];
		j += c->side[1].count[k];
		most = fmax(most, fabs(gap(c, i, j)));
	}
	return most;
}

/* Marks the cells in which a difference may be above `most` (division and subtraction round monotonically), or, with
 * `crossings`, change its sign. */
static void mark(cells *c, double most, bool crossings)
{
	uint64_t i = 0, j = 0;
	for (size_t k = 0; k < CELLS; k++) {
		uint64_t a = c->side[0].count[k], b = c->side[1].count[k];
		double up = gap(c, i + a, j), down = gap(c, i, j + b);
		bool look = crossings ? up > 0 && down < 0 : up > most || -down > most;
		c->marked[k] = look && (a || b);
		if (c->marked[k]) {
			c->side[0].room += a;
			c->side[1].room += b;
		}
		i += a;
		j += b;
	}
}

/* A marked cell, value by value. */
typedef struct look {
	const cells *c;
	uint64_t i, j;     /* values below the cell */
	size_t at[2];      /* in `sorted` */
	double most, area; /* of |gap|; area in cells */
} look;

static void look_into(look *l, size_t k)
{
	const side *s = l->c->side;
	size_t end[2] = {l->at[0] + s[0].count[k], l->at[1] + s[1].count[k]};
	uint64_t i = l->i, j = l->j;
	double from = 0, now = gap(l->c, i, j);
	while (l->at[0] < end[0] || l->at[1] < end[1]) {
		double x = l->at[0] < end[0] ? s[0].sorted[l->at[0]] : INFINITY;
		double y = l->at[1] < end[1] ? s[1].sorted[l->at[1]] : INFINITY;
		double value = x < y ? x : y, place;
		cell_of(l->c, value, &place);
		l->area += fabs(now) * (place - from);
		from = place;
		for (; l->at[0] < end[0] && s[0].sorted[l->at[0]] == value; l->at[0]++)
			i++;
		for (; l->at[1] < end[1] && s[1].sorted[l->at[1]] == value; l->at[1]++)
			j++;
		now = gap(l->c, i, j);
		l->most = fmax(l->most, fabs(now));
	}
	l->area += fabs(now) * (1 - from);
}

/* If the functions do not cross: each value counts from its position to the upper border. */
static double area_of(const cells *c, size_t k, uint64_t i, uint64_t j)
{
	const side *a = &c->side[0], *b = &c->side[1];
	return fabs(gap(c, i, j) + (a->count[k] - a->places[k]) / (double)a->finite -
		    (b->count[k] - b->places[k]) / (double)b->finite);
}

/* most: at the borders, from below; area: all of it, in cells. */
static void walk(const cells *c, double *most, double *area)
{
	look l = {.c = c, .most = *most};
	double carry = 0, sum = 0; /* Kahan: tens of thousands of terms add up */
	for (size_t k = 0; k < CELLS; k++) {
		l.area = 0;
		if (c->marked[k])
			look_into(&l, k);
		else
			l.area = area_of(c, k, l.i, l.j);
		double term = l.area - carry, next = sum + term;
		carry = (next - sum) - term;
		sum = next;
		l.i += c->side[0].count[k];
		l.j += c->side[1].count[k];
	}
	*most = l.most;
	*area = sum;
}

/* One of the two statistics: they need different cells. */
static int refine(cells *c, bool crossings, double *most, double *area, bn_err *err)
{
	side *s = c->side;
	s[0].room = s[1].room = 0;
	mark(c, *most, crossings);
	s[0].sorted = bn_alloc((2 * (s[0].room + s[1].room) + 1) * sizeof(double));
	if (!s[0].sorted)
		return bn_err_nomem(err, "a sorted column");
	s[1].sorted = s[0].sorted + 2 * s[0].room;
	if (s[0].room + s[1].room)
		bnk_parallel_for(2, 2, 0, sort_side, c);
	walk(c, most, area);
	bn_free(s[0].sorted);
	return 0;
}

int bn_cells_measure(double *ks, double *wasserstein, const double *a, size_t n_a,
	const bn_range *range_a, const double *b, size_t n_b, const bn_range *range_b, bn_err *err)
{
	cells c = {.side = {{.values = a, .n = n_a, .finite = range_a->n},
			   {.values = b, .n = n_b, .finite = range_b->n}}};
	double area = 0, most = 0, unused = 0;
	c.low = fmin(range_a->low, range_b->low);
	c.scale = CELLS / (fmax(range_a->high, range_b->high) - c.low);
	uint32_t *counts = bn_alloc_zeroed(2 * CELLS, sizeof *counts);
	double *places = bn_alloc_zeroed(2 * CELLS, sizeof *places);
	int rc = 0;
	c.marked = bn_alloc(CELLS);
	if (!counts || !places || !c.marked) {
		rc = bn_err_nomem(err, "a column's cells");
		goto out;
	}
	for (size_t i = 0; i < 2; i++) {
		c.side[i].count = counts + i * CELLS;
		c.side[i].places = places + i * CELLS;
	}
	bnk_parallel_for(2, 2, 0, count_side, &c);
	if (ks) {
		most = gap_at_borders(&c);
		if ((rc = refine(&c, false, &most, &unused, err)) < 0)
			goto out;
		*ks = most;
	}
	if (wasserstein) {
		if ((rc = refine(&c, true, &unused, &area, err)) < 0)
			goto out;
		*wasserstein = area / c.scale;
	}
out:
	bn_free(counts);
	bn_free(places);
	bn_free(c.marked);
	return rc;
}
