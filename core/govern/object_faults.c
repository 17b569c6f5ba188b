/* object_faults.c - see object_faults.h. */
#include "core/govern/object_faults.h"

#include "core/govern/authority.h"
#include "core/govern/closed.h"
#include "core/govern/prove.h"
#include "core/store/index/signed.h"

#include <stdlib.h>
#include <string.h>

enum { ID = BN_SHA256_BYTES };

void bn_object_faults_release(bn_object_faults *f)
{
	bn_free(f->items);
	bn_arena_release(&f->texts);
	*f = (bn_object_faults){0};
}

int bn_object_faults_add(
	bn_object_faults *f, const char *named, bool is_missing, const char *words, bn_err *err)
{
	bn_object_fault x = {.is_missing = is_missing};
	if (strlen(named) != 2 * ID || bn_unhex(named, ID, x.named) < 0)
		memset(x.named, 0, ID); /* no record is searched */
	if (!(x.words = bn_arena_strdup(&f->texts, words)) ||
		bn_grow(&f->items, &f->cap, f->count + 1, sizeof x) != 0)
		return bn_err_nomem(err, "a report");
	f->items[f->count++] = x;
	return 0;
}

static int named_cmp(const void *a, const void *b)
{
	const bn_object_fault *x = a, *y = b;
	int c = memcmp(x->named, y->named, ID);
	return c ? c : strcmp(x->words, y->words);
}

/* The first with that name, and the end of the range. */
static size_t named_find(const bn_object_faults *f, const uint8_t named[ID], size_t *end)
{
	size_t low = 0, high = f->count;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (memcmp(f->items[mid].named, named, ID) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (*end = low; *end < f->count && !memcmp(f->items[*end].named, named, ID);)
		++*end;
	return low;
}

/* ---- whose records ------------------------------------------------------------------------------- */

enum { C_WRITER, C_SEQ, C_KIND, C_ENTITY, C_WRITER_NO, C_NAMED, C_KEY };

static const char *text_at(sqlite3_stmt *st, int column)
{
	return (const char *)sqlite3_column_text(st, column);
}

/* 1: a member vouches for the record of this row. */
static int is_members(sqlite3 *db, sqlite3_stmt *st, bn_err *err)
{
	uint8_t key[ID];
	int rc;
	const bn_event ev = {.key = {.writer = text_at(st, C_WRITER),
				     .seq = (uint64_t)sqlite3_column_int64(st, C_SEQ)},
		.writer_no = sqlite3_column_int64(st, C_WRITER_NO)};
	bool is_signed = bn_sql_bytes(st, C_KEY, key, ID);
	if (is_signed && bn_prove_is_known_key(db, key) &&
		(rc = bn_signed_verify(db, ev.writer_no, ev.key.seq, err)) != 0)
		return rc;
	if (!is_signed && bn_closed_has(db, &ev))
		return 1;
	if ((rc = bn_writer_author(key, db, ev.writer_no, ev.key.seq, err)) <= 0)
		return rc;
	return bn_prove_is_known_key(db, key);
}

static bool is_before(sqlite3_stmt *st, const bn_object_fault *x)
{
	int c = strcmp(text_at(st, C_WRITER), x->writer);
	return c < 0 || (c == 0 && (uint64_t)sqlite3_column_int64(st, C_SEQ) < x->seq);
}

static int record_take(
	bn_object_faults *f, sqlite3_stmt *st, bool is_strangers, size_t at, bn_err *err)
{
	bn_object_fault *x = &f->items[at];
	bool is_first = !x->writer || (is_strangers && x->is_strangers && is_before(st, x));
	if (!is_first && is_strangers)
		return 0;
	x->is_strangers = is_strangers;
	x->writer = bn_arena_strdup(&f->texts, text_at(st, C_WRITER));
	x->kind = bn_arena_strdup(&f->texts, text_at(st, C_KIND));
	x->entity = bn_arena_strdup(&f->texts, text_at(st, C_ENTITY));
	x->seq = (uint64_t)sqlite3_column_int64(st, C_SEQ);
	return x->writer && x->kind && x->entity ? 0 : bn_err_nomem(err, "a report");
}

static int row_read(bn_object_faults *f, sqlite3 *db, sqlite3_stmt *st, bn_err *err)
{
	uint8_t named[ID];
	size_t end;
	if (bn_unhex(text_at(st, C_NAMED), ID, named) < 0)
		return 0;
	size_t at = named_find(f, named, &end);
	/* Those of one name have the same records. */
	if (at == end || (f->items[at].writer && !f->items[at].is_strangers))
		return 0;
	int rc = is_members(db, st, err);
	bool is_strangers = rc == 0;
	for (; rc >= 0 && at < end; at++)
		if (record_take(f, st, is_strangers, at, err) < 0)
			return BN_ENOMEM;
	return rc;
}

int bn_object_faults_find_records(bn_object_faults *f, sqlite3 *db, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	if (!f->count)
		return 0;
	qsort(f->items, f->count, sizeof *f->items, named_cmp);
	int rc = bn_sql_prepare(&st, db, err,
		"SELECT w.name, e.seq, k.name, t.entity, e.writer, j.atom, s.key FROM event e JOIN "
		"json_tree(CASE WHEN typeof(e.payload) = 'text' AND json_valid(e.payload) THEN "
		"e.payload ELSE 'null' END) j JOIN index_name w ON w.no = e.writer JOIN index_name "
		"k ON k.no = e.kind JOIN index_entity_text t ON t.no = e.entity LEFT JOIN "
		"signed_record s ON s.writer = e.writer AND s.seq = e.seq WHERE e.outcome = ? AND "
		"j.type = 'text' AND length(j.atom) = 64",
		"i", (int64_t)BN_OUTCOME_APPLIED);
	if (rc < 0)
		return rc;
	while ((rc = bn_sql_step(st, err)) == 1)
		if ((rc = row_read(f, db, st, err)) < 0)
			break;
	sqlite3_finalize(st);
	return rc < 0 ? rc : 0;
}

int bn_object_faults_judge(
	bn_object_faults *f, bn_workspace *ws, bn_live_hidden *items, size_t count, bn_err *err)
{
	sqlite3 *db;
	size_t end;
	int rc = bn_workspace_read(&db, ws, err);
	if (rc < 0 || !bn_authority_is_founded(db))
		return rc;
	for (size_t i = 0; i < count; i++)
		if ((rc = bn_object_faults_add(f, items[i].hash, true, items[i].what, err)) < 0)
			return rc;
	if ((rc = bn_object_faults_find_records(f, db, err)) < 0)
		return rc;
	for (size_t i = 0; i < count; i++) {
		uint8_t named[ID];
		if (bn_unhex(items[i].hash, ID, named) < 0)
			continue;
		size_t at = named_find(f, named, &end);
		items[i].counts_for_nobody = at < end && f->items[at].is_strangers;
	}
	return bn_sql_failed(db, err);
}
