/* fold.c - see fold.h for the contract and _fold.h for how it is kept. */
#include "core/store/index/_fold.h"

#include "core/store/index/_sql.h"
#include "core/store/index/ref.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { REPLAYS_MAX = 1000, DEPTH_MAX = 500 };

/* ---- small things --------------------------------------------------------------------------- */

int fold_key_compare(const fold_key *a, const fold_key *b)
{
	if (a->clock != b->clock)
		return a->clock < b->clock ? -1 : 1;
	int c = strcmp(a->writer, b->writer);
	if (c)
		return c;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

const bn_fold_class *fold_class_of(const bn_fold *f, const char *entity)
{
	size_t n = strcspn(entity, "/");
	for (const bn_fold_class *const *c = f->classes; *c; c++)
		if (!strncmp((*c)->name, entity, n) && (*c)->name[n] == '\0')
			return *c;
	return NULL;
}

bool fold_kind_commutes(const bn_fold_class *class, const char *kind)
{
	const char *const *k = class ? class->commuting_kinds : NULL;
	for (; k && *k; k++)
		if (!strcmp(*k, kind))
			return true;
	return false;
}

const char *fold_user(bn_fold *f, uid_t uid)
{
	size_t most = sizeof f->users / sizeof *f->users;
	for (size_t i = 0; i < f->user_count; i++)
		if (f->users[i].uid == uid)
			return f->users[i].name;
	size_t at = f->user_count < most ? f->user_count++ : most - 1;
	const bn_env *env = f->ix->ws->env;
	f->users[at].uid = uid;
	env->user_name(env, uid, f->users[at].name, sizeof f->users[at].name);
	return f->users[at].name;
}

static fold_entity **table_place(fold_entity **table, size_t size, const char *name)
{
	size_t at = bn_numbers_hash(name, 0) & (size - 1);
	while (table[at] && strcmp(table[at]->name, name))
		at = (at + 1) & (size - 1);
	return &table[at];
}

static int table_grow(bn_fold *f, bn_err *err)
{
	size_t size = f->table_size ? f->table_size * 2 : 64;
	fold_entity **grown = bn_alloc_zeroed(size, sizeof *grown);
	if (!grown)
		return bn_err_nomem(err, "the fold's entities");
	for (size_t i = 0; i < f->table_size; i++)
		if (f->table[i])
			*table_place(grown, size, f->table[i]->name) = f->table[i];
	bn_free(f->table);
	f->table = grown;
	f->table_size = size;
	return 0;
}

fold_entity *fold_entity_get(bn_fold *f, const char *name, bn_err *err)
{
	if (f->entities * 2 >= f->table_size && table_grow(f, err))
		return NULL;
	fold_entity **place = table_place(f->table, f->table_size, name);
	if (*place)
		return *place;
	fold_entity *e = bn_arena_alloc(&f->arena, sizeof *e);
	if (!e || !(e->name = bn_arena_strdup(&f->arena, name))) {
		bn_err_nomem(err, "the fold's entities");
		return NULL;
	}
	bool is_new;
	if (bn_numbers_entity(&f->numbers, name, &e->no, &is_new, err) < 0)
		return NULL;
	e->class = fold_class_of(f, name);
	f->entities++;
	*place = e;
	return e;
}

/* ---- what apply() may call ------------------------------------------------------------------ */

sqlite3 *bn_fold_db(bn_fold *f)
{
	return f->db;
}

bn_workspace *bn_fold_workspace(bn_fold *f)
{
	return f->ix->ws;
}

int bn_fold_depends(bn_fold *f, const char *entity, bn_err *err)
{
	if (f->commuting || !strcmp(entity, f->entity))
		return 0;
	return bn_sql_run(
		f->db, err, "INSERT OR IGNORE INTO depends VALUES (?, ?)", "ss", f->entity, entity);
}

void bn_fold_outcome(bn_fold *f, bn_outcome outcome, const char *reason_fmt, ...)
{
	va_list ap;
	f->outcome = outcome;
	f->reason[0] = '\0';
	if (!reason_fmt)
		return;
	va_start(ap, reason_fmt);
	vsnprintf(f->reason, sizeof f->reason, reason_fmt, ap);
	va_end(ap);
}

int bn_fold_unknown_kind(bn_fold *f)
{
	bn_fold_outcome(f, BN_OUTCOME_NEWER, "unknown kind");
	return 0;
}

int bn_fold_name(bn_fold *f, bn_name_class class, const char *text, int64_t *no, bn_err *err)
{
	return bn_numbers_name(&f->numbers, class, text, no, err);
}

int bn_fold_entity(bn_fold *f, const char *entity, int64_t *no, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	const fold_entity *e = fold_entity_get(f, entity, &why);
	if (!e)
		return bn_err_set(err, why.code, "%s", why.msg);
	*no = e->no;
	return 0;
}

static size_t class_index(const bn_fold *f, const bn_fold_class *class)
{
	size_t i = 0;
	while (f->classes[i] && f->classes[i] != class)
		i++;
	BN_BUG(!f->classes[i]);
	return i;
}

void **bn_fold_slot(bn_fold *f, const bn_fold_class *class)
{
	return &f->slots[class_index(f, class)];
}

int bn_fold_object_ref(bn_fold *f, const char *hash, const char *role, bn_err *err)
{
	return bn_sql_run(f->db, err, "INSERT OR IGNORE INTO object_ref VALUES (?, ?, ?, ?)",
		"sssi", hash, f->entity, role, (int64_t)f->commuting);
}

/* ---- applying one event --------------------------------------------------------------------- */

static int event_apply(
	bn_fold *f, const bn_fold_class *class, bn_event *ev, bool is_json, bn_err *err)
{
	json_t *payload = NULL;
	if (is_json)
		payload = json_loadb(ev->raw, ev->raw_len, JSON_REJECT_DUPLICATES, NULL);
	ev->payload = json_is_object(payload) ? payload : NULL;
	f->entity = ev->entity;
	f->outcome = BN_OUTCOME_APPLIED;
	f->reason[0] = '\0';
	f->touched[class_index(f, class)] = true;
	int rc = class->apply(f, ev, err);
	json_decref(payload);
	return rc;
}

int fold_take(bn_fold *f, const char *writer, uid_t uid, const bn_record *r, bn_err *err)
{
	bn_event ev = {.key = {r->clock, writer, r->seq},
		.kind = r->kind,
		.entity = r->entity,
		.uid = uid,
		.user = fold_user(f, uid),
		.version = 1,
		.epoch = -1,
		.depth = -1,
		.raw = r->payload,
		.raw_len = r->payload_len};
	f->folded++;
	fold_entity *e = fold_entity_get(f, r->entity, err);
	if (!e)
		return BN_ENOMEM;
	int rc = bn_numbers_name(&f->numbers, BN_NAME_WRITER, writer, &ev.writer_no, err);
	if (rc)
		return rc;
	ev.entity_no = e->no;
	const bn_fold_class *class = e->class;
	if (fold_kind_commutes(class, r->kind)) {
		f->commuting = true;
		rc = event_apply(f, class, &ev, r->type == BN_RECORD_JSON, err);
		f->commuting = false;
		return rc;
	}
	fold_key key = {r->clock, writer, r->seq};
	if (!e->first_new.seq || fold_key_compare(&key, &e->first_new) < 0)
		e->first_new = key;
	if (!e->last_new.seq || fold_key_compare(&key, &e->last_new) > 0)
		e->last_new = key;
	sqlite3_stmt *st = NULL;
	rc = bn_sql_cached(&st, f->db, err,
		"INSERT INTO event (clock, writer, seq, kind, entity, uid, user, payload) "
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		"isissis", (int64_t)r->clock, writer, (int64_t)r->seq, r->kind, r->entity,
		(int64_t)uid, ev.user);
	if (rc)
		return rc;
	if (r->type == BN_RECORD_JSON)
		sqlite3_bind_text64(st, 8, (const char *)r->payload, r->payload_len, SQLITE_STATIC,
			SQLITE_UTF8);
	else
		sqlite3_bind_blob64(st, 8, r->payload, r->payload_len, SQLITE_STATIC);
	rc = sqlite3_step(st) == SQLITE_DONE ? 0 : bn_sql_error(f->db, err, "adding an event");
	sqlite3_reset(st);
	return rc;
}

/* Applies the event in the current row of a SELECT over EVENT_COLUMNS. */
#define EVENT_COLUMNS "rowid, clock, writer, seq, kind, entity, uid, user, payload"

static int row_apply(bn_fold *f, const fold_entity *e, sqlite3_stmt *st, bn_err *err)
{
	static const char *const outcomes[] = {"applied", "refused", "invalid", "newer"};
	bn_event ev = {.key = {(uint64_t)sqlite3_column_int64(st, 1),
			       (const char *)sqlite3_column_text(st, 2),
			       (uint64_t)sqlite3_column_int64(st, 3)},
		.kind = (const char *)sqlite3_column_text(st, 4),
		.entity = (const char *)sqlite3_column_text(st, 5),
		.entity_no = e->no,
		.uid = (uid_t)sqlite3_column_int64(st, 6),
		.user = (const char *)sqlite3_column_text(st, 7),
		.version = 1,
		.epoch = -1,
		.depth = -1};
	bool is_json = sqlite3_column_type(st, 8) == SQLITE_TEXT;
	ev.raw = sqlite3_column_blob(st, 8);
	ev.raw_len = (size_t)sqlite3_column_bytes(st, 8);
	if (!ev.raw)
		ev.raw = "";
	int rc = bn_numbers_name(&f->numbers, BN_NAME_WRITER, ev.key.writer, &ev.writer_no, err);
	if (!rc)
		rc = event_apply(f, e->class, &ev, is_json, err);
	if (!rc && (f->outcome != BN_OUTCOME_APPLIED || f->reason[0]))
		rc = bn_sql_run(f->db, err,
			"UPDATE event SET outcome = ?, reason = ? WHERE rowid = ?", "ssi",
			outcomes[f->outcome], f->reason[0] ? f->reason : NULL,
			sqlite3_column_int64(st, 0));
	return rc;
}

/* ---- in order ------------------------------------------------------------------------------- */

static int entity_set_state(bn_fold *f, const char *entity, const fold_key *k, bn_err *err)
{
	return bn_sql_run(f->db, err, "INSERT OR REPLACE INTO entity_state VALUES (?, ?, ?, ?)",
		"sisi", entity, (int64_t)k->clock, k->writer, (int64_t)k->seq);
}

/* Finds out whether an older event of e has arrived behind newer ones. */
static int entity_look(bn_fold *f, fold_entity *e, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, f->db, err,
		"SELECT clock, writer, seq FROM entity_state WHERE entity = ?", "s", e->name);
	if (rc)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1) {
		fold_key last = {(uint64_t)sqlite3_column_int64(st, 0),
			(const char *)sqlite3_column_text(st, 1),
			(uint64_t)sqlite3_column_int64(st, 2)};
		e->was_there = true;
		e->late = fold_key_compare(&e->first_new, &last) < 0;
		rc = 0;
	}
	sqlite3_reset(st);
	return rc;
}

