/* _batch.c - turning an event, or a batch of them, into rows. See fold.h and _batch.h. */
#include "core/store/index/_batch.h"
#include "core/base/hash.h"
#include "core/store/index/_sql.h"
#include "core/store/index/ref.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- small things --------------------------------------------------------------------------- */

/* class NULL: by clock. */
static fold_key key_of(const bn_event *ev, const bn_fold_class *class)
{
	bool placed = class && class->place;
	return (fold_key){placed ? ev->epoch : 0, placed ? ev->depth : 0, ev->key.clock,
		ev->key.writer, ev->key.seq};
}

int bn_fold_key_compare(const fold_key *a, const fold_key *b)
{
	if (a->epoch != b->epoch)
		return a->epoch < b->epoch ? -1 : 1;
	if (a->depth != b->depth)
		return a->depth < b->depth ? -1 : 1;
	if (a->clock != b->clock)
		return a->clock < b->clock ? -1 : 1;
	int c = strcmp(a->writer, b->writer);
	if (c)
		return c;
	return a->seq < b->seq ? -1 : a->seq > b->seq;
}

size_t bn_fold_class_index(const bn_fold *f, const bn_fold_class *class)
{
	size_t i = 0;
	while (f->classes[i] && f->classes[i] != class && f->classes[i]->variant_of != class)
		i++;
	BN_BUG(!f->classes[i] || i >= FOLD_CLASSES_MAX);
	return i;
}

/* ---- functions that apply() may call
 * ------------------------------------------------------------------ */

sqlite3 *bn_fold_db(bn_fold *f)
{
	return f->db;
}

const char *bn_fold_workspace_id(bn_fold *f)
{
	return f->from->id;
}

const char *bn_fold_founding(bn_fold *f)
{
	return f->from->founding;
}

