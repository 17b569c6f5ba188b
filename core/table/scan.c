/* scan.c - see scan.h, and _view.h for what is kept. */
#include "core/table/scan.h"

#include "core/base/mem.h"
#include "core/table/_view.h"
#include "core/table/expr/eval.h"
#include "core/table/expr/prune.h"
#include "core/table/stats.h"
#include "core/table/take.h"

#include <string.h>

#define COLUMNS_MAX 4096 /* that one filter reads */

/* ---- what is kept ----------------------------------------------------------------------------- */

void bn_table_view_free(bn_table_view *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < v->count; i++)
		bn_free(v->kept[i].bits);
	bn_free(v->kept);
	if (v->owns_base)
		bn_table_reader_free(v->base);
	bn_free(v);
}

/* The batch of the view that holds a row; the last one for what lies beyond. */
static size_t batch_of(const bn_table_view *v, uint64_t row)
{
	return bn_last_not_above(&v->kept->first_row, sizeof *v->kept, v->count, row);
}

static bool is_kept(const bn_kept *k, size_t i)
{
	return !k->bits || (k->bits[i >> 3] >> (i & 7) & 1);
}

int bn_table_view_read(
	bn_table_view *v, size_t batch, const size_t *columns, size_t n, bn_batch *out, bn_err *err)
{
	const bn_kept *k = &v->kept[batch];
	bn_batch all = BN_BATCH_INIT;
	uint32_t *rows = NULL;
	size_t count = 0;
	int rc;
	if (!k->bits) {
		rc = bn_table_read(v->base, k->batch, columns, n, out, err);
		out->first_row = k->first_row;
		return rc;
	}
	if (!(rows = bn_alloc((k->rows + 1) * sizeof *rows))) {
		bn_batch_release(out);
		return bn_err_nomem(err, "rows");
	}
	for (size_t i = 0; i < k->full; i++)
		if (is_kept(k, i))
			rows[count++] = (uint32_t)i;
	if ((rc = bn_table_read(v->base, k->batch, columns, n, &all, err)) < 0)
		goto out;
	rc = bn_batch_take(out, &all, rows, count, err);
	out->first_row = k->first_row;
	bn_table_forget(v->base, &all);
out:
	if (rc < 0)
		bn_batch_release(out);
	bn_batch_release(&all);
	bn_free(rows);
	return rc;
}

void bn_table_view_forget(const bn_table_view *v, const bn_batch *b)
{
	size_t i = batch_of(v, b->first_row);
	bn_batch below = *b;
	if (i >= v->count || v->kept[i].bits)
		return; /* the source batch is already released: these are copies */
	below.first_row = bn_table_batch_start(v->base, v->kept[i].batch);
	bn_table_forget(v->base, &below);
}

uint64_t bn_table_origin(const bn_table_reader *r, uint64_t row)
{
	const bn_table_view *v = bn_table_reader_view(r);
	if (!v)
		return row;
	if (row >= v->rows)
		return UINT64_MAX;
	const bn_kept *k = &v->kept[batch_of(v, row)];
	uint64_t left = row - k->first_row;
	size_t i = 0;
	while (!is_kept(k, i) || left--)
		i++;
	return bn_table_origin(v->base, bn_table_batch_start(v->base, k->batch) + i);
}

/* Origins of the rows of a batch of the base, whose own origins are below (NULL: they are the
 * rows). */
static size_t batch_origins(
	int64_t *rows, size_t at, const bn_kept *k, uint64_t start, const int64_t *below)
{
	for (size_t i = 0; i < k->full; i++)
		if (is_kept(k, i))
			rows[at++] = below ? below[start + i] : (int64_t)(start + i);
	return at;
}

int bn_table_origins(int64_t *rows, const bn_table_reader *r, bn_err *err)
{
	const bn_table_view *v = bn_table_reader_view(r);
	int64_t *below = NULL;
	size_t at = 0;
	int rc = 0;
	if (!v) {
		for (uint64_t i = 0; i < bn_table_rows(r); i++)
			rows[i] = (int64_t)i;
		return 0;
	}
	if (bn_table_reader_view(v->base)) {
		if (!(below = bn_alloc((bn_table_rows(v->base) + 1) * sizeof *below)))
			return bn_err_nomem(err, "row numbers");
		if ((rc = bn_table_origins(below, v->base, err)) < 0)
			goto out;
	}
	for (size_t i = 0; i < v->count; i++)
		at = batch_origins(rows, at, &v->kept[i],
			bn_table_batch_start(v->base, v->kept[i].batch), below);
out:
	bn_free(below);
	return rc;
}

/* ---- making it -------------------------------------------------------------------------------- */

typedef struct scanning {
	bn_table_reader *table;
	const bn_scan *scan;
	size_t *columns, column_count;
	bn_kept *all; /* one per batch of the table; rows 0: nothing of it */
	size_t tasks;
} scanning;

