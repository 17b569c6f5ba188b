/* late.c - see late.h. */
#include "core/registry/late.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/str.h"
#include "core/govern/lost.h"
#include "core/registry/_action.h"

#include <stdio.h>
#include <string.h>

enum { ID = BN_SHA256_BYTES };

/* One's own late records, in the order of their clocks. */
static const char late_sql[] =
	"SELECT w.name, s.seq, k.name, t.entity, e.payload, bn_reason(e.reason), s.clock, s.id "
	"FROM "
	"event e JOIN signed_record s ON s.writer = e.writer AND s.seq = e.seq JOIN index_name w "
	"ON "
	"w.no = e.writer JOIN index_name k ON k.no = e.kind JOIN index_entity_text t ON t.no = "
	"e.entity WHERE e.outcome <> 0 AND e.outcome = ? AND t.class = 'model' AND s.key IN "
	"(SELECT "
	"key FROM authority_key WHERE person = ?) ORDER BY s.clock, w.name, s.seq";

/* What one's own account wrote unsigned into its log after an upgrade had closed it. Columns as above. */
static const char unsigned_sql[] =
	"SELECT w.name, e.seq, k.name, t.entity, e.payload, bn_reason(e.reason), e.clock, NULL "
	"FROM "
	"event e JOIN authority_close c ON c.writer = e.writer AND c.seq < e.seq JOIN index_name w "
	"ON w.no = e.writer JOIN index_name k ON k.no = e.kind JOIN index_entity_text t ON t.no = "
	"e.entity WHERE e.outcome <> 0 AND e.outcome = ? AND e.signed IS NULL AND t.class = "
	"'model' "
	"AND e.owner = ? ORDER BY e.clock, w.name, e.seq";

/* A row of these, and the present state of its model. */
typedef struct late {
	sqlite3 *db;
	const char *kind, *name;
	json_t *payload;
	const char *who;
	int64_t version; /* number */
	char spec[300];
	int64_t state; /* of the version; -1: none */
} late;

void bn_late_list_free(bn_late_list *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->count; i++) {
		bn_late_act *a = &l->items[i];
		char *const texts[] = {a->writer, a->kind, a->entity, a->reason, a->command};
		for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
			bn_free(texts[k]);
	}
	bn_free(l->items);
	bn_free(l);
}

/* ---- the command that repeats it
 * ------------------------------------------------------------------------ */

/* A word quoted for a shell. */
static void word_add(bn_buf *b, const char *word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_.,:/@+-";
	bn_buf_adds(b, " ");
	if (word[0] && !word[strspn(word, plain)]) {
		bn_buf_adds(b, word);
		return;
	}
	bn_buf_adds(b, "'");
	for (; *word; word++)
		if (*word == '\'')
			bn_buf_adds(b, "'\\''");
		else
			bn_buf_add(b, word, 1);
	bn_buf_adds(b, "'");
}

static void option_add(bn_buf *b, const late *l, const char *option, const char *member)
{
	const char *value = bn_json_str(l->payload, member, NULL);
	if (!value || !value[0])
		return;
	bn_buf_addf(b, " %s", option);
	word_add(b, value);
}

static bool is_registered(const late *l)
{
	return bn_sql_int(l->db, 0, "SELECT 1 FROM model_version WHERE name = ? AND uuid = ?", "ss",
		       l->name, bn_json_str(l->payload, "uuid", "")) == 1;
}

/* An unsigned one is registered by hand, with another uuid. */
static bool is_registered_anew(const late *l)
{
	return bn_sql_int(l->db, 0,
		       "SELECT 1 FROM model_version WHERE name = ? AND run_id = ? AND digest = ?",
		       "sss", l->name, bn_json_str(l->payload, "run", ""),
		       bn_json_str(l->payload, "digest", "")) == 1;
}

static void command_of_registration(bn_buf *b, const late *l)
{
	const char *run = bn_json_str(l->payload, "run", NULL);
	if (is_registered(l) || is_registered_anew(l))
		return;
	bn_buf_adds(b, "binnacle model register");
	word_add(b, run ? run : "RUN");
	bn_buf_adds(b, " --name");
	word_add(b, l->name);
}

static void command_of_alias(bn_buf *b, const late *l)
{
	const char *alias = bn_json_str(l->payload, "alias", "");
	bool removes = !strcmp(l->kind, "model.alias_removed");
	int64_t points_to =
		bn_sql_int(l->db, 0, "SELECT version FROM model_alias WHERE name = ? AND alias = ?",
			"ss", l->name, alias);
	if (removes ? !points_to : (points_to == l->version || l->state < 0))
		return;
	bn_buf_adds(b, "binnacle model alias");
	word_add(b, removes ? l->name : l->spec);
	word_add(b, alias);
	if (removes)
		bn_buf_adds(b, " --remove");
}

