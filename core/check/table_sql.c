/* table_sql.c - see table_sql.h. */
#include "core/check/table_sql.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/timestamp.h"

#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NAME "batch"
#define LOOK_STEPS 20000 /* of SQLite's machine, between two looks at the clock */
#define NS 1000000000

typedef struct selection {
	bn_table_reader *table;
	bool (*cancelled)(void *ctx);
	void *ctx;
	int64_t until_ns;
	bool stopped, late;
	bn_err *err; /* of reading the table */
} selection;

typedef struct rows_table {
	sqlite3_vtab base;
	selection *of;
} rows_table;

typedef struct rows_cursor {
	sqlite3_vtab_cursor base;
	size_t *columns; /* those that the query uses, ascending */
	size_t *place;   /* of each column among them; SIZE_MAX: not used */
	size_t used, batch, row;
	bool end;
	bn_batch rows;
} rows_cursor;

/* ---- the virtual table ---------------------------------------------------------------------- */

static int rows_connect(sqlite3 *db, void *aux, int argc, const char *const *argv,
	sqlite3_vtab **out, char **why)
{
	selection *s = aux;
	const bn_schema *schema = bn_table_schema(s->table);
	sqlite3_str *text = sqlite3_str_new(db);
	(void)argc;
	(void)argv;
	sqlite3_str_appendall(text, "CREATE TABLE x(");
	for (size_t i = 0; i < schema->count; i++)
		sqlite3_str_appendf(text, "%s\"%w\"", i ? ", " : "", schema->fields[i].name);
	sqlite3_str_appendall(text, ")");
	char *sql = sqlite3_str_finish(text);
	int rc = sql ? sqlite3_declare_vtab(db, sql) : SQLITE_NOMEM;
	sqlite3_free(sql);
	if (rc != SQLITE_OK) {
		*why = sqlite3_mprintf("%s", sqlite3_errmsg(db));
		return rc;
	}
	rows_table *t = sqlite3_malloc64(sizeof *t);
	if (!t)
		return SQLITE_NOMEM;
	*t = (rows_table){.of = s};
	*out = &t->base;
	return SQLITE_OK;
}

static int rows_disconnect(sqlite3_vtab *base)
{
	sqlite3_free(base);
	return SQLITE_OK;
}

/* Always the whole table; the plan says which columns are used (bit 63: all from 63 on). */
static int rows_best_index(sqlite3_vtab *base, sqlite3_index_info *plan)
{
	const rows_table *t = (const rows_table *)base;
	uint64_t rows = bn_table_rows(t->of->table);
	plan->idxStr = sqlite3_mprintf("%llx", (unsigned long long)plan->colUsed);
	plan->needToFreeIdxStr = 1;
	plan->estimatedRows = (sqlite3_int64)rows;
	plan->estimatedCost = (double)rows + 1;
	return plan->idxStr ? SQLITE_OK : SQLITE_NOMEM;
}

static int rows_open(sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
	const rows_table *t = (const rows_table *)base;
	size_t n = bn_table_schema(t->of->table)->count;
	rows_cursor *c = bn_alloc_zeroed(1, sizeof *c);
	if (!c)
		return SQLITE_NOMEM;
	*c = (rows_cursor){.rows = BN_BATCH_INIT};
	c->columns = bn_alloc_zeroed(n + 1, sizeof *c->columns);
	c->place = bn_alloc_zeroed(n + 1, sizeof *c->place);
	*out = &c->base;
	if (c->columns && c->place)
		return SQLITE_OK;
	bn_free(c->columns);
	bn_free(c->place);
	bn_free(c);
	return SQLITE_NOMEM;
}

static int rows_close(sqlite3_vtab_cursor *base)
{
	rows_cursor *c = (rows_cursor *)base;
	bn_batch_release(&c->rows);
	bn_free(c->columns);
	bn_free(c->place);
	bn_free(c);
	return SQLITE_OK;
}