static int apply_in_order(bn_fold *f, int64_t rowid_before, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = 0;
	bool any = false;
	for (size_t i = 0; !rc && i < f->table_size; i++)
		if (f->table[i] && f->table[i]->first_new.seq) {
			any = true;
			rc = entity_look(f, f->table[i], err);
		}
	if (rc || !any)
		return rc;
	/* The pluses keep SQLite from walking the whole table by clock to spare itself a sort. */
	rc = bn_sql_prepare(&st, f->db, err,
		"SELECT " EVENT_COLUMNS " FROM event WHERE rowid > ? "
		"ORDER BY +clock, +writer, +seq",
		"i", rowid_before);
	if (rc)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1) {
		fold_entity *e = fold_entity_get(f, (const char *)sqlite3_column_text(st, 5), err);
		rc = !e ? BN_ENOMEM : e->class && !e->late ? row_apply(f, e, st, err) : 0;
		if (rc)
			break;
	}
	sqlite3_finalize(st);
	for (size_t i = 0; !rc && i < f->table_size; i++) {
		fold_entity *e = f->table[i];
		if (e && e->first_new.seq && !e->late)
			rc = entity_set_state(f, e->name, &e->last_new, err);
	}
	return rc;
}

/* ---- replays -------------------------------------------------------------------------------- */