static void command_of_tag(bn_buf *b, const late *l)
{
	const char *key = bn_json_str(l->payload, "key", "");
	const char *value = bn_json_str(l->payload, "value", NULL);
	bool is_so =
		bn_sql_int(l->db, 0,
			"SELECT 1 FROM model_tag WHERE name = ?1 AND version = ?2 AND key = ?3 AND "
			"(?4 IS NULL OR value = ?4)",
			"siss", l->name, l->version, key, value) == 1;
	if (is_so == (value != NULL))
		return;
	bn_buf_adds(b, "binnacle model tag");
	word_add(b, l->version ? l->spec : l->name);
	word_add(b, key);
	if (value)
		word_add(b, value);
}

/* Evidence, and checks that were attested. */
static void command_of_evidence(bn_buf *b, const late *l)
{
	const char *check = bn_json_str(l->payload, "check", NULL);
	const char *metric = bn_json_str(l->payload, "metric", "");
	if (l->state < 0 || l->state == BN_MODEL_REMOVED ||
		bn_sql_int(l->db, 0,
			"SELECT 1 FROM model_evidence WHERE name = ? AND version = ? AND "
			"coalesce(check_name, metric) = ? AND who = ? LIMIT 1",
			"siss", l->name, l->version, check ? check : metric, l->who))
		return;
	bn_buf_addf(b, "binnacle model %s", check ? "attest" : "check");
	word_add(b, l->spec);
	if (check) {
		word_add(b, check);
		word_add(b, bn_json_str(l->payload, "verdict", ""));
		option_add(b, l, "--detail", "detail");
	}
}

static void command_of_decision(bn_buf *b, const late *l, bool approves)
{
	if (l->state != BN_MODEL_REQUESTED)
		return;
	bn_buf_addf(b, "binnacle model %s", approves ? "approve" : "reject");
	word_add(b, l->spec);
	if (bn_json_bool(l->payload, "override", false))
		bn_buf_adds(b, " --override");
	option_add(b, l, "--reason", "reason");
}

static void command_of_version(bn_buf *b, const late *l, const char *verb)
{
	bn_buf_addf(b, "binnacle model %s", verb);
	word_add(b, l->spec);
	option_add(b, l, "--reason", "reason");
}

/* Adds nothing if there is nothing left to repeat. */
static void command_make(bn_buf *b, const late *l)
{
	if (!strcmp(l->kind, "model.registered"))
		command_of_registration(b, l);
	else if (!strncmp(l->kind, "model.alias", 11))
		command_of_alias(b, l);
	else if (!strcmp(l->kind, "model.tag"))
		command_of_tag(b, l);
	else if (!strcmp(l->kind, "model.evidence") || !strcmp(l->kind, "model.attested"))
		command_of_evidence(b, l);
	else if (!strcmp(l->kind, "model.approved") || !strcmp(l->kind, "model.rejected"))
		command_of_decision(b, l, !strcmp(l->kind, "model.approved"));
	else if (!strcmp(l->kind, "model.requested") &&
		 (l->state == BN_MODEL_REGISTERED || l->state == BN_MODEL_REJECTED))
		command_of_version(b, l, "request");
	else if (!strcmp(l->kind, "model.removed") && l->state >= 0 && l->state != BN_MODEL_REMOVED)
		command_of_version(b, l, "rm");
}

/* ---- the list -------------------------------------------------------------------------------------- */

/* An attempt that was refused at once is not repeated. */
static bool is_attempt(const json_t *payload)
{
	return json_is_true(json_object_get(payload, "attempt"));
}

