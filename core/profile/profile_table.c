/*
 * profile_table.c - the profile of a whole table (see profiler.h): columns in parallel, each
 * processed by one thread from the first batch to the last.
 */
#include "core/profile/profiler.h"
#include "kernels/parallel.h"

#include <pthread.h>

typedef struct table_work {
	bn_profiler *profiler;
	bn_table_reader *table;
	const bn_profile_progress *progress;
	pthread_mutex_t lock; /* of what follows */
	uint64_t done, total;
	bool cancelled;
	bn_err err;
} table_work;

static int work_report(table_work *w, bn_err *err)
{
	int rc = 0;
	pthread_mutex_lock(&w->lock);
	w->done++;
	if (!w->cancelled && w->progress && w->progress->report)
		w->cancelled = !w->progress->report(w->progress->ctx, w->done, w->total);
	if (w->cancelled)
		rc = bn_err_set(err, BN_EINTR, "profiling was interrupted");
	pthread_mutex_unlock(&w->lock);
	return rc;
}

static int work_column(table_work *w, size_t column, bn_err *err)
{
	bn_batch batch = BN_BATCH_INIT;
	int rc = 0;
	for (size_t b = 0; !rc && b < bn_table_batches(w->table); b++) {
		rc = bn_table_read(w->table, b, &column, 1, &batch, err);
		if (!rc)
			rc = bn_profiler_add_column(w->profiler, column, &batch.columns[0], err);
		bn_table_forget(w->table, &batch);
		if (!rc)
			rc = work_report(w, err);
	}
	bn_batch_release(&batch);
	return rc;
}

static int work_shard(void *user, size_t shard, size_t begin, size_t end)
{
	(void)shard;
	table_work *w = user;
	bn_err err = BN_ERR_INIT;
	int rc = 0;
	for (size_t i = begin; !rc && i < end; i++)
		rc = work_column(w, i, &err);
	if (rc) {
		pthread_mutex_lock(&w->lock);
		if (!w->err.code)
			w->err = err;
		pthread_mutex_unlock(&w->lock);
	}
	return rc;
}

int bn_profile_table(bn_profile **out, bn_table_reader *table, int threads,
	const bn_profile_progress *progress, bn_err *err)
{
	const bn_schema *schema = bn_table_schema(table);
	table_work w = {.table = table, .progress = progress};
	int rc = bn_profiler_new(&w.profiler, schema, err);
	if (rc)
		return rc;
	pthread_mutex_init(&w.lock, NULL);
	w.total = (uint64_t)bn_table_batches(table) * schema->count;
	size_t shards = schema->count < BNK_MAX_SHARDS ? schema->count : BNK_MAX_SHARDS;
	if (shards)
		bnk_parallel_for(schema->count, shards, threads, work_shard, &w);
	pthread_mutex_destroy(&w.lock);
	if (w.err.code) {
		rc = w.err.code;
		if (err && !err->code)
			*err = w.err;
	} else {
		rc = bn_profiler_finish(out, w.profiler, err);
	}
	bn_profiler_free(w.profiler);
	return rc;
}
