/*
 * column.h - one key of all runs, for lists: a metric, a parameter or a tag as an array by the run's
 * number, read in one go from table index_column.
 *
 * A row of index_column is one key of 224 neighbouring runs (so that two rows of numbers fit a page):
 *
 *	u8 1 numbers, 2 texts; 28 bytes: which runs have the key
 *	numbers: 28 bytes: which of them have a minimum, a maximum or a mean that differs from the last
 *	value;
 *	         8 bytes last of each run that has the key; 8 bytes each of min, max and mean of those
 *	texts:   varint length and bytes of each run that has the key
 *
 * Only runs not in the trash. Sorting 100 000 runs by a metric reads 1.6 MB and no row of the
 * run table.
 */
#ifndef BN_TRACK_COLUMN_H
#define BN_TRACK_COLUMN_H
#include "core/base/mem.h"
#include "core/base/progress.h"
#include "core/track/_fold.h"

enum { BN_COLUMN_RUNS = 224, BN_COLUMN_SET = BN_COLUMN_RUNS / 8 };

static inline bool bn_set_has(const uint8_t *set, size_t i)
{
	return set[i >> 3] >> (i & 7) & 1;
}

static inline void bn_set_add(uint8_t *set, size_t i)
{
	set[i >> 3] |= (uint8_t)(1 << (i & 7));
}

/* One decoded cell of a row. */
typedef struct bn_column_cell {
	double last, min, max, mean;
	const char *text; /* not terminated; NULL in columns of numbers */
	size_t bytes;
} bn_column_cell;

typedef struct bn_column_block {
	bool texts;
	uint8_t has[BN_COLUMN_SET];
	bn_column_cell cells[BN_COLUMN_RUNS]; /* borrowed from the row's bytes */
} bn_column_block;

/* BN_ECORRUPT. */
int bn_column_unpack(bn_column_block *out, const void *bytes, size_t n, bn_err *err);
int bn_column_pack(bn_buf *out, const bn_column_block *b, bn_err *err);

/* ---- reading -------------------------------------------------------------------------------- */

typedef enum bn_aggregate {
	BN_AGGREGATE_LAST,
	BN_AGGREGATE_MIN,
	BN_AGGREGATE_MAX,
	BN_AGGREGATE_FIRST,
	BN_AGGREGATE_MEAN,
	BN_AGGREGATE_COUNT,
	BN_AGGREGATE_AT,   /* a step: read from the points, for each run when it is first used */
	BN_AGGREGATE_NONE, /* the best of a metric without a direction: absent */
} bn_aggregate;

typedef struct bn_column {
	int kind; /* of bn_key_kind, or BN_KEY_NEST */
	bn_aggregate aggregate; /* of metrics */
	int64_t step;           /* of BN_AGGREGATE_AT */
	bool removed;           /* of the runs in the trash */
	char *key;
	sqlite3 *db; /* borrowed */
	/* Of another kind than a key: how its arrays are filled. */
	int (*fill)(struct bn_column *c, bn_err *err);
	bool fills_texts;
	/* Filled by bn_column_load; by the run's number. */
	bool loaded;
	int code; /* of a failed load */
	size_t count;
	uint8_t *has;
	uint8_t *looked; /* of BN_AGGREGATE_AT: for which runs the rest is known; else NULL */
	struct bn_series_finder *finder;
	const bn_progress *watch; /* of the query in progress, borrowed; NULL: none */
	size_t looked_count;
	double *number;    /* metrics: NaN is a value; texts: NaN if not a number */
	const char **text; /* parameters and tags; in the arena */
	const char *newest; /* the text that was read last, and its number */
	size_t newest_bytes;
	double newest_number;
	bn_arena arena;
} bn_column;

int bn_column_new(bn_column **out, sqlite3 *db, int kind, const char *key,
	bn_aggregate aggregate, bool removed, bn_err *err);
int bn_column_load(bn_column *c, bn_err *err); /* once; a second call does nothing */
/* Makes the value of one run known, or of all of them: only columns with `looked` need it. BN_EINTR: stopped by the
 * watch; what is known stays known. */
int bn_column_look(bn_column *c, size_t run, bn_err *err);
int bn_column_look_all(bn_column *c, bn_err *err);
void bn_column_free(bn_column *c);
/* The value of an aggregate from a summary. */
double bn_series_aggregate(const bn_series_summary *s, bn_aggregate aggregate);

#endif
