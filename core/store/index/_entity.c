/* _entity.c - the entities of a batch, by name. */
#include "core/base/hash_key.h"
#include "core/store/index/_batch.h"
#include "core/store/index/_sql.h"

#include <string.h>

static const bn_fold_class *class_in(const bn_fold_class *const *c, const char *entity)
{
	size_t n = strcspn(entity, "/");
	for (; *c; c++)
		if (!strncmp((*c)->name, entity, n) && (*c)->name[n] == '\0')
			return *c;
	return NULL;
}

static fold_entity **table_place(fold_entity **table, size_t size, const char *name)
{
	size_t at = bn_hash_slot(bn_hash_key(name), size);
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

fold_entity *bn_fold_entity_get(bn_fold *f, const char *name, bn_err *err)
{
	bool is_new;
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
	if (bn_numbers_entity(&f->numbers, name, &e->no, &is_new, err) < 0)
		return NULL;
	e->looked = is_new;
	if (!(e->class = class_in(f->classes, name)))
		e->class = class_in(bn_fold_own_classes, name);
	f->entities++;
	*place = e;
	return e;
}

/* 1: out has the last event that the statement finds; 0: it finds none. */
static int last_read(fold_key *out, bn_fold *f, const char *sql, int64_t entity_no, bn_err *err)
{
	sqlite3_stmt *st = NULL;
	int rc = bn_sql_cached(&st, f->db, err, sql, "i", entity_no);
	if (rc < 0)
		return rc;
	if ((rc = bn_sql_step(st, err)) == 1) {
		*out = (fold_key){sqlite3_column_int64(st, 3), sqlite3_column_int64(st, 4),
			(uint64_t)sqlite3_column_int64(st, 0),
			bn_arena_strdup(&f->arena, (const char *)sqlite3_column_text(st, 1)),
			(uint64_t)sqlite3_column_int64(st, 2)};
		if (!out->writer)
			rc = bn_err_nomem(err, "the fold's entities");
	}
	sqlite3_reset(st);
	return rc;
}

int bn_fold_entity_look(bn_fold *f, fold_entity *e, bn_err *err)
{
	static const char by_clock[] =
		"SELECT e.clock, n.name, e.seq, 0, 0 FROM event e JOIN index_name n ON n.no = "
		"e.writer WHERE e.entity = ? ORDER BY e.clock DESC, n.name DESC, e.seq DESC LIMIT "
		"1";
	/* Entities with a place sort after all that have none. */
	static const char by_place[] =
		"SELECT e.clock, n.name, e.seq, coalesce(e.epoch, -1), coalesce(e.depth, -1) FROM "
		"event e INDEXED BY event_by_place CROSS JOIN index_name n ON n.no = e.writer "
		"WHERE e.entity = ? AND (e.epoch IS "
		"NOT NULL OR e.depth IS NOT NULL) ORDER BY coalesce(e.epoch, -1) DESC, "
		"coalesce(e.depth, -1) DESC, e.clock DESC, n.name DESC, e.seq DESC LIMIT 1";
	if (e->looked)
		return 0;
	bool is_placed = e->class && e->class->place;
	int rc = is_placed ? last_read(&e->last, f, by_place, e->no, err) : 0;
	bool found = rc == 1;
	if (rc < 0)
		return rc;
	if (!found) {
		if ((rc = last_read(&e->last, f, by_clock, e->no, err)) < 0)
			return rc;
		found = rc == 1;
		e->last.epoch = e->last.depth = is_placed ? -1 : 0;
	}
	e->was_there = found;
	e->looked = true;
	return 0;
}
