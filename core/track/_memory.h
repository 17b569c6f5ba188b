/*
 * _memory.h - shared by the queries of one reader (bn_run_memory of query.h): the runs that are not
 * in the trash, their public order, and the words they are searched for; the runs of the last
 * filter; columns. Internal.
 *
 * Each part is kept while valid: the runs until the fold counts another change of the table of runs
 * (index_run_changes), the rest until any row of the index changes. Metrics and heartbeats of live
 * runs change rows each second and no run, so a key that narrows a list only reads the rows it
 * shows. What depends on the clock (ages in a filter, the duration of a live run) is kept for
 * BN_MEMORY_MS at most. Filters use the columns too, so another limit on the same metric reads none anew.
 *
 * Sets have a bit for each of the held runs; columns are by the run's number, as elsewhere
 * (column.h).
 */
#ifndef BN_TRACK__MEMORY_H
#define BN_TRACK__MEMORY_H
#include "core/track/_list.h"

enum { BN_MEMORY_MS = 10000 };

/* A state of the index, as seen by one handle. */
typedef struct bn_index_state {
	sqlite3 *db;
	int64_t own, others; /* rows changed by this handle; commits of others that it saw */
	int64_t runs;        /* of index_run_changes */
} bn_index_state;

typedef struct bn_held_run {
	int64_t no, created_ms;
	size_t words;                                 /* start of its words */
	uint8_t id[(BN_RUN_ID_TEXT - 1) / 2], status; /* of bn_run_status */
} bn_held_run;

/* A run that was created below another one, held or not. */
typedef struct bn_held_parent {
	uint32_t run; /* index of the held run */
	uint8_t parent[(BN_RUN_ID_TEXT - 1) / 2];
} bn_held_parent;

typedef struct bn_held_column {
	char *name; /* as written in a query */
	bn_column *column;
	bool is_attribute; /* the duration of a live run depends on the clock */
} bn_held_column;

struct bn_run_memory {
	bn_index_state of; /* state of the index for columns and filter */
	int64_t read_ms;   /* when the first of them was computed */
	/* The runs. */
	bool has_runs;
	sqlite3 *runs_of;
	int64_t changes;
	bn_held_run *runs; /* by number */
	size_t count, cap;
	uint32_t *order; /* the public order of them */
	bn_buf words;    /* a NUL before each part, in lower case */
	bn_held_parent *made_below;
	size_t made_below_count, made_below_cap;
	int32_t *parent; /* index of each run's parent, -1: none (held_nest.c); NULL: not known yet */
	size_t nested;   /* runs that have one */
	/* The runs of a filter: a bit for each of runs. */
	char *filter; /* NULL: none is kept */
	uint8_t *filtered;
	bn_held_column *columns;
	size_t column_count, column_cap;
	bn_run_memory_work work;
};

/* Brings it up to date. */
int bn_memory_refresh(bn_run_memory *m, const bn_filter_world *w, bn_err *err);
/* A field of all runs, as numbers or texts; borrowed until the next refresh. It may still have to be loaded: a filter
 * loads a column when it first uses it, and of at() reads the runs that it uses. */
int bn_memory_column(bn_column **out, bn_run_memory *m, const bn_run_field *f,
	const bn_filter_world *w, bn_err *err);
/* The same, with all values. */
int bn_memory_whole_column(bn_column **out, bn_run_memory *m, const bn_run_field *f,
	const bn_filter_world *w, bn_err *err);
/* The runs that pass the filter of l, whose condition is l->where; *out NULL: all of them. Borrowed
 * likewise. */
int bn_memory_filter(const uint8_t **out, bn_run_memory *m, bn_run_list *l, bn_err *err);
/* Removes from a set the runs that lack a word. */
int bn_memory_search(uint8_t *set, const bn_run_memory *m, const char *words, bn_err *err);

#endif
