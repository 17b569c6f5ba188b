/*
 * column_fold.c - the end of a batch: writes the cells of touched runs, by key, to rows of
 * index_column. See column.h for the format of a row.
 *
 * Touched runs are ordered by number, so those of one row are adjacent; the cells of one row's runs
 * are collected, sorted by key, and each key's row is read, changed and written once. The rows of
 * all other keys are only read if cells may have been removed (a removed tag, the trash, a replay).
 */
#include "core/track/column.h"

#include <stdlib.h>
#include <string.h>

typedef struct cell {
	int64_t key;
	size_t at; /* of the run in the row */
	bn_column_cell value;
	size_t text_at; /* offset in `texts`, which moves while it grows */
	bool is_text;
} cell;

typedef struct update {
	sqlite3 *db;
	int64_t block;
	uint8_t anew[BN_COLUMN_SET]; /* runs whose old cells are removed */
	bool any_anew;
	cell *cells;
	size_t count, cap;
	bn_buf texts, bytes;
	bn_series_summaries series;
	bn_column_block *row;
} update;

static int add_cell(update *u, int64_t key, size_t at, cell **out, bn_err *err)
{
	if (bn_grow(&u->cells, &u->cap, u->count + 1, sizeof *u->cells) != 0)
		return bn_err_nomem(err, "columns of runs");
	*out = &u->cells[u->count++];
	**out = (cell){.key = key, .at = at};
	return 0;
}

/* ---- the cells of one run ------------------------------------------------------------------- */

static int gather_series(update *u, int64_t run, int64_t owner, size_t at, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	cell *c;
	int rc = bn_sql_cached(&st, u->db, err,
		"SELECT data FROM metric_series WHERE run = ? AND owner = ?", "ii", run, owner);
	if (rc < 0)
		return rc;
	u->series.count = 0;
	if ((rc = bn_sql_step(st, err)) == 1)
		rc = bn_series_unpack(&u->series, sqlite3_column_blob(st, 0),
			(size_t)sqlite3_column_bytes(st, 0), err);
	sqlite3_reset(st);
	for (size_t i = 0; i < u->series.count && rc == 0; i++) {
		const bn_series_summary *s = &u->series.items[i];
		if ((rc = add_cell(u, s->key, at, &c, err)) == 0)
			c->value = (bn_column_cell){.last = s->last.value + 0.0,
				.min = s->min,
				.max = s->max,
				.mean = bn_series_mean(s)};
	}
	return rc;
}

static int gather_texts(update *u, const char *sql, int64_t run, size_t at, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	cell *c;
	int rc = bn_sql_cached(&st, u->db, err, sql, "i", run);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if ((rc = add_cell(u, sqlite3_column_int64(st, 0), at, &c, err)) < 0)
			break;
		c->is_text = true;
		c->text_at = u->texts.len;
		c->value.bytes = (size_t)sqlite3_column_bytes(st, 1);
		bn_buf_add(&u->texts, sqlite3_column_text(st, 1), c->value.bytes);
	}
	sqlite3_reset(st);
	return rc;
}

static int gather_run(update *u, int64_t run, unsigned what, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t at = (size_t)(run % BN_COLUMN_RUNS);
	int64_t owner = -1;
	bool living = false;
	int rc = bn_sql_cached(
		&st, u->db, err, "SELECT owner, removed FROM run WHERE no = ?", "i", run);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) > 0) {
		owner = sqlite3_column_int64(st, 0);
		living = !sqlite3_column_int(st, 1);
	}
	sqlite3_reset(st);
	if (rc < 0)
		return rc;
	if (what & BN_TOUCH_ANEW) {
		bn_set_add(u->anew, at);
		u->any_anew = true;
	}
	if (!living)
		return 0;
	if ((rc = gather_series(u, run, owner, at, err)) < 0 ||
		(rc = gather_texts(
			 u, "SELECT key, value FROM run_param WHERE run = ?", run, at, err)) < 0)
		return rc;
	return gather_texts(u, "SELECT key, value FROM run_tag WHERE run = ?", run, at, err);
}

/* ---- rows ----------------------------------------------------------------------------------- */

static size_t set_count(const uint8_t *set)
{
	size_t n = 0;
	for (size_t i = 0; i < BN_COLUMN_SET; i++)
		n += (size_t)__builtin_popcount(set[i]);
	return n;
}

