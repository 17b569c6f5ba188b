/* act.c - see forget.h: doing it. The order of the steps is what makes it safe to be killed. */
#include "core/base/hash.h"
#include "core/base/mem.h"
#include "core/data/pseudonym.h"
#include "core/forget/_forget.h"
#include "core/govern/rights.h"
#include "core/store/cache.h"
#include "core/store/index/fold.h"
#include "core/store/object/gc.h"

#include <stdio.h>
#include <string.h>

#define TMP_MS ((int64_t)600 * 1000) /* what nobody wrote to for that long, nobody is writing */

/* Who knows what was asked for, and has the workspace's secret, can show that it was done. */
static int make_mark(bn_forget_plan *p, bn_err *err)
{
	static const char *const any[] = {"forget"};
	bn_pseudonyms secret = BN_PSEUDONYMS_INIT;
	bn_buf text = BN_BUF_INIT, mark = BN_BUF_INIT;
	bn_buf_addf(&text, "%s\n%s\n%s", p->o->name, p->o->where ? p->o->where : "", p->o->column ? p->o->column : "");
	for (size_t i = 0; i < p->o->value_count; i++)
		bn_buf_addf(&text, "\n%s", p->o->values[i]);
	int rc = bn_buf_check(&text, err, "a mark");
	if (rc >= 0 && (rc = bn_pseudonyms_plan(&secret, p->ws, any, 1, NULL, err)) >= 0 &&
		(rc = bn_pseudonym_replace(&secret, text.ptr, text.len, &mark, err)) >= 0)
		snprintf(p->mark, sizeof p->mark, "%.32s", mark.ptr);
	bn_pseudonyms_release(&secret);
	bn_buf_release(&text);
	bn_buf_release(&mark);
	return rc;
}

/* ---- 1. stand-ins ---------------------------------------------------------------------------- */

static int make_stand_ins(bn_forget_plan *p, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < p->version_count; i++) {
		bn_forget_version *x = &p->versions[i];
		bn_dataset_version *made = NULL;
		if (x->fate != BN_FORGET_REPLACED)
			continue;
		rc = bn_eraser_stand_in(&made, p->eraser, x->v, err);
		x->stand_in = made ? made->version : 0;
		bn_dataset_version_free(made);
	}
	for (size_t i = 0; rc >= 0 && i < p->batch_count; i++) {
		bn_forget_batch *b = &p->batches[i];
		if (b->kept)
			rc = bn_eraser_rewrite(b->instead, &b->kept, p->eraser, b->hash, err);
	}
	return rc;
}

/* ---- 2. the event ---------------------------------------------------------------------------- */

