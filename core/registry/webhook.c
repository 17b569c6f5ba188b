/* webhook.c - see webhook.h: records of webhooks, their fold, and reading them. */
#include "core/registry/webhook.h"

#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *entity, *action;
} events[] = {
#define X(name, entity, action) {entity, action},
	BN_WEBHOOK_EVENTS(X)
#undef X
};

const char *bn_webhook_entity(bn_webhook_event e)
{
	return events[e].entity;
}

const char *bn_webhook_action(bn_webhook_event e)
{
	return events[e].action;
}

bool bn_webhook_event_find(bn_webhook_event *out, const char *entity, const char *action)
{
	for (unsigned i = 0; i < BN_WEBHOOK_EVENT_COUNT; i++)
		if (!strcmp(events[i].entity, entity) && !strcmp(events[i].action, action)) {
			*out = (bn_webhook_event)i;
			return true;
		}
	return false;
}

/* ---- writing -------------------------------------------------------------------------------- */

static json_t *events_json(uint32_t bits)
{
	json_t *list = json_array();
	for (unsigned i = 0; i < BN_WEBHOOK_EVENT_COUNT; i++)
		if (bits >> i & 1)
			json_array_append_new(
				list, json_sprintf("%s.%s", events[i].entity, events[i].action));
	return list;
}

static int append(bn_workspace *ws, const char *kind, const char *id, json_t *payload, bn_err *err)
{
	char *entity = bn_strf("webhook/%s", id);
	int rc = entity && payload ? bn_workspace_append(ws, kind, entity, payload, err)
				   : bn_err_nomem(err, "an event");
	bn_free(entity);
	json_decref(payload);
	return rc;
}

static json_t *change_json(const bn_webhook_change *c)
{
	json_t *o = json_pack("{s:s*, s:s*, s:s*}", "name", c->name, "description", c->description,
		"origin", c->origin);
	if (o && c->events >= 0)
		json_object_set_new(o, "events", events_json((uint32_t)c->events));
	if (o && c->is_active >= 0)
		json_object_set_new(o, "active", json_boolean(c->is_active));
	if (o && c->is_signed >= 0)
		json_object_set_new(o, "signed", json_boolean(c->is_signed));
	return o;
}

int bn_webhook_write_created(
	bn_workspace *ws, const char *id, const bn_webhook_change *c, bn_err *err)
{
	return append(ws, "webhook.created", id, change_json(c), err);
}

int bn_webhook_write_updated(
	bn_workspace *ws, const char *id, const bn_webhook_change *c, bn_err *err)
{
	return append(ws, "webhook.updated", id, change_json(c), err);
}

int bn_webhook_write_deleted(bn_workspace *ws, const char *id, bn_err *err)
{
	return append(ws, "webhook.deleted", id, json_object(), err);
}

/* ---- fold ----------------------------------------------------------------------------------- */

enum { CREATED, UPDATED, DELETED };
static const bn_fold_kind kinds[] = {
	[CREATED] = {"webhook.created",
		.fields = BN_FIELDS("name", "description", "origin", "events", "active", "signed")},
	[UPDATED] = {"webhook.updated",
		.fields = BN_FIELDS("name", "description", "origin", "events", "active", "signed")},
	[DELETED] = {.name = "webhook.deleted"},
	{0},
};

static int invalid(bn_fold *f, const char *why)
{
	bn_fold_outcome(f, BN_OUTCOME_INVALID, "%s", why);
	return 0;
}

/* -1: absent. Events that this program does not know are left out. */
static int64_t read_events(const json_t *payload)
{
	const json_t *list = json_object_get(payload, "events");
	int64_t bits = 0;
	size_t i;
	json_t *text;
	if (!json_is_array(list))
		return -1;
	json_array_foreach((json_t *)(uintptr_t)list, i, text)
	{
		char entity[64];
		bn_webhook_event e;
		const char *all = json_is_string(text) ? json_string_value(text) : "";
		const char *dot = strchr(all, '.');
		if (!dot || (size_t)(dot - all) >= sizeof entity)
			continue;
		memcpy(entity, all, (size_t)(dot - all));
		entity[dot - all] = '\0';
		if (bn_webhook_event_find(&e, entity, dot + 1))
			bits |= (int64_t)1 << e;
	}
	return bits;
}

static int flag(const json_t *payload, const char *key)
{
	const json_t *v = json_object_get(payload, key);
	return json_is_boolean(v) ? json_is_true(v) : -1;
}

static int apply_created(bn_fold *f, const bn_event *ev, const char *id, bn_err *err)
{
	const json_t *p = ev->payload;
	const char *name = bn_json_str(p, "name", ""), *origin = bn_json_str(p, "origin", "");
	int64_t bits = read_events(p);
	if (!name[0] || strlen(name) > BN_WEBHOOK_NAME_MOST || !origin[0] ||
		strlen(origin) > BN_WEBHOOK_URL_MOST || bits < 0 || strlen(id) >= BN_UUID_TEXT)
		return invalid(f, "needs a name, an origin and events");
	return bn_sql_run(bn_fold_db(f), err,
		"INSERT INTO webhook VALUES (?, ?, ?, nullif(?, ''), ?, ?, ?, ?, ?, ?)",
		"sisssiiiii", id, (int64_t)ev->uid, name, bn_json_str(p, "description", NULL),
		origin, bits, (int64_t)(flag(p, "active") != 0), (int64_t)(flag(p, "signed") == 1),
		bn_event_time_ms(ev), bn_event_time_ms(ev));
}

