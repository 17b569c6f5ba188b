/*
 * prediction_log.c - see prediction_log.h: the queue between the server's threads and the disk, and
 * the thread that writes.
 *
 * A request's rows are copied into one block (a parcel) and hung onto a list; the writer takes the
 * whole list at once. A batch that cannot be written goes back to the head of the list and is tried
 * again, until max_pending is reached: then the newest are dropped and counted.
 */
#include "core/monitor/prediction_log.h"

#include "core/base/fs.h"
#include "core/base/json.h"
#include "core/base/mem.h"
#include "core/base/utf8.h"
#include "core/data/table.h"
#include "core/govern/rights.h"
#include "core/store/object/object.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Rows of one request. cells and texts are [rows][inputs]; a text is set for categories. */
typedef struct parcel {
	struct parcel *next;
	const bn_predictor *predictor;
	int64_t time_ns;
	double latency_us;
	size_t rows, inputs;
	char request_id[37];
	double *cells, *predictions;
	const char **texts, **labels; /* into the predictor, or into this block */
} parcel;

struct bn_prediction_log {
	const bn_env *env;
	char *dir, *endpoint;
	size_t batch_rows, max_pending;
	int64_t interval_ms;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake, idle; /* there is work; all work is done */
	parcel *first, **end;      /* waiting */
	size_t waiting;            /* rows */
	bool stop, hurry, busy, ready;
	bool failing;         /* the last write failed: not again before the interval is over */
	uint64_t dropped_new; /* not yet named in an event */
	uint64_t serial;
	bn_prediction_log_stats stats;
	bn_err start_error;
};

/* ---- taking rows ---------------------------------------------------------------------------- */

static const bn_feature_input *input_of(const bn_predictor *p, size_t i)
{
	return bn_features_input(bn_model_features(bn_predictor_model(p)), i);
}

/* Of a text that training never saw: what is kept, cut between characters. */
static size_t kept_bytes(const char *text)
{
	size_t n = text ? strnlen(text, BN_PREDICTION_TEXT + 1) : 0;
	return n <= BN_PREDICTION_TEXT
		       ? n
		       : BN_PREDICTION_TEXT - bn_utf8_tail(text, BN_PREDICTION_TEXT);
}

static size_t unknown_text_bytes(const bn_session *s, size_t rows, size_t inputs)
{
	size_t n = 0;
	for (size_t r = 0; r < rows; r++)
		for (size_t i = 0; i < inputs; i++)
			if (bn_session_cell_is_unknown(s, r, i))
				n += kept_bytes(bn_session_cell_text(s, r, i)) + 1;
	return n;
}

static parcel *make_parcel(const bn_served *served)
{
	const bn_session *s = served->session;
	const bn_predictor *p = bn_session_predictor(s);
	size_t rows = bn_session_rows(s);
	size_t inputs = bn_features_input_count(bn_model_features(bn_predictor_model(p)));
	size_t cells = rows * inputs, text = unknown_text_bytes(s, rows, inputs);
	parcel *q = bn_alloc(sizeof *q + (cells + rows) * (sizeof(double) + sizeof(char *)) + text);
	if (!q)
		return NULL;
	memset(q, 0, sizeof *q);
	q->predictor = p;
	q->time_ns = served->time_ns;
	q->latency_us = served->latency_us;
	q->rows = rows;
	q->inputs = inputs;
	snprintf(q->request_id, sizeof q->request_id, "%s", served->request_id);
	q->cells = (double *)(q + 1);
	q->predictions = q->cells + cells;
	q->texts = (const char **)(q->predictions + rows);
	q->labels = q->texts + cells;
	char *copy = (char *)(q->labels + rows);
	for (size_t r = 0; r < rows; r++) {
		q->predictions[r] = bn_session_prediction(s, r);
		q->labels[r] = bn_session_label(s, r);
		for (size_t i = 0; i < inputs; i++) {
			size_t at = r * inputs + i;
			q->cells[at] = bn_session_cell_number(s, r, i);
			q->texts[at] = bn_session_cell_text(s, r, i);
			if (bn_session_cell_is_unknown(
				    s, r, i)) { /* its text dies with the request */
				size_t n = kept_bytes(q->texts[at]);
				q->texts[at] = memcpy(copy, q->texts[at], n);
				copy[n] = '\0';
				copy += n + 1;
			}
		}
	}
	return q;
}

void bn_prediction_log_add(void *log, const bn_served *served)
{
	bn_prediction_log *l = log;
	parcel *q = make_parcel(served);
	size_t rows = bn_session_rows(served->session);
	pthread_mutex_lock(&l->lock);
	if (!q || l->waiting + rows > l->max_pending) {
		l->stats.dropped += rows;
		l->dropped_new += rows;
		bn_free(q);
	} else {
		*l->end = q;
		l->end = &q->next;
		l->waiting += rows;
		if (l->waiting >= l->batch_rows)
			pthread_cond_signal(&l->wake);
	}
	pthread_mutex_unlock(&l->lock);
}

/* ---- one Arrow file ------------------------------------------------------------------------- */