/* What the row is about; l->payload is yours. */
static int late_read(late *l, sqlite3 *db, sqlite3_stmt *st, const char *who, bn_err *err)
{
	const char *entity = (const char *)sqlite3_column_text(st, 3);
	const char *text = (const char *)sqlite3_column_text(st, 4);
	*l = (late){.db = db,
		.kind = (const char *)sqlite3_column_text(st, 2),
		.who = who,
		.state = -1};
	const char *slash = strchr(entity, '/');
	l->name = slash ? slash + 1 : "";
	int rc = bn_json_parse(
		&l->payload, text ? text : "{}", text ? strlen(text) : 2, "event", err);
	if (rc < 0)
		return rc;
	l->version = bn_json_int(l->payload, "version", 0);
	snprintf(l->spec, sizeof l->spec, "%.200s/%lld", l->name, (long long)l->version);
	const char *uuid = bn_json_str(l->payload, "uuid", NULL);
	l->state = bn_sql_int(db, -1,
		"SELECT state FROM model_version WHERE name = ?1 AND version = ?2 AND (?3 IS NULL "
		"OR uuid "
		"= ?3)",
		"sis", l->name, l->version, uuid);
	if (l->state < 0 && uuid) { /* contested: its UUID names it */
		l->state = bn_sql_int(db, -1,
			"SELECT state FROM model_version WHERE name = ?1 AND uuid = ?2", "ss",
			l->name, uuid);
		snprintf(l->spec, sizeof l->spec, "%.100s", uuid);
	}
	return 0;
}

static int act_add(
	bn_late_list *list, size_t *cap, sqlite3_stmt *st, const char *command, bn_err *err)
{
	if (bn_grow(&list->items, cap, list->count + 1, sizeof *list->items))
		return bn_err_nomem(err, "late acts");
	bn_late_act *a = &list->items[list->count++];
	*a = (bn_late_act){.writer = bn_sql_text(st, 0),
		.seq = (uint64_t)sqlite3_column_int64(st, 1),
		.kind = bn_sql_text(st, 2),
		.entity = bn_sql_text(st, 3),
		.reason = bn_sql_text(st, 5),
		.command = bn_strdup(command),
		.time_ms = bn_clock_ms((uint64_t)sqlite3_column_int64(st, 6))};
	return a->writer && a->kind && a->entity && a->command ? 0 : bn_err_nomem(err, "late acts");
}

/* The rows of the statement, which is taken; who: "" for nobody. */
static int list_fill(
	bn_late_list *list, sqlite3 *db, sqlite3_stmt *st, const char *who, bn_err *err)
{
	size_t cap = list->count;
	bn_buf command = BN_BUF_INIT;
	int rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		late l;
		if ((rc = late_read(&l, db, st, who, err)) < 0)
			break;
		bn_buf_clear(&command);
		if (!is_attempt(l.payload))
			command_make(&command, &l);
		json_decref(l.payload);
		if ((rc = bn_buf_check(&command, err, "late acts")) < 0 ||
			(command.len && (rc = act_add(list, &cap, st, command.ptr, err)) < 0))
			break;
	}
	sqlite3_finalize(st);
	bn_buf_release(&command);
	return rc;
}

/* What I signed; and what my account did, whether or not its key is admitted now. */
static int acts_add(bn_late_list *list, sqlite3 *db, const bn_actor *me, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc;
	if ((rc = bn_sql_prepare(&st, db, err, unsigned_sql, "ii", (int64_t)BN_OUTCOME_LATE,
		     (int64_t)me->uid)) < 0 ||
		(rc = list_fill(list, db, st, me->who, err)) < 0 || !me->who[0])
		return rc;
	rc = bn_sql_prepare(&st, db, err, late_sql, "is", (int64_t)BN_OUTCOME_LATE, me->who);
	return rc < 0 ? rc : list_fill(list, db, st, me->who, err);
}

/* One's own links that were beaten, after the acts. */
static int links_add(bn_late_list *list, sqlite3 *db, const char *who, bn_err *err)
{
	bn_lost_links lost = {0};
	size_t cap = list->count;
	int rc = bn_lost_links_read(&lost, db, who, err);
	for (size_t i = 0; i < lost.count && rc >= 0; i++) {
		bn_lost_link *l = &lost.items[i];
		if (bn_grow(&list->items, &cap, list->count + 1, sizeof *list->items)) {
			rc = bn_err_nomem(err, "late acts");
			break;
		}
		bn_late_act *a = &list->items[list->count++];
		*a = (bn_late_act){.writer = l->writer,
			.seq = l->seq,
			.kind = bn_strdup(BN_AUTHORITY_LINK),
			.entity = bn_strdup(BN_AUTHORITY_ENTITY),
			.reason = l->words,
			.command = l->command,
			.time_ms = l->time_ms};
		l->writer = l->words = l->command = NULL;
		if (!a->kind || !a->entity)
			rc = bn_err_nomem(err, "late acts");
	}
	bn_lost_links_release(&lost);
	return rc;
}

