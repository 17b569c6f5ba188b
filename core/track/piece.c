/*
 * piece.c - pieces of SQL with bound values, and the two functions through which SQL reads columns:
 * bn_column_number(column, run), bn_column_text(column, run). See _piece.h.
 */
#include "core/track/_piece.h"

#include "core/track/nest.h"

#include <math.h>
#include <string.h>

void bn_sql_piece_init(bn_sql_piece *p)
{
	memset(p, 0, sizeof *p);
	bn_buf_init(&p->sql);
}

void bn_sql_piece_release(bn_sql_piece *p)
{
	bn_buf_release(&p->sql);
	bn_free(p->binds);
	for (size_t i = 0; i < p->column_count; i++)
		bn_column_free(p->columns[i]);
	bn_free(p->columns);
	bn_arena_release(&p->arena);
	bn_sql_piece_init(p);
}

static bn_sql_bind *piece_bind(bn_sql_piece *p, char type)
{
	static bn_sql_bind lost;
	bn_buf_addch(&p->sql, '?');
	if (bn_grow(&p->binds, &p->cap, p->count + 1, sizeof *p->binds) != 0) {
		p->failed = true;
		return &lost;
	}
	bn_sql_bind *b = &p->binds[p->count++];
	*b = (bn_sql_bind){.type = type};
	return b;
}

void bn_sql_piece_text(bn_sql_piece *p, const char *s, size_t n)
{
	bn_sql_bind *b = piece_bind(p, 's');
	b->s = bn_arena_strndup(&p->arena, s, n);
	p->failed = p->failed || !b->s;
}

void bn_sql_piece_int(bn_sql_piece *p, int64_t i)
{
	piece_bind(p, 'i')->i = i;
}

void bn_sql_piece_real(bn_sql_piece *p, double d)
{
	piece_bind(p, 'd')->d = d;
}

bn_key_kind bn_field_key_kind(bn_field_kind kind)
{
	if (kind == BN_FIELD_METRIC)
		return BN_KEY_METRIC;
	return kind == BN_FIELD_PARAM ? BN_KEY_PARAM : BN_KEY_TAG;
}

/* aggregate and step: of metrics. */
static bn_column *column_get(
	bn_sql_piece *p, int kind, const char *key, const bn_run_field *f, const bn_filter_world *w)
{
	if (w->held && kind != BN_KEY_NEST) {
		bn_column *held = w->held(w->memory, f, w);
		p->failed = p->failed || !held;
		return held;
	}
	for (size_t i = 0; i < p->column_count; i++) {
		bn_column *c = p->columns[i];
		if (c->kind == kind && c->aggregate == f->aggregate && c->step == f->step &&
			!strcmp(c->key, key))
			return c;
	}
	if (bn_grow(&p->columns, &p->column_cap, p->column_count + 1, sizeof *p->columns) != 0 ||
		bn_column_new(&p->columns[p->column_count], w->db, kind, key, f->aggregate,
			w->removed, NULL) != 0) {
		p->failed = true;
		return NULL;
	}
	bn_column *made = p->columns[p->column_count++];
	made->step = f->step;
	made->watch = w->watch;
	if (kind == BN_KEY_NEST) {
		made->fill = bn_nest_load;
		made->fills_texts = strcmp(key, "root") == 0;
	}
	return made;
}

bn_column *bn_sql_piece_column(bn_sql_piece *p, const bn_run_field *f, const bn_filter_world *w)
{
	return column_get(p, (int)bn_field_key_kind(f->kind), f->key, f, w);
}

static void column_call(bn_sql_piece *p, bn_column *c, bool number)
{
	bn_buf_adds(&p->sql, number ? "bn_column_number(" : "bn_column_text(");
	piece_bind(p, 'c')->column = c;
	bn_buf_adds(&p->sql, ", r.no)");
}

void bn_sql_piece_value(
	bn_sql_piece *p, const bn_run_field *f, const bn_filter_world *w, bool number)
{
	column_call(p, bn_sql_piece_column(p, f, w), number);
}