enum { COL_TIME, COL_REQUEST, COL_LATENCY, COL_PREDICTION, COL_INPUTS };

static bn_type type_of(bn_view_kind kind)
{
	switch (kind) {
	case BN_VIEW_CATEGORY:
		return BN_TYPE_CATEGORY;
	case BN_VIEW_BOOL:
		return BN_TYPE_BOOL;
	default:
		return BN_TYPE_FLOAT64;
	}
}

static int build_schema(bn_schema *s, const parcel *q, bn_err *err)
{
	bn_type answer = q->labels[0] ? BN_TYPE_CATEGORY : BN_TYPE_FLOAT64;
	int rc;
	if ((rc = bn_schema_add(s, "_time", BN_TYPE_TIMESTAMP, false, NULL, err)) < 0 ||
		(rc = bn_schema_add(s, "_request", BN_TYPE_STRING, false, NULL, err)) < 0 ||
		(rc = bn_schema_add(s, "_latency_us", BN_TYPE_FLOAT64, true, "us", err)) < 0 ||
		(rc = bn_schema_add(s, "_prediction", answer, true, NULL, err)) < 0)
		return rc;
	for (size_t i = 0; i < q->inputs; i++) {
		const bn_feature_input *in = input_of(q->predictor, i);
		if ((rc = bn_schema_add(s, in->name, type_of(in->kind), true, NULL, err)) < 0)
			return rc;
	}
	if ((rc = bn_schema_set_meta(s, "model", bn_predictor_name(q->predictor), err)) < 0)
		return rc;
	return bn_schema_set_meta(s, "version", bn_predictor_version(q->predictor), err);
}

static int write_row(bn_table_writer *w, const parcel *q, size_t r, bn_err *err)
{
	bn_table_row_i64(w, COL_TIME, q->time_ns);
	bn_table_row_text(w, COL_REQUEST, q->request_id, strlen(q->request_id));
	bn_table_row_f64(w, COL_LATENCY, q->latency_us);
	if (q->labels[r])
		bn_table_row_text(w, COL_PREDICTION, q->labels[r], strlen(q->labels[r]));
	else
		bn_table_row_f64(w, COL_PREDICTION, q->predictions[r]);
	for (size_t i = 0; i < q->inputs; i++) {
		size_t at = r * q->inputs + i;
		double x = q->cells[at];
		switch (input_of(q->predictor, i)->kind) {
		case BN_VIEW_CATEGORY:
			if (q->texts[at])
				bn_table_row_text(
					w, COL_INPUTS + i, q->texts[at], strlen(q->texts[at]));
			break;
		case BN_VIEW_BOOL:
			if (!isnan(x))
				bn_table_row_bool(w, COL_INPUTS + i, x != 0);
			break;
		case BN_VIEW_NUMBER:
			bn_table_row_f64(w, COL_INPUTS + i, x);
			break;
		}
	}
	return bn_table_row_end(w, err);
}

typedef struct batch {
	const bn_predictor *predictor;
	uint64_t rows;
	int64_t from_ns, to_ns;
	char object[65];
} batch;

/* All parcels of one predictor, in the list's order. */
static int write_table(
	batch *b, bn_workspace *ws, const char *path, const parcel *list, bn_err *err)
{
	bn_schema schema = BN_SCHEMA_INIT;
	bn_table_writer *w = NULL;
	int rc = 0;
	for (const parcel *q = list; q; q = q->next) {
		if (q->predictor != b->predictor)
			continue;
		if (!w) {
			if ((rc = build_schema(&schema, q, err)) < 0 ||
				(rc = bn_table_create(&w, bn_workspace_env(ws), bn_workspace_at(ws),
					 path, &schema, err)) < 0)
				goto out;
			b->from_ns = b->to_ns = q->time_ns;
		}
		for (size_t r = 0; r < q->rows; r++)
			if ((rc = write_row(w, q, r, err)) < 0)
				goto out;
		b->rows += q->rows;
		b->from_ns = q->time_ns < b->from_ns ? q->time_ns : b->from_ns;
		b->to_ns = q->time_ns > b->to_ns ? q->time_ns : b->to_ns;
	}
	rc = bn_table_writer_finish(w, err);
out:
	bn_table_writer_free(w);
	bn_schema_release(&schema);
	return rc;
}

static int append_batch(
	bn_prediction_log *l, bn_workspace *ws, const batch *b, uint64_t dropped, bn_err *err)
{
	char *entity = bn_strf("predictions/%s", l->endpoint);
	json_t *p = json_pack("{s:s, s:s, s:s, s:I, s:s, s:I, s:I, s:I}", "endpoint", l->endpoint,
		"model", bn_predictor_name(b->predictor), "version",
		bn_predictor_version(b->predictor), "rows", (json_int_t)b->rows, "object",
		b->object, "from_ms", (json_int_t)(b->from_ns / 1000000), "to_ms",
		(json_int_t)(b->to_ns / 1000000), "dropped", (json_int_t)dropped);
	int rc = entity && p ? bn_workspace_append(ws, "prediction.batch", entity, p, err)
			     : bn_err_nomem(err, "an event");
	json_decref(p);
	bn_free(entity);
	return rc;
}