static int cell_cmp(const void *a, const void *b)
{
	const cell *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static int write_row(update *u, int64_t key, size_t before, bn_err *err)
{
	size_t after = set_count(u->row->has);
	int rc;
	if (after == 0) {
		rc = bn_sql_run(u->db, err, "DELETE FROM index_column WHERE no = ?", "i",
			key << 32 | u->block);
	} else {
		bn_buf_clear(&u->bytes);
		if ((rc = bn_column_pack(&u->bytes, u->row, err)) == 0)
			rc = bn_sql_run(u->db, err, "REPLACE INTO index_column VALUES (?, ?)", "ib",
				key << 32 | u->block, u->bytes.ptr, u->bytes.len);
	}
	if (rc < 0 || before == after)
		return rc;
	return bn_sql_run(u->db, err,
		"INSERT INTO index_key VALUES (?, ?) ON CONFLICT DO UPDATE SET runs = runs + "
		"excluded.runs",
		"ii", key, (int64_t)after - (int64_t)before);
}

/* Changes the row of one key: removes old cells of rebuilt runs, and adds new ones. */
static int update_row(update *u, int64_t key, const cell *cells, size_t count, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bn_column_block *row = u->row;
	int rc = bn_sql_cached(&st, u->db, err, "SELECT data FROM index_column WHERE no = ?", "i",
		key << 32 | u->block);
	if (rc < 0)
		return rc;
	memset(row->has, 0, sizeof row->has);
	row->texts = count && cells[0].is_text;
	/* The old texts belong to the statement until it is reset. */
	if ((rc = bn_sql_step(st, err)) > 0)
		rc = bn_column_unpack(
			row, sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0), err);
	if (rc < 0)
		goto out;
	size_t before = set_count(row->has);
	bool changed = count > 0;
	for (size_t i = 0; i < BN_COLUMN_SET; i++) {
		changed = changed || row->has[i] & u->anew[i];
		row->has[i] &= (uint8_t)~u->anew[i];
	}
	for (size_t i = 0; i < count; i++) {
		bn_set_add(row->has, cells[i].at);
		row->cells[cells[i].at] = cells[i].value;
		if (cells[i].is_text)
			row->cells[cells[i].at].text = u->texts.ptr + cells[i].text_at;
	}
	rc = changed ? write_row(u, key, before, err) : 0;
out:
	sqlite3_reset(st);
	return rc;
}

/* The keys without a cell in this round. */
static int update_others(update *u, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int64_t *keys = NULL;
	size_t count = 0, cap = 0;
	int rc = bn_sql_prepare(&st, u->db, err, "SELECT key FROM index_key", "");
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (bn_grow(&keys, &cap, count + 1, sizeof *keys) != 0) {
			rc = bn_err_nomem(err, "columns of runs");
			goto out;
		}
		keys[count++] = sqlite3_column_int64(st, 0);
	}
	if (rc < 0)
		goto out;
	for (size_t i = 0, at = 0; i < count; i++) {
		while (at < u->count && u->cells[at].key < keys[i])
			at++;
		if (at < u->count && u->cells[at].key == keys[i])
			continue;
		if ((rc = update_row(u, keys[i], NULL, 0, err)) < 0)
			goto out;
	}
out:
	sqlite3_finalize(st);
	bn_free(keys);
	return rc;
}

static int update_block(update *u, bn_err *err)
{
	int rc = bn_buf_check(&u->texts, err, "columns of runs");
	if (rc < 0)
		return rc;
	if (u->count)
		qsort(u->cells, u->count, sizeof *u->cells, cell_cmp);
	for (size_t i = 0, n; i < u->count; i += n) {
		for (n = 1; i + n < u->count && u->cells[i + n].key == u->cells[i].key;)
			n++;
		if ((rc = update_row(u, u->cells[i].key, &u->cells[i], n, err)) < 0)
			return rc;
	}
	if (u->any_anew && (rc = update_others(u, err)) < 0)
		return rc;
	memset(u->anew, 0, sizeof u->anew);
	u->any_anew = false;
	u->count = 0;
	bn_buf_clear(&u->texts);
	return 0;
}

int bn_columns_update(bn_fold *f, const bn_touched *touched, size_t count, bn_err *err)
{
	update u = {.db = bn_fold_db(f), .texts = BN_BUF_INIT, .bytes = BN_BUF_INIT};
	int rc = 0;
	if (!(u.row = bn_alloc(sizeof *u.row)))
		return bn_err_nomem(err, "columns of runs");
	for (size_t i = 0, n; i < count; i += n) {
		unsigned what = 0;
		int64_t run = touched[i].run;
		for (n = 0; i + n < count && touched[i + n].run == run; n++)
			what |= touched[i + n].what;
		u.block = run / BN_COLUMN_RUNS;
		if ((rc = gather_run(&u, run, what, err)) < 0)
			goto out;
		if (i + n < count && touched[i + n].run / BN_COLUMN_RUNS == u.block)
			continue;
		if ((rc = update_block(&u, err)) < 0)
			goto out;
	}
out:
	bn_free(u.row);
	bn_free(u.cells);
	bn_free(u.series.items);
	bn_buf_release(&u.texts);
	bn_buf_release(&u.bytes);
	return rc;
}