void bn_sql_piece_nest(bn_sql_piece *p, const char *what, const bn_filter_world *w)
{
	const bn_run_field none = {.aggregate = BN_AGGREGATE_LAST};
	column_call(p, column_get(p, BN_KEY_NEST, what, &none, w), strcmp(what, "root") != 0);
}

int bn_sql_piece_bind(const bn_sql_piece *p, sqlite3_stmt *st, int *at, bn_err *err)
{
	int rc = p->failed || p->sql.failed ? SQLITE_NOMEM : SQLITE_OK;
	for (size_t i = 0; i < p->count && rc == SQLITE_OK; i++) {
		const bn_sql_bind *b = &p->binds[i];
		if (b->type == 's')
			rc = sqlite3_bind_text(st, *at, b->s, -1, SQLITE_TRANSIENT);
		else if (b->type == 'i')
			rc = sqlite3_bind_int64(st, *at, b->i);
		else if (b->type == 'c')
			rc = sqlite3_bind_pointer(st, *at, b->column, "bn_column", NULL);
		else
			rc = sqlite3_bind_double(st, *at, b->d);
		++*at;
	}
	return rc == SQLITE_OK ? 0 : bn_err_nomem(err, "a query");
}

/* ---- functions ------------------------------------------------------------------------------ */

/* The column in the first argument, if the run in the second has a value there. */
static bn_column *column_at(sqlite3_context *c, sqlite3_value **v, size_t *run)
{
	bn_err err = BN_ERR_INIT;
	bn_column *column = sqlite3_value_pointer(v[0], "bn_column");
	*run = (size_t)sqlite3_value_int64(v[1]);
	if (!column)
		return NULL;
	if (bn_column_load(column, &err) < 0 || bn_column_look(column, *run, &err) < 0) {
		sqlite3_result_error(c, err.msg, -1);
		if (err.code == BN_EINTR)
			sqlite3_result_error_code(c, SQLITE_INTERRUPT);
		return NULL;
	}
	return *run < column->count && bn_set_has(column->has, *run) ? column : NULL;
}

static void column_number(sqlite3_context *c, int n, sqlite3_value **v)
{
	size_t run;
	const bn_column *column = column_at(c, v, &run);
	(void)n;
	if (column && column->kind == BN_KEY_NEST) /* a count */
		sqlite3_result_int64(c, (sqlite3_int64)column->number[run]);
	else if (column && !isnan(column->number[run]))
		sqlite3_result_double(c, column->number[run]);
}

static void column_text(sqlite3_context *c, int n, sqlite3_value **v)
{
	size_t run;
	const bn_column *column = column_at(c, v, &run);
	(void)n;
	if (column && column->text)
		sqlite3_result_text(c, column->text[run], -1, SQLITE_STATIC);
}

/* The number of the run with an id. */
static void run_no(sqlite3_context *c, int n, sqlite3_value **v)
{
	const char *id = (const char *)sqlite3_value_text(v[0]);
	int64_t no = id ? bn_run_number(sqlite3_context_db_handle(c), id) : -1;
	(void)n;
	if (no >= 0)
		sqlite3_result_int64(c, no);
}

int bn_sql_piece_attach(sqlite3 *db, bn_err *err)
{
	int a = sqlite3_create_function(
		db, "bn_column_number", 2, SQLITE_UTF8, NULL, column_number, NULL, NULL);
	int b = sqlite3_create_function(
		db, "bn_column_text", 2, SQLITE_UTF8, NULL, column_text, NULL, NULL);
	int d = sqlite3_create_function(
		db, "bn_run_no", 1, SQLITE_UTF8, NULL, run_no, NULL, NULL);
	return a == SQLITE_OK && b == SQLITE_OK && d == SQLITE_OK
		       ? 0
		       : bn_err_set(err, BN_EIO, "index: functions: %s", sqlite3_errmsg(db));
}
