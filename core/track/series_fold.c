/*
 * series_fold.c - run.metrics: points become summaries and chunks, in any order of arrival.
 *
 * Summaries commute (series_pack.h). The points themselves: a single point is only in its series'
 * summary (it is loose); so a run that logs one number of each kind has no chunk. The event that
 * adds a second point is stored as it is in the log, with the loose points of its series. An event
 * that names a key twice is malformed.
 */
#include "core/base/mem.h"
#include "core/run/runlog.h"
#include "core/track/_fold.h"
#include "core/track/chunk.h"

#include <string.h>

/* ---- one event ------------------------------------------------------------------------------ */

/* The number of the key at this position of the event; -1 if invalid. */
static int key_number(
	bn_fold *f, bn_track_batch *b, size_t at, const char *text, int64_t *no, bn_err *err)
{
	if (at < b->key_count && b->keys[at].text && !strcmp(b->keys[at].text, text)) {
		*no = b->keys[at].no;
		return 0;
	}
	*no = -1;
	int rc = bn_run_key_check("metric", text, NULL) == 0
			 ? bn_fold_key(f, BN_KEY_METRIC, text, no, err)
			 : 0;
	if (rc < 0)
		return rc;
	if (bn_grow(&b->keys, &b->key_cap, at + 1, sizeof *b->keys) != 0)
		return bn_err_nomem(err, "metric keys");
	for (; b->key_count <= at; b->key_count++)
		b->keys[b->key_count] = (bn_known_key){NULL, -1};
	bn_free(b->keys[at].text);
	b->keys[at] = (bn_known_key){bn_strdup(text), *no};
	return 0;
}

/* Effects of an event besides changing summaries. */
typedef struct taking {
	bool needs_chunk;
	bn_metric_series *rescued; /* loose points, as series of one; their texts are the event's */
	bn_series_point *points;
	size_t rescued_count, rescued_cap, points_cap;
} taking;

static int rescue(taking *t, const bn_metric_series *m, const bn_series_point *p)
{
	if (bn_grow(&t->rescued, &t->rescued_cap, t->rescued_count + 1, sizeof *t->rescued) != 0 ||
		bn_grow(&t->points, &t->points_cap, t->rescued_count + 1, sizeof *t->points) != 0)
		return -1;
	t->points[t->rescued_count] = *p;
	t->rescued[t->rescued_count++] = (bn_metric_series){.key = m->key, .count = 1, .cap = 1};
	return 0;
}

static int take_series(bn_track_batch *b, bn_series_open *o, taking *t, int64_t key,
	const bn_metric_series *m, bn_err *err)
{
	bn_series_summary part;
	bool found;
	bn_series_summaries *l = &o->list;
	size_t at = bn_series_place(l, key, &found);
	if (!found) {
		bn_series_summary *s = bn_series_insert(l, at);
		if (!s)
			return bn_err_nomem(err, "metric summaries");
		b->open.series++;
		bn_series_summarise(s, m);
		s->key = key;
		s->loose = m->count == 1;
		t->needs_chunk = t->needs_chunk || m->count > 1;
		return 0;
	}
	bn_series_summary *s = &l->items[at];
	if (s->loose && rescue(t, m, &s->first) != 0)
		return bn_err_nomem(err, "metric points");
	bn_series_summarise(&part, m);
	bn_series_summary_join(s, &part);
	t->needs_chunk = true;
	return 0;
}

typedef struct step_range {
	int64_t least, most;
} step_range;

static void extend(step_range *r, int64_t step)
{
	r->least = step < r->least ? step : r->least;
	r->most = step > r->most ? step : r->most;
}