int bn_fold_depends(bn_fold *f, const char *entity, bn_err *err)
{
	int64_t no;
	if (f->commuting || !strcmp(entity, f->entity->name))
		return 0;
	int rc = bn_fold_entity(f, entity, &no, err);
	if (rc)
		return rc;
	return bn_sql_run(
		f->db, err, "INSERT OR IGNORE INTO depends VALUES (?, ?)", "ii", f->entity->no, no);
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

int bn_fold_name(bn_fold *f, bn_name_class class, const char *text, int64_t *no, bn_err *err)
{
	return bn_numbers_name(&f->numbers, class, text, no, err);
}

int bn_fold_entity(bn_fold *f, const char *entity, int64_t *no, bn_err *err)
{
	bn_err why = BN_ERR_INIT;
	const fold_entity *e = bn_fold_entity_get(f, entity, &why);
	if (!e)
		return bn_err_move(err, &why);
	*no = e->no;
	return 0;
}

void **bn_fold_slot(bn_fold *f, const bn_fold_class *class)
{
	return &f->slots[bn_fold_class_index(f, class)];
}

/* owner: -1 if everyone can read it. */
static int object_ref(bn_fold *f, const char *hash, const char *role, int64_t owner, bn_err *err)
{
	uint8_t raw[BN_SHA256_BYTES];
	int64_t role_no;
	int rc = bn_numbers_name(&f->numbers, BN_NAME_TEXT, role, &role_no, err);
	if (rc)
		return rc;
	if (bn_unhex(hash, sizeof raw, raw))
		return bn_sql_run(f->db, err,
			"INSERT OR IGNORE INTO object_ref VALUES (?, ?, ?, ?, nullif(?, -1))",
			"isiii", f->entity->no, hash, role_no, (int64_t)f->commuting, owner);
	return bn_sql_run(f->db, err,
		"INSERT OR IGNORE INTO object_ref VALUES (?, ?, ?, ?, nullif(?, -1))", "ibiii",
		f->entity->no, raw, sizeof raw, role_no, (int64_t)f->commuting, owner);
}

int bn_fold_object_ref(bn_fold *f, const char *hash, const char *role, bn_err *err)
{
	return object_ref(f, hash, role, -1, err);
}

int bn_fold_private_ref(bn_fold *f, const char *hash, const char *role, uid_t owner, bn_err *err)
{
	return object_ref(f, hash, role, (int64_t)owner, err);
}

int bn_fold_object_unref(bn_fold *f, const char *hash, const char *role, bn_err *err)
{
	uint8_t raw[BN_SHA256_BYTES];
	int64_t role_no;
	int rc = bn_numbers_name(&f->numbers, BN_NAME_TEXT, role, &role_no, err);
	if (rc < 0)
		return rc;
	if (!hash)
		return bn_sql_run(f->db, err,
			"DELETE FROM object_ref WHERE entity = ? AND role = ? AND commuting = ?",
			"iii", f->entity->no, role_no, (int64_t)f->commuting);
	if (bn_unhex(hash, sizeof raw, raw))
		return 0;
	return bn_sql_run(f->db, err,
		"DELETE FROM object_ref WHERE entity = ? AND hash = ? AND role = ? AND commuting = "
		"?",
		"ibii", f->entity->no, raw, sizeof raw, role_no, (int64_t)f->commuting);
}

/* ---- applying one event --------------------------------------------------------------------- */

int bn_fold_apply(bn_fold *f, const fold_entity *e, bn_event *ev, bool is_json, bn_err *err)
{
	json_t *payload = NULL;
	if (is_json)
		payload = json_loadb(ev->raw, ev->raw_len, JSON_REJECT_DUPLICATES, NULL);
	ev->payload = json_is_object(payload) ? payload : NULL;
	f->entity = e;
	f->outcome = BN_OUTCOME_APPLIED;
	f->reason[0] = '\0';
	int rc = bn_fold_note_fields(f, e, ev, err);
	if (rc < 0 || !e->class->apply)
		goto out;
	f->touched[bn_fold_class_index(f, e->class)] = true;
	rc = e->class->apply(f, ev, err);
out:
	json_decref(payload);
	ev->payload = NULL;
	return rc;
}

static bool has_name(const char *entity)
{
	const char *slash = strchr(entity, '/');
	return slash && slash[1];
}

bool bn_fold_understands(bn_fold *f, const fold_entity *e, bn_event *ev)
{
	const bn_fold_kind *kind = e->class ? bn_fold_kind_of(e->class, ev->kind) : NULL;
	f->outcome = BN_OUTCOME_APPLIED;
	f->reason[0] = '\0';
	if (!e->class)
		bn_fold_outcome(f, BN_OUTCOME_NEWER, "unknown class");
	else if (ev->unknown_type)
		bn_fold_outcome(
			f, BN_OUTCOME_NEWER, "record of type %u", (unsigned)ev->unknown_type);
	else if (ev->version > (e->class->version ? e->class->version : 1))
		bn_fold_outcome(f, BN_OUTCOME_NEWER, "version %u of class %s",
			(unsigned)ev->version, e->class->name);
	else if (!e->class->nameless && !has_name(e->name))
		bn_fold_outcome(f, BN_OUTCOME_INVALID, "the entity has no name");
	else if (!kind)
		bn_fold_outcome(f, BN_OUTCOME_NEWER, "unknown kind");
	else
		ev->kind_no = (size_t)(kind - e->class->kinds);
	return f->outcome == BN_OUTCOME_APPLIED;
}

static bool holds_json(const bn_record *r)
{
	return r->type == BN_RECORD_JSON || r->type == BN_RECORD_SIGNED;
}

static uint8_t unknown_type(const bn_record *r)
{
	return holds_json(r) || r->type == BN_RECORD_RAW ? 0 : r->type;
}

/* Adds the event to table `event` with the outcome that f holds. */
static int event_insert(bn_fold *f, const bn_event *ev, const bn_record *r, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int64_t kind;
	int rc = bn_numbers_name(&f->numbers, BN_NAME_KIND, ev->kind, &kind, err);
	if (rc)
		return rc;
	rc = bn_sql_cached(&st, f->db, err,
		"INSERT INTO event (entity, clock, writer, seq, kind, owner, outcome, reason, "
		"version, signed, type, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 1), "
		"nullif(?, 0), nullif(?, 0), ?)",
		"iiiiiiisiii", ev->entity_no, (int64_t)ev->key.clock, ev->writer_no,
		(int64_t)ev->key.seq, kind, (int64_t)ev->uid, (int64_t)f->outcome,
		f->reason[0] ? f->reason : NULL, (int64_t)ev->version, (int64_t)(ev->sig != NULL),
		(int64_t)ev->unknown_type);
	if (rc)
		return rc;
	if (holds_json(r))
		sqlite3_bind_text64(st, 12, ev->raw, ev->raw_len, SQLITE_STATIC, SQLITE_UTF8);
	else
		sqlite3_bind_blob64(st, 12, ev->raw, ev->raw_len, SQLITE_STATIC);
	rc = bn_sql_step(st, err);
	sqlite3_reset(st);
	return rc;
}

/* Checks the event's position in its entity's order: F1 holds for e, or e is late. */
/* Whether it sorts before an existing one; otherwise it becomes the last. */
static bool stands_before(fold_entity *e, const bn_event *ev)
{
	fold_key key = key_of(ev, e->class);
	if (e->last.seq && bn_fold_key_compare(&key, &e->last) < 0)
		return true;
	e->last = key;
	return false;
}

static void order(fold_entity *e, const bn_event *ev)
{
	if (stands_before(e, ev))
		e->late = true;
	if (e->class && e->class->apply_all)
		e->late = true; /* passed as a whole at the end */
}

/* Whether an event is applied now; late ones are applied at the end. */
static bool applies_now(const fold_entity *e)
{
	return !e->late || !bn_fold_has_rows(e->class);
}

int bn_fold_place_event(bn_fold *f, const fold_entity *e, bn_event *ev, bn_err *err)
{
	f->entity = e;
	f->outcome = BN_OUTCOME_APPLIED;
	f->reason[0] = '\0';
	ev->epoch = ev->depth = -1;
	int rc = e->class->place(f, ev, err);
	if (rc != BN_PLACED_NOWHERE)
		return rc;
	ev->epoch = ev->depth = -1;
	int noted = bn_fold_note_fields(f, e, ev, err);
	return noted < 0 ? noted : rc;
}

/* 1: the event is applied now; 0: later, or never if it has no place. */
static int place(
	bn_fold *f, fold_entity *e, bn_event *ev, bool is_json, bool *is_nowhere, bn_err *err)
{
	json_t *payload = NULL;
	if (is_json)
		payload = json_loadb(ev->raw, ev->raw_len, JSON_REJECT_DUPLICATES, NULL);
	ev->payload = json_is_object(payload) ? payload : NULL;
	int rc = bn_fold_place_event(f, e, ev, err);
	json_decref(payload);
	ev->payload = NULL;
	*is_nowhere = rc == BN_PLACED_NOWHERE;
	if (rc < 0 || *is_nowhere)
		return rc < 0 ? rc : 0;
	if (rc == BN_PLACED_ASIDE) {
		stands_before(e, ev); /* harmless, and the next caller finds it */
		return 1;
	}
	e->late = e->late || rc == BN_PLACED_MOVES_OTHERS || rc == BN_PLACED_LATER;
	order(e, ev);
	return applies_now(e);
}

/* The entity got an event: its dependents are replayed. */
static void note_event(const bn_fold *f, fold_entity *e)
{
	if (!e->first_at)
		e->first_at = f->folded;
	e->last_at = f->folded;
}

/* Placed and signed events are in table `event` before they are applied, so that the class can verify
 * them. */
static int take_inserted(
	bn_fold *f, fold_entity *e, bn_event *ev, const bn_record *r, bool understood, bn_err *err)
{
	int rc = event_insert(f, ev, r, err), applies;
	if (rc || !understood)
		return rc;
	bool is_placed = e->class->place, is_nowhere = false;
	if (is_placed && e->late) {
		note_event(f, e);
		return 0; /* placed and applied with the others */
	}
	applies = is_placed ? place(f, e, ev, holds_json(r), &is_nowhere, err) : applies_now(e);
	if (applies < 0)
		return applies;
	if (!is_nowhere) {
		note_event(f, e);
		f->outcome = BN_OUTCOME_APPLIED;
		f->reason[0] = '\0';
	}
	if (applies && (rc = bn_fold_apply(f, e, ev, holds_json(r), err)) != 0)
		return rc;
	fold_verdict v = {f->outcome, f->reason, ev->epoch, ev->depth};
	bool plain = v.outcome == BN_OUTCOME_APPLIED && !f->reason[0] && v.epoch < 0 && v.depth < 0;
	return plain ? 0 : bn_fold_event_update(f, ev, &v, err);
}

static int take_ordered(
	bn_fold *f, fold_entity *e, bn_event *ev, const bn_record *r, bool understood, bn_err *err)
{
	int rc = bn_fold_entity_look(f, e, err);
	if (rc)
		return rc;
	if (!f->first.seq)
		f->first = key_of(ev, NULL);
	bool is_placed = e->class && e->class->place;
	if (!is_placed) {
		note_event(f, e);
		order(e, ev);
	}
	if (is_placed || ev->sig)
		return take_inserted(f, e, ev, r, understood, err);
	if (understood && applies_now(e) && (rc = bn_fold_apply(f, e, ev, holds_json(r), err)) != 0)
		return rc;
	return event_insert(f, ev, r, err);
}

int bn_fold_take(bn_fold *f, const fold_record *from, bn_err *err)
{
	const bn_record *r = from->r;
	bn_event ev = {.key = {r->clock, from->writer, r->seq},
		.kind = r->kind,
		.entity = r->entity,
		.uid = from->uid,
		.version = r->version,
		.unknown_type = unknown_type(r),
		.epoch = -1,
		.depth = -1,
		.raw = r->payload,
		.raw_len = r->payload_len,
		.at = from->at,
		.crc = r->crc};
	f->folded++;
	if (f->from->wants && r->type != BN_RECORD_SIGNED &&
		!f->from->wants(f->from->wants_ctx, r->entity))
		return 0;
	fold_entity *e = bn_fold_entity_get(f, r->entity, err);
	if (!e)
		return BN_ENOMEM;
	int rc = bn_numbers_name(&f->numbers, BN_NAME_WRITER, from->writer, &ev.writer_no, err);
	if (rc)
		return rc;
	ev.entity_no = e->no;
	if (r->type == BN_RECORD_SIGNED) {
		bn_fold_signed_of(f, from);
		ev.sig = &f->sig.view;
		if ((rc = bn_fold_signed_take(f, &ev, r, err)) != 0)
			return rc;
	}
	bool understood = bn_fold_understands(f, e, &ev);
	if (!understood || !e->class->kinds[ev.kind_no].commuting)
		return take_ordered(f, e, &ev, r, understood, err);
	f->commuting = true;
	rc = bn_fold_apply(f, e, &ev, holds_json(r), err);
	f->commuting = false;
	return rc;
}

/* ---- a batch -------------------------------------------------------------------------------- */

/* Updates the derived rows of the classes that got events. */
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
	bn_free(f->verdicts);
	bn_free(f->signed_new);
	bn_free(f->seals);
	bn_free(f->table);
	bn_arena_release(&f->arena);
}

int bn_fold_batch(const bn_fold_source *from, uint64_t *folded, bn_err *err)
{
	bn_fold f = {.from = from, .db = from->db, .classes = from->classes};
	bn_numbers_init(&f.numbers, f.db);
	int rc = bn_fold_first(&f.first, &f, err);
	*folded = 0;
	if (rc || (rc = bn_fold_intake(&f, err)) || (rc = bn_fold_replay(&f, err)) ||
		(rc = batch_end(&f, err))) /* BN_FOLD_REBUILD, which is positive, also ends it */
		goto out;
	*folded = f.folded;
out:
	batch_free(&f);
	return rc;
}
