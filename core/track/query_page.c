/*
 * query_page.c - see query.h: pages of the table of runs.
 *
 * Two steps: the runs (list.c, list_page.c), then only their columns, from the rows themselves,
 * so that the columns of a page cost the same for 2000 or 100 000 runs.
 */
#include "core/track/query.h"

#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/index/fold.h"
#include "core/store/workspace.h"
#include "core/track/_group.h"
#include "core/track/_list.h"
#include "core/track/_series.h"
#include "core/track/_tree.h"
#include "core/track/best.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define QUERY_COLUMNS_MAX 200

struct bn_run_page_memory {
	bn_arena arena;
};

/* ---- the rows of a page --------------------------------------------------------------------- */

enum { ROW_FIXED = 11 };

typedef struct columns {
	bn_run_list *list;
	bn_sql_piece piece; /* the statement for one row: fixed columns, then attributes */
	bn_run_field *fields;
	int64_t *keys; /* numbers of the fields' keys, -1 none */
	size_t count;
	bool any_metric;
	bn_series_summaries series; /* of the row */
} columns;

static int columns_build(columns *c, bn_run_list *l, bn_err *err)
{
	const bn_run_query *q = l->q;
	int rc = 0;
	c->list = l;
	l->world.source = "column";
	c->fields = bn_alloc_zeroed(q->column_count + 1, sizeof *c->fields);
	c->keys = bn_alloc_zeroed(q->column_count + 1, sizeof *c->keys);
	if (!c->fields || !c->keys)
		return bn_err_nomem(err, "a query");
	bn_buf_adds(&c->piece.sql,
		"SELECT r.name, (SELECT shown FROM index_experiment WHERE no = r.experiment), "
		"coalesce(r.reported_user, bn_user(r.owner)), r.title, r.host, r.status, "
		"r.created_ms, "
		"r.started_ms, "
		"r.finished_ms, (SELECT l.beat_ms FROM run_liveness l WHERE l.run = r.no AND "
		"l.owner = r.owner), lower(hex(r.id))");
	for (; c->count < q->column_count && rc == 0; c->count++) {
		bn_run_field *f = &c->fields[c->count];
		if ((rc = bn_filter_field(f, &c->piece, &l->world, q->columns[c->count], err)) < 0)
			break;
		if (bn_field_has_key(f->kind)) {
			c->keys[c->count] =
				bn_index_key(l->world.db, bn_field_key_kind(f->kind), f->key);
			c->any_metric = c->any_metric || f->kind == BN_FIELD_METRIC;
			continue;
		}
		bn_buf_adds(&c->piece.sql, ", ");
		bn_filter_field_sql(&c->piece, f, &l->world, false);
	}
	bn_buf_adds(&c->piece.sql, " FROM run r WHERE r.no = ?");
	return rc < 0 ? rc : bn_buf_check(&c->piece.sql, err, "a query");
}

static void columns_release(columns *c)
{
	bn_sql_piece_release(&c->piece);
	bn_free(c->fields);
	bn_free(c->keys);
	bn_free(c->series.items);
}

static const char *keep(bn_arena *a, sqlite3_stmt *st, int c, bool *ok)
{
	const char *text = (const char *)sqlite3_column_text(st, c);
	if (!text)
		return NULL;
	const char *copy = bn_arena_strdup(a, text);
	*ok = *ok && copy;
	return copy;
}

static int64_t column_int(sqlite3_stmt *st, int c)
{
	return sqlite3_column_type(st, c) == SQLITE_NULL ? -1 : sqlite3_column_int64(st, c);
}

