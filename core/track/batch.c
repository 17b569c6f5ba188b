/* batch.c - see _fold.h: what one transaction of the fold touched, and its consequences. */
#include "core/base/mem.h"
#include "core/run/runlog.h"
#include "core/track/_fold.h"
#include "core/track/_run_fold.h"
#include "core/track/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const bn_key_prefix[BN_KEY_KINDS] = {"metrics.", "params.", "tags."};

enum { KEY_NAME = BN_RUN_KEY_MAX + 16 };

static const char *key_name(char out[KEY_NAME], bn_key_kind kind, const char *key)
{
	snprintf(out, KEY_NAME, "%s%.*s", bn_key_prefix[kind], BN_RUN_KEY_MAX, key);
	return out;
}

int bn_fold_key(bn_fold *f, bn_key_kind kind, const char *key, int64_t *no, bn_err *err)
{
	char name[KEY_NAME];
	return bn_fold_name(f, BN_NAME_KEY, key_name(name, kind, key), no, err);
}

int64_t bn_index_key(sqlite3 *db, bn_key_kind kind, const char *key)
{
	char name[KEY_NAME];
	return bn_index_name(db, BN_NAME_KEY, key_name(name, kind, key));
}

/* ---- touched runs ----------------------------------------------------------------------- */

int bn_track_batch_get(bn_track_batch **out, bn_fold *f, bn_err *err)
{
	void **slot = bn_fold_slot(f, &bn_run_fold_class);
	bn_track_batch *b = *slot;
	if (!b) {
		b = bn_alloc_zeroed(1, sizeof *b);
		if (!b)
			return bn_err_nomem(err, "a batch of runs");
		bn_series_cache_init(&b->open);
		*slot = b;
	}
	*out = b;
	return 0;
}

int bn_track_touch(bn_fold *f, int64_t run, int64_t owner, unsigned what, bn_err *err)
{
	bn_track_batch *b = NULL;
	int rc = bn_track_batch_get(&b, f, err);
	if (rc < 0)
		return rc;
	bn_touched *last = b->touched_count ? &b->touched[b->touched_count - 1] : NULL;
	if (last && last->run == run && last->owner == owner) {
		last->what |= what;
		return 0;
	}
	if (bn_grow(&b->touched, &b->touched_cap, b->touched_count + 1, sizeof *b->touched) != 0)
		return bn_err_nomem(err, "a batch of runs");
	b->touched[b->touched_count++] = (bn_touched){run, owner, what};
	return 0;
}

int bn_track_count(
	bn_fold *f, int64_t experiment, bool removed, const char *status, int64_t runs, bn_err *err)
{
	bn_track_batch *b = NULL;
	int rc = bn_track_batch_get(&b, f, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < b->change_count; i++) {
		bn_count_change *c = &b->changes[i];
		if (c->experiment == experiment && c->removed == removed &&
			!strcmp(c->status, status)) {
			c->runs += runs;
			return 0;
		}
	}
	if (bn_grow(&b->changes, &b->change_cap, b->change_count + 1, sizeof *b->changes) != 0)
		return bn_err_nomem(err, "a batch of runs");
	bn_count_change *c = &b->changes[b->change_count++];
	*c = (bn_count_change){.experiment = experiment, .removed = removed, .runs = runs};
	snprintf(c->status, sizeof c->status, "%s", status);
	return 0;
}

/* ---- its end -------------------------------------------------------------------------------- */

static int touched_cmp(const void *a, const void *b)
{
	const bn_touched *x = a, *y = b;
	if (x->run != y->run)
		return x->run < y->run ? -1 : 1;
	return x->owner < y->owner ? -1 : x->owner > y->owner;
}

/* One entry for each (run, owner), by number. */
static void touched_unite(bn_track_batch *b)
{
	size_t kept = 0;
	if (b->touched_count)
		qsort(b->touched, b->touched_count, sizeof *b->touched, touched_cmp);
	for (size_t i = 0; i < b->touched_count; i++) {
		if (kept && touched_cmp(&b->touched[kept - 1], &b->touched[i]) == 0)
			b->touched[kept - 1].what |= b->touched[i].what;
		else
			b->touched[kept++] = b->touched[i];
	}
	b->touched_count = kept;
}

static int counts_write(bn_fold *f, bn_track_batch *b, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < b->change_count && rc == 0; i++) {
		const bn_count_change *c = &b->changes[i];
		if (c->runs)
			rc = bn_sql_run(bn_fold_db(f), err,
				"INSERT INTO index_count VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE "
				"SET runs = runs + excluded.runs",
				"iisi", c->experiment, (int64_t)c->removed, c->status, c->runs);
	}
	b->change_count = 0;
	return rc;
}

/* A number that no earlier state of the index had. */
static int change_write(bn_fold *f, bn_track_batch *b, bn_err *err)
{
	bool changed = b->runs_changed;
	b->runs_changed = false;
	return changed ? bn_sql_run(bn_fold_db(f), err,
				 "INSERT OR REPLACE INTO index_run_changes VALUES (1, random())",
				 "")
		       : 0;
}

/* Whether the batch made an experiment, or runs of one that had none. */
static bool has_new_experiment(const bn_track_batch *b, sqlite3 *db)
{
	for (size_t i = 0; i < b->change_count; i++)
		if (bn_sql_int(db, 0, "SELECT 1 FROM index_experiment WHERE no = ?", "i",
			    b->changes[i].experiment) != 1)
			return true;
	return false;
}

static int experiments_update(bn_fold *f, bn_track_batch *b, bn_err *err)
{
	bool changed = b->experiments_changed || has_new_experiment(b, bn_fold_db(f));
	b->experiments_changed = false;
	return changed ? bn_experiments_derive(f, err) : 0;
}

int bn_track_batch_end(bn_fold *f, bn_err *err)
{
	bn_track_batch *b = NULL;
	int rc;
	if ((rc = bn_track_batch_get(&b, f, err)) < 0)
		return rc;
	if ((rc = experiments_update(f, b, err)) < 0)
		return rc;
	if ((rc = bn_series_cache_flush(&b->open, bn_fold_db(f), err)) < 0)
		return rc;
	if ((rc = counts_write(f, b, err)) < 0 || (rc = change_write(f, b, err)) < 0)
		return rc;
	touched_unite(b);
	for (size_t i = 0; i < b->touched_count; i++)
		if (b->touched[i].what & BN_TOUCH_CHUNKS &&
			(rc = bn_chunks_compact(
				 f, b, b->touched[i].run, b->touched[i].owner, err)) < 0)
			return rc;
	rc = bn_columns_update(f, b->touched, b->touched_count, err);
	b->touched_count = 0;
	return rc;
}

void bn_track_batch_free(void *slot)
{
	bn_track_batch *b = slot;
	bn_metric_reader_free(b->reader);
	for (size_t i = 0; i < b->key_count; i++)
		bn_free(b->keys[i].text);
	bn_free(b->keys);
	bn_free(b->seen);
	bn_series_cache_release(&b->open);
	bn_free(b->touched);
	bn_free(b->changes);
	bn_free(b);
}