/* The index of row `row` of the table among the n rows from `start` on. */
static size_t place_in(uint64_t row, uint64_t start, size_t n)
{
	if (row <= start)
		return 0;
	return row - start < n ? (size_t)(row - start) : n;
}

/* The rows of a batch within the range: from .. to-1 of it. */
static void range_in_batch(const scanning *s, size_t batch, size_t *from, size_t *to)
{
	uint64_t start = bn_table_batch_start(s->table, batch), first = s->scan->first_row;
	uint64_t count = s->scan->row_count;
	size_t rows = bn_table_batch_rows(s->table, batch);
	bool bound = count && count < UINT64_MAX - first;
	*from = place_in(first, start, rows);
	*to = bound ? place_in(first + count, start, rows) : rows;
}

static int keep_rows(
	bn_kept *k, const uint32_t *rows, size_t n, size_t from, size_t to, bn_err *err)
{
	if (rows && n == k->full && from == 0 && to == k->full)
		rows = NULL; /* all of them */
	if (!rows && from == 0 && to == k->full) {
		k->rows = k->full;
		return 0;
	}
	if (!(k->bits = bn_alloc_zeroed(k->full / 8 + 1, 1)))
		return bn_err_nomem(err, "the rows that a filter keeps");
	for (size_t i = 0, count = rows ? n : k->full; i < count; i++) {
		size_t row = rows ? rows[i] : i;
		if (row < from || row >= to)
			continue;
		k->bits[row >> 3] = (uint8_t)(k->bits[row >> 3] | 1u << (row & 7));
		k->rows++;
	}
	return 0;
}

static bn_prune prune(const scanning *s, size_t batch)
{
	const bn_part_stats *stats = bn_table_batch_stats(s->table, batch);
	return stats ? bn_expr_prune(s->scan->where, stats) : BN_PRUNE_SOME;
}

typedef struct scan_room {
	bn_expr_scratch *scratch;
	bn_batch batch;
	uint32_t *rows;
} scan_room;

static int scan_batch(const scanning *s, size_t b, scan_room *room, bn_err *err)
{
	bn_kept *k = &s->all[b];
	size_t from, to, n = 0;
	int rc;
	*k = (bn_kept){.batch = b, .full = (uint32_t)bn_table_batch_rows(s->table, b)};
	range_in_batch(s, b, &from, &to);
	bn_prune can = from == to ? BN_PRUNE_NONE : BN_PRUNE_ALL;
	if (can == BN_PRUNE_ALL && s->scan->where)
		can = prune(s, b);
	if (can == BN_PRUNE_NONE)
		return 0;
	if (can == BN_PRUNE_ALL)
		return keep_rows(k, NULL, 0, from, to, err);
	if ((rc = bn_table_read(s->table, b, s->columns, s->column_count, &room->batch, err)) < 0)
		return rc;
	bn_free(room->rows);
	if (!(room->rows = bn_alloc((k->full + 1) * sizeof *room->rows)))
		return bn_err_nomem(err, "the rows that a filter keeps");
	if ((rc = bn_expr_select(room->scratch, &room->batch, room->rows, &n, err)) < 0)
		return rc;
	bn_table_forget(s->table, &room->batch);
	return keep_rows(k, room->rows, n, from, to, err);
}

/* A task takes a range of batches, so that errors come from the first row that has one. */
static int scan_task(void *ctx, size_t task, bn_err *err)
{
	const scanning *s = ctx;
	const bn_progress *p = s->scan->progress;
	size_t batches = bn_table_batches(s->table);
	scan_room room = {.batch = BN_BATCH_INIT};
	int rc = s->scan->where ? bn_expr_scratch_new(&room.scratch, s->scan->where, s->columns,
					  s->column_count, err)
				: 0;
	for (size_t b = batches * task / s->tasks; b < batches * (task + 1) / s->tasks; b++) {
		if (rc < 0)
			break;
		bool goes_on = task || !p || p->report(p->ctx, "filtering", b * s->tasks, batches);
		rc = goes_on ? scan_batch(s, b, &room, err)
			     : bn_err_set(err, BN_EINTR, "filtering was interrupted");
	}
	bn_expr_scratch_free(room.scratch);
	bn_batch_release(&room.batch);
	bn_free(room.rows);
	return rc;
}

static int plan_columns(scanning *s, bn_err *err)
{
	size_t schema = bn_table_schema(s->table)->count;
	if (!s->scan->where)
		return 0;
	if (!(s->columns = bn_alloc((schema + 1) * sizeof *s->columns)))
		return bn_err_nomem(err, "the columns of a filter");
	s->column_count = bn_expr_columns(s->scan->where, s->columns, schema);
	return 0;
}