/* From the batch c->batch on, the first with rows. */
static int rows_load(rows_cursor *c)
{
	const rows_table *t = (const rows_table *)c->base.pVtab;
	bn_table_reader *table = t->of->table;
	c->row = 0;
	while (c->batch < bn_table_batches(table) && bn_table_batch_rows(table, c->batch) == 0)
		c->batch++;
	c->end = c->batch >= bn_table_batches(table);
	if (c->end)
		return SQLITE_OK;
	bn_table_forget(table, &c->rows);
	return bn_table_read(table, c->batch, c->columns, c->used, &c->rows, t->of->err) < 0
		       ? SQLITE_ABORT
		       : SQLITE_OK;
}

static int rows_filter(
	sqlite3_vtab_cursor *base, int number, const char *plan, int argc, sqlite3_value **argv)
{
	rows_cursor *c = (rows_cursor *)base;
	const rows_table *t = (const rows_table *)base->pVtab;
	size_t n = bn_table_schema(t->of->table)->count;
	uint64_t used = strtoull(plan, NULL, 16);
	(void)number;
	(void)argc;
	(void)argv;
	c->used = 0;
	for (size_t i = 0; i < n; i++) {
		bool is = used >> (i < 63 ? i : 63) & 1;
		c->place[i] = is ? c->used : SIZE_MAX;
		if (is)
			c->columns[c->used++] = i;
	}
	c->batch = 0;
	return rows_load(c);
}

static int rows_next(sqlite3_vtab_cursor *base)
{
	rows_cursor *c = (rows_cursor *)base;
	const rows_table *t = (const rows_table *)base->pVtab;
	if (++c->row < bn_table_batch_rows(t->of->table, c->batch))
		return SQLITE_OK;
	c->batch++;
	return rows_load(c);
}

static int rows_eof(sqlite3_vtab_cursor *base)
{
	return ((rows_cursor *)base)->end;
}

static int rows_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
	const rows_cursor *c = (const rows_cursor *)base;
	const rows_table *t = (const rows_table *)base->pVtab;
	*out = (sqlite3_int64)(bn_table_batch_start(t->of->table, c->batch) + c->row);
	return SQLITE_OK;
}

/* As SQLite's date functions write it: fractions sort after the whole second. */
static void result_timestamp(sqlite3_context *out, int64_t ns)
{
	char text[BN_TIMESTAMP_TEXT];
	bn_timestamp_iso(ns, text);
	size_t n = strlen(text);
	char *t = strchr(text, 'T');
	if (t)
		*t = ' ';
	if (n && text[n - 1] == 'Z')
		n--;
	sqlite3_result_text(out, text, (int)n, SQLITE_TRANSIENT);
}

static void result_formatted(sqlite3_context *out, const bn_column *c, size_t row)
{
	bn_buf text = BN_BUF_INIT;
	bn_column_format(c, row, &text);
	if (text.failed)
		sqlite3_result_error_nomem(out);
	else
		sqlite3_result_text64(
			out, text.ptr ? text.ptr : "", text.len, SQLITE_TRANSIENT, SQLITE_UTF8);
	bn_buf_release(&text);
}

static void result_cell(sqlite3_context *out, const bn_column *c, size_t row)
{
	int64_t whole = 0;
	if (bn_column_is_absent(c, row))
		return;
	if (bn_type_is_text(c->type)) {
		bn_text t = bn_column_text(c, row);
		sqlite3_result_text64(out, t.ptr, t.len, SQLITE_TRANSIENT, SQLITE_UTF8);
	} else if (c->type == BN_TYPE_BINARY) {
		bn_text t = bn_column_bytes(c, row);
		sqlite3_result_blob64(out, t.len ? t.ptr : "", t.len, SQLITE_TRANSIENT);
	} else if (c->type == BN_TYPE_TIMESTAMP) {
		result_timestamp(out, c->i64[row]);
	} else if (c->type == BN_TYPE_DURATION) {
		sqlite3_result_double(out, (double)c->i64[row] / NS);
	} else if (bn_type_is_time(c->type) || bn_type_is_list(c->type)) {
		result_formatted(out, c, row);
	} else if (bn_column_int(c, row, &whole)) {
		sqlite3_result_int64(out, whole);
	} else {
		sqlite3_result_double(out, bn_column_number(c, row));
	}
}

