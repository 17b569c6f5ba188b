/* column.c - see column.h. */
#include "core/track/column.h"

#include "core/base/str.h"
#include "core/store/index/fold.h"
#include "core/track/_series.h"

#include <math.h>
#include <string.h>

enum { NUMBERS = 1, TEXTS = 2, LOOKS_PER_STEP = 128 };

/* ---- rows ----------------------------------------------------------------------------------- */

int bn_column_unpack(bn_column_block *out, const void *bytes, size_t n, bn_err *err)
{
	const unsigned char *p = bytes;
	bn_cursor c = {p, p + n, false};
	unsigned char form = 0;
	uint8_t wide[BN_COLUMN_SET] = {0};
	bn_cursor_bytes(&c, &form, 1);
	bn_cursor_bytes(&c, out->has, sizeof out->has);
	out->texts = form == TEXTS;
	if (!out->texts)
		bn_cursor_bytes(&c, wide, sizeof wide);
	for (size_t i = 0; i < BN_COLUMN_RUNS && !c.bad; i++) {
		bn_column_cell *cell = &out->cells[i];
		if (!bn_set_has(out->has, i))
			continue;
		*cell = (bn_column_cell){.text = NULL};
		if (!out->texts) {
			bn_cursor_bytes(&c, &cell->last, sizeof cell->last);
			cell->min = cell->max = cell->mean = cell->last;
			continue;
		}
		cell->bytes = (size_t)bn_cursor_varint(&c);
		cell->text = (const char *)c.at;
		c.bad = c.bad || cell->bytes > bn_cursor_left(&c);
		c.at += c.bad ? 0 : cell->bytes;
	}
	for (size_t i = 0; i < BN_COLUMN_RUNS && !c.bad; i++)
		if (bn_set_has(wide, i)) {
			bn_cursor_bytes(&c, &out->cells[i].min, sizeof out->cells[i].min);
			bn_cursor_bytes(&c, &out->cells[i].max, sizeof out->cells[i].max);
			bn_cursor_bytes(&c, &out->cells[i].mean, sizeof out->cells[i].mean);
		}
	if (c.bad || bn_cursor_left(&c) || (form != NUMBERS && form != TEXTS))
		return bn_sql_damaged(err, "damaged column of runs");
	return 0;
}

static bool is_wide(const bn_column_cell *c)
{
	return memcmp(&c->min, &c->last, sizeof c->min) != 0 ||
	       memcmp(&c->max, &c->last, sizeof c->max) != 0 ||
	       memcmp(&c->mean, &c->last, sizeof c->mean) != 0;
}

int bn_column_pack(bn_buf *out, const bn_column_block *b, bn_err *err)
{
	uint8_t wide[BN_COLUMN_SET] = {0};
	bn_buf_addch(out, b->texts ? TEXTS : NUMBERS);
	bn_buf_add(out, b->has, sizeof b->has);
	for (size_t i = 0; i < BN_COLUMN_RUNS && !b->texts; i++)
		if (bn_set_has(b->has, i) && is_wide(&b->cells[i]))
			bn_set_add(wide, i);
	if (!b->texts)
		bn_buf_add(out, wide, sizeof wide);
	for (size_t i = 0; i < BN_COLUMN_RUNS; i++) {
		if (!bn_set_has(b->has, i))
			continue;
		if (b->texts) {
			bn_varint_put(out, b->cells[i].bytes);
			bn_buf_add(out, b->cells[i].text, b->cells[i].bytes);
		} else {
			bn_buf_add(out, &b->cells[i].last, sizeof b->cells[i].last);
		}
	}
	for (size_t i = 0; i < BN_COLUMN_RUNS; i++)
		if (bn_set_has(wide, i)) {
			bn_buf_add(out, &b->cells[i].min, sizeof b->cells[i].min);
			bn_buf_add(out, &b->cells[i].max, sizeof b->cells[i].max);
			bn_buf_add(out, &b->cells[i].mean, sizeof b->cells[i].mean);
		}
	return bn_buf_check(out, err, "a column of runs");
}

/* ---- columns -------------------------------------------------------------------------------- */

int bn_column_new(bn_column **out, sqlite3 *db, int kind, const char *key, bn_aggregate aggregate,
	bool removed, bn_err *err)
{
	bn_column *c = bn_alloc_zeroed(1, sizeof *c);
	if (c)
		c->key = bn_strdup(key);
	if (!c || !c->key) {
		bn_free(c);
		return bn_err_nomem(err, "a column of runs");
	}
	c->db = db;
	c->kind = kind;
	c->aggregate = aggregate;
	c->removed = removed;
	*out = c;
	return 0;
}

