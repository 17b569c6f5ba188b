/*
 * _replay.c - the end of a batch: entities are cleared and replayed from table `event`.
 *
 * In order of dependencies; an entity in whole mode gets its events in one call, and those of a placed
 * one are placed again before any is applied.
 */
#include "core/store/index/_batch.h"
#include "core/store/index/_sql.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { REPLAYS_MAX = 1000, DEPTH_MAX = 500 };

/* Rows of an entity in order: ties of the clock are broken by the writer's name, not its number. */
#define ENTITY_EVENTS \
	"SELECT e.clock, w.name, e.seq, k.name, e.owner, e.payload, e.writer, e.version, " \
	"e.signed, e.epoch, e.depth, e.outcome <> 0 OR e.reason IS NOT NULL, e.type, " \
	"e.outcome, coalesce(e.reason, '') FROM event e " \
	"JOIN index_name w ON w.no = e.writer JOIN index_name k ON k.no = e.kind " \
	"WHERE e.entity = ? ORDER BY e.clock, w.name, e.seq"

static int64_t int_or(sqlite3_stmt *st, int column, int64_t fallback)
{
	return sqlite3_column_type(st, column) == SQLITE_NULL ? fallback
							      : sqlite3_column_int64(st, column);
}

/* Texts belong to the statement and are valid until its next step; sig is f->sig. */
static int event_read(bn_fold *f, bn_event *ev, bool *is_json, const fold_entity *e,
	sqlite3_stmt *st, bn_err *err)
{
	*ev = (bn_event){.key = {(uint64_t)sqlite3_column_int64(st, 0),
				 (const char *)sqlite3_column_text(st, 1),
				 (uint64_t)sqlite3_column_int64(st, 2)},
		.kind = (const char *)sqlite3_column_text(st, 3),
		.entity = e->name,
		.entity_no = e->no,
		.writer_no = sqlite3_column_int64(st, 6),
		.uid = (uid_t)sqlite3_column_int64(st, 4),
		.version = (uint32_t)int_or(st, 7, 1),
		.epoch = int_or(st, 9, -1),
		.depth = int_or(st, 10, -1),
		.unknown_type = (uint8_t)int_or(st, 12, 0)};
	*is_json = sqlite3_column_type(st, 5) == SQLITE_TEXT;
	ev->raw = sqlite3_column_blob(st, 5);
	ev->raw_len = (size_t)sqlite3_column_bytes(st, 5);
	if (!ev->raw)
		ev->raw = "";
	if (sqlite3_column_type(st, 8) == SQLITE_NULL)
		return 0;
	ev->sig = &f->sig.view;
	return bn_fold_signed_read(f, ev->writer_no, ev->key.seq, err);
}

int bn_fold_event_update(bn_fold *f, const bn_event *ev, const fold_verdict *v, bn_err *err)
{
	return bn_sql_run(f->db, err,
		"UPDATE event SET outcome = ?, reason = ?, epoch = nullif(?, -1), "
		"depth = nullif(?, -1) WHERE entity = ? AND clock = ? AND writer = ? AND seq = ?",
		"isiiiiii", (int64_t)v->outcome, v->reason && v->reason[0] ? v->reason : NULL,
		v->epoch, v->depth, ev->entity_no, (int64_t)ev->key.clock, ev->writer_no,
		(int64_t)ev->key.seq);
}

int bn_fold_overrule_earlier(bn_fold *f, const bn_event *ev, const char *reason, bn_err *err)
{
	return bn_sql_run(f->db, err,
		"UPDATE event SET outcome = ?1, reason = ?2 WHERE entity = ?3 AND outcome = ?4 AND "
		"(clock, (SELECT name FROM index_name WHERE no = event.writer), seq) < (?5, ?6, "
		"?7)",
		"isiiisi", (int64_t)BN_OUTCOME_REFUSED, reason, ev->entity_no,
		(int64_t)BN_OUTCOME_APPLIED, (int64_t)ev->key.clock, ev->key.writer,
		(int64_t)ev->key.seq);
}

/* ---- one entity, event by event --------------------------------------------------------------- */

