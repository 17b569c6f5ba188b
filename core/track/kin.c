/* kin.c - see kin.h. */
#include "core/track/kin.h"

#include "core/base/mem.h"
#include "core/track/nest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bn_run_kins_release(bn_run_kins *k)
{
	for (size_t i = 0; i < k->child_count; i++)
		bn_free(k->children[i].label);
	bn_free(k->children);
	bn_free(k->parent.label);
	*k = (bn_run_kins)BN_RUN_KINS_INIT;
}

/* Row: id, name, title, status. */
static int kin_read(bn_run_kin *k, sqlite3_stmt *st, bn_err *err)
{
	char label[BN_RUN_LABEL_BYTES];
	snprintf(k->id, sizeof k->id, "%s", (const char *)sqlite3_column_text(st, 0));
	const char *text = bn_run_label(label, (const char *)sqlite3_column_text(st, 1),
		(const char *)sqlite3_column_text(st, 2), k->id);
	const char *status = (const char *)sqlite3_column_text(st, 3);
	if (!status || !bn_run_status_parse(&k->status, status))
		k->status = BN_RUN_LOST;
	k->label = bn_strdup(text);
	return k->label ? 0 : bn_err_nomem(err, "runs around a run");
}

#define KIN_SQL "SELECT lower(hex(r.id)), r.name, r.title, r.status FROM run r WHERE r.no = ?"

static int parent_load(bn_run_kins *out, sqlite3 *db, int64_t run, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc;
	if ((rc = bn_sql_prepare(&st, db, err,
		     "SELECT " BN_NEST_PARENT_SQL " FROM run r WHERE r.no = ?", "i", run)) < 0 ||
		(rc = bn_sql_step(st, err)) < 0)
		goto out;
	const char *id = rc ? (const char *)sqlite3_column_text(st, 0) : NULL;
	rc = 0;
	if (!id)
		goto out;
	out->has_parent = true;
	snprintf(out->parent.id, sizeof out->parent.id, "%s", id);
	int64_t no = bn_run_number(db, id);
	sqlite3_finalize(st);
	st = NULL;
	if (no < 0 || (rc = bn_sql_prepare(&st, db, err, KIN_SQL, "i", no)) < 0 ||
		(rc = bn_sql_step(st, err)) < 0)
		goto out;
	if ((out->parent_is_known = rc > 0))
		rc = kin_read(&out->parent, st, err);
out:
	sqlite3_finalize(st);
	if (rc >= 0 && out->has_parent && !out->parent.label &&
		!(out->parent.label = bn_strdup(out->parent.id)))
		rc = bn_err_nomem(err, "runs around a run");
	return rc;
}

typedef struct child {
	int64_t no, created_ms;
} child;

typedef struct children {
	child *items;
	size_t count, cap;
} children;

static int child_add(children *c, int64_t no, bn_err *err)
{
	if (bn_grow(&c->items, &c->cap, c->count + 1, sizeof *c->items) != 0)
		return bn_err_nomem(err, "runs around a run");
	c->items[c->count++] = (child){.no = no};
	return 0;
}

/* Those that were created below it. */
static int children_made(children *c, sqlite3 *db, const char *id, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc;
	if ((rc = bn_sql_prepare(
		     &st, db, err, "SELECT no FROM run NOT INDEXED WHERE parent = ?", "s", id)) < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0)
		if ((rc = child_add(c, sqlite3_column_int64(st, 0), err)) < 0)
			break;
	sqlite3_finalize(st);
	return rc;
}

/* Those whose tag names it: the tag of all runs is one packed column. */
static int children_tagged(children *c, sqlite3 *db, const char *id, bn_err *err)
{
	bn_column *tags = NULL;
	int rc;
	if (bn_index_key(db, BN_KEY_TAG, BN_NEST_PARENT_TAG) < 0)
		return 0;
	if ((rc = bn_column_new(&tags, db, BN_KEY_TAG, BN_NEST_PARENT_TAG, BN_AGGREGATE_LAST, false,
		     err)) < 0 ||
		(rc = bn_column_load(tags, err)) < 0)
		goto out;
	for (size_t run = 0; run < tags->count && rc >= 0; run++)
		if (bn_set_has(tags->has, run) && strcmp(tags->text[run], id) == 0)
			rc = child_add(c, (int64_t)run, err);
out:
	bn_column_free(tags);
	return rc;
}

static int child_cmp(const void *a, const void *b)
{
	const child *x = a, *y = b;
	if (x->created_ms != y->created_ms)
		return x->created_ms < y->created_ms ? -1 : 1;
	return (x->no > y->no) - (x->no < y->no);
}

/* Keeps those that are not in the trash, each once, oldest first. A tag does not change the parent of a run that was
 * created with one. */
static int children_order(children *c, sqlite3 *db, const char *id, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t kept = 0;
	int rc;
	if ((rc = bn_sql_prepare(&st, db, err,
		     "SELECT created_ms FROM run WHERE no = ?1 AND removed = 0 AND coalesce(parent, ?2) = ?2", "is",
		     INT64_C(0), id)) < 0)
		return rc;
	for (size_t i = 0; i < c->count; i++) {
		sqlite3_reset(st);
		sqlite3_bind_int64(st, 1, c->items[i].no);
		if ((rc = bn_sql_step(st, err)) < 0)
			break;
		if (rc > 0)
			c->items[kept++] = (child){c->items[i].no, sqlite3_column_int64(st, 0)};
	}
	sqlite3_finalize(st);
	c->count = kept;
	if (kept)
		qsort(c->items, kept, sizeof *c->items, child_cmp);
	kept = 0;
	for (size_t i = 0; i < c->count; i++)
		if (!kept || c->items[kept - 1].no != c->items[i].no)
			c->items[kept++] = c->items[i];
	c->count = kept;
	return rc < 0 ? rc : 0;
}

static int children_load(bn_run_kins *out, sqlite3 *db, const char *id, size_t most, bn_err *err)
{
	children c = {NULL, 0, 0};
	sqlite3_stmt *st = NULL;
	int rc;
	if ((rc = children_made(&c, db, id, err)) < 0 || (rc = children_tagged(&c, db, id, err)) < 0 ||
		(rc = children_order(&c, db, id, err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err, KIN_SQL, "i", INT64_C(0))) < 0)
		goto out;
	out->child_total = (int64_t)c.count;
	for (size_t i = 0; i < c.count && i < most && rc >= 0; i++) {
		sqlite3_reset(st);
		sqlite3_bind_int64(st, 1, c.items[i].no);
		if ((rc = bn_sql_step(st, err)) <= 0)
			break;
		if (bn_grow(&out->children, &out->child_cap, out->child_count + 1,
			    sizeof *out->children) != 0)
			rc = bn_err_nomem(err, "runs around a run");
		else
			rc = kin_read(&out->children[out->child_count++], st, err);
	}
	rc = rc < 0 ? rc : 0;
out:
	sqlite3_finalize(st);
	bn_free(c.items);
	return rc;
}

int bn_run_kins_load(bn_run_kins *out, bn_workspace *ws, const char *id, size_t most, bn_err *err)
{
	sqlite3 *db;
	int rc;
	*out = (bn_run_kins)BN_RUN_KINS_INIT;
	if ((rc = bn_track_index(&db, ws, err)) < 0)
		return rc;
	int64_t run = bn_run_number(db, id);
	if (run < 0)
		return bn_err_set(err, BN_ENOTFOUND, "no run '%.40s'", id);
	if ((rc = parent_load(out, db, run, err)) < 0)
		return rc;
	return children_load(out, db, id, most, err);
}
