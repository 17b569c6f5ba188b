/*
 * query.c - see query.h: pages of the table of runs.
 *
 * Two steps: which runs (filter, sort, limit) from narrow rows, then the columns of those alone, so
 * that a page of 1000 costs the same columns whether there are 2000 runs or 100 000.
 */
#include "core/track/query.h"

#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/store/index/fold.h"
#include "core/track/_filter.h"
#include "core/track/_fold.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define QUERY_COLUMNS_MAX 200

struct bn_run_page_memory {
	bn_arena arena;
};

typedef struct query {
	const bn_run_query *q;
	bn_filter_world world;
	bn_sql_piece where, order;
} query;

/* ---- which runs ----------------------------------------------------------------------------- */

/* Every word must be found somewhere. */
static void add_search(bn_sql_piece *p, const char *search)
{
	static const char *const columns[] = {
		"r.name", "r.title", "r.experiment", "r.status", "r.user", "r.dataset"};
	for (const char *at = search; *at;) {
		size_t n = strcspn(at, " \t");
		if (n > 0) {
			bn_buf_adds(&p->sql, " AND (substr(r.id, 1, ");
			bn_sql_piece_int(p, (int64_t)n);
			bn_buf_adds(&p->sql, ") = lower(");
			bn_sql_piece_text(p, at, n);
			bn_buf_addch(&p->sql, ')');
			for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
				bn_buf_addf(&p->sql, " OR instr(lower(coalesce(%s, '')), lower(",
					columns[i]);
				bn_sql_piece_text(p, at, n);
				bn_buf_adds(&p->sql, ")) > 0");
			}
			bn_buf_addch(&p->sql, ')');
		}
		at += n + (at[n] != '\0');
	}
}

static int build_where(query *k, bn_err *err)
{
	bn_sql_piece *p = &k->where;
	bn_buf_addf(&p->sql, " WHERE r.removed = %d", k->q->removed);
	if (k->q->experiment && k->q->experiment[0]) {
		bn_buf_adds(&p->sql, " AND r.experiment = ");
		bn_sql_piece_text(p, k->q->experiment, strlen(k->q->experiment));
	}
	if (k->q->search)
		add_search(p, k->q->search);
	if (!k->q->filter || !k->q->filter[strspn(k->q->filter, " \t\n")])
		return 0;
	bn_buf_adds(&p->sql, " AND ");
	k->world.source = "filter";
	return bn_filter_compile(p, &k->world, k->q->filter, NULL, err);
}

/* One sort key. Absent values come last either way. */
static int add_sort(query *k, char *text, bn_err *err)
{
	bn_run_field f;
	text += strspn(text, " \t");
	bool down = *text == '-';
	text += *text == '-' || *text == '+';
	size_t n = strlen(text);
	while (n && (text[n - 1] == ' ' || text[n - 1] == '\t'))
		text[--n] = '\0';
	if (n > 5 && !strcasecmp(text + n - 5, " desc")) {
		down = true;
		text[n - 5] = '\0';
	} else if (n > 4 && !strcasecmp(text + n - 4, " asc")) {
		text[n - 4] = '\0';
	}
	int rc = bn_filter_field(&f, &k->order, &k->world, text, err);
	/* A parameter sorts by number, and by text where it is none. */
	for (int number = f.kind == BN_FIELD_PARAM; rc == 0 && number >= 0; number--) {
		bn_filter_field_sql(&k->order, &f, &k->world, number != 0);
		bn_buf_adds(&k->order.sql, " IS NULL, ");
		bn_filter_field_sql(&k->order, &f, &k->world, number != 0);
		bn_buf_adds(&k->order.sql, down ? " DESC, " : ", ");
	}
	return rc;
}

static int build_order(query *k, bn_err *err)
{
	int rc = 0;
	char *copy = bn_strdup(k->q->sort ? k->q->sort : ""), *rest = copy, *one;
	if (!copy)
		return bn_err_nomem(err, "a query");
	k->world.source = "sort";
	bn_buf_adds(&k->order.sql, " ORDER BY ");
	while (rc == 0 && (one = strsep(&rest, ",")))
		if (one[strspn(one, " \t")])
			rc = add_sort(k, one, err);
	bn_buf_adds(&k->order.sql, "r.created_ms DESC, r.id");
	bn_free(copy);
	return rc;
}