static json_t *versions_json(const bn_forget_plan *p)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < p->version_count; i++) {
		const bn_forget_version *x = &p->versions[i];
		json_t *o;
		if (!bn_forget_goes(x))
			continue;
		o = json_pack("{s:s, s:I, s:I}", "name", x->v->name, "version", (json_int_t)x->v->version, "rows",
			(json_int_t)x->rows);
		if (o && x->stand_in)
			json_object_set_new(o, "stand_in", json_integer((json_int_t)x->stand_in));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *objects_json(const bn_forget_plan *p)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < p->object_count; i++) {
		const bn_forget_object *x = &p->objects[i];
		json_t *o = json_pack("{s:s}", "hash", x->hash);
		if (o && x->version) {
			json_object_set_new(o, "name", json_string(x->name));
			json_object_set_new(o, "version", json_integer((json_int_t)x->version));
		}
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *batches_json(const bn_forget_plan *p)
{
	json_t *list = json_array();
	for (size_t i = 0; list && i < p->batch_count; i++) {
		const bn_forget_batch *b = &p->batches[i];
		json_t *o = json_pack("{s:s, s:I}", "hash", b->hash, "rows", (json_int_t)b->kept);
		if (o && b->instead[0])
			json_object_set_new(o, "instead", json_string(b->instead));
		json_array_append_new(list, o);
	}
	return list;
}

static int append_act(bn_forget_plan *p, bn_err *err)
{
	uint8_t raw[8];
	char id[17], entity[32];
	json_t *payload = NULL;
	int rc = bn_env_random(bn_workspace_env(p->ws), raw, sizeof raw, err);
	if (rc < 0)
		return rc;
	bn_hex(raw, sizeof raw, id);
	snprintf(entity, sizeof entity, "forget/%s", id);
	payload = json_pack("{s:o, s:o, s:o, s:s*, s:s}", "versions", versions_json(p), "objects", objects_json(p),
		"batches", batches_json(p), "reason", p->o->reason, "mark", p->mark);
	rc = payload ? bn_rights_append(p->ws, 1, "forget.rows", entity, payload, err) : bn_err_nomem(err, "an event");
	json_decref(payload);
	return rc;
}

/* Removed by their number, so that restoring the dataset does not bring them back. */
static int append_removed(bn_workspace *ws, const char *name, int64_t version, bn_err *err)
{
	char *entity = bn_strf("dataset/%s", name);
	json_t *payload = json_pack("{s:I}", "version", (json_int_t)version);
	int rc = entity && payload ? bn_rights_append(ws, 1, "dataset.removed", entity, payload, err)
				   : bn_err_nomem(err, "an event");
	json_decref(payload);
	bn_free(entity);
	return rc;
}

static int record(bn_forget_plan *p, bn_err *err)
{
	int rc = append_act(p, err);
	for (size_t i = 0; rc >= 0 && i < p->version_count; i++)
		if (bn_forget_goes(&p->versions[i]))
			rc = append_removed(p->ws, p->versions[i].v->name, p->versions[i].v->version, err);
	return rc < 0 ? rc : bn_workspace_sync(p->ws, err);
}

/* ---- 3. the bytes ---------------------------------------------------------------------------- */

static int remove_versions(bn_workspace *ws, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	sqlite3 *db;
	bool some = false;
	int rc;
	if ((rc = bn_workspace_read(&db, ws, err)) < 0 ||
		(rc = bn_sql_prepare(&st, db, err,
			 "SELECT DISTINCT name, version FROM forgotten_version JOIN dataset_version USING (name, version) WHERE "
			 "removed <> 1 ORDER BY name, version",
			 "")) < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		some = true;
		if ((rc = append_removed(ws, (const char *)sqlite3_column_text(st, 0), sqlite3_column_int64(st, 1), err)) < 0)
			break;
	}
	sqlite3_finalize(st);
	return rc < 0 || !some ? rc : bn_workspace_sync(ws, err);
}

int bn_forget_finish(bn_workspace *ws, uint64_t *failed, bn_err *err)
{
	const bn_gc_options o = {.tmp_ms = TMP_MS, .only_forgotten = true};
	bn_gc_report r;
	bn_cache *cache = NULL;
	sqlite3 *db;
	if (failed)
		*failed = 0;
	int rc = bn_workspace_read(&db, ws, err);
	if (rc < 0 || !bn_sql_int(db, 0, "SELECT count(*) FROM forgotten", ""))
		return rc < 0 ? rc : bn_sql_failed(db, err);
	if ((rc = remove_versions(ws, err)) < 0 || (rc = bn_gc_run(&r, ws, &o, err)) < 0)
		return rc;
	if (failed)
		*failed = r.failed;
	if (bn_cache_open(&cache, ws, NULL) < 0)
		return 0; /* there is none */
	rc = bn_cache_clear(cache, NULL, NULL, err);
	bn_cache_close(cache);
	return rc;
}

int bn_forget_do(bn_forget_plan *p, bn_err *err)
{
	int rc;
	if (bn_forget_is_empty(p))
		return bn_forget_finish(p->ws, &p->failed, err);
	if ((rc = make_mark(p, err)) < 0 || (rc = make_stand_ins(p, err)) < 0 || (rc = record(p, err)) < 0)
		return rc;
	return bn_forget_finish(p->ws, &p->failed, err);
}
