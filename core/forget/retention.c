/* retention.c - see retention.h. */
#include "core/forget/retention.h"

#include "core/base/mem.h"
#include "core/data/protect.h"
#include "core/store/index/fold.h"

#include <stdlib.h>
#include <string.h>

#define DAY_MS ((int64_t)86400 * 1000)

void bn_due_release(bn_due_versions *l)
{
	for (size_t i = 0; i < l->count; i++) {
		bn_dataset_version_free(l->items[i].v);
		bn_free(l->items[i].needed_by);
	}
	bn_free(l->items);
	*l = (bn_due_versions){.items = NULL};
}

/* The first of what needs the version; NULL: nothing. */
static int find_need(char **out, bn_workspace *ws, const bn_dataset_version *v, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	char ref[192];
	bn_dataset_version_name(v, ref, sizeof ref);
	*out = NULL;
	int rc = bn_sql_prepare(&st, bn_workspace_index(ws), err,
		"SELECT 'model ' || m.name || '/' || m.version FROM model_version m, json_each(m.data) d WHERE m.version > 0 AND m.state <> 4 AND "
		"json_extract(d.value, '$.digest') = ?1 UNION ALL SELECT 'run ' || substr(t.id, 1, 8) FROM run r JOIN "
		"index_entity_text t ON t.no = r.no WHERE r.status IN ('SCHEDULED', 'QUEUED', 'RUNNING') AND r.removed = 0 AND "
		"(r.dataset = ?2 OR r.no IN (SELECT run FROM run_dataset WHERE digest = ?1)) LIMIT 1",
		"ss", v->hash, ref);
	if (rc >= 0 && (rc = bn_sql_step(st, err)) == 1) {
		*out = bn_sql_text(st, 0);
		rc = *out ? 0 : bn_err_nomem(err, "what is due");
	}
	sqlite3_finalize(st);
	return rc;
}

/* Takes *v if it is due. */
static int look_at(bn_due_versions *l, bn_workspace *ws, bn_dataset_version **v, int64_t now, bn_err *err)
{
	bn_protection p = BN_PROTECTION_INIT;
	int rc = bn_protection_of(&p, ws, *v, err);
	int64_t due = p.keep_days ? (*v)->created_ms + p.keep_days * DAY_MS : INT64_MAX;
	bn_protection_release(&p);
	if (rc < 0 || due > now)
		return rc;
	if (bn_grow(&l->items, &l->cap, l->count + 1, sizeof *l->items))
		return bn_err_nomem(err, "what is due");
	bn_due_version *d = &l->items[l->count++];
	*d = (bn_due_version){.v = *v, .due_ms = due};
	*v = NULL;
	if ((rc = find_need(&d->needed_by, ws, d->v, err)) < 0 || d->needed_by)
		return rc;
	l->bytes += d->v->size_bytes;
	l->free++;
	return 0;
}

static int by_date(const void *a, const void *b)
{
	const bn_due_version *x = a, *y = b;
	int later = (x->due_ms > y->due_ms) - (x->due_ms < y->due_ms);
	return later ? later : strcmp(x->v->name, y->v->name);
}

int bn_due_find(bn_due_versions *out, bn_workspace *ws, bn_err *err)
{
	bn_dataset_versions *all = NULL;
	int64_t now = bn_env_now_ms(bn_workspace_env(ws));
	*out = (bn_due_versions){.items = NULL};
	int rc = bn_dataset_versions_load(&all, ws, NULL, BN_DATASET_LIVE, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; rc >= 0 && i < all->count; i++)
		rc = look_at(out, ws, &all->items[i], now, err);
	bn_dataset_versions_free(all);
	if (out->count)
		qsort(out->items, out->count, sizeof *out->items, by_date);
	return rc;
}

int bn_due_remove(bn_workspace *ws, const bn_due_versions *l, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < l->count; i++)
		if (!l->items[i].needed_by)
			rc = bn_dataset_remove(ws, l->items[i].v->name, l->items[i].v->version, err);
	return rc;
}