static bool fixed_read(bn_run_row *row, bn_arena *a, sqlite3_stmt *st)
{
	bool ok = true;
	row->name = keep(a, st, 0, &ok);
	row->experiment = keep(a, st, 1, &ok);
	row->user = keep(a, st, 2, &ok);
	row->title = keep(a, st, 3, &ok);
	row->host = keep(a, st, 4, &ok);
	if (!bn_run_status_parse(&row->status, (const char *)sqlite3_column_text(st, 5)))
		row->status = BN_RUN_LOST;
	row->created_ms = column_int(st, 6);
	row->started_ms = column_int(st, 7);
	row->finished_ms = column_int(st, 8);
	row->heartbeat_ms = column_int(st, 9);
	snprintf(row->id, sizeof row->id, "%s", (const char *)sqlite3_column_text(st, 10));
	return ok;
}

static bool attribute_cell(bn_cell *cell, bn_arena *a, sqlite3_stmt *st, int c)
{
	bool ok = true;
	int type = sqlite3_column_type(st, c);
	if (type == SQLITE_INTEGER || type == SQLITE_FLOAT)
		*cell = (bn_cell){.kind = BN_CELL_NUMBER,
			.number = sqlite3_column_double(st, c),
			.is_whole = type == SQLITE_INTEGER};
	else if (type != SQLITE_NULL)
		*cell = (bn_cell){
			.kind = BN_CELL_TEXT, .number = NAN, .text = keep(a, st, c, &ok)};
	return ok;
}

/* The best of a metric without a direction is absent; if only NaN was logged it is NaN. */
static int metric_cell(bn_cell *cell, const columns *c, size_t i, int64_t run, bn_err *err)
{
	const bn_run_field *f = &c->fields[i];
	bool found = false;
	double value;
	if (f->aggregate == BN_AGGREGATE_AT) {
		bn_series_finder finder;
		int rc = bn_series_finder_init(&finder, c->list->world.db, f->key, f->step,
			c->list->world.removed, err);
		if (rc >= 0)
			rc = bn_series_find_at(&value, &finder, run, err);
		bn_series_finder_release(&finder);
		if (rc > 0)
			*cell = (bn_cell){.kind = BN_CELL_NUMBER, .number = value};
		return rc < 0 ? rc : 0;
	}
	size_t at = bn_series_place(&c->series, c->keys[i], &found);
	if (found && f->aggregate != BN_AGGREGATE_NONE)
		*cell = (bn_cell){.kind = BN_CELL_NUMBER,
			.number = bn_series_aggregate(&c->series.items[at], f->aggregate),
			.is_whole = f->aggregate == BN_AGGREGATE_COUNT};
	return 0;
}

static int value_cell(
	bn_cell *cell, const columns *c, size_t i, int64_t run, bn_arena *a, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bool ok = true;
	int rc = bn_sql_cached(&st, c->list->world.db, err,
		c->fields[i].kind == BN_FIELD_PARAM
			? "SELECT value FROM run_param WHERE run = ? AND key = ?"
			: "SELECT value FROM run_tag WHERE run = ? AND key = ?",
		"ii", run, c->keys[i]);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1) {
		*cell = (bn_cell){
			.kind = BN_CELL_TEXT, .number = NAN, .text = keep(a, st, 0, &ok)};
		rc = ok ? 0 : bn_err_nomem(err, "a page of runs");
	}
	sqlite3_reset(st);
	return rc;
}

static int cells_read(
	bn_run_row *row, columns *c, bn_arena *a, sqlite3_stmt *st, int64_t run, bn_err *err)
{
	int64_t owner;
	int rc;
	if (c->any_metric &&
		(rc = bn_series_load(&c->series, &owner, c->list->world.db, run, err)) < 0)
		return rc;
	bn_cell *cells = c->count ? bn_arena_alloc(a, c->count * sizeof *cells) : NULL;
	if (c->count && !cells)
		return bn_err_nomem(err, "a page of runs");
	row->cells = cells;
	for (size_t i = 0, attribute = ROW_FIXED; i < c->count; i++) {
		bn_field_kind kind = c->fields[i].kind;
		cells[i] = (bn_cell){.kind = BN_CELL_ABSENT, .number = NAN};
		if (kind == BN_FIELD_METRIC) {
			if ((rc = metric_cell(&cells[i], c, i, run, err)) < 0)
				return rc;
		} else if (bn_field_has_key(kind)) {
			if ((rc = value_cell(&cells[i], c, i, run, a, err)) < 0)
				return rc;
		} else if (!attribute_cell(&cells[i], a, st, (int)attribute++)) {
			return bn_err_nomem(err, "a page of runs");
		}
	}
	return 0;
}

