/* split_time.c - splits by time, and rows whose labels reach into another part. */
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/data/_split.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading times ------------------------------------------------------------------------------- */

typedef struct reading {
	bn_split_times *t;
	int64_t *to;
	double add;
	uint64_t missing;
	const int64_t *otherwise; /* instead of a missing one; NULL: it is counted */
} reading;

static int read_instants(void *ctx, const bn_column *c, uint64_t first_row, bn_err *err)
{
	reading *g = ctx;

	(void)err;
	for (size_t r = 0; r < c->rows; r++) {
		int64_t *to = &g->to[first_row + r];
		if (bn_instant_of(to, g->t->u, c, r, g->add))
			continue;
		*to = g->otherwise ? g->otherwise[first_row + r] : 0;
		g->missing += !g->otherwise;
	}
	return 0;
}

static int by_instant(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static int sort_events(bn_split_times *t, bn_err *err)
{
	if (!(t->sorted = bn_alloc((t->rows + 1) * sizeof *t->sorted)))
		return bn_err_nomem(err, "the time line of a split");
	memcpy(t->sorted, t->event, t->rows * sizeof *t->sorted);
	qsort(t->sorted, t->rows, sizeof *t->sorted, by_instant);
	return 0;
}

/* "6h", "3600", or "1%" of the rows. */
static int read_embargo(bn_split_times *t, const bn_field *f, const char *text, bn_err *err)
{
	size_t n = strlen(text);
	double percent;

	t->embargo = 0;
	if (!n || text[n - 1] != '%')
		return bn_instant_length(&t->embargo, f, text, "--embargo", err);
	if (!bn_parse_f64(text, n - 1, &percent) || !(percent >= 0 && percent <= 100))
		return bn_err_set(err, BN_EINVAL, "--embargo '%s' is not 0%% to 100%% of the rows", text);
	t->embargo = NAN;
	t->embargo_rows = (uint64_t)((double)t->rows * percent / 100);
	return 0;
}

static int need_time(const bn_field **f, size_t *column, bn_instants *u, bn_table_reader *table, const char *name,
	const bn_field *like, bn_err *err)
{
	const bn_schema *s = bn_table_schema(table);
	int rc = bn_schema_need(s, name, column, err);

	if (rc < 0)
		return rc;
	*f = &s->fields[*column];
	return bn_instants_add(u, *f, like, "a split by time", err);
}

int bn_split_times_read(
	bn_split_times *t, bn_table_reader *table, const bn_split_options *o, bn_err *err)
{
	const bn_field *event, *end;
	size_t column, end_column = 0;
	double horizon = 0;
	int rc;

	memset(t, 0, sizeof *t);
	t->rows = bn_table_rows(table);
	if ((rc = need_time(&event, &column, &t->u, table, o->column, NULL, err)) < 0 ||
		(o->end && (rc = need_time(&end, &end_column, &t->u, table, o->end, event, err)) < 0) ||
		(o->horizon && (rc = bn_instant_length(&horizon, event, o->horizon, "--horizon", err)) < 0) ||
		(o->embargo && (rc = read_embargo(t, event, o->embargo, err)) < 0))
		return rc;
	if (!(t->event = bn_alloc((t->rows + 1) * sizeof *t->event)))
		return bn_err_nomem(err, "the time line of a split");
	reading g = {.t = t, .to = t->event};
	if ((rc = bn_split_each(table, column, read_instants, &g, o->progress, err)) < 0)
		return rc;
	if (g.missing)
		return bn_err_set(err, BN_EINVAL, "column '%s' is missing in %" PRIu64 " of %" PRIu64 " rows",
			o->column, g.missing, t->rows);
	if ((rc = sort_events(t, err)) < 0 || (!o->end && !(horizon > 0)))
		return rc;
	if (!(t->end = bn_alloc((t->rows + 1) * sizeof *t->end)))
		return bn_err_nomem(err, "the time line of a split");
	g = (reading){.t = t, .to = t->end, .add = o->end ? 0 : horizon, .otherwise = t->event};
	if ((rc = bn_split_each(table, o->end ? end_column : column, read_instants, &g, o->progress, err)) < 0)
		return rc;
	for (uint64_t r = 0; r < t->rows; r++) /* an end before the event is no interval */
		t->end[r] = t->end[r] < t->event[r] ? t->event[r] : t->end[r];
	return 0;
}

void bn_split_times_release(bn_split_times *t)
{
	bn_free(t->event);
	bn_free(t->end);
	bn_free(t->sorted);
	memset(t, 0, sizeof *t);
}

/* ---- windows ----------------------------------------------------------------------------------------- */

void bn_split_windows(bn_window *w, const bn_split_times *t, const uint8_t *part_of, size_t parts)
{
	for (size_t p = 0; p < parts; p++)
		w[p] = (bn_window)BN_WINDOW_NONE;
	for (uint64_t r = 0; r < t->rows; r++)
		if (part_of[r] < parts)
			bn_window_widen(&w[part_of[r]], t->event[r], bn_split_end(t, r));
}

/* The number of events before that instant. */
static uint64_t events_before(const bn_split_times *t, int64_t instant)
{
	uint64_t lo = 0, hi = t->rows;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;
		if (t->sorted[mid] < instant)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

int64_t bn_split_embargo(const bn_split_times *t, const bn_window *w)
{
	uint64_t at;

	if (w->from > w->last)
		return INT64_MIN;
	if (!isnan(t->embargo))
		return t->embargo > 0 ? bn_instant_plus(t->u, w->to, t->embargo) : INT64_MIN;
	/* rows that begin after the test's last label */
	at = events_before(t, w->to + (!t->end && w->to < INT64_MAX));
	if (!t->embargo_rows || at >= t->rows)
		return INT64_MIN;
	at += t->embargo_rows - 1;
	return t->sorted[at < t->rows ? at : t->rows - 1];
}

/* ---- parts ------------------------------------------------------------------------------------------- */

/* Makes the sorted events distinct; upto[i] is the number of rows in the first i + 1 of them. Returns their number. */
static uint64_t instants_of(int64_t *sorted, uint64_t *upto, uint64_t rows)
{
	uint64_t n = 0;

	for (uint64_t i = 0; i < rows; i++) {
		n += i && sorted[i] != sorted[n];
		sorted[n] = sorted[i];
		upto[n] = i + 1;
	}
	return n + 1;
}

/* A part ends with the instant whose end is nearest to the requested share, and no part is empty while there are enough
 * instants. */
static void deal_instants(uint8_t *part_of, const bn_split_times *t, const int64_t *instants, const uint64_t *upto,
	uint64_t count, const bn_split_options *o)
{
	uint64_t counts[BN_SPLIT_MAX_PARTS], want = 0, next = 0;
	int64_t firsts[BN_SPLIT_MAX_PARTS];
	const uint64_t ends = count - 1; /* all instants but the last */
	size_t parts = 0;

	bn_split_counts(t->rows, o, counts);
	for (; parts + 1 < o->part_count && next < ends; parts++) {
		const uint64_t later = o->part_count - 2 - parts; /* parts that still need an end */
		const uint64_t last = ends > next + later ? ends - 1 - later : next;
		uint64_t end = next;
		want += counts[parts];
		while (end < last && imaxabs((intmax_t)(upto[end + 1] - want)) <= imaxabs((intmax_t)(upto[end] - want)))
			end++;
		next = end + 1;
		firsts[parts] = instants[next];
	}
	for (uint64_t r = 0; r < t->rows; r++) {
		uint8_t p = 0;
		while (p < parts && t->event[r] >= firsts[p])
			p++;
		part_of[r] = p;
	}
}

/* Rows of an earlier part whose labels reach into a later one. */
static uint64_t purge(uint8_t *part_of, const bn_split_times *t, size_t parts)
{
	bn_window w[BN_SPLIT_MAX_PARTS];
	uint64_t left_out = 0;

	bn_split_windows(w, t, part_of, parts);
	for (uint64_t r = 0; r < t->rows; r++)
		for (size_t p = part_of[r] + (size_t)1; p < parts; p++)
			if (bn_window_meets(&w[p], t->event[r], bn_split_end(t, r))) {
				part_of[r] = BN_SPLIT_LEFT_OUT;
				left_out++;
				break;
			}
	return left_out;
}

int bn_split_by_time(uint8_t *part_of, bn_split_outcome *outcome, bn_table_reader *table, const bn_split_options *o,
	bn_err *err)
{
	bn_split_times t = {.event = NULL};
	int64_t *instants = NULL;
	uint64_t *upto = NULL;
	int rc;

	if ((rc = bn_split_times_read(&t, table, o, err)) < 0 || !t.rows)
		goto out;
	instants = bn_alloc(t.rows * sizeof *instants);
	upto = bn_alloc(t.rows * sizeof *upto);
	if (!instants || !upto) {
		rc = bn_err_nomem(err, "the time line of a split");
		goto out;
	}
	memcpy(instants, t.sorted, t.rows * sizeof *instants);
	deal_instants(part_of, &t, instants, upto, instants_of(instants, upto, t.rows), o);
	if (t.end && !o->folds) /* of folds it depends on the fold */
		outcome->left_out = purge(part_of, &t, o->part_count);
out:
	bn_split_times_release(&t);
	bn_free(instants);
	bn_free(upto);
	return rc;
}
