/* save.c - see save.h. */
#include "core/track/save.h"

#include "core/base/mem.h"
#include "core/base/str.h"

#include <math.h>
#include <string.h>

enum { PART = 2000 }; /* runs read at once */

typedef struct column {
	bool is_time, any, is_text, is_real;
} column;

typedef struct saving {
	bn_workspace *ws;
	bn_run_query q;
	int64_t first, most, done, total;
	const bn_progress *watch;
	column *columns;
	bn_list_table *table; /* NULL in the first pass */
} saving;

static bool is_time(const char *field)
{
	static const char *const names[] = {
		"created", "started", "finished", "start_time", "end_time", "heartbeat"};
	field += bn_str_starts(field, "attributes.") ? strlen("attributes.") : 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(names[i], field) == 0)
			return true;
	return false;
}

static void cell_look(column *c, const bn_cell *cell)
{
	double x;
	if (cell->kind == BN_CELL_ABSENT)
		return;
	c->any = true;
	if (cell->kind == BN_CELL_TEXT && !bn_parse_f64(cell->text, strlen(cell->text), &x))
		c->is_text = true;
	if (cell->kind == BN_CELL_TEXT || !cell->is_whole)
		c->is_real = true;
}

static bn_type type_of(const column *c)
{
	if (c->is_time)
		return BN_TYPE_TIMESTAMP;
	if (c->is_text || !c->any)
		return BN_TYPE_STRING;
	return c->is_real ? BN_TYPE_FLOAT64 : BN_TYPE_INT64;
}

static void cell_put(bn_list_table *t, size_t at, bn_type type, const bn_cell *cell)
{
	char text[BN_FMT];
	double x = cell->number;
	if (cell->kind == BN_CELL_ABSENT)
		return;
	if (cell->kind == BN_CELL_TEXT && type != BN_TYPE_STRING)
		bn_parse_f64(cell->text, strlen(cell->text), &x);
	switch (type) {
	case BN_TYPE_TIMESTAMP:
		if (x >= 0 && x < (double)(INT64_MAX / 1000000))
			bn_list_table_i64(t, at, (int64_t)x * 1000000);
		break;
	case BN_TYPE_FLOAT64:
		bn_list_table_f64(t, at, x);
		break;
	case BN_TYPE_INT64:
		bn_list_table_i64(t, at, (int64_t)x);
		break;
	default:
		bn_list_table_text(
			t, at, cell->kind == BN_CELL_TEXT ? cell->text : bn_fmt_f64(x, text));
	}
}

static int row_take(saving *s, const bn_run_row *r, bn_err *err)
{
	for (size_t i = 0; i < s->q.column_count; i++)
		if (s->table)
			cell_put(s->table, i, type_of(&s->columns[i]), &r->cells[i]);
		else
			cell_look(&s->columns[i], &r->cells[i]);
	return s->table ? bn_list_table_row(s->table, err) : 0;
}

static int pass(saving *s, bn_err *err)
{
	int rc = 0;
	for (int64_t taken = 0; rc >= 0;) {
		bn_run_page *p = NULL;
		int64_t left = s->most - taken;
		s->q.offset = s->first + taken;
		s->q.limit = left < PART ? left : PART;
		if ((rc = bn_progress_step(s->watch, s->table ? "writing runs" : "reading runs",
			     (uint64_t)s->done, (uint64_t)(2 * s->total), err)) < 0 ||
			s->q.limit <= 0 || (rc = bn_run_query_page(&p, s->ws, &s->q, err)) < 0)
			break;
		size_t n = p->count;
		s->total = p->total - s->first < s->most ? p->total - s->first : s->most;
		for (size_t i = 0; rc >= 0 && i < n; i++)
			rc = row_take(s, &p->rows[i], err);
		bn_run_page_free(p);
		taken += (int64_t)n;
		s->done += (int64_t)n;
		if (n < PART)
			break;
	}
	return rc;
}

static int table_make(saving *s, bn_err *err)
{
	int rc = bn_list_table_new(&s->table, err);
	for (size_t i = 0; rc >= 0 && i < s->q.column_count; i++)
		rc = bn_list_table_column(s->table, s->q.columns[i], type_of(&s->columns[i]), err);
	return rc;
}

int bn_runs_save(bn_runs_saved *out, bn_workspace *ws, const bn_run_query *q, int64_t most,
	const char *path, bn_list_format format, const bn_progress *watch, bn_err *err)
{
	saving s = {.ws = ws, .q = *q, .first = q->offset, .most = most, .watch = watch};
	bn_run_memory *own = NULL;
	int rc = bn_workspace_snapshot_begin(ws, err);
	if (rc < 0)
		return rc;
	s.q.last = false;
	s.q.after = s.q.before = s.q.from = NULL;
	s.q.limit_of_more = 0;
	s.columns = bn_alloc_zeroed(q->column_count + 1, sizeof *s.columns);
	if (!s.columns) {
		rc = bn_err_nomem(err, "a list of runs");
		goto out;
	}
	if (!q->memory && (rc = bn_run_memory_new(&own, err)) < 0)
		goto out;
	s.q.memory = own ? own : q->memory;
	for (size_t i = 0; i < q->column_count; i++)
		s.columns[i].is_time = is_time(q->columns[i]);
	if ((rc = pass(&s, err)) < 0 || (rc = table_make(&s, err)) < 0)
		goto out;
	out->runs = s.done;
	out->columns = bn_list_table_columns(s.table);
	if ((rc = pass(&s, err)) < 0)
		goto out;
	rc = bn_list_table_save(s.table, bn_workspace_env(ws), path, format, err);
out:
	bn_workspace_snapshot_end(ws);
	bn_list_table_free(s.table);
	bn_run_memory_free(own);
	bn_free(s.columns);
	return rc;
}
