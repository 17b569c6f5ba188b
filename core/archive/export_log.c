/* export_log.c - see export_log.h. */
#include "core/archive/export_log.h"

#include "core/base/hash.h"
#include "core/base/id.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"

#include <stdio.h>
#include <string.h>

int bn_export_record(bn_workspace *ws, const bn_export *x, bn_err *err)
{
	const bn_env *env = bn_workspace_env(ws);
	char id[BN_RUN_ID_TEXT], entity[BN_RUN_ID_TEXT + 16];
	const char *to = bn_utf8_is_valid(x->to, strlen(x->to)) ? x->to : "?";
	int rc;
	if ((x->reason && strlen(x->reason) > BN_EXPORT_TEXT_MOST) || strlen(to) > BN_EXPORT_TEXT_MOST)
		return bn_err_set(err, BN_EINVAL, "the reason, or the path, has more than %d bytes",
			BN_EXPORT_TEXT_MOST);
	if ((rc = bn_run_id_new(env, id, err)) < 0)
		return rc;
	snprintf(entity, sizeof entity, "archive/%s", id);
	json_t *p = json_pack("{s:s, s:s, s:b, s:b}", "to", to, "host", env->host(env), "personal",
		(int)x->is_personal, "private", (int)x->private_too);
	if (p && x->model)
		json_object_set_new(p, "model", json_string(x->model));
	if (p && x->reason)
		json_object_set_new(p, "reason", json_string(x->reason));
	rc = p ? bn_workspace_append(ws, "archive.exported", entity, p, err)
	       : bn_err_nomem(err, "an event");
	json_decref(p);
	if (rc < 0 || (rc = bn_workspace_commit(ws, err)) < 0 || (rc = bn_workspace_seal(ws, err)) < 0)
		return rc;
	return bn_workspace_sync(ws, err);
}

/* ---- fold ----------------------------------------------------------------------------------- */

static const bn_fold_kind kinds[] = {
	{"archive.exported", .fields = BN_FIELDS("model", "to", "host", "reason", "personal", "private")},
	{0},
};

static bool is_text(const json_t *payload, const char *key)
{
	const json_t *v = json_object_get(payload, key);
	return !v || (json_is_string(v) && json_string_length(v) <= BN_EXPORT_TEXT_MOST);
}

static int apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	const char *id = ev->entity + strcspn(ev->entity, "/");
	const json_t *p = ev->payload;
	uint8_t raw[16];
	if (!p || !*id || bn_unhex(id + 1, sizeof raw, raw) != 0 || !bn_json_str(p, "to", NULL) ||
		!is_text(p, "to") || !is_text(p, "model") || !is_text(p, "host") || !is_text(p, "reason")) {
		bn_fold_outcome(f, BN_OUTCOME_INVALID, "needs where an archive went, in texts");
		return 0;
	}
	return bn_sql_run(bn_fold_db(f), err,
		"INSERT INTO archive_export (id, writer, seq, uid, time_ms, model, target, host, reason, personal, private) "
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"bsiiissssii", raw, sizeof raw, ev->key.writer, (int64_t)ev->key.seq, (int64_t)ev->uid,
		bn_event_time_ms(ev), bn_json_str(p, "model", NULL), bn_json_str(p, "to", NULL),
		bn_json_str(p, "host", NULL), bn_json_str(p, "reason", NULL),
		(int64_t)bn_json_bool(p, "personal", false), (int64_t)bn_json_bool(p, "private", false));
}

static int clear(bn_fold *f, const char *entity, bn_err *err)
{
	const char *id = entity + strcspn(entity, "/");
	uint8_t raw[16];
	if (!*id || bn_unhex(id + 1, sizeof raw, raw) != 0)
		return 0;
	return bn_sql_run(bn_fold_db(f), err, "DELETE FROM archive_export WHERE id = ?", "b", raw, sizeof raw);
}

const bn_fold_class bn_archive_class = {
	.name = "archive",
	.schema = "share/sql/0080_archive.sql",
	.kinds = kinds,
	.apply = apply,
	.clear = clear,
};
