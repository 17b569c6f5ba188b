/*
 * _numbers.h - integers in place of texts and entities, private to one index.
 *
 * Tables index_name and index_entity hold them; within a batch both are mirrored in memory, so that
 * a text is looked up by SQL at most once. Numbers are never reused or changed while an index lives;
 * a rebuild gives new ones.
 */
#ifndef BN_STORE_INDEX__NUMBERS_H
#define BN_STORE_INDEX__NUMBERS_H
#include "core/base/mem.h"
#include "core/store/index/fold.h"

/* One text, allocated in the arena. Open addressing by (class, text). */
typedef struct bn_number {
	uint64_t hash;
	int64_t no;
	bn_name_class class;
	const char *text;
} bn_number;

typedef struct bn_numbers {
	sqlite3 *db;
	bn_arena arena;
	bn_number *names;
	size_t size, count;
	int64_t last_name, last_entity; /* highest numbers in use; -1: not read yet */
	bool empty_entities;            /* index_entity was empty when the batch began */
} bn_numbers;

void bn_numbers_init(bn_numbers *n, sqlite3 *db);
void bn_numbers_release(bn_numbers *n);
int bn_numbers_name(bn_numbers *n, bn_name_class class, const char *text, int64_t *no, bn_err *err);
/* Looks up the entity, or adds it; *is_new says which. The caller does the mirroring. */
int bn_numbers_entity(bn_numbers *n, const char *entity, int64_t *no, bool *is_new, bn_err *err);

#endif