static void drop_written(parcel **list, const bn_predictor *p)
{
	for (parcel **at = list; *at;) {
		parcel *q = *at;
		if (q->predictor == p) {
			*at = q->next;
			bn_free(q);
		} else {
			at = &q->next;
		}
	}
}

/* Writes the parcels of the predictor that the list starts with, and takes them off it. */
static int write_some(bn_prediction_log *l, bn_workspace *ws, parcel **list, bn_err *err)
{
	batch b = {.predictor = (*list)->predictor};
	pthread_mutex_lock(&l->lock);
	uint64_t dropped = l->dropped_new;
	pthread_mutex_unlock(&l->lock);
	uint64_t tag = 0;
	int rc = bn_env_random(l->env, &tag, sizeof tag, err);
	if (rc < 0)
		return rc;
	char *path = bn_strf("tmp/predictions-%016llx.arrow", (unsigned long long)tag);
	if (!path)
		return bn_err_nomem(err, "a path");
	if ((rc = write_table(&b, ws, path, *list, err)) < 0 ||
		(rc = bn_object_put_below(
			 ws, bn_workspace_at(ws), path, true, b.object, NULL, err)) < 0 ||
		(rc = append_batch(l, ws, &b, dropped, err)) < 0 ||
		(rc = bn_workspace_commit(ws, err)) < 0)
		goto out;
	drop_written(list, b.predictor);
	pthread_mutex_lock(&l->lock);
	l->stats.rows += b.rows;
	l->stats.batches++;
	l->stats.last_error[0] = '\0';
	l->dropped_new -= dropped;
	pthread_mutex_unlock(&l->lock);
out:
	if (rc < 0)
		bn_dir_unlink(bn_workspace_at(ws), path, NULL);
	bn_free(path);
	return rc;
}

/* ---- the thread ----------------------------------------------------------------------------- */

static size_t count_rows(const parcel *list)
{
	size_t n = 0;
	for (; list; list = list->next)
		n += list->rows;
	return n;
}

/* Hangs what could not be written in front of what came meanwhile. */
static void put_back(bn_prediction_log *l, parcel *list, const bn_err *why)
{
	parcel **tail = &list;
	while (*tail)
		tail = &(*tail)->next;
	size_t rows = count_rows(list);
	pthread_mutex_lock(&l->lock);
	*tail = l->first;
	if (!l->first)
		l->end = tail;
	l->first = list;
	l->waiting += rows;
	l->stats.failures++;
	snprintf(l->stats.last_error, sizeof l->stats.last_error, "%.*s",
		(int)sizeof l->stats.last_error - 1, why->msg);
	pthread_mutex_unlock(&l->lock);
}

/* Waits for a reason to write. Under the lock. */
static void wait_for_work(bn_prediction_log *l)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + l->interval_ms % 1000 * 1000000;
	until.tv_sec += l->interval_ms / 1000 + ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	while (!l->stop && !l->hurry && (l->failing || l->waiting < l->batch_rows))
		if (pthread_cond_timedwait(&l->wake, &l->lock, &until))
			break;
}

static void write_waiting(bn_prediction_log *l, bn_workspace *ws)
{
	pthread_mutex_lock(&l->lock);
	parcel *list = l->first;
	l->first = NULL;
	l->end = &l->first;
	l->waiting = 0;
	l->busy = true;
	pthread_mutex_unlock(&l->lock);
	bool failed = false;
	while (list && !failed) {
		bn_err err = BN_ERR_INIT;
		failed = write_some(l, ws, &list, &err) != 0;
		if (failed)
			put_back(l, list, &err);
	}
	bn_workspace_tick(ws, NULL);
	pthread_mutex_lock(&l->lock);
	l->failing = failed;
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
	while (l->first) {
		parcel *q = l->first;
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
	l->dir = bn_strdup(options->workspace_dir);
	l->endpoint = bn_strdup(options->endpoint);
	l->batch_rows = options->batch_rows ? options->batch_rows : 4096;
	l->max_pending = options->max_pending ? options->max_pending : 262144;
	l->interval_ms = options->interval_ms > 0 ? options->interval_ms : 1000;
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

int bn_prediction_log_flush(bn_prediction_log *l, bn_err *err)
{
	int rc = 0;
	pthread_mutex_lock(&l->lock);
	uint64_t failures = l->stats.failures;
	while ((l->first || l->busy) && l->stats.failures == failures) {
		l->hurry = true;
		pthread_cond_signal(&l->wake);
		pthread_cond_wait(&l->idle, &l->lock);
	}
	if (l->first)
		rc = bn_err_set(
			err, BN_EIO, "predictions could not be logged: %s", l->stats.last_error);
	pthread_mutex_unlock(&l->lock);
	return rc;
}

int bn_prediction_log_stop(bn_prediction_log *l, bn_err *err)
{
	if (!l)
		return 0;
	int rc = bn_prediction_log_flush(l, err);
	pthread_mutex_lock(&l->lock);
	l->stop = true;
	pthread_cond_signal(&l->wake);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->thread, NULL);
	free_log(l);
	return rc;
}