/* The batches with rows that are kept. */
static int collect(bn_table_view *v, scanning *s, size_t batches, bn_err *err)
{
	size_t count = 0;
	for (size_t b = 0; b < batches; b++)
		count += s->all[b].rows > 0;
	if (!(v->kept = bn_alloc_zeroed(count + 1, sizeof *v->kept)))
		return bn_err_nomem(err, "the rows that a filter keeps");
	for (size_t b = 0; b < batches; b++) {
		bn_kept *k = &s->all[b];
		if (!k->rows)
			continue;
		k->first_row = v->rows;
		v->rows += k->rows;
		v->kept[v->count++] = *k;
		k->bits = NULL;
	}
	return 0;
}

static int scan_table(bn_table_view **out, bn_table_reader *table, const bn_scan *scan, bn_err *err)
{
	size_t batches = bn_table_batches(table), threads = bn_crew_threads(scan->crew) + 1;
	scanning s = {.table = table, .scan = scan, .tasks = threads < batches ? threads : batches};
	bn_table_view *v = bn_alloc_zeroed(1, sizeof *v);
	int rc;
	s.all = bn_alloc_zeroed(batches + 1, sizeof *s.all);
	if (!v || !s.all) {
		rc = bn_err_nomem(err, "a scan");
		goto out;
	}
	v->base = table;
	if ((rc = plan_columns(&s, err)) < 0 ||
		(rc = bn_crew_fan(scan->crew, s.tasks, scan_task, &s, err)) < 0)
		goto out;
	rc = collect(v, &s, batches, err);
out:
	for (size_t b = 0; s.all && b < batches; b++)
		bn_free(s.all[b].bits);
	bn_free(s.all);
	bn_free(s.columns);
	if (rc < 0) {
		bn_table_view_free(v);
		v = NULL;
	}
	*out = v;
	return rc;
}

int bn_table_scan(bn_table_reader **out, bn_table_reader *table, const bn_scan *scan, bn_err *err)
{
	bn_table_view *view = NULL;
	int rc = scan_table(&view, table, scan, err);
	return rc < 0 ? rc : bn_table_reader_of_view(out, view, err);
}

int bn_table_scan_own(bn_table_reader **table, const bn_scan *scan, bn_err *err)
{
	bn_table_reader *r = NULL;
	int rc = bn_table_scan(&r, *table, scan, err);
	if (rc < 0)
		return rc;
	bn_table_reader_view(r)->owns_base = true;
	*table = r;
	return 0;
}

/* ---- selected rows --------------------------------------------------------------------------- */

/* Marks those of rows[from ..] that are in the batch; returns the start of the next batch's. */
static int pick_in_batch(
	bn_kept *k, size_t *from, const int64_t *rows, size_t n, uint64_t start, bn_err *err)
{
	if (!(k->bits = bn_alloc_zeroed(k->full / 8 + 1, 1)))
		return bn_err_nomem(err, "the selected rows");
	for (; *from < n && (uint64_t)rows[*from] < start + k->full; (*from)++) {
		size_t row = (size_t)((uint64_t)rows[*from] - start);
		if (rows[*from] < 0 || (*from && rows[*from] <= rows[*from - 1]))
			return bn_err_set(err, BN_EINVAL, "row %lld is not above the previous one",
				(long long)rows[*from]);
		k->bits[row >> 3] = (uint8_t)(k->bits[row >> 3] | 1u << (row & 7));
		k->rows++;
	}
	if (k->rows == k->full) {
		bn_free(k->bits);
		k->bits = NULL;
	}
	return 0;
}

int bn_table_pick(
	bn_table_reader **out, bn_table_reader *table, const int64_t *rows, size_t n, bn_err *err)
{
	size_t batches = bn_table_batches(table), at = 0;
	scanning s = {.table = table, .all = bn_alloc_zeroed(batches + 1, sizeof *s.all)};
	bn_table_view *v = bn_alloc_zeroed(1, sizeof *v);
	int rc = 0;
	if (!v || !s.all) {
		rc = bn_err_nomem(err, "a scan");
		goto out;
	}
	v->base = table;
	for (size_t b = 0; b < batches; b++) {
		s.all[b] = (bn_kept){.batch = b, .full = (uint32_t)bn_table_batch_rows(table, b)};
		if ((rc = pick_in_batch(
			     &s.all[b], &at, rows, n, bn_table_batch_start(table, b), err)) < 0)
			goto out;
	}
	if (at < n)
		rc = bn_err_set(err, BN_EINVAL, "the table has %llu rows, no row %lld",
			(unsigned long long)bn_table_rows(table), (long long)rows[at]);
	else
		rc = collect(v, &s, batches, err);
out:
	for (size_t b = 0; s.all && b < batches; b++)
		bn_free(s.all[b].bits);
	bn_free(s.all);
	if (rc < 0) {
		bn_table_view_free(v);
		return rc;
	}
	return bn_table_reader_of_view(out, v, err);
}
