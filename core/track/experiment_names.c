/*
 * experiment_names.c - derives what experiments show (see experiment.h): table index_experiment, from table experiment
 * and the runs. An experiment's rows depend on its own events alone, so who has a name that several want is decided
 * here, at the end of a batch, for all of them.
 */
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/track/_fold.h"
#include "core/track/_run_fold.h"
#include "core/track/experiment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct item {
	int64_t no;
	char *first;     /* name of the entity */
	char *wanted;    /* name */
	int64_t since;   /* clock: when it got that name */
	char *given;     /* id, or NULL */
	int64_t made;    /* created_ms: of two that want one id, the first has it */
	bool removed;    /* by its events */
	char id[BN_EXPERIMENT_ID_TEXT];
	char *shown;
} item;

typedef struct items {
	item *list;
	size_t count, cap;
} items;

bool bn_experiment_id_is_valid(const char *id)
{
	size_t n = strlen(id);
	if (n == 0 || n >= BN_EXPERIMENT_ID_TEXT || id[0] == '_' || id[0] == '-')
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = id[i], low = (char)(c | 32);
		if (!(c >= '0' && c <= '9') && !(low >= 'a' && low <= 'z') && c != '_' && c != '-')
			return false;
	}
	return true;
}

void bn_experiment_derive_id(char id[BN_EXPERIMENT_ID_TEXT], const char *first)
{
	uint8_t hash[BN_SHA256_BYTES];
	uint64_t x = 0;
	if (!strcmp(first, BN_EXPERIMENT_DEFAULT)) {
		snprintf(id, BN_EXPERIMENT_ID_TEXT, "0");
		return;
	}
	bn_sha256(first, strlen(first), hash);
	for (int i = 0; i < 8; i++)
		x = x << 8 | hash[i];
	/* 18 digits without a leading zero, as MLflow makes them */
	snprintf(id, BN_EXPERIMENT_ID_TEXT, "%llu",
		(unsigned long long)(100000000000000000 + x % 900000000000000000));
}

bool bn_experiment_is_removed(sqlite3 *db, int64_t experiment)
{
	return bn_sql_int(db, 0, "SELECT removed FROM index_experiment WHERE no = ?", "i",
		       experiment) == 1;
}

int64_t bn_experiment_number(sqlite3 *db, const char *name)
{
	return bn_sql_int(db, -1, "SELECT no FROM index_experiment WHERE shown = ?", "s", name);
}

/* ---- ids ------------------------------------------------------------------------------------ */

static bool is_derived(const item *x)
{
	char own[BN_EXPERIMENT_ID_TEXT];
	bn_experiment_derive_id(own, x->first);
	return !strcmp(own, x->id);
}

/* By id; of those with one, first the one that has it. */
static int by_id(const void *a, const void *b)
{
	const item *x = *(const item *const *)a, *y = *(const item *const *)b;
	int c = strcmp(x->id, y->id);
	if (c)
		return c;
	if (is_derived(x) != is_derived(y))
		return is_derived(x) ? -1 : 1;
	if (x->made != y->made)
		return x->made < y->made ? -1 : 1;
	return strcmp(x->first, y->first);
}

/* A derived id has 59 bits: two alike, or a given one like a derived one that is not its own, are somebody's intent. Such a
 * loser gets one that is derived from a name that nobody can have. */
static void ids_choose(items *l, item **order)
{
	for (size_t i = 0; i < l->count; i++) {
		item *x = &l->list[i];
		order[i] = x;
		if (x->given)
			snprintf(x->id, sizeof x->id, "%s", x->given);
		else
			bn_experiment_derive_id(x->id, x->first);
	}
	for (int again = 0; again < 4; again++) {
		bool clash = false;
		qsort(order, l->count, sizeof *order, by_id);
		for (size_t i = l->count; i-- > 1;) {
			item *x = order[i];
			if (strcmp(x->id, order[i - 1]->id) != 0)
				continue;
			char *text = again == 0 ? bn_strdup(x->first)
						: bn_strf("%s\n%d", x->first, again);
			clash = true;
			if (text)
				bn_experiment_derive_id(x->id, text);
			bn_free(text);
		}
		if (!clash)
			return;
	}
}

/* ---- names ---------------------------------------------------------------------------------- */

