/* objects.c - see forget.h: the objects of versions that go. */
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/forget/_forget.h"
#include "core/store/index/fold.h"
#include "core/store/object/object.h"

#include <stdio.h>
#include <string.h>

bool bn_forget_has_object(const bn_forget_plan *p, const char *hash)
{
	for (size_t i = 0; i < p->object_count; i++)
		if (!strcmp(p->objects[i].hash, hash))
			return true;
	return false;
}

int bn_forget_object_add(bn_forget_plan *p, const char *hash, const bn_dataset_version *v, bn_err *err)
{
	bn_object_store *objects = NULL;
	bn_object_info info = {.bytes = 0};
	if (!hash || !hash[0] || bn_forget_has_object(p, hash))
		return 0;
	if (bn_grow(&p->objects, &p->object_cap, p->object_count + 1, sizeof *p->objects))
		return bn_err_nomem(err, "objects");
	if (bn_workspace_objects(&objects, p->ws, NULL) < 0 || bn_object_head(objects, hash, &info, NULL) < 0)
		info.bytes = 0;
	bn_forget_object *o = &p->objects[p->object_count++];
	*o = (bn_forget_object){.version = v ? v->version : 0, .bytes = info.bytes};
	snprintf(o->hash, sizeof o->hash, "%.64s", hash);
	snprintf(o->name, sizeof o->name, "%.128s", v ? v->name : "");
	return 0;
}

typedef struct adding {
	bn_forget_plan *p;
	const bn_dataset_version *v;
} adding;

static int add_part(void *ctx, const char *hash, uint64_t bytes, bn_err *err)
{
	const adding *a = ctx;
	(void)bytes;
	return bn_forget_object_add(a->p, hash, a->v, err);
}

static bool names_one_that_goes(const bn_forget_plan *p, const json_t *group)
{
	const json_t *parts = json_object_get(group, "parts");
	for (size_t i = 0; i < json_array_size(parts); i++)
		if (bn_forget_has_object(p, bn_json_str(json_array_get(parts, i), "hash", "")))
			return true;
	return false;
}

/* A manifest of many parts has them in groups, which versions share: those that have a part that goes. */
static int add_groups(bn_forget_plan *p, const bn_dataset_version *v, bn_err *err)
{
	json_t *top = NULL;
	int rc = 0;
	if (bn_object_load_json(&top, p->ws, v->hash, NULL) < 0)
		return 0; /* the only part, or not here */
	const json_t *groups = json_object_get(top, "groups");
	for (size_t i = 0; rc >= 0 && i < json_array_size(groups); i++) {
		const char *hash = bn_json_str(json_array_get(groups, i), "manifest", "");
		json_t *group = NULL;
		if (bn_object_load_json(&group, p->ws, hash, NULL) == 0 && names_one_that_goes(p, group))
			rc = bn_forget_object_add(p, hash, v, err);
		json_decref(group);
	}
	json_decref(top);
	return rc;
}

static int add_checks(bn_forget_plan *p, const bn_dataset_version *v, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, bn_workspace_index(p->ws), err,
		"SELECT DISTINCT result FROM dataset_check WHERE name = ? AND version = ?", "si", v->name, v->version);
	while (rc >= 0 && (rc = bn_sql_step(st, err)) == 1)
		rc = bn_forget_object_add(p, (const char *)sqlite3_column_text(st, 0), v, err);
	sqlite3_finalize(st);
	return rc;
}

/* If only a dictionary had the texts, profile and results of checks have none of them, and the stand-in has the same. */
static int add_version(bn_forget_plan *p, const bn_forget_version *x, bn_err *err)
{
	const bn_dataset_version *v = x->v;
	adding a = {p, v};
	int rc = bn_eraser_unclean(p->eraser, v, !x->is_searched, add_part, &a, NULL);
	if (rc == BN_ENOMEM || (rc < 0 && x->is_searched)) /* else its manifest is not here */
		return bn_err_set(err, rc, "the parts of %s@v%lld are not known", v->name, (long long)v->version);
	if ((rc = add_groups(p, v, err)) < 0 || (rc = bn_forget_object_add(p, v->hash, v, err)) < 0 || !x->rows)
		return rc;
	rc = bn_forget_object_add(p, v->profile_hash, v, err);
	return rc < 0 ? rc : add_checks(p, v, err);
}

int bn_forget_objects_find(bn_forget_plan *p, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < p->version_count; i++)
		if (bn_forget_goes(&p->versions[i]))
			rc = add_version(p, &p->versions[i], err);
	return rc;
}