static void mark_dirty(bn_fold *f, fold_entity *e)
{
	if (!e->class)
		return;
	e->dirty = true;
	if (e->listed)
		return;
	e->listed = true;
	e->next_dirty = f->dirty;
	f->dirty = e;
}

/* The texts of a one-column query with one text bound; names is the caller's to release. */
static int list_names(bn_fold *f, bn_names *names, const char *sql, const char *bound, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, f->db, err, sql, "s", bound);
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

/* on got events, or was replayed: marks who depends on it. In order: who is new and comes after
 * all of on's events has seen them already. */
static int mark_dependents(bn_fold *f, const fold_entity *on, bool in_order, bn_err *err)
{
	bn_names names = BN_NAMES_INIT;
	int rc = list_names(
		f, &names, "SELECT entity FROM depends WHERE on_entity = ?", on->name, err);
	for (size_t i = 0; !rc && i < names.count; i++) {
		fold_entity *e = fold_entity_get(f, names.items[i], err);
		if (!e) {
			rc = BN_ENOMEM;
			break;
		}
		bool seen = in_order && e->first_new.seq && !e->was_there &&
			    fold_key_compare(&on->last_new, &e->first_new) < 0;
		if (!seen)
			mark_dirty(f, e);
	}
	bn_names_release(&names);
	return rc;
}

