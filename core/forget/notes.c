/* notes.c - see forget.h: drift reports, which go too, and models, runs, sources and remotes, which are named. */
#include "core/base/mem.h"
#include "core/forget/_forget.h"
#include "core/share/kept.h"
#include "core/share/remotes.h"
#include "core/store/index/fold.h"

#include <string.h>

/* Rows of (name, detail) become notes; with an object as third column that object goes. */
static int add_notes(bn_forget_plan *p, const char *kind, sqlite3_stmt *st, bn_err *err)
{
	int rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		const char *object = sqlite3_column_count(st) > 2 ? (const char *)sqlite3_column_text(st, 2) : NULL;
		if (object && bn_forget_has_object(p, object))
			continue;
		if ((object && (rc = bn_forget_object_add(p, object, NULL, err)) < 0) ||
			(rc = bn_forget_note_add(p, kind, bn_sql_text(st, 0), bn_sql_text(st, 1), err)) < 0)
			break;
	}
	return rc;
}

static int ask(bn_forget_plan *p, const char *kind, const char *sql, const char *a, const char *b, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, bn_workspace_index(p->ws), err, sql, "ss", a, b);
	rc = rc < 0 ? rc : add_notes(p, kind, st, err);
	sqlite3_finalize(st);
	return rc;
}

static int notes_of_version(bn_forget_plan *p, const bn_dataset_version *v, bn_err *err)
{
	char ref[192];
	int rc;
	bn_dataset_version_name(v, ref, sizeof ref);
	if ((rc = ask(p, "report",
		     "SELECT model || ' ' || id, 'compared with ' || reference, object FROM monitor_report WHERE "
		     "reference = ?1 AND ?2 IS NOT NULL ORDER BY model, id",
		     ref, v->hash, err)) < 0 ||
		(rc = ask(p, "model",
			 "SELECT DISTINCT m.name || '/' || m.version, 'trained on ' || ?1 FROM model_version m, json_each(m.data) d "
			 "WHERE m.version > 0 AND json_extract(d.value, '$.digest') = ?2 ORDER BY m.name, m.version",
			 ref, v->hash, err)) < 0 ||
		(rc = ask(p, "run",
			 "SELECT t.id, 'used ' || ?1 FROM run r JOIN index_entity_text t ON t.no = r.no WHERE r.dataset = ?1 OR "
			 "r.no IN (SELECT run FROM run_dataset WHERE digest = ?2) ORDER BY t.id LIMIT 100",
			 ref, v->hash, err)) < 0)
		return rc;
	if (v->source_path && strcmp(v->source_kind, "forget") != 0 && strcmp(v->source_kind, "split") != 0)
		rc = bn_forget_note_add(p, "source", bn_strdup(v->source_path),
			bn_strf("%s was made from it%s", ref,
				v->rejected ? "; records that were rejected are in a file NAME.rejects beside it" : ""),
			err);
	return rc;
}

static int notes_of_batch(bn_forget_plan *p, const bn_forget_batch *b, bn_err *err)
{
	return ask(p, "report",
		"SELECT DISTINCT r.model || ' ' || r.id, 'of predictions that go', r.object FROM monitor_report r JOIN "
		"prediction_batch b ON b.model = r.model AND b.from_ms <= r.to_ms AND b.to_ms >= r.from_ms WHERE b.object = ?1 AND "
		"?2 IS NOT NULL",
		b->hash, b->hash, err);
}

static bool goes(const bn_forget_plan *p, const char *hash)
{
	for (size_t i = 0; i < p->version_count; i++)
		if (bn_forget_goes(&p->versions[i]) && !strcmp(p->versions[i].v->hash, hash))
			return true;
	return false;
}

/* What a remote was last seen to have. */
static int notes_of_remotes(bn_forget_plan *p, bn_err *err)
{
	bn_remotes remotes = BN_REMOTES_INIT;
	int rc = bn_remotes_load(&remotes, p->ws, err);
	for (size_t i = 0; rc >= 0 && i < remotes.count; i++) {
		bn_share_report seen = {0};
		if (bn_share_kept_load(&seen, p->ws, remotes.items[i].name, NULL) < 0)
			seen.count = 0;
		for (size_t k = 0; rc >= 0 && k < seen.count; k++)
			if (seen.versions[k].there && goes(p, seen.versions[k].hash))
				rc = bn_forget_note_add(p, "remote", bn_strdup(remotes.items[i].name),
					bn_strf("was seen to have %s@v%lld", seen.versions[k].name,
						(long long)seen.versions[k].version),
					err);
		bn_share_report_release(&seen);
	}
	bn_remotes_release(&remotes);
	return rc;
}

int bn_forget_notes_find(bn_forget_plan *p, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; rc >= 0 && i < p->version_count; i++)
		if (bn_forget_goes(&p->versions[i]))
			rc = notes_of_version(p, p->versions[i].v, err);
	for (size_t i = 0; rc >= 0 && i < p->batch_count; i++)
		rc = notes_of_batch(p, &p->batches[i], err);
	return rc < 0 ? rc : notes_of_remotes(p, err);
}
