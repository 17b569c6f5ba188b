/*
 * prediction_log.c - see prediction_log.h: the queue between the server's threads and the disk, and
 * the thread that writes.
 *
 * A request's rows are copied into one block (a parcel) and added to a list; the writer takes the whole
 * list at once and sorts it into batches, one per model. A batch is unchanged until it is in the log: one
 * that cannot be written is moved behind the others and retried from the failed step.
 */
#include "core/monitor/prediction_log.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/govern/rights.h"
#include "core/monitor/_prediction_log.h"
#include "core/net/exposition.h"
#include "core/store/object/object.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FAILURES_AT_ONCE 4 /* failed batches before pausing */
#define MAX_BACKOFF 16     /* intervals between two tries */

enum { SOURCES = 256 }; /* sources counted separately */

/* Parcels of one model being logged. */
typedef struct batch {
	struct batch *next;
	bn_parcel *first, **end;
	uint64_t rows;
	size_t bytes;
	bool is_stored; /* the object exists; its event does not */
	bn_parcels_written written;
	char object[65];
} batch;

struct bn_prediction_log {
	const bn_env *env;
	char *dir, *endpoint;
	size_t batch_rows, max_pending, max_bytes;
	int64_t interval_ms;
	pthread_t thread;
	batch *batches, **last;    /* thread only: taken, not written */
	unsigned backoff;          /* thread only: intervals until the next retry; 0: no failure */
	pthread_mutex_t lock;      /* of the following */
	pthread_cond_t wake, idle; /* signals: there is work; all work is done */
	bn_parcel *first, **end;   /* added, not taken */
	size_t fresh;              /* rows of those */
	size_t waiting_bytes;      /* bytes of everything not written */
	struct {
		size_t rows, bytes;
	} of_source[SOURCES]; /* waiting */
	bool stop, hurry, busy, ready, finished;
	bool failing;          /* the last write failed: not again before its time */
	uint64_t unlogged_new; /* set aside or lost, and not yet named in an event */
	bn_prediction_log_stats stats;
	bn_err start_error;
};

/* ---- taking rows ---------------------------------------------------------------------------- */

/* Colliding sources share a slot's limit. */
static size_t place_of(uint64_t source)
{
	return (size_t)(source * 0x9e3779b97f4a7c15u >> 56) % SOURCES;
}

/* Whether that much more from a source that has `has` leaves enough. */
static bool is_fair(size_t has, size_t more, size_t waiting, size_t most)
{
	return has + more <= BN_PREDICTION_SHARE * (most - waiting - more);
}

/* Under the lock. */
static bool has_room(const bn_prediction_log *l, const bn_parcel *q)
{
	size_t waiting = (size_t)l->stats.waiting, at = place_of(q->source);
	if (waiting + q->rows > l->max_pending || l->waiting_bytes + q->bytes > l->max_bytes)
		return false;
	return !q->source ||
	       (is_fair(l->of_source[at].rows, q->rows, waiting, l->max_pending) &&
		       is_fair(l->of_source[at].bytes, q->bytes, l->waiting_bytes, l->max_bytes));
}

void bn_prediction_log_add(void *log, const bn_served *served)
{
	bn_prediction_log *l = log;
	bn_parcel *q = bn_parcel_new(served);
	size_t rows = bn_session_rows(served->session);
	pthread_mutex_lock(&l->lock);
	if (!q || !has_room(l, q)) {
		l->stats.lost += rows;
		l->unlogged_new += rows;
		bn_free(q);
	} else {
		*l->end = q;
		l->end = &q->next;
		l->fresh += rows;
		l->stats.waiting += rows;
		l->waiting_bytes += q->bytes;
		l->of_source[place_of(q->source)].rows += rows;
		l->of_source[place_of(q->source)].bytes += q->bytes;
		if (l->fresh >= l->batch_rows)
			pthread_cond_signal(&l->wake);
	}
	pthread_mutex_unlock(&l->lock);
}

/* ---- batches -------------------------------------------------------------------------------- */

static void free_batch(batch *b)
{
	while (b->first) {
		bn_parcel *q = b->first;
		b->first = q->next;
		bn_free(q);
	}
	bn_free(b);
}

static void queue_batch(bn_prediction_log *l, batch *b)
{
	b->next = NULL;
	*l->last = b;
	l->last = &b->next;
}

static batch *next_batch(bn_prediction_log *l)
{
	batch *b = l->batches;
	if (!b)
		return NULL;
	l->batches = b->next;
	if (!l->batches)
		l->last = &l->batches;
	return b;
}

