/* changes_pages.c - the differences between two versions (core/profile/changes.h). See
 * _source.h. */
#include "core/base/mem.h"
#include "core/data/protect.h"
#include "core/profile/profiler.h"
#include "tui/views/_source.h"

#include <string.h>

typedef struct made {
	bn_changes_page page; /* first: what the view reads */
	bn_profile *a, *b;
} made;

static void made_release(void *data)
{
	made *m = data;
	bn_column_changes_release(&m->page.changes);
	bn_profile_free(m->a);
	bn_profile_free(m->b);
}

/* The profile stored with the version; otherwise it is computed. */
static int profile_of(bn_profile **out, bn_reader *r, const bn_dataset_version *v,
	bn_table_reader *table, bn_job *job, bn_err *err)
{
	const bn_profile_progress progress = bn_job_profile_watch(job);
	if (v->profile_hash[0])
		return bn_dataset_load_profile(out, r->ws, v, err);
	return bn_profile_table(out, table, 1, &progress, err);
}

/* Names of the columns of a that b has, too. */
static int name_columns(made *m, bn_arena *arena, bn_err *err)
{
	const char **names = bn_arena_alloc(arena, (m->a->column_count + 1) * sizeof *names);
	if (!names)
		return bn_err_nomem(err, "what differs");
	m->page.columns_of_both = names;
	for (size_t i = 0; i < m->a->column_count; i++)
		if (bn_profile_find(m->b, m->a->columns[i].name))
			names[m->page.common++] = m->a->columns[i].name;
	return 0;
}

/* Masked values are all equal: by them no row could be found. */
static int read_key(bn_row_key *key, const bn_changes_arg *a, bn_reader *r, const bn_dataset_version *va,
	const bn_dataset_version *vb, const bn_schema *s, bn_err *err)
{
	int rc = bn_row_key_read(key, a->key, s, err);
	for (size_t i = 0; rc >= 0 && i < key->count; i++)
		if ((rc = bn_protect_need_shown(r->ws, va, key->names[i], err)) >= 0)
			rc = bn_protect_need_shown(r->ws, vb, key->names[i], err);
	return rc;
}

int bn_source_changes(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	bn_reader *r = context;
	const bn_changes_arg *a = arg;
	const bn_progress watch = bn_job_watch(job);
	bn_dataset_version *va = NULL, *vb = NULL;
	bn_table_reader *ta = NULL, *tb = NULL;
	bn_row_key key = {NULL, 0};
	made *m = bn_arena_alloc(&page->arena, sizeof *m);
	int rc = m ? bn_reader_refresh(r, err) : bn_err_nomem(err, "what differs");
	if (rc < 0 ||
		(rc = bn_dataset_resolve(&va, r->ws, a->a, BN_DATASET_REMOVED_TOO, err)) < 0 ||
		(rc = bn_dataset_resolve(&vb, r->ws, a->b, BN_DATASET_REMOVED_TOO, err)) < 0 ||
		(rc = bn_dataset_open_table_watched(&ta, r->ws, va, &watch, err)) < 0 ||
		(rc = bn_dataset_open_table_watched(&tb, r->ws, vb, &watch, err)) < 0 ||
		(rc = profile_of(&m->a, r, va, ta, job, err)) < 0 ||
		(rc = profile_of(&m->b, r, vb, tb, job, err)) < 0 ||
		(a->key[0] && (rc = read_key(&key, a, r, va, vb, bn_table_schema(ta), err)) < 0) ||
		(rc = bn_column_changes_find(&m->page.changes, m->a, m->b, ta, tb,
			 a->key[0] ? &key : NULL, &watch, err)) < 0 ||
		(rc = name_columns(m, &page->arena, err)) < 0)
		goto out;
	if (!m->page.changes.by_value)
		m->page.could_be_key = bn_column_changes_key(m->a, m->b);
	m->page.rows_a = (int64_t)m->a->rows;
	m->page.rows_b = (int64_t)m->b->rows;
	m->page.columns_b = m->b->column_count;
	m->page.columns_of_b = m->b->columns;
	m->page.same_schema = strcmp(va->schema_hash, vb->schema_hash) == 0;
	rc = BN_PAGE_TAKE(page, m, made_release);
out:
	if (rc < 0 && m)
		made_release(m);
	bn_row_key_release(&key);
	bn_table_reader_free(ta);
	bn_table_reader_free(tb);
	bn_dataset_version_free(va);
	bn_dataset_version_free(vb);
	return rc;
}

