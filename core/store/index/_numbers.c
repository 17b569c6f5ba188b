/* _numbers.c - see _numbers.h. */
#include "core/store/index/_numbers.h"

#include "core/base/hash.h"
#include "core/base/hash_key.h"
#include "core/store/index/_sql.h"
#include "core/store/log/record.h"

#include <string.h>

enum { ID_TEXT = 32, ID_BYTES = 16 };

/* ---- an entity's name as stored in index_entity --------------------------------------------- */

typedef struct entity_parts {
	char class[BN_ENTITY_MAX + 1];
	const char *text;       /* after the '/', or NULL if stored as a blob */
	uint8_t blob[ID_BYTES]; /* of 32 hex digits */
	size_t blob_len;        /* ID_BYTES, or 0 for a name without '/' */
} entity_parts;

static void entity_split(entity_parts *out, const char *entity)
{
	size_t n = strcspn(entity, "/");
	n = n < sizeof out->class ? n : sizeof out->class - 1;
	memcpy(out->class, entity, n);
	out->class[n] = '\0';
	out->text = entity[n] == '/' ? entity + n + 1 : NULL;
	out->blob_len = 0;
	if (out->text && strlen(out->text) == ID_TEXT && bn_is_hex(out->text) &&
		bn_unhex(out->text, ID_BYTES, out->blob) == 0) {
		out->text = NULL;
		out->blob_len = ID_BYTES;
	}
}

static void bind_name(sqlite3_stmt *st, int at, const entity_parts *p)
{
	if (p->text)
		sqlite3_bind_text(st, at, p->text, -1, SQLITE_STATIC);
	else
		sqlite3_bind_blob(st, at, p->blob, (int)p->blob_len, SQLITE_STATIC);
}

#define FIND_NAME "SELECT no FROM index_name WHERE class = ? AND name = ?"
#define FIND_ENTITY "SELECT no FROM index_entity WHERE class = ? AND name = ?"

/* 1: found, 0: not. */
static int entity_find(
	sqlite3 *db, int64_t class_no, const entity_parts *p, int64_t *no, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, db, err, FIND_ENTITY, "i", class_no);
	if (rc)
		return rc;
	bind_name(st, 2, p);
	if ((rc = bn_sql_step(st, err)) == 1)
		*no = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	return rc;
}

/* ---- for readers ---------------------------------------------------------------------------- */

int64_t bn_index_name(sqlite3 *db, bn_name_class class, const char *text)
{
	return bn_sql_int(db, -1, FIND_NAME, "is", (int64_t) class, text);
}

int64_t bn_index_entity(sqlite3 *db, const char *entity)
{
	entity_parts parts;
	int64_t no = -1;
	entity_split(&parts, entity);
	int64_t class_no = bn_index_name(db, BN_NAME_CLASS, parts.class);
	if (class_no < 0 || entity_find(db, class_no, &parts, &no, NULL) != 1)
		return -1;
	return no;
}

bool bn_index_is_newer(sqlite3 *db, const char *entity)
{
	int64_t no = bn_index_entity(db, entity);
	return no >= 0 && bn_sql_int(db, 0,
				  "SELECT 1 FROM event WHERE entity = ? AND outcome = ? AND "
				  "signed IS NOT NULL LIMIT 1",
				  "ii", no, (int64_t)BN_OUTCOME_NEWER) == 1;
}

/* ---- for the fold --------------------------------------------------------------------------- */

void bn_numbers_init(bn_numbers *n, sqlite3 *db)
{
	*n = (bn_numbers){.db = db, .last_name = -1, .last_entity = -1};
}

void bn_numbers_release(bn_numbers *n)
{
	bn_arena_release(&n->arena);
	bn_free(n->names);
	*n = (bn_numbers){0};
}

static bn_number *name_place(
	bn_number *names, size_t size, uint64_t hash, bn_name_class class, const char *text)
{
	size_t at = bn_hash_slot(hash, size);
	while (names[at].text && (names[at].hash != hash || names[at].class != class ||
					 strcmp(names[at].text, text)))
		at = (at + 1) & (size - 1);
	return &names[at];
}

static int names_grow(bn_numbers *n, bn_err *err)
{
	size_t size = n->size ? n->size * 2 : 64;
	bn_number *grown = bn_alloc_zeroed(size, sizeof *grown);
	if (!grown)
		return bn_err_nomem(err, "the fold's names");
	for (size_t i = 0; i < n->size; i++) {
		const bn_number *old = &n->names[i];
		if (old->text)
			*name_place(grown, size, old->hash, old->class, old->text) = *old;
	}
	bn_free(n->names);
	n->names = grown;
	n->size = size;
	return 0;
}

/* The number of a text that is not yet mirrored. */
static int name_find_or_add(
	bn_numbers *n, bn_name_class class, const char *text, int64_t *no, bn_err *err)
{
	if (n->last_name < 0)
		n->last_name = bn_sql_int(n->db, 0, "SELECT max(no) FROM index_name", "");
	if ((*no = bn_index_name(n->db, class, text)) >= 0)
		return 0;
	*no = ++n->last_name;
	return bn_sql_run(n->db, err, "INSERT INTO index_name VALUES (?, ?, ?)", "iis", *no,
		(int64_t) class, text);
}

int bn_numbers_name(bn_numbers *n, bn_name_class class, const char *text, int64_t *no, bn_err *err)
{
	int rc = 0;
	if (n->count * 2 >= n->size && (rc = names_grow(n, err)) < 0)
		return rc;
	uint64_t hash = bn_hash_key_on(BN_HASH_KEY ^ (uint64_t) class, text);
	bn_number *place = name_place(n->names, n->size, hash, class, text);
	if (place->text) {
		*no = place->no;
		return 0;
	}
	if ((rc = name_find_or_add(n, class, text, no, err)) < 0)
		return rc;
	char *kept = bn_arena_strdup(&n->arena, text);
	if (!kept)
		return bn_err_nomem(err, "the fold's names");
	*place = (bn_number){hash, *no, class, kept};
	n->count++;
	return 0;
}

int bn_numbers_entity(bn_numbers *n, const char *entity, int64_t *no, bool *is_new, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	entity_parts parts;
	int64_t class_no;
	entity_split(&parts, entity);
	int rc = bn_numbers_name(n, BN_NAME_CLASS, parts.class, &class_no, err);
	if (rc < 0)
		return rc;
	if (n->last_entity < 0) {
		n->last_entity = bn_sql_int(n->db, 0, "SELECT max(no) FROM index_entity", "");
		n->empty_entities = n->last_entity == 0;
	}
	*is_new = false;
	if (!n->empty_entities && (rc = entity_find(n->db, class_no, &parts, no, err)) != 0)
		return rc == 1 ? 0 : rc;
	*is_new = true;
	*no = ++n->last_entity;
	if ((rc = bn_sql_cached(&st, n->db, err, "INSERT INTO index_entity VALUES (?, ?, ?)", "ii",
		     *no, class_no)) < 0)
		return rc;
	bind_name(st, 3, &parts);
	rc = bn_sql_step(st, err);
	sqlite3_reset(st);
	return rc;
}