static int rows_column(sqlite3_vtab_cursor *base, sqlite3_context *out, int column)
{
	const rows_cursor *c = (const rows_cursor *)base;
	size_t place = column < 0 ? SIZE_MAX : c->place[column];
	if (place != SIZE_MAX)
		result_cell(out, &c->rows.columns[place], c->row);
	return SQLITE_OK;
}

static const sqlite3_module module = {
	.iVersion = 1,
	.xCreate = rows_connect,
	.xConnect = rows_connect,
	.xBestIndex = rows_best_index,
	.xDisconnect = rows_disconnect,
	.xDestroy = rows_disconnect,
	.xOpen = rows_open,
	.xClose = rows_close,
	.xFilter = rows_filter,
	.xNext = rows_next,
	.xEof = rows_eof,
	.xColumn = rows_column,
	.xRowid = rows_rowid,
};

/* ---- limits --------------------------------------------------------------------------------- */

static int64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * NS + t.tv_nsec;
}

static int go_on(void *ctx)
{
	selection *s = ctx;
	s->stopped = s->stopped || (s->cancelled && s->cancelled(s->ctx));
	s->late = now_ns() > s->until_ns;
	return s->stopped || s->late;
}

static int authorise(void *ctx, int action, const char *first, const char *second,
	const char *database, const char *trigger)
{
	(void)ctx;
	(void)database;
	(void)trigger;
	if (action == SQLITE_FUNCTION)
		return second && !sqlite3_stricmp(second, "load_extension") ? SQLITE_DENY : SQLITE_OK;
	if (action == SQLITE_READ)
		return first && (!sqlite3_strnicmp(first, "sqlite_", 7) ||
					!sqlite3_strnicmp(first, "pragma_", 7))
			       ? SQLITE_DENY
			       : SQLITE_OK;
	return action == SQLITE_SELECT || action == SQLITE_RECURSIVE ? SQLITE_OK : SQLITE_DENY;
}

