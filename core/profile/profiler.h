/*
 * profiler.h - builds profiles (profile.h): takes batches, merges with others, finishes.
 *
 * Memory is constant: below 1 MB per column for any number of rows. The same table gives the same
 * profile with any number of threads, since a column is processed by one thread.
 */
#ifndef BN_PROFILE_PROFILER_H
#define BN_PROFILE_PROFILER_H
#include "core/profile/profile.h"

typedef struct bn_profiler bn_profiler;

int bn_profiler_new(bn_profiler **out, const bn_schema *schema, bn_err *err);
void bn_profiler_free(bn_profiler *p);
/* All columns of the schema, in order. */
int bn_profiler_add(bn_profiler *p, const bn_batch *batch, bn_err *err);
/* Adds one column of a batch. Different threads may add different columns at once; in the end every
 * column must have had the same rows. */
int bn_profiler_add_column(bn_profiler *p, size_t index, const bn_column *column, bn_err *err);
/* As if other's rows followed p's. Schemas must be equal; other is unchanged. */
int bn_profiler_merge(bn_profiler *p, const bn_profiler *other, bn_err *err);
/* Afterwards p can only be freed; most of its memory has been freed already. */
int bn_profiler_finish(bn_profile **out, bn_profiler *p, bn_err *err);

typedef struct bn_profile_progress {
	/* Called from the working thread, one call at a time; false cancels (BN_EINTR). */
	bool (*report)(void *ctx, uint64_t done, uint64_t total); /* column-batches */
	void *ctx;
} bn_profile_progress;

/* Reads the whole table once, one column per thread at a time. threads 0: as many as the process
 * may use. progress may be NULL. */
int bn_profile_table(bn_profile **out, bn_table_reader *table, int threads,
	const bn_profile_progress *progress, bn_err *err);

#endif
