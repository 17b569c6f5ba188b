/*
 * _csv_pool.h - converted chunks in file order, read ahead by a crew's threads. See csv_pool.c.
 */
#ifndef BN_SOURCE_CSV_POOL_H
#define BN_SOURCE_CSV_POOL_H
#include "core/base/crew.h"
#include "core/source/_csv_parts.h"

typedef struct csv_pool csv_pool;

/* in, plan and crew are borrowed; the plan must not change while chunks are being requested. crew may be NULL. spare: a
 * chunk with the plan's columns whose memory is reused, then empty; NULL: none. */
int bn_csv_pool_new(csv_pool **out, csv_input *in, const csv_plan *plan, bn_crew *crew,
	csv_chunk *spare, bn_err *err);
/* The next chunk, borrowed until the next call; NULL at the end of the input. */
int bn_csv_pool_next(csv_pool *p, csv_chunk **out, bn_err *err);
/* Stops all work and discards all chunks: then plan and input may be changed and reading
 * restarts. */
void bn_csv_pool_stop(csv_pool *p);
void bn_csv_pool_free(csv_pool *p);

#endif