/* Handles the event at the statement's row; the row is updated if its outcome changes. */
static int replay_event(bn_fold *f, const fold_entity *e, sqlite3_stmt *st, bn_err *err)
{
	bool is_json;
	bn_event ev;
	int rc = event_read(f, &ev, &is_json, e, st, err);
	if (rc < 0)
		return rc;
	if (bn_fold_understands(f, e, &ev) && e->class->apply &&
		(rc = bn_fold_apply(f, e, &ev, is_json, err)) != 0)
		return rc;
	fold_verdict v = {f->outcome, f->reason, -1, -1};
	bool same = v.outcome == BN_OUTCOME_APPLIED && !f->reason[0] && !sqlite3_column_int(st, 11);
	return same ? 0 : bn_fold_event_update(f, &ev, &v, err);
}

static int replay_ordered(bn_fold *f, const fold_entity *e, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_prepare(&st, f->db, err, ENTITY_EVENTS, "i", e->no);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if ((rc = replay_event(f, e, st, err)) != 0)
			break;
	}
	sqlite3_finalize(st);
	return rc;
}

/* ---- one entity, whole ------------------------------------------------------------------------ */

void bn_fold_outcome_of(bn_fold *f, size_t i, bn_outcome outcome, const char *reason_fmt, ...)
{
	char reason[256] = "";
	va_list ap;
	BN_BUG(i >= f->verdict_count);
	if (reason_fmt) {
		va_start(ap, reason_fmt);
		vsnprintf(reason, sizeof reason, reason_fmt, ap);
		va_end(ap);
	}
	f->verdicts[i].outcome = outcome;
	f->verdicts[i].reason = reason[0] ? bn_arena_strdup(&f->arena, reason) : NULL;
}

void bn_fold_place(bn_fold *f, size_t i, int64_t epoch, int64_t depth)
{
	BN_BUG(i >= f->verdict_count);
	f->verdicts[i].epoch = epoch;
	f->verdicts[i].depth = depth;
}

typedef struct whole {
	bn_arena arena;
	bn_event *events;
	size_t count, cap;
} whole;

static void whole_release(whole *w)
{
	for (size_t i = 0; i < w->count; i++)
		json_decref((json_t *)(uintptr_t)w->events[i].payload);
	bn_free(w->events);
	bn_arena_release(&w->arena);
}

static const bn_signed *keep_sig(whole *w, const bn_fold *f)
{
	fold_signed *kept = bn_arena_alloc(&w->arena, sizeof *kept);
	if (!kept)
		return NULL;
	*kept = f->sig;
	bn_signed_point(kept);
	return &kept->view;
}