static int run_ids(bn_run_page *page, query *k, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bn_buf sql = BN_BUF_INIT;
	int64_t limit = k->q->limit > 0 ? k->q->limit : 1000;
	int at = 1;
	size_t cap = 0;
	bn_buf_adds(&sql, "SELECT count(*) FROM run r");
	bn_buf_adds(&sql, k->where.sql.ptr);
	int rc = bn_buf_check(&sql, err, "a query");
	if (rc == 0)
		rc = bn_sql_prepare(&st, k->world.db, err, sql.ptr, "");
	if (rc == 0)
		rc = bn_sql_piece_bind(&k->where, st, &at, err);
	if (rc == 0 && (rc = bn_sql_step(st, err)) == 1) {
		page->total = sqlite3_column_int64(st, 0);
		rc = 0;
	}
	sqlite3_finalize(st);
	st = NULL;
	bn_buf_clear(&sql);
	bn_buf_addf(&sql, "SELECT r.id FROM run r%s%s LIMIT %lld OFFSET %lld", k->where.sql.ptr,
		k->order.sql.ptr, (long long)limit,
		(long long)(k->q->offset > 0 ? k->q->offset : 0));
	at = 1;
	if (rc == 0)
		rc = bn_buf_check(&sql, err, "a query");
	if (rc == 0)
		rc = bn_sql_prepare(&st, k->world.db, err, sql.ptr, "");
	if (rc == 0)
		rc = bn_sql_piece_bind(&k->where, st, &at, err);
	if (rc == 0)
		rc = bn_sql_piece_bind(&k->order, st, &at, err);
	while (rc == 0 && (rc = bn_sql_step(st, err)) == 1) {
		rc = 0;
		if (bn_grow(&page->rows, &cap, page->count + 1, sizeof *page->rows) != 0) {
			rc = bn_err_nomem(err, "a page of runs");
			break;
		}
		bn_run_row *row = &page->rows[page->count++];
		memset(row, 0, sizeof *row);
		snprintf(row->id, sizeof row->id, "%s", (const char *)sqlite3_column_text(st, 0));
	}
	sqlite3_finalize(st);
	bn_buf_release(&sql);
	return rc;
}

/* ---- their columns -------------------------------------------------------------------------- */

#define ROW_FIXED 11

static int build_columns(bn_sql_piece *p, query *k, bn_run_field *fields, bn_err *err)
{
	int rc = 0;
	k->world.source = "column";
	bn_buf_adds(&p->sql,
		"SELECT r.name, r.experiment, r.user, r.title, r.host, r.status, r.created_ms, "
		"r.started_ms, r.finished_ms, (SELECT l.beat_ms FROM run_liveness l WHERE "
		"l.run_id = r.id AND l.uid = r.uid), r.id");
	for (size_t i = 0; i < k->q->column_count && rc == 0; i++) {
		rc = bn_filter_field(&fields[i], p, &k->world, k->q->columns[i], err);
		if (rc != 0)
			break;
		bn_buf_adds(&p->sql, ", ");
		bn_filter_field_sql(p, &fields[i], &k->world, false);
		/* A NaN is kept as NULL: the row of the series tells it from "never logged". */
		if (fields[i].kind != BN_FIELD_METRIC)
			continue;
		bn_buf_adds(&p->sql, ", EXISTS (SELECT 1 FROM metric_series s WHERE "
				     "s.run_id = r.id AND s.uid = r.uid AND s.key = ");
		bn_sql_piece_text(p, fields[i].key, strlen(fields[i].key));
		bn_buf_addch(&p->sql, ')');
	}
	bn_buf_adds(&p->sql, " FROM run r WHERE r.id = ?");
	return rc;
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

static bool row_read(
	bn_run_row *row, bn_arena *a, sqlite3_stmt *st, const bn_run_field *fields, size_t count)
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
	bn_cell *cells = count ? bn_arena_alloc(a, count * sizeof *cells) : NULL;
	if (!ok || (count && !cells))
		return false;
	for (size_t i = 0, c = ROW_FIXED; i < count; i++, c++) {
		int type = sqlite3_column_type(st, (int)c);
		bool metric = fields[i].kind == BN_FIELD_METRIC;
		if (type == SQLITE_INTEGER || type == SQLITE_FLOAT)
			cells[i] =
				(bn_cell){BN_CELL_NUMBER, sqlite3_column_double(st, (int)c), NULL};
		else if (type != SQLITE_NULL)
			cells[i] = (bn_cell){BN_CELL_TEXT, NAN, keep(a, st, (int)c, &ok)};
		else if (metric && sqlite3_column_int(st, (int)c + 1))
			cells[i] = (bn_cell){BN_CELL_NUMBER, NAN, NULL};
		else
			cells[i] = (bn_cell){BN_CELL_ABSENT, NAN, NULL};
		c += metric;
	}
	row->cells = cells;
	return ok;
}

