/* row_changes.c - see row_changes.h. */
#include "core/profile/row_changes.h"

#include "core/base/buf.h"
#include "core/profile/differences.h"
#include "core/table/scan.h"

#include <stdlib.h>
#include <string.h>

const char *bn_row_change_name(bn_row_change_kind k)
{
	static const char *const names[] = {"removed", "added", "changed"};
	return names[k];
}

void bn_row_changes_release(bn_row_changes *c)
{
	bn_free(c->items);
	*c = (bn_row_changes){.items = NULL};
}

/* ---- finding ---------------------------------------------------------------------------------- */

static bool is_of_key(const bn_row_key *key, const char *name)
{
	for (size_t i = 0; i < key->count; i++)
		if (!strcmp(key->names[i], name))
			return true;
	return false;
}

/* Marks the rows of b that differ in any column that both have. */
static int mark_changed(bn_matched *m, bn_table_reader *a, bn_table_reader *b, const bn_row_key *key,
	const bn_progress *watch, bn_err *err)
{
	const bn_schema *sb = bn_table_schema(b);
	for (size_t i = 0; i < sb->count; i++) {
		bn_column_pair pair = {.b = i};
		const char *name = sb->fields[i].name;
		if (is_of_key(key, name) || bn_schema_need(bn_table_schema(a), name, &pair.a, NULL) < 0)
			continue;
		int rc = bn_matched_count(m, &pair, a, b, watch, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static bool is_changed(const bn_matched *m, uint64_t row)
{
	return m->changed[row >> 3] >> (row & 7) & 1;
}

static int list(bn_row_changes *out, const bn_matched *m, bn_err *err)
{
	int64_t *removed = NULL;
	size_t n = 0, at = 0;
	int rc = bn_matched_removed(&removed, &n, m, err);
	if (rc < 0)
		return rc;
	out->removed = n;
	out->changed = bn_matched_changed(m);
	out->added = m->rows_b - m->both;
	out->count = (size_t)(out->removed + out->added + out->changed);
	if (!(out->items = bn_alloc((out->count + 1) * sizeof *out->items))) {
		rc = bn_err_nomem(err, "the rows that differ");
		goto out;
	}
	for (size_t i = 0; i < n; i++)
		out->items[at++] = (bn_row_change){BN_ROW_REMOVED, removed[i], -1};
	for (uint64_t r = 0; r < m->rows_b; r++)
		if (m->row_a[r] < 0)
			out->items[at++] = (bn_row_change){BN_ROW_ADDED, -1, (int64_t)r};
		else if (is_changed(m, r))
			out->items[at++] = (bn_row_change){BN_ROW_CHANGED, m->row_a[r], (int64_t)r};
out:
	bn_free(removed);
	return rc;
}

int bn_row_changes_find(bn_row_changes *out, bn_table_reader *a, bn_table_reader *b, const bn_row_key *key,
	const bn_progress *watch, bn_err *err)
{
	bn_matched m = {.row_a = NULL};
	int rc;
	*out = (bn_row_changes){.items = NULL};
	if ((rc = bn_matched_find(&m, a, b, key, watch, err)) < 0 ||
		(rc = mark_changed(&m, a, b, key, watch, err)) < 0)
		goto out;
	rc = list(out, &m, err);
out:
	bn_matched_release(&m);
	return rc;
}

/* ---- columns ---------------------------------------------------------------------------------- */

static int index_of(const bn_schema *s, const char *name)
{
	size_t at = 0;
	return bn_schema_need(s, name, &at, NULL) < 0 ? -1 : (int)at;
}

size_t bn_row_changes_columns(bn_shared_column *out, const bn_schema *a, const bn_schema *b, const bn_row_key *key)
{
	size_t n = 0;
	for (size_t i = 0; i < key->count; i++) {
		int at = index_of(b, key->names[i]);
		if (at >= 0)
			out[n++] = (bn_shared_column){
				b->fields[at].name, index_of(a, key->names[i]), at, true};
	}
	for (size_t i = 0; i < b->count; i++)
		if (!is_of_key(key, b->fields[i].name))
			out[n++] = (bn_shared_column){
				b->fields[i].name, index_of(a, b->fields[i].name), (int)i, false};
	for (size_t i = 0; i < a->count; i++)
		if (index_of(b, a->fields[i].name) < 0)
			out[n++] = (bn_shared_column){a->fields[i].name, (int)i, -1, false};
	return n;
}

/* ---- values ----------------------------------------------------------------------------------- */

/* A few rows of a table in memory. */
typedef struct picked {
	bn_table_reader *table;
	bn_batch *batches;
	size_t batch_count, count;
	int64_t *rows; /* of the whole table, increasing, each once */
} picked;

static void picked_release(picked *p)
{
	for (size_t i = 0; p->batches && i < p->batch_count; i++)
		bn_batch_release(&p->batches[i]);
	bn_free(p->batches);
	bn_free(p->rows);
	bn_table_reader_free(p->table);
}

static int by_row(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

/* second: rows of the second table; those that are -1 are left out. */
static int pick(picked *p, bn_table_reader *t, const bn_row_change *items, size_t n, bool second, bn_err *err)
{
	int rc = 0;
	if (!(p->rows = bn_alloc((n + 1) * sizeof *p->rows)))
		return bn_err_nomem(err, "rows");
	for (size_t i = 0; i < n; i++) {
		int64_t row = second ? items[i].b : items[i].a;
		if (row >= 0)
			p->rows[p->count++] = row;
	}
	if (!p->count)
		return 0;
	qsort(p->rows, p->count, sizeof *p->rows, by_row);
	if ((rc = bn_table_pick(&p->table, t, p->rows, p->count, err)) < 0)
		return rc;
	p->batch_count = bn_table_batches(p->table);
	if (!(p->batches = bn_alloc_zeroed(p->batch_count + 1, sizeof *p->batches)))
		return bn_err_nomem(err, "rows");
	for (size_t i = 0; i < p->batch_count && rc >= 0; i++)
		rc = bn_table_read(p->table, i, NULL, 0, &p->batches[i], err);
	return rc;
}

/* The batch with a row of the whole table, and its place there; NULL: the row is -1. */
static const bn_batch *find(const picked *p, int64_t row, size_t *at, bn_err *err)
{
	size_t batch = 0;
	const int64_t *found = row < 0 ? NULL : bsearch(&row, p->rows, p->count, sizeof row, by_row);
	if (!found || bn_table_locate(p->table, (uint64_t)(found - p->rows), &batch, at, err) < 0)
		return NULL;
	return &p->batches[batch];
}

static int text_of(const char **out, const bn_column *c, size_t row, bn_buf *buf, bn_arena *arena, bn_err *err)
{
	bn_buf_clear(buf);
	if (!bn_column_format(c, row, buf))
		return 0;
	*out = bn_arena_strndup(arena, buf->ptr ? buf->ptr : "", buf->len);
	return *out ? 0 : bn_err_nomem(err, "rows");
}

int bn_row_changes_read(bn_changed_cell **out, const bn_row_change *items, size_t n, const bn_shared_column *columns,
	size_t count, bn_table_reader *a, bn_table_reader *b, bn_arena *arena, bn_err *err)
{
	picked pa = {.rows = NULL}, pb = {.rows = NULL};
	bn_buf buf = BN_BUF_INIT;
	bn_changed_cell *cells = bn_arena_alloc(arena, (n * count + 1) * sizeof *cells);
	int rc = cells ? 0 : bn_err_nomem(err, "rows");
	if (rc < 0 || (rc = pick(&pa, a, items, n, false, err)) < 0 || (rc = pick(&pb, b, items, n, true, err)) < 0)
		goto out;
	memset(cells, 0, (n * count + 1) * sizeof *cells);
	for (size_t i = 0; i < n; i++) {
		size_t at_a = 0, at_b = 0;
		const bn_batch *x = find(&pa, items[i].a, &at_a, err), *y = find(&pb, items[i].b, &at_b, err);
		for (size_t c = 0; c < count; c++) {
			bn_changed_cell *cell = &cells[i * count + c];
			const bn_column *xc = x && columns[c].a >= 0 ? &x->columns[columns[c].a] : NULL;
			const bn_column *yc = y && columns[c].b >= 0 ? &y->columns[columns[c].b] : NULL;
			if ((xc && (rc = text_of(&cell->before, xc, at_a, &buf, arena, err)) < 0) ||
				(yc && (rc = text_of(&cell->now, yc, at_b, &buf, arena, err)) < 0))
				goto out;
			cell->differs = xc && yc && !bn_cells_equal(xc, at_a, yc, at_b);
		}
	}
	*out = cells;
out:
	bn_buf_release(&buf);
	picked_release(&pa);
	picked_release(&pb);
	return rc;
}