/* NULL if it is not a JSON object. A new reference. */
static const json_t *payload_parse(const bn_event *ev, bool is_json)
{
	json_t *payload =
		is_json ? json_loadb(ev->raw, ev->raw_len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	if (json_is_object(payload))
		return payload;
	json_decref(payload);
	return NULL;
}

/* Appends a copy of the statement's event; takes its payload. */
static int whole_keep(bn_fold *f, whole *w, const bn_event *from, bn_err *err)
{
	if (bn_grow(&w->events, &w->cap, w->count + 1, sizeof *w->events)) {
		json_decref((json_t *)(uintptr_t)from->payload);
		return bn_err_nomem(err, "the events of an entity");
	}
	bn_event *ev = &w->events[w->count++];
	*ev = *from;
	ev->key.writer = bn_arena_strdup(&w->arena, ev->key.writer);
	ev->kind = bn_arena_strdup(&w->arena, ev->kind);
	void *raw = bn_arena_alloc(&w->arena, ev->raw_len + 1);
	if (!ev->key.writer || !ev->kind || !raw || (ev->sig && !(ev->sig = keep_sig(w, f))))
		return bn_err_nomem(err, "the events of an entity");
	ev->raw = memcpy(raw, ev->raw, ev->raw_len);
	return 0;
}

/* Stores the outcome in f for an event that is not kept and has no place. */
static int outcome_note(bn_fold *f, const bn_event *ev, sqlite3_stmt *st, bn_err *err)
{
	const fold_verdict v = {f->outcome, f->reason, -1, -1};
	bool had_place = sqlite3_column_type(st, 9) != SQLITE_NULL ||
			 sqlite3_column_type(st, 10) != SQLITE_NULL;
	if (!had_place && (int)v.outcome == sqlite3_column_int(st, 13) &&
		!strcmp(v.reason, (const char *)sqlite3_column_text(st, 14)))
		return 0;
	return bn_fold_event_update(f, ev, &v, err);
}

/* Appends a copy of the statement's row, if the class understands it and it has a place. */
static int whole_add(bn_fold *f, whole *w, const fold_entity *e, sqlite3_stmt *st, bn_err *err)
{
	bool is_json;
	bn_event ev;
	int rc = event_read(f, &ev, &is_json, e, st, err);
	if (rc < 0)
		return rc;
	if (!bn_fold_understands(f, e, &ev))
		return outcome_note(f, &ev, st, err);
	ev.payload = payload_parse(&ev, is_json);
	rc = e->class->place ? bn_fold_place_event(f, e, &ev, err) : 0;
	if (rc >= 0 && rc != BN_PLACED_NOWHERE)
		return whole_keep(f, w, &ev, err);
	json_decref((json_t *)(uintptr_t)ev.payload);
	return rc < 0 ? rc : outcome_note(f, &ev, st, err);
}

/* For a class in whole mode: one call with all events. */
static int whole_apply(bn_fold *f, const fold_entity *e, whole *w, bn_err *err)
{
	int rc;
	bn_free(f->verdicts);
	f->verdict_count = 0;
	f->verdicts = bn_alloc_zeroed(w->count + 1, sizeof *f->verdicts);
	if (!f->verdicts)
		return bn_err_nomem(err, "the events of an entity");
	f->verdict_count = w->count;
	for (size_t i = 0; i < w->count; i++) {
		f->verdicts[i] = (fold_verdict){.epoch = -1, .depth = -1};
		if ((rc = bn_fold_note_fields(f, e, &w->events[i], err)) < 0)
			return rc;
	}
	if ((rc = e->class->apply_all(f, e->name, w->events, w->count, err)) != 0)
		return rc;
	for (size_t i = 0; i < w->count; i++) {
		if ((rc = bn_fold_event_update(f, &w->events[i], &f->verdicts[i], err)) < 0)
			return rc;
	}
	return 0;
}

static int place_compare(const void *a, const void *b)
{
	const bn_event *x = a, *y = b;
	fold_key left = {x->epoch, x->depth, x->key.clock, x->key.writer, x->key.seq};
	fold_key right = {y->epoch, y->depth, y->key.clock, y->key.writer, y->key.seq};
	return bn_fold_key_compare(&left, &right);
}

/* For a placed class: one by one. */
static int placed_apply(bn_fold *f, const fold_entity *e, whole *w, bn_err *err)
{
	int rc;
	if (w->count)
		qsort(w->events, w->count, sizeof *w->events, place_compare);
	for (size_t i = 0; i < w->count; i++) {
		bn_event *ev = &w->events[i];
		f->outcome = BN_OUTCOME_APPLIED;
		f->reason[0] = '\0';
		if ((rc = bn_fold_note_fields(f, e, ev, err)) < 0 ||
			(rc = e->class->apply(f, ev, err)) != 0)
			return rc;
		fold_verdict v = {f->outcome, f->reason, ev->epoch, ev->depth};
		if ((rc = bn_fold_event_update(f, ev, &v, err)) < 0)
			return rc;
	}
	return 0;
}

static int replay_whole(bn_fold *f, const fold_entity *e, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	whole w = {0};
	int rc = bn_sql_prepare(&st, f->db, err, ENTITY_EVENTS, "i", e->no);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		if ((rc = whole_add(f, &w, e, st, err)) < 0)
			goto out;
	}
	if (rc < 0)
		goto out;
	rc = e->class->place ? placed_apply(f, e, &w, err) : whole_apply(f, e, &w, err);
out:
	sqlite3_finalize(st);
	whole_release(&w);
	return rc;
}

/* ---- clearing and replaying -------------------------------------------------------------------- */

static int entity_clear(bn_fold *f, const fold_entity *e, bn_err *err)
{
	int rc = e->class->clear ? e->class->clear(f, e->name, err) : 0;
	if (rc || (rc = bn_sql_run(f->db, err, "DELETE FROM depends WHERE entity = ?", "i", e->no)))
		return rc;
	return bn_sql_run(f->db, err, "DELETE FROM object_ref WHERE entity = ? AND commuting = 0",
		"i", e->no);
}