static int mark_keep(bn_run_row *row, const columns *c, bn_arena *a, size_t position, bn_err *err)
{
	bn_buf b = BN_BUF_INIT;
	int rc;
	row->mark = "";
	if (c->list->tree)
		return 0;
	if ((rc = bn_mark_write(&b, c->list, position, row->created_ms, row->id, err)) < 0)
		goto out;
	if (!(row->mark = bn_arena_strdup(a, b.ptr)))
		rc = bn_err_nomem(err, "a page of runs");
out:
	bn_buf_release(&b);
	return rc;
}

/* The best of each metric below a folded run. */
static int best_read(bn_run_row *row, columns *c, bn_arena *a, size_t node, bn_err *err)
{
	bn_run_list *l = c->list;
	double *best = bn_arena_alloc(a, (c->count + 1) * sizeof *best);
	int rc;
	if (!best)
		return bn_err_nomem(err, "a page of runs");
	for (size_t i = 0; i < c->count; i++) {
		const bn_run_field *f = &c->fields[i];
		int better = f->kind == BN_FIELD_METRIC ? bn_metric_direction(f->key) : 0;
		bn_column *of;
		best[i] = NAN;
		if (!better || !l->q->summed || !l->q->summed[i])
			continue;
		if ((rc = bn_memory_whole_column(&of, l->q->memory, f, &l->world, err)) < 0)
			return rc;
		best[i] = bn_run_tree_best(l->tree, l->q->memory, node, of, better);
	}
	row->best = best;
	return 0;
}

static int place_read(bn_run_row *row, columns *c, bn_arena *a, size_t position, bn_err *err)
{
	const bn_run_tree *t = c->list->tree;
	if (!t)
		return 0;
	const bn_tree_node *n = &t->nodes[t->rows[position]];
	row->depth = n->depth;
	row->children = n->children;
	row->below = n->below;
	row->is_open = n->is_open;
	row->is_context = n->is_context;
	return n->children && !n->is_open ? best_read(row, c, a, t->rows[position], err) : 0;
}

uint64_t bn_run_row_key(const char *id)
{
	uint8_t bytes[8] = {0};
	uint64_t key = 0;
	bn_unhex(id, sizeof bytes, bytes);
	for (size_t i = 0; i < sizeof bytes; i++)
		key = key << 8 | bytes[i];
	return key;
}

static int rows_read(bn_run_page *page, columns *c, const bn_list_page *p, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bn_arena *a = &page->memory->arena;
	int at = 1, rc;
	page->rows = bn_alloc_zeroed(p->count + 1, sizeof *page->rows);
	if (!page->rows)
		return bn_err_nomem(err, "a page of runs");
	if ((rc = bn_sql_prepare(&st, c->list->world.db, err, c->piece.sql.ptr, "")) < 0 ||
		(rc = bn_sql_piece_bind(&c->piece, st, &at, err)) < 0)
		goto out;
	for (size_t i = 0; i < p->count; i++) {
		bn_run_row *row = &page->rows[i];
		sqlite3_reset(st);
		sqlite3_bind_int64(st, at, p->no[i]);
		if ((rc = bn_sql_step(st, err)) < 0)
			goto out;
		if (rc < 1) {
			rc = bn_sql_damaged(err, "a run has gone");
			goto out;
		}
		if (!fixed_read(row, a, st)) {
			rc = bn_err_nomem(err, "a page of runs");
			goto out;
		}
		if ((rc = cells_read(row, c, a, st, p->no[i], err)) < 0)
			goto out;
		size_t position = p->position ? p->position[i] : 0;
		if ((rc = mark_keep(row, c, a, position, err)) < 0 ||
			(rc = place_read(row, c, a, position, err)) < 0)
			goto out;
		page->count++;
	}
	rc = 0;
out:
	sqlite3_finalize(st);
	return rc;
}