/* The event's payload, followed by the loose points of its series. */
static int write_chunk(
	bn_fold *f, const bn_event *ev, taking *t, const bn_metric_set *set, bn_err *err)
{
	bn_buf packed = BN_BUF_INIT;
	bn_metric_set all = BN_METRIC_SET_INIT;
	step_range steps = {INT64_MAX, INT64_MIN};
	const void *data = ev->raw;
	size_t bytes = ev->raw_len, points = set->points + t->rescued_count;
	int rc = 0;
	for (size_t i = 0; i < set->count; i++)
		for (size_t k = 0; k < set->items[i].count; k++)
			extend(&steps, set->items[i].step[k]);
	for (size_t i = 0; i < t->rescued_count; i++)
		extend(&steps, t->points[i].step);
	if (t->rescued_count) {
		all.items = bn_alloc((set->count + t->rescued_count) * sizeof *all.items);
		if (!all.items)
			return bn_err_nomem(err, "metric points");
		for (size_t i = 0; i < t->rescued_count; i++) {
			t->rescued[i].step = &t->points[i].step;
			t->rescued[i].time_ms = &t->points[i].time_ms;
			t->rescued[i].value = &t->points[i].value;
			all.items[all.count++] = t->rescued[i];
		}
		memcpy(all.items + all.count, set->items, set->count * sizeof *set->items);
		all.count += set->count;
		if ((rc = bn_metric_chunk_write(&packed, &all, err)) < 0)
			goto out;
		data = packed.ptr;
		bytes = packed.len;
	}
	if (data == ev->raw && bytes >= BN_CHUNK_INLINE) {
		rc = bn_sql_run(bn_fold_db(f), err,
			"INSERT OR IGNORE INTO metric_chunk VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, "
			"NULL, NULL, NULL, ?, ?)",
			"iiiiiiiiii", ev->entity_no, (int64_t)ev->uid, (int64_t)ev->key.clock,
			ev->writer_no, (int64_t)ev->key.seq, (int64_t)points, steps.least,
			steps.most, (int64_t)ev->at, (int64_t)ev->crc);
		goto out;
	}
	rc = bn_sql_run(bn_fold_db(f), err,
		"INSERT OR IGNORE INTO metric_chunk VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, NULL, NULL, "
		"?, NULL, NULL)",
		"iiiiiiiib", ev->entity_no, (int64_t)ev->uid, (int64_t)ev->key.clock, ev->writer_no,
		(int64_t)ev->key.seq, (int64_t)points, steps.least, steps.most, data, bytes);
out:
	bn_free(all.items);
	bn_buf_release(&packed);
	return rc;
}

/* Series with points in this event's chunk are no longer loose. */
static void bind_all(bn_track_batch *b, bn_series_open *o, const bn_metric_set *set)
{
	bool found;
	for (size_t i = 0; i < set->count; i++) {
		if (!set->items[i].count || b->keys[i].no < 0)
			continue;
		size_t at = bn_series_place(&o->list, b->keys[i].no, &found);
		if (found)
			o->list.items[at].loose = false;
	}
}

/* Marks the key as seen in this event; false if it already was. */
static int see_key(bn_track_batch *b, int64_t key, bool *again, bn_err *err)
{
	size_t had = b->seen_cap;
	if (bn_grow(&b->seen, &b->seen_cap, (size_t)key + 1, sizeof *b->seen) != 0)
		return bn_err_nomem(err, "metric keys");
	if (b->seen_cap > had)
		memset(b->seen + had, 0, (b->seen_cap - had) * sizeof *b->seen);
	*again = b->seen[key] == b->event;
	b->seen[key] = b->event;
	return 0;
}

/* Finds the numbers of the keys; *again if one occurs twice. */
static int number_keys(
	bn_fold *f, bn_track_batch *b, const bn_metric_set *set, bool *again, bn_err *err)
{
	int rc;
	int64_t key;
	*again = false;
	b->event++;
	for (size_t i = 0; i < set->count && !*again; i++) {
		if ((rc = key_number(f, b, i, set->items[i].key, &key, err)) < 0)
			return rc;
		if (key >= 0 && (rc = see_key(b, key, again, err)) < 0)
			return rc;
	}
	return 0;
}

static int take_set(
	bn_fold *f, bn_track_batch *b, const bn_event *ev, const bn_metric_set *set, bn_err *err)
{
	taking t = {.needs_chunk = false};
	bn_series_open *o = NULL;
	int rc = bn_series_cache_get(
		&o, &b->open, bn_fold_db(f), ev->entity_no, (int64_t)ev->uid, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < set->count; i++)
		if (set->items[i].count && b->keys[i].no >= 0 &&
			(rc = take_series(b, o, &t, b->keys[i].no, &set->items[i], err)) < 0)
			goto out;
	o->dirty = true;
	if (t.needs_chunk) {
		bind_all(b, o, set);
		if ((rc = write_chunk(f, ev, &t, set, err)) < 0)
			goto out;
	}
	rc = bn_track_touch(f, ev->entity_no, (int64_t)ev->uid,
		BN_TOUCH_ADDED | (t.needs_chunk ? BN_TOUCH_CHUNKS : 0), err);
out:
	bn_free(t.rescued);
	bn_free(t.points);
	return rc;
}

int bn_series_apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	bn_track_batch *b = NULL;
	const bn_metric_set *set = NULL;
	int rc;
	if ((rc = bn_track_batch_get(&b, f, err)) < 0)
		return rc;
	if (!b->reader && (rc = bn_metric_reader_new(&b->reader, err)) < 0)
		return rc;
	rc = bn_metric_reader_read(b->reader, &set, ev->raw, ev->raw_len, NULL);
	if (rc == BN_ENOMEM)
		return bn_err_nomem(err, "metric points");
	if (rc < 0)
		return 0; /* malformed */
	bool again = false;
	if ((rc = number_keys(f, b, set, &again, err)) < 0 || again)
		return rc;
	return take_set(f, b, ev, set, err);
}