/* The batch of a model among those created since `from`. NULL if out of memory. */
static batch *batch_of(bn_prediction_log *l, batch **from, const bn_predictor *p)
{
	for (batch *b = *from; b; b = b->next)
		if (b->first->predictor == p)
			return b;
	batch *b = bn_alloc_zeroed(1, sizeof *b);
	if (!b)
		return NULL;
	b->end = &b->first;
	queue_batch(l, b);
	return b;
}

/* Moves all added parcels into batches. False if out of memory: the rest stays where it is. */
static bool take_fresh(bn_prediction_log *l)
{
	bool taken = true;
	batch **made = l->last;
	pthread_mutex_lock(&l->lock);
	while (l->first) {
		bn_parcel *q = l->first;
		batch *b = batch_of(l, made, q->predictor);
		if (!b) {
			taken = false;
			break;
		}
		l->first = q->next;
		l->fresh -= q->rows;
		q->next = NULL;
		*b->end = q;
		b->end = &q->next;
		b->rows += q->rows;
		b->bytes += q->bytes;
	}
	if (!l->first)
		l->end = &l->first;
	pthread_mutex_unlock(&l->lock);
	return taken;
}

/* ---- writing one ---------------------------------------------------------------------------- */

static int store_object(batch *b, bn_prediction_log *l, bn_workspace *ws, bn_err *err)
{
	uint64_t tag = 0;
	int rc = bn_env_random(l->env, &tag, sizeof tag, err);
	if (rc < 0)
		return rc;
	char *path = bn_strf("tmp/predictions-%016llx.arrow", (unsigned long long)tag);
	if (!path)
		return bn_err_nomem(err, "a path");
	if ((rc = bn_parcels_write(&b->written, ws, path, b->first, err)) < 0 || !b->written.rows)
		goto out;
	rc = bn_object_put_below(ws, bn_workspace_at(ws), path, true, b->object, NULL, err);
	b->is_stored = rc == 0;
out:
	if (rc < 0)
		bn_dir_unlink(bn_workspace_at(ws), path, NULL);
	bn_free(path);
	return rc;
}

/* Without the commit every later append would return the same failure (writer.h). */
static int commit(bn_workspace *ws, int appended, bn_err *err)
{
	int rc = bn_workspace_commit(ws, appended < 0 ? NULL : err);
	return appended < 0 ? appended : rc;
}

static int append_event(
	const batch *b, bn_prediction_log *l, bn_workspace *ws, uint64_t dropped, bn_err *err)
{
	const bn_predictor *p = b->first->predictor;
	char *entity = bn_strf("predictions/%s", l->endpoint);
	json_t *payload = json_pack("{s:s, s:s, s:s, s:I, s:s, s:I, s:I, s:I}", "endpoint",
		l->endpoint, "model", bn_predictor_name(p), "version", bn_predictor_version(p),
		"rows", (json_int_t)b->written.rows, "object", b->object, "from_ms",
		(json_int_t)(b->written.from_ns / 1000000), "to_ms",
		(json_int_t)(b->written.to_ns / 1000000), "dropped", (json_int_t)dropped);
	int rc = entity && payload
			 ? bn_workspace_append(ws, "prediction.batch", entity, payload, err)
			 : bn_err_nomem(err, "an event");
	json_decref(payload);
	bn_free(entity);
	return commit(ws, rc, err);
}

/* named: the part of unlogged_new reported by the batch's event. */
static void count_written(bn_prediction_log *l, const batch *b, uint64_t named)
{
	const bn_parcels_written *w = &b->written;
	pthread_mutex_lock(&l->lock);
	l->stats.rows += w->rows;
	l->stats.batches += w->rows > 0;
	l->stats.waiting -= b->rows;
	l->stats.set_aside += w->set_aside;
	l->unlogged_new -= named;
	if (!w->rows)
		l->unlogged_new += w->set_aside;
	l->waiting_bytes -= b->bytes;
	for (const bn_parcel *q = b->first; q; q = q->next) {
		l->of_source[place_of(q->source)].rows -= q->rows;
		l->of_source[place_of(q->source)].bytes -= q->bytes;
	}
	if (w->set_aside)
		snprintf(l->stats.last_set_aside, sizeof l->stats.last_set_aside, "%s", w->why);
	pthread_mutex_unlock(&l->lock);
}