void bn_column_free(bn_column *c)
{
	if (!c)
		return;
	bn_free(c->key);
	bn_free(c->has);
	bn_free(c->looked);
	if (c->finder)
		bn_series_finder_release(c->finder);
	bn_free(c->finder);
	bn_free(c->number);
	bn_free(c->text);
	bn_arena_release(&c->arena);
	bn_free(c);
}

double bn_series_aggregate(const bn_series_summary *s, bn_aggregate aggregate)
{
	switch (aggregate) {
	case BN_AGGREGATE_LAST:
		return s->last.value + 0.0;
	case BN_AGGREGATE_MIN:
		return s->min;
	case BN_AGGREGATE_MAX:
		return s->max;
	case BN_AGGREGATE_FIRST:
		return s->first.value + 0.0;
	case BN_AGGREGATE_MEAN:
		return bn_series_mean(s);
	case BN_AGGREGATE_COUNT:
		return (double)s->points;
	case BN_AGGREGATE_AT: /* not in the summary */
	case BN_AGGREGATE_NONE:
		break;
	}
	return (double)NAN;
}

static int put_text(bn_column *c, size_t run, const char *text, size_t bytes, bn_err *err)
{
	/* Neighbours often share a value: the seeds of one setting, a batch size. */
	if (!c->newest || c->newest_bytes != bytes || memcmp(c->newest, text, bytes) != 0) {
		c->newest = bn_arena_strndup(&c->arena, text, bytes);
		c->newest_bytes = bytes;
		if (!c->newest)
			return bn_err_nomem(err, "a column of runs");
		if (!bn_parse_f64(c->newest, bytes, &c->newest_number))
			c->newest_number = (double)NAN;
	}
	bn_set_add(c->has, run);
	c->text[run] = c->newest;
	c->number[run] = c->newest_number;
	return 0;
}

/* The aggregates that columns hold. */
static bool is_held(bn_aggregate aggregate)
{
	return aggregate == BN_AGGREGATE_LAST || aggregate == BN_AGGREGATE_MIN ||
	       aggregate == BN_AGGREGATE_MAX || aggregate == BN_AGGREGATE_MEAN;
}

static double cell_number(const bn_column_cell *cell, bn_aggregate aggregate)
{
	if (aggregate == BN_AGGREGATE_MIN)
		return cell->min;
	if (aggregate == BN_AGGREGATE_MAX)
		return cell->max;
	return aggregate == BN_AGGREGATE_MEAN ? cell->mean : cell->last;
}

static int put_block(bn_column *c, size_t first, const bn_column_block *b, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < BN_COLUMN_RUNS && first + i < c->count && rc == 0; i++) {
		const bn_column_cell *cell = &b->cells[i];
		if (!bn_set_has(b->has, i))
			continue;
		if (c->text) {
			rc = put_text(c, first + i, cell->text, cell->bytes, err);
			continue;
		}
		bn_set_add(c->has, first + i);
		c->number[first + i] = cell_number(cell, c->aggregate);
	}
	return rc;
}

static int load_blocks(bn_column *c, int64_t key, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bn_column_block *b = bn_alloc(sizeof *b);
	if (!b)
		return bn_err_nomem(err, "a column of runs");
	int rc = bn_sql_prepare(&st, c->db, err,
		"SELECT no & 4294967295, data FROM index_column WHERE no >= ? AND no < ?", "ii",
		key << 32, (key + 1) << 32);
	if (rc < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) > 0) {
		size_t first = (size_t)sqlite3_column_int64(st, 0) * BN_COLUMN_RUNS;
		if ((rc = bn_column_unpack(b, sqlite3_column_blob(st, 1),
			     (size_t)sqlite3_column_bytes(st, 1), err)) < 0)
			goto out;
		if (b->texts == !c->text) {
			rc = bn_sql_damaged(err, "damaged column of runs");
			goto out;
		}
		if ((rc = put_block(c, first, b, err)) < 0)
			goto out;
	}
out:
	sqlite3_finalize(st);
	bn_free(b);
	return rc;
}

/* Values that are not in columns: other aggregates, runs in the trash. Reads the rows
 * themselves. */