/* ---- the rows that differ ------------------------------------------------------------------------- */

/* The two tables of an argument, with their key. */
typedef struct both {
	bn_table_reader *a, *b;
	bn_row_key key;
} both;

static void both_release(both *t)
{
	bn_row_key_release(&t->key);
	bn_table_reader_free(t->a);
	bn_table_reader_free(t->b);
}

static int open_one(bn_table_reader **out, bn_reader *r, const char *ref, const bn_progress *watch, bn_err *err)
{
	bn_dataset_version *v = NULL;
	int rc = bn_dataset_resolve(&v, r->ws, ref, BN_DATASET_REMOVED_TOO, err);
	if (rc >= 0)
		rc = bn_dataset_open_table_watched(out, r->ws, v, watch, err);
	bn_dataset_version_free(v);
	return rc;
}

static int both_open(both *t, bn_reader *r, const bn_changes_arg *a, bn_job *job, bn_err *err)
{
	const bn_progress watch = bn_job_watch(job);
	int rc = bn_reader_refresh(r, err);
	*t = (both){.a = NULL};
	if (rc < 0 || (rc = open_one(&t->a, r, a->a, &watch, err)) < 0 ||
		(rc = open_one(&t->b, r, a->b, &watch, err)) < 0)
		return rc;
	return bn_row_key_read(&t->key, a->key, bn_table_schema(t->a), err);
}

static int add_columns(bn_row_changes_page *p, const both *t, bn_arena *arena, bn_err *err)
{
	const bn_schema *a = bn_table_schema(t->a), *b = bn_table_schema(t->b);
	bn_shared_column *columns = bn_arena_alloc(arena, (a->count + b->count + 1) * sizeof *columns);
	if (!columns)
		return bn_err_nomem(err, "columns");
	p->column_count = bn_row_changes_columns(columns, a, b, &t->key);
	p->key_columns = t->key.count;
	p->columns = columns;
	for (size_t i = 0; i < p->column_count; i++)
		if (!(columns[i].name = bn_arena_strdup(arena, columns[i].name)))
			return bn_err_nomem(err, "columns");
	return 0;
}

static void row_changes_release(void *data)
{
	bn_row_changes_release(&((bn_row_changes_page *)data)->changes);
}

int bn_source_row_changes(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	const bn_progress watch = bn_job_watch(job);
	both t = {.a = NULL};
	bn_row_changes_page *p = bn_arena_alloc(&page->arena, sizeof *p);
	int rc = p ? both_open(&t, context, arg, job, err) : bn_err_nomem(err, "what differs");
	if (rc < 0 || (rc = add_columns(p, &t, &page->arena, err)) < 0 ||
		(rc = bn_row_changes_find(&p->changes, t.a, t.b, &t.key, &watch, err)) < 0)
		goto out;
	rc = BN_PAGE_TAKE(page, p, row_changes_release);
out:
	both_release(&t);
	return rc;
}

int bn_source_changed_rows(void *context, const void *arg, bn_page *page, bn_job *job, bn_err *err)
{
	const bn_changed_rows_arg *a = arg;
	both t = {.a = NULL};
	bn_row_changes_page columns = {.columns = NULL};
	bn_changed_cell *cells = NULL;
	bn_changed_rows *rows = bn_arena_alloc(&page->arena, sizeof *rows);
	int rc = rows ? both_open(&t, context, &a->of, job, err) : bn_err_nomem(err, "rows");
	if (rc < 0 || (rc = add_columns(&columns, &t, &page->arena, err)) < 0 ||
		(rc = bn_row_changes_read(&cells, a->items, (size_t)a->count, columns.columns, columns.column_count,
			 t.a, t.b, &page->arena, err)) < 0)
		goto out;
	*rows = (bn_changed_rows){a->first, a->count, columns.column_count, cells};
	page->data = rows;
out:
	both_release(&t);
	return rc;
}