static int write_batch(batch *b, bn_prediction_log *l, bn_workspace *ws, bn_err *err)
{
	int rc = 0;
	uint64_t named = 0;
	if (!b->is_stored && (rc = store_object(b, l, ws, err)) < 0)
		return rc;
	if (b->written.rows) {
		pthread_mutex_lock(&l->lock);
		named = l->unlogged_new;
		pthread_mutex_unlock(&l->lock);
		if ((rc = append_event(b, l, ws, named + b->written.set_aside, err)) < 0)
			return rc;
	}
	count_written(l, b, named);
	return 0;
}

/* ---- the thread ----------------------------------------------------------------------------- */

/* Waits for a reason to write. Called with the lock held. */
static void wait_for_work(bn_prediction_log *l)
{
	struct timespec until;
	int64_t ms = l->interval_ms * (l->backoff ? l->backoff : 1);
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + ms % 1000 * 1000000;
	until.tv_sec += ms / 1000 + ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	while (!l->stop && !l->hurry && (l->failing || l->fresh < l->batch_rows))
		if (pthread_cond_timedwait(&l->wake, &l->lock, &until))
			break;
}

static void note_failure(bn_prediction_log *l, const bn_err *why)
{
	pthread_mutex_lock(&l->lock);
	l->stats.failures++;
	snprintf(l->stats.last_error, sizeof l->stats.last_error, "%.*s",
		(int)sizeof l->stats.last_error - 1, why->msg);
	pthread_mutex_unlock(&l->lock);
}

/* Each batch once; failed ones are moved behind the others. */
static bool write_batches(bn_prediction_log *l, bn_workspace *ws)
{
	size_t count = 0, failed = 0;
	for (const batch *b = l->batches; b; b = b->next)
		count++;
	while (count-- && failed < FAILURES_AT_ONCE) {
		bn_err err = BN_ERR_INIT;
		batch *b = next_batch(l);
		if (write_batch(b, l, ws, &err) == 0) {
			free_batch(b);
			continue;
		}
		note_failure(l, &err);
		queue_batch(l, b);
		failed++;
	}
	return failed == 0;
}

static void write_waiting(bn_prediction_log *l, bn_workspace *ws)
{
	pthread_mutex_lock(&l->lock);
	l->busy = true;
	pthread_mutex_unlock(&l->lock);
	bool failed = !take_fresh(l);
	if (failed) {
		bn_err none = BN_ERR_INIT;
		bn_err_nomem(&none, "a batch of predictions");
		note_failure(l, &none);
	}
	failed |= !write_batches(l, ws);
	bn_workspace_tick(ws, NULL);
	l->backoff = failed ? 2 * l->backoff + 1 : 0;
	if (l->backoff > MAX_BACKOFF)
		l->backoff = MAX_BACKOFF;
	pthread_mutex_lock(&l->lock);
	l->failing = failed;
	if (!failed)
		l->stats.last_error[0] = '\0';
	l->busy = l->hurry = false;
	pthread_cond_broadcast(&l->idle);
	pthread_mutex_unlock(&l->lock);
}

static void *write_loop(void *user)
{
	bn_prediction_log *l = user;
	bn_workspace *ws = NULL;
	int rc = bn_workspace_open(&ws, l->env, NULL, l->dir, &l->start_error);
	if (ws)
		bn_rights_seal(ws);
	pthread_mutex_lock(&l->lock);
	l->ready = true;
	pthread_cond_broadcast(&l->idle);
	bool stop = rc != 0;
	while (!stop) {
		wait_for_work(l);
		stop = l->stop;
		pthread_mutex_unlock(&l->lock);
		write_waiting(l, ws);
		pthread_mutex_lock(&l->lock);
	}
	pthread_mutex_unlock(&l->lock);
	bn_workspace_close(ws);
	return NULL;
}

/* ---- life ----------------------------------------------------------------------------------- */

static void free_log(bn_prediction_log *l)
{
	batch *b;
	while ((b = next_batch(l)) != NULL)
		free_batch(b);
	while (l->first) {
		bn_parcel *q = l->first;
		l->first = q->next;
		bn_free(q);
	}
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->wake);
	pthread_cond_destroy(&l->idle);
	bn_free(l->dir);
	bn_free(l->endpoint);
	bn_free(l);
}