static int entity_replay(bn_fold *f, fold_entity *e, bn_err *err)
{
	if (++e->replays > REPLAYS_MAX) /* F3 */
		return bn_err_set(
			err, BN_EIO, "index: '%s' depends on itself through others", e->name);
	f->entity = e;
	f->touched[bn_fold_class_index(f, e->class)] = true;
	int rc = entity_clear(f, e, err);
	if (rc)
		return rc;
	return e->class->apply_all || e->class->place ? replay_whole(f, e, err)
						      : replay_ordered(f, e, err);
}

/* ---- which entities are replayed, and in which order
 * ------------------------------------------------------- */

static void mark_dirty(bn_fold *f, fold_entity *e)
{
	if (!e->class || !bn_fold_has_rows(e->class))
		return;
	e->dirty = true;
	if (e->listed)
		return;
	e->listed = true;
	f->goes_first = f->goes_first || e->class->first;
	e->next_dirty = f->dirty;
	f->dirty = e;
}

/* The entities of a query with one number bound; the caller releases names. */
static int list_names(bn_fold *f, bn_names *names, const char *sql, int64_t no, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, f->db, err, sql, "i", no);
	if (rc)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1)
		if (bn_names_add(names, (const char *)sqlite3_column_text(st, 0))) {
			rc = bn_err_nomem(err, "the fold's dependencies");
			break;
		}
	sqlite3_reset(st);
	return rc;
}

/* Marks the dependents of `on`, which got events or was replayed (F2). */
static int mark_dependents(bn_fold *f, const fold_entity *on, bool replayed, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	int rc = list_names(f, &names,
		"SELECT t.entity FROM depends d JOIN index_entity_text t ON t.no = d.entity "
		"WHERE d.on_entity = ?",
		on->no, err);
	for (size_t i = 0; !rc && i < names.count; i++) {
		fold_entity *e = bn_fold_entity_get(f, names.items[i], err);
		if (!e) {
			rc = BN_ENOMEM;
			break;
		}
		bool seen = !replayed && e->first_at && !e->was_there && on->last_at < e->first_at;
		if (!seen)
			mark_dirty(f, e);
	}
	bn_names_release(&names);
	return rc;
}

static int visit_deps(bn_fold *f, const fold_entity *e, int depth, bn_err *err);

/* Replays e after the dirty entities it depends on, then marks its dependents. */
static int visit(bn_fold *f, fold_entity *e, int depth, bn_err *err)
{
	int rc;
	if (!e->dirty || e->visiting)
		return 0;
	e->visiting = true;
	rc = depth < DEPTH_MAX ? visit_deps(f, e, depth, err) : 0;
	e->visiting = false;
	e->dirty = false;
	if (rc != 0 || (rc = entity_replay(f, e, err)) != 0)
		return rc;
	return mark_dependents(f, e, true, err);
}

static int visit_deps(bn_fold *f, const fold_entity *e, int depth, bn_err *err)
{
	bn_names deps = BN_NAMES_INIT;
	int rc = list_names(f, &deps,
		"SELECT t.entity FROM depends d JOIN index_entity_text t ON "
		"t.no = d.on_entity WHERE d.entity = ?",
		e->no, err);
	for (size_t i = 0; rc == 0 && i < deps.count; i++) {
		fold_entity *d = bn_fold_entity_get(f, deps.items[i], err);
		rc = d ? visit(f, d, depth + 1, err) : BN_ENOMEM;
	}
	bn_names_release(&deps);
	return rc;
}

/* The entities that got ordered events; the table may grow during the walk. */
static int mark_after_events(bn_fold *f, bn_err *err)
{
	int rc = 0;
	size_t n = f->table_size; /* 0: no events */
	if (!n || bn_sql_int(f->db, 0, "SELECT 1 FROM depends LIMIT 1", "") != 1)
		return 0;
	fold_entity **touched = bn_alloc(n * sizeof *touched);
	if (!touched)
		return bn_err_nomem(err, "the fold's entities");
	memcpy(touched, f->table, n * sizeof *touched);
	for (size_t i = 0; !rc && i < n; i++)
		if (touched[i] && touched[i]->first_at)
			rc = mark_dependents(f, touched[i], touched[i]->late, err);
	bn_free(touched);
	return rc;
}

/* ---- the log's first event --------------------------------------------------------------------- */