static int load_series(bn_column *c, int64_t key, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	bn_series_summaries l = {NULL, 0, 0};
	bool found;
	int rc = bn_sql_prepare(&st, c->db, err,
		"SELECT r.no, s.data FROM run r CROSS JOIN metric_series s "
		"ON s.run = r.no AND s.owner = r.owner WHERE r.removed = ?",
		"i", (int64_t)c->removed);
	if (rc < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) > 0) {
		size_t run = (size_t)sqlite3_column_int64(st, 0);
		if ((rc = bn_series_unpack(&l, sqlite3_column_blob(st, 1),
			     (size_t)sqlite3_column_bytes(st, 1), err)) < 0)
			goto out;
		size_t at = bn_series_place(&l, key, &found);
		if (found && run < c->count) {
			bn_set_add(c->has, run);
			c->number[run] = bn_series_aggregate(&l.items[at], c->aggregate);
		}
	}
out:
	sqlite3_finalize(st);
	bn_free(l.items);
	return rc;
}

static int load_values(bn_column *c, int64_t key, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, c->db, err,
		c->kind == BN_KEY_PARAM ? "SELECT r.no, x.value FROM run r CROSS JOIN run_param x "
					  "ON x.run = r.no AND x.key = ? WHERE r.removed = ?"
					: "SELECT r.no, x.value FROM run r CROSS JOIN run_tag x "
					  "ON x.run = r.no AND x.key = ? WHERE r.removed = ?",
		"ii", key, (int64_t)c->removed);
	if (rc < 0)
		goto out;
	while ((rc = bn_sql_step(st, err)) > 0) {
		size_t run = (size_t)sqlite3_column_int64(st, 0);
		if (run < c->count &&
			(rc = put_text(c, run, (const char *)sqlite3_column_text(st, 1),
				 (size_t)sqlite3_column_bytes(st, 1), err)) < 0)
			goto out;
	}
out:
	sqlite3_finalize(st);
	return rc;
}

static int load(bn_column *c, bn_err *err)
{
	bool is_text = c->fill ? c->fills_texts : c->kind != BN_KEY_METRIC;
	int64_t key = c->fill ? 0 : bn_index_key(c->db, (bn_key_kind)c->kind, c->key);
	c->count = (size_t)bn_sql_int(c->db, -1, "SELECT max(no) FROM run", "") + 1;
	int rc = bn_sql_failed(c->db, err);
	if (rc < 0)
		return rc;
	c->has = bn_alloc_zeroed(c->count / 8 + 1, 1);
	c->number = bn_alloc((c->count + 1) * sizeof *c->number);
	if (is_text)
		c->text = bn_alloc_zeroed(c->count + 1, sizeof *c->text);
	if (!c->has || !c->number || (is_text && !c->text))
		return bn_err_nomem(err, "a column of runs");
	if (c->fill)
		return c->fill(c, err);
	if (key < 0 || c->aggregate == BN_AGGREGATE_NONE)
		return 0;
	if (c->aggregate == BN_AGGREGATE_AT) {
		c->looked = bn_alloc_zeroed(c->count / 8 + 1, 1);
		c->finder = bn_alloc_zeroed(1, sizeof *c->finder);
		return c->looked && c->finder
			       ? bn_series_finder_init(c->finder, c->db, c->key, c->step, c->removed, err)
			       : bn_err_nomem(err, "a column of runs");
	}
	if (!c->removed && is_held(c->aggregate))
		return load_blocks(c, key, err);
	return c->kind == BN_KEY_METRIC ? load_series(c, key, err) : load_values(c, key, err);
}

int bn_column_load(bn_column *c, bn_err *err)
{
	if (!c->loaded) {
		c->loaded = true;
		c->code = load(c, err);
		return c->code;
	}
	return c->code < 0 ? bn_err_set(err, c->code, "a column of runs could not be read") : 0;
}

int bn_column_look(bn_column *c, size_t run, bn_err *err)
{
	if (!c->looked || run >= c->count || bn_set_has(c->looked, run))
		return 0;
	int rc = c->looked_count % LOOKS_PER_STEP == 0
			 ? bn_progress_step(c->watch, "reading points", c->looked_count, c->count, err)
			 : 0;
	if (rc < 0 || (rc = bn_series_find_at(&c->number[run], c->finder, (int64_t)run, err)) < 0)
		return rc;
	bn_set_add(c->looked, run);
	c->looked_count++;
	if (rc)
		bn_set_add(c->has, run);
	return 0;
}

int bn_column_look_all(bn_column *c, bn_err *err)
{
	int rc = 0;
	for (size_t run = 0; c->looked && run < c->count && rc == 0; run++)
		rc = bn_column_look(c, run, err);
	return rc;
}
