/* nest.c - see nest.h. */
#include "core/track/nest.h"

#include <string.h>

enum { NO_PARENT = -1, UNKNOWN_PARENT = -2 };

typedef struct nest {
	bn_column *c;
	int64_t *parent;        /* by number */
	const char **parent_id; /* where there is one; in the column's arena */
} nest;

static int parent_set(nest *n, size_t run, const char *id, bn_err *err)
{
	if (run >= n->c->count || n->parent_id[run])
		return 0;
	/* Runs below one parent are mostly neighbours. */
	if (run > 0 && n->parent_id[run - 1] && strcmp(n->parent_id[run - 1], id) == 0) {
		n->parent_id[run] = n->parent_id[run - 1];
		n->parent[run] = n->parent[run - 1];
		return 0;
	}
	if (!(n->parent_id[run] = bn_arena_strdup(&n->c->arena, id)))
		return bn_err_nomem(err, "a column of runs");
	int64_t no = bn_run_number(n->c->db, id);
	n->parent[run] = no < 0 || (size_t)no >= n->c->count ? UNKNOWN_PARENT : no;
	return 0;
}

/* From the creation of runs. */
static int parents_created(nest *n, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, n->c->db, err,
		"SELECT no, parent FROM run NOT INDEXED WHERE parent IS NOT NULL ORDER BY no", "");
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) > 0)
		if ((rc = parent_set(n, (size_t)sqlite3_column_int64(st, 0),
			     (const char *)sqlite3_column_text(st, 1), err)) < 0)
			break;
	sqlite3_finalize(st);
	return rc;
}

static int parents_tagged(nest *n, bool removed, bn_err *err)
{
	bn_column *tags = NULL;
	int rc;
	if ((rc = bn_column_new(&tags, n->c->db, BN_KEY_TAG, BN_NEST_PARENT_TAG, BN_AGGREGATE_LAST,
		     removed, err)) < 0 ||
		(rc = bn_column_load(tags, err)) < 0)
		goto out;
	for (size_t run = 0; run < tags->count && rc == 0; run++)
		if (bn_set_has(tags->has, run))
			rc = parent_set(n, run, tags->text[run], err);
out:
	bn_column_free(tags);
	return rc;
}

static void place_set(const nest *n, size_t run)
{
	int64_t depth = 0;
	size_t at = run, root = run;
	while (n->parent[at] != NO_PARENT && depth < BN_NEST_DEPTH_MAX) {
		depth++;
		root = at;
		if (n->parent[at] == UNKNOWN_PARENT)
			break;
		at = (size_t)n->parent[at];
	}
	if (!n->c->text) {
		n->c->number[run] = (double)depth;
		bn_set_add(n->c->has, run);
	} else if (depth) {
		n->c->text[run] = n->parent_id[root];
		bn_set_add(n->c->has, run);
	}
}

static void children_count(const nest *n)
{
	for (size_t run = 0; run < n->c->count; run++) {
		n->c->number[run] = 0;
		bn_set_add(n->c->has, run);
	}
	for (size_t run = 0; run < n->c->count; run++)
		if (n->parent[run] >= 0)
			n->c->number[n->parent[run]]++;
}

int bn_nest_load(bn_column *c, bn_err *err)
{
	nest n = {.c = c};
	int rc = 0;
	n.parent = bn_alloc((c->count + 1) * sizeof *n.parent);
	n.parent_id = bn_alloc_zeroed(c->count + 1, sizeof *n.parent_id);
	if (!n.parent || !n.parent_id) {
		rc = bn_err_nomem(err, "a column of runs");
		goto out;
	}
	for (size_t run = 0; run < c->count; run++)
		n.parent[run] = NO_PARENT;
	if ((rc = parents_created(&n, err)) < 0 || (rc = parents_tagged(&n, false, err)) < 0 ||
		(c->removed && (rc = parents_tagged(&n, true, err)) < 0))
		goto out;
	if (strcmp(c->key, "children") == 0)
		children_count(&n);
	for (size_t run = 0; strcmp(c->key, "children") != 0 && run < c->count; run++)
		place_set(&n, run);
out:
	bn_free(n.parent);
	bn_free(n.parent_id);
	return rc;
}