static int entity_clear(bn_fold *f, const fold_entity *e, bn_err *err)
{
	int rc = e->class->clear ? e->class->clear(f, e->name, err) : 0;
	if (rc ||
		(rc = bn_sql_run(
			 f->db, err, "DELETE FROM depends WHERE entity = ?", "s", e->name)) ||
		(rc = bn_sql_run(f->db, err,
			 "DELETE FROM object_ref WHERE entity = ? AND commuting = 0", "s",
			 e->name)))
		return rc;
	return bn_sql_run(f->db, err,
		"UPDATE event SET outcome = 'applied', reason = NULL "
		"WHERE entity = ? AND (outcome <> 'applied' OR reason IS NOT NULL)",
		"s", e->name);
}

static int entity_replay(bn_fold *f, fold_entity *e, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	fold_key last = {0};
	char writer[BN_WRITER_NAME_MAX + 1] = "";
	if (++e->replays > REPLAYS_MAX)
		return bn_err_set(
			err, BN_EIO, "index: '%s' depends on itself through others", e->name);
	f->entity = e->name;
	f->touched[class_index(f, e->class)] = true;
	int rc = entity_clear(f, e, err);
	if (rc)
		return rc;
	rc = bn_sql_prepare(&st, f->db, err,
		"SELECT " EVENT_COLUMNS " FROM event WHERE entity = ? ORDER BY clock, writer, seq",
		"s", e->name);
	while (!rc && (rc = bn_sql_step(st, err)) == 1) {
		last.clock = (uint64_t)sqlite3_column_int64(st, 1);
		last.seq = (uint64_t)sqlite3_column_int64(st, 3);
		snprintf(writer, sizeof writer, "%s", (const char *)sqlite3_column_text(st, 2));
		rc = row_apply(f, e, st, err);
	}
	sqlite3_finalize(st);
	last.writer = writer;
	if (!rc && last.seq)
		rc = entity_set_state(f, e->name, &last, err);
	return rc;
}