/* ---- pages ---------------------------------------------------------------------------------- */

/* In one transaction: one state of the index, locked once and not for each statement. The caller may have one already
 * (bn_workspace_snapshot_begin). */
static int page_fill(bn_run_page *page, bn_run_list *l, bn_err *err)
{
	columns c = {.count = 0};
	bn_list_page p = {.no = NULL};
	const bool own = sqlite3_get_autocommit(l->world.db);
	int rc = 0;
	bn_sql_piece_init(&c.piece);
	if (own && (rc = bn_sql_run(l->world.db, err, "BEGIN", "")) < 0)
		goto out;
	if ((rc = bn_run_list_load(l, err)) < 0)
		goto out;
	if ((rc = columns_build(&c, l, err)) < 0)
		goto out;
	if ((rc = bn_run_list_page(&p, l, err)) < 0)
		goto out;
	page->total = page->matched = p.total;
	if (l->group_count || l->tree)
		page->matched = l->matched;
	page->is_tree = l->tree != NULL;
	if ((rc = bn_run_groups_keep(page, &page->memory->arena, l, err)) < 0)
		goto out;
	page->place = p.place;
	rc = rows_read(page, &c, &p, err);
out:
	if (own && !sqlite3_get_autocommit(l->world.db))
		bn_sql_run(l->world.db, NULL, "COMMIT", "");
	bn_list_page_release(&p);
	columns_release(&c);
	return rc;
}

int bn_run_query_page(bn_run_page **out, bn_workspace *ws, const bn_run_query *q, bn_err *err)
{
	sqlite3 *db;
	bn_run_list l;
	int rc;
	if (q->column_count > QUERY_COLUMNS_MAX)
		return bn_err_set(err, BN_EINVAL, "%zu columns requested, at most %d",
			q->column_count, QUERY_COLUMNS_MAX);
	if ((rc = bn_track_index(&db, ws, err)) < 0)
		return rc;
	bn_run_page *page = bn_alloc_zeroed(1, sizeof *page);
	if (page)
		page->memory = bn_alloc_zeroed(1, sizeof *page->memory);
	bn_run_list_init(&l, q, db, bn_env_now_ms(bn_workspace_env(ws)));
	rc = page && page->memory ? page_fill(page, &l, err) : bn_err_nomem(err, "a page of runs");
	bn_run_list_release(&l);
	if (rc < 0) {
		bn_run_page_free(page);
		return rc;
	}
	*out = page;
	return 0;
}

void bn_run_page_free(bn_run_page *p)
{
	if (!p)
		return;
	if (p->memory)
		bn_arena_release(&p->memory->arena);
	bn_free(p->memory);
	bn_free(p->rows);
	bn_free(p);
}

int bn_run_filter_absent(bn_workspace *ws, const char *filter, bn_err *err)
{
	bn_filter_world w = {.now_ms = bn_env_now_ms(bn_workspace_env(ws)), .source = "filter"};
	int rc = bn_track_index(&w.db, ws, err);
	return rc < 0 ? rc : bn_filter_absent(&w, filter, err);
}

int bn_run_filter_check(bn_workspace *ws, const char *filter, size_t *at, bn_err *err)
{
	bn_filter_world w = {.now_ms = bn_env_now_ms(bn_workspace_env(ws)), .source = "filter"};
	bn_sql_piece p;
	bn_sql_piece_init(&p);
	if (at)
		*at = 0;
	int rc;
	if ((rc = bn_track_index(&w.db, ws, err)) < 0)
		goto out;
	if (filter && filter[strspn(filter, " \t\n")])
		rc = bn_filter_compile(&p, &w, filter, at, err);
out:
	bn_sql_piece_release(&p);
	return rc;
}