static int by_wanted(const void *a, const void *b)
{
	const item *x = *(const item *const *)a, *y = *(const item *const *)b;
	int c = strcmp(x->wanted, y->wanted);
	if (c)
		return c;
	if (x->since != y->since)
		return x->since < y->since ? -1 : 1;
	return strcmp(x->first, y->first);
}

static int wanted_cmp(const void *name, const void *at)
{
	return strcmp(name, (*(const item *const *)at)->wanted);
}

/* Somebody has that name: whoever wants it, or a loser before this one. */
static bool is_taken(const char *name, item *const *order, size_t count, size_t before)
{
	if (bsearch(name, order, count, sizeof *order, wanted_cmp))
		return true;
	for (size_t i = 0; i < before; i++)
		if (strcmp(order[i]->shown, order[i]->wanted) != 0 &&
			!strcmp(order[i]->shown, name))
			return true;
	return false;
}

static char *name_loser(const item *x, item *const *order, size_t count, size_t before)
{
	char *name = bn_strf("%s (%s)", x->wanted, x->id);
	for (int n = 2; name && is_taken(name, order, count, before); n++) {
		bn_free(name);
		name = bn_strf("%s (%s) %d", x->wanted, x->id, n);
	}
	return name;
}

static int names_choose(items *l, item **order, bn_err *err)
{
	qsort(order, l->count, sizeof *order, by_wanted);
	for (size_t i = 0; i < l->count; i++) {
		item *x = order[i];
		bool wins = i == 0 || strcmp(order[i - 1]->wanted, x->wanted) != 0;
		x->shown = wins ? bn_strdup(x->wanted) : name_loser(x, order, l->count, i);
		if (!x->shown)
			return bn_err_nomem(err, "experiments");
	}
	return 0;
}

/* ---- the rows ------------------------------------------------------------------------------- */

static void items_release(items *l)
{
	for (size_t i = 0; i < l->count; i++) {
		bn_free(l->list[i].first);
		bn_free(l->list[i].wanted);
		bn_free(l->list[i].given);
		bn_free(l->list[i].shown);
	}
	bn_free(l->list);
}

/* Experiments without a run have no number yet. */
static int number_all(bn_fold *f, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int64_t no;
	int rc = bn_sql_prepare(&st, bn_fold_db(f), err,
		"SELECT name FROM experiment WHERE name NOT IN (SELECT name FROM index_name WHERE "
		"class = ?)",
		"i", (int64_t)BN_NAME_EXPERIMENT);
	if (rc < 0)
		return rc;
	bn_names names = BN_NAMES_INIT;
	while ((rc = bn_sql_step(st, err)) > 0)
		if (bn_names_add(&names, (const char *)sqlite3_column_text(st, 0)) != 0) {
			rc = bn_err_nomem(err, "experiments");
			break;
		}
	sqlite3_finalize(st);
	for (size_t i = 0; i < names.count && rc >= 0; i++)
		rc = bn_fold_name(f, BN_NAME_EXPERIMENT, names.items[i], &no, err);
	bn_names_release(&names);
	return rc;
}

static int items_load(items *l, bn_fold *f, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = number_all(f, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_prepare(&st, bn_fold_db(f), err,
		     "SELECT n.no, n.name, coalesce(e.renamed, n.name), CASE WHEN e.renamed IS NULL "
		     "THEN min(coalesce(e.first_clock, ?2), "
		     "coalesce((SELECT created_ms FROM run WHERE experiment = n.no AND removed = 0 "
		     "ORDER BY created_ms LIMIT 1) << 16, ?2), "
		     "coalesce((SELECT created_ms FROM run WHERE experiment = n.no AND removed = 1 "
		     "ORDER BY created_ms LIMIT 1) << 16, ?2)) "
		     "ELSE e.renamed_clock END, "
		     "e.id, coalesce(e.created_ms, 0), coalesce(e.removed, 0) FROM index_name n "
		     "LEFT JOIN experiment e ON e.name = n.name WHERE n.class = ?1 AND (e.name IS "
		     "NOT NULL OR EXISTS (SELECT 1 FROM run r WHERE r.experiment = n.no))",
		     "ii", (int64_t)BN_NAME_EXPERIMENT, INT64_MAX)) < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0) {
		if (bn_grow(&l->list, &l->cap, l->count + 1, sizeof *l->list) != 0) {
			rc = bn_err_nomem(err, "experiments");
			goto out;
		}
		item *x = &l->list[l->count++];
		*x = (item){.no = sqlite3_column_int64(st, 0),
			.first = bn_sql_text(st, 1),
			.wanted = bn_sql_text(st, 2),
			.since = sqlite3_column_int64(st, 3),
			.given = bn_sql_text(st, 4),
			.made = sqlite3_column_int64(st, 5),
			.removed = sqlite3_column_int(st, 6) != 0};
		if (!x->first || !x->wanted) {
			rc = bn_err_nomem(err, "experiments");
			goto out;
		}
	}