static int read_columns(bn_run_page *page, query *k, bn_err *err)
{
	bn_sql_piece p;
	sqlite3_stmt *st = NULL;
	size_t count = k->q->column_count;
	bn_run_field *fields = bn_alloc_zeroed(count + 1, sizeof *fields);
	bn_sql_piece_init(&p);
	int rc = fields ? build_columns(&p, k, fields, err) : bn_err_nomem(err, "a query");
	if (rc == 0)
		rc = bn_buf_check(&p.sql, err, "a query");
	if (rc == 0)
		rc = bn_sql_prepare(&st, k->world.db, err, p.sql.ptr, "");
	int at = 1;
	if (rc == 0)
		rc = bn_sql_piece_bind(&p, st, &at, err);
	for (size_t i = 0; i < page->count && rc == 0; i++) {
		sqlite3_reset(st);
		sqlite3_bind_text(st, at, page->rows[i].id, -1, SQLITE_STATIC);
		rc = bn_sql_step(st, err);
		if (rc == 1)
			rc = row_read(&page->rows[i], &page->memory->arena, st, fields, count)
				     ? 0
				     : bn_err_nomem(err, "a page of runs");
	}
	sqlite3_finalize(st);
	bn_free(fields);
	bn_sql_piece_release(&p);
	return rc;
}

/* ---- pages ---------------------------------------------------------------------------------- */

int bn_run_query_page(bn_run_page **out, bn_workspace *ws, const bn_run_query *q, bn_err *err)
{
	query k = {.q = q};
	bn_run_page *page = bn_alloc_zeroed(1, sizeof *page);
	bn_sql_piece_init(&k.where);
	bn_sql_piece_init(&k.order);
	k.world.now_ms = bn_env_now_ms(bn_workspace_env(ws));
	int rc = bn_track_index(&k.world.db, ws, err);
	if (rc == 0 && page)
		page->memory = bn_alloc_zeroed(1, sizeof *page->memory);
	if (rc == 0 && (!page || !page->memory))
		rc = bn_err_nomem(err, "a page of runs");
	if (rc == 0 && q->column_count > QUERY_COLUMNS_MAX)
		rc = bn_err_set(err, BN_EINVAL, "%zu columns asked for, at most %d",
			q->column_count, QUERY_COLUMNS_MAX);
	if (rc == 0)
		rc = build_where(&k, err);
	if (rc == 0)
		rc = build_order(&k, err);
	if (rc == 0)
		rc = run_ids(page, &k, err);
	if (rc == 0)
		rc = read_columns(page, &k, err);
	bn_sql_piece_release(&k.where);
	bn_sql_piece_release(&k.order);
	if (rc != 0) {
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

int bn_run_filter_check(bn_workspace *ws, const char *filter, size_t *at, bn_err *err)
{
	bn_filter_world w = {NULL, bn_env_now_ms(bn_workspace_env(ws)), "filter"};
	bn_sql_piece p;
	bn_sql_piece_init(&p);
	if (at)
		*at = 0;
	int rc = bn_track_index(&w.db, ws, err);
	if (rc == 0 && filter && filter[strspn(filter, " \t\n")])
		rc = bn_filter_compile(&p, &w, filter, at, err);
	bn_sql_piece_release(&p);
	return rc;
}

static int fields_of(
	bn_names *out, sqlite3 *db, const char *sql, const char *experiment, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err, sql, "s", experiment);
	while (rc == 0 && (rc = bn_sql_step(st, err)) == 1)
		rc = bn_names_add(out, (const char *)sqlite3_column_text(st, 0)) == 0
			     ? 0
			     : bn_err_nomem(err, "a list of fields");
	sqlite3_finalize(st);
	return rc;
}

#define FIELDS_SQL(prefix, table) \
	"SELECT '" prefix ".' || x.key FROM " table " x JOIN run r ON r.id = x.run_id " \
	"WHERE r.removed = 0 AND (?1 IS NULL OR r.experiment = ?1) " \
	"GROUP BY x.key ORDER BY count(*) DESC, x.key"

int bn_run_fields(bn_names *out, bn_workspace *ws, const char *experiment, bn_err *err)
{
	sqlite3 *db;
	*out = (bn_names)BN_NAMES_INIT;
	int rc = bn_track_index(&db, ws, err);
	if (rc == 0)
		rc = fields_of(out, db, FIELDS_SQL("metrics", "metric_series"), experiment, err);
	if (rc == 0)
		rc = fields_of(out, db, FIELDS_SQL("params", "run_param"), experiment, err);
	if (rc == 0)
		rc = fields_of(out, db, FIELDS_SQL("tags", "run_tag"), experiment, err);
	if (rc != 0)
		bn_names_release(out);
	return rc;
}