static int database_open(sqlite3 **db, selection *s, bn_err *err)
{
	if (sqlite3_open_v2(":memory:", db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL))
		return bn_err_nomem(err, "a query");
	sqlite3_limit(*db, SQLITE_LIMIT_LENGTH, BN_TABLE_SQL_VALUE);
	sqlite3_limit(*db, SQLITE_LIMIT_SQL_LENGTH, 2 * BN_TABLE_SQL_TEXT);
	sqlite3_limit(*db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000);
	sqlite3_limit(*db, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_limit(*db, SQLITE_LIMIT_EXPR_DEPTH, 200);
	if (sqlite3_create_module(*db, "rows", &module, s) ||
		sqlite3_exec(*db, "CREATE VIRTUAL TABLE temp." NAME " USING rows", NULL, NULL, NULL)) {
		bn_err_set(err, BN_EUNSUPPORTED, "SQLite cannot hold this table: %.150s",
			sqlite3_errmsg(*db));
		return BN_EUNSUPPORTED;
	}
	sqlite3_set_authorizer(*db, authorise, NULL);
	sqlite3_progress_handler(*db, LOOK_STEPS, go_on, s);
	return 0;
}

/* ---- the query ------------------------------------------------------------------------------ */

/* {batch} is the table, and a doubled brace is one brace. */
static void query_text(bn_buf *out, const char *query)
{
	static const char hole[] = "{batch}";
	for (const char *s = query; *s; s++) {
		if (!strncmp(s, hole, sizeof hole - 1)) {
			bn_buf_adds(out, NAME);
			s += sizeof hole - 2;
		} else {
			bn_buf_addch(out, *s);
			s += (*s == '{' || *s == '}') && s[1] == *s;
		}
	}
}

static json_t *cell_json(sqlite3_stmt *st, int i)
{
	switch (sqlite3_column_type(st, i)) {
	case SQLITE_INTEGER:
		return json_integer(sqlite3_column_int64(st, i));
	case SQLITE_FLOAT:
		return bn_json_number(sqlite3_column_double(st, i));
	case SQLITE_NULL:
		return json_null();
	case SQLITE_BLOB:
		return json_sprintf("(%d bytes)", sqlite3_column_bytes(st, i));
	default: {
		const char *text = (const char *)sqlite3_column_text(st, i);
		json_t *v = json_stringn(
			text ? text : "", text ? (size_t)sqlite3_column_bytes(st, i) : 0);
		return v ? v : json_string("(no UTF-8)");
	}
	}
}

static int keep_row(json_t *rows, sqlite3_stmt *st, bn_err *err)
{
	json_t *one = json_object();
	for (int i = 0; one && i < sqlite3_column_count(st); i++)
		json_object_set_new(one, sqlite3_column_name(st, i), cell_json(st, i));
	return json_array_append_new(rows, one) ? bn_err_nomem(err, "the rows of a query") : 0;
}

/* err may hold the error of reading the table already. */
static int failed(const selection *s, sqlite3 *db, bn_err *err)
{
	int at = sqlite3_error_offset(db);
	if (s->err->code)
		return s->err->code;
	if (sqlite3_errcode(db) == SQLITE_NOMEM)
		return bn_err_nomem(err, "a query");
	if (s->stopped)
		return bn_err_set(err, BN_EINTR, "checking was interrupted");
	if (s->late) {
		bn_err_set(err, BN_EUNSUPPORTED, "the query took more than %d s",
			BN_TABLE_SQL_SECONDS);
		bn_err_hint(err, "a join of a large table with itself is what takes so long");
		return BN_EUNSUPPORTED;
	}
	if (sqlite3_errcode(db) == SQLITE_AUTH) {
		bn_err_set(err, BN_EINVAL, "the query may only select from {batch}: %.120s",
			sqlite3_errmsg(db));
		return BN_EINVAL;
	}
	if (at >= 0)
		return bn_err_set(err, BN_EINVAL, "the query, byte %d: %.180s", at + 1,
			sqlite3_errmsg(db));
	return bn_err_set(err, BN_EINVAL, "the query: %.180s", sqlite3_errmsg(db));
}

static int prepare(sqlite3_stmt **st, const selection *s, sqlite3 *db, const bn_buf *sql, bn_err *err)
{
	const char *tail = NULL;
	if (sqlite3_prepare_v2(db, sql->ptr, (int)sql->len, st, &tail))
		return failed(s, db, err);
	tail += strspn(tail, " \t\r\n;");
	if (!*st || *tail)
		return bn_err_set(err, BN_EINVAL, "the query must be one SELECT");
	return 0;
}

static int select_rows(uint64_t *count, json_t *rows, size_t keep, const selection *s, sqlite3 *db,
	const bn_buf *sql, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc, step = SQLITE_DONE;
	if ((rc = prepare(&st, s, db, sql, err)) < 0)
		goto out;
	while ((step = sqlite3_step(st)) == SQLITE_ROW)
		if ((*count)++ < keep && (rc = keep_row(rows, st, err)) < 0)
			goto out;
	if (step != SQLITE_DONE)
		rc = failed(s, db, err);
out:
	sqlite3_finalize(st);
	return rc;
}

int bn_table_select(uint64_t *count, json_t *rows, size_t keep, bn_table_reader *table,
	const char *query, bool (*cancelled)(void *ctx), void *ctx, bn_err *err)
{
	bn_err none = BN_ERR_INIT;
	selection s = {.table = table,
		.cancelled = cancelled,
		.ctx = ctx,
		.until_ns = now_ns() + (int64_t)BN_TABLE_SQL_SECONDS * NS,
		.err = err ? err : &none};
	bn_buf sql = BN_BUF_INIT;
	sqlite3 *db = NULL;
	int rc;
	*count = 0;
	if (strlen(query) > BN_TABLE_SQL_TEXT)
		return bn_err_set(err, BN_EINVAL, "a query of %zu bytes is over the limit of %d",
			strlen(query), BN_TABLE_SQL_TEXT);
	query_text(&sql, query);
	if ((rc = bn_buf_check(&sql, err, "a query")) < 0 || (rc = database_open(&db, &s, err)) < 0)
		goto out;
	rc = select_rows(count, rows, keep, &s, db, &sql, err);
out:
	sqlite3_close(db);
	bn_buf_release(&sql);
	return rc;
}