static const char first_sql[] =
	"SELECT e.clock, n.name, e.seq, e.owner FROM event e JOIN index_name n ON n.no = e.writer "
	"WHERE e.clock = (SELECT min(clock) FROM event) ORDER BY n.name, e.seq LIMIT 1";

int bn_fold_first(fold_key *out, bn_fold *f, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	*out = (fold_key){0};
	int rc = bn_sql_cached(&st, f->db, err, first_sql, "");
	if (rc)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1) {
		out->clock = (uint64_t)sqlite3_column_int64(st, 0);
		out->writer = bn_arena_strdup(&f->arena, (const char *)sqlite3_column_text(st, 1));
		out->seq = (uint64_t)sqlite3_column_int64(st, 2);
		rc = out->writer ? 0 : bn_err_nomem(err, "the fold's first event");
	}
	sqlite3_reset(st);
	return rc;
}

bool bn_index_first_uid(sqlite3 *db, uid_t *uid)
{
	sqlite3_stmt *st = NULL;
	if (bn_sql_cached(&st, db, NULL, first_sql, ""))
		return false;
	bool found = bn_sql_step(st, NULL) == 1;
	if (found)
		*uid = (uid_t)sqlite3_column_int64(st, 3);
	sqlite3_reset(st);
	return found;
}

/* An event earlier than the known first one has arrived: decisions based on the first are
 * repeated. */
static int mark_after_first(bn_fold *f, bn_err *err)
{
	fold_key now;
	int rc = bn_fold_first(&now, f, err);
	if (rc || !f->first.seq || !bn_fold_key_compare(&now, &f->first))
		return rc;
	for (size_t i = 0; f->classes[i]; i++) {
		const char *name = f->classes[i]->follows_first;
		fold_entity *e = name ? bn_fold_entity_get(f, name, err) : NULL;
		if (name && !e)
			return BN_ENOMEM;
		if (e)
			mark_dirty(f, e);
	}
	return 0;
}

/* ---- classes that choose what is replayed
 * ------------------------------------------------------------ */

int bn_fold_replay_entity(bn_fold *f, int64_t entity_no, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	int rc = list_names(
		f, &names, "SELECT entity FROM index_entity_text WHERE no = ?", entity_no, err);
	for (size_t i = 0; !rc && i < names.count; i++) {
		fold_entity *e = bn_fold_entity_get(f, names.items[i], err);
		if (e)
			mark_dirty(f, e);
		rc = e ? 0 : BN_ENOMEM;
	}
	bn_names_release(&names);
	return rc;
}

static bool has_events(const bn_fold *f, size_t class)
{
	if (f->touched[class])
		return true;
	for (size_t i = 0; i < f->table_size; i++)
		if (f->table[i] && f->table[i]->class == f->classes[class] && f->table[i]->first_at)
			return true;
	return false;
}

static int ask_classes(bn_fold *f, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; !rc && f->classes[i]; i++)
		if (f->classes[i]->before_replay &&
			(f->signed_count || f->seal_count || (f->classes[i]->first && f->folded) ||
				has_events(f, i)))
			rc = f->classes[i]->before_replay(f, err);
	return rc;
}

/* Takes the next entity off the work list, preferring one of a class that goes first. */
static fold_entity *next_dirty(bn_fold *f)
{
	fold_entity **at = &f->dirty;
	while (f->goes_first && *at && !(*at)->class->first)
		at = &(*at)->next_dirty;
	if (!*at) {
		f->goes_first = false;
		at = &f->dirty;
	}
	fold_entity *e = *at;
	if (!e)
		return NULL;
	*at = e->next_dirty;
	e->listed = false;
	return e;
}

int bn_fold_replay(bn_fold *f, bn_err *err)
{
	int rc;
	if ((rc = mark_after_first(f, err)) < 0 || (rc = mark_after_events(f, err)) < 0)
		return rc;
	for (size_t i = 0; i < f->table_size; i++)
		if (f->table[i] && f->table[i]->late)
			mark_dirty(f, f->table[i]);
	if ((rc = ask_classes(f, err)) != 0)
		return rc;
	for (fold_entity *e; (e = next_dirty(f));)
		if ((rc = visit(f, e, 0, err)) != 0)
			return rc;
	return 0;
}
