/*
 * _leaks.h - shared by the searches of leaks.h: the columns that all parts have, a walk over their rows, hashes
 * of values, and a sample.
 *
 * Rows are numbered through the tables, one after the other. A walk reads a few record batches at a time: `compute`
 * is called for them in parallel, then `take` for each in their order, so results do not depend on threads.
 */
#ifndef BN_DATA_LEAKS_PRIVATE_H
#define BN_DATA_LEAKS_PRIVATE_H
#include "core/base/crew.h"
#include "core/base/rng.h"
#include "core/data/leaks.h"

#include <math.h>

#define BN_LEAKS_MISSING UINT64_C(0x6d697373696e6721) /* the key of an absent value */

typedef enum bn_leaks_role {
	BN_LEAKS_EXACT = 0, /* compared for equality */
	BN_LEAKS_NUMBER,    /* the same, and by distance */
	BN_LEAKS_NAME,      /* names the row: not compared */
	BN_LEAKS_IGNORED,
} bn_leaks_role;

typedef struct bn_leaks_column {
	const char *name; /* borrowed of the first table */
	bn_type type;     /* in the first table */
	size_t at[BN_LEAKS_PARTS]; /* its number in each table */
	uint64_t *dict_keys[BN_LEAKS_PARTS]; /* of a category: the key of each code; else NULL */
	bn_leaks_role role;
	double middle, scale; /* of a number */
	/* Of the sample: */
	uint64_t *keys;
	double *numbers; /* NaN: absent; NULL for columns without numbers */
	uint64_t distinct, present;
	double match; /* the probability that two rows have equal values */
} bn_leaks_column;

typedef struct bn_leaks_search {
	const bn_leaks_parts *parts;
	const bn_leaks_options *o;
	bn_leaks *out;
	bn_table_reader *const *tables;
	bn_table_reader *only[1];
	size_t table_count;
	uint64_t first[BN_LEAKS_PARTS + 1]; /* of each table */
	bn_leaks_column *columns;
	size_t column_count;
	bn_crew *crew;
	size_t sampled; /* rows of the sample, */
	uint64_t *sample_rows;
	uint64_t part_rows[BN_LEAKS_PARTS];
	uint8_t *repeated; /* bit of each row: it equals a row of another part */
} bn_leaks_search;

/* A record batch of a walk. */
typedef struct bn_leaks_slot {
	bn_batch batch; /* the columns asked for, in that order */
	size_t table;
	uint64_t first; /* number of its first row */
	uint64_t *keys; /* width arrays of batch.rows, for compute and take */
	size_t key_cap;
} bn_leaks_slot;

typedef struct bn_leaks_walk {
	const size_t *columns; /* of bn_leaks_search.columns */
	size_t count;
	size_t width;
	const char *what; /* for the progress */
	int (*compute)(void *ctx, bn_leaks_slot *s, bn_err *err); /* NULL: nothing */
	int (*take)(void *ctx, bn_leaks_slot *s, bn_err *err);
	void *ctx;
} bn_leaks_walk;

int bn_leaks_go(bn_leaks_search *l, const bn_leaks_walk *w, bn_err *err);
/* The part of row r of the slot, or BN_LEAKS_NO_PART; of a row by its number. */
uint16_t bn_leaks_part_at(const bn_leaks_search *l, const bn_leaks_slot *s, size_t r);
uint16_t bn_leaks_part_of(const bn_leaks_search *l, uint64_t row);
/* The number of the row in its part's table. */
uint64_t bn_leaks_row_in_table(const bn_leaks_search *l, uint64_t row);
int bn_leaks_need(size_t *out, const bn_leaks_search *l, const char *name, bn_err *err);

/* Equal values have equal keys, also of different number types. */
uint64_t bn_leaks_key(const bn_column *c, size_t row);
/* Of all rows; dict_keys: of the column and table, or NULL. */
void bn_leaks_keys(uint64_t *out, const bn_column *c, const uint64_t *dict_keys);
/* A column's share of the hash of a row, which is the sum of them. */
uint64_t bn_leaks_mix(uint64_t key, size_t column);

int bn_leaks_sample_take(bn_leaks_search *l, bn_err *err);

/* A finding to be filled; its strings are copies. */
bn_leak *bn_leaks_add(bn_leaks_search *l, bn_leak_kind kind, const char *column, const char *other,
	bn_err *err);
/* Sets text and advice of all. */
int bn_leaks_words(bn_leaks *l, bn_err *err);

/* P(X >= n) of a Poisson variable. */
double bn_leaks_poisson_tail(double n, double mean);

/* ---- keys that several parts have --------------------------------------------------------------- */

typedef struct bn_leaks_pair {
	uint64_t rows, values; /* rows of the second part whose key the first has; different keys */
	uint64_t row_a, row_b; /* the first of them */
} bn_leaks_pair;

typedef struct bn_leaks_shared {
	size_t parts;
	bn_leaks_pair *pairs; /* [a * parts + b], a < b */
	double pair_count;    /* pairs of rows with one key, in different parts */
	uint64_t any_rows;    /* rows whose key another part has */
} bn_leaks_shared;

/* An item to be sorted by its key, and its row. */
typedef struct bn_leaks_item {
	uint64_t key, row;
} bn_leaks_item;
/* Items with equal keys become neighbours, in the order they had; *items and *spare may be exchanged. n < 2^32. */
void bn_leaks_sort(bn_leaks_item **items, bn_leaks_item **spare, size_t n);
size_t bn_leaks_at_once(const bn_leaks_search *l, size_t usual);

/* ---- the searches ------------------------------------------------------------------------------- */

/* Pairs of equal rows in different parts that are expected by chance. columns: the compared ones. */
int bn_leaks_by_chance(double *out, bn_leaks_search *l, const size_t *columns, size_t n, bn_err *err);
int bn_leaks_rows(bn_leaks_search *l, bn_err *err);
int bn_leaks_near_rows(bn_leaks_search *l, const size_t *columns, size_t n, bn_err *err);
int bn_leaks_groups(bn_leaks_search *l, bn_err *err);
int bn_leaks_disguises(bn_leaks_search *l, bn_err *err);
int bn_leaks_times(bn_leaks_search *l, bn_err *err);

#endif
