/* _depth.c - see _depth.h. */
#include "core/registry/_depth.h"

#include "core/base/hash.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/closed.h"

#include <string.h>

enum { ID = BN_SHA256_BYTES };

/* A stack of ids of records whose depth is not yet known; each depends on those above it. */
typedef struct ids {
	uint8_t (*items)[ID];
	size_t count, cap;
} ids;

static int ids_push(ids *l, const uint8_t id[ID], bn_err *err)
{
	if (bn_grow(&l->items, &l->cap, l->count + 1, sizeof *l->items))
		return bn_err_nomem(err, "the depth of a record");
	memcpy(l->items[l->count++], id, ID);
	return 0;
}

/* 0: not known. 1 for records that an upgrade closed. Records of other entities are not known, regardless of
 * the order of folding. */
static int64_t known(sqlite3 *db, int64_t entity_no, const uint8_t id[ID])
{
	if (bn_closed_is_id(db, entity_no, id))
		return 1;
	return bn_sql_int(db, 0,
		"SELECT d.depth FROM index_model_depth d JOIN signed_record s ON s.id = d.id WHERE "
		"d.id = ? AND s.entity = ?",
		"bi", id, (size_t)ID, entity_no);
}

static int keep(sqlite3 *db, const uint8_t id[ID], int64_t depth, bn_err *err)
{
	return bn_sql_run(db, err,
		"INSERT OR REPLACE INTO index_model_depth (id, depth) VALUES (?, ?)", "bi", id,
		(size_t)ID, depth);
}

/* The payload of a record of the entity; a new reference. 1; 0 if the log lacks it. */
static int payload_read(
	json_t **out, sqlite3 *db, int64_t entity_no, const uint8_t id[ID], bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err,
		"SELECT e.payload FROM signed_record s CROSS JOIN event e ON e.entity = s.entity "
		"AND "
		"e.clock = s.clock AND e.writer = s.writer AND e.seq = s.seq WHERE s.id = ? AND "
		"s.entity = ?",
		"bi", id, (size_t)ID, entity_no);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1) {
		const char *text = (const char *)sqlite3_column_text(st, 0);
		rc = text && bn_json_parse(out, text, strlen(text), "event", NULL) == 0;
	}
	sqlite3_reset(st);
	return rc;
}

/* The depth from a payload's references; 0 if some are not known, which are pushed; or HOLE. */
static int answers_look(int64_t *depth, ids *todo, sqlite3 *db, int64_t entity_no,
	const json_t *payload, bn_err *err)
{
	const json_t *answers = json_object_get(payload, "answers");
	size_t n = json_array_size(answers);
	int64_t deepest = 0;
	bool waits = false;
	uint8_t id[ID];
	*depth = BN_DEPTH_HOLE;
	for (size_t i = 0; i < n && i < BN_ANSWERS_MAX; i++) {
		const char *hex = json_string_value(json_array_get(answers, i));
		if (!hex || strlen(hex) != 2 * ID || bn_unhex(hex, ID, id) < 0)
			return 0;
		int64_t one = known(db, entity_no, id);
		int rc = one ? 0 : ids_push(todo, id, err);
		if (rc < 0)
			return rc;
		waits = waits || !one;
		deepest = one > deepest ? one : deepest;
	}
	*depth = waits ? 0 : deepest + 1;
	return 0;
}

/* Resolves the top of the stack, or pushes what it depends on. 1: continue, 0: it is a hole. */
static int settle_last(ids *todo, sqlite3 *db, int64_t entity_no, bn_err *err)
{
	uint8_t id[ID];
	int64_t depth;
	json_t *payload = NULL;
	memcpy(id, todo->items[todo->count - 1], ID);
	if (known(db, entity_no, id)) {
		todo->count--;
		return 1;
	}
	int rc = payload_read(&payload, db, entity_no, id, err);
	if (rc <= 0)
		return rc;
	rc = answers_look(&depth, todo, db, entity_no, payload, err);
	json_decref(payload);
	if (rc < 0 || depth == BN_DEPTH_HOLE)
		return rc;
	if (depth == 0)
		return 1;
	todo->count--;
	rc = keep(db, id, depth, err);
	return rc < 0 ? rc : 1;
}

int bn_model_depth(int64_t *depth, sqlite3 *db, const bn_event *ev, bn_err *err)
{
	ids todo = {0};
	int rc = 1;
	if ((*depth = known(db, ev->entity_no, ev->sig->id)))
		return 0;
	if ((rc = answers_look(depth, &todo, db, ev->entity_no, ev->payload, err)) < 0 ||
		*depth == BN_DEPTH_HOLE)
		goto out;
	while (todo.count && (rc = settle_last(&todo, db, ev->entity_no, err)) == 1)
		;
	if (rc < 0)
		goto out;
	if (todo.count) {
		*depth = BN_DEPTH_HOLE;
		goto out;
	}
	if (*depth == 0 &&
		(rc = answers_look(depth, &todo, db, ev->entity_no, ev->payload, err)) < 0)
		goto out;
	rc = keep(db, ev->sig->id, *depth, err);
out:
	bn_free(todo.items);
	return rc < 0 ? rc : 0;
}