int bn_prediction_log_start(bn_prediction_log **out, const bn_env *env,
	const bn_prediction_log_options *options, bn_err *err)
{
	bn_prediction_log *l = bn_alloc_zeroed(1, sizeof *l);
	pthread_condattr_t monotonic;
	if (!l)
		return bn_err_nomem(err, "a prediction log");
	pthread_mutex_init(&l->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&l->wake, &monotonic);
	pthread_cond_init(&l->idle, &monotonic);
	pthread_condattr_destroy(&monotonic);
	l->env = env;
	l->end = &l->first;
	l->last = &l->batches;
	l->dir = bn_strdup(options->workspace_dir);
	l->endpoint = bn_strdup(options->endpoint);
	l->batch_rows = options->batch_rows ? options->batch_rows : 4096;
	l->max_pending = options->max_pending ? options->max_pending : 262144;
	l->max_bytes = options->max_bytes ? options->max_bytes : (size_t)64 << 20;
	l->interval_ms = options->interval_ms > 0 ? options->interval_ms : 500;
	int rc = 0;
	if (!l->dir || !l->endpoint) {
		rc = bn_err_nomem(err, "a prediction log");
		goto out;
	}
	if (pthread_create(&l->thread, NULL, write_loop, l)) {
		rc = bn_err_set(err, BN_EIO, "cannot start the thread of the prediction log");
		goto out;
	}
	pthread_mutex_lock(&l->lock);
	while (!l->ready)
		pthread_cond_wait(&l->idle, &l->lock);
	pthread_mutex_unlock(&l->lock);
	if (l->start_error.code) {
		pthread_join(l->thread, NULL);
		rc = bn_err_move(err, &l->start_error);
		goto out;
	}
	*out = l;
	l = NULL;
out:
	if (l)
		free_log(l);
	return rc;
}

void bn_prediction_log_get_stats(bn_prediction_log *l, bn_prediction_log_stats *out)
{
	pthread_mutex_lock(&l->lock);
	*out = l->stats;
	pthread_mutex_unlock(&l->lock);
}

void bn_prediction_log_write_metrics(bn_prediction_log *l, bn_buf *out)
{
	bn_prediction_log_stats s;
	bn_prediction_log_get_stats(l, &s);
	bn_buf_addf(out,
		"# HELP binnacle_predictions_logged_total Rows in the prediction log.\n"
		"# TYPE binnacle_predictions_logged_total counter\n"
		"binnacle_predictions_logged_total %llu\n"
		"# HELP binnacle_predictions_unlogged_total Rows answered that are not in the log: "
		"of a form that no table holds, or when the disk could not follow.\n"
		"# TYPE binnacle_predictions_unlogged_total counter\n"
		"binnacle_predictions_unlogged_total{reason=\"set_aside\"} %llu\n"
		"binnacle_predictions_unlogged_total{reason=\"lost\"} %llu\n"
		"# HELP binnacle_predictions_waiting Rows that wait to be logged.\n"
		"# TYPE binnacle_predictions_waiting gauge\n"
		"binnacle_predictions_waiting %llu\n",
		(unsigned long long)s.rows, (unsigned long long)s.set_aside,
		(unsigned long long)s.lost, (unsigned long long)s.waiting);
}

static bool is_written(const bn_prediction_log *l)
{
	return !l->stats.waiting && !l->busy;
}

int bn_prediction_log_flush(bn_prediction_log *l, bn_err *err)
{
	int rc = 0;
	pthread_mutex_lock(&l->lock);
	uint64_t failures = l->stats.failures;
	while (!is_written(l) && (l->busy || l->stats.failures == failures)) {
		l->hurry = true;
		pthread_cond_signal(&l->wake);
		pthread_cond_wait(&l->idle, &l->lock);
	}
	if (l->stats.waiting)
		rc = bn_err_set(
			err, BN_EIO, "predictions could not be logged: %s", l->stats.last_error);
	pthread_mutex_unlock(&l->lock);
	return rc;
}

int bn_prediction_log_finish(bn_prediction_log *l, bn_err *err)
{
	if (l->finished)
		return 0;
	bn_prediction_log_flush(l, NULL);
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_cond_signal(&l->wake);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	/* Threads of the server may still read the numbers. */
	pthread_mutex_lock(&l->lock);
	l->finished = true;
	uint64_t lost = l->stats.waiting;
	l->stats.lost += lost;
	l->stats.waiting = 0;
	pthread_mutex_unlock(&l->lock);
	if (!lost)
		return 0;
	bn_err_set(err, BN_EIO, "%llu predictions are lost because they could not be logged: %s",
		(unsigned long long)lost, l->stats.last_error);
	return BN_EIO;
}

int bn_prediction_log_stop(bn_prediction_log *l, bn_err *err)
{
	if (!l)
		return 0;
	int rc = bn_prediction_log_finish(l, err);
	free_log(l);
	return rc;
}