static int apply_updated(bn_fold *f, const bn_event *ev, const char *id, bn_err *err)
{
	const json_t *p = ev->payload;
	const char *name = bn_json_str(p, "name", NULL), *origin = bn_json_str(p, "origin", NULL);
	if ((name && (!name[0] || strlen(name) > BN_WEBHOOK_NAME_MOST)) ||
		(origin && (!origin[0] || strlen(origin) > BN_WEBHOOK_URL_MOST)))
		return invalid(f, "the name or the origin is empty or too long");
	return bn_sql_run(bn_fold_db(f), err,
		"UPDATE webhook SET name = coalesce(?3, name), "
		"description = nullif(coalesce(?4, description), ''), "
		"origin = coalesce(?5, origin), events = coalesce(nullif(?6, -1), events), "
		"active = coalesce(nullif(?7, -1), active), "
		"signed = coalesce(nullif(?8, -1), signed), updated_ms = ?9 "
		"WHERE id = ?1 AND uid = ?2",
		"sisssiiii", id, (int64_t)ev->uid, name, bn_json_str(p, "description", NULL),
		origin, read_events(p), (int64_t)flag(p, "active"), (int64_t)flag(p, "signed"),
		bn_event_time_ms(ev));
}

static int apply(bn_fold *f, const bn_event *ev, bn_err *err)
{
	sqlite3 *db = bn_fold_db(f);
	const char *id = ev->entity + strlen("webhook/");
	bool own = bn_sql_int(db, 0, "SELECT count(*) FROM webhook WHERE id = ? AND uid = ?", "si",
			   id, (int64_t)ev->uid) != 0;
	if (ev->kind_no == CREATED)
		return own ? invalid(f, "there is this webhook already")
			   : apply_created(f, ev, id, err);
	if (!own && bn_sql_int(db, 0, "SELECT count(*) FROM webhook WHERE id = ?", "s", id)) {
		bn_fold_outcome(
			f, BN_OUTCOME_REFUSED, "only the user who made a webhook may change it");
		return 0;
	}
	if (!own)
		return invalid(f, "there is no such webhook");
	if (ev->kind_no == UPDATED)
		return apply_updated(f, ev, id, err);
	return bn_sql_run(db, err, "DELETE FROM webhook WHERE id = ? AND uid = ?", "si", id,
		(int64_t)ev->uid);
}

static int clear(bn_fold *f, const char *entity, bn_err *err)
{
	return bn_sql_run(bn_fold_db(f), err, "DELETE FROM webhook WHERE id = ?", "s",
		entity + strlen("webhook/"));
}

const bn_fold_class bn_webhook_class = {
	.name = "webhook",
	.schema = "share/sql/0070_webhook.sql",
	.kinds = kinds,
	.apply = apply,
	.clear = clear,
};

/* ---- reading -------------------------------------------------------------------------------- */

static int read_row(bn_webhook *w, sqlite3_stmt *st, bn_err *err)
{
	const char *id = (const char *)sqlite3_column_text(st, 0);
	snprintf(w->id, sizeof w->id, "%s", id ? id : "");
	w->name = bn_sql_text(st, 1);
	w->description = bn_sql_text(st, 2);
	w->origin = bn_sql_text(st, 3);
	w->events = (uint32_t)sqlite3_column_int64(st, 4);
	w->is_active = sqlite3_column_int(st, 5);
	w->is_signed = sqlite3_column_int(st, 6);
	w->created_ms = sqlite3_column_int64(st, 7);
	w->updated_ms = sqlite3_column_int64(st, 8);
	return w->name && w->origin ? 0 : bn_err_nomem(err, "webhooks");
}

static int list(bn_webhooks *out, bn_workspace *ws, const char *id, uint32_t bits, bn_err *err)
{
	sqlite3 *db = NULL;
	sqlite3_stmt *st = NULL;
	const bn_env *env = bn_workspace_env(ws);
	int rc = bn_workspace_read(&db, ws, err);
	if (rc < 0 ||
		(rc = bn_sql_prepare(&st, db, err,
			 "SELECT id, name, description, origin, events, active, signed, "
			 "created_ms, "
			 "updated_ms FROM webhook WHERE uid = ?1 AND (?2 IS NULL OR id = ?2) "
			 "AND (?3 = 0 OR (active AND events & ?3)) ORDER BY created_ms DESC, id",
			 "isi", (int64_t)env->uid(env), id, (int64_t)bits)) < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if (bn_grow(&out->items, &out->cap, out->count + 1, sizeof *out->items)) {
			rc = bn_err_nomem(err, "webhooks");
			break;
		}
		bn_webhook *w = &out->items[out->count++];
		*w = (bn_webhook){.name = NULL};
		if ((rc = read_row(w, st, err)) < 0)
			break;
	}
	sqlite3_finalize(st);
	return rc;
}

int bn_webhook_list(bn_webhooks *out, bn_workspace *ws, uint32_t event_bits, bn_err *err)
{
	return list(out, ws, NULL, event_bits, err);
}

int bn_webhook_get(
	const bn_webhook **out, bn_webhooks *l, bn_workspace *ws, const char *id, bn_err *err)
{
	int rc = list(l, ws, id, 0, err);
	if (rc < 0)
		return rc;
	if (!l->count)
		return bn_err_set(err, BN_ENOTFOUND, "no webhook '%.60s'", id);
	*out = &l->items[0];
	return 0;
}

void bn_webhooks_release(bn_webhooks *l)
{
	for (size_t i = 0; i < l->count; i++) {
		bn_free(l->items[i].name);
		bn_free(l->items[i].description);
		bn_free(l->items[i].origin);
	}
	bn_free(l->items);
	*l = (bn_webhooks)BN_WEBHOOKS_INIT;
}