int bn_registry_late(bn_late_list **out, bn_workspace *ws, bn_err *err)
{
	sqlite3 *db = NULL;
	bn_actor me = {0};
	bn_late_list *list = bn_alloc_zeroed(1, sizeof *list);
	int rc = list ? bn_workspace_read(&db, ws, err) : bn_err_nomem(err, "late acts");
	if (rc < 0 || (rc = bn_actor_init(&me, ws, db, err)) < 0)
		goto out;
	if (me.is_chained && ((rc = acts_add(list, db, &me, err)) < 0 ||
				     (me.who[0] && (rc = links_add(list, db, me.who, err)) < 0) ||
				     (rc = bn_sql_failed(db, err)) < 0))
		goto out;
	*out = list;
	list = NULL;
out:
	bn_actor_release(&me);
	bn_late_list_free(list);
	return rc;
}

/* ---- repeating ------------------------------------------------------------------------------------- */

/* A late registration that is not yet replaced by another. Both yours. */
typedef struct registration {
	char *name;
	json_t *payload;
} registration;

static int registrations_read(
	registration **out, size_t *n, sqlite3 *db, const char *who, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	size_t cap = 0;
	uint8_t id[ID];
	char hex[2 * ID + 1];
	int rc = bn_sql_prepare(&st, db, err, late_sql, "is", (int64_t)BN_OUTCOME_LATE, who);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		late l;
		if ((rc = late_read(&l, db, st, who, err)) < 0)
			break;
		bool repeats = !strcmp(l.kind, "model.registered") && !is_attempt(l.payload) &&
			       !is_registered(&l) && bn_sql_bytes(st, 7, id, sizeof id);
		if (!repeats) {
			json_decref(l.payload);
			continue;
		}
		bn_hex(id, sizeof id, hex);
		json_object_del(l.payload, "answers");
		json_object_set_new(l.payload, "repeats", json_string(hex));
		registration one = {bn_strdup(l.name), l.payload};
		if (!one.name || bn_grow(out, &cap, *n + 1, sizeof **out)) {
			bn_free(one.name);
			json_decref(one.payload);
			rc = bn_err_nomem(err, "late registrations");
			break;
		}
		(*out)[(*n)++] = one;
	}
	sqlite3_finalize(st);
	return rc;
}

/* 1: repeated, 0: no longer allowed. */
static int registration_repeat(bn_workspace *ws, registration *r, bn_err *err)
{
	bn_action d;
	bn_err why = BN_ERR_INIT;
	const char *uuid = bn_json_str(r->payload, "uuid", "");
	int rc = bn_action_begin(&d, ws, BN_ENTRY_REGISTERED, r->name, NULL, err);
	if (rc < 0)
		goto out;
	if ((rc = d.me.rights->may(d.me.rights->ctx, &d.act, BN_ACT_REGISTER, &why)) < 0) {
		rc = rc == BN_EREFUSED ? 0 : bn_err_move(err, &why);
		goto out;
	}
	d.act.version = bn_json_int(r->payload, "version", 0);
	if (bn_sql_int(d.db, 0, "SELECT 1 FROM model_version WHERE name = ? AND version = ?", "si",
		    r->name, d.act.version) &&
		(rc = bn_action_number(&d, uuid, err)) < 0)
		goto out;
	if (json_object_set_new(r->payload, "version", json_integer(d.act.version)) < 0) {
		rc = bn_err_nomem(err, "an event");
		goto out;
	}
	rc = bn_action_write(&d, true, json_incref(r->payload), 0, &why);
	if (rc == BN_ECONFLICT) /* another process of the owner has done it */
		rc = 0;
	else
		rc = rc < 0 ? bn_err_move(err, &why) : 1;
out:
	bn_action_end(&d);
	return rc;
}

int bn_registry_repeat(bn_workspace *ws, size_t *repeated, bn_err *err)
{
	sqlite3 *db = NULL;
	bn_actor me = {0};
	registration *all = NULL;
	size_t n = 0;
	*repeated = 0;
	int rc = bn_workspace_read(&db, ws, err);
	if (rc < 0 || (rc = bn_actor_init(&me, ws, db, err)) < 0)
		goto out;
	if (me.is_chained && me.who[0] && (rc = registrations_read(&all, &n, db, me.who, err)) < 0)
		goto out;
	for (size_t i = 0; i < n && rc >= 0; i++) {
		rc = registration_repeat(ws, &all[i], err);
		*repeated += rc > 0;
	}
out:
	for (size_t i = 0; i < n; i++) {
		bn_free(all[i].name);
		json_decref(all[i].payload);
	}
	bn_free(all);
	bn_actor_release(&me);
	return rc < 0 ? rc : 0;
}