out:
	sqlite3_finalize(st);
	return rc;
}

/* Runs of an experiment that was removed or restored. */
static int runs_follow(bn_fold *f, const item *x, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT no, owner, status FROM run WHERE experiment = ?1 AND trashed = 0 AND "
		"removed <> ?2",
		"ii", x->no, (int64_t)x->removed);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0) {
		const char *status = (const char *)sqlite3_column_text(st, 2);
		if ((rc = bn_track_touch(f, sqlite3_column_int64(st, 0),
			     sqlite3_column_int64(st, 1), BN_TOUCH_ANEW, err)) < 0 ||
			(rc = bn_track_count(f, x->no, !x->removed, status, -1, err)) < 0 ||
			(rc = bn_track_count(f, x->no, x->removed, status, 1, err)) < 0)
			break;
	}
	sqlite3_finalize(st);
	return rc < 0 ? rc
		      : bn_sql_run(db, err,
				"UPDATE run SET removed = ?2 WHERE experiment = ?1 AND trashed = 0 "
				"AND removed <> ?2",
				"ii", x->no, (int64_t)x->removed);
}

static int item_write(bn_fold *f, const item *x, bool *changed, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	int rc;
	if (bn_sql_int(db, 0,
		    "SELECT 1 FROM index_experiment WHERE no = ? AND shown = ? AND id = ? AND "
		    "removed = ?",
		    "issi", x->no, x->shown, x->id, (int64_t)x->removed) == 1)
		return 0;
	*changed = true;
	if ((rc = bn_sql_run(db, err, "REPLACE INTO index_experiment VALUES (?, ?, ?, ?)", "issi",
		     x->no, x->shown, x->id, (int64_t)x->removed)) < 0)
		return rc;
	return runs_follow(f, x, err);
}

/* Rows of experiments that are no more, after a replay without some of their events. */
static int drop_gone(bn_fold *f, const items *l, bool *changed, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	if (bn_sql_int(db, -1, "SELECT count(*) FROM index_experiment", "") == (int64_t)l->count)
		return 0;
	*changed = true;
	return bn_sql_run(db, err,
		"DELETE FROM index_experiment WHERE NOT EXISTS (SELECT 1 FROM run r WHERE "
		"r.experiment = "
		"index_experiment.no) AND NOT EXISTS (SELECT 1 FROM experiment e JOIN index_name n "
		"ON "
		"n.name = e.name AND n.class = ? WHERE n.no = index_experiment.no)",
		"i", (int64_t)BN_NAME_EXPERIMENT);
}

int bn_experiments_derive(bn_fold *f, bn_err *err)
{
	items l = {NULL, 0, 0};
	item **order = NULL;
	bn_track_batch *b = NULL;
	bool changed = false;
	int rc = bn_track_batch_get(&b, f, err);
	if (rc < 0)
		return rc;
	if ((rc = items_load(&l, f, err)) < 0)
		goto out;
	if (!(order = bn_alloc((l.count + 1) * sizeof *order))) {
		rc = bn_err_nomem(err, "experiments");
		goto out;
	}
	ids_choose(&l, order);
	if ((rc = names_choose(&l, order, err)) < 0)
		goto out;
	for (size_t i = 0; i < l.count; i++)
		if ((rc = item_write(f, &l.list[i], &changed, err)) < 0)
			goto out;
	if ((rc = drop_gone(f, &l, &changed, err)) < 0)
		goto out;
	if (changed)
		b->runs_changed = true;
out:
	bn_free(order);
	items_release(&l);
	return rc;
}
