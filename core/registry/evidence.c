/* evidence.c - giving evidence about a version, and listing it. See evidence.h. */
#include "core/registry/evidence.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/registry/_action.h"

#include <math.h>
#include <string.h>

/* ---- giving ------------------------------------------------------------------------------------ */

static json_t *payload_make(
	const bn_entry_version *v, const bn_measured *m, const char *how, const char *tool)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:s, s:o, s:I, s:{s:s, s:I, s:s}, s:s, s:s, s:i}",
		"version", (json_int_t)bn_entry_number(v->version), "registration", v->registration,
		"model", v->digest, "metric", m->metric, "part", m->part, "value",
		bn_json_real_or_null(m->value), "rows", (json_int_t)m->rows, "dataset", "name",
		m->dataset, "version", (json_int_t)m->dataset_version, "digest", m->dataset_digest,
		"how", how, "tool", tool, "rules", BN_GATE_RULES);
}

int bn_evidence_give(bn_workspace *ws, const char *spec, const bn_measured *items, size_t n,
	const char *how, const char *tool, bn_err *err)
{
	bn_action d;
	int rc = bn_action_begin(&d, ws, BN_ENTRY_EVIDENCE, NULL, spec, err);
	if (rc < 0)
		goto out;
	if (!d.me.is_chained) {
		rc = bn_err_set(
			err, BN_EREFUSED, "evidence needs a workspace with a chain of authority");
		goto out;
	}
	for (size_t i = 0; i < n && rc >= 0; i++)
		rc = bn_action_take(&d, true, payload_make(d.version, &items[i], how, tool), err);
out:
	bn_action_end(&d);
	return rc < 0 ? rc : 0;
}

/* ---- listing ------------------------------------------------------------------------------------ */

static void evidence_release(bn_evidence *x)
{
	char *const texts[] = {x->id, x->user, x->metric, x->part, x->dataset, x->dataset_digest,
		x->check, x->verdict, x->detail, x->how, x->tool};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		bn_free(texts[i]);
}

void bn_evidence_list_free(bn_evidence_list *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->count; i++)
		evidence_release(&l->items[i]);
	bn_free(l->items);
	bn_free(l);
}

/* -1 without memory. */
static int copy(char **out, const char *text)
{
	*out = bn_strdup(text);
	return text && !*out ? -1 : 0;
}

static int evidence_copy(bn_evidence *out, const bn_entry_evidence *x)
{
	*out = (bn_evidence){.counts = x->is_other,
		.value = x->value,
		.rows = x->rows,
		.time_ms = bn_clock_ms((uint64_t)x->clock)};
	return copy(&out->id, x->id) || copy(&out->user, x->user) ||
			       copy(&out->metric, x->metric) || copy(&out->part, x->part) ||
			       copy(&out->dataset, x->dataset) ||
			       copy(&out->dataset_digest, x->dataset_digest) ||
			       copy(&out->check, x->check) || copy(&out->verdict, x->verdict) ||
			       copy(&out->detail, x->detail) || copy(&out->how, x->how) ||
			       copy(&out->tool, x->tool)
		       ? -1
		       : 0;
}

static int list_fill(
	bn_evidence_list *l, sqlite3 *db, const char *name, int64_t version, bn_err *err)
{
	bn_entry e;
	bn_entry_version *v;
	bn_entry_evidences all = {0};
	int rc = bn_entry_open(&e, db, name, err);
	if (rc < 0)
		return rc;
	if ((rc = bn_entry_find(&v, &e, version, err)) < 0 || !v ||
		(rc = bn_entry_evidence_read(&all, &e, v, NULL, NULL, err)) < 0)
		goto out;
	if (!(l->items = bn_alloc_zeroed(all.count + 1, sizeof *l->items)))
		rc = bn_err_nomem(err, "evidence");
	for (size_t i = 0; rc >= 0 && i < all.count; i++) {
		l->count++;
		if (evidence_copy(&l->items[i], &all.items[i]) < 0)
			rc = bn_err_nomem(err, "evidence");
	}
out:
	bn_free(all.items);
	bn_entry_release(&e);
	return rc;
}

int bn_evidence_read(bn_evidence_list **out, bn_workspace *ws, const char *spec, bn_err *err)
{
	sqlite3 *db = NULL;
	char *name = NULL;
	int64_t version = 0;
	bn_evidence_list *l = bn_alloc_zeroed(1, sizeof *l);
	int rc = l ? bn_workspace_read(&db, ws, err) : bn_err_nomem(err, "evidence");
	if (rc < 0 || (rc = bn_version_resolve(&name, &version, db, spec, err)) < 0 ||
		(rc = list_fill(l, db, name, version, err)) < 0)
		goto out;
	*out = l;
	l = NULL;
out:
	bn_free(name);
	bn_evidence_list_free(l);
	return rc;
}