/* Replays e after the dirty ones it depends on, then marks who depends on it. */
static int visit(bn_fold *f, fold_entity *e, int depth, bn_err *err)
{
	bn_names deps = BN_NAMES_INIT;
	if (!e->dirty || e->visiting)
		return 0;
	e->visiting = true;
	int rc = depth >= DEPTH_MAX
			 ? 0
			 : list_names(f, &deps, "SELECT on_entity FROM depends WHERE entity = ?",
				   e->name, err);
	for (size_t i = 0; !rc && i < deps.count; i++) {
		fold_entity *d = fold_entity_get(f, deps.items[i], err);
		rc = d ? visit(f, d, depth + 1, err) : BN_ENOMEM;
	}
	bn_names_release(&deps);
	e->visiting = false;
	e->dirty = false;
	if (!rc && !(rc = entity_replay(f, e, err)))
		rc = mark_dependents(f, e, false, err);
	return rc;
}

static int replay_all(bn_fold *f, bn_err *err)
{
	int rc = 0;
	size_t n = f->table_size; /* 0: a batch of commuting events alone */
	if (n && bn_sql_int(f->db, 0, "SELECT 1 FROM depends LIMIT 1", "") == 1) {
		fold_entity **touched = bn_alloc(n * sizeof *touched);
		if (!touched)
			return bn_err_nomem(err, "the fold's entities");
		memcpy(touched, f->table, n * sizeof *touched); /* the table grows on the way */
		for (size_t i = 0; !rc && i < n; i++)
			if (touched[i] && touched[i]->first_new.seq)
				rc = mark_dependents(f, touched[i], !touched[i]->late, err);
		bn_free(touched);
	}
	for (size_t i = 0; i < f->table_size; i++)
		if (f->table[i] && f->table[i]->late)
			mark_dirty(f, f->table[i]);
	while (!rc && f->dirty) {
		fold_entity *e = f->dirty;
		f->dirty = e->next_dirty;
		e->listed = false;
		rc = visit(f, e, 0, err);
	}
	return rc;
}

/* ---- a batch -------------------------------------------------------------------------------- */

/* The derived rows of the classes that got something. */
static int batch_end(bn_fold *f, bn_err *err)
{
	int rc = 0;
	for (size_t i = 0; !rc && f->classes[i]; i++)
		if (f->touched[i] && f->classes[i]->batch_end)
			rc = f->classes[i]->batch_end(f, err);
	return rc;
}

static void batch_free(bn_fold *f)
{
	for (size_t i = 0; f->classes[i]; i++)
		if (f->slots[i] && f->classes[i]->batch_free)
			f->classes[i]->batch_free(f->slots[i]);
	bn_numbers_release(&f->numbers);
	bn_free(f->table);
	bn_arena_release(&f->arena);
}

int bn_fold_batch(bn_index *ix, uint64_t *folded, bn_err *err)
{
	bn_fold f = {.ix = ix, .db = ix->db, .classes = ix->ws->classes};
	bn_numbers_init(&f.numbers, f.db);
	int64_t before = bn_sql_int(f.db, 0, "SELECT max(rowid) FROM event", "");
	int rc = fold_intake(&f, err);
	if (!rc)
		rc = apply_in_order(&f, before, err);
	if (!rc)
		rc = replay_all(&f, err);
	if (!rc)
		rc = batch_end(&f, err);
	*folded = rc ? 0 : f.folded;
	batch_free(&f);
	return rc;
}
