/* series_cache.c - see series_cache.h. */
#include "core/track/series_cache.h"

#include "core/base/mem.h"

#include <string.h>

static void open_free(bn_series_open *o)
{
	if (o)
		bn_free(o->list.items);
	bn_free(o);
}

void bn_series_cache_init(bn_series_cache *c)
{
	*c = (bn_series_cache){0};
	bn_buf_init(&c->bytes);
}

void bn_series_cache_release(bn_series_cache *c)
{
	for (size_t i = 0; i < c->count; i++)
		open_free(c->items[i]);
	bn_free(c->items);
	bn_buf_release(&c->bytes);
	bn_series_cache_init(c);
}

/* Its position, or where it would be inserted. */
static size_t place(const bn_series_cache *c, int64_t run, int64_t owner)
{
	size_t low = 0, high = c->count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const bn_series_open *o = c->items[mid];
		if (o->run < run || (o->run == run && o->owner < owner))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int write_one(bn_series_cache *c, bn_series_open *o, sqlite3 *db, bn_err *err)
{
	if (!o->dirty)
		return 0;
	bn_buf_clear(&c->bytes);
	int rc = bn_series_pack(&c->bytes, &o->list, err);
	if (rc < 0)
		return rc;
	o->dirty = false;
	return bn_sql_run(db, err,
		"INSERT INTO metric_series VALUES (?, ?, ?) "
		"ON CONFLICT DO UPDATE SET data = excluded.data",
		"iib", o->run, o->owner, c->bytes.ptr, c->bytes.len);
}

int bn_series_cache_flush(bn_series_cache *c, sqlite3 *db, bn_err *err)
{
	int rc;
	for (size_t i = 0; i < c->count; i++)
		if ((rc = write_one(c, c->items[i], db, err)) < 0)
			return rc;
	return 0;
}

/* Closes the least recently used runs until one more fits, except the last used one. */
static int make_room(bn_series_cache *c, sqlite3 *db, bn_err *err)
{
	int rc;
	while (c->count > 1 &&
		(c->count >= BN_SERIES_CACHE_RUNS || c->series > BN_SERIES_CACHE_SERIES)) {
		size_t oldest = 0;
		for (size_t i = 1; i < c->count; i++)
			if (c->items[i]->used < c->items[oldest]->used)
				oldest = i;
		bn_series_open *o = c->items[oldest];
		if ((rc = write_one(c, o, db, err)) < 0)
			return rc;
		c->series -= o->list.count;
		memmove(c->items + oldest, c->items + oldest + 1,
			(--c->count - oldest) * sizeof(bn_series_open *));
		open_free(o);
	}
	return 0;
}

static int read_one(bn_series_open *o, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT data FROM metric_series WHERE run = ? AND owner = ?", "ii", o->run,
		o->owner);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1)
		rc = bn_series_unpack(&o->list, sqlite3_column_blob(st, 0),
			(size_t)sqlite3_column_bytes(st, 0), err);
	sqlite3_reset(st);
	return rc < 0 ? rc : 0;
}

/* Opens one that is not open. */
static int open_one(bn_series_cache *c, sqlite3 *db, int64_t run, int64_t owner, bn_err *err)
{
	int rc = make_room(c, db, err);
	if (rc < 0)
		return rc;
	bn_series_open *o = bn_alloc_zeroed(1, sizeof *o);
	if (!o || bn_grow(&c->items, &c->cap, c->count + 1, sizeof(bn_series_open *)) != 0) {
		rc = bn_err_nomem(err, "metric summaries");
		goto out;
	}
	o->run = run;
	o->owner = owner;
	if ((rc = read_one(o, db, err)) < 0)
		goto out;
	size_t at = place(c, run, owner);
	memmove(c->items + at + 1, c->items + at, (c->count++ - at) * sizeof(bn_series_open *));
	c->items[at] = c->last = o;
	c->series += o->list.count;
	o = NULL;
out:
	open_free(o);
	return rc;
}

int bn_series_cache_get(bn_series_open **out, bn_series_cache *c, sqlite3 *db, int64_t run,
	int64_t owner, bn_err *err)
{
	int rc;
	bool is_last = c->last && c->last->run == run && c->last->owner == owner;
	if (!is_last) {
		size_t at = place(c, run, owner);
		if (at < c->count && c->items[at]->run == run && c->items[at]->owner == owner)
			c->last = c->items[at];
		else if ((rc = open_one(c, db, run, owner, err)) < 0)
			return rc;
	}
	c->last->used = ++c->clock;
	*out = c->last;
	return 0;
}
